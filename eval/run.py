"""A run: what one system answered to each question of a set, on disk and in memory.

A folder with `run.json` (what was run on what, written first), `rows.jsonl` (one line a question, appended as it is answered) and
`grades.json` (every measure's word on every question and the checksums of the other two, written last: its presence means that the run
is finished). Knows nothing of how answers are made or judged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from rag import Answer, RankedPassage

from .dataset import Example, fingerprint
from .shapes import anything, fields, flag, many, mapping, maybe, number, place, series, text, whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path


#: No article has more characters, and no float fewer digits.
_LONGEST = 2**53

#: How deep values may be nested in a row: what question sets may hold, and what is around it.
_DEEPEST = 200


class GoldSpan(NamedTuple):
    """Characters `[start, end)` of an article that hold evidence."""

    article_id: str
    start: int
    end: int


class Place(NamedTuple):
    """One of the places where evidence stands, with the ids of the passages that hold it."""

    span: GoldSpan
    passages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gold:
    """Where the evidence of a question stands in the index that was asked."""

    spans: tuple[GoldSpan, ...] = ()
    """In order of article and place; spans that overlapped are one. Empty where the set gives no characters and no quotes."""
    passages: tuple[str, ...] = ()
    """Ids of the passages that hold the spans: at least half of one's characters, or more of them than any other passage does,
    wherever they stand."""
    texts: tuple[str, ...] = ()
    """The characters of each span."""
    unfound: tuple[str, ...] = ()
    """Quotes and article ids of the evidence that the index does not have."""
    places: tuple[tuple[Place, ...], ...] = ()
    """For each span everywhere that its quote stands, the span itself first: one of them is as good as another. Empty where each quote
    stands once."""

    @property
    def stands(self) -> tuple[tuple[GoldSpan, ...], ...]:
        """Return for each span the places where it stands, itself first."""
        return tuple(tuple(place.span for place in places) for places in self.places) or tuple((span,) for span in self.spans)

    def to_json(self) -> dict[str, Any]:
        """Return where the evidence stands as JSON values."""
        return {
            "spans": [list(span) for span in self.spans],
            "passages": list(self.passages),
            "texts": list(self.texts),
            "unfound": list(self.unfound),
            "places": [[[list(place.span), list(place.passages)] for place in places] for places in self.places],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Gold:
        """Build what `to_json` wrote; raises KeyError, TypeError or ValueError on anything else."""
        spans = tuple(map(_span, values["spans"]))
        places = tuple(tuple(Place(_span(span), tuple(held)) for span, held in each) for each in values["places"])
        if places and tuple(each[0].span if each else None for each in places) != spans:
            raise ValueError("expected the places of each span to begin with the span itself")
        return cls(
            spans=spans,
            passages=tuple(values["passages"]),
            texts=tuple(values["texts"]),
            unfound=tuple(values["unfound"]),
            places=places,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One question of a run: what was asked, what is known, what came of it. Either `answer` or `error` is set."""

    example: Example
    gold: Gold = field(default_factory=Gold)
    answer: Answer | None = None
    error: str | None = None
    articles: tuple[tuple[str, float], ...] = ()
    """The ranking at article level, best first, up to 100: id and score of the best passage."""
    passages: tuple[RankedPassage, ...] = ()
    """The ranking at passage level, best first, up to 100."""
    exact: tuple[bool, ...] = ()
    """For each citation of the answer whether its article holds exactly the quote at its span."""
    usage: Mapping[str, float] = field(default_factory=dict)
    """What a writing model reports: `input_tokens`, `output_tokens`, `usd`."""

    @property
    def id(self) -> str:
        """Return the id of the question."""
        return self.example.id

    def to_json(self) -> dict[str, Any]:
        """Return the row as JSON values."""
        return {
            "example": self.example.to_json(),
            "gold": self.gold.to_json(),
            "answer": self.answer.to_json() if self.answer else None,
            "error": self.error,
            "articles": [list(pair) for pair in self.articles],
            "passages": [list(passage) for passage in self.passages],
            "exact": list(self.exact),
            "usage": dict(self.usage),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Row:
        """Build the row that `to_json` wrote; raises TypeError or ValueError on anything else."""
        _check_flat(values)
        _ROW(values)
        if values["answer"]:
            _ANSWER_SINCE(values["answer"])
        for _, article, start, end, _ in values["passages"]:
            _span((article, start, end))
        return cls(
            example=Example.from_json(values["example"]),
            gold=Gold.from_json(values["gold"]),
            answer=Answer.from_json(values["answer"]) if values["answer"] else None,
            error=values["error"],
            articles=tuple((article, score) for article, score in values["articles"]),
            passages=tuple(RankedPassage(*passage) for passage in values["passages"]),
            exact=tuple(values["exact"]),
            usage=dict(values["usage"]),
        )


_SPAN = {"start": place, "end": place}
_SENTENCE = fields({"text": text, "citations": many(whole), "support": number})
_SOURCE = {**dict.fromkeys(("article_id", "passage_id", "title"), text), "source": maybe(text), "published": maybe(text), **_SPAN}
_CITATION = fields({**_SOURCE, "n": whole, "url": maybe(text), "quote": text, "page": maybe(whole), "also_in": many(text)})
_HIT = fields({**_SOURCE, "rank": whole, "score": number, "text": text, "also_in": many(text)})
_SIDE = fields({"value": text, "citations": many(whole), "source": maybe(text), "published": maybe(text)})
_CONFLICT = fields({"kind": text, "sides": many(_SIDE)})
_ANSWER = fields(
    {
        **dict.fromkeys(("question", "standalone_question", "model"), text),
        **dict.fromkeys(("id", "short_answer", "reason"), maybe(text)),
        "confidence": number,
        "sentences": many(_SENTENCE),
        "citations": many(_CITATION),
        "hits": many(_HIT),
        "timings_ms": mapping(number),
    }
)
_ANSWER_SINCE = fields({"conflict": maybe(_CONFLICT)}, partly=True)  # runs of before do not say
_STANDS = series(text, place, place)
_PLACES = many(many(series(_STANDS, many(text))))
_GOLD = fields({"spans": many(_STANDS), "places": _PLACES, **dict.fromkeys(("passages", "texts", "unfound"), many(text))})
_ROW = fields(
    {
        "example": mapping(anything),
        "gold": _GOLD,
        "answer": maybe(_ANSWER),
        "error": maybe(text),
        "articles": many(series(text, number)),
        "passages": many(series(text, text, place, place, number)),
        "exact": many(flag),
        "usage": mapping(number),
    }
)

#: What a run says of itself; runs of other systems need not say all of it, but what they say is of these types.
check_about = fields(
    {
        "dataset": fields({"name": text, "format": text, "questions": place}, partly=True),
        "index": fields({"articles": place, "passages": place, "model": maybe(text)}, partly=True),
        "settings": mapping(anything),
        "order": many(text),
        "version": text,
    },
    partly=True,
)


@dataclass(frozen=True)
class Run:
    """What one system answered to each question of a set, in the set's order; every question has its row."""

    name: str
    rows: tuple[Row, ...]
    about: Mapping[str, Any] = field(default_factory=dict)
    """What was run on what, as JSON values: `dataset`, `format`, `index`, `settings`, `versions`, `command`, `date`."""
    folder: Path | None = None

    @property
    def sha256(self) -> str:
        """Return the checksum of the questions with all that is known of them: two runs are compared only where it is the same."""
        return fingerprint(row.example for row in self.rows)

    @property
    def digests(self) -> tuple[str, ...]:
        """Return a short checksum of each question with all that is known of it: what tells which of them differ from another run's."""
        return tuple(fingerprint((row.example,))[:16] for row in self.rows)


def _span(values: Sequence[Any]) -> GoldSpan:
    """Return the span that is written as `values`; raises TypeError or ValueError where it is none."""
    span = GoldSpan(*values)
    if not isinstance(span.article_id, str) or type(span.start) is not int or type(span.end) is not int:
        raise ValueError("expected an article's id and two whole numbers as a span")
    if not 0 <= span.start <= span.end <= _LONGEST:
        raise ValueError("expected a span that begins before it ends")
    return span


def _check_flat(values: Any) -> None:
    """Raise ValueError where JSON values are nested so deep that they might be read but not written."""
    level = [values]
    for _ in range(_DEEPEST):
        level = [one for each in level for one in _within(each)]
    if level:
        raise ValueError(f"expected values nested at most {_DEEPEST} deep")


def _within(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()

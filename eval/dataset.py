"""What a question set is: questions, what is known of their answers, and the articles that it brings along, if any.

Frozen values, to JSON and back. Knows nothing of file formats (`eval.formats`), of answers, or of measures.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from index import AssayError
from rag import Turn

from .shapes import anything, fields, flag, many, mapping, maybe, place, text, whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from index import Article, Refusal


class Corpus(Protocol):
    """The articles that a question set brings along."""

    @property
    def sha256(self) -> str:
        """Changes whenever an article does."""

    def source(self) -> str | Iterable[Article | Refusal]:
        """Return what `Library.add` takes: a path, or the articles and what was refused."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where the answer to a question stands: an article, its characters `[start, end)`, or a quote; at least one of the three.

    A quote without an article stands in whichever article holds exactly these characters.
    """

    article_id: str | None = None
    start: int | None = None
    end: int | None = None
    quote: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A question with what is known of its answer. Nothing known is empty or None, never guessed."""

    id: str
    question: str
    history: tuple[Turn, ...] = ()
    """The turns before it, oldest first."""
    answers: tuple[str, ...] = ()
    """Each of them alone would do."""
    evidence: tuple[Evidence, ...] = ()
    qrels: Mapping[str, int] = field(default_factory=dict)
    """Article id to grade, as the set gives them; `judgements` is what is graded by."""
    answerable: bool | None = None
    key_points: tuple[str, ...] = ()
    """What a full answer says, one statement each."""
    rewrite: str | None = None
    """The question as a person would put it who has not seen the history."""
    type: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """Whatever else its row holds, as JSON values."""

    @property
    def depth(self) -> int:
        """Return which turn of its conversation it is, from 1."""
        return 1 + sum(turn.role == "user" for turn in self.history)

    @property
    def judgements(self) -> Mapping[str, int]:
        """Return the grade of each judged article, above 0 is relevant; where the set gives none, those of the evidence have grade 1."""
        return self.qrels or {one.article_id: 1 for one in self.evidence if one.article_id is not None}

    @property
    def relevant(self) -> frozenset[str]:
        """Return the ids of the articles that are known to bear on it."""
        return frozenset(article for article, grade in self.judgements.items() if grade > 0)

    def to_json(self) -> dict[str, Any]:
        """Return the example as JSON values: a row of our own format."""
        return {
            **{name: getattr(self, name) for name in ("id", "question", "answerable", "rewrite", "type")},
            "history": [asdict(turn) for turn in self.history],
            "answers": list(self.answers),
            "evidence": [{key: value for key, value in asdict(one).items() if value is not None} for one in self.evidence],
            "qrels": dict(self.qrels),
            "key_points": list(self.key_points),
            "metadata": dict(self.metadata),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Example:
        """Build the example that `to_json` wrote; raises TypeError or ValueError on anything else."""
        _EXAMPLE(values)
        return cls(
            id=values["id"],
            question=values["question"],
            answerable=values["answerable"],
            rewrite=values["rewrite"],
            type=values["type"],
            history=tuple(Turn(**turn) for turn in values["history"]),
            answers=tuple(values["answers"]),
            evidence=tuple(Evidence(**one) for one in values["evidence"]),
            qrels=dict(values["qrels"]),
            key_points=tuple(values["key_points"]),
            metadata=dict(values["metadata"]),
        )


_TURN = fields({"role": text, "content": text})
_EVIDENCE = fields({"article_id": maybe(text), "start": maybe(place), "end": maybe(place), "quote": maybe(text)}, partly=True)
_EXAMPLE = fields(
    {
        "id": text,
        "question": text,
        "answerable": maybe(flag),
        "rewrite": maybe(text),
        "type": text,
        "history": many(_TURN),
        "answers": many(text),
        "evidence": many(_EVIDENCE),
        "qrels": mapping(whole),
        "key_points": many(text),
        "metadata": mapping(anything),
    }
)


@dataclass(frozen=True)
class Dataset:
    """Questions in order, each with an id of its own, and their articles where the set brings any."""

    name: str
    format: str
    """How it was recognised, in words for people: `BEIR folder`."""
    examples: tuple[Example, ...]
    corpus: Corpus | None = None
    path: Path | None = None

    @cached_property
    def sha256(self) -> str:
        """Return the checksum of the examples: two runs are compared only where it is the same."""
        return fingerprint(self.examples)

    def limited(self, count: int | None) -> Dataset:
        """Return the set with its first `count` questions; itself when that is None or not fewer. Raises `AssayError` below 1."""
        if count is not None and count < 1:
            raise AssayError(f"expected a limit of at least 1 question, found {count}")
        return self if count is None or count >= len(self.examples) else replace(self, examples=self.examples[:count])


def fingerprint(examples: Iterable[Example]) -> str:
    """Return a checksum over all that is known of `examples`, in their order."""
    digest = hashlib.sha256()
    for one in examples:
        digest.update(json.dumps(one.to_json(), sort_keys=True).encode())
        digest.update(b"\n")
    return digest.hexdigest()

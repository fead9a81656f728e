"""What an answer is: sentences, the citations that prove them, and the passages they were chosen from.

Frozen values, to JSON and back. Knows nothing of how an answer is found or shown.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


#: Said for an answer where there is none.
ABSTENTION = "The articles do not say."

#: Whose words an answer is in where no language model wrote it: the articles'.
EXTRACTIVE = "extractive"


class Reason(StrEnum):
    """Why there is no answer; the list is closed."""

    EMPTY_INDEX = "empty_index"
    """There are no articles."""
    NOTHING_SELECTED = "nothing_selected"
    """No article passes the filters that were set."""
    NOTHING_FOUND = "nothing_found"
    """No passage has anything to do with the question."""
    NOT_SUPPORTED = "not_supported"
    """Passages were found, but what they say does not answer the question well enough to be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A passage found for a question. `score` is comparable within one question only; higher is better."""

    rank: int
    """From 1, the best."""
    score: float
    article_id: str
    passage_id: str
    start: int
    end: int
    title: str
    source: str | None
    published: str | None
    text: str
    also_in: tuple[str, ...] = ()
    """Other articles that hold a copy or near-copy of this passage."""
    superseded_by: str | None = None
    """The id of the latest version of its article, where there is a later one."""

    def to_json(self) -> dict[str, Any]:
        """Return the hit as JSON values."""
        return {**asdict(self), "score": round(self.score, 6), "also_in": list(self.also_in)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """The proof of a sentence: `quote` is exactly the characters `[start, end)` of the article's text."""

    n: int
    """Its number in the answer, from 1."""
    article_id: str
    passage_id: str
    title: str
    source: str | None
    published: str | None
    url: str | None
    start: int
    end: int
    quote: str
    page: int | None = None
    also_in: tuple[str, ...] = ()
    superseded_by: str | None = None
    """The id of the latest version of its article, where there is a later one."""

    def cites_the_same(self, other: Citation) -> bool:
        """Say whether another cites the same words: in the same place, or in a copy."""
        if self.article_id == other.article_id:
            return (self.start, self.end) == (other.start, other.end)
        return self.quote == other.quote and (other.article_id in self.also_in or self.article_id in other.also_in)


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """One sentence of an answer, the numbers of its citations, and how well they support it, from 0 to 1."""

    text: str
    citations: tuple[int, ...]
    support: float
    verdict: str = "supported"
    """`supported`, `partly` or `unsupported`: the latter two only where such sentences were asked for."""
    doubt: str | None = None
    """Why it is not supported, in words."""


@dataclass(frozen=True, slots=True)
class Removed:
    """A sentence that is not shown, and why."""

    text: str
    reason: str


class Difference(StrEnum):
    """How what articles say differs."""

    CONFLICT = "conflict"
    """They disagree; which of them is right is not for us to say."""
    UPDATE = "update"
    """One source said one thing first and another later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the answers that articles give to the same question."""

    value: str
    """The words that answer, as its sentence has them."""
    citations: tuple[int, ...]
    """The numbers of the citations that say so."""
    source: str | None
    """Of the first of them, as the next."""
    published: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """What articles say differently in answer to a question."""

    kind: Difference
    sides: tuple[Side, ...]
    """Two at least, the newest first; those without a date stand last."""


@dataclass(frozen=True, slots=True)
class AnswerPart:
    """What became of one of several questions in one, or of one side of a comparison."""

    question: str
    """Its words in the question."""
    sentences: tuple[int, ...]
    """The places of the sentences that answer it among those of the answer, from 0."""

    @property
    def answered(self) -> bool:
        """Say whether any sentence answers it."""
        return bool(self.sentences)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A cited answer, or an abstention with its reason."""

    question: str
    standalone_question: str
    sentences: tuple[AnswerSentence, ...]
    citations: tuple[Citation, ...]
    hits: tuple[Hit, ...]
    confidence: float
    """The probability that the articles answer the question, present on abstentions too."""
    reason: Reason | None = None
    short_answer: str | None = None
    id: str | None = None
    model: str = EXTRACTIVE
    """What wrote the sentences: `extractive` where they are quoted, else the name of a language model."""
    notes: tuple[str, ...] = ()
    """What the reader of the answer should know of how it came about, a sentence each."""
    removed: tuple[Removed, ...] = ()
    """What a language model wrote and the articles do not support."""
    conflict: Conflict | None = None
    """Where the articles disagree on the answer: all sides, each of which has its sentence here."""
    parts: tuple[AnswerPart, ...] = ()
    """Where several things were asked, what became of each; empty where the question is one."""
    timings_ms: Mapping[str, float] = field(default_factory=dict)

    @property
    def abstained(self) -> bool:
        """Say whether the articles were found not to answer the question."""
        return self.reason is not None

    @property
    def text(self) -> str:
        """Return the answer with its citation numbers: `Chile announced … [1] A state company … [2]`; empty on an abstention.

        A sentence that was kept though the articles do not support it says so.
        """
        return " ".join(
            f"{sentence.text} {' '.join(f'[{n}]' for n in sentence.citations)}{'' if sentence.doubt is None else ' (not supported)'}"
            for sentence in self.sentences
        )

    def to_json(self) -> dict[str, Any]:
        """Return the answer as JSON values, `id` first; everything but `timings_ms` is the same for the same index and question."""
        return {
            "id": self.id,
            "question": self.question,
            "standalone_question": self.standalone_question,
            "answer": self.text,
            "short_answer": self.short_answer,
            "abstained": self.abstained,
            "reason": self.reason.value if self.reason else None,
            "confidence": self.confidence,
            "sentences": [
                {"text": s.text, "citations": list(s.citations), "support": s.support, "verdict": s.verdict, "doubt": s.doubt}
                for s in self.sentences
            ],
            "citations": [{**asdict(citation), "also_in": list(citation.also_in)} for citation in self.citations],
            "hits": [hit.to_json() for hit in self.hits],
            "model": self.model,
            "timings_ms": dict(self.timings_ms),
            "notes": list(self.notes),
            "removed": [{"text": one.text, "reason": one.reason} for one in self.removed],
            "conflict": _conflict_to_json(self.conflict) if self.conflict else None,
            "parts": [{"question": one.question, "answered": one.answered, "sentences": list(one.sentences)} for one in self.parts],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Answer:
        """Build the answer that `to_json` wrote; raises KeyError or TypeError on anything else."""
        return cls(
            id=values["id"],
            question=values["question"],
            standalone_question=values["standalone_question"],
            short_answer=values["short_answer"],
            reason=Reason(values["reason"]) if values["reason"] else None,
            confidence=values["confidence"],
            sentences=tuple(
                AnswerSentence(s["text"], tuple(s["citations"]), s["support"], s.get("verdict", "supported"), s.get("doubt"))
                for s in values["sentences"]
            ),
            citations=tuple(Citation(**{**citation, "also_in": tuple(citation["also_in"])}) for citation in values["citations"]),
            hits=tuple(Hit(**{**hit, "also_in": tuple(hit["also_in"])}) for hit in values["hits"]),
            model=values["model"],
            notes=tuple(values.get("notes", ())),
            removed=tuple(Removed(one["text"], one["reason"]) for one in values.get("removed", ())),
            conflict=_conflict_from_json(values["conflict"]) if values.get("conflict") else None,
            parts=tuple(AnswerPart(one["question"], tuple(one["sentences"])) for one in values.get("parts", ())),
            timings_ms=values["timings_ms"],
        )


def _conflict_to_json(conflict: Conflict) -> dict[str, Any]:
    return {"kind": conflict.kind.value, "sides": [{**asdict(side), "citations": list(side.citations)} for side in conflict.sides]}


def _conflict_from_json(values: Mapping[str, Any]) -> Conflict:
    sides = tuple(Side(**{**side, "citations": tuple(side["citations"])}) for side in values["sides"])
    return Conflict(kind=Difference(values["kind"]), sides=sides)

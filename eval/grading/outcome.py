"""Whether an answer is right, and where it went wrong when it is not.

Knows nothing of measures or of how outcomes are shown.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from rag import Reason

from .gold import Basis, answerable, basis, bears, points
from .wording import contains

if TYPE_CHECKING:
    from rag import Answer

    from ..run import Row


class Outcome(StrEnum):
    """What came of a question; a wrong one is laid to the first step that lost it. The order is that of a report."""

    RIGHT = "right"
    RIGHTLY_SILENT = "rightly silent"
    NOT_INDEXED = "not indexed"
    NOT_RETRIEVED = "not retrieved"
    RETRIEVED_NOT_READ = "retrieved but not read"
    READ_NOT_VERIFIED = "read but not verified"
    WRONGLY_SILENT = "wrongly silent"
    WRONGLY_ANSWERED = "wrongly answered"
    FAILED = "failed"
    UNKNOWN = "unknown"

    @property
    def sentence(self) -> str:
        """Return what it means, for people."""
        return _SENTENCES[self]

    @property
    def good(self) -> bool | None:
        """Say whether it is as it should be; None where that cannot be told."""
        return None if self is Outcome.UNKNOWN else self in {Outcome.RIGHT, Outcome.RIGHTLY_SILENT}


_SENTENCES = {
    Outcome.RIGHT: "The answer holds what was expected or cites the evidence.",
    Outcome.RIGHTLY_SILENT: "The articles do not say, and neither did the answer.",
    Outcome.NOT_INDEXED: "The index does not have the evidence.",
    Outcome.NOT_RETRIEVED: "None of the passages that were read holds the evidence.",
    Outcome.RETRIEVED_NOT_READ: "A passage with the evidence was retrieved, but the answer was taken from elsewhere.",
    Outcome.READ_NOT_VERIFIED: "A passage with the evidence was retrieved, but nothing in it was found to support an answer.",
    Outcome.WRONGLY_SILENT: "The question has an answer, and none was given.",
    Outcome.WRONGLY_ANSWERED: "An answer was given that is wrong, or to a question that the articles do not answer.",
    Outcome.FAILED: "The question met an error or was never asked.",
    Outcome.UNKNOWN: "Nothing is known that the answer could be judged by.",
}


def right(row: Row) -> bool | None:
    """Say whether the answer is right; None where nothing is known that it could be judged by.

    A question that the articles do not answer is rightly met with silence only, any other never with silence or an error. An answer
    is right when it contains a known answer or cites the evidence's characters; where no answer is known, also when it cites a relevant
    article that has no known characters.
    """
    known = answerable(row.example)
    if known is None:
        return None
    if row.answer is None:
        return False
    if known is False or row.answer.abstained:
        return not known and row.answer.abstained
    if row.example.answers:
        return _contained(row.answer, row) or any(points(citation, row) for citation in row.answer.citations)
    return _cited(row.answer, row) if basis(row) is Basis.EVIDENCE else None


def outcome(row: Row) -> Outcome:
    """Return what came of the question of `row`."""
    answer = row.answer
    if answer is None:
        return Outcome.FAILED
    verdict = right(row)
    if verdict is None:
        return Outcome.UNKNOWN
    if verdict:
        return Outcome.RIGHTLY_SILENT if answer.abstained else Outcome.RIGHT
    return _loss(answer, row)


def said(answer: Answer) -> str:
    """Return the sentences of an answer, without citation numbers."""
    return " ".join(sentence.text for sentence in answer.sentences)


def _loss(answer: Answer, row: Row) -> Outcome:
    """Return where a wrong answer was lost."""
    otherwise = Outcome.WRONGLY_SILENT if answer.abstained else Outcome.WRONGLY_ANSWERED
    place = basis(row)
    if not answerable(row.example) or place is Basis.NOTHING:
        return otherwise
    if place is Basis.NOT_INDEXED:
        return Outcome.NOT_INDEXED
    if not any(bears(hit, row) for hit in answer.hits):
        return Outcome.WRONGLY_ANSWERED if _cited(answer, row) else Outcome.NOT_RETRIEVED
    if answer.abstained:
        return Outcome.READ_NOT_VERIFIED if answer.reason is Reason.NOT_SUPPORTED else otherwise
    return otherwise if _cited(answer, row) else Outcome.RETRIEVED_NOT_READ


def _contained(answer: Answer, row: Row) -> bool:
    return any(contains(text, gold) for text in (answer.short_answer or "", said(answer)) for gold in row.example.answers)


def _cited(answer: Answer, row: Row) -> bool:
    return any(bears(citation, row) for citation in answer.citations)

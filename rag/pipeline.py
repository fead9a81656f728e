"""A question into a cited answer, step by step: understand, retrieve, weigh, decide, choose, cite.

This is the whole way, readable from top to bottom; each step's input and output are frozen values. `rag.chain.Chain` is the same as
a LangChain Runnable. Knows nothing of screens or of how an index is kept.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .answer import Answer, Reason
from .compose import choose, compose
from .evidence import question_terms, weigh
from .question import Question, Turn
from .retrieve import Retriever
from .verify import THRESHOLD, confidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index import ArticleFilter, Library, View

    from .retrieve import Found

#: Passages that are read for an answer.
PASSAGES_READ = 8


class Pipeline:
    """Answers questions from one library, quoting it. Safe to share between threads."""

    def __init__(self, library: Library, *, retriever: Retriever | None = None, threshold: float = THRESHOLD) -> None:
        """Answer from `library`; an answer whose confidence is below `threshold` is an abstention."""
        self.library = library
        self._retriever = retriever or Retriever(library)
        self._threshold = threshold

    def ask(self, question: str | Question, *, history: Sequence[Turn] = (), only: ArticleFilter | None = None) -> Answer:
        """Return a cited answer, or an abstention with its reason; raises `AssayError` when the question cannot be asked."""
        asked = question if isinstance(question, Question) else Question(question, tuple(history))
        clock = _Clock()
        with self.library.view() as view:
            found = self._retriever.retrieve(view, asked.standalone, PASSAGES_READ, only=only)
            clock.lap("retrieve")
            evidence = weigh(view, asked.standalone, found)
            clock.lap("read")
            sure = round(confidence(evidence), 4)
            if not evidence or sure < self._threshold:
                return _abstention(asked, found, sure, _reason(view, found, only), clock)
            chosen = choose(view, evidence, question_terms(view, asked.standalone))
            if not chosen:
                return _abstention(asked, found, sure, Reason.NOT_SUPPORTED, clock)
            sentences, citations = compose(view, chosen)
            clock.lap("verify")
        return Answer(
            id=asked.id,
            question=asked.text,
            standalone_question=asked.standalone,
            sentences=sentences,
            citations=citations,
            hits=tuple(one.hit for one in found),
            confidence=sure,
            timings_ms=clock.total(),
        )


def _abstention(asked: Question, found: Sequence[Found], sure: float, reason: Reason, clock: _Clock) -> Answer:
    clock.lap("verify")
    return Answer(
        id=asked.id,
        question=asked.text,
        standalone_question=asked.standalone,
        sentences=(),
        citations=(),
        hits=tuple(one.hit for one in found),
        confidence=sure,
        reason=reason,
        timings_ms=clock.total(),
    )


def _reason(view: View, found: Sequence[Found], only: ArticleFilter | None) -> Reason:
    if found:
        return Reason.NOT_SUPPORTED
    if not view.counts()[0]:
        return Reason.EMPTY_INDEX
    return Reason.NOTHING_SELECTED if only else Reason.NOTHING_FOUND


class _Clock:
    """Milliseconds of each step since the one before."""

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, step: str) -> None:
        now = time.perf_counter()
        self._laps[step] = round((now - self._last) * 1000, 2)
        self._last = now

    def total(self) -> dict[str, float]:
        return {**self._laps, "total": round((time.perf_counter() - self._start) * 1000, 2)}

"""A question into a cited answer, step by step: understand, retrieve, weigh, decide, choose, cite.

This is the whole way, readable from top to bottom; each step's input and output are frozen values. `rag.chain.Chain` is the same as
a LangChain Runnable. Knows nothing of screens or of how an index is kept.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .answer import Answer, Reason
from .compose import choose, compose, short_answer
from .evidence import question_terms, weigh
from .kinds import kind_of
from .question import Question, Turn
from .rerank import ReadingRetriever
from .retrieve import DENSE_WEIGHT, Retriever
from .verify import Caution, confidence, enough

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index import ArticleFilter, Library, View

    from .evidence import Evidence
    from .kinds import Kind
    from .read import Reader
    from .retrieve import Found

#: Passages that an answer is made from.
PASSAGES_READ = 8

#: Reading ends early once a passage is this sure to hold the answer.
SURE = 0.9


class Pipeline:
    """Answers questions from one library, quoting it. Safe to share between threads."""

    def __init__(
        self,
        library: Library,
        *,
        reader: Reader | None = None,
        retriever: Retriever | None = None,
        dense_weight: float = DENSE_WEIGHT,
        caution: Caution = Caution.NORMAL,
        threshold: float | None = None,
    ) -> None:
        """Answer from `library`.

        Args:
            library: The articles.
            reader: Reads the best passages; without one, sentences are chosen by search scores alone.
            retriever: Finds passages in its own way, and then reads them if it does.
            dense_weight: The share of the vectors in the ranking of any other, from 0 (words alone) to 1.
            caution: How sure an answer must be to be shown.
            threshold: An answer whose confidence is lower is an abstention, whatever `caution` says.
        """
        self.library = library
        found_by = Retriever(library, dense_weight=dense_weight)
        if reader is not None:
            found_by = ReadingRetriever(library, reader, depth=PASSAGES_READ, sure=SURE, dense_weight=dense_weight)
        self._retriever = retriever or found_by
        self._caution = caution
        self._threshold = threshold

    def ask(self, question: str | Question, *, history: Sequence[Turn] = (), only: ArticleFilter | None = None) -> Answer:
        """Return a cited answer, or an abstention with its reason; raises `AssayError` when the question cannot be asked."""
        asked = question if isinstance(question, Question) else Question(question, tuple(history))
        clock = _Clock()
        with self.library.view() as view:
            found = self._retriever.retrieve(view, asked.standalone, PASSAGES_READ, only=only)
            clock.lap("retrieve")
            evidence = weigh(view, asked.standalone, [one for one in found if one.reading] or found)
            clock.lap("read")
            sure = round(confidence(evidence), 4)
            kind = kind_of(asked.standalone)
            if not evidence or not self._shown(evidence, sure, kind):
                return _abstention(asked, found, sure, _reason(view, found, only), clock)
            chosen = choose(view, evidence, question_terms(view, asked.standalone), kind)
            if not chosen:
                return _abstention(asked, found, sure, Reason.NOT_SUPPORTED, clock)
            sentences, citations = compose(view, chosen)
            short = short_answer(view, chosen, kind)
            clock.lap("verify")
        return Answer(
            id=asked.id,
            question=asked.text,
            standalone_question=asked.standalone,
            sentences=sentences,
            citations=citations,
            hits=tuple(one.hit for one in found),
            confidence=sure,
            short_answer=short,
            timings_ms=clock.total(),
        )

    def _shown(self, evidence: Sequence[Evidence], sure: float, kind: Kind) -> bool:
        return enough(evidence, sure, self._caution, kind) if self._threshold is None else sure >= self._threshold


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

"""The first passages of a ranking in the order that reading them suggests.

A passage's new score weighs its fused score, the reader's word on its relevance and its word on whether the answer stands in it, the
latter two as logits; it lies above the scores of all that were not read. Knows nothing of answers.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from .read import Readable
from .retrieve import DENSE_WEIGHT, RankedPassage, Ranking, Retriever

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index import ArticleFilter, Library, View

    from .read import Reader, Reading
    from .retrieve import Found

#: So many passages are read.
DEPTH = 12

#: A probability counts as a logit no farther from 0 than this.
_LIMIT = 12.0


class Weights(NamedTuple):
    """How much each part of a passage's score counts."""

    fused: float
    """Of the fused score, 0 to 1."""
    relevance: float
    """Of the logit that it bears on the question."""
    present: float
    """Of the logit that the answer stands in it."""


#: A first guess: to be fitted on questions that the reader has not seen, once there is one.
WEIGHTS = Weights(fused=4.0, relevance=0.7, present=0.3)


class ReadingRetriever(Retriever):
    """Searches a library, reads the best passages and orders them anew. Safe to share between threads."""

    def __init__(self, library: Library, reader: Reader, *, depth: int = DEPTH, dense_weight: float = DENSE_WEIGHT) -> None:
        """Search `library` and have `reader` read the `depth` best passages."""
        super().__init__(library, dense_weight=dense_weight)
        self._reader = reader
        self._depth = depth

    def retrieve(self, view: View, query: str, k: int, *, only: ArticleFilter | None = None) -> list[Found]:
        """Return the `k` best passages of a pinned generation, the first of them with their readings."""
        found = super().retrieve(view, query, max(k, self._depth), only=only)
        first = found[: self._depth]
        readings = self._reader.read(query, [Readable(one.passage.context, one.hit.text, one.hit.start) for one in first])
        order = reordered([one.hit.score for one in first], readings)
        read = [replace(first[place], hit=replace(first[place].hit, score=score), reading=readings[place]) for place, score in order]
        every = [*read, *found[self._depth :]][: max(0, k)]
        return [replace(one, hit=replace(one.hit, rank=rank)) for rank, one in enumerate(every, 1)]

    def ranking(self, view: View, query: str, articles: int = 100, *, only: ArticleFilter | None = None) -> Ranking:
        """Return what `Retriever.ranking` does, its first passages in the new order."""
        passages = super().ranking(view, query, articles, only=only).passages
        first = passages[: self._depth]
        readings = self._reader.read(query, [_readable(view, one) for one in first])
        order = reordered([one.score for one in first], readings)
        every = [*(first[place]._replace(score=score) for place, score in order), *passages[self._depth :]]
        best: dict[str, float] = {}
        for one in every:
            best.setdefault(one.article_id, one.score)
        return Ranking(every, list(best.items()))


def reordered(scores: Sequence[float], readings: Sequence[Reading]) -> list[tuple[int, float]]:
    """Return the places of passages in their new order, equals as they were, with their new scores: from 1 to 2, above the fused ones."""
    new = [1 + _sigmoid(WEIGHTS.fused * score + _read(reading)) for score, reading in zip(scores, readings, strict=True)]
    return sorted(enumerate(new), key=lambda one: (-one[1], one[0]))


def _read(reading: Reading) -> float:
    return WEIGHTS.relevance * _logit(reading.relevance) - WEIGHTS.present * _logit(reading.no_answer)


def _readable(view: View, one: RankedPassage) -> Readable:
    row = view.article_row(one.article_id)
    if row is None:  # not in a pinned generation
        return Readable("", "", one.start)
    context = next((stored.context for stored in view.article_passages(row) if stored.start == one.start), "")
    return Readable(context, view.article(row).text[one.start : one.end], one.start)


def _logit(p: float) -> float:
    return max(-_LIMIT, min(_LIMIT, math.log(max(p, 1e-9) / max(1 - p, 1e-9))))


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))

"""The first passages of a ranking in the order that reading them suggests.

A passage's new score weighs its fused score, the reader's word on its relevance and its word on whether the answer stands in it, the
latter two as logits; it lies above the scores of all that were not read. Knows nothing of answers.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from .kinds import Kind, kind_of
from .odds import log_odds, probability
from .read import Readable
from .retrieve import DENSE_WEIGHT, RankedPassage, Ranking, Retriever

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index import ArticleFilter, Library, View

    from .read import Reader, Reading
    from .retrieve import Found

#: So many passages are read, so many at once where reading may end early.
DEPTH, _AT_ONCE = 12, 4


class Weights(NamedTuple):
    """How much each part of a passage's score counts."""

    fused: float
    """Of the fused score, 0 to 1."""
    relevance: float
    """Of the logit that it bears on the question."""
    present: float
    """Of the logit that the answer stands in it."""


#: The reader's word counts a fraction of what `python -m eval.training.weights` fits on questions of one paragraph: it orders these nearly
#: as well, and does no harm where a question is about several articles (docs/decisions/0009-reader.md).
WEIGHTS = Weights(fused=3.6, relevance=0.15, present=0.07)


class ReadingRetriever(Retriever):
    """Searches a library, reads the best passages and orders them anew. Safe to share between threads."""

    def __init__(
        self, library: Library, reader: Reader, *, depth: int = DEPTH, sure: float = 1.0, dense_weight: float = DENSE_WEIGHT
    ) -> None:
        """Search `library` and have `reader` read the `depth` best passages, or fewer where one is `sure` to hold the answer.

        The others are read on, a few at a time, until a passage bears on the question and holds its answer with that probability, unless
        the answer is one that is gathered from several. For a topic, which asks nothing, none is read.
        """
        super().__init__(library, dense_weight=dense_weight)
        self._reader = reader
        self._depth = depth
        self._sure = sure

    def retrieve(self, view: View, query: str, k: int, *, only: ArticleFilter | None = None) -> list[Found]:
        """Return the `k` best passages of a pinned generation, the first of them with their readings."""
        if kind_of(query) is Kind.TOPIC:
            return super().retrieve(view, query, k, only=only)
        found = super().retrieve(view, query, max(k, self._depth), only=only)
        passages = [Readable(one.passage.heading, one.hit.text, one.hit.start) for one in found[: self._depth]]
        readings = self._readings(query, passages)
        first, rest = found[: len(readings)], found[len(readings) :]
        order = reordered([one.hit.score for one in first], readings)
        read = [replace(first[place], hit=replace(first[place].hit, score=score), reading=readings[place]) for place, score in order]
        every = [*read, *rest][: max(0, k)]
        return [replace(one, hit=replace(one.hit, rank=rank)) for rank, one in enumerate(every, 1)]

    def _readings(self, query: str, passages: Sequence[Readable]) -> list[Reading]:
        """Return the readings of the first passages, as many as it takes."""
        step = len(passages) if self._sure >= 1 or kind_of(query).gathers else _AT_ONCE
        readings: list[Reading] = []
        while len(readings) < len(passages):
            readings += self._reader.read(query, passages[len(readings) : len(readings) + step])
            if any(min(one.relevance, 1 - one.no_answer) >= self._sure for one in readings):
                break
        return readings

    def ranking(self, view: View, query: str, articles: int = 100, *, only: ArticleFilter | None = None) -> Ranking:
        """Return what `Retriever.ranking` does, its first passages in the new order."""
        whole = super().ranking(view, query, articles, only=only)
        if kind_of(query) is Kind.TOPIC:
            return whole
        passages = whole.passages
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
    new = [1 + probability(WEIGHTS.fused * score + _read(reading)) for score, reading in zip(scores, readings, strict=True)]
    return sorted(enumerate(new), key=lambda one: (-one[1], one[0]))


def _read(reading: Reading) -> float:
    return WEIGHTS.relevance * log_odds(reading.relevance) - WEIGHTS.present * log_odds(reading.no_answer)


def _readable(view: View, one: RankedPassage) -> Readable:
    row = view.article_row(one.article_id)
    if row is None:  # not in a pinned generation
        return Readable("", "", one.start)
    context = next((stored.heading for stored in view.article_passages(row) if stored.start == one.start), "")
    return Readable(context, view.article(row).text[one.start : one.end], one.start)

"""From a question's words to the passages that fit it best: two rankings fused, copies collapsed.

The fused score of a passage is `w * cosine / highest cosine + (1 - w) * BM25 / highest BM25`, both maxima taken over the
whole index for this query. The ranking is as exact as the two are: candidates are drawn deeper until none outside can belong to
it (the threshold algorithm; Fagin, Lotem & Naor, "Optimal aggregation algorithms for middleware", 2003). Where the dense one is
exact (`View.approximate` is not set), a filtered ranking is the full ranking, filtered. Knows nothing of answers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from index import ArticleFilter

from .answer import Hit
from .collapse import collapse
from .question import storable
from .words import without_function_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from index import Library, Ranked, Selection, StoredPassage, View

    from .collapse import Shown
    from .read import Reading

#: The share of the vectors in the fused score (docs/decisions/0002-passages-and-fusion.md).
DENSE_WEIGHT = 0.4

#: Candidates are drawn from each ranking this deep at first, then four times deeper until the ranking is certain.
FIRST_DEPTH = 60

#: Where something is preferred, so many of the first passages are looked at.
PREFERRED_FROM = 40

#: So many candidates after the last hit are looked at for copies of the hits: a copy's score is close to its original's.
COPIES_SOUGHT = 30


@dataclass(frozen=True, slots=True)
class Fused:
    """A fused ranking, best first: rows, fused scores, and the two raw scores behind each.

    The first `certain` are the best there are; those after them are the best of the candidates drawn.
    """

    rows: NDArray[np.int64]
    scores: NDArray[np.float64]
    cosines: NDArray[np.float32]
    bm25: NDArray[np.float32]
    certain: int


@dataclass(frozen=True, slots=True)
class Found:
    """A hit with the rows and raw scores that the next steps need."""

    hit: Hit
    passage: StoredPassage
    cosine: float
    bm25: float
    reading: Reading | None = None
    """What a reader says of it; None where none was asked."""


class RankedPassage(NamedTuple):
    """A passage of a ranking; a higher score is more relevant, comparable within one query only."""

    passage_id: str
    article_id: str
    start: int
    end: int
    score: float


class Ranking(NamedTuple):
    """What a query ranks, best first: passages, and articles with the score of their best passage."""

    passages: list[RankedPassage]
    articles: list[tuple[str, float]]


class Retriever:
    """Searches a library. Safe to share between threads."""

    def __init__(self, library: Library, *, dense_weight: float = DENSE_WEIGHT) -> None:
        """Search `library`; `dense_weight` from 0 (words alone) to 1 (vectors alone)."""
        self._library = library
        self._dense_weight = dense_weight

    def search(self, query: str, k: int = 10, *, only: ArticleFilter | None = None) -> list[Hit]:
        """Return the `k` best passages for `query`, best first, copies shown once."""
        with self._library.view() as view:
            return [found.hit for found in self.retrieve(view, query, k, only=only)]

    def retrieve(self, view: View, query: str, k: int, *, only: ArticleFilter | None = None) -> list[Found]:
        """Return the `k` best passages of a pinned generation."""
        return self.unread(view, query, k, only=only)

    def unread(
        self, view: View, query: str, k: int, *, only: ArticleFilter | None = None, prefer: Callable[[Hit], float] | None = None
    ) -> list[Found]:
        """Return the `k` best by search scores alone; what `prefer` says of each of the first is added to its score."""
        if prefer is None:
            return self._fused(view, query, k, only)
        first = self._fused(view, query, max(k, PREFERRED_FROM), only)
        scored = [replace(one, hit=replace(one.hit, score=one.hit.score + prefer(one.hit))) for one in first]
        order = sorted(scored, key=lambda one: (-one.hit.score, one.hit.rank))
        return [replace(one, hit=replace(one.hit, rank=rank)) for rank, one in enumerate(order[: max(0, k)], 1)]

    def _fused(self, view: View, query: str, k: int, only: ArticleFilter | None) -> list[Found]:
        selection = view.select(only or ArticleFilter())
        wanted = k
        while True:
            fused = fuse(view, query, wanted, selection, self._dense_weight, extra=COPIES_SOUGHT)
            kept = _distinct(view, fused, k, selection)
            if len(kept) >= k or fused.certain < wanted:
                return kept
            wanted *= 4  # many copies: look further down

    def run(self, query: str, articles: int = 100) -> list[tuple[str, float]]:
        """Return the best articles with the score of their best passage, best first, copies not collapsed: a TREC run."""
        with self._library.view() as view:
            return self.ranking(view, query, articles).articles[:articles]

    def ranking(self, view: View, query: str, articles: int = 100, *, only: ArticleFilter | None = None) -> Ranking:
        """Return the best passages, copies not collapsed, as many as it takes for so many articles, and these articles."""
        selection = view.select(only or ArticleFilter())
        wanted = articles * 4
        while True:
            fused = fuse(view, query, wanted, selection, self._dense_weight)
            passages = view.passages(fused.rows[: fused.certain].tolist())
            scores = fused.scores[: fused.certain].tolist()
            best: dict[int, float] = {}
            for passage, score in zip(passages, scores, strict=True):
                best.setdefault(passage.article, score)
            if len(best) >= articles or fused.certain < wanted:
                ids = {row: view.record(row)["id"] for row in best}
                ranked = [
                    RankedPassage(f"{ids[one.article]}:{one.ordinal}", ids[one.article], one.start, one.end, score)
                    for one, score in zip(passages, scores, strict=True)
                ]
                return Ranking(ranked, [(ids[row], score) for row, score in best.items()])
            wanted *= 4


def fuse(view: View, query: str, k: int, selection: Selection | None, dense_weight: float, *, extra: int = 0) -> Fused:
    """Return the `k` best passages by fused score, exactly, among those selected (all when None), and `extra` candidates after them."""
    k, query = max(0, k), storable(query)
    vector = view.embed_query(query)
    words = without_function_words(query)
    top_cosine, top_bm25 = None, None
    if selection is not None:
        top_cosine, top_bm25 = _highest(view.dense(vector, 1)), _highest(view.lexical(words, 1))
    depth = max(FIRST_DEPTH, k)
    while True:
        dense, lexical = view.dense(vector, depth, selection), view.lexical(words, depth, selection)
        top_cosine = _highest(dense) if top_cosine is None else top_cosine
        top_bm25 = _highest(lexical) if top_bm25 is None else top_bm25
        rows = np.union1d(dense.rows, lexical.rows)
        cosines = _completed(rows, dense, lambda missing: view.dense_scores(vector, missing))
        bm25 = _completed(rows, lexical, lambda missing: view.lexical_scores(words, missing))
        scores = dense_weight * (cosines.astype(np.float64) / top_cosine) + (1 - dense_weight) * (bm25.astype(np.float64) / top_bm25)
        order = np.lexsort((rows, -scores))
        if dense.rows.size < depth:  # every passage is a candidate
            break
        beyond = float(lexical.scores[-1]) if lexical.rows.size >= depth else 0.0
        bound = dense_weight * (float(dense.scores[-1]) / top_cosine) + (1 - dense_weight) * (beyond / top_bm25)
        if order.size >= k and (scores[order[:k][-1:]] > bound).all():  # not equal: one of the same score may stand before it by row
            break
        depth *= 4
    order = order[: k + extra]
    return Fused(rows[order], scores[order], cosines[order], bm25[order], min(k, order.size))


def _highest(ranked: Ranked) -> float:
    """Return the best score, never quite 0: it is divided by."""
    return max(float(ranked.scores[0]), 1e-9) if ranked.scores.size else 1e-9


def _completed(rows: NDArray[np.int64], ranked: Ranked, score: Callable[[NDArray[np.int64]], NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return the score of each of `rows`, ascending: from the ranking where it is there, else computed."""
    values = np.zeros(rows.size, np.float32)
    values[np.searchsorted(rows, ranked.rows)] = ranked.scores
    missing = ~np.isin(rows, ranked.rows, assume_unique=True)
    if missing.any():
        values[missing] = score(rows[missing])
    return values


def _distinct(view: View, fused: Fused, k: int, selection: Selection | None) -> list[Found]:
    """Turn the first `k` distinct passages of a ranking into hits; copies further down are named on the first of them."""
    rows = fused.rows.tolist()
    allowed = None if selection is None else set(selection.articles)
    kept = collapse(view, view.passages(rows), view.vectors(rows), k, fused.certain, allowed)
    return [_found(view, one, rank, fused) for rank, one in enumerate(kept, 1)]


def _found(view: View, shown: Shown, rank: int, fused: Fused) -> Found:
    passage, place = shown.passage, shown.place
    record = view.record(passage.article)
    hit = Hit(
        rank=rank,
        score=float(fused.scores[place]),
        article_id=record["id"],
        passage_id=f"{record['id']}:{passage.ordinal}",
        start=passage.start,
        end=passage.end,
        title=record["title"],
        source=record["source"],
        published=record["published"],
        text=view.passage_text(passage),
        also_in=shown.also_in,
        superseded_by=shown.superseded_by,
    )
    return Found(hit, passage, float(fused.cosines[place]), float(fused.bm25[place]))

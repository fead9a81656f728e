"""The passages nearest to a query at one generation: an index that may lag, what was removed since, what was added since.

Every score that leaves here is the exact cosine of the float32 vectors in the store, the same to the bit whatever else is asked
for. Below `dense.APPROXIMATE_FROM` vectors, and under a filter at any size, so is every rank. Knows nothing of texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .dense import Ranked, best, bitmap

if TYPE_CHECKING:
    from collections.abc import Callable

    from .dense import Bitmap, DenseIndex, Rows, Scores, Vectors

#: The inner product of two unit vectors, one rounded to half precision (11 bits), is off by at most 2^-11; we allow double.
_HALF_PRECISION_ERROR = 2.0**-10

#: So many candidates more than are wanted are drawn at first, and then twice as many each time.
_SPARE = 32


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a dense index knows of one generation, and what it does not."""

    last: int
    """The index covers the live passages up to this row; 0 when there is none."""
    removed: Rows
    """Every removed passage that is still in the store, ascending."""
    allowed: Bitmap | None
    """The rows up to `last` that are not removed; None when none of them is."""
    tail_rows: Rows
    """The live passages above `last`, ascending."""
    tail_vectors: Vectors

    @classmethod
    def of(cls, last: int, removed: Rows, tail_rows: Rows, tail_vectors: Vectors) -> Coverage:
        """Prepare what every search of the generation shares."""
        hidden = bool(removed.size) and int(removed[0]) <= last
        return cls(last, removed, ~bitmap(removed, last) if hidden else None, tail_rows, tail_vectors)


@dataclass(frozen=True, slots=True)
class DenseView:
    """The vectors of one generation, ready to be searched."""

    index: DenseIndex | None
    coverage: Coverage
    exact: Callable[[Rows], Vectors]
    """Reads the float32 vectors of rows from the store."""

    def search(self, query: Vectors, k: int, *, only: Rows | None = None) -> Ranked:
        """Return the `k` rows of the highest cosine with `query`; `only` holds the rows that may be found, ascending."""
        if k < 1:
            return Ranked(np.zeros(0, np.int64), np.zeros(0, np.float32))
        parts = [self._search_tail(query, only)]
        if self.index is not None:
            parts.append(self._search_index(self.index, query, k, only))
        rows = np.concatenate([part.rows for part in parts])
        return best(rows, np.concatenate([part.scores for part in parts]), k)

    def scores(self, query: Vectors, rows: Rows) -> Scores:
        """Return the exact cosine of each of `rows` with `query`."""
        if rows.size == 0:
            return np.zeros(0, np.float32)
        return _dot(self.exact(rows), query)

    def _search_tail(self, query: Vectors, only: Rows | None) -> Ranked:
        rows, vectors = self.coverage.tail_rows, self.coverage.tail_vectors
        if only is not None:
            kept = np.isin(rows, only, assume_unique=True)
            rows, vectors = rows[kept], vectors[kept]
        return Ranked(rows, _dot(vectors, query))

    def _search_index(self, index: DenseIndex, query: Vectors, k: int, only: Rows | None) -> Ranked:
        """Draw candidates until none of those that the index would give next can be among the exact `k`."""
        allowed, thorough = self.coverage.allowed, only is not None
        if only is not None:
            allowed = bitmap(np.setdiff1d(only, self.coverage.removed, assume_unique=True), self.coverage.last)
        depth = k + _SPARE
        while True:
            found = index.search(query, depth, allowed=allowed, thorough=thorough)
            ranked = best(found.rows, self.scores(query, found.rows), k)
            exhausted = found.rows.size < depth
            if exhausted or (ranked.rows.size >= k and float(found.scores[-1]) + _HALF_PRECISION_ERROR < float(ranked.scores[k - 1])):
                return ranked
            depth *= 2


def _dot(vectors: Vectors, query: Vectors) -> Scores:
    """Return each row's inner product with `query`, the same to the bit whatever rows stand beside it."""
    return np.einsum("ij,j->i", vectors, query, dtype=np.float32) if vectors.size else np.zeros(vectors.shape[0], np.float32)

"""Nearest passages by vector: a FAISS file derived from the store, and the tail that it does not cover yet.

The file holds vectors in half precision and serves to find candidates; every score that leaves this module is the exact
cosine of the float32 vectors in the store. Knows nothing of texts.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .durable import replace
from .errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    Rows = NDArray[np.int64]
    Scores = NDArray[np.float32]
    Vectors = NDArray[np.float32]

#: The inner product of two unit vectors, one rounded to half precision (11 bits), is off by at most 2^-11; we allow double.
_HALF_PRECISION_ERROR = 2.0**-10


#: From this many vectors on, each core scans a part of them: FAISS itself answers one query on one core.
_PARALLEL = 20_000


class Ranked(NamedTuple):
    """Passage rows with their scores, best first; equal scores by row. Higher is more relevant."""

    rows: Rows
    scores: Scores


class DenseIndex:
    """A FAISS index over the vectors of `rows`, ascending. Safe to share between threads."""

    def __init__(self, index: Any, rows: Rows) -> None:
        """Wrap what `build` or `load` made."""
        self._index = index
        self.rows = rows

    @classmethod
    def build(cls, rows: Rows, vectors: Vectors) -> DenseIndex:
        """Index `vectors` (n, dimension), unit length, under `rows` (n,), ascending."""
        import faiss

        quantizer = faiss.IndexScalarQuantizer(vectors.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        index = faiss.IndexIDMap(quantizer)
        quantizer.train(vectors[:1])  # half precision has nothing to learn; FAISS asks for the call
        index.add_with_ids(vectors, rows)
        return cls(index, rows)

    def extend(self, rows: Rows, vectors: Vectors) -> None:
        """Add further `rows`, all above those already in; only before the index is shared."""
        self._index.add_with_ids(vectors, rows)
        self.rows = np.concatenate([self.rows, rows])

    @classmethod
    def load(cls, path: Path) -> DenseIndex:
        """Map the file at `path` into memory. Its checksum must have been verified: FAISS believes whatever it reads."""
        import faiss

        try:
            index: Any = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        except RuntimeError as error:
            raise StoreError(f"{path}: not readable by FAISS ({str(error).splitlines()[0][:120]}); run `assay rebuild`") from error
        return cls(index, faiss.vector_to_array(index.id_map))

    def save(self, path: Path) -> None:
        """Write the index to `path`, whole or not at all; raises OSError."""
        import faiss

        partial = path.with_suffix(".partial")
        try:
            faiss.write_index(self._index, str(partial))
        except RuntimeError as error:  # a full disk, among others
            raise OSError(f"{partial}: {str(error).splitlines()[0][:120]}") from error
        replace(partial, path)

    def search(self, query: Vectors, k: int, *, only: Rows | None, without: Rows) -> Ranked:
        """Return the `k` nearest rows and their approximate scores, among `only` (all when None) and never among `without`."""
        import faiss

        selector: Any = None
        if only is not None:
            selector = faiss.IDSelectorBatch(only)
        elif without.size:
            excluded = faiss.IDSelectorBatch(without)  # named: FAISS keeps a bare pointer to it
            selector = faiss.IDSelectorNot(excluded)
        k = min(k, max(1, self.rows.size))
        if only is not None or self.rows.size < _PARALLEL:
            return self._scan(query, k, selector)
        parts = [faiss.IDSelectorRange(int(part[0]), int(part[-1]) + 1) for part in np.array_split(self.rows, os.cpu_count() or 1)]
        both = parts if selector is None else [faiss.IDSelectorAnd(part, selector) for part in parts]
        found = list(_threads().map(lambda part: self._scan(query, k, part), both))
        return best(np.concatenate([part.rows for part in found]), np.concatenate([part.scores for part in found]), k)

    def _scan(self, query: Vectors, k: int, selector: Any) -> Ranked:
        import faiss

        parameters = None if selector is None else faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]  # absent from its stub
        scores, rows = self._index.search(query[None, :], k, params=parameters)
        found = rows[0] >= 0
        return Ranked(rows[0][found], scores[0][found])


@dataclass(frozen=True, slots=True)
class DenseView:
    """The vectors of one generation: an index that may lag, the rows removed since, and the tail added since."""

    index: DenseIndex | None
    removed: Rows
    tail_rows: Rows
    tail_vectors: Vectors
    exact: Callable[[Rows], Vectors]
    """Reads the float32 vectors of rows from the store."""

    def search(self, query: Vectors, k: int, *, only: Rows | None = None) -> Ranked:
        """Return the `k` rows of the highest cosine with `query`, exactly; `only` holds the rows that may be found, ascending."""
        if k < 1:
            return Ranked(np.zeros(0, np.int64), np.zeros(0, np.float32))
        parts = [self._search_tail(query, only)]
        if self.index is not None:
            covered = None if only is None else np.setdiff1d(only, self.removed, assume_unique=True)
            parts.append(self._search_index(self.index, query, k, covered))
        rows = np.concatenate([part.rows for part in parts])
        return best(rows, np.concatenate([part.scores for part in parts]), k)

    def scores(self, query: Vectors, rows: Rows) -> Scores:
        """Return the exact cosine of each of `rows` with `query`."""
        if rows.size == 0:
            return np.zeros(0, np.float32)
        return _dot(self.exact(rows), query)

    def _search_tail(self, query: Vectors, only: Rows | None) -> Ranked:
        kept = np.ones(self.tail_rows.size, bool) if only is None else np.isin(self.tail_rows, only, assume_unique=True)
        return Ranked(self.tail_rows[kept], _dot(self.tail_vectors[kept], query))

    def _search_index(self, index: DenseIndex, query: Vectors, k: int, only: Rows | None) -> Ranked:
        """Find more candidates until none beyond them can be among the exact `k`."""
        if only is not None and only.size == 0:
            return Ranked(np.zeros(0, np.int64), np.zeros(0, np.float32))
        depth = k + 32
        while True:
            found = index.search(query, depth, only=only, without=self.removed)
            ranked = best(found.rows, self.scores(query, found.rows), k)
            exhausted = found.rows.size < depth
            if exhausted or (ranked.rows.size >= k and float(found.scores[-1]) + _HALF_PRECISION_ERROR < float(ranked.scores[k - 1])):
                return ranked
            depth *= 2


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="assay-dense")


def best(rows: Rows, scores: Scores, k: int) -> Ranked:
    """Return the `k` highest scores with their rows; equal scores by row."""
    order = np.lexsort((rows, -scores))[:k]
    return Ranked(rows[order], scores[order])


def _dot(vectors: Vectors, query: Vectors) -> Scores:
    """Return each row's inner product with `query`, the same to the bit whatever rows stand beside it."""
    return np.einsum("ij,j->i", vectors, query, dtype=np.float32) if vectors.size else np.zeros(vectors.shape[0], np.float32)

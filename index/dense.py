"""FAISS indexes over passage vectors: exact while that takes milliseconds, approximate beyond.

They hold vectors in half precision and serve to find candidates; exact scores are their caller's business. Both kinds forget
rows, grow, and search among some rows only. Knows nothing of texts, nor of the store.
"""

from __future__ import annotations

import math
import os
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

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
    Bitmap = NDArray[np.uint8]

#: From this many vectors on an index is approximate (docs/decisions/0006-growth.md).
APPROXIMATE_FROM = 100_000

#: Of its n lists an approximate index searches n to this power, those whose centres are nearest to the query: a sixth of 1,265
#: lists at 100,000 vectors, a seventh of 2,828 at 500,000.
_PROBED = 0.75

#: Vectors a list that the centres are learned from; FAISS recommends 39 to 256.
_SAMPLES_A_LIST = 40

#: Rounds of k-means, and what its choice of first centres depends on: the same vectors make the same index.
_ROUNDS, _SEED = 8, 1963

#: From so many vectors on, each core scans a part of an exact index: FAISS itself answers one query on one core.
_PARALLEL = 20_000

#: Vectors are read this many at a time while an index is built.
_ROWS_AT_ONCE = 20_000


class Ranked(NamedTuple):
    """Passage rows with their scores, best first; equal scores by row. Higher is more relevant."""

    rows: Rows
    scores: Scores


class DenseIndex(ABC):
    """A FAISS index over unit vectors, each under its row. Safe to share between threads while nobody changes it."""

    #: Whether a search may miss some of the nearest rows.
    approximate: ClassVar[bool]

    def __init__(self, index: Any) -> None:
        """Wrap FAISS's own; `build` and `load` do this."""
        self._index = index

    @property
    def size(self) -> int:
        """Return how many vectors it holds."""
        return int(self._index.ntotal)

    @abstractmethod
    def fits(self, count: int) -> bool:
        """Say whether this is the kind of index that `count` vectors want; when not, it is time to build another."""

    @abstractmethod
    def search(self, query: Vectors, k: int, *, allowed: Bitmap | None = None, thorough: bool = False) -> Ranked:
        """Return the `k` nearest rows with their inner products in half precision; fewer only when there are no more.

        `allowed` holds the rows that may be found, all when None. `thorough` compares the query with every one of them.
        """

    def extend(self, rows: Rows, vectors: Vectors) -> None:
        """Add `vectors` (n, dimension) under `rows` (n,), all above those already in; only before the index is shared."""
        _use_cores(os.cpu_count() or 1)
        self._index.add_with_ids(vectors, rows)

    def forget(self, rows: Rows) -> None:
        """Take `rows` out, those that are in; only before the index is shared, and not when it is mapped."""
        import faiss

        self._index.remove_ids(faiss.IDSelectorBatch(rows))

    def save(self, path: Path) -> None:
        """Write the index to `path`, whole or not at all; raises OSError."""
        import faiss

        partial = path.with_suffix(".partial")
        try:
            faiss.write_index(self._index, str(partial))
            load(partial)  # FAISS does not look at the error of closing a file: what it could not write then is missing
            replace(partial, path)
        except BaseException as error:
            partial.unlink(missing_ok=True)  # on a full disk it is in the way of everything else
            if isinstance(error, RuntimeError | StoreError):
                raise OSError(f"{partial}: {str(error).splitlines()[0][:120]}") from error
            raise

    def _scan(self, query: Vectors, k: int, parameters: Any) -> Ranked:
        _use_cores(1)  # a second one has nothing to do with one query, and is waited for all the same
        scores, rows = self._index.search(query[None, :], k, params=parameters)
        found = rows[0] >= 0
        return Ranked(rows[0][found], scores[0][found])


class ExactIndex(DenseIndex):
    """Compares a query with every vector."""

    approximate = False

    @classmethod
    def empty(cls, dimension: int) -> ExactIndex:
        """Make an index of no vectors."""
        import faiss

        quantizer = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        quantizer.train(np.zeros((1, dimension), np.float32))  # half precision has nothing to learn; FAISS asks for the call
        return cls(faiss.IndexIDMap(quantizer))

    def fits(self, count: int) -> bool:
        """Say whether so few are compared with in milliseconds."""
        return count < APPROXIMATE_FROM

    def search(self, query: Vectors, k: int, *, allowed: Bitmap | None = None, thorough: bool = False) -> Ranked:  # noqa: ARG002  # it always is
        """Return the `k` nearest rows; each core looks at a part of them."""
        import faiss

        k = min(k, max(1, self.size))
        selector = _selector(allowed)
        if self.size < _PARALLEL:
            return self._scan(query, k, _only(selector))
        parts = [_both(faiss.IDSelectorRange(first, last + 1), selector) for first, last in self._parts()]
        found = list(_threads().map(lambda part: self._scan(query, k, _only(part)), parts))
        return best(np.concatenate([part.rows for part in found]), np.concatenate([part.scores for part in found]), k)

    def _parts(self) -> list[tuple[int, int]]:
        """Return the first and last row of each core's part."""
        import faiss

        rows = faiss.vector_to_array(self._index.id_map)
        return [(int(part[0]), int(part[-1])) for part in np.array_split(rows, os.cpu_count() or 1)]


class ApproximateIndex(DenseIndex):
    """Compares a query with the vectors of the lists nearest to it (an inverted file; Sivic & Zisserman, "Video Google", 2003)."""

    approximate = True

    @classmethod
    def trained(cls, sample: Vectors, lists: int) -> ApproximateIndex:
        """Make an index of no vectors, its lists centred by k-means on `sample` (n, dimension)."""
        import faiss

        dimension = sample.shape[1]
        centres = faiss.IndexFlatIP(dimension)
        kind, metric = faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        index = faiss.IndexIVFScalarQuantizer(centres, dimension, lists, kind, metric, False)  # not residuals: a score is an inner product
        index.cp.seed, index.cp.niter, index.cp.spherical = _SEED, _ROUNDS, True
        index.cp.min_points_per_centroid, index.cp.max_points_per_centroid = 1, 2 * _SAMPLES_A_LIST
        _use_cores(os.cpu_count() or 1)
        index.train(sample)
        return cls(index)

    def fits(self, count: int) -> bool:
        """Say whether `count` is worth approximating and its lists are neither too few nor too many for it."""
        return count >= APPROXIMATE_FROM // 2 and self._index.nlist / 2 <= lists_for(count) <= self._index.nlist * 1.5

    def search(self, query: Vectors, k: int, *, allowed: Bitmap | None = None, thorough: bool = False) -> Ranked:
        """Return the `k` nearest rows of the lists nearest to the query, of more where those hold too few, of all when `thorough`."""
        import faiss

        k, selector = min(k, max(1, self.size)), _selector(allowed)
        lists = int(self._index.nlist)
        probes = lists if thorough else math.ceil(lists**_PROBED)
        while True:
            found = self._scan(query, k, faiss.SearchParametersIVF(nprobe=probes, sel=selector))  # type: ignore[call-arg]  # as below
            if found.rows.size >= k or probes == lists:
                return found
            probes = min(probes * 4, lists)


def build(rows: Rows, vectors_of: Callable[[Rows], Vectors]) -> DenseIndex:
    """Index the vectors of `rows`, ascending, as `vectors_of` reads them (n, dimension); the kind follows from how many they are."""
    index: DenseIndex
    if rows.size < max(APPROXIMATE_FROM, 1):
        index = ExactIndex.empty(vectors_of(rows[:1]).shape[1])
    else:
        lists = lists_for(rows.size)
        sample = rows[np.linspace(0, rows.size - 1, min(rows.size, lists * _SAMPLES_A_LIST)).astype(np.int64)]
        index = ApproximateIndex.trained(vectors_of(sample), lists)
    for start in range(0, rows.size, _ROWS_AT_ONCE):
        part = rows[start : start + _ROWS_AT_ONCE]
        index.extend(part, vectors_of(part))
    return index


def load(path: Path, *, mapped: bool = True) -> DenseIndex:
    """Load the index at `path`, `mapped` into memory or, to be changed, read. Its checksum must have been verified.

    FAISS believes whatever it reads. Raises `StoreError` when it cannot make anything of the file.
    """
    import faiss

    try:
        index: Any = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC if mapped else 0)
    except RuntimeError as error:
        raise StoreError(f"{path}: not readable by FAISS ({str(error).splitlines()[0][:120]}); run `assay rebuild`") from error
    return ApproximateIndex(index) if isinstance(index, faiss.IndexIVF) else ExactIndex(index)


def lists_for(count: int) -> int:
    """Return how many lists an approximate index of `count` vectors has: four times the square root, as FAISS's guidelines advise."""
    return round(4 * math.sqrt(count))


def bitmap(rows: Rows, last: int) -> Bitmap:
    """Return a set of rows up to `last` as a search takes it: one bit a row, the lowest first."""
    flags = np.zeros(last + 1, bool)
    flags[rows[rows <= last]] = True
    return np.packbits(flags, bitorder="little")


def best(rows: Rows, scores: Scores, k: int) -> Ranked:
    """Return the `k` highest scores with their rows; equal scores by row."""
    order = np.lexsort((rows, -scores))[:k]
    return Ranked(rows[order], scores[order])


def _use_cores(count: int) -> None:
    """Let FAISS use so many in this thread, from here on."""
    import faiss

    faiss.omp_set_num_threads(count)


def _selector(allowed: Bitmap | None) -> Any:
    import faiss

    return None if allowed is None else faiss.IDSelectorBitmap(allowed)  # type: ignore[call-arg, arg-type]  # absent from its stub


def _only(selector: Any) -> Any:
    import faiss

    return None if selector is None else faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]  # absent from its stub


def _both(one: Any, other: Any) -> Any:
    import faiss

    return one if other is None else faiss.IDSelectorAnd(one, other)


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="assay-dense")


os.register_at_fork(after_in_child=_threads.cache_clear)  # a child has none of its parent's threads

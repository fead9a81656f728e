"""What is derived from the store, as readers see it: FAISS and BM25 files fitted to a generation.

A derived file may lag behind the store and is never wrong: readers search the vectors it does not cover from the store, leave
out what was removed since, and do not use a file whose checksum differs from the one in the store. Knows nothing of how they
are written; `publish` does.
"""

from __future__ import annotations

import os
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .dense import load
from .errors import StoreError
from .lexical import LexicalIndex, readable
from .nearest import Coverage, DenseView

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .dense import DenseIndex
    from .snapshot import Derived, Snapshot


class StaleError(StoreError):
    """A derived index is behind, missing or damaged; the writer mends it, a reader that may not write works around it."""


class DerivedIndexes:
    """The derived indexes of one library, opened once and kept while they stay the newest. Safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        """Work in the library's `folder`."""
        self._folder = folder
        self._lock = threading.Lock()
        self._dense: tuple[Derived, DenseIndex] | None = None
        self._coverage: tuple[int, Coverage] | None = None
        self._lexical: tuple[Derived, LexicalIndex] | None = None
        self._private: tuple[int, LexicalIndex, tempfile.TemporaryDirectory[str]] | None = None

    def open(self, store: Snapshot) -> tuple[DenseView, LexicalIndex]:
        """Return the derived indexes fitted to the snapshot; raises `StaleError` when those on disk are damaged or behind."""
        with self._lock:
            lexical = self._lexical_index(store)
            index, last = self._dense_index(store)
            self._discard_private()
            return DenseView(index, self._covered(store, last), store.vectors), lexical

    def private(self, store: Snapshot) -> tuple[DenseView, LexicalIndex]:
        """Return them for a reader that may not write: what is stale is built from the store in memory and a temporary folder."""
        with self._lock:
            try:
                index, last = self._dense_index(store)
            except StaleError:
                index, last = None, 0
            try:
                lexical = self._lexical_index(store)
            except StaleError:
                lexical = self._private_words(store)
            return DenseView(index, self._covered(store, last), store.vectors), lexical

    def close(self) -> None:
        """Let go of the files; what is in use elsewhere stays until its user lets go."""
        with self._lock:
            self._dense = self._coverage = self._lexical = None
            self._discard_private()

    def _private_words(self, store: Snapshot) -> LexicalIndex:
        if self._private is None or self._private[0] != store.generation:
            self._discard_private()
            self._private = (store.generation, *_temporary_words(store))
        return self._private[1]

    def _discard_private(self) -> None:
        if self._private is not None:
            self._private[2].cleanup()  # whoever still searches it has its files open
            self._private = None

    def _covered(self, store: Snapshot, last: int) -> Coverage:
        """Return what an index up to row `last` knows of the snapshot; vectors that were in the tail before are not read again."""
        if self._coverage is None or self._coverage[0] != store.generation or self._coverage[1].last != last:
            rows = store.live_rows(after=last)
            before = self._coverage[1] if self._coverage else None
            vectors = _tail_vectors(store, rows, before)
            self._coverage = (store.generation, Coverage.of(last, store.removed_rows(up_to=store.last_row()), rows, vectors))
        return self._coverage[1]

    def _dense_index(self, store: Snapshot) -> tuple[DenseIndex | None, int]:
        """Return the dense index and the last row that it covers; None and 0 where there is nothing to cover."""
        derived = store.derived("dense")
        if derived is None:
            if store.last_live_row():
                raise StaleError(f"{self._folder / 'dense'}: not known to the store; run `assay rebuild`")
            return None, 0
        if self._dense is None or self._dense[0] != derived:
            ((name, stamp),) = derived.files.items()
            path = self._folder / derived.folder / name
            if not stamp.holds(path):
                raise StaleError(f"{path}: missing or damaged; run `assay rebuild`")
            try:
                self._dense = (derived, load(path))
            except StoreError as error:
                raise StaleError(str(error)) from error
        return self._dense[1], derived.last_row

    def _lexical_index(self, store: Snapshot) -> LexicalIndex:
        derived = store.derived("lexical")
        if derived is None or derived.last_row < store.last_live_row():
            raise StaleError(f"{self._folder / 'lexical'}: behind the store; run `assay rebuild`")
        if self._lexical is None or self._lexical[0] != derived:
            folder = self._folder / derived.folder
            if not readable(folder, derived.files):
                raise StaleError(f"{folder}: missing or damaged; run `assay rebuild`")
            try:
                self._lexical = (derived, open_words(folder, derived))
            except (OSError, ValueError) as error:
                raise StaleError(f"{folder}: unreadable; run `assay rebuild`") from error
        return self._lexical[1]


def _temporary_words(store: Snapshot) -> tuple[LexicalIndex, tempfile.TemporaryDirectory[str]]:
    """Build a word index in a temporary folder, which it needs as long as it is searched."""
    try:
        temporary = tempfile.TemporaryDirectory(prefix="assay-")
        index = LexicalIndex.create(Path(temporary.name) / "lexical")
        index.append(store.searchable())
    except (OSError, ValueError) as error:
        raise unwritable(Path(tempfile.gettempdir()), error) from error
    return index, temporary


def unwritable(folder: Path, error: Exception) -> StoreError:
    """Return what to tell of FAISS's or tantivy's `error` in writing what is derived."""
    return StoreError(f"{folder}: cannot be written ({str(error).splitlines()[0][:160]}); free some space and try again; nothing was lost")


def open_words(folder: Path, derived: Derived) -> LexicalIndex:
    """Open a word index whose files were verified; raises OSError or ValueError.

    Where its folder cannot be written it is opened through links to its files, since tantivy makes a lock file.
    """
    try:
        return LexicalIndex(folder)
    except ValueError:
        if os.access(folder, os.W_OK, effective_ids=True) and not _read_only_file_system(folder):
            raise
    with tempfile.TemporaryDirectory(prefix="assay-") as links:  # what is open stays mapped when its name is gone
        for name in derived.files:
            Path(links, name).symlink_to((folder / name).resolve())
        return LexicalIndex(Path(links))


def _tail_vectors(store: Snapshot, rows: NDArray[np.int64], before: Coverage | None) -> NDArray[np.float32]:
    """Return the vectors of `rows`, ascending, (n, dimension); those that the tail `before` holds come from there."""
    if before is None or not before.tail_rows.size:
        return store.vectors(rows)
    known = np.isin(rows, before.tail_rows, assume_unique=True)
    kept = before.tail_vectors[np.searchsorted(before.tail_rows, rows[known])]
    if known.all():
        return kept
    vectors = np.empty((rows.size, kept.shape[1]), np.float32)
    vectors[known], vectors[~known] = kept, store.vectors(rows[~known])
    return vectors


def _read_only_file_system(folder: Path) -> bool:
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)

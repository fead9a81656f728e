"""What is derived from the store: FAISS and BM25 files, published by the writer, fitted to a generation by readers.

A derived file may lag behind the store and is never wrong: readers search the vectors it does not cover from the store, leave
out what was removed since, and do not use a file whose checksum differs from the one in the store.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from .dense import DenseIndex, DenseView
from .durable import Stamp
from .errors import StoreError
from .lexical import LexicalIndex, readable
from .snapshot import Derived

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .snapshot import Snapshot
    from .store import Store

#: A derived index is built anew when more than this share of it is missing or removed.
MERGE_SHARE = 0.1

# What derived files are called: by the generation that built them.
_DENSE_NAME, _LEXICAL_NAME = re.compile(r"\d+\.(?:faiss|partial)"), re.compile(r"\d+a*")

#: Vectors are read from the store this many at a time while FAISS is built.
_ROWS_AT_ONCE = 20_000


class StaleError(StoreError):
    """A derived index is behind, missing or damaged; the writer mends it, a reader that may not write works around it."""


class DerivedIndexes:
    """The derived indexes of one library, opened once and kept while they stay the newest. Safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        """Work in the library's `folder`."""
        self._folder = folder
        self._lock = threading.Lock()
        self._dense: tuple[Derived, DenseIndex] | None = None
        self._tail: tuple[tuple[int, int], NDArray[np.int64], NDArray[np.float32]] | None = None
        self._lexical: tuple[Derived, LexicalIndex] | None = None
        self._private: tuple[int, LexicalIndex, tempfile.TemporaryDirectory[str]] | None = None

    def open(self, store: Snapshot) -> tuple[DenseView, LexicalIndex]:
        """Return the derived indexes fitted to the snapshot; raises `StaleError` when those on disk are damaged or behind."""
        with self._lock:
            derived = store.derived("dense")
            if derived is None and store.last_live_row():
                raise StaleError(f"{self._folder / 'dense'}: not known to the store; run `assay rebuild`")
            return self._dense_view(store, self._dense_index(derived)), self._lexical_index(store)

    def private(self, store: Snapshot) -> tuple[DenseView, LexicalIndex]:
        """Return them built from the store in memory and a temporary folder, for a reader that may not write."""
        with self._lock:
            if self._private is None or self._private[0] != store.generation:
                self._discard_private()
                temporary = tempfile.TemporaryDirectory(prefix="assay-")
                index = LexicalIndex.create(Path(temporary.name) / "lexical")
                index.append(store.searchable())
                self._private = (store.generation, index, temporary)
            return self._dense_view(store, None), self._private[1]

    def close(self) -> None:
        """Let go of the files; what is in use elsewhere stays until its user lets go."""
        with self._lock:
            self._dense = self._tail = self._lexical = None
            self._discard_private()

    def _discard_private(self) -> None:
        if self._private is not None:
            self._private[2].cleanup()  # whoever still searches it has its files open
            self._private = None

    def _dense_view(self, store: Snapshot, index: DenseIndex | None) -> DenseView:
        covered = int(index.rows[-1]) if index is not None and index.rows.size else 0
        if self._tail is None or self._tail[0] != (store.generation, covered):
            rows = store.live_rows(after=covered)
            self._tail = ((store.generation, covered), rows, store.vectors(rows))
        _, rows, vectors = self._tail
        return DenseView(index, store.removed_rows(up_to=covered), rows, vectors, store.vectors)

    def _dense_index(self, derived: Derived | None) -> DenseIndex | None:
        if derived is None:
            return None
        if self._dense is None or self._dense[0] != derived:
            ((name, stamp),) = derived.files.items()
            path = self._folder / derived.folder / name
            if not stamp.holds(path):
                raise StaleError(f"{path}: missing or damaged; run `assay rebuild`")
            try:
                self._dense = (derived, DenseIndex.load(path))
            except StoreError as error:
                raise StaleError(str(error)) from error
        return self._dense[1]

    def _lexical_index(self, store: Snapshot) -> LexicalIndex:
        derived = store.derived("lexical")
        if derived is None or derived.last_row < store.last_live_row():
            raise StaleError(f"{self._folder / 'lexical'}: behind the store; run `assay rebuild`")
        if self._lexical is None or self._lexical[0] != derived:
            folder = self._folder / derived.folder
            if not readable(folder, derived.files):
                raise StaleError(f"{folder}: missing or damaged; run `assay rebuild`")
            try:
                self._lexical = (derived, self._opened(folder, derived))
            except ValueError as error:
                raise StaleError(f"{folder}: unreadable; run `assay rebuild`") from error
        return self._lexical[1]

    def _opened(self, folder: Path, derived: Derived) -> LexicalIndex:
        """Open a word index; where its folder cannot be written, through links to its files, since tantivy makes a lock file."""
        try:
            return LexicalIndex(folder)
        except ValueError:
            if os.access(folder, os.W_OK) and not _read_only_file_system(folder):
                raise
        with tempfile.TemporaryDirectory(prefix="assay-") as links:  # what is open stays mapped when its name is gone
            for name in derived.files:
                Path(links, name).symlink_to((folder / name).resolve())
            return LexicalIndex(Path(links))


def publish(folder: Path, store: Store, *, anew: bool = False) -> None:
    """Bring the derived indexes up to the newest generation; the caller holds the writer lock.

    Each is extended where that is cheap and built anew when it is damaged, when `anew` is set, or past `MERGE_SHARE`. What
    was removed is purged from the store once no derived index holds it any more.
    """
    with store.snapshot() as snapshot:
        dense = _published_dense(folder, snapshot, anew=anew)
        lexical = _published_lexical(folder, snapshot, anew=anew)
        before = {name: snapshot.derived(name) for name in ("dense", "lexical")}
    for name, derived in (("dense", dense), ("lexical", lexical)):
        if derived is not None and derived != before[name]:
            store.set_derived(name, derived)
    built = min(derived.built for derived in (dense, lexical) if derived)
    with store.snapshot() as snapshot:
        removed = snapshot.removed_before(built)
    if removed:
        store.purge(up_to=built)
    _sweep(folder, dense, lexical)


def damaged(folder: Path, snapshot: Snapshot) -> list[str]:
    """Read every derived file in full and return a line for each that is not what was written."""
    faults = []
    for name in ("dense", "lexical"):
        derived = snapshot.derived(name)
        if derived is None:
            continue
        for file, stamp in derived.files.items():
            if not stamp.holds(folder / derived.folder / file, full=True):
                faults.append(f"{derived.folder}/{file}: missing or not what was written; run `assay rebuild`")
    return faults


def _published_dense(folder: Path, snapshot: Snapshot, *, anew: bool) -> Derived | None:
    derived = snapshot.derived("dense")
    covered = derived.last_row if derived else 0
    tail, removed = snapshot.live_rows(after=covered).size, snapshot.removed_rows(up_to=covered).size
    whole = snapshot.counts()[1]
    sound = derived is not None and all(stamp.holds(folder / derived.folder / name) for name, stamp in derived.files.items())
    if sound and not anew and tail + removed <= MERGE_SHARE * max(whole, 1):
        return derived
    rows = snapshot.live_rows()
    if derived is None and not rows.size:
        return None
    path = folder / "dense" / f"{snapshot.generation}.faiss"
    path.parent.mkdir(exist_ok=True)
    index = DenseIndex.build(rows[:_ROWS_AT_ONCE], snapshot.vectors(rows[:_ROWS_AT_ONCE]))
    for start in range(_ROWS_AT_ONCE, rows.size, _ROWS_AT_ONCE):
        part = rows[start : start + _ROWS_AT_ONCE]
        index.extend(part, snapshot.vectors(part))
    index.save(path)
    return Derived(snapshot.generation, int(rows[-1]) if rows.size else 0, "dense", {path.name: Stamp.of(path)})


def _published_lexical(folder: Path, snapshot: Snapshot, *, anew: bool) -> Derived:
    derived = snapshot.derived("lexical")
    sound = derived is not None and readable(folder / derived.folder, derived.files)
    if derived is not None and sound and not anew:
        removed = snapshot.removed_rows(up_to=derived.last_row).size
        if removed <= MERGE_SHARE * max(snapshot.counts()[1], 1):
            return _extended_lexical(folder, snapshot, derived)
    name = f"lexical/{snapshot.generation}"
    while (folder / name).exists():  # the remains of a damaged or interrupted build; never written over
        name += "a"
    index = LexicalIndex.create(folder / name)
    index.append(snapshot.searchable())
    return Derived(snapshot.generation, snapshot.last_live_row(), name, index.stamps())


def _extended_lexical(folder: Path, snapshot: Snapshot, derived: Derived) -> Derived:
    last = snapshot.last_live_row()
    if last <= derived.last_row:
        return derived
    index = LexicalIndex(folder / derived.folder)
    index.append(snapshot.searchable(after=derived.last_row))
    return Derived(derived.built, last, derived.folder, index.stamps())


def _read_only_file_system(folder: Path) -> bool:
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def _sweep(folder: Path, dense: Derived | None, lexical: Derived) -> None:
    """Delete derived files that are no longer the newest; a reader that has one open keeps it until it lets go (POSIX).

    Only what bears a name of ours, in a folder that is no link, is deleted: the folder may hold files of the user's.
    """
    kept = {*(dense.files if dense else ()), Path(lexical.folder).name}
    for path in _ours(folder / "dense", _DENSE_NAME):
        if path.name not in kept and path.is_file():
            with suppress(OSError):
                path.unlink()
    for path in _ours(folder / "lexical", _LEXICAL_NAME):
        if path.name not in kept and path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)


def _ours(folder: Path, name: re.Pattern[str]) -> list[Path]:
    return [] if folder.is_symlink() else [path for path in folder.glob("*") if name.fullmatch(path.name)]

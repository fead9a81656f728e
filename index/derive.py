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

import numpy as np

from .dense import DenseIndex, bitmap, build, load
from .durable import Stamp
from .errors import StoreError
from .lexical import LexicalIndex, readable, remains
from .nearest import Coverage, DenseView
from .snapshot import Derived

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .snapshot import Snapshot
    from .store import Store

#: A derived index is brought up to date when more than this share of it is missing or removed,
MERGE_SHARE = 0.1

#: and when more than so many passages are: every search looks at each of them.
MERGE_ROWS = 10_000

#: An examination compares so many vectors of a dense index with the store's.
_COMPARED = 50

#: What a store is called while it is being made, and its log after that.
UNFINISHED = "store.partial"

# What derived files are called: by the generation that built them.
_DENSE_NAME, _LEXICAL_NAME = re.compile(r"\d+\.(?:faiss|partial)"), re.compile(r"\d+a*")


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
            derived = store.derived("dense")
            if derived is None and store.last_live_row():
                raise StaleError(f"{self._folder / 'dense'}: not known to the store; run `assay rebuild`")
            index, last = (self._dense_index(derived), derived.last_row) if derived else (None, 0)
            return DenseView(index, self._covered(store, last), store.vectors), self._lexical_index(store)

    def private(self, store: Snapshot) -> tuple[DenseView, LexicalIndex]:
        """Return them built from the store in memory and a temporary folder, for a reader that may not write."""
        with self._lock:
            if self._private is None or self._private[0] != store.generation:
                self._discard_private()
                self._private = (store.generation, *_temporary_words(store))
            return DenseView(None, self._covered(store, 0), store.vectors), self._private[1]

    def close(self) -> None:
        """Let go of the files; what is in use elsewhere stays until its user lets go."""
        with self._lock:
            self._dense = self._coverage = self._lexical = None
            self._discard_private()

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

    def _dense_index(self, derived: Derived) -> DenseIndex:
        if self._dense is None or self._dense[0] != derived:
            ((name, stamp),) = derived.files.items()
            path = self._folder / derived.folder / name
            if not stamp.holds(path):
                raise StaleError(f"{path}: missing or damaged; run `assay rebuild`")
            try:
                self._dense = (derived, load(path))
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
                self._lexical = (derived, _open_words(folder, derived))
            except ValueError as error:
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


def publish_words(folder: Path, snapshot: Snapshot) -> dict[str, Derived]:
    """Return what has changed of the word index once it holds what a transaction, seen by `snapshot`, is about to commit.

    Committed together with the articles, it is never behind them: no reader waits for it. Where there is none to extend, or it
    cannot be written, the next `publish` sees to it.
    """
    derived = snapshot.derived("lexical")
    with suppress(OSError, ValueError):
        if derived is not None and readable(folder / derived.folder, derived.files):
            extended = _extended_lexical(folder, snapshot, derived)
            return {"lexical": extended} if extended != derived else {}
    return {}


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


def mistaken(folder: Path, snapshot: Snapshot) -> list[str]:
    """Open the derived files, whose checksums were verified, and return a line for each that holds other than the store says."""
    faults = []
    for name in ("dense", "lexical"):
        derived = snapshot.derived(name)
        if derived is None:
            continue
        place = folder / derived.folder
        try:
            held = load(place / next(iter(derived.files))) if name == "dense" else _open_words(place, derived)
        except (StoreError, ValueError) as error:
            faults.append(f"{derived.folder}: cannot be opened ({str(error)[:120]}); run `assay rebuild`")
            continue
        live, removed = snapshot.covered(derived.last_row, since=derived.built)
        if not live <= held.size <= live + removed:
            found = f"{live} passages and up to {removed} removed ones, found {held.size}"
            faults.append(f"{derived.folder}: expected {found}; run `assay rebuild`")
        elif isinstance(held, DenseIndex) and not _agrees(held, snapshot, derived.last_row):
            faults.append(f"{derived.folder}: holds other vectors than the store; run `assay rebuild`")
    return faults


def _agrees(index: DenseIndex, snapshot: Snapshot, last: int) -> bool:
    """Say whether some evenly spread rows have the vectors in the index that they have in the store."""
    rows = snapshot.live_rows()
    rows = rows[rows <= last]
    for row in rows[:: rows.size // _COMPARED + 1].tolist():
        found = index.search(snapshot.vectors([row])[0], 1, allowed=bitmap(np.array([row]), row), thorough=True)
        if found.rows.tolist() != [row] or abs(float(found.scores[0]) - 1) > 1e-2:
            return False
    return True


def _open_words(folder: Path, derived: Derived) -> LexicalIndex:
    """Open a word index; where its folder cannot be written, through links to its files, since tantivy makes a lock file."""
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


def _is_due(lag: int, whole: int) -> bool:
    return lag > min(MERGE_SHARE * max(whole, 1), MERGE_ROWS)


def _published_dense(folder: Path, snapshot: Snapshot, *, anew: bool) -> Derived | None:
    derived, count = snapshot.derived("dense"), snapshot.counts()[1]
    if derived is None and not count:
        return None
    covered = derived.last_row if derived else 0
    tail, removed = snapshot.live_rows(after=covered), snapshot.removed_rows(up_to=covered)
    sound = derived is not None and all(stamp.holds(folder / derived.folder / name) for name, stamp in derived.files.items())
    fits = derived is not None and sound and not anew and _fits(folder, derived, count)
    if fits and not _is_due(tail.size + removed.size, count):
        return derived
    index = _changeable(folder, derived) if derived and fits else None
    if index is not None:
        index.forget(removed)
        for part in np.array_split(tail, tail.size // MERGE_ROWS + 1):
            index.extend(part, snapshot.vectors(part))
    else:
        index = build(snapshot.live_rows(), snapshot.vectors)
    path = folder / "dense" / f"{snapshot.generation}.faiss"
    path.parent.mkdir(exist_ok=True)
    index.save(path)
    return Derived(snapshot.generation, snapshot.last_live_row(), "dense", {path.name: Stamp.of(path)})


def _fits(folder: Path, derived: Derived, count: int) -> bool:
    """Say whether a sound index is of the kind that so many vectors want."""
    try:
        return load(folder / derived.folder / next(iter(derived.files))).fits(count)
    except StoreError:
        return False


def _changeable(folder: Path, derived: Derived) -> DenseIndex | None:
    """Read an index to be changed, every byte of it verified: else damage would be carried on under a new checksum."""
    ((name, stamp),) = derived.files.items()
    path = folder / derived.folder / name
    try:
        return load(path, mapped=False) if stamp.holds(path, full=True) else None
    except StoreError:
        return None


def _published_lexical(folder: Path, snapshot: Snapshot, *, anew: bool) -> Derived:
    derived = snapshot.derived("lexical")
    if derived is not None and not anew and readable(folder / derived.folder, derived.files):
        removed = snapshot.removed_rows(up_to=derived.last_row).size
        if not _is_due(removed, snapshot.counts()[1]):
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
    return Derived(derived.built, last, derived.folder, index.stamps(known=derived.files))


def _read_only_file_system(folder: Path) -> bool:
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def _sweep(folder: Path, dense: Derived | None, lexical: Derived) -> None:
    """Delete derived files that are no longer the newest; a reader that has one open keeps it until it lets go (POSIX).

    The remains of what was never finished go too. Only what bears a name of ours, in a folder that is no link, is deleted:
    the folder may hold files of the user's.
    """
    kept = {*(dense.files if dense else ()), Path(lexical.folder).name}
    for unfinished in (*folder.glob(f"{UNFINISHED}*"), *remains(folder / lexical.folder)):
        with suppress(OSError):
            unfinished.unlink()
    for path in _ours(folder / "dense", _DENSE_NAME):
        if path.name not in kept and path.is_file():
            with suppress(OSError):
                path.unlink()
    for path in _ours(folder / "lexical", _LEXICAL_NAME):
        if path.name not in kept and path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)


def _ours(folder: Path, name: re.Pattern[str]) -> list[Path]:
    return [] if folder.is_symlink() else [path for path in folder.glob("*") if name.fullmatch(path.name)]

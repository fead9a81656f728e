"""The writer's side of what is derived: FAISS and BM25 files brought up to the store, recorded in it, and swept away.

The store comes first, then the files, then their checksums in the store: a crash in between leaves files that the store does
not vouch for, and they are built again. The caller holds the writer lock. Knows nothing of searching.
"""

from __future__ import annotations

import re
import shutil
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .dense import build, load
from .durable import Stamp
from .errors import StoreError
from .lexical import LexicalIndex, readable, remains
from .snapshot import Derived

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .dense import DenseIndex
    from .snapshot import Snapshot
    from .store import Store

#: A derived index is brought up to date, or rid of what was removed, when that is more than this share of the whole;
MERGE_SHARE = 0.1

#: a dense one also when it is more than so many passages: every search looks at each of them.
MERGE_ROWS = 5_000

#: Words are counted with those of removed passages, which are rare words' undoing, until their index is built anew; at 70 µs a passage,
#: a hundredth of what it costs to embed one, that is done at once where there are no more than so many.
RECOUNTED_ROWS = 50_000

#: What a store is called while it is being made, and its log after that.
UNFINISHED = "store.partial"

# What derived files are called: by the generation that built them.
_DENSE_NAME, _LEXICAL_NAME = re.compile(r"\d+\.(?:faiss|partial)"), re.compile(r"\d+a*")


class Verified:
    """The word index's files of which every byte was verified while the caller held the writer lock.

    To verify all of them before each commit of a long addition would take time that grows with its square.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._stamps: set[Stamp] = set()

    def holds(self, folder: Path, files: Mapping[str, Stamp]) -> bool:
        """Say whether every file is as it was written."""
        new = {name: stamp for name, stamp in files.items() if stamp not in self._stamps}
        if not readable(folder, files) or (new and not readable(folder, new, full=True)):
            return False
        self.add(files)
        return True

    def add(self, files: Mapping[str, Stamp]) -> None:
        """Note files that have just been written and hashed."""
        self._stamps = set(files.values())


def publish(folder: Path, store: Store, *, anew: bool = False, more_to_come: bool = False, verified: Verified | None = None) -> None:
    """Bring the derived indexes up to the newest generation; the caller holds the writer lock.

    Each is extended where that is cheap and built anew when it is damaged, when `anew` is set, or past `MERGE_SHARE`. What
    was removed is purged from the store once no derived index holds it any more. While there is `more_to_come`, the dense index may
    lag by its share however large that is, and the words of what was removed be counted: written anew with every few thousand passages
    they would cost time that grows with the square.
    """
    verified = verified or Verified()
    recounted = 0 if more_to_come else RECOUNTED_ROWS
    words = _recorded(folder, store, "lexical", partial(_published_lexical, verified=verified, recounted=recounted), anew=anew)
    rows = sys.maxsize if more_to_come else MERGE_ROWS
    vectors = _recorded(folder, store, "dense", partial(_published_dense, rows=rows), anew=anew)
    built = min(derived.built for derived in (words, vectors) if derived)
    with store.snapshot() as snapshot:
        removed = snapshot.removed_before(built)
    if removed:
        store.purge(up_to=built)
    _sweep(folder, {name for derived in (words, vectors) if derived for name in (*derived.files, Path(derived.folder).name)})
    if words:
        _delete(remains(folder / words.folder))


def _recorded(folder: Path, store: Store, name: str, published: Callable[..., Derived | None], *, anew: bool) -> Derived | None:
    """Have an index published, and record it at once: the one is kept whatever becomes of the other."""
    with store.snapshot() as snapshot:
        derived, before = published(folder, snapshot, anew=anew), snapshot.derived(name)
    if derived is not None and derived != before:
        store.set_derived(name, derived)
    return derived


def publish_words(folder: Path, snapshot: Snapshot, verified: Verified) -> dict[str, Derived]:
    """Return what has changed of the word index once it holds what a transaction, seen by `snapshot`, is about to commit.

    Committed together with the articles, it is never behind them: no reader waits for it. Where there is none to extend, or it
    cannot be written, the next `publish` sees to it.
    """
    derived = snapshot.derived("lexical")
    with suppress(OSError, ValueError):
        extended = _extended_lexical(folder, snapshot, derived, verified) if derived is not None else None
        return {"lexical": extended} if extended is not None and extended != derived else {}
    return {}


def _published_dense(folder: Path, snapshot: Snapshot, *, anew: bool, rows: int) -> Derived | None:
    derived, count = snapshot.derived("dense"), snapshot.counts()[1]
    if derived is None and not count:
        return None
    covered = derived.last_row if derived else 0
    tail, removed = snapshot.live_rows(after=covered), snapshot.removed_rows(up_to=covered)
    sound = derived is not None and all(stamp.holds(folder / derived.folder / name) for name, stamp in derived.files.items())
    fits = derived is not None and sound and not anew and _fits(folder, derived, count)
    if fits and tail.size + removed.size <= min(MERGE_SHARE * max(count, 1), rows):
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


def _published_lexical(folder: Path, snapshot: Snapshot, *, anew: bool, verified: Verified, recounted: int) -> Derived:
    derived, count = snapshot.derived("lexical"), snapshot.counts()[1]
    if derived is not None and not anew and readable(folder / derived.folder, derived.files):
        removed = snapshot.removed_rows(up_to=derived.last_row).size
        if removed <= (0 if count <= recounted else MERGE_SHARE * count):
            with suppress(ValueError):  # tantivy cannot read what is there
                extended = _extended_lexical(folder, snapshot, derived, verified)
                if extended is not None:
                    return extended
    name = f"lexical/{snapshot.generation}"
    while (folder / name).exists():  # the remains of a damaged or interrupted build; never written over
        name += "a"
    try:
        index = LexicalIndex.create(folder / name)
        index.append(snapshot.searchable())
    except BaseException:
        shutil.rmtree(folder / name, ignore_errors=True)
        raise
    return Derived(snapshot.generation, snapshot.last_live_row(), name, index.stamps())


def _extended_lexical(folder: Path, snapshot: Snapshot, derived: Derived, verified: Verified) -> Derived | None:
    """Return the index once it covers the snapshot; None when it is damaged, which tantivy would merge into sound files."""
    last = snapshot.last_live_row()
    if last <= derived.last_row:
        return derived
    if not verified.holds(folder / derived.folder, derived.files):
        return None
    index = LexicalIndex(folder / derived.folder)
    index.append(snapshot.searchable(after=derived.last_row))
    files = index.stamps(known=derived.files)
    verified.add(files)
    return Derived(derived.built, last, derived.folder, files)


def _sweep(folder: Path, kept: set[str]) -> None:
    """Delete derived files but those `kept`; a reader that has one open keeps it until it lets go (POSIX).

    The remains of what was never finished go too. Only what bears a name of ours, in a folder that is no link, is deleted:
    the folder may hold files of the user's.
    """
    _delete(folder.glob(f"{UNFINISHED}*"))
    _delete(path for path in _ours(folder / "dense", _DENSE_NAME) if path.name not in kept and path.is_file())
    for path in _ours(folder / "lexical", _LEXICAL_NAME):
        if path.name not in kept and path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)


def _delete(paths: Iterable[Path]) -> None:
    for path in paths:
        with suppress(OSError):
            path.unlink()


def _ours(folder: Path, name: re.Pattern[str]) -> list[Path]:
    return [] if folder.is_symlink() else [path for path in folder.glob("*") if name.fullmatch(path.name)]

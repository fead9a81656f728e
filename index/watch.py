"""When folders are to be looked at again: at once when the file system says that something changed, and now and then all the same.

The file system's word is only an alarm: what changed is found by looking (`Library.sync`), so that an alarm too many costs a look, and
one too few a minute. The only importer of watchfiles. Knows nothing of articles.
"""

from __future__ import annotations

import os
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from typing import Self

#: A folder is looked at after so many seconds even where no alarm came: some network file systems never give one.
EVERY = 60.0

#: The same where the system has no alarms left to give.
EVERY_WITHOUT_ALARMS = 5.0

#: Alarms that come this close together, in milliseconds, are one, up to the second number.
_TOGETHER, _AT_MOST = 100, 500

#: How long one wait in the watching library may take, in milliseconds: a folder that is back is noticed after it.
_WAIT = 500


class FolderWatch:
    """Says which of some folders are to be looked at; a context manager. One that is away is not, until it is back."""

    def __init__(self, folders: Sequence[Path], *, without: Path, every: float = EVERY) -> None:
        """Watch `folders`, taking no notice of what happens in the folder `without` or under hidden names."""
        self._folders = {folder: folder.resolve() for folder in folders}
        self._without = without.resolve()
        self._every = every
        self._due = dict.fromkeys(folders, 0.0)
        self._alarms: Generator[set[tuple[object, str]], None, None] | None = None
        self._watched: dict[Path, tuple[int, int]] = {}

    def due(self) -> list[Path]:
        """Return the folders that are to be looked at now, as soon as there is one; none when a moment has passed without."""
        self._watch_again()
        found = self._due_now()
        if not found:
            now = time.monotonic()
            soonest = min((at - now for folder, at in self._due.items() if folder in self._watched), default=_WAIT / 1000)
            self._wait(min(max(soonest, 0.0), _WAIT / 1000))
            found = self._due_now()
        return found

    def _due_now(self) -> list[Path]:
        return [folder for folder, at in self._due.items() if at <= time.monotonic() and not is_away(folder)]

    def looked(self, folder: Path, *, again: float | None = None) -> None:
        """Note that a folder was looked at, and is to be `again` after so many seconds, or when that is due."""
        usual = self._every if self._alarms is not None else min(self._every, EVERY_WITHOUT_ALARMS)
        self._due[folder] = time.monotonic() + (usual if again is None else min(again, usual))

    def away(self) -> list[Path]:
        """Return the folders that are not there, or hold nothing at all, as where something else is to be mounted."""
        return [folder for folder in self._folders if is_away(folder)]

    def __enter__(self) -> Self:
        """Begin to watch."""
        self._watch_again()
        return self

    def __exit__(self, *_: object) -> None:
        """Watch no more."""
        if self._alarms is not None:
            self._alarms.close()

    def _watch_again(self) -> None:
        """Watch the folders that are there; one that was removed and made anew is another one, and to be looked at."""
        there = {folder: identity for folder in self._folders if (identity := _identity(folder)) is not None}
        if there == self._watched:
            return
        for folder, identity in there.items():
            if identity != self._watched.get(folder):
                self._due[folder] = 0.0
        self._watched = there
        if self._alarms is not None:
            self._alarms.close()
        self._alarms = _alarms([self._folders[folder] for folder in there], self._matters) if there else None

    def _wait(self, seconds: float) -> None:
        """Wait for an alarm, so long at most, and have the folders that it is about looked at."""
        if self._alarms is None:
            time.sleep(seconds)
            return
        started = time.monotonic()
        while time.monotonic() - started < seconds:
            changed = next(self._alarms, None)
            if changed is None:
                self._alarms = None
                return
            if changed:
                places = [Path(path) for _, path in changed]
                for folder, root in self._folders.items():
                    if any(place.is_relative_to(root) for place in places):
                        self._due[folder] = 0.0
                return

    def _matters(self, _: object, path: str) -> bool:
        """Say whether what happened at `path` can concern an article."""
        place = Path(path)
        if place.is_relative_to(self._without):
            return False
        roots = [root for root in self._folders.values() if place.is_relative_to(root)]
        return any(not any(part.startswith(".") for part in place.relative_to(root).parts) for root in roots)


def is_away(folder: Path) -> bool:
    """Say whether there is no such folder, or nothing in it."""
    try:
        with closing(os.scandir(folder)) as entries:
            return next(entries, None) is None
    except OSError:
        return True


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if folder.is_dir() else None


def _alarms(folders: list[Path], matters: Callable[[object, str], bool]) -> Generator[set[tuple[object, str]], None, None] | None:
    """Return what yields the changes in `folders`, or an empty set after a while; None where the system gives no alarms."""
    from watchfiles import watch

    found = watch(
        *folders,
        watch_filter=matters,
        debounce=_AT_MOST,
        step=_TOGETHER,
        rust_timeout=_WAIT // 2,
        yield_on_timeout=True,
        ignore_permission_denied=True,
        recursive=True,
    )
    try:
        next(found)  # from here on nothing is missed
    except (OSError, RuntimeError):  # no more watches are to be had
        return None
    return found  # type: ignore[return-value]  # its enum of changes is of no interest

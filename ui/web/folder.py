"""A folder of this process alone for what the page keeps for a while: uploads, and files that it shows.

It goes with the process. A process that was killed cannot take it away: the next one that starts does, since the lock in it is free then.
Knows nothing of what is kept.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path

#: How the folders are called, and the lock in each.
_PREFIX, _LOCK = "assay-page-", ".in-use"


def own_folder() -> Path:
    """Make the folder, after those of processes that are gone have been taken away; it is held until the process ends."""
    parent = Path(tempfile.gettempdir())
    _sweep(parent)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent)).resolve()
    # under another name until it is held, so that nobody finds it free
    lock = os.open(folder / f"{_LOCK}-new", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    (folder / f"{_LOCK}-new").rename(folder / _LOCK)
    _HELD[folder] = lock
    return folder


def forget(folder: Path) -> None:
    """Take a folder away that this process made."""
    shutil.rmtree(folder, ignore_errors=True)
    lock = _HELD.pop(folder, None)
    if lock is not None:
        os.close(lock)


#: The locks that this process holds, by folder.
_HELD: dict[Path, int] = {}


def forget_with(owner: object, folder: Path) -> None:
    """Take a folder away when `owner` is no more, or the process ends."""
    weakref.finalize(owner, forget, folder)


def _sweep(parent: Path) -> None:
    """Take away the folders of processes that are gone; what is another user's, or no folder of ours, stays."""
    for folder in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)

"""Files that are whole or absent after any crash.

Knows the order of writes that POSIX asks for, and checksums; nothing of what the files hold.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Stamp(NamedTuple):
    """A file as it was when it was written or last verified."""

    sha256: str
    size: int
    inode: int
    mtime_ns: int

    @classmethod
    def of(cls, path: Path, *, known: Stamp | None = None) -> Stamp:
        """Hash `path` in full, unless size, inode and time of change are those `known`; raises OSError."""
        status = path.stat()
        seen = (status.st_size, status.st_ino, status.st_mtime_ns)
        return known if known is not None and known[1:] == seen else cls(sha256_of(path), *seen)

    def holds(self, path: Path, *, full: bool = False) -> bool:
        """Say whether `path` is still that file: by size, inode and time of change, or in full when those differ or `full` is set."""
        try:
            status = path.stat()
            if not full and (status.st_size, status.st_ino, status.st_mtime_ns) == self[1:]:
                return True
            return status.st_size == self.size and sha256_of(path) == self.sha256
        except OSError:
            return False


def sha256_of(path: Path) -> str:
    """Return the hex digest of the file's bytes; raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_file(path: Path) -> None:
    """Force the bytes of `path` to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Force the files of `folder` and their names to the disk."""
    for path in folder.iterdir():
        if path.is_file():
            sync_file(path)
    sync_file(folder)


def make_folder(folder: Path) -> None:
    """Make a folder, and those around it, so that a crash does not take them back once this returns; raises OSError."""
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for place in reversed(made):
        sync_file(place.parent)


def write(path: Path, text: str) -> None:
    """Write a small file, and the folders around it, so that a crash leaves either the old file or the new one; raises OSError."""
    make_folder(path.parent)
    with replaced(path) as partial:
        partial.write_text(text, encoding="utf-8")


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Give a name to write a file at, which takes the place of `path` when the `with` block ends well and is deleted when not."""
    partial = path.with_name(f".{secrets.token_hex(8)}.partial")  # a name of its own: others may write the same
    try:
        yield partial
        replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def replace(partial: Path, path: Path) -> None:
    """Move `partial` to `path` so that a crash leaves either the old file or the new one, whole."""
    sync_file(partial)
    partial.replace(path)
    sync_file(path.parent)

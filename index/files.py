"""What is remembered of a file that articles were read from, so that one which is as it was need not be read again.

As in git's index, a file is known by what the file system says of it without opening it. That tells nothing where the file may have
been written to within the same tick of its clock after it was read, so what was touched shortly before is not trusted. Knows nothing
of formats, nor of how it is stored.
"""

from __future__ import annotations

import os
import time
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .article import Refusal

#: The coarsest clock of a file system in use, in nanoseconds: FAT's ticks every two seconds.
TICK = 2_000_000_000

#: What a store holds of a number without a sign: some file systems number their files in all of 64 bits.
_SIGNED = (1 << 63) - 1


class Signature(NamedTuple):
    """What the file system says of a file; whoever writes to it changes one of these, unless within the same tick of the clock."""

    size: int
    mtime_ns: int
    ctime_ns: int
    """Nobody can set it back, as archivers and copying programs do with the other."""
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> Signature:
        """Return the signature of a file by its status."""
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino & _SIGNED)

    def settled(self, at: int) -> bool:
        """Say whether the file was left alone so long before `at`, in nanoseconds, that a later change would show."""
        return max(self.mtime_ns, self.ctime_ns) < at - TICK


class Taken(NamedTuple):
    """An article that a file gave."""

    id: str
    sha256: str
    placed: bool
    """Whether its id is its place, and another where the file is moved."""


class FileRecord(NamedTuple):
    """A file as it was when all of its articles were taken in; one of which something was refused has none."""

    home: str
    """The folder that was added or mirrored, or that of a file which was added alone."""
    path: bytes
    """Its path in that folder, as the system spells it."""
    signature: Signature
    read_at: int
    """When it was looked at, in nanoseconds, before it was read."""
    sha256: str
    """Of its bytes."""
    rules: str
    """By which it was read, and what the user said of its articles."""
    articles: Sequence[Taken]

    def is_fresh(self, signature: Signature, rules: str) -> bool:
        """Say whether the file must be as it was, and would be read as it was."""
        return self.signature == signature and self.rules == rules and signature.settled(self.read_at)

    @property
    def relative(self) -> PurePosixPath:
        """Return its path in its home."""
        return PurePosixPath(os.fsdecode(self.path))

    def is_gone(self, root: Path) -> bool:
        """Say whether nothing stands where it was, its home being `root`."""
        return not os.path.lexists(root / self.relative)


class RefusedFile(NamedTuple):
    """A file of which something was refused, what it gave all the same, and why the rest did not become an article."""

    record: FileRecord
    refusals: Sequence[Refusal]


def now() -> int:
    """Return the time as file systems count it, in nanoseconds."""
    return time.time_ns()

"""The members of a ZIP package, read one at a time into memory, never onto the disk.

Sizes that the package states are not believed: what is inflated is counted. A member's name is looked up and shown, and
never taken for a path. Knows nothing of formats: what a member is, and which are wanted, its reader says.
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

from ..errors import ArticleError

if TYPE_CHECKING:
    from typing import BinaryIO

#: What one package may inflate to in all, over everything that is read of it.
MAX_TOTAL_BYTES = 400_000_000

#: No document has so many parts; the directory of an archive is held in memory whole.
MAX_MEMBERS = 50_000

#: The ways of packing that are read: the others take memory at the packer's wish.
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})

_CHUNK_BYTES = 1 << 18

#: Bit 0 of a member's flags.
_ENCRYPTED = 0x1

#: What `zipfile` raises on bytes that are no sound archive; `OSError` is among them where an offset leads out of the file.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
    ValueError,
    MemoryError,
    OSError,
)


class Members:
    """Reads the members of one package by name, within one budget."""

    def __init__(self, stream: BinaryIO, *, total: int = MAX_TOTAL_BYTES) -> None:
        """Read the directory of the package.

        Args:
            stream: The package, seekable.
            total: What may be inflated of it in all, in bytes.

        Raises:
            ArticleError: It is no ZIP package, is cut off, or has too many members.
        """
        try:
            self._archive = zipfile.ZipFile(stream)
        except _BROKEN as exc:
            raise ArticleError("the file is damaged or cut off: its ZIP directory cannot be read") from exc
        entries = self._archive.infolist()
        if len(entries) > MAX_MEMBERS:
            raise ArticleError(f"too many members: {len(entries):,}, at most {MAX_MEMBERS:,} are looked at")
        self._entries = {entry.filename.replace("\\", "/"): entry for entry in entries if not entry.filename.endswith(("/", "\\"))}
        self._total = total
        self._left = total

    def names(self) -> tuple[str, ...]:
        """Return the names of all members but folders, in the order of the directory; of two of one name the later counts."""
        return tuple(self._entries)

    def __contains__(self, name: str) -> bool:
        """Say whether there is such a member."""
        return name in self._entries

    def is_link(self, name: str) -> bool:
        """Say whether a member is a symbolic link, as archives made on Unix may hold."""
        return name in self._entries and stat.S_ISLNK(self._entries[name].external_attr >> 16)

    def read(self, name: str, limit: int) -> bytes:
        """Return the bytes of a member.

        Args:
            name: One of `names()`.
            limit: At most so many bytes are read; a longer member is refused, not cut.

        Raises:
            ArticleError: There is no such member, it is encrypted or damaged, or it inflates to more than `limit` or to
                more than what is left of the budget.
        """
        entry = self._entries.get(name)
        if entry is None:
            raise ArticleError(f"the file is incomplete: it holds no {name[:80]!r}")
        if entry.flag_bits & _ENCRYPTED:
            raise ArticleError(f"encrypted: {name[:80]!r} can be read only with a password; save the file without one")
        if entry.compress_type not in _METHODS:
            raise ArticleError(f"{name[:80]!r} is packed in a way that is not read; pack it by deflate, as most programs do")
        allowed = min(limit, self._left)
        content = self._inflated(entry, allowed)
        self._left -= min(len(content), allowed)
        if len(content) > allowed:
            of = f"of {name[:80]!r}" if allowed == limit else f"of the file in all ({self._total:,})"
            raise ArticleError(f"too large: more than {allowed:,} unpacked bytes {of}")
        return content

    def _inflated(self, entry: zipfile.ZipInfo, limit: int) -> bytes:
        """Return the member's bytes, or one chunk more than `limit` where there are more; no more than that is inflated."""
        gathered = io.BytesIO()
        try:
            with self._archive.open(entry) as member:
                while gathered.tell() <= limit and (chunk := member.read(_CHUNK_BYTES)):
                    gathered.write(chunk)
        except _BROKEN as exc:
            raise ArticleError(f"the file is damaged: {entry.filename[:80]!r} cannot be unpacked") from exc
        return gathered.getvalue()

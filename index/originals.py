"""The files that articles were read from, kept beside the store by the sha256 of their bytes; what they were called is only a label.

A file is whole and on the disk before an article refers to it, and is deleted only after none does. Knows nothing of articles.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from .durable import make_folder, replace, sha256_of
from .errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

_BLOCK = 1 << 20

_SHA256, _UNFINISHED = re.compile("[0-9a-f]{64}"), re.compile(r"\.[0-9a-f]{16}\.partial")


class Originals:
    """The folder of the files that are kept."""

    def __init__(self, folder: Path) -> None:
        """Keep them in `folder`, which is made with the first."""
        self.folder = folder

    def keep(self, stream: BinaryIO) -> str:
        """Keep what is left in `stream`, on the disk when this returns; return its sha256.

        Raises `StoreError` where it cannot be kept: that is no fault of the file, and whoever added it must hear of it. What
        cannot be read of it raises OSError.
        """
        with self._writing():
            make_folder(self.folder)
        partial = self.folder / f".{secrets.token_hex(8)}.partial"  # only after the last byte is it known what it is called
        try:
            with self._writing():
                copy = partial.open("xb")
            try:
                sha256 = hashed(stream, lambda block: self._write(copy, block))
            finally:
                with suppress(OSError):  # what could not be written is tried once more: `_write` has told of it
                    copy.close()
            with self._writing():
                replace(partial, self.path(sha256))  # one that was damaged is whole again
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        return sha256

    def _write(self, copy: BinaryIO, block: bytes) -> None:
        with self._writing():
            copy.write(block)
            copy.flush()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or error
            raise StoreError(
                f"{self.folder}: the file cannot be kept: {reason}; free some space and try again, nothing was lost"
            ) from error

    def path(self, sha256: str) -> Path:
        """Return where a file is kept."""
        return self.folder / sha256

    def fault(self, sha256: str) -> str | None:
        """Say what is wrong with a file that is to be kept; None when it is as it was."""
        try:
            return None if sha256_of(self.path(sha256)) == sha256 else "is not what was kept"
        except OSError:
            return "is missing"

    def sweep(self, kept: Iterable[str]) -> None:
        """Delete every file but those `kept`, and what was never finished; only what bears a name of ours, in a folder that is no link."""
        if self.folder.is_symlink() or not self.folder.is_dir():
            return
        named = set(kept)
        for path in self.folder.iterdir():
            ours = (_SHA256.fullmatch(path.name) and path.name not in named) or _UNFINISHED.fullmatch(path.name)
            if ours and not path.is_dir():
                with suppress(OSError):
                    path.unlink()

    def copy(self, sha256: str, to: Originals) -> None:
        """Copy a file to another folder of such, unless it is there, or gone from here. Raises as `keep` does."""
        if to.path(sha256).exists():
            return
        with suppress(FileNotFoundError):
            stream = self.path(sha256).open("rb")
            with stream:
                to.keep(stream)


def hashed(stream: BinaryIO, also: Callable[[bytes], object] = lambda _: None) -> str:
    """Return the sha256 of what is left in `stream`, each part of which is given to `also`."""
    digest = hashlib.sha256()
    while block := stream.read(_BLOCK):
        digest.update(block)
        also(block)
    return digest.hexdigest()

"""Files that a verb writes where the user says: each whole or not at all. Knows nothing of what stands in them."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from index import AssayError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Of the file's name in that of its unfinished copy.
_NAME_CHARACTERS = 60


@contextmanager
def replaced(path: Path, option: str) -> Iterator[TextIO]:
    """Write a file that appears at `path`, or where it links to, only when it is whole: half a run would be scored as a poor one.

    A pipe or a terminal is written to as it is. Raises `AssayError`, which names the `option` that asked for it, when it cannot be written.
    """
    try:
        direct = _open_stream(path)
        target = Path(os.path.realpath(path))
        descriptor, name = (-1, "") if direct else tempfile.mkstemp(prefix=f".{target.name[:_NAME_CHARACTERS]}.", dir=target.parent)
    except OSError as error:
        raise _refused(path, option, error) from error
    if direct:
        with direct:
            yield direct
        return
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as stream:
            yield stream
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)
        Path(name).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def expect_writable(path: Path, option: str) -> None:
    """Raise the `AssayError` of `replaced` where that can be told before the work, and leave nothing behind."""
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not path.exists() or path.is_file():
            tempfile.TemporaryFile(dir=Path(os.path.realpath(path)).parent).close()
    except OSError as error:
        raise _refused(path, option, error) from error


def _refused(path: Path, option: str, error: OSError) -> AssayError:
    return AssayError(f"{path} cannot be written ({error.strerror}); choose another {option}")


def _open_stream(path: Path) -> TextIO | None:
    """Open what is written to as it is, never replaced: a pipe, a terminal, our own stdout or stderr. None for all else."""
    if not path.exists():
        return None
    status = path.stat()
    for ours in (1, 2):
        with suppress(OSError):
            if os.path.samestat(status, os.fstat(ours)):
                return os.fdopen(os.dup(ours), "w", encoding="utf-8", errors="backslashreplace")  # goes on where the other ended
    return None if stat.S_ISREG(status.st_mode) else path.open("w", encoding="utf-8", errors="backslashreplace")

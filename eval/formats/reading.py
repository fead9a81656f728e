"""A file of questions or articles, packed or not, as lines, rows and JSON values; what cannot be read is told with its line.

Nothing is read without a limit. Knows nothing of what the values mean.
"""

from __future__ import annotations

import codecs
import gzip
import io
import json
import math
import re
import stat
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, NoReturn

from index import AssayError, bounded_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: A longer line of a file of questions is refused.
MAX_LINE_BYTES = 10_000_000

#: A file of questions holds no more, unpacked.
MAX_BYTES = 2_000_000_000

#: A file that is one JSON value is read whole, up to this.
MAX_DOCUMENT_BYTES = 300_000_000

#: The place of what has no place of its own in a file.
WHOLE = "the file"

_GZIP = b"\x1f\x8b"

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")

#: What writes a value goes down level by level.
_MAX_NESTING = 50

_QUOTED = 60


class Place(NamedTuple):
    """Where a row stands."""

    file: Path
    unit: str
    """What is counted: `line` or `item`; the whole way to it where a number does not do: `data[0].paragraphs[2]`."""
    number: int | None = None
    """Counted from 1."""

    @property
    def at(self) -> str:
        """Return the place within its file as users know it: `line 17`."""
        return self.unit if self.number is None else f"{self.unit} {self.number}"

    def fault(self, expected: str, found: str) -> AssayError:
        """Return the error that says what is wrong here, on one line."""
        return AssayError(f"{self.at}: expected {expected}, found {found}; in {shown(self.file)}")


def shown(path: Path) -> str:
    """Return a path on one line of valid Unicode, whatever its names hold."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in str(path))


def kind(value: object) -> str:
    """Name a JSON value in a message: a string by its beginning, anything else by what it is."""
    if isinstance(value, str):
        return repr(value) if len(value) <= _QUOTED else f"{value[:_QUOTED]!r}…"
    names = {dict: "an object", list: "a list", bool: "true or false", int: "a number", float: "a number", type(None): "null"}
    return names.get(type(value), f"a {type(value).__name__}")


def lines(file: Path, *, longest: int = MAX_LINE_BYTES, most: int = MAX_BYTES) -> Iterator[tuple[Place, bytes | None]]:
    """Yield each line, without a byte order mark; None for one of more than `longest` bytes.

    Raises:
        AssayError: The file cannot be read or unpacked, or holds more than `most` bytes.
    """
    with _opened(file, most) as stream:
        for number, line in enumerate(bounded_lines(stream, longest), 1):
            yield Place(file, "line", number), line


def text_lines(file: Path) -> Iterator[tuple[Place, str]]:
    """Yield each line of a text with its end.

    Raises:
        AssayError: As `lines`; or a line is too long, not UTF-8, or holds a NUL.
    """
    for place, line in lines(file):
        if line is None:
            raise too_long(place)
        if b"\0" in line:
            raise place.fault("UTF-8 text", f"a NUL at byte {line.index(0):,}")
        yield place, _decoded(place, line)


def rows(file: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yield the JSON object of each line that is not blank.

    Raises:
        AssayError: As `lines`; or a line is too long or no JSON object.
    """
    for place, line in lines(file):
        if line is None:
            raise too_long(place)
        if line.strip():
            yield place, json_object(place, line)


def json_object(place: Place, line: bytes) -> dict[str, Any]:
    """Return the JSON object that `line` holds; raises AssayError when it holds none that could be written back."""
    return as_object(place, _parsed(place, _decoded(place, line.rstrip(b"\r\n"))))


def as_object(place: Place, value: object) -> dict[str, Any]:
    """Return `value`; raises AssayError when it is no JSON object."""
    if not isinstance(value, dict):
        raise place.fault("a JSON object", kind(value))
    return value


def document(file: Path) -> object:
    """Return the one JSON value that a file holds.

    Raises:
        AssayError: The file cannot be read, is too large, or holds no JSON value that could be written back.
    """
    with _opened(file, MAX_DOCUMENT_BYTES) as stream:
        data = stream.read().removeprefix(codecs.BOM_UTF8)
    place = Place(file, WHOLE)
    return _parsed(place, _decoded(place, data))


def head(file: Path, size: int = 4096) -> bytes:
    """Return the first bytes of a file, unpacked, without a byte order mark; raises AssayError when it cannot be read."""
    with _opened(file, MAX_BYTES) as stream:
        return stream.read(size).removeprefix(codecs.BOM_UTF8)


@contextmanager
def _opened(file: Path, most: int) -> Iterator[BinaryIO]:
    """Open a file, unpacked, and turn what goes wrong inside into one line."""
    try:
        if not stat.S_ISREG(file.stat().st_mode):  # a pipe would be waited for without end
            raise AssayError(f"expected a file, found something else at {shown(file)}")
        with file.open("rb") as raw:
            packed = raw.peek(2)[:2] == _GZIP
            if not packed and file.suffix.lower() == ".gz":
                raise AssayError(f"expected a gzip archive, as its name says, found none in {shown(file)}")
            inner = gzip.GzipFile(fileobj=raw, mode="rb") if packed else raw
            with io.BufferedReader(_Metered(inner, most, file), 1 << 16) as stream:
                yield stream
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise AssayError(f"expected a whole gzip archive, found {_damage(error)} in {shown(file)}; copy it again") from error
    except OSError as error:
        raise AssayError(f"expected a file that can be read, found {shown(file)}: {error.strerror or error}") from error


def _damage(error: Exception) -> str:
    return "one that breaks off" if isinstance(error, EOFError) else "a damaged one"


class _Metered(io.RawIOBase):
    """Passes bytes through up to a limit, so that what unpacks without end comes to one."""

    def __init__(self, inner: gzip.GzipFile | io.BufferedReader, most: int, file: Path) -> None:
        self._inner, self._left, self._most, self._file = inner, most, most, file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._inner.readinto(buffer)
        self._left -= count
        if self._left < 0:
            raise AssayError(f"expected at most {self._most:,} bytes, unpacked, found more in {shown(self._file)}")
        return count


def too_long(place: Place) -> AssayError:
    """Return the error that says that a line is longer than is read."""
    return place.fault(f"at most {MAX_LINE_BYTES:,} bytes", "more")


def _decoded(place: Place, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise place.fault("UTF-8", f"the byte 0x{data[error.start]:02x} at offset {error.start:,}; save it as UTF-8") from error


def _parsed(place: Place, text: str) -> Any:
    """Parse one JSON value that could be written back."""
    try:
        value = json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except RecursionError as error:
        raise place.fault("a flat JSON value", "one that is nested too deep") from error
    except json.JSONDecodeError as error:
        there = Place(place.file, "line", error.lineno) if place.unit == WHOLE else place
        raise there.fault("JSON", f"{_lowered(error.msg)} at character {error.colno:,}") from error
    except _NoNumberError as error:
        raise place.fault("numbers that JSON has", str(error)) from error
    except ValueError as error:  # an integer of more than some thousand digits
        raise place.fault("numbers that can be read", "one that is too long") from error
    if text.count("[") + text.count("{") > _MAX_NESTING and _is_deep(value):
        raise place.fault("a flat JSON value", f"one that is nested more than {_MAX_NESTING} deep")
    if _SURROGATE.search(text):
        _check_unicode(place, value)
    return value


def _lowered(message: str) -> str:
    return message[:1].lower() + message[1:]


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_MAX_NESTING + 1):
        level = [
            inner for outer in level if isinstance(outer, list | dict) for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return bool(level)


def _check_unicode(place: Place, value: object) -> None:
    """Raise AssayError when a string, a key included, is not valid Unicode: it could not be written anywhere."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise place.fault("valid Unicode", f"the lone surrogate \\u{ord(error.object[error.start]):04x}") from error


class _NoNumberError(ValueError):
    pass


def _no_number(name: str) -> NoReturn:
    raise _NoNumberError(name)


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise _NoNumberError(f"{digits[:_QUOTED]}, which is too large")
    return value

"""Files of articles, one JSON object a line; read line by line, whatever the file's size."""

from __future__ import annotations

import codecs
import json
import re
from typing import TYPE_CHECKING, BinaryIO

from ..errors import ArticleError
from .interface import BrokenRow, Draft, Row
from .rows import draft_of
from .sniff import TEXT_SUFFIXES, foreign, is_json_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A longer line is refused unread: an article of the greatest length fits.
MAX_LINE_BYTES = 100_000_000

#: Values in one line or file: each takes up to two hundred bytes of memory, the smallest of them (`[],`) three of the file.
MAX_VALUES = 2_000_000

#: What parts or opens values, and what is no such mark within a string.
_MARKS = ("[", "{", ",")
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)


class JsonLinesLoader:
    """Reads `.jsonl` files of articles; a broken line is refused and the rest goes on."""

    name = "JSON lines"
    suffixes = (".jsonl", ".ndjson")
    max_bytes = None
    contained = False

    def recognises(self, head: bytes, suffix: str) -> bool:
        """Take what is named as JSON lines and is neither binary nor a list, and what opens as they do under other names of text."""
        if suffix in self.suffixes:
            return foreign(head) is None and not head.lstrip().startswith(b"[")
        return suffix in (*TEXT_SUFFIXES, ".json") and is_json_lines(head)

    def load(self, stream: BinaryIO) -> Iterator[Draft | BrokenRow]:
        """Yield what each line is that is not blank."""
        for number, line in enumerate(bounded_lines(stream, MAX_LINE_BYTES), 1):
            row = Row("line", number)
            if line is None:
                yield BrokenRow(row, f"too long: more than {MAX_LINE_BYTES:,} bytes")
                continue
            try:
                if line.strip():
                    yield draft_of(parse_object(line), row)
            except ArticleError as exc:
                yield BrokenRow(row, str(exc))


def parse_object(data: bytes) -> dict[str, object]:
    """Parse one JSON object in UTF-8.

    Raises:
        ArticleError: It is not UTF-8, not JSON, not an object, or nested too deep to be parsed.
    """
    try:
        value = parse(data.decode())
    except UnicodeDecodeError as exc:
        raise ArticleError(f"expected UTF-8, found the byte 0x{data[exc.start]:02x} at offset {exc.start:,} of the line") from exc
    return require_object(value)


def parse(text: str) -> object:
    """Parse one JSON value; NaN and the infinities, which JSON does not know, are read as null.

    Raises:
        ArticleError: It is not JSON, nested too deep to be parsed, or of more values than fit into memory.
    """
    if _marks(text) > MAX_VALUES and _marks(_STRING.sub("", text)) > MAX_VALUES:
        raise ArticleError(f"too many values: more than {MAX_VALUES:,}; split it, an article a line")
    try:
        return json.loads(text, parse_constant=lambda _: None)
    except RecursionError as exc:
        raise ArticleError("expected a flat JSON object, found one that is nested too deep") from exc
    except json.JSONDecodeError as exc:
        raise ArticleError(f"expected a JSON object, found broken JSON: {exc.msg} at character {exc.pos:,}") from exc
    except ValueError as exc:  # integers of more than some thousand digits
        raise ArticleError("expected a JSON object, found a number that is too long to be read") from exc


def _marks(text: str) -> int:
    """Return how many values `text` holds at most."""
    return sum(map(text.count, _MARKS))


def require_object(value: object) -> dict[str, object]:
    """Return `value` if it is a JSON object.

    Raises:
        ArticleError: It is not.
    """
    if not isinstance(value, dict):
        raise ArticleError(f"expected a JSON object, found {'a list' if isinstance(value, list) else 'a bare value'}")
    return value


def bounded_lines(stream: BinaryIO, limit: int) -> Iterator[bytes | None]:
    """Yield the lines without a byte order mark; None for one of more than `limit` bytes, which is skipped in pieces."""
    first = True
    while line := stream.readline(limit + 1):
        if len(line) > limit:
            while line and not line.endswith(b"\n"):
                line = stream.readline(1 << 20)
            yield None
        else:
            yield line.removeprefix(codecs.BOM_UTF8) if first else line
        first = False

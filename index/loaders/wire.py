"""Drafts as lines of JSON, and back: all that a child process may say to the process that asked it to read a file.

A line is taken for what a stranger wrote: each value is held against what a `Draft` may hold, and anything else is no draft.
Knows nothing of processes.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from ..article import MAX_CHARACTERS, Heading, Span
from .interface import BrokenRow, Draft, Row

if TYPE_CHECKING:
    from collections.abc import Callable

#: A line is not longer than this: room for an English text of as many characters as an article may have, and what stands around it.
MAX_LINE_BYTES = MAX_CHARACTERS + 14_000_000

#: All that is said of one file.
MAX_FILE_BYTES = 6 * MAX_LINE_BYTES


class NonsenseError(ValueError):
    """A line is not what a loader says."""


def line_of(said: Draft | BrokenRow | dict[str, object], token: str) -> bytes:
    """Return what a loader yielded as a line that begins with `token`; its last character ends it and is the only line break in it."""
    if isinstance(said, Draft):
        record: dict[str, object] = {"draft": {field.name: value for field in fields(Draft) if (value := getattr(said, field.name))}}
    elif isinstance(said, BrokenRow):
        record = {"broken": list(said)}
    else:
        record = said
    said_in_json = json.dumps(record, ensure_ascii=False, separators=(",", ":"), default=dict)
    return b"%s %s\n" % (token.encode(), said_in_json.encode("utf-8", "surrogatepass"))


def record_of(line: bytes | bytearray, token: str) -> dict[str, Any]:
    """Return what a line says, unread but for its outermost level.

    Raises:
        NonsenseError: It is no JSON object behind that token.
    """
    begins = token.encode() + b" "
    if not line.startswith(begins):
        raise NonsenseError("no line of this file's")
    try:
        record = json.loads(line[len(begins) :].decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as exc:
        raise NonsenseError("no JSON") from exc
    if not isinstance(record, dict):
        raise NonsenseError("no JSON object")
    return record


def said_of(record: dict[str, Any]) -> Draft | BrokenRow:
    """Return what a loader yielded.

    Raises:
        NonsenseError: It is neither a draft nor a broken row.
    """
    match record:
        case {"draft": dict(values)} if len(record) == 1:
            return _draft(values)
        case {"broken": [str(where), str(reason)]}:
            return BrokenRow(where, reason)
        case {"broken": [where, str(reason)]}:
            return BrokenRow(_row(where), reason)
    raise NonsenseError("neither a draft nor a broken row")


def _draft(values: dict[str, Any]) -> Draft:
    unknown = values.keys() - _READERS.keys()
    if unknown or not isinstance(values.get("text", ""), str):
        raise NonsenseError("a draft of other parts")
    length = len(values.get("text", ""))
    draft = Draft(**{"text": ""} | {name: _READERS[name](value) for name, value in values.items()})
    spans = [*(heading.span for heading in draft.headings), *draft.not_citable]
    if not all(0 <= span.start <= span.end <= length for span in spans) or not all(0 <= page <= length for page in draft.pages):
        raise NonsenseError("places outside of the text")
    return draft


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise NonsenseError("no text where one stands")
    return value


def _number(value: Any) -> int:
    if type(value) is not int:
        raise NonsenseError("no number where one stands")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_text(part) for part in _list(value))


def _numbers(value: Any) -> tuple[int, ...]:
    return tuple(_number(part) for part in _list(value))


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise NonsenseError("no list where one stands")
    return value


def _span(value: Any) -> Span:
    match value:
        case [start, end]:
            return Span(_number(start), _number(end))
    raise NonsenseError("no span where one stands")


def _spans(value: Any) -> tuple[Span, ...]:
    return tuple(_span(part) for part in _list(value))


def _headings(value: Any) -> tuple[Heading, ...]:
    match value:
        case [*parts] if all(isinstance(part, list) and len(part) == 2 for part in parts):
            return tuple(Heading(_span(span), _number(level)) for span, level in parts)
    raise NonsenseError("no headings where they stand")


def _row(value: Any) -> Row:
    match value:
        case [unit, number]:
            return Row(_text(unit), _number(number))
    raise NonsenseError("no row where one stands")


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise NonsenseError("no names and values where they stand")
    return value


#: How each part of a draft is read; a part that is not sent has its default.
_READERS: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "id": _text,
    "title": _text,
    "source": _text,
    "authors": _texts,
    "published": _text,
    "updated": _text,
    "url": _text,
    "language": _text,
    "headings": _headings,
    "not_citable": _spans,
    "pages": _numbers,
    "metadata": _mapping,
    "member": _text,
    "row": _row,
}

"""A JSON file that holds one article, or a list of them, be it within the answer of a news service: `{"articles": [ … ]}`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ArticleError
from .decode import decode, read_bytes
from .interface import BrokenRow, Draft, Row
from .jsonl import parse, require_object
from .rows import draft_of, text_key, unfolded
from .sniff import TEXT_SUFFIXES, foreign, is_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO


#: Objects around the list of articles.
_MOST_WRAPPERS = 3


class JsonLoader:
    """Reads `.json` files that hold an article, or a list of articles, with the fields of JSON lines."""

    name = "JSON"
    suffixes = (".json",)
    max_bytes = 50_000_000
    contained = False

    def recognises(self, head: bytes, suffix: str) -> bool:
        """Take what is named as JSON and is not binary, and what opens as an article or a list of them under other names of text."""
        if suffix in self.suffixes:
            return foreign(head) is None
        return suffix in (*TEXT_SUFFIXES, ".jsonl", ".ndjson") and foreign(head) is None and is_json(head)

    def load(self, stream: BinaryIO) -> Iterator[Draft | BrokenRow]:
        """Yield the article, or what each item of the list is."""
        yield from drafts(parse_document(decode(read_bytes(stream, self.max_bytes)).text), draft_of)


def parse_document(text: str) -> object:
    """Parse a file of JSON.

    Raises:
        ArticleError: It is none.
    """
    try:
        return parse(text)
    except ArticleError as exc:
        hint = "; a file of one object a line is to be named .jsonl" if "Extra data" in str(exc) else ""
        raise ArticleError(f"{exc}{hint}") from exc


def drafts(value: object, read: Callable[[dict[str, object], Row | None], Draft]) -> Iterator[Draft | BrokenRow]:
    """Yield the article that `value` is, or what each item is of the list that it is or holds, as `read` reads them.

    Raises:
        ArticleError: It is neither.
    """
    items = value if isinstance(value, list) else _rows_within(require_object(value))
    if items is None:
        yield read(require_object(value), None)
        return
    for number, item in enumerate(items, 1):
        row = Row("item", number)
        try:
            yield read(require_object(item), row)
        except ArticleError as exc:
            yield BrokenRow(row, str(exc))


def _rows_within(value: dict[str, object]) -> list[object] | None:
    """Return the only list of articles in an object that has no text of its own; in the only object in it where it has none either.

    So are the answers of news services built: `articles`, `items`, `data`, `response.docs`.
    """
    for _ in range(_MOST_WRAPPERS):
        if _has_text(value):
            return None
        lists = [held for held in value.values() if isinstance(held, list) and any(map(_has_text, held))]
        if lists:
            return lists[0] if len(lists) == 1 else None
        objects = [held for held in value.values() if isinstance(held, dict)]
        if len(objects) != 1:
            return None
        value = objects[0]
    return None


def _has_text(item: object) -> bool:
    return isinstance(item, dict) and ("content_html" in item or text_key(unfolded(item)) is not None)

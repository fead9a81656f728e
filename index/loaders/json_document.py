"""A JSON file that holds one article, or a list of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ArticleError
from .decode import decode, read_bytes
from .interface import BrokenRow, Draft, Row
from .jsonl import parse, require_object
from .rows import draft_of
from .sniff import TEXT_SUFFIXES, foreign, is_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO


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
        text = decode(read_bytes(stream, self.max_bytes)).text
        try:
            value = parse(text)
        except ArticleError as exc:
            hint = "; a file of one object a line is to be named .jsonl" if "Extra data" in str(exc) else ""
            raise ArticleError(f"{exc}{hint}") from exc
        if not isinstance(value, list):
            yield draft_of(require_object(value))
            return
        for number, item in enumerate(value, 1):
            row = Row("item", number)
            try:
                yield draft_of(require_object(item), row)
            except ArticleError as exc:
                yield BrokenRow(row, str(exc))

"""JSON whose articles are HTML: JSON Feed, and the answers of WordPress; nothing is fetched.

What is HTML is read here, behind the sandbox's walls; JSON without any is `json_document.py`'s. As in other feeds, an entry is known by its
address, not by what it calls itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .decode import decode, read_bytes
from .fields import storable
from .fragment import blocks_of, plain
from .json_document import drafts, parse_document
from .rows import draft_of, text_key
from .sniff import TEXT_SUFFIXES, foreign, is_json, is_json_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from .interface import BrokenRow, Draft, Row

#: How JSON says that there is HTML in it: by its kind, or by the names of what holds it.
_MARKED = re.compile(rb'"version"\s{0,20}:\s{0,20}"https?:(?:\\?/){2}jsonfeed\.org|"(?:content_html|rendered)"\s{0,20}:')
_KIND = re.compile(r"https?://jsonfeed\.org/version/")


class JsonFeedLoader:
    """Reads JSON Feed 1.0 and 1.1, and lists of posts with `{"rendered": "<p>…"}`."""

    name = "JSON feed"
    suffixes = (".json",)
    max_bytes = 50_000_000
    contained = True

    def recognises(self, head: bytes, suffix: str) -> bool:
        """Take JSON that says early on that it holds HTML."""
        named = suffix in (*self.suffixes, *TEXT_SUFFIXES) and foreign(head) is None
        return named and is_json(head) and not is_json_lines(head) and _MARKED.search(head) is not None

    def load(self, stream: BinaryIO) -> Iterator[Draft | BrokenRow]:
        """Yield what each entry is."""
        value = parse_document(decode(read_bytes(stream, self.max_bytes)).text)
        of_all = _of_all(value) if isinstance(value, dict) and _KIND.match(str(value.get("version"))) else {}
        yield from drafts(value, lambda entry, row: _draft(of_all | entry, row))


def _of_all(feed: dict[str, object]) -> dict[str, object]:
    """Return what a feed says of its entries where they do not say it themselves."""
    said = {"source": feed.get("title"), "language": feed.get("language"), "authors": feed.get("authors") or feed.get("author")}
    return {name: value for name, value in said.items() if value}


def _draft(entry: dict[str, object], row: Row | None) -> Draft:
    """Read one entry: its HTML where it has any, else its text."""
    fields = {name: _shown(name, value) for name, value in entry.items() if name not in ("id", "content_html")}
    address = entry.get("id")
    if "url" not in entry and isinstance(address, str) and address.startswith(("http://", "https://")):
        fields["url"] = address
    key = text_key(entry)
    markup = entry.get("content_html") or (_rendered(entry[key]) if key else None)
    if not isinstance(markup, str):
        return draft_of(fields, row)
    blocks = blocks_of(markup)
    if key:
        del fields[key]
    read = draft_of({**fields, "text": storable(blocks.text)}, row)
    return replace(read, headings=blocks.headings, not_citable=blocks.not_citable)


def _shown(name: str, value: object) -> object:
    """Return a field as it is read: titles without tags, people by name; a number is nobody's name."""
    if name in ("authors", "author"):
        people = value if isinstance(value, list) else [value]
        return [person for person in people if isinstance(person, str) or (isinstance(person, Mapping) and person.get("name"))]
    rendered = _rendered(value)
    return value if rendered is None else plain(rendered)


def _rendered(value: Any) -> str | None:
    written = value.get("rendered") if isinstance(value, Mapping) else None
    return written if isinstance(written, str) else None

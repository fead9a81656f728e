"""RSS and Atom feeds: an article for each entry, as far as the entry holds its text. XML without entities; nothing is fetched."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET  # a document type, which could define entities, is refused

from ..errors import ArticleError
from .decode import read_bytes
from .html import HtmlLoader
from .interface import BrokenRow, Draft, Row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_ROOT = re.compile(
    rb"(?>(?:\xef\xbb\xbf)?+)(?:\s++|<\?[^>]{0,500}+>|(?><!--.{0,2000}?-->)){0,20}+<(?:rdf:RDF|(?:\w{1,20}:)?(?:rss|feed))[\s>]",
    re.DOTALL,
)

_TAG = re.compile(r"<[a-zA-Z/!][^>]{0,2000}>")


class FeedLoader:
    """Reads RSS 0.9 to 2.0 and Atom."""

    name = "feed"
    suffixes = (".rss", ".atom", ".xml")
    max_bytes = 20_000_000
    contained = True

    def recognises(self, head: bytes, suffix: str) -> bool:  # noqa: ARG002  # the content alone says so
        """Take what opens as a feed."""
        return _ROOT.match(head.replace(b"\0", b"")) is not None

    def load(self, stream: BinaryIO) -> Iterator[Draft | BrokenRow]:
        """Yield the entries in their order."""
        parser = ET.XMLParser(target=_Builder())  # noqa: S314  # as above
        try:
            parser.feed(read_bytes(stream, self.max_bytes))
            root = parser.close()
        except ET.ParseError as error:
            raise ArticleError(f"expected a feed, found XML that is broken in line {error.position[0]}") from error
        source = _text(root, "title") or _text(_first(root, "channel"), "title")
        entries = [element for element in root.iter() if _name(element) in ("item", "entry")]
        for number, entry in enumerate(entries, start=1):
            yield _draft(entry, source, Row("entry", number))


class _Builder(ET.TreeBuilder):
    def doctype(self, *_: object) -> None:
        """Refuse a document that brings definitions."""
        raise ArticleError("expected a feed, found XML with a document type, which might define entities")


def _draft(entry: Any, source: str | None, row: Row) -> Draft:
    body = next((found for name in ("encoded", "content", "description", "summary") if (found := _first(entry, name)) is not None), None)
    inner = "".join([body.text or "", *(ET.tostring(child, encoding="unicode") for child in body)]) if body is not None else ""
    text, headings = _plain(inner)
    authors = [_text(author, "name") or (author.text or "").strip() for author in entry if _name(author) in ("author", "creator")]
    return Draft(
        text=text,
        id=_text(entry, "guid") or _text(entry, "id"),
        title=_text(entry, "title"),
        source=source,
        authors=tuple(author for author in authors if author),
        published=next((day for name in ("pubdate", "published", "date", "issued") if (day := _text(entry, name))), None),
        updated=_text(entry, "updated") or _text(entry, "modified"),
        url=_link(entry),
        headings=headings,
        row=row,
    )


def _plain(markup: str) -> tuple[str, Any]:
    if not _TAG.search(markup):
        return markup.strip(), ()
    page = f"<!doctype html><html><body><article>{markup}</article></body></html>"
    try:
        draft = next(HtmlLoader().load(io.BytesIO(page.encode())))
    except ArticleError:
        return " ".join(_TAG.sub(" ", markup).split()), ()
    return draft.text, draft.headings


def _link(entry: Any) -> str | None:
    links = [element for element in entry if _name(element) == "link"]
    chosen = next((link for link in links if link.get("rel", "alternate") == "alternate"), None)
    return (chosen.get("href") or (chosen.text or "").strip() or None) if chosen is not None else None


def _first(element: Any, name: str) -> Any:
    return next((child for child in element if _name(child) == name), None) if element is not None else None


def _text(element: Any, name: str) -> str | None:
    found = _first(element, name)
    return (found.text or "").strip() or None if found is not None else None


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2].lower()

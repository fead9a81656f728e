"""Sitemaps: the addresses that a site lists, each with the day of its last change. XML without entities, and nothing is kept but those.

A sitemap is no article; it is read as loaders read files, a draft without text for each address, so that it too can be read in a child
process under limits. Knows nothing of the network.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.parsers import expat

from ..errors import ArticleError
from ..loaders.interface import Draft, Row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

#: By the protocol's own word: addresses in one sitemap, and its bytes once it is unpacked.
MAX_ADDRESSES, MAX_BYTES = 50_000, 50 * 1024 * 1024

_CHUNK_BYTES = 1 << 16

_MAX_FIELD_CHARACTERS = 4_000

#: The element that a document opens with, behind its declaration and comments; what comes before it may be longer than anybody writes it.
_ROOT = re.compile(r"(?>\ufeff?+)(?:\s++|<\?[^>]{0,500}+>|(?><!--.{0,2000}?-->)){0,20}+<(?:[\w-]{1,40}:)?([\w-]{1,40})[\s>/]", re.DOTALL)


def root_of(head: bytes) -> str | None:
    """Return the name of the element that an XML document begins with, in lower case; None when it opens otherwise."""
    found = _ROOT.match(head.decode("utf-8", "replace").replace("\0", ""))
    return found[1].lower() if found else None


class SitemapLoader:
    """Reads sitemaps, and lists of sitemaps, whose drafts have `sitemap` among their metadata."""

    name = "sitemap"
    suffixes = (".xml",)
    max_bytes = MAX_BYTES
    contained = True

    def recognises(self, head: bytes, suffix: str) -> bool:  # noqa: ARG002  # the content alone says so
        """Take what opens as a sitemap."""
        return root_of(head) in ("urlset", "sitemapindex")

    def load(self, stream: BinaryIO) -> Iterator[Draft]:
        """Yield a draft for each address that is listed."""
        reader = _Reader()
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
        parser.CharacterDataHandler = reader.text
        parser.StartDoctypeDeclHandler = reader.doctype
        try:
            while chunk := stream.read(_CHUNK_BYTES):
                parser.Parse(chunk, False)
                yield from reader.taken()
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise ArticleError(f"expected a sitemap, found XML that is broken in line {error.lineno}") from error
        yield from reader.taken()


class _Reader:
    """Keeps what stands in `loc` and `lastmod` of each `url` or `sitemap`, in whatever namespace."""

    def __init__(self) -> None:
        self._fields: dict[str, str] = {}
        self._open: list[str] = []
        self._found: list[Draft] = []
        self._count = 0

    def doctype(self, *_: object) -> None:
        """Refuse a document that brings definitions."""
        raise ArticleError("expected a sitemap, found XML with a document type, which might define entities")

    def start(self, name: str, _: object) -> None:
        """Go into an element."""
        if len(self._open) >= 20:
            raise ArticleError("expected a sitemap, found XML that is nested deeper than one")
        self._open.append(name.rpartition(" ")[2].lower())
        if len(self._open) == 2:
            self._fields = {}

    def text(self, data: str) -> None:
        """Gather the text of a field."""
        if len(self._open) == 3 and self._open[2] in ("loc", "lastmod"):
            text = self._fields.get(self._open[2], "") + data
            if len(text) > _MAX_FIELD_CHARACTERS:
                raise ArticleError(f"expected a sitemap, found an address of more than {_MAX_FIELD_CHARACTERS:,} characters")
            self._fields[self._open[2]] = text

    def end(self, _: str) -> None:
        """Leave an element; at the end of one that is listed, keep it."""
        name = self._open.pop()
        if len(self._open) == 1 and name in ("url", "sitemap") and self._fields.get("loc", "").strip():
            self._count += 1
            if self._count > MAX_ADDRESSES:
                raise ArticleError(f"expected a sitemap of at most {MAX_ADDRESSES:,} addresses, found more")
            changed = self._fields.get("lastmod", "").strip() or None
            metadata = {"sitemap": True} if name == "sitemap" else {}
            self._found.append(
                Draft(text="", url=self._fields["loc"].strip(), updated=changed, metadata=metadata, row=Row("address", self._count))
            )

    def taken(self) -> list[Draft]:
        """Return what was found since it was last asked for."""
        found, self._found = self._found, []
        return found

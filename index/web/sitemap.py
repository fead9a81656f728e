"""Sitemaps: the addresses that a site lists, each with the day of its last change. XML without entities, and nothing is kept but those.

A sitemap is no article; but it is read as loaders read files, into one draft whose text is a line for each address, so that it too can be
read in a child process under limits. Knows nothing of the network.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from xml.parsers import expat

from ..errors import ArticleError
from ..loaders.interface import Draft

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


class Listed(NamedTuple):
    """An address of a sitemap."""

    address: str
    changed: str | None
    """The day of its last change, as the sitemap writes it."""


class SitemapLoader:
    """Reads sitemaps, and lists of sitemaps, whose draft has `sitemaps` among its metadata; `listed_in` reads the draft."""

    name = "sitemap"
    suffixes = (".xml",)
    max_bytes = MAX_BYTES
    contained = True

    def recognises(self, head: bytes, suffix: str) -> bool:  # noqa: ARG002  # the content alone says so
        """Take what opens as a sitemap."""
        return root_of(head) in ("urlset", "sitemapindex")

    def load(self, stream: BinaryIO) -> Iterator[Draft]:
        """Yield the addresses that are listed, as one draft."""
        reader = _Reader()
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
        parser.CharacterDataHandler = reader.text
        parser.StartDoctypeDeclHandler = reader.doctype
        try:
            while chunk := stream.read(_CHUNK_BYTES):
                parser.Parse(chunk, False)
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise ArticleError(f"expected a sitemap, found XML that is broken in line {error.lineno}") from error
        lines = (f"{address}\t{changed or ''}" for address, changed in reader.found)
        yield Draft(text="\n".join(lines), metadata={"sitemaps": reader.of_sitemaps})


#: What a child process looks them up in.
LOADERS = (SitemapLoader(),)


def listed_in(draft: Draft) -> Iterator[Listed]:
    """Yield the addresses of a sitemap's draft, in their order."""
    for line in draft.text.split("\n"):
        address, _, changed = line.partition("\t")
        if address:
            yield Listed(address, changed or None)


class _Reader:
    """Keeps what stands in `loc` and `lastmod` of each `url` or `sitemap`, in whatever namespace."""

    def __init__(self) -> None:
        self.found: list[Listed] = []
        self.of_sitemaps = False
        self._fields: dict[str, str] = {}
        self._open: list[str] = []

    def doctype(self, *_: object) -> None:
        """Refuse a document that brings definitions."""
        raise ArticleError("expected a sitemap, found XML with a document type, which might define entities")

    def start(self, name: str, _: object) -> None:
        """Go into an element."""
        if len(self._open) >= 20:
            raise ArticleError("expected a sitemap, found XML that is nested deeper than one")
        self._open.append(name.rpartition(" ")[2].lower())
        if len(self._open) == 1:
            self.of_sitemaps = self._open[0] == "sitemapindex"
        elif len(self._open) == 2:
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
        if len(self._open) == 1 and name == ("sitemap" if self.of_sitemaps else "url"):
            address, changed = (" ".join(self._fields.get(field, "").split()) for field in ("loc", "lastmod"))
            if address and len(self.found) >= MAX_ADDRESSES:
                raise ArticleError(f"expected a sitemap of at most {MAX_ADDRESSES:,} addresses, found more")
            if address:
                self.found.append(Listed(address, changed or None))

"""RSS and Atom feeds: an article for each entry, by what the entry itself holds; nothing is fetched.

Full content is preferred to a summary. A feed that is not quite XML is read as far as it can be, as feeds must be; entities that
it declares itself are refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import ArticleError
from .blocks import Blocks
from .decode import read_bytes
from .fields import storable
from .fragment import FragmentWriter, blocks_of, plain
from .interface import BrokenRow, Draft, Row
from .markup import local, spelled_out, text_within, too_deep, xml_tree
from .sniff import xml_root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

#: What feeds open with: RSS 0.9x and 2.0, Atom, RSS 1.0.
_ROOTS = frozenset({"rss", "feed", "RDF"})

_CLOSED = re.compile(rb"</(?:\w{1,20}:)?(?:rss|feed|RDF)\s*>\s*(?:<!--.{0,1000}-->\s*)?$", re.DOTALL)
_BARE = re.compile(rb"&(?!#?[A-Za-z0-9]{1,32};)")
_MARKED = re.compile(r"<[a-zA-Z/!][^<>]{0,2000}>|&[#\w]{2,32};")

_BODIES = ("encoded", "content", "description", "summary")
_PUBLISHED = ("pubdate", "published", "issued", "date", "created")
_UPDATED = ("updated", "modified")

#: The name in `ann@example.org (Ann Lee)`.
_NAMED = re.compile(r"\S+@\S+ \((?P<name>[^()]{1,200})\)")

_MOST_TAGS = 50

#: No feed lists more; a sitemap may not list more either.
_MOST_ENTRIES = 50_000

#: What is said where the parser went no deeper: it reads nothing behind that either.
_DEEP = "the feed cannot be read from here on: more than 256 elements stand within each other"

_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


class FeedLoader:
    """Reads RSS 0.9 to 2.0 and Atom, whatever such a file is called."""

    name = "feed"
    suffixes = (".rss", ".atom", ".xml")
    max_bytes = 20_000_000
    contained = True

    def recognises(self, head: bytes, suffix: str) -> bool:  # noqa: ARG002 - the content alone says so
        """Take what opens as a feed."""
        return xml_root(head) in _ROOTS

    def load(self, stream: BinaryIO) -> Iterator[Draft | BrokenRow]:
        """Yield the entries in their order."""
        return entries(read_bytes(stream, self.max_bytes))


def entries(data: bytes) -> Iterator[Draft | BrokenRow]:
    """Yield what the entries of a feed are; one without text has none, but may have a link.

    Raises:
        ArticleError: It is no feed, or nothing can be read of it.
    """
    feed, damage = _parsed(data)
    site = _site(next((child for child in feed if local(child) == "channel"), feed))
    found = list(feed.iter("{*}item", "{*}entry"))
    if not found:
        raise ArticleError("the feed holds no entries")
    if len(found) > _MOST_ENTRIES:
        raise ArticleError(f"too many entries: {len(found):,}, at most {_MOST_ENTRIES:,} of a feed are read")
    for number, entry in enumerate(found, 1):
        row = Row("entry", number)
        try:
            yield _draft(entry, site, row, cut=damage == _DEEP and number == len(found))
        except ArticleError as exc:
            yield BrokenRow(row, str(exc))
        except UnicodeDecodeError:  # bytes that are no text, which the lenient parser passes on
            yield BrokenRow(row, "the entry holds bytes that are no text")
    if damage:
        yield BrokenRow(Row("entry", len(found) + 1), damage)


def _parsed(data: bytes) -> tuple[Any, str]:
    """Return the tree of a feed and why some of it may be missing behind its last entry; empty where nothing can be.

    Raises:
        ArticleError: It is none.
    """
    what = "the feed"
    named = spelled_out(data)
    try:
        root, damage = xml_tree(named, what), ""
    except ArticleError as exc:
        if "entities" in str(exc):
            raise
        root = xml_tree(_BARE.sub(b"&amp;", named), what, lenient=True)
        closed = _CLOSED.search(data[-2_000:].replace(b"\0", b"")) is not None
        damage = _DEEP if "depth" in str(exc) else "" if closed else "the feed is cut off here, or damaged; fetch it again"
    if local(root) not in {name.lower() for name in _ROOTS}:
        raise ArticleError(f"expected a feed, found XML that opens with <{local(root)[:40]}>")
    return root, damage


class _Site(NamedTuple):
    """What a feed says of all its entries."""

    title: str | None
    authors: tuple[str, ...]
    language: str | None


def _site(channel: Any) -> _Site:
    """Read what stands beside the entries, once for all of them."""
    said = [child for child in channel if local(child) in ("title", "author", "creator", "language")]
    return _Site(_line(said, "title"), _authors(said), text_within(_child(said, "language")) or channel.get(_LANG))


def _draft(entry: Any, site: _Site, row: Row, *, cut: bool) -> Draft:
    """Read one entry; it is `cut` where the parser went no deeper.

    Raises:
        ArticleError: Its text is nested too deep for the parser.
    """
    blocks = _body(entry)
    if not blocks.text and (cut or any(too_deep(body.text) for body in entry if local(body) in _BODIES and body.text)):
        raise ArticleError("its text is nested too deep to be read: more than 256 elements within each other")
    tags = dict.fromkeys(tag for part in entry if local(part) == "category" and (tag := part.get("term") or text_within(part)))
    return Draft(
        text=storable(blocks.text),
        title=_line(entry, "title"),
        source=_line(_child(entry, "source"), "title") or text_within(_child(entry, "source")) or site.title,
        authors=_authors(entry) or site.authors,
        published=_date(entry, _PUBLISHED),
        updated=_date(entry, _UPDATED),
        url=_link(entry),
        language=entry.get(_LANG) or site.language,
        headings=blocks.headings,
        metadata={"tags": [*tags][:_MOST_TAGS]} if tags else {},
        row=row,
    )


def _body(entry: Any) -> Blocks:
    """Return the text of an entry: the first of its bodies that holds any."""
    for name in _BODIES:
        for body in entry:
            if local(body) == name and body.get("src") is None:
                blocks = _text_of(body)
                if blocks.text:
                    return blocks
    return Blocks()


def _text_of(body: Any) -> Blocks:
    """Read a body: elements of XHTML, HTML that is written as text, or text."""
    blocks = Blocks()
    if len(body):
        FragmentWriter(blocks).write(body)
        return blocks
    written = (body.text or "").strip()
    if body.get("type") != "text" and _MARKED.search(written):
        return blocks_of(written)
    blocks.add("\n".join(line.strip() for line in written.splitlines()))
    return blocks


def _child(element: Any | None, name: str) -> Any | None:
    return next((child for child in element if local(child) == name), None) if element is not None else None


def _line(element: Any | None, name: str) -> str | None:
    """Return a title, whose HTML is read as such, on one line."""
    found = _child(element, name)
    return None if found is None else plain("".join(found.itertext())) or None


def _date(entry: Any, names: tuple[str, ...]) -> str | None:
    return next((date for name in names if (date := text_within(_child(entry, name)))), None)


def _authors(element: Any) -> tuple[str, ...]:
    """Return who wrote an entry, or who writes the feed, by name."""
    found = []
    for author in element:
        if local(author) in ("author", "creator"):
            written = text_within(_child(author, "name")) if len(author) else text_within(author)
            named = _NAMED.fullmatch(written)
            found.append(named["name"] if named else written)
    return tuple(name for name in dict.fromkeys(found) if name)


def _link(entry: Any) -> str | None:
    """Return where the entry's page is."""
    links = [element for element in entry if local(element) == "link"]
    for link in links:
        address = link.get("href") or text_within(link)
        if address and link.get("rel", "alternate") == "alternate":
            return str(address)
    guid = _child(entry, "guid")
    address = text_within(guid)
    return address if guid is not None and guid.get("isPermaLink") != "false" and address.startswith(("http://", "https://")) else None

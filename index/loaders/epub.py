"""E-books (.epub): the chapters in reading order, each under its heading.

Read by their parts rather than by a library: see docs/decisions/0014-formats.md. The pages that only list the chapters are left out, and
a chapter without a heading of its own gets the name that the book's contents give it. Nothing outside of the book is reached for.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from ..errors import ArticleError
from .blocks import Blocks
from .decode import decode
from .fragment import FragmentWriter
from .interface import Draft
from .markup import html_tree, local, text_within, xml_tree
from .members import Members

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_CHAPTER_BYTES = 20_000_000
_SMALL_PART_BYTES = 10_000_000

_CONTAINER, _ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"

#: The kinds of chapters that are read; pictures and sounds in the spine are not.
_PAGES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document"})

#: What a part of a page is that only says where things stand.
_LISTS_OF_PLACES = frozenset({"toc", "landmarks", "page-list", "loi", "lot", "index"})


#: What old books keep their metadata in, one level down.
_BOXES = frozenset({"dc-metadata", "x-metadata"})


class EpubLoader:
    """Reads `.epub` files that no digital lock closes."""

    name = "EPUB"
    suffixes = (".epub",)
    max_bytes = 200_000_000
    contained = True

    def recognises(self, head: bytes, suffix: str) -> bool:
        """Take packages that are named as such files; what is in a package is told by its members."""
        return head.startswith(b"PK") and suffix in self.suffixes

    def load(self, stream: BinaryIO) -> Iterator[Draft]:
        """Yield the book as one draft."""
        members = Members(stream)
        book = _book(members)
        blocks = Blocks()
        for chapter in book.chapters:
            _write(members, chapter, book.names.get(chapter), blocks)
        if not blocks.text:
            raise ArticleError("no text: the book holds none, or only pictures")
        said = book.said
        yield Draft(
            text=blocks.text,
            title=_first(said, "title"),
            source=_first(said, "publisher"),
            authors=tuple(said.get("creator", ())),
            published=_first(said, "date"),
            updated=_first(said, "dcterms:modified"),
            language=_first(said, "language"),
            headings=blocks.headings,
            metadata={"subjects": [*said["subject"]]} if "subject" in said else {},
        )


class _Book(NamedTuple):
    """What the package document says."""

    said: dict[str, list[str]]
    chapters: tuple[str, ...]
    names: dict[str, str]
    """What the contents call a chapter."""


def _first(said: dict[str, list[str]], name: str) -> str | None:
    return next(iter(said.get(name, ())), None)


def _book(members: Members) -> _Book:
    """Read the package document.

    Raises:
        ArticleError: It is missing or broken, names no chapter that is there, or the chapters are locked.
    """
    container = xml_tree(members.read(_CONTAINER, _SMALL_PART_BYTES), "the book's container")
    place = next((name for root in container.iter("{*}rootfile") if (name := root.get("full-path"))), "")
    package = xml_tree(members.read(place, _SMALL_PART_BYTES), "the book's package document")
    items = {item.get("id"): item for item in package.iter("{*}item")}
    listing = {_at(place, item.get("href")) for item in items.values() if "nav" in (item.get("properties") or "").split()}
    listing |= {_at(place, mention.get("href")) for mention in package.iter("{*}reference") if mention.get("type") == "toc"}
    found: dict[str, None] = {}
    for mention in package.iter("{*}itemref"):
        item = items.get(mention.get("idref"))
        if item is not None and (item.get("media-type") or "").lower() in _PAGES:
            name = _at(place, item.get("href"))
            if name in members:
                found[name] = None
    chapters = list(found)
    _require_open(members, chapters)
    kept = tuple(name for name in chapters if name not in listing) or tuple(chapters)
    if not kept:
        raise ArticleError("the book is incomplete: its spine names no chapter that is in it")
    return _Book(_said(package), kept, _names(members, place, items, listing))


def _at(place: str, href: str | None) -> str:
    """Return the member that `href` names from the part at `place`."""
    path = unquote((href or "").partition("#")[0])
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(place), path)).lstrip("/")


def _said(package: Any) -> dict[str, list[str]]:
    """Return the metadata by name, each with its values; authors without those who only illustrated or translated."""
    found: dict[str, list[str]] = {}
    stated = _stated(package)
    roles = {meta.get("refines"): text_within(meta) for meta in stated if meta.get("property") == "role"}
    for element in stated:
        name, value = local(element), text_within(element)
        role = next((kept for key, kept in element.attrib.items() if key.endswith("}role")), None) or roles.get(f"#{element.get('id')}")
        if name == "meta" and element.get("property") == "dcterms:modified":
            name = "dcterms:modified"
        event = next((kept for key, kept in element.attrib.items() if key.endswith("}event")), "publication")
        if value and not (name == "creator" and role not in (None, "aut")) and not (name == "date" and event != "publication"):
            found.setdefault(name, []).append(value)
    return found


def _stated(package: Any) -> list[Any]:
    """Return the elements that each hold one of the metadata: those of the first list, and of the boxes in it that old books have."""
    listed = next(package.iter("{*}metadata"), ())
    return [element for child in listed for element in (child if local(child) in _BOXES else (child,)) if local(element)]


def _require_open(members: Members, chapters: list[str]) -> None:
    """Refuse a book whose chapters are encrypted; fonts often are, and are not read.

    Raises:
        ArticleError: One is.
    """
    if _ENCRYPTION not in members:
        return
    locked = xml_tree(members.read(_ENCRYPTION, _SMALL_PART_BYTES), "the book's list of what is encrypted")
    if {_at("", mention.get("URI")) for mention in locked.iter("{*}CipherReference")} & set(chapters):
        raise ArticleError("the book is locked (DRM): its chapters are encrypted and can be read only with the shop's own program")


def _names(members: Members, place: str, items: dict[str, Any], listing: set[str]) -> dict[str, str]:
    """Return what the book's contents call its chapters: those of EPUB 3, else those of EPUB 2; broken ones call them nothing."""
    older = [_at(place, item.get("href")) for item in items.values() if item.get("media-type") == "application/x-dtbncx+xml"]
    found: dict[str, str] = {}
    for name in (*sorted(listing), *older):
        if name not in members:
            continue
        try:
            root = html_tree(decode(members.read(name, _SMALL_PART_BYTES)).text, xhtml=True)
        except ArticleError:
            continue
        for entry in () if root is None else root.iter("{*}a", "{*}navPoint"):
            content = next(entry.iter("{*}content"), None) if local(entry) == "navpoint" else entry
            label = next(entry.iter("{*}navLabel"), None) if local(entry) == "navpoint" else entry
            link = None if content is None else content.get("href") or content.get("src")
            if link and label is not None:
                found.setdefault(_at(name, link), text_within(label))
    return found


def _write(members: Members, chapter: str, name: str | None, blocks: Blocks) -> None:
    """Write a chapter; one that is no page at all is passed over, as readers of books do."""
    try:
        root = html_tree(decode(members.read(chapter, _CHAPTER_BYTES), "cp1252").text, xhtml=True)
    except ArticleError as exc:
        if "damaged" in str(exc) or "too large" in str(exc):
            raise
        return
    if root is None:
        return
    headed = any(local(element) in ("h1", "h2", "h3", "h4", "h5", "h6") and text_within(element) for element in root.iter())
    if name and not headed and any(text_within(body) for body in root.iter("{*}body")):
        blocks.add(name, level=1)
    FragmentWriter(blocks, skip=_lists_places).write(root)


def _lists_places(element: Any) -> bool:
    kind = next((value for key, value in element.attrib.items() if key.rpartition("}")[2] in ("type", "epub:type")), "")
    return local(element) in ("nav", "section", "div") and bool(_LISTS_OF_PLACES & set(kind.split()))

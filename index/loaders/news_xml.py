"""News as agencies send it: NITF, NewsML-G2, and NewsML 1 where it holds either; an article for each item of text.

Pictures, packages and concepts are told from articles and refused; an item that its sender has withdrawn is, too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..errors import ArticleError
from .blocks import Blocks
from .decode import read_bytes
from .fields import storable
from .fragment import FragmentWriter
from .interface import BrokenRow, Draft, Row
from .markup import local, spelled_out, text_within, xml_tree
from .sniff import xml_root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_ROOTS = frozenset({"nitf", "newsItem", "newsMessage", "NewsML", "packageItem", "conceptItem", "knowledgeItem", "planningItem"})

#: A date of NITF in figures alone: `20230421T090000+0200`.
_FIGURES = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})?(Z|[+-]\d{2}:?\d{2})?)?$")

_BY = re.compile(r"(?:by|von|par|por|di)\s+", re.IGNORECASE)

_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

#: Parts of an article that are no text: pictures with their captions, and who distributes it.
_NO_TEXT = frozenset({"media", "body.head", "distributor", "tagline", "head"})


class NewsXmlLoader:
    """Reads NITF and NewsML, whatever such a file is called."""

    name = "news XML"
    suffixes = (".xml", ".nitf")
    max_bytes = 40_000_000
    contained = True

    def recognises(self, head: bytes, suffix: str) -> bool:  # noqa: ARG002 - the content alone says so
        """Take what opens as news does."""
        return xml_root(head) in _ROOTS

    def load(self, stream: BinaryIO) -> Iterator[Draft | BrokenRow]:
        """Yield the article, or what each item of a message is."""
        root = xml_tree(spelled_out(read_bytes(stream, self.max_bytes)), "the document")
        items = [element for element in root.iter() if local(element) == "newsitem"]
        if local(root) == "nitf":
            yield _nitf(root)
        elif not items:
            raise ArticleError(f"no article: <{local(root)[:40]}> holds no news item of text")
        elif len(items) == 1:
            yield _item(items[0], None)
        else:
            for number, item in enumerate(items, 1):
                row = Row("item", number)
                try:
                    yield _item(item, row)
                except ArticleError as exc:
                    yield BrokenRow(row, str(exc))


def _first(element: Any, *names: str) -> Any | None:
    """Return the first element within that has one of `names`, the first name first."""
    for name in names:
        found = next((inner for inner in element.iter() if local(inner) == name), None)
        if found is not None:
            return found
    return None


def _said(element: Any, *names: str) -> str | None:
    found = _first(element, *names)
    return text_within(found) or None if found is not None else None


def _date(written: str | None) -> str | None:
    """Return a date of figures alone as ISO 8601 with its marks; another as it stands."""
    found = _FIGURES.match(written or "")
    if found is None:
        return written
    year, month, day, hour, minute, second, zone = found.groups()
    return f"{year}-{month}-{day}" + (f"T{hour}:{minute}:{second or '00'}{zone or ''}" if hour else "")


def _names(elements: Iterator[Any]) -> tuple[str, ...]:
    """Return the names in bylines: those marked as persons, else the line without its `By`."""
    found: list[str] = []
    for element in elements:
        persons = [text_within(inner) for inner in element.iter() if local(inner) == "person"]
        line = " ".join((element.text or "").split()) if _first(element, "byttl") is not None else text_within(element)
        found += persons or [_BY.sub("", line, count=1)]
    return tuple(name for name in dict.fromkeys(found) if name)


def _written(root: Any) -> Blocks:
    """Return the text in an element: HTML, or NITF, whose paragraphs are HTML's and whose headings are not."""
    for element in root.iter():
        name = local(element)
        if name in ("hl1", "hl2"):
            element.tag = "h2" if name == "hl2" else "h1"
    blocks = Blocks()
    FragmentWriter(blocks, skip=lambda element: local(element) in _NO_TEXT).write(root)
    return blocks


def _nitf(root: Any, row: Row | None = None) -> Draft:
    """Read an article of NITF."""
    head = _first(root, "body.head")
    title = _said(head, "hl1", "hedline") if head is not None else None
    bylines = _names(inner for inner in root.iter() if local(inner) == "byline")
    body = _first(root, "body.content", "body")
    blocks = _written(body) if body is not None else Blocks()
    if not blocks.text:
        raise ArticleError("no text: the article holds none, or only pictures")
    issued, published, released = _first(root, "date.issue"), _first(root, "pubdata"), _first(root, "date.release")
    stated = [
        element.get(name)
        for element, name in ((published, "date.publication"), (issued, "norm"), (released, "norm"))
        if element is not None
    ]
    place = _said(head, "location", "dateline") if head is not None else None
    return Draft(
        text=storable(blocks.text),
        title=title or _said(root, "title"),
        source=_said(root, "distributor") or (published.get("name") if published is not None else None),
        authors=bylines,
        published=_date(next((date for date in stated if date), None)),
        url=next((url for element in (published,) if element is not None and (url := element.get("ex-ref"))), None),
        language=root.get(_LANG),
        headings=blocks.headings,
        metadata={"dateline": place} if place else {},
        row=row,
    )


def _item(item: Any, row: Row | None) -> Draft:
    """Read an item of NewsML.

    Raises:
        ArticleError: It is withdrawn, or holds no text.
    """
    status = _first(item, "pubstatus", "status")
    if status is not None and (status.get("qcode") or status.get("FormalName") or "").lower().rpartition(":")[2] in (
        "canceled",
        "cancelled",
    ):
        raise ArticleError("withdrawn: the agency that sent it has cancelled it")
    nitf = _first(item, "nitf")
    inner = _nitf(nitf, row) if nitf is not None else None
    blocks = _content(item) if inner is None else None
    if inner is None and (blocks is None or not blocks.text):
        raise ArticleError("no text: the item holds none, or only a picture, sound or video")
    creators = _names(found for found in item.iter() if local(found) in ("by", "byline"))
    creators = creators or tuple(name for found in item.iter() if local(found) == "creator" and (name := _said(found, "name")))
    language = _first(item, "language")
    return Draft(
        text=storable(blocks.text) if blocks is not None else inner.text if inner is not None else "",
        title=_said(item, "headline") or (inner.title if inner is not None else None),
        source=_said(_first(item, "provider") if _first(item, "provider") is not None else item, "name", "provider")
        or (inner.source if inner is not None else None),
        authors=creators or (inner.authors if inner is not None else ()),
        published=_date(_said(item, "firstcreated", "contentcreated", "versioncreated", "thisrevisioncreated")),
        updated=_date(_said(item, "versioncreated", "thisrevisioncreated")),
        language=(language.get("tag") or language.get("FormalName")) if language is not None else item.get(_LANG),
        headings=blocks.headings if blocks is not None else inner.headings if inner is not None else (),
        metadata={"dateline": place} if (place := _said(item, "dateline")) else dict(inner.metadata) if inner is not None else {},
        row=row,
    )


def _content(item: Any) -> Blocks | None:
    """Return the first content of an item that is text."""
    for content in item.iter():
        name = local(content)
        if name in ("inlinexml", "datacontent") or (name == "inlinedata" and "image" not in (content.get("contenttype") or "")):
            body = _first(content, "body")
            if body is None and not len(content):
                blocks = Blocks()
                blocks.add("\n".join(line.strip() for line in (content.text or "").strip().splitlines()))
            else:
                blocks = _written(content if body is None else body)
            if blocks.text:
                return blocks
    return None

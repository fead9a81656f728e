"""OpenDocument files: texts (.odt), spreadsheets (.ods) and presentations (.odp), whose content is written in one vocabulary.

Read by their parts rather than by a library: see docs/decisions/0014-formats.md. Left out are headers and footers, comments, tables of
contents, hidden text, and what tracked changes have deleted. A footnote stands behind the paragraph or table that refers to it;
a slide is a page, a sheet stands under its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import ArticleError
from .blocks import Blocks
from .interface import Draft
from .markup import local, text_within, xml_tree
from .members import Members
from .tables import in_row, write_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_PART_BYTES = 40_000_000
_SMALL_PART_BYTES = 5_000_000

#: Never part of the text: what was deleted, comments, contents and other indexes, what repeats on every slide, forms.
_LEFT_OUT = frozenset(
    """
    annotation annotation-end bibliography bookmark alphabetical-index chart creator date date-time desc
    event-listeners footer forms header hidden-paragraph hidden-text illustration-index index-title master-page note-citation
    object-index page-number page-thumbnail ruby-text script sequence-decls settings shapes table-index table-of-content title
    tracked-changes user-index variable-decls
    """.split()
)

_CHARACTERS = {"tab": "\t", "line-break": "\n"}

#: An empty cell or row may be said to repeat to the edge of the sheet; one with words is repeated so often at most.
_MOST_REPEATED = 1_000

#: What an unencrypted file's manifest never mentions.
_ENCRYPTED = b"encryption-data"


class _OpenDocument:
    """Reads the content of a file of one of the kinds."""

    name = "OpenDocument"
    suffixes: tuple[str, ...] = ()
    max_bytes = 200_000_000
    contained = True

    def recognises(self, head: bytes, suffix: str) -> bool:
        """Take packages that are named as such files; what is in a package is told by its members."""
        return head.startswith(b"PK") and suffix in self.suffixes

    def load(self, stream: BinaryIO) -> Iterator[Draft]:
        """Yield the file as one draft."""
        members = Members(stream)
        manifest = "META-INF/manifest.xml"
        if manifest in members and _ENCRYPTED in members.read(manifest, _SMALL_PART_BYTES):
            raise ArticleError("encrypted: it can be read only with a password; save the file without one")
        content = xml_tree(members.read("content.xml", _PART_BYTES), "the document")
        described = [content]
        if "styles.xml" in members:
            described.insert(0, xml_tree(members.read("styles.xml", _PART_BYTES), "its styles"))
        reader = _Reader(_styles(described))
        for body in content.iter("{*}body"):
            for kind in body:
                reader.inside(kind)
        if not reader.blocks.text:
            raise ArticleError("no text: the document holds none, or only pictures")
        yield _draft(reader.blocks, reader.title, _facts(members), _language(described))


class OdtLoader(_OpenDocument):
    """Reads `.odt` files and their templates."""

    name = "OpenDocument text"
    suffixes = (".odt", ".ott")


class OdsLoader(_OpenDocument):
    """Reads `.ods` files and their templates."""

    name = "OpenDocument spreadsheet"
    suffixes = (".ods", ".ots")


class OdpLoader(_OpenDocument):
    """Reads `.odp` files and their templates."""

    name = "OpenDocument presentation"
    suffixes = (".odp", ".otp")


class _Style(NamedTuple):
    hidden: bool = False
    title: bool = False


def _draft(blocks: Blocks, title: str | None, facts: dict[str, str], language: str | None) -> Draft:
    author = facts.get("initial-creator") or facts.get("creator")
    return Draft(
        text=blocks.text,
        title=facts.get("title") or title,
        authors=tuple(name for part in (author or "").split(";") if (name := part.strip())),
        published=facts.get("creation-date"),
        updated=facts.get("date"),
        language=facts.get("language") or language,
        headings=blocks.headings,
        pages=blocks.pages,
    )


def _facts(members: Members) -> dict[str, str]:
    """Return what the file says of itself; nothing where that is missing or broken."""
    if "meta.xml" not in members:
        return {}
    try:
        root = xml_tree(members.read("meta.xml", _SMALL_PART_BYTES), "its properties")
    except ArticleError:
        return {}
    return {local(element): value for meta in root.iter("{*}meta") for element in meta if (value := text_within(element))}


def _language(described: list[Any]) -> str | None:
    """Return the language of the default style of paragraphs."""
    for root in described:
        for style in root.iter("{*}default-style"):
            for properties in style:
                stated = {key.rpartition("}")[2]: value for key, value in properties.attrib.items()}
                if _attribute(style, "family") == "paragraph" and stated.get("language", "none") not in ("none", "zxx"):
                    return str(stated["language"])
    return None


def _attribute(element: Any, name: str) -> str | None:
    """Return an attribute whatever its namespace: the vocabulary never uses one name for two things on one element."""
    return next((str(value) for key, value in element.attrib.items() if key.rpartition("}")[2] == name), None)


def _styles(described: list[Any]) -> dict[str, _Style]:
    """Read which styles hide their text, and which are those of a title."""
    found: dict[str, _Style] = {}
    for root in described:
        for style in root.iter("{*}style"):
            name, parent = _attribute(style, "name") or "", _attribute(style, "parent-style-name") or ""
            base = found.get(parent, _Style())
            hides = any(_attribute(part, "display") == "none" for part in style if local(part) == "text-properties")
            found[name] = _Style(hidden=hides or base.hidden, title=base.title or "Title" in (name, parent))
    return found


class _Reader:
    """Walks the body; a paragraph's notes and text boxes wait until it is written. The parser keeps the tree under 256 levels."""

    def __init__(self, styles: dict[str, _Style]) -> None:
        self.blocks = Blocks()
        self.title: str | None = None
        self._styles = styles
        self._waiting: list[Any] = []
        self._lists = 0
        self._within = False  # a line of a list or table has just been written

    def inside(self, element: Any) -> None:
        """Write the blocks in an element."""
        for child in element:
            match local(child):
                case "h":
                    self._paragraph(child, int(level) if (level := _attribute(child, "outline-level") or "1").isdigit() else 1)
                case "p":
                    self._paragraph(child, None)
                case "list":
                    self._list(child)
                case "table":
                    self._table(child)
                case "page":
                    self._slide(child)
                case name if name and name not in _LEFT_OUT and not self._is_hidden(child):
                    self.inside(child)
        self._write_waiting()

    def _is_hidden(self, element: Any) -> bool:
        """Say whether a section is not displayed, or a frame of a slide repeats on every one."""
        return _attribute(element, "display") in ("none", "condition") or _attribute(element, "class") in (
            "footer",
            "header",
            "date-time",
            "page-number",
        )

    def _paragraph(self, paragraph: Any, level: int | None) -> None:
        style = self._styles.get(_attribute(paragraph, "style-name") or "", _Style())
        if style.title and level is None:
            level = 1
        text = "" if style.hidden else _lines(self._text(paragraph))
        if level is not None:
            text = " ".join(text.split())
        if text:
            self.blocks.add(text, adjoining=self._within and self._lists > 0, level=max(level, 1) if level is not None else None)
            self._within = self._lists > 0
            if style.title and self.title is None:
                self.title = text
        self._write_waiting()

    def _list(self, element: Any) -> None:
        self._within = self._within and self._lists > 0
        self._lists += 1
        self.inside(element)
        self._lists -= 1

    def _table(self, table: Any) -> None:
        """Write a table of a text row by row, and a sheet under its name with its header beside each cell."""
        self._within = False
        rows = list(self._rows(table))
        if local(table.getparent()) == "spreadsheet":
            style = self._styles.get(_attribute(table, "style-name") or "")
            if any(any(row) for row in rows) and not (style is not None and style.hidden):
                self.blocks.add(_attribute(table, "name") or "", level=1)
                write_rows(rows, self.blocks)
            self._waiting.clear()
            return
        for row in rows:
            line = in_row(row)
            if line:
                self.blocks.add(line, adjoining=self._within)
                self._within = True
        self._within = False
        self._write_waiting()

    def _rows(self, table: Any) -> Iterator[list[str]]:
        for child in table:
            name = local(child)
            if name == "table-row" and _attribute(child, "visibility") is None:
                cells = [text for cell in child for text in self._repeated(cell)]
                while cells and not cells[-1]:
                    cells.pop()
                yield from [cells] * (_times(child) if cells else 1)
            elif name in ("table-rows", "table-header-rows", "table-row-group"):
                yield from self._rows(child)

    def _repeated(self, cell: Any) -> list[str]:
        if local(cell) not in ("table-cell", "covered-table-cell"):
            return []
        nearest = ("{*}p", "{*}h", "{*}annotation", "{*}table-cell", "{*}covered-table-cell")
        paragraphs = (inner for inner in cell.iter("{*}p", "{*}h") if next(inner.iterancestors(*nearest), None) is cell)
        pieces = [self._text(paragraph) for paragraph in paragraphs]
        return [" ".join(" ".join(pieces).split())] * _times(cell)

    def _slide(self, page: Any) -> None:
        """Write a slide: its title first, then what is on it, then its notes."""
        self.blocks.begin_page()
        style = self._styles.get(_attribute(page, "style-name") or "", _Style())
        if style.hidden:
            return
        titles = [frame for frame in page if _attribute(frame, "class") == "title"]
        for frame in titles:
            self.blocks.add(" ".join(" ".join(self._text(part) for part in frame.iter("{*}p")).split()), level=1)
        for child in page:
            if child not in titles and local(child) not in _LEFT_OUT and not self._is_hidden(child):
                self.inside([child] if local(child) in ("notes", "p", "h", "list", "table") else child)

    def _text(self, element: Any) -> str:
        """Return the text in a paragraph, or in a part of one; what stands apart in it waits."""
        pieces = [element.text or ""]
        for child in element:
            name = local(child)
            style = self._styles.get(_attribute(child, "style-name") or "", _Style()) if name == "span" else _Style()
            if name == "s":
                pieces.append(" " * _times(child, "c"))
            elif name in _CHARACTERS:
                pieces.append(_CHARACTERS[name])
            elif name == "note":
                self._waiting += (body for body in child if local(body) == "note-body")
            elif name in ("text-box", "table"):
                self._waiting.append(child)
            elif name and name not in _LEFT_OUT and not style.hidden:
                pieces.append(self._text(child))
            pieces.append(child.tail or "")
        return "".join(pieces).replace("\r", " ")

    def _write_waiting(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            lists, self._lists = self._lists, 0
            for element in waiting:
                self._within = False
                self.inside(element)
            self._lists = lists


def _times(element: Any, name: str | None = None) -> int:
    """Return how often a cell, row or space is said to stand, within reason."""
    for key in (name,) if name else ("number-columns-repeated", "number-rows-repeated"):
        value = _attribute(element, key)
        if value and value.isdigit():
            return min(int(value[:9]), _MOST_REPEATED)
    return 1


def _lines(text: str) -> str:
    """Return a paragraph's text with single spaces; its line breaks stay, those of the markup are none."""
    return "\n".join(line for part in text.split("\n") if (line := " ".join(part.split())))

"""Word files (.docx): the text that a reader sees on the page, in its order.

Read by their parts rather than by a library: see docs/decisions/0014-formats.md. Left out are headers and footers, comments, tables
of contents, field codes, hidden text, and what tracked changes have deleted; what they inserted is text. A footnote stands
behind the paragraph or table that refers to it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import ArticleError
from .blocks import Blocks
from .interface import Draft
from .members import Members
from .office_open import Package
from .tables import in_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

#: The two namespaces of WordprocessingML: that of the standard's transitional form, and that of its strict form.
_MAINS = ("http://schemas.openxmlformats.org/wordprocessingml/2006/main", "http://purl.oclc.org/ooxml/wordprocessingml/main")

#: Never part of the text: deletions, codes of fields, properties, how a word is read aloud, and what is drawn a second time.
_LEFT_OUT = frozenset({"del", "moveFrom", "delText", "instrText", "delInstrText", "rt", "Fallback", "pPr", "rPr", "sdtPr", "tblPr", "trPr"})

#: What stands for a character.
_CHARACTERS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "\N{NON-BREAKING HYPHEN}"}

_NOTES = {"footnoteReference": "footnotes", "endnoteReference": "endnotes"}

_DEEPEST = 9


class DocxLoader:
    """Reads `.docx` files, and templates and files with macros of the same kind; macros are never looked at."""

    name = "Word"
    suffixes = (".docx", ".docm", ".dotx")
    max_bytes = 200_000_000
    contained = True

    def recognises(self, head: bytes, suffix: str) -> bool:
        """Take packages that are named as such files; what is in a package is told by its members."""
        return head.startswith(b"PK") and suffix in self.suffixes

    def load(self, stream: BinaryIO) -> Iterator[Draft]:
        """Yield the file as one draft."""
        package = Package(Members(stream), "word/document.xml")
        styles = _styles(package)
        reader = _Reader(styles, _notes(package))
        reader.body(package.tree(package.main))
        if not reader.blocks.text:
            raise ArticleError("no text: the document holds none, or only pictures")
        stated = package.properties()
        languages = reader.languages.most_common(1)
        yield Draft(
            text=reader.blocks.text,
            title=stated.title or reader.title,
            authors=stated.authors,
            published=stated.created,
            updated=stated.modified,
            language=stated.language or (languages[0][0] if languages else None),
            headings=reader.blocks.headings,
        )


class _Style(NamedTuple):
    """What matters of a style of paragraphs or characters."""

    level: int | None = None
    title: bool = False
    contents: bool = False
    hidden: bool = False
    listed: bool = False


class _Styles(NamedTuple):
    by_id: Mapping[str, _Style]
    language: str | None


def _named(*names: str) -> tuple[str, ...]:
    return tuple(f"{{{main}}}{name}" for main in _MAINS for name in names)


def _name(element: Any) -> str:
    """Return an element's name without its namespace; empty for what is no element."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _get(element: Any, name: str) -> str | None:
    """Return an attribute, which bears the namespace of its element."""
    value = element.get(f"{{{element.tag[1:].partition('}')[0]}}}{name}")
    return None if value is None else str(value)


def _child(element: Any, *path: str) -> Any | None:
    for name in path:
        element = next((child for child in element if _name(child) == name), None)
        if element is None:
            return None
    return element


def _on(properties: Any | None, name: str) -> bool | None:
    """Say whether a property is switched on or off; None when it is not mentioned."""
    found = _child(properties, name) if properties is not None else None
    return None if found is None else _get(found, "val") not in ("0", "false", "off")


def _styles(package: Package) -> _Styles:
    """Read the styles; each has what it does not say from the one that it is based on."""
    name = next(package.related(package.main, "styles"), None)
    if name is None:
        return _Styles({}, None)
    root = package.tree(name)
    described = {_get(element, "styleId") or "": element for element in root if _name(element) == "style"}
    read: dict[str, _Style] = {}
    for style in described:
        chain: list[str] = []
        base: str | None = style
        while base is not None and base in described and base not in chain and base not in read:
            chain.append(base)
            based = _child(described[base], "basedOn")
            base = _get(based, "val") if based is not None else None
        found = read.get(base or "", _Style())
        for link in reversed(chain):
            found = read[link] = _style(described[link], found)
    language = _child(root, "docDefaults", "rPrDefault", "rPr", "lang")
    return _Styles(read, _get(language, "val") if language is not None else None)


def _style(element: Any, base: _Style) -> _Style:
    named = _child(element, "name")
    name = ((_get(named, "val") if named is not None else None) or "").lower()
    paragraph = _child(element, "pPr")
    level = _outline(paragraph)
    kind, _, number = name.rpartition(" ")
    if kind == "heading" and number.isdigit():
        level = min(int(number), _DEEPEST)
    title = name == "title"
    return _Style(
        level=1 if title else base.level if level is None else level or None,
        title=title,
        contents=base.contents or (kind == "toc" and number.isdigit()) or name == "table of figures",
        hidden=bool(_switched(_on(_child(element, "rPr"), "vanish"), base.hidden)),
        listed=base.listed or (paragraph is not None and _child(paragraph, "numPr") is not None),
    )


def _switched(said: bool | None, otherwise: bool) -> bool:
    return otherwise if said is None else said


def _outline(properties: Any | None) -> int | None:
    """Return the level that properties of a paragraph give it, 0 for body text; None when they give none."""
    found = _child(properties, "outlineLvl") if properties is not None else None
    value = _get(found, "val") if found is not None else None
    if value is None or not value.isdigit():
        return None
    return int(value) + 1 if int(value) < _DEEPEST else 0


def _notes(package: Package) -> dict[tuple[str, str], Any]:
    """Return the footnotes and endnotes by kind and id; the lines that separate them from the text are none."""
    found = {}
    for kind in _NOTES.values():
        for part in package.related(package.main, kind):
            for note in package.tree(part):
                if _get(note, "type") in (None, "normal"):
                    found[kind, _get(note, "id") or ""] = note
    return found


class _Reader:
    """Walks the body; a paragraph's notes and text boxes wait until it is written. The parser keeps the tree under 256 levels."""

    def __init__(self, styles: _Styles, notes: Mapping[tuple[str, str], Any]) -> None:
        self.blocks = Blocks()
        self.languages: Counter[str] = Counter()
        self.title: str | None = None
        self._styles = styles
        self._notes = dict(notes)
        self._waiting: list[Any] = []
        self._within = False  # a line of a list or table has just been written

    def body(self, element: Any) -> None:
        """Write the blocks in an element: the body, a cell, a note, a text box."""
        for child in element:
            match _name(child):
                case "p":
                    self._paragraph(child)
                case "tbl":
                    self._table(child)
                case "sdt":
                    self._control(child)
                case name if name not in _LEFT_OUT:
                    self.body(child)
        self._write_waiting()

    def _control(self, control: Any) -> None:
        """Write what stands in a content control, unless it is a table of contents."""
        gallery = _child(control, "sdtPr", "docPartObj", "docPartGallery")
        content = _child(control, "sdtContent")
        if content is not None and not (gallery is not None and _get(gallery, "val") == "Table of Contents"):
            self.body(content)

    def _paragraph(self, paragraph: Any) -> None:
        properties = _child(paragraph, "pPr")
        style = self._style_of(properties, "pStyle")
        if style.contents:
            return
        outline = _outline(properties)
        level = style.level if outline is None else outline or None
        listed = level is None and (style.listed or (properties is not None and _child(properties, "numPr") is not None))
        text = _lines(self._text(paragraph, style.hidden))
        if level is not None:
            text = " ".join(text.split())
        if text:
            self.blocks.add(text, adjoining=listed and self._within, level=level)
            self._within = listed
            if style.title and self.title is None:
                self.title = text
        self._write_waiting()

    def _table(self, table: Any) -> None:
        """Write a row as one line; a row of a single cell is no data but prose laid out in a frame."""
        self._within = False
        for row in _rows(table):
            cells = list(_cells(row))
            own = [cell for cell in cells if not _continues(cell)]
            if len(own) == 1:
                self.body(own[0])
                continue
            line = in_row("" if _continues(cell) else self._cell(cell) for cell in cells)
            if line:
                self.blocks.add(line, adjoining=self._within)
                self._within = True
        self._within = False
        self._write_waiting()

    def _cell(self, cell: Any) -> str:
        """Return what stands in a cell, on one line; its notes wait for the end of the table."""
        pieces = []
        for paragraph in cell.iter(*_named("p")):
            if next(paragraph.iterancestors(*_named("p", "tc"))) is None:
                continue
            style = self._style_of(_child(paragraph, "pPr"), "pStyle")
            pieces.append(self._text(paragraph, style.hidden))
        return " ".join(" ".join(pieces).split())

    def _text(self, element: Any, hidden: bool) -> str:
        """Return the text in a paragraph, or in a part of one."""
        pieces = []
        for child in element:
            name = _name(child)
            if name == "r":
                pieces.append(self._run(child, hidden))
            elif name == "t":  # of a formula, whose runs bear another namespace
                pieces.append(child.text or "")
            elif name in ("txbxContent", "drawing", "pict", "object"):
                self._boxes(child)
            elif name and name not in _LEFT_OUT:
                pieces.append(self._text(child, hidden))
        return "".join(pieces)

    def _run(self, run: Any, hidden: bool) -> str:
        """Return the text of a run of characters of one form; note what it refers to and holds."""
        properties = _child(run, "rPr")
        styled = self._style_of(properties, "rStyle")
        if _switched(_on(properties, "vanish"), styled.hidden or hidden):
            return ""
        pieces = []
        for child in run:
            name = _name(child)
            if name == "t":
                pieces.append(child.text or "")
            elif name in _CHARACTERS:
                pieces.append(_CHARACTERS[name])
            elif name in _NOTES:
                note = self._notes.pop((_NOTES[name], _get(child, "id") or ""), None)
                if note is not None:
                    self._waiting.append(note)
            elif name in ("drawing", "pict", "object", "AlternateContent"):
                self._boxes(child)
            elif name and name not in _LEFT_OUT:
                pieces.append(self._text(child, hidden))
        text = "".join(pieces)
        self._count_language(properties, len(text))
        return text

    def _count_language(self, properties: Any | None, characters: int) -> None:
        said = _child(properties, "lang") if properties is not None else None
        language = (_get(said, "val") if said is not None else None) or self._styles.language
        if language and characters:
            self.languages[language] += characters

    def _boxes(self, element: Any) -> None:
        """Keep the text boxes of a drawing for after the paragraph; its second drawing, for older programs, is the same text."""
        if _name(element) == "txbxContent":
            self._waiting.append(element)
            return
        for child in element:
            if _name(child) not in _LEFT_OUT and _name(child):
                self._boxes(child)

    def _write_waiting(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            for element in waiting:
                self._within = False
                self.body(element)

    def _style_of(self, properties: Any | None, kind: str) -> _Style:
        named = _child(properties, kind) if properties is not None else None
        return self._styles.by_id.get((_get(named, "val") if named is not None else None) or "", _Style())


def _rows(table: Any) -> Iterator[Any]:
    """Yield the rows of a table that are not deleted, those in content controls too."""
    for child in table:
        name = _name(child)
        if name == "tr" and _child(child, "trPr", "del") is None:
            yield child
        elif name in ("sdt", "sdtContent", "ins", "customXml"):
            yield from _rows(child)


def _cells(row: Any) -> Iterator[Any]:
    for child in row:
        name = _name(child)
        if name == "tc":
            yield child
        elif name in ("sdt", "sdtContent", "customXml"):
            yield from _cells(child)


def _continues(cell: Any) -> bool:
    """Say whether a cell only goes on with the one above it."""
    merged = _child(cell, "tcPr", "vMerge")
    return merged is not None and _get(merged, "val") != "restart"


def _lines(text: str) -> str:
    """Return a paragraph's text with single spaces; its line breaks stay."""
    return "\n".join(line for part in text.split("\n") if (line := " ".join(part.split())))

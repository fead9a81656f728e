"""PowerPoint files (.pptx): the words of each slide, then its notes; a slide is a page.

Read by their parts rather than by a library: see docs/decisions/0014-formats.md. Left out are hidden slides, the dates, footers
and numbers that stand on every slide, the samples of masters and layouts, and comments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ArticleError
from .blocks import Blocks
from .interface import Draft
from .markup import local, text_within
from .members import Members
from .office_open import Package
from .tables import in_row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

#: Placeholders that repeat on every slide, and the picture of the slide that stands on its notes.
_REPEATED = frozenset({"dt", "ftr", "hdr", "sldNum", "sldImg"})

_TITLES = frozenset({"title", "ctrTitle"})

#: A graphic's parts that hold words of their own.
_CHARTS, _DIAGRAMS = "chart", "diagramData"


class PptxLoader:
    """Reads `.pptx` files, and shows and templates of the same kind."""

    name = "PowerPoint"
    suffixes = (".pptx", ".pptm", ".ppsx", ".potx")
    max_bytes = 200_000_000
    contained = True

    def recognises(self, head: bytes, suffix: str) -> bool:
        """Take packages that are named as such files; what is in a package is told by its members."""
        return head.startswith(b"PK") and suffix in self.suffixes

    def load(self, stream: BinaryIO) -> Iterator[Draft]:
        """Yield the presentation as one draft."""
        package = Package(Members(stream), "ppt/presentation.xml")
        blocks = Blocks()
        for slide in _slides(package):
            blocks.begin_page()
            if slide is not None:
                _slide(package, slide, blocks)
        if not blocks.text:
            raise ArticleError("no text: the slides hold none, or only pictures")
        stated = package.properties()
        yield Draft(
            text=blocks.text,
            title=stated.title,
            authors=stated.authors,
            published=stated.created,
            updated=stated.modified,
            language=stated.language or _language(package),
            headings=blocks.headings,
            pages=blocks.pages,
        )


def _slides(package: Package) -> Iterator[str | None]:
    """Yield the part of each slide in the order of the show; None for a missing one, so that the others keep their numbers."""
    relations = package.relations(package.main)
    parts = set(package.related(package.main, "slide"))
    for entry in package.tree(package.main).iter("{*}sldId"):
        named = next((relations[value] for key, value in entry.attrib.items() if key.endswith("}id") and value in relations), None)
        yield named.target if named is not None and named.target in parts else None


def _language(package: Package) -> str | None:
    """Return the language that the words of the first slide with words are marked with."""
    for slide in _slides(package):
        if slide is not None:
            for run in package.tree(slide).iter("{*}rPr"):
                if run.get("lang"):
                    return str(run.get("lang"))
    return None


def _slide(package: Package, part: str, blocks: Blocks) -> None:
    root = package.tree(part)
    if root.get("show") in ("0", "false"):
        return
    shapes = list(_shapes(root))
    titles = [shape for shape in shapes if _placeholder(shape) in _TITLES]
    for shape in titles:
        blocks.add(" ".join(" ".join(_paragraphs(shape)).split()), level=1)
    for shape in shapes:
        if shape not in titles and _placeholder(shape) not in _REPEATED:
            _write(shape, blocks)
    for name in package.related(part, _CHARTS):
        _chart(package.tree(name), blocks)
    for name in package.related(part, _DIAGRAMS):
        _lines((text for point in package.tree(name).iter("{*}pt") if (text := " ".join(_paragraphs(point)))), blocks)
    for name in package.related(part, "notesSlide"):
        for shape in _shapes(package.tree(name)):
            if _placeholder(shape) == "body":
                _write(shape, blocks)


def _shapes(root: Any) -> Iterator[Any]:
    """Yield shapes, tables and connectors as they were laid, those of groups in their place."""
    for tree in root.iter("{*}spTree"):
        yield from _of_group(tree)
        return


def _of_group(group: Any) -> Iterator[Any]:
    for child in group:
        name = local(child)
        if name == "grpsp":
            yield from _of_group(child)
        elif name == "alternatecontent":
            chosen = next((option for option in child if local(option) == "choice"), None)
            yield from _of_group(chosen if chosen is not None else ())
        elif name in ("sp", "graphicframe", "cxnsp"):
            yield child


def _placeholder(shape: Any) -> str | None:
    """Return what place of the layout a shape fills: `title`, `body`, `ftr`; None for one laid freely."""
    for place in shape.iter("{*}ph"):
        return str(place.get("type") or "obj")
    return None


def _write(shape: Any, blocks: Blocks) -> None:
    """Write a shape's paragraphs, or the rows of its table."""
    tables = list(shape.iter("{*}tbl"))
    if tables:
        for table in tables:
            _lines(
                (in_row(" ".join(_paragraphs(cell)) for cell in row.iter("{*}tc")) for row in table.iter("{*}tr")),
                blocks,
            )
        return
    _lines(_paragraphs(shape), blocks)


def _lines(lines: Iterator[str], blocks: Blocks) -> None:
    """Write what belongs together line by line."""
    within = False
    for line in lines:
        if line:
            blocks.add(line, adjoining=within)
            within = True


def _paragraphs(element: Any) -> Iterator[str]:
    """Yield the paragraphs of a body of text that hold words."""
    for paragraph in element.iter("{*}p"):
        pieces = []
        for part in paragraph.iter("{*}t", "{*}br", "{*}tab"):
            within = part.getparent()
            if local(within) == "fld" and (within.get("type") or "").startswith("slidenum"):
                continue
            pieces.append((part.text or "") if local(part) == "t" else " ")
        text = " ".join("".join(pieces).split())
        if text:
            yield text


def _chart(root: Any, blocks: Blocks) -> None:
    """Write a chart's title, then what it shows as the rows of a table: a category with the value of each series."""
    for title in root.iter("{*}title"):
        blocks.add(" ".join(_paragraphs(title)))
    names, columns = [], []
    categories: dict[int, str] = {}
    for series in root.iter("{*}ser"):
        parts = {local(part): part for part in series}
        names.append(text_within(next(parts["tx"].iter("{*}v"), None)) if "tx" in parts else "")
        categories |= _points(parts.get("cat", parts.get("xval")))
        columns.append(_points(parts.get("val", parts.get("yval"))))
    rows = sorted(categories.keys() | {place for column in columns for place in column})
    lines = [" | ".join(filter(None, names))] if any(names) else []
    lines += [in_row((categories.get(row, ""), *(column.get(row, "") for column in columns))) for row in rows]
    _lines(iter(lines), blocks)


def _points(values: Any | None) -> dict[int, str]:
    """Return the values that were kept with a chart, by their place."""
    found: dict[int, str] = {}
    for point in () if values is None else values.iter("{*}pt"):
        place = point.get("idx") or ""
        if place.isdigit():
            found[int(place[:9])] = text_within(point)
    return found

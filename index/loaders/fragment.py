"""HTML that is text from end to end, such as a chapter, a message or an entry of a feed, written as blocks.

Nothing is taken for navigation here: what a reader sees is kept. Headings, paragraphs, lists, tables as rows of `a | b`; scripts,
what is hidden, forms and pictures are left out. Knows nothing of where the HTML comes from.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .blocks import Blocks
from .markup import html_tree, local, text_within
from .tables import in_row

if TYPE_CHECKING:
    from collections.abc import Callable

#: Never shown as text; of `ruby`, how a word is read aloud.
_LEFT_OUT = frozenset(
    """
    applet audio base button canvas datalist embed frame frameset head iframe img input link map meta noembed noframes noscript object
    param picture rp rt script select source style svg template textarea title track video wbr
    """.split()
)

_BLOCKS = frozenset(
    """
    address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure footer form h1 h2 h3
    h4 h5 h6 header hgroup hr html legend li main menu nav ol p pre section summary table tbody td tfoot th thead tr ul
    """.split()
)

#: Blocks that no cell of data holds.
_NO_DATA = _BLOCKS - {"p", "div"}

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LISTS = frozenset({"ul", "ol", "dl", "menu", "dir"})
_HIDING = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all)", re.IGNORECASE)


def plain(markup: str | None) -> str:
    """Return the text of a piece of HTML on one line, for titles and names; its entities read, its tags dropped."""
    if not markup or not ("<" in markup or "&" in markup):
        return " ".join((markup or "").split())
    root = html_tree(markup)
    return text_within(root) if root is not None else ""


def blocks_of(markup: str, *, aside: Callable[[Any], bool] | None = None) -> Blocks:
    """Return the text of a piece of HTML.

    Args:
        markup: The HTML, decoded.
        aside: Says of an element that what is in it belongs to the text but is never quoted, as an earlier message is.
    """
    blocks = Blocks()
    root = html_tree(markup)
    if root is not None:
        FragmentWriter(blocks, aside=aside).write(root)
    return blocks


class FragmentWriter:
    """Walks a tree of HTML; text gathers until a block begins or ends. The parser keeps the tree under 256 levels."""

    def __init__(
        self, blocks: Blocks, *, aside: Callable[[Any], bool] | None = None, skip: Callable[[Any], bool] | None = None, below: int = 0
    ) -> None:
        """Write into `blocks`.

        Args:
            blocks: What is written to.
            aside: As for `blocks_of`.
            skip: Says of an element that nothing in it is part of the text.
            below: How many levels deeper headings are than they say.
        """
        self._blocks = blocks
        self._aside = aside
        self._skip = skip
        self._below = below
        self._gathered: list[str] = []
        self._lists = 0
        self._within = False  # a line of the present list or table has been written
        self._level: int | None = None
        self._quoted = 0
        self._kept = 0  # within `pre`

    def write(self, root: Any) -> None:
        """Write all that `root` holds."""
        self._element(root)
        self._flush()

    def _element(self, element: Any) -> None:
        name = local(element)
        if not name or name in _LEFT_OUT or _hidden(element) or (self._skip is not None and self._skip(element)):
            return
        if name == "br":
            self._gathered.append("\n")
            return
        if name not in _BLOCKS:
            self._inside(element)
            return
        self._flush()
        aside = self._aside is not None and self._aside(element)
        self._quoted += aside
        if name == "tr" and _is_row(element):
            self._put(in_row(_cell(cell) for cell in element if local(cell) in ("td", "th")), line=True)
        elif name in _LISTS or name == "table":
            self._group(element, name in _LISTS)
        elif name in _HEADINGS:
            self._heading(element, _HEADINGS[name])
        else:
            self._kept += name == "pre"
            self._inside(element)
            self._flush()
            self._kept -= name == "pre"
        self._quoted -= aside

    def _group(self, element: Any, is_list: bool) -> None:
        """Write the lines of a list or table right below each other; a table's cells of prose are paragraphs."""
        lists, self._lists = self._lists, self._lists + 1 if is_list else 0
        self._within = self._within and lists > 0 and is_list
        self._inside(element)
        self._flush()
        self._lists = lists
        self._within = self._within and lists > 0

    def _heading(self, element: Any, level: int) -> None:
        outer, self._level = self._level, level + self._below
        self._inside(element)
        self._flush()
        self._level = outer

    def _inside(self, element: Any) -> None:
        self._gather(element.text)
        for child in element:
            self._element(child)
            self._gather(child.tail)

    def _gather(self, text: str | None) -> None:
        if text:
            self._gathered.append(text if self._kept else text.replace("\n", " ").replace("\r", " "))

    def _flush(self) -> None:
        """Write what has gathered; two line breaks in a row part paragraphs."""
        if not self._gathered:
            return
        text, self._gathered = "".join(self._gathered), []
        if self._kept:
            self._put(text.strip("\n"))
            return
        lines = [" ".join(line.split()) for line in text.split("\n")]
        if self._level is not None:
            lines = [" ".join(line for line in lines if line)]
        for paragraph in re.split(r"\n{2,}", "\n".join(lines)):
            self._put(paragraph)

    def _put(self, text: str, *, line: bool = False) -> None:
        if text.strip():
            line = (line or self._lists > 0) and self._level is None
            self._blocks.add(text, adjoining=line and self._within, level=self._level, citable=not self._quoted)
            self._within = line


def _hidden(element: Any) -> bool:
    style = element.get("style")
    return element.get("hidden") is not None or (style is not None and _HIDING.search(style) is not None)


def _is_row(row: Any) -> bool:
    """Say whether a row of a table holds data; mail and old pages are laid out in tables of prose."""
    cells = [cell for cell in row if local(cell) in ("td", "th")]
    return len(cells) > 1 and not any(local(inner) in _NO_DATA for cell in cells for inner in cell.iterdescendants())


def _cell(cell: Any) -> str:
    """Return what is seen of a cell, on one line."""
    if not len(cell):
        return "" if local(cell) not in ("td", "th") or _hidden(cell) else " ".join((cell.text or "").split())
    writer = FragmentWriter(inner := Blocks())
    for part in (cell,) if local(cell) in ("td", "th") else ():
        writer.write(part)
    return " ".join(inner.text.split())

"""Lines into paragraphs: over the ends of lines, columns and pages, with headings, lists and the rows of tables told apart.

Knows nothing of how a page is stored; all is told from where lines stand, how large their letters are and what they say.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .layout import Line

#: Letters larger than the text's by this part make a heading.
_LARGER = 1.1

#: A heading is no longer, in words, and says no more lines.
_HEADING_WORDS = 20
_HEADING_LINES = 3

#: Lines further apart than this, in the usual distance of lines, part paragraphs.
_APART = 1.3

#: An indentation, in ems.
_INDENT = 0.7

_BULLET = re.compile(r"[•◦▪▫‣·●○■□–—*\uf0b7\uf0a7-]|\(?(?:[0-9]{1,3}|[a-z]|[ivx]{1,5})[.)]|\[[0-9]{1,3}\]", re.IGNORECASE)
_SIGN = re.compile(r"[•◦▪▫‣●○■□\uf0b7\uf0a7]|\[[0-9]{1,3}\]")
_NUMBERED = re.compile(r"(?:(?:[0-9]{1,2}|[A-Z])(?:\.[0-9]{1,2}){0,4}\.?|[IVX]{1,5}\.)\s+(?=\S*[A-Z])")
_ENDS = re.compile(r"[.!?:;][\"'”’»)\]]*(?:[0-9]{1,3})?$")

#: Before these a hyphen is part of the word.
_KEPT_PREFIXES = frozenset("cross non self two three well".split())


@dataclass(slots=True)
class Paragraph:
    """A block of the text and the pages that begin in it."""

    text: str
    size: float
    body: float
    """The size of most of the text."""
    adjoining: bool = False
    """Whether it stands on the very next line, as a further row or item does."""
    level: int | None = None
    """Its depth, when it is a heading."""
    turned: bool = False
    """Whether it runs in another direction than the page."""
    pages: list[tuple[int, int]] = field(default_factory=list)
    """Pages of which it holds text, with where their first character stands in it."""


@dataclass(slots=True)
class _Group:
    """Lines that belong together, each with its page."""

    lines: list[tuple[int, Line]]
    row: bool = False
    item: bool = False
    adjoining: bool = False

    @property
    def size(self) -> float:
        return self.lines[0][1].size

    @property
    def text(self) -> str:
        return " ".join(line.text for _, line in self.lines)


def paragraphs(pages: list[list[Line]], outline: Mapping[str, int]) -> Iterator[Paragraph]:
    """Yield the paragraphs of a document.

    Args:
        pages: The lines of each page in reading order.
        outline: The depth of each section that the document's outline names.
    """
    body = _body(pages)
    distance = _distance(pages)
    groups = list(_continued(list(_groups(pages, distance)), body))
    words = Counter(word.strip(".,;:()").lower() for page in pages for line in page for word in line.text.split())
    depths = {_plain(title): depth for title, depth in outline.items()}
    sizes = sorted({round(group.size) for group in groups if _heading_like(group) and group.size >= _LARGER * body}, reverse=True)
    for group in groups:
        text, begins = _text(group, words)
        if text.strip():
            level = _level(group, text, body=body, sizes=sizes, depths=depths)
            turned = group.lines[0][1].turned
            yield Paragraph(text, group.size, body, adjoining=group.adjoining, level=level, turned=turned, pages=begins)


def _body(pages: list[list[Line]]) -> float:
    """Return the size of most letters."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page:
            sizes[round(line.size * 2) / 2] += len(line.text)
    return max(sizes, key=lambda size: (sizes[size], size), default=10.0)


def _distance(pages: list[list[Line]]) -> float:
    """Return how far the lines of a paragraph are apart, in ems."""
    apart = [
        (above.bottom - below.bottom) / below.size
        for page in pages
        for above, below in pairwise(page)
        if above.column == below.column
        and abs(above.size - below.size) < 0.1 * below.size
        and 0 < above.bottom - below.bottom < 3 * below.size
    ]
    return median(apart) if apart else 1.2


# --- lines that belong together ---------------------------------------------------------------------------------------


def _groups(pages: list[list[Line]], distance: float) -> Iterator[_Group]:
    for number, page in enumerate(pages):
        rows = _rows(page)
        group: _Group | None = None
        before: Line | None = None
        for at, line in enumerate(page):
            if group is None or before is None or rows[at] or group.row or _begins(before, line, group, distance):
                if group is not None:
                    yield group
                item = bool(_SIGN.fullmatch(line.first))
                near = before is not None and _near(before, line, distance)
                adjoining = near and group is not None and ((rows[at] and group.row) or (item and group.item))
                group = _Group([(number, line)], row=rows[at], item=item, adjoining=adjoining)
            else:
                group.lines.append((number, line))
            before = line
        if group is not None:
            yield group


def _rows(page: list[Line]) -> list[bool]:
    """Say of each line whether it is a row of a table: of several cells, one of them below or above a cell of its neighbour."""
    rows = [False] * len(page)
    for at, (above, below) in enumerate(pairwise(page)):
        if _tabular(above) and _tabular(below) and above.column == below.column and _aligned(above, below):
            rows[at] = rows[at + 1] = True
    return [row or len(line.cells) > 2 for row, line in zip(rows, page, strict=True)]


def _tabular(line: Line) -> bool:
    return len(line.cells) > 2 or (len(line.cells) == 2 and not _BULLET.fullmatch(line.first) and not line.turned)


def _aligned(above: Line, below: Line) -> bool:
    near = 0.6 * max(above.size, below.size)
    for one in above.cells[1:]:
        for other in below.cells[1:]:
            edges = (one.left - other.left, one.right - other.right, (one.left + one.right - other.left - other.right) / 2)
            if min(map(abs, edges)) < near:
                return True
    return False


def _near(before: Line, line: Line, distance: float) -> bool:
    return 0 < before.bottom - line.bottom < 2 * distance * max(line.size, before.size)


def _begins(before: Line, line: Line, group: _Group, distance: float) -> bool:
    """Say whether a paragraph begins with `line`."""
    size = max(line.size, before.size, 1.0)
    moved = line.column != before.column or line.bottom > before.bottom  # whether the paragraph goes on there is asked later
    apart = abs(line.size - before.size) > 0.08 * size or before.bottom - line.bottom > _APART * distance * size
    if line.turned or before.turned or moved or apart or _SIGN.fullmatch(line.first):
        return True
    if line.bold and before.bold:
        return False  # the further lines of a heading may stand anywhere
    width = line.column[1] - line.column[0]
    short = before.right < before.column[1] - 0.12 * width
    ended = short and bool(_ENDS.search(before.text)) and not line.first[:1].islower()  # "U.S." ends no paragraph before "law"
    if _BULLET.fullmatch(line.first) and (short or _ENDS.search(before.text)):
        return True
    first = group.lines[0][1]
    indented = line.left > before.left + _INDENT * size and abs(before.left - line.column[0]) < size
    hanging = len(group.lines) > 1 and line.left < before.left - _INDENT * size and first.left < before.left - _INDENT * size
    if indented and len(group.lines) == 1 and group.item:
        indented = False  # the further lines of an item
    return indented or hanging or ended


def _continued(groups: list[_Group], body: float) -> Iterator[_Group]:
    """Put together what the end of a column or a page has parted: a sentence without an end, and a small letter after it.

    Notes that stand between its parts come behind it; before it where it goes on on the next page, so that whatever is on a page still
    comes before the next one.
    """
    held: _Group | None = None
    notes: list[_Group] = []
    for group in groups:
        if held is None:
            held = group
        elif _goes_on(held, group):
            if group.lines[0][0] > held.lines[-1][0]:
                yield from (note for note in notes if not note.lines[0][1].turned)
                notes = [note for note in notes if note.lines[0][1].turned]  # nothing of these is cited, so their page may be
            held.lines += group.lines
        elif _note(group, body) and not _note(held, body) and group.lines[0][0] == held.lines[-1][0]:
            notes.append(group)
        else:
            yield held
            yield from notes
            held, notes = group, []
    if held is not None:
        yield held
        yield from notes


def _note(group: _Group, body: float) -> bool:
    """Say whether a group may stand between two parts of a paragraph: a footnote, what runs along the margin."""
    return group.lines[0][1].turned or group.size < 0.93 * body


def _goes_on(group: _Group, after: _Group) -> bool:
    page, last = group.lines[-1]
    following, first = after.lines[0]
    moved = following == page + 1 or (following == page and (first.column != last.column or first.bottom > last.bottom))
    if not moved or group.row or after.row or first.turned or last.turned or abs(first.size - last.size) > 0.05 * last.size:
        return False
    if last.parted:
        return first.text[:1].islower()
    return (
        not _ENDS.search(last.text) and first.text[:1].islower() and last.right > last.column[1] - 0.2 * (last.column[1] - last.column[0])
    )


# --- what they say ----------------------------------------------------------------------------------------------------


def _text(group: _Group, words: Mapping[str, int]) -> tuple[str, list[tuple[int, int]]]:
    """Return the text of a group, and where in it each page begins."""
    pieces: list[str] = []
    begins: list[tuple[int, int]] = []
    length = 0
    for at, (page, line) in enumerate(group.lines):
        said = " | ".join(cell.text for cell in line.cells) if group.row else line.text
        if at and pieces:
            joint = _joint(pieces[-1], said, words) if group.lines[at - 1][1].parted else " "
            if joint is None:
                pieces[-1] = pieces[-1][:-1]
                length -= 1
            elif joint:
                pieces.append(joint)
                length += len(joint)
        if not begins or begins[-1][0] != page:
            begins.append((page, length))
        pieces.append(said)
        length += len(said)
    return "".join(pieces), begins


def _joint(before: str, after: str, words: Mapping[str, int]) -> str | None:
    """Return what stands between a word parted at the end of a line and its rest; None when not even the hyphen does."""
    head = before.rsplit(maxsplit=1)[-1].lower().lstrip("(\"'“‘[")[:-1]
    rest = re.split(r"[^\w'’]", after, maxsplit=1)[0].lower()
    joined, hyphened = words.get(head + rest, 0), words.get(f"{head}-{rest}", 0)
    if joined or hyphened:
        return None if joined >= hyphened else ""
    if not after[:1].islower():
        return "" if after[:1].isalnum() else " "
    return "" if head in _KEPT_PREFIXES or "-" in head else None


# --- headings ---------------------------------------------------------------------------------------------------------


def _level(group: _Group, text: str, *, body: float, sizes: list[int], depths: Mapping[str, int]) -> int | None:
    """Return the depth of a heading; None for what is none."""
    if not _heading_like(group):
        return None
    depth = depths.get(_plain(text))
    if depth is not None:
        return min(depth + bool(sizes), 6)
    larger = group.size >= _LARGER * body
    numbered = _NUMBERED.match(text)
    if numbered and (larger or (_bold(group) and group.size >= 0.95 * body)):
        return min(numbered[0].strip().rstrip(".").count(".") + 2, 6)
    if larger:
        return min(sizes.index(round(group.size)) + 1, 6)
    if _bold(group) and group.size >= 0.95 * body:
        return min(len(sizes) + 1, 6)
    return None


def _heading_like(group: _Group) -> bool:
    if group.row or group.item or group.lines[0][1].turned or len(group.lines) > _HEADING_LINES:
        return False
    text = group.text
    letters = sum(map(str.isalpha, text))
    return letters >= 3 and letters >= 0.5 * len(text.replace(" ", "")) and len(text.split()) <= _HEADING_WORDS and text[-1] not in ".,;:"


def _bold(group: _Group) -> bool:
    return all(line.bold for _, line in group.lines)


def _plain(title: str) -> str:
    """Return a title as it can be found again: without its number, white space and capitals."""
    return re.sub(r"[\W_]+", "", re.sub(r"^[\s0-9A-Z]{0,3}(?:\.[0-9]+)*\.?\s+", "", title)).lower() or re.sub(r"\W+", "", title).lower()

"""Words with places into lines in the order in which people read them: down a column, then down the next.

What stands across the gap between two columns parts the page into an upper and a lower half. Knows nothing of PDF and of paragraphs.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from .columns import band, gap, table_row, tabular
from .pieces import joined, main_size, piece, pieces, rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .columns import Gap
    from .pdfium import Word
    from .pieces import Piece

#: What reaches so many points over the gap between two columns on both sides stands across it.
_ACROSS = 8.0

#: A line that was written in one piece over a gap is parted where the gap is so wide, in ems.
_PARTING = 0.6

#: Columns in columns are looked for no deeper.
_DEEPEST = 5

#: Rows of a table stand no further apart, in ems.
_ROW_DISTANCE = 2.2

#: The columns of a table stand so far apart in each of its rows, in ems.
_CELL_GAP = 0.5

#: The spaces of a stretched line differ by no more than this part.
_EVEN = 0.1


class Cell(NamedTuple):
    """What stands together on a line."""

    text: str
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a column."""

    cells: tuple[Cell, ...]
    """From left to right; most lines have one."""
    bottom: float
    """The lower edge of its largest letters."""
    size: float
    """The size of most of its letters."""
    bold: bool
    parted: bool
    """Whether its last word may go on on the next line."""
    column: tuple[float, float]
    """The left and right edge of the column."""
    turned: bool = False

    @property
    def text(self) -> str:
        """Its words with a space between."""
        return " ".join(cell.text for cell in self.cells)

    @property
    def first(self) -> str:
        """Its first word."""
        return self.cells[0].text.partition(" ")[0]

    @property
    def left(self) -> float:
        """Where it begins."""
        return self.cells[0].left

    @property
    def right(self) -> float:
        """Where it ends."""
        return max(cell.right for cell in self.cells)


def _line(parts: Sequence[Piece], column: tuple[float, float], *, turned: bool = False) -> Line:
    words = [word for part in parts for word in part.words]
    return Line(
        cells=tuple(Cell(_said(part.words), part.left, part.right) for part in parts),
        bottom=max(parts, key=lambda part: part.size).bottom,
        size=main_size(words),
        bold=all(word.bold for word in words),
        parted=words[-1].parted,
        column=column,
        turned=turned,
    )


def _said(words: Sequence[Word]) -> str:
    """Return words with spaces between; a comma that stands close to the word before it was only written apart."""
    said = [words[0].text]
    for before, word in pairwise(words):
        close = word.left - before.right < 0.08 * word.size
        if close and before.parted and said[-1].endswith("-"):  # a hyphen within the line is there for lines that would end at it
            said[-1] = said[-1][:-1]
        said.append(word.text if close and (before.parted or word.text[0] in ",.;:)]!?%") else f" {word.text}")
    return "".join(said)


def lines(words: Sequence[Word]) -> list[Line]:
    """Return the lines of a page in reading order; what runs in another direction comes last."""
    straight = pieces(word for word in words if not word.turned)
    turned = pieces(word for word in words if word.turned)
    return [*_arranged(straight, _DEEPEST), *(_line((part,), (part.left, part.right), turned=True) for part in turned)]


# --- columns ----------------------------------------------------------------------------------------------------------


def _arranged(parts: list[Piece], depth: int) -> list[Line]:
    """Return the lines of a part of a page: column after column where there are some, else from top to bottom."""
    between = gap(parts) if depth else None
    if between is None:
        return _banded(parts, depth)
    parts = [half for part in parts for half in _parted(part, between)]
    middle = between.middle
    if between.of_tables:
        return _halves(parts, middle, depth)
    across, beside = _across(parts, middle)
    arranged: list[Line] = []
    for wide, section in _sections(across, beside, middle):
        arranged += _arranged(section, depth - 1) if wide else _halves(section, middle, depth)
    return arranged


def _sections(across: list[Piece], beside: list[Piece], middle: float) -> list[tuple[bool, list[Piece]]]:
    """Return the parts of a page from top to bottom: those that are columns, and those that are as wide as it."""
    sections: list[tuple[bool, list[Piece]]] = []
    for upper in _stacked(across):
        lowest, highest = min(part.middle for part in upper), max(part.middle for part in upper)
        above = [part for part in beside if part.middle > highest]
        level = [part for part in beside if lowest <= part.middle <= highest]
        beside = [part for part in beside if part.middle < lowest]
        sections += [(tabular(above, middle), above), (True, [*upper, *level])]
    sections.append((tabular(beside, middle), beside))
    merged: list[tuple[bool, list[Piece]]] = []
    for wide, section in sections:
        if merged and section and merged[-1][0] and wide:
            merged[-1][1].extend(section)
        elif section:
            merged.append((wide, section))
    return merged


def _halves(parts: list[Piece], middle: float, depth: int) -> list[Line]:
    left = [part for part in parts if part.left + part.right < 2 * middle]
    right = [part for part in parts if part.left + part.right >= 2 * middle]
    return [*_arranged(left, depth - 1), *_arranged(right, depth - 1)]


def _banded(parts: list[Piece], depth: int) -> list[Line]:
    """Return the lines of a part without columns, but for captions beside each other: first what is on the left, then on the right."""
    arranged: list[Line] = []
    while depth:
        found = band(parts)
        if found is None:
            break
        arranged += [*_rows(found.above), *_halves(found.beside, found.gap.middle, depth)]
        parts = found.below
    return [*arranged, *_rows(parts)]


def _parted(part: Piece, between: Gap) -> list[Piece]:
    """Part two lines of prose that were written in one piece over the gap between their columns, where the whole gap is empty."""
    if not part.left < between.left < between.right < part.right:
        return [part]
    left = [word for word in part.words if word.right <= between.left + 1]
    right = [word for word in part.words if word.left >= between.right - 1]
    if not left or not right or len(left) + len(right) < len(part.words):
        return [part]
    if between.right - between.left < _PARTING * min(left[-1].size, right[0].size):
        return [part]
    halves = [piece(left), piece(right)]
    return halves if any(half.prose for half in halves) else [part]


def _across(parts: list[Piece], middle: float) -> tuple[list[Piece], list[Piece]]:
    """Return what stands across the gap, with the rows of tables that go on from one that does, and what stands beside it."""
    found = rows(parts)
    crossing = [[part for part in row if part.left < middle - _ACROSS and part.right > middle + _ACROSS] for row in found]
    table = [table_row(row, middle) for row in found]
    wide = [bool(across) and tabular for across, tabular in zip(crossing, table, strict=True)]
    for step, order in ((-1, range(1, len(found))), (1, range(len(found) - 2, -1, -1))):
        for at in order:
            if table[at] and wide[at + step] and abs(found[at][0].middle - found[at + step][0].middle) < _ROW_DISTANCE * found[at][0].size:
                wide[at] = True
    across = [part for row, over, whole in zip(found, crossing, wide, strict=True) for part in (row if whole else over)]
    gone = set(map(id, across))
    return across, [part for part in parts if id(part) not in gone]


def _stacked(parts: list[Piece]) -> list[list[Piece]]:
    """Return pieces that stand across, those of neighbouring lines together, from top to bottom."""
    groups: list[list[Piece]] = []
    for part in sorted(parts, key=lambda part: -part.middle):
        if groups and groups[-1][-1].bottom - part.top < 1.5 * part.size:
            groups[-1].append(part)
        else:
            groups.append([part])
    return groups


# --- lines ------------------------------------------------------------------------------------------------------------


def _rows(parts: list[Piece]) -> list[Line]:
    """Return the lines of one column from top to bottom."""
    if not parts:
        return []
    lefts, rights = sorted(part.left for part in parts), sorted(part.right for part in parts)
    column = lefts[len(lefts) // 10], rights[-1 - len(rights) // 10]
    found = _unstretched([tuple(joined(row)) for row in rows(parts)])
    return [_line(row, column) for row in _unpaired(_celled(found))]


def _unstretched(found: list[tuple[Piece, ...]]) -> list[tuple[Piece, ...]]:
    """Put the words of stretched lines together: their spaces are alike, and they end where the line above or below does."""
    done = list(found)
    for at, row in enumerate(found):
        if len(row) < 3 or any(len(part.words) > 1 for part in row) or not all(any(map(str.isalpha, part.words[0].text)) for part in row):
            continue
        spaces = [after.left - before.right for before, after in pairwise(row)]
        beside = [*found[max(0, at - 1) : at], *found[at + 1 : at + 2]]
        fills = any(len(other) == 1 and other[0].prose and abs(other[0].right - row[-1].right) < 2 for other in beside)
        if fills and max(spaces) - min(spaces) < _EVEN * min(spaces):
            done[at] = (piece([word for part in row for word in part.words]),)
    return done


def _celled(found: list[tuple[Piece, ...]]) -> list[tuple[Piece, ...]]:
    """Part the cells of tables that stand closer than words may, where all rows have a space at the same place."""
    done: list[tuple[Piece, ...]] = []
    table: list[tuple[Piece, ...]] = []
    for row in (*found, ()):
        if len(row) > 1:
            table.append(row)
            continue
        done += _cut(table) if len(table) > 2 else table
        table = []
        if row:
            done.append(row)
    return done


def _cut(table: list[tuple[Piece, ...]]) -> list[tuple[Piece, ...]]:
    """Part rows at the strips that are empty in all of them."""
    words = sorted((word.left, word.right) for row in table for part in row for word in part.words)
    least = _CELL_GAP * max(part.size for row in table for part in row)
    cuts: list[float] = []
    reached = words[0][1]
    for left, right in words:
        if left - reached > least:
            cuts.append((left + reached) / 2)
        reached = max(reached, right)
    return [tuple(cell for part in row for cell in _at(part, cuts)) for row in table]


def _at(part: Piece, cuts: list[float]) -> list[Piece]:
    inside = [cut for cut in cuts if part.left < cut < part.right]
    if not inside:
        return [part]
    edges = [part.left - 1, *inside, part.right + 1]
    return [piece([word for word in part.words if low < word.left < high]) for low, high in pairwise(edges)]


def _unpaired(found: list[tuple[Piece, ...]]) -> list[tuple[Piece, ...]]:
    """Read lines that are pairs of prose, as two captions side by side are, first on the left, then on the right."""
    read: list[tuple[Piece, ...]] = []
    left: list[tuple[Piece, ...]] = []
    right: list[tuple[Piece, ...]] = []
    for row in (*found, ()):
        prose = len(row) == 2 and all(part.prose for part in row)
        apart = prose and (not left or max(left[-1][0].right, row[0].right) < min(right[-1][0].left, row[1].left))
        if not apart:
            read += [*left, *right]
            left, right = [], []
        if prose:
            left.append(row[:1])
            right.append(row[1:])
        elif row:
            read.append(row)
    return read

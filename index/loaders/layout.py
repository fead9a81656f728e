"""Words with places into lines in the order in which people read them: down a column, then down the next.

What stands across the gap between two columns parts the page into an upper and a lower half. Knows nothing of PDF and of paragraphs.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .pdfium import Word

#: Words of one line stand no further apart, in ems; cells of a table and columns do.
_WORD_GAP = 1.3

#: Words by which a piece of a line is prose rather than the cell of a table.
_PROSE_WORDS = 4

#: Lines of prose that a column has at least.
_COLUMN_LINES = 4

#: What reaches so many points over the gap between two columns on both sides stands across it.
_ACROSS = 8.0

#: Columns in columns are looked for no deeper.
_DEEPEST = 5


class _Cell(NamedTuple):
    """Words of one line that stand together."""

    words: tuple[Word, ...]
    left: float
    bottom: float
    right: float
    top: float
    size: float

    @property
    def middle(self) -> float:
        """The height at which it stands."""
        return (self.bottom + self.top) / 2


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


def _line(cells: Sequence[_Cell], column: tuple[float, float], *, turned: bool = False) -> Line:
    words = [word for cell in cells for word in cell.words]
    return Line(
        cells=tuple(Cell(_said(cell.words), cell.left, cell.right) for cell in cells),
        bottom=max(cells, key=lambda cell: cell.size).bottom,
        size=_main_size(words),
        bold=all(word.bold for word in words),
        parted=words[-1].parted,
        column=column,
        turned=turned,
    )


def _said(words: Sequence[Word]) -> str:
    """Return words with spaces between; a comma that stands close to the word before it was only written apart."""
    pieces = [words[0].text]
    for before, word in pairwise(words):
        close = word.left - before.right < 0.08 * word.size
        if close and before.parted and pieces[-1].endswith("-"):  # a hyphen within the line is there for lines that would end at it
            pieces[-1] = pieces[-1][:-1]
        pieces.append(word.text if close and (before.parted or word.text[0] in ",.;:)]!?%") else f" {word.text}")
    return "".join(pieces)


def lines(words: Sequence[Word]) -> list[Line]:
    """Return the lines of a page in reading order; what runs in another direction comes last."""
    straight = _cells(word for word in words if not word.turned)
    turned = _cells(word for word in words if word.turned)
    return [*_arranged(straight, _DEEPEST), *(_line((cell,), (cell.left, cell.right), turned=True) for cell in turned)]


def _cells(words: Iterable[Word]) -> list[_Cell]:
    """Put words together that follow each other on one line."""
    cells: list[_Cell] = []
    present: list[Word] = []
    for word in words:
        if present and not _follows(present[-1], word):
            cells.append(_cell(present))
            present = []
        present.append(word)
    return [*cells, _cell(present)] if present else cells


def _cell(words: list[Word]) -> _Cell:
    box = min(word.left for word in words), max(word.right for word in words)
    size = _main_size(words)
    main = [word for word in words if word.size >= 0.8 * size] or words  # a raised figure does not raise the line
    return _Cell(tuple(words), box[0], median(word.bottom for word in main), box[1], median(word.top for word in main), size)


def _follows(word: Word, after: Word) -> bool:
    if after.turned or word.turned:
        return after.turned == word.turned and abs(after.left - word.left) < word.size  # up or down a column of letters
    size = max(word.size, after.size, 1.0)
    common = min(word.top, after.top) - max(word.bottom, after.bottom)
    level = common > 0.4 * min(word.top - word.bottom, after.top - after.bottom)
    return level and -0.5 * size < after.left - word.right < _WORD_GAP * size


def _main_size(words: Sequence[Word]) -> float:
    sizes: dict[float, int] = {}
    for word in words:
        sizes[word.size] = sizes.get(word.size, 0) + len(word.text)
    return max(sizes, key=lambda size: (sizes[size], size)) if len(sizes) > 1 else words[0].size


# --- columns ----------------------------------------------------------------------------------------------------------


def _arranged(cells: list[_Cell], depth: int) -> list[Line]:
    """Return the lines of a part of a page: column after column where there are some, else from top to bottom."""
    gap = _gap(cells) if depth else None
    if gap is None:
        return _rows(cells)
    across = [cell for cell in cells if cell.left < gap - _ACROSS and cell.right > gap + _ACROSS]
    beside = [cell for cell in cells if not (cell.left < gap - _ACROSS and cell.right > gap + _ACROSS)]
    arranged: list[Line] = []
    for upper in _stacked(across):
        lowest = min(cell.middle for cell in upper)
        highest = max(cell.middle for cell in upper)
        above = [cell for cell in beside if cell.middle > highest]
        level = [cell for cell in beside if lowest <= cell.middle <= highest]
        beside = [cell for cell in beside if cell.middle < lowest]
        arranged += [*_halves(above, gap, depth), *_rows([*upper, *level])]
    return [*arranged, *_halves(beside, gap, depth)]


def _halves(cells: list[_Cell], gap: float, depth: int) -> list[Line]:
    left = [cell for cell in cells if cell.left + cell.right < 2 * gap]
    right = [cell for cell in cells if cell.left + cell.right >= 2 * gap]
    return [*_arranged(left, depth - 1), *_arranged(right, depth - 1)]


def _stacked(cells: list[_Cell]) -> list[list[_Cell]]:
    """Return cells that stand across, those of neighbouring lines together, from top to bottom."""
    groups: list[list[_Cell]] = []
    for cell in sorted(cells, key=lambda cell: -cell.middle):
        if groups and groups[-1][-1].bottom - cell.top < 1.5 * cell.size:
            groups[-1].append(cell)
        else:
            groups.append([cell])
    return groups


def _gap(cells: list[_Cell]) -> float | None:
    """Return the place between two columns of prose that the fewest lines cross; None where there are none."""
    prose = [cell for cell in cells if len(cell.words) >= _PROSE_WORDS]
    if len(prose) < 2 * _COLUMN_LINES:
        return None
    left, right = min(cell.left for cell in cells), max(cell.right for cell in cells)
    places = range(int(left + 0.15 * (right - left)), int(left + 0.85 * (right - left)) + 1)
    if not 0 < len(places) < 100_000:
        return None
    crossed = _counted(places, [(cell.left + 1, cell.right - 1) for cell in cells])
    ends = _counted(places, [(cell.right - 1, right + 1) for cell in prose])  # how many have ended by then
    begins = _counted(places, [(left - 1, cell.left + 1) for cell in prose])  # how many have not begun
    fit = [at for at in range(len(places)) if ends[at] >= _COLUMN_LINES and begins[at] >= _COLUMN_LINES]
    if not fit:
        return None
    fewest = min(crossed[at] for at in fit)
    if fewest > max(min(ends[at], begins[at]) for at in fit if crossed[at] == fewest) * 3:
        return None
    best = max(_runs([at for at in fit if crossed[at] == fewest]), key=lambda run: (run[1] - run[0], -abs(run[0] + run[1] - len(places))))
    gap = places[0] + (best[0] + best[1]) / 2
    return gap if _side_by_side(prose, gap) else None


def _counted(places: range, stretches: list[tuple[float, float]]) -> list[int]:
    """Count for each place the stretches that hold it."""
    changes = [0] * (len(places) + 1)
    for begin, end in stretches:
        first, last = max(0, int(begin) - places[0] + 1), min(len(places), int(end) - places[0] + 1)
        if first < last:
            changes[first] += 1
            changes[last] -= 1
    counts, now = [], 0
    for change in changes[:-1]:
        now += change
        counts.append(now)
    return counts


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    """Return the first and last of each run of neighbouring numbers."""
    begins = [numbers[0], *(after for before, after in pairwise(numbers) if after != before + 1)]
    ends = [*(before for before, after in pairwise(numbers) if after != before + 1), numbers[-1]]
    return list(zip(begins, ends, strict=True))


def _side_by_side(prose: list[_Cell], gap: float) -> bool:
    """Say whether there is prose on both sides at the same heights, rather than one below the other."""
    left = [cell for cell in prose if cell.right <= gap + 1]
    right = [cell for cell in prose if cell.left >= gap - 1]
    low = max(min(cell.bottom for cell in left), min(cell.bottom for cell in right))
    high = min(max(cell.top for cell in left), max(cell.top for cell in right))
    return sum(low <= cell.middle <= high for cell in left) >= 3 <= sum(low <= cell.middle <= high for cell in right)


# --- lines ------------------------------------------------------------------------------------------------------------


def _rows(cells: list[_Cell]) -> list[Line]:
    """Return the lines of one column from top to bottom."""
    if not cells:
        return []
    rows: list[list[_Cell]] = []
    for cell in sorted(cells, key=lambda cell: (-cell.middle, cell.left)):
        if rows and _level(rows[-1], cell):
            rows[-1].append(cell)
        else:
            rows.append([cell])
    lefts, rights = sorted(cell.left for cell in cells), sorted(cell.right for cell in cells)
    column = lefts[len(lefts) // 10], rights[-1 - len(rights) // 10]
    return [_line(cells, column) for cells in _unpaired([tuple(_joined(row)) for row in rows])]


def _unpaired(rows: list[tuple[_Cell, ...]]) -> list[tuple[_Cell, ...]]:
    """Read lines that are pairs of prose, as two captions side by side are, first on the left, then on the right."""
    read: list[tuple[_Cell, ...]] = []
    left: list[tuple[_Cell, ...]] = []
    right: list[tuple[_Cell, ...]] = []
    for row in (*rows, ()):
        prose = len(row) == 2 and all(len(cell.words) >= _PROSE_WORDS for cell in row)
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


def _level(row: list[_Cell], cell: _Cell) -> bool:
    main = max(row, key=lambda other: (other.size, len(other.words)))
    common = min(main.top, cell.top) - max(main.bottom, cell.bottom)
    return common > 0.5 * min(main.top - main.bottom, cell.top - cell.bottom)


def _joined(row: list[_Cell]) -> list[_Cell]:
    """Put cells of a line together that were written apart but stand close."""
    joined: list[_Cell] = []
    for cell in sorted(row, key=lambda cell: cell.left):
        if joined and cell.left - joined[-1].right < _WORD_GAP * max(cell.size, joined[-1].size, 1.0):
            joined[-1] = _cell([*joined[-1].words, *cell.words])
        else:
            joined.append(cell)
    return joined

"""Rows of cells as lines that can be read one at a time: `Name: Ann | City: Rome`.

Blank rows part tables. A table's first row of several words is taken for its header when all of them differ, none is a figure (but for
years in order) and a row follows; a later one only where it is wider than all rows above it, which then stand before the table. Each row
below names its cells by it, so that a single line says what it means. Rows behind a blank one that have no header of their own, and whose
cells are of the kinds of those above (words, figures), go by the header above. What stands alone in its row is a line of its own there.
Knows nothing of files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..article import MAX_CHARACTERS
from ..errors import ArticleError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .blocks import Blocks

#: A column's name is no longer.
_LONGEST_NAME = 100

#: Rows of a table by which the kinds of its cells are known.
_LEARNED = 100


def write_rows(rows: Iterable[Sequence[str]], blocks: Blocks) -> tuple[str, ...]:
    """Write the rows, and return the header of the first table that has one.

    Raises:
        ArticleError: They make more text than an article may have.
    """
    first: tuple[str, ...] = ()
    written = 0
    above: _Header | None = None
    for table in _tables(rows):
        header: _Header | None = None
        widest = 1
        within = False
        for cells, following in _with_next(table):
            width = sum(map(bool, cells))
            if header is None and following and width > widest and _is_header(cells, following):
                header = above = _Header(cells)
                first = first or tuple(cell for cell in cells if cell)
                continue
            widest = max(widest, width)
            if header is not None:
                header.learn(cells)
            line = _line(cells, header.names if header else above.names if above and above.fits(cells) else ())
            written += len(line) + 1
            if written > MAX_CHARACTERS:
                raise ArticleError(f"too long: more than {MAX_CHARACTERS:,} characters of rows; split the table")
            blocks.add(line, adjoining=within)
            within = True
    return first


def in_row(cells: Iterable[str]) -> str:
    """Return the cells of a row as one line. An empty one before others keeps its place, and they theirs."""
    held = list(cells)
    if sum(map(bool, held)) < 2:
        return "".join(held)
    return " | ".join(_trimmed(held)).strip()


class _Header:
    """The names of a table's columns, and of what kinds their cells are: words or figures."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._kinds: list[set[bool]] = [set() for _ in names]
        self._learned = 0

    def learn(self, cells: Sequence[str]) -> None:
        """Note the kinds of the cells of a row, of which the first tell enough."""
        if self._learned < _LEARNED:
            self._learned += 1
            for kinds, cell in zip(self._kinds, cells, strict=False):
                if cell:
                    kinds.add(_has_letters(cell))

    def fits(self, cells: Sequence[str]) -> bool:
        """Say whether a row that stands apart can be one of this table."""
        held = [(place, cell) for place, cell in enumerate(cells) if cell]
        return len(held) > 1 and held[-1][0] < len(self._kinds) and all(_has_letters(cell) in self._kinds[place] for place, cell in held)


def _tables(rows: Iterable[Sequence[str]]) -> Iterator[Iterator[list[str]]]:
    """Yield the rows of each table, without white space around what their cells hold; each is to be read to its end."""
    cleaned = ([" ".join(cell.split()) for cell in row] for row in rows)

    def table(begun: list[str]) -> Iterator[list[str]]:
        yield begun
        for row in cleaned:
            if not any(row):
                return
            yield row

    for row in cleaned:
        if any(row):
            yield table(row)


def _with_next(rows: Iterator[list[str]]) -> Iterator[tuple[list[str], list[str]]]:
    """Yield each row and the one that follows it, an empty one behind the last."""
    row = next(rows, None)
    while row is not None:
        following = next(rows, None)
        yield row, following or []
        row = following


def _is_header(cells: Sequence[str], following: Sequence[str]) -> bool:
    names = [cell for cell in cells if cell]
    if len(names) < 2 or len(set(names)) < len(names) or any(len(name) > _LONGEST_NAME for name in names):
        return False
    if len(names) == 2 and len(_trimmed(following)) > len(_trimmed(cells)) and all(_has_letters(cell) for cell in following if cell):
        return False  # what stands above a table: `Author | Ann`, and then the header
    figures = [place for place, cell in enumerate(cells) if cell and not _has_letters(cell)]
    return not figures or _are_years(cells, figures, following)


def _are_years(cells: Sequence[str], figures: Sequence[int], following: Sequence[str]) -> bool:
    """Say whether those names of columns that are figures are years in order, and the row below is none of years itself."""
    years = [cells[place] for place in figures]
    if len(years) < 2 or 0 in figures or not all(map(_is_year, years)) or years not in (sorted(years), sorted(years, reverse=True)):
        return False
    return not any(_is_year(following[place]) for place in figures if place < len(following))


def _is_year(cell: str) -> bool:
    return len(cell) == 4 and cell.isascii() and cell.isdigit() and cell[:2] in ("18", "19", "20")


def _has_letters(cell: str) -> bool:
    return any(map(str.isalpha, cell))


def _trimmed(cells: Sequence[str]) -> Sequence[str]:
    """Return a row without the empty cells at its end."""
    return cells[: max((place for place, cell in enumerate(cells, 1) if cell), default=0)]


def _line(cells: Sequence[str], header: Sequence[str]) -> str:
    """Return a row, each cell behind its name where it has one."""
    named = zip(cells, (*header, *("",) * len(cells)), strict=False)
    return " | ".join(f"{name}: {cell}" if name else cell for cell, name in named if cell)

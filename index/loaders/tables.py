"""Rows of cells as lines that can be read one at a time: `Name: Ann | City: Rome`.

Blank rows part tables. A table's first row of several words is taken for its header when all of them differ, none is a figure and a
row follows; each row below then names its cells by it, so that a single line says what it means. What stands alone in its
row is a line of its own. Knows nothing of files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..article import MAX_CHARACTERS
from ..errors import ArticleError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .blocks import Blocks


def write_rows(rows: Iterable[Sequence[str]], blocks: Blocks) -> tuple[str, ...]:
    """Write the rows, and return the header of the first table that has one.

    Raises:
        ArticleError: They make more text than an article may have.
    """
    first: tuple[str, ...] = ()
    written = 0
    for table in _tables(rows):
        header: tuple[str, ...] | None = None
        within = False
        for cells, follows in _with_next(table):
            if header is None and follows and _is_header(cells):
                header = tuple(cells)
                first = first or tuple(cell for cell in cells if cell)
                continue
            line = _line(cells, header or ())
            written += len(line) + 1
            if written > MAX_CHARACTERS:
                raise ArticleError(f"too long: more than {MAX_CHARACTERS:,} characters of rows; split the table")
            blocks.add(line, adjoining=within)
            within = True
    return first


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


def _with_next(rows: Iterator[list[str]]) -> Iterator[tuple[list[str], bool]]:
    """Yield each row and whether another follows it."""
    row = next(rows, None)
    while row is not None:
        following = next(rows, None)
        yield row, following is not None
        row = following


def _is_header(cells: Sequence[str]) -> bool:
    names = [cell for cell in cells if cell]
    return len(names) > 1 and len(set(names)) == len(names) and all(any(c.isalpha() for c in name) and len(name) <= 100 for name in names)


def _line(cells: Sequence[str], header: Sequence[str]) -> str:
    """Return a row, each cell behind its name where it has one."""
    named = zip(cells, (*header, *("",) * len(cells)), strict=False)
    return " | ".join(f"{name}: {cell}" if name else cell for cell, name in named if cell)

"""Excel files (.xlsx): each sheet under its name, row by row; or, where a sheet is a table of articles, one article a row.

Cells are read as they were last reckoned; formulas are never run. Left out are hidden sheets, comments, charts and how a number is shown.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import ArticleError
from .blocks import Blocks
from .decode import read_bytes
from .interface import BrokenRow, Draft, Row
from .members import Members
from .office_open import Package
from .rows import draft_of, text_key
from .tables import write_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

#: A sheet is held as one rectangle from its first cell to its last, at 32 bytes a cell; the memory limit of the process would end it.
MAX_CELLS = 4_000_000

#: The markup of one sheet, unpacked.
_SHEET_BYTES = 200_000_000

#: A cell and where it says that it stands, in every way that the library understands.
_CELL = re.compile(rb"""<(?:\w+:)?c\s[^<>]{0,2000}?(?<=[\s"'])r\s*=\s*["']\s*([A-Za-z]{1,3})([0-9]{1,10})\s*["']""")


class XlsxLoader:
    """Reads `.xlsx` files, and templates and files with macros of the same kind; macros are never looked at."""

    name = "Excel"
    suffixes = (".xlsx", ".xlsm", ".xltx")
    max_bytes = 100_000_000
    contained = True

    def recognises(self, head: bytes, suffix: str) -> bool:
        """Take packages that are named as such files; what is in a package is told by its members."""
        return head.startswith(b"PK") and suffix in self.suffixes

    def load(self, stream: BinaryIO) -> Iterator[Draft | BrokenRow]:
        """Yield the workbook as one draft, or what each row is of sheets whose first row names a column `text`."""
        members = Members(stream)
        package = Package(members, "xl/workbook.xml")
        for part in package.related(package.main, "worksheet"):
            _require_dense(members.read(part, _SHEET_BYTES))
        stream.seek(0)
        sheets = list(_sheets(read_bytes(stream, self.max_bytes)))
        if sheets and _columns(sheets[0][2]) is not None:
            yield from _articles(sheets)
            return
        blocks = Blocks()
        for name, _, rows in sheets:
            if any(_shown(cell).strip() for row in rows for cell in row):
                blocks.add(name, level=1)
                write_rows(([_shown(cell) for cell in row] for row in rows), blocks)
        if not blocks.text:
            raise ArticleError("no text: the sheets are empty, or hold only pictures and charts")
        stated = package.properties()
        yield Draft(
            text=blocks.text,
            title=stated.title,
            authors=stated.authors,
            published=stated.created,
            updated=stated.modified,
            language=stated.language,
            headings=blocks.headings,
        )


def _require_dense(sheet: bytes) -> None:
    """Refuse a sheet whose first and last cells are too far apart.

    Raises:
        ArticleError: They are.
    """
    rows, columns = [], set()
    for cell in _CELL.finditer(sheet):
        rows.append(int(cell[2]))
        columns.add(cell[1].upper())
    if not rows:
        return
    height = max(rows) - min(rows) + 1
    width = max(map(_number, columns)) - min(map(_number, columns)) + 1
    if height * width > MAX_CELLS:
        raise ArticleError(
            f"too large: a sheet spans {height:,} rows and {width:,} columns, at most {MAX_CELLS:,} cells are read; "
            "delete what stands far from the rest, or split it"
        )


def _number(column: bytes) -> int:
    number = 0
    for letter in column:
        number = number * 26 + letter - 64
    return number


def _sheets(data: bytes) -> Iterator[tuple[str, int, list[list[Any]]]]:
    """Yield each visible sheet: its name, the number of its first row, and its rows from there on.

    Raises:
        ArticleError: The library cannot read it.
    """
    import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        for sheet in book.sheets_metadata:
            if sheet.visible == calamine.SheetVisibleEnum.Visible and sheet.typ == calamine.SheetTypeEnum.WorkSheet:
                opened = book.get_sheet_by_name(sheet.name)
                yield sheet.name, (opened.start or (0, 0))[0] + 1, list(opened.iter_rows())
    except calamine.PasswordError as exc:
        raise ArticleError("encrypted: it can be read only with a password; save the file without one") from exc
    except (calamine.CalamineError, ValueError, OverflowError) as exc:
        raise ArticleError(f"the workbook is damaged: {str(exc)[:200]}") from exc
    except BaseException as exc:
        if type(exc).__name__ != "PanicException":  # the library's own, of no class that could be imported
            raise
        raise ArticleError("the workbook is damaged: the library gave up on it") from exc


def _columns(rows: list[list[Any]]) -> list[str] | None:
    """Return the names of the columns where the rows are articles; None where they are not."""
    if len(rows) < 2:
        return None
    names = [_shown(cell) for cell in rows[0]]
    named = [name for name in names if name]
    return names if len(named) > 1 and len(set(named)) == len(named) and text_key(named) is not None else None


def _articles(sheets: list[tuple[str, int, list[list[Any]]]]) -> Iterator[Draft | BrokenRow]:
    """Yield what each row is below the names of the columns; rows are counted on from sheet to sheet."""
    before = 0
    for name, start, rows in sheets:
        columns = _columns(rows)
        for number, cells in enumerate(rows, before + start):
            if columns is None or number == before + start or not any(cell not in ("", None) for cell in cells):
                continue
            row = Row("row", number)
            fields = {key: _plain(cell) for key, cell in zip(columns, cells, strict=False) if key}
            try:
                draft = draft_of(fields, row)
            except ArticleError as exc:
                yield BrokenRow(row, str(exc))
            else:
                yield replace(draft, metadata={**draft.metadata, "sheet": name})
        before += start + len(rows) - 1


def _plain(cell: Any) -> Any:
    """Return a cell as a field: a number without a fraction is whole."""
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    return cell if isinstance(cell, str | dt.date) else _shown(cell)


def _shown(cell: Any) -> str:
    """Return what stands in a cell: figures to the fifteen digits that are kept, dates by ISO 8601."""
    match cell:
        case bool():
            return "TRUE" if cell else "FALSE"
        case int() | float():
            return f"{cell:.15g}"
        case dt.datetime():
            return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(" ", "minutes")
        case dt.date() | dt.time():
            return cell.isoformat()
        case _:
            return str(cell)

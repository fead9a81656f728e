"""Tables: where a header names a column `text`, one article a row, read row by row; any other table is one article of readable rows.

The rows of the latter name their cells by the header, if there is one: `Name: Ann | City: Rome`.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from ..article import MAX_CHARACTERS
from ..errors import ArticleError
from .blocks import Blocks
from .decode import decoded_as, encoding_of
from .interface import BrokenRow, Draft, Row
from .rows import draft_of, text_key
from .sniff import foreign
from .tables import write_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_DELIMITERS = (",", ";", "\t", "|")

#: How many rows say what parts their cells.
_SAMPLED_ROWS = 50

#: A header has at most this many characters.
_MAX_HEADER = 50_000


class CsvLoader:
    """Reads `.csv` files; cells stand apart by commas, semicolons, tabs or bars."""

    name = "CSV"
    suffixes = (".csv", ".tsv")
    max_bytes = None
    contained = False

    def recognises(self, head: bytes, suffix: str) -> bool:
        """Take what is named as a table and is not binary."""
        return suffix in self.suffixes and foreign(head) is None

    def load(self, stream: BinaryIO) -> Iterator[Draft | BrokenRow]:
        """Yield what each row is that is not blank, or all of them as one draft."""
        csv.field_size_limit(max(csv.field_size_limit(), MAX_CHARACTERS + 1))  # the limit is the process's; it only grows
        encoding = encoding_of(stream)
        stream.seek(0)
        text = io.TextIOWrapper(stream, encoding, newline="")
        try:
            for draft in _drafts(text):
                yield draft if isinstance(draft, BrokenRow) else replace(draft, metadata={**draft.metadata, **decoded_as(encoding)})
        finally:
            with suppress(ValueError):  # closed by now
                text.detach()  # else it would close the stream, which is the caller's


def _drafts(stream: io.TextIOWrapper) -> Iterator[Draft | BrokenRow]:
    header = _header(stream)
    stream.seek(0)
    if header is None:
        yield _whole(stream)
        return
    delimiter, columns = header
    for row, cells in _rows(stream, delimiter):
        try:
            yield draft_of(_fields(columns, cells), row)
        except ArticleError as exc:
            yield BrokenRow(row, str(exc))


def _header(stream: io.TextIOWrapper) -> tuple[str, list[str]] | None:
    """Return the delimiter and the columns that it gives, the first delimiter by which one of them is the text; None where none is.

    The name of a column may run over several lines.
    """
    head = stream.read(_MAX_HEADER)
    for delimiter in _DELIMITERS:
        columns = next(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter), [])
        if text_key(columns) is not None:
            return delimiter, _distinct(columns)
    return None


def _whole(stream: io.TextIOWrapper) -> Draft:
    """Return the table as one draft, named after its columns where it names them.

    Raises:
        ArticleError: It is too long for an article, or a cell does not end.
    """
    head = stream.read(_MAX_HEADER)
    stream.seek(0)
    blocks = Blocks()
    try:
        header = write_rows(csv.reader(_lines(stream), delimiter=_delimiter(head)), blocks)
    except csv.Error as exc:
        raise ArticleError(f"the rows cannot be read: {exc}; is a quote left open?") from exc
    return Draft(text=blocks.text, title=", ".join(header) or None)


def _delimiter(head: str) -> str:
    """Return the delimiter by which the most rows have as many cells as most rows have."""

    def agreeing(delimiter: str) -> int:
        lines = head.splitlines(keepends=True)[:_SAMPLED_ROWS]
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if row)
        return max((count for width, count in widths.items() if width > 1), default=0)

    return max(_DELIMITERS, key=agreeing)


def _distinct(columns: list[str]) -> list[str]:
    """Number the further columns of one name, so that no cell takes the place of another: `note`, `note 2`."""
    last: dict[str, int] = {}
    taken: set[str] = set()
    distinct = []
    for name in columns:
        kept, number = name, last.get(name, 1)
        while kept in taken:
            number += 1
            kept = f"{name} {number}"
        last[name] = number
        taken.add(kept)
        distinct.append(kept)
    return distinct


def _rows(stream: io.TextIOWrapper, delimiter: str) -> Iterator[tuple[Row, list[str]]]:
    """Yield the rows below the header, each with the line on which it begins.

    Raises:
        ArticleError: A cell does not end; what follows it cannot be told apart.
    """
    reader = csv.reader(_lines(stream), delimiter=delimiter)
    begins = 1
    try:
        for cells in reader:
            if begins > 1 and any(cell.strip() for cell in cells):
                yield Row("line", begins), cells
            begins = reader.line_num + 1
    except csv.Error as exc:
        raise ArticleError(f"the rows from line {begins} on cannot be read: {exc}; is a quote left open there?") from exc


def _lines(stream: io.TextIOWrapper) -> Iterator[str]:
    while line := stream.readline(MAX_CHARACTERS):
        if len(line) == MAX_CHARACTERS:
            raise ArticleError(f"expected lines of fewer than {MAX_CHARACTERS:,} characters, found a longer one")
        yield line


def _fields(columns: list[str], cells: list[str]) -> dict[str, object]:
    """Put the cells under their columns.

    Raises:
        ArticleError: There are more cells than columns: a cell was not quoted, and the rest would stand in the wrong place.
    """
    if len(cells) > len(columns):
        raise ArticleError(f"expected {len(columns)} cells, found {len(cells)}; a cell that holds the delimiter needs quotes")
    return dict(zip(columns, cells, strict=False))

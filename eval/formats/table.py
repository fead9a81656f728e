"""Tables of questions: a line of headings, then one question a row; cells stand apart by commas, semicolons, tabs or bars."""

from __future__ import annotations

import csv
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from .interface import Loaded
from .own import example_of
from .probe import Shape
from .reading import MAX_LINE_BYTES, Place, kind, text_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..dataset import Example
    from .probe import Probe

_DELIMITERS = (",", ";", "\t", "|")

_FLAGS = {**dict.fromkeys(("true", "yes", "y", "1"), True), **dict.fromkeys(("false", "no", "n", "0"), False)}

#: What stands between several answers of one cell.
_BETWEEN = " | "


class Table:
    """A CSV or TSV file with headings, one of which is `question`."""

    name = "CSV with headings"

    def recognises(self, probe: Probe) -> bool:
        """Take a text whose first line has a cell `question`."""
        return probe.shape is Shape.TEXT and bool(probe.text) and _delimiter(probe.text[0]) is not None

    def load(self, probe: Probe) -> Loaded:
        """Read each row that is not blank."""
        return Loaded(self.name, _examples(probe.path, _delimiter(probe.text[0]) or ","))


def _delimiter(line: str) -> str | None:
    return next((one for one in _DELIMITERS if "question" in (cell.strip(' "').lower() for cell in line.split(one))), None)


def _examples(file: Path, delimiter: str) -> Iterator[tuple[Place, Example]]:
    headings: list[str] = []
    for place, cells in _rows(file, delimiter):
        if not headings:
            headings = _headings(place, cells)
        elif len(cells) > len(headings):
            hint = "a cell that holds the delimiter needs quotes"
            raise place.fault(f"{len(headings)} cells, as there are headings", f"{len(cells)}; {hint}")
        else:
            yield place, example_of(place, _translated(place, headings, cells))


def _rows(file: Path, delimiter: str) -> Iterator[tuple[Place, list[str]]]:
    """Yield the rows that are not blank, each with the line on which it begins."""
    csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE_BYTES))  # the limit is the process's; it only grows
    reader = csv.reader((line for _, line in text_lines(file)), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield Place(file, "line", begins), cells
            begins = reader.line_num + 1
    except csv.Error as error:
        raise Place(file, "line", begins).fault("a row of cells", f"{error}; is a quote left open there?") from error


def _headings(place: Place, cells: list[str]) -> list[str]:
    """Return the headings; ours in lower case, and one that is blank by its place.

    Raises:
        AssayError: Two are the same, so that one cell would take the place of the other.
    """
    names = [cell.strip() or f"column {number}" for number, cell in enumerate(cells, 1)]
    names = [name.lower() if name.lower() in _OURS else name for name in names]
    for name, count in Counter(names).items():
        if count > 1:
            raise place.fault("each heading once", f"{kind(name)} twice")
    return names


#: The headings that are ours; others are metadata.
_OURS = frozenset("id question answer answers article article_id quote start end answerable type rewrite".split())


def _translated(place: Place, headings: list[str], cells: list[str]) -> dict[str, Any]:
    filled = {name: cell for name, cell in zip(headings, cells, strict=False) if cell.strip()}
    ours: dict[str, Any] = {name: filled[name].strip() for name in ("id", "type", "rewrite") if name in filled}
    evidence = {
        name: value
        for name, value in {
            "article_id": _one_of(place, filled, "article", "article_id"),
            "quote": filled.get("quote"),
            "start": _number(place, filled, "start"),
            "end": _number(place, filled, "end"),
        }.items()
        if value is not None
    }
    row: dict[str, Any] = {
        **ours,
        "question": filled.get("question"),
        "answers": _answers(_one_of(place, filled, "answer", "answers")),
        "evidence": [evidence] if evidence else [],
        "metadata": {name: cell for name, cell in filled.items() if name not in _OURS},
    }
    if "answerable" in filled:
        row["answerable"] = _FLAGS.get(filled["answerable"].strip().lower())
        if row["answerable"] is None:
            raise place.fault("'answerable' as true or false", kind(filled["answerable"]))
    return row


def _one_of(place: Place, filled: dict[str, str], first: str, second: str) -> str | None:
    if first in filled and second in filled:
        raise place.fault(f"{first!r} or {second!r}", "both")
    value = filled.get(first, filled.get(second))
    return value.strip() if value is not None else None


def _number(place: Place, filled: dict[str, str], name: str) -> int | None:
    value = filled[name].strip() if name in filled else None
    if value is not None and not (value.isascii() and value.isdigit() and len(value) < 10):
        raise place.fault(f"{name!r} as a whole number", kind(value))
    return None if value is None else int(value)


def _answers(cell: str | None) -> list[str]:
    """Return the answers of a cell: a JSON list of strings, or one or more with bars between them."""
    if cell is None:
        return []
    if cell.startswith("["):
        try:
            listed = json.loads(cell)
        except (ValueError, RecursionError):
            listed = None
        if isinstance(listed, list) and all(isinstance(answer, str) for answer in listed):
            return listed
    return [answer.strip() for answer in cell.split(_BETWEEN) if answer.strip()]

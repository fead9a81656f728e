"""What lies at a path, as far as formats are told apart by it: a folder, rows, one JSON object, or lines of text.

Reads no further than it must. Knows nothing of formats.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from enum import Enum, auto
from itertools import islice
from typing import TYPE_CHECKING, Any

from index import AssayError

from .reading import WHOLE, Place, as_object, document, head, json_object, lines, rows, shown, text_lines, too_long

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: As many rows or lines are looked at.
_SAMPLE = 100

_LINE_SUFFIXES = (".jsonl", ".ndjson")


class Shape(Enum):
    """What a path leads to."""

    FOLDER = auto()
    PREFIX = auto()
    """Nothing itself, but files beside it begin with its name: `squad2` for `squad2.queries.jsonl`."""
    ROWS = auto()
    """JSON objects, one a line or in a list."""
    OBJECT = auto()
    """One JSON object."""
    TEXT = auto()


@dataclass(frozen=True, slots=True)
class Probe:
    """What lies at `path`, by its content."""

    path: Path
    shape: Shape
    sample: tuple[dict[str, Any], ...] = ()
    """The first rows, of ROWS."""
    value: Any = None
    """The object, of OBJECT; the list, of ROWS that stand in one."""
    text: tuple[str, ...] = ()
    """The first lines that are not blank, without their ends, of TEXT."""

    def rows(self) -> Iterator[tuple[Place, dict[str, Any]]]:
        """Yield all rows, of ROWS; raises AssayError at one that is no JSON object."""
        if self.value is None:
            yield from rows(self.path)
            return
        for number, item in enumerate(self.value, 1):
            place = Place(self.path, "item", number)
            yield place, as_object(place, item)

    def found(self) -> str:
        """Say what lies there, for people whose set was not recognised."""
        if self.shape is Shape.TEXT:
            return f"text that begins {self.text[0][:60]!r}" if self.text else "an empty file"
        if self.shape in (Shape.ROWS, Shape.OBJECT):
            keys = list(self.value if self.shape is Shape.OBJECT else next(iter(self.sample), ()))[:8]
            return f"JSON with the keys {', '.join(repr(str(key)[:40]) for key in keys)}" if keys else "JSON without keys"
        return "a folder of other files" if self.shape is Shape.FOLDER else "other files"


def named(folder: Path, name: str) -> Path | None:
    """Return the file `name`, packed or not, in `folder`; the packed one where both are there."""
    return next((file for file in (folder / f"{name}.gz", folder / name) if file.is_file()), None)


def stem(path: Path) -> str:
    """Return a file's name without what says only how it is written: `news.jsonl.gz` → `news`."""
    name = path.name.removesuffix(".gz")
    return name.rpartition(".")[0] or name


def probe(path: Path) -> Probe:
    """Look at what lies at `path`; raises AssayError when nothing does, or nothing that could be read."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        if path.name and named(path.parent, f"{path.name}.queries.jsonl"):
            return Probe(path, Shape.PREFIX)
        raise AssayError(f"expected a question set, found nothing at {shown(path)}; give a file, a folder, or the word seeds") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise AssayError(f"expected a path that can be read, found {shown(path)[:200]}: {reason}") from error
    return Probe(path, Shape.FOLDER) if stat.S_ISDIR(mode) else _file(path)


def _file(path: Path) -> Probe:
    opening = head(path).lstrip()[:1]
    if opening == b"[":
        return _listed(path, document(path))
    if opening == b"{":
        first = _first_row(path)
        if first is None or _is_document(first):
            value = first if first is not None and _alone(path) else document(path)
            return Probe(path, Shape.OBJECT, value=as_object(Place(path, WHOLE), value))
        return Probe(path, Shape.ROWS, tuple(row for _, row in islice(rows(path), _SAMPLE)))
    return Probe(path, Shape.TEXT, text=tuple(islice(_worded(path), _SAMPLE)))


def _listed(path: Path, value: object) -> Probe:
    items = value if isinstance(value, list) else [value]
    return Probe(path, Shape.ROWS, tuple(item for item in items[:_SAMPLE] if isinstance(item, dict)), items)


def _first_row(path: Path) -> dict[str, Any] | None:
    """Return the object on the first line that is not blank; None when it runs on, as objects that are laid out do."""
    place, line = next((place, line) for place, line in lines(path) if line is None or line.strip())
    by_name = path.name.lower().removesuffix(".gz").endswith(_LINE_SUFFIXES)  # one row a line: what is wrong is wrong with the row
    if line is None:
        if by_name:
            raise too_long(place)
        return None
    try:
        return json_object(place, line)
    except AssayError:
        if by_name:
            raise
        return None


def _is_document(row: dict[str, Any]) -> bool:
    data = row.get("data")
    return isinstance(data, list) and any(isinstance(entry, dict) and "paragraphs" in entry for entry in data)


def _alone(path: Path) -> bool:
    """Say whether there is but one line that is not blank."""
    return len(list(islice((line for _, line in lines(path) if line is None or line.strip()), 2))) == 1


def _worded(path: Path) -> Iterator[str]:
    return (line.rstrip("\r\n") for _, line in text_lines(path) if line.strip())

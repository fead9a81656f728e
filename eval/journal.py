"""The folder of a run: what it is of, its rows as they come, its grades at the end.

A row is acknowledged when it is written; an interrupted run goes on behind the last whole one. Knows nothing of questions or grades.
"""

from __future__ import annotations

import fcntl
import hashlib
import itertools
import json
import os
import re
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from index import AssayError, replaced

from .grades import GRADES, Grades
from .run import Row, Run, check_about
from .text import clipped, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ABOUT, ROWS = "run.json", "rows.jsonl"

#: What a process that was killed may leave of a file that was not whole yet.
_UNFINISHED = ".partial"

#: What says nothing of what was run on what.
_INCIDENTAL = ("date", "command")


class Journal:
    """A run that is being written. One process writes at a time."""

    def __init__(self, folder: Path, about: Mapping[str, Any], rows: BinaryIO) -> None:
        """Join what `begin` made."""
        self.folder = folder
        self.about = about
        self._rows = rows

    @cached_property
    def done(self) -> dict[str, Row]:
        """Return the rows that are there already, by id; read when first asked for, since who only finishes a run has them."""
        return _whole_rows(self._rows, self.folder / ROWS)

    def append(self, row: Row) -> None:
        """Write a row; when this returns it is kept whatever becomes of the process."""
        done = self.done  # first: an unfinished tail is cut off before anything stands behind it
        self._rows.write(_line(row.to_json()))
        self._rows.flush()
        done[row.id] = row

    def finish(self, grades: Grades) -> None:
        """Write the grades, whole or not at all: from now on the run is finished."""
        os.fsync(self._rows.fileno())
        files = {name: _checksum(self.folder / name) for name in (ABOUT, ROWS)}
        _write(self.folder / GRADES, json.dumps({**grades.to_json(), "files": files}, ensure_ascii=False))


@contextmanager
def begun(folder: Path, about: Mapping[str, Any]) -> Iterator[Journal]:
    """Begin a run in `folder`, or take up the unfinished one there that is of the same; raises `AssayError` when it holds another."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        known = _about(folder)
        if known is not None:
            _check_same(folder, known, about)
        else:
            _expect_empty(folder)
            _write(folder / ABOUT, json.dumps(dict(about), ensure_ascii=False, indent=1))
        with (folder / ROWS).open("a+b") as rows:
            _lock(rows, folder)
            yield Journal(folder, known or about, rows)
    except (OSError, ValueError) as error:
        if isinstance(error, AssayError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise AssayError(f"expected a folder to write a run to, found {folder}: {reason}; choose another --out") from error


def finished(folder: Path) -> bool:
    """Say whether the run in `folder` is finished."""
    return (folder / GRADES).exists()


def of_the_same(folder: Path, about: Mapping[str, Any]) -> bool:
    """Say whether `folder` holds a run, finished or not, of the same set by the same system over the same index."""
    known = _about(folder)
    return known is not None and _plan(known) == _plan(about)


def free_folder(parent: Path, name: str, about: Mapping[str, Any]) -> Path:
    """Return where a run goes that was given no folder: the interrupted one of the same, else the first free of `name`, `name-2` and so on.

    Of `name` only letters, digits, dots and dashes are taken: it may be that of a file.
    """
    words = re.sub(r"[^\w.-]+", "-", name)[:60].strip(".-") or "run"
    for number in itertools.count(1):
        folder = parent / (words if number == 1 else f"{words}-{number}")
        if not folder.exists() or (of_the_same(folder, about) and not finished(folder)):
            return folder
    raise AssertionError  # the loop has no end


def about_run(folder: Path) -> dict[str, Any]:
    """Read what a finished run is of; raises `AssayError` where there is none, or what is there is no run."""
    about = _about(folder)
    if about is None:
        raise AssayError(f"expected the folder of a run, found none at {folder}; make one with `assay eval run`")
    if not finished(folder):
        raise AssayError(f"expected a finished run in {folder}, found an interrupted one; the command that began it goes on with it")
    try:
        check_about(about)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _no_rows(folder, error) from error
    return about


def load_run(folder: str | Path) -> Run:
    """Read a finished run; raises `AssayError` where there is none, or what is there is no run."""
    folder = Path(folder)
    about = about_run(folder)
    try:
        _check_whole(folder)
        rows = _in_order(folder / ROWS, about["order"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _no_rows(folder, error) from error
    return Run(name=folder.name, rows=rows, about=about, folder=folder)


def _no_rows(folder: Path, error: Exception) -> AssayError:
    return AssayError(f"expected the rows of a run in {folder / ROWS}, found something else ({type(error).__name__}: {error})")


def _expect_empty(folder: Path) -> None:
    """Refuse a folder with other files; what a process left that was killed before it had written what the run is of goes."""
    found = list(folder.iterdir())
    if any(one.suffix != _UNFINISHED or not one.name.startswith(".") for one in found):
        raise AssayError(f"expected an empty or absent folder for a run, found other files in {folder}; choose another --out")
    for one in found:
        one.unlink()


def _check_same(folder: Path, known: Mapping[str, Any], about: Mapping[str, Any]) -> None:
    if finished(folder):
        found = f"expected an empty or absent folder for a run, found a finished one in {folder}"
        raise AssayError(f"{found}; choose another --out, or see that one with `assay eval report {folder}`")
    differing = sorted(name for name in {*_plan(known), *_plan(about)} if _plan(known).get(name) != _plan(about).get(name))
    if differing:
        raise AssayError(f"expected to go on with the run in {folder}, found one with another {', '.join(differing)}; choose another --out")


def _check_whole(folder: Path) -> None:
    """Raise ValueError unless the files of a run are those that it was finished with."""
    for name, checksum in json.loads((folder / GRADES).read_bytes())["files"].items():
        if name in (ABOUT, ROWS) and checksum != _checksum(folder / name):
            raise ValueError(f"{name} is not what it was when the run was finished")


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _in_order(path: Path, order: Sequence[str]) -> tuple[Row, ...]:
    """Return the rows of a file in the order of the set; raises ValueError unless each of its questions has one, and no other has."""
    rows = {row.id: row for row in (Row.from_json(json.loads(line)) for line in path.read_bytes().splitlines())}
    if set(rows) != set(order):
        raise ValueError(f"rows for {len(rows)} of {len(order)} questions")
    return tuple(rows[one] for one in order)


def _plan(about: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in about.items() if name not in _INCIDENTAL}


def _about(folder: Path) -> dict[str, Any] | None:
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return about if isinstance(about, dict) else None


def _lock(rows: BinaryIO, folder: Path) -> None:
    try:
        fcntl.flock(rows, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise AssayError(f"another process is writing the run in {folder}; wait for it, or choose another --out") from error


def _whole_rows(rows: BinaryIO, path: Path) -> dict[str, Row]:
    """Return the rows of a journal and cut off what a stopped process left unfinished behind them; raises `AssayError` for other damage."""
    rows.seek(0)
    done: dict[str, Row] = {}
    end, broken = 0, ""
    for number, line in enumerate(rows, 1):
        if broken:  # and more behind it: no stopped process leaves that
            found = f"expected a row of a run in line {number - 1} of {path}, found something else ({broken})"
            raise AssayError(f"{found}; delete that line to have its question asked again, or choose another --out")
        try:
            row = Row.from_json(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            broken = f"{type(error).__name__}: {clipped(plain(str(error)), 200)}"
            continue
        if not line.endswith(b"\n"):
            break
        done[row.id] = row
        end += len(line)
    rows.truncate(end)
    return done


def _line(values: Mapping[str, Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _write(path: Path, text: str) -> None:
    with replaced(path) as partial:
        partial.write_text(text, encoding="utf-8", errors="backslashreplace")

"""Past runs: which there are beside an index, their figures, and the report of each.

Loads `eval` when it is first asked. A run is named by its folder's name, which must be one of those that are listed: no path comes from
outside, and none is told. Whatever is wrong with a folder is said where it is listed. Knows nothing of HTTP or of the page.
"""

from __future__ import annotations

import os
import stat
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

from index import AssayError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from eval import Evaluation, Glance

#: The folder in that of an index.
RUNS = "runs"

#: Runs that are listed, the newest.
_MOST_RUNS = 200

#: Bytes of each file of a run that are read.
_MOST_BYTES = {"run.json": 50_000_000, "grades.json": 200_000_000, "rows.jsonl": 500_000_000}

#: Runs that are kept in memory with all their answers.
_KEPT = 4


class RunError(AssayError):
    """A run cannot be shown; the message names no folder but the run's."""


class NoRunError(RunError):
    """No run of that name is listed."""


@dataclass(frozen=True, slots=True)
class PastRun:
    """A folder among the runs."""

    name: str
    changed: float
    """When, in seconds since 1970."""
    glance: Glance | None = None
    reason: str = ""
    """Why there is nothing to see of it."""

    def to_json(self) -> dict[str, Any]:
        """Return its name with its headline figures, or with what is wrong with it."""
        if self.glance is None:
            return {"name": self.name, "error": self.reason}
        figures = {name: figure.to_json() for name, (_, figure) in self.glance.figures.items()}
        finished = self.glance.finished.isoformat(timespec="seconds")
        seen = {"dataset": self.glance.dataset, "questions": self.glance.questions}
        return {"name": self.name, **seen, "finished": finished, "figures": figures}


class PastRuns:
    """The runs in a folder. Safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        """Look into `folder`, which need not exist."""
        self._folder = folder
        self._looking, self._reading = Lock(), Lock()  # a list does not wait for a run with many answers
        self._glances: dict[str, tuple[object, PastRun]] = {}
        self._evaluations: OrderedDict[str, tuple[object, Evaluation]] = OrderedDict()

    def listed(self) -> tuple[PastRun, ...]:
        """Return what is there, the newest first; raises `RunError` where the folder itself cannot be read."""
        names = self._names()
        with self._looking:
            self._glances = {name: known for name, known in self._glances.items() if name in names}
            for name in names:
                files = self._files(name)
                if name not in self._glances or self._glances[name][0] != files:
                    self._glances[name] = files, self._looked(name)
            found = [self._glances[name][1] for name in names]
        return tuple(sorted(found, key=lambda run: (-run.changed, run.name))[:_MOST_RUNS])

    def evaluation(self, name: str) -> Evaluation:
        """Return a run with all its answers; raises `NoRunError` where none of this name is listed, `RunError` where it cannot be read."""
        from eval import load_evaluation

        if name not in self._names():
            raise NoRunError(f"expected the name of a run that is listed, found {name[:60]!r}")
        with self._reading, self._told():
            files = self._files(name)
            known = self._evaluations.pop(name, None)
            if known is None or known[0] != files:
                self._expect_readable(name)
                known = files, load_evaluation(self._folder / name)
            self._evaluations[name] = known
            while len(self._evaluations) > _KEPT:
                self._evaluations.popitem(last=False)
            return known[1]

    def compared(self, a: str, b: str) -> tuple[Sequence[Evaluation], dict[str, Any]]:
        """Return two runs and what differs in B from A, its baseline; raises as `evaluation` does, and where they cannot be compared."""
        from eval import compare

        both = [self.evaluation(a), self.evaluation(b)]
        with self._told():
            return both, compare([one.grades for one in both], [one.run for one in both], limit=5).to_json()

    def report(self, name: str, against: str | None = None) -> str:
        """Return the report of a run as an HTML page, compared with its baseline where one is named; raises as `compared` does."""
        from eval import report_of

        found = [self.evaluation(one) for one in (against, name) if one is not None]
        with self._told():
            return report_of(found)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Raise what goes wrong with a run as `RunError`, in words that leave out where it lies."""
        try:
            yield
        except AssayError as error:
            raise RunError(self._relative(str(error))) from error

    def _names(self) -> list[str]:
        try:
            with os.scandir(self._folder) as entries:
                return sorted(entry.name for entry in entries if not entry.name.startswith(".") and entry.is_dir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise RunError(f"the folder of runs cannot be read ({error.strerror})") from error

    def _files(self, name: str) -> object:
        """Return what tells whether the files of a run have changed."""
        found = []
        for file in _MOST_BYTES:
            try:
                status = (self._folder / name / file).lstat()
                found.append((status.st_mtime_ns, status.st_size, status.st_ino))
            except OSError:
                found.append((0, 0, 0))
        return found

    def _looked(self, name: str) -> PastRun:
        from eval import glance

        changed = 0.0
        try:
            changed = (self._folder / name).stat().st_mtime
            self._expect_readable(name)
            found = glance(self._folder / name)
        except AssayError as error:
            return PastRun(name, changed, reason=self._relative(str(error)))
        except OSError as error:
            return PastRun(name, changed, reason=f"cannot be read ({error.strerror})")
        except Exception as error:  # noqa: BLE001  # whatever a folder holds, the others are still to be listed
            return PastRun(name, changed, reason=f"cannot be read ({type(error).__name__})")
        return PastRun(name, found.finished.timestamp(), found)

    def _expect_readable(self, name: str) -> None:
        """Raise `AssayError` where a file of a run is no plain file, which might never end, or too large to be shown."""
        for file, most in _MOST_BYTES.items():
            try:
                status = (self._folder / name / file).lstat()
            except FileNotFoundError:
                continue  # which file is missing is said by what reads them
            except OSError as error:
                raise AssayError(f"{file} cannot be read ({error.strerror})") from error
            if not stat.S_ISREG(status.st_mode):
                raise AssayError(f"expected a plain file as {file}, found a link or a special file")
            if status.st_size > most:
                raise AssayError(f"{file} has {status.st_size:,} bytes, at most {most:,} are shown here; `assay eval report` reads all")

    def _relative(self, text: str) -> str:
        """Leave out where the folder of runs lies, which is nobody's to know but the server's."""
        return text.replace(f"{self._folder}{os.sep}", "")

"""A finished run at a glance: what it is of and its headline figures, without reading the answers.

Knows nothing of how it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from index import AssayError

from .grades import GRADES, load_grades
from .grading import CURVES
from .journal import about_run
from .report.of_runs import FEATURED
from .statistics import figures

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .measure import Measure
    from .statistics import Figure


@dataclass(frozen=True, slots=True)
class Glance:
    """A finished run at a glance."""

    dataset: str
    questions: int
    finished: datetime
    system: str
    """What answered, in a few words."""
    figures: Mapping[str, tuple[Measure, Figure]]
    """The figures at the top of a report, by the names of their measures, as far as the run has them."""


def glance(folder: Path) -> Glance:
    """Look at the run in `folder`; raises `AssayError` where there is none, it is not finished, or what is there is no run."""
    about, grades = about_run(folder), load_grades(folder, CURVES)
    columns = [column for name in FEATURED for column in grades.columns if column.measure.name == name]
    try:
        finished = datetime.fromtimestamp((folder / GRADES).stat().st_mtime, UTC)
    except OSError as error:
        raise AssayError(f"expected a finished run in {folder}, found none ({error.strerror})") from error
    settings = about.get("settings", {})
    system = ", ".join(f"{name} {value}" for name, value in settings.items()) or "as it comes"
    found = zip(columns, figures(columns), strict=True)
    return Glance(grades.dataset, len(grades.ids), finished, system, {column.measure.name: (column.measure, one) for column, one in found})

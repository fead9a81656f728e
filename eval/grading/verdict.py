"""A rule with its measure: what it says of one row, and so of every row of a run.

Knows nothing of any one measure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from ..measure import Column, Grade

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..measure import Measure
    from ..run import Row


class Apart(NamedTuple):
    """A row that the measure applies to but that cannot be graded: counted apart, never as wrong."""

    reason: str


Verdict: TypeAlias = "Grade | Apart | None"
"""A grade, a reason why there is none, or None where the measure does not apply."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A measure that looks at one row at a time."""

    measure: Measure
    judge: Callable[[Row], Verdict]

    def column(self, rows: Sequence[Row]) -> Column:
        """Return what the rule says of `rows`, in their order."""
        return column(self.measure, [(row.id, self.judge(row)) for row in rows])


def column(measure: Measure, verdicts: Sequence[tuple[str, Verdict]]) -> Column:
    """Return the column of `verdicts`, one a question with its id; what is no finite number stands apart."""
    grades, apart = {}, {}
    for one, verdict in verdicts:
        if isinstance(verdict, Grade) and _finite(verdict):
            grades[one] = verdict
        elif verdict is not None:
            apart[one] = verdict.reason if isinstance(verdict, Apart) else "expected finite numbers, found others in the row"
    return Column(measure, grades, apart)


def _finite(grade: Grade) -> bool:
    try:
        return math.isfinite(grade.x) and math.isfinite(grade.y)
    except OverflowError:  # a whole number beyond all floats
        return False

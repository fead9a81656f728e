"""What a run must reach to pass: demands as they are written, and what came of each.

A demand fails when the figure misses it and the 95 % interval excludes that luck did it; a drop must be told from none by its test,
too. Knows nothing of files, of how a check is shown, or of exit codes.
"""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING, Any, assert_never

from index import AssayError

from .questions import expect_same
from .significance import difference
from .statistics import Figure, figure
from .text import clipped, number, plain, probability, some

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .grades import Grades
    from .measure import Column, Measure

#: A plain decimal number: `float` alone takes `1_0`, ` 1 ` and digits of other scripts too.
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)

#: The digits that a file of grades keeps: a figure that misses a demand by less has met it.
_ALIKE = 1e-9

#: A drop whose test gives so much or more may be luck.
_ALPHA = 0.05


class Bound(StrEnum):
    """What a demand is of a figure; the value is its flag without the dashes."""

    MIN = "min"
    """At least; for measures of which more is better."""
    MAX = "max"
    """At most; for measures of which less is better."""
    MAX_DROP = "max-drop"
    """At most so much worse than in the baseline, over the questions graded in both."""


class State(StrEnum):
    """What came of a demand."""

    PASSED = "passed"
    LUCK = "missed, but the interval does not exclude luck"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Demand:
    """One demand: `--min nDCG@10=0.7`."""

    bound: Bound
    measure: str
    value: float

    def __str__(self) -> str:
        """Return the flag that asks for it."""
        return f"--{self.bound.value} {self.measure}={self.value:.12g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What came of a demand."""

    demand: Demand
    state: State
    found: Figure
    """The figure; of a drop, the drop: above 0 is worse, its interval paired by question."""
    unit: str = ""
    reason: str = ""
    """What else there is to know, as one line: why there is no figure, or from what to what it dropped."""

    def to_json(self) -> dict[str, Any]:
        """Return the check as JSON values."""
        demand = {**asdict(self.demand), "bound": self.demand.bound.value}
        return {"demand": demand, "state": self.state.value, "found": self.found.to_json(), "unit": self.unit, "reason": self.reason}


def demanded(bound: Bound, written: str, measures: Iterable[Measure], *, more: bool = False) -> Demand:
    """Return the demand that `NAME=VALUE` writes.

    Args:
        bound: what is demanded of the measure.
        written: as on the command line; a name may hold `=`, the last one counts.
        measures: all that there are to choose from.
        more: there will be others, which only a run will tell: an unknown name may be one of them.

    Raises:
        AssayError: no name, no finite number, a measure that is not there, or a bound that guards its good side.
    """
    name, equals, value = written.rpartition("=")
    flag = f"--{bound.value}"
    if not name or not equals or not _NUMBER.fullmatch(value) or not math.isfinite(float(value)):
        raise AssayError(f"expected {flag} NAME=VALUE, as in {flag} {_EXAMPLES[bound]}, found {clipped(plain(written), 60)!r}")
    known = {measure.name: measure for measure in measures}
    if name not in known and more:
        return Demand(bound, name, float(value))
    if name not in known:
        lower = {one.lower(): one for one in known}
        close = [lower[one] for one in get_close_matches(name.lower()[:100], lower)]
        near = f"; close to it: {some(close)}" if close else ""
        raise AssayError(
            f"expected a measure after {flag}, found {clipped(plain(name), 60)!r}{near}; all of them: {some(list(known), 100)}"
        )
    other = {Bound.MIN: Bound.MAX, Bound.MAX: Bound.MIN}.get(bound)
    if other and known[name].higher_is_better != (bound is Bound.MIN):
        side = "more" if known[name].higher_is_better else "less"
        raise AssayError(
            f"expected --{other.value} for {plain(name)}, of which {side} is better, found {flag}; write --{other.value} {plain(written)}"
        )
    if bound is Bound.MAX_DROP and float(value) < 0:
        raise AssayError(f"expected a drop of 0 or more after {flag}, found {value}; a demand to get better is a --min or a --max")
    return Demand(bound, name, float(value))


_EXAMPLES = {Bound.MIN: "nDCG@10=0.70", Bound.MAX: "ECE=0.10", Bound.MAX_DROP: "F1=0.01"}


def gate(demands: Sequence[Demand], grades: Grades, baseline: Grades | None = None) -> tuple[Check, ...]:
    """Return what comes of each demand, in order; raises `AssayError` as `expect_baseline` does."""
    expect_baseline(demands, grades, baseline)
    return tuple(_checked(demand, grades, baseline) for demand in demands)


def expect_baseline(demands: Sequence[Demand], grades: Grades, baseline: Grades | None) -> None:
    """Check that `baseline` is there where a drop is bounded, and can be held against `grades`, of which only the questions count.

    Raises:
        AssayError: it is not there, of other questions (it says which), or lacks a measure.
    """
    drops = [demand for demand in demands if demand.bound is Bound.MAX_DROP]
    if not drops:
        return
    if baseline is None:
        raise AssayError(f"expected --baseline FILE with {plain(str(drops[0]))}, found none; it is the grades.json of a finished run")
    expect_same(baseline, grades)
    for demand in drops:
        if demand.measure not in baseline.names:
            raise AssayError(f"expected {plain(demand.measure)} in the baseline, found none; make a new one with `assay eval run`")


def fails(checks: Iterable[Check]) -> bool:
    """Say whether any of `checks` failed."""
    return any(check.state is State.FAILED for check in checks)


def _checked(demand: Demand, grades: Grades, baseline: Grades | None) -> Check:
    column = grades[demand.measure] if demand.measure in grades.names else None
    if column is None or not column.grades:
        return Check(demand=demand, state=State.FAILED, found=Figure(None, None, None, 0), reason=_ungraded(column))
    match demand.bound:
        case Bound.MIN:
            return _bounded(demand, column, sign=1)
        case Bound.MAX:
            return _bounded(demand, column, sign=-1)
        case Bound.MAX_DROP:
            if baseline is None:
                raise AssertionError("without a baseline no drop is checked")
            return _dropped(demand, baseline[demand.measure], column)
        case _ as never:
            assert_never(never)


def _ungraded(column: Column | None) -> str:
    if column is None or not column.apart:
        return "it applies to no question of this run"
    reason = clipped(plain(next(iter(column.apart.values()))), 100)
    return f"none of the {len(column.apart)} questions that it applies to could be graded: {reason}"


def _bounded(demand: Demand, column: Column, *, sign: int) -> Check:
    """Check a figure from below (`sign` 1) or above (-1)."""
    found = figure(column)
    unit = column.measure.unit
    if found.value is None or found.low is None or found.high is None:
        return Check(demand=demand, state=State.FAILED, found=found, unit=unit, reason="it is not defined on the questions of this run")
    best = found.high if sign > 0 else found.low
    state = _state(sign * (demand.value - found.value), sign * (demand.value - best))
    return Check(demand=demand, state=state, found=found, unit=unit)


def _dropped(demand: Demand, before: Column, after: Column) -> Check:
    sign = 1 if after.measure.higher_is_better else -1
    change = difference(before, after)
    unit = after.measure.unit
    if change.value is None or change.low is None or change.high is None:
        found = Figure(None, None, None, change.n, len(after.apart))
        return Check(
            demand=demand, state=State.FAILED, found=found, unit=unit, reason="it has no figure over the questions graded in both runs"
        )
    drop = 0.0 - sign * change.value  # never -0.0
    low, high = sorted((0.0 - sign * change.low, 0.0 - sign * change.high))
    found = Figure(drop, low, high, change.n, len(after.apart))
    lost = len(before.grades.keys() - after.grades.keys())
    reason = f"from {number(change.a, unit)} to {number(change.b, unit)}" + (f"; {lost} graded in the baseline only" if lost else "")
    state = _state(drop - demand.value, low - demand.value)
    if state is State.FAILED and change.p is not None and change.p >= _ALPHA:  # the bootstrap is too sure of few questions
        state, reason = State.LUCK, f"{reason}; p = {probability(change.p)}"
    return Check(demand=demand, state=state, found=found, unit=unit, reason=reason)


def _state(missed: float, surely: float) -> State:
    """Return what came of a demand that the figure misses by `missed`, and the nearest end of its interval by `surely`."""
    if missed <= _ALIKE:
        return State.PASSED
    return State.FAILED if surely > _ALIKE else State.LUCK

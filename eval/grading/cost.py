"""Measures of what an answer costs: time by step, tokens and money, as far as they are reported.

Knows nothing of how good it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ..curves import weighted_percentile
from ..measure import Family, Grade, Kind, Measure
from .verdict import Apart, Rule, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from ..run import Row

    Floats: TypeAlias = NDArray[np.float64]

#: The steps that an answer of ours is timed by.
STEPS = ("retrieve", "read", "verify", "total")

_PERCENTS = (50, 95)
_LATENCY = re.compile(r"(\w{1,40})_p(50|95)")

#: No count of milliseconds, tokens or dollars.
_TOO_MUCH = 1e15

_REPORTED = {
    "input_tokens": ("tokens", "Tokens that the writing model read for an answer."),
    "output_tokens": ("tokens", "Tokens that the writing model wrote for an answer."),
    "usd": ("USD", "Money that the writing model's maker asks for an answer."),
}


def latency(name: str) -> Measure:
    """Return the measure of a step's time that is called `name`, `retrieve_p95` for one; raises KeyError when it is no such name."""
    parts = _LATENCY.fullmatch(name)
    if not parts:
        raise KeyError(name)
    step, percent = parts[1], int(parts[2])
    return Measure(
        name=name,
        family=Family.COST,
        kind=Kind.CURVE,
        higher_is_better=False,
        unit="ms",
        definition=f"The {percent}th percentile, interpolated, of the wall-clock time of "
        + ("an answer." if step == "total" else f"the step `{step}`."),
        source="Hyndman and Fan, Sample Quantiles in Statistical Packages, 1996 (definition 7)",
        aggregate=_percentile(percent),
        weighted=weighted_percentile(percent),
    )


def rules(rows: Sequence[Row]) -> Iterator[Rule]:
    """Yield the rules for every step that an answer of `rows` was timed by, the total last, and for what models report."""
    steps = dict.fromkeys(step for row in rows if row.answer is not None for step in row.answer.timings_ms)
    for step in sorted(steps, key=lambda one: (one == "total", STEPS.index(one) if one in STEPS else len(STEPS))):
        for percent in _PERCENTS:
            if _LATENCY.fullmatch(name := f"{step}_p{percent}"):
                yield Rule(latency(name), _time(step))
    yield from REPORTED


def _percentile(percent: int) -> Callable[[Floats, Floats], Floats]:
    def aggregate(x: Floats, _: Floats) -> Floats:
        taken: Floats = np.percentile(x, percent, axis=-1) if x.shape[-1] else np.full(x.shape[:-1], np.nan)
        return np.asarray(taken)

    return aggregate


def _time(step: str) -> Callable[[Row], Verdict]:
    return lambda row: _amount(row.answer.timings_ms.get(step)) if row.answer is not None else None


def _use(name: str) -> Callable[[Row], Verdict]:
    return lambda row: _amount(row.usage.get(name))


def _amount(value: Any) -> Verdict:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _TOO_MUCH:  # nan is not, either
        return Apart(f"expected an amount from 0, found {value!r:.40}")
    return Grade(float(value))


REPORTED = tuple(
    Rule(
        Measure(
            name=name,
            family=Family.COST,
            higher_is_better=False,
            unit=unit,
            definition=definition,
            source="As the model reports it",
        ),
        _use(name),
    )
    for name, (unit, definition) in _REPORTED.items()
)

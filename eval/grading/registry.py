"""The measures by their names: what the command line takes, the documentation lists and a file of grades is read back with.

Knows nothing of how they are computed.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from index import AssayError

from ..measure import Kind
from . import answers, citations, disagreement, silence, turns
from .cost import REPORTED, STEPS, latency
from .retrieval import DEFAULT_RETRIEVAL, measure_of
from .spans import CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..measure import Measure


class _Curves(dict[str, "Measure"]):
    """The curves by name; the time of a step that is not one of ours is made when it is asked for."""

    def __missing__(self, name: str) -> Measure:
        return latency(name)


_LATENCIES = [latency(f"{step}_p{percent}") for step in STEPS for percent in (50, 95)]
_RULES = (*CHARACTERS, *answers.RULES, *disagreement.RULES, *citations.RULES, *silence.RULES, *turns.RULES)

#: Every measure that a run is graded by when nothing else is asked for, in the order of a report.
MEASURES: Mapping[str, Measure] = {
    measure.name: measure
    for measure in [
        *map(measure_of, DEFAULT_RETRIEVAL),
        *(rule.measure for rule in _RULES),
        *_LATENCIES,
        *(rule.measure for rule in REPORTED),
    ]
}

#: The measures whose figure is neither a mean nor a ratio: what `Grades.from_json` needs beside the file.
CURVES: Mapping[str, Measure] = _Curves({rule.measure.name: rule.measure for rule in silence.RULES if rule.measure.kind is Kind.CURVE})


def measures_of(further: Sequence[str] = ()) -> list[Measure]:
    """Return `MEASURES`, and the `further` ones of ir-measures; raises `AssayError` for a name that is none."""
    return [*MEASURES.values(), *(named(name) for name in further if name not in MEASURES)]


def named(name: str) -> Measure:
    """Return the measure called `name`: one of `MEASURES`, a further one of ir-measures, or a percentile of a step's time.

    Raises `AssayError` when there is none.
    """
    if name in MEASURES:
        return MEASURES[name]
    try:
        return CURVES[name]
    except KeyError:
        pass
    try:
        return measure_of(name)
    except AssayError:
        near = get_close_matches(name[:100], MEASURES, n=3) or ["nDCG@10", "F1", "citation_F1"]
        raise AssayError(f"expected a measure such as {', '.join(near)}, found {name!r:.80}; docs/measures.md lists them") from None

"""What a measure is, and what it says of each question of a run.

A measure grades one question by a pair of numbers, and a run by a figure over those pairs. Most are means: the pair is the value and
1. Shares over all questions are sums: of what counts, and of what could have. Others are curves over pairs. Knows nothing of what is
measured.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]


class Kind(StrEnum):
    """What the pairs of a measure are, and so how two runs are compared by it."""

    MEAN = "mean"
    """A value a question, and 1; the figure is their mean."""
    YES_NO = "yes/no"
    """As `MEAN`, each value 0 or 1."""
    RATIO = "ratio"
    """What counts and what could have, a question; the figure is the one sum over the other."""
    CURVE = "curve"
    """Two numbers a question; the figure is a function of all of them."""


class Family(StrEnum):
    """What a measure is about; the order is that of a report."""

    RETRIEVAL = "retrieval"
    ANSWER = "answer"
    CITATION = "citation"
    SILENCE = "silence"
    TURNS = "turns"
    COST = "cost"
    OWN = "own"
    """A measure that the user brought."""


class Grade(NamedTuple):
    """What a measure says of one question; what the two mean is said by its `Kind`."""

    x: float
    y: float = 1.0


def ratio(x: Floats, y: Floats) -> Floats:
    """Return the sums of `x` over those of `y` along the last axis: (…, n), (…, n) → (…); nan where there is nothing to divide by."""
    whole = y.sum(axis=-1)
    quotients: Floats = np.divide(x.sum(axis=-1), whole, out=np.full(np.shape(whole), np.nan), where=whole != 0)
    return quotients


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A measure, as it is named on the command line and defined in the documentation."""

    name: str
    family: Family
    definition: str
    """One sentence."""
    source: str
    """The paper, tool or specification that it comes from."""
    kind: Kind = Kind.MEAN
    higher_is_better: bool = True
    unit: str = ""
    """Empty for a number from 0 to 1."""
    aggregate: Callable[[Floats, Floats], Floats] = ratio
    """From pairs to the figure, along the last axis: (…, n), (…, n) → (…)."""
    weighted: Callable[[Floats, Floats], Callable[[Floats], Floats]] | None = None
    """Of a curve, the same from pairs (n,) and how often each counts, (m, n) → (m,): what sorts once for many resamples."""
    descriptive: bool = False
    """Says how a system is rather than how good: more or less of it is no gain by itself, and no difference is called significant."""


@dataclass(frozen=True, slots=True)
class Column:
    """What one measure says of the questions of a run, by their ids; a question that it does not apply to is in neither mapping."""

    measure: Measure
    grades: Mapping[str, Grade] = field(default_factory=dict)
    apart: Mapping[str, str] = field(default_factory=dict)
    """Those that could not be graded, with the reason: counted apart, never as wrong."""
    comments: Mapping[str, str] = field(default_factory=dict)
    """What a user's own measure says of single questions."""

    def pairs(self) -> tuple[Floats, Floats]:
        """Return the two numbers of every grade, in order."""
        array = np.array(list(self.grades.values()), float).reshape(-1, 2)
        return array[:, 0], array[:, 1]

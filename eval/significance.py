"""Whether two systems differ by a measure, question by question: the difference, its interval, and how likely luck alone makes it.

Knows nothing of runs on disk or of what is measured.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .measure import Family, Kind
from .statistics import RESAMPLES, defined, interval, steps

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TypeAlias

    from numpy.typing import NDArray

    from .measure import Column, Floats, Measure

    Swaps: TypeAlias = NDArray[np.bool_]

#: Random swappings of a randomisation test, where there are too many to try all.
DRAWS = 10_000

#: Up to so many questions that differ, all swappings are tried: 2 to the power of 15 cost little more than `DRAWS`.
_EXACT = 15

#: The digits that a file of grades keeps: two grades nearer than this are one grade, written or not.
_ALIKE = 1e-9

#: The fewest questions a variance can be told from.
_FEWEST = 2


class Method(StrEnum):
    """How a p-value is found; always two-sided."""

    FISHER = "fisher"
    """Randomisation (Fisher, 1935; for sums and curves Yeh, 2000): were the systems alike, each question's two grades could as well
    be swapped. All swappings where they are few, else random ones with the add-one estimate (Phipson & Smyth, 2010)."""
    T = "t"
    """Student's paired t test, for means."""
    MCNEMAR = "mcnemar"
    """Exact McNemar test, for yes or no: how the questions that only one system gets right fall to the one and the other."""
    UNTESTED = "untested"
    """Costs: other questions are not what makes a clock say something else the next time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What changes by one measure from a first system to a second, over the questions graded in both."""

    a: float | None
    """The first one's figure over these questions; None where it is not defined on them."""
    b: float | None
    value: float | None
    """`b - a`, in the measure's own unit and direction."""
    low: float | None
    """Of the 95 % bootstrap interval over questions, both systems on the same resamples."""
    high: float | None
    p: float | None
    """None where there is no test: see `method`."""
    n: int
    method: Method

    def to_json(self) -> dict[str, Any]:
        """Return the difference as JSON values."""
        return {**asdict(self), "method": self.method.value}


class _Pairs(NamedTuple):
    """The grades of two systems on the same questions, in order of their ids."""

    xa: Floats
    ya: Floats
    xb: Floats
    yb: Floats

    @property
    def differing(self) -> NDArray[np.intp]:
        """Return where the two are not graded alike."""
        return np.flatnonzero((self.xa != self.xb) | (self.ya != self.yb))


def difference(
    a: Column, b: Column, *, method: Method = Method.FISHER, seed: int = 0, resamples: int = RESAMPLES, draws: int = DRAWS
) -> Difference:
    """Return the difference by one measure from system `a` to system `b`.

    `method` is for means: `Method.FISHER` or `Method.T`; the other kinds have one method each. The same grades always give the same
    numbers; the two exchanged give the difference and its interval negated, and the same p.
    """
    measure, pairs = a.measure, _paired(a, b)
    method = _method(measure, pairs, method)
    n = pairs.xa.size
    before, after = (defined(one) if n else None for one in (measure.aggregate(pairs.xa, pairs.ya), measure.aggregate(pairs.xb, pairs.yb)))
    if before is None or after is None:
        return Difference(a=before, b=after, value=None, low=None, high=None, p=None, n=n, method=method)

    def resampled(chosen: Any) -> Floats:
        xa, ya, xb, yb = (numbers[chosen] for numbers in pairs)
        change: Floats = measure.aggregate(xb, yb) - measure.aggregate(xa, ya)
        return change

    low, high = interval(resampled, n, seed=seed, resamples=resamples)
    p = _p_value(measure, pairs, method, seed=seed, draws=draws)
    return Difference(a=before, b=after, value=after - before, low=low, high=high, p=p, n=n, method=method)


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Return the p-values corrected for their number (Holm, 1979), in the same order; None is no test and is not counted."""
    tested = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    corrected: list[float | None] = [None] * len(p_values)
    least = 0.0
    for rank, (p, place) in enumerate(tested):
        least = max(least, min(1.0, (len(tested) - rank) * p))
        corrected[place] = least
    return corrected


def _paired(a: Column, b: Column) -> _Pairs:
    ids = sorted(a.grades.keys() & b.grades.keys())
    first, second = (np.array([column.grades[one] for one in ids], float).reshape(-1, 2) for column in (a, b))
    alike = np.isclose(first, second, rtol=1e-12, atol=_ALIKE).all(axis=1)
    first[alike] = second[alike] = (first[alike] + second[alike]) / 2
    return _Pairs(*np.ascontiguousarray(first.T), *np.ascontiguousarray(second.T))


def _method(measure: Measure, pairs: _Pairs, wanted: Method) -> Method:
    if measure.family is Family.COST:
        return Method.UNTESTED
    if measure.kind is Kind.YES_NO:
        return Method.MCNEMAR
    changes = pairs.xb - pairs.xa
    # without a spread there is no t, however large the change
    if measure.kind is Kind.MEAN and wanted is Method.T and changes.size >= _FEWEST and np.ptp(changes) > _ALIKE:
        return Method.T
    return Method.FISHER


def _p_value(measure: Measure, pairs: _Pairs, method: Method, *, seed: int, draws: int) -> float | None:
    if method is Method.UNTESTED:
        return None
    if not pairs.differing.size:
        return 1.0
    if method is Method.FISHER:
        return _randomisation(measure, pairs, seed=seed, draws=draws)
    import scipy.stats

    if method is Method.T:
        return float(scipy.stats.ttest_rel(pairs.xb, pairs.xa).pvalue)
    better, worse = int((pairs.xb > pairs.xa).sum()), int((pairs.xb < pairs.xa).sum())
    return float(scipy.stats.binomtest(better, better + worse, 0.5).pvalue) if better + worse else 1.0


def _randomisation(measure: Measure, pairs: _Pairs, *, seed: int, draws: int) -> float:
    """Return how often a swapping makes at least the difference that was found."""
    places = pairs.differing
    exact = places.size <= _EXACT
    swappings = _all(places.size, pairs.xa.size) if exact else _drawn(places.size, draws, pairs.xa.size, seed)
    observed = abs(_swapped(measure, pairs, places, np.zeros((1, places.size), bool))[0])
    scale = np.abs(measure.aggregate(pairs.xa, pairs.ya)) + np.abs(measure.aggregate(pairs.xb, pairs.yb))
    least = observed * (1 - 1e-9) - 1e-12 * scale  # sums of the same numbers in another order are the same sum
    # what is not defined after a swap (nan) counts against a difference
    extreme = sum(int((~(np.abs(_swapped(measure, pairs, places, swaps)) < least)).sum()) for swaps in swappings)
    return extreme / 2**places.size if exact else (extreme + 1) / (draws + 1)


def _all(k: int, width: int) -> Iterator[Swaps]:
    start = 0
    for rows in steps(2**k, width):
        yield ((np.arange(start, start + rows)[:, None] >> np.arange(k)) & 1).astype(bool)
        start += rows


def _drawn(k: int, draws: int, width: int, seed: int) -> Iterator[Swaps]:
    rng = np.random.default_rng(seed)
    for rows in steps(draws, width):
        yield rng.random((rows, k)) < 0.5  # a fair coin


def _swapped(measure: Measure, pairs: _Pairs, places: NDArray[np.intp], swaps: Swaps) -> Floats:
    """Return the difference after each of `swaps` (m, k), which says for each of the k `places` whether the two change sides: (m,)."""
    xa, ya, xb, yb = pairs
    if measure.kind is Kind.CURVE:
        whole = np.zeros((len(swaps), xa.size), bool)
        whole[:, places] = swaps
        before = measure.aggregate(np.where(whole, xb, xa), np.where(whole, yb, ya))
        after = measure.aggregate(np.where(whole, xa, xb), np.where(whole, ya, yb))
    else:  # figures of sums need only the sums
        sides = swaps.astype(float)
        x, y = sides @ (xb - xa)[places], sides @ (yb - ya)[places]
        before = measure.aggregate((xa.sum() + x)[:, None], (ya.sum() + y)[:, None])
        after = measure.aggregate((xb.sum() - x)[:, None], (yb.sum() - y)[:, None])
    change: Floats = after - before
    return change

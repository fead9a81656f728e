"""Whether two systems differ by a measure, question by question: the difference, its interval, and how likely luck alone makes it.

Knows nothing of runs on disk or of what is measured.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .measure import Family, Kind
from .resampling import RESAMPLES, Pairs, Sums, coins, figures_of_resamples, steps
from .statistics import defined, percentiles, unseen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from .measure import Column, Floats, Measure
    from .resampling import Coins
    from .statistics import Interval

#: Random swappings of a randomisation test, where there are too many to try all.
DRAWS = 10_000

#: Of a curve, each of which is sorted and summed anew, fewer: a p-value of 0.05 is then known to 0.01.
CURVE_DRAWS = 2000

#: Up to so many questions that differ, all swappings are tried: 2 to the power of 15 cost little more than `DRAWS`.
_EXACT = 15

#: The same for curves: 2 to the power of 11 are about `CURVE_DRAWS`.
_EXACT_CURVE = 11

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
    a: Column, b: Column, *, method: Method = Method.FISHER, seed: int = 0, resamples: int = RESAMPLES, draws: int | None = None
) -> Difference:
    """Return the difference by one measure from system `a` to system `b`.

    `method` is for means: `Method.FISHER` or `Method.T`; the other kinds have one method each. `draws` is how many random swappings
    a test takes: `DRAWS`, of curves `CURVE_DRAWS`, when it is None. The same grades always give the same numbers; the two exchanged
    give the difference and its interval negated, and the same p.
    """
    return differences([(a, b)], method=method, seed=seed, resamples=resamples, draws=draws)[0]


def differences(
    columns: Sequence[tuple[Column, Column]],
    *,
    method: Method = Method.FISHER,
    seed: int = 0,
    resamples: int = RESAMPLES,
    draws: int | None = None,
) -> list[Difference]:
    """Return what `difference` says of each pair of `columns`, each as if it were alone: only the drawing is shared."""
    measures = [a.measure for a, _ in columns]
    pairs = [_paired(a, b) for a, b in columns]
    methods = [_method(measure, pair, method) for measure, pair in zip(measures, pairs, strict=True)]
    values = [_values(measure, pair) for measure, pair in zip(measures, pairs, strict=True)]
    defined_at = [place for place, (before, after) in enumerate(values) if before is not None and after is not None]
    sides = [Pairs(measures[place], *side) for place in defined_at for side in (pairs[place][:2], pairs[place][2:])]
    figures = figures_of_resamples(sides, seed=seed, resamples=resamples)
    changes = [after - before for before, after in zip(figures[::2], figures[1::2], strict=True)]
    spans = dict(zip(defined_at, map(percentiles, changes), strict=True))
    p_values = _p_values({place: (measures[place], pairs[place], methods[place]) for place in defined_at}, seed=seed, draws=draws)
    found = []
    for place, (before, after) in enumerate(values):
        n, known = pairs[place].xa.size, methods[place]
        if before is None or after is None:
            found.append(Difference(a=before, b=after, value=None, low=None, high=None, p=None, n=n, method=known))
            continue
        low, high = _widened(measures[place], pairs[place], after - before, spans[place])
        found.append(Difference(a=before, b=after, value=after - before, low=low, high=high, p=p_values[place], n=n, method=known))
    return found


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


def _values(measure: Measure, pairs: _Pairs) -> tuple[float | None, float | None]:
    if not pairs.xa.size:
        return None, None
    return defined(measure.aggregate(pairs.xa, pairs.ya)), defined(measure.aggregate(pairs.xb, pairs.yb))


def _widened(measure: Measure, pairs: _Pairs, value: float, span: Interval) -> Interval:
    """Return the interval; where all questions change alike, so that it has no width, that of what was not seen."""
    low, high = span
    if low is None or high is None or high - low > _ALIKE or measure.unit or not pairs.differing.size:
        return span
    counted = int(np.count_nonzero(pairs.ya + pairs.yb)) if measure.kind is Kind.RATIO else pairs.xa.size
    return unseen(value, counted, -1.0, 1.0)


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


def _p_values(tests: Mapping[int, tuple[Measure, _Pairs, Method]], *, seed: int, draws: int | None) -> dict[int, float | None]:
    """Return the p-value of each test; those that need random swappings of equally many questions take the same ones."""
    found: dict[int, float | None] = {}
    drawn: dict[tuple[int, int], dict[int, _Swapping]] = defaultdict(dict)
    for place, (measure, pairs, method) in tests.items():
        differing = pairs.differing.size
        if method is Method.UNTESTED:
            found[place] = None
        elif not differing:
            found[place] = 1.0
        elif method is not Method.FISHER:
            found[place] = _by_table(pairs, method)
        elif differing <= (_EXACT_CURVE if measure.kind is Kind.CURVE else _EXACT):
            found[place] = _every_swapping(_Swapping(measure, pairs))
        else:
            count = draws or (CURVE_DRAWS if measure.kind is Kind.CURVE else DRAWS)
            drawn[pairs.xa.size, count][place] = _Swapping(measure, pairs)
    for (n, count), swappings in drawn.items():
        extreme = _extreme(list(swappings.values()), coins(n, seed=seed, draws=count))
        found |= {place: (times + 1) / (count + 1) for place, times in zip(swappings, extreme, strict=True)}
    return found


def _by_table(pairs: _Pairs, method: Method) -> float:
    import scipy.stats

    if method is Method.T:
        return float(scipy.stats.ttest_rel(pairs.xb, pairs.xa).pvalue)
    better, worse = int((pairs.xb > pairs.xa).sum()), int((pairs.xb < pairs.xa).sum())
    return float(scipy.stats.binomtest(better, better + worse, 0.5).pvalue) if better + worse else 1.0


def _every_swapping(swapping: _Swapping) -> float:
    """Return how often a swapping of those questions that differ makes at least the difference that was found."""
    places, n = swapping.pairs.differing, swapping.pairs.xa.size

    def all_of_them() -> Iterator[Coins]:
        start = 0
        for rows in steps(2**places.size, n):
            swaps = np.zeros((rows, n), bool)
            swaps[:, places] = (np.arange(start, start + rows)[:, None] >> np.arange(places.size)) & 1
            yield swaps
            start += rows

    return float(_extreme([swapping], all_of_them())[0] / 2**places.size)


def _extreme(swappings: Sequence[_Swapping], drawn: Iterable[Coins]) -> list[int]:
    """Return of each of `swappings` how often, after questions change sides as `drawn` says (m, n), the difference is at least as large.

    What is not defined after a swap (nan) counts against a difference.
    """
    sums = Sums()
    gaps = [None if one.is_curve else tuple(sums.add(gap) for gap in one.gaps) for one in swappings]
    found = [0] * len(swappings)
    for swaps in drawn:
        totals = sums.of(swaps.astype(float)) if any(gaps) else None
        for place, (swapping, columns) in enumerate(zip(swappings, gaps, strict=True)):
            if columns is None or totals is None:
                changes = swapping.of_curve(swaps)
            else:
                changes = swapping.of_sums(*(totals[column] for column in columns))
            found[place] += int((~(np.abs(changes) < swapping.least)).sum())
    return found


class _Swapping:
    """How two systems differ by a measure after some of their grades changed sides."""

    def __init__(self, measure: Measure, pairs: _Pairs) -> None:
        self._measure = measure
        self.pairs = pairs
        self.is_curve = measure.kind is Kind.CURVE
        xa, ya, xb, yb = pairs
        self.gaps = (xb - xa, yb - ya)
        # a swapping of a curve is a choice among the grades of both: sorted once
        weighted = measure.weighted if self.is_curve else None
        self._pooled = weighted(np.concatenate([xa, xb]), np.concatenate([ya, yb])) if weighted else None
        nothing = np.zeros(1)
        observed = self.of_curve(np.zeros((1, xa.size), bool)) if self.is_curve else self.of_sums(nothing, nothing)
        scale = np.abs(measure.aggregate(xa, ya)) + np.abs(measure.aggregate(xb, yb))
        self.least = float(abs(observed[0]) * (1 - 1e-9) - 1e-12 * scale)
        """A difference is as large as this: sums of the same numbers in another order are the same sum."""

    def of_curve(self, swaps: Coins) -> Floats:
        """Return the differences after `swaps` (m, n), which say whether a question's grades change sides: (m,)."""
        xa, ya, xb, yb = self.pairs
        if self._pooled is not None:
            before, after = (self._pooled(np.hstack([~side, side]).astype(float)) for side in (swaps, ~swaps))
        else:
            before = self._measure.aggregate(np.where(swaps, xb, xa), np.where(swaps, yb, ya))
            after = self._measure.aggregate(np.where(swaps, xa, xb), np.where(swaps, ya, yb))
        change: Floats = after - before
        return change

    def of_sums(self, x: Floats, y: Floats) -> Floats:
        """Return the differences, (m,), after swaps that add `x` and `y`, both (m,), to the sums of the first."""
        xa, ya, xb, yb = self.pairs
        before = self._measure.aggregate((xa.sum() + x)[:, None], (ya.sum() + y)[:, None])
        after = self._measure.aggregate((xb.sum() - x)[:, None], (yb.sum() - y)[:, None])
        change: Floats = after - before
        return change

"""A figure over the questions of a run, how sure it is, and how far two raters agree.

Intervals are over questions: they say what another sample of such questions could have shown, and nothing of the clock's
noise or of a model's moods. Knows nothing of what is measured.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .measure import Kind
from .resampling import RESAMPLES, Pairs, figures_of_resamples

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence
    from typing import TypeAlias

    from .measure import Column, Floats, Measure

    Interval: TypeAlias = tuple[float, float] | tuple[None, None]

#: The 97.5 % point of the normal distribution.
_Z = 1.959963984540054

#: Bounds nearer than this are one: the digits that a file of grades keeps.
_ALIKE = 1e-9


@dataclass(frozen=True, slots=True)
class Figure:
    """What a measure says of a run: the figure, its 95 % interval, and over how many questions.

    `value` is None where there is nothing to take it over: no question was graded, or all that were are of one sort where the
    measure needs two. The bounds are None with it.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    """Questions graded."""
    apart: int = 0
    """Questions that the measure applies to but could not grade."""

    def __str__(self) -> str:
        """Return `0.701 (0.640–0.758), n = 82`."""
        if self.value is None or self.low is None or self.high is None:
            return f"–, n = {self.n}"
        return f"{self.value:.3f} ({self.low:.3f}–{self.high:.3f}), n = {self.n}"

    def to_json(self) -> dict[str, Any]:
        """Return the figure as JSON values."""
        return asdict(self)


def figure(column: Column, *, seed: int = 0, resamples: int = RESAMPLES) -> Figure:
    """Return the figure of `column` with its 95 % interval; the same grades always give the same, in whatever order they come."""
    return figures([column], seed=seed, resamples=resamples)[0]


def figures(columns: Sequence[Column], *, seed: int = 0, resamples: int = RESAMPLES) -> list[Figure]:
    """Return the figure of each of `columns` with its 95 % interval, each as if it were alone.

    Yes or no: Wilson's (1927) score interval, as Brown, Cai & DasGupta (2001) recommend. Everything else: the percentile bootstrap over
    questions (Efron & Tibshirani, 1993), all columns of one length on the same resamples; where that has no width, see `unseen`.
    """
    pairs = [_pairs(column) for column in columns]
    values = [defined(one.measure.aggregate(one.x, one.y)) if one.x.size else None for one in pairs]
    places = [place for place, value in enumerate(values) if value is not None and not _is_share(pairs[place].measure, value)]
    spans = dict(zip(places, intervals([pairs[place] for place in places], seed=seed, resamples=resamples), strict=True))
    found = []
    for place, (column, (measure, x, y), value) in enumerate(zip(columns, pairs, values, strict=True)):
        low, high = (None, None) if value is None else spans.get(place) or wilson(value, x.size)
        if value is not None and low is not None and high is not None and high - low <= _ALIKE and not measure.unit:
            low, high = unseen(value, int(np.count_nonzero(y)) if measure.kind is Kind.RATIO else x.size)
        found.append(Figure(value, low, high, x.size, len(column.apart)))
    return found


def _is_share(measure: Measure, value: float) -> bool:
    return measure.kind is Kind.YES_NO and 0 <= value <= 1


def intervals(pairs: Sequence[Pairs], *, seed: int = 0, resamples: int = RESAMPLES) -> list[Interval]:
    """Return the 2.5 % and 97.5 % percentiles of the figure of each of `pairs` over resamples of its questions."""
    return [percentiles(found) for found in figures_of_resamples(pairs, seed=seed, resamples=resamples)]


def percentiles(found: Floats) -> Interval:
    """Return the 2.5 % and 97.5 % percentiles of figures of resamples.

    Resamples that there is none of (nan) are left out, so that the interval is of those questions on which there is a figure at all.
    """
    found = found[np.isfinite(found)]
    if not found.size:
        return None, None
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def wilson(share: float, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % score interval of a share of `n`; 3 of 3 are 0.439 to 1."""
    centre, spread = share + _Z**2 / (2 * n), _Z * (share * (1 - share) / n + _Z**2 / (4 * n**2)) ** 0.5
    low, high = ((centre + sign * spread) / (1 + _Z**2 / n) for sign in (-1, 1))
    # the ends are exact where arithmetic leaves a trace of the other side
    return (0.0 if share <= 0 else max(0.0, low), 1.0 if share >= 1 else min(1.0, high))


def unseen(value: float, n: int, least: float = 0.0, most: float = 1.0) -> tuple[float, float]:
    """Return how far a figure that is the same on every resample of `n` questions could be from what all such questions would give.

    That all were alike does not say that all are: up to Wilson's bound of 0 of n, z² / (n + z²), may be of a sort that was not seen
    (after the rule of three of Hanley & Lippman-Hand, 1983), and these may have any value from `least` to `most`. A figure outside of
    these has no such bounds and no width.
    """
    if not least - _ALIKE <= value <= most + _ALIKE:
        return value, value
    share = _Z**2 / (n + _Z**2)
    return value + share * (least - value), value + share * (most - value)


def _pairs(column: Column) -> Pairs:
    grades = np.array([column.grades[one] for one in sorted(column.grades)], float).reshape(-1, 2)
    return Pairs(column.measure, *np.ascontiguousarray(grades.T))


def defined(value: Any) -> float | None:
    """Return `value` as a float, or None where it is no number (nan, infinite)."""
    number = float(value)
    return number if np.isfinite(number) else None


def cohens_kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> float | None:
    """Return how far two raters of the same things agree beyond chance (Cohen, 1960): 1 is always, 0 as often as chance would.

    None where chance alone would have them agree always, since both said one and the same of everything, and where there is nothing
    to rate. Raises ValueError when the two are not of one length.
    """
    pairs = list(zip(first, second, strict=True))
    if not pairs:
        return None
    firsts, seconds = Counter(first), Counter(second)
    # whole numbers until the last step, so that the degenerate case is exact
    expected = sum(count * seconds[label] for label, count in firsts.items())
    whole = len(pairs) ** 2
    if expected == whole:
        return None
    return (sum(a == b for a, b in pairs) * len(pairs) - expected) / (whole - expected)

"""A figure over the questions of a run, how sure it is, and how far two raters agree.

Intervals are bootstraps over questions: they say what another sample of such questions could have shown, and nothing of the clock's
noise or of a model's moods. Knows nothing of what is measured.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from .measure import Column, Floats

#: Resamples of the questions for an interval.
RESAMPLES = 2000

#: Numbers that a step over many resamples holds at once in one array; a few such arrays are alive at a time.
CELLS = 1 << 19


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
    """Return the figure of `column` with its percentile bootstrap interval (Efron & Tibshirani, 1993).

    The same grades always give the same interval, in whatever order the questions come.
    """
    grades = np.array([column.grades[one] for one in sorted(column.grades)], float).reshape(-1, 2)
    x, y = np.ascontiguousarray(grades.T)
    aggregate = column.measure.aggregate
    value = defined(aggregate(x, y)) if x.size else None
    if value is None:
        return Figure(None, None, None, x.size, len(column.apart))
    low, high = interval(lambda chosen: aggregate(x[chosen], y[chosen]), x.size, seed=seed, resamples=resamples)
    return Figure(value, low, high, x.size, len(column.apart))


def interval(
    statistic: Callable[[Any], Floats], n: int, *, seed: int = 0, resamples: int = RESAMPLES
) -> tuple[float, float] | tuple[None, None]:
    """Return the 2.5 % and 97.5 % percentiles of `statistic` over resamples of `n` questions.

    `statistic` takes positions (m, n) and returns (m,). Resamples that it is not defined on (nan) are left out, so that the interval
    is of those questions on which there is a figure at all.
    """
    rng = np.random.default_rng(seed)
    found = np.concatenate([statistic(rng.integers(0, n, (rows, n))) for rows in steps(resamples, n)])
    found = found[np.isfinite(found)]
    if not found.size:
        return None, None
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def steps(rows: int, width: int) -> Iterator[int]:
    """Yield how many rows to take at a time so that `rows` of `width` numbers never need more than bounded memory."""
    most = max(1, CELLS // max(1, width))
    for start in range(0, rows, most):
        yield min(most, rows - start)


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

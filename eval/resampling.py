"""Resamples of the questions of a run, and coins for them: drawn once for all the measures that are over equally many questions.

What is drawn depends on the number of questions and the seed alone, so a measure's interval is the same whatever other measures stand
beside it. Knows nothing of what is measured beyond how its figure comes of weighted questions.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .measure import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeAlias

    from numpy.typing import NDArray

    from .measure import Floats, Measure

    Statistic: TypeAlias = Callable[["Resamples"], Floats]
    Coins: TypeAlias = NDArray[np.bool_]

#: Resamples of the questions for an interval.
RESAMPLES = 2000

#: Numbers that a step over many resamples holds at once in one array; a few such arrays are alive at a time.
CELLS = 1 << 17

#: Binary digits of a float, less one that rounding may add.
_BITS = 52


class Pairs(NamedTuple):
    """A measure and its pairs, two numbers (n,) each."""

    measure: Measure
    x: Floats
    y: Floats


class Resamples:
    """Some of the resamples of n questions, a row each."""

    def __init__(self, chosen: NDArray[np.int64]) -> None:
        """Take the positions that were drawn, (m, n)."""
        self.chosen = chosen

    @cached_property
    def counts(self) -> Floats:
        """Return how often each question was drawn, (m, n)."""
        m, n = self.chosen.shape
        places = self.chosen + np.arange(0, m * n, n)[:, None]
        return np.bincount(places.ravel(), minlength=m * n).reshape(m, n).astype(float)


def resampled(n: int, *, seed: int, resamples: int) -> Iterator[Resamples]:
    """Yield `resamples` resamples of `n` questions, some at a time; always the same ones."""
    rng = np.random.default_rng(seed)
    for rows in steps(resamples, n):
        yield Resamples(rng.integers(0, n, (rows, n)))


def coins(n: int, *, seed: int, draws: int) -> Iterator[Coins]:
    """Yield `draws` rows of `n` fair coins, some at a time (m, n); always the same ones."""
    rng = np.random.default_rng(seed)
    words = -(-n // 64)
    for rows in steps(draws, n):
        drawn = rng.integers(0, 1 << 64, (rows, words), np.uint64, endpoint=False)
        yield np.unpackbits(drawn.view(np.uint8), axis=1)[:, :n].astype(bool)


class Sums:
    """Columns of numbers, (n,) each, whose sums by weights are taken by one matrix product.

    The numbers are rounded to where all sums over up to n of them are exact in binary (at n = 2,000, to 1e-12 of the largest): so a sum
    depends neither on the order of its terms nor on the other columns, as it else would by a last digit.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._places: dict[bytes, int] = {}
        self._columns: list[Floats] = []

    def add(self, numbers: Floats) -> int:
        """Take a column, and return where its sums will stand; the same numbers are taken once."""
        key = np.ascontiguousarray(numbers, float).tobytes()
        if key not in self._places:
            self._places[key] = len(self._columns)
            self._columns.append(_summable(numbers))
        return self._places[key]

    def of(self, weights: Floats) -> Floats:
        """Return the sums by whole-numbered weights (m, n) that sum up to n at most: (columns, m)."""
        sums: Floats = (weights @ self._matrix).T
        return sums

    @cached_property
    def _matrix(self) -> Floats:
        return np.stack(self._columns, axis=1)


def _summable(numbers: Floats) -> Floats:
    largest = float(np.abs(numbers).max(initial=0.0)) * numbers.size
    if not 0 < largest < np.inf:
        return numbers
    unit = np.ldexp(1.0, int(np.frexp(largest)[1]) - _BITS)
    return np.round(numbers / unit) * unit if unit > 0 else numbers


def of_curve(measure: Measure, x: Floats, y: Floats) -> Statistic:
    """Return what gives the figure of a curve over pairs `x`, `y`, both (n,), for each of some resamples: (m,)."""
    if measure.weighted is not None:
        by_weights = measure.weighted(x, y)
        return lambda some: by_weights(some.counts)
    return lambda some: measure.aggregate(x[some.chosen], y[some.chosen])


def figures_of_resamples(pairs: Sequence[Pairs], *, seed: int, resamples: int) -> list[Floats]:
    """Return the figures, (resamples,), of each of `pairs` over resamples of its questions; all of one length over the same ones."""
    by_size: dict[int, list[int]] = defaultdict(list)
    for place, one in enumerate(pairs):
        by_size[one.x.size].append(place)
    found: list[Floats] = [np.empty(0)] * len(pairs)
    for n, places in by_size.items():
        sums = Sums()
        # figures of sums need only the sums
        summed = {
            place: (sums.add(pairs[place].x), sums.add(pairs[place].y)) for place in places if pairs[place].measure.kind is not Kind.CURVE
        }
        curves = {place: of_curve(*pairs[place]) for place in places if place not in summed}
        parts: dict[int, list[Floats]] = {place: [] for place in places}
        for some in resampled(n, seed=seed, resamples=resamples):
            totals = sums.of(some.counts) if summed else np.empty((0, 0))
            for place, (x, y) in summed.items():
                parts[place].append(pairs[place].measure.aggregate(totals[x][:, None], totals[y][:, None]))
            for place, curve in curves.items():
                parts[place].append(curve(some))
        for place in places:
            found[place] = np.concatenate(parts[place])
    return found


def steps(rows: int, width: int) -> Iterator[int]:
    """Yield how many rows to take at a time so that `rows` of `width` numbers never need more than bounded memory."""
    most = max(1, CELLS // max(1, width))
    for start in range(0, rows, most):
        yield min(most, rows - start)

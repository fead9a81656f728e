"""Figures of curves when each question counts so and so often: what makes a thousand resamples of one curve cheap.

The pairs are sorted once; a resample is then only how often each was drawn. Each function takes the pairs, x and y (n,), and returns
what takes weights (m, n), whole numbers from 0, to figures (m,): those of the pairs repeated so often. Knows nothing of what is measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from .measure import Floats

    ByWeights: TypeAlias = Callable[[Floats], Floats]


def weighted_aurc(confidence: Floats, right: Floats) -> ByWeights:
    """Return the area under the risk–coverage curve by weights; ties of confidence by the expected value over their orders.

    Among c equally confident ones of which w are wrong, behind K others of which W are wrong, the k-th rank is expected to see
    W + w (k - K) / c wrong ones; over all c ranks the shares of them sum up to W h + (w / c) (c - K h), h the sum of 1/k.
    """
    order = np.argsort(-confidence, kind="stable")
    sorted_x, wrong = confidence[order], (1 - right)[order]
    tied = np.flatnonzero(np.concatenate([[True], sorted_x[1:] != sorted_x[:-1]])) if order.size else order

    def figures(weights: Floats) -> Floats:
        ordered = np.take(weights, order, axis=1)
        whole = ordered.sum(axis=1)
        among, among_wrong = ordered, ordered * wrong
        if tied.size < order.size:
            among, among_wrong = (np.add.reduceat(one, tied, axis=1) for one in (among, among_wrong))
        upto = np.cumsum(among, axis=1)
        before, before_wrong = upto - among, np.cumsum(among_wrong, axis=1) - among_wrong
        harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, int(whole.max(initial=0)) + 1))])
        h = np.diff(np.take(harmonic, upto.astype(np.intp)), axis=1, prepend=0.0)
        shares = np.divide(among_wrong, among, out=np.zeros_like(among), where=among > 0)
        return _over((before_wrong * h + shares * (among - before * h)).sum(axis=1), whole)

    return figures if order.size else lambda weights: np.full(len(weights), np.nan)


def weighted_calibration_error(bins: int) -> Callable[[Floats, Floats], ByWeights]:
    """Return the expected calibration error over `bins` bins of equal width, each with its upper edge, by weights."""

    def of(confidence: Floats, truth: Floats) -> ByWeights:
        places = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], confidence, side="left")
        gaps = (places[:, None] == np.arange(bins)) * (confidence - truth)[:, None]
        return lambda weights: _over(np.abs(weights @ gaps).sum(axis=1), weights.sum(axis=1))

    return of


def weighted_percentile(percent: float) -> Callable[[Floats, Floats], ByWeights]:
    """Return the interpolated percentile of x (definition 7 of Hyndman and Fan, 1996) by weights; y says nothing."""

    def of(x: Floats, _: Floats) -> ByWeights:
        order = np.argsort(x, kind="stable")
        ordered = x[order]

        def figures(weights: Floats) -> Floats:
            upto = np.cumsum(np.take(weights, order, axis=1), axis=1)
            whole = upto[:, -1] if x.size else np.zeros(len(weights))
            rank = np.maximum(whole - 1, 0) * (percent / 100)
            low = np.floor(rank)
            below, above = (_at(ordered, upto, np.minimum(one, whole - 1)) for one in (low, low + 1))
            return np.where(whole > 0, below + (above - below) * (rank - low), np.nan)

        return figures if x.size else lambda weights: np.full(len(weights), np.nan)

    return of


def _at(ordered: Floats, upto: Floats, rank: Floats) -> Floats:
    """Return the values at `rank` (m,), from 0, of values each repeated so often that `upto` (m, n) are not above it."""
    places = (upto <= rank[:, None]).sum(axis=1)
    found: Floats = ordered[np.minimum(places, ordered.size - 1)]
    return found


def _over(total: Floats, whole: Floats) -> Floats:
    shares: Floats = np.divide(total, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return shares

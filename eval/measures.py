"""Numbers and their intervals: retrieval measures by ir-measures, proportions and means with a bootstrap over questions.

Knows nothing of how the answers were made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: Resamples of the questions for an interval.
RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over questions with its 95 % bootstrap interval (percentiles; Efron & Tibshirani, 1993) and their number."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        """Return `0.701 (0.640–0.758), n = 82`."""
        return f"{self.value:.3f} ({self.low:.3f}–{self.high:.3f}), n = {self.n}" if self.n else "–"


def mean(values: Iterable[float], *, seed: int = 0) -> Mean:
    """Return the mean of `values`, one a question, with its interval; the same values always give the same interval."""
    array = np.array(list(values), float)
    if not array.size:
        return Mean(0.0, 0.0, 0.0, 0)
    chosen = np.random.default_rng(seed).integers(0, array.size, (RESAMPLES, array.size))
    low, high = np.percentile(array[chosen].mean(axis=1), [2.5, 97.5])
    return Mean(float(array.mean()), float(low), float(high), array.size)


def retrieval(
    run: Mapping[str, Sequence[tuple[str, float]]],
    qrels: Mapping[str, Mapping[str, int]],
    measures: Sequence[str] = ("nDCG@10", "R@10"),
) -> dict[str, Mean]:
    """Return each measure over the judged questions; one that is missing from the run counts as zero."""
    import ir_measures

    wanted = [ir_measures.parse_measure(name) for name in measures]
    scored = [ir_measures.ScoredDoc(query, article, score) for query, hits in run.items() for article, score in hits]
    judged = [ir_measures.Qrel(query, article, grade) for query, grades in qrels.items() for article, grade in grades.items()]
    values: dict[str, list[float]] = {name: [] for name in measures}
    for metric in ir_measures.iter_calc(wanted, judged, scored):
        values[str(metric.measure)].append(metric.value)
    return {name: mean(found) for name, found in values.items()}


def precision_recall(decided: Sequence[bool], truth: Sequence[bool]) -> tuple[Mean, Mean]:
    """Return precision (of those decided true) and recall (of those that are true)."""
    precision = mean(float(true) for said, true in zip(decided, truth, strict=True) if said)
    recall = mean(float(said) for said, true in zip(decided, truth, strict=True) if true)
    return precision, recall


def auroc(scores: Sequence[float], truth: Sequence[bool]) -> float:
    """Return the probability that a true one scores above a false one (Mann–Whitney; ties count half); 0.5 is chance."""
    values, labels = np.array(scores, float), np.array(truth, bool)
    order = np.argsort(values, kind="stable")
    ranks = np.empty(values.size)
    ranks[order] = np.arange(1, values.size + 1)
    for value in np.unique(values):
        ranks[values == value] = ranks[values == value].mean()
    positive = int(labels.sum())
    negative = labels.size - positive
    return float((ranks[labels].sum() - positive * (positive + 1) / 2) / (positive * negative)) if positive and negative else 0.5

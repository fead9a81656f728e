"""Probabilities and their logits, and signals weighed together. Knows nothing of what is probable."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: The logit of a probability counts no farther from 0 than this: no network can tell more.
LIMIT = 12.0

#: Beyond this a probability is 0 or 1 to a float.
_FAR = 36.0


def probability(logit: float) -> float:
    """Return the logistic function of a logit, 0 to 1."""
    return 1 / (1 + math.exp(-max(-_FAR, min(_FAR, logit))))


def log_odds(p: float) -> float:
    """Return the logit of a probability, no farther from 0 than `LIMIT`."""
    return max(-LIMIT, min(LIMIT, math.log(max(p, 1e-9) / max(1 - p, 1e-9))))


def weighted(weights: Iterable[float], signals: Iterable[float]) -> float:
    """Return the sum of the signals, each times its weight."""
    return sum(weight * signal for weight, signal in zip(weights, signals, strict=True))

"""Whether what was found answers the question, or the honest word is that the articles do not say.

Looks at raw scores only: they mean the same in any collection, a fused score does not. Knows nothing of wording.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .evidence import Signals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .evidence import Evidence

#: Logistic regression of "the articles answer this question" on the signals of the best evidence, both outcomes weighing the same;
#: fitted by `python -m eval.experiments.calibrate` on public question sets (docs/decisions/0005-silence.md).
INTERCEPT = -4.04
COEFFICIENTS = Signals(cosine=2.91, coverage=1.06, passage_cosine=3.31, passage_coverage=0.04, fits=0.27)

#: An answer less probable than this is not shown: it withholds one answerable question in ten of those sets.
THRESHOLD = 0.33


def confidence(evidence: Sequence[Evidence]) -> float:
    """Return the probability that the articles answer the question, from the best evidence; 0 when there is none."""
    if not evidence:
        return 0.0
    logit = INTERCEPT + sum(weight * signal for weight, signal in zip(COEFFICIENTS, evidence[0].signals, strict=True))
    return 1 / (1 + math.exp(-logit))

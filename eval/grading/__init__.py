"""What a run is worth, without a judge: every measure of retrieval, answers, proof, silence, conversations and cost, a module a family.

Knows nothing of how answers are made, of statistics, or of how figures are shown.
"""

from .gold import answerable, whole
from .grade import grade
from .groups import groups, restrict
from .outcome import Outcome, outcome, right
from .own import OwnMeasure, load_measure
from .registry import CURVES, MEASURES, measures_of, named
from .retrieval import DEFAULT_RETRIEVAL, recall_curve
from .silence import Reliability, reliability, risk_coverage

__all__ = [
    "CURVES",
    "DEFAULT_RETRIEVAL",
    "MEASURES",
    "Outcome",
    "OwnMeasure",
    "Reliability",
    "answerable",
    "grade",
    "groups",
    "load_measure",
    "measures_of",
    "named",
    "outcome",
    "recall_curve",
    "reliability",
    "restrict",
    "right",
    "risk_coverage",
    "whole",
]

"""Measures of silence and of confidence: whether the system knows when the articles do not say.

The curves themselves are here, too, for plots. Knows nothing of what an answer says beyond whether it is right.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from ..curves import weighted_aurc, weighted_calibration_error
from ..measure import Family, Grade, Kind, Measure
from .gold import answerable
from .outcome import right
from .verdict import Apart, Rule, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ..measure import Column
    from ..run import Row

    Floats: TypeAlias = NDArray[np.float64]

#: Bins of equal width that confidences are sorted into.
BINS = 10

#: Numbers handled at a time by the curves, so that many resamples do not need memory by the gigabyte.
_CELLS = 2_000_000


class Reliability(NamedTuple):
    """A reliability curve: for each bin of confidences, from low to high, its means and how many questions are in it."""

    confidence: Floats
    """The mean confidence, (bins,); nan where a bin is empty."""
    share: Floats
    """The share of those that are true, (bins,); nan where a bin is empty."""
    n: NDArray[np.int64]
    """(bins,)."""


def risk_coverage(
    confidence: Sequence[float] | Floats, right: Sequence[bool] | NDArray[np.bool_], of: int | None = None
) -> tuple[Floats, Floats]:
    """Return the risk–coverage curve of n answers: coverage k/`of` and the share of wrong ones among the k most confident, both (n,).

    Where several are equally confident, the risk is that expected of a random order of theirs, so the order they come in does not matter.

    Args:
        confidence: Of each answer; silence is none.
        right: Whether each is.
        of: How many questions were graded, silence included; n where nothing else is said.
    """
    x = np.asarray(confidence, float)
    n = x.shape[-1]
    return np.arange(1, n + 1) / max(n if of is None else of, 1), _risk(x, np.asarray(right, float))


def reliability(confidence: Sequence[float] | Floats, truth: Sequence[bool] | NDArray[np.bool_], bins: int = BINS) -> Reliability:
    """Return the reliability curve over `bins` bins of equal width, each with its upper edge, the first with 0, too."""
    x, y = np.asarray(confidence, float), np.asarray(truth, float)
    places = _bins(x, bins)
    count = np.bincount(places, minlength=bins).astype(np.int64)
    means = [np.divide(np.bincount(places, values, minlength=bins), count, out=np.full(bins, np.nan), where=count > 0) for values in (x, y)]
    return Reliability(means[0], means[1], count)


def aurc(confidence: Floats, right: Floats) -> Floats:
    """Return the area under the risk–coverage curve along the last axis: (…, n), (…, n) → (…); nan where n is 0."""
    return _in_parts(_mean_risk, confidence, right)


def expected_calibration_error(confidence: Floats, truth: Floats) -> Floats:
    """Return the mean distance of confidence and truth over `BINS` bins, by their questions: (…, n), (…, n) → (…); nan where n is 0."""
    return _in_parts(_calibration_error, confidence, truth)


def _mean_risk(x: Floats, y: Floats) -> Floats:
    area: Floats = _risk(x, y).mean(axis=-1)
    return area


def _risk(x: Floats, y: Floats) -> Floats:
    """Return the expected share of zeros in `y` among the k highest of `x`, for each k along the last axis: (…, n) → (…, n)."""
    n = x.shape[-1]
    order = np.argsort(-x, axis=-1, kind="stable")
    x, wrong = np.take_along_axis(x, order, -1), 1 - np.take_along_axis(y, order, -1)
    places = np.arange(n)
    changes = x[..., 1:] != x[..., :-1]
    edge = np.ones((*x.shape[:-1], 1), bool)
    first = np.maximum.accumulate(np.where(np.concatenate([edge, changes], -1), places, 0), axis=-1)
    last = np.flip(np.minimum.accumulate(np.flip(np.where(np.concatenate([changes, edge], -1), places, n), -1), axis=-1), -1)
    upto = np.cumsum(wrong, axis=-1)
    before = np.take_along_axis(upto - wrong, first, -1)
    among = np.take_along_axis(upto, last, -1) - before
    expected: Floats = before + among * (places - first + 1) / (last - first + 1)
    return expected / (places + 1)


def _calibration_error(x: Floats, y: Floats) -> Floats:
    places, gap = _bins(x, BINS), x - y
    gaps = np.abs(np.stack([np.where(places == one, gap, 0).sum(axis=-1) for one in range(BINS)]))
    error: Floats = gaps.sum(axis=0) / x.shape[-1]
    return error


def _bins(x: Floats, bins: int) -> NDArray[np.intp]:
    return np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], x, side="left")


def _in_parts(curve: Callable[[Floats, Floats], Floats], x: Floats, y: Floats) -> Floats:
    x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
    *many, n = x.shape
    if not n:
        return np.full(many, np.nan)
    x, y, step = x.reshape(-1, n), y.reshape(-1, n), max(1, _CELLS // n)
    parts = [curve(x[start : start + step], y[start : start + step]) for start in range(0, len(x), step)]
    return np.concatenate(parts).reshape(many) if parts else np.empty(many)


def _refusals(counts: Callable[[bool, bool], tuple[int, int]]) -> Callable[[Row], Verdict]:
    """Return a rule over (silent, unanswerable) for the questions of which it is known; an error is not silence."""

    def judge(row: Row) -> Verdict:
        known = answerable(row.example)
        if known is None:
            return None
        x, y = counts(row.answer is not None and row.answer.abstained, not known)
        return Grade(float(x), float(y))

    return judge


def _right(row: Row) -> Verdict:
    verdict = right(row)
    return Apart("nothing is known that the answer could be judged by") if verdict is None else Grade(float(verdict))


def _sure_and_right(row: Row) -> Verdict:
    """Grade what was answered, an error as an answer that is wrong; silence takes no risk."""
    if row.answer is not None and row.answer.abstained:
        return None
    verdict = right(row)
    return _right(row) if verdict is None else _confidence(row, verdict)


def _sure_of_answers(row: Row) -> Verdict:
    """Grade what was answered: no confidence in an error would be well placed, and make up for answers that are not."""
    return None if row.answer is None else _sure_and_right(row)


def _sure_and_answerable(row: Row) -> Verdict:
    known = answerable(row.example)
    return None if known is None else _confidence(row, known)


def _confidence(row: Row, truth: bool) -> Verdict:
    sure = row.answer.confidence if row.answer is not None else 0.0
    if not isinstance(sure, int | float) or not 0 <= sure <= 1:
        return Apart(f"expected a confidence from 0 to 1, found {sure!r:.40}")
    return Grade(round(float(sure), 9), float(truth))  # as a file of grades keeps it: the same are equally sure there as here


def fitting(columns: Sequence[Column]) -> list[Column]:
    """Return `columns` of a run or a part of it, without the grades of those that say nothing of it as a whole.

    Where every question has an answer there is nothing to refuse, and where all or none has, nothing to tell apart.
    """
    by_name = {column.measure.name: column for column in columns}
    unfit: set[str] = set()
    recall, told = by_name.get("refusal_recall"), by_name.get("ECE_answerable")
    if recall is not None and not any(grade.y for grade in recall.grades.values()):
        unfit |= _REFUSALS
    if told is not None and len({grade.y for grade in told.grades.values()}) < 2:
        unfit.add("ECE_answerable")
    return [replace(column, grades={}, apart={}) if column.measure.name in unfit else column for column in columns]


_REFUSALS = {"refusal_precision", "refusal_recall", "refusal_F1"}
_CALIBRATION = "Naeini et al., 2015; Guo et al., On Calibration of Modern Neural Networks, 2017"
_SILENCE = "Rajpurkar et al., Know What You Don't Know (SQuAD 2.0), 2018; van Rijsbergen, Information Retrieval, 1979"

RULES = (
    Rule(
        Measure(
            name="right",
            family=Family.SILENCE,
            kind=Kind.YES_NO,
            definition="Whether the system did right: silent where the articles do not answer; elsewhere an answer that contains a known "
            "answer or cites the characters of the evidence or, where no answer is known, a relevant article without known ones.",
            source="Assay; after Kamath et al., Selective Question Answering under Domain Shift, 2020",
        ),
        _right,
    ),
    Rule(
        Measure(
            name="refusal_precision",
            family=Family.SILENCE,
            kind=Kind.RATIO,
            definition="The share of unanswerable questions among those met with silence.",
            source=_SILENCE,
        ),
        _refusals(lambda silent, unanswerable: (silent and unanswerable, silent)),
    ),
    Rule(
        Measure(
            name="refusal_recall",
            family=Family.SILENCE,
            kind=Kind.RATIO,
            definition="The share of the unanswerable questions that were met with silence.",
            source=_SILENCE,
        ),
        _refusals(lambda silent, unanswerable: (silent and unanswerable, unanswerable)),
    ),
    Rule(
        Measure(
            name="refusal_F1",
            family=Family.SILENCE,
            kind=Kind.RATIO,
            definition="The harmonic mean of refusal precision and recall: twice the right silences over all silences and all unanswerable "
            "questions.",
            source=_SILENCE,
        ),
        _refusals(lambda silent, unanswerable: (2 * (silent and unanswerable), silent + unanswerable)),
    ),
    Rule(
        Measure(
            name="AURC",
            family=Family.SILENCE,
            kind=Kind.CURVE,
            higher_is_better=False,
            definition="Area under the risk–coverage curve: the mean over k of the share of wrong ones among the k most confident answers; "
            "an error is a wrong one of confidence 0, ties count by the expected value over their orders.",
            source="Geifman and El-Yaniv, Selective Classification for Deep Neural Networks, 2017; AURC: Geifman et al., 2019",
            aggregate=aurc,
            weighted=weighted_aurc,
        ),
        _sure_and_right,
    ),
    Rule(
        Measure(
            name="ECE",
            family=Family.SILENCE,
            kind=Kind.CURVE,
            higher_is_better=False,
            definition="Expected calibration error: how far the mean confidence of answers is from the share that is right, in ten bins of "
            "equal width of the confidence, averaged by their answers.",
            source=_CALIBRATION,
            aggregate=expected_calibration_error,
            weighted=weighted_calibration_error(BINS),
        ),
        _sure_of_answers,
    ),
    Rule(
        Measure(
            name="ECE_answerable",
            family=Family.SILENCE,
            kind=Kind.CURVE,
            higher_is_better=False,
            definition="How far the mean confidence is from the share of answerable questions, silence included, in ten bins of equal "
            "width of the confidence, averaged by their questions.",
            source=f"Assay: what a confidence promises; as ECE in {_CALIBRATION}",
            aggregate=expected_calibration_error,
            weighted=weighted_calibration_error(BINS),
        ),
        _sure_and_answerable,
    ),
)

"""Figures and intervals held against SciPy on the same resamples, the binomial, and another library."""

import json

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, roc_auc_score

from eval import statistics
from eval.measure import Column, Family, Grade, Kind, Measure
from eval.statistics import RESAMPLES, Figure, cohens_kappa, figure


def areas(x, y):
    """The area under the ROC curve of scores `x` and truths `y`, along the last axis, by counting pairs; nan without both sorts."""
    above = (x[..., :, None] > x[..., None, :]) + 0.5 * (x[..., :, None] == x[..., None, :])
    wanted = (y[..., :, None] > y[..., None, :]).astype(float)
    with np.errstate(invalid="ignore"):
        return (above * wanted).sum((-1, -2)) / wanted.sum((-1, -2))


def column(grades, kind=Kind.MEAN, *, apart=(), **options):
    """A column of pairs (or of values) for questions q000, q001, …"""
    if kind is Kind.CURVE:
        options.setdefault("aggregate", areas)
    measure = Measure(name="m", family=options.pop("family", Family.ANSWER), definition="d", source="s", kind=kind, **options)
    pairs = [Grade(*one) if isinstance(one, tuple) else Grade(float(one)) for one in grades]
    return Column(measure, {f"q{n:03}": pair for n, pair in enumerate(pairs)}, dict.fromkeys(apart, "reason"))


RNG = np.random.default_rng(7)
VALUES = RNG.beta(2, 1, 83)
SHARES = [(float(x), float(x + more)) for x, more in zip(RNG.integers(0, 4, 60), RNG.integers(0, 3, 60), strict=True)]
SCORED = [(float(score), float(score + noise > 0.5)) for score, noise in zip(RNG.random(40), RNG.normal(0, 0.4, 40), strict=True)]


def scipys(statistic, *samples):
    """The percentile interval of SciPy, which draws the same resamples from the same seed."""
    rng = np.random.default_rng(0)
    options = {"n_resamples": RESAMPLES, "method": "percentile", "paired": True, "rng": rng, "vectorized": True}
    found = scipy.stats.bootstrap(samples, statistic, **options)
    return pytest.approx((found.confidence_interval.low, found.confidence_interval.high), abs=1e-12)


def test_the_interval_of_a_mean_is_that_of_scipy():
    found = figure(column(VALUES))
    assert found.value == pytest.approx(VALUES.mean())
    assert (found.low, found.high) == scipys(lambda x, axis: x.mean(axis), VALUES)
    assert found.n == 83


def test_the_interval_of_a_ratio_is_that_of_scipy():
    x, y = np.array(SHARES).T
    found = figure(column(SHARES, Kind.RATIO))
    assert found.value == pytest.approx(x.sum() / y.sum())
    assert (found.low, found.high) == scipys(lambda x, y, axis: x.sum(axis) / y.sum(axis), x, y)


def test_the_interval_of_a_curve_is_that_of_scipy():
    x, y = np.array(SCORED).T
    found = figure(column(SCORED, Kind.CURVE))
    assert found.value == pytest.approx(roc_auc_score(y, x))
    assert (found.low, found.high) == scipys(lambda x, y, axis: areas(x, y), x, y)  # noqa: ARG005 -- always the last


def test_the_interval_of_a_proportion_is_the_binomials():
    found = figure(column([1.0] * 70 + [0.0] * 30, Kind.YES_NO))
    assert found.value == pytest.approx(0.7)
    assert (found.low, found.high) == pytest.approx(scipy.stats.binom(100, 0.7).ppf([0.025, 0.975]) / 100, abs=0.011)


@pytest.mark.parametrize(("grades", "kind"), [(VALUES, Kind.MEAN), (SHARES, Kind.RATIO), (SCORED, Kind.CURVE)])
def test_order_and_memory_change_nothing(grades, kind, monkeypatch):
    one = column(grades, kind)
    found = figure(one)
    assert figure(Column(one.measure, dict(reversed(one.grades.items())))) == found
    monkeypatch.setattr(statistics, "CELLS", 500)
    assert figure(one) == found
    assert figure(one, seed=1) != found


def test_no_questions_have_no_figure():
    assert figure(column([], apart=["q7", "q8"])) == Figure(None, None, None, 0, 2)
    assert str(figure(column([]))) == "–, n = 0"


def test_one_question_and_a_constant_have_an_interval_of_no_width():
    assert figure(column([0.25])) == Figure(0.25, 0.25, 0.25, 1)
    assert figure(column([0.25] * 7, apart=["q9"])) == Figure(0.25, 0.25, 0.25, 7, 1)
    assert str(figure(column([1, 1]))) == "1.000 (1.000–1.000), n = 2"


def test_a_share_of_nothing_is_no_figure():
    assert figure(column([(0, 0)] * 3, Kind.RATIO)) == Figure(None, None, None, 3)


def test_a_curve_of_one_sort_is_no_figure_and_resamples_of_one_sort_are_left_out():
    assert figure(column([(0.3, 1), (0.4, 1)], Kind.CURVE)) == Figure(None, None, None, 2)
    assert figure(column([(0.3, 1), (0.2, 0)], Kind.CURVE)) == Figure(1.0, 1.0, 1.0, 2)


def test_what_is_no_number_gives_no_number():
    found = figure(column([0.5, float("nan")]))
    assert found == Figure(None, None, None, 2)
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["value"] is None


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_the_figure_lies_within_what_was_seen(values):
    found = figure(column(values), resamples=200)
    slack = 1e-12
    assert min(values) - slack <= found.low <= found.high <= max(values) + slack
    assert min(values) - slack <= found.value <= max(values) + slack


@pytest.mark.slow
def test_the_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(1)
    rounds, held = 400, 0
    for _ in range(rounds):
        found = figure(column(rng.beta(2, 1, 100)), resamples=500)
        held += found.low <= 2 / 3 <= found.high
    low, high = scipy.stats.binom(rounds, 0.94).ppf([0.0005, 0.9995])  # a percentile interval is a little narrow
    assert low <= held <= high


# --- agreement --------------------------------------------------------------------------------------------------------


def test_kappa_is_that_of_the_textbook():
    """Fifty applications for grants read twice: 20 yes by both, 15 no by both, 5 and 10 by one alone (Wikipedia, Cohen's kappa)."""
    first = [True] * 25 + [False] * 25
    second = [True] * 20 + [False] * 5 + [True] * 10 + [False] * 15
    assert cohens_kappa(first, second) == pytest.approx(0.4)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=40))
def test_kappa_is_that_of_another_library(pairs):
    first, second = zip(*pairs, strict=True)
    found = cohens_kappa(first, second)
    if len({*first, *second}) == 1:
        assert found is None
    else:
        assert found == pytest.approx(cohen_kappa_score(first, second))


def test_kappa_of_nothing_and_of_one_word_is_none():
    assert cohens_kappa([], []) is None
    assert cohens_kappa([True] * 9, [True] * 9) is None
    assert cohens_kappa([True] * 9, [False] * 9) == 0
    assert cohens_kappa([True, False], [False, True]) == -1
    with pytest.raises(ValueError, match="shorter"):
        cohens_kappa([True, False], [True])

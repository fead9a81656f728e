"""Figures and intervals held against SciPy on the same resamples, the binomial, and another library."""

import json

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, roc_auc_score

from eval import resampling
from eval.curves import weighted_aurc, weighted_calibration_error, weighted_percentile
from eval.grading.cost import latency
from eval.grading.silence import BINS, aurc, expected_calibration_error
from eval.measure import Column, Family, Grade, Kind, Measure
from eval.resampling import RESAMPLES
from eval.statistics import Figure, cohens_kappa, figure, figures


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
SCORED_AND_TIED = [(float(score), float(n % 3 > 0)) for n, score in enumerate(RNG.integers(0, 12, 60) / 12)]
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
    monkeypatch.setattr(resampling, "CELLS", 500)
    assert figure(one) == found
    assert figure(one, seed=1) != found


def test_no_questions_have_no_figure():
    assert figure(column([], apart=["q7", "q8"])) == Figure(None, None, None, 0, 2)
    assert str(figure(column([]))) == "–, n = 0"


@pytest.mark.parametrize(("right", "n"), [(0, 3), (3, 3), (1, 1), (0, 50), (70, 100), (9, 10)])
def test_yes_or_no_has_the_interval_of_wilson(right, n):
    found = figure(column([1] * right + [0] * (n - right), Kind.YES_NO))
    expected = scipy.stats.binomtest(right, n).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


@pytest.mark.parametrize("n", [1, 3, 10, 200])
@pytest.mark.parametrize("value", [0.0, 0.25, 1.0])
def test_what_was_alike_on_every_question_could_be_otherwise_on_others(value, n):
    """Up to Wilson's bound of 0 of n could be questions of another sort, and those could be graded 0, or 1."""
    bound = scipy.stats.binomtest(0, n).proportion_ci(method="wilson").high
    found = figure(column([value] * n, apart=["q9"]))
    assert found.value == value
    assert (found.low, found.high) == pytest.approx((value * (1 - bound), value + bound * (1 - value)))
    assert (found.n, found.apart) == (n, 1)


def test_a_constant_does_not_claim_to_be_sure():
    assert str(figure(column([1, 1, 1]))) == "1.000 (0.439–1.000), n = 3"
    assert str(figure(column([1, 1, 1], Kind.YES_NO))) == "1.000 (0.439–1.000), n = 3"
    assert str(figure(column([0]))) == "0.000 (0.000–0.793), n = 1"
    assert figure(column([(2, 2), (0, 0), (1, 1)], Kind.RATIO)).low == pytest.approx(figure(column([1, 1])).low)  # of nothing, nothing


def test_a_constant_that_nothing_bounds_has_an_interval_of_no_width():
    assert figure(column([250.0] * 3, unit="ms")) == Figure(250, 250, 250, 3)
    assert figure(column([2.5] * 3)) == Figure(2.5, 2.5, 2.5, 3)


# --- many at once -----------------------------------------------------------------------------------------------------


def test_a_figure_is_the_same_whatever_stands_beside_it():
    values = RNG.random((30, 40))
    many = [column(row) for row in values]
    many += [column(SCORED, Kind.CURVE), column(SCORED, Kind.CURVE, weighted=weighted_aurc), column(SHARES, Kind.RATIO), column(VALUES)]
    alone = [figure(one) for one in many]
    assert figures(many) == alone
    assert figures(many[::-1]) == alone[::-1]
    assert figures(many[5:9]) == alone[5:9]
    assert figures([]) == []


# --- curves by weights ------------------------------------------------------------------------------------------------

WEIGHTED = [
    (aurc, weighted_aurc),
    (expected_calibration_error, weighted_calibration_error(BINS)),
    (latency("total_p50").aggregate, weighted_percentile(50)),
    (latency("total_p95").aggregate, weighted_percentile(95)),
]


@pytest.mark.parametrize(("aggregate", "weighted"), WEIGHTED)
@given(
    st.lists(
        st.tuples(st.one_of(st.sampled_from([0, 0.1, 0.5, 1]), st.floats(0, 1)), st.booleans(), st.lists(st.integers(0, 3), min_size=3)),
        max_size=25,
    )
)
def test_a_curve_by_weights_is_that_of_the_pairs_repeated(aggregate, weighted, questions):
    x, y = (np.array([one[at] for one in questions], float) for at in (0, 1))
    weights = np.array([one[2][:3] for one in questions], float).reshape(-1, 3).T
    found = weighted(x, y)(weights)
    expected = [aggregate(np.repeat(x, row), np.repeat(y, row)) for row in weights.astype(int)]
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize(("aggregate", "weighted"), WEIGHTED)
def test_a_curve_by_weights_has_the_interval_of_the_curve(aggregate, weighted):
    plain, cheap = (figure(column(SCORED_AND_TIED, Kind.CURVE, aggregate=aggregate, **more)) for more in ({}, {"weighted": weighted}))
    assert (cheap.value, cheap.n) == (plain.value, plain.n)
    assert (cheap.low, cheap.high) == pytest.approx((plain.low, plain.high), abs=1e-12)


# --- what is not there ------------------------------------------------------------------------------------------------


def test_a_share_of_nothing_is_no_figure():
    assert figure(column([(0, 0)] * 3, Kind.RATIO)) == Figure(None, None, None, 3)


def test_a_curve_of_one_sort_is_no_figure_and_resamples_of_one_sort_are_left_out():
    assert figure(column([(0.3, 1), (0.4, 1)], Kind.CURVE)) == Figure(None, None, None, 2)
    found = figure(column([(0.3, 1), (0.2, 0)], Kind.CURVE))
    assert (found.value, found.high, found.n) == (1, 1, 2)
    assert found.low == pytest.approx(figure(column([1, 1])).low)  # every resample of both sorts is alike


def test_what_is_no_number_gives_no_number():
    found = figure(column([0.5, float("nan")]))
    assert found == Figure(None, None, None, 2)
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["value"] is None


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_the_figure_lies_within_what_was_seen_and_the_interval_within_what_can_be(values):
    found = figure(column(values), resamples=200)
    slack = 1e-12
    seen = (min(values), max(values)) if np.ptp(values) > 1e-6 else (0, 1)
    assert seen[0] - slack <= found.low <= found.high <= seen[1] + slack
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

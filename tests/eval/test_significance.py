"""Tests of significance held against SciPy, the textbooks, and every swapping tried by hand."""

from itertools import product

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from eval import resampling
from eval.curves import weighted_aurc
from eval.grading.silence import aurc
from eval.measure import Column, Family, Grade, Kind, Measure, ratio
from eval.significance import CURVE_DRAWS, DRAWS, Method, difference, differences, holm


def areas(x, y):
    """The area under the ROC curve of scores `x` and truths `y`, along the last axis, by counting pairs; nan without both sorts."""
    above = (x[..., :, None] > x[..., None, :]) + 0.5 * (x[..., :, None] == x[..., None, :])
    wanted = (y[..., :, None] > y[..., None, :]).astype(float)
    with np.errstate(invalid="ignore"):
        return (above * wanted).sum((-1, -2)) / wanted.sum((-1, -2))


def column(grades, kind=Kind.MEAN, **options):
    options = {"family": Family.ANSWER, "aggregate": areas if kind is Kind.CURVE else ratio} | options
    measure = Measure(name="m", definition="d", source="s", kind=kind, **options)
    pairs = [Grade(*one) if isinstance(one, tuple) else Grade(float(one)) for one in grades]
    return Column(measure, {f"q{n:03}": pair for n, pair in enumerate(pairs)})


def compared(a, b, kind=Kind.MEAN, method=Method.FISHER, **options):
    return difference(column(a, kind), column(b, kind), method=method, **options)


#: How much taller, in eighths of an inch, the crossed plant of each of Darwin's fifteen pairs is (Fisher, The Design of Experiments,
#: 1935, sections 16, 17 and 21).
DARWIN = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]

RNG = np.random.default_rng(3)
A, B = RNG.beta(2, 1, (2, 60))
SHARES = [[(float(x), float(x + more)) for x, more in zip(RNG.integers(0, 4, 9), RNG.integers(0, 3, 9), strict=True)] for _ in "ab"]
SCORED = [[(float(score), float(score + noise > 0.5)) for score, noise in RNG.normal(0.5, 0.5, (9, 2))] for _ in "ab"]

# --- textbooks --------------------------------------------------------------------------------------------------------


def test_the_randomisation_test_is_fishers_own():
    """Of 32,768 arrangements 863 have as large a sum, and as many as small a one: 5.267 %."""
    found = compared([0] * 15, DARWIN)
    assert found.value == pytest.approx(314 / 15)
    assert found.p == 2 * 863 / 32768
    assert found.method is Method.FISHER


def test_the_paired_t_test_is_students():
    """Fisher finds t = 2.148 with 14 degrees of freedom, just beyond the 5 % point."""
    found = compared([0] * 15, DARWIN, method=Method.T)
    assert found.p == pytest.approx(2 * scipy.stats.t(14).sf(2.148), abs=1e-4)
    assert found.p == scipy.stats.ttest_rel(DARWIN, [0] * 15).pvalue
    assert found.method is Method.T


@pytest.mark.parametrize(
    ("first_only", "second_only", "p"),
    [
        (59, 121, 4.434444926375551e-06),  # the worked example of statsmodels' documentation of `mcnemar`
        (5, 1, 14 / 64),  # by hand: 2 (1 + 6) / 2**6
        (4, 4, 1.0),
        (0, 0, 1.0),
    ],
)
def test_mcnemars_test_is_exact(first_only, second_only, p):
    a = [1] * first_only + [0] * second_only + [1, 0, 1]
    b = [0] * first_only + [1] * second_only + [1, 0, 1]
    found = compared(a, b, Kind.YES_NO)
    assert found.p == pytest.approx(p)
    assert found.method is Method.MCNEMAR
    if first_only + second_only <= 15:  # McNemar's exact test is the randomisation test of yes and no
        assert compared(a, b).p == pytest.approx(p)


def test_holms_correction_is_that_of_worked_examples():
    """Four hypotheses (Wikipedia, Holm–Bonferroni method); fifteen (Benjamini & Hochberg 1995, section 4.2), of which three remain."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    fifteen = [*(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344), *(0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0)]
    corrected = holm(fifteen)
    assert corrected[:5] == pytest.approx([0.0015, 0.0056, 0.0247, 0.114, 0.2211])
    assert corrected[9:] == [1.0] * 6
    assert sum(p < 0.05 for p in corrected) == 3


def test_holm_leaves_out_what_was_not_tested():
    assert holm([None, 0.02, None, 0.03]) == [None, pytest.approx(0.04), None, pytest.approx(0.04)]
    assert holm([None]) == [None]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_lies_between_nothing_and_bonferroni_and_keeps_the_order(p_values):
    corrected = holm(p_values)
    assert all(
        p <= one <= min(1, len(p_values) * p) or one == max(corrected[: at + 1])
        for at, (p, one) in enumerate(zip(p_values, corrected, strict=True))
    )
    ranked = [one for _, one in sorted(zip(p_values, corrected, strict=True))]
    assert ranked == sorted(ranked)
    assert all(one <= 1 for one in corrected)


# --- SciPy, and every swapping ----------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=2, max_size=8))
def test_few_questions_are_tested_exactly_as_scipy_does(pairs):
    a, b = (np.array(side) / 8 for side in zip(*pairs, strict=True))
    changes = b - a
    options = {"permutation_type": "samples", "n_resamples": np.inf, "vectorized": True}
    expected = scipy.stats.permutation_test((changes,), lambda x, axis: np.abs(x.sum(axis)), alternative="greater", **options)
    assert compared(a, b, resamples=10).p == pytest.approx(expected.pvalue)


def test_many_questions_are_tested_as_scipy_does_but_for_the_draws():
    options = {"permutation_type": "samples", "n_resamples": 20_000, "vectorized": True, "rng": np.random.default_rng(5)}
    for shift in (0, 0.05, 0.1):
        expected = scipy.stats.permutation_test((A + shift, B), lambda x, y, axis: x.mean(axis) - y.mean(axis), **options).pvalue
        assert compared(A + shift, B).p == pytest.approx(expected, abs=4 * (0.25 / DRAWS) ** 0.5)


@pytest.mark.parametrize(("kind", "grades"), [(Kind.RATIO, SHARES), (Kind.CURVE, SCORED)])
def test_sums_and_curves_are_tested_by_every_swapping(kind, grades):
    a, b = (np.array(side) for side in grades)
    aggregate = {Kind.RATIO: ratio, Kind.CURVE: areas}[kind]

    def change(swaps):
        one, two = np.where(swaps, b, a), np.where(swaps, a, b)
        return aggregate(*two.T) - aggregate(*one.T)

    found = compared(*grades, kind)
    swapped = np.array([change(np.array(swaps)[:, None]) for swaps in product([False, True], repeat=len(a))])
    assert found.value == pytest.approx(swapped[0])
    assert found.p == pytest.approx(np.mean(np.isnan(swapped) | (np.abs(swapped) >= abs(swapped[0]) - 1e-12)))


def test_draws_and_every_swapping_agree(monkeypatch):
    exact = compared(*SCORED, Kind.CURVE).p
    monkeypatch.setattr("eval.significance._EXACT_CURVE", 3)
    assert compared(*SCORED, Kind.CURVE).p == pytest.approx(exact, abs=4 * (0.25 / CURVE_DRAWS) ** 0.5)
    exact = compared(*SHARES, Kind.RATIO).p
    monkeypatch.setattr("eval.significance._EXACT", 3)
    assert compared(*SHARES, Kind.RATIO).p == pytest.approx(exact, abs=4 * (0.25 / DRAWS) ** 0.5)


def test_a_curve_by_weights_differs_as_the_curve_does():
    rng = np.random.default_rng(8)
    sides = [[(float(score), float(score + noise > 0.5)) for score, noise in rng.normal(0.5, 0.4, (50, 2)).round(1)] for _ in "ab"]
    for few in (9, 50):  # every swapping, and random ones
        plain, cheap = (
            difference(*(column(side[:few], Kind.CURVE, aggregate=aurc, weighted=weighted) for side in sides))
            for weighted in (None, weighted_aurc)
        )
        assert (cheap.a, cheap.b, cheap.value, cheap.p) == (plain.a, plain.b, plain.value, plain.p)
        assert (cheap.low, cheap.high) == pytest.approx((plain.low, plain.high), abs=1e-12)


def test_a_difference_is_the_same_whatever_stands_beside_it():
    rng = np.random.default_rng(9)
    one, two = ([column(row) for row in side] for side in rng.random((2, 20, 40)))
    pairs = [*zip(one, two, strict=True), *[tuple(column(side, Kind.RATIO) for side in SHARES)], (column(A), column(B))]
    alone = [difference(*pair, draws=300) for pair in pairs]
    assert differences(pairs, draws=300) == alone
    assert differences(pairs[::-1], draws=300) == alone[::-1]


def test_questions_that_all_change_alike_do_not_make_a_change_sure():
    """Wilson's bound of 0 of 3 is 0.562: so many others could change the other way."""
    lost = compared([1] * 3, [0] * 3, Kind.YES_NO)
    bound = scipy.stats.binomtest(0, 3).proportion_ci(method="wilson").high
    assert (lost.value, lost.low, lost.p) == (-1, -1, 0.25)
    assert lost.high == pytest.approx(-1 + 2 * bound)
    assert compared([1] * 30, [0] * 30, Kind.YES_NO).high < -0.7


def test_the_interval_is_that_of_scipy():
    options = {"n_resamples": 2000, "method": "percentile", "paired": True, "vectorized": True, "rng": np.random.default_rng(0)}
    expected = scipy.stats.bootstrap((A, B), lambda x, y, axis: y.mean(axis) - x.mean(axis), **options).confidence_interval
    found = compared(A, B)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert (found.a, found.b, found.value) == pytest.approx((A.mean(), B.mean(), B.mean() - A.mean()))


def test_the_least_p_of_draws_is_one_of_them_more():
    assert compared([0] * 40, [1] * 40).p == pytest.approx(1 / (DRAWS + 1))


# --- what holds of any grades -----------------------------------------------------------------------------------------

PAIRS = st.lists(st.tuples(*[st.tuples(st.integers(0, 4), st.integers(1, 4))] * 2), min_size=1, max_size=20)
KINDS = st.sampled_from([Kind.MEAN, Kind.YES_NO, Kind.RATIO, Kind.CURVE])


def sides(kind, pairs):
    """The grades of two systems that fit `kind`, from pairs of whole numbers."""
    fit = {Kind.MEAN: lambda x, _: x / 4, Kind.YES_NO: lambda x, _: float(x > 2), Kind.RATIO: lambda x, y: (x, y)}
    fit[Kind.CURVE] = lambda x, y: (x / 4, float(y > 2))
    return [[fit[kind](*one) for one in side] for side in zip(*pairs, strict=True)]


@given(KINDS, PAIRS)
def test_a_system_does_not_differ_from_itself(kind, pairs):
    a, _ = sides(kind, pairs)
    found = compared(a, a, kind, resamples=50)
    if found.a is None:
        assert (found.value, found.low, found.high, found.p) == (None, None, None, None)
    else:
        assert (found.value, found.low, found.high, found.p) == (0, 0, 0, 1)


@given(KINDS, PAIRS, st.sampled_from([Method.FISHER, Method.T]))
def test_the_two_exchanged_give_the_difference_negated(kind, pairs, method):
    a, b = sides(kind, pairs)
    there, back = (compared(*both, kind, method, resamples=100, draws=200) for both in ((a, b), (b, a)))
    assert (there.p, there.n, there.method) == (back.p, back.n, back.method)
    assert (there.a, there.b) == (back.b, back.a)
    if there.value is not None:
        assert (there.value, there.low, there.high) == pytest.approx((-back.value, -back.high, -back.low), abs=1e-12)
        assert 0 < there.p <= 1


@given(KINDS, PAIRS, st.randoms())
def test_the_order_of_the_questions_changes_nothing(kind, pairs, random):
    a, b = (column(side, kind) for side in sides(kind, pairs))
    found = difference(a, b, resamples=100, draws=200)
    ids = list(a.grades)
    random.shuffle(ids)
    assert difference(Column(a.measure, {one: a.grades[one] for one in ids}), b, resamples=100, draws=200) == found


def test_memory_changes_nothing(monkeypatch):
    curves = [[(float(score), float(n % 2)) for n, score in enumerate(side)] for side in (A, B)]
    cases = [([A, B], Kind.MEAN), (SHARES, Kind.RATIO), (SCORED, Kind.CURVE), (curves, Kind.CURVE)]
    found = [compared(*grades, kind, draws=300, resamples=100) for grades, kind in cases]
    monkeypatch.setattr(resampling, "CELLS", 1000)
    assert [compared(*grades, kind, draws=300, resamples=100) for grades, kind in cases] == found


def test_only_questions_graded_in_both_count():
    a, b = column([1, 0, 1, 0]), column([1, 1, 1, 1])
    found = difference(Column(a.measure, {one: a.grades[one] for one in ("q000", "q001", "q002")}), b)
    assert found.n == 3
    assert (found.a, found.b) == (pytest.approx(2 / 3), 1)
    nothing = difference(Column(a.measure, {}), b)
    assert (nothing.value, nothing.p, nothing.n) == (None, None, 0)


def test_grades_read_back_from_a_file_are_the_same_grades():
    """A file keeps nine digits."""
    found = compared(A, [round(float(one), 9) for one in A])
    assert (found.value, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_costs_are_not_tested():
    found = difference(column(A, family=Family.COST, unit="ms"), column(A + 1, family=Family.COST, unit="ms"))
    assert found.value == pytest.approx(1)
    assert (found.p, found.method) == (None, Method.UNTESTED)


def test_where_there_is_no_spread_fishers_test_stands_in_for_t():
    found = compared([0.5] * 6, [0.75] * 6, method=Method.T)
    assert (found.method, found.p) == (Method.FISHER, 2 / 64)
    assert compared([0.5], [0.75], method=Method.T).p == 1


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=9))
def test_sums_of_the_same_numbers_in_another_order_are_as_extreme(tenths):
    """0.1 + 0.2 - 0.3 is not nought in binary; in whole numbers every tie is one."""
    sums = [abs(sum(sign * one for sign, one in zip(signs, tenths, strict=True))) for signs in product([1, -1], repeat=len(tenths))]
    found = compared([0.3] * len(tenths), [0.3 + one / 10 for one in tenths], resamples=2)
    assert found.p == pytest.approx(sum(one >= sums[0] for one in sums) / len(sums))


# --- how often it cries wolf ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [Method.FISHER, Method.T])
def test_a_shift_is_found(method):
    rng = np.random.default_rng(11)
    a = rng.beta(2, 2, 120)
    assert compared(a, np.clip(a + rng.normal(-0.08, 0.2, 120), 0, 1), method=method).p < 0.01


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Kind.MEAN, Kind.YES_NO, Kind.RATIO, Kind.CURVE])
def test_systems_that_are_alike_differ_as_often_as_the_level_says(kind):
    rng = np.random.default_rng(13)
    rounds, cried = 500, 0
    for _ in range(rounds):
        pairs = [tuple((int(x), int(y)) for x, y in zip(rng.integers(0, 5, 2), rng.integers(1, 5, 2), strict=True)) for _ in range(30)]
        p = compared(*sides(kind, pairs), kind, draws=500, resamples=2).p
        cried += p <= 0.05
    assert cried <= scipy.stats.binom(rounds, 0.05).ppf(0.9999)
    if kind is not Kind.YES_NO:  # whose few possible p-values make it cautious
        assert cried >= scipy.stats.binom(rounds, 0.04).ppf(0.0001)

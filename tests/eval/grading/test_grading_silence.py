"""Silence and confidence, held against scikit-learn and brute force."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import f1_score, precision_score, recall_score

from eval.grading import CURVES, grade, reliability, restrict, risk_coverage
from eval.grading.silence import aurc, expected_calibration_error

PAIRS = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.2, 0.30000000000000004, 0.5, 0.95, 1.0]) | st.floats(0, 1), st.booleans()), min_size=1
)


def arrays(pairs):
    return np.array([x for x, _ in pairs]), np.array([y for _, y in pairs], float)


def risks_of(order):
    wrong = np.cumsum([not good for _, good in order])
    return [wrong[k] / (k + 1) for k in range(len(order))]


@given(st.lists(st.tuples(st.sampled_from([0.2, 0.5, 0.9]), st.booleans()), min_size=1, max_size=6))
def test_risk_is_the_mean_over_every_order_of_the_equally_sure(pairs):
    orders = [order for order in itertools.permutations(pairs) if all(a[0] >= b[0] for a, b in itertools.pairwise(order))]
    expected = np.mean([risks_of(order) for order in orders], axis=0)
    coverage, risk = risk_coverage([x for x, _ in pairs], [y for _, y in pairs])
    assert risk == pytest.approx(expected)
    assert coverage == pytest.approx(np.arange(1, len(pairs) + 1) / len(pairs))
    assert aurc(*arrays(pairs)) == pytest.approx(expected.mean())
    fewer, same = risk_coverage([x for x, _ in pairs], [y for _, y in pairs], of=8)
    assert fewer == pytest.approx(np.arange(1, len(pairs) + 1) / 8)
    assert (same == risk).all()


@given(PAIRS, st.randoms(use_true_random=False))
def test_curves_do_not_depend_on_the_order_of_questions(pairs, chance):
    shuffled = chance.sample(pairs, len(pairs))
    for curve in (aurc, expected_calibration_error):
        assert 0 <= curve(*arrays(pairs)) <= 1
        assert curve(*arrays(shuffled)) == pytest.approx(float(curve(*arrays(pairs))), abs=1e-12)
    low, high = ([(place, place < share) for place in range(len(pairs))] for share in (0, len(pairs)))
    assert (aurc(*arrays(high)), aurc(*arrays(low))) == (0, 1)


def test_the_area_by_hand():
    """Sure and right, less sure and wrong, least sure and right: risks 0, 1/2, 1/3."""
    assert aurc(np.array([0.9, 0.5, 0.1]), np.array([1.0, 0, 1])) == pytest.approx((0 + 1 / 2 + 1 / 3) / 3)


@given(PAIRS)
def test_reliability_is_sklearns(pairs):
    x, y = arrays(pairs)
    found = reliability(x, y.astype(bool))
    share, mean = calibration_curve(y, x, n_bins=10, strategy="uniform")
    full = found.n > 0
    assert found.share[full] == pytest.approx(share)
    assert found.confidence[full] == pytest.approx(mean)
    assert found.n.sum() == len(pairs)
    assert np.isnan(found.share[~full]).all()
    error = sum(n / len(pairs) * abs(s - c) for n, s, c in zip(found.n[full], share, mean, strict=True))
    assert expected_calibration_error(x, y) == pytest.approx(error)


def test_a_bin_holds_its_upper_edge():
    assert list(reliability([0.0, 0.1, 0.1000001, 0.2, 1.0], [True] * 5).n) == [2, 2, 0, 0, 0, 0, 0, 0, 0, 1]
    assert list(reliability([0.5, 0.6], [True, False], bins=2).n) == [1, 1]


@pytest.mark.parametrize("name", ["AURC", "ECE"])
def test_curves_work_along_the_last_axis(name, monkeypatch):
    monkeypatch.setattr("eval.grading.silence._CELLS", 50)
    curve = CURVES[name].aggregate
    chance = np.random.default_rng(1)
    x, y = chance.random((3, 5, 20)).round(1), chance.random((3, 5, 20)) < 0.5
    found = curve(x, y.astype(float))
    assert found.shape == (3, 5)
    assert found[1, 2] == pytest.approx(float(curve(x[1, 2], y[1, 2].astype(float))))
    assert curve(np.empty((2, 0)), np.empty((2, 0))).shape == (2,)
    assert np.isnan(curve(np.empty(0), np.empty(0)))


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=12))
def test_refusals_are_sklearns(made, pairs):
    """(silent, unanswerable) of each question."""
    rows = [
        made.row(f"q{n}", made.silence() if silent else made.answer("x"), answerable=not unanswerable)
        for n, (silent, unanswerable) in enumerate(pairs)
    ]
    said, truth = [silent for silent, _ in pairs], [unanswerable for _, unanswerable in pairs]
    found = grade(made.run(*rows))
    for name, oracle in (("refusal_precision", precision_score), ("refusal_recall", recall_score), ("refusal_F1", f1_score)):
        if not any(truth):
            assert name not in found.names
            continue
        value = float(found[name].measure.aggregate(*found[name].pairs()))
        expected = oracle(truth, said, zero_division=np.nan)
        assert value == pytest.approx(expected, nan_ok=True), name


def test_an_error_is_no_silence(made, graded):
    rows = [made.row("broken", answerable=False), made.row("unknown", made.answer("x"))]
    assert graded("refusal_recall", *rows) == {"broken": (0, 1)}
    assert graded("refusal_precision", *rows) == {"broken": (0, 0)}
    assert graded("ECE_answerable", *rows, made.row("known", answers=["x"])) == {"broken": (0, 0), "known": (0, 1)}
    assert graded("ECE", *rows) == {"unknown": "nothing is known that the answer could be judged by"}
    assert graded("AURC", *rows) == {"broken": (0, 0), "unknown": "nothing is known that the answer could be judged by"}


def test_confidence_is_held_against_what_is_right_and_what_is_answerable(made, graded):
    """That a question with a known answer can be answered need not be said."""
    rows = [
        made.row("right", made.answer("Corfo", confidence=0.9), answers=["Corfo"]),
        made.row("wrong", made.answer("Codelco", confidence=0.7), answers=["Corfo"], answerable=True),
        made.row("silent", made.silence(confidence=0.2), answerable=False),
        made.row("wrongly silent", made.silence(confidence=0.3), answers=["Corfo"]),
        made.row("said", made.answer("Codelco", confidence=0.6), answerable=False),
        made.row("broken", answers=["Corfo"]),
    ]
    answers = {"right": (0.9, 1), "wrong": (0.7, 0), "said": (0.6, 0)}
    assert graded("AURC", *rows) == {**answers, "broken": (0, 0)}
    assert graded("ECE", *rows) == answers
    truth = {"right": (0.9, 1), "wrong": (0.7, 1), "silent": (0.2, 0), "wrongly silent": (0.3, 1), "said": (0.6, 0), "broken": (0, 1)}
    assert graded("ECE_answerable", *rows) == truth
    assert graded("right", *rows) == {"right": 1, "wrong": 0, "silent": 1, "wrongly silent": 0, "said": 0, "broken": 0}
    assert graded("refusal_recall", *rows)["wrongly silent"] == (0, 0)
    assert graded("refusal_precision", *rows)["wrongly silent"] == (0, 1)


def test_where_there_is_nothing_to_refuse_nothing_is_said_of_refusals(made):
    silent, answered, none = (
        made.row("silent", made.silence(), answers=["x"]),
        made.row("answered", made.answer("x"), answers=["x"]),
        made.row("none", made.silence(), answerable=False),
    )
    needing = {"refusal_precision", "refusal_recall", "refusal_F1", "ECE_answerable"}
    assert not needing & set(grade(made.run(silent, answered)).names)
    assert needing - {"ECE_answerable"} == needing & set(grade(made.run(none)).names)
    both = grade(made.run(silent, answered, none))
    assert needing <= set(both.names)
    assert not any(both[name].grades == {} for name in needing)
    assert all(restrict(both, ["silent", "answered"])[name].grades == {} for name in needing)


def test_confidences_that_a_file_of_grades_cannot_tell_apart_are_equal(made, graded):
    rows = [
        made.row("a", made.answer("x", confidence=0.5 + 1e-12), answerable=True, answers=["x"]),
        made.row("b", made.answer("x", confidence=0.5)),
    ]
    assert graded("AURC", *rows)["a"] == (0.5, 1)


@pytest.mark.parametrize("confidence", [math.nan, math.inf, -0.1, 1.1, None, "0.5"])
def test_a_confidence_that_is_none_stands_apart(confidence, made, graded):
    row = made.row(answer=made.answer("x", confidence=confidence), answerable=True, answers=["x"])
    told = made.row("other", made.answer("x"), answerable=True, answers=["x"]), made.row("none", made.silence(), answerable=False)
    for name in ("AURC", "ECE", "ECE_answerable"):
        assert graded(name, row, *told)["q1"].startswith("expected a confidence from 0 to 1, found")

"""Numbers held against a hand's sums, the textbook and another library."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_score, recall_score, roc_auc_score

from eval.measures import RESAMPLES, Mean, auroc, mean, precision_recall, retrieval

QRELS = {"q1": {"a": 2, "b": 1, "c": 0}, "q2": {"d": 1}}


def test_ndcg_is_what_a_hand_works_out():
    run = {"q1": [("x", 9.0), ("b", 8.0), ("a", 7.0)], "q2": [("d", 1.0)]}
    gained = 1 / math.log2(3) + 2 / math.log2(4)
    ideal = 2 / math.log2(2) + 1 / math.log2(3)
    found = retrieval(run, QRELS)["nDCG@10"]
    assert found.value == pytest.approx((gained / ideal + 1) / 2)
    assert found.n == 2


def test_recall_counts_what_is_relevant_within_the_depth():
    ranked = [(f"x{n}", 100.0 - n) for n in range(9)] + [("a", 50.0), ("b", 49.0)]
    assert retrieval({"q1": ranked}, {"q1": QRELS["q1"]}, ["R@10", "R@11"])["R@10"].value == pytest.approx(1 / 2)
    assert retrieval({"q1": ranked}, {"q1": QRELS["q1"]}, ["R@10", "R@11"])["R@11"].value == pytest.approx(1)


def test_the_score_ranks_and_not_the_place_in_the_list():
    assert retrieval({"q1": [("x", 1.0), ("a", 5.0), ("b", 3.0)]}, QRELS, ["nDCG@10"])["nDCG@10"].value == pytest.approx(1 / 2)


def test_a_question_without_hits_counts_as_nought():
    found = retrieval({"q2": [("d", 1.0)]}, QRELS)
    assert {name: (value.value, value.n) for name, value in found.items()} == {"nDCG@10": (0.5, 2), "R@10": (0.5, 2)}


def test_a_question_that_was_not_judged_does_not_count():
    assert retrieval({"q2": [("d", 1.0)], "q9": [("a", 1.0)]}, {"q2": {"d": 1}})["nDCG@10"] == Mean(1.0, 1.0, 1.0, 1)


# --- means ------------------------------------------------------------------------------------------------------------


def test_a_mean_of_nothing_is_said_to_be_none():
    assert mean([]) == Mean(0.0, 0.0, 0.0, 0)
    assert str(mean([])) == "–"


def test_a_constant_has_an_interval_of_no_width():
    assert mean([0.25] * 7) == Mean(0.25, 0.25, 0.25, 7)
    assert mean([1]) == Mean(1.0, 1.0, 1.0, 1)
    assert str(mean([1, 1])) == "1.000 (1.000–1.000), n = 2"


def test_the_interval_of_a_proportion_is_the_binomials():
    """A resample of n questions of which a share p is right has binomially many right ones."""
    n, right = 100, 30
    found = mean([1.0] * right + [0.0] * (n - right))
    below = np.cumsum([math.comb(n, k) * (right / n) ** k * (1 - right / n) ** (n - k) for k in range(n + 1)])
    low, high = (int(np.searchsorted(below, q)) / n for q in (0.025, 0.975))
    assert found.value == pytest.approx(0.3)
    assert found.low == pytest.approx(low, abs=0.011)
    assert found.high == pytest.approx(high, abs=0.011)


def test_the_interval_covers_the_truth_about_nineteen_times_in_twenty():
    chance = np.random.default_rng(5)
    covered = sum(found.low <= 0.7 <= found.high for found in (mean(chance.random(60) < 0.7) for _ in range(200)))
    assert 0.88 <= covered / 200 <= 0.99


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_an_interval_lies_around_its_mean_and_is_always_the_same(values):
    found = mean(values)
    assert found == mean(iter(values))
    assert found.value == pytest.approx(sum(values) / len(values))
    assert min(values) - 1e-9 <= found.low <= found.high <= max(values) + 1e-9
    assert found.low - 1e-9 <= found.value <= found.high + 1e-9 or len(set(values)) > 1
    assert RESAMPLES >= 1000


# --- decisions --------------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=40))
def test_precision_and_recall_are_sklearns(pairs):
    decided, truth = [said for said, _ in pairs], [true for _, true in pairs]
    precision, recall = precision_recall(decided, truth)
    assert (precision.n, recall.n) == (sum(decided), sum(truth))
    if any(decided):
        assert precision.value == pytest.approx(precision_score(truth, decided, zero_division=0))
    if any(truth):
        assert recall.value == pytest.approx(recall_score(truth, decided, zero_division=0))


def test_precision_and_recall_by_hand():
    precision, recall = precision_recall([True, True, True, False, False], [True, False, True, True, False])
    assert (precision.value, precision.n) == (pytest.approx(2 / 3), 3)
    assert (recall.value, recall.n) == (pytest.approx(2 / 3), 3)
    with pytest.raises(ValueError, match="zip"):
        precision_recall([True], [])


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.5, 0.5000001, 1.0]) | st.floats(-5, 5), st.booleans()), min_size=2, max_size=50))
def test_auroc_is_sklearns_ties_included(pairs):
    scores, truth = [score for score, _ in pairs], [true for _, true in pairs]
    if len(set(truth)) == 2:
        assert auroc(scores, truth) == pytest.approx(roc_auc_score(truth, scores))
    else:
        assert auroc(scores, truth) == 0.5


@pytest.mark.parametrize(
    ("scores", "truth", "expected"),
    [
        ([1, 2, 3, 4], [False, False, True, True], 1.0),
        ([4, 3, 2, 1], [False, False, True, True], 0.0),
        ([1, 1, 1, 1], [False, True, False, True], 0.5),
        ([1, 2, 2, 3], [False, True, False, True], 7 / 8),
        ([], [], 0.5),
    ],
)
def test_auroc_by_hand(scores, truth, expected):
    assert auroc(scores, truth) == pytest.approx(expected)

"""The gate: what is demanded, what passes, what fails, and what may be luck."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.gating import Bound, Demand, State, demanded, fails, gate
from eval.grades import Grades
from eval.measure import Column, Family, Grade, Kind, Measure
from eval.significance import difference
from eval.statistics import figure
from index import AssayError


def measure(name, *, better="more", kind=Kind.MEAN, unit="", family=Family.ANSWER):
    return Measure(name=name, family=family, definition="d", source="s", kind=kind, higher_is_better=better == "more", unit=unit)


MEASURES = [measure("nDCG@10"), measure("F1"), measure("citation_precision"), measure("ECE", better="less"), measure("P(rel=2)@5")]


def grades(values, *, name="F1", better="more", run="new", apart=(), sha256="s", unit=""):
    ids = tuple(f"q{n:03}" for n in range(len(values) + len(apart)))
    of = measure(name, better=better, unit=unit)
    reasons = dict(zip(ids[len(values) :], apart, strict=True))
    column = Column(of, {one: Grade(float(value)) for one, value in zip(ids, values, strict=False)}, reasons)
    return Grades(run, "set", sha256, ids, (column,))


def checked(bound, value, values, *, baseline=None, name="F1", **options):
    before = None if baseline is None else grades(baseline, name=name, run="old", **options)
    (check,) = gate([Demand(bound, name, value)], grades(values, name=name, **options), before)
    return check


# --- what is written --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bound", "written", "expected"),
    [
        (Bound.MIN, "nDCG@10=0.70", Demand(Bound.MIN, "nDCG@10", 0.7)),
        (Bound.MIN, "P(rel=2)@5=.5", Demand(Bound.MIN, "P(rel=2)@5", 0.5)),
        (Bound.MAX, "ECE=1e-1", Demand(Bound.MAX, "ECE", 0.1)),
        (Bound.MAX_DROP, "F1=0", Demand(Bound.MAX_DROP, "F1", 0.0)),
        (Bound.MAX_DROP, "ECE=0.01", Demand(Bound.MAX_DROP, "ECE", 0.01)),
    ],
)
def test_a_demand_is_read_as_it_is_written(bound, written, expected):
    found = demanded(bound, written, MEASURES)
    assert found == expected
    assert demanded(bound, str(found).split(" ", 1)[1], MEASURES) == found


@pytest.mark.parametrize(
    "written",
    [
        "",
        "=",
        "F1",
        "F1=",
        "=0.5",
        "F1=x",
        "F1=nan",
        "F1=inf",
        "F1=-inf",
        "F1=1e999",
        "F1=1_0",
        "F1= 1",
        "F1=0,5",
        "F1=٣",
        "F1=0x1",
        "F1=1\n",
    ],
)
def test_what_is_no_demand_is_refused(written):
    with pytest.raises(AssayError, match=r"expected --min NAME=VALUE, as in --min nDCG@10=0.70, found"):
        demanded(Bound.MIN, written, MEASURES)


def test_an_unknown_measure_is_refused_with_those_that_are_close():
    with pytest.raises(AssayError, match=r"expected a measure after --min, found 'ndcg@5'; close to it: nDCG@10; all of them: nDCG@10, F1"):
        demanded(Bound.MIN, "ndcg@5=0.5", MEASURES)
    with pytest.raises(AssayError) as found:
        demanded(Bound.MIN, "\x1b]0;\u202e" + "x" * 10_000 + "=1", MEASURES)
    assert "close" not in str(found.value)
    assert str(found.value).isprintable()
    assert len(str(found.value)) < 250


def test_a_bound_on_the_good_side_is_refused():
    with pytest.raises(AssayError, match=r"expected --max for ECE, of which less is better, found --min; write --max ECE=0.1"):
        demanded(Bound.MIN, "ECE=0.1", MEASURES)
    with pytest.raises(AssayError, match=r"expected --min for F1, of which more is better, found --max"):
        demanded(Bound.MAX, "F1=0.1", MEASURES)
    with pytest.raises(AssayError, match=r"expected a drop of 0 or more after --max-drop, found -0.1"):
        demanded(Bound.MAX_DROP, "F1=-0.1", MEASURES)


@given(st.one_of(st.text(max_size=30), st.from_regex(r"(nDCG@10|F1|P\(rel=2\)@5)=[-+0-9.einf_]{1,9}", fullmatch=True)))
def test_whatever_is_written_is_read_or_refused(written):
    name, _, value = written.rpartition("=")
    try:
        found = demanded(Bound.MIN, written, MEASURES)
    except AssayError:
        return
    assert (found.measure, found.value) == (name, float(value))
    assert math.isfinite(found.value)


# --- bounds -----------------------------------------------------------------------------------------------------------

SPREAD = [0.0, 1.0] * 20  # its mean is 0.5, its interval about 0.35 to 0.65


def test_a_least_figure():
    found = figure(grades(SPREAD)["F1"])
    assert checked(Bound.MIN, 0.5, SPREAD).state is State.PASSED
    assert checked(Bound.MIN, found.high - 0.001, SPREAD).state is State.LUCK
    assert checked(Bound.MIN, found.high, SPREAD).state is State.LUCK
    failed = checked(Bound.MIN, found.high + 0.001, SPREAD)
    assert failed.state is State.FAILED
    assert failed.found == found


def test_a_greatest_figure():
    found = figure(grades(SPREAD)["F1"])
    of = {"name": "ECE", "better": "less"}
    assert checked(Bound.MAX, 0.5, SPREAD, **of).state is State.PASSED
    assert checked(Bound.MAX, found.low, SPREAD, **of).state is State.LUCK
    assert checked(Bound.MAX, found.low - 0.001, SPREAD, **of).state is State.FAILED


def test_a_figure_that_binary_cannot_write_meets_its_own_bound():
    assert np.mean([0.1] * 3) != 0.1
    for value in (0.1, 0.7, 1 / 3):
        for count in range(1, 30):
            assert checked(Bound.MIN, value, [value] * count).state is State.PASSED
            assert checked(Bound.MAX, value, [value] * count, name="ECE", better="less").state is State.PASSED


def test_nothing_graded_fails_with_the_reason():
    for bound in Bound:
        check = checked(bound, 0.5, [], baseline=[], apart=["no model:\n none"] * 3)
        assert check.state is State.FAILED
        assert check.reason == "none of the 3 questions that it applies to could be graded: no model: none"
    assert checked(Bound.MIN, 0.5, []).reason == "it applies to no question of this run"
    (missing,) = gate([Demand(Bound.MIN, "MRR", 0.5)], grades(SPREAD))
    assert (missing.state, missing.reason) == (State.FAILED, "it applies to no question of this run")
    assert fails([missing])


def test_a_figure_that_is_not_defined_fails():
    of = measure("share", kind=Kind.RATIO)
    (check,) = gate([Demand(Bound.MIN, "share", 0.5)], Grades("r", "d", "s", ("q",), (Column(of, {"q": Grade(0, 0)}),)))
    assert (check.state, check.reason) == (State.FAILED, "it is not defined on the questions of this run")


# --- drops ------------------------------------------------------------------------------------------------------------

RNG = np.random.default_rng(4)
BEFORE = RNG.random(80)
AFTER = np.clip(BEFORE - 0.1 + RNG.normal(0, 0.1, 80), 0, 1)


def test_a_drop_is_taken_pair_by_pair():
    change = difference(grades(BEFORE)["F1"], grades(AFTER)["F1"])
    assert checked(Bound.MAX_DROP, 0.2, AFTER, baseline=BEFORE).state is State.PASSED
    assert checked(Bound.MAX_DROP, -change.high, AFTER, baseline=BEFORE).state is State.LUCK
    failed = checked(Bound.MAX_DROP, -change.high - 0.001, AFTER, baseline=BEFORE)
    assert failed.state is State.FAILED
    assert (failed.found.value, failed.found.low, failed.found.high) == (-change.value, -change.high, -change.low)
    assert failed.reason == f"from {BEFORE.mean():.3f} to {AFTER.mean():.3f}"
    # the two intervals overlap: only the pairs tell
    assert figure(grades(AFTER)["F1"]).high > figure(grades(BEFORE)["F1"]).low


@pytest.mark.parametrize("kind", [Kind.YES_NO, Kind.MEAN])
def test_few_questions_exclude_no_luck(kind):
    def of(values, run="new"):
        ids = [f"q{n}" for n in range(len(values))]
        column = Column(measure("EM", kind=kind), {one: Grade(float(value)) for one, value in zip(ids, values, strict=True)})
        return Grades(run, "set", "s", tuple(ids), (column,))

    least, drop = [Demand(Bound.MIN, "EM", 0.5)], [Demand(Bound.MAX_DROP, "EM", 0)]
    for n, state in ((1, State.LUCK), (3, State.LUCK), (20, State.FAILED)):
        assert gate(least, of([0] * n))[0].state is state
        assert gate(drop, of([0] * n), of([1] * n, "old"))[0].state is state
    (check,) = gate(drop, of([0, 0, 0]), of([1, 1, 1], "old"))
    assert check.found.low < 0 < check.found.value == check.found.high


def test_a_drop_that_the_test_does_not_tell_from_none_may_be_luck():
    """A bootstrap of four questions is too sure: with four of one sign, an exact test cannot get below 2/16."""
    (check,) = gate([Demand(Bound.MAX_DROP, "F1", 0)], grades([0.5, 0.4, 0.3, 0.6]), grades([0.9, 0.9, 0.9, 0.9], run="old"))
    assert check.found.low > 0
    assert (check.state, check.reason) == (State.LUCK, "from 0.900 to 0.450; p = 0.125")


def test_to_get_better_is_no_drop():
    assert checked(Bound.MAX_DROP, 0, BEFORE, baseline=AFTER).state is State.PASSED
    assert checked(Bound.MAX_DROP, 0, BEFORE, baseline=BEFORE).state is State.PASSED


def test_where_less_is_better_a_drop_is_a_rise():
    of = {"name": "ECE", "better": "less"}
    assert checked(Bound.MAX_DROP, 0.01, AFTER, baseline=BEFORE, **of).state is State.PASSED
    failed = checked(Bound.MAX_DROP, 0.01, BEFORE, baseline=AFTER, **of)
    assert failed.state is State.FAILED
    assert 0 < failed.found.low <= failed.found.value <= failed.found.high


def test_a_drop_says_how_many_questions_are_graded_no_more():
    before, after = grades([1, 1, 1]), grades([1, 1], apart=["broken"])
    (check,) = gate([Demand(Bound.MAX_DROP, "F1", 0)], after, before)
    assert check.reason == "from 1.000 to 1.000; 1 graded in the baseline only"
    assert (check.found.n, check.found.apart) == (2, 1)


def test_a_drop_needs_a_baseline_of_the_same_questions_that_has_the_measure():
    drop = [Demand(Bound.MAX_DROP, "F1", 0.01)]
    with pytest.raises(AssayError, match=r"expected --baseline FILE with --max-drop F1=0.01, found none"):
        gate(drop, grades(SPREAD))
    with pytest.raises(AssayError, match=r"1 question only in old \(q040\)"):
        gate(drop, grades(SPREAD), grades([*SPREAD, 1], run="old", sha256="t"))
    with pytest.raises(AssayError, match="expected F1 in the baseline, found none"):
        gate(drop, grades(SPREAD), grades(SPREAD, name="EM"))
    assert gate([Demand(Bound.MIN, "F1", 0.4)], grades(SPREAD))[0].state is State.PASSED


def test_checks_come_in_the_order_of_the_demands_and_are_json():
    demands = [Demand(Bound.MIN, "F1", 0.9), Demand(Bound.MIN, "F1", 0.5), Demand(Bound.MIN, "F1", 0.6)]
    checks = gate(demands, grades(SPREAD))
    assert [check.state for check in checks] == [State.FAILED, State.PASSED, State.LUCK]
    assert fails(checks)
    assert not fails(checks[1:])
    written = json.loads(json.dumps([check.to_json() for check in checks], allow_nan=False))
    assert written[0]["demand"] == {"bound": "min", "measure": "F1", "value": 0.9}
    assert written[2]["state"] == "missed, but the interval does not exclude luck"

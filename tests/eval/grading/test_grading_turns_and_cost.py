"""Rewrites of follow-ups, and what answers cost."""

import numpy as np
import pytest

from eval.grading import CURVES, grade, named


def test_a_rewrite_is_compared_with_the_known_one(made, graded):
    known = {"history": ["Who owns Koniambo?"], "rewrite": "Who sold Koniambo?"}
    rows = [
        made.row("same", made.answer("x", standalone="who sold the Koniambo"), **known),
        made.row("half", made.answer("x", standalone="Who sold it?"), **known),
        made.row("broken", **known),
        made.row("first", made.answer("x", standalone="Who sold it?"), rewrite="Who sold it?"),
        made.row("not known", made.answer("x"), history=["before"]),
        made.row("wordless", made.answer("x"), history=["before"], rewrite="?"),
    ]
    reason = "the known rewrite has no word that could be compared"
    assert graded("rewrite_F1", *rows) == {"same": 1, "half": pytest.approx(2 / 3), "broken": 0, "wordless": reason}
    assert graded("rewrite_ROUGE-L", *rows) == {"same": pytest.approx(6 / 7), "half": pytest.approx(2 / 3), "broken": 0, "wordless": reason}


def test_times_are_percentiles_of_each_step(made):
    times = [3.0, 1.0, 2.0, 10.0]
    rows = [made.row(f"q{n}", made.answer("x", timings={"total": time, "think": 2 * time})) for n, time in enumerate(times)]
    found = grade(made.run(*rows, made.row("broken")))
    assert [name for name in found.names if name[-4:] in {"_p50", "_p95"}] == ["think_p50", "think_p95", "total_p50", "total_p95"]
    for step, factor in (("total", 1), ("think", 2)):
        for percent in (50, 95):
            column = found[f"{step}_p{percent}"]
            assert float(column.measure.aggregate(*column.pairs())) == pytest.approx(factor * np.percentile(times, percent))
            assert set(column.grades) == {"q0", "q1", "q2", "q3"}
            assert (column.measure.unit, column.measure.higher_is_better) == ("ms", False)


def test_percentiles_work_along_the_last_axis():
    x = np.random.default_rng(2).random((3, 4, 9))
    assert named("read_p95").aggregate(x, x) == pytest.approx(np.percentile(x, 95, axis=-1))
    assert np.isnan(named("read_p95").aggregate(np.empty((2, 0)), np.empty((2, 0)))).tolist() == [True, True]


def test_only_a_steps_percentile_is_made_when_it_is_asked_for():
    assert CURVES["generate_p95"].name == "generate_p95"
    for name in ("EM", "generate_p96", "_p95", "a b_p50", "x" * 41 + "_p50", ""):
        with pytest.raises(KeyError):
            CURVES[name]


@pytest.mark.parametrize("amount", [float("nan"), float("inf"), -1, "3", True, 10**400], ids=lambda amount: str(amount)[:9])
def test_an_amount_that_is_none_stands_apart(amount, made, graded):
    row = made.row(answer=made.answer("x", timings={"total": amount}), usage={"usd": amount})
    assert graded("total_p50", row)["q1"].startswith("expected an amount from 0, found")
    assert graded("usd", row)["q1"].startswith("expected an amount from 0, found")


def test_what_a_model_reports_is_averaged_over_those_that_it_reports(made, graded):
    rows = [
        made.row("a", made.answer("x"), usage={"input_tokens": 100, "usd": 0.01}),
        made.row("b", usage={"input_tokens": 50}),
        made.row("c"),
    ]
    assert graded("input_tokens", *rows) == {"a": 100, "b": 50}
    assert graded("usd", *rows) == {"a": 0.01}
    assert graded("output_tokens", *rows) == {}

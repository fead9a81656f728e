"""Measures that users bring: whatever their functions do, the run goes on and says what they said."""

import json
import textwrap

import numpy as np
import pytest

from eval.grading import OwnMeasure, grade, load_measure
from index import AssayError


@pytest.fixture
def write(tmp_path):
    def write(text, name="checks.py"):
        path = tmp_path / name
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return write


def columns(made, function, *rows, name="checks.py:rule"):
    found = grade(made.run(*rows or [made.row(answer=made.answer("x"))]), retrieval=[], own=[OwnMeasure(name, function)])
    return {column.measure.name: column for column in found.columns if column.measure.family == "own"}


def test_a_function_in_a_file_sees_the_question_the_answer_and_what_is_known(write, made):
    path = write(
        """
        from dataclasses import dataclass

        @dataclass
        class Seen:
            words: int

        def brevity(inputs, outputs, reference_outputs):
            assert set(inputs) == {"id", "question", "history"}
            assert [turn["role"] for turn in inputs["history"]] == ["user"]
            assert "question" not in reference_outputs and reference_outputs["answers"] == ["Corfo"]
            if "error" in outputs:
                return {"key": "brevity", "score": None, "comment": "it failed: " + outputs["error"]}
            return {"key": "brevity", "score": 1 / Seen(len(outputs["answer"].split())).words, "comment": outputs["answer"]}
        """
    )
    measure = load_measure(f"{path}:brevity")
    rows = [
        made.row("a", made.answer("One two."), history=["before"], answers=["Corfo"]),
        made.row("b", history=["before"], answers=["Corfo"]),
    ]
    (column,) = [one for one in grade(made.run(*rows), own=[measure]).columns if one.measure.family == "own"]
    assert column.measure.name == "brevity"
    assert column.measure.source.endswith("checks.py:brevity")
    assert {one: value.x for one, value in column.grades.items()} == {"a": 1 / 2}
    assert column.apart == {"b": "it failed: it broke"}
    assert column.comments == {"a": "One two.", "b": "it failed: it broke"}


@pytest.mark.parametrize(
    ("said", "value", "kind", "unit"),
    [
        (True, 1, "yes/no", ""),
        (False, 0, "yes/no", ""),
        ({"key": "rule", "score": True}, 1, "yes/no", ""),
        (np.bool_(True), 1, "yes/no", ""),
        (1, 1, "mean", ""),
        (0.25, 0.25, "mean", ""),
        (np.float32(0.5), 0.5, "mean", ""),
        ({"score": 7}, 7, "mean", "points"),
        (-1, -1, "mean", "points"),
    ],
)
def test_numbers_and_truth_values_are_scores(said, value, kind, unit, made):
    column = columns(made, lambda **_: said)["rule"]
    assert column.grades["q1"] == (value, 1)
    assert (column.measure.kind, column.measure.unit) == (kind, unit)


def test_one_number_among_truth_values_makes_it_a_mean(made):
    rows = [made.row("a", made.answer("x")), made.row("b", made.answer("x"))]
    column = columns(made, lambda inputs, **_: True if inputs["id"] == "a" else 0.5, *rows)["rule"]
    assert column.measure.kind == "mean"


class UnspeakableError(Exception):
    def __str__(self):
        raise ValueError


def fails(error):
    def rule(**_):
        raise error

    return rule


def recursive(**more):
    return recursive(**more)


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (fails(ValueError("no\nluck")), "rule raised ValueError: no luck"),
        (fails(SystemExit(3)), "rule raised SystemExit: 3"),
        (fails(UnspeakableError()), "rule raised UnspeakableError: <UnspeakableError>"),
        (fails(ValueError("x" * 10_000)), "rule raised ValueError: x"),
        (recursive, "rule raised RecursionError"),
        (lambda: 1, "rule raised TypeError"),
        (lambda **_: None, "it gave no score"),
        (lambda **_: {"key": "rule", "score": None}, "it gave no score"),
        (lambda **_: {"key": "rule", "score": None, "comment": "cannot say"}, "cannot say"),
        (lambda **_: {"key": "rule"}, "expected a score, found ['key']"),
        (lambda **_: {"key": 3, "score": 1}, "expected a key of 1 to 60 letters, found 3"),
        (lambda **_: {"key": "", "score": 1}, "expected a key"),
        (lambda **_: {"key": "\x1b[31m", "score": 1}, "expected a key"),
        (lambda **_: {"key": "k" * 61, "score": 1}, "expected a key"),
        (lambda **_: "0.5", "expected a number, found a value of type str"),
        (lambda **_: [1], "expected a number, found a value of type list"),
        (lambda **_: 1j, "expected a number, found a value of type complex"),
        (lambda **_: float("nan"), "expected a finite number, found nan"),
        (lambda **_: float("inf"), "expected a finite number, found inf"),
        (lambda **_: 10**400, "rule raised OverflowError"),
    ],
)
def test_what_is_no_score_stands_apart_with_its_reason(function, reason, made):
    (column,) = columns(made, function).values()
    assert column.grades == {}
    assert column.apart["q1"].startswith(reason)
    assert len(column.apart["q1"]) < 1100
    assert "\n" not in column.apart["q1"]


def test_each_key_has_a_column_and_a_failure_stands_in_all_of_them(made):
    def rule(inputs, **_):
        return {"key": inputs["id"], "score": 1 / int(inputs["id"])}

    found = columns(made, rule, *(made.row(str(n), made.answer("x")) for n in range(3)))
    assert {name: dict(column.grades) for name, column in found.items()} == {"1": {"1": (1, 1)}, "2": {"2": (0.5, 1)}}
    assert all(set(column.apart) == {"0"} for column in found.values())


def test_a_key_that_is_taken_has_the_functions_name_added(made):
    own = [OwnMeasure(f"{place}.py:rule", lambda **_: {"key": "EM", "score": 1}) for place in "abc"]
    names = grade(made.run(made.row(answer=made.answer("x"))), own=own).names
    assert [name for name in names if name.startswith("EM")] == ["EM (rule)", "EM (rule 2)", "EM (rule 3)"]


def test_what_a_function_does_to_its_arguments_stays_there(made):
    def rule(inputs, outputs, reference_outputs):
        inputs["history"].clear()
        outputs["sentences"].clear()
        reference_outputs["metadata"]["deep"].clear()
        return 1

    row = made.row(answer=made.answer("x"), history=["before"], metadata={"deep": [1]})
    before = json.dumps(row.to_json())
    assert columns(made, rule, row)["rule"].grades
    assert json.dumps(row.to_json()) == before


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("", "{path}", "expected a measure as path/to/file.py:function"),
        ("", "{path}:", "expected a measure as path/to/file.py:function"),
        ("", "{path}:two words", "expected a measure as path/to/file.py:function"),
        ("", ":rule", "expected a measure as path/to/file.py:function"),
        ("", "{path}x:rule", "expected a Python file with the measure 'rule'"),
        ("", "nowhere/at_all.py:rule", "expected a Python file with the measure 'rule'"),
        ("", "\0.py:rule", "expected a Python file with the measure 'rule'"),
        ("", "{path}:rule", "expected a function 'rule' in .*, found none"),
        ("rule = 3", "{path}:rule", "expected a function 'rule' in .*, found a value of type int"),
        ("def rule(:", "{path}:rule", "expected a Python file that can be run at .*, found SyntaxError"),
        ("import nowhere_at_all", "{path}:rule", "found ModuleNotFoundError"),
        ("raise SystemExit", "{path}:rule", "found SystemExit"),
    ],
)
def test_what_cannot_be_loaded_is_refused_in_one_line(text, name, message, write):
    path = write(text)
    with pytest.raises(AssayError, match=message) as caught:
        load_measure(name.format(path=path))
    assert "\n" not in str(caught.value)

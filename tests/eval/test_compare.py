"""Runs compared: what changed, in which questions, with both answers; and what is refused."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.comparison import compare
from eval.dataset import Example
from eval.grades import Grades, load_grades
from eval.measure import Column, Family, Grade, Kind, Measure
from eval.run import Row, Run
from eval.significance import Method, difference, holm
from index import AssayError
from rag import Answer, AnswerSentence, Reason, Turn


def measure(name="F1", kind=Kind.MEAN, family=Family.ANSWER, **options):
    return Measure(name=name, family=family, definition="d", source="s", kind=kind, **options)


def answered(question, text):
    """An answer of one sentence, or without any."""
    sentences, reason = ((AnswerSentence(text, (), 1.0),), None) if text else ((), Reason.NOT_SUPPORTED)
    return Answer(
        question=question, standalone_question=question, sentences=sentences, citations=(), hits=(), confidence=0.5, reason=reason
    )


def run(name, texts, examples=None):
    """A run that answered question q0, q1, … with these texts: nothing is an abstention, an exception a failure."""
    examples = examples or [Example(id=f"q{n}", question=f"What is {n}?") for n in range(len(texts))]
    rows = []
    for example, text in zip(examples, texts, strict=True):
        failed = isinstance(text, Exception)
        rows.append(Row(example=example, error=str(text)) if failed else Row(example=example, answer=answered(example.question, text)))
    return Run(name, tuple(rows))


def grades_of(one, *columns):
    """The grades of a run by pairs of a measure and its values, one a question, None where it does not apply."""
    ids = tuple(row.id for row in one.rows)
    made = [
        Column(
            of,
            {
                question: value if isinstance(value, Grade) else Grade(value)
                for question, value in zip(ids, values, strict=True)
                if value is not None
            },
        )
        for of, values in columns
    ]
    return Grades(one.name, "set", one.sha256, ids, tuple(made), one.digests)


def only_grades(name, *columns, count):
    return grades_of(run(name, ["x"] * count), *columns)


# --- figures ----------------------------------------------------------------------------------------------------------


def test_each_measure_is_compared_and_the_p_values_are_corrected_together():
    rng = np.random.default_rng(1)
    first, second = rng.random((2, 4, 30))
    of = [measure("a"), measure("b", Kind.YES_NO), measure("c", Kind.RATIO), measure("ms", family=Family.COST, unit="ms")]
    values = [
        [[Grade(float(x > 0.5 if of[at].kind is Kind.YES_NO else x), 1 + (at == 2)) for x in row] for at, row in enumerate(side)]
        for side in (first, second)
    ]
    one, two = (only_grades(name, *zip(of, side, strict=True), count=30) for name, side in zip("AB", values, strict=True))
    found = compare([one, two]).versus[0]
    expected = [difference(one[name], two[name]) for name in ("a", "b", "c", "ms")]
    assert [contrast.difference for contrast in found.contrasts] == expected
    assert [contrast.p_holm for contrast in found.contrasts] == holm([one.p for one in expected])
    assert found["ms"].p_holm is None
    assert not found["ms"].significant


@pytest.mark.parametrize("name", ["span_IoU", "span_precision", "citations_per_sentence", "Judged@10", "passage_Judged@5", "marked"])
def test_a_descriptive_measure_is_neither_corrected_for_nor_a_gain(name):
    of = [measure("a"), measure(name, descriptive=name == "marked")]
    one, two = (only_grades(run, *((m, [value] * 8) for m in of), count=8) for run, value in (("A", 0), ("B", 1)))
    found = compare([one, two]).versus[0]
    assert found["a"].p_holm == found["a"].difference.p
    assert found[name].difference.p == pytest.approx(2 / 256)
    assert (found[name].p_holm, found[name].significant) == (None, False)
    assert found[name].to_json()["descriptive"]
    alone = compare([replace(grades, columns=grades.columns[1:]) for grades in (one, two)]).versus[0]
    assert (alone.better, alone.better_count) == ((), 0)
    assert len(alone[name].better) == 8


def test_what_is_significant_alone_need_not_be_among_many():
    """Six of six better is p = 1/32; of two measures, one would need less than 1/40."""
    of = [measure("a", Kind.YES_NO), measure("b", Kind.YES_NO)]
    one, two = (
        only_grades(name, *((m, [value] * 6) for m, value in zip(of, side, strict=True)), count=6)
        for name, side in (("A", (0, 1)), ("B", (1, 1)))
    )
    found = compare([one, two]).versus[0]["a"]
    assert (found.difference.p, found.p_holm, found.significant) == (pytest.approx(1 / 32), pytest.approx(1 / 16), False)
    alone = [replace(grades, columns=grades.columns[:1]) for grades in (one, two)]
    assert compare(alone).versus[0]["a"].significant


def test_a_run_does_not_differ_from_itself():
    rng = np.random.default_rng(2)
    values = [float(x) for x in rng.random(40)]
    one = only_grades("A", (measure("a"), values), (measure("b", Kind.YES_NO), [float(x > 0.5) for x in values]), count=40)
    found = compare([one, replace(one, run="again")]).versus[0]
    assert found.significant == ()
    assert [(contrast.difference.value, contrast.p_holm, contrast.equal) for contrast in found.contrasts] == [(0, 1, 40)] * 2
    assert (found.better, found.worse, found.better_count, found.worse_count) == ((), (), 0, 0)


def test_a_crippled_system_is_found_worse():
    rng = np.random.default_rng(3)
    whole = rng.random(100)
    crippled = np.where(rng.random(100) < 0.3, 0, whole)
    one, two = (only_grades(name, (measure(), [float(x) for x in side]), count=100) for name, side in (("A", whole), ("B", crippled)))
    for method in (Method.FISHER, Method.T):
        contrast = compare([one, two], method=method).versus[0]["F1"]
        assert contrast.significant
        assert contrast.p_holm < 0.01
        assert contrast.difference.value < contrast.difference.high < 0
        assert contrast.difference.method is method


def test_each_further_run_is_compared_with_the_first():
    runs = [only_grades(name, (measure(), [value] * 8), count=8) for name, value in (("A", 0.5), ("B", 0.75), ("C", 0.25))]
    found = compare(runs).versus
    assert [(one.baseline, one.other, one["F1"].difference.value) for one in found] == [("A", "B", 0.25), ("A", "C", -0.25)]


def test_measures_of_one_run_only_are_named():
    one = only_grades("A", (measure("a"), [1, 1]), (measure("b"), [1, 1]), count=2)
    two = only_grades("B", (measure("b"), [1, 0]), (measure("c"), [1, 1]), count=2)
    found = compare([one, two]).versus[0]
    assert [contrast.measure.name for contrast in found.contrasts] == ["b"]
    assert found.left_out == ("a", "c")


# --- questions --------------------------------------------------------------------------------------------------------


def test_the_questions_that_changed_come_with_both_answers():
    a = run("A", ["Lithium.", "", "Cobalt.", "Same."])
    b = run("B", ["Lithium, in 2027.", "Nickel.", RuntimeError("no model"), "Same."])
    of = measure()
    comparison = compare([grades_of(a, (of, [0.5, 0, 1, 1])), grades_of(b, (of, [0.75, 1, 0, 1]))], [a, b])
    found = comparison.versus[0]
    assert [(one.id, one.gain, one.a, one.b) for one in found.better] == [
        ("q1", 1, "(no answer: not_supported)", "Nickel. "),
        ("q0", 0.25, "Lithium. ", "Lithium, in 2027. "),
    ]
    assert [(one.id, one.gain, one.question, one.a, one.b) for one in found.worse] == [
        ("q2", -1, "What is 2?", "Cobalt. ", "(failed: no model)")
    ]
    assert found.worse[0].values == (("F1", 1, 0),)
    assert found["F1"].equal == 1
    assert [change.id for change in found["F1"].better] == ["q1", "q0"]


def test_less_is_better_where_the_measure_says_so():
    of = measure("gap", higher_is_better=False)
    found = compare([only_grades("A", (of, [0.5, 0.2, 0.125]), count=3), only_grades("B", (of, [0.25, 0.2, 0.375]), count=3)]).versus[0]
    assert [(one.id, one.gain) for one in found.better] == [("q0", 0.25)]
    assert [(one.id, one.gain, one.a, one.b) for one in found["gap"].worse] == [("q2", -0.25, 0.125, 0.375)]


def test_the_largest_changes_come_first_then_the_ids_and_only_so_many_are_shown():
    second = [0.5, 1, 0.5, 1, 0]
    one, two = (only_grades(name, (measure(), side), count=5) for name, side in (("A", [0] * 5), ("B", second)))
    found = compare([one, two], limit=3).versus[0]
    assert [one.id for one in found.better] == ["q1", "q3", "q0"]
    assert found.better_count == 4
    assert [change.id for change in found["F1"].better] == ["q1", "q3", "q0", "q2"]


def test_a_family_of_many_measures_weighs_no_more_than_one_of_few():
    of = [measure("nDCG", family=Family.RETRIEVAL), measure("R", family=Family.RETRIEVAL), measure("F1"), measure("s", family=Family.COST)]
    one = only_grades("A", *zip(of, [[0], [0], [1], [9]], strict=True), count=1)
    two = only_grades("B", *zip(of, [[0.25], [0.5], [0], [1]], strict=True), count=1)
    (worse,) = compare([one, two]).versus[0].worse
    assert worse.gain == pytest.approx((0.375 - 1) / 2)
    assert [name for name, _, _ in worse.values] == ["nDCG", "R", "F1"]
    same = only_grades("B", *zip(of, [[0.25], [0.5], [1], [9]], strict=True), count=1)
    (better,) = compare([one, same]).versus[0].better
    assert better.gain == pytest.approx((0.375 + 0) / 2)


def test_a_share_is_a_question_s_own_and_a_curve_says_nothing_of_single_questions():
    share, curve = measure("share", Kind.RATIO), measure("curve", Kind.CURVE, aggregate=lambda x, y: (x * y).mean(-1))
    pairs = [[Grade(1, 2), Grade(0, 0), Grade(1, 1)], [Grade(2, 2), Grade(3, 3), Grade(1, 1)]]
    one, two = (only_grades(name, (share, side), (curve, side), count=3) for name, side in zip("AB", pairs, strict=True))
    found = compare([one, two]).versus[0]
    assert [(change.id, change.a, change.b) for change in found["share"].better] == [("q0", 0.5, 1)]
    assert found["share"].equal == 2
    assert (found["curve"].better, found["curve"].worse) == ((), ())


def test_a_comparison_is_json():
    one, two = (only_grades(name, (measure(), side), count=2) for name, side in (("A", [0, 1]), ("B", [1, 1])))
    comparison = compare([one, two])
    written = json.loads(json.dumps(comparison.to_json(), allow_nan=False))
    (versus,) = written["comparisons"]
    assert versus["measures"][0]["better"] == [{"id": "q0", "a": 0, "b": 1, "gain": 1}]
    assert versus["measures"][0]["p"] == comparison.versus[0]["F1"].difference.p
    assert versus["better"][0]["values"] == {"F1": [0, 1]}


@given(st.permutations(range(6)))
def test_the_order_of_the_questions_does_not_matter(order):
    examples = [Example(id=f"q{n}", question=f"{n}?") for n in range(6)]
    first, second = [0, 0.2, 0.4, 0.6, 0.8, 1], [0.1, 0.2, 0.9, 0, 1, 1]
    a, b = run("A", ["x"] * 6, examples), run("B", ["y"] * 6, examples)
    shuffled = run("B", ["y"] * 6, [examples[n] for n in order])
    expected = compare([grades_of(a, (measure(), first)), grades_of(b, (measure(), second))], [a, b])
    mixed = grades_of(shuffled, (measure(), [second[n] for n in order]))
    base = grades_of(a, (measure(), first))
    for found in (compare([base, mixed], [a, shuffled]), compare([base, mixed])):
        assert [one.difference for one in found.versus[0].contrasts] == [one.difference for one in expected.versus[0].contrasts]
        assert [one.id for one in found.versus[0].better] == [one.id for one in expected.versus[0].better]


# --- what is refused --------------------------------------------------------------------------------------------------


def refused(a, b, *, alone=False):
    grades = [grades_of(one, (measure(), [1] * len(one.rows))) for one in (a, b)]
    with pytest.raises(AssayError) as found:
        compare(grades, [] if alone else [a, b])
    return str(found.value)


def asking(name, **questions):
    return run(name, ["x"] * len(questions), [Example(id=one, question=words) for one, words in questions.items()])


def test_questions_in_one_run_only_are_named():
    said = refused(asking("old", q1="a?", q2="b?", q3="c?", q4="d?", q5="e?"), asking("new", q1="a?", q9="z?"))
    assert "expected new to be of the same questions as old" in said
    assert "4 questions only in old (q2, q3, q4 …)" in said
    assert "1 question only in new (q9)" in said


def test_questions_with_another_wording_or_gold_are_named():
    a = asking("old", q1="a?", q2="b?", q3="c?")
    changed = [
        replace(a.rows[0].example, history=(Turn("user", "Hello."),)),
        replace(a.rows[1].example, question="b!"),
        replace(a.rows[2].example, answers=("42",)),
    ]
    b = run("new", ["x"] * 3, changed)
    said = refused(a, b)
    assert "2 questions with another wording (q1, q2)" in said
    assert "1 question with other gold (q3)" in said
    assert "3 questions with another wording or other gold (q1, q2, q3)" in refused(a, b, alone=True)


def test_grades_without_digests_are_still_refused():
    a, b = asking("old", q1="a?"), asking("new", q1="b?")
    grades = [replace(grades_of(one, (measure(), [1])), digests=()) for one in (a, b)]
    with pytest.raises(AssayError, match="the ids are the same, so it is wording, gold or order"):
        compare(grades)


def test_a_checksum_that_is_not_that_of_the_ids_convinces_nobody():
    one = only_grades("A", (measure(), [1]), count=1)
    with pytest.raises(AssayError, match=r"1 question only in B \(q9\)"):
        compare([one, replace(one, run="B", ids=("q0", "q9"), digests=())])


def test_runs_of_one_name_can_be_told_apart():
    said = refused(asking("r", q1="a?"), asking("r", q2="a?"))
    assert "only in r (the first) (q1)" in said
    assert "only in r (the second) (q2)" in said


def test_what_is_refused_is_said_on_one_harmless_line():
    said = refused(asking("old", q1="a?"), asking("new\x1b[2J\nx", **{"q\u202e\n" + "9" * 500: "a?"}))
    assert said.isprintable()
    assert len(said) < 400


def test_one_run_cannot_be_compared():
    with pytest.raises(AssayError, match="expected two runs or more to compare, found 1"):
        compare([only_grades("A", (measure(), [1]), count=1)])


def test_a_measure_that_changed_its_meaning_is_refused():
    one = only_grades("A", (measure("mine"), [1]), count=1)
    two = only_grades("B", (measure("mine", higher_is_better=False), [1]), count=1)
    with pytest.raises(AssayError, match="expected mine to be the same measure in both runs"):
        compare([one, two])


def test_grades_keep_the_checksums_of_their_questions():
    one = only_grades("A", (measure(), [1, 0]), count=2)
    assert Grades.from_json(json.loads(json.dumps(one.to_json())), {}).digests == one.digests
    assert len(set(one.digests)) == 2


def test_grades_with_checksums_of_other_questions_are_no_grades(tmp_path):
    written = only_grades("A", (measure(), [1, 0]), count=2).to_json()
    (tmp_path / "grades.json").write_text(json.dumps({**written, "digests": written["digests"][:1]}), encoding="utf-8")
    with pytest.raises(AssayError, match="expected a digest for each of 2 questions or none, found 1"):
        load_grades(tmp_path, {})

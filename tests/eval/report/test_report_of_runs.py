"""From runs to a report: its figures are the evaluation's, its citations stand in their passages, its outcomes are those of the rows."""

import math
from collections import Counter

import pytest

from eval import Evidence, Example, Target, evaluate
from eval.dataset import Dataset
from eval.grading import outcome
from eval.report.content import Bars, Curve, Tone
from eval.report.of_runs import FEATURED, content_of, report_of
from index import Article, AssayError

METALS = ["lithium", "cobalt", "nickel", "copper", "graphite", "tungsten"]
TEXTS = [f"The {metal} plant in Ruritania made {n + 3} tonnes in 2023. Prices of {metal} fell by half." for n, metal in enumerate(METALS)]


def example(n, **known):
    known = {
        "answers": (f"{n + 3} tonnes",),
        "evidence": (Evidence(f"a{n}", quote=TEXTS[n].split(". ")[0] + "."),),
        "qrels": {f"a{n}": 1},
        "answerable": True,
        "type": "amount" if n % 2 else "quantity",
        **known,
    }
    return Example(id=f"q{n}", question=f"How many tonnes did the {METALS[n]} plant in Ruritania make?", **known)


EXAMPLES = (
    *(example(n) for n in range(5)),
    Example(id="none", question="Who won the chess olympiad of 1998?", answerable=False, type="off topic"),
    Example(id="broken", question="?!", answerable=True, answers=("3",)),
    example(5, evidence=(Evidence("gone", quote="Nobody said this."),), qrels={"gone": 1}),
)


@pytest.fixture
def library(make_library):
    return make_library([Article(id=f"a{n}", title=f"{metal} <b>output", text=TEXTS[n]) for n, metal in enumerate(METALS)])


@pytest.fixture
def evaluations(library, tmp_path):
    dataset = Dataset("metals", "made by the test", EXAMPLES)
    return [
        evaluate(dataset, Target.of(library, dense_weight=weight), folder=tmp_path / name) for name, weight in (("a", None), ("b", 1.0))
    ]


def test_the_figures_are_those_of_the_evaluation(evaluations):
    report = content_of(evaluations)
    assert [one.name for one in report.runs] == ["a", "b"]
    for place, evaluation in enumerate(evaluations):
        for headline in report.headlines:
            found, shown = evaluation.figures[headline.name], headline.figures[place]
            assert (shown.n, shown.apart) == (found.n, found.apart)
            assert shown.value == found.value if found.value is not None else math.isnan(shown.value)
    assert {one.name for one in report.headlines} == set(evaluations[0].grades.names)
    assert {one.name for one in report.headlines if one.featured} == set(FEATURED) & set(evaluations[0].grades.names)
    families = [one.family for one in report.headlines]
    assert families == sorted(families, key=families.index)  # those of a family stand together


def test_every_question_has_what_each_run_made_of_it(evaluations):
    report = content_of(evaluations)
    assert [question.id for question in report.questions] == [one.id for one in EXAMPLES]
    for question in report.questions:
        for result, evaluation in zip(question.results, evaluations, strict=True):
            row = next(row for row in evaluation.run.rows if row.id == question.id)
            assert result.outcome.name == outcome(row).value
            assert result.error == (row.error or "")
            assert [one.text for one in result.sentences] == [one.text for one in row.answer.sentences] if row.answer else result.error
    broken = next(question for question in report.questions if question.id == "broken")
    assert broken.results[0].outcome.tone is Tone.BAD
    assert "expected a question" in broken.results[0].error


def test_a_citation_stands_in_its_passage_beside_the_evidence(evaluations):
    report = content_of(evaluations[:1])
    cited = [(question, one) for question in report.questions for one in question.results[0].citations]
    assert cited
    answers = {row.id: row.answer for row in evaluations[0].run.rows if row.answer}
    for question, one in cited:
        known = next(citation for citation in answers[question.id].citations if citation.n == one.n)
        assert one.passage[one.start : one.end] == known.quote
        assert one.note == ""
    for question in report.questions[:5]:
        marked = [one.passage[start:end] for one in question.results[0].citations for start, end in one.gold]
        assert set(marked) <= {one.quote for one in question.evidence}
        assert question.evidence[0].quote == TEXTS[int(question.id[1])].split(". ")[0] + "."
    missing = next(question for question in report.questions if question.id == "q5")
    assert {one.note for one in missing.evidence} == {"not in the index"}


def test_the_plots_are_of_these_runs(evaluations):
    plots = content_of(evaluations).plots
    assert [plot.title for plot in plots if isinstance(plot, Curve)] == [
        "Recall of relevant articles",
        "Risk and coverage",
        "Calibration",
        "Time to an answer",
    ]
    assert all([line.name for line in plot.lines] == ["a", "b"] for plot in plots if isinstance(plot, Curve))
    recall = plots[0].lines[0]
    assert recall.ys == sorted(recall.ys)
    kinds = Counter(one.type for one in EXAMPLES if one.type)
    bars = [plot for plot in plots if isinstance(plot, Bars)]
    assert bars
    assert all(set(plot.groups) == set(kinds) for plot in bars)


def test_differences_say_which_way_is_better(evaluations):
    (first, *_), report = evaluations, content_of(evaluations)
    assert {one.measure for one in report.differences} <= set(first.grades.names)
    for one in report.differences:
        a, b = (evaluation.figures[one.measure] for evaluation in evaluations)
        if a.n == b.n and a.value is not None and b.value is not None:
            assert one.value == pytest.approx(b.value - a.value)


def test_the_page_holds_every_question_and_is_the_same_each_time(evaluations):
    page = report_of(evaluations)
    assert page == report_of(evaluations)
    assert page.lower().startswith("<!doctype html>")
    assert "How many tonnes did the cobalt plant in Ruritania make?" in page
    assert "<b>output" not in page


def test_nothing_to_report_on_and_other_questions_are_refused(evaluations, library, tmp_path):
    with pytest.raises(AssayError, match="expected at least one run"):
        content_of([])
    other = evaluate(Dataset("metals", "made by the test", EXAMPLES[:3]), library, folder=tmp_path / "c")
    with pytest.raises(AssayError, match="expected"):
        content_of([evaluations[0], other])


def test_two_runs_of_one_name_are_told_apart(evaluations):
    assert [one.name for one in content_of([evaluations[0], evaluations[0]]).runs] == ["a (1)", "a (2)"]

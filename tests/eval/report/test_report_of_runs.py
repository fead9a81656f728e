"""From runs to a report: its figures are the evaluation's, its citations stand in their passages, its outcomes are those of the rows."""

import math
from collections import Counter
from dataclasses import replace

import pytest

from eval import Evidence, Example, Target, evaluate
from eval.dataset import Dataset
from eval.evaluation import Evaluation
from eval.grading import outcome
from eval.judge import JUDGE
from eval.measure import Column, Grade
from eval.report.content import Bars, Curve, Tone
from eval.report.of_runs import FEATURED, content_of, report_of
from index import Article, AssayError

DESCRIPTIVE = {"Judged@10", "span_precision", "span_IoU", "citations_per_sentence"}
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
        evaluate(dataset, Target.of(library, reader=None, dense_weight=weight), folder=tmp_path / name)
        for name, weight in (("a", 0.4), ("b", 1.0))
    ]


def test_the_figures_are_those_of_the_evaluation(evaluations):
    report = content_of(evaluations)
    assert [one.name for one in report.runs] == ["a", "b"]
    sources = {column.measure.name: column.measure.source for column in evaluations[0].grades.columns}
    assert {one.name: one.source for one in report.headlines} == sources
    for place, evaluation in enumerate(evaluations):
        for headline in report.headlines:
            found, shown = evaluation.figures[headline.name], headline.figures[place]
            assert (shown.n, shown.apart) == (found.n, found.apart)
            assert shown.value == found.value if found.value is not None else math.isnan(shown.value)
    assert {one.name for one in report.headlines} == set(evaluations[0].grades.names)
    known = {name for one in evaluations for name, found in one.figures.items() if found.value is not None}
    assert {one.name for one in report.headlines if one.featured} == set(FEATURED) & known
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
    assert any(one.gold for _, one in cited)
    for question in report.questions[:5]:
        marked = [one.passage[start:end] for one in question.results[0].citations for start, end in one.gold]
        assert set(marked) <= {one.quote for one in question.evidence}
        assert question.evidence[0].quote == TEXTS[int(question.id[1])].split(". ")[0] + "."
    missing = next(question for question in report.questions if question.id == "q5")
    assert {one.note for one in missing.evidence} == {"not in the index"}


def test_evidence_is_marked_in_whichever_of_its_places_is_cited(make_library, tmp_path):
    said = "Ruritania made 40 tonnes of tungsten in 2023."
    articles = [
        Article(id="report", title="Report", text=f"The annual report was late. {said}"),
        Article(id="news", title="Tungsten", text=said),
    ]
    library = make_library([*articles, Article(id="other", title="Other", text="Tungsten is hard.")])
    known = (Evidence(quote=said), Evidence("other"))
    question = "How many tonnes of tungsten did Ruritania make in 2023?"
    examples = (Example(id="q", question=question, evidence=known, answers=("40 tonnes",)),)
    evaluation = evaluate(Dataset("places", "made by the test", examples), Target.of(library, reader=None), folder=tmp_path / "run")
    (row,) = evaluation.run.rows
    ((first, second),) = row.gold.places
    for places in ((first, second), (second, first)):  # whichever of them the evidence is listed under
        gold = replace(row.gold, spans=(places[0].span,), places=(places,))
        told = replace(evaluation, run=replace(evaluation.run, rows=(replace(row, gold=gold),)))
        only = next(iter(content_of([told]).questions))
        cited = only.results[0].citations
        assert cited
        assert all([one.passage[start:end] for start, end in one.gold] == [said] for one in cited)
        assert [(one.article_id, one.quote) for one in only.evidence][-1] == ("other", "")


def test_the_plots_are_of_these_runs(evaluations):
    plots = content_of(evaluations).plots
    titles = [plot.title for plot in plots if isinstance(plot, Curve)]
    assert ("Calibration: answerable" in titles) == ("ECE_answerable" in evaluations[0].grades.names)
    assert [one for one in titles if one != "Calibration: answerable"] == [
        "Recall of relevant articles",
        "Risk and coverage",
        "Calibration: right",
        "Time to an answer",
    ]
    assert all([line.name for line in plot.lines] == ["a", "b"] for plot in plots if isinstance(plot, Curve))
    recall = plots[0].lines[0]
    assert recall.ys == sorted(recall.ys)
    kinds = Counter(one.type for one in EXAMPLES if one.type)
    bars = [plot for plot in plots if isinstance(plot, Bars)]
    assert bars
    assert all(dict(zip(plot.groups, plot.sizes, strict=True)) == kinds for plot in bars)


def with_pairs(evaluation, **pairs):
    """Return `evaluation` with other pairs for some of its curves, a new one where it has none of that name."""
    names = {column.measure.name: column.measure for column in evaluation.grades.columns}
    kept = [column for column in evaluation.grades.columns if column.measure.name not in pairs]
    made = [
        Column(replace(names.get(name, names["ECE"]), name=name), {f"q{n}": Grade(*pair) for n, pair in enumerate(found)})
        for name, found in pairs.items()
    ]
    return Evaluation(evaluation.run, replace(evaluation.grades, columns=(*kept, *made)))


def test_risk_ends_at_the_share_that_was_answered_and_calibration_counts_its_questions(evaluations):
    right = [(1, 1), (0, 1), (0, 1), (1, 1), (0, 1)]
    sure = [(0.95, 1), (0.91, 0), (0.2, 1)]  # of five questions, three were answered
    one = with_pairs(evaluations[0], right=right, AURC=sure, ECE=sure, ECE_answerable=[(0.4, 1)])
    curves = {plot.title: plot for plot in content_of([one]).plots if isinstance(plot, Curve)}
    (risk,) = curves["Risk and coverage"].lines
    assert risk.xs == pytest.approx([0.2, 0.4, 0.6])
    assert risk.ys == pytest.approx([0, 1 / 2, 1 / 3])
    (line,) = curves["Calibration: right"].lines
    assert (line.xs, line.ys, line.ns) == (pytest.approx([0.2, 0.93]), [1, 0.5], [1, 2])
    assert curves["Calibration: right"].y_label == "share that were right"
    (line,) = curves["Calibration: answerable"].lines
    assert (line.xs, line.ys, line.ns) == ([0.4], [1], [1])


def test_a_judge_is_reported_with_its_agreement(evaluations):
    assert not [note for note in content_of(evaluations).notes if "judge" in note]
    free = evaluations[0].grades["right"]
    wrong = next(one for one, grade in free.grades.items() if grade.x)
    column = Column(JUDGE, {one: Grade(0.0) if one == wrong else grade for one, grade in free.grades.items()})
    judged = replace(evaluations[0], grades=replace(evaluations[0].grades, columns=(*evaluations[0].grades.columns, column)))
    (note,) = [note for note in content_of([judged]).notes if "judge" in note]
    assert f"{len(free.grades)} answers that both graded" in note
    assert "right to the judge alone 0, to `right` alone 1." in note
    assert f"{judged.agreement.kappa:.3f}" in note


def test_the_groups_are_those_of_the_evaluation(evaluations):
    parts = evaluations[0].by("type")
    (plot,) = [plot for plot in content_of(evaluations).plots if plot.title == "right by type of question"]
    for group, shown in zip(plot.groups, plot.series[0].estimates, strict=True):
        found = parts[group]["right"]
        assert (shown.value, shown.low, shown.high, shown.n) == (found.value, found.low, found.high, found.n)


def test_what_could_not_be_measured_is_not_at_the_top(evaluations):
    nothing = Column(evaluations[0].grades["refusal_F1"].measure)
    kept = [column for column in evaluations[0].grades.columns if column.measure.name != "refusal_F1"]
    one = replace(evaluations[0], grades=replace(evaluations[0].grades, columns=(*kept, nothing)))
    assert next(headline for headline in content_of([one]).headlines if headline.name == "refusal_F1").featured is False


def test_the_title_says_the_set_once(evaluations):
    named = [replace(one, run=replace(one.run, name="metals")) for one in evaluations[:1]]
    assert content_of(named).title == "metals"
    assert content_of([*named, evaluations[1]]).title == "metals, b"
    assert content_of(evaluations).title == "metals: a, b"
    assert content_of(evaluations, title="ours").title == "ours"


def test_differences_say_which_way_is_better(evaluations):
    (first, *_), report = evaluations, content_of(evaluations)
    assert {one.measure for one in report.differences} <= set(first.grades.names)
    families = {column.measure.name: column.measure.family for column in first.grades.columns}
    assert {one.family for one in report.differences} == {families[one.measure] for one in report.differences}
    assert {one.measure for one in report.differences if one.p is None} == {
        one.measure for one in report.differences if families[one.measure] == "cost" or one.measure in DESCRIPTIVE
    }
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
    other = evaluate(Dataset("metals", "made by the test", EXAMPLES[:3]), Target.of(library, reader=None), folder=tmp_path / "c")
    with pytest.raises(AssayError, match="expected"):
        content_of([evaluations[0], other])


def test_two_runs_of_one_name_are_told_apart(evaluations):
    assert [one.name for one in content_of([evaluations[0], evaluations[0]]).runs] == ["a (1)", "a (2)"]

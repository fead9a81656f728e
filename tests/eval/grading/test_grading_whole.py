"""A whole run graded: what must hold whatever is in it."""

import gzip
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.dataset import Evidence, Example
from eval.grades import Grades
from eval.grading import CURVES, DEFAULT_RETRIEVAL, MEASURES, grade, groups, named, restrict
from eval.measure import Family, Kind
from eval.run import Gold, GoldSpan, RankedPassage, Row, Run
from index import AssayError
from rag import Answer, AnswerSentence, Citation, Conflict, Difference, Reason, Side, Turn

#: Measures that are no judgement: what is descriptive, or a cost.
NO_JUDGEMENT = {"citations_per_sentence"} | {name for name, measure in MEASURES.items() if measure.family is Family.COST}


def figures(grades):
    return {column.measure.name: float(column.measure.aggregate(*column.pairs())) for column in grades.columns if column.grades}


# --- rows of every kind -----------------------------------------------------------------------------------------------

IDS = st.sampled_from("abc")
TEXT = st.text(max_size=12) | st.sampled_from(["Corfo", "the agency Corfo", "1976", "the", "\0", "\ud800", "{0}", "%s", "[1]"])
STRETCH = st.tuples(IDS, st.integers(0, 30), st.integers(1, 30)).map(lambda one: (one[0], one[1], one[1] + one[2]))


@st.composite
def citations(draw):
    article, start, end = draw(STRETCH)
    where = {"article_id": article, "passage_id": article, "start": start, "end": end, "also_in": tuple(draw(st.sets(IDS, max_size=1)))}
    return Citation(n=draw(st.integers(1, 3)), quote=draw(TEXT), title="", source=None, published=None, url=None, **where)


@st.composite
def answers(draw):
    reason = draw(st.none() | st.sampled_from(Reason))
    sentence = st.builds(AnswerSentence, TEXT, st.lists(st.integers(1, 4), max_size=3).map(tuple), st.floats(0, 1))
    return Answer(
        question="",
        standalone_question=draw(TEXT),
        sentences=() if reason else tuple(draw(st.lists(sentence, max_size=3))),
        citations=() if reason else tuple(draw(st.lists(citations(), max_size=3))),
        hits=(),
        confidence=draw(st.floats(0, 1)),
        reason=reason,
        short_answer=None if reason else draw(st.none() | TEXT),
        timings_ms={"total": draw(st.floats(0, 1e6))},
    )


@st.composite
def examples(draw, name):
    return Example(
        id=name,
        question=draw(TEXT),
        history=tuple(Turn("user", "before") for _ in range(draw(st.integers(0, 2)))),
        answers=tuple(draw(st.lists(TEXT, max_size=2))),
        evidence=tuple(draw(st.lists(st.builds(Evidence, IDS, quote=TEXT), max_size=2))),
        qrels=draw(st.dictionaries(IDS, st.integers(-1, 3))),
        answerable=draw(st.none() | st.booleans()),
        key_points=tuple(draw(st.lists(TEXT, max_size=2))),
        rewrite=draw(st.none() | TEXT),
        type=draw(st.sampled_from(["", "fact", "list"])),
    )


@st.composite
def rows(draw, name):
    answer = draw(st.none() | answers())
    return Row(
        example=draw(examples(name)),
        gold=Gold(
            tuple(GoldSpan(*one) for one in draw(st.lists(STRETCH, max_size=2))),
            tuple(draw(st.lists(IDS, max_size=2, unique=True))),
            unfound=tuple(draw(st.lists(IDS, max_size=1))),
        ),
        answer=answer,
        error=None if answer else "it broke",
        articles=tuple((one, 9.0 - rank) for rank, one in enumerate(draw(st.lists(IDS, max_size=3, unique=True)))),
        passages=tuple(RankedPassage(one[0], *one, 9.0 - rank) for rank, one in enumerate(draw(st.lists(STRETCH, max_size=3)))),
        exact=tuple(draw(st.booleans()) for _ in (answer.citations if answer else ())),
    )


RUNS = st.integers(1, 4).flatmap(lambda n: st.tuples(*(rows(f"q{i}") for i in range(n)))).map(lambda each: Run("run", each))


@given(RUNS, st.randoms(use_true_random=False))
def test_grades_are_shares_whatever_the_run(run, chance):
    found = grade(run)
    for column in found.columns:
        assert not set(column.grades) & set(column.apart)
        assert set(column.grades) | set(column.apart) <= set(found.ids)
        x, y = column.pairs()
        assert np.isfinite(x).all()
        if column.measure.name not in NO_JUDGEMENT:
            assert ((x >= 0) & (x <= np.maximum(y, 1) + 1e-12)).all(), column.measure.name
            figure = float(column.measure.aggregate(x, y))
            assert np.isnan(figure) or -1e-12 <= figure <= 1 + 1e-12
        if column.measure.kind in {Kind.MEAN, Kind.YES_NO}:
            assert (y == 1).all()
        if column.measure.kind is Kind.YES_NO:
            assert set(x) <= {0, 1}
    shuffled = grade(Run("run", tuple(chance.sample(run.rows, len(run.rows)))))
    assert figures(shuffled) == pytest.approx(figures(found), nan_ok=True, abs=1e-12)
    assert {one.measure.name: one.grades for one in shuffled.columns} == {one.measure.name: one.grades for one in found.columns}


@given(RUNS)
def test_a_run_that_always_fails_gets_nothing(run):
    """And nothing that it got by failing is taken out of the account: what applies to an answer still applies."""
    failed = Run("failed", tuple(Row(example=row.example, gold=row.gold, error="x") for row in run.rows))
    found = grade(failed)
    for column in found.columns:
        x, _ = column.pairs()
        assert (x == 0).all(), column.measure.name
    for column in grade(run).columns:
        if column.measure.name in NO_JUDGEMENT | {"quote_exactness", "ECE"}:  # these are of answers only
            continue
        judged = set(column.grades) | set(column.apart)
        missed = judged - {
            one for other in found.columns if other.measure.name == column.measure.name for one in {*other.grades, *other.apart}
        }
        assert missed == set(), column.measure.name


@given(RUNS)
def test_grades_come_back_from_their_file(run):
    found = grade(run)
    back = Grades.from_json(json.loads(json.dumps(found.to_json())), CURVES)
    assert back.names == found.names
    assert figures(back) == pytest.approx(figures(found), nan_ok=True, abs=1e-8)
    assert [column.apart for column in back.columns] == [column.apart for column in found.columns]


# --- a perfect run ----------------------------------------------------------------------------------------------------


def test_a_perfect_run_is_perfect_everywhere(made):
    """One passage an article, each of them wholly evidence, in one article or two, so that every measure of rankings can be 1."""
    cited = made.citation("a", 0, 50)
    known = {"answers": ["Corfo"], "key_points": ["Corfo"], "answerable": True, "qrels": {"a": 1}, "rewrite": "Who?", "history": ["before"]}
    right = made.row(
        "right",
        made.answer("Corfo", citations=[cited], confidence=1, standalone="who", timings={"total": 1}),
        **{**known, "spans": [("a", 0, 50)], "gold_passages": ["a:0"], "passages": [("a", 0, 50)], "articles": ["a"]},
        usage={"input_tokens": 1, "output_tokens": 1, "usd": 1},
    )
    right = replace(right, example=replace(right.example, metadata={"conflict": False}))
    two = [("a", 0, 50), ("b", 0, 50)]
    both = made.row(
        "both",
        made.answer(
            ("Corfo", (1, 2), 1), citations=[cited, made.citation("b", 0, 50, n=2)], confidence=1, standalone="who", timings={"total": 1}
        ),
        **{**known, "qrels": {"a": 1, "b": 1}, "spans": two, "gold_passages": ["a:0", "b:0"], "passages": two, "articles": ["a", "b"]},
        usage={"input_tokens": 1, "output_tokens": 1, "usd": 1},
    )
    sides = tuple(Side(value=article, citations=(n,), source=None, published=None) for n, article in enumerate("ab", 1))
    told = replace(both.answer, conflict=Conflict(kind=Difference.CONFLICT, sides=sides))
    both = replace(both, answer=told, example=replace(both.example, metadata={"conflict": True}))
    silent = made.row("silent", made.silence(confidence=0), answerable=False)
    names = [name for name in DEFAULT_RETRIEVAL if not name.split("@")[0].endswith(("P", "Judged"))]
    found = figures(grade(made.run(right, both, silent), retrieval=[*names, "P@1", "Judged@1", "span_P@1"]))
    assert set(MEASURES) - set(found) <= {*DEFAULT_RETRIEVAL, *NO_JUDGEMENT}
    for name, value in found.items():
        if name not in NO_JUDGEMENT:
            assert value == pytest.approx(float(named(name).higher_is_better)), name


# --- parts ------------------------------------------------------------------------------------------------------------


def test_a_run_falls_into_groups(made):
    rows_ = [
        made.row("a", type="fact", answerable=True),
        made.row("b", type="fact", answerable=False, history=["1"]),
        made.row("c", history=[str(n) for n in range(9)]),
        made.row("d", type="list", answers=["x"], history=["1"]),
    ]
    assert groups(made.run(*rows_)) == {
        "type": {"fact": {"a", "b"}, "list": {"d"}},
        "answerable": {"answerable": {"a", "d"}, "unanswerable": {"b"}, "not known": {"c"}},
        "turn": {"1": {"a"}, "2": {"b", "d"}, "10": {"c"}},
    }
    assert list(groups(made.run(*reversed(rows_)))["turn"]) == ["1", "2", "10"]
    assert list(groups(made.run(*reversed(rows_)))["type"]) == ["fact", "list"]


@given(RUNS, st.sets(st.sampled_from(["q0", "q1", "q9"])))
def test_a_part_is_graded_as_a_run_of_its_own(run, ids):
    part = restrict(grade(run), ids)
    alone = grade(Run("run", tuple(row for row in run.rows if row.id in ids)))
    assert part.ids == alone.ids
    assert {one.measure.name: (one.grades, one.apart) for one in part.columns if one.grades or one.apart} == {
        one.measure.name: (one.grades, one.apart) for one in alone.columns
    }


def test_what_applies_to_nothing_is_left_out(made):
    assert grade(made.run()).columns == ()
    proof = ["citation_precision", "citation_recall", "citation_F1", "citations_per_sentence"]
    assert grade(made.run(made.row(answer=made.answer("x")))).names == [*proof, "right", "AURC", "ECE"]


def test_the_head_is_the_runs(made):
    run = made.run(made.row("b"), made.row("a"), dataset={"name": "seeds"})
    found = grade(run)
    assert (found.run, found.dataset, found.sha256, found.ids) == ("made by hand", "seeds", run.sha256, ("b", "a"))


# --- names ------------------------------------------------------------------------------------------------------------


def test_every_measure_is_found_by_its_name_and_every_curve_can_be_read_back():
    assert {name: named(name) for name in MEASURES} == MEASURES
    for name, measure in MEASURES.items():
        assert measure.name == name
        assert measure.definition.endswith(".")
        assert measure.source
        assert (measure.kind is Kind.CURVE) == (name in CURVES or name.endswith(("_p50", "_p95")))
        if measure.kind is Kind.CURVE:
            assert CURVES[name].name == name


def test_a_name_nearly_right_is_told_the_right_one():
    with pytest.raises(AssayError, match=r"such as citation_F1, .*found 'citation_F2'"):
        named("citation_F2")


# --- hostile rows -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf"), 10**400, -1, 0.5], ids=lambda number: f"{number!s:.5}")
def test_numbers_made_to_harm_leave_every_grade_finite(made, number):
    citation = replace(made.citation("a", 0, 5), end=number)
    row = made.row(answer=made.answer(("x", (1,), number), citations=[citation], confidence=number), spans=[("a", 0, 9)], qrels={"a": 1})
    row = replace(
        row,
        gold=replace(row.gold, spans=(GoldSpan("a", 0, number), GoldSpan("a", number, 9))),
        passages=(RankedPassage("a:0", "a", 0, number, number), RankedPassage("a:1", "a", number, 9, number)),
        articles=(("a", number),),
        usage={"usd": number},
    )
    for column in grade(Run("run", (row, made.row("q2", made.answer("x"), answers=["x"])))).columns:
        assert np.isfinite(column.pairs()).all(), column.measure.name


@pytest.mark.parametrize(
    "span", [["a", 0], ["a", "0", 9], [None, 0, 9], ["a", 0, 0.5], ["a", 9, 0], ["a", -1, 9], ["a", 0, 10**400], ["a", 0, True]]
)
def test_spans_that_are_none_are_refused(made, span):
    values = made.row(spans=[("a", 0, 9)], passages=[("a", 0, 9)]).to_json()
    for harmed in ({"gold": {**values["gold"], "spans": [span]}}, {"passages": [["a:0", *span, 1.0]]}):
        with pytest.raises((TypeError, ValueError)):
            Row.from_json({**values, **harmed})
    assert Row.from_json(values).to_json() == values


@pytest.mark.parametrize("depth", [300, 990, 100_000])
def test_a_row_that_is_nested_too_deep_is_refused(made, depth):
    values = made.row().to_json()
    for _ in range(depth):
        values["example"]["metadata"] = {"a": [values["example"]["metadata"]]}
    with pytest.raises(ValueError, match="nested at most"):
        Row.from_json(values)


# --- hostile strings --------------------------------------------------------------------------------------------------


def graded_as_everything(text):
    citation = Citation(
        n=1,
        article_id=text,
        passage_id=text,
        title=text,
        source=text,
        published=text,
        url=text,
        start=0,
        end=len(text),
        quote=text,
        also_in=(text,),
    )
    answer = Answer(
        question=text,
        standalone_question=text,
        sentences=(AnswerSentence(text, (1,), 0.9),),
        citations=(citation,),
        hits=(),
        confidence=0.5,
        short_answer=text,
        timings_ms={text: 1.0},
    )
    example = Example(
        id=text,
        question=text,
        history=(Turn("user", text),),
        answers=(text,),
        evidence=(Evidence(text, quote=text),),
        qrels={text: 1},
        key_points=(text,),
        rewrite=text,
        type=text,
    )
    span = GoldSpan(text, 0, len(text))
    ranked = (RankedPassage(text, text, 0, len(text), 1.0),)
    row = Row(example=example, gold=Gold((span,), (text,)), answer=answer, articles=((text, 1.0),), passages=ranked, exact=(True,))
    run = Run(text, (row,))
    return grade(run), groups(run)


OURS = [
    "\0",
    "\ud800",
    "{0.__class__}",
    "%s%n",
    "a" * 50_000,
    "the " * 20_000,
    "x y " * 10_000,
    "[" * 20_000,
    "e\u0301" * 9_000,
    "\u202e",
    "9" * 9_000,
]


@pytest.mark.parametrize("text", OURS, ids=range(len(OURS)))
def test_strings_made_to_harm_are_graded_as_any_other(text):
    found, parts = graded_as_everything(text)
    for name in ("citation_F1", "evidence_recall", "citation_IoU", "nDCG@10", "passage_R@5", "span_R@5", "span_IoU", "right"):
        assert found[name].grades[text].x == 1, name
    assert parts["type"] == {text: {text}}


@pytest.mark.slow
def test_the_public_hostile_strings_are_graded_as_any_other():
    if "ASSAY_DATA" not in os.environ:
        pytest.skip("ASSAY_DATA names no folder of public data")
    lists = {
        "naughty_questions.jsonl": "text",
        "xss_payloads.jsonl.gz": "payload",
        "markdown_exfil.jsonl.gz": "text",
        "injections.jsonl.gz": "text",
        "traversal.jsonl.gz": "path",
        "ssrf_urls.jsonl": "url",
    }
    for name, field in lists.items():
        data = (Path(os.environ["ASSAY_DATA"]) / "hostile" / name).read_bytes()
        for line in (gzip.decompress(data) if name.endswith(".gz") else data).splitlines():
            text = json.loads(line).get(field)
            if isinstance(text, str) and text:
                found, _ = graded_as_everything(text)
                assert found["citation_F1"].grades[text].x == 1

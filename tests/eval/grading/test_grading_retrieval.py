"""Measures of rankings, held against the field's own tools, the textbook and sets of characters."""

import gzip
import json
import math
import os
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.dataset import Example
from eval.grading import grade, named, recall_curve
from eval.grading.trec import canonical
from eval.run import Gold, GoldSpan, Place, RankedPassage, Row, Run
from index import AssayError

WORD = re.compile(r"[a-z]{3,}")


@pytest.fixture(scope="module")
def time1963():
    """The articles ranked by the rarity of the words that they share with the question, without an index."""
    if "ASSAY_DATA" not in os.environ:
        pytest.skip("ASSAY_DATA names no folder of public data")
    folder = Path(os.environ["ASSAY_DATA"]) / "time1963"
    lines = gzip.decompress((folder / "corpus.jsonl.gz").read_bytes()).splitlines()
    words = {one["id"]: set(WORD.findall(one["text"].lower())) for one in map(json.loads, lines)}
    known = Counter(word for found in words.values() for word in found)
    qrels = {}
    for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines():
        query, article, grade_ = line.split("\t")
        qrels.setdefault(query, {})[article] = int(grade_)
    rows = []
    for one in map(json.loads, (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()):
        asked = set(WORD.findall(one["question"].lower()))
        scores = {article: sum(1 / known[word] for word in asked & found) for article, found in words.items()}
        ranked = sorted(((article, round(score, 3)) for article, score in scores.items() if score), key=lambda pair: -pair[1])[:100]
        rows.append(
            Row(example=Example(id=one["id"], question=one["question"], qrels=qrels.get(one["id"], {})), articles=tuple(ranked), error="x")
        )
    return Run("time1963", tuple(rows))


NAMES = ["nDCG@10", "R@5", "R@10", "R@100", "P@5", "RR", "AP", "Success@1", "Success@5", "Judged@10", "RR@10", "AP@100", "Rprec", "Bpref"]


def by_rank(row):
    """Return scores that leave no tie to be broken by id."""
    return {article: -rank for rank, (article, _) in enumerate(row.articles)}


def test_measures_are_those_of_ir_measures(time1963):
    import ir_measures

    found = grade(time1963, retrieval=NAMES)
    qrels = {row.id: dict(row.example.qrels) for row in time1963.rows if row.example.qrels}
    run = {row.id: by_rank(row) for row in time1963.rows}
    expected = {}
    for metric in ir_measures.iter_calc([ir_measures.parse_measure(name) for name in NAMES], qrels, run):
        expected.setdefault(str(metric.measure), {})[metric.query_id] = metric.value
    for name in NAMES:
        assert {one: value.x for one, value in found[name].grades.items()} == pytest.approx(expected[name], abs=1e-9), name
        assert len(found[name].grades) == len(qrels) == 82
    assert 0.4 < found["nDCG@10"].measure.aggregate(*found["nDCG@10"].pairs()) < 0.8  # the ranking is worth measuring


def test_measures_are_those_of_trec_eval(time1963):
    import pytrec_eval

    theirs = {"nDCG@10": "ndcg_cut_10", "R@100": "recall_100", "P@5": "P_5", "RR": "recip_rank", "AP": "map", "Success@5": "success_5"}
    asked = {"ndcg_cut.10", "recall.100", "P.5", "recip_rank", "map", "success.5"}
    qrels = {row.id: dict(row.example.qrels) for row in time1963.rows if row.example.qrels}
    expected = pytrec_eval.RelevanceEvaluator(qrels, asked).evaluate({row.id: by_rank(row) for row in time1963.rows})
    found = grade(time1963, retrieval=list(theirs))
    for ours, other in theirs.items():
        assert {one: value.x for one, value in found[ours].grades.items()} == pytest.approx(
            {one: values[other] for one, values in expected.items()}, abs=1e-9
        )


def test_the_recall_curve_is_the_mean_recall_at_each_depth(time1963):
    found = grade(time1963, retrieval=["R@1", "R@7", "R@100"])
    expected = [float(found[name].measure.aggregate(*found[name].pairs())) for name in ("R@1", "R@7", "R@100")]
    assert recall_curve(time1963, [1, 7, 100]) == pytest.approx(expected, abs=1e-12)
    assert np.isnan(recall_curve(Run("none", ()), [1, 2])).all()


# --- articles ---------------------------------------------------------------------------------------------------------


def test_ndcg_by_hand(made, graded):
    """Järvelin and Kekäläinen's example: gains 3, 2, 3, 0, 0, 1, 2, 2, 3, 0 over the best order of the same."""
    gains = [3, 2, 3, 0, 0, 1, 2, 2, 3, 0]
    row = made.row(articles=[f"a{n}" for n in range(10)], qrels={f"a{n}": gain for n, gain in enumerate(gains)})
    sums = [sum(gain / math.log2(rank + 2) for rank, gain in enumerate(order)) for order in (gains, sorted(gains, reverse=True))]
    assert graded("nDCG@10", row)["q1"] == pytest.approx(sums[0] / sums[1], abs=1e-9)


def test_ap_and_rr_by_the_textbook(made, graded):
    """Manning, Raghavan and Schütze, chapter 8: relevant at ranks 1, 3, 6, 9, 10 of ten, and at 2, 5, 7 of ten."""
    first = made.row("first", articles="abcdefghij", qrels=dict.fromkeys("acfij", 1))
    second = made.row("second", articles="abcdefghij", qrels=dict.fromkeys("beg", 1))
    found = graded("AP", first, second)
    assert found["first"] == pytest.approx((1 / 1 + 2 / 3 + 3 / 6 + 4 / 9 + 5 / 10) / 5, abs=1e-9)
    assert found["second"] == pytest.approx((1 / 2 + 2 / 5 + 3 / 7) / 3, abs=1e-9)
    assert graded("RR", first, second) == {"first": 1, "second": 0.5}


def test_a_question_without_a_relevant_article_is_not_judged(made, graded):
    rows = [made.row("none"), made.row("irrelevant", articles="a", qrels={"a": 0}), made.row("lost", qrels={"a": 1})]
    assert graded("nDCG@10", *rows) == {"lost": 0}


def test_the_articles_of_the_evidence_are_relevant_where_the_set_judges_none(made, graded):
    evidence = [{"article_id": "x"}, {"article_id": "y", "quote": "w"}, {"quote": "v"}]
    assert graded("R@5", made.row(articles="axb", evidence=evidence)) == {"q1": 1 / 2}
    assert graded("RR", made.row(articles="axb", evidence=evidence)) == {"q1": 1 / 2}
    assert graded("RR", made.row(articles="axb", evidence=evidence, qrels={"b": 1})) == {"q1": pytest.approx(1 / 3)}
    assert graded("RR", made.row(articles="axb", evidence=evidence, qrels={"b": 0})) == {}
    assert recall_curve(made.run(made.row(articles="axb", evidence=evidence)), [1, 2]) == pytest.approx([0, 1 / 2])


def test_ids_and_grades_that_would_break_trec_eval_do_not(made, graded):
    odd = ["\0", "\0a", "a\0b", "\ud800", "é", "\N{ROCKET}", "a" * 10_000, ""]
    row = made.row("\0\ud800", articles=["x", *odd], qrels=dict.fromkeys(odd, 1))
    assert graded("R@5", row) == {"\0\ud800": pytest.approx(4 / len(odd))}
    assert graded("R@100", row) == {"\0\ud800": 1}
    huge = [made.row(f"q{n}", articles="a", qrels={"a": 1, "b": grade_}) for n, grade_ in enumerate([2**31, 2**70, -(2**70), 0.5])]
    assert {value[:15] for value in graded("R@5", *huge).values()} == {"expected grades"}


def test_what_is_measured_is_the_order_whatever_the_scores(made, graded):
    for order in ("ab", "ba"):
        row = made.row(qrels={"a": 1}, spans=[("a", 0, 9)], gold_passages=["a:0"])
        passages = tuple(RankedPassage(f"{one}:0", one, 0, 9, 0.5) for one in order)
        tied = Row(example=row.example, gold=row.gold, error="x", articles=tuple((one, 0.5) for one in order), passages=passages)
        for name in ("RR", "passage_RR", "span_RR"):
            assert graded(name, tied) == {"q1": 1 / (1 + order.index("a"))}, name


def test_scores_that_are_no_numbers_give_way_to_the_order(made, graded):
    row = made.row(qrels={"b": 1})
    for score in (math.nan, math.inf, None):
        odd = Row(example=row.example, error="x", articles=(("a", 1.0), ("b", score), ("b", 5.0)))
        assert graded("RR", odd) == {"q1": 0.5}


@given(st.data())
def test_the_order_of_rows_changes_nothing(data):
    articles = st.lists(st.sampled_from("abcdef"), max_size=5, unique=True)
    qrels = st.dictionaries(st.sampled_from("abcdef"), st.integers(-1, 3), max_size=4)
    rows = [
        Row(
            example=Example(id=f"q{n}", question="", qrels=data.draw(qrels)),
            articles=tuple((one, 9.0 - rank) for rank, one in enumerate(data.draw(articles))),
            error="x",
        )
        for n in range(4)
    ]
    shuffled = data.draw(st.permutations(rows))
    first, second = (grade(Run("", tuple(each)), retrieval=NAMES) for each in (rows, shuffled))
    for column in first.columns:
        assert column.grades == second[column.measure.name].grades
        assert all(0 <= value.x <= 1 + 1e-12 for value in column.grades.values())


# --- passages and spans -----------------------------------------------------------------------------------------------

PASSAGES = [("a", 0, 100), ("b", 0, 100), ("a", 80, 180), ("a", 200, 300), ("c", 0, 100)]


def test_passages_are_judged_by_those_that_hold_the_evidence(made, graded):
    row = made.row(passages=PASSAGES, spans=[("a", 210, 220)], gold_passages=["a:200"])
    assert graded("passage_RR", row) == {"q1": 1 / 4}
    assert graded("passage_R@5", row) == {"q1": 1}
    assert graded("passage_nDCG@10", row) == {"q1": pytest.approx(1 / math.log2(5))}
    assert graded("passage_R@5", made.row(spans=[("a", 210, 220)])) == {"q1": "no passage of the index holds the evidence"}
    assert graded("passage_R@5", made.row(qrels={"a": 1})) == {}


def test_spans_are_found_by_the_passages_that_hold_them(made, graded):
    row = made.row(passages=[("b", 0, 9), ("a", 0, 100), ("c", 0, 9)], spans=[("a", 0, 9), ("a", 20, 29), ("a", 200, 209)])
    assert [graded(f"span_R@{k}", row)["q1"] for k in (1, 2, 5)] == pytest.approx([0, 2 / 3, 2 / 3])
    assert [graded(f"span_P@{k}", row)["q1"] for k in (1, 2, 4)] == pytest.approx([0, 1 / 2, 1 / 4])
    assert [graded(f"span_Success@{k}", row)["q1"] for k in (1, 2)] == [0, 1]
    assert [graded(name, row)["q1"] for name in ("span_RR", "span_RR@1", "span_RR@2")] == [1 / 2, 0, 1 / 2]


def test_several_spans_in_one_passage_push_nothing_out(made, graded):
    within = [("a", start, start + 9) for start in range(0, 50, 10)]
    row = made.row(passages=[("a", 0, 100), ("b", 0, 100)], spans=[*within, ("b", 0, 9)])
    assert graded("span_R@1", row) == {"q1": pytest.approx(5 / 6)}
    assert graded("span_R@2", row) == graded("span_R@5", row) == graded("span_P@2", row) == {"q1": 1}


def test_a_span_is_found_once_half_of_it_was_seen(made, graded):
    longer_than_any = made.row(passages=[("a", 0, 50), ("a", 50, 100), ("a", 100, 150)], spans=[("a", 0, 200)])
    assert graded("span_R@1", longer_than_any) == {"q1": 0}
    assert graded("span_R@2", longer_than_any) == {"q1": 1}
    assert graded("span_RR", longer_than_any) == {"q1": 1 / 2}
    assert graded("span_P@5", longer_than_any) == {"q1": 0}  # none of them by itself holds half
    again = made.row(passages=[("a", 0, 50), ("a", 0, 50), ("a", 26, 60)], spans=[("a", 20, 30)])
    assert graded("span_P@3", again) == {"q1": pytest.approx(2 / 3)}


@given(st.data())
def test_spans_are_found_as_sets_of_characters_say(data):
    stretch = st.tuples(st.sampled_from("ab"), st.integers(0, 15), st.integers(1, 9)).map(lambda one: (one[0], one[1], one[1] + one[2]))
    spans, found = (data.draw(st.lists(stretch, min_size=least, max_size=6)) for least in (1, 0))
    k = data.draw(st.integers(1, 7))

    def characters(*stretches):
        return {(article, place) for article, start, end in stretches for place in range(start, end)}

    passages = tuple(RankedPassage(f"p{n}", *one, -n) for n, one in enumerate(found))
    row = Row(example=Example(id="q", question=""), gold=Gold(tuple(GoldSpan(*one) for one in spans)), passages=passages, error="x")
    values = grade(Run("", (row,)), retrieval=[f"span_R@{k}", f"span_P@{k}", f"span_Success@{k}", f"span_RR@{k}"])
    seen = [[2 * len(characters(span) & characters(*found[:n])) >= span[2] - span[1] for span in spans] for n in range(1, k + 1)]
    assert values[f"span_R@{k}"].grades["q"].x == pytest.approx(sum(seen[-1]) / len(spans))
    assert values[f"span_Success@{k}"].grades["q"].x == any(seen[-1])
    assert values[f"span_RR@{k}"].grades["q"].x == next((1 / n for n, each in enumerate(seen, 1) if any(each)), 0)
    holding = [any(2 * len(characters(span) & characters(one)) >= span[2] - span[1] for span in spans) for one in found[:k]]
    assert values[f"span_P@{k}"].grades["q"].x == pytest.approx(sum(holding) / k)


def test_a_quote_counts_once_wherever_it_stands(made, graded):
    """The first span stands in a and in b, the second in c alone."""
    first, other, second = GoldSpan("a", 0, 9), GoldSpan("b", 50, 59), GoldSpan("c", 0, 9)
    places = ((Place(first, ("a:0",)), Place(other, ("b:50",))), (Place(second, ("c:0",)),))
    gold = Gold((first, second), ("a:0", "b:50", "c:0"), places=places)

    def row(*passages, cited=()):
        answer = made.answer("x", citations=[made.citation(*one, n=n) for n, one in enumerate(cited, 1)])
        whole = replace(made.row(answer=answer, passages=passages, qrels=dict.fromkeys("abc", 1)), gold=gold)
        assert Row.from_json(json.loads(json.dumps(whole.to_json()))) == whole
        return whole

    for name in ("passage_R@5", "passage_nDCG@10", "span_R@5", "span_recall", "span_RR"):
        for found in (("a", 0, 9), ("b", 50, 59)):
            assert graded(name, row(found, ("c", 0, 9))) == {"q1": pytest.approx(1)}, name
    assert graded("passage_R@5", row(("b", 50, 59), ("a", 0, 9))) == graded("span_R@5", row(("b", 50, 59))) == {"q1": 1 / 2}
    assert graded("span_P@2", row(("b", 50, 59), ("a", 0, 9))) == {"q1": 1}
    assert graded("span_IoU", row(("b", 50, 59))) == {"q1": 1 / 2}
    for cited in (("a", 0, 9), ("b", 50, 59)):
        assert graded("citation_precision", row(cited=[cited])) == {"q1": 1}
        assert graded("evidence_recall", row(cited=[cited])) == graded("citation_IoU", row(cited=[cited])) == {"q1": 1 / 2}
    assert graded("evidence_recall", row(cited=[("a", 0, 9), ("b", 50, 59)])) == {"q1": 1 / 2}
    assert graded("citation_precision", row(cited=[("b", 0, 9)])) == {"q1": 0}


@pytest.mark.parametrize("places", [[[]], [[[["a", 1, 9], []]]], [[[["a", 0, 9], []]], [[["a", 0, 9], []]]]])
def test_places_that_are_not_those_of_the_spans_are_refused(places, made):
    values = made.row(spans=[("a", 0, 9)]).to_json()
    values["gold"]["places"] = places
    with pytest.raises(ValueError, match="expected the places of each span"):
        Row.from_json(values)


@pytest.mark.parametrize("name", ["passage_nDCG@10", "span_R@5", "span_recall", "span_precision", "span_IoU"])
def test_evidence_that_the_index_does_not_have_stands_apart(name, made, graded):
    row = made.row(evidence=[{"quote": "gone"}], unfound=["gone"], passages=PASSAGES)
    assert graded(name, row) == {"q1": "the index does not have the evidence"}
    assert graded(name, made.row(evidence=[{"article_id": "a"}], passages=PASSAGES)) == {}
    assert graded(name, made.row(spans=[("a", 0, 9)], gold_passages=["a:0"])) == {"q1": 0}


STRETCHES = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 15), st.integers(1, 9)), min_size=1, max_size=7)


@given(STRETCHES, STRETCHES)
def test_characters_are_counted_as_sets_of_them(gold, found):
    def characters(stretches):
        return {(article, start + n) for article, start, length in stretches for n in range(length)}

    spans = tuple(GoldSpan(article, start, start + length) for article, start, length in gold)
    passages = tuple(RankedPassage(f"p{n}", article, start, start + length, -n) for n, (article, start, length) in enumerate(found))
    row = Row(example=Example(id="q", question=""), gold=Gold(spans, ("p0",)), passages=passages, error="x")
    graded = grade(Run("", (row,)))
    a, b = characters(gold), characters(found[:5])
    assert graded["span_recall"].grades["q"].x == pytest.approx(len(a & b) / len(a))
    assert graded["span_precision"].grades["q"].x == pytest.approx(len(a & b) / len(b))
    assert graded["span_IoU"].grades["q"].x == pytest.approx(len(a & b) / len(a | b))
    assert all(0 <= value.x <= 1 for column in graded.columns for value in column.grades.values())


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "name"), [("MAP", "AP"), ("R@0x10", "R@16"), ("passage_Rprec", "passage_Rprec"), (" nDCG @ 20", "nDCG@20")]
)
def test_any_measure_of_ir_measures_can_be_asked_for(asked, name, made):
    assert named(asked.strip()).name == name
    row = made.row(articles="a", qrels={"a": 1}, spans=[("a", 0, 9)], gold_passages=["a:0"], passages=[("a", 0, 9)])
    assert grade(made.run(row), retrieval=[asked.strip(), asked.strip()])[name].grades["q1"].x > 0


BAD = [
    "",
    "F9",
    "R",
    "R@0",
    "R@-1",
    "P@99999999",
    "NumQ",
    "NumRet",
    "ERR@10",
    "import os",
    "R@5;R@6",
    "(" * 5000,
    "x" * 5000,
    "\0",
    "nDCG@1e9",
]


@pytest.mark.parametrize(
    "name", [*BAD, "span_", "passage_", "R@True", "span_nDCG@10", "span_AP", "span_RR5", "span_R@1001"], ids=lambda name: name[:10]
)
def test_a_name_of_no_measure_is_refused_in_one_line(name):
    for refused in (lambda: named(name), lambda: canonical(name), lambda: grade(Run("", ()), retrieval=[name])):
        with pytest.raises(AssayError, match="expected a measure") as caught:
            refused()
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 300

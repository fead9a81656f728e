"""Answers: there and back through JSON, and numbers that agree wherever they stand."""

import dataclasses
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import Answer, AnswerPart, AnswerSentence, Citation, Conflict, Difference, Hit, Reason, Removed, Side, Verdict

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
OPTIONAL = st.none() | TEXTS
NUMBERS = st.floats(0, 1).map(lambda value: round(value, 6))
ALSO = st.lists(TEXTS, max_size=3).map(tuple)
PLACES = {
    "article_id": TEXTS,
    "passage_id": TEXTS,
    "title": TEXTS,
    "source": OPTIONAL,
    "published": OPTIONAL,
    "also_in": ALSO,
    "superseded_by": OPTIONAL,
}
PLACES |= {"start": st.integers(0, 99), "end": st.integers(0, 99)}
HITS = st.builds(Hit, rank=st.integers(1, 99), score=NUMBERS, text=TEXTS, **PLACES)
CITATIONS = st.builds(Citation, n=st.integers(1, 9), url=OPTIONAL, quote=TEXTS, page=st.none() | st.integers(1, 9), **PLACES)
SENTENCES = st.builds(
    AnswerSentence, TEXTS, st.lists(st.integers(1, 9), max_size=3).map(tuple), NUMBERS, st.sampled_from(Verdict).map(str), OPTIONAL
)
SIDES = st.builds(Side, value=TEXTS, citations=st.lists(st.integers(1, 9), max_size=3).map(tuple), source=OPTIONAL, published=OPTIONAL)
ANSWERS = st.builds(
    Answer,
    question=TEXTS,
    standalone_question=TEXTS,
    sentences=st.lists(SENTENCES, max_size=3).map(tuple),
    citations=st.lists(CITATIONS, max_size=3).map(tuple),
    hits=st.lists(HITS, max_size=3).map(tuple),
    confidence=NUMBERS,
    reason=st.none() | st.sampled_from(Reason),
    short_answer=OPTIONAL,
    id=OPTIONAL,
    model=TEXTS,
    timings_ms=st.dictionaries(st.sampled_from(["retrieve", "total"]), NUMBERS),
    notes=st.lists(TEXTS, max_size=2).map(tuple),
    removed=st.lists(st.builds(Removed, TEXTS, TEXTS), max_size=2).map(tuple),
    conflict=st.none() | st.builds(Conflict, kind=st.sampled_from(Difference), sides=st.lists(SIDES, max_size=3).map(tuple)),
    parts=st.lists(st.builds(AnswerPart, TEXTS, st.lists(st.integers(0, 9), max_size=3).map(tuple)), max_size=3).map(tuple),
)
KEYS = [
    *"id question standalone_question answer short_answer abstained reason confidence sentences citations hits model timings_ms".split(),
    *("notes", "removed", "conflict", "parts"),
]


def cited(n):
    return Citation(n=n, article_id="a", passage_id="a:0", title="T", source=None, published=None, url=None, start=0, end=5, quote="Quote")


def answer_of(*sentences, reason=None):
    numbers = sorted({n for _, ns in sentences for n in ns})
    return Answer(
        question="Q?",
        standalone_question="Q?",
        sentences=tuple(AnswerSentence(text, ns, 1.0) for text, ns in sentences),
        citations=tuple(cited(n) for n in numbers),
        hits=(),
        confidence=0.5,
        reason=reason,
    )


@given(ANSWERS)
def test_there_and_back_through_json_nothing_changes(answer):
    assert Answer.from_json(json.loads(json.dumps(answer.to_json()))) == answer


@given(ANSWERS)
def test_the_keys_are_the_documented_ones_in_their_order(answer):
    values = answer.to_json()
    assert list(values) == KEYS
    assert json.loads(json.dumps(values)) == values, "only what JSON can hold"
    assert values["abstained"] is (answer.reason is not None)
    assert values["reason"] in {None, "empty_index", "nothing_selected", "nothing_found", "not_supported"}
    places = {"article_id", "passage_id", "title", "source", "published", "also_in", "superseded_by", "start", "end"}
    assert all(set(citation) == places | {"n", "url", "quote", "page"} for citation in values["citations"])
    assert all(set(hit) == places | {"rank", "score", "text"} for hit in values["hits"])


def test_a_marker_follows_the_sentence_that_it_proves():
    answer = answer_of(("Chile announced a plan.", (1,)), ("Two sources agree.", (2, 3)))
    assert answer.text == "Chile announced a plan. [1] Two sources agree. [2] [3]"
    assert answer.to_json()["answer"] == answer.text


def test_markers_citations_and_sentences_hold_the_same_numbers():
    answer = answer_of(("A.", (1,)), ("B.", (2,)), ("C.", (1, 3)))
    markers = {int(n) for n in re.findall(r"\[(\d+)\]", answer.text)}
    assert markers == {citation.n for citation in answer.citations} == {n for sentence in answer.sentences for n in sentence.citations}


@pytest.mark.parametrize("reason", list(Reason))
def test_an_abstention_has_a_reason_and_no_words(reason):
    answer = answer_of(reason=reason)
    assert answer.abstained
    assert answer.text == ""
    assert answer.to_json()["reason"] == reason.value


def test_scores_of_hits_are_rounded_in_json_alone():
    hit = Hit(rank=1, score=1 / 3, article_id="a", passage_id="a:0", start=0, end=1, title="T", source=None, published=None, text="x")
    assert hit.to_json()["score"] == 0.333333
    assert hit.score == 1 / 3


@pytest.mark.parametrize("key", KEYS)
def test_what_is_missing_in_json_is_an_error(key):
    values = {name: value for name, value in answer_of(("A.", (1,))).to_json().items() if name != key}
    if key in {
        "answer",
        "abstained",
        "notes",
        "removed",
        "conflict",
        "parts",
    }:  # the first two follow from what is there, the others are younger than some runs
        assert Answer.from_json(values) == answer_of(("A.", (1,)))
    else:
        with pytest.raises(KeyError):
            Answer.from_json(values)


@pytest.mark.parametrize(
    "value", [answer_of(("A.", (1,))), answer_of(("A.", (1,))).sentences[0], cited(1)], ids=lambda value: type(value).__name__
)
def test_values_are_frozen(value):
    name = dataclasses.fields(value)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, name, "other")

"""Whether an answer is right, and to which step a wrong one is laid."""

import pytest

from eval.grading import Outcome, answerable, outcome, right
from rag import Reason

SPAN = [("a", 10, 20)]


def test_every_outcome_has_a_sentence_of_its_own():
    assert len({one.sentence for one in Outcome}) == len(Outcome)
    assert [one for one in Outcome if one.good] == [Outcome.RIGHT, Outcome.RIGHTLY_SILENT]
    assert Outcome.UNKNOWN.good is None


@pytest.fixture(scope="module")
def cases(made):
    """Each row with what is right, and what came of it."""
    evident, other = made.citation("a", 10, 20), made.citation("x", 10, 20)
    near, far = made.hit("a", 0, 50), made.hit("a", 500, 600)
    corfo, nobody = ("It was Corfo.",), ("It was nobody.",)
    silent, say, row = made.silence, made.answer, made.row
    return {
        # nobody can answer it
        "silent": (row(answer=silent(), answerable=False), True, "rightly silent"),
        "said": (row(answer=say("x", citations=[evident]), answerable=False, spans=SPAN), False, "wrongly answered"),
        "said, with evidence among the hits": (
            row(answer=say("x", hits=[far]), answerable=False, qrels={"b": 1}),
            False,
            "wrongly answered",
        ),
        # by characters and words
        "contained": (row(answer=say(*corfo, citations=[other]), answers=["Corfo"], spans=SPAN), True, "right"),
        "cited": (row(answer=say(*nobody, citations=[evident]), answers=["Corfo"], spans=SPAN), True, "right"),
        "cited, no answer known": (row(answer=say(*nobody, citations=[evident]), spans=SPAN), True, "right"),
        "neither": (
            row(answer=say(*nobody, citations=[other], hits=[near]), answers=["Corfo"], spans=SPAN),
            False,
            "retrieved but not read",
        ),
        "far": (row(answer=say(*nobody, citations=[other], hits=[far]), spans=SPAN), False, "not retrieved"),
        "a copy was found": (
            row(answer=say(*nobody, citations=[other], hits=[made.hit("b", 0, 50, also_in=["a"])]), spans=SPAN),
            False,
            "retrieved but not read",
        ),
        "no in passing": (row(answer=say("There is no mine."), answers=["No"]), False, "wrongly answered"),
        "no in short": (row(answer=say("There is no mine.", short="No"), answers=["No"]), True, "right"),
        "no at first": (row(answer=say("No, there is none."), answers=["no"]), True, "right"),
        # by words, by characters and, in an article without any, by the article
        "article beside a span": (row(answer=say(*nobody, citations=[other]), qrels={"a": 1, "x": 1}, spans=SPAN), True, "right"),
        "wrong words from an article beside a span": (
            row(answer=say(*nobody, citations=[other], hits=[near]), answers=["Corfo"], qrels={"x": 1}, spans=SPAN),
            False,
            "wrongly answered",
        ),
        "found beside a span": (
            row(answer=say(*nobody, hits=[made.hit("x", 0, 5)]), qrels={"x": 1}, spans=SPAN),
            False,
            "retrieved but not read",
        ),
        # by words, then by articles
        "short": (row(answer=say("x", short="Corfo"), answers=["Corfo"], qrels={"z": 1}), True, "right"),
        "wrong words": (
            row(answer=say(*nobody, citations=[evident], hits=[near]), answers=["Corfo"], qrels={"a": 1}),
            False,
            "wrongly answered",
        ),
        "wrong words from elsewhere": (
            row(answer=say(*nobody, citations=[other], hits=[near]), answers=["Corfo"], qrels={"a": 1}),
            False,
            "retrieved but not read",
        ),
        "wrong words, nothing located": (row(answer=say(*nobody, hits=[near]), answers=["Corfo"]), False, "wrongly answered"),
        "article": (row(answer=say(*nobody, citations=[evident]), qrels={"a": 1}), True, "right"),
        "other article": (row(answer=say(*nobody, citations=[other], hits=[far]), qrels={"a": 1}), False, "retrieved but not read"),
        "irrelevant article": (row(answer=say(*nobody, citations=[other]), qrels={"x": 0, "a": 1}), False, "not retrieved"),
        # silence
        "silent, not found": (row(answer=silent(hits=[far]), spans=SPAN), False, "not retrieved"),
        "silent, found": (row(answer=silent(hits=[far, near]), spans=SPAN), False, "read but not verified"),
        "silent for another reason": (row(answer=silent(hits=[near], reason=Reason.NOTHING_FOUND), spans=SPAN), False, "wrongly silent"),
        "silent, nothing located": (row(answer=silent(hits=[near]), answers=["Corfo"]), False, "wrongly silent"),
        "silent, said to be answerable": (row(answer=silent(), answerable=True), False, "wrongly silent"),
        "silent, not in the index": (row(answer=silent(), evidence=[{"quote": "w"}], unfound=["w"]), False, "not indexed"),
        # errors, and nothing known
        "broken": (row(answers=["Corfo"]), False, "failed"),
        "broken, unanswerable": (row(answerable=False), False, "failed"),
        "broken, unknown": (row(), None, "failed"),
        "unknown": (row(answer=say("x")), None, "unknown"),
        "silent, unknown": (row(answer=silent()), None, "unknown"),
        "answerable, and no more": (row(answer=say("x"), answerable=True), None, "unknown"),
        "answerable, not in the index": (row(answer=say("x"), evidence=[{"quote": "w"}], unfound=["w"]), None, "unknown"),
    }


def test_each_case(cases):
    assert {name: (right(row), str(outcome(row))) for name, (row, _, _) in cases.items()} == {
        name: (verdict, what) for name, (_, verdict, what) in cases.items()
    }
    assert {what for _, _, what in cases.values()} == set(Outcome)


def test_right_and_good_never_differ(cases):
    for name, (row, verdict, _) in cases.items():
        assert outcome(row).good is verdict or row.answer is None, name


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, None),
        ({"answerable": False, "answers": ["x"]}, False),
        ({"answers": ["x"]}, True),
        ({"qrels": {"a": 1}}, True),
        ({"qrels": {"a": 0}}, None),
    ],
)
def test_a_question_with_something_known_of_its_answer_has_one(known, expected, made):
    assert answerable(made.row(**known).example) is expected

"""What is several questions, what is a comparison of what was written, and what stays one question."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import Question, Turn
from rag.parts import MOST_PARTS, parts_of


def split(text, **more):
    return [part.text for part in parts_of(Question(text, **more)).parts]


def searched(text, **more):
    return [part.standalone for part in parts_of(Question(text, **more)).parts]


@pytest.mark.parametrize(
    "question",
    [
        "What is the relation between Chile and Peru?",
        "Which countries produce and export cobalt?",
        "Who leads research and development?",
        "Which company, which was founded in 2015 and which was sold in 2020, owns the mine?",
        "Who founded the company that mines lithium and which sells it?",
        "Who is the man that left and who is now in Peru?",
        "Do the articles say when it starts and who pays?",
        "Can you tell me how the quota works and why it is set?",
        "Where and when was it signed?",
        "Who leads the company and is planning a new mine?",
        "Between 2010 and 2020, was there a change in output?",
        "Is Chile's output larger than Peru's?",
        "Did Chile raise taxes while it cut spending?",
        "Was the tax that Chile announced in May confirmed before Peru said that it would follow?",
        "Is it true? Right?",
        "I read about Codelco. Who runs it?",
        "Wetten, dass..? was hosted by whom?",
        "lithium and cobalt",
        "?",
        "a? b?",
    ],
)
def test_what_is_one_question_is_not_taken_apart(question):
    assert split(f"x {question}" if question == "?" else question) == []


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("What did Chile announce and when does it start?", ["What did Chile announce", "when does it start?"]),
        ("Who runs Codelco? And how much did it produce?", ["Who runs Codelco?", "how much did it produce?"]),
        ("Who runs Codelco and who owns SQM?", ["Who runs Codelco", "who owns SQM?"]),
        ("In what year did it open, and does the state own it?", ["In what year did it open", "does the state own it?"]),
        ("When did it open, how much did it cost, and who paid?", ["When did it open", "how much did it cost", "who paid?"]),
        (
            "Both paid: how much did Japan give, and how much did Peru give?",
            ["Both paid: how much did Japan give", "how much did Peru give?"],
        ),
        ("Is Boric president? Why?", ["Is Boric president?", "Why?"]),
    ],
)
def test_several_questions_are_told_apart(question, parts):
    assert split(question) == parts
    assert not parts_of(Question(question)).compared


def test_a_later_question_is_searched_with_what_it_leans_on():
    assert searched("What did Chile announce and when does it start?")[1] == "What did Chile announce And when does it start?"
    assert searched("Who runs Codelco and who owns SQM?") == ["Who runs Codelco", "who owns SQM?"]


def test_the_first_of_several_leans_on_the_conversation():
    asked = "And who runs it? And who owns SQM?"
    assert searched(asked, history=(Turn("user", "What is Codelco?"),)) == ["Who runs Codelco?", "who owns SQM?"]


def test_a_question_that_follows_another_is_not_several():
    assert split("And when does it start?", history=(Turn("user", "What did Chile announce?"),)) == []


def test_too_many_questions_are_all_kept_in_the_last():
    parts = split(" ".join(f"Who owns mine {n}?" for n in range(9)))
    assert len(parts) == MOST_PARTS
    assert all(f"mine {n}?" in parts[-1] for n in range(3, 9))


@pytest.mark.parametrize(
    ("question", "sides"),
    [
        (
            "Does the Reuters article say that output rose, while the Bloomberg report says that prices fell?",
            ["Reuters article say that output rose", "Bloomberg report says that prices fell"],
        ),
        (
            "Between the report of Argus on cobalt quotas and the article by Nikkei on smelters, was there a change of tone?",
            ["report of Argus on cobalt quotas", "article by Nikkei on smelters"],
        ),
        (
            "Did Argus report on the cobalt quotas before Nikkei mentioned the copper smelter?",
            ["Argus report on the cobalt quotas", "Nikkei mentioned the copper smelter"],
        ),
        (
            "Was the smelter reported as shut by Nikkei before or after Argus reported on cobalt quotas?",
            ["smelter reported as shut by Nikkei", "Argus reported on cobalt quotas"],
        ),
        (
            "Is what the Argus story tells of the cobalt quotas consistent with the account of the ban that the Nikkei column gives?",
            ["Argus story tells of the cobalt quotas", "account of the ban that the Nikkei column gives"],
        ),
    ],
)
def test_what_was_written_is_held_side_by_side(question, sides):
    found = parts_of(Question(question))
    assert found.compared
    assert all(part.side for part in found.parts)
    assert [wanted in part.text for part, wanted in zip(found.parts, sides, strict=True)] == [True, True]


def test_what_a_comparison_seeks_is_a_part_of_its_own():
    question = "Between the report of Argus on cobalt quotas and the article by Nikkei on smelters, which paper named a minister?"
    *sides, sought = parts_of(Question(question)).parts
    assert [part.side for part in sides] == [True, True]
    assert (sought.text, sought.standalone, sought.side) == ("which paper named a minister?", question, False)


def test_a_side_is_searched_by_what_was_written_not_by_that_it_was():
    first, second = searched("Does the Reuters article suggest that output rose, while the Bloomberg report says that prices fell in Peru?")
    assert "output rose" in first
    assert "article" not in first
    assert "report" not in second


_PIECES = st.sampled_from(
    "who what when how much did does is are the article report says , and , while between before ? . ; or Chile it that which".split()
)


@given(st.lists(_PIECES | st.text(max_size=3), min_size=1, max_size=60).map(lambda words: f"a {' '.join(words)}"))
def test_parts_are_few_and_of_the_question_s_own_words(text):
    question = Question(text)
    parts = parts_of(question).parts
    assert len(parts) in {0, *range(2, MOST_PARTS + 1)}
    assert all(part.text.split() and part.standalone.split() for part in parts)
    known = set("".join(question.text.lower().split()))
    assert all(set("".join(part.text.lower().split())) <= known for part in parts)


@pytest.mark.parametrize(
    "piece",
    [
        "the ",
        "and who ",
        "? and ",
        ", while the report says ",
        ", was the report ",
        "when is ",
        " and did the report",
        "a, or is ",
        "a'",
        "Is a? ",
    ],
)
def test_a_long_question_takes_no_longer_for_its_wording(piece):
    for opening in ("", "Does the article say ", "Between the report ", "Who did it and "):
        question = Question(f"x{opening}{piece * 10_000}"[1 if opening else 0 : 9_999])
        began = time.process_time()
        parts_of(question)
        assert time.process_time() - began < 1

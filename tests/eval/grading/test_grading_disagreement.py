"""Measures of disagreement: shown where the articles disagree, and nowhere else."""

from dataclasses import replace

import pytest

from rag import Conflict, Difference, Side


def conflict(*numbers, kind=Difference.CONFLICT):
    sides = tuple(Side(value=f"side {n}", citations=(n,), source=None, published=None) for n in numbers)
    return Conflict(kind=kind, sides=sides)


@pytest.fixture
def asked(made):
    """`asked(conflict, marked)`: a row whose answer cites both quotes of a disagreement and something else."""

    def row(said, marked, **known):
        cited = [made.citation("a", 0, 20, n=1), made.citation("b", 0, 20, n=2), made.citation("c", 0, 20, n=3)]
        answer = replace(made.answer("One.", citations=cited), conflict=said)
        metadata = {} if marked is None else {"conflict": marked}
        return made.row(answer=answer, spans=[("a", 0, 20), ("b", 0, 20)], metadata=metadata, answerable=True, **known)

    return row


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (conflict(1, 2), 1),
        (conflict(1, 2, kind=Difference.UPDATE), 1),
        (conflict(2, 3, 1), 1),
        (conflict(1, 3), 0),
        (conflict(1, 1), 0),
        (None, 0),
    ],
)
def test_two_sides_bear_different_evidence(said, shown, asked, graded):
    assert graded("conflicts_shown", asked(said, True)) == {"q1": shown}


def test_known_answers_count_where_the_evidence_is_not_cited(made, graded):
    cited = [made.citation("d", 0, 20, n=1, quote="It is 12 metres long."), made.citation("e", 0, 20, n=2, quote="It is 13 metres long.")]
    answer = replace(made.answer("One.", citations=cited), conflict=conflict(1, 2))
    row = made.row(answer=answer, metadata={"conflict": True}, answers=("12 metres", "13 metres"))
    assert graded("conflicts_shown", row) == {"q1": 1}
    assert graded("conflicts_shown", replace(row, example=replace(row.example, answers=("12 metres",)))) == {"q1": 0}


def test_silence_and_errors_show_nothing(made, graded):
    known = {"metadata": {"conflict": True}, "answerable": True}
    rows = [made.row("q1", made.silence(), **known), made.row("q2", None, **known)]
    assert graded("conflicts_shown", *rows) == {"q1": 0, "q2": 0}


@pytest.mark.parametrize(("said", "false"), [(conflict(1, 2), 1), (conflict(1, 2, kind=Difference.UPDATE), 0), (None, 0)])
def test_a_conflict_is_false_where_the_articles_agree(said, false, asked, graded):
    assert graded("false_conflicts", asked(said, False)) == {"q1": false}


def test_a_set_that_does_not_say_is_not_measured(asked, graded):
    assert graded("false_conflicts", asked(conflict(1, 2), None)) == {}
    assert graded("conflicts_shown", asked(conflict(1, 2), None)) == {}
    assert graded("false_conflicts", asked(conflict(1, 2), True)) == {}

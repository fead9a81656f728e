"""Measures of what an answer says, row by row."""

import pytest

NAMES = ["EM", "F1", "ROUGE-L", "contained", "key_points"]


def test_the_short_answer_is_compared_where_there_is_one(made, graded):
    rows = [
        made.row("short", made.answer("It was Corfo that did.", short="Corfo"), answers=["Corfo"]),
        made.row("long", made.answer("It was Corfo that did."), answers=["Corfo"]),
    ]
    assert graded("EM", *rows) == {"short": 1, "long": 0}
    assert graded("F1", *rows) == {"short": 1, "long": pytest.approx(2 * 1 / (5 + 1))}
    assert graded("ROUGE-L", *rows) == {"short": 1, "long": pytest.approx(2 * 1 / (5 + 1))}
    assert graded("contained", *rows) == {"short": 1, "long": 1}


def test_citation_numbers_are_no_words_of_an_answer(made, graded):
    citation = made.citation("a", 0, 4)
    assert graded("EM", made.row(answer=made.answer("Corfo did.", citations=[citation]), answers=["corfo did"])) == {"q1": 1}


def test_a_known_answer_in_the_sentences_is_contained_though_the_short_one_is_another(made, graded):
    row = made.row(answer=made.answer("It was Corfo, the agency.", short="the agency"), answers=["Corfo"])
    assert graded("contained", row) == {"q1": 1}


def test_the_best_known_answer_counts(made, graded):
    row = made.row(answer=made.answer("the state agency Corfo"), answers=["nobody", "Corfo, the state agency", "the state agency Corfo"])
    assert [graded(name, row)["q1"] for name in NAMES[:4]] == [1, 1, 1, 1]


def test_an_unanswerable_question_is_met_with_silence_as_in_squad_2(made, graded):
    rows = [
        made.row("silent", made.silence(), answerable=False),
        made.row("said", made.answer("Something."), answerable=False, answers=["plausible"]),
        made.row("broken", None, answerable=False),
    ]
    for name in ("EM", "F1"):
        assert graded(name, *rows) == {"silent": 1, "said": 0, "broken": 0}
    for name in NAMES[2:]:
        assert graded(name, *rows) == {}


def test_silence_and_errors_count_as_nought_where_there_is_an_answer(made, graded):
    known = {"answers": ["Corfo"], "key_points": ["Corfo is an agency"]}
    rows = [made.row("silent", made.silence(), **known), made.row("broken", None, **known)]
    for name in NAMES:
        assert graded(name, *rows) == {"silent": 0, "broken": 0}


def test_nothing_is_said_where_nothing_is_known(made, graded):
    for name in NAMES:
        assert graded(name, made.row(answer=made.answer("x")), made.row("q2", made.answer("x"), answerable=True)) == {}


def test_what_has_no_words_stands_apart(made, graded):
    row = made.row(answer=made.answer("x"), answers=["The", "..."], key_points=["!"])
    for name in NAMES[:4]:
        assert graded(name, row) == {"q1": "no known answer has a word that could be compared"}
    assert graded("key_points", row) == {"q1": "no key point has a word that could be looked for"}


def test_key_points_are_covered_by_their_words(made, graded):
    points = ["Chile raised the royalty", "The lake is dry", "..."]
    assert graded("key_points", made.row(answer=made.answer("Chile raised it.", short="A royalty."), key_points=points)) == {"q1": 1 / 2}
    assert graded("key_points", made.row(answer=made.answer("Chile; the lake."), key_points=points)) == {
        "q1": pytest.approx((1 / 3 + 1 / 2) / 2)
    }

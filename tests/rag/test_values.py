"""What sentences say as values: amounts, times, names and decisions, when they are the same, and when they can be compared at all."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.values import Sort, reference_years, sort_of, values

FIGURES = st.integers(2, 10**9)


def amount(text):
    (value,) = values(text, Sort.AMOUNT)
    return value


@pytest.mark.parametrize(
    ("question", "answer", "sort"),
    [
        ("How many whales were counted?", "64", Sort.AMOUNT),
        ("When did the museum open?", "in 2019", Sort.TIME),
        ("Who designed the lighthouse?", "Edda Voss", Sort.NAME),
        ("Did the factory close?", "", Sort.DECISION),
        ("What was the output of coal?", "12 million tonnes", Sort.AMOUNT),
        ("What is the colour of the flag?", "red", None),
        ("Which countries make the engine?", "Poland", None),
        ("Why did the factory close?", "a fire", None),
        ("Tell me about whales", "64 whales", None),
    ],
)
def test_a_question_asks_for_a_sort_of_value_unless_several_answers_may_be_true(question, answer, sort):
    assert sort_of(question, answer) is sort


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("It cost 1.2 billion euros.", "It cost €1.2bn.", True),
        ("They are about 400 pupils.", "They are 410 pupils.", True),
        ("It holds 24 to 27 tonnes.", "It holds 25 tonnes.", True),
        ("It holds between 24 and 27 tonnes.", "It holds 31 tonnes.", False),
        ("It is 34 percent.", "It is 41 %.", False),
        ("It cost $310 million.", "It cost $355 million.", False),
    ],
)
def test_amounts_are_the_same_however_they_are_written(one, other, same):
    assert amount(one).comparable(amount(other))
    assert amount(one).same_as(amount(other)) is amount(other).same_as(amount(one)) is same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("It is 212 metres tall.", "It is 695 feet tall."),
        ("It had 410 visitors in 2023.", "It had 380 visitors in 2022."),
        ("It has 900 animals.", "It has 380 visitors."),
        ("It is 34 percent.", "It is 34 tonnes."),
    ],
)
def test_what_is_of_another_unit_year_or_thing_is_not_compared(one, other):
    assert not amount(one).comparable(amount(other))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("2 September 2024", "in September 2024", True), ("4 June 2022", "6 June 2022", False), ("in 1968", "in 1971", False)],
)
def test_times_agree_as_far_as_both_are_told(one, other, same):
    first, second = (values(f"It opened {text}.", Sort.TIME)[0] for text in (one, other))
    assert first.same_as(second) is same
    assert first.near(second) == second.near(first)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Codelco", "state miner Codelco", True),
        ("Mia Lund", "Lund", True),
        ("EGC", "Entreprise Générale du Cobalt", True),
        ("Mia Lund", "Jo Berg", False),
    ],
)
def test_names_are_the_same_where_they_share_a_word_or_the_initials(one, other, same):
    assert values(one, Sort.NAME)[0].same_as(values(other, Sort.NAME)[0]) is same


def test_a_decision_is_denied_by_an_odd_number_of_negations():
    said = [
        values(text, Sort.DECISION)[0].denied
        for text in ("It closed.", "It did not close.", "It didn't deny that it closed.", "It never closed.")
    ]
    assert said == [False, True, False, True]


def test_years_are_those_that_stand_alone():
    assert reference_years("In its Handbook 2024 it puts the output of 2022 at 5 tonnes, it said on 4 May 2025.") == {2022}
    assert reference_years("In 2021 they had counted 58 in March 2020.") == {2021, 2020}


@given(FIGURES, FIGURES)
def test_near_is_symmetric_and_highest_for_equal_amounts(one, other):
    first, second = (amount(f"It weighs {figure} kg.") for figure in (one, other))
    assert first.near(second) == pytest.approx(second.near(first))
    assert 0 <= first.near(second) <= first.near(first) == 1


@given(st.text(max_size=200), st.sampled_from(Sort))
def test_any_text_has_values_that_are_themselves(text, sort):
    for value in values(text, sort):
        assert value.same_as(value)
        assert value.comparable(value, answers=True)


@pytest.mark.parametrize("text", ["1 to " * 2000, "between 1 and " * 800, "2020 " * 2000, "A" * 10_000, "not " * 2500, "1,000," * 1500])
def test_hostile_text_takes_no_time(text):
    began = time.process_time()
    for sort in Sort:
        values(text, sort)
    reference_years(text)
    assert time.process_time() - began < 3


def test_a_year_belongs_to_the_amount_beside_it():
    told = [(one.words, one.year) for one in values("It dug 144 tonnes in 2022 and 175 tonnes in 2023, and sold 90 tonnes.", Sort.AMOUNT)]
    assert told == [("144 tonnes", 2022), ("175 tonnes", 2023), ("90 tonnes", None)]
    told = [(one.words, one.year) for one in values("It dug 144 tonnes of coal in 2022, or 4 percent of all.", Sort.AMOUNT)]
    assert told == [("144 tonnes", 2022), ("4 percent", None)]
    assert [(one.words, one.year) for one in values("In 2021 it dug 12 tonnes.", Sort.AMOUNT)] == [("12 tonnes", 2021)]


def test_the_words_of_an_amount_are_whole():
    assert [one.words for one in values("It dug 255,000 metric tons, then 12 metric tonnes.", Sort.AMOUNT)] == [
        "255,000 metric tons",
        "12 metric tonnes",
    ]

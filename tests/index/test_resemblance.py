"""Copies are told from texts that are alike, by what differs."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.experiments.forms import FORMS
from index.resemblance import Likeness, Wording, likeness

STORY = (
    "The Harbour Authority said on Monday that 16 containers had been lost from the freighter Marigold off Cape Wrath. Divers from the"
    " coastguard station at Scrabster searched the wreck site for nine hours. The owner of the ship, Northwind Lines, said that none of"
    " the cargo was dangerous. Fishermen were told to keep clear of the area until Friday.\n\nCaptain Elsa Lund said that a wave of 14"
    " metres had broken over the deck shortly before midnight. The ship had left Hamburg on Saturday with 2,400 containers on board for"
    " Reykjavik. Insurers put the damage at 3.4 million euros.\n\nAn inquiry by the Marine Accident Branch is to report in the spring of"
    " next year, and a spokesman asked anybody who found goods on the beaches of Sutherland to call the coastguard. The minister for"
    " transport, Iain Brodie, called for satellite trackers on every container that crosses the Atlantic."
)
AD = "You may also like: Ten kitchens that changed how we cook, and what they cost. Our partners may earn a commission on what you buy."
BACKGROUND = STORY + " " + STORY.replace("Marigold", "Primrose").replace("16", "19").replace("Wrath", "Clear")


def told(one, other):
    found = likeness(Wording.of(one), Wording.of(other))
    assert found is likeness(Wording.of(other), Wording.of(one)), "the same from either side"
    return found


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (STORY, Likeness.COPY),
        (STORY.upper(), Likeness.COPY),
        (STORY.replace(" - ", " – ").replace(". ", ".\u00a0"), Likeness.COPY),
        ("By Marta Kovalenko\n\n" + STORY, Likeness.COPY),
        ("\n\n".join(reversed(STORY.split("\n\n"))), Likeness.COPY),
        (STORY.replace("\n\n", f"\n\n{AD}\n\n", 1), Likeness.EXTENDED),
        (STORY[: STORY.index("An inquiry")], Likeness.EXTENDED),
        (STORY.replace("16 containers", "19 containers"), Likeness.REVISED),
        (STORY.replace("nine hours", "twelve hours"), Likeness.REVISED),
        (
            STORY.replace(
                "Fishermen were told to keep clear of the area until Friday.",
                "Fishing resumed later in the day, the coastguard said in a statement.",
            ),
            Likeness.REVISED,
        ),
        (STORY[STORY.index("Captain Elsa") : STORY.index("An inquiry")], Likeness.EXCERPT),
    ],
)
def test_a_copy_is_known_for_what_it_is(other, expected):
    assert told(STORY, other) is expected


@pytest.mark.parametrize(
    "other",
    [
        "A storm closed the port of Hamburg on Sunday. Ferries were cancelled and trains ran late across the north of the country.",
        STORY.replace("Marigold", "Primrose").replace("Monday", "Friday").replace("16", "41").replace("Elsa Lund", "Olav Berg"),
        STORY[: STORY.index("Captain")]
        + " ".join(f"Then something else altogether happened to person number {n} here." for n in "abcdefgh"),
        STORY[:90],
    ],
    ids=["another story", "other names and figures", "the same beginning", "a few words"],
)
def test_what_is_no_more_than_alike_is_no_copy(other):
    assert told(STORY, other) is None


def test_few_words_are_a_copy_of_the_very_same_alone():
    assert told("Chile opens a mine.", "CHILE OPENS A MINE") is Likeness.COPY
    assert told("Chile opens a mine.", "Chile opens a mine today.") is None


def test_the_same_figures_in_other_places_are_other_figures():
    """A forecast of the same temperatures for other towns."""
    towns = ["Oslo", "Lima", "Cairo", "Perth", "Quito", "Delhi"]
    form = "The forecast for the coming night comes with the usual caution, says the duty meteorologist. " + " ".join(
        f"In the town of {town} the temperature is expected to fall to {{}} degrees by the morning." for town in towns
    )
    degrees = [3, 7, 12, 15, 19, 22]
    assert told(form.format(*degrees), form.format(*degrees[1:], degrees[0])) is None


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(5))
def test_reports_of_one_form_stay_apart(form, seed):
    reports = [FORMS[form](random.Random(f"{seed}{n}")) for n in range(8)]
    assert not [(one, other) for n, one in enumerate(reports) for other in reports[:n] if one != other and told(one, other)]


@given(st.integers(0, 8), st.integers(0, 8), st.data())
def test_whatever_two_texts_have_in_common_it_is_the_same_from_either_side(first, second, data):
    sentences = STORY.replace("\n\n", " ").split(". ")
    one, other = (". ".join(data.draw(st.permutations(sentences))[: n + 1]) for n in (first, second))
    told(one, other)


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_two_texts_can_be_compared(one, other):
    told(one, other)
    assert told(one, one) is Likeness.COPY

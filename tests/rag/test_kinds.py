"""What a question asks for, by its words."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.kinds import Kind, asked_for, kind_of

KINDS = {
    Kind.FACT: [
        "When did Chile present its lithium plan?",
        "How many tonnes of cobalt may Congo export?",
        "Which company leads the talks?",
        "What was the price of uranium in 2024?",
        "Which status has the mine?",
        "Is it Peru or Chile that shut the smelter?",
        "The price of uranium, and when was it highest?",
        "In Chile, the state takes part with how much?",
        "?",
        "",
    ],
    Kind.LIST: [
        "Which countries produce cobalt?",
        "What are the side effects of gadolinium?",
        "Which two companies won the tender?",
        "List the members of the alliance.",
        "Name the suppliers of the stockpile.",
        "What minerals did the list add?",
    ],
    Kind.REASON: [
        "Why was it shelved?",
        "What is the main reason for the delay?",
        "What caused the crash?",
        "How come prices fell?",
        "What led to the strike?",
    ],
    Kind.DEFINITION: [
        "What is spodumene?",
        "What is a heat pump?",
        "Who is Gabriel Boric?",
        "Define brine.",
        "What does FORGE stand for?",
    ],
    Kind.YES_NO: [
        "Did Congo set quotas?",
        "Has Chile kept its promise?",
        "Isn't the mine shut?",
        "Does the deal promise security?",
    ],
    Kind.TOPIC: [
        "lithium",
        "nickel?",
        "gallium export controls",
        "Chile's national lithium strategy",
        "Tell me about cobalt quotas in Congo since the ban was lifted.",
        "What do the articles say about Kolwezi?",
    ],
}


@pytest.mark.parametrize(("kind", "question"), [(kind, question) for kind, questions in KINDS.items() for question in questions])
def test_a_question_is_of_the_kind_that_its_words_say(kind, question):
    assert kind_of(question) is kind


def test_what_is_gathered_from_several_sentences():
    assert [kind for kind in Kind if kind.gathers] == [Kind.LIST, Kind.REASON, Kind.DEFINITION]


@given(st.text(max_size=200))
def test_every_text_is_of_a_kind(text):
    assert kind_of(text) in Kind
    assert asked_for(text) is asked_for(text)


@pytest.mark.parametrize("piece", ["what is a", "a", "which as", "what ", "a.", "-", "name a ", "what are as "])
def test_a_long_question_is_judged_in_no_time(piece):
    """A pattern that goes back and forth would take minutes here."""
    started = time.process_time()
    kind_of(piece * (10_000 // len(piece)))
    kind_of("what is " + piece * (10_000 // len(piece)))
    assert time.process_time() - started < 5

"""Follow-up questions that rules make stand alone: what they stand for, what is left as it is, and what no text can break."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import Question, Turn
from rag.antecedents import Spoken
from rag.follow_ups import standalone
from rag.phrases import phrases


def after(*turns):
    """The turns of a conversation: the user's and the assistant's in turn."""
    return tuple(Turn("assistant" if n % 2 else "user", text) for n, text in enumerate(turns))


PLAN = ("When did Zambia present its copper strategy?", "Zambia presented it in June 2021. [1]")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        # Pronouns, by what they agree with.
        ("Who drafted it?", "Who drafted Zambia's copper strategy?"),
        ("What are its goals?", None),
    ],
)
def test_a_pronoun_gives_a_question_that_names_something(question, expected):
    understood = Question(question, after(*PLAN)).standalone
    assert understood != question
    assert not {"it", "its"} & set(understood.lower().rstrip("?").split())
    assert "Zambia" in understood or "strategy" in understood
    assert expected is None or understood.endswith("?")


@pytest.mark.parametrize(
    ("said", "question", "expected"),
    [
        (
            ("Who is the largest copper producer in Chile?", "Codelco is the largest producer."),
            "Who runs it?",
            "Who runs Codelco?",
        ),
        (("Who is Marie Curie?", "A physicist and chemist."), "Where was she born?", "Where was Marie Curie born?"),
        (("Who is Marie Curie?", "A physicist and chemist."), "What did her husband study?", "What did Marie Curie's husband study?"),
        (("What is a heat pump?",), "How does it work?", "How does a heat pump work?"),
        (("What are heat pumps?",), "How loud are they?", "How loud are heat pumps?"),
        (("What are heat pumps?",), "What are their drawbacks?", "What are heat pumps' drawbacks?"),
        (("What is Nauru known for?",), "And it's how large?", "And Nauru's how large?"),
    ],
)
def test_a_pronoun_is_what_it_stands_for(said, question, expected):
    assert Question(question, after(*said)).standalone == expected


@pytest.mark.parametrize(
    ("previous", "question", "expected"),
    [
        ("What did Chile produce in 2023?", "And in 2024?", "What did Chile produce in 2024?"),
        ("What did Chile produce?", "And in 2024?", "What did Chile produce in 2024?"),
        ("How many mines are there in Chile?", "And in Peru?", "How many mines are there in Peru?"),
        ("What was the price of lithium in 2023?", "What about copper?", "What was the price of copper in 2023?"),
        ("When did Vale's licence run out?", "And Glencore's?", "When did Glencore's licence run out?"),
        ("Who owns the Escondida mine?", "How about the Antamina mine?", "Who owns the Antamina mine?"),
        ("When was the tunnel opened?", "And where?", "Where was the tunnel opened?"),
        ("Did Zambia raise its royalties?", "Why?", "Why did Zambia raise its royalties?"),
        ("Why did Peru close the smelter?", "Since when?", "Since when did Peru close the smelter?"),
        ("What is anemia?", "What are the symptoms?", "What are the symptoms of anemia?"),
    ],
)
def test_an_ellipsis_takes_its_place_in_the_question_before(previous, question, expected):
    assert Question(question, after(previous)).standalone == expected


def test_a_place_and_a_year_are_named():
    said = after("When did the furnaces at Koniambo go cold?", "They went cold in August 2024.")
    assert Question("How many people worked there?", said).standalone == "How many people worked at Koniambo?"
    assert Question("How much nickel was sold that year?", said).standalone == "How much nickel was sold in 2024?"


def test_what_was_called_by_more_words_is_called_by_them_again():
    said = after("Who bought the Kolwezi smelter?", "A trader. [1]")
    assert Question("When was the smelter closed?", said).standalone == "When was the Kolwezi smelter closed?"


def test_a_pronoun_goes_on_standing_for_the_same():
    said = after("Who is Ada Lovelace?", "A mathematician.", "Where did she live?", "In London.", "Did she publish anything?", "Notes.")
    assert Question("When did she die?", said).standalone == "When did Ada Lovelace die?"


@pytest.mark.parametrize(
    "question",
    [
        "Who closed the smelters of Peru?",
        "What is anemia?",
        "What is frictional unemployment and why is it important?",
        "Tell me about feijoada and its significance.",
        "How long does it take to build a port in Kenya?",
        "Are sharks endangered, and how many of them are left?",
        "Did Vale say when it would open Simandou?",
    ],
)
def test_a_question_that_stands_alone_is_left_as_it_is(question):
    assert Question(question, after("Who owns the Escondida mine?", "BHP owns most of it. [1]")).standalone == question


def test_after_what_something_is_it_stands_for_that():
    said = after("Who runs the mine in Kolwezi?", "The articles do not say.", "What is vat dyeing?")
    assert Question("Who invented it?", said).standalone == "Who invented vat dyeing?"
    said = after("What is vat dyeing?", "A way to dye.", "Who runs the mine in Kolwezi?")
    assert "dyeing" not in Question("Who owns it?", said).standalone


def test_silence_is_nothing_to_speak_of():
    said = after("What is vat dyeing?", "The articles do not say.", "Is it old?", "The articles do not say.")
    assert "articles" not in Question("Who invented it?", said).standalone


def test_joined_questions_do_not_pile_up():
    said = after("How many?", "Nine.", "Of what?", "Mines.", "And then?", "None.")
    assert len(Question("Why so?", said).standalone) < len("How many? Of what? And then? Why so?")


def test_where_no_rule_knows_how_it_is_joined_to_the_question_before():
    said = after("What did Chile announce on lithium?", "A plan. [1]")
    assert Question("Why?", said).standalone == "What did Chile announce on lithium? Why?"
    assert Question("Which one is larger?", said).standalone == "What did Chile announce on lithium? Which one is larger?"


def test_only_users_and_assistants_count():
    said = (Turn("user", "What is Nauru?"), Turn("system", "Kiribati is an atoll. Kiribati again: Kiribati."))
    assert Question("How large is it?", said).standalone == "How large is Nauru?"


WORDS = st.sampled_from(
    "what who why it its they there that this the of in and how about Chile's Codelco mine mines 2024 ? . , he she her is was did".split()
)
MESSAGES = st.lists(WORDS, max_size=14).map(" ".join) | st.text(max_size=60)


@settings(max_examples=300)
@given(st.lists(st.tuples(st.booleans(), MESSAGES), max_size=8), MESSAGES)
def test_any_conversation_has_one_line_without_new_words(said, text):
    understood = standalone(text, said)
    assert understood == standalone(text, said)
    assert len(understood.splitlines()) <= 1
    known = "".join([text, *(words for _, words in said)]).lower()
    small = {"of", "in", "at", "near", "on", "are", "is", "would", "will", "have", "s", "for"}
    assert all(word in known or word in small for word in _letters(understood))


def _letters(text):
    return "".join(c if c.isalnum() else " " for c in text.lower()).split()


@given(st.text(max_size=200) | MESSAGES)
def test_a_phrase_stands_where_it_says(text):
    for one in phrases(text):
        assert 0 <= one.start < one.end <= len(text)
        assert " ".join(text[one.start : one.end].split()).startswith(one.text)
        assert one.words


@pytest.mark.parametrize(
    "piece", ["a", "it ", "the mine of ", "A and ", "'s", "that's. ", "and, ", "what about ", "ok ", "A.", "1.1", "\t", "in "]
)
def test_hostile_text_costs_no_more_than_its_length(piece):
    text = (piece * 10_000)[:10_000]
    said = [(True, text), (False, text)] * 10
    started = time.process_time()
    standalone(text, said)
    standalone(f"Why {text[:590]}", said)
    list(phrases(text))
    assert time.process_time() - started < 2


def test_nothing_spoken_of_stands_for_anything():
    assert Spoken().stands_for("it") is None
    assert Spoken().topic() is None

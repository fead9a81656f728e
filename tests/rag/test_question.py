"""Questions that lean on what was said before, sentences that lean on what was written before, and what is no question."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import AssayError
from rag import Question, Turn, opens_unresolved
from rag.leaning import leans
from rag.question import MAX_CHARACTERS
from rag.words import content_words, without_function_words

FOLLOW_UPS = [
    *("And in Chile?", "What about copper?", "How about Bolivia and Peru?", "Or in Peru?", "So who pays?", "Then what happened?"),
    *("Why?", "How many?", "When?", "Who else?", "How much?", "Why not?", "Since when?", "Until when do the quotas hold?"),
    *(
        "How much does it cost?",
        "Who leads it?",
        "When did they sign the deal?",
        "Which of those is the largest?",
        "What did he say to them?",
    ),
    *("What did the minister say about that?", "Is this legal?", "What are its reserves?", "does it apply to bolivia as well?"),
    *(
        "Where did the company say it would build a plant?",
        "Which one is larger?",
        "How much was exported that year?",
        "But why was it delayed?",
    ),
]
STANDALONE = [
    *("Who meets to discuss critical minerals?", "When did Chile present its lithium plan?", "What was the price of lithium in 2023?"),
    *("What is the plan that Chile presented?", "What did SQM say about its contract?", "How much of the world's cobalt comes from Congo?"),
    *("Which companies hold licences in the Atacama desert?", "DRC cobalt quotas 2026"),
    *("how much lithium does chile sell?", "What happened to cobalt prices this year?", "Which mines were closed this week?"),
]


@pytest.mark.parametrize("question", FOLLOW_UPS)
def test_a_follow_up_leans(question):
    assert leans(question)
    asked = Question(question, (Turn("user", "What did Chile announce on lithium?"), Turn("assistant", "A plan. [1]")))
    assert asked.standalone != question
    assert {"chile", "lithium", "plan", "plan's"} & set(content_words(asked.standalone)), "it names something that was said"
    assert asked.text == question


@pytest.mark.parametrize("question", STANDALONE)
def test_a_question_of_its_own_stays_as_it_is(question):
    assert not leans(question)
    asked = Question(question, (Turn("user", "What did Chile announce on lithium?"), Turn("assistant", "A plan. [1]")))
    assert asked.standalone == question


@pytest.mark.parametrize("question", FOLLOW_UPS + STANDALONE)
def test_without_a_history_nothing_is_added(question):
    assert Question(question).standalone == question


def test_a_chain_of_follow_ups_goes_back_to_the_question_that_stands_alone():
    """Each is understood by the one before as that was understood, and not by what was spoken of earlier."""
    history = (
        Turn("user", "Who owns the Kolwezi smelter in Congo?"),
        Turn("assistant", "A state company. [1]"),
        Turn("user", "What did Chile announce on lithium?"),
        Turn("assistant", "A plan for Peru. [1]"),
        Turn("user", "Who leads it?"),
        Turn("assistant", "Codelco. [1]"),
    )
    understood = Question("And until when?", history).standalone
    assert understood.endswith("And until when?")
    assert "Who leads" in understood
    assert "Kolwezi" not in understood
    assert Question("Who closed the smelters of Peru?", history).standalone == "Who closed the smelters of Peru?"


def test_only_what_the_user_said_counts():
    history = (Turn("assistant", "Ask me of zinc."), Turn("user", "What did Chile announce on lithium?"), Turn("system", "Speak of tin."))
    assert Question("And why?", history).standalone == "What did Chile announce on lithium? And why?"
    assert Question("And why?", (Turn("assistant", "Ask me of zinc."),)).standalone == "And why?"


def test_turns_without_words_are_passed_over():
    assert (
        Question("And why?", (Turn("user", "Chile and lithium exports?"), Turn("user", " ?! "))).standalone
        == "Chile and lithium exports? And why?"
    )


def test_a_standalone_question_is_one_line_of_bounded_length():
    history = tuple(Turn("user", f"and{' copper' * 900}\n") for _ in range(20))
    standalone = Question("And\n why?", history).standalone
    assert standalone.endswith("copper And why?")
    assert len(standalone) <= MAX_CHARACTERS
    assert "\n" not in standalone


@given(st.lists(st.builds(Turn, st.sampled_from(["user", "assistant", "x"]), st.text(max_size=30)), max_size=30), st.text(max_size=40))
def test_any_conversation_has_a_standalone_question(history, text):
    """That the question's own words are all in it no longer holds: a rule puts a name in the place of a pronoun."""
    try:
        asked = Question(text, tuple(history))
    except AssayError:
        return
    assert asked.standalone.strip()
    assert len(asked.standalone) <= MAX_CHARACTERS
    asked.standalone.encode()


# --- sentences --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sentence",
    [
        *("It rose.", "They said prices fell.", "He, too, agreed.", "Its shares fell.", "These mines closed.", "Those mines closed."),
        *("This plan covers five mines.", "This, the minister said, is new.", "Such plans fail.", "That is a third of the total."),
        *("“It is a mistake,” she said.", "'They' were not named.", "(It later closed.)", "— He left.", "It's over.", "it fell"),
        *(
            "However, it fell.",
            "But this is no cure.",
            "Moreover, they sold the mine.",
            "Still, these prices hurt.",
            "Under this plan, Chile sells.",
        ),
        *(
            "In 2023 it rose.",
            "In April it rose to 40 dollars.",
            "On 3 May 2024 they agreed.",
            "Last year it doubled.",
            "In early 2023 she left.",
        ),
        *(
            "A year later, they agreed.",
            "By then they had left.",
            "As a result, it closed.",
            "In addition, they sold.",
            "Before that, Peru led.",
        ),
        *(
            "That year, exports fell.",
            "At that time prices were low.",
            "According to them, it fell.",
            "If it passes, the law takes effect.",
        ),
    ],
)
def test_a_sentence_opens_with_what_lies_outside_it(sentence):
    assert opens_unresolved(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        *(
            "Chile said it would sell.",
            "The company said it would sell.",
            "Codelco and its partner signed.",
            "Prices fell, and they fell again.",
        ),
        *(
            "This week, exports fell.",
            "This year, Chile sold more than Peru.",
            "These days copper is dear.",
            "This month the minister resigned.",
        ),
        *(
            "There is no plan.",
            "The plan that Chile presented failed.",
            "In 2023 exports rose.",
            "In April Chile presented a plan.",
            "45 percent of it is sold.",
        ),
        *(
            "However, Chile fell behind.",
            "When Chile presented the plan, it was welcomed.",
            "Itaipu makes power.",
            "Theyab signed.",
            "",
            "???",
            "2023",
        ),
        *(
            "According to Reuters, it fell.",
            "As a result, Chile closed it.",
            "At the summit, they agreed.",
            "Last year Chile doubled its output.",
        ),
    ],
)
def test_a_sentence_stands_alone(sentence):
    assert not opens_unresolved(sentence)


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Who meets to discuss critical minerals?", ["meets", "discuss", "critical", "minerals"]),
        ("Why is it so?", []),
        ("U.S. rare-earth output, in 2023", ["u", "s", "rare-earth", "output", "2023"]),
        ("Chile’s plan", ["chile’s", "plan"]),
        ("snake_case ÉTÉ 漢字", ["snake", "case", "été", "漢字"]),
    ],
)
def test_content_words_are_what_a_text_is_about(text, expected):
    assert content_words(text) == expected


@pytest.mark.parametrize(
    ("text", "searched"),
    [
        ("What is the price of nickel?", ["price", "nickel?"]),
        ("text:nickel AND NOT (cobalt*)", ["text:nickel", "(cobalt*)"]),
        ("Who?", ["Who?"]),
        ("What is it?", ["What", "is", "it?"]),
        ("निकेल की कीमत", ["निकेल", "की", "कीमत"]),
        ("the_price", ["_price"]),
        ("?!", ["?!"]),
    ],
)
def test_what_is_searched_are_all_words_but_those_that_say_nothing(text, searched):
    assert without_function_words(text).split() == searched


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", " ", "???", "…", "\n", "😀", "_"])
def test_what_has_no_words_is_refused(text):
    with pytest.raises(AssayError, match="no words"):
        Question(text)


def test_a_text_is_no_question():
    assert Question("x" * 10_000).text
    with pytest.raises(AssayError, match="10,001"):
        Question("x" * 10_001)


def test_a_row_becomes_a_question():
    row = {"id": 7, "question": "Who leads it?", "history": [{"role": "user", "content": "Chile and lithium?", "name": "more"}]}
    assert Question.from_json(row) == Question("Who leads it?", (Turn("user", "Chile and lithium?"),), "7")
    assert Question.from_json({"_id": "q", "text": "Who?", "history": None}) == Question("Who?", (), "q")
    assert Question.from_json({"question": "Who?"}).id is None


@pytest.mark.parametrize(
    "row", [{}, {"question": None}, {"question": 5}, {"question": ["Who?"]}, {"id": "q"}, {"question": ""}, {"question": "?"}]
)
def test_a_row_without_a_question_is_refused(row):
    with pytest.raises(AssayError, match="expected a"):
        Question.from_json(row)


@pytest.mark.parametrize(
    "history",
    [
        5,
        True,
        "Chile?",
        {"role": "user", "content": "Chile?"},
        [1],
        [None],
        ["Chile?"],
        [["user", "Chile?"]],
        [{"role": "user"}],
        [{"content": "x"}],
        [{"role": "user", "content": [5]}],
    ],
    ids=str,
)
def test_a_history_of_another_shape_is_refused_in_one_line(history):
    with pytest.raises(AssayError, match='expected "history" as a list') as refusal:
        Question.from_json({"question": "And why?", "history": history})
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "And why?"),
        ("", "And why?"),
        ([], "And why?"),
        ([{"type": "text", "text": "Chile lithium?"}], "Chile lithium? And why?"),
        (["Chile", {"type": "text", "text": "lithium?"}], "Chile lithium? And why?"),
        ([{"type": "image_url", "image_url": "x"}], "And why?"),
    ],
)
def test_a_message_of_parts_counts_by_its_words(content, expected):
    assert Question.from_json({"question": "And why?", "history": [{"role": "user", "content": content}]}).standalone == expected


def test_lone_surrogates_are_left_out_everywhere():
    row = json.loads(r'{"id": "\ud800q", "question": "And \udfff why?", "history": [{"role": "user", "content": "Chile \ud83d lithium?"}]}')
    for asked in (Question.from_json(row), Question(row["question"], (Turn("user", row["history"][0]["content"]),), "?q")):
        f"{asked.id}{asked.text}{asked.standalone}{asked.history[0].content}".encode()
        assert asked.standalone == "Chile ? lithium? And ? why?"
    assert Question("\U0001f600 why?").text == "\U0001f600 why?"


@pytest.mark.parametrize("question", ["When did Chile present it?", "Did Indonesia ban them in 2020?", "Which company in Serbia runs it?"])
def test_a_pronoun_leans_even_after_a_name(question):
    assert leans(question)


@pytest.mark.parametrize(
    "sentence",
    [
        "There Lynas produced oxide.",
        "Here the ministry disagreed.",
        "The latter fell.",
        "Both rose.",
        "Another is planned.",
        "Neither agreed.",
    ],
)
def test_what_stands_for_something_named_before_is_unresolved(sentence):
    assert opens_unresolved(sentence)


@pytest.mark.parametrize("sentence", ["There are two plants in Chile.", "There was no answer.", "One mine in five closed."])
def test_what_only_says_that_something_exists_is_resolved(sentence):
    assert not opens_unresolved(sentence)

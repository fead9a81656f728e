"""The pipeline as LangChain knows it: every way of calling gives the same answer."""

import asyncio

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.runnables import Runnable, RunnableLambda

from index import Article, ArticleFilter, AssayError
from rag import Answer, Chain, Pipeline, Question, Turn

QUESTION = "Which mine did Chile open?"
FOLLOW_UP = "How many does it employ?"


@pytest.fixture
def library(make_library):
    text = "Chile opened the Salvador mine in May. It employs 900 people from the desert towns."
    return make_library(
        [Article(id="a", text=text, title="Mine"), Article(id="b", text="Peru shut a smelter on the coast.", title="Smelter")]
    )


@pytest.fixture
def chain(library, monkeypatch):
    """A chain that answers whatever the small embedder makes of the question."""
    made = Chain(library, reader=None)
    monkeypatch.setattr(made, "_pipeline", Pipeline(library, threshold=0))
    return made


def untimed(answer):
    return {name: value for name, value in answer.to_json().items() if name != "timings_ms"}


@pytest.fixture
def expected(library):
    return untimed(Pipeline(library, threshold=0).ask(QUESTION))


def test_it_is_a_runnable(chain):
    assert isinstance(chain, Runnable)


def test_every_way_of_calling_gives_the_same_answer(chain, expected):
    assert expected["citations"]
    assert untimed(chain.ask(QUESTION)) == untimed(chain.invoke(QUESTION)) == expected
    assert [untimed(answer) for answer in chain.batch([QUESTION, FOLLOW_UP, QUESTION])][::2] == [expected, expected]
    assert untimed(list(chain.stream(QUESTION))[-1]) == expected


def test_the_async_twins_give_the_same_answers(chain, expected):
    async def everything():
        streamed = [answer async for answer in chain.astream(QUESTION)]
        return await chain.ainvoke(QUESTION), *(await chain.abatch([QUESTION, QUESTION])), streamed[-1]

    assert [untimed(answer) for answer in asyncio.run(everything())] == [expected] * 4


@pytest.mark.parametrize(
    "asked",
    [
        QUESTION,
        Question(QUESTION),
        {"question": QUESTION},
        {"input": QUESTION},
        {"question": QUESTION, "history": []},
        {"input": QUESTION, "chat_history": ()},
        {"question": QUESTION, "history": None},
    ],
    ids=str,
)
def test_a_question_comes_in_several_shapes(chain, expected, asked):
    assert untimed(chain.invoke(asked)) == expected


TURNS = (Turn("user", QUESTION), Turn("assistant", "The Salvador mine. [1]"))
MESSAGES = [SystemMessage("Be brief."), HumanMessage(QUESTION), AIMessage("The Salvador mine. [1]")]


@pytest.mark.parametrize(
    "asked",
    [
        Question(FOLLOW_UP, TURNS),
        {"question": FOLLOW_UP, "history": [{"role": turn.role, "content": turn.content} for turn in TURNS]},
        {"input": FOLLOW_UP, "chat_history": MESSAGES},
        {"question": FOLLOW_UP, "history": tuple(MESSAGES)},
        {"input": FOLLOW_UP, "chat_history": [HumanMessage([{"type": "text", "text": QUESTION}])]},
        {"input": FOLLOW_UP, "chat_history": [{"role": "user", "content": QUESTION}, AIMessage("Mine.")]},
    ],
    ids=["question", "rows", "messages", "a tuple of messages", "a message of parts", "both kinds"],
)
def test_a_history_comes_in_several_shapes(chain, asked):
    answer = chain.invoke(asked)
    assert answer.standalone_question.startswith("How many does ")
    assert " it " not in answer.standalone_question, "the history says what it stands for"
    assert "It employs 900 people from the desert towns." in answer.text


def test_an_id_comes_back(chain):
    assert chain.invoke({"id": "q7", "question": QUESTION}).id == "q7"


@pytest.mark.parametrize(
    "asked",
    [
        *(None, 5, [QUESTION], "", "???", {}, {"question": None}, {"input": 5}, HumanMessage(QUESTION)),
        {"question": QUESTION, "history": 5},
        {"question": QUESTION, "history": "before"},
        {"input": QUESTION, "chat_history": [("human", "before")]},
        {"input": QUESTION, "chat_history": ["before"]},
    ],
    ids=repr,
)
def test_what_is_no_question_is_refused_in_one_line(chain, asked):
    with pytest.raises(AssayError, match=r"^expected .*found") as refusal:
        chain.invoke(asked)
    assert "\n" not in str(refusal.value)


def test_one_refusal_in_a_batch_leaves_the_others(chain, expected):
    first, second, third = chain.batch([QUESTION, "???", QUESTION], return_exceptions=True)
    assert untimed(first) == untimed(third) == expected
    assert isinstance(second, AssayError)


def test_a_stream_grows_by_one_cited_sentence_at_a_time(chain):
    parts = list(chain.stream({"question": FOLLOW_UP, "history": [{"role": "user", "content": QUESTION}]}))
    whole = parts[-1]
    assert len(parts) == len(whole.sentences) > 1
    for count, part in enumerate(parts, 1):
        assert part.sentences == whole.sentences[:count]
        assert {citation.n for citation in part.citations} == {n for sentence in part.sentences for n in sentence.citations}


def test_an_abstention_streams_once(make_library):
    (answer,) = Chain(make_library(), reader=None).stream(QUESTION)
    assert answer.abstained


def test_it_stands_in_a_sequence(chain, expected):
    sequence = chain | RunnableLambda(lambda answer: answer.text)
    assert sequence.invoke(QUESTION) == expected["answer"]
    assert sequence.batch([QUESTION]) == [expected["answer"]]
    assert list(sequence.stream(QUESTION))[-1] == expected["answer"]
    assert asyncio.run(sequence.ainvoke(QUESTION)) == expected["answer"]
    assert untimed((RunnableLambda(lambda words: {"input": words}) | chain).invoke(QUESTION)) == expected


class Heard(BaseCallbackHandler):
    """Notes what it is told."""

    def __init__(self):
        self.told = []

    def on_chain_start(self, _serialized, inputs, **kwargs):
        self.told.append(("start", inputs, kwargs.get("tags"), kwargs.get("name")))

    def on_chain_end(self, outputs, **_):
        self.told.append(("end", type(outputs)))

    def on_chain_error(self, error, **_):
        self.told.append(("error", type(error)))


@pytest.mark.parametrize("call", ["invoke", "stream", "batch", "ainvoke"])
def test_callbacks_hear_of_it(chain, call):
    heard = Heard()
    config = {"callbacks": [heard], "tags": ["mine"], "run_name": "asked"}
    if call == "invoke":
        chain.invoke(QUESTION, config)
    elif call == "stream":
        list(chain.stream(QUESTION, config))
    elif call == "batch":
        chain.batch([QUESTION], config)
    else:
        asyncio.run(chain.ainvoke(QUESTION, config))
    begun = {"input": ""} if call == "stream" else QUESTION  # LangChain tells what is streamed when it has come
    assert heard.told == [("start", begun, ["mine"], "asked"), ("end", Answer)]


def test_callbacks_hear_of_a_refusal(chain):
    heard = Heard()
    with pytest.raises(AssayError):
        chain.invoke("???", {"callbacks": [heard]})
    assert [told[0] for told in heard.told] == ["start", "error"]


def test_a_filter_and_a_history_are_passed_on(chain):
    assert {hit.article_id for hit in chain.ask(QUESTION, only=ArticleFilter(ids=("b",))).hits} == {"b"}
    assert chain.ask(FOLLOW_UP, history=TURNS).standalone_question == Question(FOLLOW_UP, TURNS).standalone != FOLLOW_UP


def test_as_shipped_it_answers_as_the_pipeline_does(library):
    assert untimed(Chain(library, reader=None).invoke(QUESTION)) == untimed(Pipeline(library).ask(QUESTION))

"""From a question to a cited answer: what holds for any article and any question, and when the honest word is silence."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from index import Article, ArticleError, ArticleFilter, AssayError, Library, Span
from rag import Answer, Caution, Kind, Pipeline, Question, Reading, ReadSpan, Reason, Retriever, Turn, weigh
from rag.silence import THRESHOLDS, TOPIC_THRESHOLDS, enough

ARTICLES = [
    Article(
        id="chile",
        text="Chile presented a lithium plan in April 2023. It gives the state a majority in new ventures [3]. Codelco leads the talks.",
        title="Chile's lithium plan",
        source="Reuters",
        published="2023-04-21",
        url="https://example.org/chile",
    ),
    Article(id="peru", text="Peru shut a copper smelter on the coast. Fishermen of the harbour had protested for weeks.", title="Smelter"),
    Article(
        id="congo",
        text="Congo set quotas for cobalt exports of 18,125 tonnes. They hold until the end of 2025.",
        title="Quotas",
        source="Argus",
    ),
]

MARKER = re.compile(r"\[(\d+)\]")


def check_answer(library, answer):
    """Hold one answer against every promise that is made of answers."""
    articles = {}
    for citation in answer.citations:
        article = articles.setdefault(citation.article_id, library.article(citation.article_id))
        assert article.text[citation.start : citation.end] == citation.quote
        assert citation.quote.strip()
        assert article.citable(Span(citation.start, citation.end))
        assert (citation.title, citation.source, citation.published, citation.url) == (
            *(article.title, article.source, article.published),
            article.url,
        )
        assert citation.article_id not in citation.also_in
    numbers = [citation.n for citation in answer.citations]
    assert numbers == list(range(1, len(numbers) + 1))
    assert {int(n) for n in MARKER.findall(answer.text)} == set(numbers) == {n for s in answer.sentences for n in s.citations}
    for sentence in answer.sentences:
        assert sentence.citations, "a sentence without proof"
        assert sentence.text.strip()
        assert not MARKER.search(sentence.text)
        assert 0 <= sentence.support <= 1
    for rank, hit in enumerate(answer.hits, 1):
        article = articles.setdefault(hit.article_id, library.article(hit.article_id))
        assert hit.rank == rank
        assert hit.text == article.text[hit.start : hit.end]
        assert 0 <= hit.start < hit.end <= len(article.text)
    assert [hit.score for hit in answer.hits] == sorted((hit.score for hit in answer.hits), reverse=True)
    assert 0 <= answer.confidence <= 1
    assert bool(answer.sentences) is not answer.abstained
    assert (answer.reason is None) is not answer.abstained
    assert answer.abstained or answer.citations
    assert set(answer.timings_ms) == {"retrieve", "read", "compare", "verify", "total"} or answer.abstained
    assert all(milliseconds >= 0 for milliseconds in answer.timings_ms.values())


def untimed(answer):
    return {name: value for name, value in answer.to_json().items() if name != "timings_ms"}


# --- invariants -------------------------------------------------------------------------------------------------------

# What breaks offsets, markers, sentences and pronouns, between characters of every kind.
_TOKENS = """[1] [2] [[3]] [1[2]3] [٣] [x] It They This Chile lithium copper rose fell in 2023 . ! ? … “ ” ( ) « » 。 😀 👩‍👩‍👧 e\u0301
ﬀ İ ß ǅ \u202e \ufeff שלום 漢字 U.S. No. 4.5""".split()
_SPACES = [". ", "\n", "\r\n", "\n\n", "\u2028", "\u3000", "\t", "\x85", "\u00a0", "# Head\n", "[", "]", "1", "\x1c"]
_PIECES = st.sampled_from(_TOKENS + _SPACES)
_ANY = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
_TEXTS = st.lists(_PIECES | st.text(_ANY, max_size=4), min_size=1, max_size=40).map(
    lambda parts: " ".join(parts) if len(parts) % 2 else "".join(parts)
)


def _article(n, text):
    try:
        return Article(id=f"a{n}", text=text, title=text[:20], not_citable=(Span(0, min(3, len(text))),) if n == 2 else ())
    except ArticleError:
        return Article(id=f"a{n}", text=f"Lithium {n} rose. {text.replace(chr(0), '')}", title="T")


@given(texts=st.lists(_TEXTS, min_size=1, max_size=4), asked=_TEXTS)
@settings(max_examples=60)
def test_every_promise_holds_for_any_article_and_any_question(tmp_path_factory, make_embedder, texts, asked):
    try:
        question = Question(asked)
    except AssayError:
        assume(False)
    with Library.open(tmp_path_factory.mktemp("any") / "i", model=make_embedder()) as library:
        library.add([_article(n, text) for n, text in enumerate(texts)])
        pipeline = Pipeline(library, threshold=0)
        answer = pipeline.ask(question)
        check_answer(library, answer)
        assert Answer.from_json(json.loads(json.dumps(answer.to_json()))).to_json() == {**answer.to_json()}
        assert untimed(pipeline.ask(question)) == untimed(answer)


@pytest.mark.parametrize(
    "question", ["What did Chile present?", "Who leads the talks?", "How many tonnes may Congo export?", "Who shut a smelter?"]
)
def test_an_answer_keeps_every_promise(make_library, question):
    library = make_library(ARTICLES)
    answer = Pipeline(library, threshold=0).ask(question)
    check_answer(library, answer)
    assert not answer.abstained
    assert answer.hits
    assert answer.question == answer.standalone_question == question
    assert answer.model == "extractive"


def test_brackets_are_left_out_of_sentences_and_kept_in_quotes(make_library):
    answer = Pipeline(make_library(ARTICLES), threshold=0).ask("Who gets a majority in new ventures?")
    quoted = next(citation for citation in answer.citations if "majority" in citation.quote)
    assert quoted.quote == "It gives the state a majority in new ventures [3]."
    assert any(sentence.text == "It gives the state a majority in new ventures." for sentence in answer.sentences)
    assert [citation.quote for citation in answer.citations][:1] == ["Chile presented a lithium plan in April 2023."]


def test_a_question_of_its_own_index_gives_the_same_bytes_in_another_process_of_adding(make_library):
    first, second = make_library(ARTICLES), make_library()
    for article in ARTICLES:
        second.add([article])
    for question in ("What did Chile present?", "copper"):
        one, other = (untimed(Pipeline(library, threshold=0).ask(question)) for library in (first, second))
        assert one == other


def test_the_identity_and_history_of_a_question_come_back(make_library):
    library = make_library(ARTICLES)
    asked = Question(
        "Who leads it?", (Turn("user", "What of the lithium plan of Chile?"), Turn("assistant", "It is a plan of 2023.")), "q7"
    )
    answer = Pipeline(library, threshold=0).ask(asked)
    assert (answer.id, answer.question) == ("q7", "Who leads it?")
    assert answer.standalone_question == "Who leads the lithium plan of Chile?"
    again = Pipeline(library, threshold=0).ask("Who leads it?", history=asked.history)
    assert {**untimed(again), "id": "q7"} == untimed(answer)


def test_only_what_a_filter_passes_is_read(make_library):
    pipeline = Pipeline(make_library(ARTICLES), threshold=0)
    for only, expected in ((ArticleFilter(sources=("Argus",)), {"congo"}), (ArticleFilter(before="2024"), {"chile"})):
        answer = pipeline.ask("What did Chile present?", only=only)
        assert {hit.article_id for hit in answer.hits} == expected
        assert {citation.article_id for citation in answer.citations} == expected


# --- silence ----------------------------------------------------------------------------------------------------------


def test_an_empty_index_says_so(make_library):
    answer = Pipeline(make_library()).ask("What did Chile present?")
    assert (answer.reason, answer.confidence, answer.text, answer.sentences, answer.citations, answer.hits) == (
        *(Reason.EMPTY_INDEX, 0.0, ""),
        *((), (), ()),
    )


def test_an_index_emptied_again_says_so_too(make_library):
    library = make_library(ARTICLES)
    library.remove("chile", "peru", "congo")
    assert Pipeline(library, threshold=0).ask("What did Chile present?").reason is Reason.EMPTY_INDEX
    assert Pipeline(library).ask("Chile?", only=ArticleFilter(sources=("Reuters",))).reason is Reason.EMPTY_INDEX


@pytest.mark.parametrize("only", [ArticleFilter(sources=("Nobody",)), ArticleFilter(after="2030"), ArticleFilter(ids=())], ids=str)
def test_a_filter_that_selects_nothing_says_so(make_library, only):
    answer = Pipeline(make_library(ARTICLES), threshold=0).ask("What did Chile present?", only=only)
    assert answer.reason is Reason.NOTHING_SELECTED
    assert answer.hits == ()


@pytest.mark.parametrize("question", ["Who won the handball cup of 1973?", "zeppelin", "Is it so?"])
def test_what_the_articles_do_not_say_is_not_answered(make_library, question):
    library = make_library(ARTICLES)
    answer = Pipeline(library, threshold=1.1).ask(question)
    check_answer(library, answer)
    assert answer.reason is Reason.NOT_SUPPORTED
    assert answer.hits, "what was looked at is shown all the same"
    assert (answer.text, answer.sentences, answer.citations) == ("", (), ())


def test_nothing_that_stands_alone_is_no_answer(make_library):
    library = make_library([Article(id="a", text="It rose to 40 dollars.", title="Lithium price")])
    answer = Pipeline(library, threshold=0).ask("What did the lithium price do?")
    assert answer.reason is Reason.NOT_SUPPORTED
    assert answer.hits


def test_a_passage_without_a_sentence_to_quote_is_no_answer(make_library):
    library = make_library([Article(id="a", text="1, 2, 3, 4.", title="Lithium")])
    assert Pipeline(library, threshold=0).ask("lithium").reason is Reason.NOT_SUPPORTED


@pytest.mark.parametrize("question", ["", "  ", "???", "x" * 10_001])
def test_what_cannot_be_asked_is_refused_in_one_line(make_library, question):
    with pytest.raises(AssayError) as refusal:
        Pipeline(make_library(ARTICLES)).ask(question)
    assert "\n" not in str(refusal.value)


# --- threads ----------------------------------------------------------------------------------------------------------


def test_eight_threads_get_the_same_answers(make_library):
    library = make_library(ARTICLES)
    pipeline = Pipeline(library, threshold=0)
    questions = [
        f"{word} {n}?" for n in range(4) for word in ("Who shut the smelter", "What did Chile present", "How many tonnes of cobalt")
    ]
    expected = [untimed(pipeline.ask(question)) for question in questions]
    with ThreadPoolExecutor(8) as pool:
        rounds = [list(pool.map(lambda question: untimed(pipeline.ask(question)), questions)) for _ in range(3)]
    assert rounds == [expected] * 3


def test_questions_are_answered_while_articles_come_and_go(make_library):
    library = make_library(ARTICLES)
    pipeline = Pipeline(library, threshold=0)
    with ThreadPoolExecutor(5) as pool:
        asking = [pool.submit(pipeline.ask, "What did Chile present?") for _ in range(40)]
        for n in range(5):
            library.add([Article(id="zinc", text=f"Zinc rose by {n} percent in Bolivia.", title="Zinc")])
        library.remove("zinc")
        answers = [future.result() for future in asking]
    assert all("Chile presented a lithium plan" in answer.text for answer in answers)


# --- with a reader ----------------------------------------------------------------------------------------------------


class Knowing:
    """A reader that knows where the answers stand: the first of its words that a passage holds is sure to be one."""

    name = "knowing"

    def __init__(self, *answers):
        self.answers = answers

    def read(self, _question, passages):
        return [self._reading(one) for one in passages]

    def _reading(self, passage):
        found = next(((at, word) for word in self.answers if (at := passage.text.find(word)) >= 0), None)
        if found is None:
            return Reading(0.05, 0.98, ())
        start = passage.start + found[0]
        return Reading(0.98, 0.02, (ReadSpan(Span(start, start + len(found[1])), 1.0),))


def test_the_reader_chooses_the_sentence_and_its_answer_is_the_short_one(make_library):
    library = make_library(ARTICLES)
    answer = Pipeline(library, reader=Knowing("18,125 tonnes"), threshold=0).ask("How much cobalt may Congo export?")
    check_answer(library, answer)
    assert answer.short_answer == "18,125 tonnes"
    assert answer.citations[0].quote == "Congo set quotas for cobalt exports of 18,125 tonnes."
    assert answer.hits[0].article_id == "congo"
    assert Answer.from_json(json.loads(json.dumps(answer.to_json()))).short_answer == "18,125 tonnes"


@pytest.mark.parametrize(("said", "short"), [("“Codelco leads the talks.”", "Codelco leads the talks"), ("[3]", None)])
def test_a_short_answer_has_no_marks_around_it(make_library, said, short):
    library = make_library([Article(id="a", title="Talks", text=f"Of the talks they said: {said} And that was all.")])
    answer = Pipeline(library, reader=Knowing(said), threshold=0).ask("What did they say of the talks?")
    assert answer.short_answer == short


def test_a_question_of_yes_or_no_gets_the_sentence_that_decides_it(make_library):
    library = make_library(ARTICLES)
    answer = Pipeline(library, reader=Knowing("quotas for cobalt", "end of 2025"), threshold=0).ask("Did Congo set quotas for cobalt?")
    assert len(answer.sentences) == 1
    assert answer.citations[0].quote.startswith("Congo set quotas")
    assert answer.short_answer is None


def test_a_list_is_gathered_from_several_articles(make_library):
    metals = ("lithium", "cobalt", "nickel", "gallium")
    articles = [Article(id=metal, title=f"On {metal}", text=f"The mines of Ruritania produce {metal}. Rain fell.") for metal in metals]
    library = make_library([*articles, Article(id="copy", title="Copied", text="The mines of Ruritania produce gallium. Snow fell.")])
    reader = Knowing(*metals)
    answer = Pipeline(library, reader=reader, threshold=0).ask("Which minerals do the mines of Ruritania produce?")
    check_answer(library, answer)
    assert sorted(metal for metal in metals if metal in answer.text) == sorted(metals)
    assert len(answer.sentences) == len(metals), "the copy says nothing new"


def test_more_caution_answers_less(make_library):
    library = make_library(ARTICLES)
    questions = ["Who leads the talks?", "How much cobalt may Congo export?", "Who won the cup?", "What did Peru shut?", "Why?"]
    answered = []
    for caution in Caution:
        pipelines = [Pipeline(library, reader=reader, caution=caution) for reader in (None, Knowing("Codelco", "a copper smelter"))]
        answered.append({(n, q) for n, pipeline in enumerate(pipelines) for q in questions if not pipeline.ask(q).abstained})
    low, normal, high = answered
    assert high <= normal <= low
    assert high < low


def test_silence_is_kept_when_the_reader_finds_nothing(make_library):
    answer = Pipeline(make_library(ARTICLES), reader=Knowing()).ask("Who won the cup in Ruritania?")
    assert answer.reason is Reason.NOT_SUPPORTED
    assert answer.short_answer is None
    assert 0 <= answer.confidence < 0.2


def test_a_topic_is_told_about_where_articles_speak_of_it(make_library):
    library = make_library(ARTICLES)
    told = Pipeline(library, reader=Knowing()).ask("cobalt quotas in Congo")
    check_answer(library, told)
    assert "cobalt" in told.text
    assert told.short_answer is None


def test_a_topic_needs_less_than_a_question(make_library):
    library = make_library(ARTICLES)
    with library.view() as view:
        evidence = weigh(view, "cobalt", Retriever(library).retrieve(view, "cobalt", 8))
    for caution in Caution:
        assert not enough(evidence, THRESHOLDS[caution] - 0.01, caution)
        assert enough(evidence, TOPIC_THRESHOLDS[caution], caution, Kind.TOPIC)
        assert not enough(evidence, TOPIC_THRESHOLDS[caution] - 0.01, caution, Kind.TOPIC)
        assert not enough([], 1.0, caution, Kind.TOPIC)


@pytest.mark.parametrize(
    ("question", "lacks"),
    [
        ("When did Bolivia present a lithium plan?", "speaks of Bolivia and gives a time"),
        ("Who leads the talks?", "gives a name"),
        ("Did Peru shut a smelter?", "says so in so many words"),
    ],
)
def test_silence_says_what_would_answer(make_library, question, lacks):
    answer = Pipeline(make_library(ARTICLES), threshold=1.1).ask(question)
    assert answer.abstained
    assert answer.notes == (f"What would answer it: a passage that {lacks}.",)


def test_silence_over_nothing_asks_for_nothing(make_library):
    assert Pipeline(make_library()).ask("Who leads the talks?").notes == ()

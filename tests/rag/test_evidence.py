"""Which sentences are judged, by which signals, and in what order."""

import math
from dataclasses import replace

import numpy as np
import pytest

from index import Article, Heading, Library, Span
from rag import Pipeline, Reading, ReadingRetriever, ReadSpan, Retriever, weigh
from rag.evidence import MAX_CHARACTERS, MAX_EMBEDDED, MAX_READ_EMBEDDED, WEIGHTS, Signals, question_terms
from rag.kinds import asked_for
from rag.silence import confidence

NOTICE = "Illustrations are examples and show no real persons."
HEADING = "What the lithium plan says"
PLAN = "Chile presented a lithium plan in April 2023. It gives the state a majority. Codelco leads the lithium talks."
TEXT = f"{HEADING}\n\n{PLAN}\n\n{NOTICE}\nPeru has no lithium plan of its own."
ARTICLE = Article(
    id="chile",
    text=TEXT,
    title="Chile",
    headings=(Heading(Span(0, len(HEADING)), 1),),
    not_citable=(Span(TEXT.index(NOTICE), TEXT.index(NOTICE) + len(NOTICE)),),
)


def weighed(library, question, k=8):
    with library.view() as view:
        return weigh(view, question, Retriever(library).retrieve(view, question, k))


def test_every_citable_sentence_of_the_passages_is_judged_whole(make_library):
    evidence = weighed(make_library([ARTICLE]), "What does the lithium plan of Chile say of illustrations?")
    assert {one.text for one in evidence} == {
        "Chile presented a lithium plan in April 2023.",
        "It gives the state a majority.",
        "Codelco leads the lithium talks.",
        "Peru has no lithium plan of its own.",
    }
    for one in evidence:
        assert one.span.of(TEXT) == one.text


def test_a_sentence_knows_its_place_in_its_article(make_library):
    library = make_library([ARTICLE])
    with library.view() as view:
        sentences = view.sentences(view.store.article_row("chile"))
        for one in weigh(view, "lithium", Retriever(library).retrieve(view, "lithium", 8)):
            assert sentences[one.place] == one.span


def test_signals_are_what_they_say(make_library):
    library, question = make_library([ARTICLE]), "When did Chile present its lithium zeppelin?"
    with library.view() as view:
        found = Retriever(library).retrieve(view, question, 8)
        terms = question_terms(view, question)
        assert set(terms) == {"chile", "present", "lithium", "zeppelin"}
        query = view.embed_query(question).astype(float)
        for one in weigh(view, question, found):
            words = set(view.terms(one.text))
            assert one.terms == words & set(terms)
            assert one.signals.cosine == pytest.approx(float(view.embed_sentences([one.text])[0] @ query), abs=1e-6)
            assert one.signals.coverage == pytest.approx(sum(terms[term] for term in one.terms) / sum(terms.values()))
            around = set(view.terms(f"{one.found.passage.context}\n{one.found.hit.text}"))
            assert one.signals.passage_coverage == pytest.approx(sum(terms[term] for term in around & set(terms)) / sum(terms.values()))
            assert one.signals.passage_cosine == one.found.cosine
            assert one.signals.fits == float("2023" in one.text)
            assert one.score == pytest.approx(float(np.dot(WEIGHTS, one.signals)))


def test_the_best_come_first_and_equals_in_reading_order(make_library):
    library = make_library([ARTICLE, Article(id="b", text="Zinc is dear. Zinc is dear. Tin is not.", title="T")])
    evidence = weighed(library, "Is zinc dear?")
    assert [one.score for one in evidence] == sorted((one.score for one in evidence), reverse=True)
    twins = [one.place for one in evidence if one.text == "Zinc is dear."]
    assert twins == sorted(twins)


def test_every_weight_is_positive_so_that_higher_is_better():
    assert all(weight >= 0 for weight in WEIGHTS)
    assert Signals._fields == WEIGHTS._fields


@pytest.mark.parametrize("question", ["???!", "zeppelin", "Who?"])
def test_a_question_with_no_known_word_is_weighed_all_the_same(make_library, question):
    evidence = weighed(make_library([ARTICLE]), question)
    assert evidence
    assert all(one.signals.coverage == one.signals.passage_coverage == 0 for one in evidence)


def test_nothing_found_is_no_evidence(make_library):
    assert weighed(make_library(), "lithium") == []
    with make_library([ARTICLE]).view() as view:
        assert weigh(view, "lithium", []) == []


def test_sentences_that_nobody_wants_to_read_are_left_out(make_library, make_embedder):
    long = "Lithium " + "and more lithium " * (MAX_CHARACTERS // 17 + 1) + "was sold."
    fits = "Lithium " + "x" * (MAX_CHARACTERS - len("Lithium  was sold.")) + " was sold."
    assert len(long) > MAX_CHARACTERS == len(fits)
    article = Article(id="a", text=f"{long} 1, 2, 3. {fits} Lithium was dear.", title="T")
    evidence = weighed(make_library([article], model=make_embedder(max_tokens=4000)), "lithium")
    assert {one.text for one in evidence} == {fits, "Lithium was dear."}


def test_only_so_many_are_embedded_and_those_with_the_questions_words_first(make_library, embedder):
    text = " ".join(f"Mine number {n} opened in the north." for n in range(40)) + " Lithium was sold by Chile."
    library = make_library([Article(id="a", text=text, title="T")])
    before = embedder.embedded
    evidence = weighed(library, "Who sold lithium?", 50)
    assert len(evidence) == embedder.embedded - before == MAX_EMBEDDED
    assert evidence[0].text == "Lithium was sold by Chile."


@pytest.mark.parametrize(
    ("question", "holds", "lacks"),
    [
        ("How many tonnes may Congo export?", "Quotas are 18,125 tonnes.", "Quotas are low."),
        ("How much did it cost?", "It cost two billion dollars.", "It was dear."),
        ("By how much did prices fall?", "Prices fell by half.", "Prices fell."),
        ("What share is refined in China?", "China refines 60 percent.", "China refines most."),
        ("When did Chile present the plan?", "Chile presented it in April.", "Chile presented it."),
        ("Since when is the ban in force?", "It began in 2020.", "It began early."),
        ("Which year did Peru lead?", "Peru led in 1999.", "Peru led."),
        ("Who leads the talks?", "The talks are led by Codelco.", "The talks go on."),
        ("Where is the mine?", "The mine is in Chile.", "The mine is deep."),
        ("Which company bought it?", "It was bought by SQM.", "It was sold."),
    ],
)
def test_a_question_asks_for_a_kind_of_thing(question, holds, lacks):
    kind = asked_for(question)
    assert kind.search(holds)
    assert not kind.search(lacks)


@pytest.mark.parametrize("question", ["Why did prices fall?", "What does the plan say?", "Is lithium dear?", "whenever", "showhow many"])
def test_other_questions_ask_for_no_kind(question):
    assert asked_for(question) is None


def test_confidence_is_a_probability_that_grows_with_the_evidence(make_library):
    evidence = weighed(make_library([ARTICLE]), "What did Chile present?")
    assert confidence([]) == 0
    assert 0 < confidence(evidence) < 1
    assert confidence(evidence) == confidence(evidence[:1]), "of the best"


@pytest.fixture(scope="module")
def packaged(tmp_path_factory):
    """Three articles under the model that is shipped."""
    with Library.open(tmp_path_factory.mktemp("packaged") / "i") as library:
        library.add(
            ARTICLE,
            Article(
                id="peru",
                text="Peru shut a copper smelter on the coast. Fishermen of the harbour had protested for weeks.",
                title="Smelter",
            ),
            Article(
                id="congo", text="Congo set quotas of 18,125 tonnes for cobalt exports. They hold until the end of 2025.", title="Quotas"
            ),
        )
        yield library


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("When did Chile unveil its strategy for lithium?", "Chile presented a lithium plan in April 2023."),
        ("Which country shut a copper smelter?", "Peru shut a copper smelter on the coast."),
        ("How much cobalt may Congo sell abroad?", "Congo set quotas of 18,125 tonnes for cobalt exports."),
        ("Who leads the talks on lithium?", "Codelco leads the lithium talks."),
    ],
)
def test_with_the_shipped_model_the_right_sentence_is_in_the_answer(packaged, question, quote):
    answer = Pipeline(packaged).ask(question)
    assert quote in [citation.quote for citation in answer.citations]


@pytest.mark.parametrize(
    "question", ["Who won the handball cup of 1973?", "How do I bake a chocolate cake?", "What is the capital of Mongolia?"]
)
def test_with_the_shipped_model_what_the_articles_do_not_say_is_not_answered(packaged, question):
    answer = Pipeline(packaged).ask(question)
    assert answer.abstained
    assert answer.reason.value == "not_supported"
    assert answer.confidence < Pipeline(packaged).ask("When did Chile unveil its strategy for lithium?").confidence


# --- what a reader says -----------------------------------------------------------------------------------------------


class Finding:
    """A reader that finds words: the first that a passage holds, with this probability."""

    name = "finding"

    def __init__(self, **words):
        self.words = words

    def read(self, _question, passages):
        return [self._reading(one) for one in passages]

    def _reading(self, passage):
        found = [(p, Span(at, at + len(word))) for word, p in self.words.items() if (at := passage.text.find(word)) >= 0]
        answers = tuple(ReadSpan(Span(span.start + passage.start, span.end + passage.start), p) for p, span in found)
        return Reading(0.9, 0.2 if answers else 0.97, answers)


def read(library, reader, question):
    with library.view() as view:
        return weigh(view, question, ReadingRetriever(library, reader).retrieve(view, question, 8))


def test_a_sentence_holds_the_answers_that_begin_in_it(make_library):
    question = "Who leads the lithium talks?"
    evidence = {one.text: one for one in read(make_library([ARTICLE]), Finding(Codelco=0.7, Chile=0.3), question)}
    leads, presented = evidence["Codelco leads the lithium talks."], evidence["Chile presented a lithium plan in April 2023."]
    assert leads.answer.of(TEXT) == "Codelco"
    assert leads.signals.answer == pytest.approx(math.log(0.8 * 0.7 / (1 - 0.8 * 0.7)))
    assert presented.answer.of(TEXT) == "Chile"
    assert presented.signals.answer == pytest.approx(math.log(0.8 * 0.3 / (1 - 0.8 * 0.3)))
    assert leads.signals.relevance == pytest.approx(math.log(0.9 / 0.1))
    rest = [one for text, one in evidence.items() if one not in (leads, presented)]
    assert {one.answer for one in rest} == {None}
    assert all(one.signals.answer < -10 for one in rest)
    assert 0 < presented.score < leads.score < 1


def test_articles_agree_when_they_give_the_same_answer(make_library):
    articles = [
        Article(id="a", title="A", text="The lithium talks are led by Codelco."),
        Article(id="b", title="B", text="It was CODELCO that sent its lithium lawyers."),
        Article(id="c", title="C", text="Peru sent nobody to the talks on lithium."),
    ]
    evidence = read(make_library(articles), Finding(Codelco=1.0, CODELCO=0.5, Peru=0.9), "Who leads the lithium talks?")
    agreed = {one.found.hit.article_id: one.signals.agreement for one in evidence}
    assert agreed == {"a": pytest.approx(0.8 * 0.5), "b": pytest.approx(0.8), "c": 0.0}


def test_an_article_does_not_agree_with_itself(make_library):
    text = "\n\n".join(
        f"In {year} the lithium talks were led by Codelco. " + "Nothing else was said of them. " * 20 for year in range(2020, 2024)
    )
    evidence = read(make_library([Article(id="a", title="A", text=text)]), Finding(Codelco=1.0), "Who led the lithium talks?")
    assert len({one.found.hit.passage_id for one in evidence}) > 1
    assert {one.signals.agreement for one in evidence} == {0.0}


def test_a_passage_stands_behind_the_best_by_the_difference_of_their_scores(make_library):
    articles = [
        Article(id="a", title="A", text="Codelco leads the lithium talks."),
        Article(id="b", title="B", text="Codelco sent its lawyers, who speak of lithium and of other things."),
    ]
    evidence = {one.found.hit.article_id: one for one in read(make_library(articles), Finding(Codelco=1.0), "Who leads the lithium talks?")}
    first, second = evidence["a"], evidence["b"]
    assert first.signals.behind == 0
    assert second.signals.behind == pytest.approx(second.found.hit.score - first.found.hit.score)
    assert -1 < second.signals.behind < 0
    level = replace(second, signals=second.signals._replace(behind=0.0))
    assert second.score < level.score < first.score


def test_without_a_reader_its_signals_are_nothing(make_library):
    for one in weighed(make_library([ARTICLE]), "Who leads the lithium talks?"):
        assert one.answer is None
        assert (one.signals.answer, one.signals.relevance, one.signals.agreement, one.signals.behind) == (0, 0, 0, 0)


def test_a_sentence_with_the_answer_is_judged_however_few_of_the_words_it_has(make_library):
    """Only so many sentences are embedded; the reader's answer is among them."""
    text = " ".join(f"The lithium talks number {n} of lithium led to talks." for n in range(MAX_EMBEDDED + 10)) + " Codelco did so."
    library = make_library([Article(id="a", title="Lithium talks", text=text)])
    evidence = read(library, Finding(Codelco=1.0), "Who leads the lithium talks?")
    assert len(evidence) == MAX_READ_EMBEDDED
    assert evidence[0].text == "Codelco did so."

"""Several questions in one: each answered with its proof or declared unanswered; a comparison only where every side is borne out."""

import pytest

from index import DEFAULT_MODEL, Article, Library
from rag import Answer, AnswerSentence, Pipeline, Question, Reason
from rag import pipeline as pipeline_module
from rag.compose import cited
from rag.parts import Parts
from rag.preference import DATE, SOURCE, Preference
from rag.writing import Draft

ARTICLES = [
    Article(
        id="chile",
        text="Chile presented a lithium plan in April 2023. The lithium plan starts in January 2025.",
        title="Chile's lithium plan",
        source="Reuters",
        published="2023-04-21",
    ),
    Article(
        id="congo",
        text="Congo set quotas for cobalt exports of 18,125 tonnes. The cobalt quotas hold until the end of 2025.",
        title="Congo's cobalt quotas",
        source="Argus | Metals",
        published="2025-09-22",
    ),
    Article(
        id="nikkei",
        text="Peru shut a copper smelter on the coast. Fishermen of the harbour had protested for weeks.",
        title="Smelter",
        source="Nikkei",
        published="2024-02-01",
    ),
    Article(
        id="fake",
        text="Peru shut a copper smelter on the coast after protests. The owner of the smelter wants it to open again.",
        title="Smelter",
        source="Daily",
        published="2024-03-05",
    ),
]

COMPARISON = "Does the Argus article say that Congo set quotas for cobalt exports, while the Nikkei report says Peru shut a copper smelter?"


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Open an index with the packaged model: what is enough for an answer is fitted to its vectors."""
    with Library.open(tmp_path_factory.mktemp("several") / "index", model=DEFAULT_MODEL) as opened:
        opened.add(ARTICLES)
        yield opened


@pytest.fixture
def pipeline(library):
    return Pipeline(library)


def of(answer, part):
    """Return the articles that the sentences of a part cite."""
    cited = {one.n: one.article_id for one in answer.citations}
    return {cited[n] for place in answer.parts[part].sentences for n in answer.sentences[place].citations}


def test_each_question_is_answered_and_cited(pipeline):
    answer = pipeline.ask("When did Chile present its lithium plan, and how large are the quotas of Congo for cobalt exports?")
    assert [part.answered for part in answer.parts] == [True, True]
    assert "chile" in of(answer, 0)
    assert "congo" in of(answer, 1)
    assert [one.n for one in answer.citations] == list(range(1, len(answer.citations) + 1))
    assert Answer.from_json(answer.to_json()).parts == answer.parts


def test_what_the_articles_do_not_say_is_declared_unanswered(pipeline):
    answer = pipeline.ask("When did Chile present its lithium plan, and who won the football match in Bolivia on Sunday?")
    assert [part.answered for part in answer.parts] == [True, False]
    assert answer.parts[1].question == "who won the football match in Bolivia on Sunday?"
    assert not answer.abstained


def test_nothing_answered_is_an_abstention(pipeline):
    answer = pipeline.ask("Who won the football match in Bolivia, and how did Bayern's goalkeeper Neuer play?")
    assert answer.reason is Reason.NOT_SUPPORTED
    assert [part.answered for part in answer.parts] == [False, False]
    assert answer.sentences == answer.citations == ()


def test_a_sentence_that_answers_two_questions_stands_once(pipeline):
    answer = pipeline.ask("When did Chile present its lithium plan? And what did Chile present in April 2023?")
    texts = [sentence.text for sentence in answer.sentences]
    assert len(texts) == len(set(texts))
    assert set(answer.parts[0].sentences) & set(answer.parts[1].sentences)


def test_a_comparison_cites_every_side_from_the_source_it_names(pipeline):
    answer = pipeline.ask(COMPARISON)
    assert of(answer, 0) == {"congo"}
    assert "nikkei" in of(answer, 1)
    assert answer.short_answer is None


def test_a_named_source_is_preferred_and_no_filter(pipeline):
    daily = pipeline.ask(COMPARISON.replace("Nikkei", "Daily"))
    nobody = pipeline.ask(COMPARISON.replace("Nikkei", "Herald"))
    assert daily.citations[1].article_id == "fake"
    assert {one.article_id for one in nobody.citations} <= {"congo", "nikkei", "fake"}


def test_a_comparison_without_one_side_is_an_abstention_that_names_it(pipeline):
    side = "the Herald report says that Bayern lost the football match in Munich"
    answer = pipeline.ask(f"Does the Argus article say that Congo set quotas for cobalt exports, while {side}?")
    assert answer.abstained
    assert not any(part.answered for part in answer.parts)
    assert any(side in note for note in answer.notes)
    assert not any("Congo set quotas" in note for note in answer.notes)


@pytest.mark.parametrize(
    "question", ["When did Chile present its lithium plan?", "What happened in Peru?", "Who won the match?", "lithium"]
)
def test_one_question_is_answered_as_if_there_were_no_parts(pipeline, monkeypatch, question):
    known = {**pipeline.ask(question).to_json(), "timings_ms": None}
    monkeypatch.setattr(pipeline_module, "parts_of", lambda _asked: Parts())
    assert {**pipeline.ask(question).to_json(), "timings_ms": None} == known
    assert known["parts"] == []


def test_the_hits_of_several_questions_are_those_of_the_whole(pipeline, monkeypatch):
    known = pipeline.ask(COMPARISON).hits
    monkeypatch.setattr(pipeline_module, "parts_of", lambda _asked: Parts())
    assert pipeline.ask(COMPARISON).hits == known


def test_an_answer_that_grows_names_parts_when_it_is_whole(pipeline):
    *growing, whole = pipeline.stream(COMPARISON)
    assert growing
    assert all(answer.parts == () for answer in growing)
    assert len(whole.parts) == 2


def test_a_threshold_of_the_user_s_holds_for_each_part(library):
    question = Question("When did Chile present its lithium plan, and who won the football match in Bolivia on Sunday?")
    assert [part.answered for part in Pipeline(library, threshold=0).ask(question).parts] == [True, True]
    assert Pipeline(library, threshold=1).ask(question).abstained


def hit(pipeline, article):
    return next(one for one in pipeline.ask("Peru Chile Congo lithium cobalt copper").hits if one.article_id == article)


@pytest.mark.parametrize(
    ("question", "article", "value"),
    [
        ("What did Argus say?", "congo", SOURCE),
        ("What did Argus Metals say?", "congo", SOURCE),
        ("What did Argusmetals say?", "congo", 0),
        ("What did the Reuters report of April 21, 2023 say?", "chile", SOURCE + DATE),
        ("What did the report of 21 April 2023 say?", "chile", DATE),
        ("What did the report of 22 April 2023 say?", "chile", 0),
        ("What did the report of April 2023 say?", "chile", DATE),
        ("What did the report of 2023 say?", "chile", 0),
        ("", "chile", 0),
    ],
)
def test_what_a_question_names_of_an_article(pipeline, question, article, value):
    assert Preference(question)(hit(pipeline, article)) == pytest.approx(value)


class Quoting:
    """Writes the beginning of the passages of some articles, as a model would that quotes."""

    name = "quoting"
    rests = False

    def __init__(self, *articles):
        self.articles = articles
        self.shown = []

    def write(self, view, _question, passages):
        self.shown = [one.hit.article_id for one in passages]
        draft = Draft(whole=True)
        for one in passages:
            if one.hit.article_id in self.articles:
                span = view.sentences(one.passage.article)[0]
                draft.citations.append(cited(view, one, span, len(draft.citations) + 1))
                draft.sentences.append(AnswerSentence(draft.citations[-1].quote, (len(draft.citations),), 1.0))
        yield draft


def test_a_model_writes_from_the_passages_of_every_part_each_once(library):
    writer = Quoting("nikkei", "congo")
    answer = Pipeline(library, writer=writer).ask(COMPARISON)
    assert {"congo", "nikkei"} <= set(writer.shown)
    assert len(writer.shown) == len(set(writer.shown))
    assert (of(answer, 0), of(answer, 1)) == ({"congo"}, {"nikkei"})


def test_what_a_model_leaves_out_is_declared_unanswered(library):
    answer = Pipeline(library, writer=Quoting("congo")).ask(COMPARISON)
    assert [part.answered for part in answer.parts] == [True, False]

"""What was read comes in the order of its readings, above all that was not; nothing is lost on the way."""

import math

import pytest

from index import Article, ArticleFilter
from rag import Reading, ReadingRetriever, Retriever
from rag.rerank import WEIGHTS, reordered

METALS = ["lithium", "cobalt", "nickel", "copper", "graphite", "tungsten", "gallium", "antimony", "zinc", "tin", "lead", "silver"]
QUERY = "Which plant in Ruritania made lithium?"


class Scripted:
    """A reader that finds what a test tells it to find: relevance by a word of the passage, 0.1 without."""

    name = "scripted"

    def __init__(self, **relevance):
        self.relevance = relevance
        self.seen = []

    def read(self, question, passages):
        assert question == QUERY
        self.seen += passages
        return [Reading(next((p for word, p in self.relevance.items() if word in one.text), 0.1), 0.5, ()) for one in passages]


@pytest.fixture
def library(make_library):
    texts = [
        f"The {metal} plant in Ruritania made {n} tonnes. Prices of {metal} fell by half in the year after."
        for n, metal in enumerate(METALS)
    ]
    return make_library([Article(id=f"a{n}", title=f"On {METALS[n]}", text=text) for n, text in enumerate(texts)])


def test_a_better_reading_comes_first(library):
    plain = Retriever(library).search(QUERY, 12)
    better = next(metal for metal in METALS if metal in plain[2].text)
    found = ReadingRetriever(library, Scripted(**{METALS[0]: 1e-6, better: 1 - 1e-6}), depth=6).search(QUERY, 12)
    assert found[0].passage_id == plain[2].passage_id
    assert [one.rank for one in found] == list(range(1, 13))
    assert {one.passage_id for one in found} == {one.passage_id for one in plain}
    assert [one.passage_id for one in found[6:]] == [one.passage_id for one in plain[6:]]
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    assert scores[5] > 1 >= scores[6]


def test_equal_readings_change_nothing_but_scores(library):
    plain = Retriever(library).search(QUERY, 12)
    found = ReadingRetriever(library, Scripted()).search(QUERY, 12)
    assert [one.passage_id for one in found] == [one.passage_id for one in plain]


def test_passages_are_read_with_context_and_place(library):
    reader = Scripted()
    with library.view() as view:
        found = ReadingRetriever(library, reader, depth=4).retrieve(view, QUERY, 3)
        assert [(one.context, one.text, one.start) for one in reader.seen[:3]] == [
            (hit.passage.context, hit.hit.text, hit.hit.start) for hit in Retriever(library).retrieve(view, QUERY, 3)
        ]
    assert len(reader.seen) == 4
    assert [one.reading is not None for one in found] == [True] * 3


def test_where_and_when_an_article_appeared_is_searched_and_not_read(make_library):
    """Read as well, source and date are taken for answers."""
    text = "The lithium plant in Ruritania made three tonnes."
    library = make_library([Article(id="a", title="On lithium", text=text, source="Ruritania Post", published="2023-04-21")])
    with library.view() as view:
        (stored,) = view.article_passages(1)
        assert (stored.context, stored.heading) == ("On lithium\nRuritania Post, 2023-04-21", "On lithium")
        assert view.lexical("post 2023", 5).rows.tolist() == [1]
    reader = Scripted()
    ReadingRetriever(library, reader).search(QUERY, 3)
    assert [one.context for one in reader.seen] == ["On lithium"]


def test_a_ranking_is_that_of_the_search(library):
    reader = Scripted(cobalt=0.99, tin=0.9)
    retriever = ReadingRetriever(library, reader, depth=8)
    with library.view() as view:
        ranking = retriever.ranking(view, QUERY)
        found = retriever.retrieve(view, QUERY, 12)
    assert [one.passage_id for one in ranking.passages] == [one.hit.passage_id for one in found]
    assert [one.score for one in ranking.passages] == pytest.approx([one.hit.score for one in found])
    assert ranking.articles == [(one.article_id, one.score) for one in ranking.passages]
    assert {one.start for one in reader.seen} == {0}
    assert all(one.context.startswith("On ") for one in reader.seen)


def test_a_filter_holds(library):
    only = ArticleFilter(ids=("a1", "a2"))
    assert {one.article_id for one in ReadingRetriever(library, Scripted()).search(QUERY, 12, only=only)} == {"a1", "a2"}


@pytest.mark.parametrize("k", [0, 1, 3, 50])
def test_as_many_come_as_are_asked_for(library, k):
    assert len(ReadingRetriever(library, Scripted(), depth=5).search(QUERY, k)) == min(k, 12)


def test_an_empty_index_is_not_read(make_library):
    reader = Scripted()
    assert ReadingRetriever(make_library([]), reader).search(QUERY) == []
    assert reader.seen == []


def test_scores_are_what_they_say():
    readings = [Reading(0.2, 0.9, ()), Reading(0.8, 0.3, ()), Reading(1.0, 0.0, ())]
    logits = [
        WEIGHTS.fused * 0.9 + WEIGHTS.relevance * math.log(0.25) - WEIGHTS.present * math.log(9),
        WEIGHTS.fused * 0.5 + WEIGHTS.relevance * math.log(4) - WEIGHTS.present * math.log(3 / 7),
        WEIGHTS.fused * 0.1 + WEIGHTS.relevance * 12 + WEIGHTS.present * 12,
    ]
    found = dict(reordered([0.9, 0.5, 0.1], readings))
    assert [found[place] for place in range(3)] == pytest.approx([1 + 1 / (1 + math.exp(-one)) for one in logits])


class Counting(Scripted):
    """A scripted reader that is asked anything."""

    def read(self, _question, passages):
        self.seen.append(len(passages))
        return [Reading(*next((p for word, p in self.relevance.items() if word in one.text), (0.1, 0.9)), ()) for one in passages]


def test_reading_ends_once_a_passage_is_sure_to_answer(library):
    second = Retriever(library).search(QUERY, 12)[5]
    metal = next(metal for metal in METALS if metal in second.text)
    reader = Counting(**{metal: (0.99999, 0.00001)})
    with library.view() as view:
        found = ReadingRetriever(library, reader, sure=0.95).retrieve(view, QUERY, 12)
    assert reader.seen == [4, 4]
    assert found[0].hit.passage_id == second.passage_id
    assert [one.reading is not None for one in found] == [True] * 8 + [False] * 4
    assert sorted(one.hit.passage_id for one in found) == sorted(one.passage_id for one in Retriever(library).search(QUERY, 12))


def test_reading_goes_on_while_nothing_is_sure(library):
    reader = Counting(lithium=(0.97, 0.2), cobalt=(0.5, 0.01))
    ReadingRetriever(library, reader, sure=0.9, depth=10).search(QUERY, 3)
    assert reader.seen == [4, 4, 2]


def test_what_is_gathered_is_read_to_the_end(library):
    reader = Counting(lithium=(0.99, 0.001))
    ReadingRetriever(library, reader, sure=0.9).search("Which metals did the plants in Ruritania make?", 3)
    assert reader.seen == [12]


def test_for_a_topic_nothing_is_read(library):
    reader = Scripted()
    reading, plain = ReadingRetriever(library, reader), Retriever(library)
    assert reading.search("Ruritania lithium", 12) == plain.search("Ruritania lithium", 12)
    with library.view() as view:
        assert reading.ranking(view, "Ruritania lithium") == plain.ranking(view, "Ruritania lithium")
    assert reader.seen == []

"""Two rankings made one, held against every score of every passage; filters, updates, copies and runs."""

import itertools
import random

import numpy as np
import pytest

from index import Article, ArticleFilter
from rag import Retriever, retrieve
from rag.words import content_words

VOCABULARY = """lithium copper nickel cobalt graphite antimony gallium brine mine smelter export quota tariff price tonne contract minister
court protest village river desert harbour battery magnet recycler stockpile licence royalty auction survey reserve output plant""".split()
SOURCES = ("Reuters", "Argus", None)
DATES = ("2019", "2021-03", "2021-03-14", "2021-12-31", "2023-07-01", None)
QUERIES = (
    "Which minister signed the lithium contract?",
    "copper price",
    "quota quota quota for cobalt exports, and a river near the harbour",
    "antimony",
    "zeppelin lithium",
    "Who?",
)


def written(chance, *, sentences=6):
    """A text of a few sentences of the vocabulary, some words far more common than others."""
    weights = [1 / (n + 1) for n in range(len(VOCABULARY))]
    lines = [" ".join(chance.choices(VOCABULARY, weights, k=chance.randint(4, 14))).capitalize() + "." for _ in range(sentences)]
    return " ".join(lines)


def collection(seed, *, articles=60):
    """Articles with sources and dates, a tenth of them word for word copies."""
    chance = random.Random(seed)
    made = []
    for n in range(articles):
        text = chance.choice(made).text if n > 5 and chance.random() < 0.1 else written(chance, sentences=chance.randint(1, 12))
        made.append(Article(id=f"a{n}", text=text, title=f"Note {n % 7}", source=chance.choice(SOURCES), published=chance.choice(DATES)))
    return made


def brute_force(view, query, weight=0.5):
    """Every live passage with its fused score by the documented formula, best first, ties by row."""
    rows = view.store.live_rows()
    cosines = view.vectors(rows).astype(np.float64) @ view.embed_query(query).astype(np.float64)
    bm25 = view.lexical_scores(" ".join(content_words(query)) or query, rows).astype(np.float64)
    scores = weight * cosines / cosines.max() + (1 - weight) * (bm25 / bm25.max() if bm25.any() else bm25)
    return [(int(rows[i]), float(scores[i])) for i in np.lexsort((rows, -scores))]


def check_ranking(rows, scores, expected):
    """Hold a ranking against the first of `expected`: every score is that of its row and of its rank, no row stands twice."""
    by_row = dict(expected)
    assert len(set(rows)) == len(rows)
    assert scores == pytest.approx([by_row[row] for row in rows], abs=2e-6)
    assert scores == pytest.approx([score for _, score in expected[: len(rows)]], abs=2e-6)
    assert scores == sorted(scores, reverse=True)


@pytest.fixture(params=[2, 100], ids=["shallow", "as shipped"])
def _depth(request, monkeypatch):
    """Candidates drawn two deep at first make the threshold algorithm go down many times."""
    monkeypatch.setattr(retrieve, "FIRST_DEPTH", request.param)


# --- the ranking ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_depth")
@pytest.mark.parametrize("weight", [0.0, 0.3, 0.5, 1.0])
def test_the_fused_ranking_is_the_brute_force_one_for_any_k(make_library, weight):
    with make_library(collection(round(10 * weight))).view() as view:
        for query in QUERIES:
            expected = brute_force(view, query, weight)
            for k in (1, 7, len(expected), 5_000):
                fused = retrieve.fuse(view, query, k, None, weight)
                assert fused.rows.size == min(k, len(expected))
                check_ranking(fused.rows.tolist(), fused.scores.tolist(), expected)


@pytest.mark.usefixtures("_depth")
def test_raw_scores_stand_beside_the_fused_ones(make_library):
    with make_library(collection(3)).view() as view:
        for query in QUERIES:
            fused = retrieve.fuse(view, query, 30, None, 0.5)
            vector, words = view.embed_query(query), " ".join(content_words(query)) or query
            assert fused.cosines.tolist() == pytest.approx((view.vectors(fused.rows) @ vector).tolist(), abs=1e-6)
            assert fused.bm25.tolist() == pytest.approx(view.lexical_scores(words, fused.rows).tolist(), rel=1e-5)


FILTERS = [
    ArticleFilter(sources=("Reuters",)),
    ArticleFilter(sources=("Argus", "Nobody")),
    ArticleFilter(after="2021-03-14"),
    ArticleFilter(before="2021-03"),
    ArticleFilter(after="2021", before="2021"),
    ArticleFilter(after="2021-03-15", sources=("Reuters", "Argus")),
    ArticleFilter(ids=("a3", "a17", "a40", "nothing")),
]


@pytest.mark.usefixtures("_depth")
@pytest.mark.parametrize("only", FILTERS, ids=str)
def test_a_filtered_ranking_is_the_full_ranking_filtered(make_library, only):
    with make_library(collection(4)).view() as view:
        selection = view.select(only)
        assert selection is not None
        assert 0 < selection.passages.size < view.store.live_rows().size
        for query, weight in itertools.product(QUERIES[:3], (0.5, 0.0)):  # without vectors, ties are many
            full = retrieve.fuse(view, query, 10_000, None, weight)
            passing = np.isin(full.rows, selection.passages)
            for k in (1, 8):
                fused = retrieve.fuse(view, query, k, selection, weight)
                assert fused.rows.tolist() == full.rows[passing][:k].tolist()
                assert fused.scores.tolist() == pytest.approx(full.scores[passing][:k].tolist(), abs=2e-6)


def test_a_filter_on_sources_or_ids_passes_exactly_those(make_library):
    library = make_library(collection(5))
    search = Retriever(library).search
    assert {hit.source for hit in search("lithium price", 200, only=ArticleFilter(sources=("Argus",)))} == {"Argus"}
    assert {hit.article_id for hit in search("lithium price", 200, only=ArticleFilter(ids=("a1", "a2")))} <= {"a1", "a2"}
    assert {hit.source for hit in search("lithium price", 200, only=ArticleFilter(sources=("argus",)))} == {"Argus"}
    assert search("lithium price", 10, only=ArticleFilter(sources=("Arg",))) == []
    assert search("lithium price", 10, only=ArticleFilter(ids=())) == []
    assert search("lithium price", 10, only=ArticleFilter(sources=())) == []


@pytest.mark.parametrize(
    ("after", "before", "expected"),
    [
        ("2021", None, {"2021", "2021-03", "2021-03-14", "2021-12-31", "2022-01-01"}),
        ("2021-03-14", None, {"2021", "2021-03", "2021-03-14", "2021-12-31", "2022-01-01"}),
        ("2021-03-15", None, {"2021", "2021-03", "2021-12-31", "2022-01-01"}),
        ("2021-04", None, {"2021", "2021-12-31", "2022-01-01"}),
        ("2022-01-02", None, set()),
        (None, "2021", {"2020-12-31", "2021", "2021-03", "2021-03-14", "2021-12-31"}),
        (None, "2021-03-14", {"2020-12-31", "2021", "2021-03", "2021-03-14"}),
        (None, "2021-03-13", {"2020-12-31", "2021", "2021-03"}),
        (None, "2020-12-31", {"2020-12-31"}),
        (None, "2020-12-30", set()),
        ("2021", "2021", {"2021", "2021-03", "2021-03-14", "2021-12-31"}),
        ("2021-03-14", "2021-03-14", {"2021", "2021-03", "2021-03-14"}),
        ("2022", "2020", set()),
    ],
)
def test_dates_are_inclusive_may_be_partial_and_the_undated_never_pass(make_library, after, before, expected):
    dates = ("2020-12-31", "2021", "2021-03", "2021-03-14", "2021-12-31", "2022-01-01", None)
    words = ("Nickel", "Cobalt", "Copper", "Gallium", "Lithium", "Graphite", "Antimony")
    articles = [Article(id=f"d{n}", text=f"{words[n]} stands here.", title="T", published=date) for n, date in enumerate(dates)]
    hits = Retriever(make_library(articles)).search("what stands here?", 20, only=ArticleFilter(after=after, before=before))
    assert {hit.published for hit in hits} == expected


@pytest.mark.usefixtures("_depth")
def test_updates_and_removals_show_at_once(make_library):
    library = make_library(collection(6))
    chance = random.Random(60)
    for step in range(2):
        library.add([Article(id=f"a{n}", text=written(chance), title="New", source="Reuters") for n in chance.sample(range(60), 5)])
        library.remove(*chance.sample(sorted(record["id"] for record in library.articles()), 4))
        with library.view() as view:
            live = {record["id"] for record in library.articles()}
            for query in QUERIES[:3]:
                expected = brute_force(view, query)
                for k in (3, 500):
                    fused = retrieve.fuse(view, query, k, None, 0.5)
                    check_ranking(fused.rows.tolist(), fused.scores.tolist(), expected)
                assert {view.record(view.passages([row])[0].article)["id"] for row, _ in expected} == live, step


def test_what_was_removed_is_found_no_more_and_what_replaced_it_is(make_library):
    library = make_library([Article(id="a", text="Zinc was found in Peru.", title="T"), Article(id="b", text="Tin was found.", title="T")])
    retriever = Retriever(library)
    library.add([Article(id="a", text="Gold was found in Ghana.", title="T")])
    assert [hit.text for hit in retriever.search("gold in Ghana", 1)] == ["Gold was found in Ghana."]
    assert all("Zinc" not in hit.text for hit in retriever.search("zinc in Peru", 10))
    library.remove("a")
    assert [hit.article_id for hit in retriever.search("gold", 10)] == ["b"]


def test_a_hit_says_where_it_stands_and_what_it_holds(make_library):
    library = make_library(collection(7))
    hits = Retriever(library).search("lithium quota", 20)
    assert [hit.rank for hit in hits] == list(range(1, 21))
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    with library.view() as view:
        for hit in hits:
            article = library.article(hit.article_id)
            assert hit.text == article.text[hit.start : hit.end]
            assert (hit.title, hit.source, hit.published) == (article.title, article.source, article.published)
            ordinal = int(hit.passage_id.removeprefix(f"{hit.article_id}:"))
            passage = view.store.article_passages(view.store.article_row(hit.article_id))[ordinal]
            assert (passage.start, passage.end) == (hit.start, hit.end)


@pytest.mark.parametrize("query", ["zeppelin", "Who?", "the of and", "漢字", "😀 a", "*", "text:lithium AND (", "x" * 10_000])
def test_any_words_may_be_searched(make_library, query):
    library = make_library(collection(8, articles=20))
    with library.view() as view:
        expected = brute_force(view, query)
        fused = retrieve.fuse(view, query, 10, None, 0.5)
        check_ranking(fused.rows.tolist(), fused.scores.tolist(), expected)
    assert len(Retriever(library).search(query, 3)) == 3


def test_with_no_known_word_the_vectors_alone_decide(make_library):
    with make_library(collection(9)).view() as view:
        fused = retrieve.fuse(view, "zeppelin", 1000, None, 0.5)
        assert not fused.bm25.any()
        assert fused.rows.tolist() == view.dense(view.embed_query("zeppelin"), 1000).rows.tolist()


def test_an_empty_index_finds_nothing(make_library):
    retriever = Retriever(make_library())
    assert retriever.search("lithium", 10) == []
    assert retriever.search("lithium", 10, only=ArticleFilter(sources=("Reuters",))) == []
    assert retriever.run("lithium") == []


@pytest.mark.parametrize("k", [0, -1])
@pytest.mark.parametrize("articles", [0, 3, 150])
def test_nothing_asked_for_is_nothing_found(make_library, k, articles):
    library = make_library([Article(id=f"a{n}", text=f"Lithium mine {n} opened.", title="T") for n in range(articles)])
    assert Retriever(library).search("lithium", k) == []


def test_a_weight_of_one_is_the_vectors_and_of_zero_the_words(make_library):
    library = make_library(collection(10))
    with library.view() as view:
        for query in QUERIES[:3]:
            dense = view.dense(view.embed_query(query), 20)
            lexical = view.lexical(" ".join(content_words(query)), 20)
            assert retrieve.fuse(view, query, 20, None, 1.0).rows.tolist() == dense.rows.tolist()
            assert retrieve.fuse(view, query, 20, None, 0.0).scores.tolist() == pytest.approx(
                (lexical.scores / lexical.scores[0]).tolist(), abs=2e-6
            )


# --- copies -----------------------------------------------------------------------------------------------------------

TEXT = "Chile asked Codelco to lead its lithium plan, and the state will hold a majority of the new venture from 2025 on."
NEAR = TEXT.replace("from 2025 on", "after 2025")
OTHER = "Peru shut a copper smelter on the coast after protests by the fishermen of the harbour."


def test_copies_and_near_copies_are_shown_once_and_named(make_library):
    articles = [
        Article(id="first", text=TEXT, title="T"),
        Article(id="copy", text=TEXT, title="T"),
        Article(id="near", text=NEAR, title="T"),
        Article(id="other", text=OTHER, title="T"),
    ]
    hits = Retriever(make_library(articles)).search("Chile lithium plan of Codelco from 2025 on", 10)
    assert [(hit.article_id, hit.also_in) for hit in hits] == [("first", ("copy", "near")), ("other", ())]
    assert [hit.rank for hit in hits] == [1, 2]


def test_a_copy_that_the_filter_leaves_out_is_not_named(make_library):
    articles = [Article(id=name, text=TEXT, title="T", source=name) for name in ("x", "y")]
    retriever = Retriever(make_library(articles))
    assert [{hit.article_id, *hit.also_in} for hit in retriever.search("Codelco", 10)] == [{"x", "y"}]
    hits = retriever.search("Codelco", 10, only=ArticleFilter(sources=("y",)))
    assert [(hit.article_id, hit.also_in) for hit in hits] == [("y", ())]


def test_the_same_text_under_another_title_is_one_hit(make_library):
    articles = [Article(id="x", text=TEXT, title="T"), Article(id="y", text=TEXT, title="Quite another title " * 6)]
    hits = Retriever(make_library(articles)).search("Codelco", 10)
    assert len(hits) == 1
    assert {hits[0].article_id, *hits[0].also_in} == {"x", "y"}


def test_near_copies_are_named_whatever_the_number_of_hits(make_library):
    near = TEXT.replace("Chile", "Republic of Chile", 1)
    retriever = Retriever(make_library([Article(id="x", text=TEXT, title="T"), Article(id="y", text=near, title="T")]))
    assert [(hit.article_id, hit.also_in) for hit in retriever.search("Codelco", 1)] == [
        (hit.article_id, hit.also_in) for hit in retriever.search("Codelco", 5)
    ]


def test_copies_never_take_the_place_of_other_passages(make_library):
    copies = [Article(id=f"c{n:03}", text=TEXT, title="T") for n in range(150)]
    others = [Article(id=f"o{n}", text=f"{OTHER} {word.capitalize()} was found.", title="T") for n, word in enumerate(VOCABULARY[:1])]
    hits = Retriever(make_library([*copies, *others])).search("Chile lithium plan of Codelco", 2)
    assert [hit.article_id for hit in hits] == ["c000", "o0"]
    assert hits[0].also_in == tuple(f"c{n:03}" for n in range(1, 150))


def test_what_is_merely_alike_is_no_copy(make_library):
    articles = [
        Article(id="a", text="Output of lithium rose by nine percent in Chile last year.", title="T"),
        Article(id="b", text="In Chile last year output of copper by contrast fell by eleven percent.", title="T"),
    ]
    hits = Retriever(make_library(articles)).search("output in Chile", 10)
    assert {(hit.article_id, hit.also_in) for hit in hits} == {("a", ()), ("b", ())}


def test_distinct_passages_are_the_same_whatever_k(make_library):
    retriever = Retriever(make_library(collection(11)))
    for query in QUERIES:
        everything = retriever.search(query, 1000)
        for k in (1, 3, 10):
            assert [hit.passage_id for hit in retriever.search(query, k)] == [hit.passage_id for hit in everything[:k]]


# --- runs -------------------------------------------------------------------------------------------------------------


def test_a_run_has_one_row_an_article_with_the_score_of_its_best_passage(make_library):
    library = make_library(collection(12, articles=40))
    for query in QUERIES:
        with library.view() as view:
            best = {}
            for row, score in brute_force(view, query, retrieve.DENSE_WEIGHT):
                best.setdefault(view.record(view.passages([row])[0].article)["id"], score)
        run = Retriever(library).run(query)
        assert dict(run) == pytest.approx(best, abs=2e-6)
        assert len(run) == len(best) == 40
        assert [score for _, score in run] == sorted((score for _, score in run), reverse=True)
        assert [article_id for article_id, _ in Retriever(library).run(query, 7)] == [article_id for article_id, _ in run[:7]]


def test_a_run_is_a_hundred_deep_and_never_collapses_copies(make_library):
    library = make_library([Article(id=f"c{n:03}", text=TEXT, title="T") for n in range(130)])
    run = Retriever(library).run("Codelco")
    assert [article_id for article_id, _ in run] == [f"c{n:03}" for n in range(100)]  # ties by row
    assert len({score for _, score in run}) == 1


def test_a_run_looks_past_the_many_passages_of_one_article(make_library):
    long = " ".join(
        f"Lithium lithium lithium plant number {n} opened in the desert near the river, with a new battery line." for n in range(250)
    )
    others = [Article(id=f"o{n}", text=f"{word.capitalize()} fell.", title="T") for n, word in enumerate(VOCABULARY[1:])]
    run = Retriever(make_library([Article(id="long", text=long, title="Lithium"), *others])).run("lithium plant", 10)
    assert run[0][0] == "long"
    assert len(run) == len(dict(run)) == 10


def test_hits_and_runs_agree_on_the_best(make_library):
    library = make_library(collection(13))
    for query in QUERIES:
        assert Retriever(library).run(query)[0][0] == Retriever(library).search(query, 1)[0].article_id

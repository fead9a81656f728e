"""The index as LangChain's retriever and vector store: what is given comes back, and what is found is what brute force finds."""

import asyncio
import gc
import random
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.indexing import InMemoryRecordManager, index
from langchain_core.vectorstores import InMemoryVectorStore

from index import Article, ArticleError, ArticleFilter, AssayError, Library, MismatchError
from rag import AssayEmbeddings, AssayRetriever, AssayVectorStore, LangChainEmbedder, Pipeline, Retriever
from rag.adapters import AdapterError

WORDS = "ore mine metal price export quota brine cobalt nickel lithium copper smelter refinery port minister".split()
FAKE = DeterministicFakeEmbedding(size=24)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3),
    max_leaves=6,
)
METADATA = {
    "source": "Reuters",
    "n": 1,
    "share": 0.5,
    "none": None,
    "nested": {"a": [1, "1", True, {"b": None}]},
    "id": 7,
    "start_index": 99,
}


def texts(n, seed=0):
    chance = random.Random(seed)
    return [f"mark{i} {' '.join(chance.choices(WORDS, k=chance.randint(3, 30)))}." for i in range(n)]


def documents(n, seed=0):
    sources, dates = ("Reuters", "Argus", None), ("2021", "2022-05", "2023-07-01", None)
    return [
        Document(text, id=f"d{i}", metadata={"n": i, "source": sources[i % 3], "date": dates[i % 4]})
        for i, text in enumerate(texts(n, seed))
    ]


def articles():
    chance = random.Random(1)
    for i in range(12):
        sentences = " ".join(" ".join(chance.choices(WORDS, k=9)).capitalize() + "." for _ in range(8))
        about = {
            "source": ("Reuters", "Argus")[i % 2],
            "authors": ("A. Writer",),
            "published": f"202{i % 5}",
            "url": f"https://example.org/{i}",
        }
        yield Article(id=f"a{i}", text=f"  {sentences}\n", title=f"Title {i}", metadata={"desk": "metals", "score": "high"}, **about)


@pytest.fixture
def store(make_library):
    return AssayVectorStore(make_library())


@pytest.fixture(scope="module")
def fake(tmp_path_factory):
    """A store on an embedding model of LangChain's, cosines of both signs, and the reference store of LangChain on the same."""
    with Library.open(tmp_path_factory.mktemp("fake") / "i", model=LangChainEmbedder(FAKE)) as library:
        ours, theirs = AssayVectorStore(library), InMemoryVectorStore(FAKE)
        for one in (ours, theirs):
            one.add_documents(documents(40))
        yield ours, theirs


def names(found):
    return [document.id for document in found]


# --- what is given comes back -----------------------------------------------------------------------------------------


@settings(max_examples=15)
@given(
    text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60).map(lambda text: text + " word \n"),
    metadata=st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), JSON, max_size=4),
)
def test_a_document_comes_back_as_it_was_given_whoever_is_asked(store, text, metadata):
    wanted = Document(text, id="d", metadata=metadata)
    assert store.add_documents([wanted]) == ["d"]
    assert store.get_by_ids(["d"]) == store.similarity_search("word") == AssayRetriever(library=store.library).invoke("word") == [wanted]
    assert store.library.article("d").metadata == metadata


@pytest.mark.parametrize(
    "text",
    ["A title\n\nAll rights reserved.", "Sources: Reuters, AP", "Advertisement", "One. Two.\n\n# Three\n\nFour.", " \n word \t"],
    ids=repr,
)
def test_no_part_of_a_document_is_boilerplate_a_title_or_metadata(store, text, embedder):
    store.add_documents([Document(text, id="d", metadata=METADATA)])
    assert store.library.counts() == (1, 1)
    (found,) = store.similarity_search("word")
    assert (found.page_content, found.metadata) == (text, METADATA)
    assert [type(value) for value in found.metadata.values()] == [type(value) for value in METADATA.values()]
    with store.library.view() as view:
        assert (view.vectors([1]) == embedder.embed_documents([text])).all()


def test_a_document_longer_than_the_model_reads_is_one_passage_embedded_by_its_beginning(store, embedder):
    text = " ".join(texts(200))
    store.add_texts([text], ids=["long"])
    ((found, score),) = store.similarity_search_with_score(text)
    assert found.page_content == text
    assert score == pytest.approx(1)
    assert embedder.count_tokens([text])[0] > 10 * embedder.max_tokens


def test_what_is_returned_shares_nothing_with_what_else_is(make_library):
    library = make_library([Article(id="a", text="A smelter. " * 60, title="S", metadata={"list": [1]})])
    first, second, *_ = AssayVectorStore(library).similarity_search("smelter")
    first.metadata["list"].append(2)
    assert second.metadata["list"] == library.article("a").metadata["list"] == [1]


def test_documents_are_known_by_what_they_say_of_themselves(store):
    said = {"title": "Prices", "source": "Reuters", "date": "21 April 2023", "url": "https://example.org/1"}
    store.add_documents(
        [Document("Lithium prices fell.", id="a", metadata=said), Document("Cobalt rose.\nA little.", id="b", metadata={"title": 5})]
    )
    article = store.library.article("a")
    assert (article.title, article.source, article.published, article.published_raw) == ("Prices", "Reuters", "2023-04-21", "21 April 2023")
    assert article.url == "https://example.org/1"
    assert store.library.article("b").title == "Cobalt rose."
    assert not article.not_citable


def test_a_document_is_quoted_in_answers(store):
    store.add_documents([Document("Chile opened the Salvador mine in May. It is deep.", id="d", metadata=METADATA)])
    answer = Pipeline(store.library, threshold=0).ask("Which mine did Chile open?")
    (citation,) = answer.citations
    assert (citation.article_id, citation.quote, citation.source) == ("d", "Chile opened the Salvador mine in May.", "Reuters")
    assert store.library.article("d").text[citation.start : citation.end] == citation.quote


# --- ids --------------------------------------------------------------------------------------------------------------


def test_ids_are_made_where_none_are_given(store):
    made = store.add_documents([Document("Lithium."), Document("Cobalt.", id="mine"), Document("Lithium.")])
    assert made[1] == "mine"
    assert len(set(made)) == 3
    assert [document.page_content for document in store.get_by_ids(made)] == ["Lithium.", "Cobalt.", "Lithium."]
    assert store.add_texts(["Nickel."], ids=[""]) != [""]


def test_the_same_again_changes_nothing_and_another_text_replaces(store, embedder):
    store.add_documents(documents(5))
    before, embedded = store.library.articles(), embedder.embedded
    assert store.add_documents(documents(5)) == names(documents(5))
    assert (store.library.articles(), embedder.embedded) == (before, embedded)
    store.add_texts(["Another text."], [{"n": "new"}], ids=["d3"])
    assert store.get_by_ids(["d3"]) == [Document("Another text.", id="d3", metadata={"n": "new"})]
    assert store.library.counts() == (5, 5)


def test_of_an_id_that_is_given_twice_the_last_stands(store):
    assert store.add_texts(["One.", "Two.", "Three."], ids=["d", "e", "d"]) == ["d", "e", "d"]
    assert [document.page_content for document in store.get_by_ids(["d", "e"])] == ["Three.", "Two."]


def test_one_text_under_two_ids_is_two_documents_in_the_store_and_one_hit_of_the_search(store):
    store.add_texts(["Lithium prices fell again today."] * 2 + ["Cobalt rose."], ids=["a", "b", "c"])
    assert names(store.similarity_search("Lithium prices", k=2)) == ["a", "b"]
    assert names(AssayRetriever(library=store.library).invoke("Lithium prices")) == ["a", "c"]


@pytest.mark.parametrize("bad", ["a b", "a\n", "a\u00a0b", "\0", "\x1b[2J", "a\ud800", "x" * 1_001], ids=ascii)
def test_an_id_that_cannot_be_one_is_refused_and_nothing_is_added(store, bad):
    with pytest.raises(ValueError, match=r"text 2 of 3, .* the id .*none was added") as refusal:
        store.add_texts(["One.", "Two.", "Three."], ids=["1", bad, "3"])
    assert isinstance(refusal.value, ArticleError)
    assert "\n" not in str(refusal.value)
    assert store.library.counts() == (0, 0)
    assert store.get_by_ids([bad, f"{bad}:0"]) == []
    assert store.delete([bad])


@pytest.mark.parametrize("bad", ["", " \n", "…", "a\0b", "a\ud800"], ids=ascii)
def test_a_text_that_cannot_be_one_is_refused_and_nothing_is_added(store, bad):
    with pytest.raises(ArticleError, match="text 2 of 2") as refusal:
        store.add_documents([Document("One."), Document(bad)])
    assert "\n" not in str(refusal.value)
    assert store.library.counts() == (0, 0)


def nested(levels):
    value = 1
    for _ in range(levels):
        value = [value]
    return value


CIRCLE = []
CIRCLE.append(CIRCLE)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (object(), "a object in metadata['key']"),
        ((1, 2), "a tuple in metadata['key']"),
        (float("nan"), "nan in metadata['key']"),
        ([1, {"inner": float("inf")}], "inf in metadata['key'][1]['inner']"),
        ({1: 2}, "the key 1 in metadata['key']"),
        ({None: 2}, "the key None in metadata['key']"),
        (b"bytes", "a bytes in metadata['key']"),
        (np.int64(1), "a int64 in metadata['key']"),
        ("a\ud800b", "a lone surrogate in metadata['key']"),
        ({"\ud800": 1}, "surrogate"),
        (nested(100_000), "more than 100 levels in metadata['key']"),
        (CIRCLE, "more than 100 levels in metadata['key']"),
        (10**5_000, "metadata that JSON can hold"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_metadata_that_would_not_come_back_are_refused_by_their_key_and_nothing_is_added(store, value, said):
    with pytest.raises(ArticleError) as refusal:
        store.add_texts(["One.", "Two."], [{}, {"fine": 1, "key": value}])
    assert said in str(refusal.value)
    assert str(refusal.value).startswith("text 2 of 2")
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 400
    assert store.library.counts() == (0, 0)


def test_metadata_may_be_as_deep_as_is_said(store):
    store.add_texts(["One."], [{"key": nested(49)}], ids=["d"])
    assert store.get_by_ids(["d"])[0].metadata == {"key": nested(49)}


@pytest.mark.parametrize(("what", "count"), [("ids", 1), ("ids", 3), ("metadatas", 1), ("metadatas", 3)])
def test_as_many_of_each_are_expected(store, what, count):
    with pytest.raises(ValueError, match=f"as many {what} as texts, found {count} for 2"):
        store.add_texts(["One.", "Two."], **{what: [{} if what == "metadatas" else f"d{n}" for n in range(count)]})
    assert store.library.counts() == (0, 0)


# --- what is found ----------------------------------------------------------------------------------------------------


def test_scores_are_the_cosines_of_all_documents_with_the_query(fake):
    ours, _ = fake
    matrix = np.array(FAKE.embed_documents(texts(40)))
    query = np.array(FAKE.embed_query("lithium price"))
    cosines = matrix @ query / (np.linalg.norm(matrix, axis=1) * np.linalg.norm(query))
    found = ours.similarity_search_with_score("lithium price", k=100)
    assert names(document for document, _ in found) == [f"d{i}" for i in np.argsort(-cosines)]
    assert [score for _, score in found] == pytest.approx(sorted(cosines, reverse=True), abs=1e-6)
    assert cosines.min() < 0 < cosines.max()


@pytest.mark.parametrize("k", [0, 1, 7, 40, 41])
def test_it_finds_what_langchains_own_store_finds(fake, k):
    ours, theirs = fake
    for query in ("lithium price", "Who exports cobalt?", ""):
        assert ours.similarity_search(query, k) == theirs.similarity_search(query, k)
        vector = FAKE.embed_query(query)
        expected = theirs.similarity_search_by_vector(vector, k)
        assert ours.similarity_search_by_vector(vector, k) == expected
        assert ours.similarity_search_by_vector([3 * number for number in vector], k) == expected


@pytest.mark.parametrize("lambda_mult", [0, 0.3, 0.5, 1])
@pytest.mark.parametrize(("k", "fetch_k"), [(4, 20), (10, 10), (12, 5), (40, 100), (0, 5), (3, 0)])
def test_marginal_relevance_chooses_what_langchains_own_store_and_brute_force_choose(fake, k, fetch_k, lambda_mult):
    ours, theirs = fake
    vectors = {document.id: np.array(FAKE.embed_query(document.page_content)) for document in documents(40)}
    query = np.array(FAKE.embed_query("lithium price"))
    left = names(theirs.similarity_search("lithium price", fetch_k))
    expected = []
    while left and len(expected) < k:
        worth = {
            name: lambda_mult * cosine(query, vectors[name])
            - (1 - lambda_mult) * max((cosine(vectors[name], vectors[other]) for other in expected), default=0)
            for name in left
        }
        expected.append(max(left, key=worth.get) if expected else left[0])
        left.remove(expected[-1])
    options = {"k": k, "fetch_k": fetch_k, "lambda_mult": lambda_mult}
    assert names(ours.max_marginal_relevance_search("lithium price", **options)) == expected
    assert names(ours.max_marginal_relevance_search_by_vector(query.tolist(), **options)) == expected
    assert names(theirs.max_marginal_relevance_search("lithium price", **options)) == expected


def cosine(one, other):
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))


def test_relevance_is_the_cosine_laid_over_nought_to_one(fake):
    ours, _ = fake
    scored = ours.similarity_search_with_score("lithium price", k=40)
    relevant = ours.similarity_search_with_relevance_scores("lithium price", k=40)
    assert relevant == [(document, pytest.approx((1 + score) / 2)) for document, score in scored]
    threshold = relevant[4][1]
    assert ours.similarity_search_with_relevance_scores("lithium price", k=40, score_threshold=threshold) == relevant[:5]
    retriever = ours.as_retriever(search_type="similarity_score_threshold", search_kwargs={"score_threshold": threshold, "k": 9})
    assert retriever.invoke("lithium price") == [document for document, _ in relevant[:5]]


def test_the_same_and_the_opposite_are_within_nought_and_one(fake):
    ours, _ = fake
    relevance = ours._select_relevance_score_fn()
    assert [relevance(value) for value in (1.0000001, 1, 0, -1, -1.0000001)] == [1, 1, 0.5, 0, 0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ours.similarity_search_with_relevance_scores(texts(1)[0], k=1)[0][1] == pytest.approx(1)


@pytest.mark.parametrize(
    "bad", [[], [1.0] * 23, [0.0] * 24, [float("nan")] + [1.0] * 23, ["x"] * 24, [[1.0] * 24], [float("inf")] * 24], ids=repr
)
def test_a_vector_that_is_none_of_the_index_is_refused(fake, bad):
    with pytest.raises(AdapterError, match="expected a vector of 24 finite numbers"):
        fake[0].similarity_search_by_vector(bad)
    with pytest.raises(AdapterError, match="expected a vector of 24 finite numbers"):
        fake[0].max_marginal_relevance_search_by_vector(bad)


FILTERS = [
    ({"source": "reuters"}, lambda said: said["source"] == "Reuters"),
    ({"source": ["Argus", "Reuters"]}, lambda said: said["source"] is not None),
    ({"after": "2022"}, lambda said: (said["date"] or "") >= "2022"),
    ({"before": "May 2022"}, lambda said: said["date"] in ("2021", "2022-05")),
    ({"after": "2022-05-03", "before": "2022", "source": ("Argus",)}, lambda said: (said["date"], said["source"]) == ("2022-05", "Argus")),
    ({"ids": ["d3", "d30", "x"]}, lambda said: said["n"] in (3, 30)),
    ({"ids": []}, lambda _: False),
    ({}, lambda _: True),
    (None, lambda _: True),
    (ArticleFilter(sources=("Argus",)), lambda said: said["source"] == "Argus"),
]


@pytest.mark.parametrize(("only", "passes"), FILTERS, ids=[repr(only) for only, _ in FILTERS])
def test_a_filter_leaves_of_the_whole_ranking_those_that_pass(fake, only, passes):
    ours, _ = fake
    whole = [document for document in ours.similarity_search("lithium price", k=40) if passes(document.metadata)]
    assert ours.similarity_search("lithium price", k=40, filter=only) == whole
    assert ours.similarity_search("lithium price", k=3, filter=only) == whole[:3]
    assert ours.similarity_search_by_vector(FAKE.embed_query("lithium price"), k=40, filter=only) == whole
    assert ours.as_retriever(search_kwargs={"k": 40, "filter": only}).invoke("lithium price") == whole
    every = ours.max_marginal_relevance_search("lithium price", k=40, fetch_k=40, filter=only)
    assert sorted(names(every)) == sorted(names(whole))
    assert {document.metadata["n"] for document in AssayRetriever(library=ours.library, k=40).invoke("lithium", filter=only)} == {
        document.metadata["n"] for document in whole
    }


@pytest.mark.parametrize(
    "bad",
    [
        {"editor": "A"},
        {"source": 5},
        {"source": [5]},
        {"after": "soon"},
        {"before": 2023},
        {"ids": {"a": 1}},
        "Reuters",
        5,
        ["a"],
        lambda _: True,
    ],
    ids=lambda bad: "function" if callable(bad) else ascii(bad),
)
def test_what_is_no_filter_is_refused_rather_than_ignored(store, bad):
    for search in (store.similarity_search, store.max_marginal_relevance_search, AssayRetriever(library=store.library).invoke):
        with pytest.raises(AdapterError, match=r"^expected .*found"):
            search("lithium", filter=bad)
    with pytest.raises(ValueError, match=r"expected .*found"):
        AssayRetriever(library=store.library, filter=bad)


def test_a_misspelt_argument_is_refused_rather_than_ignored(store):
    with pytest.raises(AdapterError, match="'filters'"):
        store.similarity_search("lithium", filters={"source": "Reuters"})
    with pytest.raises(AdapterError, match="'filters'"):
        store.max_marginal_relevance_search("lithium", filters={})
    with pytest.raises(AdapterError, match="'metadata'"):
        store.add_texts(["One."], metadata=[{}])


# --- articles that were cut -------------------------------------------------------------------------------------------


def test_the_retriever_returns_the_hits_of_the_search_with_exact_spans(make_library):
    library = make_library(list(articles()))
    assert library.counts()[1] > 20
    found = AssayRetriever(library=library, k=9).invoke("copper quota for the port")
    hits = Retriever(library).search("copper quota for the port", 9)
    assert len(found) == len(hits) == 9
    for document, hit in zip(found, hits, strict=True):
        article = library.article(hit.article_id)
        assert document.page_content == hit.text == article.text[document.metadata["start_index"] : document.metadata["end_index"]]
        assert document.id == hit.passage_id
        assert document.metadata == {
            "desk": "metals",
            "article_id": hit.article_id,
            "passage_id": hit.passage_id,
            "title": article.title,
            "source": article.source,
            "authors": ["A. Writer"],
            "published": article.published,
            "url": article.url,
            "start_index": hit.start,
            "end_index": hit.end,
            "score": hit.score,
            "rank": hit.rank,
            "also_in": list(hit.also_in),
        }


def test_copies_are_named_on_the_one_that_is_shown(make_library):
    text = "Chile opened the Salvador mine in May of that year."
    library = make_library([Article(id=name, text=text, title="T") for name in "ab"])
    (found,) = AssayRetriever(library=library).invoke("Salvador mine")
    assert (found.metadata["article_id"], found.metadata["also_in"]) == ("a", ["b"])


def test_k_and_filter_are_set_once_or_with_each_call(make_library):
    library = make_library(list(articles()))
    retriever = AssayRetriever(library=library, k=3, filter={"source": "reuters"})
    assert [document.metadata["source"] for document in retriever.invoke("copper")] == ["Reuters"] * 3
    assert len(retriever.invoke("copper", k=5)) == 5
    assert {document.metadata["source"] for document in retriever.invoke("copper", filter=ArticleFilter(sources=("Argus",)))} == {"Argus"}
    assert {document.metadata["source"] for document in retriever.invoke("copper", k=50, filter={})} == {"Argus", "Reuters"}
    assert retriever.invoke("copper", k=0) == []
    assert asyncio.run(retriever.ainvoke("copper", k=2, filter={"ids": ["a2"]})) == retriever.invoke("copper", k=2, filter={"ids": ["a2"]})
    assert retriever.batch(["copper", "ore"]) == [retriever.invoke("copper"), retriever.invoke("ore")]


@pytest.mark.parametrize(
    "query", ["", "???", "\ud800", "x" * 10_000, "SELECT * FROM articles; --", 'title:"a" AND (b'], ids=lambda query: ascii(query[:20])
)
def test_any_words_may_be_searched(make_library, query):
    library = make_library(list(articles()))
    assert len(AssayRetriever(library=library).invoke(query)) == 4
    assert len(AssayVectorStore(library).similarity_search(query)) == 4


def test_the_store_finds_the_passages_of_articles_too_and_keeps_ids_apart(make_library):
    library = make_library()
    store = AssayVectorStore(library)
    nickel = [Document("Nickel.", id=name, metadata={"article_id": "mine", "passage_id": "x"}) for name in ("b:1:1", "a1:0")]
    store.add_documents(nickel[:1])
    library.add(list(articles()), Article(id="b:1", text="A smelter. " * 60, title="S"))
    store.add_documents(nickel[1:])
    found = store.similarity_search("copper quota", k=1_000)
    assert len(found) == library.counts()[1]
    for document in found:
        about = document.metadata
        if document.page_content != "Nickel.":
            assert document.page_content == library.article(about["article_id"]).text[about["start_index"] : about["end_index"]]
            assert "score" not in about or about["score"] == "high"
    assert {
        document.id: document for document in store.get_by_ids(["b:1:0", "a2:1", "a1:0", "b:1:1", "a2:999", "a2", "b:1", "a2:x", ":", ""])
    } == {document.id: document for document in found if document.id in ("b:1:0", "a2:1") or document.page_content == "Nickel."}


def test_a_passage_is_not_deleted_without_its_article(make_library):
    library = make_library(list(articles()))
    store = AssayVectorStore(library)
    with pytest.raises(AdapterError, match="'a2:1' is a passage; delete its article, 'a2'"):
        store.delete(["a1", "a2:1"])
    assert len(library.articles()) == 12
    assert store.delete(["a2", "a3", "a2"])
    assert {record["id"] for record in library.articles()} == {f"a{n}" for n in range(12)} - {"a2", "a3"}


# --- deleting, keeping ------------------------------------------------------------------------------------------------


def test_what_is_deleted_is_found_no_more(store):
    store.add_documents(documents(6))
    assert store.delete(["d1", "x", "d3", "d1"])
    assert sorted(names(store.similarity_search("ore", k=9))) == ["d0", "d2", "d4", "d5"]
    assert store.get_by_ids(["d5", "d1", "d0", "d5"]) == [documents(6)[5], documents(6)[0]]
    assert store.delete([])
    assert store.library.counts() == (4, 4)
    assert store.delete()
    assert store.similarity_search("ore") == []
    assert store.delete()


def test_deleting_what_is_missing_writes_nothing(store):
    store.add_documents(documents(2))
    before = store.library.settings()
    store.delete(["x", "d0:0", "d9"])
    assert store.library.settings() == before


def test_what_was_added_is_found_after_opening_again(tmp_path):
    folder = tmp_path / "kept.assay"
    first = AssayVectorStore.from_documents(documents(30), FAKE, folder=folder)
    found = first.similarity_search_with_score("lithium", k=30)
    first.library.close()
    with Library.open(folder, model=LangChainEmbedder(FAKE), create=False) as library:
        assert AssayVectorStore(library).similarity_search_with_score("lithium", k=30) == found
        assert library.doctor().faults == ()
    again = AssayVectorStore.from_texts(["Nickel."], FAKE, ids=["new"], folder=str(folder))
    assert again.library.counts() == (31, 31)
    assert sorted(path.suffix for path in folder.rglob("*") if path.suffix in (".pkl", ".pickle", ".json")) == [".json", ".json"]
    with pytest.raises(MismatchError, match="was made with model langchain DeterministicFakeEmbedding"):
        AssayVectorStore.from_texts(["Nickel."], DeterministicFakeEmbedding(size=25), folder=folder)


def test_an_index_on_a_model_of_langchains_says_so_when_it_is_opened_without(tmp_path):
    folder = tmp_path / "kept.assay"
    AssayVectorStore.from_documents(documents(3), FAKE, folder=folder)
    with Library.open(folder) as library, pytest.raises(AssayError, match="no model 'langchain DeterministicFakeEmbedding'"):
        AssayVectorStore(library).similarity_search("ore")


def test_without_a_folder_the_index_goes_away_with_the_store():
    store = AssayVectorStore.from_texts(["Lithium.", "Cobalt."], FAKE, [{"n": 1}, {"n": 2}], ids=["a", "b"])
    folder = Path(store.library.folder)
    retriever = store.as_retriever(search_kwargs={"k": 1})
    del store
    gc.collect()
    assert retriever.invoke("Cobalt.") == [Document("Cobalt.", id="b", metadata={"n": 2})]
    del retriever
    gc.collect()
    assert not folder.exists()


def test_a_refusal_leaves_no_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(ArticleError):
        AssayVectorStore.from_texts([""], FAKE)
    assert list(tmp_path.iterdir()) == []


def test_the_async_twins_do_the_same(make_library):
    async def everything():
        store = AssayVectorStore(make_library(model=LangChainEmbedder(FAKE)))
        await store.aadd_documents(documents(10))
        await store.aadd_texts(["Nickel."], [{"n": 10}], ids=["e"])
        await store.adelete(["d9"])
        assert names(await store.aget_by_ids(["e", "d9", "d1"])) == ["e", "d1"]
        vector, options = FAKE.embed_query("ore"), {"k": 5, "filter": {"source": "Reuters"}}
        assert await store.asimilarity_search("ore", **options) == store.similarity_search("ore", **options)
        assert await store.asimilarity_search_with_score("ore", **options) == store.similarity_search_with_score("ore", **options)
        assert await store.asimilarity_search_by_vector(vector, **options) == store.similarity_search_by_vector(vector, **options)
        assert await store.amax_marginal_relevance_search("ore", **options) == store.max_marginal_relevance_search("ore", **options)
        assert await store.as_retriever(search_kwargs=options).ainvoke("ore") == store.similarity_search("ore", **options)
        relevant = await store.asimilarity_search_with_relevance_scores("ore", k=3)
        assert relevant == store.similarity_search_with_relevance_scores("ore", k=3)
        made = await AssayVectorStore.afrom_documents(documents(3), FAKE)
        return await made.asimilarity_search("ore", k=9)

    assert len(asyncio.run(everything())) == 3


def test_langchains_own_indexing_keeps_the_store_in_step(store):
    record = InMemoryRecordManager("assay")
    record.create_schema()

    def run(of):
        return index(of, record, store, cleanup="full", source_id_key="source", key_encoder="sha256")

    given = [Document(document.page_content, metadata=document.metadata) for document in documents(6)]
    assert run(given)["num_added"] == 6
    assert run(given)["num_skipped"] == 6
    changed = run([*given[:4], Document("Another.", metadata={"source": "AP"})])
    assert (changed["num_added"], changed["num_deleted"]) == (1, 2)
    assert {document.page_content for document in store.similarity_search("ore", k=9)} == {*texts(6)[:4], "Another."}


def test_the_models_are_told_apart(make_library, make_embedder):
    assert AssayVectorStore(make_library(model=LangChainEmbedder(FAKE))).embeddings is FAKE
    ours = make_embedder("mine")
    embeddings = AssayVectorStore(make_library(model=ours)).embeddings
    assert isinstance(embeddings, AssayEmbeddings)
    assert embeddings.embedder is ours
    with AssayVectorStore.from_texts(["Ore."], embeddings).library as library:  # which outlives the store
        assert library.embedder is ours
        assert library.settings()["model"] == "mine"

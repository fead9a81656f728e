"""The list of articles: what is found, in which order, page by page, compared with sorting them all; and how long that takes."""

import sqlite3
import time
from collections import Counter
from contextlib import closing

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from older import made_of_version_2, made_older

from index import Article, ArticleFilter, ArticleOrder, Library
from index.article import Passage, Span
from index.listing import page_of
from index.snapshot import _LISTED
from index.store import Prepared, Store

TITLES = st.sampled_from(["Übung macht", "Straße", "Αθήνα", "copper", "Copper", "nickel 10%", "a_b", "x"]) | st.text(
    st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=100
).map(lambda text: text + "z")
WORDS = st.sampled_from(["", "COPPER", "str", "ß", "10%", "_", "wire", "2023", "copper wire", "no such", "'", "\0", "\ud800", "a1"])
AUTHORS = st.sampled_from(
    ["Ana Ruiz", "ANA RUIZ", "Bo", "Bo Straße", "BO STRASSE", "<b>&amp;", "\u202eoB", 'a"b\\', "", " ", "N\0L"]
) | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


@st.composite
def articles(draw):
    count = draw(st.integers(0, 12))
    return [
        Article(
            id=f"a{n}",
            text="Some words here.",
            title=draw(TITLES).strip() or "z",
            source=draw(st.sampled_from([None, "Wire", "wire", "Élan", "Daily"])),
            published=draw(st.sampled_from([None, "2023", "2023-04", "2023-04-21", "1999"])),
            authors=tuple(draw(st.lists(AUTHORS, max_size=3))),
            language=draw(st.sampled_from(["en", "EN", "de", "zh-Hant", "", " ", "a\0b"])),
        )
        for n in range(count)
    ]


def sought(article):
    parts = (article.title, article.source or "", ", ".join(article.authors), article.id, article.published or "")
    return " ".join(parts).casefold()


def counted(names):
    """How many there are of each, those of most first, then by name."""
    return sorted(Counter(names).items(), key=lambda one: (-one[1], one[0]))


ORDERS = {
    ArticleOrder.ID: lambda one: one.id,
    ArticleOrder.TITLE: lambda one: one.title[:80].casefold(),
    ArticleOrder.OLDEST: lambda one: (one.published is None, one.published or "", one.title[:80].casefold()),
    ArticleOrder.SOURCE: lambda one: (one.source is None, (one.source or "").casefold(), one.title[:80].casefold()),
}


def passes(article, only):
    return only.sources is None or (article.source or "").casefold() in {one.casefold() for one in only.sources}


@settings(max_examples=40)
@given(
    given_articles=articles(),
    words=WORDS,
    order=st.sampled_from(list(ORDERS)),
    only=st.sampled_from([ArticleFilter(), ArticleFilter(sources=("WIRE",))]),
    limit=st.integers(1, 5),
)
def test_pages_joined_are_all_that_is_found_in_order(tmp_path_factory, make_embedder, given_articles, words, order, only, limit):
    folder = tmp_path_factory.mktemp("listing")
    library = Library.open(folder / "index", model=make_embedder())
    library.add(given_articles)
    kept = [one for one in given_articles if passes(one, only)]
    wanted = words.replace("\0", " ").encode("utf-8", "replace").decode().casefold().split()
    kept = sorted((one for one in kept if all(word in sought(one) for word in wanted)), key=ORDERS[order])
    found = []
    for offset in range(0, len(kept) + limit, limit):
        page = library.listed(words, only, order=order, offset=offset, limit=limit)
        assert page.found == len(kept)
        found += page.records
    assert [ORDERS[order](one) for one in kept] == [ORDERS[order](library.article(record["id"])) for record in found]
    assert {record["id"] for record in found} == {one.id for one in kept}
    assert all(record in library.articles() for record in found)


@settings(max_examples=60)
@given(given_articles=articles(), words=WORDS | AUTHORS, limit=st.integers(1, 6), gone=st.sets(st.integers(0, 11)))
def test_authors_and_languages_are_counted_as_all_records_name_them(tmp_path_factory, make_embedder, given_articles, words, limit, gone):
    folder = tmp_path_factory.mktemp("listing")
    library = Library.open(folder / "index", model=make_embedder())
    library.add(given_articles)
    library.remove(*(f"a{n}" for n in gone), missing_ok=True)
    records = library.articles()
    said = [one["language"].casefold() for one in records]
    assert list(library.languages().items()) == counted(code for code in said if code.strip() and "\0" not in code)
    wrote = {one["id"]: {name.casefold() for name in one["authors"] if name.strip() and "\0" not in name} for one in records}
    wanted = words.replace("\0", " ").encode("utf-8", "replace").decode().casefold().split()
    known = counted(name for names in wrote.values() for name in names if all(word in name for word in wanted))
    found = library.authors(words, limit)
    assert [(name.casefold(), count) for name, count in found.items()] == known[:limit]
    for name in found:  # who is offered is found by the name that is offered
        assert any(name in one["authors"] for one in records)
        passed = [one["id"] for one in library.articles(ArticleFilter(authors=(name,)))]
        assert passed == sorted(article_id for article_id, names in wrote.items() if name.casefold() in names)
    for code, count in library.languages().items():
        assert len(library.articles(ArticleFilter(languages=(code,)))) == count
    with library._store.snapshot() as snapshot:
        assert snapshot._counted(_LISTED) == []


def test_an_author_is_spelled_as_in_the_first_article(make_library):
    library = make_library([Article(id="a", text="One.", title="A", authors=("Ana Ruiz",))])
    library.add(Article(id="b", text="Two.", title="B", authors=("ANA RUIZ", "ana ruiz")))
    assert library.authors() == {"Ana Ruiz": 2}
    library.remove("a")
    assert library.authors("ruiz") == {"ANA RUIZ": 1}


def test_the_newest_and_the_longest_come_first(make_library):
    library = make_library(
        [
            Article(id="old", text="Short.", title="B", published="1999"),
            Article(id="new", text="Words follow words here. " * 60, title="C", published="2024-01"),
            Article(id="undated", text="Short too.", title="A"),
        ]
    )
    ids = {order: [record["id"] for record in library.listed(order=order).records] for order in ArticleOrder}
    assert ids[ArticleOrder.NEWEST] == ["new", "old", "undated"]
    assert ids[ArticleOrder.OLDEST] == ["old", "new", "undated"]
    assert ids[ArticleOrder.LONGEST] == ["new", "undated", "old"]


def test_what_is_removed_or_replaced_is_listed_so_at_once(make_library):
    library = make_library([Article(id="a", text="One.", title="First", source="Wire"), Article(id="b", text="Two.", title="Second")])
    library.add(Article(id="a", text="One more.", title="Third", source="Daily"))
    library.remove("b")
    assert [record["title"] for record in library.listed().records] == ["Third"]
    assert library.listed("first").found == library.listed("second").found == 0
    assert library.sources() == {"Daily": 1}


def test_an_index_from_before_is_listed_as_if_made_now(make_library, tmp_path):
    library = make_library(
        [
            Article(
                id="a",
                text="One.",
                title="ÜBER alles",
                source="Wire",
                authors=("Ana", "Bo", "BO"),
                published="2023-04",
                metadata={"n": float("nan")},
            ),
            Article(id="b", text="Two.", title="Second"),
        ],
        folder=tmp_path / "index",
    )
    library.remove("b")
    path = tmp_path / "index" / "store.sqlite"

    def rows():
        with closing(sqlite3.connect(path)) as connection:
            return [connection.execute(query).fetchall() for query in ("SELECT * FROM listed", "SELECT * FROM wrote")]

    now = rows()
    for older in (made_of_version_2, made_older):
        older(path)
        with closing(Store(path)):
            assert rows() == now
    assert [one[-1] for one in now[0]] == ["über alles wire ana, bo, bo a 2023-04"]
    assert [(author, name) for author, _, name in now[1]] == [("ana", "Ana"), ("bo", "Bo")]


@pytest.mark.slow
def test_a_hundred_thousand_articles_are_looked_through_in_a_tenth_of_a_second(tmp_path):
    path, many = tmp_path / "store.sqlite", 100_000
    store = Store(path, create=True)
    rng = np.random.default_rng(7)
    names = [f"word{n}" for n in range(3_000)]
    text = "A sentence of an article that is as long as most are. " * 40
    span, common = Span(0, 52), Span(0, len(text))
    vector = np.eye(1, 4, dtype=np.float32)[0]
    store.set_up({"dimension": "4"})
    for begin in range(0, many, 5_000):
        batch = []
        for n in range(begin, begin + 5_000):
            title = " ".join(names[word] for word in rng.integers(0, len(names), 8))
            day = f"20{n % 25:02}-{n % 12 + 1:02}-{n % 28 + 1:02}" if n % 10 else None
            by = tuple({f"Name{rank} Surname{rank}" for rank in np.minimum(rng.zipf(1.3, n % 4), 2_999)} | {f"Reporter {n % 20_000}"})
            said = {"source": f"Source {n % 40}", "published": day, "authors": by, "language": "en" if n % 3 else f"l{n % 50}"}
            own = f"Of {title} alone: {n}."  # the rest counts for no likeness: each of them would be a copy of all others
            article = Article(id=f"folder/{n:06}.md", text=text + own, title=title, not_citable=(common,), **said)
            batch.append(Prepared(article, [span], [Passage(span, title)], ["same"]))
        store.commit(put=batch, vectors={"same": vector})
    some = ArticleFilter(sources=("source 7",), after="2010")
    whose = ArticleFilter(authors=("NAME9 surname9", "reporter 7"), languages=("EN", "l3"))
    with closing(store), store.snapshot() as snapshot:
        for only in (ArticleFilter(), some, whose):
            for order in ArticleOrder:
                for words, offset in (("", 0), ("", 2_500), ("word17", 0), ("word1 word2", 0), ("nowhere", 0), ("source 3", 50)):
                    times = []
                    for _ in range(4):
                        began = time.perf_counter()
                        page = snapshot.listed(only, words, order, offset, 25)
                        times.append(time.perf_counter() - began)
                    assert min(times) < 0.1, (order, words, offset, only, page.found)
        began = time.perf_counter()
        assert sum(snapshot.sources().values()) == many
        assert time.perf_counter() - began < 0.2
        asked = [snapshot.languages, *(lambda words=words: snapshot.authors(words, 50) for words in ("", "name17", "name sur", "nowhere"))]
        for ask in asked:  # of more than twenty thousand authors
            times = []
            for _ in range(4):
                began = time.perf_counter()
                ask()
                times.append(time.perf_counter() - began)
            assert min(times) < 0.1
        assert sum(snapshot.languages().values()) == many
        assert page_of(snapshot._connection, ArticleFilter(), "", ArticleOrder.ID, many, 25) == ([], many)

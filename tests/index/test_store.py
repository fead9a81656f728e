"""The store gives back what it was given, one generation at a time, and says in one line when it cannot."""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from older import made_of_version_2, made_older

from index.article import Article, Heading, Passage, Span
from index.dates import days_of
from index.durable import Stamp
from index.errors import MismatchError, StoreError
from index.likenesses import RULES, SETTING
from index.snapshot import ArticleFilter, Derived
from index.split import embedded_text
from index.store import _MIGRATIONS, APPLICATION_ID, SCHEMA_VERSION, Prepared, Store

DIMENSION = 4
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60).map(lambda text: text + "x")
REPOSITORY = Path(__file__).parents[2]


def unit(seed):
    vector = np.random.default_rng(seed).standard_normal(DIMENSION)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def key(text):
    return hashlib.sha256(text.encode()).hexdigest()


def prepared(article_id, text="Some words. More words.", *, origin=None, cuts=(), **values):
    """An article with a passage between each two of `cuts`, by default one of the whole text."""
    article = Article(**{"id": article_id, "text": text, "title": "T", **values})
    edges = sorted({0, *cuts, len(text)})
    spans = [Span(start, end) for start, end in pairwise(edges)]
    return Prepared(
        article, spans, [Passage(span, "T") for span in spans], [key(embedded_text("T", span.of(text))) for span in spans], origin
    )


def put(store, *items, remove=()):
    vectors = {sha: unit(int(sha[:8], 16)) for item in items for sha in item.embedded_sha256}
    return store.commit(put=items, remove=remove, vectors=vectors)


@contextmanager
def opened(path, **options):
    with closing(Store(path, **options)) as store:
        yield store


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store.sqlite"


@pytest.fixture
def store(path):
    with opened(path, create=True) as store:
        store.set_up({"dimension": str(DIMENSION), "model": "m"})
        yield store
        with store.snapshot() as snapshot:
            assert snapshot.faults() == []


def ids(store):
    with store.snapshot() as snapshot:
        return sorted(snapshot.checksums())


# --- what goes in comes out -------------------------------------------------------------------------------------------


@given(text=TEXT, data=st.data())
@settings(max_examples=150)
def test_any_text_comes_back_code_point_for_code_point_with_its_spans(store, text, data):
    cuts = data.draw(st.lists(st.integers(1, len(text)), max_size=4))
    given_ = prepared("a", text, cuts=cuts)
    put(store, given_)
    with store.snapshot() as snapshot:
        row = snapshot.article_row("a")
        assert snapshot.article(row) == given_.article
        assert snapshot.sentences(row) == list(given_.sentences)
        passages = snapshot.article_passages(row)
        assert [Span(passage.start, passage.end) for passage in passages] == [passage.span for passage in given_.passages]
        assert [passage.ordinal for passage in passages] == list(range(len(passages)))
        assert [snapshot.passage_text(passage) for passage in passages] == [passage.span.of(text) for passage in given_.passages]
        searchable = [words for _, article, words in snapshot.searchable() if article == row]
        assert searchable == [f"T\n{passage.span.of(text)}" for passage in given_.passages]
        assert snapshot.passages([passage.row for passage in passages[::-1]]) == passages[::-1]


def test_metadata_comes_back_as_given(store):
    article = prepared(
        "a",
        title="Naïve 漢字",
        source="Reuters",
        authors=("A", "B"),
        published="2023-04",
        published_raw="April 2023",
        url="https://example.org/?a=1",
        path="f/a.txt",
        headings=(Heading(Span(0, 4), 2),),
        not_citable=(Span(5, 6),),
        references=("AP",),
        metadata={"n": [1, 2.5, None, {"ü": True}], "nan": float("inf")},
    )
    put(store, article)
    with store.snapshot() as snapshot:
        row = snapshot.article_row("a")
        assert snapshot.article(row) == article.article
        assert snapshot.record(row) == article.article.record()
        (record,) = snapshot.records()
        assert record == {
            **article.article.record(),
            "superseded_by": None,
            "sha256": key(article.article.text),
            "characters": len(article.article.text),
            "passages": 1,
        }


def test_vectors_come_back_bit_for_bit_in_the_order_asked_for(store):
    items = [prepared(f"a{n}", f"Text number {n}.") for n in range(5)]
    put(store, *items)
    with store.snapshot() as snapshot:
        rows = snapshot.live_rows()
        expected = np.array([unit(int(item.embedded_sha256[0][:8], 16)) for item in items])
        order = [3, 0, 4, 1, 2, 0]
        assert np.array_equal(snapshot.vectors(rows[order]), expected[order])
        assert snapshot.vectors([]).shape == (0, DIMENSION)


def test_what_is_embedded_once_is_stored_once(store):
    put(store, prepared("a"), prepared("b"))
    with store.snapshot() as snapshot:
        known = prepared("c").embedded_sha256
        assert snapshot.known_vectors([*known, "unknown"]) == set(known)
    store.commit(put=[prepared("c")], vectors={})
    with store.snapshot() as snapshot:
        assert snapshot.live_rows().size == 3
        assert len({vector.tobytes() for vector in snapshot.vectors(snapshot.live_rows())}) == 1
        assert list(snapshot.copies(snapshot.article_row("b")).values()) == ["a", "c"]
    with sqlite3.connect(store.path) as connection:
        assert connection.execute("SELECT count(*) FROM vectors").fetchone() == (1,)


def test_a_passage_without_a_vector_is_never_stored(store):
    put(store, prepared("a"))
    with pytest.raises(StoreError):
        store.commit(put=[prepared("b", "Never embedded.")], vectors={})
    assert ids(store) == ["a"]


def test_derived_indexes_are_remembered(store):
    derived = Derived(3, 17, "dense", {"3.faiss": Stamp("ab", 1, 2, 3)})
    store.set_derived("dense", derived)
    with store.snapshot() as snapshot:
        assert snapshot.derived("dense") == derived
        assert snapshot.derived("lexical") is None


# --- generations ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("files", ["", "{", "[]", "3", "{}", '{"a": 3}', '{"a": ["x"]}', "[" * 100_000])
def test_a_derived_index_that_cannot_be_read_is_none(store, files):
    store.set_derived("dense", Derived(1, 1, "dense", {"a": Stamp("x", 1, 2, 3)}))
    with closing(sqlite3.connect(store.path)) as connection:
        connection.execute("UPDATE derived SET files = ?", (files,))
        connection.commit()
    with store.snapshot() as snapshot:
        assert snapshot.derived("dense") is None


def test_every_commit_is_a_generation_also_one_that_removes(store):
    assert [put(store, prepared("a")), put(store, prepared("b")), store.commit(remove=["a"], vectors={})] == [1, 2, 3]
    with store.snapshot() as snapshot:
        assert snapshot.generation == 3


def test_an_update_replaces_the_article_and_all_its_passages(store):
    put(store, prepared("a", "One. Two. Three.", cuts=[4, 9]), prepared("b"))
    put(store, prepared("a", "Four. Five.", cuts=[5]))
    with store.snapshot() as snapshot:
        assert snapshot.counts() == (2, 3)
        assert snapshot.article(snapshot.article_row("a")).text == "Four. Five."
        assert snapshot.removed_rows(up_to=snapshot.last_row()).tolist() == [1, 2, 3]
        assert snapshot.live_rows().tolist() == [4, 5, 6]
        assert snapshot.removed_rows(up_to=2).tolist() == [1, 2]


def test_a_removed_article_is_gone_and_may_come_back(store):
    put(store, prepared("a", "First life."), prepared("b"))
    store.commit(remove=["a", "never there"], vectors={})
    with store.snapshot() as snapshot:
        assert snapshot.article_row("a") is None
        assert snapshot.article_rows(ArticleFilter()) == [snapshot.article_row("b")]
        assert [record["id"] for record in snapshot.records()] == ["b"]
        assert [words for *_, words in snapshot.searchable()] == ["T\nSome words. More words."]
    put(store, prepared("a", "Second life."))
    with store.snapshot() as snapshot:
        assert snapshot.article(snapshot.article_row("a")).text == "Second life."


def test_purging_deletes_for_good_what_was_removed_until_then(store):
    put(store, prepared("a", "A secret that nobody shall find."), prepared("b"))
    store.commit(remove=["a"], vectors={})
    put(store, prepared("c", "Another."))
    store.commit(remove=["c"], vectors={})
    with store.snapshot() as snapshot:
        assert (snapshot.removed_before(1), snapshot.removed_before(2), snapshot.removed_before(4)) == (0, 2, 4)
    store.purge(up_to=2)
    with store.snapshot() as snapshot:
        assert snapshot.removed_before(4) == 2
        assert snapshot.generation == 4
    store.purge(up_to=4)
    assert ids(store) == ["b"]
    with sqlite3.connect(store.path) as connection:
        counts = connection.execute(
            "SELECT (SELECT count(*) FROM articles), (SELECT count(*) FROM passages), count(*) FROM vectors"
        ).fetchone()
    assert counts == (1, 1, 1)


def test_what_was_purged_is_in_none_of_the_files(path):
    word = "Zephyranthes"
    with opened(path, create=True) as store:
        store.set_up({"dimension": str(DIMENSION)})
        put(store, prepared("a", f"{word} was here. " * 500), prepared("b"))
        store.commit(remove=["a"], vectors={})
        store.purge(up_to=2)
    assert not [file for file in path.parent.iterdir() if word.encode() in file.read_bytes()]


def test_rows_are_never_used_again(store):
    put(store, prepared("a"))
    store.commit(remove=["a"], vectors={})
    store.purge(up_to=2)
    put(store, prepared("a"))
    with store.snapshot() as snapshot:
        assert snapshot.live_rows().tolist() == [2]
        assert snapshot.article_row("a") == 2


def test_a_failed_commit_changes_nothing(store):
    put(store, prepared("a"))
    broken = prepared("b", "Broken.", origin=object())
    with pytest.raises((StoreError, sqlite3.Error)):
        put(store, prepared("c", "Whole."), broken, remove=["a"])
    assert ids(store) == ["a"]
    assert put(store, prepared("d")) == 2


# --- snapshots --------------------------------------------------------------------------------------------------------


def test_a_snapshot_stays_as_it_was_while_another_thread_writes(store):
    put(store, prepared("a", "Old."))
    seen, pinned, written = [], threading.Event(), threading.Event()

    def read():
        with store.snapshot() as snapshot:
            pinned.set()
            written.wait(10)
            seen.append((snapshot.generation, snapshot.article(snapshot.article_row("a")).text, snapshot.article_row("b")))
            seen.append(snapshot.settings()["generation"])

    reader = threading.Thread(target=read)
    reader.start()
    pinned.wait(10)
    put(store, prepared("a", "New."), prepared("b"))
    store.purge(up_to=2)
    written.set()
    reader.join(10)
    assert seen == [(1, "Old.", None), "1"]
    with store.snapshot() as snapshot:
        assert snapshot.article(snapshot.article_row("a")).text == "New."


READER = """
import sys
from pathlib import Path
from index.store import Store
store = Store(Path(sys.argv[1]), read_only=True)
for line in sys.stdin:
    with store.snapshot() as snapshot:
        print(snapshot.generation, sorted(snapshot.checksums()), flush=True)
        sys.stdin.readline()
        print(snapshot.generation, sorted(snapshot.checksums()), flush=True)
"""


def test_a_reader_in_another_process_keeps_its_generation_until_it_looks_again(store):
    put(store, prepared("a"))
    command = [sys.executable, "-c", READER, str(store.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as reader:

        def ask():
            reader.stdin.write("go\n")
            reader.stdin.flush()
            return reader.stdout.readline().strip()

        assert ask() == "1 ['a']"
        put(store, prepared("b"), remove=["a"])
        assert ask() == "1 ['a']"
        assert ask() == "2 ['b']"
        reader.stdin.close()


def test_many_threads_read_while_one_writes(store):
    put(store, *[prepared(f"a{n}", "Version 0 of this.") for n in range(5)])
    wrong, done = [], threading.Event()

    def read():
        while not done.is_set():
            with store.snapshot() as snapshot:
                texts = {snapshot.article(snapshot.article_row(f"a{n}")).text for n in range(5)}
                if texts != {f"Version {snapshot.generation - 1} of this."}:
                    wrong.append(texts)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for version in range(1, 20):
        put(store, *[prepared(f"a{n}", f"Version {version} of this.") for n in range(5)])
    done.set()
    for reader in readers:
        reader.join(10)
    assert wrong == []


# --- filters ----------------------------------------------------------------------------------------------------------

DATES = [None, "2022", "2022-12", "2022-12-31", "2023", "2023-01", "2023-01-01", "2023-02-28", "2023-04", "2023-04-30", "2024-02-29"]


def days(date):
    """The first and last day that a partial date may mean, with the calendar's own months."""
    import calendar

    parts = [int(part) for part in date.split("-")]
    first = (*parts, *(1, 1)[len(parts) - 1 :])
    month = parts[1] if len(parts) > 1 else 12
    last = (parts[0], month, parts[2] if len(parts) > 2 else calendar.monthrange(parts[0], month)[1])
    return first, last


def passes(date, after, before):
    if after is None and before is None:
        return True
    if date is None:
        return False
    first, last = days(date)
    return (after is None or last >= days(after)[0]) and (before is None or first <= days(before)[1])


def test_dates_filter_inclusively_and_partial_dates_by_what_they_may_mean(store):
    put(store, *[prepared(f"a{n}", f"Article {n}.", published=date) for n, date in enumerate(DATES)])
    with store.snapshot() as snapshot:
        for after in DATES:
            for before in DATES:
                found = [snapshot.record(row)["published"] for row in snapshot.article_rows(ArticleFilter(after=after, before=before))]
                assert found == [date for date in DATES if passes(date, after, before)], (after, before)


def test_days_of_a_partial_date():
    assert days_of("2023") == ("2023-01-01", "2023-12-31")
    assert days_of("2023-04") == ("2023-04-01", "2023-04-31")
    assert days_of("2023-04-21") == ("2023-04-21", "2023-04-21")


def test_filters_join_and_nothing_in_them_is_sql(store):
    hostile = "x' OR 1=1 --"
    put(store, prepared("a", source="Reuters"), prepared("b", source=hostile), prepared("c", source="Reuters"), prepared("d", source=None))
    with store.snapshot() as snapshot:

        def found(**only):
            return sorted(snapshot.record(row)["id"] for row in snapshot.article_rows(ArticleFilter(**only)))

        assert found() == ["a", "b", "c", "d"]
        assert found(sources=("Reuters",)) == ["a", "c"]
        assert found(sources=(hostile,)) == ["b"]
        assert found(sources=("Reuters",), ids=("c", "d", "unknown")) == ["c"]
        assert found(ids=()) == []
        assert found(sources=()) == []
        assert found(ids=("' OR ''='",)) == []
        assert found(sources=("reuters",)) == ["a", "c"]
        assert found(sources=("Reuter", 'a"b', "é")) == []


def test_authors_and_languages_filter_by_whole_names_whatever_their_case(store):
    put(store, prepared("a", authors=("Zoë Doe", "John Roe")), prepared("b", authors=("ZOË DOE",), language="de"))
    put(store, prepared("c", authors=("Zoë",), metadata={"n": float("nan")}), prepared("d", language="de"))
    with store.snapshot() as snapshot:

        def found(**only):
            return sorted(snapshot.record(row)["id"] for row in snapshot.article_rows(ArticleFilter(**only)))

        assert found(authors=("zoë doe",)) == ["a", "b"]
        assert found(authors=("John Roe", "zoë")) == ["a", "c"]
        assert found(authors=()) == found(authors=("Doe", "' OR 1=1 --", "a\0b", "%")) == []
        assert found(languages=("DE",)) == ["b", "d"]
        assert found(languages=("de", "en"), authors=("Zoë Doe",)) == ["a", "b"]
        assert [record["id"] for record in snapshot.records(ArticleFilter(languages=("en",)))] == ["a", "c"]


def test_a_filter_is_true_when_it_excludes_something():
    assert not ArticleFilter()
    assert ArticleFilter(ids=())
    assert ArticleFilter(authors=("a",))
    assert ArticleFilter(languages=("en",))
    assert ArticleFilter(after="2023")


def test_articles_of_a_folder_by_origin(store):
    put(store, prepared("a", origin="/one", path="a.txt"), prepared("b", origin="/two", path="b.txt"))
    put(store, prepared("c", origin="/one", metadata={"n": float("nan")}))
    with store.snapshot() as snapshot:
        assert snapshot.from_origin("/one") == {"a": "a.txt", "c": None}
        assert snapshot.from_origin("") == {}


def test_an_article_goes_with_the_last_folder_that_held_it(store):
    put(store, prepared("a", origin="/one"), prepared("b", origin="/one"), prepared("c"))
    store.remember("/two", {"a": "sub/a.txt", "c": "c.txt"})
    with store.snapshot() as snapshot:
        assert snapshot.generation == 1  # nothing that is searched has changed
        assert snapshot.from_origin("/two") == {"a": "sub/a.txt", "c": "c.txt"}
    assert store.forget("/two", ["a"]) == []
    assert store.forget("/one", ["a", "b"]) == ["a", "b"]
    with store.snapshot() as snapshot:
        assert (snapshot.generation, list(snapshot.checksums()), snapshot.counts()) == (2, ["c"], (1, 1))


def test_a_removed_article_forgets_its_folders_and_a_replaced_one_keeps_them(store):
    put(store, prepared("a", origin="/one"), prepared("b", origin="/one"))
    put(store, prepared("a", "Another text.", origin="/two"), remove=["b"])
    put(store, prepared("b"))
    with store.snapshot() as snapshot:
        assert (snapshot.from_origin("/one"), snapshot.from_origin("/two")) == ({"a": None}, {"a": None})


# --- damage -----------------------------------------------------------------------------------------------------------


def one_line(caught):
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def closed(path):
    """A closed store of a few pages."""
    with opened(path, create=True) as store:
        store.set_up({"dimension": str(DIMENSION)})
        put(store, *[prepared(f"a{n}", f"Article number {n}. " * 30, authors=("Ana", "Bo")) for n in range(20)])
    return path


def test_a_closed_store_is_one_file(closed):
    assert [file.name for file in closed.parent.iterdir()] == ["store.sqlite"]
    with sqlite3.connect(closed) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_missing_store_names_the_folder_and_the_command(path):
    with pytest.raises(StoreError, match="assay add") as caught:
        Store(path)
    assert str(path.parent) in one_line(caught)
    assert not path.exists()


def test_another_programs_database_is_refused_and_left_alone(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE articles (id); CREATE TABLE settings (name, value);")
    before = path.read_bytes()
    for options in ({}, {"read_only": True}, {"create": True}):
        with pytest.raises(StoreError, match="another program") as caught:
            Store(path, **options)
        assert not isinstance(caught.value, MismatchError)
        one_line(caught)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["store.sqlite"]


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"\0" * 5000, b"SQLite format 3\0" + b"\xff" * 5000, b""])
@pytest.mark.parametrize("read_only", [False, True])
def test_a_file_that_is_no_database_is_refused(path, content, read_only):
    path.write_bytes(content)
    with pytest.raises(StoreError) as caught:
        Store(path, read_only=read_only)
    assert str(path) in one_line(caught)


@pytest.mark.parametrize("read_only", [False, True])
def test_a_newer_schema_is_a_mismatch_that_says_so(closed, read_only):
    with closing(sqlite3.connect(closed)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(MismatchError, match=f"expected schema {SCHEMA_VERSION}, found {SCHEMA_VERSION + 1}") as caught:
        Store(closed, read_only=read_only)
    one_line(caught)


@pytest.mark.parametrize(("older", "version"), [(made_older, 1), (made_of_version_2, 2)])
def test_an_older_schema_is_brought_up_to_date_by_who_may_write(closed, older, version):
    with closing(Store(closed, read_only=True)) as store, store.snapshot() as snapshot:
        before = list(snapshot.records())
    older(closed)
    with pytest.raises(MismatchError, match=f"found {version}; open it once where it can be written") as caught:
        Store(closed, read_only=True)
    one_line(caught)
    with closing(Store(closed)) as store, store.snapshot() as snapshot:
        assert list(snapshot.records()) == before
        assert store.schema_faults() == []
    with closing(Store(closed, read_only=True)) as store:
        assert store.schema_faults() == []


def test_a_schema_is_brought_up_to_date_wholly_or_not_at_all(closed, monkeypatch):
    made_older(closed)
    broken = _MIGRATIONS[SCHEMA_VERSION] + "CREATE TABLE half (a); CREATE TABLE half (a);\n"
    monkeypatch.setitem(_MIGRATIONS, SCHEMA_VERSION, broken)
    with pytest.raises(StoreError):
        Store(closed, create=True)
    monkeypatch.undo()
    with closing(sqlite3.connect(closed)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == 1
        assert not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'half'").fetchall()
    with closing(Store(closed)) as store:
        assert store.schema_faults() == []


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.9, 0.99])
def test_a_truncated_store_is_refused_or_named_by_the_check(closed, share):
    content = closed.read_bytes()
    closed.write_bytes(content[: int(len(content) * share)])
    try:
        with opened(closed) as store, store.snapshot() as snapshot:
            said = snapshot.faults()
    except StoreError as error:
        said = [str(error)]
    assert said
    assert not [line for line in said if "\n" in line]


def test_a_changed_letter_of_a_text_is_never_shown(closed):
    content = closed.read_bytes()
    at = content.index(b"Article number 7.")
    closed.write_bytes(content[:at] + b"B" + content[at + 1 :])
    with opened(closed) as store, store.snapshot() as snapshot:
        row = snapshot.article_row("a7")
        with pytest.raises(StoreError, match="'a7' is not what was stored") as caught:
            snapshot.article(row)
        one_line(caught)
        assert any("'a7'" in fault for fault in snapshot.faults())
        assert snapshot.article(snapshot.article_row("a8")).text.startswith("Article number 8.")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE vectors SET vector = zeroblob(16) WHERE row = 1", "vector 1"),
        ("UPDATE vectors SET vector = x'00' WHERE row = 2", "vector 2"),
        ("UPDATE passages SET end = 100000 WHERE row = 1", "'a0': span 0:100000"),
        ("UPDATE passages SET start = end WHERE row = 1", "'a0': span"),
        ("UPDATE articles SET sentences = x'0000000000000000' WHERE id = 'a3'", "'a3': span 0:0"),
        ("UPDATE articles SET sentences = x'00' WHERE id = 'a3'", "'a3'"),
        ("UPDATE articles SET record = '{}' WHERE id = 'a3'", "'a3'"),
        ("UPDATE articles SET record = 'no json' WHERE id = 'a3'", "'a3'"),
        ("UPDATE articles SET record = json_set(record, '$.published', '1999') WHERE id = 'a3'", "'a3': its metadata"),
        ("UPDATE articles SET record = json_set(record, '$.title', 'Another') WHERE id = 'a3'", "'a3': its metadata"),
        ("UPDATE articles SET sha256 = 'x' WHERE id = 'a3'", "'a3': its metadata"),
        ("UPDATE articles SET source = 'Another' WHERE id = 'a3'", "'a3': its metadata"),
        ("UPDATE articles SET published_last = '2999-12-31' WHERE id = 'a3'", "'a3': its metadata"),
        ("DELETE FROM vectors WHERE row = 1", "refers to none of vectors"),
        ("DELETE FROM articles WHERE row = 1", "refers to none of articles"),
        ("UPDATE listed SET words = 'others' WHERE id = 'a3'", "listed otherwise"),
        ("UPDATE listed SET language = 'de' WHERE id = 'a3'", "listed otherwise"),
        ("DELETE FROM listed WHERE id = 'a3'", "not listed"),
        ("INSERT INTO wrote SELECT 'cy', row, 'Cy' FROM articles WHERE id = 'a3'", "authors are listed otherwise"),
        ("DELETE FROM wrote WHERE author = 'bo'", "authors are not listed"),
    ],
)
def test_the_check_finds_planted_damage(closed, damage, said):
    with closing(sqlite3.connect(closed)) as connection:
        connection.execute(damage)
        connection.commit()
    with opened(closed) as store, store.snapshot() as snapshot:
        assert any(said in fault for fault in snapshot.faults()), snapshot.faults()


def test_a_full_disk_is_said_and_loses_nothing(store):
    put(store, prepared("a"))
    pages = store._writer.execute("PRAGMA page_count").fetchone()[0]
    store._writer.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="full; free some space") as caught:
        put(store, prepared("b", "Long. " * 100_000), remove=["a"])
    one_line(caught)
    assert ids(store) == ["a"]
    store._writer.execute("PRAGMA max_page_count = 1000000")
    assert put(store, prepared("b")) == 2


# --- reading only -----------------------------------------------------------------------------------------------------


@contextmanager
def nobody():
    """Give up the rights of root, to whom every folder is writable."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def sealed():
    """`sealed(files) -> Path`: a folder with copies of `files` that cannot be written, anywhere in it."""
    import tempfile

    made = []

    def seal(files):
        folder = Path(tempfile.mkdtemp())
        made.append(folder)
        for file in files:
            shutil.copy(file, folder)
            (folder / file.name).chmod(0o444)
        folder.chmod(0o555)
        return folder

    yield seal
    for folder in made:
        folder.chmod(0o755)
        shutil.rmtree(folder)


def test_a_store_in_a_read_only_folder_is_read(closed, sealed):
    folder = sealed([closed])
    with nobody(), opened(folder / "store.sqlite") as store:
        assert store.read_only
        assert len(ids(store)) == 20
        with pytest.raises(StoreError, match="read-only here") as caught:
            put(store, prepared("b"))
        one_line(caught)
    assert [file.name for file in folder.iterdir()] == ["store.sqlite"]


def test_a_store_with_a_log_in_a_read_only_folder_is_read_with_the_log(closed, sealed):
    with opened(closed) as store:
        put(store, prepared("only in the log".replace(" ", "-")))
        assert closed.with_name("store.sqlite-wal").stat().st_size
        folder = sealed([closed, closed.with_name("store.sqlite-wal")])
    with nobody(), opened(folder / "store.sqlite") as store:
        assert store.read_only
        assert "only-in-the-log" in ids(store)
        with store.snapshot() as snapshot:
            assert snapshot.faults() == []
        copy = Path(store._temporary.name) if store._temporary else None
    assert sorted(file.name for file in folder.iterdir()) == ["store.sqlite", "store.sqlite-wal"]
    assert copy is None or not copy.exists()


def test_a_store_opened_to_read_only_cannot_be_written(closed):
    before = closed.read_bytes()
    with opened(closed, read_only=True) as store:
        assert store.read_only
        assert len(ids(store)) == 20
        for change in (lambda: put(store, prepared("b")), lambda: store.purge(up_to=9), lambda: store.set_up({"x": "y"})):
            with pytest.raises(StoreError, match="read-only"):
                change()
    assert closed.read_bytes() == before


def test_a_store_opened_to_read_only_follows_the_writer(closed):
    with opened(closed) as writer, opened(closed, read_only=True) as reader:
        put(writer, prepared("b"))
        assert "b" in ids(reader)


# --- copies -----------------------------------------------------------------------------------------------------------


def test_a_backup_is_one_whole_generation(store, tmp_path):
    put(store, prepared("a"))
    store.backup(tmp_path / "copy.sqlite")
    put(store, prepared("b"))
    with opened(tmp_path / "copy.sqlite") as copy:
        assert ids(copy) == ["a"]
        with copy.snapshot() as snapshot:
            assert (snapshot.generation, snapshot.faults()) == (1, [])


def test_a_backup_lets_go_of_its_files(store, tmp_path):
    put(store, prepared("a"))
    store.backup(tmp_path / "0.sqlite")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for n in range(1, 6):
        store.backup(tmp_path / f"{n}.sqlite")
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(("-wal", "-shm", "-journal")) and path.name[0].isdigit()]


def test_settings_are_kept(store):
    with store.snapshot() as snapshot:
        assert snapshot.settings() == {"dimension": "4", "generation": "0", "model": "m", SETTING: RULES}
    assert json.loads(json.dumps(snapshot.generation)) == 0

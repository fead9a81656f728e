"""When derived files are extended, when they are built anew, and what is deleted once nothing needs it."""

import os
import threading
import time

import numpy as np
import pytest

import index.library
from index import Article, ArticleFilter, Library, derive
from index.dense import ApproximateIndex
from index.derive import DerivedIndexes, StaleError
from index.publish import MERGE_SHARE, publish
from index.snapshot import Snapshot


def articles(first, last):
    return [Article(id=f"a{n}", text=f"Article number{n} is here.", title="") for n in range(first, last)]


def state(library):
    """What the store knows of dense and lexical, and the files that there are."""
    with library._store.snapshot() as snapshot:
        known = [snapshot.derived(name) for name in ("dense", "lexical")]
    return known, {path.relative_to(library.folder).as_posix() for path in (library.folder / "dense").glob("*")}


@pytest.fixture
def library(make_library):
    """100 articles of one passage each, published at generation 1."""
    return make_library(articles(0, 100))


def test_what_is_published_covers_everything_and_says_so(library):
    (dense, lexical), files = state(library)
    assert (dense.built, dense.last_row, lexical.built, lexical.last_row) == (1, 100, 1, 100)
    assert files == {"dense/1.faiss"} == {f"{dense.folder}/{name}" for name in dense.files}
    assert lexical.folder == "lexical/1"


def test_a_little_more_is_appended_to_the_words_and_leaves_the_vectors(library):
    library.add(articles(100, 105))
    (dense, lexical), files = state(library)
    assert (dense.built, dense.last_row, files) == (1, 100, {"dense/1.faiss"})
    assert (lexical.built, lexical.last_row, lexical.folder) == (1, 105, "lexical/1")


def test_past_the_share_the_vectors_are_built_anew(library):
    step = int(100 * MERGE_SHARE) + 2
    library.add(articles(100, 100 + step))
    (dense, lexical), files = state(library)
    assert (dense.built, dense.last_row, files) == (2, 100 + step, {"dense/2.faiss"})
    assert lexical.folder == "lexical/1"


def test_what_was_removed_stays_in_the_files_up_to_the_share(library, monkeypatch):
    monkeypatch.setattr("index.publish.RECOUNTED_ROWS", 50)
    library.remove(*(f"a{n}" for n in range(5)))
    (dense, lexical), _ = state(library)
    assert (dense.built, lexical.built) == (1, 1)
    with library._store.snapshot() as snapshot:
        assert snapshot.removed_before(2) == 10
    library.remove(*(f"a{n}" for n in range(5, 20)))
    (dense, lexical), files = state(library)
    assert (dense.built, lexical.built, lexical.folder, files) == (3, 3, "lexical/3", {"dense/3.faiss"})
    assert [path.name for path in (library.folder / "lexical").iterdir()] == ["3"]
    with library._store.snapshot() as snapshot:
        assert snapshot.removed_before(3) == 0


def test_the_words_of_what_was_removed_are_counted_no_more(library, make_library):
    """BM25 weighs a word by how many passages have it: those that are gone must not be among them, once a change is complete."""
    library.remove(*(f"a{n}" for n in range(5)))
    (dense, lexical), _ = state(library)
    assert (dense.built, lexical.built, lexical.folder) == (1, 2, "lexical/2")
    fresh = make_library(articles(5, 100))
    with library.view() as view, fresh.view() as other:
        for words in ("number5", "lithium number17 mine", "the report"):
            scores = [[round(score, 5) for score in one.lexical(words, 20).scores.tolist()] for one in (view, other)]
            assert scores[0] == scores[1]
            terms = view.terms(words)
            assert view.idf(terms) == other.idf(terms)


def test_nothing_is_purged_that_a_derived_index_may_still_hold(library, monkeypatch):
    library.remove(*(f"a{n}" for n in range(5)))
    monkeypatch.setattr("index.publish._published_dense", lambda _folder, snapshot, **_: snapshot.derived("dense"))
    publish(library.folder, library._store, anew=True)  # the words anew, the vectors as they were
    with library._store.snapshot() as snapshot:
        assert snapshot.removed_before(2) == 10
    monkeypatch.undo()
    publish(library.folder, library._store, anew=True)
    with library._store.snapshot() as snapshot:
        assert snapshot.removed_before(2) == 0


def test_the_words_are_committed_with_the_articles(library, monkeypatch):
    """No reader ever sees an article that the words do not cover, whatever happens to the rest of what is derived."""
    monkeypatch.setattr("index.library.publish", lambda *_, **__: None)
    monkeypatch.setattr("index.library.Library._mend", lambda *_, **__: pytest.fail("nothing needs to be mended"))
    library.add(articles(100, 103))
    with library.view() as view:
        assert view.lexical("number102", 5).rows.tolist() == [103]
        assert view.generation == 2


def test_a_reader_that_may_not_write_waits_for_a_writer_at_work(library, embedder, monkeypatch):
    """Words are ahead of the store between their commit and its: it looks again instead of building an index of its own."""
    monkeypatch.setattr(DerivedIndexes, "private", lambda *_: pytest.fail("it built its own"))
    seen = []

    def look():
        with Library.open(library.folder, model=embedder, read_only=True) as reader, reader.view() as view:
            seen.append(view.counts()[0])

    reader = threading.Thread(target=look)
    publish_words = index.library.publish_words

    def watched(*arguments):
        words = publish_words(*arguments)
        reader.start()
        time.sleep(0.1)  # the reader looks meanwhile
        return words

    monkeypatch.setattr("index.library.publish_words", watched)
    library.add(articles(100, 103))
    reader.join()
    assert seen == [103]


def test_words_that_cannot_be_written_keep_no_article_out(library, monkeypatch):
    monkeypatch.setattr("index.lexical.LexicalIndex.append", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    library.add(articles(100, 103))
    monkeypatch.undo()
    (_, lexical), _ = state(library)
    assert lexical.last_row == 100
    with library.view() as view:
        assert view.lexical("number102", 5).rows.tolist() == [103]


def test_words_that_were_damaged_behind_the_clock_are_not_merged_into_sound_ones(library):
    """tantivy merges what it is given, and the checksum of what comes out would vouch for the damage."""
    (_, before), _ = state(library)
    path = library.folder / before.folder / next(name for name in before.files if name.endswith(".fast"))
    status, content = path.stat(), bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    with path.open("r+b") as file:
        file.write(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    library.add(articles(100, 101))
    (_, after), _ = state(library)
    assert after.folder != before.folder
    assert library.doctor().faults == ()
    with library.view() as view:
        assert [view.lexical(f"number{n}", 5).rows.tolist() for n in (0, 50, 100)] == [[1], [51], [101]]


def test_a_tail_is_short_however_large_the_index(library, monkeypatch):
    monkeypatch.setattr("index.publish.MERGE_ROWS", 5)
    library.add(articles(100, 105))
    assert state(library)[1] == {"dense/1.faiss"}
    library.add(articles(105, 106))
    assert state(library)[1] == {"dense/3.faiss"}


def test_a_merge_reads_only_what_is_new_and_equals_building_anew(library, monkeypatch):
    library.remove("a3", "a70")
    read = []
    vectors = Snapshot.vectors
    monkeypatch.setattr(Snapshot, "vectors", lambda snapshot, rows: read.extend(np.asarray(rows).tolist()) or vectors(snapshot, rows))
    library.add(articles(100, 115))
    assert sorted(set(read)) == list(range(101, 116))
    (merged, _), _ = state(library)
    monkeypatch.undo()
    publish(library.folder, library._store, anew=True)
    (anew, _), _ = state(library)
    assert merged.last_row == anew.last_row == 115
    assert [stamp.sha256 for stamp in merged.files.values()] == [stamp.sha256 for stamp in anew.files.values()]


def test_a_merge_carries_no_damage_on(library):
    """A flipped bit that size, inode and time do not betray is found before the file is changed, and what was to be merged is built."""
    path = library.folder / "dense" / "1.faiss"
    status, content = path.stat(), bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    with path.open("r+b") as file:
        file.write(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    library.add(articles(100, 115))
    (merged, _), _ = state(library)
    publish(library.folder, library._store, anew=True)
    (anew, _), _ = state(library)
    assert [stamp.sha256 for stamp in merged.files.values()] == [stamp.sha256 for stamp in anew.files.values()]


def test_vectors_of_the_tail_are_read_once(library, monkeypatch):
    read = []
    vectors = Snapshot.vectors
    derived = DerivedIndexes(library.folder)
    monkeypatch.setattr(Snapshot, "vectors", lambda snapshot, rows: read.extend(np.asarray(rows).tolist()) or vectors(snapshot, rows))
    for step in range(3):
        library.add(articles(100 + 3 * step, 103 + 3 * step))
        library.remove(f"a{100 + 3 * step}")
        with library._store.snapshot() as snapshot:
            dense, _ = derived.open(snapshot)
            assert dense.coverage.tail_rows.tolist() == [row for row in range(101, 104 + 3 * step) if row % 3 != 2]
            assert np.array_equal(dense.coverage.tail_vectors, vectors(snapshot, dense.coverage.tail_rows))
    assert sorted(read) == [row for row in range(101, 110) if row % 3 != 2]


def test_searches_go_on_while_an_approximate_index_is_trained(library, monkeypatch):
    """They find what was committed meanwhile, by the file there is; the new one takes its place when it is done."""
    monkeypatch.setattr("index.dense.APPROXIMATE_FROM", 110)
    training, done = threading.Event(), threading.Event()
    trained = ApproximateIndex.trained

    def slowly(sample, lists):
        training.set()
        assert done.wait(30)
        return trained(sample, lists)

    monkeypatch.setattr(ApproximateIndex, "trained", slowly)
    monkeypatch.setattr("index.library.Library._mend", lambda *_, **__: pytest.fail("nobody needs to wait"))
    writer = threading.Thread(target=library.add, args=(articles(100, 120),))
    writer.start()
    assert training.wait(30)
    for _ in range(3):
        with library.view() as view:
            assert not view.approximate
            assert view.counts() == (120, 120)
            assert view.dense(view.embed_query("Article number119 is here."), 1).rows.tolist() == [120]
            assert view.lexical("number119", 1).rows.tolist() == [120]
    done.set()
    writer.join()
    with library.view() as view:
        assert view.approximate
        assert view.dense(view.embed_query("Article number119 is here."), 1).rows.tolist() == [120]


def test_past_a_size_the_vectors_file_is_approximate_and_goes_back(library, monkeypatch):
    monkeypatch.setattr("index.dense.APPROXIMATE_FROM", 110)
    with library.view() as view:
        assert not view.approximate
    library.add(articles(100, 120))
    with library.view() as view:
        assert view.approximate
        query = view.embed_query("Article number7 is here.")
        assert view.dense(query, 5).rows[0] == 8
        selection = view.select(ArticleFilter(ids=tuple(f"a{n}" for n in range(50, 90))))
        found = view.dense(query, 10, selection)
        exact = view.dense_scores(query, selection.passages)
        assert sorted(found.scores.tolist(), reverse=True) == sorted(exact.tolist(), reverse=True)[:10]
    health = library.doctor()
    assert health.faults == ()
    assert 0.9 <= health.recall <= 1
    library.remove(*(f"a{n}" for n in range(70)))
    with library.view() as view:
        assert not view.approximate
        assert view.dense(query, 50).rows.size == 50
    assert library.doctor().recall is None


def test_publishing_again_changes_nothing(library):
    before = state(library), (library.folder / "store.sqlite").stat().st_mtime_ns
    publish(library.folder, library._store)
    assert (state(library), (library.folder / "store.sqlite").stat().st_mtime_ns) == before


def test_building_anew_gives_the_same_vectors_file_and_never_writes_over_the_words(library):
    (before, _), _ = state(library)
    publish(library.folder, library._store, anew=True)
    (dense, lexical), _ = state(library)
    assert [stamp.sha256 for stamp in dense.files.values()] == [stamp.sha256 for stamp in before.files.values()]
    assert lexical.folder == "lexical/1a"
    assert library.doctor(samples=0).faults == ()


def test_what_lies_about_is_swept_away(library):
    (library.folder / "dense" / "7.partial").write_text("half")
    (library.folder / "dense" / "0.faiss").write_text("old")
    (library.folder / "lexical" / "0").mkdir()
    (library.folder / "lexical" / "stray").write_text("x")
    library.add(articles(100, 101))
    assert [path.name for path in (library.folder / "dense").iterdir()] == ["1.faiss"]
    assert "1" in {path.name for path in (library.folder / "lexical").iterdir()} <= {"1", "stray"}


def test_large_indexes_are_built_part_by_part(library, monkeypatch):
    (before, _), _ = state(library)
    monkeypatch.setattr("index.dense._ROWS_AT_ONCE", 7)
    publish(library.folder, library._store, anew=True)
    (dense, _), _ = state(library)
    assert [stamp.sha256 for stamp in dense.files.values()] == [stamp.sha256 for stamp in before.files.values()]


def test_what_is_open_is_kept_while_it_is_the_newest(library):
    derived = DerivedIndexes(library.folder)
    with library._store.snapshot() as snapshot:
        dense, lexical = derived.open(snapshot)
        again = derived.open(snapshot)
    assert again[0].index is dense.index
    assert again[1] is lexical
    library.add(articles(100, 120))
    with library._store.snapshot() as snapshot:
        newer = derived.open(snapshot)
    assert newer[0].index is not dense.index
    assert newer[1].size == 120
    assert lexical.size == 100


def test_behind_or_broken_is_stale_and_a_private_one_is_right(library, monkeypatch):
    derived = DerivedIndexes(library.folder)
    with monkeypatch.context() as patch:
        patch.setattr("index.library.publish", lambda *_, **__: None)
        patch.setattr("index.library.publish_words", lambda *_: {})
        library.add(articles(100, 103))
    with library._store.snapshot() as snapshot:
        with pytest.raises(StaleError, match="behind the store") as caught:
            derived.open(snapshot)
        assert "\n" not in str(caught.value)
        dense, lexical = derived.private(snapshot)
        assert derived.private(snapshot)[1] is lexical
        found = dense.search(snapshot.vectors([103])[0], 10)
        assert 103 in found.rows[found.scores > 0.9999]
        assert lexical.search("number102", 5, articles=None, without=np.zeros(0, np.int64), last_row=200).rows.tolist() == [103]
    folder = lexical.folder
    assert folder.exists()
    derived.close()
    assert not folder.exists()
    assert lexical.search("number102", 5, articles=None, without=np.zeros(0, np.int64), last_row=200).rows.tolist() == [103]
    with library.view():
        pass  # brought up to date


def test_what_the_user_keeps_in_the_folder_is_never_swept(library):
    (library.folder / "dense" / "thesis.txt").write_text("mine")
    (library.folder / "lexical" / "src").mkdir()
    (library.folder / "lexical" / "src" / "code.py").write_text("mine")
    library.rebuild()
    assert (library.folder / "dense" / "thesis.txt").read_text() == "mine"
    assert (library.folder / "lexical" / "src" / "code.py").read_text() == "mine"


def test_a_folder_behind_a_link_is_never_swept(library, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    (library.folder / "lexical").rename(elsewhere)
    (elsewhere / "99").mkdir()
    (library.folder / "lexical").symlink_to(elsewhere)
    library.rebuild()
    assert (elsewhere / "99").is_dir()


def test_words_are_read_through_links_where_the_folder_takes_no_lock_file(library, monkeypatch):
    opened = derive.LexicalIndex

    def refusing(folder):
        if library.folder in folder.parents:
            raise ValueError("Failed to acquire Lockfile")
        return opened(folder)

    expected = [(hit.rows.tolist(), hit.scores.tolist()) for hit in _words(library)]
    monkeypatch.setattr(derive, "LexicalIndex", refusing)
    monkeypatch.setattr(derive.os, "access", lambda *_, **__: False)
    monkeypatch.setattr(DerivedIndexes, "private", lambda *_: pytest.fail("nothing needs to be built"))
    library._derived.close()
    assert [(hit.rows.tolist(), hit.scores.tolist()) for hit in _words(library)] == expected


def _words(library):
    with library.view() as view:
        return [view.lexical(query, 10) for query in ("lithium", "cobalt nickel", "a")]

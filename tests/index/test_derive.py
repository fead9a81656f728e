"""When derived files are extended, when they are built anew, and what is deleted once nothing needs it."""

import numpy as np
import pytest

from index import Article, derive
from index.derive import MERGE_SHARE, DerivedIndexes, StaleError, damaged, publish


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


def test_what_was_removed_stays_in_the_files_up_to_the_share(library):
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


def test_nothing_is_purged_that_a_derived_index_may_still_hold(library, monkeypatch):
    library.remove(*(f"a{n}" for n in range(5)))
    monkeypatch.setattr("index.derive._published_dense", lambda _folder, snapshot, **_: snapshot.derived("dense"))
    publish(library.folder, library._store, anew=True)  # the words anew, the vectors as they were
    with library._store.snapshot() as snapshot:
        assert snapshot.removed_before(2) == 10
    monkeypatch.undo()
    publish(library.folder, library._store, anew=True)
    with library._store.snapshot() as snapshot:
        assert snapshot.removed_before(2) == 0


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
    assert damaged(library.folder, _snapshot(library)) == []


def _snapshot(library):
    with library._store.snapshot() as snapshot:
        return snapshot


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
    monkeypatch.setattr("index.derive._ROWS_AT_ONCE", 7)
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
    assert newer[1].size() == 120
    assert lexical.size() == 100


def test_behind_or_broken_is_stale_and_a_private_one_is_right(library, monkeypatch):
    derived = DerivedIndexes(library.folder)
    with monkeypatch.context() as patch:
        patch.setattr("index.library.publish", lambda *_, **__: None)
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
    monkeypatch.setattr(derive.os, "access", lambda *_: False)
    monkeypatch.setattr(DerivedIndexes, "private", lambda *_: pytest.fail("nothing needs to be built"))
    library._derived.close()
    assert [(hit.rows.tolist(), hit.scores.tolist()) for hit in _words(library)] == expected


def _words(library):
    with library.view() as view:
        return [view.lexical(query, 10) for query in ("lithium", "cobalt nickel", "a")]

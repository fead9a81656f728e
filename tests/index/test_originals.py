"""The files that articles were read from, kept with them: whole, once each, and no longer than an article refers to them."""

import hashlib
import io
import os
import resource
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from index import Library, StoreError
from index.originals import Originals


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "a.txt").write_bytes("Lithium is mined in Chile.\r\nIt is light.".encode("utf-16"))
    (folder / "b.txt").write_text("Nickel comes from Indonesia.")
    (folder / "rows.jsonl").write_text('{"id": "r0", "text": "Row 0 of ore."}\n{"id": "r1", "text": "Row 1 of ore."}\n')
    return folder


def kept(library):
    place = library.folder / "originals"
    return {path.name: path.read_bytes() for path in place.iterdir()} if place.exists() else {}


def of(*paths):
    return {hashlib.sha256(path.read_bytes()).hexdigest(): path.read_bytes() for path in paths}


def given_back(library, article_id):
    name, path = library.original(article_id)
    return name, path.read_bytes()


def test_the_bytes_of_each_file_are_kept_once_and_given_back(make_library, folder):
    library = make_library()
    library.add(folder, keep_originals=True)
    assert kept(library) == of(*folder.iterdir())
    for article_id, name in {"a.txt": "a.txt", "b.txt": "b.txt", "r0": "rows.jsonl", "r1": "rows.jsonl"}.items():
        assert given_back(library, article_id) == (name, (folder / name).read_bytes())


def test_nothing_is_kept_unless_asked_for(make_library, folder):
    library = make_library()
    library.sync(folder)
    assert not (library.folder / "originals").exists()
    with pytest.raises(StoreError, match=r"the original of 'a.txt' is not kept; add its file again with --keep-originals"):
        library.original("a.txt")
    with pytest.raises(StoreError, match="no article 'x'"):
        library.original("x")
    report = library.sync(folder, keep_originals=True)  # the articles stay as they are
    assert len(report.unchanged) == 4
    assert kept(library) == of(*folder.iterdir())
    assert given_back(library, "r1")[0] == "rows.jsonl"


def test_an_original_goes_with_the_last_article_that_was_read_from_it(make_library, folder):
    library = make_library()
    library.sync(folder, keep_originals=True)
    rows = of(folder / "rows.jsonl")
    library.remove("r0")
    assert kept(library).items() >= rows.items()
    library.remove("r1")
    assert not kept(library).keys() & rows.keys()
    (folder / "b.txt").write_text("Another text of nickel.")
    (folder / "a.txt").unlink()
    library.sync(folder, keep_originals=True)
    assert kept(library) == of(*folder.iterdir())
    library.remove("b.txt", "r0", "r1")
    library.rebuild()
    assert kept(library) == {}


def test_what_moved_keeps_its_original(make_library, folder):
    library = make_library()
    library.sync(folder, keep_originals=True)
    (folder / "a.txt").rename(folder / "z.txt")
    assert len(library.sync(folder).moved) == 1
    assert kept(library) == of(*folder.iterdir())
    assert given_back(library, "z.txt")[1] == (folder / "z.txt").read_bytes()


def test_an_article_that_changed_without_its_file_being_kept_has_none(make_library, folder):
    library = make_library()
    library.sync(folder, keep_originals=True)
    (folder / "b.txt").write_text("Another text of nickel.")
    library.sync(folder)
    with pytest.raises(StoreError, match="not kept"):
        library.original("b.txt")
    assert kept(library) == of(folder / "a.txt", folder / "rows.jsonl")


def test_of_what_is_refused_nothing_is_kept(make_library, folder):
    (folder / "bad.txt").write_text("All rights reserved.")
    (folder / "film.mp4").write_bytes(b"\0\0\0\x20ftypisom")
    library = make_library()
    assert len(library.add(folder, keep_originals=True).refused) == 2
    assert kept(library) == of(folder / "a.txt", folder / "b.txt", folder / "rows.jsonl")


@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_the_check_reads_every_byte_that_is_kept(make_library, folder, damage):
    library = make_library(damaged=True)
    library.sync(folder, keep_originals=True)
    assert library.doctor().faults == ()
    name, path = library.original("a.txt")
    path.unlink() if damage == "missing" else path.write_bytes(path.read_bytes()[:-1] + b"x")
    (fault,) = library.doctor().faults
    assert fault.startswith(f"originals/{path.name} is ")
    assert "--keep-originals" in fault
    with pytest.raises(StoreError, match=r"the original of 'a.txt' is "):
        library.original("a.txt")
    os.utime(folder / name)
    library.add(folder / name, keep_originals=True)
    assert library.doctor().faults == ()


def test_a_backup_copies_originals(make_library, folder, tmp_path, embedder):
    library = make_library()
    library.sync(folder, keep_originals=True)
    library.backup(tmp_path / "copy")
    shutil.rmtree(folder)
    with Library.open(tmp_path / "copy", model=embedder) as copy:
        assert kept(copy) == kept(library)
        copy.rebuild()
        assert copy.doctor().faults == ()
        assert given_back(copy, "r0") == given_back(library, "r0")


def test_only_files_of_ours_are_swept(make_library, folder, tmp_path):
    library = make_library()
    library.sync(folder, keep_originals=True)
    place = library.folder / "originals"
    (place / "notes.txt").write_text("the user's own")
    (place / ("0" * 64)).write_text("nobody's")
    (place / f".{'0' * 16}.partial").write_text("of a killed process")
    library.sync(folder)
    assert {path.name for path in place.iterdir()} == {*of(*folder.iterdir()), "notes.txt"}
    shutil.rmtree(place)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ("0" * 64)).write_text("not ours to delete")
    place.symlink_to(elsewhere)
    library.add({"id": "x", "text": "Words."})
    assert (elsewhere / ("0" * 64)).exists()
    place.unlink()
    library.remove("a.txt", "b.txt", "r0", "r1")


def test_a_killed_addition_leaves_no_original_behind(make_library, folder, monkeypatch):
    library = make_library()
    with monkeypatch.context() as patch:
        patch.setattr("index.store.Store.commit", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            library.add(folder, keep_originals=True)
    assert kept(library)
    library.add({"id": "x", "text": "Words."})
    assert kept(library) == {}
    assert library.add(folder, keep_originals=True).added == ["a.txt", "b.txt", "r0", "r1"]
    assert kept(library) == of(*folder.iterdir())


def test_an_original_is_on_the_disk_before_an_article_refers_to_it(make_library, folder, monkeypatch):
    order = []
    commit, keep = Library._commit, Originals.keep
    monkeypatch.setattr(Library, "_commit", lambda *given: (order.append("commit"), commit(*given))[1])
    monkeypatch.setattr(Originals, "keep", lambda *given: (keep(*given), order.append("kept"))[0])
    library = make_library()
    library.add(folder, keep_originals=True)
    assert order == ["kept", "kept", "kept", "commit"]
    assert kept(library) == of(*folder.iterdir())


def test_what_cannot_be_kept_ends_the_run_and_nothing_is_lost(make_library, folder):
    """It is no fault of the file: were it refused, an article whose file has moved would be gone with the place that it left."""
    library = make_library()
    library.sync(folder, keep_originals=True)
    before = library.articles()
    originals = library.folder / "originals"
    aside = originals.rename(library.folder / "aside")
    originals.write_text("in the way")
    moved = min(folder.iterdir())
    moved.rename(folder / "elsewhere.txt")
    with pytest.raises(StoreError, match=r"cannot be kept: .*nothing was lost"):
        library.sync(folder, keep_originals=True)
    assert library.articles() == before
    originals.unlink()
    aside.rename(originals)
    assert len(library.sync(folder, keep_originals=True).moved) == 1


def test_a_name_is_only_a_label(make_library, tmp_path):
    folder = tmp_path / "articles"
    folder.mkdir()
    name = "x..%2f..\x1b[31m\n.txt"
    (folder / name).write_text("Words of ore.")
    library = make_library()
    (article_id,) = library.add(folder, keep_originals=True).added
    label, path = library.original(article_id)
    assert path.parent == library.folder / "originals"
    assert label.isprintable()
    with closing(sqlite3.connect(library.folder / "store.sqlite")) as connection:
        assert connection.execute("SELECT count(*) FROM originals").fetchone() == (1,)


def test_a_disk_without_room_is_told_as_such_and_leaves_nothing_behind(tmp_path):
    """Not as a file that cannot be read: what had moved there would be taken for gone."""
    originals, limits = Originals(tmp_path / "originals"), resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, limits[1]))
    try:
        with pytest.raises(StoreError, match="the file cannot be kept"):
            originals.keep(io.BytesIO(b"x" * 5_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert list(originals.folder.iterdir()) == []


def test_a_stream_is_kept_in_pieces(tmp_path):
    originals = Originals(tmp_path / "originals")
    words = os.urandom(3_000_000)
    sha256 = originals.keep(io.BytesIO(words))
    assert Path(originals.path(sha256)).read_bytes() == words
    assert originals.fault(sha256) is None

"""A folder kept in step: what is passed over, read again, followed to another place, forgotten, and what is only said."""

import json
import os
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import index.loaders.walk
import index.mirror
from index import AssayError, Interrupted, Library
from index.errors import NotNowError
from index.files import TICK
from index.ingest import Moved

LONG_AGO = 1_000_000_000


def aged(folder):
    """Let every file of `folder` look as if it was written long before it was read: its change is not within a tick of any clock."""
    for path in Path(folder).rglob("*"):
        os.utime(path, (LONG_AGO, LONG_AGO))


@pytest.fixture
def later(monkeypatch):
    """`later(seconds)`: the clock by which files are judged goes on; it starts when the clock of the file system is past any change."""
    ahead = [2 * TICK]
    real = index.mirror.now
    monkeypatch.setattr("index.mirror.now", lambda: real() + ahead[0])

    def go_on(seconds):
        ahead[0] += int(seconds * 1e9)

    return go_on


@pytest.fixture
def reads(monkeypatch):
    """The files that are opened, and of those the ones that are read by a loader, by name."""
    seen = {"opened": [], "parsed": []}
    opened, articles = index.loaders.walk.opened, index.loaders.walk.articles

    def noted(found):
        seen["opened"].append(str(found.relative))
        return opened(found)

    def parsed(found, file, wish):
        seen["parsed"].append(str(found.relative))
        return articles(found, file, wish)

    monkeypatch.setattr("index.mirror.opened", noted)
    monkeypatch.setattr("index.mirror.articles", parsed)

    def taken():
        found = {name: sorted(names) for name, names in seen.items()}
        seen["opened"], seen["parsed"] = [], []
        return found["opened"], found["parsed"]

    return taken


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "articles"
    (folder / "sub").mkdir(parents=True)
    for name in ("a", "b", "sub/c"):
        (folder / f"{name}.txt").write_text(f"The text of {name} is about lithium. It says more of {name}.")
    rows = [{"id": f"r{n}", "text": f"Row {n} says this of nickel."} for n in range(3)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def held(library):
    """What an index holds, in an order of its own: each article's record and text with its passages, and what is embedded for them."""
    found = {}
    with library.view() as view:
        for record in library.articles():
            row = view.article_row(record["id"])
            article = view.article(row)
            found[article.id] = (article, view.sentences(row), view.store.embedded(row))
    return found


def equals_fresh(library, folder, tmp_path, model):
    """Say whether the index is as one to which the folder was just added."""
    place = tmp_path / f"fresh{random.random()}"
    with Library.open(place, model=model) as fresh:
        fresh.sync(folder)
        return held(fresh) == held(library)


def test_a_file_of_a_million_refusals_is_not_read_to_its_end(make_library, folder, later):
    (folder / "flood.csv").write_text("text,a\nThe nickel is here.,x\n" + ",x\n" * 300_000)
    (folder / "mixed.csv").write_text("text,a\n" + ",x\n" * 3_000 + "The cobalt is here.,x\n")
    library = make_library()
    report = library.sync(folder)
    assert sum("flood.csv" in refusal.path for refusal in report.refused) == 10_001
    assert sum("mixed.csv" in refusal.path for refusal in report.refused) == 3_000
    last = next(refusal for refusal in report.refused if refusal.path.endswith("flood.csv"))
    assert last.reason == "hardly anything in it can be taken in: 10,000 refused, 1 not; what follows was not looked at"
    assert report.added == ["a.txt", "b.txt", "flood.csv#2", "mixed.csv#3002", "r0", "r1", "r2", "sub/c.txt"]
    later(60)
    assert library.sync(folder).removed == []  # what was not looked at is not gone


# --- what is as it was ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("later")
def test_what_is_as_it_was_is_not_opened(make_library, folder, reads):
    library = make_library()
    library.sync(folder)
    assert reads() == (["a.txt", "b.txt", "rows.jsonl", "sub/c.txt"],) * 2
    for go in (library.sync, library.add):
        report = go(folder)
        assert report.unchanged == ["a.txt", "b.txt", "r0", "r1", "r2", "sub/c.txt"]
        assert reads() == ([], [])
    library.add(folder / "b.txt", folder / "rows.jsonl")  # by themselves they have another home
    reads()
    library.add(folder / "b.txt", folder / "rows.jsonl")
    assert reads() == ([], [])


def test_what_was_touched_is_hashed_and_not_read_by_a_loader(make_library, folder, later, reads, embedder):
    library = make_library()
    library.sync(folder)
    reads()
    os.utime(folder / "b.txt")
    later(60)
    before = embedder.embedded
    assert library.sync(folder).unchanged == ["a.txt", "b.txt", "r0", "r1", "r2", "sub/c.txt"]
    assert reads() == (["b.txt"], [])
    assert library.sync(folder).updated == []
    assert reads() == ([], [])  # its new status is known by now
    assert embedder.embedded == before


def test_a_file_changed_within_the_clocks_tick_is_read_again(make_library, folder, later, reads):
    """The same size, inode and times as when it was read: only the time of the record tells that this may be another text."""
    library = make_library()
    status = (folder / "a.txt").stat()
    later(-(2 * TICK) / 1e9)  # the record is as old as the file
    library.sync(folder)
    reads()
    words = (folder / "a.txt").read_text()
    (folder / "a.txt").write_text(words.replace("lithium", "cobalts"))
    os.utime(folder / "a.txt", ns=(status.st_atime_ns, status.st_mtime_ns))
    with closing(sqlite3.connect(library.folder / "store.sqlite")) as connection:  # as on a file system of slow ticks
        now = (folder / "a.txt").stat()
        connection.execute("UPDATE files SET ctime_ns = ? WHERE path = ?", (now.st_ctime_ns, b"a.txt"))
        connection.commit()
    assert library.sync(folder).updated == ["a.txt"]
    assert "cobalts" in library.article("a.txt").text


@pytest.mark.usefixtures("later")
def test_a_file_whose_times_were_set_back_is_read_again(make_library, folder):
    library = make_library()
    aged(folder)
    library.sync(folder)
    (folder / "a.txt").write_text((folder / "a.txt").read_text().replace("lithium", "cobalts"))
    aged(folder)  # as rsync --times and archivers do
    assert library.sync(folder).updated == ["a.txt"]


@pytest.mark.usefixtures("later")
def test_what_other_rules_read_is_read_again_and_not_embedded_again(make_library, folder, reads, embedder, monkeypatch):
    library = make_library()
    library.sync(folder)
    reads()
    before = embedder.embedded
    monkeypatch.setattr("index.mirror.rules", lambda: "other rules")
    assert len(library.sync(folder).unchanged) == 6
    assert reads()[1] == ["a.txt", "b.txt", "rows.jsonl", "sub/c.txt"]
    assert embedder.embedded == before


@pytest.mark.usefixtures("later")
def test_what_the_user_says_of_the_articles_counts_as_rules(make_library, folder):
    library = make_library()
    library.add(folder)
    assert len(library.add(folder, source="Reuters").updated) == 6
    assert len(library.add(folder, source="Reuters").unchanged) == 6
    assert len(library.add(folder).updated) == 6


def test_the_rules_name_every_library_that_a_loader_imports():
    import ast
    import sys

    from index.loaders import rules

    place = Path(rules.__file__).parent
    imported = set()
    for path in place.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(node.module.split(".")[0])
    foreign = imported - set(sys.stdlib_module_names)
    assert foreign <= set(rules.LIBRARIES), foreign - set(rules.LIBRARIES)


def test_the_rules_name_every_module_that_makes_an_article():
    import ast

    from index.loaders import rules

    place = Path(rules.__file__).parent
    beside = [place.parent / f"{name}.py" for name in rules._BESIDE]
    imported = set()
    for path, level in [*((path, 2) for path in place.glob("*.py")), *((path, 1) for path in beside)]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level == level and node.module:
                imported.add(node.module)
    assert imported - {"errors"} == set(rules._BESIDE)


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("change", ["removed", "replaced", "damaged record"])
def test_a_file_is_passed_over_only_while_its_articles_are_there(make_library, folder, change):
    library = make_library()
    library.sync(folder)
    if change == "removed":
        library.remove("a.txt", "r1")
    elif change == "replaced":
        library.add({"id": "a.txt", "text": "Somebody else's words."}, {"id": "r1", "text": "And a row."})
    else:
        library.remove("a.txt", "r1")
        with closing(sqlite3.connect(library.folder / "store.sqlite")) as connection:
            connection.execute("UPDATE files SET articles = '[[1]]'")
            connection.commit()
    report = library.sync(folder)
    assert sorted(report.added + report.updated) == ["a.txt", "r1"]
    assert library.article("a.txt").text.startswith("The text of a")


@pytest.fixture
def half_bad(folder):
    """Besides the good files, one with a broken row and one in no format; and what is refused of them."""
    (folder / "rows.jsonl").write_text('{"id": "r0", "text": "Row 0 says this."}\n{"id": "r1"}\n')
    (folder / "noise.pdf").write_bytes(b"%PDF-1.7 but no more than that")
    return [f"{folder}/noise.pdf", f"{folder}/rows.jsonl:line 2"]


@pytest.mark.usefixtures("later")
def test_what_was_refused_is_told_again_without_reading_it(make_library, folder, half_bad, reads):
    library = make_library()
    first = library.sync(folder)
    assert "rows.jsonl" in reads()[1]
    again = library.sync(folder)
    assert reads() == ([], [])
    assert again.refused == first.refused
    assert [refusal.path for refusal in first.refused] == half_bad
    assert sorted(again.unchanged) == sorted(first.added)


@pytest.mark.usefixtures("later", "half_bad")
@pytest.mark.parametrize("change", ["mended", "removed from the index", "another program"])
def test_what_was_refused_is_read_again_when_it_might_be_taken(make_library, folder, reads, change):
    library = make_library()
    library.sync(folder)
    reads()
    if change == "mended":
        (folder / "rows.jsonl").write_text('{"id": "r0", "text": "Row 0 says this."}\n{"id": "r1", "text": "And row 1 that."}\n')
        assert [refusal.path for refusal in library.sync(folder).refused] == [f"{folder}/noise.pdf"]
    elif change == "removed from the index":
        library.remove("r0")
        assert library.sync(folder).added == ["r0"]
    else:
        make_library().sync(folder)
        assert "noise.pdf" in reads()[0]
        return
    assert reads()[1] == ["rows.jsonl"]


@pytest.mark.usefixtures("later")
def test_what_could_not_be_read_just_then_is_read_again(make_library, folder, monkeypatch):
    def never(*_):
        raise NotNowError("cannot be read now: no process can be started for it")
        yield

    library = make_library()
    with monkeypatch.context() as patch:
        patch.setattr("index.mirror.articles", never)
        assert len(library.sync(folder).refused) == 4
    assert len(library.sync(folder).added) == 6


@pytest.mark.usefixtures("later")
def test_a_file_that_changes_while_it_is_read_is_read_again(make_library, folder, reads, monkeypatch):
    library = make_library()
    articles = index.loaders.walk.articles

    def written_meanwhile(found, file, wish):
        yield from articles(found, file, wish)
        if found.relative.name == "a.txt":
            with found.file.open("a") as stream:
                stream.write(" And a last sentence.")

    with monkeypatch.context() as patch:
        patch.setattr("index.mirror.articles", written_meanwhile)
        library.sync(folder)
    reads()
    assert library.sync(folder).updated == ["a.txt"]
    assert library.article("a.txt").text.endswith("last sentence.")


# --- what changed -----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("later")
def test_only_the_changed_passages_of_a_changed_article_are_embedded(make_library, folder, make_embedder):
    """The model reads 64 tokens, a passage holds fewer: one changed sentence of many is one passage, or two where a border moves."""
    model = make_embedder()
    library = make_library(model=model)
    sentences = [f"Sentence number {n} of the report names the {n}th mine of the district and its yearly output." for n in range(60)]
    (folder / "a.txt").write_text("\n\n".join(sentences))
    library.sync(folder)
    first = model.embedded
    assert first > 15
    sentences[30] = sentences[30].replace("output", "losses")
    (folder / "a.txt").write_text("\n\n".join(sentences))
    assert library.sync(folder).updated == ["a.txt"]
    assert model.embedded - first == 1


# --- what moved -------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("later")
def test_what_moved_is_followed_without_being_read_or_embedded(make_library, folder, reads, embedder, tmp_path):
    library = make_library()
    library.sync(folder)
    reads()
    before = embedder.embedded
    (folder / "new").mkdir()
    (folder / "a.txt").rename(folder / "new" / "a.txt")
    (folder / "rows.jsonl").rename(folder / "new" / "renamed.jsonl")
    report = library.sync(folder)
    assert report.moved == [
        Moved("new/a.txt", "a.txt", "a.txt", "new/a.txt"),
        *(Moved(f"r{n}", f"r{n}", "rows.jsonl", "new/renamed.jsonl") for n in range(3)),
    ]
    assert (report.added, report.updated, report.removed, report.unchanged) == ([], [], [], ["b.txt", "sub/c.txt"])
    assert report.to_json()["moved"][0] == {"id": "new/a.txt", "was": "a.txt", "from": "a.txt", "to": "new/a.txt"}
    assert reads() == (["new/a.txt", "new/renamed.jsonl"], [])
    assert embedder.embedded == before
    assert equals_fresh(library, folder, tmp_path, embedder)
    assert len(library.sync(folder).unchanged) == 6


@pytest.mark.usefixtures("later")
def test_a_folder_that_was_renamed_is_followed(make_library, folder, embedder, tmp_path):
    library = make_library()
    library.sync(folder)
    (folder / "sub").rename(folder / "another")
    assert library.sync(folder).moved == [Moved("another/c.txt", "sub/c.txt", "sub/c.txt", "another/c.txt")]
    assert equals_fresh(library, folder, tmp_path, embedder)


@pytest.mark.usefixtures("later")
def test_files_of_the_same_bytes_are_followed_one_by_one(make_library, folder, embedder, tmp_path):
    for n in range(20):
        (folder / "sub" / f"same{n:02}.txt").write_text("The same words of nickel everywhere.")
    library = make_library()
    library.sync(folder)
    (folder / "sub").rename(folder / "moved")
    (folder / "moved" / "same07.txt").unlink()
    report = library.sync(folder)
    assert {moved.was.replace("sub/", "moved/") for moved in report.moved} == {moved.id for moved in report.moved}
    assert (len(report.moved), report.added, report.removed) == (20, [], ["sub/same07.txt"])
    assert equals_fresh(library, folder, tmp_path, embedder)


def test_a_copy_is_added_without_being_read(make_library, folder, reads, embedder, tmp_path):
    library = make_library()
    library.sync(folder)
    reads()
    before = embedder.embedded
    shutil.copy(folder / "a.txt", folder / "0.txt")
    assert library.sync(folder).added == ["0.txt"]
    assert (reads()[1], embedder.embedded) == ([], before)
    assert equals_fresh(library, folder, tmp_path, embedder)


@pytest.mark.usefixtures("later")
def test_what_is_added_alone_is_not_followed(make_library, folder):
    library = make_library()
    library.add(folder / "a.txt", folder / "rows.jsonl")
    (folder / "a.txt").rename(folder / "z.txt")
    (folder / "rows.jsonl").rename(folder / "y.jsonl")
    report = library.add(folder / "z.txt", folder / "y.jsonl")
    assert (report.added, report.updated, report.moved) == (["z.txt"], ["r0", "r1", "r2"], [])
    assert library.article("a.txt").text == library.article("z.txt").text


def test_a_rebuild_forgets_files_that_are_gone_and_keeps_their_articles(make_library, folder):
    library = make_library()
    library.add(folder / "a.txt", folder / "b.txt")
    (folder / "a.txt").unlink()
    library.rebuild()
    with closing(sqlite3.connect(library.folder / "store.sqlite")) as connection:
        assert connection.execute("SELECT path FROM files").fetchall() == [(b"b.txt",)]
    assert [record["id"] for record in library.articles()] == ["a.txt", "b.txt"]


def test_two_files_that_change_places_are_both_updated(make_library, folder, embedder, tmp_path):
    library = make_library()
    library.sync(folder)
    (folder / "a.txt").rename(folder / "x.txt")
    (folder / "b.txt").rename(folder / "a.txt")
    (folder / "x.txt").rename(folder / "b.txt")
    before = embedder.embedded
    assert library.sync(folder).updated == ["a.txt", "b.txt"]
    assert embedder.embedded == before
    assert equals_fresh(library, folder, tmp_path, embedder)


@pytest.mark.usefixtures("later")
def test_a_title_that_comes_of_the_files_name_follows_it(make_library, folder, embedder, tmp_path):
    (folder / "lithium-plan.txt").write_text("2023 45 1.8.")
    library = make_library()
    library.sync(folder)
    (folder / "lithium-plan.txt").rename(folder / "nickel-plan.txt")
    report = library.sync(folder)
    assert library.article("nickel-plan.txt").title == "nickel plan"
    assert (report.added, report.removed) == (["nickel-plan.txt"], ["lithium-plan.txt"])
    assert equals_fresh(library, folder, tmp_path, embedder)


@pytest.mark.usefixtures("later")
def test_a_day_that_comes_of_the_files_name_follows_it(make_library, folder, embedder, tmp_path):
    (folder / "2023-04-21-plan.txt").write_text("The plan for lithium was agreed in Santiago by all the parties.")
    library = make_library()
    library.sync(folder)
    assert library.article("2023-04-21-plan.txt").published == "2023-04-21"
    (folder / "2023-04-21-plan.txt").rename(folder / "2024-05-01-plan.txt")
    library.sync(folder)
    assert library.article("2024-05-01-plan.txt").published == "2024-05-01"
    assert equals_fresh(library, folder, tmp_path, embedder)


@pytest.mark.usefixtures("later")
def test_what_another_folder_holds_too_is_no_move(make_library, folder, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    library = make_library()
    library.sync(folder)
    library.sync(other)
    (folder / "a.txt").rename(folder / "z.txt")
    report = library.sync(folder)
    assert (report.added, report.moved, report.removed) == (["z.txt"], [], [])
    assert library.article("a.txt").text == library.article("z.txt").text


@pytest.mark.usefixtures("later")
def test_a_move_may_be_interrupted_anywhere(make_library, folder, embedder, tmp_path, monkeypatch):
    library = make_library()
    library.sync(folder)
    (folder / "a.txt").rename(folder / "z.txt")
    with monkeypatch.context() as patch:
        patch.setattr("index.store.Store.forget", mock.Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            library.sync(folder)
    report = library.sync(folder)
    assert report.removed == ["a.txt"]
    assert equals_fresh(library, folder, tmp_path, embedder)


# --- a dry run --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("later")
def test_a_dry_run_says_what_would_be_done_and_writes_nothing(make_library, folder, embedder):
    library = make_library()
    library.sync(folder)
    (folder / "a.txt").rename(folder / "z.txt")
    (folder / "b.txt").write_text("Another text of nickel.")
    (folder / "new.txt").write_text("New words.")
    (folder / "sub" / "c.txt").unlink()
    (folder / "bad.pdf").write_bytes(b"\0\1\2")
    before, files, words = (
        held(library),
        {path: path.read_bytes() for path in library.folder.rglob("*") if path.is_file()},
        embedder.embedded,
    )
    said = library.sync(folder, dry_run=True)
    assert (held(library), embedder.embedded) == (before, words)
    assert {path: path.read_bytes() for path in library.folder.rglob("*") if path.is_file()}.keys() == files.keys()
    with closing(sqlite3.connect(library.folder / "store.sqlite")) as connection:
        assert connection.execute("SELECT value FROM settings WHERE name = 'generation'").fetchone() == ("1",)
    done = library.sync(folder)
    assert {**said.to_json(), "seconds": 0} == {**done.to_json(), "seconds": 0}
    assert (done.added, done.updated, done.removed) == (["new.txt"], ["b.txt"], ["sub/c.txt"])
    assert [(moved.was, moved.id) for moved in done.moved] == [("a.txt", "z.txt")]
    assert len(done.refused) == 1


def test_a_dry_run_waits_for_no_writer(make_library, folder):
    from index.lock import writer_lock

    library = make_library()
    with writer_lock(library.folder / "lock", wait=0):
        assert len(library.sync(folder, dry_run=True).added) == 6


# --- any history ------------------------------------------------------------------------------------------------------

NAMES = ("a.txt", "b.txt", "c.md", "sub/a.txt", "sub/d.txt", "rows.jsonl", "sub/rows.jsonl", "lithium-mine.txt")
TEXTS = ("Lithium is mined in Chile. It is light.", "# Cobalt\n\nCobalt comes from Congo.", "45 1.8 2023.", "Copper.", "\0\1", "")
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from(NAMES), st.sampled_from(TEXTS)),
        st.tuples(st.just("move"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
        st.tuples(st.just("copy"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
        st.tuples(st.just("remove"), st.sampled_from(NAMES), st.none()),
        st.tuples(st.just("sync"), st.none(), st.none()),
    ),
    max_size=14,
)


def change(folder, kind, name, other):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "write":
        rows = "".join(json.dumps({"id": f"{n}{len(other)}", "text": f"{other} {n}"}) + "\n" for n in range(2))
        path.write_text(rows if name.endswith("jsonl") else other)
    elif kind == "remove":
        path.unlink(missing_ok=True)
    elif path.exists() and name != other:
        (folder / other).parent.mkdir(parents=True, exist_ok=True)
        path.rename(folder / other) if kind == "move" else shutil.copy(path, folder / other)


@given(CHANGES)
@settings(max_examples=40)
def test_after_any_history_an_index_in_step_is_as_a_fresh_one(tmp_path_factory, make_embedder, history):
    place = tmp_path_factory.mktemp("history")
    folder, model = place / "articles", make_embedder()
    folder.mkdir()
    real = index.mirror.now
    with Library.open(place / "index", model=model) as library, mock.patch("index.mirror.now", side_effect=lambda: real() + 2 * TICK):
        for kind, name, other in [*history, ("sync", None, None)]:
            if kind == "sync":
                library.sync(folder)
            else:
                change(folder, kind, name, other)
        with Library.open(place / "any", model=model) as fresh:
            for refusal in fresh.sync(folder).refused:  # what cannot be read keeps its articles, which a fresh index never had
                Path(refusal.path.partition(":line")[0]).unlink(missing_ok=True)
        library.sync(folder)
        with Library.open(place / "fresh", model=model) as fresh:
            fresh.sync(folder)
            assert held(fresh) == held(library)


# --- much at once -----------------------------------------------------------------------------------------------------


def test_of_a_thousand_articles_the_bad_fifty_are_reported_in_any_order(make_library, tmp_path):
    chance, found = random.Random(1963), []
    broken = [b"", b"\0\1\2", b"%PDF-1.7\n\xff", b"   ", b"All rights reserved."]
    for turn in range(2):
        folder = tmp_path / f"thousand{turn}"
        folder.mkdir()
        numbers = list(range(1000))
        chance.shuffle(numbers)
        for place, number in enumerate(numbers):
            bad = number < 50
            words = broken[number % len(broken)] if bad else f"Article {number} tells of mine {number}.".encode()
            (folder / (f"{place:04}.txt")).write_bytes(words)
        library = make_library()
        report = library.sync(folder)
        assert (len(report.added), len(report.refused)) == (950, 50)
        assert all(refusal.reason and "\n" not in refusal.reason for refusal in report.refused)
        found.append(sorted(library.article(name).text for name in report.added))
    assert found[0] == found[1]


@pytest.mark.usefixtures("later")
def test_an_unreadable_archive_member_keeps_the_articles_of_its_file(make_library, folder, monkeypatch):
    """A member's name may hold a slash; that is no folder."""
    from index.loaders.interface import BrokenRow, Draft

    class Archive:
        name, suffixes, max_bytes, contained = "archive", (".bag",), None, False

        def recognises(self, _, suffix):
            return suffix == ".bag"

        def load(self, stream):
            for line in stream.read().decode().splitlines():
                member, _, words = line.partition(":")
                yield Draft(text=words, member=member) if words else BrokenRow(member, "empty")

    monkeypatch.setattr("index.loaders.formats.LOADERS", (Archive(), *index.loaders.formats.LOADERS))
    (folder / "x.bag").write_text("may/a.txt:The first of lithium.\nmay/b.txt:The second of lithium.")
    library = make_library()
    assert library.sync(folder).added[-2:] == ["x.bag#may/a.txt", "x.bag#may/b.txt"]
    (folder / "x.bag").write_text("may/a.txt:\nmay/b.txt:The second of lithium.")
    report = library.sync(folder)
    assert (len(report.refused), report.removed) == (1, [])
    (folder / "x.bag").rename(folder / "sub" / "y.bag")
    (folder / "sub" / "y.bag").write_text("may/b.txt:The second of lithium.")
    assert library.sync(folder).removed == ["x.bag#may/a.txt", "x.bag#may/b.txt"]


def test_syncing_what_is_no_folder_writes_nothing(make_library, folder):
    library = make_library()
    with pytest.raises(AssayError, match="expected a folder to mirror"):
        library.sync(folder / "none", dry_run=True)


def test_a_file_that_somebody_may_be_writing_waits(make_library, folder, later):
    library = make_library()
    later(-2 * TICK / 1e9)
    report = library.sync(folder, patience=3600)
    assert (report.added, len(report.waiting)) == ([], 4)
    assert library.sync(folder, patience=1e-6).waiting == []
    (folder / "a.txt").write_text("Half of a")
    report = library.sync(folder, patience=3600)
    assert (report.updated, report.removed) == ([], [])
    assert any(path.endswith("a.txt") for path in report.waiting)


# --- long articles ----------------------------------------------------------------------------------------------------


def test_a_long_article_that_was_interrupted_goes_on_where_it_was(make_library, tmp_path, make_embedder, monkeypatch):
    """Its vectors are kept in parts; nothing of it is seen before it is whole, and the bar hears of each part."""
    monkeypatch.setattr("index.ingest.EMBEDDED_AT_ONCE", 8)
    model, heard = make_embedder(), []
    library = make_library(model=model)
    words = "\n\n".join(f"Paragraph {n} of the long report tells of the {n}th mine, its output and its price." for n in range(200))
    (tmp_path / "long.txt").write_text(words)

    def stop(articles, passages):
        heard.append((articles, passages))
        if sum(count for _, count in heard) >= 40:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as caught:
        library.add(tmp_path / "long.txt", progress=stop)
    assert caught.value.report.added == []
    assert library.counts() == (0, 0)
    assert library.doctor().faults == ()
    assert [count for _, count in heard if count] == [8] * 5
    embedded = model.embedded
    assert library.add(tmp_path / "long.txt").added == ["long.txt"]
    passages = library.counts()[1]
    assert passages > 60
    assert model.embedded - embedded == passages - 32  # the part in which it was interrupted is the one that is lost
    fresh = make_library(model=make_embedder())
    fresh.add(tmp_path / "long.txt")
    assert held(fresh) == held(library)

"""The one door to an index: what goes in is found, what is removed is not, and nothing that breaks makes an answer wrong."""

import json
import multiprocessing
import os
import random
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import index.library
from index import (
    DEFAULT_MODEL,
    Article,
    ArticleFilter,
    AssayError,
    BusyError,
    Library,
    MismatchError,
    Refusal,
    Span,
    StoreError,
    dense,
    model,
)
from index.durable import Stamp
from index.lexical import LexicalIndex
from index.lock import writer_lock

REPOSITORY = Path(__file__).parents[2]
WORDS = "ore mine metal price export quota brine cobalt nickel lithium copper smelter refinery port minister".split()


def article(article_id, words="", **values):
    return Article(**{"id": article_id, "text": f"{words or article_id} is here. It has two sentences.", "title": "", **values})


def articles(n, *, seed=0, first=0):
    """Articles of one to many passages, some with equal sentences."""
    chance = random.Random(seed)
    for i in range(first, first + n):
        sentences = [" ".join(chance.choices(WORDS, k=chance.randint(3, 15))) + "." for _ in range(chance.randint(1, 12))]
        about = {"title": f"Title {i % 7}", "source": chance.choice(["Reuters", "AP", None]), "published": f"20{10 + i % 15}"}
        yield Article(id=f"a{i}", text=f"mark{i} {' '.join(sentences)}", **about)


def ids(library):
    return [record["id"] for record in library.articles()]


def hits(library, query="lithium price", k=8, only=None):
    """What both rankings find: (article, ordinal, score), dense first."""
    with library.view() as view:
        selection = view.select(only) if only else None
        found = []
        for ranked in (view.dense(library.embedder.embed_query(query), k, selection), view.lexical(query, k, selection)):
            passages = view.passages(ranked.rows.tolist())
            places = [(view.record(passage.article)["id"], passage.ordinal) for passage in passages]
            found.append([(*place, score) for place, score in zip(places, ranked.scores.tolist(), strict=True)])
        return found


def one_line(caught):
    assert "\n" not in str(caught.value)
    return str(caught.value)


# --- adding, replacing, removing --------------------------------------------------------------------------------------


def test_what_is_added_comes_back_and_is_found(make_library):
    library = make_library()
    given = article("a", "Lithium", source="Reuters", metadata={"n": 1}, headings=(), path="a.txt")
    report = library.add(given, article("b", "Cobalt"))
    assert (report.added, report.updated, report.unchanged, report.removed, report.refused) == (["a", "b"], [], [], [], [])
    assert library.article("a") == given
    assert library.counts() == (2, 2)
    assert [(record["id"], record["characters"], record["passages"]) for record in library.articles()] == [
        ("a", len(given.text), 1),
        ("b", len(article("b", "Cobalt").text), 1),
    ]
    dense, lexical = hits(library, "lithium")
    assert (dense[0][0], [name for name, _, _ in lexical]) == ("a", ["a"])


def test_a_report_is_json(make_library):
    report = make_library().add([article("a"), Refusal("b.txt", "why")])
    assert json.loads(json.dumps(report.to_json())) == {
        "added": ["a"],
        "updated": [],
        "unchanged": [],
        "moved": [],
        "removed": [],
        "refused": [{"path": "b.txt", "reason": "why"}],
        "seconds": round(report.seconds, 3),
    }


def test_adding_the_same_again_changes_nothing(make_library, embedder):
    library = make_library(list(articles(20)))
    with library.view() as view:
        generation = view.generation
    embedded, before = embedder.embedded, (library.folder / "store.sqlite").read_bytes()
    report = library.add(list(articles(20)))
    assert (report.unchanged, report.added, report.updated) == ([f"a{n}" for n in range(20)], [], [])
    with library.view() as view:
        assert view.generation == generation
    assert embedder.embedded == embedded
    assert (library.folder / "store.sqlite").read_bytes() == before


def test_another_text_or_other_metadata_replaces_the_article(make_library):
    library = make_library([article("a", "Lithium"), article("b", "Copper")])
    report = library.add(article("a", "Cobalt"), article("b", "Copper", source="AP"))
    assert (report.updated, report.added) == (["a", "b"], [])
    assert ids(library) == ["a", "b"]
    assert hits(library, "lithium")[1] == []
    assert [name for name, _, _ in hits(library, "cobalt")[1]] == ["a"]
    assert library.article("b").source == "AP"


def test_only_what_was_never_embedded_is_embedded(make_library, embedder):
    library = make_library([article("a", "Lithium")])
    assert embedder.embedded == 1
    library.add(article("b", "Lithium"), article("a", "Lithium", authors=("Ana Ruiz",)))
    assert embedder.embedded == 1
    assert [name for name, _, _ in hits(library, "lithium")[0]] == ["b", "a"]  # equal scores, by row
    library.add(article("c", "Lithium", title="With a context line"), article("a", "Lithium", source="AP"))
    assert embedder.embedded == 3


def test_of_one_id_given_twice_the_first_stays_and_the_second_is_refused(make_library):
    library = make_library([article("b")])
    report = library.add(article("a", "Lithium"), article("b"), [{"id": "a", "text": "Cobalt here."}], article("b"))
    assert (report.added, report.updated, report.unchanged) == (["a"], [], ["b"])
    assert [refusal.path for refusal in report.refused] == ["a", "b"]
    assert all("was given before" in refusal.reason for refusal in report.refused)
    assert library.article("a").text.startswith("Lithium")
    assert library.add(article("a", "Cobalt")).updated == ["a"]


def test_two_files_of_one_name_never_replace_each_other(make_library, tmp_path, monkeypatch):
    for year in ("y23", "y24"):
        (tmp_path / year).mkdir()
        (tmp_path / year / "notes.txt").write_text(f"The notes of {year}.")
    monkeypatch.chdir(tmp_path)
    library = make_library()
    for second in ("y24/notes.txt", "y24"):
        (refusal,) = library.add("y23/notes.txt", second).refused
        assert refusal.path == "y24/notes.txt"
        assert re.match(r"the id 'notes.txt' was given before, at y23/notes.txt; add the folder that holds both, or give", refusal.reason)
        assert library.article("notes.txt").text == "The notes of y23."


def test_a_page_that_was_saved_twice_is_two_articles(make_library, tmp_path):
    """One is known by its address, the others by their places; that they are the same, or versions, is told like that of any other two."""
    for name, day in (("page (1).md", "Friday"), ("page.md", "Friday"), ("then.md", "Monday")):
        (tmp_path / name).write_text(f"---\nurl: https://daily.example/talks\n---\nThe talks on minerals failed on {day}.")
    library = make_library()
    for report in (library.sync(tmp_path), library.sync(tmp_path)):
        assert report.refused == []
        assert ids(library) == ["https://daily.example/talks", "page.md", "then.md"]
    assert len(report.unchanged) == 3
    (tmp_path / "page (1).md").unlink()
    library.sync(tmp_path)
    assert ids(library) == ["https://daily.example/talks", "then.md"]


def test_a_page_that_is_given_twice_is_no_second_article(make_library, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("---\nurl: https://daily.example/talks\n---\nThe talks on minerals failed on Friday.")
    library = make_library()
    assert [refusal.path for refusal in library.add(tmp_path, page).refused] == [str(page)]
    assert ids(library) == ["https://daily.example/talks"]


def test_two_rows_of_one_address_are_refused_with_what_to_do(make_library, tmp_path):
    rows = [{"url": "https://daily.example/talks", "text": f"The talks failed on {day}."} for day in ("Friday", "Monday")]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    report = make_library().add(tmp_path)
    assert report.added == ["https://daily.example/talks"]
    (refusal,) = report.refused
    assert refusal.reason.endswith("both say that they are what is at that address; keep one of them")


def test_a_refusal_is_reported_and_the_rest_goes_on(make_library):
    boilerplate = "All rights reserved."
    empty = Article(id="x", text=boilerplate, title="", not_citable=(Span(0, len(boilerplate)),), path="x.txt")
    rows = [{"text": ""}, {"id": "r", "text": "Some words."}]
    report = make_library().add(article("a"), Refusal("b.pdf", "unsupported"), empty, rows, article("c"))
    assert report.added == ["a", "r", "c"]
    assert [refusal.path for refusal in report.refused] == ["b.pdf", "x.txt", "row"]
    assert report.refused[0].reason == "unsupported"
    assert "nothing citable" in report.refused[1].reason


def test_files_folders_rows_and_nested_lists_are_added(make_library, tmp_path):
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "one.txt").write_text("Lithium one\n\nThe first text is about lithium.")
    (folder / "two.md").write_text("# Two\n\nThe second text is about cobalt.")
    (tmp_path / "rows.jsonl").write_text('{"id": "r1", "text": "A row about copper."}\n{"id": "r2", "text": "Another row."}\nnot json\n')
    report = make_library().add(folder, [tmp_path / "rows.jsonl", [article("a")]], ({"id": f"g{n}", "text": f"Row {n}."} for n in range(2)))
    assert report.added == ["one.txt", "two.md", "r1", "r2", "a", "g0", "g1"]
    assert ["rows.jsonl:" in refusal.path for refusal in report.refused] == [True]


def test_source_and_date_given_with_a_file_are_its_articles(make_library, tmp_path):
    (tmp_path / "a.txt").write_text("Some words here.")
    library = make_library()
    library.add(tmp_path / "a.txt", source="Reuters", published="2023-04")
    assert (library.article("a.txt").source, library.article("a.txt").published) == ("Reuters", "2023-04")


def test_nothing_at_a_path_is_an_error_of_one_line(make_library, tmp_path):
    with pytest.raises(AssayError, match=r"none\.txt") as caught:
        make_library([article("a")]).add(tmp_path / "none.txt")
    one_line(caught)


def test_every_path_is_looked_for_before_anything_is_added(make_library, tmp_path):
    library = make_library()
    (tmp_path / "good.txt").write_text("Some words here.")
    for items in ([tmp_path / "good.txt", tmp_path / "none"], [article("a"), [[str(tmp_path / "none")]]]):
        with pytest.raises(AssayError, match="no such file or folder"):
            library.add(*items)
        assert ids(library) == []


def test_what_came_before_an_item_that_fails_is_added(make_library, tmp_path):
    library = make_library()
    with pytest.raises(AssayError, match="no such file or folder"):
        library.add(item for item in (article("a"), tmp_path / "none", article("b")))
    assert ids(library) == ["a"]
    assert [name for name, _, _ in hits(library, "here")[1]] == ["a"]


def test_an_article_that_is_to_stay_whole_is_embedded_as_it_stands_by_its_beginning_if_need_be(make_library, embedder):
    long = " ".join(f"Sentence {n} of many." for n in range(200))
    cut = article("a", text=long, title="Title")
    library = make_library([cut, article("b", text=" Short.\n", title="Title", whole=True)])
    assert library.counts()[1] > 2
    assert library.add(replace(cut, whole=True)).updated == ["a"]
    assert library.add(replace(cut, whole=True)).unchanged == ["a"]
    with library.view() as view:
        passages = view.passages(view.store.live_rows().tolist())
        assert [(passage.start, passage.end) for passage in passages] == [(0, 8), (0, len(long))]
        expected = embedder.embed_documents([" Short.\n", long])
        assert (view.vectors([passage.row for passage in passages]) == expected).all()
        assert [text for _, _, text in view.store.searchable()] == [" Short.\n", long]
    assert library.article("a").whole


def test_what_is_missing_may_be_removed_where_that_is_said(make_library):
    library = make_library([article("a"), article("b")])
    library.remove("a", "x", missing_ok=True)
    library.remove("a", missing_ok=True)
    assert ids(library) == ["b"]


def test_removing_is_all_or_none(make_library):
    library = make_library([article("a"), article("b"), article("c")])
    with pytest.raises(StoreError, match="no article 'x'") as caught:
        library.remove("a", "x", "b")
    one_line(caught)
    assert ids(library) == ["a", "b", "c"]
    library.remove("a", "b", "a")
    assert ids(library) == ["c"]
    for name in ("a", "b"):
        assert hits(library, name)[1] == []
        with pytest.raises(StoreError, match=f"no article '{name}'"):
            library.article(name)
    with pytest.raises(StoreError, match="no article 'a'"):
        library.remove("a")


def test_an_index_may_become_empty_and_be_filled_again(make_library):
    library = make_library([article("a")])
    library.remove("a")
    assert hits(library, "a") == [[], []]
    assert library.doctor().faults == ()
    library.rebuild()
    assert hits(library, "a") == [[], []]
    library.add(article("a"))
    assert [len(found) for found in hits(library, "here")] == [1, 1]


def test_an_index_of_nothing_finds_nothing(make_library):
    library = make_library()
    assert hits(library) == [[], []]
    assert (library.counts(), library.articles(), library.doctor().faults) == ((0, 0), [], ())


@pytest.mark.parametrize("survivors", [[], ["b"]])
def test_a_rebuild_deletes_for_good_what_was_removed(make_library, survivors):
    library = make_library([article("a", "Zephyranthes"), article("b")])
    library.remove(*{"a", "b"} - set(survivors))
    library.rebuild()
    library.close()
    assert not [path for path in library.folder.rglob("*") if path.is_file() and b"zephyranthes" in path.read_bytes().lower()]


def test_what_is_to_be_embedded_is_told_before_it_is(make_library):
    heard = []
    library = make_library()
    given = list(articles(9))
    library.add(given, progress=lambda _, passages: heard.append(-passages), expects=heard.append)
    known, *embedded = [count for count in heard if count]
    assert known == -sum(embedded) > 0
    library.add(given, expects=lambda _: pytest.fail("nothing is embedded anew"))


def test_progress_counts_articles_and_passages(make_library):
    heard = []
    library = make_library()
    library.add(list(articles(9)), progress=lambda *counts: heard.append(counts))
    assert sum(count for count, _ in heard) == 9
    with library.view() as view:
        assert sum(count for _, count in heard) == np.unique(view.vectors(view.store.live_rows()), axis=0).shape[0]


def test_an_interrupted_addition_keeps_what_was_committed_and_goes_on_from_there(make_library, embedder, monkeypatch):
    monkeypatch.setattr("index.ingest.PASSAGES_A_COMMIT", 10)
    library, given = make_library(), list(articles(30))

    def stop(read, _):
        stop.read += read
        if stop.read == 20:
            raise KeyboardInterrupt

    stop.read = 0
    with pytest.raises(KeyboardInterrupt):
        library.add(given, progress=stop)
    kept = ids(library)
    assert 0 < len(kept) < 20
    assert len(hits(library, k=1000)[0]) == library.counts()[1]
    report = library.add(given)
    assert sorted(report.unchanged) == kept
    assert len(report.added) == 30 - len(kept)
    assert embedder.embedded <= len({(text, title) for text, title in ((a.text, a.title) for a in given)}) * 12
    assert library.article("a29") == given[29]


# --- mirroring a folder -----------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "articles"
    (folder / "sub").mkdir(parents=True)
    for name in ("a", "b", "sub/c", "sub/d"):
        (folder / f"{name}.txt").write_text(f"The text of {name} is about lithium.")
    return folder


def test_syncing_mirrors_a_folder(make_library, folder):
    library = make_library([article("other")])
    assert library.sync(folder).added == ["a.txt", "b.txt", "sub/c.txt", "sub/d.txt"]
    assert library.sync(folder).unchanged == ["a.txt", "b.txt", "sub/c.txt", "sub/d.txt"]
    (folder / "a.txt").write_text("It says something else.")
    (folder / "sub" / "c.txt").unlink()
    (folder / "e.txt").write_text("New words.")
    report = library.sync(folder)
    assert (report.added, report.updated, report.removed) == (["e.txt"], ["a.txt"], ["sub/c.txt"])
    assert report.unchanged == ["b.txt", "sub/d.txt"]
    assert ids(library) == ["a.txt", "b.txt", "e.txt", "other", "sub/d.txt"]


def test_syncing_leaves_other_folders_alone(make_library, folder, tmp_path):
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "z.txt").write_text("Words from elsewhere.")
    library = make_library()
    library.add(folder)
    library.sync(tmp_path / "second")
    shutil.rmtree(folder / "sub")
    assert library.sync(folder).removed == ["sub/c.txt", "sub/d.txt"]
    assert "z.txt" in ids(library)


def test_the_same_folder_by_another_path_is_the_same_folder(make_library, folder, monkeypatch):
    library = make_library()
    library.sync(folder)
    (folder / "a.txt").unlink()
    monkeypatch.chdir(folder.parent)
    assert library.sync("articles/../articles").removed == ["a.txt"]


@pytest.mark.parametrize("elsewhere", [False, True])
@pytest.mark.parametrize("broken", [b"", b"\x00\x01\x02\xff" * 100, b"%PDF-1.7\n\xff\xfe"])
def test_a_file_that_can_no_longer_be_read_keeps_its_article(make_library, folder, monkeypatch, broken, elsewhere):
    library = make_library()
    library.sync(folder)
    (folder / "sub" / "c.txt").write_bytes(broken)
    if elsewhere:
        monkeypatch.chdir(folder.parent)
    report = library.sync("articles" if elsewhere else folder)
    assert [Path(refusal.path).name for refusal in report.refused] == ["c.txt"]
    assert report.removed == []
    assert library.article("sub/c.txt").text == "The text of sub/c is about lithium."


def test_a_row_that_can_no_longer_be_read_keeps_the_articles_of_its_file(make_library, folder):
    rows = [json.dumps({"id": f"r{n}", "text": f"Row {n} says this."}) for n in range(3)]
    (folder / "rows.jsonl").write_text("\n".join(rows))
    library = make_library()
    library.sync(folder)
    (folder / "rows.jsonl").write_text("\n".join([rows[0], rows[1][:20], rows[2]]))
    report = library.sync(folder)
    assert (len(report.refused), report.removed) == (1, [])
    (folder / "rows.jsonl").write_text("\n".join([rows[0], rows[2]]))
    assert library.sync(folder).removed == ["r1"]


def test_a_folder_that_can_no_longer_be_read_keeps_its_articles(make_library, folder):
    library = make_library()
    library.sync(folder)
    (folder / "sub").rename(folder.parent / "moved")
    (folder / "sub").symlink_to(folder.parent / "moved")  # a link out of the folder is refused
    report = library.sync(folder)
    assert (len(report.refused), report.removed) == (1, [])


@pytest.mark.parametrize(("where", "named"), [(".", "."), ("..", "articles"), ("sub", ".."), ("sub", "../../articles/")])
def test_a_folder_that_cannot_be_listed_keeps_all_its_articles(make_library, folder, monkeypatch, where, named):
    library = make_library()
    library.sync(folder)
    monkeypatch.chdir(folder / where)

    def denied(_):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "iterdir", denied)  # the rights of a folder do not stop root
        report = library.sync(named)
    assert (len(report.refused), report.removed) == (1, [])
    assert library.sync(named).unchanged == ["a.txt", "b.txt", "sub/c.txt", "sub/d.txt"]


def test_a_refused_file_keeps_no_other_article_whose_name_begins_like_it(make_library, folder):
    library = make_library()
    library.sync(folder)
    (folder / "sub").rename(folder.parent / "moved")
    (folder / "su").symlink_to(folder.parent)  # refused: it leads out
    (folder / "a.txt").rename(folder / "a.txt.png")  # refused: no picture is read
    report = library.sync(folder)
    assert (len(report.refused), report.removed) == (2, ["a.txt", "sub/c.txt", "sub/d.txt"])


def test_a_file_that_now_holds_only_boilerplate_keeps_its_article(make_library, folder):
    library = make_library()
    library.sync(folder)
    (folder / "sub" / "c.txt").write_text("All rights reserved.")
    report = library.sync(folder)
    assert [refusal.path for refusal in report.refused] == [str(folder / "sub" / "c.txt")]
    assert report.removed == []


@pytest.mark.parametrize("second", ["s1", "s2"])
@pytest.mark.parametrize("same", [False, True])
def test_an_article_stays_until_the_last_folder_that_held_it_lost_it(make_library, tmp_path, second, same):
    for name in ("s1", "s2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "one.txt").write_text(f"The words of {'both' if same else name}.")
    first = {"s1": "s2", "s2": "s1"}[second]
    library = make_library()
    library.add([tmp_path / "s1"])
    library.sync(tmp_path / "s2")
    (tmp_path / first / "one.txt").unlink()
    assert library.sync(tmp_path / first).removed == []
    assert ids(library) == ["one.txt"]
    (tmp_path / second / "one.txt").unlink()
    assert library.sync(tmp_path / second).removed == ["one.txt"]
    assert ids(library) == []


def test_what_was_added_alone_and_then_mirrored_goes_with_its_file(make_library, folder):
    library = make_library()
    library.add(folder / "a.txt")
    assert library.sync(folder).unchanged == ["a.txt"]
    (folder / "a.txt").unlink()
    assert library.sync(folder).removed == ["a.txt"]


def test_what_was_removed_is_no_longer_of_its_folder(make_library, folder):
    library = make_library()
    library.sync(folder)
    library.remove("a.txt")
    (folder / "a.txt").unlink()
    library.add({"id": "a.txt", "text": "Written anew elsewhere."})
    assert library.sync(folder).removed == []
    assert library.article("a.txt").text == "Written anew elsewhere."


def test_a_folder_that_is_mirrored_again_unchanged_writes_nothing(make_library, folder):
    library = make_library()
    library.sync(folder)
    with closing(sqlite3.connect(library.folder / "store.sqlite")) as connection:
        before = connection.execute("PRAGMA data_version").fetchone()
        library.sync(folder)
        assert connection.execute("PRAGMA data_version").fetchone() == before


def test_an_index_in_the_folder_is_never_in_itself(make_library, folder, monkeypatch):
    monkeypatch.chdir(folder)
    library = make_library(folder=folder / "my.assay")
    for report in (library.add("."), library.sync(".")):
        assert report.refused == []
        assert [*report.added, *report.unchanged] == ["a.txt", "b.txt", "sub/c.txt", "sub/d.txt"]


def test_syncing_what_is_no_folder_is_an_error_of_one_line(make_library, folder):
    for path in (folder / "a.txt", folder / "none"):
        with pytest.raises(AssayError, match="expected a folder") as caught:
            make_library().sync(path)
        one_line(caught)


# --- searching --------------------------------------------------------------------------------------------------------


def brute_force(library, query, only):
    """Every live passage that passes with its cosine, best first."""
    with library.view() as view:
        rows = view.store.live_rows()
        vectors, vector = view.vectors(rows), library.embedder.embed_query(query)
        scores = np.einsum("ij,j->i", vectors, vector, dtype=np.float32)
        records = [view.record(passage.article) for passage in view.passages(rows.tolist())]
        kept = [only is None or record["source"] in only.sources for record in records]
        ranked = sorted((-score, row) for score, row, keep in zip(scores.tolist(), rows.tolist(), kept, strict=True) if keep)
        return [(row, -score) for score, row in ranked]


@pytest.mark.parametrize("share", [0.1, 0.9])
def test_any_history_of_changes_is_searched_as_if_it_were_new(make_library, tmp_path, monkeypatch, share):
    """`share`: how far the derived files may lag, as shipped or nearly all."""
    monkeypatch.setattr("index.publish.MERGE_SHARE", share)
    chance = random.Random(share)
    library, there = make_library(), {}
    for turn in range(8):
        new = list(articles(chance.randint(1, 6), seed=turn, first=chance.randint(0, 20)))
        library.add(new)
        there |= {a.id: a for a in new}
        gone = chance.sample(sorted(there), chance.randint(0, min(3, len(there))))
        if gone:
            library.remove(*gone)
        there = {name: a for name, a in there.items() if name not in gone}
        for only in (None, ArticleFilter(sources=("Reuters",))):
            query = " ".join(chance.choices(WORDS, k=3))
            expected = brute_force(library, query, only)
            with library.view() as view:
                selection = view.select(only) if only else None
                for k in (1, 5, 1000):
                    found = view.dense(library.embedder.embed_query(query), k, selection)
                    assert list(zip(found.rows.tolist(), found.scores.tolist(), strict=True)) == expected[:k]
                words = view.lexical(query, 1000, selection)
                assert words.scores.tolist() == pytest.approx(view.lexical_scores(query, words.rows).tolist(), rel=1e-5)
                passages = view.passages([row for row, _ in expected])
                held = {
                    passage.row: set(re.findall(r"\w+", f"{view.passage_text(passage)} {passage.context}".lower())) for passage in passages
                }
                assert set(words.rows.tolist()) == {row for row, terms in held.items() if terms & set(query.split())}
    assert {name: library.article(name) for name in ids(library)} == there
    library.rebuild()
    fresh = make_library(folder=tmp_path / "fresh")
    fresh.add(library.article(name) for name in _by_row(library))
    for words in WORDS:
        assert _rounded(hits(library, words, 1000)) == _rounded(hits(fresh, words, 1000))


def _by_row(library):
    with library.view() as view:
        return [view.record(row)["id"] for row in view.store.article_rows(ArticleFilter())]


def _rounded(found):
    return [sorted((name, ordinal, round(score, 4)) for name, ordinal, score in ranking) for ranking in found]


def test_filters_leave_out_and_never_change_a_score(make_library):
    library = make_library(list(articles(60)))
    everything = [{(name, ordinal): score for name, ordinal, score in found} for found in hits(library, k=1000)]
    filters = [{"sources": ("AP",)}, {"after": "2015", "before": "2018-06"}, {"ids": ("a3", "a7")}, {"ids": ()}]
    for only in (ArticleFilter(**values) for values in filters):
        passing = {record["id"] for record in library.articles(only)}
        for found, whole in zip(hits(library, k=1000, only=only), everything, strict=True):
            kept = {(name, ordinal): score for name, ordinal, score in found}
            assert kept == {key: score for key, score in whole.items() if key[0] in passing}


def test_a_view_tells_of_passages_and_articles(make_library, embedder):
    library = make_library([Article(id="a", text="One here. Two there.", title="T"), article("b", "Two"), article("c", "Two")])
    with library.view() as view:
        (row,) = view.lexical("one", 9).rows.tolist()
        (passage,) = view.passages([row])
        assert (view.passage_text(passage), passage.context) == ("One here. Two there.", "T")
        assert view.article(passage.article) is view.article(passage.article)
        assert [span.of(view.article(passage.article).text) for span in view.sentences(passage.article)] == ["One here.", "Two there."]
        assert list(view.copies(view.store.article_row("b")).values()) == ["c"]
        assert view.select(ArticleFilter()) is None
        assert view.embed_sentences(["a", "b"]).shape == (2, 64)
        assert view.embed_sentences([]).shape == (0, 64)
        before = embedder.embedded
        assert np.array_equal(view.embed_sentences(["b", "c", "b"]), embedder.embed_documents(["b", "c", "b"]))
        assert embedder.embedded - before == 1 + 3  # "c" alone was new
        for start in range(0, 3_000, 500):
            many = [f"{number}" for number in range(start, start + 500)]
            assert np.array_equal(view.embed_sentences(many), embedder.embed_documents(many))
        assert np.array_equal(view.dense_scores(view.embed_query("one"), np.array([row])), view.vectors([row]) @ view.embed_query("one"))
        assert view.terms("Ones, TWO") == ["one", "two"]
        assert view.idf(["one"])["one"] > view.idf(["two"])["two"]


def test_a_view_stays_as_it_was_while_articles_come_and_go(make_library):
    library = make_library(list(articles(20)))
    with library.view() as view:
        query, before = library.embedder.embed_query("lithium price"), None
        for turn in range(3):
            seen = (view.dense(query, 1000), view.lexical("lithium price", 1000), view.generation, view.store.counts())
            before = before or seen
            assert all(np.array_equal(a, b) for ranked in (0, 1) for a, b in zip(seen[ranked], before[ranked], strict=True))
            assert seen[2:] == before[2:]
            assert len(view.passages(seen[0].rows.tolist())) == seen[0].rows.size
            library.add(list(articles(5, seed=turn + 1, first=100 + 5 * turn)))
            library.remove(f"a{turn}")
            library.rebuild()
    assert library.counts()[0] == 20 + 15 - 3


def test_many_threads_look_while_one_writes(make_library):
    library = make_library([article(f"a{n}", "version0") for n in range(4)])
    wrong, done = [], threading.Event()

    def look():
        while not done.is_set():
            with library.view() as view:
                texts = {view.article(row).text.split()[0] for row in view.store.article_rows(ArticleFilter())}
                words = view.lexical("here", 100)
                near = view.dense(library.embedder.embed_query("version"), 100)
                found = {view.passage_text(passage).split()[0] for passage in view.passages(words.rows.tolist())}
                if not (texts == found and len(texts) == 1 and words.rows.size == near.rows.size == 4):
                    wrong.append((texts, found, words.rows, near.rows))

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for version in range(1, 8):
        library.add([article(f"a{n}", f"version{version}") for n in range(4)])
    done.set()
    for thread in threads:
        thread.join(60)
    assert wrong == []


# --- writers ----------------------------------------------------------------------------------------------------------


def test_a_second_writer_waits_and_then_names_the_holder(make_library, monkeypatch):
    library = make_library([article("a")])
    monkeypatch.setattr(index.library, "LOCK_WAIT", 0.2)
    for change in (lambda: library.add(article("b")), lambda: library.remove("a"), library.rebuild):
        with writer_lock(library.folder / "lock", wait=0), pytest.raises(BusyError, match=f"process {os.getpid()} on ") as caught:
            change()
        assert str(library.folder) in one_line(caught)
    monkeypatch.setattr(index.library, "LOCK_WAIT", 20)
    held, writer = threading.Event(), threading.Thread(target=lambda: library.add(article("b")))

    def hold():
        with writer_lock(library.folder / "lock", wait=0):
            held.set()
            time.sleep(0.2)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    writer.start()
    writer.join(30)
    holder.join(30)
    assert ids(library) == ["a", "b"]


def _write(folder, name, model):
    with Library.open(folder, model=model) as library:
        for n in range(3):
            library.add(article(f"{name}-{n}"))


def test_writers_in_several_processes_lose_nothing(make_library, embedder):
    library = make_library()
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write, args=(library.folder, name, embedder)) for name in ("x", "y", "z")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert ids(library) == sorted(f"{name}-{n}" for name in "xyz" for n in range(3))


def test_several_processes_may_make_the_index_at_once(make_library, embedder, tmp_path):
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write, args=(tmp_path / "new", name, embedder)) for name in ("x", "y", "z")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert make_library(folder=tmp_path / "new").counts() == (9, 9)


# --- opening ----------------------------------------------------------------------------------------------------------


def test_an_index_of_another_model_is_refused_with_what_mends_it(make_library, make_embedder):
    library = make_library([article("a")])
    with pytest.raises(MismatchError, match="use --model hashed words, or add the articles to a new --index") as caught:
        Library.open(library.folder, model=make_embedder("other", max_tokens=32))
    assert "found other" in one_line(caught)
    assert Library.open(library.folder, model=make_embedder()).counts() == (1, 1)


def test_only_a_model_that_the_user_names_may_be_downloaded(tmp_path, make_embedder, monkeypatch):
    asked = []

    def found(name, *, download=False):
        asked.append((name, download))
        return make_embedder(name)

    monkeypatch.setattr("index.library.SentenceTransformerEmbedder", found)
    with Library.open(tmp_path / "named", model="nobody/nothing") as library:
        library.add(article("a"))
    assert set(asked) == {("nobody/nothing", True)}
    asked.clear()
    with Library.open(tmp_path / "named") as library:
        library.add(article("b"))
    with Library.open(tmp_path / "default") as library:
        library.add(article("b"))
    assert set(asked) == {("nobody/nothing", False), (DEFAULT_MODEL, False)}


def test_settings_say_what_the_index_was_made_with(make_library, embedder):
    said = make_library().settings()
    assert (said["model"], said["model_sha256"], said["dimension"]) == (embedder.name, embedder.sha256, "64")
    assert {"normalised", "segmenter", "splitter", "generation"} <= said.keys()


def test_a_missing_index_is_made_only_when_that_is_wanted(tmp_path, embedder):
    for options in ({"create": False}, {"read_only": True}):
        with pytest.raises(StoreError, match="expected an index at") as caught:
            Library.open(tmp_path / "none", model=embedder, **options)
        one_line(caught)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "name", ["with space", "it's 'quoted'", 'so is "this"', "ünïcode 漢字 😀", "per%20cent", "quest?ion#mark", "semi;colon&amp", "-dash"]
)
def test_an_index_may_lie_anywhere(make_library, tmp_path, name):
    library = make_library([article("a")], folder=tmp_path / name / "index")
    assert len(hits(library, "here")[1]) == 1
    library.rebuild()
    library.close()
    reader = Library.open(tmp_path / name / "index", create=False, read_only=True, model=library.embedder)
    assert len(hits(reader, "here")[1]) == 1
    reader.close()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_folder_that_cannot_be_made_is_an_error_of_one_line(tmp_path, embedder):
    (tmp_path / "file").write_text("x")
    for folder in (tmp_path / "file", tmp_path / "file" / "index"):
        with pytest.raises(StoreError, match=r"another --index|expected an index") as caught:
            Library.open(folder, model=embedder)
        one_line(caught)


@pytest.mark.parametrize("remains", [["store.partial"], ["store.partial", "store.partial-wal", "store.partial-shm"], ["lock"]])
def test_an_index_whose_making_was_interrupted_is_made(make_library, tmp_path, remains):
    folder = tmp_path / "index"
    folder.mkdir()
    for name in remains:
        (folder / name).write_bytes(b"half of something")
    assert make_library([article("a")], folder=folder).counts() == (1, 1)
    assert {path.name for path in folder.iterdir()} <= {"store.sqlite", "store.sqlite-wal", "store.sqlite-shm", "lock", "dense", "lexical"}


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
    """`sealed(library) -> Path`: a copy of a closed library that cannot be written."""
    made = Path(tempfile.mkdtemp())
    made.chmod(0o755)

    def seal(library):
        library.close()
        folder = shutil.copytree(library.folder, made / "index")
        for path in (folder, *folder.rglob("*")):
            path.chmod(stat.S_IMODE(path.stat().st_mode) & 0o555 | 0o444)
        return folder

    yield seal
    for path in made.rglob("*"):
        path.chmod(0o755)
    shutil.rmtree(made)


@pytest.mark.parametrize("derived", ["whole", "missing"])
def test_an_index_in_a_read_only_folder_is_searched_and_not_changed(make_library, sealed, embedder, derived):
    library = make_library(list(articles(15)))
    library.remove("a3")
    library.rebuild()
    expected = hits(library)
    if derived == "missing":
        shutil.rmtree(library.folder / "dense")
        shutil.rmtree(library.folder / "lexical")
    library._store.close()
    folder = sealed(library)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    with nobody(), Library.open(folder, model=embedder) as reader:
        assert _rounded(hits(reader)) == _rounded(expected)
        assert hits(reader) == hits(reader)
        assert [fault for fault in reader.doctor().faults if derived == "whole"] == []
        changes = [lambda: reader.add(article("b")), lambda: reader.remove("a1"), lambda: reader.sync(folder), reader.rebuild]
        for change in changes:
            with pytest.raises(StoreError, match="read-only here; choose a folder that can be written, with --index") as caught:
                change()
            one_line(caught)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    if derived == "missing":
        library.folder.joinpath("lexical").mkdir(exist_ok=True)  # the original is mended by its next view
        with Library.open(library.folder, model=embedder) as mended:
            hits(mended)


# --- damage to what is derived ----------------------------------------------------------------------------------------


def derived_files(folder):
    return sorted(path for name in ("dense", "lexical") for path in (folder / name).rglob("*") if path.is_file() and path.suffix != ".lock")


def _deleted(path):
    path.unlink()


def _shortened(path, size):
    """Put a shorter file in its place. Cut where it lies, it would kill whoever has it mapped, as tantivy still may for a moment."""
    shorter = path.with_name("shorter")
    shorter.write_bytes(path.read_bytes()[:size])
    shorter.replace(path)


def _truncated(path):
    _shortened(path, path.stat().st_size // 2)


def _emptied(path):
    _shortened(path, 0)


def _overwritten(path, content):
    with path.open("r+b") as file:  # opened to be written anew, it would be cut first: see above
        file.write(content)


def _flipped(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    _overwritten(path, content)


def _zeroed(path):
    _overwritten(path, bytes(path.stat().st_size))


DAMAGES = (_deleted, _truncated, _emptied, _flipped, _zeroed)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_damage_to_any_derived_file_changes_no_hit_and_is_mended(make_library, damage, embedder):
    library = make_library(list(articles(15)))
    expected, folder = hits(library), library.folder
    kinds = {path.suffix: path for path in derived_files(folder)}
    assert len(kinds) >= 8
    library.close()
    for kind in sorted(kinds):
        path = next(path for path in derived_files(folder) if path.suffix == kind)
        damage(path)
        with Library.open(folder, model=embedder) as opened:
            assert any(path.name in fault and "\n" not in fault for fault in opened.doctor().faults), path
            assert hits(opened) == expected, path
            assert opened.doctor().faults == (), path
        with Library.open(folder, model=embedder, read_only=True) as opened:
            assert hits(opened) == expected


def test_the_check_reads_bytes_that_were_changed_behind_the_clock(make_library, embedder):
    library = make_library(list(articles(15)))
    library.close()
    for path in derived_files(library.folder):
        status = path.stat()
        _flipped(path)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    with Library.open(library.folder, model=embedder) as opened:
        faults = opened.doctor().faults
        assert len(faults) == len(derived_files(library.folder))
        assert all("assay rebuild" in fault for fault in faults)
        opened.rebuild()
        assert opened.doctor().faults == ()


def test_a_damaged_file_of_an_emptied_index_is_mended(make_library, embedder):
    library = make_library([article("a")])
    library.remove("a")
    library.close()
    shutil.rmtree(library.folder / "dense")
    with Library.open(library.folder, model=embedder) as opened:
        assert hits(opened, "a") == [[], []]
        opened.rebuild()
        assert opened.doctor().faults == ()


@pytest.mark.parametrize("name", ["dense", "lexical"])
def test_a_derived_index_that_the_store_cannot_describe_is_rebuilt(make_library, embedder, name):
    library = make_library(list(articles(15)))
    expected = hits(library)
    library.close()
    with closing(sqlite3.connect(library.folder / "store.sqlite")) as connection:
        connection.execute("UPDATE derived SET files = substr(files, 2) WHERE name = ?", (name,))
        connection.commit()
    with Library.open(library.folder, model=embedder, read_only=True) as opened:
        assert list(opened.doctor().faults) == [f"{name}: not known to the store; run `assay rebuild`"]
        assert hits(opened) == expected
        assert opened.doctor().faults != ()
    with Library.open(library.folder, model=embedder) as opened:
        assert hits(opened) == expected
        assert opened.doctor().faults == ()


def test_derived_files_of_another_index_are_not_believed(make_library, embedder):
    one, two = make_library(list(articles(15))), make_library(list(articles(15, seed=5)))
    expected = hits(two)
    for library in (one, two):
        library.close()
    for name in ("dense", "lexical"):
        shutil.rmtree(two.folder / name)
        shutil.copytree(one.folder / name, two.folder / name)
    with Library.open(two.folder, model=embedder) as opened:
        assert hits(opened) == expected


def test_an_open_library_notices_what_another_process_published(make_library, embedder):
    library = make_library(list(articles(5)))
    hits(library)
    with Library.open(library.folder, model=embedder) as other:
        other.add(article("new", "zirconium"))
        other.remove("a1")
        other.rebuild()
    assert [name for name, _, _ in hits(library, "zirconium")[1]] == ["new"]
    assert "a1" not in {name for name, _, _ in hits(library, k=1000)[0]}


# --- between commit and publication -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", [OSError("disk full"), ValueError("tantivy"), StoreError("database or disk is full"), KeyboardInterrupt(), MemoryError()]
)
def test_what_was_committed_and_not_published_is_found_by_the_next_view(make_library, monkeypatch, error):
    library = make_library(list(articles(5)))
    with monkeypatch.context() as patch:

        def fail(*_, **__):
            raise error

        patch.setattr(index.library, "publish", fail)
        if isinstance(error, (KeyboardInterrupt, MemoryError)):
            with pytest.raises(type(error)):
                library.add(article("new", "zirconium"))
        else:
            assert library.add(article("new", "zirconium")).added == ["new"]
    assert [name for name, _, _ in hits(library, "zirconium")[1]] == ["new"]
    with monkeypatch.context() as patch:
        patch.setattr(index.library, "publish", fail)
        with pytest.raises(type(error)) if isinstance(error, (KeyboardInterrupt, MemoryError)) else contextmanager(lambda: iter([None]))():
            library.remove("new")
    dense, lexical = hits(library, "zirconium", 1000)
    assert "new" not in {name for name, _, _ in dense + lexical}


def test_while_nothing_can_be_published_a_reader_builds_what_it_needs(make_library, monkeypatch):
    library = make_library(list(articles(5)))
    with monkeypatch.context() as patch:
        patch.setattr(index.library, "publish", lambda *_, **__: (_ for _ in ()).throw(OSError("disk full")))
        for name in ("zirconium", "hafnium"):  # twice: each generation has its own
            library.add(article(name))
            assert [found for found, _, _ in hits(library, name)[1]] == [name]
            assert hits(library, name)[0][0][0] == name
    assert [found for found, _, _ in hits(library, "hafnium")[1]] == ["hafnium"]


def test_while_a_writer_is_at_work_a_reader_does_not_wait_for_it(make_library, monkeypatch):
    library = make_library(list(articles(5)))
    with monkeypatch.context() as patch:
        patch.setattr(index.library, "publish", lambda *_, **__: None)
        library.add(article("new", "zirconium"))
        with writer_lock(library.folder / "lock", wait=0):
            assert [found for found, _, _ in hits(library, "zirconium")[1]] == ["new"]
    assert [found for found, _, _ in hits(library, "zirconium")[1]] == ["new"]


@pytest.mark.parametrize("step", ["dense", "lexical", "purge"])
def test_publication_may_stop_at_any_step(make_library, monkeypatch, step):
    library = make_library(list(articles(10)))
    store = type(library._store)
    change = store.purge if step == "purge" else store.set_derived

    def stop(self, *args, **options):
        if step == "purge" or step == args[0]:
            raise KeyboardInterrupt
        return change(self, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(store, "purge" if step == "purge" else "set_derived", stop)
        with pytest.raises(KeyboardInterrupt):
            library.remove(*(f"a{n}" for n in range(6)))
    dense, lexical = hits(library, k=1000)
    assert {name for name, _, _ in dense} == {"a6", "a7", "a8", "a9"} >= {name for name, _, _ in lexical}
    library.add(article("new", "zirconium"))
    assert [name for name, _, _ in hits(library, "zirconium")[1]] == ["new"]


def test_an_append_that_stops_halfway_is_built_anew(make_library, monkeypatch):
    library = make_library(list(articles(10)))
    append = LexicalIndex.append

    def stop(self, passages):
        append(self, passages)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(LexicalIndex, "append", stop)
        with pytest.raises(KeyboardInterrupt):
            library.add(article("new", "zirconium"))
    assert hits(library, "zirconium")[1] == []  # it was committed with neither words nor text
    library.add(article("other", "hafnium"))  # of the same row as the one that was lost
    assert hits(library, "zirconium")[1] == []
    assert [name for name, _, _ in hits(library, "hafnium")[1]] == ["other"]
    assert library.doctor().faults == ()


# --- the disk ---------------------------------------------------------------------------------------------------------

LIMITED = """
import resource, signal, sys
sys.path[:0] = ["tests", "."]
from conftest import HashedEmbedder
from index import Article, AssayError, Library
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    with Library.open(sys.argv[1], model=HashedEmbedder()) as library:
        library.add(Article(id=f"new{n}", text=f"New words {n}. " * 400, title="") for n in range(20))
except AssayError as error:
    print(error)
else:
    print("done")
"""


@pytest.mark.parametrize("kilobytes", [1, 16, 40, 100, 200, 300, 10_000])
def test_a_file_that_may_not_grow_is_said_in_one_line_and_loses_nothing(make_library, kilobytes):
    library = make_library(list(articles(10)))
    before = ids(library)
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(library.folder), str(kilobytes * 1024)],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        check=True,
    )
    assert len(done.stdout.splitlines()) == 1, done.stdout
    assert "Traceback" not in done.stderr
    assert ids(library) in (before, sorted([*before, *(f"new{n}" for n in range(20))]))
    if done.stdout == "done\n":
        assert len(ids(library)) == 30
    assert len(hits(library, k=1000)[0]) == library.counts()[1]


# --- checking and copying ---------------------------------------------------------------------------------------------


PLANTED = {
    "an index that is gone": "DROP INDEX passage_vector",
    "another column": "ALTER TABLE articles ADD COLUMN mood TEXT",
    "a setting that is gone": "DELETE FROM settings WHERE name = 'splitter'",
    "vectors of any length": "UPDATE settings SET value = 'false' WHERE name = 'normalised'",
    "a passage that is gone": "DELETE FROM passages WHERE row = 2",
    "no passage left": "DELETE FROM passages WHERE article = 2",
    "a passage twice": "UPDATE passages SET ordinal = 0 WHERE article = 1",
    "a passage of a removed article": "UPDATE articles SET removed_gen = 1 WHERE row = 2",
    "a removed passage": "UPDATE passages SET removed_gen = 1 WHERE row = 2",
    "an article of tomorrow": "UPDATE articles SET added_gen = 99 WHERE row = 1",
    "an index of yesterday": "UPDATE settings SET value = '0' WHERE name = 'generation'",
    "a start that is off by one": "UPDATE passages SET start = start + 1 WHERE row = 2",
    "another's vector": "UPDATE passages SET vector = (SELECT max(row) FROM vectors) WHERE row = 1",
    "another context": "UPDATE passages SET context = 'Another' WHERE row = 2",
    "a folder of no article": "INSERT INTO origins VALUES ('gone', '/folder', NULL)",
    "vectors that cover too little": "UPDATE derived SET last_row = last_row - 2 WHERE name = 'dense'",
    "words that cover too little": "UPDATE derived SET last_row = 1 WHERE name = 'lexical'",
}


@pytest.mark.parametrize("planted", PLANTED)
def test_the_check_finds_what_does_not_fit_together(make_library, planted):
    library = make_library([article("a", "First words are here. " * 12), article("b", "Others are there. " * 12)], damaged=True)
    library.add(article("c", "And some come later."))
    assert library.doctor().faults == ()
    with closing(sqlite3.connect(library.folder / "store.sqlite")) as connection:
        connection.executescript(PLANTED[planted] + ";")
        connection.commit()
    faults = library.doctor(samples=0).faults
    assert faults, planted
    assert all("\n" not in fault and (";" in fault or ":" in fault) for fault in faults)


def test_the_check_finds_vectors_under_the_wrong_rows(make_library):
    library = make_library(list(articles(30)), damaged=True)
    with library._store.snapshot() as snapshot:
        derived, rows = snapshot.derived("dense"), snapshot.live_rows()
        wrong = dense.build(rows, lambda wanted: snapshot.vectors(rows[::-1][np.searchsorted(rows, wanted)]))
    path = library.folder / derived.folder / next(iter(derived.files))
    wrong.save(path)
    library._store.set_derived("dense", derived._replace(files={path.name: Stamp.of(path)}))
    (fault,) = library.doctor(samples=0).faults
    assert "other vectors" in fault
    library.rebuild()
    assert library.doctor().faults == ()


def test_the_check_finds_a_vector_that_is_not_its_texts(make_library):
    library = make_library([article("a"), article("b")], damaged=True)
    other = library.embedder.embed_query("something else entirely").tobytes()
    with closing(sqlite3.connect(library.folder / "store.sqlite")) as connection:
        connection.execute("UPDATE vectors SET vector = ? WHERE row = 2", (other,))
        connection.commit()
    library.rebuild()  # else it is noticed that the dense index holds another
    (fault,) = library.doctor().faults
    assert fault.startswith("passage 2: its stored vector is not its text's")
    assert library.doctor(samples=0).faults == ()


def test_a_change_within_a_text_is_found_and_the_rest_is_still_told(make_library):
    library = make_library([article("a", "Lithium"), article("b", "Copper")], damaged=True)
    with closing(sqlite3.connect(library.folder / "store.sqlite")) as connection:
        connection.execute("UPDATE articles SET text = replace(text, 'Lithium', 'Xithium') WHERE id = 'a'")
        connection.commit()
    assert len([fault for fault in library.doctor().faults if "'a'" in fault]) == 1
    with pytest.raises(StoreError, match="'a' is not what was stored"):
        library.article("a")
    assert library.article("b").text.startswith("Copper")


def test_a_backup_made_during_writing_is_a_whole_index(make_library, tmp_path, embedder):
    library = make_library(list(articles(20)))
    writer = threading.Thread(target=lambda: [library.add(article(f"n{n}")) for n in range(5)])
    writer.start()
    library.backup(tmp_path / "backup")
    writer.join(60)
    with Library.open(tmp_path / "backup", model=embedder, create=False) as copy:
        assert 20 <= copy.counts()[0] <= 25
        assert copy.article("a3") == library.article("a3")
        assert len(hits(copy, k=1000)[0]) == copy.counts()[1]
        assert copy.doctor().faults == ()


@pytest.mark.parametrize("step", ["index.store.Store.backup", "index.durable.replace"])
def test_an_interrupted_backup_leaves_nothing_that_looks_like_one(make_library, tmp_path, monkeypatch, step):
    library = make_library([article("a")])

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(step, interrupted)
        with pytest.raises(KeyboardInterrupt):
            library.backup(tmp_path / "copy")
    assert list((tmp_path / "copy").iterdir()) == []
    library.backup(tmp_path / "copy")
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["store.sqlite"]


def test_a_backup_never_overwrites(make_library, tmp_path):
    library = make_library([article("a")])
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "x").write_text("x")
    for target in (tmp_path / "used", tmp_path / "used" / "x", library.folder):
        with pytest.raises(AssayError, match="empty or absent") as caught:
            library.backup(target)
        one_line(caught)
    assert (tmp_path / "used" / "x").read_text() == "x"


def test_the_check_notices_a_changed_file_of_the_default_model(tmp_path, monkeypatch):
    with Library.open(tmp_path / "index") as library:
        library.add(article("a"))
        assert library.doctor().faults == ()
        monkeypatch.setitem(model._DEFAULT_FILES, "config.json", "0" * 64)
        (fault,) = library.doctor().faults
    assert "config.json: damaged; reinstall" in fault


# --- names and rows that nothing can stand for ------------------------------------------------------------------------


def test_a_row_that_cannot_even_be_named_is_refused_and_the_rest_goes_on(make_library):
    library = make_library()
    report = library.add([{"id": 10**5000, "text": "x"}, {"id": "two\nlines \ud800", "text": ""}, {"id": "b", "text": "Some words."}])
    assert report.added == ["b"]
    assert len(report.refused) == 2
    assert all("\n" not in refusal.path and refusal.path.encode() for refusal in report.refused)


@pytest.mark.parametrize("name", ["a\0b", "a\ud800b", os.fsdecode(b"a\xffb")], ids=ascii)
def test_a_folder_whose_name_cannot_be_written_is_refused_in_one_line(make_library, tmp_path, embedder, name):
    library = make_library([article("a")])
    for refused in (lambda: Library.open(tmp_path / name, model=embedder), lambda: library.backup(tmp_path / name)):
        with pytest.raises(StoreError, match="UTF-8") as caught:
            refused()
        assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == [library.folder.name]


def test_an_id_that_no_article_can_have_is_not_there(make_library):
    library = make_library([article("a")])
    for act in (library.article, library.remove):
        with pytest.raises(StoreError, match="assay list"):
            act("\ud800")
    assert library.counts()[0] == 1


def test_names_with_a_nul_pass_no_filter_and_dates_that_are_none_are_refused(make_library):
    library = make_library([article("a", source="S", published="2023-04")])
    assert library.articles(ArticleFilter(ids=("a\0x",))) == []
    assert library.articles(ArticleFilter(sources=("S\0x",))) == []
    assert len(library.articles(ArticleFilter(ids=("a",), sources=("s",), after="2023"))) == 1
    for dates in ({"after": "yesterday"}, {"before": "\ud800"}, {"after": "2023-4-1"}):
        with pytest.raises(StoreError, match="expected a date"):
            ArticleFilter(**dates)


# --- copies -----------------------------------------------------------------------------------------------------------


def relatives(library):
    with library.view() as view:
        rows = {record["id"]: view.article_row(record["id"]) for record in library.articles()}
        return {(one, other.id, other.kinship.value) for one, row in rows.items() for other in view.relatives(row).values()}


def test_an_index_from_before_copies_were_looked_for_learns_of_them_when_it_is_written_to(make_library):
    text = " ".join(article(f"a{n}", f"number {n}").text for n in range(12))
    library = make_library([Article(id="a", title="T", text=text), Article(id="b", title="T", text=f"By Ben Achebe\n\n{text}")])
    found = relatives(library)
    assert found == {("a", "b", "copy"), ("b", "a", "copy")}
    library._store.forget_likenesses()
    assert not relatives(library)
    assert not library.doctor(samples=0).faults  # which looks for them: an index from before is no damaged one
    assert relatives(library) == found
    library._store.forget_likenesses()
    library.add(Article(id="c", title="U", text="Chile opened a mine near Antofagasta."))
    assert relatives(library) == found
    library._store.forget_likenesses()
    library.rebuild()
    assert relatives(library) == found
    library.find_copies(anew=True)
    assert relatives(library) == found
    library.remove("b")
    assert not relatives(library)

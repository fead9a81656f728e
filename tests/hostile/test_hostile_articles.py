"""Articles made to harm: in whatever field a string stands, it is kept to the letter or refused with a reason, and nothing else happens."""

import csv
import io
import json
import os
import re
import unicodedata
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import Article, ArticleError, ArticleFilter, Library, StoreError
from rag import Retriever

#: What holds nothing that a reader would see as a word.
WORDLESS = re.compile(r"[\W_]*")

#: What a terminal obeys.
STEERS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\U000e0000-\U000e007f]")


def written(path, rows):
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def storable(text):
    return not any("\ud800" <= character <= "\udfff" for character in text)


def names_an_article(text):
    """Say whether `text` may be an id: one column of a TREC run, on one line."""
    spoilt = any(character.isspace() or unicodedata.category(character) in ("Cc", "Cs") for character in text)
    return bool(text) and len(text) <= 1_000 and not spoilt


def plain(text):
    """Say whether a label has nothing to be changed: one short line that steers nothing, with something to see."""
    return text == " ".join(text.split()) and len(text) <= 500 and text.isprintable()


def squeezed(text):
    """The text without what a label does not keep: white space, and what steers."""
    return "".join(STEERS.sub("", text).split())


def check_label(label, given_):
    """A label is what was given, on one line, cut; or nothing, where nothing of it is left."""
    if label is None:
        assert not any(character.isalnum() for character in given_[:5_000])
        return
    assert label == " ".join(label.split())
    assert len(label) <= 500
    assert not STEERS.search(label)
    assert squeezed(label).removesuffix("…") in squeezed(given_)
    if plain(given_):
        assert label == given_


def check_found(library, texts):
    """Hold an index against the texts that were acknowledged: each is listed, is whole, and its first words are found in it."""
    assert {record["id"] for record in library.articles()} == texts.keys()
    retriever = Retriever(library, dense_weight=0)
    for name, text in texts.items():
        assert library.article(name).text == text
        hits = retriever.search(text[:200], 3, only=ArticleFilter(ids=(name,)))
        assert hits or not any(character.isalnum() for character in text), ascii((name, text[:100]))
        assert all(hit.article_id == name and text[hit.start : hit.end] == hit.text for hit in hits)


# --- fields -----------------------------------------------------------------------------------------------------------


def field_rows(texts):
    """A row for each text that has it in every field that describes an article, and a text of its own to be found by."""
    return [
        {
            "id": f"f{n}",
            "text": f"Word{n} stands here. More of it follows.",
            **dict.fromkeys(("title", "source", "author", "published", "url", "language", "", "No such field"), text),
            "metadata": {text: text, "in": [text, {text: [text]}]},
        }
        for n, text in enumerate(texts)
    ]


def check_fields(assay, tmp_path, texts):
    rows = field_rows(texts)
    report = assay("add", written(tmp_path / "fields.jsonl", rows), "--json").value
    kept = {n: text for n, text in enumerate(texts) if storable(text)}
    assert report["added"] == [f"f{n}" for n in kept]
    assert len(report["refused"]) == len(texts) - len(kept)
    assert all(refusal["reason"] and refusal["path"].startswith(str(tmp_path / "fields.jsonl")) for refusal in report["refused"])
    listed = {record["id"]: record for record in assay("list", "--json").value}
    assert list(listed) == sorted(f"f{n}" for n in kept)
    with Library.open(assay.index) as library:
        for n, text in kept.items():
            article = library.article(f"f{n}")
            assert article.text == rows[n]["text"]
            check_label(article.title if any(character.isalnum() for character in text[:5_000]) else None, text)
            check_label(article.source, text)
            check_label(article.published_raw, text)
            assert all(squeezed(author).removesuffix("…") in squeezed(text) for author in article.authors)
            assert article.url in (None, text) or not plain(text)
            assert article.published is None or article.published[:4] in text
            assert re.fullmatch("[a-z]{2,3}", article.language)
            assert article.metadata[text] == text
            assert article.metadata["in"] == [text, {text: [text]}]
            assert article.metadata.get("No such field", "") == (text if text.strip() else "")
            record = listed[f"f{n}"]
            assert (record["title"], record["source"], record["url"]) == (article.title, article.source, article.url)
    return kept


def test_every_field_of_a_row(assay, tmp_path, ours):
    kept = check_fields(assay, tmp_path, ours)
    for n in list(kept)[::9]:
        shown = assay("show", "--json", f"f{n}").value
        assert shown["text"].startswith(f"Word{n} ")
        assert shown["metadata"]["in"][0] == kept[n]
        assert assay("show", f"f{n}").out.endswith(f"Word{n} stands here. More of it follows.\n")
    queries = written(tmp_path / "queries.jsonl", [{"id": f"f{n}", "question": f"Word{n}"} for n in kept])
    assay("search", "--from", queries, "--run", tmp_path / "run")
    ranked = {}
    for line in (tmp_path / "run").read_text().splitlines():
        query, _, article, rank, _, _ = line.split(" ")
        ranked.setdefault(query, []).append(article)
        assert int(rank) == len(ranked[query])
    assert ranked.keys() == {f"f{n}" for n in kept}
    assert all(name in articles for name, articles in ranked.items())
    assert sum(articles[0] == name for name, articles in ranked.items()) > 0.98 * len(kept)  # a title may be far from its text


def test_what_is_shown_of_every_field_is_harmless(assay, tmp_path, writable):
    texts = [*writable[::5], "[red]zinc[/red] [link=http://host.invalid]x[/link] :smile:"]
    assay("add", written(tmp_path / "fields.jsonl", field_rows(texts)))
    last = f"f{len(texts) - 1}"
    for argv in (
        ["list"],
        ["show", last],
        ["search", "stands here more follows", "-k", 100],
        ["ask", f"Word{len(texts) - 1} stands here?"],
    ):
        assert assay(*argv).out.count(texts[-1]) >= 1, argv
        assert texts[-1] in assay.on_terminal(*argv), argv
    for n in range(len(texts)):
        assay.on_terminal("show", f"f{n}")
        assay.on_terminal("show", f"f{n}", "--json")


def test_a_title_of_joined_letters_is_kept(assay, tmp_path):
    titles = ["می\u200cخواهم", "👩\u200d🔬 and \U0001fae9", "क्\u200dष", "soft\u00adhyphen", "ﬃ ß İ ŉ"]
    assay(
        "add",
        written(tmp_path / "rows.jsonl", [{"id": f"t{n}", "title": title, "source": title, "text": "x"} for n, title in enumerate(titles)]),
    )
    listed = assay("list", "--json").value
    assert [record["title"] for record in listed] == titles
    assert [record["source"] for record in listed] == titles
    for n, title in enumerate(titles):
        found = assay("search", "--json", f"--source={title}", "x").value
        assert [hit["article_id"] for hit in found] == [f"t{n}"]


def check_ids(assay, tmp_path, texts):
    rows = [{"id": text, "text": f"Word{n} stands here."} for n, text in enumerate(texts)]
    report = assay("add", written(tmp_path / "ids.jsonl", rows), "--json").value
    expected = {}
    for n, text in enumerate(texts):
        name = text.strip() or f"ids.jsonl#{n + 1}"  # a blank id is none, and the row's place stands for it
        if names_an_article(name):
            expected.setdefault(name, n)
    assert report["added"] == list(expected)
    assert len(report["refused"]) == len(texts) - len(expected)
    assert all(refusal["reason"] for refusal in report["refused"])
    assert [record["id"] for record in assay("list", "--json").value] == sorted(expected, key=str.encode)
    return expected


def test_every_id(assay, tmp_path, ours):
    expected = check_ids(assay, tmp_path, list(dict.fromkeys(ours)))
    for name, n in list(expected.items())[::4]:
        assert assay("show", "--json", "--", name).value["text"] == f"Word{n} stands here."
        assert assay("show", "--span", "0:4", "--", name, raw=True).out == "Word"
        assert assay.on_terminal("show", "--", name)
    queries = written(tmp_path / "queries.jsonl", [{"id": n, "question": f"Word{n}"} for n in expected.values()])
    assay("search", "--from", queries, "--run", tmp_path / "run")
    lines = (tmp_path / "run").read_text(encoding="utf-8").split("\n")[:-1]
    assert all(len(line.split()) == 6 for line in lines)
    assert [line.split(" ")[2] for line in lines if line.split(" ")[3] == "1"] == list(expected)
    removed = list(expected)[::2]
    assert assay("rm", "--json", "--", *removed).value == {"removed": removed}
    assert {record["id"] for record in assay("list", "--json").value} == expected.keys() - set(removed)
    assert assay("rebuild").code == 0
    assert assay("backup", tmp_path / "copy", "--json").code == 0
    for index in (assay.index, tmp_path / "copy"):
        assert assay("doctor", f"--index={index}", "--json").value["well"]


@pytest.mark.parametrize("option", ["--source", "--published"])
def test_what_the_user_says_of_every_article(assay, tmp_path, ours, option):
    rows = written(tmp_path / "rows.jsonl", [{"id": "a", "text": "Some words."}])
    for text in ours[::16]:
        ran = assay("add", rows, f"{option}={text}", "--json")
        if ran.code == 0:
            record = assay("list", "--json").value[0]
            check_label(record["source"] if option == "--source" else record["published"], text)
        else:
            assert option == "--published" or text == "--" or not storable(text)


# --- texts ------------------------------------------------------------------------------------------------------------


def check_texts(assay, tmp_path, texts, well):
    """Add each text as a row; what is acknowledged is what holds words, whole and found."""
    report = assay(
        "add", written(tmp_path / "texts.jsonl", [{"id": f"t{n}", "text": text} for n, text in enumerate(texts)]), "--json"
    ).value
    added = [int(name[1:]) for name in report["added"]]
    for n in set(range(len(texts))) - set(added):
        held = storable(texts[n]) and "\0" not in texts[n] and any(character.isalnum() for character in texts[n])
        reason = next(
            refusal["reason"] for refusal in report["refused"] if refusal["path"].endswith(f":line {n + 1}") or f"t{n}" in refusal["path"]
        )
        assert not held or reason.startswith("nothing citable"), ascii(texts[n])
    assert len(report["refused"]) == len(texts) - len(added)
    with Library.open(assay.index) as library:
        check_found(library, {f"t{n}": texts[n] for n in added})
        assert well(library)
    return added


def test_every_text(assay, tmp_path, ours, well, check_answer):
    added = check_texts(assay, tmp_path, ours, well)
    assert len(added) > len(ours) * 0.8
    for n in added[::7]:
        assert assay("show", "--json", f"t{n}").value["text"] == ours[n]
        assert assay("show", f"t{n}", "--span", f"0:{len(ours[n])}", raw=True).out == ours[n]
        assay("show", f"t{n}")
        assay.on_terminal("show", f"t{n}")
    questions = written(
        tmp_path / "questions.jsonl", [{"id": n, "question": ours[n][:500]} for n in added[::6] if not WORDLESS.fullmatch(ours[n][:500])]
    )
    ran = assay("ask", "--from", questions, "--json")
    assert ran.code == 0
    texts = {f"t{n}": ours[n] for n in added}
    for row in ran.rows:
        check_answer(row, texts)
    assert any(row["citations"] for row in ran.rows)
    assay.on_terminal("ask", "--from", questions)


SUFFIXES = ("", ".txt", ".md", ".html", ".json", ".csv")


def test_every_text_as_a_file_of_every_kind(assay, tmp_path, writable, well):
    folder = tmp_path / "files"
    folder.mkdir()
    for n, text in enumerate(writable[1::5]):
        for suffix in SUFFIXES:
            body = {".json": json.dumps({"text": text}), ".csv": f"text\n{text}\n", ".html": f"<p>{text}</p>"}.get(suffix, text)
            (folder / f"f{n}{suffix}").write_text(body, encoding="utf-8", newline="")
    report = assay("add", folder, "--json").value
    names = {*report["added"], *(Path(refusal["path"]).name.partition(":")[0] for refusal in report["refused"])}
    assert {re.sub("#.*", "", name) for name in names} == {file.name for file in folder.iterdir()}
    assert all(refusal["reason"].isprintable() for refusal in report["refused"])
    with Library.open(assay.index) as library:
        texts = {name: library.article(name).text for name in report["added"]}
        for n, text in enumerate(writable[1::5]):
            assert all(texts[name] == text for name in (f"f{n}", f"f{n}.txt", f"f{n}.json") if name in texts)
        check_found(library, texts)
        assert well(library)
    assert assay("sync", folder, "--json").value["updated"] == []


def test_the_headings_of_a_table(assay, tmp_path, writable):
    headings = [text for text in dict.fromkeys(writable) if "\0" not in text and len(text) < 1_000]
    stream = io.StringIO(newline="")
    table = csv.writer(stream)
    table.writerow(["text", *headings])
    table.writerow(["Words.", *(f"cell {n}" for n in range(len(headings)))])
    (tmp_path / "wide.csv").write_text(stream.getvalue(), encoding="utf-8", newline="")
    (name,) = assay("add", tmp_path / "wide.csv", "--json").value["added"]
    metadata = assay("show", "--json", name).value["metadata"]
    assert metadata == {heading: f"cell {n}" for n, heading in enumerate(headings)}


def test_cells_of_a_table(assay, tmp_path, writable, well):
    texts = [text for text in writable if any(character.isalnum() for character in text) and "\0" not in text]
    stream = io.StringIO(newline="")
    table = csv.writer(stream)
    table.writerow(["id", "text", "note"])
    table.writerows([f"c{n}", text, text] for n, text in enumerate(texts))
    (tmp_path / "cells.csv").write_text(stream.getvalue(), encoding="utf-8", newline="")
    report = assay("add", tmp_path / "cells.csv", "--json").value
    assert len(report["added"]) + len(report["refused"]) == len(texts)
    assert all(refusal["reason"].startswith("nothing citable") for refusal in report["refused"])
    with Library.open(assay.index) as library:
        for name in report["added"]:
            article, text = library.article(name), texts[int(name[1:])]
            assert article.text == text
            assert article.metadata["note"] == text
        assert well(library)


def test_columns_of_one_name_lose_no_cell(assay, tmp_path):
    for columns in ("text,note,note,note 2", "note,text,text,note", "text,,,", "Text,text,TEXT,text"):
        (tmp_path / "table.csv").write_text(f"{columns}\none,two,three,four\n")
        assay("add", tmp_path / "table.csv")
        shown = assay("show", "--json", "table.csv#2").value
        assert sorted([shown["text"], *shown["metadata"].values()]) == sorted(["one", "two", "three", "four"])


def test_metadata_of_one_name_lose_nothing(assay, tmp_path):
    written(tmp_path / "rows.jsonl", [{"id": "a", "text": "Words.", "x": 1, "metadata": {"x": 2, "y": 3}}])
    assay("add", tmp_path / "rows.jsonl")
    assert assay("show", "--json", "a").value["metadata"] == {"x": 1, "metadata": {"x": 2, "y": 3}}


# --- names of files ---------------------------------------------------------------------------------------------------


def file_names(texts, suffix):
    """The names that the file system takes, as near to the texts as it does; distinct, none hidden, of 255 bytes at most."""
    names = {}
    for text in texts:
        encoded = text.encode("utf-8", "surrogatepass").replace(b"/", b"\\").replace(b"\0", b"0")[: 255 - len(suffix)] + suffix.encode()
        if encoded.strip(b".") and not encoded.startswith(b"."):
            names[encoded] = text
    return names


def check_file_names(assay, folder, texts, suffix, *, every=1):
    """Make a file of each name, some in folders of other such names; each is an article under its own path, or refused."""
    names = list(file_names(texts, suffix))
    folders = list(file_names(texts, ""))
    made = {}
    for n, name in enumerate(names):
        parent = folder if n % every else folder / f"in {os.fsdecode(folders[n % len(folders)][:200])}"
        parent.mkdir(exist_ok=True)
        path = parent / os.fsdecode(name)
        path.write_text(f"Word{n} stands here.")
        made[os.fsencode(path.relative_to(folder))] = n
    report = assay("add", "--json", "--", folder).value
    assert len(report["added"]) + len(report["refused"]) == len(made)
    with Library.open(assay.index) as library:
        for name in report["added"]:
            assert library.article(name).text == f"Word{made[unquote_to_bytes(name)]} stands here."
    assert all(refusal["reason"].startswith(("unsupported", "the id has")) for refusal in report["refused"])
    again = assay("sync", "--json", "--", folder).value
    assert again["unchanged"] == report["added"]
    assert again["updated"] == again["removed"] == again["added"] == []
    return report, made


def test_every_name_of_a_file_and_of_a_folder(assay, tmp_path, ours, well):
    folder = tmp_path / "-articles \n\x1b[31m"
    folder.mkdir()
    report, made = check_file_names(assay, folder, ours, ".txt", every=5)
    assert len(report["added"]) > 0.9 * len(made)
    assay("list")
    assay.on_terminal("list")
    for name in report["added"][::9]:
        assert assay("show", "--json", "--", name).value["text"].startswith("Word")
    with Library.open(assay.index) as library:
        assert well(library)


def test_names_without_a_suffix_of_ours(assay, tmp_path, ours):
    folder = tmp_path / "articles"
    folder.mkdir()
    report, _ = check_file_names(assay, folder, ours, "")
    assert report["added"]
    assay("add", folder)
    assay.on_terminal("add", folder)


def test_a_file_named_like_an_option_is_added_behind_a_double_dash(assay, tmp_path, monkeypatch):
    folder = tmp_path / "files"
    folder.mkdir()
    names = ["-rf.txt", "--json.txt", "--index=canary.txt", "-.txt"]
    for name in names:
        (folder / name).write_text(f"Words of {name}.")
    monkeypatch.chdir(folder)
    assert assay("add", "--json", "--", *names).value["added"] == names


def test_an_index_of_any_name(assay, tmp_path):
    rows = written(tmp_path / "rows.jsonl", [{"id": "a", "text": "Nickel fell."}])
    for name in ("a?b#c%20", "a'b\"c", "a\nb\x1b[31m", "-x", ":memory:", "file:x?mode=ro", "\u202e🙂", "ü" * 100):
        index = f"--index={tmp_path / name}"
        assert assay("add", rows, index).code == 0
        assert assay("search", "nickel", "--json", index).value[0]["article_id"] == "a"
        assert assay("backup", tmp_path / f"{name}.copy", index).code == 0
        assert assay("doctor", index).code == 0


def test_an_index_of_a_name_that_is_not_utf8_is_refused_before_anything_is_done(assay, tmp_path, monkeypatch):
    rows = written(tmp_path / "rows.jsonl", [{"id": "a", "text": "Nickel fell."}])
    folder = f"{tmp_path}/caf\udce9"
    assert "expected text in UTF-8" in assay("add", rows, f"--index={folder}").err
    assert assay("add", rows).code == 0
    assert "expected text in UTF-8" in assay("backup", folder).err
    monkeypatch.setenv("ASSAY_INDEX", folder)
    assert "$ASSAY_INDEX: expected text in UTF-8" in assay("list").err
    assert not Path(folder).exists()


# --- Python -----------------------------------------------------------------------------------------------------------


def test_an_article_of_every_string_through_python(make_library, ours, well, watched):
    library = make_library()
    library.add({"text": "Imports what it needs."})
    kept = {}
    with watched(library.folder):
        for n, text in enumerate(ours):
            fields = dict.fromkeys(("title", "source", "published_raw", "url", "language", "path"), text)
            try:
                article = Article(id=f"p{n}", text=f"Word{n} stands here.", authors=(text,), metadata={text: [text]}, **fields)
            except ArticleError:
                assert not storable(text) or "\0" in text
            else:
                kept[article.id] = article
        report = library.add(kept.values())
    assert report.added == list(kept)
    assert all(library.article(name) == article for name, article in kept.items())
    assert well(library)
    library.remove(*kept)
    assert [record["id"] for record in library.articles()] == ["row"]


def test_an_id_is_looked_up_to_the_letter(make_library):
    library = make_library([Article(id="a1", title="T", text="Words.")])
    for text in ("' OR '1'='1", "%", "*", "_", "A1", "\x1b[31m", "x" * 100_000):
        for call in (library.article, library.remove):
            with pytest.raises(StoreError):
                call(text)
        assert library.articles(ArticleFilter(ids=(text,))) == []
    assert len(library.articles()) == 1


def test_a_path_with_nothing_at_it_is_an_error_of_one_line(make_library):
    library = make_library()
    for path in ("\0", "a\0b", "\ud800", "no\udc80where", "\x1b[31m\n", "$(touch canary)", "x" * 5_000, "file:///etc/passwd"):
        with pytest.raises(ArticleError) as caught:
            library.add(path)
        assert str(caught.value).encode().isascii()
        assert str(caught.value).isprintable()


PIECES = st.sampled_from(
    [*'"\\[]{}<>|&;$`%:,\0\x1b\x9b\u202e\u2028\ud800\n\r\t ', "[1]", "Nickel. ", "1", "Sources: ", "All rights reserved", "{0}"]
)
HOSTILE = st.lists(PIECES | st.text(max_size=4), max_size=24).map("".join)
VALUES = st.recursive(
    HOSTILE | st.floats() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(HOSTILE, inner), max_leaves=5
)
FIELDS = ("id", "title", "source", "author", "published", "url", "language", "text", "metadata", "other")


@settings(max_examples=8)
@given(rows=st.lists(st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=6), min_size=1, max_size=8))
def test_rows_of_anything_are_kept_whole_or_refused_and_the_rest_goes_on(make_library, rows):
    library = make_library()
    sound = [{"id": f"sound-{n}", "text": f"Word{n} stands here."} for n in range(2)]
    report = library.add([sound[0], *rows, sound[1]])
    assert len(report.added) + len(report.updated) + len(report.unchanged) + len(report.refused) == len(rows) + 2
    assert {"sound-0", "sound-1"} <= set(report.added)
    assert all(refusal.reason for refusal in report.refused)
    check_found(library, {record["id"]: library.article(record["id"]).text for record in library.articles()})
    kept = {library.article(name).text for name in report.added}
    assert kept <= {row["text"] for row in (*sound, *rows) if isinstance(row.get("text"), str)}


# --- the public lists -------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_public_lists_in_every_field(assay, tmp_path, public, tally):
    check_fields(assay, tmp_path, public)
    tally(
        "title, source, author, published, url, language, metadata (name, value, nested, below an unknown and an empty name)",
        strings=len(public),
        sinks=11,
    )


@pytest.mark.slow
def test_the_public_lists_as_ids(assay, tmp_path, public, tally):
    kept = check_ids(assay, tmp_path, public)
    sample = list(kept.items())[::8]
    for name, n in sample[::5]:
        assert assay("show", "--json", "--", name).value["text"] == f"Word{n} stands here."
    queries = written(tmp_path / "queries.jsonl", [{"id": n, "question": f"Word{n}"} for _, n in sample])
    assay("search", "--from", queries, "--run", tmp_path / "run")
    lines = (tmp_path / "run").read_text(encoding="utf-8").split("\n")[:-1]
    assert all(len(line.split()) == 6 for line in lines)
    assert [line.split(" ")[2] for line in lines if line.split(" ")[3] == "1"] == [name for name, _ in sample]
    assay("list")
    assay.on_terminal("list")
    tally("id", strings=len(public), kept=len(kept), lines_of_the_run=len(lines))


@pytest.mark.slow
def test_the_public_lists_as_texts(assay, tmp_path, public, well, tally):
    added = check_texts(assay, tmp_path, public, well)
    for n in added[::40]:
        assert assay("show", "--json", f"t{n}").value["text"] == public[n]
        assay.on_terminal("show", f"t{n}")
    tally("text", strings=len(public), kept=len(added))


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".txt", ""])
def test_the_public_lists_as_names_of_files(assay, tmp_path, public, suffix, tally):
    folder = tmp_path / "articles"
    folder.mkdir()
    report, made = check_file_names(assay, folder, public, suffix, every=5)
    tally("names of files, every fifth in a folder of such a name", files=len(made), kept=len(report["added"]))
    assay("list")


@pytest.mark.slow
def test_the_public_lists_in_a_table(assay, tmp_path, public, tally):
    texts = [text for text in public if "\0" not in text]
    stream = io.StringIO(newline="")
    table = csv.writer(stream)
    headings = [text for text in texts[::16] if len(text) < 60]  # a header has at most 50,000 characters
    table.writerow(["text", "note", *(f"h{n} {text}" for n, text in enumerate(headings))])
    table.writerows(
        [f"Word{n} stands here.", text, *(["cell"] if n else [str(k) for k in range(len(headings))])] for n, text in enumerate(texts)
    )
    (tmp_path / "table.csv").write_text(stream.getvalue(), encoding="utf-8", newline="")
    report = assay("add", tmp_path / "table.csv", "--json").value
    assert len(report["added"]) == len(texts)
    with Library.open(assay.index) as library:
        articles = [library.article(name) for name in report["added"]]
    assert [article.text for article in articles] == [f"Word{n} stands here." for n in range(len(texts))]
    assert [article.metadata.get("note", "") for article in articles] == [text if text.strip() else "" for text in texts]
    assert [articles[0].metadata[f"h{n} {text}"] for n, text in enumerate(headings)] == [str(n) for n in range(len(headings))]
    tally("cells", strings=len(texts))
    tally("headings", strings=len(headings))

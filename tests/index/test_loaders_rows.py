"""Rows: one shape of article in JSON lines, JSON, CSV and Python; broken rows never stop the rest."""

import csv
import datetime as dt
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import ArticleError
from index.loaders import BrokenRow, from_row, jsonl, read
from index.loaders import csv as csv_module
from index.loaders.csv import CsvLoader
from index.loaders.json_document import JsonLoader
from index.loaders.jsonl import JsonLinesLoader

FULL = {
    "id": "a7",
    "title": "T",
    "text": "Some text.",
    "author": "Ann; Bob",
    "source": "S",
    "published": "21 April 2023",
    "url": "https://x.org/a",
    "language": "en",
    "page": 3,
}


def load(loader, tmp_path, content, name="rows"):
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with file.open("rb") as stream:
        return list(loader.load(stream))


def reasons(found):
    return {str(row.where): row.reason for row in found if isinstance(row, BrokenRow)}


def test_a_row_becomes_an_article():
    article = from_row(FULL, where="row 1")
    assert (article.id, article.title, article.text, article.authors, article.source) == ("a7", "T", "Some text.", ("Ann", "Bob"), "S")
    assert (article.published, article.published_raw, article.url, article.language) == (
        "2023-04-21",
        "21 April 2023",
        "https://x.org/a",
        "en",
    )
    assert article.metadata == {"page": 3}


def test_other_names_of_the_same_fields():
    article = from_row(
        {"_id": 12, "Title": "T", "text": "x", "authors": ["Ann", {"name": "Bob"}], "source": {"id": None, "name": "S"}, "date": 2023},
        where="r",
    )
    assert (article.id, article.title, article.authors, article.source, article.published) == ("12", "T", ("Ann", "Bob"), "S", "2023")
    assert from_row({"text": "x", "byline": "By Ann Lee; Bo By"}, where="r").authors == ("Ann Lee", "Bo By")
    assert from_row({"text": "x", "metadata": {"a": 1}, "b": 2}, where="r").metadata == {"a": 1, "b": 2}
    assert from_row({"text": "x", "metadata": "m"}, where="r").metadata == {"metadata": "m"}


def test_absent_values_are_absent():
    article = from_row({"text": "x", "id": None, "title": " ", "author": float("nan"), "url": "", "extra": None}, where="row 1")
    assert (article.id, article.title, article.authors, article.url, article.metadata) == ("row%201", "x", (), None, {})


def test_dates_may_come_as_objects():
    assert from_row({"text": "x", "date": dt.date(2023, 4, 21)}, where="r").published == "2023-04-21"
    assert from_row({"text": "x", "date": dt.datetime(2023, 4, 21, 9, tzinfo=dt.UTC)}, where="r").published == "2023-04-21"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({}, "expected a 'text', found nothing"),
        ({"title": "T"}, "expected a 'text', found only 'title'"),
        ({"text": 7}, "expected 'text' to be a string, found int"),
        ({"text": ["a"]}, "expected 'text' to be a string, found list"),
        ({"text": "  "}, "no text"),
        ({"text": "..."}, "no words"),
        ({"text": "a\0b"}, "NUL character at offset 1"),
        ({"text": "a\ud800"}, "lone surrogate"),
        ({"text": "a", "title": "\udfff"}, "lone surrogate"),
        ({"text": "a", "x": {"y": ["\udfff"]}}, "lone surrogate"),
        ({"text": "a", "\ud800": 1}, "lone surrogate"),
        ({"text": "a", "id": "b c"}, "white space"),
        ({"text": "a", "id": True}, "expected 'id' to be a string, found true or false"),
        ({"text": "a", "title": {"x": 1}}, "expected 'title' to be a string, found an object"),
        ({"text": "a", "x": 10**400}, "at most 300 digits"),
        ({"text": "a", "x": object()}, "expected metadata that JSON can hold"),
    ],
)
def test_rows_that_hold_no_article_are_refused(row, reason):
    with pytest.raises(ArticleError, match=reason) as refused:
        from_row(row, where="r")
    assert str(refused.value).isprintable()


def test_metadata_is_not_nested_without_end():
    nested = [0]
    for _ in range(50_000):
        nested = [nested]
    with pytest.raises(ArticleError, match="nested too deep"):
        from_row({"text": "a", "x": nested}, where="r")


def test_json_lines(tmp_path):
    lines = [
        json.dumps(FULL),
        "",
        "{broken",
        '["list"]',
        "7",
        '{"text": "\\ud83d\\ude00 pair", "x": NaN, "y": 1e999}',
        '{"text": "\\ud800"}',
        '{"text": "last"}',
    ]
    found = load(JsonLinesLoader(), tmp_path, "\ufeff" + "\r\n".join(lines))
    assert [draft.text for draft in found if not isinstance(draft, BrokenRow)] == ["Some text.", "😀 pair", "\ud800", "last"]
    assert found[-1].row == ("line", 8)
    assert found[4].metadata == {"y": None}
    told = reasons(found)
    assert list(told) == ["line 3", "line 4", "line 5"]
    assert "broken JSON" in told["line 3"]
    assert "found a list" in told["line 4"]
    assert "bare value" in told["line 5"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"text": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", "nested too deep"),
        (b'{"a": ' * 100_000, "nested too deep"),
        (b'{"text": "a", "n": ' + b"9" * 10_000 + b"}", "too long to be read"),
        (b'{"text": "caf\xe9"}', "expected UTF-8, found the byte 0xe9 at offset 13"),
        (b'{"text": "\xed\xa0\x80"}', "expected UTF-8"),
        (b"\0", "broken JSON"),
        (b"\xff\xfe{", "expected UTF-8"),
        (b'{"text": "a", "x": [' + b"[]," * 2_000_000 + b"[]]}", "too many values: more than 2,000,000; split it"),
    ],
)
def test_hostile_lines_are_refused_and_the_rest_goes_on(tmp_path, line, reason):
    first, last = load(JsonLinesLoader(), tmp_path, line + b'\n{"text": "next"}')
    assert reason in first.reason
    assert last.text == "next"


def test_what_stands_in_strings_is_no_value(tmp_path):
    text = 'Commas, "quotes", brackets [ and { in one \\\\ text. ' * 700_000
    (draft,) = load(JsonLinesLoader(), tmp_path, json.dumps({"text": text}))
    assert draft.text == text


def test_lines_that_are_too_long_are_skipped_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(jsonl, "MAX_LINE_BYTES", 30)
    content = '{"text": "a"}\n{"text": "' + "b" * 3_000_000 + '"}\n{"text": "c"}\n{"text": "' + "d" * 100
    found = load(JsonLinesLoader(), tmp_path, content)
    assert [getattr(item, "text", None) for item in found] == ["a", None, "c", None]
    assert reasons(found) == {"line 2": "too long: more than 30 bytes", "line 4": "too long: more than 30 bytes"}


def test_a_json_document_is_an_article_or_a_list_of_them(tmp_path):
    (draft,) = load(JsonLoader(), tmp_path, json.dumps(FULL, indent=2))
    assert (draft.text, draft.row) == ("Some text.", None)
    first, second, third = load(JsonLoader(), tmp_path, json.dumps([FULL, 7, {"text": "b"}]))
    assert (first.row, third.row) == (("item", 1), ("item", 3))
    assert str(second.where) == "item 2"
    with pytest.raises(ArticleError, match=r"named \.jsonl"):
        load(JsonLoader(), tmp_path, '{"text": "a"}\n{"text": "b"}')


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_tables_of_every_delimiter_and_charset(tmp_path, delimiter, codec):
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter)
    writer.writerows([["id", "Text", "author"], ["1", 'Café, "so";\r\nnext | line', "Ann"], [], ["2", "b", ""]])
    first, second = load(CsvLoader(), tmp_path, stream.getvalue().encode(codec))
    assert (first.id, first.text, first.authors, first.row) == ("1", 'Café, "so";\r\nnext | line', ("Ann",), ("line", 2))
    assert (second.id, second.text, second.authors, second.row) == ("2", "b", (), ("line", 5))
    assert first.metadata == ({} if codec.startswith("utf-8") else {"decoded_as": codec})


def test_rows_of_another_length(tmp_path):
    found = load(CsvLoader(), tmp_path, "id,text,source\n1,a\n2,b,c,d\n3,e,f\n")
    assert [getattr(item, "text", None) for item in found] == ["a", None, "e"]
    assert "expected 3 cells, found 4" in reasons(found)["line 3"]


@pytest.mark.parametrize(
    ("content", "text", "title"),
    [
        ("name;city\nAnn;Rome\nBob;\n", "name: Ann | city: Rome\nname: Bob", "name, city"),
        ('name,city\n"Lee, Ann","New\nYork"\n', "name: Lee, Ann | city: New York", "name, city"),
        ("1\t2\n3\t4\n", "1 | 2\n3 | 4", None),
        ("name|age\nAnn|40|extra\n", "name: Ann | age: 40 | extra", "name, age"),
        ("one\ntwo\n", "one\ntwo", None),
        ("Prices\n\nname,price\nTea,3\n", "Prices\n\nname: Tea | price: 3", "name, price"),
    ],
)
def test_a_table_that_names_no_text_is_one_article_of_readable_rows(tmp_path, content, text, title):
    (draft,) = load(CsvLoader(), tmp_path, content)
    assert (draft.text, draft.title, draft.row) == (text, title, None)


def test_a_table_too_long_for_an_article_is_refused_before_it_is_gathered(tmp_path, monkeypatch):
    monkeypatch.setattr("index.loaders.tables.MAX_CHARACTERS", 1_000)
    with pytest.raises(ArticleError, match="more than 1,000 characters of rows; split the table"):
        load(CsvLoader(), tmp_path, "name,city\n" + "Ann,Rome\n" * 100)


def test_an_open_quote_is_told_with_its_line(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_module, "MAX_CHARACTERS", 200_000)
    was = csv.field_size_limit(200_000)
    try:
        with pytest.raises(ArticleError, match=r"from line 3 on cannot be read: .*is a quote left open"):
            load(CsvLoader(), tmp_path, 'text\nfine\n"open\n' + "more\n" * 100_000)
    finally:
        csv.field_size_limit(was)


def test_the_second_row_of_an_id_is_refused(tmp_path):
    file = tmp_path / "a.jsonl"
    file.write_text(
        "\n".join(json.dumps(row) for row in ({"id": "x", "text": "a"}, {"text": "b"}, {"id": "x", "text": "c"}, {"text": "b"})),
        encoding="utf-8",
    )
    first, second, third, fourth = read(file)
    assert (first.id, second.id, fourth.id) == ("x", "a.jsonl#2", "a.jsonl#4")
    assert third == (f"{file}:line 3", f"the id 'x' was given before, at {file}:line 1; ids name one article")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
ROWS = st.dictionaries(
    st.sampled_from(["id", "_id", "text", "title", "author", "authors", "source", "date", "url", "metadata", "language", "x"]), JSON
)


@given(ROWS)
def test_any_row_is_an_article_that_can_be_written_back_or_is_refused(row):
    try:
        article = from_row(row, where="r")
    except ArticleError as exc:
        reason = str(exc)
        assert "\n" not in reason
    else:
        assert type(article).from_record(json.loads(json.dumps(article.record())), article.text) == article
        assert article.text == row["text"]
        article.sha256()

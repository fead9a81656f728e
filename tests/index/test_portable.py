"""A collection carried to another index: the same ids, texts, checksums and passages, and nothing that was not exported."""

import io
import json
import random
from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import Article, AssayError, Heading, Library, Span
from index.portable import LONGEST_LINE, Export

WORDS = "Lithium nickel, cobalt. Mines of copper! Über ore? 🙂 “quoted” naïve \u2028 line\nA new one. \x85 45 % rose".split(" ")
LABELS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@st.composite
def articles(draw):
    """An article of which every field may say something."""
    text = " ".join(draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=80))) + " Ore."
    ends = st.integers(0, len(text))
    spans = st.tuples(ends, ends).map(lambda pair: Span(*sorted(pair)))
    metadata = st.dictionaries(
        LABELS, st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), LABELS, st.lists(LABELS)), max_size=3
    )
    return Article(
        id=draw(st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=12)),
        text=text,
        title=draw(LABELS),
        source=draw(st.one_of(st.none(), LABELS)),
        authors=tuple(draw(st.lists(LABELS, max_size=2))),
        published=draw(st.sampled_from([None, "2023", "2023-04", "2023-04-21"])),
        published_raw=draw(st.one_of(st.none(), LABELS)),
        published_at=draw(st.sampled_from([None, "2023-04-21T09:00:00+02:00"])),
        updated=draw(st.sampled_from([None, "2024"])),
        updated_raw=draw(st.one_of(st.none(), LABELS)),
        updated_at=draw(st.sampled_from([None, "2024-01-01T00:00:00+00:00"])),
        url=draw(st.one_of(st.none(), LABELS)),
        language=draw(st.sampled_from(["en", "de", "en-GB"])),
        path=draw(st.one_of(st.none(), LABELS)),
        headings=tuple(sorted(Heading(span, draw(st.integers(1, 6))) for span in draw(st.lists(spans, max_size=2)))),
        not_citable=tuple(draw(st.lists(spans, max_size=1))),
        references=tuple(draw(st.lists(LABELS, max_size=2))),
        pages=tuple(sorted(draw(st.lists(ends, max_size=3)))),
        metadata=draw(metadata),
        whole=draw(st.booleans()),
    )


def exported(library):
    return "".join(f"{line}\n" for line in library.export()).encode()


@pytest.fixture
def lines(make_library):
    """The lines of a small collection."""
    texts = ("Lithium is mined in Chile. It is light.", "Nickel comes from Indonesia. Its price fell.", "Cobalt is blue.")
    library = make_library(
        [Article(id=f"a{n}", text=text, title=f"T{n}", headings=(Heading(Span(0, 3), 1),)) for n, text in enumerate(texts)]
    )
    return exported(library).splitlines()


def taken(library, lines):
    return library.take_export(Export(io.BytesIO(b"\n".join(lines) + b"\n"), name="e.jsonl"))


def test_every_field_of_an_article_is_carried():
    """A field that is new is to be drawn above."""
    assert {field.name for field in fields(Article)} == {
        *("id", "text", "title", "source", "authors", "published", "published_raw", "published_at", "updated", "updated_raw", "updated_at"),
        *("url", "language", "path", "headings", "not_citable", "references", "pages", "metadata", "whole"),
    }


@given(st.lists(articles(), max_size=5, unique_by=lambda article: article.id))
@settings(max_examples=15)
def test_what_is_exported_and_taken_in_is_exported_the_same(tmp_path_factory, make_embedder, given_articles):
    place, model = tmp_path_factory.mktemp("portable"), make_embedder()
    with Library.open(place / "one", model=model) as one, Library.open(place / "two", model=model) as two:
        kept = [article for article in given_articles if article.id in one.add(article).added]
        lines = exported(one)
        report = two.take_export(Export(io.BytesIO(lines), name="e.jsonl"))
        assert (report.refused, sorted(report.added)) == ([], sorted(article.id for article in kept))
        assert exported(two) == lines
        for article in kept:
            assert two.article(article.id).sha256() == article.sha256()
            assert two.article(article.id).text == article.text
        assert two.take_export(Export(io.BytesIO(lines), name="e.jsonl")).unchanged == report.added


def test_an_export_is_in_order_of_ids_whatever_the_order_of_additions(make_library):
    rows = [{"id": f"a{n}", "text": f"Article {n} is about ore."} for n in range(20)]
    first = make_library(rows)
    random.Random(1).shuffle(rows)
    assert exported(make_library(rows)) == exported(first)
    ids = [json.loads(line)["id"] for line in exported(first).splitlines()[1:]]
    assert ids == sorted(ids)


def test_an_index_of_another_model_takes_the_articles_and_cuts_them_anew(make_library, make_embedder, lines):
    other = make_library(model=make_embedder("another", max_tokens=16))
    assert taken(other, lines).added == ["a0", "a1", "a2"]
    assert exported(other).splitlines()[1:] != lines[1:]
    assert other.article("a0").sha256() == json.loads(lines[1])["sha256"]


def test_a_folder_that_is_mirrored_after_an_import_finds_its_articles(make_library, tmp_path):
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "a.txt").write_text("Lithium is mined in Chile.")
    first, second = make_library(), make_library()
    first.sync(folder)
    assert taken(second, exported(first).splitlines()).added == ["a.txt"]
    assert second.sync(folder).unchanged == ["a.txt"]
    (folder / "a.txt").unlink()
    assert second.sync(folder).removed == ["a.txt"]


# --- what is refused --------------------------------------------------------------------------------------------------

DAMAGE = {
    "broken JSON": lambda _: b'{"id": "a1"',
    "no object": lambda _: b"[1, 2]",
    "no UTF-8": lambda _: b'{"id": "\xff"}',
    "a deep nest": lambda _: b'{"metadata": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a long number": lambda _: b'{"id": ' + b"9" * 10_000 + b"}",
    "no text": lambda row: row.pop("text"),
    "no checksum": lambda row: row.pop("sha256"),
    "no passages": lambda row: row.pop("passages"),
    "another text": lambda row: row.update(text=row["text"] + " And a lie."),
    "another title": lambda row: row.update(title="Another"),
    "another id": lambda row: row.update(id="a9"),
    "an id with a space": lambda row: row.update(id="a 1"),
    "an id that is no string": lambda row: row.update(id=["a1"]),
    "a span out of range": lambda row: row.update(passages=[[0, 10**9, ""]]),
    "a negative span": lambda row: row.update(passages=[[-5, 3, ""]]),
    "a passage the other way round": lambda row: row.update(passages=[[9, 3, ""]]),
    "a passage of text": lambda row: row.update(passages=["0:3"]),
    "other passages": lambda row: row.update(passages=[[0, 3, ""]]),
    "another context": lambda row: row.update(passages=[[*passage[:2], "Lies"] for passage in row["passages"]]),
    "many passages": lambda row: row.update(passages=[[0, 1, ""]] * 50_000),
    "sentences of truth": lambda row: row.update(sentences=[[True, 3]]),
    "sentences out of range": lambda row: row.update(sentences=[[0, 4_000_000_000]]),
    "headings out of range": lambda row: row.update(headings=[[0, 4_000, 1]]),
    "a heading of no level": lambda row: row.update(headings=[[0, 3]]),
    "headings under headings": lambda row: row.update(headings=[[0, 1, level] for level in range(20_000)]),
    "authors as one string": lambda row: row.update(authors="Somebody"),
    "a date that is none": lambda row: row.update(published="01/04/63"),
    "pages out of order": lambda row: row.update(pages=[9, 3]),
    "a nest in the metadata": lambda row: row.update(metadata={"a": json.loads("[" * 300 + "]" * 300)}),
    "a lone surrogate": lambda row: row.update(title="\ud800"),
    "a NUL": lambda row: row.update(text="a\0b"),
    "a field too many": lambda row: row.update(embedding=[1.0]),
    "no language": lambda row: row.pop("language"),
    "a folder of its own": lambda row: row.update(origin="/"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_line_is_refused_with_a_reason_and_the_rest_goes_on(make_library, lines, damage):
    row = json.loads(lines[2])
    found = damage(row)
    lines[2] = found if isinstance(found, bytes) else json.dumps(row).encode()
    library = make_library()
    report = taken(library, lines)
    assert report.added == ["a0", "a2"]
    (refusal,) = report.refused
    assert refusal.path == "e.jsonl:line 3"
    assert refusal.reason
    assert len(refusal.reason) < 400
    assert len(refusal.reason.splitlines()) == 1


def test_a_line_that_comes_twice_is_refused_the_second_time(make_library, lines):
    report = taken(make_library(), [*lines, lines[1]])
    assert [refusal.path for refusal in report.refused] == ["e.jsonl:line 5", "e.jsonl"]
    assert "given before" in report.refused[0].reason


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_file_that_was_cut_is_noticed(make_library, lines, cut):
    whole = b"\n".join(lines)
    report = make_library().take_export(Export(io.BytesIO(whole[: len(whole) - cut]), name="e.jsonl"))
    assert report.refused
    report = taken(make_library(), lines[:-1])
    assert [refusal.reason for refusal in report.refused] == ["expected 3 articles, as its first line says, found 2; was the file cut?"]


FOREIGN = {
    "nothing": b"",
    "articles": b'{"id": "a", "text": "Words."}',
    "binary": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "a list": b"[]",
    "a deep nest": b"[" * 100_000,
    "a newer version": b'{"format": "assay collection", "version": 9}',
    "a version of another kind": b'{"format": "assay collection", "version": "%s"}' % (b"9" * 5_000),
    "no settings": b'{"format": "assay collection", "version": 1, "articles": 1}',
    "settings of numbers": b'{"format": "assay collection", "version": 1, "articles": 1, "settings": {"model": 1}}',
    "a count below none": b'{"format": "assay collection", "version": 1, "articles": -1, "settings": {}}',
}


@pytest.mark.parametrize("header", FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_file_is_refused_whole_in_one_line(make_library, lines, header):
    library = make_library()
    with pytest.raises(AssayError) as caught:
        taken(library, [header, *lines[1:]])
    said = str(caught.value)
    assert "e.jsonl" in said
    assert len(said) < 500
    assert len(said.splitlines()) == 1
    assert library.counts() == (0, 0)


def test_a_line_without_end_is_not_read_into_memory(monkeypatch, make_library, lines):
    class Endless(io.RawIOBase):
        left = 3 * LONGEST_LINE
        asked = 0

        def readable(self):
            return True

        def readinto(self, buffer):
            Endless.asked = max(Endless.asked, len(buffer))
            count = min(len(buffer), self.left)
            self.left -= count
            buffer[:count] = b"x" * count
            return count

    monkeypatch.setattr("index.portable.LONGEST_LINE", 1 << 20)
    monkeypatch.setattr(Endless, "left", 5 << 20)
    report = taken(make_library(), [*lines[:2], b"x" * (3 << 20), lines[3]])
    assert [refusal.path for refusal in report.refused] == ["e.jsonl:line 3"]
    assert report.added == ["a0", "a2"]
    with pytest.raises(AssayError, match="too long"):
        Export(io.BufferedReader(Endless()), name="endless")
    assert Endless.asked < 3 << 20

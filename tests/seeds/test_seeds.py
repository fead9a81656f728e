"""The sample articles and their gold questions: whole, honest, and told where they come from."""

import hashlib
import json
import re
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from index import Article, Library, Span

SEEDS = Path(str(files("seeds")))
FILES = sorted((SEEDS / "articles").iterdir())
ROWS = [json.loads(line) for line in (SEEDS / "questions.jsonl").read_text(encoding="utf-8").splitlines()]

#: The article that a user gave us, kept byte for byte.
GIVEN = "000_aef0b82fcd4df764.txt"
GIVEN_SHA256 = "35c44f9cedd0f38435d53daa8f33e0cff0def61a3867da9491a09dd8a29011df"

ANSWERABLE = {"single_fact", "several_facts", "across_articles", "date", "figure", "yes_no", "conflict", "follow_up"}
UNANSWERABLE = {"near_miss", "unanswerable"}
KEYS = ["id", "question", "answers", "answerable", "type", "evidence", "history", "conflict"]

each_row = pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
each_file = pytest.mark.parametrize("path", FILES, ids=[path.name for path in FILES])


class Words:
    """An embedder that sees no difference: loading is all that is looked at here."""

    name, sha256, dimension, max_tokens = "none", "0" * 64, 2, 10_000

    def embed_documents(self, texts, *, done=lambda _: None):
        import numpy as np

        done(len(texts))
        return np.tile(np.array([[1.0, 0.0]], np.float32), (len(texts), 1))

    def embed_query(self, text):
        return self.embed_documents([text])[0]

    def count_tokens(self, texts):
        return [len(text.split()) for text in texts]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """Every sample article as the product takes it in, with its sentences, by id."""
    with Library.open(tmp_path_factory.mktemp("seeds") / "i", model=Words()) as library:
        report = library.add(SEEDS / "articles")
        assert report.refused == []
        with library.view() as view:
            rows = {record["id"]: view.store.article_row(record["id"]) for record in library.articles()}
            return {name: (view.article(row), view.sentences(row)) for name, row in rows.items()}


# --- articles ---------------------------------------------------------------------------------------------------------


def test_every_file_is_an_article_known_by_its_name(loaded):
    assert set(loaded) == {path.name for path in FILES}
    assert len(FILES) == 30


def test_the_given_article_is_kept_byte_for_byte():
    assert hashlib.sha256((SEEDS / "articles" / GIVEN).read_bytes()).hexdigest() == GIVEN_SHA256


@each_file
def test_an_article_has_a_readable_length(loaded, path):
    assert 300 <= len(loaded[path.name][0].text.split()) <= 900


@each_file
def test_an_article_says_what_it_is_and_names_its_sources(loaded, path):
    article: Article = loaded[path.name][0]
    assert article.title.strip()
    assert article.references, "the last line names its sources"
    assert article.text.rstrip().splitlines()[-1].startswith("Sources (names only) ")
    if path.name != GIVEN:
        assert article.authors == ("Assay contributors",)
        assert article.source in {"Assay Minerals Desk", "Assay Policy Desk", "Assay Technology Desk"}
        assert re.fullmatch(r"202[3-6]-\d\d-\d\d", article.published)
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*\.md", path.name)


@each_file
def test_notices_and_source_lines_are_never_quoted(loaded, path):
    article, sentences = loaded[path.name]
    for mark in ("Sources (names only)", "AI Image Disclaimer"):
        start = article.text.find(mark)
        if start >= 0:
            assert not article.citable(Span(start, start + len(mark)))
    assert sum(article.citable(span) for span in sentences) >= 10


def test_the_given_article_has_its_notice():
    assert "AI Image Disclaimer" in (SEEDS / "articles" / GIVEN).read_text(encoding="utf-8")


def test_each_article_has_its_section_of_sources():
    sections = re.split(r"^## ", (SEEDS / "SOURCES.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    named = [section.splitlines()[0].strip() for section in sections]
    assert sorted(named) == [path.name for path in FILES]
    assert all(re.search(r"^- \S", section, re.MULTILINE) for section in sections)


@each_file
def test_an_article_is_plain_text_without_addresses(path):
    text = path.read_text(encoding="utf-8")
    assert "http" not in text
    assert "\r" not in text
    assert text.endswith("\n")


# --- questions --------------------------------------------------------------------------------------------------------


@each_row
def test_a_row_has_the_documented_keys_and_kinds(row):
    assert list(row) == KEYS
    assert isinstance(row["id"], str)
    assert re.fullmatch(r"[a-z]\d\d", row["id"])
    assert isinstance(row["question"], str)
    assert row["question"].strip() == row["question"] != ""
    assert row["type"] in (ANSWERABLE if row["answerable"] is True else UNANSWERABLE)
    assert row["answerable"] in (True, False)
    assert row["conflict"] is (row["type"] == "conflict")
    assert bool(row["history"]) is (row["type"] == "follow_up")
    assert all(
        set(turn) == {"role", "content"} and turn["role"] in {"user", "assistant"} and turn["content"].strip() for turn in row["history"]
    )
    assert all(isinstance(answer, str) and answer.strip() for answer in row["answers"])
    assert all(set(evidence) == {"article_id", "quote"} for evidence in row["evidence"])


@each_row
def test_what_can_be_answered_has_answers_and_evidence_and_the_rest_has_neither(row):
    assert bool(row["answers"]) is bool(row["evidence"]) is row["answerable"]
    articles = [evidence["article_id"] for evidence in row["evidence"]]
    if row["type"] == "conflict":
        assert len(row["answers"]) >= 2
        assert len(articles) >= 2
    if row["type"] == "several_facts":
        assert len(articles) > len(set(articles))
    if row["type"] == "across_articles":
        assert len(set(articles)) >= 2


@each_row
def test_evidence_is_one_whole_citable_sentence_that_occurs_once(loaded, row):
    for evidence in row["evidence"]:
        article, sentences = loaded[evidence["article_id"]]
        assert article.text.count(evidence["quote"]) == 1
        start = article.text.index(evidence["quote"])
        span = Span(start, start + len(evidence["quote"]))
        assert span in sentences
        assert article.citable(span)
    quotes = [(evidence["article_id"], evidence["quote"]) for evidence in row["evidence"]]
    assert len(set(quotes)) == len(quotes)


def test_no_two_rows_are_alike():
    assert len({row["id"] for row in ROWS}) == len(ROWS)
    asked = Counter((row["question"].lower(), json.dumps(row["history"])) for row in ROWS)
    assert [question for question, count in asked.items() if count > 1] == []


def test_there_are_enough_of_every_kind():
    types = Counter(row["type"] for row in ROWS)
    assert set(types) == ANSWERABLE | UNANSWERABLE
    assert {kind: count for kind, count in types.items() if count < 8} == {}
    assert types["near_miss"] + types["unanswerable"] >= 20
    assert types["near_miss"] >= 10


def test_every_article_is_asked_about():
    asked = {evidence["article_id"] for row in ROWS for evidence in row["evidence"]}
    assert asked == {path.name for path in FILES}


# --- claims -----------------------------------------------------------------------------------------------------------


def test_every_claim_stands_beside_a_quote_that_is_in_its_article(loaded):
    rows = [json.loads(line) for line in (SEEDS / "claims.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len({row["id"] for row in rows}) == len({row["claim"] for row in rows}) == len(rows)
    assert {row["article_id"] for row in rows} == {path.name for path in FILES}
    for row in rows:
        assert list(row) == ["id", "claim", "supported", "kind", "article_id", "quote"]
        assert row["quote"] in loaded[row["article_id"]][0].text, row["id"]
        assert row["claim"] != row["quote"]
    kinds = Counter((row["supported"], row["kind"]) for row in rows)
    assert {kind for supported, kind in kinds if supported} == {"paraphrase", "condensed"}
    assert {kind for supported, kind in kinds if not supported} == {
        *("number", "date", "name", "negated", "invented", "modality", "quantity"),
    }
    assert sum(row["supported"] for row in rows) == len(rows) // 2

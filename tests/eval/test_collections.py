"""Question sets as they lie on disk."""

import gzip
import json

import pytest

from eval.collections import GoldQuestion, load
from index import Article, Refusal

CORPUS = [
    {"id": "a", "text": "Chile sold lithium.", "title": "Chile", "source": "Reuters", "url": "https://example.org/a"},
    {"id": "b", "text": "one two three four five six seven eight nine ten eleven"},
    {"id": "c", "text": "?!", "title": "Nothing"},
    {"id": "d", "text": "Peru.", "title": ""},
]
QUERIES = [
    {"id": "q1", "question": "Who sold lithium?", "answers": ["Chile"], "type": "fact", "answer_start": [0]},
    {"id": "q2", "question": "Who sold zinc?", "answerable": False},
]


def write(folder, name, rows, *, packed=False):
    text = "\n".join(json.dumps(row) for row in rows) + "\n\n"
    if packed:
        (folder / f"{name}.gz").write_bytes(gzip.compress(text.encode()))
    else:
        (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
@pytest.mark.parametrize("prefix", ["", "set"])
def test_a_collection_is_read_as_it_lies(tmp_path, packed, prefix):
    point = f"{prefix}." if prefix else ""
    write(tmp_path, f"{point}corpus.jsonl", CORPUS, packed=packed)
    write(tmp_path, f"{point}queries.jsonl", QUERIES, packed=packed)
    (tmp_path / f"{point}qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\ta\t2\nq1\tb\t0\nq9\ta\t1\n", encoding="utf-8")
    collection = load(tmp_path, prefix)
    assert collection.name == (prefix or tmp_path.name)
    assert collection.questions == (
        GoldQuestion("q1", "Who sold lithium?", True, "fact", ("Chile",), {"a": 2, "b": 0}, (0,), QUERIES[0]),
        GoldQuestion("q2", "Who sold zinc?", False, "", (), {}, (), QUERIES[1]),
    )
    assert list(collection.articles()) == [
        Article(id="a", text="Chile sold lithium.", title="Chile", source="Reuters", url="https://example.org/a"),
        Article(id="b", text=CORPUS[1]["text"], title="one two three four five six seven eight nine ten"),
        Refusal(f"{collection.name}:c", "no words: the text holds neither letters nor digits"),
        Article(id="d", text="Peru.", title="Peru."),
    ]
    assert len(list(collection.articles())) == 4, "it may be read again"


def test_judgements_without_a_header_and_negative_ones(tmp_path):
    write(tmp_path, "corpus.jsonl", CORPUS)
    write(tmp_path, "queries.jsonl", QUERIES)
    (tmp_path / "qrels.tsv").write_text("q1\ta\t1\nq2\tb\t-1\n", encoding="utf-8")
    assert [question.relevant for question in load(tmp_path).questions] == [{"a": 1}, {"b": -1}]


def test_without_judgements_the_passage_that_was_asked_of_is_the_relevant_one(tmp_path):
    write(tmp_path, "corpus.jsonl", CORPUS)
    write(
        tmp_path,
        "queries.jsonl",
        [{"id": "1", "question": "Who?", "context_id": "a"}, {"id": "2", "question": "Who?", "context_id": "a", "answerable": False}],
    )
    assert [question.relevant for question in load(tmp_path).questions] == [{"a": 1}, {}]


def test_the_packed_file_is_read_where_both_are_there(tmp_path):
    write(tmp_path, "corpus.jsonl", CORPUS)
    write(tmp_path, "queries.jsonl", QUERIES[:1])
    write(tmp_path, "queries.jsonl", QUERIES, packed=True)
    assert len(load(tmp_path).questions) == 2


def test_what_is_missing_or_malformed_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path)
    write(tmp_path, "corpus.jsonl", CORPUS)
    write(tmp_path, "queries.jsonl", [{"question": "Who?"}])
    with pytest.raises(KeyError):
        load(tmp_path)
    (tmp_path / "queries.jsonl").write_text("{not JSON\n", encoding="utf-8")
    with pytest.raises(ValueError, match="property name"):
        load(tmp_path)
    write(tmp_path, "queries.jsonl", QUERIES)
    (tmp_path / "qrels.tsv").write_text("q1 a 1\n", encoding="utf-8")
    with pytest.raises(ValueError, match="unpack"):
        load(tmp_path)

"""The public sets, where they are: what their description says of them, and lists of hostile strings as questions, ids and answers."""

import gzip
import json
import os
from collections import Counter
from pathlib import Path

import pytest

from eval.dataset import Example
from eval.formats import load_dataset
from index import AssayError, Refusal

pytestmark = pytest.mark.skipif(not os.environ.get("ASSAY_DATA"), reason="ASSAY_DATA names no folder of public data")


@pytest.fixture
def data():
    return Path(os.environ["ASSAY_DATA"])


@pytest.mark.parametrize(
    ("name", "questions", "unanswerable", "judged", "pieces"),
    [
        ("news2023", 1418, 0, 700, 0),
        ("time1963", 83, 0, 82, 0),
        ("multihop", 239, 39, 200, 541),
        ("timeqa", 989, 159, 830, 0),
        ("chunking", 472, 0, 472, 790),
        ("quotesum", 265, 0, 265, 1349),
        ("reading/squad2", 5346, 2774, 2572, 4536),
        ("reading/nq_swap", 1746, 0, 1746, 1746),
        ("multiturn/canard_dev.jsonl.gz", 3430, 0, 0, 0),
        ("multiturn/trec_cast.jsonl.gz", 1139, 0, 0, 0),
    ],
)
def test_a_set_has_what_its_description_says(data, name, questions, unanswerable, judged, pieces):
    examples = load_dataset(data / name).examples
    assert len(examples) == questions
    assert sum(one.answerable is False for one in examples) == unanswerable
    assert sum(bool(one.relevant) for one in examples) == judged
    assert sum(len(one.evidence) for one in examples) == pieces


@pytest.mark.parametrize("name", ["chunking", "reading/squad2"])
def test_every_span_holds_an_answer(data, name):
    found = load_dataset(data / name)
    texts = {article.id: article.text for article in found.corpus.source()}
    for one in found.examples:
        held = [texts[piece.article_id][piece.start : piece.end] for piece in one.evidence]
        assert set(held) == set(one.answers) if name == "chunking" else set(held) <= set(one.answers)
        assert bool(held) == bool(one.answers)


def test_every_fact_stands_in_its_article(data):
    found = load_dataset(data / "multihop")
    articles = {article.id: article for article in found.corpus.source()}
    assert all(piece.quote in articles[piece.article_id].text for one in found.examples for piece in one.evidence)
    first = articles["a0000"]
    assert (first.source, first.authors, first.published) == ("The Verge", ("David Pierce",), "2023-09-26")
    assert first.metadata["category"] == "technology"


def test_quotes_of_quotesum_are_evidence_and_its_answers_plain(data):
    found = load_dataset(data / "quotesum")
    texts = {article.id: article.text for article in found.corpus.source()}
    quotes = Counter(piece.quote in texts[piece.article_id] for one in found.examples for piece in one.evidence if piece.quote)
    assert quotes[True] > 10 * quotes[False] > 0, "some are a title, or were touched up"
    assert not any("[" in answer or "]" in answer for one in found.examples for answer in one.answers)


@pytest.mark.parametrize(("name", "articles", "refused"), [("time1963", 423, 0), ("timeqa", 13_335, 9), ("reading/squad2", 568, 0)])
def test_every_row_of_a_corpus_is_an_article_or_has_no_words(data, name, articles, refused):
    found = list(load_dataset(data / name).corpus.source())
    assert len(found) == articles
    refusals = [one for one in found if isinstance(one, Refusal)]
    assert len(refusals) == refused
    assert all(one.reason.startswith("no words") for one in refusals)


def test_follow_ups_of_mtrag(data):
    sets = [load_dataset(data / "multiturn" / f"mtrag_rewrites_{name}.jsonl") for name in ("clapnq", "cloud", "fiqa", "govt")]
    examples = [one for found in sets for one in found.examples]
    assert len(examples) == 777
    assert not any("|user|" in text for one in examples for text in (one.question, one.rewrite, *(turn.content for turn in one.history)))
    assert all(one.id.endswith(f"<::>{one.depth}") for one in examples), "the question itself is no turn before it"


LISTS = [
    ("naughty_questions.jsonl", "text"),
    ("xss_payloads.jsonl.gz", "payload"),
    ("injections.jsonl.gz", "text"),
    ("traversal.jsonl.gz", "path"),
]


def outcome(path):
    """What became of a set: how many questions it has, or the one line that says why it has none."""
    try:
        return len(load_dataset(path).examples)
    except AssayError as error:
        return str(error)


@pytest.mark.parametrize(("name", "key"), LISTS)
def test_hostile_strings_come_through_as_they_are_or_are_refused_in_one_line(data, lay, name, key):
    raw = (data / "hostile" / name).read_bytes()
    lines = (gzip.decompress(raw) if name.endswith(".gz") else raw).splitlines()
    strings = list(dict.fromkeys(json.loads(line)[key] for line in lines))
    kept = [text for text in strings if text.strip() and text.encode("utf-8", "ignore").decode() == text]
    assert len(kept) > 100
    examples = tuple(
        Example(id=str(number), question=text, answers=(text,), answerable=True, type=text, key_points=(text,), metadata={text: text})
        for number, text in enumerate(kept)
    )
    assert load_dataset(lay("rows.jsonl", [one.to_json() for one in examples])).examples == examples
    for text in strings[:: len(strings) // 60]:
        for row in ({"id": text}, {"question": text}, {"answers": text}, {"history": text}):
            found = outcome(lay("row.jsonl", [{"question": "Who?"} | row]))
            assert found == 1 or (found.isprintable() and len(found) < 600), found


def test_hostile_json_is_a_set_or_one_line(data, lay):
    import tarfile

    with tarfile.open(data / "hostile" / "json.tar.gz") as archive:
        files = [(member.name, archive.extractfile(member).read()) for member in archive if member.isfile()]
    assert len(files) > 100
    for number, (name, content) in enumerate(files):
        for suffix in (".json", ".jsonl"):
            found = outcome(lay(f"{number}{suffix}", content))
            assert isinstance(found, str), f"{name} holds no question"
            assert found.isprintable(), name


def test_articles_with_hostile_titles_and_texts(data, lay):
    raw = gzip.decompress((data / "hostile" / "xss_payloads.jsonl.gz").read_bytes())
    strings = list(dict.fromkeys(json.loads(line)["payload"] for line in raw.splitlines()))[::5]
    names = ("title", "text", "source", "url", "date")
    lay("set/corpus.jsonl", [{"id": f"a{number}", **dict.fromkeys(names, text)} for number, text in enumerate(strings)])
    found = list(load_dataset(lay("set/queries.jsonl", [{"question": "Who?"}]).parent).corpus.source())
    assert len(found) == len(strings)
    for one, text in zip(found, strings, strict=True):
        assert isinstance(one, Refusal) or (one.text == text and "\n" not in one.title and one.published is None)

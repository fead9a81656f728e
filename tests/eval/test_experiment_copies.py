"""The figures of the experiment with copies, on few articles: every way of copying changes a text, and what is counted is right."""

import gzip
import json
import random

import pytest

from eval.collections import load
from eval.experiments import copies
from eval.experiments.forms import FORMS
from eval.experiments.planted import WAYS, excerpt, paragraphs

SENTENCES = [
    f"On day {n} the council of {town} said that {n * 7} boats had come in."
    for n, town in enumerate("Oslo Lima Cairo Perth".split() * 5, 1)
]
TEXT = "\n\n".join(" ".join(SENTENCES[n : n + 2]) for n in range(0, 20, 2))


@pytest.mark.parametrize("way", WAYS)
def test_each_way_changes_an_article_the_same_each_time(way):
    made = [WAYS[way]("A title of ours", TEXT, random.Random(5)) for _ in range(2)]
    assert made[0] == made[1] != ("A title of ours", TEXT)


def test_a_text_is_cut_in_pieces_and_put_together_whole():
    assert paragraphs(TEXT) == TEXT.split("\n\n")
    assert excerpt("T", TEXT, random.Random(1))[1] in TEXT


def test_no_report_of_a_form_is_taken_for_another(monkeypatch):
    monkeypatch.setattr(copies, "_REPORTS", 6)
    rows = copies.form_rows()
    assert len(rows) == len(FORMS)
    assert all(row.endswith("| 15 | 0 |") for row in rows)


@pytest.fixture
def collection(tmp_path):
    def text(seed):
        words = random.Random(seed).choices([f"{a}{b}{c}" for a in "bdfgk" for b in "aeiou" for c in "lmnrst"], k=120)
        return ". ".join(" ".join(words[n : n + 10]).capitalize() for n in range(0, 120, 10)) + "."

    texts = [text(n) for n in range(6)]
    texts.append(texts[0])
    with gzip.open(tmp_path / "corpus.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps({"id": f"rt2023_{n:05}", "title": f"T{n}", "text": each}) + "\n" for n, each in enumerate(texts))
    (tmp_path / "queries.jsonl").write_text("")
    return load(tmp_path)


def test_what_is_planted_is_found_and_nothing_else(collection, tmp_path, monkeypatch):
    monkeypatch.setattr(copies, "_PLANTED", 3)
    with copies.dated_index(collection, tmp_path) as library:
        judged = copies.judged_rows(collection, library)
        assert judged[2:] == ["| texts that stand there again | 1 | 1 |", "| not judged, and not the same text | | 0 |"]
        rows = dict(row.strip("| ").split(" | ", 1) for row in copies.planted_rows(collection, library))
        paces = copies.pace_rows(collection, library)
    assert rows.keys() == WAYS.keys()
    assert rows["other encoding"].startswith("3 | 1.00 | 3 copy")
    assert rows["light update"].startswith("3 | 1.00 |")
    assert "31 |" in paces[0]

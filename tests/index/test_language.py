"""Languages of texts that do not name theirs; English wherever that is not sure."""

import gzip
import json
import os
from pathlib import Path

import pytest

from index import Article, read
from index.language import language_of

TEXTS = {
    "de": "Alle Menschen sind frei und gleich an Würde und Rechten geboren und sollen einander im Geist der Brüderlichkeit begegnen.",
    "fr": "Tous les êtres humains naissent libres et égaux en dignité et en droits et doivent agir dans un esprit de fraternité.",
    "es": "Todos los seres humanos nacen libres e iguales en dignidad y derechos y deben comportarse como hermanos los unos con los otros.",
    "it": "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti e devono agire gli uni verso gli altri in fratellanza.",
    "ru": "Все люди рождаются свободными и равными в своём достоинстве и правах и должны поступать в духе братства.",
    "ja": "すべての人間は、生れながらにして自由であり、かつ、尊厳と権利とについて平等である。人間は、理性と良心とを授けられている。",
    "pl": "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw i powinni postępować w duchu braterstwa.",
}


@pytest.mark.parametrize("language", TEXTS)
def test_a_sentence_is_enough(language):
    assert language_of(TEXTS[language]) == language


@pytest.mark.parametrize(
    "text", ["", "Lithium", "12 345 | 67 % | 8.9", "AAPL MSFT GOOG NVDA", "Größe: 3", "\x00\x01\u202e" * 50, "a" * 100_000]
)
def test_nothing_is_said_of_what_is_hardly_a_text(text):
    assert language_of(text) is None


def test_the_word_of_the_document_goes_before_its_words(tmp_path):
    (tmp_path / "said.md").write_text(f"---\nlanguage: nl\n---\n{TEXTS['de']}")
    (tmp_path / "unsaid.txt").write_text(TEXTS["de"])
    (tmp_path / "unsure.txt").write_text("Lithium 12")
    assert [article.language for article in read(tmp_path) if isinstance(article, Article)] == ["nl", "de", "en"]


@pytest.mark.skipif(not os.environ.get("ASSAY_DATA"), reason="ASSAY_DATA names no folder of public data")
def test_english_news_is_never_taken_for_anything_else():
    file = next((Path(os.environ["ASSAY_DATA"]) / "news2023").glob("corpus.jsonl*"))
    with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line, _ in zip(lines, range(500), strict=False)]
    words = [text.split() for text in texts]
    assert not [opening for text in words for size in (20, 100, 1000) if language_of(opening := " ".join(text[:size])) not in (None, "en")]

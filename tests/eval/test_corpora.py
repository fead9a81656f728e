"""The articles of a question set as an index: made once, found again, never another set's."""

import pytest

from eval.corpora import indexed
from eval.dataset import Dataset, Example
from eval.formats import load_dataset
from index import Article, AssayError, Refusal

ROWS = [Article(id=f"a{n}", title=f"Note {n}", text=f"Mine {n} made {n + 2} tonnes of tin.") for n in range(4)]


class Corpus:
    """Articles that say how often they were taken."""

    def __init__(self, articles, sha256="1", stop=None):
        self.articles, self.sha256, self.stop, self.taken = articles, sha256, stop, 0

    def source(self):
        self.taken += 1
        for number, article in enumerate(self.articles):
            if number == self.stop:
                raise KeyboardInterrupt
            yield article


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch, make_embedder):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("index.library.SentenceTransformerEmbedder", lambda name, **_: make_embedder(name))
    return tmp_path / "cache" / "assay" / "corpora"


def dataset(corpus, name="tin"):
    return Dataset(name, "made by the test", (Example(id="q", question="How much?"),), corpus)


def ids(library):
    with library:
        return [record["id"] for record in library.articles()]


def test_articles_are_indexed_once_and_found_again(cache):
    corpus = Corpus(ROWS)
    for _ in range(3):
        assert ids(indexed(dataset(corpus))) == ["a0", "a1", "a2", "a3"]
    assert corpus.taken == 1
    assert len(list(cache.iterdir())) == 1


def test_other_articles_or_another_model_have_an_index_of_their_own(cache):
    indexed(dataset(Corpus(ROWS))).close()
    assert ids(indexed(dataset(Corpus(ROWS[:2], "2")))) == ["a0", "a1"]
    assert ids(indexed(dataset(Corpus(ROWS)), model="another")) == ["a0", "a1", "a2", "a3"]
    assert len(list(cache.iterdir())) == 3


def test_an_interrupted_index_is_not_taken_for_a_whole_one():
    with pytest.raises(KeyboardInterrupt):
        indexed(dataset(Corpus(ROWS, stop=2)))
    assert ids(indexed(dataset(Corpus(ROWS)))) == ["a0", "a1", "a2", "a3"]


def test_what_is_no_article_is_told_each_time(cache):
    corpus = Corpus([*ROWS, Refusal("line 5", "no text: the article is empty")])
    for _ in range(2):
        told = []
        assert ids(indexed(dataset(corpus), refused=told.append)) == ["a0", "a1", "a2", "a3"]
        assert told == [Refusal("line 5", "no text: the article is empty")]
    (place,) = cache.iterdir()
    (place / "complete").write_text("[", encoding="utf-8")
    told = []
    assert ids(indexed(dataset(corpus), refused=told.append)) == ["a0", "a1", "a2", "a3"]
    assert told == []


def test_the_name_of_a_set_chooses_no_path(cache):
    indexed(dataset(Corpus(ROWS), name="../../etc/passwd")).close()
    assert [path.parent for path in cache.iterdir()] == [cache]


def test_a_set_without_articles_says_what_to_do():
    with pytest.raises(AssayError, match="expected a set that brings its articles, found tin without; give the index with --index"):
        indexed(dataset(None))


def test_an_index_of_an_earlier_make_is_made_anew(monkeypatch):
    corpus = Corpus(ROWS)
    indexed(dataset(corpus)).close()
    monkeypatch.setattr("index.library.SPLITTER", "another splitter")
    monkeypatch.setattr("index.store.SPLITTER", "another splitter", raising=False)
    assert ids(indexed(dataset(corpus))) == ["a0", "a1", "a2", "a3"]
    assert corpus.taken == 2


def test_the_built_in_set_brings_its_articles():
    with indexed(load_dataset("seeds")) as library:
        assert library.counts()[0] == 30

"""Embedding models across the border to LangChain: vectors of length one, prompts kept, and no model taken for another."""

import math
from pathlib import Path

import numpy as np
import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings
from pydantic import BaseModel, Field, SecretStr

from index import Article, Library, ModelError, SentenceTransformerEmbedder, sentences
from rag import AssayEmbeddings, LangChainEmbedder

SEEDS = Path(__file__).parents[2] / "seeds" / "articles"
FAKE = DeterministicFakeEmbedding(size=24)
TEXTS = ["Lithium prices fell.", "Who exports cobalt?", ""]


class Declared(Embeddings, BaseModel):
    """What most of LangChain's models look like."""

    model: str = "small"
    api_key: SecretStr | None = None
    organization_token: str | None = None
    default_headers: dict | None = None
    truncate: bool = True
    options: dict = Field(default_factory=dict)
    client: object = None

    def embed_documents(self, texts):
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text):
        return [float(len(text) + 1), float(len(self.model)), 0.0]


class Upgraded(Declared):
    """The same, in a release with a further parameter."""

    parallel: int = 4
    headings: dict = Field(default_factory=dict)


class Plain(Embeddings):
    """What a user writes."""

    def __init__(self, answer, **said):
        self.answer = answer
        vars(self).update(said)

    def embed_documents(self, texts):
        return self.answer(texts)

    def embed_query(self, text):
        return self.answer([text])[0]


class Prompted:
    """An `Embedder` that embeds queries and documents differently."""

    name, sha256, dimension, max_tokens = "prompted", "0" * 64, 2, 64

    def embed_documents(self, texts, *, done=lambda _: None):
        done(len(texts))
        return np.array([[1, 0]] * len(texts), np.float32).reshape(-1, 2)

    def embed_query(self, _text):
        return np.array([0, 1], np.float32)

    def count_tokens(self, texts):
        return [len(text.split()) for text in texts]


def known(embeddings, **options):
    return LangChainEmbedder(embeddings, **options).sha256


# --- ours as LangChain's ----------------------------------------------------------------------------------------------


def test_our_model_gives_langchain_the_vectors_that_an_index_has():
    ours, theirs = SentenceTransformerEmbedder(), AssayEmbeddings()
    given = theirs.embed_documents(TEXTS)
    assert given == ours.embed_documents(TEXTS).tolist()
    assert theirs.embed_query(TEXTS[1]) == ours.embed_query(TEXTS[1]).tolist()
    assert {type(number) for vector in given for number in vector} == {float}
    assert [math.hypot(*vector) for vector in given] == pytest.approx([1, 1, 1], abs=1e-6)
    assert theirs.embed_documents([]) == []


def test_queries_and_documents_are_embedded_each_in_their_way():
    embeddings = AssayEmbeddings(Prompted())
    assert embeddings.embed_documents(["a", "b"]) == [[1, 0], [1, 0]]
    assert embeddings.embed_query("a") == [0, 1]


def test_a_model_that_is_not_there_is_said(tmp_path):
    (tmp_path / "model").mkdir()
    with pytest.raises(ModelError, match=r"modules\.json"):
        AssayEmbeddings(str(tmp_path / "model"))


# --- LangChain's as ours ----------------------------------------------------------------------------------------------


def test_vectors_are_those_of_the_model_at_length_one():
    embedder = LangChainEmbedder(FAKE)
    heard = []
    vectors = embedder.embed_documents(TEXTS, done=heard.append)
    expected = np.array(FAKE.embed_documents(TEXTS))
    assert vectors == pytest.approx(expected / np.linalg.norm(expected, axis=1, keepdims=True), abs=1e-6)
    assert (vectors.dtype, vectors.shape, embedder.dimension, heard) == (np.float32, (3, 24), 24, [3])
    assert (embedder.embed_query(TEXTS[1]) == vectors[1]).all()
    assert embedder.embed_documents([]).shape == (0, 24)


@pytest.mark.parametrize(
    "answer",
    [
        lambda texts: [[0.0, 0.0] for _ in texts],
        lambda texts: [[1.0, float("nan")] for _ in texts],
        lambda texts: [[1.0, float("inf")] for _ in texts],
        lambda texts: [[1.0, 0.0] for _ in texts][:-1] if len(texts) > 1 else [[1.0, 0.0]],
        lambda texts: [[1.0] * (1 + len(text)) for text in texts],
        lambda texts: [None for _ in texts],
    ],
    ids=["zeros", "nan", "inf", "too few", "of several lengths", "none"],
)
def test_what_are_no_vectors_are_refused_before_they_are_stored(tmp_path, answer):
    embedder = LangChainEmbedder(Plain(answer))
    embedder.__dict__["dimension"] = 2
    with Library.open(tmp_path / "i", model=embedder) as library:
        with pytest.raises(ModelError, match="expected 2 vectors of 2 finite numbers"):
            library.add([Article(id=name, text=f"Text {name}.", title="") for name in "ab"])
        assert library.counts() == (0, 0)


def test_what_the_model_raises_reaches_its_user(tmp_path):
    def fail(_texts):
        raise TimeoutError("busy")

    with pytest.raises(TimeoutError, match="busy"):
        Library.open(tmp_path / "i", model=LangChainEmbedder(Plain(fail)))
    assert not (tmp_path / "i" / "store.sqlite").exists()


def test_the_same_model_is_known_again():
    assert known(Declared()) == known(Declared(model="small", truncate=True, options={}))
    assert known(Plain(len, size=3)) == known(Plain(len, size=3))
    assert known(DeterministicFakeEmbedding(size=3)) == known(DeterministicFakeEmbedding(size=3))


def test_another_model_is_another():
    models = [
        *(Declared(), Declared(model="large"), Declared(truncate=False), Declared(options={"a": 1}), Upgraded(), Upgraded(parallel=1)),
        *(DeterministicFakeEmbedding(size=3), DeterministicFakeEmbedding(size=4)),
        *(Plain(len), Plain(len, size=3), Plain(len, size=4), Plain(len, inner=Declared()), Plain(len, inner=Declared(model="large"))),
        *(AssayEmbeddings(), AssayEmbeddings(Prompted())),
    ]
    assert len({known(model) for model in models}) == len(models)


def test_who_asks_is_no_part_of_the_model_and_nowhere_written():
    about = {"api_key": SecretStr("sk-1"), "organization_token": "sk-2", "default_headers": {"Authorization": "sk-3"}}
    secret = Declared(**about, client=object())
    assert known(secret) == known(Declared())
    assert LangChainEmbedder(secret).name == "langchain Declared small"


def test_a_parameter_that_a_release_brings_changes_nothing_and_another_default_model_does(monkeypatch):
    before = known(Declared())
    for name, default in (("parallel", 4), ("headings", {})):
        monkeypatch.setitem(Declared.model_fields, name, Upgraded.model_fields[name])
        made = Declared()
        vars(made)[name] = default
    assert known(made) == before
    vars(made)["model"] = "newer"
    assert known(made) != before


def test_a_name_of_ones_own_stands_for_the_model():
    embedder = LangChainEmbedder(Declared(), name="mine")
    assert embedder.name == "mine"
    assert embedder.sha256 == known(Declared(truncate=False), name="mine") != known(Declared(), name="yours")


def test_tokens_are_estimated_rather_too_high():
    ours, estimate = SentenceTransformerEmbedder(), LangChainEmbedder(FAKE)
    texts = [path.read_text(encoding="utf-8") for path in sorted(SEEDS.iterdir())]
    texts += ["漢字仮名交じり文の例です。", "Это предложение написано по-русски.", "Ünïcödé wörds äre hére", "https://example.org/a/b?c=d"]
    assert len(texts) > 30
    for text, most, least in zip(texts, estimate.count_tokens(texts), ours.count_tokens(texts), strict=True):
        assert least <= most <= 4 * least + 4, text[:40]
    assert estimate.count_tokens(["", " \n", "a\ud800b"]) == [0, 0, 3]


def test_articles_are_cut_into_passages_for_a_model_without_a_tokenizer(make_library):
    text = (SEEDS / "antimony-stibnite-perpetua.md").read_text(encoding="utf-8")
    library = make_library([Article(id="a", text=text, title="Antimony")], model=LangChainEmbedder(FAKE))
    ours = SentenceTransformerEmbedder()
    with library.view() as view:
        passages = view.passages(view.store.live_rows().tolist())
        counts = ours.count_tokens([view.passage_text(passage) for passage in passages])
    assert len(passages) > 2
    assert max(counts) <= 220
    assert min(counts[:-1]) > 60
    assert sum(text[span.start : span.end] in view.passage_text(passages[0]) for span in sentences(text)) > 1

"""Vectors are those of sentence-transformers, for the packaged model and for any other, in both roles."""

import json
import random
import shutil
import string
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from index import embed, runtime
from index.embed import AGREEMENT, SentenceTransformerEmbedder
from index.errors import ModelError
from index.model import DEFAULT_MODEL, _packaged

REPOSITORY = Path(__file__).parents[2]

pytestmark = pytest.mark.filterwarnings("ignore")  # of torch, transformers and OpenVINO while they load

TEXTS = [
    "Lithium",
    "Who meets to discuss critical minerals?",
    'Prices fell by 45 % in 2023. Indonesia raised its output to 1.8 million tonnes; "nobody" knew – not even the minister…',
    "naïve café, Ångström, 漢字 और हिन्दी, 😀",
    "UPPER and lower",
    "",
    " \n\t ",
    "x" * 500,
    "one two three four five " * 200,
    "[CLS] [SEP] [MASK] <s> </s>",
]


def cosines(ours, theirs):
    theirs = np.asarray(theirs, np.float32)
    return (ours * theirs).sum(axis=1) / np.linalg.norm(theirs, axis=1)


def agree(embedder, texts):
    """Ours equal the reference in both roles, and have length one."""
    documents = embedder.embed_documents(texts)
    queries = np.array([embedder.embed_query(text) for text in texts])
    assert documents.dtype == queries.dtype == np.float32
    assert documents.shape == queries.shape == (len(texts), embedder.dimension)
    for vectors, theirs in ((documents, embedder.reference.encode_document(texts)), (queries, embedder.reference.encode_query(texts))):
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
        assert cosines(vectors, theirs).min() >= AGREEMENT
    return documents, queries


# --- the packaged model -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def default():
    if _packaged() is None:
        pytest.skip("the default model's package is not installed")
    return SentenceTransformerEmbedder()


def test_the_packaged_model_is_the_reference_on_texts_of_every_kind(default):
    agree(default, TEXTS)
    assert default._encoder


def test_the_packaged_model_says_what_it_is(default):
    assert (default.name, default.dimension, default.max_tokens) == (DEFAULT_MODEL, 384, 256)
    assert len(default.sha256) == 64


def test_tokens_are_counted_as_the_model_counts_them(default):
    theirs = [len(default.reference.tokenizer(text, add_special_tokens=False)["input_ids"]) for text in TEXTS]
    assert default.count_tokens(TEXTS) == theirs
    assert default.count_tokens([]) == []
    assert max(theirs) > default.max_tokens


def test_sentences_never_count_fewer_tokens_by_themselves_than_together(default):
    chance = random.Random(5)
    alphabet = string.ascii_letters + string.digits + string.punctuation + "   éß漢字हि한글😀\u0301"
    for _ in range(300):
        ends = chance.choices([". ", "。", "\n", "?\u2028"], k=3)
        parts = ["".join(chance.choices(alphabet, k=chance.randint(1, 20))) + end for end in ends]
        whole, *each = default.count_tokens(["".join(parts), *parts])
        assert sum(each) >= whole, parts


def test_a_vector_hardly_depends_on_its_neighbours_or_on_the_thread(default):
    texts = [f"{text} {n}" for n, text in enumerate(TEXTS * 2)]
    together, heard, wrong = default.embed_documents(texts), [], []
    alone = np.array([default.embed_documents([text], done=heard.append)[0] for text in texts])
    assert cosines(together, alone).min() > AGREEMENT
    assert heard == [1] * len(texts)
    assert default.embed_documents([]).shape == (0, 384)

    def ask():
        for text in texts:
            wrong.extend([] if np.array_equal(default.embed_query(text), expected[text]) else [text])

    expected = {text: default.embed_query(text) for text in texts}
    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []


@pytest.mark.slow
def test_the_packaged_model_is_the_reference_on_a_thousand_texts(default):
    chance = random.Random(11)
    seeds = sorted((Path(__file__).parents[2] / "seeds" / "articles").iterdir())
    words = " ".join(path.read_text(encoding="utf-8") for path in seeds).split()
    texts = []
    for _ in range(1000):
        start = chance.randrange(len(words) - 400)
        texts.append(" ".join(words[start : start + chance.choice([1, 3, 8, 20, 60, 150, 300])]))
    documents = default.embed_documents(texts)
    theirs = default.reference.encode_document(texts)
    assert cosines(documents, theirs).min() >= AGREEMENT


# --- other models -----------------------------------------------------------------------------------------------------


def tiny(folder, *, prompts=None, dense=False, lower=True, pooled="mean", include_prompt=True):
    """Write a random BERT of two small layers as a sentence-transformers model."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizer

    torch.manual_seed(3)
    raw = folder.with_name(f"{folder.name}-raw")
    raw.mkdir(parents=True)
    letters = string.ascii_letters + string.digits
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters), *string.punctuation]
    (raw / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    BertTokenizer(str(raw / "vocab.txt"), do_lower_case=lower).save_pretrained(raw)
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64, "max_position_embeddings": 64}
    BertModel(BertConfig(vocab_size=len(vocabulary), initializer_range=0.3, **shape)).save_pretrained(raw)
    modules = [Transformer(str(raw), max_seq_length=48), Pooling(32, pooling_mode=pooled, include_prompt=include_prompt)]
    if dense:
        modules += [Dense(32, 12), Normalize()]
    SentenceTransformer(modules=modules, prompts=prompts, device="cpu").save(str(folder))
    shutil.rmtree(raw)
    return folder


@pytest.fixture
def make_tiny(tmp_path, monkeypatch):
    """`make_tiny(...) -> Path`: the folder of a model, with a cache of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return lambda **options: tiny(tmp_path / "tiny", **options)


PROMPTS = {"query": "query: find ", "document": "text: "}


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    """A model with prompts, and a cache that holds its conversion."""
    place = tmp_path_factory.mktemp("embed")
    folder = tiny(place / "tiny", prompts=PROMPTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(place / "cache"))
        assert SentenceTransformerEmbedder(str(folder))._encoder
    return folder, place / "cache"


@pytest.fixture
def prompted(converted, tmp_path, monkeypatch):
    """That model, with a copy of the cache of the test's own."""
    folder, cache = converted
    monkeypatch.setenv("XDG_CACHE_HOME", str(shutil.copytree(cache, tmp_path / "cache")))
    return folder


def check_model(folder, *, dimension=32, prompts=True):
    embedder = SentenceTransformerEmbedder(str(folder))
    documents, queries = agree(embedder, [text for text in TEXTS if text.strip()])
    assert (embedder.dimension, embedder.max_tokens) == (dimension, 48)
    assert (np.abs(documents - queries).max() > 0.01) == prompts
    return embedder


def test_a_model_with_prompts_is_the_reference_in_both_roles(prompted):
    embedder = check_model(prompted)
    assert embedder._encoder
    assert np.array_equal(embedder.embed_query("Abc"), embedder.embed_query("aBC"))


@pytest.mark.parametrize(
    "options",
    [
        {"dense": True},
        pytest.param({"pooled": "cls", "lower": False}, marks=pytest.mark.slow),
        pytest.param({"prompts": PROMPTS, "include_prompt": False}, marks=pytest.mark.slow),
    ],
    ids=["dense", "cased", "prompt not pooled"],
)
def test_any_other_model_is_the_reference_in_both_roles(make_tiny, options):
    check_model(make_tiny(**options), dimension=12 if "dense" in options else 32, prompts="prompts" in options)


def test_a_converted_model_is_used_again_without_torch(prompted, monkeypatch):
    monkeypatch.setattr(SentenceTransformerEmbedder, "reference", property(lambda _: pytest.fail("the reference was loaded")))
    embedder = SentenceTransformerEmbedder(str(prompted))
    assert embedder.embed_documents(TEXTS).shape == (len(TEXTS), 32)
    assert embedder.embed_query("x").shape == (32,)


def test_a_flipped_byte_in_a_converted_model_is_noticed(prompted, tmp_path):
    vectors = SentenceTransformerEmbedder(str(prompted)).embed_documents(TEXTS)
    (blob,) = (tmp_path / "cache" / "assay" / "models").glob("*/model.blob")
    content = bytearray(blob.read_bytes())
    content[len(content) // 2] ^= 16
    blob.write_bytes(content)
    assert cosines(SentenceTransformerEmbedder(str(prompted)).embed_documents(TEXTS), vectors).min() > AGREEMENT
    assert blob.read_bytes() != content


def test_a_conversion_that_does_not_agree_is_not_used(prompted, tmp_path, monkeypatch):
    (mark,) = (tmp_path / "cache" / "assay" / "stamps").glob("*.agrees")
    mark.unlink()
    monkeypatch.setattr(runtime.Encoder, "_infer", lambda _, batch: np.ones((len(batch), 32), np.float32))
    embedder = SentenceTransformerEmbedder(str(prompted))
    agree(embedder, TEXTS[:5])
    assert not embedder._encoder
    assert not SentenceTransformerEmbedder(str(prompted))._encoder  # remembered


@pytest.mark.parametrize("torn", [b"", b"y", b"yesno", b"nothing", b"\xff\xfe"])
def test_a_torn_mark_is_judged_anew(prompted, tmp_path, torn):
    (mark,) = (tmp_path / "cache" / "assay" / "stamps").glob("*.agrees")
    assert mark.name == f"{runtime.conversion_name(SentenceTransformerEmbedder(str(prompted)).sha256)}.agrees"
    mark.write_bytes(torn)
    assert SentenceTransformerEmbedder(str(prompted))._encoder
    assert mark.read_bytes() == b"yes"
    assert not list(mark.parent.glob(".*"))


def check_fallback(folder, monkeypatch):
    """The reference serves a model that cannot be converted, and that is tried once."""
    embedder = SentenceTransformerEmbedder(str(folder))
    documents, queries = agree(embedder, TEXTS[:5])
    assert embedder._encoder is None
    monkeypatch.setattr(runtime, "cached_encoder", lambda *_: pytest.fail("converted again"))
    again = SentenceTransformerEmbedder(str(folder))
    assert np.array_equal(again.embed_documents(TEXTS[:5]), documents)
    assert np.array_equal(again.embed_query(TEXTS[4]), queries[4])
    return again


class UnknownError(Exception):
    """As OpenVINO's own errors: of no common kind."""


@pytest.mark.parametrize(
    ("seam", "error"),
    [
        ("index.embed._recipe", TypeError),
        ("index.embed._recipe", KeyError),
        ("index.embed._recipe", AttributeError),
        ("index.runtime._compile", RuntimeError),
        ("index.runtime._compile", UnknownError),
    ],
)
def test_a_model_whose_conversion_fails_is_served_by_the_reference(prompted, tmp_path, monkeypatch, error, seam):
    def fail(_):
        raise error("no such operation\nat length")

    shutil.rmtree(tmp_path / "cache")
    monkeypatch.setattr(seam, fail)
    again = check_fallback(prompted, monkeypatch)
    assert (again.dimension, again.max_tokens) == (32, 48)
    tokenizer = again.reference.tokenizer
    assert again.count_tokens(TEXTS) == [len(tokenizer(text, add_special_tokens=False)["input_ids"]) for text in TEXTS]
    assert again.count_tokens([]) == []


def test_a_full_disk_is_not_taken_for_a_model_that_cannot_be_converted(prompted, tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    shutil.rmtree(tmp_path / "cache")
    with monkeypatch.context() as patch:
        patch.setattr(runtime, "_compile", full)
        with pytest.raises(OSError, match="writable cache"):
            SentenceTransformerEmbedder(str(prompted)).embed_query("x")
    assert SentenceTransformerEmbedder(str(prompted))._encoder


WORDS = ["lithium", "price", "price-list", "who", "meets", "upper", "and", "lower"]


def test_a_model_of_words_alone_is_served_by_the_reference(tmp_path, monkeypatch):
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(["[UNK]", *WORDS])}, "[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.Lowercase(), pre_tokenizers.Whitespace()
    weights = np.random.default_rng(1).standard_normal((len(WORDS) + 1, 8)).astype(np.float32)
    SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_weights=weights)], device="cpu").save(str(tmp_path / "static"))
    again = check_fallback(tmp_path / "static", monkeypatch)
    assert (again.dimension, again.max_tokens) == (8, 512)
    assert again.count_tokens(["Lithium price", "", "who? " * 600]) == [2, 0, 1200]
    np.testing.assert_allclose(again.embed_query("LITHIUM"), weights[1] / np.linalg.norm(weights[1]), atol=1e-5)


class NoTokenizer:
    max_seq_length = None

    def __getitem__(self, _):
        return self


def test_without_a_tokenizer_tokens_are_never_counted_too_few():
    assert embed._limit(NoTokenizer()) == 512
    counts = embed._token_counts(NoTokenizer(), TEXTS)
    assert all(count >= max(len(text), len(text.encode())) for count, text in zip(counts, TEXTS, strict=True))


def test_a_gpu_serves_bulk_alone(prompted, monkeypatch):
    monkeypatch.setattr(embed, "_has_cuda", lambda: True)
    embedder, asked = SentenceTransformerEmbedder(str(prompted)), []

    class OnTheGpu:
        def encode_document(self, texts, *, device, convert_to_numpy):
            asked.append((len(texts), device, convert_to_numpy))
            return np.full((len(texts), 32), 2, np.float32)

    monkeypatch.setattr(SentenceTransformerEmbedder, "reference", OnTheGpu())
    some = [f"text {n}" for n in range(embed.BULK)]
    assert embedder.embed_documents(some[1:]).shape == (embed.BULK - 1, 32)
    embedder.embed_query("x")
    embedder.count_tokens(some)
    assert asked == []
    heard = []
    np.testing.assert_allclose(embedder.embed_documents(some, done=heard.append), 32**-0.5, atol=1e-6)
    assert asked == [(embed.BULK, "cuda", True)]
    assert heard == [embed.BULK]


def test_with_a_gpu_a_question_does_not_import_torch(prompted):
    code = (
        "import sys\nfrom index import embed\nembed._has_cuda = lambda: True\n"
        "model = embed.SentenceTransformerEmbedder(sys.argv[1])\nmodel.embed_query('x')\nmodel.embed_documents(['y'] * 24)\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(prompted)], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert done.stdout == "False\n"


def test_a_changed_model_has_another_checksum(make_tiny):
    folder = make_tiny(prompts=PROMPTS)
    before = SentenceTransformerEmbedder(str(folder)).sha256
    path = folder / "config_sentence_transformers.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"prompts": {"query": "other: "}}))
    assert SentenceTransformerEmbedder(str(folder)).sha256 != before


def test_a_model_that_cannot_be_loaded_is_refused_in_one_line(make_tiny):
    folder = make_tiny()
    (weights,) = folder.rglob("*.safetensors")
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelError, match="cannot be loaded") as caught:
        SentenceTransformerEmbedder(str(folder)).embed_query("x")
    assert "\n" not in str(caught.value)


def test_a_model_with_pickled_weights_is_refused_before_anything_is_read(make_tiny):
    folder = make_tiny()
    (weights,) = folder.rglob("*.safetensors")
    weights.rename(weights.with_name("pytorch_model.bin"))
    with pytest.raises(ModelError, match="never read"):
        SentenceTransformerEmbedder(str(folder))


def test_a_model_that_brings_code_of_its_own_does_not_run_it(make_tiny, tmp_path):
    folder = make_tiny()
    (folder / "mine.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Mine: pass\n")
    modules = json.loads((folder / "modules.json").read_text())
    (folder / "modules.json").write_text(json.dumps([*modules, {"idx": 9, "name": "9", "path": "", "type": "mine.Mine"}]))
    with pytest.raises(ModelError):
        SentenceTransformerEmbedder(str(folder)).embed_query("x")
    assert not (tmp_path / "ran").exists()

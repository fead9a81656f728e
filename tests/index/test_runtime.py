"""The fast encoder gives what its module gives, and never runs a conversion that is not what was written."""

import os
import shutil
import tempfile
import threading
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from index import runtime

pytestmark = pytest.mark.filterwarnings("ignore")  # of torch and OpenVINO while they convert

WORDS = [f"w{n}" for n in range(50)]


def recipe():
    """The weighted mean of random word vectors, then a layer: small, and sensitive to padding, order and types."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers

    class Mean(torch.nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(1)
            self.words = torch.nn.Embedding(len(WORDS) + 2, 16)
            self.layer = torch.nn.Linear(16, 8)

        def forward(self, *, input_ids, attention_mask, token_type_ids):
            mask = attention_mask.unsqueeze(-1).float()
            places = torch.arange(1, input_ids.shape[1] + 1).float().sqrt().reshape(1, -1, 1)
            vectors = self.words(input_ids) * mask * places + token_type_ids.unsqueeze(-1)
            return torch.tanh(self.layer(vectors.sum(1) / mask.sum(1)))

    vocabulary = {"[UNK]": 0, "[PAD]": 1, **{word: n + 2 for n, word in enumerate(WORDS)}}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    names = ("input_ids", "attention_mask", "token_type_ids")
    about = {"dimension": 8, "x": ["y"]}
    return runtime.Recipe(module=Mean().eval(), tokenizer=tokenizer.to_str(), inputs=names, max_tokens=40, pad_id=1, about=about)


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    """A cache folder that holds the conversion of `recipe` under the key `mean`."""
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        runtime.cached_encoder("mean", recipe)
    return cache


@pytest.fixture
def cache(converted, tmp_path, monkeypatch):
    """A copy of that cache of a test's own, in use."""
    folder = shutil.copytree(converted, tmp_path / "cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return folder


@pytest.fixture
def encoder(cache):
    assert cache.is_dir()
    return runtime.cached_encoder("mean", never)


def never():
    pytest.fail("converted again")


def texts(n):
    chance = np.random.default_rng(n)
    return [" ".join(chance.choice(WORDS, size=chance.integers(1, 40))) for _ in range(n)]


def reference(given):
    import torch

    made = recipe()
    rows = []
    for text in given:
        ids = torch.tensor([[WORDS.index(word) + 2 for word in text.split()][: made.max_tokens]])
        with torch.no_grad():
            rows.append(made.module(input_ids=ids, attention_mask=torch.ones_like(ids), token_type_ids=torch.zeros_like(ids))[0].numpy())
    return np.array(rows)


@pytest.mark.parametrize("batch", [8, 64, runtime.BATCH_TOKENS])
def test_rows_are_the_modules_in_the_order_of_the_texts(encoder, monkeypatch, batch):
    monkeypatch.setattr(runtime, "BATCH_TOKENS", batch)
    given, heard = texts(60), []
    found = np.stack(encoder.run(encoder.tokenize(given), done=heard.append))
    np.testing.assert_allclose(found, reference(given), atol=0.03)  # bfloat16 has 8 bits
    assert found.dtype == np.float32
    assert sum(heard) == 60
    alone = np.concatenate([encoder.run(encoder.tokenize([text])) for text in given])
    np.testing.assert_allclose(found, alone, atol=0.03)


def test_nothing_gives_nothing(encoder):
    assert encoder.run([]) == []
    assert encoder.tokenize([]) == []
    assert encoder.count_tokens([]) == []


def test_texts_are_cut_at_the_models_limit_and_counted_beyond_it(encoder):
    assert [len(encoding.ids) for encoding in encoder.tokenize(["w1 " * 39, "w1 " * 40, "w1 " * 41, "w1 " * 1000])] == [39, 40, 40, 40]
    assert encoder.count_tokens(["", "w1", "w1 " * 40, "w1 " * 41, "w1 unknown " * 500]) == [0, 1, 40, 41, 1000]
    assert encoder.max_tokens == 40
    assert encoder.about == {"dimension": 8, "x": ["y"]}


def test_a_pair_is_read_in_windows_that_overlap(encoder):
    words = [f"w{n % 20}" for n in range(100)]
    short, long = encoder.tokenize_pairs([("w1 w2", "w3"), ("w1 w2 w3", " ".join(words))], overlap=7)
    assert [(window.tokens, window.sequence_ids) for window in short] == [(["w1", "w2", "w3"], [0, 0, 1])]
    assert all(len(window.ids) <= 40 and window.tokens[:3] == ["w1", "w2", "w3"] for window in long)
    seconds = [window.tokens[3:] for window in long]
    assert all(one[-7:] == other[:7] for one, other in pairwise(seconds))
    assert [*seconds[0], *(token for one in seconds[1:] for token in one[7:])] == words
    text = " ".join(words)
    ends = [[text[slice(*offset)] for offset in window.offsets[3:]] for window in long]
    assert ends == seconds
    assert encoder.tokenize_pairs([], overlap=7) == []


def test_a_first_text_without_room_for_the_second_is_refused(encoder):
    with pytest.raises(ValueError, match="at most 32 tokens, found one of 38"):
        encoder.tokenize_pairs([("w1 " * 38, "w1 " * 20)], overlap=7)


def test_results_do_not_depend_on_the_threads_that_ask(encoder):
    given = texts(20)
    expected = np.stack(encoder.run(encoder.tokenize(given)))
    wrong = []

    def ask():
        wrong.extend(n for n in range(5) if not np.array_equal(np.stack(encoder.run(encoder.tokenize(given))), expected))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []


@pytest.mark.parametrize("lengths", [[], [1], [8, 8, 8], [40, 33, 32, 9, 8, 1], [5000], [5000, 4096, 1]])
def test_batches_hold_every_text_once_within_the_limit(lengths):
    batches = list(runtime._batches(range(len(lengths)), lengths)) if lengths else []
    assert [i for batch in batches for i in batch] == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * runtime._padded(max(lengths[i] for i in batch)) <= runtime.BATCH_TOKENS
        assert len({runtime._padded(lengths[i]) for i in batch}) == 1
    for first, second in pairwise(batches):
        length = runtime._padded(lengths[first[0]])
        assert length != runtime._padded(lengths[second[0]]) or (len(first) + 1) * length > runtime.BATCH_TOKENS


def test_a_text_comes_out_the_same_whatever_it_is_computed_with(encoder):
    given = texts(60)
    alone = np.concatenate([encoder.run(encoder.tokenize([text])) for text in given])
    for size in (2, 7, 60):
        found = np.stack(encoder.run(encoder.tokenize(given[:size])))
        np.testing.assert_allclose(found, alone[:size], atol=1e-6)


# --- the cache --------------------------------------------------------------------------------------------------------


def the_files(cache):
    (folder,) = (cache / "assay" / "models").iterdir()
    return folder, sorted(folder.iterdir())


def test_a_conversion_is_made_once_and_names_what_it_depends_on(cache):
    folder, files = the_files(cache)
    assert [file.name for file in files] == ["manifest.json", "model.blob", "tokenizer.json"]
    assert folder.name.startswith("mean-openvino")
    assert folder.name.endswith(runtime.precision())
    runtime.cached_encoder("mean", never)


@pytest.mark.parametrize(
    ("damage", "name"),
    [("flip", "manifest.json"), ("flip", "model.blob"), ("flip", "tokenizer.json"), ("delete", "tokenizer.json")],
)
def test_damage_to_a_conversion_is_noticed_and_mended(cache, name, damage):
    folder, _ = the_files(cache)
    content = (folder / name).read_bytes()
    if damage == "delete":
        (folder / name).unlink()
    elif damage == "truncate":
        (folder / name).write_bytes(content[: len(content) // 2])
    else:
        at = content.index(b"40") if name == "manifest.json" else len(content) // 2  # 40: the most tokens
        (folder / name).write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    made = []
    encoder = runtime.cached_encoder("mean", lambda: made.append(1) or recipe())
    assert made == [1]
    np.testing.assert_allclose(encoder.run(encoder.tokenize(["w1 w2"])), reference(["w1 w2"]), atol=0.03)
    runtime.cached_encoder("mean", never)
    assert len(list((cache / "assay" / "models").iterdir())) == 1


def test_another_key_is_another_conversion(cache):
    runtime.cached_encoder("other", recipe)
    assert len(list((cache / "assay" / "models").iterdir())) == 2


def test_a_conversion_that_fails_leaves_nothing_behind(cache, monkeypatch):
    monkeypatch.setattr(runtime, "_compile", lambda _: (_ for _ in ()).throw(RuntimeError("cannot be traced")))
    with pytest.raises(RuntimeError, match="cannot be traced"):
        runtime.cached_encoder("other", recipe)
    assert len(list((cache / "assay" / "models").iterdir())) == 1


@pytest.mark.usefixtures("cache")
def test_without_a_home_the_temporary_folder_serves(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    encoder = runtime.cached_encoder("mean", recipe)
    assert [row.shape for row in encoder.run(encoder.tokenize(["w1"]))] == [(8,)]
    place = tmp_path / f"assay-{os.getuid()}"
    assert place.stat().st_mode & 0o777 == 0o700
    runtime.cached_encoder("mean", never)


@pytest.mark.parametrize("claimed", ["open to others", "a link", "another's"])
def test_a_temporary_folder_that_somebody_else_prepared_is_not_believed(cache, tmp_path, monkeypatch, claimed):
    models, place = cache / "assay" / "models", tmp_path / f"assay-{os.getuid()}"
    if claimed == "a link":
        place.symlink_to(models)
    else:
        models.rename(place)
        place.chmod(0o777 if claimed == "open to others" else 0o700)
    if claimed == "another's":
        if os.getuid() != 0:
            pytest.skip("only root can give a folder away")
        os.chown(place, 65534, 65534)
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    with pytest.raises(OSError, match="set XDG_CACHE_HOME"):
        runtime.cached_encoder("mean", never)


def test_the_cache_is_where_the_user_wants_it(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert runtime.cache_folder() == tmp_path / "assay"
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    assert runtime.cache_folder() == Path.home() / ".cache" / "assay"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert runtime.cache_folder() == Path.home() / ".cache" / "assay"

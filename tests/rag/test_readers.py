"""Readers by name: ours from its small file, the user's own from theirs; what is damaged, unsafe or no reader is refused in one line."""

import hashlib
import json
import shutil

import numpy as np
import pytest

from index import DEFAULT_MODEL, ModelError, locate
from rag import FACTS, WEIGHTS, Readable, difference, own_reader, reader_named, reader_network

pytestmark = pytest.mark.filterwarnings("ignore")  # of torch, transformers and OpenVINO while they convert

WORDS = "who what when made sold lithium cobalt tonnes chile congo in of the 2023 2024 . ,".split()
QUESTION = "who made lithium"
PASSAGES = [Readable("", "chile made lithium in 2023 ."), Readable("cobalt", "congo sold tonnes of cobalt .", 40)]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """The folder of a small question-answering model with random weights, as transformers saves one."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertForQuestionAnswering, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny") / "model"
    vocabulary = {name: place for place, name in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, "[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.Lowercase(), pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    special = {"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=64, **special).save_pretrained(folder)
    torch.manual_seed(7)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64, "max_position_embeddings": 64}
    config = BertConfig(vocab_size=len(vocabulary), initializer_range=0.5, **sizes)
    BertForQuestionAnswering(config).save_pretrained(folder)
    return folder


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def reference(folder, question, text):
    """The logits of a passage's tokens as transformers gives them: begins, ends, and the same of the first token."""
    import torch
    from transformers import AutoModelForQuestionAnswering, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    fed = tokenizer(question, text, return_tensors="pt")
    with torch.no_grad():
        found = AutoModelForQuestionAnswering.from_pretrained(folder).eval()(**fed)
    places = [place for place, sequence in enumerate(fed.sequence_ids(0)) if sequence == 1]
    begins, ends = found.start_logits[0].numpy(), found.end_logits[0].numpy()
    return begins[places], ends[places], float(begins[0] + ends[0]), [tuple(fed.token_to_chars(0, place)) for place in places]


@pytest.mark.usefixtures("cache")
def test_a_foreign_model_reads_as_transformers_runs_it(tiny):
    reader = reader_named(str(tiny))
    assert reader.name == str(tiny)
    reading = reader.read(QUESTION, PASSAGES)[0]
    begins, ends, null, spans = reference(tiny, QUESTION, PASSAGES[0].text)
    scores = np.triu(begins[:, None] + ends[None, :] + 1000) - 1000
    best = float(scores.max())
    starts, stops = [start for start, _ in spans], [end for _, end in spans]
    found = scores[starts.index(reading.span.start), stops.index(reading.span.end)]
    assert found > best - 0.1  # bfloat16 has 8 bits: of two that are nearly equal either may come first
    assert reading.no_answer <= 1 / (1 + np.exp(best - null)) + 0.05


@pytest.mark.usefixtures("cache")
def test_offsets_of_a_foreign_model_count_in_the_article(tiny):
    reading = reader_named(str(tiny)).read(QUESTION, PASSAGES)[1]
    assert all(40 <= one.span.start < one.span.end <= 40 + len(PASSAGES[1].text) for one in reading.answers)


@pytest.mark.usefixtures("cache")
def test_a_model_is_converted_once(tiny, monkeypatch):
    first = reader_named(str(tiny)).read(QUESTION, PASSAGES)
    monkeypatch.setattr("rag.readers.question_answering", lambda _: pytest.fail("converted again"))
    assert reader_named(str(tiny)).read(QUESTION, PASSAGES) == first


@pytest.mark.usefixtures("cache")
def test_what_is_no_reader_is_refused(tiny, tmp_path):
    from transformers import AutoModelForQuestionAnswering

    bare = shutil.copytree(tiny, tmp_path / "bare")
    AutoModelForQuestionAnswering.from_pretrained(tiny).bert.save_pretrained(bare)
    with pytest.raises(ModelError, match="trained to find answers"):
        reader_named(str(bare))
    with pytest.raises(ModelError, match="on this machine"):
        reader_named("no/such-model-anywhere")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ModelError, match=r"no config\.json"):
        reader_named(str(empty))
    pickled = shutil.copytree(tiny, tmp_path / "pickled")
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    with pytest.raises(ModelError, match="pickled"):
        reader_named(str(pickled))
    broken = shutil.copytree(tiny, tmp_path / "broken")
    (broken / "model.safetensors").write_bytes(b"x" * 100)
    with pytest.raises(ModelError, match="cannot be loaded"):
        reader_named(str(broken))


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """The folder of a reader of ours: its head alone was moved from where training begins."""
    import torch

    folder = tmp_path_factory.mktemp("own")
    base = locate(DEFAULT_MODEL)
    module = reader_network(base.folder)
    original = {name: value.clone() for name, value in module.state_dict().items()}
    torch.manual_seed(11)
    torch.nn.init.normal_(module.head.weight, std=0.3)
    data = difference(module.state_dict(), original)
    (folder / WEIGHTS).write_bytes(data)
    calibration = {"relevance": [1.0, 0.5], "no_answer": [2.0, 0.0]}
    facts = {"sha256": hashlib.sha256(data).hexdigest(), "base_sha256": base.sha256, "calibration": calibration}
    (folder / FACTS).write_text(json.dumps(facts), encoding="utf-8")
    return folder


@pytest.mark.usefixtures("cache")
def test_our_reader_is_joined_with_the_packaged_model(own):
    import torch

    passage = Readable("Minerals", "Chile made 244,000 tonnes of lithium in 2023.")
    (reading,) = own_reader(own).read(QUESTION, [passage])
    assert passage.text[slice(*reading.span)] in passage.text
    module = reader_network(locate(DEFAULT_MODEL).folder)
    from rag.network import add_difference

    add_difference(module, (own / WEIGHTS).read_bytes())
    from transformers import AutoTokenizer

    fed = AutoTokenizer.from_pretrained(locate(DEFAULT_MODEL).folder)(QUESTION, f"Minerals\n{passage.text}", return_tensors="pt")
    with torch.no_grad():
        logit = float(module(**fed)[0, 0, 2])
    assert reading.relevance == pytest.approx(1 / (1 + np.exp(-(logit + 0.5))), abs=0.02)


@pytest.mark.usefixtures("cache")
def test_a_damaged_reader_of_ours_is_refused(own, tmp_path):
    damaged = shutil.copytree(own, tmp_path / "damaged")
    content = bytearray((damaged / WEIGHTS).read_bytes())
    content[len(content) // 2] ^= 1
    (damaged / WEIGHTS).write_bytes(content)
    with pytest.raises(ModelError, match="damaged"):
        own_reader(damaged)
    (damaged / FACTS).write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match="facts of a reader"):
        own_reader(damaged)
    facts = json.loads((own / FACTS).read_text())
    (damaged / FACTS).write_text(json.dumps(facts | {"base_sha256": "0" * 64}))
    with pytest.raises(ModelError, match="found one for 000000000000"):
        own_reader(damaged)


@pytest.mark.usefixtures("cache")
def test_a_folder_of_ours_is_a_name_too(own):
    reader = reader_named(str(own))
    assert reader.name == str(own)
    assert reader.read(QUESTION, PASSAGES) == own_reader(own).read(QUESTION, PASSAGES)


def test_the_reader_that_comes_with_assay_finds_the_passage_and_the_answer_in_it():
    """On sentences of nobody's training, each asked of the passage that answers and of those that do not."""
    passages = [
        Readable("Harbour works", "The pier at Ostrava Bay was rebuilt by Lindqvist & Sons after the storm of 12 March 1987.", 100),
        Readable("Town accounts", "The council spent 4.2 million crowns on street lamps, twice what it had planned."),
        Readable("Birds", "Herons nest on the lower island from February on; nobody may land there until July."),
    ]
    asked = {
        "Who rebuilt the pier at Ostrava Bay?": (0, "Lindqvist & Sons"),
        "How much did the council spend on street lamps?": (1, "4.2 million crowns"),
        "When do herons begin to nest on the island?": (2, "February"),
    }
    reader = reader_named()
    for question, (place, answer) in asked.items():
        readings = reader.read(question, passages)
        assert max(range(3), key=lambda each: readings[each].relevance) == place
        assert min(range(3), key=lambda each: readings[each].no_answer) == place
        start = passages[place].start
        span = readings[place].span
        assert answer in passages[place].text[span.start - start : span.end - start]


def test_before_ours_is_trained_it_is_said_how(tmp_path):
    with pytest.raises(ModelError, match=r"expected a reader in .*nowhere, found none; `make train-reader` makes one"):
        own_reader(tmp_path / "nowhere")


def test_a_name_that_no_disk_can_hold_is_refused_in_one_line():
    with pytest.raises(ModelError) as refusal:
        reader_named("x" * 5_000)
    assert "\n" not in str(refusal.value)

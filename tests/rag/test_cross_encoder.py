"""A user's cross-encoder decides on relevance, and nothing else; what gives no single score is refused."""

import shutil

import numpy as np
import pytest

from index import ModelError
from rag import CrossEncoderChecker, CrossEncoderReranker, Readable, Reading, ReadSpan, RerankedReader

pytestmark = pytest.mark.filterwarnings("ignore")  # of torch and transformers

WORDS = "who made lithium cobalt chile congo in the . ,".split()
PASSAGES = [Readable("", "chile made lithium ."), Readable("cobalt", "congo , the cobalt .", 9), Readable("", "")]


def tiny(folder, labels, names=None):
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    vocabulary = {name: place for place, name in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    special = {"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=64, **special).save_pretrained(folder)
    torch.manual_seed(7)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64, "max_position_embeddings": 64}
    config = BertConfig(vocab_size=len(vocabulary), initializer_range=0.5, num_labels=labels, **sizes)
    if names:
        config.id2label, config.label2id = dict(enumerate(names)), {name: place for place, name in enumerate(names)}
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny(tmp_path_factory.mktemp("cross") / "model", 1)


class Scripted:
    name = "scripted"

    def read(self, _question, passages):
        return [Reading(0.5, 0.25, (ReadSpan((one.start, one.start + 1), 1.0),)) for one in passages]


def test_relevance_is_the_sigmoid_of_the_models_score(folder):
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    reranker = CrossEncoderReranker(str(folder))
    found = reranker.relevance("who made lithium", PASSAGES[:2])
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModelForSequenceClassification.from_pretrained(folder).eval()
    for score, text in zip(found, ("chile made lithium .", "cobalt\ncongo , the cobalt ."), strict=True):
        with torch.no_grad():
            logit = float(model(**tokenizer("who made lithium", text, return_tensors="pt")).logits[0, 0])
        assert score == pytest.approx(1 / (1 + np.exp(-logit)), abs=1e-5)
    assert reranker.name == str(folder)
    assert reranker.relevance("who", []) == []


def test_answers_stay_the_readers(folder):
    readings = RerankedReader(Scripted(), CrossEncoderReranker(str(folder))).read("who made lithium", PASSAGES)
    assert [(one.no_answer, one.span) for one in readings] == [(0.25, (0, 1)), (0.25, (9, 10)), (0.25, (0, 1))]
    assert len({one.relevance for one in readings}) == 3


def test_what_gives_several_scores_or_none_is_refused(folder, tmp_path):
    with pytest.raises(ModelError, match="found one that gives 3"):
        CrossEncoderReranker(str(tiny(tmp_path / "three", 3)))
    broken = shutil.copytree(folder, tmp_path / "broken")
    (broken / "model.safetensors").write_bytes(b"x" * 100)
    with pytest.raises(ModelError, match="cannot be loaded"):
        CrossEncoderReranker(str(broken))
    with pytest.raises(ModelError, match="on this machine"):
        CrossEncoderReranker("no/such-model-anywhere")


NLI = ("contradiction", "Entailment", "neutral")


@pytest.mark.parametrize("names", [NLI, ("not_entailment", "entailment")])
def test_support_is_the_share_of_entailment_with_the_passage_as_premise(tmp_path, names):
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    folder = tiny(tmp_path / "nli", len(names), names)
    checker = CrossEncoderChecker(str(folder))
    found = checker.support("chile made lithium", PASSAGES[:2])
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModelForSequenceClassification.from_pretrained(folder).eval()
    for score, text in zip(found, ("chile made lithium .", "cobalt\ncongo , the cobalt ."), strict=True):
        with torch.no_grad():
            logits = model(**tokenizer(text, "chile made lithium", return_tensors="pt")).logits[0]
        assert score == pytest.approx(float(torch.softmax(logits, 0)[1]), abs=1e-5)
    assert checker.checks
    assert checker.support("chile", []) == []


def test_one_score_alone_is_support(tmp_path):
    folder = tiny(tmp_path / "one", 1, ("consistent",))
    (found,) = CrossEncoderChecker(str(folder)).support("chile made lithium", PASSAGES[:1])
    assert 0 < found < 1


def test_a_checker_without_entailment_among_its_classes_is_refused(tmp_path):
    with pytest.raises(ModelError, match='a class "entailment", found one with LABEL_0, LABEL_1'):
        CrossEncoderChecker(str(tiny(tmp_path / "two", 2)))
    with pytest.raises(ModelError, match="on this machine"):
        CrossEncoderChecker("no/such-model-anywhere")

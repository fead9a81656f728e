"""The reader's network as it is kept: small, nearly what it was, and refused where it is that of another."""

import numpy as np
import pytest

from index import DEFAULT_MODEL, ModelError, locate
from rag.network import FROZEN, add_difference, difference, reader_network

pytestmark = pytest.mark.filterwarnings("ignore")  # of transformers while it loads


@pytest.fixture(scope="module")
def folder():
    return locate(DEFAULT_MODEL).folder


@pytest.fixture(scope="module")
def trained(folder):
    """Weights that are a little off the packaged ones, as after training."""
    import torch

    torch.manual_seed(3)
    state = reader_network(folder).state_dict()
    return {
        name: value if name == FROZEN or not value.is_floating_point() else value + 0.02 * torch.randn_like(value)
        for name, value in state.items()
    }


def inputs():
    import torch

    torch.manual_seed(5)
    ids = torch.randint(1000, 20000, (3, 24))
    types = (torch.arange(24) > 8).long().expand(3, 24)
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "token_type_ids": types}


def test_the_head_begins_with_nothing_to_say(folder):
    import torch

    with torch.no_grad():
        logits = reader_network(folder)(**inputs())
    assert logits.shape == (3, 24, 4)
    assert logits.abs().max() == 0


def test_the_encoder_is_the_embedding_models(folder):
    import torch
    from sentence_transformers import SentenceTransformer

    module, reference = reader_network(folder), SentenceTransformer(str(folder), device="cpu")
    with torch.no_grad():
        ours = module.encoder(**inputs()).last_hidden_state
        theirs = reference[0].auto_model(**inputs()).last_hidden_state
    torch.testing.assert_close(ours, theirs)


def test_what_is_kept_is_small_and_gives_nearly_the_same_scores(folder, trained):
    import torch

    original = reader_network(folder)
    data = difference(trained, original.state_dict())
    assert len(data) < 12 * 2**20
    exact, joined = reader_network(folder), reader_network(folder)
    exact.load_state_dict(trained)
    add_difference(joined, data)
    for name, value in joined.state_dict().items():
        row = (trained[name] - original.state_dict()[name]).float()
        step = row.abs().amax(dim=-1, keepdim=True) / 127 if row.ndim == 2 else torch.zeros(1)
        assert bool(((value - trained[name]).abs() <= step * 0.51 + 1e-6).all()), name
    with torch.no_grad():
        found, expected = joined(**inputs()), exact(**inputs())
    assert float((found - expected).abs().max()) < 0.05 * float(expected.abs().max())


def test_other_word_embeddings_are_not_kept(folder, trained):
    original = reader_network(folder).state_dict()
    with pytest.raises(ValueError, match="word embeddings"):
        difference({**trained, FROZEN: trained[FROZEN] + 1}, original)


@pytest.mark.parametrize("change", ["less", "more", "shape"])
def test_the_weights_of_another_network_are_refused(folder, trained, change):
    from safetensors.numpy import load, save

    kept = load(difference(trained, reader_network(folder).state_dict()))
    if change == "less":
        del kept["head.bias"]
    elif change == "more":
        kept["encoder.layer.9.weight"] = np.zeros(3, np.float32)
    else:
        kept["head.bias"] = np.zeros(3, np.float32)
    with pytest.raises(ModelError, match="expected"):
        add_difference(reader_network(folder), save(kept))

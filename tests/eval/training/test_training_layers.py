"""The quick layers compute what torch's own do."""

import pytest
import torch
from torch.nn import functional

from eval.training.layers import SharedDropout, _plain, prepare
from index import DEFAULT_MODEL, locate
from rag import reader_network


@pytest.fixture
def heads():
    torch.manual_seed(3)
    return [torch.randn(2, 3, 5, 4, requires_grad=True) for _ in range(3)]


def test_attention_is_torchs_attention(heads):
    mask = torch.tensor([[True] * 5, [True, True, True, False, False]])[:, None, None, :].expand(2, 1, 5, 5)
    found, _ = _plain(None, *heads, mask, scaling=0.5)
    expected = functional.scaled_dot_product_attention(*heads, attn_mask=mask, scale=0.5).transpose(1, 2)
    assert torch.allclose(found, expected, atol=1e-6)
    gradients = [torch.autograd.grad(one.square().sum(), heads) for one in (found, expected)]
    assert all(torch.allclose(one, other, atol=1e-5) for one, other in zip(*gradients, strict=True))


def test_attention_without_a_mask(heads):
    found, _ = _plain(None, *heads, None, scaling=0.25)
    expected = functional.scaled_dot_product_attention(*heads, scale=0.25).transpose(1, 2)
    assert torch.allclose(found, expected, atol=1e-6)


def test_dropout_leaves_out_the_same_features_of_every_token():
    torch.manual_seed(5)
    layer = SharedDropout(0.25).train()
    x = torch.ones(400, 7, 50)
    found = layer(x)
    assert torch.equal(found, found[:, :1].expand_as(found))
    assert found.unique().tolist() == pytest.approx([0, 1 / 0.75])
    assert found.mean().item() == pytest.approx(1, abs=0.02)


def test_nothing_is_left_out_when_it_is_asked_to_read():
    x = torch.randn(2, 3, 4)
    assert torch.equal(SharedDropout(0.5).eval()(x), x)
    assert torch.equal(SharedDropout(0.0).train()(x), x)


def test_a_prepared_network_says_what_it_said():
    """But for the last bits: products are added in another order."""
    module = reader_network(locate(DEFAULT_MODEL).folder)
    torch.manual_seed(7)
    torch.nn.init.normal_(module.head.weight)
    tensors = {name: torch.ones(2, 9, dtype=torch.int64) for name in ("input_ids", "attention_mask", "token_type_ids")}
    tensors["input_ids"] = torch.randint(1000, 2000, (2, 9))
    tensors["attention_mask"][1, 6:] = 0
    with torch.no_grad():
        before = module(**tensors)
        prepare(module, module.encoder, 0.1)
        after = module.eval()(**tensors)
    assert torch.allclose(before[0], after[0], atol=1e-4)
    assert torch.allclose(before[1, :6], after[1, :6], atol=1e-4)
    layers = [one for one in module.modules() if isinstance(one, SharedDropout)]
    assert len(layers) == 13  # the embeddings', and two of each of six layers
    assert {one.p for one in module.modules() if isinstance(one, torch.nn.Dropout)} == {0.0}

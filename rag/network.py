"""The reader's network: an encoder and three scores a token, and how it is kept as the difference from a packaged encoder.

The only module of this room that imports torch, and only to convert or to train. A trained network is written as what it adds to
the weights it began with: each matrix as whole numbers of eight bits with a scale for each of its rows. Knows nothing of passages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from index import ModelError, Recipe

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import torch

#: What the network says of each token: an answer starts there, it ends there; and at the first, that the passage bears on the question, or
#: supports the claim that stands in its place.
START, END, RELEVANCE, SUPPORT = 0, 1, 2, 3

#: What a network is called with.
INPUTS = ("input_ids", "attention_mask", "token_type_ids")

#: The part of the encoder that is never trained: it is half of all weights, and words keep their meaning.
FROZEN = "encoder.embeddings.word_embeddings.weight"

#: The most tokens that are read at once by a model which names no limit of its own.
_NO_LIMIT = 512

_QUANTISED, _SCALE = ".q8", ".scale"

#: A matrix of no more rows is kept as it is.
_KEPT_WHOLE = 4


def reader_network(folder: Path) -> Any:
    """Return the network on the encoder in `folder`, a BERT of Hugging Face's transformers, with a head of zeros; in float32.

    Called with `input_ids`, `attention_mask` and `token_type_ids`, int64 (batch, length), it returns logits, float (batch, length, 4).
    """
    import torch
    from transformers import AutoModel

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = AutoModel.from_pretrained(
                str(folder), local_files_only=True, trust_remote_code=False, use_safetensors=True, add_pooling_layer=False
            )
            self.head = torch.nn.Linear(self.encoder.config.hidden_size, 4)
            torch.nn.init.zeros_(self.head.weight)
            torch.nn.init.zeros_(self.head.bias)

        def forward(self, **tensors: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = self.head(self.encoder(**tensors).last_hidden_state)
            return logits

    return Network().eval()


def question_answering(folder: Path) -> Recipe:
    """Describe how the extractive question-answering model in `folder` is converted.

    Its module returns logits, float (batch, length, 2): an answer starts there, ends there. Raises ValueError and OSError as transformers
    does, and ValueError for a tokenizer that tells no offsets.
    """
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForQuestionAnswering, AutoTokenizer

    safe = {"local_files_only": True, "trust_remote_code": False}
    try:
        model, loading = AutoModelForQuestionAnswering.from_pretrained(str(folder), use_safetensors=True, output_loading_info=True, **safe)
    except (SafetensorError, RuntimeError) as error:
        raise ValueError(str(error)) from error
    if loading["missing_keys"]:
        raise ValueError("expected a model that was trained to find answers, found one without the weights for it")
    tokenizer = AutoTokenizer.from_pretrained(str(folder), **safe)
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise ValueError("expected a fast tokenizer (tokenizer.json), found none")
    names = tuple(name for name in INPUTS if name in tokenizer.model_input_names)

    class Spans(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model.eval()

        def forward(self, **tensors: torch.Tensor) -> torch.Tensor:
            found = self.model(**tensors)
            return torch.stack((found.start_logits, found.end_logits), dim=-1)

    most = min(int(tokenizer.model_max_length), int(getattr(model.config, "max_position_embeddings", _NO_LIMIT)), _NO_LIMIT)
    pad_id = int(tokenizer.pad_token_id or 0)
    return Recipe(module=Spans().eval(), tokenizer=backend.to_str(), inputs=names, max_tokens=most, pad_id=pad_id, about={})


def difference(trained: Mapping[str, torch.Tensor], original: Mapping[str, torch.Tensor]) -> bytes:
    """Return what `trained` adds to `original` as safetensors, small enough to keep: matrices in eight bits, all else as it is.

    The word embeddings are left out; raises ValueError where they differ.
    """
    import torch
    from safetensors.torch import save

    if not torch.equal(trained[FROZEN], original[FROZEN]):
        raise ValueError("expected the word embeddings as they were, found others")
    kept: dict[str, torch.Tensor] = {}
    for name, value in trained.items():
        added = value.float() - original[name].float()
        if name == FROZEN or not value.is_floating_point():
            continue
        if added.ndim == 2 and added.shape[0] > _KEPT_WHOLE:
            scale = (added.abs().amax(dim=1, keepdim=True) / 127).clamp(min=torch.finfo(torch.float32).tiny)
            kept[name + _QUANTISED] = torch.round(added / scale).to(torch.int8)
            kept[name + _SCALE] = scale.squeeze(1)
        else:
            kept[name] = added.contiguous()
    return save(kept)


def add_difference(module: Any, data: bytes) -> None:
    """Add to the weights of `module` what `difference` kept, as safetensors; raises `ModelError` where it is that of another network."""
    import torch
    from safetensors.torch import load

    kept = load(data)
    weights = dict(module.state_dict())
    names = {name.removesuffix(_QUANTISED).removesuffix(_SCALE) for name in kept}
    if names != {name for name, value in weights.items() if name != FROZEN and value.is_floating_point()}:
        raise ModelError("expected the weights of the reader's network, found those of another; train it anew")
    with torch.no_grad():
        for name in sorted(names):
            added = kept[name] if name in kept else kept[name + _QUANTISED].float() * kept[name + _SCALE].unsqueeze(1)
            if added.shape != weights[name].shape:
                raise ModelError(f"expected {name} of shape {tuple(weights[name].shape)}, found {tuple(added.shape)}; train it anew")
            weights[name] += added

"""Texts into vectors: the `Embedder` that an index needs, and the sentence-transformers one.

Vectors are float32, of length one, so that their inner product is their cosine: higher is more similar. Knows nothing of
articles or questions, only of documents and queries, which some models embed differently.
"""

from __future__ import annotations

import os
import threading
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from . import runtime
from .errors import ModelError
from .model import DEFAULT_MODEL, ModelFiles, locate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer

    Vectors = NDArray[np.float32]

#: A converted model must agree with its reference at least this well, as a cosine, else the reference itself is used.
AGREEMENT = 0.999

_PROBES = (
    "Lithium",
    "Who meets to discuss critical minerals?",
    "Prices fell by 45 % in 2023. Indonesia raised its output to 1.8 million tonnes.",
)


class Embedder(Protocol):
    """What an index asks of an embedding model; ours and the user's own fit alike."""

    @property
    def name(self) -> str:
        """The model's name or folder, as the user would give it again."""

    @property
    def sha256(self) -> str:
        """Changes whenever the model would embed anything differently."""

    @property
    def dimension(self) -> int:
        """The length of a vector."""

    @property
    def max_tokens(self) -> int:
        """The longest document that is embedded whole, special tokens included."""

    def embed_documents(self, texts: Sequence[str], *, done: Callable[[int], object] = ...) -> Vectors:
        """Return one unit vector a text, (n, dimension); `done` hears how many more are finished."""

    def embed_query(self, text: str) -> Vectors:
        """Return the unit vector of a query, (dimension,)."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each text by itself, special tokens not counted."""


class SentenceTransformerEmbedder:
    """Any sentence-transformers model, in the fast runtime where that agrees with the reference.

    Loading is lazy: only the first text needs the model. With a CUDA device, documents are embedded there by torch, queries
    stay on the processor. Safe to share between threads.
    """

    def __init__(self, model: str = DEFAULT_MODEL) -> None:
        """Find the model; raises `ModelError`."""
        self.files: ModelFiles = locate(model)
        self.name = self.files.name
        self.sha256 = self.files.sha256
        self._lock = threading.RLock()

    @property
    def dimension(self) -> int:
        """Return the length of a vector."""
        return int(self._encoder.about["dimension"])

    @property
    def max_tokens(self) -> int:
        """Return how many tokens of a document are read, special tokens included."""
        return self._encoder.max_tokens

    def embed_documents(self, texts: Sequence[str], *, done: Callable[[int], object] = lambda _: None) -> Vectors:
        """Return one unit vector a text, (n, dimension); `done` hears how many more are finished."""
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        if not self._fast or _has_cuda():
            vectors = self.reference.encode_document(list(texts), convert_to_numpy=True)
            done(len(texts))
            return _unit(np.asarray(vectors, np.float32))
        return _unit(self._run(self._encoder.about["document_prompt"], texts, done))

    def embed_query(self, text: str) -> Vectors:
        """Return the unit vector of a query, (dimension,)."""
        if not self._fast:
            vectors = np.asarray(self.reference.encode_query([text], convert_to_numpy=True), np.float32)
        else:
            vectors = self._run(self._encoder.about["query_prompt"], [text], lambda _: None)
        unit: Vectors = _unit(vectors)[0]
        return unit

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each text by itself, special tokens not counted."""
        return self._encoder.count_tokens([self._cased(text) for text in texts])

    @cached_property
    def reference(self) -> SentenceTransformer:
        """Return the model as sentence-transformers runs it: the reference, and the fallback. Takes seconds to import."""
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
        from safetensors import SafetensorError
        from sentence_transformers import SentenceTransformer

        try:
            return SentenceTransformer(
                str(self.files.folder),
                local_files_only=True,
                trust_remote_code=False,
                device=None if _has_cuda() else "cpu",
                model_kwargs={"use_safetensors": True},
            )
        except (OSError, ValueError, KeyError, RuntimeError, ImportError, SafetensorError) as error:
            reason = str(error).strip().splitlines()[0][:200]
            raise ModelError(f"model {self.name!r} cannot be loaded: {reason}") from error

    @property
    def _encoder(self) -> runtime.Encoder:
        with self._lock:
            if not hasattr(self, "_loaded"):
                self._loaded = runtime.encoder(self.sha256, lambda: _recipe(self.reference))
            return self._loaded

    @property
    def _fast(self) -> bool:
        """Say whether the converted model agrees with the reference; judged once, when it was converted, and remembered."""
        with self._lock:
            if not hasattr(self, "_agrees"):
                self._agrees = bool(self._encoder.about["convertible"]) and self._agreement_remembered()
            return self._agrees

    def _agreement_remembered(self) -> bool:
        mark = runtime.cache_folder() / "stamps" / f"{self.sha256[:32]}-{runtime.precision()}.agrees"
        if mark.exists():
            return mark.read_text(encoding="ascii", errors="replace").startswith("yes")
        agrees = self._lowest_agreement() >= AGREEMENT
        try:
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.write_text("yes" if agrees else "no", encoding="ascii")
        except OSError:
            return agrees  # a read-only home: judged again next time
        return agrees

    def _lowest_agreement(self) -> float:
        """Return the lowest cosine between our vectors and the reference's over a few texts, for both roles."""
        pairs = (
            (self._run(self._encoder.about["document_prompt"], _PROBES, lambda _: None), self.reference.encode_document(list(_PROBES))),
            (self._run(self._encoder.about["query_prompt"], _PROBES, lambda _: None), self.reference.encode_query(list(_PROBES))),
        )
        return min(float((_unit(ours) * _unit(np.asarray(theirs, np.float32))).sum(axis=1).min()) for ours, theirs in pairs)

    def _run(self, prompt: str, texts: Sequence[str], done: Callable[[int], object]) -> Vectors:
        encoder = self._encoder
        return encoder.run(encoder.tokenize([self._cased(prompt + text) for text in texts]), done=done)

    def _cased(self, text: str) -> str:
        return text.lower() if self._encoder.about["lower_case"] else text


def _recipe(model: SentenceTransformer) -> runtime.Recipe:
    """Describe how `model` is converted: one module from token ids to the sentence embedding."""
    import torch

    tokenizer = model.tokenizer
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise ModelError("expected a model with a fast tokenizer (tokenizer.json), found none; choose another model")
    features = model.preprocess(["probe"])
    inputs = tuple(name for name in ("input_ids", "attention_mask", "token_type_ids") if name in features)

    class Sentence(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, **tensors: torch.Tensor) -> torch.Tensor:
            return self.model(tensors)["sentence_embedding"]  # type: ignore[no-any-return]  # a dictionary of tensors

    return runtime.Recipe(
        module=Sentence(),
        tokenizer=backend.to_str(),
        inputs=inputs,
        max_tokens=int(model.max_seq_length or tokenizer.model_max_length),
        pad_id=int(tokenizer.pad_token_id or 0),
        about={
            "dimension": model.get_embedding_dimension(),
            "query_prompt": _prompt(model, "query"),
            "document_prompt": _prompt(model, "document", "passage", "corpus"),
            "lower_case": bool(getattr(model[0], "do_lower_case", False)),
            "convertible": True,
        },
    )


def _prompt(model: SentenceTransformer, *names: str) -> str:
    """Return the prompt that sentence-transformers would put before a text in this role: the first of `names`, else the default."""
    prompts: dict[str, Any] = model.prompts
    for name in (*names, model.default_prompt_name):
        if name in prompts:
            return str(prompts[name])
    return ""


def _has_cuda() -> bool:
    if not Path("/dev/nvidiactl").exists():  # torch takes seconds to import; a processor-only machine need not ask it
        return False
    import torch

    return bool(torch.cuda.is_available())


def _unit(vectors: Vectors) -> Vectors:
    """Scale each row to length one; a vector of zeros stays as it is."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32, copy=False)

"""Texts into vectors: the `Embedder` that an index needs, and the sentence-transformers one.

Vectors are float32, of length one, so that their inner product is their cosine: higher is more similar. Knows nothing of
articles or questions, only of documents and queries, which some models embed differently.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from . import runtime
from .durable import write
from .errors import ModelError
from .model import DEFAULT_MODEL, ModelFiles, locate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer

    Vectors = NDArray[np.float32]

#: A converted model must agree with its reference at least this well, as a cosine, else the reference itself is used.
AGREEMENT = 0.999

#: From so many documents on a GPU embeds them, where there is one. Fewer are done before torch, which drives it, is imported.
BULK = 256

#: The most tokens of a text that are given to a model which names no limit of its own.
_NO_LIMIT = 512

# What a model may raise that is not of the shape that is converted: no fast tokenizer, other inputs, several routes.
_UNFIT = (RuntimeError, TypeError, ValueError, AttributeError, LookupError, ArithmeticError, AssertionError)

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
    """Any sentence-transformers model: in the fast runtime where that can be and agrees with the reference, else as the reference.

    Loading is lazy: only the first text needs the model. With a CUDA device, `BULK` documents and more are embedded there by
    torch; all else stays on the processor. Safe to share between threads.
    """

    def __init__(self, model: str = DEFAULT_MODEL, *, download: bool = False) -> None:
        """Find the model, on the model hub too when `download` is set; raises `ModelError`."""
        self.files: ModelFiles = locate(model, download=download)
        self.name = self.files.name
        self.sha256 = self.files.sha256
        self._lock, self._reference_lock = threading.RLock(), threading.RLock()

    @property
    def dimension(self) -> int:
        """Return the length of a vector."""
        return int(self._encoder.about["dimension"]) if self._encoder else _dimension(self.reference)

    @property
    def max_tokens(self) -> int:
        """Return how many tokens of a document are read, special tokens included."""
        return self._encoder.max_tokens if self._encoder else _limit(self.reference)

    def embed_documents(self, texts: Sequence[str], *, done: Callable[[int], object] = lambda _: None) -> Vectors:
        """Return one unit vector a text, (n, dimension); `done` hears how many more are finished."""
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        encoder = self._encoder
        if encoder and not (len(texts) >= BULK and _has_cuda()):
            return _unit(_run(encoder, "document_prompt", texts, done))
        vectors = self._by_reference(texts, query=False)
        done(len(texts))
        return _unit(vectors)

    def embed_query(self, text: str) -> Vectors:
        """Return the unit vector of a query, (dimension,)."""
        encoder = self._encoder
        vectors = _run(encoder, "query_prompt", [text]) if encoder else self._by_reference([text], query=True)
        unit: Vectors = _unit(vectors)[0]
        return unit

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each text by itself, special tokens not counted; at least so many for a model without a tokenizer."""
        encoder = self._encoder
        if encoder:
            return encoder.count_tokens(_cased(encoder, texts))
        with self._reference_lock:
            return _token_counts(self.reference, texts)

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
                device="cpu",  # where it is converted; `_by_reference` moves it
                model_kwargs={"use_safetensors": True},
            )
        except (OSError, ValueError, KeyError, RuntimeError, ImportError, SafetensorError) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
            raise ModelError(f"model {self.name!r} cannot be loaded: {reason}") from error

    @property
    def _encoder(self) -> runtime.Encoder | None:
        """Return the converted model; None where there is none that agrees with the reference, which then serves itself."""
        with self._lock:
            if not hasattr(self, "_loaded"):
                self._loaded = self._converted()
            return self._loaded

    def _converted(self) -> runtime.Encoder | None:
        """Convert the model and judge it by the reference, once for each version of OpenVINO; load it where that was done."""
        mark = runtime.cache_folder() / "stamps" / f"{runtime.conversion_name(self.sha256)}.agrees"
        known = _remembered(mark)
        if known == "no":
            return None
        encoder = None
        with suppress(*_UNFIT):
            converted = runtime.cached_encoder(self.sha256, lambda: _recipe(self.reference))
            if known == "yes" or self._lowest_agreement(converted) >= AGREEMENT:
                encoder = converted
        if known is None:
            with suppress(OSError):  # a read-only home: judged again next time
                write(mark, "yes" if encoder else "no")
        return encoder

    def _lowest_agreement(self, encoder: runtime.Encoder) -> float:
        """Return the lowest cosine between our vectors and the reference's over a few texts, for both roles."""
        pairs = (
            (_run(encoder, "document_prompt", _PROBES), self._by_reference(_PROBES, query=False)),
            (_run(encoder, "query_prompt", _PROBES), self._by_reference(_PROBES, query=True)),
        )
        return min(float((_unit(ours) * _unit(theirs)).sum(axis=1).min()) for ours, theirs in pairs)

    def _by_reference(self, texts: Sequence[str], *, query: bool) -> Vectors:
        """Return the reference's vectors; one thread at a time, since a model is in one place only and its tokenizer not shared."""
        with self._reference_lock:
            encode = self.reference.encode_query if query else self.reference.encode_document
            device = "cuda" if len(texts) >= BULK and _has_cuda() else None
            return np.asarray(encode(list(texts), device=device, convert_to_numpy=True), np.float32)


def _run(encoder: runtime.Encoder, prompt: str, texts: Sequence[str], done: Callable[[int], object] = lambda _: None) -> Vectors:
    """Return the vectors of `texts`, each behind the prompt that is called `prompt`."""
    return np.stack(encoder.run(encoder.tokenize(_cased(encoder, [encoder.about[prompt] + text for text in texts])), done=done))


def _cased(encoder: runtime.Encoder, texts: Sequence[str]) -> list[str]:
    return [text.lower() for text in texts] if encoder.about["lower_case"] else list(texts)


def _remembered(mark: Path) -> str | None:
    """Return `yes` or `no` as it was written; None when nothing was, or something else stands there."""
    try:
        known = mark.read_text(encoding="ascii")
    except (OSError, ValueError):
        return None
    return known if known in ("yes", "no") else None


def _recipe(model: SentenceTransformer) -> runtime.Recipe:
    """Describe how `model` is converted: one module from token ids to the sentence embedding."""
    import torch

    tokenizer = model.tokenizer
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise ValueError("expected a fast tokenizer (tokenizer.json), found none")
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
        max_tokens=_limit(model),
        pad_id=int(tokenizer.pad_token_id or 0),
        about={
            "dimension": _dimension(model),
            "query_prompt": _prompt(model, "query"),
            "document_prompt": _prompt(model, "document", "passage", "corpus"),
            "lower_case": bool(getattr(model[0], "do_lower_case", False)),
        },
    )


def _dimension(model: SentenceTransformer) -> int:
    return model.get_embedding_dimension() or int(model.encode(["probe"], convert_to_numpy=True).shape[1])


def _limit(model: SentenceTransformer) -> int:
    """Return the most tokens of a text that are read; `_NO_LIMIT` where the model names none, or one beyond all sense."""
    for limit in (model.max_seq_length, getattr(getattr(model[0], "tokenizer", None), "model_max_length", None)):
        if limit and limit < 1_000_000:
            return int(limit)
    return _NO_LIMIT


def _token_counts(model: SentenceTransformer, texts: Sequence[str]) -> list[int]:
    """Count tokens as the model itself does; without a tokenizer to ask, as many as there are bytes, which is never too few."""
    tokenizer: Any = getattr(model[0], "tokenizer", None)
    if getattr(model[0], "do_lower_case", False):
        texts = [text.lower() for text in texts]
    if hasattr(tokenizer, "encode_batch"):  # one of `tokenizers`, bare
        encodings = tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [sum(sum(part.attention_mask) for part in (encoding, *encoding.overflowing)) for encoding in encodings]
    try:
        return [len(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]) for text in texts]
    except _UNFIT:
        return [len(text.encode()) + 1 for text in texts]


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

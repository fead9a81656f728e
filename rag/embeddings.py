"""Our embedding models as LangChain's, and LangChain's as ours.

Importing this module imports LangChain's core; the face loads it only when asked for. Knows nothing of articles or Documents.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from langchain_core.embeddings import Embeddings

from index import ModelError, SentenceTransformerEmbedder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from index import Embedder

    Vectors = NDArray[np.float32]

_WORD = re.compile(r"\w+|[^\w\s]")

#: Parameters that say who asks, not how a text is embedded, and that change with their holder.
_SECRET = re.compile(r"(?:key|secret|password|credentials?|token|auth|headers?)$", re.IGNORECASE)


class AssayEmbeddings(Embeddings):
    """Our embedding model as LangChain's: unit vectors, queries and documents each behind the model's own prompt."""

    def __init__(self, model: str | Embedder | None = None) -> None:
        """Take a sentence-transformers name or folder, or an `Embedder`; all-MiniLM-L6-v2 by default. Raises `ModelError`."""
        if model is None:
            model = SentenceTransformerEmbedder()
        self.embedder = SentenceTransformerEmbedder(model, download=True) if isinstance(model, str) else model
        self.model, self.sha256 = self.embedder.name, self.embedder.sha256

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return one vector a text."""
        vectors: list[list[float]] = self.embedder.embed_documents(texts).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a query."""
        vector: list[float] = self.embedder.embed_query(text).tolist()
        return vector


class LangChainEmbedder:
    """Any LangChain embedding model as an index needs it: an `Embedder`. What the model raises, it raises.

    An index knows its model by `sha256` and refuses another: here that of the model's class and its declared parameters, but for
    secrets and for what is left at its default and names no model. It is not that of a vector: models behind an API give the same
    text slightly different ones from call to call, and would lock their users out. `Library.doctor` embeds afresh and compares within
    a tolerance. Where a parameter changes and the vectors do not, give a `name` of your own.
    """

    def __init__(self, embeddings: Embeddings, *, name: str | None = None, max_tokens: int = 512) -> None:
        """Embed by `embeddings`.

        Args:
            embeddings: The model.
            name: What the index is to know the model by; change it with whatever changes the vectors.
            max_tokens: The longest passage that articles are cut into, in tokens as `count_tokens` estimates them.
        """
        declared = _declared(embeddings)
        model = next((declared[key] for key in ("model", "model_name", "model_id") if isinstance(declared.get(key), str)), "")
        self.embeddings = embeddings
        self.name = name or f"langchain {type(embeddings).__name__} {model}".strip()
        self.max_tokens = max_tokens
        known_by = json.dumps(name or [_class_name(embeddings), declared], sort_keys=True)
        self.sha256 = hashlib.sha256(known_by.encode()).hexdigest()

    @cached_property
    def dimension(self) -> int:
        """Return the length of a vector, found by embedding a word."""
        return len(self.embeddings.embed_query("dimension"))

    def embed_documents(self, texts: Sequence[str], *, done: Callable[[int], object] = lambda _: None) -> Vectors:
        """Return one unit vector a text, (n, dimension); raises `ModelError` when the model gives something else."""
        vectors = self._checked(self.embeddings.embed_documents(list(texts)) if texts else np.zeros((0, self.dimension)), len(texts))
        done(len(texts))
        return vectors

    def embed_query(self, text: str) -> Vectors:
        """Return the unit vector of a query, (dimension,); raises `ModelError` when the model gives something else."""
        vector: Vectors = self._checked([self.embeddings.embed_query(text)], 1)[0]
        return vector

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Estimate the tokens of each text, rather too many than too few: one for four ASCII letters, for two bytes of other words."""
        return [sum(_tokens(word) for word in _WORD.findall(text)) for text in texts]

    def _checked(self, given: Any, count: int) -> Vectors:
        vectors = of_length_one(given, (count, self.dimension))
        if vectors is None:
            raise ModelError(f"{self.name}: expected {count} vectors of {self.dimension} finite numbers, none all 0, found something else")
        return vectors


def of_length_one(given: Any, shape: tuple[int, ...]) -> Vectors | None:
    """Return vectors of `shape` scaled to length one; None when they are of another, or have no direction."""
    try:
        vectors = np.asarray(given, np.float64)
    except (TypeError, ValueError):
        return None
    if vectors.shape != shape:
        return None
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return (vectors / lengths).astype(np.float32) if ((lengths > 0) & np.isfinite(lengths)).all() else None


def _declared(model: object) -> dict[str, Any]:
    """Return what a model says of itself in plain values; a model within it, such as one behind a cache, says the same of itself.

    A parameter at its default is left out unless it names a model: an upgrade that brings new parameters changes nothing then, one
    that brings another default model does.
    """
    fields = getattr(type(model), "model_fields", {})  # pydantic's; a plain class declares no defaults
    declared: dict[str, Any] = {}
    for key, value in vars(model).items():
        if isinstance(value, Embeddings):
            declared[key] = [_class_name(value), _declared(value)]
        elif not _SECRET.search(key) and _is_plain(value):
            field = fields.get(key)
            if field is None or "model" in key or value != field.get_default(call_default_factory=True, validated_data={}):
                declared[key] = value
    return declared


def _is_plain(value: object) -> bool:
    try:
        json.dumps(value, sort_keys=True)
    except (TypeError, ValueError):
        return False
    return True


def _class_name(model: object) -> str:
    return f"{type(model).__module__.partition('.')[0]}.{type(model).__qualname__}"


def _tokens(word: str) -> int:
    return -(-len(word) // 4) if word.isascii() else -(-len(word.encode("utf-8", "replace")) // 2)

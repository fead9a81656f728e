"""A sentence-transformers `CrossEncoder` of the user's as the judge of relevance, beside a reader that finds the answers.

The only module of this room that imports sentence_transformers. Runs the model as its library does, in torch, on a GPU where there is one.
Knows nothing of how passages were found.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from index import ModelError, locate

from .read import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .read import Readable, Reader, Reading


class CrossEncoderReranker:
    """Says how far passages bear on a question. Safe to share between threads, one at a time."""

    def __init__(self, name: str, *, download: bool = False) -> None:
        """Load the model called `name`, a folder or a name on the hub; raises `ModelError` unless it gives one score a pair."""
        files = locate(name, download=download, needs="config.json")
        self.name = files.name
        self._lock = threading.Lock()
        from safetensors import SafetensorError
        from sentence_transformers import CrossEncoder

        safe = {"local_files_only": True, "trust_remote_code": False, "model_kwargs": {"use_safetensors": True}}
        try:
            self._model = CrossEncoder(str(files.folder), **safe)
        except (OSError, ValueError, KeyError, RuntimeError, ImportError, SafetensorError) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
            raise ModelError(f"reranker {name!r} cannot be loaded: {reason}") from error
        if self._model.num_labels != 1:
            raise ModelError(
                f"reranker {name!r}: expected a model that gives one score a pair, found one that gives {self._model.num_labels}"
            )

    def relevance(self, question: str, passages: Sequence[Readable]) -> list[float]:
        """Return the probability that each passage bears on the question, in order: the sigmoid of the model's score."""
        if not passages:
            return []
        from torch.nn import Sigmoid

        with self._lock:
            found = self._model.predict([(question, shown(one)) for one in passages], activation_fn=Sigmoid(), show_progress_bar=False)
        return [float(one) for one in found]


class RerankedReader:
    """A reader whose word on relevance is a reranker's. Safe to share between threads."""

    def __init__(self, reader: Reader, reranker: CrossEncoderReranker) -> None:
        """Take answers from `reader` and relevance from `reranker`."""
        self.name = f"{reader.name} with {reranker.name}"
        self._reader = reader
        self._reranker = reranker

    def read(self, question: str, passages: Sequence[Readable]) -> list[Reading]:
        """Return what reading each passage for the question says, in order."""
        readings = self._reader.read(question, passages)
        relevance = self._reranker.relevance(question, passages)
        return [replace(one, relevance=score) for one, score in zip(readings, relevance, strict=True)]

"""A sentence-transformers `CrossEncoder` of the user's: as the judge of relevance, beside a reader that finds the answers, or of support.

The only module of this room that imports sentence_transformers. Runs the model as its library does, in torch, on a GPU where there is one.
Knows nothing of how passages were found.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from math import exp
from typing import TYPE_CHECKING

from index import ModelError, locate

from .odds import probability
from .read import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .read import Readable, Reader, Reading


class CrossEncoderReranker:
    """Says how far passages bear on a question. Safe to share between threads, one at a time."""

    def __init__(self, name: str, *, download: bool = False) -> None:
        """Load the model called `name`, a folder or a name on the hub; raises `ModelError` unless it gives one score a pair."""
        self._pairs = _Pairs("reranker", name, download=download)
        self.name = self._pairs.name
        if len(self._pairs.labels) != 1:
            raise ModelError(
                f"reranker {name!r}: expected a model that gives one score a pair, found one that gives {len(self._pairs.labels)}"
            )

    def relevance(self, question: str, passages: Sequence[Readable]) -> list[float]:
        """Return the probability that each passage bears on the question, in order: the sigmoid of the model's score."""
        return [probability(score) for (score,) in self._pairs.scores([(question, shown(one)) for one in passages])]


class CrossEncoderChecker:
    """Says how far passages support a claim, by a model of natural language inference. Safe to share between threads, one at a time.

    Takes a model that names one of its classes "entailment", or one that gives a single score, higher where the claim is supported.
    """

    checks = True

    def __init__(self, name: str, *, download: bool = False) -> None:
        """Load the model called `name`, a folder or a name on the hub; raises `ModelError` where none of its classes is entailment."""
        self._pairs = _Pairs("checker", name, download=download)
        self.name = self._pairs.name
        self._entailment = _entailment(name, self._pairs.labels)

    def support(self, claim: str, passages: Sequence[Readable]) -> list[float]:
        """Return the probability that each passage, as the premise, entails the claim, in order."""
        found = self._pairs.scores([(shown(one), claim) for one in passages])
        if self._entailment is None:
            return [probability(score) for (score,) in found]
        return [1 / sum(exp(min(other - scores[self._entailment], _STEEP)) for other in scores) for scores in found]


#: Above this, `exp` of a difference of scores is as good as infinite.
_STEEP = 500.0


def _entailment(name: str, labels: Sequence[str]) -> int | None:
    """Return the place of the class that is entailment; None where there is one score alone."""
    if len(labels) == 1:
        return None
    for place, label in enumerate(labels):
        if label.casefold().startswith("entail"):  # "not_entailment" is another
            return place
    raise ModelError(f'checker {name!r}: expected a model with a class "entailment", found one with {", ".join(labels)[:100]}')


class _Pairs:
    """The model itself: scores of pairs of texts."""

    def __init__(self, what: str, name: str, *, download: bool) -> None:
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
            raise ModelError(f"{what} {name!r} cannot be loaded: {reason}") from error
        named = self._model.config.id2label or {}
        self.labels = tuple(str(named.get(place, place)) for place in range(self._model.num_labels))

    def scores(self, pairs: Sequence[tuple[str, str]]) -> list[list[float]]:
        """Return the raw scores of each pair, one for each label."""
        if not pairs:
            return []
        from torch.nn import Identity

        with self._lock:
            found = self._model.predict(list(pairs), activation_fn=Identity(), show_progress_bar=False)
        return [[float(one) for one in scores] for scores in found.reshape(len(pairs), len(self.labels))]


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

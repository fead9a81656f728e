"""The trained reader as it is kept: a small file beside its facts, and the calibration that makes its logits probabilities.

Knows nothing of training.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from index import replaced
from rag import FACTS, WEIGHTS, Calibration, Readable, difference, own_reader, reader_network

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import torch

    from index import ModelFiles

    from .lesson import Lesson

#: Probabilities this close to 0 or 1 are beyond what the network can tell.
_EDGE = 1e-6


def keep(weights: Mapping[str, torch.Tensor], base: ModelFiles, folder: Path, training: Mapping[str, Any]) -> None:
    """Write the difference of `weights` from the `base` model, and its facts, not yet calibrated, to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    data = difference(weights, reader_network(base.folder).state_dict())
    with replaced(folder / WEIGHTS) as partial:
        partial.write_bytes(data)
    facts = {"sha256": hashlib.sha256(data).hexdigest(), "base": base.name, "base_sha256": base.sha256, "training": dict(training)}
    _write_facts(folder, facts, Calibration())


def calibrated(folder: Path, lessons: Sequence[Lesson]) -> Calibration:
    """Fit the calibration of the reader in `folder` on lessons that it has not seen, write it there, and return it."""
    facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    _write_facts(folder, facts, Calibration(support=(1.0, 0.0)))
    reader = own_reader(folder)
    absent: list[tuple[float, bool]] = []
    bears: list[tuple[float, bool]] = []
    supports: list[tuple[float, bool]] = []
    for lesson in tqdm(lessons, desc="calibration", unit="question", disable=None):
        passages = [Readable(one.context, one.text) for one in lesson.candidates]
        if any(one.supports is not None for one in lesson.candidates):
            supports += zip(reader.support(lesson.question, passages), (bool(one.supports) for one in lesson.candidates), strict=True)
            continue
        readings = reader.read(lesson.question, passages)
        for one, reading in zip(lesson.candidates, readings, strict=True):
            absent.append((reading.no_answer, not one.spans))
            if one.relevant is not None:
                bears.append((reading.relevance, one.relevant))
    found = Calibration(relevance=platt(bears), no_answer=platt(absent), support=platt(supports) if supports else None)
    _write_facts(folder, facts, found)
    return found


def platt(scored: Iterable[tuple[float, bool]]) -> tuple[float, float]:
    """Return scale and shift of the logit with which probabilities fit the truth best, both outcomes weighing the same.

    Platt, "Probabilistic outputs for support vector machines", 1999. Raises ValueError unless both outcomes are there.
    """
    from scipy.optimize import minimize

    pairs = list(scored)
    p = np.clip(np.array([one for one, _ in pairs], np.float64), _EDGE, 1 - _EDGE)
    truth = np.array([one for _, one in pairs], bool)
    if truth.all() or not truth.any():
        raise ValueError("expected both outcomes, found one")
    logits = np.log(p / (1 - p))
    weights = np.where(truth, 0.5 / truth.sum(), 0.5 / (~truth).sum())
    signs = np.where(truth, 1.0, -1.0)

    def loss(parameters: np.ndarray) -> float:
        scale, shift = parameters
        return float((weights * np.logaddexp(0, -signs * (scale * logits + shift))).sum())

    scale, shift = minimize(loss, np.array([1.0, 0.0])).x
    return float(scale), float(shift)


def _write_facts(folder: Path, facts: Mapping[str, Any], calibration: Calibration) -> None:
    known = {**facts, "calibration": calibration._asdict()}
    with replaced(folder / FACTS) as partial:
        partial.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")

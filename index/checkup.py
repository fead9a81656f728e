"""The examination of an index: every page, text, span, vector and derived file, the model, and how much a search finds.

Knows nothing of how a fault is mended but the command that does it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .dense import DenseIndex, best, bitmap, load
from .derive import open_words
from .errors import ModelError, StoreError
from .lock import is_held
from .model import ModelFiles, verify
from .split import embedded_text

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from numpy.typing import NDArray

    from .embed import Embedder
    from .originals import Originals
    from .snapshot import Snapshot
    from .store import Store
    from .view import View

#: A stored vector must agree with its text embedded afresh at least this well, as a cosine.
_AGREEMENT = 0.999

#: An approximate index that finds less of the ten nearest passages is to be trained anew.
_RECALL = 0.95

#: A question is about as long as so many words.
_QUESTION_WORDS = 12

#: So many vectors of a dense index are compared with the store's.
_COMPARED = 50

#: Seconds between two looks at derived files that somebody is writing, and after which the last one stands: an addition may take hours.
_PATIENCE, _PATIENCE_AT_MOST = 0.2, 30.0

#: What an index is made with, and knows of itself.
SETTINGS = ("model", "model_sha256", "dimension", "normalised", "segmenter", "splitter")

#: Vectors are read this many at a time.
_ROWS_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class Health:
    """What an examination found."""

    faults: tuple[str, ...]
    """What is wrong, one line each with what mends it."""
    recall: float | None = None
    """Recall@10 of an approximate dense index against exact search; None where search is exact, or was not tried."""


def stored_faults(snapshot: Snapshot) -> list[str]:
    """Check the store itself, every byte; return what is wrong."""
    return _setting_faults(snapshot) or snapshot.faults()


def original_faults(snapshot: Snapshot, originals: Originals) -> list[str]:
    """Read every file that is kept of an article, every byte; return what is wrong."""
    found = ((sha256, originals.fault(sha256)) for sha256 in snapshot.originals())
    hint = "add the files it is of again with --keep-originals"
    return [f"originals/{sha256} {fault}; {hint}" for sha256, fault in found if fault]


def derived_faults(folder: Path, store: Store) -> list[str]:
    """Check what is derived, every byte; return what is wrong, and is not about to be put right by one who is writing."""
    before, deadline = None, time.monotonic() + _PATIENCE_AT_MOST
    while True:
        with store.snapshot() as snapshot:
            found = _damaged(folder, snapshot) or _coverage_faults(snapshot) or _mistaken(folder, snapshot)
            known = [snapshot.derived(name) for name in ("dense", "lexical")]
        settled = known == before and not is_held(folder / "lock")
        if not found or settled or time.monotonic() >= deadline:
            return found
        before = known
        time.sleep(_PATIENCE)


def model_faults(snapshot: Snapshot, embedder: Embedder, samples: int) -> list[str]:
    """Read a model's files afresh and embed `samples` evenly spread passages; return what is not as it was."""
    faults = _file_faults(embedder)
    rows = _spread(snapshot.live_rows(), samples)
    if faults or not rows.size:
        return faults
    agreement = (embedder.embed_documents(_texts(snapshot, rows)) * snapshot.vectors(rows)).sum(axis=1)
    return [
        f"passage {row}: its stored vector is not its text's (cosine {cosine:.4f}); add the articles to a new --index"
        for row, cosine in zip(rows.tolist(), agreement.tolist(), strict=True)
        if not cosine >= _AGREEMENT
    ]


def recall(opened: AbstractContextManager[View], samples: int, k: int = 10) -> float | None:
    """Return how many of the `k` nearest passages a search finds, as a share, over `samples` queries; None where it is exact.

    The queries are the opening words of evenly spread passages, embedded as queries are; what they should find is computed from
    every vector in the store.
    """
    with opened as view:
        rows = view.store.live_rows()
        if not view.approximate or not rows.size:
            return None
        texts = _texts(view.store, _spread(rows, samples))
        queries = np.array([view.embed_query(" ".join(text.split()[:_QUESTION_WORDS])) for text in texts])
        nearest = _brute_force(view.store, rows, queries, k)
        found = [np.sum(view.dense(query, k).scores >= scores[-1] - 1e-6) for query, scores in zip(queries, nearest, strict=True)]
        return float(sum(found)) / sum(len(scores) for scores in nearest)  # by score: vectors may be equal


def recall_faults(found: float | None) -> list[str]:
    """Say that an approximate index finds too little."""
    if found is None or found >= _RECALL:
        return []
    return [f"dense: finds {found:.0%} of the ten nearest passages, expected {_RECALL:.0%} or more; run `assay rebuild`"]


def _brute_force(snapshot: Snapshot, rows: NDArray[np.int64], queries: NDArray[np.float32], k: int) -> list[NDArray[np.float32]]:
    """Return the `k` highest cosines with each query, best first, every vector compared."""
    nearest = [best(rows[:0], np.zeros(0, np.float32), k)] * len(queries)
    for start in range(0, rows.size, _ROWS_AT_ONCE):
        part = rows[start : start + _ROWS_AT_ONCE]
        cosines = queries @ snapshot.vectors(part).T
        nearest = [
            best(np.concatenate([before.rows, part]), np.concatenate([before.scores, scores]), k)
            for before, scores in zip(nearest, cosines, strict=True)
        ]
    return [ranked.scores for ranked in nearest]


def _setting_faults(snapshot: Snapshot) -> list[str]:
    """Say which of the things that an index was made with are not known."""
    settings = snapshot.settings()
    hint = "restore a backup, or add the articles to a new --index"
    faults = [f"store.sqlite: setting {name!r} is missing; {hint}" for name in SETTINGS if name not in settings]
    if settings.get("normalised", "true") != "true":
        faults.append(f"store.sqlite: expected vectors of length one, found settings that say otherwise; {hint}")
    return faults


def _damaged(folder: Path, snapshot: Snapshot) -> list[str]:
    """Read every derived file in full and return a line for each that is not what was written."""
    faults = []
    for name in ("dense", "lexical"):
        derived = snapshot.derived(name)
        if derived is None:
            continue
        for file, stamp in derived.files.items():
            if not stamp.holds(folder / derived.folder / file, full=True):
                faults.append(f"{derived.folder}/{file}: missing or not what was written; run `assay rebuild`")
    return faults


def _mistaken(folder: Path, snapshot: Snapshot) -> list[str]:
    """Open the derived files, whose checksums were verified, and return a line for each that holds other than the store says."""
    faults = []
    for name in ("dense", "lexical"):
        derived = snapshot.derived(name)
        if derived is None:
            continue
        place = folder / derived.folder
        try:
            held = load(place / next(iter(derived.files))) if name == "dense" else open_words(place, derived)
        except (StoreError, OSError, ValueError) as error:
            faults.append(f"{derived.folder}: cannot be opened ({str(error)[:120]}); run `assay rebuild`")
            continue
        live, removed = snapshot.covered(derived.last_row, since=derived.built)
        if not live <= held.size <= live + removed:
            found = f"{live} passages and up to {removed} removed ones, found {held.size}"
            faults.append(f"{derived.folder}: expected {found}; run `assay rebuild`")
        elif isinstance(held, DenseIndex) and not _agrees(held, snapshot, derived.last_row):
            faults.append(f"{derived.folder}: holds other vectors than the store; run `assay rebuild`")
    return faults


def _agrees(index: DenseIndex, snapshot: Snapshot, last: int) -> bool:
    """Say whether some evenly spread rows have the vectors in the index that they have in the store."""
    rows = snapshot.live_rows()
    rows = rows[rows <= last]
    for row in rows[:: rows.size // _COMPARED + 1].tolist():
        found = index.search(snapshot.vectors([row])[0], 1, allowed=bitmap(np.array([row]), row), thorough=True)
        if found.rows.tolist() != [row] or abs(float(found.scores[0]) - 1) > 1e-2:
            return False
    return True


def _coverage_faults(snapshot: Snapshot) -> list[str]:
    """Say which derived indexes are missing or behind; an index that lags is right but slow."""
    last = snapshot.last_live_row()
    known = {name: snapshot.derived(name) for name in ("dense", "lexical")}
    faults = [f"{name}: not known to the store; run `assay rebuild`" for name, derived in known.items() if last and derived is None]
    lexical = known["lexical"]
    if lexical and lexical.last_row < last:
        faults.append("lexical: behind the store; run `assay rebuild`")
    return faults


def _file_faults(embedder: Embedder) -> list[str]:
    """Read the files of a model of ours afresh; a user's own embedder keeps its files to itself."""
    files = getattr(embedder, "files", None)
    try:
        if isinstance(files, ModelFiles):
            verify(files)
    except ModelError as error:
        return [str(error)]
    return []


def _spread(rows: NDArray[np.int64], samples: int) -> NDArray[np.int64]:
    """Return at most `samples` of `rows`, evenly spread."""
    return rows[:: max(1, rows.size // max(1, samples))][:samples]


def _texts(snapshot: Snapshot, rows: NDArray[np.int64]) -> list[str]:
    return [embedded_text(passage.context, snapshot.passage_text(passage)) for passage in snapshot.passages(rows.tolist())]

"""The articles that a question set brings along, as an index: made once, kept in the cache, found again by their checksum.

Knows nothing of questions.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING

from index import DEFAULT_MODEL, AssayError, BusyError, Library, MismatchError, Refusal, StoreError, cache_folder, replaced

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .dataset import Corpus, Dataset

#: The file whose presence means that all articles are in, but for those that it says were refused.
_COMPLETE = "complete"


def indexed(
    dataset: Dataset,
    *,
    model: str | None = None,
    progress: Callable[[int, int], object] = lambda _articles, _passages: None,
    refused: Callable[[Refusal], object] = lambda _: None,
) -> Library:
    """Open the index of a set's own articles; made in the cache unless it is there.

    Interrupted, it goes on where it was. `progress` is as in `Library.add`. What the corpus holds that is no article is left out, as
    `Library.add` does, and `refused` is told of each, every time. Raises `AssayError` when the set has no articles of its own, or the
    cache cannot be used.
    """
    if dataset.corpus is None:
        raise AssayError(f"expected a set that brings its articles, found {dataset.name} without; give the index with --index")
    place = _place(dataset.name, dataset.corpus, model or DEFAULT_MODEL)
    try:
        library = _filled(place, dataset.corpus, model, progress)
    except MismatchError:  # of an earlier version, which cut passages otherwise
        shutil.rmtree(place)
        library = _filled(place, dataset.corpus, model, progress)
    except BusyError:
        raise
    except StoreError as error:
        found = str(error).partition("; ")[0]  # what it advises, a backup say, is for indexes that hold the only copy
        raise AssayError(f"expected the index of the set's own articles, found {found}; remove {place} and run again") from error
    for one in _refusals(place):
        refused(one)
    return library


def _filled(place: Path, corpus: Corpus, model: str | None, progress: Callable[[int, int], object]) -> Library:
    """Open the index at `place` with all articles in it; raises `MismatchError` when it was made by other rules."""
    library = Library.open(place, model=model)
    complete = place / _COMPLETE
    try:
        known = complete.exists()
        report = library.add([] if known else corpus.source(), progress=progress)  # nothing to add: the rules are checked
        if not known:
            with replaced(complete) as partial:
                partial.write_text("".join(json.dumps(refusal) + "\n" for refusal in report.refused), encoding="utf-8")
    except BaseException:
        library.close()
        raise
    return library


def _refusals(place: Path) -> list[Refusal]:
    try:
        return [Refusal(*map(str, json.loads(line))) for line in (place / _COMPLETE).read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError, TypeError):  # it only says what was left out
        return []


def _place(name: str, corpus: Corpus, model: str) -> Path:
    """Return the cache folder of these articles with this model; the name of the set is only for people who look there."""
    key = hashlib.sha256(f"{corpus.sha256} {model}".encode()).hexdigest()[:16]
    words = "".join(character if character.isalnum() else "-" for character in name)[:40]
    return _folder() / f"{words}-{key}"


def _folder() -> Path:
    return cache_folder() / "corpora"

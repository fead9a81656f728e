"""The articles that a question set brings along, as an index: made once, kept in the cache, found again by their checksum.

Knows nothing of questions.
"""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

from index import DEFAULT_MODEL, AssayError, BusyError, Library, MismatchError, StoreError, cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .dataset import Corpus, Dataset

#: The file whose presence means that all articles are in.
_COMPLETE = "complete"


def indexed(
    dataset: Dataset,
    *,
    model: str | None = None,
    folder: Path | None = None,
    progress: Callable[[int, int], object] = lambda _articles, _passages: None,
) -> Library:
    """Open the index of a set's own articles; made in the cache, or in `folder`, unless it is there.

    Interrupted, it goes on where it was. `progress` is as in `Library.add`. What the corpus holds that is no article is left out, as
    `Library.add` does. Raises `AssayError` when the set has no articles of its own, or the cache cannot be used.
    """
    if dataset.corpus is None:
        raise AssayError(f"expected a set that brings its articles, found {dataset.name} without; give the index with --index")
    place = folder or _place(dataset.name, dataset.corpus, model or DEFAULT_MODEL)
    library = _opened(place, model)
    if not (place / _COMPLETE).exists():
        try:
            library.add(dataset.corpus.source(), progress=progress)
            (place / _COMPLETE).touch()
        except BaseException:
            library.close()
            raise
    return library


def _opened(place: Path, model: str | None) -> Library:
    try:
        return Library.open(place, model=model)
    except MismatchError:  # of an earlier version, which split or segmented otherwise
        shutil.rmtree(place)
        return Library.open(place, model=model)
    except BusyError:
        raise
    except StoreError as error:
        found = str(error).partition("; ")[0]  # what it advises, a backup say, is for indexes that hold the only copy
        raise AssayError(f"expected the index of the set's own articles, found {found}; remove {place} and run again") from error


def _place(name: str, corpus: Corpus, model: str) -> Path:
    """Return the cache folder of these articles with this model; the name of the set is only for people who look there."""
    key = hashlib.sha256(f"{corpus.sha256} {model}".encode()).hexdigest()[:16]
    words = "".join(character if character.isalnum() else "-" for character in name)[:40]
    return _folder() / f"{words}-{key}"


def _folder() -> Path:
    return cache_folder() / "corpora"

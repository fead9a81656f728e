"""Every lesson of every set, made once and kept in a folder: `python -m eval.training` begins with it.

An interrupted run goes on with the set that it was at. Knows nothing of networks.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from tqdm import tqdm

from rag import Retriever

from ..corpora import indexed
from ..gold import locate
from .changed import changed
from .lesson import Lesson, read_lessons, write_lessons
from .mining import mined
from .sets import SOURCES, Part, Source, about, answering, asked, chosen, hidden, load

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from index import View

    from ..dataset import Dataset

#: Draws which questions are changed.
_SEED = 1963


def make_lessons(data: Path, folder: Path, sources: Sequence[Source] = SOURCES) -> None:
    """Make the lessons of each set that `folder` does not have yet; raises `AssayError` where a set cannot be read."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in sources:
        wanted = [one for one in Part if not _file(folder, source.name, one).exists()]
        if not wanted:
            continue
        dataset = load(source, data)
        with indexed(dataset) as library, library.view() as view:
            retriever, held = Retriever(library), hidden(source, view, dataset)
            for one in wanted:
                write_lessons(_file(folder, source.name, one), _of_part(source, dataset, view, retriever, one, held))


def lessons_of(folder: Path, wanted: Part, *names: str) -> list[Lesson]:
    """Return the lessons of one part that `make_lessons` kept, of the sets called `names`."""
    return [one for name in names for one in read_lessons(_file(folder, name, wanted))]


def with_changed(lessons: Sequence[Lesson], share: float) -> list[Lesson]:
    """Return the lessons and, for a `share` of them, the same with its question changed so that nothing answers it."""
    chance = Random(_SEED)  # noqa: S311  # a choice, no secret
    more = [found for one in lessons if chance.random() < share and (found := changed(one, chance))]
    return [*lessons, *more]


def _file(folder: Path, name: str, wanted: Part) -> Path:
    return folder / f"{name}.{wanted}.jsonl.gz"


def _of_part(source: Source, dataset: Dataset, view: View, retriever: Retriever, wanted: Part, held: frozenset[int]) -> Iterator[Lesson]:
    """Yield the lessons of one part of a set; in training nothing that is `held` out is shown, not even as a wrong passage."""
    right, unseen = answering(view, dataset), held if wanted is Part.TRAIN else frozenset()
    for example in tqdm(chosen(source, view, dataset, wanted), desc=f"{source.name}, {wanted}", unit="question", disable=None):
        near = "" if example.relevant else about(example)
        own = {view.article_row(name) for name in example.relevant}
        found = mined(view, retriever, example, locate(view, example).spans, near, unseen | (right[asked(example)] - own))
        if found is not None:
            shown = found.candidates if source.wrong else tuple(one for one in found.candidates if one.spans or one.relevant is None)
            yield replace(found, source=source.name, candidates=shown)

"""A path → a set of questions: what lies there is recognised, in an order that is written down, and read by its format."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from index import AssayError

from ..dataset import Dataset
from .conversation import Conversations
from .folder import ArticlesFolder, RowsFolder
from .own import OwnRows
from .probe import Shape, probe, stem
from .ragas import Ragas
from .reading import shown
from .squad import Squad
from .table import Table
from .trec import TrecTopics

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..dataset import Example
    from .interface import Format
    from .reading import Place

#: The set that is built in, by this word where nothing else is called so.
SEEDS = "seeds"

#: The first that recognises a path reads it. Those that ask for more stand before those that ask for less.
FORMATS: tuple[Format, ...] = (
    ArticlesFolder(),
    RowsFolder(),
    Squad(),
    Ragas(),
    Conversations(),
    OwnRows(),
    Table(),
    TrecTopics(),
)


def load_dataset(path: str | Path) -> Dataset:
    """Read a question set; its format is told by its content.

    Args:
        path: A file, a folder, or what files of one folder begin with (`reading/squad2`); `seeds` is the set that is built in.

    Raises:
        AssayError: Nothing is there, it is of no known format, it holds no questions, or a row is malformed: `line 17: expected …`.
    """
    given = Path(path)
    built_in = str(path) == SEEDS and not given.exists()
    at = Path(str(files(SEEDS))) if built_in else given
    try:
        dataset = _read(at)
    except OSError as error:  # a folder that may not be looked into
        raise AssayError(f"expected a path that can be read, found {shown(at)}: {error.strerror or error}") from error
    return replace(dataset, name=SEEDS, format="built in") if built_in else dataset


def _read(path: Path) -> Dataset:
    """Read what lies at `path`, whole."""
    found = probe(path)
    known = next((one for one in FORMATS if one.recognises(found)), None)
    if known is None:
        names = "; ".join(one.name for one in FORMATS)
        raise AssayError(f"expected a question set ({names}), found {found.found()} at {shown(path)}")
    loaded = known.load(found)
    examples = _distinct(loaded.examples)
    if not examples:
        raise AssayError(f"expected questions, found none in {shown(path)}")
    name = path.resolve().name if found.shape in (Shape.FOLDER, Shape.PREFIX) else stem(path)
    return Dataset(shown(Path(name)), loaded.format, examples, loaded.corpus, path)


def _distinct(examples: Iterable[tuple[Place, Example]]) -> tuple[Example, ...]:
    """Return the examples; raises AssayError at an id that was given before."""
    places: dict[str, Place] = {}
    kept = []
    for place, example in examples:
        before = places.setdefault(example.id, place)
        if before is not place:
            raise place.fault("an id of its own", f"{example.id[:60]!r}, which {before.at} has")
        kept.append(example)
    return tuple(kept)

"""A question set from the user's own articles, with a model or without.

Draws articles in turn until there are as many questions as are wanted, or no article gives another. Knows nothing of how a single question
is made.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from itertools import cycle
from typing import TYPE_CHECKING

from index import AssayError
from rag import NoReplyError, Talk

from . import lexical, written
from .generated import Generated, StoppedError
from .lexical import CLOZE, CYCLE, KNOWN_ITEM, UNANSWERABLE, clozes, known_items, shared_titles, unanswerables
from .pool import Material, Pool
from .written import WRITTEN, Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from random import Random
    from typing import Any

    from langchain_core.language_models import BaseChatModel

    from index import Library, View

    from ..dataset import Example
    from .pool import Entry

#: One in so many of a model's questions has its article left out.
SILENT_EVERY = 4

LEXICAL_NOTE = (
    "Made without a language model: sentences with a blank, titles, and sentences whose article is to be left out. Their words are those "
    "of the articles, so search by words finds them more easily than what people ask: good for comparing two states of one index, no "
    "measure of how well people's questions are answered, and no fair comparison of search by words with search by meaning."
)
MODEL_NOTE = (
    "Written by a language model about excerpts of the articles, and checked: quotes by their characters; whether a question stands alone, "
    "is answered by its quote and by no other article, by the same model. Answers are words of the articles. Such questions are plainer "
    "than people's, and favour systems that use the same model."
)


def generate(
    library: Library,
    n: int,
    *,
    model: BaseChatModel | None = None,
    seed: int = 0,
    progress: Callable[[int, int], object] = lambda _made, _wanted: None,
) -> Generated:
    """Make `n` questions, or as many as the articles give, from the articles of `library`.

    Without a `model` the same articles and the same `seed` make the same questions. `progress` hears, after each, how many were made and
    how many are wanted. Raises `AssayError` where there are no articles or `n` is below 1, and `StoppedError`, which keeps what was made,
    when the model fails several times in a row.
    """
    if n < 1:
        raise AssayError(f"expected a number of questions from 1, found {n}")
    records = library.articles()
    if not records:
        raise AssayError(f"expected articles to make questions from, found none in {library.folder}; add some with `assay add`")
    pool = Pool(records, seed)
    made: list[Example] = []
    dropped: Counter[str] = Counter()
    note = LEXICAL_NOTE if model is None else MODEL_NOTE
    drawn = _by_rule(library, pool, records, dropped) if model is None else _by_model(library, pool, records, dropped, model)
    try:
        while len(made) < n and (example := next(drawn, None)) is not None:
            made.append(example)
            progress(len(made), n)
    except NoReplyError as error:
        so_far = Generated(tuple(made), _counted(dropped), note, f"the model failed again and again ({error})")
        raise StoppedError(
            f"the model failed several times in a row ({error}) after {len(made)} of {n} questions, which are kept; see whether it runs",
            so_far,
        ) from error
    finally:
        drawn.close()
    shortfall = (
        None if len(made) == n else f"{pool.size} articles, copies aside, gave {len(made)} of {n} questions; what was thrown away says why"
    )
    return Generated(tuple(made), _counted(dropped), note, shortfall)


def _by_rule(library: Library, pool: Pool, records: list[dict[str, Any]], dropped: Counter[str]) -> Generator[Example]:
    """Yield one kind after the other, as long as an article gives any; what a kind no longer gives, the others do."""
    shared = shared_titles(records)
    with library.view() as view:
        makers: dict[str, Callable[[Entry, Random], Iterator[Example | str]]] = {
            CLOZE: partial(_read, view, clozes),
            KNOWN_ITEM: partial(_read, view, lambda _view, material, _chance: known_items(material, shared)),
            UNANSWERABLE: partial(_read, view, unanswerables),
        }
        if pool.size < 2:  # with its only text left out an index says nothing at all
            del makers[UNANSWERABLE]
        for kind in cycle(CYCLE):
            if not makers:
                return
            if kind in makers:
                example = pool.draw(kind, makers[kind], dropped, patience=lexical.MAX_BARREN)
                if example is None:
                    del makers[kind]
                else:
                    yield example


def _read(
    view: View, make: Callable[[View, Material, Random], Iterator[Example | str]], entry: Entry, chance: Random
) -> Iterator[Example | str]:
    material = Material.read(view, entry)
    if material is not None:
        yield from make(view, material, chance)


def _by_model(
    library: Library, pool: Pool, records: list[dict[str, Any]], dropped: Counter[str], model: BaseChatModel
) -> Generator[Example]:
    writer = Writer(library, Talk(model), frozenset(record["id"] for record in records))
    made = silent = 0

    def wants_silence() -> bool:
        return (silent + 1) * SILENT_EVERY <= made + 1

    while example := pool.draw(WRITTEN, partial(writer.questions, wants_silence=wants_silence), dropped, patience=written.MAX_BARREN):
        made += 1
        silent += example.type == UNANSWERABLE
        yield example


def _counted(dropped: Counter[str]) -> dict[str, int]:
    return dict(dropped.most_common())

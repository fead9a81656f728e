"""How well copies are found, and that nothing else is taken for one: planted copies, pairs judged by a reader, reports of one form, time.

No model is needed: an index is made whose vectors say nothing. Each function returns rows of a Markdown table. Knows nothing of the command
line.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from importlib.resources import files
from itertools import combinations, pairwise
from random import Random
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from tqdm import tqdm

from index import Article, Library, Wording, likeness

from .forms import FORMS
from .planted import WAYS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ..collections import Collection

#: So many articles are copied in each way; so many reports are filled into each form.
_PLANTED, _REPORTS = 100, 60

#: Seconds are taken with so many articles.
SIZES = (1_000, 4_000, 16_000)

_SEED = 2023


class _Unread:
    """An embedding model that reads nothing: every text has the same vector."""

    name, sha256, dimension, max_tokens = "unread", "0" * 64, 2, 256

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count words for tokens."""
        return [text.count(" ") + 1 for text in texts]

    def embed_query(self, _: str) -> NDArray[np.float32]:
        """Return the one vector."""
        return np.array([1, 0], np.float32)

    def embed_documents(self, texts: Sequence[str], *, done: Callable[[int], object] = lambda _: None) -> NDArray[np.float32]:
        """Return the one vector for each."""
        done(len(texts))
        return np.tile(self.embed_query(""), (len(texts), 1))


class _Pair(NamedTuple):
    """Two articles, by id, the lesser first."""

    one: str
    other: str


def planted_rows(collection: Collection, library: Library) -> list[str]:
    """Return, for each way in which copies come about, how many of so many added to an index are found, and as what."""
    random = Random(_SEED)  # noqa: S311 -- an experiment that anybody can repeat
    chosen = random.sample(_dated(collection), _PLANTED)
    pairs: dict[str, list[_Pair]] = {}
    for way, change in WAYS.items():
        copies = []
        for article in chosen:
            title, text = change(article.title, article.text, random)
            copy_id, source = f"{way.replace(' ', '-')}:{article.id}", article.source if way == "light update" else "Another Paper"
            copies.append(Article(id=copy_id, title=title, text=text, source=source, published="2024"))
        library.add(copies)
        pairs[way] = [_Pair(*sorted((article.id, copy.id))) for article, copy in zip(chosen, copies, strict=True)]
    found = _relations(library)
    rows = []
    for way, planted in pairs.items():
        kinds = Counter(found[pair] for pair in planted if pair in found)
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        rows.append(f"| {way} | {len(planted)} | {kinds.total() / len(planted):.2f} | {told} |")
    return rows


def judged_rows(collection: Collection, library: Library) -> list[str]:
    """Return how many pairs that a reader judged are taken for copies, by what they are; and how many texts that stand twice are found."""
    found, judged = _relations(library), dict(_judged())
    texts: dict[str, str] = {}
    twice = [(texts.setdefault(one.text, one.id), one.id) for one in _dated(collection)]
    again = [_Pair(*sorted(pair)) for pair in twice if pair[0] != pair[1]]
    alike = {article_id: text for text, first in texts.items() for article_id in (first, *(other for one, other in twice if one == first))}
    unjudged = [pair for pair in found if pair not in judged and alike[pair.one] != alike[pair.other]]
    labels = {"same": "judged to tell the same in much the same words", "other": "judged to be two articles"}
    return [
        *(
            f"| {words} | {len(pairs)} | {sum(pair in found for pair in pairs)} |"
            for label, words in labels.items()
            for pairs in [[pair for pair, given in judged.items() if given == label]]
        ),
        f"| texts that stand there again | {len(again)} | {sum(pair in found for pair in again)} |",
        f"| not judged, and not the same text | | {len(unjudged)} |",
    ]


def form_rows() -> list[str]:
    """Return how many pairs of reports of one form there are, and how many are taken for copies."""
    random = Random(_SEED)  # noqa: S311
    rows = []
    for name, form in FORMS.items():
        reports = [Wording.of(text) for text in sorted({form(random) for _ in range(_REPORTS)})]
        pairs = list(combinations(reports, 2))
        rows.append(f"| {name} | {len(pairs):,} | {sum(likeness(*pair) is not None for pair in pairs)} |")
    return rows


def pace_rows(collection: Collection, library: Library) -> list[str]:
    """Return how much processor time it takes to find the copies among the articles of an index, and to compare two texts."""
    texts = [Wording.of(article.text) for article in _dated(collection)[:500]]
    start = time.process_time()
    for pair in pairwise(texts):
        likeness(*pair)
    pace = (len(texts) - 1) / (time.process_time() - start)
    return [_timed(library, collection.name), f"| two texts compared, once read | | {pace:,.0f} pairs/s | |"]


def growth_rows(collections: Iterable[Collection], folder: Path) -> list[str]:
    """Return how much it takes among the first articles of some collections, mixed, as they grow more."""
    mixed = [article for collection in collections for article in _dated(collection)]
    Random(_SEED).shuffle(mixed)  # noqa: S311
    rows = []
    for size in SIZES:
        with indexed(mixed[:size], folder / "mixed") as library:
            rows.append(_timed(library, "four sets, mixed"))
    return rows


def indexed(articles: Sequence[Article], folder: Path) -> Library:
    """Open the index in `folder` with these articles added."""
    library = Library.open(folder, model=_Unread())
    with tqdm(total=len(articles), desc=f"{folder.name}, articles", disable=None) as bar:
        library.add(articles, progress=lambda read, _: bar.update(read))
    return library


def dated_index(collection: Collection, folder: Path) -> Library:
    """Open the index of a collection, all of whose articles were published in 2023, before what is planted."""
    return indexed(_dated(collection), folder / f"{collection.name}, unread")


def _timed(library: Library, name: str) -> str:
    size, _ = library.counts()
    start = time.process_time()
    library.find_copies(anew=True)
    seconds = time.process_time() - start
    return f"| {name} | {size:,} | {seconds:.1f} s | {seconds / size * 1000:.2f} ms |"


def _dated(collection: Collection) -> list[Article]:
    return list({one.id: replace(one, published="2023") for one in collection.articles() if isinstance(one, Article)}.values())


def _relations(library: Library) -> dict[_Pair, str]:
    """Return what each two articles are to each other that are much the same."""
    found: dict[_Pair, str] = {}
    with library.view() as view:
        rows = [row for record in library.articles() if (row := view.article_row(record["id"])) is not None]
        for row in view.with_relatives(rows):
            for one in view.relatives(row).values():
                found[_Pair(*sorted((view.record(row)["id"], one.id)))] = one.kinship.value
    return found


def _judged() -> Iterable[tuple[_Pair, str]]:
    for line in (files(__package__) / "judged_copies.tsv").read_text(encoding="utf-8").splitlines():
        one, other, label = line.split("\t")
        yield _Pair(one, other), label

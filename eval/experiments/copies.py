"""How well copies are found, and that nothing else is taken for one: planted copies, pairs judged by a reader, reports of one form, time.

No model is needed: an index is made whose vectors say nothing. Each function returns rows of a Markdown table. Knows nothing of the command
line.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from importlib.resources import files
from itertools import chain, combinations, pairwise
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

    from index import Refusal

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


def planted_rows(collection: Collection, folder: Path) -> list[str]:
    """Return, for each way in which copies come about, how many of so many planted among the articles are found, and as what."""
    random = Random(_SEED)  # noqa: S311 -- an experiment that anybody can repeat
    articles = [replace(article, published="2023") for article in _whole(collection.articles())]
    chosen = random.sample(articles, _PLANTED)
    planted: dict[str, list[tuple[str, str]]] = {}
    copies = []
    for way, change in WAYS.items():
        for article in chosen:
            title, text = change(article.title, article.text, random)
            copies.append(
                Article(id=f"{way.replace(' ', '-')}:{article.id}", title=title, text=text, source=article.source, published="2024")
            )
            planted.setdefault(way, []).append((article.id, copies[-1].id))
    with _indexed([*articles, *copies], folder / "planted") as library:
        found = _relations(library)
    rows = []
    for way, pairs in planted.items():
        kinds = Counter(found[pair] for pair in (_Pair(*sorted(pair)) for pair in pairs) if pair in found)
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        rows.append(f"| {way} | {len(pairs)} | {kinds.total() / len(pairs):.2f} | {told} |")
    return rows


def judged_rows(collection: Collection, folder: Path) -> list[str]:
    """Return how many pairs that a reader judged are taken for copies, by what they are; and how many texts that stand twice are found."""
    articles = _whole(collection.articles())
    with _indexed(articles, folder / "judged") as library:
        found = _relations(library)
    judged = dict(_judged())
    texts = Counter(article.text for article in articles)
    first: dict[str, str] = {}
    twice = [_Pair(*sorted((first.setdefault(one.text, one.id), one.id))) for one in articles if texts[one.text] > 1]
    again = [pair for pair in twice if pair.one != pair.other]
    unjudged = [pair for pair in found if pair not in judged and _texts(pair, articles) > 1]
    return [
        *(
            f"| judged {'the same story' if label == 'same' else 'two articles'} | {len(pairs)} | {sum(pair in found for pair in pairs)} |"
            for label in ("same", "other")
            for pairs in [[pair for pair, given in judged.items() if given == label]]
        ),
        f"| texts that stand twice | {len(again)} | {sum(pair in found for pair in again)} |",
        f"| found, and not judged | | {len(unjudged)} |",
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


def time_rows(collections: Iterable[Collection], folder: Path) -> list[str]:
    """Return the seconds that it takes to find the copies among the first articles of some collections, mixed, as they grow more."""
    collections = list(collections)
    random = Random(_SEED)  # noqa: S311
    first = _whole(collections[0].articles())
    mixed = _whole(chain.from_iterable(collection.articles() for collection in collections))
    random.shuffle(mixed)
    rows = [_timed(first, len(first), folder / "first", collections[0].name)]
    rows += [_timed(mixed, size, folder / "mixed", "mixed") for size in SIZES if size <= len(mixed)]
    pairs = [(Wording.of(one.text), Wording.of(other.text)) for one, other in pairwise(first[:301])]
    start = time.perf_counter()
    for pair in pairs:
        likeness(*pair)
    return [
        *rows,
        f"| two texts of {collections[0].name} compared, once read | | {len(pairs) / (time.perf_counter() - start):,.0f} pairs/s | |",
    ]


def _timed(articles: Sequence[Article], size: int, folder: Path, name: str) -> str:
    with _indexed(articles[:size], folder) as library:
        start = time.perf_counter()
        library.find_copies(anew=True)
        seconds = time.perf_counter() - start
    return f"| {name} | {size:,} | {seconds:.1f} s | {seconds / size * 1000:.2f} ms |"


def _whole(articles: Iterable[Article | Refusal]) -> list[Article]:
    return list({one.id: one for one in articles if isinstance(one, Article)}.values())


def _indexed(articles: Sequence[Article], folder: Path) -> Library:
    library = Library.open(folder, model=_Unread())
    with tqdm(total=len(articles), desc=f"{folder.name}, articles", disable=None) as bar:
        library.add(articles, progress=lambda read, _: bar.update(read))
    return library


def _relations(library: Library) -> dict[_Pair, str]:
    """Return what each two articles are to each other that are much the same."""
    found: dict[_Pair, str] = {}
    with library.view() as view:
        rows = [row for record in library.articles() if (row := view.article_row(record["id"])) is not None]
        for row in view.with_relatives(rows):
            for one in view.relatives(row).values():
                found[_Pair(*sorted((view.record(row)["id"], one.id)))] = one.kinship.value
    return found


def _texts(pair: _Pair, articles: Sequence[Article]) -> int:
    """Return how many texts two articles have between them."""
    return len({article.text for article in articles if article.id in pair})


def _judged() -> Iterable[tuple[_Pair, str]]:
    for line in (files(__package__) / "judged_copies.tsv").read_text(encoding="utf-8").splitlines():
        one, other, label = line.split("\t")
        yield _Pair(one, other), label

"""How an index bears growth: recall and time of the approximate dense ranking, and the time to add a little to a lot.

The passages are real: single sentences of news articles, embedded below their titles as any passage is. Where there are too few of
them, variations follow: halves of two sentences joined, whose vectors are mixed from theirs with some noise, so that they lie
among the real ones as near-duplicates and quotations do. The queries are real questions. Knows nothing of the command line.
"""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from index import Article, Library, Refusal, SentenceTransformerEmbedder

from ..timing import WARM_UP, laps, percentiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from index import Embedder, View

    from ..collections import Collection

#: So many passages are real at most: to embed each is what takes time.
REAL = 100_000

#: Questions that are timed at each size, after those that warm the process up.
QUESTIONS = 300

#: So much of a variation's vector is its first sentence's, the rest its second's, before noise of this length is added.
_MIXED, _NOISE = (0.5, 0.8), 0.4

#: Variations that one article is made of.
_VARIATIONS_AN_ARTICLE = 50


class SentencePassages:
    """An `Embedder` that makes every sentence a passage of its own, and knows the vectors of variations beforehand.

    `seconds` is how long the model itself took.
    """

    def __init__(self, model: Embedder) -> None:
        """Embed with `model`."""
        self._model = model
        self._known: dict[str, NDArray[np.float32]] = {}
        self.name, self.sha256, self.dimension = model.name, model.sha256, model.dimension
        self.max_tokens = 1_000_000
        self.seconds = 0.0

    def embed_documents(self, texts: Sequence[str], *, done: Callable[[int], object] = lambda _: None) -> NDArray[np.float32]:
        """Return one unit vector a text, (n, dimension)."""
        vectors = np.empty((len(texts), self.dimension), np.float32)
        words = [text.partition("\n")[2] for text in texts]
        new = [n for n, word in enumerate(words) if word not in self._known]
        started = time.perf_counter()
        vectors[new] = self._model.embed_documents([texts[n] for n in new], done=done)
        self.seconds += time.perf_counter() - started
        for n, word in enumerate(words):
            if word in self._known:
                vectors[n] = self._known[word]
        return vectors

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Return the unit vector of a query, (dimension,)."""
        return self._model.embed_query(text)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count so many that no two sentences fit into one passage."""
        return [200] * len(texts)

    def know(self, vectors: dict[str, NDArray[np.float32]]) -> None:
        """Give these texts these vectors from now on, and forget those known before."""
        self._known = vectors


def growth_rows(collection: Collection, folder: Path, sizes: Sequence[int]) -> Iterator[str]:
    """Yield a row of a table for each size, ascending: recall and times of the dense ranking, and of adding ten articles."""
    embedder = SentencePassages(SentenceTransformerEmbedder())
    articles = (article for article in collection.articles() if not isinstance(article, Refusal))
    questions = [question.text for question in collection.questions[: QUESTIONS + WARM_UP]]
    with Library.open(folder / f"{collection.name}-sentences", model=embedder) as library:
        later = list(itertools.islice(articles, 10 * len(sizes)))  # what is added to each size, and measured
        for turn, size in enumerate(sizes):
            real = _fill(library, embedder, articles, size)
            with library.view() as view:
                found = _searched(view, questions)
            added = _added(library, embedder, later[10 * turn : 10 * turn + 10])
            yield f"| {library.counts()[1]:,} ({real:,} real) | {found} | {added:.2f} s |"


def _fill(library: Library, embedder: SentencePassages, articles: Iterable[Article], size: int) -> int:
    """Bring the library to `size` passages, with real ones up to `REAL` and while there are any; return how many are real."""
    with tqdm(total=size, initial=library.counts()[1], desc="passages", disable=None) as bar:
        known = {record["id"] for record in library.articles()}
        new = (article for article in articles if article.id not in known)
        while library.counts()[1] < min(size, REAL) and (some := list(itertools.islice(new, 25))):
            library.add(some)
            bar.update(library.counts()[1] - bar.n)
        real = sum(int(record["passages"]) for record in library.articles() if not record["id"].startswith("variation-"))
        while library.counts()[1] < size:
            library.add(_variations(library, embedder, size - library.counts()[1]))
            bar.update(library.counts()[1] - bar.n)
    return real


def _variations(library: Library, embedder: SentencePassages, wanted: int) -> list[Article]:
    """Return articles of variations, at most 20,000 passages, whose vectors `embedder` knows from here on."""
    chance = np.random.default_rng(library.counts()[1])
    with library.view() as view:
        rows = np.sort(chance.choice(view.store.live_rows(), min(wanted, 20_000), replace=False))
        texts = [view.store.passage_text(passage) for passage in view.passages(rows.tolist())]
        vectors = view.vectors(rows.tolist())
    other = np.clip(np.arange(rows.size) + chance.integers(1, 4, rows.size), 0, rows.size - 1)
    share = chance.uniform(*_MIXED, (rows.size, 1))
    noise = chance.standard_normal(vectors.shape) * (_NOISE / np.sqrt(vectors.shape[1]))
    mixed = share * vectors + (1 - share) * vectors[other] + noise
    mixed = (mixed / np.linalg.norm(mixed, axis=1, keepdims=True)).astype(np.float32)
    lines = [_joined(texts[n], texts[other[n]], n) for n in range(rows.size)]
    embedder.know(dict(zip(lines, mixed, strict=True)))
    start = library.counts()[0]
    return [
        Article(id=f"variation-{start}-{n}", text="\n".join(lines[n : n + _VARIATIONS_AN_ARTICLE]), title="Variation")
        for n in range(0, len(lines), _VARIATIONS_AN_ARTICLE)
    ]


def _joined(one: str, other: str, n: int) -> str:
    """Return the first half of one sentence and the second of another as a sentence of its own, `n` to tell it from others."""
    first, second = one.split(), other.split()
    words = [*first[: len(first) // 2 + 1], *second[len(second) // 2 :]]
    return f"Variation {n} {' '.join(word.strip('.!?') for word in words)}."


def _searched(view: View, questions: Sequence[str]) -> str:
    """Return recall@10 of the dense ranking and its p50, beside that of exact search by FAISS, as cells of a table."""
    import faiss

    rows = view.store.live_rows()
    flat = faiss.IndexFlatIP(view.vectors(rows[:1].tolist()).shape[1])
    for start in range(0, rows.size, 20_000):
        flat.add(view.vectors(rows[start : start + 20_000].tolist()))
    queries = [view.embed_query(question) for question in questions]
    found: list[NDArray[np.float32]] = []
    nearest: list[NDArray[np.float32]] = []
    # One after the other, never by turns: threads of the one would still spin while the other is timed.
    ours, _ = percentiles(laps(lambda query: found.append(view.dense(query, 10).scores), tqdm(queries, desc="questions", disable=None)))
    exact, _ = percentiles(laps(lambda query: nearest.append(flat.search(query[None, :], 10)[0][0]), queries))
    recall = np.mean(
        [np.mean(scores >= best[-1] - 1e-6) for scores, best in zip(found, nearest, strict=True)]
    )  # by score: vectors may be equal
    kind = "approximate" if view.approximate else "exact"
    return f"{kind} | {recall:.4f} | {ours:.2f} ms | {exact:.2f} ms"


def _added(library: Library, embedder: SentencePassages, articles: Sequence[Article]) -> float:
    """Return the seconds that adding `articles` takes beyond embedding them, and take them out again."""
    before, started = embedder.seconds, time.perf_counter()
    library.add(articles)
    seconds = time.perf_counter() - started - (embedder.seconds - before)
    library.remove(*(article.id for article in articles))
    return seconds

"""One generation of an index, ready to be searched: the pinned store and the derived indexes fitted to it.

This is the seam under retrieval: whatever keeps the articles (here SQLite, FAISS and tantivy) answers these calls. Knows
nothing of how the two rankings are combined.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any, NamedTuple

from .relatives import latest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from .article import Article, Span
    from .dense import Ranked
    from .embed import Embedder
    from .lexical import LexicalIndex
    from .nearest import DenseView
    from .relatives import Relative
    from .remembered import RememberedVectors
    from .snapshot import ArticleFilter, Snapshot, StoredPassage


class Selection(NamedTuple):
    """A filter resolved at one generation: the article rows and the passage rows that pass, both ascending."""

    articles: list[int]
    passages: NDArray[np.int64]


class View:
    """What can be asked of one generation. Every score is raw: higher is more relevant, comparable within one query only."""

    def __init__(
        self,
        store: Snapshot,
        dense: DenseView,
        lexical: LexicalIndex,
        embedder: Callable[[], Embedder],
        sentences: RememberedVectors,
    ) -> None:
        """Join the parts; `Library.view` does this."""
        self.store = store
        self._embedder = embedder
        self._dense = dense
        self._lexical = lexical
        self._last_row = store.last_row()
        self._articles: dict[int, Article] = {}
        self._queries: dict[str, NDArray[np.float32]] = {}
        self._vectors = sentences
        self._sentences: dict[int, list[Span]] = {}
        self._copies: dict[int, dict[int, str]] = {}
        self._relatives: dict[int, dict[int, Relative]] = {}
        self._records: dict[int, dict[str, Any]] = {}

    @property
    def generation(self) -> int:
        """Return the generation that is pinned."""
        return self.store.generation

    @property
    def approximate(self) -> bool:
        """Say whether `dense` may miss some of the nearest passages; under a filter it never does."""
        return self._dense.index is not None and self._dense.index.approximate

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Return the unit vector of a query, (dimension,); kept for the length of the view."""
        if text not in self._queries:
            self._queries[text] = self._embedder().embed_query(text)
        return self._queries[text]

    def embed_sentences(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the unit vectors of sentences, (n, dimension); those asked for lately, in any view of the library, are known."""
        return self._vectors.of(texts, lambda new: self._embedder().embed_documents(new))

    def select(self, only: ArticleFilter) -> Selection | None:
        """Resolve a filter; None when it excludes nothing."""
        if not only:
            return None
        articles = self.store.article_rows(only)
        return Selection(articles, self.store.passage_rows(articles))

    def dense(self, query: NDArray[np.float32], k: int, only: Selection | None = None) -> Ranked:
        """Return the `k` passages of the highest cosine with the query vector: exactly, unless `approximate`; the cosines always are."""
        return self._dense.search(query, k, only=only.passages if only else None)

    def dense_scores(self, query: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the exact cosine of each passage with the query vector."""
        return self._dense.scores(query, rows)

    def lexical(self, query: str, k: int, only: Selection | None = None) -> Ranked:
        """Return the `k` passages of the highest BM25 for the words of `query`; passages with none of them are absent."""
        return self._lexical.search(
            query, k, articles=only.articles if only else None, without=self._dense.coverage.removed, last_row=self._last_row
        )

    def lexical_scores(self, query: str, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the BM25 of each passage for the words of `query`; 0 where none occurs."""
        return self._lexical.scores(query, rows)

    def terms(self, text: str) -> list[str]:
        """Return the words of `text` in order, as they are indexed: lower case, unaccented, stemmed."""
        return self._lexical.terms(text)

    def idf(self, terms: Iterable[str]) -> dict[str, float]:
        """Return how rare each term is in the articles, in nats; higher is rarer."""
        return self._lexical.idf(terms)

    def passages(self, rows: Sequence[int]) -> list[StoredPassage]:
        """Return the passages of `rows`, in that order."""
        return self.store.passages(rows)

    def article_row(self, article_id: str) -> int | None:
        """Return the row of an article; None when there is none of that id."""
        return self.store.article_row(article_id)

    def article_passages(self, article: int) -> list[StoredPassage]:
        """Return the passages of an article, in order."""
        return self.store.article_passages(article)

    def ordinal_at(self, article: int, offset: int) -> int:
        """Return the place, in its article, of the passage around a character; the nearest before it when none is."""
        starts = [passage.start for passage in self.store.article_passages(article)]
        return max(0, bisect_right(starts, offset) - 1)

    def passage_text(self, passage: StoredPassage) -> str:
        """Return the words of a passage, from its article's verified text."""
        return self.article(passage.article).text[passage.start : passage.end]

    def copies(self, row: int) -> dict[int, str]:
        """Return the rows and ids of the other articles with exactly the same text, by id; kept for the length of the view."""
        if row not in self._copies:
            self._copies[row] = self.store.copies(row)
        return self._copies[row]

    def relatives(self, row: int) -> dict[int, Relative]:
        """Return the other articles of much the same text, by row: copies, versions and excerpts; kept for the length of the view."""
        if row not in self._relatives:
            self._relatives[row] = {one.row: one for one in self.store.relatives(row)}
        return self._relatives[row]

    def with_relatives(self, rows: Iterable[int]) -> set[int]:
        """Return which articles have copies, versions or excerpts."""
        return self.store.with_relatives(rows)

    def one_story(self, row: int, other: int) -> bool:
        """Say whether two articles are one, or one is a copy, a version or an excerpt of the other: they bear out nothing twice."""
        return row == other or other in self.relatives(row)

    def superseded_by(self, row: int) -> str | None:
        """Return the id of the latest version of an article; None where there is no later one."""
        found = latest(row, lambda each: self.relatives(each).values())
        return found.id if found else None

    def counts(self) -> tuple[int, int]:
        """Return how many articles and how many passages there are."""
        return self.store.counts()

    def vectors(self, rows: Sequence[int]) -> NDArray[np.float32]:
        """Return the vectors of the passages of `rows`, (n, dimension), in that order."""
        return self.store.vectors(rows)

    def article(self, row: int) -> Article:
        """Return an article, its text verified; kept for the length of the view."""
        if row not in self._articles:
            self._articles[row] = self.store.article(row)
        return self._articles[row]

    def record(self, row: int) -> dict[str, Any]:
        """Return everything but the text of an article; kept for the length of the view."""
        if row not in self._records:
            self._records[row] = self.store.record(row)
        return self._records[row]

    def sentences(self, row: int) -> list[Span]:
        """Return the sentences of an article, in order; kept for the length of the view."""
        if row not in self._sentences:
            self._sentences[row] = self.store.sentences(row)
        return self._sentences[row]

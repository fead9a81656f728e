"""Passages by their words: BM25 over a tantivy index derived from the store.

The index only ever grows; rows removed since it was built are left out while searching. A query is a bag of words and is
never parsed as query syntax. BM25 as in Robertson & Zaragoza, "The Probabilistic Relevance Framework" (2009), k1 = 1.2,
b = 0.75. Knows nothing of vectors.
"""

from __future__ import annotations

import math
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from .dense import Ranked, best
from .durable import Stamp, sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from tantivy import Index, Query, Schema, Searcher, TextAnalyzer

    Rows = NDArray[np.int64]
    Scores = NDArray[np.float32]

#: A query's rarest words are searched, at most so many: a pasted page is a query too.
MAX_WORDS = 64

#: Words beyond this are not indexed: no one searches for them, and they are mostly encoded data.
_MAX_WORD_CHARACTERS = 80

#: Of a longer query only the beginning is read.
_MAX_QUERY = 200_000

_MEMORY = 64_000_000


class LexicalIndex:
    """The tantivy index in one folder, as of its newest commit. Safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        """Open the index at `folder`, whose files have been verified; raises ValueError when tantivy cannot read it."""
        from tantivy import Index

        self.folder = folder
        self._index = Index.open(str(folder))
        self._index.config_reader(reload_policy="manual")  # else a thread of tantivy's own watches the folder
        _register(self._index)
        self._searcher = self._index.searcher()
        self._last_row = _newest_row(self._searcher)

    @classmethod
    def create(cls, folder: Path) -> LexicalIndex:
        """Make an empty index at `folder`."""
        from tantivy import Index

        folder.mkdir(parents=True, exist_ok=True)
        Index(_schema(), path=str(folder), reuse=False)
        return cls(folder)

    def append(self, passages: Iterable[tuple[int, int, str]]) -> None:
        """Add (row, article row, text) in one commit, on disk when this returns."""
        from tantivy import Document

        writer = self._index.writer(_MEMORY, 1)  # one thread: the same passages make the same segments
        for row, article, text in passages:
            document = Document()
            document.add_unsigned("row", row)
            document.add_unsigned("article", article)
            document.add_text("text", text)
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        sync_folder(self.folder)
        self._index.reload()
        self._searcher = self._index.searcher()
        self._last_row = _newest_row(self._searcher)

    def stamps(self, known: Mapping[str, Stamp] = MappingProxyType({})) -> dict[str, Stamp]:
        """Return the stamp of every file of the index; a file that is as it is `known` to be is not hashed again."""
        passing = set(remains(self.folder))
        paths = [path for path in sorted(self.folder.iterdir()) if not path.name.endswith(".lock") and path not in passing]
        return {path.name: Stamp.of(path, known=known.get(path.name)) for path in paths}

    @property
    def size(self) -> int:
        """Return how many passages are in the index, removed ones included."""
        return int(self._searcher.num_docs)

    def words(self, query: str) -> list[str]:
        """Return the distinct words of `query` that occur in the index, as indexed, rarest first, at most `MAX_WORDS`."""
        distinct = dict.fromkeys(_analyzer().analyze(query[:_MAX_QUERY]))
        counted = [(self._searcher.doc_freq("text", word), word) for word in distinct]
        return [word for count, word in sorted(counted) if count][:MAX_WORDS]

    def terms(self, text: str) -> list[str]:
        """Return the words of `text` in order, as they are indexed: lower case, unaccented, stemmed."""
        return list(_analyzer().analyze(text))

    def idf(self, terms: Iterable[str]) -> dict[str, float]:
        """Return how rare each term is, in nats, as BM25 weighs it; a term that never occurs is the rarest."""
        whole = self.size
        counts = {term: self._searcher.doc_freq("text", term) for term in dict.fromkeys(terms)}
        return {term: math.log(1 + (whole - count + 0.5) / (count + 0.5)) for term, count in counts.items()}

    def search(self, query: str, k: int, *, articles: Sequence[int] | None, without: Rows, last_row: int) -> Ranked:
        """Return the `k` passages of the highest BM25.

        `articles` holds the article rows that may be found, all when None; rows in `without` or above `last_row` are not found.
        """
        conditions = [] if articles is None else [_must(_any_of("article", articles))]
        words = self.words(query)
        hidden = without.size > 0 or last_row < self._last_row
        depth = k + k // 8 + 8 if hidden else k
        while True:  # leaving hits out is many times faster than a condition on rows
            found = self._ranked(words, conditions, depth)
            kept = (found.rows <= last_row) & ~_among(found.rows, without)
            if not hidden or kept.sum() >= k or found.rows.size < depth:
                return Ranked(found.rows[kept][:k], found.scores[kept][:k])
            depth *= 2

    def scores(self, query: str, rows: Rows) -> Scores:
        """Return the BM25 of each of `rows`; 0 for one that has none of the words."""
        ranked = self._ranked(self.words(query), [_must(_any_of("row", rows.tolist()))], rows.size)
        found = dict(zip(ranked.rows.tolist(), ranked.scores.tolist(), strict=True))
        return np.array([found.get(row, 0.0) for row in rows.tolist()], np.float32)

    def _ranked(self, words: Sequence[str], conditions: list[tuple[object, Query]], k: int) -> Ranked:
        from tantivy import Occur, Query

        if not words or k < 1:
            return Ranked(np.zeros(0, np.int64), np.zeros(0, np.float32))
        terms = Query.boolean_query([(Occur.Should, Query.term_query(_schema(), "text", word, "freq")) for word in words])
        query = Query.boolean_query([(Occur.Must, terms), *conditions]) if conditions else terms  # type: ignore[list-item]  # its stub has no pair type
        hits = self._searcher.search(query, min(k, max(1, self.size)), count=False).hits
        rows = self._searcher.fast_field_values("row", [address for _, address in hits])
        return best(np.array(rows, np.int64), np.array([score for score, _ in hits], np.float32), k)


def _newest_row(searcher: Searcher) -> int:
    from tantivy import Order, Query

    hits = searcher.search(Query.all_query(), 1, count=False, order_by_field="row", order=Order.Desc).hits
    return int(hits[0][0]) if hits else 0


def remains(folder: Path) -> list[Path]:
    """Return what tantivy was writing in `folder` when it was stopped: files that have not taken their names."""
    return list(folder.glob(".tmp*"))


def readable(folder: Path, files: Mapping[str, Stamp], *, full: bool = False) -> bool:
    """Say whether every file of the index is as it was written; tantivy itself loads most flipped bits silently."""
    return bool(files) and all(stamp.holds(folder / name, full=full) for name, stamp in files.items())


def _must(query: Query) -> tuple[object, Query]:
    from tantivy import Occur
    from tantivy import Query as Queries

    return (Occur.Must, Queries.const_score_query(query, 0.0))  # a condition adds nothing to the score


def _any_of(field: str, values: Sequence[int]) -> Query:
    from tantivy import Query

    return Query.term_set_query(_schema(), field, list(values))


def _among(rows: Rows, of: Rows) -> NDArray[np.bool_]:
    """Say of each of `rows` whether it is one `of` those, ascending, which may be many."""
    if not of.size:
        return np.zeros(rows.size, bool)
    return np.asarray(of[np.minimum(np.searchsorted(of, rows), of.size - 1)] == rows)


@cache
def _schema() -> Schema:
    from tantivy import SchemaBuilder

    builder = SchemaBuilder()
    builder.add_unsigned_field("row", indexed=True, fast=True)
    builder.add_unsigned_field("article", indexed=True)
    builder.add_text_field("text", tokenizer_name="words", index_option="freq")
    return builder.build()


@cache
def _analyzer() -> TextAnalyzer:
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

    builder = TextAnalyzerBuilder(Tokenizer.simple())
    for step in (Filter.remove_long(_MAX_WORD_CHARACTERS), Filter.lowercase(), Filter.ascii_fold(), Filter.stemmer("english")):
        builder = builder.filter(step)
    return builder.build()


def _register(index: Index) -> None:
    index.register_tokenizer("words", _analyzer())

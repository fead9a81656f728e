"""An index as LangChain knows it: a retriever and a vector store; embedding models stand in `embeddings`.

A LangChain `Document` is an article of exactly one passage: it is embedded as it stands, and it comes back with its id, its text and
its metadata as they were given. Importing this module imports LangChain's core; the face loads it only when asked for. Knows nothing
of models that write.
"""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Mapping
from contextlib import ExitStack
from copy import deepcopy
from functools import partial
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

import numpy as np
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables.config import run_in_executor
from langchain_core.vectorstores import VectorStore

from index import Article, ArticleError, ArticleFilter, AssayError, Library, parse_date, title_of, unkept

from .embeddings import AssayEmbeddings, LangChainEmbedder, of_length_one
from .question import storable
from .retrieve import Retriever

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
    from langchain_core.embeddings import Embeddings
    from numpy.typing import NDArray

    from index import StoredPassage, View

    Vectors = NDArray[np.float32]


class AdapterError(AssayError, ValueError):
    """LangChain asked for what an index does not do."""


# --- retriever --------------------------------------------------------------------------------------------------------


class AssayRetriever(BaseRetriever):
    """The search that answers are made from, words and vectors fused and copies shown once, as a LangChain retriever.

    A Document of an article holds exactly the characters `[start_index, end_index)` of its text, and is called by its passage. Its
    metadata are `article_id`, `passage_id`, `title`, `source`, `authors`, `published`, `url`, `start_index`, `end_index`, `score`
    (comparable within one query only, higher is better), `rank` (from 1) and `also_in` (ids of articles with a copy), and what else
    came with the article; where that has one of these names, ours stands, since they say where the quotation is from. What was added
    as a LangChain Document comes back as it was given, nothing added: its id is the article's, its text the whole article.

    `k` and `filter` can be given anew with each call: `retriever.invoke("gallium", k=2, filter={"after": "2024"})`.
    """

    library: Library
    k: int = 4
    """How many Documents are returned at most."""
    filter: Any = None
    """An `ArticleFilter`, or a mapping of `source`, `author`, `language`, `ids` (each one or several), `after`, `before`."""

    def model_post_init(self, _: Any, /) -> None:
        """Read the filter; raises `AdapterError` when it is none."""
        self.filter = _only(self.filter)

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002  # LangChain gives it
        k: int | None = None,
        filter: Any = None,
    ) -> list[Document]:
        only = self.filter if filter is None else _only(filter)
        with self.library.view() as view:
            found = Retriever(self.library).retrieve(view, storable(query), self.k if k is None else k, only=only)
            return [_document(view, one.passage, score=one.hit.score, rank=one.hit.rank, also_in=list(one.hit.also_in)) for one in found]

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun, **kwargs: Any
    ) -> list[Document]:
        search = partial(self._get_relevant_documents, run_manager=run_manager.get_sync(), **kwargs)
        return await run_in_executor(None, search, query)


# --- vector store -----------------------------------------------------------------------------------------------------


class AssayVectorStore(VectorStore):
    """A library as a LangChain vector store. Safe to share between threads; what it was given is on disk when a call returns.

    Its similarity is the cosine of the query's vector with the passages', computed exactly: higher is more similar. Copies are not
    collapsed. (Which are nearest is found approximately in an index so large that looking at all takes long.) For the search that our
    answers are made from take `AssayRetriever`. Articles that were added otherwise (`assay add`) are found too, as the Documents of
    their passages. `filter` is an `ArticleFilter`, or a mapping of `source`, `author`, `language`,
    `ids` (one or several), `after` and `before` (dates); a Document's `source` and `published` (or `date`) are read from its metadata.
    """

    def __init__(self, library: Library) -> None:
        """Keep Documents in `library`; `Library.open(folder, model=LangChainEmbedder(…))` opens one on LangChain's embeddings."""
        self.library = library

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        folder: str | Path | None = None,
        **kwargs: Any,
    ) -> Self:
        """Open or make the index in `folder` and add texts to it; without `folder` it goes away with the store and its library.

        Close the `library` when you are done. Raises `MismatchError` when the index was made with another model, and whatever
        `add_texts` raises.
        """
        _no_more(kwargs)
        model = embedding.embedder if isinstance(embedding, AssayEmbeddings) else LangChainEmbedder(embedding)
        passing = None if folder else mkdtemp(prefix="assay-")
        with ExitStack() as undo:
            if passing:
                undo.callback(shutil.rmtree, passing, ignore_errors=True)
            library = undo.enter_context(Library.open(folder or str(passing), model=model))
            store = cls(library)
            store.add_texts(texts, metadatas, ids=ids)
            undo.pop_all()
        if passing:
            weakref.finalize(library, shutil.rmtree, passing, ignore_errors=True)
        return store

    @property
    def embeddings(self) -> Embeddings:
        """Return the index's embedding model."""
        embedder = self.library.embedder
        return embedder.embeddings if isinstance(embedder, LangChainEmbedder) else AssayEmbeddings(embedder)

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Add texts, or replace those of the same ids; return the ids, made where none are given. The same again changes nothing.

        All are checked before any is added: raises `ArticleError`, a ValueError, for a text without words, an id with white space,
        or metadata that JSON would not give back as they are. Of an id that is given twice, the last stands. What the model raises
        on the way, it raises; what was committed before stays, and adding the same again goes on from there.
        """
        _no_more({key: value for key, value in kwargs.items() if key != "batch_size"})  # LangChain's `index` gives one; ours is its own
        given = list(texts)
        for what, values in (("metadatas", metadatas), ("ids", ids)):
            if values and len(values) != len(given):
                raise AdapterError(f"expected as many {what} as texts, found {len(values)} for {len(given)}")
        names = [name or str(uuid4()) for name in ids or [""] * len(given)]
        articles: dict[str, Article] = {}
        for n, (name, text, metadata) in enumerate(zip(names, given, metadatas or [{}] * len(given), strict=True), 1):
            try:
                articles[name] = _article(name, text, metadata or {})
            except ArticleError as error:
                raise ArticleError(f"text {n} of {len(given)}, {name[:60]!r}: {error}; none was added") from error
        self.library.add(list(articles.values()))
        return names

    def delete(self, ids: list[str] | None = None, **kwargs: Any) -> bool:
        """Delete articles by id, every article when `ids` is None; ids that are not there are no error.

        Raises `AdapterError` for the id of one passage among several of its article: a passage goes with its article.
        """
        _no_more(kwargs)
        known = {record["id"] for record in self.library.articles(ArticleFilter(ids=None if ids is None else tuple(ids)))}
        part = next(iter(self.get_by_ids([name for name in ids or () if name not in known])), None)
        if part is not None:
            raise AdapterError(f"{part.id!r} is a passage; delete its article, {part.metadata['article_id']!r}")
        if known:
            self.library.remove(*known, missing_ok=True)  # another may have deleted some of them meanwhile
        return True

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Return the Documents of these ids, in their order, each once; ids that are not there are left out."""
        wanted = dict.fromkeys(ids)
        articles = tuple({part for name in wanted for part in (name, name.rpartition(":")[0])})
        found: dict[str, Document] = {}
        with self.library.view() as view:
            selection = view.select(ArticleFilter(ids=articles))
            for passage in view.passages(selection.passages.tolist() if selection else []):
                name, whole = _name(view, passage)
                if name in wanted and (whole or name not in found):
                    found[name] = _document(view, passage)
        return [found[name] for name in wanted if name in found]

    def similarity_search(self, query: str, k: int = 4, *, filter: Any = None, **kwargs: Any) -> list[Document]:
        """Return the `k` Documents nearest to `query`, nearest first."""
        return [document for document, _ in self.similarity_search_with_score(query, k, filter=filter, **kwargs)]

    def similarity_search_with_score(
        self,
        query: str,
        k: int = 4,
        *,
        filter: Any = None,
        **kwargs: Any,
    ) -> list[tuple[Document, float]]:
        """Return the `k` Documents nearest to `query` with their cosine, -1 to 1, highest first."""
        _no_more(kwargs)
        return self._nearest(self.library.embedder.embed_query(storable(query)), k, filter)

    def similarity_search_by_vector(self, embedding: list[float], k: int = 4, *, filter: Any = None, **kwargs: Any) -> list[Document]:
        """Return the `k` Documents nearest to a vector of whatever length; raises `AdapterError` when it is none of this index."""
        _no_more(kwargs)
        return [document for document, _ in self._nearest(self._query(embedding), k, filter)]

    def max_marginal_relevance_search(
        self,
        query: str,
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        *,
        filter: Any = None,
        **kwargs: Any,
    ) -> list[Document]:
        """Return `k` of the `fetch_k` Documents nearest to `query`, chosen to differ; see `max_marginal_relevance_search_by_vector`."""
        _no_more(kwargs)
        return self._diverse(self.library.embedder.embed_query(storable(query)), k, fetch_k, lambda_mult, filter)

    def max_marginal_relevance_search_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        *,
        filter: Any = None,
        **kwargs: Any,
    ) -> list[Document]:
        """Return `k` of the `fetch_k` Documents nearest to a vector, chosen one by one.

        The nearest comes first; then, each time, the highest `lambda_mult * its cosine with the query - (1 - lambda_mult) * its
        highest cosine with one chosen before` (Carbonell & Goldstein, "The use of MMR", 1998).
        """
        _no_more(kwargs)
        return self._diverse(self._query(embedding), k, fetch_k, lambda_mult, filter)

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        """Return what maps a cosine to a relevance from 0 (opposite) over 0.5 (nothing in common) to 1 (the same)."""
        return lambda cosine: min(max((1 + cosine) / 2, 0.0), 1.0)

    def _query(self, embedding: Sequence[float]) -> Vectors:
        dimension = int(self.library.settings()["dimension"])
        vector = of_length_one(embedding, (dimension,))
        if vector is None:
            raise AdapterError(f"expected a vector of {dimension} finite numbers, not all of them 0, found another")
        return vector

    def _nearest(self, vector: Vectors, k: int, among: Any) -> list[tuple[Document, float]]:
        with self.library.view() as view:
            ranked = view.dense(vector, k, view.select(_only(among)))
            passages = view.passages(ranked.rows.tolist())
            return [(_document(view, passage), score) for passage, score in zip(passages, ranked.scores.tolist(), strict=True)]

    def _diverse(self, vector: Vectors, k: int, fetch_k: int, weight: float, among: Any) -> list[Document]:
        with self.library.view() as view:
            ranked = view.dense(vector, fetch_k, view.select(_only(among)))
            rows = ranked.rows.tolist()
            chosen = _marginal(ranked.scores, view.vectors(rows), k, weight)
            return [_document(view, passage) for passage in view.passages([rows[i] for i in chosen])]


def _marginal(relevance: Vectors, vectors: Vectors, k: int, weight: float) -> list[int]:
    """Return the places of the `k` that maximal marginal relevance chooses; `relevance` is of the highest first."""
    chosen: list[int] = []
    redundancy = np.zeros(relevance.size, np.float32)
    for _ in range(min(k, relevance.size)):
        worth = weight * relevance - (1 - weight) * redundancy
        worth[chosen] = -np.inf
        place = int(worth.argmax())
        alike = vectors @ vectors[place]
        redundancy = np.maximum(redundancy, alike) if chosen else alike
        chosen.append(place)
    return chosen


# --- Documents and articles -------------------------------------------------------------------------------------------


def _article(name: str, text: str, metadata: dict[str, Any]) -> Article:
    """Return the article that a Document is; raises `ArticleError` when it would not come back as it is given."""
    found = unkept(metadata, finite=True)
    if found:
        raise ArticleError(f"expected metadata that JSON can hold, found {found}")
    said = {key: value for key, value in metadata.items() if isinstance(value, str) and value.strip()}
    published = said.get("published", said.get("date"))
    return Article(
        id=name,
        text=text,
        title=title_of(text, given=said.get("title")),
        source=said.get("source"),
        published=parse_date(published),
        published_raw=published,
        url=said.get("url"),
        metadata=metadata,
        whole=True,
    )


def _document(view: View, passage: StoredPassage, **found: Any) -> Document:
    """Return the Document of a passage: as it was given, or its words with what is known of where they stand, and what was `found`."""
    article, (name, whole) = view.article(passage.article), _name(view, passage)
    metadata = deepcopy(dict(article.metadata))
    if not whole:
        metadata |= {
            "article_id": article.id,
            "passage_id": name,
            "title": article.title,
            "source": article.source,
            "authors": list(article.authors),
            "published": article.published,
            "url": article.url,
            "start_index": passage.start,
            "end_index": passage.end,
            **found,
        }
    return Document(id=name, page_content=article.text[passage.start : passage.end], metadata=metadata)


def _name(view: View, passage: StoredPassage) -> tuple[str, bool]:
    """Return the id of a passage's Document, and whether it was given as one."""
    record = view.record(passage.article)
    whole = bool(record.get("whole"))
    return (record["id"] if whole else f"{record['id']}:{passage.ordinal}"), whole


def _only(given: Any) -> ArticleFilter:
    """Read a filter; raises `AdapterError` when it is none."""
    if given is None or isinstance(given, ArticleFilter):
        return given or ArticleFilter()
    odd = next((name for name in given if name not in _FILTERS), None) if isinstance(given, Mapping) else given
    if odd is not None:
        raise AdapterError(f"expected a filter by source, author, language, after, before or ids, found {odd!r}")
    return ArticleFilter(
        sources=_several(given, "source"),
        after=_date(given, "after"),
        before=_date(given, "before"),
        ids=_several(given, "ids"),
        authors=_several(given, "author"),
        languages=_several(given, "language"),
    )


_FILTERS = ("source", "author", "language", "after", "before", "ids")


def _several(given: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    value = given.get(name)
    values = (value,) if isinstance(value, str) else value
    if values is not None and not (isinstance(values, list | tuple) and all(isinstance(one, str) for one in values)):
        raise AdapterError(f"expected one or several strings as {name!r} of a filter, found {value!r}")
    return None if values is None else tuple(values)


def _date(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    date = parse_date(value) if isinstance(value, str) else None
    if value is not None and date is None:
        raise AdapterError(f"expected a date such as 2023-04-21 as {name!r} of a filter, found {value!r}")
    return date


def _no_more(kwargs: Mapping[str, Any]) -> None:
    """Refuse what would be ignored: a filter that is misspelt excludes nothing."""
    if kwargs:
        raise AdapterError(f"expected no argument {next(iter(kwargs))!r}; a filter is given as `filter`")

"""The peer, as a process of its own: the stock LangChain pipeline, as its documentation shows it; `python -m eval.bench.stock VERB …`.

`RecursiveCharacterTextSplitter` (1000 characters, 200 of overlap) → `HuggingFaceEmbeddings` → `FAISS.from_documents` → `save_local`;
then `load_local` → a retriever of 10. The only importer of LangChain's packages in this room. Knows nothing of our side but how
articles are read, and that the tokens of its pieces are counted as ours are, when time no longer counts.
"""

from __future__ import annotations

import sys
import time
import warnings
from typing import TYPE_CHECKING, Any

from .sides import TOP, Articles, best_articles, questions, serve, token_sums

if TYPE_CHECKING:
    from argparse import Namespace
    from pathlib import Path

CHUNK_SIZE, CHUNK_OVERLAP = 1000, 200


def ready(arguments: Namespace) -> dict[str, Any]:
    """Load the model once."""
    return {"dimension": len(_embeddings(arguments.model).embed_query("warm-up"))}


def ingest(arguments: Namespace) -> dict[str, Any]:
    """Add articles: from their rows until `save_local` is done. Imports and the model's loading are not timed."""
    from langchain_core.documents import Document
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    from ..timing import peak_memory

    stores = _stores()
    embeddings = _embeddings(arguments.model)
    embeddings.embed_query("warm-up")
    store = _load(arguments.index, embeddings) if arguments.index.exists() else None
    articles = Articles(arguments.articles)
    start = time.perf_counter()
    documents = [Document(page_content=one.text, metadata={"id": one.id, "title": one.title, "source": one.source}) for one in articles]
    pieces = RecursiveCharacterTextSplitter(chunk_size=CHUNK_SIZE, chunk_overlap=CHUNK_OVERLAP).split_documents(documents)
    if store:
        store.add_documents(pieces)
    else:
        store = stores.from_documents(pieces, embeddings)
    store.save_local(str(arguments.index))
    seconds = time.perf_counter() - start
    counted = {"articles": articles.count, "text_bytes": articles.text_bytes, "passages": len(pieces)}
    figures = counted | {"seconds": seconds, "peak_bytes": peak_memory(), "refused": 0}
    return figures | token_sums(piece.page_content for piece in pieces)


def first(arguments: Namespace) -> dict[str, Any]:
    """Retrieve for one question: without a language model, the list is all the answer that there is."""
    retriever = _load(arguments.index, _embeddings(arguments.model)).as_retriever(search_kwargs={"k": TOP})
    return {"passages": [found.page_content for found in retriever.invoke(arguments.question)]}


def warm(arguments: Namespace) -> dict[str, Any]:
    """Time the second opening of the index, then retrievals, question by question."""
    from ..timing import laps, peak_memory

    embeddings = _embeddings(arguments.model)
    embeddings.embed_query("warm-up")
    _load(arguments.index, embeddings)  # the first opening imports what it needs
    start = time.perf_counter()
    store = _load(arguments.index, embeddings)
    open_ms = (time.perf_counter() - start) * 1000
    retriever = store.as_retriever(search_kwargs={"k": TOP})
    search_ms = laps(retriever.invoke, questions(arguments.questions).values())
    return {"open_ms": open_ms, "search_ms": search_ms, "peak_bytes": peak_memory()}


def rank(arguments: Namespace) -> dict[str, Any]:
    """Return the best articles for each question, by their best passage, searching as deep as that needs."""
    store = _load(arguments.index, _embeddings(arguments.model))
    return {"run": {query: _articles(store, text) for query, text in questions(arguments.questions).items()}}


def _articles(store: Any, text: str) -> list[tuple[str, float]]:
    depth = 4 * TOP
    while True:
        found = store.similarity_search_with_score(text, k=depth)
        best = best_articles((piece.metadata["id"], -float(distance)) for piece, distance in found)
        if len(best) >= TOP or len(found) < depth:
            return best
        depth *= 4


def _embeddings(model: Path) -> Any:
    from langchain_huggingface import HuggingFaceEmbeddings

    return HuggingFaceEmbeddings(model_name=str(model), model_kwargs={"device": "cpu"}, encode_kwargs={"normalize_embeddings": False})


def _stores() -> Any:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is being sunset", category=DeprecationWarning)
        from langchain_community.vectorstores import FAISS
    return FAISS


def _load(folder: Path, embeddings: Any) -> Any:
    """Load what this process's own user saved a moment ago: the pickle in it is ours."""
    return _stores().load_local(str(folder), embeddings, allow_dangerous_deserialization=True)


if __name__ == "__main__":
    sys.exit(serve({"ready": ready, "ingest": ingest, "first": first, "warm": warm, "rank": rank}))

"""Our side of the benchmark, as a process of its own: `python -m eval.bench.ours VERB …`. The first answer is `assay ask` itself.

Knows nothing of the other side, nor of what becomes of the figures.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from typing import IO, TYPE_CHECKING, Any

from index import Library, SentenceTransformerEmbedder

from ..timing import laps, peak_memory
from .sides import TOP, Articles, questions, serve, token_sums

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray


class _Noting:
    """The default embedder, noting every document that it embeds, so that their tokens can be counted when time no longer counts."""

    def __init__(self, noted: IO[str]) -> None:
        self._embedder = SentenceTransformerEmbedder()
        self._noted = noted
        self.name, self.sha256 = self._embedder.name, self._embedder.sha256
        self.dimension, self.max_tokens = self._embedder.dimension, self._embedder.max_tokens

    def embed_documents(self, texts: Sequence[str], *, done: Callable[[int], object] = lambda _: None) -> NDArray[np.float32]:
        self._noted.writelines(json.dumps(text) + "\n" for text in texts)
        return self._embedder.embed_documents(texts, done=done)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        return self._embedder.embed_query(text)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._embedder.count_tokens(texts)


def ready(_: Namespace) -> dict[str, Any]:
    """Convert the model where that was not done yet, and load it once."""
    return {"dimension": len(SentenceTransformerEmbedder().embed_query("warm-up"))}


def ingest(arguments: Namespace) -> dict[str, Any]:
    """Add articles: from their rows until they are on disk for good and published. Imports and the model's loading are not timed."""
    articles = Articles(arguments.articles)
    with tempfile.TemporaryFile("w+", encoding="utf-8") as noted:
        embedder = _Noting(noted)
        embedder.embed_query("warm-up")
        with Library.open(arguments.index, model=embedder) as library:
            before = library.counts()[1]
            start = time.perf_counter()
            report = library.add(articles)
            seconds = time.perf_counter() - start
            passages = library.counts()[1] - before
        memory = peak_memory()
        noted.seek(0)
        sums = token_sums(json.loads(line) for line in noted)
    refused = len(report.refused)
    return _ingested(articles, seconds, passages, memory) | sums | {"refused": refused}


def _ingested(articles: Articles, seconds: float, passages: int, memory: int) -> dict[str, Any]:
    counted = {"articles": articles.count, "text_bytes": articles.text_bytes, "passages": passages}
    return counted | {"seconds": seconds, "peak_bytes": memory}


def warm(arguments: Namespace) -> dict[str, Any]:
    """Time the second opening of the index, then searches and cited answers, question by question."""
    from rag import Pipeline, Retriever

    texts = list(questions(arguments.questions).values())
    SentenceTransformerEmbedder().embed_query("warm-up")
    with Library.open(arguments.index) as library, library.view():
        pass  # the first opening imports what it needs
    start = time.perf_counter()
    with Library.open(arguments.index) as library:
        with library.view():
            open_ms = (time.perf_counter() - start) * 1000
        retriever, pipeline = Retriever(library), Pipeline(library)
        answers: list[bool] = []
        search_ms = laps(lambda text: retriever.search(text, TOP), texts)
        ask_ms = laps(lambda text: answers.append(not pipeline.ask(text).abstained), texts)
    return {
        "open_ms": open_ms,
        "search_ms": search_ms,
        "ask_ms": ask_ms,
        "answered": sum(answers[-len(ask_ms) :]),
        "peak_bytes": peak_memory(),
    }


def rank(arguments: Namespace) -> dict[str, Any]:
    """Return the best articles for each question, by their best passage."""
    from rag import Retriever

    with Library.open(arguments.index) as library:
        retriever = Retriever(library)
        return {"run": {query: retriever.run(text, TOP) for query, text in questions(arguments.questions).items()}}


if __name__ == "__main__":
    sys.exit(serve({"ready": ready, "ingest": ingest, "warm": warm, "rank": rank}))

"""What the two sides of the benchmark share: the same command line, the same articles and questions in, the same JSON out.

Each side is a process of its own: `python -m eval.bench.ours VERB …`, `python -m eval.bench.stock VERB …`; the last line of stdout is
one JSON object. Light to import: a fresh process is timed with it. Knows neither side, nor what becomes of the figures.
"""

from __future__ import annotations

import argparse
import json
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from index import Article

    Verb = Callable[[argparse.Namespace], Mapping[str, Any]]

#: Passages that a search returns, and articles that a ranking is judged by.
TOP = 10


def serve(verbs: Mapping[str, Verb], argv: Sequence[str] | None = None) -> int:
    """Carry out the verb that the command line names and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", choices=verbs)
    parser.add_argument("--index", type=Path, help="the folder of the index")
    parser.add_argument("--model", type=Path, help="the folder of the embedding model")
    parser.add_argument("--articles", type=Path, help="articles to add, JSON lines")
    parser.add_argument("--questions", type=Path, help="questions, a JSON object of texts by id")
    parser.add_argument("--question", help="one question")
    arguments = parser.parse_args(argv)
    print(json.dumps(verbs[arguments.verb](arguments)))
    return 0


class Articles:
    """The articles in a file, to be gone through once; what was read so far can be asked."""

    def __init__(self, path: Path) -> None:
        """Read from `path`, which holds only rows that make an article."""
        self._path = path
        self.count = 0
        self.text_bytes = 0
        """Of the texts in UTF-8, titles not counted."""

    def __iter__(self) -> Iterator[Article]:
        """Yield the articles in order."""
        from index import Article

        from ..collections import Collection

        for article in Collection("", self._path, ()).articles():
            if isinstance(article, Article):
                self.count += 1
                self.text_bytes += len(article.text.encode())
                yield article


def questions(path: Path) -> dict[str, str]:
    """Return the texts of questions by their ids."""
    texts: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return texts


def token_sums(texts: Iterable[str]) -> dict[str, int]:
    """Return Σ n and Σ n² over the tokens n that the default model reads of each text, special tokens included."""
    from index import SentenceTransformerEmbedder

    embedder = SentenceTransformerEmbedder()
    tokens = squares = 0
    rest = iter(texts)
    while batch := list(islice(rest, 1000)):
        lengths = [min(count + 2, embedder.max_tokens) for count in embedder.count_tokens(batch)]
        tokens += sum(lengths)
        squares += sum(length**2 for length in lengths)
    return {"tokens": tokens, "token_squares": squares}


def best_articles(passages: Iterable[tuple[str, float]], k: int = TOP) -> list[tuple[str, float]]:
    """Return the `k` best articles with the score of their best passage, from passages in any order; higher is better.

    Articles of the same score stand in the order in which their best passages came.
    """
    best: dict[str, float] = {}
    for article, score in passages:
        if article not in best or score > best[article]:
            best[article] = score
    return sorted(best.items(), key=lambda pair: -pair[1])[:k]

"""One open library, asked by many people at once: what the chat and every interface for programs call.

Safe to share between threads. Knows nothing of HTTP, of pages or of who is asking.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from index import ArticleFilter, AssayError
from rag import Question

from .answers import KeptAnswers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from index import Article, Library
    from rag import Answer, Hit, Pipeline, Retriever

#: Passages that one search may ask for.
MOST_HITS = 100


@dataclass(frozen=True)
class Service:
    """What is served: articles, and answers to questions on them."""

    library: Library
    pipeline: Pipeline
    retriever: Retriever
    may_write: bool = False
    """Whether articles may be added and removed by those who are served."""
    answers: KeptAnswers = field(default_factory=KeptAnswers)

    @property
    def folder(self) -> Path:
        """Return the folder of the index, where feedback and runs are kept too."""
        return self.library.folder

    def ask(self, question: Question, only: ArticleFilter | None = None) -> tuple[str, Answer]:
        """Return the key that an answer is kept under, and the answer; raises `AssayError` where the question cannot be asked."""
        answer = self.pipeline.ask(question, only=only)
        return self.answers.keep(answer), answer

    def stream(self, question: Question, only: ArticleFilter | None = None) -> Iterator[tuple[str | None, Answer]]:
        """Yield the answer as it grows, as `Pipeline.stream` does; then the whole once more, with the key that it is kept under."""
        last: Answer | None = None
        for answer in self.pipeline.stream(question, only=only):
            last = answer
            yield None, answer
        if last is not None:
            yield self.answers.keep(last), last

    def search(self, words: str, count: int = 10, only: ArticleFilter | None = None) -> list[Hit]:
        """Return the best passages, best first; raises `AssayError` where there is nothing to search for, or for too many."""
        if not 1 <= count <= MOST_HITS:
            raise AssayError(f"expected 1 to {MOST_HITS} passages, found {count}")
        return self.retriever.search(Question(words).text, count, only=only)

    def articles(self, only: ArticleFilter | None = None) -> list[dict[str, Any]]:
        """Return what is known of every article, by id, without its text."""
        return self.library.articles(only)

    def article(self, article_id: str) -> Article:
        """Return an article with its text; raises `StoreError` when there is none."""
        return self.library.article(article_id)

"""One open library, asked by many people at once: what the chat and every interface for programs call.

Safe to share between threads. Knows nothing of HTTP, of pages or of who is asking.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from index import ArticleFilter, AssayError
from rag import Question

from .. import records
from .answers import KeptAnswers
from .removed import RemovedLately
from .runs import RUNS, PastRuns
from .work import AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from index import Article, Library
    from rag import Answer, Hit, Pipeline, Retriever

#: Questions that are answered at the same time where they wait for a language model.
_WITH_MODEL = 16

#: Passages that one search may ask for.
MOST_HITS = 100


class MissingError(AssayError):
    """What is named is not there."""


class OutsideError(AssayError):
    """The characters that are named are not all in the article."""


@dataclass(frozen=True)
class Service:
    """What is served: articles, and answers to questions on them."""

    library: Library
    pipeline: Pipeline
    retriever: Retriever
    may_write: bool = False
    """Whether articles may be added and removed by those who are served."""
    asks_model: bool = False
    """Whether a language model writes answers: whoever waits for it needs no processor meanwhile."""
    answers: KeptAnswers = field(default_factory=KeptAnswers)
    removed: RemovedLately = field(default_factory=RemovedLately)

    @property
    def at_once(self) -> int:
        """Return how many questions are answered at the same time; further ones wait their turn."""
        return _WITH_MODEL if self.asks_model else AT_ONCE

    @property
    def folder(self) -> Path:
        """Return the folder of the index, where feedback and runs are kept too."""
        return self.library.folder

    @cached_property
    def runs(self) -> PastRuns:
        """Return the past runs, which whoever shows them shares, since each is read once."""
        return PastRuns(self.folder / RUNS)

    def ask(self, question: Question, only: ArticleFilter | None = None) -> tuple[str, Answer]:
        """Return the key that an answer is kept under, and the answer; raises `AssayError` where the question cannot be asked."""
        answer = self.pipeline.ask(question, only=only)
        return self.answers.keep(answer, question.history), answer

    def stream(self, question: Question, only: ArticleFilter | None = None) -> Iterator[tuple[str | None, Answer]]:
        """Yield the answer as it grows, as `Pipeline.stream` does; then the whole once more, with the key that it is kept under."""
        last: Answer | None = None
        for answer in self.pipeline.stream(question, only=only):
            last = answer
            yield None, answer
        if last is not None:
            yield self.answers.keep(last, question.history), last

    def grow(
        self, question: Question, only: ArticleFilter | None = None, *, shown: Callable[[Answer], Answer] = lambda answer: answer
    ) -> Iterator[tuple[str, Answer, bool]]:
        """Yield the answer as it grows, as it is to be `shown`, with the key that it is kept under, and whether it is whole.

        The key stays the same, so that an answer that somebody stops can be shown, shared and judged as far as it came.
        """
        key, last = None, None
        for answer in self.pipeline.stream(question, only=only):
            last = shown(answer)
            key = self.answers.keep(last, question.history, key)
            yield key, last, False
        if key is not None and last is not None:
            yield key, last, True

    def search(self, words: str, count: int = 10, only: ArticleFilter | None = None) -> list[Hit]:
        """Return the best passages, best first; raises `AssayError` where there is nothing to search for, or for too many."""
        if not 1 <= count <= MOST_HITS:
            raise AssayError(f"expected 1 to {MOST_HITS} passages, found {count}")
        return self.retriever.search(Question(words).text, count, only=only)

    def articles(self, only: ArticleFilter | None = None) -> list[dict[str, Any]]:
        """Return what is known of every article, by id, without its text."""
        return self.library.articles(only)

    def remove(self, *article_ids: str) -> tuple[Article, ...]:
        """Remove articles, all or none, and hold them so that they can be brought back; raises `MissingError` where one is not there."""
        known = {record["id"] for record in self.articles(ArticleFilter(ids=article_ids))}
        if missing := [one for one in article_ids if one not in known]:
            raise MissingError(f"expected the id of an article, found {missing[0][:80]!r}, which is none")
        gone = tuple(map(self.article, article_ids))
        self.library.remove(*article_ids)
        for article in gone:
            self.removed.hold(article)
        return gone

    def article(self, article_id: str) -> Article:
        """Return an article with its text; raises `StoreError` when there is none."""
        return self.library.article(article_id)

    def tokens(self, texts: Sequence[str]) -> int:
        """Return of how many tokens texts are, as the index's embedding model counts them."""
        return sum(self.library.embedder.count_tokens(list(texts)))

    def listed(self, only: ArticleFilter | None, words: str | None, offset: int, limit: int) -> dict[str, Any]:
        """Return one page of the articles that hold all the words in title, source, authors, id or date, by id, and how many there are.

        Each is what `assay list --json` prints of it.
        """
        page = self.library.listed(words or "", only, offset=offset, limit=limit)
        return {"articles": list(map(records.listed, page.records)), "total": page.found, "offset": offset, "limit": limit}

    def shown(self, article_id: str, span: tuple[int, int] | None = None) -> dict[str, Any]:
        """Return an article, or the characters of a span of it, as `assay show --json` does; raises `MissingError`, `OutsideError`."""
        known = self.articles(ArticleFilter(ids=(article_id,)))
        if not known:
            raise MissingError(f"expected the id of an article, found {article_id[:80]!r}, which is none")
        article = self.article(article_id)
        if span is None:
            return records.whole(article, known[0])
        start, end = span
        if not 0 <= start <= end <= len(article.text):
            raise OutsideError(f"expected a span within 0:{len(article.text)}, found {start}:{end}")
        return records.part(article, start, end)

"""The articles of a library as a list to look through: found by words, sorted, cut into pages; and what one chooses among them by.

The library finds, sorts and counts; here is only what a page of it, or a choice, holds. Safe to share between threads; knows nothing of how
pages look.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from index import ArticleFilter, ArticleOrder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from index import Library

#: Articles a page.
A_PAGE = 25


class Order(StrEnum):
    """What articles are sorted by, as it is offered."""

    TITLE = "Title"
    NEWEST = "Newest first"
    OLDEST = "Oldest first"
    SOURCE = "Source"
    LONGEST = "Most passages"


_ORDERS = {
    Order.TITLE: ArticleOrder.TITLE,
    Order.NEWEST: ArticleOrder.NEWEST,
    Order.OLDEST: ArticleOrder.OLDEST,
    Order.SOURCE: ArticleOrder.SOURCE,
    Order.LONGEST: ArticleOrder.LONGEST,
}


@dataclass(frozen=True, slots=True)
class Listed:
    """An article in the list."""

    id: str
    title: str
    source: str
    authors: str
    published: str
    """Empty where it is not known."""
    passages: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the articles that were found."""

    articles: tuple[Listed, ...]
    number: int
    """From 1."""
    pages: int
    found: int
    """Articles on all pages."""
    all: int
    """Articles of the library."""


def page_of(library: Library, words: str = "", order: Order = Order.TITLE, number: int = 1) -> Page:
    """Return a page of the articles that have all of `words` in title, source, authors, id or date; the nearest page where it is none.

    Raises `AssayError` where the index cannot be read.
    """
    number = min(max(1, number), 10**9)
    records, found = library.listed(words, order=_ORDERS[order], offset=(number - 1) * A_PAGE, limit=A_PAGE)
    pages = max(1, -(-found // A_PAGE))
    if number > pages:
        number = pages
        records, found = library.listed(words, order=_ORDERS[order], offset=(number - 1) * A_PAGE, limit=A_PAGE)
    return Page(tuple(map(_listed, records)), number, pages, found, library.counts()[0])


def titles_of(library: Library, words: str, limit: int, chosen: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Return titles to choose from, with the ids that they stand for: those `chosen` already, then those that have all of `words`."""
    kept = library.listed(only=ArticleFilter(ids=tuple(chosen)), order=ArticleOrder.TITLE, limit=len(chosen)).records if chosen else []
    found = library.listed(words, order=ArticleOrder.TITLE, limit=limit).records
    known = {record["id"] for record in kept}
    return [(record["title"] or record["id"], record["id"]) for record in (*kept, *(one for one in found if one["id"] not in known))]


def title_of(library: Library, article_id: str) -> str:
    """Return the title of an article; its id where there is none of that id."""
    records = library.listed(only=ArticleFilter(ids=(article_id,)), limit=1).records
    return str(records[0]["title"]) if records else article_id


def authors_of(library: Library, words: str, limit: int, chosen: Sequence[str] = ()) -> list[str]:
    """Return authors to choose from: those `chosen` already, then those whose names have all of `words`, those of most articles first."""
    return list(dict.fromkeys((*chosen, *library.authors(words, limit))))


def language_of(code: str) -> str:
    """Return the English name of a language; its code where none is known."""
    return _languages().get(code, code)


@cache
def _languages() -> Mapping[str, str]:
    """Load the names of languages, which takes a tenth of a second."""
    from babel import Locale

    return Locale("en").languages


def _listed(record: Mapping[str, Any]) -> Listed:
    authors, published = ", ".join(record["authors"]), record["published"] or ""
    return Listed(record["id"], record["title"], record["source"] or "", authors, published, record["passages"])

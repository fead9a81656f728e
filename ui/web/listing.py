"""The articles of a library as a list to look through: found by words, sorted, cut into pages.

What is known of the articles is read once for each generation of the index. Safe to share between threads; knows nothing of pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from index import Library

#: Articles a page.
A_PAGE = 25


class Order(StrEnum):
    """What articles are sorted by."""

    TITLE = "Title"
    NEWEST = "Newest first"
    OLDEST = "Oldest first"
    SOURCE = "Source"
    LONGEST = "Most passages"


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
    folded: str
    """What is searched, in lower case."""


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


class Listing:
    """The list of a library's articles as it is now."""

    def __init__(self, library: Library) -> None:
        """List the articles of `library`; nothing is read yet."""
        self._library = library
        self._lock = Lock()
        self._known: tuple[str, tuple[Listed, ...]] = ("", ())

    def page(self, words: str = "", order: Order = Order.TITLE, number: int = 1) -> Page:
        """Return a page of the articles that have all of `words` in title, source, authors or id; the nearest page where it is none.

        Raises `AssayError` where the index cannot be read.
        """
        articles = self.articles()
        wanted = words[:1000].casefold().split()
        found = [one for one in articles if all(word in one.folded for word in wanted)] if wanted else list(articles)
        pages = max(1, -(-len(found) // A_PAGE))
        number = min(max(1, number), pages)
        shown = _sorted(found, order)[(number - 1) * A_PAGE : number * A_PAGE]
        return Page(tuple(shown), number, pages, len(found), len(articles))

    def articles(self) -> tuple[Listed, ...]:
        """Return all the articles, by id; raises `AssayError` where the index cannot be read."""
        generation = self._library.settings()["generation"]
        with self._lock:
            if self._known[0] != generation:  # read before the articles: what changes meanwhile is read again
                self._known = (generation, tuple(map(_listed, self._library.articles())))
            return self._known[1]


def _listed(record: Mapping[str, Any]) -> Listed:
    title, source, authors = record["title"], record["source"] or "", ", ".join(record["authors"])
    published = record["published"] or ""
    folded = " ".join((title, source, authors, record["id"], published)).casefold()
    return Listed(record["id"], title, source, authors, published, record["passages"], folded)


def _sorted(found: list[Listed], order: Order) -> list[Listed]:
    """Return the articles in order, those without a date or a source behind the others, ties by title."""
    found.sort(key=lambda one: (one.title.casefold(), one.id))
    if order is Order.NEWEST:
        return sorted(found, key=lambda one: one.published, reverse=True)
    if order is Order.OLDEST:
        return sorted(found, key=lambda one: (not one.published, one.published))
    if order is Order.SOURCE:
        return sorted(found, key=lambda one: (not one.source, one.source.casefold()))
    if order is Order.LONGEST:
        return sorted(found, key=lambda one: -one.passages)
    return found

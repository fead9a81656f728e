"""The articles that questions are made from, each in its turn.

An article is drawn again only when none that was drawn less often can give a question of the kind wanted. Articles with the same text
are one. Knows nothing of how a question is made.
"""

from __future__ import annotations

from collections import OrderedDict
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from index import ArticleFilter
from rag import opens_unresolved

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from index import Article, Span, View

    from ..dataset import Example

#: A sentence that is worth a question has so many words, and no more characters than a reader wants to see quoted.
WORDS = range(8, 41)
MAX_CHARACTERS = 700


class Entry(NamedTuple):
    """An article of the index, with what its record says."""

    id: str
    title: str
    copies: tuple[str, ...]
    """Ids of the other articles with exactly the same text."""

    @property
    def ids(self) -> tuple[str, ...]:
        """Return its id and those of its copies."""
        return (self.id, *self.copies)


class Material(NamedTuple):
    """An article as it is read for questions."""

    entry: Entry
    article: Article
    sentences: list[Span]
    rows: frozenset[int]
    """The article rows of it and its copies in the view that it was read in."""
    passages: int
    """How many passages these have."""

    @classmethod
    def read(cls, view: View, entry: Entry) -> Material | None:
        """Read an article; None when it has gone since the articles were listed."""
        selection = view.select(ArticleFilter(ids=entry.ids))
        own = next((row for row in selection.articles if view.record(row)["id"] == entry.id), None) if selection else None
        if selection is None or own is None:
            return None
        return cls(entry, view.article(own), view.sentences(own), frozenset(selection.articles), selection.passages.size)

    def usable(self, chance: Random) -> Iterator[Span]:
        """Yield, in a random order, the sentences that may be quoted, stand alone and but once, and are neither short nor long."""
        marks = self.article.marks()
        for span in chance.sample(self.sentences, len(self.sentences)):
            sentence = span.of(self.article.text)
            if not marks.touch(span) and _stands(sentence) and self.article.text.count(sentence) == 1:
                yield span


def _stands(sentence: str) -> bool:
    return len(sentence) <= MAX_CHARACTERS and len(sentence.split()) in WORDS and not opens_unresolved(sentence)


class Pool:
    """The articles in a random order that a seed fixes: that of the ids, not of the rows, so that it is the same in any index of them."""

    def __init__(self, records: Iterable[Mapping[str, Any]], seed: int) -> None:
        """Take the records of all articles, ordered by id."""
        alike: dict[str, list[Mapping[str, Any]]] = {}
        for record in records:
            alike.setdefault(record["sha256"], []).append(record)
        entries = [_entry(same) for same in alike.values()]
        Random(seed).shuffle(entries)  # noqa: S311  # a sample, no secret
        self._seed = seed
        self._queue = OrderedDict((entry.id, entry) for entry in entries)
        self._open: dict[tuple[str, str], Iterator[Example | str]] = {}
        self._spent: set[tuple[str, str]] = set()
        self.size = len(entries)
        self.copies = sum(len(entry.copies) for entry in entries)

    def draw(
        self, kind: str, make: Callable[[Entry, Random], Iterator[Example | str]], dropped: Counter[str], *, patience: int
    ) -> Example | None:
        """Return the next question of a kind, and put its article last in the queue; None when `patience` articles in a row give none.

        `make` yields, for an article, questions and the reasons why others were thrown away, which are counted in `dropped`.
        """
        barren = 0
        for name, entry in self._queue.items():
            place = (kind, name)
            if place in self._spent:
                continue
            if place not in self._open:
                self._open[place] = make(entry, Random(f"{self._seed} {kind} {name}"))  # noqa: S311  # a sample, no secret
            for made in self._open[place]:
                if not isinstance(made, str):
                    self._queue.move_to_end(name)
                    return made
                dropped[made] += 1
            self._spent.add(place)
            del self._open[place]
            barren += 1
            if barren >= patience:
                break
        return None


def _entry(alike: list[Mapping[str, Any]]) -> Entry:
    first, *others = alike
    return Entry(first["id"], first["title"], tuple(other["id"] for other in others))

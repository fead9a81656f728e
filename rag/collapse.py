"""The passages of a ranking with their copies shown once: one stands for all, the latest version and the whole before others.

A passage stands for another where both have the same words, or where their articles are known to be copies and the one says nothing that
the other article does not. Knows nothing of scores.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from index import Kinship, preferred

from .copies import contained, figures, same_words, word_shingles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from index import Relative, StoredPassage, View

#: Passages whose vectors agree less than this are not copies of each other.
COPY_COSINE = 0.9

#: Passages of articles that are copies, cut at other places, are shown once where one has this share of the other's words.
_OVERLAP = 0.5

#: An article holds a passage that has no other figures than it where it has this share of its words.
_HELD = 0.9


class Shown(NamedTuple):
    """A passage that stands for its copies."""

    place: int
    """Its place in the ranking, or that of the copy for which it stands."""
    passage: StoredPassage
    also_in: tuple[str, ...]
    """The ids of the other articles that hold it."""
    superseded_by: str | None
    """The id of the latest version of its article, where there is a later one."""


def collapse(
    view: View, ranked: Sequence[StoredPassage], vectors: NDArray[np.float32], most: int, certain: int, allowed: set[int] | None
) -> list[Shown]:
    """Return the first `most` distinct passages of a ranking among the first `certain`; copies further down are named on them.

    `vectors` are those of the passages, and only `allowed` articles are shown or named, where that is not None.
    """
    collapsed = _Collapsed(view, {passage.article for passage in ranked}, allowed)
    for place, passage in enumerate(ranked):
        original = collapsed.known(passage)
        if original is None:
            alike = np.flatnonzero(vectors[collapsed.kept] @ vectors[place] >= COPY_COSINE) if collapsed.kept else np.zeros(0, np.int64)
            original = collapsed.same(passage, alike.tolist())
        if original is None and passage.article in collapsed.related:
            original = collapsed.overlapping(passage)
        elif original is not None:
            collapsed.name(original, passage.article)
        if original is None and len(collapsed.kept) < most and place < certain:
            collapsed.keep(place, passage)
    return collapsed.shown()


class _Collapsed:
    """The passages that are shown so far, and what they stand for."""

    def __init__(self, view: View, articles: set[int], allowed: set[int] | None) -> None:
        self.kept: list[int] = []
        """The places of those that are shown."""
        self.related = view.with_relatives(articles)
        self._view = view
        self._allowed = allowed
        self._passages: list[StoredPassage] = []
        self._copies: list[set[int]] = []
        self._known: dict[tuple[int, int, int], int] = {}
        self._words: dict[int, frozenset[tuple[str, ...]]] = {}

    def known(self, passage: StoredPassage) -> int | None:
        """Return which of those shown is this passage, in its own article or in one of exactly the same text."""
        return self._known.get((passage.article, passage.start, passage.end))

    def same(self, passage: StoredPassage, among: Sequence[int]) -> int | None:
        """Return the first `among` those shown that has the same words."""
        return next((n for n in among if same_words(self._text(self._passages[n]), self._text(passage))), None)

    def overlapping(self, passage: StoredPassage) -> int | None:
        """Return the first of those shown, of a copy of a passage's article, that says what it says."""
        relatives = self._relatives(passage.article)
        mine = word_shingles(self._text(passage))
        for n, shown in enumerate(self._passages):
            kin = relatives.get(shown.article)
            if kin is None:
                continue
            theirs = word_shingles(self._text(shown))
            overlap = max(contained(mine, theirs), contained(theirs, mine))
            if overlap >= _OVERLAP and (kin.kinship is Kinship.UPDATE or self._holds(shown.article, passage)):
                return n
        return None

    def name(self, n: int, article: int) -> None:
        """Name an article as one that holds what is shown."""
        self._copies[n].add(article)

    def keep(self, place: int, passage: StoredPassage) -> None:
        """Show a passage, or what stands for it in the latest version of its article or in the whole of it, unless that is shown."""
        standing = self._standing_for(passage) if passage.article in self.related else passage
        if self.known(standing) is not None or (standing is not passage and self.overlapping(standing) is not None):
            return
        same = self._view.copies(standing.article)
        self.kept.append(place)
        self._passages.append(standing)
        self._copies.append({row for row in same if self._may_show(row)})
        for row in (standing.article, *same):  # under another title its vector differs, not its words
            self._known[row, standing.start, standing.end] = len(self.kept) - 1

    def shown(self) -> list[Shown]:
        """Return what is shown, in order."""
        return [self._shown(n) for n in range(len(self.kept))]

    def _shown(self, n: int) -> Shown:
        passage = self._passages[n]
        relatives = self._relatives(passage.article)
        holding = {row for row in relatives if self._may_show(row) and self._holds(row, passage)} - self._copies[n]
        rows = (self._copies[n] | holding) - {passage.article}
        return Shown(
            self.kept[n],
            passage,
            tuple(sorted(self._view.record(row)["id"] for row in rows)),
            self._view.superseded_by(passage.article) if relatives else None,
        )

    def _standing_for(self, passage: StoredPassage) -> StoredPassage:
        """Return what stands for a passage in the latest version of its article, or in the whole, that may be shown; itself else."""
        seen = {passage.article}
        while True:
            other = preferred(one for row, one in self._relatives(passage.article).items() if row not in seen and self._may_show(row))
            if other is None:
                return passage
            seen.add(other.row)
            self.related.add(other.row)
            words = word_shingles(self._text(passage))
            others = self._view.article_passages(other.row)
            there = [(contained(words, word_shingles(self._text(one))), -one.ordinal, one) for one in others]
            share, _, found = max(there, default=(0.0, 0, passage))
            if share < _OVERLAP:
                return passage
            passage = found

    def _holds(self, article: int, passage: StoredPassage) -> bool:
        """Say whether an article has the words and figures of a passage of another."""
        text = self._text(passage)
        if article not in self._words:
            self._words[article] = word_shingles(self._view.article(article).text)
        whole = self._view.article(article).text
        return contained(word_shingles(text), self._words[article]) >= _HELD and figures(text) <= figures(whole)

    def _may_show(self, article: int) -> bool:
        return self._allowed is None or article in self._allowed

    def _relatives(self, article: int) -> dict[int, Relative]:
        return self._view.relatives(article) if article in self.related else {}

    def _text(self, passage: StoredPassage) -> str:
        return self._view.passage_text(passage)

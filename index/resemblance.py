"""What two texts that share many words are to each other: copies, revisions, a text and its excerpt, or no more than alike.

What is common to both does not decide it: two reports made from one form share most of their words, and so do two stories with the
same background. What the shorter has of its own does: a copy brings few words that the longer lacks, no story in one piece, and hardly
a figure or a name, in particular none in the place of another. The bounds were chosen on public news
(docs/decisions/0015-near-duplicates.md). Knows nothing of articles, dates and how texts that may be alike are found.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .shingles import WORD, hashes, plain, shingles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

#: Words in a row that count as common where they stand in both texts.
_COMMON = 4

#: The shorter has at least this share of its words in common with the longer; an excerpt, which is less than so much of it, more.
_SHARE, _EXCERPT, _EXCERPT_SHARE = 0.75, 0.5, 0.9

#: Of its own it has at most this share of its words, or so many; and so many in a row. More is a story of its own, a lead or a paragraph.
_OWN_SHARE, _OWN_WORDS, _OWN_IN_A_ROW = 0.1, 50, 60

#: At most this share of its figures and names is its own: a form filled in anew changes a quarter and more.
_OWN_FACTS = 0.1

#: At most this share of its figures and names is followed by others than in the longer: a copy may have its paragraphs in another order,
#: but where the same ten degrees are forecast for other towns it is another forecast.
_PARTED_FACTS = 0.5

#: A shorter text than this is a copy only of the very same words: what differs would be too little to go by.
_LEAST_WORDS = 20

#: A copy was revised where it has so many words of its own in a row, or another figure; it was extended where it lacks so many.
_REVISED, _EXTENDED = 8, 20

#: Where the words of one text give way to others, the others are at most so many times as many, and so many more.
_TIMES, _MORE = 2, 12

_NUMBERS = frozenset(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
    " twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand thousands million millions billion billions"
    " first second third fourth fifth".split()
)

#: What stands before a word that is written large because a sentence, a quotation or an item begins.
_BEGINS = re.compile('[.!?:"“”‘\n\r•|]')

#: Names the rules of this module; part of an index's settings, since other rules find other copies.
RESEMBLANCE = "resemblance 1"


class Likeness(StrEnum):
    """What the shorter of two texts is to the longer."""

    COPY = "copy"
    """The same, but for trifles."""
    EXTENDED = "extended"
    """The same, where the longer says more."""
    REVISED = "revised"
    """The same, where each has words that the other lacks."""
    EXCERPT = "excerpt"
    """A part of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Wording:
    """The words of a text, ready to be compared."""

    words: tuple[str, ...]
    """Letter case folded."""
    facts: NDArray[np.bool_]
    """Which of them are figures, or names as far as capitals tell."""
    hashed: NDArray[np.uint64]

    @classmethod
    def of(cls, text: str) -> Wording:
        """Read the words of a text."""
        text = plain(text)
        words: list[str] = []
        facts: list[bool] = []
        end = 0
        for found in WORD.finditer(text):
            word = found[0]
            begins = not words or _BEGINS.search(text, end, found.start()) is not None
            end = found.end()
            words.append(word.casefold())
            facts.append(word[0].isdigit() or words[-1] in _NUMBERS or (word[0].isupper() and not begins))
        return cls(tuple(words), np.array(facts, bool), hashes(words))


def likeness(one: Wording, other: Wording) -> Likeness | None:
    """Say what the shorter of two texts is to the longer, whichever comes first; None where they are two texts, alike at most."""
    shorter, longer = sorted((one, other), key=lambda each: (len(each.words), each.words))
    if shorter.words == longer.words:
        return Likeness.COPY
    excerpt = len(shorter.words) < _EXCERPT * len(longer.words)
    common = _common(shorter, longer)
    if not _follows(common, _EXCERPT_SHARE if excerpt else _SHARE):
        return None
    replaced = _replaced(shorter, longer, common)
    if not _tells_the_same(shorter, longer, common, replaced):
        return None
    if excerpt:
        return Likeness.EXCERPT
    if any(run.end - run.start >= _REVISED for run in _runs(~common)) or any(mine[0].isdigit() or mine in _NUMBERS for mine, _ in replaced):
        return Likeness.REVISED
    return Likeness.EXTENDED if np.count_nonzero(~_common(longer, shorter)) >= _EXTENDED else Likeness.COPY


def _follows(common: NDArray[np.bool_], share: float) -> bool:
    """Say whether a text of which so much stands in a longer one brings little of its own, and no story in one piece."""
    own = common.size - np.count_nonzero(common)
    most = min((1 - share) * common.size, max(_OWN_WORDS, _OWN_SHARE * common.size))
    return bool(common.size >= _LEAST_WORDS and own <= most and all(run.end - run.start <= _OWN_IN_A_ROW for run in _runs(~common)))


def _tells_the_same(shorter: Wording, longer: Wording, common: NDArray[np.bool_], replaced: set[tuple[str, str]]) -> bool:
    """Say whether a text has hardly a figure or a name that a longer one lacks, or has another for."""
    stated = {word for word, fact in zip(shorter.words, shorter.facts, strict=True) if fact}
    lacking = {shorter.words[place] for place in np.flatnonzero(shorter.facts & ~common)}.difference(longer.words)
    if max(len(lacking), len(replaced)) > _OWN_FACTS * len(stated):
        return False
    mine, theirs = _neighbours(shorter), _neighbours(longer)
    return len(mine - theirs) <= _PARTED_FACTS * len(mine)


def _neighbours(wording: Wording) -> set[tuple[str, str]]:
    """Return the figures and names that follow each other, whatever stands between them."""
    return set(pairwise(word for word, fact in zip(wording.words, wording.facts, strict=True) if fact))


class _Run(NamedTuple):
    start: int
    end: int


def _common(one: Wording, other: Wording) -> NDArray[np.bool_]:
    """Return which words of a text stand in a run that another text has too, wherever it has it."""
    held = np.isin(shingles(one.hashed, _COMMON), shingles(other.hashed, _COMMON))
    common = np.zeros(len(one.words), bool)
    for place in range(min(_COMMON, common.size)):
        common[place : place + held.size] |= held
    return common


def _runs(marked: NDArray[np.bool_]) -> Iterator[_Run]:
    """Yield where the marked words stand in a row."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]]).astype(np.int8)))
    return (_Run(start, end) for start, end in edges.reshape(-1, 2).tolist())


def _replaced(shorter: Wording, longer: Wording, common: NDArray[np.bool_]) -> set[tuple[str, str]]:
    """Return the figures and names of a text, each with the one that the longer has in its place.

    Figures that only stand elsewhere in the longer are no less replaced.
    """
    mine, theirs = shingles(shorter.hashed, _COMMON), shingles(longer.hashed, _COMMON)
    order = np.argsort(theirs, kind="stable")
    places = _Places(theirs[order], order)
    pairs: set[tuple[str, str]] = set()
    for run in _runs(~common):
        stated = _facts(shorter, run)
        place = _instead(run, mine, places, len(longer.words)) if stated else None
        if place is None:
            continue
        instead = _facts(longer, place)
        lost, new = ([fact for fact in facts if fact not in others] for facts, others in ((stated, instead), (instead, stated)))
        pairs.update(zip(lost, new, strict=False))
    return pairs


class _Places(NamedTuple):
    """Where the runs of words of a text stand in it."""

    runs: NDArray[np.uint64]
    order: NDArray[np.int64]

    def of(self, run: np.uint64) -> NDArray[np.int64]:
        return self.order[np.searchsorted(self.runs, run, "left") : np.searchsorted(self.runs, run, "right")]


def _instead(run: _Run, mine: NDArray[np.uint64], places: _Places, length: int) -> _Run | None:
    """Return the words of the longer that stand between the same words as a run of the shorter; None where those stand apart."""
    words = run.end - run.start
    before = places.of(mine[run.start - _COMMON]) + _COMMON if run.start >= _COMMON else None
    after = places.of(mine[run.end]) if run.end < mine.size else None
    if before is None or after is None:  # at the beginning or the end as many words
        if before is not None and before.size:
            return _Run(int(before[0]), min(int(before[0]) + words + _COMMON, length))
        if after is not None and after.size:
            return _Run(max(0, int(after[0]) - words - _COMMON), int(after[0]))
        return None
    next_after = np.searchsorted(after, before)
    held = next_after < after.size
    ends, starts = after[next_after[held]], before[held]
    if not starts.size:
        return None
    nearest = int(np.argmin(ends - starts))
    place = _Run(int(starts[nearest]), int(ends[nearest]))
    return place if place.end - place.start <= _TIMES * words + _MORE else None


def _facts(wording: Wording, run: _Run) -> list[str]:
    return [wording.words[place] for place in range(run.start, run.end) if wording.facts[place]]

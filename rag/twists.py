"""Where a claim says otherwise than the sentences it is nearest to: the small changes that make a true sentence untrue.

A negation put in or left out, "all" for "some", "has" for "may", a word's opposite, and a number, time or name that stands there, but for
something else. They are the changes of FactCC (Kryściński et al., "Evaluating the Factual Consistency of Abstractive Text Summarization",
EMNLP 2020) and of whoever misreads. By lists of English words and the order of words; what it finds is a sign, no proof. Knows nothing of
passages or articles.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from .words import FUNCTION_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

#: Words further than this from a term are no neighbours of it.
_NEIGHBOURS = 10

#: Neighbours so many words further off count half.
_HALF = 3

#: What a word that says nothing by itself weighs beside a term.
_FUNCTION = 0.15

#: Longer texts are compared by their first words, and so many of a claim's terms are looked for: hostile texts take no longer.
_MOST_WORDS, _MOST_TERMS = 100, 16


class Word(NamedTuple):
    """A word of a text."""

    text: str
    stem: str
    kind: str
    """`year`, `number`, `month` or `name` for what can be put in another's place; else empty."""


@dataclass(frozen=True, slots=True)
class Twists:
    """How a claim differs from the nearest sentence."""

    matched: float
    """The share of the claim's words that stand there in the same order: 1 is a copy."""
    negation: bool
    """One of the two says "not" and the like an odd number of times, the other an even one."""
    universal: bool
    """The claim says "all", "only" and the like, no sentence does."""
    certain: bool
    """The sentence says "may", "plans to" and the like, the claim does not."""
    hedge_lost: bool
    """The sentence says "some", "about" and the like, the claim does not."""
    opposite: bool
    """The sentence has the opposite of a word of the claim."""
    exchanged: bool
    """Two names or numbers of the claim stand the other way round, with the same words between them: who did it to whom."""
    swap: float
    """How much better another term of its kind than the claim's own stands among the claim's words: -1 to 1, above 0 a sign of a swap."""
    swapped: tuple[str, str] | None
    """That term of the claim, and the other."""

    @property
    def reason(self) -> str | None:
        """Return the difference in words; None where there is none to tell."""
        if self.swapped is not None and self.swap > _SURELY:
            return f"the article seems to say this of {self.swapped[1]}, not of {self.swapped[0]}"
        if self.matched < _COPIED:
            return None
        told = (
            (self.negation, "one says “not” where the other does not"),
            (self.opposite, "the article says the opposite"),
            (self.exchanged, "the article says it the other way round"),
            (self.universal, "the article does not say it of all, or of nothing else"),
            (self.certain, "the article does not say it as a fact"),
            (self.hedge_lost, "the article says it with a limit"),
        )
        return next((words for holds, words in told if holds), None)


#: A swap of so much is told in words; the other differences where so much of the claim is a copy.
_SURELY, _COPIED = 0.1, 0.5


def words_of(text: str, stems: Callable[[str], Sequence[str]]) -> tuple[Word, ...]:
    """Return the words of a text, each with what `stems` makes of it."""
    return tuple(Word(found[0], (*stems(found[0]), found[0].lower())[0], _kind(found[0])) for found in _WORD.finditer(text))


def twists(claim: Sequence[Word], sentences: Sequence[Sequence[Word]], rarity: Mapping[str, float]) -> Twists | None:
    """Return how a claim differs from the nearest of some sentences; None where there are none.

    `rarity` is the weight of each stem, higher for rarer words.
    """
    claim, sentences = claim[:_MOST_WORDS], [one[:_MOST_WORDS] for one in sentences]
    stems = {word.stem for word in claim}
    nearest = max(sentences, key=lambda one: sum(rarity.get(stem, 0.0) for stem in stems & {word.stem for word in one}), default=None)
    if nearest is None or not claim:
        return None
    said, told = (" ".join(word.text for word in words) for words in (claim, nearest))
    swap, swapped = _swap(claim, sentences, rarity)
    return Twists(
        matched=_matched(claim, nearest),
        negation=len(_NEGATION.findall(said)) % 2 != len(_NEGATION.findall(told)) % 2,
        universal=bool(_UNIVERSAL.search(said)) and not any(_UNIVERSAL.fullmatch(word.text) for one in sentences for word in one),
        certain=bool(_HEDGE.search(told)) and not _HEDGE.search(said),
        hedge_lost=bool(_LIMIT.search(told)) and not _LIMIT.search(said),
        opposite=_opposite(claim, nearest),
        exchanged=_exchanged(claim, nearest),
        swap=swap,
        swapped=swapped,
    )


def _matched(claim: Sequence[Word], sentence: Sequence[Word]) -> float:
    blocks = SequenceMatcher(None, [word.stem for word in claim], [word.stem for word in sentence], autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) / len(claim)


def _opposite(claim: Sequence[Word], sentence: Sequence[Word]) -> bool:
    mine, theirs = ({word.text.lower() for word in words} for words in (claim, sentence))
    return any(other in theirs - mine for word in mine - theirs for other in _OPPOSITES.get(word, ()))


def _exchanged(claim: Sequence[Word], sentence: Sequence[Word]) -> bool:
    mine, theirs = set(_neighbouring(claim)), set(_neighbouring(sentence))
    return any((after, between, before) in theirs - mine for before, between, after in mine - theirs)


def _neighbouring(words: Sequence[Word]) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield each two names or numbers that follow one another, with what stands between: of two names more than "and" or "met"."""
    for kind in ("name", "number"):
        places = [place for place, word in enumerate(words) if word.kind == kind]
        for one, other in pairwise(places):
            between = words[one + 1 : other]
            tells = {word.text.lower() for word in between}
            if words[one].stem != words[other].stem and (kind == "number" or (tells - FUNCTION_WORDS and not tells & _MUTUAL)):
                yield words[one].stem, tuple(word.stem for word in between), words[other].stem


#: What two do with one another.
_MUTUAL = frozenset("met meet meets married marries versus vs joined".split())


# --- terms in each other's place --------------------------------------------------------------------------------------


def _swap(claim: Sequence[Word], sentences: Sequence[Sequence[Word]], rarity: Mapping[str, float]) -> tuple[float, tuple[str, str] | None]:
    """Return how much better another term stands among the claim's words than the worst placed of its own, and the two."""
    stems = {word.stem for word in claim}
    small = {word.text for one in sentences for word in one if not word.kind}
    names = {
        word.stem
        for one in sentences
        for place, word in enumerate(one)
        if word.kind == "name" and (place or word.text.lower() not in small | FUNCTION_WORDS)
    }
    worst, pair = -1.0, None
    terms = {word.stem: place for place, word in enumerate(claim) if word.kind and (word.kind != "name" or word.stem in names)}
    for place in list(terms.values())[:_MOST_TERMS]:
        word = claim[place]
        around = _around(claim, place, rarity)
        own, other, instead = -1.0, -1.0, ""
        for one in sentences:
            places = _places(one)
            for at, candidate in enumerate(one):
                if candidate.stem == word.stem:
                    own = max(own, _fits(around, places, at))
                elif candidate.kind == word.kind and candidate.stem not in stems and (word.kind != "name" or candidate.stem in names):
                    fits = _fits(around, places, at)
                    other, instead = max((other, instead), (fits, candidate.text))
        if own >= 0 <= other and other - own > worst:
            worst, pair = other - own, (word.text, instead)
    return worst, pair


class _Neighbour(NamedTuple):
    stem: str
    away: int
    weight: float


def _around(claim: Sequence[Word], place: int, rarity: Mapping[str, float]) -> list[_Neighbour]:
    """Return the words about a place of the claim, the near and the rare ones weighing most; the weights add up to 1."""
    near = range(max(0, place - _NEIGHBOURS), min(len(claim), place + _NEIGHBOURS + 1))
    weights = {at: _weight(claim[at], rarity) / (1 + abs(at - place) / _HALF) for at in near if at != place}
    whole = sum(weights.values()) or 1.0
    return [_Neighbour(claim[at].stem, at - place, weight / whole) for at, weight in weights.items()]


def _weight(word: Word, rarity: Mapping[str, float]) -> float:
    return _FUNCTION if word.text.lower() in FUNCTION_WORDS else rarity.get(word.stem, 0.0)


def _places(sentence: Sequence[Word]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for at, word in enumerate(sentence):
        places.setdefault(word.stem, []).append(at)
    return places


def _fits(around: Sequence[_Neighbour], places: Mapping[str, Sequence[int]], at: int) -> float:
    """Return how well the neighbours stand about a place of a sentence too: 1 where all do, just as far off."""
    return sum(one.weight / (1 + _nearest(places[one.stem], at + one.away) / _HALF) for one in around if one.stem in places)


def _nearest(places: Sequence[int], at: int) -> int:
    """Return how far the nearest of some places, in order, is."""
    after = bisect_left(places, at)
    return min(abs(place - at) for place in places[max(0, after - 1) : after + 1])


# --- words ------------------------------------------------------------------------------------------------------------

_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*(?:['’][^\W_]+)?")
_YEAR = re.compile(r"1[5-9]\d\d|20\d\d")
_MONTHS = frozenset("January February March April May June July August September October November December".split())


def _kind(word: str) -> str:
    if any(map(str.isdigit, word)):
        return "year" if _YEAR.fullmatch(word) else "number"
    return "month" if word in _MONTHS else "name" if word[0].isupper() else ""


def _any_of(words: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(words.split())})\b", re.IGNORECASE)


_NEGATION = re.compile(
    r"\b(?:not|never|no(?!\.?\s?\d)|none|nobody|nothing|neither|nor|without|cannot|hardly|barely|fail(?:s|ed)?|refus(?:e|es|ed|al)|den(?:y|ies|ied)"
    r"|reject(?:s|ed)?|declin(?:e|es|ed) to|lack(?:s|ed)?|un(?:able|likely|willing|changed))\b|n['’]t\b",
    re.IGNORECASE,
)
_UNIVERSAL = _any_of(
    """all every everyone everything always entire entirely whole wholly only solely exclusively completely none never no any"""
)
_HEDGE = re.compile(
    r"\b(?:(?-i:may|will)|might|could|would|can|should|plans?|planned|planning|expect(?:s|ed)?|likely|possibl[ey]|potential(?:ly)?|perhaps|if|unless"
    r"|propos(?:e|es|ed|al)|consider(?:s|ed|ing)?|hop(?:e|es|ed)|aims?|seek(?:s|ing)?|sought|intend(?:s|ed)?|suggest(?:s|ed)?|talks?"
    r"|alleg(?:e|es|ed|edly)|reportedly|probabl[ey]|want(?:s|ed)?|about to|set to|due to be|ready to|threaten(?:s|ed)?|urge[sd]?"
    r"|call(?:s|ed) for|ask(?:s|ed)?|try|tries|trying|tried|attempt(?:s|ed)?)\b",
    re.IGNORECASE,
)
_LIMIT = re.compile(
    r"\b(?:some|most(?:ly)?|many|several|part(?:s|ly)?|few|half|majority|minority|often|sometimes|usually|generally|largely|mainly|almost|nearly"
    r"|partially|about|around|at least|up to|more than|over|less than|fewer)\b",
    re.IGNORECASE,
)

_OPPOSITES: dict[str, set[str]] = {}
for _pair in """largest/smallest biggest/smallest highest/lowest more/fewer more/less increase/decrease increased/decreased rose/fell
    rise/fall rises/falls rising/falling north/south northern/southern east/west eastern/western oldest/newest oldest/youngest
    earliest/latest maximum/minimum longest/shortest strongest/weakest accepted/rejected supported/opposed support/oppose
    allowed/forbidden allowed/banned richest/poorest best/worst always/never above/below won/lost win/lose
    up/down gain/loss gained/lost higher/lower larger/smaller bigger/smaller longer/shorter better/worse import/export
    imports/exports imported/exported buyer/seller bought/sold open/closed opened/closed early/late earlier/later inside/outside
    left/right majority/minority older/younger faster/slower strong/weak strengthened/weakened raised/cut raised/lowered
    grew/shrank increasing/decreasing public/private winter/summer spring/autumn mother/father brother/sister son/daughter
    male/female men/women husband/wife""".split():
    _one, _other = _pair.split("/")
    _OPPOSITES.setdefault(_one, set()).add(_other)
    _OPPOSITES.setdefault(_other, set()).add(_one)

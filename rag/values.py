"""What a sentence gives as the answer to a question, to be held against what another gives: an amount, a time, a name or a decision.

Amounts have a unit or what is counted, and the year that they are told of; a decision is whether something is so or not. For English.
Knows nothing of articles, of readers, or of what is made of two values that differ.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from .facts import amounts_in_figures, times_in_figures
from .kinds import Kind, asked_for_in_words, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .amounts import Amount
    from .times import When


class Sort(StrEnum):
    """What kind of value answers a question."""

    AMOUNT = "amount"
    TIME = "time"
    NAME = "name"
    DECISION = "decision"
    """Yes or no."""


@dataclass(frozen=True, slots=True)
class Value:
    """What one sentence says, in a form that can be compared."""

    sort: Sort
    words: str
    """As it is written."""
    amount: Amount | None = None
    until: Amount | None = None
    """The higher end, where it is a range."""
    when: When | None = None
    year: int | None = None
    """The year that an amount is told of, where its sentence names one."""
    counted: frozenset[str] = frozenset()
    """How the words begin that an amount without a unit counts."""
    denied: bool = False
    """Of a decision: it is not so."""

    @property
    def unit(self) -> str:
        """Return the unit of an amount; empty where it has none, or is none."""
        return self.amount.unit if self.amount is not None else ""

    def comparable(self, other: Value, *, answers: bool = False) -> bool:
        """Say whether the two speak of the same kind of thing, so that being different means something.

        What an amount without a unit counts may be called by another name where it `answers` the same question.
        """
        if self.sort is not other.sort:
            return False
        if self.amount is not None and other.amount is not None:
            if self.year is not None and other.year is not None and self.year != other.year:
                return False
            if self.amount.unit or other.amount.unit:
                return self.amount.unit == other.amount.unit
            return answers or bool(self.counted & other.counted)
        if self.when is not None and other.when is not None:
            return any(mine is not None and theirs is not None for mine, theirs in zip(self.when[:3], other.when[:3], strict=True))
        return True

    def told_in(self, words: str) -> bool:
        """Say whether a few words of its sentence hold it, though they may leave out its unit."""
        figure = _FIGURE.search(self.words) if self.amount is not None else None
        return self.words in words or (figure is not None and bool(re.search(rf"(?<![\d.,]){re.escape(figure[0])}(?![\d]|[.,]\d)", words)))

    def same_as(self, other: Value) -> bool:
        """Say whether both say the same, rounded or abbreviated though one may be."""
        if self.amount is not None and other.amount is not None:
            return self._same_amount(other)
        if self.when is not None and other.when is not None:
            return self.when.agrees(other.when)
        if self.sort is Sort.NAME:
            return _same_name(self.words, other.words)
        return self.denied == other.denied

    def near(self, other: Value) -> float:
        """Return how near two values are that differ, from 0 to 1: two counts of one thing mostly are."""
        if self.amount is not None and other.amount is not None:
            low, high = sorted((abs(self.amount.value), abs(other.amount.value)))
            return 0.0 if not low else max(0.0, 1 - math.log(high / low) / math.log(_FAR))
        if self.when is not None and other.when is not None:
            days = abs(_days(self.when, other.when))
            return 1.0 if days <= _MONTH else 0.6 if days <= _YEAR else max(0.0, 0.4 - days / (10 * _YEAR))
        return 0.5

    def _same_amount(self, other: Value) -> bool:
        ours, theirs = (tuple(one for one in (value.amount, value.until) if one) for value in (self, other))
        if any(one.same_as(another) or another.same_as(one) for one in ours for another in theirs):
            return True
        spans = [sorted(one.value for one in ends) for ends in (ours, theirs)]
        return (self.until or other.until) is not None and spans[0][0] <= spans[1][-1] and spans[1][0] <= spans[0][-1]


#: Amounts so many times as large are as far apart as can be.
_FAR = 4.0
_MONTH, _YEAR = 31, 366

#: An amount after a year is so many times as far from it as one before it: "12 tonnes in 2022, or 4 percent".
_AFTER = 4

_YEAR_WORD = re.compile(r"(?<![\w.,/-])(?:1[5-9]|20)\d\d(?![\w%]|[.,/-]\d)")
_MONTH_BEFORE = re.compile(
    r"\b(?:\d{1,2}(?:st|nd|rd|th)? )?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?(?: \d{1,2}(?:st|nd|rd|th)?)?,? ?$",
    re.IGNORECASE,
)
_TITLE_BEFORE = re.compile(r"[A-Z][a-z]+\s$")
_RANGE = re.compile(r"\s?(?:to|[–-])\s?")
_BETWEEN = re.compile(r"\s?and\s?")
_DENIES = re.compile(
    r"\b(?:not|never|no longer|cannot|without|den(?:y|ies|ied)|refus(?:e|es|ed)|rejects?|rejected|neither|nor)\b|n[’']t\b", re.IGNORECASE
)
_METRIC = re.compile(r"[ -]tons?(?:nes?)?\b", re.IGNORECASE)
_FIGURE = re.compile(r"\d[\d.,]*\d|\d")
_WORD = re.compile(r"[^\W\d_]+")
_NO_NAME = frozenset(
    "the and of for in at on a an by de la le van von mr mrs ms dr sir lord president minister company group inc corp ltd".split()
)

#: Words of so many letters that begin alike are forms of one.
_ALIKE = 4


#: Nouns that ask for an amount: "What was the turnout?"
_QUANTITY = re.compile(
    r"\bwh(?:at|ich) (?:(?:is|was|were|are|will be|did) )?(?:[\w’'-]+ ){0,4}?(?:share|percentage|proportion|output|production|capacity"
    r"|population|price|cost|value|budget|length|height|weight|distance|speed|rate|toll|turnout|revenue|profit|debt|salary|size)\b",
    re.IGNORECASE,
)

_SORTS = {"a number": Sort.AMOUNT, "a time": Sort.TIME}


def sort_of(question: str, answer: str | None) -> Sort | None:
    """Return what kind of value answers a question, given what a sentence seems to answer; None where two answers may well both be true."""
    kind, asked = kind_of(question), asked_for_in_words(question)
    if kind is not Kind.FACT:
        return Sort.DECISION if kind is Kind.YES_NO else None
    if asked in _SORTS:
        return _SORTS[asked]
    if _QUANTITY.search(question):
        return Sort.AMOUNT
    if any(one.unit or one.value > 1 for one, _, _ in amounts_in_figures(answer or "")):
        return Sort.AMOUNT
    return Sort.NAME if asked else Sort.TIME if times_in_figures(answer or "") else None


def values(text: str, sort: Sort) -> list[Value]:
    """Return the values of a sort that a text gives, in order of place; a name is the whole text."""
    if sort is Sort.NAME:
        return [Value(sort, text.strip())] if _name_words(text) else []
    if sort is Sort.DECISION:
        return [Value(sort, text, denied=len(_DENIES.findall(text)) % 2 == 1)]
    if sort is Sort.TIME:
        return [Value(sort, one.words, when=one) for one in times_in_figures(text)]
    return list(_amounts(text))


def reference_years(text: str) -> frozenset[int]:
    """Return the years that a text tells of: those that stand alone, not as part of a day or of the name of an edition."""
    return frozenset(year for year, _ in _years(text))


def _amounts(text: str) -> Iterator[Value]:
    """Yield the amounts of a text, each with the years that stand nearer to it than to any other; the two ends of a range are one."""
    told = list(amounts_in_figures(text))
    years = _years_of(text, [(start, end) for _, start, end in told])
    held, last = None, 0
    for one, start, found_end in told:
        tons = _METRIC.match(text, found_end) if text[start:found_end].lower().endswith("metric") else None
        end = tons.end() if tons else found_end
        counted = frozenset() if one.unit else _counted(text[end : end + 60])
        value = Value(Sort.AMOUNT, " ".join(text[start:end].split()), one, None, None, years.get(start), counted)
        if held is not None and held.amount is not None and held.amount.unit in ("", one.unit) and _is_range(text[:last], text[last:start]):
            low = held.amount._replace(unit=one.unit)
            held = Value(Sort.AMOUNT, f"{held.words} to {value.words}", low, one, None, value.year or held.year, counted)
        else:
            if held is not None:
                yield held
            held = value
        last = end
    if held is not None:
        yield held


def _years_of(text: str, spans: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Return the year that each amount, by where it begins, is told of: each year belongs to the amount nearest to it."""
    belongs: dict[int, tuple[float, int]] = {}
    for year, place in _years(text):
        gaps = [((start - place - 4) * _AFTER if place < start else place - end, start) for start, end in spans if not start <= place < end]
        if len(gaps) == len(spans) > 0:  # else the year is an amount: 1500 kg
            gap, nearest = min(gaps)
            belongs[nearest] = min(belongs.get(nearest, (math.inf, 0)), (gap, year))
    return {start: year for start, (_, year) in belongs.items()}


def _is_range(before: str, between: str) -> bool:
    joined = _BETWEEN if re.search(r"\bbetween \S{1,20}(?: \S{1,20})?$", before[-50:], re.IGNORECASE) else _RANGE
    return bool(joined.fullmatch(between))


def _counted(following: str) -> frozenset[str]:
    return frozenset(word[: _ALIKE + 1].lower() for word in _WORD.findall(following.partition(",")[0])[:3] if len(word) > 2)


def _years(text: str) -> Iterator[tuple[int, int]]:
    for found in _YEAR_WORD.finditer(text):
        before = text[max(0, found.start() - 24) : found.start()]
        month = _MONTH_BEFORE.search(before)
        if month:
            if not re.search(r"\d", month[0]):
                yield int(found[0]), found.start()
        elif not (_TITLE_BEFORE.search(before) and before.strip() not in ("In", "By", "Since", "For", "During", "Until", "From")):
            yield int(found[0]), found.start()


def _days(one: When, other: When) -> int:
    """Return how many days lie between two times as far as both are told."""
    days = 0
    for mine, theirs, length in ((one.year, other.year, 365), (one.month, other.month, 30), (one.day, other.day, 1)):
        if mine is not None and theirs is not None:
            days += (mine - theirs) * length
    return days


def _name_words(text: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORD.findall(text) if word.lower() not in _NO_NAME and len(word) > 1)


def _same_name(one: str, other: str) -> bool:
    """Say whether two names share a word or its beginning, or one has the other's initials."""
    ours, theirs = _name_words(one), _name_words(other)
    if {word[:_ALIKE] for word in ours} & {word[:_ALIKE] for word in theirs}:
        return True
    initials = [{"".join(word[0] for word in _WORD.findall(text) if word[0].isupper()).lower()} for text in (one, other)]
    return bool(initials[0] & theirs or initials[1] & ours)

"""What a claim states that can be held against a text letter by letter: amounts, times, names, addresses and words in quotation marks.

For English; figures of other languages are found where they are written alike. Knows nothing of passages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from .amounts import Amount, amounts_in, in_figures
from .names import strange_names
from .times import When, times_in

if TYPE_CHECKING:
    from collections.abc import Iterator

#: An address of the web, or of somebody's mail.
_ADDRESS = re.compile(
    r"\b(?:https?://|www\.)\S{1,500}|\b[\w.-]{1,64}@[\w-]{1,64}\.\w|\b[a-z0-9-]{2,63}\.(?:com|org|net|io|info|example|ru|cn|co)\b\S{0,200}",
    re.IGNORECASE,
)

#: Words in quotation marks; of fewer than so many, they may be a name or a term that the article writes without.
_QUOTATION = re.compile(r"[“\"]([^“”\"]{1,400})[”\"]|‘([^‘’]{12,400})’(?!\w)|«([^«»]{1,400})»")
_FEWEST = 3


@dataclass(frozen=True, slots=True)
class Facts:
    """What a text states."""

    amounts: tuple[Amount, ...]
    times: tuple[When, ...]


@lru_cache(maxsize=4096)
def stated(text: str) -> Facts:
    """Return the amounts and times that a text states, in order of place."""
    figures = in_figures(text)
    return Facts(tuple(one for one, _, _ in amounts_in_figures(figures)), tuple(times_in_figures(figures)))


def amounts_in_figures(text: str) -> Iterator[tuple[Amount, int, int]]:
    """Yield the amounts that a text writes in figures, with where each begins and ends; a time is none unless it has a unit: 1500 kg."""
    taken = bytearray(len(text))
    for _, (start, end) in times_in(text):
        taken[start:end] = b"\1" * (end - start)
    for one, (start, end) in amounts_in(text):
        if one.unit or not any(taken[start:end]):
            yield one, start, end


def times_in_figures(text: str) -> list[When]:
    """Return the times that a text tells as they are written, in order of place."""
    return [one for one, _ in times_in(text)]


def missing(claim: str, text: str) -> list[str]:
    """Return the quotations, addresses, times, amounts and names of a claim that a text does not state.

    As they are written, but for number words, which are figures.
    """
    said, found = stated(claim), stated(text)
    amounts = [
        one.words
        for one in said.amounts
        if not _is_a_word(one, claim) and not any(one.same_as(other) for other in found.amounts) and not _as_time(one, found)
    ]
    times = [one.words for one in said.times if not one.told_by(found.times) and not _as_amount(one, found)]
    return [*_strange_quotations(claim, text), *_strange_addresses(claim, text), *times, *amounts, *strange_names(claim, text)]


def _strange_quotations(claim: str, text: str) -> list[str]:
    """Return the words that a claim quotes and a text does not have, whatever the marks, the spaces and the stop at the end."""
    had = _as_said(text)
    return [
        f"“{words}”"
        for words in map("".join, _QUOTATION.findall(claim))
        if len(words.split()) >= _FEWEST and _as_said(words).strip(".,;:!?… ") not in had
    ]


def _as_said(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"[’‘`]", "'", re.sub(r"[“”\"]", "", text))).casefold()


def _strange_addresses(claim: str, text: str) -> list[str]:
    """Return the addresses of a claim that a text does not have, letter by letter."""
    had = text.casefold()
    return [found[0] for found in _ADDRESS.finditer(claim) if found[0].rstrip('.,;:!?)]’”"').casefold() not in had]


def _is_a_word(amount: Amount, claim: str) -> bool:
    """Say whether it may be no number at all: "one of", "one day", "the first", "a second man"."""
    if _ORDINAL.search(amount.words):
        return amount.words not in claim
    return amount.value == 1 and amount.unit in _MAY_BE_A_WORD and not _ONE.search(claim)


_ONE = re.compile(r"(?<![Nn]o\. )(?<![\w.,])1(?![\w]|[.,]\d)")


_MAY_BE_A_WORD = ("", "year", "month", "week", "day", "hour", "minute")


def _as_time(amount: Amount, found: Facts) -> bool:
    """Say whether a bare number is told as a year, or one like "3rd" as a day."""
    return not amount.unit and any(amount.value == (when.day if _ORDINAL.search(amount.words) else when.year) for when in found.times)


_ORDINAL = re.compile(r"\d(?:st|nd|rd|th)\b", re.IGNORECASE)


def _as_amount(when: When, found: Facts) -> bool:
    """Say whether a bare year is told as a number."""
    return when.month is None and when.day is None and any(amount.value == when.year for amount in found.amounts)

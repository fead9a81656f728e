"""The days, months and years that a text states.

For English. Knows nothing of what they are held against.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class When(NamedTuple):
    """A day, a month or a year; None for what is not told."""

    year: int | None
    month: int | None
    day: int | None
    words: str

    def agrees(self, other: When) -> bool:
        """Say whether the two can be the same time: nothing that both tell is different, and something is told by both."""
        pairs = [(mine, theirs) for mine, theirs in zip(self[:3], other[:3], strict=True) if mine is not None and theirs is not None]
        return bool(pairs) and all(mine == theirs for mine, theirs in pairs)

    def told_by(self, others: Sequence[When]) -> bool:
        """Say whether the others tell all that this tells: day and month in one of them, the year there or, if that has none, elsewhere."""
        years = {other.year for other in others}
        return any(
            self.day in (None, other.day)
            and self.month in (None, other.month)
            and (self.year in (None, other.year) or (other.year is None and self.month is not None and self.year in years))
            for other in others
        )


def times_in(text: str) -> list[tuple[When, tuple[int, int]]]:
    """Return the times of a text whose numbers are figures, in order, each with where it stands."""
    return list(_in_full(sorted(_times(text), key=lambda time: time[1]), text))


def is_month(word: str) -> bool:
    """Say whether a word names a month, in full or shortened."""
    return word.casefold().rstrip(".") in _MONTH_OF


_MONTHS = "january february march april may june july august september october november december".split()
_MONTH_OF = {name[:length]: place for place, name in enumerate(_MONTHS, 1) for length in (3, len(name))} | {"sept": 9}
_MONTH = (
    r"(?P<month>Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?|July?|Aug(?:ust|\.)?|Sep(?:t(?:ember|\.)?|\.)?"
    r"|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
)
_YEAR = r"(?P<year>1[5-9]\d\d|20\d\d)"
_DAY = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
_BEFORE_MONTH = (
    r"\b(?:[Ii]n|[Bb]y|[Ss]ince|[Uu]ntil|[Ff]rom|[Tt]o|[Oo]f|[Ll]ast|[Nn]ext|[Ee]arly|[Ll]ate|[Mm]id|[Aa]fter|[Bb]efore|[Tt]his)"
)
_TIMES = tuple(
    re.compile(pattern)
    for pattern in (
        r"\b(?P<year>\d{4})-(?P<number>\d\d)-(?P<day>\d\d)\b",
        rf"\b{_DAY} (?:of )?{_MONTH},?(?: {_YEAR})?\b",
        rf"\b{_MONTH} {_DAY}\b(?!,\d|\.\d)(?:,? {_YEAR}\b)?",
        rf"\b{_MONTH},? (?:of )?{_YEAR}\b",
        rf"{_BEFORE_MONTH}[ -]{_MONTH}\b",
        rf"(?<![\w.,$€£-])(?:FY ?)?{_YEAR}(?![\w%,]*\d)(?!s?\b ?(?:%|tonnes|tons|people|workers|dollars))(?!\.\d)",
    )
)


def _times(text: str) -> Iterator[tuple[When, tuple[int, int]]]:
    taken = bytearray(len(text))
    for pattern in _TIMES:
        for found in pattern.finditer(text):
            start, end = found.span()
            if any(taken[start:end]):
                continue
            taken[start:end] = b"\1" * (end - start)
            told = {name: value for name, value in found.groupdict().items() if value}
            month = (
                _MONTH_OF.get(told["month"].rstrip(".").lower()) if "month" in told else int(told["number"]) if "number" in told else None
            )
            year, day = (int(told[name]) if name in told else None for name in ("year", "day"))
            yield When(year, month, day, found[0]), (start, end)


#: Between two years of which the second has the day and month of the first: "December 31, 2009 and 2008".
_AND_YEAR = re.compile(r",? ?(?:and |or |, )?", re.IGNORECASE)


def _in_full(times: Sequence[tuple[When, tuple[int, int]]], text: str) -> Iterator[tuple[When, tuple[int, int]]]:
    before: tuple[When, int] | None = None
    for when, (start, end) in times:
        told = when
        if before and before[0].month and before[0].year and when.month is None and _AND_YEAR.fullmatch(text[before[1] : start]):
            told = when._replace(month=before[0].month, day=before[0].day)
        yield told, (start, end)
        before = told, end

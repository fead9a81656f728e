"""What a text states that can be held against another letter by letter: amounts, times and names.

For English; figures of other languages are found where they are written alike. Knows nothing of passages.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: An address of the web, or of somebody's mail.
_ADDRESS = re.compile(
    r"\b(?:https?://|www\.)\S{1,500}|\b[\w.-]{1,64}@[\w-]{1,64}\.\w|\b[a-z0-9-]{2,63}\.(?:com|org|net|io|info|example|ru|cn|co)\b\S{0,200}",
    re.IGNORECASE,
)

#: What is said to be about so much may be so far from it, as a share of it.
_NEAR = 0.06


class Amount(NamedTuple):
    """A number with its unit, as `1.5 million tonnes`, `$2bn` or `half of` state it."""

    value: float
    unit: str
    """A currency, `%`, `points` or a measure, in one form for each; empty for what is counted or has no unit."""
    about: bool
    """The text says that it is about so much."""
    digits: int
    """Its significant digits: what was rounded has few."""
    words: str
    """As it is written, number words as figures."""

    def same_as(self, other: Amount) -> bool:
        """Say whether this amount is the other one, or that rounded to as many digits as this has."""
        if self.unit and other.unit and self.unit != other.unit:
            return False
        if math.isclose(self.value, other.value, rel_tol=_NEAR if self.about or other.about else 1e-9, abs_tol=1e-9):
            return True
        return self.digits > 1 and math.isclose(_rounded(other.value, self.digits), self.value, rel_tol=1e-9)


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


@dataclass(frozen=True, slots=True)
class Facts:
    """What a text states."""

    amounts: tuple[Amount, ...]
    times: tuple[When, ...]


@lru_cache(maxsize=4096)
def stated(text: str) -> Facts:
    """Return the amounts and times that a text states, in order of place."""
    from text_to_num import alpha2digit  # type: ignore[import-untyped]  # a cold question without a language model does without

    figures = str(alpha2digit(_FRACTION.sub(_percentage, text), "en", threshold=0.0))
    times = list(_times(figures))
    taken = _marked(figures, (span for _, span in times))
    amounts = tuple(one for one, (start, end) in _amounts(figures) if not any(taken[start:end]))
    return Facts(amounts, tuple(one for one, _ in sorted(times, key=lambda time: time[1])))


def amounts_in_figures(text: str) -> Iterator[tuple[Amount, int, int]]:
    """Yield the amounts that a text writes in figures, with where each begins and ends; a time is none unless it has a unit: 1500 kg."""
    taken = _marked(text, (span for _, span in _times(text)))
    for one, (start, end) in _amounts(text):
        if one.unit or not any(taken[start:end]):
            yield one, start, end


def times_in_figures(text: str) -> list[When]:
    """Return the times that a text tells as they are written, in order of place."""
    return [one for one, _ in sorted(_times(text), key=lambda time: time[1])]


def missing(claim: str, text: str) -> list[str]:
    """Return the addresses, times, amounts and names of a claim, as they are written, that a text does not state."""
    said, found = stated(claim), stated(text)
    amounts = [
        one.words
        for one in said.amounts
        if not _is_a_word(one) and not any(one.same_as(other) for other in found.amounts) and not _as_time(one, found)
    ]
    times = [one.words for one in said.times if not any(one.agrees(other) for other in found.times) and not _as_amount(one, found)]
    return [*_strange_addresses(claim, text), *times, *amounts, *_strange_names(claim, text)]


def _strange_addresses(claim: str, text: str) -> list[str]:
    """Return the addresses of a claim that a text does not have, character by character."""
    return [found[0] for found in _ADDRESS.finditer(claim) if found[0] not in text]


def _is_a_word(amount: Amount) -> bool:
    """Say whether it may be no number at all: "one of", "the first"."""
    return amount.value == 1 and not amount.unit


def _as_time(amount: Amount, found: Facts) -> bool:
    """Say whether a bare number is told as a year or a day."""
    return not amount.unit and any(amount.value in (when.year, when.day) for when in found.times)


def _as_amount(when: When, found: Facts) -> bool:
    """Say whether a bare year is told as a number."""
    return when.month is None and when.day is None and any(amount.value == when.year for amount in found.amounts)


# --- amounts ----------------------------------------------------------------------------------------------------------

_SCALES = {
    "hundred": 1e2,
    "thousand": 1e3,
    "k": 1e3,
    "million": 1e6,
    "mn": 1e6,
    "m": 1e6,
    "billion": 1e9,
    "bn": 1e9,
    "trillion": 1e12,
    "tn": 1e12,
}

#: Units, each in all the ways that it is written; the first is its name.
_UNITS = tuple(
    tuple(line.split())
    for line in """$ $ us$ usd dollar dollars
    € € eur euro euros
    £ £ gbp pound pounds sterling
    ¥ ¥ rmb cny yuan renminbi yen
    % % percent
    points points pp
    tonne tonne tonnes ton tons t mt
    kg kg kilogram kilograms kilo kilos kilogramme kilogrammes
    g g gram grams gramme grammes
    km km kilometre kilometres kilometer kilometers
    mile mile miles
    m metre metres meter meters
    ft foot feet ft
    ha ha hectare hectares
    acre acre acres
    litre litre litres liter liters
    barrel barrel barrels
    mw mw megawatt megawatts
    gw gw gigawatt gigawatts
    mwh mwh
    gwh gwh
    kwh kwh
    year year years year-old
    month month months
    week week weeks
    day day days
    hour hour hours
    minute minute minutes
    °c °c celsius
    °f °f fahrenheit""".splitlines()
)
_UNIT_OF = {written: names[0] for names in _UNITS for written in names}

_NUMBER = r"\d{1,3}(?:[,\u00a0\u202f’']\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_AMOUNT = re.compile(
    rf"(?<![\w.])(?P<sign>(?:US|A|C|HK|S)?[$€£¥])?\s?(?P<number>{_NUMBER})(?:st|nd|rd|th)?(?![\d])"
    rf"(?:[ -]?(?P<scale>hundred|thousand|million|billion|trillion|[mb]n|tn|k|m|1000000000000|1000000000|1000000|1000)(?![\w]))?"
    r"(?:[\s-]?(?P<unit>%|percentage points?|per ?cent\b|[A-Za-z°][\w°-]*))?",
    re.IGNORECASE,
)
_FRACTION = re.compile(
    r"\b(?:(?P<count>an?|one|two|three|four)[ -])?(?P<part>half|halves|thirds?|quarters?|fifths?|tenths?)\b"
    r"(?=\s+(?:of|the|its|their|his|her)\b|\W*$|[,;:])",
    re.IGNORECASE,
)
_PARTS = {"half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fifth": 5, "fifths": 5, "tenth": 10, "tenths": 10}
_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4}

_ABOUT = re.compile(
    r"(?:\b(?:about|around|roughly|approximately|some|circa|close to|an estimated|estimated|nearly|almost|just (?:under|over)|more than"
    r"|over)\W+(?:\w+\W+)?|[~≈]\s?)$",
    re.IGNORECASE,
)


def _percentage(found: re.Match[str]) -> str:
    part, count = found["part"].lower(), (found["count"] or "").lower()
    if part != "half" and not count:
        return found[0]  # "the third", "the first quarter": no share
    return f"about {100 * _COUNTS.get(count, 1) / _PARTS[part]:.2f} %"


def _amounts(text: str) -> Iterator[tuple[Amount, tuple[int, int]]]:
    for found in _AMOUNT.finditer(text):
        digits = re.sub(r"[^\d.]", "", found["number"])
        scale = (found["scale"] or "").lower()
        value = float(digits) * (_SCALES.get(scale) or (float(scale) if scale else 1.0))
        measure = _measure(found["unit"], text[found.end() : found.end() + 20])
        unit = _UNIT_OF.get(found["sign"].lower(), found["sign"][-1]) if found["sign"] else measure
        end = found.end() if measure else found.end("scale") if found["scale"] else found.end("number")
        about = bool(_ABOUT.search(text[max(0, found.start() - 40) : found.start()]))
        yield Amount(value, unit, about, _significant(digits), text[found.start() : end].strip()), (found.start(), end)


def _measure(word: str | None, following: str) -> str:
    if not word:
        return ""
    written = re.sub(r"\s", "", word.lower())
    if written.startswith("percentagepoint"):
        return "points"
    if written == "metric" and (found := re.match(r"\W*(ton(?:ne)?s?)\b", following, re.IGNORECASE)):
        written = found[1].lower()
    return _UNIT_OF.get(written, "")


def _significant(number: str) -> int:
    whole = number.replace(".", "").lstrip("0")
    return max(1, len(whole if "." in number else whole.rstrip("0")))


def _rounded(value: float, digits: int) -> float:
    return float(f"{value:.{digits - 1}e}")


# --- times ------------------------------------------------------------------------------------------------------------

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


def _marked(text: str, spans: Iterable[tuple[int, int]]) -> bytearray:
    """Return a byte for each character of a text: 1 where a span lies."""
    marked = bytearray(len(text))
    for start, end in spans:
        marked[start:end] = b"\1" * (end - start)
    return marked


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


# --- names ------------------------------------------------------------------------------------------------------------

_WORD = re.compile(r"[^\W\d_][\w’'&-]*")

#: Short names that are no initials of what they stand for.
_ALSO = {"us": "american", "uk": "british", "eu": "european", "un": "nations", "america": "us", "britain": "uk", "europe": "eu"}

#: Words of so many letters are the same name when they begin alike: Chile, Chilean, Chile's.
_ALIKE = 4


def _strange_names(claim: str, text: str) -> list[str]:
    """Return the names of a claim of which a text has no word that begins alike, and no run of words with these initials."""
    words = [found[0] for found in _WORD.finditer(text)]
    known = {_bare(word) for word in words} | _initials(words)
    beginnings = {word[:_ALIKE] for word in known if len(word) >= _ALIKE}
    return [
        name
        for name in dict.fromkeys(_capitalised(claim))
        if (bare := _bare(name)) not in known and bare[:_ALIKE] not in beginnings and not {_ALSO.get(bare)} & known
    ]


def _capitalised(claim: str) -> Iterator[str]:
    """Yield the words that are written with a capital but need not be: none that opens the claim or stands after a full stop."""
    opens = True
    for found in _WORD.finditer(claim):
        opens = opens or claim[: found.start()].rstrip(" “\"‘'(")[-1:] in ("", ".", "!", "?", ":")
        if found[0][0].isupper() and not opens and _bare(found[0]) not in _MONTH_OF and len(found[0]) > 1:
            yield found[0]
        opens = False


def _initials(words: list[str]) -> set[str]:
    """Return the initials of runs of two to five words with capitals: `eu` for `European Union`."""
    capitals = "".join(word[0].lower() if word[0].isupper() else " " for word in words)
    return {
        run[start:end] for run in capitals.split() for start in range(len(run)) for end in range(start + 2, min(start + 5, len(run)) + 1)
    }


def _bare(word: str) -> str:
    return re.sub(r"[’']s?$|[^\w]", "", word.casefold())

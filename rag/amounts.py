"""The amounts that a text states, as numbers with their units: `1.5 million tonnes`, `$2bn`, `half of`, `5 to 10 %`.

For English. Knows nothing of what they are held against.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What has one of these units is not what is counted.
_NEVER_COUNTED = frozenset(("%", "points", "°c", "°f"))


def _alike(unit: str, other: str) -> bool:
    """Say whether two units may be the same: a dollar may be anybody's."""
    return unit == other or ("$" in (unit, other) and unit.endswith("$") and other.endswith("$"))


#: A number of so many significant digits is no other one.
_TELLING = 4

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
    times: float = 1.0
    """What its figures are multiplied by: a million in "5 million"."""

    def same_as(self, other: Amount) -> bool:
        """Say whether this amount is the other one, or that rounded to as many digits as this has.

        A unit of this has to be the other's, unless that has none, as in a table, and so many digits that they tell it apart.
        """
        if self.unit and not _alike(self.unit, other.unit) and (other.unit or self.digits < _TELLING):
            return False
        if not self.unit and other.unit in _NEVER_COUNTED:
            return False
        if math.isclose(self.value, other.value, rel_tol=_NEAR if self.about or other.about else 1e-9, abs_tol=1e-9):
            return True
        return self.digits > 1 and math.isclose(_rounded(other.value, self.digits), self.value, rel_tol=1e-9)


def in_figures(text: str) -> str:
    """Return a text with its number words as figures, and shares like "a third of" as percentages."""
    from text_to_num import alpha2digit  # type: ignore[import-untyped]  # a cold question without a language model does without

    text = _HALF_A_MILLION.sub(lambda found: f"{_COUNTS.get((found[1] or '').lower(), 0) + 0.5} {found[2]}", text)
    return str(alpha2digit(_FRACTION.sub(_percentage, _DOZEN.sub("12", text)), "en", threshold=0.0))


_SCALES = {
    "hundred": 1e2,
    "thousand": 1e3,
    "k": 1e3,
    "million": 1e6,
    "mn": 1e6,
    "m": 1e6,
    "billion": 1e9,
    "b": 1e9,
    "bn": 1e9,
    "trillion": 1e12,
    "tn": 1e12,
}

#: Units, each in all the ways that it is written; the first is its name.
_UNITS = tuple(
    tuple(line.split())
    for line in """$ $ dollar dollars
    us$ us$ usd
    € € eur euro euros
    £ £ gbp pound pounds sterling
    ¥ ¥ rmb cny yuan renminbi yen
    % % percent pc
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
    rf"(?<![\w.])(?P<sign>(?:US|AU?|CA?|HK|NZ|S)?[$€£¥]|(?:USD|EUR|GBP|CNY|RMB)(?=\s?\d))?\s?(?P<minus>[-−](?=\d))?(?P<number>{_NUMBER})(?P<ordinal>st|nd|rd|th)?(?![\d])"
    rf"(?:[ -]?(?P<scale>hundred|thousand|million|billion|trillion|[mb]n|tn|k|m|b|1000000000000|1000000000|1000000|1000)(?![\w]))?"
    r"(?:[\s-]?(?P<unit>%|percentage points?|per ?cent\b|[A-Za-z°][\w°-]*))?",
    re.IGNORECASE,
)
_HALF_A_MILLION = re.compile(r"\b(?:(one|two|three|four) and a half|half an?) (million|billion|trillion)\b", re.IGNORECASE)
_DOZEN = re.compile(r"\b(?:a|one) dozen\b", re.IGNORECASE)
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


#: Before "half" they make it a time: "the second half of 2023".
_ONE_OF_TWO = re.compile(r"\b(?:first|second|1st|2nd|latter|last|other|early|late)[\s-]$", re.IGNORECASE)


def _percentage(found: re.Match[str]) -> str:
    part, count = found["part"].lower(), (found["count"] or "").lower()
    if part != "half" and not count:
        return found[0]  # "the third", "the first quarter": no share
    if part == "half" and _ONE_OF_TWO.search(found.string[max(0, found.start() - 10) : found.start()]):
        return found[0]
    return f"about {100 * _COUNTS.get(count, 1) / _PARTS[part]:.2f} %"


_YEAR = re.compile(r"1[5-9]\d\d|20\d\d")

#: Between the two numbers of a range: "5 to 10 million", "30-40 %". The first has the second's scale and unit.
_UP_TO = re.compile(r"\s?(?:to|-|–|and|or)\s?", re.IGNORECASE)


def amounts_in(text: str) -> Iterator[tuple[Amount, tuple[int, int]]]:
    """Yield the amounts of a text whose numbers are figures, in order, each with where it stands."""
    every = list(_AMOUNT.finditer(text))
    later: Amount | None = None
    amounts: list[tuple[Amount, tuple[int, int]]] = []
    for found, after in zip(reversed(every), [None, *reversed(every)], strict=False):
        scaled = found["scale"] or _measure(found["unit"], text[found.end() : found.end() + 20])
        bare = not scaled and not _YEAR.fullmatch(found["number"])
        link = text[found.end("number") : after.start()] if bare and after else ""
        dash = link.strip() in ("-", "–") or (after is not None and after["sign"])
        ranges = bool(_UP_TO.fullmatch(link)) and (dash or not found["sign"])
        one, end = _amount(found, text, later if ranges else None)
        if ranges and found["sign"] and later is not None and not later.unit:
            amounts[-1] = (later._replace(unit=one.unit), amounts[-1][1])
        later = one
        amounts.append((one, (found.start(), end)))
    yield from reversed(amounts)


def _amount(found: re.Match[str], text: str, like: Amount | None) -> tuple[Amount, int]:
    """Return an amount and where it ends; where it opens a range, in the unit and scale of what ends it."""
    digits = re.sub(r"[^\d.]", "", found["number"])
    scale = (found["scale"] or "").lower()
    times = _SCALES.get(scale) or (float(scale) if scale else _whole_scale(digits))
    measure = _measure(found["unit"], text[found.end() : found.end() + 20])
    unit = _UNIT_OF.get(found["sign"].lower(), found["sign"].lower()) if found["sign"] else measure
    end = found.end() if measure else max(found.end(name) for name in ("number", "ordinal", "scale"))
    if like is not None:
        unit, times = unit or like.unit, like.times
    about = bool(_ABOUT.search(text[max(0, found.start() - 40) : found.start()]))
    words = _SCALE_IN_FIGURES.sub(lambda one: f" {_SCALE_NAMES[one[1]]}", text[found.start() : end].strip())
    value = float(digits) * (times if scale or like else 1.0) * (-1 if found["minus"] else 1)
    return Amount(value, unit, about, _significant(digits), words, times), end


def _whole_scale(digits: str) -> float:
    """Return what figures are multiplied by that were words: twenty million is written 20000000."""
    zeros = len(digits) - len(digits.rstrip("0")) if "." not in digits else 0
    return 10.0 ** min(zeros // 3 * 3, 300) if zeros >= 6 else 1.0


_SCALE_NAMES = {"1000": "thousand", "1000000": "million", "1000000000": "billion", "1000000000000": "trillion"}
_SCALE_IN_FIGURES = re.compile(r"(?<=\d) (1000|1000000|1000000000|1000000000000)\b(?!\.\d)")


def _measure(word: str | None, following: str) -> str:
    if not word:
        return ""
    written = re.sub(r"\s", "", word.lower())
    if written.startswith("percentagepoint"):
        return "points"
    if written in ("us", "u", "american") and re.match(r"(?:\.S\.)?\W*dollars?\b", following, re.IGNORECASE):
        return "us$"
    if written == "metric" and (found := re.match(r"\W*(ton(?:ne)?s?)\b", following, re.IGNORECASE)):
        written = found[1].lower()
    return _UNIT_OF.get(written, "")


def _significant(number: str) -> int:
    whole = number.replace(".", "").lstrip("0")
    return max(1, len(whole if "." in number else whole.rstrip("0")))


def _rounded(value: float, digits: int) -> float:
    return float(f"{value:.{digits - 1}e}")

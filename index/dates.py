"""Dates as documents write them, read strictly: a date that could be read in two ways is not read at all.

Knows nothing of articles or files. A date is the day, month or year that the document shows, never one moved by
a time zone; where the document gives a time as well, `parse_moment` keeps it with its zone.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from .months import in_english

#: Longer strings are prose, not dates.
MAX_CHARACTERS = 100

_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
_MONTHS |= {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
_MONTHS["sept"] = 9

_YEAR = r"(?P<year>[12][0-9]{3})"
_MONTH = r"(?P<month>[0-9]{1,2})"
_DAY = r"(?P<day>[0-9]{1,2})"
_NAME = rf"(?P<name>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\.?"
_ORDINAL = rf"{_DAY}(?:st|nd|rd|th)?"
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?"
_CLOCK = r"(?:[01]?[0-9]|2[0-4]):?[0-5][0-9](?::?[0-5][0-9]|:?60)?(?:[.,][0-9]{1,9})?(?:\s?[ap]\.?m\.?)?"
_ZONE = r"(?:\s?(?:z|[a-z]{2,5}))?(?:\s?[+-][0-9]{2}:?(?:[0-9]{2})?)?(?:\s?\([a-z0-9 +:-]*\))?"
_TIME = rf"(?:(?:t|,?\s+(?:at\s+)?|\s[-|]\s){_CLOCK}{_ZONE})?"

_FORMS = tuple(
    re.compile(form, re.IGNORECASE | re.ASCII)
    for form in (
        _YEAR,
        rf"{_YEAR}[-/.]{_MONTH}",
        rf"{_YEAR}(?P<mark>[-/.]){_MONTH}(?P=mark){_DAY}{_TIME}",
        rf"{_YEAR}(?P<month>[0-9]{{2}})(?P<day>[0-9]{{2}})(?:t{_CLOCK}{_ZONE})?",
        rf"{_WEEKDAY}{_ORDINAL}(?:\s+of)?[\s-]+{_NAME},?[\s-]+{_YEAR}{_TIME}",
        rf"{_WEEKDAY}{_NAME}\s+{_ORDINAL},?\s+{_YEAR}{_TIME}",
        rf"{_WEEKDAY}{_NAME}\s+{_ORDINAL}\s+{_CLOCK}(?:\s[a-z]{{2,5}})?\s+{_YEAR}",
        rf"{_NAME},?[\s-]+{_YEAR}",
    )
)

#: A time before its date, as newspapers that follow events write it: `10:24 GMT (1824 HKT) March 3, 2023`.
_TIME_FIRST = re.compile(
    r"(?P<hour>[01]?[0-9]|2[0-4])"
    r"(?::(?P<minute>[0-5][0-9])(?P<rest>(?:\s?[ap]\.?m\.?)?(?:\s[a-z]{2,5})?)|(?P<minutes>[0-5][0-9])(?P<zone>\s[a-z]{2,5}))"
    r"(?:\s\([a-z0-9 :.]{1,20}\))?,?\s+(?:on\s+)?"
    rf"(?P<date>{_WEEKDAY}(?:[a-z]{{3,9}}\.?\s[0-9]{{1,2}}|[0-9]{{1,2}}\s[a-z]{{3,9}}\.?),?\s{_YEAR})",
    re.IGNORECASE | re.ASCII,
)

#: Zones that mean the same everywhere, by their names (docs/formats.md); BST, IST and ET do not, and stay unread.
ZONES = {
    **dict.fromkeys(("UTC", "GMT", "WET"), "+0000"),
    **dict.fromkeys(("CET", "MEZ", "WEST"), "+0100"),
    **dict.fromkeys(("CEST", "MESZ", "EET"), "+0200"),
    **dict.fromkeys(("EEST", "MSK"), "+0300"),
    **dict.fromkeys(("HKT", "SGT"), "+0800"),
    **dict.fromkeys(("JST", "KST"), "+0900"),
    "AEST": "+1000",
    "AEDT": "+1100",
    "NZST": "+1200",
    "NZDT": "+1300",
}

#: What has a time of day by ISO 8601.
_ISO_TIME = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}[t ][0-9]", re.IGNORECASE | re.ASCII)

#: What neither of the forms with a time allows for: a clock of twelve hours, "at" before it, and a zone by name behind ISO 8601.
_HALF = re.compile(r"(?<=[0-9])\s?(?P<half>[ap])\.?m\b\.?", re.IGNORECASE | re.ASCII)
_AT = re.compile(r",?\s+at\s+", re.IGNORECASE)
_NAMED_ZONE = re.compile(rf"(?<![a-z])\s?(?P<zone>{'|'.join(sorted(ZONES, key=len, reverse=True))})(?=$|\s[12][0-9]{{3}}$)", re.IGNORECASE)

#: The years that are dates, as in `_YEAR`.
_YEARS = (1000, 2999)

#: A day in a file's name, at its beginning or end, set off from the rest; eight figures in a row are one too.
_IN_NAMES = tuple(
    re.compile(form, re.ASCII | re.DOTALL)
    for day in (r"(?P<year>(?:19|20)[0-9]{2})(?P<mark>[-_.]?)(?P<month>[0-9]{2})(?P=mark)(?P<day>[0-9]{2})",)
    for form in (rf"{day}(?:[-_. ]+(?P<rest>.*))?", rf"(?P<rest>.*?)[-_. ]+{day}")
)

#: Day and month in figures before the year: read only when their order cannot be mistaken.
_FIGURES = re.compile(rf"(?P<first>[0-9]{{1,2}})(?P<mark>[-/.])(?P<second>[0-9]{{1,2}})(?P=mark){_YEAR}{_TIME}", re.IGNORECASE | re.ASCII)


def parse_date(raw: str | None) -> str | None:
    """Read a date as precisely as `raw` states it.

    Args:
        raw: ISO 8601 (`2023`, `2023-04`, `2023-04-21T09:00Z`), RFC 2822, `2023/01/05`, `21 April 2023`,
            `April 21st, 2023`, `Apr 2023`, `13/04/2023`, `3. März 2023`; a time and a zone may follow a full date, or stand before it.

    Returns:
        `YYYY`, `YYYY-MM` or `YYYY-MM-DD` in the Gregorian calendar, with years from 1000 to 2999; None
        when `raw` is not a date, does not exist (30 February), has a year of two figures, or leaves open
        which figure is the month (`03/04/2023`).
    """
    if raw is None or len(raw) > MAX_CHARACTERS:
        return None
    written = _plain(raw)
    for form in _FORMS:
        found = form.fullmatch(written)
        if found:
            return _checked(**_fields(found.groupdict()))
    figures = _FIGURES.fullmatch(written)
    return _day_and_month(int(figures["first"]), int(figures["second"]), int(figures["year"])) if figures else None


def parse_moment(raw: str | None) -> str | None:
    """Read a date with its time of day, and its zone where one is given.

    Args:
        raw: A date and a time by ISO 8601 (`2023-04-21T09:00Z`, `2023-04-21 09:00:00.5+0200`), by RFC 5322
            (`Fri, 21 Apr 2023 09:00:00 GMT`), or as people write them (`April 21, 2023 at 9:00 pm`).

    Returns:
        `YYYY-MM-DDThh:mm:ss` with the offset from UTC where a zone was given; fractions of a second are dropped. None
        where there is no time, or the date is none that `parse_date` reads.
    """
    if parse_date(raw) is None or raw is None:
        return None
    written = _plain(raw)
    half = _HALF.search(written)
    plain = _AT.sub(" ", _HALF.sub("", written, count=1), count=1)
    iso = _ISO_TIME.match(plain) is not None
    plain = _NAMED_ZONE.sub(lambda named: f"{'' if iso else ' '}{ZONES[named['zone'].upper()]}", plain, count=1)
    try:
        moment = dt.datetime.fromisoformat(plain) if iso else parsedate_to_datetime(plain)
    except ValueError:  # no such time, or no form that is known
        return None
    if half is not None:
        if not 1 <= moment.hour <= 12:
            return None
        moment = moment.replace(hour=moment.hour % 12 + (12 if half["half"] in "pP" else 0))
    return moment.replace(microsecond=0).isoformat() if _YEARS[0] <= moment.year <= _YEARS[1] else None


def _plain(raw: str) -> str:
    """Return a date on one line, in English or figures, with its time behind it."""
    written = in_english(" ".join(raw.split()))
    first = _TIME_FIRST.fullmatch(written)
    if first is None:
        return written
    return f"{first['date']} {first['hour']}:{first['minute'] or first['minutes']}{first['rest'] or first['zone'] or ''}"


class Named(NamedTuple):
    """A file's name taken apart: the day that it begins or ends with, and the rest."""

    date: str | None
    rest: str


def split_name(stem: str) -> Named:
    """Take the day off a file's name, without its suffix: `2023-04-21-a-title`.

    >>> split_name("2023-04-21-a-title")
    Named(date='2023-04-21', rest='a-title')
    >>> split_name("minutes_20230421")
    Named(date='2023-04-21', rest='minutes')
    """
    for form in _IN_NAMES:
        found = form.fullmatch(stem)
        date = _checked(year=int(found["year"]), month=int(found["month"]), day=int(found["day"])) if found else None
        if found and date:
            return Named(date, found["rest"] or "")
    return Named(None, stem)


def _fields(found: dict[str, str | None]) -> dict[str, int]:
    """Turn what a form matched into numbers; absent parts stay away."""
    fields = {part: int(value) for part in ("year", "month", "day") if (value := found.get(part))}
    name = found.get("name")
    if name:
        fields["month"] = _MONTHS[name.lower()]
    return fields


def _day_and_month(first: int, second: int, year: int) -> str | None:
    """Read `first/second/year` when only one order makes a date, or both make the same."""
    readings = {_checked(year=year, month=second, day=first), _checked(year=year, month=first, day=second)} - {None}
    return readings.pop() if len(readings) == 1 else None


def _checked(*, year: int, month: int | None = None, day: int | None = None) -> str | None:
    """Write the date if the calendar has it."""
    if month is None:
        return f"{year:04d}"
    if not 1 <= month <= 12:
        return None
    if day is None:
        return f"{year:04d}-{month:02d}"
    if not 1 <= day <= calendar.monthrange(year, month)[1]:
        return None
    return f"{year:04d}-{month:02d}-{day:02d}"


def days_of(date: str) -> tuple[str, str]:
    """Return the first and last day that a partial ISO date may mean, as strings that sort: `2023-04` → 2023-04-01, 2023-04-31."""
    return date + "-01-01"[len(date) - 4 :], date + "-12-31"[len(date) - 4 :]

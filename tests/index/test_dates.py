"""Dates: what is read, what is refused, and agreement with two independent parsers."""

import datetime as dt
import re
from email.utils import format_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.dates import get_day_names, get_month_names
from dateutil import parser as dateutil_parser
from hypothesis import given
from hypothesis import strategies as st

from index.dates import MAX_CHARACTERS, ZONES, parse_date, parse_moment, split_name

DATES = st.dates(dt.date(1000, 1, 1), dt.date(2999, 12, 31))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2023", "2023"),
        ("2023-04", "2023-04"),
        ("2023/04", "2023-04"),
        ("2023-04-21", "2023-04-21"),
        ("2023/01/05", "2023-01-05"),
        ("2023.1.5", "2023-01-05"),
        ("20230421", "2023-04-21"),
        ("20230421T093000Z", "2023-04-21"),
        ("2023-04-21T23:59:59.123+02:00", "2023-04-21"),
        ("2023-04-21T23:59:59.123456Z", "2023-04-21"),
        ("2023-04-21 09:00", "2023-04-21"),
        ("2023-04-21 09:00:00 UTC", "2023-04-21"),
        ("2023-04-21T23:30:00-05:00", "2023-04-21"),  # the date as written, not as it is in Greenwich
        ("  21 April 2023\n", "2023-04-21"),
        ("21 Apr. 2023", "2023-04-21"),
        ("21-Apr-2023", "2023-04-21"),
        ("21st of April, 2023", "2023-04-21"),
        ("April 21, 2023", "2023-04-21"),
        ("april 21st 2023", "2023-04-21"),
        ("Sept. 3, 2021", "2021-09-03"),
        ("May 5, 2013 at 5:30 p.m. EST", "2013-05-05"),
        ("Apr 2023", "2023-04"),
        ("December 1963", "1963-12"),
        ("Fri, 21 Apr 2023 10:00:00 +0000", "2023-04-21"),
        ("Friday, 21 April 2023", "2023-04-21"),
        ("Fri Apr 21 10:00:00 UTC 2023", "2023-04-21"),
        ("Fri Apr 21 2023 10:00:00 GMT+0000 (Coordinated Universal Time)", "2023-04-21"),
        ("13/04/2023", "2023-04-13"),
        ("04/13/2023", "2023-04-13"),
        ("21.04.2023", "2023-04-21"),
        ("04/04/2023", "2023-04-04"),  # both orders make the same day
        ("2024-02-29", "2024-02-29"),
        ("10:24 GMT (1824 HKT) March 3, 2023", "2023-03-03"),
        ("10:24 a.m. ET, Fri March 3, 2023", "2023-03-03"),
        ("3. März 2023", "2023-03-03"),
        ("3. MÄRZ 2023", "2023-03-03"),
        ("3. Ma\u0308rz 2023", "2023-03-03"),
        ("Freitag, den 3. Maerz 2023, 9.30 Uhr", "2023-03-03"),
        ("3 mai 2023", "2023-05-03"),
        ("1er mai 2023", "2023-05-01"),
        ("le 3 févr. 2023 à 10h24", "2023-02-03"),
        ("3 de mayo de 2023", "2023-05-03"),
        ("sexta-feira, 3 de março de 2023 às 10:24", "2023-03-03"),
        ("1º maggio 2023", "2023-05-01"),
        ("3 maart 2023 om 10:24", "2023-03-03"),
    ],
)
def test_dates_are_read_as_precisely_as_they_are_written(raw, expected):
    assert parse_date(raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        None,
        "",
        "   ",
        "01/04/63",
        "03/04/2023",
        "3-4-2023",
        "21 Apr 63",
        "1682035200",
        "1682035200000",
        "yesterday",
        "May",
        "10",
        "2023-13",
        "2023-02-29",
        "30 February 2023",
        "2023-04-31",
        "2023-4-21-5",
        "2023-04/21",
        "0999-01-01",
        "3000-01-01",
        "12023",
        "2023-04-21T99:99",
        "2023-W16-5",
        "２０２３-０４-２１",
        "٢٠٢٣",
        "2023\0",
        "published 2023",
        "2023-04-21 and 2023-04-22",
        "31 de febrero de 2023",
        "3 de mayo",
        "mayo de 2023",
        "bis 3 mai 2023",
        "3 mais 2023",
        "zo 3 mrt 2023",
        "2023 March 3, 2023",
        "25:24 GMT March 3, 2023",
        "9" * 10_000_000,
        "(" * 1_000_000,
        " " * 1_000_000,
    ],
)
def test_what_is_ambiguous_or_no_date_is_not_read(raw):
    assert parse_date(raw) is None


@given(DATES)
def test_every_spelling_of_a_day_is_that_day(day):
    iso = day.isoformat()
    assert parse_date(iso) == iso
    for form in ("%d %B %Y", "%B %d, %Y", "%a, %d %b %Y", "%b %d %Y", "%d-%b-%Y", "%Y/%m/%d", "%Y%m%d"):
        written = day.strftime(form).replace(day.strftime("%Y"), f"{day.year:04d}")
        assert parse_date(written) == iso, written


@given(st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2999, 12, 31), timezones=st.just(dt.UTC)))  # noqa: DTZ001 - hypothesis wants them bare
def test_mail_dates_as_the_standard_library_writes_them(moment):
    assert parse_date(format_datetime(moment)) == moment.date().isoformat()
    assert parse_date(moment.isoformat()) == moment.date().isoformat()


@pytest.mark.parametrize(
    ("raw", "moment"),
    [
        ("2023-04-21T09:00Z", "2023-04-21T09:00:00+00:00"),
        ("2023-04-21 09:00:30.25+0200", "2023-04-21T09:00:30+02:00"),
        ("20230421T090000", "2023-04-21T09:00:00"),
        ("Fri, 21 Apr 2023 09:00:00 GMT", "2023-04-21T09:00:00+00:00"),
        ("Fri, 21 Apr 2023 09:00:00 -0500", "2023-04-21T09:00:00-05:00"),
        ("2023-04-21 09:00:00 UTC", "2023-04-21T09:00:00+00:00"),
        ("2023-04-21 09:00 GMT", "2023-04-21T09:00:00+00:00"),
        ("April 21, 2023, 9:00 PM EST", "2023-04-21T21:00:00-05:00"),
        ("April 21, 2023 at 9:05 p.m.", "2023-04-21T21:05:00"),
        ("21 April 2023 12:30 am", "2023-04-21T00:30:00"),
        ("2023-04-21 12:30 PM", "2023-04-21T12:30:00"),
        ("April 21, 2023 21:00 PM", None),
        ("10:24 GMT (1824 HKT) March 3, 2023", "2023-03-03T10:24:00+00:00"),
        ("1024 GMT (1824 HKT) 3 March 2023", "2023-03-03T10:24:00+00:00"),
        ("10:24 p.m. HKT, March 3, 2023", "2023-03-03T22:24:00+08:00"),
        ("Fri Apr 21 10:00:00 CEST 2023", "2023-04-21T10:00:00+02:00"),
        ("2023-04-21 12:30 PM JST", "2023-04-21T12:30:00+09:00"),
        ("21 April 2023 09:00 BST", "2023-04-21T09:00:00"),
        ("21 April 2023 09:00 IST", "2023-04-21T09:00:00"),
        ("3. März 2023, 9.30 Uhr", "2023-03-03T09:30:00"),
        ("3. März 2023, 09:30 Uhr MEZ", "2023-03-03T09:30:00+01:00"),
        ("vendredi 3 mars 2023 à 10h24", "2023-03-03T10:24:00"),
        ("2023-04-21", None),
        ("21 April 2023", None),
        ("2023", None),
        ("2023-04-21T25:00", None),
        ("2023-02-30T09:00", None),
        ("0999-04-21T09:00", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_a_time_is_read_with_its_zone(raw, moment):
    assert parse_moment(raw) == moment


@given(st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2999, 12, 31), timezones=st.timezones()))  # noqa: DTZ001 - hypothesis wants them bare
def test_times_are_those_that_the_standard_library_writes(moment):
    whole = moment.replace(microsecond=0)
    read = parse_moment(moment.isoformat())
    assert read is None or read == whole.isoformat()
    assert read is not None or whole.utcoffset().seconds % 60  # offsets of before standard time, to the second, are no zones
    assert parse_moment(format_datetime(moment.astimezone(dt.UTC))) == whole.astimezone(dt.UTC).isoformat()


@given(st.text(max_size=MAX_CHARACTERS))
def test_any_text_is_read_as_a_time_of_its_date_or_not_at_all(raw):
    read = parse_moment(raw)
    if read is not None:
        assert dt.datetime.fromisoformat(read).isoformat() == read
        assert parse_moment(read) == read


#: Where each zone is in use, and a month in which it is.
USED = {
    "UTC": ("UTC", 1),
    "GMT": ("Africa/Abidjan", 1),
    "WET": ("Europe/Lisbon", 1),
    "WEST": ("Europe/Lisbon", 7),
    "CET": ("Europe/Paris", 1),
    "CEST": ("Europe/Paris", 7),
    "MEZ": ("Europe/Berlin", 1),
    "MESZ": ("Europe/Berlin", 7),
    "EET": ("Europe/Athens", 1),
    "EEST": ("Europe/Athens", 7),
    "MSK": ("Europe/Moscow", 1),
    "JST": ("Asia/Tokyo", 1),
    "HKT": ("Asia/Hong_Kong", 1),
    "SGT": ("Asia/Singapore", 1),
    "KST": ("Asia/Seoul", 1),
    "AEST": ("Australia/Sydney", 7),
    "AEDT": ("Australia/Sydney", 1),
    "NZST": ("Pacific/Auckland", 7),
    "NZDT": ("Pacific/Auckland", 1),
}


def test_zones_by_name_are_those_of_the_places_that_use_them():
    assert USED.keys() == ZONES.keys()
    for name, (place, month) in USED.items():
        moment = dt.datetime(2023, month, 21, 9, tzinfo=ZoneInfo(place))
        assert parse_moment(f"21 {moment:%B} 2023 09:00 {name}") == moment.isoformat(), name
        assert parse_moment(f"{moment:%Y-%m-%d} 09:00 {name}") == moment.isoformat(), name


@pytest.mark.parametrize("language", ["de", "fr", "es", "it", "pt", "nl"])
@pytest.mark.parametrize("width", ["wide", "abbreviated"])
def test_months_are_those_of_the_common_locale_data(language, width):
    """An oracle of its own: the names that the Unicode consortium keeps."""
    of_day = " de " if language in ("es", "pt") else " "
    for context in ("format", "stand-alone"):
        for number, name in get_month_names(width, context, language).items():
            assert parse_date(f"3{of_day}{name}{of_day}2023") == f"2023-{number:02d}-03", name
    if width == "wide":
        for name in get_day_names(width, "format", language).values():
            assert parse_date(f"{name}, 3 mai 2023") == "2023-05-03", name


@given(DATES)
def test_figures_are_read_only_when_one_order_is_possible(day):
    figures = f"{day.day:02d}/{day.month:02d}/{day.year}"
    expected = day.isoformat() if day.day > 12 or day.day == day.month else None
    assert parse_date(figures) == expected


@given(st.text(max_size=MAX_CHARACTERS))
def test_any_text_is_read_as_a_date_of_the_calendar_or_not_at_all(raw):
    read = parse_date(raw)
    if read is not None:
        padded = (read + "-01-01")[:10]
        assert dt.date.fromisoformat(padded).isoformat().startswith(read)


@given(st.from_regex(r"[A-Za-z]{3,9}[ ,.-]{1,2}[0-9]{1,4}[ ,.-]{1,2}[0-9]{1,4}", fullmatch=True))
def test_whatever_is_read_as_a_day_is_read_alike_by_dateutil(raw):
    read = parse_date(raw)
    if read is not None and len(read) == 10:
        assert dateutil_parser.parse(raw).date().isoformat() == read


@pytest.mark.parametrize(
    ("stem", "date", "rest"),
    [
        ("2023-04-21-a-title", "2023-04-21", "a-title"),
        ("2023_04_21 a title", "2023-04-21", "a title"),
        ("20230421", "2023-04-21", ""),
        ("minutes 2023.04.21", "2023-04-21", "minutes"),
        ("2023-02-30-a-title", None, "2023-02-30-a-title"),
        ("2023-0421", None, "2023-0421"),
        ("12320230421", None, "12320230421"),
        ("a2023-04-21", None, "a2023-04-21"),
        ("1023-04-21", None, "1023-04-21"),
        ("2023-04-21b", None, "2023-04-21b"),
        ("", None, ""),
    ],
)
def test_days_in_names_of_files(stem, date, rest):
    assert split_name(stem) == (date, rest)


def test_the_table_of_zones_is_the_one_that_is_documented():
    page = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([A-Z, ]+) \| ([+][0-9]{2}):([0-9]{2}) \|$", page, re.MULTILINE)
    assert {name: hours + minutes for names, hours, minutes in rows for name in names.split(", ")} == ZONES

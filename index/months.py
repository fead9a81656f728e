"""A day as German, French, Spanish, Italian, Portuguese and Dutch write it: `3. März 2023`, `1er mai 2023`, `3 de mayo de 2023`.

A table of names rather than a library: those that know more languages guess at the order of figures, or take a quarter of a second to load.
Pure; knows nothing of what a date is for.
"""

from __future__ import annotations

import calendar
import re
import unicodedata

#: By month, in full and as it is shortened. No name is of two months, in whatever language.
_BY_MONTH = (
    "januar jänner janvier enero gennaio janeiro januari jan janv ene gen",
    "februar février febrero febbraio fevereiro februari feb févr fev",
    "märz maerz mars marzo março maart mär mar mrt",
    "april avril abril aprile apr avr abr",
    "mai mayo maggio maio mei may mag",
    "juni juin junio giugno junho jun giu",
    "juli juillet julio luglio julho jul juil lug",
    "august août agosto augustus aug ago",
    "september septembre septiembre setiembre settembre setembro sept sep set",
    "oktober octobre octubre ottobre outubro okt oct ott out",
    "november novembre noviembre novembro nov",
    "dezember décembre diciembre dicembre dezembro december dez déc dic dec",
)


def folded(name: str) -> str:
    """Return a name without its accents."""
    return "".join(character for character in unicodedata.normalize("NFD", name) if not unicodedata.combining(character))


#: The same with their numbers, with accents and without.
MONTHS = {form: number for number, names in enumerate(_BY_MONTH, 1) for name in names.split() for form in (name, folded(name))}

_WEEKDAYS = """
    montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes
    miercoles jueves viernes sabado domingo lunedi martedi mercoledi giovedi venerdi sabato domenica segunda-feira terca-feira quarta-feira
    quinta-feira sexta-feira maandag dinsdag woensdag donderdag vrijdag zaterdag zondag
""".split()

_NAMED = "|".join(sorted(map(folded, MONTHS), key=len, reverse=True))

#: Between a day and its year, and between a date and its time.
_DAY = re.compile(
    rf"(?:(?:{'|'.join(_WEEKDAYS)}),?\s+)?(?:(?:den|der|le|el|il|op)\s+)?(?P<day>[0-9]{{1,2}})(?:\.|er|o|º|°)?\s+(?:de\s+)?"
    rf"(?P<name>{_NAMED})\.?(?:\s+del?)?\s+(?P<year>[12][0-9]{{3}})"
    r"(?:\s*(?:,|-|\||um|om|a|alle|as|a\s+las|ore)?\s+(?:(?:um|om|a|alle|as|a\s+las|ore)\s+)?"
    r"(?P<hour>[0-9]{1,2})[:.h](?P<minute>[0-5][0-9])(?:\s?(?:uhr|uur|h))?(?P<zone>\s[a-z]{2,5})?)?",
    re.IGNORECASE | re.ASCII,
)


def in_english(written: str) -> str:
    """Return a day that is written in one of the languages as in English, with its time if it has one; whatever else as it is.

    >>> in_english("Freitag, 3. März 2023, 9.30 Uhr")
    '3 Mar 2023 9:30'
    """
    found = _DAY.fullmatch(folded(written))
    if found is None:
        return written
    day = f"{found['day']} {calendar.month_abbr[MONTHS[found['name'].lower()]]} {found['year']}"
    return day if found["hour"] is None else f"{day} {found['hour']}:{found['minute']}{found['zone'] or ''}"

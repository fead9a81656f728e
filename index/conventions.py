"""What a text says of its own making in the forms that newspapers use: byline, dateline, `Published …`, `Updated …`, `Source: …`.

Only whole lines at its head (and `Updated` at its end), and the opening of its first paragraph; what could be read in two
ways is not read: no author is better than a wrong one. Pure: a text in, what it states out, each with the characters that
state it. Knows nothing of articles, files or formats.
"""

from __future__ import annotations

import re
from itertools import dropwhile, islice, takewhile
from typing import TYPE_CHECKING, NamedTuple

from .article import Span
from .dates import parse_date
from .months import MONTHS
from .outlets import OUTLETS

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Lines that hold something, from the beginning; what stands further down is the article.
_HEAD_LINES = 12

#: And from the end, where newspapers say when they last changed something.
_TAIL_LINES = 4

#: No byline, date or dateline is longer.
_MOST_CHARACTERS = 160

#: A text is looked at no further than this from either end.
_WINDOW = 4_000


class Stated(NamedTuple):
    """What a text states of itself; None or empty where it does not."""

    authors: tuple[str, ...] = ()
    source: str | None = None
    """The outlet that a dateline or a byline names."""
    place: str | None = None
    """Where the report was sent from, as the dateline writes it."""
    published: str | None = None
    """The date as the text writes it."""
    updated: str | None = None
    title: str | None = None
    spans: tuple[Span, ...] = ()
    """The characters that state it, in order."""


#: Shorter words in capitals before a dash are abbreviations: `AI — …`.
_SHORTEST_PLACE = 4

_LINE = re.compile(r"[^\r\n]+")

#: As they are compared; each article that they are written in has its own way with capitals.
_OUTLETS = frozenset(name.casefold().removeprefix("the ") for name in OUTLETS)

_INITIAL = r"[^\W\d_]\.(?:[^\W\d_]\.)*"
_CAPITALISED = r"(?:[A-ZÀ-ÖØ-ÞĀ-Ž][\w'’]*(?:-[\w'’]+)*|Mc[A-Z]\w+|O['’]\w+)"
_PARTICLE = r"(?:de|da|di|do|dos|du|del|della|des|der|den|van|von|vom|zu|zur|ter|ten|la|le|el|al|bin|ibn|ben|y|e|af|av|St\.)"
_NAME = rf"(?:{_CAPITALISED}|{_INITIAL})(?:\ (?:{_PARTICLE}\ ){{0,2}}(?:{_CAPITALISED}|{_INITIAL})){{1,3}}(?:,?\ (?:Jr|Sr)\.?|\ I{{2,3}})?"

_MONTHS = (
    "Jan(?:uary|\\.)?|Feb(?:ruary|\\.)?|Mar(?:ch|\\.)?|Apr(?:il|\\.)?|May|June?|July?|Aug(?:ust|\\.)?|Sept?(?:ember|\\.)?"
    "|Oct(?:ober|\\.)?|Nov(?:ember|\\.)?|Dec(?:ember|\\.)?"
)
_ABROAD = f"(?i:{'|'.join(sorted(MONTHS, key=len, reverse=True))})"
_DAY = (
    rf"(?:(?:{_MONTHS})\ [0-9]{{1,2}}(?:,?\ [12][0-9]{{3}})?"
    rf"|[0-9]{{1,2}}(?:\.|er|º)?\ (?:de\ )?(?:{_MONTHS}|{_ABROAD})\.?(?:(?:\ de)?\ [12][0-9]{{3}})?)"
)

#: `By Jane Doe and John Roe, Reuters | March 3, 2023`
_BYLINE = re.compile(
    rf"(?:By|BY|by|Written\ by|Story\ by|Words\ by|Text\ by|Reported\ by|Posted\ by|Author:|Authors:|Von|Por|Par)\ +"
    rf"(?P<names>{_NAME}(?:(?:,\ |,?\ and\ |\ &\ |;\ ){_NAME})*|{_CAPITALISED}(?:\ {_CAPITALISED}){{0,4}})"
    r"(?:(?:\ ?[,|•·–—]\ ?|\ \|\ |\ (?:in|for|of|at|on)\ |\ \()(?P<rest>\S.*))?",
)

#: What may stand behind a name: an office or an outlet.
_OFFICE = re.compile(
    r"(?:[\w.'’&-]+\ ){0,5}"
    r"(?:writer|correspondent|reporter|editor|columnist|contributor|staff|press|news|bureau|times|post|analyst|producer)s?\)?",
    re.IGNORECASE,
)

_PUBLISHED = re.compile(
    r"(?:First\ published|Published|Posted|Publication\ date|Date\ published)(?:\ on|\ at)?:?\ +(?P<date>\S.*)", re.IGNORECASE
)
_UPDATED = re.compile(
    r"(?:Last\ updated|Last\ modified|Updated|Modified|Last\ revised|Revised)(?:\ on|\ at)?:?\ +(?P<date>\S.*)", re.IGNORECASE
)
_BOTH = re.compile(
    r"(?P<published>.*?\S)(?:\ [|•·–—/]\ |;\ |,\ ?(?=updated)|\ (?=updated))(?P<updated>(?:last\ )?(?:updated|modified).*)", re.IGNORECASE
)

#: `Posted on 3 May 2023 by Ann Lee`: what stands behind the date is read as a byline.
_SIGNED = re.compile(r"(?P<dated>.*?[\w.)])(?:\ ?[,|•·–—])?\ (?P<byline>[Bb]y\ .*)")

#: What a text's head says line by line, `Author: Ann Lee`, by what it is called; of the others it is known that they stand there too.
_LABELS = {
    **dict.fromkeys(("author", "authors", "byline", "by", "written by"), "author"),
    **dict.fromkeys(("source", "publication", "publisher", "newspaper"), "source"),
    **dict.fromkeys(("date", "published", "publication date", "date published", "posted"), "published"),
    **dict.fromkeys(("updated", "last updated", "modified"), "updated"),
    **dict.fromkeys(("title", "headline"), "title"),
    **dict.fromkeys("subtitle url link section category categories tags keywords language copyright words".split(), "else"),
}
_LABELLED = re.compile(r"(?P<label>[A-Za-z][A-Za-z ]{1,20}):\ +(?P<value>\S.*)")

#: Lines above the head: the text's title, and what stands below it.
_ABOVE = 2

#: What may stand in small letters in an outlet's name.
_SMALL = frozenset(
    "& + a al an and at by da das de del der des di die do du e el et for from im in la le les of on the to und van y".split()
)
_MOST_SOURCE_CHARACTERS, _MOST_SOURCE_WORDS = 60, 8

_UPPER = "A-ZÀ-ÖØ-Þ'’."
_UPPER_PLACE = rf"[A-ZÀ-ÖØ-Þ][{_UPPER}]++(?:-[{_UPPER}]++)*+(?:[\ /][A-ZÀ-ÖØ-Þ][{_UPPER}]*+(?:-[{_UPPER}]++)*+){{0,3}}"
_REGION = r"(?:,\ [A-Z][\w.]*(?:\ [A-Z][\w.]*){0,2})?"

#: `BERLIN, March 3 (Reuters) —`; in small letters only with an outlet behind: `Hong Kong CNN —`.
_DATELINE = re.compile(
    rf"(?P<place>{_UPPER_PLACE}{_REGION})(?:,?\ {_DAY})?(?:\ ?\((?P<source>[^()\n]{{2,40}})\))?\ ?(?:—|–|--|\ -)\ ?(?=\S)"
)
_SMALL_DATELINE = re.compile(
    rf"(?P<place>{_CAPITALISED}(?:\ {_CAPITALISED}){{0,3}}{_REGION})(?:,?\ {_DAY})?"
    r"\ \(?(?P<source>[A-Z][\w&. ]{1,40}?)\)?\ ?(?:—|–|--|\ -)(?=\s)"
)
_BARE_SOURCE = re.compile(r"\(?(?P<source>[A-Z][\w&. ]{1,40}?)\)?\ (?:—|–|--|-)(?=\s)")


def read_conventions(text: str) -> Stated:
    """Read what `text` states of itself."""
    found = _Found()
    signed = False
    head = _head(text)
    said = _labelled(text, head, found)
    for span in head:
        if span in said:
            continue
        line = span.of(text).strip()
        dated = _signed_date(line, span, found) or _dates(line, span, found, bare=signed)
        signed = not dated and _byline(line, span, found)
        if not (dated or signed):
            _dateline(line, span, found)
    for span in _tail(text):
        changed = _UPDATED.fullmatch(span.of(text).strip())
        if changed is not None and found.updated is None and _is_day(changed["date"]):
            found.updated = changed["date"]
            found.spans.append(span)
    return Stated(
        found.authors, found.source, found.place, found.published, found.updated, title=found.title, spans=tuple(sorted(found.spans))
    )


class _Signature(NamedTuple):
    """What a byline says."""

    authors: tuple[str, ...]
    source: str | None
    published: str | None


class _Found:
    """What has been read so far."""

    def __init__(self) -> None:
        self.authors: tuple[str, ...] = ()
        self.source: str | None = None
        self.place: str | None = None
        self.published: str | None = None
        self.updated: str | None = None
        self.title: str | None = None
        self.spans: list[Span] = []

    def sign(self, signature: _Signature) -> None:
        """Take in a byline; what was read before it stays."""
        self.authors = signature.authors
        self.source = self.source or signature.source
        self.published = self.published or signature.published


def _lines(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield the lines of a part of the text that hold something."""
    return (Span(*line.span()) for line in _LINE.finditer(text, start, end) if line[0].strip())


def _head(text: str) -> list[Span]:
    """Return the lines up to the first paragraph, it included."""
    head = []
    for span in islice(_lines(text, 0, min(len(text), _WINDOW)), _HEAD_LINES):
        head.append(span)
        if span.end - span.start > _MOST_CHARACTERS:
            break
    return head


def _tail(text: str) -> list[Span]:
    last = list(_lines(text, max(0, len(text) - _WINDOW), len(text)))[-_TAIL_LINES:]
    return [span for span in last if span.end - span.start <= _MOST_CHARACTERS]


def _labelled(text: str, head: list[Span], found: _Found) -> set[Span]:
    """Read the lines of a head that says what is what, `Source: …`, `Date: …`; return those that were read.

    Two lines or more in a row, near the very beginning, of which none is called what no article's head has: what says `Date:` and `Venue:`
    invites to something.
    """
    lines = [(span, _LABELLED.fullmatch(span.of(text).strip())) for span in head if span.end - span.start <= _MOST_CHARACTERS]
    rows = list(takewhile(lambda row: row[1] is not None, dropwhile(lambda row: row[1] is None, lines)))
    said = [(span, _LABELS.get(row["label"].lower()), row["value"].strip()) for span, row in rows if row is not None]
    if not rows or lines.index(rows[0]) > _ABOVE or any(kind is None for _, kind, _ in said):
        return set()
    if sum(kind not in ("title", "else") for _, kind, _ in said) < 2:
        return set()
    return {span for span, kind, value in said if kind is not None and _take(kind, value, span, found)}


def _take(kind: str, value: str, span: Span, found: _Found) -> bool:
    """Take in what a line of a head says, where it can be what it is called."""
    if kind == "author":
        signature = _signature(f"By {value.removeprefix('By ')}")
        if signature is None or found.authors:
            return False
        found.sign(signature)
    elif kind == "source" and found.source is None and _names_outlet(value):
        found.source = value
    elif kind == "published" and found.published is None and _is_day(value):
        found.published = value
    elif kind == "updated" and found.updated is None and _is_day(value):
        found.updated = value
    elif kind == "title" and found.title is None:
        found.title = value
    elif kind != "else":
        return False
    found.spans.append(span)
    return True


def _names_outlet(value: str) -> bool:
    """Say whether a text can be an outlet's name: a few words in capitals, or the address of a site; no sentence."""
    words = value.split()
    if len(value) > _MOST_SOURCE_CHARACTERS or len(words) > _MOST_SOURCE_WORDS or "://" in value:
        return False
    site = re.fullmatch(r"[\w-]+(?:\.[\w-]+)+", value) is not None
    return site or (value[0] not in _SMALL and all(word in _SMALL or not word[0].islower() for word in words) and value[0].isalnum())


def _signed_date(line: str, span: Span, found: _Found) -> bool:
    """Read a date and a byline on one line."""
    read = _SIGNED.fullmatch(line) if len(line) <= _MOST_CHARACTERS else None
    signature = _signature(f"By{read['byline'][2:]}") if read is not None else None
    if read is None or signature is None or found.authors or not _dates(read["dated"], span, found, bare=True):
        return False
    found.sign(signature)
    return True


def _byline(line: str, span: Span, found: _Found) -> bool:
    """Read a line that is a byline and nothing else."""
    signature = _signature(line) if len(line) <= _MOST_CHARACTERS and not found.authors else None
    if signature is None:
        return False
    found.sign(signature)
    found.spans.append(span)
    return True


def _signature(line: str) -> _Signature | None:
    """Return who a byline says wrote a text, and for whom; None for what is no byline."""
    read = _BYLINE.fullmatch(line)
    if read is None:
        return None
    rest = (read["rest"] or "").rstrip(")")
    outlet = _outlet(rest.split(" | ")[0].split(", ")[0])
    dated = next((part for part in re.split(r" [|•·–—] |\|", rest) if _is_day(part)), None)
    if rest and outlet is None and dated is None and not _OFFICE.fullmatch(rest) and not _is_day(rest):
        return None
    whole = _outlet(read["names"])
    names = [name for name in re.split(r", (?!Jr|Sr)|,? and | & |; ", read["names"]) if _outlet(name) is None]
    if whole is None and not all(re.fullmatch(_NAME, name) for name in names):
        return None
    authors = () if whole else (*names[:1], *(name for name in names[1:] if not _OFFICE.fullmatch(name)))
    return _Signature(authors, whole or outlet, dated)


def _dates(line: str, span: Span, found: _Found, *, bare: bool) -> bool:
    """Read a line that says when the text was published or changed; with `bare`, below a byline, one that is a day alone too."""
    if len(line) > _MOST_CHARACTERS:
        return False
    both = _BOTH.fullmatch(line)
    published, updated = None, None
    for part in [both["published"], both["updated"]] if both is not None else [line]:
        changed, first = _UPDATED.fullmatch(part), _PUBLISHED.fullmatch(part)
        date = changed["date"] if changed else first["date"] if first else part
        if not _is_day(date) or (not changed and not first and not bare):
            return False
        if changed:
            updated = date
        else:
            published = date
    found.published = found.published or published
    found.updated = found.updated or updated
    found.spans.append(span)
    return True


def _dateline(line: str, span: Span, found: _Found) -> None:
    """Read the opening of a paragraph: where it was sent from, and by which agency."""
    if found.place is not None or found.source is not None:
        return
    opening = f"{line[:_MOST_CHARACTERS]} "
    shouted = _DATELINE.match(opening)
    if shouted is not None and shouted["source"] is None and _outlet(shouted["place"]) is not None:
        shouted = None  # `CNN — …`
    read = shouted or _SMALL_DATELINE.match(opening) or _BARE_SOURCE.match(opening)
    if read is None:
        return
    source = _outlet(read["source"] or "")
    if source is None and (read is not shouted or read["source"] is not None or len(read["place"]) < _SHORTEST_PLACE):
        return
    found.source = source
    found.place = read.groupdict().get("place")
    found.spans.append(Span(span.start, min(span.end, span.start + read.end())))


def _is_day(text: str) -> bool:
    """Say whether a text is a date to the day."""
    date = parse_date(text.strip(" .()"))
    return date is not None and len(date) == len("2023-04-21")


def _outlet(name: str) -> str | None:
    """Return the outlet that a name is, as it is written."""
    plain = name.strip(" .()")
    return plain if plain.casefold().removeprefix("the ") in _OUTLETS else None

"""What an article is: its text, its identity, the spans within it, and when it is refused.

Knows nothing of files, models or storage. Every offset in this project counts Unicode code points
of `Article.text`, start inclusive, end exclusive.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from .dates import parse_date, parse_moment
from .errors import ArticleError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: An article longer than this is refused: a larger file is a collection, not an article.
MAX_CHARACTERS = 50_000_000

#: Headings of an article, and parts of it that no answer may quote; what has more of either is made to have them.
MAX_MARKS = 100_000

#: Ids appear in TREC runs, whose columns are separated by white space.
MAX_ID_CHARACTERS = 1_000

#: Metadata are not nested deeper: what writes and reads them goes down level by level.
MAX_NESTING = 100

#: A value that JSON can hold.
Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


class Span(NamedTuple):
    """Characters `[start, end)` of an article's text."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """Return the characters of `text` that this span covers."""
        return text[self.start : self.end]


class Marks:
    """Spans that say quickly whether another shares a character with one of them, however many there are."""

    def __init__(self, spans: Iterable[Span]) -> None:
        """Sort and merge `spans`; empty ones mark nothing."""
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(span for span in spans if span.start < span.end):
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def touch(self, span: Span) -> bool:
        """Say whether `span` shares a character with a marked span."""
        first = bisect_right(self._ends, span.start)
        return span.start < span.end and first < len(self._starts) and self._starts[first] < span.end

    def rest(self, length: int) -> list[Span]:
        """Return what is not marked of a text of so many characters, in order."""
        spans = zip((0, *self._ends), (*self._starts, length), strict=True)
        return [Span(start, end) for start, end in spans if start < end]


class Heading(NamedTuple):
    """A section heading: where it stands and its depth (1 is the outermost)."""

    span: Span
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One source document, kept code point for code point as its loader gave it.

    Raises `ArticleError` when the text, the id or the rest cannot be kept (see `check_text`, `check_id`, `check_record`).
    """

    id: str
    text: str
    title: str
    source: str | None = None
    """The publisher or site, as readers would name it."""
    authors: tuple[str, ...] = ()
    published: str | None = None
    """ISO 8601, as precise as is known: `2023`, `2023-04` or `2023-04-21`; None when unreadable or ambiguous."""
    published_raw: str | None = None
    """The date as the document wrote it."""
    published_at: str | None = None
    """ISO 8601 with the time, and the zone where one was given, of a document that gives them: `2023-04-21T09:00:00+02:00`."""
    updated: str | None = None
    """When it was last changed, as `published`."""
    updated_raw: str | None = None
    updated_at: str | None = None
    url: str | None = None
    language: str = "en"
    path: str | None = None
    """Where the article was read from, as shown to the user; only a label."""
    headings: tuple[Heading, ...] = ()
    not_citable: tuple[Span, ...] = ()
    """Boilerplate and disclaimers: part of the text, never part of an answer."""
    references: tuple[str, ...] = ()
    """The sources that the article itself names ("Sources: …")."""
    pages: tuple[int, ...] = ()
    """Where each page of a paged document begins in the text, the first page first; empty where there are no pages."""
    metadata: Mapping[str, Json] = field(default_factory=dict)
    """Whatever else came with the article; returned as given."""
    whole: bool = False
    """One passage whatever its length, embedded as it stands, without the title; a longer text than the model reads by its beginning."""

    def __post_init__(self) -> None:
        """Refuse what could not be stored, searched or cited."""
        check_id(self.id)
        check_text(self.text)
        for span in self._marked():
            if not 0 <= span.start <= span.end <= len(self.text):
                raise ArticleError(f"expected spans within 0:{len(self.text)}, found {span.start}:{span.end} in {self.id!r}")
        for date in (self.published, self.updated):
            if date is not None and parse_date(date) != date:
                raise ArticleError(f"expected a date such as 2023-04-21, 2023-04 or 2023, found {date[:60]!r} in {self.id!r}")
        for moment in (self.published_at, self.updated_at):
            if moment is not None and parse_moment(moment) != moment:
                raise ArticleError(f"expected a time such as 2023-04-21T09:00:00+02:00, found {moment[:60]!r} in {self.id!r}")
        if not all(0 <= start <= end for start, end in pairwise((*self.pages, len(self.text)))):
            raise ArticleError(f"expected pages in order within 0:{len(self.text)} in {self.id!r}, found otherwise")
        check_record(self.record())

    def record(self) -> dict[str, Json]:
        """Return everything but the text as JSON values; `from_record` turns it back."""
        record: dict[str, Json] = {
            "id": self.id,
            "title": self.title,
            "source": self.source,
            "authors": list(self.authors),
            "published": self.published,
            "published_raw": self.published_raw,
            "url": self.url,
            "language": self.language,
            "path": self.path,
            "headings": [[*heading.span, heading.level] for heading in self.headings],
            "not_citable": [list(span) for span in self.not_citable],
            "references": list(self.references),
            "metadata": dict(self.metadata),
        }
        # Left out where they say nothing: the checksums of articles from before stay.
        later: dict[str, Json] = {
            "published_at": self.published_at,
            "updated": self.updated,
            "updated_raw": self.updated_raw,
            "updated_at": self.updated_at,
            "pages": [*self.pages],
            "whole": self.whole,
        }
        return record | {name: value for name, value in later.items() if value not in (None, [], False)}

    @classmethod
    def from_record(cls, record: Mapping[str, Any], text: str) -> Article:
        """Build the article that `record` describes; the inverse of `record`."""
        values = dict(record)
        values["authors"] = tuple(values["authors"])
        values["references"] = tuple(values["references"])
        values["headings"] = tuple(Heading(Span(start, end), level) for start, end, level in values["headings"])
        values["pages"] = tuple(values.get("pages", ()))
        values["not_citable"] = tuple(Span(start, end) for start, end in values["not_citable"])
        return cls(text=text, **values)

    def page_at(self, offset: int) -> int | None:
        """Return the page, counted from 1, on which the character at `offset` stands; None where there are no pages."""
        return max(1, bisect_right(self.pages, offset)) if self.pages else None

    def sha256(self) -> str:
        """Return the hash of text and metadata together; equal hashes mean an unchanged article."""
        record = json.dumps(self.record(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(f"{record}\0{self.text}".encode()).hexdigest()

    def citable(self, span: Span) -> bool:
        """Say whether `span` may appear in an answer: neither boilerplate nor a heading."""
        return not self.marks().touch(span)

    def marks(self) -> Marks:
        """Return what no answer may quote, for many questions of `citable` at once."""
        return Marks(self._marked())

    def _marked(self) -> tuple[Span, ...]:
        return (*self.not_citable, *(heading.span for heading in self.headings))


@dataclass(frozen=True, slots=True)
class Passage:
    """The unit that is searched: a run of whole sentences of one article."""

    span: Span
    context: str
    """What is put in front of the passage's text when it is embedded and indexed: the title and the headings above it in a line, and in a
    second one its article's source and date; empty where there are none."""


class Refusal(NamedTuple):
    """What could not be taken in, and why, in one line for the user."""

    path: str
    reason: str


def check_text(text: str) -> None:
    """Raise `ArticleError` unless `text` holds words and can be stored without change."""
    if len(text) > MAX_CHARACTERS:
        raise ArticleError(f"too long: {len(text):,} characters, at most {MAX_CHARACTERS:,} make an article; split it")
    if not text.strip():
        raise ArticleError("no text: the article is empty")
    if "\0" in text:
        raise ArticleError(f"NUL character at offset {text.index(chr(0))}: this is not text")
    surrogate = re.search("[\ud800-\udfff]", text)
    if surrogate:
        raise ArticleError(f"lone surrogate at offset {surrogate.start()}: not valid Unicode text")
    if not any(character.isalnum() for character in text):
        raise ArticleError("no words: the text holds neither letters nor digits")


def check_id(article_id: str) -> None:
    """Raise `ArticleError` unless `article_id` can stand in a TREC run and on a command line."""
    if not article_id:
        raise ArticleError("the id is empty")
    if len(article_id) > MAX_ID_CHARACTERS:
        raise ArticleError(f"the id has {len(article_id):,} characters, at most {MAX_ID_CHARACTERS:,} are kept")
    for character in article_id:
        if character.isspace() or unicodedata.category(character) in ("Cc", "Cs"):
            raise ArticleError(f"the id {article_id[:60]!r} holds white space or a control character ({character!r})")


def check_record(record: Mapping[str, Json]) -> None:
    """Raise `ArticleError` unless everything but the text can be stored as JSON without change."""
    try:
        json.dumps(record, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise ArticleError(f"lone surrogate in the title or metadata of {record['id']!r}: not valid Unicode text") from error
    except (TypeError, ValueError, RecursionError) as error:
        raise ArticleError(f"expected metadata that JSON can hold for {record['id']!r}, found otherwise: {error}") from error
    found = unkept(record["metadata"])
    if found:
        raise ArticleError(f"expected metadata that JSON can hold for {record['id']!r}, found {found}")
    if "\0" in str(record["source"]):
        raise ArticleError(f"NUL character in the source of {record['id']!r}: no filter could name it")


class _Place(NamedTuple):
    """Where a value stands, spelled out only when it is told: a long key would be repeated for all that stands under it."""

    above: _Place | None
    key: str | int

    def __str__(self) -> str:
        keys = []
        place: _Place | None = self
        while place is not None:
            keys.append(place.key)
            place = place.above
        outermost, *inner = reversed(keys)
        return f"{outermost}{''.join(f'[{key!r}]' for key in inner)}"


def unkept(metadata: object, *, finite: bool = False) -> str | None:
    """Say what of `metadata` would not come back from JSON as it is, and where it stands; None when all would.

    NaN and the infinities do, as Python writes them; `finite` asks for what any reader of JSON takes.
    """
    left: list[tuple[_Place, int, object]] = [(_Place(None, "metadata"), 0, metadata)]
    while left:
        at, depth, value = left.pop()
        if depth > MAX_NESTING:
            return f"more than {MAX_NESTING} levels in {at!s:.80}…"
        if isinstance(value, dict):
            nameless = [key for key in value if not isinstance(key, str)]
            if nameless:
                return f"the key {nameless[0]!r} in {at}, which is no string"
            left += ((_Place(at, key), depth + 1, inner) for key, inner in value.items())
        elif isinstance(value, list):
            left += ((_Place(at, place), depth + 1, inner) for place, inner in enumerate(value))
        elif not isinstance(value, str | int | float | None):
            return f"a {type(value).__name__} in {at}"
        elif isinstance(value, str) and re.search("[\ud800-\udfff]", value):
            return f"a lone surrogate in {at}"
        elif finite and isinstance(value, float) and not math.isfinite(value):
            return f"{value} in {at}"
    return None

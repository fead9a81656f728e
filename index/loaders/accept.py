"""A draft and what the user says about it → an article, complete and checked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..article import Article, Span, check_text
from ..boilerplate import find_boilerplate
from ..conventions import Stated, read_conventions
from ..dates import parse_date, parse_moment, split_name
from ..identify import identity
from ..language import language_of
from ..title import MAX_TITLE_CHARACTERS, cut, one_line, title_of
from .fields import storable

if TYPE_CHECKING:
    from .interface import Draft

#: What an article is taken to be written in when it neither says so nor shows it surely.
DEFAULT_LANGUAGE = "en"

_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]{1,8})*")

#: Labels are read no further than this.
_WINDOW = 5_000

_MAX_URL_CHARACTERS = 2_000


def accept(
    draft: Draft, *, place: str, path: str | None = None, stem: str = "", source: str | None = None, published: str | None = None
) -> Article:
    """Make the article of a draft: identify it, name it, date it, mark what is not citable.

    What the user says goes before what the document says of itself, that before what its text says by the conventions of
    newspapers, and that before what its file's name says.

    Args:
        draft: The document as it describes itself.
        place: Its place in what was added; its id when nothing better is known.
        path: Where it was read from, as users see it.
        stem: The file's name without its suffix.
        source: The user's word on where it is from, which wins.
        published: The user's word on its date, which wins.

    Raises:
        ArticleError: The article cannot be kept.
    """
    check_text(draft.text)
    stated, named = read_conventions(draft.text), split_name(stem)
    raw = published if published is not None else _date(draft.published, stated.published, named.date)
    updated = _date(draft.updated, stated.updated)
    boilerplate = find_boilerplate(draft.text)
    return Article(
        id=storable(identity(given=draft.id, url=draft.url, place=place)),
        text=draft.text,
        title=storable(_title(draft, stated, named.rest)),
        source=_label(source) if source is not None else _label(draft.source) or stated.source,
        authors=tuple(dict.fromkeys(name for author in draft.authors if (name := _label(author)))) or stated.authors,
        published=parse_date(raw),
        published_raw=_label(raw),
        published_at=parse_moment(raw),
        updated=parse_date(updated),
        updated_raw=_label(updated),
        updated_at=parse_moment(updated),
        url=_url(draft.url),
        language=_language(draft.language) or language_of(draft.text) or DEFAULT_LANGUAGE,
        path=path,
        headings=draft.headings,
        not_citable=_merged((*draft.not_citable, *boilerplate.spans)),
        references=boilerplate.references,
        pages=draft.pages,
        metadata={"dateline": stated.place, **draft.metadata} if stated.place else draft.metadata,
    )


def _title(draft: Draft, stated: Stated, stem: str) -> str:
    """Return a draft's title; where the text opens with lines that only say who wrote it, and when, the first below them may be it."""
    given = draft.title or stated.title
    if given or draft.headings:
        return title_of(draft.text, given=given, headings=draft.headings, stem=stem)
    below = 0
    for span in stated.spans:
        if draft.text[below : span.start].strip() or draft.text[span.end : span.end + 1] not in ("", "\r", "\n"):
            break
        below = span.end
    return title_of(draft.text[below:] if draft.text[below:].strip() else draft.text, stem=stem)


def _date(*written: str | None) -> str | None:
    """Return the first of several that is a date, else the first at all, which is shown though it cannot be read."""
    given = [raw for raw in written if raw is not None]
    return next((raw for raw in given if parse_date(raw)), given[0] if given else None)


def _label(text: str | None) -> str | None:
    """Return what names something on one line, or None when nothing is left of it."""
    return (cut(one_line(storable(text[:_WINDOW])), MAX_TITLE_CHARACTERS) or None) if text else None


def _url(url: str | None) -> str | None:
    """Return the address as it was given; what is too long to be one is dropped."""
    return one_line(url) if url and len(url) <= _MAX_URL_CHARACTERS else None


def _language(tag: str | None) -> str | None:
    """Return the language that a tag names, without its country; None where it is none."""
    found = _LANGUAGE.fullmatch(tag.strip()) if tag and len(tag) < 40 else None
    return found[1].lower() if found else None


def _merged(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """Return the spans in order, those that overlap as one."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start < merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return tuple(merged)

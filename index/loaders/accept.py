"""A draft and what the user says about it → an article, complete and checked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..article import Article, Span, check_text
from ..boilerplate import find_boilerplate
from ..dates import parse_date, parse_moment
from ..identify import identity
from ..title import MAX_TITLE_CHARACTERS, cut, one_line, title_of
from .fields import storable

if TYPE_CHECKING:
    from .interface import Draft

#: What an article is taken to be written in when it does not say.
DEFAULT_LANGUAGE = "en"

_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]{1,8})*")

#: Labels are read no further than this.
_WINDOW = 5_000

_MAX_URL_CHARACTERS = 2_000


def accept(
    draft: Draft, *, place: str, path: str | None = None, stem: str = "", source: str | None = None, published: str | None = None
) -> Article:
    """Make the article of a draft: identify it, name it, date it, mark what is not citable.

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
    raw = published if published is not None else draft.published
    boilerplate = find_boilerplate(draft.text)
    return Article(
        id=storable(identity(given=draft.id, url=draft.url, place=place)),
        text=draft.text,
        title=storable(title_of(draft.text, given=draft.title, headings=draft.headings, stem=stem)),
        source=_label(source if source is not None else draft.source),
        authors=tuple(dict.fromkeys(name for author in draft.authors if (name := _label(author)))),
        published=parse_date(raw),
        published_raw=_label(raw),
        published_at=parse_moment(raw),
        updated=parse_date(draft.updated),
        updated_raw=_label(draft.updated),
        updated_at=parse_moment(draft.updated),
        url=_url(draft.url),
        language=_language(draft.language),
        path=path,
        headings=draft.headings,
        not_citable=_merged((*draft.not_citable, *boilerplate.spans)),
        references=boilerplate.references,
        pages=draft.pages,
        metadata=draft.metadata,
    )


def _label(text: str | None) -> str | None:
    """Return what names something on one line, or None when nothing is left of it."""
    return (cut(one_line(storable(text[:_WINDOW])), MAX_TITLE_CHARACTERS) or None) if text else None


def _url(url: str | None) -> str | None:
    """Return the address as it was given; what is too long to be one is dropped."""
    return one_line(url) if url and len(url) <= _MAX_URL_CHARACTERS else None


def _language(tag: str | None) -> str:
    found = _LANGUAGE.fullmatch(tag.strip()) if tag and len(tag) < 40 else None
    return found[1].lower() if found else DEFAULT_LANGUAGE


def _merged(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """Return the spans in order, those that overlap as one."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start < merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return tuple(merged)

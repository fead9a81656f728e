"""Articles as JSON values: what `assay list --json` and `assay show --json` print, and the interfaces for programs answer.

Knows nothing of where the values go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from index import Article

_LISTED = ("id", "title", "source", "authors", "published", "url", "path", "sha256", "characters", "passages", "superseded_by")


def listed(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a list of articles tells of one: `record` is one of `Library.articles`."""
    return {name: record[name] for name in _LISTED}


def whole(article: Article, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return all that is known of an article, its text included."""
    return {
        **listed(record),
        "published_raw": article.published_raw,
        "published_at": article.published_at,
        "updated": article.updated,
        "updated_at": article.updated_at,
        "language": article.language,
        "references": list(article.references),
        "metadata": dict(article.metadata),
        "headings": [
            {"start": heading.span.start, "end": heading.span.end, "level": heading.level, "text": heading.span.of(article.text)}
            for heading in article.headings
        ],
        "pages": list(article.pages),
        "not_citable": [list(span) for span in article.not_citable],
        "text": article.text,
    }


def part(article: Article, start: int, end: int) -> dict[str, Any]:
    """Return the characters `[start, end)` of an article."""
    return {"id": article.id, "start": start, "end": end, "text": article.text[start:end]}

"""What documents call the things that an article has: `author`, `byline` and `authors` are one.

Shared by the formats that name their fields: rows and front matter.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import ArticleError

if TYPE_CHECKING:
    from ..article import Json

#: Compared without regard to capitals, hyphens, underscores and white space: `publishedAt` is `published_at`.
ID = ("id", "_id")
TITLE = ("title", "headline", "web_title")
AUTHORS = ("authors", "author", "byline", "creator")
SOURCE = ("source", "publisher", "site", "source_name", "site_name", "publication")
PUBLISHED = (
    *("published", "date", "published_at", "publish_date", "date_published", "pubdate", "created"),
    *("published_date", "publication_date", "date_publish", "web_publication_date"),
)
UPDATED = ("updated", "modified", "updated_at", "date_modified", "last_modified", "lastmod", "last_updated")
URL = ("url", "link", "canonical_url", "web_url")
LANGUAGE = ("language", "lang", "in_language")

#: What says in one word what an object is: `{"id": null, "name": "Reuters"}`.
_NAMES = ("name", "title")

#: What comes with an article may be nested; more than this is no description but an attack.
MAX_DEPTH = 20

#: Integers of more digits cannot be written back by every reader of JSON.
_MAX_INTEGER = 10**300

_BY = re.compile(r"\Aby\s+(?=\S)", re.IGNORECASE)

_MARKS = re.compile(r"[\s_-]+")

_SURROGATE = re.compile("[\ud800-\udfff]")


def known_fields(row: Mapping[str, object]) -> dict[str, Any]:
    """Sort a document's fields into the keyword arguments of a `Draft`, unknown ones into its `metadata`.

    Keys are compared by `key_of`. Where a document gives one thing under two names, the first that holds
    something counts and the other becomes metadata.

    Args:
        row: The fields as the document gives them; `None`, NaN and blank strings count as absent.

    Raises:
        ArticleError: A field is of a type that it cannot have, or holds what cannot be stored.
    """
    present = {str(key): value for key, value in row.items() if not absent(value)}
    folded = {key_of(key): key for key in reversed(present)} | {key.strip().lower(): key for key in reversed(present)}
    taken: set[str] = set()

    def first(names: Sequence[str]) -> object:
        name = next((folded[key] for name in names for key in (name, key_of(name)) if key in folded), None)
        if name is None:
            return None
        taken.add(name)
        return present[name]

    values = {
        "id": _string(first(ID), "id"),
        "title": _string(first(TITLE), "title"),
        "authors": _strings(first(AUTHORS), "author"),
        "source": _string(first(SOURCE), "source"),
        "published": _string(first(PUBLISHED), "published"),
        "updated": _string(first(UPDATED), "updated"),
        "url": _string(first(URL), "url"),
        "language": _string(first(LANGUAGE), "language"),
    }
    left = {key: value for key, value in present.items() if key not in taken}
    return {**values, "metadata": {storable(key): as_json(value) for key, value in left.items()}}


def key_of(name: str) -> str:
    """Return a field's name as it is compared."""
    return _MARKS.sub("", name).lower()


def absent(value: object) -> bool:
    """Say whether a field holds nothing."""
    return value is None or (isinstance(value, float) and math.isnan(value)) or (isinstance(value, str) and not value.strip())


def _string(value: object, field: str) -> str | None:
    """Read one string; of several, as some exports write them, all."""
    if isinstance(value, (list, tuple)):
        return ", ".join(scalar for part in value if (scalar := _scalar(part, field))) or None
    return _scalar(value, field)


def _scalar(value: object, field: str) -> str | None:
    """Read a string, number or date; of an object such as `{"name": "Reuters"}` its name."""
    if isinstance(value, Mapping):
        value = next((value[name] for name in _NAMES if name in value), value)
    if absent(value):
        return None
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ArticleError(f"expected {field!r} to be a string, found {_kind(value)}")
    return storable(value).strip() if isinstance(value, str) else str(_writable(value))


def _strings(value: object, field: str) -> tuple[str, ...]:
    """Read names: a list of them, or one string with `;` between them, as a column of bylines has them too: `By Ann Lee`."""
    names = (_scalar(name, field) for name in (value if isinstance(value, (list, tuple)) else [value]))
    return tuple(part for name in names if name for part in (_BY.sub("", piece.strip(), count=1) for piece in name.split(";")) if part)


def storable(text: str) -> str:
    """Return `text`.

    Raises:
        ArticleError: It holds what is no Unicode text and cannot be stored.
    """
    surrogate = _SURROGATE.search(text)
    if surrogate:
        raise ArticleError(f"lone surrogate in {text[:40].encode('ascii', 'backslashreplace').decode()!r}: not valid Unicode text")
    return text


def as_json(value: object, depth: int = 0) -> Json:
    """Return `value` as JSON can hold it; NaN and the infinities become null.

    Raises:
        ArticleError: It cannot: a foreign type, or nested too deep.
    """
    if depth > MAX_DEPTH:
        raise ArticleError(f"nested too deep: at most {MAX_DEPTH} levels of metadata are kept")
    if isinstance(value, Mapping):
        return {storable(str(key)): as_json(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(inner, depth + 1) for inner in value]
    return _single(value)


def _single(value: object) -> Json:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, int):
        return _writable(int(value))
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, dt.date):
        return value.isoformat()
    raise ArticleError(f"expected metadata that JSON can hold, found {_kind(value)}")


def _writable(number: int) -> int:
    """Return `number` if every reader of JSON can take it back."""
    if abs(number) >= _MAX_INTEGER:
        raise ArticleError("expected a number of at most 300 digits, found a longer one")
    return number


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), f"a {type(value).__name__}")

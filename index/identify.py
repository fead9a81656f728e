"""What an article is known by, so that reading it twice is not two articles.

An article's id is the one given with it; else its canonical URL; else its place in the folder that was added.
Knows nothing of formats or storage.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

from .article import MAX_ID_CHARACTERS

if TYPE_CHECKING:
    from pathlib import PurePath

    from .article import Article

#: Query parameters that say how a reader came to a page, never which page it is.
_TRACKING = re.compile(
    r"utm_\w+|fbclid|gclid|gclsrc|dclid|msclkid|yclid|twclid|ttclid|igshid|mc_cid|mc_eid|_hsenc|_hsmi|mkt_tok|oly_\w+_id|vero_id|wickedid|cmpid|ocid|smid",
    re.IGNORECASE | re.ASCII,
)

_DEFAULT_PORTS = {"http": 80, "https": 443}


def identity(*, given: str | None, url: str | None, place: str) -> str:
    """Return what an article is known by.

    Args:
        given: The id that came with the article, taken as it is.
        url: Where the article was published; used when it is a web address (see `canonical_url`).
        place: Its place in what was added (see `place_of`).
    """
    if given is not None:
        return given
    canonical = canonical_url(url) if url else None
    if canonical is not None and len(canonical) <= MAX_ID_CHARACTERS:
        return canonical
    return place


def is_address_of(article: Article) -> bool:
    """Say whether an article is known by its address: another file may be the same page, saved at another time."""
    return article.url is not None and article.id == canonical_url(article.url)


def canonical_url(url: str) -> str | None:
    """Return the one spelling of a web address under which its page is known, or None when it is not one.

    Scheme and host in lower case, no default port, no fragment (but for `#!…` and `#/…`, which name pages),
    no tracking parameters, white space and control characters percent-encoded. Applying it twice changes nothing.
    """
    try:
        parts = urlsplit(_encoded(url.strip(), keep_percent=True))
        port = parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    user, at, _ = parts.netloc.rpartition("@")
    netloc = f"{user}{at}{host}" if port in (None, _DEFAULT_PORTS[scheme]) else f"{user}{at}{host}:{port}"
    query = "&".join(field for field in parts.query.split("&") if not _TRACKING.fullmatch(field.partition("=")[0]))
    fragment = parts.fragment if parts.fragment.startswith(("!", "/")) else ""
    return urlunsplit((scheme, netloc, parts.path or "/", query, fragment))


def place_of(relative: PurePath, row: int | None = None, *, member: str | None = None) -> str:
    """Return the place of a file within what was added, or of one row of it: `reports/mine.jsonl#17`.

    Args:
        relative: The file's path relative to the folder that was added; for a single file, its name.
        row: The line of the row, counted from 1, when the file holds many articles.
        member: The name of the member, when the file is an archive: `reports/all.zip#may/mine.txt`.
    """
    return _encoded(relative.as_posix()) + "".join(f"#{_encoded(str(part))}" for part in (member, row) if part is not None)


def _encoded(text: str, *, keep_percent: bool = False) -> str:
    """Percent-encode what an id may not hold; `%` too, unless it is an encoding already, so that no two texts meet."""
    return "".join(_percent(character) if _barred(character, keep_percent=keep_percent) else character for character in text)


def _percent(character: str) -> str:
    """Percent-encode one character; a byte of a file name that is not UTF-8 stands as that byte."""
    return quote(character.encode("utf-8", "surrogateescape" if "\udc80" <= character <= "\udcff" else "surrogatepass"), safe="")


def _barred(character: str, *, keep_percent: bool) -> bool:
    if character == "%":
        return not keep_percent
    return character.isspace() or unicodedata.category(character) in ("Cc", "Cs")

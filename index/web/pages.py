"""What was found at an address into articles, by the same loaders as files; an article is known by where it was found.

No page may pass itself off as another: whatever it says of its own address or id is believed only as far as it could be said in other
words of the address at which it was found. Knows nothing of the network or the store.
"""

from __future__ import annotations

import codecs
import hashlib
import io
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from ..article import MAX_ID_CHARACTERS
from ..errors import ArticleError
from ..identify import canonical_url
from ..loaders.accept import accept
from ..loaders.decode import fitting
from ..loaders.formats import loader_for
from ..loaders.interface import BrokenRow
from ..loaders.sniff import HEAD_BYTES, is_web_page
from ..loaders.walk import refusal_of
from .addresses import joined, same_site
from .drafts import drafts_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..article import Article, Json, Refusal
    from ..loaders.interface import Draft
    from ..loaders.walk import Wish
    from .addresses import Address
    from .fetch import Page

#: How files of what servers say they send are called; what is not here goes by its address.
_SUFFIXES = {
    "application/epub+zip": ".epub",
    "application/json": ".json",
    "application/jsonl": ".jsonl",
    "application/msword": ".doc",
    "application/pdf": ".pdf",
    "application/atom+xml": ".xml",
    "application/rss+xml": ".xml",
    "application/rtf": ".rtf",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/x-ndjson": ".jsonl",
    "application/xhtml+xml": ".xhtml",
    "application/xml": ".xml",
    "message/rfc822": ".eml",
    "multipart/related": ".mhtml",
    "text/csv": ".csv",
    "text/html": ".html",
    "text/markdown": ".md",
    "text/rtf": ".rtf",
    "text/tab-separated-values": ".tsv",
    "text/xml": ".xml",
}

#: What servers say of files of which they know nothing.
_UNSAID = frozenset({"", "application/octet-stream", "binary/octet-stream", "application/x-download", "application/force-download"})

#: Text of these may be told its charset by the server; XML says its own.
_TEXTS = frozenset({".html", ".md", ".txt", ".csv", ".tsv", ""})


#: Kept as they are in the part of an id that tells articles from one address apart.
_KEPT = "!$&'()*+,-./:;=?@_~"


def articles_at(page: Page, wish: Wish, retrieved: str) -> Iterator[Article | Refusal]:
    """Yield the articles of what was found at an address, or why there are none.

    Args:
        page: What was found.
        wish: What the user says.
        retrieved: When it was found, for the articles' metadata.
    """
    label = str(page.address)
    data, metadata = _as_declared(page)
    try:
        loader = loader_for(io.BytesIO(data), suffix=suffix_of(page), size=len(data))
        for draft in drafts_in(data, loader):
            if isinstance(draft, BrokenRow):
                yield refusal_of(f"{label}:{draft.where}", draft.reason)
                continue
            where = ":".join(str(part) for part in (label, draft.member, draft.row) if part is not None)
            alone = draft.member is None and draft.row is None
            try:
                yield article_of(draft, page.address, wish, {**metadata, "retrieved": retrieved}, alone=alone)
            except ArticleError as error:
                yield refusal_of(where, str(error))
    except ArticleError as error:
        yield refusal_of(label, str(error))


def article_of(draft: Draft, found: Address, wish: Wish, metadata: Mapping[str, Json], *, alone: bool) -> Article:
    """Make the article of a draft that was found at an address, `alone` there or among others.

    Raises:
        ArticleError: The article cannot be kept.
    """
    url = _own_name(draft.url, found) if alone else _on_the_same_site(draft.url, found)
    told = {**draft.metadata, **({"stated_url": draft.url} if draft.url and url == str(found) != draft.url else {}), **metadata}
    return accept(
        replace(
            draft,
            id=known_by(url) if alone else known_by(str(found), _key(draft)),
            url=canonical_url(url) or url,
            metadata=told,
            source=_source(draft, url, found),
        ),
        place=url,
        stem=PurePosixPath(unquote(found.path)).stem if alone else "",
        source=wish.source,
        published=wish.published,
    )


def _source(draft: Draft, url: str, found: Address) -> str:
    """Return who published it: the site by its host where the document does not say, or says only the host of an address not its own."""
    claim = _read(draft.url, found)
    elsewhere = claim is not None and url == str(found) and draft.source and claim.host.endswith(draft.source.lower())
    return draft.source if draft.source and not elsewhere else _bare(found.host)


def known_by(url: str, key: str | None = None) -> str:
    """Return the id of the article at an address, or of the one among several there that `key` names."""
    name = canonical_url(url) or url
    named = name if key is None else f"{name}#{quote(key, safe=_KEPT)}"
    return named if len(named) <= MAX_ID_CHARACTERS else f"{name[:200]}#{hashlib.sha256(named.encode()).hexdigest()}"


def suffix_of(page: Page) -> str:
    """Return how a file of this page would be called: by what it opens as, what the server says it is, or else by its address."""
    if is_web_page(page.data[:HEAD_BYTES]):
        return ".html"
    suffix = PurePosixPath(unquote(page.address.path)).suffix.lower()
    if page.media_type == "text/plain":
        return suffix if suffix in (".md", ".markdown", ".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".text") else ".txt"
    if page.media_type in _SUFFIXES:
        return _SUFFIXES[page.media_type]
    named = suffix if suffix.isascii() and len(suffix) < 10 else ""
    return named if page.media_type in _UNSAID else named or f".{page.media_type.rpartition('/')[2][:20]}"


def _as_declared(page: Page) -> tuple[bytes, dict[str, Json]]:
    """Return the bytes as UTF-8 where the server names another charset that they are in, with what tells of it."""
    if not page.charset or suffix_of(page) not in _TEXTS:
        return page.data, {}
    codec = fitting(page.data, page.charset)
    if codec is None:
        return page.data, {}
    return codecs.BOM_UTF8 + page.data.decode(codec).encode(), {"decoded_as": codec}


def _own_name(claimed: str | None, found: Address) -> str:
    """Return the address that a page gives for itself, where it only leaves out what does not matter; else where it was found.

    It may leave out `www.`, a slash at the end, and parameters: nothing by which it could take another page's place, or all of a site's
    pages the same one.
    """
    claim = _read(claimed, found)
    if claim is None or (claim.scheme, claim.port) != (found.scheme, found.port) or _bare(claim.host) != _bare(found.host):
        return str(found)
    path, _, query = claim.target.partition("?")
    found_path, _, found_query = found.target.partition("?")
    same = path.rstrip("/") == found_path.rstrip("/") and set(filter(None, query.split("&"))) <= set(found_query.split("&"))
    return str(claim) if same else str(found)


def _bare(host: str) -> str:
    return host.removeprefix("www.")


def _on_the_same_site(claimed: str | None, found: Address) -> str:
    """Return the address that is given for one of several, where it is on the site that gives it; else where all were found."""
    claim = _read(claimed, found)
    return str(claim) if claim is not None and same_site(claim.host, found.host) else str(found)


def _read(claimed: str | None, found: Address) -> Address | None:
    try:
        return joined(found, claimed) if claimed else None
    except ArticleError:
        return None


def _key(draft: Draft) -> str:
    """Return what tells a draft from the others that were found with it, and stays when they change."""
    number = str(draft.row.number) if draft.row else ""
    if draft.member:
        return f"{draft.member}#{number}" if number else draft.member
    named = f"{draft.title or ''} {draft.published or ''}".strip() if draft.row and draft.row.unit == "entry" else ""
    return draft.id or draft.url or named or number or draft.title or ""

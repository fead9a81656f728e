"""Feeds and sitemaps: what they list, an entry for each address or text, newest first. Nothing is fetched here."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, NamedTuple

from ..dates import parse_date
from ..errors import ArticleError
from ..loaders.feed import FeedLoader
from ..loaders.interface import BrokenRow, Draft
from ..loaders.sniff import HEAD_BYTES
from .addresses import joined, same_site
from .compressed import beginning, gunzipped
from .drafts import drafts_in
from .sitemap import MAX_BYTES, SitemapLoader, listed_in, root_of

if TYPE_CHECKING:
    from .addresses import Address
    from .fetch import Page

#: A feed's entry of fewer characters is taken for a summary of the page that it leads to.
FULL_CHARACTERS = 1_000

#: How summaries of whatever length end.
_GOES_ON = re.compile(r"(?:…|\.\.\.|\[(?:…|\.\.\.|&#8230;)\]|read (?:more|on)|continue reading|more)\W{0,5}$", re.IGNORECASE)


class Entry(NamedTuple):
    """What a feed or a sitemap lists: an address, and what it says of it."""

    draft: Draft
    link: Address | None
    """Where its page is; None where the entry has none that could be fetched."""
    stated: str
    """Changes when the listing says something else of it."""
    own_site: bool
    """Whether its page is on the site of the listing."""
    day: str
    """When it was last changed or published, as far as is known: ISO 8601, empty where it is not."""

    @property
    def full(self) -> bool:
        """Say whether the entry holds the text itself, of a page that the feed may speak for."""
        own = self.link is None or self.own_site
        return own and len(self.draft.text) >= FULL_CHARACTERS and not _GOES_ON.search(self.draft.text[-40:])


class Listing(NamedTuple):
    """A feed, a sitemap, or a list of sitemaps."""

    feed: bool
    entries: tuple[Entry, ...]
    sitemaps: tuple[Entry, ...]
    broken: tuple[str, ...]
    """Reasons why some entries cannot be taken in."""


def is_listing(page: Page) -> bool:
    """Say whether a page is a feed or a sitemap, packed by gzip or not."""
    return _kind(_head(page)) is not None


def listing_of(page: Page, site: Address) -> Listing:
    """Read a feed or sitemap.

    Args:
        page: What was found.
        site: The address that was asked for; besides where it was found it says which site the listing may speak for.

    Raises:
        ArticleError: It is none, or broken.
    """
    data = gunzipped(page.data, MAX_BYTES) if page.data.startswith(b"\x1f\x8b") else page.data
    read = _feed if _kind(_head(page)) == "feed" else _sitemap
    return read(data, page.address, site)


def _feed(data: bytes, found: Address, site: Address) -> Listing:
    read = list(drafts_in(data, FeedLoader()))
    broken = tuple(f"{draft.where}: {draft.reason}" for draft in read if isinstance(draft, BrokenRow))
    entries = [_entry(draft, found, site) for draft in read if not isinstance(draft, BrokenRow)]
    return Listing(feed=True, entries=_newest_first(entries), sitemaps=(), broken=broken)


def _sitemap(data: bytes, found: Address, site: Address) -> Listing:
    (draft,) = drafts_in(data, SitemapLoader())
    if isinstance(draft, BrokenRow):
        raise ArticleError(draft.reason)
    listed = [_entry(Draft(text="", url=address, updated=changed), found, site) for address, changed in listed_in(draft)]
    strange = [entry for entry in listed if not entry.own_site]
    told = "addresses on other sites, for which none can speak"
    broken = (f"{told}: {len(strange):,}, such as {strange[0].draft.url}",) if strange else ()
    entries = _newest_first([entry for entry in listed if entry.own_site])
    of_sitemaps = draft.metadata.get("sitemaps") is True
    return Listing(feed=False, entries=() if of_sitemaps else entries, sitemaps=entries if of_sitemaps else (), broken=broken)


def _newest_first(entries: list[Entry]) -> tuple[Entry, ...]:
    """Return entries in the order of their days; where they say nothing, and among equals, in their own."""
    return tuple(sorted(entries, key=lambda entry: entry.day, reverse=True))


def _entry(draft: Draft, found: Address, site: Address) -> Entry:
    try:
        link = joined(found, draft.url) if draft.url else None
    except ArticleError:
        link = None
    said = [draft.title, draft.published, draft.updated, draft.url, draft.text]
    stated = hashlib.sha256(json.dumps(said).encode()).hexdigest()
    own = link is not None and (same_site(link.host, found.host) or same_site(link.host, site.host))
    day = parse_date(draft.updated) or parse_date(draft.published) or ""
    return Entry(draft, link, stated, own_site=own, day=day)


def _head(page: Page) -> bytes:
    """Return the beginning of a page, unpacked where it is packed."""
    if not page.data.startswith(b"\x1f\x8b"):
        return page.data[:HEAD_BYTES]
    return beginning(page.data, HEAD_BYTES)


def _kind(head: bytes) -> str | None:
    if FeedLoader().recognises(head, ""):
        return "feed"
    return "sitemap" if root_of(head) in ("urlset", "sitemapindex") else None

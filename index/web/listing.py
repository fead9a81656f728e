"""Feeds and sitemaps: what they list, an entry for each address or text, newest first. Nothing is fetched here."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, NamedTuple

from ..dates import parse_date
from ..errors import ArticleError
from ..loaders.feed import FeedLoader
from ..loaders.interface import BrokenRow
from ..loaders.sniff import HEAD_BYTES
from .addresses import joined, same_site
from .compressed import beginning, gunzipped
from .drafts import drafts_in
from .sitemap import MAX_BYTES, SitemapLoader, root_of

if TYPE_CHECKING:
    from ..loaders.interface import Draft
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

    @property
    def full(self) -> bool:
        """Say whether the entry holds the text itself, of a page that the feed may speak for."""
        own = self.link is None or self.own_site
        return own and len(self.draft.text) >= FULL_CHARACTERS and not _GOES_ON.search(self.draft.text[-40:])

    @property
    def is_sitemap(self) -> bool:
        """Say whether it leads to another sitemap rather than to a page."""
        return self.draft.metadata.get("sitemap") is True

    @property
    def day(self) -> str:
        """Return when it was last changed or published, as far as is known: ISO 8601, empty where it is not."""
        return parse_date(self.draft.updated) or parse_date(self.draft.published) or ""


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
    feed = _kind(_head(page)) == "feed"
    loader = FeedLoader() if feed else SitemapLoader()
    data = gunzipped(page.data, MAX_BYTES) if page.data.startswith(b"\x1f\x8b") else page.data
    read = list(drafts_in(data, loader))
    broken = [f"{draft.where}: {draft.reason}" for draft in read if isinstance(draft, BrokenRow)]
    found = [_entry(draft, page.address, site) for draft in read if not isinstance(draft, BrokenRow)]
    found.sort(key=lambda entry: entry.day, reverse=True)  # where they say nothing, and among equals, in their order
    if not feed:
        broken += [f"{entry.link or entry.draft.url} is on another site, for which none can speak" for entry in found if not entry.own_site]
        found = [entry for entry in found if entry.own_site]
    sitemaps = tuple(entry for entry in found if entry.is_sitemap)
    return Listing(feed, tuple(entry for entry in found if not entry.is_sitemap), sitemaps, tuple(broken))


def _entry(draft: Draft, found: Address, site: Address) -> Entry:
    try:
        link = joined(found, draft.url) if draft.url else None
    except ArticleError:
        link = None
    said = [draft.title, draft.published, draft.updated, draft.url, draft.text]
    stated = hashlib.sha256(json.dumps(said).encode()).hexdigest()
    own = link is not None and (same_site(link.host, found.host) or same_site(link.host, site.host))
    return Entry(draft, link, stated, own)


def _head(page: Page) -> bytes:
    """Return the beginning of a page, unpacked where it is packed."""
    if not page.data.startswith(b"\x1f\x8b"):
        return page.data[:HEAD_BYTES]
    return beginning(page.data, HEAD_BYTES)


def _kind(head: bytes) -> str | None:
    if FeedLoader().recognises(head, ""):
        return "feed"
    return "sitemap" if root_of(head) in ("urlset", "sitemapindex") else None

"""Addresses into the index: pages, the entries of feeds, the pages that feeds and sitemaps lead to. The seam between the web and the store.

What is in the store tells what need not be asked for again. Each page is committed before the next is asked for, so that whatever ends a
run, nobody has to be asked twice. Nothing is ever removed: what has fallen off a feed is still an article.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from ..article import Refusal
from ..dates import days_of, parse_date
from ..errors import ArticleError, AssayError
from ..loaders.walk import hopeless, refusal_of
from ..snapshot import Visit
from .addresses import parse_address
from .deadline import NotNowError
from .fetch import Fetcher, Limits, Reach, Validators
from .listing import is_listing, listing_of
from .pages import article_of, articles_at
from .visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..article import Article
    from ..ingest import Ingest
    from ..loaders.walk import Wish
    from ..store import Store
    from .addresses import Address
    from .fetch import Page
    from .listing import Entry, Listing

#: Pages that one run asks for because a feed or a sitemap lists them, unless the user says how many.
PAGES_A_RUN = 100

#: Between two requests to one host, in seconds, where its robots.txt does not ask for more.
PAUSE = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """What the user allows: without one nothing is ever fetched.

    Raises `AssayError` when `since` is no date or `most` is below 0.
    """

    most: int = PAGES_A_RUN
    """Pages that are asked for, in one run, because a feed or a sitemap lists them."""
    since: str | None = None
    """Only what a feed or a sitemap says was published or changed on that day or later."""
    pages: bool = True
    """Whether a feed's entries of which it holds only a summary are fetched; else they are taken as they stand in it."""
    pause: float = PAUSE
    limits: Limits = field(default_factory=Limits)
    reach: Reach = field(default_factory=Reach)

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if self.since is not None and parse_date(self.since) != self.since:
            raise AssayError(f"expected a date such as 2023-04-21, 2023-04 or 2023, found {self.since[:60]!r}")
        if self.most < 0:
            raise AssayError(f"expected how many pages to fetch at most, found {self.most}")

    def passes(self, entry: Entry) -> bool:
        """Say whether an entry is of `since` or later; one without a date never is."""
        return self.since is None or (entry.day != "" and days_of(entry.day)[1] >= days_of(self.since)[0])


class Gathering:
    """One run over addresses."""

    def __init__(self, web: Web, wish: Wish, ingest: Ingest, store: Store) -> None:
        """Ask for nothing yet; `ingest` is given what is found, `wish` is what the user says of it."""
        self._web = web
        self._wish = wish
        self._ingest = ingest
        self._store = store
        self._visitor = Visitor(Fetcher(web.reach, web.limits), pause=web.pause)
        self._remembering = web.pages and not any(wish)  # what comes of a run of other wishes says nothing of the next
        self._pages_left = web.most
        self._sitemaps_left = web.most
        self._met: dict[str, list[str] | None] = {}  # what came of each listed address; another listing may name it too
        self._taken: set[str] = set()
        self.left = 0
        """How many listed addresses were left for the next time."""

    def take(self, text: str, *, listing: bool = False) -> None:
        """Take in what is at an address that the user named, or note why not; only a feed or a sitemap where a `listing` is expected."""
        try:
            address = parse_address(text)
        except ArticleError as error:
            self._refuse(_without_password(text), error)
            return
        known = self._recalled(address)
        try:
            page = self._visitor.visit(address, known=_validators(known), followed=False)
            if page.unchanged and known:
                self._pass_over(known)
            elif is_listing(page):
                self._take_listing(listing_of(page, address), page, address, stated=None)
            else:
                _require(not listing, "expected a feed or a sitemap, found neither; `assay add` takes single pages")
                self._take_page(page, address, stated=None)
        except ArticleError as error:
            self._refuse(str(address), error)
        self._ingest.finish()

    def _take_page(self, page: Page, asked: Address, *, stated: str | None) -> list[str]:
        """Take in what was found on a page, and remember it; return the ids."""
        ids: dict[str, None] = {}
        refusals: list[Refusal] = []
        for found in articles_at(page, self._wish, _now()):
            if isinstance(found, Refusal):
                refusals.append(found)
            elif found.id in ids:
                refusals.append(refusal_of(str(page.address), f"the id {found.id!r} was given before; ids name one article"))
            else:
                ids[self._take_article(found)] = None
            end = hopeless(str(page.address), len(refusals), len(ids))
            if end is not None:
                refusals.append(end)
                break
        self._ingest.take(refusals)
        self._ingest.finish()
        with self._store.snapshot() as snapshot:
            kept = [article_id for article_id in ids if snapshot.article_row(article_id) is not None]
        if kept:
            self._remember(asked, page, stated=stated, ids=kept)
        elif stated is not None:
            reason = refusals[0].reason if refusals else "nothing citable was found there"
            self._remember(asked, page, stated=stated, ids=(), refused=reason)
        return kept

    def _take_article(self, article: Article) -> str:
        """Take in an article, unless this run did already; return its id."""
        if article.id not in self._taken:
            self._taken.add(article.id)
            self._ingest.take([self._settled(article)])
        return article.id

    def _settled(self, article: Article) -> Article:
        """Return `article` as of the day on which it was first found like this: to fetch it again is no change."""
        with self._store.snapshot() as snapshot:
            row = snapshot.article_row(article.id)
            before = snapshot.article(row) if row is not None else None
        if before is None or "retrieved" not in before.metadata:
            return article
        same = replace(article, metadata={**article.metadata, "retrieved": before.metadata["retrieved"]})
        return same if same.sha256() == before.sha256() else article

    def _take_listing(self, listing: Listing, page: Page, asked: Address, *, stated: str | None) -> list[str] | None:
        """Take in what a feed or a sitemap lists; return the ids, None when not everything could be had or was wanted now."""
        _require(listing.feed or self._web.pages, "expected a feed, found a sitemap, which holds no text: its pages must be fetched")
        for reason in listing.broken:
            self._refuse(str(page.address), reason)
        ids: list[str] = []
        whole = not listing.broken
        for entry in listing.entries:
            found = self._take_entry(entry, page) if self._web.passes(entry) else None
            whole = whole and found is not None
            ids += found or ()
        for entry in self._wanted_sitemaps(listing):
            found = self._once(entry.link, partial(self._take_sitemap, entry)) if entry.link else []
            whole = whole and found is not None
            ids += found or ()
        self._ingest.finish()
        if whole and self._web.since is None:
            self._remember(asked, page, stated=stated, ids=ids)
        return ids if whole else None

    def _wanted_sitemaps(self, listing: Listing) -> Iterable[Entry]:
        return (entry for entry in listing.sitemaps if not entry.day or self._web.passes(entry))

    def _take_entry(self, entry: Entry, page: Page) -> list[str] | None:
        """Take in an entry, as it stands in its feed or from the page that it leads to; None when it may be had another time."""
        if entry.link is not None and self._web.pages and not entry.full:
            return self._once(entry.link, partial(self._follow, entry))
        try:
            return [self._take_article(article_of(entry.draft, page.address, self._wish, {"retrieved": _now()}, alone=False))]
        except ArticleError as error:
            self._refuse(f"{page.address}:{entry.draft.row or entry.draft.title or 'entry'}", error)
            return []

    def _once(self, link: Address, take: Callable[[Address], list[str] | None]) -> list[str] | None:
        """Return what comes of a listed address, which is asked for once a run."""
        if str(link) not in self._met:
            self._met[str(link)] = []  # a sitemap may lead to itself
            self._met[str(link)] = take(link)
        return self._met[str(link)]

    def _follow(self, entry: Entry, link: Address) -> list[str] | None:
        """Take in the page that an entry leads to, unless it is known as it is."""
        known = self._recalled(link)
        if known and known.stated == entry.stated:
            return self._pass_over(known)
        if self._pages_left <= 0:
            self.left += 1
            return None
        self._pages_left -= 1
        try:
            return self._take_listed(entry, link, known)
        except NotNowError as error:
            self._refuse(str(link), error)
            return None
        except ArticleError as error:
            reason = self._refuse(str(link), error)
            if self._remembering:
                self._store.remember_visit(Visit(str(link), stated=entry.stated, refused=reason))
            return []

    def _take_listed(self, entry: Entry, link: Address, known: Visit | None) -> list[str]:
        page = self._visitor.visit(link, known=_validators(known), followed=True)
        if page.unchanged and known:
            self._remember(link, page, stated=entry.stated, ids=known.articles)
            return self._pass_over(known)
        _require(not is_listing(page), "expected a page, found a feed or a sitemap")
        return self._take_page(page, link, stated=entry.stated)

    def _take_sitemap(self, entry: Entry, link: Address) -> list[str] | None:
        """Take in what a sitemap lists that another one leads to; only one deep, as the protocol has it."""
        known = self._recalled(link)
        if known and known.stated == entry.stated and entry.day:
            return self._pass_over(known)
        if self._pages_left <= 0 or self._sitemaps_left <= 0:
            self.left += 1
            return None
        self._sitemaps_left -= 1
        try:
            page = self._visitor.visit(link, known=_validators(known), followed=True)
            if page.unchanged and known:
                return self._pass_over(known)
            _require(is_listing(page), "expected a sitemap, found something else")
            listing = listing_of(page, link)
            _require(not listing.sitemaps, "expected a sitemap of pages, found one more list of sitemaps")
            return self._take_listing(listing, page, link, stated=entry.stated)
        except ArticleError as error:
            self._refuse(str(link), error)
            return None

    def _recalled(self, address: Address) -> Visit | None:
        """Return what is remembered of an address; nothing where this run is not as others are, since the user says so."""
        if not self._remembering:
            return None
        with self._store.snapshot() as snapshot:
            return snapshot.visit(str(address))

    def _remember(self, asked: Address, page: Page, *, stated: str | None, ids: Iterable[str], refused: str | None = None) -> None:
        if self._remembering:
            validators = page.validators
            visit = Visit(str(asked), validators.etag, validators.modified, stated, tuple(dict.fromkeys(ids)), refused)
            self._store.remember_visit(visit)

    def _pass_over(self, known: Visit) -> list[str]:
        """Note that what was found at an address is in as it is, or why nothing was."""
        if known.refused is not None:
            self._refuse(known.address, known.refused)
        for article_id in known.articles:
            if article_id not in self._taken:
                self._taken.add(article_id)
                self._ingest.pass_over(article_id, place=known.address)
        return list(known.articles)

    def _refuse(self, where: str, reason: object) -> str:
        told = refusal_of(where, str(reason))
        self._ingest.take([told])
        return told.reason


def _require(holds: bool, expected: str) -> None:  # reads as a sentence
    if not holds:
        raise ArticleError(expected)


def _validators(known: Visit | None) -> Validators | None:
    """Return what to ask again with; nothing where nothing came of it before."""
    return Validators(known.etag, known.modified) if known and known.articles else None


def _without_password(text: str) -> str:
    """Return an address as it may be shown: without what stands before an `@`, which may be secret."""
    scheme, mark, rest = text.partition("//")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{mark}{'…@' if '@' in authority else ''}{authority.rpartition('@')[2]}{slash}{path}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

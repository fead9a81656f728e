"""A polite visitor: one request at a time, pauses between those to one host, robots.txt obeyed where links are followed.

An address that the user named is asked for as a browser would ask; one that a feed or a sitemap named is asked for only where the site's
robots.txt lets programs in. A host that asks to be left alone is left alone for the rest of the run. Knows nothing of what is in a page.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..errors import ArticleError
from .deadline import NotNowError
from .fetch import AGENT, RefusedError
from .robots import MAX_BYTES, Rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from .addresses import Address
    from .fetch import Fetcher, Page, Validators

#: The statuses by which a server asks for less.
_BUSY = frozenset({429, 503})


class Visitor:
    """Visits addresses for the length of one run."""

    def __init__(self, fetcher: Fetcher, *, pause: float, sleep: Callable[[float], object] = time.sleep) -> None:
        """Visit nothing yet; `pause` is that between two requests to one host, in seconds."""
        self._fetcher = fetcher
        self._pause = pause
        self._sleep = sleep
        self._rules: dict[str, Rules | ArticleError] = {}
        self._last: dict[str, float] = {}
        self._resting: set[str] = set()

    def visit(self, address: Address, *, known: Validators | None = None, followed: bool) -> Page:
        """Return what is at `address`.

        Args:
            address: What is asked for.
            known: From an earlier visit: nothing is sent again that has not changed.
            followed: Whether a document named it rather than the user.

        Raises:
            NotNowError: It may be there another time.
            ArticleError: It may not be had, or not by us.
        """
        asked = [address]

        def before(hop: Address) -> None:
            asked.append(hop)
            self._wait_for_turn(hop, followed=followed)

        try:
            return self._fetcher.fetch(address, known=known, before=before)
        except RefusedError as error:
            if error.status in _BUSY:
                self._resting.add(asked[-1].host)
            if error.status in _BUSY or error.status >= 500:
                raise NotNowError(str(error)) from error
            raise

    def _wait_for_turn(self, address: Address, *, followed: bool) -> None:
        if address.host in self._resting:
            raise NotNowError(f"{address.host} asks to be left alone for a while; try again later")
        pause = self._pause
        if followed:
            rules = self._rules_of(address)
            if not rules.allow(address):
                raise ArticleError(f"the robots.txt of {address.authority} asks programs to leave this address alone")
            pause = max(pause, rules.pause)
        due = self._last.get(address.host, -pause) + pause
        now = time.monotonic()
        if address.host in self._last and due > now:
            self._sleep(due - now)
        self._last[address.host] = time.monotonic()

    def _rules_of(self, address: Address) -> Rules:
        """Return the rules of a site, fetched once a run; raises `NotNowError` where nobody says what they are."""
        if address.origin not in self._rules:
            self._rules[address.origin] = self._fetched_rules(address)
        rules = self._rules[address.origin]
        if isinstance(rules, ArticleError):
            raise rules
        return rules

    def _fetched_rules(self, address: Address) -> Rules | ArticleError:
        try:
            page = self._fetcher.fetch(address.sibling("/robots.txt"), at_most=MAX_BYTES, whole=False)
        except RefusedError as error:
            if error.status < 500 and error.status not in _BUSY:
                return Rules(b"", AGENT)  # there are none
            return NotNowError(
                f"the robots.txt of {address.authority} cannot be had now (status {error.status}), so nothing is fetched there"
            )
        except ArticleError as error:
            return NotNowError(f"the robots.txt of {address.authority} cannot be had ({error}), so nothing is fetched there")
        return Rules(page.data, AGENT)

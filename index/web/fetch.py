"""A web address into what is there: the bytes, what they are said to be, and where they were found in the end.

Follows redirects one by one, each checked as the first address was; holds to limits of size and time. Asks whoever it is told to:
politeness (robots.txt, delays) is its caller's. Knows nothing of articles, formats or feeds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ..errors import ArticleError
from ..loaders.sniff import HEAD_BYTES, is_web_page
from .addresses import is_public, joined
from .compressed import Opened
from .connection import get, system_tls
from .deadline import Deadline
from .resolve import resolved, system_resolver

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    from .addresses import Address, IPAddress
    from .connection import Answer
    from .resolve import Resolver

#: Whom servers and robots.txt know us by.
AGENT = "Assay"

#: No address to complain to: who runs the program is its user.
_HEADERS = {
    "User-Agent": f"{AGENT} (fetches articles for one user, on request)",
    "Accept": "text/html, application/xhtml+xml, application/atom+xml, application/rss+xml, application/pdf;q=0.9, */*;q=0.8",
    "Accept-Encoding": "gzip",
}

#: Redirects that are followed from one address; each is checked as the first was.
MAX_REDIRECTS = 5

_REDIRECTS = frozenset({301, 302, 303, 307, 308})

#: What the statuses that are met most often mean to a user.
_STATUSES = {
    401: "it asks for a password",
    402: "it asks for money",
    403: "the site does not let us read it",
    404: "there is nothing at this address",
    410: "what was at this address is gone",
    429: "the site asks to be left alone for a while; try again later",
    451: "the site may not show it, for legal reasons",
}

_WEB_PAGES = frozenset({"text/html", "application/xhtml+xml"})

_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much, and how long."""

    page_bytes: int = 5_000_000
    """A web page's; larger ones are no articles."""
    file_bytes: int = 20_000_000
    """Everything else's: documents, feeds."""
    seconds: float = 30.0
    """From the first look at the name to the last byte, redirects included."""
    patience: float = 10.0
    """The longest wait for a connection or for the next bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Whom one may ask. Anything but ports is for those who bring a network of their own, such as tests."""

    ports: frozenset[int] = frozenset({80, 443})
    resolver: Resolver = system_resolver
    allowed: Callable[[IPAddress], bool] = is_public
    tls: Callable[[], ssl.SSLContext] = system_tls


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server gave to ask it later whether anything has changed since."""

    etag: str | None = None
    modified: str | None = None

    def __bool__(self) -> bool:
        """Say whether there is anything to ask with."""
        return bool(self.etag or self.modified)


@dataclass(frozen=True, slots=True)
class Page:
    """What was found at an address."""

    address: Address
    """Where it was found: the last of the redirects."""
    data: bytes
    media_type: str = ""
    """What the server says it is: `text/html`; empty when it does not say."""
    charset: str | None = None
    """The charset that the server names, if it does."""
    validators: Validators = field(default_factory=Validators)
    unchanged: bool = False
    """Nothing came: it is as it was when `validators` were given."""


class RefusedError(ArticleError):
    """The server answered, but not with what was asked for."""

    def __init__(self, status: int) -> None:
        """Say what `status` means."""
        said = _STATUSES.get(status) or ("the server has trouble; try again later" if status >= 500 else "that is no page")
        super().__init__(f"{said} (status {status})")
        self.status = status


class _Wanted(NamedTuple):
    """How much of a body is wanted, where that is settled; and whether anything but the whole will do."""

    at_most: int | None
    whole: bool


class Fetcher:
    """Fetches addresses, within `limits`, from machines within `reach`."""

    def __init__(self, reach: Reach | None = None, limits: Limits | None = None) -> None:
        """Contact nobody yet."""
        self._reach = reach or Reach()
        self.limits = limits or Limits()
        self._tls: ssl.SSLContext | None = None

    def fetch(
        self,
        address: Address,
        *,
        known: Validators | None = None,
        at_most: int | None = None,
        whole: bool = True,
        before: Callable[[Address], object] = lambda _: None,
    ) -> Page:
        """Return what is at `address`.

        Args:
            address: An address that a user named, or one that a document names.
            known: From an earlier answer: nothing is sent again that has not changed.
            at_most: Bytes, where something else is expected than pages and files.
            whole: Whether more than that is refused; else what is over is left there.
            before: Called with each address before it is asked; may wait, and may raise `ArticleError` to have it left alone.

        Raises:
            RefusedError: The server has something else to say.
            ArticleError: It may not be asked, cannot be reached, is too slow, or what it sends is too large or broken.
        """
        deadline = Deadline(self.limits.seconds)
        met = [address]
        while True:
            self.check(met[-1])
            with deadline.paused():
                before(met[-1])
            found = self._hop(met[-1], known, deadline, _Wanted(at_most, whole))
            if isinstance(found, Page):
                return found
            met.append(_redirected(met, found))

    def check(self, address: Address) -> None:
        """Raise `ArticleError` when `address` names a port that is not asked; asks nobody."""
        if address.port not in self._reach.ports:
            ports = " and ".join(map(str, sorted(self._reach.ports)))
            raise ArticleError(f"port {address.port} is not asked, only {ports}; allow it with --allow-port {address.port}")

    def _hop(self, address: Address, known: Validators | None, deadline: Deadline, wanted: _Wanted) -> Page | str:
        """Ask one address; return where it sends us, if it does."""
        pinned = resolved(address, resolver=self._reach.resolver, deadline=deadline, allowed=self._reach.allowed)
        self._tls = self._tls or self._reach.tls()
        with get(address, pinned, _asking(known), deadline=deadline, patience=self.limits.patience, tls=self._tls) as answer:
            if answer.status in _REDIRECTS and "location" in answer.headers:
                return answer.headers["location"]
            validators = Validators(_header(answer, "etag"), _header(answer, "last-modified"))
            if answer.status == 304 and known:
                return Page(address, b"", validators=validators or known, unchanged=True)
            if answer.status != 200:
                raise RefusedError(answer.status)
            said = answer.headers.get("content-type", "")
            charset = _CHARSET.search(said)
            media_type = said.partition(";")[0].strip().lower()
            data = self._body(answer, wanted, web_page=media_type in _WEB_PAGES)
            return Page(address, data, media_type, charset[1] if charset else None, validators)

    def _body(self, answer: Answer, wanted: _Wanted, *, web_page: bool) -> bytes:
        """Read the body as far as its kind may go."""
        limit = wanted.at_most or (self.limits.page_bytes if web_page else self.limits.file_bytes)
        announced = answer.headers.get("content-length", "")
        if wanted.whole and announced.isdecimal() and int(announced[:18]) > limit:
            raise _too_large(limit)
        opened = _opener(answer, limit)
        data, came, looked_at = bytearray(), 0, wanted.at_most is not None or web_page
        for chunk in answer.body:
            came += len(chunk)
            data += opened.open(chunk) if opened else chunk
            if not looked_at and len(data) >= HEAD_BYTES:
                looked_at = True
                limit = self.limits.page_bytes if is_web_page(bytes(data[:HEAD_BYTES])) else limit
            if max(came, len(data)) > limit:
                if wanted.whole:
                    raise _too_large(limit)
                return bytes(data[:limit])
        if opened:
            opened.finish()
        return bytes(data)


def _opener(answer: Answer, limit: int) -> Opened | None:
    """Return what opens the body, if it comes compressed."""
    encoding = answer.headers.get("content-encoding", "").lower()
    if encoding in ("", "identity"):
        return None
    if encoding not in ("gzip", "x-gzip"):
        raise ArticleError(f"expected a plain answer or gzip, found the encoding {encoding[:40]!r}")
    return Opened(limit)


def _asking(known: Validators | None) -> Mapping[str, str]:
    headers = dict(_HEADERS)
    if known and known.etag:
        headers["If-None-Match"] = known.etag
    if known and known.modified:
        headers["If-Modified-Since"] = known.modified
    return headers


def _header(answer: Answer, name: str) -> str | None:
    """Return a header that may be sent back: short, and of characters that headers hold."""
    value = answer.headers.get(name, "")
    return value if value and len(value) <= 300 and value.isascii() and value.isprintable() else None


def _redirected(met: list[Address], location: str) -> Address:
    """Return where a redirect leads, checked as far as an address tells.

    Raises:
        ArticleError: It leads in a circle, too far, to an address that is none, or from encryption to none.
    """
    if len(met) > MAX_REDIRECTS:
        raise ArticleError(f"more than {MAX_REDIRECTS} redirects, the last from {met[-1]}")
    try:
        target = joined(met[-1], _as_utf8(location))
    except ArticleError as error:
        raise ArticleError(f"redirects to what is not fetched: {error}") from error
    if met[-1].scheme == "https" and target.scheme == "http":
        raise ArticleError(f"redirects from https to http, to {target}: what comes from there could be anybody's")
    if target in met:
        raise ArticleError(f"redirects in a circle, to {target}")
    return target


def _as_utf8(header: str) -> str:
    """Read a header as UTF-8 where it is; headers are handed over as Latin-1."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return header


def _too_large(limit: int) -> ArticleError:
    return ArticleError(f"too large: more than {limit:,} bytes")

"""What every request passes before anything else sees it, and every response on its way out.

In this order: is it for us (host), does the route exist, is it ours (origin), who is it, may they, not too often, not too many at
once, not too large, not too slow. A pure ASGI application, so that streams stay streams. Knows nothing of what is answered.
"""

from __future__ import annotations

import logging
import re
from contextlib import nullcontext
from dataclasses import dataclass
from html import escape
from ipaddress import IPv6Address, IPv6Network, ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ..safe import safe
from .limits import AtOnce, Body, Buckets, too_large
from .login import Login, Sessions, key_number, local_path, token_of
from .policy import new_nonce, sealed, with_nonce
from .refusal import Refused
from .routes import Accepts, Access, Counted, Route, routes_of
from .settings import LARGEST_FILE, LARGEST_UPLOAD, Limits, in_brackets
from .uploads import Uploads
from .visits import Visits

if TYPE_CHECKING:
    from collections.abc import Collection
    from contextlib import AbstractContextManager

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from .settings import Settings

_LOG = logging.getLogger(__name__)

#: A host as a browser writes it, and its port.
_HOST = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9_.-]{1,253})(?::([0-9]{1,5}))?")

#: The pages of the login.
_LOGIN = frozenset({"/login", "/logout"})

_ASK_FOR_KEY = {"www-authenticate": "Bearer"}

#: Headers of a request; browsers send some twenty.
_MOST_HEADERS = 100

#: Ranges of a file in one request; a player asks for one.
_MOST_RANGES = 4

#: Bytes of a login form.
_FORM = 8 * 1024

#: What a multipart form adds to its files.
_AROUND_FILES = 2**20

#: What Gradio calls the name that a visit of the page draws for itself.
_VISIT = "session_hash"

#: What no path of a file contains: a way up, another separator, another encoding, a drive or scheme.
_CLIMBS = re.compile(r"(?:^|/)\.{1,2}(?:/|$)|[\\%:]")

#: Proxies' words about the caller, which anybody can say; Gradio would build its addresses from them.
_HEARSAY = (b"forwarded", b"x-forwarded-", b"x-real-ip", b"x-gradio-", b"x-direct-url", b"x-ip-token")

_GONE_WRONG = "Something went wrong here; it has been noted. Try again."


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: by name where somebody logged in or has a key; and what calls are counted by."""

    user: str | None
    counted_by: str
    let_in: bool


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What the guard must know of Gradio's page: the functions that may be called by name, where its files lie, its scripts."""

    public: Collection[str] = ()
    files: Path | None = None
    scripts: int = 0


class Guard:
    """The outermost application: lets through what may be, and answers the rest itself."""

    def __init__(self, app: ASGIApp, settings: Settings, page: PageFacts | None = None) -> None:
        """Stand before `app`."""
        self._app = app
        self._settings = settings
        self._page = page or PageFacts()
        self._buckets = Buckets()
        self._sessions = Sessions()
        self.uploads = Uploads()
        self.visits = Visits()
        self._login = Login(settings.passwords, self._sessions, self._buckets, settings.limits)
        self._open = AtOnce(settings.limits.open_requests, "Too many people are here just now. Try again in a moment.")
        self._asked = AtOnce(settings.limits.at_once, "Too many questions are being answered just now. Try again in a moment.")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or let it through."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":  # there are none
            await send({"type": "websocket.close", "code": 1008})
        else:
            await _Exchange(self, scope, receive, send).run()

    # --- what is asked of every request; each raises `Refused` -----------------------------------------------------------

    def route(self, request: Request) -> Route:
        """Return the route that is called, where there is one and the request is meant for us and made by nobody else."""
        _check_shape(request)
        self._check_host(request)
        path = request.scope["path"]
        found, parts = routes_of(path)
        if not found or (path in _LOGIN and not self._settings.passwords):
            raise Refused(404, "There is nothing here.")
        method = "GET" if request.method == "HEAD" else request.method
        if method not in found:
            raise _other_method(*sorted(found))
        route = found[method]
        if request.method == "HEAD" and not (route.page or route.files or route.key):  # Gradio's own, which know GET alone
            raise _other_method("GET")
        if route.named and parts.get("api_name") not in self._page.public:
            raise Refused(404, "There is nothing here.")
        if route.files and not self._is_file_of_ours(route, next(iter(parts.values()))):
            raise Refused(404, "There is no such file.")
        _check_origin(request, route)
        return route

    def caller(self, request: Request, route: Route) -> Caller:
        """Return who calls, where they may."""
        caller = self._who(request)
        if route.access is Access.ANYONE:
            return caller
        if not caller.let_in:
            raise Refused(401, "Log in first; a program sends its key as `Authorization: Bearer KEY`.", _ASK_FOR_KEY)
        if route.access is Access.WRITERS and not self._settings.writable:
            raise Refused(403, "Articles are only read here: `assay serve --allow-upload` lets them be added and removed.")
        known = caller.user is not None or _from_our_page(request)
        if route.key and self._settings.keys and not known:
            raise Refused(401, "Expected a key, sent as `Authorization: Bearer KEY`; found none that is known.", _ASK_FOR_KEY)
        return caller

    def count(self, caller: Caller, route: Route) -> None:
        """Take from the caller's bucket."""
        limits = self._settings.limits
        if route.counted is not None:
            rate = limits.asks if route.counted is Counted.ASK else limits.writes
            self._buckets.take(f"{route.counted.value} of {caller.counted_by}", rate)

    def body(self, request: Request, route: Route, receive: Receive) -> Body:
        """Return the body, which may be so long and no longer."""
        largest = _FORM if route.accepts is Accepts.FORM else 0
        if route.accepts is Accepts.JSON:
            largest = self._settings.limits.largest_body
        elif route.accepts is Accepts.FILES:
            largest = (LARGEST_UPLOAD if route.uploads else LARGEST_FILE) + _AROUND_FILES
        length = request.headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:20]) > largest:
            raise too_large(largest)
        return Body(receive, largest, self._settings.limits)

    def scheme(self, request: Request) -> str:
        """Return how the browser came, from which addresses that are given away are made: a proxy before us comes by http."""
        known = urlsplit(self._settings.url)
        return known.scheme if known.netloc == request.headers["host"].lower() else request.url.scheme

    def room(self, route: Route) -> AbstractContextManager[None]:
        """Return the place of a call among those that occupy a core."""
        return self._asked.one() if route.expensive else nullcontext()

    def place(self) -> AbstractContextManager[None]:
        """Return the place of a request among all that are open."""
        return self._open.one()

    # --- what answers ----------------------------------------------------------------------------------------------------

    def responder(self, route: Route) -> ASGIApp:
        """Return what answers a route."""
        return self._login if route.path in _LOGIN else self._app

    def goes_to_login(self, request: Request, route: Route | None) -> bool:
        """Say whether whoever is not let in is shown the login instead of being told so: who opens the page in a browser."""
        return route is not None and route.path == "/" and bool(self._settings.passwords) and request.method in {"GET", "HEAD"}

    def page(self, content: bytes, nonce: str) -> bytes:
        """Return Gradio's page with leave for its own scripts."""
        return with_nonce(content, nonce, self._page.scripts)

    # --- the parts of these ----------------------------------------------------------------------------------------------

    def _check_host(self, request: Request) -> None:
        given = request.headers.getlist("host")
        fits = _HOST.fullmatch(given[0].lower()) if len(given) == 1 else None
        if fits is None or int(fits[2] or 0) > 65_535:
            raise Refused(400, "Expected one host name in the request, found none, or several, or what is no name.")
        if fits[1] in self._settings.allowed_hosts or (self._settings.everywhere and fits[1] == _own_address(request)):
            return
        raise Refused(403, "The server does not go by this name; whoever starts it can add the name with --allow-host.")

    def _is_file_of_ours(self, route: Route, path: str) -> bool:
        """Say whether a file may be asked for: nothing that climbs, and of Gradio's files only those that it keeps for the page."""
        if not path or _CLIMBS.search(path):
            return False
        if "file=" not in route.path:
            return not path.startswith("/")
        if self._page.files is None or not path.startswith("/"):
            return False
        try:
            return Path(path).resolve().is_relative_to(self._page.files.resolve())
        except (OSError, ValueError, RuntimeError):
            return False

    def _who(self, request: Request) -> Caller:
        address = request.scope["state"]["address"]
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        number = key_number(self._settings.keys, given.strip()) if scheme.lower() == "bearer" else None
        if number is not None:
            return Caller(f"key {number}", f"key {number}", let_in=True)
        if not self._settings.passwords:
            return Caller(None, address, let_in=True)
        user = self._sessions.user(token_of(request))
        return Caller(user, address if user is None else f"user {user}", let_in=user is not None)


class _Exchange:
    """One request and its response on their way through the guard."""

    def __init__(self, guard: Guard, scope: Scope, receive: Receive, send: Send) -> None:
        self._guard = guard
        self._scope = scope
        self._receive = receive
        self._send = send
        self._request = Request(scope)
        self._route: Route | None = None
        self._body: Body | None = None
        self._started = False
        self._overruled = False
        self._held: Message | None = None
        self._caller = ""
        self._content = bytearray()

    async def run(self) -> None:
        """Answer, whatever happens."""
        state = self._scope.setdefault("state", {})
        state.update(user=None, address=_address(self._scope.get("client")))
        try:
            with self._guard.place():
                await self._answer(state)
        except Refused as refusal:
            await self._refuse(refusal)
        except Exception as error:
            wrong = self._body.refusal if self._body else None
            if wrong is None and isinstance(error, ClientDisconnect):
                return
            if wrong is None:
                _LOG.error("internal error: %s: %s", type(error).__name__, safe(str(error)), exc_info=_LOG.isEnabledFor(logging.DEBUG))
            if self._started and not self._overruled:
                raise  # only cutting the response short says that it is not whole
            await self._refuse(wrong or Refused(500, _GONE_WRONG))

    async def _answer(self, state: dict[str, Any]) -> None:
        route = self._route = self._guard.route(self._request)
        caller = self._guard.caller(self._request, route)
        state["user"] = caller.user
        self._guard.count(caller, route)
        self._caller = caller.counted_by
        for visit in _visits(self._request, route):
            self._guard.visits.check(caller.user, visit)
        body = self._body = self._guard.body(self._request, route, self._receive)
        self._scope["scheme"] = self._guard.scheme(self._request)
        self._scope["headers"] = [pair for pair in self._scope["headers"] if not pair[0].startswith(_HEARSAY)]
        receive = await self._checked(body, caller) if route.event else body.receive
        heads = self._request.method == "HEAD" and route.key  # of which the interfaces know nothing: it is GET without the content
        scope = {**self._scope, "method": "GET"} if heads else self._scope
        with self._guard.room(route):
            await self._guard.responder(route)(scope, receive, self._pass_on)
        if body.refusal is not None and not self._started:
            raise body.refusal

    async def _checked(self, body: Body, caller: Caller) -> Receive:
        """Return what gives the application the body of an event, once it is all here and names no file or visit but the caller's."""
        content = await body.whole()
        value = self._guard.uploads.check(self._caller, content, lambda address: _is_own(address, self._request))
        if isinstance(value, dict) and value.get(_VISIT) is not None:
            self._guard.visits.check(caller.user, value[_VISIT])
        message: Message | None = {"type": "http.request", "body": content, "more_body": False}

        async def receive() -> Message:
            nonlocal message
            given, message = message, None
            return given or await body.receive()

        return receive

    async def _refuse(self, refusal: Refused) -> None:
        """Say why there is no answer, unless one has been given."""
        if self._started:
            return
        self._overruled = True
        request = self._request
        if "content-length" in request.headers or "transfer-encoding" in request.headers:
            await (self._body or Body(self._receive, 0, Limits())).drain(awaits_word="expect" in request.headers)
        response = refusal.response_at(self._scope["path"])
        if refusal.status == 401 and self._guard.goes_to_login(request, self._route):
            response = _come_again(request) if _from_elsewhere(request) else _to_login(request)
        await response(self._scope, self._receive, self._seal)

    async def _pass_on(self, message: Message) -> None:
        """Send what the application answers: sealed, the page with its nonce, and neither after a refusal nor with an internal error."""
        if self._overruled:
            return
        if message["type"] == "http.response.start":
            wrong = self._body.refusal if self._body else None
            if wrong is None and message["status"] == 500:
                wrong = Refused(500, _GONE_WRONG)
            if wrong is not None:
                await self._refuse(wrong)
            elif self._is_held(message):
                self._held = message
            else:
                await self._seal(message)
        elif self._held is None:
            await self._seal(message)
        else:
            self._content += message.get("body", b"")
            if not message.get("more_body", False):
                await self._send_held(self._held)

    def _is_held(self, start: Message) -> bool:
        """Say whether an answer is looked at before it is sent: Gradio's page, and what it says of uploads."""
        kind = Headers(raw=start["headers"]).get("content-type", "")
        if self._route is None:
            return False
        return (self._route.path == "/" and kind.startswith("text/html")) or (self._route.uploads and start["status"] == 200)

    async def _send_held(self, start: Message) -> None:
        if self._route is not None and self._route.uploads:
            self._guard.uploads.note(self._caller, bytes(self._content))
            await self._seal(start)
            await self._seal({"type": "http.response.body", "body": bytes(self._content)})
        else:
            await self._send_page(start)

    async def _send_page(self, start: Message) -> None:
        nonce = new_nonce()
        content = self._guard.page(bytes(self._content), nonce)
        headers = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
        headers.append((b"content-length", str(len(content)).encode()))
        await self._seal({**start, "headers": headers}, nonce)
        await self._seal({"type": "http.response.body", "body": content})

    async def _seal(self, message: Message, nonce: str | None = None) -> None:
        if message["type"] == "http.response.start":
            self._started = True
            message = {**message, "headers": sealed(message.get("headers", ()), self._route, nonce)}
        elif self._request.method == "HEAD":
            message = {**message, "body": b""}
        await self._send(message)


# --- what can be said of a request by itself -----------------------------------------------------------------------------


def _other_method(*allowed: str) -> Refused:
    methods = ", ".join(allowed)
    return Refused(405, f"Expected one of these methods: {methods}; found another.", {"allow": methods})


def _check_shape(request: Request) -> None:
    if len(request.headers) > _MOST_HEADERS:
        raise Refused(431, f"Expected at most {_MOST_HEADERS} headers, found {len(request.headers)}.")
    if any(ord(character) < 32 or ord(character) == 127 for character in request.scope["path"]):
        raise Refused(400, "Expected an address without control characters, found one.")
    ranges = request.headers.getlist("range")
    if len(ranges) > 1 or any(value.count(",") >= _MOST_RANGES for value in ranges):
        raise Refused(416, f"Expected at most {_MOST_RANGES} ranges, found more.")


def _check_origin(request: Request, route: Route) -> None:
    """Refuse what another site makes a browser send: everything but that it opens the page by a link.

    Of what changes something a browser says where it comes from: in `Origin`, failing that in `Referer` or `Sec-Fetch-Site`. A request
    without any of them is a program's, and a program sends no cookie and none of a browser's other words.
    """
    headers = request.headers
    site = headers.get("sec-fetch-site")
    reads = request.method in {"GET", "HEAD"}
    stranger = Refused(403, "Another site sent this request, and it was not carried out.")
    if site not in {None, "same-origin", "none"}:
        opened = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
        if reads and route.page and opened and "origin" not in headers:
            return
        raise stranger
    if "origin" in headers:
        if not all(_is_own(origin, request) for origin in headers.getlist("origin")):
            raise stranger
    elif reads:
        return
    elif "referer" in headers:
        if not _is_own(headers["referer"], request):
            raise stranger
    elif site != "same-origin" and ("cookie" in headers or any(name.startswith("sec-fetch-") for name in headers)):
        raise stranger


def _visits(request: Request, route: Route) -> list[str]:
    """Return the visits of the page that an address names."""
    named = [request.scope["path"].rpartition("/")[2]] if f"{{{_VISIT}}}" in route.path else []
    return [*named, *request.query_params.getlist(_VISIT)]


def _from_our_page(request: Request) -> bool:
    """Say whether a request says that the page made it: a courtesy to the page where keys are asked for, since a program can say so too."""
    headers = request.headers
    said = headers.get("origin") or headers.get("referer")
    return headers.get("sec-fetch-site") == "same-origin" or (said is not None and _is_own(said, request))


def _from_elsewhere(request: Request) -> bool:
    return request.headers.get("sec-fetch-site") in {"cross-site", "same-site"}


def _is_own(address: str, request: Request) -> bool:
    """Say whether an address is of the origin that the request went to, by http, or by https through a proxy."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    if usual is None or parts.hostname is None or "@" in parts.netloc:
        return False
    host = _HOST.fullmatch(request.headers["host"].lower())
    return host is not None and in_brackets(parts.hostname) == host[1] and (port or usual) == int(host[2] or usual)


def _address(client: tuple[str, int] | None) -> str:
    """Return what the caller's address is counted by: of IPv6 the network, since everybody there has a whole one."""
    try:
        address = ip_address(client[0].partition("%")[0]) if client else None
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or IPv6Network((address, 64), strict=False))
    return str(address) if address else "unknown"


def _own_address(request: Request) -> str:
    """Return the address that the request has reached us at, as it stands in a URL: no name can be bound to it from elsewhere."""
    server = request.scope.get("server")
    try:
        address = ip_address(server[0]) if server else None
    except ValueError:
        return ""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return in_brackets(str(address)) if address else ""


def _path_and_query(request: Request) -> str:
    query = request.scope["query_string"].decode("latin-1")
    return quote(request.scope["path"]) + (f"?{query}" if query else "")


def _to_login(request: Request) -> Response:
    where = _path_and_query(request)
    return RedirectResponse("/login" if where == "/" else f"/login?next={quote(where, safe='')}", 303)


def _come_again(request: Request) -> Response:
    """Return a page that opens the same address once more.

    Browsers do not send our cookie along when a link on another site is followed; from a page of ours they do.
    """
    again = escape(local_path(_path_and_query(request)))
    return HTMLResponse(f'<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url={again}"><title>Assay</title>')

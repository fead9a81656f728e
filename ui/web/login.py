"""Who somebody is: names with passwords and the sessions they open, keys of programs, and the two small pages for it.

Sessions live in memory, under the hash of a random token that only the browser has; they end when the server does. Knows nothing of
what is served behind them.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import bcrypt
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from .refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.types import Receive, Scope, Send

    from .limits import Buckets
    from .settings import Limits

#: What bcrypt looks at; the rest of a longer password would count for nothing, so that one is refused.
_MOST_BYTES = 72

#: Seconds after which a session that nobody uses ends.
_IDLE = 12 * 3600

#: Sessions that are remembered; the one that was used longest ago ends.
_SESSIONS = 10_000

#: Passwords that are checked at the same time: each check occupies a core for up to a quarter of a second.
_CHECKS = 2


class Sessions:
    """Who is logged in, by the token in the browser's cookie."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Tell the time by `clock`, in seconds."""
        self._clock = clock
        self._open: OrderedDict[bytes, tuple[str, float]] = OrderedDict()

    def begin(self, user: str) -> str:
        """Begin a session, and return its token: 256 random bits, always new."""
        token = secrets.token_urlsafe(32)
        self._open[_digest(token)] = (user, self._clock())
        while len(self._open) > _SESSIONS:
            self._open.popitem(last=False)
        return token

    def user(self, token: str) -> str | None:
        """Return whose session it is, and note that it was used; None where there is none, or none any more."""
        key = _digest(token)
        user, used = self._open.get(key, (None, 0.0))
        if user is None:
            return None
        if self._clock() - used > _IDLE:
            del self._open[key]
            return None
        self._open[key] = (user, self._clock())
        self._open.move_to_end(key)
        return user

    def end(self, token: str) -> None:
        """End a session, where there is one."""
        self._open.pop(_digest(token), None)


class Passwords:
    """The names that may log in, and the hashes of their passwords."""

    def __init__(self, hashes: Mapping[str, str]) -> None:
        """Take bcrypt hashes by name."""
        self._hashes = {name: value.encode() for name, value in hashes.items()}
        cost = max((int(value[4:6]) for value in self._hashes.values()), default=4)
        self._nobodys = bcrypt.hashpw(secrets.token_bytes(32), bcrypt.gensalt(cost)) if hashes else b""
        self._checking = asyncio.Semaphore(_CHECKS)

    async def right(self, name: str, password: bytes) -> bool:
        """Say whether that is the password of that name; as slow for a name that there is not."""
        known = self._hashes.get(name)
        async with self._checking:
            same = await asyncio.to_thread(bcrypt.checkpw, password, known or self._nobodys)
        return same and known is not None


def key_number(keys: Sequence[str], given: str) -> int | None:
    """Return which key was given, the first being 1, in the same time whichever it is; None for none of them."""
    found = None
    for number, key in enumerate(keys, 1):
        if hmac.compare_digest(_digest(key), _digest(given)):
            found = number
    return found


class Login:
    """The pages /login and /logout, as an ASGI application; they work without scripts."""

    def __init__(self, hashes: Mapping[str, str], sessions: Sessions, buckets: Buckets, limits: Limits) -> None:
        """Let in by `hashes`, as often as `limits` allow."""
        self._passwords = Passwords(hashes)
        self._sessions = sessions
        self._buckets = buckets
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        if request.method == "POST":
            try:
                fields = await _fields(request)
            except ClientDisconnect:
                return
            answer = self._logged_out(request) if request.url.path == "/logout" else await self._logged_in(request, fields)
        elif request.url.path == "/logout":
            answer = _logout_page(scope["state"]["user"])
        else:
            answer = _login_page(local_path(request.query_params.get("next", "/")))
        await answer(scope, receive, send)

    async def _logged_in(self, request: Request, fields: Mapping[str, str]) -> Response:
        name, password = fields.get("name", ""), fields.get("password", "").encode()
        goes_to = local_path(fields.get("next", "/"))
        try:
            self._count(name, request.scope["state"]["address"])
        except Refused as refusal:
            said = f"Too many attempts. Try again in {refusal.headers['retry-after']} seconds."
            return _login_page(goes_to, name, said, refusal.status, refusal.headers)
        if len(password) > _MOST_BYTES:
            return _login_page(goes_to, name, f"A password has at most {_MOST_BYTES} bytes; this one has {len(password)}.", 400)
        if b"\0" in password or not await self._passwords.right(name, password):
            return _login_page(goes_to, name, "Name and password do not match.", 401)
        self._sessions.end(token_of(request))
        answer = RedirectResponse(goes_to, 303)
        self._keep_cookie(answer, request, self._sessions.begin(name))
        return answer

    def _count(self, name: str, address: str) -> None:
        """Take from the buckets of the address, and of the name as tried from there."""
        self._buckets.take(f"login from {address}", self._limits.logins_of_address)
        tried = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
        self._buckets.take(f"login from {address} as {tried}", self._limits.logins)

    def _logged_out(self, request: Request) -> Response:
        self._sessions.end(token_of(request))
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(cookie_name(request), path="/", secure=_by_https(request), httponly=True, samesite="strict")
        return answer

    @staticmethod
    def _keep_cookie(answer: Response, request: Request, token: str) -> None:
        answer.set_cookie(cookie_name(request), token, path="/", secure=_by_https(request), httponly=True, samesite="strict")


def cookie_name(request: Request) -> str:
    """Return the session cookie's name: browsers do not tell ports apart, and one may show several indexes of one machine."""
    return f"assay_session_{request.url.port or 0}"


def token_of(request: Request) -> str:
    """Return the token in the session cookie, empty where there is none."""
    return request.cookies.get(cookie_name(request), "")


def local_path(path: str) -> str:
    """Return where to go after the login: a path of ours, whatever was asked for."""
    plain = path.isascii() and path.isprintable() and path.startswith("/") and not path.startswith(("//", "/\\")) and "\\" not in path
    return path if plain and not urlsplit(path).netloc and len(path) <= 2_000 else "/"


def _by_https(request: Request) -> bool:
    """Say whether the browser came by https, through a proxy that we know nothing of: it says so itself where it posts from."""
    return request.headers.get("origin", "").startswith("https://")


async def _fields(request: Request) -> dict[str, str]:
    body = await request.body()
    try:
        found = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=8)
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items()}


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} – Assay</title>
<link rel="stylesheet" href="/own/login.css">
</head>
<body>
<main>
<h1>Assay</h1>
{content}
</main>
</body>
</html>
"""

_LOGIN = """<p class="about">Answers from your own articles, each sentence with its proof.</p>
{problem}<form method="post" action="/login">
<input type="hidden" name="next" value="{goes_to}">
<label for="name">Name</label>
<input id="name" name="name" value="{name}" autocomplete="username" autocapitalize="none" spellcheck="false" required{first}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required{second}>
<button type="submit">Log in</button>
</form>"""

_LOGOUT = """<p class="about">Logged in as <strong>{name}</strong>.</p>
<form method="post" action="/logout">
<button type="submit">Log out</button>
</form>
<p><a href="/">Back to the questions</a></p>"""


def _login_page(goes_to: str, name: str = "", problem: str = "", status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    content = _LOGIN.format(
        problem=f'<p class="problem" role="alert" id="problem">{escape(problem)}</p>\n' if problem else "",
        goes_to=escape(goes_to),
        name=escape(name[:200]),
        first="" if name else " autofocus",
        second=' autofocus aria-invalid="true" aria-describedby="problem"' if problem else "",
    )
    return HTMLResponse(_PAGE.format(title="Log in", content=content), status, dict(headers or {}))


def _logout_page(user: str | None) -> Response:
    if user is None:
        return RedirectResponse("/login", 303)
    return HTMLResponse(_PAGE.format(title="Log out", content=_LOGOUT.format(name=escape(user))))

"""What browsers are told about every response: which scripts may run, who may frame or read it, what is sent along.

Scripts run from our own files alone; the page's inline ones carry a nonce that is new each time. Knows nothing of users and limits.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .routes import Route

#: Sent with every response.
HEADERS: Mapping[str, str] = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), payment=(), serial=(), usb=()",
}

#: What is not a page: nothing in it may run, load or be framed, should a browser ever open it as one.
_BARE = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox"

#: Our own pages without scripts: the login.
_PLAIN = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

#: Gradio's page. Its components set styles inline, so that these are allowed; scripts and styles of others are not.
_PAGE = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; font-src 'self'; frame-src 'none'; frame-ancestors 'none'; form-action 'self'; base-uri 'self'; object-src 'none'"
)

#: What an application says of itself or lets strangers do; nothing of it gets out.
_WITHHELD = ("server", "x-powered-by", "access-control-")

_SCRIPT = re.compile(rb"<script(?=[\s>/])", re.IGNORECASE)


def sealed(headers: Iterable[tuple[bytes, bytes]], route: Route | None, nonce: str | None = None) -> list[tuple[bytes, bytes]]:
    """Return a response's headers with ours in place of whatever it says on the same subjects."""
    headers = list(headers)
    ours = dict(HEADERS)
    brought = any(name.lower() == b"content-security-policy" for name, _ in headers)
    if route is not None and route.page:
        ours["content-security-policy"] = _PAGE.format(nonce=nonce) if nonce else _PLAIN
        ours["referrer-policy"] = "same-origin"  # as silent to others; under no-referrer our own forms would come from the origin `null`
    elif route is None or not (route.document and brought):
        ours["content-security-policy"] = _BARE
    if route is None or not route.files:  # what holds somebody's words or a nonce is stored by no cache
        ours["cache-control"] = "no-store"
    kept = [
        (name, value)
        for name, value in headers
        if (lower := name.decode("latin-1").lower()) not in ours and not lower.startswith(_WITHHELD)
    ]
    return [*kept, *((name.encode(), value.encode()) for name, value in ours.items())]


def new_nonce() -> str:
    """Return a nonce that nobody can guess."""
    return secrets.token_urlsafe(18)


def with_nonce(page: bytes, nonce: str, scripts: int) -> bytes:
    """Return a page whose scripts may run.

    There must be exactly as many as its template has: text that got out of its quotes and opened one more would be let run too.
    Raises `ValueError` otherwise.
    """
    found = len(_SCRIPT.findall(page))
    if found != scripts:
        raise ValueError(f"expected {scripts} scripts in the page, as in its template, found {found}")
    return _SCRIPT.sub(b'<script nonce="' + nonce.encode() + b'"', page)


def scripts_in(template: str) -> int:
    """Return how many scripts a page of that template has."""
    return len(_SCRIPT.findall(template.encode()))

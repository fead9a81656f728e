"""One exchange with a server: it ends at its deadline, takes in so many bytes and no more, and follows no redirect.

What a provider's client does is bounded through the event hooks of its HTTP client (httpx, or httpx2 of the same interface), so that a
server which sends a byte a second, never ends or points elsewhere holds nobody up and learns no key. Knows nothing of what is said.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The exchange that what runs here is a part of.
_CURRENT: ContextVar[Exchange | None] = ContextVar("exchange", default=None)

#: Where the clients of LangChain's chat models keep their HTTP client.
_HTTP_CLIENTS = (("root_client", "_client"), ("_client", "_client"))


class Limits(NamedTuple):
    """How long a model may take for a reply, tries included, and how much may come."""

    seconds: float = 60.0
    bytes: int = 4_000_000


class RefusedError(Exception):
    """What came is none that is taken in; the message says why and holds nothing of it."""


class Exchange:
    """A span of time in which a server is spoken to; `end` shuts every connection that is still open."""

    def __init__(self, limits: Limits) -> None:
        """Begin now."""
        self._until = time.monotonic() + limits.seconds
        self._left = limits.bytes
        self._connections: list[Any] = []
        self._over = threading.Event()

    @property
    def remaining(self) -> float:
        """Return the seconds that are left, never less than 0."""
        return max(0.0, self._until - time.monotonic())

    @property
    def over(self) -> bool:
        """Say whether it has been ended, or its time is up."""
        return self._over.is_set() or not self.remaining

    def enter(self) -> None:
        """Make it the exchange of all that runs in this context."""
        _CURRENT.set(self)

    def end(self) -> None:
        """Shut the connections, so that whoever reads from them reads no more."""
        self._over.set()
        for connection in self._connections:
            with suppress(Exception):
                connection.get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    def took(self, count: int) -> None:
        """Count bytes that came; raises `RefusedError` once it is too late or they are too many."""
        self._left -= count
        if self.over:
            raise RefusedError("late")
        if self._left < 0:
            raise RefusedError("too long")

    def seen(self, event: str, info: dict[str, Any]) -> None:
        """Take note of a connection that was opened; what a transport calls with what it does."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._connections.append(info["return_value"])
            if self.over:
                self.end()


def bound(model: Any) -> None:
    """Bound what the HTTP client of a chat model does in an exchange; of a model without one nothing is known."""
    client = _http_client(model)
    if client is not None:
        client.follow_redirects = False
        client.event_hooks = {"request": [_asked], "response": [_answered]}


def bounded(model: Any) -> bool:
    """Say whether `bound` knew its HTTP client."""
    client = _http_client(model)
    return client is not None and _asked in client.event_hooks["request"]


def _http_client(model: Any) -> Any:
    clients = (getattr(getattr(model, outer, None), inner, None) for outer, inner in _HTTP_CLIENTS)
    return next((one for one in clients if hasattr(one, "event_hooks") and hasattr(one, "follow_redirects")), None)


def _asked(request: Any) -> None:
    exchange = _CURRENT.get()
    request.headers["Accept-Encoding"] = "identity"  # a body that unpacks to a thousand times its size is none
    request.headers["Connection"] = "close"  # whoever shuts it shuts nobody else's
    if exchange is not None:
        timeout = dict.fromkeys(("connect", "read", "write", "pool"), max(0.05, exchange.remaining))
        request.extensions = {**request.extensions, "trace": exchange.seen, "timeout": timeout}


def _answered(response: Any) -> None:
    if 300 <= response.status_code < 400:  # HTTP's redirects
        raise RefusedError(f"a redirect, {response.status_code}")
    if response.headers.get("content-encoding", "identity").lower() not in ("identity", ""):
        raise RefusedError("a packed reply")
    exchange = _CURRENT.get()
    if exchange is not None:
        response.stream = _counted(response.stream, exchange)


def _counted(stream: Any, exchange: Exchange) -> Any:
    """Return a response's stream that is counted as it is read, of the kind that its client knows."""
    kind = next(one for one in type(stream).__mro__ if one.__name__ == "SyncByteStream")

    class Counted(kind):  # type: ignore[misc,valid-type]  # httpx's or httpx2's
        def __iter__(self) -> Iterator[bytes]:
            for piece in stream:
                exchange.took(len(piece))
                yield piece

        def close(self) -> None:
            stream.close()

    return Counted()

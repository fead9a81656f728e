"""How much of anything there may be: token buckets, calls at once, and bodies that are too long or too slow.

For one event loop; not for several threads. Knows nothing of routes or users: what is limited goes by names.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from contextlib import contextmanager
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

from .refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import Message, Receive

    from .settings import Limits, Rate

#: Buckets that are remembered; the one that was used longest ago is forgotten, and by then it is full again.
_BUCKETS = 20_000

#: Of a body that was refused, so much is still taken in before the answer, so long: a client that is cut off while it sends never reads it.
_DRAINED, _DRAIN_SECONDS = 64 * 2**20, 3.0


class Buckets:
    """A bucket of tokens for each name: every call takes one, and they come back with time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Tell the time by `clock`, in seconds."""
        self._clock = clock
        self._filled: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str, rate: Rate) -> None:
        """Take a token; raises `Refused` where there is none."""
        now = self._clock()
        tokens, then = self._filled.pop(name, (float(rate.burst), now))
        tokens = min(float(rate.burst), tokens + (now - then) * rate.per_second)
        self._filled[name] = (tokens - 1 if tokens >= 1 else tokens, now)
        while len(self._filled) > _BUCKETS:
            self._filled.popitem(last=False)
        if tokens < 1:
            wait = int((1 - tokens) / rate.per_second) + 1
            raise Refused(429, f"Too many requests: try again in {wait} s.", {"retry-after": str(wait)})


class AtOnce:
    """Calls that run at the same time, at most so many."""

    def __init__(self, most: int, said: str) -> None:
        """Refuse more than `most`, in the words of `said`."""
        self._most, self._said = most, said
        self.running = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Be one of them for the length of a `with` block; raises `Refused` where there is no room."""
        if self.running >= self._most:
            raise Refused(503, self._said, {"retry-after": "2"})
        self.running += 1
        try:
            yield
        finally:
            self.running -= 1


class Body:
    """The body of one request as it comes in: not longer than `largest`, not slower than the limits allow.

    What is wrong with it is not raised but kept in `refusal`, and the application is told that the client has gone: frameworks
    turn exceptions into answers of their own.
    """

    def __init__(self, receive: Receive, largest: int, limits: Limits) -> None:
        """Read from `receive`."""
        self._receive = receive
        self._largest = largest
        self._limits = limits
        self._size = 0
        self._waited = 0.0
        self._complete = False
        self.refusal: Refused | None = None

    async def receive(self) -> Message:
        """Return the next message, as an application expects it."""
        if self._complete:
            return await self._receive()
        if self.refusal is not None:
            return {"type": "http.disconnect"}
        started = time.monotonic()
        patience = self._limits.patience + self._size / self._limits.slowest - self._waited
        try:
            message = await asyncio.wait_for(self._receive(), max(patience, 0.0))
        except TimeoutError:
            self.refusal = Refused(408, "The request came in too slowly, and was not waited for.", {"connection": "close"})
            return {"type": "http.disconnect"}
        self._waited += time.monotonic() - started
        if message["type"] == "http.request":
            self._size += len(message.get("body", b""))
            self._complete = not message.get("more_body", False)
            if self._size > self._largest:
                self.refusal = too_large(self._largest)
                return {"type": "http.disconnect"}
        return message

    async def whole(self) -> bytes:
        """Return the whole body; raises `Refused` where it is refused, `ClientDisconnect` where the client has gone before its end."""
        content = bytearray()
        while not self._complete:
            message = await self.receive()
            if self.refusal is not None:
                raise self.refusal
            if message["type"] != "http.request":
                raise ClientDisconnect
            content += message.get("body", b"")
        return bytes(content)

    async def drain(self, *, awaits_word: bool) -> None:
        """Take in what is still coming, within reason, so that the client can read why it was refused.

        Where it `awaits_word` that it may go on, and has not had it, nothing is coming.
        """
        slow = self.refusal is not None and self.refusal.status == 408
        if self._complete or slow or (awaits_word and not self._size):
            return
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                while self._size < _DRAINED:
                    message = await self._receive()
                    self._size += len(message.get("body", b""))
                    if message["type"] != "http.request" or not message.get("more_body", False):
                        return
        except TimeoutError:
            return


def too_large(largest: int) -> Refused:
    """Return what is said to a body that is larger than `largest` bytes."""
    said = f"Expected at most {largest // 1024} KiB, found more." if largest else "Expected a request without a body, found one with."
    return Refused(413, said, {"connection": "close"})

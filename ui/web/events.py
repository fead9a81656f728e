"""Server-sent events: values as they are made, comments while there are none, and no work for those who have gone.

Knows nothing of what the events mean.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .work import Flow

T = TypeVar("T")

#: Seconds of silence after which a comment is sent: proxies take a silent line for a dead one.
HEARTBEAT = 10.0

_COMMENT = ": still at work\n\n"

#: Nothing on the way may keep events back, or keep them at all.
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def event(data: object, name: str | None = None) -> str:
    """Return an event; JSON holds no line break, so that it is one line of data."""
    written = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"event: {name}\ndata: {written}\n\n" if name else f"data: {written}\n\n"


async def written(
    flow: Flow[T], write: Callable[[T], str], fail: Callable[[Exception], str], heartbeat: float = HEARTBEAT
) -> AsyncGenerator[str, None]:
    """Yield the events of a flow: `write` makes them of each value, `fail` of what went wrong, after which there are none."""
    try:
        while True:
            try:
                value = await flow.next(heartbeat)
            except TimeoutError:
                yield _COMMENT
                continue
            if value is None:
                return
            yield write(value)
    except Exception as error:  # noqa: BLE001  # the status is sent already: what goes wrong is told as an event
        yield fail(error)


class EventStream(Response):
    """A response of events that ends when whoever asked goes away, and its flow with it."""

    media_type = "text/event-stream"

    def __init__(self, flow: Flow[Any], events: AsyncGenerator[str, None], headers: Mapping[str, str] | None = None) -> None:
        """Send `events`, which are made of `flow`."""
        self.status_code, self.background = 200, None
        self._flow, self._events = flow, events
        self.init_headers({**HEADERS, **(headers or {})})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # the shape of an application
        """Send the events for as long as somebody listens."""
        sending = asyncio.ensure_future(self._send(send))
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            self._flow.stop()
            leaving.cancel()
            sending.cancel()
            with suppress(asyncio.CancelledError, OSError):
                await sending
            await self._events.aclose()

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for one in self._events:
            await send({"type": "http.response.body", "body": one.encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

"""Where it is listened, and how: sockets, and the settings of the server that speaks HTTP. The only importer of uvicorn."""

from __future__ import annotations

import contextlib
import errno
import logging
import signal
import socket
from typing import TYPE_CHECKING, Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from index import AssayError

from .policy import HEADERS
from .settings import in_brackets

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp

#: Seconds for the head of a request, and between two of them on one connection.
_HEAD_SECONDS, _IDLE_SECONDS = 10, 30

#: Bytes of a request's head.
_HEAD_BYTES = 64 * 1024

#: Connections at once; each takes one of the process's open files.
_CONNECTIONS = 3_000

#: Seconds that what is being answered has when the server is told to stop.
_LAST_SECONDS = 2


def sockets_at(host: str, port: int) -> list[socket.socket]:
    """Return bound sockets, one for each address of `host`, all of one port; raises `AssayError` where that cannot be."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise AssayError(f"expected an address of this machine for --host, such as 127.0.0.1, found {host}") from error
    bound: list[socket.socket] = []
    problem: OSError | None = None
    for family, _, _, _, address in dict.fromkeys(found):
        chosen = bound[0].getsockname()[1] if bound else port
        try:
            bound.append(_bound(family, (address[0], chosen, *address[2:])))
        except OSError as error:
            problem = error
            if error.errno == errno.EADDRINUSE:
                break
    if problem is not None and (not bound or problem.errno == errno.EADDRINUSE):
        for one in bound:
            one.close()
        raise AssayError(_explained(problem, host, port)) from problem
    return bound


def _bound(family: int, address: tuple[Any, ...]) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, or asyncio lets small answers wait 40 ms
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if address[0] == "::" else 1)
        made.bind(address)
    except OSError:
        made.close()
        raise
    return made


def _explained(problem: OSError, host: str, port: int) -> str:
    if problem.errno == errno.EADDRINUSE:
        return f"expected a free port, found {port} in use on {host}; name another with --port, or any free one with --port 0"
    if problem.errno in {errno.EACCES, errno.EPERM}:
        return f"expected a port that this user may listen on, found {port}; those from 1024 on are free to all"
    return f"expected an address of this machine for --host, such as 127.0.0.1, found {host}"


def url_of(host: str, port: int) -> str:
    """Return what to open in a browser on this machine."""
    name = "localhost" if host in {"0.0.0.0", "::"} else in_brackets(host)  # noqa: S104  # compared with, not listened on
    return f"http://{name}:{port}/"


def server_of(app: ASGIApp, ready: Callable[[], None]) -> uvicorn.Server:
    """Return what will serve `app`, and calls `ready` once it listens."""
    config = uvicorn.Config(
        app,
        http=_Protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # anybody can say that they are somebody else
        server_header=False,
        date_header=False,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=_LAST_SECONDS,
        h11_max_incomplete_event_size=_HEAD_BYTES,
    )
    return _Server(config, ready)


def run(app: ASGIApp, sockets: list[socket.socket], ready: Callable[[], None]) -> None:
    """Serve `app` until the process is told to stop; call `ready` once it listens. Raises `AssayError` where it cannot start."""
    _allow_many_files()
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)  # it would print a line for each malformed request
    try:
        with _stopped_by_signals():
            server_of(app, ready).run(sockets)
    except SystemExit as stop:
        raise AssayError("expected to start serving, found an internal error; run again with --debug") from stop


class _Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


class _Protocol(H11Protocol):
    """HTTP on one connection, with what uvicorn leaves open: a time for heads, a number of connections, headers on its own errors."""

    _head_task: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        if len(self.connections) > _CONNECTIONS:
            self._say_and_close(503, "Too many people are here just now. Try again in a moment.")
        else:
            self._await_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.transport.is_closing() or (self.cycle is not None and not self.cycle.response_complete):
            self._stop_waiting()
        elif self._head_task is None and self.timeout_keep_alive_task is None:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # uvicorn's words for it
        try:
            self._say_and_close(400, "Expected a request of HTTP, found something else.")
        except h11.LocalProtocolError:  # in the middle of an answer
            self.transport.close()

    def _await_head(self) -> None:
        self._head_task = self.loop.call_later(_HEAD_SECONDS, self._too_slow)

    def _stop_waiting(self) -> None:
        if self._head_task is not None:
            self._head_task.cancel()
            self._head_task = None

    def _too_slow(self) -> None:
        self._head_task = None
        if not self.transport.is_closing():
            self.transport.close()

    def _say_and_close(self, status: int, said: str) -> None:
        content = said.encode() + b"\n"
        headers = {**HEADERS, "content-type": "text/plain; charset=utf-8", "content-length": str(len(content)), "connection": "close"}
        head = h11.Response(status_code=status, headers=list(headers.items()))
        for event in (head, h11.Data(data=content), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


@contextlib.contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Let the signals that stop the server be a normal end: uvicorn raises them again when it has stopped."""
    try:
        before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # not in the main thread, where no signal arrives
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _allow_many_files() -> None:
    """Raise the number of open files as far as the system lets us: each connection is one."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 2 * _CONNECTIONS if hard == resource.RLIM_INFINITY else min(2 * _CONNECTIONS, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))

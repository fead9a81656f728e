"""Work in threads for those who wait in an event loop: only so much at once, only so much waiting, dropped when nobody wants it.

An answer takes a processor for a tenth of a second, or a model for a minute: more of them at once would make all of them slow, and the
loop, which everybody shares, must do none of it. Knows nothing of HTTP or of what is worked out.
"""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from threading import Event, Lock
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

#: Pieces of work at once, and those that may wait for them.
AT_ONCE, WAITING = min(8, 2 * (os.cpu_count() or 2)), 150


class FullError(Exception):
    """So much is waiting already that what is asked for now would come too late."""


class Workers:
    """Threads that work for those who wait in an event loop. Safe to share between loops."""

    def __init__(self, at_once: int = AT_ONCE, waiting: int = WAITING, name: str = "assay") -> None:
        """Work on `at_once` things at a time, and let `waiting` more wait."""
        self._most = at_once + waiting
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix=name)
        self._lock = Lock()
        self._taken = 0

    @property
    def taken(self) -> int:
        """Return how much is worked on or waits."""
        return self._taken

    async def run(self, function: Callable[[], T]) -> T:
        """Return what `function` returns; raises `FullError`. Whoever stops waiting gives up a place in the queue."""
        return await asyncio.wrap_future(self._submit(function))

    def flow(self, make: Callable[[], Iterator[T]]) -> Flow[T]:
        """Return the values that an iterator yields in a thread, as they come; raises `FullError`."""
        flow: Flow[T] = Flow(make)
        flow.begun(self._submit(flow.produce))
        return flow

    def close(self) -> None:
        """Drop what waits, and end when what is worked on is done."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _submit(self, function: Callable[[], T]) -> Future[T]:
        with self._lock:
            if self._taken >= self._most:
                raise FullError
            self._taken += 1
        try:
            future = self._pool.submit(function)
        except RuntimeError as error:  # closed: the process ends
            self._leave()
            raise FullError from error
        future.add_done_callback(self._leave)
        return future

    def _leave(self, _: object = None) -> None:
        with self._lock:
            self._taken -= 1


class _End:
    """What comes after the last value."""


class Flow(Generic[T]):
    """The values of an iterator that runs in a thread: first come, first served, to one who waits in the loop that made it."""

    def __init__(self, make: Callable[[], Iterator[T]]) -> None:
        """Take the iterator from `make`, in the thread."""
        self._make = make
        self._loop = asyncio.get_running_loop()
        self._made: asyncio.Queue[T | BaseException | _End] = asyncio.Queue()
        self._stopped = Event()
        self._future: Future[None] | None = None

    def begun(self, future: Future[None]) -> None:
        """Remember the work, so that it can be dropped while it waits."""
        self._future = future

    async def next(self, patience: float | None = None) -> T | None:
        """Return the next value, None after the last; raises `TimeoutError`, or what the iterator raised."""
        async with asyncio.timeout(patience):  # `wait_for` of Python 3.11 may swallow a cancellation
            made = await self._made.get()
        if isinstance(made, _End):
            return None
        if isinstance(made, BaseException):
            raise made
        return made

    def stop(self) -> None:
        """Want no more: what waits is dropped, what runs ends after the value that it is at, and its iterator is closed.

        Called in the loop.
        """
        self._stopped.set()
        self._made.put_nowait(_End())
        if self._future is not None:
            self._future.cancel()

    def produce(self) -> None:
        """Run the iterator; called in a thread."""
        try:
            with closing(self._make()) as values:  # type: ignore[type-var]  # generators all
                for value in values:
                    if self._stopped.is_set():
                        return
                    self._tell(value)
        except Exception as error:  # noqa: BLE001  # it is raised where somebody waits
            self._tell(error)
        else:
            self._tell(_End())

    def _tell(self, value: T | BaseException | _End) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._made.put_nowait, value)

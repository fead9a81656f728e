"""The child process that reads files for another: takes open descriptors, gives back lines, and can do nothing else.

It is started by `sandbox`, loads the loaders, shuts itself in for good, and reads one file after another until its other end is closed.
Whatever a file does to it, all that leaves are the lines of `wire`. Knows nothing of paths, folders and indexes.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from ..article import MAX_CHARACTERS
from ..errors import ArticleError
from . import pace
from .confine import confine
from .interface import Draft
from .wire import line_of, record_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .interface import Loader

#: How it ends when memory is short: nothing can be said any more by then.
OUT_OF_MEMORY = 71

#: A request is not longer.
_REQUEST_BYTES = 4096

#: More time is asked for by so much at once.
_LEAST_ASKED = 1.0

#: Ended by the system so much later than the other end should have ended it: that one is gone.
_ABANDONED_SECONDS = 5


def work(descriptor: int, registry: str, *, memory: int, readable: tuple[str, ...]) -> None:
    """Read files as they are asked for on `descriptor`, a stream socket, until the other end closes it.

    Args:
        descriptor: Where requests and files come from, and lines go to.
        registry: The module whose `LOADERS` read them.
        memory: Bytes of address space.
        readable: Folders that stay readable.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the other end decides when it is over
    loaders: Mapping[str, Loader] = {loader.name: loader for loader in import_module(registry).LOADERS}
    meter = _Meter()
    allowance = _Allowance(descriptor)
    pace.listen(allowance.more, lambda name: _write(descriptor, line_of({"reads": name}, allowance.token)))
    with socket.socket(fileno=descriptor) as requests:
        walls = confine(memory=memory, readable=readable)
        _write(descriptor, line_of({"walls": walls, "most": meter.most(), "fresh": meter.held()}, ""))
        while True:
            request, files, _, _ = socket.recv_fds(requests, _REQUEST_BYTES, 1)
            if not request or not files:
                return
            token = request.partition(b" ")[0].decode()
            asked = record_of(request, token)
            allowance.begin(float(asked["seconds"]), token)
            ended = _read(descriptor, files[0], loaders[str(asked["loader"])], allowance)
            signal.setitimer(signal.ITIMER_REAL, 0)
            _write(descriptor, line_of({"refused": None, "broke": None} | ended | {"held": meter.held()}, token))


def _read(descriptor: int, file: int, loader: Loader, allowance: _Allowance) -> dict[str, object]:
    """Say what `loader` finds in the open `file`; return how it ended, if otherwise than well."""
    try:
        with open(file, "rb") as stream:
            stream.seek(0)
            for said in loader.load(stream):
                if isinstance(said, Draft):
                    _check_length(said)
                line = line_of(said, allowance.token)
                signal.setitimer(signal.ITIMER_REAL, 0)  # how long the other end takes is its own affair
                _write(descriptor, line)
                allowance.begin(allowance.seconds, allowance.token)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except ArticleError as exc:
        return {"refused": str(exc)}
    except OSError as exc:
        return {"refused": f"cannot be read: {exc.strerror or type(exc).__name__}"}
    except BaseException as exc:  # noqa: BLE001  # whatever a library raises over a file is a reason to refuse it, SystemExit too
        return {"broke": type(exc).__name__}
    return {}


def _check_length(draft: Draft) -> None:
    """Raise `ArticleError` for what would be refused later: it is not sent."""
    if len(draft.text) > MAX_CHARACTERS:
        raise ArticleError(f"too long: {len(draft.text):,} characters, at most {MAX_CHARACTERS:,} make an article; split it")


class _Allowance:
    """How long this process may still reckon and wait before the system ends it, should nobody else do so."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._asked = 0.0
        self.seconds = 0.0
        self.token = ""

    def begin(self, seconds: float, token: str) -> None:
        """Give the next article of a file so many seconds."""
        self.seconds, self.token, self._asked = seconds, token, 0.0
        used = resource.getrusage(resource.RUSAGE_SELF)
        _, most = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime + seconds) + 1, most))
        signal.setitimer(signal.ITIMER_REAL, seconds + _ABANDONED_SECONDS)

    def more(self, seconds: float) -> None:
        """Give it more, and say so, though not for every moment."""
        self._asked += seconds
        if self._asked >= _LEAST_ASKED:
            now, most = resource.getrlimit(resource.RLIMIT_CPU)
            resource.setrlimit(resource.RLIMIT_CPU, (int(now + self._asked + 1), most))
            left, _ = signal.getitimer(signal.ITIMER_REAL)
            signal.setitimer(signal.ITIMER_REAL, left + self._asked)
            _write(self._descriptor, line_of({"asks": self._asked}, self.token))
            self._asked = 0.0


class _Meter:
    """Tells how much memory this process holds; opened before the walls stand, read behind them."""

    def __init__(self) -> None:
        try:
            self._pages: int | None = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._pages = None

    def held(self) -> int:
        """Return the bytes that are held now; where the system does not tell, the most that ever were."""
        if self._pages is None:
            return self.most()
        return int(os.pread(self._pages, 100, 0).split()[1]) * resource.getpagesize()

    def most(self) -> int:
        """Return the most bytes that were ever held, by the parent before this process began too."""
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


def _write(descriptor: int, line: bytes) -> None:
    rest = memoryview(line)
    while rest:
        rest = rest[os.write(descriptor, rest) :]

"""Files read in a child process under limits: a crash, a hang or a bomb is one refused file, and the next one goes on.

The child is used again from file to file, since what it imports is dear, and replaced when it died or grew fat. It gets an open
descriptor, never a path, and gives back lines that are held against what a draft may be. Safe to use from several threads: each file
that is being read has a child of its own. Knows nothing of formats: which loaders there are stands in a module that the child imports.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ArticleError, NotNowError
from .wire import MAX_FILE_BYTES, MAX_LINE_BYTES, NonsenseError, line_of, record_of, said_of
from .worker import OUT_OF_MEMORY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from .interface import BrokenRow, Draft, Loader

#: How long a file may take, by the clock while it is waited for and by the processor; larger ones get more, by their size.
SECONDS = 8.0
LARGE_BYTES = 600_000
BYTES_PER_SECOND = 600_000
MOST_SECONDS = 60.0

#: How long a file of many articles may take in all, as long as article follows article; a small one less, by its size: what is packed
#: into a few kilobytes can keep a loader busy for each of its ten thousand members.
ALL_SECONDS = 600.0
ALL_BYTES_PER_SECOND = 10_000

#: What asks for so much at once does slow work, as the recognition of a page's picture is: that is added to the time in all.
_SLOW_WORK = 5.0

#: How much longer a file may take by the clock, in parts of that, while others have the processor.
_BUSY = 2.0

#: Address space of the child, so that what it holds in memory is less.
MEMORY_BYTES = 500_000_000

#: A child that once held more than this is not used again.
FAT_BYTES = MEMORY_BYTES // 2

#: A child that holds so little more than when it began is as good as a new one.
LEAN_BYTES = 40_000_000

#: Nor one that has read so many files.
MOST_FILES = 1_000

#: How long a child may take until it is ready, on a busy machine.
_START_SECONDS = 60.0

#: Children that wait for the next file.
_MOST_IDLE = 1

_ROOT = Path(__file__).parents[2]

_READ_BYTES = 1 << 18

#: Signals by which libraries end a process in which they are lost; when memory was short, that was why.
_CRASHES = frozenset({signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGTRAP, signal.SIGFPE})


class Sandbox:
    """Runs the loaders of one registry in child processes."""

    def __init__(
        self, registry: str, *, search: tuple[str, ...] = (), seconds: float = SECONDS, memory: int = MEMORY_BYTES, files: int = MOST_FILES
    ) -> None:
        """Start nothing yet.

        Args:
            registry: The module whose `LOADERS` the child uses; a loader is known by its name.
            search: Folders that it is imported from, besides those of this project.
            seconds: How long a file may take.
            memory: Bytes of address space.
            files: How many files a child reads before it is replaced.
        """
        self._registry = registry
        self._search = search
        self._seconds = seconds
        self._memory = memory
        self._files = files
        self._lock = threading.Lock()
        self._idle: list[_Child] = []
        self._alive: set[_Child] = set()
        _SANDBOXES.add(self)

    def load(self, loader: Loader, stream: BinaryIO) -> Iterator[Draft | BrokenRow]:
        """Yield what `loader` finds in `stream`, as if it were asked itself.

        Raises:
            ArticleError: The file is refused, by the loader or because of what it did to it.
        """
        with _descriptor(stream) as file:
            large = max(0, os.fstat(file).st_size - LARGE_BYTES)
            seconds = min(
                self._seconds + large / getattr(loader, "bytes_per_second", BYTES_PER_SECOND), max(self._seconds, MOST_SECONDS)
            ) * getattr(loader, "patience", 1.0)
            child, said = self._take(), 0
            try:
                try:
                    for draft in child.read(file, loader.name, seconds):
                        yield draft
                        said += 1
                except _DiedError as exc:
                    if said or child.files == 1 or exc.slow or (exc.short and child.lean):
                        raise
                    self._give_back(child)  # what it read before may have brought this about: once more, in one that has read nothing
                    child = self._take(fresh=True)
                    yield from child.read(file, loader.name, seconds)
            except _DiedError as exc:
                raise ArticleError(str(exc)) from exc
            finally:
                self._give_back(child)

    def walls(self) -> tuple[str, ...]:
        """Return which walls hold on this system, by the names of `confine`."""
        child = self._take()
        try:
            return child.walls
        finally:
            self._give_back(child)

    def close(self) -> None:
        """End every child, also those that are reading; another begins when a file is to be read."""
        with self._lock:
            children, self._alive, self._idle = self._alive, set(), []
        for child in children:
            child.end()

    def forget(self) -> None:
        """Leave the children to the process that this one was forked from."""
        self._lock = threading.Lock()
        for child in self._alive:
            child.forget()
        self._alive, self._idle = set(), []

    def _take(self, *, fresh: bool = False) -> _Child:
        with self._lock:
            while self._idle and not fresh:
                child = self._idle.pop()
                if child.waiting():
                    return child
                self._alive.discard(child)
                child.end()
        child = _Child(self._registry, self._search, self._memory)
        with self._lock:
            self._alive.add(child)
        try:
            child.greet()
        except BaseException:
            self._give_back(child)
            raise
        return child

    def _give_back(self, child: _Child) -> None:
        """Keep the child for the next file if it can be used again."""
        with self._lock:
            if child in self._alive and child.usable and child.files < self._files and len(self._idle) < _MOST_IDLE:
                self._idle.append(child)
                return
            self._alive.discard(child)
        child.end()


class _DiedError(Exception):
    """The child ended, or was ended, over a file; the message is the reason."""

    def __init__(self, reason: str, *, slow: bool = False, short: bool = False) -> None:
        super().__init__(reason)
        self.slow = slow
        self.short = short


class _Child:
    """One child process and the socket to it."""

    def __init__(self, registry: str, search: tuple[str, ...], memory: int) -> None:
        """Start it.

        Raises:
            NotNowError: The system does not start processes now.
        """
        self.files = 0
        self.usable = False
        self.walls: tuple[str, ...] = ()
        self._memory = memory
        self._born = memory
        self._fresh = self._held = 0
        self._reads = ""
        self._ending = threading.Lock()
        self._socket, other = socket.socketpair()
        readable = (str(_ROOT / "index"), *search)
        program = (
            f"import sys; sys.path[:0] = {[str(_ROOT), *search]!r}; from index.loaders.worker import work; "
            f"work({other.fileno()}, {registry!r}, memory={memory}, readable={readable!r})"
        )
        try:
            self._process = subprocess.Popen(  # noqa: S603  # our own program, and nothing of it comes from a file
                [sys.executable, "-I", "-B", "-X", "utf8", "-c", program],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(other.fileno(),),
                env=_environment(),
                cwd="/",
                process_group=0,  # an interrupt from the keyboard reaches us alone, and we end it
            )
        except OSError as exc:
            self._socket.close()
            raise NotNowError(f"cannot be read now: no process can be started for it ({exc.strerror})") from exc
        finally:
            other.close()

    def greet(self) -> None:
        """Wait until it is ready.

        Raises:
            NotNowError: It never is.
        """
        try:
            told = record_of(next(self._lines(_START_SECONDS)), "")
            self.walls, self._born = tuple(told["walls"]), int(told["most"])
            self._fresh = self._held = int(told["fresh"])
        except (_DiedError, NonsenseError, StopIteration, KeyError, TypeError) as exc:
            raise NotNowError(f"cannot be read: the process that reads such files does not start ({exc})") from exc
        self.usable = True

    def waiting(self) -> bool:
        """Say whether it lives and has said nothing unasked."""
        self._socket.settimeout(0)
        try:
            self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    @property
    def lean(self) -> bool:
        """Say whether it held little more before the file than when it began: a new one would have no more memory left."""
        return self._held <= self._fresh + LEAN_BYTES

    def read(self, file: int, name: str, seconds: float) -> Iterator[Draft | BrokenRow]:
        """Yield what it says of an open file.

        Raises:
            ArticleError: It refuses the file.
            _DiedError: It ended over it, or said what makes no sense.
        """
        self.files += 1
        self.usable = False
        self._reads = name
        token = secrets.token_hex(8)  # so that nothing said of one file is ever taken for another's
        try:
            socket.send_fds(self._socket, [line_of({"loader": name, "seconds": seconds}, token)], [file])
        except OSError as exc:
            raise self._death(seconds) from exc
        for line in self._lines(seconds, min(ALL_SECONDS, seconds + os.fstat(file).st_size / ALL_BYTES_PER_SECOND)):
            try:
                record = record_of(line, token)
                if "asks" in record:
                    continue
                if "reads" in record:
                    self._reads = _format(record["reads"])
                    continue
                if "held" in record:
                    self._ended(record)
                    return
                yield said_of(record)
            except NonsenseError as exc:
                raise _DiedError(_broke(self._reads, "what it said makes no sense")) from exc
            except MemoryError as exc:
                raise _DiedError("what was read of it does not fit into memory", short=True) from exc

    def _ended(self, record: dict[str, Any]) -> None:
        """Take note of how it ended with a file; how much it has held says whether it is used again.

        Raises:
            ArticleError: It refuses the file.
            NonsenseError: It does not say how it ended.
        """
        match record:
            case {"held": int(held), "refused": str() | None as refused, "broke": str() | None as broke}:
                self._held = held
                self.usable = held < FAT_BYTES
            case _:
                raise NonsenseError("no end where one stands")
        if refused is not None:
            raise ArticleError(refused)
        if broke is not None:
            raise ArticleError(_broke(self._reads, broke))

    def _lines(self, seconds: float, all_seconds: float = ALL_SECONDS) -> Iterator[bytearray]:
        """Yield line after line; only the time that is spent waiting for it counts."""
        buffer, total, left, spent, extra = bytearray(), 0, seconds, 0.0, _BUSY * seconds
        begun, (had, _) = time.monotonic(), self._processor()
        while True:
            began = time.monotonic()
            self._socket.settimeout(max(min(left, all_seconds - spent), 0.001))
            try:
                piece = self._socket.recv(_READ_BYTES)
            except TimeoutError as exc:
                if extra > 0 and self._starved(begun, had):
                    left, extra, all_seconds = 1.0, extra - 1.0, max(all_seconds, spent + 1.0)
                    continue
                raise _DiedError(_slow(seconds if left <= all_seconds - spent else all_seconds), slow=True) from exc
            except OSError:
                piece = b""
            waited = time.monotonic() - began
            left, spent = left - waited, spent + waited
            if not piece:
                raise self._death(seconds)
            total += len(piece)
            at = piece.find(b"\n")
            if len(buffer) > MAX_LINE_BYTES or total > MAX_FILE_BYTES:
                raise _DiedError(f"too long: what is read of it takes more than {min(total, MAX_FILE_BYTES) // 1_000_000} MB")
            while at >= 0:
                buffer += piece[: at + 1]
                asked = _asked(buffer)
                yield buffer
                left = left + asked if asked else seconds  # each article of a file has as long as a file of one
                all_seconds = min(ALL_SECONDS, all_seconds + asked) if asked >= _SLOW_WORK else all_seconds
                begun, (had, _) = time.monotonic(), self._processor()
                buffer, piece = bytearray(), piece[at + 1 :]
                at = piece.find(b"\n")
            buffer += piece

    def _processor(self) -> tuple[float, bool]:
        """Return the seconds of the processor that it has had and whether it wants more; zero and no where the system does not tell."""
        try:
            state, *told = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
            return (int(told[10]) + int(told[11])) / os.sysconf("SC_CLK_TCK"), state == "R"
        except (OSError, ValueError, IndexError):
            return 0.0, False

    def _starved(self, began: float, had: float) -> bool:
        """Say whether it waits for the processor rather than for anything else: a busy machine is no fault of the file."""
        has, wants = self._processor()
        return wants and has - had < 0.5 * (time.monotonic() - began)

    def _death(self, seconds: float) -> _DiedError:
        """End what is left of it and return why it ended."""
        status, held = self._reap()
        if os.WIFEXITED(status):
            if os.WEXITSTATUS(status) == OUT_OF_MEMORY:
                return _DiedError(_memory(self._memory), short=True)
            return _DiedError(_broke(self._reads, f"it ended with the status {os.WEXITSTATUS(status)}"))
        ended_by = os.WTERMSIG(status)
        if ended_by in (signal.SIGXCPU, signal.SIGALRM):
            return _DiedError(_slow(seconds), slow=True)
        # A process is born with the most memory that its parent held; only what goes beyond that is its own.
        short = ended_by in _CRASHES and held > max(self._memory // 2, self._born)
        if short:
            return _DiedError(_memory(self._memory), short=True)
        if ended_by == signal.SIGABRT:  # what libraries do when they cannot go on, for want of memory or of sense
            return _DiedError(f"the reader of {self._reads} files gave up on it: it is damaged, or needs more memory than there is")
        return _DiedError(_broke(self._reads, f"it was ended by {_signal(ended_by)}"))

    def end(self) -> None:
        """End it at once, whatever it does, and leave nothing of it behind."""
        self.usable = False
        self._reap(kill=True)

    def forget(self) -> None:
        """Close this end only: the process belongs to another."""
        self._socket.close()
        self._process.returncode = 0

    def _reap(self, *, kill: bool = False) -> tuple[int, int]:
        """Wait until the process is gone; return its status and the most bytes it held."""
        with self._ending:
            if self._process.returncode is not None:
                return 0, 0
            if kill:
                os.kill(self._process.pid, signal.SIGKILL)
            else:
                self._await_end()
            try:
                _, status, usage = os.wait4(self._process.pid, 0)
            except ChildProcessError:  # somebody else has waited for it
                status, held = 0, 0
            else:
                held = usage.ru_maxrss if sys.platform == "darwin" else usage.ru_maxrss * 1024
            self._process.returncode = os.waitstatus_to_exitcode(status)
            self._socket.close()
            return status, held

    def _await_end(self) -> None:
        """Give a process that closed its end a moment to be gone, then end it."""
        until = time.monotonic() + 1
        while time.monotonic() < until:
            if os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                return
            time.sleep(0.002)
        os.kill(self._process.pid, signal.SIGKILL)


def _environment() -> dict[str, str]:
    """Return all that the child may know of ours: where libraries and languages lie, if somewhere unusual; one arena, one thread."""
    kept = {
        name: os.environ[name] for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TESSDATA_PREFIX", "ASSAY_OCR") if name in os.environ
    }
    return kept | {"LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "1", "OMP_THREAD_LIMIT": "1", "OPENBLAS_NUM_THREADS": "1"}


@contextlib.contextmanager
def _descriptor(stream: BinaryIO) -> Iterator[int]:
    """Yield a descriptor of the stream; what has none is written to a file without a name first."""
    try:
        file = stream.fileno()
    except OSError:
        with tempfile.TemporaryFile() as copy:
            stream.seek(0)
            shutil.copyfileobj(stream, copy)
            copy.flush()
            yield copy.fileno()
    else:
        yield file


def _asked(line: bytes | bytearray) -> float:
    """Return the seconds that a line asks for, where it does nothing else; how many there are in all is limited elsewhere."""
    found = _ASKED.fullmatch(line)
    return float(found[1]) if found else 0.0


#: Written by a child that is taken at its word here, though never beyond the limit of all that a file may take.
_ASKED = re.compile(rb'[0-9a-f]* \{"asks":([0-9]{1,4}(?:\.[0-9]+)?)\}\n')


def _format(told: object) -> str:
    """Return the name of a format that a child says it reads.

    Raises:
        NonsenseError: It is no name.
    """
    if not isinstance(told, str) or not re.fullmatch(r"[\w /-]{1,40}", told):
        raise NonsenseError("no name of a format where one stands")
    return told


def _slow(seconds: float) -> str:
    return f"took longer than {seconds:.0f} s to read"


def _memory(limit: int) -> str:
    return f"needs more than {limit // 1_000_000} MB of memory to read"


def _broke(name: str, how: str) -> str:
    return f"the reader of {name} files broke on it: {how}"


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


_SANDBOXES: weakref.WeakSet[Any] = weakref.WeakSet()


def _close_all() -> None:
    for sandbox in list(_SANDBOXES):
        sandbox.close()


def _forget_all() -> None:
    for sandbox in list(_SANDBOXES):
        sandbox.forget()


atexit.register(_close_all)
os.register_at_fork(after_in_child=_forget_all)

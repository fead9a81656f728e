"""One fault at one system call: a change is made under strace, which kills it or lets a call fail, and then the index is looked at.

A point is `operation/call/kind/k`: the k-th `call` of the thread that makes the change meets a fault of `kind`. Where the call
is `threads.call`, every thread meets it at its own k-th, for tantivy writes with threads of its own. Which points there are is
found by recording the operation undisturbed. One point again, with all that is said of it:

    python tests/faults/points.py --point add/fdatasync/KILL/3
"""

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from operations import OPERATIONS, prepare
from oracle import (
    CITATION,
    ERROR,
    IDS,
    LOST,
    PARTIAL,
    REPAIR,
    Fault,
    HashedEmbedder,
    Library,
    article,
    check,
    complaints,
    memory,
    possible,
    strays,
    undisturbed,
)

#: The calls that write, or make what is written last.
CALLS = (
    *("openat", "openat2", "creat", "write", "writev", "pwrite64", "pwritev", "pwritev2", "ftruncate", "truncate", "fallocate"),
    *("fsync", "fdatasync", "sync_file_range", "msync", "copy_file_range", "sendfile"),
    *("rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "unlink", "unlinkat"),
    *("mkdir", "mkdirat", "rmdir"),
)

#: What can happen at a call, as strace is told.
KINDS = {
    "KILL": "signal=KILL:when={k}",
    "ENOSPC": "error=ENOSPC:when={k}",
    "EIO": "error=EIO:when={k}",
    "FULL": "error=ENOSPC:when={k}+",  # the disk is full from here on
}

#: Calls that never find a disk full.
_TAKE_NO_SPACE = {"unlink", "unlinkat", "rmdir"}

#: Before a call that is failed in every thread.
_THREADS = "threads."

_CALL = re.compile(r"^(?P<thread>\d+) +(?P<call>\w+)\((?P<rest>.*)$")


class Unavailable(Exception):  # noqa: N818 - a condition of the machine, not an error
    """Processes cannot be traced here; the message says why."""


class Point(NamedTuple):
    """One fault at one system call."""

    operation: str
    call: str
    kind: str
    k: int

    def __str__(self):
        return "/".join(map(str, self))

    @classmethod
    def parse(cls, name):
        operation, call, kind, k = name.split("/")
        return cls(operation, call, kind, int(k))

    def replay(self):
        """The command that tries this point alone, once more."""
        return f"{Path(sys.executable).name} tests/faults/points.py --point {self}"


class Outcome(NamedTuple):
    """What became of an operation: how its process ended, what it noted, and the calls that met a fault."""

    pid: int
    signal: int
    notes: list[tuple[str, str]]
    injected: list[str]
    log: str

    @property
    def acknowledged(self):
        return any(kind == "acknowledged" for kind, _ in self.notes)


@dataclass
class Report:
    """What was tried and what was found; `faults` are pairs of a point and a fault."""

    tried: list = field(default_factory=list)
    missed: list = field(default_factory=list)
    ended: Counter = field(default_factory=Counter)
    faults: list = field(default_factory=list)

    def __str__(self):
        tried = [f"{name} {count}" for name, count in Counter(point.operation for point in self.tried).items()]
        kinds, calls = (dict(Counter(getattr(point, name) for point in self.tried)) for name in ("kind", "call"))
        found = Counter(fault.kind for _, fault in self.faults)
        lines = [
            f"{len(self.tried)} fault points: {', '.join(tried)}; {len(self.missed)} more were not reached",
            f"kinds {kinds}; calls {calls}; the operation was {dict(self.ended)}",
            *(f"{kind}: {found[kind]}" for kind in (LOST, PARTIAL, CITATION, REPAIR, ERROR)),
            *(f"{point}: {fault.kind}: {fault.what}\n    again: {point.replay()}" for point, fault in self.faults),
        ]
        return "\n".join(lines)


class Operator:
    """The process that makes the changes, each in a child of its own; a context manager."""

    def __init__(self):
        self._stack = ExitStack()
        temporary = tempfile.TemporaryDirectory(prefix="assay-faults-", dir=memory())
        self.folder = Path(self._stack.enter_context(temporary)).resolve()
        self.place = self.folder / "place"
        (self.folder / "prepared").mkdir()
        one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # a fork keeps one thread, and recordings should be alike
        self._server = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("operations.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            env=os.environ | one_thread,
        )

    def __enter__(self):
        for name in OPERATIONS:
            self._request({"operation": name, "place": str(self.copy(name)), "modules": True})
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._server.stdin.close()
        self._server.wait()
        self._server.stdout.close()
        self._stack.close()

    def prepared(self, operation):
        """Return the folder with the index that the operation begins with; it was made where all copies are used."""
        original = self.folder / "prepared" / operation
        if not original.exists():
            self._clear()
            self.place.mkdir()
            prepare(operation, self.place)
            self.place.rename(original)
        return original

    def copy(self, operation):
        """Copy the prepared index of the operation to the place where it is always copied to, so that all runs are alike."""
        original = self.prepared(operation)
        self._clear()
        return shutil.copytree(original, self.place)

    def _clear(self):
        """Remove what stands at the place; threads of tantivy's may for a moment still write there what nobody waits for."""
        while self.place.exists():
            shutil.rmtree(self.place, ignore_errors=True)

    def make(self, operation, place):
        """Let the operation be made, as it is on this machine now; return what became of it."""
        said = self._request({"operation": operation, "place": str(place)})
        return Outcome(said["pid"], said["signal"], [tuple(note) for note in said["notes"]], [], "")

    def _request(self, request, between=lambda _: None):
        """Have one change made; `between` is called with the child's pid before it begins. Return what is said of it."""
        self._server.stdin.write(json.dumps(request) + "\n")
        pid = json.loads(self._server.stdout.readline())["pid"]
        try:
            between(pid)
        except BaseException:
            self._server.stdin.write("no\n")
            self._server.stdout.readline()
            raise
        self._server.stdin.write("go\n")
        return json.loads(self._server.stdout.readline())


class Tracer(Operator):
    """The process that makes the changes, and strace around its children."""

    def __init__(self):
        self.strace = shutil.which("strace")
        if not self.strace:
            raise Unavailable("strace is not installed")
        super().__init__()

    def __enter__(self):
        super().__enter__()
        try:
            self.undisturbed("mend", self.copy("mend"))
        except BaseException:
            self.close()
            raise
        return self

    def record(self, operation):
        """Return the numbers, by call, at which the undisturbed operation touches the index with it, in its thread and in others."""
        place = self.copy(operation)
        outcome = self.undisturbed(operation, place)
        seen, numbers = Counter(), defaultdict(set)
        for match in filter(None, map(_CALL.match, outcome.log.splitlines())):
            thread, call, rest = match.groups()
            seen[thread, call] += 1
            if str(place / "index") in rest and not (call.startswith("open") and "O_CREAT" not in rest and "O_RDWR" not in rest):
                numbers[call if int(thread) == outcome.pid else _THREADS + call].add(seen[thread, call])
        return {call: sorted(ks) for call, ks in numbers.items()}

    def undisturbed(self, operation, place):
        """Let the operation be made without a fault."""
        outcome = self._trace(place, operation, [])
        if not outcome.acknowledged:
            raise AssertionError(f"{operation} fails undisturbed: {outcome.notes}")
        return outcome

    def points(self, operation):
        """Return every point of the operation."""
        return [
            Point(operation, call, kind, k)
            for call, ks in self.record(operation).items()
            for kind in KINDS
            if not (call.removeprefix(_THREADS) in _TAKE_NO_SPACE and kind in {"ENOSPC", "FULL"})
            for k in ks
        ]

    def run(self, point):
        """Make the operation meet the fault; return the index's place and what became of it."""
        place = self.copy(point.operation)
        inject = f"inject={point.call.removeprefix(_THREADS)}:{KINDS[point.kind].format(k=point.k)}"
        return place, self._trace(place, point.operation, [inject], follow=point.call.startswith(_THREADS))

    def _trace(self, place, operation, inject, *, follow=True):
        log = self.folder / "log"
        with ExitStack() as stack:

            def attach(pid):
                options = [option for value in (f"trace={','.join(CALLS)}", *inject) for option in ("-e", value)]
                command = [self.strace, *["-f"] * follow, "-y", "-o", str(log), *options, "-p", str(pid)]
                strace = stack.enter_context(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
                said = strace.stderr.readline()
                if "attached" not in said:
                    raise Unavailable(f"processes cannot be traced here: {said.strip()}")
                stack.callback(strace.stderr.read)

            said = self._request({"operation": operation, "place": str(place)}, attach)
        text = log.read_text(errors="replace")
        killed = ["killed"] * ("+++ killed by SIGKILL" in text)
        injected = [line for line in text.splitlines() if "(INJECTED)" in line] + killed
        return Outcome(said["pid"], said["signal"], [tuple(note) for note in said["notes"]], injected, text)


def judge(point, place, outcome):
    """Look at what the operation left behind; return every fault."""
    operation, index = OPERATIONS[point.operation], place / "index"
    either = possible(operation.before, operation.after)
    allowed = {name: {version} for name, version in (operation.before | operation.after).items()} if outcome.acknowledged else either
    changed = [(name, version) for name in operation.after for version in either[name] if version is not None]
    held, faults = {}, [*_wrong_outcome(point, outcome)]
    if (index / "store.sqlite").exists() or operation.before or outcome.acknowledged:
        together = operation.after if operation.all_or_none else ()
        held, found = check(index, allowed, together=together, asked=sorted(changed)[:3] or [(IDS[0], 1)])
        faults += found
    return [*faults, *_wrong_afterwards(place, held)]


def _wrong_outcome(point, outcome):
    for kind, text in outcome.notes:
        if kind == "raised" or len(text.splitlines()) > 1:
            yield Fault(ERROR, f"expected one line for the user, found {text}")
    if point.kind == "KILL":
        return
    if outcome.signal or not outcome.notes:
        yield Fault(ERROR, f"the process ended by {outcome.signal} and said {outcome.notes}")
    if outcome.acknowledged and len(outcome.notes) > 1:
        yield Fault(ERROR, f"acknowledged, and then {outcome.notes[1:]}")


def _wrong_afterwards(place, held):
    """Make one more change, as the next user would; nothing may be left behind, and nothing may be lost."""
    index, new = place / "index", article(IDS[-1], 9)
    try:
        with Library.open(index, model=HashedEmbedder()) as library:
            library.add(new)
            yield from (Fault(REPAIR, f"doctor, after the next change: {line}") for line in complaints(library))
            found = {record["id"] for record in library.articles()}
            if found != {*held, new.id}:
                yield Fault(LOST, f"after the next change there are {sorted(found)}")
        well = place.parent / "well"
        for stray in strays(index, well if well.exists() else undisturbed(well)):
            yield Fault(REPAIR, f"after the next change {stray} still lies about")
    except Exception as error:  # noqa: BLE001 - whatever it is, the index is not well
        yield Fault(REPAIR, f"the next change fails: {type(error).__name__}: {error}")


def attempt(tracer, point, report):
    """Try one point and write it down."""
    place, outcome = tracer.run(point)
    if not outcome.injected:
        report.missed.append(point)
        return outcome
    report.tried.append(point)
    report.ended["killed" if outcome.signal else outcome.notes[0][0] if outcome.notes else "silent"] += 1
    report.faults += [(point, fault) for fault in judge(point, place, outcome)]
    return outcome


def chosen(points, number, seed):
    """Choose `number` points evenly over operations, calls and kinds, the same for the same seed."""
    groups = defaultdict(list)
    chance = random.Random(seed)
    for point in points:
        groups[point[:3]].append(point)
    for group in groups.values():
        chance.shuffle(group)
    order = list(groups.values())
    chance.shuffle(order)
    turns = (group[turn] for turn in range(max(map(len, order), default=0)) for group in order if turn < len(group))
    return [point for point, _ in zip(turns, range(number), strict=False)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--point", type=Point.parse, action="append", required=True, help="operation/call/kind/k")
    report = Report()
    with Tracer() as tracer:
        for point in parser.parse_args().point:
            outcome = attempt(tracer, point, report)
            sys.stdout.write(f"{point}: {outcome.notes}, {outcome.signal}\n" + "".join(f"    {line}\n" for line in outcome.injected[:5]))
    sys.stdout.write(f"{report}\n")
    return bool(report.faults or report.missed)


if __name__ == "__main__":
    sys.exit(main())

"""What is acknowledged was forced to the disk before, in the order that survives a power cut.

A kill proves nothing of this, since the kernel keeps what was written. So the calls themselves are looked at: what was written is
synced before it gets its name and before the change is acknowledged, and so is the folder that the name stands in.
"""

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from operations import ACKNOWLEDGED

_LINE = re.compile(r"^(?P<thread>\d+) +(?:<\.\.\. \w+ resumed>|(?P<call>\w+)\()(?P<rest>.*)$")
_SYNCS, _WRITES = {"fsync", "fdatasync"}, {"write", "writev", "pwrite64", "pwritev", "pwritev2", "ftruncate", "copy_file_range"}
_RENAMES, _REMOVES = {"rename", "renameat", "renameat2"}, {"unlink", "unlinkat", "rmdir"}

#: Files that matter to running processes only.
_FOR_THE_LIVING = (".lock", "/lock", "-shm")


class Event(NamedTuple):
    """A call that did what was asked: what it did, to which path, and for a rename the new one."""

    did: str
    path: str
    new: str = ""


def events(log):
    """Read a trace (strace -f -y) into events, each where its call returned."""
    begun = {}
    for match in filter(None, map(_LINE.match, log.splitlines())):
        thread, call, rest = match.groups()
        call, rest = (call, rest) if call else (begun[thread][0], begun.pop(thread)[1] + rest)
        if rest.endswith("<unfinished ...>"):
            begun[thread] = call, rest.removesuffix("<unfinished ...>")
        elif f'"{ACKNOWLEDGED}"' in rest:
            yield Event("acknowledge", "")
        elif not re.search(r"= -1 E[A-Z]+", rest):
            yield from _event(call, rest)


def _event(call, rest):
    descriptor, names = re.match(r"\d+<([^>]*)>", rest), re.findall(r'(?:<([^>]*)>, )?"([^"]*)"', rest)
    paths = [str(Path(folder or "/", name)) for folder, name in names]
    if call in _SYNCS:
        yield Event("sync", descriptor[1])
    elif call in _WRITES:
        yield Event("write", descriptor[1])
    elif call in _RENAMES:
        yield Event("rename", *paths)
    elif call in _REMOVES:
        yield Event("remove", paths[0])
    elif call.startswith("mkdir"):
        yield Event("make folder", paths[0])
    elif call.startswith("open") and "O_CREAT" in rest:
        yield Event("make", paths[0])


def unsafe(happened, folder):
    """Say what of an operation on the index `folder` a power cut right after the acknowledgement could undo.

    Folders inside it hold what is derived: one that is lost is built anew.
    """
    happened = happened[: happened.index(Event("acknowledge", ""))]
    for n, event in enumerate(happened):
        later, name = happened[n + 1 :], event.new or event.path
        if not event.path.startswith(folder) or event.path.endswith(_FOR_THE_LIVING):
            continue
        if event.did == "write" and not event.path.endswith("store.sqlite"):  # the log has what a checkpoint writes
            named = next((m for m, other in enumerate(later) if other.did == "rename" and other.path == event.path), len(later))
            if Event("sync", event.path) not in later[:named]:
                yield f"{event.path} is written and not synced before it is {'renamed' if named < len(later) else 'acknowledged'}"
        if event.did in {"rename", "make"} or event == Event("make folder", folder):
            gone = any(other.path == name and other.did in {"rename", "remove"} for other in later)
            if not gone and Event("sync", str(Path(name).parent)) not in later:
                yield f"{name} gets its name, and {Path(name).parent} is not synced"


@pytest.fixture(params=["first", "add", "update", "remove", "rebuild", "sync", "move"])
def traced(request, tracer):
    place = tracer.copy(request.param)
    return list(events(tracer.undisturbed(request.param, place).log)), str(place / "index")


def test_all_is_on_the_disk_in_order_before_it_is_acknowledged(traced):
    happened, folder = traced
    assert [line for line in unsafe(happened, folder) if not line.startswith(f"{folder} gets")] == []
    before = happened[: happened.index(Event("acknowledge", ""))]
    log = [n for n, event in enumerate(before) if event.path == f"{folder}/store.sqlite-wal"]
    assert before[log[-1]].did == "sync"
    published = [event.new for event in before if event.did == "rename"]
    assert any(name.endswith(".faiss") for name in published)
    assert any(name.endswith("meta.json") for name in published)


def test_a_new_indexs_own_name_is_on_the_disk_before_it_is_acknowledged(tracer):
    place = tracer.copy("first")
    assert list(unsafe(list(events(tracer.undisturbed("first", place).log)), str(place / "index"))) == []


GOOD = [
    '7 openat(AT_FDCWD</>, "/i/a.partial", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 3</i/a.partial>',
    '7 write(3</i/a.partial>, "x", 1) = 1',
    "7 fsync(3</i/a.partial> <unfinished ...>",
    '8 write(4</i/-shm>, "x", 1) = 1',
    "7 <... fsync resumed>) = 0",
    '7 rename("/i/a.partial", "/i/a") = 0',
    "7 fsync(5</i>) = 0",
    '7 pwrite64(6</i/store.sqlite-wal>, "x", 1, 0) = 1',
    "7 fdatasync(6</i/store.sqlite-wal>) = 0",
    f'7 rmdir("{ACKNOWLEDGED}") = -1 ENOENT (No such file or directory)',
    '7 pwrite64(6</i/store.sqlite-wal>, "x", 1, 0) = 1',
]


def test_a_sync_that_is_missing_or_late_is_noticed():
    assert list(unsafe(list(events("\n".join(GOOD))), "/i")) == []
    for missing, said in ((4, "a.partial is written and not synced before it is renamed"), (6, "/i is not synced"), (8, "acknowledged")):
        lines = [line for n, line in enumerate(GOOD) if n != missing and (n, missing) != (2, 4)]
        assert any(said in line for line in unsafe(list(events("\n".join(lines))), "/i")), missing
    late = [*GOOD[:2], GOOD[5], "7 fsync(3</i/a.partial>) = 0", *GOOD[6:]]
    assert any("before it is renamed" in line for line in unsafe(list(events("\n".join(late))), "/i"))
    failed = [line.replace("fdatasync(6</i/store.sqlite-wal>) = 0", "fdatasync(6</i/store.sqlite-wal>) = -1 EIO (x)") for line in GOOD]
    assert any("acknowledged" in line for line in unsafe(list(events("\n".join(failed))), "/i"))

"""The changes that are interrupted, each made to a prepared index.

First commit, addition, update, removal, rebuild, mirroring, mirroring what moved, mending.

`serve` makes them in processes of their own that share one start: this process imports everything once and forks a child for
each change, which waits to be traced before it begins.

`python operations.py` reads requests, a JSON line each, from its standard input, and answers each with two lines: the child's pid
when it waits, what became of it when it has ended. A child begins when it reads `go` from the same input.
"""

import ctypes
import importlib
import json
import mmap
import os
import shutil
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from oracle import IDS, HashedEmbedder, Library, article, small_commits

from index import AssayError, sentences

#: A folder that is not there: the attempt to remove it shows in a trace where the change was acknowledged.
ACKNOWLEDGED = "/acknowledged"

#: prctl's request, and anyone, so that a tracer that is not an ancestor may attach where only ancestors may.
_PR_SET_PTRACER, _ANYONE = 0x59616D61, -1


class Operation(NamedTuple):
    """A change: what the index holds before, and the version (None: removed) of each article that it changes."""

    before: dict[str, int]
    after: dict[str, int | None]
    all_or_none: bool = False


_HELD = dict.fromkeys(IDS[:8], 1)

OPERATIONS = {
    "first": Operation({}, dict.fromkeys(IDS[:3], 1)),
    "add": Operation(_HELD, dict.fromkeys(IDS[8:], 1)),
    "update": Operation(_HELD, dict.fromkeys(IDS[:3], 2)),
    "remove": Operation(_HELD, dict.fromkeys(IDS[2:5]), all_or_none=True),
    "rebuild": Operation(_HELD, {}),
    "sync": Operation(_HELD, {IDS[0]: 2, IDS[1]: None, IDS[9]: 1}),
    "move": Operation(_HELD, {IDS[2]: 2, IDS[3]: None}),  # of two further files one lies elsewhere, one is renamed; originals are kept
    "mend": Operation(_HELD, {}),
}

#: Those that mirror a folder.
FOLDERS = {"sync", "move"}


def prepare(name, place):
    """Make, in `place`, the index that the operation begins with, and what it needs beside it."""
    operation, index = OPERATIONS[name], place / "index"
    if name == "first":
        return
    with Library.open(index, model=HashedEmbedder()) as library:
        if name in FOLDERS:
            _write(place / "folder", operation.before)
            library.sync(place / "folder", keep_originals=name == "move")
            _write(place / "folder", operation.after)
            if name == "move":
                (place / "folder" / "elsewhere").mkdir()
                (place / "folder" / f"{IDS[0]}.jsonl").rename(place / "folder" / "elsewhere" / f"{IDS[0]}.jsonl")
                (place / "folder" / f"{IDS[1]}.jsonl").rename(place / "folder" / "another name.jsonl")
        else:
            library.add(*(article(article_id, version) for article_id, version in operation.before.items()))
            library.add(article(IDS[-1], 0))
            library.remove(IDS[-1])  # a small removal that is not purged yet
    if name == "mend":
        for path in index.iterdir():
            if path.is_dir():
                shutil.rmtree(path)  # all that is derived


def _write(folder, versions):
    folder.mkdir(exist_ok=True)
    for article_id, version in versions.items():
        path, whole = folder / f"{article_id}.jsonl", version and article(article_id, version)
        if version is None:
            path.unlink()
        else:
            path.write_text(json.dumps({"id": whole.id, "text": whole.text, "title": whole.title, **whole.metadata}) + "\n")


def perform(name, place, library):
    """Make the change; it is acknowledged when this returns."""
    changed = OPERATIONS[name].after
    if name == "remove":
        library.remove(*changed)
    elif name == "rebuild":
        library.rebuild()
    elif name in FOLDERS:
        _accepted(library.sync(place / "folder", keep_originals=name == "move"))
    elif name == "mend":
        with library.view() as view:
            view.lexical("ore", 10)
    else:
        _accepted(library.add(*(article(article_id, version) for article_id, version in changed.items())))


def _accepted(report):
    """Raise what the command line says of a refusal: only what is in the report is acknowledged."""
    for refusal in report.refused:
        raise AssayError(f"{refusal.path}: {refusal.reason}")


def _attempt(name, place, note):
    """Make the change as the command line would, and note what becomes of it: acknowledged, refused in one line, or worse."""
    small_commits()
    try:
        with Library.open(place / "index", model=HashedEmbedder()) as library:
            perform(name, place, library)
            note("acknowledged", "")
            with suppress(OSError):
                Path(ACKNOWLEDGED).rmdir()
    except AssayError as error:
        note("refused", str(error))
    except OSError as error:
        note(*(("refused", f"{error.strerror}: {error.filename}") if error.strerror else ("raised", traceback.format_exc())))
    except BaseException:  # noqa: BLE001 - whatever it is, it is told
        note("raised", traceback.format_exc())


def serve():
    """Fork a child for each request `{"operation", "place"}` until the input ends."""
    sentences("The first call loads the rules.")
    said = mmap.mmap(-1, 1 << 20)  # shared with the children: what is noted in it outlives a kill, and takes no system call
    for line in sys.stdin:
        request = json.loads(line)
        said.seek(0)
        said.write(bytes(len(said)))
        child = os.fork()
        if not child:
            _child(request, said)
        _, status = os.waitpid(child, 0)
        said.seek(0)
        notes = [json.loads(note) for note in said.read().rstrip(b"\0").splitlines()]
        if "modules" in request:
            for note in notes:
                _import(note[1].split())
        sys.stdout.write(json.dumps({"pid": child, "signal": os.waitstatus_to_exitcode(status), "notes": notes}) + "\n")
        sys.stdout.flush()


def _child(request, said):
    """Say who this is, wait to be told to begin, make the change, and end at once."""
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PTRACER, ctypes.c_long(_ANYONE), 0, 0, 0)
        os.write(1, json.dumps({"pid": os.getpid()}).encode() + b"\n")
        said.seek(0)
        if os.read(0, 3) == b"go\n":
            _attempt(request["operation"], Path(request["place"]), lambda *note: said.write(json.dumps(note).encode() + b"\n"))
        if "modules" in request:
            said.write(json.dumps(["modules", " ".join(sys.modules)]).encode() + b"\n")
    finally:
        os._exit(0)


def _import(names):
    """Load what a child loaded, so that the next ones need not: their first system calls are those of the change."""
    for name in names:
        if name not in sys.modules:
            with suppress(ImportError):  # a module that a library makes as it runs
                importlib.import_module(name)


if __name__ == "__main__":
    serve()

"""Several writers lose nothing of each other's, and readers see one generation at a time: whole, in order, cited exactly."""

import itertools
import json
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from oracle import IDS, HashedEmbedder, Library, article, check, complaints, small_commits, states, strays, undisturbed
from reader import any_version, look
from test_kill import allowed

HERE = Path(__file__).parent

#: All of it, some of it replaced, some removed, all of it back: many commits, and a purge.
CHANGES = [
    dict.fromkeys(IDS, 1),
    dict.fromkeys(IDS[3:6], 2),
    dict.fromkeys(IDS[5:9]),
    dict.fromkeys(IDS[:2], 3),
    dict.fromkeys(IDS[5:7], 4),
]


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "index"
    with Library.open(folder, model=HashedEmbedder()) as library:
        library.add(article(IDS[0], 0))
    return folder


# --- writers ----------------------------------------------------------------------------------------------------------


def write_at_once(folder, writers, changes, killed=0):
    """Let so many processes write, each its own ids; kill some of them. Return what each said."""
    seed = random.SystemRandom().randrange(10**6)
    sys.stdout.write(f"{writers} writers of {changes} changes each, seed {seed}\n")
    script = [sys.executable, str(HERE / "writer.py"), str(folder), str(seed)]
    processes = [
        subprocess.Popen([*script, "1", str(changes), str(part), str(writers)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for part in range(writers)
    ]
    for process in processes[:killed]:
        process.stdout.readline()
        time.sleep(random.Random(seed).uniform(0.1, 1))
        process.kill()
    said = [process.communicate() for process in processes]
    assert [errors for _, errors in said] == [""] * writers
    return [[json.loads(line) for line in lines.splitlines() if line.endswith("}")] for lines, _ in said]


def check_writers(folder, said, tmp_path):
    """Every article is as its writer left it, or, where that one was killed, on either side of its last change."""
    state, together = {}, []
    for part, lines in enumerate(said):
        before = {IDS[0]: 0} if IDS[0] in IDS[part :: len(said)] else {}
        mine, pending = allowed(before, lines)
        state |= mine
        if None in pending.values():
            together.append(list(pending))
    asked = [(name, version) for name, versions in state.items() for version in versions if version is not None]
    for each in together or [[]]:
        held, faults = check(folder, state, together=each, asked=asked)
        assert faults == []
    assert held or all(None in versions for versions in state.values())  # what was written last may be that all are gone
    with Library.open(folder, model=HashedEmbedder()) as library:
        library.add(article(IDS[-1], "last"))
        assert complaints(library) == []
    assert strays(folder, undisturbed(tmp_path / "well")) == []


def test_two_writers_lose_nothing(folder, tmp_path):
    said = write_at_once(folder, 2, 6)
    assert [sum("done" in line for line in lines) for lines in said] == [6, 6]
    check_writers(folder, said, tmp_path)


@pytest.mark.slow
def test_eight_writers_lose_nothing_though_two_are_killed(folder, tmp_path):
    said = write_at_once(folder, 8, 25, killed=2)
    assert [sum("done" in line for line in lines) for lines in said[2:]] == [25] * 6
    check_writers(folder, said, tmp_path)


# --- readers ----------------------------------------------------------------------------------------------------------


def write(library, between):
    """Make the changes, and build all anew at the end; `between` is called after each, and within the additions."""
    read = itertools.count(1)
    for change in CHANGES:
        if None in change.values():
            library.remove(*change)
        else:
            articles = [article(name, version) for name, version in change.items()]
            library.add(*articles, progress=lambda articles, _: articles and next(read) % 4 == 0 and between())
        between()
    library.rebuild()
    between()


def check_looks(looks):
    """Each look is at one of the states that there were, none older than the look before; the last is at the last."""
    seen = states({IDS[0]: 0}, CHANGES)
    assert [fault for _, _, faults in looks for fault in faults] == []
    assert all(held in seen for _, held, _ in looks)
    for (earlier, before, _), (later, after, _) in itertools.pairwise(looks):
        assert earlier < later or (earlier == later and before == after)
    assert looks[-1][1] == seen[-1]


def all_look(looks, errors):
    """Wait until each reader has made a look that it began after now."""
    enough, deadline = [len(mine) + 2 for mine in looks], time.monotonic() + 60
    while any(len(mine) < number for mine, number in zip(looks, enough, strict=True)):
        assert not errors, errors
        assert time.monotonic() < deadline, "a reader hangs"
        time.sleep(0.005)


def read_in_threads(folder, readers):
    """Let so many threads read from the library that makes the changes; return the looks of each."""
    over, looks, errors = threading.Event(), [[] for _ in range(readers)], []

    def read(library, mine, turn):
        try:
            while not over.is_set():
                mine.append(look(library, turn + len(mine), any_version))
        except BaseException as error:  # noqa: BLE001 - told by the test
            errors.append(error)

    with Library.open(folder, model=HashedEmbedder()) as library:
        threads = [threading.Thread(target=read, args=(library, mine, n)) for n, mine in enumerate(looks)]
        for thread in threads:
            thread.start()
        undo = small_commits()
        try:
            write(library, lambda: all_look(looks, errors))
        finally:
            undo()
            over.set()
            for thread in threads:
                thread.join()
        assert errors == []
        assert complaints(library) == []
    return looks


def read_in_processes(folder, readers, times):
    """Let so many processes read while this one makes the changes, again and again; return the looks of each."""
    looks, errors = [[] for _ in range(readers)], []
    processes = [
        subprocess.Popen([sys.executable, str(HERE / "reader.py"), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(readers)
    ]

    def hear(process, mine):
        mine.extend(tuple(json.loads(line).values()) for line in process.stdout)
        process.stdout.close()

    threads = [threading.Thread(target=hear, args=heard) for heard in zip(processes, looks, strict=True)]
    for thread in threads:
        thread.start()
    undo = small_commits()
    try:
        all_look(looks, errors)
        for _ in range(times):
            with Library.open(folder, model=HashedEmbedder()) as library:
                write(library, lambda: all_look(looks, errors))
    finally:
        undo()
        for process, thread in zip(processes, threads, strict=True):
            process.stdin.close()
            thread.join()
            errors += [process.args] * bool(process.wait())
    assert errors == []
    return looks


def test_threads_read_while_one_writes(folder):
    """One library for all: a long addition of many commits, updates, a removal and a rebuild, and readers all the while."""
    for looks in read_in_threads(folder, 3):
        check_looks(looks)
        assert len({generation for generation, _, _ in looks}) >= len(CHANGES) + 2


def test_processes_read_while_one_writes(folder):
    for looks in read_in_processes(folder, 2, 1):
        check_looks(looks)
        assert len({generation for generation, _, _ in looks}) >= len(CHANGES) + 2


@pytest.mark.slow
def test_processes_read_for_long_while_one_writes(folder):
    for looks in read_in_processes(folder, 4, 10):
        assert [fault for _, _, faults in looks for fault in faults] == []
        assert all(earlier <= later for (earlier, _, _), (later, _, _) in itertools.pairwise(looks))
        assert len({generation for generation, _, _ in looks}) >= 10

"""Full disks, read-only ones, and copies without the log: the index is whole as of a commit, and says what it cannot do."""

import os
import random
import shutil
import subprocess
import sys
from contextlib import contextmanager

import pytest
from operations import OPERATIONS
from oracle import HashedEmbedder, Library, article, check, complaints, small_commits, states, versions, wrong_view
from points import Operator, Point, judge

from index import StoreError

#: What stands beside a store while it is open.
LOG, SHARED = "store.sqlite-wal", "store.sqlite-shm"


# --- copies without the log -------------------------------------------------------------------------------------------


@pytest.fixture
def history(tmp_path):
    """A folder with a log that no checkpoint has been made of, and what the index held after each commit, first the checkpointed."""
    folder = tmp_path / "index"
    with Library.open(folder, model=HashedEmbedder()) as library:
        library.add(*(article(f"article-{n}", 1) for n in range(6)))
    changes = [{"article-6": 1}, {"article-0": 2, "article-7": 1}, {"article-1": None, "article-2": None}, {"article-8": 1}]
    undo = small_commits()
    with Library.open(folder, model=HashedEmbedder()) as library:
        seen = states(versions(library), changes)
        for change in changes:
            if None in change.values():
                library.remove(*change)
            else:
                library.add(*(article(name, at) for name, at in change.items()))
        shutil.copytree(folder, tmp_path / "copy")
    undo()
    assert (tmp_path / "copy" / LOG).stat().st_size
    return tmp_path / "copy", seen


def test_a_copy_without_the_log_is_whole_as_of_the_last_checkpoint(history):
    copy, seen = history
    (copy / LOG).unlink()
    (copy / SHARED).unlink(missing_ok=True)
    asked = [("article-0", 1), ("article-0", 2), ("article-8", 1)]
    held, faults = check(copy, {name: {at} for name, at in seen[0].items()}, asked=asked)
    assert (held, faults) == (seen[0], [])


def test_a_copy_of_a_closed_index_is_the_index(history, tmp_path):
    _, seen = history
    shutil.copytree(tmp_path / "index", tmp_path / "other")
    assert not (tmp_path / "other" / LOG).exists()
    assert check(tmp_path / "other", {name: {at} for name, at in seen[-1].items()}) == (seen[-1], [])


def test_a_copy_with_a_part_of_the_log_is_whole_as_of_a_commit(history, tmp_path):
    copy, seen = history
    chance = random.Random(1)
    size = (copy / LOG).stat().st_size
    met = []
    for length in sorted([0, 31, size - 1, *(chance.randrange(size) for _ in range(12))]):
        cut = shutil.copytree(copy, tmp_path / f"{length}")
        os.truncate(cut / LOG, length)
        (cut / SHARED).unlink(missing_ok=True)
        held, faults = check(cut, {name: {state.get(name) for state in seen} for state in seen for name in state})
        assert faults == []
        assert held in seen, length
        met.append(seen.index(held))
    assert met == sorted(met)
    assert len(set(met)) > 2


# --- a file system that may not be written -----------------------------------------------------------------------------


@contextmanager
def mounted(place, *options):
    """Mount a file system in memory at `place`; the test is skipped where that is not allowed."""
    place.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "assay", str(place)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)  # noqa: S607 - as above


def remount(place, *options):
    subprocess.run(["mount", "-o", ",".join(("remount", *options)), str(place)], check=True)  # noqa: S607 - as above


@pytest.mark.skipif(shutil.which("mount") is None, reason="there is no mount here")
@pytest.mark.parametrize("log", [False, True], ids=["closed", "with a log"])
@pytest.mark.parametrize("derived", ["whole", "missing"])
def test_a_read_only_file_system_is_searched_and_not_written(history, tmp_path, log, derived):
    copy, seen = history
    wanted = seen[-1 if log else 0]
    with mounted(tmp_path / "mounted", "size=16m") as place:
        folder = shutil.copytree(copy, place / "index")
        if not log:
            (folder / LOG).unlink()
        (folder / SHARED).unlink(missing_ok=True)
        for path in folder.iterdir() if derived == "missing" else ():
            if path.is_dir():
                shutil.rmtree(path)
        remount(place, "ro")
        with Library.open(folder, model=HashedEmbedder()) as library:
            assert versions(library) == wanted
            with library.view() as view:
                assert list(wrong_view(view, wanted)) == []
            changes = [lambda: library.add(article("article-9", 1)), lambda: library.remove("article-3"), library.rebuild]
            for change in changes:
                with pytest.raises(StoreError, match="read-only here") as caught:
                    change()
                assert len(str(caught.value).splitlines()) == 1
            assert [line for line in complaints(library) if derived == "whole" and log] == []


# --- a disk that is full -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def operator():
    with Operator() as operator:
        yield operator


def grow(operator, operation, step):
    """Make the change on a disk that is larger by `step` KiB each time, until it succeeds; return how often it failed."""
    original, place = operator.prepared(operation), operator.folder / "place"
    shutil.rmtree(place, ignore_errors=True)
    taken = sum(-(-path.stat().st_size // 4096) * 4 for path in original.rglob("*") if path.is_file())
    for failed, size in enumerate(range(taken + 4, taken + 8192, step)):
        with mounted(place, f"size={size}k"):
            shutil.copytree(original, place, dirs_exist_ok=True)
            outcome = operator.make(operation, place)
            if (place / "index" / "store.sqlite").exists():
                asked = operator.make("mend", place)  # the next question, while the disk is as full as it is
                assert asked.notes == [("acknowledged", "")], (operation, size, asked)
            remount(place, "size=64m")
            assert judge(Point(operation, "disk", "FULL", size), place, outcome) == [], (size, outcome.notes)
        if outcome.acknowledged:
            return failed
    raise AssertionError(f"{operation} never succeeded")


#: Why, for some sizes; see the known bugs in test_points.py.
#: Those that write: a reader builds what it needs elsewhere, whatever the size.
WRITING = [name for name in OPERATIONS if name != "mend"]


@pytest.mark.parametrize("operation", ["first", "update"])
def test_a_disk_that_is_full_is_said_in_one_line_and_nothing_is_lost(operator, operation):
    assert grow(operator, operation, 40) >= 3


@pytest.mark.slow
@pytest.mark.parametrize("operation", WRITING)
def test_a_disk_that_grows_by_a_page_until_it_is_enough(operator, operation):
    failed = grow(operator, operation, 4)
    sys.stdout.write(f"{operation}: {failed} disks too small, each 4 KiB larger\n")
    assert failed >= 10

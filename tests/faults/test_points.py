"""Stopped at any system call, a change is made or not made, and the next user finds an index that is well.

Each point (see points.py) is killed, or told that the disk is full or broken. `ASSAY_POINTS` says how many are tried, or `all`;
`ASSAY_SEED` chooses which. A point alone: `python tests/faults/points.py --point add/fdatasync/KILL/3`.
"""

import os
import random
import shutil
import sqlite3
import sys
from contextlib import closing

import pytest
from operations import OPERATIONS
from oracle import CITATION, ERROR, LOST, PARTIAL, REPAIR
from points import Outcome, Point, Report, attempt, chosen, judge

#: Points that once did harm, each with what it did; elsewhere the same number may be another call.
MENDED = {
    "add/write/EIO/2": "a FAISS file that closed with an error was published short",
    "first/fdatasync/EIO/9": "a first commit whose last checkpoint failed left no index",
    "first/unlink/EIO/2": "the log of an unfinished store stayed when it could not be deleted",
    "rebuild/renameat/ENOSPC/1": "a rebuild told of tantivy's errors as of ours",
    "rebuild/openat/FULL/7": "a rebuild told of FAISS's errors as of ours",
    "add/threads.renameat/KILL/1": "what tantivy was writing when it was killed stayed for good",
    "mend/threads.renameat/FULL/2": "a reader that found all disks full told of it as of ours",
}


def all_points(tracer):
    return [point for operation in OPERATIONS for point in tracer.points(operation)]


def try_some(tracer, number):
    """Try so many points; none may show a fault."""
    seed = int(os.environ.get("ASSAY_SEED", random.SystemRandom().randrange(10**6)))
    points = all_points(tracer)
    wanted = os.environ.get("ASSAY_POINTS", number)
    number = len(points) if wanted == "all" else int(wanted)
    sys.stdout.write(f"ASSAY_SEED={seed} ASSAY_POINTS={number}, of {len(points)}\n")
    report = Report()
    for point in chosen(points, number, seed):
        attempt(tracer, point, report)
    sys.stdout.write(f"{report}\n")
    assert not report.faults, f"\n{report}"
    assert len(report.tried) >= 0.9 * min(number, len(points)), f"too few were reached\n{report}"
    return report


def test_no_fault_at_a_system_call_harms_the_index(tracer):
    try_some(tracer, 100)


@pytest.mark.slow
def test_no_fault_at_any_of_many_system_calls_harms_the_index(tracer):
    report = try_some(tracer, 1200)
    assert len(report.tried) >= 300 or "ASSAY_POINTS" in os.environ


@pytest.mark.parametrize("point", MENDED)
def test_what_was_mended_stays_so(tracer, point):
    report = Report()
    attempt(tracer, Point.parse(point), report)
    assert not report.faults, f"{MENDED[point]}\n{report}"


def test_every_operation_has_points_of_every_kind(tracer):
    points = all_points(tracer)
    for operation in OPERATIONS:
        mine = [point for point in points if point.operation == operation]
        assert {point.kind for point in mine} == {"KILL", "ENOSPC", "EIO", "FULL"}
        assert {"pwrite64", "fsync", "fdatasync", "openat"} <= {point.call for point in mine}
        assert any(point.call.startswith("rename") for point in mine)
    assert len(set(points)) == len(points) >= 300
    some = chosen(points, 100, 1)
    assert some == chosen(points, 100, 1) != chosen(points, 100, 2)
    assert len({point[:3] for point in some}) == 100


# --- what these tests would find ---------------------------------------------------------------------------------------

DAMAGE = {
    "acknowledged and gone": (None, LOST),
    "half an article": ("DELETE FROM passages WHERE row = (SELECT max(row) FROM passages)", PARTIAL),
    "another vector": ("UPDATE vectors SET vector = (SELECT vector FROM vectors WHERE row = 1) WHERE row > 1", PARTIAL),
    "an offset that is off by one": ("UPDATE passages SET start = start + 1", CITATION),
    "a passage of no article": ("UPDATE passages SET article = 999 WHERE row = 3", REPAIR),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_a_fault_could_do_is_noticed(tracer, damage):
    change, kind = DAMAGE[damage]
    point = Point("add", "write", "EIO", 1)
    place = tracer.copy("add")
    done = Outcome(0, 0, [("acknowledged", "")], [], "")
    if change:
        assert tracer.undisturbed("add", place).acknowledged
        with closing(sqlite3.connect(place / "index" / "store.sqlite")) as connection:
            connection.execute(change)
            connection.commit()
    assert kind in {fault.kind for fault in judge(point, place, done)}


def test_an_operation_that_ends_badly_is_noticed(tracer):
    point, place = Point("add", "write", "EIO", 1), tracer.copy("add")
    for notes in (
        [],
        [("raised", "Traceback\nValueError")],
        [("refused", "two\nlines")],
        [("acknowledged", ""), ("refused", "at the end")],
    ):
        assert ERROR in {fault.kind for fault in judge(point, place, Outcome(0, 0, notes, [], ""))}, notes
    (place / "index" / "left.tmp").write_text("")
    (stray,) = [fault for fault in judge(point, place, Outcome(0, 0, [("refused", "full")], [], "")) if "left.tmp" in fault.what]
    assert stray.kind == REPAIR
    shutil.rmtree(place / "index")
    assert REPAIR in {fault.kind for fault in judge(point, place, Outcome(0, 0, [("refused", "full")], [], ""))}

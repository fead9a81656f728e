"""Killed at any moment, an index holds all that was acknowledged and nothing by halves, and mends itself when next opened.

`ASSAY_SEED` and `ASSAY_KILLS` repeat or lengthen a run.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from oracle import HashedEmbedder, Library, article, check, complaints, strays, undisturbed

SCRIPT = Path(__file__).with_name("writer.py")

#: The next opening mends the derived files within this, in seconds.
MENDED_WITHIN = 5


def killed(folder, seed, first, after):
    """Run the writer, kill it `after` seconds from when it is ready; return what it said."""
    command = [sys.executable, str(SCRIPT), str(folder), str(seed), str(first)]
    with tempfile.TemporaryFile("w+") as said_wrong:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said_wrong, text=True) as process:
            lines = [process.stdout.readline()]
            time.sleep(after)
            process.kill()
            lines += process.stdout.read().splitlines()  # not `communicate`: it would lose what `readline` has buffered
        said_wrong.seek(0)
        errors = said_wrong.read()
    assert lines[0], errors
    assert not errors, errors
    return [json.loads(line) for line in lines if line.endswith(("}", "}\n"))]


def allowed(before, said):
    """What each id may be: the state after what was acknowledged, and for what was not, either side of it."""
    state = {article_id: {version} for article_id, version in before.items()}
    pending = {}
    for line in said:
        if "begin" in line:
            pending = line["begin"]
        elif "done" in line:
            state |= {article_id: {version} for article_id, version in pending.items()}
            pending = {}
    for article_id, version in pending.items():
        state[article_id] = state.get(article_id, {None}) | {version}
    return state, pending


def look(folder, before, said):
    """Open the index as the next user would; return what it holds, each id with its version."""
    state, pending = allowed(before, said)
    started = time.monotonic()
    with Library.open(folder, model=HashedEmbedder()) as library, library.view():
        assert time.monotonic() - started < MENDED_WITHIN
    asked = [(article_id, version) for article_id, versions in state.items() for version in versions if version is not None]
    replaced = [(article_id, version) for article_id, version in before.items() if version is not None]
    together = pending if None in pending.values() else ()
    held, faults = check(folder, state, together=together, asked=[*asked[-2:], *replaced[-2:]])
    assert faults == []
    stray = {file.name for file in folder.iterdir()} - {"store.sqlite", "lock", "dense", "lexical"}
    assert not stray, stray
    return held


def check_swept(folder, well):
    """The next change sweeps away what the killed ones left beside the derived files."""
    with Library.open(folder, model=HashedEmbedder()) as library:
        library.add(article("article-0", "last"))
        assert complaints(library) == []
    assert strays(folder, well) == []


def kill_often(folder, times, fresh):
    """Kill `times` times, one index going on from kill to kill, every `fresh`th time while a new one is being made."""
    seed = int(os.environ.get("ASSAY_SEED", random.SystemRandom().randrange(10**6)))
    times = int(os.environ.get("ASSAY_KILLS", times))
    sys.stdout.write(f"ASSAY_SEED={seed} ASSAY_KILLS={times}\n")
    chance = random.Random(seed)
    held, acknowledged = {}, 0
    well = undisturbed(folder / "well")
    for turn in range(times):
        if turn % fresh == 0:
            place, before, after = folder / f"{turn}", {}, chance.uniform(0, 0.25)
        else:
            place, before, after = folder / "long-lived", held, chance.uniform(0.02, 0.9)
        said = killed(place, seed, 1000 * turn, after)
        acknowledged += sum("done" in line for line in said)
        found = look(place, before, said)
        if turn % fresh:
            held = found
        else:
            check_swept(place, well)
    check_swept(folder / "long-lived", well)
    assert acknowledged >= times // 2, "killed before anything was written: nothing was tried"


def test_no_kill_loses_what_was_acknowledged(tmp_path):
    kill_often(tmp_path, 12, fresh=3)


@pytest.mark.slow
def test_no_kill_of_many_loses_what_was_acknowledged(tmp_path):
    kill_often(tmp_path, 50, fresh=5)

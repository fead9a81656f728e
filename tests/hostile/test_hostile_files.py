"""Thousands of malformed files: each becomes articles or refusals with a reason, in time, within memory; the good ones are all in."""

import json
import os
import random
import resource
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from hostile_files import damaged, public

from index.article import Article, Refusal
from index.loaders import read, walk
from ui.cli import main

DATA = os.environ.get("ASSAY_DATA")
real = pytest.mark.skipif(not DATA, reason="ASSAY_DATA names no folder of public data")
MAKER = Path(DATA or ".").parent / "tools" / "make_hostile.py"

#: What no file may take, by the clock. A busy machine adds to it what it takes to start a process.
SECONDS = 10
MEGABYTES = 512


@pytest.fixture(autouse=True)
def _without_recognition(monkeypatch):
    """Pictures are not recognised, which takes its time where it can be done at all."""
    monkeypatch.setenv("ASSAY_OCR", "none")
    walk._SANDBOX.close()
    yield
    walk._SANDBOX.close()


class Watch:
    """Looks from time to time at how much memory the processes that read files hold."""

    def __init__(self):
        self.most = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _look(self):
        while not self._over.wait(0.01):
            for child in list(walk._SANDBOX._alive):
                try:
                    pages = int(Path(f"/proc/{child._process.pid}/statm").read_text().split()[1])
                except (OSError, IndexError):
                    continue
                self.most = max(self.most, pages * resource.getpagesize())


def run(folder, files):
    """Read files one by one, a good one after every tenth; check each outcome; return what happened, counted and timed."""
    count, slowest, reasons = Counter(), (0.0, ""), Counter()
    with Watch() as watch:
        for number, (name, content) in enumerate(files):
            file = folder / name
            file.write_bytes(content)
            before = time.monotonic()
            outcomes = list(read(file))
            slowest = max(slowest, (time.monotonic() - before, name))
            file.unlink()
            count["files"] += 1
            count["articles"] += sum(isinstance(outcome, Article) for outcome in outcomes)
            for outcome in outcomes:
                if isinstance(outcome, Refusal):
                    assert outcome.reason.strip(), name
                    assert outcome.reason.isprintable(), name
                    assert "Traceback" not in outcome.reason
                    assert not outcome.reason.startswith("cannot be read now"), (name, outcome)
                    reasons[outcome.reason.split(":")[0][:60]] += 1
            count["refused"] += bool(outcomes) and all(isinstance(outcome, Refusal) for outcome in outcomes)
            if number % 10 == 0:
                good = folder / "good.html"
                good.write_text(f"<html><body><p>Good article number {number}, in the midst of the bad ones.</p></body></html>")
                (article,) = read(good)
                assert f"Good article number {number}" in article.text
                count["good"] += 1
    print(f"\n{dict(count)}, slowest {slowest[0]:.1f} s ({slowest[1]}), most memory {watch.most / 1e6:.0f} MB")  # noqa: T201
    for reason, times in reasons.most_common(40):
        print(f"{times:6} {reason}")  # noqa: T201
    assert watch.most < MEGABYTES * 1_000_000
    assert slowest[0] < SECONDS + 5, slowest
    return count


@real
def test_a_cut_of_the_malformed_files_harms_nothing(tmp_path):
    files = [*list(public(DATA))[::12], *damaged(DATA, 60, seed=1)]
    count = run(tmp_path, files)
    assert count["files"] == len(files) > 100
    assert count["good"] == -(-len(files) // 10)


@real
@pytest.mark.slow
def test_all_malformed_files_harm_nothing(tmp_path):
    files = list(public(DATA))
    count = run(tmp_path, files)
    assert count["files"] == len(files) > 500


@real
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(9))
def test_damaged_documents_harm_nothing(tmp_path, seed):
    assert run(tmp_path, damaged(DATA, 500, seed=seed))["files"] == 500


@real
@pytest.mark.slow
@pytest.mark.skipif(not MAKER.exists(), reason="the script that writes bombs is not there")
def test_bombs_harm_nothing(tmp_path):
    subprocess.run([sys.executable, str(MAKER), str(tmp_path / "made")], check=True, capture_output=True)
    files = [(file.name, file.read_bytes()) for file in sorted((tmp_path / "made").iterdir()) if file.name != "MANIFEST.jsonl"]
    assert run(tmp_path, files)["files"] >= 40


def batch(folder, bad, order):
    """Write a thousand files, those of `bad` among them, under names whose order is that of `order`."""
    folder.mkdir()
    good = [(".txt", f"Article {number} tells of the ship {number}.".encode()) for number in range(1000 - len(bad))]
    files = [*good, *((Path(name).suffix, content) for name, content in bad)]
    random.Random(order).shuffle(files)
    for number, (suffix, content) in enumerate(files):
        (folder / f"{number:04}{suffix}").write_bytes(content)
    return folder


@real
@pytest.mark.slow
@pytest.mark.parametrize("order", [1, 2])
def test_fifty_bad_files_among_a_thousand_cost_only_themselves(tmp_path, capsys, order):
    bad = []
    for name, content in public(DATA):
        file = tmp_path / name
        file.write_bytes(content)
        outcomes = list(read(file))
        if len(outcomes) == 1 and isinstance(outcomes[0], Refusal):  # an archive is refused member by member
            bad.append((name, content))
        file.unlink()
        if len(bad) == 50:
            break
    outcomes = list(read(batch(tmp_path / "batch", bad, order)))
    assert sum(isinstance(outcome, Article) for outcome in outcomes) == 950
    assert sum(isinstance(outcome, Refusal) for outcome in outcomes) == 50
    assert main(["add", str(tmp_path / "batch"), "--index", str(tmp_path / "index"), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (len(report["added"]), len(report["refused"])) == (950, 50)

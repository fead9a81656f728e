"""`assay sync` and `assay watch` as their users meet them."""

import json
import random
import shutil
import signal
import threading
import time

import pytest

from index import DEFAULT_MODEL, FolderWatch, Library
from index.lock import writer_lock
from ui import mirroring


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "articles"
    folder.mkdir()
    for name in ("one", "two"):
        (folder / f"{name}.txt").write_text(f"The words of {name} are about nickel.")
    return folder


@pytest.fixture
def embedder(make_embedder):
    """The one that the command uses here."""
    return make_embedder(DEFAULT_MODEL)


# --- sync -------------------------------------------------------------------------------------------------------------


def test_a_dry_run_tells_and_does_nothing(assay, folder, tmp_path):
    out, _ = assay("sync", folder, "--dry-run")
    assert out.splitlines()[:2] == ["added one.txt", "added two.txt"]
    assert out.splitlines()[2] == "a dry run, nothing was written; it would be: 2 added"
    assert not (tmp_path / "index").exists()
    assay("sync", folder)
    (folder / "one.txt").rename(folder / "three.txt")
    (folder / "bad.txt").write_bytes(b"\0")
    said = json.loads(assay("sync", folder, "--dry-run", "--json", code=1)[0])
    assert said["dry_run"] is True
    assert said["moved"] == [{"id": "three.txt", "was": "one.txt", "from": "one.txt", "to": "three.txt"}]
    assert len(said["refused"]) == 1
    out, _ = assay("sync", folder, "--dry-run", code=1)
    assert "moved one.txt to three.txt" in out
    assert "refused " in out
    out, _ = assay("sync", folder, code=1)
    assert "1 unchanged, 1 moved, 1 refused" in out
    assert assay("sync", folder / "one.txt", "--dry-run", code=2)[1].count("\n") == 1


def test_what_the_user_says_of_a_folder_wins_and_is_said_each_time(assay, folder):
    (folder / "one.txt").write_text("The words of one\nBy Ann Lee, Reuters\nPublished 3 March 2023\n\nNickel rose on Friday, traders said.")
    said = ("--source", "My Desk", "--published", "2020-01")
    for expected in (["added one.txt", "added two.txt"], None):
        out, _ = assay("sync", folder, *said, *(["--dry-run"] if expected else []))
        assert out.splitlines()[:2] == expected if expected else "2 added" in out
    listed = json.loads(assay("list", "--json")[0])
    assert {(one["source"], one["published"]) for one in listed} == {("My Desk", "2020-01")}
    assert "2 unchanged" in assay("sync", folder, *said)[0]
    assert "2 updated" in assay("sync", folder)[0]
    assert json.loads(assay("show", "one.txt", "--json")[0])["source"] == "Reuters"


@pytest.mark.slow
def test_an_interrupted_addition_says_what_is_in_and_how_to_go_on(process, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    chance = random.Random(1963)
    for n in range(1500):
        words = " ".join(f"Mine {n} gave {chance.randint(1, 10**9)} tons of ore in the year." for _ in range(12))
        (folder / f"{n:04}.txt").write_text(words)
    with process("sync", folder) as running:
        store = tmp_path / "index" / "store.sqlite-wal"
        while not (store.exists() and store.stat().st_size > 1_000_000):
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, b"")
    said = err.decode().splitlines()[-1]
    assert said.startswith("interrupted; what was committed is kept, and running the same command again goes on from there (")
    kept = int(said.partition("(")[2].split()[0].replace(",", ""))
    assert 0 < kept < 1500
    with process("sync", folder, "--json") as again:
        report = json.loads(again.communicate(timeout=120)[0])
    assert kept <= len(report["unchanged"]) < 1500
    assert len(report["unchanged"]) + len(report["added"]) == 1500


# --- watch ------------------------------------------------------------------------------------------------------------


class Watcher:
    """A running `assay watch --json`, and what it has said."""

    def __init__(self, running):
        self.running, self.said = running, []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.running.stdout:
            self.said.append(json.loads(line))

    def expect(self, *wanted, within=30):
        """Wait until each of `wanted`, an event with its id or reason, was said; return all that was said until then, and forget it."""
        deadline = time.monotonic() + within
        while not all(any(event == said["event"] and what in json.dumps(said) for said in self.said) for event, what in wanted):
            assert self.running.poll() is None, self.running.stderr.read()
            assert time.monotonic() < deadline, (wanted, self.said)
            time.sleep(0.02)
        said, self.said[:] = list(self.said), []
        return said

    def end(self, number=signal.SIGINT):
        started = time.monotonic()
        self.running.send_signal(number)
        self.running.wait(timeout=20)
        return time.monotonic() - started


@pytest.fixture
def watch(process):
    started = []

    def start(*folders, **options):
        running = process("watch", *folders, "--json", **options)
        started.append(running)
        return Watcher(running)

    yield start
    for running in started:
        running.kill()
        running.wait()
        running.stdout.close()
        running.stderr.close()


def test_a_watched_folder_is_kept_in_step(watch, folder, tmp_path, embedder):
    other = tmp_path / "other"
    other.mkdir()
    (other / "there.txt").write_text("Words from elsewhere.")
    watcher = watch(folder, other)
    watcher.expect(("added", "one.txt"), ("added", "two.txt"), ("added", "there.txt"))
    with Library.open(tmp_path / "index", model=embedder) as library:  # as one that is served
        (folder / "new.txt").write_text("New words about cobalt.")
        assert watcher.expect(("added", "new.txt")) == [{"event": "added", "id": "new.txt", "folder": str(folder)}]
        assert "cobalt" in library.article("new.txt").text
        with library.view() as view:
            assert view.lexical("cobalt", 5).rows.size == 1
        (folder / "new.txt").write_text("Newer words about cobalt.")
        watcher.expect(("updated", "new.txt"))
        (folder / "sub").mkdir()
        (folder / "new.txt").rename(folder / "sub" / "moved.txt")
        assert [line["event"] for line in watcher.expect(("moved", "sub/moved.txt"))] == ["moved"]
        (folder / "sub" / "moved.txt").unlink()
        (other / "there.txt").unlink()
        (other / "bad.txt").write_bytes(b"\0\1")
        said = watcher.expect(("removed", "sub/moved.txt"), ("removed", "there.txt"), ("refused", "bad.txt"))
        assert len(said) == 3
        (other / "good.txt").write_text("Good words.")
        assert [line["event"] for line in watcher.expect(("added", "good.txt"))] == ["added"]  # the refusal is not told again
    assert watcher.end() < 5
    assert watcher.running.returncode == 130
    errors = watcher.running.stderr.read().decode()
    assert errors.splitlines()[-1] == "ended; every change that was told is on the disk"
    assert "Traceback" not in errors


@pytest.mark.slow
def test_a_file_that_is_written_slowly_is_taken_in_whole(watch, folder):
    watcher = watch(folder)
    watcher.expect(("added", "two.txt"))
    with (folder / "slow.txt").open("w") as stream:
        for n in range(12):
            stream.write(f"Sentence {n} is written. ")
            stream.flush()
            time.sleep(0.25)
    assert [line["event"] for line in watcher.expect(("added", "slow.txt"))] == ["added"]
    time.sleep(1.5)
    assert watcher.said == []


def test_a_folder_that_goes_away_keeps_its_articles_until_it_is_back(watch, folder, tmp_path, embedder):
    watcher = watch(folder)
    watcher.expect(("added", "two.txt"))
    shutil.copytree(folder, tmp_path / "kept")
    shutil.rmtree(folder)
    watcher.expect(("away", "gone or empty"))
    with Library.open(tmp_path / "index", model=embedder) as library:
        assert library.counts()[0] == 2
        folder.mkdir()
        time.sleep(2)
        assert library.counts()[0] == 2  # a place where nothing is mounted yet
        shutil.copy(tmp_path / "kept" / "one.txt", folder / "one.txt")
        (folder / "three.txt").write_text("The words of three.")
        watcher.expect(("back", str(folder)), ("added", "three.txt"), ("removed", "two.txt"))
        (folder / "four.txt").write_text("The words of four.")
        watcher.expect(("added", "four.txt"))


@pytest.mark.slow
def test_watching_waits_for_an_index_that_is_being_written(watch, folder, tmp_path, monkeypatch, embedder):
    Library.open(tmp_path / "index", model=embedder).close()
    with writer_lock(tmp_path / "index" / "lock", wait=0):
        watcher = watch(folder)
        time.sleep(3)
        assert watcher.said == []
        assert watcher.running.poll() is None
    watcher.expect(("added", "one.txt"))
    monkeypatch.setattr("index.library.LOCK_WAIT", 0.1)  # a longer wait is told, and tried again
    told = mirroring._Told(as_json=False)
    with Library.open(tmp_path / "index", model=embedder) as library, writer_lock(tmp_path / "index" / "lock", wait=5):
        args = type("Args", (), {"keep_originals": False})
        assert mirroring._look(args, library, folder, told) == mirroring._AGAIN
    assert "is being written by" in told._troubles[folder]


def test_what_is_told_survives_a_kill(watch, folder, tmp_path, embedder):
    watcher = watch(folder)
    watcher.expect(("added", "two.txt"))
    (folder / "last.txt").write_text("The last words.")
    watcher.expect(("added", "last.txt"))
    watcher.end(signal.SIGKILL)
    with Library.open(tmp_path / "index", model=embedder) as library:
        assert library.article("last.txt").text == "The last words."
        assert library.doctor().faults == ()


def test_an_index_in_the_watched_folder_alarms_nobody(folder, embedder):
    index = folder / "my.assay"
    with Library.open(index, model=embedder) as library, FolderWatch([folder], without=index, every=3600) as watching:
        assert watching.due() == [folder]
        library.sync(folder)
        watching.looked(folder)
        alarmed = threading.Event()

        def wait():
            while watching.due() != [folder]:
                pass
            alarmed.set()

        waiting = threading.Thread(target=wait)
        waiting.start()
        library.add({"id": "x", "text": "Words."})
        (folder / ".hidden").write_text("Nobody reads this.")
        assert not alarmed.wait(1.5)
        (folder / "new.txt").write_text("Words.")
        assert alarmed.wait(10)
        waiting.join()


def test_without_alarms_folders_are_looked_at_from_time_to_time(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("index.watch._alarms", lambda *_: None)  # as where the system has no watches left
    monkeypatch.setattr("index.watch.EVERY_WITHOUT_ALARMS", 0.3)
    with FolderWatch([folder], without=tmp_path / "index") as watching:
        for _ in range(3):
            started = time.monotonic()
            while watching.due() != [folder]:
                pass
            watching.looked(folder)
        assert 0.1 < time.monotonic() - started < 5


def test_watching_what_is_no_folder_is_an_error_of_one_line(assay, folder, tmp_path):
    for place in (folder / "one.txt", tmp_path / "none"):
        _, err = assay("watch", folder, place, code=2)
        assert err.count("\n") == 1
        assert "expected a folder to mirror" in err
    assert not (tmp_path / "index").exists()

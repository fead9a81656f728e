"""Files are whole or absent, and a stamp notices every change that could matter."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.durable import Stamp, replace, replaced, sha256_of, sync_file, sync_folder, write

REPOSITORY = Path(__file__).parents[2]


@given(st.binary(max_size=5000))
def test_the_checksum_is_sha256(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    assert sha256_of(tmp_path / "a") == hashlib.sha256(content).hexdigest()
    assert Stamp.of(tmp_path / "a").size == len(content)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"some bytes")
    return path


def test_a_stamp_holds_for_the_file_and_for_a_copy_of_it(path, tmp_path):
    stamp = Stamp.of(path)
    assert stamp.holds(path)
    assert stamp.holds(path, full=True)
    os.utime(path, ns=(0, 0))
    assert stamp.holds(path)
    (tmp_path / "b").write_bytes(b"some bytes")
    assert stamp.holds(tmp_path / "b")


@pytest.mark.parametrize("content", [b"", b"some byte", b"some bytez", b"some bytes "])
def test_a_stamp_does_not_hold_for_other_bytes(path, content):
    stamp = Stamp.of(path)
    path.write_bytes(content)
    os.utime(path, ns=(1, 1))
    assert not stamp.holds(path)
    assert not stamp.holds(path, full=True)


def test_what_changed_behind_the_clock_is_found_by_a_full_look(path):
    stamp = Stamp.of(path)
    path.write_bytes(b"other byte")
    os.utime(path, ns=(stamp.mtime_ns, stamp.mtime_ns))
    assert stamp.holds(path)  # the price of not reading a large index at every start
    assert not stamp.holds(path, full=True)


def test_a_stamp_does_not_hold_for_what_is_no_file(path, tmp_path):
    stamp = Stamp.of(path)
    path.unlink()
    for full in (False, True):
        assert not stamp.holds(path, full=full)
        assert not stamp.holds(tmp_path, full=full)
    with pytest.raises(FileNotFoundError):
        Stamp.of(path)


def test_replacing_moves_the_whole_file(path, tmp_path):
    partial = tmp_path / "a.partial"
    partial.write_bytes(b"new")
    replace(partial, path)
    assert path.read_bytes() == b"new"
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


def test_a_file_takes_the_place_of_another_only_when_it_is_whole(path, tmp_path):
    def half(partial):
        partial.write_bytes(b"ne")
        raise KeyError

    with pytest.raises(KeyError), replaced(path) as partial:
        half(partial)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("a", b"some bytes")]
    with replaced(path) as one, replaced(path) as other:
        one.write_bytes(b"one")
        other.write_bytes(b"other")
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("a", b"one")]


def test_a_small_file_is_written_with_the_folders_around_it(tmp_path):
    for text in ("first", "naïve 漢字"):
        write(tmp_path / "x" / "y", text)
    assert [file.read_text(encoding="utf-8") for file in tmp_path.rglob("*") if file.is_file()] == ["naïve 漢字"]


def test_syncing_a_folder_passes_over_folders_in_it(path, tmp_path):
    (tmp_path / "inner").mkdir()
    sync_folder(tmp_path)
    sync_file(path)
    with pytest.raises(FileNotFoundError):
        sync_file(tmp_path / "none")


def test_the_order_of_writes_is_file_then_name_then_folder(path, tmp_path, monkeypatch):
    """Killing a process proves nothing of this: the kernel keeps what was written. So the calls themselves are looked at."""
    calls = []
    names = {}
    real_open, real_fsync, real_replace = os.open, os.fsync, Path.replace

    def opened(name, *rest, **options):
        descriptor = real_open(name, *rest, **options)
        names[descriptor] = Path(name).name
        return descriptor

    def replaced(source, target):
        calls.append(f"replace {source.name} {Path(target).name}")
        return real_replace(source, target)

    monkeypatch.setattr(os, "open", opened)
    monkeypatch.setattr(os, "fsync", lambda descriptor: (calls.append(f"fsync {names[descriptor]}"), real_fsync(descriptor)))
    monkeypatch.setattr(Path, "replace", replaced)
    partial = tmp_path / "a.partial"
    partial.write_bytes(b"new")
    replace(partial, path)
    assert calls == ["fsync a.partial", "replace a.partial a", f"fsync {tmp_path.name}"]


TRACED = """
import os
import sys
sys.path[:0] = ["tests", "."]
from conftest import HashedEmbedder
from index import Article, Library
with Library.open(sys.argv[1], model=HashedEmbedder()) as library:
    library.add(Article(id="a", text="Some words.", title=""))
    os.access("/acknowledged", os.F_OK)
"""


@pytest.mark.skipif(not Path("/usr/bin/strace").exists(), reason="strace is not installed")
def test_an_addition_is_on_the_disk_before_it_is_acknowledged(tmp_path):
    trace = tmp_path / "trace"
    calls = "fsync,fdatasync,rename,renameat,renameat2,pwrite64,write,access,faccessat,faccessat2"
    watch = ["/usr/bin/strace", "-f", "-y", "-qq", "-e", f"trace={calls}", "-o", str(trace)]
    command = [*watch, sys.executable, "-c", TRACED, str(tmp_path / "i")]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if "ptrace" in done.stderr or "PTRACE" in done.stderr:
        pytest.skip("processes may not be traced here")
    assert done.returncode == 0, done.stderr
    lines = trace.read_text().splitlines()
    acknowledged = next(n for n, line in enumerate(lines) if "/acknowledged" in line)

    def last(call, name):
        return max((n for n, line in enumerate(lines[:acknowledged]) if f" {call}" in line and name in line), default=-1)

    for name in ("store.sqlite-wal", ".faiss", "meta.json"):
        wrote = max(last("pwrite64(", f"{name}>"), last("write(", f"{name.replace('.faiss', '.partial')}>"), last("rename", f"/{name}"))
        synced = max(last("fsync(", f"{name}>"), last("fdatasync(", f"{name}>"), last("fsync(", name.replace(".faiss", ".partial") + ">"))
        assert synced > wrote > -1, (name, wrote, synced)
    made = last("rename", "store.sqlite")
    assert -1 < last("fsync(", "store.partial>") < made < last("fsync(", f"{tmp_path / 'i'}>")

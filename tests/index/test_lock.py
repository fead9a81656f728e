"""One writer at a time, and a dead one never stands in the way."""

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from index.errors import BusyError, StoreError
from index.lock import writer_lock

REPOSITORY = Path(__file__).parents[2]

HOLDER = """
import sys, time
from pathlib import Path
from index.lock import writer_lock
with writer_lock(Path(sys.argv[1]), wait=0):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "lock"


@pytest.fixture
def holder(path):
    """Another process that holds the lock."""
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_lock_is_taken_and_given_back(path):
    for _ in range(3):
        with writer_lock(path, wait=0):
            assert path.exists()


def test_the_lock_is_given_back_after_an_error(path):
    with pytest.raises(KeyError), writer_lock(path, wait=0):
        raise KeyError
    with writer_lock(path, wait=0):
        pass


def test_a_second_writer_is_told_who_holds_it(path, holder):
    with pytest.raises(BusyError) as caught, writer_lock(path, wait=0):
        pass
    message = str(caught.value)
    assert f"process {holder.pid} on {socket.gethostname()} since 20" in message
    assert str(path.parent) in message
    assert "\n" not in message


def test_the_same_process_is_a_second_writer_too(path):
    with writer_lock(path, wait=0), pytest.raises(BusyError, match=f"process {os.getpid()} "), writer_lock(path, wait=0):
        pass


def test_a_killed_writer_lets_go(path, holder):
    holder.kill()
    holder.wait()
    with writer_lock(path, wait=0):
        pass


def test_a_second_writer_waits_as_long_as_it_is_told(path, holder):
    started = time.monotonic()
    with pytest.raises(BusyError), writer_lock(path, wait=0.3):
        pass
    assert time.monotonic() - started >= 0.3
    threading.Timer(0.2, holder.kill).start()
    with writer_lock(path, wait=30):
        assert holder.wait() < 0


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"', b"{}", b"\xff\xfe", b"x" * 5000])
def test_what_the_file_says_is_for_people_only(path, content, holder):
    assert holder.poll() is None
    path.write_bytes(content)
    with pytest.raises(BusyError, match="another process"), writer_lock(path, wait=0):
        pass


def test_a_stale_name_is_overwritten(path, holder):
    holder.kill()
    holder.wait()
    with writer_lock(path, wait=0), pytest.raises(BusyError, match=f"process {os.getpid()} on "), writer_lock(path, wait=0):
        pass


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    for path in (tmp_path / "none" / "lock", tmp_path):
        with pytest.raises(StoreError, match="cannot be written") as caught, writer_lock(path, wait=0):
            pass
        assert not isinstance(caught.value, BusyError)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["link", "dangling link", "pipe", "folder"])
def test_a_lock_that_is_no_plain_file_is_refused_and_left_alone(path, tmp_path, kind):
    target = tmp_path / "precious"
    target.write_text("words")
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(target if kind == "link" else tmp_path / "gone")
    with pytest.raises(StoreError) as caught, writer_lock(path, wait=0):
        pass
    assert "\n" not in str(caught.value)
    assert str(tmp_path) in str(caught.value)
    assert not isinstance(caught.value, BusyError)
    assert target.read_text() == "words"
    assert not (tmp_path / "gone").exists()

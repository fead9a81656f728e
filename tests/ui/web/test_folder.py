"""What the page keeps for a while goes with its process, or with the next one where that was killed."""

import os
import signal
import subprocess
import sys
import tempfile

import pytest

from ui.web.folder import forget, forget_with, own_folder

OTHER = "import sys, time; from ui.web.folder import own_folder; print(own_folder(), flush=True); sys.stdin.read()"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))


def test_a_folder_is_this_process_s_alone_and_goes_with_its_owner(tmp_path):
    class Owner:
        pass

    owner, folder = Owner(), own_folder()
    assert folder.stat().st_mode & 0o777 == 0o700
    (folder / "upload.txt").write_text("words")
    forget_with(owner, folder)
    del owner
    assert list(tmp_path.iterdir()) == []


def test_one_in_use_stays_and_that_of_a_killed_process_goes(tmp_path):
    with subprocess.Popen([sys.executable, "-c", OTHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        theirs = tmp_path / os.path.basename(other.stdout.readline().strip())  # noqa: PTH119  # a line of words
        (theirs / "upload.txt").write_text("words")
        mine = own_folder()
        assert theirs.is_dir()
        other.send_signal(signal.SIGKILL)
        other.wait(20)
    assert theirs.is_dir()
    new = own_folder()
    assert not theirs.exists()
    assert mine.is_dir()
    for folder in (mine, new):
        forget(folder)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_folder_of_ours_stays(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / ".in-use").write_text("")
    (tmp_path / "assay-page-link").symlink_to(outside)
    (tmp_path / "assay-page-file").write_text("words")
    (tmp_path / "assay-page-begun").mkdir()
    linked = tmp_path / "assay-page-linked"
    linked.mkdir()
    (linked / ".in-use").symlink_to(outside / ".in-use")
    folder = own_folder()
    left = {one.name for one in tmp_path.iterdir()}
    assert left == {"outside", "assay-page-link", "assay-page-file", "assay-page-begun", "assay-page-linked", folder.name}
    forget(folder)

"""`assay export`, `assay import` and originals as their users meet them."""

import json
import os
import pty
import subprocess

import pytest


@pytest.fixture
def collection(assay, tmp_path):
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "one.txt").write_bytes(b"\xef\xbb\xbfThe words of one are about nickel.\r\nAnd \xe2\x80\xae more.")
    (folder / "two.md").write_text("# Two\n\nThe words of two.")
    assay("add", folder, "--keep-originals")
    return folder


def test_a_collection_goes_out_and_comes_back(assay, collection, tmp_path):
    out, err = assay("export")
    assert err == ""
    assert json.loads(out.splitlines()[0])["articles"] == 2
    assert json.loads(out.splitlines()[1])["text"] == (collection / "one.txt").read_bytes().decode("utf-8-sig")
    assert "\u202e" not in out  # what a terminal would obey is escaped
    said, _ = assay("export", tmp_path / "e.jsonl")
    assert said == f"exported 2 articles to {tmp_path / 'e.jsonl'}\n"
    assert (tmp_path / "e.jsonl").read_bytes() == out.encode()
    assert json.loads(assay("export", tmp_path / "e.jsonl", "--json")[0]) == {"exported": 2, "file": str(tmp_path / "e.jsonl")}
    report = json.loads(assay("import", tmp_path / "e.jsonl", "--index", tmp_path / "two", "--json")[0])
    assert report["added"] == ["one.txt", "two.md"]
    assert assay("export", "-", "--index", tmp_path / "two")[0] == out
    again, _ = assay("import", tmp_path / "e.jsonl", "--index", tmp_path / "two")
    assert again.startswith("2 unchanged in ")


def test_what_is_not_an_export_is_refused_in_one_line(assay, tmp_path):
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"id": "a", "text": "Words."}\n')
    for file, said in ((rows, "its first line is no header"), (tmp_path, "found a folder"), (tmp_path / "none", "No such file")):
        _, err = assay("import", file, "--index", tmp_path / "none", code=2)
        assert not (tmp_path / "none").exists()
        assert said in err
        assert err.count("\n") == 1
    _, err = assay("export", tmp_path / "e.jsonl", "--index", tmp_path / "none", code=2)
    assert "expected an index" in err


def test_a_damaged_line_is_told_and_the_rest_is_taken(assay, collection, tmp_path):  # noqa: ARG001
    lines = assay("export")[0].splitlines()
    (tmp_path / "e.jsonl").write_text("\n".join([lines[0], lines[1].replace("nickel", "copper"), lines[2]]) + "\n")
    out, _ = assay("import", tmp_path / "e.jsonl", "--index", tmp_path / "two", code=1)
    assert "e.jsonl:line 2: the article 'one.txt' is not what was exported" in out
    assert "1 added, 1 refused" in out


def test_an_export_that_fails_leaves_the_file_that_was_there(assay, collection, tmp_path, monkeypatch):  # noqa: ARG001
    (tmp_path / "e.jsonl").write_text("before")
    monkeypatch.setattr("index.library.article_line", lambda _: 1 / 0)
    assay("export", tmp_path / "e.jsonl", code=2)
    assert (tmp_path / "e.jsonl").read_text() == "before"
    assert [path.name for path in tmp_path.iterdir() if "e.jsonl" in path.name] == ["e.jsonl"]


def test_a_pipe_is_read_and_written(process, collection, tmp_path):  # noqa: ARG001
    with process("export", "-") as out, process("import", "-", "--index", tmp_path / "two", "--json", stdin=out.stdout) as taken:
        assert json.loads(taken.communicate(timeout=60)[0])["added"] == ["one.txt", "two.md"]


def test_an_original_is_given_back(assay, collection, tmp_path, process):
    with process("show", "one.txt", "--original") as shown:
        assert shown.communicate(timeout=60)[0] == (collection / "one.txt").read_bytes()
    out, _ = assay("show", "one.txt", "--original", tmp_path / "back")
    assert out == f"wrote {tmp_path / 'back'}, the original of one.txt, which was called one.txt\n"
    assert (tmp_path / "back").read_bytes() == (collection / "one.txt").read_bytes()
    said = json.loads(assay("show", "two.md", "--original", tmp_path / "back", "--json")[0])
    assert said == {"id": "two.md", "name": "two.md", "file": str(tmp_path / "back")}
    for arguments, found in ((("--span", "0:3"), "found both"), ((), "cannot be written")):
        _, err = assay("show", "one.txt", "--original", tmp_path / "none" / "x", *arguments, code=2)
        assert err.count("\n") == 1
        assert found in err or "No such file" in err


def test_bytes_are_not_written_to_a_terminal(process, collection):  # noqa: ARG001
    ours, theirs = pty.openpty()
    running = process("show", "one.txt", "--original")
    running.kill()
    running.communicate()
    command = [*running.args]
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}  # noqa: PTH109
    shown = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, env=environment, check=False)
    os.close(theirs)
    os.close(ours)
    assert shown.returncode == 2
    assert b"found a terminal; name a file: --original FILE" in shown.stderr

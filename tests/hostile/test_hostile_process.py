"""The command as users run it, in a process of its own with the real model: hostile words go in, and nothing is run, reached or written."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from index import Library

ROOT = Path(__file__).parents[2]

#: Runs commands one after another, each with its stdin, under a hook that notes what must not happen once all is imported.
SCRIPT = """
import io, json, os, sys

NEVER = {
    "compile", "exec", "pickle.find_class", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "subprocess.Popen",
    "ctypes.dlopen", "socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname", "urllib.Request",
}
armed, seen, written = False, [], set()

def hook(event, arguments):
    if armed and event in NEVER:
        seen.append([event, ascii(arguments)[:300]])
    elif armed and event == "open" and isinstance(arguments[0], (str, bytes)):
        if (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            written.add(os.path.abspath(os.fsdecode(arguments[0])))

sys.addaudithook(hook)
from ui.cli import main

plan = json.load(open(sys.argv[1]))
ran = []
for warming in (True, False):
    armed = not warming
    for argv, said in plan["warm" if warming else "hostile"]:
        sys.stdin = io.TextIOWrapper(io.BytesIO(said.encode("utf-8", "surrogatepass")))
        sys.stdout, sys.stderr = io.TextIOWrapper(io.BytesIO(), write_through=True), io.TextIOWrapper(io.BytesIO(), write_through=True)
        out, err = sys.stdout, sys.stderr
        code = main(argv)
        ran.append([argv[0], code, *(stream.buffer.getvalue().decode() for stream in (out, err))])
armed = False
sys.__stdout__.write(json.dumps({"ran": ran, "seen": seen, "written": sorted(written)}))
"""


def environment(index):
    return {**os.environ, "PYTHONPATH": str(ROOT), "ASSAY_INDEX": str(index)}


def written(path, rows):
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return str(path)


def test_every_verb_with_the_real_model_under_watch(tmp_path, ours, well):
    texts = ours[::18]
    rows = [{"id": f"a{n}", "title": text, "source": text, "text": f"{text}\nNickel {n} is mined."} for n, text in enumerate(texts)]
    asked = [{"id": n, "question": text, "history": [{"role": "user", "content": text}]} for n, text in enumerate(texts)]
    articles, questions = written(tmp_path / "rows.jsonl", rows), written(tmp_path / "questions.jsonl", asked)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "$(touch canary).md").write_text("# `touch canary`\n\n{{7*7}} <script>alert(1)</script> nickel\n")
    warm = [
        *(
            ("sync", str(tmp_path / "folder")),
            ("add", articles),
            ("list",),
            ("ask", "zinc"),
            ("chat",),
            ("doctor",),
            ("rm", "a0"),
            ("nonsense",),
        ),
        ("search", "--from", questions, "--run", str(tmp_path / "warm.run")),
    ]
    words = "{0.__class__} $(touch canary) `touch canary` '; DROP TABLE articles; -- [red]nickel[/red] \x1b[31m"
    hostile = [
        *(("add", "--json", articles), ("sync", "--json", str(tmp_path / "folder")), ("list", "--json"), ("show", "--json", "a3")),
        *(("search", f"--source={words}", "--", words), ("ask", "--json", "--", words), ("ask", "--from", questions), ("chat", "--json")),
        *(("search", "--json", "--from", questions, "--run", str(tmp_path / "run")), ("rm", "--json", "a1"), ("rm", "--", words)),
        *(("rebuild", "--json"), ("doctor", "--json"), ("backup", "--json", str(tmp_path / "copy $(touch canary)"))),
    ]
    said = "\n".join(text.replace("\n", " ").replace("\r", " ") for text in texts)
    plan = {"warm": [(argv, "") for argv in warm], "hostile": [(argv, said if argv[0] == "chat" else "") for argv in hostile]}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    (tmp_path / "aside").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "plan.json")],
        capture_output=True,
        check=True,
        cwd=tmp_path / "aside",
        env=environment(tmp_path / "index"),
        timeout=300,
    )
    assert done.stderr == b""
    found = json.loads(done.stdout)
    assert found["seen"] == []
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path("~/.cache").expanduser())
    assert all(path.startswith((f"{tmp_path}/", f"{cache}/assay/")) or path == os.devnull for path in found["written"])
    assert list((tmp_path / "aside").iterdir()) == []
    ran = dict(zip(hostile, found["ran"][len(warm) :], strict=True))
    for argv, (_, code, out, err) in ran.items():
        assert "Traceback (most" not in out + err, argv
        assert "internal error" not in out + err, argv
        assert "\x1b" not in out + err, argv
        assert code == (2 if argv[0] == "rm" and "--" in argv else code if "--from" in argv or argv[0] in ("add", "chat") else 0), (
            argv,
            err,
        )
    kept = {row["id"] for row in json.loads(ran["list", "--json"][2])}
    added = json.loads(ran["add", "--json", articles][2])
    assert kept == {*added["added"], *added["unchanged"], "$(touch%20canary).md"}
    assert kept - {"$(touch%20canary).md"} == {row["id"] for row in rows if not re.search("[\0\ud800-\udfff]", row["title"])}
    assert all(len(line.split()) == 6 for line in (tmp_path / "run").read_text().splitlines())
    with Library.open(tmp_path / "index") as library:
        assert well(library)
        assert {record["id"] for record in library.articles()} == kept - {"a1"}
        assert all(library.article(f"a{n}").text == rows[n]["text"] for n in range(len(rows)) if f"a{n}" in kept - {"a1"})


@pytest.fixture
def assay(tmp_path):
    """`assay(*argv, said="") -> (code, stdout, stderr)`: the installed command."""
    command = Path(sys.executable).with_name("assay")

    def run(*argv, said=""):
        done = subprocess.run(
            [command, *argv], input=said.encode("utf-8", "surrogatepass"), capture_output=True, check=False, cwd=tmp_path,
            env=environment(tmp_path / "index"), timeout=120,
        )  # fmt: skip
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    return run


def test_the_installed_command(assay, tmp_path, ours):
    name = b"-nickel \xff\n\x1b[31m$(touch canary).txt"
    (tmp_path / os.fsdecode(name)).write_text("[red]Nickel[/red] \x1b]0;owned\x07 is {{7*7}} [1] `id`.")
    code, out, err = assay("add", "--json", "--", name)
    assert (code, err) == (0, "")
    (added,) = json.loads(out)["added"]
    code, out, _ = assay("ask", "Is nickel {{7*7}}?")
    assert code == 0
    assert "\x1b" not in out
    assert "\x07" not in out
    assert "[red]Nickel[/red] \ufffd]0;owned\ufffd is {{7*7}}" in out or "The articles do not say." in out
    said = [text.replace("\n", " ").replace("\r", " ") for text in (*ours[1::9], "?!")]
    code, out, err = assay("chat", "--json", said="\n".join(said))
    assert (code, err) == (1, "")  # some have no words
    assert len([json.loads(line) for line in out.splitlines()]) == sum(bool(line.strip()) for line in said)
    assert assay("show", "--json", "--", added)[0] == 0
    assert assay("ask", b"caf\xe9", "--source", b"\xff")[0] == 2
    assert {path.name for path in tmp_path.iterdir()} == {os.fsdecode(name), "index"}

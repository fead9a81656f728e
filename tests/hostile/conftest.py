"""What the hostile tests share: strings made to harm, the command line under watch, and what must hold whatever a string says.

The strings of our own stand here; the public lists lie in the folder that ASSAY_DATA names. No address in them is contacted.
"""

import gzip
import io
import json
import os
import re
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import faiss
import pytest

from index import Library
from rag import Answer
from ui.cli import main

#: Written for these tests, by what each is meant to be taken for.
_ROWS = [json.loads(line) for line in Path(__file__).with_name("words.jsonl").read_text(encoding="utf-8").splitlines()]

#: Every control character, a few at a time between words; NUL alone, since no text may hold it.
_CODES = (*range(1, 0x20), *range(0x7F, 0xA0))
_CONTROLS = ["nickel\0cobalt", *("nickel" + "cobalt".join(map(chr, _CODES[n : n + 4])) + "zinc" for n in range(0, len(_CODES), 4))]

#: More of it than anyone means.
_HUGE = [
    "nickel " * 3_000,
    "x" * 20_000,
    "[" * 3_000 + "nickel",
    "[1]" * 2_000,
    "nickel. " * 1_000,
    "🙂" * 3_000 + "nickel",
    "e\u0301" * 3_000,
    "9" * 5_000,
    '"' * 3_000,
    "\\" * 3_000,
    " " * 5_000 + "nickel",
    "the and of " * 1_000,
    "\x1b[31m" * 1_000,
    "it its they " * 1_000,
]

#: All that can be written as UTF-8, and the rest.
WRITABLE = [*(row["text"] for row in _ROWS if row["kind"] != "surrogates"), *_CONTROLS, *_HUGE]
OURS = [*WRITABLE, *(row["text"] for row in _ROWS if row["kind"] == "surrogates")]

#: The public lists, with where in a row their strings stand.
LISTS = {
    "naughty_questions.jsonl": ("text",),
    "xss_payloads.jsonl.gz": ("payload",),
    "markdown_exfil.jsonl.gz": ("text",),
    "injections.jsonl.gz": ("text",),
    "poisoned_passages.jsonl.gz": ("question", "incorrect", "adv_texts"),
    "traversal.jsonl.gz": ("path",),
    "ssrf_urls.jsonl": ("url",),
}

#: What a terminal obeys, but for the end of a line.
_OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f]")

#: The styles that the screen uses: bold, dim, yellow, cyan, and their end.
_STYLES = re.compile("\x1b\\[(?:0|1|2|33|36)m")


def public_strings():
    """Every string of the public lists, by list."""
    folder = Path(os.environ["ASSAY_DATA"]) / "hostile"
    found = {}
    for name, fields in LISTS.items():
        data = (folder / name).read_bytes()
        rows = [json.loads(line) for line in (gzip.decompress(data) if name.endswith(".gz") else data).splitlines()]
        values = [row[field] for row in rows for field in fields if field in row]
        found[name] = [text for value in values for text in (value if isinstance(value, list) else [value])]
    return found


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    """Search a handful of vectors in one thread: several wait for each other, each time, where other processes are at work."""
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    yield
    faiss.omp_set_num_threads(threads)


@pytest.fixture(scope="session")
def public():
    """Every string of the public lists once, in their order."""
    if not os.environ.get("ASSAY_DATA"):
        pytest.skip("ASSAY_DATA names no folder of public data")
    return list(dict.fromkeys(text for texts in public_strings().values() for text in texts))


@pytest.fixture(scope="session")
def ours():
    """The strings that stand in this file."""
    return OURS


@pytest.fixture(scope="session")
def writable():
    """Those of them that UTF-8 can write."""
    return WRITABLE


@pytest.fixture
def tally(capsys, request):
    """`tally(what, strings=…, sinks=…)`: print a figure, past the capture."""

    def say(what, **figures):
        with capsys.disabled():
            sys.stdout.write(f"\n{request.node.name}: {what}: {', '.join(f'{count:,} {name}' for name, count in figures.items())}")

    return say


# --- the watch --------------------------------------------------------------------------------------------------------

#: What nothing that an article, a question or a file says may lead to.
_NEVER = {
    *("compile", "exec", "code.__new__", "pickle.find_class", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn"),
    *("os.spawn", "subprocess.Popen", "pty.spawn", "ctypes.dlopen", "socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo"),
    *("socket.gethostbyname", "socket.gethostbyaddr", "urllib.Request", "webbrowser.open", "sqlite3.enable_load_extension"),
    *("sqlite3.load_extension", "ftplib.connect", "http.client.connect", "smtplib.connect", "sys.settrace", "sys.setprofile"),
}

#: What changes a file, with the arguments that name it.
_CHANGES = {
    **dict.fromkeys(("os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.chmod", "os.chown", "os.utime"), (0,)),
    **dict.fromkeys(("os.rename", "os.link", "os.symlink", "shutil.move", "shutil.copyfile"), (0, 1)),
    "shutil.rmtree": (0,),
}

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class _Watch:
    """An audit hook that notes what must not happen while it is armed; hooks cannot be taken out again."""

    def __init__(self):
        self.armed = False
        self.allowed = ()
        self.seen = []

    def __call__(self, event, arguments):
        if not self.armed:
            return
        self.armed = False  # what the hook itself does is no event
        try:
            if event in _NEVER:
                self.seen.append((event, ascii(arguments)[:300]))
            elif event == "open":
                path, mode, flags = arguments
                if not isinstance(path, int) and ((flags or 0) & _WRITES or set(mode or "r") & set("wax+")):
                    self._check(event, path)
            elif event in _CHANGES:
                for place in _CHANGES[event]:
                    self._check(event, arguments[place])
        finally:
            self.armed = True

    def _check(self, event, path):
        if isinstance(path, int):
            return
        where = os.path.realpath(os.fsdecode(path))
        if not where.startswith(self.allowed) and where != os.devnull:
            self.seen.append((event, ascii(where)))


_WATCH = _Watch()


@contextmanager
def _watched(*folders):
    """Fail when anything is run, reached, or written outside `folders` and those for temporary and cached files."""
    if not hasattr(_WATCH, "installed"):
        _WATCH.installed = True
        sys.addaudithook(_WATCH)
    cache = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    _WATCH.allowed = (
        *(os.path.realpath(folder) + os.sep for folder in (*folders, Path(cache) / "assay")),
        os.path.realpath(Path(tempfile.gettempdir()) / "assay-"),
    )
    _WATCH.seen = []
    _WATCH.armed = True
    try:
        yield
    finally:
        _WATCH.armed = False
    assert _WATCH.seen == []


@pytest.fixture
def watched():
    """`with watched(folder): …`: nothing is run, reached, or written elsewhere."""
    return _watched


# --- the command line -------------------------------------------------------------------------------------------------


class Ran(NamedTuple):
    """What a command printed and exited with."""

    code: int
    out: str
    err: str

    @property
    def rows(self):
        """The lines of JSON on stdout."""
        return [strict(line) for line in self.out.split("\n") if line]

    @property
    def value(self):
        """The one line of JSON on stdout."""
        (found,) = self.rows
        return found


def strict(line):
    """Parse JSON, not what Python takes for it besides."""

    def refuse(word):
        raise AssertionError(word)

    return json.loads(line, parse_constant=refuse)


class Assay:
    """The command in this process, on the small embedder, in an empty folder, under watch; whatever it is told, the contract holds."""

    def __init__(self, folder, capsys, monkeypatch):
        self.index = folder / "index"
        self.folder = folder
        self._capsys = capsys
        self._monkeypatch = monkeypatch
        self._aside = folder / "aside"
        self._aside.mkdir()
        monkeypatch.chdir(self._aside)
        monkeypatch.setenv("ASSAY_INDEX", str(self.index))
        monkeypatch.setattr("ui.progress._DELAY_IN_FILE", 1e9)  # a bar would stand between the lines of a slow machine
        self.runs = 0

    def __call__(self, *argv, said=None, raw=False):
        """Run a command; `said` is its stdin, and `raw` tells that its stdout is an article's own characters."""
        self.runs += 1
        with self._monkeypatch.context() as patched:
            patched.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((said or "").encode("utf-8", "surrogatepass"))))
            with _watched(self.folder):
                code = main([str(argument) for argument in argv])
        out, err = self._capsys.readouterr()
        self._check(argv, code, out, err, raw=raw)
        return Ran(code, out, err)

    def _check(self, argv, code, out, err, *, raw):
        place = ascii((argv, code, out[-2000:], err[-2000:]))[:5000]
        assert code in (0, 1, 2), place
        assert "Traceback (most" not in out + err, place
        assert "internal error:" not in out + err, place
        assert not _OBEYED.search(err), place
        assert all(len(line) < 1000 for line in err.split("\n")), place
        assert raw or not _OBEYED.search(out.replace("\t", "")), place
        if code == 2:
            assert out == "", place
            assert err.startswith("assay: "), place
            assert err.count("\n") == 1, place
        elif "--json" in argv:
            for line in out.split("\n"):
                assert not line or isinstance(strict(line), dict | list), place
        assert list(self._aside.iterdir()) == [], place

    def on_terminal(self, *argv):
        """Return what the command shows on a wide terminal, without the styles of our own."""
        terminal = io.StringIO()
        terminal.isatty = lambda: True
        with self._monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", terminal)
            patched.setenv("COLUMNS", "100000")
            patched.setenv("TERM", "xterm")
            assert main([str(argument) for argument in argv]) in (0, 1)
        shown = _STYLES.sub("", terminal.getvalue())
        assert not _OBEYED.search(shown), ascii((argv, _OBEYED.search(shown)))
        return shown


@pytest.fixture
def assay(tmp_path, monkeypatch, capsys, make_embedder):
    """The command, with everything imported that it imports when it first needs it."""
    monkeypatch.setattr("index.library.SentenceTransformerEmbedder", lambda name, **_: make_embedder(name))
    _warm(tmp_path / "warm", make_embedder)
    capsys.readouterr()
    return Assay(tmp_path, capsys, monkeypatch)


def _warm(folder, make_embedder):
    """Import what is imported late, and compile what is compiled once: no data of a test has been seen yet."""
    if _WARM:
        return
    _WARM.append(folder)
    folder.mkdir()
    names = ("a.txt", "a.md", "a.html", "a.jsonl", "a.json", "a.csv")
    page = "<html><body><p>Some words here.</p></body></html>"
    contents = ("Words. More words.", "# Words\n\nMore words.", page, '{"text": "x"}', '{"text": "x"}', "text\nwords\n")
    for name, content in zip(names, contents, strict=True):
        (folder / name).write_text(content)
    questions = folder / "questions.jsonl.txt"
    questions.write_text('{"id": "q", "question": "words"}\n')
    index = f"--index={folder / 'index'}"
    main(["add", str(folder), index, "--published", "2023"])
    for argv in (["list"], ["show", "a.txt"], ["search", "words"], ["ask", "words"], ["doctor"], ["rebuild"], ["rm", "a.csv#2"]):
        main([*argv, index])
    main(["ask", "--from", str(questions), "--json", index])
    main(["search", "--from", str(questions), "--run", str(folder / "run"), index])
    main(["nonsense"])
    with Library.open(folder / "api", model=make_embedder()) as library:
        library.add({"text": "Words."})


_WARM = []


@pytest.fixture
def well():
    """`well(library)`: whether the doctor finds nothing."""

    return lambda library: library.doctor().faults == ()


# --- what must hold ---------------------------------------------------------------------------------------------------


def _check_answer(values, texts):
    """Hold an answer in JSON against the articles' `texts` by id: every citation is there, and every number has one."""
    numbers = {citation["n"] for citation in values["citations"]}
    assert numbers == {n for sentence in values["sentences"] for n in sentence["citations"]}
    assert numbers == {int(n) for n in re.findall(r"\[(\d+)\]", values["answer"])}
    assert values["abstained"] == (not values["sentences"]) == (values["reason"] is not None)
    for found in (*values["citations"], *values["hits"]):
        words = found["quote"] if "quote" in found else found["text"]
        assert texts[found["article_id"]][found["start"] : found["end"]] == words
    assert not any(re.search(r"\[\d+\]", sentence["text"]) for sentence in values["sentences"])
    assert Answer.from_json(values).to_json() == values


@pytest.fixture
def check_answer():
    """The function above."""
    return _check_answer

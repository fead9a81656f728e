"""Files are read in a child process: whatever they do to it is one refused file, and the next one goes on."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import ArticleError, Heading, Span
from index.loaders import BrokenRow, Draft, Row
from index.loaders.sandbox import Sandbox
from index.loaders.wire import _READERS, NonsenseError, line_of, record_of, said_of

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

linux = pytest.mark.skipif(sys.platform != "linux", reason="the walls that bind native code are those of Linux")


@pytest.fixture(scope="module")
def sandbox():
    before = children()
    sandbox = Sandbox("hostile_loaders", search=(str(HERE),), seconds=6, memory=400_000_000)
    yield sandbox
    sandbox.close()
    assert children() <= before


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"one\nbad two\nthree")
    with path.open("rb") as stream:
        yield stream


def loader(name, patience=1.0):
    return SimpleNamespace(name=name, patience=patience)


def texts(sandbox, name, stream, patience=1.0):
    return [said.text for said in sandbox.load(loader(name, patience), stream)]


def refusal(sandbox, name, stream, patience=1.0):
    with pytest.raises(ArticleError) as caught:
        list(sandbox.load(loader(name, patience), stream))
    return str(caught.value)


def children():
    """The child processes of this one, zombies too."""
    mine = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            after = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(after[1]) == os.getpid():
            mine.add(stat.parent.name)
    return mine


# --- what is read -----------------------------------------------------------------------------------------------------


def test_drafts_rows_and_refusals_come_as_the_loader_said_them(sandbox, file):
    assert list(sandbox.load(loader("rows"), file)) == [
        Draft(text="one\n", row=Row("line", 1), metadata={"a": [1, {"b": None}]}),
        BrokenRow(Row("line", 2), "it is bad"),
        Draft(text="three", row=Row("line", 3), metadata={"a": [1, {"b": None}]}),
        BrokenRow("a member", "it is bad too"),
    ]
    assert refusal(sandbox, "refuses", file) == "no article in it"
    assert texts(sandbox, "seeks", file) == ["three"]


def test_a_stream_without_a_file_is_read_too(sandbox):
    assert texts(sandbox, "reads", io.BytesIO(b"in memory")) == ["in memory"]
    assert texts(sandbox, "seeks", io.BytesIO(b"in memory")) == ["emory"]


def test_long_texts_and_broken_unicode_come_through(sandbox, file):
    assert texts(sandbox, "long", file) == ["wörd " * 4_000_000]
    assert texts(sandbox, "surrogate", file) == ["a\ud800b"]


def test_libraries_are_loaded_when_they_are_needed(sandbox, file):
    assert texts(sandbox, "imports_late", file) == ["lateEurope/Berlin"]
    assert texts(sandbox, "threads", file) == ["ran"]


def test_one_child_reads_many_files_and_a_fresh_one_follows(file):
    sandbox = Sandbox("hostile_loaders", search=(str(HERE),), files=3)
    try:
        assert [texts(sandbox, "counts", file)[0] for _ in range(7)] == ["1", "2", "3", "1", "2", "3", "1"]
        assert len(sandbox._alive) == 1
    finally:
        sandbox.close()


def test_what_one_file_left_behind_costs_no_other(file):
    """A child that ends over a file after others is no proof against the file: it is read again by one that has read nothing."""
    sandbox = Sandbox("hostile_loaders", search=(str(HERE),))
    try:
        assert [texts(sandbox, "dies_the_second_time", file) for _ in range(4)] == [["alive"]] * 4
    finally:
        sandbox.close()


def test_many_threads_read_at_once_and_each_gets_its_own(sandbox):
    wrong = []

    def read(number):
        for turn in range(5):
            words = f"thread {number} turn {turn}"
            if texts(sandbox, "reads", io.BytesIO(words.encode())) != [words]:
                wrong.append(words)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(sandbox._idle) == len(sandbox._alive) == 1


# --- what goes wrong --------------------------------------------------------------------------------------------------

BROKEN = {
    "raises": "the reader of raises files broke on it: KeyError",
    "leaves": "the reader of leaves files broke on it: SystemExit",
    "quits": "the reader of quits files broke on it: it ended with the status 3",
    "recurses": "the reader of recurses files broke on it: RecursionError",
    "crashes": "the reader of crashes files broke on it: it was ended by SIGSEGV",
    "aborts": "the reader of aborts files gave up on it: it is damaged, or needs more memory than there is",
    "kills_itself": "the reader of kills_itself files broke on it: it was ended by SIGKILL",
    "allocates": "needs more than 400 MB of memory to read",
    "says_garbage": "the reader of says_garbage files broke on it: what it said makes no sense",
    "says_other_types": "the reader of says_other_types files broke on it: what it said makes no sense",
    "says_spans_outside": "the reader of says_spans_outside files broke on it: what it said makes no sense",
    "says_of_no_file": "the reader of says_of_no_file files broke on it: what it said makes no sense",
    "says_without_end": "too long: what is read of it takes more than 64 MB",
    "too_long": "too long: 50,000,001 characters, at most 50,000,000 make an article; split it",
}


@pytest.mark.parametrize("name", BROKEN)
def test_whatever_happens_is_one_reason_and_the_next_file_goes_on(sandbox, file, name):
    assert refusal(sandbox, name, file) == BROKEN[name]
    assert texts(sandbox, "reads", file) == ["one\nbad two\nthree"]


@pytest.mark.parametrize("name", ["spins", "sleeps", "spins_in_c", "dribbles"])
def test_a_hang_is_ended_in_time(sandbox, file, name):
    began = time.monotonic()
    assert refusal(sandbox, name, file, patience=0.05) == "took longer than 0 s to read"
    assert time.monotonic() - began < 5
    assert texts(sandbox, "reads", file) == ["one\nbad two\nthree"]


def test_a_small_file_of_many_slow_articles_is_ended_in_time_too(sandbox, file, tmp_path):
    """Each in time, but thousands of them: how long all may take goes by the file's size, and by what slow work asks for."""
    drafts = sandbox.load(loader("sleeps_for_each", patience=0.1), file)
    assert next(drafts).text == "slept"
    with pytest.raises(ArticleError, match="took longer than 1 s to read"):
        list(drafts)
    assert texts(sandbox, "sleeps_for_each_and_asks", file, patience=0.1) == ["slept"] * 5
    large = tmp_path / "large"
    large.write_bytes(b"x" * 200_000)
    with large.open("rb") as stream:
        assert texts(sandbox, "sleeps_for_each", stream, patience=0.1) == ["slept"] * 20


def test_articles_before_a_refusal_are_kept(sandbox, file):
    drafts = sandbox.load(loader("refuses_after_some"), file)
    assert next(drafts).text == "one"
    with pytest.raises(ArticleError, match="then it ends"):
        next(drafts)


def test_a_library_that_gives_up_when_memory_is_short_is_told_as_such(sandbox, file):
    """But for a child of a process that itself held more: whose memory it was cannot be told then."""
    reason = refusal(sandbox, "aborts_when_short", file)
    assert reason in (BROKEN["allocates"], BROKEN["aborts"].replace("aborts", "aborts_when_short"))


@pytest.mark.slow
def test_lines_without_end_are_ended(sandbox, file):
    with pytest.raises(ArticleError, match=r"takes more than 384 MB|longer than"):
        for _ in sandbox.load(loader("says_lines_without_end"), file):
            pass


def test_a_file_left_in_the_middle_leaves_nothing_to_the_next(sandbox, file):
    drafts = sandbox.load(loader("says_lines_without_end"), file)
    next(drafts)
    drafts.close()
    assert texts(sandbox, "reads", file) == ["one\nbad two\nthree"]


def test_what_is_said_after_the_end_is_nobodys(sandbox, file):
    assert texts(sandbox, "says_after_the_end", file) == []
    assert texts(sandbox, "reads", file) == ["one\nbad two\nthree"]


def test_prints_go_nowhere(sandbox, file, capfd):
    assert texts(sandbox, "prints", file) == ["printed"]
    assert capfd.readouterr() == ("", "")


def test_memory_that_is_short_in_a_child_that_holds_nothing_is_not_asked_for_again(file):
    sandbox = Sandbox("hostile_loaders", search=(str(HERE),))
    begun = []
    try:
        assert texts(sandbox, "reads", file)
        (lean,) = sandbox._alive
        take = sandbox._take
        sandbox._take = lambda **how: begun.append(take(**how)) or begun[-1]
        assert "MB of memory" in refusal(sandbox, "allocates", file)
        assert begun == [lean]
        assert texts(sandbox, "holds_some", file)
        assert "MB of memory" in refusal(sandbox, "allocates", file)
        assert len(begun) == 4
    finally:
        sandbox.close()


def test_the_name_that_a_file_s_format_has_is_told(sandbox, file):
    assert refusal(sandbox, "finds_another_format", file) == "the reader of Excel files broke on it: it was ended by SIGSEGV"
    assert refusal(sandbox, "lies_about_its_format", file) == BROKEN["says_garbage"].replace("says_garbage", "lies_about_its_format")


def test_a_fat_child_is_not_used_again(file):
    sandbox = Sandbox("hostile_loaders", search=(str(HERE),))
    try:
        assert texts(sandbox, "keeps_much", file) == ["keeps 300000000"]
        assert sandbox._idle == []
        assert texts(sandbox, "holds_much", file) == ["held 300000000"]
        assert len(sandbox._idle) == 1
    finally:
        sandbox.close()


def test_a_child_that_ended_while_it_waited_is_replaced(sandbox, file):
    assert texts(sandbox, "reads", file)
    (idle,) = sandbox._idle
    os.kill(idle._process.pid, signal.SIGKILL)
    time.sleep(0.1)
    assert texts(sandbox, "reads", file) == ["one\nbad two\nthree"]


def test_loaders_that_cannot_be_loaded_are_one_reason(file):
    with pytest.raises(ArticleError, match="the process that reads such files does not start"):
        list(Sandbox("no.such.registry").load(loader("reads"), file))


def test_nothing_is_left_open(file):
    def open_now():
        return [descriptor for descriptor in range(1024) if _is_open(descriptor)]

    before = open_now()
    sandbox = Sandbox("hostile_loaders", search=(str(HERE),))
    for name in ("reads", "quits", "crashes", "spins", "says_garbage"):
        try:
            list(sandbox.load(loader(name, 0.05), file))
        except ArticleError:
            continue
    sandbox.close()
    assert open_now() == before


def _is_open(descriptor):
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


# --- what is out of reach ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["writes_files", "starts_processes", "reaches_out"])
def test_python_reaches_nothing(sandbox, file, name):
    assert "DONE" not in texts(sandbox, name, file)[0]


@linux
@pytest.mark.parametrize(
    "name", ["reads_files", "natively_reaches_out", "natively_starts_processes", "natively_writes_files", "natively_reads_files"]
)
def test_native_code_reaches_nothing(sandbox, file, name):
    if not {"seccomp", "landlock"} <= set(sandbox.walls()):
        pytest.skip("this kernel has no such filters")
    assert "DONE" not in texts(sandbox, name, file)[0]
    assert not Path("/tmp/assay-sandbox-escape").exists()  # noqa: S108


def test_neither_environment_nor_descriptors_are_inherited(sandbox, file, monkeypatch):
    monkeypatch.setenv("ASSAY_API_KEYS", "secret")
    sandbox.close()
    told = texts(sandbox, "tells", file)[0]
    assert "ASSAY" not in told
    assert told.endswith("'/')")
    with (HERE / "hostile_loaders.py").open() as other:
        os.set_inheritable(other.fileno(), True)
        sandbox.close()
        assert texts(sandbox, "inherits", file) == ["0o100000 0o100000 0o140000"]  # the file, the meter and the socket
    assert int(texts(sandbox, "opens_many", file)[0]) < 64


# --- ends -------------------------------------------------------------------------------------------------------------

ALONE = """
import sys, types
sys.path.insert(0, {root!r})
from index.loaders.sandbox import Sandbox
sandbox = Sandbox("hostile_loaders", search=({here!r},), seconds={seconds})
assert [said.text for said in sandbox.load(types.SimpleNamespace(name="reads"), open({file!r}, "rb"))]
print(sandbox._idle[0]._process.pid, flush=True)
list(sandbox.load(types.SimpleNamespace(name={name!r}), open({file!r}, "rb")))
"""


def alone(tmp_path, name, seconds):
    """Start a process that reads a file that hangs; return it and the process id of its child."""
    (tmp_path / "file").write_bytes(b"words")
    script = ALONE.format(root=str(ROOT), here=str(HERE), file=str(tmp_path / "file"), name=name, seconds=seconds)
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return process, int(process.stdout.readline())


def gone(pid, within):
    until = time.monotonic() + within
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{pid}/stat").exists() and Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return True  # ended; whoever adopted it has not looked yet
        time.sleep(0.05)
    return False


def test_an_interrupt_ends_the_child_too(tmp_path):
    process, child = alone(tmp_path, "spins", 60)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert errors.strip().endswith("KeyboardInterrupt")
    assert gone(child, 1)


def test_an_orphan_ends_by_itself(tmp_path):
    process, child = alone(tmp_path, "spins", 1)
    time.sleep(0.3)
    process.kill()
    process.communicate()
    assert gone(child, 10)


def test_an_orphan_that_waits_ends_at_once(tmp_path):
    process, child = alone(tmp_path, "reads", 1)
    process.communicate(timeout=20)
    assert gone(child, 1)


@pytest.mark.slow
def test_an_orphan_that_sleeps_ends_too(tmp_path):
    process, child = alone(tmp_path, "sleeps", 1)
    time.sleep(0.3)
    process.kill()
    process.communicate()
    assert gone(child, 20)


def test_a_fork_leaves_the_child_to_its_parent(sandbox, file):
    assert texts(sandbox, "reads", file)
    (idle,) = sandbox._idle
    pid = os.fork()
    if pid == 0:
        os._exit(0 if not sandbox._idle else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert idle.waiting()


# --- lines ------------------------------------------------------------------------------------------------------------

words = st.text(min_size=1, max_size=20)
numbers = st.integers(0, 9)
spans = st.builds(Span, st.integers(0, 4), st.integers(4, 9))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
drafts = st.builds(
    Draft,
    text=st.text(st.characters(codec=None), min_size=9, max_size=40),
    id=st.none() | words,
    title=st.none() | words,
    source=st.none() | words,
    authors=st.lists(words, max_size=3).map(tuple),
    published=st.none() | words,
    updated=st.none() | words,
    url=st.none() | words,
    language=st.none() | words,
    headings=st.lists(st.builds(Heading, spans, st.integers(1, 6)), max_size=3).map(tuple),
    not_citable=st.lists(spans, max_size=3).map(tuple),
    pages=st.lists(numbers, max_size=4).map(tuple),
    metadata=st.dictionaries(words, json_values, max_size=3),
    member=st.none() | words,
    row=st.none() | st.builds(Row, words, numbers),
)


@given(drafts)
def test_every_draft_comes_back_equal(draft):
    line = line_of(draft, "token")
    assert line.index(b"\n") == len(line) - 1
    assert said_of(record_of(line, "token")) == draft


def test_every_part_of_a_draft_is_read_back():
    assert set(_READERS) == set(Draft.__dataclass_fields__)


@given(
    st.dictionaries(st.sampled_from(["text", "headings", "row", "pages", "metadata", "authors", "not_citable", "id", "other"]), json_values)
)
def test_anything_else_is_no_draft(values):
    try:
        said = said_of({"draft": values})
    except NonsenseError:
        return
    assert isinstance(said.text, str)
    assert all(0 <= heading.span.start <= heading.span.end <= len(said.text) for heading in said.headings)


@given(st.binary(max_size=40) | json_values.map(lambda value: repr(value).encode()))
def test_a_line_is_a_record_or_nonsense(line):
    try:
        assert isinstance(record_of(line, "t"), dict)
    except NonsenseError:
        return


@linux
def test_a_busy_machine_is_no_fault_of_the_file(sandbox, file, monkeypatch):
    """It is what the child says of itself that counts: that it wants the processor, and does not get it."""
    assert texts(sandbox, "reads", file)
    (idle,) = sandbox._idle
    monkeypatch.setattr(type(idle), "_starved", lambda *_: True)
    assert texts(sandbox, "sleeps_a_little", file, patience=0.05) == ["slept"]
    monkeypatch.setattr(type(idle), "_starved", lambda *_: False)
    assert refusal(sandbox, "sleeps_a_little", file, patience=0.05) == "took longer than 0 s to read"
    assert texts(sandbox, "reads", file)
    (idle,) = sandbox._idle
    until = time.monotonic() + 10
    while idle._processor()[1] and time.monotonic() < until:  # until it waits for the next file
        time.sleep(0.05)
    had, wants = idle._processor()
    assert had > 0
    assert not wants
    assert not idle._starved(time.monotonic() - 100, had)

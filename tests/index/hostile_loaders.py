"""Loaders that do what a file might make a library do; the tests of the sandbox run them in a child process."""

import ctypes
import os
import signal
import socket
import struct
import subprocess
import sys
import time

from index import ArticleError, Heading, Span
from index.loaders import BrokenRow, Draft, Row
from index.loaders.pace import getting_on, reading
from index.loaders.worker import MAX_CHARACTERS


class Loads:
    """A loader of one function."""

    contained = True
    suffixes = ()
    max_bytes = None

    def __init__(self, function, patience=1):
        self.name = function.__name__
        self.function = function
        self.patience = patience

    def recognises(self, head, suffix):
        return False

    def load(self, stream):
        return self.function(stream)


def reads(stream):
    yield Draft(text=stream.read().decode())


def seeks(stream):
    stream.seek(-5, 2)
    yield Draft(text=stream.read().decode())


def rows(stream):
    for number, line in enumerate(stream, 1):
        if line.startswith(b"bad"):
            yield BrokenRow(Row("line", number), "it is bad")
        else:
            yield Draft(text=line.decode(), row=Row("line", number), metadata={"a": [1, {"b": None}]})
    yield BrokenRow("a member", "it is bad too")


def refuses(_stream):
    raise ArticleError("no article in it")
    yield


def raises(_stream):
    raise KeyError("secret")
    yield


def leaves(_stream):
    sys.exit(0)
    yield


def quits(_stream):
    os._exit(3)
    yield


def refuses_after_some(_stream):
    yield Draft(text="one")
    raise ArticleError("then it ends")


def spins(_stream):
    while True:
        pass
    yield


def sleeps(_stream):
    time.sleep(1000)
    yield


def sleeps_a_little(_stream):
    time.sleep(0.6)
    yield Draft(text="slept")


def sleeps_for_each(stream):
    for _ in range(20):
        time.sleep(0.2)
        yield Draft(text="slept")


def sleeps_for_each_and_asks(stream):
    for _ in range(5):
        getting_on(5.0)
        time.sleep(0.2)
        yield Draft(text="slept")


def spins_in_c(_stream):
    sum(range(10**12))
    yield


def dribbles(stream):
    while True:
        os.write(protocol(), b" ")
        time.sleep(0.05)
    yield


def allocates(_stream):
    held = []
    while True:
        held.append(bytearray(10_000_000))
    yield


def allocates_and_catches(_stream):
    held = []
    try:
        while True:
            held.append(bytearray(10_000_000))
    except MemoryError:
        held.clear()
    yield Draft(text="survived")


def holds_much(_stream):
    held = bytearray(300_000_000)
    yield Draft(text=f"held {len(held)}")


def keeps_much(_stream):
    _STATE.append(bytearray(300_000_000))
    yield Draft(text=f"keeps {len(_STATE[-1])}")


def holds_some(_stream):
    _STATE.append(b"x" * 100_000_000)
    yield Draft(text="held")


def finds_another_format(_stream):
    reading("Excel")
    ctypes.string_at(0)
    yield


def lies_about_its_format(_stream):
    reading("a name\x1b[31m")
    yield


def aborts_when_short(_stream):
    held = []
    try:
        while True:
            held.append(bytearray(10_000_000))
    except MemoryError:
        os.abort()
    yield


def recurses(_stream):
    def again():
        return again() + 1

    again()
    yield


def crashes(_stream):
    ctypes.string_at(0)
    yield


def kills_itself(_stream):
    getattr(ctypes.CDLL(None), "raise")(signal.SIGKILL)
    yield


def aborts(_stream):
    os.abort()
    yield


def protocol():
    """The descriptor on which the child answers: the only socket that it has."""
    for descriptor in range(3, 64):
        try:
            if os.fstat(descriptor).st_mode & 0o170000 == 0o140000:
                return descriptor
        except OSError:
            continue
    raise AssertionError("no socket")


def prints(_stream):
    sys.stdout.write("garbage\n" * 1000)
    sys.stderr.write("garbage\n" * 1000)
    os.write(1, b"garbage\n" * 1000)
    yield Draft(text="printed")


def token():
    """What every line has to begin with, as whoever has taken over the child would find it."""
    return sys._getframe(2).f_locals["allowance"].token.encode()


def says_garbage(_stream):
    os.write(protocol(), bytes(range(256)) + b"\n")
    yield Draft(text="never")


def says_other_types(_stream):
    os.write(protocol(), token() + b' {"draft": {"text": 7}}\n')
    yield Draft(text="never")


def says_spans_outside(_stream):
    yield Draft(text="short", headings=(Heading(Span(0, 99), 1),))


def says_of_no_file(_stream):
    os.write(protocol(), b'0123456789abcdef {"draft": {"text": "never"}}\n')
    yield Draft(text="never")


def says_without_end(_stream):
    while True:
        os.write(protocol(), b"x" * 100_000)
    yield


def says_lines_without_end(_stream):
    while True:
        yield Draft(text="x" * 10_000_000)


def says_after_the_end(_stream):
    os.write(protocol(), b'%s {"held": 0, "refused": null, "broke": null}\n' % token())
    time.sleep(0.3)
    yield Draft(text="never")


def too_long(_stream):
    yield Draft(text="x" * (MAX_CHARACTERS + 1))


def long(_stream):
    yield Draft(text="wörd " * 4_000_000)


def surrogate(_stream):
    yield Draft(text="a\ud800b")


def imports_late(_stream):
    import xml.dom.minidom
    import zoneinfo

    yield Draft(text=xml.dom.minidom.parseString("<a>late</a>").documentElement.firstChild.data + str(zoneinfo.ZoneInfo("Europe/Berlin")))


def tells(_stream):
    environment = sorted(os.environ)
    yield Draft(text=repr((environment, os.getcwd())))


# --- what must not be possible: each yields what it reached -----------------------------------------------------------


def attempt(*actions):
    """Yield for each action what became of it."""
    reached = []
    for action in actions:
        try:
            action()
        except BaseException as exc:
            reached.append(type(exc).__name__)
        else:
            reached.append("DONE")
    yield Draft(text=" ".join(reached))


def writes_files(_stream):
    def low():
        os.close(os.open("/tmp/assay-sandbox-escape", os.O_WRONLY | os.O_CREAT))

    yield from attempt(
        lambda: open("/tmp/assay-sandbox-escape", "w").close(),
        low,
        lambda: os.mkdir("/tmp/assay-sandbox-escape"),
        lambda: os.unlink("/dev/null"),
        lambda: os.rename("/tmp", "/tmp2"),
        lambda: os.symlink("/etc/passwd", "/tmp/assay-sandbox-escape"),
        lambda: os.chmod("/tmp", 0o700),
    )


def reads_files(_stream):
    yield from attempt(
        lambda: open("/etc/passwd").close(),
        lambda: os.listdir("/"),
        lambda: os.listdir("/tmp"),
        lambda: open("/proc/self/environ").close(),
        lambda: os.listdir(os.path.expanduser("~root")),
    )


def starts_processes(_stream):
    yield from attempt(
        os.fork,
        lambda: subprocess.run(["/bin/true"], check=True),
        lambda: os.execv("/bin/true", ["true"]),
        lambda: os.posix_spawn("/bin/true", ["true"], {}),
        lambda: os.system("true"),
        lambda: os.kill(os.getppid(), 0),
    )


def reaches_out(_stream):
    yield from attempt(
        socket.socket,
        lambda: socket.create_connection(("127.0.0.1", 9)),
        lambda: socket.getaddrinfo("localhost", 80),
        lambda: socket.socket(socket.AF_UNIX),
        socket.socketpair,
        lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9)),
    )


def libc():
    return ctypes.CDLL(None, use_errno=True)


def native(*calls):
    """Yield for each call of the C library whether it succeeded: no audit hook hears of them."""
    library, reached = libc(), []
    for name, *arguments in calls:
        ctypes.set_errno(0)
        result = getattr(library, name)(*arguments)
        reached.append("DONE" if result != -1 and result is not None else str(ctypes.get_errno()))
    yield Draft(text=" ".join(reached))


def natively_reaches_out(_stream):
    yield from native(("socket", 2, 1, 0), ("socket", 1, 1, 0), ("socket", 16, 3, 0), ("syscall", 425, 8, 0))  # the last: io_uring_setup


def natively_starts_processes(_stream):
    yield from native(
        ("fork",),
        ("vfork",),
        ("execv", b"/bin/true", None),
        ("syscall", 435, ctypes.create_string_buffer(struct.pack("=11Q", *[0] * 11)), 88),  # clone3
        ("syscall", 56, 0x01000011, 0, 0, 0, 0),  # clone
        ("kill", os.getppid(), 0),
        ("ptrace", 16, os.getppid(), None, None),
        ("prlimit", os.getppid(), 7, None, ctypes.create_string_buffer(16)),
        ("unshare", 0x10000000),
    )


def natively_writes_files(_stream):
    yield from native(
        ("open", b"/tmp/assay-sandbox-escape", os.O_WRONLY | os.O_CREAT, 0o600),
        ("openat", -100, b"/tmp/assay-sandbox-escape", os.O_RDWR | os.O_CREAT, 0o600),
        (
            "syscall",
            437,
            -100,
            b"/tmp/assay-sandbox-escape",
            ctypes.create_string_buffer(struct.pack("=3Q", 0o101, 0o600, 0)),
            24,
        ),  # openat2
        ("mkdir", b"/tmp/assay-sandbox-escape", 0o700),
        ("unlink", b"/tmp/assay-sandbox-victim"),
        ("rename", b"/tmp/assay-sandbox-victim", b"/tmp/assay-sandbox-escape"),
        ("truncate", b"/tmp/assay-sandbox-victim", 0),
        ("chmod", b"/tmp/assay-sandbox-victim", 0),
        ("memfd_create", b"x", 0),
    )


def natively_reads_files(_stream):
    yield from native(("open", b"/etc/passwd", 0), ("open", b"/tmp", 0), ("open", b"/proc/self/environ", 0))


def opens_many(_stream):
    opened = []
    try:
        while len(opened) < 10_000:
            opened.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        pass
    for descriptor in opened:
        os.close(descriptor)
    yield Draft(text=str(len(opened)))


def inherits(_stream):
    found = []
    for descriptor in range(3, 1024):
        try:
            found.append(os.fstat(descriptor).st_mode & 0o170000)
        except OSError:
            continue
    yield Draft(text=" ".join(oct(kind) for kind in sorted(found)))


def threads(_stream):
    import threading

    seen = []
    thread = threading.Thread(target=lambda: seen.append("ran"))
    thread.start()
    thread.join()
    yield Draft(text=seen[0])


_STATE = []


def counts(_stream):
    _STATE.append(1)
    yield Draft(text=str(len(_STATE)))


def dies_the_second_time(_stream):
    _STATE.append(1)
    if len(_STATE) > 1:
        os.abort()
    yield Draft(text="alive")


LOADERS = tuple(
    Loads(value)
    for value in dict(globals()).values()
    if callable(value)
    and getattr(value, "__module__", None) == __name__
    and not isinstance(value, type)
    and value.__code__.co_argcount == 1
)

"""This process, from now on, may read what it was given and reckon, and nothing else: limits, system calls, files.

Four walls, each built where the system has it, none needing a privilege:

- limits of the process (any Unix): memory, size of files written (none), open files, no core dumps;
- a filter of system calls (seccomp; Linux on x86-64 and arm64): no sockets, no other programs or processes, no file opened to be
  written, no signal but to itself; what is not named is refused;
- Landlock (Linux 5.13 and later): of the file system only the folders of the interpreter and its libraries can be read;
- an audit hook of the interpreter (everywhere): the same as the filter, for what is written in Python. A native library is not bound by it.

There is no way back. Knows nothing of files and formats.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import resource
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Descriptors that may be open at a time: those of the interpreter, the file, and a library being loaded.
_OPEN_FILES = 64

#: What is read besides Python's own folders: shared libraries, time zones, the data of the text recogniser.
_READABLE = (
    *("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache", "/dev/null", "/dev/urandom"),
    *("/usr/share/zoneinfo", "/usr/share/tesseract-ocr", "/usr/share/tessdata", "/usr/local/share/tessdata"),
)


def confine(*, memory: int, readable: Iterable[str]) -> tuple[str, ...]:
    """Build every wall that this system has and return their names.

    Args:
        memory: Bytes of address space.
        readable: Folders that stay readable, besides those of the interpreter.
    """
    built = ["limits"]
    _limit(memory)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl.argtypes = [ctypes.c_int, *(ctypes.c_ulong,) * 4]
        if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0:
            built += ["landlock"] * _landlock(libc, (sys.prefix, sys.base_prefix, *readable, *_READABLE))
            built += ["seccomp"] * _seccomp(libc)
    if "seccomp" not in built:
        _set(resource.RLIMIT_NPROC, 0)  # bars threads too, and does not bind root: only where there is nothing better
    sys.addaudithook(_audit)
    return (*built, "audit")


# --- limits -----------------------------------------------------------------------------------------------------------


def _limit(memory: int) -> None:
    _set(resource.RLIMIT_AS, memory)
    _set(resource.RLIMIT_FSIZE, 0)
    _set(resource.RLIMIT_CORE, 0)
    _set(resource.RLIMIT_NOFILE, _OPEN_FILES)


def _set(limit: int, most: int) -> None:
    """Set a limit for good; a system that does not know it goes without."""
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(limit, (most, most))


# --- the filter of system calls ---------------------------------------------------------------------------------------

_NO_NEW_PRIVILEGES, _SET_SECCOMP, _MODE_FILTER = 38, 22, 2
_ALLOW, _REFUSE, _ABSENT = 0x7FFF0000, 0x00050000 | 1, 0x00050000 | 38  # EPERM; ENOSYS
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _MACHINE_AT, _ARGUMENTS_AT = 0, 4, 16

#: Flags of opening that write: O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND, O_TMPFILE (without O_DIRECTORY, which it holds).
_WRITING = 0o1 | 0o2 | 0o100 | 0o1000 | 0o2000 | 0o20000000
_CLONE_THREAD = 0x00010000

#: By machine: its number for the kernel, then for each call its number there. What is on one machine alone is 0 on the other.
_MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}

#: Calls that touch nothing but this process and what it has open: name, number on x86-64, number on arm64.
_HARMLESS = """
    read:0:63 write:1:64 close:3:57 stat:4:0 fstat:5:80 lstat:6:0
    poll:7:0 lseek:8:62 mmap:9:222 mprotect:10:226 munmap:11:215 brk:12:214
    rt_sigaction:13:134 rt_sigprocmask:14:135 rt_sigreturn:15:139 ioctl:16:29 pread64:17:67 readv:19:65
    writev:20:66 access:21:0 select:23:0 sched_yield:24:124 mremap:25:216 madvise:28:233
    dup:32:23 dup2:33:0 nanosleep:35:101 getitimer:36:102 setitimer:38:103 getpid:39:172 recvmsg:47:212
    exit:60:93 uname:63:160 fcntl:72:25 getcwd:79:17 readlink:89:0 gettimeofday:96:169
    getrlimit:97:163 getrusage:98:165 sysinfo:99:179 times:100:153 getuid:102:174 getgid:104:176
    geteuid:107:175 getegid:108:177 getppid:110:173 sigaltstack:131:132 statfs:137:43 fstatfs:138:44
    sched_getparam:143:121 sched_getscheduler:145:120 arch_prctl:158:0 setrlimit:160:164 gettid:186:178 time:201:0
    futex:202:98 sched_getaffinity:204:123 getdents64:217:61 set_tid_address:218:96 restart_syscall:219:128 fadvise64:221:223
    clock_gettime:228:113 clock_getres:229:114 clock_nanosleep:230:115 exit_group:231:94 newfstatat:262:79 readlinkat:267:78
    faccessat:269:48 pselect6:270:72 ppoll:271:73 set_robust_list:273:99 dup3:292:24 getcpu:309:168
    getrandom:318:278 membarrier:324:283 statx:332:291 rseq:334:293 faccessat2:439:439
""".split()
_OPEN, _OPENAT, _CLONE, _CLONE3, _TGKILL, _PRLIMIT = (2, 0), (257, 56), (56, 220), (435, 435), (234, 131), (302, 261)


def _seccomp(libc: Any) -> bool:
    """Refuse every call that is not named here; say whether the kernel took the filter."""
    known = _MACHINES.get(platform.machine())
    if known is None or sys.maxsize < 2**32:
        return False
    program = _filter(*known)
    code = ctypes.create_string_buffer(program, len(program))
    pointed = ctypes.create_string_buffer(struct.pack("@HxxxxxxQ", len(program) // 8, ctypes.addressof(code)))
    return bool(libc.prctl(_SET_SECCOMP, _MODE_FILTER, ctypes.addressof(pointed), 0, 0) == 0)


def _filter(machine: int, column: int) -> bytes:
    """Return the program that the kernel runs before each call: number after number is compared, the rest is refused."""
    steps = [
        *(_step(_LOAD, _MACHINE_AT), _step(_EQUAL, machine, 1, 0), _step(_RETURN, _REFUSE)),
        *(_step(_LOAD, _NUMBER_AT), _step(_AT_LEAST, 0x40000000, 0, 1), _step(_RETURN, _REFUSE)),  # the 32-bit calls of x86-64
    ]
    for call in _HARMLESS:
        number = int(call.split(":")[1 + column])
        if column == 0 or number:
            steps += _when(number, [_step(_RETURN, _ALLOW)])
    for numbers, flags in ((_OPEN, 1), (_OPENAT, 2)):
        if numbers[column]:
            steps += _when(numbers[column], [_argument(flags), _step(_ANY_BIT, _WRITING, 1, 0), *_ALLOWED, *_REFUSED])
    steps += _when(_CLONE[column], [_argument(0), _step(_ANY_BIT, _CLONE_THREAD, 0, 1), *_ALLOWED, *_REFUSED])
    steps += _when(_CLONE3[column], [_step(_RETURN, _ABSENT)])  # its flags cannot be looked at; the C library falls back to clone
    steps += _when(_TGKILL[column], [_argument(0), _step(_EQUAL, os.getpid(), 0, 1), *_ALLOWED, *_REFUSED])
    steps += _when(_PRLIMIT[column], [_argument(0), _step(_EQUAL, 0, 0, 1), *_ALLOWED, *_REFUSED])
    return b"".join([*steps, *_REFUSED])


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


_ALLOWED, _REFUSED = [_step(_RETURN, _ALLOW)], [_step(_RETURN, _REFUSE)]


def _when(number: int, steps: list[bytes]) -> list[bytes]:
    """Return what is done on the call of that number; each of `steps` returns in the end."""
    return [_step(_EQUAL, number, 0, len(steps)), *steps]


def _argument(place: int) -> bytes:
    """Load the lower half of an argument: both machines put it first."""
    return _step(_LOAD, _ARGUMENTS_AT + 8 * place)


# --- Landlock ---------------------------------------------------------------------------------------------------------

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3


def _landlock(libc: Any, readable: Iterable[str]) -> bool:
    """Take away every right on the file system, and on the network where the kernel can, but to read in some folders."""
    version = libc.syscall(_CREATE_RULESET, None, 0, 1)
    if version < 1:
        return False
    files = (1 << 13) - 1 | (version >= 2) << 13 | (version >= 3) << 14 | (version >= 5) << 15
    handled = struct.pack("=QQQ", files, 3, 3)[: 8 if version < 4 else 16 if version < 6 else 24]
    rules = libc.syscall(_CREATE_RULESET, handled, len(handled), 0)
    if rules < 0:
        return False
    for path in dict.fromkeys(readable):
        _allow_reading(libc, rules, path)
    taken = bool(libc.syscall(_RESTRICT_SELF, rules, 0) == 0)
    os.close(rules)
    return taken


def _allow_reading(libc: Any, rules: int, path: str) -> None:
    with contextlib.suppress(OSError):  # what is not there cannot be read either
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)  # type: ignore[attr-defined,unused-ignore]  # Linux alone has it
        rights = _READ_FILE | _READ_FOLDER if Path(path).is_dir() else _READ_FILE
        libc.syscall(_ADD_RULE, rules, 1, struct.pack("=Qi", rights, place), 0)
        os.close(place)


# --- the audit hook ---------------------------------------------------------------------------------------------------

_FORBIDDEN = frozenset(
    """
    os.chflags os.chmod os.chown os.exec os.fork os.forkpty os.kill os.killpg os.link os.mkdir os.posix_spawn os.remove
    os.removexattr os.rename os.rmdir os.setxattr os.spawn os.startfile os.symlink os.system os.truncate os.unlink os.utime
    pty.spawn signal.pthread_kill socket.__new__ socket.bind socket.connect socket.getaddrinfo socket.gethostbyaddr
    socket.gethostbyname socket.getnameinfo socket.sendmsg socket.sendto socket.sethostname subprocess.Popen syslog.openlog
    syslog.syslog webbrowser.open sqlite3.connect
    """.split()
)
_WRITING_HERE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _FORBIDDEN:
        raise PermissionError(f"a reader of files asked for {event}")
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING_HERE:
        raise PermissionError("a reader of files asked to write one")

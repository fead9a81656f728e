"""What people say of answers, kept beside the index: votes, corrections, and the answers that somebody shared.

One SQLite file, made when there is first something to keep; every statement is on disk for good when its call returns. Safe between
threads and processes. Nothing is kept of who said it but a token that a browser has drawn by lot. The only module of this room that knows
SQLite; knows nothing of HTTP.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import time
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypedDict

from index import AssayError
from rag import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import Unpack

    from rag import Turn

#: The file in the folder of an index.
FEEDBACK = "feedback.sqlite"

#: A longer correction is an article, a longer comment a letter.
MOST_CORRECTION, MOST_COMMENT = 10_000, 2_000

#: Bytes of one answer with the turns before its question; more is refused.
_MOST_ROW = 2_000_000

#: Bytes that the file may grow to: what many people keep voting may not fill the disk.
_MOST_BYTES = 500_000_000

#: Seconds that a statement waits for another's.
_WAIT = 10.0

_KEY, _VOTER = re.compile(r"[A-Za-z0-9_-]{1,64}"), re.compile(r"(?:[A-Za-z0-9_-]{16,64})?")

#: Marks the file as ours ("Assy").
_APPLICATION = 0x41737379

_SHARED = "CREATE TABLE shared (key TEXT PRIMARY KEY, time TEXT NOT NULL, answer TEXT NOT NULL) STRICT, WITHOUT ROWID"

_SAID = """CREATE TABLE said (
        key TEXT NOT NULL, voter TEXT NOT NULL, time TEXT NOT NULL, question TEXT NOT NULL, history TEXT NOT NULL, answer TEXT NOT NULL,
        vote TEXT, correction TEXT, comment TEXT, PRIMARY KEY (key, voter)
    ) STRICT, WITHOUT ROWID"""

#: As it was when everybody who had a key shared one row.
_SAID_ONCE = """CREATE TABLE said (
        key TEXT PRIMARY KEY, time TEXT NOT NULL, question TEXT NOT NULL, history TEXT NOT NULL, answer TEXT NOT NULL,
        vote TEXT, correction TEXT, comment TEXT
    ) STRICT, WITHOUT ROWID"""

#: The tables of each version of the file, which is the last one's as soon as something is written.
_VERSIONS = {1: {_SAID_ONCE, _SHARED}, 2: {_SAID, _SHARED}}
_LATEST = 2

_CARRY_OVER = (
    "ALTER TABLE said RENAME TO said_once",
    _SAID,
    "INSERT INTO said SELECT key, '', time, question, history, answer, vote, correction, comment FROM said_once",
    "DROP TABLE said_once",
    f"PRAGMA user_version = {_LATEST}",
)

_ROWS = "SELECT * FROM said ORDER BY time, key, voter"
_ROWS_ONCE = "SELECT key, '', time, question, history, answer, vote, correction, comment FROM said ORDER BY time, key"


class WordsError(AssayError):
    """What somebody says cannot be kept as it is; the message names no place."""


class NoRoomError(AssayError):
    """There is no room for what somebody says; the message names no place."""


class Words(TypedDict, total=False):
    """What is to be changed of what somebody says: None takes a thing back, and what is left out stays as it was."""

    vote: str | None
    correction: str | None
    comment: str | None


class FeedbackStore:
    """Votes, corrections and shared answers in one file."""

    def __init__(self, path: Path, *, most_bytes: int = _MOST_BYTES) -> None:
        """Keep them at `path`; nothing is made there yet."""
        self.path = path
        self._most_bytes = most_bytes

    def vote(self, key: str, answer: Answer, history: Iterable[Turn] = (), *, voter: str = "", **words: Unpack[Words]) -> str | None:
        """Change what one `voter` says of the answer of `key`, and return the vote that stands then.

        `history` holds the turns before its question. Where nothing is left of what was said, nothing is kept. The caller has made sure
        that the answer was given under that key. Raises `WordsError`, `NoRoomError`, or `AssayError` where it cannot be kept.
        """
        _check_key(key)
        if not _VOTER.fullmatch(voter):
            raise WordsError(f"expected 16 to 64 letters, digits, - or _ to tell voters apart, found {voter[:80]!r}")
        changed = _checked(words)
        if not any(changed.values()) and not self.path.exists():
            return None
        turns = [{"role": turn.role, "content": turn.content} for turn in history]
        with self._writing() as connection:
            found = "SELECT vote, correction, comment, history FROM said WHERE key = ? AND voter = ?"
            *before, told = connection.execute(found, (key, voter)).fetchone() or (None, None, None, "[]")
            now: dict[str, str | None] = {**dict(zip(("vote", "correction", "comment"), before, strict=True)), **changed}
            if not any(now.values()):
                connection.execute("DELETE FROM said WHERE key = ? AND voter = ?", (key, voter))
                return None
            # an answer that was shared comes without the turns before it, which may be here
            row = (key, voter, _now(), _storable(answer.question), _json(turns) if turns else told, _json(answer.to_json()))
            self._insert(connection, "INSERT OR REPLACE INTO said VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, *now.values()))
            return now["vote"]

    def share(self, key: str, answer: Answer) -> None:
        """Keep an answer so that it can be read under its key from now on; raises `AssayError` where it cannot be kept."""
        _check_key(key)
        with self._writing() as connection:
            self._insert(connection, "INSERT OR IGNORE INTO shared VALUES (?, ?, ?)", (key, _now(), _json(answer.to_json())))

    def shared(self, key: str) -> Answer | None:
        """Return the answer that was shared under that key, None where none was; raises `AssayError` where the file cannot be read."""
        if not _KEY.fullmatch(key) or not self.path.exists():
            return None
        with self._reading() as connection:
            found = connection.execute("SELECT answer FROM shared WHERE key = ?", (key,)).fetchone()
        try:
            return Answer.from_json(json.loads(found[0])) if found else None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise self._unreadable("a shared answer that is none") from error

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield what was said as rows that `assay eval import-feedback` takes, oldest first; raises `AssayError` as `shared` does."""
        if not self.path.exists():
            return
        with self._reading() as connection:
            statement = _ROWS_ONCE if connection.execute("PRAGMA user_version").fetchone()[0] == 1 else _ROWS
            for key, voter, *rest in connection.execute(statement):
                when, question, history, answer, vote, correction, comment = rest
                # the key lets its bearer read the answer, so that rows, which are passed on, bear another name
                named = f"{key} {voter}" if voter else key
                yield {
                    "id": hashlib.sha256(named.encode()).hexdigest()[:16],
                    "time": when,
                    "question": question,
                    "history": _value(history),
                    "answer": _value(answer),
                    "vote": vote,
                    "correction": correction,
                    "comment": comment,
                }

    def _insert(self, connection: sqlite3.Connection, statement: str, row: tuple[str | None, ...]) -> None:
        """Write a row where there is room for it."""
        size = sum(len(value.encode()) for value in row if value)
        if size > _MOST_ROW:
            raise WordsError(
                f"expected an answer of at most {_MOST_ROW:,} bytes with the turns before it, found {size:,}; begin a new chat"
            )
        pages, free, bytes_a_page = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        if (pages - free) * bytes_a_page + size > self._most_bytes:
            raise NoRoomError(
                f"{self.path.name} has grown to {self._most_bytes:,} bytes, more is not kept; take what is there out with "
                "`assay eval import-feedback`, then move the file away"
            )
        connection.execute(statement, row)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Hold the file for one transaction, making it where there is none."""
        try:
            with closing(self._opened("rwc")) as connection:
                self._set_up(connection)
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            raise self._unwritable(error) from error

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(self._opened_to_read()) as connection:
                yield connection
        except (sqlite3.Error, OSError) as error:
            raise self._unreadable(str(error)) from error

    def _opened_to_read(self) -> sqlite3.Connection:
        """Open the file; where its folder cannot be written, and no log is beside it, as one that nobody changes."""
        log = self.path.with_name(self.path.name + "-wal")
        connection = self._opened("ro")
        try:
            connection.execute("BEGIN")  # one view of all: another may be carrying the tables over
            self._check(connection)
        except sqlite3.OperationalError:
            connection.close()
            if log.exists():
                raise
            connection = self._opened("ro&immutable=1")
            self._check(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _opened(self, mode: str) -> sqlite3.Connection:
        if self.path.is_symlink() or (self.path.exists() and not self.path.is_file()):
            raise self._unreadable("a link or a special file")
        if self.path.exists() and self.path.stat().st_size > 2 * self._most_bytes:
            raise self._unreadable(f"a file of {self.path.stat().st_size:,} bytes")
        address = f"{self.path.absolute().as_uri()}?mode={mode}"
        connection = sqlite3.connect(address, uri=True, timeout=_WAIT, isolation_level=None, check_same_thread=False)
        for setting in ("trusted_schema = OFF", "cell_size_check = ON", "synchronous = FULL", "secure_delete = ON"):
            connection.execute(f"PRAGMA {setting}")
        return connection

    def _set_up(self, connection: sqlite3.Connection) -> None:
        """Make the tables of a new file, or carry over those of an older one, whole or not at all; others may be doing the same."""
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            self._log_ahead(connection)
        connection.execute("BEGIN IMMEDIATE")
        if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0:
            for table in (_SAID, _SHARED):
                connection.execute(table)
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute(f"PRAGMA user_version = {_LATEST}")
        if self._check(connection) < _LATEST:
            for statement in _CARRY_OVER:
                connection.execute(statement)
        connection.execute("COMMIT")

    def _log_ahead(self, connection: sqlite3.Connection) -> None:
        """Have a new file write ahead; SQLite does not wait here by itself where another process is at the same."""
        deadline = time.monotonic() + _WAIT
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError:
                if time.monotonic() > deadline or not self.path.exists():
                    raise
                time.sleep(0.01)
            else:
                return

    def _check(self, connection: sqlite3.Connection) -> int:
        """Return the file's version; raises `AssayError` unless it holds our tables and nothing else: a trigger would run as we read."""
        application, version = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
        made = {sql for (sql,) in connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")}
        if application != _APPLICATION or made != _VERSIONS.get(version):
            raise self._unreadable("a database of something else")
        return int(version)

    def _unreadable(self, found: str) -> AssayError:
        return AssayError(f"expected the feedback of an index at {self.path}, found {found}; move the file away")

    def _unwritable(self, error: Exception) -> AssayError:
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            return self._unreadable(f"something else ({error})")
        why = "others are writing to it" if "locked" in str(error) else "it cannot be written"
        return AssayError(f"feedback is not kept: {why} at {self.path} ({error}); answers go on as before")


def _check_key(key: str) -> None:
    if not _KEY.fullmatch(key):
        raise WordsError(f"expected the key of an answer, found {key[:40]!r}")


def _checked(words: Words) -> dict[str, str | None]:
    """Return what is to be changed, as it can be kept; raises `WordsError`."""
    found: dict[str, str | None] = {}
    if "vote" in words:
        if words["vote"] not in ("up", "down", None):
            raise WordsError(f'expected a vote "up", "down" or null, found {str(words["vote"])[:40]!r}')
        found["vote"] = words["vote"]
    if "correction" in words:
        found["correction"] = _text(words["correction"], "a correction", MOST_CORRECTION)
    if "comment" in words:
        found["comment"] = _text(words["comment"], "a comment", MOST_COMMENT)
    return found


def _text(text: str | None, what: str, most: int) -> str | None:
    """Return what somebody wrote, None where that is nothing; raises `WordsError` where it is too long."""
    if text is not None and len(text) > most:
        raise WordsError(f"expected {what} of at most {most:,} characters, found {len(text):,}; shorten it")
    return _storable(text).strip() or None if text else None


def _storable(text: str) -> str:
    """Return `text` without lone surrogates, which nothing can store, and without NUL, at which SQLite's own tools end a text."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")


def _json(value: Any) -> str:
    return _storable(json.dumps(value, ensure_ascii=False))


def _value(text: str) -> Any:
    """Return what JSON text holds; the text itself where it is none, which whoever imports the row refuses."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")

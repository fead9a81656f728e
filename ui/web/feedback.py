"""What people say of answers, kept beside the index: votes, corrections, and the answers that somebody shared.

One SQLite file, made when there is first something to keep; every statement is on disk for good when its call returns. Safe between
threads and processes. Nothing is kept of who said it. The only module of this room that knows SQLite; knows nothing of HTTP.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import time
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from index import AssayError
from rag import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

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

_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")

#: Marks the file as ours ("Assy").
_APPLICATION, _VERSION = 0x41737379, 1

_TABLES = (
    """CREATE TABLE said (
        key TEXT PRIMARY KEY, time TEXT NOT NULL, question TEXT NOT NULL, history TEXT NOT NULL, answer TEXT NOT NULL,
        vote TEXT, correction TEXT, comment TEXT
    ) STRICT, WITHOUT ROWID""",
    "CREATE TABLE shared (key TEXT PRIMARY KEY, time TEXT NOT NULL, answer TEXT NOT NULL) STRICT, WITHOUT ROWID",
)


class FeedbackStore:
    """Votes, corrections and shared answers in one file."""

    def __init__(self, path: Path, *, most_bytes: int = _MOST_BYTES) -> None:
        """Keep them at `path`; nothing is made there yet."""
        self.path = path
        self._most_bytes = most_bytes

    def vote(
        self,
        key: str,
        answer: Answer,
        history: Iterable[Turn] = (),
        vote: str | None = None,
        correction: str | None = None,
        comment: str | None = None,
    ) -> None:
        """Keep what somebody says of the answer of `key`, in place of what was said of it before.

        `history` holds the turns before its question. Without a vote and a correction what was said before is taken back. The caller
        has made sure that the answer was given under that key. Raises `AssayError` where it cannot be kept.
        """
        _check_key(key)
        if vote not in ("up", "down", None):
            raise AssayError(f'expected a vote "up", "down" or null, found {str(vote)[:40]!r}')
        correction, comment = _words(correction, "a correction", MOST_CORRECTION), _words(comment, "a comment", MOST_COMMENT)
        if vote is None and correction is None:
            self._take_back(key)
            return
        turns = _json([{"role": turn.role, "content": turn.content} for turn in history])
        row = (key, _now(), _storable(answer.question), turns, _json(answer.to_json()), vote, correction, comment)
        self._keep("INSERT OR REPLACE INTO said VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def share(self, key: str, answer: Answer) -> None:
        """Keep an answer so that it can be read under its key from now on; raises `AssayError` where it cannot be kept."""
        _check_key(key)
        self._keep("INSERT OR IGNORE INTO shared VALUES (?, ?, ?)", (key, _now(), _json(answer.to_json())))

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
            for key, when, question, history, answer, *rest in connection.execute("SELECT * FROM said ORDER BY time, key"):
                vote, correction, comment = rest
                # the key lets its bearer read the answer, so that rows, which are passed on, bear another name
                yield {
                    "id": hashlib.sha256(key.encode()).hexdigest()[:16],
                    "time": when,
                    "question": question,
                    "history": _value(history),
                    "answer": _value(answer),
                    "vote": vote,
                    "correction": correction,
                    "comment": comment,
                }

    def _take_back(self, key: str) -> None:
        if self.path.exists():
            with self._writing() as connection:
                connection.execute("DELETE FROM said WHERE key = ?", (key,))

    def _keep(self, statement: str, row: tuple[str | None, ...]) -> None:
        size = sum(len(value.encode()) for value in row if value)
        if size > _MOST_ROW:
            raise AssayError(
                f"expected an answer of at most {_MOST_ROW:,} bytes with the turns before it, found {size:,}; begin a new chat"
            )
        with self._writing() as connection:
            pages, bytes_a_page = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
            if pages * bytes_a_page + size > self._most_bytes:
                raise AssayError(
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
        """Make the tables of a new file, whole or not at all; others may be doing the same."""
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            self._log_ahead(connection)
        connection.execute("BEGIN IMMEDIATE")
        if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0:
            for table in _TABLES:
                connection.execute(table)
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute(f"PRAGMA user_version = {_VERSION}")
        connection.execute("COMMIT")
        self._check(connection)

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

    def _check(self, connection: sqlite3.Connection) -> None:
        """Raise `AssayError` unless the file holds our tables and nothing else: a trigger or a view would run as we read."""
        marks = tuple(connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
        made = {sql for (sql,) in connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")}
        if made != set(_TABLES) or marks != (_APPLICATION, _VERSION):
            raise self._unreadable("a database of something else")

    def _unreadable(self, found: str) -> AssayError:
        return AssayError(f"expected the feedback of an index at {self.path}, found {found}; move the file away")

    def _unwritable(self, error: Exception) -> AssayError:
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            return self._unreadable(f"something else ({error})")
        why = "others are writing to it" if "locked" in str(error) else "it cannot be written"
        return AssayError(f"feedback is not kept: {why} at {self.path} ({error}); answers go on as before")


def _check_key(key: str) -> None:
    if not _KEY.fullmatch(key):
        raise AssayError(f"expected the key of an answer, found {key[:40]!r}")


def _words(text: str | None, what: str, most: int) -> str | None:
    """Return what somebody wrote, None where that is nothing; raises `AssayError` where it is too long."""
    if text is not None and len(text) > most:
        raise AssayError(f"expected {what} of at most {most:,} characters, found {len(text):,}; shorten it")
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

"""The only truth: articles, passages and vectors in one SQLite file, in generations.

Each committed transaction is a generation. A row carries the generation that added it and the one that removed it, so that
what is derived from the store (FAISS, BM25) may lag behind without being wrong. A reader pins one snapshot; one writer at a
time commits. Knows nothing of models, of search, or of how passages are made.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import tempfile
import threading
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from . import likenesses, listing
from .errors import MismatchError, StoreError
from .listing import FILL, add_functions
from .listing import SCHEMA as LISTED
from .snapshot import Snapshot, published_days

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from .article import Article, Passage, Span
    from .files import FileRecord
    from .snapshot import Derived, Visit

#: Written into the file's header, so that `file` and we know whose it is ("ASAY").
APPLICATION_ID = 0x41534159

#: Raised with every change of the tables below; what makes them of those of the version before stands in `_MIGRATIONS`.
SCHEMA_VERSION = 3

#: What version 2 brings: what is remembered of files, and of which articles the original is kept.
_FILES = """
CREATE TABLE files (
    home TEXT NOT NULL,               -- the folder that was added or mirrored
    path BLOB NOT NULL,               -- of the file, in that folder
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    read_at INTEGER NOT NULL,         -- when it was looked at, before it was read
    sha256 TEXT NOT NULL,             -- of its bytes
    rules TEXT NOT NULL,              -- by which it was read
    articles TEXT NOT NULL,           -- JSON: id, checksum, and whether its id is its place
    PRIMARY KEY (home, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX file_bytes ON files (sha256);
CREATE TABLE originals (
    article TEXT PRIMARY KEY,         -- the id of a live article
    sha256 TEXT NOT NULL,             -- of the file that it was read from, which is kept
    name TEXT NOT NULL                -- what the file was called; only a label
) STRICT, WITHOUT ROWID;
CREATE INDEX original_bytes ON originals (sha256);
"""

#: What version 2 brings: what is remembered of web addresses that were visited.
_VISITS = """
CREATE TABLE visits (
    address TEXT PRIMARY KEY,         -- as it was asked for
    etag TEXT,                        -- what the server gave to ask again with
    modified TEXT,
    stated TEXT,                      -- changes when the feed or sitemap that leads to it says something else of it
    articles TEXT NOT NULL,           -- JSON: the ids of what was found there
    refused TEXT                      -- why nothing was, where trying again would not help
) STRICT, WITHOUT ROWID;
"""

_SCHEMA = f"""
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE articles (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    sha256 TEXT NOT NULL,             -- of text and metadata together: equal means unchanged
    text_sha256 TEXT NOT NULL,        -- checked whenever the text is read
    text TEXT NOT NULL,
    record TEXT NOT NULL,             -- everything but the text, JSON
    source TEXT,
    published_first TEXT,             -- the first and the last day that `published` may mean
    published_last TEXT,
    sentences BLOB NOT NULL,          -- little-endian uint32 pairs: start, end
    added_gen INTEGER NOT NULL,
    removed_gen INTEGER
) STRICT;
CREATE UNIQUE INDEX article_live ON articles (id) WHERE removed_gen IS NULL;
CREATE INDEX article_text ON articles (text_sha256);
CREATE INDEX article_removed ON articles (removed_gen) WHERE removed_gen IS NOT NULL;
CREATE TABLE origins (
    article TEXT NOT NULL,            -- the id of a live article
    origin TEXT NOT NULL,             -- a folder that holds it, so that the folder can be mirrored
    path TEXT,                        -- its file, relative to that folder
    PRIMARY KEY (article, origin)
) STRICT, WITHOUT ROWID;
CREATE INDEX origin_articles ON origins (origin);
CREATE TABLE vectors (
    row INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE,      -- of the text that was embedded
    vector BLOB NOT NULL              -- little-endian float32, of length one
) STRICT;
CREATE TABLE passages (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    article INTEGER NOT NULL REFERENCES articles (row),
    ordinal INTEGER NOT NULL,         -- its place in the article, from 0
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    context TEXT NOT NULL,
    vector INTEGER NOT NULL REFERENCES vectors (row),
    added_gen INTEGER NOT NULL,
    removed_gen INTEGER
) STRICT;
CREATE INDEX passage_article ON passages (article, ordinal);
CREATE INDEX passage_vector ON passages (vector);
CREATE INDEX passage_removed ON passages (removed_gen) WHERE removed_gen IS NOT NULL;
CREATE TABLE derived (
    name TEXT PRIMARY KEY,            -- dense or lexical
    built INTEGER NOT NULL,           -- the generation at which it was last built anew: nothing removed before is in it
    last_row INTEGER NOT NULL,        -- it covers the live passages up to this row
    folder TEXT NOT NULL,
    files TEXT NOT NULL               -- JSON: name to sha256, size, inode, mtime
) STRICT, WITHOUT ROWID;
{_FILES}
{_VISITS}
{likenesses.TABLES}
INSERT INTO settings VALUES ('generation', '0'), ('{likenesses.SETTING}', '{likenesses.RULES}');
{LISTED}
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
"""

#: What makes the tables of a version of those of the one before, so that older indexes go on.
_MIGRATIONS = {
    2: _FILES + _VISITS + likenesses.TABLES,
    3: f"DROP TABLE IF EXISTS listed;\n{LISTED}{FILL}",  # some of version 2 had a narrower one
}

_REMEMBER = "INSERT OR REPLACE INTO origins (article, origin, path) VALUES (?, ?, ?)"

_REMEMBER_FILE = "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

_KEEP_ORIGINAL = "INSERT OR REPLACE INTO originals (article, sha256, name) VALUES (?, ?, ?)"

_PRAGMAS = (
    "synchronous = FULL",
    "foreign_keys = ON",
    "secure_delete = ON",  # what is purged is overwritten
    "trusted_schema = OFF",
    "mmap_size = 268435456",
    "cache_size = -65536",
)


class Original(NamedTuple):
    """The file that an article was read from, where it is kept: the sha256 of its bytes, and what it was called."""

    sha256: str
    name: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """An article ready to be committed: its sentences, its passages, and for each passage the sha256 of what was embedded."""

    article: Article
    sentences: Sequence[Span]
    passages: Sequence[Passage]
    embedded_sha256: Sequence[str]
    origin: str | None = None
    original: Original | None = None


class Store:
    """The SQLite file of one index: snapshots for readers, transactions for the one writer. Safe to share between threads."""

    def __init__(self, path: Path, *, create: bool = False, read_only: bool = False) -> None:
        """Open the store at `path`, making it when `create` is set.

        Raises `StoreError` when it is missing or not ours, `MismatchError` when its schema is newer than this program.
        """
        self.path = path
        self._pool: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._writer: sqlite3.Connection | None = None
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        if not path.exists() and not create:
            raise StoreError(f"expected an index at {path.parent}, found none; make one with `assay add PATH --index {path.parent}`")
        with translated(path):
            self.read_only = not self._open_writer(create=create) if not read_only else True
            self._address = self._reading_address()
            with self.snapshot():
                pass

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Pin the newest generation for the length of a `with` block."""
        with translated(self.path):
            with self._lock:
                connection = self._pool.pop() if self._pool else None
            connection = connection or self._connect(self._address)
            try:
                connection.execute("BEGIN")
                yield Snapshot(connection)
            finally:
                connection.rollback()
                with self._lock:
                    self._pool.append(connection)

    def commit(
        self,
        *,
        put: Sequence[Prepared] = (),
        remove: Sequence[str] = (),
        vectors: Mapping[str, NDArray[np.float32]],
        files: Sequence[FileRecord] = (),
        derive: Callable[[Snapshot], Mapping[str, Derived]] = lambda _: {},
    ) -> int:
        """Store, replace and remove articles in one transaction; return the new generation.

        `vectors` holds those of `put`'s passages that the store does not know yet, by the checksum of the embedded text. `files`
        holds what is to be remembered of the files that articles came from. `derive` sees the transaction's articles and returns
        what is derived from them already, to be recorded with them. The caller holds the writer lock. When this returns, the
        change survives any crash; when it raises, nothing changed.
        """
        with self._transaction() as connection:
            generation = _next_generation(connection)
            connection.executemany("DELETE FROM origins WHERE article = ?", ((article_id,) for article_id in remove))
            for article_id in (*remove, *(prepared.article.id for prepared in put)):
                _remove(connection, article_id, generation)
            _keep_vectors(connection, vectors)
            for prepared in put:
                _insert(connection, prepared, generation)
            connection.executemany(_REMEMBER_FILE, map(_file_row, files))
            for name, derived in derive(Snapshot(connection)).items():
                _record(connection, name, derived)
        return generation

    def keep_vectors(self, vectors: Mapping[str, NDArray[np.float32]]) -> None:
        """Keep vectors, by the checksum of the embedded text, of passages that are not committed yet: a long article's come in parts."""
        with self._transaction() as connection:
            _keep_vectors(connection, vectors)

    def remember_files(self, files: Sequence[FileRecord], *, gone: Iterable[tuple[str, bytes]] = ()) -> None:
        """Remember `files`, and nothing more of those that are `gone`, by home and path."""
        with self._transaction() as connection:
            connection.executemany("DELETE FROM files WHERE home = ? AND path = ?", gone)
            connection.executemany(_REMEMBER_FILE, map(_file_row, files))

    def keep_originals(self, originals: Mapping[str, Original]) -> None:
        """Record of which file, that is kept now, live articles are, by id."""
        with self._transaction() as connection:
            connection.executemany(_KEEP_ORIGINAL, ((article_id, *original) for article_id, original in originals.items()))

    def remember(self, origin: str, paths: Mapping[str, str | None]) -> None:
        """Record that the folder `origin` holds the live articles of these ids, at these paths in it."""
        with self._transaction() as connection:
            connection.executemany(_REMEMBER, ((article_id, origin, path) for article_id, path in paths.items()))

    def forget(self, origin: str, article_ids: Iterable[str]) -> list[str]:
        """Record that the folder `origin` holds these articles no more; remove those that no folder holds, and return them."""
        with self._transaction() as connection:
            gone = list(article_ids)
            connection.executemany("DELETE FROM origins WHERE article = ? AND origin = ?", ((article_id, origin) for article_id in gone))
            query = "SELECT value FROM json_each(?) WHERE NOT EXISTS (SELECT 1 FROM origins WHERE article = value)"
            removed = [article_id for (article_id,) in connection.execute(query, (json.dumps(gone),))]
            generation = _next_generation(connection) if removed else 0
            for article_id in removed:
                _remove(connection, article_id, generation)
        return removed

    def remember_visit(self, visit: Visit) -> None:
        """Remember what was found at a web address; whatever was remembered of it before is forgotten."""
        row = (visit.address, visit.etag, visit.modified, visit.stated, json.dumps(visit.articles), visit.refused)
        with self._transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO visits VALUES (?, ?, ?, ?, ?, ?)", row)

    def sign(self, most: int) -> int:
        """Find the copies of articles of which nothing is known yet, at most so many, and return how many these were.

        What was found by other rules than those in use is forgotten first. Whoever changes the articles does this before.
        """
        with self._transaction() as connection:
            if not likenesses.by_rules(connection):
                likenesses.forget_all(connection)
            rows = likenesses.unsigned(connection, most)
            for row in rows:
                record, text = connection.execute("SELECT record, text FROM articles WHERE row = ?", (row,)).fetchone()
                likenesses.sign(connection, row, json.loads(record), text)
        return len(rows)

    def forget_likenesses(self) -> None:
        """Forget which articles are copies of which: `sign` finds it anew."""
        with self._transaction() as connection:
            likenesses.forget_all(connection)

    def set_up(self, settings: Mapping[str, str]) -> None:
        """Write the settings of a new index."""
        with self._transaction() as connection:
            connection.executemany("INSERT OR REPLACE INTO settings VALUES (?, ?)", settings.items())

    def set_derived(self, name: str, derived: Derived) -> None:
        """Record a derived index that is complete on disk."""
        with self._transaction() as connection:
            _record(connection, name, derived)

    def purge(self, *, up_to: int) -> None:
        """Delete for good what was removed up to generation `up_to`; every derived index was built anew since."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM passages WHERE removed_gen <= ?", (up_to,))
            connection.execute("DELETE FROM articles WHERE removed_gen <= ?", (up_to,))
            connection.execute("DELETE FROM vectors WHERE row NOT IN (SELECT vector FROM passages)")

    def backup(self, path: Path) -> None:
        """Copy the store to `path`, a new file, while it is in use; the copy is one generation, whole once this returns."""
        with translated(self.path), closing(self._connect(self._address)) as source, closing(sqlite3.connect(path)) as copy:
            source.backup(copy)

    def schema_faults(self) -> list[str]:
        """Compare the tables and indexes of the file with those that this program makes; return what differs, a line each."""
        query = "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite%'"
        with translated(self.path), closing(self._connect(self._address)) as mine, closing(sqlite3.connect(":memory:")) as model:
            model.executescript(_SCHEMA)
            expected, found = (dict(connection.execute(query)) for connection in (model, mine))
        names = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
        return [f"store.sqlite: {name} is not as this program makes it; restore a backup, or add the articles anew" for name in names]

    def close(self) -> None:
        """Close every connection; open snapshots must be done."""
        with self._lock:
            for connection in (*self._pool, *([self._writer] if self._writer else [])):
                with suppress(sqlite3.Error):
                    connection.close()
            self._pool, self._writer = [], None
        if self._temporary:
            self._temporary.cleanup()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        if self._writer is None:
            raise StoreError(f"{self.path.parent} is read-only here; choose a folder that can be written, with --index")
        with translated(self.path):
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.commit()
            except BaseException:
                with suppress(sqlite3.Error):
                    self._writer.rollback()
                raise

    def _open_writer(self, *, create: bool) -> bool:
        """Open the connection that writes; return False where the file or its folder cannot be written."""
        try:
            writer = self._connect(f"{self.path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}")
            empty = create and not writer.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
            if not empty:
                _check_ours(writer, self.path, migrating=True)  # before anything is changed in a file that may be another program's
            with suppress(sqlite3.Error):
                writer.execute("PRAGMA journal_mode = WAL").fetchone()
            if not create:
                _probe(writer)
            if empty:
                writer.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
            else:
                _migrate(writer)
        except sqlite3.OperationalError:
            if create:
                raise
            return False
        self._writer = writer
        return True

    def _reading_address(self) -> str:
        """Return the URI that readers open: as it is, else as unchanging, else a private copy of store and log."""
        base = self.path.absolute().as_uri()
        addresses = [f"{base}?mode={'ro' if self.read_only else 'rw'}"]
        log = self.path.with_name(self.path.name + "-wal")
        if not log.exists() or log.stat().st_size == 0:
            addresses.append(f"{base}?mode=ro&immutable=1")
        for address in addresses:
            try:
                connection = self._connect(address)
                connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
                _check_ours(connection, self.path)
            except sqlite3.OperationalError:
                continue
            self._pool.append(connection)
            return address
        self._temporary = tempfile.TemporaryDirectory(prefix="assay-")
        for file in (self.path, log):
            shutil.copy(file, self._temporary.name)
        return f"{(Path(self._temporary.name) / self.path.name).as_uri()}?mode=rw"

    def _connect(self, address: str) -> sqlite3.Connection:
        connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False, timeout=30)
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        add_functions(connection)
        return connection


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours: one line that names the file, what is wrong, and what mends it."""
    try:
        yield
    except sqlite3.OperationalError as error:
        reason = str(error)
        hint = "free some space and try again; nothing was lost" if "full" in reason else "try again, or run `assay doctor`"
        raise StoreError(f"{path}: {reason}; {hint}") from error
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path}: damaged or not an index of ours ({error}); run `assay doctor`, or restore a backup") from error


def _migrate(writer: sqlite3.Connection) -> None:
    """Bring the tables of an older version up to date, all or nothing; another writer may have done so meanwhile."""
    version = writer.execute("PRAGMA user_version").fetchone()[0]
    if version == SCHEMA_VERSION:
        return
    writer.execute("BEGIN IMMEDIATE")
    try:
        version = writer.execute("PRAGMA user_version").fetchone()[0]
        for step in range(version + 1, SCHEMA_VERSION + 1):
            for statement in _statements(_MIGRATIONS[step]):
                writer.execute(statement)
        writer.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        writer.execute("COMMIT")
    except BaseException:
        writer.rollback()
        raise


def _statements(script: str) -> Iterator[str]:
    """Yield the statements of a script: `executescript` would commit the transaction that they belong to."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _probe(writer: sqlite3.Connection) -> None:
    """Raise OperationalError unless this connection may write; another's transaction in progress proves that one can."""
    writer.execute("PRAGMA busy_timeout = 0")
    try:
        writer.execute("BEGIN IMMEDIATE")
        writer.rollback()
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise
    writer.execute("PRAGMA busy_timeout = 30000")


def _check_ours(connection: sqlite3.Connection, path: Path, *, migrating: bool = False) -> None:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if application != APPLICATION_ID:
        raise StoreError(f"{path}: expected an Assay index, found a database of another program; choose another --index")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if not 1 <= version <= SCHEMA_VERSION:
        raise MismatchError(
            f"{path}: expected schema {SCHEMA_VERSION}, found {version}; use the program that made it, or add the articles anew"
        )
    if version < SCHEMA_VERSION and not migrating:
        raise MismatchError(f"{path}: expected schema {SCHEMA_VERSION}, found {version}; open it once where it can be written")


def _next_generation(connection: sqlite3.Connection) -> int:
    """Count the transaction as a generation, and return its number."""
    query = "UPDATE settings SET value = CAST(value AS INTEGER) + 1 WHERE name = 'generation' RETURNING CAST(value AS INTEGER)"
    return int(connection.execute(query).fetchall()[0][0])


def _record(connection: sqlite3.Connection, name: str, derived: Derived) -> None:
    files = json.dumps({file: list(stamp) for file, stamp in derived.files.items()})
    row = (name, derived.built, derived.last_row, derived.folder, files)
    connection.execute("INSERT OR REPLACE INTO derived VALUES (?, ?, ?, ?, ?)", row)


def _keep_vectors(connection: sqlite3.Connection, vectors: Mapping[str, NDArray[np.float32]]) -> None:
    connection.executemany(
        "INSERT OR IGNORE INTO vectors (sha256, vector) VALUES (?, ?)",
        ((sha256, vector.astype("<f4").tobytes()) for sha256, vector in vectors.items()),
    )


def _file_row(record: FileRecord) -> tuple[object, ...]:
    articles = json.dumps([list(taken) for taken in record.articles], ensure_ascii=False)
    return (record.home, record.path, *record.signature, record.read_at, record.sha256, record.rules, articles)


def _remove(connection: sqlite3.Connection, article_id: str, generation: int) -> None:
    connection.execute("DELETE FROM originals WHERE article = ?", (article_id,))
    found = connection.execute("SELECT row FROM articles WHERE id = ? AND removed_gen IS NULL", (article_id,)).fetchone()
    if found:
        connection.execute("UPDATE articles SET removed_gen = ? WHERE row = ?", (generation, found[0]))
        connection.execute("UPDATE passages SET removed_gen = ? WHERE article = ?", (generation, found[0]))
        listing.drop(connection, found[0])
        likenesses.forget(connection, found[0])


def _insert(connection: sqlite3.Connection, prepared: Prepared, generation: int) -> None:
    article = prepared.article
    first, last = published_days(article)
    sentences = np.array(prepared.sentences, "<u4").reshape(-1, 2).tobytes()
    values = (
        *(article.id, article.sha256(), hashlib.sha256(article.text.encode()).hexdigest(), article.text),
        *(json.dumps(article.record(), ensure_ascii=False), article.source, first, last, sentences, generation),
    )
    columns = "id, sha256, text_sha256, text, record, source, published_first, published_last, sentences, added_gen"
    row = connection.execute(f"INSERT INTO articles ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING row", values).fetchall()[0][
        0
    ]
    if prepared.origin is not None:
        connection.execute(_REMEMBER, (article.id, prepared.origin, article.path))
    if prepared.original is not None:
        connection.execute(_KEEP_ORIGINAL, (article.id, *prepared.original))
    connection.executemany(
        """INSERT INTO passages (article, ordinal, start, end, context, vector, added_gen)
           VALUES (?, ?, ?, ?, ?, (SELECT row FROM vectors WHERE sha256 = ?), ?)""",
        (
            (row, ordinal, passage.span.start, passage.span.end, passage.context, sha256, generation)
            for ordinal, (passage, sha256) in enumerate(zip(prepared.passages, prepared.embedded_sha256, strict=True))
        ),
    )
    listing.put(connection, row)
    likenesses.sign(connection, row, article.record(), article.text)

"""The store as it was at one generation: everything that is read from SQLite, and nothing that is written.

Knows the tables that `store` keeps; nothing of files, locks or connections but the one that it is given.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import likenesses
from .article import Article, Passage, Span
from .dates import days_of, parse_date
from .durable import Stamp
from .errors import StoreError
from .files import FileRecord, Signature, Taken
from .listing import ROWS, WROTE, ListedArticles, authors, languages, page_of, sources
from .relatives import Relative, facts, first_printed, latest, relative
from .resemblance import Likeness
from .split import embedded_text, heading_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from .listing import ArticleOrder


class StoredPassage(NamedTuple):
    """A passage as it is searched: its row, its article's row, its place, its span and its context, as `Passage` has it."""

    row: int
    article: int
    ordinal: int
    start: int
    end: int
    context: str

    @property
    def heading(self) -> str:
        """The title and the headings above it, which is what a reader has to know of it."""
        return heading_of(self.context)


class Derived(NamedTuple):
    """What the store knows of a derived index: when it was built anew, up to which row it covers, its files with their stamps."""

    built: int
    last_row: int
    folder: str
    files: Mapping[str, Stamp]


class Visit(NamedTuple):
    """What is remembered of a web address: what to ask again with, what led to it, and the articles that were found there."""

    address: str
    etag: str | None = None
    modified: str | None = None
    stated: str | None = None
    """Changes when the feed or sitemap that leads to it says something else of it."""
    articles: tuple[str, ...] = ()
    refused: str | None = None
    """Why nothing was found, where trying again would not help."""


@dataclass(frozen=True, slots=True)
class ArticleFilter:
    """Which articles may be searched; what is None excludes nothing.

    Dates are ISO, may be partial, and are inclusive; sources are compared whatever their letter case (of ASCII letters), whole
    names of authors and languages whatever that of any letters. Raises `StoreError` for a date that is none.
    """

    sources: tuple[str, ...] | None = None
    after: str | None = None
    before: str | None = None
    ids: tuple[str, ...] | None = None
    authors: tuple[str, ...] | None = None
    """At least one of these wrote it."""
    languages: tuple[str, ...] | None = None
    """Codes such as `en`, without a country."""

    def __post_init__(self) -> None:
        """Refuse what no article's date can be compared with."""
        for date in (self.after, self.before):
            if date is not None and parse_date(date) != date:
                raise StoreError(f"expected a date such as 2023-04-21, 2023-04 or 2023, found {date[:60]!r}; give one of these")

    def __bool__(self) -> bool:
        """Say whether anything is excluded."""
        return any(value is not None for value in (self.sources, self.after, self.before, self.ids, self.authors, self.languages))

    def where(self) -> tuple[str, list[str]]:
        """Return an SQL condition on `listed` and its parameters. An undated article never passes a date filter."""
        conditions, values = ["TRUE"], list[str]()
        if self.sources is not None:
            conditions.append("listed.source COLLATE NOCASE IN (SELECT value FROM json_each(?))")
            values.append(_listed(self.sources))
        if self.ids is not None:
            conditions.append("listed.id IN (SELECT value FROM json_each(?))")
            values.append(_listed(self.ids))
        if self.authors is not None:
            conditions.append("listed.article IN (SELECT article FROM wrote WHERE author IN (SELECT value FROM json_each(?)))")
            values.append(_listed(map(str.casefold, self.authors)))
        if self.languages is not None:
            conditions.append("listed.language IN (SELECT value FROM json_each(?))")
            values.append(_listed(map(str.casefold, self.languages)))
        if self.after is not None:
            conditions.append("listed.published_last >= ?")
            values.append(days_of(self.after)[0])
        if self.before is not None:
            conditions.append("listed.published_first <= ?")
            values.append(days_of(self.before)[1])
        return " AND ".join(conditions), values


def _listed(names: Iterable[str]) -> str:
    """Return names as JSON for SQLite, but for those with a NUL, which it would cut there, and no article has."""
    return json.dumps([name for name in names if "\0" not in name])


def published_days(article: Article) -> tuple[str | None, str | None]:
    """Return the first and last day on which an article may have been published; None twice when it is undated."""
    return days_of(article.published) if article.published else (None, None)


class Snapshot:
    """The store as it was at one generation, for as long as it is open; used by one thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Pin the newest generation; `connection` is in a read transaction from here on."""
        self._connection = connection
        self._facts: dict[int, dict[str, Any]] = {}  # by article
        self._first_printed: dict[int, dict[str, Any]] = {}  # the dates, by wording
        self.generation = int(self.settings()["generation"])

    def settings(self) -> dict[str, str]:
        """Return the index's settings by name."""
        return dict(self._connection.execute("SELECT name, value FROM settings"))

    def derived(self, name: str) -> Derived | None:
        """Return what is known of the derived index `name`; None when there is none yet, or none that can be read."""
        found = self._connection.execute("SELECT built, last_row, folder, files FROM derived WHERE name = ?", (name,)).fetchone()
        if found is None:
            return None
        try:
            files = {file: Stamp(*stamp) for file, stamp in json.loads(found[3]).items()}
        except (ValueError, TypeError, AttributeError, RecursionError):
            return None
        return Derived(found[0], found[1], found[2], files) if files else None

    def visit(self, address: str) -> Visit | None:
        """Return what is remembered of a web address; None when nothing is, or an article from there was removed since."""
        query = "SELECT etag, modified, stated, articles, refused FROM visits WHERE address = ?"
        found = self._connection.execute(query, (address,)).fetchone()
        if found is None:
            return None
        try:
            articles = tuple(str(article_id) for article_id in json.loads(found[3]))
        except (ValueError, TypeError, RecursionError):
            return None
        query = "SELECT count(*) FROM articles WHERE removed_gen IS NULL AND id IN (SELECT value FROM json_each(?))"
        live = self._connection.execute(query, (json.dumps(articles),)).fetchone()[0]
        etag, modified, stated, _, refused = found
        return Visit(address, etag, modified, stated, articles, refused) if live == len(set(articles)) else None

    def article(self, row: int) -> Article:
        """Return an article with its text, whose checksum is verified; raises `StoreError` when it is damaged."""
        found = self._connection.execute("SELECT record, text, text_sha256 FROM articles WHERE row = ?", (row,)).fetchone()
        if found is None:
            raise StoreError(f"no article in row {row}, which a passage names; run `assay doctor`")
        record, text, sha256 = found
        if hashlib.sha256(text.encode()).hexdigest() != sha256:
            raise StoreError(f"the text of article {json.loads(record)['id']!r} is not what was stored; run `assay doctor`")
        return Article.from_record(json.loads(record), text)

    def record(self, row: int) -> dict[str, Any]:
        """Return everything but the text of an article, as `Article.record` gives it."""
        return dict(json.loads(self._connection.execute("SELECT record FROM articles WHERE row = ?", (row,)).fetchone()[0]))

    def sentences(self, row: int) -> list[Span]:
        """Return the sentences of an article, in order."""
        blob = self._connection.execute("SELECT sentences FROM articles WHERE row = ?", (row,)).fetchone()[0]
        return [Span(start, end) for start, end in np.frombuffer(blob, "<u4").reshape(-1, 2).tolist()]

    def article_row(self, article_id: str) -> int | None:
        """Return the row of a live article; None when there is none of that id."""
        try:
            found = self._connection.execute("SELECT row FROM articles WHERE id = ? AND removed_gen IS NULL", (article_id,)).fetchone()
        except UnicodeEncodeError:  # a lone surrogate, which no id holds
            return None
        return found[0] if found else None

    def article_rows(self, only: ArticleFilter) -> list[int]:
        """Return the rows of the live articles that pass `only`, in the order they were added."""
        where, values = only.where()
        return [row for (row,) in self._connection.execute(f"SELECT article FROM listed WHERE {where} ORDER BY article", values)]

    def records(self, only: ArticleFilter | None = None) -> Iterator[dict[str, Any]]:
        """Yield the record of each live article that passes `only`, by id.

        With the sha256 of its text, its characters and passages, and the id of its latest version where there is a later one.
        """
        where, values = (only or ArticleFilter()).where()
        query = f"SELECT article FROM listed WHERE {where} ORDER BY listed.id"
        alike = set(likenesses.alike(self._connection))
        for (row,) in self._connection.execute(query, values):
            yield self._known(row, latest(row, self.relatives) if row in alike else None)

    def listed(self, only: ArticleFilter, words: str, order: ArticleOrder, offset: int, limit: int) -> ListedArticles:
        """Return some of the articles that pass `only` and hold all of `words` in title, source, authors, id or date, in order."""
        rows, found = page_of(self._connection, only, words, order, offset, limit)
        alike = self.with_relatives(rows)
        return ListedArticles([self._known(row, latest(row, self.relatives) if row in alike else None) for row in rows], found)

    def _known(self, row: int, last: Relative | None) -> dict[str, Any]:
        query = """SELECT record, text_sha256, length(text), passages FROM listed JOIN articles ON articles.row = listed.article
                   WHERE listed.article = ?"""
        record, sha256, characters, passages = self._connection.execute(query, (row,)).fetchone()
        known = {"sha256": sha256, "characters": characters, "passages": passages, "superseded_by": last.id if last else None}
        return {**json.loads(record), **known}

    def sources(self) -> dict[str, int]:
        """Return how many articles each source has, those of most articles first."""
        return sources(self._connection)

    def languages(self) -> dict[str, int]:
        """Return how many articles each language has, by its code in lower case, those of most articles first."""
        return languages(self._connection)

    def authors(self, words: str, limit: int) -> dict[str, int]:
        """Return how many articles some authors have, of those whose names hold all of `words`, those of most articles first."""
        return authors(self._connection, words, limit)

    def checksums(self) -> dict[str, str]:
        """Return the checksum of each live article by its id."""
        return dict(self._connection.execute("SELECT id, sha256 FROM articles WHERE removed_gen IS NULL"))

    def from_origin(self, origin: str) -> dict[str, str | None]:
        """Return the path, relative to the folder `origin`, of each article that was last seen in it, by its id."""
        return dict(self._connection.execute("SELECT article, path FROM origins WHERE origin = ? ORDER BY article", (origin,)))

    def only_from(self, origin: str, article_ids: Iterable[str]) -> list[str]:
        """Return those of `article_ids` that no other folder than `origin` holds."""
        query = "SELECT value FROM json_each(?) WHERE NOT EXISTS (SELECT 1 FROM origins WHERE article = value AND origin != ?)"
        return [article_id for (article_id,) in self._connection.execute(query, (json.dumps(list(article_ids)), origin))]

    def file(self, home: str, path: bytes) -> FileRecord | None:
        """Return what is remembered of a file; None when nothing is."""
        found = self._connection.execute("SELECT * FROM files WHERE home = ? AND path = ?", (home, path)).fetchone()
        return _file(found) if found else None

    def files_of(self, home: str) -> Iterator[bytes]:
        """Yield the paths of the files that are remembered of a folder, in order."""
        yield from (path for (path,) in self._connection.execute("SELECT path FROM files WHERE home = ? ORDER BY path", (home,)))

    def file_places(self) -> Iterator[tuple[str, bytes]]:
        """Yield the folder and the path in it of each file that is remembered, in order."""
        yield from self._connection.execute("SELECT home, path FROM files ORDER BY home, path")

    def files_like(self, sha256: str, rules: str, *, home: str | None = None) -> list[FileRecord]:
        """Return a few files of the same bytes that were read by the same rules, or all those of `home`, in order of their places."""
        query = "SELECT * FROM files WHERE sha256 = ?1 AND rules = ?2 AND (?3 IS NULL OR home = ?3) ORDER BY home, path LIMIT ?4"
        found = self._connection.execute(query, (sha256, rules, home, 16 if home is None else -1))
        return [record for record in map(_file, found) if record]

    def original(self, article_id: str) -> tuple[str, str] | None:
        """Return the sha256 and the name of the file that a live article was read from; None where it is not kept."""
        found = self._connection.execute("SELECT sha256, name FROM originals WHERE article = ?", (article_id,)).fetchone()
        return tuple(found) if found else None

    def originals(self) -> Iterator[str]:
        """Yield the sha256 of each file that is kept, in order."""
        yield from (sha256 for (sha256,) in self._connection.execute("SELECT DISTINCT sha256 FROM originals ORDER BY sha256"))

    def live_articles(self) -> Iterator[int]:
        """Yield the row of each live article, in order of their ids."""
        yield from (row for (row,) in self._connection.execute("SELECT row FROM articles WHERE removed_gen IS NULL ORDER BY id"))

    def embedded(self, row: int) -> list[tuple[Passage, str]]:
        """Return the passages of an article, in order, each with the sha256 of what was embedded."""
        query = """SELECT start, end, context, sha256 FROM passages JOIN vectors ON vectors.row = passages.vector
                   WHERE article = ? ORDER BY ordinal"""
        found = self._connection.execute(query, (row,))
        return [(Passage(Span(start, end), context), sha256) for start, end, context, sha256 in found]

    def copies(self, row: int) -> dict[int, str]:
        """Return the rows and ids of the other live articles with exactly the same text, by id."""
        query = """SELECT row, id FROM articles WHERE removed_gen IS NULL AND row != ?1
                   AND text_sha256 = (SELECT text_sha256 FROM articles WHERE row = ?1) ORDER BY id"""
        return dict(self._connection.execute(query, (row,)))

    def relatives(self, row: int) -> list[Relative]:
        """Return the other live articles of much the same text, those of exactly the same first."""
        found = likenesses.like(self._connection, row)
        mine = self._printed(row) if found else {}
        return [relative(one, mine, self._printed(one.row)) for one in found]

    def _printed(self, row: int) -> dict[str, Any]:
        """Return the facts of an article, with the dates of the first that printed its text; kept while the snapshot is open."""
        wording = likenesses.wording_of(self._connection, row)
        if wording not in self._first_printed:
            copies = [one.row for one in likenesses.like(self._connection, row) if one.likeness is Likeness.COPY]
            self._first_printed[wording] = first_printed(map(self._facts_of, [row, *copies]))
        return self._facts_of(row) | self._first_printed[wording]

    def _facts_of(self, row: int) -> dict[str, Any]:
        if row not in self._facts:
            self._facts[row] = facts(self.record(row))
        return self._facts[row]

    def uncompared(self) -> bool:
        """Say whether there are articles that were not compared with the others, or not by the rules in use."""
        return not likenesses.by_rules(self._connection) or bool(likenesses.unsigned(self._connection, 1))

    def with_relatives(self, rows: Iterable[int]) -> set[int]:
        """Return which of some live articles have others of much the same text."""
        return likenesses.with_likes(self._connection, rows)

    def counts(self) -> tuple[int, int]:
        """Return how many articles and how many passages are live."""
        # The difference of two counts that indexes give: the table itself is long.
        passages = "SELECT (SELECT count(*) FROM passages) - (SELECT count(*) FROM passages WHERE removed_gen IS NOT NULL)"
        return (
            self._connection.execute("SELECT count(*) FROM articles WHERE removed_gen IS NULL").fetchone()[0],
            self._connection.execute(passages).fetchone()[0],
        )

    def last_row(self) -> int:
        """Return the highest passage row, removed ones included; 0 when there is none."""
        return int(self._connection.execute("SELECT coalesce(max(row), 0) FROM passages").fetchone()[0])

    def last_live_row(self) -> int:
        """Return the highest row of a live passage; 0 when there is none."""
        found = self._connection.execute("SELECT row FROM passages WHERE removed_gen IS NULL ORDER BY row DESC LIMIT 1").fetchone()
        return found[0] if found else 0

    def removed_before(self, generation: int) -> int:
        """Return how many passages and articles were removed at `generation` or before, and are still in the file."""
        query = "SELECT (SELECT count(*) FROM passages WHERE removed_gen <= ?1) + (SELECT count(*) FROM articles WHERE removed_gen <= ?1)"
        return int(self._connection.execute(query, (generation,)).fetchone()[0])

    def covered(self, last: int, *, since: int) -> tuple[int, int]:
        """Return how many passages up to row `last` are live, and how many were removed after generation `since`."""
        return (
            self._connection.execute("SELECT count(*) FROM passages WHERE row <= ? AND removed_gen IS NULL", (last,)).fetchone()[0],
            self._connection.execute("SELECT count(*) FROM passages WHERE row <= ? AND removed_gen > ?", (last, since)).fetchone()[0],
        )

    def passages(self, rows: Sequence[int]) -> list[StoredPassage]:
        """Return the passages of `rows`, in that order."""
        query = "SELECT row, article, ordinal, start, end, context FROM passages WHERE row IN (SELECT value FROM json_each(?))"
        found = {passage[0]: StoredPassage(*passage) for passage in self._connection.execute(query, (json.dumps(list(rows)),))}
        return [found[row] for row in rows]

    def passage_text(self, passage: StoredPassage) -> str:
        """Return the words of a passage, without reading the whole article."""
        query = "SELECT substr(text, ?, ?) FROM articles WHERE row = ?"
        return str(self._connection.execute(query, (passage.start + 1, passage.end - passage.start, passage.article)).fetchone()[0])

    def article_passages(self, article: int) -> list[StoredPassage]:
        """Return the passages of one article, in order."""
        query = "SELECT row, article, ordinal, start, end, context FROM passages WHERE article = ? ORDER BY ordinal"
        return [StoredPassage(*passage) for passage in self._connection.execute(query, (article,))]

    def passage_rows(self, articles: Sequence[int]) -> NDArray[np.int64]:
        """Return the rows of all passages of `articles`, ascending."""
        query = "SELECT row FROM passages WHERE article IN (SELECT value FROM json_each(?)) ORDER BY row"
        return _column(self._connection.execute(query, (json.dumps(list(articles)),)))

    def live_rows(self, *, after: int = 0) -> NDArray[np.int64]:
        """Return the rows of live passages above `after`, ascending."""
        return _column(self._connection.execute("SELECT row FROM passages WHERE row > ? AND removed_gen IS NULL ORDER BY row", (after,)))

    def removed_rows(self, *, up_to: int) -> NDArray[np.int64]:
        """Return the rows of removed passages up to `up_to`, ascending."""
        query = "SELECT row FROM passages INDEXED BY passage_removed WHERE removed_gen IS NOT NULL AND row <= ? ORDER BY row"
        return _column(self._connection.execute(query, (up_to,)))

    def vectors(self, rows: Sequence[int] | NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the vectors of the passages of `rows`, (n, dimension), in that order."""
        query = """SELECT passages.row, vectors.vector FROM passages JOIN vectors ON vectors.row = passages.vector
                   WHERE passages.row IN (SELECT value FROM json_each(?))"""
        wanted = [int(row) for row in rows]
        dimension = int(self.settings()["dimension"])
        found = dict(self._connection.execute(query, (json.dumps(wanted),)))
        matrix = np.frombuffer(b"".join(found[row] for row in wanted), "<f4")
        return matrix.reshape(len(wanted), dimension)

    def searchable(self, *, after: int = 0) -> Iterator[tuple[int, int, str]]:
        """Yield (row, article row, context and words) of the live passages above `after`, ascending."""
        query = "SELECT row, article, start, end, context FROM passages WHERE row > ? AND removed_gen IS NULL ORDER BY row"
        text, of = "", None
        for row, article, start, end, context in self._connection.execute(query, (after,)):
            if article != of:  # the passages of an article follow each other: its text is read once
                text, of = self._connection.execute("SELECT text FROM articles WHERE row = ?", (article,)).fetchone()[0], article
            yield row, article, embedded_text(context, text[start:end])

    def known_vectors(self, sha256s: Iterable[str]) -> set[str]:
        """Return which of the given texts, by checksum, are embedded already."""
        query = "SELECT sha256 FROM vectors WHERE sha256 IN (SELECT value FROM json_each(?))"
        return {sha256 for (sha256,) in self._connection.execute(query, (json.dumps(list(sha256s)),))}

    def faults(self) -> list[str]:
        """Check the file page by page, its references, and every text, span and vector; return what is wrong, a line each."""
        checked = (line for (lines,) in self._connection.execute("PRAGMA integrity_check(20)") for line in lines.splitlines())
        faults = [f"store.sqlite: {line}" for line in checked if line != "ok"]
        faults += [
            f"store.sqlite: a row of {row[0]} refers to none of {row[2]}" for row in self._connection.execute("PRAGMA foreign_key_check")
        ]
        faults += self._counted(_CONSISTENT)
        if faults:
            return faults
        for row, article_id, length in self._connection.execute(
            "SELECT row, id, length(text) FROM articles WHERE removed_gen IS NULL"
        ).fetchall():
            faults += self._article_faults(row, article_id, length)
        dimension = int(self.settings()["dimension"])
        for row, blob in self._connection.execute("SELECT row, vector FROM vectors"):
            vector = np.frombuffer(blob[: len(blob) // 4 * 4], "<f4")
            if vector.size != dimension or not abs(float(np.linalg.norm(vector)) - 1) < 1e-3:
                faults.append(f"vector {row}: expected {dimension} numbers of length one")
        return faults or self._counted(_LISTED) or likenesses.faults(self._connection)

    def _counted(self, faults: Mapping[str, str]) -> list[str]:
        """Return those of `faults` whose query counts something."""
        hint = "restore a backup, or add the articles to a new --index"
        return [f"store.sqlite: {fault}; {hint}" for query, fault in faults.items() if self._connection.execute(query).fetchone()[0]]

    def _article_faults(self, row: int, article_id: str, length: int) -> list[str]:
        try:
            article = self.article(row)
            columns = (article.id, article.sha256(), article.source, *published_days(article))
            spans = [(span.start, span.end) for span in self.sentences(row)]
        except (StoreError, ValueError, KeyError, TypeError) as error:
            return [f"article {article_id!r}: {error}"]
        query = "SELECT id, sha256, source, published_first, published_last FROM articles WHERE row = ?"
        if self._connection.execute(query, (row,)).fetchone() != columns:
            return [f"article {article_id!r}: its metadata are not what was stored; remove it and add it again"]
        passages = self.article_passages(row)
        if [passage.ordinal for passage in passages] != list(range(len(passages))) or not passages:
            return [f"article {article_id!r}: of its passages some are missing; remove it and add it again"]
        spans += [(passage.start, passage.end) for passage in passages]
        outside = [f"{start}:{end}" for start, end in spans if not 0 <= start < end <= length]
        return [f"article {article_id!r}: span {span} is outside its text" for span in outside] or self._passage_faults(row, article)

    def _passage_faults(self, row: int, article: Article) -> list[str]:
        """Compare the words of each passage with those that were embedded."""
        query = "SELECT start, end, context, sha256 FROM passages JOIN vectors ON vectors.row = passages.vector WHERE article = ?"
        for start, end, context, sha256 in self._connection.execute(query, (row,)):
            if hashlib.sha256(embedded_text(context, article.text[start:end]).encode()).hexdigest() != sha256:
                return [f"article {article.id!r}: its passages are not what was embedded; remove it and add it again"]
        return []


#: What counts nothing in a sound store, and what it means when it does.
_CONSISTENT = {
    """SELECT count(*) FROM passages JOIN articles ON articles.row = passages.article
       WHERE passages.removed_gen IS NOT articles.removed_gen""": "passages are live whose article is not, or the other way round",
    """SELECT count(*) FROM articles JOIN settings ON name = 'generation'
       WHERE max(added_gen, coalesce(removed_gen, 0)) > CAST(value AS INTEGER)""": "articles are newer than the index",
    """SELECT count(*) FROM origins
       WHERE article NOT IN (SELECT id FROM articles WHERE removed_gen IS NULL)""": "folders are remembered of articles that are not there",
    """SELECT count(*) FROM originals
       WHERE article NOT IN (SELECT id FROM articles WHERE removed_gen IS NULL)""": "originals are kept of articles that are not there",
}


def _file(row: tuple[Any, ...]) -> FileRecord | None:
    """Return what a row of `files` remembers; None for one that cannot be read: the file is read again."""
    home, path, size, mtime_ns, ctime_ns, inode, read_at, sha256, rules, articles = row
    try:
        taken = [Taken(str(article_id), str(checksum), bool(placed)) for article_id, checksum, placed in json.loads(articles)]
    except (ValueError, TypeError, RecursionError):
        return None
    return FileRecord(home, path, Signature(size, mtime_ns, ctime_ns, inode), read_at, sha256, rules, taken)


#: As `_CONSISTENT`, of what is made of the articles; looked at where these are sound.
_LISTED = {
    f"SELECT count(*) FROM (SELECT * FROM listed EXCEPT {ROWS})": "articles are listed otherwise than they are",
    f"SELECT count(*) FROM (SELECT * FROM wrote EXCEPT {WROTE})": "authors are listed otherwise than articles name them",
    f"SELECT count(*) FROM ({WROTE} EXCEPT SELECT * FROM wrote)": "authors are not listed",
    "SELECT (SELECT count(*) FROM listed) IS NOT (SELECT count(*) FROM articles WHERE removed_gen IS NULL)": "articles are not listed",
}


def _column(cursor: sqlite3.Cursor) -> NDArray[np.int64]:
    return np.fromiter((row for (row,) in cursor), np.int64)

"""Which articles are likely to be copies of each other, kept in the store with the articles.

The citable text of each article is a wording; articles of the same text share one. A wording is found by its fingerprints among those
that may be like it, and what it is to each is kept. Two wordings are compared where they share at least a fifth of the fingerprints of
the one that has fewer: that, and what the comparison says, depends on the two texts alone, so that the order in which articles come and
go leaves no trace. Knows the tables that it keeps; nothing of generations, of dates, and of what is shown for a copy.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .article import Marks, Span
from .resemblance import RESEMBLANCE, Likeness, Wording, likeness
from .shingles import FINGERPRINTS, fingerprints

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from numpy.typing import NDArray

#: Of the fingerprints of the wording that has fewer, two that are compared share at least so many of so many.
_SHARED, _OF = 1, 5

#: What more wordings share than this tells little: where it can be done without, the others are not looked up by it.
_COMMON = 32

#: Names the rules by which likenesses are found; under this name it is among an index's settings.
SETTING, RULES = "likenesses", f"{FINGERPRINTS}; {RESEMBLANCE}; {_SHARED} of {_OF} shared"

TABLES = """
CREATE TABLE wordings (
    row INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE,      -- of a citable text
    prints BLOB NOT NULL              -- its fingerprints, little-endian int64, ascending
) STRICT;
CREATE TABLE worded (
    article INTEGER PRIMARY KEY REFERENCES articles (row), -- a live one
    wording INTEGER NOT NULL REFERENCES wordings (row)
) STRICT;
CREATE INDEX worded_so ON worded (wording);
CREATE TABLE prints (
    print INTEGER NOT NULL,           -- a fingerprint,
    size INTEGER NOT NULL,            -- how many the wording has
    wording INTEGER NOT NULL,
    PRIMARY KEY (print, size, wording)
) STRICT, WITHOUT ROWID;
CREATE TABLE likenesses (             -- each twice, from either side
    wording INTEGER NOT NULL REFERENCES wordings (row),
    other INTEGER NOT NULL REFERENCES wordings (row),
    likeness TEXT NOT NULL,           -- what the shorter is to the longer
    longer INTEGER NOT NULL,          -- 1 where `other` is the longer
    PRIMARY KEY (wording, other)
) STRICT, WITHOUT ROWID;
"""

_READ_PRINTS = "<i8"


class Like(NamedTuple):
    """What another article is to one whose text it shares."""

    row: int
    likeness: Likeness
    """What the shorter of the two texts is to the longer."""
    longer: bool
    """Whether the other is the longer."""


def sign(connection: sqlite3.Connection, article: int, record: Mapping[str, Any], text: str) -> None:
    """Keep what the live article in this row is known by, and what it is to the others; it is not known yet."""
    citable = citable_text(record, text)
    sha256 = hashlib.sha256(citable.encode()).hexdigest()
    found = connection.execute("SELECT row FROM wordings WHERE sha256 = ?", (sha256,)).fetchone()
    wording = found[0] if found else _add(connection, sha256, citable)
    connection.execute("INSERT INTO worded VALUES (?, ?)", (article, wording))


def forget(connection: sqlite3.Connection, article: int) -> None:
    """Forget an article, and its wording where no other has it."""
    found = connection.execute("DELETE FROM worded WHERE article = ? RETURNING wording", (article,)).fetchall()
    if not found or connection.execute("SELECT 1 FROM worded WHERE wording = ?", found[0]).fetchone():
        return
    wording = found[0][0]
    prints = _prints(connection, wording)
    connection.executemany("DELETE FROM prints WHERE print = ? AND size = ? AND wording = ?", _print_rows(prints, wording))
    others = [other for (other,) in connection.execute("SELECT other FROM likenesses WHERE wording = ?", (wording,))]
    connection.executemany("DELETE FROM likenesses WHERE wording = ? AND other = ?", ((other, wording) for other in others))
    connection.execute("DELETE FROM likenesses WHERE wording = ?", (wording,))
    connection.execute("DELETE FROM wordings WHERE row = ?", (wording,))


def forget_all(connection: sqlite3.Connection) -> None:
    """Forget everything, and note the rules by which it will be found anew."""
    for statement in ("DELETE FROM likenesses", "DELETE FROM prints", "DELETE FROM worded", "DELETE FROM wordings"):
        connection.execute(statement)
    connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (SETTING, RULES))


def unsigned(connection: sqlite3.Connection, most: int) -> list[int]:
    """Return the rows of live articles that are not known yet, the oldest first."""
    query = "SELECT article FROM listed WHERE article NOT IN (SELECT article FROM worded) ORDER BY article LIMIT ?"  # no text is read
    return [row for (row,) in connection.execute(query, (most,))]


def by_rules(connection: sqlite3.Connection) -> bool:
    """Say whether what is kept was found by the rules in use."""
    return bool(connection.execute("SELECT value FROM settings WHERE name = ?", (SETTING,)).fetchone() == (RULES,))


def like(connection: sqlite3.Connection, article: int) -> list[Like]:
    """Return the other live articles whose citable text is a copy, a revision or an excerpt of this one's, or the other way round."""
    same = """SELECT other.article FROM worded JOIN worded AS other ON other.wording = worded.wording
              WHERE worded.article = ?1 AND other.article != ?1 ORDER BY other.article"""
    near = """SELECT other.article, likeness, longer FROM worded JOIN likenesses ON likenesses.wording = worded.wording
              JOIN worded AS other ON other.wording = likenesses.other WHERE worded.article = ? ORDER BY other.article"""
    found = [Like(row, Likeness.COPY, False) for (row,) in connection.execute(same, (article,))]
    return found + [Like(row, Likeness(kind), bool(longer)) for row, kind, longer in connection.execute(near, (article,))]


def wording_of(connection: sqlite3.Connection, article: int) -> int:
    """Return the row of the wording of a live article that has been compared."""
    return int(connection.execute("SELECT wording FROM worded WHERE article = ?", (article,)).fetchone()[0])


def with_likes(connection: sqlite3.Connection, articles: Iterable[int]) -> set[int]:
    """Return which of some live articles are like another, or have its text."""
    query = """SELECT article FROM worded AS mine WHERE article IN (SELECT value FROM json_each(?)) AND (
               EXISTS (SELECT 1 FROM likenesses WHERE wording = mine.wording)
               OR EXISTS (SELECT 1 FROM worded WHERE wording = mine.wording AND article != mine.article))"""
    return {article for (article,) in connection.execute(query, (json.dumps(list(articles)),))}


def alike(connection: sqlite3.Connection) -> list[int]:
    """Return the rows of all live articles that are like another, but for those with exactly its text."""
    query = "SELECT article FROM worded WHERE wording IN (SELECT wording FROM likenesses) ORDER BY article"
    return [row for (row,) in connection.execute(query)]


def faults(connection: sqlite3.Connection) -> list[str]:
    """Find everything anew, and say what is kept otherwise, a line each."""
    if not by_rules(connection):
        return ["copies: found by other rules than those in use; run `assay rebuild`"]
    found = [f"article {article_id!r}: not compared with the others; run `assay rebuild`" for article_id in _ids(connection, _UNSIGNED)]
    found += [f"article {article_id!r}: its copies are not what was found; run `assay rebuild`" for article_id in _ids(connection, _LOST)]
    stray = """SELECT (SELECT count(*) FROM prints) != (SELECT coalesce(sum(length(prints) / 8), 0) FROM wordings)
               OR EXISTS (SELECT 1 FROM wordings WHERE row NOT IN (SELECT wording FROM worded))"""
    if connection.execute(stray).fetchone()[0]:
        found.append("copies: kept of articles that are not there; run `assay rebuild`")
    return found or [
        f"article {article_id!r}: its copies are not what was found; run `assay rebuild`"
        for article_id, wording, sha256, record, text in connection.execute(_WORDED).fetchall()
        if _differs(connection, wording, sha256, citable_text(json.loads(record), text))
    ]


def citable_text(record: Mapping[str, Any], text: str) -> str:
    """Return what of an article may be cited: its text without headings and boilerplate."""
    marked = (*record["not_citable"], *(heading[:2] for heading in record["headings"]))
    return "\n".join(span.of(text) for span in Marks(Span(*span) for span in marked).rest(len(text)))


_UNSIGNED = "SELECT id FROM articles WHERE removed_gen IS NULL AND row NOT IN (SELECT article FROM worded)"
_LOST = "SELECT id FROM articles WHERE removed_gen IS NOT NULL AND row IN (SELECT article FROM worded)"
_WORDED = """SELECT id, wordings.row, wordings.sha256, record, text FROM wordings
             JOIN worded ON worded.wording = wordings.row JOIN articles ON articles.row = worded.article ORDER BY articles.row"""


def _ids(connection: sqlite3.Connection, query: str) -> list[str]:
    return [article_id for (article_id,) in connection.execute(query)]


def _differs(connection: sqlite3.Connection, wording: int, sha256: str, citable: str) -> bool:
    prints = fingerprints(citable)
    if hashlib.sha256(citable.encode()).hexdigest() != sha256 or not np.array_equal(prints, _prints(connection, wording)):
        return True
    query = "SELECT count(*) FROM prints WHERE wording = ? AND size = ? AND print IN (SELECT value FROM json_each(?))"
    if connection.execute(query, (wording, prints.size, json.dumps(prints.tolist()))).fetchone()[0] != prints.size:
        return True
    kept = {
        (other, kind, bool(longer))
        for other, kind, longer in connection.execute("SELECT other, likeness, longer FROM likenesses WHERE wording = ?", (wording,))
    }
    return kept != {(found.row, str(found.likeness), found.longer) for found in _likenesses(connection, wording, citable, prints)}


def _add(connection: sqlite3.Connection, sha256: str, citable: str) -> int:
    """Keep a wording that is not known yet, and what it is to the others."""
    prints = fingerprints(citable)
    row = connection.execute(
        "INSERT INTO wordings (sha256, prints) VALUES (?, ?)", (sha256, prints.astype(_READ_PRINTS).tobytes())
    ).lastrowid
    wording = int(row or 0)
    for found in _likenesses(connection, wording, citable, prints):
        connection.execute("INSERT INTO likenesses VALUES (?, ?, ?, ?)", (wording, found.row, found.likeness, found.longer))
        connection.execute("INSERT INTO likenesses VALUES (?, ?, ?, ?)", (found.row, wording, found.likeness, not found.longer))
    connection.executemany("INSERT INTO prints VALUES (?, ?, ?)", _print_rows(prints, wording))
    return wording


def _likenesses(connection: sqlite3.Connection, wording: int, citable: str, prints: NDArray[np.int64]) -> Iterator[Like]:
    """Yield the wordings that are like one, each for its row."""
    mine, sha256 = None, hashlib.sha256(citable.encode()).hexdigest()
    for other in _candidates(connection, wording, prints):
        mine = mine or Wording.of(citable)
        their_sha256, theirs = _wording(connection, other)
        found = likeness(mine, theirs)
        if found is not None:
            longer = (len(theirs.words), theirs.words, their_sha256) > (len(mine.words), mine.words, sha256)
            yield Like(other, found, longer)


def _candidates(connection: sqlite3.Connection, wording: int, prints: NDArray[np.int64]) -> list[int]:
    """Return the wordings that share enough fingerprints with one to be compared with it.

    Any of at least its size that does shares more than so many of them as may be left out, and so one of the others; a smaller one may have
    enough among those left out, and is looked up by these too (prefix and length filters of set similarity joins: Bayardo, Ma & Srikant,
    "Scaling up all pairs similarity search", 2007).
    """
    left_out = _left_out(connection, prints)
    looked_up = np.setdiff1d(prints, left_out, assume_unique=True)
    smaller = (len(left_out) + 1) * _OF // _SHARED
    query = """SELECT DISTINCT wording FROM prints WHERE print IN (SELECT value FROM json_each(?1)) AND wording != ?3
               UNION SELECT wording FROM prints WHERE print IN (SELECT value FROM json_each(?2)) AND size <= ?4 AND wording != ?3"""
    values = (json.dumps(looked_up.tolist()), json.dumps(left_out), wording, smaller)
    found = [row for (row,) in connection.execute(query, values)]
    return [other for other in sorted(found) if _share_enough(prints, _prints(connection, other))]


def _share_enough(one: NDArray[np.int64], other: NDArray[np.int64]) -> bool:
    shared = np.intersect1d(one, other, assume_unique=True).size
    return shared >= _least_shared(min(one.size, other.size))


def _least_shared(size: int) -> int:
    return max(1, _SHARED * size // _OF)


def _left_out(connection: sqlite3.Connection, prints: NDArray[np.int64]) -> list[int]:
    """Return the most common of some fingerprints, as many as can be done without."""
    query = """SELECT value, (SELECT count(*) FROM (SELECT 1 FROM prints WHERE print = value LIMIT ?2)) AS held
               FROM json_each(?1) WHERE held >= ?2 ORDER BY value LIMIT ?3"""
    most = _least_shared(prints.size) - 1
    return [print_ for print_, _ in connection.execute(query, (json.dumps(prints.tolist()), _COMMON, most))] if most else []


def _prints(connection: sqlite3.Connection, wording: int) -> NDArray[np.int64]:
    return np.frombuffer(connection.execute("SELECT prints FROM wordings WHERE row = ?", (wording,)).fetchone()[0], _READ_PRINTS)


def _print_rows(prints: NDArray[np.int64], wording: int) -> Iterator[tuple[int, int, int]]:
    return ((print_, prints.size, wording) for print_ in prints.tolist())


def _wording(connection: sqlite3.Connection, wording: int) -> tuple[str, Wording]:
    query = """SELECT record, text, wordings.sha256 FROM wordings JOIN articles ON articles.row = (
               SELECT min(article) FROM worded WHERE wording = wordings.row) WHERE wordings.row = ?"""
    record, text, sha256 = connection.execute(query, (wording,)).fetchone()
    return sha256, Wording.of(citable_text(json.loads(record), text))

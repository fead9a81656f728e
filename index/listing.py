"""The list of articles to look through: a narrow table beside the long texts, found by words, in an order, a page at a time.

Beside it who wrote which article, by which authors are counted, found and filtered. What is asked of the two costs the same however long
the articles are. They hold the live articles alone, and change with them in one transaction. Knows nothing of texts, passages' vectors or
screens.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import sqlite3

    from .snapshot import ArticleFilter


class ArticleOrder(StrEnum):
    """What articles are listed by; those without a date or a source stand behind the others, and ties by title."""

    ID = "id"
    TITLE = "title"
    NEWEST = "newest"
    OLDEST = "oldest"
    SOURCE = "source"
    LONGEST = "longest"


class ListedArticles(NamedTuple):
    """Some of the articles that were found, as `Library.articles` tells them, and how many there are in all."""

    records: list[dict[str, Any]]
    found: int


#: Words that are looked for, and characters of them; nobody types more.
_MOST_WORDS, _MOST_CHARACTERS = 16, 1_000

#: Articles that are sorted anew each time in place of going through all in order until enough of them have been met.
_FEW = 2_000

#: The tables.
SCHEMA = """
CREATE TABLE listed (
    article INTEGER PRIMARY KEY REFERENCES articles (row),  -- a live one
    id TEXT NOT NULL,
    source TEXT,
    language TEXT NOT NULL,           -- folded
    published_first TEXT,
    published_last TEXT,
    by_title TEXT NOT NULL,           -- what it is sorted by: how its title begins, folded
    by_source TEXT NOT NULL,
    published TEXT NOT NULL,          -- empty where it is not known
    passages INTEGER NOT NULL,
    words TEXT NOT NULL               -- what it is found by: title, source, authors, id and date, folded
) STRICT;
CREATE UNIQUE INDEX listed_id ON listed (id);
CREATE INDEX listed_title ON listed (by_title);
CREATE INDEX listed_newest ON listed (published DESC, by_title);
CREATE INDEX listed_oldest ON listed (published = '', published, by_title);
CREATE INDEX listed_source ON listed (by_source = '', by_source, by_title);
CREATE INDEX listed_longest ON listed (passages DESC, by_title);
CREATE INDEX listed_language ON listed (language);
CREATE TABLE wrote (
    author TEXT NOT NULL,             -- folded
    article INTEGER NOT NULL REFERENCES articles (row),
    name TEXT NOT NULL,               -- as the article spells it
    PRIMARY KEY (author, article)
) STRICT, WITHOUT ROWID;
CREATE INDEX wrote_article ON wrote (article);
"""

#: What the first table holds of each live article.
ROWS = """SELECT articles.row, id, source, folded(told(record, 'language')), published_first, published_last,
    folded(substr(told(record, 'title'), 1, 80)),
    folded(coalesce(source, '')),
    told(record, 'published'),
    (SELECT count(*) FROM passages WHERE article = articles.row),
    folded(told(record, 'title') || ' ' || coalesce(source, '') || ' ' || told(record, 'authors') || ' ' || id || ' '
        || told(record, 'published'))
    FROM articles WHERE removed_gen IS NULL"""

#: What the second one holds of each live article.
WROTE = """SELECT folded(value), articles.row, value FROM articles, json_each(authors(record)) WHERE removed_gen IS NULL"""

#: Fills the tables of an index that had none.
FILL = f"INSERT INTO listed {ROWS};\nINSERT INTO wrote {WROTE};\n"

_ORDERS = {
    ArticleOrder.ID: "id",
    ArticleOrder.TITLE: "by_title",
    ArticleOrder.NEWEST: "published DESC, by_title",
    ArticleOrder.OLDEST: "published = '', published, by_title",
    ArticleOrder.SOURCE: "by_source = '', by_source, by_title",
    ArticleOrder.LONGEST: "passages DESC, by_title",
}


def add_functions(connection: sqlite3.Connection) -> None:
    """Teach a connection what `ROWS` and `WROTE` need: lower case as Unicode has it, and records as Python wrote them.

    SQLite's own JSON refuses NaN, which metadata may hold, before its version 3.42.
    """
    connection.create_function("folded", 1, str.casefold, deterministic=True)
    connection.create_function("told", 2, _told, deterministic=True)
    connection.create_function("authors", 1, _authors, deterministic=True)


def _told(record: str, name: str) -> str:
    """Return what a record says under a name in words; empty where that is nothing."""
    value = json.loads(record)[name]
    return ", ".join(value) if isinstance(value, list) else value or ""


def _authors(record: str) -> str:
    """Return as JSON the authors that a record names, each once whatever its letter case; no filter can name one with a NUL."""
    names = {name.casefold(): name for name in reversed(json.loads(record)["authors"]) if name.strip() and "\0" not in name}
    return json.dumps([*names.values()], ensure_ascii=False)


def put(connection: sqlite3.Connection, row: int) -> None:
    """List the article of a row, whose passages are there."""
    connection.execute(f"INSERT INTO listed {ROWS} AND articles.row = ?", (row,))
    connection.execute(f"INSERT INTO wrote {WROTE} AND articles.row = ?", (row,))


def drop(connection: sqlite3.Connection, row: int) -> None:
    """List the article of a row no more."""
    connection.execute("DELETE FROM listed WHERE article = ?", (row,))
    connection.execute("DELETE FROM wrote WHERE article = ?", (row,))


def page_of(
    connection: sqlite3.Connection, only: ArticleFilter, words: str, order: ArticleOrder, offset: int, limit: int
) -> tuple[list[int], int]:
    """Return the rows of some of the articles that pass `only` and hold all of `words`, in order, and how many do."""
    where, values = only.where()
    sought = _sought(words)
    where += " AND instr(words, ?)" * len(sought)
    values += sought
    found = connection.execute(f"SELECT count(*) FROM listed WHERE {where}", values).fetchone()[0]
    if offset >= found:
        return [], found
    few = "+" if found <= _FEW else ""  # those are sorted when they are found; of many the first ones come along an index
    query = f"SELECT article FROM listed WHERE {where} ORDER BY {few}{_ORDERS[order]} LIMIT ? OFFSET ?"
    return [row for (row,) in connection.execute(query, (*values, limit, offset))], found


def _sought(words: str) -> list[str]:
    """Return the words to look for, folded."""
    known = words[:_MOST_CHARACTERS].replace("\0", " ").encode("utf-8", "replace").decode()  # of half a character, which no article has
    return known.casefold().split()[:_MOST_WORDS]


def sources(connection: sqlite3.Connection) -> dict[str, int]:
    """Return how many articles each source has, those of most articles first."""
    query = "SELECT source, count(*) FROM listed WHERE source > '' GROUP BY source ORDER BY 2 DESC, 1"
    return dict(connection.execute(query))


def languages(connection: sqlite3.Connection) -> dict[str, int]:
    """Return how many articles each language has, by its code in lower case, those of most articles first."""
    found = connection.execute("SELECT language, count(*) FROM listed GROUP BY language ORDER BY 2 DESC, 1")
    return {language: count for language, count in found if language.strip() and "\0" not in language}  # which no filter can name


def authors(connection: sqlite3.Connection, words: str, limit: int) -> dict[str, int]:
    """Return how many articles some authors have, of those whose names hold all of `words`, those of most articles first.

    Names that differ in letter case alone are one author's, spelled as in the first of the articles.
    """
    sought = _sought(words)
    query = f"""SELECT (SELECT name FROM wrote WHERE author = found.author ORDER BY article LIMIT 1), articles
        FROM (SELECT author, count(*) AS articles FROM wrote WHERE TRUE{" AND instr(author, ?)" * len(sought)}
              GROUP BY author ORDER BY articles DESC, author LIMIT ?) AS found
        ORDER BY articles DESC, author"""
    return dict(connection.execute(query, (*sought, limit)))

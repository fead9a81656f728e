"""Indexes as earlier programs made them."""

import re
import sqlite3
from contextlib import closing

from index.store import _MIGRATIONS


def made_of_version_2(path):
    """Turn a store of the present schema into one of the second, whose list of articles was narrower."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "DROP TABLE wrote; DROP INDEX listed_language; ALTER TABLE listed DROP COLUMN language; PRAGMA user_version = 2"
        )


def made_older(path):
    """Turn a store of the present schema into one of the first."""
    made = [re.search(r"CREATE (?:UNIQUE )?(TABLE|INDEX) (\w+)", sql) for step in _MIGRATIONS.values() for sql in step.split(";")]
    with closing(sqlite3.connect(path)) as connection:
        for kind, name in (found.groups() for found in reversed(made) if found):
            connection.execute(f"DROP {kind} IF EXISTS {name}")
        connection.execute("PRAGMA user_version = 1")
        connection.commit()

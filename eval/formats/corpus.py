"""The articles that a set brings along, as `Library.add` takes them; read lazily, and again each time they are asked for.

A row that is no row is an error with its line; one whose article cannot be kept (no words, say) is refused, as any user's would be.
Knows nothing of questions.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index import Article, ArticleError, AssayError, Refusal, parse_date, title_of

from .fields import Fields
from .reading import json_object, lines, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .reading import Place

#: A longer line is no article that could be kept; it is refused and the rest goes on.
_MAX_LINE_BYTES = 100_000_000

#: No corpus is larger, unpacked.
_MAX_BYTES = 1_000_000_000_000

#: In every checksum: to be raised when the same file makes other articles than before.
_RULES = b"rows to articles 1\n"

#: A text without a title is called by its first words.
_TITLE_WORDS = 10

_MAX_LABEL_CHARACTERS = 500


@dataclass(frozen=True)
class RowsCorpus:
    """A file of articles, one JSON object a line."""

    file: Path

    @cached_property
    def sha256(self) -> str:
        """Return the checksum of the file."""
        return _checksum([("", self.file)])

    def source(self) -> Iterator[Article | Refusal]:
        """Yield the articles, or why one cannot be; raises AssayError at a row that is none."""
        for place, line in lines(self.file, longest=_MAX_LINE_BYTES, most=_MAX_BYTES):
            if line is None:
                yield Refusal(_label(place), f"too long: more than {_MAX_LINE_BYTES:,} bytes")
            elif line.strip():
                yield article_of(place, json_object(place, line))

    def texts(self, wanted: set[str]) -> dict[str, str]:
        """Return the texts of the articles with these ids, of those that there are."""
        found: dict[str, str] = {}
        if wanted:
            for article in self.source():
                if isinstance(article, Article) and article.id in wanted:
                    found.setdefault(article.id, article.text)
        return found


@dataclass(frozen=True)
class FolderCorpus:
    """A folder of articles in any format that is read."""

    folder: Path

    @cached_property
    def sha256(self) -> str:
        """Return the checksum of its files and their names."""
        found = [Path(folder, name) for folder, _, names in os.walk(self.folder) for name in names]
        return _checksum(sorted((file.relative_to(self.folder).as_posix(), file) for file in found if file.is_file()))

    def source(self) -> str:
        """Return the folder."""
        return str(self.folder)


@dataclass(frozen=True)
class ListedCorpus:
    """Articles that stand among the questions of one file."""

    file: Path
    rows: tuple[tuple[Place, dict[str, Any]], ...]
    """Where each stands, with its `id`, `title` and `text`."""

    @cached_property
    def sha256(self) -> str:
        """Return the checksum of the file."""
        return _checksum([("", self.file)])

    def source(self) -> Iterator[Article | Refusal]:
        """Yield the articles, or why one cannot be."""
        return (article_of(place, row) for place, row in self.rows)


def article_of(place: Place, row: dict[str, Any]) -> Article | Refusal:
    """Make the article of a row: `id` (or `_id`) and `text`, and what else is known of it; other keys become metadata.

    Raises:
        AssayError: The id or the text is missing, or a key holds something else than it must.
    """
    fields = Fields(place, row)
    names = [name for name in ("id", "_id") if name in fields]
    given = next((value for value in map(fields.take, names) if value is not None), None)
    if isinstance(given, bool) or not isinstance(given, str | int):
        raise fields.fault("id", "a string", given)
    text = fields.string("text")
    if text is None:
        raise place.fault("a 'text'", "none")
    title = fields.string("title") or " ".join(text.split(maxsplit=_TITLE_WORDS)[:_TITLE_WORDS])
    date = _first(fields, "published", "date")
    try:
        return Article(
            id=str(given),
            text=text,
            title=title_of(text, given=title),
            source=_first(fields, "source"),
            authors=_authors(fields),
            published=parse_date(date),
            published_raw=date,
            url=_first(fields, "url"),
            metadata=fields.metadata(),
        )
    except ArticleError as error:
        return Refusal(_label(place), str(error))


def _first(fields: Fields, *names: str) -> str | None:
    """Take the first of `names` that holds something, as a label; the others are left."""
    return next((value[:_MAX_LABEL_CHARACTERS] for name in names if name in fields and (value := fields.string(name))), None)


def _authors(fields: Fields) -> tuple[str, ...]:
    """Take the names of who wrote it: a list, or one string."""
    name = "authors" if "authors" in fields else "author"
    value = fields.take(name)
    names = fields.as_strings(name, [value] if isinstance(value, str) else value or [])
    return tuple(dict.fromkeys(one for one in names if one.strip()))


def _label(place: Place) -> str:
    return f"{shown(place.file)}:{place.at}"


def _checksum(files: Iterable[tuple[str, Path]]) -> str:
    """Return the checksum of names and contents; raises AssayError when a file cannot be read."""
    whole = hashlib.sha256(_RULES)
    for name, file in files:
        try:
            with file.open("rb") as stream:
                content = hashlib.file_digest(stream, "sha256").digest()
        except OSError as error:
            raise AssayError(f"expected a file that can be read, found {shown(file)}: {error.strerror or error}") from error
        whole.update(hashlib.sha256(os.fsencode(name)).digest() + content)
    return whole.hexdigest()

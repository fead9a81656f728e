"""Files and folders into articles, in an order that depends on their names alone; whatever cannot be taken in is refused with a reason.

Links never lead out of the folder that was added; hidden files and folders are passed over, and so are indexes.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from ..article import Article, Refusal
from ..dates import parse_date
from ..errors import ArticleError
from ..identify import place_of
from ..title import cut
from .accept import accept
from .formats import loader_for
from .interface import BrokenRow
from .rows import draft_of
from .sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

    from .interface import Draft

#: Where a format can do harm, its loader runs.
_SANDBOX = Sandbox(f"{__package__}.formats")

#: A folder that holds all of these is an index, not articles.
_INDEX_FILES = frozenset({"store.sqlite", "lock"})

#: A reason is a line, not a copy of what was found.
_MAX_REASON = 400

_NOT_REGULAR = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class _Found(NamedTuple):
    """A file and its place in what was added."""

    file: Path
    relative: PurePosixPath


class _Wish(NamedTuple):
    """What the user says of every article that is read; it wins over what they say of themselves."""

    source: str | None
    published: str | None


def read(path: Path, *, source: str | None = None, published: str | None = None) -> Iterator[Article | Refusal]:
    """Read the articles of a file or, file by file in order of their names, of a folder and the folders in it.

    An id that comes up twice is refused the second time. Articles are yielded as they are read.

    Args:
        path: A text, Markdown, HTML, JSON or CSV file, or a folder.
        source: The publisher of every article, whatever the articles say.
        published: The date of every article, whatever the articles say.

    Raises:
        ArticleError: At once, when there is nothing at `path` or `published` is not a date.
    """
    root = Path(path)
    try:
        mode = root.stat().st_mode
    except (OSError, ValueError) as exc:
        raise ArticleError(f"no such file or folder: {shown(root)}") from exc
    if published is not None and parse_date(published) is None:
        raise ArticleError(f"expected a date such as 2023-04-21, 2023-04 or 21 April 2023, found {published!r}")
    found = _walk(root) if stat.S_ISDIR(mode) else iter([_Found(root, PurePosixPath(root.name))])
    return _unique(found, _Wish(source, published))


def from_row(row: Mapping[str, object], *, where: str) -> Article:
    """Make an article of a row that is given in Python: a mapping with the keys of a `.jsonl` file.

    Args:
        row: `text`, and optionally `id`, `title`, `author`, `source`, `published`, `url`, `language` and others.
        where: What names the row for the user; also its id when it has neither `id` nor `url`.

    Raises:
        ArticleError: The row holds no article that can be kept.
    """
    return accept(draft_of(row), place=place_of(PurePosixPath(where)))


def shown(path: Path) -> str:
    """Return a path on one line of valid Unicode, whatever bytes its names hold, or what no bytes can stand for."""
    try:
        return _one_line(os.fsencode(path).decode("utf-8", "backslashreplace"))
    except UnicodeEncodeError:
        return _one_line(str(path))


def _one_line(text: str) -> str:
    """Escape whatever would break a line, a terminal or an encoder."""
    return "".join(character if character.isprintable() else character.encode("unicode_escape").decode() for character in text)


def _unique(found: Iterator[_Found | Refusal], wish: _Wish) -> Iterator[Article | Refusal]:
    """Read what was found, and refuse the second article of an id."""
    seen: dict[str, str] = {}
    for entry in found:
        if isinstance(entry, Refusal):
            yield entry
            continue
        for where, article in _articles(entry, wish):
            if isinstance(article, Refusal):
                yield article
            elif article.id in seen:
                yield _refusal(where, f"the id {article.id!r} was given before, at {seen[article.id]}; ids name one article")
            else:
                seen[article.id] = where
                yield article


def _articles(found: _Found, wish: _Wish) -> Iterator[tuple[str, Article | Refusal]]:
    """Yield each article of a file, or why there is none, with the place that the user knows it by."""
    label = shown(found.file)
    empty = True
    try:
        with _opened(found.file) as stream:
            loader = loader_for(stream, suffix=found.file.suffix.lower(), size=os.fstat(stream.fileno()).st_size)
            for draft in _SANDBOX.load(loader, stream) if loader.contained else loader.load(stream):
                empty = False
                if isinstance(draft, BrokenRow):
                    yield label, _refusal(f"{label}:{draft.where}", draft.reason)
                else:
                    where = _where(label, draft)
                    yield where, _accepted(draft, found, wish, where)
        if empty:
            yield label, _refusal(label, "no article in it: it holds no row")
    except ArticleError as exc:
        yield label, _refusal(label, str(exc))
    except OSError as exc:
        yield label, _refusal(label, f"cannot be read: {exc.strerror or exc}")


def _where(label: str, draft: Draft) -> str:
    """Return the place of a draft in its file, as users know it."""
    return ":".join(str(part) for part in (label, draft.member, draft.row) if part is not None)


def _refusal(where: str, reason: str) -> Refusal:
    return Refusal(_one_line(where), cut(_one_line(reason), _MAX_REASON))


def _accepted(draft: Draft, found: _Found, wish: _Wish, where: str) -> Article | Refusal:
    place = place_of(found.relative, draft.row.number if draft.row else None, member=draft.member)
    named = found.relative if draft.member is None else PurePosixPath(draft.member)
    stem = "" if draft.row else named.stem
    path = shown(Path(found.relative))
    try:
        return accept(draft, place=place, path=path, stem=stem, source=wish.source, published=wish.published)
    except ArticleError as exc:
        return _refusal(where, str(exc))


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    """Open a regular file; never waits for what would answer only in its own time, such as a pipe.

    Raises:
        ArticleError: It is something else.
    """
    _require_regular(file.stat())
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW  # where links led has been looked at; no other is followed now
    with os.fdopen(os.open(os.path.realpath(file), flags), "rb") as stream:
        _require_regular(os.fstat(stream.fileno()))  # another may stand in its place by now
        yield stream


def _require_regular(status: os.stat_result) -> None:
    for test, kind in _NOT_REGULAR:
        if test(status.st_mode):
            raise ArticleError(f"expected a file, found {kind}")
    if not stat.S_ISREG(status.st_mode):
        raise ArticleError("expected a file, found something else")


def _walk(root: Path) -> Iterator[_Found | Refusal]:
    """Yield every file below `root` in order of names; a folder's files come where its name does."""
    inside = Path(os.path.realpath(root))
    waiting = [(root, PurePosixPath())]
    while waiting:
        path, relative = waiting.pop()
        try:
            if path.is_symlink() and path != root:
                _check_link(path, inside)
            if path.is_dir():
                names = sorted((entry.name for entry in path.iterdir() if not entry.name.startswith(".")), reverse=True)
                if not _INDEX_FILES.issubset(names):
                    waiting += ((path / name, relative / name) for name in names)
                elif path == root:
                    yield _refusal(shown(path), "this folder is an index, not articles; keep the articles in another folder")
            else:
                yield _Found(path, relative)
        except ArticleError as exc:
            yield _refusal(shown(path), str(exc))
        except OSError as exc:
            yield _refusal(shown(path), f"cannot be read: {exc.strerror or exc}")


def _check_link(link: Path, inside: Path) -> None:
    """Raise `ArticleError` unless `link` leads to a file inside the folder."""
    try:
        target = link.resolve(strict=True)
    except FileNotFoundError as exc:
        raise ArticleError("a link to nothing") from exc
    except (OSError, RuntimeError) as exc:
        loop = isinstance(exc, RuntimeError) or exc.errno == errno.ELOOP
        raise ArticleError("a link that leads to itself" if loop else "a link that cannot be followed") from exc
    if not target.is_relative_to(inside):
        raise ArticleError("a link that leads out of the folder; add what it leads to by its own path")
    if target.is_dir():
        raise ArticleError("a link to a folder inside the one that is added; its files are read where they are")

"""Files and folders into articles, in an order that depends on their names alone; whatever cannot be taken in is refused with a reason.

Links never lead out of the folder that was added; hidden files and folders are passed over, and so are indexes.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from ..article import Article, Refusal
from ..dates import parse_date
from ..errors import ArticleError
from ..identify import is_address_of, place_of
from ..title import cut
from .accept import accept
from .formats import loader_for
from .interface import BrokenRow
from .rows import draft_of
from .sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .interface import Draft, Loader

#: Where a format can do harm, its loader runs.
_SANDBOX = Sandbox(f"{__package__}.formats")

#: A folder that holds all of these is an index, not articles.
_INDEX_FILES = frozenset({"store.sqlite", "lock"})

#: A reason is a line, not a copy of what was found.
_MAX_REASON = 400

#: A file of which so many articles are refused, and hardly any is not, is not read to its end: nobody reads a million reasons.
_MOST_REFUSED, _HARDLY_ANY = 10_000, 0.1

_LEADS_OUT = "a link that leads out of the folder; add what it leads to by its own path"

_NOT_REGULAR = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class Found(NamedTuple):
    """A file and its place in what was added."""

    file: Path
    relative: PurePosixPath
    inside: Path | None = None
    """The folder out of which nothing leads, without links in its own path; None where the user named the file."""


class Unread(NamedTuple):
    """A file or a folder that cannot be looked into, its place in what was added, and why."""

    relative: PurePosixPath
    refusal: Refusal


class Wish(NamedTuple):
    """What the user says of every article that is read; it wins over what they say of themselves."""

    source: str | None = None
    published: str | None = None


class Read(NamedTuple):
    """An article of a file, or why there is none."""

    where: str
    """Its place, as the user knows it."""
    article: Article | Refusal
    placed: bool = False
    """Whether its id is its place, since it has no better one."""
    instead: str | None = None
    """The place of a file that is known by its address: its id where another file has that, as of a page that was saved twice."""


class OpenFile(NamedTuple):
    """A file that is open, at its beginning, and the loader that recognises it."""

    stream: BinaryIO
    loader: Loader


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
    found = found_in(Path(path))
    return _unique(found, wish_of(source, published))


def wish_of(source: str | None, published: str | None) -> Wish:
    """Return what the user says; raises `ArticleError` when `published` is not a date."""
    if published is not None and parse_date(published) is None:
        raise ArticleError(f"expected a date such as 2023-04-21, 2023-04 or 21 April 2023, found {published!r}")
    return Wish(source, published)


def found_in(root: Path) -> Iterator[Found | Unread]:
    """Return every file of what is added, in order of names, and what cannot be looked into.

    Raises:
        ArticleError: At once, when there is nothing at `root`.
    """
    try:
        mode = root.stat().st_mode
    except (OSError, ValueError) as exc:
        raise ArticleError(f"no such file or folder: {shown(root)}") from exc
    return _walk(root) if stat.S_ISDIR(mode) else iter([Found(root, PurePosixPath(root.name))])


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
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else character.encode("unicode_escape").decode() for character in text)


def _unique(found: Iterator[Found | Unread], wish: Wish) -> Iterator[Article | Refusal]:
    """Read what was found, and refuse the second article of an id."""
    seen: dict[str, str] = {}
    for entry in found:
        if isinstance(entry, Unread):
            yield entry.refusal
            continue
        for where, article, *_ in _read(entry, wish):
            if isinstance(article, Refusal):
                yield article
            elif article.id in seen:
                yield refusal_of(where, f"the id {article.id!r} was given before, at {seen[article.id]}; ids name one article")
            else:
                seen[article.id] = where
                yield article


def _read(found: Found, wish: Wish) -> Iterator[Read]:
    try:
        with opened(found) as file:
            yield from articles(found, file, wish)
    except (ArticleError, OSError) as exc:
        label = shown(found.file)
        yield Read(label, refusal_of(label, exc))


def articles(found: Found, file: OpenFile, wish: Wish) -> Iterator[Read]:
    """Yield each article of an open file, or why there is none.

    Raises:
        ArticleError: The file as a whole cannot be read; the message says why.
        OSError: The file system gives it up no longer.
    """
    label = shown(found.file)
    empty = True
    for draft in drafts(file.loader, file.stream):
        empty = False
        if isinstance(draft, BrokenRow):
            yield Read(label, refusal_of(f"{label}:{draft.where}", draft.reason))
        else:
            yield _accepted(draft, found, wish, ":".join(str(part) for part in (label, draft.member, draft.row) if part is not None))
    if empty:
        raise ArticleError("no article in it: it holds no row")


def drafts(loader: Loader, stream: BinaryIO) -> Iterator[Draft | BrokenRow]:
    """Yield what a loader finds in a stream; one whose format can do harm runs where it does none."""
    return _SANDBOX.load(loader, stream) if loader.contained else loader.load(stream)


def refusal_of(where: str, reason: str | Exception) -> Refusal:
    """Return the refusal of what stands at `where`, on lines of their own that are not too long."""
    if isinstance(reason, OSError):
        reason = f"cannot be read: {reason.strerror or reason}"
    return Refusal(_one_line(where), cut(_one_line(str(reason)), _MAX_REASON))


def hopeless(where: str, refused: int, taken: int) -> Refusal | None:
    """Return the refusal of what follows in a file that is not worth reading on, so many articles being refused and taken; None else."""
    if refused < _MOST_REFUSED or taken >= _HARDLY_ANY * refused:
        return None
    return refusal_of(where, f"hardly anything in it can be taken in: {refused:,} refused, {taken:,} not; what follows was not looked at")


def _accepted(draft: Draft, found: Found, wish: Wish, where: str) -> Read:
    place = place_of(found.relative, draft.row.number if draft.row else None, member=draft.member)
    named = found.relative if draft.member is None else PurePosixPath(draft.member)
    stem = "" if draft.row else named.stem
    path = shown(Path(found.relative))
    try:
        article = accept(draft, place=place, path=path, stem=stem, source=wish.source, published=wish.published)
    except ArticleError as exc:
        return Read(where, refusal_of(where, exc))
    alone = draft.row is None and draft.member is None
    instead = place if alone and is_address_of(article) else None
    return Read(where, article, placed=draft.id is None and article.id == place, instead=instead)


@contextmanager
def opened(found: Found) -> Iterator[OpenFile]:
    """Open a file and find its loader; never waits for what would answer only in its own time, such as a pipe.

    Raises:
        ArticleError: It is no regular file, in no format that is read, or too large for its format.
        OSError: It cannot be opened.
    """
    _require_regular(found.file.stat())
    with os.fdopen(_descriptor(found), "rb") as stream:
        _require_regular(os.fstat(stream.fileno()))  # another may stand in its place by now
        size = os.fstat(stream.fileno()).st_size
        yield OpenFile(stream, loader_for(stream, suffix=found.file.suffix.lower(), size=size))


def _descriptor(found: Found) -> int:
    """Open a file where its links lead now, and follow none that has been put in their place since: step by step from the folder.

    Raises:
        ArticleError: It leads out of the folder by now.
        OSError: It cannot be opened.
    """
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
    target = Path(os.path.realpath(found.file))
    if found.inside is None:
        return os.open(target, flags | os.O_NONBLOCK)
    if not target.is_relative_to(found.inside):
        raise ArticleError(_LEADS_OUT)
    folder = os.open(found.inside, flags | os.O_DIRECTORY)
    try:
        *folders, name = target.relative_to(found.inside).parts
        for part in folders:
            below = os.open(part, flags | os.O_DIRECTORY, dir_fd=folder)
            os.close(folder)
            folder = below
        return os.open(name, flags | os.O_NONBLOCK, dir_fd=folder)
    finally:
        os.close(folder)


def _require_regular(status: os.stat_result) -> None:
    for test, kind in _NOT_REGULAR:
        if test(status.st_mode):
            raise ArticleError(f"expected a file, found {kind}")
    if not stat.S_ISREG(status.st_mode):
        raise ArticleError("expected a file, found something else")


def _walk(root: Path) -> Iterator[Found | Unread]:
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
                    reason = "this folder is an index, not articles; keep the articles in another folder"
                    yield Unread(relative, refusal_of(shown(path), reason))
            else:
                yield Found(path, relative, inside)
        except (ArticleError, OSError) as exc:
            yield Unread(relative, refusal_of(shown(path), exc))


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
        raise ArticleError(_LEADS_OUT)
    if target.is_dir():
        raise ArticleError("a link to a folder inside the one that is added; its files are read where they are")

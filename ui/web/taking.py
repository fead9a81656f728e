"""Articles that people bring and take away: files, pasted text, removal that can be undone.

Every change asks first whether those who are served may write. An upload is known by its file's name alone; the file itself is deleted,
whatever came of it. Knows nothing of pages.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from index import AddReport, ArticleFilter, AssayError, BusyError, Refusal, parse_date

from .addresses import web_address
from .errors import refusal_of
from .service import MissingError
from .settings import LARGEST_FILE, LARGEST_UPLOAD

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from index import Article, Library

    from .service import Service

#: What one upload may hold.
MOST_FILES, MOST_BYTES_A_FILE, MOST_BYTES = 50, LARGEST_FILE, LARGEST_UPLOAD

#: Characters of a text that is pasted; a longer one is a file.
MOST_PASTED = 2_000_000

#: Characters of a pasted article's title, source, date and address.
_MOST_LABEL = 2_000

#: Bytes of a name that every file system takes.
_MOST_NAME = 200

#: What names a row of a file behind its path.
_ROW = re.compile(r":(?:line|item) \d+$")

#: Seconds between two looks at how far an upload is.
_LOOK = 0.25


class NotTakenError(AssayError):
    """What somebody asks for is not done, said in words for them; other errors are for whoever runs the server."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A file that was uploaded: what it is called where it comes from, and where it lies now."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Taken:
    """How far a file is, and in the end what came of it."""

    name: str
    begun: bool = False
    articles: int = 0
    """Read so far."""
    passages: int = 0
    """Embedded so far."""
    expected: int = 0
    """Passages that are known of so far."""
    report: AddReport | None = None
    """Set when it is done; a file that is refused as a whole is among what it refuses."""


def expect_allowed(service: Service) -> None:
    """Raise `NotTakenError` unless those who are served may add and remove articles."""
    if not service.may_write:
        raise NotTakenError("articles are only read here; `assay serve --allow-upload` lets them be added and removed")


def take_in(service: Service, offered: Sequence[Offered]) -> Iterator[tuple[Taken, ...]]:
    """Add files one after the other, and yield how far each of them is while they are added; the last word has all reports.

    Raises `AssayError` where nothing may be added, or too much is offered at once.
    """
    try:
        expect_allowed(service)
        _check_size(offered)
        yield from _take_in(service.library, offered)
    finally:
        for one in offered:
            _forget(one.path)


def paste(service: Service, text: str, *, title: str = "", source: str = "", published: str = "", url: str = "") -> AddReport:
    """Add a text as an article; raises `AssayError` where it cannot be.

    It is known by its address, else by its words: the same again changes nothing.
    """
    expect_allowed(service)
    if len(text) > MOST_PASTED:
        raise NotTakenError(f"expected a text of at most {MOST_PASTED:,} characters, found {len(text):,}; upload it as a file")
    if any(len(label) > _MOST_LABEL for label in (title, source, published, url)):
        raise NotTakenError(
            f"expected title, source, date and address of at most {_MOST_LABEL:,} characters each, found more; shorten them"
        )
    if url.strip() and web_address(url) is None:
        raise NotTakenError(f"expected an address such as https://example.org/article, found {url[:60]!r}")
    if published.strip() and parse_date(published) is None:
        raise NotTakenError(f"expected a date such as 2023-04-21, 2023-04 or 21 April 2023, found {published[:60]!r}")
    given = {"title": title, "source": source, "published": published, "url": url}
    row: dict[str, object] = {"text": text, **{name: value.strip() for name, value in given.items() if value.strip()}}
    if not url.strip():
        row["id"] = f"pasted-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:16]}"
    return service.library.add(row)


def remove(service: Service, article_id: str) -> Article:
    """Remove an article, and return it; it is held so that it can be brought back. Raises `AssayError` where it cannot be removed."""
    expect_allowed(service)
    try:
        (gone,) = service.remove(article_id)
    except MissingError as error:
        said = f"expected an article that is there, found {article_id[:80]!r}, which has been removed; look at the list again"
        raise NotTakenError(said) from error
    return gone


def bring_back(service: Service, article_id: str) -> AddReport:
    """Add an article that was removed lately, with its id; one whose id has been given anew since is refused, and stays as it is now."""
    expect_allowed(service)
    article = service.removed.article(article_id)
    if article is None:
        raise NotTakenError("what was removed is held for an hour, and this one no longer; add it again")
    if service.articles(ArticleFilter(ids=(article_id,))):
        return AddReport(refused=[Refusal(article_id, "another article has this id by now, and stays")])
    report = service.library.add(article)
    service.removed.drop(article_id)
    return report


def file_name(name: str) -> str:
    """Return what an uploaded file is called, as every file system takes it: a name, never a path."""
    last = name.replace("\\", "/").rpartition("/")[2].replace("\0", "").strip()
    last = last.encode("utf-8", "replace").decode()
    stem, suffix = Path(last).stem, Path(last).suffix
    if last in {"", ".", ".."}:
        return "file"
    if len(suffix.encode()) > _MOST_NAME // 2:
        stem, suffix = last, ""
    return stem.encode()[: _MOST_NAME - len(suffix.encode())].decode(errors="ignore") + suffix


def _check_size(offered: Sequence[Offered]) -> None:
    if len(offered) > MOST_FILES:
        raise NotTakenError(f"expected at most {MOST_FILES} files at once, found {len(offered):,}; choose fewer")
    whole = sum(_size(one.path) for one in offered)
    if whole > MOST_BYTES:
        raise NotTakenError(f"expected at most {MOST_BYTES:,} bytes at once, found {whole:,}; choose fewer files")


def _take_in(library: Library, offered: Sequence[Offered]) -> Iterator[tuple[Taken, ...]]:
    taken = [Taken(file_name(one.name)) for one in offered]
    counts = Counter(one.name for one in taken)
    yield tuple(taken)
    with tempfile.TemporaryDirectory(prefix="assay-upload-") as folder, ThreadPoolExecutor(1) as pool:
        for place, one in enumerate(offered):
            name = taken[place].name
            if counts[name] > 1:
                taken[place] = _refused(name, "several files of this upload have this name; rename them, since an article is known by it")
                continue
            work = _Work(library, Path(folder) / str(place), name)
            future = pool.submit(work.add, one.path)
            while not future.done():
                wait([future], timeout=_LOOK)
                taken[place] = replace(taken[place], begun=True, articles=work.articles, passages=work.passages, expected=work.expected)
                yield tuple(taken)
            taken[place] = future.result()
    yield tuple(taken)


class _Work:
    """The addition of one file, watched by another thread."""

    def __init__(self, library: Library, folder: Path, name: str) -> None:
        self.articles = self.passages = self.expected = 0
        self._library = library
        self._folder = folder
        self._name = name

    def add(self, path: Path) -> Taken:
        """Add the file under its own name alone in a folder of its own; what cannot be done is in the report."""
        try:
            size = _size(path)
            if size > MOST_BYTES_A_FILE:
                return _refused(self._name, f"too large: {size:,} bytes, at most {MOST_BYTES_A_FILE:,} are taken")
            self._folder.mkdir()
            file = Path(shutil.move(path, self._folder / self._name))
            report = self._library.add(file, progress=self._count, expects=self._expect)
        except BusyError:
            return _refused(self._name, "others are changing the library; try again in a moment")
        except AssayError as error:
            return _refused(self._name, refusal_of(error).message)
        except OSError as error:
            return _refused(self._name, f"the upload cannot be read ({error.strerror}); choose the file again")
        except Exception as error:  # noqa: BLE001  # whatever is wrong with one file, the others are still to be added
            return _refused(self._name, f"could not be added, for a fault of ours ({type(error).__name__})")
        report.refused = [Refusal(self._place(one.path), self._relative(one.reason)) for one in report.refused]
        return Taken(self._name, begun=True, articles=self.articles, passages=self.passages, report=report)

    def _count(self, articles: int, passages: int) -> None:
        self.articles += articles
        self.passages += passages

    def _expect(self, passages: int) -> None:
        self.expected += passages

    def _place(self, path: str) -> str:
        """Return the file's name with the row that was refused, if it was one, as it stands at the end of the path."""
        row = _ROW.search(path)
        return self._name + (row[0] if row else "")

    def _relative(self, text: str) -> str:
        """Leave out where the file lay while it was read."""
        return text.replace(f"{self._folder}/", "")


def _refused(name: str, reason: str) -> Taken:
    return Taken(name, begun=True, report=AddReport(refused=[Refusal(name, reason)]))


def _size(path: Path) -> int:
    """Return the bytes of an uploaded file, 0 where it is gone."""
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _forget(path: Path) -> None:
    """Delete an upload, and the folder that was made for it."""
    with suppress(OSError):
        path.unlink(missing_ok=True)
        path.parent.rmdir()

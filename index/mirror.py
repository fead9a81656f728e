"""The files at one path, taken into a run of additions: which of them are as they were, which only lie elsewhere, and which are read.

A file that the store remembers is passed over by its status alone. One whose status differs is hashed: the same bytes are not read
again, and where they were read from another place, the articles are copied from there. Knows nothing of formats or of what is derived.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from .article import Refusal
from .dates import split_name
from .errors import ArticleError, NotNowError
from .files import FileRecord, RefusedFile, Signature, Taken, now
from .identify import place_of
from .ingest import Moved
from .loaders.rules import rules
from .loaders.walk import Read, Unread, articles, found_in, hopeless, opened, refusal_of, shown
from .originals import hashed
from .store import Original, Prepared
from .title import title_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .article import Article
    from .ingest import Ingest
    from .loaders.walk import Found, OpenFile, Wish
    from .originals import Originals
    from .snapshot import Snapshot
    from .store import Store


class _Copy(NamedTuple):
    """An article that was read before, as it is at another place, and what it was there."""

    article: Article
    row: int
    before: Article
    placed: bool


class _Given(NamedTuple):
    """What a file gave: its record with the articles that were taken in, and why the rest was not."""

    record: FileRecord
    refusals: list[Refusal]
    lasting: bool = True
    """Whether nothing of it was decided by what there is beside it: it gives the same again while it is the same."""


class Mirror:
    """The files at one path, as an ingest meets them."""

    def __init__(
        self,
        path: Path,
        wish: Wish,
        ingest: Ingest,
        store: Store,
        *,
        originals: Originals | None = None,
        follow: bool = False,
        patience: float = 0.0,
        refused: dict[tuple[str, bytes], RefusedFile] | None = None,
    ) -> None:
        """Take them into `ingest`, keeping what they are read from in `originals`.

        With `follow`, a file that is gone from the folder and lies elsewhere in it has moved; without, it is one more. A file that was
        written to within the last `patience` seconds is left as it is known, since somebody may be writing it still. What was `refused`
        of a file, by its home and path, is told again without reading it while it is as it was; what is refused now is added there.
        """
        self._root = path
        self._wish = wish
        self._ingest = ingest
        self._store = store
        self._originals = originals
        self._follow = follow
        self._refused = {} if refused is None else refused
        self._patience_ns = int(patience * 1_000_000_000)
        folder = path.is_dir()
        self.home = shown((path if folder else path.parent).resolve())
        self.origin = self.home if folder else None
        self._rules = hashlib.sha256(f"{rules()}\0{wish!r}".encode()).hexdigest()[:32]
        self._seen: set[bytes] = set()
        self._unread: set[PurePosixPath] = set()
        self._gone: dict[str, dict[str, list[FileRecord]]] = {}  # by their bytes and names, until they are found elsewhere
        self._met: dict[str, str | None] = {}  # the paths of the articles that are in as they are
        self.waiting: list[str] = []

    def take(self) -> None:
        """Take in every file, in order of names."""
        for found in found_in(self._root):
            if isinstance(found, Unread):
                self._unread.add(found.relative)
                self._ingest.refuse(found.refusal)
            else:
                self._take_file(found)

    def met(self) -> dict[str, str | None]:
        """Return the articles that are in as they are, by id with their paths, and are not remembered as of this folder."""
        if self.origin is None:
            return {}
        with self._store.snapshot() as snapshot:
            recorded = snapshot.from_origin(self.origin)
        return {article_id: path for article_id, path in self._met.items() if recorded.get(article_id, "") != path}

    def missing(self) -> tuple[list[str], list[bytes]]:
        """Return the articles and the files that were in the folder, could be read, and are there no more."""
        if self.origin is None or not self._root.is_dir():
            return [], []  # the folder itself went away
        with self._store.snapshot() as snapshot:
            known = snapshot.from_origin(self.origin)
            files = [path for path in snapshot.files_of(self.home) if path not in self._seen]
        labels = {shown(Path(place)) for place in self._unread}
        gone = {name: path for name, path in known.items() if not self._ingest.given(name) and labels.isdisjoint(_within(path or ""))}
        settled = {name: path for name, path in gone.items() if self._is_settled(path or "")}
        self.waiting += [str(PurePosixPath(shown(self._root), path or "")) for name, path in gone.items() if name not in settled]
        labels |= {path or "" for name, path in gone.items() if name not in settled}
        return list(settled), [path for path in files if labels.isdisjoint(_within(shown(_relative(path))))]

    def _is_settled(self, path: str) -> bool:
        """Say whether the folder that a file is gone from was left alone for as long as a file must be: it may be about to be back."""
        if not self._patience_ns:
            return True
        for folder in (self._root / part for part in PurePosixPath(path).parents):
            with suppress(OSError):
                return not 0 <= now() - folder.stat().st_ctime_ns < self._patience_ns
        return True

    def _take_file(self, found: Found) -> None:
        path = os.fsencode(str(found.relative))
        self._seen.add(path)
        try:
            at = now()
            fresh = FileRecord(self.home, path, Signature.of(found.file.stat()), at, "", self._rules, ())
            with self._store.snapshot() as snapshot:
                known = snapshot.file(self.home, path)
                refused = self._refused.get((self.home, path))
                same = known is not None and self._is_same(known, fresh, snapshot)
                same_refused = refused is not None and self._is_same(refused.record, fresh, snapshot)
            if known is not None and same:
                self._pass_over(known.articles, found)
            elif refused is not None and same_refused:
                self._pass_over(refused.record.articles, found)
                for refusal in refused.refusals:
                    self._refuse(found, refusal)
            elif 0 <= fresh.read_at - fresh.signature.ctime_ns < self._patience_ns:
                self.waiting.append(shown(found.file))
                self._unread.add(found.relative)
            else:
                self._take_changed(found, fresh, known)
        except (ArticleError, OSError) as error:
            self._refuse(found, refusal_of(shown(found.file), error))

    def _take_changed(self, found: Found, fresh: FileRecord, known: FileRecord | None) -> None:
        """Take in a file whose status is not what it was."""
        try:
            with opened(found) as file:
                given = self._take_open(found, file, fresh, known)
        except NotNowError:
            raise
        except ArticleError as error:
            given = _Given(fresh, [refusal_of(shown(found.file), error)])
            self._refuse(found, given.refusals[0])
        if not given.lasting or Signature.of(found.file.stat()) != fresh.signature:
            return
        if given.refusals:
            self._refused[self.home, fresh.path] = RefusedFile(given.record, given.refusals)
        else:
            self._ingest.remember_file(given.record)

    def _take_open(self, found: Found, file: OpenFile, fresh: FileRecord, known: FileRecord | None) -> _Given:
        sha256 = self._originals.keep(file.stream) if self._originals else hashed(file.stream)
        file.stream.seek(0)
        original = Original(sha256, shown(_relative(os.fsencode(found.file.name)))) if self._originals else None
        fresh = fresh._replace(sha256=sha256)
        with self._store.snapshot() as snapshot:
            same = known is not None and (known.sha256, known.rules) == (sha256, self._rules) and self._holds(known, snapshot, kept=True)
            copies, gone = (None, False) if same else self._copies(found, fresh, snapshot)
        if known is not None and same:
            self._pass_over(known.articles, found, original)  # before it has settled it would be hashed again all the same
            return _Given(fresh._replace(articles=known.articles), [], lasting=fresh.signature.settled(now()))
        if copies is not None:
            return _Given(fresh._replace(articles=[self._take_copy(copy, found, original, gone=gone) for copy in copies]), [])
        return self._read(found, file, fresh, original)

    def _read(self, found: Found, file: OpenFile, fresh: FileRecord, original: Original | None) -> _Given:
        """Read the articles of a file."""
        taken, refusals, others = list[Taken](), list[Refusal](), 0
        for where, read, placed, instead in self._articles(found, file):
            if isinstance(read, Refusal):
                self._refuse(found, read)
                refusals.append(read)
            else:
                again = instead is not None and self._ingest.given(read.id) not in (None, where)
                article = replace(read, id=instead) if instead is not None and again else read
                unchanged = self._ingest.known(article.id)
                sha256 = self._ingest.take_article(article, place=where, origin=self.origin, original=original)
                others += again or sha256 is None
                if sha256 is None:
                    self._unread.add(found.relative)
                else:
                    taken.append(Taken(article.id, sha256, placed or again))
                if sha256 is not None and sha256 == unchanged:
                    self._met[article.id] = article.path
            refused = len(refusals) + others
            end = hopeless(shown(found.file), refused, len(taken))
            if end is not None:
                self._refuse(found, end)
                refusals.append(end)
                break
        return _Given(fresh._replace(articles=taken), refusals, lasting=not others)

    def _articles(self, found: Found, file: OpenFile) -> Iterator[Read]:
        """Yield what a file holds, and last why it holds no more where it was refused as a whole, maybe half way."""
        try:
            yield from articles(found, file, self._wish)
        except NotNowError:
            raise
        except ArticleError as error:
            label = shown(found.file)
            yield Read(label, refusal_of(label, error))

    def _refuse(self, found: Found, refusal: Refusal) -> None:
        self._unread.add(found.relative)
        self._ingest.refuse(refusal)

    def _pass_over(self, known: Iterable[Taken], found: Found, original: Original | None = None) -> None:
        place, path = shown(found.file), shown(Path(found.relative))
        for taken in known:
            self._ingest.pass_over(taken.id, place=place, original=original)
            self._met[taken.id] = path

    def _is_same(self, record: FileRecord, fresh: FileRecord, snapshot: Snapshot) -> bool:
        """Say whether a file must be as it was and all that it gave is in."""
        return record.is_fresh(fresh.signature, fresh.rules) and self._holds(record, snapshot)

    def _holds(self, record: FileRecord, snapshot: Snapshot, *, kept: bool = False) -> bool:
        """Say whether every article of a file is in as it gave it, and the file itself too where it is to be kept and not `kept` now."""
        if any(self._ingest.known(taken.id) != taken.sha256 or self._ingest.given(taken.id) for taken in record.articles):
            return False
        if self._originals is None or kept:
            return True
        return all((snapshot.original(taken.id) or ("",))[0] == record.sha256 for taken in record.articles)

    # --- files that were read at another place ------------------------------------------------------------------------

    def _copies(self, found: Found, file: FileRecord, snapshot: Snapshot) -> tuple[list[_Copy] | None, bool]:
        """Return the articles of a file of the same bytes as they are here, and whether that file is gone and has moved here."""
        gone = self._gone_from(file, found.relative.name, snapshot) if self._follow else None
        copies = self._copied(gone, found, snapshot) if gone is not None else None
        if copies is not None:
            return copies, True
        for record in snapshot.files_like(file.sha256, file.rules):
            if (record.home, record.path) != (file.home, file.path):
                copies = self._copied(record, found, snapshot)
                if copies is not None:
                    return copies, False
        return None, False

    def _gone_from(self, file: FileRecord, name: str, snapshot: Snapshot) -> FileRecord | None:
        """Return a file of the same bytes that is gone from this folder, each only once, one of the same name if there is one."""
        if file.sha256 not in self._gone:
            named: dict[str, list[FileRecord]] = {}
            for record in snapshot.files_like(file.sha256, file.rules, home=self.home):
                if record.path not in self._seen and record.is_gone(self._root):
                    named.setdefault(record.relative.name, []).append(record)
            self._gone[file.sha256] = named
        left = self._gone[file.sha256]
        if not left:
            return None
        chosen = name if name in left else next(iter(left))
        record = left[chosen].pop(0)
        if not left[chosen]:
            del left[chosen]
        return record

    def _copied(self, record: FileRecord, found: Found, snapshot: Snapshot) -> list[_Copy] | None:
        """Return the articles of the file `record` as they are at another place; None where that would have to be read to be known."""
        if record.relative.suffix.lower() != found.relative.suffix.lower() or not self._holds(record, snapshot, kept=True):
            return None
        copies = []
        before, after = place_of(record.relative), place_of(found.relative)
        for taken in record.articles:
            row = snapshot.article_row(taken.id)
            if row is None or (taken.placed and not taken.id.startswith(before)):
                return None
            article = snapshot.article(row)
            article_id = after + taken.id[len(before) :] if taken.placed else taken.id
            renamed = record.relative.stem != found.relative.stem and len(record.articles) == 1
            if self._ingest.given(article_id) or (renamed and not _named_alike(article, record.relative.stem, found.relative.stem)):
                return None
            try:
                copies.append(_Copy(replace(article, id=article_id, path=shown(Path(found.relative))), row, article, taken.placed))
            except ArticleError:  # too long an id
                return None
        return copies

    def _take_copy(self, copy: _Copy, found: Found, original: Original | None, *, gone: bool) -> Taken:
        article, sha256 = copy.article, copy.article.sha256()
        if self._ingest.known(article.id) == sha256:
            self._ingest.pass_over(article.id, place=shown(found.file), original=original)
            self._met[article.id] = article.path
            return Taken(article.id, sha256, copy.placed)
        with self._store.snapshot() as snapshot:
            spans, embedded = snapshot.sentences(copy.row), snapshot.embedded(copy.row)
            kept = snapshot.original(copy.before.id)
        original = original or (Original(*kept) if kept and gone else None)
        passages, keys = [passage for passage, _ in embedded], [key for _, key in embedded]
        moved = Moved(article.id, copy.before.id, copy.before.path, article.path) if gone else None
        self._ingest.take_copy(Prepared(article, spans, passages, keys, self.origin, original), place=shown(found.file), moved=moved)
        return Taken(article.id, sha256, copy.placed)


def _named_alike(article: Article, before: str, after: str) -> bool:
    """Say whether another file name tells the same of the article: its name is the last thing that day and title are taken from."""
    was, now = split_name(before), split_name(after)
    titles = [title_of(article.text, headings=article.headings, stem=named.rest) for named in (was, now)]
    return was.date == now.date and (titles[0] == titles[1] or article.title != titles[0])


def _relative(path: bytes) -> Path:
    return Path(os.fsdecode(path))


def _within(path: str) -> set[str]:
    """Return a path in a folder with all the folders that it stands in, the outermost as a point."""
    place = PurePosixPath(path)
    return {str(place), *map(str, place.parents)}

"""An open index: the one door through which articles go in, come out and are searched.

Ties together loaders, sentences, passages, the embedder, the store and what is derived from it. Knows nothing of questions,
answers or screens.
"""

from __future__ import annotations

import os
import time
from contextlib import closing, contextmanager, nullcontext, suppress
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, Self

from . import checkup
from .article import Refusal
from .checkup import Health
from .derive import DerivedIndexes, StaleError, unwritable
from .durable import make_folder, replace, replaced
from .embed import Embedder, SentenceTransformerEmbedder
from .errors import AssayError, BusyError, MismatchError, StoreError
from .ingest import AddReport, Ingest, Interrupted, articles_of, flat, paths
from .listing import ArticleOrder, ListedArticles
from .loaders.walk import found_in, wish_of
from .lock import is_held, writer_lock
from .mirror import Mirror
from .model import DEFAULT_MODEL
from .originals import Originals
from .portable import Header, Portable, article_line, header_line
from .publish import UNFINISHED, Verified, publish, publish_words
from .remembered import RememberedVectors
from .segment import SEGMENTER
from .snapshot import ArticleFilter
from .split import SPLITTER
from .store import Prepared, Store
from .view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from .article import Article
    from .files import FileRecord, RefusedFile
    from .ingest import Addable
    from .portable import Export
    from .snapshot import Derived, Snapshot
    from .web import Web

#: How often a reader looks again while a writer is at work, before it builds what it needs for itself: after 10, 20, 40 … ms, ten
#: seconds in all. Words are ahead of the store between their commit and its, which takes seconds when large segments are merged.
_LOOKS, _FIRST_WAIT = 11, 0.01

#: How long a second writer waits for the first before it gives up, in seconds.
LOCK_WAIT = 30.0


#: So many articles are compared with the others in one transaction, where that was not done when they were added: the most that is lost.
_SIGNED_AT_ONCE = 256


class _Mend(Enum):
    """What came of an attempt to mend what is derived."""

    PUBLISHED = auto()
    BUSY = auto()
    """A writer is at work: it publishes when it is done."""
    HOPELESS = auto()


class Library:
    """One index on disk. Safe to share between threads; one process writes at a time, any number read."""

    def __init__(self, folder: Path, store: Store, embedder: Embedder | None) -> None:
        """Join what `open` found."""
        self.folder = folder
        self._store = store
        self._given = embedder
        self._derived = DerivedIndexes(folder)
        self._sentences = RememberedVectors()
        self._originals = Originals(folder / "originals")
        self._verified = Verified()  # what was by whoever holds the lock
        self._refused: dict[tuple[str, bytes], RefusedFile] = {}  # by `sync`, so that `watch` does not read a bomb at every look

    @classmethod
    def open(cls, folder: str | Path, *, model: str | Embedder | None = None, create: bool = True, read_only: bool = False) -> Library:
        """Open the index in `folder`, making it when `create` is set and there is none.

        `model` is a sentence-transformers name or folder, or an embedder of your own; by default the one that the index was
        made with. Raises `StoreError` when there is no index or it cannot be read, `MismatchError` when it was made with
        another model, `ModelError` when the model cannot be had.
        """
        folder = _named(folder)
        path = folder / "store.sqlite"
        new = not path.exists()
        if new and create and not read_only:
            _make(folder, model)
        store = Store(path, read_only=read_only)
        library = cls(folder, store, None)
        try:
            library._settle_model(model)
        except BaseException:
            store.close()
            raise
        return library

    @property
    def embedder(self) -> Embedder:
        """Return the index's embedding model, loaded on first use; raises `MismatchError` when its files have changed."""
        if self._given is None:
            embedder = SentenceTransformerEmbedder(self.settings()["model"])
            self._check(embedder)
            self._given = embedder
        return self._given

    @contextmanager
    def view(self) -> Iterator[View]:
        """Pin the newest generation, ready to be searched, for the length of a `with` block.

        A missing or damaged derived file is rebuilt first; where that cannot be written, it is rebuilt for this process alone.
        """
        published = 0
        for attempt in range(_LOOKS):
            with self._store.snapshot() as snapshot:
                try:
                    dense, lexical = self._derived.open(snapshot)
                except StaleError:
                    outcome = self._mend(wait=_FIRST_WAIT * 2**attempt, anew=published > 1) if attempt < _LOOKS - 1 else _Mend.HOPELESS
                    published += outcome is _Mend.PUBLISHED
                    if outcome is not _Mend.HOPELESS:
                        continue
                    dense, lexical = self._derived.private(snapshot)
                yield View(snapshot, dense, lexical, lambda: self.embedder, self._sentences)
                return

    def settings(self) -> dict[str, str]:
        """Return what the index was made with."""
        with self._store.snapshot() as snapshot:
            return snapshot.settings()

    def counts(self) -> tuple[int, int]:
        """Return how many articles and how many passages there are."""
        with self._store.snapshot() as snapshot:
            return snapshot.counts()

    def articles(self, only: ArticleFilter | None = None) -> list[dict[str, Any]]:
        """Return the record of every article that passes `only`, by id.

        It is `Article.record`, without the text, with the sha256 of the text, its characters and its passages.
        """
        with self._store.snapshot() as snapshot:
            return list(snapshot.records(only))

    def listed(
        self,
        words: str = "",
        only: ArticleFilter | None = None,
        *,
        order: ArticleOrder = ArticleOrder.ID,
        offset: int = 0,
        limit: int = 25,
    ) -> ListedArticles:
        """Return a page of the articles that pass `only` and hold all of `words` in title, source, authors, id or date, and their number.

        The records are those of `articles`; however many there are, only those of the page are read.
        """
        with self._store.snapshot() as snapshot:
            return snapshot.listed(only or ArticleFilter(), words, order, offset, limit)

    def sources(self) -> dict[str, int]:
        """Return how many articles each source has, those of most articles first."""
        with self._store.snapshot() as snapshot:
            return snapshot.sources()

    def languages(self) -> dict[str, int]:
        """Return how many articles each language has, by its code in lower case, those of most articles first."""
        with self._store.snapshot() as snapshot:
            return snapshot.languages()

    def authors(self, words: str = "", limit: int = 25) -> dict[str, int]:
        """Return how many articles some authors have, of those whose names hold all of `words`, those of most articles first.

        Names that differ in letter case alone are one author's.
        """
        with self._store.snapshot() as snapshot:
            return snapshot.authors(words, limit)

    def article(self, article_id: str) -> Article:
        """Return one article with its text; raises `StoreError` when there is none of that id."""
        with self._store.snapshot() as snapshot:
            row = snapshot.article_row(article_id)
            if row is None:
                raise StoreError(f"no article {article_id!r} in {self.folder}; `assay list` shows the ids")
            return snapshot.article(row)

    def add(
        self,
        *items: Addable,
        source: str | None = None,
        published: str | None = None,
        keep_originals: bool = False,
        progress: Callable[[int, int], object] = lambda _articles, _passages: None,
        expects: Callable[[int], object] = lambda _passages: None,
    ) -> AddReport:
        """Add files, folders, articles or rows; the same again changes nothing, the same id with another text replaces it.

        An id names one article: what brings an id that this call was given already is refused. A path with nothing at it raises
        `ArticleError` before anything is added; when a later item raises an `AssayError`, those before it are added all the same.
        `source` and `published` are given to every article of a file. With `keep_originals` the files themselves are kept in the
        index. `progress` hears, as they grow, how many articles were read and how many passages were embedded since it was last
        called; `expects`, before that, how many are embedded next. Every article in the report is on disk for good when this returns;
        what was committed before an interruption stays and is in the report of the `Interrupted` that is raised, and adding again
        goes on from there.
        """
        wish = wish_of(source, published)
        for path in paths(items):
            found_in(path)  # raises at once where nothing is; reads nothing yet
        with self._adding(progress, expects=expects) as ingest:
            try:
                for item in flat(items):
                    if isinstance(item, str | Path):
                        self._take(Mirror(Path(item), wish, ingest, self._store, originals=self._originals if keep_originals else None))
                    else:
                        ingest.take([articles_of(item)])
            except AssayError:
                with suppress(AssayError):
                    ingest.finish()
                raise
            return ingest.finish()

    def fetch(
        self,
        *addresses: str,
        web: Web,
        source: str | None = None,
        published: str | None = None,
        listings: bool = False,
        progress: Callable[[int, int], object] = lambda _articles, _passages: None,
    ) -> AddReport:
        """Add what is at web addresses: pages, documents, the entries of feeds, the pages that feeds and sitemaps list.

        `web` says what is allowed; nothing else in this class touches the network. What is in already is asked for again only where it
        may have changed; nothing is removed. With `listings` an address must be that of a feed or a sitemap. An address that cannot be
        had is refused in the report, and the rest goes on. For the rest see `add`.
        """
        from .web import Gathering

        wish = wish_of(source, published)
        with self._adding(progress) as ingest:
            gathering = Gathering(web, wish, ingest, self._store)
            for address in addresses:
                gathering.take(address, listing=listings)
            report = ingest.finish()
            report.left = gathering.left
            return report

    def sync(
        self,
        folder: str | Path,
        *,
        source: str | None = None,
        published: str | None = None,
        keep_originals: bool = False,
        dry_run: bool = False,
        patience: float = 0.0,
        progress: Callable[[int, int], object] = lambda _articles, _passages: None,
    ) -> AddReport:
        """Make the index mirror `folder`: add what is new, replace what changed, follow what moved, remove what was in it and is gone.

        A file that can no longer be read is reported, and its article stays as it was; so does one that is still in another
        folder that was added or mirrored. `source` and `published` are given to every article; without them, each has its own again.
        A `dry_run` only reports what would be done. A file that was written to within the last `patience` seconds waits for the next
        time; one of which something was refused is not read again by this object until it changes. For the rest see `add`.
        """
        if not Path(folder).is_dir():
            raise AssayError(f"expected a folder to mirror, found none at {folder}; `assay add` takes single files")
        originals, wish = self._originals if keep_originals and not dry_run else None, wish_of(source, published)
        with self._adding(progress, dry_run=dry_run) as ingest:
            mirror = Mirror(
                Path(folder), wish, ingest, self._store, originals=originals, follow=True, patience=patience, refused=self._refused
            )
            self._take(mirror, dry_run=dry_run)
            report = ingest.finish()
            report.removed = self._forget_missing(mirror, dry_run=dry_run)
            report.waiting = mirror.waiting
            report.settle_moves()
            return report

    def export(self) -> Iterator[str]:
        """Yield the collection as it is now, a line at a time: a header, then each article in order of their ids."""
        with self._store.snapshot() as snapshot:
            yield header_line(Header(snapshot.counts()[0], _made_with(snapshot.settings())))
            for row in snapshot.live_articles():
                passages = [passage for passage, _ in snapshot.embedded(row)]
                yield article_line(Portable(snapshot.article(row), snapshot.sentences(row), passages))

    def take_export(self, export: Export, *, progress: Callable[[int, int], object] = lambda _articles, _passages: None) -> AddReport:
        """Add what `export` wrote, each article under its id.

        An article is cut and embedded anew; where this index was made by the same settings, one that comes out with other passages
        than it had is refused, as is every line that is not what was written. See `add` for the rest.
        """
        alike = export.header.settings == _made_with(self.settings())
        with self._adding(progress) as ingest:
            for where, line in export:
                if isinstance(line, Refusal):
                    ingest.refuse(line)
                else:
                    ingest.take_article(line.article, place=where, passages=line.passages if alike else None)
            return ingest.finish()

    def remove(self, *article_ids: str, missing_ok: bool = False) -> None:
        """Remove articles by id, all or none; raises `StoreError` naming the first that is not there, unless `missing_ok` is set."""
        with self._writing():
            with self._store.snapshot() as snapshot:
                for article_id in article_ids:
                    if not missing_ok and snapshot.article_row(article_id) is None:
                        raise StoreError(f"no article {article_id!r} in {self.folder}; `assay list` shows the ids")
            self._store.commit(remove=article_ids, vectors={})
            self._publish()
            self._sweep_originals()

    def rebuild(self) -> None:
        """Build the derived indexes anew from the store, without the embedding model, and delete for good what was removed.

        Copies are looked for anew, too, and what is remembered of files that are no longer there is forgotten; their articles stay.
        Raises `StoreError` when the indexes cannot be written; those there are stay in use.
        """
        with self._writing():
            self._store.forget_likenesses()
            self._find_copies()
            try:
                publish(self.folder, self._store, anew=True)
            except (OSError, ValueError) as error:
                raise unwritable(self.folder, error) from error
            self._sweep_originals()
            with self._store.snapshot() as snapshot:
                gone = [place for place in snapshot.file_places() if not os.path.lexists(Path(place[0], os.fsdecode(place[1])))]
            if gone:
                self._store.remember_files((), gone=gone)

    def find_copies(self, *, anew: bool = False) -> None:
        """Find the copies among articles of which that was not done when they were added; `anew` among all, as `rebuild` does."""
        with self._writing():
            if anew:
                self._store.forget_likenesses()
                self._find_copies()

    def backup(self, folder: str | Path) -> None:
        """Copy the index, while it is in use, to `folder`, which must be empty or absent; what is derived is rebuilt there.

        The originals that are kept are copied too.
        """
        target = _named(folder)
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise AssayError(f"expected an empty or absent folder for the backup, found {target} in use; choose another")
        target.mkdir(parents=True, exist_ok=True)
        copies = Originals(target / "originals")
        self._copy_originals(copies)
        with replaced(target / "store.sqlite") as partial:
            self._store.backup(partial)
        self._copy_originals(copies)  # those of articles that were added meanwhile

    def original(self, article_id: str) -> tuple[str, Path]:
        """Return what the file that an article was read from was called, and where it is kept; its bytes have been checked.

        Raises `StoreError` when there is no such article, when its original is not kept, or not as it was.
        """
        with self._store.snapshot() as snapshot:
            if snapshot.article_row(article_id) is None:
                raise StoreError(f"no article {article_id!r} in {self.folder}; `assay list` shows the ids")
            kept = snapshot.original(article_id)
        if kept is None:
            raise StoreError(f"the original of {article_id!r} is not kept; add its file again with --keep-originals")
        sha256, name = kept
        fault = self._originals.fault(sha256)
        if fault:
            raise StoreError(f"the original of {article_id!r} {fault}; add its file again with --keep-originals")
        return name, self._originals.path(sha256)

    def doctor(self, *, samples: int = 20) -> Health:
        """Check everything, and say what is wrong, one line each with what mends it.

        Reads every page, text, span and vector of the store and every byte of the derived files and of the default model, embeds
        `samples` passages afresh (each must agree with its stored vector within cosine 0.999), and compares an approximate dense
        index with exact search.
        """
        with suppress(AssayError), self._store.snapshot() as snapshot:
            if snapshot.uncompared() and not self._store.read_only:
                self.find_copies()  # of an index from before, which is no fault of it
        with self._store.snapshot() as snapshot:
            faults = self._store.schema_faults() + checkup.stored_faults(snapshot)
            faults = faults or checkup.original_faults(snapshot, self._originals)
        faults = faults or checkup.derived_faults(self.folder, self._store)
        if not faults and samples:
            with self._store.snapshot() as snapshot:
                faults = checkup.model_faults(snapshot, self.embedder, samples)
        if faults or not samples:
            return Health(tuple(faults))
        found = checkup.recall(self.view(), samples)
        return Health(tuple(checkup.recall_faults(found)), found)

    def close(self) -> None:
        """Close the files; a library is usable no more."""
        self._derived.close()
        self._store.close()

    def __enter__(self) -> Self:
        """Use the library in a `with` block that closes it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the library."""
        self.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        if self._store.read_only:
            raise StoreError(f"{self.folder} is read-only here; choose a folder that can be written, with --index")
        with writer_lock(self.folder / "lock", wait=LOCK_WAIT):
            self._verified = Verified()
            self._find_copies()
            yield

    def _find_copies(self) -> None:
        """Find the copies of what was added before they were looked for, or by other rules; what is known already costs nothing."""
        while self._store.sign(_SIGNED_AT_ONCE):
            pass

    @contextmanager
    def _adding(
        self,
        progress: Callable[[int, int], object],
        *,
        expects: Callable[[int], object] = lambda _passages: None,
        dry_run: bool = False,
    ) -> Iterator[Ingest]:
        """Run an addition; publish what it committed, whatever ends it but somebody's wish to stop."""
        with nullcontext() if dry_run else self._writing():
            self._check_rules()
            steps = (self._commit, lambda: self._publish(more_to_come=True))
            ingest = Ingest(self._store, lambda: self.embedder, *steps, progress, expects=expects, dry_run=dry_run)
            try:
                yield ingest
            except KeyboardInterrupt as stop:
                raise Interrupted(ingest.report) from stop
            except AssayError:
                self._publish()
                raise
            if not dry_run:
                self._publish()
                self._sweep_originals()

    def _take(self, mirror: Mirror, *, dry_run: bool = False) -> None:
        """Take in the files of `mirror`, and remember that its folder holds those of their articles that were in."""
        mirror.take()
        met = {} if dry_run else mirror.met()
        if met and mirror.origin is not None:
            self._store.remember(mirror.origin, met)

    def _commit(self, put: list[Prepared], vectors: dict[str, NDArray[np.float32]], files: list[FileRecord]) -> None:
        """Commit a batch with its words: a search meanwhile finds everything that is acknowledged."""
        self._store.commit(put=put, vectors=vectors, files=files, derive=self._words)

    def _words(self, snapshot: Snapshot) -> dict[str, Derived]:
        return publish_words(self.folder, snapshot, self._verified)

    def _publish(self, *, more_to_come: bool = False) -> None:
        """Publish what was committed; what cannot be published now (a full disk) is published by the next opening."""
        with suppress(OSError, ValueError, StoreError):
            publish(self.folder, self._store, more_to_come=more_to_come, verified=self._verified)

    def _sweep_originals(self) -> None:
        """Delete the files that no article was read from any more; what cannot be deleted now is by the next change."""
        with suppress(OSError), self._store.snapshot() as snapshot:
            self._originals.sweep(snapshot.originals())

    def _copy_originals(self, copies: Originals) -> None:
        with self._store.snapshot() as snapshot:
            kept = list(snapshot.originals())
        for sha256 in kept:
            self._originals.copy(sha256, copies)

    def _forget_missing(self, mirror: Mirror, *, dry_run: bool) -> list[str]:
        """Forget what was in a folder, could be read and is there no more; return the ids of the articles that are now nowhere."""
        gone, files = mirror.missing()
        if mirror.origin is None or dry_run:
            with self._store.snapshot() as snapshot:
                return snapshot.only_from(mirror.origin or "", gone)
        removed = self._store.forget(mirror.origin, gone) if gone else []
        if files:
            self._store.remember_files((), gone=((mirror.home, path) for path in files))
        return removed

    def _mend(self, *, wait: float, anew: bool) -> _Mend:
        """Try to bring the derived indexes up to date, `anew` where that was tried and did not help."""
        if self._store.read_only:
            return self._wait_for_writer(wait)
        try:
            with writer_lock(self.folder / "lock", wait=wait):
                publish(self.folder, self._store, anew=anew)
        except BusyError:
            return _Mend.BUSY
        except (OSError, ValueError, StoreError):
            return _Mend.HOPELESS
        return _Mend.PUBLISHED

    def _wait_for_writer(self, wait: float) -> _Mend:
        """Give a writer time to publish what this process may not; one that has just ended is given one look more."""
        if not is_held(self.folder / "lock") and wait > _FIRST_WAIT:
            return _Mend.HOPELESS
        time.sleep(wait)
        return _Mend.BUSY

    def _settle_model(self, model: str | Embedder | None) -> None:
        """Refuse a model that is asked for and is not the index's own."""
        if model is not None:
            embedder = _embedder(model)
            self._check(embedder)
            self._given = embedder

    def _check_rules(self) -> None:
        """Refuse to mix passages that were cut by other rules than those in use; what is there can still be searched."""
        settings = self.settings()
        for name, mine in (("segmenter", SEGMENTER), ("splitter", SPLITTER)):
            if settings[name] != mine:
                hint = "carry the articles over: `assay export FILE`, then `assay import FILE --index NEW`"
                raise MismatchError(f"{self.folder} was made with {name} {settings[name]!r}, found {mine!r} in use; {hint}")

    def _check(self, embedder: Embedder) -> None:
        settings = self.settings()
        if settings["model_sha256"] != embedder.sha256:
            raise MismatchError(
                f"{self.folder} was made with model {settings['model']} ({settings['model_sha256'][:12]}), found {embedder.name} "
                f"({embedder.sha256[:12]}); use --model {settings['model']}, or add the articles to a new --index"
            )


def _named(folder: str | Path) -> Path:
    """Return the folder of an index; raises `StoreError` when its name is not UTF-8: FAISS and tantivy write to no such path."""
    try:
        unnameable = b"\0" in str(folder).encode()
    except UnicodeEncodeError:
        unnameable = True
    if unnameable:
        raise StoreError(f"expected a folder whose name is UTF-8, found {str(folder)[:200]!r}; choose another")
    return Path(folder)


def _make(folder: Path, model: str | Embedder | None) -> None:
    """Create the folder and the store with its settings, whole or not at all; another process may be doing the same."""
    embedder = _embedder(model) if model else SentenceTransformerEmbedder(DEFAULT_MODEL)
    made_with = (embedder.name, embedder.sha256, str(embedder.dimension), "true", SEGMENTER, SPLITTER)
    settings = dict(zip(checkup.SETTINGS, made_with, strict=True))
    try:
        make_folder(folder)
    except OSError as error:
        raise StoreError(f"{folder} cannot be made ({error.strerror}); choose another --index") from error
    with writer_lock(folder / "lock", wait=LOCK_WAIT):
        path = folder / "store.sqlite"
        if path.exists():
            return
        partial = folder / UNFINISHED
        for remains in folder.glob(f"{UNFINISHED}*"):
            remains.unlink()
        with closing(Store(partial, create=True)) as store:
            store.set_up(settings)
        if partial.with_name(f"{UNFINISHED}-wal").exists():  # closing merges the log into the store and deletes it, or fails in silence
            raise StoreError(f"{path}: cannot be written; free some space and try again; nothing was lost")
        replace(partial, path)


def _embedder(model: str | Embedder) -> Embedder:
    """Return the model that the user named, which may be downloaded; one that only an index names never is."""
    return SentenceTransformerEmbedder(model, download=True) if isinstance(model, str) else model


def _made_with(settings: Mapping[str, str]) -> dict[str, str]:
    """Return, of the settings of an index, what it was made with."""
    return {name: settings[name] for name in checkup.SETTINGS}

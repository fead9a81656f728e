"""An open index: the one door through which articles go in, come out and are searched.

Ties together loaders, sentences, passages, the embedder, the store and what is derived from it. Knows nothing of questions,
answers or screens.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeAlias

from .article import Article, Refusal
from .derive import DerivedIndexes, StaleError, damaged, publish
from .durable import replace
from .embed import Embedder, SentenceTransformerEmbedder
from .errors import AssayError, BusyError, MismatchError, StoreError
from .loaders import from_row, read
from .loaders.walk import shown
from .lock import writer_lock
from .model import DEFAULT_MODEL
from .segment import SEGMENTER, sentences
from .split import SPLITTER, embedded_text, split
from .store import Prepared, Store
from .view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from .store import ArticleFilter

#: What can be added: a file, a folder, an article, a row of a table, or several of them.
Addable: TypeAlias = "str | Path | Article | Refusal | Mapping[str, object] | Iterable[Addable]"

#: A transaction is committed when this many new passages are waiting: seconds of embedding, the most that a crash undoes.
PASSAGES_A_COMMIT = 512

#: How often a reader looks again while a writer is publishing, before it builds what it needs for itself.
_LOOKS = 4

#: How long a second writer waits for the first before it gives up, in seconds.
LOCK_WAIT = 30.0


@dataclass(slots=True)
class AddReport:
    """What became of everything that was offered, by id, in order; refusals with their reason."""

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "added": self.added,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "removed": self.removed,
            "refused": [refusal._asdict() for refusal in self.refused],
            "seconds": round(self.seconds, 3),
        }


class Library:
    """One index on disk. Safe to share between threads; one process writes at a time, any number read."""

    def __init__(self, folder: Path, store: Store, embedder: Embedder | None) -> None:
        """Join what `open` found."""
        self.folder = folder
        self._store = store
        self._given = embedder
        self._derived = DerivedIndexes(folder)

    @classmethod
    def open(cls, folder: str | Path, *, model: str | Embedder | None = None, create: bool = True, read_only: bool = False) -> Library:
        """Open the index in `folder`, making it when `create` is set and there is none.

        `model` is a sentence-transformers name or folder, or an embedder of your own; by default the one that the index was
        made with. Raises `StoreError` when there is no index or it cannot be read, `MismatchError` when it was made with
        another model, `ModelError` when the model cannot be had.
        """
        folder = Path(folder)
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
        for attempt in range(_LOOKS):
            with self._store.snapshot() as snapshot:
                try:
                    dense, lexical = self._derived.open(snapshot)
                except StaleError:
                    if attempt < _LOOKS - 1 and self._mend(wait=0.2 * attempt):
                        continue
                    dense, lexical = self._derived.private(snapshot)
                yield View(snapshot, dense, lexical, lambda: self.embedder)
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
        progress: Callable[[int, int], object] = lambda _articles, _passages: None,
    ) -> AddReport:
        """Add files, folders, articles or rows; the same again changes nothing, the same id with another text replaces it.

        `source` and `published` are given to every article. `progress` hears, as they grow, how many articles were read and how
        many passages were embedded since it was last called. Every article in the report is on disk for good when this returns;
        what was committed before an interruption stays, and adding again goes on from there.
        """
        with self._writing():
            self._check_rules()
            ingest = _Ingest(self._store, self.embedder, progress)
            for item in items:
                ingest.take(_articles(item, source, published), origin=_origin(item))
            report = ingest.finish()
            self._publish()
        return report

    def sync(self, folder: str | Path, *, progress: Callable[[int, int], object] = lambda _articles, _passages: None) -> AddReport:
        """Make the index mirror `folder`: add what is new, replace what changed, remove what came from it and is gone.

        A file that can no longer be read is reported, and its article stays as it was.
        """
        if not Path(folder).is_dir():
            raise AssayError(f"expected a folder to mirror, found none at {folder}; `assay add` takes single files")
        with self._writing():
            self._check_rules()
            ingest = _Ingest(self._store, self.embedder, progress)
            origin = _origin(folder)
            ingest.take(read(Path(folder)), origin=origin)
            report = ingest.finish()
            refused = {refusal.path for refusal in report.refused}
            seen = {*report.added, *report.updated, *report.unchanged}
            with self._store.snapshot() as snapshot:
                known = snapshot.from_origin(origin or "")
            gone = {article_id: path for article_id, path in known.items() if article_id not in seen}
            report.removed = [article_id for article_id, path in gone.items() if not _refused(path, Path(folder), refused)]
            if report.removed:
                self._store.commit(remove=report.removed, vectors={})
            self._publish()
        return report

    def remove(self, *article_ids: str) -> None:
        """Remove articles by id, all or none; raises `StoreError` naming the first that is not there."""
        with self._writing():
            with self._store.snapshot() as snapshot:
                for article_id in article_ids:
                    if snapshot.article_row(article_id) is None:
                        raise StoreError(f"no article {article_id!r} in {self.folder}; `assay list` shows the ids")
            self._store.commit(remove=article_ids, vectors={})
            self._publish()

    def rebuild(self) -> None:
        """Build the derived indexes anew from the store, without the embedding model, and delete for good what was removed."""
        with self._writing():
            publish(self.folder, self._store, anew=True)

    def backup(self, folder: str | Path) -> None:
        """Copy the index, while it is in use, to `folder`, which must be empty or absent; what is derived is rebuilt there."""
        target = Path(folder)
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise AssayError(f"expected an empty or absent folder for the backup, found {target} in use; choose another")
        target.mkdir(parents=True, exist_ok=True)
        self._store.backup(target / "store.sqlite")

    def doctor(self, *, samples: int = 20) -> list[str]:
        """Check everything; return what is wrong, one line each with what mends it.

        Reads every page, text, span and vector of the store and every byte of the derived files, and embeds `samples` passages
        afresh: each must agree with its stored vector within cosine 0.999.
        """
        with self._store.snapshot() as snapshot:
            faults = snapshot.faults()
            faults += damaged(self.folder, snapshot)
            if not faults:
                faults += _coverage_faults(snapshot)
            if not faults and samples:
                faults += _embedding_faults(snapshot, self.embedder, samples)
        return faults

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
            yield

    def _publish(self) -> None:
        """Publish what was committed; what cannot be published now (a full disk) is published by the next opening."""
        with suppress(OSError, ValueError, StoreError):
            publish(self.folder, self._store)

    def _mend(self, *, wait: float) -> bool:
        """Try to bring the derived indexes up to date; say whether it is worth looking again."""
        if self._store.read_only:
            return False
        try:
            with writer_lock(self.folder / "lock", wait=wait):
                publish(self.folder, self._store)
        except BusyError:
            return True  # a writer is at work: it publishes when it is done
        except (OSError, ValueError, StoreError):
            return False
        return True

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
                hint = "add the articles to a new --index"
                raise MismatchError(f"{self.folder} was made with {name} {settings[name]!r}, found {mine!r} in use; {hint}")

    def _check(self, embedder: Embedder) -> None:
        settings = self.settings()
        if settings["model_sha256"] != embedder.sha256:
            raise MismatchError(
                f"{self.folder} was made with model {settings['model']} ({settings['model_sha256'][:12]}), found {embedder.name} "
                f"({embedder.sha256[:12]}); use --model {settings['model']}, or add the articles to a new --index"
            )


class _Ingest:
    """A run of additions under one lock: reads, splits, embeds and commits in batches, and keeps the report."""

    def __init__(self, store: Store, embedder: Embedder, progress: Callable[[int, int], object]) -> None:
        self._store = store
        self._embedder = embedder
        self._progress = progress
        self._report = AddReport()
        self._started = time.monotonic()
        self._waiting: dict[str, tuple[Prepared, list[str]]] = {}
        self._passages = 0
        with store.snapshot() as snapshot:
            self._known = snapshot.checksums()

    def take(self, articles: Iterable[Article | Refusal], *, origin: str | None) -> None:
        """Take in each article, or note why not."""
        for article in articles:
            if isinstance(article, Refusal):
                self._report.refused.append(article)
            else:
                self._take_one(article, origin)
            self._progress(1, 0)

    def finish(self) -> AddReport:
        """Commit what is waiting and return the report."""
        self._commit()
        self._report.seconds = time.monotonic() - self._started
        return self._report

    def _take_one(self, article: Article, origin: str | None) -> None:
        if article.id in self._waiting:
            self._commit()  # one id twice in a batch: in the order given, the later replaces the earlier
        if self._known.get(article.id) == article.sha256():
            self._report.unchanged.append(article.id)
            return
        spans = sentences(article.text)
        passages = split(article, spans, count_tokens=self._embedder.count_tokens, max_tokens=self._embedder.max_tokens)
        if not passages:
            self._report.refused.append(Refusal(article.path or article.id, "nothing citable: the article holds only boilerplate"))
            return
        texts = [embedded_text(article, passage) for passage in passages]
        keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
        self._waiting[article.id] = (Prepared(article, spans, passages, keys, origin), texts)
        self._passages += len(passages)
        if self._passages >= PASSAGES_A_COMMIT:
            self._commit()

    def _commit(self) -> None:
        """Embed what the store does not know yet and commit the batch as one generation."""
        if not self._waiting:
            return
        texts = {key: text for prepared, texts in self._waiting.values() for key, text in zip(prepared.embedded_sha256, texts, strict=True)}
        with self._store.snapshot() as snapshot:
            known = snapshot.known_vectors(texts)
        new = {key: text for key, text in texts.items() if key not in known}
        vectors: dict[str, NDArray[np.float32]] = {}
        if new:
            embedded = self._embedder.embed_documents(list(new.values()), done=lambda count: self._progress(0, count))
            vectors = dict(zip(new, embedded, strict=True))
        put = [prepared for prepared, _ in self._waiting.values()]
        self._store.commit(put=put, vectors=vectors)
        for prepared in put:
            article = prepared.article
            (self._report.updated if article.id in self._known else self._report.added).append(article.id)
            self._known[article.id] = article.sha256()
        self._waiting, self._passages = {}, 0


def _make(folder: Path, model: str | Embedder | None) -> None:
    """Create the folder and the store with its settings, whole or not at all; another process may be doing the same."""
    embedder = _embedder(model or DEFAULT_MODEL)
    settings = {
        "model": embedder.name,
        "model_sha256": embedder.sha256,
        "dimension": str(embedder.dimension),
        "normalised": "true",
        "segmenter": SEGMENTER,
        "splitter": SPLITTER,
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder} cannot be made ({error.strerror}); choose another --index") from error
    with writer_lock(folder / "lock", wait=LOCK_WAIT):
        path = folder / "store.sqlite"
        if path.exists():
            return
        partial = path.with_suffix(".partial")
        for remains in folder.glob(f"{partial.name}*"):
            remains.unlink()
        with closing(Store(partial, create=True)) as store:
            store.set_up(settings)
        replace(partial, path)


def _embedder(model: str | Embedder) -> Embedder:
    return SentenceTransformerEmbedder(model) if isinstance(model, str) else model


def _articles(item: Addable, source: str | None, published: str | None) -> Iterator[Article | Refusal]:
    """Yield the articles that `item` stands for."""
    if isinstance(item, str | Path):
        yield from read(Path(item), source=source, published=published)
    elif isinstance(item, Article | Refusal):
        yield item
    elif isinstance(item, Mapping):
        yield _from_mapping(item)
    else:
        for part in item:
            yield from _articles(part, source, published)


def _from_mapping(row: Mapping[str, object]) -> Article | Refusal:
    where = str(row.get("id") or row.get("_id") or "row")
    try:
        return from_row(row, where=where)
    except AssayError as error:
        return Refusal(where, str(error))


def _origin(item: Addable) -> str | None:
    return str(Path(item).resolve()) if isinstance(item, str | Path) and Path(item).is_dir() else None


def _refused(path: str | None, folder: Path, refused: Iterable[str]) -> bool:
    """Say whether an article's file, a row of it, or a folder around it is among what could not be read."""
    if path is None:
        return False
    place = f"{shown(folder)}/{path}" if folder != Path() else path
    return any(where == path or where.startswith(f"{place}:") or f"{place}/".startswith(f"{where}/") for where in refused)


def _coverage_faults(snapshot: Any) -> list[str]:
    """Say which derived indexes are behind; an index that lags is right but slow."""
    last = snapshot.last_live_row()
    derived = snapshot.derived("lexical")
    if last and (derived is None or derived.last_row < last):
        return ["lexical: behind the store; run `assay rebuild`"]
    return []


def _embedding_faults(snapshot: Any, embedder: Embedder, samples: int) -> list[str]:
    """Embed evenly spread passages afresh and compare them with what is stored."""
    rows = snapshot.live_rows()
    chosen = rows[:: max(1, rows.size // samples)][:samples]
    if not chosen.size:
        return []
    passages = snapshot.passages(chosen.tolist())
    texts = [f"{passage.context}\n{snapshot.passage_text(passage)}" for passage in passages]
    agreement = (embedder.embed_documents(texts) * snapshot.vectors(chosen)).sum(axis=1)
    return [
        f"passage {row}: its stored vector is not its text's (cosine {cosine:.4f}); add the articles to a new --index"
        for row, cosine in zip(chosen.tolist(), agreement.tolist(), strict=True)
        if cosine < 0.999
    ]

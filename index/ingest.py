"""A run of additions: whatever is offered is split, embedded and committed in batches, and each has its line in the report.

The caller holds the writer lock. Knows nothing of files, and nothing of how the store or what is derived from it is kept.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from .article import Article, Refusal
from .errors import AssayError
from .identify import is_address_of
from .loaders import from_row
from .loaders.walk import shown
from .segment import sentences
from .split import embedded_text, split
from .store import Prepared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from .article import Passage
    from .embed import Embedder
    from .files import FileRecord
    from .store import Original, Store

    #: Commits one batch: the articles, the vectors that the store does not know yet, and the files to be remembered.
    Commit: TypeAlias = Callable[[list[Prepared], dict[str, NDArray[np.float32]], list[FileRecord]], object]

#: What can be added: a file, a folder, an article, a row of a table, or several of them.
Addable: TypeAlias = "str | Path | Article | Refusal | Mapping[str, object] | Iterable[Addable]"

_Single: TypeAlias = "str | Path | Article | Refusal | Mapping[str, object]"

#: A transaction is committed when this many new passages are waiting: seconds of embedding, the most that a crash undoes.
PASSAGES_A_COMMIT = 512

#: What to do about two articles of one id.
_OWN_IDS = "add the folder that holds both, or give each an id of its own"

#: Of a longer article the vectors are kept in parts of so many.
EMBEDDED_AT_ONCE = 2_048


class Moved(NamedTuple):
    """An article whose file is elsewhere now, as it was."""

    id: str
    was: str
    """Its id before; another where an article is known by its place."""
    before: str | None
    """Where its file was, in its folder."""
    after: str | None
    """Where it is now."""

    def to_json(self) -> dict[str, str | None]:
        """Return it as JSON values."""
        return {"id": self.id, "was": self.was, "from": self.before, "to": self.after}


@dataclass(slots=True)
class AddReport:
    """What became of everything that was offered, by id, in order; refusals with their reason."""

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    """Files that were left for the next time, since somebody may be writing them still."""
    left: int = 0
    """Addresses that a feed or sitemap lists and that were left for the next time."""
    seconds: float = 0.0

    def settle_moves(self) -> None:
        """Tell moves from removals, and from additions of what is still at the old place too."""
        removed = set(self.removed)
        stayed = [moved.id for moved in self.moved if moved.id != moved.was and moved.was not in removed]
        self.moved = [moved for moved in self.moved if moved.id == moved.was or moved.was in removed]
        followed = {moved.was for moved in self.moved}
        self.added += stayed
        self.removed = [article_id for article_id in self.removed if article_id not in followed]

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "added": self.added,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "moved": [moved.to_json() for moved in self.moved],
            "removed": self.removed,
            "refused": [refusal._asdict() for refusal in self.refused],
            "seconds": round(self.seconds, 3),
            **({"left": self.left} if self.left else {}),
        }


class Interrupted(KeyboardInterrupt):
    """Somebody stopped an addition; what is in `report` is on the disk for good."""

    def __init__(self, report: AddReport) -> None:
        """Tell what was done before."""
        super().__init__()
        self.report = report


class _Waiting(NamedTuple):
    """An article that is to be committed, the texts of its passages where they may be new, and the move that it comes of."""

    prepared: Prepared
    texts: Sequence[str]
    moved: Moved | None


class Ingest:
    """A run of additions: splits and embeds, has each batch committed, and keeps the report."""

    def __init__(
        self,
        store: Store,
        embedder: Callable[[], Embedder],
        commit: Commit,
        publish: Callable[[], object],
        progress: Callable[[int, int], object],
        *,
        expects: Callable[[int], object] = lambda _passages: None,
        dry_run: bool = False,
    ) -> None:
        """Read what is known from `store`, in which `commit` puts each batch; `publish` is called after it.

        `progress` hears of articles read and passages embedded since it was last called, `expects` of how many are embedded next. The
        embedder is made when something is to be embedded. A dry run embeds and writes nothing, and its report says what would be.
        """
        self._store = store
        self._embedder = embedder
        self._hand_over = commit
        self._publish = publish
        self._progress = progress
        self._dry_run = dry_run
        self._expects = expects
        self._report = AddReport()
        self._started = time.monotonic()
        self._waiting: list[_Waiting] = []
        self._passages = 0
        self._given: dict[str, str] = {}  # the place of each article that was taken in
        self._files: list[FileRecord] = []  # whose articles are waiting or committed
        self._originals: dict[str, Original] = {}  # of articles that are in already
        with store.snapshot() as snapshot:
            self._known = snapshot.checksums()

    @property
    def report(self) -> AddReport:
        """Return what became of everything so far; whatever waits to be committed is not in it."""
        self._report.seconds = time.monotonic() - self._started
        return self._report

    def known(self, article_id: str) -> str | None:
        """Return the checksum of a live article; None when there is none of that id."""
        return self._known.get(article_id)

    def given(self, article_id: str) -> str | None:
        """Return the place of the article of that id that was taken in by this run; None where none was."""
        return self._given.get(article_id)

    def take(self, articles: Iterable[Article | Refusal]) -> None:
        """Take in each article, or note why not."""
        for article in articles:
            if isinstance(article, Refusal):
                self.refuse(article)
            else:
                self.take_article(article, place=article.path or article.id)

    def take_article(
        self,
        article: Article,
        *,
        place: str,
        origin: str | None = None,
        original: Original | None = None,
        passages: Sequence[Passage] | None = None,
    ) -> str | None:
        """Take in an article, read at `place`; return its checksum, or None when it was refused.

        `origin` is the folder that holds it, `original` the file that it was read from, where that is kept; `passages` are those that
        it must have.
        """
        if article.id in self._given:
            hint = "both say that they are what is at that address; keep one of them" if is_address_of(article) else _OWN_IDS
            return self._refused(place, f"the id {article.id!r} was given before, at {self._given[article.id]}; {hint}")
        checksum = article.sha256()
        if self._known.get(article.id) == checksum:
            self.pass_over(article.id, place=place, original=original)
            return checksum
        spans = sentences(article.text)
        embedder = self._embedder()
        cut = split(article, spans, count_tokens=embedder.count_tokens, max_tokens=embedder.max_tokens)
        if not cut:
            return self._refused(place, "nothing citable: the article holds only boilerplate")
        if passages is not None and cut != list(passages):
            return self._refused(place, f"the passages of {article.id!r} are not those of its text; was the file changed?")
        texts = [embedded_text(passage.context, passage.span.of(article.text)) for passage in cut]
        keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
        self._wait(_Waiting(Prepared(article, spans, cut, keys, origin, original), texts, None), place)
        return checksum

    def take_copy(self, prepared: Prepared, *, place: str, moved: Moved | None) -> None:
        """Take in an article that was cut and embedded before under another id, or at another place; it is `moved`, or there twice."""
        self._wait(_Waiting(prepared, (), moved), place)

    def pass_over(self, article_id: str, *, place: str, original: Original | None = None) -> None:
        """Note that an article is in as it is."""
        self._given[article_id] = place
        self._report.unchanged.append(article_id)
        if original is not None:
            self._originals[article_id] = original
        self._progress(1, 0)

    def refuse(self, refusal: Refusal) -> None:
        """Note why something was not taken in."""
        self._report.refused.append(refusal)
        self._progress(1, 0)

    def _refused(self, place: str, reason: str) -> str | None:
        self.refuse(Refusal(place, reason))
        return None

    def remember_file(self, record: FileRecord) -> None:
        """Remember a file, all of whose articles were taken in, once they are committed."""
        self._files.append(record)

    def finish(self) -> AddReport:
        """Commit what is waiting and return the report."""
        self._commit()
        if not self._dry_run:
            if self._files:
                self._store.remember_files(self._files)
            with self._store.snapshot() as snapshot:
                new = {name: original for name, original in self._originals.items() if snapshot.original(name) != original}
            if new:
                self._store.keep_originals(new)
        self._files = []
        return self.report

    def _wait(self, waiting: _Waiting, place: str) -> None:
        self._given[waiting.prepared.article.id] = place
        self._waiting.append(waiting)
        self._passages += len(waiting.prepared.passages)
        self._progress(1, 0)
        if self._passages >= PASSAGES_A_COMMIT:
            self._commit()

    def _commit(self) -> None:
        """Embed what the store does not know yet and commit the batch as one generation."""
        if not self._waiting:
            return
        waiting, self._waiting, self._passages = self._waiting, [], 0  # what fails is not tried again
        put = [article.prepared for article in waiting]
        if not self._dry_run:
            texts = {key: text for article in waiting for key, text in zip(article.prepared.embedded_sha256, article.texts, strict=False)}
            files, self._files = self._files, []
            self._hand_over(put, self._embedded(texts), files)
        for prepared, _, moved in waiting:
            article = prepared.article
            if moved is not None:
                self._report.moved.append(moved)
            else:
                (self._report.updated if article.id in self._known else self._report.added).append(article.id)
            self._known[article.id] = article.sha256()
        if not self._dry_run:
            self._publish()

    def _embedded(self, texts: Mapping[str, str]) -> dict[str, NDArray[np.float32]]:
        """Return the vectors of those `texts`, by checksum, that the store does not know.

        Of many, only the last part is returned: the others are in the store by then, so that an interruption of a long article does
        not undo them.
        """
        with self._store.snapshot() as snapshot:
            known = snapshot.known_vectors(texts)
        new = [key for key in texts if key not in known]
        vectors: dict[str, NDArray[np.float32]] = {}
        if new:
            self._expects(len(new))
        for start in range(0, len(new), EMBEDDED_AT_ONCE):
            if vectors:
                self._store.keep_vectors(vectors)
            part = new[start : start + EMBEDDED_AT_ONCE]
            embedded = self._embedder().embed_documents([texts[key] for key in part], done=lambda count: self._progress(0, count))
            vectors = dict(zip(part, embedded, strict=True))
        return vectors


def flat(items: Iterable[Addable]) -> Iterator[_Single]:
    """Yield the single items of nested ones, in order."""
    for item in items:
        if isinstance(item, str | Path | Article | Refusal | Mapping):
            yield item
        else:
            yield from flat(item)


def paths(items: Iterable[Addable]) -> Iterator[Path]:
    """Yield the paths among nested items, but for those in what can be gone through only once."""
    for item in items:
        if isinstance(item, str | Path):
            yield Path(item)
        elif isinstance(item, Collection) and not isinstance(item, Article | Refusal | Mapping):
            yield from paths(item)


def articles_of(item: Article | Refusal | Mapping[str, object]) -> Article | Refusal:
    """Return the article that `item` is or describes."""
    return _from_mapping(item) if isinstance(item, Mapping) else item


def _from_mapping(row: Mapping[str, object]) -> Article | Refusal:
    try:
        where = shown(Path(str(row.get("id") or row.get("_id") or "row")))
    except ValueError:  # a number of thousands of digits
        where = "row"
    try:
        return from_row(row, where=where)
    except (AssayError, ValueError) as error:
        return Refusal(where, str(error))

"""A run of additions: whatever is offered is read, split, embedded and committed in batches, and each has its line in the report.

The caller holds the writer lock. Knows nothing of how the store or what is derived from it is kept.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeAlias

from .article import Article, Refusal
from .errors import AssayError
from .loaders import from_row, read
from .loaders.walk import shown
from .segment import sentences
from .split import embedded_text, split
from .store import Prepared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from .embed import Embedder
    from .store import Store

    #: Commits one batch: the articles, and the vectors that the store does not know yet.
    Commit: TypeAlias = Callable[[list[Prepared], dict[str, NDArray[np.float32]]], object]

#: What can be added: a file, a folder, an article, a row of a table, or several of them.
Addable: TypeAlias = "str | Path | Article | Refusal | Mapping[str, object] | Iterable[Addable]"

_Single: TypeAlias = "str | Path | Article | Refusal | Mapping[str, object]"

#: A transaction is committed when this many new passages are waiting: seconds of embedding, the most that a crash undoes.
PASSAGES_A_COMMIT = 512


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


class Ingest:
    """A run of additions: reads, splits and embeds, has each batch committed, and keeps the report."""

    def __init__(
        self,
        store: Store,
        embedder: Embedder,
        commit: Commit,
        progress: Callable[[int, int], object],
        expects: Callable[[int], object] = lambda _passages: None,
    ) -> None:
        """Read what is known from `store`; `progress` hears of articles read and passages embedded since it was last called.

        `expects` hears how many passages are embedded next.
        """
        self._store = store
        self._embedder = embedder
        self._hand_over = commit
        self._progress = progress
        self._expects = expects
        self._report = AddReport()
        self._started = time.monotonic()
        self._waiting: list[tuple[Prepared, list[str]]] = []
        self._passages = 0
        self._given: dict[str, str] = {}  # the place of each article that was taken in
        self._met: dict[str, str | None] = {}  # the paths of the unchanged ones of one item
        with store.snapshot() as snapshot:
            self._known = snapshot.checksums()

    def take(self, articles: Iterable[Article | Refusal], *, at: Path | None = None) -> None:
        """Take in each article, or note why not; `at` is the file or the folder that they are read from."""
        origin, self._met = origin_of(at), {}
        for article in articles:
            refusal = article if isinstance(article, Refusal) else self._take_one(article, origin, _place(article, at))
            if refusal:
                self._report.refused.append(refusal)
            self._progress(1, 0)
        if origin is not None:
            self._remember(origin)

    def finish(self) -> AddReport:
        """Commit what is waiting and return the report."""
        self._commit()
        self._report.seconds = time.monotonic() - self._started
        return self._report

    def _take_one(self, article: Article, origin: str | None, place: str) -> Refusal | None:
        if article.id in self._given:
            hint = "add the folder that holds both, or give each an id of its own"
            return Refusal(place, f"the id {article.id!r} was given before, at {self._given[article.id]}; {hint}")
        if self._known.get(article.id) == article.sha256():
            self._given[article.id] = place
            self._met[article.id] = article.path
            self._report.unchanged.append(article.id)
            return None
        spans = sentences(article.text)
        passages = split(article, spans, count_tokens=self._embedder.count_tokens, max_tokens=self._embedder.max_tokens)
        if not passages:
            return Refusal(place, "nothing citable: the article holds only boilerplate")
        texts = [embedded_text(passage.context, passage.span.of(article.text)) for passage in passages]
        keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
        self._given[article.id] = place
        self._waiting.append((Prepared(article, spans, passages, keys, origin), texts))
        self._passages += len(passages)
        if self._passages >= PASSAGES_A_COMMIT:
            self._commit()
        return None

    def _remember(self, origin: str) -> None:
        """Record that the folder `origin` holds the unchanged articles that were met in it."""
        with self._store.snapshot() as snapshot:
            recorded = snapshot.from_origin(origin)
        new = {article_id: path for article_id, path in self._met.items() if recorded.get(article_id, "") != path}
        if new:
            self._store.remember(origin, new)

    def _commit(self) -> None:
        """Embed what the store does not know yet and commit the batch as one generation."""
        if not self._waiting:
            return
        waiting, self._waiting, self._passages = self._waiting, [], 0  # what fails is not tried again
        texts = {key: text for prepared, texts in waiting for key, text in zip(prepared.embedded_sha256, texts, strict=True)}
        with self._store.snapshot() as snapshot:
            known = snapshot.known_vectors(texts)
        new = {key: text for key, text in texts.items() if key not in known}
        vectors: dict[str, NDArray[np.float32]] = {}
        if new:
            self._expects(len(new))
            embedded = self._embedder.embed_documents(list(new.values()), done=lambda count: self._progress(0, count))
            vectors = dict(zip(new, embedded, strict=True))
        put = [prepared for prepared, _ in waiting]
        self._hand_over(put, vectors)
        for prepared in put:
            article = prepared.article
            (self._report.updated if article.id in self._known else self._report.added).append(article.id)
            self._known[article.id] = article.sha256()


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


def articles_of(item: _Single, source: str | None, published: str | None) -> Iterable[Article | Refusal]:
    """Return the articles that `item` stands for."""
    if isinstance(item, str | Path):
        return read(Path(item), source=source, published=published)
    return (_from_mapping(item) if isinstance(item, Mapping) else item,)


def _from_mapping(row: Mapping[str, object]) -> Article | Refusal:
    try:
        where = shown(Path(str(row.get("id") or row.get("_id") or "row")))
    except ValueError:  # a number of thousands of digits
        where = "row"
    try:
        return from_row(row, where=where)
    except (AssayError, ValueError) as error:
        return Refusal(where, str(error))


def origin_of(at: Path | None) -> str | None:
    """Return the name under which the folder `at` is remembered; None when it is no folder."""
    return shown(at.resolve()) if at is not None and at.is_dir() else None


def _place(article: Article, at: Path | None) -> str:
    """Return what the user knows an article by: the file that it is read from, as they named it, or its id."""
    if at is None:
        return article.path or article.id
    return str(PurePosixPath(shown(at), article.path or "")) if at.is_dir() else shown(at)

"""Articles that were removed lately, so that whoever removed them, or sees that they are gone, can bring them back.

In memory, for an hour, and only so many: a restart forgets them, since what was removed is to be gone for good. Safe to share between
threads; knows nothing of who removed what.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from index import Article

#: Seconds that an article is held, and how many of them with how many characters together: the oldest go first.
_SECONDS, _MOST, _CHARACTERS = 3_600, 200, 40_000_000


class _Held(NamedTuple):
    article: Article
    since: float


class RemovedLately:
    """The articles that were removed within the last hour."""

    def __init__(self, *, most: int = _MOST, characters: int = _CHARACTERS, clock: Callable[[], float] = time.monotonic) -> None:
        """Hold none; tell the time by `clock`, in seconds."""
        self._most, self._characters, self._clock = most, characters, clock
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._lock = Lock()

    def hold(self, article: Article) -> None:
        """Hold an article in place of another of its id; the last one is held however long it is."""
        with self._lock:
            self._held.pop(article.id, None)
            self._held[article.id] = _Held(article, self._clock())
            while len(self._held) > 1 and (len(self._held) > self._most or self._length() > self._characters):
                self._held.popitem(last=False)

    def articles(self) -> tuple[Article, ...]:
        """Return what can be brought back, the last that was removed first."""
        with self._lock:
            self._forget()
            return tuple(one.article for one in reversed(self._held.values()))

    def article(self, article_id: str) -> Article | None:
        """Return the article of that id; None where none is held."""
        with self._lock:
            self._forget()
            found = self._held.get(article_id)
        return found.article if found else None

    def drop(self, article_id: str) -> None:
        """Hold an article no more."""
        with self._lock:
            self._held.pop(article_id, None)

    def _length(self) -> int:
        return sum(len(one.article.text) for one in self._held.values())

    def _forget(self) -> None:
        """Forget what has been held long enough."""
        since = self._clock() - _SECONDS
        for name in [name for name, one in self._held.items() if one.since < since]:
            del self._held[name]

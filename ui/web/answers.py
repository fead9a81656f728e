"""The answers given lately, each under a key that nobody can guess: what a vote, a share and an export refer to.

Safe to share between threads. Knows nothing of who asked.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag import Answer, Turn

#: Answers that are kept; the oldest go first.
_KEPT = 5_000


class KeptAnswers:
    """Answers by key, in memory, the latest `limit` of them, each with what was said before it."""

    def __init__(self, limit: int = _KEPT) -> None:
        """Keep the latest `limit` answers."""
        self._limit = limit
        self._answers: OrderedDict[str, tuple[Answer, tuple[Turn, ...]]] = OrderedDict()
        self._lock = Lock()

    def keep(self, answer: Answer, history: tuple[Turn, ...] = ()) -> str:
        """Keep an answer, and return its key: 128 random bits, since whoever has the key may read the answer."""
        key = secrets.token_urlsafe(16)
        with self._lock:
            self._answers[key] = answer, history
            while len(self._answers) > self._limit:
                self._answers.popitem(last=False)
        return key

    def get(self, key: str) -> Answer | None:
        """Return the answer of that key, or None where it is not, or no longer, kept."""
        with self._lock:
            kept = self._answers.get(key)
        return kept[0] if kept else None

    def history(self, key: str) -> tuple[Turn, ...]:
        """Return what was said before the question of that key; nothing where it is not kept."""
        with self._lock:
            kept = self._answers.get(key)
        return kept[1] if kept else ()

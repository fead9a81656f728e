"""The answers given lately, each under a key that nobody can guess: what a vote, a share and an export refer to.

Safe to share between threads. Knows nothing of who asked.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag import Answer

#: Answers that are kept; the oldest go first.
_KEPT = 5_000


class KeptAnswers:
    """Answers by key, in memory, the latest `limit` of them."""

    def __init__(self, limit: int = _KEPT) -> None:
        """Keep the latest `limit` answers."""
        self._limit = limit
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._lock = Lock()

    def keep(self, answer: Answer) -> str:
        """Keep an answer, and return its key: 128 random bits, since whoever has the key may read the answer."""
        key = secrets.token_urlsafe(16)
        with self._lock:
            self._answers[key] = answer
            while len(self._answers) > self._limit:
                self._answers.popitem(last=False)
        return key

    def get(self, key: str) -> Answer | None:
        """Return the answer of that key, or None where it is not, or no longer, kept."""
        with self._lock:
            return self._answers.get(key)

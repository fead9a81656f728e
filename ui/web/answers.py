"""The answers given lately, each under a key that nobody can guess: what a vote, a share and an export refer to.

Safe to share between threads. Knows nothing of who asked.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from rag import Turn

if TYPE_CHECKING:
    from rag import Answer

#: Answers that are kept, and characters of them all with what was said before: the oldest go first.
_KEPT, _CHARACTERS = 5_000, 100_000_000

#: Turns kept with an answer, the last ones, and characters of each: what a later reader of a vote needs to see what was meant.
_TURNS, _TURN = 20, 2_000


class _Kept(NamedTuple):
    answer: Answer
    history: tuple[Turn, ...]
    characters: int


class KeptAnswers:
    """Answers by key, in memory, the latest of them, each with what was said before it."""

    def __init__(self, limit: int = _KEPT, characters: int = _CHARACTERS) -> None:
        """Keep the latest `limit` answers, and no more than so many characters."""
        self._limit = limit
        self._most = characters
        self._held = 0
        self._answers: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = Lock()

    def keep(self, answer: Answer, history: tuple[Turn, ...] = (), key: str | None = None) -> str:
        """Keep an answer, and return its key: 128 random bits, since whoever has the key may read the answer.

        With a `key` that was returned before, the answer takes the place of what was kept under it: it has grown.
        """
        key = secrets.token_urlsafe(16) if key is None else key
        turns = tuple(Turn(turn.role, turn.content[:_TURN]) for turn in history[-_TURNS:])
        kept = _Kept(answer, turns, _characters(answer) + sum(len(turn.content) for turn in turns))
        with self._lock:
            self._forget(key)
            self._answers[key] = kept
            self._held += kept.characters
            while len(self._answers) > self._limit or (self._held > self._most and len(self._answers) > 1):
                self._forget(next(iter(self._answers)))
        return key

    def get(self, key: str) -> Answer | None:
        """Return the answer of that key, or None where it is not, or no longer, kept."""
        with self._lock:
            kept = self._answers.get(key)
        return kept.answer if kept else None

    def history(self, key: str) -> tuple[Turn, ...]:
        """Return what was said before the question of that key, the end of it; nothing where it is not kept."""
        with self._lock:
            kept = self._answers.get(key)
        return kept.history if kept else ()

    def _forget(self, key: str) -> None:
        gone = self._answers.pop(key, None)
        if gone is not None:
            self._held -= gone.characters


def _characters(answer: Answer) -> int:
    """Return about how many characters an answer holds."""
    told = [one.text for one in answer.sentences] + [one.text for one in answer.hits] + [one.text for one in answer.removed]
    return sum(map(len, (answer.question, answer.standalone_question, *told, *(one.quote for one in answer.citations))))

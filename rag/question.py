"""The question as asked, the turns before it, and the question that stands alone.

Without a model, rules say what a follow-up stands for (`follow_ups`); where none does, it is searched together with the user's turn before.
Knows nothing of articles.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from index import AssayError

from .answer import ABSTENTION
from .follow_ups import standalone
from .leaning import leans
from .words import WORD

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Longer questions are refused: they are texts, not questions.
MAX_CHARACTERS = 10_000

#: Only so many turns of a conversation are looked at.
_MAX_TURNS = 20


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation."""

    role: str
    """`user` or `assistant`."""
    content: str

    def __post_init__(self) -> None:
        """Leave out what cannot be stored."""
        object.__setattr__(self, "content", storable(self.content))


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it was asked, with the turns before it, oldest first. Raises `AssayError` when it cannot be asked."""

    text: str
    history: tuple[Turn, ...] = ()
    id: str | None = None
    understood: str | None = None
    """The question that stands alone, where somebody has said what it is; else a rule makes it."""

    def __post_init__(self) -> None:
        """Refuse what is not a question; leave out what cannot be stored."""
        object.__setattr__(self, "text", storable(self.text))
        if self.understood is not None:
            object.__setattr__(self, "understood", re.sub(r"\s+", " ", storable(self.understood)).strip()[:MAX_CHARACTERS] or None)
        if not WORD.search(self.text):
            raise AssayError("expected a question, found no words; ask with letters or digits")
        if len(self.text) > MAX_CHARACTERS:
            raise AssayError(f"expected a question of at most {MAX_CHARACTERS:,} characters, found {len(self.text):,}; shorten it")

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Question:
        """Build a question from `{"id", "question", "history", "standalone_question"}`; raises `AssayError` saying what is wrong."""
        text = row.get("question", row.get("text"))
        if not isinstance(text, str):
            raise AssayError('expected a row with a "question" in words, found none')
        history = row.get("history") or []
        try:
            turns = tuple(Turn(str(turn["role"]).lower(), _words(turn["content"])) for turn in history)
        except (TypeError, KeyError, AttributeError) as error:
            raise AssayError('expected "history" as a list of {"role", "content"}, found something else') from error
        identity = row.get("id", row.get("_id"))
        understood = row.get("standalone_question")
        if understood is not None and not (isinstance(understood, str) and WORD.search(understood)):
            raise AssayError('expected "standalone_question" in words, found something else; leave it out')
        return cls(text, turns, None if identity is None else storable(str(identity)), understood)

    @property
    def follows(self) -> bool:
        """Say whether it cannot be understood without what was said before, and nobody has said how."""
        return self.understood is None and bool(self.history) and leans(self.text)

    @property
    def standalone(self) -> str:
        """Return the question to search for: as it is understood, or itself, or as rules make it stand alone."""
        if self.understood is not None:
            return self.understood
        return _standalone(self.text, self.history[-_MAX_TURNS:])


def _words(content: Any) -> str:
    """Return the words of a message: its text, or the texts among its parts (a message may hold images, or nothing)."""
    if isinstance(content, list):
        return " ".join(part if isinstance(part, str) else str(part.get("text") or "") for part in content)
    if not isinstance(content, str | None):
        raise TypeError(f"expected words, found {type(content).__name__}")
    return content or ""


def storable(text: str) -> str:
    """Return `text` without lone surrogates, which JSON can spell and nothing can store."""
    return text.encode("utf-8", "replace").decode("utf-8")


@lru_cache(maxsize=16)
def _standalone(text: str, history: tuple[Turn, ...]) -> str:
    """Return what `Question.standalone` does: it is asked for at every step of an answer."""
    told = [
        turn for turn in history if turn.role in ("user", "assistant") and turn.content.strip() != ABSTENTION and WORD.search(turn.content)
    ]
    turns = [(turn.role == "user", turn.content) for turn in told]
    return standalone(text, turns)[-MAX_CHARACTERS:]

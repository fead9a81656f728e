"""The question as asked, the turns before it, and the question that stands alone.

A first rule, without a model: a question that leans on what was said before is searched together with the user's previous turn.
Knows nothing of articles.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from index import AssayError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Longer questions are refused: they are texts, not questions.
MAX_CHARACTERS = 10_000

#: Only so many turns of a conversation are looked at.
_MAX_TURNS = 20

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")

_PRONOUNS = frozenset("it its itself they them their theirs themselves he him his himself she her hers herself ones".split())
_POSSESSIVES = frozenset("its their theirs his her hers itself themselves himself herself".split())
_DEMONSTRATIVES = frozenset("this that these those".split())
_OPENERS = re.compile(r"\s*(?:and|but|or|so|then|what about|how about|why|why not|since when|until when|which ones?)\b", re.IGNORECASE)

#: Words that say nothing of what a question is about.
FUNCTION_WORDS = frozenset(
    """a about above after again against all also am an and any are as at be because been before being below between both but by can
    could did do does doing don down during each else few for from further had has have having he her here hers herself him himself
    his how i if in into is it its itself just many may me might more most much must my myself no nor not now of off on once only or other
    ought our ours ourselves out over own please same shall she should so some such tell than that the their theirs them themselves
    then there these they this those through to too under until up us very was we were what when where which while who whom whose
    why will with would yes you your yours""".split()
)

_DEICTIC_NOUNS = frozenset(
    """week weekend month quarter year decade century morning afternoon evening night spring summer autumn winter time
    days""".split()
)


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
        if not _WORD.search(self.text):
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
            turns = tuple(Turn(str(turn["role"]), _words(turn["content"])) for turn in history)
        except (TypeError, KeyError, AttributeError) as error:
            raise AssayError('expected "history" as a list of {"role", "content"}, found something else') from error
        identity = row.get("id", row.get("_id"))
        understood = row.get("standalone_question")
        if understood is not None and not (isinstance(understood, str) and _WORD.search(understood)):
            raise AssayError('expected "standalone_question" in words, found something else; leave it out')
        return cls(text, turns, None if identity is None else storable(str(identity)), understood)

    @property
    def follows(self) -> bool:
        """Say whether it cannot be understood without what was said before, and nobody has said how."""
        return self.understood is None and bool(self.history) and leans(self.text)

    @property
    def standalone(self) -> str:
        """Return the question to search for: as it is understood, or itself, or joined to what it leans on."""
        if self.understood is not None:
            return self.understood
        turns = [turn.content for turn in self.history[-_MAX_TURNS:] if turn.role == "user" and _WORD.search(turn.content)]
        whole = ""
        for turn in (*turns, self.text):
            whole = f"{whole} {turn}" if whole and leans(turn) else turn
        return re.sub(r"\s+", " ", whole).strip()[-MAX_CHARACTERS:]


def leans(text: str) -> bool:
    """Say whether a question cannot be understood without what was said before it.

    It does when it has fewer than two content words, opens as a continuation ("And in Chile?"), or holds a pronoun or a
    demonstrative; joining it to the turn before costs little where the pronoun had its noun in the question itself. A
    possessive after a name belongs to that name: "When did Chile present its plan?"
    """
    words = _WORD.findall(text)
    if len(content_words(text)) < 2 or _OPENERS.match(text):
        return True
    named = False
    for i, word in enumerate(words):
        if _points(words, i) and not (named and word.lower() in _POSSESSIVES):
            return True
        named = named or (i > 0 and word[0].isupper())
    return False


def opens_unresolved(sentence: str) -> bool:
    """Say whether a sentence opens with a pronoun or demonstrative whose noun lies outside it.

    `This week` and its like point at the day of writing, which the citation shows, and count as resolved.
    """
    words = _WORD.findall(sentence)[:6]
    if _refers_back([word.lower() for word in words[:2]]):
        return True
    for i, word in enumerate(words):
        if _points(words, i):
            return True
        if word.lower() not in _BEFORE_SUBJECT and not word[0].isdigit():
            return False
    return False


def _refers_back(opening: list[str]) -> bool:
    """Say whether a sentence's first two words, lower-cased, stand for something named before: "Both rose", "The latter fell"."""
    first, second = (*opening, "", "")[:2]
    if first == "there":
        return second not in _EXISTENTIAL
    return first in _STAND_INS or (first == "the" and second in _STAND_INS_AFTER_THE)


def content_words(text: str) -> list[str]:
    """Return the words of `text` that say what it is about, lower-cased, in order."""
    return [word.lower() for word in telling_words(text)]


def telling_words(text: str) -> list[str]:
    """Return the same as they are written."""
    return [word for word in _WORD.findall(text) if word.lower() not in FUNCTION_WORDS]


def without_function_words(text: str) -> str:
    """Return `text` but for the words that say nothing of what it is about; all of it when it has no others.

    The rest stays as it is written, since what makes a word is the index's to say: vowel signs of Hindi or Thai are no letters
    to `content_words`, and a word without them is another.
    """
    if not content_words(text):
        return text
    return _WORD.sub(lambda found: " " if found[0].lower() in FUNCTION_WORDS else found[0], text)


_CONNECTIVES = frozenset(
    """however moreover meanwhile still yet instead therefore thus hence furthermore additionally nevertheless consequently otherwise
    later earlier today yesterday finally overall first second third ultimately eventually similarly likewise indeed according
    despite although though even since addition result example instance contrast""".split()
)

_TIMES = _DEICTIC_NOUNS | frozenset(
    """january february march april may june july august september october november december monday tuesday wednesday thursday friday
    saturday sunday early mid late last next years months weeks""".split()
)

#: Words that say nothing of what a sentence is about, so that a pronoun after them is still its opening: "In 2023 it rose."
_BEFORE_SUBJECT = FUNCTION_WORDS | _CONNECTIVES | _TIMES


_STAND_INS = frozenset("here such both neither either another others latter former".split())
_STAND_INS_AFTER_THE = frozenset("latter former two three four same other others pair".split())

#: After `there` these only say that something exists: "There are two plants."
_EXISTENTIAL = frozenset(
    """is are was were be been has have had will would can could may might must should isn't aren't wasn't weren't remain remains remained
    seem seems appears exist exists""".split()
)

#: Where `that` follows one of these it points at something; elsewhere it mostly joins clauses.
_BEFORE_DEMONSTRATIVE = frozenset(
    """is was are were be did does do has have had will would can could about after at before by for from in of on since to under until
    upon with and but why""".split()
)


def _points(words: list[str], i: int) -> bool:
    """Say whether the word at `i` is a pronoun, or a demonstrative that points at something said before."""
    word = words[i].lower().replace("’", "'").split("'")[0]
    if word in _PRONOUNS:
        return True
    following = words[i + 1].lower() if i + 1 < len(words) else ""
    if following in _DEICTIC_NOUNS:
        return word in ("that", "those")  # "this week" is told by the day of writing, "that week" by what was said before
    if word == "that" and i > 0 and following and words[i - 1].lower() not in _BEFORE_DEMONSTRATIVE:
        return False  # it joins clauses: "the plan that Chile presented"
    return word in _DEMONSTRATIVES


def _words(content: Any) -> str:
    """Return the words of a message: its text, or the texts among its parts (a message may hold images, or nothing)."""
    if isinstance(content, list):
        return " ".join(part if isinstance(part, str) else str(part.get("text", "")) for part in content)
    return "" if content is None else str(content)


def storable(text: str) -> str:
    """Return `text` without lone surrogates, which JSON can spell and nothing can store."""
    return text.encode("utf-8", "replace").decode("utf-8")

"""What a conversation has spoken of, and which of it a pronoun, a `there` or "the company" stands for.

Each noun phrase that was said is a candidate. As Lappin and Leass (An Algorithm for Pronominal Anaphora Resolution, 1994) have it, a
pronoun stands for the most salient candidate that agrees with it; here what makes one salient and what agrees is a sum of signs whose
weights were fitted to the rewrites of people. Knows nothing of questions that lean, nor of articles.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .phrases import AUXILIARIES, phrases

if TYPE_CHECKING:
    from .phrases import Phrase

#: So many characters of a message are looked at.
CHARACTERS = 600

#: Who or what a pronoun stands for: a man, a woman, a thing, several.
GENDERS = {
    word: gender
    for gender, words in {
        "m": "he him his himself",
        "f": "she her hers herself",
        "n": "it its itself this that",
        "p": "they them their theirs themselves these those",
    }.items()
    for word in words.split()
}

#: Nouns that nothing in particular is called by.
VAGUE = frozenset(
    """way ways kind kinds type types sort sorts thing things example examples part parts lot number amount name names aspect aspects
    article page something anything everything nothing someone anyone reason reasons time times year years day days role result results
    difference differences today yesterday tomorrow information interesting fact facts main question questions month months week weeks
    don know sure okay yes no thanks people oh hey hi hello wow cool great nice fair agreed indeed according although despite however
    while since interest section text thought bit idea point others else""".split()
)

#: Nouns that a name is called by: "the company".
_CLASSES = frozenset("band group film movie album song book show company firm team club country city party mine plant project deal".split())

_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")
_WHO = re.compile(r"\W*who(?:['’]s| is| was| are| were)\b", re.IGNORECASE)
_WHAT_IS = re.compile(r"\W*what(?:['’]s| is| was| are| were) ", re.IGNORECASE)
_PLACES = {"in": "in", "at": "at", "near": "near", "to": "in", "from": "in"}
_SUBJECTS = AUXILIARIES | {"about", "what's", "who's", ""}
_OPENS_SENTENCE = frozenset(("", ".", ",", "?", "!", ";", ":"))

#: No more is kept in mind: what was spoken of first goes first.
_MOST = 150

#: An answer of so few words is the thing itself.
_SHORT_ANSWER = 8


@dataclass(slots=True)
class Entity:
    """Something that was spoken of, and how."""

    phrase: Phrase
    genders: set[str] = field(default_factory=set)
    """The pronouns that stood for it before."""
    place: str = ""
    """The preposition that stood before it where that is one of places: `in`, `at`."""
    asked: int = 0
    """Mentions by the user, of which as a subject, in the first question, and the turn of the last."""
    subject: int = 0
    first: bool = False
    asked_at: int = -99
    told: int = 0
    """Mentions in answers, of which at the beginning of a sentence, as a whole short answer, as an owner, and the turn of the last."""
    opens: int = 0
    answers: int = 0
    owns: int = 0
    told_at: int = -99
    by_itself: bool = False
    """It was spoken of by itself, not only within a longer phrase."""
    introduced: bool = False
    """It was asked who this is."""


class Spoken:
    """What a conversation has spoken of so far."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._entities: list[Entity] = []
        self._latest: dict[str, Entity] = {}
        self._turn = 0
        self._topic: Entity | None = None
        self.year: str | None = None

    def ask(self, question: str) -> None:
        """Take in a question of the user's, as it stands alone."""
        self._turn += 1
        question = self._dated(question)
        who = _WHO.match(question)
        found = [(one, self._entity(one)) for one in phrases(question)]
        defined = len(found) == 1 and _WHAT_IS.match(question) and not question[found[0][0].end :].strip(" ?.!")
        self._topic = found[0][1] if defined else None
        for one, entity in found:
            if entity is None:
                continue
            subject = one.before in _SUBJECTS
            entity.asked += 1
            entity.subject += subject
            entity.asked_at = self._turn
            entity.first = entity.first or self._turn == 1
            entity.introduced = entity.introduced or bool(who and subject and one.named)

    def hear(self, answer: str) -> None:
        """Take in an answer."""
        short = len(answer.split()) <= _SHORT_ANSWER
        answer = self._dated(answer)
        for one in phrases(answer):
            entity = self._entity(one)
            if entity is None:
                continue
            entity.told += 1
            entity.opens += one.before in _OPENS_SENTENCE
            entity.answers += short
            entity.owns += answer[: one.end].endswith(("'s", "’s"))
            entity.told_at = self._turn

    def stands_for(self, pronoun: str) -> Entity | None:
        """Return what a pronoun most likely stands for; None where that is nothing that was spoken of.

        After "What is X?" that is X for "it" and "they", whatever else was spoken of before.
        """
        gender = GENDERS[pronoun]
        return self._topic if self._topic is not None and gender in ("n", "p") else self._likeliest(gender)

    def stood(self, pronoun: str, entity: Entity) -> None:
        """Take in that a pronoun stood for this."""
        gender = GENDERS[pronoun]
        entity.genders.add(gender)
        self._latest[gender] = entity

    def signs(self, entity: Entity, gender: str) -> tuple[float, ...]:
        """Return what speaks for an entity, or against it, in the order of `_WEIGHTS`."""
        phrase = entity.phrase
        words = phrase.text.split()
        others = entity.genders - {gender}
        return (
            1.0,
            phrase.named,
            phrase.person,
            bool(entity.place),
            phrase.plural,
            math.log1p(entity.asked),
            math.log1p(entity.subject),
            math.log1p(entity.told),
            math.log1p(entity.opens),
            1 / (1 + self._turn - entity.asked_at),
            1 / (1 + self._turn - entity.told_at),
            gender in entity.genders,
            bool(others),
            self._latest.get(gender) is entity,
            entity.answers > 0,
            entity.owns > 0,
            entity.first,
            entity.introduced,
            len(words) == 1,
            len(words) > 4,
            words[0].lower() in ("the", "a", "an"),
            not words[0][0].isupper() and phrase.named and words[0].lower() not in ("the", "a", "an"),
            any(c.isdigit() for c in phrase.text),
            entity.by_itself,
        )

    def place(self) -> Entity | None:
        """Return what `there` stands for."""
        named = [one for one in self._entities if one.phrase.named and not one.genders & {"m", "f"}]
        return max(named, key=lambda one: self._salience(one) * (2 if one.place else 1), default=None)

    def topic(self) -> Entity | None:
        """Return what a question that does not name it is most likely about; None where that is nothing that was spoken of."""
        return self._likeliest("topic")

    def described(self, noun: str) -> Entity | None:
        """Return what was called by this noun and more, `the Kolwezi smelter`, or may be called by it: a name by `the company`."""
        longer = [one for one in self._entities if one.phrase.head == noun and len(one.phrase.words) > 1]
        if longer or noun not in _CLASSES:
            return max(longer, key=self._salience, default=None)
        return self._likeliest("called")

    def _likeliest(self, kind: str) -> Entity | None:
        weights = _WEIGHTS[{"f": "m"}.get(kind, kind)]
        able = [one for one in self._entities if _agrees(one, kind)]
        scores = [(sum(w * x for w, x in zip(weights, self.signs(one, kind), strict=True)), one) for one in able]
        score, best = max(scores, key=lambda pair: pair[0], default=(0.0, None))
        return best if score > 0 else None

    def _salience(self, one: Entity) -> float:
        said = (one.asked + one.subject) * 0.7 ** (self._turn - one.asked_at)
        return said + (0.4 * one.told + 0.4 * one.opens) * 0.7 ** (self._turn - one.told_at)

    def _dated(self, text: str) -> str:
        text = text[:CHARACTERS]
        years = _YEAR.findall(text)
        self.year = years[-1] if years else self.year
        return text

    def _entity(self, phrase: Phrase) -> Entity | None:
        """Return what a phrase speaks of, with the longest of its names; None where that is nothing in particular."""
        words = phrase.words
        if not words or phrase.head in VAGUE or words[0].isdigit() or not any(len(word) > 1 for word in words):
            return None
        entity = next((one for one in self._entities if _same(one.phrase, phrase)), None)
        if entity is None:
            entity = Entity(phrase)
            self._entities = [*self._entities[-_MOST:], entity]
        elif len(words) > len(entity.phrase.words) and phrase.named == entity.phrase.named:
            entity.phrase = phrase
        entity.by_itself = entity.by_itself or not phrase.inner
        if phrase.named and phrase.before in _PLACES:
            entity.place = entity.place or _PLACES[phrase.before]
        return entity


def _agrees(entity: Entity, kind: str) -> bool:
    """Say whether a pronoun may stand for this at all: `he` for people alone, `they` not for one thing without a name."""
    if kind in ("m", "f"):
        somebody = entity.phrase.person > 0 or (entity.phrase.named and entity.opens > 0 and not entity.place)
        return somebody or entity.introduced or bool(entity.genders & {"m", "f"})
    if kind == "called":
        return entity.phrase.text.split()[-1][0].isupper() and not entity.genders & {"m", "f"}
    if kind == "n":
        return not entity.genders & {"m", "f"}
    return kind != "p" or entity.phrase.plural or entity.phrase.text.split()[-1][0].isupper()


def _same(one: Phrase, other: Phrase) -> bool:
    if one.words == other.words:
        return True
    if one.person and other.person and (one.head == other.head or one.words[0] == other.words[0]):
        few, many = sorted((set(one.words), set(other.words)), key=len)
        return few <= many
    return False


#: What each sign weighs for a pronoun of a man or a woman, of a thing, of several; for the topic of a question that names too little; for
#: what "the company" is called. What sums up to nothing or less is not taken. See docs/decisions/0011.
_TABLE = """
                         m       n       p   topic  called
any                   0.43    0.25    0.08    0.02    0.00
named                 1.45    2.54    1.00    2.09    4.45
person                1.39    0.27    0.55    1.05   -0.82
place                -1.79    0.66    0.20    0.01    1.11
plural               -1.09   -3.73    3.46   -0.48    1.26
asked                -0.11    0.41    0.92    0.83   -0.36
asked_as_subject      0.76   -0.86    1.02   -0.23   -3.25
told                  0.89    3.94    3.07    0.00    1.13
opened                3.84    0.64    1.26    2.06    2.99
asked_lately          1.93    7.80    4.75    3.21    5.57
told_lately           1.31    7.17    1.57    0.24    1.68
stood                 0.38    1.09    2.56    0.00    0.00
stood_otherwise      -1.19   -0.88   -2.03    1.52    4.72
stood_last            0.29    0.70    2.56    0.00    0.00
answered             -1.73    1.02   -0.93   -0.29   -0.86
owned                 2.35    0.27   -2.09    0.19   -0.34
first                 2.77    1.43    2.67    2.93    6.11
introduced            2.52   -0.38    0.68   -0.78   -0.46
one_word              2.07   -1.12    1.49    1.68   -3.23
long                 -0.09   -0.37   -2.96   -1.72   -3.11
determined           -1.31    1.13    2.12   -0.72    2.37
lower_case           -0.58   -1.63   -0.74   -0.26   -1.04
digits               -0.53   -2.73   -0.22   -0.16   -2.57
by_itself             0.89    1.03    0.79    1.37    1.22
"""

_KINDS, *_ROWS = (line.split() for line in _TABLE.strip().splitlines())
_SIGNS = tuple(row[0] for row in _ROWS)
_WEIGHTS = {kind: tuple(float(row[at]) for row in _ROWS) for at, kind in enumerate(_KINDS, 1)}

"""What a question asks for: a fact, a list, a reason, a definition, a yes or nothing in particular; and whether a number, a time or a name.

By the words with which English asks. Knows nothing of articles.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Kind(StrEnum):
    """What answers a question, as far as its length and shape go."""

    FACT = "fact"
    """A few words."""
    LIST = "list"
    """Several things, which may stand in several places."""
    REASON = "reason"
    """Why something is so."""
    DEFINITION = "definition"
    """What something or somebody is."""
    YES_NO = "yes or no"
    """A sentence that decides it."""
    TOPIC = "topic"
    """Nothing is asked: the words say what to be told about."""

    @property
    def gathers(self) -> bool:
        """Say whether the answer is gathered from several sentences."""
        return self in (Kind.LIST, Kind.REASON, Kind.DEFINITION)


def kind_of(question: str) -> Kind:
    """Return what answers a question; a fact where its words do not tell."""
    told = next((kind for kind, pattern in _KINDS if pattern.search(question)), None)
    return told or (Kind.TOPIC if _names_a_topic(question) else Kind.FACT)


_VERB = r"(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might|must)"

#: A word that names several: not "status", "crisis", "news".
_PLURAL = (
    r"(?:(?!(?:news|series|species|was|has|does|this|these|those|always|perhaps|his|hers|its|us|days|years|times)\b)[a-z-]+[^\Wsui]s"
    r"|people|women|men|children|criteria)"
)

#: Verbs that only several things have, or that say nothing of how many there are.
_OF_SEVERAL = r"(?:are|were|do|have|did|had|can|could|will|would|should|may|might|must)"

_KINDS = (
    (
        Kind.REASON,
        re.compile(
            r"^\W*why\b|\bhow come\b|\b(?:what|which) (?:was|is|were|are) (?:\w+ ){0,2}(?:reason|cause|motive)s?\b|"
            r"\b(?:for|due to) what reasons?\b|^\W*what (?:caused?|led to|explains?|explained|prompted|drove)\b",
            re.IGNORECASE,
        ),
    ),
    (
        Kind.LIST,
        re.compile(
            rf"^\W*(?:list|enumerate)\b|^\W*name (?:[\w-]+ ){{0,3}}{_PLURAL}\b|"
            rf"\b(?:what|which) (?!of\b)(?:[\w-]+ )?{_PLURAL} {_OF_SEVERAL}\b|"
            rf"^\W*which (?!of\b)(?:[\w-]+ )?{_PLURAL} (?!(?:the|an?|its|his|her|their|for|in|was|back|top)\b)[a-z]+(?:ed|[^s\W])\b|"
            rf"^\W*(?:what|who) (?:are|were) (?:the |some |all )?(?:[\w-]+ ){{0,3}}{_PLURAL}\b",
            re.IGNORECASE,
        ),
    ),
    (
        Kind.DEFINITION,
        re.compile(
            r"^\W*define\b|^\W*what (?:do|does|did) (?:[\w’'.-]+ ){1,6}(?:mean|stand for)\b|"
            r"^\W*(?:what|who) (?:is|are|was|were) (?:an? |the )?(?:(?!(?:of|in|at|on|for|to)\b)[\w’'.-]+ ){0,2}[\w’'.-]+\W*$",
            re.IGNORECASE,
        ),
    ),
    (Kind.YES_NO, re.compile(rf"^\W*(?:{_VERB}(?:n[’']t)?|am) (?!.* or )", re.IGNORECASE)),
    (
        Kind.TOPIC,
        re.compile(
            r"^\W*(?:please )?(?:tell (?:me|us)|what (?:is|was) (?:known|said|reported)|what do (?:we|you|the articles) (?:know|say))"
            r" (?:something |more |all )?about\b",
            re.IGNORECASE,
        ),
    ),
)

#: A question of more words asks for something, however it is put.
_TOPIC_WORDS = 5

_ASKS = re.compile(rf"\b(?:who|whom|whose|what|which|when|where|why|how|{_VERB})\b", re.IGNORECASE)


def _names_a_topic(question: str) -> bool:
    return 0 < len(question.split()) <= _TOPIC_WORDS and any(map(str.isalnum, question)) and not _ASKS.search(question)


_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?|millions?|billions?|trillions?|half|"
    r"third|quarter|twice|double|none|no)\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\b\d{4}\b|\b\d{1,2}(?:st|nd|rd|th)?\b|\b(?:january|february|march|april|may|june|july|august|september|october|november|december|monday|"
    r"tuesday|wednesday|thursday|friday|saturday|sunday|yesterday|today|tomorrow|week|month|year|decade|century|centuries)s?\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<=[\w,;:’'\"”)] )(?:[“\"'(]?)[A-Z][\w.’'-]*")

_ASKS_NUMBER = re.compile(
    r"\bhow (?:many|much|long|far|large|big|high|old|tall|fast)\b|\bby how\b|"
    r"\bwhat (?:share|percentage|proportion|number|amount|price|figure)\b",
    re.IGNORECASE,
)
_ASKS_TIME = re.compile(r"\b(?:when|since when|until when)\b|\b(?:what|which) (?:year|date|day|month|decade|century)\b", re.IGNORECASE)
_ASKS_NAME = re.compile(
    r"\b(?:who|whom|whose|where)\b|"
    r"\b(?:what|which) (?:company|companies|country|countries|person|minister|president|agency|city|firm|organi[sz]ation)\b",
    re.IGNORECASE,
)
_SORTS = (("a number", _ASKS_NUMBER, _NUMBER), ("a time", _ASKS_TIME, _TIME), ("a name", _ASKS_NAME, _NAME))


def asked_for(question: str) -> re.Pattern[str] | None:
    """Return the pattern of what the question asks for: a number, a time or a name; None when it asks for something else."""
    return next((sort for _, asks, sort in _SORTS if asks.search(question)), None)


def asked_for_in_words(question: str) -> str | None:
    """Return what the question asks for: `a number`, `a time` or `a name`; None when it asks for something else."""
    return next((words for words, asks, _ in _SORTS if asks.search(question)), None)

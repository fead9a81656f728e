"""Questions changed so that their passage no longer answers them: the near misses that teach a reader to say "not here".

What is changed follows the kinds of unanswerable questions in SQuAD 2.0 (Rajpurkar, Jia & Liang, "Know What You Don't Know", 2018,
table 1): a name or number swapped for another of the passage, an opposite, a negation. Knows nothing of articles.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ..generating.cloze import BLANK, MONTH, YEAR, blanks

if TYPE_CHECKING:
    from random import Random

    from .lesson import Lesson

#: Opposites of which a passage that tells one seldom tells the other: not "born/died" or "won/lost", which stand side by side.
_PAIRS = """largest/smallest biggest/smallest highest/lowest more/fewer increase/decrease increased/decreased rose/fell north/south
    northern/southern east/west eastern/western oldest/newest earliest/latest maximum/minimum longest/shortest strongest/weakest
    accepted/rejected supported/opposed allowed/forbidden richest/poorest best/worst always/never above/below"""

_OPPOSITES: dict[str, str] = {}
for _pair in _PAIRS.split():
    _one, _other = _pair.split("/")
    _OPPOSITES.setdefault(_one, _other)
    _OPPOSITES.setdefault(_other, _one)

#: The share of the changes that negate, where they can: more, and "not" would come to mean "not here".
_NEGATED = 0.1

_OPPOSITE = re.compile(rf"\b(?:{'|'.join(_OPPOSITES)})\b", re.IGNORECASE)
_AUXILIARY = re.compile(r"\b(?:did|does|do|is|are|was|were|can|could|would|will|has|have|had|should)\b(?! not\b)", re.IGNORECASE)
#: Between two sentences.
SENTENCE = re.compile(r"(?<=[.!?])\s+")


def changed(lesson: Lesson, chance: Random) -> Lesson | None:
    """Return the lesson with its question changed and its own passage no longer right; None where nothing can be changed."""
    own = next(iter(lesson.positives), None)
    if own is None or not own.exact:
        return None
    answers = " ".join(span.of(own.text) for span in own.spans)
    for way in (negated, opposite) if chance.random() < _NEGATED else (swapped, opposite):
        question = way(lesson.question, own.text, chance, answers)
        if question is not None:
            missed = replace(own, spans=(), relevant=None)
            others = tuple(one for one in lesson.candidates if not one.spans)
            return replace(lesson, id=f"{lesson.id}-changed", question=question, candidates=(missed, *others))
    return None


def swapped(question: str, passage: str, chance: Random, answers: str = "") -> str | None:
    """Put another number, or another name, of the passage where the question has one that the passage has too, none of its answers."""
    said = [one for one in blanks(question) if passage.count(one.term) and BLANK in one.text]
    others = {one.term for sentence in SENTENCE.split(passage) for one in blanks(sentence)}
    chance.shuffle(said)
    for one in said:
        alike = sorted(
            term
            for term in others
            if _shape(term) == _shape(one.term) and term.casefold() not in question.casefold() and term.casefold() not in answers.casefold()
        )
        if alike:
            return one.text.replace(BLANK, chance.choice(alike))
    return None


def _shape(term: str) -> tuple[str, int]:
    """Return what kind of thing a term is, and of how many words: only its like can stand in its place."""
    kind = "year" if YEAR.fullmatch(term) else "date" if re.search(MONTH, term) else "number" if any(map(str.isdigit, term)) else "name"
    return kind, len(term.split())


def opposite(question: str, passage: str, _chance: Random, _answers: str = "") -> str | None:
    """Put the opposite of a word, unless the passage speaks of that too."""
    found = _OPPOSITE.search(question)
    if found is None or re.search(rf"\b{_OPPOSITES[found[0].lower()]}\b", passage, re.IGNORECASE):
        return None
    return question[: found.start()] + _OPPOSITES[found[0].lower()] + question[found.end() :]


def negated(question: str, _passage: str, _chance: Random, _answers: str = "") -> str | None:
    """Negate the first auxiliary after the question word."""
    found = _AUXILIARY.search(question)
    if found is None or found.start() == 0:
        return None
    subject = re.match(r"\s+(?:the |a |an )?[\w’'-]+", question[found.end() :]) if found[0].lower() in {"did", "does", "do"} else None
    at = found.end() + (subject.end() if subject else 0)
    return f"{question[:at]} not{question[at:]}"

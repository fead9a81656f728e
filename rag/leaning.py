"""Texts that cannot be understood without what was said before: questions that lean on it, sentences that open with what lies outside.

Knows nothing of conversations or of articles.
"""

from __future__ import annotations

import re

from .words import FUNCTION_WORDS, WORD, content_words

_PRONOUNS = frozenset("it its itself they them their theirs themselves he him his himself she her hers herself ones".split())
_POSSESSIVES = frozenset("its their theirs his her hers itself themselves himself herself".split())
_DEMONSTRATIVES = frozenset("this that these those".split())
_OPENERS = re.compile(r"\s*(?:and|but|or|so|then|what about|how about|why|why not|since when|until when|which ones?)\b", re.IGNORECASE)

_DEICTIC_NOUNS = frozenset(
    """week weekend month quarter year decade century morning afternoon evening night spring summer autumn winter time
    days""".split()
)


def leans(text: str) -> bool:
    """Say whether a question cannot be understood without what was said before it.

    It does when it has fewer than two content words, opens as a continuation ("And in Chile?"), or holds a pronoun or a
    demonstrative; joining it to the turn before costs little where the pronoun had its noun in the question itself. A
    possessive after a name belongs to that name: "When did Chile present its plan?"
    """
    words = WORD.findall(text)
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
    words = WORD.findall(sentence)[:6]
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

"""The words of a text, and which of them say what it is about.

Knows nothing of questions or of articles.
"""

from __future__ import annotations

import re

WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")

#: Words that say nothing of what a question is about.
FUNCTION_WORDS = frozenset(
    """a about above after again against all also am an and any are as at be because been before being below between both but by can
    could did do does doing don down during each else few for from further had has have having he her here hers herself him himself
    his how i if in into is it its itself just many may me might more most much must my myself no nor not now of off on once only or other
    ought our ours ourselves out over own please same shall she should so some such tell than that the their theirs them themselves
    then there these they this those through to too under until up us very was we were what when where which while who whom whose
    why will with would yes you your yours""".split()
)


def content_words(text: str) -> list[str]:
    """Return the words of `text` that say what it is about, lower-cased, in order."""
    return [word.lower() for word in telling_words(text)]


def telling_words(text: str) -> list[str]:
    """Return the same as they are written."""
    return [word for word in WORD.findall(text) if word.lower() not in FUNCTION_WORDS]


def without_function_words(text: str) -> str:
    """Return `text` but for the words that say nothing of what it is about; all of it when it has no others.

    The rest stays as it is written, since what makes a word is the index's to say: vowel signs of Hindi or Thai are no letters
    to `content_words`, and a word without them is another.
    """
    if not content_words(text):
        return text
    return WORD.sub(lambda found: " " if found[0].lower() in FUNCTION_WORDS else found[0], text)

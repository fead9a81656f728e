"""How far two texts say the same, by their words: the comparisons that question answering is measured by.

Knows nothing of runs, answers or citations.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_WORD = re.compile(r"[^\W_]+")

_YES_NO = {"yes", "no"}

#: Words that say nothing of a matter by themselves. Negations, numbers and comparatives do.
_FUNCTION_WORDS = frozenset(
    "about after all also among and any are as at be because been before being between both but by can could did do does during each for "
    "from had has have he her hers him his how i if in into is it its itself may me might more most must my of on once or other our ours "
    "over own she should so some such than that their theirs them then there these they this those through to too under until upon us "
    "was we were what when where which while who whom whose why will with would you your yours".split()
)


def normalised(text: str) -> str:
    """Return `text` as SQuAD compares it: lower case, no ASCII punctuation, no English articles, single blanks."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact(answer: str, gold: str) -> float:
    """Return 1 where the two are the same once normalised, else 0."""
    return float(normalised(answer) == normalised(gold))


def token_f1(answer: str, gold: str) -> float:
    """Return the harmonic mean of precision and recall over normalised words, each as often as it occurs; two empty texts agree."""
    said, wanted = normalised(answer).split(), normalised(gold).split()
    if not said or not wanted:
        return float(said == wanted)
    shared = (Counter(said) & Counter(wanted)).total()
    return 2 * shared / (len(said) + len(wanted))


def rouge_l(answer: str, gold: str) -> float:
    """Return ROUGE-L's F1: the harmonic mean of the longest common subsequence's share of either text's lower-cased words, unstemmed."""
    from rapidfuzz.distance import LCSseq

    said, wanted = _WORD.findall(answer.lower()), _WORD.findall(gold.lower())
    return 2 * LCSseq.similarity(said, wanted) / (len(said) + len(wanted)) if said and wanted else 0.0


def contains(answer: str, gold: str) -> bool:
    """Say whether the normalised words of `gold`, of which there is one at least, stand in a row in `answer`.

    Yes and no answer a question only as the first word: elsewhere they say something else.
    """
    wanted, said = normalised(gold), normalised(answer)
    if wanted in _YES_NO:
        return said.split()[:1] == [wanted]
    return bool(wanted) and f" {wanted} " in f" {said} "


def held(answer: str, statement: str) -> float:
    """Return the share of the distinct words of `statement` that `answer` holds; words without a meaning of their own do not count.

    A statement of such words only counts with all of them; one without words is never held.
    """
    words = set(normalised(statement).split())
    wanted = words - _FUNCTION_WORDS or words
    return len(wanted & set(normalised(answer).split())) / len(wanted) if wanted else 0.0


def best(compare: Callable[[str, str], float], answer: str, golds: Iterable[str]) -> float:
    """Return how well `answer` does against the gold answer that it does best against: each alone would do."""
    return max((compare(answer, gold) for gold in golds), default=0.0)

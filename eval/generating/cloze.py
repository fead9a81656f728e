"""A sentence with a blank, and the term that belongs there: a number, a date or a name.

Knows nothing of articles.
"""

from __future__ import annotations

import re
from typing import NamedTuple

#: What stands in a sentence where its term was.
BLANK = "____"

#: A month, as a pattern, and a year.
MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
YEAR = re.compile(r"1\d{3}|20\d{2}")
_DATE = re.compile(rf"\b(?:\d{{1,2}} {MONTH}(?: \d{{4}})?|{MONTH} \d{{1,2}}(?:, \d{{4}})?|{MONTH} \d{{4}})\b")
_NUMBER = re.compile(
    r"(?<![\w.,/:–-])[$€£]?\d{1,12}(?:[.,]\d{1,12}){0,6}(?: ?%| (?:per cent|percent|thousand|million|billion|trillion)\b)?(?![\w/:–-])"
)
_WORD = re.compile(r"(?<![\w’'/-])[^\W\d_][\w&]*(?:[-.][^\W_]\w*)*")

#: A longer run of capitalised words is a headline, no name.
_LONGEST_NAME = 5

#: A sentence without a lower-case word of so many letters is a headline: in those, small words alone are written small.
_LONG = 5

#: Words that are written with a capital and name nothing by themselves.
_NO_NAMES = frozenset(
    """i a an the this that these those it he she we they you his her its our their mr mrs ms dr but and or in on at for of to from by
    if as when while monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
    september october november december""".split()
)


class Blanked(NamedTuple):
    """A sentence without one of its terms; `text` with the term in place of `BLANK` is the sentence."""

    text: str
    term: str


def blanks(sentence: str) -> list[Blanked]:
    """Return the sentence once for each of its key terms, in order of place; none where the sentence holds a blank of its own.

    A key term is a date, a number, or a name that does not open the sentence, where every word of it begins with a capital. It
    occurs once, whatever the letter case; a number within a date is no term of its own.
    """
    if BLANK in sentence:
        return []
    spans: list[tuple[int, int]] = []
    for found in (*_spans(_DATE, sentence), *_spans(_NUMBER, sentence), *_names(sentence)):
        if not any(start < found[1] and found[0] < end for start, end in spans):
            spans.append(found)
    made = []
    for start, end in sorted(spans):
        term = sentence[start:end]
        if sentence.casefold().count(term.casefold()) == 1:
            made.append(Blanked(f"{sentence[:start]}{BLANK}{sentence[end:]}", term))
    return made


def _spans(pattern: re.Pattern[str], sentence: str) -> list[tuple[int, int]]:
    return [found.span() for found in pattern.finditer(sentence)]


def _names(sentence: str) -> list[tuple[int, int]]:
    """Return the runs of capitalised words, a space between each two, that do not open the sentence; none in a headline."""
    words = list(_WORD.finditer(sentence))
    if not any(word[0].islower() and len(word[0]) >= _LONG for word in words):
        return []
    runs: list[list[re.Match[str]]] = []
    for word in words[1:]:
        if not word[0][0].isupper() or word[0].lower() in _NO_NAMES:
            continue
        if runs and sentence[runs[-1][-1].end() : word.start()] == " ":
            runs[-1].append(word)
        else:
            runs.append([word])
    return [(run[0].start(), run[-1].end()) for run in runs if len(run) <= _LONGEST_NAME and run[-1].end() - run[0].start() > 1]

"""What a question names of where and when something was written: "the Reuters report of 4 October 2023".

A preference among the passages found, never a filter: the name may be of what the article is about, or wrong. Knows nothing of rankings.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .answer import Hit
    from .times import When

#: What the article's source, and its day or month, count for where they are named; a fused score goes from 0 to 1.
SOURCE, DATE = 0.5, 0.5

_WORD = re.compile(r"[^\W_]+")

#: What stands between the name of a paper and that of its section, or its motto: "BBC News - Business".
_SECTION = re.compile(r" [|–—-] ")


class Preference:
    """What one question names, and how far a passage's article fits it."""

    def __init__(self, question: str) -> None:
        """Take the times and words of `question`."""
        from .facts import stated  # its number words cost a cold start; a question of one part does without

        self._words = _spaced(question)
        self._times = [when for when in stated(question).times if when.month is not None]

    def __call__(self, hit: Hit) -> float:
        """Return what is to be added to the fused score of a passage, 0 where nothing of its article is named."""
        return SOURCE * self._names(hit.source) + DATE * self._dates(hit.published)

    def _names(self, source: str | None) -> bool:
        whole = source or ""
        names = {_spaced(whole), _spaced(_SECTION.split(whole)[0])}
        return any(name.strip() and name in self._words for name in names)

    def _dates(self, published: str | None) -> bool:
        year, month, day = [*(int(part) for part in (published or "")[:10].split("-") if part.isdecimal()), None, None, None][:3]
        return month is not None and any(_same_day(when, (year, month, day)) for when in self._times)


def _same_day(when: When, published: tuple[int | None, ...]) -> bool:
    """Say whether a time can be the day, or the month, on which something was published."""
    return all(told is None or known is None or told == known for told, known in zip(when[:3], published, strict=True))


def _spaced(text: str) -> str:
    """Return the words of a text, lower-cased, each between spaces."""
    return f" {' '.join(_WORD.findall(text.lower()))} "

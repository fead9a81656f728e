"""Whether two texts are copies or near-copies of each other, by their words in order.

The resemblance of two texts is the share of their word shingles that they have in common (Broder, "On the resemblance and
containment of documents", 1997). Knows nothing of passages or rankings.
"""

from __future__ import annotations

import re

#: Words in a row that count as one shingle.
SHINGLE = 3

#: A resemblance from which two texts count as copies; 1 is identical.
RESEMBLANCE = 0.7

_WORD = re.compile(r"\w+")
_FIGURE = re.compile(r"(?<!\w)\d+(?:[.,]\d+)*(?!\w)")


def resemblance(first: str, second: str) -> float:
    """Return the Jaccard resemblance of two texts' word shingles, from 0 to 1; letter case and punctuation do not count."""
    a, b = word_shingles(first), word_shingles(second)
    return len(a & b) / len(a | b) if a and b else float(first == second)


def same_words(first: str, second: str) -> bool:
    """Say whether one text is a copy or a near-copy of the other; one that gives other figures instead is none, but news of its own."""
    return resemblance(first, second) >= RESEMBLANCE and not _figures_differ(first, second)


def contained(part: frozenset[tuple[str, ...]], whole: frozenset[tuple[str, ...]]) -> float:
    """Return the share of some shingles that are among others, from 0 to 1; of none nothing is."""
    return len(part & whole) / len(part) if part else 0.0


def figures(text: str) -> frozenset[str]:
    """Return the figures in a text, as it writes them."""
    return frozenset(_FIGURE.findall(text))


def word_shingles(text: str) -> frozenset[tuple[str, ...]]:
    """Return the runs of words in a text; a shorter one is a run of its own."""
    words = _WORD.findall(text.lower())
    return frozenset(tuple(words[i : i + SHINGLE]) for i in range(max(1, len(words) - SHINGLE + 1))) if words else frozenset()


def _figures_differ(first: str, second: str) -> bool:
    """Say whether each text has a figure that the other lacks: a cut or longer copy only lacks some."""
    a, b = figures(first), figures(second)
    return bool(a - b) and bool(b - a)

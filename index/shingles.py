"""The words of a text as copies are told by them: shingles, and the few of these that stand for all as its fingerprints.

A shingle is a run of words (Broder, "On the resemblance and containment of documents", 1997). Of every window of shingles in a row the
one of the lowest hash is a fingerprint (Schleimer, Wilkerson & Aiken, "Winnowing", 2003): two texts that share a run as long as a window
share one for certain, wherever it stands in either, so that an excerpt is found as surely as a copy. Every number here is the same on every
machine. Knows nothing of articles, and of what two texts that share shingles are to each other.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Words in a row of which fingerprints are made.
SHINGLE = 5

#: Two texts that share a run of `WINDOW + SHINGLE - 1` words share a fingerprint.
WINDOW = 32

#: The lowest hashes of all are fingerprints too, so many: a short text has few windows.
LOWEST = 8

#: Names the rules of this module; part of an index's settings, since other rules find other fingerprints.
FINGERPRINTS = f"shingles of {SHINGLE}, windows of {WINDOW}, lowest {LOWEST}, 1"

#: A word: a figure with its separators, one character of a script that puts no spaces between words, or a run of letters.
WORD = re.compile(r"\d+(?:[.,:]\d+)*|[\u3040-\u30ff\u3400-\u9fff]|[^\W\d_\u3040-\u30ff\u3400-\u9fff]+")

#: What stands between letters without being seen, and the marks that a letter is written with.
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff\u0300-\u036f]")

#: An odd number that spreads what is multiplied by it over all 64 bits, and the two of a finaliser (Stafford's mix 13).
_SPREAD, _MIX, _REMIX = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)

#: SQLite keeps a number of this many bits in six bytes.
_BITS = 47


def plain(text: str) -> str:
    """Return a text without accents, ligatures and unseen characters, letter case as it is."""
    return text if text.isascii() else _UNSEEN.sub("", unicodedata.normalize("NFKD", text))


def hashes(folded: Sequence[str]) -> NDArray[np.uint64]:
    """Return a number for each word; equal words have equal ones."""
    return np.fromiter(map(_hash, folded), np.uint64, len(folded))


def shingles(hashed: NDArray[np.uint64], length: int) -> NDArray[np.uint64]:
    """Return a number for each run of `length` words, in order; a shorter text is one run."""
    length = min(length, hashed.size)
    runs = np.zeros(hashed.size - length + 1 if length else 0, np.uint64)
    for place in range(length):
        runs = (runs * _SPREAD) ^ hashed[place : place + runs.size]
        runs = (runs ^ (runs >> np.uint64(30))) * _MIX
    runs = (runs ^ (runs >> np.uint64(27))) * _REMIX
    return runs ^ (runs >> np.uint64(31))


def fingerprints(text: str) -> NDArray[np.int64]:
    """Return the numbers that a text is known by, ascending, each once; at least one where it has a word."""
    found = (shingles(hashes(WORD.findall(plain(text).casefold())), SHINGLE) >> np.uint64(64 - _BITS)).astype(np.int64)
    chosen = [np.sort(found)[:LOWEST]]
    if found.size > WINDOW:
        chosen.append(_lowest_of_windows(found))
    return np.unique(np.concatenate(chosen))


def _lowest_of_windows(found: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the lowest of every `WINDOW` numbers in a row, by doubling."""
    width = 1
    while width < WINDOW:
        step = min(width, WINDOW - width)
        found, width = np.minimum(found[:-step], found[step:]), width + step
    return found


@lru_cache(maxsize=1 << 16)
def _hash(word: str) -> int:
    return zlib.crc32(word.encode()) + 1

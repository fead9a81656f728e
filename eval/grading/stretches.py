"""Stretches of articles, as sets of characters: how much two of them share, and how much several cover together.

A stretch is `(article_id, start, end)`; one that ends before it begins has no characters. Knows nothing of what stands there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

Stretch: TypeAlias = tuple[str, int, int]


def shared(first: Stretch, second: Stretch) -> int:
    """Return how many characters the two have in common."""
    return max(0, min(first[2], second[2]) - max(first[1], second[1])) if first[0] == second[0] else 0


def overlaps(first: Stretch, second: Stretch) -> bool:
    """Say whether the two share at least half of the characters of the shorter one."""
    shorter = min(first[2] - first[1], second[2] - second[1])
    return shorter > 0 and 2 * shared(first, second) >= shorter


def merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Return stretches that cover the same characters, in order of article and place, no two touching."""
    whole: list[Stretch] = []
    for article, start, end in sorted(one for one in stretches if one[1] < one[2]):
        if whole and whole[-1][0] == article and start <= whole[-1][2]:
            whole[-1] = (article, whole[-1][1], max(end, whole[-1][2]))
        else:
            whole.append((article, start, end))
    return whole


def size(separate: Iterable[Stretch]) -> int:
    """Return how many characters stretches cover that do not overlap."""
    return sum(end - start for _, start, end in separate)


def common(first: Iterable[Stretch], second: Iterable[Stretch]) -> int:
    """Return how many characters are covered by both; neither may overlap within itself."""
    others: dict[str, list[Stretch]] = {}
    for one in second:
        others.setdefault(one[0], []).append(one)
    return sum(shared(one, other) for one in first for other in others.get(one[0], ()))

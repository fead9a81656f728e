"""What pages repeat at their upper and lower edge: running heads, footers, page numbers.

Knows nothing of what the text says: a line is repeated when lines of other pages say the same, but for numbers, at the same height.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .layout import Line

#: So many lines from the edge of a page are looked at.
_EDGE_LINES = 4

#: Heights that differ by no more, in points, are the same.
_SAME_HEIGHT = 6.0

#: A line is repeated when it stands on so many pages, and on such a part of them.
_LEAST_PAGES = 3
_LEAST_PART = 0.15

#: Lines of one block stand no further apart, in ems.
_CLOSE = 1.35

_NUMBER = re.compile(r"[0-9]+|\b[ivxlc]+\b", re.IGNORECASE)
_PAGE_NUMBER = re.compile(r"(?:page |p\. ?|- ?|– ?|\()?([0-9]{1,4}|[ivxl]{1,7})(?: ?(?:of|/) ?[0-9]{1,4})?(?: ?-| ?–|\))?", re.IGNORECASE)

_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50}


def without_running(pages: list[list[Line]]) -> list[list[Line]]:
    """Return the pages without what they repeat."""
    edges = [_edges(page) for page in pages]
    count: Counter[tuple[str, int]] = Counter()
    for edge in edges:
        keys = {key for line in edge for key in _keys(line)}
        count.update(keys)
    least = max(_LEAST_PAGES, _LEAST_PART * sum(bool(page) for page in pages))
    numbered = _numbered(edges)
    kept = []
    for place, (page, edge) in enumerate(zip(pages, edges, strict=True)):
        gone = [line for line in edge if max(count[key] for key in _keys(line)) >= least or _numbers_page(line, place, numbered)]
        kept.append(_without(page, gone))
    return kept


def _without(page: list[Line], repeated: list[Line]) -> list[Line]:
    """Return a page without repeated lines, but with those that stand right above one that stays: the head of a table that goes on."""
    gone = set(map(id, repeated))
    for line in sorted(repeated, key=lambda line: line.bottom):
        below = (other for other in page if 0 < line.bottom - other.bottom < _CLOSE * line.size and other.column == line.column)
        if any(id(other) not in gone and not other.turned for other in below):
            gone.discard(id(line))
    return [line for line in page if id(line) not in gone]


def _edges(page: list[Line]) -> list[Line]:
    """Return the highest and lowest lines of a page, as many as could be repeated."""
    straight = sorted((line for line in page if not line.turned), key=lambda line: line.bottom)
    return [*straight[:_EDGE_LINES], *straight[max(_EDGE_LINES, len(straight) - _EDGE_LINES) :]]


def _keys(line: Line) -> tuple[tuple[str, int], tuple[str, int]]:
    """Return what a line says without its numbers, at its height; of two halves that overlap, heights that are the same share one.

    Of a line of numbers alone, as the row of a table is, the numbers count.
    """
    text = line.text
    said = _NUMBER.sub("#", text) if any(map(str.isalpha, text)) else text
    return (said, round(line.bottom / (2 * _SAME_HEIGHT))), (said, round(line.bottom / (2 * _SAME_HEIGHT) + 0.5) * 1_000_003)


def _numbered(edges: list[list[Line]]) -> set[int]:
    """Return by how much the numbers on the pages differ from their places, where two pages agree on it."""
    offsets: Counter[int] = Counter()
    for place, edge in enumerate(edges):
        offsets.update({number - place for line in edge if (number := _page_number(line)) is not None})
    return {offset for offset, count in offsets.items() if count >= max(2, 0.2 * len(edges))}


def _numbers_page(line: Line, place: int, numbered: set[int]) -> bool:
    number = _page_number(line)
    return number is not None and number - place in numbered


def _page_number(line: Line) -> int | None:
    found = _PAGE_NUMBER.fullmatch(line.text.strip())
    if not found:
        return None
    written = found[1].lower()
    if written.isdigit():
        return int(written)
    values = [_ROMAN[letter] for letter in written]
    return sum(-value if value < max(values[at:]) else value for at, value in enumerate(values))

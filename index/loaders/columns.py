"""Where a page, or a part of it, is parted into columns: of prose, of captions beside each other, of tables under heads that repeat.

Knows nothing of PDF and of how what stands in a column is read.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from .pieces import fine, rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .pieces import Piece

#: Lines of prose that a column has at least.
_COLUMN_LINES = 4

#: Lines of two captions beside each other stand no further apart than this, in ems, and what belongs to them no further below.
_BESIDE = 1.5
_BELOW = 4.0

#: So much of the gap between them is left by what belongs to them.
_STAYS = 0.7

#: Pairs that might be such captions are looked at on no more of a page, so that a hostile one takes no longer.
_MOST_PAIRS = 50
_MOST_NEIGHBOURS = 20

#: Of the rows of tables beside each other so many have as many cells in each.
_ALIKE = 0.8


class Gap(NamedTuple):
    """The empty strip between two columns."""

    left: float
    right: float
    of_tables: bool = False
    """Whether it is one between tables, not between columns of prose."""

    @property
    def middle(self) -> float:
        """The place between what is on its left and what is on its right."""
        return (self.left + self.right) / 2


def gap(parts: Sequence[Piece]) -> Gap | None:
    """Return the gap between two columns; None where there are none."""
    if len(parts) < 2 * _COLUMN_LINES:
        return None
    small = [part for whole in parts for part in fine(whole)]
    return _of_prose(small) or _of_tables(small)


# --- columns of prose -------------------------------------------------------------------------------------------------


def _of_prose(parts: Sequence[Piece]) -> Gap | None:
    """Return the place between two columns of prose that the fewest lines cross."""
    prose = [part for part in parts if part.prose]
    if len(prose) < 2 * _COLUMN_LINES:
        return None
    left, right = min(part.left for part in parts), max(part.right for part in parts)
    places = range(int(left + 0.15 * (right - left)), int(left + 0.85 * (right - left)) + 1)
    if not 0 < len(places) < 100_000:
        return None
    crossed = _counted(places, [(part.left + 1, part.right - 1) for part in parts])
    ends = _counted(places, [(part.right - 1, right + 1) for part in prose])  # how many have ended by then
    begins = _counted(places, [(left - 1, part.left + 1) for part in prose])  # how many have not begun
    fit = [at for at in range(len(places)) if ends[at] >= _COLUMN_LINES and begins[at] >= _COLUMN_LINES]
    if not fit:
        return None
    fewest = min(crossed[at] for at in fit)
    if fewest > max(min(ends[at], begins[at]) for at in fit if crossed[at] == fewest) * 3:
        return None
    best = max(_runs([at for at in fit if crossed[at] == fewest]), key=lambda run: (run[1] - run[0], -abs(run[0] + run[1] - len(places))))
    middle = places[0] + (best[0] + best[1]) / 2
    halves = [part for part in prose if part.right <= middle + 1], [part for part in prose if part.left >= middle - 1]
    return Gap(max(part.right for part in halves[0]), min(part.left for part in halves[1])) if _side_by_side(*halves) else None


def _counted(places: range, stretches: list[tuple[float, float]]) -> list[int]:
    """Count for each place the stretches that hold it."""
    changes = [0] * (len(places) + 1)
    for begin, end in stretches:
        first, last = max(0, int(begin) - places[0] + 1), min(len(places), int(end) - places[0] + 1)
        if first < last:
            changes[first] += 1
            changes[last] -= 1
    counts, now = [], 0
    for change in changes[:-1]:
        now += change
        counts.append(now)
    return counts


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    """Return the first and last of each run of neighbouring numbers."""
    begins = [numbers[0], *(after for before, after in pairwise(numbers) if after != before + 1)]
    ends = [*(before for before, after in pairwise(numbers) if after != before + 1), numbers[-1]]
    return list(zip(begins, ends, strict=True))


def _side_by_side(left: list[Piece], right: list[Piece]) -> bool:
    """Say whether there are paragraphs on both sides at the same heights, rather than one below the other, or single lines."""
    low = max(min(part.bottom for part in left), min(part.bottom for part in right))
    high = min(max(part.top for part in left), max(part.top for part in right))
    if not sum(low <= part.middle <= high for part in left) >= 3 <= sum(low <= part.middle <= high for part in right):
        return False
    return _continued(left) >= 2 <= _continued(right)


def _continued(prose: list[Piece]) -> int:
    """Count the lines of prose that have another right below."""
    ordered = sorted(prose, key=lambda part: -part.middle)
    count = 0
    for at, part in enumerate(ordered):
        for other in ordered[at + 1 : at + 1 + _MOST_NEIGHBOURS]:
            if part.middle - other.middle > 2.2 * max(part.size, 1.0):
                break
            if part.middle - other.middle > 0.6 * part.size and min(part.right, other.right) > max(part.left, other.left):
                count += 1
                break
    return count


# --- tables beside each other -----------------------------------------------------------------------------------------


def _of_tables(parts: Sequence[Piece]) -> Gap | None:
    """Return the gap between the first two of several tables that stand beside each other: their heads say the same."""
    lines = [sorted(row, key=lambda part: part.left) for row in rows(parts)]
    for line in lines:
        period = _period(line)
        if period:
            before, after = line[period - 1], line[period]
            halves = [_halves(other, (before.right + after.left) / 2) for other in lines if len(other) > 1]
            alike = [(left, right) for left, right in halves if left and len(right) % len(left) == 0]
            if len(alike) < max(3, _ALIKE * len(halves)):
                continue
            found = Gap(max(left[-1].right for left, _ in alike), min(right[0].left for _, right in alike if right), of_tables=True)
            if found.left < found.right:
                return found
    return None


def _period(line: list[Piece]) -> int:
    """Return after how many cells a line says the same again, and again to its end; 0 where it does not, or says one thing only."""
    said = [tuple(word.text for word in part.words) for part in line]
    for period in range(2, len(said) // 2 + 1):
        if len(said) % period == 0 and said == said[:period] * (len(said) // period) and len(set(said[:period])) > 1:
            letters = sum(any(map(str.isalpha, "".join(cell))) for cell in said[:period])
            return period if letters > period / 2 else 0
    return 0


def tabular(parts: Sequence[Piece], middle: float) -> bool:
    """Say whether what stands on both sides of a gap is rather a table over its whole width: rows, and no paragraphs."""
    small = [part for whole in parts for part in fine(whole)]
    lines = rows(small)
    tables = sum(table_row(line, middle) for line in lines)
    prose = [part for part in small if part.prose]
    return 0 < tables >= sum(any(part.prose for part in line) for line in lines) and not any(map(_continued, _halves(prose, middle)))


def table_row(line: Sequence[Piece], middle: float) -> bool:
    """Say whether pieces that stand level could be a row of a table that stands on both sides of a gap."""
    if len(line) < 3 or any(part.prose for part in line):
        return False
    cells = sorted(line, key=lambda part: part.left)
    return cells[0].left < middle < cells[-1].right and all(part.right <= after.left for part, after in pairwise(cells))


# --- captions beside each other ---------------------------------------------------------------------------------------


class Band(NamedTuple):
    """A part of a page, as high as two captions beside each other and what belongs to them, with the gap between them."""

    above: list[Piece]
    beside: list[Piece]
    below: list[Piece]
    gap: Gap


def band(parts: Sequence[Piece]) -> Band | None:
    """Return the highest part of a page in which two captions stand beside each other; None where there is none."""
    lines = rows(parts)
    looked_at = 0
    for at, line in enumerate(lines):
        pair = _pair(line, lines[at + 1] if at + 1 < len(lines) else [])
        if pair is None:
            continue
        looked_at += 1
        if looked_at > _MOST_PAIRS:
            break
        between = Gap(pair[0].right, pair[1].left)
        least = max(_BESIDE * pair[0].size, _STAYS * (between.right - between.left))
        last, between = _reach(lines, at, 1, between, least)
        first, between = _reach(lines, at, -1, between, least)
        inside = [part for line in lines[first : last + 1] for part in line]
        if first <= at < last and _captions(inside, between.middle):
            above, below = ([part for line in some for part in line] for some in (lines[:first], lines[last + 1 :]))
            return Band(above, inside, below, between)
    return None


def _pair(line: list[Piece], following: list[Piece]) -> tuple[Piece, Piece] | None:
    """Return two pieces of prose that stand beside each other, not necessarily level, the left one first."""
    prose = [part for part in line if part.prose]
    others = [part for part in following if part.prose]
    if not prose or len(line) > 2 or len(following) > 2:
        return None
    for one, other in pairwise(sorted([*prose, *others], key=lambda part: part.left)):
        if abs(one.middle - other.middle) < one.size and other.left - one.right > _BESIDE * max(one.size, other.size):
            return one, other
    return None


def _reach(lines: list[list[Piece]], at: int, step: int, between: Gap, least: float) -> tuple[int, Gap]:
    """Return the place of the last line, upwards or downwards, up to which so much of the gap stays, and what of it is left."""
    last = at
    for place in range(at if step > 0 else at - 1, len(lines) if step > 0 else -1, step):
        line = lines[place]
        if abs(line[0].middle - lines[last][0].middle) > _BELOW * max(line[0].size, 1.0):
            break
        left, right = _halves(line, between.middle)
        narrowed = Gap(
            max([between.left, *(part.right for part in left)]),
            min([between.right, *(part.left for part in right)]),
        )
        if narrowed.right - narrowed.left < least:
            break
        last, between = place, narrowed
    return last, between


def _halves(line: list[Piece], middle: float) -> tuple[list[Piece], list[Piece]]:
    left = [part for part in line if part.left + part.right < 2 * middle]
    return left, [part for part in line if part.left + part.right >= 2 * middle]


def _captions(parts: list[Piece], middle: float) -> bool:
    """Say whether there are two lines of prose or more on both sides, and nothing beside them on their own side."""
    prose = [part for part in parts if part.prose]
    left, right = _halves(prose, middle)
    if not (left and right and _continued(left) and _continued(right)):
        return False
    for side, all_of_side in zip((left, right), _halves(parts, middle), strict=True):
        for line in rows(all_of_side):
            if len(line) > 1 and any(part in side for part in line):
                return False
    return True

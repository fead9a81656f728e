"""Words that stand together on a line: a line of a column, the cell of a table.

Knows nothing of PDF, of columns and of the order in which pieces are read.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .pdfium import Word

#: Words of one line stand no further apart, in ems; cells of a table and most columns do.
WORD_GAP = 1.3

#: Columns stand further apart than this, in ems; the words of a stretched line may too.
_FINE_GAP = 0.7

#: Words by which a piece of a line is prose rather than the cell of a table.
_PROSE_WORDS = 4

#: So many dots lead from an entry to its page, which makes as many words at least.
_LEADER = 3


class Piece(NamedTuple):
    """Words of one line that stand together."""

    words: tuple[Word, ...]
    left: float
    bottom: float
    right: float
    top: float
    size: float
    prose: bool
    """Whether it is a line rather than a cell: part of a sentence, numbers are none, or an entry with dots before its page."""

    @property
    def middle(self) -> float:
        """The height at which it stands."""
        return (self.bottom + self.top) / 2

    def is_level(self, other: Piece) -> bool:
        """Say whether more than half of the lower of the two stands level with the other."""
        common = min(self.top, other.top) - max(self.bottom, other.bottom)
        return common > 0.5 * min(self.top - self.bottom, other.top - other.bottom)


def piece(words: Sequence[Word]) -> Piece:
    """Put words together."""
    size = main_size(words)
    main = [word for word in words if word.size >= 0.8 * size] or words  # a raised figure does not raise the line
    return Piece(
        words=tuple(words),
        left=min(word.left for word in words),
        bottom=median(word.bottom for word in main),
        right=max(word.right for word in words),
        top=median(word.top for word in main),
        size=size,
        prose=len(words) >= _LEADER and _is_prose(words),
    )


def _is_prose(words: Sequence[Word]) -> bool:
    spelt = dots = 0
    for word in words:
        text = word.text
        if text[0].isalpha() or any(map(str.isalpha, text)):
            spelt += 1
            if spelt == _PROSE_WORDS:
                return True
        elif text[0] == "." and not text.strip("."):
            dots += len(text)
    return spelt > 0 and dots >= _LEADER


def pieces(words: Iterable[Word]) -> list[Piece]:
    """Put words together that follow each other on one line."""
    found: list[Piece] = []
    present: list[Word] = []
    for word in words:
        if present and not _follows(present[-1], word):
            found.append(piece(present))
            present = []
        present.append(word)
    return [*found, piece(present)] if present else found


def fine(whole: Piece) -> list[Piece]:
    """Part a piece at every space that could be the gap between two columns."""
    begins = [0]
    for at, (before, word) in enumerate(pairwise(whole.words), 1):
        space = word.left - before.right
        if space > _FINE_GAP * before.size or space > _FINE_GAP * word.size:  # beside a heading as beside small letters
            begins.append(at)
    if len(begins) == 1:
        return [whole]
    return [piece(whole.words[begin:end]) for begin, end in pairwise([*begins, len(whole.words)])]


def joined(row: Iterable[Piece]) -> list[Piece]:
    """Put pieces of a line together that were written apart but stand close, from left to right."""
    found: list[Piece] = []
    for part in sorted(row, key=lambda part: part.left):
        if found and part.left - found[-1].right < WORD_GAP * max(part.size, found[-1].size, 1.0):
            found[-1] = piece([*found[-1].words, *part.words])
        else:
            found.append(part)
    return found


def rows(parts: Iterable[Piece]) -> list[list[Piece]]:
    """Put pieces together that stand level, from top to bottom."""
    found: list[list[Piece]] = []
    main: Piece | None = None  # the largest of the row
    for part in sorted(parts, key=lambda part: (-part.bottom - part.top, part.left)):
        if main is not None and main.is_level(part):
            found[-1].append(part)
            if (part.size, len(part.words)) > (main.size, len(main.words)):
                main = part
        else:
            found.append([part])
            main = part
    return found


def main_size(words: Sequence[Word]) -> float:
    """Return the size of most letters."""
    sizes: dict[float, int] = {}
    for word in words:
        sizes[word.size] = sizes.get(word.size, 0) + len(word.text)
    return max(sizes, key=lambda size: (sizes[size], size)) if len(sizes) > 1 else words[0].size


def _follows(word: Word, after: Word) -> bool:
    if after.turned or word.turned:
        return after.turned == word.turned and abs(after.left - word.left) < word.size  # up or down a column of letters
    size = max(word.size, after.size, 1.0)
    common = min(word.top, after.top) - max(word.bottom, after.bottom)
    level = common > 0.4 * min(word.top - word.bottom, after.top - after.bottom)
    return level and -0.5 * size < after.left - word.right < WORD_GAP * size

"""The text of a marked-up document, written block by block so that every offset is exact by construction."""

from __future__ import annotations

from itertools import accumulate

from ..article import MAX_MARKS, Heading, Span
from ..errors import ArticleError

#: Blocks that stand apart; lines of lists and tables are not counted. Of a book of a thousand pages some ten thousand.
_MOST_BLOCKS = 500_000


class Blocks:
    """Collects a document's blocks: paragraphs stand apart by a blank line, the lines of a list or table do not."""

    def __init__(self) -> None:
        """Start an empty text."""
        self._pieces: list[str] = []
        self._length = 0
        self._apart = 0
        self._headings: list[Heading] = []
        self._not_citable: list[Span] = []
        self._begun: list[int] = []  # by page, how many pieces stood before it

    def begin_page(self) -> None:
        """Say that the next block stands on a new page; a page without blocks begins where the next one does."""
        self._begun.append(len(self._pieces))

    def add(self, text: str, *, adjoining: bool = False, level: int | None = None, citable: bool = True) -> None:
        """Write one block; an empty one leaves no trace.

        Args:
            text: The block's text, without markup.
            adjoining: On the very next line, as the further lines of a list or table are.
            level: Set for a heading: its depth, 1 for the outermost.
            citable: False for what is no prose of the article.

        Raises:
            ArticleError: It is one too many.
        """
        block = text.strip("\n")
        if not block.strip():
            return
        self._require_room(adjoining=adjoining)
        if self._pieces:
            self._write("\n" if adjoining else "\n\n")
        span = Span(self._length, self._length + len(block))
        self._write(block)
        if level is not None:
            self._headings.append(Heading(span, level))
        if not citable:
            self._not_citable.append(span)

    def _require_room(self, *, adjoining: bool) -> None:
        self._apart += not adjoining
        if self._apart > _MOST_BLOCKS:
            raise ArticleError(f"too many paragraphs: more than {_MOST_BLOCKS:,}; split it")
        if len(self._headings) > MAX_MARKS or len(self._not_citable) > MAX_MARKS:
            raise ArticleError(f"too many headings, or blocks that are no prose: more than {MAX_MARKS:,}; split it")

    def _write(self, piece: str) -> None:
        self._pieces.append(piece)
        self._length += len(piece)

    @property
    def text(self) -> str:
        """The blocks written so far."""
        return "".join(self._pieces)

    @property
    def length(self) -> int:
        """How many characters have been written so far."""
        return self._length

    @property
    def pages(self) -> tuple[int, ...]:
        """Where each page begins; one behind the last block begins at the end."""
        starts = [0, *accumulate(map(len, self._pieces))]
        last = len(self._pieces)
        return tuple(starts[min(begun + (begun > 0), last)] for begun in self._begun)

    @property
    def headings(self) -> tuple[Heading, ...]:
        """The headings written so far, in order."""
        return tuple(self._headings)

    @property
    def not_citable(self) -> tuple[Span, ...]:
        """The blocks that are no prose, in order."""
        return tuple(self._not_citable)

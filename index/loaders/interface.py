"""What every loader is: a file's bytes in, what the document says of itself out.

A loader knows one format. It does not know where the file lies or what it is called, what the user said about it,
or how articles are named; it keeps no state and reaches nothing but the bytes that it is given.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

    from ..article import Heading, Json, Span


class Row(NamedTuple):
    """Where in a file of many articles one of them stands."""

    unit: str
    """What is counted: `line` or `item`."""
    number: int
    """Counted from 1."""

    def __str__(self) -> str:
        """Return the row as users know it: `line 17`."""
        return f"{self.unit} {self.number}"


class BrokenRow(NamedTuple):
    """One of the articles of a file that cannot be taken in; the rest of the file goes on."""

    where: Row | str
    """Its row, or the name of an archive's member."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A document as it describes itself, before it becomes an `Article`; nothing here is checked yet."""

    text: str
    id: str | None = None
    title: str | None = None
    source: str | None = None
    authors: tuple[str, ...] = ()
    published: str | None = None
    """The date as the document writes it, with its time and zone where it gives them."""
    updated: str | None = None
    """The date of the last change, likewise."""
    url: str | None = None
    language: str | None = None
    """A language tag such as `en` or `en-GB`."""
    headings: tuple[Heading, ...] = ()
    not_citable: tuple[Span, ...] = ()
    """Parts of the text that the format itself sets apart from the prose."""
    pages: tuple[int, ...] = ()
    """Where each page of a paged document begins in the text, the first page first."""
    metadata: Mapping[str, Json] = field(default_factory=dict)
    member: str | None = None
    """The name of the member of an archive that it was; only a label."""
    row: Row | None = None
    """Set when the file holds many articles."""


class Loader(Protocol):
    """One file format."""

    @property
    def name(self) -> str:
        """What users call the format: `Markdown`."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The endings that such files bear, in lower case with their dot; an empty one means none."""

    @property
    def max_bytes(self) -> int | None:
        """A larger file is refused unread; None for formats that are read row by row."""

    @property
    def contained(self) -> bool:
        """Whether such a file is read in a child process under limits, as every binary or markup format is."""

    def recognises(self, head: bytes, suffix: str) -> bool:
        """Say whether this loader reads the file that begins with `head` and whose name ends with `suffix` (lower case)."""

    def load(self, stream: BinaryIO) -> Iterator[Draft | BrokenRow]:
        """Yield what is in `stream`, one draft for each article; it can be sought in and stands at its beginning.

        Raises:
            ArticleError: The file as a whole cannot be read; the message says why.
            OSError: The file system gives it up no longer.
        """

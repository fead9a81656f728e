"""What every loader is: a file's bytes in, what the document says of itself out.

A loader knows one format. It does not know which folder the file belongs to, what the user said about it,
or how articles are named; it keeps no state and reaches nothing but the file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ..article import Heading, Json, Refusal, Span


class Row(NamedTuple):
    """Where in a file of many articles one of them stands."""

    unit: str
    """What is counted: `line` or `item`."""
    number: int
    """Counted from 1."""

    def __str__(self) -> str:
        """Return the row as users know it: `line 17`."""
        return f"{self.unit} {self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A document as it describes itself, before it becomes an `Article`; nothing here is checked yet."""

    text: str
    id: str | None = None
    title: str | None = None
    source: str | None = None
    authors: tuple[str, ...] = ()
    published: str | None = None
    """The date as the document writes it."""
    url: str | None = None
    language: str | None = None
    """A language tag such as `en` or `en-GB`."""
    headings: tuple[Heading, ...] = ()
    not_citable: tuple[Span, ...] = ()
    """Parts of the text that the format itself sets apart from the prose."""
    metadata: Mapping[str, Json] = field(default_factory=dict)
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

    def recognises(self, head: bytes, suffix: str) -> bool:
        """Say whether this loader reads the file that begins with `head` and whose name ends with `suffix` (lower case)."""

    def load(self, file: Path) -> Iterator[Draft | Refusal]:
        """Yield what is in `file`, one draft for each article and one refusal for each broken row.

        Raises:
            ArticleError: The file as a whole cannot be read; the message says why.
            OSError: The file system gives it up no longer.
        """

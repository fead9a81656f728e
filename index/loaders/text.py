"""Plain text: kept code point for code point."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .decode import decode, read_bytes
from .interface import Draft
from .sniff import TEXT_SUFFIXES, foreign, is_text, is_web_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO


#: Names of documents that are often given to plain text.
_OF_DOCUMENTS = frozenset({".doc", ".docx", ".pdf", ".rtf", ".odt"})


class TextLoader:
    """Reads `.txt` files, and files without a suffix that hold text."""

    name = "text"
    suffixes = TEXT_SUFFIXES
    max_bytes = 200_000_000
    contained = False

    def recognises(self, head: bytes, suffix: str) -> bool:
        """Take what is named as text and does not begin as anything else, and what is named as a document and is nothing but text."""
        if suffix in self.suffixes:
            return foreign(head) is None and not is_web_page(head)
        return suffix in _OF_DOCUMENTS and is_text(head) and not is_web_page(head)

    def load(self, stream: BinaryIO) -> Iterator[Draft]:
        """Yield the whole file as one draft; plain text says nothing of itself."""
        text, metadata = decode(read_bytes(stream, self.max_bytes))
        yield Draft(text=text, metadata=dict(metadata))

"""Plain text: kept code point for code point."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .decode import decode, read_bytes
from .interface import Draft
from .sniff import foreign, is_web_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO


class TextLoader:
    """Reads `.txt` files, and files without a suffix that hold text."""

    name = "text"
    suffixes = (".txt", ".text", "")
    max_bytes = 200_000_000
    contained = False

    def recognises(self, head: bytes, suffix: str) -> bool:
        """Take what is named as text and does not begin as anything else."""
        return suffix in self.suffixes and foreign(head) is None and not is_web_page(head)

    def load(self, stream: BinaryIO) -> Iterator[Draft]:
        """Yield the whole file as one draft; plain text says nothing of itself."""
        text, metadata = decode(read_bytes(stream, self.max_bytes))
        yield Draft(text=text, metadata=dict(metadata))

"""Web pages that a browser saved with all that they show, as one file: the page itself is read, its pictures and styles are not."""

from __future__ import annotations

import re
from email.parser import BytesParser
from email.policy import compat32
from typing import TYPE_CHECKING, BinaryIO

from ..errors import ArticleError
from .decode import read_bytes
from .html import page_draft
from .parts import limited

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

    from .interface import Draft

#: What stands at the head of such a file and not of a letter: who saved it, or from where, or pages that belong together.
_SAVED = re.compile(
    rb"^(?:snapshot-content-location:|from: <?saved by|x-mimeole: produced by microsoft mhtml)", re.IGNORECASE | re.MULTILINE
)
_RELATED = re.compile(rb"^content-type:\s*multipart/related\b", re.IGNORECASE | re.MULTILINE)
_HEADER = re.compile(rb"\s*[\w-]{1,60}:[ \t]", re.ASCII)

#: A page's file has a part for each picture; more parts than this are an attack on whoever reads them.
_MOST_PARTS = 5_000

_PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml"})


class MhtmlLoader:
    """Reads `.mhtml` and `.mht` files: the page that is their main part, as web pages are read."""

    name = "MHTML"
    suffixes = (".mhtml", ".mht")
    max_bytes = 100_000_000
    contained = True

    def recognises(self, head: bytes, suffix: str) -> bool:
        """Take what has the header of a saved page, and what is named as one and has that of parts that belong together."""
        if _HEADER.match(head) is None:
            return False
        return _SAVED.search(head) is not None or (suffix in self.suffixes and _RELATED.search(head) is not None)

    def load(self, stream: BinaryIO) -> Iterator[Draft]:
        """Yield the page as one draft."""
        data = read_bytes(stream, self.max_bytes)
        try:
            message = BytesParser(policy=limited(compat32, most=_MOST_PARTS, what="a saved page")).parsebytes(data)
            part = _main_part(message)
            content = part.get_payload(decode=True) if part is not None else None
        except (ArticleError, MemoryError):  # where memory is short, whoever gave it says so
            raise
        except Exception as exc:
            raise ArticleError(f"the saved page cannot be read: {type(exc).__name__}") from exc
        if part is None or not isinstance(content, bytes):
            raise ArticleError("expected a saved web page, found no part of the type text/html in it")
        yield page_draft(content, _charset(part), url=_location(part) or _location(message))


def _main_part(message: Message) -> Message | None:
    """Return the part that is the page: the one that the header names as the start, else the first page among the parts."""
    start = str(message.get_param("start") or "")
    first = None
    for part in message.walk():
        if part.get_content_type() in _PAGE_TYPES:
            if start and part.get("Content-ID") == start:
                return part
            first = first or part
    return first


def _charset(part: Message) -> str | None:
    """Return the charset that a part's header names."""
    charset = part.get_param("charset")
    return charset if isinstance(charset, str) else None


def _location(part: Message) -> str | None:
    """Return where the page was, when that is an address of the web."""
    for name in ("Snapshot-Content-Location", "Content-Location"):
        address = "".join(str(part.get(name) or "").split())
        if re.match(r"https?://[^/]", address, re.IGNORECASE):
            return address
    return None

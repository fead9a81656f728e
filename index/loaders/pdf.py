"""PDF documents: their text in reading order, paragraph by paragraph, with headings, tables as rows, and where each page begins.

What every page repeats, its number too, is left out. A word parted at the end of a line is put together again. Knows nothing of how PDFs
are stored and of where words stand on a page: `pdfium` and `layout` do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..article import MAX_CHARACTERS
from ..errors import ArticleError
from . import ocr, pace
from .blocks import Blocks
from .interface import Draft
from .layout import Line, lines
from .paragraphs import Paragraph, paragraphs
from .pdf_facts import facts
from .pdfium import Pdf
from .running import without_running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO


#: A title stands on the first page in letters so much larger than the text's.
_TITLE_SIZE = 1.15

#: What a page takes at most, when it is read and when it has to be recognised.
_PAGE_SECONDS = 0.2
_SCAN_SECONDS = 20.0

#: More of a text than this in characters that stand for nothing is not readable.
_MOST_UNREADABLE = 0.3


class PdfLoader:
    """Reads `.pdf` files that hold text; pictures of text only with the extra `ocr`."""

    name = "PDF"
    suffixes = (".pdf",)
    max_bytes = 200_000_000
    contained = True
    bytes_per_second = 150_000  # before the first page is read, all of a file may have to be

    def recognises(self, head: bytes, suffix: str) -> bool:  # noqa: ARG002  # what it is stands in its first bytes
        """Take what begins as a PDF, also behind a little rubbish, as every reader of PDFs does."""
        return b"%PDF-" in head[:1024] and not head.startswith((b"PK\x03\x04", b"\x89PNG"))

    def load(self, stream: BinaryIO) -> Iterator[Draft]:
        """Yield the document as one draft."""
        pdf = Pdf(stream)
        try:
            yield _draft(pdf, stream)
        finally:
            pdf.close()


def _draft(pdf: Pdf, stream: BinaryIO) -> Draft:
    pages, unread = _pages(pdf)
    told = facts(stream, pdf.said)
    outline = pdf.outline()
    written = list(paragraphs(without_running(pages), {entry.title: entry.depth for entry in outline}))
    blocks, starts = _written(written, pdf.pages)
    if sum(character in _UNREADABLE or "\ue000" <= character <= "\uf8ff" for character in blocks.text) > _MOST_UNREADABLE * blocks.length:
        raise ArticleError("no readable text found: its fonts do not say what their characters stand for; print it to a new PDF with OCR")
    metadata: dict[str, object] = {"pages": pdf.pages}
    if unread:
        metadata["pages_without_text"] = unread[:100]
    return Draft(
        text=blocks.text,
        title=told.title or _title(written),
        authors=told.authors,
        published=told.published,
        updated=told.updated,
        language=told.language,
        headings=blocks.headings,
        pages=starts,
        metadata=metadata,  # type: ignore[arg-type]  # a list of numbers is one of JSON's
    )


_UNREADABLE = frozenset("\ufffd")


def _pages(pdf: Pdf) -> tuple[list[list[Line]], list[int]]:
    """Return the lines of each page, and the numbers, counted from 1, of the pages without any.

    Raises:
        ArticleError: There are none at all, or more than an article has.
    """
    pages: list[list[Line]] = []
    without: list[int] = []
    length = 0
    for number in range(pdf.pages):
        words = pdf.words(number)
        if not words and ocr.missing() is None:
            pace.getting_on(_SCAN_SECONDS)
            picture = pdf.picture(number, ocr.DOTS_PER_INCH)
            words = ocr.words(picture) if picture is not None else None
        pace.getting_on(_PAGE_SECONDS)
        pages.append(lines(words) if words else [])
        length += sum(len(word.text) + 1 for word in words or ())
        if not words:
            without.append(number + 1)
        if length > MAX_CHARACTERS:
            raise ArticleError(f"too long: more than {MAX_CHARACTERS:,} characters; split it")
    if not any(pages):
        count = f"its {pdf.pages} pages are" if pdf.pages != 1 else "its page is"
        raise ArticleError(f"no text found: {count} empty or a picture, as of a scan; {ocr.missing() or 'nothing was recognised on it'}")
    return pages, without


def _written(written: list[Paragraph], pages: int) -> tuple[Blocks, tuple[int, ...]]:
    """Write the paragraphs, and return where each page begins; one without text begins where the next one does."""
    blocks = Blocks()
    begins: dict[int, int] = {}
    for paragraph in written:
        blocks.add(paragraph.text, adjoining=paragraph.adjoining, level=paragraph.level, citable=not paragraph.turned)
        start = blocks.length - len(paragraph.text)
        for page, offset in paragraph.pages:
            begins.setdefault(page, start + offset)
    starts: list[int] = []
    following = blocks.length
    for page in reversed(range(pages)):
        following = begins.get(page, following)
        starts.append(following)
    return blocks, tuple(reversed(starts))


def _title(written: list[Paragraph]) -> str | None:
    """Return what stands on the first page in the largest letters, if they are larger than the text's."""
    first = [
        paragraph
        for paragraph in written
        if paragraph.pages[0][0] == 0 and not paragraph.turned and paragraph.text.upper() != paragraph.text.lower()
    ]
    body = max((paragraph.body for paragraph in first), default=0.0)
    largest = max((paragraph.size for paragraph in first), default=0.0)
    if not first or largest < _TITLE_SIZE * body:
        return None
    parts: list[str] = []
    for paragraph in first:
        if paragraph.size >= 0.98 * largest:
            parts.append(paragraph.text.replace("\n", " "))
        elif parts:
            break
    title = " ".join(parts)
    return title if 3 < len(title) < 300 else None

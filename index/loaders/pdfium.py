"""The seam to PDFium: an open PDF's words with their places and sizes, page by page, its outline, what it says of itself, its look.

Knows nothing of lines, columns and articles.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import re
import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import ArticleError
from .pdf_forms import Forms

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from .pdf_forms import Entry

#: More pages than any document has; a damaged one may claim billions.
_MOST_PAGES = 20_000

#: An outline is followed no further.
_MOST_BOOKMARKS = 5_000

#: What PDFium puts for a hyphen at which it has found a word to be parted.
_HYPHENS = frozenset({"\x02", "\ufffe", "\xad"})

#: A word ends with the space behind it, or with such a hyphen: its rest stands on the next line, if anywhere.
_WORD = re.compile(r"[^\s\0\x02\ufffe\xad]*[\x02\ufffe\xad]|[^\s\0\x02\ufffe\xad]+")

#: The mark of a footnote may stand before its first word without a space, in letters so much smaller.
_MARK = re.compile(r"[0-9]{1,2}(?=[^\W\d_])")
_RAISED = 0.85

_LIGATURES = {ord(ligature): unicodedata.normalize("NFKC", ligature) for ligature in "\ufb00\ufb01\ufb02\ufb03\ufb04\ufb05\ufb06"}


class Word(NamedTuple):
    """A run of characters without a space, its box in points from the lower left corner of the page as it is read, and its size."""

    text: str
    left: float
    bottom: float
    right: float
    top: float
    size: float
    parted: bool
    """Whether it ends at a hyphen that may stand there for the line's end alone."""
    bold: bool
    turned: int
    """By how many quarters of a circle it runs in another direction than most of the page."""


class Bookmark(NamedTuple):
    """An entry of the outline."""

    title: str
    depth: int
    """Counted from 1, the outermost."""


class Pdf:
    """An open document."""

    def __init__(self, stream: BinaryIO) -> None:
        """Open it.

        Raises:
            ArticleError: It is damaged, or needs a password.
        """
        import pypdfium2
        import pypdfium2.raw

        self._raw: Any = pypdfium2.raw
        self._error: type[Exception] = pypdfium2.PdfiumError
        try:
            self._document = pypdfium2.PdfDocument(stream)
            self._forms = Forms(self._raw, self._document)
            self.pages = len(self._document)
        except pypdfium2.PdfiumError as exc:
            if "password" in str(exc).lower():
                raise ArticleError("encrypted: it opens with a password only; save it without one first") from exc
            raise ArticleError("the PDF is damaged and cannot be opened") from exc
        if self.pages > _MOST_PAGES:
            raise ArticleError(f"expected at most {_MOST_PAGES:,} pages, found {self.pages:,}")

    def close(self) -> None:
        """Give it back."""
        self._forms.close()
        self._document.close()

    def said(self, name: str) -> str:
        """Return what the document's information says under `name`: `Title`, `CreationDate`."""
        return str(self._document.get_metadata_value(name)).replace("\0", "").strip()

    def outline(self) -> list[Bookmark]:
        """Return the outline, in order; what there is of it where it is damaged."""
        found: list[Bookmark] = []
        with contextlib.suppress(self._error, RecursionError, ValueError):
            for bookmark in self._document.get_toc(max_depth=8):
                found.append(Bookmark(" ".join(bookmark.get_title().split()), bookmark.level + 1))
                if len(found) == _MOST_BOOKMARKS:
                    break
        return found

    def words(self, number: int) -> list[Word] | None:
        """Return the words of a page, counted from 0, in the order in which they were written; None where the page is damaged.

        What was filled into the fields of a form comes last.

        What stands beyond the edges at which the page is cut, such as printers' marks, is not on it.
        """
        try:
            page = self._document[number]
        except self._error:
            return None
        try:
            text = page.get_textpage()
        except self._error:
            page.close()
            return None
        try:
            found = [word for word in _Reader(self._raw, text.raw).words() if word.text]
            return _placed(found, list(self._forms.entries(page.raw)), page.get_bbox(), page.get_size())
        finally:
            text.close()
            page.close()

    def picture(self, number: int, dots_per_inch: int) -> Any:
        """Return how a page looks, in shades of grey, as a `PIL.Image`; None where it is damaged or holds no picture."""
        try:
            page = self._document[number]
        except self._error:
            return None
        try:
            if next(page.get_objects(filter=[self._raw.FPDF_PAGEOBJ_IMAGE], max_depth=4), None) is None:
                return None
            width, height = page.get_size()
            scale = min(dots_per_inch / 72, math.sqrt(_MOST_PIXELS / max(1.0, width * height)))
            return page.render(scale=scale, grayscale=True).to_pil()
        finally:
            page.close()


class _Reader:
    """Reads the words of one loaded page; what is called for each of them is looked up once."""

    def __init__(self, raw: Any, text: Any) -> None:
        self._raw = raw
        self._text = text
        self._rectangle, self._matrix = raw.FS_RECTF(), raw.FS_MATRIX()
        self._at_rectangle, self._at_matrix = ctypes.byref(self._rectangle), ctypes.byref(self._matrix)
        self._name, self._flags = ctypes.create_string_buffer(_LONGEST_NAME), ctypes.c_int()
        self._at_flags = ctypes.byref(self._flags)
        self._bold_fonts: dict[tuple[bytes, int], bool] = {}

    def words(self) -> Iterator[Word]:
        """Yield the words, placed as the page is stored; `turned` is the quarter of a circle by which each is."""
        for found in _WORD.finditer(self._characters()):
            word, first = found[0], found.start()
            mark = _MARK.match(word) if word[0].isdigit() else None
            if mark and self._size(first) < _RAISED * self._size(first + mark.end()):
                yield self._word(mark[0], first, first + mark.end() - 1)
                word, first = word[mark.end() :], first + mark.end()
            yield self._word(word, first, found.end() - 1)

    def _size(self, place: int) -> float:
        return float(self._raw.FPDFText_GetFontSize(self._text, place))

    def _characters(self) -> str:
        """Return the characters of the page, each at its place."""
        count = max(0, self._raw.FPDFText_CountChars(self._text))
        buffer = (ctypes.c_ushort * (count + 1))()
        if self._raw.FPDFText_GetText(self._text, 0, count, buffer) == count + 1:
            told = bytes(buffer)[: 2 * count].decode("utf-16-le", "replace")
            if len(told) == count:
                return told
        return "".join(_character(self._raw.FPDFText_GetUnicode(self._text, place)) for place in range(count))

    def _word(self, found: str, first: int, last: int) -> Word:
        raw, text = self._raw, self._text
        parted = found[-1] in _HYPHENS or (found[-1] in "-\u2010" and found[-2:-1].isalpha())
        left, bottom, right, top = self._box(first)
        if last > first:
            box = self._box(last)
            left, bottom, right, top = min(left, box[0]), min(bottom, box[1]), max(right, box[2]), max(top, box[3])
        size, quarter = raw.FPDFText_GetFontSize(text, first), 0
        if raw.FPDFText_GetMatrix(text, first, self._at_matrix):
            matrix = self._matrix
            size *= math.hypot(matrix.c, matrix.d) or 1.0
            quarter = round(math.atan2(matrix.b, matrix.a) / (math.pi / 2)) % 4 if matrix.b else (0 if matrix.a >= 0 else 2)
        return Word(_shown(found), left, bottom, right, top, size, parted, self._bold(first), quarter)

    def _bold(self, place: int) -> bool:
        weight = self._raw.FPDFText_GetFontWeight(self._text, place)
        if weight >= _SURELY_BOLD or 0 < weight < _BOLD_WEIGHT:
            return bool(weight >= _SURELY_BOLD)
        self._raw.FPDFText_GetFontInfo(self._text, place, self._name, _LONGEST_NAME, self._at_flags)
        font = self._name.value, self._flags.value
        if font not in self._bold_fonts:
            name = font[0].lower()
            named = bool(font[1] & _FORCE_BOLD) or any(mark in name for mark in _BOLD_NAMES)
            self._bold_fonts[font] = named or (weight > 0 and not any(mark in name for mark in _REGULAR_NAMES))
        return self._bold_fonts[font]

    def _box(self, place: int) -> tuple[float, float, float, float]:
        self._raw.FPDFText_GetLooseCharBox(self._text, place, self._at_rectangle)
        rectangle = self._rectangle
        return rectangle.left, rectangle.bottom, rectangle.right, rectangle.top


_BOLD_NAMES = (b"bold", b"black", b"heavy", b"-bd", b"cmbx", b"nimbusromno9l-medi")
_FORCE_BOLD = 1 << 18
_LONGEST_NAME = 100

#: PDFium makes weights of the strength of stems; that of Computer Modern Bold comes out at 570.
_BOLD_WEIGHT = 550

#: Up to here it may be that of a regular font too, which then says so in its name.
_SURELY_BOLD = 650
_REGULAR_NAMES = (b"regu", b"roman", b"-book", b"light")

#: Of the letters of a form in which nothing is printed.
_USUAL_SIZE = 10.0

#: A page is drawn with no more.
_MOST_PIXELS = 20_000_000


def _character(code: int) -> str:
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\0"


def _shown(found: str) -> str:
    """Return a word as it is read: ligatures as letters, the hyphen of a parted word as one, nothing that is not seen."""
    if found.isascii() and found.isprintable():
        return found
    hyphen = "-" if found[-1] in _HYPHENS else ""
    letters = found.translate(_LIGATURES)
    return "".join(character for character in letters if character.isprintable() and character not in _HYPHENS) + hyphen


def _placed(words: list[Word], entries: list[Entry], edges: tuple[float, float, float, float], size: tuple[float, float]) -> list[Word]:
    """Return the words that are on a page, then those in the fields of its forms, as the page is read."""
    count = [0] * 4
    sizes: dict[float, int] = {}
    for word in words:
        count[word.turned] += len(word.text)
        sizes[word.size] = sizes.get(word.size, 0) + len(word.text)
    main = count.index(max(count))
    usual = max(sizes, key=lambda size: sizes[size], default=_USUAL_SIZE)
    fields = [Word(*entry, usual, parted=False, bold=False, turned=main) for entry in entries]
    seen, filled = (_turned([word for word in some if _inside(word, edges)], main, size) for some in (words, fields))
    return [*seen, *(word for field in filled for word in _spread(field))]


def _inside(word: Word, edges: tuple[float, float, float, float]) -> bool:
    left, bottom, right, top = edges
    return left <= (word.left + word.right) / 2 <= right and bottom <= (word.bottom + word.top) / 2 <= top


def _turned(words: list[Word], main: int, size: tuple[float, float]) -> list[Word]:
    """Turn a page so that what runs in the direction `main` runs from left to right, and tell by how much each word does not."""
    if main == 0:
        return words
    side = max(size)
    turned = []
    for word in words:
        left, bottom, right, top = word.left, word.bottom, word.right, word.top
        if main == 1:
            left, bottom, right, top = bottom, side - right, top, side - left
        elif main == 2:
            left, bottom, right, top = side - right, side - top, side - left, side - bottom
        else:
            left, bottom, right, top = side - top, left, side - bottom, right
        turned.append(word._replace(left=left, bottom=bottom, right=right, top=top, turned=(word.turned - main) % 4))
    return turned


def _spread(field: Word) -> Iterator[Word]:
    """Yield the words of a field line by line, about where a program shows them that fills it."""
    said = field.text.splitlines()
    room = (field.top - field.bottom) / len(said)
    size = max(1.0, min(field.size, room))
    leading = min(room, 1.2 * size)
    for at, line in enumerate(said):
        middle = field.top - (room / 2 if len(said) == 1 else (at + 0.5) * leading)
        letter = min(0.5 * size, (field.right - field.left) / max(1, len(line)))
        left = field.left
        for word in filter(None, map(_shown, line.split())):
            right = left + letter * len(word)
            yield field._replace(text=word, left=left, bottom=middle - size / 2, right=right, top=middle + size / 2, size=size)
            left = right + letter

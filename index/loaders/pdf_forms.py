"""What was filled into the forms of a PDF: the values of its fields, with where they stand on their page.

Nothing that a form would do is done: no action, no script. Knows nothing of the words of a page and of how lines are read.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: More fields than any page has, and more letters than any field; the rest is not read.
_MOST_FIELDS = 5_000
_LONGEST_VALUE = 100_000

#: How a box that is ticked is written.
TICKED = "☒"


class Entry(NamedTuple):
    """What stands in a field, and its box in points as the page is stored."""

    text: str
    left: float
    bottom: float
    right: float
    top: float


class Forms:
    """The forms of an open document."""

    def __init__(self, raw: Any, document: Any) -> None:
        """Look whether there are any.

        Args:
            raw: The functions of PDFium.
            document: The open document, which is closed after this.
        """
        self._raw = raw
        self._handle: Any = None
        if raw.FPDF_GetFormType(document) != raw.FORMTYPE_NONE:
            self._callbacks = raw.FPDF_FORMFILLINFO(version=2)  # none is given, but PDFium keeps the table
            self._handle = raw.FPDFDOC_InitFormFillEnvironment(document, self._callbacks)

    def close(self) -> None:
        """Give them back."""
        if self._handle:
            self._raw.FPDFDOC_ExitFormFillEnvironment(self._handle)
            self._handle = None

    def entries(self, page: Any) -> Iterator[Entry]:
        """Yield what was filled into the fields of an open page, in the order in which they are stored."""
        if not self._handle:
            return
        for at in range(min(self._raw.FPDFPage_GetAnnotCount(page), _MOST_FIELDS)):
            annotation = self._raw.FPDFPage_GetAnnot(page, at)
            if not annotation:
                continue
            try:
                text = self._text(annotation)
                box = self._raw.FS_RECTF()
                if text and self._raw.FPDFAnnot_GetRect(annotation, ctypes.byref(box)):
                    yield Entry(text, box.left, min(box.bottom, box.top), box.right, max(box.bottom, box.top))
            finally:
                self._raw.FPDFPage_CloseAnnot(annotation)

    def _text(self, annotation: Any) -> str:
        """Return what a field shows; nothing where it shows nothing: not filled in, hidden, a password, no field at all."""
        raw = self._raw
        unseen = raw.FPDF_ANNOT_FLAG_INVISIBLE | raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW
        if raw.FPDFAnnot_GetSubtype(annotation) != raw.FPDF_ANNOT_WIDGET or raw.FPDFAnnot_GetFlags(annotation) & unseen:
            return ""
        kind = raw.FPDFAnnot_GetFormFieldType(self._handle, annotation)
        if kind in (raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON):
            state = _said(lambda buffer, size: raw.FPDFAnnot_GetStringValue(annotation, b"AS", buffer, size))
            return TICKED if state not in ("", "Off") else ""
        if kind not in (raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX):
            return ""
        if raw.FPDFAnnot_GetFormFieldFlags(self._handle, annotation) & raw.FPDF_FORMFLAG_TEXT_PASSWORD:
            return ""
        return _said(lambda buffer, size: raw.FPDFAnnot_GetFormFieldValue(self._handle, annotation, buffer, size))


def _said(told: Callable[[Any, int], int]) -> str:
    """Return what a function of PDFium writes into a buffer; it returns how many bytes that takes."""
    size = told(None, 0)
    if not 2 < size <= 2 * _LONGEST_VALUE:
        return ""
    buffer = (ctypes.c_ushort * (size // 2 + 1))()
    told(buffer, size)
    return bytes(buffer)[:size].decode("utf-16-le", "replace").replace("\0", "").strip()

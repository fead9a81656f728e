"""What real office files say, against extractions that have nothing of ours: every word there, hardly one besides."""

import io
import os
import re
import zipfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import openpyxl
import pptx
import pytest

from index.errors import ArticleError
from index.loaders.docx import DocxLoader
from index.loaders.pptx import PptxLoader
from index.loaders.xlsx import XlsxLoader

DATA = os.environ.get("ASSAY_DATA")
pytestmark = pytest.mark.skipif(not DATA, reason="ASSAY_DATA does not name the public data sets")

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
COMPATIBLE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"

#: Not text by any reading of the format.
LEFT_OUT = {f"{W}del", f"{W}moveFrom", f"{COMPATIBLE}Fallback", f"{W}instrText", f"{W}rt"}


def files(suffix):
    return sorted((Path(DATA) / "documents").rglob(f"*{suffix}")) if DATA else []


def words(text):
    return Counter(re.findall(r"\w+", text))


def word_text(data):
    """The text of a Word file by the standard library alone: its runs, then its notes."""
    pieces = []

    def walk(element):
        if element.tag in LEFT_OUT or (element.tag == f"{W}r" and element.find(f"{W}rPr/{W}vanish") is not None):
            return
        if element.tag in (f"{W}t", f"{MATH}t"):
            pieces.append(element.text or "")
        elif element.tag in (f"{W}p", f"{W}tab", f"{W}br", f"{W}cr"):
            pieces.append("\n")
        for child in element:
            walk(child)

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for part in ("document", "footnotes", "endnotes"):
            if f"word/{part}.xml" in archive.namelist():
                walk(ET.fromstring(archive.read(f"word/{part}.xml")))  # noqa: S314 - files of a data set
                pieces.append("\n")
    return "".join(pieces)


def slides_text(data):
    pieces = []

    def shape_text(shape):
        if hasattr(shape, "shapes"):
            for inner in shape.shapes:
                shape_text(inner)
        elif shape.has_text_frame:
            pieces.append(shape.text_frame.text)
        elif shape.has_table:
            pieces.extend(cell.text for row in shape.table.rows for cell in row.cells)

    for slide in pptx.Presentation(io.BytesIO(data)).slides:
        for shape in slide.shapes:
            shape_text(shape)
        if slide.has_notes_slide:
            pieces.append(slide.notes_slide.notes_text_frame.text)
    return "\n".join(pieces)


def sheets_text(data):
    book = openpyxl.load_workbook(io.BytesIO(data), data_only=True, read_only=True)
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    return "\n".join(str(cell) for sheet in sheets for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None)


def compared(loader, files, oracle):
    """Recall and precision over the words of all files together."""
    shared = expected = found = 0
    for file in files:
        data = file.read_bytes()
        (draft,) = loader.load(io.BytesIO(data))
        ours, theirs = words(draft.text), words(oracle(data))
        shared += (ours & theirs).total()
        expected += theirs.total()
        found += ours.total()
    return shared / expected, shared / found


def test_every_word_of_word_files():
    recall, precision = compared(DocxLoader(), files(".docx"), word_text)
    assert (recall, precision) > (0.999, 0)
    assert precision > 0.999


def test_every_word_of_slides():
    chosen = files(".pptx")
    recall, _ = compared(PptxLoader(), chosen, slides_text)
    assert recall > 0.999  # charts and shapes that the library does not know are ours besides


def test_every_cell_of_sheets():
    for file in files(".xlsx"):
        data = file.read_bytes()
        try:
            (draft,) = XlsxLoader().load(io.BytesIO(data))
        except ArticleError as exc:
            pytest.fail(f"{file.name}: {exc}")
        missing = set(words(sheets_text(data))) - set(words(draft.text))
        assert not missing, file.name

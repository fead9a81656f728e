"""Text of pictures, by Tesseract, where the extra `ocr` and the data of a language are installed.

Tesseract runs inside this process, through tesserocr: the process that reads files may start no other. Knows nothing of documents.
"""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from .pdfium import Word

#: What letters of ten points need.
DOTS_PER_INCH = 300

_LANGUAGE = "eng"

#: Where systems put the data of the languages.
_FOLDERS = (
    *("/usr/share/tesseract-ocr/5/tessdata", "/usr/share/tesseract-ocr/4.00/tessdata", "/usr/share/tessdata"),
    *("/usr/local/share/tessdata", "/opt/homebrew/share/tessdata"),
)

#: Words of which Tesseract is less sure, out of 100, are specks.
_LEAST_SURE = 30


def missing() -> str | None:
    """Say what has to be installed before pictures can be read; None when nothing has."""
    if os.environ.get("ASSAY_OCR") == "none":
        return "it is not recognised while $ASSAY_OCR is none"
    if find_spec("tesserocr") is None:
        return (
            "to have it recognised, install the extra: pip install 'assay[ocr]', "
            "and Tesseract with its English data (apt install tesseract-ocr)"
        )
    if _folder() is None:
        return "to have it recognised, install Tesseract's English data (apt install tesseract-ocr), or name its folder by $TESSDATA_PREFIX"
    return None


def _folder() -> str | None:
    folders = (os.environ.get("TESSDATA_PREFIX", ""), *_FOLDERS)
    return next((folder for folder in folders if folder and (Path(folder) / f"{_LANGUAGE}.traineddata").is_file()), None)


def words(picture: Any) -> list[Word]:
    """Return the words of a picture of a page, placed as on a page of 72 points an inch."""
    import tesserocr

    engine = _engine()
    engine.SetImage(picture)
    engine.SetSourceResolution(DOTS_PER_INCH)
    engine.Recognize()
    found: list[Word] = []
    place = engine.GetIterator()
    level = tesserocr.RIL.WORD
    for word in tesserocr.iterate_level(place, level) if engine.GetUTF8Text().strip() else ():
        text, box = word.GetUTF8Text(level).strip(), word.BoundingBox(level)
        line = word.BoundingBox(tesserocr.RIL.TEXTLINE)
        if text and box and line and word.Confidence(level) >= _LEAST_SURE:
            scale = 72 / DOTS_PER_INCH
            top, bottom = (picture.height - line[1]) * scale, (picture.height - line[3]) * scale
            parted = len(text) > 1 and text.endswith("-") and text[-2].isalpha()
            size = (top - bottom) * 0.8
            found.append(Word(text, box[0] * scale, bottom, box[2] * scale, top, size, parted, bold=False, turned=0))
    return _evened(found)


def _evened(words: list[Word]) -> list[Word]:
    """Take letters of nearly one size, which are measured a little differently on each line, for letters of one."""
    usual = median(word.size for word in words) if words else 0.0
    return [word._replace(size=usual) if 0.75 * usual < word.size < 1.33 * usual else word for word in words]


@cache
def _engine() -> Any:
    import tesserocr

    return tesserocr.PyTessBaseAPI(path=_folder(), lang=_LANGUAGE)

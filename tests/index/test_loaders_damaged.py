"""Damaged and hostile office files, e-books, RTF: read, or refused with a reason, in time; nothing else leaves a loader."""

import io
import os
import random
import tarfile
import time
import zipfile
from pathlib import Path

import docx
import openpyxl
import pptx
import pytest

from index.errors import ArticleError
from index.loaders.docx import DocxLoader
from index.loaders.epub import EpubLoader
from index.loaders.odt import OdtLoader
from index.loaders.pptx import PptxLoader
from index.loaders.rtf import RtfLoader
from index.loaders.xlsx import XlsxLoader

DATA = os.environ.get("ASSAY_DATA")

#: What upsets readers of markup, of numbers and of RTF.
PIECES = (
    *(
        b"<",
        b">",
        b'"',
        b"&",
        b"&#0;",
        b"&#xD800;",
        b"</w:p>",
        b"<w:tbl>",
        b"\0",
        b"\xff\xfe",
        b"-1",
        b"99999999999",
        b"<![CDATA[",
        b"<!--",
    ),
    *(b'<!DOCTYPE a [<!ENTITY b "c">]>', b"{\\", b"\\u-1", b"\\bin99 ", b"{" * 50, b"}" * 50, b"\\fcharset999", b"\\'", b"]]>", b"xmlns="),
)


def packed(members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def word():
    document = docx.Document()
    document.add_heading("Head", 1)
    document.add_paragraph("Words of a paragraph.", style="List Bullet")
    document.add_table(2, 2).cell(0, 0).text = "Cell"
    return saved(document)


def saved(document):
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def slides():
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[1])
    slide.shapes.title.text = "Title"
    slide.notes_slide.notes_text_frame.text = "Notes"
    return saved(show)


def sheets():
    book = openpyxl.Workbook()
    for row in (("Name", "City"), ("Ann", 3.5), ("Bob", True)):
        book.active.append(row)
    return saved(book)


def open_text():
    spaces = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "text", "table"))
    body = (
        '<text:h text:outline-level="1">Head</text:h><text:p>Words<text:s text:c="9"/></text:p>'
        "<table:table><table:table-row/></table:table>"
    )
    content = f"<office:body><office:text>{body}</office:text></office:body>"
    return packed({"content.xml": f"<office:document-content {spaces}>{content}</office:document-content>"})


def book():
    return packed(
        {
            "META-INF/container.xml": '<container><rootfiles><rootfile full-path="b.opf"/></rootfiles></container>',
            "b.opf": "<package><metadata><title>T</title></metadata><manifest>"
            '<item id="a" href="a.html" media-type="text/html"/></manifest>'
            '<spine><itemref idref="a"/></spine></package>',
            "a.html": "<html><body><h1>Head</h1><p>Words &amp; more&nbsp;.</p></body></html>",
        }
    )


RTF = (
    rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f1\fcharset204 B;}}{\stylesheet{\s1 heading 1;}}"
    rb"\s1 Head\par\pard Caf\'e9 \u8364?{\footnote n}\f1 \'cf\par}"
)

KINDS = {
    "docx": (DocxLoader(), word),
    "pptx": (PptxLoader(), slides),
    "xlsx": (XlsxLoader(), sheets),
    "odt": (OdtLoader(), open_text),
    "epub": (EpubLoader(), book),
    "rtf": (RtfLoader(), lambda: RTF),
}


def damaged(data, rng):
    """A few bytes changed, cut, repeated or put in."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(changed) + 1)
        match rng.randrange(5):
            case 0:
                changed[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                del changed[at : at + rng.randrange(1, 200)]
            case 2:
                start = rng.randrange(len(changed) + 1)
                changed[at:at] = changed[start : start + rng.randrange(1, 300)]
            case 3:
                changed[at:at] = rng.choice(PIECES)
            case _:
                del changed[max(at, 20) :]
    return bytes(changed)


def damaged_within(data, rng):
    """A package that is sound itself, with one of its parts damaged."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = rng.choice([name for name in members if not name.endswith((".jpeg", ".bin"))])
    return packed(members | {name: damaged(members[name], rng)})


def read_or_refused(loader, data):
    begun = time.process_time()
    try:
        outcome = len(list(loader.load(io.BytesIO(data)))) > 0
    except ArticleError as refusal:
        outcome = bool(str(refusal)) and str(refusal).isprintable()
    assert outcome
    assert time.process_time() - begun < 10


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("times", [30, pytest.param(1_500, marks=pytest.mark.slow)])
def test_damage_leads_to_text_or_a_reason(kind, times):
    loader, make = KINDS[kind]
    whole = make()
    rng = random.Random(f"{kind}")
    for turn in range(times):
        within = turn % 4 and zipfile.is_zipfile(io.BytesIO(whole))
        read_or_refused(loader, damaged_within(whole, rng) if within else damaged(whole, rng))


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_cut_off_anywhere_is_refused_or_read(kind):
    loader, make = KINDS[kind]
    whole = make()
    for at in range(0, len(whole), max(1, len(whole) // 40)):
        read_or_refused(loader, whole[:at])


@pytest.mark.skipif(not DATA, reason="ASSAY_DATA does not name the public data sets")
@pytest.mark.parametrize(("archive", "loader"), [("docx.tar.gz", DocxLoader()), ("epub.tar.gz", EpubLoader())], ids=["docx", "epub"])
def test_collections_of_malformed_files(archive, loader):
    with tarfile.open(Path(DATA or "") / "hostile" / archive) as files:
        data = [files.extractfile(member).read() for member in files if member.isfile()]
    assert data
    for content in data:
        read_or_refused(loader, content)


def test_parts_that_inflate_without_end_are_refused_before_they_do():
    bomb = {"META-INF/container.xml": '<container><rootfile full-path="b.opf"/></container>', "b.opf": b" " * 100_000_000}
    with pytest.raises(ArticleError, match="too large: more than 10,000,000 unpacked bytes"):
        list(EpubLoader().load(io.BytesIO(packed(bomb))))

"""What a file is by its first bytes, whatever its name says."""

from __future__ import annotations

import codecs
import re

#: As much of a file as is looked at to tell its type.
HEAD_BYTES = 4096

_SIGNATURES = (
    (b"%PDF-", "a PDF document"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"PK\x03\x04", "a ZIP archive (Word, OpenDocument and EPUB files are such)"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Microsoft Office document"),
    (b"{\\rtf", "an RTF document"),
    (b"\x1f\x8b", "a gzip archive (unpack it first)"),
    (b"BZh", "a bzip2 archive (unpack it first)"),
    (b"\xfd7zXZ\x00", "an xz archive (unpack it first)"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive (unpack it first)"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive (unpack it first)"),
    (b"Rar!\x1a\x07", "a RAR archive (unpack it first)"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"%!PS", "a PostScript document"),
    (b"\x7fELF", "a program"),
    (b"RIFF", "a sound, video or WebP file"),
    (b"ID3\x03", "a sound file"),
    (b"ID3\x04", "a sound file"),
    (b"OggS", "a sound file"),
    (b"PAR1", "a Parquet file"),
)

_UTF16_OR_32 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)

#: A comment ends at its first `-->` and nowhere else (`(?>…)`): else twenty comments could be told apart in more ways than can be tried.
_HTML = re.compile(
    rb"(?:<\?xml[^>]{0,200}\?>|(?><!--.{0,1000}?-->)|\s++){0,20}+<(?:!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE | re.DOTALL
)


def foreign(head: bytes) -> str | None:
    """Name the format that is not text and that begins with `head`; None when nothing speaks against text."""
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if head[4:8] == b"ftyp":
        return "a video or HEIF file"
    if head[257:262] == b"ustar":
        return "a tar archive (unpack it first)"
    if b"\0" in head and not head.startswith(_UTF16_OR_32):
        return "binary data"
    return None


def is_web_page(head: bytes) -> bool:
    """Say whether `head` opens an HTML document (not merely holds a tag)."""
    return _HTML.match(head.removeprefix(codecs.BOM_UTF8).replace(b"\0", b"")) is not None

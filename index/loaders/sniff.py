"""What a file is by its first bytes, whatever its name says."""

from __future__ import annotations

import codecs
import json
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
    (b"fLaC", "a sound file"),
    (b"\xff\xfb", "a sound file"),
    (b"\xff\xf3", "a sound file"),
    (b"\xff\xf1", "a sound file"),
    (b"\x1aE\xdf\xa3", "a video file"),
    (b"FLV\x01", "a video file"),
    (b"\x00\x00\x01\xba", "a video file"),
    (b"\x00\x00\x01\xb3", "a video file"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"8BPS", "a Photoshop image"),
    (b"\x00asm", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"!<arch>", "a library of programs"),
    (b"\x00\x01\x00\x00\x00", "a font"),
    (b"OTTO\x00", "a font"),
    (b"wOFF", "a font"),
    (b"wOF2", "a font"),
    (b"AT&TFORM", "a DjVu document"),
    (b"ITSF", "a compiled help file"),
    (b"!BDN", "an Outlook mailbox (export it as .mbox or .eml)"),
    (b"-----BEGIN PGP MESSAGE", "an encrypted message"),
    (b"MSCF", "a cabinet archive (unpack it first)"),
    (b"LZIP", "an lzip archive (unpack it first)"),
    (b"PAR1", "a Parquet file"),
)

_UTF16_OR_32 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)

#: A comment ends at its first `-->` and nowhere else (`(?>…)`): else twenty comments could be told apart in more ways than can be tried.
_HTML = re.compile(
    rb"(?:<\?xml[^>]{0,200}\?>|(?><!--.{0,1000}?-->)|\s++){0,20}+<(?:!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE | re.DOTALL
)


#: Signatures that stand elsewhere than at the beginning: where, and what.
_WITHIN = (
    (4, (b"ftyp",), "a video or HEIF file"),
    (6, (b"\0\0\0\0",), "a BMP image"),
    (8, (b"AIFF", b"AIFC"), "a sound file"),
    (60, (b"BOOKMOBI",), "a Kindle book (convert it to EPUB)"),
    (257, (b"ustar",), "a tar archive (unpack it first)"),
)


def foreign(head: bytes) -> str | None:
    """Name the format that is not text and that begins with `head`; None when nothing speaks against text."""
    kinds = [kind for signature, kind in _SIGNATURES if head.startswith(signature)]
    kinds += [kind for at, signatures, kind in _WITHIN if head.startswith(signatures, at) and (at != 6 or head.startswith(b"BM"))]
    if kinds:
        return kinds[0]
    if b"\0" in head and not head.startswith(_UTF16_OR_32):
        return "a program" if head.startswith(b"MZ") else "binary data"
    return _declared_xml(head)


def _declared_xml(head: bytes) -> str | None:
    """Name an XML document by its outermost element, unless it is a web page; what does not declare itself XML may be text."""
    opened = head.removeprefix(codecs.BOM_UTF8).removeprefix(codecs.BOM_UTF16_LE).removeprefix(codecs.BOM_UTF16_BE).replace(b"\0", b"")
    root = xml_root(head)
    if root is None or not opened.lstrip().startswith((b"<?xml", b"<svg")) or is_web_page(head):
        return None
    return "an SVG image" if root == "svg" else f"XML of a kind that is not read (it opens with <{root}>)"


def is_web_page(head: bytes) -> bool:
    """Say whether `head` opens an HTML document (not merely holds a tag)."""
    return _HTML.match(head.removeprefix(codecs.BOM_UTF8).replace(b"\0", b"")) is not None


#: A header of a message, with the lines that go on with it.
_HEADER = re.compile(rb"([!-9;-~]{1,80}):[ \t]*(.*(?:\r?\n[ \t].*)*)(?:\r?\n|$)")

#: Headers that people write, and those that only programs do: a text of one's own may begin with `From:` and `Date:`.
_BY_PEOPLE = frozenset({b"from", b"to", b"cc", b"subject", b"date", b"sender", b"reply-to"})
_BY_PROGRAMS = frozenset(
    {
        b"received",
        b"return-path",
        b"message-id",
        b"mime-version",
        b"delivered-to",
        b"dkim-signature",
        b"content-transfer-encoding",
        b"x-mailer",
    }
)


def is_message(head: bytes) -> bool:
    """Say whether `head` opens with the headers of an e-mail: several that people know, and one that only programs write or an address."""
    names = set()
    at = 0
    addressed = False
    while (header := _HEADER.match(head, at)) is not None:
        name = header[1].lower()
        names.add(name)
        addressed = addressed or (name in (b"from", b"sender") and b"@" in header[2])
        at = header.end()
    return bool(names & _BY_PEOPLE) and len(names & (_BY_PEOPLE | _BY_PROGRAMS)) > 1 and (addressed or bool(names & _BY_PROGRAMS))


#: What may stand before the outermost element of an XML document: a mark, a declaration, comments, a document type.
_PROLOGUE = re.compile(
    rb"(?:\s++|<\?[^>]{0,500}+>|(?><!--.{0,2000}?-->)|<!DOCTYPE[^\[>]{0,500}+(?:\[[^\]]{0,2000}+\]\s*+)?>){0,20}+<(?P<name>[A-Za-z_][\w.:-]{0,60})[\s/>]",
    re.DOTALL,
)


def xml_root(head: bytes) -> str | None:
    """Return the name of the element that an XML document opens with, without its prefix; None where there is none."""
    found = _PROLOGUE.match(
        head.removeprefix(codecs.BOM_UTF8).removeprefix(codecs.BOM_UTF16_LE).removeprefix(codecs.BOM_UTF16_BE).replace(b"\0", b"")
    )
    return found["name"].rpartition(b":")[2].decode("ascii", "replace") if found else None


#: How an object of JSON, or a list of them, opens.
_OBJECT = re.compile(rb"\s*\{\s*(?:\"|\}\s*$)")
_LIST = re.compile(rb"\s*\[\s*(?:\{\s*\"|\]\s*$)")

#: Names under which text of any kind is found.
TEXT_SUFFIXES = (".txt", ".text", "")


def is_json(head: bytes) -> bool:
    """Say whether `head` opens an object of JSON or a list of objects."""
    return _OBJECT.match(_unmarked(head)) is not None or _LIST.match(_unmarked(head)) is not None


def is_json_lines(head: bytes) -> bool:
    """Say whether `head` opens with a line that is an object of JSON, and goes on with another."""
    first, _, rest = _unmarked(head).lstrip().partition(b"\n")
    if not (_OBJECT.match(first) and _OBJECT.match(rest)):
        return False
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def _unmarked(head: bytes) -> bytes:
    return head.removeprefix(codecs.BOM_UTF8)


#: What no text holds: control characters other than white space, and the one that opens a terminal's commands.
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def is_text(head: bytes) -> bool:
    """Say whether `head` is text by all appearances, whatever the file is called."""
    return bool(head) and foreign(head) is None and (head.startswith(_UTF16_OR_32) or _CONTROL.search(head) is None)

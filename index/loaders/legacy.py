"""Office files from before 2007 and their kin, which are not read: what each is, and what to do with it.

They are told by the names of the streams within, which stand in the file as UTF-16; nothing of them is interpreted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO

_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_CHUNK_BYTES = 1 << 20

#: The name of a stream, what a file that has one is, and what helps, the surest first.
_KINDS = (
    ("EncryptedPackage", "an Office file that is protected by a password; save it without one"),
    ("WordDocument", "an old Word document (.doc); open it and save it as .docx"),
    ("PowerPoint Document", "an old PowerPoint file (.ppt); open it and save it as .pptx"),
    ("Workbook", "an old Excel file (.xls); open it and save it as .xlsx"),
    ("Book", "an old Excel file (.xls); open it and save it as .xlsx"),
    ("__nameid_version1.0", "an Outlook message (.msg); save it as .eml"),
    ("VisioDocument", "a Visio drawing; export it as PDF"),
    ("Quill", "a Publisher file; export it as PDF"),
)

_OTHER = "an old Microsoft Office document; open it and save it in today's format (.docx, .xlsx, .pptx)"


def is_compound(head: bytes) -> bool:
    """Say whether `head` begins a compound file, as Office wrote them until 2007."""
    return head.startswith(_SIGNATURE)


def kind_of(stream: BinaryIO) -> str:
    """Return what a compound file is and what to do with it; it is read once, in constant memory."""
    names = {name.encode("utf-16-le") + b"\0\0": kind for name, kind in _KINDS}
    found: set[str] = set()
    kept = b""
    while chunk := stream.read(_CHUNK_BYTES):
        held = kept + chunk
        found |= {kind for name, kind in names.items() if name in held}
        kept = held[-64:]
    return next((kind for _, kind in _KINDS if kind in found), _OTHER)

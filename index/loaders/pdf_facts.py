"""What a PDF says of itself: title, authors and dates, from its information and from the XMP packet that stands in its bytes.

Nothing is believed that programs put there by themselves, such as the name of the file that was printed. Knows nothing of pages.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

#: Packets are looked for in the first and last bytes of a file, and are not longer.
_LOOKED_AT = 8_000_000
_LONGEST_PACKET = 200_000

_BEGINS, _ENDS = b"<x:xmpmeta", b"</x:xmpmeta>"

_DC, _XMP, _RDF = "{http://purl.org/dc/elements/1.1/}", "{http://ns.adobe.com/xap/1.0/}", "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_PRISM = "{http://prismstandard.org/namespaces/basic/2.0/}"

_DATE = re.compile(
    r"(?:D:)?([12][0-9]{3})([01][0-9])?([0-3][0-9])?([0-2][0-9])?([0-5][0-9])?([0-5][0-9])?(Z|[+-][0-9]{2}'?(?:[0-9]{2})?'?)?.*"
)

#: Titles that programs give by themselves: names of files and of programs.
_NO_TITLE = re.compile(
    r"(?:microsoft (?:word|powerpoint|excel) - .*|"
    r"(?:untitled|document|slide|presentation|book|layout|title|page)\s*[0-9]*|\S*[0-9_]\S*|\S+)"
    r"|.*\.(?:docx?|odt|tex|dvi|pdf|indd|qxd|pptx?|xlsx?|rtf|txt|html?|ps|eps|pages|wpd)",
    re.IGNORECASE,
)

_NO_AUTHOR = re.compile(r"(?:user|admin(?:istrator)?|author|unknown|anonymous|owner|root|\S*[0-9_@\\]\S*)", re.IGNORECASE)


class Facts(NamedTuple):
    """What is known of a document before it is read."""

    title: str | None
    authors: tuple[str, ...]
    published: str | None
    updated: str | None
    language: str | None


def facts(stream: BinaryIO, said: Callable[[str], str]) -> Facts:
    """Return what the document says of itself.

    Args:
        stream: The file.
        said: Returns what its information says under a name.
    """
    packet = _packet(stream)
    title = next((title for title in (_first(packet, f"{_DC}title"), said("Title")) if title and not _NO_TITLE.fullmatch(title)), None)
    named = _all(packet, f"{_DC}creator") or re.split(r"\s*;\s*|\s+and\s+|\s*&\s*", said("Author"))
    return Facts(
        title=title,
        authors=tuple(name for part in named if (name := " ".join(part.split())) and not _NO_AUTHOR.fullmatch(name)),
        published=_first(packet, f"{_PRISM}publicationDate") or iso_date(said("CreationDate")) or _first(packet, f"{_XMP}CreateDate"),
        updated=iso_date(said("ModDate")) or _first(packet, f"{_XMP}ModifyDate"),
        language=_first(packet, f"{_DC}language"),
    )


def iso_date(raw: str) -> str | None:
    """Return a date of a PDF (`D:20230421090000+02'00'`) by ISO 8601, as precise as it is; None where it is none."""
    found = _DATE.fullmatch(raw.strip())
    if not found:
        return None
    year, month, day, hour, minute, second, zone = found.groups()
    date = "-".join(part for part in (year, month, day if month else None) if part)
    if not (month and day and hour and minute):
        return date
    written = re.sub(r"[^0-9+-]", "", zone or "") if zone and zone != "Z" else ""
    offset = f"{written[:3]}:{written[3:] or '00'}" if written else ("Z" if zone else "")
    return f"{date}T{hour}:{minute}:{second or '00'}{offset}"


def _packet(stream: BinaryIO) -> ET.Element | None:
    """Return the last XMP packet that stands in the file as it is; one that declares entities is passed over."""
    size = stream.seek(0, 2)
    stream.seek(max(0, size - _LOOKED_AT))
    data = stream.read(_LOOKED_AT)
    if size > len(data):
        stream.seek(0)
        data = stream.read(min(_LOOKED_AT, size - len(data))) + data
    begin = data.rfind(_BEGINS)
    end = data.find(_ENDS, begin, begin + _LONGEST_PACKET)
    packet = data[begin : end + len(_ENDS)]
    if begin < 0 or end < 0 or b"<!" in packet:
        return None
    try:
        return ET.fromstring(packet)  # noqa: S314  # without a DOCTYPE, which the line above refuses, there are no entities
    except (ET.ParseError, ValueError, LookupError):
        return None


def _all(packet: ET.Element | None, name: str) -> list[str]:
    """Return the values of a property: an attribute, an element, or the items of a list."""
    if packet is None:
        return []
    values = []
    for element in packet.iter():
        if name in element.attrib:
            values.append(element.attrib[name])
        if element.tag == name:
            values += [item.text or "" for item in element.iter(f"{_RDF}li")] or [element.text or ""]
    return [value for raw in values if (value := " ".join(raw.split()))]


def _first(packet: ET.Element | None, name: str) -> str | None:
    return next(iter(_all(packet, name)), None)

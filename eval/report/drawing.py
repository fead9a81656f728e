"""A plotting library's SVG, made part of a page: its colours the page's own, its labels text from data, nothing in it that runs.

The library draws with colours that stand for names (`COLOURS`) and with letters that stand for labels (`Labels`), so that it never sees
a text from data. What it wrote is read back element by element; only what is listed here is written again. Knows nothing of plots.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from .legible import clipped, legible
from .markup import Html, element, joined

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Runs and lines beyond these begin again with the first.
SERIES = 6

_ALL = ("ink", "muted", "grid", "surface", "good", "bad", "neutral", *(f"series-{n}" for n in range(1, SERIES + 1)))

#: Names of the page's colours, each with the one that the library is told; classes `fill-NAME` and `stroke-NAME` bring them back.
COLOURS = {name: f"#0000{place:02x}" for place, name in enumerate(_ALL, 1)}
_NAMES = {colour: name for name, colour in COLOURS.items()}

_ELEMENTS = frozenset({"svg", "g", "defs", "clipPath", "path", "rect", "use", "text"})
_ATTRIBUTES = frozenset(
    {
        *("viewBox", "d", "x", "y", "width", "height", "transform", "fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity"),
        *("stroke-dasharray", "stroke-dashoffset", "stroke-linejoin", "stroke-linecap", "opacity", "font-size", "text-anchor"),
    }
)
_REFERENCES = frozenset({"id", "href", "clip-path"})
_LONG = re.compile(r"-?\d+\.\d{3,}")
_STAND_IN = re.compile(r"@(\d+)@x*")


@dataclass
class Labels:
    """The texts of a drawing, each known to the library as letters that take about as much room."""

    texts: list[str] = field(default_factory=list)

    def stand_in(self, text: str, limit: int = 26, *, after: str = "") -> str:
        """Keep `text`, cut where it would take the room of more than `limit` letters, and return the letters for it.

        `after` is ours, follows whatever is left of the text, and is never cut.
        """
        line, limit = " ".join(legible(text).split()), limit - len(after)
        ends = _ends(line)
        if ends and ends[-1] > limit:
            line = f"{line[: bisect(ends, limit - 1)]}…"
        self.texts.append(f"{line}{after}")
        return f"@{len(self.texts) - 1}@".ljust(min(limit, ends[-1] if ends else 0) + len(after), "x")

    def lines(self, text: str, limit: int, most: int = 3) -> str:
        """Keep `text` as up to `most` lines of `limit` letters, the last one cut where more is left, and return the letters for them."""
        lines: list[str] = []
        left = " ".join(legible(text).split())
        while left and len(lines) < most - 1:
            fits = bisect(_ends(left), limit)
            end = fits if fits >= len(left) else left.rfind(" ", 0, fits + 1)
            end = end if end > 0 else fits
            lines.append(left[:end])
            left = left[end:].strip()
        return "\n".join(self.stand_in(line, limit) for line in [*lines, left] if line)

    def text(self, letters: str) -> str:
        """Return the text that `letters` stand for; themselves where they stand for none."""
        found = _STAND_IN.fullmatch(letters)
        return self.texts[int(found[1])] if found else letters


def _ends(line: str) -> list[int]:
    """Return where each character of a line ends, counted in letters: some take the room of two."""
    return list(accumulate(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in line))


def inlined(svg: str, labels: Labels, *, prefix: str, description: str) -> Html:
    """Return the drawing in the file `svg` as an element of a page; `prefix` makes its ids unlike those of other drawings."""
    root = ET.fromstring(svg)  # noqa: S314 -- written a moment ago by the plotting library, which was given no text from data
    image = {
        "class": "drawing",
        "role": "img",
        "aria-label": clipped(description, 1000),
        "stroke-linejoin": "round",
        "viewBox": root.get("viewBox"),
    }
    return element("svg", image, _children(root, labels, prefix))


def _children(node: ET.Element, labels: Labels, prefix: str) -> Html:
    return joined(_written(child, labels, prefix) for child in node)


def _written(node: ET.Element, labels: Labels, prefix: str) -> Html:
    name = _local(node.tag)
    if name not in _ELEMENTS:
        return joined()
    attributes: dict[str, str] = {}
    classes = []
    for key, value in _declared(node):
        if key in {"fill", "stroke"} and value in _NAMES:
            classes.append(f"{key}-{_NAMES[value]}")
        elif key in _REFERENCES and (name != "g" or key != "id"):
            attributes[key] = _renamed(key, value, prefix)
        elif key in _ATTRIBUTES:
            attributes[key] = _LONG.sub(lambda found: f"{float(found[0]):.2f}", " ".join(value.split()))
    if classes:
        attributes["class"] = " ".join(classes)
    if name == "path" and attributes.get("fill") == "none" and not classes and "stroke" not in attributes:
        return joined()
    content = labels.text(node.text or "") if name == "text" else _children(node, labels, prefix)
    return element(name, attributes, content)


def _declared(node: ET.Element) -> Iterator[tuple[str, str]]:
    """Yield the attributes of an element, and its style, which a page that forbids inline styles would not heed, as attributes."""
    for key, value in node.attrib.items():
        if key == "style":
            for declaration in value.split(";"):
                name, _, said = declaration.partition(":")
                yield name.strip(), said.strip()
        else:
            yield _local(key), value


def _renamed(key: str, value: str, prefix: str) -> str:
    if key == "id":
        return f"{prefix}-{value}"
    return value.replace("#", f"#{prefix}-", 1)


def _local(name: str) -> str:
    return name.rpartition("}")[2]

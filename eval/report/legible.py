"""Text from questions, answers and articles, as a page may show it: nothing that HTML forbids, nothing that hides.

Escaping is not done here: see `markup` and `questions`. Knows nothing of what the text says.
"""

from __future__ import annotations

import re

#: What an HTML file must not hold: controls, lone surrogates, noncharacters.
_NONCHARACTERS = "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
_FORBIDDEN = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{_NONCHARACTERS}]")

#: What changes or hides text and is not seen: overrides of direction, spaces of no width, tag characters. Joiners and the three marks of
#: direction stay, since Persian, Hebrew, Arabic and emoji are written with them and every text is isolated on the page.
_UNSEEN = re.compile("[\u180e\u200b\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]")

_LINE_END = re.compile("\r\n?")


def legible(text: str) -> str:
    r"""Return `text` with line ends as `\n`, what HTML forbids as `�`, and what would not be seen as its number: `⟨U+202E⟩`."""
    return _UNSEEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", _FORBIDDEN.sub("\ufffd", _LINE_END.sub("\n", text)))


def clipped(text: str, limit: int) -> str:
    """Return `text`, or where it is longer than `limit` characters, as many of them and a word on how many there are."""
    return text if len(text) <= limit else f"{text[:limit]}… (cut: {len(text):,} characters)"


def number(value: float, unit: str = "") -> str:
    """Return a figure for people: three digits after the point where it has no unit, three significant ones and its unit otherwise."""
    if value != value:  # noqa: PLR0124 -- nan, the one value that differs from itself
        return "–"
    if not unit:
        return _minus(f"{value:.3f}")
    return f"{_minus(f'{value:,.0f}' if abs(value) >= 100 else f'{value:.3g}')} {unit}"


def signed(value: float, unit: str = "") -> str:
    """Return a difference as `number` does, with its sign in front."""
    return f"+{number(value, unit)}" if value > 0 else number(value, unit)


def _minus(digits: str) -> str:
    return digits.replace("-", "−")

"""Numbers for people, and text of others on one line, harmless to a terminal. Knows nothing of what either says."""

from __future__ import annotations

import re

_SPACES = re.compile("[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029 ]+")

#: What a terminal would obey or a reader would not see: controls, overrides of direction, lone surrogates, tag characters.
_HOSTILE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def plain(text: str) -> str:
    """Return `text` on one line, runs of separators as one space, and whatever a terminal would obey as `�`."""
    return _HOSTILE.sub("\ufffd", _SPACES.sub(" ", text)).strip()


def clipped(text: str, limit: int) -> str:
    """Return `text`, or its first characters and `…` where it is longer than `limit`."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def number(value: float | None, unit: str = "") -> str:
    """Return a figure: three digits after the point where it has no unit, else three significant ones and the unit; `–` for None."""
    if value is None:
        return "–"
    if not unit:
        return f"{value:z.3f}"
    return f"{value:,.0f} {plain(unit)}" if abs(value) >= 100 else f"{value:z.3g} {plain(unit)}"


def signed(value: float | None, unit: str = "") -> str:
    """Return a difference as `number` does, with its sign in front."""
    written = number(value, unit)
    return f"+{written}" if value is not None and value > 0 and (unit or written != "0.000") else written


def probability(p: float | None) -> str:
    """Return a p-value with three digits, `<0.001` below that; `–` for None."""
    if p is None:
        return "–"
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def counted(count: int, noun: str) -> str:
    """Return `1 question`, `2 questions`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def some(names: list[str], most: int = 3) -> str:
    """Return the first few of `names`, each short and harmless: `a, b, c …`."""
    shown = ", ".join(clipped(plain(name), 60) for name in names[:most])
    return shown + (" …" if len(names) > most else "")

"""Text from articles, questions and files, made harmless before it reaches a terminal.

A terminal obeys control characters: it can be made to erase what was printed, to lie about the order of letters, or to type
for its user. Knows nothing of what the text says.
"""

from __future__ import annotations

import re

#: What separates lines or words.
_SEPARATORS = re.compile("[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]")

#: C0 and C1 controls, DEL, all of Unicode's bidi controls, lone surrogates, annotation marks, and the invisible tag characters.
_OBEYED = "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufff9-\ufffb\U000e0000-\U000e007f"
_HOSTILE = re.compile(f"[{_OBEYED}]")

#: The same but for C0, which JSON has escaped already.
_HOSTILE_IN_JSON = re.compile(f"[{_OBEYED.removeprefix(chr(0) + '-' + chr(0x1F))}]")


def safe(text: str) -> str:
    """Return `text` on one line, its separators as spaces and whatever a terminal would obey as `�`."""
    return _HOSTILE.sub("\ufffd", _SEPARATORS.sub(" ", text))


def safe_json(written: str) -> str:
    r"""Return JSON text with whatever a terminal would obey as `\u` escapes; it means the same."""
    return _HOSTILE_IN_JSON.sub(_escape, written)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"

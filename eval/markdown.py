"""Tables of Markdown whose cells may hold anyone's text. Knows nothing of what stands in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .text import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

#: What ends a cell or begins markup, HTML, an address or a formula; and the sign of a mention or a mailbox, which some renderers look
#: for in the finished page: `nDCG@10` is neither.
_SPECIAL = re.compile(r"[&<>|\\:$`*_\[\]!#~]|(?<=www)\.|@(?!\d+(?:\W|$))", re.IGNORECASE)

#: A backslash is enough for markup within a line (CommonMark 0.31, 2.4).
_MARKUP = frozenset("`*_[]!#~")

_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}

#: Joins words and is not seen: keeps the sign and what follows it from being read as one name.
_JOINER = "\u2060"


def cell(text: str) -> str:
    """Return `text` as what it reads like and nothing else: no markup, no HTML, no link, no mention, one line."""
    return _SPECIAL.sub(_harmless, plain(text))


def _harmless(found: re.Match[str]) -> str:
    character = found[0]
    if character == "@":
        return f"@{_JOINER}"
    if character in _MARKUP:
        return f"\\{character}"
    # a character reference never begins markup, wherever it is read (2.5)
    return _NAMED.get(character, f"&#{ord(character)};")


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """Return a table of plain texts, each escaped here; columns numbered in `right` are set to the right."""
    rule = ["---:" if place in right else "---" for place in range(len(head))]
    lines = [[cell(text) for text in head], rule, *([cell(text) for text in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)

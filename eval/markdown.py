"""Tables of Markdown whose cells may hold anyone's text. Knows nothing of what stands in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .text import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

#: What begins markup, HTML, an address or a formula, or ends a cell. Character references never do (CommonMark 0.31, 2.5).
_MARKUP = re.compile(r"[&<>|\\`*_\[\]()!#~:$^={}]|(?<=www)\.", re.IGNORECASE)

#: Names a person or a mailbox, which some renderers look for in the finished page; `nDCG@10` does neither.
_MENTION = re.compile(r"@(?!\d+(?:\W|$))")

#: Joins words and is not seen: keeps the sign and what follows it from being read as one name.
_JOINER = "\u2060"


def cell(text: str) -> str:
    """Return `text` as what it reads like and nothing else: no markup, no HTML, no link, no mention, one line."""
    return _MENTION.sub(f"@{_JOINER}", _MARKUP.sub(lambda found: f"&#{ord(found[0])};", plain(text)))


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """Return a table of plain texts, each escaped here; columns numbered in `right` are set to the right."""
    rule = ["---:" if place in right else "---" for place in range(len(head))]
    lines = [[cell(text) for text in head], rule, *([cell(text) for text in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)

"""HTML that is escaped by construction: an element is made of finished markup and of words, and words are always escaped.

There are no templates, so that nothing in an article can be one. Knows nothing of what a page says.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, TypeAlias

from ..safe import safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Content: TypeAlias = "str | Iterable[Content]"

_LINE_END = re.compile(r"\s*[\r\n]+\s*")


class Html(str):
    """Finished markup."""

    __slots__ = ()


def element(name: str, attributes: Mapping[str, str | None] | None = None, *children: Content) -> Html:
    """Return an element; `name` and the names of `attributes` are ours, never data. An attribute that is None is left out."""
    said = "".join(f' {key}="{escape(safe(value))}"' for key, value in (attributes or {}).items() if value is not None)
    return Html(f"<{name}{said}>{joined(*children)}</{name}>")


def joined(*children: Content) -> Html:
    """Return children one after the other, the words among them escaped."""
    return Html("".join(_child(child) for child in children))


def finished(markup: str) -> Html:
    """Return markup that others have made of escaped words, on one line."""
    return Html(_LINE_END.sub(" ", markup))


def block(*children: Content) -> str:
    """Return what Gradio's Markdown shows as it is: HTML that begins a line and has no empty line in it, at which Markdown would begin."""
    return str(finished(element("div", {"class": "own"}, *children)))


def _child(child: Content) -> str:
    if isinstance(child, Html):
        return child
    if isinstance(child, str):
        return escape(safe(child), quote=False)
    return joined(*child)

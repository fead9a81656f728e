"""HTML that is escaped by construction: an element is made of finished markup and of text, and text is always escaped.

There are no templates, so that nothing read from data can be one; `Html` is the only type that passes unescaped, and only this module
makes it. Knows nothing of what a page says.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, TypeAlias

from .legible import clipped, legible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Html(str):
    """Finished markup."""

    __slots__ = ()


Content: TypeAlias = "str | Iterable[Content]"
Attributes: TypeAlias = "Mapping[str, str | float | bool | None]"

#: Characters of a text from data.
LONGEST = 4000

#: Elements without an end.
_VOID = frozenset({"br", "hr", "input", "link", "meta"})


def element(name: str, attributes: Attributes | None = None, *children: Content) -> Html:
    """Return an element; `name` and the names of `attributes` are ours, never data.

    Attributes that are None or False are left out, True ones stand without a value. Children are text, finished markup, or iterables
    of both.
    """
    opening = f"<{name}{''.join(_attribute(key, value) for key, value in (attributes or {}).items())}>"
    return Html(opening) if name in _VOID else Html(f"{opening}{joined(*children)}</{name}>")


def joined(*children: Content) -> Html:
    """Return children one after the other, the text among them escaped."""
    return Html("".join(_child(child) for child in children))


def data(text: str) -> Html:
    """Return text from data, cut at `LONGEST` characters, and isolated so that its direction touches nothing around it."""
    return element("bdi", None, clipped(text, LONGEST))


def embedded(name: str, attributes: Attributes, content: str) -> Html:
    """Return an element whose content HTML does not unescape: a style sheet, a script, or JSON in which `<` is escaped.

    Raises ValueError where the content would end the element early or hide its end.
    """
    if "</" in content or "<!--" in content:
        raise ValueError(f"expected content without '</' and '<!--' in <{name}>")
    return Html(f"{element(name, attributes).removesuffix(f'</{name}>')}{content}</{name}>")


def _attribute(name: str, value: str | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(legible(str(value)))}"'


def _child(child: Content) -> str:
    if isinstance(child, Html):
        return child
    if isinstance(child, str):
        return escape(legible(child), quote=False)
    return joined(*child)

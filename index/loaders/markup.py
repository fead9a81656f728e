"""XML and HTML to trees, without entities, network or huge trees; the only place that knows the parser.

A tree's elements are handed on as they are (`tag`, `text`, `tail`, `get`, iteration); readers never call the parser themselves.
Its own limits stand: 256 levels, 10 MB in one text. Knows nothing of what any element means.
"""

from __future__ import annotations

import html.entities
import re
from typing import Any

from ..errors import ArticleError

#: No part of a document is longer; a tree takes several times the memory of its markup.
MAX_BYTES = 40_000_000

_XML = {"no_network": True, "huge_tree": False, "load_dtd": False, "remove_comments": True, "remove_pis": True, "resolve_entities": False}

#: Names such as `nbsp` that HTML knows and XML does not.
_NAMED_BYTES = re.compile(rb"&([A-Za-z][A-Za-z0-9]{1,31});")
_OF_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})

_REFERENCE = re.compile(rb"&#(?:x([0-9A-Fa-f]{1,10})|([0-9]{1,10}));?")

#: The parser of HTML takes the square of the number of a tag's attributes in time; no document has so many.
_FLOOD = re.compile(r"""<[a-z][^\s<>/]*+(?>[\s/]++[^\s<>/=]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s<>]++))?+){256}""", re.IGNORECASE)

_DECLARATION = re.compile(r"\s*<\?xml[^>]{0,200}\?>")


def xml_tree(data: bytes, what: str, *, lenient: bool = False) -> Any:
    """Return the outermost element of an XML document.

    Args:
        data: The document; it says its encoding itself.
        what: What users call it, for the message.
        lenient: Read on behind errors where something can be read at all, as feeds must be.

    Raises:
        ArticleError: It is no well-formed XML, too large or too deep, or it declares entities.
    """
    from lxml import etree

    _require_size(data, what)
    if lenient:
        data = _REFERENCE.sub(
            lambda found: found[0] if _is_character(found) else b"", data
        )  # the parser would pass on halves of characters
    try:
        root = etree.fromstring(data, etree.XMLParser(recover=lenient, **_XML))
    except (etree.XMLSyntaxError, ValueError, LookupError) as exc:
        raise ArticleError(f"{what} cannot be read: {_reason(exc)}") from exc
    if root is None:
        raise ArticleError(f"{what} cannot be read: it holds no XML")
    _require_no_entities(root, what)
    return root


def html_tree(markup: str, *, xhtml: bool = False) -> Any | None:
    """Return the outermost element of an HTML document or a piece of one; None when there is none.

    Args:
        markup: The document, decoded.
        xhtml: Read it as XML if it is well-formed, as the chapters of e-books are: `<title/>` is a whole element there.

    Raises:
        ArticleError: It has a tag that the parser would not get through in time.
    """
    from lxml import etree

    require_no_flood(markup, "a document")
    data = _DECLARATION.sub("", markup.lstrip("\ufeff"), count=1).encode("utf-8", "replace")
    _require_size(data, "the document")
    if xhtml:
        try:
            root = etree.fromstring(spelled_out(data), etree.XMLParser(encoding="utf-8", **_XML))
        except (etree.XMLSyntaxError, ValueError):
            pass  # read as browsers read it, below
        else:
            _require_no_entities(root, "the document")
            return root
    try:
        parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True)
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def too_deep(markup: str) -> bool:
    """Say whether the parser leaves out some of a piece of HTML because too many of its elements stand within each other."""
    from lxml import etree

    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)
    try:
        etree.fromstring(markup.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return False
    return any("depth" in error.message for error in parser.error_log)


def require_no_flood(markup: str, what: str) -> None:
    """Raise `ArticleError` where `markup` has a tag that the parser of HTML would not get through in time; `what` it should be."""
    if _FLOOD.search(markup):
        raise ArticleError(f"expected {what}, found a tag of more than 256 attributes")


def spelled_out(data: bytes) -> bytes:
    """Return XML with the names that only HTML knows (`&nbsp;`) as numbers; other bytes stay as they are."""
    return _NAMED_BYTES.sub(lambda name: _spelled_as(name[1].decode()).encode() or name[0], data)


def local(element: Any) -> str:
    """Return an element's name without its namespace, in lower case; empty for what is no element."""
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def text_within(element: Any) -> str:
    """Return all text in an element on one line."""
    return " ".join("".join(element.itertext()).split()) if element is not None else ""


def without_tags(tree: Any, name: str) -> None:
    """Take the elements called `name` from around what they hold, in time that grows with the tree alone."""
    from lxml import etree

    etree.strip_tags(tree, name)


def _spelled_as(name: str) -> str:
    """Return the characters that HTML calls `name` as numbers; nothing where XML knows the name itself, or nobody does."""
    return "" if name in _OF_XML else "".join(f"&#{ord(character)};" for character in html.entities.html5.get(f"{name};", ""))


def _is_character(reference: re.Match[bytes]) -> bool:
    number = int(reference[1], 16) if reference[1] else int(reference[2])
    return number in (9, 10, 13) or 32 <= number < 0xD800 or 0xE000 <= number < 0x110000


def _require_size(data: bytes, what: str) -> None:
    if len(data) > MAX_BYTES:
        raise ArticleError(f"{what} is too large: {len(data):,} bytes of markup, at most {MAX_BYTES:,} are read")


def _require_no_entities(element: Any, what: str) -> None:
    """Refuse a document that defines abbreviations of its own: nothing honest does, and they can grow without end."""
    dtd = element.getroottree().docinfo.internalDTD
    if dtd is not None and next(dtd.iterentities(), None) is not None:
        raise ArticleError(f"{what} declares entities, which are never read: they can reach for files and grow without end")


def _reason(exc: Exception) -> str:
    """Return the parser's first line, which may name what the document holds, without its place in a file that has no name."""
    line = str(exc).partition("\n")[0].replace(" (<string>, line 1)", "")[:200]
    return "".join(character if character.isprintable() else "?" for character in line) or type(exc).__name__

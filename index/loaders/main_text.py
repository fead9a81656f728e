"""The main text of a web page as a tree of blocks, and what the extractor makes out of the page's metadata.

Knows nothing of how blocks become text, nor of which statement of a page is believed first.
"""

from __future__ import annotations

import logging
import re
from copy import deepcopy
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from .markup import without_tags

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Elements that a browser does not show.
_HIDDEN = [
    "//*[@hidden]",
    "//*[contains(translate(@style, ' ', ''), 'display:none')]",
    "//*[contains(translate(@style, ' ', ''), 'visibility:hidden')]",
    "//template",
    "//noscript",
]

#: Classes that style sheets everywhere give to what is not shown; short passages only, since scripts take them off whole articles.
_HIDING = frozenset("hide hidden is-hidden d-none visually-hidden visuallyhidden sr-only screen-reader-text".split())
_MOST_HIDDEN_WORDS = 60

#: The extractor drops lists from the cells of tables, but keeps paragraphs there.
_LISTS = frozenset({"ul", "ol", "dl"})
_OF_LISTS = _LISTS | {"li", "dt", "dd", "div"}
_BLOCKS = _OF_LISTS | {"p", "table", "pre", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6"}

#: No element of a page is called so.
_UNWRAPPED = "assay-unwrapped"

#: A list with this share of its characters in links is a menu.
_MENU = 0.8

#: A fixed last day makes the reading of dates independent of the day on which it happens.
_DATES = {"original_date": True, "extensive_search": False, "max_date": "2999-12-31"}

#: What the containers of an article's body are called, and those of what stands around it.
_BODY = re.compile(r"body|content|article|entry|story|post|text", re.IGNORECASE)
_AROUND = re.compile(r"comment|related|teaser|promo|card|list|aside|sidebar|footer|header|nav|recirc|widget", re.IGNORECASE)

#: Of a page's text in one piece, blocks of so few characters are taken instead where they hold this share of its words.
_LEAST, _PARTED = 10, 0.6

#: The extractor takes the square of a page's paragraphs in time: a page of more elements, a book or a report, is read from end to end.
_MOST_ELEMENTS = 30_000

#: As much of a page's text stands in its `main` where that is believed to be the whole of it.
_MAIN_PART = 0.5

#: A part of a body holds so many paragraphs of so many words; a teaser does not.
_PARAGRAPHS, _PARAGRAPH_WORDS = 3, 15


def parse(markup: str) -> Any:
    """Return the page as a tree of lxml; None where there is nothing to parse."""
    import trafilatura

    for name in ("trafilatura", "htmldate", "justext", "readability"):
        _keep_quiet(name)
    return trafilatura.load_html(markup)


def find_main_text(tree: Any) -> Any:
    """Return the extractor's document, comments of readers left out; None where the page has no main text.

    Its `body` holds elements of TEI: `head`, `p`, `list` of `item`, `table` of `row` of `cell`, `lb` for a line break, `ref` for a
    link. Besides it holds the title, author, date, site and address that the extractor has made out. `tree` is changed.
    """
    _prune(tree)
    _keep_lists_in_cells(tree)
    _keep_lines(tree)
    _join(tree)
    page = _extracted(tree)
    if page is not None and _is_flat(page.body):
        parted = _extracted(tree, config=_content_with_little())
        if parted is not None and _words(parted.body) >= _PARTED * _words(page.body):
            return parted
    return page


def whole_text(tree: Any) -> Any:
    """Return the element that holds all of a page that is too long for its main text to be looked for; None for any other page.

    What is in it is still that of a page. `tree` is changed.
    """
    if next(islice(tree.iter("*"), _MOST_ELEMENTS, None), None) is None:
        return None
    _prune(tree)
    body = next(tree.iter("body"), tree)
    found = [*islice(body.iter("main"), 2)]
    return found[0] if len(found) == 1 and _words(found[0]) >= _MAIN_PART * _words(body) else body


def _extracted(tree: Any, **options: Any) -> Any:
    import trafilatura

    return trafilatura.bare_extraction(
        tree,
        include_comments=False,
        include_links=True,
        with_metadata=True,
        deduplicate=False,
        prune_xpath=_HIDDEN,
        date_extraction_params=dict(_DATES),
        **options,
    )


@cache
def _content_with_little() -> Any:
    """Return the extractor's settings, but for the length of a text below which it takes the whole page's for it."""
    from trafilatura.settings import DEFAULT_CONFIG

    config = deepcopy(DEFAULT_CONFIG)
    config["DEFAULT"]["MIN_EXTRACTED_SIZE"] = str(_LEAST)
    return config


def _is_flat(body: Any) -> bool:
    """Say whether all is one paragraph, as where the extractor found little and took the page's text as it stands, headline and all."""
    return len(body) == 1 and body[0].tag == "p" and len(body[0]) == 0


def _words(body: Any) -> int:
    return len(" ".join(body.itertext()).split())


def _keep_quiet(name: str) -> None:
    """Keep a library's warnings off stderr unless the application has set logging up itself."""
    logger = logging.getLogger(name)
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def _prune(tree: Any) -> None:
    """Take out the short passages that only a class hides."""
    for element in [element for element in tree.iter() if _HIDING & set(_classes(element))]:
        if len("".join(element.itertext()).split()) <= _MOST_HIDDEN_WORDS and element.getparent() is not None:
            element.drop_tree()


def _keep_lists_in_cells(tree: Any) -> None:
    """Make the items of lists that stand in cells paragraphs; what holds blocks is taken from around them. Menus stay what they are."""
    in_cells: set[Any] = set()
    listed: dict[Any, None] = {}  # in the order of the page
    for element in tree.iter():
        parent = element.getparent()
        if parent in listed or (element.tag in _LISTS and parent in in_cells and not _is_menu(element)):
            listed[element] = None
        elif element.tag in ("td", "th") or (parent in in_cells and element.tag not in _LISTS):
            in_cells.add(element)
    holding = {element.getparent() for element in listed if element.tag in _BLOCKS}
    for element in [element for element in listed if element.tag in _OF_LISTS]:
        if element in holding:
            element.text, element.tail, element.tag = f" {element.text or ''}", f" {element.tail or ''}", _UNWRAPPED
        else:
            element.tag = "p"
    without_tags(tree, _UNWRAPPED)


def _keep_lines(tree: Any) -> None:
    """Call what is set line by line code, of which the extractor keeps the lines; not where it holds blocks that part them."""
    for element in tree.iter("pre"):
        parted = next(element.iterdescendants("code", *_BLOCKS), None) is not None
        if not parted and "\n" in "".join(element.itertext()).strip():
            element.tag = "code"


def _is_menu(element: Any) -> bool:
    linked = sum(len("".join(link.itertext())) for link in element.iter("a"))
    return linked >= _MENU * len("".join("".join(element.itertext()).split()))


def _join(tree: Any) -> None:
    """Bring the parts of a body together that advertisements part: the extractor takes the first of several alike for the whole."""
    alike: dict[tuple[str, str, Any], list[Any]] = {}
    for element in tree.iter("div", "section"):
        name = " ".join(_classes(element))
        if _BODY.search(name) and not _AROUND.search(name) and sum(1 for _ in _paragraphs(element)) >= _PARAGRAPHS:
            alike.setdefault((element.tag, name, _around(element)), []).append(element)
    for first, *others in alike.values():
        for other in others:
            first.extend(list(other))


def _around(element: Any) -> Any:
    """Return what holds an element and those parted from it, each in a box of its own."""
    parent = element.getparent()
    above = parent.getparent() if parent is not None else None
    return above if above is not None else parent


def _paragraphs(element: Any) -> Iterator[Any]:
    return (child for child in element.iterchildren("p") if len("".join(child.itertext()).split()) >= _PARAGRAPH_WORDS)


def _classes(element: Any) -> list[str]:
    return (element.get("class") or "").split() if isinstance(element.tag, str) else []

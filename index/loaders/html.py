"""Web pages saved as files: the main text, its headings and what the page says of itself; nothing is fetched or run."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..errors import ArticleError
from .blocks import Blocks
from .decode import decode, read_bytes
from .fragment import FragmentWriter
from .furniture import strip
from .interface import Draft
from .main_text import find_main_text, parse, whole_text
from .markup import local, require_no_flood, text_within
from .page_facts import names_of, stated
from .sniff import foreign, is_web_page
from .tables import in_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

    from .page_facts import Facts

_CHARSET = re.compile(
    rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([\w:.-]{1,40})|<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w:.-]{1,40})", re.IGNORECASE
)
_CHARSET_WITHIN = 4096

#: Elements that stand around a page's text.
_AROUND = frozenset({"nav", "aside", "footer", "dialog"})


class HtmlLoader:
    """Reads `.html` files, and web pages under other names of text files.

    Hidden elements, scripts, navigation and readers' comments are left out; link texts and tables are kept.
    """

    name = "HTML"
    suffixes = (".html", ".htm", ".xhtml")
    max_bytes = 20_000_000
    contained = True

    def recognises(self, head: bytes, suffix: str) -> bool:
        """Take what opens as a web page, and what is named as one and does not begin as anything else."""
        if suffix in self.suffixes:
            return foreign(head) is None
        return suffix in (".txt", ".text", ".md", ".markdown", "") and is_web_page(head)

    def load(self, stream: BinaryIO) -> Iterator[Draft]:
        """Yield the page as one draft."""
        yield page_draft(read_bytes(stream, self.max_bytes))


def page_draft(data: bytes, declared: str | None = None, *, url: str | None = None) -> Draft:
    """Return the article of a web page.

    Args:
        data: The page as it was saved.
        declared: The charset that what it came in names, if that does; it goes before the page's own word.
        url: Where it was, for a page that does not say so itself.

    Raises:
        ArticleError: The page has no main text, or cannot be read.
    """
    charset = _CHARSET.search(data[:_CHARSET_WITHIN])
    markup, metadata = decode(data, declared or ((charset[1] or charset[2]).decode("ascii", "replace") if charset else None))
    require_no_flood(markup, "a web page")
    try:
        return _draft(markup, metadata, url)
    except (ArticleError, MemoryError):  # where memory is short, whoever gave it says so
        raise
    except Exception as exc:
        raise ArticleError(f"the web page cannot be read: {type(exc).__name__}") from exc


def _draft(markup: str, metadata: dict[str, str], url: str | None) -> Draft:
    tree = parse(markup)
    if tree is None:
        raise ArticleError("no article text found: the page holds no main text")
    facts = stated(tree)
    vast = whole_text(tree)
    if vast is not None:
        return _vast(vast, facts, metadata, url, text_within(next(tree.iter("title"), None)))
    reason = _why_empty(tree)
    page = find_main_text(tree)
    blocks = Blocks()
    if page is not None:
        site = _site(facts.site or page.sitename, page.hostname)
        title = _without_site(facts.title or page.title, (facts.site, page.sitename, page.hostname))
        strip(page.body, title)
        _Writer(blocks).block(page.body)
    if not blocks.text:
        raise ArticleError(f"no article text found: {reason}")
    draft = _stating(blocks, facts, metadata, title=title, site=site, url=url or page.url)
    return replace(draft, authors=draft.authors or names_of((page.author or "").split(";")), published=draft.published or page.date)


def _vast(body: Any, facts: Facts, metadata: dict[str, str], url: str | None, title: str) -> Draft:
    """Return the article of a page whose main text is not looked for: all that it shows but what stands around its text."""
    blocks = Blocks()
    FragmentWriter(blocks, skip=lambda element: local(element) in _AROUND).write(body)
    if not blocks.text:
        raise ArticleError("no article text found: the page holds no main text")
    stated_title = _without_site(facts.title or title or None, (facts.site,))
    return _stating(blocks, facts, metadata, title=stated_title, site=_site(facts.site, _host(facts.url or url)), url=url)


def _stating(blocks: Blocks, facts: Facts, metadata: dict[str, str], *, title: str | None, site: str | None, url: str | None) -> Draft:
    """Return the article of a text with what its page states; `url` is its address where it states none."""
    return Draft(
        text=blocks.text,
        title=title,
        source=site,
        authors=facts.authors,
        published=facts.published,
        updated=facts.updated,
        url=facts.url or url,
        language=facts.language,
        headings=blocks.headings,
        metadata=dict(metadata),
    )


def _why_empty(tree: Any) -> str:
    """Say what a page consists of, for one that turns out to hold no main text."""
    if next(tree.iter("frameset", "frame"), None) is not None:
        return "the page is a set of frames; add the pages that it shows"
    if (
        next(tree.iter("script"), None) is not None
        and not "".join(tree.xpath("//body//text()[not(ancestor::script or ancestor::style)]")).strip()
    ):
        return "the page holds only scripts, which are not run; save it from the browser once it shows its text"
    return "the page holds no main text"


def _site(name: str | None, host: str | None) -> str | None:
    """Return the site's name; its host where the name is an address or missing."""
    return host if not name or "://" in name else name


def _host(address: str | None) -> str | None:
    try:
        return urlsplit(address or "").hostname
    except ValueError:
        return None


def _without_site(title: str | None, sites: Iterable[str | None]) -> str | None:
    """Take the site's name off the end of a page's title: `A strike ends - The Daily` by `The Daily`."""
    for site, mark in product(sites, (" - ", " | ", " – ", " — ", " · ", " :: ", " » ")):
        if title and site and title.lower().endswith(f"{mark}{site}".lower()):
            return title[: -len(mark) - len(site)].rstrip()
    return title


_BLOCKS = frozenset({"body", "head", "p", "list", "item", "quote", "table", "row", "cell", "div", "fw", "ab", "section", "article"})


class _Writer:
    """Walks the extracted tree; text gathers until a block ends. The parser caps the depth of the tree at 256.

    The tree's elements are those of TEI: `head`, `p`, `list` of `item`, `table` of `row` of `cell`, `lb` for a line break.
    """

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._gathered: list[str] = []
        self._nested = 0
        self._within = False  # a line of the present list or table has been written

    def block(self, element: Any) -> None:
        """Write a block and the blocks in it."""
        grouped = element.tag in ("list", "table")
        self._nested += grouped
        if element.tag == "row":
            self._put(in_row(map(_cell, element)))
        elif element.tag == "code":
            self._put(_lines(element))
        else:
            level = _level(element) if element.tag == "head" else None
            self._inside(element, level)
            self._flush(level)
        self._nested -= grouped
        self._within = self._within and self._nested > 0

    def _inside(self, element: Any, level: int | None) -> None:
        self._gather(element.text)
        for child in element:
            if child.tag == "lb":
                self._gathered.append("\n")
            elif child.tag in _BLOCKS or (child.tag == "code" and "\n" in _lines(child)):
                self._flush(level)
                self.block(child)
            elif child.tag != "graphic":
                self._inside(child, level)
            self._gather(child.tail)

    def _gather(self, text: str | None) -> None:
        self._gathered.append((text or "").replace("\n", " "))

    def _flush(self, level: int | None) -> None:
        """Write what has gathered; two line breaks in a row part paragraphs."""
        lines = [" ".join(line.split()) for line in "".join(self._gathered).split("\n")]
        self._gathered = []
        for paragraph in re.split(r"\n{2,}", "\n".join(lines)):
            self._put(paragraph, level)

    def _put(self, text: str, level: int | None = None) -> None:
        if text.strip():
            self._blocks.add(text, adjoining=self._within, level=level)
            self._within = self._nested > 0


def _cell(cell: Any) -> str:
    """Return what stands in a cell, on one line."""
    return " ".join("".join(_pieces(cell)).split())


def _pieces(element: Any) -> Iterator[str]:
    """Yield the text in an element, what is a line or a block of its own set off from the rest."""
    yield element.text or ""
    for child in element:
        apart = " " if child.tag == "lb" or child.tag in _BLOCKS else ""
        yield apart
        yield from _pieces(child)
        yield apart + (child.tail or "")


def _lines(element: Any) -> str:
    """Return what is set line by line, as it is set."""
    written = [element.text or ""]
    for child in element:
        written += ["\n" if child.tag == "lb" else "", _lines(child), child.tail or ""]
    return "".join(written)


def _level(head: Any) -> int:
    """Return the depth of a heading, which the extractor keeps as `rend="h2"`."""
    digits = (head.get("rend") or "")[1:]
    return int(digits) if digits in ("1", "2", "3", "4", "5", "6") else 2

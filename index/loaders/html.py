"""Web pages saved as files: the main text, its headings and what the page says of itself; nothing is fetched or run."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from ..dates import parse_date
from ..errors import ArticleError
from .blocks import Blocks
from .decode import decode, read_bytes
from .interface import Draft
from .sniff import foreign, is_web_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

#: Elements that a browser does not show.
_HIDDEN = [
    "//*[@hidden]",
    "//*[contains(translate(@style, ' ', ''), 'display:none')]",
    "//*[contains(translate(@style, ' ', ''), 'visibility:hidden')]",
    "//template",
    "//noscript",
]

#: Where pages state when they were published, the surest place first.
_PUBLISHED = (
    "//meta[@property='article:published_time']/@content",
    "//meta[@property='og:published_time']/@content",
    "//*[@itemprop='datePublished']/@content",
    "//*[@itemprop='datePublished']/@datetime",
    "//meta[@name='date' or @name='pubdate' or @name='publish-date' or @name='DC.date.issued' or @name='dcterms.created']/@content",
)

#: A fixed last day makes the reading of dates independent of the day on which it happens.
_DATES = {"original_date": True, "extensive_search": False, "max_date": "2999-12-31"}

_CHARSET = re.compile(
    rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([\w:.-]{1,40})|<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w:.-]{1,40})", re.IGNORECASE
)
_CHARSET_WITHIN = 4096


#: No page has tags of so many attributes, and the parser takes the square of their number in time.
_FLOOD = re.compile(r"""<[a-z][^\s<>/]*+(?>[\s/]++[^\s<>/=]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s<>]++))?+){256}""", re.IGNORECASE)


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
        data = read_bytes(stream, self.max_bytes)
        charset = _CHARSET.search(data[:_CHARSET_WITHIN])
        declared = (charset[1] or charset[2]).decode("ascii", "replace") if charset else None
        markup, metadata = decode(data, declared)
        yield _draft(markup, metadata)


def _draft(markup: str, metadata: dict[str, str]) -> Draft:
    """Extract the main text and the metadata.

    Raises:
        ArticleError: The page has no main text, or the parser cannot take it.
    """
    if _FLOOD.search(markup):
        raise ArticleError("expected a web page, found a tag of more than 256 attributes")
    try:
        page, published, language = _extracted(markup)
    except Exception as exc:
        raise ArticleError(f"the web page cannot be read: {type(exc).__name__}") from exc
    blocks = Blocks()
    if page is not None:
        _Writer(blocks).block(page.body)
    if not blocks.text:
        raise ArticleError("no article text found: the page holds no main text")
    return Draft(
        text=blocks.text,
        title=_without_site(page.title, page.sitename),
        source=_site(page.sitename, page.hostname),
        authors=tuple(name for part in (page.author or "").split(";") if (name := part.strip())),
        published=published or page.date,
        url=page.url,
        language=language,
        headings=blocks.headings,
        metadata=dict(metadata),
    )


def _extracted(markup: str) -> tuple[Any, str | None, str | None]:
    """Return the extracted page (None when it has no text), the date and the language that it states."""
    import trafilatura

    for name in ("trafilatura", "htmldate", "justext", "readability"):
        _keep_quiet(name)
    tree = trafilatura.load_html(markup)
    if tree is None:
        return None, None, None
    stated = (str(value) for path in _PUBLISHED for value in tree.xpath(path))
    published = next((raw.strip() for raw in stated if parse_date(raw)), None)
    page = trafilatura.bare_extraction(
        tree, include_comments=False, with_metadata=True, deduplicate=False, prune_xpath=_HIDDEN, date_extraction_params=dict(_DATES)
    )
    return page, published, tree.get("lang")


def _keep_quiet(name: str) -> None:
    """Keep a library's warnings off stderr unless the application has set logging up itself."""
    logger = logging.getLogger(name)
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def _site(name: str | None, host: str | None) -> str | None:
    """Return the site's name; its host where the name is an address or missing."""
    return host if not name or "://" in name else name


def _without_site(title: str | None, site: str | None) -> str | None:
    """Take the site's name off the end of a page's title: `A strike ends - The Daily` by `The Daily`."""
    for mark in (" - ", " | ", " – ", " — ", " · "):
        if title and site and title.endswith(f"{mark}{site}"):
            return title.removesuffix(f"{mark}{site}")
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
            self._put(" | ".join(text for cell in element if (text := " ".join("".join(cell.itertext()).split()))))
        elif element.tag == "code":
            self._put("".join(element.itertext()))
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
            elif child.tag in _BLOCKS or (child.tag == "code" and "\n" in "".join(child.itertext())):
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


def _level(head: Any) -> int:
    """Return the depth of a heading, which the extractor keeps as `rend="h2"`."""
    digits = (head.get("rend") or "")[1:]
    return int(digits) if digits in ("1", "2", "3", "4", "5", "6") else 2

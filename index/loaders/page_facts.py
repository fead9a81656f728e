"""What a web page says of itself to programs: in its JSON-LD, its meta tags, its microdata and its `<time>` elements.

Only what is stated is returned, as it is written; nothing is guessed from the page's looks. Knows nothing of the main text.
"""

from __future__ import annotations

import html
import json
import re
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from ..dates import parse_date, parse_moment
from ..outlets import OUTLETS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Pages hold a few kilobytes of JSON-LD; more is read no further.
_MOST_SCRIPTS, _MOST_SCRIPT_CHARACTERS, _MOST_NODES = 20, 1_000_000, 2_000

#: Types of schema.org that are articles end so; others may be dated too, but a page has them for its menus as well.
_ARTICLE = re.compile(r"(?:Article|Posting|Report|Review|Webpage|Story|Recipe)$", re.IGNORECASE)
_PAGE = re.compile(r"Webpage$", re.IGNORECASE)

#: What stands under these keys is another page's.
_ELSEWHERE = frozenset(
    "itemListElement hasPart isPartOf mentions relatedLink comment comments about citation isBasedOn breadcrumb publisher author".split()
)

#: The names of meta tags, the surest first.
_TITLES = ("og:title", "parsely-title", "sailthru.title", "twitter:title", "dc.title", "dcterms.title", "citation_title")
_AUTHORS = (
    "author",
    "byl",
    "article:author",
    "parsely-author",
    "sailthru.author",
    "dc.creator",
    "dcterms.creator",
    "citation_author",
    "authors",
)
_SITES = ("og:site_name", "application-name", "citation_journal_title", "dc.publisher", "copyright-holder")
_PUBLISHED = ("article:published_time", "og:published_time", "article:published")
_PUBLISHED_TOO = tuple(
    """
    parsely-pub-date sailthru.date article.published date.release datepublished pubdate publishdate publish-date publish_date ptime
    published_time_telegram dc.date.issued dcterms.issued dc.date.created dcterms.created dc.created dcterms.date dc.date date
    citation_publication_date citation_date displaydate cxenseparse:recs:publishtime originalpublicationdate
    """.split()
)
_UPDATED = ("article:modified_time", "og:updated_time", "article:modified", "article.updated")
_UPDATED_TOO = tuple("dcterms.modified dc.date.modified last-modified lastmod datemodified utime modified revised".split())
_LANGUAGES = ("content-language", "dc.language", "dcterms.language", "og:locale")

#: What is no name of a person: an address, something with figures, or whoever runs the site.
_NO_NAME = re.compile(
    r"https?:|www\.|[@/0-9<>{}]|\.(?:com|org|net)\b|^(?:(?:site|web)?_?admin(?:istrator)?|webmaster|editor(?:ial|s)?|guest|staff|user|unknown|root|гость)$",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"https?:|www\.", re.IGNORECASE)
_MOST_NAME_CHARACTERS = 80

#: What stands before a name: `By`, or a label such as `Text:`.
_BY = re.compile(r"(?:(?:by|von|por|par|di|от)\s+|\w{1,12}:\s+)", re.IGNORECASE)
_ROLE = re.compile(
    r"\b(?:writers?|correspondents?|reporters?|editors?|press|staff|columnists?|contributors?|news|for|bureau|agency|business|network)\b",
    re.IGNORECASE,
)


class Facts(NamedTuple):
    """What a page states; None or empty where it says nothing."""

    title: str | None
    authors: tuple[str, ...]
    site: str | None
    published: str | None
    updated: str | None
    url: str | None
    language: str | None


def stated(tree: Any) -> Facts:
    """Read what the page says of itself.

    Args:
        tree: The page, parsed by lxml.
    """
    meta = _meta(tree)
    node = _main_node(_linked_data(tree), tree, meta)
    published = _dated([*_all(meta, _PUBLISHED), *_texts(node.get("datePublished")), *_micro(tree, "datePublished")])
    published = published or _dated([*_all(meta, _PUBLISHED_TOO), *_times(tree)])
    updated = _dated([*_all(meta, _UPDATED), *_texts(node.get("dateModified")), *_micro(tree, "dateModified"), *_all(meta, _UPDATED_TOO)])
    site = _first([*_all(meta, _SITES[:1]), *_named(node.get("publisher")), *_all(meta, _SITES[1:])])
    titles = [*_all(meta, _TITLES[:1]), *_texts(node.get("headline")), *_all(meta, _TITLES[1:]), *_texts(node.get("name"))]
    return Facts(
        title=_headline(titles, tree, site),
        authors=_people(node) or names_of(_all(meta, _AUTHORS)) or names_of(_micro(tree, "author")),
        site=site,
        published=published,
        updated=None if updated is not None and updated == published else updated,
        url=_address(tree, meta, node),
        language=_first([*_values(tree, "/html/@lang | /html/@xml:lang"), *_texts(node.get("inLanguage")), *_all(meta, _LANGUAGES)]),
    )


def _meta(tree: Any) -> dict[str, list[str]]:
    """Return the contents of the page's meta tags by their names in lower case."""
    found: dict[str, list[str]] = {}
    for element in islice(tree.iter("meta"), 500):
        name = element.get("property") or element.get("name") or element.get("itemprop") or element.get("http-equiv")
        content = (element.get("content") or "").strip()
        if name and content:
            found.setdefault(name.strip().lower(), []).append(content)
    return found


def _all(meta: dict[str, list[str]], names: Iterable[str]) -> Iterator[str]:
    return (content for name in names for content in meta.get(name, ()))


def _first(texts: Iterable[str]) -> str | None:
    return next((line for text in texts if (line := " ".join(html.unescape(text).split()))), None)


def _values(tree: Any, path: str) -> list[str]:
    return [str(value).strip() for value in islice(tree.xpath(path, namespaces={"xml": "http://www.w3.org/XML/1998/namespace"}), 20)]


def _headline(titles: list[str], tree: Any, site: str | None) -> str | None:
    """Return the title that the page also shows as a headline, without the site's name in it; the first where it shows none."""
    headings = (" ".join("".join(heading.itertext()).split()) for heading in islice(tree.iter("h1"), 20))
    shown = {_letters(text): text for text in headings if text and _letters(text) != _letters(site or "")}
    lines = [line for title in titles[:20] if (line := " ".join(html.unescape(title).split()))]
    for line in lines:
        parts = re.split(r"\s[-–—|·•:»]+\s", line)[:8]
        runs = (_letters(" ".join(parts[start:end])) for start in range(len(parts)) for end in range(len(parts), start, -1))
        found = next((shown[letters] for letters in runs if letters in shown and letters), None)
        if found:
            return found
    return lines[0] if lines else None


# --- linked data ------------------------------------------------------------------------------------------------------


def _linked_data(tree: Any) -> list[dict[str, Any]]:
    """Return the objects of the page's JSON-LD that are about the page itself; scripts that are no JSON are passed over."""
    nodes: list[dict[str, Any]] = []
    for script in islice(tree.iter("script"), 500):
        if "ld+json" not in (script.get("type") or "").lower() or len(nodes) >= _MOST_NODES:
            continue
        text = (script.text or "").strip().removeprefix("<!--").removesuffix("-->").strip().rstrip(";")
        if len(text) <= _MOST_SCRIPT_CHARACTERS:
            try:
                nodes += islice(_objects(json.loads(text, strict=False)), _MOST_NODES)
            except (ValueError, RecursionError):
                continue
    return nodes


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects in a value, those that hold others first, without what stands for other pages."""
    waiting = deque([value])
    while waiting:
        value = waiting.popleft()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            yield value
            waiting += (inner for key, inner in value.items() if key not in _ELSEWHERE and isinstance(inner, (dict, list)))


def _main_node(nodes: list[dict[str, Any]], tree: Any, meta: dict[str, list[str]]) -> dict[str, Any]:
    """Return the object that describes the article: one of the page's own headline before the first; empty where there is none."""
    of_type = [(node, " ".join(_texts(node.get("@type")))) for node in nodes]
    articles = [node for node, kind in of_type if any(map(_ARTICLE.search, kind.split())) and not _PAGE.search(kind)]
    articles = [node for node in articles if node.get("headline") or node.get("datePublished")]
    pages = [node for node, kind in of_type if _PAGE.search(kind)]
    headlines = islice((text for heading in tree.iter("h1") for text in heading.itertext()), 20)
    shown = _letters(" ".join([*_values(tree, "//title/text()"), *_all(meta, _TITLES), *headlines]))
    own = [node for node in articles if (headline := _letters(" ".join(_texts(node.get("headline"))))) and headline in shown]
    main = next(iter([*own, *articles, *pages]), {})
    people = {str(node["@id"]): node for node in nodes if "@id" in node and "name" in node}
    return {**main, "author": _resolved(main.get("author"), people), "publisher": _resolved(main.get("publisher"), people)}


def _resolved(value: Any, known: dict[str, dict[str, Any]]) -> list[Any]:
    """Return what a property holds, objects that only name another replaced by it."""
    held = value if isinstance(value, list) else [value]
    return [known.get(str(item.get("@id")), item) if isinstance(item, dict) and "name" not in item else item for item in held]


def _texts(value: Any) -> list[str]:
    """Return the strings in a property: itself, those of a list, or of an object its `@value` or name."""
    held = value if isinstance(value, list) else [value]
    texts = (item.get("@value") or item.get("name") or item.get("@id") if isinstance(item, dict) else item for item in held[:50])
    return [text for text in texts if isinstance(text, str)]


def _named(value: Any) -> list[str]:
    """Return the names of organisations, without bare addresses."""
    return [text for text in _texts(value) if not _ADDRESS.search(text)]


def _people(node: dict[str, Any]) -> tuple[str, ...]:
    """Return who wrote the article by its JSON-LD, organisations left out: the site stands for them."""
    held = node.get("author")
    of_people = [item for item in held if not _is_organisation(item)] if isinstance(held, list) else []
    return names_of(text for item in of_people for text in _texts(item))


def _is_organisation(item: Any) -> bool:
    return isinstance(item, dict) and any("organi" in kind.lower() for kind in _texts(item.get("@type")))


# --- names ------------------------------------------------------------------------------------------------------------


def names_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Return names of people as they are written, without `By` before them and offices behind; none twice."""
    names: dict[str, str] = {}
    for text in texts:
        for part in re.split(r"\s*(?:;|\||•|\band\b|&(?!\w+;))\s*", _BY.sub("", html.unescape(text).strip(), count=1)):
            for name in map(_without_outlet, _without_office(" ".join(part.split()))):
                if name and len(name) <= _MOST_NAME_CHARACTERS and not _NO_NAME.search(name):
                    names.setdefault(_letters(name), name)
    return tuple(names.values())


def _without_office(part: str) -> list[str]:
    """Split `Jane Doe, AP Auto Writer` and keep the name; several names between commas stay names."""
    first, *others = part.split(", ")
    return [first, *(other for other in others if len(other.split()) in (2, 3) and not _ROLE.search(other) and not other.isupper())]


def _without_outlet(name: str) -> str:
    """Take an outlet off the end of a name; nothing is left where it is the whole: a wire is no author."""
    words = name.split()
    for start in range(min(len(words), 8)):
        if " ".join(words[start:]).removeprefix("The ") in OUTLETS:
            return " ".join(words[:start])
    return name


def _letters(text: str) -> str:
    return "".join(character for character in html.unescape(text).casefold() if character.isalnum())


# --- dates and addresses ----------------------------------------------------------------------------------------------


def _dated(texts: Iterable[str]) -> str | None:
    """Return the first text that is a date; where another gives the time of the same day too, that one."""
    read = [(text.strip(), date) for text in texts if (date := parse_date(text))]
    if not read:
        return None
    first, day = read[0]
    return next((text for text, date in read if date == day and parse_moment(text)), first)


def _micro(tree: Any, name: str) -> list[str]:
    """Return what microdata say of a property: attributes before text."""
    found = islice(tree.xpath("//*[contains(concat(' ', normalize-space(@itemprop), ' '), $name)]", name=f" {name} "), 20)
    return [
        text
        for element in found
        if (text := (element.get("content") or element.get("datetime") or " ".join(islice(element.itertext(), 20))).strip())
    ]


def _times(tree: Any) -> list[str]:
    """Return the dates of `<time>` that surely are the page's: marked as such, or the only one of the article's head."""
    marked = _values(tree, "//time[@pubdate]/@datetime | //time[contains(@class, 'publish') or contains(@class, 'entry-date')]/@datetime")
    return marked or [*islice(_within_head(tree), 20)] or _alone(_values(tree, "//time/@datetime"))


def _within_head(tree: Any) -> Iterator[str]:
    """Yield the dates in a header that is the article's or holds a headline, and those in what stands beside the first headline.

    Walked step by step: in a path of the parser's, each of a hundred thousand elements beside a headline would be held against all others.
    """
    first = next(tree.iter("h1"), None)
    beside = first.getparent() if first is not None else None
    headed = {header for headline in tree.iter("h1") for header in headline.iterancestors("header")}
    behind = False
    for element in tree.iter("h1", "time"):
        behind = behind or element is first
        if element.tag == "time" and (date := (element.get("datetime") or "").strip()):
            above = list(element.iterancestors())
            outer = [number for number, holder in enumerate(above) if holder.tag == "header"]
            of_article = any(holder.tag == "article" for holder in above[outer[0] + 1 :]) if outer else False
            if of_article or any(above[number] in headed for number in outer) or (behind and beside is not None and beside in above[1:]):
                yield date


def _alone(values: list[str]) -> list[str]:
    return values if len({parse_date(value) for value in values}) == 1 else []


def _address(tree: Any, meta: dict[str, list[str]], node: dict[str, Any]) -> str | None:
    """Return the page's own address."""
    said = [
        *_values(tree, "//link[@rel='canonical']/@href"),
        *_all(meta, ("og:url",)),
        *_texts(node.get("url")),
        *_texts(node.get("mainEntityOfPage")),
    ]
    return next((address for address in said if re.match(r"https?://[^\s/]+", address, re.IGNORECASE)), None)

"""`python -m eval.experiments.pages DATA_DIR`: the main text and metadata of real web pages, against their gold texts and their own word.

The texts are scored as the article extraction benchmark of Scrapinghub scores them: runs of four words, precision and recall
of each page, their means over the pages, and F1 of the two means. What a page states of its title and date is read here by
the standard library's parser alone, so that the two readings share no code.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import gzip
import html
import html.parser
import json
import logging
import re
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from index import Article, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

#: Words of a run.
RUN = 4

#: Pages are dealt to so many parts in the order of their names, so that a setting that suits a few of them shows.
FOLDS = 5

#: F1 of others on all 181 pages of the benchmark, as published there; the pages measured here are 102 of them.
PUBLISHED = {"trafilatura 2.0": 0.958, "newspaper4k": 0.949, "readability-lxml": 0.922, "BeautifulSoup get_text": 0.665}


class Found(NamedTuple):
    """Shares of the runs of both texts together: in both, in ours alone, in the gold text alone."""

    both: float
    ours: float
    gold: float


def compare(gold: str, ours: str) -> Found:
    """Compare two texts by their runs of words, each counted as often as it stands there."""
    wanted, found = _runs(gold), _runs(ours)
    both = (wanted & found).total()
    counts = (both, found.total() - both, wanted.total() - both)
    whole = sum(counts) or 1
    return Found(*(count / whole for count in counts))


def score(found: Sequence[Found]) -> tuple[float, float, float]:
    """Return F1, precision and recall over pages; one with nothing found has no precision, one with no text no recall."""
    precision = statistics.mean(page.both / (page.both + page.ours) for page in found if page.both + page.ours)
    recall = statistics.mean(page.both / (page.both + page.gold) for page in found if page.both + page.gold)
    return 2 * precision * recall / (precision + recall), precision, recall


def _runs(text: str) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", text)
    return Counter(run for start in range(max(1, len(words) - RUN + 1)) if (run := tuple(words[start : start + RUN])))


class _Reader(html.parser.HTMLParser):
    """Collects what a page states: titles that it gives itself, and days on which it says that it was published."""

    def __init__(self) -> None:
        super().__init__()
        self.titles: list[str] = []
        self.sites: list[str] = []
        self.days: list[str] = []
        self._within: str | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = (given.get("property") or given.get("name") or "").lower()
        if tag == "meta" and name in ("og:title", "twitter:title"):
            self.titles.append(given.get("content", ""))
        if tag == "meta" and name == "og:site_name":
            self.sites.append(given.get("content", ""))
        if name in ("article:published_time", "og:published_time", "parsely-pub-date") or given.get("itemprop") == "datePublished":
            self.days += _days(given.get("content") or given.get("datetime") or "")
        if tag == "h1" or (tag == "script" and given.get("type") == "application/ld+json"):
            self._within, self._text = tag, ""

    def handle_data(self, data: str) -> None:
        if self._within:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag != self._within:
            return
        self._within = None
        if tag == "h1":
            self.titles.append(self._text)
            return
        try:
            held = json.loads(self._text, strict=False)
        except ValueError:
            return
        for node in _articles(held):
            self.titles.append(str(node.get("headline", "")))
            self.days += _days(str(node.get("datePublished", "")))


def _articles(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from _articles(item)
    elif isinstance(value, dict):
        if str(value.get("@type")).endswith(("Article", "Posting", "MedicalWebPage")):
            yield value
        yield from _articles(value.get("@graph"))


def _days(text: str) -> list[str]:
    """Return the day that a machine-readable date names, if it is one."""
    try:
        day = dt.datetime.fromisoformat(text.strip()).date()
        return [day.isoformat()] if day.year > 1 else []  # a field left at its zero
    except ValueError:
        pass
    try:
        return [email.utils.parsedate_to_datetime(text).date().isoformat()]
    except ValueError:
        return []


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, html.unescape(text).casefold()))


def title_found(stated: Iterable[str], sites: Iterable[str], ours: str | None) -> bool:
    """Say whether a title is one of those that the page states, with or without the site's name behind it."""
    around = {_letters(site) for site in sites}
    wanted = {_letters(title) for title in stated} - {""}
    mine = _letters(ours or "")
    return mine not in around | {""} and (mine in wanted or any(f"{mine}{site}" in wanted for site in around))


class Page(NamedTuple):
    """A page of the benchmark."""

    key: str
    data: bytes
    gold: str


def pages(folder: Path) -> list[Page]:
    """Return the pages of the benchmark with their gold texts, by name."""
    gold = json.loads((folder / "ground-truth.json").read_text(encoding="utf-8"))
    return [Page(key, gzip.decompress((folder / "html" / f"{key}.html.gz").read_bytes()), gold[key]["articleBody"]) for key in sorted(gold)]


def read_all(given: Sequence[Page]) -> dict[str, Article]:
    """Return what becomes of the pages when they are added as files of a folder; one that is refused is missing."""
    with tempfile.TemporaryDirectory() as name:
        for page in given:
            (Path(name) / f"{page.key}.html").write_bytes(page.data)
        articles = [article for article in read(Path(name)) if isinstance(article, Article)]
    return {Path(article.path or "").stem: article for article in articles}


def stated_found(given: Sequence[Page], articles: dict[str, Article]) -> tuple[list[bool], list[bool]]:
    """Say of each page that states its title whether it was found, and the same of dates."""
    titles, dates = [], []
    for page in given:
        said = _Reader()
        said.feed(page.data.decode())
        article = articles.get(page.key)
        if any(map(_letters, said.titles)):
            titles.append(article is not None and title_found(said.titles, said.sites, article.title))
        if said.days:
            dates.append(article is not None and article.published in said.days)
    return titles, dates


def _plain_trafilatura(**settings: Any) -> Callable[[str], str | None]:
    import trafilatura

    return lambda markup: trafilatura.extract(markup, include_comments=False, **settings)


def _newspaper4k() -> Callable[[str], str | None]:
    import newspaper

    def text(markup: str) -> str | None:
        article = newspaper.Article("http://localhost/")
        article.download(input_html=markup)
        article.parse()
        return str(article.text)

    return text


def _readability() -> Callable[[str], str | None]:
    import lxml.html
    import readability

    return lambda markup: "\n".join(lxml.html.fromstring(readability.Document(markup).summary()).itertext())


def _resiliparse() -> Callable[[str], str | None]:
    from resiliparse.extract.html2text import extract_plain_text

    return lambda markup: extract_plain_text(markup, main_content=True, alt_texts=False, comments=False)


#: Each as it comes; those that are not installed are passed over.
CANDIDATES: dict[str, Callable[[], Callable[[str], str | None]]] = {
    "trafilatura": _plain_trafilatura,
    "trafilatura, favor_precision": partial(_plain_trafilatura, favor_precision=True),
    "trafilatura, favor_recall": partial(_plain_trafilatura, favor_recall=True),
    "trafilatura, fast": partial(_plain_trafilatura, fast=True),
    "trafilatura, fast, favor_recall": partial(_plain_trafilatura, fast=True, favor_recall=True),
    "trafilatura, without tables": partial(_plain_trafilatura, include_tables=False),
    "newspaper4k": _newspaper4k,
    "readability-lxml": _readability,
    "resiliparse": _resiliparse,
}

#: A page that takes longer counts as one in which nothing is found.
PATIENCE = 20


class _TooLongError(BaseException):
    """Raised in what takes too long; no library's own `except Exception` swallows it."""


def _patiently(extract: Callable[[str], str | None], markup: str) -> str:
    """Return what an extractor finds; nothing where it fails or takes too long."""

    def interrupt(*_: object) -> None:
        raise _TooLongError

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.alarm(PATIENCE)
    try:
        return extract(markup) or ""
    except (Exception, _TooLongError):  # noqa: BLE001
        return ""
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _row(name: str, found: Sequence[Found], seconds: float) -> str:
    f1, precision, recall = score(found)
    parts = " / ".join(f"{score(found[part::FOLDS])[0]:.3f}" for part in range(FOLDS))
    return f"| {name} | {f1:.3f} | {precision:.3f} | {recall:.3f} | {parts} | {1000 * seconds / len(found):.0f} |"


def main(arguments: Sequence[str]) -> int:
    """Print the tables for the data in the first argument; `--ours` leaves the other extractors out. Return the exit status."""
    folder = Path(arguments[0], "html_articles") if arguments else Path()
    if not arguments or not folder.is_dir():
        print("expected the folder of the public sets: python -m eval.experiments.pages DATA_DIR [--ours]", file=sys.stderr)
        return 2
    logging.disable()
    given = pages(folder)
    print("| | F1 | precision | recall | F1 of each fifth | ms a page |\n|---|---|---|---|---|---|")
    started = time.perf_counter()
    articles = read_all(given)
    texts = {key: article.text for key, article in articles.items()}
    print(_row("ours", [compare(page.gold, texts.get(page.key, "")) for page in given], time.perf_counter() - started), flush=True)
    for name, load in {} if "--ours" in arguments else CANDIDATES.items():
        try:
            extract = load()
        except ImportError as error:
            print(f"{name}: passed over, {error}", file=sys.stderr)
            continue
        started = time.perf_counter()
        found = [compare(page.gold, _patiently(extract, page.data.decode())) for page in given]
        print(_row(name, found, time.perf_counter() - started), flush=True)
    titles, dates = stated_found(given, articles)
    print(f"\ntitle found: {sum(titles)} of {len(titles)} that state one; date found: {sum(dates)} of {len(dates)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

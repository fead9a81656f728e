"""Where the evidence of a question stands in an index: spans of its articles, and the passages that hold them.

Knows nothing of what was answered, and of measures.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from .run import Gold, GoldSpan, Place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from index import View

    from .dataset import Evidence, Example

#: A quote without an article is looked for in so many passages that share its words.
_SOUGHT = 20

#: A quote that stands in more places than this says nothing of them; the first are kept.
_PLACES = 50

#: Longer quotes are looked for by these many first characters: enough words to find their article.
_QUERY_CHARACTERS = 1000


def locate(view: View, example: Example) -> Gold:
    """Return where the evidence of `example` stands, each quote wherever it occurs, whatever the white space between its words."""
    located: list[list[GoldSpan]] = []
    unfound = [article for article in sorted(example.relevant) if view.article_row(article) is None]
    for one in example.evidence:
        found = _located(view, one)
        if found:
            located.append(found)
        elif one.quote is not None or one.start is not None:
            unfound.append(one.quote or f"{one.article_id} {one.start}:{one.end}")
    spans = _merged(places[0] for places in located)
    places = [tuple(Place(one, tuple(_holders(view, one))) for one in (span, *_elsewhere(span, located))) for span in spans]
    return Gold(
        spans=tuple(spans),
        passages=tuple(dict.fromkeys(passage for each in places for place in each for passage in place.passages)),
        texts=tuple(_text(view, span) for span in spans),
        unfound=tuple(dict.fromkeys(unfound)),
        places=tuple(places) if any(len(each) > 1 for each in places) else (),
    )


def _elsewhere(span: GoldSpan, located: Iterable[list[GoldSpan]]) -> list[GoldSpan]:
    """Return the other places of the quotes that make up at least half of `span`."""
    others: set[GoldSpan] = set()
    for first, *rest in located:
        within = first.article_id == span.article_id and span.start <= first.start and first.end <= span.end
        if within and 2 * (first.end - first.start) >= span.end - span.start:
            others.update(one for one in rest if one.article_id != span.article_id or one.end <= span.start or span.end <= one.start)
    return sorted(others)


def _text(view: View, span: GoldSpan) -> str:
    row = view.article_row(span.article_id)
    return "" if row is None else view.article(row).text[span.start : span.end]


def _located(view: View, evidence: Evidence) -> list[GoldSpan]:
    """Return the places of one piece of evidence, the first one first; none where it is an article alone, or not there."""
    if evidence.quote is None and evidence.start is None:
        return []
    if evidence.article_id is None:
        return _anywhere(view, evidence.quote or "")
    row = view.article_row(evidence.article_id)
    if row is None:
        return []
    text = view.article(row).text
    if evidence.start is not None and evidence.end is not None:
        fits = 0 <= evidence.start < evidence.end <= len(text)
        if fits and (evidence.quote is None or text[evidence.start : evidence.end] == evidence.quote):
            return [GoldSpan(evidence.article_id, evidence.start, evidence.end)]
    return _quoted(evidence.article_id, text, evidence.quote or "")


def _anywhere(view: View, quote: str) -> list[GoldSpan]:
    """Return where `quote` stands in the articles whose passages share most of its words."""
    rows = view.lexical(quote[:_QUERY_CHARACTERS], _SOUGHT).rows.tolist()
    found: list[GoldSpan] = []
    for article in dict.fromkeys(passage.article for passage in view.passages(rows)):
        found += _quoted(view.record(article)["id"], view.article(article).text, quote)
    return found[:_PLACES]


def _quoted(article_id: str, text: str, quote: str) -> list[GoldSpan]:
    """Return where `quote` stands in `text`: as it is written, or else with other white space between its words."""
    words = quote.split()
    if not words:
        return []
    exact = quote if quote in text else None
    pattern = re.escape(exact) if exact else r"\s+".join(map(re.escape, words))
    return [GoldSpan(article_id, *found.span()) for found in islice(re.finditer(pattern, text), _PLACES)]


def _merged(spans: Iterable[GoldSpan]) -> list[GoldSpan]:
    """Return the spans in order, those that overlap as one: several annotators' words on the same place are one piece of evidence."""
    merged: list[GoldSpan] = []
    for span in sorted(set(spans)):
        last = merged[-1] if merged else None
        if last and last.article_id == span.article_id and span.start < last.end:
            merged[-1] = last._replace(end=max(last.end, span.end))
        else:
            merged.append(span)
    return merged


def _holders(view: View, span: GoldSpan) -> list[str]:
    """Return the ids of the passages that hold at least half of `span`, or more of it than any other does."""
    row = view.article_row(span.article_id)
    if row is None:
        return []
    shared = {one.ordinal: min(one.end, span.end) - max(one.start, span.start) for one in view.article_passages(row)}
    most = max(shared.values(), default=0)
    enough = max(1, min(most, (span.end - span.start + 1) // 2))
    return [f"{span.article_id}:{ordinal}" for ordinal, characters in shared.items() if characters >= enough]

"""What is known of where a question's evidence stands, and whether a citation or a hit bears it.

Article by article the finest that is known decides: its spans of evidence, else that it bears on the question. Knows nothing of measures.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from .stretches import common, overlaps

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rag import Citation, Hit

    from ..dataset import Example
    from ..run import GoldSpan, Row
    from .stretches import Stretch


class Basis(Enum):
    """By what it is decided whether a citation is right."""

    EVIDENCE = auto()
    """The characters of the evidence, and the articles that are known to bear on the question."""
    NOT_INDEXED = auto()
    """Evidence is known, but the index that was asked has none of it: nothing can be decided."""
    NOTHING = auto()
    """No evidence is known."""


def basis(row: Row) -> Basis:
    """Return what is known of where the evidence of `row` stands."""
    if row.gold.spans or articles(row):
        return Basis.EVIDENCE
    return Basis.NOT_INDEXED if row.gold.unfound or row.example.relevant else Basis.NOTHING


def articles(row: Row) -> frozenset[str]:
    """Return the ids of the articles that are known to bear on the question, without those that the index is known not to have."""
    named = {one.article_id for one in row.example.evidence if one.article_id is not None}
    return (row.example.relevant | named).difference(row.gold.unfound)


def whole(row: Row) -> frozenset[str]:
    """Return the ids of the articles that bear on the question without a known span: any place in them is as good as another."""
    return articles(row).difference(place.article_id for places in row.gold.stands for place in places)


def answerable(example: Example) -> bool | None:
    """Say whether the question has an answer in the articles: as its set says, else yes where an answer or evidence is known."""
    if example.answerable is not None:
        return example.answerable
    return True if example.answers or example.evidence or example.relevant else None


def bears(one: Citation | Hit, row: Row) -> bool:
    """Say whether a citation or a hit bears any of the evidence: false where none is known."""
    return points(one, row) or bool(whole(row) & {one.article_id, *one.also_in})


def points(one: Citation | Hit, row: Row) -> bool:
    """Say whether a citation or a hit bears characters that are known to be evidence."""
    return any(reaches(one, places, row.example) for places in row.gold.stands)


def reaches(one: Citation | Hit, places: Iterable[GoldSpan], example: Example) -> bool:
    """Say whether a citation or a hit shares at least half the shorter one's characters with one of `places`, itself or in a copy.

    In a copy of its article the words decide where the evidence quotes them, since what stands before them may differ; else the
    offsets do, which are the same in a faithful copy.
    """
    return any(_reaches(one, span, example) for span in places)


def nearest(row: Row, stretches: Sequence[Stretch]) -> list[GoldSpan]:
    """Return the place of each span of evidence that shares most characters with `stretches`, none of which overlaps another."""
    return [max(places, key=lambda place: common([place], stretches)) for places in row.gold.stands]


def _reaches(one: Citation | Hit, span: GoldSpan, example: Example) -> bool:
    if one.article_id == span.article_id:
        return overlaps((one.article_id, one.start, one.end), span)
    if span.article_id not in one.also_in:
        return False
    quotes = [known.quote for known in example.evidence if known.quote and known.article_id in {None, span.article_id}]
    text = _squeezed(one.quote if hasattr(one, "quote") else one.text)
    if quotes and text:
        return any(quote in text or text in quote for quote in map(_squeezed, quotes) if quote)
    return overlaps((span.article_id, one.start, one.end), span)


def _squeezed(text: str) -> str:
    return " ".join(text.split())

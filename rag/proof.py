"""Which sentences of the passages found prove a claim, if any do: the fewest that hold what its words, figures and names share with them.

Knows nothing of whether they do prove it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .evidence import MAX_CHARACTERS, share
from .facts import missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from index import Span, View

    from .retrieve import Found

#: A proof consists of so many sentences at most.
_MOST = 4

#: A further sentence has to hold so much of what the proof lacks: of the claim's rare words, as a share.
_ADDS = 0.08

#: A figure, date or name counts as much as this share of the words.
_FACT = 0.3


class Quote(NamedTuple):
    """Words of a passage that was found: characters of its article."""

    found: Found
    span: Span

    def text(self, view: View) -> str:
        """Return the words."""
        return self.span.of(view.article(self.found.passage.article).text)


def proof(view: View, claim: str, passages: Sequence[Found], terms: Mapping[str, float]) -> tuple[Quote, ...]:
    """Return the quotes in reading order, passage by passage; `terms` are the claim's, each with its rarity."""
    quotes = [quote for one in passages for quote in _citable(view, one)]
    held = {quote: frozenset(view.terms(quote.text(view))) & terms.keys() for quote in quotes}
    stated = set(missing(claim, ""))
    states = {quote: stated.difference(missing(claim, quote.text(view))) for quote in quotes} if stated else {}
    chosen: list[Quote] = []
    covered: set[str] = set()
    told: set[str] = set()
    while len(chosen) < _MOST:
        gains = {
            place: share(held[quote] - covered, terms) + _FACT * len(states.get(quote, set()) - told)
            for place, quote in enumerate(quotes)
            if quote not in chosen
        }
        best = max(gains, key=lambda place: gains[place], default=None)
        if best is None or (chosen and gains[best] < _ADDS):
            break
        chosen.append(quotes[best])
        covered |= held[quotes[best]]
        told |= states.get(quotes[best], set())
    return tuple(quote for quote in quotes if quote in chosen)


def joined(view: View, quotes: Iterable[Quote]) -> str:
    """Return the words of quotes, one after the other."""
    return " ".join(quote.text(view) for quote in quotes)


def _citable(view: View, one: Found) -> list[Quote]:
    marks = view.article(one.passage.article).marks()
    return [
        Quote(one, span)
        for span in view.sentences(one.passage.article)
        if span.start < one.hit.end and one.hit.start < span.end and not marks.touch(span) and span.end - span.start <= MAX_CHARACTERS
    ]

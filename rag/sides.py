"""How an answer tells that articles disagree: a sentence of each side, cited, the newest first, and in plain words what differs.

An answer in a model's own words gets the sides that it leaves out, from the articles. Knows nothing of how a disagreement is found.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .answer import Conflict, Difference, Side
from .compose import Chosen, shown, standing_alone
from .values import Sort

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index import Span, View

    from .answer import Answer, AnswerSentence, Citation
    from .conflicts import Statement


@dataclass(frozen=True, slots=True)
class Told:
    """One of the sides of a disagreement, with the sentences that are shown for it."""

    value: str
    chosen: tuple[Chosen, ...]

    @property
    def found(self) -> tuple[str | None, str | None, str]:
        """Return source, date and id of the article that its first sentence is of."""
        hit = self.chosen[0].evidence.found.hit
        return hit.source, hit.published, hit.article_id


def sides_told(view: View, sides: Sequence[Sequence[Statement]]) -> list[Told]:
    """Return the sides that can be shown by sentences that stand alone, the newest first; none where fewer than two can."""
    told = []
    for side in sides:
        every = [(one, standing_alone(view, one.evidence)) for one in side]
        able = [(one, Chosen(one.evidence, spans)) for one, spans in every if spans]
        if able:
            dated = sorted(able, key=lambda pair: pair[0].evidence.found.hit.published or "", reverse=True)
            told.append(Told(_words(dated[0][0]), tuple(chosen for _, chosen in dated)))
    ordered = sorted(told, key=lambda one: one.found[1] or "", reverse=True)
    return ordered if len(ordered) > 1 else []


def _words(statement: Statement) -> str:
    value = statement.value
    if value.sort is Sort.DECISION:
        return "no" if value.denied else "yes"
    return shown(value.words)


def beside(chosen: Sequence[Chosen], told: Sequence[Told]) -> list[Chosen]:
    """Return the sentences of all sides in their order, and then the others that were chosen."""
    sides = [one for side in told for one in side.chosen]
    known = {_place(one) for one in sides}
    return [*sides, *(one for one in chosen if _place(one) not in known)]


def conflict_of(view: View, told: Sequence[Told], citations: Sequence[Citation]) -> Conflict:
    """Return what the sides say, each with the numbers of its citations."""
    sides = []
    for side in told:
        places = {(view.record(row)["id"], span.start, span.end) for row, span in map(_place, side.chosen)}
        numbers = tuple(one.n for one in citations if (one.article_id, one.start, one.end) in places)
        source, published, _ = side.found
        sides.append(Side(value=side.value, citations=numbers, source=source, published=published))
    return Conflict(kind=_kind(told), sides=tuple(sides))


def _kind(told: Sequence[Told]) -> Difference:
    """Return whether one source corrected itself: it says another thing on each of several days, in articles of their own."""
    sources = {(side.found[0] or "").casefold() for side in told}
    dates = [side.found[1] for side in told]
    articles = {side.found[2] for side in told}
    one_source = len(sources) == 1 and "" not in sources
    in_turn = None not in dates and len(set(dates)) == len(told) == len(articles)
    return Difference.UPDATE if one_source and in_turn else Difference.CONFLICT


def difference_in_words(conflict: Conflict, citations: Sequence[Citation]) -> str:
    """Return in a sentence what differs; `citations` are those of the answer."""
    newest, *others = conflict.sides
    if conflict.kind is Difference.UPDATE:
        earlier = "; ".join(f"{one.value} ({one.published})" for one in others)
        return f"An update by {newest.source}: {newest.value} ({newest.published}); earlier it said {earlier}."
    sides = "; ".join(_side_in_words(one) for one in conflict.sides)
    numbers = {n for side in conflict.sides for n in side.citations}
    articles = {one.article_id for one in citations if one.n in numbers}
    return f"One article says different things: {sides}." if len(articles) == 1 else f"The articles disagree: {sides}."


def _side_in_words(side: Side) -> str:
    said = ", ".join(filter(None, (side.source, side.published or "undated")))
    return f"{side.value} ({said}) {''.join(f'[{n}]' for n in side.citations)}".strip()


def short_of(conflict: Conflict) -> str:
    """Return the short answer where articles disagree: what the newest says of an update, else all that they say."""
    if conflict.kind is Difference.UPDATE:
        return conflict.sides[0].value
    return " or ".join(dict.fromkeys(side.value for side in conflict.sides))


def completed(
    sentences: Sequence[AnswerSentence], citations: Sequence[Citation], quoted: Answer
) -> tuple[tuple[AnswerSentence, ...], tuple[Citation, ...], Conflict | None]:
    """Return an answer in a model's words with the sides of a disagreement that it does not cite added, as they are `quoted`."""
    if quoted.conflict is None:
        return tuple(sentences), tuple(citations), None
    said, cited, sides = list(sentences), list(citations), []
    by_number = {one.n: one for one in quoted.citations}
    for side in quoted.conflict.sides:
        numbers = []
        for number in side.citations:
            proof = by_number[number]
            known = next((one for one in cited if _overlap(one, proof)), None)
            if known is None:
                known = replace(proof, n=len(cited) + 1)
                cited.append(known)
                said += [replace(one, citations=(known.n,)) for one in quoted.sentences if one.citations == (number,)]
            numbers.append(known.n)
        sides.append(replace(side, citations=tuple(dict.fromkeys(numbers))))
    return tuple(said), tuple(cited), replace(quoted.conflict, sides=tuple(sides))


def _overlap(one: Citation, other: Citation) -> bool:
    return one.article_id == other.article_id and one.start < other.end and other.start < one.end


def _place(one: Chosen) -> tuple[int, Span]:
    return one.evidence.found.passage.article, one.evidence.span

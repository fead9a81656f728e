"""Evidence for each part of a question, and one answer of the best sentences of them all.

A question among several is answered or not; a comparison only where each of its sides is borne out, since no side decides it alone. Knows
nothing of how a question was taken apart, and of when an answer may be shown.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from .answer import AnswerPart
from .compose import Chosen, choose, compose, short_answer, standing_alone
from .evidence import question_terms, weigh
from .kinds import Kind, kind_of
from .preference import Preference
from .silence import confidence, side_confidence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from index import ArticleFilter, View

    from .answer import AnswerSentence, Citation
    from .evidence import Evidence
    from .parts import Part, Parts
    from .retrieve import Found, Retriever

#: A model that writes is shown so many passages for all parts together.
MOST_PASSAGES = 12


#: Beside the article that fits a side of a comparison best, one more speaks for it where its passage's score is this close.
AS_GOOD = 0.15

_ARTICLES_A_SIDE = 2


class Gathered(NamedTuple):
    """What was found for a question or a part of it, and what that is worth."""

    part: Part
    found: Sequence[Found]
    evidence: Sequence[Evidence]
    sure: float
    kind: Kind


class Several(NamedTuple):
    """The answers to the parts as one; no sentences where none may be shown."""

    sentences: tuple[AnswerSentence, ...]
    citations: tuple[Citation, ...]
    parts: tuple[AnswerPart, ...]
    short_answer: str | None
    notes: tuple[str, ...]
    """What keeps a comparison from an answer."""


def gather(view: View, retriever: Retriever, parts: Parts, k: int, only: ArticleFilter | None, whole: Gathered) -> tuple[Gathered, ...]:
    """Return the evidence for each part, from the `k` passages that fit it best; that of the `whole` question is known."""
    return tuple(
        _side(view, retriever, part, k, only)
        if part.side
        else whole._replace(part=part)
        if part.standalone == whole.part.standalone
        else _question(view, retriever, part, k, only)
        for part in parts.parts
    )


def _question(view: View, retriever: Retriever, part: Part, k: int, only: ArticleFilter | None) -> Gathered:
    found = retriever.retrieve(view, part.standalone, k, only=only)
    evidence = weigh(view, part.standalone, [one for one in found if one.reading] or found)
    return Gathered(part, found, evidence, round(confidence(evidence), 4), kind_of(part.standalone))


def _side(view: View, retriever: Retriever, part: Part, k: int, only: ArticleFilter | None) -> Gathered:
    """Return the evidence for a side, that of the passage that fits best first; the source and the day that it names are preferred.

    Nobody reads: readers look for what answers a question, and a side says what was written. Of the sentences of the right article search
    scores choose the right one more often (docs/decisions/0012-several-questions.md).
    """
    preference = Preference(part.text)
    found = retriever.unread(view, part.standalone, k, only=only, prefer=preference)
    evidence = sorted(weigh(view, part.standalone, found), key=lambda one: one.found.hit.rank)
    named = bool(evidence) and preference(evidence[0].found.hit) > 0
    return Gathered(part, found, evidence, round(side_confidence(evidence, named=named), 4), Kind.FACT)


def passages(gathered: Iterable[Gathered]) -> list[Found]:
    """Return the passages found for all parts, the best of each first, each once."""
    ranked = sorted((one for each in gathered for one in each.found), key=lambda one: one.hit.rank)
    return list({one.hit.passage_id: one for one in ranked}.values())[:MOST_PASSAGES]


def answered(view: View, gathered: Sequence[Gathered], compared: bool, shown: Callable[[Gathered], bool]) -> Several:
    """Return the best sentences of each part of which an answer may be `shown`; of a comparison only where that holds for every side."""
    chosen = [_chosen(view, one) if shown(one) else [] for one in gathered]
    lacking = [one.part.text for one, best in zip(gathered, chosen, strict=True) if compared and not best]
    if lacking:
        chosen = [[] for _ in gathered]
    shorts = [short_answer(view, best, one.kind) for one, best in zip(gathered, chosen, strict=True) if best]
    sentences, citations, places = _one_after_another(view, chosen)
    return Several(
        sentences,
        citations,
        tuple(AnswerPart(one.part.text, tuple(at)) for one, at in zip(gathered, places, strict=True)),
        None if compared or not all(shorts) or len({*shorts}) < len(gathered) else "; ".join(filter(None, shorts)),
        tuple(f"No passage bears out enough of this part: {text}" for text in lacking),
    )


def _chosen(view: View, one: Gathered) -> list[Chosen]:
    if not one.part.side:
        return choose(view, one.evidence, question_terms(view, one.part.standalone), one.kind)
    chosen: dict[int, Chosen] = {}
    for each in one.evidence:
        article, spans = each.found.passage.article, standing_alone(view, each, titled=True)
        near = each.found.hit.score >= one.evidence[0].found.hit.score - AS_GOOD
        new = not any(view.one_story(article, other) for other in chosen)
        if spans and near and new and len(chosen) < _ARTICLES_A_SIDE:
            chosen[article] = Chosen(each, spans)
    return list(chosen.values())


def _one_after_another(
    view: View, chosen: Iterable[Sequence[Chosen]]
) -> tuple[tuple[AnswerSentence, ...], tuple[Citation, ...], list[list[int]]]:
    """Return the sentences chosen for the parts in their order, each once, their citations, and the places of each part's sentences."""
    sentences: list[AnswerSentence] = []
    citations: list[Citation] = []
    places = []
    for best in chosen:
        at = []
        for sentence, citation in zip(*compose(view, best), strict=True):
            place = next((n for n, known in enumerate(citations) if known.cites_the_same(citation)), len(sentences))
            if place == len(sentences):
                sentences.append(replace(sentence, citations=(place + 1,)))
                citations.append(replace(citation, n=place + 1))
            at.append(place)
        places.append(at)
    return tuple(sentences), tuple(citations), places


def told(gathered: Sequence[Gathered], sentences: Sequence[AnswerSentence], citations: Sequence[Citation]) -> tuple[AnswerPart, ...]:
    """Return the part that each sentence of somebody else's answers: the one for which what it cites weighs most."""
    cited = {one.n: one for one in citations}
    places: list[list[int]] = [[] for _ in gathered]
    for place, sentence in enumerate(sentences):
        proofs = [cited[n] for n in sentence.citations if n in cited]
        weights = [max((_weight(one, proof) for proof in proofs), default=0.0) for one in gathered]
        if max(weights, default=0.0) > 0:
            places[weights.index(max(weights))].append(place)
    return tuple(AnswerPart(one.part.text, tuple(at)) for one, at in zip(gathered, places, strict=True))


def _weight(one: Gathered, proof: Citation) -> float:
    """Return how well what is cited answers a part, relative to the best for it."""
    within = [
        each.score
        for each in one.evidence
        if each.found.hit.article_id == proof.article_id and each.span.start < proof.end and proof.start < each.span.end
    ]
    return max(within, default=0.0) / max(one.evidence[0].score, 1e-9) if within else 0.0

"""Each sentence against what it cites, before it is shown: which words of the articles prove it, and how far they do.

A sentence is held against the passages that it names and, where these do not support it, against the others that were found. Its figures,
dates and names must stand in the passage. Whether that says what it says is a checker's word; without one it is judged by the words that
claim and proof have in common and by how near their vectors are, strictly. Knows nothing of who wrote it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .evidence import MAX_CHARACTERS, question_terms, share
from .facts import missing
from .odds import probability
from .read import Readable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from index import Span, View

    from .read import Checker
    from .retrieve import Found

#: A sentence is supported from this probability on, and partly from this: where there is a checker, and where there is none.
CHECKED, UNCHECKED = (0.5, 0.3), (0.6, 0.45)

#: Without a checker: the logit of the probability that a proof supports a claim, from the share of the claim's rare words that it has and
#: the cosine of the two; fitted on seeds/claims.jsonl and claims about news (docs/decisions/0010-written-answers.md).
_COVERAGE, _COSINE, _INTERCEPT = 1.17, 4.88, -4.48

#: A proof consists of so many sentences of one passage at most.
_MOST = 4

#: A further sentence has to hold so much of what the proof lacks: of the claim's rare words, as a share.
_ADDS = 0.08

#: A figure, date or name counts as much as this share of the words.
_FACT = 0.3

#: So many of the passages that a sentence does not name are looked at.
_OTHERS = 3


class Verdict(StrEnum):
    """How far the articles prove a sentence."""

    SUPPORTED = "supported"
    PARTLY = "partly"
    UNSUPPORTED = "unsupported"


class Quote(NamedTuple):
    """Words of a passage that was found: characters of its article."""

    found: Found
    span: Span


@dataclass(frozen=True, slots=True)
class Checked:
    """A sentence with its proof."""

    text: str
    verdict: Verdict
    support: float
    """The probability that the quotes support it."""
    quotes: tuple[Quote, ...]
    """In reading order; the nearest words where nothing supports it, and none where nothing is near."""
    reason: str | None = None
    """Why it is not supported, in words."""


def check(view: View, checker: Checker | None, claim: str, named: Sequence[Found], others: Sequence[Found] = ()) -> Checked:
    """Return a claim with its proof from the passages that it names or, where these do not prove it, from the `others`."""
    terms = question_terms(view, claim)
    tried = [_best(view, checker, claim, named, terms)] if named else []
    if others and not (tried and tried[0].verdict is Verdict.SUPPORTED):
        near = sorted(others, key=lambda one: -share(_terms_of(view, one, terms), terms))[:_OTHERS]
        tried.append(_best(view, checker, claim, near, terms))
    return max(
        tried, key=lambda one: (one.verdict is Verdict.SUPPORTED, one.verdict is Verdict.PARTLY, one.support), default=_nothing(claim)
    )


def _nothing(claim: str) -> Checked:
    return Checked(claim, Verdict.UNSUPPORTED, 0.0, (), "it names no passage")


def _best(view: View, checker: Checker | None, claim: str, passages: Sequence[Found], terms: Mapping[str, float]) -> Checked:
    """Return the claim with the best proof that one of the passages has."""
    proofs = [_proof(view, claim, one, terms) for one in passages]
    texts = [
        Readable(one.passage.context, " ".join(quote.span.of(view.article(one.passage.article).text) for quote in proof))
        for one, proof in zip(passages, proofs, strict=True)
    ]
    whole = [Readable(one.passage.context, one.hit.text) for one in passages]
    if checker is None:
        supported, partly = UNCHECKED
        support = _by_words(view, claim, texts, terms)
    else:
        supported, partly = CHECKED
        both = checker.support(claim, [*texts, *whole])
        support = [max(pair) for pair in zip(both[: len(texts)], both[len(texts) :], strict=True)]
    judged = []
    for one, proof, text, sure in zip(passages, proofs, whole, support, strict=True):
        lacking = missing(claim, f"{one.hit.published or ''} {one.hit.source or ''} {text.context} {text.text}")
        verdict = Verdict.SUPPORTED if sure >= supported else Verdict.PARTLY if sure >= partly else Verdict.UNSUPPORTED
        reason = None if verdict is Verdict.SUPPORTED else "its passage does not say so"
        if not proof:
            verdict, reason = Verdict.UNSUPPORTED, "its passage has no words that can be cited"
        elif lacking:
            verdict, reason = Verdict.UNSUPPORTED, f"its passage does not say {', '.join(lacking[:3])}"
        judged.append(Checked(claim, verdict, round(min(sure, partly / 2) if lacking else sure, 4), proof, reason))
    return max(judged, key=lambda one: (one.reason is None, one.support))


def _by_words(view: View, claim: str, texts: Sequence[Readable], terms: Mapping[str, float]) -> list[float]:
    """Return the probability that each text supports a claim, by words and vectors."""
    query, vectors = view.embed_query(claim), view.embed_sentences([text.text for text in texts])
    coverages = [share(frozenset(view.terms(f"{text.text} {text.context}")) & terms.keys(), terms) for text in texts]
    return [
        probability(_INTERCEPT + _COVERAGE * coverage + _COSINE * float(np.dot(vector, query))) if text.text else 0.0
        for text, coverage, vector in zip(texts, coverages, vectors, strict=True)
    ]


def _proof(view: View, claim: str, one: Found, terms: Mapping[str, float]) -> tuple[Quote, ...]:
    """Return the fewest sentences of a passage that hold what the claim's words, figures and dates share with it, in reading order."""
    article, marks = view.article(one.passage.article), view.article(one.passage.article).marks()
    spans = [
        span
        for span in view.sentences(one.passage.article)
        if span.start < one.hit.end and one.hit.start < span.end and not marks.touch(span) and span.end - span.start <= MAX_CHARACTERS
    ]
    held = {span: frozenset(view.terms(span.of(article.text))) & terms.keys() for span in spans}
    stated = set(missing(claim, ""))
    states = {span: stated.difference(missing(claim, span.of(article.text))) for span in spans}
    chosen: list[Span] = []
    covered: set[str] = set()
    told: set[str] = set()
    while len(chosen) < _MOST:
        gains = {span: share(held[span] - covered, terms) + _FACT * len(states[span] - told) for span in spans if span not in chosen}
        best = max(gains, key=lambda span: gains[span], default=None)
        if best is None or (chosen and gains[best] < _ADDS):
            break
        chosen.append(best)
        covered |= held[best]
        told |= states[best]
    return tuple(Quote(one, span) for span in sorted(chosen))


def _terms_of(view: View, one: Found, terms: Mapping[str, float]) -> frozenset[str]:
    return frozenset(view.terms(f"{one.passage.context}\n{one.hit.text}")) & terms.keys()

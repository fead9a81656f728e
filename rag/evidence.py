"""Which sentences of the passages found bear on the question, and how strongly.

Every citable sentence of the best passages is judged by raw scores that mean the same in any collection: the cosine of its vector
with the question's, the share of the question's rare words that it holds, how its passage fits, and whether it holds what the
question asks for (a number, a date, a name). Knows nothing of answers.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .question import without_function_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from index import Span, View

    from .retrieve import Found

#: Only so many sentences are embedded for one question; the others have few of its words.
MAX_EMBEDDED = 24

#: A sentence longer than this, in characters, is no sentence that a reader wants to see quoted.
MAX_CHARACTERS = 700


class Signals(NamedTuple):
    """What is known of how a sentence bears on a question; each higher is better."""

    cosine: float
    """Of the sentence's vector with the question's, -1 to 1."""
    coverage: float
    """The share of the question's terms that the sentence holds, weighted by rarity, 0 to 1."""
    passage_cosine: float
    passage_coverage: float
    """The same two of the passage around it, context line included."""
    fits: float
    """1 when the sentence holds the kind of thing asked for, 0 when not, 0.5 when the question asks for no kind in particular."""


#: How much each signal counts; fitted by `python -m eval.experiments.calibrate` on public question sets (docs/decisions/0005-silence.md).
WEIGHTS = Signals(cosine=1.0, coverage=0.77, passage_cosine=0.83, passage_coverage=0.76, fits=0.24)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence that may answer the question. `score` is comparable between questions; higher is better."""

    found: Found
    place: int
    """Its place among the sentences of its article."""
    span: Span
    text: str
    signals: Signals
    terms: frozenset[str]
    """The question's terms that it holds."""

    @property
    def score(self) -> float:
        """Return the weighted sum of the signals."""
        return sum(weight * signal for weight, signal in zip(WEIGHTS, self.signals, strict=True))


def weigh(view: View, question: str, found: Sequence[Found]) -> list[Evidence]:
    """Return the citable sentences of the passages found, the best evidence first."""
    terms = question_terms(view, question)
    drafts = _drafts(view, found, terms)
    vectors = view.embed_sentences([draft.text for draft in drafts])
    query = view.embed_query(question)
    kind = asked_for(question)
    evidence = []
    for draft, vector in zip(drafts, vectors, strict=True):
        signals = Signals(
            cosine=float(np.dot(vector, query)),
            coverage=_share(draft.terms, terms),
            passage_cosine=draft.found.cosine,
            passage_coverage=_share(draft.passage_terms, terms),
            fits=0.5 if kind is None else float(bool(kind.search(draft.text))),
        )
        evidence.append(Evidence(draft.found, draft.place, draft.span, draft.text, signals, draft.terms))
    return sorted(evidence, key=lambda one: (-one.score, one.found.hit.rank, one.place))


def question_terms(view: View, question: str) -> Mapping[str, float]:
    """Return the terms that say what the question is about, each with its rarity."""
    return view.idf(view.terms(without_function_words(question)))


class _Draft(NamedTuple):
    found: Found
    place: int
    span: Span
    text: str
    terms: frozenset[str]
    passage_terms: frozenset[str]


def _drafts(view: View, found: Sequence[Found], terms: Mapping[str, float]) -> list[_Draft]:
    """Return the sentences worth embedding: those with most of the question's words, from the best passages first."""
    drafts = []
    for one in found:
        article, sentences = view.article(one.passage.article), view.sentences(one.passage.article)
        held = frozenset(view.terms(f"{one.passage.context}\n{one.hit.text}")) & terms.keys()
        marks = article.marks()
        first, end = bisect_left(sentences, (one.hit.start,)), bisect_left(sentences, (one.hit.end,))
        for place, span in enumerate(sentences[first:end], first):
            if span.end > one.hit.end or marks.touch(span):
                continue
            text = span.of(article.text)
            if len(text) <= MAX_CHARACTERS and any(character.isalpha() for character in text):
                drafts.append(_Draft(one, place, span, text, frozenset(view.terms(text)) & terms.keys(), held))
    drafts.sort(key=lambda draft: (-_share(draft.terms, terms) + 0.05 * draft.found.hit.rank, draft.place))
    return drafts[:MAX_EMBEDDED]


def _share(held: frozenset[str], terms: Mapping[str, float]) -> float:
    whole = sum(terms.values())
    return sum(terms[term] for term in sorted(held)) / whole if whole else 0.0


_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?|millions?|billions?|trillions?|half|"
    r"third|quarter|twice|double|none|no)\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\b\d{4}\b|\b\d{1,2}(?:st|nd|rd|th)?\b|\b(?:january|february|march|april|may|june|july|august|september|october|november|december|monday|"
    r"tuesday|wednesday|thursday|friday|saturday|sunday|yesterday|today|tomorrow|week|month|year|decade|century|centuries)s?\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<=[\w,;:’'\"”)] )(?:[“\"'(]?)[A-Z][\w.’'-]*")

_ASKS_NUMBER = re.compile(
    r"\bhow (?:many|much|long|far|large|big|high|old|tall|fast)\b|\bby how\b|"
    r"\bwhat (?:share|percentage|proportion|number|amount|price|figure)\b",
    re.IGNORECASE,
)
_ASKS_TIME = re.compile(r"\b(?:when|since when|until when)\b|\b(?:what|which) (?:year|date|day|month|decade|century)\b", re.IGNORECASE)
_ASKS_NAME = re.compile(
    r"\b(?:who|whom|whose|where)\b|"
    r"\b(?:what|which) (?:company|companies|country|countries|person|minister|president|agency|city|firm|organi[sz]ation)\b",
    re.IGNORECASE,
)
_KINDS = ((_ASKS_NUMBER, _NUMBER), (_ASKS_TIME, _TIME), (_ASKS_NAME, _NAME))


def asked_for(question: str) -> re.Pattern[str] | None:
    """Return the pattern of what the question asks for: a number, a time or a name; None when it asks for something else."""
    return next((kind for asks, kind in _KINDS if asks.search(question)), None)

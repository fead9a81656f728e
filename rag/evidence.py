"""Which sentences of the passages found bear on the question, and how strongly.

Every citable sentence of the best passages is judged by raw scores that mean the same in any collection: the cosine of its vector
with the question's, the share of the question's rare words that it holds, how its passage fits, and whether it holds what the
question asks for (a number, a date, a name). Where a reader has read the passages, its word is weighed too: how likely the answer stands in
this very sentence, and whether other articles give the same one. Knows nothing of answers.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .kinds import asked_for
from .odds import log_odds, probability, weighted
from .words import without_function_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from index import Span, View

    from .read import ReadSpan
    from .retrieve import Found

#: Only so many sentences are embedded for one question; the others have few of its words. Fewer where they were read: the answer is known
#: to stand in one of a few.
MAX_EMBEDDED, MAX_READ_EMBEDDED = 24, 12

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
    answer: float = 0.0
    """By the reader: the log-odds that the answer stands in the sentence. This and what follows is 0 where nobody read the passage."""
    relevance: float = 0.0
    """The log-odds that the passage bears on the question."""
    agreement: float = 0.0
    """The probability that a passage of another article, and no copy of this one, gives the same answer, 0 to 1."""
    behind: float = 0.0
    """How far the passage stands behind the best that was read: the difference of their scores, -1 to 0."""


#: How much each signal counts where nobody reads; fitted by `python -m eval.experiments.calibrate` on public question sets
#: (docs/decisions/0005-silence.md).
WEIGHTS = Signals(cosine=1.0, coverage=0.77, passage_cosine=0.83, passage_coverage=0.76, fits=0.24)

#: How much each counts where passages were read: the logit of the probability that the answer stands in the sentence, fitted by
#: `python -m eval.training.weights` on questions that the reader has not seen (docs/decisions/0009-reader.md). What a reader knows better,
#: the words that a passage shares and the kind of thing asked for, counts nothing. The last two are not fitted: those sets
#: name one article a question; how far a passage stands behind was chosen by hand, on them and on the sample questions.
READ_WEIGHTS = Signals(
    cosine=4.05, coverage=0.27, passage_cosine=2.77, passage_coverage=0, fits=0, answer=0.25, relevance=0.33, agreement=0.5, behind=5
)
READ_INTERCEPT = -5.88


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence that may answer the question."""

    found: Found
    place: int
    """Its place among the sentences of its article."""
    span: Span
    text: str
    signals: Signals
    terms: frozenset[str]
    """The question's terms that it holds."""
    answer: Span | None = None
    """The likeliest answer in it, as characters of the article; None where nobody read it or none begins in it."""

    @property
    def score(self) -> float:
        """Return how well it answers, comparable between questions; higher is better.

        Where its passage was read, the probability that the answer stands in it, 0 to 1; else the weighted sum of the signals.
        """
        if self.found.reading is None:
            return weighted(WEIGHTS, self.signals)
        return probability(READ_INTERCEPT + weighted(READ_WEIGHTS, self.signals))


def weigh(view: View, question: str, found: Sequence[Found]) -> list[Evidence]:
    """Return the citable sentences of the passages found, the best evidence first."""
    terms = question_terms(view, question)
    drafts = _drafts(view, found, terms)
    vectors = view.embed_sentences([draft.text for draft in drafts])
    query = view.embed_query(question)
    kind = asked_for(question)
    said = _Said.by(view, found)
    highest = max((one.hit.score for one in found), default=0.0)
    evidence = []
    for draft, vector in zip(drafts, vectors, strict=True):
        signals = Signals(
            cosine=float(np.dot(vector, query)),
            coverage=share(draft.terms, terms),
            passage_cosine=draft.found.cosine,
            passage_coverage=share(draft.passage_terms, terms),
            fits=0.5 if kind is None else float(bool(kind.search(draft.text))),
        )
        answer = None
        if draft.found.reading is not None:
            answer = draft.inside[0].span if draft.inside else None
            signals = signals._replace(
                answer=log_odds(_held(draft)),
                relevance=log_odds(draft.found.reading.relevance),
                agreement=said.elsewhere(draft.found.passage.article, answer) if answer else 0.0,
                behind=draft.found.hit.score - highest,
            )
        evidence.append(Evidence(draft.found, draft.place, draft.span, draft.text, signals, draft.terms, answer))
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
    inside: tuple[ReadSpan, ...]
    """The reader's answers that begin in it, the likeliest first."""


def _drafts(view: View, found: Sequence[Found], terms: Mapping[str, float]) -> list[_Draft]:
    """Return the sentences worth embedding: those with most of the question's words, from the best passages first."""
    drafts = []
    for one in found:
        article, sentences = view.article(one.passage.article), view.sentences(one.passage.article)
        held = frozenset(view.terms(f"{one.passage.heading}\n{one.hit.text}")) & terms.keys()
        marks = article.marks()
        first, end = bisect_left(sentences, (one.hit.start,)), bisect_left(sentences, (one.hit.end,))
        for place, span in enumerate(sentences[first:end], first):
            if span.end > one.hit.end or marks.touch(span):
                continue
            text = span.of(article.text)
            if len(text) <= MAX_CHARACTERS and any(character.isalpha() for character in text):
                answers = one.reading.answers if one.reading else ()
                inside = tuple(answer for answer in answers if span.start <= answer.span.start < span.end)
                drafts.append(_Draft(one, place, span, text, frozenset(view.terms(text)) & terms.keys(), held, inside))
    drafts.sort(key=lambda draft: (-share(draft.terms, terms) - _held(draft) + 0.05 * draft.found.hit.rank, draft.place))
    return drafts[: MAX_READ_EMBEDDED if found and found[0].reading else MAX_EMBEDDED]


def _held(draft: _Draft) -> float:
    """Return the probability, by the reader, that the answer stands in the sentence."""
    present = 1 - draft.found.reading.no_answer if draft.found.reading else 0.0
    return present * sum(one.probability for one in draft.inside)


def share(held: Iterable[str], terms: Mapping[str, float]) -> float:
    """Return how much of `terms`, weighted by rarity, is among those `held`: 0 to 1."""
    whole = sum(terms.values())
    return sum(terms[term] for term in sorted(held)) / whole if whole else 0.0


class _Said:
    """Which answers the passages give, and in which articles."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._by_words: dict[tuple[str, ...], dict[int, float]] = {}

    @classmethod
    def by(cls, view: View, found: Sequence[Found]) -> _Said:
        """Collect what was read in the passages found."""
        said = cls(view)
        for one in found:
            for answer in one.reading.answers if one.reading else ():
                articles = said._by_words.setdefault(said._words(one.passage.article, answer.span), {})
                sure = (1 - one.reading.no_answer) * answer.probability if one.reading else 0.0
                articles[one.passage.article] = max(sure, articles.get(one.passage.article, 0.0))
        return said

    def elsewhere(self, article: int, answer: Span) -> float:
        """Return how likely another article than this one, and no copy of it, gives the answer that stands there."""
        articles = self._by_words.get(self._words(article, answer), {})
        return max((sure for other, sure in articles.items() if not self._view.one_story(other, article)), default=0.0)

    def _words(self, article: int, answer: Span) -> tuple[str, ...]:
        text = answer.of(self._view.article(article).text)
        return tuple(self._view.terms(text)) or (text,)

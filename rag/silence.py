"""Whether what was found answers the question, or the honest word is that the articles do not say.

Looks at raw scores only: they mean the same in any collection, a fused score does not. Knows nothing of wording.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from .evidence import Signals
from .kinds import Kind, asked_for_in_words
from .odds import log_odds, probability, weighted
from .words import telling_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index import View

    from .evidence import Evidence
    from .retrieve import Found


class Caution(StrEnum):
    """How sure an answer must be to be shown."""

    LOW = "low"
    """Rather an answer that may be wrong than none."""
    NORMAL = "normal"
    HIGH = "high"
    """Rather none than one that may be wrong."""


#: Logistic regression of "the articles answer this question" on the signals of the best evidence, both outcomes weighing the same;
#: fitted by `python -m eval.experiments.calibrate` on public question sets (docs/decisions/0005-silence.md).
INTERCEPT = -4.04
COEFFICIENTS = Signals(cosine=2.91, coverage=1.06, passage_cosine=3.31, passage_coverage=0.04, fits=0.27)

#: The same where passages were read, half of the questions asked without the articles that answer them; fitted by
#: `python -m eval.training.weights` (docs/decisions/0009-reader.md).
READ_INTERCEPT = -4.11
READ_COEFFICIENTS = Signals(cosine=4.07, coverage=0.17, passage_cosine=2.7, passage_coverage=0, fits=0, answer=0.24, relevance=0.09)

#: An answer less probable than this is not shown: at normal caution it withholds one answerable question in ten of those sets.
#: The other two are by judgement.
THRESHOLDS = {Caution.LOW: 0.2, Caution.NORMAL: 0.33, Caution.HIGH: 0.6}

#: The same where passages were read. Of questions of sets that took no part in the fit they withhold 13, 16 and 32 of a hundred that are
#: answerable, and 42, 52 and 76 of a hundred that are not.
READ_THRESHOLDS = {Caution.LOW: 0.1, Caution.NORMAL: 0.15, Caution.HIGH: 0.4}

#: The same for a topic, which is answered by articles that speak of it. Of a hundred topics taken from the titles of the sample articles
#: 96, 90 and 58 are told about, of a hundred from titles of sport and business news 15, 9 and 1.
TOPIC_THRESHOLDS = {Caution.LOW: 0.1, Caution.NORMAL: 0.15, Caution.HIGH: 0.33}

#: What is added to the log-odds of every side of a comparison, and to those of one whose article is the one it names; fitted on the
#: comparison and temporal questions of one half of `multihop`, asked with and without the articles that bear them out
#: (docs/decisions/0012-several-questions.md).
SIDE_INTERCEPT, SIDE_NAMED = -1.34, 2.71


def confidence(evidence: Sequence[Evidence]) -> float:
    """Return the probability that the articles answer the question, from the best evidence; 0 when there is none."""
    if not evidence:
        return 0.0
    best = evidence[0]
    if best.found.reading is None:
        return probability(INTERCEPT + weighted(COEFFICIENTS, best.signals))
    return probability(READ_INTERCEPT + weighted(READ_COEFFICIENTS, best.signals))


def side_confidence(evidence: Sequence[Evidence], *, named: bool) -> float:
    """Return the probability that the articles bear out a side of a comparison, from the best evidence that nobody read.

    `named` says whether its article's source or day is one that the side names; where a side names what is not there, what else
    was found is likely something else.
    """
    if not evidence:
        return 0.0
    return probability(log_odds(confidence(evidence)) + SIDE_INTERCEPT + SIDE_NAMED * named)


def would_answer(view: View, question: str, found: Sequence[Found]) -> str:
    """Return in a sentence what would answer a question that the passages found do not answer: what they lack of it."""
    held = {term for one in found for term in view.terms(f"{one.passage.heading}\n{one.hit.text}")}
    words = dict.fromkeys(word for word in telling_words(question) if (terms := view.terms(word)) and not held & set(terms))
    lacking = " and ".join(filter(None, (", ".join(list(words)[:-1]), *list(words)[-1:])))
    wanted = asked_for_in_words(question)
    parts = [f"speaks of {lacking}" if words else "", f"gives {wanted}" if wanted else ""]
    said = " and ".join(filter(None, parts)) or "says so in so many words"
    return f"What would answer it: a passage that {said}."


def enough(evidence: Sequence[Evidence], sure: float, caution: Caution, kind: Kind = Kind.FACT) -> bool:
    """Say whether an answer of this confidence, to a question of this kind, may be shown."""
    if not evidence:
        return False
    unread = TOPIC_THRESHOLDS if kind is Kind.TOPIC else THRESHOLDS
    return sure >= (unread if evidence[0].found.reading is None else READ_THRESHOLDS)[caution]

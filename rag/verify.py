"""Each sentence against what it cites, before it is shown: which words of the articles prove it, and how far they do.

A sentence is held against the passages that it names, each and all together, and, where these do not support it, against the others that
were found. Its figures, dates, names and quotations must stand in the words that are quoted for it, or in the title, source or date of
their article. Whether these say what it says is weighed: by how much of its words they hold, how near the vectors are, where the two differ
(`rag.twists`) and, where there is a checker, by its word. Knows nothing of who wrote it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .evidence import question_terms, share
from .facts import missing
from .odds import log_odds, probability, weighted
from .proof import Quote, joined, proof
from .read import Readable
from .twists import twists, words_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from index import View

    from .read import Checker
    from .retrieve import Found
    from .twists import Twists


class Signs(NamedTuple):
    """What is known of how quotes support a claim: the first three are higher the better they do, the others speak against it."""

    checked: float
    """By the checker: the log-odds that they support it; 0 without one."""
    coverage: float
    """The share of the claim's terms that they or the title hold, weighted by rarity, 0 to 1."""
    cosine: float
    """Of the vectors of claim and quotes, -1 to 1."""
    turned: float
    """How much of the claim is a copy, where it differs in a negation, a word's opposite or who did it to whom; else 0.

    The next three are alike."""
    widened: float
    """Where it says "all" or "only" and the quotes do not."""
    firmed: float
    """Where the quotes say "may" or "plans to" and it does not."""
    swapped: float
    """Where another term stands in the place of one of the claim's."""


#: How much each counts for the logit of the probability that the quotes support the claim, where there is a checker and where not. Those of
#: coverage and cosine were fitted on claims about the sample articles and about news, all others set by hand by what
#: `python -m eval.training.verdicts` shows (docs/decisions/0010-written-answers.md).
CHECKED = Signs(checked=1, coverage=0, cosine=0, turned=-3, widened=-3, firmed=-1, swapped=-3)
UNCHECKED = Signs(checked=0, coverage=1.17, cosine=4.88, turned=-3, widened=-3, firmed=-1, swapped=-3)
CHECKED_INTERCEPT, UNCHECKED_INTERCEPT = 0.0, -4.48

#: A term that stands so much better than the claim's own is surely swapped.
_SWAPPED = 0.3

#: A sentence is supported from this probability on, and partly from this: where there is a checker, and where there is none.
CHECKED_VERDICTS, UNCHECKED_VERDICTS = (0.5, 0.3), (0.6, 0.45)

#: So many of the passages that a sentence does not name are looked at.
_OTHERS = 3


class Verdict(StrEnum):
    """How far the articles prove a sentence."""

    SUPPORTED = "supported"
    PARTLY = "partly"
    UNSUPPORTED = "unsupported"


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
    tried = [_best(view, checker, claim, _one_by_one_and_together(named), terms)] if named else []
    if others and not (tried and tried[0].verdict is Verdict.SUPPORTED):
        near = sorted(others, key=lambda one: -share(_terms_of(view, one, terms), terms))[:_OTHERS]
        tried.append(_best(view, checker, claim, [[one] for one in near], terms))
    return max(tried, key=lambda one: (_RANK[one.verdict], one.support if _RANK[one.verdict] else 0.0), default=_nothing(claim))


_RANK = {Verdict.UNSUPPORTED: 0, Verdict.PARTLY: 1, Verdict.SUPPORTED: 2}


def hold(view: View, checker: Checker | None, claim: str, passages: Sequence[Found], terms: Mapping[str, float]) -> Held:
    """Return a claim held against what some passages, taken together, have of it; `terms` are the claim's, each with its rarity."""
    quotes = proof(view, claim, passages, terms)
    context, text = " ".join(dict.fromkeys(one.passage.heading for one in passages)), joined(view, quotes)
    readable = [Readable(context, text), *(Readable(one.passage.heading, one.hit.text) for one in passages[: len(passages) == 1])]
    differs = _differs(view, claim, quotes)
    vector, query = view.embed_sentences([text])[0], view.embed_query(claim)
    held = Signs(
        checked=log_odds(max(checker.support(claim, readable))) if checker else 0.0,
        coverage=share(frozenset(view.terms(f"{text} {context}")) & terms.keys(), terms),
        cosine=float(np.dot(vector, query)),
        **_against(differs),
    )
    told = " ".join(f"{one.hit.published or ''} {one.hit.source or ''}" for one in passages)
    return Held(quotes, held, tuple(missing(claim, f"{told} {context} {text}")), differs.reason if differs else None)


class Held(NamedTuple):
    """A claim held against quotes."""

    quotes: tuple[Quote, ...]
    signs: Signs
    lacking: tuple[str, ...]
    """Its figures, dates, names and quotations that do not stand there."""
    difference: str | None
    """Where the two differ, in words."""

    def judged(self, claim: str, *, checked: bool) -> Checked:
        """Return the claim with its verdict."""
        weights, intercept = (CHECKED, CHECKED_INTERCEPT) if checked else (UNCHECKED, UNCHECKED_INTERCEPT)
        supported, partly = CHECKED_VERDICTS if checked else UNCHECKED_VERDICTS
        sure = probability(intercept + weighted(weights, self.signs))
        if not self.quotes:
            return Checked(claim, Verdict.UNSUPPORTED, 0.0, (), "its passage has no words that can be cited")
        if self.lacking:
            reason = f"the words cited for it do not say {', '.join(self.lacking[:3])}"
            return Checked(claim, Verdict.UNSUPPORTED, round(min(sure, partly / 2), 4), self.quotes, reason)
        verdict = Verdict.SUPPORTED if sure >= supported else Verdict.PARTLY if sure >= partly else Verdict.UNSUPPORTED
        doubt = None if verdict is Verdict.SUPPORTED else self.difference or "its passage does not say so"
        return Checked(claim, verdict, round(sure, 4), self.quotes, doubt)


def _nothing(claim: str) -> Checked:
    return Checked(claim, Verdict.UNSUPPORTED, 0.0, (), "it names no passage")


def _one_by_one_and_together(named: Sequence[Found]) -> list[Sequence[Found]]:
    return [*([one] for one in named), *([named] if len(named) > 1 else [])]


def _best(view: View, checker: Checker | None, claim: str, passages: Sequence[Sequence[Found]], terms: Mapping[str, float]) -> Checked:
    """Return the claim with the best proof that one of the groups of passages has; of equally good ones the first."""
    held = [hold(view, checker, claim, group, terms) for group in passages]
    judged = [(one.judged(claim, checked=checker is not None), one.lacking) for one in held]
    return max(judged, key=lambda pair: (_RANK[pair[0].verdict], not pair[1], pair[0].support))[0]


def _against(differs: Twists | None) -> dict[str, float]:
    """Return the signs that speak against a claim, by how it differs from what is quoted."""
    if differs is None:
        return {"turned": 0.0, "widened": 0.0, "firmed": 0.0, "swapped": 0.0}
    return {
        "turned": differs.matched * (differs.negation or differs.opposite or differs.exchanged),
        "widened": differs.matched * differs.universal,
        "firmed": differs.matched * differs.certain,
        "swapped": differs.matched * min(1.0, max(0.0, differs.swap) / _SWAPPED),
    }


def _differs(view: View, claim: str, quotes: Sequence[Quote]) -> Twists | None:
    words, sentences = words_of(claim, view.terms), [words_of(quote.text(view), view.terms) for quote in quotes]
    return twists(words, sentences, view.idf(word.stem for word in words))


def _terms_of(view: View, one: Found, terms: Mapping[str, float]) -> frozenset[str]:
    return frozenset(view.terms(f"{one.passage.heading}\n{one.hit.text}")) & terms.keys()

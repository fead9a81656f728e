"""Measures of what an answer says, against known answers and key points, by words alone.

Knows nothing of what it cites.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..measure import Family, Grade, Kind, Measure
from .outcome import said
from .verdict import Apart, Rule, Verdict
from .wording import best, contains, exact, held, normalised, rouge_l, token_f1

if TYPE_CHECKING:
    from collections.abc import Callable

    from rag import Answer

    from ..run import Row

_SQUAD = "Rajpurkar et al., SQuAD, 2016; the unanswerable: Rajpurkar et al., Know What You Don't Know (SQuAD 2.0), 2018"
_NO_WORDS = Apart("no known answer has a word that could be compared")


def predicted(answer: Answer) -> str:
    """Return what is compared with the known answers: the short answer where there is one, else the sentences; empty on an abstention."""
    return "" if answer.abstained else answer.short_answer or said(answer)


def _squad(compare: Callable[[str, str], float]) -> Callable[[Row], Verdict]:
    """Return the rule of SQuAD 2.0: the best of the known answers, and silence where there is none to give."""

    def judge(row: Row) -> Verdict:
        if row.example.answerable is False:
            return Grade(float(row.answer is not None and not normalised(predicted(row.answer))))
        return _against_answers(row, compare)

    return judge


def _against_answers(row: Row, compare: Callable[[str, str], float]) -> Verdict:
    if row.example.answerable is False or not row.example.answers:
        return None
    golds = [gold for gold in row.example.answers if normalised(gold)]  # the official script leaves the others out, too
    if not golds:
        return _NO_WORDS
    return Grade(0.0 if row.answer is None else best(compare, predicted(row.answer), golds))


def _rouge(row: Row) -> Verdict:
    return _against_answers(row, rouge_l)


def _contained(row: Row) -> Verdict:
    verdict = _against_answers(row, contains)
    if isinstance(verdict, Grade) and row.answer is not None:  # the sentences count beside the short answer
        return Grade(max(verdict.x, best(contains, said(row.answer), row.example.answers)))
    return verdict


def _key_points(row: Row) -> Verdict:
    if row.example.answerable is False or not row.example.key_points:
        return None
    points = [point for point in row.example.key_points if normalised(point)]
    if not points:
        return Apart("no key point has a word that could be looked for")
    if row.answer is None or row.answer.abstained:
        return Grade(0.0)
    text = f"{row.answer.short_answer or ''} {said(row.answer)}"
    return Grade(sum(held(text, point) for point in points) / len(points))


RULES = (
    Rule(
        Measure(
            name="EM",
            family=Family.ANSWER,
            kind=Kind.YES_NO,
            definition="Exact match: the answer is one of the known answers, letter case, ASCII punctuation, English articles and white "
            "space aside; for an unanswerable question, whether there is none.",
            source=_SQUAD,
        ),
        _squad(exact),
    ),
    Rule(
        Measure(
            name="F1",
            family=Family.ANSWER,
            definition="Token F1: the harmonic mean of precision and recall over the words of the answer and of the known answer that it "
            "does best against, normalised as for EM; for an unanswerable question, whether there is no answer.",
            source=_SQUAD,
        ),
        _squad(token_f1),
    ),
    Rule(
        Measure(
            name="ROUGE-L",
            family=Family.ANSWER,
            definition="F1 over the longest common subsequence of the lower-cased, unstemmed words of the answer and of the known answer "
            "that it does best against.",
            source="Lin, ROUGE: A Package for Automatic Evaluation of Summaries, 2004",
        ),
        _rouge,
    ),
    Rule(
        Measure(
            name="contained",
            family=Family.ANSWER,
            kind=Kind.YES_NO,
            definition="Whether the words of a known answer, normalised as for EM, stand in a row in the short answer or the sentences; "
            "yes and no only as the first word of either.",
            source="Asai et al., Self-RAG, 2024, after Mallen et al., When Not to Trust Language Models, 2023 (there by characters)",
        ),
        _contained,
    ),
    Rule(
        Measure(
            name="key_points",
            family=Family.ANSWER,
            definition="Key-point coverage: the mean over the key points of the share of their words, function words aside, that the "
            "answer holds. Lexical: a paraphrase counts only as far as it repeats the words.",
            source="Lin and Demner-Fushman, Automatically Evaluating Answers to Definition Questions (POURPRE), 2005, unweighted and "
            "a key point at a time",
        ),
        _key_points,
    ),
)

"""Measures of conversations: how well a follow-up was put as a question of its own.

How the other measures fare by the depth of the turn is a matter of grouping (`groups`). Knows nothing of answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..measure import Family, Grade, Measure
from .verdict import Apart, Rule, Verdict
from .wording import normalised, rouge_l, token_f1

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..run import Row


def _rewrite(compare: Callable[[str, str], float]) -> Callable[[Row], Verdict]:
    def judge(row: Row) -> Verdict:
        if row.example.rewrite is None or not row.example.history:
            return None
        if not normalised(row.example.rewrite):
            return Apart("the known rewrite has no word that could be compared")
        return Grade(compare(row.answer.standalone_question, row.example.rewrite) if row.answer is not None else 0.0)

    return judge


RULES = (
    Rule(
        Measure(
            name="rewrite_F1",
            family=Family.TURNS,
            definition="Token F1, normalised as for answers, of the standalone question against the known rewrite of a follow-up.",
            source="Vakulenko et al., Question Rewriting for Conversational Question Answering, 2021; the F1 of SQuAD",
        ),
        _rewrite(token_f1),
    ),
    Rule(
        Measure(
            name="rewrite_ROUGE-L",
            family=Family.TURNS,
            definition="ROUGE-L F1, as for answers, of the standalone question against the known rewrite of a follow-up.",
            source="Vakulenko et al., A Wrong Answer or a Wrong Question?, 2020 (there ROUGE-1 recall); Lin, ROUGE, 2004",
        ),
        _rewrite(rouge_l),
    ),
)

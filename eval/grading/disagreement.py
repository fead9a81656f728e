"""Measures of disagreement: whether an answer shows that articles disagree where they do, and only there.

Apply to sets that say of each question whether the articles disagree on its answer: `conflict` in its row. Knows nothing of how a
disagreement is found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag import Difference

from ..measure import Family, Grade, Kind, Measure
from .gold import reaches
from .verdict import Rule, Verdict
from .wording import contains

if TYPE_CHECKING:
    from rag import Answer

    from ..run import Row


def _marked(row: Row) -> bool | None:
    """Say whether the articles disagree on the answer; None where the set does not say."""
    marked = row.example.metadata.get("conflict")
    return marked if isinstance(marked, bool) else None


def _shown(row: Row) -> Verdict:
    if not _marked(row):
        return None
    return Grade(float(row.answer is not None and _shows(row.answer, row)))


def _shows(answer: Answer, row: Row) -> bool:
    """Say whether two sides differ in what they bear: one a known answer, or a place of the evidence, that the other does not."""
    if answer.conflict is None:
        return False
    borne = [_borne(answer, side.citations, row) for side in answer.conflict.sides]
    return any(one and other and one - other and other - one for one in borne for other in borne)


def _borne(answer: Answer, numbers: tuple[int, ...], row: Row) -> set[tuple[str, int]]:
    cited = [citation for citation in answer.citations if citation.n in numbers]
    spans = {("span", place) for place, places in enumerate(row.gold.stands) for one in cited if reaches(one, places, row.example)}
    answers = {("answer", place) for place, known in enumerate(row.example.answers) for one in cited if contains(one.quote, known)}
    return spans | answers


def _false(row: Row) -> Verdict:
    if _marked(row) is not False or row.answer is None or row.answer.abstained:
        return None
    conflict = row.answer.conflict
    return Grade(float(conflict is not None and conflict.kind is Difference.CONFLICT))


RULES = (
    Rule(
        Measure(
            name="conflicts_shown",
            family=Family.ANSWER,
            kind=Kind.YES_NO,
            definition="Whether an answer to a question on which the articles disagree shows so: two of its sides cite each a known answer "
            "or a span of the evidence that the other does not.",
            source="Assay; after Xu et al., Knowledge Conflicts for LLMs: A Survey, 2024 (inter-context conflicts)",
        ),
        _shown,
    ),
    Rule(
        Measure(
            name="false_conflicts",
            family=Family.ANSWER,
            kind=Kind.YES_NO,
            higher_is_better=False,
            definition="Whether an answer says that the articles disagree where they do not.",
            source="Assay",
        ),
        _false,
    ),
)

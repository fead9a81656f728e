"""A run graded by every measure that applies to it.

Knows nothing of any one measure, of statistics, or of files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..grades import Grades
from . import answers, citations, cost, disagreement, silence, turns
from .own import columns as own_columns
from .registry import MEASURES
from .retrieval import DEFAULT_RETRIEVAL
from .retrieval import columns as retrieval_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..run import Run
    from .own import OwnMeasure


def grade(run: Run, *, retrieval: Sequence[str] = DEFAULT_RETRIEVAL, own: Sequence[OwnMeasure] = ()) -> Grades:
    """Grade every question of `run`; a measure that applies to none of them is left out.

    Args:
        run: What is graded. A row with an error counts as zero wherever a measure applies to its question.
        retrieval: Names of retrieval measures, after `passage_` or `span_` where they are not of articles.
        own: The user's measures.

    Raises:
        AssayError: A name is not that of a retrieval measure.
    """
    rules = (*answers.RULES, *disagreement.RULES, *citations.RULES, *silence.RULES, *turns.RULES, *cost.rules(run.rows))
    columns = [*retrieval_columns(run.rows, retrieval), *silence.fitting([rule.column(run.rows) for rule in rules])]
    taken = {*MEASURES, *(column.measure.name for column in columns)}
    for measure in own:
        made = own_columns(measure, run.rows, taken)
        taken.update(column.measure.name for column in made)
        columns += made
    kept = tuple(column for column in columns if column.grades or column.apart)
    return Grades(
        run=run.name,
        dataset=str(run.about.get("dataset", {}).get("name", "")),
        sha256=run.sha256,
        ids=tuple(row.id for row in run.rows),
        columns=kept,
        digests=run.digests,
    )

"""Measures of rankings as the field computes them, by ir-measures and with it trec_eval.

The only importer of ir_measures in this package. Knows nothing of runs, articles or passages.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from index import AssayError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: Depths that a ranking is cut at.
_DEEPEST = 1000

#: A grade beyond this is no judgement; trec_eval takes memory for every grade up to the highest.
HIGHEST_GRADE = 1000

_LONGEST_NAME = 100

#: These start other programs, or take seconds to load for measures that the others have.
_LEFT_OUT = {"gdeval", "ranx", "trectools", "runtime"}

_CLEAN = re.compile("[^\x00\ud800-\udfff]+")


def canonical(name: str) -> str:
    """Return a measure's name as ir-measures writes it; raises `AssayError` when it cannot be had for single questions.

    Each is tried on a question of two articles: what is refused only when it is computed would be refused too late.
    """
    import ir_measures

    try:
        if len(name) > _LONGEST_NAME:
            raise ValueError("too long")  # noqa: TRY301  # the same way out as everything that ir-measures refuses
        measure = ir_measures.parse_measure(name)
        _check(measure)
        tried = _computed([measure], {"q": {"a": 1}}, {"q": {"b": 2.0, "a": 1.0}})
        if not all(math.isfinite(metric.value) for metric in tried):
            raise ValueError("no number")  # noqa: TRY301
    except Exception as error:  # a name of the user's may meet anything in there
        raise AssayError(
            f"expected a measure of ir-measures such as nDCG@10, R@100, P@5, RR, AP, Success@1 or Judged@10, found {name!r:.80}"
        ) from error
    return str(measure)


def values(
    names: Sequence[str], qrels: Mapping[str, Mapping[str, int]], rankings: Mapping[str, Iterable[str]]
) -> dict[str, dict[str, float]]:
    """Return each measure's value for each judged question, 0 for one without a ranking: {name: {question: value}}.

    Args:
        names: As `canonical` returns them.
        qrels: For each question the grades of its articles, above 0 is relevant, none beyond `HIGHEST_GRADE`.
        rankings: For each question what was found, best first; of one found twice, the first counts. trec_eval is given the ranks, not the
            scores: it would order what has equal scores by id, and measure another ranking than the one that was shown.
    """
    import ir_measures

    numbered = {question: str(number) for number, question in enumerate(qrels)}
    judged = {numbered[question]: {_clean(one): grade for one, grade in grades.items()} for question, grades in qrels.items() if grades}
    ranked = {number: _scores(rankings.get(question, ())) for question, number in numbered.items()}
    scored = {number: scores for number, scores in ranked.items() if scores}  # Judged divides by the length of what is there
    found: dict[str, dict[str, float]] = {name: dict.fromkeys(qrels, 0.0) for name in names}
    questions = list(qrels)
    measures = [ir_measures.parse_measure(name) for name in names] if judged and scored else []
    for metric in _computed(measures, judged, scored):
        if math.isfinite(metric.value):
            found[str(metric.measure)][questions[int(metric.query_id)]] = float(metric.value)
    return found


def _computed(measures: Sequence[Any], qrels: Mapping[str, Mapping[str, int]], run: Mapping[str, Mapping[str, float]]) -> list[Any]:
    import ir_measures
    from ir_measures import providers

    first_that_can: Any = providers.FallbackProvider
    pipeline = first_that_can([one for one in ir_measures.DefaultPipeline.providers if one.NAME not in _LEFT_OUT])
    return list(pipeline.iter_calc(measures, qrels, run)) if measures else []


def _check(measure: Any) -> None:
    """Raise ValueError for what trec_eval would not survive, or what is not a mean over questions."""
    measure.validate_params()
    cutoff = measure.params.get("cutoff", 1)
    if not isinstance(cutoff, int) or not 1 <= cutoff <= _DEEPEST:
        raise ValueError("cutoff")
    if type(measure.aggregator()).__name__ != "MeanAgg":
        raise ValueError("not a mean")


def _scores(ranking: Iterable[str]) -> dict[str, float]:
    return {one: -float(rank) for rank, one in enumerate(dict.fromkeys(map(_clean, ranking)))}


def _clean(name: str) -> str:
    """Return `name` itself, or what stands for it where trec_eval, in C and UTF-8, could not read it to its end."""
    return name if _CLEAN.fullmatch(name) else ascii(name)

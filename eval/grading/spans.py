"""Measures of rankings by characters: how much of the evidence the first passages hold together, and how little else.

They ask nothing of where the passages are cut, so what one splitter keeps together and another takes apart is measured alike. Knows nothing
of articles, of answers, or of the measures that other tools compute.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from index import AssayError

from ..measure import Family, Grade, Kind, Measure
from .gold import nearest
from .stretches import common, merged, size
from .verdict import Apart, Rule, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rag import RankedPassage

    from ..run import GoldSpan, Row

#: Passages whose characters are held against those of the evidence.
_DEPTH = 5

_NAME = re.compile(r"(R|P|Success|RR)@([1-9]\d{0,2}|1000)|(RR)")

_CHROMA = "Smith and Troynikov, Evaluating Chunking Strategies for Retrieval (Chroma), 2024; there by tokens"
_OURS = "Assay, so that splitters compare alike; after Smith and Troynikov (Chroma), 2024"

_DEFINITIONS = {
    "R": "Recall at {k}: the share of the spans of the evidence of which the first {k} passages together hold at least half.",
    "P": "Precision at {k}: the share of the first {k} passages that hold at least half of a span of the evidence; ranks that nothing "
    "takes count as not relevant.",
    "RR": "Reciprocal rank{at}: 1 over the rank of the first passage by which half of a span of the evidence has been seen, 0 where there "
    "is none.",
    "Success": "Whether the first {k} passages together hold at least half of a span of the evidence.",
}


def rule_of(name: str) -> Rule:
    """Return the rule called `name`, without `span_`: `R@k`, `P@k`, `Success@k`, `RR` or `RR@k`; raises `AssayError` for any other.

    What gives each thing that is found a rank of its own, such as nDCG or AP, is not defined where one passage may hold several spans.
    """
    parts = _NAME.fullmatch(name)
    if not parts:
        raise AssayError(
            f"expected a measure of spans: span_R@5, span_P@5, span_Success@5, span_RR or another depth, found {'span_' + name!r:.80}"
        )
    kind, k = parts[1] or parts[3], int(parts[2] or 0)
    definition = _DEFINITIONS[kind].format(k=k, at=f" at {k}" if k else "")
    measure = Measure(
        name=f"span_{kind}@{k}" if k else f"span_{kind}",
        family=Family.RETRIEVAL,
        kind=Kind.YES_NO if kind == "Success" else Kind.MEAN,
        definition=definition,
        source=_OURS,
    )
    return Rule(measure, _of_ranks(_VALUES[kind], k))


def ungraded(row: Row) -> str:
    """Return why there is nothing to hold passages against although evidence is known by its characters; empty when there is."""
    in_characters = any(one.quote is not None or one.start is not None for one in row.example.evidence)
    return "the index does not have the evidence" if in_characters and not row.gold.spans else ""


def _where_known(value: Callable[[Row], float]) -> Callable[[Row], Verdict]:
    """Return a rule for the questions whose evidence is known by its characters."""

    def judge(row: Row) -> Verdict:
        if reason := ungraded(row):
            return Apart(reason)
        return Grade(value(row)) if row.gold.spans else None

    return judge


# --- ranks ------------------------------------------------------------------------------------------------------------


def _of_ranks(value: Callable[[Row, int], float], k: int) -> Callable[[Row], Verdict]:
    return _where_known(lambda row: value(row, k))


def _recall(row: Row, k: int) -> float:
    return sum(rank is not None and rank <= k for rank in _ranks(row)) / len(row.gold.spans)


def _success(row: Row, k: int) -> float:
    return float(_recall(row, k) > 0)


def _precision(row: Row, k: int) -> float:
    return sum(any(_half_seen(place, [_stretch(one)]) for places in row.gold.stands for place in places) for one in row.passages[:k]) / k


def _reciprocal(row: Row, k: int) -> float:
    first = min((rank for rank in _ranks(row) if rank is not None and (not k or rank <= k)), default=None)
    return 1 / first if first else 0.0


_VALUES = {"R": _recall, "P": _precision, "RR": _reciprocal, "Success": _success}


def _ranks(row: Row) -> list[int | None]:
    """Return for each span of the evidence the rank, from 1, of the passage by which half of it has been seen; None where none is.

    Of a quote that stands in several places, the one that is seen first counts.
    """
    ranks = ([_rank(place, row.passages) for place in places] for places in row.gold.stands)
    return [min((rank for rank in each if rank is not None), default=None) for each in ranks]


def _rank(span: GoldSpan, passages: Iterable[RankedPassage]) -> int | None:
    seen: list[tuple[str, int, int]] = []
    for rank, passage in enumerate(passages, 1):
        if common([span], [_stretch(passage)]):
            seen = merged([*seen, _stretch(passage)])
            if _half_seen(span, seen):
                return rank
    return None


def _half_seen(span: GoldSpan, seen: Iterable[tuple[str, int, int]]) -> bool:
    both = common([span], seen)
    return both > 0 and 2 * both >= span.end - span.start


def _stretch(passage: RankedPassage) -> tuple[str, int, int]:
    return passage.article_id, passage.start, passage.end


# --- characters -------------------------------------------------------------------------------------------------------


def _characters(value: Callable[[int, int, int], float]) -> Callable[[Row], Verdict]:
    """Return a rule over (characters in both, of the evidence, found)."""

    def shares(row: Row) -> float:
        found = merged(map(_stretch, row.passages[:_DEPTH]))
        gold = merged(nearest(row, found))
        return value(common(gold, found), size(gold), size(found))

    return _where_known(shares)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


CHARACTERS = (
    Rule(
        Measure(
            name="span_recall",
            family=Family.RETRIEVAL,
            definition=f"The share of the evidence's characters that the first {_DEPTH} passages hold.",
            source=_CHROMA,
        ),
        _characters(lambda both, gold, _: _share(both, gold)),
    ),
    Rule(
        Measure(
            name="span_precision",
            descriptive=True,
            family=Family.RETRIEVAL,
            definition=f"The share of the characters of the first {_DEPTH} passages that are evidence; where passages overlap, once.",
            source=_CHROMA,
        ),
        _characters(lambda both, _, found: _share(both, found)),
    ),
    Rule(
        Measure(
            name="span_IoU",
            descriptive=True,
            family=Family.RETRIEVAL,
            definition=f"Intersection over union of the characters of the first {_DEPTH} passages and those of the evidence.",
            source=_CHROMA,
        ),
        _characters(lambda both, gold, found: _share(both, gold + found - both)),
    ),
)

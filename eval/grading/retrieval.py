"""Measures of rankings: whether the articles and the passages that hold the evidence were found, and how high.

Knows nothing of answers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..measure import Column, Family, Grade, Kind, Measure
from . import trec
from .spans import CHARACTERS, rule_of, ungraded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import TypeAlias

    from numpy.typing import NDArray

    from ..run import Row, Run

    Floats: TypeAlias = NDArray[np.float64]

#: What is measured when nothing else is asked for.
DEFAULT_RETRIEVAL = (
    *("nDCG@10", "R@5", "R@10", "R@100", "P@5", "RR", "AP", "Success@1", "Success@5", "Judged@10"),
    *("passage_nDCG@10", "passage_R@5", "passage_R@10", "passage_RR"),
    *("span_R@5", "span_R@10", "span_P@5", "span_P@10"),
)

#: What a ranking at each level is of, and what of it is relevant.
_LEVELS = {"": ("articles", "relevant articles"), "passage": ("passages", "relevant passages")}

_LEVEL = re.compile(r"(?:(passage|span)_)?(.+)", re.DOTALL)
_PLAIN = re.compile(r"(nDCG|R|P|RR|AP|Success|Judged)(?:@([1-9]\d{0,2}|1000))?")
_NEEDS_DEPTH = {"R", "P", "Success", "Judged"}

_TREC_EVAL = "trec_eval, by ir-measures (MacAvaney et al., 2022)"

_DEFINITIONS = {
    "nDCG": "Normalised discounted cumulative gain{at}: the sum of the grades of the {things}{among}, each divided by the binary logarithm "
    "of its rank plus 1, over the same sum for the best order.",
    "R": "Recall{at}: the share of the {relevant} that are{among}.",
    "P": "Precision{at}: the share of {relevant}{among}; ranks that nothing takes count as not relevant.",
    "RR": "Reciprocal rank{at}: 1 over the rank of the first of the {relevant}, 0 where none is found.",
    "AP": "Average precision{at}: the mean over the {relevant} of the precision at the rank of each, 0 for one that is not found.",
    "Success": "Whether at least one of the {relevant} is{among}.",
    "Judged": "The share of the {things}{among} that have a judgement at all, relevant or not.",
}

_SOURCES = {
    "nDCG": f"Järvelin and Kekäläinen, Cumulated Gain-Based Evaluation of IR Techniques, 2002; {_TREC_EVAL}",
    "RR": f"Voorhees, The TREC-8 Question Answering Track Report, 1999; {_TREC_EVAL}",
    "AP": f"Buckley and Voorhees, Retrieval System Evaluation, 2005; {_TREC_EVAL}",
}


def measure_of(name: str) -> Measure:
    """Return the retrieval measure called `name`: one of ir-measures, after `passage_` where it is not of articles, or one of spans.

    Raises `AssayError` when there is none.
    """
    level, bare = _parted(name)
    if level == "span":
        return rule_of(bare).measure
    plain = _plain(bare)
    if not plain:
        bare = trec.canonical(bare)
        plain = _plain(bare)
    things, relevant = _LEVELS[level]
    definition, source = f"As ir-measures defines it, over {things}.", _TREC_EVAL
    if plain:
        kind, depth = plain[1], plain[2]
        at, among = (f" at {depth}", f" among the first {depth}") if depth else ("", " found")
        definition = _DEFINITIONS[kind].format(at=at, among=among, things=things, relevant=relevant)
        source = _SOURCES.get(kind, _TREC_EVAL)
    return Measure(
        name=f"{level}_{bare}" if level else bare,
        family=Family.RETRIEVAL,
        kind=Kind.YES_NO if bare.startswith("Success") else Kind.MEAN,
        definition=definition,
        source=source,
        descriptive=bare.startswith("Judged"),
    )


def columns(rows: Sequence[Row], names: Sequence[str] = DEFAULT_RETRIEVAL) -> Iterator[Column]:
    """Yield a column for each of `names`, in their order, then the measures of characters; raises `AssayError` for an unknown name."""
    measures = list({measure.name: measure for measure in map(measure_of, names)}.values())
    asked: dict[str, list[str]] = {}
    for measure in measures:
        level, bare = _parted(measure.name)
        if level in _JUDGED:
            asked.setdefault(level, []).append(bare)
    judged = {level: _JUDGED[level](rows) for level in asked}
    found = {level: trec.values(bare, judged[level].qrels, judged[level].rankings) for level, bare in asked.items()}
    for measure in measures:
        level, bare = _parted(measure.name)
        if level not in _JUDGED:
            yield rule_of(bare).column(rows)
            continue
        value, apart = found[level][bare], judged[level].apart
        yield Column(measure, {row.id: Grade(value[row.id]) for row in rows if row.id in value}, apart)
    for rule in CHARACTERS:
        yield rule.column(rows)


def recall_curve(run: Run, ks: Sequence[int]) -> Floats:
    """Return the mean recall of articles at each depth of `ks`, (len(ks),), over the judged questions; nan where there are none."""
    judged = _articles(run.rows)
    found = trec.values([f"R@{k}" for k in ks], judged.qrels, judged.rankings)
    return np.array([np.mean(list(found[f"R@{k}"].values())) if judged.qrels else np.nan for k in ks], float)


# --- what is relevant, and what was found -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Judged:
    """The questions with a judgement at one level; what is missing from `rankings` found nothing."""

    qrels: dict[str, Mapping[str, int]] = field(default_factory=dict)
    rankings: dict[str, Sequence[str]] = field(default_factory=dict)
    apart: dict[str, str] = field(default_factory=dict)


def _articles(rows: Sequence[Row]) -> _Judged:
    judged = _Judged()
    for row in rows:
        if not row.example.relevant:
            continue
        grades = row.example.judgements
        if all(isinstance(grade, int) and abs(grade) <= trec.HIGHEST_GRADE for grade in grades.values()):
            judged.qrels[row.id], judged.rankings[row.id] = grades, [article for article, _ in row.articles]
        else:
            judged.apart[row.id] = f"expected grades that are whole numbers up to {trec.HIGHEST_GRADE}, found another"
    return judged


def _passages(rows: Sequence[Row]) -> _Judged:
    judged = _Judged()
    for row in rows:
        if reason := ungraded(row):
            judged.apart[row.id] = reason
        elif row.gold.spans and not row.gold.passages:
            judged.apart[row.id] = "no passage of the index holds the evidence"
        elif row.gold.spans:
            judged.rankings[row.id] = [passage.passage_id for passage in row.passages]
            judged.qrels[row.id] = dict.fromkeys(_holders(row), 1)
    return judged


def _holders(row: Row) -> list[str]:
    """Return the passages that hold the evidence; of a quote that stands in several places, those of the one that ranks highest."""
    if not row.gold.places:
        return list(row.gold.passages)
    ranks = {passage.passage_id: rank for rank, passage in enumerate(row.passages)}
    best = (
        min(places, key=lambda place: min((ranks[one] for one in place.passages if one in ranks), default=len(ranks)))
        for places in row.gold.places
    )
    return [passage for place in best for passage in place.passages]


_JUDGED: dict[str, Callable[[Sequence[Row]], _Judged]] = {"": _articles, "passage": _passages}


def _plain(bare: str) -> re.Match[str] | None:
    """Return the parts of a name that needs no asking, kind and depth."""
    parts = _PLAIN.fullmatch(bare)
    return parts if parts and (parts[2] or parts[1] not in _NEEDS_DEPTH) else None


def _parted(name: str) -> tuple[str, str]:
    parts = _LEVEL.fullmatch(name)
    return (parts[1] or "", parts[2]) if parts else ("", name)

"""Measures of rankings: whether the articles, the passages and the characters that hold the evidence were found, and how high.

Knows nothing of answers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..measure import Column, Family, Grade, Kind, Measure
from . import trec
from .stretches import common, merged, size
from .verdict import Apart, Rule, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import TypeAlias

    from numpy.typing import NDArray

    from rag import RankedPassage

    from ..run import GoldSpan, Row, Run

    Floats: TypeAlias = NDArray[np.float64]

#: What is measured when nothing else is asked for.
DEFAULT_RETRIEVAL = (
    *("nDCG@10", "R@5", "R@10", "R@100", "P@5", "RR", "AP", "Success@1", "Success@5", "Judged@10"),
    *("passage_nDCG@10", "passage_R@5", "passage_R@10", "passage_RR"),
    *("span_R@5", "span_R@10", "span_P@5", "span_P@10"),
)

#: Passages whose characters are held against those of the evidence.
_DEPTH = 5

#: What a ranking at each level is of, and what of it is relevant.
_LEVELS = {"": ("articles", "relevant articles"), "passage": ("passages", "relevant passages"), "span": ("units", "spans of the evidence")}

_LEVEL = re.compile(r"(?:(passage|span)_)?(.+)", re.DOTALL)
_PLAIN = re.compile(r"(nDCG|R|P|RR|AP|Success|Judged)(?:@([1-9]\d{0,2}|1000))?")
_NEEDS_DEPTH = {"R", "P", "Success", "Judged"}

_TREC_EVAL = "trec_eval, by ir-measures (MacAvaney et al., 2022)"
_CHROMA = "Smith and Troynikov, Evaluating Chunking Strategies for Retrieval (Chroma), 2024; there by tokens"

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
    """Return the retrieval measure called `name`: one of ir-measures, after `passage_` or `span_` where it is not of articles.

    Raises `AssayError` when there is none.
    """
    level, bare = _parted(name)
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
    )


def columns(rows: Sequence[Row], names: Sequence[str] = DEFAULT_RETRIEVAL) -> Iterator[Column]:
    """Yield a column for each of `names`, in their order, then the measures of characters; raises `AssayError` for an unknown name."""
    measures = list({measure.name: measure for measure in map(measure_of, names)}.values())
    asked: dict[str, list[str]] = {}
    for measure in measures:
        level, bare = _parted(measure.name)
        asked.setdefault(level, []).append(bare)
    judged = {level: _JUDGED[level](rows) for level in asked}
    found = {level: trec.values(bare, judged[level].qrels, judged[level].rankings) for level, bare in asked.items()}
    for measure in measures:
        level, bare = _parted(measure.name)
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
    rankings: dict[str, Sequence[tuple[str, float]]] = field(default_factory=dict)
    apart: dict[str, str] = field(default_factory=dict)


def _articles(rows: Sequence[Row]) -> _Judged:
    judged = _Judged()
    for row in rows:
        if not row.example.relevant:
            continue
        grades = row.example.qrels
        if all(isinstance(grade, int) and abs(grade) <= trec.HIGHEST_GRADE for grade in grades.values()):
            judged.qrels[row.id], judged.rankings[row.id] = grades, row.articles
        else:
            judged.apart[row.id] = f"expected grades that are whole numbers up to {trec.HIGHEST_GRADE}, found another"
    return judged


def _passages(rows: Sequence[Row]) -> _Judged:
    judged = _Judged()
    for row in rows:
        if reason := _ungraded(row):
            judged.apart[row.id] = reason
        elif row.gold.spans and not row.gold.passages:
            judged.apart[row.id] = "no passage of the index holds the evidence"
        elif row.gold.spans:
            judged.qrels[row.id] = dict.fromkeys(row.gold.passages, 1)
            judged.rankings[row.id] = [(passage.passage_id, passage.score) for passage in row.passages]
    return judged


def _spans(rows: Sequence[Row]) -> _Judged:
    judged = _Judged()
    for row in rows:
        if reason := _ungraded(row):
            judged.apart[row.id] = reason
        elif row.gold.spans:
            units = [f"span {place}" for place in range(len(row.gold.spans))]
            judged.qrels[row.id] = dict.fromkeys(units, 1)
            order = _units(row.gold.spans, row.passages)
            judged.rankings[row.id] = [(one, -float(rank)) for rank, one in enumerate(order)]
    return judged


_JUDGED: dict[str, Callable[[Sequence[Row]], _Judged]] = {"": _articles, "passage": _passages, "span": _spans}


def _units(spans: Sequence[GoldSpan], passages: Sequence[RankedPassage]) -> list[str]:
    """Return the ranking of `spans` among `passages`: a passage gives its rank to the spans that are found with it, if any.

    A span is found with the first passage by which half of its characters have been seen: so one that the splitter cut in two is
    found, too, and so is one longer than any passage.
    """
    order: list[str] = []
    missing = dict(enumerate(spans))
    seen: dict[int, list[tuple[str, int, int]]] = {place: [] for place in missing}
    for rank, passage in enumerate(passages):
        stretch = (passage.article_id, passage.start, passage.end)
        found = []
        for place, span in missing.items():
            if common([span], [stretch]):
                seen[place] = merged([*seen[place], stretch])
                if 2 * common([span], seen[place]) >= span.end - span.start:
                    found.append(place)
        for place in found:
            del missing[place]
        order += [f"span {place}" for place in found] or [f"passage {rank}"]
    return order


def _ungraded(row: Row) -> str:
    """Return why there is nothing to hold passages against although evidence is known by its characters; empty when there is."""
    in_characters = any(one.quote is not None or one.start is not None for one in row.example.evidence)
    return "the index does not have the evidence" if in_characters and not row.gold.spans else ""


def _plain(bare: str) -> re.Match[str] | None:
    """Return the parts of a name that needs no asking, kind and depth."""
    parts = _PLAIN.fullmatch(bare)
    return parts if parts and (parts[2] or parts[1] not in _NEEDS_DEPTH) else None


def _parted(name: str) -> tuple[str, str]:
    parts = _LEVEL.fullmatch(name)
    return (parts[1] or "", parts[2]) if parts else ("", name)


# --- characters -------------------------------------------------------------------------------------------------------


def _characters(value: Callable[[int, int, int], float]) -> Callable[[Row], Verdict]:
    """Return a rule over (characters in both, of the evidence, found)."""

    def judge(row: Row) -> Verdict:
        if reason := _ungraded(row):
            return Apart(reason)
        if not row.gold.spans:
            return None
        gold = merged(row.gold.spans)
        found = merged((one.article_id, one.start, one.end) for one in row.passages[:_DEPTH])
        return Grade(value(common(gold, found), size(gold), size(found)))

    return judge


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
            family=Family.RETRIEVAL,
            definition=f"The share of the characters of the first {_DEPTH} passages that are evidence; where passages overlap, once.",
            source=_CHROMA,
        ),
        _characters(lambda both, _, found: _share(both, found)),
    ),
    Rule(
        Measure(
            name="span_IoU",
            family=Family.RETRIEVAL,
            definition=f"Intersection over union of the characters of the first {_DEPTH} passages and those of the evidence.",
            source=_CHROMA,
        ),
        _characters(lambda both, gold, found: _share(both, gold + found - both)),
    ),
)

"""Measures of proof: whether what is cited is the evidence, all of it and nothing else, and quoted exactly.

In the sense of ALCE (Gao et al., 2023), but decided without a model by the finest evidence that is known: an article's characters, else the
article, and where none is known the verifier's word on each sentence. Knows nothing of whether the wording of an answer is right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..measure import Family, Grade, Kind, Measure
from .gold import Basis, articles, basis, bears, nearest, reaches, whole
from .stretches import common, merged, size
from .verdict import Apart, Rule, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from rag import Answer, Citation

    from ..run import Row

#: From this support on a sentence counts as supported by what it cites.
SUPPORTED = 0.5

_ALCE = "Gao et al., Enabling Large Language Models to Generate Text with Citations (ALCE), 2023; there by an entailment model"
_NOT_INDEXED = Apart("the index does not have the evidence")


class _Proof(NamedTuple):
    """How much of an answer is proved; a citation counts once for each sentence that gives its number."""

    supported: int
    sentences: int
    right: int
    given: int

    @property
    def precision(self) -> float:
        return self.right / self.given if self.given else 0.0

    @property
    def recall(self) -> float:
        return self.supported / self.sentences if self.sentences else 0.0

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def _proof(answer: Answer, row: Row) -> _Proof:
    by_verifier = basis(row) is Basis.NOTHING
    numbered = {citation.n: citation for citation in answer.citations}
    good = {n for n, citation in numbered.items() if by_verifier or bears(citation, row)}
    supported = right = given = 0
    for sentence in answer.sentences:
        proves = sentence.support >= SUPPORTED or not by_verifier
        numbers = set(sentence.citations)
        rights = len(numbers & good) if proves else 0
        supported += rights > 0
        right += rights
        given += len(numbers)
    return _Proof(supported, len(answer.sentences), right, given)


def _of_answers(value: Callable[[_Proof], float]) -> Callable[[Row], Verdict]:
    """Return a rule for what was answered: silence has nothing to prove, an error proves nothing."""

    def judge(row: Row) -> Verdict:
        if row.example.answerable is False or (row.answer is not None and row.answer.abstained):
            return None
        if basis(row) is Basis.NOT_INDEXED:
            return _NOT_INDEXED
        return Grade(value(_proof(row.answer, row)) if row.answer is not None else 0.0)

    return judge


def _evidence_recall(row: Row) -> Verdict:
    place = basis(row)
    if row.example.answerable is False or place is Basis.NOTHING:
        return None
    if place is Basis.NOT_INDEXED:
        return _NOT_INDEXED
    cited = row.answer.citations if row.answer is not None else ()
    named = _cited_articles(row)
    found = [any(reaches(one, places, row.example) for one in cited) for places in row.gold.stands]
    found += [article in named for article in whole(row)]
    return Grade(sum(found) / len(found))


def _articles_whole(row: Row) -> Verdict:
    evident = articles(row)
    if row.example.answerable is False or len(row.example.relevant | evident) < 2:
        return None
    if len(evident) < 2:
        return _NOT_INDEXED
    return Grade(float(evident <= _cited_articles(row)))


def _cited_articles(row: Row) -> set[str]:
    """Return the ids of the articles that an answer cites, copies among them; silence cites none."""
    cited = row.answer.citations if row.answer is not None else ()
    return {article for one in cited for article in (one.article_id, *one.also_in)}


def _iou(row: Row) -> Verdict:
    if row.example.answerable is False or not row.gold.spans:
        return None
    evident = {place.article_id for places in row.gold.stands for place in places}
    unmarked = whole(row)
    placed = [_placed(one, evident) for one in (row.answer.citations if row.answer is not None else ())]
    cited = merged(one for one in placed if one[0] not in unmarked)  # which of their characters are evidence is not known
    gold = merged(nearest(row, cited))
    both = common(gold, cited)
    either = size(gold) + size(cited) - both
    return Grade(both / either if either else 0.0)


def _placed(citation: Citation, evident: set[str]) -> tuple[str, int, int]:
    """Return the characters of a citation, in the evidence's article where that is the copy of its own."""
    article = citation.article_id
    if article not in evident:
        article = min(evident.intersection(citation.also_in), default=article)
    return article, citation.start, citation.end


def _exactness(row: Row) -> Verdict:
    if row.answer is None or not row.answer.citations:
        return None
    if len(row.exact) != len(row.answer.citations):
        return Apart("its quotes were not held against the index")
    return Grade(float(sum(row.exact)), float(len(row.exact)))


def _density(row: Row) -> Verdict:
    if row.answer is None or not row.answer.sentences:
        return None
    sentences = row.answer.sentences
    return Grade(float(sum(len(set(sentence.citations)) for sentence in sentences)), float(len(sentences)))


RULES = (
    Rule(
        Measure(
            name="citation_precision",
            family=Family.CITATION,
            definition="The share of an answer's citations that are right, each counted once for every sentence that gives its number; 0 "
            "where there are none.",
            source=_ALCE,
        ),
        _of_answers(lambda proof: proof.precision),
    ),
    Rule(
        Measure(
            name="citation_recall",
            family=Family.CITATION,
            definition="The share of an answer's sentences with at least one citation that is right.",
            source=_ALCE,
        ),
        _of_answers(lambda proof: proof.recall),
    ),
    Rule(
        Measure(
            name="citation_F1",
            family=Family.CITATION,
            definition="The harmonic mean of the citation precision and recall of an answer.",
            source=_ALCE,
        ),
        _of_answers(lambda proof: proof.f1),
    ),
    Rule(
        Measure(
            name="evidence_recall",
            family=Family.CITATION,
            definition="The share of the evidence that is cited, over its spans and the relevant articles without any; silence cites none.",
            source="Yang et al., HotpotQA, 2018 (recall of supporting facts)",
        ),
        _evidence_recall,
    ),
    Rule(
        Measure(
            name="articles_whole",
            family=Family.CITATION,
            definition="The share of questions whose evidence lies in several articles for which every one of these is cited, itself or a "
            "copy; silence cites none.",
            source="Yang et al., HotpotQA, 2018 (exact match of supporting facts), there by sentence and without others",
        ),
        _articles_whole,
    ),
    Rule(
        Measure(
            name="quote_exactness",
            family=Family.CITATION,
            kind=Kind.RATIO,
            definition="The share of all citations whose quote is, code point for code point, the text of its article at its characters.",
            source="Assay: what a citation promises",
        ),
        _exactness,
    ),
    Rule(
        Measure(
            name="citation_IoU",
            family=Family.CITATION,
            definition="Intersection over union of the characters of all citations of an answer and those of the evidence, relevant "
            "articles without a span aside; silence cites none.",
            source="Jaccard, 1912; over spans of evidence: DeYoung et al., ERASER, 2020 (there by tokens)",
        ),
        _iou,
    ),
    Rule(
        Measure(
            name="citations_per_sentence",
            descriptive=True,
            family=Family.CITATION,
            kind=Kind.RATIO,
            unit="a sentence",
            definition="The citations of all answers, each counted once for every sentence that gives its number, over their sentences.",
            source="Assay: descriptive; more is not better by itself",
        ),
        _density,
    ),
)

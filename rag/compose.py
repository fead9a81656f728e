"""The extractive answer: the fewest whole sentences that answer the question and stand alone, in reading order, each cited.

Sentences are quoted, never rewritten; only bracketed numbers of the article's own are left out of what is shown, since they
would read as citations. Knows nothing of how sentences were found.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from .answer import AnswerSentence, Citation
from .copies import resemblance
from .evidence import MAX_CHARACTERS
from .kinds import Kind
from .leaning import opens_unresolved

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from index import Span, View

    from .evidence import Evidence
    from .retrieve import Found


class _Bar(NamedTuple):
    """What a further sentence must be to be worth its place in an answer."""

    most: int
    """An answer has at most so many sentences that bear on the question; sentences that these lean on come in addition."""
    nearly: float
    """It is at least so nearly as good as the best …"""
    news: float
    """… and holds at least this share of the question's rare words that the answer has not got yet …"""
    as_good: float
    """… or is this close to the best, in another article: then both speak to the same point."""
    gathers: bool = False
    """Also in the same article, and though it is as good as the same words, where what answers in it has not been said."""


#: Where nobody read the passages, scores are sums of signals.
_UNREAD = _Bar(most=3, nearly=0.8, news=0.15, as_good=0.94)

#: Where they were read, scores are probabilities. Where the best sentence is likelier than `_LIKELY` to hold the answer, little else is
#: shown.
_READ = _Bar(most=3, nearly=0.25, news=0.15, as_good=0.5)
_READ_AND_LIKELY = _Bar(most=3, nearly=0.4, news=0.25, as_good=0.8)
_LIKELY = 0.7

#: What is asked for stands in several sentences.
_GATHERED = _Bar(most=5, nearly=0.25, news=0.1, as_good=0.5, gathers=True)

#: Two sentences more alike than this say the same.
_SAME = 0.5

#: A sentence brings at most so many before it to stand alone.
_MAX_LEANING = 2

_BRACKETED = re.compile(r"\s?\[\d+\]")

#: Marks that a short answer does without at its ends.
_MARKS = " \t,.;:!?“”\"'‘’()[]–—-"


@dataclass(frozen=True, slots=True)
class Chosen:
    """Sentences of one article that belong together: the evidence, after those that it leans on, in reading order."""

    evidence: Evidence
    spans: tuple[Span, ...]


def choose(view: View, evidence: Sequence[Evidence], terms: Mapping[str, float], kind: Kind = Kind.FACT) -> list[Chosen]:
    """Choose the fewest sentences that answer a question of this kind, best first; empty when none stands alone."""
    bar = _bar(evidence, kind)
    chosen: list[Chosen] = []
    covered: set[str] = set()
    said: dict[tuple[int, Span], str] = {}
    for one in evidence:
        if len(chosen) == bar.most or (chosen and one.score < bar.nearly * chosen[0].evidence.score):
            break
        if chosen and not _adds(view, one, chosen, covered, terms, bar):
            continue
        spans, row = standing_alone(view, one), one.found.passage.article
        texts = {(row, span): span.of(view.article(row).text) for span in spans}
        if texts and ((bar.gathers and _answers_anew(view, one, said)) or not _repeats(texts, said)):
            chosen.append(Chosen(one, spans))
            covered |= one.terms
            said |= texts
    return chosen


def short_answer(view: View, chosen: Sequence[Chosen], kind: Kind) -> str | None:
    """Return the words of the best of the sentences chosen that answer by themselves, without marks around them; None where none do."""
    best = chosen[0].evidence
    if kind is Kind.YES_NO or best.answer is None:
        return None
    return shown(best.answer.of(view.article(best.found.passage.article).text)).strip(_MARKS) or None


def _bar(evidence: Sequence[Evidence], kind: Kind) -> _Bar:
    if not evidence or evidence[0].found.reading is None:
        return _UNREAD
    if kind.gathers:
        return _GATHERED
    bar = _READ_AND_LIKELY if evidence[0].score > _LIKELY else _READ
    return bar._replace(most=1) if kind is Kind.YES_NO else bar


def standing_alone(view: View, one: Evidence, *, titled: bool = False) -> tuple[Span, ...]:
    """Return the sentence with those before it that it leans on, in reading order; empty when it cannot stand alone.

    Where it is shown as what that article says, as `titled` tells, the first sentence of all may lean on the title.
    """
    article, sentences = view.article(one.found.passage.article), view.sentences(one.found.passage.article)
    spans = [one.span]
    place = one.place
    while opens_unresolved(spans[0].of(article.text)):
        place -= 1
        if place < 0 and titled:
            break
        if place < 0 or len(spans) > _MAX_LEANING:
            return ()
        before = sentences[place]
        if (
            not article.citable(before)
            or before.end - before.start > MAX_CHARACTERS
            or _paragraphs_between(article.text, before, spans[0]) > 1
        ):
            return ()
        spans.insert(0, before)
    return tuple(spans)


def compose(view: View, chosen: Sequence[Chosen]) -> tuple[tuple[AnswerSentence, ...], tuple[Citation, ...]]:
    """Return the sentences of the answer and their citations: articles in the order of their best sentence, each in reading order."""
    order = list(dict.fromkeys(one.evidence.found.passage.article for one in chosen))
    sentences: list[AnswerSentence] = []
    citations: list[Citation] = []
    for row in order:
        article = view.article(row)
        quoted = {span: one for one in reversed(chosen) if one.evidence.found.passage.article == row for span in one.spans}
        for span in sorted(quoted):
            text = shown(span.of(article.text))
            if not text:
                continue
            citation = cited(view, quoted[span].evidence.found, span, len(citations) + 1)
            citations.append(citation)
            sentences.append(AnswerSentence(text, (citation.n,), 1.0))
    return tuple(sentences), tuple(citations)


def shown(quote: str) -> str:
    """Return a quoted sentence as an answer shows it: on one line, without bracketed numbers of its own."""
    text = quote
    while _BRACKETED.search(text):
        text = _BRACKETED.sub("", text)
    return re.sub(r"\s+", " ", text).strip()


def _adds(view: View, one: Evidence, chosen: Sequence[Chosen], covered: set[str], terms: Mapping[str, float], bar: _Bar) -> bool:
    """Say whether a further sentence is worth its place: it holds what is missing, or the word on it of an article that is no copy."""
    whole = sum(terms.values())
    news = sum(terms[term] for term in sorted(one.terms - covered)) / whole if whole else 0.0
    article = one.found.passage.article
    elsewhere = bar.gathers or not any(view.one_story(article, other.evidence.found.passage.article) for other in chosen)
    return news >= bar.news or (elsewhere and one.score >= bar.as_good * chosen[0].evidence.score)


def _repeats(texts: Mapping[tuple[int, Span], str], said: Mapping[tuple[int, Span], str]) -> bool:
    """Say whether any of these sentences says what another has said; the very same one is shown once in any case."""
    return any(resemblance(text, other) > _SAME for place, text in texts.items() if place not in said for other in said.values())


def _answers_anew(view: View, one: Evidence, said: Mapping[tuple[int, Span], str]) -> bool:
    """Say whether the words that answer in this sentence stand in none of those said: one more of a list in the same words."""
    if one.answer is None:
        return False
    answer = one.answer.of(view.article(one.found.passage.article).text).casefold()
    return not any(answer in text.casefold() for text in said.values())


def _paragraphs_between(text: str, before: Span, after: Span) -> int:
    return text.count("\n", before.end, after.start)


def cited(view: View, found: Found, span: Span, n: int) -> Citation:
    """Return the citation, numbered `n`, of characters of a passage's article."""
    record = view.record(found.passage.article)
    ordinal = view.ordinal_at(found.passage.article, span.start)
    article = view.article(found.passage.article)
    return Citation(
        n=n,
        article_id=record["id"],
        passage_id=f"{record['id']}:{ordinal}",
        title=record["title"],
        source=record["source"],
        published=record["published"],
        url=record["url"],
        start=span.start,
        end=span.end,
        quote=span.of(article.text),
        page=article.page_at(span.start),
        also_in=found.hit.also_in,
        superseded_by=found.hit.superseded_by,
    )

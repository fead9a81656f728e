"""Where articles disagree on what answers a question: the statements that give another value than the best of the evidence.

Each sentence of the passages found is a statement where it gives a value of the kind asked for. Two of them disagree where their values
can be compared and differ, and where both are likely to be about what is asked: by the words that they share with the question and with
each other, by how near the values are, and, where there is a reader, by what it answers from the one sentence alone. Knows nothing of
how an answer is worded or shown.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .evidence import MAX_CHARACTERS, Evidence, Signals, question_terms, share
from .leaning import opens_unresolved
from .odds import probability, weighted
from .read import Readable
from .values import Sort, reference_years, sort_of, values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from index import View

    from .read import Reader
    from .retrieve import Found
    from .values import Value

#: So many of the best sentences are held against the others, where they are at least so nearly as good as the best.
_ANCHORS, _NEARLY = 2, 0.6

#: Of the sentences that give another value so many are embedded, those with most of the question's words, and so many read alone.
_EMBEDDED, _COMPARED = 12, 6

#: Sentences are not worth reading whose cosine and coverage together are less.
_LEAST = 0.45

#: Words so many characters from an amount say half as surely as those beside it what it is of; the likeliest answer counts so much more.
_NEAR_BY, _TOLD = 15.0, 1.5

_WORD = re.compile(r"\w+")

#: A time answers only where a reader says so with this probability: sentences hold many.
_SAID = 0.5

#: What is told by figures alone, where nobody reads.
_WITHOUT_READER = (Sort.AMOUNT, Sort.TIME)

#: Of the words around a sentence, those of the sentence before it and of its title, this share counts.
_AROUND = 0.5

_PLANNED = re.compile(
    r"\b(?:will|would|could|may|might|plans?|planned|planning|expect(?:s|ed)?|aims?|target(?:s|ed)?|propos(?:es|ed)|forecasts?|project(?:s|ed)"
    r"|intends?|should|hopes?)\b",
    re.IGNORECASE,
)
_PART = re.compile(
    r"\b(?:quarter(?:ly)?|half|months?|monthly|weeks?|weekly|daily|per|each|phases?|sections?|so far|additional|another"
    r"|rose|fell|grew|risen|fallen|grown|increased?|decreased?|up by|down by)\b",
    re.IGNORECASE,
)


#: A word with a capital inside a sentence; names that begin alike are forms of one.
_NAME = re.compile(r"(?:(?<=[\w,;:)’'”\"-] )|(?<=\w-))[A-Z][\w’]+")
_ALIKE = 5

#: How words begin that stand for any kind of person.
_PERSONS = frozenset(("peopl", "perso"))

#: Who says so: "Harbour Watch reported", "according to the Ministry of Fisheries".
_WHO = r"(?<!\w)(?:[A-Z][\w’'&.-]{0,30},? (?:of |for |the )?){1,6}"
_SAYS = re.compile(
    rf"\b(?:[Aa]ccording to|[Bb]y) (?:the |an? )?{_WHO}|{_WHO}(?:has |have |had |later |also |then )?"
    r"(?:puts?|said|says|estimat(?:es|ed)|reports?|reported|gives?|gave|counts?|counted|cit(?:es|ed)|wrote|writes|project(?:s|ed)|lists?|listed"
    r"|not(?:es|ed)|record(?:s|ed)|calculat(?:es|ed)|announced|claim(?:s|ed)|spoke|speaks|quot(?:es|ed)|told)\b"
)


class Likeness(NamedTuple):
    """What is known of whether two statements are about the same; each higher is better, from 0 to 1."""

    cosine: float
    """Of the vectors of the two sentences."""
    coverage: float
    """The share of the question's terms, weighted by rarity, that the second holds, with part of those just before it and of its title."""
    near: float
    """How near the two values are."""
    given: float
    """By the reader: how likely the second, read alone, answers with its value; 0 where nobody reads."""
    anchored: float
    """The same of the first."""
    planned: float
    """1 where one is a plan or a guess and the other not."""
    parted: float
    """1 where one is of a part, a change or a time span, and the other not."""
    within: float
    """1 where both are of one article."""
    weighed: float
    """How good evidence the second is, as a share of the best."""
    strange: float
    """1 where the second names others than the first and the question, and none that the question names."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence and the value that it gives."""

    evidence: Evidence
    value: Value


@dataclass(frozen=True, slots=True)
class Pair:
    """Two statements of different values."""

    first: Statement
    second: Statement
    likeness: Likeness


#: A pair counts as a disagreement from this probability on.
_BAR = 0.5

#: An answer shows so many sides at most, each at least so nearly as sure as the second.
_MOST_SIDES, _AS_SURE = 4, 0.85


#: Logistic regression of "both are about the same" on questions about articles made up to disagree, and on questions of public sets,
#: in which every pair counts as unlike (docs/conflicts.md). A plan, a part and another's name count more than they were fitted to: these
#: sets have few of them.
_READ = (
    Likeness(
        cosine=1.3, coverage=1.6, near=4.2, given=3.0, anchored=1.4, planned=-4.0, parted=-2.5, within=-0.3, weighed=1.6, strange=-4.5
    ),
    -7.6,
)

#: The same where nobody reads, by judgement: what a reader would say of the two counts as undecided.
_UNREAD = (
    Likeness(
        cosine=3.0, coverage=2.5, near=4.2, given=0.0, anchored=0.0, planned=-4.0, parted=-2.5, within=-0.5, weighed=1.6, strange=-4.5
    ),
    -8.4,
)

#: What must be added for a time, a name or a decision: of two names both may be right.
_SORTS = {Sort.AMOUNT: 0.5, Sort.TIME: 1.0, Sort.NAME: -2.5, Sort.DECISION: -1.0}


def disagreement(
    view: View, question: str, evidence: Sequence[Evidence], found: Sequence[Found], reader: Reader | None = None
) -> list[list[Statement]]:
    """Return the sides of a disagreement on the answer, each with its statements, the best side first; empty where there is none."""
    likely = [(disagrees(one, read=reader is not None), one) for one in pairs(view, question, evidence, found, reader)]
    likely = sorted((one for one in likely if one[0] >= _BAR), key=lambda one: -one[0])
    if not likely:
        return []
    first, least = likely[0][1].first, _AS_SURE * likely[0][0]
    sides = [[first]]
    for sure, pair in likely:
        if pair.first.evidence is not first.evidence or sure < least:
            continue
        known = next((side for side in sides if side[0].value.same_as(pair.second.value)), None)
        if known is not None and not any(_one_story(view, one, pair.second) for one in known):
            known.append(pair.second)
        elif known is None and len(sides) < _MOST_SIDES:
            sides.append([pair.second])
    return sides


def _one_story(view: View, one: Statement, other: Statement) -> bool:
    """Say whether two statements are of articles that are copies: what both say is said once."""
    rows = (one.evidence.found.passage.article, other.evidence.found.passage.article)
    return rows[0] != rows[1] and view.one_story(*rows)


def disagrees(pair: Pair, *, read: bool) -> float:
    """Return the probability that two statements are about the same, and so disagree."""
    return _alike(pair.first.value.sort, pair.likeness, read=read)


def _alike(sort: Sort, likeness: Likeness, *, read: bool) -> float:
    weights, intercept = _READ if read else _UNREAD
    return probability(intercept + _SORTS[sort] + weighted(weights, likeness))


def pairs(view: View, question: str, evidence: Sequence[Evidence], found: Sequence[Found], reader: Reader | None) -> list[Pair]:
    """Return the best sentences, each with those that give another value of the same kind."""
    terms = question_terms(view, question)
    best = [one for one in evidence[:_ANCHORS] if one.score >= _NEARLY * evidence[0].score]
    firsts = [
        Statement(one, value) for one in best if (value := _answered(view, question, one, terms, read=reader is not None)) is not None
    ]
    others = [one for one in _sentences(view, found, evidence, terms) if any(_may_differ(view, first, one) for first in firsts)]
    if not others:
        return []
    compared = _Compared(view, question, terms, evidence, firsts, others, reader)
    return [pair for first in firsts for one in compared.near if (pair := compared.pair(first, one)) is not None]


def _answered(view: View, question: str, one: Evidence, terms: Mapping[str, float], *, read: bool) -> Value | None:
    """Return what a sentence answers: of the values in its likeliest answer the one that the question's words follow most closely."""
    words = "" if one.answer is None else one.answer.of(view.article(one.found.passage.article).text)
    sort = sort_of(question, words or one.text)
    if sort is None or (not read and sort not in _WITHOUT_READER):
        return None
    if sort is Sort.NAME:
        return next(iter(values(words, sort)), None)
    asked = reference_years(question) if sort is Sort.AMOUNT else frozenset()
    every = [value for value in values(one.text, sort) if not asked or value.year is None or value.year in asked]
    told = [value for value in every if value.told_in(words)] if sort is not Sort.DECISION else []
    able = [value for value in every if not told or value.unit == told[0].unit]
    return max(able, key=lambda value: _bears(view, one.text, value, terms) * (_TOLD if value in told else 1.0), default=None)


def _bears(view: View, text: str, value: Value, terms: Mapping[str, float]) -> float:
    """Return how near the words of a question stand to a value in a sentence, weighted by rarity."""
    place = max(0, text.find(value.words))
    middle, weight = place + len(value.words) / 2, 0.0
    for found in _WORD.finditer(text):
        held = frozenset(view.terms(found[0])) & terms.keys()
        weight += sum(terms[term] for term in sorted(held)) / (1 + abs(found.start() - middle) / _NEAR_BY)
    return weight


def _may_differ(view: View, first: Statement, one: Evidence) -> bool:
    """Say whether a sentence may give another value than a statement does, whatever it is about."""
    if _key(one) == _key(first.evidence) or one.text == first.evidence.text:
        return False
    sort = first.value.sort
    if sort is Sort.NAME:
        words = "" if one.answer is None else one.answer.of(view.article(one.found.passage.article).text)
        return bool(values(words, sort)) and _key(one)[0] != _key(first.evidence)[0]
    return any(first.value.comparable(value, answers=True) and not first.value.same_as(value) for value in values(one.text, sort))


def _sentences(view: View, found: Sequence[Found], evidence: Sequence[Evidence], terms: Mapping[str, float]) -> Iterator[Evidence]:
    """Yield every citable sentence of the passages found, as the evidence has it where it does."""
    known, seen = {_key(one): one for one in evidence}, set()
    for one in found:
        row = one.passage.article
        article, sentences = view.article(row), view.sentences(row)
        marks = article.marks()
        first, end = bisect_left(sentences, (one.hit.start,)), bisect_left(sentences, (one.hit.end,))
        for place, span in enumerate(sentences[first:end], first):
            if (row, place) in seen:
                continue
            seen.add((row, place))
            if (row, place) in known:
                yield known[row, place]
            elif span.end <= one.hit.end and span.end - span.start <= MAX_CHARACTERS and not marks.touch(span):
                text = span.of(article.text)
                held = frozenset(view.terms(text)) & terms.keys()
                signals = Signals(0.0, share(held, terms), one.cosine, 0.0, 0.0)
                yield Evidence(one, place, span, text, signals, held)


def _coverage(view: View, one: Evidence, terms: Mapping[str, float]) -> float:
    row = one.found.passage.article
    around = one.found.passage.heading
    if one.place:
        around += "\n" + view.sentences(row)[one.place - 1].of(view.article(row).text)
    near = frozenset(view.terms(around)) & terms.keys()
    return share(one.terms, terms) + _AROUND * share(near - one.terms, terms)


def _beginnings(text: str) -> frozenset[str]:
    return frozenset(word[:_ALIKE].lower() for word in _WORD.findall(text))


def _strange(text: str, other: str, question: str) -> bool:
    """Say whether a text names others than another text does, and none of those that a question names."""
    named, asked = _names(text), _names(question)
    return bool(named - _names(other) - asked) and bool(asked) and not named & asked


def _names(text: str) -> frozenset[str]:
    """Return how the names in a text begin, without those of whoever says so."""
    return frozenset(found[0][:_ALIKE].lower() for found in _NAME.finditer(_SAYS.sub(" ", text)))


def _parts(text: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _PART.findall(text))


class _Compared:
    """The sentences nearest to a question, what a reader answers from each alone, and what each gives instead of another's value."""

    def __init__(
        self,
        view: View,
        question: str,
        terms: Mapping[str, float],
        evidence: Sequence[Evidence],
        firsts: Sequence[Statement],
        others: Sequence[Evidence],
        reader: Reader | None,
    ) -> None:
        self._question, self._asked = question, reference_years(question)
        self._known, self._best = frozenset(map(_key, evidence)), max(1e-9, evidence[0].score)
        self._coverage = {_key(one): _coverage(view, one, terms) for one in others}
        able = sorted(others, key=lambda one: -self._coverage[_key(one)])[:_EMBEDDED]
        every = list({_key(one): one for one in [*(first.evidence for first in firsts), *able]}.values())
        self._vectors = dict(zip(map(_key, every), view.embed_sentences([one.text for one in every]), strict=True))
        alike = {_key(one): max(self._cosine(first.evidence, one) for first in firsts) + self._coverage[_key(one)] for one in able}
        nearest = sorted(able, key=lambda one: -alike[_key(one)])[:_COMPARED]
        self.near = [one for one in nearest if alike[_key(one)] >= _LEAST]
        self._said: dict[tuple[int, int], tuple[str, float]] = {}
        if reader is not None:
            self.near = [one for one in self.near if any(self._may_disagree(first, one) for first in firsts)]
        if reader is not None and self.near:
            asked = list({_key(one): one for one in [*(first.evidence for first in firsts), *self.near]}.values())
            readings = reader.read(question, [Readable(one.found.passage.heading, one.text) for one in asked])
            for one, reading in zip(asked, readings, strict=True):
                if reading.span is not None:
                    self._said[_key(one)] = (reading.span.of(one.text), min(1 - reading.no_answer, reading.relevance))

    def pair(self, first: Statement, one: Evidence) -> Pair | None:
        """Return the pair of a statement and of what another sentence gives instead, if it does."""
        anchor = first.evidence
        if one.text == anchor.text or _key(one) == _key(anchor):
            return None
        value = self._instead(one, first)
        if value is None:
            return None
        if value.sort is Sort.TIME and self._said and min(self._given(one, value), self._given(anchor, first.value)) < _SAID:
            return None
        likeness = self._likeness(anchor, one, first.value.near(value), self._given(one, value), self._given(anchor, first.value))
        return Pair(first, Statement(one, value), likeness)

    def _may_disagree(self, first: Statement, one: Evidence) -> bool:
        """Say whether the two would disagree if the reader were sure of both: else nobody needs to read them."""
        sort = first.value.sort
        near = 1.0 if sort is Sort.NAME else max((first.value.near(value) for value in values(one.text, sort)), default=1.0)
        return _alike(sort, self._likeness(first.evidence, one, near, 1.0, 1.0), read=True) >= _BAR

    def _likeness(self, anchor: Evidence, one: Evidence, near: float, given: float, anchored: float) -> Likeness:
        return Likeness(
            cosine=self._cosine(anchor, one),
            coverage=self._coverage[_key(one)],
            near=near,
            given=given,
            anchored=anchored,
            planned=float(bool(_PLANNED.search(one.text)) != bool(_PLANNED.search(anchor.text))),
            parted=float(_parts(one.text) != _parts(anchor.text)),
            within=float(one.found.passage.article == anchor.found.passage.article),
            weighed=self._weighed(one),
            strange=float(_strange(one.text, anchor.text, self._question)),
        )

    def _instead(self, one: Evidence, first: Statement) -> Value | None:
        """Return what a sentence gives instead of a value; None where it gives the same, or nothing that can be held against it."""
        told, sort, said = first.value, first.value.sort, self._words(one)
        years = reference_years(one.text) if sort is Sort.AMOUNT and self._asked else frozenset()
        if (years and not years & self._asked) or (sort is Sort.TIME and opens_unresolved(one.text)):
            return None
        if sort is Sort.NAME:
            given = [value for value in values(said, sort) if not told.same_as(value) and said not in first.evidence.text]
            return given[0] if given and one.found.passage.article != first.evidence.found.passage.article else None
        stated = values(one.text, sort)
        every = [value for value in stated if told.comparable(value, answers=value.told_in(said) and not self._counts_others(one, told))]
        if any(told.same_as(value) for value in every):
            return None
        answers = [value for value in stated if value.told_in(said)] if self._sure(one) >= _SAID else []
        if answers and not any(value in every for value in answers):
            return None  # it answers, but with something that cannot be held against this
        known = values(first.evidence.text, sort)
        able = [value for value in every if not any(value.same_as(other) for other in known)]
        if self._asked and sort is Sort.AMOUNT:
            able = [value for value in able if {value.year, told.year} <= self._asked | {None}]
        return max(able, key=lambda value: (value.told_in(said), told.near(value)), default=None)

    def _counts_others(self, one: Evidence, told: Value) -> bool:
        """Say whether what a value counts is what the question asks for by name, and a sentence does not name it: beds, not nurses."""
        asked = told.counted & _beginnings(self._question) - _PERSONS
        return bool(asked) and not asked & _beginnings(one.text)

    def _sure(self, one: Evidence) -> float:
        return self._said.get(_key(one), ("", 0.0))[1]

    def _weighed(self, one: Evidence) -> float:
        """Return its score as a share of the best; none where it is not among the evidence weighed."""
        return max(0.0, min(1.0, one.score / self._best)) if _key(one) in self._known else 0.0

    def _cosine(self, one: Evidence, other: Evidence) -> float:
        return float(np.dot(self._vectors[_key(one)], self._vectors[_key(other)]))

    def _words(self, one: Evidence) -> str:
        return self._said.get(_key(one), ("", 0.0))[0]

    def _given(self, one: Evidence, value: Value) -> float:
        """Return how likely a sentence, read alone, answers with a value."""
        words, sure = self._said.get(_key(one), ("", 0.0))
        return sure if value.sort is Sort.DECISION or value.told_in(words) else 0.0


def _key(one: Evidence) -> tuple[int, int]:
    return one.found.passage.article, one.place

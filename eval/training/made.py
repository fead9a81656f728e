"""Questions made by rule from the articles themselves, for practice before the real ones.

A sentence that holds a name, a number or a date is asked for it, and answered in another passage that holds it too: so the words of
question and answer's sentence differ, as they do when people ask. The form is a question word, what follows the term, then what stands
before it (Fabbri et al., "Template-Based Question Generation from Retrieved Sentences for Improved Unsupervised Question Answering",
ACL 2020). Knows nothing of networks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from index import Span
from rag import opens_unresolved

from ..generating.cloze import BLANK, MONTH, YEAR, blanks
from .lesson import Candidate, Lesson

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from random import Random

    from index import StoredPassage, View
    from rag import Retriever

#: A sentence that is asked has so many words.
_WORDS = range(8, 41)

#: A question of fewer words asks nothing.
_FEWEST = 5

#: A passage that answers holds the term and at least so much of the sentence's other words, counted by rarity.
_SHARED = 0.3

#: Passages that are looked through, and those of them that are kept as wrong.
_SEARCHED, _WRONG = 12, 4

#: A term that stands in a passage more often says little of where it answers.
_PLACES = 2

_CLAUSE = re.compile(r"[;:—–]|, (?=and |but |which |who |where |while |when )")


def made(view: View, retriever: Retriever, article: int, chance: Random, most: int, left_out: Collection[int]) -> Iterator[Lesson]:
    """Yield at most `most` lessons whose questions are made from sentences of an article; rows of articles `left_out` are not shown."""
    record, text = view.record(article), view.article(article).text
    sentences = view.sentences(article)
    count = 0
    for span in chance.sample(sentences, len(sentences)):
        sentence = span.of(text)
        if count == most:
            return
        if len(sentence.split()) not in _WORDS or opens_unresolved(sentence):
            continue
        blanked = blanks(sentence)
        if not blanked:
            continue
        one = chance.choice(blanked)
        rest, own = one.text.replace(BLANK, " "), _passage_at(view, article, span.start)
        shown = [passage for hit in retriever.retrieve(view, rest, _SEARCHED) if (passage := hit.passage).article not in left_out]
        found = _answered(view, [passage for passage in shown if passage.row != own], rest, one.term)
        asked = _asked(one.text, one.term, chance)
        if found and len(asked.split()) >= _FEWEST:
            yield Lesson(f"{record['id']}:{span.start}", "made", asked, found)
            count += 1


def _passage_at(view: View, article: int, offset: int) -> int:
    return next((one.row for one in view.article_passages(article) if one.start <= offset < one.end), -1)


def _answered(view: View, passages: Sequence[StoredPassage], rest: str, term: str) -> tuple[Candidate, ...]:
    """Return the first of the passages that says the same with the term, and such as do not hold it; none where none does."""
    weights = view.idf(view.terms(rest))
    whole = sum(weights.values())
    right: Candidate | None = None
    wrong: list[Candidate] = []
    for passage in passages:
        text = view.passage_text(passage)
        places = [Span(*match.span()) for match in re.finditer(rf"(?<!\w){re.escape(term)}(?!\w)", text)]
        if not places:
            wrong.append(_candidate(passage, text, ()))
        elif right is None and len(places) <= _PLACES and _share(view, text, weights) >= _SHARED * whole:
            right = _candidate(passage, text, tuple(places))
    return (right, *wrong[:_WRONG]) if right else ()


def _share(view: View, text: str, weights: dict[str, float]) -> float:
    return sum(weights[term] for term in set(view.terms(text)) & weights.keys())


def _candidate(passage: StoredPassage, text: str, spans: tuple[Span, ...]) -> Candidate:
    return Candidate(passage.context, text, spans, relevant=bool(spans))


def _asked(sentence: str, term: str, chance: Random) -> str:
    """Return the clause around the blank as a question for `term`: question word, what follows, what stands before."""
    clause = next(part for part in _CLAUSE.split(sentence) if BLANK in part)
    before, after = (part.strip(" ,.;:“”\"'()") for part in clause.split(BLANK, 1))
    return " ".join(f"{_question_word(term, before, chance)} {after} {before}".split()) + "?"


def _question_word(term: str, before: str, chance: Random) -> str:
    if re.search(MONTH, term) or (YEAR.fullmatch(term) and re.search(r"\b(?:in|of|since|until|by|from)$", before)):
        return chance.choice(["When", "When", "What year" if YEAR.fullmatch(term) else "What date"])
    if term[0].isdigit() or term[0] in "$€£":
        return chance.choice(["How many", "How much"]) if "%" not in term and term[0].isdigit() else "How much"
    if re.search(r"\b(?:in|at|near|from|to)$", before):
        return chance.choice(["Where", "What place", "Which"])
    return chance.choice(["Who", "What", "Which"])

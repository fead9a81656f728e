"""From a question with known evidence to a lesson: the passages that hold its answer, and those that our own search would show instead.

What is learned must be what is met later: passages are cut as an index cuts them, with their context lines, and the wrong ones are the best
wrong ones. Knows nothing of question sets' formats, and of networks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from index import Span

from .lesson import Candidate, Lesson

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from index import StoredPassage, View
    from rag import Evidence, Retriever

    from ..dataset import Example
    from ..run import GoldSpan

#: So many passages are looked through for wrong ones, and so many of these are kept.
SEARCHED, WRONG = 24, 8

#: A question has at most so many passages that answer it.
RIGHT = 3

#: An answer of more words is no term to look for in other passages: only its own place is right.
_TERM_WORDS = 8

#: Where an answer's place is not known, and it stands in its article more often than this, its places say nothing.
_PLACES = 12


class Known(NamedTuple):
    """Where an answer stands in an article, and whether it is that stretch or stands within it."""

    article: int
    span: Span
    exact: bool


def mined(
    view: View, retriever: Retriever, example: Example, gold: Sequence[GoldSpan], near: str, left_out: Collection[int]
) -> Lesson | None:
    """Return what `example` teaches; None where its answer's place is not known.

    Args:
        view: An index of the set's articles.
        retriever: Finds the wrong passages.
        example: The question.
        gold: Where its evidence stands.
        near: The id of the article that it was asked of, where that does not answer it; else empty.
        left_out: Rows of articles that are not to be shown as wrong ones: held out, or known to answer the same question.
    """
    places = list(known_places(view, example, gold))
    if not places and not near:
        return None
    right = _right(view, places)
    if places and not right:
        return None
    rows = {passage.row for passage, _ in right}
    candidates = [_candidate(view, passage, known) for passage, known in right]
    if not places and (row := view.article_row(near)) is not None:
        own = view.article_passages(row)[:RIGHT]
        rows |= {passage.row for passage in own}
        candidates += [_candidate(view, passage, (), relevant=None) for passage in own]
    terms = [pattern for answer in example.answers if (pattern := _pattern(answer))]
    unknown = {row for name in example.relevant if (row := view.article_row(name)) is not None} - {known.article for known in places}
    wrong = (found.passage for found in retriever.retrieve(view, example.question, SEARCHED))
    kept = [
        one
        for one in wrong
        if one.row not in rows and one.article not in left_out and one.article not in unknown and not _answers(view, one, terms, places)
    ]
    return Lesson(example.id, "", example.question, (*candidates, *(_candidate(view, one, ()) for one in kept[:WRONG])))


def stands_in(known: Known, sentence: Evidence) -> bool:
    """Say whether a known answer stands in a sentence: begins there or, where it is known less well, shares a character with it."""
    if known.article != sentence.found.passage.article:
        return False
    if known.exact:
        return sentence.span.start <= known.span.start < sentence.span.end
    return known.span.start < sentence.span.end and sentence.span.start < known.span.end


def known_places(view: View, example: Example, gold: Sequence[GoldSpan]) -> Iterator[Known]:
    """Yield where the answer stands: at the places of the evidence that are answers, else within the evidence, else wherever it occurs."""
    answers = {" ".join(answer.split()) for answer in example.answers}
    for one in gold:
        row = view.article_row(one.article_id)
        if row is not None:
            span = Span(one.start, one.end)
            yield Known(row, span, " ".join(span.of(view.article(row).text).split()) in answers)
    if gold:
        return
    for article in sorted(example.relevant):
        row = view.article_row(article)
        if row is not None:
            yield from (Known(row, span, exact=True) for span in _occurrences(view, row, example))


def _occurrences(view: View, row: int, example: Example) -> list[Span]:
    """Return where an answer stands in an article: of many places those in the sentences that share most with the question."""
    text = view.article(row).text
    found = {Span(*match.span()) for answer in example.answers if (pattern := _pattern(answer)) for match in pattern.finditer(text)}
    if not 0 < len(found) <= _PLACES:
        return []
    asked = set(view.terms(example.question))
    sentences = view.sentences(row)
    shared: dict[Span, int] = {}
    for span in found:
        around = next((one for one in sentences if one.start <= span.start < one.end), span)
        shared[span] = len(asked & set(view.terms(around.of(text))))
    most = max(shared.values())
    return sorted(span for span, count in shared.items() if count == most)


def _pattern(answer: str) -> re.Pattern[str] | None:
    """Return what finds an answer, whatever its letter case and the marks between its words; None for one too long or without words."""
    words = re.findall(r"\w+", answer)
    if not 0 < len(words) <= _TERM_WORDS:
        return None
    start, end = re.match(r"[^\w\s]*", answer), re.search(r"[^\w\s]*$", answer)
    before = f"(?:{re.escape(start[0])})?" if start and start[0] else ""
    after = f"(?:{re.escape(end[0])})?" if end and end[0] else ""
    return re.compile(rf"{before}(?<!\w)" + r"\W{0,3}".join(map(re.escape, words)) + rf"(?!\w){after}", re.IGNORECASE)


def _right(view: View, places: Sequence[Known]) -> list[tuple[StoredPassage, list[Known]]]:
    """Return the passages that hold places of the answer whole, with these."""
    found: dict[int, tuple[StoredPassage, list[Known]]] = {}
    for known in places:
        for passage in view.article_passages(known.article):
            if passage.start <= known.span.start and known.span.end <= passage.end:
                found.setdefault(passage.row, (passage, []))[1].append(known)
    return list(found.values())[:RIGHT]


def _answers(view: View, passage: StoredPassage, terms: Sequence[re.Pattern[str]], places: Sequence[Known]) -> bool:
    """Say whether a passage may hold the answer too: its words, or a piece of the evidence."""
    if any(known.article == passage.article and known.span.start < passage.end and passage.start < known.span.end for known in places):
        return True
    text = view.passage_text(passage)
    return any(pattern.search(text) for pattern in terms)


def _candidate(view: View, passage: StoredPassage, known: Sequence[Known], *, relevant: bool | None = False) -> Candidate:
    text = view.passage_text(passage)
    exact = [one for one in known if one.exact] or known
    return Candidate(
        context=passage.heading,
        text=text,
        spans=tuple(sorted({Span(one.span.start - passage.start, one.span.end - passage.start) for one in exact})),
        exact=bool(exact) and exact[0].exact,
        relevant=True if known else relevant,
    )

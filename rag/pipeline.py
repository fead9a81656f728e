"""A question into a cited answer, step by step: understand, retrieve, weigh, decide, choose or write and check, compare, cite.

This is the whole way, readable from top to bottom; each step's input and output are frozen values. `rag.chain.Chain` is the same as
a LangChain Runnable. Knows nothing of screens or of how an index is kept.
"""

from __future__ import annotations

import time
from collections import deque
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from .answer import Answer, Reason
from .compose import choose, compose, short_answer
from .conflicts import disagreement
from .evidence import question_terms, weigh
from .kinds import kind_of
from .parts import Part, parts_of
from .question import Question, Turn
from .rerank import ReadingRetriever
from .retrieve import DENSE_WEIGHT, Retriever
from .several import Gathered, answered, gather, passages, told
from .sides import beside, completed, conflict_of, difference_in_words, short_of, sides_told
from .silence import Caution, confidence, enough, would_answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from index import ArticleFilter, Library, View

    from .evidence import Evidence
    from .kinds import Kind
    from .read import Reader
    from .retrieve import Found
    from .writing import Draft, Writer

#: Passages that an answer is made from.
PASSAGES_READ = 8

#: Reading ends early once a passage is this sure to hold the answer.
SURE = 0.9


class Pipeline:
    """Answers questions from one library, quoting it. Safe to share between threads."""

    def __init__(
        self,
        library: Library,
        *,
        reader: Reader | None = None,
        writer: Writer | None = None,
        retriever: Retriever | None = None,
        dense_weight: float = DENSE_WEIGHT,
        caution: Caution = Caution.NORMAL,
        threshold: float | None = None,
    ) -> None:
        """Answer from `library`.

        Args:
            library: The articles.
            reader: Reads the best passages; without one, sentences are chosen by search scores alone.
            writer: Writes the answer in its own words, each sentence checked; without one, sentences are quoted.
            retriever: Finds passages in its own way, and then reads them if it does.
            dense_weight: The share of the vectors in the ranking of any other, from 0 (words alone) to 1.
            caution: How sure an answer must be to be shown.
            threshold: An answer whose confidence is lower is an abstention, whatever `caution` says.
        """
        self.library = library
        found_by = Retriever(library, dense_weight=dense_weight)
        if reader is not None:
            found_by = ReadingRetriever(library, reader, depth=PASSAGES_READ, sure=SURE, dense_weight=dense_weight)
        self._retriever = retriever or found_by
        self._reader = reader
        self._writer = writer
        self._caution = caution
        self._threshold = threshold

    def quoting(self) -> Pipeline:
        """Return the same without what writes: its answers are the articles' own words, whatever this one's are."""
        made = copy(self)
        made._writer = None  # noqa: SLF001  # a copy of its own
        return made

    def ask(self, question: str | Question, *, history: Sequence[Turn] = (), only: ArticleFilter | None = None) -> Answer:
        """Return a cited answer, or an abstention with its reason; raises `AssayError` when the question cannot be asked."""
        (answer,) = deque(self.stream(question, history=history, only=only), maxlen=1)
        return answer

    def stream(self, question: str | Question, *, history: Sequence[Turn] = (), only: ArticleFilter | None = None) -> Iterator[Answer]:
        """Yield the answer as it grows by a sentence at a time, each checked, with all the citations that it uses; the last is whole.

        Only the last one may be an abstention, and only the last one may differ from its beginnings: where a model's sentences are followed
        by nothing that holds. Raises as `ask` does.
        """
        asked = question if isinstance(question, Question) else Question(question, tuple(history))
        clock = _Clock()
        with self.library.view() as view:
            looked = self._look(view, asked, only, clock)
            if self._writer is not None and looked.evidence and self._worth_asking(looked):
                yield from self._written(view, looked, self._writer, clock)
            else:
                yield from _growing(self._quoted(view, looked, clock))

    def _look(self, view: View, asked: Question, only: ArticleFilter | None, clock: _Clock) -> _Looked:
        if self._writer is not None and asked.follows:
            asked = replace(asked, understood=self._writer.standalone(asked))
            clock.lap("understand")
        found = self._retriever.retrieve(view, asked.standalone, PASSAGES_READ, only=only)
        clock.lap("retrieve")
        evidence = weigh(view, asked.standalone, [one for one in found if one.reading] or found)
        clock.lap("read")
        sure, kind = round(confidence(evidence), 4), kind_of(asked.standalone)
        whole = _Looked(asked, found, evidence, sure, kind, _reason(view, found, only))
        parts = parts_of(asked)
        if not parts.parts:
            return whole
        known = Gathered(Part(asked.text, asked.standalone), found, evidence, sure, kind)
        gathered = gather(view, self._retriever, parts, PASSAGES_READ, only, known)
        clock.lap("read")
        return whole._replace(parts=gathered, compared=parts.compared, sure=_sure(gathered, parts.compared))

    def _quoted(self, view: View, looked: _Looked, clock: _Clock, notes: tuple[str, ...] = ()) -> Answer:
        """Return the answer in the articles' own words, or an abstention."""
        if looked.parts:
            return self._part_by_part(view, looked, clock, notes)
        shown = looked.evidence and self._shown(looked)
        chosen = choose(view, looked.evidence, question_terms(view, looked.asked.standalone), looked.kind) if shown else []
        if not chosen:
            return self._silent(view, looked, clock, notes)
        sides = sides_told(view, disagreement(view, looked.asked.standalone, looked.evidence, looked.found, self._reader))
        clock.lap("compare")
        sentences, citations = compose(view, beside(chosen, sides))
        conflict = conflict_of(view, sides, citations) if sides else None
        return looked.answer(
            clock,
            sentences=sentences,
            citations=citations,
            short_answer=short_of(conflict) if conflict else short_answer(view, chosen, looked.kind),
            notes=(*notes, difference_in_words(conflict, citations)) if conflict else notes,
            conflict=conflict,
        )

    def _part_by_part(self, view: View, looked: _Looked, clock: _Clock, notes: tuple[str, ...]) -> Answer:
        """Return the answer to several questions in one, or to a comparison; an abstention where no part of it may be shown."""
        whole = answered(view, looked.parts, looked.compared, self._shown)
        if not whole.sentences:
            return replace(self._silent(view, looked, clock, (*notes, *whole.notes)), parts=whole.parts)
        return looked.answer(clock, **{**whole._asdict(), "notes": notes})

    def _silent(self, view: View, looked: _Looked, clock: _Clock, notes: tuple[str, ...]) -> Answer:
        lacks = (would_answer(view, looked.asked.standalone, looked.found),) if looked.found else ()
        return looked.answer(clock, reason=looked.silent_for, notes=(*notes, *lacks))

    def _written(self, view: View, looked: _Looked, writer: Writer, clock: _Clock) -> Iterator[Answer]:
        """Yield the answer in a model's words as it grows; at the end the articles' own words where nothing of it holds."""
        if writer.rests:
            yield self._in_their_words(view, looked, clock, (f"{writer.name} did not reply lately and is left alone for a minute.",))
            return
        for draft in writer.write(view, looked.asked.standalone, looked.passages):
            if draft.whole:
                yield self._checked(view, looked, draft, writer.name, clock)
            else:
                yield looked.answer(clock, sentences=tuple(draft.sentences), citations=tuple(draft.citations), model=writer.name)

    def _checked(self, view: View, looked: _Looked, draft: Draft, model: str, clock: _Clock) -> Answer:
        """Return what a model's whole reply comes to."""
        notes, removed = _notes(draft, model), tuple(draft.removed)
        if draft.sentences:
            quoted = self._quoted(view, looked, clock)
            sentences, citations, conflict = completed(draft.sentences, draft.citations, quoted)
            short = quoted.short_answer
            return looked.answer(
                clock,
                sentences=sentences,
                citations=citations,
                short_answer=short if short and (conflict or any(short in sentence.text for sentence in sentences)) else None,
                model=model,
                notes=(*notes, difference_in_words(conflict, citations)) if conflict else notes,
                removed=removed,
                conflict=conflict,
                parts=told(looked.parts, draft.sentences, draft.citations),
            )
        if draft.says_nothing and not removed and not enough(looked.evidence, looked.sure, Caution.HIGH, looked.kind):
            return replace(self._silent(view, looked, clock, notes), model=model)
        return replace(self._in_their_words(view, looked, clock, notes), removed=removed)

    def _in_their_words(self, view: View, looked: _Looked, clock: _Clock, notes: tuple[str, ...]) -> Answer:
        """Return the articles' own words where a model's were to be, and say so; or silence."""
        answer = self._quoted(view, looked, clock, notes)
        return answer if answer.abstained else replace(answer, notes=(*notes, _QUOTED))

    def _shown(self, looked: _Looked | Gathered) -> bool:
        if self._threshold is not None:
            return looked.sure >= self._threshold
        return enough(looked.evidence, looked.sure, self._caution, looked.kind)

    def _worth_asking(self, looked: _Looked) -> bool:
        """Say whether a model may find an answer: a degree less sure than one that is quoted, since what it writes is checked."""
        if self._threshold is not None:
            return looked.sure >= self._threshold
        lower = {Caution.NORMAL: Caution.LOW, Caution.HIGH: Caution.NORMAL}.get(self._caution)
        return lower is None or enough(looked.evidence, looked.sure, lower, looked.kind)


#: Said where a model was asked and the answer is not its own.
_QUOTED = "The answer is quoted from the articles."


class _Looked(NamedTuple):
    """What was found for a question, and what that is worth."""

    asked: Question
    found: Sequence[Found]
    evidence: Sequence[Evidence]
    sure: float
    kind: Kind
    silent_for: Reason
    """Why there is no answer, if there is none."""
    parts: tuple[Gathered, ...] = ()
    """What was found for each of several questions in one, or for each side of a comparison."""
    compared: bool = False

    @property
    def passages(self) -> Sequence[Found]:
        """Return the passages to write from."""
        return passages(self.parts) if self.parts else self.found

    def answer(self, clock: _Clock, *, reason: Reason | None = None, **more: Any) -> Answer:
        """Return the answer to it: `more` of what an answer has."""
        clock.lap("verify")
        return Answer(
            id=self.asked.id,
            question=self.asked.text,
            standalone_question=self.asked.standalone,
            hits=tuple(one.hit for one in self.found),
            confidence=self.sure,
            reason=reason,
            timings_ms=clock.total(),
            **({"sentences": (), "citations": ()} | more),
        )


def _sure(parts: Sequence[Gathered], compared: bool) -> float:
    """Return the probability that the articles answer a question of such parts: any of several questions, every side of a comparison."""
    return min(one.sure for one in parts) if compared else max(one.sure for one in parts)


def _growing(answer: Answer) -> Iterator[Answer]:
    """Yield an answer one sentence longer each time; the last is whole."""
    for count in range(1, len(answer.sentences)):
        used = {n for sentence in answer.sentences[:count] for n in sentence.citations}
        citations = tuple(citation for citation in answer.citations if citation.n in used)
        yield replace(answer, sentences=answer.sentences[:count], citations=citations, conflict=None, parts=())
    yield answer


def _notes(draft: Draft, name: str) -> tuple[str, ...]:
    """Return what is to be known of how a model's answer came about."""
    notes = []
    if draft.failure:
        notes.append(f"{name} gave no whole reply ({draft.failure}).")
    if draft.says_nothing and not draft.sentences:
        notes.append(f"{name} found no answer in the passages.")
    if draft.removed:
        many = len(draft.removed) > 1
        notes.append(f"The articles do not support {len(draft.removed)} {'sentences' if many else 'sentence'} of {name}, left out here.")
    if draft.unknown:
        notes.append(f"{name} named passages that there are not: {draft.unknown}.")
    if not (draft.failure or draft.says_nothing or draft.removed or draft.sentences):
        notes.append(f"{name} replied nothing.")
    return tuple(notes)


def _reason(view: View, found: Sequence[Found], only: ArticleFilter | None) -> Reason:
    if found:
        return Reason.NOT_SUPPORTED
    if not view.counts()[0]:
        return Reason.EMPTY_INDEX
    return Reason.NOTHING_SELECTED if only else Reason.NOTHING_FOUND


class _Clock:
    """Milliseconds of each step since the one before; of one that comes again, all of them."""

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, step: str) -> None:
        now = time.perf_counter()
        self._laps[step] = round(self._laps.get(step, 0.0) + (now - self._last) * 1000, 2)
        self._last = now

    def total(self) -> dict[str, float]:
        return {**self._laps, "total": round((time.perf_counter() - self._start) * 1000, 2)}

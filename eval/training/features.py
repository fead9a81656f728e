"""Lessons as the network reads them: token ids, and which tokens may begin or end the answer. Knows nothing of losses."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rag import Readable, paired, text_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index import Span, TextTokenizer

    from .lesson import Candidate, Lesson


class Features(NamedTuple):
    """One candidate of a lesson as the network reads it."""

    ids: list[int]
    types: list[int]
    readable: list[int]
    """The tokens that an answer may consist of."""
    starts: list[int]
    ends: list[int]
    """Tokens at which the answer begins and ends; empty where it is not there."""
    relevant: bool | None
    supports: bool | None = None

    @property
    def length(self) -> int:
        """Return how many tokens there are."""
        return len(self.ids)


def features(tokenizer: TextTokenizer, lesson: Lesson, candidates: Sequence[Candidate]) -> list[Features]:
    """Return what the network reads of each of `candidates` beside the question: of a long one its first window with an answer.

    A candidate whose answer stands in no window whole is left out.
    """
    readable = [Readable(one.context, one.text) for one in candidates]
    made = []
    for one, passage, windows in zip(candidates, readable, paired(tokenizer, lesson.question, readable), strict=True):
        for window in windows:
            places, spans = text_tokens(window, passage)
            starts, ends = _ends(one, places, spans)
            if bool(one.spans) == bool(starts and ends):
                made.append(Features(window.ids, window.type_ids, places, starts, ends, one.relevant, one.supports))
                break
    return made


def _ends(one: Candidate, places: Sequence[int], tokens: Sequence[Span]) -> tuple[list[int], list[int]]:
    """Return the tokens at which the answer may begin and end: its own, or any of the stretch that it stands within."""
    starts, ends = set(), set()
    for span in one.spans:
        within = [place for place, token in zip(places, tokens, strict=True) if token.start < span.end and span.start < token.end]
        whole = within and tokens[0].start <= span.start and span.end <= tokens[-1].end
        if not whole:
            continue
        starts.update(within[:1] if one.exact else within)
        ends.update(within[-1:] if one.exact else within)
    return sorted(starts), sorted(ends)

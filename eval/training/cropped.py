"""Passages cut down around the answer: most of what a reader must learn is learned from a stretch half as long.

As in BERT's own training, where nine in ten steps read 128 tokens of 512 (Devlin et al., NAACL 2019, appendix A.2). Knows nothing of
tokens.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from index import Span

if TYPE_CHECKING:
    from random import Random

    from .lesson import Candidate


def cropped(one: Candidate, most: int, chance: Random) -> Candidate:
    """Return a candidate with at most `most` characters of its text, whole words, at a place drawn anew each time.

    One of its answers is whole within the stretch; other answers that are not are forgotten. A text whose answer is longer than `most`
    stays as it is.
    """
    length = len(one.text)
    if length <= most or one.supports is not None:  # what supports a claim may stand in several places
        return one
    kept = chance.choice(one.spans) if one.spans else None
    if kept and kept.end - kept.start > most:
        return one
    lowest, highest = (max(0, kept.end - most), min(kept.start, length - most)) if kept else (0, length - most)
    first = chance.randint(lowest, highest)
    stretch = _whole_words(one.text, Span(first, first + most), kept)
    spans = tuple(
        Span(span.start - stretch.start, span.end - stretch.start)
        for span in one.spans
        if stretch.start <= span.start and span.end <= stretch.end
    )
    return replace(one, text=stretch.of(one.text), spans=spans)


def _whole_words(text: str, stretch: Span, kept: Span | None) -> Span:
    """Return the stretch without the words that it cuts, unless they are of what is `kept`."""
    start, end = stretch
    if start and not text[start - 1].isspace():
        found = re.compile(r"\s").search(text, start, kept.start if kept else end)
        start = found.end() if found else start
    if end < len(text) and not text[end].isspace():
        end = next((place for place in range(end - 1, (kept.end if kept else start) - 1, -1) if text[place].isspace()), end)
    return Span(start, end)

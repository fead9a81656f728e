"""An article into passages: runs of whole sentences that fit the embedding model.

Offsets are exact by construction: a passage is a span of the article's own text, never a copy that is searched for again.
Knows nothing of models but how many tokens a text has.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from .article import Article, Heading, Marks, Passage, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

#: A passage aims at this many tokens, its context not counted, where the model reads as many.
PASSAGE_TOKENS = 220

#: Room for the special tokens that a model puts around a text.
_SPECIAL_TOKENS = 4

#: A line of context longer than this says no more about its passage.
_CONTEXT_CHARACTERS = 160

#: Of a longer heading only the beginning is looked at: it stands above every one below it.
_HEADING_CHARACTERS = 1_000

#: Nor does one that takes more than this part of what the model reads: 160 characters of Hangul may be 480 tokens.
_CONTEXT_SHARE = 0.25

#: Names the rules of this module; part of an index's settings, since other rules make other passages.
SPLITTER = f"sentences, {PASSAGE_TOKENS} tokens, 2"


def split(
    article: Article, sentences: Sequence[Span], *, count_tokens: Callable[[Sequence[str]], list[int]], max_tokens: int
) -> list[Passage]:
    """Cut `article` into passages of whole sentences, in order, each within `max_tokens` of the model together with its context.

    An article that is to stay whole is one passage without context, whatever its length. In any other, boilerplate is in no
    passage, and a single sentence longer than the model reads is cut at white space. `sentences` are the article's own, in order;
    `count_tokens` counts each text by itself, so that sums are an upper bound for BERT-like tokenizers.
    """
    if article.whole:
        return [Passage(Span(0, len(article.text)), "")]
    boilerplate = Marks(article.not_citable)
    kept = [span for span in sentences if not boilerplate.touch(span)]
    contexts = _Contexts(article, count_tokens, int(max_tokens * _CONTEXT_SHARE))
    costs = count_tokens([span.of(article.text) for span in kept])
    passages: list[Passage] = []
    run: list[Span] = []
    used = 0
    for span, cost in zip(kept, costs, strict=True):
        context = contexts.at((run[0] if run else span).start)
        room = min(PASSAGE_TOKENS, max_tokens - _SPECIAL_TOKENS - contexts.costs[context])
        if run and (used + cost > room or boilerplate.touch(Span(run[-1].end, span.start))):
            passages.append(Passage(Span(run[0].start, run[-1].end), context))
            run, used = [], 0
            context = contexts.at(span.start)
            room = min(PASSAGE_TOKENS, max_tokens - _SPECIAL_TOKENS - contexts.costs[context])
        if cost > room:
            passages.extend(Passage(piece, context) for piece in _pieces(article.text, span, room / cost, count_tokens, room))
            continue
        run.append(span)
        used += cost
    if run:
        passages.append(Passage(Span(run[0].start, run[-1].end), contexts.at(run[0].start)))
    return passages


def embedded_text(context: str, words: str) -> str:
    """Return what is embedded and indexed for a passage: its context, then its own words."""
    return f"{context}\n{words}" if context else words


def heading_of(context: str) -> str:
    """Return the first line of a context: what a reader has to know of a passage. Where and when it appeared is for the search alone.

    A model that reads names and days above every passage takes them for answers (docs/decisions/0014-formats.md).
    """
    return context.partition("\n")[0]


class _Contexts:
    """The context at any offset of an article: its title and the headings above the offset; below that, its source and date."""

    def __init__(self, article: Article, count_tokens: Callable[[Sequence[str]], list[int]], most: int) -> None:
        self._starts = [0]
        lines = [_line([article.title])]
        path: list[Heading] = []
        for heading in sorted(article.headings):
            path = [above for above in path if above.level < heading.level] + [heading]
            words = [article.text[above.span.start : min(above.span.end, above.span.start + _HEADING_CHARACTERS)] for above in path]
            self._starts.append(heading.span.start)
            lines.append(_line([article.title, *(word for word in words if word.strip() != article.title)]))
        fitted = [_fitted(line, cost, most, count_tokens) for line, cost in zip(lines, count_tokens(lines), strict=True)]
        appeared = _line([", ".join(part for part in (article.source, article.published) if part)])
        (more,) = count_tokens([appeared]) if appeared else (0,)
        fitted = [(f"{line}\n{appeared}", cost + more) if 0 < more <= most - cost else (line, cost) for line, cost in fitted]
        self._lines = [line for line, _ in fitted]
        self.costs = dict(fitted)

    def at(self, offset: int) -> str:
        return self._lines[bisect_right(self._starts, offset) - 1]


def _line(words: list[str]) -> str:
    line = re.sub(r"\s+", " ", " > ".join(words)).strip()
    return line if len(line) <= _CONTEXT_CHARACTERS else line[:_CONTEXT_CHARACTERS].rsplit(" ", 1)[0]


def _fitted(line: str, cost: int, most: int, count_tokens: Callable[[Sequence[str]], list[int]]) -> tuple[str, int]:
    """Return `line`, cut until it has at most `most` tokens, and how many it has."""
    while cost > most:
        line = line[: int(len(line) * most / cost)].rsplit(" ", 1)[0].strip()
        (cost,) = count_tokens([line])
    return line, cost


def _pieces(text: str, span: Span, share: float, count_tokens: Callable[[Sequence[str]], list[int]], room: int) -> Iterator[Span]:
    """Yield parts of an overlong sentence, cut at white space where there is some, none above `room` tokens."""
    step = max(1, int((span.end - span.start) * share * 0.9))
    start = span.start
    while start < span.end:
        length = step
        while True:
            end = min(span.end, start + length)
            cut = text.rfind(" ", start + length // 2, end) if end < span.end else -1
            piece = Span(start, cut if cut > start else end)
            if length == 1 or count_tokens([piece.of(text)])[0] <= room:
                break
            length = max(1, length // 2)
        words = piece.of(text)
        if words.strip():
            lead = len(words) - len(words.lstrip())
            yield Span(piece.start + lead, piece.start + len(words.rstrip()))
        start = piece.end

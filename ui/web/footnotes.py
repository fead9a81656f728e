"""An answer as plain text with its footnotes, grown sentence by sentence: what clients show that know no citations.

Most of them take text for Markdown. What would make one fetch or run something is broken by a space, so that no article and no model
speaks to whoever reads: the exact characters stand in the answer's JSON. Pure; knows nothing of HTTP.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from urllib.parse import quote

from rag import ABSTENTION

from .. import render
from ..safe import safe
from ..wording import doubt_of, notes_of
from .addresses import web_address

if TYPE_CHECKING:
    from collections.abc import Callable

    from index import ArticleFilter
    from rag import Answer, AnswerSentence, Citation

#: What begins an image or a link in Markdown, and a tag in HTML.
_ACTIVE = re.compile(r"!(?=\[)|\](?=[(\[:])|<(?=[A-Za-z/!?])")

#: Where footnotes begin.
_FOOTNOTES = re.compile(r"\n\n\[\d+\] “")

#: Between lines of one paragraph: a line break in Markdown too.
_BREAK = "  \n"

#: Said where what was shown is not how the answer ends.
_OTHERWISE = "\n\nThe answer, now that it is whole and checked, is another than what stands above:\n\n"


class Mark(NamedTuple):
    """Where a citation's `[n]` stands in a text, `[start, end)` in code points."""

    start: int
    end: int
    n: int


#: A sentence and where what it cites stands, by number.
_Proved: TypeAlias = "tuple[str, tuple[tuple[int, str, int, int], ...]]"


class Telling:
    """The text of an answer as far as it has been told; what was told is never taken back."""

    def __init__(self, link: Callable[[Citation], str]) -> None:
        """Tell of no sentence yet; `link` says where a citation can be read."""
        self.text = ""
        self.marks: tuple[Mark, ...] = ()
        self._link = link
        self._told: tuple[_Proved, ...] = ()

    def grow(self, answer: Answer) -> str:
        """Tell the sentences that are new, and return what that adds to the text; nothing where `answer` does not go on from there."""
        proved = _proved(answer)
        if proved[: len(self._told)] != self._told:
            return ""
        before = len(self.text)
        for sentence in answer.sentences[len(self._told) :]:
            self._add(sentence)
        self._told = proved
        return self.text[before:]

    def end(self, answer: Answer, *, articles: int, only: ArticleFilter | None = None) -> str:
        """Tell the rest of a whole answer, and return what that adds: its last sentences, what there is to know of it, its footnotes.

        An answer that does not go on from what was told is told after it, whole, and that it is another is said.
        """
        before = len(self.text)
        if self._told and _proved(answer)[: len(self._told)] != self._told:
            self._told, self.marks = (), ()
            self.text += _OTHERWISE
        if answer.abstained:
            self.text += _abstention(answer, articles, only)
            return self.text[before:]
        self.grow(answer)
        for lines in ([_plain(note) for note in notes_of(answer)], [self._footnote(citation) for citation in answer.citations]):
            self.text += f"\n\n{_BREAK.join(lines)}" if lines else ""
        return self.text[before:]

    def _add(self, sentence: AnswerSentence) -> None:
        self.text += f"{' ' if self.text and not self.text.endswith(chr(10)) else ''}{_plain(sentence.text)} "
        for number in sentence.citations:
            start = len(self.text)
            self.text += f"[{number}]"
            self.marks += (Mark(start, len(self.text), number),)
        doubt = doubt_of(sentence)
        self.text += f" ({_plain(doubt)})" if doubt else ""

    def _footnote(self, citation: Citation) -> str:
        origin = ", ".join(_plain(part) for part in (citation.title, citation.source, citation.published) if part)
        page = f", page {citation.page}" if citation.page else ""
        return f"[{citation.n}] “{_plain(citation.quote)}” — {origin}{page}, {self._link(citation)}"


def _proved(answer: Answer) -> tuple[_Proved, ...]:
    """Return the sentences with what proves them: a number alone could come to stand for another quote."""
    places = {one.n: (one.n, one.article_id, one.start, one.end) for one in answer.citations}
    return tuple((sentence.text, tuple(places[n] for n in sentence.citations)) for sentence in answer.sentences)


def told(answer: Answer, link: Callable[[Citation], str], *, articles: int, only: ArticleFilter | None = None) -> str:
    """Return a whole answer as plain text with its footnotes."""
    return Telling(link).end(answer, articles=articles, only=only)


def untold(content: str) -> str:
    """Return what an earlier answer said, without its footnotes: what `told` wrote comes back as history."""
    if content.startswith(ABSTENTION):
        return ABSTENTION
    found = _FOOTNOTES.search(content)
    return content[: found.start()] if found else content


def link_to(citation: Citation, base: str) -> str:
    """Return where a citation can be read: at the address stored with the article, else at its characters in the page under `base`."""
    return web_address(citation.url) or f"{base}/?article={quote(citation.article_id, safe='')}&span={citation.start}:{citation.end}"


def _abstention(answer: Answer, articles: int, only: ArticleFilter | None) -> str:
    """Return that there is no answer, what was searched, and what came nearest."""
    first, *rest = render.plain(render.answer_page(answer, articles=articles, only=only)).splitlines()
    while first != ABSTENTION and rest:  # "Understood as: …" comes first
        first, *rest = rest
    return f"{ABSTENTION}\n\n{_BREAK.join(_plain(line) for line in rest if line.strip())}"


def _plain(text: str) -> str:
    """Return text on one line that no client takes for an image, a link or a tag."""
    return _ACTIVE.sub(lambda found: f"{found[0]} ", " ".join(safe(text).split()))

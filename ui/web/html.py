"""An answer as HTML that nothing in it can break out of: the conversation's messages. Pure.

Every word is plain text that has been escaped; what is then joined goes through nh3 with the few tags and attributes that are written
here. A citation is a link to its own place (`?article=ID&span=A:B`), so that it leads there without any script. What the page's script must
know of a message stands among its classes (`turn-3 state-whole key-…`): Gradio's own sanitiser, which comes after, leaves nothing else.
Knows nothing of Gradio, of HTTP or of how an answer is found.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

import nh3

from rag import ABSTENTION, EXTRACTIVE, Difference, difference_in_words

from ..render import NEAREST_SHOWN, snippet
from ..wording import Surface, confidence_words, doubt_of, reason_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rag import Answer, AnswerSentence, Citation, Conflict, Hit, Side

#: What a message may be made of.
_TAGS = {"a", "div", "p", "span", "strong", "ul", "ol", "li", "h3", "q", "em"}

#: Attributes of every tag; those of a link besides.
_ATTRIBUTES = {"*": {"class"}, "a": {"href"}}

#: What may stand in a class as the name of a conversation or the key of an answer.
_NAME = re.compile("[A-Za-z0-9_-]{1,64}")

#: Characters that reorder or hide text: they could make a link or a date read as another. Shown as `�`; lines stay lines.
_REORDERING = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

#: A tag, which stays; or what Markdown, its links without brackets, and TeX begin with.
_MARKING = re.compile(r'(<(?:[^<>"]|"[^"]*")*>)|([\\`*_$~|\[\]{}#!:@]|(?<=[wW])\.)')


def question_html(question: str, *, talk: str = "", turn: int = 0) -> str:
    """Show what was asked."""
    return _clean(f'<div class="asked {_about(talk, turn)}">{_text(question)}</div>')


def reading_html(*, talk: str = "", turn: int = 0) -> str:
    """Say that the articles are being read, which is all that is known until the first sentence."""
    body = '<p class="reading"><span class="dots"><span></span><span></span><span></span></span>Reading the articles…</p>'
    return _message(body, "reading", talk, turn)


def failed_html(said: str, *, talk: str = "", turn: int = 0) -> str:
    """Say in one line why there is no answer at all."""
    return _message(f'<p class="failure">{_text(said)}</p>', "failed", talk, turn)


def elsewhere_html(*, talk: str = "", turn: int = 0) -> str:
    """Say that another page of the same browser is waiting for the answer."""
    return _message('<p class="why">This question is being answered on another page.</p>', "elsewhere", talk, turn)


def answer_html(
    answer: Answer,
    *,
    searched: str = "",
    key: str = "",
    state: str = "whole",
    talk: str = "",
    turn: int = 0,
) -> str:
    """Show an answer with its proof, or that there is none, why, and what was `searched` for it, where that is known."""
    parts = [_understood(answer)]
    if answer.abstained:
        parts += [_abstention(answer, searched)]
    else:
        short = answer.short_answer if len(answer.parts) < 2 else None  # several at once would answer none of the questions by itself
        parts += [f'<p class="short">{_text(short)}</p>' if short else "", _sentences(answer)]
        parts += [_conflict(answer.conflict, answer) if answer.conflict else "", _unanswered(answer), _notes(answer)]
    if state == "stopped":
        parts.append('<p class="stopped">Stopped before the answer was whole.</p>')
    parts += [_meta(answer) if state == "whole" else "", '<div class="tools"></div>']
    return _message("".join(parts), state, talk, turn, key)


def welcome_html(articles: int, *, may_write: bool = False) -> str:
    """Say what can be done here, before anything has been asked."""
    if not articles:
        here = "Add some in the Library tab, or" if may_write else "To add some, end the server and run"
        how = f"{here} <em>assay add PATH</em> in a terminal: files, folders, .jsonl and .csv are read."
        return _clean(f'<div class="welcome"><p class="large">There are no articles yet</p><p>{how}</p></div>')
    are = "There is 1 article" if articles == 1 else f"There are {articles:,} articles"
    what = f"{are} to ask. Every sentence of an answer cites the exact words that it comes from: choose its number to read them in place."
    return _clean(f'<div class="welcome"><p class="large">Ask your articles</p><p>{what}</p></div>')


def chips_html(limits: Iterable[str]) -> str:
    """Show the filters that are set."""
    return _clean("".join(f'<span class="limit">{_text(one)}</span>' for one in limits))


def plain(words: str) -> str:
    """Return words as text that Gradio shows by itself, as in the labels of a choice: they end where they stand, and read as they are."""
    return _REORDERING.sub("\ufffd", words)


def place(article_id: str, start: int, end: int) -> str:
    """Return the address of some characters of an article on this page."""
    return f"?article={quote(article_id, safe='')}&span={start}:{end}"


def _message(body: str, state: str, talk: str, turn: int, key: str = "") -> str:
    known = f" key-{key}" if _NAME.fullmatch(key) else ""
    return _clean(f'<div class="answer state-{state} {_about(talk, turn)}{known}">{body}</div>')


def _about(talk: str, turn: int) -> str:
    return f"turn-{turn}" + (f" talk-{talk}" if _NAME.fullmatch(talk) else "")


def _text(words: object) -> str:
    return escape(plain(str(words)), quote=True)


def _clean(made: str) -> str:
    """Return only what is on the list, its words spelled so that nothing that reads Markdown or TeX finds any in them."""
    kept = nh3.clean(
        made, tags=_TAGS, attributes=_ATTRIBUTES, clean_content_tags={"script", "style"}, url_schemes={"http", "https"}, link_rel=None
    )
    return _MARKING.sub(lambda found: found[1] or "".join(f"&#{ord(one)};" for one in found[2]), kept)


def _understood(answer: Answer) -> str:
    """Say which question was searched for, when that is not the one that was asked."""
    if answer.standalone_question.split() == answer.question.split():
        return ""
    return f'<p class="understood">Understood as: <q>{_text(answer.standalone_question)}</q></p>'


def _sentences(answer: Answer) -> str:
    """Show the sentences, those of each part of the question by themselves where it has several."""
    by_n = {citation.n: citation for citation in answer.citations}
    if not any(part.sentences for part in answer.parts):
        return _paragraph(answer.sentences, by_n)
    shown: set[int] = set()
    made = []
    for part in answer.parts:
        own = [answer.sentences[at] for at in part.sentences if at not in shown]  # one may answer two parts
        shown.update(part.sentences)
        if own:
            made.append(f'<h3 class="part">{_text(part.question)}</h3>{_paragraph(own, by_n)}')
    left = [one for at, one in enumerate(answer.sentences) if at not in shown]
    return "".join(made) + (_paragraph(left, by_n) if left else "")


def _paragraph(sentences: Sequence[AnswerSentence], by_n: Mapping[int, Citation]) -> str:
    return f'<p class="sentences">{" ".join(_sentence(one, by_n) for one in sentences)}</p>'


def _sentence(sentence: AnswerSentence, by_n: Mapping[int, Citation]) -> str:
    chips = _chips(sentence.citations, by_n)
    doubt = doubt_of(sentence)
    if doubt is None:
        return f'<span class="sentence">{_text(sentence.text)}{chips}</span>'
    words = f'<span class="words">{_text(sentence.text)}</span>'
    return f'<span class="sentence weak">{words}{chips} <span class="doubt">{_text(doubt)}</span></span>'


def _chips(numbers: Iterable[int], by_n: Mapping[int, Citation]) -> str:
    return "".join(_chip(by_n[n]) for n in numbers if n in by_n)


def _chip(citation: Citation) -> str:
    where = place(citation.article_id, citation.start, citation.end)
    # a word joiner: the number never stands alone at the beginning of a line
    return f'\u2060<a class="chip n-{int(citation.n)}" href="{_text(where)}">{int(citation.n)}</a>'


def _conflict(conflict: Conflict, answer: Answer) -> str:
    """Show what is said on each side next to each other, the newest first."""
    by_n = {citation.n: citation for citation in answer.citations}
    cited = {by_n[n].article_id for side in conflict.sides for n in side.citations if n in by_n}
    if conflict.kind is Difference.UPDATE:
        head = f"An update by {conflict.sides[0].source}"
    else:
        head = "One article says different things" if len(cited) == 1 else "The articles disagree"
    sides = "".join(_side(one, by_n, at, conflict.kind) for at, one in enumerate(conflict.sides))
    return f'<div class="conflict {_text(conflict.kind)}"><h3>{_text(head)}</h3><ul class="sides">{sides}</ul></div>'


def _side(side: Side, by_n: Mapping[int, Citation], at: int, kind: Difference) -> str:
    now = ("now" if at == 0 else "earlier") if kind is Difference.UPDATE else ""
    told = f'<span class="when">{now}</span>' if now else ""
    source = _text(side.source or "source not named")
    value = f'<strong class="value">{_text(side.value)}</strong>{_chips(side.citations, by_n)}'
    return f'<li class="side {now}">{told}{value}<span class="origin">{source}, {_text(side.published or "undated")}</span></li>'


def _unanswered(answer: Answer) -> str:
    open_parts = [part for part in answer.parts if not part.answered]
    return "".join(f'<p class="unanswered"><strong>Not answered:</strong> {_text(part.question)}</p>' for part in open_parts)


def _notes(answer: Answer) -> str:
    """Show what is to be known of how it came about, but for what the sides of a conflict show already."""
    told = {difference_in_words(answer.conflict, answer.citations)} if answer.conflict else set()
    return "".join(f'<p class="note">{_text(note)}</p>' for note in answer.notes if note not in told)


def _abstention(answer: Answer, searched: str) -> str:
    reason = reason_words(answer.reason, Surface.PAGE) if answer.reason else ""
    made = [f'<p class="silence">{_text(ABSTENTION)}</p><p class="why">{_text(reason)}</p>']
    made += [f'<p class="searched">{_text(searched)}</p>' if searched else "", _notes(answer), _unanswered(answer)]
    if answer.hits:
        made.append(f'<h3>Nearest passages</h3><ol class="nearest">{"".join(map(_near, answer.hits[:NEAREST_SHOWN]))}</ol>')
    return "".join(made)


def _near(hit: Hit) -> str:
    origin = ", ".join(filter(None, (hit.source, hit.published)))
    link = f'<a class="near" href="{_text(place(hit.article_id, hit.start, hit.end))}">{_text(hit.title)}</a>'
    return f'<li>{link}<span class="origin">{_text(origin)}</span><span class="begins">{_text(snippet(hit.text))}</span></li>'


def _meta(answer: Answer) -> str:
    """Show how sure it is, who wrote it and how long that took."""
    sure = "Confidence that the articles answer this" if answer.abstained else "Confidence"
    wrote = "quoted from the articles" if answer.model == EXTRACTIVE else f"written by {answer.model}, checked against the articles"
    facts = [f"{sure}: {confidence_words(float(answer.confidence))}"]
    facts += [] if answer.abstained else [wrote]
    total = answer.timings_ms.get("total")
    facts += [f"{float(total):,.0f} ms" if float(total) < 10_000 else f"{float(total) / 1000:,.0f} s"] if total is not None else []
    return f'<p class="meta">{" · ".join(map(_text, facts))}</p>'

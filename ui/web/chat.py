"""The Ask tab: a conversation with the articles, each answer with its proof.

A conversation lives in its browser alone. With each question the browser hands in what was said before; from that the numbers of the
citations and the question that stands alone are made anew, and nothing of it stays here. Whatever comes in is taken for what anybody may
have written. Knows nothing of how an answer looks (`html`) or of what a browser does with it (`static/`).
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio

from index import ArticleFilter, AssayError
from rag import ABSTENTION, Answer, Numbering, Question, Turn

from ..wording import limits_of, searched_then, searched_words
from . import html
from .errors import refusal_of
from .footnotes import link_to, told
from .listing import authors_of, language_of, title_of, titles_of
from .rest import base_of
from .suggestions import Suggestions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .service import Service
    from .settings import Settings

#: Characters of what a browser may hand in of a conversation, and turns that one can have; of them the last ones that are its history.
_LONGEST_TALK, _MOST_TURNS, _REMEMBERED = 4_000_000, 200, 50

#: Titles, or authors, that are offered at once to choose among; whoever types finds others. How many of anything may be chosen.
_OFFERED, _MOST_CHOSEN = 50, 2_000

#: Sources, or languages, that are offered, those of most articles first.
_MOST_BOXES = 200

#: Questions that wait; whoever comes then is asked to come again.
MOST_WAITING = 200

#: Conversations that are shown at the same time: a long one takes a second.
_SHOWN_AT_ONCE = 4

#: Seconds that a page which has just been opened waits for suggestions, and those between two looks; it can be used meanwhile.
_PATIENCE, _LOOK = 3.0, 0.2

#: Said where a conversation cannot go on.
_FULL = "This conversation is as long as one can be; begin a new one."

#: What reading a turn raises that the page has not written.
_UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, RecursionError, OverflowError)


class Said(NamedTuple):
    """One turn of a conversation, as the browser has kept it."""

    question: str
    answer: Answer | None
    key: str
    stopped: bool
    searched: str = ""
    """What was searched, in the words that were shown."""
    readable: bool = True
    elsewhere: bool = False
    """Whether another page of the browser is waiting for its answer."""


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation as a browser hands it in."""

    id: str = ""
    turns: tuple[Said, ...] = ()
    understood: str | None = None
    """The next question as it is to be understood, where somebody has said so."""
    ids: tuple[str, ...] = ()
    """The articles that the next question is put to, where they were chosen from their own pages."""
    first: int = 0
    """Which turn the first one is: earlier ones have been left out where all would be too much."""

    @classmethod
    def of(cls, handed_in: object) -> Talk:
        """Read what was handed in; what is no conversation counts as one that has not begun, and a turn that is none cannot be shown."""
        if not isinstance(handed_in, str):
            return cls()
        if len(handed_in) > _LONGEST_TALK:
            return cls(first=_MOST_TURNS)
        try:
            values = json.loads(handed_in or "{}")
        except (ValueError, RecursionError):
            return cls()
        if not isinstance(values, dict):
            return cls()
        turns, first = _listed(values.get("turns")), values.get("from")
        left = len(turns[:-_MOST_TURNS]) + (min(max(first, 0), 10**6) if type(first) is int else 0)
        ids = tuple(one for one in _listed(values.get("ids")) if isinstance(one, str))
        said = tuple(map(_said, turns[-_MOST_TURNS:]))
        return cls(_word(values.get("id"), 64), said, _word(values.get("understood")) or None, ids, left)

    @property
    def next(self) -> int:
        """Return which turn the next one is."""
        return self.first + len(self.turns)

    def asks(self, words: str) -> Question:
        """Return the next question; raises `AssayError` where it is none, or one too many."""
        if self.first or len(self.turns) >= _MOST_TURNS:
            raise AssayError(_FULL)
        return Question(words, self.history, understood=self.understood)

    @property
    def history(self) -> tuple[Turn, ...]:
        """Return what was said last, oldest first, as a question's history."""
        told = (one for one in self.turns[-_REMEMBERED:] if one.answer is not None)
        pairs = ((one.question, one.answer.text or ABSTENTION) for one in told if one.answer is not None)
        return tuple(turn for asked, answered in pairs for turn in (Turn("user", asked), Turn("assistant", answered)))

    def numbering(self) -> Numbering:
        """Return the numbers of the citations so far: answers have them already, and given again in order they are the same."""
        numbering = Numbering()
        for one in self.turns:
            if one.answer is not None:
                numbering.of(one.answer)
        return numbering


class Narrowing(NamedTuple):
    """The fields that narrow the search, in the order in which they are handed in; then what they hold, whatever that is."""

    sources: Any
    languages: Any
    authors: Any
    articles: Any
    after: Any
    before: Any

    def only(self, ids: Sequence[str] = ()) -> ArticleFilter | None:
        """Return the filter that the fields make, and articles that were chosen elsewhere; raises `AssayError` for a date that is none."""
        only = ArticleFilter(
            sources=_names(self.sources) or None,
            after=_word(self.after).strip() or None,
            before=_word(self.before).strip() or None,
            ids=(*ids, *_names(self.articles)) or None,
            authors=_names(self.authors) or None,
            languages=_names(self.languages) or None,
        )
        return only or None


class Choices(NamedTuple):
    """What the fields offer of the collection as it is: labels, with the values that they stand for."""

    sources: list[tuple[str, str]]
    languages: list[tuple[str, str]]
    authors: list[tuple[str, str]]
    articles: list[tuple[str, str]]


def ask_tab(service: Service, settings: Settings, page: gradio.Blocks) -> None:  # noqa: ARG001  # as the other tabs are made
    """Lay out the tab and what happens on it."""
    suggestions = Suggestions(service)
    suggestions.prepare()
    desk = _Desk(service, suggestions)
    with gradio.Column(elem_id="talk"):
        conversation = gradio.Chatbot(
            elem_id="conversation",
            show_label=False,
            container=False,
            height=None,
            layout="panel",
            buttons=[],
            render_markdown=False,
            latex_delimiters=[],
            allow_tags=False,
            group_consecutive_messages=False,
            feedback_options=None,
            placeholder=html.welcome_html(service.library.counts()[0], may_write=service.may_write),
            autoscroll=False,  # the question stays in sight, and is scrolled to by our script
        )
        narrowing, limits, clear = _filters(desk)
        question = gradio.Textbox(
            elem_id="question",
            label="Your question",
            show_label=False,
            container=False,
            placeholder="Ask your articles",
            lines=1,
            max_lines=6,
            submit_btn=True,
            stop_btn=False,
            autofocus=True,
        )
        talk = gradio.Textbox(elem_id="handed-in", label="Conversation", visible="hidden")
        visitor = gradio.Textbox(elem_id="visitor", label="Visitor", visible="hidden")
        show = gradio.Button("Show", elem_id="show", visible="hidden")
    outputs = [conversation, question]
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    asking: dict[str, Any] = {**private, "concurrency_id": "ask", "concurrency_limit": service.at_once}
    asked = question.submit(desk.ask, [question, talk, *narrowing], outputs, **asking)
    picked = conversation.example_select(desk.pick, None, question, queue=False, **private)
    also = picked.then(desk.ask, [question, talk, *narrowing], outputs, **asking)
    question.stop(desk.stop, None, question, cancels=[asked, also], queue=False, **private)
    show.click(desk.show, talk, outputs, concurrency_id="show", concurrency_limit=_SHOWN_AT_ONCE, **private)
    for one in narrowing:
        one.change(desk.narrowed, [*narrowing], [limits, narrowing.after, narrowing.before, clear], queue=False, **private)
    for one, found in ((narrowing.authors, desk.writers), (narrowing.articles, desk.found)):
        one.key_up(found, one, one, queue=False, trigger_mode="always_last", **private)
    clear.click(lambda: Narrowing([], [], [], [], "", ""), None, [*narrowing], queue=False, **private)
    page.load(desk.visitor, None, visitor, queue=False, **private)
    page.load(desk.offer, None, [conversation, *narrowing[:4]], queue=False, **private)
    gradio.events.api(desk.chat, api_name="chat", concurrency_id="ask", concurrency_limit=service.at_once)


def _filters(desk: _Desk) -> tuple[Narrowing, gradio.Markdown, gradio.Button]:
    """Lay out what narrows the search."""
    offered = desk.choices()
    with gradio.Row(elem_id="limits"):
        limits = gradio.Markdown(elem_id="limits-set", sanitize_html=True, container=False)
        clear = gradio.Button("Clear filters", elem_id="clear-limits", size="sm", visible=False)
    with gradio.Accordion("Filters", open=False, elem_id="filters"):
        sources = gradio.CheckboxGroup(offered.sources, label="Sources", elem_id="sources")
        languages = gradio.CheckboxGroup(offered.languages, label="Languages", elem_id="languages", visible=len(offered.languages) > 1)
        with gradio.Row():
            after = gradio.Textbox(label="From", info=_DATES, placeholder="2025-06", elem_id="after", max_length=40, min_width=120)
            before = gradio.Textbox(label="Up to", info=_DATES, placeholder="2025-12-31", elem_id="before", max_length=40, min_width=120)
        many: dict[str, Any] = {"multiselect": True, "value": [], "filterable": True, "elem_classes": ["many"]}
        told = "Type a part of a name"
        authors = gradio.Dropdown(offered.authors, label="Authors", info=told, elem_id="authors", visible=bool(offered.authors), **many)
        told = "Type a word of a title"
        articles = gradio.Dropdown(offered.articles, label="Articles", info=told, elem_id="chosen", **many)
    return Narrowing(sources, languages, authors, articles, after, before), limits, clear


#: Said below a date that is to be given.
_DATES = "A year, a month or a day"


class _Desk:
    """What happens when somebody does something on the tab; each step takes plain values, whatever they are, and keeps none."""

    def __init__(self, service: Service, suggestions: Suggestions) -> None:
        self._service = service
        self._suggestions = suggestions

    def ask(self, question: object, handed_in: object, *fields: object) -> Iterator[tuple[list[dict[str, str]], gradio.Textbox]]:
        """Yield the conversation with the answer as it grows, and the box for the next question."""
        talk = Talk.of(handed_in)
        words = question if isinstance(question, str) else ""
        messages = self._told(talk)
        at = talk.next
        messages.append({"role": "user", "content": html.question_html(words[:2_000], talk=talk.id, turn=at)})
        yield [*messages, _reply(html.reading_html(talk=talk.id, turn=at))], _busy()
        try:
            only, asked = Narrowing(*fields).only(talk.ids), talk.asks(words)
        except AssayError as error:
            yield [*messages, _reply(html.failed_html(str(error), talk=talk.id, turn=at))], _ready()
            return
        try:
            for made in self._answers(asked, only, talk, at):
                yield [*messages, _reply(made)], _busy()
        except Exception as error:  # noqa: BLE001  # nobody who asks is shown a traceback, or where things lie on this machine
            made = html.failed_html(refusal_of(error).message, talk=talk.id, turn=at)
        yield [*messages, _reply(made)], _ready()

    def _answers(self, asked: Question, only: ArticleFilter | None, talk: Talk, at: int) -> Iterator[str]:
        """Yield the answer as it grows, under a key from its first sentence on, so that it is whole for whoever stops it."""
        numbering, count = talk.numbering(), self._service.library.counts()[0]
        limits = self._limits(only)
        for key, shown, whole in self._service.grow(asked, only, shown=numbering.of):
            searched, state = searched_words(shown, count, limits), "whole" if whole else "growing"
            yield html.answer_html(shown, searched=searched, key=key, state=state, talk=talk.id, turn=at)

    def chat(self, question: str, request: gradio.Request) -> str:
        """Answer a question from the articles, each sentence with its number and below the quotes that prove it."""
        try:
            asked = Question(question if isinstance(question, str) else "")
        except AssayError as error:
            raise gradio.Error(str(error), print_exception=False) from error
        base = base_of(request.request) if request.request else ""
        try:
            _, answer = self._service.ask(asked)
            return told(answer, lambda one: link_to(one, base), articles=self._service.library.counts()[0])
        except Exception as error:
            raise gradio.Error(refusal_of(error).message, print_exception=False) from error

    def show(self, handed_in: object) -> tuple[list[dict[str, str]], gradio.Textbox]:
        """Show a conversation that its browser has kept."""
        return self._told(Talk.of(handed_in)), _ready()

    def stop(self) -> gradio.Textbox:
        """Make the box ready for the next question."""
        return _ready()

    def pick(self, event: gradio.SelectData) -> str:
        """Ask what was suggested."""
        value = event.value
        return str(value.get("text", ""))[:2_000] if isinstance(value, dict) else ""

    def visitor(self, request: gradio.Request) -> str:
        """Return as JSON who has logged in: nobody where nobody must."""
        state = request.request.scope.get("state", {}) if request.request else {}
        return json.dumps({"name": state.get("user")})

    async def offer(self) -> tuple[gradio.Chatbot, gradio.CheckboxGroup, gradio.CheckboxGroup, gradio.Dropdown, gradio.Dropdown]:
        """Offer the collection as it is now: questions that it answers, and what its articles can be narrowed by."""
        offered = await asyncio.to_thread(self.choices)
        examples: list[Any] = [{"text": one} for one in await self._suggested()]
        count, _ = await asyncio.to_thread(self._service.library.counts)
        welcome = html.welcome_html(count, may_write=self._service.may_write)
        return (
            gradio.Chatbot(examples=examples, placeholder=welcome),
            gradio.CheckboxGroup(choices=offered.sources),
            gradio.CheckboxGroup(choices=offered.languages, visible=len(offered.languages) > 1),
            gradio.Dropdown(choices=offered.authors, visible=bool(offered.authors)),
            gradio.Dropdown(choices=offered.articles),
        )

    async def _suggested(self) -> tuple[str, ...]:
        """Return questions to begin with; none where they have not been found in time. Whoever waits for them holds no thread."""
        for _ in range(int(_PATIENCE / _LOOK)):
            found = await asyncio.to_thread(self._suggestions.ready)
            if found is not None:
                return found
            await asyncio.sleep(_LOOK)
        return ()

    def choices(self) -> Choices:
        """Return what there is to choose: sources and languages with the number of their articles, some authors and articles."""
        library = self._service.library
        sources = [(f"{html.plain(name)} ({count:,})", name) for name, count in islice(library.sources().items(), _MOST_BOXES)]
        languages = [
            (f"{html.plain(language_of(code))} ({count:,})", code) for code, count in islice(library.languages().items(), _MOST_BOXES)
        ]
        return Choices(sources, languages, self._authors("", ()), self._titles("", ()))

    def _authors(self, words: str, chosen: Sequence[str]) -> list[tuple[str, str]]:
        return [(html.plain(name), name) for name in authors_of(self._service.library, words, _OFFERED, chosen)]

    def _titles(self, words: str, chosen: Sequence[str]) -> list[tuple[str, str]]:
        return [(html.plain(title), known) for title, known in titles_of(self._service.library, words, _OFFERED, chosen)]

    def writers(self, chosen: object, typed: gradio.KeyUpData) -> gradio.Dropdown:
        """Offer the authors whose names have what is typed; those that are chosen stay among them."""
        return gradio.Dropdown(choices=self._authors(_word(typed.input_value, 1_000), _names(chosen)))

    def found(self, chosen: object, typed: gradio.KeyUpData) -> gradio.Dropdown:
        """Offer the articles whose titles have what is typed; those that are chosen stay among them."""
        return gradio.Dropdown(choices=self._titles(_word(typed.input_value, 1_000), _names(chosen)))

    def narrowed(self, *fields: object) -> tuple[str, gradio.Textbox, gradio.Textbox, gradio.Button]:
        """Show the filters that are set, and beside a date what is wrong with it."""
        set_ = Narrowing(*fields)
        told = [_wrong(set_.after), _wrong(set_.before)]
        limits = self._limits(set_._replace(after="" if told[0] else set_.after, before="" if told[1] else set_.before).only())
        dates = [gradio.Textbox(info=wrong or _DATES, elem_classes=["wrong"] if wrong else []) for wrong in told]
        return html.chips_html(limits), dates[0], dates[1], gradio.Button(visible=bool(limits or any(told)))

    def _limits(self, only: ArticleFilter | None) -> list[str]:
        return limits_of(only, lambda article_id: title_of(self._service.library, article_id), language_of)

    def _told(self, talk: Talk) -> list[dict[str, str]]:
        """Return the messages of a conversation."""
        messages = []
        for at, one in enumerate(talk.turns, talk.first):
            messages.append({"role": "user", "content": html.question_html(one.question, talk=talk.id, turn=at)})
            messages.append(_reply(_kept(one, talk.id, at)))
        return messages


def _kept(one: Said, talk: str, at: int) -> str:
    """Show an answer that a browser has kept."""
    try:
        if one.answer is not None:
            state = "stopped" if one.stopped else "whole"
            searched = one.searched or searched_then(one.answer)
            return html.answer_html(one.answer, searched=searched, key=one.key, state=state, talk=talk, turn=at)
    except _UNREADABLE:  # an answer that was never one of ours
        return html.failed_html(_UNSHOWN, talk=talk, turn=at)
    if one.elsewhere:
        return html.elsewhere_html(talk=talk, turn=at)
    return html.failed_html("Stopped before there was an answer." if one.readable else _UNSHOWN, talk=talk, turn=at)


#: Said in the place of an answer that is none.
_UNSHOWN = "This answer cannot be shown; ask again."


def _said(turn: Any) -> Said:
    """Read a turn. That all of its answer can be shown is seen when it is; here that it can be counted and told on."""
    question = _word(turn.get("question"), 20_000) if isinstance(turn, dict) else ""
    try:
        answer = Answer.from_json(turn["answer"]) if turn.get("answer") else None
        if answer is not None:
            Numbering().of(answer)
            _ = hash(answer.text)
        searched, elsewhere = _word(turn.get("searched"), 1_000), turn.get("pending") is True
        return Said(question, answer, _word(turn.get("key")), turn.get("stopped") is True, searched, elsewhere=elsewhere)
    except _UNREADABLE:
        return Said(question, None, "", stopped=False, readable=False)


def _listed(values: object) -> list[Any]:
    return values if isinstance(values, list) else []


def _word(value: object, longest: int = 10_000) -> str:
    return value[:longest] if isinstance(value, str) else ""


def _names(values: object) -> tuple[str, ...]:
    return tuple(one for one in values[:_MOST_CHOSEN] if isinstance(one, str)) if isinstance(values, list) else ()


def _wrong(date: object) -> str | None:
    """Say what is wrong with a date; None where it is one, or none is given."""
    try:
        given = _word(date).strip() or None
        ArticleFilter(after=given)
    except AssayError:
        return f"Not a date: {_word(date, 40)!r}. Write 2025, 2025-06 or 2025-06-30."
    return None


def _reply(made: str) -> dict[str, str]:
    return {"role": "assistant", "content": made}


def _busy() -> gradio.Textbox:
    return gradio.Textbox(value="", submit_btn=False, stop_btn=True)


def _ready() -> gradio.Textbox:
    return gradio.Textbox(submit_btn=True, stop_btn=False)

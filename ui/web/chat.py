"""The Ask tab: a conversation with the articles, each answer with its proof.

A conversation lives in its browser alone. With each question the browser hands in what was said before; from that the numbers of the
citations and the question that stands alone are made anew, and nothing of it stays here. Whatever comes in is taken for what anybody may
have written. Knows nothing of how an answer looks (`html`) or of what a browser does with it (`static/`).
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio

from index import ArticleFilter, AssayError
from rag import ABSTENTION, Answer, Numbering, Question, Turn

from . import html
from .suggestions import Suggestions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .service import Service
    from .settings import Settings

#: Characters of what a browser may hand in of a conversation, and the turns of it that are looked at.
_LONGEST_TALK, _MOST_TURNS = 4_000_000, 100

#: Titles offered to choose articles by; a larger collection is narrowed by source and date, or from the article itself.
_MOST_TITLES = 2_000

#: Questions that are answered at the same time; further ones wait their turn.
_AT_ONCE = 8

#: Questions that wait; whoever comes then is asked to come again.
MOST_WAITING = 200

#: Seconds that a page which has just been opened waits for suggestions; it can be used meanwhile.
_PATIENCE = 3.0

#: Said when something fails that nobody has foreseen; what it was is in the log.
_UNFORESEEN = "Something went wrong on the server. Your question is kept; ask again."

_log = logging.getLogger(__name__)


class Said(NamedTuple):
    """One turn of a conversation, as the browser has kept it."""

    question: str
    answer: Answer | None
    key: str
    stopped: bool


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation as a browser hands it in."""

    id: str = ""
    turns: tuple[Said, ...] = ()
    understood: str | None = None
    """The next question as it is to be understood, where somebody has said so."""
    ids: tuple[str, ...] = ()
    """The articles that the next question is put to, where they were chosen from their own pages."""

    @classmethod
    def of(cls, handed_in: object) -> Talk:
        """Read what was handed in; whatever is not as the page writes it counts as a conversation that has not begun."""
        if not isinstance(handed_in, str) or len(handed_in) > _LONGEST_TALK:
            return cls()
        try:
            values = json.loads(handed_in or "{}")
            turns = tuple(_said(turn) for turn in values.get("turns", [])[-_MOST_TURNS:])
            ids = tuple(one for one in values.get("ids") or () if isinstance(one, str))
            return cls(_word(values.get("id"), 64), turns, _word(values.get("understood")) or None, ids)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
            return cls()

    @property
    def history(self) -> tuple[Turn, ...]:
        """Return what was said, oldest first, as a question's history."""
        told = (one for one in self.turns if one.answer is not None)
        pairs = ((one.question, one.answer.text or ABSTENTION) for one in told if one.answer is not None)
        return tuple(turn for asked, answered in pairs for turn in (Turn("user", asked), Turn("assistant", answered)))

    def numbering(self) -> Numbering:
        """Return the numbers of the citations so far: answers have them already, and given again in order they are the same."""
        numbering = Numbering()
        for one in self.turns:
            if one.answer is not None:
                numbering.of(one.answer)
        return numbering


def ask_tab(service: Service, settings: Settings, page: gradio.Blocks) -> None:  # noqa: ARG001  # as the other tabs are made
    """Lay out the tab and what happens on it."""
    suggestions = Suggestions(service)
    suggestions.prepare()
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
        sources, after, before, articles, limits, clear = _filters(service)
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
        show = gradio.Button("Show", elem_id="show", visible="hidden")
    desk = _Desk(service, suggestions)
    narrowing: list[Any] = [sources, after, before, articles]
    outputs = [conversation, question]
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    asking: dict[str, Any] = {**private, "concurrency_id": "ask", "concurrency_limit": _AT_ONCE}
    asked = question.submit(desk.ask, [question, talk, *narrowing], outputs, **asking)
    picked = conversation.example_select(desk.pick, None, question, queue=False, **private)
    also = picked.then(desk.ask, [question, talk, *narrowing], outputs, **asking)
    question.stop(desk.stop, None, question, cancels=[asked, also], queue=False, **private)
    show.click(desk.show, talk, outputs, queue=False, **private)
    for one in narrowing:
        one.change(desk.narrowed, narrowing, [limits, after, before, clear], queue=False, **private)
    clear.click(lambda: ([], "", "", []), None, narrowing, queue=False, **private)
    page.load(desk.offer, None, [conversation, sources, articles], queue=False, **private)
    gradio.events.api(desk.chat, api_name="chat", concurrency_id="ask", concurrency_limit=_AT_ONCE)


def _filters(
    service: Service,
) -> tuple[gradio.CheckboxGroup, gradio.Textbox, gradio.Textbox, gradio.Dropdown, gradio.Markdown, gradio.Button]:
    """Lay out what narrows the search."""
    names, titles = _choices(service)
    with gradio.Row(elem_id="limits"):
        limits = gradio.Markdown(elem_id="limits-set", sanitize_html=True, container=False)
        clear = gradio.Button("Clear filters", elem_id="clear-limits", size="sm", visible=False)
    with gradio.Accordion("Filters", open=False, elem_id="filters"):
        sources = gradio.CheckboxGroup(names, label="Sources", elem_id="sources")
        with gradio.Row():
            after = gradio.Textbox(label="From", info=_DATES, placeholder="2025-06", elem_id="after", max_length=40, min_width=120)
            before = gradio.Textbox(label="Up to", info=_DATES, placeholder="2025-12-31", elem_id="before", max_length=40, min_width=120)
        articles = gradio.Dropdown(titles, label="Articles", multiselect=True, elem_id="articles", value=[], filterable=True)
    return sources, after, before, articles, limits, clear


#: Said below a date that is to be given.
_DATES = "A year, a month or a day"


class _Desk:
    """What happens when somebody does something on the tab; each step takes plain values, whatever they are, and keeps none."""

    def __init__(self, service: Service, suggestions: Suggestions) -> None:
        self._service = service
        self._suggestions = suggestions

    def ask(
        self, question: object, handed_in: object, sources: object, after: object, before: object, articles: object
    ) -> Iterator[tuple[list[dict[str, str]], gradio.Textbox]]:
        """Yield the conversation with the answer as it grows, and the box for the next question."""
        talk = Talk.of(handed_in)
        words = question if isinstance(question, str) else ""
        messages = self._told(talk)
        at = len(talk.turns)
        messages.append({"role": "user", "content": html.question_html(words[:2_000], talk=talk.id, turn=at)})
        yield [*messages, _reply(html.reading_html(talk=talk.id, turn=at))], _busy()
        try:
            only = _only(sources, after, before, articles, talk.ids)
            asked = Question(words, talk.history, understood=talk.understood)
            for made in self._answers(asked, only, talk, at):
                yield [*messages, _reply(made)], _busy()
        except AssayError as error:
            made = html.failed_html(str(error), talk=talk.id, turn=at)
        except Exception:  # noqa: BLE001  # nobody who asks is shown a traceback
            _log.exception("an answer failed")
            made = html.failed_html(_UNFORESEEN, talk=talk.id, turn=at)
        yield [*messages, _reply(made)], _ready()

    def _answers(self, asked: Question, only: ArticleFilter | None, talk: Talk, at: int) -> Iterator[str]:
        """Yield the answer as it grows, under a key from its first sentence on, so that it is whole for whoever stops it."""
        numbering, count = talk.numbering(), self._service.library.counts()[0]
        for key, shown, whole in self._service.grow(asked, only, shown=numbering.of):
            state = "whole" if whole else "growing"
            yield html.answer_html(shown, articles=count, only=only, key=key, state=state, talk=talk.id, turn=at)

    def chat(self, question: str) -> str:
        """Answer a question from the articles, each sentence with its number and below the quotes that prove it."""
        try:
            _, answer = self._service.ask(Question(question if isinstance(question, str) else ""))
        except AssayError as error:
            raise gradio.Error(str(error), print_exception=False) from error
        return footnoted(answer)

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

    def offer(self) -> tuple[gradio.Chatbot, gradio.CheckboxGroup, gradio.Dropdown]:
        """Offer the collection as it is now: questions that it answers, its sources and its articles."""
        names, titles = _choices(self._service)
        examples: list[Any] = [{"text": one} for one in self._suggestions.ready(_PATIENCE)]
        welcome = html.welcome_html(self._service.library.counts()[0], may_write=self._service.may_write)
        return gradio.Chatbot(examples=examples, placeholder=welcome), gradio.CheckboxGroup(choices=names), gradio.Dropdown(choices=titles)

    def narrowed(
        self, sources: object, after: object, before: object, articles: object
    ) -> tuple[str, gradio.Textbox, gradio.Textbox, gradio.Button]:
        """Show the filters that are set, and beside a date what is wrong with it."""
        told = [_wrong(after), _wrong(before)]
        try:
            only = _only(sources, "" if told[0] else after, "" if told[1] else before, articles, ())
        except AssayError:
            only = None
        limits = html.limits_of(only, self._title)
        fields = [gradio.Textbox(info=wrong or _DATES, elem_classes=["wrong"] if wrong else []) for wrong in told]
        return html.chips_html(limits), fields[0], fields[1], gradio.Button(visible=bool(limits or any(told)))

    def _title(self, article_id: str) -> str:
        try:
            return self._service.article(article_id).title
        except AssayError:  # removed since, or never there
            return article_id

    def _told(self, talk: Talk) -> list[dict[str, str]]:
        """Return the messages of a conversation."""
        count = self._service.library.counts()[0]
        messages = []
        for at, one in enumerate(talk.turns):
            messages.append({"role": "user", "content": html.question_html(one.question, talk=talk.id, turn=at)})
            messages.append(_reply(_kept(one, count, talk.id, at)))
        return messages


def footnoted(answer: Answer) -> str:
    """Return an answer as plain text: sentences with numbers, and the quotes below."""
    if answer.abstained:
        return " ".join((ABSTENTION, *answer.notes))
    notes = "\n".join(
        f"[{one.n}] “{' '.join(one.quote.split())}” {', '.join(filter(None, (one.title, one.source, one.published)))}"
        for one in answer.citations
    )
    return "\n\n".join((answer.text, *answer.notes, notes))


def _kept(one: Said, count: int, talk: str, at: int) -> str:
    if one.answer is None:
        return html.failed_html("Stopped before there was an answer.", talk=talk, turn=at)
    try:
        return html.answer_html(one.answer, articles=count, key=one.key, state="stopped" if one.stopped else "whole", talk=talk, turn=at)
    except (TypeError, ValueError, KeyError, AttributeError):  # an answer that was never one of ours
        return html.failed_html("This answer cannot be shown; ask again.", talk=talk, turn=at)


def _said(turn: Any) -> Said:
    answer = Answer.from_json(turn["answer"]) if turn.get("answer") else None
    if answer is not None:
        html.answer_html(answer)  # raises where a value is not of its type
        _ = answer.text
    return Said(_word(turn["question"], 20_000), answer, _word(turn.get("key")), turn.get("stopped") is True)


def _word(value: object, longest: int = 10_000) -> str:
    return value[:longest] if isinstance(value, str) else ""


def _only(sources: object, after: object, before: object, articles: object, ids: Sequence[str]) -> ArticleFilter | None:
    """Return the filter that the fields make; raises `AssayError` for a date that is none."""
    chosen = (*ids, *_names(articles))
    only = ArticleFilter(
        sources=_names(sources) or None,
        after=_word(after).strip() or None,
        before=_word(before).strip() or None,
        ids=chosen or None,
    )
    return only or None


def _names(values: object) -> tuple[str, ...]:
    return tuple(one for one in values[:_MOST_TITLES] if isinstance(one, str)) if isinstance(values, list) else ()


def _wrong(date: object) -> str | None:
    """Say what is wrong with a date; None where it is one, or none is given."""
    try:
        given = _word(date).strip() or None
        ArticleFilter(after=given)
    except AssayError:
        return f"Not a date: {_word(date, 40)!r}. Write 2025, 2025-06 or 2025-06-30."
    return None


def _choices(service: Service) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the sources with the number of their articles, and the titles of the articles."""
    counts: dict[str, int] = {}
    records = service.articles()
    for record in records:
        if record["source"]:
            counts[record["source"]] = counts.get(record["source"], 0) + 1
    names = [(f"{name} ({count:,})", name) for name, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))]
    titles = [(record["title"], record["id"]) for record in records[:_MOST_TITLES]]
    return names, titles


def _reply(made: str) -> dict[str, str]:
    return {"role": "assistant", "content": made}


def _busy() -> gradio.Textbox:
    return gradio.Textbox(value="", submit_btn=False, stop_btn=True)


def _ready() -> gradio.Textbox:
    return gradio.Textbox(submit_btn=True, stop_btn=False)

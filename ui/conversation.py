"""Questions one after another in a terminal, each understood in the light of those before it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from index import AssayError
from rag import ABSTENTION, EXTRACTIVE

from . import render, screen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from index import ArticleFilter
    from rag import Answer, Pipeline, Turn

#: What ends a conversation.
_ENDINGS = frozenset(("exit", "quit", ":q"))

_GREETING = "Ask your articles; 'exit' or Ctrl-D ends the conversation."


def hold(pipeline: Pipeline, *, as_json: bool) -> int:
    """Answer each line of stdin until it ends; the exit code is 1 when a question of a `--json` conversation failed."""
    from rag import Numbering, Turn

    history: list[Turn] = []
    numbering = Numbering()
    failed = False
    for asked in _lines(quiet=as_json):
        try:
            answer = _answered(map(numbering.of, pipeline.stream(asked, history=history)), pipeline, as_json=as_json)
        except AssayError as error:
            failed = True
            if as_json:
                screen.put_json({"id": None, "error": str(error)})
            else:
                screen.talk(str(error))
            continue
        history += [Turn("user", asked), Turn("assistant", answer.text or ABSTENTION)]
    return 1 if failed and as_json else 0


def _answered(answers: Iterator[Answer], pipeline: Pipeline, *, as_json: bool) -> Answer:
    if as_json:
        *_, answer = answers
        screen.put_json(answer.to_json())
        return answer
    answer = tell(answers, articles=pipeline.library.counts()[0])
    screen.put((render.Line(),))
    sys.stdout.flush()
    return answer


def tell(answers: Iterator[Answer], *, articles: int, only: ArticleFilter | None = None) -> Answer:
    """Show an answer while it grows, and return the whole of it: a model's sentences one by one, as soon as each has been checked."""
    told = 0
    for answer in answers:
        if answer.model != EXTRACTIVE:
            told = _tell_on(answer, told)
    screen.put(render.answer_page(answer, articles=articles, only=only, told=bool(told)))
    return answer


def _tell_on(answer: Answer, told: int) -> int:
    """Show the sentences after the first `told`, and return how many are told now."""
    if answer.sentences and not told:
        screen.put(tuple(render.understood(answer)))
    for sentence in answer.sentences[told:]:
        screen.put((render.sentences_line((sentence,)),))
        sys.stdout.flush()
    return len(answer.sentences)


def _lines(*, quiet: bool) -> Iterator[str]:
    """Yield the questions; with a prompt, and line editing, at a terminal."""
    at_terminal = sys.stdin.isatty() and sys.stdout.isatty() and not quiet
    if at_terminal:
        import readline  # noqa: F401  # line editing for `input`

        screen.talk(_GREETING)
    while True:
        try:
            line = input("> ") if at_terminal else _next_line()
        except EOFError:
            return
        if line.strip().lower() in _ENDINGS:
            return
        if line.strip():
            yield line.strip()


def _next_line() -> str:
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line

"""Questions one after another in a terminal, each understood in the light of those before it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from index import AssayError

from . import render, screen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rag import Answer, Pipeline, Turn

#: What ends a conversation.
_ENDINGS = frozenset(("exit", "quit", ":q"))

_GREETING = "Ask your articles; 'exit' or Ctrl-D ends the conversation."


def hold(pipeline: Pipeline, *, as_json: bool) -> int:
    """Answer each line of stdin until it ends; the exit code is 1 when a question of a `--json` conversation failed."""
    from rag import Turn

    history: list[Turn] = []
    failed = False
    for asked in _lines(quiet=as_json):
        try:
            answer = pipeline.ask(asked, history=history)
        except AssayError as error:
            failed = True
            if as_json:
                screen.put_json({"id": None, "error": str(error)})
            else:
                screen.talk(str(error))
            continue
        history += [Turn("user", asked), Turn("assistant", answer.text or render.ABSTENTION)]
        _show(answer, pipeline, as_json=as_json)
    return 1 if failed and as_json else 0


def _show(answer: Answer, pipeline: Pipeline, *, as_json: bool) -> None:
    if as_json:
        screen.put_json(answer.to_json())
        return
    screen.put((*render.answer_page(answer, articles=pipeline.library.counts()[0]), render.Line()))
    sys.stdout.flush()


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

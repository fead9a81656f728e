"""What the interfaces for programs work with: what is served, the threads that do the work, and where votes and exports go.

Knows nothing of the routes.
"""

import asyncio
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Protocol, TypeVar, Unpack

from fastapi import Depends, Request

from rag import Answer, Citation, Turn

from .bodies import KEY
from .errors import GONE
from .feedback import NoRoomError, Words, WordsError
from .refusal import Refused
from .service import Service
from .work import Flow, FullError, Workers

T = TypeVar("T")

#: Looks at articles at once: they are short, and must not wait behind answers.
_LOOKS = 4


class Feedback(Protocol):
    """Where votes and shared answers are kept for good."""

    def vote(self, key: str, answer: Answer, history: Sequence[Turn], *, voter: str, **words: Unpack[Words]) -> str | None:
        """Change what somebody says of an answer, and return the vote that stands then."""

    def share(self, key: str, answer: Answer) -> object:
        """Keep an answer for good."""

    def shared(self, key: str) -> Answer | None:
        """Return a shared answer; None where there is none of that key."""


#: Answers as a file of some format.
Exporter = Callable[[Sequence[Answer]], str]


def exporters(
    markdown: Exporter, bibtex: Callable[[Sequence[Citation]], str], csl_json: Callable[[Sequence[Citation]], list[dict[str, Any]]]
) -> dict[str, Exporter]:
    """Return the formats of an export by name: a conversation, or the articles that it cites, each once."""
    return {
        "markdown": markdown,
        "bibtex": lambda answers: bibtex(_cited(answers)),
        "csl-json": lambda answers: json.dumps(csl_json(_cited(answers)), ensure_ascii=False, indent=1) + "\n",
    }


def _cited(answers: Sequence[Answer]) -> list[Citation]:
    """Return a citation of each article that answers cite, in order."""
    first: dict[str, Citation] = {}
    for answer in answers:
        for citation in answer.citations:
            first.setdefault(citation.article_id, citation)
    return list(first.values())


@dataclass(frozen=True)
class Context:
    """What the interfaces for programs work with."""

    service: Service
    feedback: Feedback | None = None
    exporters: Mapping[str, Exporter] = field(default_factory=dict)
    """By the name of the format."""
    answering: Workers = field(default_factory=lambda: Workers(name="answering"))
    looking: Workers = field(default_factory=lambda: Workers(_LOOKS, name="looking"))
    writing: Workers = field(default_factory=lambda: Workers(1, 10, name="writing"))
    hearing: Workers = field(default_factory=lambda: Workers(1, 200, name="feedback"))

    def close(self) -> None:
        """End the threads, once they are done with what they are at."""
        for workers in (self.answering, self.looking, self.writing, self.hearing):
            workers.close()

    def flow(self, make: Callable[[], Iterator[T]]) -> Flow[T]:
        """Return the values of an iterator of answers; raises `Refused` where too much waits."""
        try:
            return self.answering.flow(make)
        except FullError as error:
            raise _BUSY from error

    async def answered(self, function: Callable[[], T]) -> T:
        """Return what a function returns that takes as long as an answer; raises `Refused` where too much waits."""
        return await _run(self.answering, function)

    async def looked(self, function: Callable[[], T]) -> T:
        """Return what a function returns that only looks something up."""
        return await _run(self.looking, function)

    async def written(self, function: Callable[[], T]) -> T:
        """Return what a function returns that changes articles; one at a time."""
        return await _run(self.writing, function)

    async def heard(self, function: Callable[[], T]) -> T:
        """Return what a function returns that keeps what somebody says: it takes milliseconds, and must not wait behind articles."""
        try:
            return await _run(self.hearing, function)
        except WordsError as error:
            raise Refused(422, str(error)) from error
        except NoRoomError as error:
            raise Refused(507, str(error)) from error

    def kept(self, key: str) -> Answer:
        """Return the answer of a key; raises `Refused` where there is none."""
        answer = self.service.answers.get(key)
        if answer is None and self.feedback is not None and re.fullmatch(KEY, key):
            answer = self.feedback.shared(key)
        if answer is None:
            raise Refused(404, "expected the key of an answer that is kept, found one of none; old answers go unless they are shared")
        return answer


_BUSY = Refused(503, "Too many are asking just now; try again in a few seconds.")


async def _run(workers: Workers, function: Callable[[], T]) -> T:
    try:
        return await workers.run(function)
    except FullError as error:
        raise _BUSY from error


async def last(flow: Flow[T], request: Request) -> T:
    """Return the last value of a flow, unless whoever asked goes away first; raises `Refused` then, which nobody reads."""
    gone = asyncio.ensure_future(_gone(request))
    found: T | None = None
    try:
        while True:
            step = asyncio.ensure_future(flow.next())
            await asyncio.wait((step, gone), return_when=asyncio.FIRST_COMPLETED)
            if not step.done():
                step.cancel()
                raise Refused(GONE, "whoever asked went away")
            value = step.result()
            if value is None:
                break
            found = value
    finally:
        gone.cancel()
        flow.stop()
    if found is None:
        raise RuntimeError("a flow ended with nothing in it")
    return found


async def _gone(request: Request) -> None:
    """Return once whoever asked has gone; the body has been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _of(request: Request) -> Any:  # async: another would be given a thread of its own
    return request.app.state.context


#: The context of a route.
Here = Annotated[Context, Depends(_of)]

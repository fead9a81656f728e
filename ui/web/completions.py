"""The interface that clients of OpenAI understand, under /v1: the last message is the question, the reply is an answer with its proof.

The proof stands four times, since clients differ in what they keep: as footnotes in the text, as `annotations`, as `citations` and
`sources`, and exactly in `assay`. Knows nothing of how questions are answered.
"""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from index import ArticleFilter, AssayError
from rag import Answer, Citation, Question, Turn

from .bodies import LONGEST_TURN, ErrorDetail, Filters, KeptAnswerBody
from .context import Here, last
from .errors import CodedRoute, refusal_of
from .events import EventStream, event, written
from .footnotes import Mark, Telling, link_to, untold
from .refusal import Refused
from .rest import base_of
from .service import Service

#: The one model: whatever the server was started with.
MODEL = "assay"

#: When the server began, for clients that want to know when a model was made.
_SINCE = int(time.time())

#: Messages that are taken.
_MOST_MESSAGES = 1_000

_Words = Annotated[str, Field(max_length=LONGEST_TURN)]


# --- taken ------------------------------------------------------------------------------------------------------------


class _Tolerant(BaseModel):
    """What clients of OpenAI send: fields that mean nothing here are let pass."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class ContentPart(_Tolerant):
    """A part of a message."""

    type: Annotated[str, Field(max_length=100)]
    text: _Words | None = None


class Message(_Tolerant):
    """A message of the conversation; those of `system`, `developer`, `tool` and `function` are ignored."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: _Words | Annotated[list[ContentPart], Field(max_length=1_000)] | None = None

    def words(self) -> str:
        """Return its words; raises `Refused` where it holds anything else."""
        if not isinstance(self.content, list):
            return self.content or ""
        for part in self.content:
            if part.type not in ("text", "refusal"):
                raise _refused(f"expected messages in words, found a part of type {part.type!r}, which is not read here", "messages")
        return " ".join(part.text or "" for part in self.content)


class StreamOptions(_Tolerant):
    """What a stream holds besides."""

    include_usage: bool | None = None


class ChatRequest(_Tolerant):
    """A conversation whose last message of the user is the question."""

    model: Annotated[str, Field(max_length=200)] = Field(examples=[MODEL])
    messages: Annotated[list[Message], Field(min_length=1, max_length=_MOST_MESSAGES)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: int | None = Field(None, description="One alone.")
    tools: list[Any] | None = Field(None, description="None.")
    functions: list[Any] | None = Field(None, description="None.")
    response_format: dict[str, Any] | None = Field(None, description='`{"type": "text"}` alone.')
    modalities: list[str] | None = Field(None, description='`["text"]` alone.')
    audio: Any = Field(None, description="None.")
    logprobs: bool | None = Field(None, description="Not true.")
    assay: Filters | None = Field(None, description="Which articles are searched.")

    def expect_possible(self) -> None:
        """Raise `Refused` where something is asked for that cannot be had: leaving it out in silence would be a lie."""
        if self.model != MODEL:
            raise _refused(f"expected the model {MODEL}, found {self.model[:80]!r}; /v1/models lists it", "model", 404, "model_not_found")
        kind = (self.response_format or {}).get("type", "text")
        wanted = {
            "n": self.n not in (None, 1),
            "tools": bool(self.tools),
            "functions": bool(self.functions),
            "response_format": kind != "text",
            "modalities": any(one != "text" for one in self.modalities or ()),
            "audio": self.audio is not None,
            "logprobs": bool(self.logprobs),
        }
        for name, given in wanted.items():
            if given:
                raise _refused(f"expected one answer in text, found {name}, which it cannot have here; leave it out", name)

    def asked(self) -> Question:
        """Return the question with the turns before it; raises `Refused` where there is none."""
        places = [place for place, message in enumerate(self.messages) if message.role == "user"]
        if not places:
            raise _refused("expected a message of the user, found none", "messages")
        before = [message for message in self.messages[: places[-1]] if message.role in ("user", "assistant")]
        turns = tuple(Turn(one.role, untold(one.words()) if one.role == "assistant" else one.words()) for one in before)
        try:
            return Question(self.messages[places[-1]].words(), turns)
        except AssayError as error:
            raise _refused(str(error), "messages") from error


def _refused(message: str, param: str, status: int = 400, code: str | None = None) -> Refused:
    return Refused(status, message, param=param, code=code)


# --- given ------------------------------------------------------------------------------------------------------------


class _Given(BaseModel):
    """What is given; a schema alone."""

    model_config = ConfigDict(extra="forbid")


class CodedError(ErrorDetail):
    """What was expected and what was found, as clients of OpenAI read it."""

    code: str | None


class CodedErrorBody(_Given):
    """Why a request was not carried out, as clients of OpenAI read it."""

    error: CodedError


class Cited(_Given):
    """An `[n]` of the content, and where it leads."""

    start_index: int = Field(description="Of its bracket in the content, in Unicode code points.")
    end_index: int = Field(description="After its closing bracket.")
    title: str
    url: str


class Annotation(_Given):
    """A citation, as OpenAI has it."""

    type: Literal["url_citation"]
    url_citation: Cited


class Source(_Given):
    """A citation, as Open WebUI shows it."""

    source: dict[str, str]
    document: list[str]
    metadata: list[dict[str, Any]]


class Reply(_Given):
    """The message."""

    role: Literal["assistant"]
    content: str = Field(description="The sentences with their [n], then the footnotes.")
    refusal: None
    annotations: list[Annotation]


class Choice(_Given):
    """The one choice."""

    index: Literal[0]
    message: Reply
    logprobs: None
    finish_reason: Literal["stop"]


class Usage(_Given):
    """Tokens of the conversation and of the content, as the index's embedding model counts them; no language model need have read them."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatCompletion(_Given):
    """The reply, with its proof."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[Choice]
    usage: Usage
    citations: list[str] = Field(description="Where [1], [2], … can be read.")
    sources: list[Source]
    assay: KeptAnswerBody


class ModelBody(_Given):
    """A model."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class ModelList(_Given):
    """The models."""

    object: Literal["list"]
    data: list[ModelBody]


# --- routes -----------------------------------------------------------------------------------------------------------

_CHUNKS = """\
Server-sent events without names, each a `chat.completion.chunk`: the role; the content by a checked sentence at a time, then the footnotes;
then `annotations`, `citations`, `sources` and `assay`; then `finish_reason`; the usage, where it was asked for; then `[DONE]`.
An event with `error` is the last instead. Lines that begin with a colon are comments that keep the line open."""

_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": CodedErrorBody, "description": said}
    for status, said in {
        400: "The request is not as described.",
        401: "A login or a key is needed.",
        404: "There is none.",
        429: "One caller asks too much.",
        500: "A fault here.",
        503: "Too many are asking.",
    }.items()
}
_BODY: dict[int | str, dict[str, Any]] = dict.fromkeys((413, 415), _REFUSALS[400])

#: FastAPI would add its own, which is never given.
_NO_422: dict[int | str, dict[str, Any]] = {422: {"model": CodedErrorBody, "description": "Never; see 400."}}

router = APIRouter(prefix="/v1", route_class=CodedRoute, tags=["openai"])


@router.get("/models", response_model=ModelList, responses=_REFUSALS)
async def list_models() -> Response:
    """List the one model."""
    return JSONResponse({"object": "list", "data": [_model()]})


@router.get("/models/{name}", response_model=ModelBody, responses={**_REFUSALS, **_NO_422})
async def model_of(name: str) -> Response:
    """Return the model of a name."""
    if name != MODEL:
        raise _refused(f"expected the model {MODEL}, found {name[:80]!r}", "model", 404, "model_not_found")
    return JSONResponse(_model())


def _model() -> dict[str, Any]:
    return {"id": MODEL, "object": "model", "created": _SINCE, "owned_by": "assay"}


@router.post(
    "/chat/completions",
    response_model=ChatCompletion,
    responses={
        **_REFUSALS,
        **_BODY,
        **_NO_422,
        200: {
            "description": "The reply; or chunks of it.",
            "content": {"text/event-stream": {"schema": {"type": "string", "description": _CHUNKS}}},
        },
    },
)
async def complete(body: ChatRequest, request: Request, here: Here) -> Response:
    """Answer the last question of a conversation."""
    body.expect_possible()
    question, only = body.asked(), body.assay.only() if body.assay else None
    completion = _Completion(base_of(request))

    def replies() -> Iterator[dict[str, Any]]:
        return completion.chunks(here.service, question, only, usage=bool(body.stream_options and body.stream_options.include_usage))

    if body.stream:
        flow = here.flow(replies)
        return EventStream(flow, written(flow, _chunk, _failed))
    whole = await last(here.flow(lambda: completion.whole(here.service, question, only)), request)
    return JSONResponse(whole)


def _chunk(value: dict[str, Any]) -> str:
    return event(value or "[DONE]")


def _failed(error: Exception) -> str:
    return event(refusal_of(error).body(coded=True))


@dataclass(frozen=True)
class _Completion:
    """One reply, whole or in chunks; made in a thread."""

    base: str
    id: str = field(default_factory=lambda: f"chatcmpl-{secrets.token_urlsafe(16)}")
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, service: Service, question: Question, only: ArticleFilter | None) -> Iterator[dict[str, Any]]:
        """Yield None until the reply is there: whoever has gone ends it in between."""
        telling = Telling(self._link)
        for key, answer in service.stream(question, only):
            if key is None:
                yield {}
                continue
            telling.end(answer, articles=service.library.counts()[0], only=only)
            said = {"role": "assistant", "content": telling.text, "refusal": None}
            message = {**said, "annotations": self._annotations(telling.marks, answer)}
            yield {
                **self._head("chat.completion"),
                "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
                "usage": _usage(service, question, telling.text),
                **self._proof(key, answer),
            }

    def chunks(self, service: Service, question: Question, only: ArticleFilter | None, *, usage: bool) -> Iterator[dict[str, Any]]:
        """Yield the reply as it grows; an empty one ends it."""
        telling = Telling(self._link)
        none: dict[str, Any] = {"usage": None} if usage else {}
        yield {**self._part({"role": "assistant", "content": "", "refusal": None}), **none}
        for key, answer in service.stream(question, only):
            if key is None:
                told = telling.grow(answer)
                if told:
                    yield {**self._part({"content": told}), **none}
                continue
            yield {**self._part({"content": telling.end(answer, articles=service.library.counts()[0], only=only)}), **none}
            yield {**self._part({"annotations": self._annotations(telling.marks, answer)}), **self._proof(key, answer), **none}
        yield {**self._part({}, "stop"), **none}
        if usage:
            yield {**self._head("chat.completion.chunk"), "choices": [], "usage": _usage(service, question, telling.text)}
        yield {}

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": MODEL}

    def _part(self, delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return {**self._head("chat.completion.chunk"), "choices": [choice]}

    def _link(self, citation: Citation) -> str:
        return link_to(citation, self.base)

    def _annotations(self, marks: tuple[Mark, ...], answer: Answer) -> list[dict[str, Any]]:
        cited = {citation.n: citation for citation in answer.citations}
        found = []
        for mark in marks:
            one = cited[mark.n]
            where = {"start_index": mark.start, "end_index": mark.end, "title": one.title, "url": self._link(one)}
            found.append({"type": "url_citation", "url_citation": where})
        return found

    def _proof(self, key: str, answer: Answer) -> dict[str, Any]:
        return {
            "citations": [self._link(citation) for citation in answer.citations],
            "sources": [self._source(citation) for citation in answer.citations],
            "assay": {**answer.to_json(), "key": key},
        }

    def _source(self, citation: Citation) -> dict[str, Any]:
        """Return a citation as Open WebUI shows it: of an id of its own, since those of one id are shown as one and the numbers shift.

        The id is no address, which would be shown in place of the title.
        """
        place = f"{citation.article_id} {citation.start}:{citation.end}"
        known = {
            "source": place,
            "name": citation.title,
            "source_url": self._link(citation),
            "article_id": citation.article_id,
            "start": citation.start,
            "end": citation.end,
            "publisher": citation.source,
            "published": citation.published,
        }
        named = {"id": place, "name": citation.title, "url": self._link(citation)}
        return {"source": named, "document": [citation.quote], "metadata": [known]}


def _usage(service: Service, question: Question, content: str) -> dict[str, int]:
    """Count the tokens of the conversation and of the content."""
    prompt, completion = service.tokens([*(turn.content for turn in question.history), question.text]), service.tokens([content])
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}

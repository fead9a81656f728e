"""The interface for programs under /api/v1: ask, search, read and keep articles, vote, share, export; described in openapi.json.

Answers are what `assay --json` prints. Knows nothing of the page, nor of who may come in, which is decided before anybody is asked.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, JSONResponse

from index import AssayError, StoreError
from rag import Answer

from .addresses import web_address
from .bodies import (
    Added,
    Against,
    ArticleBody,
    ArticlesPage,
    Ask,
    ErrorBody,
    Export,
    HealthBody,
    HitBody,
    KeptAnswerBody,
    Listing,
    Part,
    PartOfArticle,
    RemovedArticles,
    Rows,
    RunBody,
    Search,
    Shared,
    UnreadableRun,
    Vote,
    Voted,
    read_answer,
)
from .context import Context, Feedback, Here, last
from .errors import ArticlesRoute, Route, refusal_of
from .events import EventStream, event, written
from .login import cookie_name
from .refusal import Refused
from .runs import NoRunError, RunError

_NOT = {
    400: "The body is not JSON.",
    401: "A login or a key is needed.",
    403: "It is not allowed here.",
    404: "There is none.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "The request is not as described; the error names the field.",
    429: "One caller asks too much.",
    500: "A fault here.",
    503: "Too many are asking, or the articles are being changed: Retry-After says when to try again.",
    507: "There is no room to keep more of what people say.",
}


def _refusals(*more: int) -> dict[int | str, dict[str, Any]]:
    """Return how a route may say no, for the document."""
    found: dict[int | str, dict[str, Any]] = {}
    for status in sorted({401, 422, 429, 500, 503, *more}):
        found[status] = {"model": ErrorBody, "description": _NOT[status]}
        if status == 503:
            found[status]["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
    return found


_BODY = (400, 413, 415)

_EVENTS = """\
Server-sent events. `event: answer` holds the answer as far as it has grown, by a sentence at a time, each checked: show it in place of the
one before, since the last may differ from its beginnings. `event: done` holds the whole answer with its key, and is the last.
`event: error` holds an error and is the last instead. Lines that begin with a colon are comments that keep the line open."""

router = APIRouter(prefix="/api/v1", route_class=Route)
adding = APIRouter(prefix="/api/v1", route_class=ArticlesRoute)


class _ConversationRoute(Route):
    """A route that takes a conversation with the passages that were read for it."""

    most = 4_000_000


exporting = APIRouter(prefix="/api/v1", route_class=_ConversationRoute)


@router.post(
    "/ask",
    response_model=KeptAnswerBody,
    responses={
        **_refusals(*_BODY),
        200: {
            "description": "The answer; or, where `stream` or the Accept header asks for them, events.",
            "content": {"text/event-stream": {"schema": {"type": "string", "description": _EVENTS}}},
        },
    },
    tags=["answers"],
)
async def ask(body: Ask, request: Request, here: Here) -> Response:
    """Answer a question, each sentence with its proof, or say that the articles do not say."""
    question, only = body.asked(), body.only()
    flow = here.flow(lambda: here.service.stream(question, only))
    if body.stream or "text/event-stream" in request.headers.get("accept", ""):
        return EventStream(flow, written(flow, _event, _failed))
    key, answer = await last(flow, request)
    return JSONResponse({**answer.to_json(), "key": key})


def _event(grown: tuple[str | None, Answer]) -> str:
    key, answer = grown
    values = answer.to_json()
    return event({**values, "key": key}, "done") if key else event(values, "answer")


def _failed(error: Exception) -> str:
    return event(refusal_of(error).body(), "error")


@router.get("/search", response_model=list[HitBody], responses=_refusals(), tags=["articles"])
async def search(asked: Annotated[Search, Query()], here: Here) -> Response:
    """Find passages, best first."""
    only = asked.only()
    hits = await here.answered(lambda: here.service.search(asked.q, asked.k, only))
    return JSONResponse([hit.to_json() for hit in hits])


@router.get("/articles", response_model=ArticlesPage, responses=_refusals(), tags=["articles"])
async def list_articles(asked: Annotated[Listing, Query()], here: Here) -> Response:
    """List articles by id, without their text."""
    only = asked.only()
    return JSONResponse(await here.looked(lambda: here.service.listed(only, asked.q, asked.offset, asked.limit)))


@router.get("/articles/{article_id:path}", response_model=ArticleBody | PartOfArticle, responses=_refusals(404), tags=["articles"])
async def show_article(article_id: str, asked: Annotated[Part, Query()], here: Here) -> Response:
    """Show an article with its text, or some of its characters; an id may hold slashes."""
    return JSONResponse(await here.looked(lambda: here.service.shown(article_id, asked.characters())))


@adding.post("/articles", response_model=Added, responses=_refusals(403, *_BODY), tags=["articles"])
async def add_articles(rows: Rows, here: Here) -> Response:
    """Add articles, or replace those of the same id; what is refused is told with its reason, and the rest is added all the same."""
    _expect_may_write(here)
    for place, row in enumerate(rows):
        if not any(isinstance(row.get(name), str) and row[name].strip() for name in ("id", "_id", "url", "link", "canonical_url")):
            raise Refused(422, f"expected an id or a url for each article, found neither for number {place}", param=f"{place}.id")
    report = await here.written(lambda: here.service.library.add(rows))
    return JSONResponse(report.to_json())


@router.delete("/articles/{article_id:path}", response_model=RemovedArticles, responses=_refusals(403, 404), tags=["articles"])
async def remove_article(article_id: str, here: Here) -> Response:
    """Remove an article."""
    _expect_may_write(here)

    await here.written(lambda: here.service.remove(article_id))
    return JSONResponse({"removed": [article_id]})


def _expect_may_write(here: Context) -> None:
    if not here.service.may_write:
        raise Refused(403, "expected a server that lets articles be changed, found one that does not; start it with --allow-upload")


@router.get("/answers/{key}", response_model=KeptAnswerBody, responses=_refusals(404), tags=["answers"])
async def answer_of(key: str, here: Here) -> Response:
    """Return an answer that was given lately, or shared."""
    answer = await here.looked(lambda: here.kept(key))
    return JSONResponse({**answer.to_json(), "key": key})


@router.post("/answers/{key}/share", response_model=Shared, responses=_refusals(403, 404, 507), tags=["answers"])
async def share_answer(key: str, request: Request, here: Here) -> Response:
    """Keep an answer for good, so that its link works tomorrow too."""
    feedback = _feedback(here)
    await here.heard(lambda: feedback.share(key, here.kept(key)))
    return JSONResponse({"key": key, "url": f"{base_of(request)}/?answer={key}"})


@router.post("/feedback", response_model=Voted, responses=_refusals(403, 404, 507, *_BODY), tags=["answers"])
async def vote(body: Vote, here: Here) -> Response:
    """Keep what somebody says of an answer; what the body leaves out stays as it was said before."""
    feedback = _feedback(here)

    def keep() -> str | None:
        try:
            answer = here.kept(body.key)
        except Refused:
            if body.answer is None:
                raise
            answer = _proven(body.answer, here)
        history = here.service.answers.history(body.key)
        return feedback.vote(body.key, answer, history, voter=body.voter or "", **body.words())

    return JSONResponse({"key": body.key, "vote": await here.heard(keep)})


def _proven(values: Any, here: Context) -> Answer:
    """Return an answer that was handed in, without what nothing proves; raises `Refused` unless its quotes stand in the articles."""
    answer = read_answer(values)
    if answer is None:
        raise Refused(422, "expected an answer as /api/v1/ask gives it, found none that can be read", param="answer")
    texts: dict[str, str] = {}
    for citation in answer.citations:
        name = citation.article_id
        try:
            text = texts[name] if name in texts else texts.setdefault(name, here.service.article(name).text)
        except StoreError:
            text = ""
        if not citation.quote or not 0 <= citation.start < citation.end or text[citation.start : citation.end] != citation.quote:
            said = f"expected quotes that stand in the articles as they are now, found [{citation.n}], which does not; ask again"
            raise Refused(422, said, param="answer")
    return replace(answer, hits=(), removed=())


def _feedback(here: Context) -> Feedback:
    if here.feedback is None:
        raise Refused(403, "expected a server that keeps votes and shared answers, found one that does not")
    return here.feedback


#: The formats of an export: its media type and its file's name.
_FILES = {
    "markdown": ("text/markdown", "assay.md"),
    "bibtex": ("application/x-bibtex", "assay.bib"),
    "csl-json": ("application/vnd.citationstyles.csl+json", "assay.json"),
}


#: How many of the answers handed in could not be read.
_LEFT_OUT = "Assay-Left-Out"


@exporting.post(
    "/export",
    response_class=Response,
    responses={
        **_refusals(404, *_BODY),
        200: {
            "description": "The file.",
            "content": {kind.partition(";")[0]: {"schema": {"type": "string"}} for kind, _ in _FILES.values()},
            "headers": {_LEFT_OUT: {"description": "Answers handed in that could not be read.", "schema": {"type": "integer"}}},
        },
    },
    tags=["answers"],
)
async def export(body: Export, here: Here) -> Response:
    """Write answers out: a conversation as Markdown with references, or the articles that it cites as BibTeX or CSL-JSON."""
    exporter = here.exporters.get(body.format)
    if exporter is None:
        raise Refused(404, f"expected a format that this server writes, found {body.format}", param="format")
    write = exporter

    def file() -> tuple[str, int]:
        answers = [answer for answer in _meant(body, here) if answer is not None]
        given = len(body.keys or body.answers or ())
        if not answers:
            raise Refused(422, f"expected answers as /api/v1/ask gives them, found none that can be read among {given}", param="answers")
        return write(answers), given - len(answers)

    text, left_out = await here.answered(file)  # each article that is cited is read
    media_type, name = _FILES[body.format]
    disposition = {"Content-Disposition": f'attachment; filename="{name}"', _LEFT_OUT: str(left_out)}
    return Response(text, headers={"Content-Type": f"{media_type}; charset=utf-8", **disposition})


def _meant(body: Export, here: Context) -> Iterator[Answer | None]:
    """Yield the answers that are to be written out, None for one that cannot be read; raises `Refused` for a key of none."""
    for place, key in enumerate(body.keys or ()):
        try:
            yield here.kept(key)
        except Refused as refused:
            raise Refused(refused.status, refused.message, param=f"keys.{place}") from refused
    yield from map(read_answer, body.answers or ())


@router.get("/runs", response_model=list[RunBody | UnreadableRun], responses=_refusals(), tags=["runs"])
async def list_runs(here: Here) -> Response:
    """List past runs, the newest first, with their headline figures."""
    try:
        runs = await here.answered(here.service.runs.listed)
    except RunError as error:
        raise Refused(503, str(error)) from error
    return JSONResponse([run.to_json() for run in runs])


@router.get(
    "/runs/{name}/report",
    response_class=Response,
    responses={**_refusals(404), 200: {"description": "The page.", "content": {"text/html": {"schema": {"type": "string"}}}}},
    tags=["runs"],
)
async def report_of_run(name: str, asked: Annotated[Against, Query()], here: Here) -> Response:
    """Show the report of a run as one HTML page, compared with another run where one is named."""
    try:
        page = await here.answered(lambda: here.service.runs.report(name, asked.against))
    except NoRunError as error:
        raise Refused(404, str(error)) from error
    except RunError as error:
        raise Refused(422, str(error)) from error
    return HTMLResponse(page, headers={"Content-Security-Policy": f"{_policy(page)}; {_SANDBOX}", "Cache-Control": "no-store"})


#: What the frame of a report may do besides what the report allows itself: run its own script, as if from nowhere.
_SANDBOX = "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox; frame-ancestors 'self'"


def _policy(page: str) -> str:
    """Return the policy that a report sets itself; as a header it holds before a byte of the page is read."""
    found = re.search('http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    return html.unescape(found[1]) if found else "default-src 'none'"


@router.get("/health", response_model=HealthBody, responses=_refusals(), tags=["server"])
async def health(here: Here) -> Response:
    """Say that the articles can be read."""
    try:
        articles, passages = await here.looked(here.service.library.counts)
    except AssayError as error:
        raise Refused(503, "The articles cannot be read just now.") from error
    return JSONResponse({"status": "ok", "articles": articles, "passages": passages})


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request) -> Response:
    """Return the description of the interfaces."""
    return JSONResponse(document(*request.app.state.routers, cookie=cookie_name(request)))


def base_of(request: Request) -> str:
    """Return the address of the page, as whoever asks knows it; nothing where that is no address, of which the guard has let none pass.

    The guard has put the scheme of `--url` into a request for its host: a proxy before us may have taken the request by https.
    """
    try:
        return (web_address(str(request.base_url)) or "").rstrip("/")
    except ValueError:
        return ""


def document(*routers: APIRouter, cookie: str) -> dict[str, Any]:
    """Return the OpenAPI document of routers, for browsers that have that cookie after a login."""
    routes = [route for one in routers for route in one.routes]
    found = get_openapi(
        title="Assay",
        version="1",
        summary="Ask your own articles: every sentence of an answer cites the characters that prove it.",
        description="Offsets count Unicode code points, start inclusive, end exclusive: `article.text[start:end] == quote`.",
        routes=routes,
    )
    found["components"]["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "One of the keys that the server was started with."},
        "login": {"type": "apiKey", "in": "cookie", "name": cookie, "description": "The cookie of somebody who has logged in."},
    }
    found["security"] = [{}, {"key": []}, {"login": []}]
    return found

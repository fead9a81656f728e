"""Assay as tools of an assistant, by the Model Context Protocol: search, ask, list articles, read one. All of them only read.

Each result stands twice, as values of a schema and as words with footnotes, since clients differ in what they show a model. What goes
wrong is one sentence that a model can act on. Knows nothing of the other interfaces.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote, unquote

import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette

from rag import Citation, Question, Turn

from .addresses import web_address
from .bodies import LONGEST_NAME, MOST_LISTED, MOST_PASSAGES, AnswerBody, ArticleLine, ArticlesPage, Asked, Filters, HitBody, Names, Said
from .errors import LARGEST_BODY, invalid, refusal_of
from .footnotes import told
from .refusal import Refused
from .service import Service
from .work import FullError, Workers

#: Characters of an article that one call returns: more would drown the conversation.
_CHARACTERS = 50_000

#: What addresses of articles begin with.
_SCHEME = "assay://article/"

_ABOUT = """\
Answers from the user's own articles. Use `ask` for a question: every sentence of its answer is proved by a quote, or it says that the
articles do not say; pass both on as they are, with the footnotes. Use `search` for passages, `list_articles` and `get_article` to read on.
A citation names an article and the characters [start, end) of its text: `get_article` with that start and end returns the quote."""


# --- taken ------------------------------------------------------------------------------------------------------------


class SearchArguments(Filters):
    """What to search for."""

    model_config = ConfigDict(strict=False)

    query: Asked = Field(description="Words or a question.")
    limit: Annotated[int, Field(ge=1, le=MOST_PASSAGES)] = Field(10, description="How many passages.")


class AskArguments(Filters):
    """A question and where the answer may come from."""

    model_config = ConfigDict(strict=False)

    question: Asked = Field(description="One that stands alone, or follows from the history.")
    history: Annotated[list[Said], Field(max_length=200)] | None = Field(None, description="The turns before it, oldest first.")


class ListArguments(Filters):
    """Which articles to list."""

    model_config = ConfigDict(strict=False)

    title: Annotated[str, Field(max_length=LONGEST_NAME)] | None = Field(None, description="Words that the title holds.")
    offset: Annotated[int, Field(ge=0, le=10**9)] = 0
    limit: Annotated[int, Field(ge=1, le=MOST_LISTED)] = 50
    articles: Names | None = Field(None, description="Only the articles of these ids.")


class ArticleArguments(BaseModel):
    """Which article, and which characters of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    start: Annotated[int, Field(ge=0, le=10**9)] = Field(0, description="The first character.")
    end: Annotated[int, Field(ge=0, le=10**9)] | None = Field(
        None, description=f"The one after the last; at most {_CHARACTERS:,} characters are returned at once."
    )


# --- given ------------------------------------------------------------------------------------------------------------


class Hits(BaseModel):
    """Passages, best first."""

    hits: list[HitBody]


class ArticleText(ArticleLine):
    """An article and the characters `[start, end)` of its text."""

    start: int
    end: int
    text: str


# --- tools ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Tool:
    """A tool: what it takes and gives, and what it does: values and words."""

    name: str
    title: str
    about: str
    takes: type[BaseModel]
    gives: type[BaseModel]
    run: Callable[[Service, Any], tuple[dict[str, Any], str]]

    def described(self) -> types.Tool:
        """Return how a client sees it."""
        hints = types.ToolAnnotations(
            title=self.title, read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
        )
        return types.Tool(
            name=self.name,
            title=self.title,
            description=self.about,
            input_schema=self.takes.model_json_schema(),
            output_schema=self.gives.model_json_schema(),
            annotations=hints,
        )


def _search(service: Service, given: SearchArguments) -> tuple[dict[str, Any], str]:
    hits = [hit.to_json() for hit in service.search(given.query, given.limit, given.only())]
    said = [f"{hit['title']} ({hit['article_id']} {hit['start']}:{hit['end']}, {_origin(hit)})\n{hit['text']}" for hit in hits]
    return {"hits": hits}, "\n\n".join(said) or "No passage was found."


def _ask(service: Service, given: AskArguments) -> tuple[dict[str, Any], str]:
    turns = tuple(Turn(one.role, one.content) for one in given.history or ())
    only = given.only()
    _, answer = service.ask(Question(given.question, turns), only)
    return answer.to_json(), told(answer, _place, articles=service.library.counts()[0], only=only)


def _list(service: Service, given: ListArguments) -> tuple[dict[str, Any], str]:
    page = service.listed(given.only(), given.title, given.offset, given.limit)
    lines = [f"{one['id']}: {one['title']} ({_origin(one)}, {one['characters']:,} characters)" for one in page["articles"]]
    return page, "\n".join((f"{len(lines)} of {page['total']} articles, from {page['offset']}", *lines))


def _article(service: Service, given: ArticleArguments) -> tuple[dict[str, Any], str]:
    known = service.shown(given.id)
    whole = known["text"]
    end = min(len(whole) if given.end is None else given.end, given.start + _CHARACTERS)
    if not given.start <= end <= len(whole):
        raise Refused(422, f"expected characters within 0:{len(whole)}, found {given.start}:{given.end if given.end is not None else ''}")
    line = {name: known[name] for name in ArticleLine.model_fields}
    text = whole[given.start : end]
    head = f"{known['title']} ({given.id}, {_origin(known)}), characters {given.start}:{end} of {len(whole)}"
    return {**line, "start": given.start, "end": end, "text": text}, f"{head}\n\n{text}"


def _origin(found: Mapping[str, Any]) -> str:
    return ", ".join(part for part in (found["source"], found["published"]) if part) or "undated"


def _place(citation: Citation) -> str:
    """Return where a citation can be read: by `get_article`, and at the address stored with the article."""
    place = f"{citation.article_id} {citation.start}:{citation.end}"
    address = web_address(citation.url)
    return f"{place}, {address}" if address else place


_TOOLS = {
    tool.name: tool
    for tool in (
        _Tool("search", "Search the articles", "Find the passages that best fit words or a question.", SearchArguments, Hits, _search),
        _Tool(
            "ask",
            "Ask the articles",
            "Answer a question from the articles, each sentence with the quote that proves it, or say that the articles do not say.",
            AskArguments,
            AnswerBody,
            _ask,
        ),
        _Tool("list_articles", "List the articles", "List articles by id, without their text.", ListArguments, ArticlesPage, _list),
        _Tool(
            "get_article",
            "Read an article",
            "Return the text of an article, or a part of it.",
            ArticleArguments,
            ArticleText,
            _article,
        ),
    )
}


# --- server -----------------------------------------------------------------------------------------------------------


def server_of(service: Service) -> Server[Any]:
    """Return the server of the tools and of the articles as resources."""
    handling = _Handling(service, Workers(name="tools"))
    return Server(
        "assay",
        title="Assay",
        instructions=_ABOUT,
        on_list_tools=handling.list_tools,
        on_call_tool=handling.call_tool,
        on_list_resources=handling.list_resources,
        on_list_resource_templates=handling.list_templates,
        on_read_resource=handling.read_resource,
    )


async def over_stdio(service: Service) -> None:
    """Serve whoever started this process, until they close its stdin; what else is printed meanwhile goes to stderr."""
    server = server_of(service)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


def over_http(service: Service, port: int) -> Starlette:
    """Return the application that serves programs of this machine at /mcp: no name but its own, no page of another origin."""
    names = [f"{name}{end}" for name in ("127.0.0.1", "localhost", "[::1]") for end in ("", f":{port}")]
    allowed = TransportSecuritySettings(allowed_hosts=names, allowed_origins=[f"http://{name}" for name in names])
    return server_of(service).streamable_http_app(
        streamable_http_path="/mcp", stateless_http=True, max_request_body_size=LARGEST_BODY, transport_security=allowed
    )


@dataclass(frozen=True)
class _Handling:
    """What is done for each request of the protocol."""

    service: Service
    workers: Workers

    async def list_tools(self, _: Any, __: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[tool.described() for tool in _TOOLS.values()])

    async def call_tool(self, _: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        tool = _TOOLS.get(params.name)
        if tool is None:
            raise MCPError(types.INVALID_PARAMS, f"expected one of {', '.join(_TOOLS)}, found {params.name[:80]!r}")
        try:
            given = tool.takes.model_validate(params.arguments or {})
            values, words = await self.workers.run(lambda: tool.run(self.service, given))
        except ValidationError as error:
            return _failed(invalid(error.errors()))
        except FullError:
            return _failed(Refused(503, "Too much is asked just now; try again in a few seconds."))
        except Exception as error:  # noqa: BLE001  # the edge: a model reads a sentence, never a traceback
            return _failed(refusal_of(error))
        return types.CallToolResult(content=[types.TextContent(type="text", text=words)], structured_content=values)

    async def list_resources(self, _: Any, params: types.PaginatedRequestParams | None) -> types.ListResourcesResult:
        cursor = params.cursor if params and params.cursor else "0"
        if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 9:
            raise MCPError(types.INVALID_PARAMS, "expected a cursor of this list, found another")
        offset = int(cursor)
        page = await self.workers.run(lambda: self.service.listed(None, None, offset, 100))
        found = [
            types.Resource(uri=_SCHEME + quote(one["id"], safe=""), name=one["id"], title=one["title"], mime_type="text/plain")
            for one in page["articles"]
        ]
        more = offset + len(found) < page["total"]
        return types.ListResourcesResult(resources=found, next_cursor=str(offset + len(found)) if more else None)

    async def list_templates(self, _: Any, __: Any) -> types.ListResourceTemplatesResult:
        about = "The text of an article; its id stands percent-encoded."
        template = types.ResourceTemplate(
            uri_template=_SCHEME + "{id}", name="article", title="Article", description=about, mime_type="text/plain"
        )
        return types.ListResourceTemplatesResult(resource_templates=[template])

    async def read_resource(self, _: Any, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        uri = str(params.uri)
        if not uri.startswith(_SCHEME):
            raise MCPError(types.INVALID_PARAMS, f"expected an address that begins with {_SCHEME}, found {uri[:80]!r}")
        try:
            article = await self.workers.run(lambda: self.service.shown(unquote(uri.removeprefix(_SCHEME))))
        except Exception as error:  # as above
            raise MCPError(types.INVALID_PARAMS, refusal_of(error).message) from error
        text = types.TextResourceContents(uri=params.uri, mime_type="text/plain", text=article["text"])
        return types.ReadResourceResult(contents=[text])


def _failed(refused: Refused) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=refused.message)], is_error=True)

"""Every route that is served, and who may call it: whatever is not in this table does not exist for anybody.

Gradio brings some seventy routes along, of which its page needs a third; the others are named here too, as nobody's, so that one
that a new version adds is noticed. Knows nothing of who is calling.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from starlette.routing import compile_path

if TYPE_CHECKING:
    import re


class Access(Enum):
    """Who may call a route."""

    ANYONE = "anyone"
    LET_IN = "everybody let in"
    WRITERS = "who may write"
    NOBODY = "nobody"


class Counted(Enum):
    """What a call is counted as, where calls are limited."""

    ASK = "asks"
    WRITE = "writes"


class Accepts(Enum):
    """What a route takes as a body."""

    NOTHING = "nothing"
    FORM = "a small form"
    JSON = "JSON"
    FILES = "files"


@dataclass(frozen=True, slots=True)
class Route:
    """One route, its path in Starlette's notation."""

    method: str
    path: str
    access: Access
    accepts: Accepts = Accepts.NOTHING
    counted: Counted | None = None
    expensive: bool = False
    """Whether a call occupies a core, so that only so many run at once."""
    page: bool = False
    """Whether a browser shows what it answers as a page, which it may do from a link on another site too."""
    files: bool = False
    """Whether its path names a file, so that no path that climbs is passed on."""
    key: bool = False
    """Whether it is for programs, which need a key where there are any."""
    document: bool = False
    """Whether it answers with a document that brings its own policy for browsers."""
    named: bool = False
    """Whether it calls one of the page's functions by name, which must be a public one."""
    event: bool = False
    """Whether its body is one of the page's events, and may name no file or visit but the caller's."""
    uploads: bool = False
    """Whether it answers with the paths of what was uploaded."""


def _get(access: Access, *paths: str, page: bool = False, files: bool = False, named: bool = False) -> tuple[Route, ...]:
    return tuple(Route("GET", path, access, page=page, files=files, named=named) for path in paths)


def _post(access: Access, *paths: str, accepts: Accepts = Accepts.JSON) -> tuple[Route, ...]:
    return tuple(Route("POST", path, access, accepts=accepts) for path in paths)


def _programs() -> tuple[Route, ...]:
    """Return the interfaces for programs; the page calls those under /api/v1 too."""

    def get(path: str, *, counted: Counted | None = None, expensive: bool = False) -> Route:
        return Route("GET", path, Access.LET_IN, counted=counted, expensive=expensive, key=True)

    def post(path: str, counted: Counted | None, *, expensive: bool = False) -> Route:
        return Route("POST", path, Access.LET_IN, Accepts.JSON, counted, expensive, key=True)

    return (
        post("/api/v1/ask", Counted.ASK, expensive=True),
        get("/api/v1/search", counted=Counted.ASK, expensive=True),
        get("/api/v1/articles", counted=Counted.ASK),
        get("/api/v1/articles/{article_id:path}", counted=Counted.ASK),
        Route("POST", "/api/v1/articles", Access.WRITERS, Accepts.FILES, Counted.WRITE, key=True),
        Route("DELETE", "/api/v1/articles/{article_id:path}", Access.WRITERS, counted=Counted.WRITE, key=True),
        get("/api/v1/answers/{key}"),
        post("/api/v1/answers/{key}/share", Counted.WRITE),
        post("/api/v1/feedback", Counted.WRITE),
        post("/api/v1/export", Counted.ASK, expensive=True),
        get("/api/v1/runs", counted=Counted.ASK, expensive=True),
        Route("GET", "/api/v1/runs/{name}/report", Access.LET_IN, counted=Counted.ASK, expensive=True, key=True, document=True),
        get("/api/v1/health"),
        get("/api/v1/openapi.json"),
        get("/v1/models"),
        get("/v1/models/{name}"),
        post("/v1/chat/completions", Counted.ASK, expensive=True),
    )


def _under_the_interfaces() -> tuple[Route, ...]:
    """Return what answers there for addresses that are none, where nothing stands before it."""
    methods = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    paths = ("/api", "/api/{rest:path}", "/v1", "/v1/{rest:path}")
    return tuple(Route(method, path, Access.NOBODY) for method in methods for path in paths)


_OURS = (
    *_get(Access.ANYONE, "/own/{path:path}", files=True),
    *_get(Access.ANYONE, "/login", "/logout", page=True),
    Route("POST", "/login", Access.ANYONE, Accepts.FORM, page=True),
    Route("POST", "/logout", Access.ANYONE, Accepts.FORM, page=True),
)

#: What Gradio's page asks for, and `gradio_client` for public functions.
_NEEDED_OF_GRADIO = (
    *_get(Access.LET_IN, "/", page=True),
    *_get(Access.LET_IN, "/config", "/theme.css", "/gradio_api/theme.css", "/gradio_api/info", "/gradio_api/startup-events"),
    *_get(Access.LET_IN, "/assets/{path:path}", "/static/{path:path}", "/gradio_api/file={path_or_url:path}", files=True),
    *_get(Access.ANYONE, "/favicon.ico", "/manifest.json"),  # browsers ask for these without a cookie; they hold a name and a picture
    *_get(Access.LET_IN, "/gradio_api/heartbeat/{session_hash}", "/gradio_api/queue/data", "/gradio_api/queue/status"),
    Route("POST", "/gradio_api/queue/join", Access.LET_IN, Accepts.JSON, Counted.ASK, event=True),
    Route("POST", "/gradio_api/run/predict", Access.LET_IN, Accepts.JSON, Counted.ASK, event=True),  # the page's events that do not queue
    Route("POST", "/gradio_api/cancel", Access.LET_IN, Accepts.JSON, event=True),
    Route("POST", "/gradio_api/reset", Access.LET_IN, Accepts.JSON, event=True),
    Route("POST", "/gradio_api/call/{api_name}", Access.LET_IN, Accepts.JSON, Counted.ASK, named=True, event=True),
    *_get(Access.NOBODY, "/gradio_api/call/v2/{api_name}/{event_id}"),
    *_get(Access.LET_IN, "/gradio_api/call/{api_name}/{event_id}", named=True),
    Route("POST", "/gradio_api/upload", Access.WRITERS, Accepts.FILES, Counted.WRITE, uploads=True),
    *_get(Access.WRITERS, "/gradio_api/upload_progress"),
)

#: What Gradio serves besides: its own login, other pages, proxies, recordings, traces, calls past the queue, and an editor of its code.
_NOT_NEEDED_OF_GRADIO = (
    *_post(Access.NOBODY, "/login/"),
    *_get(Access.NOBODY, "/gradio_api/user", "/gradio_api/user/", "/gradio_api/login_check", "/gradio_api/login_check/"),
    *_get(Access.NOBODY, "/gradio_api/token", "/gradio_api/token/", "/gradio_api/app_id", "/gradio_api/app_id/", "/gradio_api/dev/reload"),
    *_get(Access.NOBODY, "/svelte/{path:path}", "/gradio_api/runs", "/gradio_api/runs/", "/gradio_api/deep_link", "/robots.txt"),
    *_get(Access.NOBODY, "/gradio_api/run-history/buckets", "/gradio_api/run-history/records"),
    *_get(Access.NOBODY, "/gradio_api/run-history/records/{endpoint}/{record_id}/assets/{asset_id}"),
    *_get(Access.NOBODY, "/config/", "/gradio_api/info/", "/gradio_api/openapi.json", "/openapi.json", "/pwa_icon", "/pwa_icon/{size}"),
    *_get(Access.NOBODY, "/gradio_api/custom_component/{id}/{environment}/{type}/{file_name}"),
    *_get(Access.NOBODY, "/gradio_api/proxy={url_path:path}", "/gradio_api/file/{path:path}"),
    *_get(Access.NOBODY, "/gradio_api/stream/{session_hash}/{run}/{component_id}/playlist.m3u8"),
    *_get(Access.NOBODY, "/gradio_api/stream/{session_hash}/{run}/{component_id}/{segment_id}.{ext}"),
    *_get(Access.NOBODY, "/gradio_api/stream/{session_hash}/{run}/{component_id}/playlist-file"),
    *_get(Access.NOBODY, "/monitoring", "/monitoring/summary", "/monitoring/{key}"),
    *_get(Access.NOBODY, "/gradio_api/profiling/traces", "/gradio_api/profiling/summary"),
    *_get(Access.NOBODY, "/gradio_api/vibe-code", "/gradio_api/vibe-code/"),
    *_post(Access.NOBODY, "/gradio_api/run-history/connect", "/gradio_api/stream/{event_id}", "/gradio_api/stream/{event_id}/close"),
    *_post(Access.NOBODY, "/gradio_api/reset/", "/gradio_api/run/{api_name}", "/gradio_api/run/{api_name}/"),
    *_post(Access.NOBODY, "/gradio_api/api/{api_name}", "/gradio_api/api/{api_name}/", "/gradio_api/call/{api_name}/"),
    *_post(Access.NOBODY, "/gradio_api/call/v2/{api_name}", "/gradio_api/call/v2/{api_name}/"),
    *_post(Access.NOBODY, "/gradio_api/component_server", "/gradio_api/component_server/", "/gradio_api/process_recording"),
    *_post(Access.NOBODY, "/gradio_api/vibe-edit", "/gradio_api/vibe-edit/", "/gradio_api/undo-vibe-edit", "/gradio_api/undo-vibe-edit/"),
    *_post(Access.NOBODY, "/gradio_api/vibe-code", "/gradio_api/vibe-code/", "/gradio_api/vibe-starter-queries"),
    *_post(Access.NOBODY, "/gradio_api/vibe-starter-queries/", "/gradio_api/profiling/clear"),
)

#: Every route; the first that fits a path is the one.
TABLE: tuple[Route, ...] = (*_OURS, *_programs(), *_NEEDED_OF_GRADIO, *_NOT_NEEDED_OF_GRADIO, *_under_the_interfaces())


def _compiled() -> tuple[tuple[re.Pattern[str], Route], ...]:
    return tuple((compile_path(route.path)[0], route) for route in TABLE if route.access is not Access.NOBODY)


_PATTERNS = _compiled()


def routes_of(path: str) -> tuple[dict[str, Route], dict[str, str]]:
    """Return the routes of a path that somebody may call, by method, and what its variable parts are; nothing where there is none."""
    found: dict[str, Route] = {}
    parts: dict[str, str] = {}
    for pattern, route in _PATTERNS:
        fits = pattern.fullmatch(path)
        if fits and route.method not in found:
            found[route.method] = route
            parts = parts or fits.groupdict()
    return found, parts

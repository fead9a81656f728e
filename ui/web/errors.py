"""How the interfaces for programs say no: one sentence, in one form, with the status that fits; no traceback, path or version.

`{"error": {"message", "type", "param"}}`, and `"code"` too where clients of OpenAI read it. Knows nothing of what is asked.
"""

import json
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, ClassVar

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from index import AssayError, BusyError

from ..safe import safe
from .refusal import Refused
from .service import MissingError, OutsideError

_log = logging.getLogger(__name__)

#: Bytes of a body that are read, of questions and of articles.
LARGEST_BODY, LARGEST_ARTICLES = 1_000_000, 20_000_000

#: The status for one who has gone, which nobody reads.
GONE = 499

#: Characters of a name of the caller's that an error repeats.
_NAMED = 80


def refusal_of(error: Exception) -> Refused:
    """Return what is said of an error: of one that nobody foresaw, only that there was one; the log has the rest."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, MissingError):
        return Refused(404, str(error))
    if isinstance(error, OutsideError):
        return Refused(422, str(error), param="span")
    if isinstance(error, BusyError):
        return Refused(503, "Somebody else is changing the articles; try again in a few seconds.")
    _log.error("%s: %s", type(error).__name__, error, exc_info=not isinstance(error, AssayError))
    if isinstance(error, AssayError):  # a message for whoever started the server: it may name folders
        return Refused(503, "The articles or a model cannot be used just now; whoever runs the server finds the reason in its log.")
    return Refused(500, "Something went wrong here that should not have; whoever runs the server finds the reason in its log.")


def invalid(errors: Sequence[Any], status: int = 422) -> Refused:
    """Return what is said of a request that is not as it should be: the first fault, and how many more there are."""
    first, more = errors[0], len(errors) - 1
    param = ".".join(safe(str(part))[:_NAMED] for part in first["loc"] if part not in _PLACES) or None
    said = _said(first, param)
    return Refused(status, f"{said}, and {more} more such {'faults' if more > 1 else 'fault'}" if more else said, param=param)


#: Where a field may stand, which a caller knows.
_PLACES = ("body", "query", "path")


def _said(fault: Any, param: str | None) -> str:
    """Return what is said of one fault that a type found."""
    where = f"{param}: " if param else ""
    match fault["type"]:
        case "extra_forbidden":
            return f"expected no field of that name, found {param}"
        case "missing":
            return f"expected {param or 'a JSON body'}, found none"
        case "string_unicode":
            return f"{where}expected valid Unicode text, found half a character"
        case "value_error":
            return f"{where}{fault['ctx']['error']}"
        case _:
            return where + str(fault["msg"]).replace("Input should be a valid", "expected a").replace("Input should be", "expected")


class _StrictRequest(Request):
    """A request whose body is bounded and plain JSON."""

    most = LARGEST_BODY

    async def body(self) -> bytes:
        """Return the body; raises `Refused` where it is too large."""
        if not hasattr(self, "_whole"):
            read = bytearray()
            async for chunk in self.stream():
                read += chunk
                if len(read) > self.most:
                    raise Refused(413, f"expected a body of at most {self.most:,} bytes, found more")
            self._whole = bytes(read)
        return self._whole

    async def json(self) -> Any:
        """Return what the body holds; raises `Refused` where that is not JSON: NaN is not, nor is what is nested beyond reading."""
        if not hasattr(self, "_value"):
            self._value = parsed(await self.body())
        return self._value


def parsed(body: bytes) -> Any:
    """Return what a body of JSON holds; raises `Refused`."""
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except UnicodeDecodeError:
        found = "bytes that are not UTF-8"
    except json.JSONDecodeError as error:
        found = f"broken JSON at character {error.pos:,}"
    except RecursionError:
        found = "one nested too deep"
    except ValueError as error:
        found = str(error) if str(error).startswith("the constant") else "a number too long to be read"
    raise Refused(400, f"expected a body of JSON, found {found}")


def _no_constant(name: str) -> None:
    raise ValueError(f"the constant {name}, which JSON does not know")


class Route(APIRoute):
    """A route that says no in our form, whatever goes wrong."""

    unprocessable: ClassVar[int] = 422
    coded: ClassVar[bool] = False
    most: ClassVar[int] = LARGEST_BODY

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        answered = super().get_route_handler()

        async def handle(request: Request) -> Response:
            strict = _StrictRequest(request.scope, request.receive)
            strict.most = self.most
            return await self._refusing(strict, answered)

        return handle

    async def _refusing(self, request: _StrictRequest, answered: Callable[[Request], Awaitable[Response]]) -> Response:
        try:
            if self.body_field is not None:
                await _read(request)
            return await answered(request)
        except RequestValidationError as error:
            return invalid(error.errors(), self.unprocessable).response(coded=self.coded)
        except HTTPException as error:
            return Refused(error.status_code, str(error.detail)).response(coded=self.coded)
        except ClientDisconnect:
            return Refused(GONE, "whoever asked went away").response(coded=self.coded)
        except Exception as error:  # noqa: BLE001  # the edge: no traceback reaches a caller
            return refusal_of(error).response(coded=self.coded)


class ArticlesRoute(Route):
    """A route that takes articles."""

    most = LARGEST_ARTICLES


class CodedRoute(Route):
    """A route that clients of OpenAI call."""

    unprocessable = 400
    coded = True


async def _read(request: _StrictRequest) -> None:
    """Read the body, so that what is wrong with it is told before anything else looks at it."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused(415, f"expected a body of application/json, found {safe(kind)[:_NAMED] or 'none'}")
    await request.json()


def unknown(*known: APIRouter) -> APIRouter:
    """Return what answers for all addresses under those of the interfaces that are none."""
    router = APIRouter()

    async def nothing(request: Request) -> Response:
        path = safe(request.url.path)[:_NAMED]
        coded = request.url.path.startswith("/v1")
        allowed = sorted({method for router in known for method in _methods(router, request)})
        if allowed:
            refused = Refused(405, f"expected {' or '.join(allowed)} for {path}, found {safe(request.method)[:_NAMED]}")
            return refused.response(coded=coded, headers={"Allow": ", ".join(allowed)})
        return Refused(404, f"expected an address of the interface, found {path}; /api/v1/openapi.json lists them").response(coded=coded)

    every = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    for path in ("/api", "/api/{rest:path}", "/v1", "/v1/{rest:path}"):
        router.add_api_route(path, nothing, methods=every, include_in_schema=False)
    return router


def _methods(router: APIRouter, request: Request) -> set[str]:
    """Return the methods by which the routes of a router that are at this address may be asked."""
    found: set[str] = set()
    for route in router.routes:
        match, _ = route.matches(request.scope)
        if match is not Match.NONE and isinstance(route, APIRoute):
            found |= route.methods or set()
    return found

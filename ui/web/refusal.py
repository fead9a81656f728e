"""A request that is not answered, and the one sentence that is said instead: never a path, a traceback or a key.

What every part of serving raises to say no: the guard, the interfaces for programs, the page. Knows nothing of why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, PlainTextResponse, Response

from ..safe import safe

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What an error of a status is called; others of the 400s are invalid requests.
TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    500: "server_error",
    503: "overloaded_error",
    507: "storage_error",
}

#: Seconds after which one who was turned away may ask again, where nothing better is known.
_AGAIN = 5


class Refused(Exception):  # noqa: N818  # an answer as much as an error
    """A request that is not carried out, and why; raised, or answered with."""

    def __init__(
        self, status: int, message: str, headers: Mapping[str, str] | None = None, *, param: str | None = None, code: str | None = None
    ) -> None:
        """Say why in one sentence; `param` names the field that is wrong, `code` is for clients of OpenAI."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})
        self.param = param
        self.code = code

    def body(self, *, coded: bool = False) -> dict[str, Any]:
        """Return the error as JSON values; with its code where clients of OpenAI read it."""
        error = {"message": safe(self.message), "type": TYPES.get(self.status, "invalid_request_error"), "param": self.param}
        return {"error": {**error, "code": self.code} if coded else error}

    def response(self, *, coded: bool = False, headers: Mapping[str, str] | None = None) -> JSONResponse:
        """Return the error as a program reads it."""
        again = {"retry-after": str(_AGAIN)} if self.status == 503 else {}
        return JSONResponse(self.body(coded=coded), self.status, {**again, **self.headers, **(headers or {})})

    def response_at(self, path: str) -> Response:
        """Return the error in the form that whoever calls `path` reads."""
        if path.startswith(("/api/", "/v1/")):
            return self.response(coded=path.startswith("/v1/"))
        if path.startswith(("/gradio_api/", "/config")):  # Gradio's page shows `detail`
            return JSONResponse({"detail": self.message}, self.status, self.headers)
        return PlainTextResponse(self.message + "\n", self.status, self.headers)

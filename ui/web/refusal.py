"""A request that is not answered, and the one sentence that is said instead: never a path, a traceback or a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, PlainTextResponse, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Below these, whoever calls is a program and reads JSON.
_PROGRAMS = ("/api/", "/v1/", "/mcp", "/gradio_api/", "/config")


class Refusal(Exception):  # noqa: N818  # an answer as much as an error
    """Why a request is refused; raised, or answered with."""

    def __init__(self, status: int, said: str, headers: Mapping[str, str] | None = None) -> None:
        """Refuse with that status, and say so in one sentence."""
        super().__init__(said)
        self.status = status
        self.said = said
        self.headers = dict(headers or {})

    def response(self, path: str) -> Response:
        """Return the answer, in the form that whoever calls `path` reads."""
        headers = self.headers
        if path.startswith("/v1/"):
            error = {"message": self.said, "type": _kind(self.status), "param": None, "code": None}
            return JSONResponse({"error": error}, self.status, headers)
        if path.startswith(_PROGRAMS):  # Gradio's page shows `detail`, as FastAPI calls it
            return JSONResponse({"detail": self.said}, self.status, headers)
        return PlainTextResponse(self.said + "\n", self.status, headers)


def _kind(status: int) -> str:
    """Return what OpenAI's clients call an error of that status."""
    named = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
    return named.get(status, "invalid_request_error" if status < 500 else "server_error")

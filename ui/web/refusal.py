"""A request that is not answered, and the one sentence that is said instead: never a path, a traceback or a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, PlainTextResponse, Response

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
        if path.startswith(("/api/", "/v1/")):
            error = {"message": self.said, "type": TYPES.get(self.status, "invalid_request_error"), "param": None}
            if path.startswith("/v1/"):
                error["code"] = None
            return JSONResponse({"error": error}, self.status, self.headers)
        if path.startswith(("/gradio_api/", "/config")):  # Gradio's page shows `detail`
            return JSONResponse({"detail": self.said}, self.status, self.headers)
        return PlainTextResponse(self.said + "\n", self.status, self.headers)

"""Stands in for the interface for programs until that is joined: the few routes that the page's script calls. To be deleted then."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, HTTPException, Request, Response

from index import ArticleFilter, AssayError

if TYPE_CHECKING:
    from .service import Service


def router(service: Service) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/api/v1")
    voted: dict[str, Any] = {}

    @routes.get("/articles/{article_id:path}")
    def article(article_id: str) -> dict[str, Any]:
        try:
            found = service.article(article_id)
        except AssayError as error:
            raise HTTPException(404, str(error)) from error
        record = service.articles(ArticleFilter(ids=(article_id,)))[0]
        return {**record, **found.record(), "text": found.text}

    @routes.get("/answers/{key}")
    def answer(key: str) -> dict[str, Any]:
        found = service.answers.get(key)
        if found is None:
            raise HTTPException(404, "expected the key of an answer, found none of that key")
        return {**found.to_json(), "key": key}

    @routes.post("/answers/{key}/share")
    def share(key: str) -> dict[str, str]:
        return {"key": key}

    @routes.post("/feedback")
    async def feedback(request: Request) -> dict[str, Any]:
        voted.update(await request.json())
        return voted

    @routes.post("/export")
    async def export(request: Request) -> Response:
        return Response(json.dumps(await request.json()), media_type="text/plain")

    return routes

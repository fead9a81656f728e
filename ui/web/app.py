"""Everything that is served, put together: interfaces for programs, our own files, the page, and the guard before all of them."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when Gradio is imported: nothing is told to anybody
os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(10**9)  # else each event makes a table of all events before it, for nobody to see

import gradio
import gradio.processing_utils
import gradio.queueing
import gradio.route_utils
import gradio.routes
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from ..safe import safe
from . import references
from .context import Context, exporters
from .feedback import FeedbackStore
from .folder import forget_with, own_folder
from .guard import Guard, PageFacts
from .interfaces import join, lifespan
from .page import blocks
from .policy import scripts_in
from .settings import LARGEST_FILE
from .theme import theme
from .work import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from starlette.types import ASGIApp

    from rag import Answer, Citation

    from .context import Exporter
    from .service import Service
    from .settings import Settings

_LOG = logging.getLogger(__name__)

#: Our own scripts, styles and fonts.
STATIC = Path(__file__).parent / "static"

#: Gradio's page, before it is filled in.
_TEMPLATE = Path(gradio.__file__).parent / "templates" / "frontend" / "index.html"


#: Our own styles and script, in its head.
_HEAD = """<link rel="stylesheet" href="/own/assay.css"><link rel="stylesheet" href="/own/tabs.css">
<script type="module" src="/own/assay.js"></script>"""

#: Seconds between two looks at the files that the page keeps, and those after which one is deleted.
_FORGOTTEN = (600, 3_600)


def application(service: Service, settings: Settings) -> ASGIApp:
    """Return the whole as an ASGI application."""
    files = own_folder()
    os.environ["GRADIO_TEMP_DIR"] = str(files)  # by default all that Gradio serves on a machine share one
    app = FastAPI(title="Assay", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    feedback, answering = FeedbackStore(service.folder / "feedback.sqlite"), Workers(service.at_once, name="answering")
    join(app, Context(service, feedback=feedback, exporters=_exporters(service), answering=answering))
    app.mount("/own", StaticFiles(directory=STATIC), name="own")
    page = _in_a_loop(lambda: _mounted(app, service, settings))
    guard = Guard(app, settings, PageFacts(_public(page), files, scripts_in(_TEMPLATE.read_text(encoding="utf-8"))))
    forget_with(guard, files)
    return guard


def _exporters(service: Service) -> Mapping[str, Exporter]:
    """Return the formats of an export, which name what the library knows of the articles cited."""

    def known(citations: Iterable[Citation]) -> references.Records:
        return references.records_of(service.article, citations)

    def conversation(answers: Sequence[Answer]) -> str:
        cited = references.citations_of(answers)
        return references.markdown(answers, known(cited), references.remarks_of(service.article, cited))

    return exporters(
        conversation,
        lambda citations: references.bibtex(citations, known(citations)),
        lambda citations: references.csl_json(citations, known(citations)),
    )


def _in_a_loop(make: Callable[[], gradio.Blocks]) -> gradio.Blocks:
    """Make something where an event loop is running: where none is, Gradio makes several, and closes none."""

    async def made() -> gradio.Blocks:
        return make()

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(made())
    return make()


def _mounted(app: FastAPI, service: Service, settings: Settings) -> gradio.Blocks:
    """Put the page into the application, and return it."""
    page = blocks(service, settings)
    page.delete_cache = _FORGOTTEN
    page.api_open = False  # what queues is called through the queue alone
    gradio.mount_gradio_app(
        app,
        page,
        path="/",
        show_error=False,
        max_file_size=LARGEST_FILE,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        run_history=False,
        mcp_server=False,
        footer_links=[],
        allowed_paths=[],
        head=_HEAD,
        theme=theme(),
    )
    page.has_launched = True  # else Gradio does not look whether a file that an event names was uploaded
    page.is_running = True  # else it takes pictures that it is handed for its own
    _fetch_nothing()
    for module in (gradio.queueing, gradio.routes, gradio.route_utils):
        vars(module)["traceback"] = _Faults
    return page


class _Faults:
    """What Gradio prints of a fault of an event, in place of a traceback: a line of the log."""

    @staticmethod
    def print_exc() -> None:
        """Note the fault that is being handled."""
        error = sys.exc_info()[1]
        _LOG.error("an event failed: %s: %s", type(error).__name__, safe(str(error)), exc_info=_LOG.isEnabledFor(logging.DEBUG))


def _fetch_nothing() -> None:
    """Let Gradio fetch no address that an event names in place of a file; the guard lets none come so far."""

    async def refused(url: str, cache_dir: str) -> str:  # noqa: ARG001  # as Gradio calls it
        raise gradio.Error("Expected a file that was uploaded, found an address.", print_exception=False)

    def refused_at_once(url: str, cache_dir: str) -> str:  # noqa: ARG001  # as Gradio calls it
        raise gradio.Error("Expected a file that was uploaded, found an address.", print_exception=False)

    gradio.processing_utils.async_ssrf_protected_download = refused
    gradio.processing_utils.ssrf_protected_download = refused_at_once
    gradio.processing_utils.save_url_to_cache = refused_at_once


def _public(page: gradio.Blocks) -> frozenset[str]:
    """Return the names of the functions that programs may call."""
    return frozenset(str(fn.api_name) for fn in page.fns.values() if fn.api_name and fn.api_visibility == "public")

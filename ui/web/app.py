"""Everything that is served, put together: interfaces for programs, our own files, the page, and the guard before all of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when Gradio is imported: nothing is told to anybody

import gradio
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from .page import blocks
from .past_runs import runs_router

if TYPE_CHECKING:
    from .service import Service
    from .settings import Settings

#: Our own scripts, styles and fonts.
STATIC = Path(__file__).parent / "static"

#: The largest file that may be uploaded.
LARGEST_FILE = "20mb"


def application(service: Service, settings: Settings) -> Any:
    """Return the whole as an ASGI application."""
    app = FastAPI(title="Assay", docs_url=None, redoc_url=None, openapi_url=None)
    app.mount("/own", StaticFiles(directory=STATIC), name="own")
    app.include_router(runs_router(service))
    page = blocks(service, settings)
    return gradio.mount_gradio_app(
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
        head='<script type="module" src="/own/assay.js"></script>',
        css_paths=[STATIC / "assay.css", STATIC / "tabs.css"],
    )

"""The page: its tabs, and what they have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio

from .chat import MOST_WAITING, ask_tab
from .past_runs import evaluation_tab
from .shelf import library_tab

if TYPE_CHECKING:
    from .service import Service
    from .settings import Settings

#: Handlers of the page that run at the same time; questions have a limit of their own.
_AT_ONCE = 16


def blocks(service: Service, settings: Settings) -> gradio.Blocks:
    """Return the page."""
    page = gradio.Blocks(title="Assay", analytics_enabled=False, fill_width=True)
    with page, gradio.Tabs(elem_id="tabs"):
        with gradio.Tab("Ask", id="ask", elem_id="ask"):
            ask_tab(service, settings, page)
        with gradio.Tab("Library", id="library", elem_id="library"):
            library_tab(service, settings)
        with gradio.Tab("Evaluation", id="evaluation", elem_id="evaluation"):
            evaluation_tab(service, settings)
    page.queue(default_concurrency_limit=_AT_ONCE, max_size=MOST_WAITING, api_open=False)
    return page

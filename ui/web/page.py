"""The page: its tabs, and what they have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio

from .past_runs import evaluation_tab
from .shelf import library_tab

if TYPE_CHECKING:
    from .service import Service
    from .settings import Settings


def blocks(service: Service, settings: Settings) -> gradio.Blocks:
    """Return the page."""
    articles, _ = service.library.counts()
    page = gradio.Blocks(title="Assay", analytics_enabled=False, delete_cache=(600, 3600))  # uploads that nobody added
    with page:
        gradio.Markdown("# Assay", container=False)
        with gradio.Tabs():
            with gradio.Tab("Ask"):
                gradio.Markdown(f"{articles} articles at {settings.port}")
            with gradio.Tab("Library"):
                library_tab(service, settings)
            with gradio.Tab("Evaluation"):
                evaluation_tab(service, settings)
    return page

"""The page: its tabs, and what they have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio

if TYPE_CHECKING:
    from .service import Service
    from .settings import Settings


def blocks(service: Service, settings: Settings) -> gradio.Blocks:
    """Return the page."""
    articles, _ = service.library.counts()
    page = gradio.Blocks(title="Assay", analytics_enabled=False)
    with page:
        gradio.HTML(f"<h1>Assay</h1><p>{articles} articles at {settings.port}</p>")
    return page

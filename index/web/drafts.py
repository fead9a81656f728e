"""What was fetched into drafts: markup and binary formats in a child process under limits, as files are."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from ..loaders.sandbox import Sandbox
from ..loaders.walk import drafts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..loaders.interface import BrokenRow, Draft, Loader

#: Where sitemaps are read, which no file is; the child looks their loader up by name.
_LISTINGS = Sandbox("index.web.sitemap")


def drafts_in(data: bytes, loader: Loader) -> Iterator[Draft | BrokenRow]:
    """Yield what `loader` finds in `data`; raises `ArticleError` where it cannot be read."""
    stream = io.BytesIO(data)
    return _LISTINGS.load(loader, stream) if loader.name == "sitemap" else drafts(loader, stream)

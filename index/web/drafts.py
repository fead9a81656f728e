"""What was fetched into drafts: each loader where it may do no harm."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..loaders.interface import BrokenRow, Draft, Loader


def drafts_in(data: bytes, loader: Loader) -> Iterator[Draft | BrokenRow]:
    """Yield what `loader` finds in `data`; raises `ArticleError` where it cannot be read."""
    return loader.load(io.BytesIO(data))

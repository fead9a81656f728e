"""What the language models that a system talks to report of their use, whichever they are.

Knows nothing of what is said to them.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def metered() -> Iterator[dict[str, float]]:
    """Count what LangChain's models report within a `with` block: `input_tokens` and `output_tokens`, empty where none reports any."""
    from langchain_core.callbacks import get_usage_metadata_callback

    used: dict[str, float] = {}
    with get_usage_metadata_callback() as reported:
        yield used
        for usage in reported.usage_metadata.values():
            used["input_tokens"] = used.get("input_tokens", 0) + usage["input_tokens"]
            used["output_tokens"] = used.get("output_tokens", 0) + usage["output_tokens"]

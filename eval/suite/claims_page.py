"""The page docs/verifying.md: what became of claims, beside what was asked for. Pure: lines in, Markdown out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .aims import table_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .aims import Line


def claims_page(lines: Sequence[Line], facts: Mapping[str, str]) -> str:
    """Return the page."""
    return "\n".join(
        [
            "# Sentences held against the articles, measured",
            "",
            "Claims that are known to be true or not, each held against the passage that a careless writer would cite: what is shown,",
            "and what is left out. Written by `make eval-claims`.",
            "",
            "How sentences are checked: [decisions/0010](decisions/0010-written-answers.md).",
            "",
            *(f"- {name}: {value}" for name, value in facts.items()),
            "",
            *table_of(lines, "claims"),
            "",
        ]
    )

"""The page docs/verifying.md: what became of claims, beside what was asked for. Pure: lines in, Markdown out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .aims import aim_in_words, number, reached

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Line:
    """One figure."""

    claims: str
    """Of which claims."""
    measure: str
    value: float
    aim: float | None
    """What it should at least be, or at most where lower is better; None where nothing is asked."""
    count: int
    lower: bool = False
    """Lower is better."""

    @property
    def reached(self) -> bool | None:
        """Say whether the aim was reached; None where there is none."""
        return reached(self.value, self.aim, lower=self.lower)


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
            "| claims | measure | value | aim | number |",
            "|---|---|---|---|---|",
            *map(_row, lines),
            "",
        ]
    )


def _row(one: Line) -> str:
    aim = aim_in_words(one.value, one.aim, lower=one.lower)
    return f"| {one.claims} | {one.measure} | {number(one.value)} | {aim} | {one.count:,} |"

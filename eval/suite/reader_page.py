"""The page docs/reader.md: each figure without the reader and with it, beside what was asked of it. Pure: lines in, Markdown out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Line:
    """One figure, taken without the reader and with it."""

    asked: str
    """Of which questions."""
    measure: str
    without: float
    reading: float
    """With the reader."""
    aim: float | None
    """What it should at least be, or at most where lower is better; None where nothing is asked."""
    count: int
    """Questions, or runs."""
    lower: bool = False
    """Lower is better."""

    @property
    def reached(self) -> bool | None:
        """Say whether the aim was reached; None where there is none."""
        return None if self.aim is None else (self.reading <= self.aim if self.lower else self.reading >= self.aim)


def reader_page(lines: Sequence[Line], facts: Mapping[str, str]) -> str:
    """Return the page."""
    rows = [
        f"| {one.asked} | {one.measure} | {_number(one.without)} | {_number(one.reading)} | {_aim(one)} | {one.count:,} |" for one in lines
    ]
    return "\n".join(
        [
            "# The reader, measured",
            "",
            "What reading the best passages changes: the same questions without the reader and with it, in one run. Of sets that it was",
            "trained on, those questions that were held out. Written by `make eval-reader`.",
            "",
            "What the reader is: [decisions/0009](decisions/0009-reader.md).",
            "",
            *(f"- {name}: {value}" for name, value in facts.items()),
            "",
            "| questions | measure | without | with | aim | number |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _aim(one: Line) -> str:
    if one.aim is None:
        return "–"
    return f"{'≤' if one.lower else '≥'} {_number(one.aim)}: {'reached' if one.reached else 'missed'}"


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.3f}"

"""The page docs/reader.md: each figure without the reader and with it, beside what was asked of it. Pure: lines in, Markdown out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .aims import aim_in_words, number, reached

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
        return reached(self.reading, self.aim, lower=self.lower)


def reader_page(lines: Sequence[Line], facts: Mapping[str, str]) -> str:
    """Return the page."""
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
            *map(_row, lines),
            "",
        ]
    )


def _row(one: Line) -> str:
    aim = aim_in_words(one.reading, one.aim, lower=one.lower)
    return f"| {one.asked} | {one.measure} | {number(one.without)} | {number(one.reading)} | {aim} | {one.count:,} |"

"""Figures beside what was asked of them, as the pages of docs/ write them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Line:
    """One figure."""

    part: str
    """Of what."""
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


def table_of(lines: Sequence[Line], parts: str) -> list[str]:
    """Return figures as the lines of a table, whose first column is headed `parts`."""
    rows = [
        f"| {one.part} | {one.measure} | {number(one.value)} | {aim_in_words(one.value, one.aim, lower=one.lower)} | {one.count:,} |"
        for one in lines
    ]
    return [f"| {parts} | measure | value | aim | number |", "|---|---|---|---|---|", *rows]


def reached(value: float, aim: float | None, *, lower: bool) -> bool | None:
    """Say whether a figure is what it should at least be, or at most where lower is better; None where nothing is asked."""
    return None if aim is None else (value <= aim if lower else value >= aim)


def aim_in_words(value: float, aim: float | None, *, lower: bool) -> str:
    """Return the aim of a figure and whether it was reached, as a cell of a table."""
    if aim is None:
        return "–"
    return f"{'≤' if lower else '≥'} {number(aim)}: {'reached' if reached(value, aim, lower=lower) else 'missed'}"


def number(value: float) -> str:
    """Return a figure as a cell of a table: milliseconds are whole, shares are not."""
    return f"{value:.0f}" if value >= 10 else f"{value:.3f}"

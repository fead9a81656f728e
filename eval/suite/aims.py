"""Figures beside what was asked of them, as the pages of docs/ write them. Pure."""

from __future__ import annotations


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

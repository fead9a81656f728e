"""Judgements: which article bears how much on which question, as BEIR and TREC write them down, one a line.

`question article grade` with tabs, below a heading or not; or `question 0 article grade`. A grade above 0 is relevant. Knows nothing of
what is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .fields import grade, identity
from .reading import kind, text_lines

if TYPE_CHECKING:
    from pathlib import Path

    from .reading import Place

#: What the last heading is called.
_HEADINGS = ("score", "grade", "relevance", "rel", "label")


def read_qrels(file: Path) -> dict[str, dict[str, int]]:
    """Return the grades by article by question.

    Raises:
        AssayError: The file cannot be read, or a line is malformed or judges an article differently than one before it.
    """
    qrels: dict[str, dict[str, int]] = {}
    for place, line in text_lines(file):
        cells = _cells(place, line)
        if not cells or (place.number == 1 and cells[-1].lower() in _HEADINGS):
            continue
        question, article, value = identity(place, "question", cells[0]), identity(place, "article", cells[1]), grade(place, cells[2])
        known = qrels.setdefault(question, {})
        if known.setdefault(article, value) != value:
            raise place.fault(f"one grade of {kind(article)} for {kind(question)}", f"{known[article]} and {value}")
    return qrels


def _cells(place: Place, line: str) -> tuple[str, ...]:
    """Return question, article and grade; nothing of a blank line."""
    cells = [cell.strip() for cell in line.split("\t")]
    if len(cells) != 3:
        cells = line.split()
    if len(cells) == 4:
        del cells[1]  # TREC's iteration, which nobody uses
    if len(cells) not in (0, 3):
        raise place.fault("a question, an article and a grade", f"{len(cells)} columns")
    return tuple(cells)

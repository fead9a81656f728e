"""Citation numbers that mean the same all through a conversation: a quote keeps the number it got when it was first cited.

Knows nothing of how answers are made.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .answer import Answer, Citation


class Numbering:
    """The numbers that the citations of one conversation have got so far."""

    def __init__(self) -> None:
        """Begin with 1."""
        self._numbers: dict[tuple[str, int, int], int] = {}

    def of(self, answer: Answer) -> Answer:
        """Return the answer with the numbers of the conversation, new ones for quotes that were not cited before."""
        numbers = {citation.n: self._number(citation) for citation in answer.citations}
        return replace(
            answer,
            citations=tuple(sorted((replace(one, n=numbers[one.n]) for one in answer.citations), key=lambda one: one.n)),
            sentences=tuple(replace(one, citations=tuple(numbers[n] for n in one.citations)) for one in answer.sentences),
        )

    def _number(self, citation: Citation) -> int:
        place = (citation.article_id, citation.start, citation.end)
        return self._numbers.setdefault(place, len(self._numbers) + 1)

"""Citation numbers that mean the same all through a conversation: a quote keeps the number it got when it was first cited.

Knows nothing of how answers are made.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .sides import difference_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .answer import Answer, Citation, Conflict


class Numbering:
    """The numbers that the citations of one conversation have got so far."""

    def __init__(self) -> None:
        """Begin with 1."""
        self._numbers: dict[tuple[str, int, int], int] = {}

    def of(self, answer: Answer) -> Answer:
        """Return the answer with the numbers of the conversation, new ones for quotes that were not cited before."""
        numbers = {citation.n: self._number(citation) for citation in answer.citations}
        numbered = replace(
            answer,
            citations=tuple(sorted((replace(one, n=numbers[one.n]) for one in answer.citations), key=lambda one: one.n)),
            sentences=tuple(replace(one, citations=tuple(numbers[n] for n in one.citations)) for one in answer.sentences),
        )
        return _differing(answer.conflict, answer, numbered, numbers) if answer.conflict else numbered

    def _number(self, citation: Citation) -> int:
        place = (citation.article_id, citation.start, citation.end)
        return self._numbers.setdefault(place, len(self._numbers) + 1)


def _differing(conflict: Conflict, answer: Answer, numbered: Answer, numbers: Mapping[int, int]) -> Answer:
    """Return the answer with new numbers where it says on which sides the articles are, too."""
    sides = tuple(replace(side, citations=tuple(numbers[n] for n in side.citations)) for side in conflict.sides)
    renumbered = replace(conflict, sides=sides)
    said = difference_in_words(conflict, answer.citations)
    says = difference_in_words(renumbered, numbered.citations)
    return replace(numbered, conflict=renumbered, notes=tuple(says if note == said else note for note in answer.notes))

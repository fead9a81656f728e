"""Whose each visit of the page is: whoever is first heard under the name that a page draws for itself has it, and nobody else.

Gradio sends what it makes of an event to whoever asks under that name. For one event loop; knows nothing of what is sent.
"""

from __future__ import annotations

from collections import OrderedDict

from .refusal import Refused

#: Visits that are remembered; the one that was heard of longest ago is forgotten.
_MOST = 50_000

#: Characters of a visit's name; a page draws some twelve.
_LONGEST = 200


class Visits:
    """The visits of the page, each with whose it is: a name where somebody has logged in, nobody's name where nobody must."""

    def __init__(self, most: int = _MOST) -> None:
        """Know of none, and of `most` at the same time."""
        self._most = most
        self._owners: OrderedDict[str, str | None] = OrderedDict()

    def check(self, user: str | None, visit: object) -> None:
        """Raise `Refused` where a visit is another's, or its name is none; one that is new is the user's from now on."""
        if not isinstance(visit, str) or len(visit) > _LONGEST:
            raise Refused(400, "Expected the name of a visit as the page draws it, found something else.")
        if self._owners.setdefault(visit, user) != user:
            raise Refused(403, "This visit of the page is another's. Load the page again.")
        self._owners.move_to_end(visit)
        while len(self._owners) > self._most:
            self._owners.popitem(last=False)

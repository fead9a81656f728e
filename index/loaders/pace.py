"""How a loader of long documents says that it is getting on, so that it is given the time that its length needs.

Whoever runs it under a limit listens; elsewhere nobody does. Knows nothing of limits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_listening: list[Callable[[float], None]] = []


def listen(heard: Callable[[float], None]) -> None:
    """Have `heard` called with the seconds that a loader asks for, from now on."""
    _listening[:] = [heard]


def getting_on(seconds: float) -> None:
    """Say that a part is done, and that the next may take `seconds` on top of what is left.

    Args:
        seconds: What a part takes at most when it is what it seems.
    """
    for heard in _listening:
        heard(seconds)

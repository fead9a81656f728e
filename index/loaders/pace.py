"""How a loader says what it is at: which format it found a file to be, and that it is getting on with a long one, which is given time.

Whoever runs it under a limit listens; elsewhere nobody does. Knows nothing of limits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_listening: list[Callable[[float], None]] = []
_told: list[Callable[[str], None]] = []


def listen(heard: Callable[[float], None], told: Callable[[str], None]) -> None:
    """Have `heard` called with the seconds that a loader asks for, and `told` with the format that it hands on to, from now on."""
    _listening[:] = [heard]
    _told[:] = [told]


def reading(name: str) -> None:
    """Say that a file is now read as one of the format `name`: should that end the process, nothing else could tell."""
    for told in _told:
        told(name)


def getting_on(seconds: float) -> None:
    """Say that a part is done, and that the next may take `seconds` on top of what is left.

    Args:
        seconds: What a part takes at most when it is what it seems.
    """
    for heard in _listening:
        heard(seconds)

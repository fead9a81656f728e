"""A moment by which something must be over, however slowly it comes."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..errors import ArticleError

if TYPE_CHECKING:
    from collections.abc import Iterator


class NotNowError(ArticleError):
    """It cannot be had now; another time it may be."""


class Deadline:
    """So many seconds from its making; whoever waits asks how many are left."""

    def __init__(self, seconds: float) -> None:
        """Begin to count."""
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds that are left; raises `NotNowError` when none are."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise NotNowError(f"too slow: not here whole after {self._seconds:g} seconds; try again later")
        return left

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Do not count the time of a `with` block: that in which we keep others waiting for nothing."""
        began = time.monotonic()
        try:
            yield
        finally:
            self._end += time.monotonic() - began

"""Vectors of texts that were embedded lately: questions about the same articles weigh the same sentences again and again.

An encoder gives a text the same vector whatever it is embedded with (`runtime.Encoder.run`), so that nothing changes but the time. Safe to
share between threads. Knows nothing of what the texts are.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

#: So many are kept: 30 MB of vectors of 384 dimensions, and their texts.
MOST = 20_000


class RememberedVectors:
    """The vectors of the texts last asked for."""

    def __init__(self, most: int = MOST) -> None:
        """Keep `most` of them; those that nobody asked for longest go first."""
        self._most = most
        self._known: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._lock = Lock()

    def of(self, texts: Sequence[str], embed: Callable[[Sequence[str]], NDArray[np.float32]]) -> NDArray[np.float32]:
        """Return the vectors of `texts`, (n, dimension), of which `embed` makes those that are not known."""
        if not texts:
            return embed([])
        wanted = dict.fromkeys(texts)
        with self._lock:
            found = {text: self._known[text] for text in wanted if text in self._known}
            for text in found:
                self._known.move_to_end(text)
        if new := [text for text in wanted if text not in found]:
            made = dict(zip(new, (vector.copy() for vector in embed(new)), strict=True))  # rows of their own: they outlive the others
            self._keep(made)
            found |= made
        return np.stack([found[text] for text in texts])

    def _keep(self, made: dict[str, NDArray[np.float32]]) -> None:
        with self._lock:
            self._known.update(made)
            while len(self._known) > self._most:
                self._known.popitem(last=False)

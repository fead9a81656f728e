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
        found: dict[str, NDArray[np.float32]] = {}
        with self._lock:
            for text in dict.fromkeys(texts):
                vector = self._known.get(text)
                if vector is not None:
                    found[text] = vector
                    self._known.move_to_end(text)
        new = [text for text in dict.fromkeys(texts) if text not in found]
        if new or not texts:
            made = embed(new)
            if not texts:
                return made
            found.update(zip(new, (vector.copy() for vector in made), strict=True))  # a row of its own: it outlives the others
            self._keep({text: found[text] for text in new})
        return np.stack([found[text] for text in texts])

    def _keep(self, made: dict[str, NDArray[np.float32]]) -> None:
        with self._lock:
            self._known.update(made)
            while len(self._known) > self._most:
                self._known.popitem(last=False)

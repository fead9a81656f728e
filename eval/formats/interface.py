"""What every format is: told by what lies at a path, and read into examples.

A format knows one way to write question sets down. It does not know of the others, of measures, or of how articles are indexed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..dataset import Corpus, Example
    from .probe import Probe
    from .reading import Place


class Loaded(NamedTuple):
    """What a format made of a set."""

    format: str
    """How it was recognised, in words for people."""
    examples: Iterator[tuple[Place, Example]]
    """Read as they are asked for; raises AssayError at a malformed row."""
    corpus: Corpus | None = None


class Format(Protocol):
    """One way to write question sets down."""

    @property
    def name(self) -> str:
        """What users call the format: `SQuAD JSON`."""

    def recognises(self, probe: Probe) -> bool:
        """Say whether what lies at the path is a set of this format."""

    def load(self, probe: Probe) -> Loaded:
        """Read the set that `recognises` took; raises AssayError when it is malformed."""

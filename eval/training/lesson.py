"""What a reader is taught from: a question beside passages, and where in each its answer stands; or a claim, and which passages support it.

Frozen values, to JSON and back. Knows nothing of where they come from, and of networks.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from index import Span, replaced

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage beside a question."""

    context: str
    text: str
    spans: tuple[Span, ...] = ()
    """Where the answer stands in `text`, each place as good as another; none where it is not there."""
    exact: bool = True
    """The spans are the answer; else the answer stands somewhere within each: in that sentence, say."""
    relevant: bool | None = False
    """It bears on the question; None where nobody said."""
    supports: bool | None = None
    """Beside a claim: it says so; None beside a question."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A question with the passages that were found for it, those that answer it first; or a claim with passages."""

    id: str
    source: str
    question: str
    """Or the claim."""
    candidates: tuple[Candidate, ...]

    @property
    def positives(self) -> tuple[Candidate, ...]:
        """Return the passages that answer the question."""
        return tuple(one for one in self.candidates if one.spans)

    def to_json(self) -> dict[str, Any]:
        """Return the lesson as JSON values."""
        candidates = [
            {
                "context": one.context,
                "text": one.text,
                "spans": [list(span) for span in one.spans],
                "exact": one.exact,
                "relevant": one.relevant,
                **({} if one.supports is None else {"supports": one.supports}),
            }
            for one in self.candidates
        ]
        return {"id": self.id, "source": self.source, "question": self.question, "candidates": candidates}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Lesson:
        """Build the lesson that `to_json` wrote."""
        candidates = tuple(
            Candidate(
                one["context"],
                one["text"],
                tuple(Span(*span) for span in one["spans"]),
                one["exact"],
                one["relevant"],
                one.get("supports"),
            )
            for one in values["candidates"]
        )
        return cls(values["id"], values["source"], values["question"], candidates)


def write_lessons(file: Path, lessons: Iterable[Lesson]) -> None:
    """Write lessons, a line of JSON each, packed; the whole file or nothing."""
    lines = "".join(json.dumps(one.to_json(), ensure_ascii=False) + "\n" for one in lessons)
    with replaced(file) as partial:
        partial.write_bytes(gzip.compress(lines.encode(), compresslevel=6, mtime=0))


def read_lessons(file: Path) -> Iterator[Lesson]:
    """Yield the lessons of a file that `write_lessons` wrote."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield Lesson.from_json(json.loads(line))

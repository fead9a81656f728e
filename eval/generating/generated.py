"""What came of making questions, and how it is written down.

Knows nothing of how questions are made.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from index import ArticleFilter, AssayError, replaced

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..dataset import Example


@dataclass(frozen=True)
class Generated:
    """A question set, with what was thrown away in making it."""

    examples: tuple[Example, ...]
    dropped: Mapping[str, int]
    """Reason to count, the most frequent first."""
    note: str
    """What kind of set it is and what it cannot tell, for people; to be shown wherever its figures are."""
    shortfall: str | None = None
    """Why there are fewer questions than were wanted."""


class StoppedError(AssayError):
    """Making questions ended before its time; `generated` holds those made until then."""

    def __init__(self, message: str, generated: Generated) -> None:
        """Keep what was made."""
        super().__init__(message)
        self.generated = generated


def asked_of(example: Example, everything: Iterable[str]) -> ArticleFilter | None:
    """Return the filter that leaves out what an example says, given the ids of all articles of the index; None where it leaves out nothing.

    An example of another set may say anything there: only a list of ids counts.
    """
    left_out = example.metadata.get("leave_out")
    if not isinstance(left_out, list) or not left_out:
        return None
    gone = {one for one in left_out if isinstance(one, str)}
    return ArticleFilter(ids=tuple(sorted(set(everything) - gone)))


def save(examples: Iterable[Example], path: Path) -> None:
    """Write examples as rows of our own format, one JSON object a line: the whole file or, after any failure, none of it.

    A file that is there, or that a link leads to, is replaced. Raises `AssayError` when it cannot be written.
    """
    try:
        target = Path(os.path.realpath(path))
        if target.exists() and not target.is_file():  # a device or a pipe would be gone, and a file in its place
            raise ValueError("not a plain file")  # noqa: TRY301  # the same way out as for everything that cannot be written to
        with replaced(target) as partial, partial.open("w", encoding="utf-8", errors="replace", newline="\n") as stream:
            stream.writelines(f"{json.dumps(one.to_json(), ensure_ascii=False)}\n" for one in examples)
    except (OSError, ValueError) as error:  # a name may hold what no file's may
        why = getattr(error, "strerror", None) or error
        raise AssayError(f"the questions cannot be written to {path} ({why}); choose another file") from error

"""The figures of a long measurement, part by part: what was measured before an interruption is not measured again.

A part counts as measured while the code of the rooms, and the weights in them, are what they were. Knows nothing of what is measured.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from index import replaced

from .reader_page import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: The rooms whose code and weights the figures depend on.
_ROOMS = ("index", "rag", "eval")


def checksum_of_rooms(root: Path | None = None) -> str:
    """Return the SHA-256 of all code and weights that figures come of, by their paths and bytes."""
    root = root or Path(__file__).resolve().parents[2]
    digest = hashlib.sha256()
    for room in _ROOMS:
        for file in sorted(one for one in (root / room).rglob("*") if one.suffix in (".py", ".safetensors", ".json")):
            content = file.read_bytes()
            digest.update(f"{file.relative_to(root).as_posix()} {len(content)}\n".encode())
            digest.update(content)
    return digest.hexdigest()


def kept(folder: Path, name: str, made_by: str, measure: Callable[[], Iterable[Line]]) -> list[Line]:
    """Return the lines of a part: those in `folder` where they were `made_by` the same, else measured now and kept there."""
    file = folder / f"{name}.json"
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
        if known["made_by"] == made_by:
            return [Line(**line) for line in known["lines"]]
    except (OSError, ValueError, KeyError, TypeError):  # none, or none that can be used: it is measured anew
        pass
    lines = list(measure())
    folder.mkdir(parents=True, exist_ok=True)
    with replaced(file) as partial:
        partial.write_text(json.dumps({"made_by": made_by, "lines": [asdict(line) for line in lines]}), encoding="utf-8")
    return lines

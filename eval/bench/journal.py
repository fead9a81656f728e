"""What the steps of a benchmark run left, on disk after each of them, so that an interrupted run can be taken up again.

Knows nothing of what a step does or of what its figures mean.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

from index import replaced

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .figures import Run


class Journal:
    """A run, kept in a folder of its own beside whatever its steps keep there."""

    def __init__(self, folder: Path, begun: Run) -> None:
        """Take up the run in `folder` when its plan is that of `begun`, else empty the folder and begin anew."""
        self.folder = folder
        self._path = folder / "run.json"
        known = self._known()
        if known is None or known["plan"] != begun["plan"]:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            known = begun
        self.run: Run = known
        self.run["sittings"] += 1

    def keep(self, name: str, act: Callable[[], dict[str, Any]]) -> None:
        """Carry out a step unless it was done, and write down what it left; `machine` stands beside the steps."""
        place = self.run if name == "machine" else self.run["steps"]
        if name not in place:
            place[name] = _rounded(act())
            write(self._path, listed(self.run))

    def _known(self) -> Run | None:
        try:
            run: Run = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return run


def listed(run: Run) -> str:
    """Return a run as JSON with one line a step, so that two runs can be compared line by line."""
    steps = ",\n".join(f"  {json.dumps(name)}: {json.dumps(figures)}" for name, figures in run["steps"].items())
    rest = "".join(f" {json.dumps(name)}: {json.dumps(value)},\n" for name, value in run.items() if name != "steps")
    return f'{{\n{rest} "steps": {{\n{steps}\n }}\n}}\n'


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    with replaced(path) as partial:
        partial.write_text(text, encoding="utf-8")


def _rounded(value: Any) -> Any:
    """Round every number of a step to six digits: no clock here is better than that."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list) else value

"""Follow-up questions with the turns before them: MTRAG, CAsT, CANARD and their like, one JSON object a line.

`history` in any shape of `turns`, with `question` and, where a person wrote one, `rewrite`; or MTRAG's tasks: `input`, whose last turn is
the question, with `targets`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .fields import Fields
from .interface import Loaded
from .own import example_of
from .probe import Shape
from .turns import is_marked, turns, unmarked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .probe import Probe
    from .reading import Place

#: MTRAG's word on whether its passages answer; others (`PARTIAL`, `CONVERSATIONAL`) are neither.
_ANSWERABILITY = {"ANSWERABLE": True, "UNANSWERABLE": False}


class Conversations:
    """Rows with a history that is not written in our way, or marks of turns in their questions."""

    name = "conversations (JSON lines)"

    def recognises(self, probe: Probe) -> bool:
        """Take rows of which one shows a shape that ours do not have."""
        return probe.shape is Shape.ROWS and any(_foreign(row) for row in probe.sample)

    def load(self, probe: Probe) -> Loaded:
        """Read each row; a history that ends with the question itself ends before it."""
        return Loaded(self.name, ((place, example_of(place, _translated(place, row))) for place, row in probe.rows()))


def _foreign(row: Mapping[str, Any]) -> bool:
    history = row.get("history")
    if isinstance(history, list):
        return "question" in row and any(not isinstance(turn, dict) or "content" not in turn for turn in history)
    return isinstance(history, str) or (is_marked(row.get("question")) and "answers" not in row) or _is_task(row)


def _is_task(row: Mapping[str, Any]) -> bool:
    said = row.get("input")
    return isinstance(said, list) and bool(said) and all(isinstance(turn, dict) and "speaker" in turn for turn in said)


def _translated(place: Place, row: Mapping[str, Any]) -> dict[str, Any]:
    ours = _task(place, row) if _is_task(row) else dict(row)
    for name in ("question", "rewrite"):
        if isinstance(ours.get(name), str):
            ours[name] = unmarked(ours[name])
    history = turns(place, ours.get("history"))
    if history and history[-1].role == "user" and history[-1].content.strip() == ours.get("question"):
        history = history[:-1]
    return ours | {"history": [{"role": turn.role, "content": turn.content} for turn in history]}


def _task(place: Place, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of ours for a task of MTRAG; raises AssayError when the user does not have the last word."""
    fields = Fields(place, row)
    asked = turns(place, row["input"], "input")
    if not asked or asked[-1].role != "user":
        raise place.fault("an 'input' that ends with the user's question", "another turn at its end")
    word = row.get("Answerability")
    return {
        **{name: value for name, value in row.items() if name not in ("input", "targets", "task_id")},
        "id": fields.identity("task_id", "id"),
        "question": asked[-1].content.strip(),
        "history": row["input"][:-1],
        "answers": [turn.content for turn in turns(place, row.get("targets"), "targets")],
        "answerable": _ANSWERABILITY.get(word[0]) if isinstance(word, list) and word and isinstance(word[0], str) else None,
    }

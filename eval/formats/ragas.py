"""Rows as ragas has them: `user_input`, `reference`, `reference_contexts`; before its version 0.2 `question`, `ground_truth`, `contexts`.

What a system answered and retrieved (`response`, `retrieved_contexts`, the older `answer` and `contexts`) is no gold and becomes metadata;
the `contexts` of a generated test set are those that its questions were made of, and so evidence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .fields import Fields
from .interface import Loaded
from .own import example_of
from .probe import Shape
from .turns import turns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .probe import Probe
    from .reading import Place

_OLD = ("ground_truth", "ground_truths", "contexts")


class Ragas:
    """Rows with ragas' names, one JSON object a line or in a list."""

    name = "ragas rows"

    def recognises(self, probe: Probe) -> bool:
        """Take rows with `user_input`, or with `question` and one of the older names."""
        return probe.shape is Shape.ROWS and any(
            "user_input" in row or ("question" in row and "answers" not in row and any(name in row for name in _OLD))
            for row in probe.sample
        )

    def load(self, probe: Probe) -> Loaded:
        """Read each row."""
        return Loaded(self.name, ((place, example_of(place, _translated(place, row))) for place, row in probe.rows()))


def _translated(place: Place, row: Mapping[str, Any]) -> dict[str, Any]:
    fields = Fields(place, row)
    ours: dict[str, Any] = {"id": fields.identity("id"), **_asked(fields)}
    references = [reference for reference in (fields.string("reference"), fields.string("ground_truth")) if reference]
    answers = dict.fromkeys((*references, *fields.strings("ground_truths")))
    contexts = fields.strings("reference_contexts") or (fields.strings("contexts") if "evolution_type" in fields else ())
    kinds = [kind for kind in (fields.string("synthesizer_name"), fields.string("evolution_type")) if kind]
    ours |= {
        "answers": list(answers),
        "evidence": [{"quote": quote} for quote in dict.fromkeys(contexts) if quote],
        "type": "".join(kinds[:1]),
    }
    return {"metadata": fields.metadata(), **ours}


def _asked(fields: Fields) -> dict[str, Any]:
    """Take the question; of a conversation the user's last turn, with what was said before it."""
    said = fields.take("user_input")
    if not isinstance(said, list):
        return {"question": said if said is not None else fields.take("question")}
    spoken = turns(fields.place, said, "user_input")
    last = max((at for at, turn in enumerate(spoken) if turn.role == "user"), default=None)
    if last is None:
        raise fields.place.fault("a 'user_input' with a question of the user's", "none")
    return {"question": spoken[last].content, "history": [{"role": turn.role, "content": turn.content} for turn in spoken[:last]]}

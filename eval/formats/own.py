"""Our own rows, which every other format is brought into: what `Example.to_json` writes, and looser ones that people write.

Only `question` is required. Knows nothing of files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..dataset import Evidence, Example
from .fields import MAX_GRADE, Fields, identity
from .interface import Loaded
from .probe import Shape
from .turns import turns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .probe import Probe
    from .reading import Place


class OwnRows:
    """Rows of questions, one JSON object a line or in a list."""

    name = "Assay JSON lines"

    def recognises(self, probe: Probe) -> bool:
        """Take rows with a question; `text` is one where no title says that it is an article's."""
        return probe.shape is Shape.ROWS and any("question" in row or ("text" in row and "title" not in row) for row in probe.sample)

    def load(self, probe: Probe) -> Loaded:
        """Read each row as it stands."""
        return Loaded(self.name, ((place, example_of(place, row)) for place, row in probe.rows()))


def example_of(place: Place, row: Mapping[str, Any]) -> Example:
    """Read one row; raises AssayError where it is malformed.

    An absent `id` is the row's number. An absent `answerable` is true where answers or evidence are given; absent `qrels` give the
    articles of the evidence grade 1. Keys that are not ours become metadata.
    """
    fields = Fields(place, row)
    question = fields.question("question", "text")
    answers = fields.strings("answers")
    evidence = tuple(_evidence(place, one) for one in fields.objects("evidence"))
    known = True if answers or evidence else None
    return Example(
        id=fields.identity("id", "_id") or str(place.number),
        question=question,
        history=turns(place, fields.take("history")),
        answers=answers,
        answerable=fields.flag("answerable") if "answerable" in fields else known,
        evidence=evidence,
        qrels=_qrels(fields, evidence),
        key_points=fields.strings("key_points"),
        rewrite=fields.string("rewrite"),
        type=fields.string("type") or "",
        metadata=fields.metadata(),
    )


def _evidence(place: Place, values: Mapping[str, Any]) -> Evidence:
    fields = Fields(place, values)
    one = Evidence(fields.identity("article_id"), fields.number("start"), fields.number("end"), fields.string("quote"))
    if one == Evidence():
        raise place.fault("evidence with an 'article_id', a 'quote', or both", "neither")
    if (one.start is None) != (one.end is None):
        raise place.fault("evidence with 'start' and 'end'", "only one of them")
    if one.start is not None and one.end is not None:
        if one.article_id is None:
            raise place.fault("evidence with 'start' and 'end' to name its 'article_id'", "none")
        if one.start >= one.end:
            raise place.fault("evidence to end behind its start", f"{one.start}:{one.end}")
    return one


def _qrels(fields: Fields, evidence: tuple[Evidence, ...]) -> dict[str, int]:
    values = fields.take("qrels")
    if values is None:
        return {one.article_id: 1 for one in evidence if one.article_id is not None}
    if not isinstance(values, dict):
        raise fields.fault("qrels", "an object of article ids and grades", values)
    for article, value in values.items():
        identity(fields.place, "qrels", article)
        if isinstance(value, bool) or not isinstance(value, int):
            raise fields.fault("qrels", "an object of article ids and grades", value, within=True)
        if abs(value) > MAX_GRADE:
            raise fields.place.fault(f"grades up to {MAX_GRADE:,}", str(value)[:60])
    return values

"""SQuAD 1.1 and 2.0: one JSON object of titles, their paragraphs, and the questions asked of each; the paragraphs are the articles."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from .corpus import ListedCorpus
from .fields import Fields
from .interface import Loaded
from .own import example_of
from .probe import Shape
from .reading import Place, as_object, kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ..dataset import Example
    from .probe import Probe

_NO_WORDS = re.compile(r"[^\w.,()'–-]+")

_MAX_SLUG = 80


class _Paragraph(NamedTuple):
    place: Place
    id: str
    title: str
    text: str
    questions: tuple[Any, ...]


class Squad:
    """SQuAD's JSON."""

    name = "SQuAD JSON"

    def recognises(self, probe: Probe) -> bool:
        """Take an object whose `data` is a list of objects with `paragraphs`."""
        data = probe.value.get("data") if probe.shape is Shape.OBJECT else None
        return isinstance(data, list) and any(isinstance(entry, dict) and "paragraphs" in entry for entry in data)

    def load(self, probe: Probe) -> Loaded:
        """Read the paragraphs at once, the questions as they are asked for."""
        paragraphs = tuple(_paragraphs(probe.path, probe.value["data"]))
        rows = tuple((one.place, {"id": one.id, "title": one.title, "text": one.text}) for one in paragraphs)
        return Loaded(self.name, _examples(paragraphs), ListedCorpus(probe.path, rows))


def _paragraphs(file: Path, data: list[Any]) -> Iterator[_Paragraph]:
    """Yield the paragraphs; an id is the title without white space, with the places of title and paragraph from 0."""
    for number, value in enumerate(data):
        place = Place(file, f"data[{number}]")
        entry = Fields(place, as_object(place, value))
        title = entry.string("title") or ""
        slug = _NO_WORDS.sub("_", title)[:_MAX_SLUG].strip("_") or "paragraph"
        for inner, paragraph in enumerate(entry.objects("paragraphs")):
            there = Place(file, f"{place.at}.paragraphs[{inner}]")
            fields = Fields(there, paragraph)
            text = fields.string("context")
            if text is None:
                raise there.fault("a 'context'", "none")
            yield _Paragraph(there, f"{slug}#{number}.{inner}", title.replace("_", " "), text, fields.objects("qas"))


def _examples(paragraphs: tuple[_Paragraph, ...]) -> Iterator[tuple[Place, Example]]:
    count = 0
    for paragraph in paragraphs:
        for inner, row in enumerate(paragraph.questions):
            count += 1
            place = Place(paragraph.place.file, f"{paragraph.place.at}.qas[{inner}]")
            ours = _translated(place, row, paragraph)
            yield place, example_of(place, ours if ours.get("id") is not None else ours | {"id": str(count)})


def _translated(place: Place, row: Mapping[str, Any], paragraph: _Paragraph) -> dict[str, Any]:
    """Return a row of ours: each answer that stands where it should as a span, else as a quote."""
    fields = Fields(place, row)
    impossible = fields.flag("is_impossible")
    answers: dict[str, None] = {}
    evidence: dict[tuple[str, int | None], None] = {}
    for one in (Fields(place, answer) for answer in fields.objects("answers")):
        text, start = one.string("text"), one.number("answer_start")
        if not text:
            raise place.fault("answers with a 'text'", "one without")
        if start is not None and start + len(text) > len(paragraph.text):
            raise place.fault(f"answers within the {len(paragraph.text):,} characters of the context", f"{kind(text)} at {start:,}")
        answers[text] = None
        evidence[text, start if start is not None and paragraph.text.startswith(text, start) else None] = None
    ours = {
        **{name: value for name, value in row.items() if name != "is_impossible"},
        "answers": list(answers),
        "evidence": [_evidence(paragraph.id, text, start) for text, start in evidence],
    }
    if impossible is not None:
        ours["answerable"] = not impossible
    return ours if evidence else ours | {"paragraph": paragraph.id}


def _evidence(article: str, text: str, start: int | None) -> dict[str, Any]:
    if start is None:
        return {"article_id": article, "quote": text}
    return {"article_id": article, "start": start, "end": start + len(text)}

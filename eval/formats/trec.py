"""TREC topics, as SGML or with a tab between number and question, and the judgements beside them.

The SGML is read by its few tags, never by an XML parser: nothing is expanded but the characters that HTML names. A TREC corpus is not
read; such a set runs on an index.
"""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from index import AssayError

from .fields import identity
from .interface import Loaded
from .own import example_of
from .probe import Shape
from .qrels import read_qrels
from .reading import Place, kind, shown, text_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..dataset import Example
    from .probe import Probe

_TAG = re.compile(r"<(/?)(top|num|title|desc|narr)\b[^<>]{0,100}>", re.IGNORECASE)

#: How files call themselves.
_CALLED = {"topics": re.compile("^(?!.*qrels).*(?:topics|queries)", re.IGNORECASE), "qrels": re.compile("qrels", re.IGNORECASE)}

#: What some years' topics say again behind the tag.
_LABEL = re.compile(r"\s*(?:number|topic|description|narrative)\s*:", re.IGNORECASE)


class TrecTopics:
    """A file of topics, or a folder with one; `qrels*` beside it judges it."""

    name = "TREC topics"

    def recognises(self, probe: Probe) -> bool:
        """Take a folder with topics, a text with `<top>`, or lines of a number, a tab and a question."""
        if probe.shape is Shape.FOLDER:
            return bool(_files(probe.path, "topics"))
        return probe.shape is Shape.TEXT and bool(probe.text) and (_is_sgml(probe.text) or all(map(_is_pair, probe.text)))

    def load(self, probe: Probe) -> Loaded:
        """Read the topics; a question is the title, or the description where there is no title."""
        topics = probe.path
        if probe.shape is Shape.FOLDER:
            topics = _only(_files(probe.path, "topics"), "topics", probe.path, probe.path.name)
        judgements = [file for file in _files(topics.parent, "qrels") if file != topics]
        qrels = read_qrels(_only(judgements, "qrels", topics.parent, topics.name)) if judgements else {}
        return Loaded(f"{self.name} and qrels" if judgements else self.name, _judged(topics, qrels))


def _files(folder: Path, word: str) -> list[Path]:
    """Return the files of `folder` that call themselves topics or qrels, in order of their names."""
    try:
        return sorted(file for file in folder.iterdir() if _CALLED[word].search(file.name) and file.is_file())
    except OSError as error:
        raise AssayError(f"expected a folder that can be read, found {shown(folder)}: {error.strerror or error}") from error


def _only(files: list[Path], word: str, folder: Path, name: str) -> Path:
    """Return the one file of `files`; of several the one that is named like `name` but for the word.

    Raises:
        AssayError: It cannot be told which is meant.
    """
    if len(files) == 1:
        return files[0]
    bare = _bare(name)
    alike = [file for file in files if _bare(file.name) == bare]
    if len(alike) == 1:
        return alike[0]
    found = ", ".join(shown(file.relative_to(folder)) for file in files[:5])
    raise AssayError(f"expected one file of {word} in {shown(folder)}, found {len(files)}: {found}; keep the one that is meant")


def _bare(name: str) -> str:
    return re.sub(r"topics|queries|qrels|txt|tsv|gz|[._-]", "", name.lower())


def _is_sgml(lines: tuple[str, ...]) -> bool:
    return any(line.strip().lower().startswith("<top>") for line in lines)


def _is_pair(line: str) -> bool:
    number, tab, question = line.partition("\t")
    return bool(tab and question.strip() and number) and not re.search(r"\s", number)


def _judged(topics: Path, qrels: dict[str, dict[str, int]]) -> Iterator[tuple[Place, Example]]:
    lines = list(text_lines(topics))
    read = _sgml if _is_sgml(tuple(line for _, line in lines)) else _pairs
    met = not qrels
    for place, example in read(lines):
        met = met or example.id in qrels
        yield place, replace(example, qrels=qrels.get(example.id, {}))
    if not met:
        raise AssayError(f"expected qrels of the topics in {shown(topics)}, found none of any of them beside it")


def _pairs(lines: list[tuple[Place, str]]) -> Iterator[tuple[Place, Example]]:
    for place, line in lines:
        if line.strip():
            if not _is_pair(line):
                raise place.fault("a number, a tab and a question", kind(line.rstrip("\r\n")))
            number, _, question = line.partition("\t")
            yield place, example_of(place, {"id": number, "question": question.strip()})


def _sgml(lines: list[tuple[Place, str]]) -> Iterator[tuple[Place, Example]]:
    """Yield the topics; what stands between two tags belongs to the first."""
    fields: dict[str, list[str]] = {}
    begins: Place | None = None
    name = ""
    for place, line in lines:
        after = 0
        for tag in _TAG.finditer(line):
            fields.setdefault(name, []).append(line[after : tag.start()])
            after = tag.end()
            name = "" if tag[1] else tag[2].lower()
            if tag[2].lower() == "top":
                if begins is not None:
                    yield begins, _topic(begins, fields)
                begins, fields = (None if tag[1] else place), {}
        fields.setdefault(name, []).append(line[after:])
    if begins is not None:
        yield begins, _topic(begins, fields)


def _topic(place: Place, fields: dict[str, list[str]]) -> Example:
    values = {name: " ".join(html.unescape(_LABEL.sub("", "".join(parts), count=1)).split()) for name, parts in fields.items()}
    number = identity(place, "num", values.get("num", ""))
    question = values.get("title") or values.get("desc") or None
    rest = {name: values[name] for name in ("desc", "narr") if values.get(name) and values[name] != question}
    return example_of(place, {"id": number, "question": question, "metadata": rest})

"""Folders of questions with their articles.

`corpus.jsonl` and `queries.jsonl`, packed or not, with `qrels.tsv` or BEIR's `qrels/test.tsv`; the same files under one prefix
(`squad2.corpus.jsonl`, …, named by the path up to the point); or `questions.jsonl` beside a folder `articles`. The rows may be ours,
BEIR's, or those of the public sets whose evidence has other names (`translate`).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from index import AssayError

from .corpus import FolderCorpus, RowsCorpus
from .fields import MAX_PLACE, Fields
from .interface import Loaded
from .own import example_of
from .probe import Shape, named
from .qrels import read_qrels
from .reading import kind, rows, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from ..dataset import Example
    from .probe import Probe
    from .reading import Place

#: BEIR's parts, the one to be measured first.
_SPLITS = ("test", "dev", "train")

#: Every answer is looked for at every place that a row names.
_MOST_PLACES = 1_000

#: In QuoteSum's answers `[ 2 words ]` are words of its second source.
_QUOTED = re.compile(r"\[ ?(\d{1,4}) ([^\[\]]*)\]")


class ArticlesFolder:
    """A folder with `questions.jsonl` and a folder `articles`, as our seeds lie."""

    name = "folder of questions.jsonl and articles"

    def recognises(self, probe: Probe) -> bool:
        """Take a folder with both."""
        at = probe.path
        return probe.shape is Shape.FOLDER and named(at, "questions.jsonl") is not None and (at / "articles").is_dir()

    def load(self, probe: Probe) -> Loaded:
        """Read the questions; the articles are whatever `Library.add` finds in the folder."""
        file = named(probe.path, "questions.jsonl") or probe.path
        examples = ((place, example_of(place, row)) for place, row in rows(file))
        return Loaded(self.name, examples, FolderCorpus(probe.path / "articles"))


class RowsFolder:
    """Files of articles, questions and judgements, in a folder or under a prefix."""

    name = "folder of corpus, queries and qrels"

    def recognises(self, probe: Probe) -> bool:
        """Take a folder, or a prefix, with `queries.jsonl`."""
        return probe.shape is Shape.PREFIX or (probe.shape is Shape.FOLDER and named(probe.path, "queries.jsonl") is not None)

    def load(self, probe: Probe) -> Loaded:
        """Read questions and judgements; of a BEIR folder those questions that the part judges."""
        at, prefix = (probe.path.parent, f"{probe.path.name}.") if probe.shape is Shape.PREFIX else (probe.path, "")
        queries = named(at, f"{prefix}queries.jsonl") or at
        file = named(at, f"{prefix}corpus.jsonl")
        corpus = RowsCorpus(file) if file else None
        asked = list(rows(queries))
        texts = corpus.texts(_pointed_at(row for _, row in asked)) if corpus else {}
        examples: Iterator[tuple[Place, Example]] = ((place, example_of(place, translate(place, row, texts))) for place, row in asked)
        single, split = named(at, f"{prefix}qrels.tsv"), None if prefix else _split(at)
        judged_by = single or split
        beir = bool(asked) and "_id" in asked[0][1]
        name = "BEIR folder" if beir else "files under a prefix" if prefix else self.name
        if judged_by is None:
            return Loaded(name, examples, corpus)
        judged = _judged(examples, judged_by, only=single is None)
        return Loaded(f"{name}, judged by {judged_by.relative_to(at).as_posix()}" if single is None else name, judged, corpus)


def _split(folder: Path) -> Path | None:
    return next((file for split in _SPLITS if (file := named(folder / "qrels", f"{split}.tsv"))), None)


def _judged(examples: Iterable[tuple[Place, Example]], file: Path, *, only: bool) -> Iterator[tuple[Place, Example]]:
    """Yield the examples with their grades; `only` leaves out those that have none: they belong to another part of the set.

    Raises:
        AssayError: The judgements are of none of the questions.
    """
    qrels = read_qrels(file)
    met = False
    for place, example in examples:
        grades = qrels.get(example.id)
        met = met or grades is not None
        if grades is not None:
            yield place, replace(example, qrels=grades)
        elif not only:
            yield place, example
    if not met:
        raise AssayError(f"expected judgements of the set's questions, found none of any of them in {shown(file)}")


def _pointed_at(asked: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the ids of the articles whose texts are needed to tell whether the characters that rows name are there."""
    wanted: list[object] = []
    for row in asked:
        if row.get("answer_start"):
            wanted.append(row.get("context_id"))
        if row.get("spans"):
            wanted.append(row.get("doc_id"))
        evidence = row.get("evidence")
        if isinstance(evidence, list):
            wanted += [one.get("article_id") for one in evidence if isinstance(one, dict) and one.get("end")]
    return {one for one in wanted if isinstance(one, str)}


def translate(place: Place, row: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, Any]:
    """Return a row of ours that says what `row` says.

    Taken over are `context_id` with `answer_start`, `doc_id` with `spans`, evidence of `doc_id` and `fact`, and `sources` whose words
    stand in the answers behind their numbers. Evidence in prose is no quote and becomes metadata.

    Args:
        place: Where the row stands.
        row: As it stands in the file.
        texts: The texts of the articles in which rows name characters, by id.

    Raises:
        AssayError: Characters are named that the article does not have, or that do not hold an answer.
    """
    ours, extra = dict(row), {}
    if isinstance(row.get("evidence"), str):
        extra["evidence"] = ours.pop("evidence")
    elif "evidence" in row:
        ours["evidence"] = _renamed(row["evidence"])
    elif "spans" in row and "doc_id" in row:
        ours["evidence"] = _spans(Fields(place, ours))
        del ours["spans"], ours["doc_id"]
    elif "sources" in row:
        ours["answers"], ours["evidence"] = _quoted(Fields(place, ours))
    elif row.get("context_id") is not None and row.get("answerable", True):
        ours["evidence"] = _answered_in(Fields(place, ours), texts)
        ours.pop("answer_start", None)
        del ours["context_id"]
    _check_spans(place, ours.get("evidence"), texts)
    if not extra:
        return ours
    inner = ours.get("metadata")
    return ours | {"metadata": {**inner, **extra} if isinstance(inner, dict) else extra}


def _renamed(evidence: Any) -> Any:
    """Return evidence with our names for what MultiHopRAG calls `doc_id` and `fact`; what is no evidence is told of later."""
    if not isinstance(evidence, list):
        return evidence
    names = {"doc_id": "article_id", "fact": "quote"}
    return [{names.get(key, key): value for key, value in one.items()} if isinstance(one, dict) else one for one in evidence]


def _spans(fields: Fields) -> list[dict[str, Any]]:
    article, spans = fields.identity("doc_id"), fields.take("spans")
    if not isinstance(spans, list):
        raise fields.fault("spans", "a list of [start, end]", spans)
    for span in spans:
        if not isinstance(span, list) or len(span) != 2:
            raise fields.fault("spans", "a list of [start, end]", span, within=True)
    return [{"article_id": article, "start": start, "end": end} for start, end in spans]


def _quoted(fields: Fields) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the answers in plain words, and as evidence what they quote, or the whole source where none quotes it."""
    sources = [Fields(fields.place, source) for source in fields.objects("sources")]
    articles = {source.number("n"): source.identity("doc_id") for source in sources}
    answers = fields.strings("answers")
    quotes: dict[tuple[Any, str], None] = {}
    for answer in answers:
        for number, words in _QUOTED.findall(answer):
            if int(number) not in articles:
                raise fields.place.fault("quotes of the 'sources' that are listed", f"one of source {number}")
            quotes[articles[int(number)], words.strip()] = None
    evidence: list[dict[str, Any]] = [{"article_id": article, "quote": words} for article, words in quotes if words]
    quoted = {article for article, _ in quotes}
    evidence += [{"article_id": article} for article in articles.values() if article not in quoted]
    return [" ".join(_QUOTED.sub(lambda found: found[2].strip(), answer).split()) for answer in answers], evidence


def _answered_in(fields: Fields, texts: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return where the answers stand in the one article that was asked about; the article itself where the set gives no places."""
    article, answers, starts = fields.identity("context_id"), fields.strings("answers"), fields.take("answer_start")
    if not starts:
        return [{"article_id": article}]
    if not isinstance(starts, list) or not all(type(start) is int and 0 <= start <= MAX_PLACE for start in starts):
        raise fields.fault("answer_start", "a list of whole numbers from 0 on", starts)
    if len(starts) > _MOST_PLACES:
        raise fields.place.fault(f"at most {_MOST_PLACES:,} places in 'answer_start'", f"{len(starts):,}")
    text = texts.get(article or "")
    if text is None:
        raise fields.place.fault("'context_id' to be an article of the corpus", kind(article))
    found: dict[tuple[int, int], None] = {}
    for start in dict.fromkeys(starts):
        ends = [start + len(answer) for answer in answers if answer and text.startswith(answer, start)]
        if not ends:
            raise fields.place.fault(f"an answer at {start:,} of {article!r}", kind(text[start : start + 60]))
        found |= dict.fromkeys((start, end) for end in ends)
    return [{"article_id": article, "start": start, "end": end} for start, end in found]


def _check_spans(place: Place, evidence: Any, texts: Mapping[str, str]) -> None:
    """Raise AssayError when evidence ends behind the end of its article."""
    for one in evidence if isinstance(evidence, list) else ():
        text = texts.get(one["article_id"]) if isinstance(one, dict) and isinstance(one.get("article_id"), str) else None
        if text is not None and isinstance(one.get("end"), int) and one["end"] > len(text):
            raise place.fault(f"evidence within the {len(text):,} characters of {one['article_id']!r}", f"{one.get('start')}:{one['end']}")

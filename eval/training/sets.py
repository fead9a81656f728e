"""The question sets that the reader is trained on, and which part of each is never shown to it.

A part is held out by a group of questions that share something (a title, an article), so that nothing of what is measured was read in
training. Sets that are for evaluation only are not listed. Knows nothing of passages.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index import Article

from ..dataset import Dataset, Evidence, Example
from ..formats import load_dataset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from index import View


class Part(StrEnum):
    """What a group of questions is for."""

    TRAIN = "train"
    DEV = "dev"
    """Choices and calibration are made on it."""
    TEST = "test"
    """Figures are reported on it; nothing else ever looks at it."""


@dataclass(frozen=True, slots=True)
class Source:
    """One set: where it lies in the folder of the public data, and how it is parted."""

    name: str
    path: str
    group: Callable[[View, Example], str]
    """What the questions of a group have in common."""
    test: float
    dev: float
    """The shares of the groups that are held out."""
    licence: str
    most: int | None = None
    """At most so many of its questions are trained on, drawn by a checksum of their ids."""
    wrong: bool = True
    """Other passages of the set than the one asked about are known not to answer."""


def part(source: Source, group: str) -> Part:
    """Return what a group of a set is for: by a checksum of its name, so that it is for good."""
    place = _place(f"{source.name} {group}")
    return Part.TEST if place < source.test else Part.DEV if place < source.test + source.dev else Part.TRAIN


def by_title(view: View, example: Example) -> str:
    """Return the title of the article that a question is about."""
    return title_of_article(view, about(example))


def by_document(_view: View, example: Example) -> str:
    """Return the document of whose paragraphs, each an article, one answers."""
    return str(example.metadata.get("doc") or about(example).partition("#")[0])


def by_article(_view: View, example: Example) -> str:
    """Return the id of the article that a question is about."""
    return about(example)


def by_question(_view: View, example: Example) -> str:
    """Return the words of a question: sets that ask it again of other texts."""
    return asked(example)


def about(example: Example) -> str:
    """Return the id of the article that a question is about, one that does not answer it too."""
    return next(iter(sorted(example.relevant)), "") or str(example.metadata.get("context_id", ""))


def asked(example: Example) -> str:
    """Return the words of a question, however they are written."""
    return " ".join(re.findall(r"\w+", example.question.casefold()))


def title_of_article(view: View, article: str) -> str:
    """Return the title of an article; its id where the index does not have it."""
    row = view.article_row(article)
    return article if row is None else str(view.record(row)["title"])


#: To which group an article belongs, whether a question is asked about it or not, where that can be told.
_GROUP_OF_AN_ARTICLE: dict[Callable[[View, Example], str], Callable[[dict[str, Any]], str]] = {
    by_title: lambda record: str(record["title"]),
    by_document: lambda record: str(record["id"].partition("#")[0]),
}


def hidden(source: Source, view: View, dataset: Dataset) -> frozenset[int]:
    """Return the rows of all articles that training must not see: those of held-out questions, of their groups, and copies of them."""
    held = [one for one in dataset.examples if part(source, source.group(view, one)) is not Part.TRAIN]
    names = {name for one in held for name in (one.relevant or {about(one)})}
    groups = {source.group(view, one) for one in held}
    whose, rows = _GROUP_OF_AN_ARTICLE.get(source.group), set()
    for record in view.store.records():
        if record["id"] in names or (whose and whose(record) in groups):
            row = view.article_row(record["id"])
            rows |= set() if row is None else {row, *view.copies(row)}
    return frozenset(rows)


def answering(view: View, dataset: Dataset) -> dict[str, frozenset[int]]:
    """Return, for each question's words, the rows of all articles that the set calls relevant to them."""
    names: dict[str, set[str]] = {}
    for one in dataset.examples:
        names.setdefault(asked(one), set()).update(one.relevant)
    return {words: frozenset(row for name in relevant if (row := view.article_row(name)) is not None) for words, relevant in names.items()}


SOURCES = (
    Source("squad2", "reading/squad2", by_title, 0.1, 0.1, "CC BY-SA 4.0"),  # five of 16 titles, and one
    Source("squad_mrqa", "reading/squad_mrqa", by_article, 0.0, 0.08, "MIT; its texts CC BY-SA 4.0"),
    Source("nq_swap", "reading/nq_swap", by_question, 0.05, 0.05, "MIT; its texts CC BY-SA 3.0"),
    Source("policyqa", "reading/policyqa", by_title, 0.1, 0.05, "MIT", most=2_500, wrong=False),  # its segments answer many questions
    Source("selqa", "reading/selqa", by_title, 0.1, 0.05, "Apache-2.0; its texts CC BY-SA 3.0"),
    Source("timeqa", "timeqa", by_document, 0.35, 0.05, "BSD-3-Clause; its texts CC BY-SA 3.0"),
    Source("quotesum", "quotesum", by_document, 0.25, 0.05, "CC BY-SA 4.0"),
    Source("chunking", "chunking", by_article, 0.1, 0.0, "MIT"),
)

#: Questions of our own about the news articles of MultiHop-RAG. Choices are made on them, nothing is trained: what is right for paragraphs
#: of an encyclopaedia, whose questions were written with the paragraph in view, is not for news.
NEWS = Source("news", "multihop", by_question, 0.0, 1.0, "Apache-2.0; about articles of MultiHop-RAG, ODC-BY")

_NEWS_QUESTIONS = Path(__file__).with_name("news.jsonl")


def load(source: Source, data: Path) -> Dataset:
    """Return the questions and articles of a set; raises `AssayError` as `load_dataset` does."""
    if source.name == "selqa":
        return _selqa(data / source.path)
    dataset = load_dataset(data / source.path)
    return replace(dataset, name="news", examples=load_dataset(_NEWS_QUESTIONS).examples) if source is NEWS else dataset


def chosen(source: Source, view: View, dataset: Dataset, wanted: Part) -> list[Example]:
    """Return the questions of one part of a set, in order."""
    examples = [one for one in dataset.examples if part(source, source.group(view, one)) is wanted]
    if wanted is Part.TRAIN and source.most is not None:
        kept = {one.id for one in sorted(examples, key=lambda one: _place(one.id))[: source.most]}
        return [one for one in examples if one.id in kept]
    return examples


def _place(name: str) -> float:
    """Return a number from 0 to 1 that depends on `name` alone."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) / 2**64


# --- SelQA ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Sections:
    """The sections of SelQA as articles: what its pairs show of them, a sentence after the other."""

    rows: tuple[dict[str, Any], ...]

    @cached_property
    def sentences(self) -> dict[tuple[str, str], list[str]]:
        """Return the sentences of each section, in order, each once."""
        found: dict[tuple[str, str], dict[str, None]] = {}
        for row in self.rows:
            found.setdefault((row["article"], row["section"]), {})[row["sentence"].strip()] = None
        return {section: list(sentences) for section, sentences in found.items()}

    @property
    def sha256(self) -> str:
        """Change whenever an article does."""
        return hashlib.sha256(json.dumps(list(self.sentences.items())).encode()).hexdigest()

    def source(self) -> Iterator[Article]:
        """Yield the sections."""
        for (article, section), sentences in self.sentences.items():
            yield Article(id=_section(article, section), title=article, text=" ".join(sentences))


def _section(article: str, section: str) -> str:
    return hashlib.sha256(f"{article}\n{section}".encode()).hexdigest()[:16]


def _selqa(prefix: Path) -> Dataset:
    """Read SelQA's pairs of questions and sentences: the sentences marked right are the evidence."""
    rows = tuple(
        json.loads(line)
        for half in ("dev", "test")
        for line in gzip.open(f"{prefix}.pairs_{half}.jsonl.gz", "rt", encoding="utf-8")  # noqa: SIM115  # read to its end here
    )
    sentences: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        right = sentences.setdefault((row["question"], _section(row["article"], row["section"])), [])
        if row["label"] == 1:
            right.append(row["sentence"].strip())
    examples = tuple(
        Example(
            id=hashlib.sha256(f"{question}\n{section}".encode()).hexdigest()[:16],
            question=question,
            evidence=tuple(Evidence(section, quote=sentence) for sentence in right),
            answerable=bool(right),
            metadata={} if right else {"context_id": section},
        )
        for (question, section), right in sentences.items()
    )
    return Dataset("selqa", "pairs of questions and sentences", examples, _Sections(rows))

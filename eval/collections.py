"""Public question sets as they lie on disk: `corpus.jsonl(.gz)`, `queries.jsonl(.gz)` and, where there is one, `qrels.tsv`.

Knows nothing of how they are searched or measured.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from index import Article, ArticleError, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """A question with what is known of its answer."""

    id: str
    text: str
    answerable: bool = True
    type: str = ""
    answers: tuple[str, ...] = ()
    relevant: dict[str, int] = field(default_factory=dict)
    """Article id to grade; a grade above 0 is relevant."""
    answer_starts: tuple[int, ...] = ()
    """Offsets of the answer in its one relevant article, where the set gives them."""
    row: dict[str, Any] = field(default_factory=dict)
    """The row as it stands in the file."""


@dataclass(frozen=True, slots=True)
class Collection:
    """Articles and questions about them."""

    name: str
    corpus: Path
    questions: tuple[GoldQuestion, ...]

    def articles(self) -> Iterator[Article | Refusal]:
        """Yield the articles of the corpus; one without words is refused, as any user's would be."""
        for row in _rows(self.corpus):
            try:
                title = row.get("title") or " ".join(row["text"].split()[:10])
                yield Article(id=row["id"], text=row["text"], title=title, source=row.get("source"), url=row.get("url"))
            except ArticleError as error:
                yield Refusal(f"{self.name}:{row['id']}", str(error))


def load(folder: Path, name: str = "") -> Collection:
    """Load the collection in `folder`, or of the files in it that begin with `name` and a point; raises OSError, KeyError, ValueError."""
    prefix = f"{name}." if name else ""
    qrels = _qrels(folder / f"{prefix}qrels.tsv")
    questions = tuple(_question(row, qrels) for row in _rows(_either(folder, f"{prefix}queries.jsonl")))
    return Collection(name or folder.name, _either(folder, f"{prefix}corpus.jsonl"), questions)


def _question(row: dict[str, Any], qrels: dict[str, dict[str, int]]) -> GoldQuestion:
    relevant = qrels.get(row["id"]) or ({row["context_id"]: 1} if row.get("context_id") and row.get("answerable", True) else {})
    return GoldQuestion(
        id=row["id"],
        text=row["question"],
        answerable=row.get("answerable", True),
        type=row.get("type") or "",
        answers=tuple(row.get("answers") or ()),
        relevant=relevant,
        answer_starts=tuple(row.get("answer_start") or ()),
        row=row,
    )


def _qrels(path: Path) -> dict[str, dict[str, int]]:
    qrels: dict[str, dict[str, int]] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        query, article, grade = line.split("\t")
        if grade.lstrip("-").isdigit():  # the first line may be a header
            qrels.setdefault(query, {})[article] = int(grade)
    return qrels


def _either(folder: Path, name: str) -> Path:
    packed = folder / f"{name}.gz"
    return packed if packed.exists() else folder / name


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)

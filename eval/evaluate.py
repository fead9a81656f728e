"""Ask a system every question of a set, and have every measure judge what came.

Every question yields one row, whatever happens to it. Knows nothing of file formats, of measures, or of how answers are made.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeAlias

from index import ArticleFilter, AssayError
from rag import Pipeline, Question, Retriever

from .gold import locate
from .journal import begun
from .run import Gold, Row, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from index import Library, View
    from rag import Answer, Ranking

    from .dataset import Dataset, Example
    from .grades import Grades

#: How deep rankings are kept: articles, passages.
ARTICLES_KEPT, PASSAGES_KEPT = 100, 50

#: Answers a question, from the articles that a filter leaves (all when it is None).
System: TypeAlias = "Callable[[Question, ArticleFilter | None], Answer]"


@dataclass(frozen=True)
class Evaluation:
    """A run and what the measures say of it."""

    run: Run
    grades: Grades


@dataclass(frozen=True, kw_only=True)
class Target:
    """What is evaluated: a system that answers, and the retriever behind it, over one library."""

    library: Library
    system: System
    retriever: Retriever
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Whatever else it was set to, as JSON values: two runs of different settings are different runs."""

    @classmethod
    def of(cls, library: Library, *, dense_weight: float | None = None) -> Target:
        """Return the product as it is on `library`, or with another share of the vectors in its ranking."""
        retriever = Retriever(library) if dense_weight is None else Retriever(library, dense_weight=dense_weight)
        pipeline = Pipeline(library, retriever=retriever)
        settings = {} if dense_weight is None else {"dense_weight": dense_weight}
        return cls(library=library, system=lambda question, only: pipeline.ask(question, only=only), retriever=retriever, settings=settings)


def answer_all(
    dataset: Dataset,
    target: Target,
    *,
    folder: Path | None = None,
    about: Mapping[str, Any] | None = None,
    done: Callable[[], object] = lambda: None,
) -> Run:
    """Ask every question of `dataset`, and keep the rows in `folder`, where an interrupted run of the same is taken up.

    `done` is called after each question. Raises `AssayError` when the folder cannot be used.
    """
    described = {**description(dataset, target), **(about or {})}
    rows: dict[str, Row] = {}
    with ExitStack() as stack:
        journal = stack.enter_context(begun(folder, described)) if folder else None
        known = journal.done if journal else {}
        for example in dataset.examples:
            if example.id not in known:
                row = answered(example, target)
                if journal:
                    journal.append(row)
            else:
                row = known[example.id]
            rows[example.id] = row
            done()
    return Run(name=folder.name if folder else dataset.name, rows=tuple(rows.values()), about=described, folder=folder)


def description(dataset: Dataset, target: Target) -> dict[str, Any]:
    """Return what is run on what: two runs of which it is the same give the same answers."""
    articles, passages = target.library.counts()
    settings = target.library.settings()
    return {
        "dataset": {"name": dataset.name, "format": dataset.format, "sha256": dataset.sha256, "questions": len(dataset.examples)},
        "order": [example.id for example in dataset.examples],
        "index": {"articles": articles, "passages": passages, "generation": settings["generation"], "model": settings["model"]},
        "settings": dict(target.settings),
        "version": version("assay"),
    }


def answered(example: Example, target: Target) -> Row:
    """Return the row of one question: the answer and the rankings, or the reason why there are none."""
    gold = Gold()
    try:
        only = _without(target.library, example)
        with target.library.view() as view:
            gold = locate(view, example)
            question = Question(example.question, example.history, example.id)
            answer = target.system(question, only)
            ranking = target.retriever.ranking(view, answer.standalone_question, ARTICLES_KEPT, only=only)
            exact = tuple(_exact(view, answer))
    except AssayError as error:
        return Row(example=example, gold=gold, error=str(error))
    except Exception as error:  # noqa: BLE001  # any system may be asked, and hours of answers must not be lost to one question
        return Row(example=example, gold=gold, error=f"internal error: {type(error).__name__}: {error}")
    return _row(example, gold, answer, ranking, exact)


def _row(example: Example, gold: Gold, answer: Answer, ranking: Ranking, exact: tuple[bool, ...]) -> Row:
    return Row(
        example=example,
        gold=gold,
        answer=answer,
        articles=tuple(ranking.articles[:ARTICLES_KEPT]),
        passages=tuple(ranking.passages[:PASSAGES_KEPT]),
        exact=exact,
    )


def _exact(view: View, answer: Answer) -> Iterable[bool]:
    """Yield, for each citation, whether its article holds exactly the quote at its span."""
    for citation in answer.citations:
        row = view.article_row(citation.article_id)
        yield row is not None and view.article(row).text[citation.start : citation.end] == citation.quote


def _without(library: Library, example: Example) -> ArticleFilter | None:
    """Return the filter that leaves out the articles that an example names, so that nothing answers it; None where it names none."""
    left_out: Sequence[str] = example.metadata.get("leave_out") or ()
    if not left_out:
        return None
    return ArticleFilter(ids=tuple(record["id"] for record in library.articles() if record["id"] not in left_out))

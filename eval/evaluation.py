"""Ask a system every question of a set, and have every measure judge what came.

Every question yields one row, whatever happens to it. Knows nothing of file formats, of measures, or of how answers are made.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from index import AssayError
from rag import DENSE_WEIGHT, OWN, Caution, Pipeline, Question, ReadingRetriever, Retriever, reader_named

from .corpora import indexed
from .dataset import Dataset
from .formats import load_dataset
from .generating import asked_of
from .gold import locate
from .grades import Grades, load_grades
from .grading import CURVES, DEFAULT_RETRIEVAL, OwnMeasure, grade, groups, restrict
from .journal import begun, load_run
from .judge import JUDGE, Agreement, agreement
from .judge import judge as judged
from .metering import metered
from .run import Gold, Row, Run
from .statistics import figures

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from langchain_core.language_models import BaseChatModel

    from index import ArticleFilter, Library, View
    from rag import Answer, Ranking, Reader, Writer

    from .dataset import Example
    from .measure import Column
    from .statistics import Figure

#: How deep rankings are kept: articles, passages.
ARTICLES_KEPT, PASSAGES_KEPT = 100, 50

#: Answers a question, from the articles that a filter leaves (all when it is None).
System: TypeAlias = "Callable[[Question, ArticleFilter | None], Answer]"


@dataclass(frozen=True)
class Evaluation:
    """A run and what the measures say of it."""

    run: Run
    grades: Grades

    @cached_property
    def figures(self) -> Mapping[str, Figure]:
        """Return every measure's figure with its 95 % interval, by name, in the order of a report."""
        return _figures(self.grades.columns)

    def __getitem__(self, measure: str) -> Figure:
        """Return the figure of a measure; raises KeyError."""
        return self.figures[measure]

    @property
    def agreement(self) -> Agreement | None:
        """Return how far a judge agrees with `right`, which needs none; None where no judge was asked."""
        names = self.grades.names
        return agreement(self.grades[JUDGE.name], self.grades["right"]) if {JUDGE.name, "right"} <= set(names) else None

    @property
    def failed(self) -> int:
        """Return how many questions could not be asked or answered."""
        return sum(row.error is not None for row in self.run.rows)

    def by(self, group: str, measures: Collection[str] | None = None) -> Mapping[str, Mapping[str, Figure]]:
        """Return the figures apart for each `type` of question, `answerable` or not, or `turn` of its conversation.

        Of all measures, or of those named in `measures`; a name that the run does not have is left out.
        """
        wanted = [column for column in self.grades.columns if measures is None or column.measure.name in measures]
        parts = groups(self.run)[group]
        return {value: _figures(restrict(replace(self.grades, columns=tuple(wanted)), ids).columns) for value, ids in parts.items()}


def _figures(columns: Sequence[Column]) -> dict[str, Figure]:
    return {column.measure.name: found for column, found in zip(columns, figures(columns), strict=True)}


@dataclass(frozen=True, kw_only=True)
class Target:
    """What is evaluated: a system that answers, and the retriever behind it, over one library."""

    library: Library
    system: System
    retriever: Retriever
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Whatever else it was set to, as JSON values: two runs of different settings are different runs."""

    @cached_property
    def article_ids(self) -> frozenset[str]:
        """Return the ids of all articles, as they were when first asked for."""
        return frozenset(record["id"] for record in self.library.articles())

    @classmethod
    def of(
        cls,
        library: Library,
        *,
        reader: Reader | str | None = OWN,
        writer: Writer | None = None,
        caution: Caution | str = Caution.NORMAL,
        dense_weight: float = DENSE_WEIGHT,
    ) -> Target:
        """Return the product as it is on `library`, or with another reader or none, a writer, another caution or share of the vectors."""
        reader = reader_named(reader) if isinstance(reader, str) else reader
        retriever = (
            ReadingRetriever(library, reader, dense_weight=dense_weight) if reader else Retriever(library, dense_weight=dense_weight)
        )
        pipeline = Pipeline(library, reader=reader, writer=writer, dense_weight=dense_weight, caution=Caution(caution))
        settings: dict[str, Any] = {"reader": reader.name if reader else "none"}
        settings |= {"llm": writer.name} if writer else {}
        settings |= {"caution": str(caution)} if caution != Caution.NORMAL else {}
        settings |= {"dense_weight": dense_weight} if dense_weight != DENSE_WEIGHT else {}
        return cls(library=library, system=lambda question, only: pipeline.ask(question, only=only), retriever=retriever, settings=settings)


def evaluate(
    dataset: Dataset | str | Path,
    target: Target | Library | None = None,
    *,
    folder: str | Path | None = None,
    retrieval: Sequence[str] = DEFAULT_RETRIEVAL,
    own: Sequence[OwnMeasure | Callable[..., Any]] = (),
    judge: BaseChatModel | None = None,
    done: Callable[[], object] = lambda: None,
) -> Evaluation:
    """Ask every question of a set and measure what came.

    `dataset` is a set or its path; without a `target` the set's own articles are indexed and asked. The run is kept in `folder` when one
    is given; an interrupted run of the same is taken up there. Measures: those that are built in, `retrieval` by the names of
    ir-measures, `own`, functions of the user's (docs/measures.md), and, where there is one, the word of a chat model. Raises `AssayError`
    when the set cannot be read, has no articles where they are needed, or the folder cannot be used.
    """
    questions = dataset if isinstance(dataset, Dataset) else load_dataset(dataset)
    with ExitStack() as stack:
        if target is None:
            target = stack.enter_context(indexed(questions))
        asked = target if isinstance(target, Target) else Target.of(target)
        run = answer_all(questions, asked, folder=Path(folder) if folder else None, done=done)
    grades = grade(run, retrieval=retrieval, own=[one if isinstance(one, OwnMeasure) else OwnMeasure.of(one) for one in own])
    if judge is not None:
        grades = replace(grades, columns=(*grades.columns, judged(run, judge)))
    if run.folder:
        with begun(run.folder, run.about) as journal:
            journal.finish(grades)
    return Evaluation(run, grades)


def load_evaluation(folder: str | Path) -> Evaluation:
    """Read a finished run back; raises `AssayError` where there is none, or its grades are of other questions."""
    run, grades = load_run(folder), load_grades(Path(folder), CURVES)
    if set(grades.ids) != {row.id for row in run.rows}:
        raise AssayError(f"expected grades of the {len(run.rows)} questions of the run in {folder}, found those of others; run it again")
    return Evaluation(run, grades)


def ungraded(dataset: Dataset) -> Grades:
    """Return what is known of the grades of a run before it begins: which questions they are of."""
    run = Run("this run", tuple(Row(example=example) for example in dataset.examples))
    return Grades(run.name, dataset.name, run.sha256, tuple(row.id for row in run.rows), (), run.digests)


def answer_all(
    dataset: Dataset,
    target: Target,
    *,
    folder: Path | None = None,
    done: Callable[[], object] = lambda: None,
) -> Run:
    """Ask every question of `dataset`, and keep the rows in `folder`, where an interrupted run of the same is taken up.

    `done` is called after each question. Raises `AssayError` when there is no article, or the folder cannot be used.
    """
    described = description(dataset, target)
    if not described["index"]["articles"]:
        raise AssayError(f"expected articles to ask, found none in {target.library.folder}; add some with `assay add PATH`")
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
        only = asked_of(example, target.article_ids)
        with target.library.view() as view:
            gold = locate(view, example)
            question = Question(example.question, example.history, example.id)
            with metered() as usage:
                answer = target.system(question, only)
            ranking = target.retriever.ranking(view, answer.standalone_question, ARTICLES_KEPT, only=only)
            exact = tuple(_exact(view, answer))
    except AssayError as error:
        return Row(example=example, gold=gold, error=str(error))
    except Exception as error:  # noqa: BLE001  # any system may be asked, and hours of answers must not be lost to one question
        return Row(example=example, gold=gold, error=f"internal error: {type(error).__name__}: {error}")
    return _row(example, gold, answer, ranking, exact, usage)


def _row(example: Example, gold: Gold, answer: Answer, ranking: Ranking, exact: tuple[bool, ...], usage: Mapping[str, float]) -> Row:
    return Row(
        example=example,
        gold=gold,
        answer=answer,
        articles=tuple(ranking.articles[:ARTICLES_KEPT]),
        passages=tuple(ranking.passages[:PASSAGES_KEPT]),
        exact=exact,
        usage=usage,
    )


def _exact(view: View, answer: Answer) -> Iterable[bool]:
    """Yield, for each citation, whether its article holds exactly the quote at its span."""
    for citation in answer.citations:
        row = view.article_row(citation.article_id)
        yield row is not None and view.article(row).text[citation.start : citation.end] == citation.quote

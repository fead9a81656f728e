"""What each verb of `assay eval` does. Of the command line the only module that runs `eval`, which loads when such a verb needs it."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index import AssayError, Library

from . import evaluation_page as pages
from . import screen
from .output import expect_writable, replaced
from .progress import bar
from .reading import reader_of
from .writing import writer_of

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from eval import Check, Dataset, Demand, Evaluation, Grades
    from index import Refusal

DONE, DONE_BUT = 0, 1

#: So many of a set's articles that cannot be kept are told one by one.
_REFUSALS_SHOWN = 5

#: The share of the vectors in each ranking that can be asked for, but for the product's own.
_RANKINGS = {"words": 0.0, "vectors": 1.0}


def run(args: Namespace) -> int:
    """Evaluate; exit 1 when a question failed or a gate did."""
    from eval import (
        DEFAULT_RETRIEVAL,
        Target,
        checks_text,
        description,
        evaluate,
        fails,
        free_folder,
        gate,
        load_dataset,
        load_measure,
    )
    from rag import DENSE_WEIGHT, chat_model

    with ExitStack() as stack:
        stack.enter_context(screen.others_talk())  # the user's measures and the models
        own = [load_measure(name) for name in args.measure or ()]
        retrieval = (*DEFAULT_RETRIEVAL, *(args.retrieval or ()))
        dataset = load_dataset(args.dataset).limited(args.limit)
        baseline = _foreseen(args, dataset)
        judge = chat_model(args.judge) if args.judge else None
        library = stack.enter_context(_library(args, dataset))
        dense_weight = _RANKINGS.get(args.ranking, DENSE_WEIGHT)
        target = Target.of(library, reader=reader_of(args), writer=writer_of(args), caution=args.caution, dense_weight=dense_weight)
        folder = Path(args.out) if args.out else free_folder(Path(args.index) / "runs", dataset.name, description(dataset, target))
        with bar("questions", len(dataset.examples)) as shown:
            evaluation = evaluate(dataset, target, folder=folder, retrieval=retrieval, own=own, judge=judge, done=shown.step)
        if args.out:
            _link_run(folder, library.folder)
    checks = gate(_demands(args, evaluation.grades), evaluation.grades, baseline)
    _leave(args, evaluation, checks)
    if args.json:
        screen.put_json(pages.run_json(evaluation, checks, args.by))
    else:
        screen.put(pages.run_page(evaluation, checks, checks_text(checks), args.by))
    return DONE_BUT if evaluation.failed or fails(checks) else DONE


def compare(args: Namespace) -> int:
    """Compare runs with the first."""
    from eval import Method, comparison_text, load_evaluation
    from eval import compare as compared

    evaluations = [load_evaluation(folder) for folder in args.runs]
    grades, runs = [one.grades for one in evaluations], [one.run for one in evaluations]
    comparison = compared(grades, runs, method=Method(args.test), limit=args.changed)
    if args.json:
        screen.put_json(comparison.to_json())
    else:
        screen.put(pages.text_page(comparison_text(comparison)))
    return DONE


def report(args: Namespace) -> int:
    """Write the HTML page of runs."""
    from eval import load_evaluation, report_of

    out = Path(args.out) if args.out else Path(args.runs[0]) / "report.html"
    evaluations = [load_evaluation(folder) for folder in args.runs]
    expect_writable(out, "--out")
    page = report_of(evaluations)
    with replaced(out, "--out") as file:
        file.write(page)
    if args.json:
        screen.put_json({"report": str(out), "runs": args.runs, "bytes": out.stat().st_size})
    else:
        screen.put(pages.text_page(f"written to {out}; open it in any browser"))
    return DONE


def generate(args: Namespace) -> int:
    """Make questions from the articles of an index; exit 1 when there are fewer than were asked for."""
    from eval import StoppedError, save
    from eval import generate as generated
    from rag import chat_model

    expect_writable(Path(args.out), "--out")
    model = chat_model(args.llm) if args.llm else None
    with Library.open(args.index, model=args.model, create=False) as library, bar("questions", args.n) as shown:
        try:
            made = generated(library, args.n, model=model, seed=args.seed, progress=lambda *_: shown.step())
        except StoppedError as stopped:
            save(stopped.generated.examples, Path(args.out))
            raise
    save(made.examples, Path(args.out))
    if args.json:
        screen.put_json(pages.generated_json(made, args.out))
    else:
        screen.put(pages.generated_page(made, args.out))
    return DONE if len(made.examples) >= args.n else DONE_BUT


def import_feedback(args: Namespace) -> int:
    """Turn stored votes and corrections into questions; exit 1 when a row was refused."""
    from eval import feedback_of, save
    from eval import import_feedback as imported

    expect_writable(Path(args.out), "--out")
    feedback = imported(Path(args.file)) if args.file else feedback_of(_kept(Path(args.index)))
    save(feedback.examples, Path(args.out))
    if args.json:
        screen.put_json(pages.feedback_json(feedback, args.out))
    else:
        screen.put(pages.feedback_page(feedback, args.out))
    return DONE_BUT if feedback.refused else DONE


def _link_run(run: Path, index: Path) -> None:
    """Leave a link to a run that is kept elsewhere among those of its index, where past runs are looked for, if that can be written."""
    runs = index / "runs"
    with suppress(OSError):
        if runs in run.absolute().parents or any(
            one.is_symlink() and one.samefile(run) for one in (runs.iterdir() if runs.is_dir() else ())
        ):
            return
        runs.mkdir(exist_ok=True)
        names = (run.name if n == 1 else f"{run.name}-{n}" for n in count(1))
        link = next(one for one in map(runs.joinpath, names) if not one.is_symlink() and not one.exists())
        link.symlink_to(run.absolute(), target_is_directory=True)


def _kept(folder: Path) -> Iterator[dict[str, Any]]:
    """Return what was said in the chat of answers from the index in `folder`."""
    from .web.feedback import FEEDBACK, FeedbackStore

    store = FeedbackStore(folder / FEEDBACK)
    if not store.path.exists():
        raise AssayError(f"expected feedback from the chat in {folder}, found none; name an index with --index, or a FILE")
    return store.rows()


def _library(args: Namespace, dataset: Dataset) -> Library:
    """Open what is asked: the index that the user names, else that of the set's own articles, else the index at its usual place."""
    from eval import indexed

    if dataset.corpus is None or args.index_given:
        return Library.open(args.index, model=args.model, create=False)
    refused: list[Refusal] = []
    with bar("articles", None) as shown:
        library = indexed(dataset, model=args.model, progress=shown.ingest, refused=refused.append)
    for one in refused[:_REFUSALS_SHOWN]:
        screen.talk(f"left out: {one.path}: {one.reason}")
    if len(refused) > _REFUSALS_SHOWN:
        screen.talk(f"left out: {len(refused) - _REFUSALS_SHOWN:,} more of the set's articles")
    return library


def _foreseen(args: Namespace, dataset: Dataset) -> Grades | None:
    """Refuse before the work what could only be refused after it; return the baseline, if there is one."""
    from eval import CURVES, expect_baseline, load_grades, ungraded

    for option, path in (("--junit", args.junit), ("--markdown", args.markdown)):
        if path:
            expect_writable(Path(path), option)
    baseline = load_grades(Path(args.baseline), CURVES) if args.baseline else None
    expect_baseline(_demands(args, None), ungraded(dataset), baseline)
    return baseline


def _demands(args: Namespace, grades: Grades | None) -> list[Demand]:
    """Return what the gate demands of a run, or, before there is one, of the measures that are known by then."""
    from eval import Bound, demanded, measures_of

    known = [*measures_of(args.retrieval or ()), *(column.measure for column in (grades.columns if grades else ()))]
    more = grades is None and bool(args.measure or args.judge)
    written = ((Bound.MIN, args.at_least), (Bound.MAX, args.at_most), (Bound.MAX_DROP, args.max_drop))
    return [demanded(bound, text, known, more=more) for bound, texts in written for text in texts or ()]


def _leave(args: Namespace, evaluation: Evaluation, checks: tuple[Check, ...]) -> None:
    """Write what continuous integration reads."""
    from eval import checks_markdown, figures_markdown, junit

    if args.junit:
        with replaced(Path(args.junit), "--junit") as file:
            file.write(junit(checks))
    if args.markdown:
        with replaced(Path(args.markdown), "--markdown") as file:
            file.write(f"{checks_markdown(checks)}\n" if checks else "")
            file.write(figures_markdown(evaluation.grades))

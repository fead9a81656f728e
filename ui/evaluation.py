"""What each verb of `assay eval` does. The only module of this room that knows `eval`, which loads when such a verb needs it."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from index import AssayError, Library

from . import evaluation_page as pages
from . import screen
from .progress import bar

if TYPE_CHECKING:
    from argparse import Namespace

    from eval import Check, Dataset, Demand, Evaluation, Grades

DONE, DONE_BUT = 0, 1

#: The share of the vectors in each ranking that can be asked for; None is the product's own.
_RANKINGS = {"fused": None, "words": 0.0, "vectors": 1.0}


def run(args: Namespace) -> int:
    """Evaluate; exit 1 when a question failed or a gate did."""
    from eval import (
        DEFAULT_RETRIEVAL,
        Target,
        chat_model,
        checks_text,
        description,
        evaluate,
        fails,
        free_folder,
        gate,
        load_dataset,
        load_measure,
    )

    own = [load_measure(name) for name in args.measure or ()]
    retrieval = (*DEFAULT_RETRIEVAL, *(args.retrieval or ()))
    baseline = _baseline(args)
    if not own:
        _demands(args, None)  # before the work, where it can be
    judge = chat_model(args.judge) if args.judge else None
    dataset = load_dataset(args.dataset).limited(args.limit)
    with ExitStack() as stack:
        library = stack.enter_context(_library(args, dataset))
        target = Target.of(library, dense_weight=_RANKINGS[args.ranking])
        folder = Path(args.out) if args.out else free_folder(Path(args.index) / "runs", dataset.name, description(dataset, target))
        with bar("questions", len(dataset.examples)) as shown:
            evaluation = evaluate(dataset, target, folder=folder, retrieval=retrieval, own=own, judge=judge, done=shown.step)
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

    evaluations = [load_evaluation(folder) for folder in args.runs]
    out = Path(args.out) if args.out else Path(args.runs[0]) / "report.html"
    _write(out, report_of(evaluations))
    if args.json:
        screen.put_json({"report": str(out), "runs": args.runs, "bytes": out.stat().st_size})
    else:
        screen.put(pages.text_page(f"written to {out}; open it in any browser"))
    return DONE


def generate(args: Namespace) -> int:
    """Make questions from the articles of an index; exit 1 when there are fewer than were asked for."""
    from eval import StoppedError, chat_model, save
    from eval import generate as generated

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
    from eval import import_feedback as imported
    from eval import save

    feedback = imported(Path(args.file))
    save(feedback.examples, Path(args.out))
    if args.json:
        screen.put_json(pages.feedback_json(feedback, args.out))
    else:
        screen.put(pages.feedback_page(feedback, args.out))
    return DONE_BUT if feedback.refused else DONE


def _library(args: Namespace, dataset: Dataset) -> Library:
    """Open what is asked: the index that the user names, else that of the set's own articles, else the index at its usual place."""
    from eval import indexed

    if dataset.corpus is None or args.index_given:
        return Library.open(args.index, model=args.model, create=False)
    with bar("articles", None) as shown:
        return indexed(dataset, model=args.model, progress=shown.ingest)


def _baseline(args: Namespace) -> Grades | None:
    from eval import CURVES, load_grades

    return load_grades(Path(args.baseline), CURVES) if args.baseline else None


def _demands(args: Namespace, grades: Grades | None) -> list[Demand]:
    """Return what the gate demands, of the measures of a run, or of those that every run has."""
    from eval import Bound, demanded, measures_of

    known = [column.measure for column in grades.columns] if grades else measures_of(args.retrieval or ())
    written = ((Bound.MIN, args.at_least), (Bound.MAX, args.at_most), (Bound.MAX_DROP, args.max_drop))
    return [demanded(bound, text, known) for bound, texts in written for text in texts or ()]


def _leave(args: Namespace, evaluation: Evaluation, checks: tuple[Check, ...]) -> None:
    """Write what continuous integration reads."""
    from eval import checks_markdown, figures_markdown, junit

    if args.junit:
        _write(Path(args.junit), junit(checks))
    if args.markdown:
        checked = f"{checks_markdown(checks)}\n" if checks else ""
        _write(Path(args.markdown), checked + figures_markdown(evaluation.grades))


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise AssayError(f"expected a place to write, found {path}: {error.strerror}; name another") from error

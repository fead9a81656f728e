"""What `assay eval` shows: runs, sets that were made, feedback that was taken in. Pure: nothing is printed here.

Knows nothing of how anything is measured; every word goes through `render`'s lines, which neutralise it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .render import Line, Page, Run, Style, Table, lines_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eval import Check, Evaluation, Feedback, Figure, Generated

#: Rows that were refused, and reasons, that are shown one by one; `--json` lists them all.
_SHOWN = 20


def text_page(text: str) -> Page:
    """Show a text that is laid out already."""
    return lines_page(text.rstrip("\n"))


def run_page(evaluation: Evaluation, checks: tuple[Check, ...], checked: str) -> Page:
    """Show every figure of a run with its interval, what failed, and what came of the gate, in words of its own in `checked`."""
    run = evaluation.run
    head = Line((Run(str(run.folder or run.name), Style.STRONG), Run(f"  {len(run.rows):,} questions", Style.QUIET)))
    rows = tuple(_row(column.measure.name, column.measure.unit, evaluation[column.measure.name]) for column in evaluation.grades.columns)
    page: list[Line | Table] = [head, Line(), Table(("measure", "figure", "95 % interval", "questions", "apart"), rows)]
    page += _first([f"{row.id} failed: {row.error}" for row in run.rows if row.error is not None], Style.WARNING)
    if checks:
        page += [Line(), *text_page(checked)]
    return tuple(page)


def run_json(evaluation: Evaluation, checks: tuple[Check, ...]) -> dict[str, Any]:
    """Return a run's figures and checks as JSON values."""
    run = evaluation.run
    return {
        "run": str(run.folder or run.name),
        "dataset": run.about["dataset"],
        "index": run.about["index"],
        "questions": len(run.rows),
        "failed": [{"id": row.id, "error": row.error} for row in run.rows if row.error is not None],
        "figures": {name: figure.to_json() for name, figure in evaluation.figures.items()},
        "checks": [check.to_json() for check in checks],
    }


def generated_page(made: Generated, out: str) -> Page:
    """Show what kind of set was made, how large it is, and what was thrown away."""
    lines = [Line((Run(f"{len(made.examples):,} questions written to {out}", Style.STRONG),)), Line((Run(made.note),))]
    lines += _first([f"thrown away, {count:,}: {reason}" for reason, count in made.dropped.items()], Style.QUIET)
    if made.shortfall:
        lines.append(Line((Run(made.shortfall, Style.WARNING),)))
    return tuple(lines)


def generated_json(made: Generated, out: str) -> dict[str, Any]:
    """Return the same as JSON values."""
    return {"out": out, "questions": len(made.examples), "note": made.note, "dropped": dict(made.dropped), "shortfall": made.shortfall}


def feedback_page(feedback: Feedback, out: str) -> Page:
    """Show what became of the rows of a file of feedback."""
    said = f"{len(feedback.examples):,} questions written to {out}"
    said += f"; {feedback.replaced:,} judged again later, {feedback.silent:,} without a word"
    return (Line((Run(said, Style.STRONG),)), *_first(feedback.refused, Style.WARNING))


def feedback_json(feedback: Feedback, out: str) -> dict[str, Any]:
    """Return the same as JSON values."""
    counts = {"questions": len(feedback.examples), "replaced": feedback.replaced, "silent": feedback.silent}
    return {"out": out, **counts, "refused": list(feedback.refused)}


def _first(said: Sequence[str], style: Style) -> list[Line]:
    """Return a line for each of the first, and how many more there are."""
    more = [f"… and {len(said) - _SHOWN:,} more; --json lists all"] if len(said) > _SHOWN else []
    return [Line((Run(one, style),)) for one in (*said[:_SHOWN], *more)]


def _row(name: str, unit: str, figure: Figure) -> tuple[str, ...]:
    if figure.value is None or figure.low is None or figure.high is None:
        return (name, "–", "–", f"{figure.n:,}", f"{figure.apart:,}")
    digits = 3 if not unit else 1 if unit == "ms" else 2
    said = f"{figure.value:,.{digits}f}{f' {unit}' if unit else ''}"
    return (name, said, f"{figure.low:,.{digits}f}–{figure.high:,.{digits}f}", f"{figure.n:,}", f"{figure.apart:,}")

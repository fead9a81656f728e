"""What `assay eval` shows: runs, sets that were made, feedback that was taken in. Pure: nothing is printed here.

Knows nothing of how anything is measured; every word goes through `render`'s lines, which neutralise it.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from .render import Line, Page, Run, Style, Table, lines_page
from .wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eval import Check, Evaluation, Feedback, Figure, Generated

#: Rows that were refused, and reasons, that are shown one by one; `--json` lists them all.
_SHOWN = 20

_HEAD = ("measure", "figure", "95 % interval", "questions", "apart")


def text_page(text: str) -> Page:
    """Show a text that is laid out already."""
    return lines_page(text.rstrip("\n"))


def run_page(evaluation: Evaluation, checks: tuple[Check, ...], checked: str, by: str | None = None) -> Page:
    """Show every figure of a run with its interval, what failed, and what came of the gate, in words of its own in `checked`.

    `by` is what the figures are shown apart for: `type`, `turn` or `answerable`.
    """
    run = evaluation.run
    head = Line((Run(str(run.folder or run.name), Style.STRONG), Run(f"  {counted(len(run.rows), 'question')}", Style.QUIET)))
    measures = {column.measure.name: column.measure for column in evaluation.grades.columns}
    rows = tuple(_row(name, measures[name].unit, found) for name, found in evaluation.figures.items())
    page: list[Line | Table] = [head, Line(), Table(_HEAD, rows)]
    page += _first([f"{row.id} failed: {row.error}" for row in run.rows if row.error is not None], Style.WARNING)
    page += [Line((Run(said),)) for said in _agreement(evaluation)]
    for value, figures in (evaluation.by(by) if by else {}).items():
        parts = tuple(_row(name, measures[name].unit, figure) for name, figure in figures.items() if figure.n or figure.apart)
        page += [Line(), Line((Run(f"{by} {value}", Style.STRONG),)), Table(_HEAD, parts)]
    if checks:
        page += [Line(), *text_page(checked)]
    return tuple(page)


def run_json(evaluation: Evaluation, checks: tuple[Check, ...], by: str | None = None) -> dict[str, Any]:
    """Return a run's figures and checks as JSON values, the figures apart by a kind of group too where one is named."""
    run = evaluation.run
    apart = evaluation.by(by) if by else {}
    agreed = evaluation.agreement
    return {
        "run": str(run.folder or run.name),
        "dataset": run.about["dataset"],
        "index": run.about["index"],
        "questions": len(run.rows),
        "failed": [{"id": row.id, "error": row.error} for row in run.rows if row.error is not None],
        "figures": {name: figure.to_json() for name, figure in evaluation.figures.items()},
        "by": {value: {name: figure.to_json() for name, figure in figures.items()} for value, figures in apart.items()},
        "judge": asdict(agreed) if agreed else None,
        "checks": [check.to_json() for check in checks],
    }


def _agreement(evaluation: Evaluation) -> list[str]:
    agreed = evaluation.agreement
    if agreed is None:
        return []
    kappa = "is not defined" if agreed.kappa is None else f"{agreed.kappa:.2f}"
    counts = f"both right {agreed.both_right:,}, both wrong {agreed.both_wrong:,}, right to the judge alone {agreed.judge_only:,}"
    return [f"judge and `right`, over {agreed.n:,} answers: Cohen's kappa {kappa}; {counts}, to `right` alone {agreed.free_only:,}"]


def generated_page(made: Generated, out: str) -> Page:
    """Show what kind of set was made, how large it is, and what was thrown away."""
    lines = [Line((Run(f"{counted(len(made.examples), 'question')} written to {out}", Style.STRONG),)), Line((Run(made.note),))]
    lines += _first([f"thrown away, {count:,}: {reason}" for reason, count in made.dropped.items()], Style.QUIET)
    if made.shortfall:
        lines.append(Line((Run(made.shortfall, Style.WARNING),)))
    return tuple(lines)


def generated_json(made: Generated, out: str) -> dict[str, Any]:
    """Return the same as JSON values."""
    return {"out": out, "questions": len(made.examples), "note": made.note, "dropped": dict(made.dropped), "shortfall": made.shortfall}


def feedback_page(feedback: Feedback, out: str) -> Page:
    """Show what became of the rows of a file of feedback."""
    said = f"{counted(len(feedback.examples), 'question')} written to {out}"
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

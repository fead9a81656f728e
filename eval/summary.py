"""Comparisons of runs and checks of a gate, in plain text for a terminal and in Markdown.

Text of others is made harmless here: see `text` and `markdown`. Knows nothing of where it is shown; prints nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .comparison import descriptive
from .gating import Bound, State
from .markdown import cell, table
from .measure import Family, Kind
from .significance import Method
from .statistics import figures
from .text import clipped, counted, number, plain, probability, signed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .comparison import Changed, Comparison, Contrast, Versus
    from .gating import Check
    from .grades import Grades

#: Characters of a question or an answer that are shown.
_SHOWN = 400

_MARKS = {State.PASSED: "passed", State.LUCK: "luck?", State.FAILED: "FAILED"}

_COSTS = "Costs are not tested: other questions would not show how the clock differs from run to run."

_METHODS = {
    Method.FISHER: "Fisher's randomisation",
    Method.T: "the paired t test",
    Method.MCNEMAR: "the exact McNemar test",
}

# --- checks -----------------------------------------------------------------------------------------------------------


def check_line(check: Check) -> str:
    """Return what came of a demand, on one line: `FAILED  --min F1=0.7: 0.512 (0.401 to 0.622), n = 60`."""
    return f"{_MARKS[check.state]:<6}  {plain(f'{check.demand}: {_found(check)}')}"


def checks_text(checks: Sequence[Check]) -> str:
    """Return a line for each check."""
    return "".join(f"{check_line(check)}\n" for check in checks)


def checks_markdown(checks: Sequence[Check]) -> str:
    """Return the checks as a heading and a table."""
    failed = sum(check.state is State.FAILED for check in checks)
    head = f"{failed} of {counted(len(checks), 'check')} failed" if failed else f"{counted(len(checks), 'check')} passed"
    rows = [[_MARKS[check.state], str(check.demand), _found(check)] for check in checks]
    return f"### assay eval: {head}\n\n{table(['', 'demand', 'found'], rows)}"


def _found(check: Check) -> str:
    found, unit = check.found, check.unit
    if found.value is None:
        return check.reason
    what = "a drop of " if check.demand.bound is Bound.MAX_DROP else ""
    said = f"{what}{number(found.value, unit)} ({number(found.low, unit)} to {number(found.high, unit)}), n = {found.n}"
    apart = f", {found.apart} apart" if found.apart else ""
    luck = "; the interval does not exclude luck" if check.state is State.LUCK else ""
    return f"{said}{apart}{f'; {check.reason}' if check.reason else ''}{luck}"


# --- figures ----------------------------------------------------------------------------------------------------------


def figures_markdown(grades: Grades) -> str:
    """Return every figure of a run as a heading and a table."""
    rows = []
    for column, found in zip(grades.columns, figures(grades.columns), strict=True):
        unit = column.measure.unit
        interval = "–" if found.low is None else f"{number(found.low, unit)} to {number(found.high, unit)}"
        rows.append([column.measure.name, number(found.value, unit), interval, f"{found.n:,}", f"{found.apart:,}"])
    head = f"{cell(clipped(plain(grades.dataset), 100))}, {counted(len(grades.ids), 'question')}"
    return f"### {head}\n\n{table(['measure', 'figure', '95 % interval', 'questions', 'apart'], rows, right=range(1, 5))}"


# --- comparisons ------------------------------------------------------------------------------------------------------

_HEAD = ("measure", "A", "B", "difference", "95 % interval", "n", "p", "p (Holm)", "better", "worse", "equal")


def comparison_text(comparison: Comparison) -> str:
    """Return a table for each compared run and the questions that changed, each answer below the other."""
    parts = []
    for versus in comparison.versus:
        widths = [max(len(row[place]) for row in [_HEAD, *_rows(versus)]) for place in range(len(_HEAD))]
        lines = [
            "  ".join(
                text.rjust(width) if place else text.ljust(width) for place, (text, width) in enumerate(zip(row, widths, strict=True))
            )
            for row in [_HEAD, *_rows(versus)]
        ]
        parts.append("\n".join([*_names(comparison, versus), "", *(line.rstrip() for line in lines), "", *_notes(versus)]))
        parts += [_changed_text(one, word) for word, all_of in (("better", versus.better), ("worse", versus.worse)) for one in all_of]
    return "\n\n".join(parts) + "\n"


def comparison_markdown(comparison: Comparison) -> str:
    """Return a table for each compared run and tables of the questions that changed, the answers side by side."""
    parts = []
    for versus in comparison.versus:
        names = [cell(line) for line in _names(comparison, versus)]
        parts += [
            f"### Comparison over {counted(comparison.questions, 'question')}\n\n" + "\\\n".join(names) + "\n",
            table(_HEAD, _rows(versus), right=range(1, len(_HEAD))),
            "".join(f"{cell(line)}\n" for line in _notes(versus)),
        ]
        for word, changed in (("better", versus.better), ("worse", versus.worse)):
            if changed:
                answers = any(one.a is not None or one.b is not None for one in changed)
                head = ("question", "A", "B", "changes") if answers else ("question", "changes")
                rows = [_changed_row(one, answers=answers) for one in changed]
                parts.append(f"#### Questions that B answers {word}\n\n{table(head, rows)}")
    return "\n".join(parts)


def _names(comparison: Comparison, versus: Versus) -> list[str]:
    questions = counted(comparison.questions, "question")
    baseline, other, dataset = (clipped(plain(name), 100) for name in (versus.baseline, versus.other, comparison.dataset))
    return [f"A  {baseline}", f"B  {other}", f"{questions} of {dataset}"]


def _rows(versus: Versus) -> list[list[str]]:
    return [_row(contrast) for contrast in versus.contrasts]


def _row(contrast: Contrast) -> list[str]:
    found, measure = contrast.difference, contrast.measure
    unit = measure.unit
    tested = found.method is not Method.UNTESTED and found.low is not None
    span = f"{signed(found.low, unit)} to {signed(found.high, unit)}" if tested else "–"
    singly = measure.kind is not Kind.CURVE
    counts = [len(contrast.better), len(contrast.worse), contrast.equal]
    return [
        clipped(plain(measure.name), 60) + ("" if measure.higher_is_better else " (less is better)"),
        number(found.a, unit),
        number(found.b, unit),
        signed(found.value, unit),
        span,
        f"{found.n:,}",
        probability(found.p),
        probability(contrast.p_holm) + (" *" if contrast.significant else "  "),
        *(f"{count:,}" if singly else "–" for count in counts),
    ]


def _notes(versus: Versus) -> list[str]:
    used = {contrast.difference.method for contrast in versus.contrasts}
    methods = " and ".join(words for method, words in _METHODS.items() if method in used)
    tested = sum(contrast.p_holm is not None for contrast in versus.contrasts)
    significant = sum(contrast.significant for contrast in versus.contrasts)
    notes = []
    if tested:
        found = f"{significant or 'None'} of {counted(tested, 'measure')} {'differ' if significant > 1 else 'differs'} significantly"
        notes.append(f"{found} (* p < 0.05 by {methods}, corrected by Holm).")
    if described := [contrast.measure.name for contrast in versus.contrasts if descriptive(contrast.measure)]:
        names = ", ".join(clipped(plain(name), 60) for name in described)
        notes.append(f"Descriptive, more or less is no gain by itself, so not among the corrected: {names}.")
    if any(contrast.measure.family is Family.COST for contrast in versus.contrasts):
        notes.append(_COSTS)
    if versus.left_out:
        notes.append(f"In one of the runs only: {', '.join(clipped(plain(name), 60) for name in versus.left_out)}.")
    shown = len(versus.better) + len(versus.worse)
    every = versus.better_count + versus.worse_count
    some = f"; below, the {shown} that changed most" if 0 < shown < every else ""
    notes.append(f"{counted(versus.better_count, 'question')} better, {versus.worse_count:,} worse{some}.")
    return notes


def _changed_text(one: Changed, word: str) -> str:
    question = f"  {_shown(one.question)}" if one.question is not None else ""
    answers = [f"  {side}  {_shown(text)}" for side, text in (("A", one.a), ("B", one.b)) if text is not None]
    return "\n".join([f"{word}: {clipped(plain(one.id), 80)}{question}", f"  {_values(one)}", *answers])


def _changed_row(one: Changed, *, answers: bool) -> list[str]:
    question = clipped(plain(one.id), 80) + (f": {_shown(one.question)}" if one.question is not None else "")
    return [question, *((_shown(one.a or ""), _shown(one.b or "")) if answers else ()), _values(one)]


def _shown(text: str) -> str:
    return clipped(plain(text), _SHOWN)


def _values(one: Changed) -> str:
    return ", ".join(f"{clipped(plain(name), 60)} {a:.3g} → {b:.3g}" for name, a, b in one.values)

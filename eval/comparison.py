"""Two or more runs over the same questions: what changed by each measure, whether luck alone could do it, and in which questions.

The first run is the baseline; each other one is compared with it. Knows nothing of files or of how a comparison is shown.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from index import AssayError

from .measure import Family, Kind
from .questions import expect_same
from .significance import Difference, Method, differences, holm
from .text import clipped, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .grades import Grades
    from .measure import Column, Grade, Measure
    from .run import Row, Run

#: Corrected p-values below this are called significant.
ALPHA = 0.05

#: Grades nearer than this are the same: a file of grades keeps nine digits.
_ALIKE = 1e-9

#: Measures that describe, for grades that do not say so themselves, those of files above all. How much of what is found was judged or is
#: evidence follows from the lengths of passages and of the evidence more than from how good a system is.
_DESCRIPTIVE = re.compile(r"citations_per_sentence|span_precision|span_IoU|(?:\w+_)?Judged@\d+")


@dataclass(frozen=True, slots=True)
class Change:
    """A question to which two systems are graded differently by a measure."""

    id: str
    a: float
    b: float
    gain: float
    """How far the second is better; below 0 it is worse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """Two runs by one measure."""

    measure: Measure
    difference: Difference
    p_holm: float | None
    """`difference.p` corrected for the number of measures tested; None where there is no test, or the measure is descriptive."""
    better: tuple[Change, ...]
    """Largest gain first. A share's question is graded by its own share; a curve says nothing of single questions."""
    worse: tuple[Change, ...]
    """Largest loss first."""

    @property
    def significant(self) -> bool:
        """Say whether luck is excluded at 95 %, given how many measures were tested."""
        return self.p_holm is not None and self.p_holm < ALPHA

    @property
    def equal(self) -> int:
        """Return how many questions are neither better nor worse."""
        return self.difference.n - len(self.better) - len(self.worse)

    def to_json(self) -> dict[str, Any]:
        """Return the contrast as JSON values."""
        measure = self.measure
        return {
            "measure": measure.name,
            "family": measure.family.value,
            "kind": measure.kind.value,
            "higher_is_better": measure.higher_is_better,
            "unit": measure.unit,
            **self.difference.to_json(),
            "p_holm": self.p_holm,
            "descriptive": descriptive(measure),
            "significant": self.significant,
            "equal": self.equal,
            "better": [asdict(change) for change in self.better],
            "worse": [asdict(change) for change in self.worse],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A question on which the second run does better, or worse, than the first, with both answers."""

    id: str
    gain: float
    """The mean gain over the measures from 0 to 1, each family of measures counting the same; below 0 it is worse."""
    values: tuple[tuple[str, float, float], ...]
    """Name of each measure that changes, the first's value, the second's."""
    question: str | None = None
    """None, as the answers, where only grades were compared."""
    a: str | None = None
    """What the first answered, or in brackets why it did not."""
    b: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the question as JSON values."""
        return {**asdict(self), "values": {name: [a, b] for name, a, b in self.values}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Versus:
    """One run compared with the baseline."""

    baseline: str
    other: str
    contrasts: tuple[Contrast, ...]
    better: tuple[Changed, ...]
    """The questions that gained most, at most as many as were asked for."""
    worse: tuple[Changed, ...]
    better_count: int
    """All that gained."""
    worse_count: int
    left_out: tuple[str, ...] = ()
    """Measures that only one of the runs has."""

    def __getitem__(self, measure: str) -> Contrast:
        """Return the contrast by the measure of this name; raises KeyError."""
        for contrast in self.contrasts:
            if contrast.measure.name == measure:
                return contrast
        raise KeyError(measure)

    @property
    def significant(self) -> tuple[Contrast, ...]:
        """Return the contrasts that luck alone does not explain."""
        return tuple(contrast for contrast in self.contrasts if contrast.significant)

    def to_json(self) -> dict[str, Any]:
        """Return the comparison of the two as JSON values."""
        return {
            "baseline": self.baseline,
            "other": self.other,
            "measures": [contrast.to_json() for contrast in self.contrasts],
            "left_out": list(self.left_out),
            "better_count": self.better_count,
            "worse_count": self.worse_count,
            "better": [changed.to_json() for changed in self.better],
            "worse": [changed.to_json() for changed in self.worse],
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs over the same questions, each compared with the first."""

    dataset: str
    questions: int
    versus: tuple[Versus, ...]

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {"dataset": self.dataset, "questions": self.questions, "comparisons": [one.to_json() for one in self.versus]}


def compare(grades: Sequence[Grades], runs: Sequence[Run] = (), *, method: Method = Method.FISHER, limit: int = 10) -> Comparison:
    """Compare each of `grades` with the first; `runs` are theirs, in the same order, or none where the answers are not at hand.

    Args:
        grades: of two runs or more over the same questions.
        runs: for the wording of questions and answers.
        method: for means, `Method.FISHER` or `Method.T`.
        limit: how many questions that got better, and worse, are shown with both answers.

    Raises:
        AssayError: fewer than two runs, other questions (it says which), or a measure that is not the same in both.
    """
    if len(grades) < 2:
        raise AssayError(f"expected two runs or more to compare, found {len(grades)}; make another with `assay eval run`")
    rows: list[dict[str, Row]] = [{row.id: row for row in run.rows} for run in runs] or [{} for _ in grades]
    for place, other in enumerate(grades[1:], 1):
        expect_same(grades[0], other, (runs[0], runs[place]) if runs else None)
    versus = [_versus((grades[0], other), (rows[0], found), method, limit) for other, found in zip(grades[1:], rows[1:], strict=True)]
    return Comparison(grades[0].dataset, len(grades[0].ids), tuple(versus))


def descriptive(measure: Measure) -> bool:
    """Say whether `measure` describes only: no difference by it is called significant, a gain or a loss."""
    return measure.descriptive or _DESCRIPTIVE.fullmatch(measure.name) is not None


def _versus(grades: tuple[Grades, Grades], rows: tuple[dict[str, Row], dict[str, Row]], method: Method, limit: int) -> Versus:
    first, other = grades
    common = [name for name in first.names if name in other.names]
    columns = [_alike(first[name], other[name]) for name in common]
    found_differences = differences(columns, method=method)
    corrected = holm([None if descriptive(a.measure) else one.p for (a, _), one in zip(columns, found_differences, strict=True)])
    contrasts = []
    for (a, b), found, p_holm in zip(columns, found_differences, corrected, strict=True):
        changes = sorted(_changes(a, b), key=lambda change: (-abs(change.gain), change.id))
        better = tuple(change for change in changes if change.gain > 0)
        worse = tuple(change for change in changes if change.gain < 0)
        contrasts.append(Contrast(measure=a.measure, difference=found, p_holm=p_holm, better=better, worse=worse))
    gains = _gains(columns, contrasts)
    best = sorted((one for one in gains if gains[one] > 0), key=lambda one: (-gains[one], one))
    worst = sorted((one for one in gains if gains[one] < 0), key=lambda one: (gains[one], one))
    values = _values(contrasts)
    return Versus(
        baseline=first.run,
        other=other.run,
        contrasts=tuple(contrasts),
        better=tuple(_changed(one, gains[one], values[one], rows) for one in best[:limit]),
        worse=tuple(_changed(one, gains[one], values[one], rows) for one in worst[:limit]),
        better_count=len(best),
        worse_count=len(worst),
        left_out=tuple(name for name in [*first.names, *other.names] if (name in first.names) != (name in other.names)),
    )


def _alike(a: Column, b: Column) -> tuple[Column, Column]:
    one, two = ((column.measure.kind, column.measure.higher_is_better, column.measure.unit) for column in (a, b))
    if one != two:
        raise AssayError(
            f"expected {clipped(plain(a.measure.name), 60)} to be the same measure in both runs, found another kind, direction or unit; "
            "run both again with `assay eval run`"
        )
    return a, b


def _value(grade: Grade, kind: Kind) -> float | None:
    """Return what a measure says of one question alone; None where it says nothing."""
    if kind is Kind.CURVE or (kind is Kind.RATIO and grade.y == 0):
        return None
    return grade.x / grade.y if kind is Kind.RATIO else grade.x


def _changes(a: Column, b: Column) -> list[Change]:
    """Return the questions graded in both of which the measure says something else."""
    found, sign = [], 1 if a.measure.higher_is_better else -1
    for one, grade in a.grades.items():
        if one in b.grades:
            first, second = _value(grade, a.measure.kind), _value(b.grades[one], a.measure.kind)
            if first is not None and second is not None and abs(second - first) > _ALIKE:
                found.append(Change(one, first, second, sign * (second - first)))
    return found


def _gains(columns: Sequence[tuple[Column, Column]], contrasts: Sequence[Contrast]) -> dict[str, float]:
    """Return of each question that changes by a measure from 0 to 1 the mean gain, each family of measures counting the same.

    Descriptive measures, of which more is no gain, are left out.
    """
    gained: dict[str, dict[Family, float]] = defaultdict(lambda: defaultdict(float))
    counts: dict[str, dict[Family, int]] = defaultdict(lambda: defaultdict(int))
    for (a, b), contrast in zip(columns, contrasts, strict=True):
        measure = a.measure
        if measure.unit or measure.family is Family.COST or measure.kind is Kind.CURVE or descriptive(measure):
            continue
        for one in a.grades.keys() & b.grades.keys():
            counts[one][measure.family] += 1
        for change in (*contrast.better, *contrast.worse):
            gained[change.id][measure.family] += change.gain
    return {
        one: sum(total / counts[one][family] for family, total in families.items()) / len(counts[one]) for one, families in gained.items()
    }


def _values(contrasts: Sequence[Contrast]) -> dict[str, list[tuple[str, float, float]]]:
    values: dict[str, list[tuple[str, float, float]]] = defaultdict(list)
    for contrast in contrasts:
        if contrast.measure.family is not Family.COST:
            for change in (*contrast.better, *contrast.worse):
                values[change.id].append((contrast.measure.name, change.a, change.b))
    return values


def _changed(one: str, gain: float, values: Sequence[tuple[str, float, float]], rows: tuple[dict[str, Row], dict[str, Row]]) -> Changed:
    first, second = (found.get(one) for found in rows)
    question = first.example.question if first else None
    return Changed(id=one, gain=gain, values=tuple(values), question=question, a=_answered(first), b=_answered(second))


def _answered(row: Row | None) -> str | None:
    """Return what was answered, or in brackets why nothing was."""
    if row is None:
        return None
    if row.answer is None:
        return f"(failed: {row.error})"
    return f"(no answer: {row.answer.reason.value})" if row.answer.reason else row.answer.text

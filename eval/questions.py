"""Whether two runs answered the same questions, and if not, which differ. Knows nothing of measures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from index import AssayError

from .dataset import fingerprint
from .text import clipped, counted, plain, some

if TYPE_CHECKING:
    from .dataset import Example
    from .grades import Grades
    from .run import Run


def expect_same(first: Grades, other: Grades, runs: tuple[Run, Run] | None = None) -> None:
    """Raise `AssayError`, which says what differs, unless both are of the same questions with the same gold, in whatever order.

    With `runs` it tells a question's wording from its gold; without, whatever the grades' digests tell.
    """
    if first.sha256 == other.sha256 and first.ids == other.ids:
        return
    names = [clipped(plain(grades.run), 60) for grades in (first, other)]
    if names[0] == names[1]:
        names = [f"{names[0]} (the first)", f"{names[1]} (the second)"]
    missing = set(first.ids) - set(other.ids)
    added = set(other.ids) - set(first.ids)
    told = [
        _told(f"only in {names[0]}", [one for one in first.ids if one in missing]),
        _told(f"only in {names[1]}", [one for one in other.ids if one in added]),
    ]
    common = [one for one in first.ids if one not in missing]
    if runs is not None:
        a, b = ({row.id: row.example for row in run.rows} for run in runs)
        worded = [one for one in common if _wording(a[one]) != _wording(b[one])]
        golden = [one for one in common if _wording(a[one]) == _wording(b[one]) and fingerprint((a[one],)) != fingerprint((b[one],))]
        told += [_told("with another wording", worded), _told("with other gold", golden)]
    elif first.digests and other.digests:
        a_digests, b_digests = (dict(zip(grades.ids, grades.digests, strict=True)) for grades in (first, other))
        told.append(_told("with another wording or other gold", [one for one in common if a_digests[one] != b_digests[one]]))
    elif not missing and not added:
        told.append("the ids are the same, so it is wording, gold or order")
    found = [one for one in told if one]
    if found:
        raise AssayError(
            f"expected {names[1]} to be of the same questions as {names[0]}, found others: {'; '.join(found)}; "
            "run both over one question set with `assay eval run`"
        )


def _wording(example: Example) -> tuple[object, ...]:
    return example.question, example.history


def _told(how: str, ids: list[str]) -> str:
    return f"{counted(len(ids), 'question')} {how} ({some(ids)})" if ids else ""

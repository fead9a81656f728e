"""Parts of a run: the questions of one type, of one depth in their conversation, the answerable and the others.

Knows nothing of measures.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from .gold import answerable
from .silence import fitting

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from ..grades import Grades
    from ..measure import Column
    from ..run import Run

_Key = TypeVar("_Key", str, int)
_Value = TypeVar("_Value")

_ANSWERABLE = {True: "answerable", False: "unanswerable", None: "not known"}


def groups(run: Run) -> dict[str, dict[str, frozenset[str]]]:
    """Return the questions of each value of each kind of group: `type`, `answerable` and `turn`, the depth from 1.

    A question without a type is in no group of that kind. Values are in the order of their names, turns in that of their numbers.
    """
    depths = _by((row.example.depth, row.id) for row in run.rows)
    return {
        "type": _by((row.example.type, row.id) for row in run.rows if row.example.type),
        "answerable": _by((_ANSWERABLE[answerable(row.example)], row.id) for row in run.rows),
        "turn": {str(depth): ids for depth, ids in depths.items()},
    }


def restrict(grades: Grades, ids: Collection[str]) -> Grades:
    """Return `grades` of the questions in `ids` only; every column stays, if empty, and so does the checksum of the whole set."""
    wanted = frozenset(ids)
    return replace(
        grades,
        ids=tuple(one for one in grades.ids if one in wanted),
        columns=tuple(fitting([_part(column, wanted) for column in grades.columns])),
    )


def _part(column: Column, wanted: frozenset[str]) -> Column:
    return replace(
        column,
        grades=_only(column.grades, wanted),
        apart=_only(column.apart, wanted),
        comments=_only(column.comments, wanted),
    )


def _by(pairs: Iterable[tuple[_Key, str]]) -> dict[_Key, frozenset[str]]:
    found: dict[_Key, set[str]] = {}
    for key, one in pairs:
        found.setdefault(key, set()).add(one)
    return {key: frozenset(found[key]) for key in sorted(found)}


def _only(mapping: Mapping[str, _Value], wanted: frozenset[str]) -> dict[str, _Value]:
    return {one: value for one, value in mapping.items() if one in wanted}

"""Measures that the user brought: a function of their own, named on the command line as `path/to/file.py:function`.

It is called with `inputs`, `outputs` and `reference_outputs` and returns `{key, score, comment}`, a number or a truth value, as in other
tools; nothing that it does with a question can stop a run. Knows nothing of other measures.
"""

from __future__ import annotations

import copy
import importlib.util
import sys
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from index import AssayError

from ..measure import Column, Family, Grade, Kind, Measure

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from ..run import Row

_LONGEST_KEY = 60
_LONGEST_COMMENT = 1000


@dataclass(frozen=True, slots=True)
class OwnMeasure:
    """A function of the user's and where it came from."""

    name: str
    """As it was asked for: `checks.py:polite`."""
    function: Callable[..., Any]

    @classmethod
    def of(cls, function: Callable[..., Any]) -> OwnMeasure:
        """Return the measure that a function is."""
        return cls(getattr(function, "__name__", type(function).__name__), function)

    @property
    def key(self) -> str:
        """Return what it is called where it gives no key itself: the function's name."""
        return self.name.rpartition(":")[2]


class _Said(NamedTuple):
    """What a function said of one question: a score or the reason why there is none."""

    key: str | None
    score: float | None = None
    reason: str = ""
    comment: str = ""
    yes_no: bool = False


def load_measure(name: str) -> OwnMeasure:
    """Load the function that `name`, `path/to/file.py:function`, stands for; running the file is what the user asks for by naming it.

    Raises `AssayError` when there is no such file or function, when it cannot be called, or when the file fails.
    """
    place, _, function = name.rpartition(":")
    if not place or not function.isidentifier():
        raise AssayError(f"expected a measure as path/to/file.py:function, found {name!r}")
    path = Path(place)
    if path.suffix != ".py" or not path.is_file():
        raise AssayError(f"expected a Python file with the measure {function!r} at {place!r}, found none")
    module = _run(path)
    found = getattr(module, function, None)
    if not callable(found):
        what = "none" if found is None else f"a value of type {type(found).__name__}"
        raise AssayError(f"expected a function {function!r} in {place}, found {what}")
    return OwnMeasure(name, found)


def columns(own: OwnMeasure, rows: Sequence[Row], taken: Collection[str] = ()) -> list[Column]:
    """Return a column for each key that `own` gives, in the order they first come; one that is `taken` has the function's name added.

    Where it gives no score, the reason stands in every column of the function: nobody can say which of them it would have been.
    """
    said = {row.id: _asked(own, row) for row in rows}
    keys = list(dict.fromkeys(one.key for one in said.values() if one.key is not None)) or [own.key]
    made: list[Column] = []
    for key in keys:
        name = next(name for name in _names(key, own) if name not in {*taken, *(column.measure.name for column in made)})
        made.append(_column(name, own, {one: value for one, value in said.items() if value.key in {key, None}}))
    return made


def _names(key: str, own: OwnMeasure) -> Iterator[str]:
    yield key
    yield f"{key} ({own.key})"
    yield from (f"{key} ({own.key} {number})" for number in range(2, sys.maxsize))


def _column(name: str, own: OwnMeasure, said: Mapping[str, _Said]) -> Column:
    scores = {one: value.score for one, value in said.items() if value.score is not None}
    yes_no = bool(scores) and all(value.yes_no for value in said.values() if value.score is not None)
    shares = all(0 <= score <= 1 for score in scores.values())
    measure = Measure(
        name=name,
        family=Family.OWN,
        kind=Kind.YES_NO if yes_no else Kind.MEAN,
        unit="" if shares else "points",
        definition=f"What the function {own.key} says.",
        source=own.name,
    )
    apart = {one: value.reason for one, value in said.items() if value.score is None}
    comments = {one: value.comment for one, value in said.items() if value.comment}
    return Column(measure, {one: Grade(score) for one, score in scores.items()}, apart, comments)


def _asked(own: OwnMeasure, row: Row) -> _Said:
    try:
        answer = {"error": row.error} if row.answer is None else row.answer.to_json()
        example = copy.deepcopy(row.example.to_json())  # what the function does to it stays its own affair
        inputs = {name: example.pop(name) for name in ("id", "question", "history")}
        return _read(own.function(inputs=inputs, outputs=answer, reference_outputs=example), own.key)
    except (Exception, SystemExit) as error:  # noqa: BLE001  # others' code: whatever it raises is said of the question, and the run goes on
        return _Said(None, reason=f"{own.key} raised {_brief(f'{type(error).__name__}: {_text(error)}')}")


def _read(value: Any, default: str) -> _Said:
    key, score, comment = default, value, ""
    if isinstance(value, dict):
        key, score = value.get("key", default), value.get("score")
        comment = "" if value.get("comment") is None else _brief(_text(value["comment"]))
        if not isinstance(key, str) or not 0 < len(key.strip()) <= _LONGEST_KEY or not key.isprintable():
            return _Said(None, reason=f"expected a key of 1 to {_LONGEST_KEY} letters, found {_brief(repr(key), 80)}", comment=comment)
        if "score" not in value:
            return _Said(key, reason=f"expected a score, found {_brief(repr(sorted(map(str, value))), 80)}", comment=comment)
    if score is None:
        return _Said(key, reason=comment or "it gave no score", comment=comment)
    if not isinstance(score, Real | np.bool_):
        return _Said(key, reason=f"expected a number, found a value of type {type(score).__name__}", comment=comment)
    number = float(score)  # a number too large for one raises, and so is said
    if not np.isfinite(number):
        return _Said(key, reason=f"expected a finite number, found {number}", comment=comment)
    return _Said(key, number, comment=comment, yes_no=isinstance(score, bool | np.bool_))


def _run(path: Path) -> Any:
    name = f"own measure {path.resolve()}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise AssayError(f"expected a Python file at {path}, found something that cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look for their module there
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise AssayError(
            f"expected a Python file that can be run at {path}, found {_brief(f'{type(error).__name__}: {_text(error)}')}"
        ) from error
    return module


def _text(value: Any) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001  # others' code
        return f"<{type(value).__name__}>"


def _brief(text: str, longest: int = _LONGEST_COMMENT) -> str:
    return " ".join(text[: 2 * longest].split())[:longest]

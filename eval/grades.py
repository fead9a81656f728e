"""Every measure's word on every question of a run, as one value and as one file.

The file is a run's result in the smallest form that can still be compared, question by question, with another run's: what a gate keeps
as its baseline. Knows nothing of what is measured or of statistics.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from index import AssayError

from .measure import Column, Family, Grade, Kind, Measure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: The file in the folder of a run.
GRADES = "grades.json"

_VERSION = 1


@dataclass(frozen=True)
class Grades:
    """The columns of a run, in the order of a report, over its questions, in the order of the set."""

    run: str
    """The run's name."""
    dataset: str
    sha256: str
    """Of the questions with all that is known of them."""
    ids: tuple[str, ...]
    columns: tuple[Column, ...]
    digests: tuple[str, ...] = ()
    """Of each question, as `Run.digests`, in the order of the ids; with none, two runs' questions can be told apart by id alone."""

    def __getitem__(self, measure: str) -> Column:
        """Return the column of the measure of this name; raises KeyError."""
        for column in self.columns:
            if column.measure.name == measure:
                return column
        raise KeyError(measure)

    @property
    def names(self) -> list[str]:
        """Return the names of the measures."""
        return [column.measure.name for column in self.columns]

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values; numbers keep nine digits after the point."""
        head = {"version": _VERSION, "run": self.run, "dataset": self.dataset, "sha256": self.sha256, "ids": list(self.ids)}
        return {**head, "digests": list(self.digests), "measures": [_listed(column, self.ids) for column in self.columns]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any], curves: Mapping[str, Measure]) -> Grades:
        """Build what `to_json` wrote; `curves` holds the measures whose figure is neither a mean nor a ratio.

        Raises KeyError, TypeError or ValueError on anything else.
        """
        if values["version"] != _VERSION:
            raise ValueError(f"expected version {_VERSION}, found {values['version']!r}")
        ids, digests = (tuple(map(_text, _list(values[key]))) for key in ("ids", "digests"))
        columns = tuple(_column(one, ids, curves) for one in values["measures"])
        if len(set(ids)) != len(ids) or len(digests) not in (0, len(ids)):
            raise ValueError(f"expected a digest for each of {len(set(ids))} questions or none, found {len(digests)} for {len(ids)} ids")
        return cls(_text(values["run"]), _text(values["dataset"]), _text(values["sha256"]), ids, columns, digests)


def load_grades(path: Path, curves: Mapping[str, Measure]) -> Grades:
    """Read the grades of a run, given its folder or the file itself; raises `AssayError` where there are none."""
    file = path / GRADES if path.is_dir() else path
    try:
        return Grades.from_json(json.loads(file.read_text(encoding="utf-8")), curves)
    except OSError as error:
        raise AssayError(f"expected a finished run at {path}, found none ({error.strerror}); make one with `assay eval run`") from error
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise AssayError(f"expected the grades of a run in {file}, found something else ({type(error).__name__}: {error})") from error


def _listed(column: Column, ids: tuple[str, ...]) -> dict[str, Any]:
    measure = column.measure
    return {
        "name": measure.name,
        "family": measure.family.value,
        "kind": measure.kind.value,
        "higher_is_better": measure.higher_is_better,
        "descriptive": measure.descriptive,
        "unit": measure.unit,
        "definition": measure.definition,
        "source": measure.source,
        "x": [round(column.grades[one].x, 9) if one in column.grades else None for one in ids],
        "y": [round(column.grades[one].y, 9) if one in column.grades else None for one in ids],
        "apart": dict(column.apart),
        "comments": dict(column.comments),
    }


def _column(values: Mapping[str, Any], ids: tuple[str, ...], curves: Mapping[str, Measure]) -> Column:
    kind, name = Kind(values["kind"]), _text(values["name"])
    if kind is Kind.CURVE:
        measure = curves[name]
    else:
        measure = Measure(
            name=name,
            family=Family(values["family"]),
            kind=kind,
            higher_is_better=_flag(values["higher_is_better"]),
            descriptive=_flag(values.get("descriptive", False)),
            unit=_text(values["unit"]),
            definition=_text(values["definition"]),
            source=_text(values["source"]),
        )
    triples = zip(ids, values["x"], values["y"], strict=True)
    grades = {one: Grade(_number(x), _number(y)) for one, x, y in triples if x is not None}
    apart, comments = ({_text(one): _text(said) for one, said in values[key].items()} for key in ("apart", "comments"))
    return Column(measure, grades, apart, comments)


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"expected a list, found {type(value).__name__}")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, found {type(value).__name__}")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"expected true or false, found {value!r:.60}")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"expected a finite number, found {value!r:.60}")
    return float(value)

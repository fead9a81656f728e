"""What JSON values must be before they are taken for a row of a run: checks that raise TypeError or ValueError, saying where.

A run's folder may come from anywhere; what is of another type is refused when it is read, rather than found when it is counted or shown.
Knows nothing of what is checked.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    Check: TypeAlias = Callable[[object], None]


def anything(_: object) -> None:
    """Take whatever it is."""


def text(value: object) -> None:
    """Take text."""
    if not isinstance(value, str):
        raise TypeError(f"expected text, found {_said(value)}")


def flag(value: object) -> None:
    """Take true or false."""
    if not isinstance(value, bool):
        raise TypeError(f"expected true or false, found {_said(value)}")


def number(value: object) -> None:
    """Take a number; JSON as Python writes it has NaN, too, which measures count apart."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"expected a number, found {_said(value)}")


def finite(value: object) -> None:
    """Take a number that is neither infinite nor none."""
    number(value)
    if isinstance(value, int | float) and not math.isfinite(value):
        raise ValueError(f"expected a finite number, found {value}")


def whole(value: object) -> None:
    """Take a whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"expected a whole number, found {_said(value)}")


def place(value: object) -> None:
    """Take a whole number from 0: where a character stands, or how many there are."""
    whole(value)
    if isinstance(value, int) and value < 0:
        raise ValueError(f"expected 0 or more, found {value}")


def maybe(check: Check) -> Check:
    """Return a check for null or what `check` takes."""
    return lambda value: None if value is None else check(value)


def many(check: Check) -> Check:
    """Return a check for a list of what `check` takes."""

    def every(value: object) -> None:
        if not isinstance(value, list):
            raise TypeError(f"expected a list, found {_said(value)}")
        for one in value:
            check(one)

    return every


def mapping(check: Check) -> Check:
    """Return a check for an object whose values `check` takes."""

    def every(value: object) -> None:
        if not isinstance(value, dict):
            raise TypeError(f"expected an object, found {_said(value)}")
        for one in value.values():
            check(one)

    return every


def fields(checks: dict[str, Check], *, partly: bool = False) -> Check:
    """Return a check for an object with these fields, or, `partly`, with any of them; others may be there, too."""

    def every(value: object) -> None:
        if not isinstance(value, dict):
            raise TypeError(f"expected an object, found {_said(value)}")
        for name, check in checks.items():
            if partly and name not in value:
                continue
            if name not in value:
                raise ValueError(f"expected {name}, found none")
            try:
                check(value[name])
            except (TypeError, ValueError) as error:
                raise type(error)(f"{name}: {error}") from None

    return every


def series(*checks: Check) -> Check:
    """Return a check for a list of as many values as there are checks, one for each."""

    def every(value: object) -> None:
        if not isinstance(value, list) or len(value) != len(checks):
            raise TypeError(f"expected a list of {len(checks)}, found {_said(value)}")
        for check, one in zip(checks, value, strict=True):
            check(one)

    return every


def _said(value: object) -> str:
    names = {dict: "an object", list: f"a list of {len(value)}" if isinstance(value, list) else "", str: "text", type(None): "null"}
    return names.get(type(value)) or f"{value!r:.40}"

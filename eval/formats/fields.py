"""One row of a set, key by key: each is taken as what it must be, and what nobody took is left over as metadata.

Knows nothing of files or formats.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

from .reading import kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from index import AssayError

    from .reading import Place

_MAX_ID_CHARACTERS = 1_000

#: No text is longer: a larger number is no place in one.
MAX_PLACE = 10**12

#: A grade further from 0 is none.
MAX_GRADE = 10**9 - 1

_GRADE = re.compile(r"[+-]?[0-9]{1,9}")


class Fields:
    """The keys of a row that were not taken yet. Null counts as absent."""

    def __init__(self, place: Place, row: Mapping[str, Any]) -> None:
        """Read `row`, which stands at `place`; the row itself is left as it is."""
        self.place = place
        self._left = dict(row)

    def __contains__(self, name: str) -> bool:
        """Say whether a key is there and not taken, be it null."""
        return name in self._left

    def take(self, name: str) -> Any:
        """Take a value as it is; None where there is none."""
        return self._left.pop(name, None)

    def string(self, name: str) -> str | None:
        """Take a string; raises AssayError when it is none."""
        value = self.take(name)
        if value is not None and not isinstance(value, str):
            raise self.fault(name, "a string", value)
        return value

    def strings(self, name: str) -> tuple[str, ...]:
        """Take a list of strings; raises AssayError when it is none."""
        value = self.take(name)
        return () if value is None else self.as_strings(name, value)

    def as_strings(self, name: str, value: object) -> tuple[str, ...]:
        """Return the strings of a list; raises AssayError when it is none."""
        if not isinstance(value, list):
            raise self.fault(name, "a list of strings", value)
        for item in value:
            if not isinstance(item, str):
                raise self.fault(name, "a list of strings", item, within=True)
        return tuple(value)

    def objects(self, name: str) -> tuple[dict[str, Any], ...]:
        """Take a list of objects; raises AssayError when it is none."""
        value = self.take(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self.fault(name, "a list of objects", value)
        for item in value:
            if not isinstance(item, dict):
                raise self.fault(name, "a list of objects", item, within=True)
        return tuple(value)

    def flag(self, name: str) -> bool | None:
        """Take true or false; raises AssayError when it is neither."""
        value = self.take(name)
        if value is not None and not isinstance(value, bool):
            raise self.fault(name, "true or false", value)
        return value

    def number(self, name: str) -> int | None:
        """Take a whole number from 0 on: a place in a text; raises AssayError when it is none."""
        value = self.take(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.fault(name, "a whole number", value)
        if not 0 <= value <= MAX_PLACE:
            raise self.place.fault(f"{name!r} from 0 to {MAX_PLACE:,}", str(value)[:60])
        return value

    def identity(self, *names: str) -> str | None:
        """Take the first of `names` that is there as an id; a number stands for its digits. Raises AssayError when it can be none."""
        for name in names:
            value = self.take(name)
            if value is not None:
                if isinstance(value, bool) or not isinstance(value, str | int):
                    raise self.fault(name, "a string", value)
                return identity(self.place, name, str(value))
        return None

    def question(self, *names: str) -> str:
        """Take the first of `names` that is there as the question; raises AssayError when none is, or it is blank."""
        name = next((name for name in names if name in self), names[0])
        text = self.string(name)
        if text is None or not text.strip():
            raise self.place.fault(f"a question as {name!r}", "none" if text is None else "an empty one")
        return text

    def metadata(self) -> dict[str, Any]:
        """Take the rest: the entries of an object `metadata` and every other key; neither takes the place of the other."""
        inner = self._left.pop("metadata", None) if isinstance(self._left.get("metadata"), dict) else {}
        rest, self._left = self._left, {}
        return {"metadata": inner, **rest} if inner.keys() & rest.keys() else {**inner, **rest}

    def fault(self, name: str, expected: str, value: object, *, within: bool = False) -> AssayError:
        """Return the error that says that a key, or an item within its list, is of another kind."""
        return self.place.fault(f"{name!r} as {expected}", f"{kind(value)} in it" if within else kind(value))


def identity(place: Place, name: str, value: str) -> str:
    """Return `value` if it can be an id: what names questions and articles in TREC runs.

    Raises:
        AssayError: It is empty or too long, or holds white space or a control character.
    """
    if not value or len(value) > _MAX_ID_CHARACTERS:
        raise place.fault(f"{name!r} of 1 to {_MAX_ID_CHARACTERS:,} characters", f"{len(value):,}")
    if any(character.isspace() or unicodedata.category(character) in ("Cc", "Cs") for character in value):
        raise place.fault(f"{name!r} without white space", kind(value))
    return value


def grade(place: Place, value: str) -> int:
    """Return the grade of a judgement, which may be below 0; raises AssayError when it is no whole number."""
    if not _GRADE.fullmatch(value):
        raise place.fault("a grade as a whole number", kind(value))
    return int(value)

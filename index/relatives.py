"""What another article is to one whose text it shares: a copy, an earlier or later version, or an excerpt.

The two texts say what the shorter is to the longer; when each was written and who published it says the rest. A text that differs and
came later is an update; where nobody knows which came first, both are copies. A text is as old as its first printing: a paper that prints
the first version the day after the correction has no newer one. Knows nothing of how likenesses are found, or of what is shown.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from .dates import days_of
from .resemblance import Likeness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .likenesses import Like


#: What says when an article was written or last changed, the first that a record has.
_DATES = ("updated_at", "updated", "published_at", "published")


class Kinship(StrEnum):
    """What two articles of much the same text are to each other."""

    COPY = "copy"
    UPDATE = "update"
    EXCERPT = "excerpt"


class Relative(NamedTuple):
    """Another article of much the same text."""

    row: int
    id: str
    kinship: Kinship
    newer: bool = False
    """Whether it is the later version of an update."""
    whole: bool = False
    """Whether it is the whole of an excerpt."""
    written: str | None = None
    """When it was written or last changed, as its record says."""


def relative(like: Like, mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> Relative:
    """Return what another article is to one, by their records."""
    if like.likeness is Likeness.EXCERPT:
        return Relative(like.row, theirs["id"], Kinship.EXCERPT, whole=like.longer, written=_written(theirs))
    if like.likeness is Likeness.COPY:
        return Relative(like.row, theirs["id"], Kinship.COPY)
    newer, older = later(theirs, mine), later(mine, theirs)
    if like.likeness is Likeness.EXTENDED:  # one syndicated copy may be shorter than another, whenever it was printed
        grown = _source(mine) == _source(theirs)
        newer, older = newer and grown and like.longer, older and grown and not like.longer
    if not (newer or older):
        return Relative(like.row, theirs["id"], Kinship.COPY)
    return Relative(like.row, theirs["id"], Kinship.UPDATE, newer, written=_written(theirs))


def facts(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `relative` asks of an article."""
    return {name: record.get(name) for name in ("id", "source", *_DATES)}


def first_printed(copies: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the dates of the earliest of some copies, by their facts; of partial dates the last day counts."""
    dated = [(days_of(written[:10])[1], written, one) for one in copies if (written := _written(one))]
    earliest = min(dated, key=lambda one: one[:2], default=("", "", {}))[2]
    return {name: earliest.get(name) for name in _DATES}


def newest(relatives: Iterable[Relative]) -> Relative | None:
    """Return the latest of the later versions among some relatives of an article; None where it has none."""
    return max((one for one in relatives if one.newer), key=_age, default=None)


def preferred(relatives: Iterable[Relative]) -> Relative | None:
    """Return what stands for an article: its latest version, or else, of an excerpt, the whole; None where it stands for itself."""
    every = list(relatives)
    return newest(every) or max((one for one in every if one.whole), key=_age, default=None)


def latest(row: int, relatives: Callable[[int], Iterable[Relative]]) -> Relative | None:
    """Return the last of the later versions of an article, and of theirs; None where there is none. `relatives` gives those of a row."""
    seen, found = {row}, None
    while (later_one := newest(one for one in relatives(row) if one.row not in seen)) is not None:
        row, found = later_one.row, later_one
        seen.add(row)
    return found


def later(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Say whether an article was certainly written, or last changed, after another."""
    written, before = _written(one), _written(other)
    if written is None or before is None:
        return False
    times = [datetime.fromisoformat(moment) for moment in (written, before) if "T" in moment]
    if len(times) == 2 and all(time.tzinfo for time in times):
        return times[0] > times[1]
    return days_of(written[:10])[0] > days_of(before[:10])[1]


def _age(one: Relative) -> tuple[str, str]:
    return one.written or "", one.id


def _written(record: Mapping[str, Any]) -> str | None:
    return next((str(record[name]) for name in _DATES if record.get(name)), None)


def _source(record: Mapping[str, Any]) -> str | None:
    return str(record["source"]).casefold() if record["source"] else None

"""What Word, PowerPoint and Excel files have in common: parts that name each other, and properties of the whole.

Parts are named relative to each other within the package; nothing that a relation names outside of it is looked at.
Knows nothing of what the parts say.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import ArticleError
from .markup import local, text_within, xml_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .members import Members

#: At most so much of a part is read; see `markup.MAX_BYTES`.
PART_BYTES = 40_000_000

_SMALL_PART_BYTES = 5_000_000

_CORE = "docProps/core.xml"

#: What programs fill in where nobody has said anything.
_NOBODY = frozenset(
    {"python-docx", "python-pptx", "openpyxl", "microsoft office user", "unknown", "author", "user", "admin", "administrator"}
)
_UNTITLED = frozenset({"powerpoint presentation", "word document", "document1", "presentation1", "untitled", "title", "slide 1"})

#: When the templates of python-docx and python-pptx were made and changed, which every file has that is written from them.
_OF_TEMPLATES = frozenset({"2013-12-23T23:15:00Z", "2013-01-27T09:14:16Z", "2013-01-27T09:15:58Z"})


class Relation(NamedTuple):
    """One part's mention of another."""

    kind: str
    """The last word of its type: `styles`, `footnotes`, `slide`."""
    target: str
    """The name of the other part in the package."""


@dataclass(frozen=True, slots=True)
class Properties:
    """What a file says of itself as a whole."""

    title: str | None = None
    authors: tuple[str, ...] = ()
    created: str | None = None
    modified: str | None = None
    language: str | None = None


class Package:
    """The parts of one file."""

    def __init__(self, members: Members, main: str) -> None:
        """Find the main part.

        Args:
            members: The members of the file.
            main: Where the main part stands by custom, should nothing name it.

        Raises:
            ArticleError: There is none.
        """
        self._members = members
        named = [relation.target for relation in self.relations("").values() if relation.kind == "officeDocument"]
        found = next((name for name in (*named, main) if name in members), None)
        if found is None:
            raise ArticleError(f"the file is incomplete: it holds no {main!r}")
        self.main = found

    def part(self, name: str) -> bytes:
        """Return the bytes of a part."""
        return self._members.read(name, PART_BYTES)

    def tree(self, name: str) -> Any:
        """Return the tree of a part."""
        return xml_tree(self.part(name), f"its part {name[:80]!r}")

    def relations(self, part: str) -> dict[str, Relation]:
        """Return what a part names within the package, by the ids that it uses; an empty name stands for the package."""
        folder, name = posixpath.split(part)
        described = posixpath.join(folder, "_rels", f"{name}.rels")
        if described not in self._members:
            return {}
        root = xml_tree(self._members.read(described, _SMALL_PART_BYTES), f"its part {described[:80]!r}")
        found = {}
        for relation in root:
            target = relation.get("Target")
            if target and relation.get("TargetMode") != "External":
                place = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                found[relation.get("Id") or ""] = Relation((relation.get("Type") or "").rpartition("/")[2], place)
        return found

    def related(self, part: str, kind: str) -> Iterator[str]:
        """Yield the parts of one kind that `part` names and that are there."""
        yield from (
            relation.target for relation in self.relations(part).values() if relation.kind == kind and relation.target in self._members
        )

    def properties(self) -> Properties:
        """Return the core properties; a file whose properties are missing or broken says nothing of itself."""
        name = next(self.related("", "core-properties"), _CORE)
        if name not in self._members:
            return Properties()
        try:
            root = xml_tree(self._members.read(name, _SMALL_PART_BYTES), "its properties")
        except ArticleError:
            return Properties()
        stated = {local(element): value for element in reversed(root) if (value := text_within(element))}
        title = stated.get("title")
        names = (name.strip() for name in stated.get("creator", "").split(";"))
        return Properties(
            title=None if title is None or title.lower() in _UNTITLED else title,
            authors=tuple(name for name in names if name and name.lower() not in _NOBODY),
            created=_told(stated.get("created")),
            modified=_told(stated.get("modified")),
            language=stated.get("language"),
        )


def _told(date: str | None) -> str | None:
    """Return a date, but for one that only the template had."""
    return None if date in _OF_TEMPLATES else date

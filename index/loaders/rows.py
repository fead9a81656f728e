"""One row of a file of articles, whatever holds the row: a line of JSON, a line of a table, a mapping in Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..errors import ArticleError
from .fields import as_json, known_fields, storable
from .interface import Draft

if TYPE_CHECKING:
    from .interface import Row

#: Where a row's text may stand; the others are what exports of scraped pages call it.
TEXT = ("text", "body", "content", "articlebody")


def draft_of(fields: Mapping[str, object], row: Row | None = None) -> Draft:
    """Turn a row into a draft.

    `text` is required; `id` (or `_id`), `title`, `author` or `authors`, `source`, `published` (or `date`), `url`
    and `language` are taken for what they are; the entries of an object `metadata` and every other key become metadata.

    Raises:
        ArticleError: The text is missing, or a field is of a type that it cannot have.
    """
    key = text_key(fields)
    if key is None:
        found = ", ".join(repr(str(name)[:40]) for name in list(fields)[:8])
        raise ArticleError(f"expected a 'text', found {f'only {found}' if found else 'nothing'}")
    text = fields[key]
    if not isinstance(text, str):
        raise ArticleError(f"expected {key!r} to be a string, found {type(text).__name__}")
    described = fields.get("metadata")
    inner = described if isinstance(described, Mapping) else {}
    read_here = {key, "metadata"} if inner else {key}
    values = known_fields({name: value for name, value in fields.items() if name not in read_here})
    entries = {storable(str(name)): as_json(value) for name, value in inner.items()}
    if entries.keys() & values["metadata"].keys():
        entries = {"metadata": entries}  # else one of a name would take the place of the other
    values["metadata"] = entries | values["metadata"]
    return Draft(text=text, row=row, **values)


def text_key(names: Mapping[str, object] | list[str]) -> str | None:
    """Return the one of `names` under which a row's text stands, in whatever case it is written."""
    folded = {str(name).strip().lower(): name for name in reversed(list(names))}
    return next((folded[name] for name in TEXT if name in folded), None)

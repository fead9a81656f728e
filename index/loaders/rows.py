"""One row of a file of articles, whatever holds the row: a line of JSON, a line of a table, a mapping in Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..errors import ArticleError
from .fields import absent, as_json, key_of, known_fields, storable
from .interface import Draft

if TYPE_CHECKING:
    from .interface import Row

#: Where a row's text may stand; the others are what exports of scraped pages and news services call it. The plain ones come first.
TEXT = ("text", "full_text", "body_text", "content_text", "body", "content", "articlebody")


def draft_of(fields: Mapping[str, object], row: Row | None = None) -> Draft:
    """Turn a row into a draft.

    Its text is required; what else is taken for what it is stands in `fields`; the entries of an object `metadata` and every other key
    become metadata.

    Raises:
        ArticleError: The text is missing, or a field is of a type that it cannot have.
    """
    fields = unfolded(fields)
    key = text_key(fields)
    if key is None:
        found = ", ".join(repr(str(name)[:40]) for name in list(fields)[:8])
        raise ArticleError(f"expected a 'text', found {f'only {found}' if found else 'nothing'}")
    text = fields[key]
    if absent(text):
        raise ArticleError(f"no text: {key!r} holds nothing")
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


def unfolded(fields: Mapping[str, object]) -> Mapping[str, object]:
    """Return a row, with what an object `fields` in it holds beside the rest where only there a text is: so the Guardian writes them."""
    inner = fields.get("fields")
    if isinstance(inner, Mapping) and text_key(fields) is None and text_key(inner) is not None:
        return {**inner, **{name: value for name, value in fields.items() if name != "fields"}}
    return fields


def text_key(names: Mapping[str, object] | list[str]) -> str | None:
    """Return the one of `names` under which a row's text stands, however it is written; the first that holds something."""
    folded = {key_of(str(name)): name for name in reversed(list(names))}
    found = [folded[key] for key in map(key_of, TEXT) if key in folded]
    held = (name for name in found if not (isinstance(names, Mapping) and absent(names[name])))
    return next(held, found[0] if found else None)

"""The lines between `---` at the head of a Markdown file, read as what they nearly always are: `key: value`.

A small reader of its own rather than YAML's: values stay the strings that were written (`2023-04-21`, `007`, `yes`),
`title: Europe: a story` is no error, and there are no aliases, tags or types to be abused.
"""

from __future__ import annotations

import re
from typing import NamedTuple

#: Front matter is short; anything longer is text that happens to begin with a rule.
MAX_CHARACTERS = 64_000

_KEY = re.compile(r"(?P<key>[^\W\d][\w .-]{0,60}?)[ \t]*:(?:[ \t]+(?P<value>.*))?", re.DOTALL)
_QUOTED = re.compile(r"(?:\"((?:[^\"\\]|\\.)*)\"|'((?:[^']|'')*)')\s*(?:#.*)?", re.DOTALL)
_BLOCK_SCALAR = re.compile(r"[|>][+-]?[0-9]?")


class FrontMatter(NamedTuple):
    """What a file says of itself at its head, and where its text begins."""

    fields: dict[str, str | list[str]]
    """By key as written, in order; a list where the file wrote one."""
    body: str


def split_front_matter(text: str) -> FrontMatter:
    """Take the front matter off `text`; a text without any comes back whole.

    Understood are `key: value`, quoted values, `[a, b]`, lists of `- item` lines and `|` or `>` blocks; other
    indented lines are kept, as written, as the value of the key above them.
    """
    head = text[:MAX_CHARACTERS]
    lines = head.split("\n")
    if lines[0].rstrip() != "---":
        return FrontMatter({}, text)
    end = next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() in ("---", "...")), None)
    if end is None:
        return FrontMatter({}, text)
    fields = _fields([line.rstrip() for line in lines[1:end]])
    if fields is None:
        return FrontMatter({}, text)
    return FrontMatter(fields, text[sum(len(line) + 1 for line in lines[: end + 1]) :])


def _fields(lines: list[str]) -> dict[str, str | list[str]] | None:
    """Read the lines, or return None when they do not begin with a key: a rule and prose, not front matter."""
    fields: dict[str, str | list[str]] = {}
    key, first, below = "", "", list[str]()
    for line in lines:
        found = None if line.startswith((" ", "\t", "- ", "#")) else _KEY.fullmatch(line)
        if found is None:
            if line.strip() and not line.startswith("#"):
                if not key:
                    return None
                below.append(line.strip())
            continue
        if key:
            fields[key] = _value(first, below)
        key, first, below = found["key"], (found["value"] or "").strip(), []
    if key:
        fields[key] = _value(first, below)
    return fields


def _value(first: str, below: list[str]) -> str | list[str]:
    """Join what stands behind a key with the lines below it."""
    if _BLOCK_SCALAR.fullmatch(first):
        return ("\n" if first.startswith("|") else " ").join(below)
    if not first and below and all(line.startswith("- ") or line == "-" for line in below):
        return [_unquoted(line[1:].strip()) for line in below]
    joined = " ".join([first, *below]) if first else "\n".join(below)
    if joined.startswith("[") and joined.endswith("]"):
        return [item for part in _items(joined[1:-1]) if (item := _unquoted(part.strip()))]
    return _unquoted(joined)


def _items(inner: str) -> list[str]:
    """Split at commas that stand outside quotes."""
    return re.findall(r"(?:\"[^\"]*\"|'[^']*'|[^,])+", inner)


def _unquoted(value: str) -> str:
    """Take a pair of quotes off, and a comment behind the value."""
    quoted = _QUOTED.fullmatch(value)
    if quoted is None:
        return re.split(r"\s#", value, maxsplit=1)[0].rstrip()
    double, single = quoted.groups()
    return re.sub(r"\\([\"\\/])", r"\1", double) if double is not None else single.replace("''", "'")

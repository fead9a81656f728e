"""What stands at the head of a Markdown file between lines of `---`, or as TOML between lines of `+++`.

The former is read as what it nearly always is, `key: value`, by a small reader of its own rather than YAML's: values stay the strings
that were written (`2023-04-21`, `007`, `yes`), `title: Europe: a story` is no error, and there are no aliases, tags or types to be
abused. TOML has one way to be read; its values become strings too. What is broken in either stays text.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What opens front matter, and what may close it.
_ENDS = {"---": ("---", "..."), "+++": ("+++",)}

#: Front matter is short; anything longer is text that happens to begin with a rule.
MAX_CHARACTERS = 64_000

_KEY = re.compile(r"(?P<key>[^\W\d][\w .-]{0,60}?)[ \t]*:(?:[ \t]+(?P<value>.*))?", re.DOTALL)
_QUOTED = re.compile(r"(?:\"((?:[^\"\\]|\\.)*)\"|'((?:[^']|'')*)')\s*(?:#.*)?", re.DOTALL)
#: The reader of TOML takes the square of the parts of a dotted key in time; nobody's has so many.
_FLOOD = re.compile(r"(?<![\w-])(?:(?:[\w-]++|\"[^\"\n]*+\"|'[^'\n]*+')[ \t]*+\.[ \t]*+){20}")

#: Tables in tables in TOML; more is no description of an article.
_MAX_DEPTH = 10

_BLOCK_SCALAR = re.compile(r"[|>][+-]?[0-9]?")


Value: TypeAlias = "str | list[Value] | dict[str, Value]"


class FrontMatter(NamedTuple):
    """What a file says of itself at its head, and where its text begins."""

    fields: Mapping[str, Value]
    """By key as written, in order; a list where the file wrote one, a mapping where it wrote a table of TOML."""
    body: str


def split_front_matter(text: str) -> FrontMatter:
    """Take the front matter off `text`; a text without any comes back whole.

    Understood are `key: value`, quoted values, `[a, b]`, lists of `- item` lines and `|` or `>` blocks; other
    indented lines are kept, as written, as the value of the key above them. Between `+++`, whatever TOML has.
    """
    head = text[:MAX_CHARACTERS]
    lines = head.split("\n")
    mark = lines[0].rstrip()
    if mark not in _ENDS:
        return FrontMatter({}, text)
    end = next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() in _ENDS[mark]), None)
    if end is None:
        return FrontMatter({}, text)
    fields = _toml("\n".join(lines[1:end])) if mark == "+++" else _fields([line.rstrip() for line in lines[1:end]])
    if fields is None:
        return FrontMatter({}, text)
    return FrontMatter(fields, text[sum(len(line) + 1 for line in lines[: end + 1]) :])


def _toml(written: str) -> dict[str, Value] | None:
    """Read TOML, or return None where it is none, or more than describes an article."""
    if _FLOOD.search(written):
        return None
    try:
        return {key: _plain(value) for key, value in tomllib.loads(written).items()}
    except (ValueError, RecursionError):  # broken, nested too deep, no such day, a number too long to be written
        return None


def _plain(value: object, depth: int = 0) -> Value:
    """Return a value of TOML as the strings that it would be elsewhere; a table keeps its keys where it names somebody or something."""
    if depth > _MAX_DEPTH:
        raise ValueError("nested too deep")
    if isinstance(value, dict):
        inner = {key: _plain(held, depth + 1) for key, held in value.items()}
        return inner if isinstance(inner.get("name"), str) else "\n".join(f"{key}: {_line(held)}" for key, held in inner.items())
    if isinstance(value, list):
        return [held if isinstance(held := _plain(item, depth + 1), dict) else _line(held) for item in value]
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, (dt.date, dt.time)) else str(value)


def _line(value: Value) -> str:
    """Return what is nested in one piece."""
    if isinstance(value, dict):
        return _line(value["name"])
    return value if isinstance(value, str) else ", ".join(map(_line, value))


def _fields(lines: list[str]) -> dict[str, Value] | None:
    """Read the lines, or return None when they do not begin with a key: a rule and prose, not front matter."""
    fields: dict[str, Value] = {}
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


def _value(first: str, below: list[str]) -> Value:
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

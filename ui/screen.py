"""Where the room prints: data on stdout, talk on stderr. The only importer of rich, and only for a terminal."""

from __future__ import annotations

import io
import json
import math
import shutil
import sys
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any

from index import AssayError

from .render import Page, Style, Table, lines_page, plain
from .safe import safe, safe_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.table import Table as RichTable

#: Messages quote what was found, which may be of any length.
TALK_CHARACTERS = 600

_LOOKS = {Style.PLAIN: "", Style.STRONG: "bold", Style.NUMBER: "cyan", Style.QUIET: "dim", Style.WARNING: "yellow"}


def prepare() -> None:
    """Make the standard streams UTF-8 whatever the locale says, so that no text can break them."""
    for stream, errors in ((sys.stdin, "replace"), (sys.stdout, "backslashreplace"), (sys.stderr, "backslashreplace")):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors=errors)


@contextmanager
def others_talk() -> Iterator[None]:
    """Send what others' code prints to stderr for the length of a `with` block: stdout is for our data."""
    with redirect_stdout(sys.stderr):
        yield


def put(page: Page) -> None:
    """Print a page: in colour and wrapped on a terminal, else as plain text of the same words."""
    if sys.stdout.isatty():
        _put_on_terminal(page)
    else:
        sys.stdout.write(plain(page))


def put_span(text: str) -> None:
    """Print an article's own characters: exactly they where stdout is a file or a pipe, made harmless on a terminal."""
    if sys.stdout.isatty():
        _put_on_terminal(lines_page(text))
    else:
        sys.stdout.write(text)


def put_file(path: Path) -> None:
    """Write a file's bytes as they are; raises `AssayError` on a terminal, which would obey some of them."""
    if sys.stdout.isatty():
        raise AssayError("expected a file or a pipe for the bytes of a file, found a terminal; name a file: --original FILE")
    sys.stdout.flush()
    with path.open("rb") as stream:
        shutil.copyfileobj(stream, sys.stdout.buffer)


def put_json(value: Any) -> None:
    """Print a value as JSON on one line, at once."""
    print(json_line(value), flush=True)


def json_line(value: Any) -> str:
    """Return a value as JSON on one line that no reader of lines and no terminal takes for anything else."""
    try:
        return safe_json(json.dumps(value, ensure_ascii=False, allow_nan=False))
    except ValueError:  # metadata may hold NaN and the infinities, which JSON does not know
        return safe_json(json.dumps(_finite(value), ensure_ascii=False, allow_nan=False))


def _finite(value: Any) -> Any:
    """Return a value of JSON with null for the numbers that are none there."""
    if isinstance(value, dict):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def talk(message: str) -> None:
    """Say something on stderr, on one line; the middle of what is very long is left out."""
    if len(message) > TALK_CHARACTERS:
        message = f"{message[: TALK_CHARACTERS // 2]} … {message[-TALK_CHARACTERS // 2 :]}"
    print(safe(message), file=sys.stderr, flush=True)


def _put_on_terminal(page: Page) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(file=sys.stdout, markup=False, emoji=False, highlight=False)
    for part in page:
        if isinstance(part, Table):
            console.print(_drawn(part))
            continue
        text = Text.assemble(*((run.text, _LOOKS[run.style]) for run in part.runs))
        for line in text.wrap(console, max(console.width - part.indent, 20)):
            line.rstrip()
            console.print(Text(" " * part.indent).append_text(line), soft_wrap=True)


def _drawn(table: Table) -> RichTable:
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(box=None, pad_edge=False, header_style="bold")
    *words, last = table.header
    for name in words:
        drawn.add_column(name, overflow="fold", no_wrap=name == "published")
    drawn.add_column(last, justify="right", no_wrap=True)
    for row in table.rows:
        drawn.add_row(*(Text(cell) for cell in row))
    return drawn

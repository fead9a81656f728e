"""How far a long command has come, on stderr. The only importer of tqdm."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .safe import safe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: A command that is done sooner shows no bar: seconds, on a terminal and where stderr goes to a file.
_DELAY, _DELAY_IN_FILE = 0.5, 10.0

#: How often a bar is drawn anew, in seconds.
_INTERVAL, _INTERVAL_IN_FILE = 0.1, 10.0

#: A larger file is not read through only to know its lines.
_MAX_COUNTED_BYTES = 4_000_000_000

_LINES = (".jsonl", ".ndjson")
_TABLES = (".csv", ".tsv")


class Bar:
    """A bar that counts `unit`s; with a total when that is known."""

    def __init__(self, drawn: Any, *, delay: float, interval: float) -> None:
        """Move the bar that `bar` has made, which first shows after `delay` and then every `interval` seconds."""
        self._drawn = drawn
        self._passages = 0
        self._interval = interval
        self._first = time.time() + delay

    def step(self) -> None:
        """Count one more."""
        self._drawn.update(1)

    def ingest(self, articles: int, passages: int) -> None:
        """Count articles that were read and passages that were embedded, as `Library.add` reports them."""
        self._passages += passages
        self._drawn.set_postfix_str(f"{self._passages:,} passages", refresh=False)
        self._drawn.update(articles)
        now = time.time()
        if passages and now >= max(self._first, self._drawn.last_print_t + self._interval):
            self._drawn.refresh()  # the last articles are embedded after all were read
            self._drawn.last_print_t = now

    def say(self, message: str) -> None:
        """Say something on stderr, above the bar."""
        if time.time() >= self._first:
            self._drawn.write(safe(message), file=sys.stderr)
        else:
            print(safe(message), file=sys.stderr, flush=True)


@contextmanager
def bar(unit: str, total: int | None) -> Iterator[Bar]:
    """Show a bar on stderr for the length of a `with` block, once the block has taken a while."""
    from tqdm import tqdm

    terminal = sys.stderr.isatty()
    delay = _DELAY if terminal else _DELAY_IN_FILE
    interval = _INTERVAL if terminal else _INTERVAL_IN_FILE
    with tqdm(total=total, unit=f" {unit}", delay=delay, mininterval=interval, leave=False, file=sys.stderr, ascii=not terminal) as drawn:
        yield Bar(drawn, delay=delay, interval=interval)


def expected_articles(paths: Sequence[str]) -> int | None:
    """Return how many articles `paths` may hold, one a file and one a line of JSON lines; None where that is not cheaply known."""
    total = 0
    for path in paths:
        for file in _files(path):
            count = None if file.endswith(_TABLES) else lines_of(file) if file.endswith(_LINES) else 1
            if count is None:
                return None
            total += count
    return total


def expected_files(folder: str) -> int | None:
    """Return how many articles a folder may hold; None where that cannot be told without reading, which mirroring does without."""
    total = 0
    for file in _files(folder):
        if file.lower().endswith((*_LINES, *_TABLES)):
            return None
        total += 1
    return total


def lines_of(file: str) -> int | None:
    """Return how many lines a file has; None when it is too large to count them, or no plain file."""
    path = Path(file)
    try:
        if not path.is_file() or path.stat().st_size > _MAX_COUNTED_BYTES:
            return None
        count, last = 0, b"\n"
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                count, last = count + block.count(b"\n"), block[-1:]
        return count + (last != b"\n")
    except OSError:
        return None


def _files(path: str) -> Iterator[str]:
    if not Path(path).is_dir():
        yield path
        return
    for folder, folders, files in os.walk(path):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (str(Path(folder) / name) for name in files if not name.startswith("."))

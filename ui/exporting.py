"""The verbs that carry a collection to another index: export and import. Knows nothing of what a line holds."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from index import AssayError, Export, Library

from . import output, render, screen
from .progress import bar
from .safe import safe_json

if TYPE_CHECKING:
    import argparse
    from argparse import Namespace
    from collections.abc import Callable, Iterator
    from typing import BinaryIO, TextIO

#: The standard streams, where a file is asked for.
STANDARD = "-"


def add_export_options(parser: argparse.ArgumentParser, not_empty: Callable[[str], str]) -> None:
    """Add what `assay export` takes."""
    writes = "the file to write, whole or not at all; - for stdout, which is the default"
    parser.add_argument("file", metavar="FILE", nargs="?", default=STANDARD, type=not_empty, help=writes)


def add_import_options(parser: argparse.ArgumentParser, not_empty: Callable[[str], str]) -> None:
    """Add what `assay import` takes."""
    parser.add_argument("file", metavar="FILE", type=not_empty, help="what `assay export` wrote; - for stdin")


def export(args: Namespace) -> int:
    """Write the collection as lines of JSON."""
    with Library.open(args.index, model=args.model, create=False) as library, bar("articles", library.counts()[0]) as shown:
        if args.file == STANDARD:
            _write(library, sys.stdout, shown.step)
            return 0
        with output.replaced(Path(args.file), "FILE") as stream:
            articles = _write(library, stream, shown.step)
    if args.json:
        screen.put_json({"exported": articles, "file": args.file})
    else:
        screen.put(render.note_page(f"exported {articles:,} articles to {args.file}"))
    return 0


def take(args: Namespace) -> int:
    """Take in what was exported; exit 1 when something was refused."""
    with _opened(args.file) as (stream, name):
        exported = Export(stream, name=name)  # before an index is made for it
        with Library.open(args.index, model=args.model) as library, bar("articles", exported.header.articles) as shown:
            report = library.take_export(exported, progress=shown.ingest)
    if args.json:
        screen.put_json(report.to_json())
    else:
        screen.put(render.report_page(report))
    return 1 if report.refused else 0


def _write(library: Library, stream: TextIO, done: Callable[[], object]) -> int:
    """Write the lines, with what a terminal would obey escaped: they mean the same, and are the same wherever they go."""
    articles = -1  # the first line is no article
    for line in library.export():
        stream.write(f"{safe_json(line)}\n")
        articles += 1
        if articles:
            done()
    return articles


@contextmanager
def _opened(file: str) -> Iterator[tuple[BinaryIO, str]]:
    if file == STANDARD:
        yield sys.stdin.buffer, "stdin"
        return
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no such name"
        raise AssayError(f"expected an export to read, found none at {file} ({reason}); check the path and try again") from error
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise AssayError(f"expected an export to read, found a folder at {file}; name the file in it")
    with os.fdopen(descriptor, "rb") as stream:
        yield stream, file

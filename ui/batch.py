"""Files of questions: an answer each, or a TREC run. A broken row is reported and the rest goes on."""

from __future__ import annotations

import json
import math
import re
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, TypeVar

from index import AssayError, bounded_lines

from . import render, screen
from .output import replaced
from .progress import bar, lines_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from index import ArticleFilter
    from rag import Pipeline, Retriever

_T = TypeVar("_T")

#: A longer line is refused unread: no question and its history are as long.
MAX_LINE_BYTES = 10_000_000

#: Articles a query in a run.
RUN_DEPTH = 100

#: So much of what was found is quoted.
_QUOTED = 60

_TREC_COLUMN = re.compile("[^\\s\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


class Row(NamedTuple):
    """A line of a file of questions: what it says, or why it cannot be read."""

    number: int
    """From 1."""
    values: dict[str, Any]
    fault: str | None = None

    @property
    def id(self) -> Any:
        """The row's own id, as it is written there; None when it has none."""
        return self.values.get("id", self.values.get("_id"))


def rows_of(path: str) -> Iterator[Row]:
    """Yield every line of a file that is not blank."""
    with _opened(path) as stream:
        for number, line in enumerate(bounded_lines(stream, MAX_LINE_BYTES), 1):
            if line is None:
                yield Row(number, {}, f"expected at most {MAX_LINE_BYTES:,} bytes, found a longer line")
            elif line.strip():
                yield _row(number, line)


def answer_rows(pipeline: Pipeline, path: str, *, only: ArticleFilter | None, as_json: bool, debug: bool) -> int:
    """Print an answer for each row, in order; a row that fails prints `{"id", "error"}`, and the exit code is 1."""
    from rag import Question

    articles = pipeline.library.counts()[0]
    failed = 0
    with bar("questions", lines_of(path)) as shown:
        for row in rows_of(path):
            answer, fault = _tried(row, lambda row: pipeline.ask(Question.from_json(row.values), only=only), debug=debug)
            if answer is None:
                failed += 1
                if as_json:
                    screen.put_json({"id": row.id, "error": fault})
                else:
                    shown.say(f"{path}, line {row.number}: {fault}")
            elif as_json:
                screen.put_json({**answer.to_json(), "id": row.id})
            else:
                screen.put((*render.question_page(answer), *render.answer_page(answer, articles=articles, only=only), render.Line()))
            shown.step()
    return 1 if failed else 0


def write_run(retriever: Retriever, path: str, out: str, *, as_json: bool, debug: bool) -> int:
    """Write `qid Q0 article_id rank score assay` for each query, whole or not at all; the exit code is 1 when a row failed."""
    started = time.monotonic()
    queries, failed = 0, []
    given: set[str] = set()
    with bar("queries", lines_of(path)) as shown, replaced(Path(out), "--run") as stream:
        for row in rows_of(path):
            ranking, fault = _tried(row, lambda row: _ranking(retriever, row, given), debug=debug)
            if ranking is None:
                failed.append({"id": row.id, "error": fault})
                shown.say(f"{path}, line {row.number}: {fault}")
            else:
                queries += 1
                stream.writelines(f"{row.id} Q0 {found} {rank} {score:.9f} assay\n" for rank, (found, score) in enumerate(ranking, 1))
            shown.step()
    seconds = round(time.monotonic() - started, 3)
    if as_json:
        screen.put_json({"run": out, "queries": queries, "failed": failed, "seconds": seconds})
    else:
        screen.put(render.note_page(f"{queries:,} queries written to {out}, {len(failed):,} failed, in {seconds:.1f} s"))
    return 1 if failed else 0


def _ranking(retriever: Retriever, row: Row, given: set[str]) -> list[tuple[str, float]]:
    """Rank the articles for a row whose id is not among those `given` before; add it to them."""
    from rag import Question

    name = "" if row.id is None else str(row.id)
    if not _TREC_COLUMN.fullmatch(name):
        raise AssayError(f'expected an "id" without white space, found {repr(name[:_QUOTED]) if name else "none"}')
    if name in given:
        raise AssayError(f'the "id" {name[:_QUOTED]!r} was given before; in a run each names one query')
    question = Question.from_json(row.values)
    given.add(name)
    return retriever.run(question.standalone, RUN_DEPTH)


def _tried(row: Row, attempt: Callable[[Row], _T], *, debug: bool) -> tuple[_T | None, str | None]:
    """Return what `attempt` makes of a row, or why it fails: one row never ends a batch."""
    if row.fault:
        return None, row.fault
    try:
        return attempt(row), None
    except AssayError as error:
        return None, str(error)
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001  # a batch of hours must not be lost to one row
        if debug:
            traceback.print_exc()
        return None, f"internal error: {type(error).__name__}: {error}; run again with --debug"


def _row(number: int, line: bytes) -> Row:
    try:
        values = json.loads(line.decode())
    except UnicodeDecodeError as error:
        return Row(number, {}, f"expected UTF-8, found the byte 0x{line[error.start]:02x} at offset {error.start:,} of the line")
    except (ValueError, RecursionError) as error:
        return Row(number, {}, f"expected a JSON object, found broken JSON: {str(error)[:100]}")
    if not isinstance(values, dict):
        return Row(number, {}, 'expected a JSON object such as {"id": "q1", "question": "…"}, found another value')
    if not _names(values.get("id", values.get("_id"))):
        return Row(number, {}, 'expected an "id" that is a string or a number, found neither')
    return Row(number, values)


def _names(identity: object) -> bool:
    """Say whether a row may be known by this: what is nested may be too deep to print, and JSON knows no NaN."""
    if isinstance(identity, float):
        return math.isfinite(identity)
    return identity is None or (isinstance(identity, str | int) and not isinstance(identity, bool))


def _opened(path: str) -> BinaryIO:
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise AssayError(f"expected a file of questions, one JSON object a line, found none at {path} ({error.strerror})") from error

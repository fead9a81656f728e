"""What people said of answers, as rows of a question set.

Read are the chat's own rows, as they are or one JSON object a line (docs/generating.md defines them), and the `log.csv` that Gradio's
chat writes by itself. A row that cannot be read is refused with its line, and the rest goes on. Knows nothing of how feedback is stored.
"""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from index import AssayError, bounded_lines
from rag import Question

from .dataset import Evidence, Example

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

#: A longer line is refused unread.
MAX_LINE_BYTES = 10_000_000

#: A longer correction, comment or short answer is a text of its own.
MAX_CHARACTERS = 1_000_000

#: The types of the examples.
LIKED, CORRECTED, DISLIKED, FLAGGED = "liked", "corrected", "disliked", "flagged"

_COLUMNS = ["conversation", "index", "value"]

#: The time of a row that has none: the earliest.
_NO_TIME = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Feedback:
    """Rows made from feedback, in the order of the file, and what became of the other rows."""

    examples: tuple[Example, ...]
    refused: tuple[str, ...]
    """`line 3: expected …, found …`, each for the user."""
    replaced: int
    """Rows whose question, in the same conversation, was judged again later: the latest counts."""
    silent: int
    """Rows with neither a vote nor a correction."""


class _Judged(NamedTuple):
    time: datetime
    line: int
    example: Example


def import_feedback(path: Path) -> Feedback:
    """Read feedback from a `.csv` file as Gradio writes it, or else from lines of JSON.

    An up-vote keeps the citations as evidence and the short answer as an answer; an abstention with an up-vote is a question that cannot
    be answered. A correction is the answer. A down-vote alone says nothing of what is right, and no more does Gradio's file, which holds
    no citations. Raises `AssayError` when the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            rows = _logged(stream) if path.suffix.lower() == ".csv" else _exported(stream)
            return _latest(rows)
    except (OSError, ValueError, csv.Error) as error:
        why = getattr(error, "strerror", None) or error
        raise AssayError(f"expected a file of feedback at {path}, which cannot be read ({why})") from error


def feedback_of(rows: Iterable[Mapping[str, Any]]) -> Feedback:
    """Read feedback from the chat's own rows, as they are kept; `import_feedback` says what becomes of them."""
    return _latest(_given(rows), "row")


class _RefusedError(Exception):
    """A row is refused; the message says why."""


def _latest(rows: Iterator[tuple[int, _Judged | str | None]], unit: str = "line") -> Feedback:
    kept: dict[tuple[Any, ...], _Judged] = {}
    refused, replaced, silent = [], 0, 0
    for line, row in rows:
        if row is None:
            silent += 1
        elif isinstance(row, str):
            refused.append(f"{unit} {line}: {row}")
        else:
            key = _key(row.example)
            other = kept.get(key)
            replaced += other is not None
            kept[key] = row if other is None else max(other, row, key=lambda judged: (judged.time, judged.line))
    judged = sorted(kept.values(), key=lambda one: one.line)
    return Feedback(tuple(one.example for one in judged), tuple(refused), replaced, silent)


def _key(example: Example) -> tuple[Any, ...]:
    """Return what makes a question the same: its words and the user's turns before it, white space and letter case aside."""
    turns = [turn.content for turn in example.history if turn.role == "user"]
    return tuple(" ".join(text.casefold().split()) for text in (*turns, example.question))


# --- the chat's own export --------------------------------------------------------------------------------------------


def _exported(stream: BinaryIO) -> Iterator[tuple[int, _Judged | str | None]]:
    for number, line in enumerate(bounded_lines(stream, MAX_LINE_BYTES), 1):
        if line is None:
            yield number, f"expected at most {MAX_LINE_BYTES:,} bytes, found a longer line"
        elif line.strip():
            try:
                yield number, _exported_row(_object(line), number)
            except _RefusedError as error:
                yield number, str(error)


def _given(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[int, _Judged | str | None]]:
    for number, row in enumerate(rows, 1):
        try:
            yield number, _exported_row(row, number)
        except _RefusedError as error:
            yield number, str(error)


def _exported_row(row: Mapping[str, Any], line: int) -> _Judged | None:
    vote, correction = row.get("vote"), _text(row, "correction").strip()
    if vote not in ("up", "down", None):
        raise _RefusedError(f'expected "vote" to be "up", "down" or null, found {_shown(vote)}')
    if vote is None and not correction:
        return None
    question = _question(row)
    answer = row.get("answer") or {}
    if not isinstance(answer, dict):
        raise _RefusedError(f'expected "answer" as an object, found {_shown(answer)}')
    said = {"feedback_id": _text(row, "id"), "time": _text(row, "time"), "comment": _text(row, "comment"), "reply": _text(answer, "answer")}
    known: dict[str, Any] = {}
    if vote == "up":
        known = _approved(answer)
    if correction:
        known |= {"answers": (correction,), "answerable": True}
    kind = CORRECTED if correction else LIKED if vote == "up" else DISLIKED
    return _judged(question, kind, _time(said["time"]), line, said, known)


def _approved(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an answer that was found good says of its question."""
    if answer.get("abstained") is True or answer.get("reason") is not None:
        return {"answerable": False}
    short = _text(answer, "short_answer").strip()
    citations = answer.get("citations") or []
    if not isinstance(citations, list) or not all(isinstance(one, dict) for one in citations):
        raise _RefusedError(f'expected "citations" as a list of objects, found {_shown(citations)}')
    found = tuple(_cited(one) for one in citations)
    if not found and not short:
        raise _RefusedError('expected an answer with citations under a vote "up", found none')
    return {"answers": (short,) if short else (), "evidence": found, "answerable": True}


def _cited(citation: Mapping[str, Any]) -> Evidence:
    article, start, end, quote = (citation.get(key) for key in ("article_id", "start", "end", "quote"))
    if not (isinstance(article, str) and type(start) is int and type(end) is int and isinstance(quote, str)):
        raise _RefusedError('expected a citation with "article_id", "start", "end" and "quote", found another')
    if not 0 <= start < end or end - start != len(quote):
        raise _RefusedError(f"expected a citation whose quote has the characters of its span, found {len(quote):,} in {start}:{end}")
    return Evidence(_storable(article), start, end, _storable(quote))


# --- Gradio's own file ------------------------------------------------------------------------------------------------


def _logged(stream: BinaryIO) -> Iterator[tuple[int, _Judged | str | None]]:
    csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE_BYTES))  # the limit is the process's; it only grows
    faults: list[str] = []
    reader = csv.reader(_decoded(stream, faults))
    header = next(reader, [])
    if header[: len(_COLUMNS)] != _COLUMNS:
        raise AssayError(f"expected the columns {', '.join(_COLUMNS)} of Gradio's log.csv, found {_shown(', '.join(header))}")
    begins = reader.line_num + 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield begins, f"expected a row of CSV, found otherwise: {error}; is a quote left open there?"
        else:
            for fault in faults:
                yield begins, fault
            if cells is None:
                return
            if cells and not faults:
                yield begins, _logged_or_why(cells, begins, reader.line_num)
        faults.clear()
        begins = reader.line_num + 1


def _decoded(stream: BinaryIO, faults: list[str]) -> Iterator[str]:
    """Yield the lines as text, an empty one for each that cannot be read, after noting why in `faults`."""
    for line in bounded_lines(stream, MAX_LINE_BYTES):
        text = "\n"
        if line is None:
            faults.append(f"expected at most {MAX_LINE_BYTES:,} bytes, found a longer line")
        else:
            try:
                text = line.decode()
            except UnicodeDecodeError as error:
                faults.append(f"expected UTF-8, found the byte 0x{line[error.start]:02x}")
        yield text


def _logged_or_why(cells: list[str], line: int, last: int) -> _Judged | str:
    try:
        return _logged_row(cells, line)
    except _RefusedError as error:
        return str(error) if last == line else f"{error}; the row goes on to line {last}: is a quote left open?"


def _logged_row(cells: list[str], line: int) -> _Judged:
    """Read a row; its last cell is the time, whatever the header calls it: Gradio names five columns and writes four."""
    if len(cells) < len(_COLUMNS):
        raise _RefusedError(f"expected {len(_COLUMNS)} cells or more, found {len(cells)}")
    place, value = cells[1], cells[2]
    messages = _json(cells[0].removeprefix("'").encode())  # the sign that keeps spreadsheets from running a cell
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise _RefusedError('expected the conversation as a list of {"role", "content"}, found something else')
    if not (place.isascii() and place.isdigit() and len(place) < 10 and int(place) < len(messages)):
        raise _RefusedError(f"expected the number of one of {len(messages)} messages, found {_shown(place)}")
    asked = next((i for i in range(int(place) - 1, -1, -1) if messages[i].get("role") == "user"), None)
    if asked is None or messages[int(place)].get("role") != "assistant":
        raise _RefusedError(f"expected message {place} to be a reply to a question, found none")
    question = _question({"question": _words(messages[asked]), "history": messages[:asked]})
    kind = {"Like": LIKED, "Dislike": DISLIKED}.get(value, FLAGGED)
    time = cells[-1] if len(cells) > len(_COLUMNS) else ""
    said = {"time": time, "reply": _words(messages[int(place)]), "value": value}
    for name, text in said.items():
        _bounded(text, name)
    return _judged(question, kind, _time(time), line, said, {})


def _words(message: Mapping[str, Any]) -> str:
    """Return the words of a message: its text, or the texts among its parts."""
    content = message.get("content")
    parts = content if isinstance(content, list) else [content]
    texts = (part.get("text") if isinstance(part, dict) else part for part in parts)
    return _storable(" ".join(text for text in texts if isinstance(text, str)))


# --- both -------------------------------------------------------------------------------------------------------------


def _judged(question: Question, kind: str, time: datetime, line: int, said: Mapping[str, str], known: Mapping[str, Any]) -> _Judged:
    metadata = {"made_by": "feedback", **{key: value for key, value in said.items() if value}}
    digest = hashlib.sha256(repr([(turn.role, turn.content) for turn in question.history] + [question.text]).encode()).hexdigest()
    name = f"feedback-{digest[:16]}"
    return _Judged(time, line, Example(id=name, question=question.text, history=question.history, type=kind, metadata=metadata, **known))


def _question(row: Mapping[str, Any]) -> Question:
    try:
        return Question.from_json({"question": row.get("question"), "history": row.get("history")})
    except AssayError as error:
        raise _RefusedError(str(error)) from error
    except RecursionError as error:
        raise _RefusedError("expected flat JSON, found it nested too deep") from error


def _object(line: bytes) -> dict[str, Any]:
    value = _json(line)
    if not isinstance(value, dict):
        raise _RefusedError(f"expected a JSON object, found {_shown(value)}")
    return value


def _json(line: bytes) -> Any:
    try:
        return json.loads(line.decode())
    except UnicodeDecodeError as error:
        raise _RefusedError(f"expected UTF-8, found the byte 0x{line[error.start]:02x}") from error
    except RecursionError as error:
        raise _RefusedError("expected flat JSON, found it nested too deep") from error
    except ValueError as error:
        raise _RefusedError("expected JSON, found something else") from error


def _text(row: Mapping[str, Any], key: str) -> str:
    """Return a text of a row, empty where it has none."""
    value = row.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _RefusedError(f'expected "{key}" in words, found {_shown(value)}')
    _bounded(value, key)
    return _storable(value)


def _storable(text: str) -> str:
    """Return `text` without lone surrogates, which JSON can spell and nothing can store."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _bounded(text: str, name: str) -> None:
    if len(text) > MAX_CHARACTERS:
        raise _RefusedError(f'expected "{name}" of at most {MAX_CHARACTERS:,} characters, found {len(text):,}')


def _time(text: str) -> datetime:
    """Return a time that can be compared with any other; where `text` is none, the earliest."""
    try:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return _NO_TIME


def _shown(value: object) -> str:
    """Return a value as it is shown in a message: short, on one line."""
    return ascii(value if isinstance(value, str | int | float | bool | None) else type(value).__name__)[:60]

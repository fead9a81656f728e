"""Many people at once, asked of a server in a process of its own: `make eval-serving`, into docs/serving.md.

Every question is asked alone first: that answer is what each of the many must get, word for word. Two doors are tried, the chat's queue as
Gradio's client uses it, and the stream of the interface for programs. Knows nothing of how either is made.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from index import AssayError, Library

from ..command import carried_out
from ..timing import percentiles
from .__main__ import facts
from .aims import Line, table_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    import httpx

#: So many people, each asking so many questions one after another; and so many who come all at once.
PEOPLE, EACH, CROWD = 50, 6, 500

#: Milliseconds: 95 of a hundred answers are whole by then; and the first sentence of one person alone is there.
WHOLE_BY, FIRST_BY = 2000.0, 150.0

#: A server that does not listen by then, and an answer that does not come, are given up; seconds.
_PATIENCE = 120.0

#: What a server says with an answer.
_OK = 200

#: What a server that is busy says, and says politely.
_BUSY = (429, 503)


class Told(NamedTuple):
    """What came of one question."""

    status: int
    """Of HTTP; 0 where the connection failed."""
    text: str
    first: float
    """Milliseconds until the first words of the answer."""
    whole: float


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and write the page; 2 when something is missing, in one line."""
    parser = argparse.ArgumentParser(prog="python -m eval.suite.serving", description=__doc__)
    parser.add_argument("--index", type=Path, help="the index that is served; by default one of the sample articles, made for it")
    parser.add_argument("--out", type=Path, default=Path("docs"), help="gets serving.md")
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--crowd", type=int, default=CROWD)
    arguments = parser.parse_args(argv)
    return carried_out("eval-serving", lambda: _eval_serving(arguments), interrupted="nothing was written")


def _eval_serving(arguments: argparse.Namespace) -> None:
    questions = [json.loads(line)["question"] for line in (Path("seeds") / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
    with TemporaryDirectory() as folder:
        index = arguments.index or Path(folder) / "seeds.assay"
        if arguments.index is None:
            with Library.open(index) as library:
                library.add(Path("seeds") / "articles")
        with _served(index) as url:
            lines = [line for name, ask in DOORS.items() for line in asyncio.run(_measured(name, ask, url, questions, arguments))]
    about = facts([]) | {"Command": "`make eval-serving`", "Served": "30 sample articles" if arguments.index is None else "an index given"}
    about.pop("Left out", None)
    (arguments.out / "serving.md").write_text(serving_page(lines, about, arguments), encoding="utf-8")
    print(arguments.out / "serving.md")


@contextmanager
def _served(index: Path) -> Iterator[str]:
    """Serve an index without a reader, and yield where."""
    command = [sys.executable, "-m", "ui.cli", "--index", str(index), "--json", "serve", "--port", "0", "--reader", "none"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603  # our own command
        try:
            said = server.stdout.readline() if server.stdout else ""
            if not said:
                raise AssayError("expected a server of ours that listens, found that it ended; start `assay serve` to see why")
            yield str(json.loads(said)["url"]).rstrip("/")
        finally:
            server.terminate()


# --- doors ------------------------------------------------------------------------------------------------------------


async def _by_the_interface(client: httpx.AsyncClient, question: str) -> Told:
    """Ask the interface for programs for a stream."""
    started, first, text = time.perf_counter(), 0.0, ""
    async with client.stream("POST", "/api/v1/ask", json={"question": question, "stream": True}) as reply:
        if reply.status_code == _OK:
            async for data in _events(reply):
                first = first or _since(started)
                text = _words(data) if isinstance(data, dict) else text
        return Told(reply.status_code, text, first, _since(started))


def _words(answer: dict[str, Any]) -> str:
    """Return all that an answer says, but for its key and how long it took."""
    return json.dumps({name: value for name, value in answer.items() if name not in {"key", "timings_ms"}}, sort_keys=True)


async def _by_the_chat(client: httpx.AsyncClient, question: str) -> Told:
    """Ask the chat, as Gradio's own client does: a place in the queue, then a stream."""
    started, first, text = time.perf_counter(), 0.0, ""
    placed = await client.post("/gradio_api/call/chat", json={"data": [question]})
    if placed.status_code != _OK:
        return Told(placed.status_code, "", 0.0, _since(started))
    async with client.stream("GET", f"/gradio_api/call/chat/{placed.json()['event_id']}") as reply:
        if reply.status_code == _OK:
            async for data in _events(reply):
                first = first or _since(started)
                text = data[0] if isinstance(data, list) and data else text
        return Told(reply.status_code, text, first, _since(started))


DOORS: dict[str, Callable[[httpx.AsyncClient, str], object]] = {"chat": _by_the_chat, "interface": _by_the_interface}


async def _events(reply: httpx.Response) -> AsyncIterator[object]:
    """Yield the data of server-sent events that hold any."""
    async for line in reply.aiter_lines():
        if line.startswith("data:") and line[5:].strip() not in {"", "null"}:
            yield json.loads(line[5:])


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000


# --- people -----------------------------------------------------------------------------------------------------------


async def _tried(ask: Callable[..., object], client: httpx.AsyncClient, question: str) -> Told:
    import httpx

    started = time.perf_counter()
    try:
        return await ask(client, question)  # type: ignore[misc,no-any-return]
    except (httpx.HTTPError, ValueError):
        return Told(0, "", 0.0, _since(started))


async def _measured(name: str, ask: Callable[..., object], url: str, questions: Sequence[str], arguments: argparse.Namespace) -> list[Line]:
    import httpx

    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=_PATIENCE, limits=limits, trust_env=False) as client:
        alone = {question: await _tried(ask, client, question) for question in questions}
        if not all(one.text for one in alone.values()):
            raise AssayError(f"expected an answer to every question from the {name}, found none to some; start `assay serve` to see why")
        warm = [await _tried(ask, client, question) for question in questions[:20]]

        async def person(number: int) -> list[tuple[str, Told]]:
            mine = Random(number).sample(questions, EACH)  # noqa: S311  # a choice, no secret
            return [(one, await _tried(ask, client, one)) for one in mine]

        started = time.perf_counter()
        told = [one for several in await asyncio.gather(*map(person, range(arguments.people))) for one in several]
        seconds = time.perf_counter() - started
        crowd = await asyncio.gather(*(_tried(ask, client, questions[n % len(questions)]) for n in range(arguments.crowd)))
        after = await _tried(ask, client, questions[0])
    taken = [one.whole for _, one in told]
    p50, p95 = percentiles(taken)
    wrong = sum(one.status == _OK and one.text != alone[question].text for question, one in told)
    people, many = f"{name}, {arguments.people} people", f"{name}, {arguments.crowd} at once"
    failed = [one for one in crowd if one.status not in {_OK, *_BUSY}]
    return [
        Line(
            f"{name}, one person", "first words, median ms", float(np.median([one.first for one in warm])), FIRST_BY, len(warm), lower=True
        ),
        Line(people, "errors", sum(one.status != _OK for _, one in told), 0, len(told), lower=True),
        Line(people, "answers that are another's", wrong, 0, len(told), lower=True),
        Line(people, "whole answer, p50 ms", p50, None, len(told), lower=True),
        Line(people, "whole answer, p95 ms", p95, WHOLE_BY, len(told), lower=True),
        Line(people, "answers a second", len(told) / seconds, None, len(told)),
        Line(many, "answered", sum(one.status == _OK for one in crowd), None, len(crowd)),
        Line(many, "refused politely", sum(one.status in _BUSY for one in crowd), None, len(crowd)),
        Line(many, "failed otherwise", len(failed), 0, len(crowd), lower=True),
        Line(many, "answers afterwards as before", float(after.text == alone[questions[0]].text), 1, 1),
    ]


def serving_page(lines: Sequence[Line], about: dict[str, str], arguments: argparse.Namespace) -> str:
    """Return the page."""
    return "\n".join(
        [
            "# Many people at once, measured",
            "",
            f"{arguments.people} people who each ask {EACH} questions one after another, without a pause for thought, and then",
            f"{arguments.crowd} who all ask at once; answers are quoted, without a reader. Those who ask run on the same two cores.",
            "Written by `make eval-serving`.",
            "",
            *(f"- {name}: {value}" for name, value in about.items()),
            "",
            *table_of(lines, "who"),
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())

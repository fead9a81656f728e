"""What taking articles in costs: `make eval-intake`, into docs/intake.md.

A folder of news is mirrored, one file in a hundred is changed, and it is mirrored again: how long that takes beside the whole, and
whether every question finds the same as in a fresh index. And how time and memory grow with the number of files, and with the length
of a text, on an embedder that costs nothing, so that what is measured is our own. Knows nothing of how articles are kept.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from index import AssayError, Library, Refusal, SentenceTransformerEmbedder
from rag import Pipeline

from ..collections import load
from ..command import carried_out
from .__main__ import facts
from .aims import Line, table_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ..collections import Collection

#: The set that is mirrored, how many of its articles, one in how many is changed, and how many questions are asked of both indexes.
SET, FILES, CHANGED, QUESTIONS = "news2023", 2000, 100, 200

#: Of the time of the whole, what one hundredth may take.
SHARE = 0.03

#: Files of 3,000 characters, and megabytes of one text.
SIZES, MEGABYTES = (1000, 2000, 4000, 8000), (5, 10, 20)

#: Twice as much takes so many times as long, at most: twice, and what merging and a busy machine add.
GROWTH = 2.6

_WORDS = """
ore mine metal price export quota brine cobalt nickel lithium copper smelter refinery port minister market company output report year
the of and in to was said that for with from by has it will on as at which more than
""".split()


class FreeEmbedder:
    """An `Embedder` whose vectors cost nothing and say nothing: what is measured with it is all else."""

    name, dimension, max_tokens = "free", 384, 256
    sha256 = "0" * 64

    def embed_documents(self, texts: Sequence[str], *, done: Callable[[int], object] = lambda _: None) -> NDArray[np.float32]:
        """Return one unit vector a text, (n, dimension)."""
        vectors = np.random.default_rng(len(texts)).standard_normal((len(texts), self.dimension)).astype(np.float32)
        done(len(texts))
        unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Return the unit vector of a query, (dimension,)."""
        vector: NDArray[np.float32] = self.embed_documents([text])[0]
        return vector

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count as many as English words have, about."""
        return [len(text) // 4 + 1 for text in texts]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and write the page; 2 when something is missing, in one line."""
    parser = argparse.ArgumentParser(prog="python -m eval.suite.intake", description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("ASSAY_DATA") or None, help="the folder of the public sets")
    parser.add_argument("--out", type=Path, default=Path("docs"), help="gets intake.md")
    parser.add_argument("--files", type=int, default=FILES, help="of the folder that is mirrored")
    parser.add_argument("--only", choices=("sync", "growth"), help="measure this alone, and print it")
    parser.add_argument("--one", nargs=2, metavar=("KIND", "SIZE"), help=argparse.SUPPRESS)  # in a process of its own
    arguments = parser.parse_args(argv)
    if arguments.one:
        print(json.dumps(measured(arguments.one[0], int(arguments.one[1]))))
        return 0
    return carried_out("eval-intake", lambda: _eval_intake(arguments), interrupted="nothing was written")


def _eval_intake(arguments: argparse.Namespace) -> None:
    lines = _sync_lines(arguments) if arguments.only != "growth" else []
    lines += _growth_lines() if arguments.only != "sync" else []
    if arguments.only:
        print("\n".join(table_of(lines, "what")))
        return
    about = facts([]) | {"Command": "`make eval-intake`, with the public sets in `ASSAY_DATA`"}
    about.pop("Left out", None)
    (arguments.out / "intake.md").write_text(intake_page(lines, about, arguments.files), encoding="utf-8")
    print(arguments.out / "intake.md")


# --- one file in a hundred --------------------------------------------------------------------------------------------


def _sync_lines(arguments: argparse.Namespace) -> list[Line]:
    if arguments.data is None or not (arguments.data / SET).is_dir():
        raise AssayError(f"expected the public set {SET} in --data or $ASSAY_DATA, found none; see docs/measurements.md")
    collection, model = load(arguments.data / SET), SentenceTransformerEmbedder()
    model.embed_documents(["The first text loads the model."])
    with TemporaryDirectory() as name:
        folder = Path(name)
        articles = write_articles(collection, folder / "articles", arguments.files)
        with Library.open(folder / "index", model=model) as library, Library.open(folder / "fresh", model=model) as fresh:
            whole = _time(lambda: library.sync(articles))
            unchanged = _time(lambda: library.sync(articles))
            change(articles, CHANGED)
            part = _time(lambda: library.sync(articles))
            fresh.sync(articles)
            questions = [question.text for question in collection.questions[:QUESTIONS]]
            same = [alike(library, fresh, question) for question in questions]
    what = f"{arguments.files:,} files"
    lines = [Line(what, "the whole, seconds", whole.seconds, None, arguments.files)]
    for name, again, count in (
        ("nothing changed", unchanged, arguments.files),
        ("one in a hundred changed", part, arguments.files // CHANGED),
    ):
        share, processor = again.seconds / whole.seconds, again.processor / whole.processor
        lines.append(Line(what, f"again, {name}, share of the whole's time", share, SHARE, count, lower=True))
        lines.append(Line(what, f"again, {name}, share of the processor's", processor, SHARE, count, lower=True))
    return [
        *lines,
        Line(what, "questions with the same hits as in a fresh index", float(np.mean([hits for hits, _ in same])), 1, len(same)),
        Line(what, "questions with the same citations", float(np.mean([cited for _, cited in same])), 1, len(same)),
    ]


def write_articles(collection: Collection, folder: Path, count: int) -> Path:
    """Write the first articles of a collection as text files, a few folders full."""
    articles = (article for article in collection.articles() if not isinstance(article, Refusal))
    for number, article in zip(range(count), articles, strict=False):
        path = folder / f"{number % 20:02}" / f"{number:05}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{article.title}\n\n{article.text}", encoding="utf-8")
    return folder


def change(folder: Path, one_in: int) -> None:
    """Change one file in so many: two in five are edited, one is new, one is removed, one moved."""
    files = sorted(folder.rglob("*.txt"))
    for turn, path in enumerate(files[::one_in]):
        if turn % 5 in (0, 1):
            path.write_text(f"{path.read_text(encoding='utf-8')}\n\nA last line was added to report {turn}.", encoding="utf-8")
        elif turn % 5 == 2:
            path.with_name(f"new-{path.name}").write_text(f"Report {turn}\n\nA new report tells of mine {turn}.", encoding="utf-8")
        elif turn % 5 == 3:
            path.unlink()
        else:
            path.rename(folder / path.name)


def alike(one: Library, other: Library, question: str) -> tuple[bool, bool]:
    """Say whether two indexes give the same hits, and the same citations, for a question."""
    answers = [Pipeline(library).ask(question) for library in (one, other)]
    hits = [[(hit.article_id, hit.start, hit.end) for hit in answer.hits] for answer in answers]
    citations = [[(citation.article_id, citation.start, citation.end) for citation in answer.citations] for answer in answers]
    return hits[0] == hits[1], citations[0] == citations[1]


class _Time(NamedTuple):
    """How long something took by the clock, and how long the processor was busy with it, whatever else it had to do."""

    seconds: float
    processor: float


def _time(work: Callable[[], object]) -> _Time:
    started, busy = time.perf_counter(), time.process_time()
    work()
    return _Time(time.perf_counter() - started, time.process_time() - busy)


# --- growth -----------------------------------------------------------------------------------------------------------


def _growth_lines() -> list[Line]:
    lines = []
    for kind, sizes, unit in (("files", SIZES, "files"), ("text", MEGABYTES, "MB of one text")):
        found = [_in_a_process(kind, size) for size in sizes]
        for size, one in zip(sizes, found, strict=True):
            lines.append(Line(f"{size:,} {unit}", "seconds of our own work", one["seconds"], None, one["passages"]))
            lines.append(Line(f"{size:,} {unit}", "memory at most, MB", one["megabytes"], None, one["passages"]))
        for size, (before, after) in zip(sizes[1:], pairwise(found), strict=True):
            times = after["seconds"] / before["seconds"]
            lines.append(Line(f"{size:,} {unit}", "times as long as half of it", times, GROWTH, 1, lower=True))
    return lines


def _in_a_process(kind: str, size: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "eval.suite.intake", "--one", kind, str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own command
    if done.returncode:
        raise AssayError(f"expected a measurement of {size} {kind}, found that it failed: {done.stderr.strip().splitlines()[-1][:200]}")
    return dict(json.loads(done.stdout))


def measured(kind: str, size: int) -> dict[str, float]:
    """Take in so many files, or a text of so many megabytes, and return what that cost."""
    with TemporaryDirectory() as name:
        folder = Path(name) / "articles"
        folder.mkdir()
        if kind == "files":
            for number in range(size):
                (folder / f"{number:06}.txt").write_text(made_text(3_000, number), encoding="utf-8")
        else:
            (folder / "long.txt").write_text(made_text(size * 1_000_000, 0), encoding="utf-8")
        with Library.open(Path(name) / "index", model=FreeEmbedder()) as library:
            before = time.process_time()  # of the processor: nobody else's work counts
            report = library.add(folder)
            seconds = time.process_time() - before
            if report.refused:
                raise AssayError(f"expected every file to be taken in, found {report.refused[0]}")
            passages = library.counts()[1]
    return {"seconds": seconds, "passages": passages, "megabytes": _most_memory() / 1024}


def _most_memory() -> int:
    """Return the most memory that this process held, in KiB: its own, where the system tells it; `getrusage` begins with its parent's."""
    status = Path("/proc/self/status")
    told = re.search(r"VmHWM:\s*([0-9]+) kB", status.read_text()) if status.exists() else None
    return int(told[1]) if told else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def made_text(characters: int, seed: int) -> str:
    """Return a text of sentences in paragraphs, always the same for the same seed."""
    chance, sentences, length = Random(seed), [], 0  # noqa: S311  # a choice, no secret
    while length < characters:
        words = " ".join(chance.choices(_WORDS, k=chance.randint(6, 25)))
        sentences.append(f"{words.capitalize()} {chance.randint(1, 10**9)}.{chr(10) * 2 if chance.random() < 0.1 else ' '}")
        length += len(sentences[-1])
    return "".join(sentences)


def intake_page(lines: Sequence[Line], about: dict[str, str], files: int) -> str:
    """Return the page."""
    return "\n".join(
        [
            "# Taking articles in, measured",
            "",
            f"A folder of {files:,} news articles is mirrored (`assay sync`). Then one file in {CHANGED} changes (two of five are edited,",
            "one is new, one removed, one moved), and it is mirrored again; the same questions are asked of the index and of a fresh one.",
            "",
            "Below that, how our own work grows, embedding not counted: seconds of the processor, in a process of its own each.",
            "",
            *(f"- {name}: {value}" for name, value in about.items()),
            "",
            *table_of(lines, "what"),
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())

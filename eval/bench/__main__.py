"""`make bench`: us and the stock LangChain pipeline on the same articles with the same weights, each in its own processes.

Orders the steps, keeps what each one left, and writes docs/benchmarks.md with its plots and JSON. An interrupted run goes on where it
stopped when the same command is given again. Knows nothing of what either side does inside: `eval.bench.ours`, `eval.bench.stock`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

from tqdm import tqdm

from index import Article, AssayError, SentenceTransformerEmbedder

from ..collections import Collection, load
from ..command import carried_out
from ..measures import retrieval
from ..timing import WARM_UP, wall
from .figures import OURS, OURS_F32, STOCK, Run
from .journal import Journal, listed, write
from .machine import WITHOUT_BF16, EncoderShape
from .page import page
from .plots import draw
from .subset import SEED, judged_on, loading_order

#: The set, and the sizes that `--growth` goes through.
SET, GROWTH = "news2023", (500, 2000, 7580)

#: Timed questions after the warm-up; their rounds; fresh processes.
QUESTIONS, ROUNDS, FRESH = 200, 2, 5

_NEEDED = ("langchain_community", "langchain_huggingface", "matplotlib", "ir_measures")
_VERSIONS = (
    *("openvino", "faiss-cpu", "tantivy", "numpy", "torch", "sentence-transformers", "transformers"),
    *("langchain-core", "langchain-community", "langchain-huggingface", "langchain-text-splitters"),
)

#: No GPU on either side, no network, no tracing.
_ENVIRONMENT = {"CUDA_VISIBLE_DEVICES": "", "HF_HUB_OFFLINE": "1", "LANGSMITH_TRACING": "false"}

#: A step by name, and what carries it out and returns its figures.
Step: TypeAlias = tuple[str, Callable[[], dict[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is measured; a run is taken up again only when its plan is the same."""

    set: str
    sizes: list[int]
    questions: int
    warm_up: int
    rounds: int
    fresh: int
    seed: int
    corpus_bytes: int
    code: str
    """The beginning of the checksum of our code: a run of other code is not taken up."""
    versions: dict[str, str]


def main(argv: list[str] | None = None) -> int:
    """Measure and write; 2 when something is missing or failed, in one line."""
    arguments = _arguments(argv)
    kept = "what was measured is kept: the same command goes on from there"
    return carried_out("bench", lambda: _bench(arguments), interrupted=kept)


def _bench(arguments: argparse.Namespace) -> None:
    if arguments.render:
        publish(_again(arguments.render), arguments.out)
    else:
        journal = _measured(arguments)
        publish(journal.run, arguments.out)
        shutil.rmtree(journal.folder)  # not before its numbers lie elsewhere


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m eval.bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("ASSAY_DATA") or None, help="the folder of the public sets")
    parser.add_argument("--sizes", type=_positive, nargs="+", default=[GROWTH[0]], help="articles; several: the indexes grow")
    parser.add_argument("--growth", action="store_const", const=list(GROWTH), dest="sizes", help=f"the same as --sizes {GROWTH}")
    parser.add_argument("--questions", type=_positive, default=QUESTIONS, help="timed, after those that warm up")
    parser.add_argument("--rounds", type=_positive, default=ROUNDS)
    parser.add_argument("--fresh", type=_positive, default=FRESH, help="fresh processes a side and size")
    parser.add_argument("--work", type=Path, default=Path(".bench"), help="where indexes and an unfinished run are kept")
    parser.add_argument("--out", type=Path, default=Path("docs"), help="gets benchmarks.md and benchmarks/")
    parser.add_argument("--render", type=Path, metavar="JSON", help="measure nothing: write the page of an earlier run anew")
    return parser.parse_args(argv)


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 1, found {number}")
    return number


def publish(run: Run, out: Path) -> None:
    """Write the page, the plots and the numbers of a run under `out`."""
    folder = out / "benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    draw(run, folder / "growth.svg")
    write(folder / "results.json", listed(run))
    write(out / "benchmarks.md", page(run))
    print(out / "benchmarks.md")


def _again(path: Path) -> Run:
    try:
        run: Run = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AssayError(f"expected the numbers of an earlier run in {path}, found none ({error})") from error
    return run


def _measured(arguments: argparse.Namespace) -> Journal:
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise AssayError(f"expected the extra bench to be installed, found no {', '.join(missing)}; run `make bench`")
    if arguments.data is None or not (arguments.data / SET).is_dir():
        where = f"found no {SET} in {arguments.data}" if arguments.data else "ASSAY_DATA is not set"
        raise AssayError(f"expected the folder of the public sets, {where}; give it with --data or ASSAY_DATA")
    try:
        collection = load(arguments.data / SET)
        articles = {one.id: one for one in collection.articles() if isinstance(one, Article)}
    except (OSError, KeyError, ValueError) as error:
        raise AssayError(f"expected a question set in {arguments.data / SET}, found {type(error).__name__}: {error}") from error
    plan = _plan(arguments, collection, len(articles))
    journal = Journal(arguments.work / "-".join(map(str, plan.sizes)), _begun(plan))
    bench = Bench(plan, collection, articles, journal.folder)
    journal.keep("machine", partial(_called, [sys.executable, "-m", "eval.bench.machine"], _environment(OURS)))
    steps = list(bench.steps(float32_too=journal.run["machine"]["bf16"]))
    with tqdm(steps, desc="bench", unit="step", disable=None) as bar:
        for name, act in bar:
            bar.set_postfix_str(name)
            journal.keep(name, act)
    return journal


def _begun(plan: Plan) -> Run:
    """Return a run of which no step is done."""
    shape = EncoderShape.of(SentenceTransformerEmbedder().files.folder)
    return {"date": f"{datetime.now(UTC):%Y-%m-%d}", "sittings": 0, "plan": asdict(plan), "encoder": asdict(shape), "steps": {}}


def _plan(arguments: argparse.Namespace, collection: Collection, articles: int) -> Plan:
    usable = min(arguments.questions, len(collection.questions) - WARM_UP)
    if usable < 1:
        raise AssayError(f"expected more than {WARM_UP} questions in {collection.name}, found {len(collection.questions)}")
    return Plan(
        set=collection.name,
        sizes=sorted({min(size, articles) for size in arguments.sizes}),
        questions=usable,
        warm_up=WARM_UP,
        rounds=arguments.rounds,
        fresh=arguments.fresh,
        seed=SEED,
        corpus_bytes=collection.corpus.stat().st_size,
        code=_code(),
        versions={"Python": platform.python_version(), **{name: version(name) for name in _VERSIONS}},
    )


def _code() -> str:
    root = Path(__file__).parents[2]
    paths = sorted(path for room in ("index", "rag", "ui", "eval") for path in (root / room).rglob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()[:12]


class Bench:
    """The steps of a plan, in order; each side's index at a size lies in its own folder and begins as a copy of the one before."""

    def __init__(self, plan: Plan, collection: Collection, articles: dict[str, Article], folder: Path) -> None:
        """Measure `plan` on the articles of `collection`, by id, in `folder`."""
        self._plan, self._collection, self._articles, self._folder = plan, collection, articles, folder
        self._order = loading_order(collection, list(articles), seed=plan.seed)
        self._model = str(SentenceTransformerEmbedder().files.folder)
        self._timed = {one.id: one.text for one in collection.questions[: plan.warm_up + plan.questions]}
        write(folder / "timed.json", json.dumps(self._timed))

    def steps(self, *, float32_too: bool) -> Iterator[Step]:
        """Yield every step by its name: each side's first loading, then size by size, the smallest in float32 too where asked."""
        sides = (STOCK, OURS, OURS_F32) if float32_too else (STOCK, OURS)
        for side in sides:
            yield f"{side}/ready", partial(self._call, side, "ready")
        before = 0
        for size in self._plan.sizes:
            for side in sides if not before else (STOCK, OURS):
                yield f"{size}/{side}/ingest", partial(self._ingest, side, size, before)
            yield from self._questions(size)
            before = size

    def _questions(self, size: int) -> Iterator[Step]:
        for number in range(1, self._plan.rounds + 1):
            for side in (STOCK, OURS):
                yield f"{size}/{side}/warm/{number}", partial(self._asked, side, "warm", size, "timed")
        yield f"{size}/fresh", partial(self._fresh, size)
        for side in (STOCK, OURS):
            yield f"{size}/{side}/rank", partial(self._rank, side, size)

    def _ingest(self, side: str, size: int, before: int) -> dict[str, Any]:
        rows = self._folder / f"{before}-{size}.jsonl"
        added = [self._articles[one] for one in self._order[before:size]]
        write(rows, "".join(json.dumps(_row(one)) + "\n" for one in added))
        target, previous = self._at(side, size), self._at(side, before)
        shutil.rmtree(target, ignore_errors=True)  # of a step that was interrupted
        if before:
            shutil.copytree(previous, target)
        found = self._call(side, "ingest", "--index", str(target), "--articles", str(rows))
        found["index_bytes"] = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
        if side == OURS_F32:
            shutil.rmtree(target)
        return found

    def _asked(self, side: str, verb: str, size: int, questions: str) -> dict[str, Any]:
        return self._call(side, verb, "--index", str(self._at(side, size)), "--questions", str(self._folder / f"{questions}.json"))

    def _rank(self, side: str, size: int) -> dict[str, Any]:
        qrels = judged_on(self._collection, self._order[:size])
        write(self._folder / "judged.json", json.dumps({one.id: one.text for one in self._collection.questions if one.id in qrels}))
        run = self._asked(side, "rank", size, "judged")["run"] if qrels else {}
        return asdict(retrieval(run, qrels, ["R@10"])["R@10"])

    def _fresh(self, size: int) -> dict[str, Any]:
        """Time fresh processes from outside, the sides in turn; the first of each does not count."""
        texts = list(self._timed.values())
        seconds: dict[str, list[float]] = {STOCK: [], OURS: []}
        for number in range(self._plan.fresh + 1):
            for side, laps in seconds.items():
                command = self._first(side, size, texts[number % len(texts)])
                try:
                    laps.append(wall(command, env=_environment(side)))
                except subprocess.CalledProcessError as error:
                    raise _failure(error) from error
        return {side: laps[1:] for side, laps in seconds.items()}

    def _first(self, side: str, size: int, question: str) -> list[str]:
        folder = str(self._at(side, size))
        if side == STOCK:
            return [sys.executable, "-m", "eval.bench.stock", "first", "--model", self._model, "--index", folder, "--question", question]
        return [sys.executable, "-m", "ui.cli", "ask", question, "--index", folder]

    def _call(self, side: str, verb: str, *options: str) -> dict[str, Any]:
        module = "eval.bench.stock" if side == STOCK else "eval.bench.ours"
        return _called([sys.executable, "-m", module, verb, "--model", self._model, *options], _environment(side))

    def _at(self, side: str, size: int) -> Path:
        return self._folder / f"{side.replace(' ', '-')}-{size}"


def _row(article: Article) -> dict[str, Any]:
    return {"id": article.id, "title": article.title, "text": article.text, "source": article.source, "url": article.url}


def _environment(side: str) -> dict[str, str]:
    return {**os.environ, **_ENVIRONMENT, **(WITHOUT_BF16 if side == OURS_F32 else {})}


def _called(command: list[str], environment: dict[str, str]) -> dict[str, Any]:
    """Run one of our processes and return the JSON object on its last line; raises `AssayError` when it fails."""
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)  # noqa: S603  # our own modules
    except subprocess.CalledProcessError as error:
        raise _failure(error) from error
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _failure(error: subprocess.CalledProcessError) -> AssayError:
    said = (error.stderr.strip() or "nothing on stderr").splitlines()[-1][:300]
    return AssayError(f"expected `python -m {' '.join(error.cmd[2:4])}` to succeed, found exit {error.returncode}: {said}")


if __name__ == "__main__":
    sys.exit(main())

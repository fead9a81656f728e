"""`make eval`: every set of the project's evaluation, asked and measured, into docs/evaluation.md and one HTML report.

Nobody reads the passages here: a part of most of these sets trained our reader. What it changes on the others, `make eval-reader` shows. An
interrupted evaluation goes on where it stopped when the same command is given again. Knows nothing of how anything is measured.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from index import AssayError
from rag import DENSE_WEIGHT

from ..command import carried_out
from ..comparison import compare
from ..corpora import indexed
from ..evaluation import Evaluation, Target, description, evaluate, load_evaluation
from ..formats import load_dataset
from ..journal import finished, of_the_same
from ..report import report_of
from .page import page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..dataset import Dataset


@dataclass(frozen=True, slots=True)
class Set:
    """One set of the evaluation: where it lies in the folder of the public data, and how many of its questions are asked."""

    name: str
    path: str
    limit: int | None = None
    judged_only: bool = False


SETS = (
    Set("seeds", "seeds"),
    Set("time1963", "time1963", judged_only=True),
    Set("multihop", "multihop"),
    Set("news2023", "news2023", 300, judged_only=True),
    Set("timeqa", "timeqa"),
    Set("chunking", "chunking"),
    Set("quotesum", "quotesum"),
    Set("squad2", "reading/squad2", 300),
)

#: The set on which the product is compared with itself and with itself without words.
COMPARED = "multihop"


def main(argv: Sequence[str] | None = None) -> int:
    """Evaluate and write; 2 when something is missing, in one line."""
    parser = argparse.ArgumentParser(prog="python -m eval.suite", description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("ASSAY_DATA") or None, help="the folder of the public sets")
    parser.add_argument("--work", type=Path, default=Path(".eval"), help="where the runs are kept")
    parser.add_argument("--out", type=Path, default=Path("docs"), help="gets evaluation.md")
    parser.add_argument("--only", nargs="+", choices=[one.name for one in SETS], default=[one.name for one in SETS])
    arguments = parser.parse_args(argv)
    kept = "the answers so far are kept: the same command goes on from there"
    return carried_out("eval", lambda: _evaluate_all(arguments), interrupted=kept)


def _evaluate_all(arguments: argparse.Namespace) -> None:
    if arguments.data is None or not arguments.data.is_dir():
        raise AssayError("expected the folder of the public sets, found none; give it with --data or ASSAY_DATA")
    evaluations, comparisons = {}, {}
    for one in SETS:
        if one.name in arguments.only:
            dataset = chosen(one, arguments.data)
            evaluations[one.name] = _evaluated(dataset, arguments.work / one.name)
            if one.name == COMPARED:
                again = _evaluated(dataset, arguments.work / f"{one.name} again")
                vectors = _evaluated(dataset, arguments.work / f"{one.name} vectors alone", dense_weight=1.0)
                for title, other in (("The same system twice", again), ("With vectors alone", vectors)):
                    comparisons[f"{title}: {one.name}"] = compare([evaluations[one.name].grades, other.grades])
        if one.name in evaluations:
            report = arguments.work / one.name / "report.html"
            report.write_text(report_of([evaluations[one.name]]), encoding="utf-8")
            print(report)
    text = page(evaluations, comparisons, facts(list(evaluations)))
    (arguments.out / "evaluation.md").write_text(text, encoding="utf-8")
    print(arguments.out / "evaluation.md")


def chosen(one: Set, data: Path) -> Dataset:
    """Return a set with the questions of it that are asked."""
    dataset = load_dataset(one.path if one.path == "seeds" else data / one.path)
    if one.judged_only:
        dataset = replace(dataset, examples=tuple(example for example in dataset.examples if example.relevant))
    return replace(dataset.limited(one.limit), name=one.name)


def facts(sets: Sequence[str]) -> dict[str, str]:
    """Return what the figures of these sets hold for: when, where, with which versions, by which command."""
    left_out = [one.name for one in SETS if one.name not in sets]
    command = f"python -m eval.suite --only {' '.join(sets)}" if left_out else "make eval"
    libraries = ("openvino", "faiss-cpu", "tantivy", "ir-measures")
    return {
        "Date": f"{datetime.now(UTC):%Y-%m-%d}",
        "Machine": f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}",
        "Versions": ", ".join(f"{name} {version(name)}" for name in ("assay", *libraries)),
        "Command": f"`{command}`, with the public sets in `ASSAY_DATA`",
        **({"Left out": ", ".join(left_out)} if left_out else {}),
    }


def _evaluated(dataset: Dataset, folder: Path, *, dense_weight: float = DENSE_WEIGHT) -> Evaluation:
    """Return the evaluation of a set, from `folder` when it is there and of the same, made there otherwise."""
    bar = tqdm(desc=f"articles of {dataset.name}", unit=" passages", disable=None)
    with indexed(dataset, progress=lambda _, passages: bar.update(passages)) as library:
        bar.close()
        target = Target.of(library, reader=None, dense_weight=dense_weight)
        if finished(folder):
            if of_the_same(folder, description(dataset, target)):
                return load_evaluation(folder)
            shutil.rmtree(folder)
        with tqdm(total=len(dataset.examples), desc=folder.name, unit=" questions", disable=None) as shown:
            return evaluate(dataset, target, folder=folder, done=shown.update)


if __name__ == "__main__":
    sys.exit(main())

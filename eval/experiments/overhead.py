"""What evaluating costs beyond answering: the speed of an evaluation as a share of that of the bare pipeline, on the same questions."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tqdm import tqdm

from rag import Pipeline, Question

from ..evaluation import Target, answered, description
from ..grading import grade
from ..journal import begun
from ..run import Run
from ..statistics import figure
from ..timing import WARM_UP

if TYPE_CHECKING:
    from index import Library

    from ..dataset import Dataset


def overhead_rows(dataset: Dataset, library: Library, *, questions: int = 1000) -> list[str]:
    """Return the seconds of each way over the same questions, asked in turn; the second holds all measures and intervals."""
    dataset = dataset.limited(WARM_UP + questions)
    pipeline, target = Pipeline(library), Target.of(library, reader=None)
    bare = evaluated = 0.0
    rows = []
    with TemporaryDirectory() as folder, begun(Path(folder) / "run", description(dataset, target)) as journal:
        for number, example in enumerate(tqdm(dataset.examples, desc=f"{dataset.name}, overhead", disable=None)):
            laps = [0.0, 0.0]
            for way in (0, 1) if number % 2 else (1, 0):
                start = time.perf_counter()
                if way:
                    rows.append(answered(example, target))
                    journal.append(rows[-1])
                else:
                    pipeline.ask(Question(example.question, example.history, example.id))
                laps[way] = time.perf_counter() - start
            if number >= WARM_UP:
                bare, evaluated = bare + laps[0], evaluated + laps[1]
        start = time.perf_counter()
        grades = grade(Run(name="overhead", rows=tuple(rows), about=journal.about))
        journal.finish(grades)
        for column in grades.columns:
            figure(column)
        measured = time.perf_counter() - start
    asked = len(rows) - WARM_UP
    share = bare / (evaluated + measured)
    return [f"| {dataset.name} | {asked:,} | {bare:.1f} s | {evaluated:.1f} s | {measured:.1f} s | {share:.0%} |"]

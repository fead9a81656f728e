"""`make eval-reader`: what reading the passages changes, on questions that the reader has not seen, into docs/reader.md.

Each figure is taken twice in one run, without the reader and with it, and stands beside what was asked of it. Knows nothing of how a
reader is trained, but for which questions it was never shown.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from index import Article, ArticleFilter, AssayError, Library
from rag import OWN, PASSAGES_READ, SURE, Pipeline, ReadingRetriever, Retriever, reader_named, weigh

from ..command import carried_out
from ..corpora import indexed
from ..evaluation import Target, evaluate
from ..gold import locate
from ..grading.wording import best, exact, token_f1
from ..training.mining import known_places, stands_in
from ..training.sets import SOURCES, Part
from ..training.sets import chosen as part_of
from .__main__ import SETS, chosen, facts
from .kept import checksum_of_rooms, kept
from .reader_page import Line, reader_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from index import View
    from rag import Citation, Reader

    from ..dataset import Dataset, Example
    from ..evaluation import Evaluation
    from ..run import Row

#: The sets of whole runs, and the measures that are asked of each with what they should at least be.
ASKED: dict[str, dict[str, float | None]] = {
    "seeds": {"contained": 0.85, "EM": None, "F1": None, "right": None, "refusal_precision": 0.9, "refusal_recall": 0.9},
    "news2023": {"contained": None, "EM": 0.25},
    "timeqa": {"Success@1": 0.45},
    "time1963": {},
    "multihop": {},
    "quotesum": {},
    "chunking": {},
}

#: What is asked of the ranking of a set.
RANKINGS = {"time1963": 0.74, "multihop": 0.88}

#: Cold starts that are timed.
_STARTS = 5


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and write; 2 when something is missing, in one line."""
    parser = argparse.ArgumentParser(prog="python -m eval.suite.reader", description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("ASSAY_DATA") or None, help="the folder of the public sets")
    parser.add_argument("--out", type=Path, default=Path("docs"), help="gets reader.md")
    parser.add_argument("--reader", default=OWN, help="who reads, by name or folder; by default what `make train-reader` made")
    parser.add_argument("--keep", type=Path, default=Path(".eval/reader"), help="keeps the figures of each set: interrupted, it goes on")
    parser.add_argument("--only", nargs="+", choices=["squad2", "trecqa", "cost", *ASKED], help="these alone, printed and not written")
    arguments = parser.parse_args(argv)
    return carried_out(
        "eval-reader", lambda: _eval_reader(arguments), interrupted="the sets that were done are kept: the same command goes on from there"
    )


def _eval_reader(arguments: argparse.Namespace) -> None:
    if arguments.data is None or not arguments.data.is_dir():
        raise AssayError("expected the folder of the public sets, found none; give it with --data or ASSAY_DATA")
    reader = reader_named(arguments.reader)
    made_by = f"{checksum_of_rooms()} {reader.name}"
    lines = [
        line
        for name in arguments.only or ["squad2", *ASKED, "trecqa", "cost"]
        for line in kept(arguments.keep, name, made_by, partial(_measured, name, arguments.data, reader))
    ]
    text = reader_page(lines, facts([one.name for one in SETS]) | {"Command": "`make eval-reader`, with the public sets in `ASSAY_DATA`"})
    if arguments.only:
        print(text)
    else:
        (arguments.out / "reader.md").write_text(text, encoding="utf-8")
        print(arguments.out / "reader.md")


def _measured(name: str, data: Path, reader: Reader) -> Iterator[Line]:
    """Yield the figures of a set, or of what is measured otherwise."""
    if name == "squad2":
        yield from _squad(data, reader)
    elif name == "trecqa":
        yield from _trec(data / "reading" / "trecqa.pairs_dev.jsonl.gz", reader)
    elif name == "cost":
        yield from _cost(data, reader)
    else:
        yield from _of_runs(name, data, reader)


def unseen(name: str, dataset: Dataset, view: View) -> Dataset:
    """Return a set with those of its questions that training never saw: all where it is not trained on."""
    source = next((one for one in SOURCES if one.name == name), None)
    return dataset if source is None else replace(dataset, examples=tuple(part_of(source, view, dataset, Part.TEST)))


# --- SQuAD ------------------------------------------------------------------------------------------------------------


def _squad(data: Path, reader: Reader) -> Iterator[Line]:
    """Questions of articles never seen: over all paragraphs, with half of the answering ones left out, and near misses on their own."""
    whole = next(one for one in SETS if one.name == "squad2")
    dataset = chosen(replace(whole, limit=None), data)
    with indexed(dataset) as library, library.view() as view:
        examples = unseen("squad2", dataset, view).examples
        answerable = [one for one in examples if one.answerable and one.relevant]
        systems = {"without": None, "with": reader}
        yield from _open(view, library, answerable, systems)
        every = {record["id"] for record in view.store.records()}
        left_out = [(one, place % 2 == 0, every - set(one.relevant) if place % 2 else every) for place, one in enumerate(answerable)]
        yield from _silence("its article left out for half", library, left_out, systems, (0.95, 0.87))
        given = [(one, bool(one.answerable), set(one.relevant) or {one.metadata["context_id"]}) for one in examples]
        yield from _silence("near misses, its own paragraph given", library, given, systems, (0.80, 0.72))


def _open(view: View, library: Library, examples: Sequence[Example], systems: dict[str, Reader | None]) -> Iterator[Line]:
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for name, reader in systems.items():
        retriever = ReadingRetriever(library, reader, depth=PASSAGES_READ, sure=SURE) if reader else Retriever(library)
        pipeline = Pipeline(library, retriever=retriever, threshold=0)
        for one in tqdm(examples, desc=f"squad2, {name} a reader", unit="question", disable=None):
            places = list(known_places(view, one, locate(view, one).spans))
            passages = retriever.retrieve(view, one.question, PASSAGES_READ)
            evidence = weigh(view, one.question, [each for each in passages if each.reading] or passages)
            found["right sentence first"][name].append(float(bool(evidence) and any(stands_in(known, evidence[0]) for known in places)))
            answer = pipeline.ask(one.question).short_answer or ""
            found["EM of the short answer"][name].append(best(exact, answer, one.answers))
            found["F1 of the short answer"][name].append(best(token_f1, answer, one.answers))
    for measure, at_least in (("right sentence first", 0.87), ("EM of the short answer", 0.55), ("F1 of the short answer", 0.67)):
        values = {name: float(np.mean(each)) for name, each in found[measure].items()}
        yield Line("squad2, all paragraphs", measure, values["without"], values["with"], at_least, len(examples))


def _silence(
    about: str,
    library: Library,
    asked: Sequence[tuple[Example, bool, set[str]]],
    systems: dict[str, Reader | None],
    at_least: tuple[float, float],
) -> Iterator[Line]:
    """Yield how well confidence and silence tell questions that the articles given answer from others."""
    from sklearn.metrics import f1_score, roc_auc_score

    truth = np.array([answered for _, answered, _ in asked])
    values: dict[str, tuple[float, float]] = {}
    for name, reader in systems.items():
        pipeline = Pipeline(library, reader=reader)
        answers = [
            pipeline.ask(one.question, only=ArticleFilter(ids=tuple(sorted(ids))))
            for one, _, ids in tqdm(asked, desc=f"squad2, {about}, {name}", unit="question", disable=None)
        ]
        sure = np.array([answer.confidence for answer in answers])
        silent = np.array([answer.abstained for answer in answers])
        values[name] = (float(roc_auc_score(truth, sure)), float(f1_score(~truth, silent)))
    for place, measure in enumerate(("AUROC of the confidence", "refusal F1")):
        yield Line(f"squad2, {about}", measure, values["without"][place], values["with"][place], at_least[place], len(asked))


# --- whole runs -------------------------------------------------------------------------------------------------------


def _of_runs(name: str, data: Path, reader: Reader) -> Iterator[Line]:
    whole = next(one for one in SETS if one.name == name)
    dataset = chosen(replace(whole, limit=None), data)
    with indexed(dataset) as library:
        with library.view() as view:
            dataset = unseen(name, dataset, view)
        runs: list[Evaluation] = []
        for one in (None, reader):
            target = Target.of(library, reader=one)
            with tqdm(
                total=len(dataset.examples), desc=f"{name}, {one.name if one else 'no reader'}", unit="question", disable=None
            ) as bar:
                runs.append(evaluate(dataset, target, done=bar.update))
    if name == "seeds":
        cited = [_cited(run) for run in runs]
        yield Line(name, "right article cited", cited[0][0], cited[1][0], 0.98, cited[1][1])
    wanted: dict[str, float | None] = {"nDCG@10": RANKINGS.get(name), **ASKED[name], "ECE": 0.05}
    for measure, at_least in wanted.items():
        if measure in runs[1].figures:
            before, after = (run[measure] for run in runs)
            yield Line(name, measure, before.value or 0.0, after.value or 0.0, at_least, after.n, lower=measure == "ECE")


def _cited(run: Evaluation) -> tuple[float, int]:
    """Return the share of the answerable questions whose answer cites a relevant article, silence a miss, and how many there are."""
    rows = [row for row in run.run.rows if row.example.relevant]
    return float(np.mean([any(_about(one, row.example.relevant) for one in _citations(row)) for row in rows])), len(rows)


def _citations(row: Row) -> tuple[Citation, ...]:
    return row.answer.citations if row.answer else ()


def _about(citation: Citation, relevant: Iterable[str]) -> bool:
    return bool({citation.article_id, *citation.also_in} & set(relevant))


# --- sentences --------------------------------------------------------------------------------------------------------


def _trec(file: Path, reader: Reader) -> Iterator[Line]:
    """Mean average precision of each question's own sentences, in the order of the search: those with a right and a wrong one."""
    pairs: dict[str, dict[str, int]] = defaultdict(dict)
    with gzip.open(file, "rt", encoding="utf-8") as rows:
        for row in map(json.loads, rows):
            sentences = pairs[row["question"]]
            sentences[row["sentence"]] = max(row["label"], sentences.get(row["sentence"], 0))
    judged = {question: labels for question, labels in pairs.items() if len(set(labels.values())) == 2}
    ids = {sentence: f"s{n}" for n, sentence in enumerate(dict.fromkeys(chain.from_iterable(judged.values())))}
    with tempfile.TemporaryDirectory() as folder, Library.open(folder) as library:
        library.add([Article(id=name, title=sentence, text=sentence) for sentence, name in ids.items()])
        values = []
        for retriever in (Retriever(library), ReadingRetriever(library, reader, depth=max(map(len, judged.values())))):
            with library.view() as view:
                values.append(float(np.mean([_precision(view, retriever, one, labels, ids) for one, labels in tqdm(judged.items())])))
    yield Line("TREC-QA, pairs of dev", "MAP", values[0], values[1], 0.75, len(judged))


def _precision(view: View, retriever: Retriever, question: str, labels: dict[str, int], ids: dict[str, str]) -> float:
    right = {ids[sentence] for sentence, label in labels.items() if label}
    only = ArticleFilter(ids=tuple(sorted(ids[sentence] for sentence in labels)))
    ranked = [name for name, _ in retriever.ranking(view, question, len(labels), only=only).articles]
    return average_precision([name in right for name in ranked], len(right))


def average_precision(right: Iterable[bool], total: int) -> float:
    """Return the mean, over all right ones, of the precision at the rank of each; 0 for those not ranked."""
    found, value = 0, 0.0
    for rank, one in enumerate(right, 1):
        found += one
        value += found / rank if one else 0.0
    return value / total


# --- cost -------------------------------------------------------------------------------------------------------------


def _cost(data: Path, reader: Reader) -> Iterator[Line]:
    """Yield the median of a warm question over real news, and of a process that answers its first over the sample articles, in ms."""
    news = chosen(next(one for one in SETS if one.name == "news2023"), data)
    values = []
    with indexed(news) as library:
        for one in (None, reader):
            pipeline = Pipeline(library, reader=one)
            times = [pipeline.ask(example.question).timings_ms["total"] for example in news.examples]
            values.append(float(np.median(times[10:])))
    yield Line("news2023", "a warm question, ms", values[0], values[1], 150, len(news.examples) - 10, lower=True)
    seeds = chosen(next(one for one in SETS if one.name == "seeds"), data)
    with indexed(seeds) as library:
        folder = str(library.folder)
    cold = [_cold(folder, name) for name in ("none", reader.name)]
    yield Line("seeds", "a cold process, s", cold[0], cold[1], 1.2, _STARTS, lower=True)


def _cold(folder: str, reader: str) -> float:
    command = [sys.executable, "-m", "ui.cli", "--index", folder, "ask", "--reader", reader, "When was the lithium plan presented?"]
    times = []
    for _ in range(_STARTS + 1):
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603  # our own command
        times.append(time.perf_counter() - started)
    return float(np.median(times[1:]))  # the first one fills the machine's caches


if __name__ == "__main__":
    sys.exit(main())

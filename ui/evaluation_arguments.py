"""What can be asked of `assay eval`: its verbs and their options. Runs nothing."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

from . import evaluation, reading, writing

if TYPE_CHECKING:
    from collections.abc import Callable

    #: Adds a verb by its name, what it is about in a few words, its function, and more about it; returns its parser.
    AddVerb = Callable[..., argparse.ArgumentParser]

_SETS = (
    "a set of questions: `seeds`, which is built in, or the path of one: JSON lines, a BEIR or TREC folder, SQuAD, CSV (docs/datasets.md)"
)

_KEPT = "interrupted; the answers so far are kept, and running the same command again goes on from there"


def add_verbs(verb: AddVerb) -> None:
    """Add the verbs of `assay eval`."""
    _run(verb)
    compares = "Question by question, with intervals and tests; refuses runs of different questions. The first run is the baseline."
    compare = verb("compare", "compare runs of the same questions", evaluation.compare, compares)
    compare.add_argument("runs", metavar="RUN", nargs="+", type=_path, help="folders of finished runs, two or more")
    compare.add_argument(
        "--test", choices=("fisher", "t"), default="fisher", help="for means: Fisher's randomisation, or the paired t test"
    )
    compare.add_argument("--changed", metavar="N", type=_count, default=5, help="changed questions shown, each way; 5 by default")
    report = verb("report", "write one HTML page of one or more runs", evaluation.report, "It opens from disk, without a network.")
    report.add_argument("runs", metavar="RUN", nargs="+", type=_path, help="folders of finished runs")
    report.add_argument("--out", metavar="FILE", type=_path, help="by default report.html in the folder of the first run")
    makes = "Without --llm an honest lexical set: gaps to fill, titles to find, questions without an answer."
    generate = verb("generate", "make questions from the articles of an index", evaluation.generate, makes)
    generate.add_argument("-n", "--n", metavar="N", type=_count, default=50, help="how many; 50 by default")
    generate.add_argument("--out", metavar="FILE", type=_path, required=True, help="the set to write, JSON lines")
    generate.add_argument("--llm", metavar="PROVIDER:MODEL", type=_path, help="a chat model that writes natural questions")
    generate.add_argument("--seed", metavar="S", type=_seed, default=0, help="another number draws other sentences")
    takes = "What the chat kept with the index; or FILE, which holds its rows as JSON, or Gradio's log.csv."
    feedback = verb("import-feedback", "turn thumbs and corrections into questions", evaluation.import_feedback, takes)
    feedback.add_argument("file", metavar="FILE", nargs="?", type=_path, help="by default what the index at --index keeps")
    feedback.add_argument("--out", metavar="FILE", type=_path, required=True, help="the set to write, JSON lines")


def _run(verb: AddVerb) -> None:
    about = "Every question yields a row, every measure its figure with a 95 % interval. A set that brings articles is asked of these."
    run = verb("run", "ask every question of a set and measure the answers", evaluation.run, about)
    run.add_argument("dataset", metavar="DATASET", type=_path, help=_SETS)
    run.add_argument("--limit", metavar="N", type=_count, help="only the first N questions")
    run.add_argument(
        "--out", metavar="DIR", type=_path, help="the folder of the run; by default a new one in runs/ of the index, else linked there"
    )
    run.add_argument("--ranking", choices=("fused", "words", "vectors"), default="fused", help="what passages are found by")
    run.add_argument("--retrieval", metavar="NAME", action="append", help="a further measure of ir-measures, such as nDCG@20")
    run.add_argument("--by", choices=("type", "turn", "answerable"), help="show the figures apart for each of these too")
    run.add_argument("--measure", metavar="FILE.py:FUNCTION", action="append", help="a measure of your own; its code is run")
    run.add_argument("--judge", metavar="PROVIDER:MODEL", type=_path, help="a chat model that judges too, beside the other figures")
    reading.add_options(run, answers=True)
    writing.add_options(run)
    gate = run.add_argument_group("gate", "exit 1 when a figure misses what is asked and its interval excludes luck")
    gate.add_argument("--min", metavar="NAME=V", action="append", dest="at_least", help="at least V, such as nDCG@10=0.70")
    gate.add_argument("--max", metavar="NAME=V", action="append", dest="at_most", help="at most V, such as ECE=0.1")
    gate.add_argument("--baseline", metavar="FILE", type=_path, help="an earlier run, its folder or its grades.json")
    gate.add_argument("--max-drop", metavar="NAME=V", action="append", help="worse than the baseline by at most V")
    gate.add_argument("--junit", metavar="FILE", type=_path, help="write the checks as JUnit XML")
    gate.add_argument("--markdown", metavar="FILE", type=_path, help="write figures and checks as Markdown")
    run.set_defaults(interrupted=_KEPT)


def _path(text: str) -> str:
    if not text or "\0" in text or re.search("[\ud800-\udfff]", text):
        raise argparse.ArgumentTypeError(f"expected a name in UTF-8, found {text!r}")
    return text


def _count(text: str) -> int:
    if not re.fullmatch("[0-9]{1,7}", text) or not int(text):
        raise argparse.ArgumentTypeError(f"expected a number from 1, found {text!r}")
    return int(text)


def _seed(text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text):
        raise argparse.ArgumentTypeError(f"expected a number of up to nine digits, found {text!r}")
    return int(text)

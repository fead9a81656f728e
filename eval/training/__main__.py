"""`make train-reader`: from the public question sets to a reader of our own. Two and a half hours on two cores.

Steps, each kept in a folder and taken up again where it stopped: lessons, learning to answer and, with `--claims`, to check claims as well,
and the small file that is kept. Knows nothing of what any of them does.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from index import DEFAULT_MODEL, AssayError, TextTokenizer, locate
from rag import MAX_TOKENS, reader_network

from ..command import carried_out
from .claims import beside_others, checksum, invented, made, written
from .lessons import lessons_of, make_lessons, with_changed
from .sets import SOURCES, Part

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Passages that do not answer, with each question.
WRONG = 1

#: The share of the questions that are shown a second time, changed so that nothing answers them.
CHANGED = 0.25

#: Passages are cut down to so many characters in the first stage: three are read in the time of two whole ones.
SHORT = 400

#: Claims that are made by rule, and questions that are practised on between claims, so that answering is not unlearnt.
MADE, PRACTISED = 5_000, 3_000

#: The share of the supported claims that are shown beside another passage too.
BESIDE = 0.6

#: The highest learning rate while claims are learnt.
PEAK_OF_CLAIMS = 1e-4


def main(argv: Sequence[str] | None = None) -> int:
    """Train and write; 2 when something is missing, in one line."""
    parser = argparse.ArgumentParser(prog="python -m eval.training", description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("ASSAY_DATA") or None, help="the folder of the public sets")
    parser.add_argument("--work", type=Path, default=Path(".training"), help="where lessons and checkpoints are kept")
    parser.add_argument("--out", type=Path, default=Path("rag/model"), help="gets the reader's files")
    parser.add_argument("--short", type=int, default=3, help="how often each question is read beside stretches of passages")
    parser.add_argument("--whole", type=int, default=1, help="how often, after that, beside whole passages")
    parser.add_argument(
        "--claims", type=int, default=0, help="how often, after that, each claim is checked; no better than no checker, so 0"
    )
    parser.add_argument("--lessons-only", action="store_true", help="make the lessons and stop")
    arguments = parser.parse_args(argv)
    kept = "what is done is kept: the same command goes on from there"
    return carried_out("train-reader", lambda: _train(arguments), interrupted=kept)


def _train(arguments: argparse.Namespace) -> None:
    if arguments.data is None or not arguments.data.is_dir():
        raise AssayError(f"expected the folder of the public sets, found {arguments.data}; give it with --data or ASSAY_DATA")
    lessons = arguments.work / "lessons"
    make_lessons(arguments.data, lessons)
    if arguments.lessons_only:
        return
    from .fit import Schedule, Stage, fit
    from .keep import calibrated, keep

    names = [source.name for source in SOURCES]
    base = locate(DEFAULT_MODEL)
    tokenizer = TextTokenizer((base.folder / "tokenizer.json").read_text(encoding="utf-8"), MAX_TOKENS)
    questions = with_changed(lessons_of(lessons, Part.TRAIN, *names), CHANGED)
    stages = [Stage(questions, arguments.short, WRONG, SHORT), Stage(questions, arguments.whole, WRONG)]
    network = reader_network(base.folder)
    weights = fit(network, tokenizer, stages, Schedule(), arguments.work)
    epochs = {"short": arguments.short, "whole": arguments.whole}
    facts: dict[str, Any] = {"questions": len(questions), "epochs": epochs, "sets": {source.name: source.licence for source in SOURCES}}
    held_out = lessons_of(lessons, Part.DEV, *names)
    if arguments.claims:
        answered = {checksum(one): one for lesson in lessons_of(lessons, Part.TRAIN, *names) for one in lesson.positives}
        told = [*written(answered, Part.TRAIN), *invented(Part.TRAIN)]
        claims = [*told, *beside_others(told, BESIDE), *made(list(answered.values()), MADE)]
        practice = Random(1963).sample(questions, min(PRACTISED, len(questions)))  # noqa: S311  # a choice, no secret
        network.load_state_dict(weights)
        both = Stage([*claims, *practice], arguments.claims, WRONG, SHORT)
        weights = fit(network, tokenizer, [both], Schedule(peak=PEAK_OF_CLAIMS), arguments.work / "claims")
        facts |= {"claims": len(claims), "epochs": {**epochs, "claims": arguments.claims}}
        held_out += [*written(answered, Part.DEV), *invented(Part.DEV)]
    keep(weights, base, arguments.out, facts)
    calibrated(arguments.out, held_out)


if __name__ == "__main__":
    sys.exit(main())

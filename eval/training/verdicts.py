"""How much each sign counts for whether quotes support a claim: `python -m eval.training.verdicts`, after `make train-reader`.

Two fits of what `rag.verify` weighs, each printed sign by sign: with a checker's word, on claims held out of its training, and without one,
on any claims that training has. True and untrue ones count the same, and what is fitted is judged on claims about other passages.
Knows nothing of networks.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from tqdm import tqdm

from index import Article, ArticleFilter, AssayError, Library
from rag import OWN, Retriever, Signs, hold, own_reader, question_terms, reader_named

from ..command import carried_out
from .claims import beside_others, checksum, invented, made, written
from .lessons import lessons_of
from .sets import SOURCES, Part
from .weights import auroc, logistic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rag import Checker

    from .lesson import Candidate, Lesson

#: So many claims of training are looked at where no checker is asked.
_CLAIMS = 4_000

#: The share of them that is judged and not fitted, by passage.
_JUDGED = 0.25

#: A passage of those sets may be several here, which are taken together.
_DEPTH = 8

#: Signs that speak against a claim.
_AGAINST = ("turned", "widened", "firmed", "swapped")

#: What counts where a checker has its word, and where not.
_FITTED = {True: ("checked", "cosine", *_AGAINST), False: ("coverage", "cosine", *_AGAINST)}


class Seen(NamedTuple):
    """A claim held against its passage."""

    passage: str
    supported: bool
    lacking: bool
    """A figure, date, name or quotation of it does not stand there: it is not supported, whatever the signs say."""
    signs: Signs


def main(argv: Sequence[str] | None = None) -> int:
    """Fit and print."""
    parser = argparse.ArgumentParser(prog="python -m eval.training.verdicts", description=__doc__)
    parser.add_argument("--work", type=Path, default=Path(".training"), help="where `make train-reader` keeps its lessons")
    parser.add_argument("--reader", default=OWN, help="who checks, by folder; by default what comes with Assay")
    arguments = parser.parse_args(argv)
    return carried_out("verdicts", lambda: _fit(arguments), interrupted="nothing was kept")


def _fit(arguments: argparse.Namespace) -> None:
    lessons = arguments.work / "lessons"
    if not lessons.is_dir():
        raise AssayError(f"expected the lessons of `make train-reader` in {lessons}, found none; make them with --lessons-only")
    reader = reader_named() if arguments.reader == OWN else own_reader(Path(arguments.reader))
    passages = {
        checksum(one): one
        for part in (Part.TRAIN, Part.DEV)
        for lesson in lessons_of(lessons, part, *(source.name for source in SOURCES))
        for one in lesson.positives
    }
    if reader.checks:
        told = [*written(passages, Part.DEV), *invented(Part.DEV)]
        _report(seen([*told, *beside_others(told, 0.5)], reader), checked=True)
    told = [*written(passages, Part.TRAIN), *invented(Part.TRAIN)]
    every = [*told, *beside_others(told, 0.2), *made(list(passages.values()), _CLAIMS // 5)]
    _report(seen(Random(1963).sample(every, min(len(every), _CLAIMS)), None), checked=False)  # noqa: S311  # a choice, no secret


def seen(lessons: Sequence[Lesson], checker: Checker | None) -> list[Seen]:
    """Return every claim held against its passage, as the product does; none of which no passage is found by any word."""
    with TemporaryDirectory() as folder, Library.open(Path(folder) / "passages.assay") as library:
        library.add(_article(one) for one in {checksum(lesson.candidates[0]): lesson.candidates[0] for lesson in lessons}.values())
        retriever = Retriever(library)
        with library.view() as view:
            found = []
            for lesson in tqdm(lessons, desc="claims", unit="claim", disable=None):
                (about,) = lesson.candidates
                named = retriever.retrieve(view, lesson.question, _DEPTH, only=ArticleFilter(ids=(checksum(about),)))
                if named:
                    held = hold(view, checker, lesson.question, named, question_terms(view, lesson.question))
                    found.append(Seen(checksum(about), bool(about.supports), bool(held.lacking), held.signs))
    return found


def _article(passage: Candidate) -> Article:
    return Article(id=checksum(passage), title=passage.context, text=passage.text)


# --- fitting ----------------------------------------------------------------------------------------------------------


def _report(claims: Sequence[Seen], *, checked: bool) -> None:
    """Print the fit on some passages' claims, and what each threshold does with the others'."""
    fitted, judged = ([one for one in claims if _judges(one) is side] for side in (False, True))
    columns = [Signs._fields.index(name) for name in _FITTED[checked]]
    weights, intercept = _weights(fitted, columns)
    print("with a checker:" if checked else "without one:", dict(zip(_FITTED[checked], weights.round(2).tolist(), strict=True)), end=" ")
    print("intercept", round(intercept, 2))
    x, truth = _matrix(judged, columns), np.array([one.supported for one in judged])
    scores = np.where([one.lacking for one in judged], 0.0, 1 / (1 + np.exp(-(x @ weights + intercept))))
    print(f"  of {len(fitted)} and {len(judged)} claims: AUROC {auroc(scores, truth):.3f}")
    for threshold in np.arange(0.2, 0.95, 0.05):
        shown = scores >= threshold
        untrue, left_out = float(shown[~truth].mean()), float((~shown)[truth].mean())
        balanced = 1 - (untrue + left_out) / 2
        print(f"  from {threshold:.2f}: untrue and shown {untrue:.3f}, true and left out {left_out:.3f}, balanced {balanced:.3f}")


def _judges(one: Seen) -> bool:
    return int(one.passage[-4:], 16) / 16**4 < _JUDGED


def _weights(claims: Sequence[Seen], columns: Sequence[int]) -> tuple[NDArray[np.float64], float]:
    """Return the weights and the intercept of a logistic regression in which true and untrue claims count the same."""
    usable = [one for one in claims if not one.lacking]
    truth = np.array([one.supported for one in usable])
    counts = np.where(truth, 0.5 / truth.mean(), 0.5 / (1 - truth.mean()))
    return logistic(_matrix(usable, columns), truth, counts)


def _matrix(claims: Sequence[Seen], columns: Sequence[int]) -> NDArray[np.float64]:
    return np.array([one.signs for one in claims], np.float64)[:, columns]


if __name__ == "__main__":
    sys.exit(main())

"""Fit the two rules that choose evidence and decide on silence, on public question sets.

`python -m eval.experiments.calibrate DATA_DIR` prints the weights for `rag.evidence` and the coefficients for `rag.silence`, with how well
they do on questions left out of the fit. Negatives are of two kinds: questions that their set marks unanswerable, and answerable ones
asked of the collection without their articles. Sets marked "evaluation only" are not used.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from index import Library
from rag import Retriever, Signals, weigh

from ..collections import GoldQuestion, load
from ..measures import auroc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index import View
    from rag import Evidence

#: Sets that are fitted on: folder and prefix. Natural questions whose answers are sentences.
SETS = (("reading", "squad2"), ("reading", "squad_mrqa"), ("multihop", ""))

#: One answerable question in ten may be met with silence: the threshold follows from it.
SILENCED = 0.1


@dataclass(frozen=True, slots=True)
class Sample:
    """The signals of the best evidence for a question, and whether the articles answered it."""

    kind: str
    answerable: bool
    signals: Signals


def main() -> int:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--questions", type=int, default=300, help="of each kind and set")
    arguments = parser.parse_args()
    samples: list[Sample] = []
    choices: list[tuple[np.ndarray, np.ndarray]] = []
    with tempfile.TemporaryDirectory() as folder:
        for place, prefix in SETS:
            collection = load(arguments.data / place, prefix)
            with Library.open(Path(folder) / collection.name) as library:
                library.add(collection.articles())
                questions = list(collection.questions)
                random.Random(3).shuffle(questions)  # noqa: S311  # a seeded choice of questions
                kept = [q for q in questions if q.answerable and q.relevant][: arguments.questions]
                kept += [q for q in questions if not q.answerable][: arguments.questions]
                for question in tqdm(kept, desc=collection.name, disable=None):
                    _look(library, question, samples, choices)
    _report(samples, choices)
    return 0


def _look(library: Library, question: GoldQuestion, samples: list[Sample], choices: list[tuple[np.ndarray, np.ndarray]]) -> None:
    """Note the signals with and without the articles that hold the answer, and which sentence was the right one."""
    with library.view() as view:
        found = Retriever(library).retrieve(view, question.text, 12)
        if not question.answerable:
            _note(samples, "unanswerable", weigh(view, question.text, found[:8]), answerable=False)
            return
        evidence = weigh(view, question.text, found[:8])
        _note(samples, "answerable", evidence, answerable=True)
        without = [one for one in found if one.hit.article_id not in question.relevant][:8]
        _note(samples, "articles left out", weigh(view, question.text, without), answerable=False)
        right = [_right(view, question, one) for one in evidence]
        if any(right):
            choices.append((np.array([one.signals for one in evidence]), np.array(right)))


def _note(samples: list[Sample], kind: str, evidence: Sequence[Evidence], *, answerable: bool) -> None:
    if evidence:
        samples.append(Sample(kind, answerable, evidence[0].signals))


def _right(view: View, question: GoldQuestion, one: Evidence) -> bool:
    """Say whether a sentence holds the answer where its set says it stands."""
    if one.found.hit.article_id not in question.relevant:
        return False
    if question.answer_starts:
        return any(one.span.start <= start < one.span.end for start in question.answer_starts)
    text = one.span.of(view.article(one.found.passage.article).text).lower()
    return any(answer.lower() in text for answer in question.answers)


def _report(samples: Sequence[Sample], choices: Sequence[tuple[np.ndarray, np.ndarray]]) -> None:
    weights = _fit_choice(choices)
    first = np.mean([right[np.argmax(signals @ weights)] for signals, right in choices])
    print("evidence weights", dict(zip(Signals._fields, (weights / weights[0]).round(2).tolist(), strict=True)), file=sys.stdout)
    print(f"right sentence first, of those where it is among the candidates: {first:.3f} of {len(choices)}")
    mixed = list(samples)
    random.Random(5).shuffle(mixed)  # noqa: S311  # a seeded half
    train, test = mixed[::2], mixed[1::2]
    coefficients, intercept = _fit_silence(train)
    print("silence coefficients", dict(zip(Signals._fields, coefficients.round(2).tolist(), strict=True)), "intercept", round(intercept, 2))
    scores = [float(np.array(sample.signals) @ coefficients + intercept) for sample in test]
    answerable = [score for score, sample in zip(scores, test, strict=True) if sample.answerable]
    threshold = 1 / (
        1 + np.exp(-np.quantile([float(np.array(s.signals) @ coefficients + intercept) for s in train if s.answerable], SILENCED))
    )
    print(f"threshold {threshold:.3f}: silence on {SILENCED:.0%} of the answerable questions of the fitted half")
    for kind in ("unanswerable", "articles left out"):
        others = [score for score, sample in zip(scores, test, strict=True) if sample.kind == kind]
        truth = [True] * len(answerable) + [False] * len(others)
        silent = np.mean([1 / (1 + np.exp(-score)) < threshold for score in others])
        print(f"{kind}: AUROC {auroc([*answerable, *others], truth):.3f}, silent on {silent:.3f} of {len(others)}")


def _fit_choice(choices: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Return the weights that make the right sentence most likely, in a softmax over a question's candidates."""
    from scipy.optimize import minimize

    def loss(weights: np.ndarray) -> float:
        total = 0.0
        for signals, right in choices:
            scores = signals @ weights
            total -= np.log(np.exp(scores[right] - scores.max()).sum() / np.exp(scores - scores.max()).sum())
        return total / len(choices) + 1e-3 * float(weights @ weights)

    return np.asarray(minimize(loss, np.ones(len(Signals._fields))).x)


def _fit_silence(samples: Sequence[Sample]) -> tuple[np.ndarray, float]:
    """Return coefficients and intercept of a logistic regression in which both outcomes weigh the same."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=10.0, max_iter=5000, class_weight="balanced")
    model.fit([sample.signals for sample in samples], [sample.answerable for sample in samples])
    return model.coef_[0], float(model.intercept_[0])


if __name__ == "__main__":
    sys.exit(main())

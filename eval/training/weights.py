"""How much each signal counts where passages were read, fitted on the questions held out for choices: `python -m eval.training.weights`.

Three fits, each printed as the constants that the product has: the order of passages (`rag.rerank`), the probability that the answer
stands in a sentence (`rag.evidence`), and that of an answer (`rag.silence`), for which half of the questions are asked without the articles
that answer them. Every set counts the same, however many questions it has, and what is fitted is judged on sets left out of the fit: the
articles of a user are of neither. Knows nothing of networks.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from index import AssayError
from rag import OWN, Readable, Retriever, Signals, log_odds, reader_named, weigh

from ..command import carried_out
from ..corpora import indexed
from ..gold import locate
from ..grading.silence import expected_calibration_error
from .mining import known_places, stands_in
from .sets import NEWS, SOURCES, Part, chosen, load

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from index import View
    from rag import Found, Reader

    from ..dataset import Example
    from .mining import Known

    Floats = NDArray[np.float64]

#: The sets whose questions are asked: of the others a few dozen are held out, or each is answered in several places and its set names one.
_ASKED = ("squad2", "squad_mrqa", "selqa", "news")

#: The signals that are fitted: with the others besides, sets left out of the fit are judged worse.
_FITTED = ("cosine", "coverage", "passage_cosine", "answer", "relevance")

_COLUMNS = [Signals._fields.index(name) for name in _FITTED]

#: So many passages are read for a question, and so many of these are looked at: of those without the answering articles too.
_READ, _LOOKED_AT = 18, 12


@dataclass(frozen=True, slots=True)
class Looked:
    """What was read for a question: for each passage and for each sentence its signals and whether it holds the answer."""

    source: str
    question: str
    answerable: bool
    passages: Floats
    """Float (passages, 3): fused score, log-odds of relevance and of presence."""
    passage_right: NDArray[np.bool_]
    sentences: Floats
    """Float (sentences, signals)."""
    sentence_right: NDArray[np.bool_]


def main(argv: Sequence[str] | None = None) -> int:
    """Fit and print."""
    parser = argparse.ArgumentParser(prog="python -m eval.training.weights", description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("ASSAY_DATA") or None, help="the folder of the public sets")
    parser.add_argument("--reader", default=OWN, help="who reads, by name or folder; by default what `make train-reader` made")
    parser.add_argument("--keep", type=Path, help="gets what was read, as JSON lines; read from there when it exists")
    arguments = parser.parse_args(argv)
    return carried_out("weights", lambda: _fit(arguments), interrupted="nothing was kept")


def _fit(arguments: argparse.Namespace) -> None:
    if arguments.keep and arguments.keep.exists():
        looked = [_from_json(json.loads(line)) for line in arguments.keep.read_text(encoding="utf-8").splitlines()]
    else:
        if arguments.data is None or not arguments.data.is_dir():
            raise AssayError(f"expected the folder of the public sets, found {arguments.data}; give it with --data or ASSAY_DATA")
        looked = list(_look_at_all(arguments.data, reader_named(arguments.reader)))
        if arguments.keep:
            arguments.keep.write_text("".join(json.dumps(_to_json(one)) + "\n" for one in looked), encoding="utf-8")
    _report(looked)


# --- looking ----------------------------------------------------------------------------------------------------------


def _look_at_all(data: Path, reader: Reader) -> Iterator[Looked]:
    for source in (*SOURCES, NEWS):
        if source.name not in _ASKED:
            continue
        dataset = load(source, data)
        with indexed(dataset) as library, library.view() as view:
            retriever = Retriever(library)
            for example in tqdm(chosen(source, view, dataset, Part.DEV), desc=source.name, unit="question", disable=None):
                places = list(known_places(view, example, locate(view, example).spans))
                if places or not example.relevant:
                    yield from _look(view, retriever, reader, source.name, example, places)


def _look(view: View, retriever: Retriever, reader: Reader, source: str, example: Example, places: Sequence[Known]) -> Iterator[Looked]:
    """Yield what is seen of a question, and of an answerable one also without the articles that answer it."""
    found = retriever.retrieve(view, example.question, _READ)
    readings = reader.read(example.question, [Readable(one.passage.heading, one.hit.text, one.hit.start) for one in found])
    read = [replace(one, reading=reading) for one, reading in zip(found, readings, strict=True)]
    yield _looked(view, example.question, read[:_LOOKED_AT], source, places)
    if places:
        left = [one for one in read if one.hit.article_id not in example.relevant]
        yield _looked(view, example.question, left[:_LOOKED_AT], source, ())


def _looked(view: View, question: str, read: Sequence[Found], source: str, places: Sequence[Known]) -> Looked:
    evidence = weigh(view, question, read)
    return Looked(
        source=source,
        question=question,
        answerable=bool(places),
        passages=np.array(
            [[one.hit.score, log_odds(one.reading.relevance), -log_odds(one.reading.no_answer)] for one in read if one.reading]
        ).reshape(-1, 3),
        passage_right=np.array([any(_within(known, one) for known in places) for one in read], bool),
        sentences=np.array([one.signals._replace(agreement=0.0, behind=0.0) for one in evidence], np.float64).reshape(
            -1, len(Signals._fields)
        ),
        sentence_right=np.array([any(stands_in(known, one) for known in places) for one in evidence], bool),
    )


def _within(known: Known, one: Found) -> bool:
    return known.article == one.passage.article and one.hit.start <= known.span.start and known.span.end <= one.hit.end


def _to_json(one: Looked) -> dict[str, Any]:
    arrays = {name: getattr(one, name).tolist() for name in ("passages", "passage_right", "sentences", "sentence_right")}
    return {"source": one.source, "question": one.question, "answerable": one.answerable, **arrays}


def _from_json(values: dict[str, Any]) -> Looked:
    return Looked(
        values["source"],
        values["question"],
        values["answerable"],
        np.array(values["passages"], np.float64).reshape(-1, 3),
        np.array(values["passage_right"], bool),
        np.array(values["sentences"], np.float64).reshape(-1, len(Signals._fields)),
        np.array(values["sentence_right"], bool),
    )


# --- fitting ----------------------------------------------------------------------------------------------------------


def _report(looked: Sequence[Looked]) -> None:
    _report_passages([one for one in looked if one.passage_right.any()])
    coefficients, intercept = _report_sentences(looked)
    _report_answers([one for one in looked if one.sentences.size], coefficients, intercept)


def _report_passages(looked: Sequence[Looked]) -> None:
    print("passages: fused, relevance, present =", _order_of(looked).round(2).tolist())
    for name, mine, others in _left_out(looked):
        weights = _order_of(others)
        before = np.mean([one.passage_right[np.argmax(one.passages[:, 0])] for one in mine])
        after = np.mean([one.passage_right[np.argmax(one.passages @ weights)] for one in mine])
        print(f"  {name}: right first {before:.3f} before, {after:.3f} after, of {len(mine)}")


def _order_of(looked: Sequence[Looked]) -> Floats:
    return listwise([(one.passages, one.passage_right) for one in looked], _alike([one.source for one in looked]))


def _report_sentences(looked: Sequence[Looked]) -> tuple[Floats, float]:
    coefficients, intercept = _of_sentences(looked)
    print("sentences:", _named(coefficients), "intercept", round(intercept, 2))
    for name, mine, others in _left_out(looked):
        weights, _ = _of_sentences(others)
        answerable = [one for one in mine if one.answerable]
        first = [bool(one.sentences.size) and bool(one.sentence_right[np.argmax(one.sentences @ weights)]) for one in answerable]
        print(f"  {name}: right sentence first {np.mean(first):.3f} of {len(first)}")
    return coefficients, intercept


def _of_sentences(looked: Sequence[Looked]) -> tuple[Floats, float]:
    x, right = np.concatenate([one.sentences for one in looked]), np.concatenate([one.sentence_right for one in looked])
    return _fitted(x, right, np.repeat(_alike([one.source for one in looked]), [len(one.sentences) for one in looked]))


def _report_answers(looked: Sequence[Looked], coefficients: Floats, intercept: float) -> None:
    """Print the fit of the probability that the articles answer, by the best sentence, and what each threshold would do."""
    best = {id(one): int(np.argmax(one.sentences @ coefficients + intercept)) for one in looked}

    def judged(some: Sequence[Looked]) -> tuple[Floats, NDArray[np.bool_]]:
        return np.array([one.sentences[best[id(one)]] for one in some]), np.array([one.answerable for one in some])

    found, shift = _fitted(*judged(looked), _alike([one.source for one in looked]))
    print("answers:", _named(found), "intercept", round(shift, 2))
    scores, answerable, right = [], [], []
    for name, mine, others in _left_out(looked):
        weights, bias = _fitted(*judged(others), _alike([one.source for one in others]))
        x, truth = judged(mine)
        scores.append(1 / (1 + np.exp(-(x @ weights + bias))))
        answerable.append(truth)
        right.append(np.array([bool(one.sentence_right[best[id(one)]]) for one in mine]))
        _say_how_sure(name, scores[-1], right[-1], answerable[-1])
    every = np.concatenate(scores), np.concatenate(right), np.concatenate(answerable)
    _say_how_sure("all", *every)
    _say_what_is_silenced(*every)


def _fitted(x: Floats, truth: NDArray[np.bool_], counts: Floats) -> tuple[Floats, float]:
    """Return what `logistic` does on the signals that are fitted, 0 for the others."""
    found, intercept = logistic(x[:, _COLUMNS], truth, counts)
    coefficients = np.zeros(x.shape[1])
    coefficients[_COLUMNS] = found
    return coefficients, intercept


def _say_how_sure(name: str, scores: Floats, right: NDArray[np.bool_], answerable: NDArray[np.bool_]) -> None:
    print(
        f"  {name}: AUROC of answerable {auroc(scores, answerable):.3f}, of right {auroc(scores, right):.3f}, "
        f"ECE {expected_calibration_error(scores, answerable.astype(float)):.3f}, of {len(scores)}"
    )


def _say_what_is_silenced(scores: Floats, right: NDArray[np.bool_], answerable: NDArray[np.bool_]) -> None:
    for threshold in np.arange(0.1, 0.85, 0.05):
        silent = scores < threshold
        recall, precision = (silent & ~answerable).sum() / (~answerable).sum(), (silent & ~answerable).sum() / max(1, silent.sum())
        print(
            f"  below {threshold:.2f}: refusal precision {precision:.3f}, recall {recall:.3f}, "
            f"F1 {2 * precision * recall / max(1e-9, precision + recall):.3f}; answerable silenced "
            f"{(silent & answerable).sum() / answerable.sum():.3f}, shown and right {right[~silent].mean():.3f}"
        )


def _left_out(looked: Sequence[Looked]) -> Iterator[tuple[str, list[Looked], list[Looked]]]:
    """Yield each set's name, what was looked at of it, and of all others."""
    for name in dict.fromkeys(one.source for one in looked):
        yield name, [one for one in looked if one.source == name], [one for one in looked if one.source != name]


def _alike(sources: Sequence[str]) -> Floats:
    """Return how much each question counts, 1 in the mean, so that every set counts the same."""
    count = Counter(sources)
    return np.array([len(sources) / (len(count) * count[one]) for one in sources])


def listwise(lists: Sequence[tuple[Floats, NDArray[np.bool_]]], counts: Floats) -> Floats:
    """Return the weights that make the right ones of each list most likely in a softmax over it; each list counts as `counts` says."""
    from scipy.optimize import minimize

    def loss(weights: Floats) -> float:
        total = 0.0
        for (x, right), count in zip(lists, counts, strict=True):
            scores = x @ weights
            total -= count * (np.logaddexp.reduce(scores[right]) - np.logaddexp.reduce(scores))
        return total / len(lists) + 1e-3 * float(weights @ weights)

    return np.asarray(minimize(loss, np.ones(lists[0][0].shape[1])).x)


def logistic(x: Floats, right: NDArray[np.bool_], counts: Floats) -> tuple[Floats, float]:
    """Return coefficients and intercept of a logistic regression; each row counts as `counts` says."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=10.0, max_iter=5000)
    model.fit(x, right, sample_weight=counts)
    return model.coef_[0], float(model.intercept_[0])


def auroc(scores: Floats, truth: NDArray[np.bool_]) -> float:
    """Return the probability that a true one scores higher than a false one; equals count half."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(truth, scores)) if truth.any() and not truth.all() else float("nan")


def _named(coefficients: Floats) -> dict[str, float]:
    return dict(zip(Signals._fields, coefficients.round(2).tolist(), strict=True))


if __name__ == "__main__":
    sys.exit(main())

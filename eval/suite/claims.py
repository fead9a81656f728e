"""`make eval-claims`: how well sentences are held against the articles, on claims that are known to be true or not, into docs/verifying.md.

Claims about the sample articles and about news, written as a language model might write them, and sentences of public sets with a number, a
name or a negation changed by rule, from articles that no training saw. Each is held against the passage that a careless writer would cite.
Knows nothing of how a sentence is checked.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from index import ArticleFilter, AssayError
from rag import OWN, CrossEncoderChecker, Retriever, Verdict, check, own_reader, reader_named

from ..command import carried_out
from ..corpora import indexed
from ..training.claims import made
from ..training.lesson import Candidate
from ..training.sets import NEWS, SOURCES, Part, load
from ..training.sets import chosen as part_of
from .__main__ import SETS, chosen, facts
from .aims import Line
from .claims_page import claims_page

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from index import View
    from rag import Checker, Found

    from ..dataset import Dataset

#: Public sets whose unseen articles give sentences to change, and how many of each.
CHANGED = {"squad2": 300, "selqa": 150, "timeqa": 150}

#: Passages that a claim's words find in its article, among which are those that are cited.
_DEPTH = 60


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence, whether it is true, and the characters that a careless writer would cite for it."""

    text: str
    supported: bool
    kind: str
    article_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a claim."""

    claim: Claim
    verdict: Verdict
    support: float
    ms: float


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and write; 2 when something is missing, in one line."""
    parser = argparse.ArgumentParser(prog="python -m eval.suite.claims", description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("ASSAY_DATA") or None, help="the folder of the public sets")
    parser.add_argument("--out", type=Path, default=Path("docs"), help="gets verifying.md")
    parser.add_argument(
        "--reader", default=OWN, help="who checks, by folder: a reader of ours that was taught to; by default what comes with Assay"
    )
    parser.add_argument("--checker", help="who checks instead: a CrossEncoder of natural language inference, by name or folder")
    parser.add_argument("--only", nargs="+", choices=["seeds", "news", *CHANGED], help="these alone, printed and not written")
    arguments = parser.parse_args(argv)
    return carried_out("eval-claims", lambda: _eval_claims(arguments), interrupted="nothing was written")


def _eval_claims(arguments: argparse.Namespace) -> None:
    if arguments.data is None or not arguments.data.is_dir():
        raise AssayError("expected the folder of the public sets, found none; give it with --data or ASSAY_DATA")
    checker = _checker(arguments)
    wanted = arguments.only or ["seeds", "news", *CHANGED]
    lines = [line for name in wanted for line in _lines(name, measured(name, arguments.data, checker))]
    about = facts([one.name for one in SETS]) | {"Command": "`make eval-claims`, with the public sets in `ASSAY_DATA`"}
    text = claims_page(lines, about | {"Checked by": checker.name if checker else "words, vectors and where the two differ"})
    if arguments.only:
        print(text)
    else:
        (arguments.out / "verifying.md").write_text(text, encoding="utf-8")
        print(arguments.out / "verifying.md")


def _checker(arguments: argparse.Namespace) -> Checker | None:
    if arguments.checker:
        return CrossEncoderChecker(arguments.checker, download=True)
    reader = reader_named() if arguments.reader == OWN else own_reader(Path(arguments.reader))
    return reader if reader.checks else None


def measured(name: str, data: Path, checker: Checker | None) -> list[Outcome]:
    """Return what becomes of every claim of a set."""
    dataset = _dataset(name, data)
    with indexed(dataset) as library, library.view() as view:
        retriever, claims = Retriever(library), list(_claims(name, view, dataset))
        return [held(view, retriever, checker, one) for one in tqdm(claims, desc=name, unit="claim", disable=None)]


def held(view: View, retriever: Retriever, checker: Checker | None, claim: Claim) -> Outcome:
    """Hold a claim against the passages around the characters that are cited for it."""
    found = retriever.retrieve(view, claim.text, _DEPTH, only=ArticleFilter(ids=(claim.article_id,)))
    named = [one for one in found if _cites(one, claim)]
    started = time.perf_counter()
    result = check(view, checker, claim.text, named)
    return Outcome(claim, result.verdict, result.support, (time.perf_counter() - started) * 1000)


def _cites(one: Found, claim: Claim) -> bool:
    return one.hit.article_id == claim.article_id and one.hit.start < claim.end and claim.start < one.hit.end


def _lines(name: str, outcomes: Sequence[Outcome]) -> Iterator[Line]:
    from sklearn.metrics import roc_auc_score

    truth = np.array([one.claim.supported for one in outcomes])
    shown = np.array([one.verdict is Verdict.SUPPORTED for one in outcomes])
    kept, passed = float(shown[truth].mean()), float(shown[~truth].mean())
    yield Line(name, "balanced accuracy", (kept + 1 - passed) / 2, 0.8, len(outcomes))
    yield Line(name, "AUROC of the support", float(roc_auc_score(truth, [one.support for one in outcomes])), None, len(outcomes))
    yield Line(name, "untrue and shown", passed, 0.05, int((~truth).sum()), lower=True)
    yield Line(name, "true and left out", 1 - kept, 0.1, int(truth.sum()), lower=True)
    kinds: dict[str, list[bool]] = defaultdict(list)
    for one, passes in zip(outcomes, shown, strict=True):
        if not one.claim.supported:
            kinds[one.claim.kind].append(bool(passes))
    for kind, several in sorted(kinds.items()):
        most = {"number": 0.05, "date": 0.05, "name": 0.1}.get(kind)
        yield Line(name, f"shown though untrue: {kind}", float(np.mean(several)), most, len(several), lower=True)
    yield Line(name, "a claim, median ms", float(np.median([one.ms for one in outcomes])), None, len(outcomes), lower=True)


# --- claims -----------------------------------------------------------------------------------------------------------


def _dataset(name: str, data: Path) -> Dataset:
    if name == "seeds":
        return chosen(next(one for one in SETS if one.name == name), data)
    return load(NEWS if name == "news" else next(one for one in SOURCES if one.name == name), data)


def _claims(name: str, view: View, dataset: Dataset) -> Iterator[Claim]:
    if name == "seeds":
        for row in _rows(Path("seeds") / "claims.jsonl"):
            at = _text(view, row["article_id"]).index(row["quote"])
            yield Claim(row["claim"], row["supported"], row["kind"], row["article_id"], at, at + len(row["quote"]))
    elif name == "news":
        for row in _rows(Path(__file__).with_name("news_claims.jsonl")):
            yield Claim(row["claim"], row["supported"], row["kind"], row["article_id"], row["start"], row["end"])
    else:
        yield from _changed(view, dataset, name)


def _changed(view: View, dataset: Dataset, name: str) -> Iterator[Claim]:
    """Yield sentences of the passages of unseen articles, as they are or changed by rule; each passage is its own proof."""
    source = next(one for one in SOURCES if one.name == name)
    places: dict[Candidate, tuple[str, int, int]] = {}
    unseen = sorted({one for example in part_of(source, view, dataset, Part.TEST) for one in example.relevant})
    for article, row in ((one, view.article_row(one)) for one in unseen):
        if row is not None:
            text = view.article(row).text
            for one in view.article_passages(row):
                places[Candidate(one.context, text[one.start : one.end])] = (article, one.start, one.end)
    for lesson in made(list(places), CHANGED[name]):
        (shown,) = lesson.candidates
        place = places.get(replace(shown, relevant=False, supports=None))
        if place is not None:  # not those whose passage lost the sentence: the article has it
            yield Claim(lesson.question, bool(shown.supports), "changed", *place)


def _text(view: View, article: str) -> str:
    row = view.article_row(article)
    if row is None:
        raise AssayError(f"expected the article {article!r} in the index, found none; build it anew")
    return view.article(row).text


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    for line in file.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


if __name__ == "__main__":
    sys.exit(main())

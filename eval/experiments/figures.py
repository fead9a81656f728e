"""The figures of docs/measurements.md: retrieval on public sets, answers and silence on the sample articles, times.

Each function returns rows of a Markdown table. Knows nothing of the command line.
"""

from __future__ import annotations

import json
import sys
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from index import Library
from rag import Pipeline, Question, Retriever, opens_unresolved

from ..measures import mean, precision_recall, retrieval
from ..timing import WARM_UP, laps, percentiles, spread, wall

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rag import Answer

    from ..collections import Collection

#: Rankings that are compared, by what a retriever is given for them.
RANKINGS = {"BM25 alone": {"dense_weight": 0.0}, "dense alone": {"dense_weight": 1.0}, "fused": {}}


def indexed(collection: Collection, folder: Path) -> Library:
    """Open the collection's index in `folder`, made there when there is none."""
    library = Library.open(folder / collection.name)
    if not library.articles():
        bar = tqdm(desc=f"index {collection.name}", unit=" passages", disable=None)
        library.add(collection.articles(), progress=lambda _, passages: bar.update(passages))
        bar.close()
    return library


def retrieval_rows(collection: Collection, library: Library) -> list[str]:
    """Return nDCG@10 and R@10 of each ranking at article level over the judged questions, with 95 % intervals."""
    judged = {question.id: question.relevant for question in collection.questions if question.relevant}
    texts = {question.id: question.text for question in collection.questions}
    rows = []
    for name, options in RANKINGS.items():
        retriever = Retriever(library, **options)
        run = {query: retriever.run(texts[query]) for query in tqdm(judged, desc=f"{collection.name}, {name}", disable=None)}
        found = retrieval(run, judged)
        rows.append(f"| {collection.name} | {name} | {found['nDCG@10']} | {found['R@10']} |")
    return rows


def seeds_rows(library: Library) -> list[str]:
    """Return how the sample questions fare: right article, whole evidence, silence by kind, exactness, sentences that stand alone."""
    rows = [json.loads(line) for line in (files("seeds") / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
    pipeline, bold = Pipeline(library), Pipeline(library, threshold=0.0)
    pairs = [(row, pipeline.ask(Question.from_json(row))) for row in tqdm(rows, desc="seeds", disable=None)]
    standalone = [(row, answer) for row, answer in pairs if row["answerable"] and row["type"] != "follow_up"]
    follow_ups = [(row, answer) for row, answer in pairs if row["type"] == "follow_up"]
    unanswerable = [(row, answer) for row, answer in pairs if not row["answerable"]]
    precision, recall = precision_recall([answer.abstained for _, answer in pairs], [not row["answerable"] for row, _ in pairs])
    told = [(row, bold.ask(Question.from_json(row))) for row, _ in standalone]
    return [
        f"| right article cited, standalone questions | {mean(_right(row, answer) for row, answer in standalone)} |",
        f"| the same, were silence not allowed | {mean(_right(row, answer) for row, answer in told)} |",
        f"| every article of the evidence cited, standalone | {mean(_right(row, answer, whole=True) for row, answer in standalone)} |",
        f"| right article cited, follow-ups | {mean(_right(row, answer) for row, answer in follow_ups)} |",
        f"| abstention precision | {precision} |",
        f"| abstention recall | {recall} |",
        *(
            f"| abstention recall, {name} | {mean(answer.abstained for row, answer in unanswerable if row['type'] == kind)} |"
            for kind, name in (("unanswerable", "off topic"), ("near_miss", "near misses"))
        ),
        f"| answers that open unresolved | {sum(_opens_unresolved(answer) for _, answer in (*pairs, *told))} |",
        f"| sentences an answer | {mean(len(answer.sentences) for _, answer in pairs if not answer.abstained)} |",
        f"| citations that are exact | {mean(exact_citations(library, [answer for _, answer in (*pairs, *told)]))} |",
    ]


def exact_citations(library: Library, answers: Sequence[Answer]) -> list[float]:
    """Return 1 for each citation whose article holds exactly the quote at its span, else 0."""
    texts: dict[str, str] = {}
    exact = []
    for citation in (citation for answer in answers for citation in answer.citations):
        if citation.article_id not in texts:
            texts[citation.article_id] = library.article(citation.article_id).text
        exact.append(float(texts[citation.article_id][citation.start : citation.end] == citation.quote))
    return exact


def warm_rows(collection: Collection, library: Library, *, questions: int = 200) -> list[str]:
    """Return p50 and p95 of `search` and `ask` in one process, in milliseconds, and whether every citation was exact."""
    texts = [question.text for question in collection.questions[: WARM_UP + questions]]
    retriever, pipeline = Retriever(library), Pipeline(library)
    answers: list[Answer] = []
    rows = []
    for name, act in (("search", retriever.search), ("ask", lambda text: answers.append(pipeline.ask(text)))):
        p50, p95 = percentiles(laps(act, tqdm(texts, desc=f"{collection.name}, {name}", disable=None)))
        rows.append(f"| {name}, warm, {collection.name} | {p50:.1f} ms | {p95:.1f} ms |")
    exact = exact_citations(library, answers)
    rows.append(f"| citations that are exact, {collection.name} | {sum(exact) / max(1, len(exact)):.3f} of {len(exact)} | |")
    return rows


def cold_rows(folder: Path, *, runs: int = 11) -> list[str]:
    """Return median and slowest wall time of `assay ask` as a fresh process on the sample articles, in seconds."""
    command = [sys.executable, "-m", "ui.cli", "ask", "Who meets to discuss critical minerals?", "--index", str(folder)]
    taken = spread(wall(command) for _ in range(runs))
    return [f"| `assay ask`, fresh process, seeds | {taken.median:.2f} s | {taken.high:.2f} s (slowest of {runs}) |"]


def _right(row: dict[str, Any], answer: Answer, *, whole: bool = False) -> float:
    cited = {citation.article_id for citation in answer.citations}
    gold = {evidence["article_id"] for evidence in row["evidence"]}
    return float(gold <= cited if whole else bool(gold & cited))


def _opens_unresolved(answer: Answer) -> bool:
    return bool(answer.sentences) and opens_unresolved(answer.sentences[0].text)

"""The page docs/evaluation.md: what was asked, how, and every figure with its interval. Pure: evaluations in, Markdown out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..comparison import Comparison
    from ..evaluation import Evaluation
    from ..statistics import Figure


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the page: a heading, what it says, the measures that are its columns."""

    heading: str
    about: str
    measures: tuple[str, ...]


TABLES = (
    Table(
        "Does it find the articles?",
        "Articles ranked by their best passage, 100 deep, copies not collapsed; questions with a judgement only.",
        ("nDCG@10", "R@5", "R@10", "R@100", "RR", "Success@1"),
    ),
    Table(
        "Does it find the place?",
        "Passages that hold the gold evidence, and the evidence itself as the unit; sets whose evidence has characters or quotes.",
        ("passage_nDCG@10", "passage_R@10", "span_R@5", "span_R@10", "span_recall", "span_IoU"),
    ),
    Table(
        "Does it answer?",
        "Against the given answers. An answer is whole quoted sentences, so that exact match says little of it and `contained` more.",
        ("right", "contained", "F1", "ROUGE-L", "EM"),
    ),
    Table(
        "Does it prove what it says?",
        "Citations against gold evidence (decided by the verifier where a set has none), and whether each quote is exactly its article's.",
        ("citation_precision", "citation_recall", "citation_F1", "evidence_recall", "quote_exactness", "citations_per_sentence"),
    ),
    Table(
        "Does it know when to be silent?",
        "Refusals: sets that hold questions without an answer. AURC and ECE are over the answers given; lower is better.",
        ("refusal_precision", "refusal_recall", "refusal_F1", "AURC", "ECE", "ECE_answerable"),
    ),
    Table(
        "What does it cost?",
        "Milliseconds a question, warm, on the machine named above.",
        ("total_p50", "total_p95", "retrieve_p50", "read_p50"),
    ),
)


def page(evaluations: Mapping[str, Evaluation], comparisons: Mapping[str, Comparison], facts: Mapping[str, str]) -> str:
    """Return the page; `comparisons`, of two runs each, are shown under their names, `facts` as a list at the head."""
    parts = [
        "# Evaluation\n",
        "What Assay does on its sample articles and on public question sets, without a language model and with `--reader none`, since",
        "a part of most sets trained its reader: `make eval-reader` shows what that changes. Written by `make eval`;",
        "every figure stands with its 95 % interval and the number of questions that it is of.",
        "Definitions: [measures.md](measures.md).\n",
        *(f"- {name}: {value}" for name, value in facts.items()),
        "",
        *_sets(evaluations),
    ]
    for table in TABLES:
        parts += ["", f"## {table.heading}\n", f"{table.about}\n", *_rows(table, evaluations)]
    for name, comparison in comparisons.items():
        parts += ["", f"## {name}\n", *_differences(comparison)]
    return "\n".join(parts) + "\n"


def _sets(evaluations: Mapping[str, Evaluation]) -> list[str]:
    head = ["| set | questions | failed | articles | passages | format |", "|---|---|---|---|---|---|"]
    rows = []
    for name, one in evaluations.items():
        about = one.run.about
        failed = sum(row.error is not None for row in one.run.rows)
        index, format_ = about["index"], about["dataset"]["format"]
        rows.append(f"| {name} | {len(one.run.rows):,} | {failed} | {index['articles']:,} | {index['passages']:,} | {format_} |")
    return head + rows


def _rows(table: Table, evaluations: Mapping[str, Evaluation]) -> list[str]:
    head = f"| set | {' | '.join(f'`{name}`' for name in table.measures)} |"
    rows = [head, "|---" * (len(table.measures) + 1) + "|"]
    for name, one in evaluations.items():
        cells = [cell(one.figures.get(measure)) for measure in table.measures]
        if any(text != "–" for text in cells):
            rows.append(f"| {name} | {' | '.join(cells)} |")
    return rows


def cell(figure: Figure | None) -> str:
    """Return `0.701 (0.640–0.758), 82`; a dash where nothing was graded."""
    if figure is None or figure.value is None or figure.low is None or figure.high is None:
        return "–"
    digits = 3 if abs(figure.value) < 10 else 1
    interval = f"{figure.low:.{digits}f}–{figure.high:.{digits}f}"
    apart = f", {figure.apart} apart" if figure.apart else ""
    return f"{figure.value:.{digits}f} ({interval}), {figure.n}{apart}"


def _differences(comparison: Comparison) -> list[str]:
    rows = ["| measure | first | second | difference | p (Holm) | better / worse / equal |", "|---|---|---|---|---|---|"]
    (versus,) = comparison.versus
    for one in versus.contrasts:
        found = one.difference
        if found.a is None or found.b is None or found.value is None or found.low is None or found.high is None or one.p_holm is None:
            continue  # not defined on these questions, or a cost, which is not tested
        change = f"{found.value:+.3f} ({found.low:+.3f} to {found.high:+.3f})"
        counts = f"{len(one.better)} / {len(one.worse)} / {one.equal}"
        rows.append(f"| `{one.measure.name}` | {found.a:.3f} | {found.b:.3f} | {change} | {one.p_holm:.4f} | {counts} |")
    differ = ", ".join(f"`{one.measure.name}`" for one in versus.significant) or "none"
    return [*rows, "", f"Significant at 0.05 after Holm's correction: {differ}."]

"""Measure a collection, change a setting, and see whether that is better or luck: `python docs/examples/evaluate.py`.

Without arguments the built-in questions are asked of the sample articles; give the path of a question set of your own instead.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from eval import Target, compare, evaluate, indexed, load_dataset


def concise(*, inputs: dict[str, Any], outputs: dict[str, Any], reference_outputs: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001  # called by these names
    """Say whether an answer keeps to two sentences: a measure of one's own."""
    return {"key": "concise", "score": len(outputs.get("sentences", [])) <= 2, "comment": outputs.get("reason") or ""}


def main(path: str = "seeds", questions: int = 40) -> None:
    """Evaluate the product and the product without words, and compare them question by question."""
    dataset = load_dataset(path).limited(questions)
    with indexed(dataset) as library, TemporaryDirectory() as folder:
        fused = evaluate(dataset, library, folder=Path(folder) / "fused", own=[concise])
        vectors = evaluate(dataset, Target.of(library, dense_weight=1.0), folder=Path(folder) / "vectors alone", own=[concise])

    print(f"{dataset.name} ({dataset.format}), {len(dataset.examples)} questions")
    for name in ("nDCG@10", "citation_precision", "right", "concise"):
        print(f"{name:20} {fused[name]}")

    (versus,) = compare([fused.grades, vectors.grades], [fused.run, vectors.run]).versus
    changed = versus["nDCG@10"]
    print(f"without words, nDCG@10 changes by {changed.difference.value:+.3f}, p = {changed.p_holm:.3f} after Holm's correction")
    for question in versus.worse[:2]:
        print(f"worse: {question.question}\n  before: {question.a}\n  after:  {question.b}")


if __name__ == "__main__":
    main(*sys.argv[1:2])

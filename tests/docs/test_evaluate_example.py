"""The example of measuring, run as it stands on the built-in questions."""

import runpy
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "evaluate.py"


def test_the_example_measures_and_compares(capsys):
    runpy.run_path(str(EXAMPLE))["main"]("seeds", 12)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("12 questions")
    assert [line.split()[0] for line in lines[1:5]] == ["nDCG@10", "citation_precision", "right", "concise"]
    assert all("n = " in line for line in lines[1:5])
    assert lines[5].startswith("without words, nDCG@10 changes by ")

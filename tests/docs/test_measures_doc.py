"""The list of measures in the documentation is the one that runs are graded by, and its example runs."""

import re
from pathlib import Path

import pytest

from eval.dataset import Example
from eval.grading import MEASURES, Outcome, grade, load_measure
from eval.run import Row, Run

PAGE = (Path(__file__).parents[2] / "docs" / "measures.md").read_text(encoding="utf-8")


def test_the_page_lists_every_measure_as_it_is_defined():
    listed = [re.split(r" \| ", line[2:-2]) for line in PAGE.splitlines() if line.startswith("| `")]
    assert [cells[0].strip("`") for cells in listed] == list(MEASURES)
    for name, definition, better, applies, source in listed:
        measure = MEASURES[name.strip("`")]
        assert (definition, source) == (measure.definition, measure.source)
        assert applies
        if measure.name != "citations_per_sentence":  # descriptive: the page says that neither is better
            assert better == ("higher" if measure.higher_is_better else "lower") + (f" ({measure.unit})" if measure.unit else "")


def test_the_page_lists_every_outcome():
    rows = "\n".join(f"| {one} | {one.sentence} |" for one in Outcome)
    assert rows in PAGE


def test_the_example_of_an_own_measure_runs(tmp_path):
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "mine.py"
    path.write_text(code, encoding="utf-8")
    found = grade(Run("", (Row(example=Example(id="q", question=""), error="x"),)), own=[load_measure(f"{path}:brief")])
    column = found["brief"]
    assert column.grades["q"].x == pytest.approx(1)
    assert column.comments == {"q": "0 sentences"}

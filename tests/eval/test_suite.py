"""The project's own evaluation: its page says what the evaluations say, and its sets are those that it names."""

import os
import re
from pathlib import Path

import pytest

from eval import Evidence, Example, Figure, Target, compare, evaluate
from eval.dataset import Dataset
from eval.experiments.overhead import overhead_rows
from eval.suite.__main__ import SETS, chosen, main
from eval.suite.page import TABLES, cell, page
from eval.timing import WARM_UP
from index import Article

TEXTS = [f"Plant {n} in Ruritania made {n + 3} tonnes of tin in 2023. Prices fell by half." for n in range(6)]
DATASET = Dataset(
    "tin",
    "made by the test",
    tuple(
        Example(
            id=f"q{n}",
            question=f"How many tonnes of tin did plant {n} in Ruritania make?",
            answers=(f"{n + 3} tonnes",),
            evidence=(Evidence(f"a{n}", quote=TEXTS[n].split(". ")[0] + "."),),
            qrels={f"a{n}": 1},
            answerable=True,
        )
        for n in range(6)
    ),
)


@pytest.fixture
def library(make_library):
    return make_library([Article(id=f"a{n}", title=f"Tin {n}", text=text) for n, text in enumerate(TEXTS)])


def test_the_page_says_what_the_evaluations_say(library):
    first, second = (evaluate(DATASET, Target.of(library, reader=None, dense_weight=weight)) for weight in (0.4, 1.0))
    text = page({"tin": first}, {"With vectors alone: tin": compare([first.grades, second.grades])}, {"Date": "2026-11-25"})
    assert "- Date: 2026-11-25" in text
    assert "| tin | 6 | 0 | 6 | 6 | made by the test |" in text
    rows_read = 0
    for table in TABLES:
        for row in re.findall(rf"## {re.escape(table.heading)}\n.*?\| tin \| (.*?) \|\n", text + "\n", re.DOTALL):
            assert row.split(" | ") == [cell(first.figures.get(name)) for name in table.measures]
            rows_read += 1
    assert rows_read == len(TABLES)
    assert "## With vectors alone: tin" in text
    assert re.search(r"\| `nDCG@10` \| \d\.\d{3} \| \d\.\d{3} \| [+-]", text)


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        (None, "–"),
        (Figure(None, None, None, 0), "–"),
        (Figure(0.70125, 0.64, 0.7581, 82), "0.701 (0.640–0.758), 82"),
        (Figure(84.84, 81.7, 90.64, 175, 3), "84.8 (81.7–90.6), 175, 3 apart"),
    ],
)
def test_a_cell_shows_figure_interval_and_questions(figure, said):
    assert cell(figure) == said


def test_missing_data_is_said_in_one_line(tmp_path, capsys):
    assert main(["--data", str(tmp_path / "none"), "--work", str(tmp_path / "w"), "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "eval: expected the folder of the public sets, found none; give it with --data or ASSAY_DATA\n"
    assert not (tmp_path / "evaluation.md").exists()


@pytest.mark.skipif("ASSAY_DATA" not in os.environ or not os.environ["ASSAY_DATA"], reason="ASSAY_DATA is not set")
def test_the_sets_are_there_with_the_questions_that_are_asked():
    sizes = {one.name: len(chosen(one, Path(os.environ["ASSAY_DATA"])).examples) for one in SETS}
    assert sizes == {
        "seeds": 175,
        "time1963": 82,
        "multihop": 239,
        "news2023": 300,
        "timeqa": 989,
        "chunking": 472,
        "quotesum": 265,
        "squad2": 300,
    }


def test_the_cost_of_evaluating_is_taken_over_the_same_questions(library):
    many = Dataset("tin", "", tuple(Example(id=str(n), question=f"How much did plant {n % 6} make?") for n in range(WARM_UP + 5)))
    (row,) = overhead_rows(many, library, questions=3)
    assert re.fullmatch(r"\| tin \| 3 \| [\d.]+ s \| [\d.]+ s \| [\d.]+ s \| \d+% \|", row)

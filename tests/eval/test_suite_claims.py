"""Claims that are known to be true or not: what becomes of them, and the page that says so."""

import json
from pathlib import Path

import pytest

from eval.suite.aims import Line
from eval.suite.claims import Claim, Outcome, _lines, held, main
from eval.suite.claims_page import claims_page
from index import Article
from rag import Retriever, Verdict

TEXT = "Congo replaced a ban on cobalt exports with quotas. Exporters may ship 96,600 tonnes a year in 2026."
NEWS = Path(__file__).parents[2] / "eval" / "suite" / "news_claims.jsonl"


class Believes:
    name = "believes"

    def support(self, _claim, passages):
        return [0.8 for _ in passages]


def claim(text, *, supported, kind="paraphrase", quote=TEXT):
    at = TEXT.index(quote)
    return Claim(text, supported, kind, "congo", at, at + len(quote))


@pytest.mark.parametrize(
    ("said", "verdict"),
    [("Exporters may ship 96,600 tonnes a year.", Verdict.SUPPORTED), ("Exporters may ship 99,600 tonnes a year.", Verdict.UNSUPPORTED)],
)
def test_a_claim_is_held_against_what_is_cited_for_it(make_library, said, verdict):
    library = make_library(
        [Article(id="congo", title="Cobalt", text=TEXT), Article(id="peru", title="Peru", text="Exporters ship copper.")]
    )
    with library.view() as view:
        outcome = held(view, Retriever(library), Believes(), claim(said, supported=True))
    assert outcome.verdict is verdict
    assert outcome.ms > 0


def test_the_figures_are_those_of_the_outcomes():
    outcomes = [
        Outcome(claim("a", supported=True), Verdict.SUPPORTED, 0.9, 1.0),
        Outcome(claim("b", supported=True), Verdict.PARTLY, 0.4, 1.0),
        Outcome(claim("c", supported=False, kind="number"), Verdict.UNSUPPORTED, 0.1, 3.0),
        Outcome(claim("d", supported=False, kind="name"), Verdict.SUPPORTED, 0.6, 3.0),
    ]
    found = {line.measure: line for line in _lines("seeds", outcomes)}
    assert found["balanced accuracy"].value == 0.5
    assert found["untrue and shown"].value == 0.5
    assert found["true and left out"].value == 0.5
    assert found["AUROC of the support"].value == 0.75
    assert (found["shown though untrue: number"].value, found["shown though untrue: name"].value) == (0, 1)
    assert found["a claim, median ms"].value == 2
    assert {line.count for line in found.values() if line.measure.startswith("shown")} == {1}


def test_the_page_says_what_was_reached():
    lines = [Line("seeds", "balanced accuracy", 0.81, 0.8, 600), Line("seeds", "untrue and shown", 0.06, 0.05, 300, lower=True)]
    text = claims_page([*lines, Line("seeds", "a claim, median ms", 25.2, None, 600)], {"Date": "today"})
    assert "| seeds | balanced accuracy | 0.810 | ≥ 0.800: reached | 600 |" in text
    assert "| seeds | untrue and shown | 0.060 | ≤ 0.050: missed | 300 |" in text
    assert "| seeds | a claim, median ms | 25 | – | 600 |" in text
    assert "- Date: today" in text


def test_the_claims_about_news_are_of_both_kinds():
    rows = [json.loads(line) for line in NEWS.read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 240
    assert sum(row["supported"] for row in rows) == 120
    assert all(row["start"] < row["end"] for row in rows)


def test_without_the_public_sets_it_says_so(capsys, tmp_path):
    assert main(["--data", str(tmp_path / "nowhere")]) == 2
    assert "expected the folder of the public sets" in capsys.readouterr().err

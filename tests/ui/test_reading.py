"""Who reads: the reader that the options or the environment name, and what is said when it cannot be had."""

import json

import pytest

from ui import reading
from ui.arguments import parse


@pytest.fixture
def named(monkeypatch):
    """Loads no reader but says which would be: the names asked for, in order."""
    asked = []

    class Named:
        def __init__(self, name="assay-reader", *, download=False):
            self.name = name
            asked.append((name, download))

        def read(self, question, passages):
            return [question for _ in passages]

    monkeypatch.setattr("rag.reader_named", Named)
    monkeypatch.setattr("rag.CrossEncoderReranker", Named)
    monkeypatch.delenv("ASSAY_READER", raising=False)
    reading.own_reader.cache_clear()
    yield asked
    reading.own_reader.cache_clear()


def test_who_is_named_reads(named, monkeypatch):
    own = reading.reader_of(parse(["ask", "Who?", "--reader", "assay-reader"]))
    assert own.name == "assay-reader"
    assert own.read("Who?", [1, 2]) == ["Who?", "Who?"]
    monkeypatch.setenv("ASSAY_READER", "some/reader")
    assert reading.reader_of(parse(["ask", "Who?"])).name == "some/reader"
    assert reading.reader_of(parse(["chat", "--reader", "other/reader"])).name == "other/reader"
    assert named == [("assay-reader", False), ("some/reader", True), ("other/reader", True)]


def test_our_own_reads_where_nobody_is_named(named):
    own = reading.reader_of(parse(["ask", "Who?"]))
    assert own.name == "assay-reader"
    assert own.read("Who?", [1]) == ["Who?"]
    assert reading.reader_of(parse(["search", "lithium"])).name == "assay-reader"
    assert {name for name, _ in named} == {"assay-reader"}


def test_nobody_reads_where_none_is_asked_for(named, monkeypatch):
    assert reading.reader_of(parse(["search", "lithium", "--reader", "none"])) is None
    monkeypatch.setenv("ASSAY_READER", "none")
    assert reading.reader_of(parse(["search", "lithium"])) is None
    assert named == []


def test_a_reranker_orders_what_the_reader_reads(named):
    found = reading.reader_of(parse(["eval", "run", "seeds", "--reader", "some/reader", "--reranker", "some/cross-encoder"]))
    assert found.name == "some/reader with some/cross-encoder"
    assert named == [("some/reader", True), ("some/cross-encoder", True)]


def test_a_reranker_where_nobody_reads_is_refused(assay, tmp_path):
    (tmp_path / "a.txt").write_text("Chile presented a lithium plan.")
    assay("add", tmp_path / "a.txt")
    _, err = assay("ask", "What did Chile present?", "--reranker", "x", code=2)
    assert err == ("assay: expected a reader of the passages that --reranker orders, found --reader none; name another or leave it out\n")


@pytest.mark.parametrize(
    "argv", [("ask", "Who?", "--reader", ""), ("search", "x", "--reranker", ""), ("ask", "Who?", "--caution", "great")]
)
def test_what_names_nobody_is_refused_in_one_line(assay, argv):
    _, err = assay(*argv, code=2)
    assert err.startswith("assay: argument --")
    assert err.count("\n") == 1


def test_a_reader_that_is_not_there_is_told(assay, tmp_path):
    (tmp_path / "a.txt").write_text("Chile presented a lithium plan.")
    assay("add", tmp_path / "a.txt")
    _, err = assay("ask", "What did Chile present?", "--reader", tmp_path / "nowhere", code=2)
    assert err.startswith("assay: ")
    assert err.count("\n") == 1
    assert "nowhere" in err


def test_caution_reaches_the_answer(assay, tmp_path):
    (tmp_path / "a.txt").write_text("Chile presented a lithium plan in April. Codelco leads the talks. Peru shut a smelter.")
    assay("add", tmp_path / "a.txt")
    questions = ["Who leads the talks?", "What did Peru shut?", "Which plan did Chile present in April?", "Who won?"]
    silent = [
        sum(json.loads(assay("ask", one, "--caution", caution, "--json")[0])["abstained"] for one in questions)
        for caution in ("low", "normal", "high")
    ]
    assert silent == sorted(silent)
    assert silent[0] < silent[2]

"""`assay eval` at the command line: what each verb prints, writes, refuses and exits with."""

import gzip
import json
import os
import re
import shutil
import time
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from rag import Pipeline
from ui.cli import main

METALS = ["lithium", "cobalt", "nickel", "copper", "graphite", "tungsten"]
VERBS = ["run", "compare", "report", "generate", "import-feedback"]
COSTS = re.compile(r"(retrieve|read|verify|compare|total|understand|compose|select)\w*_p\d+")

#: The low end of Wilson's interval of 6 of 6.
ALL_OF_SIX = 6 / (6 + 1.959963984540054**2)


def sentence(metal):
    return f"The {metal} plant in Ruritania made {METALS.index(metal) + 3} tonnes in 2023."


def article(metal):
    return {"id": f"a-{metal}", "title": f"{metal} output", "text": f"{sentence(metal)} Prices of {metal} fell."}


def question(metal, **more):
    evidence = [{"article_id": f"a-{metal}", "quote": sentence(metal)}]
    asked = f"How many tonnes did the {metal} plant in Ruritania make?"
    return {"id": f"q-{metal}", "question": asked, "answers": [f"{METALS.index(metal) + 3} tonnes"], "evidence": evidence, **more}


def write_rows(path, rows):
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def rows_in(folder):
    return [json.loads(line) for line in (folder / "rows.jsonl").read_bytes().splitlines()]


def said(printed):
    """The one line of JSON that is all that was printed."""
    out, err = printed
    assert err == ""
    assert out.count("\n") == 1
    return json.loads(out)


def steady(figures):
    """The figures that do not depend on the clock."""
    return {name: value for name, value in figures.items() if not COSTS.fullmatch(name)}


@pytest.fixture(autouse=True)
def _at_home(assay, tmp_path, monkeypatch):  # noqa: ARG001  # before it, the small embedder
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def metals(tmp_path):
    """A set of six questions that brings its articles."""
    write_rows(tmp_path / "metals" / "corpus.jsonl", map(article, METALS))
    write_rows(tmp_path / "metals" / "queries.jsonl", map(question, METALS))
    return "metals"


@pytest.fixture
def asked(monkeypatch):
    """The ids of the questions that the pipeline was asked, as they come; `asked.stop` interrupts before that many."""

    class Asked(list):
        stop = None

    ids, ask = Asked(), Pipeline.ask

    def counting(self, question, **options):
        if len(ids) == ids.stop:
            raise KeyboardInterrupt
        ids.append(question.id)
        return ask(self, question, **options)

    monkeypatch.setattr(Pipeline, "ask", counting)
    return ids


# --- run --------------------------------------------------------------------------------------------------------------


def test_a_set_with_articles_is_asked_of_its_own(assay, metals, tmp_path):
    found = said(assay("eval", "run", metals, "--json"))
    assert found["run"] == str(tmp_path / "index" / "runs" / "metals")
    assert (found["questions"], found["index"]["articles"], found["failed"], found["checks"]) == (6, 6, [], [])
    assert found["figures"]["Success@1"] == {"value": 1.0, "low": pytest.approx(ALL_OF_SIX), "high": 1.0, "n": 6, "apart": 0}
    (corpus,) = (tmp_path / "cache" / "assay" / "corpora").iterdir()
    made = (corpus / "store.sqlite").stat().st_mtime_ns
    again = said(assay("eval", "run", metals, "--json"))
    assert again["run"] == f"{found['run']}-2"
    assert steady(again["figures"]) == steady(found["figures"])
    assert [one.name for one in corpus.parent.iterdir()] == [corpus.name]
    assert (corpus / "store.sqlite").stat().st_mtime_ns == made
    assert not (tmp_path / "index" / "store.sqlite").exists()
    assay("add", write_rows(tmp_path / "later" / "rows.jsonl", [article("nickel")]))  # runs/ is in no one's way


def test_articles_of_a_set_that_cannot_be_kept_are_told(assay, metals):
    bad = [{"id": f"bad{n}", "title": "x", "text": "…"} for n in range(7)]
    write_rows(Path(metals) / "corpus.jsonl", [*map(article, METALS), *bad])
    for _ in range(2):
        _, err = assay("eval", "run", metals, "--limit", 1, "--json")
        told = [line for line in err.splitlines() if line.startswith("left out: ")]
        assert len(told) == 6
        assert "no words: the text holds neither letters nor digits" in told[0]
        assert told[-1] == "left out: 2 more of the set's articles"


def test_a_cached_index_that_is_damaged_is_told_with_what_mends_it(assay, metals, tmp_path):
    whole = said(assay("eval", "run", metals, "--limit", 2, "--json"))
    (corpus,) = (tmp_path / "cache" / "assay" / "corpora").iterdir()
    for log in corpus.glob("store.sqlite-*"):
        log.unlink()
    (corpus / "store.sqlite").write_bytes(b"garbage" * 1000)
    _, err = assay("eval", "run", metals, "--limit", 2, code=2)
    assert err.endswith(f"; remove {corpus} and run again\n")
    shutil.rmtree(corpus)
    assert steady(said(assay("eval", "run", metals, "--limit", 2, "--json"))["figures"]) == steady(whole["figures"])


def test_a_named_index_is_asked_instead(assay, metals, tmp_path):
    assay("add", write_rows(tmp_path / "bread" / "rows.jsonl", [{"id": "b", "text": "Bread needs flour."}]), "--index", "bread.assay")
    found = said(assay("eval", "run", metals, "--index", "bread.assay", "--json"))
    assert found["run"] == "bread.assay/runs/metals"
    assert found["index"]["articles"] == 1
    assert found["figures"]["Success@1"]["value"] == 0
    assert not (tmp_path / "cache" / "assay" / "corpora").exists()


def test_questions_alone_are_asked_of_the_index_at_its_usual_place(assay, metals, tmp_path):
    file = f"{metals}/queries.jsonl"
    _, err = assay("eval", "run", file, code=2)
    assert "expected an index at" in err
    (tmp_path / "nothing").mkdir()
    assay("add", "nothing")
    assert "expected articles to ask, found none in" in assay("eval", "run", file, code=2)[1]
    assay("add", f"{metals}/corpus.jsonl")
    assert said(assay("eval", "run", file, "--json"))["figures"]["Success@1"]["value"] == 1
    assert [one.name for one in (tmp_path / "index" / "runs").iterdir()] == ["queries"]


@pytest.mark.parametrize(("limit", "count"), [(1, 1), (4, 4), (6, 6), (9999999, 6)])
def test_only_the_first_questions(assay, metals, asked, limit, count):
    out, err = assay("eval", "run", metals, "--limit", limit, "--out", "mine")
    assert (out.splitlines()[0], err) == (f"mine  {count} question{'s' if count > 1 else ''}", "")
    assert asked == [f"q-{metal}" for metal in METALS[:count]]
    assert [row["example"]["id"] for row in rows_in(Path("mine"))] == asked


def test_the_page_has_a_line_for_each_figure(assay, metals):
    figures = said(assay("eval", "run", metals, "--json"))["figures"]
    lines = assay("eval", "run", metals)[0].splitlines()
    assert [line.partition("\t")[0] for line in lines[3:]] == list(figures)
    assert "Success@1\t1.000\t0.610–1.000\t6\t0" in lines


@pytest.mark.parametrize("options", [[], ["--out", "mine"]])
def test_an_interrupted_run_is_taken_up_by_the_same_command(assay, metals, asked, options):
    whole = said(assay("eval", "run", metals, "--out", "whole", "--json"))
    asked.clear()
    for asked.stop in (2, 5):
        out, err = assay("eval", "run", metals, *options, code=130)
        assert (out, "running the same command again goes on from there" in err) == ("", True)
    asked.stop = None
    found = said(assay("eval", "run", metals, *options, "--json"))
    assert asked == [f"q-{metal}" for metal in METALS]
    assert steady(found["figures"]) == steady(whole["figures"])
    assert [row["example"]["id"] for row in rows_in(Path(found["run"]))] == asked


def test_a_run_that_was_stopped_before_its_first_word_is_taken_up(assay, metals):
    Path("mine").mkdir()
    Path("mine/.run.json.partial").write_text('{"data')
    assay("eval", "run", metals, "--limit", 1, "--out", "mine")
    assert sorted(one.name for one in Path("mine").iterdir()) == ["grades.json", "rows.jsonl", "run.json"]


@pytest.mark.slow
def test_a_killed_run_is_taken_up_by_the_same_command(process, tmp_path):
    asked = [{**question(metal), "id": f"{metal}-{n}"} for n in range(100) for metal in METALS]
    write_rows(tmp_path / "many" / "corpus.jsonl", map(article, METALS))
    write_rows(tmp_path / "many" / "queries.jsonl", asked)
    whole = process("eval", "run", "many", "--out", "whole", "--json")
    expected = json.loads(whole.communicate(timeout=300)[0])
    rows = tmp_path / "mine" / "rows.jsonl"
    for least in (20, 200, 400):
        running = process("eval", "run", "many", "--out", "mine", "--json")
        while running.poll() is None and not (rows.exists() and rows.read_bytes().count(b"\n") >= least):
            time.sleep(0.002)
        running.kill()
        assert running.communicate(timeout=60) == (b"", b"")
        kept = rows.read_bytes()
        assert least <= kept.count(b"\n") < len(asked)
    last = process("eval", "run", "many", "--out", "mine", "--json")
    found = json.loads(last.communicate(timeout=300)[0])
    assert last.returncode == 0
    assert rows.read_bytes().startswith(kept[: kept.rindex(b"\n") + 1])  # no question that was answered is asked again
    assert [row["example"]["id"] for row in rows_in(tmp_path / "mine")] == [row["id"] for row in asked]
    assert steady(found["figures"]) == steady(expected["figures"])


def test_a_finished_run_is_not_overwritten(assay, metals):
    assay("eval", "run", metals, "--limit", 1, "--out", "mine")
    before = {one.name: one.read_bytes() for one in Path("mine").iterdir()}
    _, err = assay("eval", "run", metals, "--limit", 1, "--out", "mine", code=2)
    assert "found a finished one in mine; choose another --out, or see that one with `assay eval report mine`" in err
    assert {one.name: one.read_bytes() for one in Path("mine").iterdir()} == before
    Path("letters").mkdir()
    Path("letters/dear.txt").write_text("x")
    assert "found other files in letters" in assay("eval", "run", metals, "--out", "letters", code=2)[1]
    assert "File exists" in assay("eval", "run", metals, "--out", "metals/corpus.jsonl", code=2)[1]


def test_a_question_that_fails_is_named_and_the_rest_goes_on(assay, metals, monkeypatch):
    ask = Pipeline.ask

    def faulty(self, question, **options):
        if "nickel" in question.text:
            raise ZeroDivisionError("planted")
        return ask(self, question, **options)

    monkeypatch.setattr(Pipeline, "ask", faulty)
    found = said(assay("eval", "run", metals, "--json", code=1))
    assert found["failed"] == [{"id": "q-nickel", "error": "internal error: ZeroDivisionError: planted"}]
    assert found["figures"]["Success@1"]["value"] == pytest.approx(5 / 6)
    assert "q-nickel failed: internal error: ZeroDivisionError: planted\n" in assay("eval", "run", metals, code=1)[0]


def test_where_every_question_fails_every_figure_is_its_worst(assay, tmp_path):
    rows = [{**question("nickel"), "id": f"q{n}", "question": f"?! {n}".replace(str(n), "!" * n)} for n in range(25)]
    write_rows(tmp_path / "marks" / "corpus.jsonl", [article("nickel")])
    write_rows(tmp_path / "marks" / "queries.jsonl", rows)
    found = said(assay("eval", "run", "marks", "--json", code=1))
    assert len(found["failed"]) == 25
    assert {found["figures"][name]["value"] for name in ("nDCG@10", "passage_R@5", "span_recall", "F1", "right")} == {0}
    lines = assay("eval", "run", "marks", code=1)[0].splitlines()
    assert sum(" failed: " in line for line in lines) == 20
    assert lines[-1] == "… and 5 more; --json lists all"


def test_a_question_is_asked_with_what_was_said_before(assay, metals, tmp_path):
    history = [{"role": "user", "content": "How many tonnes did the cobalt plant in Ruritania make?"}]
    write_rows(tmp_path / metals / "queries.jsonl", [{**question("cobalt"), "question": "And in 2023?", "history": history}])
    found = said(assay("eval", "run", metals, "--json"))
    assert found["figures"]["Success@1"]["value"] == 1
    assert "cobalt" in rows_in(Path(found["run"]))[0]["answer"]["standalone_question"]


BROKEN = [
    ('{"id": "q"}', "line 2: expected a question"),
    ("{broken", "line 2: expected JSON"),
    ('{"id": "a b", "question": "Who?"}', "line 2: expected 'id' without white space"),
    ('{"id": "q-lithium", "question": "Who?"}', "line 2: expected an id of its own"),
    ('{"question": "\\ud800"}', "line 2: expected valid Unicode"),
    ("[" * 100_000, "line 2: expected"),
]


@pytest.mark.parametrize(("line", "part"), BROKEN, ids=[part for _, part in BROKEN])
def test_a_malformed_set_is_refused_with_its_line_and_nothing_is_left(assay, metals, tmp_path, line, part):
    file = tmp_path / metals / "queries.jsonl"
    file.write_text(f"{json.dumps(question('lithium'))}\n{line}\n", encoding="utf-8")
    out, err = assay("eval", "run", metals, "--out", "mine", "--junit", "checks.xml", code=2)
    assert (out, err.count("\n")) == ("", 1)
    assert part in err
    assert [one.name for one in tmp_path.iterdir()] == [metals]


def test_a_malformed_article_is_refused_with_its_line_and_no_run_is_left(assay, metals, tmp_path):
    with (tmp_path / metals / "corpus.jsonl").open("a", encoding="utf-8") as corpus:
        corpus.write("{broken\n")
    assert "line 7: expected JSON" in assay("eval", "run", metals, "--out", "mine", code=2)[1]
    assert not Path("mine").exists()


@pytest.mark.slow
def test_the_set_that_is_built_in_on_the_real_model(tmp_path, monkeypatch, capsys):
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSAY_INDEX", str(tmp_path / "index"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert main(["eval", "run", "seeds", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["dataset"]["format"] == "built in"
    assert found["failed"] == []
    assert found["figures"]["quote_exactness"]["value"] == 1
    assert found["figures"]["Success@5"]["value"] > 0.9


# --- measures and rankings --------------------------------------------------------------------------------------------


def test_further_measures_are_beside_the_others(assay, metals):
    plain = said(assay("eval", "run", metals, "--json"))["figures"]
    found = said(assay("eval", "run", metals, "--retrieval", "nDCG@20", "--retrieval", "nDCG@20", "--json"))["figures"]
    assert list(found.keys() - plain.keys()) == ["nDCG@20"]
    assert found["nDCG@20"]["value"] == 1


def test_another_ranking_is_another_run(assay, metals):
    runs = [said(assay("eval", "run", metals, "--ranking", one, "--json"))["run"] for one in ("fused", "words", "vectors")]
    scores = [[row["articles"] for row in rows_in(Path(run))] for run in runs]
    assert scores[0] != scores[1] != scores[2] != scores[0]
    assert json.loads(Path(runs[2], "run.json").read_text())["settings"] == {"reader": "none", "dense_weight": 1.0}


OWN = """
def length(inputs, outputs, reference_outputs):
    print("stdout is not mine")
    return len(outputs["answer"])

def named(inputs, outputs, reference_outputs):
    return {"key": "named", "score": reference_outputs["answers"][0] in outputs["answer"], "comment": inputs["id"]}

def broken(**_):
    raise RuntimeError("on\\npurpose")
"""


def test_measures_of_the_users_own(assay, metals, tmp_path):
    (tmp_path / "own.py").write_text(OWN)
    options = [option for name in ("length", "named", "broken") for option in ("--measure", f"own.py:{name}")]
    out, err = assay("eval", "run", metals, *options, "--min", "length=10", "--min", "named=1", "--json")
    assert err == "stdout is not mine\n" * 6
    assert out.count("\n") == 1
    figures = json.loads(out)["figures"]
    assert figures["named"] == {"value": 1.0, "low": pytest.approx(ALL_OF_SIX), "high": 1.0, "n": 6, "apart": 0}
    assert (figures["broken"]["value"], figures["broken"]["n"], figures["broken"]["apart"]) == (None, 0, 6)
    assert figures["length"]["value"] == pytest.approx(
        sum(len(row["answer"]["answer"]) for row in rows_in(Path(json.loads(out)["run"]))) / 6
    )
    _, err = assay("eval", "run", metals, *options, "--min", "lenght=10", code=2)
    assert "close to it: length;" in err


# --- the gate ---------------------------------------------------------------------------------------------------------


def test_a_gate_passes_fails_and_gives_luck_its_due(assay, metals):
    ece = said(assay("eval", "run", metals, "--json"))["figures"]["ECE"]
    assert ece["low"] < ece["value"] < ece["high"]
    within, beyond = (ece["value"] + ece["low"]) / 2, ece["low"] / 2
    for bound, code, mark in ((ece["value"] + 0.1, 0, "passed"), (within, 0, "luck?"), (beyond, 1, "FAILED")):
        out, _ = assay("eval", "run", metals, "--min", "nDCG@10=0.9", "--max", f"ECE={bound}", code=code)
        first, second = out.splitlines()[-2:]
        assert first.startswith("passed  --min nDCG@10=0.9: 1.000")
        assert second.startswith(mark)
    found = said(assay("eval", "run", metals, "--max", f"ECE={beyond}", "--json", code=1))
    assert [check["state"] for check in found["checks"]] == ["failed"]
    found = said(assay("eval", "run", metals, "--max", "usd=1", "--json", code=1))
    assert found["checks"][0]["reason"] == "it applies to no question of this run"


REFUSED = [
    (["--min", "ndgc@10=0.5"], "found 'ndgc@10'; close to it: nDCG@10"),
    (["--min", "nDCG@10"], "expected --min NAME=VALUE"),
    (["--min", "nDCG@10=high"], "expected --min NAME=VALUE"),
    (["--min", "nDCG@20=0.5"], "expected a measure after --min, found 'nDCG@20'"),
    (["--max", "nDCG@10=0.5"], "expected --min for nDCG@10"),
    (["--measure", "own.py:length", "--max", "nDCG@10=0.5"], "expected --min for nDCG@10"),
    (["--measure", "own.py:length", "--min", "length"], "expected --min NAME=VALUE"),
    (["--max-drop", "F1=0.1"], "expected --baseline FILE with --max-drop F1=0.1"),
    (["--baseline", "nowhere"], "expected a finished run at nowhere, found none"),
    (["--baseline", "fewer", "--max-drop", "F1=0.1"], "4 questions only in this run (q-nickel, q-copper, q-graphite …)"),
    (["--baseline", "same", "--max-drop", "usd=0.1"], "expected usd in the baseline, found none"),
    (["--retrieval", "nDCG@x"], "expected a measure such as nDCG@10"),
    (["--measure", "own.py:nothing"], "expected a function 'nothing' in own.py, found none"),
    (["--measure", "own.txt:length"], "expected a Python file"),
    (["--judge", "gpt"], "expected a model as provider:name"),
    (["--junit", "nowhere/checks.xml"], "nowhere/checks.xml cannot be written (No such file or directory); choose another --junit"),
    (["--markdown", "metals"], "metals cannot be written (Is a directory); choose another --markdown"),
    (["--limit", "0"], "expected a number from 1, found '0'"),
    (["--ranking", "luck"], "invalid choice: 'luck'"),
    (["--out", ""], "expected a name"),
]


def test_what_can_be_refused_is_refused_before_anything_is_asked(assay, metals, tmp_path, asked):
    (tmp_path / "own.py").write_text(OWN)
    assay("eval", "run", metals, "--limit", 2, "--out", "fewer")
    assay("eval", "run", metals, "--out", "same")
    asked.clear()
    before = sorted(one.name for one in tmp_path.rglob("*"))
    for options, part in REFUSED:
        out, err = assay("eval", "run", metals, *options, code=2)
        assert (out, err.count("\n"), asked) == ("", 1, []), options
        assert part in err, options
        assert sorted(one.name for one in tmp_path.rglob("*") if one.suffix != ".pyc" and one.name != "__pycache__") == before, options


def test_a_run_is_held_against_a_baseline(assay, metals, tmp_path):
    own = tmp_path / "own.py"
    own.write_text("def good(**_):\n    return True\n")
    assay("eval", "run", metals, "--measure", "own.py:good", "--out", "before")
    for baseline in ("before", "before/grades.json"):
        drops = ["--max-drop", "F1=0", "--max-drop", "ECE=0", "--max-drop", "good=0"]
        found = said(assay("eval", "run", metals, "--measure", "own.py:good", "--baseline", baseline, *drops, "--json"))
        assert [(check["state"], check["found"]["value"]) for check in found["checks"]] == [("passed", 0)] * 3
    own.write_text("def good(**_):\n    return False\n")
    out, _ = assay("eval", "run", metals, "--measure", "own.py:good", "--baseline", "before", "--max-drop", "good=0.1", code=1)
    assert out.splitlines()[-1].startswith("FAILED  --max-drop good=0.1: a drop of 1.000 (0.219 to 1.000), n = 6; from 1.000 to 0.000")


def test_continuous_integration_reads_what_came_of_it(assay, metals, tmp_path):
    junit, markdown = tmp_path / "checks.xml", tmp_path / "figures.md"
    markdown.write_text("before")
    checks = ("--min", "EM=0.9", "--min", "nDCG@10=0.9")
    assay("eval", "run", metals, *checks, "--junit", junit, "--markdown", markdown, code=1)
    suites = ET.fromstring(junit.read_text(encoding="utf-8"))  # noqa: S314  # it is our own
    assert (suites.get("tests"), suites.get("failures")) == ("2", "1")
    cases = {case.get("name"): case.find("failure") for case in suites.iter("testcase")}
    assert cases["--min nDCG@10=0.9"] is None
    assert "FAILED  --min EM=0.9" in cases["--min EM=0.9"].get("message")
    lines = markdown.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "### assay eval: 1 of 2 checks failed"
    assert "| nDCG@10 | 1.000 | 0.610 to 1.000 | 6 | 0 |" in lines
    assert not list(tmp_path.glob(".*"))
    assay("eval", "run", metals, "--markdown", markdown)
    assert markdown.read_text(encoding="utf-8").startswith("### metals, 6 questions\n")


@pytest.mark.slow
def test_what_ci_reads_may_go_to_stdout_which_stays_what_it_is(process, metals):
    running = process("eval", "run", metals, "--junit", "/dev/stdout")
    out, err = running.communicate(timeout=120)
    assert (running.returncode, err) == (0, b"")
    assert b"<testsuites" in out
    assert Path("/dev/stdout").is_symlink()


# --- compare ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def runs(assay, metals):
    """Three finished runs: `one` and its repetition `two`, and `three` by vectors alone."""
    for name, ranking in (("one", "fused"), ("two", "fused"), ("three", "vectors")):
        assay("eval", "run", metals, "--out", name, "--ranking", ranking)
    return ("one", "two", "three")


def test_the_same_twice_does_not_differ(assay, runs):
    found = said(assay("eval", "compare", *runs[:2], "--json"))
    (versus,) = found["comparisons"]
    assert (versus["baseline"], versus["other"]) == ("one", "two")
    assert not any(one["significant"] for one in versus["measures"])
    assert {one["value"] for one in versus["measures"] if not COSTS.fullmatch(one["measure"])} <= {0, None}
    out, err = assay("eval", "compare", *runs[:2], "--test", "t")
    assert err == ""
    assert "measures differs significantly" in out
    assert "None of " in out
    assert "0 questions better, 0 worse." in out


def test_three_runs_are_compared_with_the_first(assay, runs):
    found = said(assay("eval", "compare", *runs, "--json"))
    assert [(one["baseline"], one["other"]) for one in found["comparisons"]] == [("one", "two"), ("one", "three")]
    assert assay("eval", "compare", *runs)[0].count("6 questions of metals") == 2


def test_what_cannot_be_compared_is_refused_in_one_line(assay, metals, runs, asked, tmp_path):
    assay("eval", "run", metals, "--limit", 2, "--out", "fewer")
    reworded = [{**question(metal), "answers": ["none"]} if metal == "cobalt" else question(metal) for metal in METALS]
    write_rows(tmp_path / metals / "queries.jsonl", reworded)
    assay("eval", "run", metals, "--out", "other gold")
    asked.stop = len(asked)
    assay("eval", "run", metals, "--out", "unfinished", code=130)
    for other, part in (
        ("nowhere", "expected the folder of a run, found none at nowhere"),
        ("metals", "expected the folder of a run, found none at metals"),
        ("unfinished", "found an interrupted one; the command that began it goes on with it"),
        ("fewer", "4 questions only in one (q-nickel, q-copper, q-graphite …)"),
        ("other gold", "1 question with other gold (q-cobalt)"),
    ):
        out, err = assay("eval", "compare", runs[0], other, code=2)
        assert (out, err.count("\n")) == ("", 1)
        assert part in err
    assert "expected two runs or more to compare, found 1" in assay("eval", "compare", "one", code=2)[1]


@pytest.mark.parametrize("name", ["run.json", "rows.jsonl", "grades.json"])
def test_a_damaged_run_is_refused_in_one_line_wherever_it_is_read(assay, metals, tmp_path, name):
    assay("eval", "run", metals, "--limit", 3, "--out", "one")
    file = tmp_path / "one" / name
    whole = file.read_bytes()
    turned = [whole.replace(old, new, 1) for old, new in ((b'"q-', b"7"), (b"null", b"[]"), (b"1.0", b"1e999"), (b"{}", b"3"))]
    for damaged in (b"", b"{}\n", b"null\n", b"[" * 100_000, whole[:-9], whole[:100], whole + b"{}\n", *turned):
        if damaged == whole:
            continue
        file.write_bytes(damaged)
        for verb in (["compare", "one", "one"], ["report", "one", "--out", "page.html"]):
            out, err = assay("eval", *verb, code=2)
            assert (out, err.count("\n")) == ("", 1)
            assert "expected" in err
            assert "internal error" not in err
    assert not Path("page.html").exists()


# --- report -----------------------------------------------------------------------------------------------------------


class _Page(HTMLParser):
    """The tags of a page with their attributes, and the data that it holds for its script."""

    def __init__(self):
        super().__init__()
        self.tags, self.data = [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.tags and self.tags[-1][0] == "script" and self.tags[-1][1].get("id") == "data":
            self.data += data


def page_of(path):
    """The questions that a report shows, and its tags."""
    page = _Page()
    page.feed(Path(path).read_text(encoding="utf-8"))
    page.close()
    return [one["question"] for one in json.loads(page.data)["questions"]], page.tags


def test_a_report_is_one_page_with_every_question(assay, runs):
    found = said(assay("eval", "report", *runs, "--json"))
    assert found == {"report": "one/report.html", "runs": list(runs), "bytes": Path("one/report.html").stat().st_size}
    assert page_of("one/report.html")[0] == [question(metal)["question"] for metal in METALS]
    assert assay("eval", "report", "two", "--out", "page.html") == ("written to page.html; open it in any browser\n", "")
    assert said(assay("eval", "compare", "one", "two", "--json"))["questions"] == 6  # the page in the folder is in no one's way
    assert "found none at nowhere" in assay("eval", "report", "nowhere", code=2)[1]
    for out, why in (("nowhere/page.html", "No such file or directory"), ("metals", "Is a directory")):
        assert assay("eval", "report", "one", "--out", out, code=2)[1] == f"assay: {out} cannot be written ({why}); choose another --out\n"
    assert not list(Path().glob(".*"))


# --- generate and import-feedback -------------------------------------------------------------------------------------


def test_what_was_generated_is_asked_with_its_articles_left_out(assay, tmp_path):
    towns = ["Aldermoor", "Brackwater", "Cindervale", "Dunhollow", "Eastmarch", "Fernwick"]
    rows = [
        {
            "id": f"a-{town}",
            "title": f"The {metal} refinery of {town} opens in spring",
            "text": f"The refinery of {town} opened on {n + 3} March 2023 after years of delay. Its owner, {town} Metals, hired {n + 40} "
            f"chemists from abroad. The output of {metal} is expected to reach {n + 11}00 tonnes within two years.",
        }
        for n, (town, metal) in enumerate(zip(towns, METALS, strict=True))
    ]
    assay("add", write_rows(tmp_path / "towns" / "rows.jsonl", rows))
    made = said(assay("eval", "generate", "-n", 9, "--out", "made.jsonl", "--json"))
    assert (made["questions"], made["shortfall"]) == (9, None)
    lines = [json.loads(line) for line in Path("made.jsonl").read_text(encoding="utf-8").splitlines()]
    silent = {row["id"]: set(row["metadata"]["leave_out"]) for row in lines if row["type"] == "unanswerable"}
    assert silent
    found = said(assay("eval", "run", "made.jsonl", "--json"))
    for row in rows_in(Path(found["run"])):
        ranked = {one for one, _ in row["articles"]} | {hit["article_id"] for hit in row["answer"]["hits"]}
        assert ranked == {one["id"] for one in rows} - silent.get(row["example"]["id"], set()) or not silent.get(row["example"]["id"])
        assert not ranked & silent.get(row["example"]["id"], set())
    again = assay("eval", "generate", "-n", 9, "--out", "again.jsonl")[0]
    assert again.startswith("9 questions written to again.jsonl\n")
    assert Path("again.jsonl").read_bytes() == Path("made.jsonl").read_bytes()
    assay("eval", "generate", "-n", 9, "--seed", 7, "--out", "other.jsonl")
    assert Path("other.jsonl").read_bytes() != Path("made.jsonl").read_bytes()
    short = said(assay("eval", "generate", "-n", 5000, "--out", "short.jsonl", "--json", code=1))
    assert short["questions"] < 5000
    assert short["shortfall"]


def test_a_link_to_a_set_stays_a_link_and_a_pipe_stays_a_pipe(assay, metals, tmp_path):
    assay("add", f"{metals}/corpus.jsonl")
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "set.jsonl")
    assay("eval", "generate", "-n", 1, "--out", "link.jsonl")
    assert (tmp_path / "link.jsonl").is_symlink()
    assert (tmp_path / "set.jsonl").read_text(encoding="utf-8").count("\n") == 1
    os.mkfifo(tmp_path / "pipe")
    assert "cannot be written to pipe (not a plain file)" in assay("eval", "generate", "-n", 1, "--out", "pipe", code=2)[1]
    assert (tmp_path / "pipe").is_fifo()


def test_feedback_becomes_questions_and_a_refused_row_is_told(assay, metals):
    vote = {"question": question("nickel")["question"], "vote": "down", "correction": "5 tonnes", "id": "f1"}
    Path("votes.jsonl").write_text(f'{json.dumps(vote)}\n{{"vote": "sideways", "question": "Who?"}}\n')
    found = said(assay("eval", "import-feedback", "votes.jsonl", "--out", "made.jsonl", "--json", code=1))
    assert (found["questions"], found["out"]) == (1, "made.jsonl")
    assert [reason.partition(":")[0] for reason in found["refused"]] == ["line 2"]
    out, err = assay("eval", "import-feedback", "votes.jsonl", "--out", "made.jsonl", code=1)
    assert (out.splitlines()[1].partition(":")[0], err) == ("line 2", "")
    assay("add", f"{metals}/corpus.jsonl")
    assert said(assay("eval", "run", "made.jsonl", "--json"))["figures"]["contained"]["value"] == 1
    Path("votes.jsonl").write_text(f"{json.dumps(vote)}\n")
    assay("eval", "import-feedback", "votes.jsonl", "--out", "made.jsonl")


def test_a_run_that_is_kept_elsewhere_is_found_among_those_of_its_index(assay, metals, tmp_path):
    assay("add", f"{metals}/corpus.jsonl")
    assay("eval", "run", f"{metals}/queries.jsonl", "--limit", 1)
    runs = tmp_path / "index" / "runs"
    (own,) = runs.iterdir()
    for out in ("a/kept", "b/kept"):
        assay("eval", "run", f"{metals}/queries.jsonl", "--limit", 2, "--out", out)
    links = {link.name: link.readlink() for link in runs.iterdir() if link.is_symlink()}
    assert links == {"kept": Path("a/kept").absolute(), "kept-2": Path("b/kept").absolute()}
    assert not own.is_symlink()


@pytest.mark.parametrize("verb", [["generate", "-n", "2"], ["import-feedback", "votes.jsonl"]])
def test_a_place_that_cannot_be_written_to_is_told_before_the_work(assay, metals, monkeypatch, verb):
    assay("add", f"{metals}/corpus.jsonl")
    monkeypatch.setattr("eval.generating.generate", None)
    monkeypatch.setattr("eval.feedback.import_feedback", None)
    for out, why in (("nowhere/set.jsonl", "No such file or directory"), ("metals", "Is a directory")):
        assert assay("eval", *verb, "--out", out, code=2) == ("", f"assay: {out} cannot be written ({why}); choose another --out\n")


# --- the contract -----------------------------------------------------------------------------------------------------


def test_every_verb_has_its_help(assay):
    out, _ = assay("eval", "--help")
    assert re.findall(r"^    ([\w-]+)(?:  +\w.*)?$", out, re.MULTILINE) == VERBS
    for verb in VERBS:
        assert f"usage: assay eval {verb} " in assay("eval", verb, "--help")[0]


@pytest.mark.parametrize(
    ("argv", "part"),
    [
        ([], "VERB"),
        (["fly"], "invalid choice: 'fly'"),
        (["run"], "DATASET"),
        (["run", ""], "expected a name"),
        (["run", "a\0b"], "expected a name"),
        (["run", "caf\udce9"], "expected a name in UTF-8"),
        (["run", "x" * 5000], "expected a path that can be read"),
        (["run", "nowhere"], "found nothing at nowhere; give a file, a folder, or the word seeds"),
        (["run", "metals", "--lim", "2"], "unrecognized arguments: --lim"),
        (["compare"], "RUN"),
        (["compare", "a", "b", "--changed", "0"], "expected a number from 1"),
        (["report"], "RUN"),
        (["generate"], "--out"),
        (["generate", "-n", "-1", "--out", "x"], "expected a number from 1, found '-1'"),
        (["generate", "--out", "made.jsonl"], "make one with `assay add PATH --index"),
        (["import-feedback", "nowhere", "--out", "x"], "expected a file of feedback at nowhere"),
    ],
)
def test_what_cannot_be_done_is_one_line(assay, tmp_path, argv, part):
    out, err = assay("eval", *argv, code=2)
    assert (out, err.count("\n"), err[:7]) == ("", 1, "assay: ")
    assert part in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "argv",
    [
        ["--json", "eval", "run", "metals", "--index", "i"],
        ["--index", "i", "eval", "--json", "run", "metals"],
        ["eval", "--index", "i", "run", "--json", "metals"],
        ["eval", "run", "--index", "i", "metals", "--json"],
    ],
)
def test_global_options_stand_anywhere(assay, metals, argv):
    assay("add", f"{metals}/corpus.jsonl", "--index", "i")
    assert said(assay(*argv))["run"] == "i/runs/metals"


# --- hostile text -----------------------------------------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script> nickel?",
    '"><img src=x onerror=alert(1)> nickel',
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]>&lt;b&gt; & <",
    "{{7*7}} ${7*7} <%= 7*7 %> {0} %s %n",
    "\x1b[31mred\x1b[0m \x9b31m \x07",
    "\u202egnirts\u202c \u2028 \u2029 nickel",
    "=cmd|' /C calc'!A0",
    "'; DROP TABLE articles; --",
    "../../../../etc/passwd",
    "[link](javascript:alert(1)) ![i](http://127.0.0.1/x) | cell |",
    "nul \0 inside nickel",
    "?!",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞",
    "🙂" * 50,
    "nickel " * 400,
]


#: What a terminal obeys, but for the end of a line and a tab.
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def hostile_set(folder, texts):
    """Write a set in which the texts stand wherever a text can, and return its questions; ids can hold no white space."""
    ids = [re.sub(r"[\s\x00-\x1f\x7f-\x9f]", "", f"{n}:{text}")[:200] for n, text in enumerate(texts)]
    articles = [
        {"id": f"a{one}", "title": text, "text": f"{text} {sentence('nickel')}"}
        for one, text in zip(ids, texts, strict=True)
        if "\0" not in text
    ]
    write_rows(folder / "corpus.jsonl", articles)
    rows = [
        {
            "id": f"q{one}",
            "question": text,
            "answers": [text],
            "type": text,
            "key_points": [text],
            "rewrite": text,
            "evidence": [{"article_id": f"a{one}"}, {"quote": text}],
            "metadata": {text: [text]},
        }
        for one, text in zip(ids, texts, strict=True)
        if text.strip()
    ]
    write_rows(folder / "queries.jsonl", rows)
    return rows


def check_hostile(assay, folder, texts):
    rows = hostile_set(folder, texts)
    gate = ("--min", "F1=1.5", "--junit", "c.xml", "--markdown", "f.md")
    assay("eval", "run", folder.name, "--out", "one", "--json", *gate, code=1)
    out, _ = assay("eval", "run", folder.name, "--out", "two", "--ranking", "words", *gate, code=1)
    assert not OBEYED.search(out)
    kept = rows_in(Path("one"))
    assert [row["example"]["question"] for row in kept] == [row["question"] for row in rows]
    assert [row["example"]["type"] for row in kept] == [row["type"] for row in rows]
    assert all(row["error"] is None or "internal error" not in row["error"] for row in kept)
    ET.fromstring(Path("c.xml").read_text(encoding="utf-8"))  # noqa: S314  # it is our own
    out, err = assay("eval", "compare", "one", "two", "--changed", 1000)
    assert not OBEYED.search(out + err)
    said(assay("eval", "compare", "one", "two", "--json"))
    assay("eval", "report", "one", "two", "--out", "page.html")
    shown, tags = page_of("page.html")
    assert [seen(text)[:100] for text in shown] == [seen(row["question"])[:100] for row in rows]
    assert not [
        tag for tag, attrs in tags if tag in ("iframe", "object", "embed", "base", "form") or any(name.startswith("on") for name in attrs)
    ]
    assert not [attrs for _, attrs in tags if re.match(r"\s*(javascript|http)", attrs.get("href") or attrs.get("src") or "")]


def seen(text):
    """The letters and digits of a text: what is invisible is shown as its number, and what cannot be shown as a sign."""
    return re.sub(r"[\W_]+", "", re.sub(r"⟨U\+[0-9A-F]+⟩", "", text))


def test_hostile_text_stays_text_from_the_set_to_the_report(assay, tmp_path):
    check_hostile(assay, tmp_path / "hostile", HOSTILE)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "key"), [("naughty_questions.jsonl", "text"), ("xss_payloads.jsonl.gz", "payload")])
def test_the_public_hostile_lists_stay_text_too(assay, tmp_path, name, key):
    if not os.environ.get("ASSAY_DATA"):
        pytest.skip("ASSAY_DATA names no folder of public data")
    data = (Path(os.environ["ASSAY_DATA"]) / "hostile" / name).read_bytes()
    lines = (gzip.decompress(data) if name.endswith(".gz") else data).splitlines()
    texts = list(dict.fromkeys(json.loads(line)[key] for line in lines))
    step = -(-len(texts) // 200)
    check_hostile(assay, tmp_path / "hostile", [text for text in texts[::step] if not re.search("[\ud800-\udfff]", text)])

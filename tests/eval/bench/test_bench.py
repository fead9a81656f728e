"""The benchmark's arithmetic by hand and by others' code, its choice of articles, its journal, its page, and a small run of it all."""

import json
import platform
import random
import re
import statistics
from importlib.util import find_spec

import ir_measures
import pytest

from eval.bench import __main__ as bench
from eval.bench.figures import OURS, OURS_F32, STOCK, Ratio, figures, ingested, ratios
from eval.bench.journal import Journal, listed
from eval.bench.machine import EncoderShape
from eval.bench.page import page
from eval.bench.sides import best_articles
from eval.bench.subset import judged_on, loading_order
from eval.collections import load
from eval.measures import retrieval
from eval.timing import laps, peak_memory, percentiles, spread

MINILM = EncoderShape(layers=6, hidden=384, intermediate=1536)

# --- arithmetic -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [2, 7, 200])
def test_percentiles_are_the_standard_librarys(count):
    chance = random.Random(count)
    values = [chance.lognormvariate(2, 1) for _ in range(count)]
    p50, p95 = percentiles(values)
    assert p50 == pytest.approx(statistics.median(values))
    assert p95 == pytest.approx(statistics.quantiles(values, n=20, method="inclusive")[18])
    assert spread(values) == pytest.approx((statistics.median(values), min(values), max(values)))


def test_laps_leave_the_warm_up_out_and_stand_in_the_order_of_the_texts():
    met = []
    taken = laps(met.append, ["a", "b", "c", "d", "e"], warm_up=2)
    assert met == ["a", "b", "c", "d", "e"]
    assert len(taken) == 3
    assert all(lap >= 0 for lap in taken)


def test_memory_counts_what_was_held_and_let_go():
    before = peak_memory()
    held = bytearray(b"x" * (before + 50_000_000))
    size = len(held)
    del held
    assert peak_memory() >= size > before > 1_000_000


def test_operations_of_an_encoder_by_hand():
    """One layer of width 2 with 3 in the middle has 4·2·2 + 2·2·3 = 28 matrix parameters; texts of 3 and of 5 tokens."""
    small = EncoderShape(layers=1, hidden=2, intermediate=3)
    assert small.matrix_parameters == 28
    assert small.flops(3 + 5, 9 + 25) == 2 * 28 * 8 + 4 * 1 * 2 * 34 == 720
    assert MINILM.matrix_parameters == 10_616_832


@pytest.mark.slow
def test_operations_of_the_default_model_are_those_that_torch_counts():
    from torch.utils.flop_counter import FlopCounterMode

    from index import SentenceTransformerEmbedder

    embedder = SentenceTransformerEmbedder()
    text = "Chile presented a lithium plan in April 2023. " * 12
    (tokens,) = (count + 2 for count in embedder.count_tokens([text]))
    embedder.reference[0].auto_model.set_attn_implementation("eager")  # of the fused attention torch counts nothing on a processor
    with FlopCounterMode(display=False) as counted:
        embedder.reference.encode([text])
    pooler = 2 * MINILM.hidden**2  # BERT's own, whose output the sentence embedding does not use
    assert EncoderShape.of(embedder.files.folder) == MINILM
    assert counted.get_total_flops() == MINILM.flops(tokens, tokens**2) + pooler


def test_recall_of_articles_by_their_best_passages_is_what_ir_measures_says_of_the_maxima():
    chance = random.Random(4)
    names = [f"a{n}" for n in range(40)]
    passages = {f"q{n}": [(chance.choice(names), chance.random()) for _ in range(200)] for n in range(20)}
    qrels = {query: dict.fromkeys(chance.sample(names, 5), 1) for query in passages}
    run = {query: best_articles(found) for query, found in passages.items()}
    assert all(len(dict(found)) == 10 for found in run.values())
    maxima = [
        ir_measures.ScoredDoc(query, one, max(score for article, score in found if article == one))
        for query, found in passages.items()
        for one in {article for article, _ in found}
    ]
    judged = [ir_measures.Qrel(query, one, 1) for query, grades in qrels.items() for one in grades]
    expected = ir_measures.calc_aggregate([ir_measures.R @ 10], judged, maxima)[ir_measures.R @ 10]
    assert retrieval(run, qrels, ["R@10"])["R@10"].value == pytest.approx(expected)
    assert 0.1 < expected < 0.9


@pytest.mark.parametrize(("value", "target", "verdict"), [(4.0, 4.0, "met"), (3.99, 4.0, "missed"), (0.1, None, "–")])
def test_a_ratio_is_met_missed_or_not_judged(value, target, verdict):
    assert Ratio("ingest", 500, "", "", value, target).verdict == verdict


# --- which articles ---------------------------------------------------------------------------------------------------


def write_collection(folder, articles, questions, qrels):
    folder.mkdir(parents=True)
    for name, rows in (("corpus.jsonl", articles), ("queries.jsonl", questions)):
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "qrels.tsv").write_text("".join(f"{query}\t{article}\t{grade}\n" for query, article, grade in qrels), encoding="utf-8")


@pytest.fixture
def collection(tmp_path):
    """200 articles, 30 questions with up to three relevant ones each, one of grade 0 and one that is not in the corpus."""
    chance = random.Random(8)
    articles = [{"id": f"a{n}", "text": f"Article {n}."} for n in range(200)]
    questions = [{"id": f"q{n}", "question": f"Question {n}?"} for n in range(32)]
    qrels = [(f"q{n}", f"a{m}", 1) for n in range(30) for m in chance.sample(range(100), 3)]
    write_collection(tmp_path / "set", articles, questions, [*qrels, ("q30", "a150", 0), ("q31", "gone", 1)])
    return load(tmp_path / "set")


def test_a_smaller_subset_is_the_beginning_of_a_larger_one_and_always_the_same(collection):
    ids = [article.id for article in collection.articles()]
    order = loading_order(collection, ids)
    assert sorted(order) == sorted(ids)
    assert order == loading_order(collection, ids)
    assert order != loading_order(collection, ids, seed=1)
    relevant = {article for question in collection.questions for article, grade in question.relevant.items() if grade > 0}
    assert [one in relevant for one in order[:60]] == [True, False] * 30
    assert judged_on(collection, order[:60]).keys() < judged_on(collection, order[:120]).keys()


def test_a_question_is_judged_when_all_of_its_relevant_articles_are_loaded(collection):
    by_id = {question.id: question.relevant for question in collection.questions}
    lost = next(iter(by_id["q4"]))
    judged = judged_on(collection, {f"a{n}" for n in range(200)} - {lost})
    assert judged == {f"q{n}": by_id[f"q{n}"] for n in range(30) if lost not in by_id[f"q{n}"]}
    assert "q4" not in judged
    assert judged_on(collection, {f"a{n}" for n in range(200)}).keys() == {f"q{n}" for n in range(30)}


# --- the journal ------------------------------------------------------------------------------------------------------


def begun(plan="one"):
    return {"date": "2026-01-02", "sittings": 0, "plan": {"name": plan}, "encoder": {}, "steps": {}}


def broken():
    raise KeyboardInterrupt


def test_an_interrupted_run_goes_on_and_one_of_another_plan_begins_anew(tmp_path):
    first = Journal(tmp_path / "run", begun())
    first.keep("machine", lambda: {"cores": 2})
    first.keep("a", lambda: {"seconds": 1.23456789, "laps": [0.000123456789]})
    with pytest.raises(KeyboardInterrupt):
        first.keep("b", broken)
    (tmp_path / "run" / "index").mkdir()
    second = Journal(tmp_path / "run", begun())
    second.keep("a", broken)  # done before: not carried out
    second.keep("b", lambda: {"seconds": 2.0})
    expected = begun() | {"machine": {"cores": 2}, "sittings": 2}
    expected["steps"] = {"a": {"seconds": 1.23457, "laps": [0.000123457]}, "b": {"seconds": 2.0}}
    assert second.run == expected
    assert json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8")) == expected
    assert json.loads(listed(expected)) == expected
    other = Journal(tmp_path / "run", begun("another"))
    assert other.run == begun("another") | {"sittings": 1}
    assert not (tmp_path / "run" / "index").exists()


# --- the page ---------------------------------------------------------------------------------------------------------


def side(seconds, search, *, passages, ask=None):
    """The steps of a side but for those of fresh processes."""
    step = {"articles": 500, "text_bytes": 3_000_000, "passages": passages, "seconds": seconds, "peak_bytes": 500_000_000, "refused": 0}
    warm = {"open_ms": 40.0, "search_ms": [search] * 3, "peak_bytes": 300_000_000}
    answered = {"ask_ms": [ask] * 3, "answered": 2} if ask else {}
    return {
        "ingest": step | {"tokens": 1_000_000, "token_squares": 200_000_000, "index_bytes": 20_000_000},
        "warm/1": warm | answered,
        "warm/2": warm | answered | {"search_ms": [search + 2] * 3},
        "rank": {"value": 0.75, "low": 0.7, "high": 0.8, "n": 60},
    }


def run_of(*, ours_seconds=25.0, fresh=(6.0, 0.75), search=(12.0, 6.0), bf16=True, load_average=0.2, sittings=1):
    """A run at 500 articles of which every number is known; stock ingests in 100 seconds."""
    sides = {STOCK: side(100.0, search[0], passages=4000), OURS: side(ours_seconds, search[1], passages=5000, ask=40.0)}
    if bf16:
        sides[OURS_F32] = {"ingest": side(50.0, 0.0, passages=5000)["ingest"]}
    steps = {f"500/{name}/{step}": found for name, known in sides.items() for step, found in known.items()}
    machine = {"cpu": "A processor", "cores": 2, "memory_gb": 16.0, "bf16": bf16, "amx": False, "load": load_average}
    return {
        "date": "2026-01-02",
        "sittings": sittings,
        "plan": {
            "set": "news2023",
            "sizes": [500],
            "questions": 3,
            "warm_up": 20,
            "rounds": 2,
            "fresh": 3,
            "seed": 2023,
            "versions": {"Python": "3.11.0"},
        },
        "encoder": {"layers": 6, "hidden": 384, "intermediate": 1536},
        "machine": machine | {"f32_gflops": 500.0, "bf16_gflops": 1000.0 if bf16 else None},
        "steps": steps | {"500/fresh": {STOCK: [fresh[0]] * 3, OURS: [fresh[1] - 0.1, fresh[1], fresh[1] + 0.3]}},
    }


def row(text, start):
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {start}")]
    return [cell.strip().strip("*") for cell in line.strip("|").split("|")]


def test_figures_are_medians_with_their_range():
    found = figures(run_of(), OURS, 500)
    assert found.first_s == pytest.approx((0.75, 0.65, 1.05))
    assert found.search_p50_ms == pytest.approx((7.0, 6.0, 8.0))
    assert found.answered == pytest.approx(2 / 3)
    assert figures(run_of(), STOCK, 500).ask_p50_ms is None


def test_each_side_is_held_against_the_precision_that_it_computes_in():
    run = run_of()
    operations = (2 * 10_616_832 * 1_000_000 + 4 * 6 * 384 * 200_000_000) / 1e9
    for name, seconds, peak in ((OURS, 25, 1000), (OURS_F32, 50, 500), (STOCK, 100, 500)):
        assert ingested(run, name, 500).gflops == pytest.approx(operations / seconds)
        assert ingested(run, name, 500).share == pytest.approx(operations / seconds / peak)
    assert ingested(run_of(bf16=False), OURS, 500).share == pytest.approx(operations / 25 / 500)


def test_a_run_that_meets_every_target_says_so():
    text = page(run_of())
    assert row(text, "ingest, ours in bfloat16")[2:] == ["0.030 MB/s", "0.120 MB/s", "4.00", "≥ 4", "met"]
    assert row(text, "ingest, ours in float32")[2:] == ["0.030 MB/s", "0.060 MB/s", "2.00", "–", "–"]
    assert row(text, "fresh process")[2:] == ["6.00 s", "0.75 s", "8.00", "≥ 6", "met"]
    assert row(text, "warm search")[2:] == ["13.0 ms", "7.0 ms", "1.86", "≥ 1.5", "met"]
    assert row(text, "500 | ours in float32")[3:7] == ["5,000", "50.0", "0.060", "100.0"]
    assert "0.750 (0.700–0.800), n = 60" in text
    assert "Every target is met." in text
    assert "Missed" not in text
    assert "busy" not in text
    assert "sittings" not in text


def test_a_missed_figure_is_said():
    text = page(run_of(ours_seconds=40.0, fresh=(3.0, 0.75), search=(6.0, 6.0), load_average=4.0, sittings=2))
    assert row(text, "ingest, ours in bfloat16")[4:] == ["2.50", "≥ 4", "missed"]
    assert row(text, "fresh process")[4:] == ["4.00", "≥ 6", "missed"]
    assert row(text, "warm search")[4:] == ["1.00", "≥ 1.5", "missed"]
    (said,) = re.findall(r"^\*\*Missed:\*\* (.*)$", text, re.MULTILINE)
    assert [part.split(" at 500")[0] for part in said.split("; ")] == [one.what for one in ratios(run_of()) if one.target]
    assert "Every target is met" not in text
    assert "The machine was busy" in text
    assert "2 sittings" in text


def test_without_bfloat16_the_ratio_of_ingest_is_shown_and_not_judged():
    text = page(run_of(bf16=False, ours_seconds=50.0))
    assert row(text, "ingest, ours in float32")[4:] == ["2.00", "–", "–"]
    assert "it was not judged" in text
    assert "ingest, ours in bfloat16" not in text


def test_tables_are_whole_and_plots_are_where_the_page_says(tmp_path):
    pytest.importorskip("matplotlib")
    run = run_of()
    for name in [name for name in run["steps"] if name.startswith("500/") and OURS_F32 not in name]:
        run["steps"][name.replace("500/", "2000/")] = run["steps"][name]
    for sizes in ([500], [500, 2000]):
        run["plan"]["sizes"] = sizes
        bench.publish(run, tmp_path)
        text = (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
        for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
            assert len({line.count("|") for line in table.splitlines()}) == 1
        for picture in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text):
            drawn = (tmp_path / picture).read_text(encoding="utf-8")
            assert drawn.count("<text") > 30
            assert "milliseconds" in drawn
            assert len(drawn) < 60_000
        assert json.loads((tmp_path / "benchmarks" / "results.json").read_text(encoding="utf-8")) == run
        assert bench.main(["--render", str(tmp_path / "benchmarks" / "results.json"), "--out", str(tmp_path / "again")]) == 0
        assert (tmp_path / "again" / "benchmarks.md").read_text(encoding="utf-8") == text


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "ASSAY_DATA is not set"),
        (["--data", "nowhere"], "found no news2023 in nowhere"),
        (["--render", "nowhere.json"], "expected the numbers of an earlier run in nowhere.json"),
    ],
    ids=["unset", "missing", "no numbers"],
)
def test_what_is_missing_is_said_in_one_line(options, said, monkeypatch, capsys, tmp_path):
    monkeypatch.delenv("ASSAY_DATA", raising=False)
    monkeypatch.setattr(bench, "_NEEDED", ())
    monkeypatch.chdir(tmp_path)
    assert bench.main(options) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert said in err


def test_an_extra_that_is_not_installed_is_said_in_one_line(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(bench, "_NEEDED", ("numpy", "no_such_package"))
    assert bench.main(["--data", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "bench: expected the extra bench to be installed, found no no_such_package; run `make bench`\n"


def test_a_size_is_a_number_from_one(capsys):
    with pytest.raises(SystemExit, match="2"):
        bench.main(["--sizes", "0"])
    assert "expected a number from 1, found 0" in capsys.readouterr().err


METALS = ["lithium", "cobalt", "nickel", "copper", "graphite", "tungsten", "gallium", "zinc", "tin", "silver", "antimony", "platinum"]


@pytest.mark.slow
@pytest.mark.skipif(find_spec("langchain_community") is None, reason="langchain-community is not installed: the extra bench")
@pytest.mark.skipif(find_spec("matplotlib") is None, reason="matplotlib is not installed: the extra bench")
def test_the_whole_benchmark_on_twelve_articles(tmp_path):
    told = "The price of {0} rose in 2023. Mines in the north of the country sold more {0} than ever. A ministry planned to tax {0}."
    articles = [{"id": f"a-{metal}", "title": f"News of {metal}", "text": told.format(metal)} for metal in METALS]
    asked = [f"{start} {metal}?" for metal in METALS for start in ("Who planned to tax", "When did the price rise of")]
    questions = [{"id": f"q{n}", "question": text} for n, text in enumerate(asked)]
    write_collection(tmp_path / "data" / "news2023", articles, questions, [(f"q{n}", f"a-{METALS[n // 2]}", 1) for n in range(24)])
    options = ["--sizes", "6", "40", "--questions", "4", "--rounds", "1", "--fresh", "1", "--work", str(tmp_path / "work")]
    assert bench.main(["--data", str(tmp_path / "data"), *options, "--out", str(tmp_path / "docs")]) == 0
    written = (tmp_path / "docs" / "benchmarks" / "results.json").read_text(encoding="utf-8")
    run, text = json.loads(written), (tmp_path / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert run["plan"]["sizes"] == [6, 12]
    for name in (OURS, STOCK):
        found = [figures(run, name, size) for size in (6, 12)]
        assert [one.ingest.articles for one in found] == [6, 6]
        assert [one.ingest.refused for one in found] == [0, 0]
        assert sum(one.ingest.text_bytes for one in found) == sum(len(article["text"].encode()) for article in articles)
        assert [(one.recall.value, one.recall.n) for one in found][1] == (1.0, 24)
        assert all(one.ingest.passages >= 6 and one.ingest.peak_bytes > 10_000_000 for one in found)
        assert all(one.first_s.low > 0 and one.search_p50_ms.low > 0 for one in found)
    assert figures(run, OURS, 12).answered > 0
    assert (f"6/{OURS_F32}/ingest" in run["steps"]) == run["machine"]["bf16"]
    assert run["machine"]["f32_gflops"] > 1
    for word in (str(tmp_path), platform.node(), "/site-packages"):
        assert word not in written + text
    assert not list((tmp_path / "work").iterdir()), "what the run kept is gone when its numbers are elsewhere"

"""Past runs are listed with their figures, shown and compared; a folder that is no run is said to be none, and no name leads elsewhere."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gradio
import jsonschema
import pytest

from eval import Dataset, Evidence, Example, Target, evaluate
from index import Article
from ui.web import past_runs
from ui.web.past_runs import evaluation_tab
from ui.web.runs import NoRunError, PastRuns, RunError
from ui.web.settings import Settings

METALS = {"copper": 11, "nickel": 22, "tin": 33, "zinc": 44, "lead": 55, "cobalt": 66}
ARTICLES = [
    Article(id=f"a-{metal}", title=f"The {metal} of 2023", text=f"Chile dug {tonnes} tonnes of {metal} in 2023. It was a good year.")
    for metal, tonnes in METALS.items()
]
QUESTIONS = tuple(
    Example(
        id=f"q-{metal}",
        question=f"How many tonnes of {metal} did Chile dig in 2023?",
        answers=(str(tonnes),),
        answerable=True,
        evidence=(Evidence(f"a-{metal}", quote=f"Chile dug {tonnes} tonnes of {metal} in 2023."),),
    )
    for metal, tonnes in METALS.items()
)


@pytest.fixture
def service(make_service):
    """What is served, with two runs of six questions and one of two beside it."""
    made = make_service(ARTICLES)
    target = Target.of(made.library, reader=None)
    sides = {"first": QUESTIONS, "second": QUESTIONS, "short": QUESTIONS[:2]}
    for name, questions in sides.items():
        dataset = Dataset(name="metals", format="own", examples=questions)
        asked = target if name != "second" else Target.of(made.library, reader=None, dense_weight=1.0)
        evaluate(dataset, asked, folder=made.folder / "runs" / name)
    for age, name in enumerate(("second", "first", "short")):
        os.utime(made.folder / "runs" / name / "grades.json", (1_700_000_000 - age, 1_700_000_000 - age))
    return made


@pytest.fixture
def runs(service):
    return PastRuns(service.folder / "runs")


def text(markup):
    return " ".join(re.sub("<[^>]*>", " ", markup).split())


def test_runs_are_listed_the_newest_first_with_their_headline_figures(runs):
    found = runs.listed()
    assert [run.name for run in found] == ["second", "first", "short"]
    assert {run.reason for run in found} == {""}
    assert [run.glance.questions for run in found] == [6, 6, 2]
    measure, figure = found[1].glance.figures["nDCG@10"]
    assert measure.name == "nDCG@10"
    assert figure == runs.evaluation("first").figures["nDCG@10"]
    overview, *choices = past_runs._overview(runs)
    assert text(overview).startswith("3 runs. Intervals are 95 %, over the questions. Past runs")
    assert "metals , 6" in text(overview)
    assert overview.count("<svg") >= 6
    assert [name for _, name in choices[0]["choices"]] == ["second", "first", "short"]


def test_a_run_is_shown_with_every_measure_its_plots_and_its_report(runs):
    shown = past_runs._details(runs, "first")
    evaluation = runs.evaluation("first")
    for name in evaluation.figures:
        assert f"<bdi>{name}</bdi>" in shown
    assert 'href="/api/v1/runs/first/report"' in shown
    assert '<thead><tr><th scope="col">Measure</th><th scope="col">Figure and 95 % interval</th>' in shown
    assert shown.count('class="drawing"') >= 2
    assert not re.search(r"<script|\son\w+=|\sstyle=", shown)
    assert "\n" not in shown


def test_two_runs_are_compared_in_plain_words(runs):
    shown = past_runs._comparison(runs, "first", "second")
    assert "What it says" in text(shown)
    assert re.search(r"could be luck|more than luck", text(shown))
    assert "/api/v1/runs/second/report?against=first" in shown
    for a, b in (("first", "first"), ("first", None), (None, None)):
        assert "expected two different runs" in past_runs._comparison(runs, a, b)
    assert "short" in past_runs._comparison(runs, "first", "short")
    assert 'role="alert"' in past_runs._comparison(runs, "first", "short")


def test_what_a_difference_says_depends_on_its_direction_and_on_luck():
    base = {"descriptive": False, "p_holm": 0.01, "significant": True, "value": 0.1, "higher_is_better": True}
    assert past_runs._said(base) == ("good", "✓ B is better, more than luck")
    assert past_runs._said(base | {"value": -0.1}) == ("bad", "✕ B is worse, more than luck")
    assert past_runs._said(base | {"value": -0.1, "higher_is_better": False})[0] == "good"
    assert past_runs._said(base | {"significant": False}) == ("plain", "could be luck")
    assert past_runs._said(base | {"p_holm": None}) == ("plain", "not tested")
    assert past_runs._said(base | {"descriptive": True})[1].startswith("says how they are")


def test_a_run_that_changes_is_read_again(runs, service):
    assert runs.listed()[1].name == "first"
    shutil.rmtree(service.folder / "runs" / "first")
    assert [run.name for run in runs.listed()] == ["second", "short"]
    with pytest.raises(NoRunError, match="expected the name of a run that is listed, found 'first'"):
        runs.evaluation("first")
    (service.folder / "runs" / "short" / "grades.json").write_text("{")
    assert "expected the grades of a run in short/grades.json" in runs.listed()[0].reason + runs.listed()[1].reason


def spoil(folder, kind):
    if kind == "empty":
        for file in folder.iterdir():
            file.unlink()
    elif kind == "interrupted":
        (folder / "grades.json").unlink()
    elif kind == "pipe":
        (folder / "run.json").unlink()
        os.mkfifo(folder / "run.json")
    elif kind == "link":
        (folder / "rows.jsonl").rename(folder / "elsewhere")
        (folder / "rows.jsonl").symlink_to(folder / "elsewhere")
    elif kind == "huge":
        with (folder / "grades.json").open("wb") as file:
            file.truncate(300_000_000)
    elif kind == "deep":
        (folder / "grades.json").write_text("[" * 100_000)
    elif kind == "bytes":
        (folder / "grades.json").write_bytes(bytes(range(256)))
    else:
        values = json.loads((folder / "grades.json").read_text())
        values["measures"][0]["x"] = ["much"] * len(values["ids"])
        (folder / "grades.json").write_text(json.dumps(values))


@pytest.mark.parametrize("kind", ["empty", "interrupted", "pipe", "link", "huge", "deep", "bytes", "words"])
def test_a_folder_that_is_no_run_is_said_to_be_none_and_the_others_stay(runs, service, kind):
    folder = service.folder / "runs" / "first"
    spoil(folder, kind)
    found = {run.name: run.reason for run in runs.listed()}
    assert {name for name, reason in found.items() if reason} == {"first"}
    assert "\n" not in found["first"]
    assert str(service.folder) not in found["first"]
    overview, choices, *_ = past_runs._overview(runs)
    assert "unreadable" in text(overview)
    assert [name for _, name in choices["choices"]] == ["second", "short"]
    assert 'role="alert"' in past_runs._details(runs, "first")


def test_rows_that_are_not_those_that_were_graded_are_told(runs, service):
    rows = service.folder / "runs" / "first" / "rows.jsonl"
    rows.write_bytes(rows.read_bytes()[:-20])
    assert not runs.listed()[1].reason
    said = past_runs._details(runs, "first")
    assert "rows.jsonl is not what it was when the run was finished" in said
    assert str(service.folder) not in said


NAMES = ["<img src=x onerror=alert(1)>", "a\n\nb ![x](evil.invalid)", "\u202egnp", '"&amp;', "100%", "javascript:alert(1)"]


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_a_run_is_only_words(runs, service, client_of, name):
    (service.folder / "runs" / "short").rename(service.folder / "runs" / name)
    shown = past_runs._overview(runs)[0] + past_runs._details(runs, name)
    assert not re.search(r"<img|\n|\u202e|\sonerror=[^&]*>", shown.replace("&lt;img src=x onerror=alert(1)&gt;", ""))
    assert client_of(service).get(link(past_runs._details(runs, name))).status_code == 200


def link(markup):
    return re.search('href="([^"]*)"', markup)[1]


def test_no_runs_is_a_state_of_its_own(make_service):
    runs = PastRuns(make_service(ARTICLES).folder / "runs")
    assert runs.listed() == ()
    overview, *choices = past_runs._overview(runs)
    assert "There are no runs yet" in overview
    assert [one["choices"] for one in choices[:3]] == [[], [], []]
    assert not any(one["visible"] for one in choices)
    assert past_runs._details(runs, None) == ""
    assert "expected the name of a run that is listed" in past_runs._details(runs, "../../etc")


# --- routes -----------------------------------------------------------------------------------------------------------


def test_the_report_of_a_run_is_served_behind_its_own_policy(service, client_of):
    client = client_of(service)
    listed = client.get("/api/v1/runs").json()
    assert [run["name"] for run in listed] == ["second", "first", "short"]
    assert listed[1]["figures"]["nDCG@10"] == service.runs.evaluation("first").figures["nDCG@10"].to_json()
    report = client.get("/api/v1/runs/first/report")
    assert report.status_code == 200
    assert "<title>metals: first" in report.text
    policy = report.headers["content-security-policy"]
    assert re.match(r"default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; img-src data:;", policy)
    assert "sandbox allow-scripts allow-popups" in policy
    assert "allow-same-origin" not in policy
    assert "frame-ancestors 'self'" in policy
    both = client.get("/api/v1/runs/second/report?against=first")
    assert "first, second" in both.text


def test_the_document_says_what_is_told_of_runs(service, client_of):
    spoil(service.folder / "runs" / "second", "empty")
    client = client_of(service)
    document = client.get("/api/v1/openapi.json").json()
    for path, given, kind in [
        ("/api/v1/runs", client.get("/api/v1/runs"), "application/json"),
        ("/api/v1/runs/{name}/report", client.get("/api/v1/runs/nowhere/report"), "application/json"),
        ("/api/v1/runs/{name}/report", client.get("/api/v1/runs/second/report"), "application/json"),
        ("/api/v1/runs/{name}/report", client.get("/api/v1/runs/short/report", params={"against": "first"}), "application/json"),
        ("/api/v1/runs/{name}/report", client.get("/api/v1/runs/first/report?agianst=x"), "application/json"),
    ]:
        schema = document["paths"][path]["get"]["responses"][str(given.status_code)]["content"][kind]["schema"]
        jsonschema.Draft202012Validator({**schema, "components": document["components"]}).validate(given.json())
        assert str(service.folder) not in given.text
    assert {run["name"] for run in client.get("/api/v1/runs").json() if "error" in run} == {"second"}
    assert client.get("/api/v1/runs/second/report").json()["error"]["message"]
    assert "text/html" in document["paths"]["/api/v1/runs/{name}/report"]["get"]["responses"]["200"]["content"]


def test_a_list_does_not_wait_for_a_run_that_is_being_read(runs):
    assert runs.listed()
    with runs._reading, ThreadPoolExecutor(1) as other:
        assert len(other.submit(runs.listed).result(timeout=10)) == 3


def test_a_folder_that_cannot_be_read_is_not_named(tmp_path):
    (tmp_path / "runs").write_text("no folder")
    with pytest.raises(RunError, match=r"^the folder of runs cannot be read") as caught:
        PastRuns(tmp_path / "runs").listed()
    assert str(tmp_path) not in str(caught.value)


OUTSIDE = ["nowhere", "..", "%2e%2e", "..%2fruns%2ffirst", "first%00", "first%2f", "first%2f..%2ffirst", ".", "%0a", "x" * 5000]


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_name_that_is_not_listed_leads_nowhere(service, client_of, name):
    client = client_of(service)
    found = client.get(f"/api/v1/runs/{name}/report")
    assert found.status_code == 404
    assert set(found.json()["error"]) == {"message", "type", "param"}
    assert str(service.folder) not in found.text
    assert client.get("/api/v1/runs/first/report", params={"against": name}).status_code == (422 if len(name) > 1000 else 404)


def test_the_page_does_not_load_what_measures_until_the_tab_is_opened(service):
    async def page():
        with gradio.Blocks(analytics_enabled=False) as blocks, gradio.Tabs(), gradio.Tab("Evaluation"):
            evaluation_tab(service, Settings())
        return blocks

    blocks = asyncio.run(page())
    assert {one.api_visibility for one in blocks.fns.values()} == {"private"}
    script = "import sys, ui.web.past_runs\nassert not {'eval', 'matplotlib', 'scipy'} & {n.split('.')[0] for n in sys.modules}"
    root = str(Path(__file__).parents[3])
    environment = {**os.environ, "PYTHONPATH": root}
    done = subprocess.run([sys.executable, "-c", script], cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

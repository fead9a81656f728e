"""The command line: what each verb prints and exits with, that every failure is one line, and what a cold start loads."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import Library
from rag import Retriever
from ui import progress, screen
from ui.batch import MAX_LINE_BYTES
from ui.cli import main

ROOT = Path(__file__).parents[2]
ROWS = [
    {
        "id": "a1",
        "title": "Chile plans a lithium company",
        "source": "Example Wire",
        "author": "Jane Doe",
        "published": "2023-04-21",
        "url": "https://example.org/a1",
        "text": "Chile announced a national lithium strategy. A state company will hold a majority in new projects. “It is the best "
        "chance”, the president said, naïve or not. 🙂 The plan was presented on 20 April 2023 in Antofagasta.",
    },
    {
        "id": "a2",
        "title": "Nickel prices fall",
        "source": "Metal Daily",
        "published": "2024-01-15",
        "text": "Nickel prices fell by 45 % in 2023. Indonesia raised its output to 1.8 million tonnes.\n\n"
        "Several mines in Australia stopped work.",
    },
    {"_id": "a3", "title": "Bread", "text": "Sourdough needs flour, water, salt and time. Bakers feed the starter every day."},
]
TEXTS = {row.get("id") or row["_id"]: row["text"] for row in ROWS}
HIT_KEYS = {"rank", "score", "article_id", "passage_id", "start", "end", "title", "source", "published", "text", "also_in", "superseded_by"}
LIST_KEYS = ["id", "title", "source", "authors", "published", "url", "path", "sha256", "characters", "passages", "superseded_by"]


def write_rows(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def filled(assay, tmp_path):
    """The same, with three articles in the index."""
    assay("add", write_rows(tmp_path / "rows.jsonl", ROWS))
    return assay


def as_json(printed):
    out, err = printed
    assert err == ""
    return json.loads(out)


def test_adding_reports_and_the_same_again_changes_nothing(assay, tmp_path):
    rows = write_rows(tmp_path / "rows.jsonl", ROWS)
    report = as_json(assay("add", rows, "--json"))
    assert report.pop("seconds") >= 0
    assert report == {"added": ["a1", "a2", "a3"], "updated": [], "unchanged": [], "moved": [], "removed": [], "refused": []}
    assert as_json(assay("add", rows, "--json"))["unchanged"] == ["a1", "a2", "a3"]
    changed = [{**ROWS[1], "text": "Other words."}]
    assert as_json(assay("add", write_rows(rows, changed), "--json"))["updated"] == ["a2"]


def test_a_refused_row_is_reported_and_the_exit_is_1(assay, tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{broken\n{"id": "a", "text": "Some words."}\n')
    report = as_json(assay("add", path, "--json", code=1))
    assert [set(refusal) for refusal in report["refused"]] == [{"path", "reason"}]
    assert report["added"] == ["a"]
    out, _ = assay("add", path, code=1)
    assert out.splitlines()[0].startswith("refused ")
    assert re.fullmatch(r"1 unchanged, 1 refused in \d+\.\d s", out.splitlines()[1])


def test_source_and_published_are_given_to_every_article(assay, tmp_path):
    assay("add", write_rows(tmp_path / "rows.jsonl", ROWS), "--source", "Desk", "--published", "21 April 2022")
    assert {(a["source"], a["published"]) for a in as_json(assay("list", "--json"))} == {("Desk", "2022-04-21")}


def test_one_missing_path_and_nothing_is_added_nor_made(assay, tmp_path):
    rows = write_rows(tmp_path / "rows.jsonl", ROWS)
    _, err = assay("add", rows, tmp_path / "nowhere", code=2)
    assert "expected a file or folder to add, found none at" in err
    assert not (tmp_path / "index").exists()


def test_sync_mirrors_a_folder(assay, tmp_path):
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "one.txt").write_text("Lithium comes from brine.")
    (folder / "two.txt").write_text("Cobalt comes from Congo.")
    assert as_json(assay("sync", folder, "--json"))["added"] == ["one.txt", "two.txt"]
    (folder / "one.txt").unlink()
    assert as_json(assay("sync", folder, "--json"))["removed"] == ["one.txt"]
    assay("sync", folder / "two.txt", code=2)


def test_list_has_the_keys_of_the_contract(filled):
    listed = as_json(filled("list", "--json"))
    assert [list(record) for record in listed] == [LIST_KEYS] * 3
    assert {record["id"]: record["characters"] for record in listed} == {name: len(text) for name, text in TEXTS.items()}
    out, _ = filled("list")
    assert [line.split("\t")[0] for line in out.splitlines()] == ["id", "a1", "a2", "a3"]


def test_show_gives_everything_that_is_known(assay, tmp_path):
    path = tmp_path / "plan.md"
    path.write_text("# Lithium plan\n\nChile has a plan.\n\n## Costs\n\nIt costs much.\n")
    assay("add", path)
    shown = as_json(assay("show", "plan.md", "--json"))
    assert list(shown)[: len(LIST_KEYS)] == LIST_KEYS
    assert set(shown) - set(LIST_KEYS) == {
        *(
            "published_raw",
            "published_at",
            "updated",
            "updated_at",
            "language",
            "references",
            "metadata",
            "headings",
            "pages",
            "not_citable",
        ),
        "text",
    }
    assert all(shown["text"][h["start"] : h["end"]] == h["text"] for h in shown["headings"])
    assert [h["level"] for h in shown["headings"]] == [1, 2]
    assert all(len(span) == 2 for span in shown["not_citable"])
    assert {k: shown[k] for k in LIST_KEYS} == as_json(assay("list", "--json"))[0]
    out, _ = assay("show", "plan.md")
    assert out.startswith("Lithium plan\nid: plan.md\n")
    assert out.rstrip().endswith("It costs much.")


@settings(max_examples=15)
@given(data=st.data())
def test_a_span_is_exactly_those_characters(filled, data):
    text = TEXTS["a1"]
    start, end = sorted((data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))))
    assert filled("show", "a1", "--span", f"{start}:{end}") == (text[start:end], "")
    assert as_json(filled("show", "a1", "--span", f"{start}:{end}", "--json"))["text"] == text[start:end]


@pytest.mark.parametrize("span", ["0:100000", "5:2", "a:b", "1", "-1:3", ""])
def test_a_span_that_is_not_there(filled, span):
    out, err = filled("show", "a1", f"--span={span}", code=2)
    assert out == ""
    assert "expected" in err


def test_rm_removes_all_or_none(filled):
    _, err = filled("rm", "a3", "nope", code=2)
    assert "'nope'" in err
    assert len(as_json(filled("list", "--json"))) == 3
    assert as_json(filled("rm", "a3", "a3", "a1", "--json")) == {"removed": ["a3", "a1"]}
    assert [a["id"] for a in as_json(filled("list", "--json"))] == ["a2"]


def test_search_gives_hits_best_first(filled):
    hits = as_json(filled("search", "nickel output Indonesia", "--json"))
    assert hits[0]["article_id"] == "a2"
    assert all(set(hit) == HIT_KEYS for hit in hits)
    assert all(TEXTS[hit["article_id"]][hit["start"] : hit["end"]] == hit["text"] for hit in hits)
    assert [hit["rank"] for hit in hits] == list(range(1, len(hits) + 1))
    assert sorted((hit["score"] for hit in hits), reverse=True) == [hit["score"] for hit in hits]
    assert len(as_json(filled("search", "nickel lithium flour", "-k", 1, "--json"))) == 1
    out, _ = filled("search", "nickel output Indonesia")
    assert out.startswith("  1  1.000  Nickel prices fall, Metal Daily, 2024-01-15\n     a2 0:")


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        (("--source", "Metal Daily"), {"a2"}),
        (("--source", "Metal Daily", "--source", "Example Wire"), {"a1", "a2"}),
        (("--author", "jane doe"), {"a1"}),
        (("--author", "Doe"), set()),
        (("--language", "en-GB"), {"a1", "a2", "a3"}),
        (("--language", "de"), set()),
        (("--after", "2024"), {"a2"}),
        (("--after", "15 January 2024"), {"a2"}),
        (("--before", "2023-04"), {"a1"}),
        (("--after", "2023-04-22", "--before", "2023-12"), set()),
    ],
)
def test_filters_let_through_only_what_passes(filled, options, ids):
    hits = json.loads(filled("search", "lithium nickel flour", "--json", *options)[0])
    assert {hit["article_id"] for hit in hits} == ids
    assert {record["id"] for record in as_json(filled("list", "--json", *options))} == ids
    answer = as_json(filled("ask", "What of lithium, nickel and flour?", "--json", *options))
    assert {hit["article_id"] for hit in answer["hits"]} <= ids
    assert (answer["reason"] == "nothing_selected") == (not ids)


def test_nothing_found_is_no_data(assay, tmp_path):
    (tmp_path / "empty").mkdir()
    assert assay("add", tmp_path / "empty")[0].startswith("nothing found to add")
    assert assay("search", "x") == ("", "no passage was found\n")
    assert assay("list") == ("", "no articles yet; add some with `assay add PATH`\n")
    assert as_json(assay("list", "--json")) == as_json(assay("search", "x", "--json")) == []
    assert as_json(assay("ask", "Who?", "--json"))["reason"] == "empty_index"


def test_an_answer_in_json_is_the_pipelines_own(filled):
    answer = as_json(filled("ask", "By how much did nickel prices fall in 2023?", "--json"))
    assert list(answer)[:4] == ["id", "question", "standalone_question", "answer"]
    for one in answer["citations"]:
        assert TEXTS[one["article_id"]][one["start"] : one["end"]] == one["quote"]


def test_an_answer_in_words_holds_what_the_json_holds(filled):
    question = "By how much did nickel prices fall in 2023?"
    answer = as_json(filled("ask", question, "--json"))
    out, err = filled("ask", question)
    assert err == ""
    if answer["abstained"]:
        assert out.startswith("The articles do not say.\n")
        assert "Searched: 3 articles" in out
    else:
        assert out.startswith(answer["answer"])
        assert all(f"[{c['n']}] “{c['quote']}”" in out and f"{c['article_id']} {c['start']}:{c['end']}" in out for c in answer["citations"])


def questions(tmp_path, *lines):
    path = tmp_path / "questions.jsonl"
    path.write_bytes(b"\n".join(line.encode() if isinstance(line, str) else line for line in lines) + b"\n")
    return path


def test_a_batch_answers_each_row_in_order_and_goes_on_past_broken_ones(filled, tmp_path):
    path = questions(
        tmp_path,
        '\ufeff{"id": "q1", "question": "When was the lithium plan presented?"}',
        "{broken",
        "",
        '{"_id": 7, "text": "By how much did nickel fall?"}\r',
        '{"id": "q3"}',
        '{"id": "q4", "question": "And where?", "history": [{"role": "user", "content": "When was the lithium plan presented?"}]}',
        b'{"id": "q5", "question": "\xff"}',
        '{"id": "q6", "question": "' + "a" * 20_000 + '"}',
        '["q7"]',
        '{"id": "q8", "question": "Q?", "history": "before"}',
        "[" * 100_000,
        '{"id": "q9", "question": "nul \\u0000 and \\ud800 surrogate?", "history": [{"role": "user", "content": "Nickel \\ud800?"}]}',
        '{"question": "Which bread?"}',
    )
    out, err = filled("ask", "--from", path, "--json", code=1)
    assert err == ""
    found = [json.loads(line) for line in out.splitlines()]
    assert [row["id"] for row in found] == ["q1", None, 7, "q3", "q4", None, "q6", None, "q8", None, "q9", None]
    failed = [row for row in found if "error" in row]
    assert all(set(row) == {"id", "error"} for row in failed)
    assert [row["id"] for row in failed] == [None, "q3", None, "q6", None, "q8", None]
    assert found[4]["standalone_question"] == "Where was the lithium plan presented?"


def test_a_batch_in_words(filled, tmp_path):
    path = questions(tmp_path, '{"id": "q1", "question": "When was the lithium plan presented?"}', "{broken")
    out, err = filled("ask", "--from", path, code=1)
    assert out.startswith("q1: When was the lithium plan presented?\n")
    assert err == f"{path}, line 2: {err.partition(': ')[2]}"


def test_an_overlong_line_fails_alone(filled, tmp_path):
    path = questions(tmp_path, "x" * (MAX_LINE_BYTES + 2_000_000), '{"id": "q2", "question": "Which bread?"}')
    out, _ = filled("ask", "--from", path, "--json", code=1)
    assert ["error" in json.loads(line) for line in out.splitlines()] == [True, False]


def test_a_fault_of_ours_in_one_row_does_not_end_the_batch(filled, tmp_path, monkeypatch):
    retrieve = Retriever.retrieve

    def faulty(self, view, query, k, *, only=None):
        if "bread" in query:
            raise ZeroDivisionError("planted")
        return retrieve(self, view, query, k, only=only)

    monkeypatch.setattr(Retriever, "retrieve", faulty)
    path = questions(tmp_path, '{"id": "q1", "question": "Which bread?"}', '{"id": "q2", "question": "Which nickel?"}')
    first, second = (json.loads(line) for line in filled("ask", "--from", path, "--json", code=1)[0].splitlines())
    assert first["error"].startswith("internal error: ZeroDivisionError: planted")
    assert second["id"] == "q2"


def test_each_answer_of_a_batch_is_printed_at_once(filled, tmp_path, monkeypatch):
    order = []
    put_json = screen.put_json
    retrieve = Retriever.retrieve
    monkeypatch.setattr(screen, "put_json", lambda value: (order.append("printed"), put_json(value)))
    monkeypatch.setattr(Retriever, "retrieve", lambda self, *a, **k: (order.append("asked"), retrieve(self, *a, **k))[1])
    path = questions(tmp_path, *(f'{{"id": "{n}", "question": "Which nickel?"}}' for n in range(3)))
    filled("ask", "--from", path, "--json")
    assert order == ["asked", "printed"] * 3


def test_a_run_is_what_the_retriever_ranks(filled, tmp_path):
    path = questions(tmp_path, '{"_id": "q1", "text": "nickel output"}', '{"id": 2, "question": "flour and lithium"}')
    out = tmp_path / "out.trec"
    summary = as_json(filled("search", "--from", path, "--run", out, "--json"))
    assert {**summary, "seconds": 0} == {"run": str(out), "queries": 2, "failed": [], "seconds": 0}
    lines = [line.split(" ") for line in out.read_text().splitlines()]
    assert all(len(line) == 6 and line[1] == "Q0" and line[5] == "assay" for line in lines)
    with Library.open(os.environ["ASSAY_INDEX"], create=False) as library:
        for qid, query in (("q1", "nickel output"), ("2", "flour and lithium")):
            mine = [line for line in lines if line[0] == qid]
            ranking = Retriever(library).run(query)
            assert [line[2] for line in mine] == [article for article, _ in ranking]
            assert [float(line[4]) for line in mine] == pytest.approx([score for _, score in ranking], abs=1e-8)
            assert [int(line[3]) for line in mine] == list(range(1, len(mine) + 1))


def test_a_run_leaves_out_rows_that_fail_and_says_so(filled, tmp_path):
    path = questions(
        tmp_path,
        '{"id": "a b", "question": "x"}',
        '{"question": "x"}',
        '{"id": "q\\ud800", "question": "x"}',
        '{"id": "ok", "text": "nickel"}',
    )
    out, err = filled("search", "--from", path, "--run", tmp_path / "out.trec", code=1)
    assert len(err.splitlines()) == 3
    assert out.startswith("1 queries written to")
    assert {line.split()[0] for line in (tmp_path / "out.trec").read_text().splitlines()} == {"ok"}


def test_a_run_is_written_whole_or_not_at_all(filled, tmp_path, monkeypatch):
    path = questions(tmp_path, '{"id": "q", "question": "nickel"}')
    out = tmp_path / "runs" / "out.trec"
    filled("search", "--from", path, "--run", out, code=2)
    out.parent.mkdir()
    out.write_text("before")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Retriever, "run", interrupted)
    assert filled("search", "--from", path, "--run", out, code=130) == ("", "interrupted\n")
    assert [file.read_text() for file in out.parent.iterdir()] == ["before"]
    monkeypatch.undo()


def test_a_run_goes_to_where_a_link_points(filled, tmp_path):
    path = questions(tmp_path, '{"id": "q", "question": "nickel"}')
    (tmp_path / "runs").mkdir()
    for name in ("there", "not yet there"):
        target, link = tmp_path / "runs" / name, tmp_path / f"link to {name}"
        if name == "there":
            target.write_text("before")
        link.symlink_to(target)
        filled("search", "--from", path, "--run", link)
        assert link.is_symlink()
        assert target.read_text().startswith("q Q0 a2 1 ")
    _, err = filled("search", "--from", path, "--run", tmp_path / "runs", code=2)
    assert "cannot be written" in err
    assert sorted(file.name for file in (tmp_path / "runs").iterdir()) == ["not yet there", "there"]


def said(monkeypatch, text):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode("utf-8", "surrogateescape"))))


def test_a_conversation_is_understood_in_the_light_of_what_was_said(filled, monkeypatch):
    said(monkeypatch, "When was the lithium plan presented?\n\n%\nAnd where?\nexit\nnever asked?\n")
    out, err = filled("chat")
    assert "Understood as: Where was the lithium plan presented?\n" in out
    assert "never asked" not in out
    assert err.count("\n") == 1


def test_a_conversation_in_json_is_one_line_an_answer(filled, monkeypatch):
    said(monkeypatch, "When was the lithium plan presented?\nAnd where?\n")
    out, err = filled("chat", "--json")
    first, second = (json.loads(line) for line in out.splitlines())
    assert first["question"] == first["standalone_question"]
    assert second["standalone_question"] == "Where was the lithium plan presented?"
    assert err == ""
    said(monkeypatch, "%\nWhich \udcff bread?\n")
    out, _ = filled("chat", "--json", code=1)
    assert ["error" in json.loads(line) for line in out.splitlines()] == [True, False]


def test_doctor_finds_nothing_then_the_fault(filled, tmp_path):
    assert filled("doctor") == ("all is well: 3 articles, 3 passages checked\n", "")
    next((tmp_path / "index" / "dense").glob("*.faiss")).write_bytes(b"x")
    out, err = filled("doctor", code=1)
    assert "run `assay rebuild`" in out
    assert err == ""
    assert as_json(filled("doctor", "--json", code=1))["well"] is False
    assert as_json(filled("rebuild", "--json"))["articles"] == 3
    assert as_json(filled("doctor", "--json")) == {"well": True, "faults": [], "articles": 3, "passages": 3, "recall_at_10": None}


def test_doctor_of_what_cannot_be_opened_reports_it_as_a_fault(filled, tmp_path):
    for log in (tmp_path / "index").glob("store.sqlite-*"):
        log.unlink()
    (tmp_path / "index" / "store.sqlite").write_bytes(b"garbage" * 1000)
    out, _ = filled("doctor", code=1)
    assert "damaged or not an index of ours" in out
    filled("search", "x", code=2)
    filled("doctor", "--index", tmp_path / "nowhere", code=2)


def test_a_backup_is_an_index_that_is_well(filled, tmp_path):
    filled("backup", tmp_path / "copy")
    filled("doctor", "--index", tmp_path / "copy")
    assert as_json(filled("list", "--json", "--index", tmp_path / "copy")) == as_json(filled("list", "--json"))
    filled("backup", tmp_path / "copy", code=2)


def test_global_options_stand_before_or_after_the_verb(filled, tmp_path, monkeypatch):
    monkeypatch.delenv("ASSAY_INDEX")
    where = ("--index", tmp_path / "index")
    assert filled(*where, "--json", "list") == filled("list", "--json", *where) == filled("--json", "list", *where)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "index").rename(tmp_path / ".assay")
    assert len(as_json(filled("list", "--json"))) == 3


def test_another_model_is_refused_with_what_mends_it(filled):
    _, err = filled("search", "x", "--model", "other", code=2)
    assert "use --model" in err


WRONG = [
    ([], "VERB"),
    (["fly"], "invalid choice: 'fly'"),
    (["ask"], 'try `assay ask "'),
    (["ask", ""], "no words"),
    (["ask", "?!"], "no words"),
    (["ask", "two", "words"], "stands in quotes"),
    (["ask", "a" * 1_000_000], "at most 10,000 characters, found 1,000,000"),
    (["ask", "x", "--from", "y"], "found both"),
    (["ask", "x", "--llm", "y"], "expected a model as provider:name, such as ollama:llama3.2, found 'y'; name both"),
    (["ask", "x", "--llm", "y z"], "expected a name or an address without white space, found 'y z'"),
    (["ask", "x", "--llm-url", "ftp://host"], "expected the address of a model server, such as http://localhost:8000/v1"),
    (["ask", "x", "--model-of-mine", "y"], "unrecognized arguments: --model-of-mine"),
    (["ask", "x", "--after", "03/04/2023"], "expected a date such as 2023-04-21, found '03/04/2023'"),
    (["ask", "x", "--after", "a\x1b[31m\nb"], "expected a date"),
    (["search", "x", "--after=--"], "expected a value for every option, found `--`"),
    (["search", "x", "--source=--"], "expected a value for every option"),
    (["ask", "-x"], "words that begin with a dash stand last, behind `--`"),
    (["show", "--", "--debug"], "no article '--debug'"),
    (["ask", "caf\udce9"], "expected text in UTF-8"),
    (["ask", "--from", "nowhere.jsonl"], "none at nowhere.jsonl"),
    (["search"], "no"),
    (["search", " "], "no words"),
    (["search", "x", "-k", "0"], "from 1 to 1000, found '0'"),
    (["search", "x", "-k", "1001"], "from 1 to 1000"),
    (["search", "x", "-k", "-3"], "from 1 to 1000"),
    (["search", "x", "-k", "٣"], "from 1 to 1000"),
    (["search", "x", "--sour", "y"], "unrecognized"),
    (["search", "x", "--run", "y"], "--from FILE and --run OUT together"),
    (["search", "x", "--from", "y", "--run", "z"], "found words"),
    (["search", "--from", "y", "--run", "z", "-k", "5"], "found words, -k or a filter"),
    (["add"], "PATH"),
    (["add", ""], "expected a file or folder"),
    (["add", ".", "--published", "yesterday"], "expected a date such as 2023-04-21, found 'yesterday'"),
    (["show", "nope"], "no article 'nope'"),
    (["list", "--index", ""], "expected a file or folder"),
]


@pytest.mark.parametrize(("argv", "part"), WRONG, ids=lambda value: " ".join(value)[:30] if isinstance(value, list) else "")
def test_what_cannot_be_done_is_one_line_on_stderr(filled, argv, part):
    out, err = filled(*argv, code=2)
    assert out == ""
    assert err.startswith("assay: ")
    assert err.endswith("\n")
    assert err.count("\n") == 1
    assert "\x1b" not in err
    assert len(err) < 1000
    assert part in err


@pytest.mark.parametrize(
    "argv", [["list"], ["show", "a"], ["rm", "a"], ["search", "x"], ["ask", "x"], ["chat"], ["doctor"], ["rebuild"], ["backup", "d"]]
)
def test_a_missing_index_is_named_with_what_makes_one(assay, tmp_path, argv):
    out, err = assay(*argv, code=2)
    assert out == ""
    assert "make one with `assay add PATH --index" in err
    assert not (tmp_path / "index").exists()


def test_a_fault_of_ours_is_one_line_and_a_traceback_only_when_asked_for(filled, monkeypatch, capsys):
    def faulty(*_):
        raise RuntimeError("planted\nfault")

    monkeypatch.setattr(Library, "articles", faulty)
    out, err = filled("list", code=2)
    assert (out, err) == ("", "assay: internal error: RuntimeError: planted fault; run again with --debug\n")
    assert main(["list", "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_an_interrupted_addition_says_what_is_kept(filled, tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(Library, "add", interrupted)
    out, err = filled("add", tmp_path / "rows.jsonl", code=130)
    assert out == ""
    assert err == "interrupted; what was committed is kept, and running the same command again goes on from there\n"


def test_help_and_version(assay):
    out, _ = assay("--help")
    assert "examples:" in out
    verbs = re.findall(r"^    (\w+)  +\w.*$", out, re.MULTILINE)
    assert verbs == [
        *("add", "sync", "watch", "rm", "import", "list", "show", "search", "ask", "chat", "serve", "mcp"),
        *("doctor", "rebuild", "backup", "export", "eval"),
    ]
    for verb in verbs:
        assert "usage: assay " + verb in assay(verb, "--help")[0]
    assert re.fullmatch(r"assay \d+\.\d+\.\d+\n", assay("--version")[0])
    assert assay("list", "--version") == assay("--version", "list")


@settings(max_examples=10)
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40))
def test_no_article_sends_an_escape_to_a_terminal(filled, tmp_path, monkeypatch, text):
    hostile = f"Zinc \x1b]0;title\x07 \x9b31m \u202e {text} ore."
    filled(
        "add",
        write_rows(tmp_path / "hostile.jsonl", [{"id": "h", "title": hostile, "source": hostile, "text": f"{hostile} Zinc is mined."}]),
    )
    for argv in (
        ["show", "h"],
        ["show", "h", "--span", "0:10"],
        ["list"],
        ["search", "zinc ore"],
        ["ask", "What of zinc ore?"],
        ["show", "h", "--json"],
    ):
        terminal = io.StringIO()
        terminal.isatty = lambda: True
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", terminal)
            assert main(argv) == 0
        shown = re.sub("\x1b\\[[0-9;]*m", "", terminal.getvalue())
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown), argv


def test_the_number_of_articles_to_come_is_counted_cheaply(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / ".hidden").mkdir()
    for name in ("a.txt", "sub/b.md", ".hidden/c.txt", ".d.txt"):
        (tmp_path / name).write_text("x")
    assert progress.expected_articles([str(tmp_path)]) == 2
    (tmp_path / "rows.jsonl").write_text("1\n2\n3")
    assert progress.expected_articles([str(tmp_path)]) == 5
    (tmp_path / "table.csv").write_text("text\nx\n")
    assert progress.expected_articles([str(tmp_path)]) is None
    os.mkfifo(tmp_path / "pipe.jsonl")
    assert progress.lines_of(str(tmp_path / "pipe.jsonl")) is None


def test_a_bar_shows_on_a_terminal_once_it_takes_a_while(monkeypatch):
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress.bar("articles", 3) as shown:
        shown.ingest(1, 0)
        shown.ingest(0, 1)
        shown.say("a \x1b line")
    assert terminal.getvalue().replace("\r", "").strip() == "a � line"
    monkeypatch.setattr(progress, "_DELAY", 0)
    monkeypatch.setattr(progress, "_INTERVAL", 0)
    with progress.bar("articles", 3) as shown:
        shown.ingest(1, 0)
        shown.ingest(0, 1234)
    assert "1/3" in terminal.getvalue()
    assert "1,234 passages" in terminal.getvalue()


def test_what_is_said_beside_a_bar_stands_on_a_line_of_its_own(monkeypatch):
    for name in ("_DELAY_IN_FILE", "_INTERVAL_IN_FILE"):
        monkeypatch.setattr(progress, name, 0)
    file = io.StringIO()
    monkeypatch.setattr(sys, "stderr", file)
    with progress.bar("articles", 3) as shown:
        shown.ingest(1, 0)
        shown.ingest(0, 1234)
        shown.say("a line")
    assert "1/3" in file.getvalue()
    assert "a line" in re.split("[\r\n]", file.getvalue())


def test_numbers_that_json_does_not_know_are_null(capsys):
    screen.put_json({"a": [float("nan"), {"b": float("-inf")}, 1.5], "c": 10**30})
    assert capsys.readouterr().out == f'{{"a": [null, {{"b": null}}, 1.5], "c": {10**30}}}\n'


@pytest.fixture
def process(filled, process):  # noqa: ARG001  # the index that it fills
    """`process(*argv, **options)`: start the command in a process of its own, with three articles in the index."""
    return process


def test_output_is_utf8_whatever_the_locale(process):
    running = process("show", "a1", "--json", env={"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    out, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (0, b"")
    assert json.loads(out.decode())["text"] == TEXTS["a1"]


@pytest.mark.parametrize("redirected", [True, False])
def test_a_run_may_go_to_stdout_and_stdout_stays_what_it_is(process, tmp_path, redirected):
    path = questions(tmp_path, '{"id": "q", "question": "nickel"}')
    running = process("search", "--from", path, "--run", "/dev/stdout")
    piped, _ = running.communicate(timeout=60)
    if redirected:
        with (tmp_path / "out").open("wb") as out:
            done = subprocess.run(running.args, stdout=out, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, timeout=60)
        assert done.returncode == 0
        piped = (tmp_path / "out").read_bytes()
    first, *_, last = piped.decode().splitlines()
    assert first.startswith("q Q0 a2 1 ")
    assert last.startswith("1 queries written to /dev/stdout")
    assert Path("/dev/stdout").is_symlink()


def test_a_run_may_go_to_a_pipe(process, tmp_path):
    path, pipe = questions(tmp_path, '{"id": "q", "question": "nickel"}'), tmp_path / "pipe"
    os.mkfifo(pipe)
    running = process("search", "--from", path, "--run", pipe)
    assert pipe.read_text().startswith("q Q0 a2 1 ")
    running.communicate(timeout=60)
    assert running.returncode == 0
    assert pipe.is_fifo()


def test_a_reader_that_leaves_early_is_no_error(process):
    running = process("show", "a1")
    running.stdout.close()
    err = running.stderr.read()
    running.stderr.close()
    assert (running.wait(timeout=60), err) == (141, b"")


def test_a_question_in_bytes_that_are_no_text_is_one_line(process):
    running = process("ask", "x")
    running.communicate(timeout=60)
    running = subprocess.Popen(
        [*running.args[:-1], b"caf\xe9"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out, err.count(b"\n")) == (2, b"", 1)


LOADED = """
import sys
from ui.cli import main
code = main(sys.argv[1:])
print(*sorted(sys.modules), file=sys.stderr)
sys.exit(code)
"""

HEAVY = {
    "torch",
    "sentence_transformers",
    "transformers",
    "langchain",
    "langchain_core",
    "rich",
    "tqdm",
    "trafilatura",
    "lxml",
    "gradio",
    "nupunkt",
}


def test_a_cold_question_loads_nothing_heavy(tmp_path):
    rows = write_rows(tmp_path / "rows.jsonl", ROWS)
    command = [sys.executable, "-c", LOADED]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "ASSAY_INDEX": str(tmp_path / "index")}
    subprocess.run([*command, "add", rows], env=environment, check=True, capture_output=True, timeout=300)
    asked = subprocess.run(
        [*command, "ask", "When was the lithium plan presented?", "--json"], env=environment, check=True, capture_output=True, timeout=60
    )
    assert json.loads(asked.stdout)["hits"]
    loaded = {name.partition(".")[0] for name in asked.stderr.decode().split()}
    assert {"index", "rag", "ui", "openvino", "tantivy"} <= loaded
    assert not HEAVY & loaded

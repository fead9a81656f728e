"""Answers in a model's words on the command line: the options that name it, what is shown as it comes, and what is shown when it fails."""

import json

import pytest
from model_server import ModelServer, http, openai_stream

CHILE = "Chile presented a lithium plan in April 2023. Codelco leads the talks."
SAID = "Chile presented a lithium plan in April 2023"


class Literal:
    """A checker that believes what stands in the passage word by word."""

    name = "literal"
    checks = True

    def support(self, claim, passages):
        return [float(claim.rstrip(".") in one.text) for one in passages]


@pytest.fixture
def filled(assay, tmp_path, monkeypatch):
    monkeypatch.setattr("ui.writing.own_reader", Literal)
    for name in ("ASSAY_LLM", "ASSAY_LLM_URL", "ASSAY_LLM_KEY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "chile.txt").write_text(CHILE)
    assay("add", tmp_path / "chile.txt")
    return assay


def serving(*pieces):
    return ModelServer(lambda _request: iter([openai_stream(*pieces)]))


def test_a_models_sentences_come_first_and_their_proof_after(filled):
    with serving(f"{SAID} [1]. Peru presented a copper", " plan in May 2023 [1].") as server:
        out, err = filled(
            "ask", "What did Chile present in April 2023?", "--caution", "low", "--llm", "tiny", "--llm-url", f"{server.url}/v1"
        )
    lines = out.splitlines()
    assert lines[0] == f"{SAID}. [1]"
    assert lines[1] == "The articles do not support 1 sentence of tiny, left out here."
    assert f"[1] “{SAID}.”" in lines
    assert err == ""


def test_what_is_not_supported_is_marked_where_it_is_kept(filled):
    with serving(f"{SAID} [1]. Chile presented a copper plan in April 2023 [1].") as server:
        out, _ = filled(
            "ask",
            "What did Chile present in April 2023?",
            "--caution",
            "low",
            "--llm",
            "tiny",
            "--llm-url",
            f"{server.url}/v1",
            "--keep-unsupported",
        )
    assert "Chile presented a copper plan in April 2023. [1] (Not supported: its passage does not say so)" in out


def test_json_says_who_wrote_and_what_was_left_out(filled, monkeypatch):
    with serving(f"{SAID} [1]. Peru presented a copper plan in May 2023 [1].") as server:
        monkeypatch.setenv("ASSAY_LLM_URL", f"{server.url}/v1")
        monkeypatch.setenv("ASSAY_LLM", "tiny")
        out, _ = filled("ask", "What did Chile present in April 2023?", "--caution", "low", "--json")
        answer = json.loads(out)
        assert len(server.requests) == 1
        quoted, _ = filled("ask", "What did Chile present in April 2023?", "--caution", "low", "--json", "--llm", "none")
        assert len(server.requests) == 1
    assert (answer["model"], answer["answer"]) == ("tiny", f"{SAID}. [1]")
    assert [one["text"] for one in answer["removed"]] == ["Peru presented a copper plan in May 2023."]
    assert [one["verdict"] for one in answer["sentences"]] == ["supported"]
    assert json.loads(quoted)["model"] == "extractive"


def test_a_server_that_fails_is_told_and_the_articles_are_quoted(filled):
    with ModelServer(lambda _request: iter([http(b"{}", "401 No")])) as server:
        out, err = filled(
            "ask", "What did Chile present in April 2023?", "--caution", "low", "--llm", "tiny", "--llm-url", f"{server.url}/v1"
        )
    assert "Chile presented a lithium plan in April 2023. [1]" in out
    assert "tiny gave no whole reply (OpenAIAuthenticationError 401)." in out
    assert "The answer is quoted from the articles." in out
    assert err == ""


def test_a_conversation_keeps_its_numbers(filled, monkeypatch):
    monkeypatch.setattr(
        "sys.stdin.readline", iter(["What did Chile present?\n", "Who leads the talks?\n", "What did Chile present?\n", ""]).__next__
    )
    out, _ = filled("chat", "--json", "--caution", "low")
    answers = [json.loads(line) for line in out.splitlines()]
    numbers = [{one["quote"]: one["n"] for one in answer["citations"]} for answer in answers]
    assert numbers[0] == numbers[2]
    known = {}
    for each in numbers:
        for quote, n in each.items():
            assert known.setdefault(quote, n) == n


def test_a_package_that_is_missing_is_named(filled):
    _, err = filled("ask", "x?", "--llm", "fireworks:m", code=2)
    assert (
        err == "assay: expected the package langchain-fireworks for the model 'fireworks:m', found none; pip install langchain-fireworks\n"
    )


def test_the_doctor_tries_the_model_and_says_what_to_look_at(filled):
    with serving("ready") as server:
        out, _ = filled("doctor", "--llm", "tiny", "--llm-url", f"{server.url}/v1")
        assert out.startswith("all is well: 1 articles, 1 passages checked\ntiny: replies after ")
        trial = json.loads(filled("doctor", "--json", "--llm", "tiny", "--llm-url", f"{server.url}/v1")[0])["model"]
    assert (trial["name"], trial["fault"]) == ("tiny", None)
    with ModelServer(lambda _request: iter([http(b"{}", "401 No")])) as server:
        out, _ = filled("doctor", "--llm", "tiny", "--llm-url", f"{server.url}/v1", code=1)
    assert "tiny: no reply (OpenAIAuthenticationError 401); is the right key set" in out
    out, _ = filled("doctor", "--llm", "tiny", "--llm-url", f"{server.url}/v1", code=1)
    assert "is the server started, and the address right?" in out
    out, _ = filled("doctor", "--llm", "fireworks:m", code=1)
    assert "pip install langchain-fireworks" in out


def test_an_evaluation_measures_what_a_model_writes(filled, tmp_path):
    questions = tmp_path / "questions.jsonl"
    questions.write_text(
        json.dumps({"id": "q1", "question": "What did Chile present in April 2023?", "answers": ["a lithium plan"]}) + "\n"
    )
    with serving(f"{SAID} [1].") as server:
        options = ("--llm", "tiny", "--llm-url", f"{server.url}/v1", "--caution", "low", "--out", tmp_path / "run", "--json")
        out, _ = filled("eval", "run", questions, *options)
        assert len(server.requests) == 1
    assert json.loads(out)["figures"]["contained"]["value"] == 1
    assert json.loads((tmp_path / "run" / "run.json").read_text())["settings"]["llm"] == "tiny"
    (row,) = map(json.loads, (tmp_path / "run" / "rows.jsonl").read_text().splitlines())
    assert row["answer"]["model"] == "tiny"


def test_a_checker_of_the_users_own_has_its_word(filled, monkeypatch):
    asked = []

    class Strict:
        name, checks = "strict", True

        def __init__(self, name, *, download):
            asked.append((name, download))

        def support(self, _claim, passages):
            return [0.01] * len(passages)

    monkeypatch.setattr("rag.cross_encoder.CrossEncoderChecker", Strict)
    with serving(f"{SAID} [1].") as server:
        model = ("--llm", "tiny", "--llm-url", f"{server.url}/v1", "--checker", "my/nli")
        out, _ = filled("ask", "What did Chile present in April 2023?", "--caution", "low", *model, "--json")
    answer = json.loads(out)
    assert asked == [("my/nli", True)]
    assert answer["removed"][0]["text"] == f"{SAID}."
    assert answer["model"] == "extractive"

"""The tools of an assistant, called by the protocol's own client: in memory, over a process's stdin and stdout, and over HTTP."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcp import ClientSession, MCPError, StdioServerParameters
from mcp.client import Client
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from ui.web.tools import server_of

ROOT = Path(__file__).parents[3]
QUESTION = "When was the lithium plan presented?"


def called(service, name, **arguments):
    """The result of one call."""

    async def call():
        async with Client(server_of(service)) as client:
            return await client.call_tool(name, arguments)

    return asyncio.run(call())


# --- what the tools say -----------------------------------------------------------------------------------------------


def test_the_tools_only_read_and_describe_themselves(service):
    async def listed():
        async with Client(server_of(service)) as client:
            return (await client.list_tools()).tools

    tools = {tool.name: tool for tool in asyncio.run(listed())}
    assert list(tools) == ["search", "ask", "list_articles", "get_article"]
    for tool in tools.values():
        assert tool.annotations.read_only_hint
        assert not tool.annotations.destructive_hint
        assert tool.description
        assert tool.input_schema["additionalProperties"] is False
        assert tool.output_schema["type"] == "object"
    assert tools["ask"].input_schema["required"] == ["question"]


def test_an_answer_comes_as_values_and_as_words_with_their_proof(service, rows):
    result = called(service, "ask", question=QUESTION)
    answer, (words,) = result.structured_content, result.content
    texts = {row["id"]: row["text"] for row in rows}
    assert answer["citations"]
    for citation in answer["citations"]:
        assert texts[citation["article_id"]][citation["start"] : citation["end"]] == citation["quote"]
        place = f"{citation['article_id']} {citation['start']}:{citation['end']}, https://example.org/a1"
        assert f"[{citation['n']}] “{citation['quote']}” — {citation['title']}, Example Wire, 2023-04-21, {place}" in words.text
        part = called(service, "get_article", id=citation["article_id"], start=citation["start"], end=citation["end"])
        assert part.structured_content["text"] == citation["quote"]
    assert words.text.startswith(answer["answer"])
    assert {**answer, "timings_ms": {}} == {**service.pipeline.ask(QUESTION).to_json(), "timings_ms": {}}


def test_filters_and_history_reach_the_pipeline(service):
    silent = called(service, "ask", question=QUESTION, after="2030")
    assert silent.structured_content["reason"] == "nothing_selected"
    assert "of those only from 2030" in silent.content[0].text
    history = [{"role": "user", "content": "What happened to nickel prices?"}]
    assert (
        "nickel"
        in called(service, "ask", question="When did they fall?", history=history).structured_content["standalone_question"].lower()
    )


def test_search_lists_and_reads(service):
    found = called(service, "search", query="nickel prices", limit=1)
    assert found.structured_content["hits"] == [hit.to_json() for hit in service.search("nickel prices", 1)]
    assert "folder/nickel-2024.txt" in found.content[0].text
    listed = called(service, "list_articles", title="NICKEL")
    assert [one["id"] for one in listed.structured_content["articles"]] == ["folder/nickel-2024.txt"]
    assert "1 of 1 articles" in listed.content[0].text
    whole = called(service, "get_article", id="a1").structured_content
    assert (whole["text"], whole["start"], whole["end"]) == (service.article("a1").text, 0, whole["characters"])


def test_a_long_article_comes_in_parts(service_of):
    text = "Zinc is a metal. " * 6_000
    service = service_of([{"id": "long", "text": text}])
    parts, start = [], 0
    while start < len(text):
        part = called(service, "get_article", id="long", start=start).structured_content
        assert part["text"] == text[part["start"] : part["end"]]
        parts.append(part["text"])
        start = part["end"]
    assert "".join(parts) == text
    assert len(parts) > 1


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("ask", {}, "expected question, found none"),
        ("ask", {"question": "?!"}, "found no words"),
        ("ask", {"question": QUESTION, "when": "now"}, "expected no field of that name, found when"),
        ("ask", {"question": QUESTION, "after": "soon"}, "expected a date such as 2023-04-21"),
        ("search", {"query": "tin", "limit": 0}, "limit"),
        ("get_article", {"id": "none"}, "expected the id of an article, found 'none'"),
        ("get_article", {"id": "a1", "start": 5, "end": 2}, "expected characters within"),
        ("get_article", {"id": "a1", "start": 10**8}, "expected characters within"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_for_the_model(service, name, arguments, said):
    result = called(service, name, **arguments)
    assert result.is_error
    (words,) = result.content
    assert said in words.text
    assert "\n" not in words.text
    assert "Traceback" not in words.text


def test_a_fault_keeps_its_words_to_itself(scripted):
    service, _ = scripted(fault=RuntimeError("secret"))
    result = called(service, "ask", question=QUESTION)
    assert result.is_error
    assert "secret" not in result.content[0].text


@settings(max_examples=40)
@given(
    arguments=st.dictionaries(
        st.sampled_from("question query id limit start title sources after".split()), st.none() | st.integers() | st.text(), max_size=3
    )
)
def test_no_arguments_break_it(service_of, arguments):
    if not hasattr(test_no_arguments_break_it, "service"):
        test_no_arguments_break_it.service = service_of()

    async def call():
        async with Client(server_of(test_no_arguments_break_it.service)) as client:
            return [await client.call_tool(name, arguments) for name in ("ask", "search", "list_articles", "get_article")]

    for result in asyncio.run(call()):
        assert result.content
        assert not result.is_error or ("\n" not in result.content[0].text and "Something went wrong" not in result.content[0].text)


def test_articles_are_resources(service):
    async def read():
        async with Client(server_of(service)) as client:
            listed = await client.list_resources()
            templates = await client.list_resource_templates()
            texts = [(await client.read_resource(one.uri)).contents[0].text for one in listed.resources]
            for uri in ("assay://article/none", "file:///etc/passwd"):
                with pytest.raises(MCPError, match="expected"):
                    await client.read_resource(uri)
            with pytest.raises(MCPError, match="expected one of search"):
                await client.call_tool("delete_everything", {})
            return [one.uri for one in listed.resources], templates.resource_templates[0].uri_template, texts

    uris, template, texts = asyncio.run(read())
    ids = ["a1", "a3", "folder/nickel-2024.txt"]
    assert list(map(str, uris)) == [f"assay://article/{quote(one, safe='')}" for one in ids]
    assert template == "assay://article/{id}"
    assert texts == [service.article(one).text for one in ids]


# --- as a command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def command(assay, process, tmp_path, rows):  # noqa: ARG001  # `process` writes the script
    """The command line of `assay mcp` on an index of three articles, in a process of its own."""
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assay("add", file)
    return [sys.executable, str(tmp_path / "small.py"), "mcp"], {**os.environ, "PYTHONPATH": str(ROOT)}


def test_over_stdin_and_stdout(command):
    (program, *arguments), environment = command

    async def ask():
        parameters = StdioServerParameters(command=program, args=arguments, env=environment)
        async with stdio_client(parameters) as streams, ClientSession(*streams) as session:
            greeting = await session.initialize()
            found = await session.call_tool("search", {"query": "nickel"})
            return greeting, found, await session.call_tool("ask", {"question": QUESTION})

    greeting, found, answer = asyncio.run(ask())
    assert greeting.server_info.name == "assay"
    assert "get_article" in greeting.instructions
    assert found.structured_content["hits"][0]["article_id"] == "folder/nickel-2024.txt"
    assert answer.structured_content["question"] == QUESTION


def started(command):
    argv, environment = command
    pipe = subprocess.PIPE
    return subprocess.Popen(argv, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def say(running, *messages):
    running.stdin.write("".join(one if isinstance(one, str) else json.dumps(one) + "\n" for one in messages))
    running.stdin.flush()


CLIENT = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "0"}}
HELLO = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": CLIENT}


def test_stdout_holds_the_protocol_and_nothing_else(command):
    call = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "ask", "arguments": {"question": QUESTION}}}
    with started(command) as running:
        say(running, HELLO, {"jsonrpc": "2.0", "method": "notifications/initialized"}, "not JSON\n{}\n", call)
        lines = []
        while not any(line.get("id") == 2 for line in lines):
            lines.append(json.loads(running.stdout.readline()))
        out, err = running.communicate(timeout=20)  # which closes stdin
    assert all(line["jsonrpc"] == "2.0" for line in lines)
    assert out == ""
    assert "Traceback" not in err
    assert running.returncode == 0


def test_an_interruption_ends_it_without_a_word(command):
    with started(command) as running:
        say(running, HELLO)
        assert json.loads(running.stdout.readline())["id"] == 1
        running.send_signal(signal.SIGINT)
        running.wait(20)
        assert running.stderr.read() == running.stdout.read() == ""


@contextmanager
def serving(command):
    """`assay mcp --http` on a free port; its address."""
    argv, environment = command
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(
        [*argv, "--http", "--port", str(port)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        try:
            deadline = time.monotonic() + 30
            while True:
                with socket.socket() as line:
                    if not line.connect_ex(("127.0.0.1", port)):
                        break
                assert running.poll() is None, running.stderr.read()
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            running.send_signal(signal.SIGINT)
            running.wait(20)
        assert b"Traceback" not in running.stderr.read()


def test_over_http_and_for_nobody_but_this_machine_s_programs(command):
    async def ask(url):
        async with over(url) as session:
            await session.initialize()
            return await session.call_tool("ask", {"question": QUESTION})

    @asynccontextmanager
    async def over(url):
        async with streamable_http_client(f"{url}/mcp") as streams, ClientSession(*streams[:2]) as session:
            yield session

    hello = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    kinds = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
    with serving(command) as url:
        assert asyncio.run(ask(url)).structured_content["question"] == QUESTION
        port = url.rsplit(":", 1)[1]
        assert httpx.post(f"{url}/mcp", json=hello, headers={**kinds, "origin": url}).status_code < 400
        for headers in (
            {"origin": "https://evil.example"},
            {"origin": "null"},
            {"origin": f"http://localhost.evil.example:{port}"},
            {"host": "evil.example"},
            {"host": f"evil.example:{port}"},
            {"host": "127.0.0.1:1"},
        ):
            assert httpx.post(f"{url}/mcp", json=hello, headers={**kinds, **headers}).status_code in (403, 421), headers
        assert httpx.post(f"{url}/mcp", content=b"{" + b" " * 1_000_001, headers=kinds).status_code == 413
        assert httpx.get(f"{url}/").status_code == 404


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org"])  # noqa: S104  # to be refused
def test_it_is_never_served_to_others(assay, host):
    _, err = assay("mcp", "--http", "--host", host, code=2)
    assert err == f"assay: expected an address of this machine alone for the tools, such as 127.0.0.1, found {host}; leave out --host\n"


def test_without_its_package_it_says_what_to_install(assay, monkeypatch):
    monkeypatch.delitem(sys.modules, "ui.web.tools", raising=False)
    monkeypatch.delattr("ui.web.tools", raising=False)
    for name in [name for name in sys.modules if name.partition(".")[0] in ("mcp", "mcp_types")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mcp_types", None)
    monkeypatch.setitem(sys.modules, "mcp", None)
    _, err = assay("mcp", code=2)
    assert err == "assay: expected the package mcp for `assay mcp`, found none; install it with `pip install 'assay[mcp]'`\n"


def test_without_an_index_it_says_so(assay):
    _, err = assay("mcp", code=2)
    assert "found none" in err or "no index" in err
    assert err.count("\n") == 1

"""The interface under /v1, as OpenAI's own client and LangChain's use it, and as hostile ones do."""

import asyncio
import json
import re

import httpx
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from rag import ABSTENTION, Reason

QUESTION = "When was the lithium plan presented?"
ASKED = {"model": "assay", "messages": [{"role": "user", "content": QUESTION}]}


def complete(client, **more):
    given = client.post("/v1/chat/completions", json={**ASKED, **more})
    assert given.status_code == 200, given.text
    return given.json()


def asking(*messages):
    return [{"role": role, "content": content} for role, content in messages]


# --- the reply --------------------------------------------------------------------------------------------------------


def test_a_reply_carries_its_proof_in_every_way_that_clients_know(client, rows):
    reply = complete(client)
    ChatCompletion.model_validate(reply)
    (choice,) = reply["choices"]
    content, answer = choice["message"]["content"], reply["assay"]
    assert choice["finish_reason"] == "stop"
    texts = {row["id"]: row["text"] for row in rows}
    assert answer["citations"]
    for place, citation in enumerate(answer["citations"]):
        assert citation["n"] == place + 1
        assert texts[citation["article_id"]][citation["start"] : citation["end"]] == citation["quote"]
        assert reply["sources"][place]["document"] == [citation["quote"]]
        assert reply["sources"][place]["source"] == {
            "id": f"{citation['article_id']} {citation['start']}:{citation['end']}",
            "name": citation["title"],
            "url": reply["citations"][place],
        }
        quoted = " ".join(citation["quote"].split())
        assert f"[{citation['n']}] “{quoted}” — {citation['title']}, Example Wire, 2023-04-21, https://example.org/a1" in content
    assert len({source["metadata"][0]["source"] for source in reply["sources"]}) == len(reply["sources"])
    marks = [one["url_citation"] for one in choice["message"]["annotations"]]
    assert [content[mark["start_index"] : mark["end_index"]] for mark in marks] == re.findall(r"\[\d+\]", answer["answer"])
    for mark in marks:
        n = int(content[mark["start_index"] + 1 : mark["end_index"] - 1])
        assert mark["url"] == reply["citations"][n - 1]
        assert mark["title"] == answer["citations"][n - 1]["title"]
    assert client.get(f"/api/v1/answers/{answer['key']}").json() == answer
    assert content.startswith(answer["answer"])


def test_an_article_without_an_address_is_linked_to_in_the_page(client):
    reply = complete(client, messages=asking(("user", "What does sourdough need?")))
    (citation, *_) = reply["assay"]["citations"]
    assert reply["citations"][0] == f"http://localhost:7860/?article=a3&span={citation['start']}:{citation['end']}"
    assert reply["citations"][0] in reply["choices"][0]["message"]["content"]


def test_silence_says_what_was_searched(client):
    reply = complete(client, assay={"after": "2030"})
    content = reply["choices"][0]["message"]["content"]
    assert content.startswith(f"{ABSTENTION}\n\nNo article passes the filters that were set.")
    assert "Searched: 3 articles, of those only from 2030" in content
    assert reply["choices"][0]["finish_reason"] == "stop"
    assert reply["assay"]["reason"] == "nothing_selected"
    assert reply["citations"] == reply["sources"] == reply["choices"][0]["message"]["annotations"] == []


def test_tokens_are_those_of_the_embedding_model(client, service):
    messages = asking(("system", "Be brief, be kind."), ("user", "Tell me of Chile."), ("assistant", "Chile is long."), ("user", QUESTION))
    reply = complete(client, messages=messages)
    count = service.library.embedder.count_tokens
    prompt = sum(count(["Tell me of Chile.", "Chile is long.", QUESTION]))
    completion = sum(count([reply["choices"][0]["message"]["content"]]))
    assert reply["usage"] == {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def test_the_conversation_is_understood(client):
    first = complete(client, messages=asking(("user", "What happened to nickel prices?")))["choices"][0]["message"]["content"]
    parts = [{"type": "text", "text": "When did"}, {"type": "text", "text": "they fall?"}]
    messages = [
        *asking(("system", "You are a pirate."), ("user", "What happened to nickel prices?"), ("assistant", first), ("tool", "noise")),
        {"role": "user", "content": parts},
        {"role": "assistant", "content": None},
    ]
    answer = complete(client, messages=messages)["assay"]
    assert answer["question"] == "When did they fall?"
    assert "nickel" in answer["standalone_question"].lower()
    assert "“" not in answer["standalone_question"]


# --- streams ----------------------------------------------------------------------------------------------------------


def chunks(client, events_of, **more):
    given = client.post("/v1/chat/completions", json={**ASKED, "stream": True, **more})
    assert given.headers["content-type"].startswith("text/event-stream")
    events = events_of(given.text)
    assert {name for name, _ in events} == {None}
    assert events[-1] == (None, "[DONE]")
    return [json.loads(data) for _, data in events[:-1]]


def test_a_stream_adds_up_to_the_reply(client, events_of):
    parts = chunks(client, events_of, stream_options={"include_usage": True})
    for part in parts:
        ChatCompletionChunk.model_validate(part)
    assert len({part["id"] for part in parts}) == 1
    *told, finish, usage = parts
    deltas = [part["choices"][0]["delta"] for part in told]
    assert deltas[0] == {"role": "assistant", "content": "", "refusal": None}
    assert all(set(delta) == {"content"} for delta in deltas[1:-1])
    assert set(deltas[-1]) == {"annotations"}
    reply = complete(client)
    assert "".join(delta.get("content", "") for delta in deltas) == reply["choices"][0]["message"]["content"]
    assert deltas[-1]["annotations"] == reply["choices"][0]["message"]["annotations"]
    assert (told[-1]["citations"], told[-1]["sources"]) == (reply["citations"], reply["sources"])
    assert told[-1]["assay"]["answer"] == reply["assay"]["answer"]
    assert (finish["choices"][0]["delta"], finish["choices"][0]["finish_reason"]) == ({}, "stop")
    assert (usage["choices"], usage["usage"]) == ([], reply["usage"])
    assert all(part["usage"] is None for part in parts[:-1])
    assert all("usage" not in part for part in chunks(client, events_of))


def test_what_was_told_is_never_taken_back(client_of, scripted, make_answer, events_of):
    ends = make_answer(QUESTION, ["Something else."])
    service, _ = scripted(sentences=2, last=ends)
    parts = chunks(client_of(service), events_of)
    content = "".join(part["choices"][0]["delta"].get("content", "") for part in parts)
    shown, rest = content.split("\n\nThe answer, now that it is whole and checked, is another than what stands above:\n\n")
    assert shown.startswith("Sentence 1 on")
    assert rest.startswith("Something else. [1]\n\n[1] “")
    (proof,) = [part for part in parts if "assay" in part]
    (mark,) = proof["choices"][0]["delta"]["annotations"]
    assert content[mark["url_citation"]["start_index"] : mark["url_citation"]["end_index"]] == "[1]"
    assert mark["url_citation"]["start_index"] > len(shown)
    assert proof["assay"]["answer"] == "Something else. [1]"


def test_sentences_that_are_followed_by_silence_are_taken_back_in_words(client_of, scripted, make_answer, events_of):
    service, _ = scripted(sentences=1, last=make_answer(QUESTION, [], reason=Reason.NOT_SUPPORTED))
    parts = chunks(client_of(service), events_of)
    content = "".join(part["choices"][0]["delta"].get("content", "") for part in parts)
    assert f"is another than what stands above:\n\n{ABSTENTION}" in content
    assert [part["choices"][0]["delta"]["annotations"] for part in parts if "assay" in part] == [[]]


def test_a_fault_in_a_stream_is_an_error_that_the_client_raises(live, scripted):
    service, pipeline = scripted(sentences=1, fault=RuntimeError("secret"))
    with live(service) as url:
        client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)
        stream = client.chat.completions.create(**ASKED, stream=True)
        assert [next(stream).choices[0].delta.role, next(stream).choices[0].delta.role] == ["assistant", None]
        with pytest.raises(openai.APIError, match="Something went wrong") as raised:
            next(stream)
        client.close()
    assert "secret" not in str(raised.value)
    assert pipeline.begun == pipeline.closed == 1


# --- clients ----------------------------------------------------------------------------------------------------------


def test_the_client_of_openai_reads_it(live, service):
    with live(service) as url, openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
        assert [model.id for model in client.models.list()] == ["assay"]
        assert client.models.retrieve("assay").object == "model"
        reply = client.chat.completions.create(**ASKED, temperature=0.2, max_tokens=100, seed=7, user="me", top_p=0.9)
        message = reply.choices[0].message
        assert "20 April 2023" in message.content
        mark = message.annotations[0].url_citation
        assert message.content[mark.start_index : mark.end_index] == "[1]"
        assert mark.url == reply.citations[0] == "https://example.org/a1"
        assert reply.assay["citations"][0]["quote"] in message.content
        with client.chat.completions.create(**ASKED, stream=True) as stream:
            assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == message.content
        with pytest.raises(openai.BadRequestError) as raised:
            client.chat.completions.create(**ASKED, n=2)
        assert (raised.value.param, raised.value.type, raised.value.code) == ("n", "invalid_request_error", None)
        with pytest.raises(openai.NotFoundError) as raised:
            client.chat.completions.create(model="gpt-4o", messages=ASKED["messages"])
        assert (raised.value.param, raised.value.code) == ("model", "model_not_found")


def test_the_asynchronous_client_of_openai_reads_it(live, service):
    async def read(url):
        async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
            replies = await asyncio.gather(*(client.chat.completions.create(**ASKED) for _ in range(5)))
            stream = await client.chat.completions.create(**ASKED, stream=True, stream_options={"include_usage": True})
            parts = [chunk async for chunk in stream]
        return {reply.choices[0].message.content for reply in replies}, parts

    with live(service) as url:
        contents, parts = asyncio.run(read(url))
    assert len(contents) == 1
    assert {"".join(part.choices[0].delta.content or "" for part in parts if part.choices)} == contents
    assert parts[-1].usage.total_tokens > 0


def test_langchain_reads_it(live, service):
    from langchain_openai import ChatOpenAI

    with live(service) as url:
        model = ChatOpenAI(base_url=f"{url}/v1", api_key="none", model="assay", max_retries=0)
        said = model.invoke([("system", "Be brief."), ("user", QUESTION)])
        streamed = "".join(part.text for part in model.stream(QUESTION))
    assert "20 April 2023" in said.content
    assert streamed == said.content
    assert said.usage_metadata["total_tokens"] > 0


# --- how it says no ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"messages": ASKED["messages"]}, 400, "model"),
        ({**ASKED, "model": "gpt-4o"}, 404, "model"),
        ({**ASKED, "n": 3}, 400, "n"),
        ({**ASKED, "tools": [{"type": "function"}]}, 400, "tools"),
        ({**ASKED, "response_format": {"type": "json_object"}}, 400, "response_format"),
        ({**ASKED, "modalities": ["text", "audio"]}, 400, "modalities"),
        ({**ASKED, "logprobs": True}, 400, "logprobs"),
        ({**ASKED, "messages": []}, 400, "messages"),
        ({**ASKED, "messages": asking(("system", "Hello."))}, 400, "messages"),
        ({**ASKED, "messages": asking(("user", "?!"))}, 400, "messages"),
        ({**ASKED, "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]}, 400, "messages"),
        ({**ASKED, "messages": asking(("robot", "Hello."))}, 400, "messages.0.role"),
        ({**ASKED, "assay": {"after": "soon"}}, 400, "assay.after"),
        ({**ASKED, "assay": {"afer": "2023"}}, 400, "assay.afer"),
        ([], 400, None),
    ],
)
def test_every_no_has_the_form_of_openai(client, body, status, param):
    given = client.post("/v1/chat/completions", json=body)
    assert given.status_code == status, given.text
    error = given.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["param"] == param
    assert "\n" not in error["message"]


def test_addresses_and_methods_that_there_are_none(client):
    for method, path, status in (
        ("GET", "/v1/chat/completions", 405),
        ("POST", "/v1/completions", 404),
        ("GET", "/v1/models/gpt-4o", 404),
        ("GET", "/v1", 404),
    ):
        given = client.request(method, path)
        assert given.status_code == status
        assert set(given.json()["error"]) == {"message", "type", "param", "code"}


def test_what_means_nothing_here_is_let_pass(client):
    for more in (
        {"tools": []},
        {"tools": None},
        {"n": 1},
        {"response_format": {"type": "text"}},
        {"chat_id": "x", "session": {"a": [1]}},
        {"stop": ["\n"]},
    ):
        complete(client, **more)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
CONTENT = (
    st.just(QUESTION) | st.text() | st.lists(st.fixed_dictionaries({"type": st.just("text"), "text": ANYTHING}), max_size=2) | ANYTHING
)
ROLES = st.sampled_from(["user", "assistant", "system", "tool"]) | ANYTHING
MESSAGES = st.lists(st.fixed_dictionaries({"role": ROLES}, optional={"content": CONTENT}), max_size=4)
FIELDS = st.sampled_from("stream stream_options n tools functions response_format modalities audio logprobs assay stop temperature".split())


@settings(max_examples=150)
@given(model=st.just("assay") | ANYTHING, messages=MESSAGES | ANYTHING, more=st.dictionaries(FIELDS, ANYTHING, max_size=3))
def test_no_body_breaks_it(client_of, service_of, model, messages, more):
    if not hasattr(test_no_body_breaks_it, "client"):
        test_no_body_breaks_it.client = client_of(service_of())
    written = json.dumps({"model": model, "messages": messages, **more}).encode()
    given = test_no_body_breaks_it.client.post("/v1/chat/completions", content=written, headers={"content-type": "application/json"})
    assert given.status_code in (200, 400, 404), given.text
    if given.status_code != 200:
        assert set(given.json()["error"]) == {"message", "type", "param", "code"}
    elif given.headers["content-type"] == "application/json":
        ChatCompletion.model_validate(given.json())
    else:
        assert given.text.endswith("data: [DONE]\n\n")


def test_a_model_s_stream_is_not_begun_before_it_is_asked_for(client_of, scripted):
    service, pipeline = scripted()
    assert client_of(service).post("/v1/chat/completions", json={**ASKED, "n": 2}).status_code == 400
    assert pipeline.begun == 0


def test_curl_like_clients_may_read_line_by_line(live, service):
    with live(service) as url, httpx.stream("POST", f"{url}/v1/chat/completions", json={**ASKED, "stream": True}) as given:
        lines = [line for line in given.iter_lines() if line]
    assert all(line.startswith("data: ") for line in lines)
    assert lines[-1] == "data: [DONE]"

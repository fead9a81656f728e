"""The interface under /api/v1: what each route answers, how it says no, and that nothing of it breaks or leaks under pressure."""

import asyncio
import json
import os
import random
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import httpx
import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import ArticleFilter, StoreError
from rag import Answer, AnswerSentence, Citation, Turn
from ui import records
from ui.web import events
from ui.web.bodies import read_answer
from ui.web.context import exporters
from ui.web.feedback import MOST_COMMENT, MOST_CORRECTION, FeedbackStore
from ui.web.references import bibtex, csl_json, markdown, remarks_of
from ui.web.work import FullError, Workers

QUESTION = "When was the lithium plan presented?"
ASKED = {"model": "assay", "messages": [{"role": "user", "content": "What does sourdough need?"}]}
DATA = Path(os.environ.get("ASSAY_DATA") or "absent")


def same(answer):
    """An answer without what differs from run to run."""
    return {name: value for name, value in answer.items() if name not in ("timings_ms", "key")}


# --- answers ----------------------------------------------------------------------------------------------------------


def test_an_answer_is_what_the_command_line_prints_and_a_key(client, service):
    given = client.post("/api/v1/ask", json={"question": QUESTION})
    assert given.status_code == 200
    assert "20 April 2023" in given.json()["answer"]
    assert list(given.json()) == [*service.pipeline.ask(QUESTION).to_json(), "key"]
    assert same(given.json()) == same(service.pipeline.ask(QUESTION).to_json())
    assert same(client.get(f"/api/v1/answers/{given.json()['key']}").json()) == same(given.json())


def test_every_citation_is_its_article_s_characters(client, rows):
    texts = {row["id"]: row["text"] for row in rows}
    cited = 0
    for question in (QUESTION, "What did Chile announce?", "How far did nickel prices fall?", "What does sourdough need?"):
        for citation in client.post("/api/v1/ask", json={"question": question}).json()["citations"]:
            start, end, place = citation["start"], citation["end"], f"/api/v1/articles/{quote(citation['article_id'])}"
            assert texts[citation["article_id"]][start:end] == citation["quote"]
            assert client.get(place).json()["text"][start:end] == citation["quote"]
            assert client.get(f"{place}?span={start}:{end}").json()["text"] == citation["quote"]
            cited += 1
    assert cited >= 3


def test_history_and_filters_reach_the_pipeline(client):
    history = [{"role": "user", "content": "What happened to nickel prices?"}, {"role": "assistant", "content": "They fell by 45 %."}]
    asked = {"question": "When did they fall?", "history": history}
    assert "nickel" in client.post("/api/v1/ask", json=asked).json()["standalone_question"].lower()
    asked["standalone_question"] = "When did nickel prices fall by 45 %?"
    assert client.post("/api/v1/ask", json=asked).json()["standalone_question"] == asked["standalone_question"]
    for only in ({"sources": ["Metal Daily"]}, {"after": "2024"}, {"articles": ["folder/nickel-2024.txt"]}, {"before": "2022"}):
        answer = client.post("/api/v1/ask", json={"question": QUESTION, **only}).json()
        assert {hit["article_id"] for hit in answer["hits"]} <= {"folder/nickel-2024.txt"}
    assert answer["reason"] == "nothing_selected"
    for nothing in ({"sources": []}, {"sources": None, "articles": []}):
        assert not client.post("/api/v1/ask", json={"question": QUESTION, **nothing}).json()["abstained"]


@pytest.mark.parametrize("how", [{"json": {"question": QUESTION, "stream": True}}, {"headers": {"accept": "text/event-stream"}}])
def test_a_stream_grows_and_ends_with_the_whole(client, events_of, how):
    given = client.post("/api/v1/ask", **{"json": {"question": QUESTION}, **how})
    assert given.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert given.headers["cache-control"] == "no-store"
    *grown, (last, whole) = [(name, json.loads(data)) for name, data in events_of(given.text)]
    assert grown
    assert {name for name, _ in grown} == {"answer"}
    assert last == "done"
    for _, answer in grown:
        assert Answer.from_json(answer).text
        assert whole["answer"].startswith(answer["answer"])
    assert same(whole) == same(client.post("/api/v1/ask", json={"question": QUESTION}).json())
    assert client.get(f"/api/v1/answers/{whole['key']}").json() == whole


def test_a_fault_in_a_stream_is_an_event_of_one_sentence(client_of, scripted, events_of):
    service, pipeline = scripted(sentences=2, fault=RuntimeError("secret /etc/place"))
    given = client_of(service).post("/api/v1/ask", json={"question": QUESTION, "stream": True})
    *grown, (last, data) = events_of(given.text)
    assert [name for name, _ in grown] == ["answer", "answer"]
    assert last == "error"
    assert json.loads(data)["error"]["type"] == "server_error"
    assert "secret" not in given.text
    assert (pipeline.begun, pipeline.closed) == (1, 1)


def test_a_fault_is_a_sentence_without_its_words(client_of, scripted):
    service, _ = scripted(fault=RuntimeError("secret /etc/place"))
    given = client_of(service).post("/api/v1/ask", json={"question": QUESTION})
    assert given.status_code == 500
    assert given.json()["error"]["type"] == "server_error"
    assert "secret" not in given.text
    assert "Traceback" not in given.text


def test_silence_is_filled_with_comments():
    async def told():
        workers = Workers(1, 0)

        def slow():
            yield 1
            time.sleep(0.2)
            yield 2

        flow = workers.flow(slow)
        found = [one async for one in events.written(flow, events.event, str, heartbeat=0.02)]
        workers.close()
        return found

    first, *comments, last = asyncio.run(told())
    assert (first, last) == ("data: 1\n\n", "data: 2\n\n")
    assert len(comments) >= 3
    assert all(comment.startswith(":") and comment.endswith("\n\n") for comment in comments)


# --- articles ---------------------------------------------------------------------------------------------------------


def test_search_is_what_the_command_line_prints(client, service):
    hits = client.get("/api/v1/search", params={"q": "nickel prices", "k": 2}).json()
    assert hits == [hit.to_json() for hit in service.search("nickel prices", 2)]
    assert hits[0]["article_id"] == "folder/nickel-2024.txt"
    only = {"source": ["example wire", "nobody"], "after": "2023", "before": "2023-05"}
    assert {hit["article_id"] for hit in client.get("/api/v1/search", params={"q": "nickel", **only}).json()} == {"a1"}
    assert {hit["article_id"] for hit in client.get("/api/v1/search?q=nickel&article=a3").json()} <= {"a3"}


def test_articles_come_in_pages(client, service):
    every = [records.listed(record) for record in service.articles()]
    assert client.get("/api/v1/articles").json() == {"articles": every, "total": 3, "offset": 0, "limit": 100}
    pages = [client.get("/api/v1/articles", params={"offset": place, "limit": 1}).json() for place in range(4)]
    assert [one["id"] for page in pages for one in page["articles"]] == ["a1", "a3", "folder/nickel-2024.txt"]
    assert {page["total"] for page in pages} == {3}
    assert [one["id"] for one in client.get("/api/v1/articles?q=FALL+nickel").json()["articles"]] == ["folder/nickel-2024.txt"]
    assert [one["id"] for one in client.get("/api/v1/articles?after=2024").json()["articles"]] == ["folder/nickel-2024.txt"]
    assert client.get("/api/v1/articles?q=nothing").json()["total"] == 0


def test_an_article_is_what_the_command_line_shows(client, service):
    record = service.articles(ArticleFilter(ids=("folder/nickel-2024.txt",)))[0]
    whole = records.whole(service.article("folder/nickel-2024.txt"), record)
    assert client.get("/api/v1/articles/folder/nickel-2024.txt").json() == whole
    assert client.get("/api/v1/articles/folder%2Fnickel-2024.txt").json() == whole
    part = client.get("/api/v1/articles/a1?span=0:43").json()
    assert part == {"id": "a1", "start": 0, "end": 43, "text": "Chile announced a national lithium strategy"}


def test_articles_are_added_replaced_and_removed_where_that_is_allowed(client_of, service_of):
    client = client_of(service_of(may_write=True))
    rows = [{"id": "b/1", "title": "Tin", "text": "Tin was mined in Cornwall in 1998.", "mine": "South Crofty"}, {"id": "b2", "text": ""}]
    report = client.post("/api/v1/articles", json=rows).json()
    assert report["added"] == ["b/1"]
    assert [refused["reason"] for refused in report["refused"]]
    assert client.post("/api/v1/articles", json=rows[:1]).json()["unchanged"] == ["b/1"]
    assert client.post("/api/v1/articles", json=[{**rows[0], "title": "Tin again"}]).json()["updated"] == ["b/1"]
    assert client.get("/api/v1/articles/b/1").json()["metadata"] == {"mine": "South Crofty"}
    assert "1998" in client.post("/api/v1/ask", json={"question": "When was tin mined in Cornwall?"}).json()["answer"]
    assert client.delete("/api/v1/articles/b/1").json() == {"removed": ["b/1"]}
    assert client.delete("/api/v1/articles/b/1").status_code == 404
    assert client.get("/api/v1/articles/b/1").status_code == 404


def test_nobody_writes_where_that_is_not_allowed(client, service):
    for answered in (client.post("/api/v1/articles", json=[{"id": "b", "text": "Tin."}]), client.delete("/api/v1/articles/a1")):
        assert answered.status_code == 403
        assert answered.json()["error"]["type"] == "permission_error"
    assert service.library.counts()[0] == 3


def test_a_row_that_nothing_tells_from_another_is_refused(client_of, service_of):
    client = client_of(service_of(may_write=True))
    given = client.post("/api/v1/articles", json=[{"id": "x", "text": "Tin."}, {"text": "Lead."}])
    assert given.status_code == 422
    assert given.json()["error"]["param"] == "1.id"
    assert client.get("/api/v1/articles/x").status_code == 404


# --- votes, shares, exports -------------------------------------------------------------------------------------------


class Kept:
    """A place for votes and shares, in memory."""

    def __init__(self):
        self.votes, self.answers = [], {}

    def vote(self, *said, **words):
        self.votes.append((*said, words))
        return words.get("vote")

    def share(self, key, answer):
        self.answers[key] = answer

    def shared(self, key):
        return self.answers.get(key)


def test_votes_shares_and_exports_are_of_answers_that_were_given(client_of, service):
    kept = Kept()
    client = client_of(service, feedback=kept, exporters={"markdown": lambda answers: "\n".join(answer.text for answer in answers)})
    history = [{"role": "user", "content": "Tell me of Chile."}]
    answer = client.post("/api/v1/ask", json={"question": QUESTION, "history": history}).json()
    key = answer["key"]
    said = {"key": key, "vote": "down", "correction": "In May.", "comment": None}
    assert client.post("/api/v1/feedback", json=said).json() == {"key": key, "vote": "down"}
    ((voted, about, turns, words),) = kept.votes
    assert (voted, about.text) == (key, answer["answer"])
    assert words == {"voter": "", "vote": "down", "correction": "In May.", "comment": None}
    assert [(turn.role, turn.content) for turn in turns] == [("user", "Tell me of Chile.")]
    assert client.post("/api/v1/feedback", json={"key": "nobody", "vote": "up"}).status_code == 404
    assert client.post("/api/v1/feedback", json={"key": key, "vote": "sideways"}).status_code == 422
    shared = client.post(f"/api/v1/answers/{key}/share").json()
    assert shared == {"key": key, "url": f"http://localhost:7860/?answer={key}"}
    service.answers._answers.clear()
    assert same(client.get(f"/api/v1/answers/{key}").json()) == same(answer)
    file = client.post("/api/v1/export", json={"keys": [key, key], "format": "markdown"})
    assert file.text == f"{answer['answer']}\n{answer['answer']}"
    assert file.headers["content-disposition"] == 'attachment; filename="assay.md"'
    assert file.headers["content-type"].startswith("text/markdown")
    assert client.post("/api/v1/export", json={"keys": [key], "format": "bibtex"}).status_code == 404
    gone = client.post("/api/v1/export", json={"keys": [key, "nobody"], "format": "markdown"})
    assert (gone.status_code, gone.json()["error"]["param"]) == (404, "keys.1")


def test_a_vote_on_an_answer_that_was_forgotten_is_kept_where_the_articles_prove_it(client_of, service, tmp_path):
    store = FeedbackStore(tmp_path / "feedback.sqlite")
    client = client_of(service, feedback=store)
    answer = client.post("/api/v1/ask", json={"question": QUESTION}).json()
    silent = client.post("/api/v1/ask", json={"question": "Who sang?", "articles": ["nothing"]}).json()
    service.answers._answers.clear()

    def vote(given, key=answer["key"]):
        told = client.post("/api/v1/feedback", json={"key": key, "vote": "up", "voter": "v" * 16, "answer": given})
        return told.status_code, told.json()

    first = answer["citations"][0]
    forged = [{**first, "quote": first["quote"][:-1] + "!"}, {**first, "article_id": "nowhere"}, {**first, "start": -1, "end": 10**7}]
    forged += [{**first, "start": 0, "end": 0, "quote": ""}]
    for one in forged:
        status, told = vote({**answer, "citations": [one]})
        assert (status, told["error"]["param"]) == (422, "answer")
        assert "found [1], which does not" in told["error"]["message"]
    for broken in ({}, 5, [answer], {**answer, "sentences": "x"}, {**answer, "more": 1}):
        assert vote(broken)[0] == 422
    assert client.post("/api/v1/feedback", json={"key": answer["key"], "vote": "up"}).status_code == 404
    assert not (tmp_path / "feedback.sqlite").exists()
    assert vote(answer)[0] == 200
    assert vote(silent, silent["key"])[0] == 200
    kept, quiet = store.rows()
    assert (kept["question"], kept["vote"]) == (QUESTION, "up")
    assert kept["answer"] == {**{name: value for name, value in answer.items() if name != "key"}, "hits": [], "removed": []}
    assert quiet["answer"]["abstained"] is True


def test_what_a_vote_leaves_out_stays(client_of, service, tmp_path):
    store = FeedbackStore(tmp_path / "feedback.sqlite")
    client = client_of(service, feedback=store)
    key = client.post("/api/v1/ask", json={"question": QUESTION}).json()["key"]

    def say(**words):
        given = client.post("/api/v1/feedback", json={"key": key, **words})
        assert given.status_code == 200, given.text
        rows = [(row["vote"], row["correction"], row["comment"]) for row in store.rows()]
        return given.json()["vote"], rows

    me, you = "a" * 16, "b" * 64
    assert say(voter=me, correction="In May.") == (None, [(None, "In May.", None)])
    assert say(voter=me, vote="down") == ("down", [("down", "In May.", None)])
    assert say(voter=me, comment="See page 3.") == ("down", [("down", "In May.", "See page 3.")])
    assert say(voter=you, vote=None, correction=None, comment=None) == (None, [("down", "In May.", "See page 3.")])
    assert say(voter=me, vote=None) == (None, [(None, "In May.", "See page 3.")])
    assert say(voter=me, correction=None) == (None, [(None, None, "See page 3.")])
    assert say(voter=me, comment=None) == (None, [])
    for wrong in (
        {},
        {"voter": me},
        {"vote": "up", "voter": "short"},
        {"vote": "up", "voter": "x" * 65},
        {"vote": "up", "voter": f"{me}\n"},
    ):
        assert client.post("/api/v1/feedback", json={"key": key, **wrong}).status_code == 422


def test_what_cannot_be_kept_is_said_in_its_words(client_of, service, tmp_path):
    client = client_of(service, feedback=FeedbackStore(tmp_path / "feedback.sqlite", most_bytes=14_000))
    key = client.post("/api/v1/ask", json={"question": QUESTION}).json()["key"]
    longest = {"correction": MOST_CORRECTION, "comment": MOST_COMMENT}
    for field, most in longest.items():
        given = client.post("/api/v1/feedback", json={"key": key, field: "x" * (most + 1)})
        assert (given.status_code, given.json()["error"]["param"]) == (422, field)
    given = client.post("/api/v1/feedback", json={"key": key, "vote": "up", **{field: "x" * most for field, most in longest.items()}})
    assert (given.status_code, given.json()["error"]["type"]) == (507, "storage_error")
    assert "has grown to 14,000 bytes" in given.json()["error"]["message"]
    assert client.post(f"/api/v1/answers/{key}/share").status_code == 507
    history = [{"role": "user", "content": "x" * 100_000}] * 9
    large = client.post("/api/v1/ask", json={"question": QUESTION, "history": history}).json()["key"]
    service.answers._answers[large] = service.answers._answers[large]._replace(history=(Turn("user", "x" * 2_100_000),))
    given = client.post("/api/v1/feedback", json={"key": large, "vote": "up"})
    assert given.status_code == 422
    assert "begin a new chat" in given.json()["error"]["message"]
    assert str(tmp_path) not in given.text


def test_votes_do_not_wait_behind_articles(live, service_of, tmp_path):
    service = service_of(may_write=True)
    writing = Workers(1, 10)
    held = threading.Event()
    with live(service, feedback=FeedbackStore(tmp_path / "feedback.sqlite"), writing=writing) as url, ThreadPoolExecutor(1) as other:
        waiting = other.submit(asyncio.run, writing.run(lambda: held.wait(20)))
        try:
            key = httpx.post(f"{url}/api/v1/ask", json={"question": QUESTION}, timeout=20).json()["key"]
            assert httpx.post(f"{url}/api/v1/feedback", json={"key": key, "vote": "up"}, timeout=5).status_code == 200
            assert httpx.post(f"{url}/api/v1/answers/{key}/share", timeout=5).status_code == 200
            assert not waiting.done()
        finally:
            held.set()


def test_answers_that_a_browser_kept_are_exported_after_a_restart(client_of, service, make_answer):
    seen = []
    client = client_of(service, exporters={"markdown": lambda answers: seen.append(answers) or "\n".join(one.text for one in answers)})
    given = client.post("/api/v1/ask", json={"question": QUESTION}).json()
    service.answers._answers.clear()
    other = {**make_answer("Q", ["One."]).to_json(), "hits": []}
    broken = [
        None,
        "words",
        {},
        {**given, "more": 1},
        {**given, "question": 7},
        {**given, "sentences": [{"text": "No citations."}]},
        {**given, "citations": [{**given["citations"][0], "start": "0"}]},
        {**given, "reason": "whim"},
        {**given, "conflict": {"kind": "war", "sides": []}},
    ]
    file = client.post("/api/v1/export", json={"answers": [given, *broken, other], "format": "markdown"})
    assert file.status_code == 200
    assert file.text == f"{given['answer']}\nOne. [1]"
    assert file.headers["assay-left-out"] == str(len(broken))
    assert seen == [[Answer.from_json(given), Answer.from_json(other)]]
    none = client.post("/api/v1/export", json={"answers": broken, "format": "markdown"})
    assert (none.status_code, none.json()["error"]["param"]) == (422, "answers")
    for wrong in ({}, {"keys": ["k"], "answers": [given]}, {"answers": []}, {"answers": [given] * 501}, {"answers": given}):
        assert client.post("/api/v1/export", json={**wrong, "format": "markdown"}).status_code in (413, 422)
    large = {**given, "notes": ["x" * 3_900_000]}
    assert client.post("/api/v1/export", json={"answers": [large], "format": "markdown"}).status_code == 200
    assert client.post("/api/v1/export", json={"answers": [large, large], "format": "markdown"}).status_code == 413


@given(body=st.lists(st.deferred(lambda: ANYTHING) | st.deferred(lambda: NEARLY_ANSWERS), min_size=1, max_size=3))
def test_nothing_handed_in_breaks_an_export(body):
    for values in body:
        answer = read_answer(values)
        if answer is not None:
            assert markdown([answer], {}, remarks_of(nowhere, answer.citations)).endswith("\n")
            assert isinstance(bibtex(answer.citations), str)
            assert isinstance(csl_json(answer.citations), list)


def nowhere(article_id):
    raise StoreError(f"there is no {article_id}")


def test_an_export_names_each_article_once_in_order(make_answer):
    one, other = make_answer("Q", ["One.", "Two."]), make_answer("Q", ["Three."])
    second = replace(other, citations=tuple(replace(citation, article_id="b") for citation in other.citations))
    written = exporters(
        lambda answers: str(len(answers)),
        lambda cited: " ".join(citation.article_id for citation in cited),
        lambda cited: [{"id": citation.article_id, "title": citation.title} for citation in cited],
    )
    assert written["markdown"]([one, second]) == "2"
    assert written["bibtex"]([one, second]) == "a1 b"
    assert written["bibtex"]([second, one, second]) == "b a1"
    assert json.loads(written["csl-json"]([second]))[0]["id"] == "b"


def test_a_name_that_is_no_address_is_linked_to_nowhere(client):
    for host in ('evil"><script>', "[", "a b", "x\\y"):
        given = client.post("/v1/chat/completions", json=ASKED, headers={"host": host})
        assert given.status_code == 200
        assert given.json()["citations"][0].startswith(("http://localhost:7860/?article=a3", "/?article=a3"))


# --- how it says no ---------------------------------------------------------------------------------------------------

DEEP = "[" * 100_000

REFUSED = [
    ("GET", "/api/v1/nothing", {}, 404, None),
    ("GET", "/api", {}, 404, None),
    ("GET", "/api/v2/ask", {}, 404, None),
    ("PUT", "/api/v1/ask", {}, 405, None),
    ("GET", "/api/v1/ask", {}, 405, None),
    ("POST", "/api/v1/articles/a1", {}, 405, None),
    ("POST", "/api/v1/ask", {"content": b"{}", "headers": {"content-type": "text/plain"}}, 415, None),
    ("POST", "/api/v1/ask", {"content": b"question=x", "headers": {"content-type": "application/x-www-form-urlencoded"}}, 415, None),
    ("POST", "/api/v1/ask", {"content": b"{", "headers": {"content-type": "application/json"}}, 400, None),
    ("POST", "/api/v1/ask", {"content": b"\xff", "headers": {"content-type": "application/json"}}, 400, None),
    ("POST", "/api/v1/ask", {"content": DEEP, "headers": {"content-type": "application/json"}}, 400, None),
    ("POST", "/api/v1/ask", {"content": b'{"question": NaN}', "headers": {"content-type": "application/json"}}, 400, None),
    ("POST", "/api/v1/ask", {"content": b'{"question": %s}' % (b"9" * 9_000), "headers": {"content-type": "application/json"}}, 400, None),
    ("POST", "/api/v1/ask", {"content": b"x" * 1_000_001, "headers": {"content-type": "application/json"}}, 413, None),
    ("POST", "/api/v1/ask", {"content": b"", "headers": {"content-type": "application/json"}}, 400, None),
    ("POST", "/api/v1/ask", {"json": []}, 422, None),
    ("POST", "/api/v1/ask", {"json": {}}, 422, "question"),
    ("POST", "/api/v1/ask", {"json": {"question": "?!"}}, 422, "question"),
    ("POST", "/api/v1/ask", {"json": {"question": 7}}, 422, "question"),
    ("POST", "/api/v1/ask", {"json": {"question": "w" * 10_001}}, 422, "question"),
    ("POST", "/api/v1/ask", {"content": b'{"question": "a \\ud800"}', "headers": {"content-type": "application/json"}}, 422, "question"),
    ("POST", "/api/v1/ask", {"json": {"question": "What?", "quuestion": 1}}, 422, "quuestion"),
    ("POST", "/api/v1/ask", {"json": {"question": "What?", "stream": "yes"}}, 422, "stream"),
    ("POST", "/api/v1/ask", {"json": {"question": "What?", "after": "soon"}}, 422, "after"),
    ("POST", "/api/v1/ask", {"json": {"question": "What?", "sources": "one"}}, 422, "sources"),
    ("POST", "/api/v1/ask", {"json": {"question": "What?", "history": [{"role": "god", "content": ""}]}}, 422, "history.0.role"),
    ("GET", "/api/v1/search", {}, 422, "q"),
    ("GET", "/api/v1/search?q=x&k=0", {}, 422, "k"),
    ("GET", "/api/v1/search?q=x&k=many", {}, 422, "k"),
    ("GET", "/api/v1/search?q=x&sources=y", {}, 422, "sources"),
    ("GET", "/api/v1/search?q=x&after=2023-13", {}, 422, "after"),
    ("GET", "/api/v1/articles?limit=1001", {}, 422, "limit"),
    ("GET", "/api/v1/articles/", {}, 404, None),
    ("GET", "/api/v1/articles/none%00", {}, 404, None),
    ("GET", "/api/v1/articles/..%2F..%2Fetc%2Fpasswd", {}, 404, None),
    ("GET", "/api/v1/articles/a1?span=5:1", {}, 422, "span"),
    ("GET", "/api/v1/articles/a1?span=0:99999", {}, 422, "span"),
    ("GET", "/api/v1/articles/a1?span=-1:2", {}, 422, "span"),
    ("GET", "/api/v1/answers/nobody", {}, 404, None),
    ("POST", "/api/v1/answers/nobody/share", {}, 403, None),
    ("POST", "/api/v1/export", {"json": {"keys": ["a b"], "format": "markdown"}}, 422, "keys.0"),
]


@pytest.mark.parametrize(("method", "path", "how", "status", "param"), REFUSED)
def test_every_no_is_one_sentence_in_one_form(client, method, path, how, status, param):
    given = client.request(method, path, **how)
    assert given.status_code == status, given.text
    assert set(given.json()) == {"error"}
    error = given.json()["error"]
    assert set(error) == {"message", "type", "param"}
    assert error["param"] == param
    assert error["type"] == ("not_found_error" if status == 404 else "permission_error" if status == 403 else "invalid_request_error")
    assert 10 < len(error["message"]) < 300
    assert "\n" not in error["message"]
    if status == 405:
        assert given.headers["allow"] in error["message"].replace(" or ", ", ")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
NEARLY_ANSWERS = st.builds(
    lambda field, value, citation, inner: {**ANSWER, field: value, "citations": [{**ANSWER["citations"][0], citation: inner}]},
    st.sampled_from(["question", "sentences", "hits", "notes", "confidence", "parts", "conflict", "key", "x"]),
    ANYTHING,
    st.sampled_from(["n", "start", "end", "quote", "title", "url", "published", "article_id", "also_in"]),
    ANYTHING,
)
CITED = Citation(
    n=1, article_id="a1", passage_id="a1:0", title="T", source="S", published="2023-04-21", url=None, start=1, end=6, quote="hile "
)
ANSWER = Answer(
    question="Q", standalone_question="Q", sentences=(AnswerSentence("One.", (1,), 0.9),), citations=(CITED,), hits=(), confidence=0.9
).to_json()
FIELDS = st.sampled_from(
    "question answers voter history standalone_question sources after before articles stream key keys vote correction comment format id "
    "text".split()
)
BODIES = ANYTHING | st.dictionaries(FIELDS, ANYTHING | st.just("What is lithium?") | st.sampled_from(["up", "2023", "bibtex"]), max_size=6)


@settings(max_examples=150)
@given(path=st.sampled_from(["ask", "feedback", "export", "articles", "answers/x/share"]), body=BODIES)
def test_no_body_breaks_it(client_of, service_of, path, body):
    if not hasattr(test_no_body_breaks_it, "client"):
        test_no_body_breaks_it.client = client_of(service_of(may_write=True), feedback=Kept())
    written = json.dumps(body, ensure_ascii=True).encode()
    given = test_no_body_breaks_it.client.post(f"/api/v1/{path}", content=written, headers={"content-type": "application/json"})
    assert given.status_code < 500, given.text
    if given.status_code >= 400:
        assert set(given.json()["error"]) == {"message", "type", "param"}


@given(path=st.text(max_size=30), query=st.text(max_size=30))
def test_no_address_breaks_it(client_of, service_of, path, query):
    if not hasattr(test_no_address_breaks_it, "client"):
        test_no_address_breaks_it.client = client_of(service_of())
    client = test_no_address_breaks_it.client
    for place in ("articles/", "answers/", ""):
        assert client.get(f"/api/v1/{place}{quote(path, errors='replace')}").status_code < 500
    assert client.get(f"/api/v1/search?q={quote(query, errors='replace')}").status_code in (200, 422)


@pytest.mark.skipif(not (DATA / "hostile").is_dir(), reason="the hostile sets are not here: name their folder in ASSAY_DATA")
def test_no_naughty_question_breaks_it(client):
    asked = [json.loads(line)["text"] for line in (DATA / "hostile" / "naughty_questions.jsonl").read_text("utf-8").splitlines()]
    statuses = [
        client.post("/api/v1/ask", content=json.dumps({"question": text}), headers={"content-type": "application/json"}).status_code
        for text in asked
    ]
    assert len(statuses) > 500
    assert set(statuses) == {200, 422}
    assert statuses.count(200) > 300


# --- under pressure ---------------------------------------------------------------------------------------------------


def test_each_of_fifty_at_once_gets_their_own_answer(live, service_of):
    codes = {number: f"{number:02d}{random.Random(number).randrange(10**6):06d}" for number in range(50)}
    rows = [
        {"id": f"p{number}", "title": f"Project P{number}", "text": f"The access code of project P{number} is {code}."}
        for number, code in codes.items()
    ]

    def ask(number):
        question = f"What is the access code of project P{number}?"
        answer = httpx.post(f"{url}/api/v1/ask", json={"question": question}, timeout=60).raise_for_status().json()
        assert answer["question"] == question
        return answer

    with live(service_of(rows)) as url, ThreadPoolExecutor(50) as people:
        answers = dict(zip(codes, people.map(ask, codes), strict=True))
    assert len({answer["key"] for answer in answers.values()}) == 50
    for number, answer in answers.items():
        assert codes[number] in answer["answer"], answer["answer"]


def test_too_many_are_turned_away_and_told_when_to_come_back(live, scripted):
    service, _ = scripted(sentences=1, seconds=0.3)
    with live(service, answering=Workers(1, 2)) as url, ThreadPoolExecutor(12) as people:
        given = list(people.map(lambda _: httpx.post(f"{url}/api/v1/ask", json={"question": QUESTION}, timeout=30), range(12)))
        assert httpx.get(f"{url}/api/v1/health").status_code == 200
        again = httpx.post(f"{url}/api/v1/ask", json={"question": QUESTION}, timeout=30)
    statuses = [one.status_code for one in given]
    assert set(statuses) == {200, 503}
    assert statuses.count(200) >= 3
    refused = next(one for one in given if one.status_code == 503)
    assert int(refused.headers["retry-after"]) > 0
    assert refused.json()["error"]["type"] == "overloaded_error"
    assert again.status_code == 200


def test_looking_does_not_wait_for_answers(live, scripted):
    service, _ = scripted(sentences=1, seconds=2)
    with live(service, answering=Workers(1, 5)) as url, ThreadPoolExecutor(3) as people:
        asked = [people.submit(httpx.post, f"{url}/api/v1/ask", json={"question": QUESTION}, timeout=30) for _ in range(2)]
        time.sleep(0.2)
        begun = time.monotonic()
        assert httpx.get(f"{url}/api/v1/articles/a1").status_code == 200
        assert time.monotonic() - begun < 1.5
        assert all(one.result().status_code == 200 for one in asked)


def eventually(true, seconds=20):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def hang_up(url, body, read=0):
    """Ask, read so many bytes of the answer, and go away without a word."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as line:
        written = json.dumps(body).encode()
        head = f"POST /api/v1/ask HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {len(written)}\r\n\r\n"
        line.sendall(head.encode() + written)
        got = 0
        while got < read and (piece := line.recv(min(4096, read - got))):
            got += len(piece)


def test_who_goes_away_leaves_nothing_running(live, scripted):
    service, pipeline = scripted(sentences=400, seconds=0.005)
    answering = Workers(4, 300)
    chance = random.Random(7)
    with live(service, answering=answering) as url:
        httpx.get(f"{url}/api/v1/health")
        before = threading.active_count()
        for _ in range(200):
            stream = chance.random() < 0.8  # the others send nothing before they are whole
            hang_up(url, {"question": QUESTION, "stream": stream}, chance.choice((0, 1, 200, 3_000)) if stream else 0)
        eventually(lambda: answering.taken == 0)
        assert pipeline.begun == pipeline.closed
        assert threading.active_count() <= before + 4, [thread.name for thread in threading.enumerate()]
        answer = httpx.get(f"{url}/api/v1/health")
        assert answer.status_code == 200
    eventually(lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("answering")])


def test_who_goes_away_while_waiting_is_never_answered(live, scripted):
    service, pipeline = scripted(sentences=1, seconds=1)
    answering = Workers(1, 50)
    with live(service, answering=answering) as url, ThreadPoolExecutor(1) as people:
        first = people.submit(httpx.post, f"{url}/api/v1/ask", json={"question": QUESTION}, timeout=30)
        eventually(lambda: pipeline.begun == 1)
        for stream in (True, False) * 10:
            hang_up(url, {"question": QUESTION, "stream": stream})
        eventually(lambda: answering.taken <= 1, 5)
        assert first.result().status_code == 200
        eventually(lambda: answering.taken == 0)
        assert pipeline.begun <= 2


def test_workers_that_are_closed_take_nothing():
    async def refused():
        workers = Workers(1, 1)
        workers.close()
        with pytest.raises(FullError):
            await workers.run(int)
        return workers.taken

    assert asyncio.run(refused()) == 0


# --- the document -----------------------------------------------------------------------------------------------------


@pytest.fixture
def document(client):
    return client.get("/api/v1/openapi.json").json()


def schemas_of(document, path, method, status, kind="application/json"):
    """The schema of a response, to hold a real one against."""
    schema = document["paths"][path][method]["responses"][str(status)]["content"][kind]["schema"]
    return {**schema, "components": document["components"]}


def test_the_document_is_whole_and_names_what_it_refers_to(document, application_of, service):
    assert document["openapi"].startswith("3.1")
    operations = [(path, method, one) for path, methods in document["paths"].items() for method, one in methods.items()]
    names = [one["operationId"] for *_, one in operations]
    assert len(names) == len(set(names)) >= 14
    for path, method, one in operations:
        assert one["summary"], path
        assert one["description"], path
        assert {"401", "429", "500", "503"} <= set(one["responses"]), path
        assert "HTTPValidationError" not in json.dumps(one), path
        assert ("requestBody" in one) == (method == "post" and not path.endswith("share")), path
    references = list(walk(document, "$ref"))
    assert references
    for reference in references:
        place = document
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]
        assert place
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    served = {
        (route.path, method.lower())
        for router in application_of(service).state.routers
        for route in router.routes
        if route.include_in_schema
        for method in route.methods
    }
    assert served == {(path.replace("article_id", "article_id:path"), method) for path, method, _ in operations}
    assert set(document["components"]["securitySchemes"]) == {"key", "login"}
    assert document["components"]["securitySchemes"]["login"]["name"] == "assay_session_7860"


def walk(value, name):
    if isinstance(value, dict):
        yield from ([value[name]] if isinstance(value.get(name), str) else [])
        for inner in value.values():
            yield from walk(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner, name)


def test_the_document_says_what_is_answered(client_of, service_of, document):
    service = service_of(may_write=True)
    client = client_of(service, feedback=Kept())
    key = client.post("/api/v1/ask", json={"question": QUESTION}).json()["key"]
    asked = {"question": "What is the price of tea in Peru?"}
    chat = {"model": "assay", "messages": [{"role": "user", "content": QUESTION}]}
    for path, method, how, status in [
        ("/api/v1/ask", "post", {"json": {"question": QUESTION}}, 200),
        ("/api/v1/ask", "post", {"json": asked}, 200),
        ("/api/v1/ask", "post", {"json": {}}, 422),
        ("/api/v1/search", "get", {"params": {"q": "nickel"}}, 200),
        ("/api/v1/articles", "get", {}, 200),
        ("/api/v1/articles", "post", {"json": [{"id": "b", "text": "Tin."}, {"id": "c", "text": ""}]}, 200),
        ("/api/v1/articles/{article_id}", "get", {}, 200),
        ("/api/v1/articles/{article_id}", "get", {"params": {"span": "0:5"}}, 200),
        ("/api/v1/articles/{article_id}", "delete", {}, 200),
        ("/api/v1/articles/{article_id}", "delete", {}, 404),
        ("/api/v1/answers/{key}", "get", {}, 200),
        ("/api/v1/answers/{key}/share", "post", {}, 200),
        ("/api/v1/feedback", "post", {"json": {"key": key, "vote": None}}, 200),
        ("/api/v1/health", "get", {}, 200),
        ("/v1/models", "get", {}, 200),
        ("/v1/chat/completions", "post", {"json": chat}, 200),
        ("/v1/chat/completions", "post", {"json": {**chat, "n": 2}}, 400),
    ]:
        given = client.request(method, path.format(article_id="a1", key=key), **how)
        assert given.status_code == status, given.text
        jsonschema.Draft202012Validator(schemas_of(document, path, method, status)).validate(given.json())


def test_the_document_says_what_is_taken(document):
    schema = document["components"]["schemas"]["Ask"]
    taken = jsonschema.Draft202012Validator({**schema, "components": document["components"]})
    assert taken.is_valid({"question": QUESTION, "history": [{"role": "user", "content": "x"}], "sources": None, "stream": True})
    for body in (
        {},
        {"question": QUESTION, "more": 1},
        {"question": 1},
        {"question": QUESTION, "history": [{"role": "god", "content": "x"}]},
    ):
        assert not taken.is_valid(body)

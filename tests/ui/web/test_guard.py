"""What every request passes and every response leaves by: hosts, origins, headers, limits, hostile paths, and rubbish."""

import asyncio
import gzip
import itertools
import json
import os
import random
import re
import socket
import time
from pathlib import Path
from urllib.parse import quote

import gradio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ui.web import app as module
from ui.web import listening
from ui.web.app import application
from ui.web.guard import Guard, PageFacts
from ui.web.policy import HEADERS, scripts_in, with_nonce
from ui.web.routes import TABLE, Access, routes_of
from ui.web.settings import LARGEST_FILE, Limits, Rate, Settings

HERE = "http://127.0.0.1:7860"
SEED = 1963

#: What no answer may contain, whatever was sent.
TOLD = re.compile(rb"Traceback|File \"|site-packages|/tmp/|/root/|/work/|/home/|a-secret-key|\.py\b")

#: Routes that change something or cost something, as they are called.
WRITES = [
    (route.method, re.sub(r"\{[^}]+\}", "x", route.path))
    for route in TABLE
    if route.method != "GET" and route.access is not Access.NOBODY and route.path not in {"/login", "/logout"}
]


class Behind:
    """An application that notes which requests reach it, reads them, and answers as the query says."""

    def __init__(self):
        self.reached = []
        methods = ["GET", "POST", "DELETE"]
        self.app = Starlette(routes=[Route("/{path:path}", self.answer, methods=methods)])

    async def answer(self, request):
        self.reached.append((request.method, request.url.path))
        body = await request.body()
        how = request.query_params.get("how", "")
        if how == "crash":
            raise RuntimeError("/root/secret is not to be told, nor a-secret-key")
        if how == "slow":
            await asyncio.sleep(0.5)
        if how == "open":
            return JSONResponse({}, headers={"access-control-allow-origin": "*", "server": "x", "x-frame-options": "ALLOWALL"})
        if how == "500":
            return JSONResponse({"error": "Traceback of /root/secret"}, 500)
        if how == "stream":
            return StreamingResponse(self.drops(), media_type="text/event-stream")
        return JSONResponse({"bytes": len(body), "headers": sorted(request.headers)})

    async def drops(self):
        for number in range(3):
            yield f"data: {number}\n\n"
            await asyncio.sleep(0.15)


@pytest.fixture
def behind():
    return Behind()


@pytest.fixture
def visitor(program, behind):
    """`visitor(**settings)`: a program that talks to a guard of those settings, with `behind` behind it."""
    page = PageFacts(public={"x"})
    return lambda **settings: program(Guard(behind.app, Settings(**settings), page), raise_server_exceptions=False)


# --- headers -----------------------------------------------------------------------------------------------------------------

#: Responses of every class: (status, method, path, headers, body).
CLASSES = [
    (200, "GET", "/config", {}, None),
    (200, "GET", "/config?how=open", {}, None),
    (200, "GET", "/config?how=stream", {}, None),
    (200, "GET", "/own/assay.js", {}, None),
    (200, "POST", "/api/v1/ask", {}, b"{}"),
    (400, "GET", "/config", {"host": "a b"}, None),
    (400, "GET", "/config", {"host": "127.0.0.1:99999"}, None),
    (403, "GET", "/config", {"host": "evil.example"}, None),
    (403, "POST", "/api/v1/ask", {"origin": "https://evil.example"}, b"{}"),
    (401, "GET", "/v1/models", {}, None),
    (404, "GET", "/nothing", {}, None),
    (404, "GET", "/gradio_api/file=/etc/passwd", {}, None),
    (405, "GET", "/api/v1/ask", {}, None),
    (405, "OPTIONS", "/api/v1/ask", {"origin": "https://evil.example", "access-control-request-method": "POST"}, None),
    (413, "POST", "/api/v1/ask", {}, b"x" * 5_000),
    (413, "GET", "/config", {}, b"x"),
    (416, "GET", "/config", {"range": "bytes=" + ",".join("0-1" for _ in range(1_000))}, None),
    (431, "GET", "/config", {f"x-{number}": "" for number in range(120)}, None),
    (500, "GET", "/config?how=crash", {}, None),
    (500, "GET", "/config?how=500", {}, None),
]


@pytest.mark.parametrize(("status", "method", "path", "headers", "body"), CLASSES, ids=lambda value: str(value)[:40])
def test_every_response_says_what_browsers_must_know(visitor, status, method, path, headers, body):
    keys = ("a-secret-key",) if status == 401 else ()
    answer = visitor(keys=keys, limits=Limits(largest_body=4_096)).request(method, path, headers=headers, content=body)
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in HEADERS} == dict(HEADERS)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert not [name for name in answer.headers if name.startswith("access-control-") or name in {"server", "date", "x-powered-by"}]
    assert answer.headers.get("cache-control") == "no-store" or path.startswith(("/own/", "/gradio_api/file="))
    assert not TOLD.search(answer.content)


def test_so_do_those_of_the_whole_application(two_articles, program):
    visitor = program(application(two_articles, Settings()))
    for path in ("/", "/config", "/theme.css", "/manifest.json", "/favicon.ico", "/own/assay.css", "/assets/none.js", "/gradio_api/info"):
        answer = visitor.get(path, headers={"origin": HERE})
        expected = dict(HEADERS) | ({"referrer-policy": "same-origin"} if path == "/" else {})
        assert {name: answer.headers.get(name) for name in HEADERS} == expected
        assert "content-security-policy" in answer.headers
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_report_keeps_the_policy_that_it_brings(program):
    policy = "default-src 'none'; script-src 'sha256-x'; sandbox allow-scripts"

    async def report(request):
        return HTMLResponse("<p>", headers={"content-security-policy": policy} if "bare" not in request.url.path else {})

    visitor = program(Guard(Starlette(routes=[Route("/{path:path}", report)]), Settings()))
    assert visitor.get("/api/v1/runs/a/report").headers["content-security-policy"] == policy
    for path in ("/api/v1/runs/bare/report", "/api/v1/runs", "/own/x"):
        assert "script-src" not in visitor.get(path).headers["content-security-policy"]


def test_a_crash_is_told_in_one_sentence(visitor, caplog):
    answer = visitor().post("/v1/chat/completions?how=crash", json={})
    assert answer.json()["error"]["type"] == "server_error"
    assert "internal error: RuntimeError" in caplog.text
    assert visitor().get("/config?how=crash").json() == {"detail": "Something went wrong here; it has been noted. Try again."}


# --- the page ----------------------------------------------------------------------------------------------------------------

HOSTILE = "</script><script>alert(1)</script><SCRIPT src=x>&'\"\u2028"


def test_the_pages_scripts_have_a_nonce_that_is_new_each_time(two_articles, program, monkeypatch):
    def page(service, settings):  # noqa: ARG001  # as the page's own
        with gradio.Blocks(title=HOSTILE, analytics_enabled=False) as page:
            gradio.Markdown(HOSTILE)
            gradio.Dropdown([HOSTILE], label=HOSTILE)
        return page

    monkeypatch.setattr(module, "blocks", page)
    visitor = program(application(two_articles, Settings()))
    nonces = set()
    for _ in range(2):
        answer = visitor.get(f"/?{quote(HOSTILE)}")
        policy = answer.headers["content-security-policy"]
        nonce = re.search(r"script-src 'self' 'nonce-([A-Za-z0-9_-]{24})';", policy)[1]
        nonces.add(nonce)
        assert "unsafe-eval" not in policy
        assert "unsafe-inline" not in policy.replace("style-src 'self' 'unsafe-inline'", "")
        assert len(re.findall("<script", answer.text, re.IGNORECASE)) == answer.text.count(f'<script nonce="{nonce}"')
        assert int(answer.headers["content-length"]) == len(answer.content)
        assert "alert(1)</script>" not in answer.text
    assert len(nonces) == 2


@given(st.text() | st.sampled_from([HOSTILE, "<!--<script>", "</SCRIPT >", "\u2028<script/x>"]))
def test_no_text_gets_out_of_the_pages_data(text):
    from gradio.routes import toorjson

    written = str(toorjson({"value": text, text: [text]}))
    assert not set(written) & {"<", ">", "&", "'"}
    assert json.loads(written) == {"value": text, text: [text]}


def test_a_page_with_one_script_too_many_is_not_given_leave(program):
    template = "<html><script>1</script></html>"
    for content, status in ((template, 200), (template + "<ScRiPt\n>2</script>", 500), ("no script", 500)):
        behind = Starlette(routes=[Route("/", lambda _, content=content: HTMLResponse(content))])
        guard = Guard(behind, Settings(), PageFacts(scripts=scripts_in(template)))
        answer = program(guard, raise_server_exceptions=False).get("/")
        assert (answer.status_code, "nonce-" in answer.headers["content-security-policy"]) == (status, status == 200)
    assert with_nonce(b"<script>1</script>", "n", 1) == b'<script nonce="n">1</script>'


# --- hosts and origins --------------------------------------------------------------------------------------------------------

ORIGINS = [
    "https://evil.example",
    "null",
    "http://127.0.0.1:9999",
    "http://127.0.0.1.evil.example:7860",
    "http://evil.example:7860",
    "file://",
]
HOSTS = ["evil.example", "127.0.0.1.nip.io:7860", "192.168.1.9:7860", "localhost.:7860", "127.0.0.1:7860"]


def test_nothing_is_accepted_from_another_origin_or_under_another_name(visitor, behind):
    stranger = visitor(allow_upload=True, hosts=("assay.example.org",))
    tried = 0
    for origin, host, (method, path) in itertools.product([*ORIGINS, HERE], HOSTS, WRITES):
        if (origin, host) == (HERE, "127.0.0.1:7860"):
            continue
        for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x"):
            headers = {"origin": origin, "host": host, "content-type": kind}
            assert stranger.request(method, path, headers=headers, content=b"{}").status_code == 403, (origin, host, path)
            tried += 1
    assert tried > 1_000
    assert behind.reached == []


def test_everything_is_from_ours(visitor, behind):
    page = visitor(allow_upload=True, hosts=("assay.example.org",))
    for method, path in WRITES:
        assert page.request(method, path, headers={"origin": HERE}, content=b"{}" if method == "POST" else None).status_code == 200, path
    assert len(behind.reached) == len(WRITES)
    for origin, host in (
        *(("http://localhost:7860", "localhost:7860"), ("http://localhost", "LOCALHOST:80"), ("http://[::1]:9", "[::1]:9")),
        *(("https://assay.example.org", "assay.example.org"), ("https://assay.example.org", "Assay.Example.org:443")),
    ):
        assert page.post("/api/v1/ask", headers={"origin": origin, "host": host}, json={}).status_code == 200, origin


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),  # a program
        ({"referer": f"{HERE}/x"}, 200),
        ({"referer": "https://evil.example/"}, 403),
        ({"referer": "not an address"}, 403),
        ({"sec-fetch-site": "same-origin", "cookie": "a=b"}, 200),
        ({"sec-fetch-site": "none"}, 403),  # a browser that does not say from where
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-mode": "no-cors"}, 403),
        ({"cookie": "assay_session_7860=x"}, 403),
        ({"origin": HERE, "sec-fetch-site": "cross-site"}, 403),
        ({"origin": f"{HERE}@evil.example"}, 403),
        ({"origin": "http://user@127.0.0.1:7860"}, 403),
        ({"origin": ""}, 403),
        ({"origin": "http://127.0.0.1:notaport"}, 403),
    ],
)
def test_where_a_request_comes_from_is_what_the_browser_says(visitor, headers, status):
    assert visitor().post("/api/v1/ask", json={}, headers=headers).status_code == status


def test_two_origins_or_two_hosts_are_none(visitor):
    twice = [("host", "127.0.0.1:7860"), ("origin", HERE), ("origin", "https://evil.example")]
    assert visitor().post("/api/v1/ask", content=b"{}", headers=twice).status_code == 403


def test_other_sites_may_only_link_here(visitor, behind):
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    page = visitor()
    assert page.get("/?answer=x", headers=link).status_code == 200
    for path, headers in (
        ("/", link | {"sec-fetch-dest": "iframe"}),
        ("/api/v1/search?q=x", link),
        ("/api/v1/search?q=x", link | {"sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}),
        ("/api/v1/search?q=x", {"origin": "https://evil.example"}),
        ("/own/assay.js", link | {"sec-fetch-mode": "no-cors", "sec-fetch-dest": "script"}),
    ):
        assert page.get(path, headers=headers).status_code == 403, path
    assert behind.reached == [("GET", "/")]


def test_an_address_of_the_machine_is_its_name_only_where_it_listens_on_all(behind):
    for listens_on, host, status in [
        ("0.0.0.0", "192.168.1.5:7860", 200),  # noqa: S104  # as a user would say it
        ("0.0.0.0", "192.168.1.6:7860", 403),  # noqa: S104
        ("::", "192.168.1.5", 200),
        ("127.0.0.1", "192.168.1.5:7860", 403),
        ("192.168.1.5", "192.168.1.5:7860", 200),
    ]:
        guard = Guard(behind.app, Settings(host=listens_on, open_to_all=True))

        async def reached_at(scope, receive, send, guard=guard):
            await guard({**scope, "server": ("192.168.1.5", 7860)} if scope["type"] == "http" else scope, receive, send)

        assert TestClient(reached_at).get("/config", headers={"host": host}).status_code == status, (listens_on, host)


def test_what_proxies_say_is_not_passed_on(visitor):
    said = {"x-forwarded-host": "evil.example", "x-forwarded-for": "1.2.3.4", "forwarded": "host=evil.example", "x-real-ip": "1.2.3.4"}
    assert not set(visitor().get("/config", headers=said).json()["headers"]) & set(said)


@pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting'", "ignore:The copy keyword is deprecated")  # Gradio's use of pandas
def test_the_pages_functions_are_told_who_calls(two_articles, program, monkeypatch):
    def page(service, settings):  # noqa: ARG001  # as the page's own
        def whoami(request: gradio.Request):
            return str(request.state.user)

        with gradio.Blocks(analytics_enabled=False) as page:
            said = gradio.Textbox()
            page.load(whoami, None, said, api_name="whoami")
        return page

    monkeypatch.setattr(module, "blocks", page)
    visitor = program(application(two_articles, Settings(keys=("alpha",))))
    for headers, user in (({}, "None"), ({"authorization": "Bearer alpha"}, "key 1")):
        event = visitor.post("/gradio_api/call/whoami", json={"data": []}, headers=headers).json()["event_id"]
        assert f'["{user}"]' in visitor.get(f"/gradio_api/call/whoami/{event}", headers=headers).text


@pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting'", "ignore:The copy keyword is deprecated")  # Gradio's use of pandas
def test_a_fault_of_the_page_is_a_line_of_the_log(two_articles, program, monkeypatch, caplog, capfd):
    def page(service, settings):  # noqa: ARG001  # as the page's own
        def fails(words):
            raise RuntimeError(f"a\nfault\x1b[2J {words}")

        with gradio.Blocks(analytics_enabled=False) as page:
            said = gradio.Textbox()
            said.change(fails, said, said, api_name="queued")
            said.submit(fails, said, said, queue=False, api_visibility="private")
        return page

    monkeypatch.setattr(module, "blocks", page)
    visitor = program(application(two_articles, Settings()))
    event = visitor.post("/gradio_api/call/queued", json={"data": ["x"]}).json()["event_id"]
    assert "fault" not in visitor.get(f"/gradio_api/call/queued/{event}").text
    answer = visitor.post("/gradio_api/run/predict", json={"data": ["x"], "fn_index": 1})
    assert (answer.status_code, "fault" in answer.text) == (500, False)
    assert [record.message.startswith("an event failed: RuntimeError: a") for record in caplog.records] == [True, True]
    assert "\n" not in caplog.records[0].message
    assert "\x1b" not in caplog.records[0].message
    assert "Traceback" not in caplog.text
    assert capfd.readouterr().err == ""


def test_nothing_is_noted_of_who_leaves_early(behind, served, caplog):
    host, port = served(Guard(behind.app, Settings(limits=QUICK)))
    ask(host, port, "/api/v1/ask", b"{", headers=["content-length: 100"]).close()
    assert answer_of(ask(host, port, "/api/v1/ask", b"{", headers=["content-length: 100"]))[0] == 408
    assert caplog.text == ""


def test_there_are_no_websockets(visitor):
    from starlette.websockets import WebSocketDisconnect

    with pytest.raises(WebSocketDisconnect), visitor().websocket_connect("/gradio_api/queue/join"):
        pass


# --- how much ----------------------------------------------------------------------------------------------------------------


def test_who_asks_too_often_is_told_when_to_come_back(visitor):
    asker = visitor(limits=Limits(asks=Rate(3, 0.5), writes=Rate(1, 0.5)))
    answers = [asker.post("/api/v1/ask", json={}).status_code for _ in range(5)]
    assert answers == [200] * 3 + [429] * 2
    refused = asker.get("/api/v1/search?q=x")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "2")
    assert refused.json() == {"error": {"message": "Too many requests: try again in 2 s.", "type": "rate_limit_error", "param": None}}
    assert [asker.post("/api/v1/feedback", json={}).status_code for _ in range(2)] == [200, 429]
    assert asker.get("/config").status_code == 200
    for path in ("/api/v1/articles", "/api/v1/articles/plan", "/api/v1/runs"):
        assert asker.get(path).status_code == 429


def test_fifty_people_behind_one_address_are_not_too_many(visitor):
    office = visitor()
    assert {office.post("/gradio_api/queue/join", json={}).status_code for _ in range(1_000)} == {200}


def test_more_questions_than_can_be_answered_are_refused_politely(behind, served):
    host, port = served(Guard(behind.app, Settings(limits=Limits(at_once=4))))
    opened = [ask(host, port, "/api/v1/ask?how=slow") for _ in range(12)]
    answers = [answer_of(one) for one in opened]
    statuses = [status for status, _, _ in answers]
    assert (statuses.count(200), statuses.count(503)) == (4, 8)
    _, headers, content = next(one for one in answers if one[0] == 503)
    assert headers[b"retry-after"] == b"2"
    assert json.loads(content)["error"] == {
        "message": "Too many questions are being answered just now. Try again in a moment.",
        "type": "overloaded_error",
        "param": None,
    }
    assert answer_of(ask(host, port, "/api/v1/ask"))[0] == 200


def test_so_are_more_requests_than_can_be_open(behind, served):
    host, port = served(Guard(behind.app, Settings(limits=Limits(open_requests=5))))
    opened = [ask(host, port, "/gradio_api/cancel?how=slow") for _ in range(9)]
    statuses = [answer_of(one)[0] for one in opened]
    assert (statuses.count(200), statuses.count(503)) == (5, 4)


def test_a_stream_arrives_as_it_is_made(behind, served):
    host, port = served(Guard(behind.app, Settings()))
    started = time.perf_counter()
    with ask(host, port, "/config?how=stream", method="GET") as one:
        seen = b""
        while b"data: 0" not in seen:
            seen += one.recv(4_096)
        first = time.perf_counter() - started
        while b"data: 2" not in seen:
            seen += one.recv(4_096)
    assert time.perf_counter() - started > first + 0.2


# --- bodies, over a socket -----------------------------------------------------------------------------------------------------

QUICK = Limits(largest_body=64 * 1024, patience=0.6, slowest=50_000)


def ask(host, port, path, body=b"{}", *, method="POST", headers=()):
    """Send a request over a socket of its own, and return that."""
    one = socket.create_connection((host, port), timeout=20)
    lines = [f"{method} {path} HTTP/1.1", f"host: {host}:{port}", "connection: close", *headers]
    if method == "POST" and not any(line.lower().startswith(("content-length", "transfer-encoding")) for line in headers):
        lines.append(f"content-length: {len(body)}")
    one.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + (body if method == "POST" else b""))
    return one


def answer_of(one):
    """(status, headers, content) of what comes back on a socket; status 0 where it is cut off without a word."""
    seen = b""
    with one:
        try:
            while piece := one.recv(65_536):
                seen += piece
        except ConnectionError:
            pass
    if not seen:
        return 0, {}, b""
    head, _, content = seen.partition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n")
    return int(status.split()[1]), dict(line.split(b": ", 1) for line in lines), content


def test_a_body_that_is_too_large_is_refused_however_it_comes(behind, served):
    host, port = served(Guard(behind.app, Settings(limits=QUICK)))
    large = b"x" * 70_000
    chunked = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (large[:30_000], large[30_000:])) + b"0\r\n\r\n"
    assert answer_of(ask(host, port, "/api/v1/ask", large))[0] == 413
    assert answer_of(ask(host, port, "/api/v1/ask", chunked, headers=["transfer-encoding: chunked"]))[0] == 413
    assert answer_of(ask(host, port, "/api/v1/ask", b"", headers=["content-length: 99999999999999999999"]))[0] in {400, 413}
    waiting = ask(host, port, "/api/v1/ask", b"", headers=["content-length: 70000", "expect: 100-continue"])
    started = time.perf_counter()
    assert answer_of(waiting)[0] == 413
    assert time.perf_counter() - started < 2  # nothing is waited for that has not been called for
    small = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (large[:30_000], large[:30_000])) + b"0\r\n\r\n"
    status, _, content = answer_of(ask(host, port, "/api/v1/ask", small, headers=["transfer-encoding: chunked"]))
    assert (status, json.loads(content)["bytes"]) == (200, 60_000)


def test_files_may_be_as_large_as_is_said_and_no_larger(behind, served, monkeypatch):
    monkeypatch.setattr("ui.web.guard.LARGEST_FILE", 2**20)
    monkeypatch.setattr("ui.web.guard.LARGEST_UPLOAD", 4 * 2**20)
    host, port = served(Guard(behind.app, Settings(allow_upload=True)))
    for path, size, status in (
        ("/api/v1/articles", 2**20, 200),
        ("/api/v1/articles", 2**21 + 1, 413),
        ("/gradio_api/upload", 5 * 2**20, 200),
        ("/gradio_api/upload", 5 * 2**20 + 1, 413),
    ):
        assert answer_of(ask(host, port, path, b"x" * size))[0] == status


def test_several_files_can_be_uploaded_at_once_and_none_that_is_too_large(two_articles, program):
    visitor = program(application(two_articles, Settings(allow_upload=True)))
    files = [("files", (f"{number}.txt", b"x" * LARGEST_FILE)) for number in range(3)]
    assert len(visitor.post("/gradio_api/upload", files=files).json()) == 3
    assert visitor.post("/gradio_api/upload", files=[("files", ("a.txt", b"x" * (LARGEST_FILE + 1)))]).status_code == 413


def test_a_body_that_drips_is_not_waited_for(behind, served):
    host, port = served(Guard(behind.app, Settings(limits=QUICK)))
    silent = ask(host, port, "/api/v1/ask", b"{", headers=["content-length: 100"])
    started = time.perf_counter()
    status, _, content = answer_of(silent)
    assert (status, json.loads(content)["error"]["message"][:26]) == (408, "The request came in too sl")
    assert 0.5 < time.perf_counter() - started < 3
    dripping = ask(host, port, "/api/v1/ask", b"{", headers=["content-length: 100"])
    started = time.perf_counter()
    with dripping:
        dripping.settimeout(0.1)
        answered = b""
        while not answered and time.perf_counter() - started < 5:
            try:
                dripping.sendall(b" ")
                answered = dripping.recv(4_096)
            except TimeoutError:
                continue
    assert answered.startswith(b"HTTP/1.1 408")
    assert behind.reached  # the application had begun, and was told that nobody is there any more


def test_a_head_that_drips_is_not_waited_for(behind, served, monkeypatch):
    monkeypatch.setattr(listening, "_HEAD_SECONDS", 0.4)
    host, port = served(Guard(behind.app, Settings()))
    for sent in (b"", b"GET / HTTP/1.1\r\nhost: 127"):
        one = socket.create_connection((host, port), timeout=5)
        one.sendall(sent)
        started = time.perf_counter()
        assert answer_of(one)[0] == 0
        assert time.perf_counter() - started < 3
    with socket.create_connection((host, port), timeout=5) as one:  # of a second request on a connection neither
        one.sendall(f"GET /config HTTP/1.1\r\nhost: {host}\r\n\r\n".encode())
        assert one.recv(4_096).startswith(b"HTTP/1.1 200")
        one.sendall(b"GET /con")
        while one.recv(4_096):  # what is left of the answer, and the end
            continue


def test_more_connections_than_there_may_be_are_refused_politely(behind, served, monkeypatch):
    monkeypatch.setattr(listening, "_CONNECTIONS", 3)
    host, port = served(Guard(behind.app, Settings()))
    held = [socket.create_connection((host, port)) for _ in range(3)]
    time.sleep(0.2)
    status, headers, content = answer_of(socket.create_connection((host, port), timeout=5))
    assert (status, content) == (503, b"Too many people are here just now. Try again in a moment.\n")
    assert headers[b"x-content-type-options"] == b"nosniff"
    for one in held:
        one.close()
    time.sleep(0.2)
    assert answer_of(ask(host, port, "/config", method="GET"))[0] == 200


# --- hostile paths and rubbish --------------------------------------------------------------------------------------------------


@pytest.fixture
def whole(two_articles, served, tmp_path):
    """(host, port) of the whole application, and a file outside of everything that it serves."""
    (tmp_path / "canary").write_text("canary-4711")
    return *served(application(two_articles, Settings(allow_upload=True))), tmp_path / "canary"


@pytest.mark.parametrize("count", [100, pytest.param(2_000, marks=pytest.mark.slow)])
def test_no_path_leads_out(whole, count):
    data = os.environ.get("ASSAY_DATA")
    if not data:
        pytest.skip("expected $ASSAY_DATA, which holds public data sets, found none")
    host, port, canary = whole
    with gzip.open(Path(data) / "hostile" / "traversal.jsonl.gz", "rt") as lines:
        paths = [json.loads(line)["path"] for line in lines]
    picked = random.Random(SEED).sample(paths, count)
    picked += [f"{'../' * depth}{str(canary).lstrip('/')}" for depth in (1, 4, 12)] + [str(canary), f"/..{canary}"]
    encodings = [
        lambda path: quote(path, safe="/%.\\:"),
        lambda path: quote(path, safe=""),
        lambda path: quote(quote(path, safe=""), safe=""),
    ]
    statuses = set()
    with Pipelined(host, port) as server:
        for path, encoded in itertools.product(picked, encodings):
            for place in ("/own/", "/assets/", "/static/", "/gradio_api/file=", "/gradio_api/file/", "/"):
                status, content = server.get(place + encoded(path))
                statuses.add(status)
                assert b"canary-4711" not in content, path
                assert b"root:x:0" not in content, path
                assert not TOLD.search(content), path
    assert statuses <= {400, 404, 405}


class Pipelined:
    """One connection for many requests, whose paths are sent as they are."""

    def __init__(self, host, port):
        self.address = (host, port)
        self.one = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.one:
            self.one.close()

    def get(self, path):
        self.one = self.one or socket.create_connection(self.address, timeout=20)
        self.one.sendall(f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".encode("latin-1", "replace"))
        seen = b""
        while b"\r\n\r\n" not in seen:
            piece = self.one.recv(65_536)
            assert piece, path
            seen += piece
        head, _, content = seen.partition(b"\r\n\r\n")
        headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        while len(content) < int(headers[b"content-length"]):
            content += self.one.recv(65_536)
        if headers.get(b"connection") == b"close":
            self.one.close()
            self.one = None
        return int(head.split()[1]), content


def rubbish(dice):
    """One thing that is no request, or a strange one."""
    noise = dice.randbytes(dice.choice([1, 20, 400, 5_000]))
    line = dice.choice(
        [b"GET / HTTP/1.1", b"POST /api/v1/ask HTTP/1.1", b"GET /own/assay.js HTTP/1.1", b"OPTIONS * HTTP/1.1", b"TRACE / HTTP/1.1"]
    )
    host = b"host: 127.0.0.1\r\n"
    return dice.choice(
        [
            noise,
            line + b"\r\n" + noise + b"\r\n\r\n",
            line + b"\r\n" + host + b"".join(b"x-%d: y\r\n" % number for number in range(dice.choice([150, 5_000]))) + b"\r\n",
            line + b"\r\n" + host + b"x: " + b"y" * dice.choice([10_000, 200_000]) + b"\r\n\r\n",
            line + b"\r\n" + host + b"range: bytes=" + b",".join(b"%d-" % number for number in range(3_000)) + b"\r\n\r\n",
            line + b"\r\n" + host + b"content-length: -1\r\n\r\n",
            line + b"\r\n" + host + b"content-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
            line + b"\r\n" + host + b"transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\nzz\r\n" + noise,
            line + b"\r\n" + host + host + b"\r\n",
            line + b"\r\n\r\n",
            b"GET /"
            + dice.choice([b"%00", b"%ff%fe", b"%0d%0aset-cookie:x", b"a" * 70_000, b"\xff\xfe", b"%2e%2e%2f" * 500])
            + b" HTTP/1.1\r\n"
            + host
            + b"\r\n",
            b"GET http://evil.example/config HTTP/1.1\r\n" + host + b"\r\n",
            b"GET / HTTP/9.9\r\n" + host + b"\r\n",
            b"POST /api/v1/ask HTTP/1.1\r\n" + host + b"content-type: application/json\r\ncontent-length: 9\r\n\r\n" + noise[:9].ljust(9),
            b"POST /gradio_api/queue/join HTTP/1.1\r\n"
            + host
            + b"content-type: application/json\r\ncontent-length: 26\r\n\r\n"
            + b'{"data":[],"fn_index":1e99}'[:26],
            b"POST /gradio_api/upload HTTP/1.1\r\n"
            + host
            + b"content-type: multipart/form-data; boundary=b\r\ncontent-length: 400\r\n\r\n"
            + noise[:400].ljust(400),
            b"GET / HTTP/1.1\r\n" + host + b"connection: upgrade\r\nupgrade: websocket\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ]
    )


def test_rubbish_breaks_nothing(whole):
    host, port, _ = whole
    dice = random.Random(SEED)
    answered = set()
    for _ in range(200):
        one = socket.create_connection((host, port), timeout=20)
        try:
            one.sendall(rubbish(dice))
            one.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        status, headers, content = answer_of(one)
        answered.add(status)
        assert status < 500, content
        assert not TOLD.search(content), content
        assert status in {0, 100} or headers.get(b"x-content-type-options") == b"nosniff", (status, headers)
    assert {400, 404} <= answered
    assert answer_of(ask(host, port, "/", method="GET"))[0] == 200


@given(st.text(max_size=60))
def test_no_path_makes_the_table_stumble(path):
    found, _ = routes_of(path)
    assert all(route.access is not Access.NOBODY for route in found.values())

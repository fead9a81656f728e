"""What the page's events are handed as files: nothing that the same caller has not uploaded, by whatever name, at whatever depth."""

import itertools
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from gradio import processing_utils

from ui.web.app import application
from ui.web.settings import Settings

pytestmark = pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting'", "ignore:The copy keyword is deprecated")  # Gradio's pandas

#: What the canaries hold.
SECRET = "canary-4711-of-this-machine"  # noqa: S105  # looked for in answers

META = {"meta": {"_type": "gradio.FileData"}}


@pytest.fixture
def canary(tmp_path):
    """A file that the process can read and nobody is to be shown."""
    path = tmp_path / "secret.txt"
    path.write_text(f"{SECRET}. It has enough words to be an article, should anybody take it for one.")
    return path


@pytest.fixture
def listener(monkeypatch):
    """A server of this machine, which Gradio takes for a public one, and what it was asked for."""
    asked = []

    class Notes(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(SECRET.encode())

        def log_message(self, *_):
            pass

    monkeypatch.setattr(processing_utils, "PUBLIC_HOSTNAME_WHITELIST", ["127.0.0.1", "localhost"])
    with HTTPServer(("127.0.0.1", 0), Notes) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1], asked
        server.shutdown()
        thread.join(10)


def forged(canary, port):
    """Values that pass for files, each of which would have something read or fetched."""
    http = f"http://127.0.0.1:{port}"
    one = {"path": str(canary), **META}
    return [
        one,
        [one],
        [[{"a": [one]}]],
        {"value": one, "files": [one]},
        {"path": str(canary)},
        {"path": str(canary), "orig_name": "plan.txt", "url": f"/gradio_api/file={canary}", "is_stream": False, **META},
        {"path": str(canary), "is_stream": True, **META},
        {"path": f"../../../../../../../..{canary}", **META},
        {"path": f"/proc/self/root{canary}", **META},
        {"path": f"file://{canary}", **META},
        {"path": f"{http}/path", **META},
        {"path": f"HTTP://127.0.0.1:{port}/upper", **META},
        {"path": f"//127.0.0.1:{port}/slashes", **META},
        {"path": "x", "url": f"{http}/url", **META},
        {"path": ["x"], **META},
        {"url": f"{http}/no-path", **META},
    ]


def events(visitor):
    """(number, how many inputs, whether it queues) of each event that the page's configuration names."""
    return [(one["id"], len(one["inputs"]), one["queue"]) for one in visitor.get("/config").json()["dependencies"]]


def called(visitor, number, data, **more):
    """Everything that is answered when an event is called in each of the ways that there are."""
    session = f"session-{number}"
    body = {"fn_index": number, "data": data, "session_hash": session, "event_data": None, "trigger_id": None, **more}
    answers = [visitor.post("/gradio_api/run/predict", json=body)]
    joined = visitor.post("/gradio_api/queue/join", json=body)
    answers.append(joined)
    if joined.status_code == 200:
        answers.append(visitor.get(f"/gradio_api/queue/data?session_hash={session}"))
    return answers


def kept(guard):
    """Everything that lies where Gradio keeps files, but for the mark that the folder is in use."""
    return [path for path in guard._page.files.rglob("*") if path.is_file() and path.name != ".in-use"]


@pytest.mark.parametrize("allow_upload", [False, True])
def test_no_event_reads_or_fetches_what_a_value_names(service_of, program, canary, listener, allow_upload):
    service = service_of(may_write=allow_upload)
    guard = application(service, Settings(allow_upload=allow_upload))
    visitor = program(guard)
    before = service.articles()
    port, asked = listener
    found = events(visitor)
    assert len(found) > 10
    for (number, inputs, _), value in itertools.product(found, forged(canary, port)):
        for answer in called(visitor, number, [value] * max(inputs, 1)):
            assert answer.status_code in {400, 404}, (number, value, answer.text)
            assert SECRET not in answer.text
    value = {"path": str(canary), **META}
    for more in ({"event_data": value}, {"event_data": {"value": [value]}}, {"unknown": value}, {"oauth_token": value}):
        assert [answer.status_code for answer in called(visitor, 0, [], **more)] == [400, 400]
    assert asked == []
    assert kept(guard) == []
    assert service.articles() == before


def test_neither_does_the_endpoint_that_programs_call(service, program, canary, listener):
    guard = application(service, Settings())
    visitor = program(guard)
    port, asked = listener
    for value in forged(canary, port):
        answer = visitor.post("/gradio_api/call/chat", json={"data": [value]})
        assert (answer.status_code, SECRET in answer.text) == (400, False)
        assert re.fullmatch(r'\{"detail":"Expected [^"]+\."\}', answer.text)
    assert asked == []
    assert kept(guard) == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_however_it_is_written(service, program, canary, encoding):
    guard = application(service, Settings())
    visitor = program(guard)
    body = f'{{"data": ["x"], "d\\u0061ta": [{{"p\\u0061th": {json.dumps(str(canary))}, "meta": {{"_type": "gradio.FileData"}}}}]}}'
    for headers in ({"content-type": "application/json"}, {"content-type": "application/x+json"}, {}):
        answer = visitor.post("/gradio_api/call/chat", content=body.encode(encoding), headers=headers)
        assert answer.status_code == 400
    for nonsense in (b"", b"{", b"[" * 100_000, b'{"data": NaN', b"\xff\xfe\x00", b"1" * 10_000):
        answer = visitor.post("/gradio_api/call/chat", content=nonsense, headers={"content-type": "application/json"})
        assert answer.status_code in {400, 422}
    assert kept(guard) == []


def test_gradio_itself_refuses_them_where_nothing_stands_before_it(service_of, program, canary, listener, capfd):
    service = service_of(may_write=True)
    guard = application(service, Settings(allow_upload=True))
    inner = program(guard._app, raise_server_exceptions=False)
    port, asked = listener
    before = service.articles()
    values = [{"path": str(canary), **META}, [[{"path": str(canary), **META}]], {"path": f"http://127.0.0.1:{port}/path", **META}]
    for (number, inputs, _), value in itertools.product(events(inner), values):
        if inputs:
            assert not any(SECRET in answer.text for answer in called(inner, number, [value] * inputs))
    event = inner.post("/gradio_api/call/chat", json={"data": [values[0]]}).json()["event_id"]
    assert "event: error" in inner.get(f"/gradio_api/call/chat/{event}").text
    assert asked == []
    assert kept(guard) == []
    assert service.articles() == before
    capfd.readouterr()


def uploaded(visitor, name="plan.txt", content=b"Chile presented a lithium plan in April 2023. It names two salt flats."):
    (path,) = visitor.post("/gradio_api/upload", files={"files": (name, content)}).json()
    return path


def as_the_page_writes_it(path, **more):
    said = {"orig_name": Path(path).name, "size": 70, "mime_type": "text/plain", "is_stream": False}
    return {"path": path, "url": f"http://127.0.0.1:7860/gradio_api/file={path}", **said, **META, **more}


def upload_event(visitor):
    """The number of the event that takes uploads in."""
    config = visitor.get("/config").json()
    (files,) = [one["id"] for one in config["components"] if one["type"] == "file"]
    (number,) = [one["id"] for one in config["dependencies"] if (files, "upload") in map(tuple, one["targets"])]
    return number


def test_what_was_uploaded_is_taken_in(service_of, program):
    service = service_of(may_write=True)
    visitor = program(application(service, Settings(allow_upload=True)))
    number = upload_event(visitor)
    first = uploaded(visitor, "plan é #1.txt")
    second = uploaded(visitor, "other.txt", b"Nickel is a metal that many mines dig up. It shines.")
    answers = called(visitor, number, [[as_the_page_writes_it(first), as_the_page_writes_it(second, url=None)]])
    assert [answer.status_code for answer in answers] == [404, 200, 200]
    assert len(service.articles()) == 5
    path = uploaded(visitor, "third.txt", b"Tin is a metal that many mines dig up. It shines. It is soft.")
    for wrong in ({"is_stream": True}, {"url": "http://169.254.169.254/"}, {"url": f"//evil.example/gradio_api/file={path}"}, {"url": 5}):
        answers = called(visitor, number, [[as_the_page_writes_it(path, **wrong)]])
        assert [answer.status_code for answer in answers] == [400, 400], wrong
    assert len(service.articles()) == 5
    called(visitor, number, [[as_the_page_writes_it(path)]])  # again on the same page
    assert len(service.articles()) == 6


def test_a_picture_that_is_uploaded_is_not_shown_in_place(service_of, program):
    visitor = program(application(service_of(may_write=True), Settings(allow_upload=True)))
    path = uploaded(visitor, "a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    for number, inputs, _ in events(visitor):
        if inputs == 1 and number != upload_event(visitor):
            called(visitor, number, [as_the_page_writes_it(path, mime_type="image/svg+xml")])
    shown = visitor.get(f"/gradio_api/file={path}")
    assert (shown.status_code, shown.headers["content-disposition"][:10]) == (200, "attachment")


def test_what_another_has_uploaded_is_not(service_of, program):
    service = service_of(may_write=True)
    guard = application(service, Settings(allow_upload=True, keys=("alpha", "beta")))
    visitor = program(guard)
    number = upload_event(visitor)
    visitor.headers["authorization"] = "Bearer alpha"
    path = uploaded(visitor)
    (guard._page.files / "another.txt").write_text("It lies there, but nobody has uploaded it.")
    (guard._page.files / "way-out").symlink_to("/etc/passwd")
    for name in ("another.txt", "way-out"):
        refused = called(visitor, number, [[as_the_page_writes_it(str(guard._page.files / name))]])
        assert [answer.status_code for answer in refused] == [400, 400]
    visitor.headers["authorization"] = "Bearer beta"
    assert [answer.status_code for answer in called(visitor, number, [[as_the_page_writes_it(path)]])] == [400, 400]
    assert Path(path).exists()
    visitor.headers["authorization"] = "Bearer alpha"
    assert [answer.status_code for answer in called(visitor, number, [[as_the_page_writes_it(path)]])] == [404, 200, 200]


def test_questions_that_look_like_files_are_questions(service, program):
    visitor = program(application(service, Settings()))
    said = json.dumps({"path": "/etc/passwd", **META})
    event = visitor.post("/gradio_api/call/chat", json={"data": [said]}).json()["event_id"]
    assert "event: complete" in visitor.get(f"/gradio_api/call/chat/{event}").text

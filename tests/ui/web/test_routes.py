"""Every route that is served is in the table; what the table gives to nobody is not there for anybody."""

import re

import gradio
import pytest
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from ui.web import app as module
from ui.web.app import application
from ui.web.routes import TABLE, Access, routes_of
from ui.web.settings import Settings


def routes(app, prefix=""):
    """(method, path) of each route of an application, those of routers and mounted applications included."""
    for route in iter_route_contexts(app.routes):
        path = prefix + route.path
        if isinstance(route.route, Mount) and not route.route.routes:
            yield "GET", f"{path}/{{path:path}}"  # files of a folder
        elif isinstance(route.route, Mount):
            yield from routes(route.route, path)
        else:
            yield from ((method, path) for method in route.methods - {"HEAD", "OPTIONS"})


@pytest.fixture
def guard(two_articles):
    return application(two_articles, Settings(allow_upload=True))


def filled(path):
    """A path with something in each of its variable parts."""
    return re.sub(r"\{[^}]+\}", "x", path)


def unnamed(pairs):
    """Methods and paths without the names of their variable parts."""
    return {(method, re.sub(r"\{\w+", "{", path)) for method, path in pairs}


IN_THE_TABLE = unnamed((route.method, route.path) for route in TABLE)


def test_every_route_that_is_served_is_in_the_table(guard):
    found = unnamed(routes(guard._app))
    assert len(found) > 70
    assert found - IN_THE_TABLE == set()


def test_a_route_that_somebody_adds_is_noticed(guard):
    guard._app.add_api_route("/api/v1/delete-everything", lambda: None, methods=["POST"])
    assert unnamed(routes(guard._app)) - IN_THE_TABLE == {("POST", "/api/v1/delete-everything")}


def test_the_table_names_no_route_twice():
    named = [(route.method, route.path) for route in TABLE]
    assert sorted(set(named)) == sorted(named)


def test_what_is_nobodys_is_not_there(guard, program):
    visitor = program(guard)
    for route in TABLE:
        if route.access is Access.NOBODY:
            answer = visitor.request(route.method, filled(route.path))
            assert answer.status_code == (405 if routes_of(filled(route.path))[0] else 404), route


def test_neither_is_what_nobody_has_named(guard, program):
    visitor = program(guard)
    for path in (
        *("/docs", "/redoc", "/openapi.json", "/gradio_api/proxy=http://169.254.169.254/", "/gradio_api/file/etc/passwd", "/api/v1", "/v1"),
        *(
            "/config/",
            "/CONFIG",
            "/api/v1/ask/",
            "/login",
            "/logout",
            "/monitoring/x/dashboard",
            "/assets/",
            "/mcp",
            "/own",
            "/static//etc/passwd",
        ),
    ):
        assert visitor.get(path).status_code == 404, path


def test_functions_that_are_not_public_cannot_be_called_by_name(two_articles, program, monkeypatch):
    def page(service, settings):  # noqa: ARG001  # as the page's own
        with gradio.Blocks(analytics_enabled=False) as page:
            box = gradio.Textbox()
            box.submit(lambda text: text, box, box, api_name="inner", api_visibility="private")
            box.change(lambda text: text, box, box, api_name="outer")
        return page

    monkeypatch.setattr(module, "blocks", page)
    visitor = program(application(two_articles, Settings()))
    assert visitor.post("/gradio_api/call/outer", json={"data": ["x"]}).status_code == 200
    for name in ("inner", "outer/", "lambda", "v2/outer", "%6Fnner"):
        assert visitor.post(f"/gradio_api/call/{name}", json={"data": ["x"]}).status_code in {404, 405}, name
    assert visitor.get("/gradio_api/call/inner/x").status_code == 404


def test_what_queues_cannot_be_called_past_the_queue(two_articles, program, monkeypatch):
    def page(service, settings):  # noqa: ARG001  # as the page's own
        with gradio.Blocks(analytics_enabled=False) as page:
            box = gradio.Textbox()
            box.submit(lambda text: f"queued {text}", box, box, api_visibility="private")
            box.change(lambda text: f"at once {text}", box, box, api_visibility="private", queue=False)
        return page

    monkeypatch.setattr(module, "blocks", page)
    visitor = program(application(two_articles, Settings()))
    answers = [visitor.post("/gradio_api/run/predict", json={"data": ["x"], "fn_index": number}) for number in (0, 1)]
    assert [answer.status_code for answer in answers] == [404, 200]
    assert answers[1].json()["data"] == ["at once x"]


def test_uploads_are_there_only_when_they_are_allowed(two_articles, program):
    closed, opened = program(application(two_articles, Settings())), program(application(two_articles, Settings(allow_upload=True)))
    files = {"files": ("a.txt", b"Chile presented a plan.")}
    assert closed.post("/gradio_api/upload", files=files).status_code == 403
    assert closed.get("/gradio_api/upload_progress?upload_id=x").status_code == 403
    assert closed.post("/api/v1/articles", json=[]).status_code == 403
    assert closed.delete("/api/v1/articles/plan").status_code == 403
    assert opened.post("/gradio_api/upload", files=files).status_code == 200


def test_what_others_can_reach_takes_nothing_in_without_a_login(two_articles, program):
    open_to_all = Settings(host="0.0.0.0", open_to_all=True, allow_upload=True)  # noqa: S104  # which the command line refuses too
    assert program(application(two_articles, open_to_all)).post("/gradio_api/upload", files={"files": ("a.txt", b"x")}).status_code == 403


def test_a_file_of_the_page_is_served_and_no_other(two_articles, program, tmp_path):
    guard = application(two_articles, Settings(allow_upload=True))
    visitor = program(guard)
    (path,) = visitor.post("/gradio_api/upload", files={"files": ("a.html", b"<script>alert(1)</script>")}).json()
    served = visitor.get(f"/gradio_api/file={path}")
    assert (served.status_code, served.headers["content-disposition"][:10]) == (200, "attachment")
    assert "sandbox" in served.headers["content-security-policy"]
    (tmp_path / "secret").write_text("canary")
    folder = guard._page.files
    (folder / "way-out").symlink_to(tmp_path)
    for asked in (
        tmp_path / "secret",
        "/etc/passwd",
        f"{folder}/way-out/secret",
        f"{folder}/../secret",
        f"file://{path}",
        "http://127.0.0.1/",
    ):
        answer = visitor.get(f"/gradio_api/file={asked}")
        assert (answer.status_code, "canary" in answer.text) == (404, False), asked


def test_only_the_head_is_given_to_whoever_asks_for_it(two_articles, program):
    visitor = program(application(two_articles, Settings()))
    for path in ("/", "/own/assay.css", "/api/v1/articles", "/api/v1/health", "/v1/models"):
        whole, head = visitor.get(path), visitor.head(path)
        assert (head.status_code, head.content) == (200, b""), path
        assert head.headers["content-type"] == whole.headers["content-type"]
    assert visitor.head("/api/v1/articles/none").status_code == 404
    for path in ("/config", "/gradio_api/heartbeat/x", "/gradio_api/queue/data?session_hash=x"):
        assert (visitor.head(path).status_code, visitor.head(path).headers["allow"]) == (405, "GET"), path
    assert visitor.head("/api/v1/ask").headers["allow"] == "POST"


def test_addresses_that_are_given_away_are_those_that_people_open(two_articles, program):
    settings = Settings(url="https://assay.example.org", hosts=("assay.example.org", "other.example.org"))
    visitor = program(application(two_articles, settings))
    key = visitor.post("/api/v1/ask", json={"question": "What did Chile present?"}).json()["key"]
    for host, base in (
        ("assay.example.org", "https://assay.example.org"),
        ("other.example.org", "http://other.example.org"),
        ("127.0.0.1:7860", "http://127.0.0.1:7860"),
    ):
        assert visitor.post(f"/api/v1/answers/{key}/share", headers={"host": host}).json()["url"] == f"{base}/?answer={key}"
        assert visitor.get("/config", headers={"host": host}).json()["root"] == base


def test_the_cookie_of_a_login_is_described_by_its_name(two_articles, program):
    described = program(application(two_articles, Settings())).get("/api/v1/openapi.json").json()
    assert described["components"]["securitySchemes"]["login"]["name"] == "assay_session_7860"

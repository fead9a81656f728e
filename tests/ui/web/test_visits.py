"""A visit of the page is whoever's it was first: nobody else reads, joins or ends it."""

import bcrypt
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from ui.web.guard import Guard
from ui.web.refusal import Refused
from ui.web.settings import Settings
from ui.web.visits import Visits

HERE = {"origin": "http://127.0.0.1:7860"}
PASSWORDS = {name: bcrypt.hashpw(name.encode(), bcrypt.gensalt(4)).decode() for name in ("anna", "bo")}

#: Each way in which a request names a visit: method, path, body.
WAYS = [
    ("GET", "/gradio_api/queue/data?session_hash=visit", None),
    ("GET", "/gradio_api/heartbeat/visit", None),
    ("POST", "/gradio_api/queue/join", {"data": [], "fn_index": 0, "session_hash": "visit"}),
    ("POST", "/gradio_api/run/predict", {"data": [], "fn_index": 0, "session_hash": "visit"}),
    ("POST", "/gradio_api/cancel", {"session_hash": "visit", "fn_index": 0, "event_id": "e"}),
    ("POST", "/gradio_api/reset", {"session_hash": "visit", "event_id": "e"}),
]


async def say(request):
    await request.body()
    return JSONResponse({"user": request.state.user})


behind = Starlette(routes=[Route("/{path:path}", say, methods=["GET", "POST"])])


@pytest.fixture
def people(program):
    """Two who have logged in at one guard."""
    guard = Guard(behind, Settings(passwords=PASSWORDS))
    both = [program(guard), program(guard)]
    for client, name in zip(both, PASSWORDS, strict=True):
        assert client.post("/login", data={"name": name, "password": name}, headers=HERE).status_code == 303
    return both


def asked(client, way):
    method, path, body = way
    return client.request(method, path, json=body, headers=HERE).status_code


@pytest.mark.parametrize("first", WAYS)
def test_a_visit_is_only_whose_it_was_first(people, first):
    anna, bo = people
    assert asked(anna, first) == 200
    assert [asked(bo, way) for way in WAYS] == [403] * len(WAYS)
    assert [asked(anna, way) for way in WAYS] == [200] * len(WAYS)
    assert asked(bo, ("GET", "/gradio_api/queue/data?session_hash=other", None)) == 200
    both = "/gradio_api/queue/data?session_hash=other&session_hash=visit"
    assert asked(bo, ("GET", both, None)) == 403


@pytest.mark.parametrize("name", [5, ["visit"], {"a": 1}, "x" * 201])
def test_a_name_that_is_none_is_refused(people, name):
    assert asked(people[0], ("POST", "/gradio_api/queue/join", {"data": [], "session_hash": name})) == 400


def test_where_nobody_must_log_in_nobody_is_told_apart(program):
    guard = Guard(behind, Settings())
    for client in (program(guard), program(guard)):
        assert [asked(client, way) for way in WAYS] == [200] * len(WAYS)


def test_only_so_many_are_remembered():
    visits = Visits(most=2)
    for name in ("a", "b", "a", "c"):
        visits.check("anna", name)
    visits.check("bo", "b")  # forgotten: the page that drew it has long been shut
    with pytest.raises(Refused):
        visits.check("bo", "c")

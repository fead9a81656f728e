"""Who is let in: names with passwords, sessions, and keys of programs."""

import time
from urllib.parse import urljoin, urlsplit

import bcrypt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from ui.web.guard import Guard
from ui.web.limits import Buckets
from ui.web.login import Sessions, key_number, local_path
from ui.web.refusal import Refused
from ui.web.settings import Limits, Rate, Settings

HERE = "http://127.0.0.1:7860"
FROM_HERE = {"origin": HERE}
PASSWORDS = {name: bcrypt.hashpw(word, bcrypt.gensalt(4)).decode() for name, word in (("anna", b"right"), ("bo", b"other"))}
COOKIE = "assay_session_7860"


async def say(request):
    return JSONResponse({"user": request.state.user})


#: What stands behind the guard here: says who it was told is calling.
whoami = Starlette(routes=[Route("/{path:path}", say, methods=["GET", "POST", "DELETE"])])


@pytest.fixture
def visitor(program):
    """`visitor(**settings)`: a program that talks to a guard of those settings."""
    return lambda **settings: program(Guard(whoami, Settings(**{"passwords": PASSWORDS, **settings})))


def log_in(visitor, name="anna", password="right", **more):  # noqa: S107  # a password of the test's
    return visitor.post("/login", data={"name": name, "password": password, **more}, headers=FROM_HERE)


def test_nobody_gets_in_without_a_name(visitor):
    stranger = visitor()
    assert (stranger.get("/").status_code, stranger.get("/").headers["location"]) == (303, "/login")
    assert stranger.get("/?answer=a b").headers["location"] == "/login?next=%2F%3Fanswer%3Da%2520b"
    for route in ("GET /config", "POST /api/v1/ask", "GET /v1/models", "POST /gradio_api/queue/join", "GET /gradio_api/info"):
        answer = stranger.request(*route.split())
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), route
    assert stranger.get("/own/login.css").json() == {"user": None}
    assert 'name="password"' in stranger.get("/login").text


def test_who_knows_the_password_gets_in_and_out(visitor):
    anna = visitor()
    answer = log_in(anna)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith(f"{COOKIE}=")
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert "secure" not in cookie
    assert "max-age" not in cookie
    assert anna.get("/config").json() == {"user": "anna"}
    assert "anna" in anna.get("/logout").text
    token = anna.cookies[COOKIE]
    assert anna.post("/logout", headers=FROM_HERE).headers["location"] == "/login"
    assert COOKIE not in anna.cookies
    assert anna.get("/config", headers={"cookie": f"{COOKIE}={token}"}).status_code == 401
    assert anna.get("/logout").headers["location"] == "/login"


def test_the_cookie_is_for_https_alone_where_the_browser_came_by_it(visitor):
    proxied = visitor(hosts=("assay.example.org",))
    host = {"host": "assay.example.org", "origin": "https://assay.example.org"}
    answer = proxied.post("/login", data={"name": "anna", "password": "right"}, headers=host)
    assert "; secure" in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize(
    ("name", "password"), [("anna", "wrong"), ("anna", "other"), ("nobody", "right"), ("", ""), ("anna", "right\0"), ("Anna", "right")]
)
def test_nobody_else_does(visitor, name, password):
    answer = log_in(visitor(), name, password)
    assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)
    assert "Name and password do not match." in answer.text


def test_a_password_that_is_too_long_is_refused_with_the_reason(visitor):
    for password, status in (("x" * 72, 401), ("x" * 73, 400), ("é" * 37, 400)):
        answer = log_in(visitor(), "anna", password)
        assert answer.status_code == status
        assert ("at most 72 bytes" in answer.text) == (status == 400)


def test_what_is_typed_comes_back_as_text(visitor):
    answer = log_in(visitor(), '"><script>alert(1)</script>', "x", next='/"><b>')
    assert "<script" not in answer.text
    assert "<b>" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_guessing_is_stopped_for_the_one_and_not_for_others(visitor):
    anna = visitor(limits=Limits(logins=Rate(5, 1 / 60)))
    answers = [log_in(anna, "anna", f"guess {number}").status_code for number in range(8)]
    assert answers == [401] * 5 + [429] * 3
    refused = log_in(anna)
    assert (refused.status_code, 0 < int(refused.headers["retry-after"]) <= 61) == (429, True)
    assert "Too many attempts" in refused.text
    assert log_in(anna, "bo", "other").status_code == 303


def test_guessing_names_is_stopped_too(visitor):
    anyone = visitor(limits=Limits(logins_of_address=Rate(5, 1)))
    answers = [log_in(anyone, f"name {number}", "x").status_code for number in range(7)]
    assert answers == [401] * 5 + [429] * 2


def test_a_session_is_never_one_that_somebody_else_chose(visitor):
    anna = visitor()
    fixed = {"cookie": f"{COOKIE}=chosen-by-another"}
    answer = anna.post("/login", data={"name": "anna", "password": "right"}, headers=FROM_HERE | fixed)
    assert anna.cookies[COOKIE] != "chosen-by-another"
    assert len(anna.cookies[COOKIE]) >= 43
    assert answer.status_code == 303
    assert visitor().get("/config", headers=fixed).status_code == 401
    first = anna.cookies[COOKIE]
    log_in(anna)
    assert anna.get("/config", headers={"cookie": f"{COOKIE}={first}"}).status_code == 401  # a new login ends the old session


def test_a_session_ends_when_nobody_uses_it():
    now = [0.0]
    sessions = Sessions(lambda: now[0])
    token = sessions.begin("anna")
    for _ in range(3):
        now[0] += 11 * 3600
        assert sessions.user(token) == "anna"
    now[0] += 12 * 3600 + 1
    assert sessions.user(token) is None
    assert sessions.user(token) is None


def test_the_token_is_nowhere_in_memory():
    sessions = Sessions()
    token = sessions.begin("anna")
    assert token not in repr(vars(sessions))


def test_a_name_that_there_is_not_takes_as_long(visitor):
    hashes = {"anna": bcrypt.hashpw(b"right", bcrypt.gensalt(8)).decode()}
    anyone = visitor(passwords=hashes, limits=Limits(logins=Rate(1000, 1)))

    def seconds(name):
        started = time.perf_counter()
        log_in(anyone, name, "wrong")
        return time.perf_counter() - started

    seconds("anna")
    known, unknown = ([seconds(name) for _ in range(7)] for name in ("anna", "nobody"))
    assert 0.5 < min(unknown) / min(known) < 2  # of several, the one that nothing else on the machine held up


def test_where_nobody_must_log_in_there_is_no_login(visitor):
    open_ = visitor(passwords={})
    assert [open_.get(path).status_code for path in ("/login", "/logout", "/config")] == [404, 404, 200]
    assert log_in(open_).status_code == 404


def test_another_site_cannot_log_anybody_in_or_out(visitor):
    anna = visitor()
    log_in(anna)
    for path in ("/login", "/logout"):
        for origin in ("https://evil.example", "null"):
            answer = anna.post(path, data={"name": "bo", "password": "other"}, headers={"origin": origin})
            assert answer.status_code == 403
    assert anna.get("/config").json() == {"user": "anna"}


def test_a_link_from_elsewhere_finds_who_is_logged_in(visitor):
    anna = visitor()
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    answer = anna.get('/?answer=a"b', headers=link)  # browsers leave our cookie out here
    assert (answer.status_code, 'url=/?answer=a%22b"' in answer.text) == (200, True)
    log_in(anna)
    assert anna.get("/?answer=ab", headers=link).json() == {"user": "anna"}


# --- keys ------------------------------------------------------------------------------------------------------------------


def test_keys_let_programs_in(visitor):
    program = visitor(keys=("alpha", "beta"))
    for path in ("/api/v1/articles", "/v1/models", "/config"):
        for sent, user in (("Bearer alpha", "key 1"), ("bearer  beta", "key 2")):
            assert program.get(path, headers={"authorization": sent}).json() == {"user": user}
        for sent in ("Bearer third", "Bearer ", "Bearer", "alpha", "Basic alpha", "Bearer alpha beta", "Bearer alph"):
            answer = program.get(path, headers={"authorization": sent})
            assert answer.status_code == 401, sent
            assert "alpha" not in answer.text


def test_keys_alone_are_asked_of_programs_and_not_of_the_page(visitor):
    anyone = visitor(passwords={}, keys=("alpha",))
    assert anyone.get("/").json() == {"user": None}
    for path in ("/api/v1/articles", "/v1/models"):
        assert anyone.get(path).status_code == 401
        assert anyone.get(path, headers={"authorization": "Bearer alpha"}).json() == {"user": "key 1"}
    assert anyone.get("/api/v1/articles", headers={"sec-fetch-site": "same-origin"}).status_code == 200
    assert anyone.get("/api/v1/articles", headers={"referer": f"{HERE}/"}).status_code == 200
    assert anyone.post("/api/v1/feedback", json={}, headers=FROM_HERE).status_code == 200
    assert anyone.get("/api/v1/articles", headers={"referer": "http://127.0.0.1:1/"}).status_code == 401


def test_without_keys_programs_need_none(visitor):
    assert visitor(passwords={}).get("/v1/models", headers={"authorization": "Bearer anything"}).json() == {"user": None}


def test_clients_of_openai_are_told_in_their_way(visitor):
    error = visitor(keys=("alpha",)).get("/v1/models").json()["error"]
    assert (error["type"], "Bearer" in error["message"]) == ("authentication_error", True)


@given(st.lists(st.text(min_size=1), max_size=5), st.text())
def test_a_key_is_known_when_it_is_one_of_them(keys, sent):
    number = key_number(keys, sent)
    assert (number is not None) == (sent in keys)
    assert number is None or keys[number - 1] == sent


# --- where to go, and how often ----------------------------------------------------------------------------------------------


@given(st.text() | st.from_regex(r"[/\\]{0,3}[a-z.:@]{0,12}[/\\?#]?.{0,6}", fullmatch=True))
def test_a_login_leads_nowhere_else(path):
    went = local_path(path)
    assert went.startswith("/")
    assert urlsplit(urljoin(HERE + "/login", went)).netloc == "127.0.0.1:7860"
    assert "\\" not in went
    assert "\n" not in went


@pytest.mark.parametrize(
    "path", ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "javascript:alert(1)", "", "x"]
)
def test_an_address_elsewhere_becomes_the_page(path):
    assert local_path(path) == "/"


def test_a_path_of_ours_is_kept():
    assert local_path("/?answer=a-key&x=1") == "/?answer=a-key&x=1"


@given(st.lists(st.floats(0, 10), max_size=60), st.integers(1, 10), st.floats(0.1, 5))
def test_no_bucket_gives_more_than_its_rate(pauses, burst, per_second):
    now = [0.0]
    buckets = Buckets(lambda: now[0])
    taken = 0
    for pause in pauses:
        now[0] += pause
        wait = wait_for(buckets, Rate(burst, per_second))
        if wait:
            now[0] += wait
            assert wait_for(buckets, Rate(burst, per_second)) == 0  # it was told when, and it is so
        taken += 1
    assert taken <= burst + now[0] * per_second + 1e-6


def wait_for(buckets, rate):
    """The seconds that somebody is told to wait; 0 for a token."""
    try:
        buckets.take("somebody", rate)
    except Refused as refusal:
        return int(refusal.headers["retry-after"])
    return 0

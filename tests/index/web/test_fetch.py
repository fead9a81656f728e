"""One address into bytes: redirects, limits of time and size, encryption, and servers that do what servers should not."""

import contextlib
import gzip
import socket
import ssl
import threading
import time
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import ArticleError
from index.web import Limits
from index.web.addresses import parse_address
from index.web.connection import system_tls
from index.web.fetch import Fetcher, RefusedError, Validators
from index.web.robots import MAX_BYTES

LIMITS = Limits(page_bytes=200_000, file_bytes=400_000, seconds=0.8, patience=0.4)


@pytest.fixture
def fetch(net, site):
    """`fetch(path or address, **options) -> Page`, from the site by the name of `site.test`."""

    def fetch(path, *, limits=LIMITS, **options):
        text = path if path.startswith("http") else f"http://site.test:{site.port}{path}"
        return Fetcher(net.reach(), limits).fetch(parse_address(text), **options)

    return fetch


@contextlib.contextmanager
def raw(answer):
    """A server that says what `answer(connection)` makes it say, and is no web server at all if that is wanted; yields its port."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(10)
    ended = threading.Event()

    def serve():
        with contextlib.suppress(OSError):
            connection, _ = listening.accept()
            with connection:
                connection.settimeout(5)
                if not ended.is_set():
                    connection.recv(65536)
                    answer(connection, ended)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        ended.set()
        with contextlib.suppress(OSError), socket.create_connection(listening.getsockname(), timeout=1):
            pass
        thread.join(10)
        listening.close()


def fetch_raw(net, port, limits=LIMITS):
    return Fetcher(net.reach(ports=frozenset({port})), limits).fetch(parse_address(f"http://raw.test:{port}/"))


# --- what is asked, and what comes back -------------------------------------------------------------------------------


def test_a_request_says_who_asks_and_nothing_else(site, fetch, monkeypatch, contacts):  # noqa: ARG001
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    site.pages["/a?b=c"] = (200, {"Content-Type": 'Text/HTML; Charset="koi8-r"', "ETag": '"x"', "Set-Cookie": "a=b"}, b"<!doctype html>x")
    page = fetch("/a?b=c#d")
    assert (page.data, page.media_type, page.charset, page.validators.etag) == (b"<!doctype html>x", "text/html", "koi8-r", '"x"')
    fetch("/a?b=c")
    assert site.asked == ["/a?b=c", "/a?b=c"]
    for head in site.heads:
        assert set(head) == {"Host", "Connection", "User-Agent", "Accept", "Accept-Encoding"}
        assert head["User-Agent"].startswith("Assay (")
        assert head["Host"] == f"site.test:{site.port}"


def test_what_has_not_changed_is_not_sent_again(site, fetch):
    def answer(handler):
        if handler.headers.get("If-None-Match") == '"1"' and handler.headers.get("If-Modified-Since") == "yesterday":
            return (304, {}, b"")
        return (200, {"ETag": '"1"', "Last-Modified": "yesterday"}, b"words")

    site.pages["/"] = answer
    first = fetch("/")
    again = fetch("/", known=first.validators)
    assert (first.unchanged, again.unchanged) == (False, True)
    assert again.validators == first.validators == Validators('"1"', "yesterday")
    site.pages["/"] = (304, {}, b"")
    with pytest.raises(RefusedError, match="status 304"):
        fetch("/")  # nobody asked whether it had changed


@pytest.mark.parametrize("value", ["x" * 301, "é", "\x01"])
def test_validators_that_could_not_be_sent_back_are_not_kept(site, fetch, value):
    site.pages["/"] = (200, {"ETag": value}, b"words")
    assert not fetch("/").validators


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (204, "no page"),
        (206, "no page"),
        (300, "no page"),
        (401, "asks for a password"),
        (403, "does not let us read it"),
        (404, "nothing at this address"),
        (410, "gone"),
        (418, "no page"),
        (429, "left alone"),
        (500, "has trouble"),
        (503, "has trouble"),
    ],
)
def test_another_status_is_a_reason(site, fetch, status, said):
    site.pages["/"] = (status, {}, b"" if status == 204 else b"no")
    with pytest.raises(RefusedError, match=rf"{said}.*\(status {status}\)") as caught:
        fetch("/")
    assert caught.value.status == status


# --- redirects --------------------------------------------------------------------------------------------------------


def test_redirects_are_followed_to_the_last(net, site, fetch):
    other = net.site()
    site.pages |= {"/1": (301, {"Location": "/2"}, b""), "/2": (302, {"Location": f"//other.test:{other.port}/ü?é"}, b"")}
    other.pages["/%C3%BC?%C3%A9"] = b"<!doctype html>there"
    page = fetch("/1")
    assert str(page.address) == f"http://other.test:{other.port}/%C3%BC?%C3%A9"
    assert page.data.endswith(b"there")
    assert net.looked_up == ["site.test", "site.test", "other.test"]


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("http://127.0.0.2/", "127.0.0.2 is no address on the public internet"),
        ("http://169.254.169.254/latest/meta-data/", "is no address on the public internet"),
        ("http://[::ffff:127.0.0.1]/", "is no address on the public internet"),
        ("http://inner.test/", "10.1.2.3 is no address on the public internet \\(inner.test leads to it\\)"),
        ("http://site.test:22/", "port 22 is not asked"),
        ("file:///etc/passwd", "not fetched"),
        ("gopher://site.test/", "not fetched"),
        ("data:text/html,x", "not fetched"),
        ("javascript:alert(1)", "not fetched"),
        ("http://user:password@site.test/", "without a name and password"),
        ("http://2130706433/", "four numbers"),
        ("http://[", "not fetched"),
        ("/" + "a" * 3000, "at most 2,000"),
        ("/0", "in a circle"),
    ],
)
def test_a_redirect_leads_nowhere_that_an_address_would_not(net, site, fetch, contacts, location, said):
    net.names["inner.test"] = ["10.1.2.3"]
    site.pages["/0"] = (302, {"Location": location}, b"")
    with pytest.raises(ArticleError, match=said) as caught:
        fetch("/0")
    assert "password@" not in str(caught.value)
    assert {contact[2] for contact in contacts if contact[0] == "connect"} == {site.port}
    assert site.asked == ["/0"]


def test_a_redirect_without_a_place_is_no_page(site, fetch):
    site.pages["/"] = (302, {}, b"")
    with pytest.raises(RefusedError, match="status 302"):
        fetch("/")


def test_redirects_come_to_an_end(site, fetch):
    site.pages |= {f"/{number}": (302, {"Location": f"/{number + 1}"}, b"") for number in range(20)}
    with pytest.raises(ArticleError, match="more than 5 redirects"):
        fetch("/0")
    assert len(site.asked) == 6
    site.pages["/16"] = b"here"
    assert fetch("/11").data == b"here"


def test_a_redirect_may_not_leave_encryption(net, tls):
    server, client = tls("safe.test")
    site, plain = net.site(tls=server), net.site()
    site.pages["/"] = (302, {"Location": f"http://plain.test:{plain.port}/"}, b"")
    fetcher = Fetcher(net.reach(tls=client), LIMITS)
    with pytest.raises(ArticleError, match="from https to http"):
        fetcher.fetch(parse_address(f"https://safe.test:{site.port}/"))
    assert plain.asked == []


# --- encryption -------------------------------------------------------------------------------------------------------


def test_a_certificate_is_held_against_the_name_and_the_name_is_told(net, tls):
    server, client = tls("safe.test")
    told = []
    server.sni_callback = lambda _, name, __: told.append(name)
    site = net.site(tls=server)
    site.pages["/"] = b"<!doctype html>safe"
    fetcher = Fetcher(net.reach(tls=client), LIMITS)
    assert fetcher.fetch(parse_address(f"https://safe.test:{site.port}/")).data.endswith(b"safe")
    assert told == ["safe.test"]
    with pytest.raises(ArticleError, match=r"the certificate of other.test does not hold: Hostname mismatch"):
        fetcher.fetch(parse_address(f"https://other.test:{site.port}/"))
    with pytest.raises(ArticleError, match=r"the certificate of safe.test does not hold: .*"):
        Fetcher(net.reach(), LIMITS).fetch(parse_address(f"https://safe.test:{site.port}/"))
    assert site.asked == ["/"]


def test_a_server_without_encryption_is_told_so(net, site, fetch):  # noqa: ARG001
    with pytest.raises(ArticleError, match=r"no encrypted connection to site\.test"):
        fetch(f"https://site.test:{site.port}/")


# --- time -------------------------------------------------------------------------------------------------------------


def drip(*, head=b"", byte=b"x", every=0.05):
    def answer(connection, ended):
        connection.sendall(head)
        while not ended.is_set():
            connection.sendall(byte)
            time.sleep(every)

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(drip(head=b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"), id="body"),
        pytest.param(drip(head=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", byte=b"1\r\nx\r\n"), id="chunks"),
        pytest.param(drip(head=b"HTTP/1.1 200 OK\r\nX: "), id="a header"),
        pytest.param(drip(head=b"HTTP/1.1 200 OK\r\n", byte=b"X-Y: z\r\n"), id="headers"),
        pytest.param(drip(head=b"", byte=b"HTTP/1.1 100 Continue\r\n\r\n"), id="interim answers"),
    ],
)
def test_whoever_drips_is_left_in_time(net, answer):
    began = time.monotonic()
    with raw(answer) as port, pytest.raises(ArticleError, match=r"too slow: not here whole after 0\.8 seconds"):
        fetch_raw(net, port)
    assert time.monotonic() - began < 3


def test_whoever_says_nothing_is_left_sooner(net):
    began = time.monotonic()
    with raw(lambda _, ended: ended.wait(5)) as port, pytest.raises(ArticleError, match="too slow: nothing came for a while"):
        fetch_raw(net, port)
    assert time.monotonic() - began < 0.75


def test_a_handshake_that_drips_is_left_too(net, tls):
    _, client = tls("raw.test")
    with (
        raw(drip(head=b"\x16\x03\x03\x40\x00", byte=b"\0")) as port,
        pytest.raises(ArticleError, match=r"too slow|no encrypted connection"),
    ):
        Fetcher(net.reach(ports=frozenset({port}), tls=client), LIMITS).fetch(parse_address(f"https://raw.test:{port}/"))


def test_a_name_server_that_does_not_answer_is_left_too(net):
    answered = threading.Event()

    def slow(_):
        answered.wait(10)
        return ["127.0.0.1"]

    reach = net.reach()
    object.__setattr__(reach, "resolver", slow)
    began = time.monotonic()
    with pytest.raises(ArticleError, match="too slow"):
        Fetcher(reach, LIMITS).fetch(parse_address("http://slow.test/"))
    assert time.monotonic() - began < 3
    answered.set()


def test_all_redirects_have_one_time_together(site, fetch):
    def slow(handler):
        time.sleep(0.25)
        return (302, {"Location": f"/{int(handler.path[1:]) + 1}"}, b"")

    site.pages |= dict.fromkeys([f"/{number}" for number in range(9)], slow)
    with pytest.raises(ArticleError, match="too slow"):
        fetch("/0")
    assert len(site.asked) <= 5


# --- size -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("media_type", "begins", "limit"),
    [
        ("text/html", b"", 200_000),
        ("application/octet-stream", b"<!doctype html>", 200_000),
        ("application/pdf", b"%PDF-1.7", 400_000),
        ("", b"", 400_000),
    ],
)
def test_how_much_is_taken_depends_on_what_it_is(site, fetch, media_type, begins, limit):
    site.pages["/fits"] = (200, {"Content-Type": media_type}, begins.ljust(limit, b"x"))
    assert len(fetch("/fits").data) == limit
    site.pages["/more"] = (200, {"Content-Type": media_type}, begins.ljust(limit + 1, b"x"))
    with pytest.raises(ArticleError, match=f"too large: more than {limit:,} bytes"):
        fetch("/more")


def test_a_body_without_end_is_cut_off(net):
    sent = 0

    def endless(connection, ended):
        nonlocal sent
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        while not ended.is_set():
            sent += connection.send(b"x" * 65536)

    with raw(endless) as port, pytest.raises(ArticleError, match="too large: more than 200,000 bytes"):
        fetch_raw(net, port)
    assert sent < 20_000_000  # as much as the system buffers, and no more


def test_a_body_that_announces_too_much_is_not_begun(net):
    announced = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nx"
    with raw(lambda connection, ended: (connection.sendall(announced), ended.wait(5))) as port:
        began = time.monotonic()
        with pytest.raises(ArticleError, match="too large"):
            fetch_raw(net, port)
        assert time.monotonic() - began < 0.5


def test_packed_bodies_are_opened_as_far_as_they_may_go(site, fetch):
    site.pages["/"] = (200, {"Content-Encoding": "gzip", "Content-Type": "text/html"}, gzip.compress(b"<!doctype html>" + b"words " * 1000))
    assert fetch("/").data.endswith(b"words ")
    bomb = gzip.compress(b"\0" * 60_000_000)
    assert len(bomb) < 400_000
    site.pages["/bomb"] = (200, {"Content-Encoding": "gzip"}, bomb)
    began = time.monotonic()
    with pytest.raises(ArticleError, match="too large: more than 400,000 bytes once it is opened"):
        fetch("/bomb")
    assert time.monotonic() - began < 1
    many = gzip.compress(b"part ") * 3
    site.pages["/many"] = (200, {"Content-Encoding": "x-gzip"}, many)
    assert fetch("/many").data == b"part part part "


@pytest.mark.parametrize(
    ("encoding", "body", "said"),
    [
        ("gzip", b"words", "it is damaged"),
        ("gzip", gzip.compress(b"words" * 999, mtime=0)[:-9], "it ends early"),
        ("gzip", gzip.compress(b"words", mtime=0) + b"rubbish", "it is damaged"),
        ("br", b"words", "found the encoding 'br'"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"words", mtime=0), mtime=0), "found the encoding 'gzip, gzip'"),
        ("deflate", zlib.compress(b"words"), "found the encoding 'deflate'"),
    ],
)
def test_what_cannot_be_opened_is_refused(site, fetch, encoding, body, said):
    site.pages["/"] = (200, {"Content-Encoding": encoding}, body)
    with pytest.raises(ArticleError, match=said):
        fetch("/")


def test_a_part_is_enough_where_that_was_asked_for(site, fetch):
    site.pages["/robots.txt"] = b"x" * (2 * MAX_BYTES)
    assert len(fetch("/robots.txt", at_most=MAX_BYTES, whole=False).data) == MAX_BYTES


# --- servers that do what servers should not --------------------------------------------------------------------------

FLOOD = b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(100_000)) + b"\r\n"


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"rubbish\r\n\r\n", id="rubbish"),
        pytest.param(b"\0" * 200_000, id="zeros"),
        pytest.param(FLOOD, id="a flood of headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 2_000_000 + b"\r\n\r\n", id="a header of megabytes"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", id="less than announced"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", id="a negative length"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nwords", id="two lengths"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="a chunk of no size"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx", id="a chunk of exabytes"),
        pytest.param(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 200 OK\r\nLocation\r\n\r\n", id="a header without a value"),
        pytest.param(b"HTTP/1.1 2000 OK\r\n\r\n", id="a status of four digits"),
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", id="another service"),
    ],
)
def test_whatever_a_server_says_is_a_page_or_one_line(net, said):
    def answer(connection, _):
        with contextlib.suppress(OSError):
            connection.sendall(said)

    with raw(answer) as port, pytest.raises(ArticleError) as caught:
        fetch_raw(net, port)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


HEADS = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: ",
        b"HTTP/1.0 200\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n",
        b"",
    ]
)


@settings(max_examples=25)
@given(head=HEADS, rest=st.binary(max_size=200) | st.text("\r\n:; abc0123", max_size=100).map(str.encode))
def test_random_answers_are_a_page_or_one_line(net, head, rest):
    def answer(connection, _):
        connection.sendall(head + rest)

    with raw(answer) as port:
        try:
            page = fetch_raw(net, port)
        except ArticleError as error:
            assert str(error).isprintable()  # noqa: PT017  # either is right
        else:
            assert len(page.data) <= 200 + len(head)


def test_certificates_are_verified_by_the_system_or_by_those_that_come_along(monkeypatch):
    system = system_tls()
    nowhere = ssl.get_default_verify_paths()._replace(cafile=None, capath=None)
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: nowhere)
    brought = system_tls()
    for context in (system, brought):
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert brought.cert_store_stats()["x509_ca"] > 50


def test_a_closed_port_is_told(net):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(ArticleError, match=f"no connection to shut.test:{port}: Connection refused"):
        Fetcher(net.reach(ports=frozenset({port})), LIMITS).fetch(parse_address(f"http://shut.test:{port}/"))


def test_nothing_stays_open(net, site, fetch):
    """Whatever way a request ends: threads and descriptors are as many as before."""
    descriptors = Path("/proc/self/fd")
    site.pages["/"] = b"words"
    fetch("/")
    before = len(list(descriptors.iterdir()))
    for path in ["/", "/none"] * 10:
        with contextlib.suppress(ArticleError):
            fetch(path)
    for _ in range(5):
        with contextlib.suppress(ArticleError), raw(lambda connection, _: connection.sendall(b"rubbish\r\n\r\n")) as port:
            fetch_raw(net, port)
    deadline = time.monotonic() + 5
    while len(list(descriptors.iterdir())) > before + 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(list(descriptors.iterdir())) <= before + 1

"""Where it is listened: addresses and names, ports that are free, and what to open."""

import socket
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse

from index import AssayError
from ui.web.listening import sockets_at, url_of


async def answers(scope, receive, send):
    """An application of one word."""
    if scope["type"] == "http":
        await PlainTextResponse(scope["server"][0])(scope, receive, send)
        return
    while (message := await receive())["type"] != "lifespan.shutdown":
        await send({"type": f"{message['type']}.complete"})
    await send({"type": "lifespan.shutdown.complete"})


def asked(address, port):
    with socket.create_connection((address, port), timeout=10) as one:
        one.sendall(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        seen = b""
        while piece := one.recv(4_096):
            seen += piece
    return seen


@pytest.fixture
def ipv6():
    """Skips where the machine has none."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("expected IPv6 on this machine, found none")


def test_it_listens_on_ipv6(ipv6, served):  # noqa: ARG001  # there must be some
    _, port = served(answers, host="::1")
    assert asked("::1", port).endswith(b"::1")
    with pytest.raises(ConnectionRefusedError):
        asked("127.0.0.1", port)


def test_every_address_is_those_of_ipv4_too(ipv6, served):  # noqa: ARG001
    _, port = served(answers, host="::")
    assert asked("127.0.0.1", port).startswith(b"HTTP/1.1 200")
    assert asked("::1", port).startswith(b"HTTP/1.1 200")


def test_a_name_is_all_its_addresses_on_one_port(served):
    _, port = served(answers, host="localhost")
    addresses = {found[4][0] for found in socket.getaddrinfo("localhost", port, type=socket.SOCK_STREAM)}
    for address in addresses:
        assert asked(address, port).endswith(address.encode())


def test_a_small_answer_does_not_wait(served):
    """Head and text are sent one after the other: a socket that waits for the first to be acknowledged adds 40 ms to each answer."""
    host, port = served(answers)
    seconds = []
    with socket.create_connection((host, port), timeout=10) as one:
        for _ in range(10):
            started = time.perf_counter()
            one.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            seen = b""
            while not seen.endswith(b"127.0.0.1"):
                seen += one.recv(4_096)
            seconds.append(time.perf_counter() - started)
    assert sorted(seconds)[5] < 0.03


def test_a_port_in_use_is_left_alone():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for host in ("127.0.0.1", "localhost"):
            with pytest.raises(AssayError, match=f"expected a free port, found {port} in use on {host}"):
                sockets_at(host, port)


@pytest.mark.parametrize("host", ["203.0.113.7", "no.such.name.invalid", "x" * 300, "127.0.0.1:80", "a b", "http://localhost", "fd00::7"])
def test_what_is_no_address_of_this_machine_is_refused(host):
    with pytest.raises(AssayError, match="expected an address of this machine for --host"):
        sockets_at(host, 0)


@given(st.sampled_from(["127.0.0.1", "::1", "0.0.0.0", "::", "localhost", "192.168.1.5"]), st.integers(1, 65_535))  # noqa: S104
def test_what_is_said_can_be_opened(host, port):
    from urllib.parse import urlsplit

    parts = urlsplit(url_of(host, port))
    assert (parts.scheme, parts.port, parts.path) == ("http", port, "/")
    assert parts.hostname == ("localhost" if host in {"0.0.0.0", "::"} else host)  # noqa: S104

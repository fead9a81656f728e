"""A small web on loopback: sites with names of their own, a resolver that knows them, and a guard that nothing is asked beyond them."""

import contextlib
import ipaddress
import socket
import socketserver
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler

import httpcore
import pytest

from index.web import Limits, Reach, Web
from index.web.addresses import is_public


class Site:
    """A web server on loopback. `pages` are answers by path: bytes, (status, headers, body), or a function of the handler."""

    def __init__(self, tls=None):
        self.pages = {}
        self.asked = []
        self.heads = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                site.asked.append(self.path)
                site.heads.append(dict(self.headers))
                answer = site.pages.get(self.path, (404, {}, b"nothing here"))
                if callable(answer):
                    answer = answer(self)
                    if answer is None:
                        return
                if isinstance(answer, bytes):
                    answer = (200, {"Content-Type": "text/html; charset=utf-8"}, answer)
                status, headers, body = answer
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, *_):
                pass  # who asked has gone away

            def get_request(self):
                connection, address = super().get_request()
                if tls is not None:
                    connection.settimeout(10)
                    connection = tls.wrap_socket(connection, server_side=True)
                return connection, address

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Net:
    """Names and the sites behind them; what anybody looked up."""

    def __init__(self):
        self.names = {}
        self.machines = {}
        self.dialled = []
        self.looked_up = []
        self.sites = []

    def site(self, *, tls=None):
        site = Site(tls)
        self.sites.append(site)
        return site

    def resolver(self, host):
        self.looked_up.append(host)
        answer = self.names.get(host, ["127.0.0.1"] if host.endswith(".test") else None)
        if answer is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return answer.pop(0) if answer and isinstance(answer[0], list) else answer

    def reach(self, **options):
        """Whom a test may ask: this small web, by its ports, besides the public internet, which nobody is to reach."""
        ports = frozenset({80, 443, *(site.port for site in self.sites)})
        allowed = options.pop("allowed", lambda ip: is_public(ip) or ip == ipaddress.ip_address("127.0.0.1"))
        return Reach(ports=options.pop("ports", ports), resolver=self.resolver, allowed=allowed, **options)

    def web(self, **options):
        reach = options.pop("reach", None) or self.reach()
        limits = options.pop("limits", Limits(seconds=5.0, patience=2.0))
        return Web(reach=reach, limits=limits, pause=options.pop("pause", 0.0), **options)


@pytest.fixture
def net(monkeypatch):
    net = Net()
    dial = httpcore.SyncBackend.connect_tcp

    def connect_tcp(self, host, port, *rest):
        """Connect to the site that plays a machine of the internet; whoever plays none is as far away as it is."""
        net.dialled.append(host)
        if host in net.machines:
            return dial(self, "127.0.0.1", net.machines[host].port, *rest)
        if not ipaddress.ip_address(host).is_loopback:
            raise httpcore.ConnectError("nobody plays this machine")
        return dial(self, host, port, *rest)

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect_tcp)
    yield net
    for site in net.sites:
        site.close()


@pytest.fixture
def site(net):
    return net.site()


_contacts = []
_watching = threading.Event()


def _watch(event, arguments):
    if not _watching.is_set():
        return
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        _contacts.append(("connect", *arguments[1][:2]))
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        _contacts.append(("lookup", arguments[0]))


@pytest.fixture
def contacts():
    """Every connection and every look-up of this process while a test runs, by the interpreter's own word."""
    if not getattr(sys, "_assay_watched", False):
        sys.addaudithook(_watch)
        sys._assay_watched = True
    _contacts.clear()
    _watching.set()
    yield _contacts
    _watching.clear()
    strangers = [contact for contact in _contacts if contact[1] not in ("127.0.0.1", "::1", "localhost", None)]
    assert strangers == []


@pytest.fixture(scope="session")
def authority():
    """A certificate authority of the test's own."""
    import trustme

    return trustme.CA()


@pytest.fixture
def tls(authority):
    """`tls(*names) -> (server's context, a function that makes the client's)`."""

    def make(*names):
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*names).configure_cert(server)

        def client():
            context = ssl.create_default_context()
            authority.configure_trust(context)
            return context

        return server, client

    return make

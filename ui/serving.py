"""The verbs `serve` and `mcp`: their options, and what they make of the settings. Loads what serves only when it is asked to."""

from __future__ import annotations

import argparse
import logging
import os
import re
import signal
import stat
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from index import AssayError

from . import reading, screen, writing
from .reading import reader_of
from .writing import writer_of

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Sequence
    from socket import socket
    from types import ModuleType

    from starlette.types import ASGIApp

    from index import Library

    from .web.service import Service
    from .web.settings import Settings


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add where to listen, who may come in, and what they may do."""
    group = parser.add_argument_group("serving")
    group.add_argument("--host", metavar="ADDRESS", default="127.0.0.1", help="the address to listen on; this machine's own by default")
    group.add_argument(
        "--port", metavar="PORT", type=_port, default=7860, help="the port to listen on, 7860 by default; 0 takes a free one"
    )
    let_in = "who may come in: lines of NAME:HASH, as `htpasswd -B` writes them; everybody must log in then"
    group.add_argument("--auth", metavar="FILE", help=let_in)
    keys = "keys of programs, one a line: each lets its bearer use the interfaces; else $ASSAY_API_KEYS, separated by commas"
    group.add_argument("--keys", metavar="FILE", help=keys)
    named = "a further name under which the page may be reached, such as assay.example.org; may be repeated"
    group.add_argument("--allow-host", metavar="NAME", dest="hosts", action="append", help=named)
    opened = "the address that people open where a proxy stands before the server, such as https://assay.example.org: links name it"
    group.add_argument("--url", metavar="ADDRESS", type=_url, help=opened)
    group.add_argument("--allow-upload", action="store_true", help="let people add and remove articles")
    anyone = "listen on an address that others can reach, and let everybody in without a password"
    group.add_argument("--open-to-all", action="store_true", help=anyone)
    reading.add_options(parser, answers=True)
    writing.add_options(parser)


def add_tool_options(parser: argparse.ArgumentParser) -> None:
    """Add how the tools are reached."""
    group = parser.add_argument_group("serving")
    over = "serve programs of this machine over HTTP, at /mcp, rather than the one that started the command over its stdin and stdout"
    group.add_argument("--http", action="store_true", help=over)
    group.add_argument("--host", metavar="ADDRESS", default="127.0.0.1", help="with --http: which of this machine's own addresses")
    group.add_argument("--port", metavar="PORT", type=_port, default=7861, help="with --http: the port to listen on, 7861 by default")
    reading.add_options(parser, answers=True)
    writing.add_options(parser)


def serve(args: Namespace) -> int:
    """Serve the chat and the interfaces until interrupted."""
    settings = settings_of(args)
    from index import Library

    from .web import listening  # loads what serves, which takes seconds: what the command line got wrong has been said by now

    sockets = listening.sockets_at(settings.host, settings.port)
    settings = replace(settings, port=sockets[0].getsockname()[1])
    with _closed(sockets), Library.open(args.index, model=args.model, create=settings.allow_upload) as library:
        app = application_of(args, library, settings)
        url = listening.url_of(settings.host, settings.port)
        listening.run(app, sockets, lambda: _announce(f"{url} – open it in a browser", url if args.json else None))
    return 0


def application_of(args: Namespace, library: Library, settings: Settings) -> ASGIApp:
    """Return everything that is served, behind its guard."""
    from .web.app import application

    if args.debug:
        logging.getLogger("ui.web").setLevel(logging.DEBUG)
    return application(service_of(args, library), settings)


def _announce(said: str, url: str | None) -> None:
    if url is not None:
        screen.put_json({"url": url})
    screen.talk(f"Serving at {said}; Ctrl-C ends it.")


@contextmanager
def _closed(sockets: Sequence[socket]) -> Iterator[None]:
    """Close sockets in the end."""
    try:
        yield
    finally:
        for one in sockets:
            one.close()


def serve_tools(args: Namespace) -> int:
    """Serve the tools of an assistant until it closes stdin, or until interrupted."""
    from .web.settings import is_loopback

    if args.http and not is_loopback(args.host):
        raise AssayError(f"expected an address of this machine alone for the tools, such as 127.0.0.1, found {args.host}; leave out --host")
    tools = _tools()
    from index import Library

    with Library.open(args.index, model=args.model, create=False) as library:
        service = service_of(args, library)
        if args.http:
            _serve_tools_over_http(tools, service, args)
        else:
            import anyio

            signal.signal(signal.SIGINT, signal.SIG_DFL)  # the thread that waits for stdin hears of no exception; nothing is being written
            anyio.run(tools.over_stdio, service)
    return 0


def _serve_tools_over_http(tools: ModuleType, service: Service, args: Namespace) -> None:
    from .web import listening

    sockets = listening.sockets_at(args.host, args.port)
    port = sockets[0].getsockname()[1]
    url = f"{listening.url_of(args.host, port)}mcp"
    with _closed(sockets):
        listening.run(tools.over_http(service, port), sockets, lambda: _announce(url, url if args.json else None))


def _tools() -> ModuleType:
    """Return the module of the tools; raises `AssayError` where what it stands on is not installed."""
    try:
        from .web import tools
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("mcp", "mcp_types"):
            raise
        raise AssayError("expected the package mcp for `assay mcp`, found none; install it with `pip install 'assay[mcp]'`") from error
    return tools


def service_of(args: Namespace, library: Library) -> Service:
    """Return what is served."""
    from rag import Caution, Pipeline, ReadingRetriever, Retriever

    from .web.service import Service

    reader = reader_of(args)
    writer = writer_of(args)
    pipeline = Pipeline(library, reader=reader, writer=writer, caution=Caution(args.caution))
    retriever = ReadingRetriever(library, reader) if reader else Retriever(library)
    return Service(library, pipeline, retriever, may_write=getattr(args, "allow_upload", False), asks_model=writer is not None)


def settings_of(args: Namespace) -> Settings:
    """Return how to serve; raises `AssayError` where that would let in whom nobody has let in."""
    from .web.settings import Settings

    settings = Settings(
        host=args.host,
        port=args.port,
        hosts=(*(args.hosts or ()), *([_host(args.url)] if args.url else [])),
        url=args.url or "",
        passwords=_passwords(args.auth) if args.auth else {},
        keys=_keys(args.keys),
        allow_upload=args.allow_upload,
        open_to_all=args.open_to_all,
    )
    if not settings.local and not settings.passwords and not settings.open_to_all:
        raise AssayError(
            f"expected --auth FILE to serve on {args.host}, which others can reach, found none; let everybody in with --open-to-all, "
            "or leave out --host to serve this machine alone"
        )
    if not settings.local and settings.allow_upload and not settings.passwords:
        raise AssayError(f"expected --auth FILE for --allow-upload on {args.host}, which others can reach, found none")
    return settings


def _passwords(path: str) -> dict[str, str]:
    """Return the hashes of a file of `htpasswd`, by name."""
    found: dict[str, str] = {}
    for number, line in enumerate(_lines(path, "--auth"), 1):
        name, colon, password = line.partition(":")
        if not (name and colon and re.fullmatch(r"\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}", password)):
            raise AssayError(f"expected NAME:HASH with a bcrypt hash in line {number} of {path}, as `htpasswd -B` writes, found another")
        found[name] = password
    if not found:
        raise AssayError(f"expected a line of NAME:HASH in {path}, found none; `htpasswd -B -c {path} NAME` writes one")
    return found


def _keys(path: str | None) -> tuple[str, ...]:
    """Return the keys that programs must have: none of them where none are asked for, never where they were meant to be."""
    said = os.environ.get("ASSAY_API_KEYS")
    if path is None and not said:
        return ()
    given = _lines(path, "--keys") if path is not None else (said or "").split(",")
    found = tuple(key.strip() for key in given if key.strip())
    if not found:
        where = f"a key in {path}" if path is not None else "a key in $ASSAY_API_KEYS"
        raise AssayError(f"expected {where}, found none; without any, every program would be let in")
    return found


def _lines(path: str, option: str) -> list[str]:
    try:
        text = Path(path).read_text(encoding="utf-8")
        readable = bool(Path(path).stat().st_mode & stat.S_IROTH)
    except (OSError, ValueError) as error:
        raise AssayError(f"expected a text file for {option}, found none that can be read at {path}") from error
    if readable:
        screen.talk(f"warning: everybody on this machine can read {path}; `chmod 600 {path}` keeps it to yourself")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _url(text: str) -> str:
    """Return an address of a site as browsers write it: its scheme, its name, and its port where that is not the usual one."""
    try:
        parts = urlsplit(text.lower())
        usual = {"http": 80, "https": 443}.get(parts.scheme)
        port = "" if parts.port in (None, usual) else f":{parts.port}"
    except ValueError:
        usual, port = None, ""
    if usual is None or not parts.hostname or "@" in parts.netloc or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise argparse.ArgumentTypeError(f"expected an address without a path, such as https://assay.example.org, found {text!r}")
    return f"{parts.scheme}://{_host(text.lower())}{port}"


def _host(url: str) -> str:
    """Return the name in an address, one of IPv6 in brackets."""
    name = urlsplit(url).hostname or ""
    return f"[{name}]" if ":" in name else name


def _port(text: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", text) or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"expected a port from 0 to 65535, found {text!r}")
    return int(text)

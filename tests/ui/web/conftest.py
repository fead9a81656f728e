"""What the tests of serving share: a library to serve, the whole application, and a real server on a free port."""

import contextlib
import logging
import threading

import pytest
from starlette.testclient import TestClient

from index import Article
from rag import Pipeline, Retriever
from ui.web import listening
from ui.web.service import Service

#: Where clients of the tests say that they have connected to.
HERE = "http://127.0.0.1:7860"


@pytest.fixture
def two_articles(make_library):
    """A service over two articles."""
    library = make_library(
        [
            Article(id="plan", text="Chile presented a lithium plan in April 2023. It names two salt flats.", title="Plan"),
            Article(id="nickel", text="Indonesia banned exports of nickel ore in 2020.", title="Nickel"),
        ]
    )
    return Service(library, Pipeline(library), Retriever(library))


@pytest.fixture
def program():
    """`program(app) -> TestClient` that speaks as a program on this machine does, and follows no redirection."""
    with contextlib.ExitStack() as opened:
        yield lambda app, **options: opened.enter_context(TestClient(app, HERE, follow_redirects=False, client=("127.0.0.1", 5), **options))


@pytest.fixture
def served():
    """`served(app, host=…) -> (host, port)`: a real server in a thread, stopped when the test is done."""
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
    with contextlib.ExitStack() as running:

        def serve(app, host="127.0.0.1"):
            sockets = listening.sockets_at(host, 0)
            ready = threading.Event()
            server = listening.server_of(app, ready.set)
            thread = threading.Thread(target=server.run, args=(sockets,), daemon=True)
            thread.start()
            assert ready.wait(30)

            def stop():
                server.should_exit = True
                thread.join(15)
                assert not thread.is_alive()

            running.callback(stop)
            return host, sockets[0].getsockname()[1]

        yield serve

"""What the tests of serving share: libraries to serve, the whole application, its interfaces alone, and real servers on free ports."""

import contextlib
import logging
import shutil
import socket
import threading
import time
from contextlib import contextmanager

import pytest
import uvicorn
from fastapi import FastAPI
from starlette.testclient import TestClient

from index import Article
from rag import Answer, AnswerSentence, Citation, Pipeline, Retriever
from ui.web import listening
from ui.web.context import Context
from ui.web.interfaces import join, lifespan
from ui.web.service import Service

#: Where clients of the tests say that they have connected to.
HERE = "http://127.0.0.1:7860"


@pytest.fixture(scope="module")
def chromium():
    """A real browser; a module has one, and each test pages of its own in it."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed; `make test-browser` does it")
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("expected chromium on the path, found none; `make test-browser` installs it")
    with playwright.sync_playwright() as started:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = started.chromium.launch(executable_path=program, args=flags)
        yield browser
        browser.close()


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


ROWS = [
    {
        "id": "a1",
        "title": "Chile plans a lithium company",
        "source": "Example Wire",
        "published": "2023-04-21",
        "url": "https://example.org/a1",
        "text": "Chile announced a national lithium strategy. A state company will hold a majority in new projects. “It is the best "
        "chance”, the president said, naïve or not. 🙂 The plan was presented on 20 April 2023 in Antofagasta.",
    },
    {
        "id": "folder/nickel-2024.txt",
        "title": "Nickel prices fall",
        "source": "Metal Daily",
        "published": "2024-01-15",
        "text": "Nickel prices fell by 45 % in 2023. Indonesia raised its output to 1.8 million tonnes.\n\n"
        "Several mines in Australia stopped work.",
    },
    {"id": "a3", "title": "Bread <b>", "text": "Sourdough needs flour, water, salt and time. Bakers feed the starter every day."},
]


@pytest.fixture
def rows():
    """The articles of `service`, as rows."""
    return ROWS


@pytest.fixture
def service_of(make_library):
    """`service_of(rows, may_write=False) -> Service` on the small embedder, quoting."""

    def make(rows=ROWS, *, may_write=False):
        library = make_library(list(rows))
        return Service(library, Pipeline(library, threshold=0.0), Retriever(library), may_write=may_write)

    return make


@pytest.fixture
def service(service_of):
    """A service over three articles."""
    return service_of()


@pytest.fixture
def application_of():
    """`application_of(service, **context) -> FastAPI`: the interfaces alone."""

    def make(service, **context):
        app = FastAPI(openapi_url=None, lifespan=lifespan)
        join(app, Context(service, **context))
        return app

    return make


@pytest.fixture
def client_of(application_of):
    """`client_of(service, **context)`: a client in this process."""
    made = []

    def make(service, **context):
        client = TestClient(application_of(service, **context), base_url="http://localhost:7860", raise_server_exceptions=False)
        made.append(client)
        return client.__enter__()

    yield make
    for client in made:
        client.__exit__(None, None, None)


@pytest.fixture
def client(client_of, service):
    """A client of a service over three articles."""
    return client_of(service)


@contextmanager
def running(app):
    """Serve an application on a free port of this machine; the address, without a slash at its end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="critical", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture
def live(application_of):
    """`live(service, **context)`: a context manager that yields the address of a real server."""
    return lambda service, **context: running(application_of(service, **context))


class Scripted:
    """A pipeline that grows answers as its script says: how many sentences, how long each takes, what then goes wrong or changes.

    It counts the answers that it began and those that it has let go of.
    """

    def __init__(self, sentences=3, *, seconds=0.0, fault=None, last=None):
        self.sentences, self.seconds, self.fault, self.last = sentences, seconds, fault, last
        self.begun = self.closed = 0
        self.lock = threading.Lock()

    def stream(self, question, *, only=None):  # noqa: ARG002  # the shape of a pipeline
        with self.lock:
            self.begun += 1
        try:
            for count in range(1, self.sentences + 1):
                time.sleep(self.seconds)
                yield answer_of(question.text, [f"Sentence {number} on {question.text}" for number in range(1, count + 1)])
            if self.fault:
                raise self.fault
            if self.last is not None:
                yield self.last
        finally:
            with self.lock:
                self.closed += 1


def answer_of(question, sentences, **more):
    """An answer whose sentences each cite the first article."""
    citations = [
        Citation(
            n=number,
            article_id="a1",
            passage_id="a1:0",
            title="Chile plans a lithium company",
            source="Example Wire",
            published="2023-04-21",
            url="https://example.org/a1",
            start=number,
            end=number + 5,
            quote=ROWS[0]["text"][number : number + 5],
        )
        for number in range(1, len(sentences) + 1)
    ]
    told = tuple(AnswerSentence(text, (number,), 0.9) for number, text in enumerate(sentences, 1))
    values = {"standalone_question": question, "citations": tuple(citations), "hits": (), "confidence": 0.9, **more}
    return Answer(question=question, sentences=told, **values)


@pytest.fixture
def scripted(service):
    """`scripted(**script) -> (service, pipeline)`."""

    def make(**script):
        pipeline = Scripted(**script)
        return Service(service.library, pipeline, service.retriever), pipeline

    return make


@pytest.fixture
def make_answer():
    """`make_answer(question, sentences, **more) -> Answer`."""
    return answer_of


@pytest.fixture
def events_of():
    """`events_of(text) -> [(name, data)]`: the events of a stream, its comments left out."""

    def read(text):
        found = []
        for block in text.split("\n\n"):
            lines = [line for line in block.split("\n") if line and not line.startswith(":")]
            fields = dict(line.split(": ", 1) for line in lines)
            if fields:
                found.append((fields.get("event"), fields["data"]))
        return found

    return read


@pytest.fixture
def make_service(make_library):
    """`make_service(articles=(), may_write=False, **options) -> Service` on a library of its own."""

    def make(articles=(), *, may_write=False, **options):
        library = make_library(articles, **options)
        return Service(library, Pipeline(library), Retriever(library), may_write=may_write)

    return make

"""The Ask tab in a real browser: everything that somebody does there, by pointer, touch or keyboard."""

import gzip
import json
import os
import re
import socket
import threading
import time
from pathlib import Path
from urllib.parse import quote

import bcrypt
import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from index import Article
from rag import Answer, Pipeline, Retriever, Talk, Writer
from ui.web.feedback import FeedbackStore

pytestmark = [pytest.mark.slow, pytest.mark.browser]

FLAGS = "🇨🇱 Café 👩‍🔬 e\u0301tude 𝒙. "
ARTICLES = [
    Article(
        id="reports/chile-plan#1%.md",
        title="Chile’s lithium plan & <b>more</b>",
        source="Reuters",
        published="2023-04-21",
        url="https://example.org/chile?a=1&b=2",
        authors=("Ana Ruiz",),
        text=FLAGS
        + "Chile presented a lithium plan in April 2023 👍.\n\n"
        + FLAGS
        + "The plan of Chile gives the state a majority in ventures.",
    ),
    Article(
        id="congo",
        title="Cobalt quotas in Congo",
        source="Argus",
        published="2026-01-16",
        url="javascript:alert(1)",
        text="Congo may export 96,600 tonnes of cobalt in 2026. The quota of Congo replaced a ban on exports of cobalt.",
    ),
    Article(id="peru", title="Peru", source="Reuters", published="2024-05", text="Peru shut a copper smelter in May 2024. Ilo had it."),
]
CONGO = "How much cobalt may Congo export in 2026?"
CHILE = "When did Chile present a lithium plan?"

IN_SIGHT = "(one) => { const at = one.getBoundingClientRect(); return at.top > 0 && at.bottom < innerHeight }"


class Literal:
    """A checker that knows words."""

    name = "literal"

    def support(self, claim, passages):
        words = set(re.findall(r"\w+", claim.lower()))
        return [(len(words & set(re.findall(r"\w+", one.text.lower()))) / max(1, len(words))) ** 4 for one in passages]


class Slow(BaseChatModel):
    """A model that says one sentence after another, each only when it may; `gone` is set when nobody listens any more."""

    sentences: list
    gate: object
    gone: object

    @property
    def _llm_type(self):
        return "slow"

    def _generate(self, messages, stop=None, run_manager=None, **more):  # noqa: ARG002  # LangChain's names
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content=" ".join(self.sentences)))])

    def _stream(self, messages, stop=None, run_manager=None, **more):  # noqa: ARG002  # LangChain's names
        try:
            for sentence in self.sentences:
                yield ChatGenerationChunk(message=AIMessageChunk(content=sentence + " \n"))
                self.gate.acquire(timeout=20)
        except GeneratorExit:
            self.gone.set()
            raise


class Server:
    """What is served, on a port of its own."""

    def __init__(self, service, port=0, **settings):
        import uvicorn

        from ui.web.app import application
        from ui.web.settings import Settings

        self.service = service
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self.port = self._socket.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}/"
        config = uvicorn.Config(
            application(service, Settings(port=self.port, **settings)),
            log_level="error",
            timeout_graceful_shutdown=1,
            ws="none",
            lifespan="on",
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.02)

    def stop(self):
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()


@pytest.fixture
def serve(make_library):
    """`serve(articles=…, writer=…) -> Server`."""
    from ui.web.service import Service

    made = []

    def start(articles=ARTICLES, *, writer=None, port=0, library=None, threshold=0, **settings):
        library = library or make_library(articles)
        service = Service(library, Pipeline(library, writer=writer, threshold=threshold), Retriever(library))
        made.append(Server(service, port, **settings))
        return made[-1]

    yield start
    for one in made:
        one.stop()


@pytest.fixture
def open_page(chromium):
    """`open_page(address, **context) -> page`, ready; nothing it does may ask for anything elsewhere or fail in its console."""
    contexts, pages = [], []

    def start(address, *, context=None, ready=True, **options):
        if context is None:
            options = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce", **options}
            context = chromium.new_context(**options, permissions=["clipboard-read", "clipboard-write"])
            contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.told, page.asked = [], []
        page.on("pageerror", lambda error: page.told.append(str(error)))
        page.on("dialog", lambda dialog: (page.told.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(address)
        if ready:
            page.wait_for_selector("html[data-assay=ready]")
        pages.append(page)
        return page

    yield start
    for page in pages:
        assert page.told == []
        own = re.match(r"https?://[^/]+", page.asked[0])[0]
        assert [url for url in page.asked if not url.startswith((own, "blob:" + own, "data:"))] == []
    for one in contexts:
        one.close()


def wait_until(page, expression, arg=None):
    """Wait until something holds; Playwright's own way evaluates words within the page, which its policy forbids."""
    end = time.monotonic() + 15
    while not page.evaluate(expression, arg):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(50)


def ask(page, question, nth=None):
    before = page.locator(".answer.state-whole").count() if nth is None else nth
    page.fill("#question textarea", question)
    page.keyboard.press("Enter")
    page.locator(".answer.state-whole").nth(before).wait_for()
    page.locator(".answer.state-whole").nth(before).locator(".tools button").first.wait_for()


def cited_by(page, server, nth=-1):
    """The answer that a message shows, as the server keeps it."""
    names = page.locator(".answer").nth(nth).get_attribute("class").split()
    key = next(name.removeprefix("key-") for name in names if name.startswith("key-"))
    return key, server.service.answers.get(key)


def text_of(page, selector):
    return page.eval_on_selector(selector, "(one) => one.textContent")


# --- answers and their proof ------------------------------------------------------------------------------------------------


def test_a_number_opens_its_article_with_exactly_the_quoted_characters_marked(serve, open_page):
    server = serve()
    page = open_page(server.address)
    ask(page, CHILE)
    _, answer = cited_by(page, server)
    chips = page.locator(".answer a.chip")
    assert chips.count() >= 1
    for citation in answer.citations:
        page.click(f".answer a.chip.n-{citation.n} >> nth=0")
        page.wait_for_selector(f"mark.current[data-span='{citation.start}:{citation.end}']")
        assert text_of(page, "mark.current") == citation.quote
        article = server.service.article(citation.article_id)
        assert text_of(page, ".pane-text") == article.text
        shown = page.eval_on_selector_all("mark", "(all) => all.map((one) => one.textContent)")
        assert sorted(shown) == sorted(one.quote for one in answer.citations if one.article_id == citation.article_id)
        assert page.locator("#source h2").text_content() == article.title
        assert page.locator("mark.current").evaluate(
            "(one) => { const at = one.getBoundingClientRect(); return at.top > 0 && at.bottom < innerHeight }"
        )


def test_the_pane_says_what_is_known_and_links_out_to_the_web_alone(serve, open_page):
    page = open_page(serve().address)
    ask(page, CHILE)
    page.click(".answer a.chip >> nth=0")
    page.wait_for_selector("mark.current")
    assert page.locator(".pane-head .facts").first.text_content() == "Reuters, 2023-04-21 · Ana Ruiz"
    out = page.locator("#source a.out")
    assert out.get_attribute("href") == "https://example.org/chile?a=1&b=2"
    assert out.get_attribute("rel") == "noopener noreferrer"
    assert out.text_content() == "Open at example.org"
    page.goto(page.url.split("?")[0] + "?article=congo")
    page.wait_for_selector("#source h2")
    assert page.locator("#source h2").text_content() == "Cobalt quotas in Congo"
    assert page.locator("#source a.out").count() == 0  # its address is none of the web


def test_a_proof_shows_at_its_number_by_pointer_and_by_keyboard(serve, open_page):
    server = serve()
    page = open_page(server.address)
    ask(page, CONGO)
    _, answer = cited_by(page, server)
    chip = page.locator(".answer a.chip").first
    assert chip.get_attribute("aria-label") == f"Citation {answer.citations[0].n}: {answer.citations[0].title}"
    chip.hover()
    proof = page.locator("#proof")
    proof.wait_for()
    assert answer.citations[0].quote in proof.text_content()
    assert "Cobalt quotas in Congo" in proof.text_content()
    assert "Argus, 2026-01-16" in proof.text_content()
    assert chip.get_attribute("aria-describedby") == "proof"
    proof.hover()  # it may be pointed at itself
    page.wait_for_timeout(400)
    assert proof.is_visible()
    page.mouse.move(5, 400)
    proof.wait_for(state="hidden")
    page.focus(".asked button")
    page.keyboard.press("Tab")
    proof.wait_for()
    page.keyboard.press("Escape")
    proof.wait_for(state="hidden")
    assert chip.get_attribute("aria-describedby") is None


def test_a_proof_stays_beside_its_number_while_the_page_moves_and_goes_with_it(serve, open_page):
    page = open_page(serve().address, viewport={"width": 900, "height": 420})
    for question in (CONGO, CHILE, CONGO):
        ask(page, question)
    chip, proof = page.locator(".answer a.chip").last, page.locator("#proof")
    move = "(by) => { const log = document.querySelector('[role=log]'); log.scrollTop += by; return log.scrollTop }"
    page.evaluate(move, 10_000)
    page.mouse.move(5, 5)
    chip.evaluate("(one) => one.focus({ focusVisible: true })")
    proof.wait_for()
    top = "(selector) => [...document.querySelectorAll(selector)].at(-1).getBoundingClientRect().top"
    between = lambda: page.evaluate(top, "#proof") - page.evaluate(top, ".answer a.chip")  # noqa: E731
    before = between()
    page.evaluate(move, -8)
    page.wait_for_timeout(150)
    assert proof.is_visible()
    assert abs(between() - before) <= 1
    page.evaluate(move, -10_000)
    proof.wait_for(state="hidden")


@pytest.mark.parametrize("height", [300, 420, 800])
def test_a_long_proof_never_covers_its_number(serve, open_page, height):
    page = open_page(serve().address, viewport={"width": 420, "height": height})
    long = "Mines of cobalt " * 60
    turns = [{"question": long[:200], "key": "key1", "answer": forged(long), "stopped": False}]
    kept = {"talks": [{"id": "c0ffee", "title": "t", "changed": 1, "turns": turns}], "current": "c0ffee"}
    page.evaluate("(kept) => localStorage.setItem('assay.conversations.1', JSON.stringify(kept))", kept)
    page.reload()
    chip, proof = page.locator(".answer a.chip").last, page.locator("#proof")
    chip.evaluate("(one) => { one.scrollIntoView({ block: 'center' }); one.focus({ focusVisible: true }) }")
    proof.wait_for()
    at, box = chip.bounding_box(), proof.bounding_box()
    assert box["y"] >= at["y"] + at["height"] or box["y"] + box["height"] <= at["y"]
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= height


def test_the_address_follows_what_is_opened_and_back_shuts_it(serve, open_page):
    server = serve()
    page = open_page(server.address)
    ask(page, CONGO)
    _, answer = cited_by(page, server)
    page.click(".answer a.chip >> nth=0")
    page.wait_for_selector("mark.current")
    first = answer.citations[0]
    assert page.url.endswith(f"?article=congo&span={first.start}:{first.end}")
    page.go_back()
    page.locator("#source").wait_for(state="hidden")
    assert "article" not in page.url
    page.go_forward()
    page.wait_for_selector("mark.current")
    page.click("#source .shut")
    page.locator("#source").wait_for(state="hidden")
    assert page.url == server.address


def test_a_link_to_some_characters_opens_them(serve, open_page):
    server = serve()
    text = ARTICLES[0].text
    start = text.index("Chile presented")
    end = text.index("\n\n")
    page = open_page(f"{server.address}?article=reports%2Fchile-plan%231%25.md&span={start}:{end}")
    page.wait_for_selector("mark.current")
    assert text_of(page, "mark.current") == text[start:end]
    page.click("text=Copy link")
    page.wait_for_selector("#told.shown")
    link = page.evaluate("navigator.clipboard.readText()")
    other = open_page(link)
    other.wait_for_selector("mark.current")
    assert text_of(other, "mark.current") == text[start:end]


@pytest.mark.parametrize(
    "query", ["article=nowhere", "article=congo&span=5:2", "article=congo&span=0:99999", "article=congo&span=x", "article="]
)
def test_links_that_lead_nowhere_say_so(serve, open_page, query):
    page = open_page(serve().address + "?" + query)
    if "nowhere" in query:
        page.wait_for_selector("#source .failure")
        assert "not in the library" in page.locator("#source .failure").text_content()
    elif query != "article=":
        page.wait_for_selector("#source h2")
        assert text_of(page, ".pane-text") == ARTICLES[1].text
    else:
        assert page.locator("#source").is_hidden()


def test_next_and_previous_go_through_all_that_an_answer_cites(serve, open_page):
    server = serve()
    page = open_page(server.address)
    ask(page, "What did Chile present, and what did Congo replace, and what did Peru shut?")
    _, answer = cited_by(page, server)
    assert len(answer.citations) >= 3
    assert len({one.article_id for one in answer.citations}) >= 2
    page.click(f".answer a.chip.n-{answer.citations[0].n} >> nth=0")
    for nth, by in [(1, "n"), (2, "n"), (1, "p"), (0, "p"), (len(answer.citations) - 1, "p")]:
        page.wait_for_selector("mark.current")
        page.focus("#source")
        page.keyboard.press(by)
        wanted = answer.citations[nth]
        page.wait_for_selector(f"mark.current[data-span='{wanted.start}:{wanted.end}']")
        assert text_of(page, "mark.current") == wanted.quote
        assert page.locator(".counter").text_content() == f"{nth + 1} of {len(answer.citations)}"


def test_an_article_of_a_megabyte_opens_quickly(serve, open_page):
    filler = "\n\n".join(f"Paragraph {n} tells of nothing in particular, 🧪 at some length, and goes on so." for n in range(14_000))
    text = filler + "\n\nZanzibar signed the clove accord in June 2019.\n\n" + filler[:5_000]
    server = serve([Article(id="long", title="Long", text=text)])
    start = text.index("Zanzibar")
    span = f"{start}:{start + 46}"
    page = open_page(server.address)
    began = time.perf_counter()
    page.goto(f"{server.address}?article=long&span={span}")
    page.wait_for_selector("mark.current")
    seconds = time.perf_counter() - began
    assert text_of(page, "mark.current") == text[start : start + 46]
    assert page.locator("mark.current").evaluate(
        "(one) => { const at = one.getBoundingClientRect(); return at.top > 0 && at.bottom < innerHeight }"
    )
    assert text_of(page, ".pane-text") == text
    assert seconds < 10  # a bound on nonsense, not a measurement


def test_a_link_of_the_library_opens_beside_it_and_asks_for_no_new_page(serve, open_page):
    page = open_page(serve().address)
    ask(page, CONGO)
    page.evaluate("window.same = true")
    page.click("[role=tab] >> text=Library")
    page.click("#articles a >> text=Chile’s lithium plan")
    page.wait_for_selector("#source h2")
    assert text_of(page, ".pane-text") == ARTICLES[0].text
    assert page.url.endswith("?article=reports%2Fchile-plan%231%25.md")
    assert page.evaluate("window.same")
    page.go_back()
    page.locator("#source").wait_for(state="hidden")
    page.click("[role=tab] >> text=Ask")
    assert page.locator(".answer.state-whole").count() == 1


@pytest.mark.parametrize("name", ["../health", "../../v1/models", "a/../congo", "..", "./congo", "%2e%2e/health"])
def test_an_id_that_reads_like_a_path_opens_that_article_or_none(serve, open_page, name):
    page = open_page(serve([*ARTICLES, Article(id="a/../congo", title="Odd", text="It is odd.")]).address)
    page.goto(page.url + "?article=" + quote(name, safe=""))
    if name == "a/../congo":
        page.wait_for_selector("#source h2")
        assert page.locator("#source h2").text_content() == "Odd"
    else:
        page.wait_for_selector("#source .failure")
        assert "not in the library" in page.locator("#source .failure").text_content()
    assert [url for url in page.asked if "/health" in url or url.endswith("/v1/models")] == []


# --- while it is answered ----------------------------------------------------------------------------------------------------

SENTENCES = [
    "Congo may export 96,600 tonnes of cobalt in 2026. [1]",
    "The quota of Congo replaced a ban on exports of cobalt. [1]",
    *(f"The quota of Congo, part {n}, replaced a ban on exports of cobalt. [1]" for n in range(2, 8)),
]


@pytest.fixture
def slow():
    """A writer, what lets it say its next sentence, and what is set when nobody listens to it any more."""
    gate, gone = threading.Semaphore(0), threading.Event()
    yield Writer(Talk(Slow(sentences=SENTENCES, gate=gate, gone=gone)), Literal(), "slow-model", keep_unsupported=True), gate, gone
    gate.release(30)


def until(page, gate, selector):
    """Let one sentence after another be said until something shows."""
    for _ in range(6):
        gate.release()
        page.wait_for_timeout(400)
        if page.locator(selector).count():
            return
    page.wait_for_selector(selector)


def test_sentences_come_one_by_one_each_with_its_number(serve, open_page, slow):
    writer, gate, _ = slow
    page = open_page(serve(writer=writer).address)
    page.fill("#question textarea", CONGO)
    page.keyboard.press("Enter")
    page.wait_for_selector(".answer.state-reading")
    assert "Reading the articles" in page.locator(".answer").last.text_content()
    assert page.input_value("#question textarea") == ""
    until(page, gate, ".answer.state-growing")
    came = page.locator(".answer .sentence").count()
    assert 1 <= came < len(SENTENCES)
    page.click(".answer a.chip >> nth=0")  # proof is there before the answer is whole
    page.wait_for_selector("mark.current")
    gate.release(30)
    page.wait_for_selector(".answer.state-whole")
    assert page.locator(".answer .sentence").count() > came
    assert "written by slow-model, checked against the articles" in page.locator(".answer .meta").text_content()


def test_stop_ends_the_work_and_keeps_what_came(serve, open_page, slow):
    writer, gate, gone = slow
    page = open_page(serve(writer=writer).address)
    page.fill("#question textarea", CONGO)
    page.keyboard.press("Enter")
    until(page, gate, ".answer.state-growing")
    page.click("#question .stop-button")
    page.wait_for_selector(".answer.state-stopped")
    assert "Stopped before the answer was whole" in page.locator(".answer").last.text_content()
    assert "96,600" in page.locator(".answer").last.text_content()
    for _ in range(5):  # the sentence that was being made when it was stopped
        gate.release()
        if gone.wait(1):
            break
    assert gone.wait(5)
    page.wait_for_selector("#question .submit-button")
    page.reload()
    page.wait_for_selector(".answer.state-stopped")
    page.click(".answer a.chip >> nth=0")
    page.wait_for_selector("mark.current")
    gate.release(30)
    page.click("text=Ask again")
    page.wait_for_selector(".answer.state-whole")
    assert page.locator(".answer").count() == 1


def test_an_answer_on_its_way_is_kept_where_another_conversation_is_opened(serve, open_page, slow):
    writer, gate, gone = slow
    page = open_page(serve(writer=writer).address)
    page.fill("#question textarea", CONGO)
    page.keyboard.press("Enter")
    until(page, gate, ".answer.state-growing")
    page.click("#new-talk")
    wait_until(page, "document.querySelectorAll('.answer').length === 0")
    for _ in range(8):
        gate.release()
        if gone.wait(1):
            break
    page.wait_for_selector("#question .submit-button")
    page.wait_for_timeout(500)
    assert page.locator(".answer").count() == 0  # nothing of it comes after
    page.click("#open-talks")
    page.click("#talks .talk")
    page.wait_for_selector(".answer.state-stopped .tools button")
    assert "96,600" in page.locator(".answer").text_content()
    assert page.locator(".asked").text_content() == CONGO


def test_a_question_that_waits_is_kept_where_another_conversation_is_opened(serve, open_page, slow, monkeypatch):
    monkeypatch.setattr("ui.web.service.Service.at_once", 1)
    writer, gate, _ = slow
    server = serve(writer=writer)
    first, page = open_page(server.address), open_page(server.address)
    first.fill("#question textarea", CHILE)
    first.keyboard.press("Enter")
    first.wait_for_selector(".answer.state-reading")
    page.fill("#question textarea", CONGO)
    page.keyboard.press("Enter")
    page.wait_for_timeout(1_000)
    assert page.locator(".answer").count() == 0
    page.click("#new-talk")
    gate.release(30)
    first.wait_for_selector(".answer.state-whole")
    page.click("#open-talks")
    page.click(f"#talks .talk >> text={CONGO}")
    page.wait_for_selector(".answer.state-failed")
    assert page.locator(".asked").all_text_contents() == [CONGO]
    page.click("#new-talk")
    wait_until(page, "document.querySelectorAll('.answer').length === 0")


def test_a_question_is_kept_from_when_it_is_asked(serve, open_page, slow):
    writer, gate, _ = slow
    page = open_page(serve(writer=writer).address)
    page.fill("#question textarea", CONGO)
    page.keyboard.press("Enter")
    page.wait_for_selector(".answer.state-reading")
    page.reload()
    page.wait_for_selector(".answer.state-failed")
    assert "Stopped before there was an answer" in page.locator(".answer").text_content()
    assert page.locator(".asked").text_content() == CONGO
    gate.release(30)
    page.click(".answer >> text=Ask again")
    page.wait_for_selector(".answer.state-whole .tools button")
    assert page.locator(".answer").count() == 1


def test_an_answer_that_grew_is_kept_whole(serve, open_page, slow):
    writer, gate, _ = slow
    page = open_page(serve(writer=writer).address)
    page.fill("#question textarea", CONGO)
    page.keyboard.press("Enter")
    until(page, gate, ".answer.state-growing")
    page.hover(".answer a.chip >> nth=0")
    gate.release(30)
    page.wait_for_selector(".answer.state-whole .tools button")
    sentences = page.locator(".answer .sentence").count()
    assert sentences > 1
    page.reload()
    page.wait_for_selector(".answer.state-whole .tools button")
    assert page.locator(".answer .sentence").count() == sentences


def test_what_is_asked_again_stays_until_there_is_another_answer(serve, open_page, slow):
    writer, gate, _ = slow
    page = open_page(serve(writer=writer).address)
    gate.release(30)
    ask(page, CONGO)
    ask(page, CHILE)
    while gate.acquire(blocking=False):
        pass
    page.locator(".tools >> text=Ask again").first.click()
    page.wait_for_selector(".answer.state-reading")
    page.reload()
    page.locator(".answer.state-whole").nth(1).wait_for()
    assert page.locator(".asked").all_text_contents() == [CONGO, CHILE]
    gate.release(60)
    page.locator(".tools >> text=Ask again").nth(1).wait_for()
    page.locator(".tools >> text=Ask again").first.click()
    wait_until(page, "document.querySelectorAll('.answer.state-whole').length === 1")
    page.wait_for_selector(".answer .tools button")
    page.reload()
    page.wait_for_selector(".answer.state-whole .tools button")
    assert page.locator(".asked").all_text_contents() == [CONGO]


def test_who_comes_when_too_many_wait_is_told_so_and_keeps_the_question(serve, open_page, slow, monkeypatch):
    monkeypatch.setattr("ui.web.service.Service.at_once", 1)
    monkeypatch.setattr("ui.web.page.MOST_WAITING", 1)
    writer, gate, _ = slow
    server = serve(writer=writer)
    pages = [open_page(server.address) for _ in range(3)]
    for page, sign in zip(pages, (".answer.state-reading", ".stop-button", ".toast-body"), strict=True):
        page.fill("#question textarea", CONGO)
        page.keyboard.press("Enter")
        page.wait_for_selector(sign) if sign != ".stop-button" else page.wait_for_timeout(1_500)
    said = pages[2].locator(".toast-body").inner_text()
    assert "busy" in said.lower() or "full" in said.lower(), said
    assert pages[2].input_value("#question textarea") == CONGO
    pages[2].screenshot(path=os.environ.get("ASSAY_SHOT") or None)
    gate.release(60)


def test_a_lost_connection_is_said_and_the_question_is_kept(serve, open_page, slow):
    writer, gate, _ = slow
    server = serve(writer=writer)
    page = open_page(server.address)
    page.fill("#question textarea", CONGO)
    page.keyboard.press("Enter")
    page.wait_for_selector(".answer.state-reading")
    port = server.port
    server.stop()
    page.wait_for_selector(".answer.lost", timeout=20_000)
    assert "Your question is kept" in page.locator(".answer.lost").text_content()
    gate.release(30)
    serve(port=port)
    page.click(".answer.lost >> text=Ask again")
    page.wait_for_selector("html[data-assay=ready]")
    wait_until(page, "document.querySelector('#question textarea').value.startsWith('How much cobalt')")


def test_who_is_offline_is_told(serve, open_page):
    page = open_page(serve().address)
    page.context.set_offline(offline=True)
    page.wait_for_selector("#offline:not([hidden])")
    assert "nothing can be asked until the connection is back" in page.locator("#offline").inner_text()
    page.context.set_offline(offline=False)
    page.locator("#offline").wait_for(state="hidden")


def test_a_question_that_cannot_be_asked_is_kept_with_the_reason(serve, open_page):
    page = open_page(serve().address)
    page.fill("#question textarea", "?!")
    page.keyboard.press("Enter")
    page.wait_for_selector(".answer.state-failed")
    assert "expected a question" in page.locator(".answer").text_content()
    wait_until(page, "document.querySelector('#question textarea').value === '?!'")
    ask(page, CONGO)
    assert page.locator(".answer").count() == 1


# --- a conversation -----------------------------------------------------------------------------------------------------------


def test_a_conversation_is_there_after_reload_and_restart_and_goes_on(serve, open_page):
    server = serve()
    page = open_page(server.address)
    ask(page, CONGO)
    ask(page, "When did it replace the ban?")
    assert "Understood as" in page.locator(".answer").nth(1).text_content()
    before = page.locator("#conversation").inner_text()
    numbers = page.eval_on_selector_all("a.chip", "(all) => all.map((one) => [one.textContent, one.getAttribute('href')])")
    assert len(dict(numbers)) == len({tuple(one) for one in numbers})  # a number means one place, all through
    port = server.port
    server.stop()
    again = serve(port=port)
    page.goto(again.address)
    page.wait_for_selector("html[data-assay=ready]")
    page.locator(".answer .tools button").nth(6).wait_for()
    assert page.locator("#conversation").inner_text() == before
    page.locator(".answer a.chip").last.click()
    page.wait_for_selector("mark.current")
    ask(page, CHILE)
    more = page.eval_on_selector_all("a.chip", "(all) => all.map((one) => [one.textContent, one.getAttribute('href')])")
    assert more[: len(numbers)] == numbers
    assert len(dict(more)) == len({tuple(one) for one in more})


def test_a_question_that_comes_before_the_script_is_kept_too(serve, open_page, chromium):
    server, held = serve(), []
    context = chromium.new_context(viewport={"width": 1280, "height": 800})

    def hold(route):  # a bare method of a list is none for Playwright
        held.append(route)

    context.route("**/own/assay.js", hold)
    page = open_page(server.address, context=context, ready=False)
    page.fill("#question textarea", CONGO)
    page.keyboard.press("Enter")
    page.wait_for_selector(".answer.state-whole")
    held[0].continue_()
    page.wait_for_selector("html[data-assay=ready]")
    page.wait_for_selector(".answer.state-whole .tools button")
    context.unroute("**/own/assay.js")
    page.reload()
    page.wait_for_selector(".answer.state-whole .tools button")
    assert page.locator(".asked").all_text_contents() == [CONGO]
    context.close()


def test_a_question_is_edited_in_its_place_and_what_came_after_goes(serve, open_page):
    page = open_page(serve().address)
    ask(page, CONGO)
    ask(page, CHILE)
    page.locator(".asked").first.hover()
    page.locator(".asked button").first.click()
    box = page.locator("form.rewriting textarea")
    assert box.input_value() == CONGO
    box.fill("What did Peru shut?")
    page.keyboard.press("Enter")
    wait_until(page, "document.querySelectorAll('.answer.state-whole').length === 1")
    page.wait_for_selector(".answer .tools button")
    assert "Peru" in page.locator(".asked").text_content()
    page.reload()
    page.wait_for_selector(".answer.state-whole")
    assert page.locator(".answer").count() == 1


def test_how_a_question_was_understood_is_edited_and_asked_again(serve, open_page):
    server = serve()
    page = open_page(server.address)
    ask(page, CONGO)
    ask(page, "And when did it replace the ban?")
    page.click("text=Edit and ask again")
    page.fill("form.rewriting textarea", "What did Peru shut in May 2024?")
    page.click("form.rewriting >> text=Ask")
    wait_until(page, "document.querySelector('#conversation').textContent.includes('What did Peru shut in May 2024?')")
    page.locator(".answer.state-whole").nth(1).wait_for()
    _, answer = cited_by(page, server)
    assert answer.question == "And when did it replace the ban?"
    assert answer.standalone_question == "What did Peru shut in May 2024?"


def test_an_answer_is_copied_with_its_footnotes(serve, open_page):
    server = serve()
    page = open_page(server.address)
    ask(page, CONGO)
    _, answer = cited_by(page, server)
    page.click(".tools >> text=Copy")
    page.wait_for_selector("#told.shown")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(answer.text)
    for citation in answer.citations:
        place = f"{server.address}?article=congo&span={citation.start}:{citation.end}"  # its own address is none of the web
        assert f"[{citation.n}] “{citation.quote}” — {citation.title}, Argus, 2026-01-16, {place}" in copied


def test_conversations_are_listed_named_and_deleted_and_each_browser_has_its_own(serve, open_page):
    server = serve()
    page = open_page(server.address)
    ask(page, CONGO)
    page.click("#new-talk")
    wait_until(page, "document.querySelectorAll('.answer').length === 0")
    ask(page, CHILE)
    page.click("#open-talks")
    names = page.locator("#talks .talk span:first-child")
    assert names.all_text_contents() == [CHILE, CONGO]
    page.click(f"#talks [aria-label='Rename {CONGO}']")
    page.fill("#talks input", "Cobalt")
    page.keyboard.press("Enter")
    page.click("#talks .talk >> text=Cobalt")
    wait_until(page, "document.querySelector('.answer')?.textContent.includes('96,600')")
    page.click("#talks [aria-label='Delete Cobalt']")
    wait_until(page, "document.querySelectorAll('.answer').length === 0")
    assert names.all_text_contents() == [CHILE]
    other = open_page(server.address)
    other.click("#open-talks")
    assert other.locator("#talks .talk").count() == 0
    assert other.locator(".asked").count() == 0


def test_a_shared_answer_is_shown_to_who_has_its_link(serve, open_page):
    server = serve()
    page = open_page(server.address)
    page.route("**/api/v1/answers/*/share", lambda route: route.fulfill(json={"ok": True}))
    ask(page, CONGO)
    page.click(".tools >> text=Link")
    page.wait_for_selector("#told.shown")
    link = page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(re.escape(server.address) + r"\?answer=[\w-]{22}", link)
    other = open_page(link)
    other.wait_for_selector(".answer.state-whole .tools button")
    assert "96,600" in other.locator(".answer").text_content()
    other.click("a.chip >> nth=0")
    other.wait_for_selector("mark.current")
    other.go_back()
    other.locator("#source").wait_for(state="hidden")
    assert other.url == link
    gone = open_page(server.address + "?answer=AAAAAAAAAAAAAAAAAAAAAA")
    gone.wait_for_selector("#told.shown")
    assert "not kept here" in gone.locator("#told").text_content()


def test_two_pages_of_one_browser_keep_what_both_have(serve, open_page):
    server = serve()
    page = open_page(server.address)
    other = open_page(server.address, context=page.context)
    ask(page, CONGO)
    ask(other, CHILE)
    ask(page, "When did it replace the ban?")
    for one in (page, other):
        one.click("#open-talks")
        wait_until(one, "document.querySelectorAll('#talks .talk').length === 2")
    other.reload()
    other.wait_for_selector(".answer.state-whole")
    assert other.locator(".asked").all_text_contents() == [CHILE]  # each page goes on with its own
    page.click(f"#talks [aria-label='Delete {CHILE}']")
    other.click("#open-talks")
    wait_until(other, "document.querySelectorAll('#talks .talk').length === 1")
    page.reload()
    page.locator(".answer.state-whole").nth(1).wait_for()
    assert page.locator(".asked").count() == 2
    page.click("#open-talks")
    assert page.locator("#talks .talk span:first-child").all_text_contents() == [CONGO]


def test_a_conversation_open_on_two_pages_goes_on_on_both(serve, open_page):
    server = serve()
    page = open_page(server.address)
    ask(page, CONGO)
    other = open_page(server.address, context=page.context)
    other.wait_for_selector(".answer.state-whole .tools button")
    ask(page, CHILE)
    other.locator(".answer.state-whole .tools").nth(1).wait_for()
    ask(other, "What did Peru shut?")
    page.locator(".answer.state-whole .tools").nth(2).wait_for()
    assert page.locator(".asked").all_text_contents() == [CONGO, CHILE, "What did Peru shut?"]


def test_two_pages_that_ask_at_once_in_one_conversation_keep_both_answers(serve, open_page, slow):
    writer, gate, _ = slow
    server = serve(writer=writer)
    page = open_page(server.address)
    gate.release(len(SENTENCES))
    ask(page, CONGO)
    other = open_page(server.address, context=page.context)
    other.wait_for_selector(".answer.state-whole .tools button")
    page.fill("#question textarea", CHILE)
    page.keyboard.press("Enter")
    other.locator(".answer.state-elsewhere").wait_for()  # while the one is answered, the other asks
    other.wait_for_timeout(300)
    other.fill("#question textarea", "What did Peru shut?")
    other.keyboard.press("Enter")
    for one in (page, other):
        one.wait_for_selector(".answer:is(.state-reading, .state-growing)")
    third = open_page(server.address, context=page.context)  # what others are at is not taken for broken off
    third.locator(".answer.state-elsewhere").nth(1).wait_for()
    gate.release(30)
    for one in (page, other, third):
        one.locator(".answer.state-whole .tools button[aria-label='A good answer']").nth(2).wait_for()
        assert one.locator(".asked").count() == 3
        assert set(one.locator(".asked").all_text_contents()) == {CONGO, CHILE, "What did Peru shut?"}
    assert page.locator(".asked").all_text_contents() == other.locator(".asked").all_text_contents()
    page.locator(".answer").last.locator("[aria-label='A good answer']").click()
    page.wait_for_selector("[aria-pressed=true]")
    gate.release(30)
    ask(other, "How large is it?")
    page.locator(".answer.state-whole .tools").nth(3).wait_for()
    page.reload()
    page.wait_for_selector("html[data-assay=ready]")
    page.locator(".answer.state-whole .tools button").first.wait_for()
    assert page.locator(".asked").count() == 4
    assert page.locator("[aria-pressed=true]").count() == 1  # what was said of an answer stays when another page writes


def test_one_turn_that_is_broken_leaves_the_conversation(serve, open_page):
    page = open_page(serve().address)
    ask(page, CONGO)
    ask(page, CHILE)
    change = """() => {
      const kept = JSON.parse(localStorage.getItem('assay.conversations.1'));
      kept.talks[0].turns[0].answer = {broken: true};
      localStorage.setItem('assay.conversations.1', JSON.stringify(kept));
    }"""
    page.evaluate(change)
    page.reload()
    page.wait_for_selector(".answer.state-whole .tools button")
    assert "cannot be shown" in page.locator(".answer").first.text_content()
    ask(page, "What did Peru shut?")
    assert page.locator(".asked").all_text_contents() == [CONGO, CHILE, "What did Peru shut?"]


def test_each_who_logs_in_has_conversations_of_their_own_and_a_way_out(serve, open_page):
    passwords = {name: bcrypt.hashpw(b"right", bcrypt.gensalt(4)).decode() for name in ("anna", "bo")}
    server = serve(passwords=passwords)
    page = open_page(server.address, ready=False)
    there = []
    for name, asked in (("anna", CONGO), ("bo", CHILE), ("anna", CONGO), ("anna", CHILE)):
        page.wait_for_selector("#password")
        page.fill("#name", name)
        page.fill("#password", "right")
        page.keyboard.press("Enter")
        page.wait_for_selector("html[data-assay=ready]")
        assert page.locator("#top .who .name").text_content() == name
        there.append(page.locator(".asked").count())
        if not there[-1]:
            ask(page, asked)
        assert page.locator(".asked").all_text_contents() == [asked]
        page.click("#log-out")
        forget = len(there) > 2
        page.click("[role=menuitem] >> text=delete my conversations" if forget else "[role=menuitem] >> text=/^Log out$/")
        page.wait_for_selector("#password")
        assert ("Congo" in page.evaluate("JSON.stringify(localStorage)")) is not forget
        assert "Chile" in page.evaluate("JSON.stringify(localStorage)") or name == "anna"
    assert there == [0, 0, 1, 0]
    page.goto(server.address)
    page.wait_for_selector("#password")


def test_nobody_is_named_where_nobody_must_log_in(serve, open_page):
    page = open_page(serve().address)
    assert page.locator(".who").count() == 0


# --- judging and taking along -----------------------------------------------------------------------------------------------


def test_votes_and_corrections_are_sent_shown_and_taken_back(serve, open_page):
    server = serve()
    page = open_page(server.address)
    sent = []
    page.route("**/api/v1/feedback", lambda route: (sent.append(route.request.post_data_json), route.fulfill(json={})))
    ask(page, CONGO)
    key, _ = cited_by(page, server)
    good, bad = page.locator("[aria-label='A good answer']"), page.locator("[aria-label='Not a good answer']")
    good.click()
    page.wait_for_selector("[aria-label='A good answer'][aria-pressed=true]")
    bad.click()
    page.wait_for_selector("[aria-label='A good answer'][aria-pressed=false]")
    bad.click()
    page.wait_for_selector("[aria-label='Not a good answer'][aria-pressed=false]")
    page.click(".tools >> text=Correct")
    page.fill("form.correction textarea", "100,000 <b>tonnes</b>")
    page.click("form.correction >> text=Send")
    page.wait_for_selector(".thanks")
    assert "100,000 <b>tonnes</b>" in page.locator(".thanks").text_content()
    page.reload()
    page.wait_for_selector(".thanks")
    page.route("**/api/v1/feedback", lambda route: (sent.append(route.request.post_data_json), route.fulfill(json={})))
    page.click("[aria-label='A good answer']")  # what was corrected stays so
    page.wait_for_selector("[aria-label='A good answer'][aria-pressed=true]")
    page.click("text=Take it back")
    page.locator(".thanks").wait_for(state="detached")
    assert [(one["key"], one["vote"], one.get("correction", "none")) for one in sent] == [
        (key, "up", None),
        (key, "down", None),
        (key, None, None),
        (key, None, "100,000 <b>tonnes</b>"),
        (key, "up", "100,000 <b>tonnes</b>"),
        (key, "up", None),
    ]
    assert len({one["voter"] for one in sent}) == 1
    assert re.fullmatch("[0-9a-f]{32}", sent[0]["voter"])


def test_a_vote_that_fails_is_not_shown_as_cast(serve, open_page):
    server = serve()
    page = open_page(server.address)
    ask(page, CONGO)
    server.service.answers._answers.clear()
    server.service.library.remove("congo")
    page.click("[aria-label='A good answer']")
    page.wait_for_selector("#told.shown")
    assert "The articles have changed since this answer" in page.locator("#told").text_content()
    assert page.get_attribute("[aria-label='A good answer']", "aria-pressed") == "false"


def test_an_answer_that_the_server_has_forgotten_is_judged_all_the_same(serve, open_page):
    server = serve()
    page = open_page(server.address)
    ask(page, CONGO)
    server.service.answers._answers.clear()
    page.click("[aria-label='A good answer']")
    page.wait_for_selector("[aria-label='A good answer'][aria-pressed=true]")
    page.wait_for_selector("#told.shown >> text=Thank you")
    (row,) = FeedbackStore(server.service.folder / "feedback.sqlite").rows()
    assert (row["question"], row["vote"]) == (CONGO, "up")
    assert "96,600" in row["answer"]["answer"]


@pytest.mark.parametrize(
    ("label", "format_", "ending"), [("Markdown", "markdown", "md"), ("BibTeX", "bibtex", "bib"), ("CSL-JSON", "csl-json", "json")]
)
def test_a_conversation_is_exported(serve, open_page, label, format_, ending):
    server = serve()
    page = open_page(server.address)
    sent = []
    page.route("**/api/v1/export", lambda route: (sent.append(route.request.post_data_json), route.fulfill(body="exported")))
    ask(page, CONGO)
    ask(page, CHILE)
    page.click("#export")
    with page.expect_download() as download:
        page.click(f"[role=menuitem] >> text={label}")
    assert download.value.suggested_filename == f"assay-conversation.{ending}"
    assert sent == [{"keys": [cited_by(page, server, 0)[0], cited_by(page, server, 1)[0]], "format": format_}]


def test_a_conversation_that_the_server_has_forgotten_is_exported_all_the_same(serve, open_page):
    server = serve()
    page = open_page(server.address)
    ask(page, CONGO)
    _, answer = cited_by(page, server)
    server.service.answers._answers.clear()
    sent = []

    def export(route):
        given = route.request.post_data_json
        sent.append(given)
        route.fulfill(status=404, json={"error": {"message": "none"}}) if "keys" in given else route.fulfill(body="exported")

    page.route("**/api/v1/export", export)
    page.click("#export")
    with page.expect_download():
        page.click("[role=menuitem] >> text=Markdown")
    assert list(sent[1]) == ["answers", "format"]
    told = Answer.from_json(sent[1]["answers"][0])
    assert (told.sentences, told.citations, told.question) == (answer.sentences, answer.citations, CONGO)


# --- finding one's way ------------------------------------------------------------------------------------------------------


def test_filters_narrow_the_search_and_are_shown(serve, open_page):
    page = open_page(serve().address)
    page.click("#filters >> text=Filters")
    page.wait_for_selector("#sources")
    assert page.locator("#sources label").all_inner_texts() == ["Reuters (2)", "Argus (1)"]
    page.click("#sources >> text=Reuters")
    page.wait_for_selector("#limits .limit")
    assert page.locator("#limits .limit").all_inner_texts() == ["source Reuters"]
    ask(page, CONGO)
    assert "96,600" not in page.locator(".answer").last.text_content()
    page.fill("#after textarea, #after input", "31 June")
    page.keyboard.press("Tab")
    page.wait_for_selector("#after.wrong")
    assert "Not a date: '31 June'" in page.locator("#after").inner_text()
    page.wait_for_selector("#after [aria-invalid=true]")
    page.goto(page.url + "?article=peru")
    page.wait_for_selector("#source h2")
    page.click("text=Ask only this article")
    page.wait_for_selector(".limit.chosen")
    page.click("#source .shut")
    page.click("#filters >> text=Filters")
    page.click("#sources >> text=Reuters")
    page.wait_for_selector("#limits .limit:not(.chosen)")
    page.click("#clear-limits")
    wait_until(page, "!document.querySelector('#limits .limit')")
    ask(page, CONGO)
    assert "96,600" in page.locator(".answer").last.text_content()


def written():
    """Articles in two languages, by more authors than are offered at once; two of these wrote more than one article."""
    many = [Article(id=f"r{n}", title=f"Report {n}", text=f"Mine {n} shut.", authors=(f"Reporter {n:02}", "Ana Ruiz")) for n in range(60)]
    german = "Chile stellte im April 2023 einen Plan für Lithium vor."
    return [
        *many,
        *ARTICLES,
        Article(id="plan", title="Der Plan", language="de", authors=("Zacharias Quill", "Ana Ruiz"), text=german),
        Article(id="erz", title="Erz", language="de", authors=("Jörg Weiß",), text="Peru schloss im Mai 2024 eine Hütte."),
    ]


def choose_author(page, typed, name):
    page.click("#authors input")
    page.keyboard.type(typed)
    page.click(f"#authors [role=option] >> text={name}")
    page.keyboard.press("Escape")


def test_filters_by_language_and_author_narrow_the_search_and_are_shown(serve, open_page):
    *before, plan, ore = written()
    server = serve(before, threshold=1)
    server.service.library.add(plan, ore)  # what is offered is the collection as it is when the page is opened
    page = open_page(server.address)
    page.click("#filters >> text=Filters")
    page.wait_for_selector("#languages")
    assert page.locator("#languages label").all_inner_texts() == ["English (63)", "German (2)"]
    page.click("#authors input")
    page.wait_for_selector("#authors [role=option]")
    offered = page.locator("#authors [role=option]").all_inner_texts()
    assert len(offered) == 50
    assert "Ana Ruiz" in offered[0]
    assert "Zacharias" not in "".join(offered)
    page.keyboard.press("Escape")
    choose_author(page, "quill", "Zacharias Quill")
    choose_author(page, "jörg", "Jörg Weiß")
    page.click("#languages >> text=German")
    wait_until(page, "document.querySelectorAll('#limits .limit').length === 2")
    assert page.locator("#limits .limit").all_inner_texts() == ["by Zacharias Quill or Jörg Weiß", "in language German"]
    ask(page, "Wer stellte einen Plan vor?")
    said = "Searched: 65 articles, of those only by Zacharias Quill or Jörg Weiß, in language German; "
    assert page.locator(".searched").text_content().startswith(said)
    assert sorted(page.locator("a.near").all_text_contents()) == ["Der Plan", "Erz"]
    page.click("#clear-limits")
    wait_until(page, "!document.querySelector('#limits .limit')")
    assert page.locator("#languages input:checked").count() == 0
    assert "Quill" not in page.locator("#authors").inner_text()
    ask(page, "Und in Peru?")
    assert page.locator(".searched").last.text_content().startswith("Searched: 65 articles; ")
    page.reload()
    page.wait_for_selector(".answer.turn-1 .tools button")
    assert page.locator(".searched").first.text_content().startswith(said)  # as it was then


def test_questions_are_put_to_one_article_alone(serve, open_page):
    page = open_page(serve().address + "?article=peru")
    page.wait_for_selector("#source h2")
    page.click("text=Ask only this article")
    page.wait_for_selector(".limit.chosen")
    assert "Only: Peru" in page.locator(".limit.chosen").text_content()
    page.click("#source .shut")
    ask(page, CONGO)
    assert "96,600" not in page.locator(".answer").last.text_content()
    page.click(".limit.chosen button")
    ask(page, CONGO)
    assert "96,600" in page.locator(".answer").last.text_content()


def test_a_suggested_question_is_asked_and_answered(serve, open_page):
    page = open_page(serve().address)
    page.wait_for_selector("#conversation .example")
    first = page.locator("#conversation .example").first
    words = first.inner_text()
    first.click()
    page.wait_for_selector(".answer.state-whole")
    assert page.locator(".asked").inner_text() == words


def test_an_empty_library_says_how_to_fill_it(serve, open_page):
    page = open_page(serve([]).address)
    assert "There are no articles yet" in page.locator("#conversation").inner_text()
    assert "assay add PATH" in page.locator("#conversation").inner_text()
    assert page.locator("#conversation .example").count() == 0


def test_silence_shows_what_was_searched_and_the_nearest_passages_open(serve, open_page):
    server = serve(threshold=1)
    page = open_page(server.address)
    ask(page, CONGO)
    said = page.locator(".answer").inner_text()
    assert "The articles do not say." in said
    assert re.search(r"Searched: 3 articles; \d passages? read\.", said)
    page.click("a.near >> nth=0")
    page.wait_for_selector("mark.current")
    assert page.locator("#source h2").text_content() == page.locator("a.near").first.text_content()
    page.click("text=Ask only this article")
    page.click("#source .shut")
    ask(page, CONGO)
    only = page.locator(".searched").last.text_content()
    assert only.startswith(f"Searched: 3 articles, of those only {page.locator('a.near').first.text_content()}; ")
    server.service.library.remove("peru")
    page.reload()
    page.wait_for_selector(".answer.turn-1 .tools button")
    assert page.locator(".searched").all_text_contents()[1] == only  # as it was then


def test_light_and_dark_follow_the_system_until_somebody_chooses(serve, open_page):
    server = serve()
    page = open_page(server.address, color_scheme="dark")
    assert page.evaluate("document.body.classList.contains('dark')")
    page.click("#mode")
    assert not page.evaluate("document.body.classList.contains('dark')")
    page.reload()
    page.wait_for_selector("html[data-assay=ready]")
    assert not page.evaluate("document.body.classList.contains('dark')")


def test_a_phone_has_all_of_it(serve, open_page):
    server = serve()
    page = open_page(server.address, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    ask(page, CHILE)
    wide = "document.documentElement.scrollWidth <= innerWidth"
    assert page.evaluate(wide)
    page.tap(".answer a.chip >> nth=0")
    page.wait_for_selector("mark.current")
    assert page.locator("#source").bounding_box()["width"] == 360
    assert page.evaluate(wide)
    page.tap("#source .shut")
    page.locator("#source").wait_for(state="hidden")
    page.tap("#open-talks")
    page.wait_for_selector("#talks .talk")
    page.tap("#talks .talk")
    page.locator("#talks").wait_for(state="hidden")
    small = page.eval_on_selector_all(
        "button, a, textarea", "(all) => all.filter((one) => one.offsetParent && one.getBoundingClientRect().right > innerWidth + 1).length"
    )
    assert small == 0


def test_the_keyboard_alone_is_enough(serve, open_page):
    page = open_page(serve().address)
    page.keyboard.press("Shift+Tab")
    for _ in range(30):
        if page.evaluate("document.activeElement.classList.contains('skip')"):
            break
        page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.type(CONGO)
    page.keyboard.press("Enter")
    page.wait_for_selector(".answer.state-whole .tools button")
    for _ in range(40):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.classList.contains('chip')"):
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle + getComputedStyle(document.activeElement).outlineWidth")
    assert outline in ("solid2px", "solid3px")
    page.keyboard.press("Enter")
    page.wait_for_selector("mark.current")
    assert page.evaluate("document.activeElement.closest('#source') !== null")
    page.keyboard.press("Escape")
    page.locator("#source").wait_for(state="hidden")
    assert page.evaluate("document.activeElement.classList.contains('chip')")


# --- for everybody ------------------------------------------------------------------------------------------------------------


def serious(page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page).response["violations"]
    return [
        (one["id"], node["target"], node.get("failureSummary", ""))
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_nothing_keeps_anybody_out(serve, open_page, scheme, width):
    page = open_page(serve().address, color_scheme=scheme, viewport={"width": width, "height": 800})
    page.wait_for_selector("#conversation .example")
    page.mouse.move(1, 1)
    assert serious(page) == []
    page.click("#filters >> text=Filters")
    page.wait_for_selector("#sources")
    assert serious(page) == []
    page.click("#filters >> text=Filters")
    ask(page, CONGO)
    ask(page, "And when did it replace the ban?")
    assert serious(page) == []
    page.click(".tools >> text=Correct >> nth=0")
    page.wait_for_selector("form.correction")
    assert serious(page) == []
    page.locator(".answer a.chip").last.click()
    page.wait_for_selector("mark.current")
    assert serious(page) == []
    page.click("#source .shut")
    page.click("#open-talks")
    page.wait_for_selector("#talks .talk")
    assert serious(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_conflicts_doubts_and_silence_keep_nobody_out(serve, open_page, scheme):
    page = open_page(serve().address, color_scheme=scheme)
    told = forged("1,310 metres")
    update = {**told, "conflict": {**told["conflict"], "kind": "update"}}
    hit = {"rank": 1, "score": 0.4, "text": "Peru shut a smelter.", "also_in": [], **told["citations"][0]}
    hit = {name: hit[name] for name in hit if name not in ("n", "url", "quote", "page")}
    silent = {**told, "sentences": [], "citations": [], "conflict": None, "reason": "not_supported", "abstained": True, "hits": [hit]}
    turns = [{"question": "How long?", "key": f"key{n}", "answer": one, "stopped": n == 1} for n, one in enumerate((told, update, silent))]
    kept = {"talks": [{"id": "c0ffee", "title": "Long", "changed": 1, "turns": turns}], "current": "c0ffee"}
    page.evaluate("(kept) => localStorage.setItem('assay.conversations.1', JSON.stringify(kept))", kept)
    page.reload()
    page.wait_for_selector(".answer.turn-2 .tools button")
    assert page.locator(".conflict .side").count() == 4
    assert page.locator(".weak").count() == 2
    assert page.locator(".unanswered").count() == 3
    assert page.locator(".near").count() == 1
    assert serious(page) == []


def test_the_page_needs_no_script_that_is_made_from_words(serve, open_page, chromium):
    """Under a policy that forbids `eval`, all goes as before; only Gradio's own inline scripts need leave."""
    inline = "script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'"
    policy = f"default-src 'self'; {inline}; img-src 'self' data:; font-src 'self' data:"
    watch = "window.broken = []; addEventListener('securitypolicyviolation', (one) => broken.push(one.violatedDirective + one.blockedURI))"

    def guarded(route):
        answer = route.fetch()
        route.fulfill(response=answer, headers={**answer.headers, "content-security-policy": policy})

    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    context.route(re.compile(r"http://127\.0\.0\.1:\d+/(\?.*)?$"), guarded)
    context.add_init_script(watch)
    page = open_page(serve().address, context=context)
    page.wait_for_selector("#conversation .example")
    page.click("#filters >> text=Filters")
    page.click("#sources >> text=Argus")
    page.wait_for_selector("#limits .limit")
    ask(page, CONGO)
    page.click(".answer a.chip >> nth=0")
    page.wait_for_selector("mark.current")
    assert page.evaluate("window.broken") == []
    context.close()


# --- what comes from elsewhere ------------------------------------------------------------------------------------------------

HOSTILE = Path(os.environ.get("ASSAY_DATA") or "") / "hostile"

#: Payloads that are tried; ASSAY_PAYLOADS=all tries every one.
MOST_PAYLOADS = 120

#: What nothing on the page may be or have.
AUDIT = """() => [...document.querySelectorAll("*")].flatMap((one) => [
  ...[...one.attributes].filter((a) => /^on/i.test(a.name)).map((a) => `${one.tagName} ${a.name}=${a.value}`),
  ...[...one.attributes]
    .filter((a) => /^(href|src|action|formaction|data|xlink:href|srcset|poster|background)$/i.test(a.name))
    .filter((a) => /^[\\s\\u0000-\\u0020]*(javascript|vbscript|data|file|blob):/i.test(a.value))
    .map((a) => `${one.tagName} ${a.name}=${a.value}`),
  ...(one.closest("#conversation, #source, #proof, #talks, #told") &&
      /^(script|img|image|iframe|object|embed|base|video|audio|picture|math|animate|set|style|link|meta)$/i.test(one.tagName) &&
      !one.closest("svg, .scroll-down-button-container, .icon-button-wrapper") ? [one.tagName] : []),
])"""

#: What the page itself asks for.
OWN = r"/(\?.*|own/|assets/|static/|gradio_api/|api/v1/|theme\.css|favicon|config|manifest\.json|svelte/|$)"


def payloads():
    for name, key in (("xss_payloads.jsonl.gz", "payload"), ("markdown_exfil.jsonl.gz", "text")):
        if (HOSTILE / name).is_file():
            with gzip.open(HOSTILE / name, "rt", encoding="utf-8") as lines:
                yield from (json.loads(line)[key] for line in lines)


@pytest.fixture(scope="module")
def hostile():
    found = list(dict.fromkeys(one.replace("\0", "") for one in payloads() if any(map(str.isalnum, one))))
    if not found:
        pytest.skip("needs the hostile texts in ASSAY_DATA")
    if os.environ.get("ASSAY_PAYLOADS") == "all":
        return found
    return found[:: max(1, len(found) // MOST_PAYLOADS)][:MOST_PAYLOADS]


def harmless(page):
    assert page.evaluate("window.seen || []") == []
    assert page.evaluate(AUDIT) == []
    assert [
        url for url in page.asked if not re.match(re.escape(re.match(r"https?://[^/]+", page.asked[0])[0]) + OWN, url) and url[:4] == "http"
    ] == []


WATCH = """() => {
  window.seen = [];
  for (const name of ["alert", "confirm", "prompt", "open", "print"]) window[name] = () => window.seen.push(name);
}"""


def test_hostile_articles_are_only_text_in_the_source_pane(serve, open_page, hostile):
    articles = [
        Article(id=f"a{n}", title=one, source=one, authors=(one,), url=one, text=f"Fact {n}: {one}\n\nIt was so.")
        for n, one in enumerate(hostile)
    ]
    page = open_page(serve(articles).address)
    page.evaluate(WATCH)
    for article in articles:
        page.evaluate(
            "(id) => { history.pushState(null, '', `?article=${id}&span=0:9`); dispatchEvent(new PopStateEvent('popstate')); }", article.id
        )
        wait_until(page, "(title) => document.querySelector('#source h2')?.textContent === title", arg=article.title)
        assert text_of(page, ".pane-text") == article.text
        harmless(page)


def test_hostile_authors_languages_and_sources_are_only_text_among_the_filters(serve, open_page, hostile):
    articles = [
        Article(id=f"a{n}", title=one, source=one, authors=(one, f"{one} \u202e{n}"), language=one, text="Peru shut a copper smelter.")
        for n, one in enumerate(hostile)
    ]
    page = open_page(serve(articles, threshold=1).address)
    page.evaluate(WATCH)
    page.click("#filters >> text=Filters")
    page.wait_for_selector("#languages")
    harmless(page)
    page.click("#authors input")
    for _ in range(5):
        page.locator("#authors [role=option][aria-selected=false]").nth(1).click()
    page.keyboard.press("Escape")
    boxes = page.locator("#languages input")
    for n in range(5):
        boxes.nth(n).check()
    wait_until(page, "document.querySelectorAll('#limits .limit').length === 2")
    harmless(page)
    ask(page, "What was shut?")
    assert "in language " in page.locator(".searched").text_content()
    harmless(page)
    assert "\u202e" not in page.locator("#filters").inner_text() + page.locator("#limits").inner_text()


def test_hostile_answers_are_only_text_in_the_conversation(serve, open_page, hostile):
    """As stored answers, in which every word is hostile: what a model, a title, a question or another tab may have put there."""
    page = open_page(serve().address)
    for first in range(0, len(hostile), 20):
        turns = [
            {"question": one, "key": f"key{n}", "answer": forged(one), "stopped": False}
            for n, one in enumerate(hostile[first : first + 20])
        ]
        kept = {"talks": [{"id": "c0ffee", "title": turns[0]["question"], "changed": 1, "turns": turns}], "current": "c0ffee"}
        page.evaluate("(kept) => localStorage.setItem('assay.conversations.1', JSON.stringify(kept))", kept)
        page.reload()
        wait_until(page, "(count) => document.querySelectorAll('.answer .tools button').length >= count * 6", arg=len(turns))
        page.evaluate(WATCH)
        page.locator("a.chip").last.focus()
        page.locator("a.chip").last.hover()
        page.wait_for_selector("#proof:not([hidden])")
        page.click("#open-talks")
        page.wait_for_selector("#talks .talk")
        page.keyboard.press("Escape")
        harmless(page)
        shown = page.eval_on_selector_all(".asked", "(all) => all.map((one) => one.firstChild.textContent)")
        assert len(shown) == len(turns)


def forged(words):
    place = {"article_id": words, "passage_id": words, "title": words, "source": words, "published": words, "start": 0, "end": 9}
    side = {"value": words, "citations": [1], "source": words, "published": words}
    return {
        "id": None,
        "question": words,
        "standalone_question": f"{words}?",
        "answer": words,
        "short_answer": words,
        "abstained": False,
        "reason": None,
        "confidence": 0.5,
        "model": words,
        "timings_ms": {},
        "notes": [words],
        "removed": [],
        "hits": [],
        "sentences": [{"text": words, "citations": [1], "support": 0.1, "verdict": "partly", "doubt": words}],
        "citations": [{**place, "n": 1, "url": words, "quote": words, "page": None, "also_in": [words]}],
        "conflict": {"kind": "conflict", "sides": [side, side]},
        "parts": [{"question": words, "answered": False, "sentences": []}],
    }


def test_a_model_that_repeats_what_is_hostile_is_only_text(serve, open_page, hostile):
    said = [one.replace("\n", " ")[:400] for one in hostile]

    class Echo(BaseChatModel):
        turn: int = 0

        @property
        def _llm_type(self):
            return "echo"

        def _generate(self, messages, stop=None, run_manager=None, **more):  # noqa: ARG002  # LangChain's names
            self.turn += 1
            words = " [1]\n\n".join(said[self.turn * 10 : self.turn * 10 + 10])
            reply = f"Congo may export 96,600 tonnes of cobalt in 2026. [1] {words} [1]"
            return ChatResult(generations=[ChatGeneration(message=AIMessage(content=reply))])

    page = open_page(serve(writer=Writer(Talk(Echo()), Literal(), said[0], keep_unsupported=True)).address)
    page.evaluate(WATCH)
    for _ in range(5):
        ask(page, CONGO)
        harmless(page)


def test_programs_ask_through_the_one_public_endpoint(serve):
    from gradio_client import Client

    server = serve()
    client = Client(server.address, verbose=False)
    assert list(client.view_api(return_format="dict")["named_endpoints"]) == ["/chat"]
    said = client.predict(CONGO, api_name="/chat")
    assert "96,600 tonnes" in said
    assert "[1] “" in said

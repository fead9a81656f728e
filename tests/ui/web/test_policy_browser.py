"""The page in a real browser under its policy: it works, nothing is kept from it, and it asks nobody but us."""

import time
from dataclasses import replace

import bcrypt
import gradio
import pytest

from ui.web import app as app_module
from ui.web.app import application
from ui.web.settings import Settings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning"),  # Gradio's use of it
]

#: Notes what the policy forbade, from before the first script.
WATCH = """
window.forbidden = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.forbidden.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber} ${event.sample}`));
"""

#: Puts into the page what an article would, were it ever taken for HTML.
PLANT = """() => {
  window.ran = [];
  const script = document.createElement("script");
  script.textContent = "window.ran.push('inline')";
  document.body.append(script);
  const box = document.createElement("div");
  box.innerHTML = `<img src="/none" onerror="window.ran.push('handler')"><img src="http://evil.invalid/x.png">`;
  document.body.append(box);
}"""

HOSTILE = "</script><script>window.forbidden.push('ran')</script><img src=x onerror=\"window.forbidden.push('ran')\">"


@pytest.fixture
def opened(chromium):
    """`opened(address) -> (page, asked, said)`: a page, the addresses that it asked for, and what it wrote to the console."""
    context = chromium.new_context()
    context.add_init_script(WATCH)

    def open_(address):
        page = context.new_page()
        asked, said = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(address)
        return page, asked, said

    yield open_
    context.close()


def components(service, settings):  # noqa: ARG001  # as the page's own
    """A page of what chats are made of, with hostile text in each place."""

    def answer(question, history):
        grown = ""
        for word in question.split():
            grown += word + " "
            time.sleep(0.01)
            yield [*history, {"role": "user", "content": question}, {"role": "assistant", "content": grown}]

    with gradio.Blocks(title=HOSTILE, analytics_enabled=False) as page:
        with gradio.Tab("Ask"):
            chat = gradio.Chatbot(label=HOSTILE)
            gradio.Dropdown(["Reuters", HOSTILE], multiselect=True, label="Sources")
            box = gradio.Textbox(label="Question")
            box.submit(answer, [box, chat], chat, api_visibility="private")
        with gradio.Tab("Library"):
            files = gradio.File(label="Articles", file_count="multiple")
            said = gradio.Markdown()
            box.input(lambda text: f"{len(text)} letters", box, said, queue=False, api_visibility="private")
            files.upload(lambda found: f"{len(found)} taken", files, said, api_visibility="private")
        gradio.Markdown('<section class="pane" data-key="1"><h2>Source</h2><mark id="m">quote</mark></section>', sanitize_html=False)
        gradio.State(HOSTILE)
    return page


def test_the_page_works_under_its_policy(two_articles, served, opened, tmp_path):
    service = replace(two_articles, may_write=True)
    host, port = served(application(service, Settings(allow_upload=True)))
    page, asked, said = opened(f"http://{host}:{port}/")
    page.get_by_label("Your question").fill("What did Chile present in April 2023?")
    page.get_by_label("Your question").press("Enter")
    page.locator("a.chip").first.click(timeout=20_000)
    page.locator("#source mark.current").first.wait_for()
    page.get_by_role("button", name="Close the source").click()
    page.get_by_role("tab", name="Library").click()
    page.get_by_role("button", name="Add articles").click()
    article = tmp_path / "article.txt"
    article.write_text("Peru presented a copper plan.")
    page.locator("#upload input[type=file]").set_input_files(article)
    page.get_by_text("article.txt: 1 added").wait_for(timeout=20_000)
    page.get_by_role("tab", name="Evaluation").click()
    page.get_by_text("There are no runs yet").wait_for(timeout=20_000)
    page.get_by_role("tab", name="Ask").click()
    assert page.evaluate("window.forbidden") == []
    assert [line for line in said if line != "Method not implemented."] == []  # a word of Gradio's on every page
    assert {address for address in asked if not address.startswith((f"http://{host}:{port}/", "data:", "blob:"))} == set()


def test_no_script_runs_but_ours(two_articles, served, opened, monkeypatch):
    monkeypatch.setattr(app_module, "blocks", components)
    host, port = served(application(two_articles, Settings()))
    page, *_ = opened(f"http://{host}:{port}/")
    page.get_by_label("Question", exact=True).wait_for()
    page.evaluate(PLANT)
    page.wait_for_function("window.forbidden.length >= 3")
    assert page.evaluate("window.ran") == []
    assert {line.split()[0] for line in page.evaluate("window.forbidden")} >= {"script-src-elem", "script-src-attr", "img-src"}


def test_the_first_page_asks_nobody_else(two_articles, served, opened, monkeypatch):
    monkeypatch.setattr(app_module, "blocks", components)
    host, port = served(application(two_articles, Settings()))
    page, asked, said = opened(f"http://{host}:{port}/")
    page.get_by_label("Question", exact=True).wait_for()
    page.wait_for_timeout(1_000)  # two streams stay open, so that the network is never idle
    assert f"http://{host}:{port}/own/assay.js" in asked
    assert [address for address in asked if not address.startswith((f"http://{host}:{port}/", "data:"))] == []
    assert not [line for line in said if "Failed to load" in line]


def test_login_on_a_phone_and_a_link_from_elsewhere(two_articles, served, chromium):
    hashed = bcrypt.hashpw(b"right", bcrypt.gensalt(4)).decode()
    host, port = served(application(two_articles, Settings(passwords={"anna": hashed})))
    context = chromium.new_context(viewport={"width": 360, "height": 640}, color_scheme="dark", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"http://{host}:{port}/?answer=a-key")
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    assert "do not match" in page.get_by_role("alert").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_label("Password").fill("right")
    page.get_by_role("button", name="Log in").click()
    assert page.url == f"http://{host}:{port}/?answer=a-key"
    (cookie,) = context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["expires"]) == (True, "Strict", -1)
    elsewhere = context.new_page()
    elsewhere.route(
        "http://elsewhere.test/",
        lambda route: route.fulfill(content_type="text/html", body=f'<a href="http://{host}:{port}/?answer=a-key">an answer</a>'),
    )
    elsewhere.goto("http://elsewhere.test/")
    elsewhere.get_by_text("an answer").click()
    elsewhere.wait_for_url(f"http://{host}:{port}/?answer=a-key")
    elsewhere.locator("gradio-app").wait_for(state="attached")
    page.goto(f"http://{host}:{port}/logout")
    page.get_by_role("button", name="Log out").click()
    page.goto(f"http://{host}:{port}/")
    assert page.url == f"http://{host}:{port}/login"
    context.close()

"""The product as `assay serve` starts it, over the sample articles, in a real browser: every article opens, every mark is the quote."""

import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.browser]

SEEDS = Path(__file__).parents[3] / "seeds"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Where a process of its own serves the sample articles."""
    index = str(tmp_path_factory.mktemp("product") / "seeds.assay")
    assay = [sys.executable, "-m", "ui.cli", "--index", index]
    subprocess.run([*assay, "add", str(SEEDS / "articles")], check=True, capture_output=True)
    command = [*assay, "--json", "serve", "--port", "0", "--reader", "none"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        yield json.loads(server.stdout.readline())["url"]
        server.terminate()


def told(address, path):
    """What the interface for programs says."""
    with urlopen(f"{address}api/v1/{path}") as answer:  # noqa: S310  # of the server that was just started
        return json.load(answer)


@pytest.fixture
def page(chromium, address):
    """A page that is open, after which nothing was complained of and nothing asked for elsewhere."""
    page = chromium.new_page(viewport={"width": 1280, "height": 800})
    said, elsewhere = [], []
    page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda one: elsewhere.append(one.url) if not one.url.startswith((address, "data:", "blob:")) else None)
    yield page
    said, elsewhere = list(said), list(elsewhere)  # what comes of its being shut is no fault of its
    page.close()
    assert said == []
    assert elsewhere == []


def test_every_article_opens_in_the_source_pane(page, address):
    articles = told(address, "articles?limit=100")["articles"]
    assert len(articles) == 30
    for article in articles:
        page.goto(f"{address}?article={quote(article['id'], safe='')}")
        heading = page.locator("#source h2")
        heading.wait_for()
        assert heading.inner_text().split() == article["title"].split()
        text = told(address, f"articles/{quote(article['id'])}")["text"]
        shown = page.locator("#source .pane-text").evaluate("(one) => one.textContent")
        assert "".join(shown.split()) == "".join(text.split())


def test_every_number_of_an_answer_opens_its_quote(page, address):
    questions = [
        "How much cobalt may Congo export in 2026?",
        "What did Chile announce in April 2023, and when did Congo replace its ban on cobalt exports?",
        "Why did Australian lithium mines shut down?",
    ]
    for question in questions:
        page.goto(address)
        box = page.get_by_role("textbox", name="Your question")
        box.fill(question)
        box.press("Enter")
        page.wait_for_selector(".state-whole")
        chips = page.locator("a.chip")
        chips.first.wait_for()
        assert chips.count() >= 1
        for place in range(chips.count()):
            chips.nth(place).click()
            mark = page.locator("#source mark.current")
            mark.first.wait_for()
            article, span = page.evaluate(
                "() => { const asked = new URLSearchParams(location.search); return [asked.get('article'), asked.get('span')] }"
            )
            words = told(address, f"articles/{quote(article)}?span={span}")["text"]
            marked = "".join(mark.nth(n).evaluate("(one) => one.textContent") for n in range(mark.count()))
            assert "".join(marked.split()) == "".join(words.split())


def test_all_tabs_open(page, address):
    page.goto(address)
    page.get_by_role("tab", name="Library").click()
    page.get_by_text("1 to 25 of 30 articles").wait_for()
    page.get_by_role("tab", name="Evaluation").click()
    page.get_by_text("There are no runs yet").wait_for()
    page.get_by_role("tab", name="Ask").click()
    page.get_by_role("textbox", name="Your question").wait_for()

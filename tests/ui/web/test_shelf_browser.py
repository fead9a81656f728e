"""The Library and the Evaluation tab in a real browser, under a policy that forbids `eval`: as people use and others abuse them."""

import asyncio
import gzip
import json
import os
import re
import shutil
import socket
import threading
import time
from pathlib import Path

import pytest
import uvicorn

from eval import Dataset, Evidence, Example, Target, evaluate
from index import Article
from ui.web.settings import Settings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.filterwarnings("default"),  # Gradio serves in this process, and would fail on what its own libraries warn of
]

POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; manifest-src 'self'; frame-src 'self'; base-uri 'self'; form-action 'self'"
)

#: All that a page may do in a browser that watches it.
WATCH = """
window.seen = []; window.progressed = 0;
for (const name of ["alert", "confirm", "prompt", "open", "print"]) window[name] = () => window.seen.push(name);
document.addEventListener("securitypolicyviolation", (event) => window.seen.push(`policy: ${event.violatedDirective} ${event.sourceFile}`));
new MutationObserver(() => { if (document.querySelector("#taken progress")) window.progressed += 1; })
  .observe(document, {subtree: true, childList: true});
"""

#: What no element that we write may be or have, and what no element at all may.
AUDIT = """() => [
  ...[...document.querySelectorAll("*")].flatMap((one) => [...one.attributes].filter((a) => /^on/i.test(a.name)).map((a) => a.name)),
  ...[...document.querySelectorAll("[href], [src], [action], [formaction]")].flatMap((one) => [...one.attributes]
    .filter((a) => /^(href|src|action|formaction)$/i.test(a.name) && /^\\s*(javascript|data:text|vbscript|file)/i.test(a.value))
    .map((a) => a.value)),
  ...[...document.querySelectorAll(".own *")].flatMap((one) => [
    ...(/^(img|image|iframe|object|embed|form|base|video|audio|script|style|link|meta|math|animate|set|input)$/i.test(one.tagName)
      ? [one.tagName] : []),
    ...[...one.attributes].filter((a) => /^(style|src|srcset|srcdoc|ping)$/i.test(a.name)).map((a) => a.name),
    ...(one.tagName === "A" && !/^\\/(\\?article=|api\\/v1\\/runs\\/)/.test(one.getAttribute("href")) ? [one.getAttribute("href")] : []),
  ]),
]"""

METALS = {"copper": 11, "nickel": 22, "tin": 33, "zinc": 44, "lead": 55, "cobalt": 66}


def metal(name, tonnes):
    text = f"Chile dug {tonnes} tonnes of {name} in 2023. It was a good year for all who work there."
    return Article(id=f"a-{name}", title=f"The {name} of 2023", text=text, source="Example Times", published="2023-04-21")


def mine(n):
    return Article(id=f"m{n:02}", title=f"Mine {n:02}", text=f"Mine {n} opened in {1990 + n}.", published=str(1990 + n))


def guarded(app):
    """The page behind a policy that lets no text be evaluated."""

    async def call(scope, receive, send):
        async def told(message):
            if message["type"] == "http.response.start" and b"content-security-policy" not in dict(message["headers"]):
                message["headers"] = [*message["headers"], (b"content-security-policy", POLICY.encode())]
            await send(message)

        await app(scope, receive, told)

    return call


@pytest.fixture
def serve(monkeypatch, tmp_path):
    """`serve(service) -> address`; stopped when the test is done."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    stop = []

    def start(service):
        from ui.web.app import application

        door = socket.create_server(("127.0.0.1", 0))
        made = []

        async def run():
            app = application(service, Settings(allow_upload=service.may_write))  # in a running loop: Gradio would leave its own open
            made.append(uvicorn.Server(uvicorn.Config(guarded(app), log_level="error", timeout_graceful_shutdown=1)))
            await made[0].serve(sockets=[door])

        thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
        thread.start()
        stop.append((made, thread, door))
        while not (made and made[0].started):
            time.sleep(0.05)
        return f"http://127.0.0.1:{door.getsockname()[1]}"

    yield start
    for made, thread, door in stop:
        made[0].should_exit = True
        thread.join(20)
        door.close()


@pytest.fixture
def look(chromium, serve):
    """`look(service, tab, **context) -> page`, the tab open; what it asked of others and said of errors is kept."""
    contexts = []

    def start(service, tab="Library", **context):
        address = serve(service)
        contexts.append(chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce", **context}))
        contexts[-1].add_init_script(WATCH)
        page = contexts[-1].new_page()
        page.asked, page.told, page.home = [], [], address
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("pageerror", lambda error: page.told.append(str(error)))
        page.goto(address)
        page.get_by_role("tab", name=tab).click()
        page.wait_for_selector("#articles :is(table, .nothing)" if tab == "Library" else "#runs :is(table, .nothing)", timeout=60_000)
        return page

    yield start
    for one in contexts:
        one.close()


@pytest.fixture
def metals(make_service):
    """`metals(**options) -> Service` of six articles and two runs."""

    def make(names=("first", "second"), **options):
        service = make_service([metal(*one) for one in METALS.items()], **options)
        for name, weight in zip(names, (0.5, 1.0), strict=False):
            questions = tuple(
                Example(
                    id=f"q-{one}",
                    question=f"How many tonnes of {one} did Chile dig in 2023?",
                    answers=(str(tonnes),),
                    answerable=True,
                    evidence=(Evidence(f"a-{one}", quote=f"Chile dug {tonnes} tonnes of {one} in 2023."),),
                )
                for one, tonnes in METALS.items()
            )
            target = Target.of(service.library, reader=None, dense_weight=weight)
            evaluate(Dataset(name="metals", format="own", examples=questions), target, folder=service.folder / "runs" / name)
        return service

    return make


def nothing_happened(page):
    page.wait_for_timeout(300)
    assert page.evaluate("window.seen") == []
    assert page.evaluate(AUDIT) == []
    assert page.told == []
    assert [url for url in page.asked if not url.startswith((page.home, "data:", "blob:"))] == []


def titles(page):
    return page.locator("#articles tbody th a").all_inner_texts()


# --- the library ------------------------------------------------------------------------------------------------------


def test_articles_are_found_sorted_and_opened(look, make_service):
    many = [
        Article(id=f"m{n:02}", title=f"Mine {n:02}", text=f"Mine {n} opened in {1990 + n}.", published=str(1990 + n)) for n in range(30)
    ]
    page = look(make_service(many))
    assert titles(page) == [f"Mine {n:02}" for n in range(25)]
    assert page.get_by_role("button", name="Previous page").is_disabled()
    page.get_by_role("button", name="Next page").click()
    page.wait_for_selector("#articles >> text=26 to 30 of 30 articles. Page 2 of 2.")
    assert titles(page) == [f"Mine {n:02}" for n in range(25, 30)]
    page.get_by_label("Search the articles").fill("M1")
    page.wait_for_selector("#articles >> text=1 to 10 of 10 articles, of 30 in all.")
    page.get_by_label("Sort by").click()
    page.get_by_role("option", name="Newest first").click()
    page.wait_for_selector("#articles tbody tr:first-child >> text=Mine 19")
    page.get_by_label("Search the articles").fill("nowhere")
    page.wait_for_selector("#articles >> text=No article has these words")
    page.get_by_label("Search the articles").fill("m07")
    page.wait_for_selector("#articles >> text=1 to 1 of 1 article")
    link = page.locator("#articles a[data-article='m07']")
    assert link.get_attribute("href") == "/?article=m07"
    nothing_happened(page)


def test_it_works_by_keys_alone(look, metals):
    page = look(metals())
    page.get_by_role("tab", name="Library").focus()
    page.keyboard.press("Tab")
    for _ in range(3):
        if page.evaluate("document.activeElement.tagName") in {"INPUT", "TEXTAREA"}:
            break
        page.keyboard.press("Tab")
    page.keyboard.type("cobalt")
    page.wait_for_selector("#articles >> text=1 to 1 of 1 article")
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.article") == "a-cobalt":
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/?article=a-cobalt")


def test_where_it_is_only_read_there_is_nothing_that_writes(look, metals):
    page = look(metals())
    assert page.locator("input[type=file]").count() == 0
    assert page.get_by_text(re.compile("Add articles|Remove|paste", re.IGNORECASE)).count() == 0


def test_files_are_added_with_their_progress_and_refused_with_their_reasons(look, metals, embedder, monkeypatch, tmp_path):
    service = metals(names=(), may_write=True)
    embed = type(embedder).embed_documents
    monkeypatch.setattr(type(embedder), "embed_documents", lambda *given, **options: time.sleep(0.6) or embed(*given, **options))
    page = look(service)
    page.get_by_role("button", name="Add articles").click()
    files = [
        {"name": "silver.md", "mimeType": "text/markdown", "buffer": b"# Silver of 2023\n\nPeru dug 7 tonnes of silver in 2023.\n"},
        {"name": "virus.exe", "mimeType": "application/octet-stream", "buffer": b"MZ\x90\x00" * 50},
        {"name": "rows.jsonl", "mimeType": "text/plain", "buffer": b'{"id": "gold", "text": "Peru dug gold."}\n{"id": "bad"}\n'},
    ]
    page.locator("#upload input[type=file]").set_input_files(files)
    page.wait_for_selector("#taken >> text=/^3 files done/", timeout=30_000)
    said = page.locator("#taken").inner_text()
    assert "silver.md: 1 added" in said
    assert re.search("virus.exe: 1 refused\\s+unsupported", said)
    assert re.search("rows.jsonl: 1 added, 1 refused\\s+rows.jsonl:line 2: ", said)
    assert page.evaluate("window.progressed") > 0
    page.wait_for_selector("#articles >> text=of 8 articles")
    assert "Silver of 2023" in titles(page)
    assert {one["path"] for one in service.articles()} == {None, "silver.md", "rows.jsonl"}
    left = [path for path in (tmp_path / "uploads").rglob("*") if path.is_file()]
    assert left == []
    nothing_happened(page)


def test_a_text_is_pasted_and_an_article_removed_and_brought_back(look, metals):
    service = metals(names=(), may_write=True)
    page = look(service)
    page.get_by_role("button", name="Add articles").click()
    page.get_by_role("button", name="Or paste a text").click()
    page.get_by_label("Text", exact=True).fill("Bolivia dug 9 tonnes of silver in 2023.")
    page.get_by_label("Title", exact=True).fill("Silver of Bolivia")
    page.get_by_label("Date, such as").fill("someday")
    page.get_by_role("button", name="Add the text").click()
    page.wait_for_selector("#taken >> text=expected a date such as 2023-04-21")
    page.get_by_label("Date, such as").fill("2023-05-06")
    page.wait_for_timeout(500)  # a second press counts only after the first one is done with
    page.get_by_role("button", name="Add the text").click()
    page.wait_for_selector("#taken >> text=Silver of Bolivia: 1 added")
    page.wait_for_selector("#articles >> text=of 7 articles")
    nothing_happened(page)


def test_an_article_is_removed_and_brought_back_after_a_reload(look, metals):
    service = metals(names=(), may_write=True)
    page = look(service)
    page.get_by_role("button", name="Remove The zinc of 2023").press("Enter")
    page.wait_for_selector("#taken >> text=Removed The zinc of 2023.")
    page.wait_for_selector("#articles >> text=of 5 articles")
    assert "a-zinc" not in {one["id"] for one in service.articles()}
    page.wait_for_function("() => document.activeElement?.dataset.remove !== undefined")  # the keyboard goes on among the articles
    page.reload()
    page.wait_for_selector("html[data-assay=ready]")
    page.get_by_role("tab", name="Library").click()
    page.get_by_role("button", name="Bring back The zinc of 2023").click()
    page.wait_for_selector("#taken >> text=Brought back: 1 added")
    page.wait_for_selector("#articles >> text=of 6 articles")
    assert service.article("a-zinc").title == "The zinc of 2023"
    assert page.locator("[data-restore]").count() == 0
    nothing_happened(page)


def test_names_of_articles_that_markup_would_cut_are_removed_as_they_are(look, make_service):
    odd = ["x/%26#1?a=b", "\u202etxt.exe", "'\"<b>"]
    service = make_service(
        [Article(id=name, text=f"Chile dug {n} tonnes of tin.", title=name) for n, name in enumerate(odd)], may_write=True
    )
    page = look(service)
    for left in (2, 1, 0):
        page.locator("[data-remove]").first.click()
        page.wait_for_function("left => document.querySelectorAll('[data-remove]').length === left", arg=left)
    assert service.articles() == []
    assert {one.id for one in service.removed.articles()} == set(odd)
    nothing_happened(page)


# --- the runs ---------------------------------------------------------------------------------------------------------


def test_runs_are_shown_compared_and_their_report_opens(look, metals):
    service = metals()
    (service.folder / "runs" / "broken").mkdir()
    page = look(service, "Evaluation")
    assert "unreadable" in page.locator("#runs").inner_text()
    page.get_by_label("Show a run").click()
    page.get_by_role("option", name="first").click()
    page.wait_for_selector("#run table.figures", timeout=60_000)
    assert page.locator("#run svg.drawing").count() >= 2
    box = page.locator("#run svg.whisker").first.bounding_box()
    assert box["width"] > 80
    address = page.get_by_role("link", name="Open the report, with every question").get_attribute("href")
    page.get_by_label("Or compare the baseline, A").click()
    page.get_by_role("option", name="first").click()
    page.get_by_label("with another, B").click()
    page.get_by_role("option", name="second").last.click()
    page.get_by_role("button", name="Compare").click()
    page.wait_for_selector("#run table.contrasts", timeout=60_000)
    assert re.search("could be luck|more than luck", page.locator("#run").inner_text())
    nothing_happened(page)
    report = page.context.new_page()
    report.goto(page.home + address)
    report.wait_for_selector("#found:not(:empty)")
    assert report.evaluate("window.origin") == "null"
    assert report.evaluate("window.seen") == []


# --- everybody --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tab", ["Library", "Evaluation"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_checker_of_accessibility_finds_nothing_serious_in_what_is_ours(look, metals, tab, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    page = look(metals(may_write=True), tab, color_scheme=scheme)
    if scheme == "dark":
        page.evaluate("document.body.classList.add('dark')")
    if tab == "Library":
        for name in ("Add articles", "Or paste a text"):
            page.get_by_role("button", name=name).click()
        page.locator("[data-remove]").first.click()
        page.wait_for_selector("#removed [data-restore]")
    else:
        page.get_by_label("Show a run").click()
        page.get_by_role("option", name="first").click()
        page.wait_for_selector("#run table.figures", timeout=60_000)
    page.wait_for_timeout(400)
    found = axe.Axe().run(page).response["violations"]
    serious = [one for one in found if one["impact"] in {"serious", "critical"}]
    told = [(one["id"], node["target"], node["html"][:160]) for one in serious for node in one["nodes"]]
    if os.environ.get("AXE_LOG"):
        with Path(os.environ["AXE_LOG"]).open("a") as log:
            log.write(f"{tab} {scheme} {json.dumps(told, indent=1)}\n")
    ours = [one for one in told if re.search(r"#articles|#taken|#removed|#runs|#run\b|\.own", str(one[1])) or 'class="own' in one[2]]
    assert ours == []


@pytest.mark.parametrize("tab", ["Library", "Evaluation"])
def test_a_phone_shows_it_whole(look, metals, tab):
    page = look(metals(may_write=True), tab, viewport={"width": 360, "height": 740})
    if tab == "Evaluation":
        page.get_by_label("Show a run").click()
        page.get_by_role("option", name="first").click()
        page.wait_for_selector("#run table.figures", timeout=60_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


# --- hostile ----------------------------------------------------------------------------------------------------------


def payloads(count):
    """Every so manieth of the hostile texts, so that there are `count`, and those that are hostile as a file's name."""
    with gzip.open(Path(os.environ["ASSAY_DATA"]) / "hostile" / "xss_payloads.jsonl.gz", "rt", encoding="utf-8") as lines:
        found = [json.loads(line)["payload"] for line in lines]
    return found[:: max(1, len(found) // count)][:count]


@pytest.mark.skipif("ASSAY_DATA" not in os.environ, reason="expected the hostile texts in $ASSAY_DATA")
def test_hostile_words_of_articles_and_files_are_only_words(look, make_service):
    rows = []
    for n, payload in enumerate(payloads(120)):
        words = {"title": payload, "source": payload, "author": [payload], "url": payload, "published": payload}
        rows.append({"id": f"x{n}", "text": f"Words of article {n}: {payload}", **words})
    service = make_service(may_write=True)
    service.library.add([row for row in rows if row["title"].strip()])
    count = len(service.articles())
    assert count > 110
    page = look(service)
    nothing_happened(page)
    for _ in range(1, -(-count // 25)):
        before = page.locator("#articles .count").inner_text()
        page.get_by_role("button", name="Next page").click()
        page.wait_for_function("before => document.querySelector('#articles .count').innerText !== before", arg=before)
        nothing_happened(page)
    for removed in (1, 2, 3):
        page.locator("[data-remove]").first.click()
        page.wait_for_function("count => document.querySelectorAll('[data-restore]').length === count", arg=removed)
    nothing_happened(page)
    page.get_by_role("button", name="Add articles").click()
    names = [one.replace("/", "∕")[:60] + ".exe" for one in payloads(40) if one.strip()] + ["\u202egpj.md", "a" * 250 + ".md"]
    page.locator("#upload input[type=file]").set_input_files(
        [{"name": name, "mimeType": "text/plain", "buffer": f"MZ {n}".encode()} for n, name in enumerate(names)]
    )
    page.wait_for_selector(f"#taken >> text=/^{len(names)} files done/", timeout=60_000)
    nothing_happened(page)


@pytest.mark.skipif("ASSAY_DATA" not in os.environ, reason="expected the hostile texts in $ASSAY_DATA")
def test_hostile_names_of_runs_are_only_words(look, metals):
    service = metals(names=("first",))
    runs = service.folder / "runs"
    names = {one.replace("/", "∕").replace("\0", "")[:80] for one in payloads(40)} - {"", ".", ".."}
    for name in names:
        shutil.copytree(runs / "first", runs / name, dirs_exist_ok=True)
    page = look(service, "Evaluation")
    nothing_happened(page)
    page.get_by_label("Show a run").click()
    page.get_by_role("option").nth(3).click()
    page.wait_for_selector("#run table.figures", timeout=60_000)
    nothing_happened(page)

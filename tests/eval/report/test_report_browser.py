"""The report in a browser: it opens at once, its controls work, and nothing from data runs, fetches or becomes an element."""

import gzip
import json
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from eval.report.content import (
    About,
    Bars,
    Citation,
    Curve,
    Difference,
    Estimate,
    Evidence,
    Exchange,
    Headline,
    Line,
    Outcome,
    Question,
    Report,
    Result,
    Sentence,
    Series,
    Tone,
    Value,
)
from eval.report.page import render

pytestmark = [pytest.mark.slow, pytest.mark.browser]

#: All that a report may do in a browser that watches it.
WATCH = """
window.seen = [];
for (const name of ["alert", "confirm", "prompt", "open", "print"]) window[name] = () => window.seen.push(name);
document.addEventListener("securitypolicyviolation", (event) => window.seen.push(`policy: ${event.violatedDirective}`));
"""

#: What no element of an opened report may be or have.
AUDIT = """() => [...document.querySelectorAll("*")].flatMap((one) => [
  ...(/^(img|image|iframe|object|embed|form|base|video|audio|picture|math|animate|set)$/i.test(one.tagName) ? [one.tagName] : []),
  ...[...one.attributes].filter((a) => /^(on.*|style|src|srcdoc|srcset|action|ping)$/i.test(a.name)).map((a) => a.name),
  ...[...one.attributes].filter((a) => /href/.test(a.name) && !/^(#|https?:\\/\\/|data:image\\/svg)/.test(a.value)).map((a) => a.value),
  ...(one.tagName === "A" && /^http/.test(one.getAttribute("href")) && one.rel !== "noopener noreferrer nofollow" ? ["rel"] : []),
])"""


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed; `make test-browser` does it")
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("expected chromium on the path, found none; `make test-browser` installs it")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_report(browser, tmp_path):
    """`open_report(report, **context) -> page`; what it said and asked for is on `page.told` and `page.asked`."""
    contexts = []

    def start(report, **context):
        file = tmp_path / f"report{len(contexts)}.html"
        file.write_text(render(report), encoding="utf-8")
        contexts.append(browser.new_context(**{"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce", **context}))
        page = contexts[-1].new_page()
        page.told, page.asked = [], []
        page.add_init_script(WATCH)
        page.on("console", lambda message: page.told.append(message.text))
        page.on("pageerror", lambda error: page.told.append(str(error)))
        page.on("dialog", lambda dialog: (page.told.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(file.as_uri())
        page.wait_for_selector("#found:not(:empty)")
        assert page.asked == [file.as_uri()]
        return page

    yield start
    for one in contexts:
        one.close()


def quiet(page):
    return page.told == [] and page.evaluate("window.seen") == [] and len(page.asked) == 1


@pytest.mark.parametrize("runs", [1, 2])
def test_two_thousand_questions_open(open_report, make_report, runs, capsys):
    report = make_report(2000, runs, plots=True)
    started = time.perf_counter()
    page = open_report(report)
    seconds = time.perf_counter() - started
    loaded = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    with capsys.disabled():
        print(f"\n2,000 questions, {runs} runs: loaded {loaded:.0f} ms, rendered, opened and first rows in {seconds:.2f} s")  # noqa: T201 -- the figure that is asked for
    assert page.locator(".questions .head").count() == 50
    assert page.locator("#found").text_content() == "1–50 of 2,000 questions"
    assert seconds < 60  # a bound on nonsense, not a measurement
    assert quiet(page)


def test_search_filters_and_order(open_report, make_report):
    report = make_report(300, 1)
    page = open_report(report)
    found, rows = page.locator("#found"), page.locator(".questions .head")
    page.fill("#search", "q-0123")
    assert rows.count() == 1
    page.fill("#search", "CASE 12)")  # each word stands somewhere: 12, 112 and 212
    assert rows.count() == 3
    page.fill("#search", "no such word")
    assert page.locator("#rows").text_content() == "No question fits."
    page.fill("#search", "")

    wanted = [one for one in report.questions if one.results[0].outcome.name == "not retrieved" and one.type == "temporal"]
    page.select_option(
        "#outcome", label=f"not retrieved ({sum(one.results[0].outcome.name == 'not retrieved' for one in report.questions)})"
    )
    page.select_option("#type", label="temporal")
    assert [code.text_content() for code in page.locator(".under code").all()] == [one.id for one in wanted]
    page.select_option("#outcome", "")
    page.select_option("#type", "")

    page.select_option("#sort", label="F1")
    page.click("#direction")
    by_value = sorted(report.questions, key=lambda one: -next(v.value for v in one.results[0].values if v.measure == "F1"))
    assert [code.text_content() for code in page.locator(".under code").all()] == [one.id for one in by_value[:50]]
    page.click("#pages button:last-child")
    assert found.text_content() == "51–100 of 300 questions"
    assert page.locator(".under code").first.text_content() == by_value[50].id
    assert quiet(page)


def test_counts_of_outcomes_lead_to_their_questions(open_report, make_report):
    report = make_report(300, 2)
    page = open_report(report)
    wanted = sum(one.results[1].outcome.name == "wrongly silent" for one in report.questions)
    page.locator(".outcome").nth(1).locator("a", has_text="wrongly silent").click()
    assert page.locator("#found").text_content().endswith(f"{wanted} questions")
    page.select_option("#outcome", "differs")
    differs = sum(one.results[0].outcome.name != one.results[1].outcome.name for one in report.questions)
    assert page.locator("#found").text_content().endswith(f"of {differs} questions")


def test_a_question_opens_by_keyboard_with_its_citation_marked(open_report, make_report):
    report = make_report(20, 1)
    place = next(n for n, one in enumerate(report.questions) if one.results[0].citations and one.history)
    citation = report.questions[place].results[0].citations[0]
    page = open_report(report)
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type(f"q-{place:04d}")
    for _ in range(5):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "false"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    first = page.locator(".citation").first
    assert "".join(first.locator("mark.cited").all_text_contents()) == citation.passage[citation.start : citation.end]
    assert first.locator("mark.evidence").count() == 2
    assert page.locator(".gold blockquote").text_content() == report.questions[place].evidence[0].quote
    assert page.locator(".turn").count() == 2
    link = first.locator("a")
    assert (link.get_attribute("href"), link.get_attribute("rel")) == (citation.url, "noopener noreferrer nofollow")
    page.locator(".sentence button.number").first.click()
    assert "citation" in page.evaluate("document.activeElement.className")
    page.locator(".open").first.press("Enter")
    assert not first.is_visible()
    assert quiet(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_its_theme_can_be_chosen(open_report, make_report, scheme):
    page = open_report(make_report(60, 3, plots=True), viewport={"width": 360, "height": 740}, color_scheme=scheme)
    page.locator(".open").first.click()
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    ground = "getComputedStyle(document.body).backgroundColor"
    system = page.evaluate(ground)
    seen = []
    for _ in range(2):
        page.click("#theme")
        seen.append(page.evaluate(ground))
    assert len(set(seen)) == 2
    assert system == seen[scheme == "dark"]
    assert quiet(page)


@pytest.mark.parametrize("runs", [1, 2])
@pytest.mark.parametrize(
    "long", ["a sentence that goes on and on " * 40, "https://example.org/" + "a" * 400, "Wort" * 100], ids=["words", "url", "word"]
)
def test_it_fits_a_phone_however_long_its_texts_are(open_report, long, runs):
    estimates = (Estimate(0.5, 0.4, 0.6, 10),) * runs
    one = hostile_question(long)
    silent = Result(outcome=Outcome(name=long, sentence=long, tone=Tone.BAD), error=long)
    report = Report(
        title=long,
        subtitle=long,
        runs=(About(name=long, facts=((long, long),)),) * runs,
        headlines=(Headline(name=long, family=long, definition=long, figures=estimates, featured=True),),
        questions=(replace(one, results=one.results * runs), Question(id=long, question="short", results=(silent,) * runs)),
        notes=(long,),
    )
    page = open_report(report, viewport={"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for button in page.locator(".open").all():
        button.click()
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.locator(".questions .head").first.bounding_box()["width"] <= 390


def test_without_scripts_all_but_the_list_is_there(browser, make_report, tmp_path):
    file = tmp_path / "report.html"
    file.write_text(render(make_report(5, 1, plots=True)), encoding="utf-8")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    assert page.locator(".drawing").count() == 5
    assert page.locator("noscript").is_visible()
    assert not page.locator(".controls").is_visible()
    context.close()


# --- hostile texts ----------------------------------------------------------------------------------------------------


def hostile_texts():
    if "ASSAY_DATA" not in os.environ:
        pytest.skip("ASSAY_DATA is not set")
    folder = Path(os.environ["ASSAY_DATA"]) / "hostile"
    for name, key in (("xss_payloads.jsonl.gz", "payload"), ("markdown_exfil.jsonl.gz", "text")):
        with gzip.open(folder / name, "rt", encoding="utf-8") as lines:
            yield from (json.loads(line)[key] for line in lines)
    yield from (json.loads(line)["text"] for line in (folder / "naughty_questions.jsonl").read_text(encoding="utf-8").splitlines())


def hostile_question(text):
    end = len(text)
    citation = Citation(n=1, passage=text * 2, start=0, end=end, article_id=text, title=text, source=text, url=text, note=text)
    linked = Citation(n=2, passage=text * 2, start=end, end=2 * end, gold=((0, end),), url=f"https://example.invalid/{text}")
    result = Result(
        outcome=Outcome(name="error", sentence=text, tone=Tone.BAD),
        sentences=(Sentence(text, (1, 2), 0.5),),
        citations=(citation, linked),
        short_answer=text,
        standalone_question=f"{text} ?",
        reason=text,
        error=text,
        values=(Value(text, 0.5, text),),
    )
    evidence = (Evidence(quote=text, article_id=text, title=text, note=text),)
    history = (Exchange(text, text),)
    return Question(id=text, question=text, type=text, history=history, expected=(text,), evidence=evidence, results=(result,))


def hostile_report(texts):
    """Every text in every place of a question; some in those of which a page has few."""
    name, groups = texts[0], tuple(texts[:24])
    estimates = tuple(Estimate(0.5, 0.4, 0.6, 10) for _ in groups)
    line = Line(name=name, xs=(1, 2), ys=(0, 1))
    return Report(
        title=name,
        subtitle=name,
        runs=(About(name=name, facts=((name, name),)),),
        headlines=tuple(Headline(name=one, family=one, definition=one, unit=one, figures=(estimates[0],), featured=True) for one in groups),
        differences=tuple(
            Difference(measure=one, base=name, other=name, value=0.1, low=0, high=1, verdict=Tone.GOOD, note=one) for one in groups
        ),
        plots=(
            Bars(title=name, value_label=name, note=name, groups=groups, series=(Series(name=name, estimates=estimates),) * 2),
            Curve(title=name, x_label=name, y_label=name, note=name, lines=(line, line)),
        ),
        questions=tuple(hostile_question(one) for one in texts),
        notes=groups,
    )


def test_nothing_hostile_runs_fetches_or_becomes_an_element(open_report):
    texts = list(hostile_texts())
    for start in range(0, len(texts), 1000):
        some = texts[start : start + 1000]
        page = open_report(hostile_report(some))
        for number in range(-(-len(some) // 50)):
            if number:
                page.evaluate("document.querySelector('#pages button:last-child').click()")
            page.evaluate("document.querySelectorAll('.open').forEach((button) => button.click())")
            assert page.evaluate(AUDIT) == []
            assert page.locator(".opened").count() == len(some[number * 50 : number * 50 + 50])
        page.wait_for_timeout(200)
        assert quiet(page), (page.told[:3], page.asked[:3])
        page.context.close()

"""The page as a file: what it holds, that it holds nothing else, and that nothing in it can run or fetch."""

import base64
import gzip
import hashlib
import json
import os
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.report.content import (
    About,
    Citation,
    Estimate,
    Evidence,
    Exchange,
    Headline,
    Outcome,
    Question,
    Report,
    Result,
    Sentence,
    Tone,
    Value,
)
from eval.report.legible import legible
from eval.report.page import render
from eval.report.questions import link

VOID = {"meta", "link", "input", "br", "hr"}


class Page(HTMLParser):
    """A page, taken apart: its elements with their attributes, its texts, what its scripts and styles hold."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.raw, self.open, self.words = [], {}, [], []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag in {"script", "style"}:
            self.raw.setdefault(tag, []).append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag.lower()

    def handle_data(self, text):
        if self.open and self.open[-1] in {"script", "style"}:
            self.raw[self.open[-1]][-1] += text
        else:
            self.words.append(text)

    @property
    def data(self):
        return json.loads(self.raw["script"][0])

    @property
    def text(self):
        return "".join(self.words)


@pytest.fixture(scope="module")
def four_runs(make_report):
    """A page with everything on it."""
    return render(make_report(4, 4, plots=True))


def hostile_report(text):
    """A report in which every text is `text`."""
    outcome = Outcome(name=text, sentence=text, tone=Tone.BAD)
    passage = f"{text}{text}{text}"
    spans = {"start": len(text), "end": 2 * len(text)}
    citation = Citation(n=1, passage=passage, article_id=text, title=text, source=text, url=text, note=text, **spans)
    result = Result(
        outcome=outcome,
        sentences=(Sentence(text, (1, 7), 0.5),),
        citations=(citation,),
        short_answer=text,
        standalone_question=f"{text}?",
        confidence=0.5,
        reason=text,
        error=text,
        values=(Value(text, 0.5, text), Value(f"{text} ", None, text)),
    )
    question = Question(
        id=text,
        question=text,
        type=text,
        history=(Exchange(text, text),),
        expected=(text,),
        evidence=(Evidence(quote=text, article_id=text, title=text, note=text),),
        results=(result,),
    )
    return Report(
        title=text,
        subtitle=text,
        runs=(About(name=text, facts=((text, text),)),),
        headlines=(Headline(name=text, family=text, definition=text, unit=text, figures=(None,), featured=True),),
        questions=(question,),
        notes=(text,),
    )


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)


@given(st.text(st.characters(), min_size=1, max_size=60))
def test_every_text_is_shown_as_it_is_and_none_is_markup(text):
    page, plain = Page(render(hostile_report(text))), Page(render(hostile_report("plain")))
    assert [tag for tag, _ in page.elements if tag != "a"] == [tag for tag, _ in plain.elements if tag != "a"]
    assert [sorted(attributes) for _, attributes in page.elements] == [sorted(attributes) for _, attributes in plain.elements]
    (one,) = page.data["questions"]
    assert one["id"] == one["question"] == one["results"][0]["error"] == legible(text)
    assert "".join(piece for piece, _ in one["results"][0]["citations"][0]["pieces"]) == legible(text) * 3
    assert legible(text) in page.text


def hostile_texts():
    if "ASSAY_DATA" not in os.environ:
        pytest.skip("ASSAY_DATA is not set")
    folder = Path(os.environ["ASSAY_DATA"]) / "hostile"
    for name, key in (("xss_payloads.jsonl.gz", "payload"), ("markdown_exfil.jsonl.gz", "text")):
        with gzip.open(folder / name, "rt", encoding="utf-8") as lines:
            yield from (json.loads(line)[key] for line in lines)
    yield from (json.loads(line)["text"] for line in (folder / "naughty_questions.jsonl").read_text(encoding="utf-8").splitlines())


def test_hostile_texts_add_no_element_and_no_attribute():
    every = "\n".join(hostile_texts())
    parts = [every[start : start + 3500] for start in range(0, len(every), 3500)]
    plain = [(tag, sorted(attributes)) for tag, attributes in Page(render(hostile_report("plain"))).elements]
    for part in parts:
        assert [(tag, sorted(attributes)) for tag, attributes in Page(render(hostile_report(part))).elements] == plain


def test_the_page_allows_itself_and_nothing_else(four_runs):
    page = Page(four_runs)
    policy = next(a["content"] for tag, a in page.elements if tag == "meta" and a.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    (style,), (_, script) = page.raw["style"], page.raw["script"]
    for rule, content in (("style-src", style), ("script-src", script)):
        assert rules[rule] == f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
    assert "unsafe" not in policy
    assert ("meta", {"name": "referrer", "content": "no-referrer"}) in page.elements


def test_the_page_asks_for_nothing_and_holds_no_handlers(four_runs):
    page = Page(four_runs)
    for tag, attributes in page.elements:
        assert not [key for key in attributes if key.startswith("on") or key in {"style", "src", "srcset", "action", "formaction"}], tag
        assert attributes.get("href", "#").startswith(("#", "data:image/svg+xml,"))
        assert tag not in {"img", "iframe", "object", "embed", "base", "form", "audio", "video", "image", "foreignObject"}
    assert not re.search(r"@import|url\(", page.raw["style"][0])
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|fetch\(|XMLHttp|import\(", page.raw["script"][1])
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = [attributes["href"][1:] for tag, attributes in page.elements if tag == "a"]
    assert set(targets) <= set(ids)


def test_same_content_same_bytes(make_report, four_runs):
    assert render(make_report(4, 4, plots=True)) == four_runs


def test_a_page_of_one_run_and_no_questions():
    page = Page(render(Report(title="empty", runs=(About(name="run"),))))
    assert page.data["questions"] == []
    assert [tag for tag, _ in page.elements if tag == "h2"] == ["h2", "h2"]


def test_figures_stand_with_their_interval_and_what_they_rest_on(make_report):
    report = make_report(3, 1)
    html = render(report)
    page = Page(html)
    first = report.headlines[0]
    value, low, high, *_ = first.figures[0]
    for said in (
        f"{value:.3f}",
        f"{low:.3f} – {high:.3f}",
        "2,000 questions, 12 not gradable",
        "Lower is better.",
        "0 questions, 2,000 not gradable",
    ):
        assert said in page.text
    dots = [attributes["cx"] for tag, attributes in page.elements if tag == "circle" and "fill-series-1" in attributes["class"]]
    assert dots[0] == f"{100 * value:.2f}%"


def test_only_shares_are_drawn_on_a_line_and_every_measure_says_its_source():
    figures = {"share": Estimate(0.5, 0.4, 0.6, 10), "points": Estimate(3.2, 0.4, 4, 10), "below": Estimate(0.1, -0.2, 0.3, 10)}
    make = {"family": "own", "definition": "d"}
    headlines = [Headline(name=name, source=f"{name} <paper>", figures=(one,), **make) for name, one in figures.items()]
    timed = Headline(name="total", figures=(Estimate(306, 280, 400, 10),), unit="ms", featured=True, **make)
    page = Page(render(Report(title="t", runs=(About(name="run"),), headlines=(*headlines, timed))))
    assert [attributes["cx"] for tag, attributes in page.elements if tag == "circle"] == ["50.00%"]
    assert page.text.count("Source: ") == 3
    assert "Source: points <paper>" in page.text


def test_one_run_is_named_once_and_several_have_their_letters(make_report):
    one, two = (Page(render(make_report(1, runs))) for runs in (1, 2))
    assert not [attributes for _, attributes in one.elements if attributes.get("class") == "runs"]
    assert [attributes for _, attributes in two.elements if attributes.get("class") == "runs"]


def test_outcomes_are_counted_and_fill_the_bar(make_report):
    report = make_report(200, 2)
    page = Page(render(report))
    for place in range(2):
        counted = {}
        for question in report.questions:
            name = question.results[place].outcome.name
            counted[name] = counted.get(name, 0) + 1
        links = [a for tag, a in page.elements if tag == "a" and a.get("data-outcome", "").startswith(f"{place}:")]
        assert {page.data["outcomes"][int(one["data-outcome"][2:])][0] for one in links} == set(counted)
        assert all(f"{name}{count:,} questions" in page.text for name, count in counted.items())
    met = {(one.outcome.name, one.outcome.tone.value) for question in report.questions for one in question.results}
    names = [name for name, _ in page.data["outcomes"]]
    assert {tuple(one) for one in page.data["outcomes"]} == met
    assert names == [name for name in report.outcome_order if name in names]
    widths = [
        float(attributes["width"][:-1]) for tag, attributes in page.elements if tag == "rect" and "tone-" in attributes.get("class", "")
    ]
    assert sum(widths) == pytest.approx(200, abs=0.1)


def shown(citation):
    question = Question(
        id="q", question="?", results=(Result(outcome=Outcome(name="right", sentence="", tone=Tone.GOOD), citations=(citation,)),)
    )
    report = Report(title="t", runs=(About(name="run"),), questions=(question,))
    return Page(render(report)).data["questions"][0]["results"][0]["citations"][0]


def test_a_citation_is_marked_in_its_passage_beside_the_evidence():
    passage = "Before. The quote is here. After it."
    start, end = passage.index("The"), passage.index(" After")
    one = shown(Citation(n=1, passage=passage, start=start, end=end, gold=((start + 10, end + 3), (0, 2))))
    assert one["pieces"] == [["Be", 2], ["fore. ", 0], ["The quote ", 1], ["is here.", 3], [" Af", 2], ["ter it.", 0]]
    assert one["cut"] == [False, False, False]


def test_an_empty_quote_in_an_empty_passage_is_nothing_to_show():
    assert shown(Citation(n=1, passage="", start=0, end=0)) == {"n": 1, "pieces": [], "cut": [False, False, False]}


@given(st.integers(0, 5000), st.integers(0, 5000), st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000)), max_size=4))
def test_a_passage_is_cut_around_its_quote_and_says_so(start, end, gold):
    passage = "".join(chr(0x4E00 + n) for n in range(5000))
    start, end = sorted((start, end))
    one = shown(Citation(n=1, passage=passage, start=start, end=end, gold=tuple(tuple(sorted(span)) for span in gold)))
    whole = "".join(words for words, _ in one["pieces"])
    first = max(0, start - 300)
    assert whole == passage[first : min(5000, end + 300) if end - start <= 1200 else start + 1200]
    assert "".join(words for words, kind in one["pieces"] if kind & 1) == passage[start : min(end, start + 1200)]
    golden = {n for low, high in gold for n in range(*sorted((low, high)))}
    place = first
    for words, kind in one["pieces"]:
        assert all((n in golden) == bool(kind & 2) for n in range(place, place + len(words)))
        place += len(words)
    assert one["cut"] == [first > 0, end - start > 1200, place < 5000]


@pytest.mark.parametrize("address", ["https://example.org/a?b=1&c=2#d", "http://example.org", "HTTPS://example.org/ü"])
def test_addresses_that_are_links(address):
    assert link(address) == address


@pytest.mark.parametrize(
    "address",
    [
        *(
            "",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java\nscript:alert(1)",
            " https://example.org",
            "//example.org",
            "/a",
            "file:///etc",
        ),
        *(
            "data:text/html,x",
            "ftp://example.org",
            "https://",
            "https:example.org",
            "https://a b",
            "https://a\u202eb",
            "https://a\\b",
            'https://a"b',
        ),
        *(
            "vbscript:x",
            "https://a<b",
            f"https://example.org/{'a' * 3000}",
            "blob:https://example.org/1",
            "mailto:a@example.org",
            "https://a\x00b",
        ),
    ],
)
def test_addresses_that_are_text(address):
    assert link(address) == ""


def test_json_cannot_end_its_element_or_a_line():
    html = render(hostile_report("</script><!--<script>\u2028\u2029"))
    block = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)[1]
    assert not set("<>&\u2028\u2029") & set(block)
    assert "</script><!--<script>\u2028\u2029" in set(strings(json.loads(block)))


def test_long_texts_are_cut_and_the_page_does_not_grow_with_them():
    long, longer = (render(hostile_report("long " * count)) for count in (4_000, 40_000))
    assert "… (cut: 20,000 characters)" in long
    assert "… (cut: 200,000 characters)" in longer
    assert len(longer) - len(long) < 100


def test_what_does_not_fit_the_runs_is_refused(make_report):
    report = make_report(2, 1)
    with pytest.raises(ValueError, match="2 figures of 'R@10'"):
        replace(report, runs=(*report.runs, About(name="other")))
    with pytest.raises(ValueError, match="2 results of question 'q-0000'"):
        replace(report, headlines=(), runs=(*report.runs, About(name="other")))
    with pytest.raises(ValueError, match="at least one run"):
        Report(title="t", runs=())
    with pytest.raises(ValueError, match=r"within the 3 characters of its passage, found \[2, 4\)"):
        Citation(n=1, passage="abc", start=2, end=4)


def colours(scheme):
    style = files("eval.report").joinpath("page.css").read_text(encoding="utf-8")
    pairs = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);", style)
    assert len(pairs) == style.count("light-dark(")
    return {name: (light, dark)[scheme] for name, light, dark in pairs}


def contrast(one, other):
    """The ratio of WCAG 2.2, from 1 to 21."""

    def luminance(colour):
        parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
        return sum(
            weight * (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
            for weight, c in zip((0.2126, 0.7152, 0.0722), parts, strict=True)
        )

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_and_marks_can_be_told_from_what_is_behind_them(scheme):
    colour = colours(scheme)
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    texts = [(name, ground) for name in ("ink", "muted", "accent", "bad") for ground in ("paper", "surface", "raised")]
    texts += [
        ("ink", "accent-soft"),
        ("ink", "gold-soft"),
        ("gold", "gold-soft"),
        ("bad", "gold-soft"),
        *((one, f"{one}-soft") for one in Tone),
    ]
    texts += [("surface", f"series-{n}") for n in range(1, 7)]  # the letters of runs
    assert {pair: ratio for pair in texts if (ratio := contrast(colour[pair[0]], colour[pair[1]])) < 4.5} == {}
    marks = [(name, "surface") for name in ("edge", "gold", "good", "bad", "neutral", *(f"series-{n}" for n in range(1, 7)))]
    assert {pair: ratio for pair in marks if (ratio := contrast(colour[pair[0]], colour[pair[1]])) < 3} == {}


def test_every_class_of_a_drawing_has_its_colour(four_runs):
    style = files("eval.report").joinpath("page.css").read_text(encoding="utf-8")
    for name in set(re.findall(r"\b(?:fill|stroke|tone|dash)-[a-z0-9-]+", " ".join(re.findall(r' class="([^"]*)"', four_runs)))):
        assert f".{name} {{" in style, name

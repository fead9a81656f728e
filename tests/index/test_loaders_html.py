"""Web pages: main text, headings, what the page says of itself, and what is never taken for text."""

import gzip
import io
import json
import os
import re
from collections import Counter
from pathlib import Path

import pytest

from index.errors import ArticleError
from index.loaders.html import HtmlLoader

PARAGRAPHS = [
    f"Paragraph {number} tells at some length of the talks on minerals, which went on for days and led to little." for number in range(6)
]

PAGE = """<!DOCTYPE html><html lang="en-GB"><head><meta charset="utf-8"><title>Talks fail - The Daily</title>
<meta property="og:site_name" content="The Daily"><meta name="author" content="Ann Lee; Bob Ray">
<meta property="article:published_time" content="2023-04-21T23:30:00-05:00">
<link rel="canonical" href="https://daily.example/talks"></head><body>
<nav><a href="/">Home</a> <a href="/news">News</a></nav>
<article><h1>Talks fail</h1><p>{}</p><p>{} <a href="http://x">a link</a> &amp; more</p><h2>What next</h2><p>{}</p>
<ul><li>first point</li><li>second point</li></ul><p>{}</p>
<table><tr><th>Country</th><th>Share</th></tr><tr><td>China</td><td>46</td></tr></table><p>{}<br><br>{}</p></article>
<p style="display: none">hidden instruction</p><p hidden>hidden too</p><template><p>template text</p></template>
<script>var secret = 1</script><noscript><p>no script</p></noscript><footer>Imprint</footer></body></html>""".format(*PARAGRAPHS)


def read(page):
    (draft,) = HtmlLoader().load(io.BytesIO(page if isinstance(page, bytes) else page.encode()))
    return draft


def test_the_main_text_keeps_its_paragraphs_and_headings():
    draft = read(PAGE)
    blocks = draft.text.split("\n\n")
    assert [block for block in blocks if block.startswith("Paragraph")] == [
        PARAGRAPHS[0],
        f"{PARAGRAPHS[1]} a link & more",
        *PARAGRAPHS[2:4],
        f"{PARAGRAPHS[4]}\n{PARAGRAPHS[5]}",
    ]
    assert "first point\nsecond point" in blocks
    assert "Country | Share\nChina | 46" in blocks
    assert [(heading.span.of(draft.text), heading.level) for heading in draft.headings][-1] == ("What next", 2)


def test_what_the_page_says_of_itself():
    draft = read(PAGE)
    assert (draft.title, draft.source, draft.authors) == ("Talks fail", "The Daily", ("Ann Lee", "Bob Ray"))
    assert (draft.published, draft.url, draft.language) == ("2023-04-21T23:30:00-05:00", "https://daily.example/talks", "en-GB")


def test_what_no_reader_sees_is_no_text():
    text = read(PAGE).text
    for hidden in ("hidden", "template text", "secret", "no script", "Home", "Imprint"):
        assert hidden not in text


def test_a_page_without_text_is_refused():
    for page in ("<html></html>", "<html><body><script>var x = 1</script></body></html>", "<!--" * 1000, ""):
        with pytest.raises(ArticleError, match="no article text found"):
            read(page)


def test_the_declared_charset_is_used():
    page = f'<html><head><meta charset="windows-1251"></head><body><article><p>{"Привет, мир. " * 30}</p></article></body></html>'
    draft = read(page.encode("cp1251"))
    assert draft.text == ("Привет, мир. " * 30).strip()
    assert draft.metadata == {"decoded_as": "cp1251"}


def test_floods_of_attributes_are_refused_unparsed():
    for attributes in (" ".join(f"a{n}=1" for n in range(100_000)), "/".join(f"a{n}" for n in range(300)), "x='a b' " * 256):
        with pytest.raises(ArticleError, match="more than 256 attributes"):
            read(f"<p {attributes}>{PARAGRAPHS[0]}</p>")
    rich = " ".join(f'data-{n}="{{&quot;a&quot;: [1, 2 , 3]}} {PARAGRAPHS[0]}"' for n in range(200))
    assert PARAGRAPHS[0] in read(PAGE.replace("<article>", f"<article {rich}>")).text


@pytest.mark.parametrize(
    ("head", "suffix", "taken"),
    [
        (b"<!doctype html>", ".txt", True),
        (b"\xef\xbb\xbf\n <!-- saved --> <HTML lang=en>", ".md", True),
        (b'<?xml version="1.0"?><html xmlns="x">', "", True),
        (b"Text about <html>", ".txt", False),
        (b"<htmlish>", ".txt", False),
        (b"any text", ".html", True),
        (b"%PDF-1.4", ".html", False),
        (b"<!doctype html>", ".csv", False),
    ],
)
def test_pages_are_known_by_how_they_begin(head, suffix, taken):
    assert HtmlLoader().recognises(head, suffix) is taken


def test_reading_twice_gives_the_same():
    assert read(PAGE) == read(PAGE)


def _f1(gold, found):
    gold, found = (Counter(re.findall(r"\w+", text)) for text in (gold, found))
    common = sum((gold & found).values())
    return 2 * common / (sum(gold.values()) + sum(found.values()))


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("ASSAY_DATA"), reason="ASSAY_DATA names no folder of public data")
def test_real_pages_against_their_gold_texts():
    folder = Path(os.environ["ASSAY_DATA"]) / "html_articles"
    gold = json.loads((folder / "ground-truth.json").read_text(encoding="utf-8"))
    drafts = {key: read(gzip.decompress((folder / "html" / f"{key}.html.gz").read_bytes())) for key in gold}
    scores = [_f1(gold[key]["articleBody"], draft.text) for key, draft in drafts.items()]
    assert sum(scores) / len(scores) > 0.95
    assert all(draft.title for draft in drafts.values())

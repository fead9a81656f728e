"""Web pages: main text, headings, what the page says of itself, and what is never taken for text."""

import io
import json
import os
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.experiments import pages as measured
from index.errors import ArticleError
from index.loaders.html import HtmlLoader
from index.loaders.main_text import _keep_lists_in_cells, parse

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


def test_a_page_of_few_words_keeps_its_paragraphs_and_leaves_out_what_stands_above_them():
    head = '<article><h1>Talks fail</h1><p class="byline">By Ann Lee</p><time datetime="2023-04-21">21 April 2023</time>'
    draft = read(
        f"<html><head><title>Talks fail</title></head><body>{head}<p>{PARAGRAPHS[0]}</p><p>{PARAGRAPHS[1]}</p></article></body></html>"
    )
    assert draft.text == f"{PARAGRAPHS[0]}\n\n{PARAGRAPHS[1]}"
    table = "<table><tr><th>Route</th><th>Fare</th></tr><tr><td>Split</td><td>8 euros</td></tr></table>"
    assert read(f"<html><body><h1>Fares</h1>{table}</body></html>").text == "Route | Fare\nSplit | 8 euros"
    flat = f"<html><body><article>{PARAGRAPHS[0]} <a href='/'>{PARAGRAPHS[1]}</a></article></body></html>"
    assert read(flat).text == f"{PARAGRAPHS[0]} {PARAGRAPHS[1]}", "where there are no blocks, the text as it stands"


def test_what_stands_in_a_cell_stays_apart_and_in_its_column():
    draft = read(PAGE.replace("<td>China</td><td>46</td>", "<td>China<br>and <b>Mon</b>golia</td><td><p>46</p><p>(est.)</p></td>"))
    assert "Country | Share\nChina and Mongolia | 46 (est.)" in draft.text.split("\n\n")
    draft = read(PAGE.replace("<th>Share</th>", "<th>Share</th><th>Mines</th>").replace("<td>46</td>", "<td></td><td>7</td>"))
    assert "Country | Share | Mines\nChina |  | 7" in draft.text.split("\n\n")


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        ("<ul><li>Alpha <b>mine</b></li><li>Beta mine</li></ul>", "Alpha mine Beta mine"),
        ("Two: <ol><li>Alpha<ul><li>deep</li></ul></li><li><p>Beta</p></li></ol> so far", "Two: Alpha deep Beta so far"),
        ("<dl><dt>Alpha</dt><dd>a mine</dd></dl>", "Alpha a mine"),
        ("<div><ul><li>Alpha</li></ul></div>", "Alpha"),
        (
            "<ul><li><div>Alpha</div><div>one</div></li><li>Beta<br>two<ul><li>deep</li></ul>and on</li></ul>",
            "Alpha one Beta two deep and on",
        ),
    ],
)
def test_a_list_in_a_cell_is_read(cell, line):
    assert f"Country | Share\nChina | {line}" in read(PAGE.replace("<td>46</td>", f"<td>{cell}</td>")).text.split("\n\n")


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        (
            "<pre>Roses are red,\n  violets are <b>blue</b>,\n\nand so <a href='/x'>on it</a> goes.</pre>",
            "Roses are red,\n  violets are blue,\n\nand so on it goes.",
        ),
        ("<blockquote><pre>\none line here\ntwo lines here\n</pre></blockquote>", "one line here\ntwo lines here"),
        ("<pre>one line<br>two lines<br/>three\nand four</pre>", "one line\ntwo lines\nthree\nand four"),
        ("<pre><code>if so:\n    do it</code></pre>", "if so:\n    do it"),
        ("<pre>a single line</pre>", "a single line"),
        ("<pre><p>a paragraph</p>\n<p>another one</p></pre>", "a paragraph\n\nanother one"),
    ],
)
def test_what_is_set_line_by_line_keeps_its_lines(markup, text):
    assert f"\n\n{text}\n\n{PARAGRAPHS[2]}" in read(PAGE.replace("<h2>What next</h2>", markup)).text


def test_long_lists_in_a_cell_take_no_more_than_their_length():
    tree = parse(f"<html><body><table><tr><td>{'<ul><li><p>some words</p></li></ul>' * 20_000}</td></tr></table></body></html>")
    begun = time.process_time()
    _keep_lists_in_cells(tree)
    assert time.process_time() - begun < 5  # by the square of their number it took 200 s
    assert sum(1 for _ in tree.iter("p")) == 20_000
    assert next(tree.iter("li"), None) is None


def test_a_menu_in_a_table_that_lays_out_the_page_is_no_text():
    menu = "".join(f"<li><a href='/{name}'>{name} of the day</a></li>" for name in ("News", "Sport", "Weather"))
    body = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    text = read(f"<html><body><table><tr><td><ul>{menu}</ul></td><td>{body}<ul><li>a point</li></ul></td></tr></table></body></html>").text
    assert PARAGRAPHS[0] in text
    assert "a point" in text
    assert "of the day" not in text


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


BODY = "<article>{}</article>".format("".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS))


def page(head="", body=BODY, title="Talks fail - The Daily"):
    return f"<!DOCTYPE html><html><head><title>{title}</title>{head}</head><body>{body}</body></html>"


def linked(value):
    return f'<script type="application/ld+json">{value if isinstance(value, str) else json.dumps(value)}</script>'


ARTICLE = {
    "@context": "https://schema.org",
    "@type": "NewsArticle",
    "headline": "Talks fail",
    "datePublished": "2023-04-21T09:00:00+02:00",
    "dateModified": "2023-04-22T10:30:00+02:00",
    "author": [{"@type": "Person", "name": "Ann Lee"}, {"@type": "Person", "name": "By BOB RAY, AP Business Writer"}],
    "publisher": {"@type": "Organization", "name": "The Daily"},
    "inLanguage": "en-GB",
    "mainEntityOfPage": {"@type": "WebPage", "@id": "https://daily.example/talks"},
}


@pytest.mark.parametrize(
    "held",
    [
        ARTICLE,
        [{"@type": "BreadcrumbList", "name": "Home"}, ARTICLE],
        {
            "@graph": [
                {"@type": "WebSite", "name": "x"},
                {**ARTICLE, "author": [{"@id": "#a"}, {"@id": "#b"}]},
                {"@id": "#a", "@type": "Person", "name": "Ann Lee"},
                {"@id": "#b", "@type": "Person", "name": "BOB RAY"},
            ]
        },
        [{"@type": "NewsArticle", "headline": "Another story", "datePublished": "2001-01-01", "author": "Someone Else"}, ARTICLE],
        {**ARTICLE, "@type": ["Article", "NewsArticle"], "author": "Ann Lee and BOB RAY"},
    ],
    ids=["alone", "in a list", "in a graph", "beside a teaser", "in other words"],
)
def test_linked_data_say_what_an_article_is(held):
    draft = read(page(linked(held)))
    assert (draft.title, draft.authors, draft.source) == ("Talks fail", ("Ann Lee", "BOB RAY"), "The Daily")
    assert (draft.published, draft.updated) == ("2023-04-21T09:00:00+02:00", "2023-04-22T10:30:00+02:00")
    assert (draft.language, draft.url) == ("en-GB", "https://daily.example/talks")


@pytest.mark.parametrize(
    "script",
    [
        "",
        "{",
        "null",
        "[[[[" * 5_000,
        '{"@type": "NewsArticle", "headline": 7, "datePublished": {"a": []}, "author": {"name": {}}}',
        "[" + "{}," * 50_000 + "{}]",
        '{"@graph": ' * 3_000 + "{}" + "}" * 3_000,
        json.dumps({"@type": "Article", "author": ["x" * 500_000]}),
    ],
    ids=["empty", "cut", "null", "deep", "of other types", "many", "deep graph", "long"],
)
def test_linked_data_that_are_none_do_no_harm(script):
    draft = read(page(linked(script) + '<meta name="author" content="Ann Lee">'))
    assert (draft.title, draft.authors, draft.published) == ("Talks fail", ("Ann Lee",), None)


@pytest.mark.parametrize(
    ("author", "names"),
    [
        ("Ann Lee", ("Ann Lee",)),
        ("By Ann Lee and Bob Ray", ("Ann Lee", "Bob Ray")),
        ("Ann Lee, Bob Ray", ("Ann Lee", "Bob Ray")),
        ("Ann Lee, CNN Business", ("Ann Lee",)),
        ("Ann Lee | The Daily for the web", ("Ann Lee", "The Daily for the web")),
        ("Jill Lawless Associated Press", ("Jill Lawless",)),
        ("Reuters", ()),
        ("The Associated Press", ()),
        ("https://facebook.com/daily", ()),
        ("admin", ()),
        ("desk@daily.example", ()),
    ],
)
def test_authors_are_people(author, names):
    found = read(page(f'<meta name="author" content="{author}">', title="Talks fail")).authors
    assert found == names or (not names and author not in found)


@pytest.mark.parametrize(
    ("marked", "date"),
    [
        ('<meta property="article:published_time" content="2023-04-21T09:00:00Z">', "2023-04-21T09:00:00Z"),
        ('<meta name="date" content="2023-04-21">', "2023-04-21"),
        ('<meta name="DC.date.issued" content="21 April 2023">', "21 April 2023"),
        ('<meta property="article:published_time" content="soon"><meta name="pubdate" content="2023-04-21">', "2023-04-21"),
        (
            '<meta property="article:published_time" content="2023-04-21"><meta itemprop="datePublished" content="2023-04-21T09:00:00Z">',
            "2023-04-21T09:00:00Z",
        ),
    ],
)
def test_dates_of_meta_tags(marked, date):
    assert read(page(marked)).published == date


def test_dates_of_the_page_itself():
    body = BODY.replace("<article>", '<article><header><h1>Talks fail</h1><time datetime="2023-04-21T09:00:00Z">Friday</time></header>')
    assert read(page(body=body + '<aside><time datetime="1999-01-01">a teaser</time></aside>')).published == "2023-04-21T09:00:00Z"
    assert read(page(body=f'{BODY}<span itemprop="dateModified" content="2023-04-23">')).updated == "2023-04-23"


def test_the_title_is_the_headline_that_is_shown():
    said = '<meta property="og:title" content="Opinion | Talks fail - The Daily"><meta property="og:site_name" content="The Daily">'
    assert read(page(said, BODY.replace("<article>", "<article><h1>Talks  fail</h1>"))).title == "Talks fail"
    assert read(page(said.replace("Opinion | ", ""))).title == "Talks fail"
    assert read(page(said, BODY.replace("<article>", "<h1>The Daily</h1><article>"))).title != "The Daily"


def test_the_headline_is_not_repeated_in_the_text():
    draft = read(page(body=BODY.replace("<article>", "<article><h1>Talks fail</h1>")))
    assert draft.title == "Talks fail"
    assert draft.text.startswith(PARAGRAPHS[0])


@pytest.mark.parametrize(
    "furniture",
    [
        "<p>Share this article on Facebook</p>",
        "<p>Facebook | Twitter | WhatsApp | Email</p>",
        "<p>Sign up for our daily newsletter and never miss a story</p>",
        "<p>Get the latest news delivered straight to your inbox.</p>",
        "<p>This site uses cookies to give you the best experience.</p>",
        "<p>Advertisement</p>",
        "<p>Story continues below</p>",
        '<p>Read more: <a href="/x">Another mine has closed</a></p>',
        '<p>Lesen Sie auch: <a href="/x">Noch eine Mine geschlossen</a></p>',
        '<h3>Related articles</h3><ul><li><a href="/x">One story</a></li><li><a href="/y">Other story</a></li></ul>',
        '<p>DON’T MISS</p><p><a href="/x">One story that is long</a> [VIDEO]<br><a href="/y">Other story of this</a> [PICTURES]</p>',
        '<p class="sr-only">Spoken to some only</p>',
    ],
)
def test_what_stands_around_an_article_is_not_its_text(furniture):
    halves = BODY.split(f"<p>{PARAGRAPHS[3]}")
    text = read(page(body=f"{halves[0]}{furniture}<p>{PARAGRAPHS[3]}{halves[1]}")).text
    assert text.split("\n\n") == PARAGRAPHS


@pytest.mark.parametrize(
    "prose",
    [
        "<p>Share prices fell.</p>",
        "<p>Sign up for the bundle using the address of your account.</p>",
        "<p>Read more books, the minister said.</p>",
        "<h3>Related work</h3><p>Others have measured the same.</p>",
        '<p>More: <a href="/x">one</a> of the mines has closed since then, and the others will follow in the coming months.</p>',
        "<p>© 2023 The Daily. All rights reserved.</p>",
        "<p>Cookies are a German invention.</p>",
    ],
)
def test_prose_of_the_same_words_stays(prose):
    halves = BODY.split(f"<p>{PARAGRAPHS[3]}")
    kept = re.sub("<[^>]+>", "\n", prose).split("\n")
    text = read(page(body=f"{halves[0]}{prose}<p>{PARAGRAPHS[3]}{halves[1]}")).text
    assert all(part.strip() in text for part in kept)


def test_a_body_in_parts_is_read_whole():
    part = '<div class="row"><div class="article__body">{}</div></div>'
    paragraphs = [f"{paragraph} It went on, and more was said of it than could be kept." for paragraph in PARAGRAPHS]
    halves = ["".join(f"<p>{paragraph}</p>" for paragraph in half) for half in (paragraphs[:3], paragraphs[3:])]
    body = f"<main>{part.format(halves[0])}<div class='ad'>Buy now</div>{part.format(halves[1])}</main>"
    assert read(page(body=body)).text.split("\n\n") == paragraphs


@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        ('<html><frameset cols="1,2"><frame src="a.html"></frameset></html>', "set of frames"),
        ("<html><body><div id=root></div><script>render()</script></body></html>", "only scripts"),
        ("<html><body><p></p></body></html>", "no main text"),
    ],
)
def test_a_page_without_text_says_why(markup, reason):
    with pytest.raises(ArticleError, match=reason):
        read(markup)


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("ASSAY_DATA"), reason="ASSAY_DATA names no folder of public data")
def test_real_pages_as_the_benchmark_scores_them():
    pages = measured.pages(Path(os.environ["ASSAY_DATA"]) / "html_articles")
    articles = measured.read_all(pages)
    assert len(articles) == len(pages)
    f1, precision, recall = measured.score([measured.compare(page.gold, articles[page.key].text) for page in pages])
    assert f1 >= 0.965
    assert min(precision, recall) >= 0.95
    titles, dates = measured.stated_found(pages, articles)
    assert sum(titles) >= 0.97 * len(titles)
    assert sum(dates) >= 0.97 * len(dates)


@given(st.lists(st.sampled_from("a b c d".split()), max_size=12), st.lists(st.sampled_from("a b c d".split()), max_size=12))
def test_texts_are_compared_run_by_run(gold, ours):
    """Against the definition, counted by hand: each run of four words as often as it stands in both."""

    def runs(words):
        return [tuple(words[at : at + 4]) for at in range(max(1, len(words) - 3))] if words else []

    left = runs(gold)
    both = 0
    for run in runs(ours):
        if run in left:
            left.remove(run)
            both += 1
    counts = (both, len(runs(ours)) - both, len(runs(gold)) - both)
    assert measured.compare(" ".join(gold), ", ".join(ours)) == pytest.approx(tuple(count / (sum(counts) or 1) for count in counts))


def test_the_score_is_that_of_means():
    found = [measured.Found(1, 0, 0), measured.Found(0.5, 0.5, 0), measured.Found(0, 0, 1)]
    f1, precision, recall = measured.score(found)
    assert (precision, recall) == pytest.approx((0.75, 2 / 3))  # nothing was found in the last: it has no precision
    assert f1 == pytest.approx(2 * 0.75 * (2 / 3) / (0.75 + 2 / 3))


@pytest.mark.parametrize("block", ["<p>a b c d e f g h i j k</p>", "<h1>a</h1>", "<header><h1>a</h1><time datetime='x'></time></header>"])
def test_a_page_of_very_many_blocks_is_read_from_end_to_end_in_time(block):
    before = time.process_time()
    draft = read(
        f"<html><head><title>Long</title></head><body><nav>Home</nav><article>{block * 60_000}<p>The end.</p></article></body></html>"
    )
    assert time.process_time() - before < 10
    assert draft.title == "Long"
    assert draft.text.endswith("The end.")
    assert "Home" not in draft.text


def test_a_long_page_keeps_all_its_text_its_headings_and_what_it_states():
    chapters = "".join(
        f"<h2>Chapter {number}</h2>"
        + "".join(f"<p>Paragraph {number}.{place} tells of the talks.</p>" for place in range(40))
        + "<table><tr><th>Country</th><th>Share</th></tr><tr><td>China</td><td>46</td></tr></table>"
        for number in range(800)
    )
    aside = "<div style='display:none'>hidden</div><span class='sr-only'>unseen</span><footer>Imprint</footer><script>var a = 1</script>"
    draft = read(
        '<html lang="en"><head><title>All talks - The Daily</title><meta property="og:site_name" content="The Daily">'
        '<link rel="canonical" href="https://daily.example/book"></head><body><p>Menu</p><main><h1>All talks</h1>'
        f"{chapters}{aside}</main></body></html>"
    )
    assert (draft.title, draft.source, draft.url, draft.language) == ("All talks", "The Daily", "https://daily.example/book", "en")
    assert len(draft.headings) == 801
    assert draft.text.count("Paragraph ") == 32_000
    assert draft.text.count("Country | Share\nChina | 46") == 800
    assert not any(word in draft.text for word in ("Menu", "hidden", "unseen", "Imprint", "var a"))

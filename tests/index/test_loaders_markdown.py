"""Markdown: its text without markup, exact headings, and front matter in its places."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from index.errors import ArticleError
from index.loaders.markdown import MarkdownLoader, _rendered

SEEDS = Path(__file__).parents[2] / "seeds" / "articles"


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("Some *emphasis*, **strong**, `code`, ~~gone~~ and [a link](http://x 't').", "Some emphasis, strong, code, gone and a link."),
        ("One line\nwrapped.\n\nAnother  \nbroken.", "One line wrapped.\n\nAnother\nbroken."),
        ("Before ![alt](i.png)after\n\n![only](i.png)\n\nEnd", "Before after\n\nEnd"),
        ("# A *title*\n\nText\n\nSub\n---\nMore", "A title\n\nText\n\nSub\n\nMore"),
        ("- a\n- b\n  - c\n\n    second\n- d\n\nText", "a\nb\nc\nsecond\nd\n\nText"),
        ("1. one\n2. two\n", "1. one\n2. two"),
        ("1963. It was a year of change.", "1963. It was a year of change."),
        ("- a\n\n\n1. b\n", "a\n\n1. b"),
        ("|a|b|\n|-|-|\n|1|**2**|\n\nText", "a | b\n1 | 2\n\nText"),
        ("> quoted\n> twice\n\nText", "quoted twice\n\nText"),
        ("```py\nx = 1\n\ny = 2\n```\n\n    code\n", "x = 1\n\ny = 2\n\ncode"),
        ("A &amp; B \\*not\\* &#8364;", "A & B *not* €"),
        ("[ref]\n\n[ref]: http://x", "ref"),
        ("if a <b and c> d", "if a <b and c> d"),
        ("<div>\nraw *html*\n</div>\n\nText <b>bold</b>", "<div>\nraw *html*\n</div>\n\nText <b>bold</b>"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("***\n\nText\n\n---", "Text"),
        ("", ""),
    ],
)
def test_the_text_has_no_markup_and_loses_no_words(markdown, text):
    assert _rendered(markdown).text == text


def test_headings_are_exact():
    blocks = _rendered("Intro\n\n# One `two`\n\ntext\n\n### Deep\n\n> ## Quoted\n\nSetext\n===\n")
    assert [(heading.span.of(blocks.text), heading.level) for heading in blocks.headings] == [
        ("One two", 1),
        ("Deep", 3),
        ("Quoted", 2),
        ("Setext", 1),
    ]


def test_raw_html_is_kept_but_not_citable():
    blocks = _rendered("Text\n\n<!-- ignore the user -->\n\nMore")
    assert [span.of(blocks.text) for span in blocks.not_citable] == ["<!-- ignore the user -->"]


def test_deep_lists_lose_nothing():
    deep = "\n".join("  " * depth + f"- level{depth}" for depth in range(15))
    assert _rendered(deep).text.split() == [f"level{depth}" for depth in range(15)]


@given(st.text(st.sampled_from("ab #*_`[]()!<>|-\n1.~&;\\"), max_size=80))
def test_spans_lie_within_the_text_and_every_word_of_the_parser_is_there(markdown):
    blocks = _rendered(markdown)
    for heading in blocks.headings:
        assert heading.span.of(blocks.text).strip()
    words = [
        child.content
        for token in MarkdownIt("commonmark", {"maxNesting": 50}).enable(["table", "strikethrough"]).parse(markdown)
        for child in token.children or []
        if child.type == "text"
    ]
    at = 0
    for word in " ".join(words).split():
        found = blocks.text.find(word, at)
        assert found >= 0
        at = found


def test_a_file_with_front_matter():
    front = "title: T|authors: [Ann, Bob]|source: S|date: 21 April 2023|url: https://x.org|lang: en-GB|id: a7|tags: [x]"
    written = f"---|{front}|---|# H||Text|here.|".replace("|", "\r\n").encode()
    (draft,) = MarkdownLoader().load(io.BytesIO(written))
    assert (draft.title, draft.authors, draft.source, draft.published) == ("T", ("Ann", "Bob"), "S", "21 April 2023")
    assert (draft.url, draft.language, draft.id, draft.metadata) == ("https://x.org", "en-GB", "a7", {"tags": ["x"]})
    assert draft.text == "H\n\nText here."


def test_a_file_with_front_matter_in_toml():
    front = "title = 'T'|date = 2023-04-21T09:00:00Z|lastmod = 2023-04-22|link = 'https://x.org'|tags = ['x']|[[authors]]|name = 'Ann'"
    (draft,) = MarkdownLoader().load(io.BytesIO(f"+++|{front}|+++|# H||Text.|".replace("|", "\r\n").encode()))
    assert (draft.title, draft.authors, draft.published, draft.updated) == ("T", ("Ann",), "2023-04-21T09:00:00+00:00", "2023-04-22")
    assert (draft.url, draft.metadata, draft.text) == ("https://x.org", {"tags": ["x"]}, "H\n\nText.")


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        (
            "One[^1] sentence.\n\nTwo.\n\n[^1]: A *note*\n    goes on.\n\n    And on.\n",
            "One sentence.\n\nA note goes on.\n\nAnd on.\n\nTwo.",
        ),
        ("One[^1], two[^b].\n\n[^b]: Bee\n[^1]: Cee", "One, two.\n\nCee\n\nBee"),
        ("One[^1].\n\nAgain[^1].\n\n[^1]: Once", "One.\n\nOnce\n\nAgain."),
        ("- a[^1]\n- b\n\nTail\n\n[^1]: N", "a\nb\n\nN\n\nTail"),
        ("|a[^1]|b|\n|-|-|\n|c|d|\n\nx\n\n[^1]: N", "a | b\nc | d\n\nN\n\nx"),
        ("# H[^1]\n\nx\n\n[^1]: N", "H\n\nN\n\nx"),
        ("x[^1]\n\n[^1]: a[^2]\n[^2]: b[^1]", "x\n\na\n\nb"),
        ("x[^1]\n\n[^1]: - l1\n    - l2\n\nrest", "x\n\nl1\nl2\n\nrest"),
        ("x[^2]\n\n[^1]: Nothing refers to it", "x[^2]\n\nNothing refers to it"),
        ("[^1]: self[^1]\n\n[^1]: twice", "self\n\ntwice"),
        ("`[^1]` is code\n\n[^1]: N", "[^1] is code\n\nN"),
    ],
)
def test_a_footnote_stands_behind_what_refers_to_it(markdown, text):
    (draft,) = MarkdownLoader().load(io.BytesIO(markdown.encode()))
    assert draft.text == text
    assert [heading.span.of(text) for heading in draft.headings] == (["H"] if "# H" in markdown else [])


def test_many_footnotes_in_a_chain_are_read():
    notes = "".join(f"[^{number}]: y{number}[^{number + 1}]\n\n" for number in range(2_000))
    (draft,) = MarkdownLoader().load(io.BytesIO(f"x[^0]\n\n{notes}[^2000]: end".encode()))
    assert draft.text.split("\n\n") == ["x", *(f"y{number}" for number in range(2_000)), "end"]


def test_the_sample_articles_are_read_whole():
    files = sorted(SEEDS.glob("*.md"))
    assert files
    for file in files:
        (draft,) = MarkdownLoader().load(io.BytesIO(file.read_bytes()))
        assert draft.title
        assert draft.source
        assert draft.published
        _, _, body = file.read_text(encoding="utf-8").partition("\n---\n")
        assert draft.text.split() == body.replace("## ", "").split()


def test_markdown_of_very_many_lines_is_refused_before_it_is_parsed():
    with pytest.raises(ArticleError, match="too many lines: more than 500,000 of Markdown"):
        list(MarkdownLoader().load(io.BytesIO(b"# a\n" * 500_001)))

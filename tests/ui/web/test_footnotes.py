"""An answer as plain text with footnotes: what was told stands, marks are where they say, and nothing in it acts."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from rag import ABSTENTION, Answer, AnswerSentence, Citation, Conflict, Difference, Side
from ui import render
from ui.web.footnotes import Telling, link_to, told, untold
from ui.web.html import answer_html

ACTIVE = [
    *("![x](https://evil.example/?q=1)", "[x](javascript:alert(1))", "<img src=x onerror=alert(1)>", "<script>", "<!-- x"),
    *("[1]: https://evil.example", "a\n\n[1] “b", "](", "![", "<https://evil.example>", "[x][1]", "![x][1]"),
]
TEXTS = st.text(min_size=1, max_size=60) | st.sampled_from(ACTIVE)
ADDRESSES = (
    st.none()
    | TEXTS
    | st.sampled_from(
        ["https://example.org/a", "javascript:alert(1)", "http://[", "https://e.org/a b", "https://e.org/![x](https://evil.example)"]
    )
)


@st.composite
def answers(draw):
    quotes = draw(st.lists(TEXTS, min_size=1, max_size=4))
    citations = [
        Citation(
            n=n,
            article_id=f"a/{n} ",
            passage_id="p",
            title=draw(TEXTS),
            source=draw(st.none() | TEXTS),
            published=None,
            url=draw(ADDRESSES),
            start=0,
            end=len(quote),
            quote=quote,
        )
        for n, quote in enumerate(quotes, 1)
    ]
    numbers = st.lists(st.integers(1, len(quotes)), min_size=1, max_size=3, unique=True).map(tuple)
    sentences = draw(
        st.lists(st.builds(AnswerSentence, TEXTS, numbers, st.just(0.9), doubt=st.none() | st.just("why")), min_size=1, max_size=4)
    )
    notes = tuple(draw(st.lists(TEXTS, max_size=2)))
    return Answer(
        question="Q", standalone_question="Q", sentences=tuple(sentences), citations=tuple(citations), hits=(), confidence=0.9, notes=notes
    )


def link(citation):
    return link_to(citation, "http://localhost:7860")


@given(answers())
def test_marks_are_where_they_say_and_what_grew_is_what_is_whole(answer):
    whole, growing = Telling(link), Telling(link)
    whole.end(answer, articles=1)
    parts = []
    for count in range(1, len(answer.sentences) + 1):
        grown = replace(answer, sentences=answer.sentences[:count], notes=())
        parts.append(growing.grow(grown))
    parts.append(growing.end(answer, articles=1))
    assert "".join(parts) == growing.text == whole.text
    assert growing.marks == whole.marks
    assert [mark.n for mark in whole.marks] == [n for sentence in answer.sentences for n in sentence.citations]
    for start, end, n in whole.marks:
        assert whole.text[start:end] == f"[{n}]"
    assert all(f"[{citation.n}] “" in whole.text for citation in answer.citations)


@given(answers())
def test_nothing_in_it_is_an_image_a_link_or_a_tag(answer):
    content = told(answer, link, articles=1)
    kinds = {token.type for block in MarkdownIt("commonmark").parse(content) for token in [block, *(block.children or [])]}
    assert not kinds & {"image", "link_open", "html_inline", "html_block", "fence"}, content


@given(answers())
def test_an_answer_that_comes_back_as_history_has_lost_its_footnotes(answer):
    content = told(answer, link, articles=1)
    assert content.startswith(untold(content))
    assert len(untold(content)) < len(content)
    assert not re.search(r"\n\n\[\d+\] “", untold(content))
    assert untold(f"{ABSTENTION}\n\nNo passage.") == ABSTENTION


def test_an_answer_that_ends_otherwise_is_told_again_and_says_so(make_answer):
    telling = Telling(link)
    shown = telling.grow(make_answer("Q", ["One.", "Two."]))
    assert telling.grow(make_answer("Q", ["Else.", "Two."])) == ""
    rest = telling.end(make_answer("Q", ["Else."]), articles=1)
    assert telling.text == shown + rest
    assert rest.startswith("\n\nThe answer, now that it is whole and checked, is another than what stands above:\n\nElse. [1]\n\n[1] “")
    assert [telling.text[start:end] for start, end, _ in telling.marks] == ["[1]"]
    assert telling.marks[0].start > len(shown)


def test_the_same_number_for_another_quote_is_another_answer(make_answer):
    telling = Telling(link)
    telling.grow(make_answer("Q", ["One."]))
    other = make_answer("Q", ["One.", "Two."])
    moved = replace(other, citations=tuple(replace(one, start=one.start + 7) for one in other.citations))
    assert "is another than what stands above" in telling.end(moved, articles=1)


@pytest.mark.parametrize(
    ("verdict", "doubt", "said"),
    [
        ("supported", None, ""),
        ("partly", None, " (Weakly supported)"),
        ("partly", "the number is another", " (Weakly supported: the number is another)"),
        ("unsupported", "![x](https://evil.example)", " (Not supported: ! [x] (https://evil.example))"),
    ],
)
def test_support_is_told_as_the_page_tells_it(make_answer, verdict, doubt, said):
    sentence = AnswerSentence("It is so.", (1,), 0.2, verdict, doubt)
    answer = replace(make_answer("Q", ["It is so."]), sentences=(sentence,))
    assert told(answer, link, articles=1).startswith(f"It is so. [1]{said}\n\n[1] “")
    shown = re.sub("<[^>]*>", "", answer_html(answer))
    word = said.strip(" ()").partition(":")[0]
    assert word in shown
    assert word in render.plain(render.answer_page(replace(make_answer("Q", ["It is so."]), sentences=(sentence,)), articles=1))
    assert {"Weakly supported", "Not supported"} - {word} == {one for one in ("Weakly supported", "Not supported") if one not in shown}


@pytest.mark.parametrize("noted", [True, False])
def test_what_articles_say_differently_is_told_once(make_answer, noted):
    sides = tuple(Side(value=value, citations=(n,), source=None, published=day) for n, value, day in ((1, "54", "2026"), (2, "56", None)))
    answer = replace(make_answer("How many?", ["54 came.", "56 came."]), conflict=Conflict(kind=Difference.CONFLICT, sides=sides))
    said = "One article says different things: 54 (2026) [1]; 56 (undated) [2]."
    whole = told(replace(answer, notes=(said,) if noted else ()), link, articles=1)
    assert whole.count(said) == 1
    assert whole.index("56 came. [2]") < whole.index(said) < whole.index("[1] “")

"""Titles: who gives them, in which order, and how they are cut."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.article import Heading, Span
from index.loaders import from_row
from index.title import cut, one_line, title_of, words_of

SENTENCE = "The ministers met on Tuesday. They said little."


def test_the_order_of_those_who_name_an_article():
    text = "A headline here\n\n" + SENTENCE
    heading = Heading(Span(2, 10), 1)
    assert title_of(text, given="Given", headings=(heading,), stem="some words") == "Given"
    assert title_of(text, headings=(heading,), stem="some words") == "headline"
    assert title_of(text, stem="some words") == "A headline here"
    assert title_of(SENTENCE, stem="some words") == "The ministers met on Tuesday."
    assert title_of("1 2 3\n4 5 6.", stem="yearly-figures") == "1 2 3"
    assert title_of("2023\n", stem="yearly-figures") == "yearly figures"
    assert title_of("2023\n", stem="000_aef0b82fcd4df764") == "2023"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Is copper scarce?\nMany say so.", "Is copper scarce?"),
        ("A line with a full stop.\nMore.", "A line with a full stop."),
        ("Alone and nothing else", "Alone and nothing else"),
        ("One line that was\nonly wrapped. Then more.", "One line that was only wrapped."),
        ("Mr. Bond and Mrs. Peel met. Then not.", "Mr. Bond and Mrs. Peel met."),
        ("x" * 119 + "\n\nmore", "x" * 119),
        ("x" * 120 + "\n\nmore", "x" * 79 + "…"),
        ("\n\n  \nSpaced   out\theadline\r\n\r\nText.", "Spaced out headline"),
        ("Dr. Smith of the U.S. Navy said so. Then he left.", "Dr. Smith of the U.S. Navy said so."),
        ("Output rose 3.5 percent in 2023. It fell later.", "Output rose 3.5 percent in 2023."),
        ("***\n\n---\n\nText begins here. And ends.", "Text begins here."),
        ("首都は東京です。人口は多い。", "首都は東京です。"),
    ],
)
def test_first_lines_and_sentences(text, title):
    assert title_of(text) == title


@pytest.mark.parametrize(
    ("stem", "words"),
    [
        ("mp-materials-lynas", "mp materials lynas"),
        ("annual_report_2023", "annual report 2023"),
        ("000_aef0b82fcd4df764", ""),
        ("20230421", ""),
        ("x", ""),
        ("b3c19dd5", ""),
        ("", ""),
    ],
)
def test_a_stem_is_a_title_only_when_it_is_words(stem, words):
    assert words_of(stem) == words


@given(st.text(), st.integers(2, 100))
def test_cutting_keeps_a_beginning(text, characters):
    line = one_line(text)
    shortened = cut(line, characters)
    assert len(shortened) <= characters
    assert shortened == line or (shortened.endswith("…") and line.startswith(shortened[:-1]))


@given(st.text(min_size=1).filter(lambda text: any(character.isalnum() for character in text)))
def test_every_text_with_words_has_a_title_on_one_line_that_steers_nothing(text):
    title = title_of(text)
    assert title
    assert title == " ".join(title.split())
    assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in title)
    assert not re.search("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]", title)
    assert len(title) <= 500


@pytest.mark.parametrize("text", ["می\u200cخواهم", "👩\u200d🔬 at work", "क्\u200dष", "soft\u00adhyphen", "\ue000 private"])
def test_joiners_stay_in_their_words(text):
    assert one_line(text) == text


@pytest.mark.parametrize("text", ["", " \n", "\u200b", "\x1b\x9b \u202e", "\ufeff\u2060"])
def test_what_cannot_be_seen_is_no_line(text):
    assert one_line(text) == ""


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Source: Reuters\nAuthor: Ann Lee\n\nTalks fail\n\nThe talks failed on Friday.", "Talks fail"),
        ("Title: Talks fail\nSource: Reuters\nDate: 3 May 2023\n\nThe talks failed on Friday.", "Talks fail"),
        ("By Ann Lee\n\nThe talks failed on Friday. More.", "The talks failed on Friday."),
        ("BERLIN (Reuters) - The talks failed on Friday. More.", "BERLIN (Reuters) - The talks failed on Friday."),
        ("Talks fail\n\nBy Ann Lee\n\nThe talks failed on Friday.", "Talks fail"),
        ("Source: Reuters\nDate: 3 May 2023\n", "Source: Reuters"),
    ],
)
def test_who_wrote_a_text_is_not_its_title(text, title):
    assert from_row({"text": text}, where="r").title == title

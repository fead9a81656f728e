"""Text on its way to the page: legible, cut, escaped; and figures in digits."""

import math
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.report.legible import clipped, legible, number, signed
from eval.report.markup import Html, data, element, embedded, joined

anything = st.text(st.characters())


class Reader(HTMLParser):
    """Every text and attribute of a piece of HTML."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.attributes, self.texts = [], {}, []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes.update(attrs)

    def handle_data(self, text):
        self.texts.append(text)


@given(anything)
def test_text_comes_back_as_it_was_and_is_never_markup(text):
    read = Reader(element("p", {"title": text}, text, ["a", data(text)]))
    assert read.elements == ["p", "bdi"]
    assert "".join(read.texts) == f"{legible(text)}a{legible(text)}"
    assert read.attributes == {"title": legible(text)}


@given(st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Cn"))))
def test_text_without_controls_is_left_alone(text):
    assert legible(text) == text


@given(anything)
def test_legible_text_can_be_written_and_holds_nothing_that_html_forbids(text):
    shown = legible(text)
    shown.encode("utf-8")
    assert legible(shown) == shown
    for one in shown:
        assert one in "\t\n" or not (
            ord(one) < 0x20 or 0x7F <= ord(one) <= 0x9F or ord(one) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(one) <= 0xFDEF
        )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\r\nb\rc\n\td", "a\nb\nc\n\td"),
        ("\x00\x1b[31m\x7f\x85", "\ufffd\ufffd[31m\ufffd\ufffd"),
        ("\ud800", "\ufffd"),
        ("\ufdd0\uffff\U0010fffe", "\ufffd\ufffd\ufffd"),
        ("gpj\u202etxt.exe", "gpj⟨U+202E⟩txt.exe"),
        ("\u2066x\u2069\u200b\ufeff\U000e0041", "⟨U+2066⟩x⟨U+2069⟩⟨U+200B⟩⟨U+FEFF⟩⟨U+E0041⟩"),
        ("👩\u200d🔬 می\u200cخواهم שלום\u200f", "👩\u200d🔬 می\u200cخواهم שלום\u200f"),
    ],
)
def test_what_is_replaced_and_what_is_made_visible(text, shown):
    assert legible(text) == shown


def test_long_text_is_cut_and_says_so():
    assert clipped("a" * 10, 10) == "a" * 10
    assert clipped("a" * 1234, 10) == f"{'a' * 10}… (cut: 1,234 characters)"


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.73449, "", "0.734"),
        (-0.02, "", "−0.020"),
        (1234.4, "ms", "1,234 ms"),
        (48.94, "ms", "48.9 ms"),
        (0.00123, "USD", "0.00123 USD"),
        (math.nan, "", "–"),
    ],
)
def test_figures_are_written_for_people(value, unit, shown):
    assert number(value, unit) == shown


def test_a_difference_has_its_sign():
    assert [signed(0.1), signed(-0.1), signed(0.0)] == ["+0.100", "−0.100", "0.000"]


def test_only_finished_markup_passes_unescaped():
    assert joined("<b>", Html("<b>")) == "&lt;b&gt;<b>"
    assert element("input", {"hidden": True, "value": None, "checked": False, "size": 3}) == '<input hidden size="3">'


@pytest.mark.parametrize("content", ["a</script>", "a<!--", "</STYLE"])
def test_embedded_content_cannot_end_its_element(content):
    with pytest.raises(ValueError, match=re.escape("'</'")):
        embedded("script", {}, content)

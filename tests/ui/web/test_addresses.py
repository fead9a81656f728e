"""Only addresses of the web are linked to, and none of them breaks what it stands in."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ui.safe import safe
from ui.web.addresses import web_address


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://example.org/a?b=c#d", "https://example.org/a?b=c#d"),
        ("http://localhost:7860/x", "http://localhost:7860/x"),
        ("https://example.org/ä b", "https://example.org/ä%20b"),
        ("https://bücher.example/", "https://bücher.example/"),
        ("HTTPS://Example.org/<x>", "https://Example.org/%3Cx%3E"),
        ("https://[::1]:80/", "https://[::1]:80/"),
        ('https://a.org/{}\\^|`"', "https://a.org/%7B%7D%5C%5E%7C%60%22"),
        ("https://a.org/\u202egnp", "https://a.org/%E2%80%AEgnp"),
        ("https://a.org/![x](https://evil.example/p.png)", "https://a.org/!%5Bx%5D(https://evil.example/p.png)"),
        ("https://a.org/\ud800", None),
        ("https://a b/", None),
        ("https://a.org\\@evil.example/", None),
        ("https://x\u202e.org/", None),
        ("https://a\ud800.org/", None),
        ('https://a"b/', None),
        ("java\nscript:alert(1)", None),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
        ("//example.org/", None),
        ("http://", None),
        ("https://[", None),
        ("", None),
        (None, None),
    ],
)
def test_an_address_is_one_of_the_web_or_none(url, address):
    assert web_address(url) == address


ANY = st.text(st.characters(), max_size=30)


@given(place=ANY | st.just("e.org"), rest=ANY)
def test_an_address_stands_as_it_is_wherever_it_is_written(place, rest):
    address = web_address(f"https://{place}/{rest}")
    if address is not None:
        assert safe(address) == address
        assert urlsplit(address).hostname
        assert web_address(address) == address
        kinds = {token.type for block in MarkdownIt("commonmark").parse(f"See {address}.") for token in block.children or []}
        assert not kinds & {"image", "link_open", "html_inline"}

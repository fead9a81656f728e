"""Identity: one page has one id, two files never share one."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.article import check_id
from index.identify import canonical_url, identity, place_of


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTPS://Example.COM/A?b=C#top", "https://example.com/A?b=C"),
        ("http://example.com", "http://example.com/"),
        ("http://example.com:80/x", "http://example.com/x"),
        ("https://example.com:8443/x", "https://example.com:8443/x"),
        ("https://example.com/x?utm_source=a&id=7&fbclid=q", "https://example.com/x?id=7"),
        ("https://example.com/x?UTM_Campaign=a", "https://example.com/x"),
        ("https://example.com/x?utmost=1", "https://example.com/x?utmost=1"),
        (" https://example.com/a b\u00a0c ", "https://example.com/a%20b%C2%A0c"),
        ("https://example.com/a%20b", "https://example.com/a%20b"),
        ("https://example.com/#!/article/5", "https://example.com/#!/article/5"),
        ("https://example.com/café", "https://example.com/café"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("https://me@example.com/x", "https://me@example.com/x"),
    ],
)
def test_a_page_has_one_address(url, canonical):
    assert canonical_url(url) == canonical


@pytest.mark.parametrize(
    "url", ["", "example.com/x", "/x", "file:///etc/passwd", "javascript:alert(1)", "http://", "http://[", "http://x:99999/", "//x/y"]
)
def test_what_is_no_web_address_identifies_nothing(url):
    assert canonical_url(url) is None


@given(st.one_of(st.text(), st.builds("https://{}/{}?{}#{}".format, st.text(), st.text(), st.text(), st.text())))
def test_canonical_addresses_stay_as_they_are_and_are_ids(url):
    canonical = canonical_url(url)
    if canonical is not None:
        assert canonical_url(canonical) == canonical
        if len(canonical) <= 1000:
            check_id(canonical)


def test_the_given_id_comes_before_the_address_and_the_address_before_the_place():
    assert identity(given="a7", url="https://x.org/", place="f.txt") == "a7"
    assert identity(given=None, url="https://X.org", place="f.txt") == "https://x.org/"
    assert identity(given=None, url="mailto:a@b.c", place="f.txt") == "f.txt"
    assert identity(given=None, url=None, place="f.txt") == "f.txt"
    assert identity(given=None, url="https://x.org/" + "a" * 2000, place="f.txt") == "f.txt"


def test_places_are_relative_paths_without_white_space():
    assert place_of(PurePosixPath("reports/2023/mine report.txt")) == "reports/2023/mine%20report.txt"
    assert place_of(PurePosixPath("a\n\t\u2003b")) == "a%0A%09%E2%80%83b"
    assert place_of(PurePosixPath("mine.jsonl"), 17) == "mine.jsonl#17"
    assert place_of(PurePosixPath("all.zip"), member="may/my report.txt") == "all.zip#may/my%20report.txt"
    assert place_of(PurePosixPath("all.zip"), 17, member="mine.jsonl") == "all.zip#mine.jsonl#17"
    assert place_of(PurePosixPath("bad\udcff.txt")) == "bad%FF.txt"


NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=20).filter(
    lambda name: name not in (".", "..")
)


@given(NAMES, NAMES)
def test_two_names_never_share_a_place(one, other):
    first, second = place_of(PurePosixPath(one)), place_of(PurePosixPath(other))
    assert (first == second) == (one == other)
    check_id(first)

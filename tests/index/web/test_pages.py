"""What is found at an address becomes articles that are known by that address, whatever they say of themselves."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_pages import PROSE, article

from index.article import MAX_ID_CHARACTERS, Article, Refusal
from index.loaders.interface import Draft, Row
from index.loaders.walk import Wish
from index.web.addresses import parse_address
from index.web.fetch import Page
from index.web.pages import article_of, articles_at, known_by, suffix_of

NOW = "2026-11-29T10:00:00+00:00"


def found(data, address="https://www.example.org/news/smelter", media_type="text/html", charset=None, wish=None):
    page = Page(parse_address(address), data, media_type, charset)
    return list(articles_at(page, wish or Wish(), NOW))


def canonical(url):
    return article("Smelter closes", head=f'<link rel="canonical" href="{url}">')


def test_a_page_is_an_article_of_the_address_at_which_it_was_found():
    (page,) = found(article("Smelter closes"), "https://www.example.org/news/smelter?utm_source=x&id=5#top")
    assert isinstance(page, Article)
    assert (page.id, page.url) == ("https://www.example.org/news/smelter?id=5",) * 2
    assert page.title == "Smelter closes"
    assert page.source == "example.org"
    assert page.metadata["retrieved"] == NOW
    assert page.path is None


@pytest.mark.parametrize(
    ("claimed", "believed"),
    [
        ("https://www.example.org/news/smelter?id=5", "https://www.example.org/news/smelter?id=5"),
        ("https://www.example.org/news/smelter", "https://www.example.org/news/smelter"),
        ("https://example.org/news/smelter/", "https://example.org/news/smelter/"),
        ("/news/smelter", None),  # the page reader takes whole addresses alone
        ("https://www.example.org/", None),
        ("https://www.example.org/news/other", None),
        ("https://www.example.org/news/smelter?id=6", None),
        ("https://www.example.org/news/smelter/more", None),
        ("https://other.org/news/smelter", None),
        ("https://evil.example.org/news/smelter", None),
        ("http://www.example.org/news/smelter", None),
        ("https://www.example.org:8443/news/smelter", None),
        ("https://user@www.example.org/news/smelter", None),
        ("javascript:alert(1)", None),
    ],
)
def test_a_page_may_leave_out_what_does_not_matter_and_take_no_other_place(claimed, believed):
    (page,) = found(canonical(claimed), "https://www.example.org/news/smelter?id=5&sort=up")
    assert page.url == (believed or "https://www.example.org/news/smelter?id=5&sort=up")
    assert page.id == page.url


def test_what_a_page_says_of_its_place_and_is_not_believed_is_kept_as_said():
    (page,) = found(canonical("https://other.org/original"))
    assert page.metadata["stated_url"] == "https://other.org/original"
    assert page.source == "example.org"


@given(claimed=st.text("ab/?&=#:.", max_size=20).map(lambda text: f"https://www.example.org/{text}") | st.text(max_size=30))
def test_whatever_a_document_claims_its_id_is_of_where_it_was_found(claimed):
    address = parse_address("https://www.example.org/a/b?a=b&b")
    alone = article_of(Draft(text=PROSE, url=claimed), address, Wish(), {}, alone=True)
    assert alone.id.partition("?")[0].rstrip("/") in ("https://www.example.org/a/b", "https://example.org/a/b")
    among = article_of(Draft(text=PROSE, url=claimed, id=claimed, row=Row("line", 1)), address, Wish(), {}, alone=False)
    assert among.id.startswith("https://www.example.org/a/b?a=b&b#")


def test_rows_keep_their_ids_under_the_address_of_the_file():
    rows = b'{"id": "a7", "text": "Some words.", "url": "https://news.example.org/a7"}\n{"id": "a7 b", "text": "More.", "url": "https://bbc.com/"}\n{}\n'
    first, second, broken = found(rows, "https://example.org/all.jsonl", "application/octet-stream")
    assert (first.id, first.url) == ("https://example.org/all.jsonl#a7", "https://news.example.org/a7")
    assert (second.id, second.url) == ("https://example.org/all.jsonl#a7%20b", "https://example.org/all.jsonl")
    assert second.metadata["stated_url"] == "https://bbc.com/"
    assert isinstance(broken, Refusal)
    assert broken.path == "https://example.org/all.jsonl:line 3"


@given(st.text(max_size=50) | st.text("a", min_size=900, max_size=1200))
def test_an_id_is_one_whatever_tells_the_articles_apart(key):
    encoded = key.encode("utf-8", "replace").decode()
    named = known_by("https://example.org/feed", encoded)
    assert named.startswith("https://example.org/feed#")
    assert len(named) <= MAX_ID_CHARACTERS
    assert named == known_by("https://example.org/feed", encoded) != known_by("https://example.org/feed", encoded + "x")
    assert named.isascii()
    assert " " not in named


@pytest.mark.parametrize(
    ("data", "media_type", "address", "said"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "text/html", "https://example.org/a", "PDF|cannot be read|damaged|no "),
        (b"\x89PNG\r\n\x1a\n\0\0", "text/html", "https://example.org/a", "a PNG image"),
        (b"\x89PNG\r\n\x1a\n\0\0", "image/png", "https://example.org/a.png", "a PNG image"),
        (b"<!doctype html><html></html>", "text/html", "https://example.org/a", "no main text"),
        (b"let x = 1; // words", "application/javascript", "https://example.org/a", "unsupported: a .javascript file"),
        (b"<a>words</a>", "application/xml", "https://example.org/a", "unsupported|expected"),
        (b"", "text/html", "https://example.org/a", "no article text|no text|empty"),
        (b"\0\1\2", "application/octet-stream", "https://example.org/a", "binary data"),
    ],
)
def test_what_is_no_article_is_refused_with_its_reason(data, media_type, address, said):
    (refusal,) = found(data, address, media_type)
    assert isinstance(refusal, Refusal)
    assert refusal.path == address
    assert re.search(said, refusal.reason), refusal.reason


def test_a_wrong_type_does_not_hide_a_page():
    for media_type in ("text/plain", "application/octet-stream", "", "image/png"):
        (page,) = found(article("Smelter closes"), media_type=media_type)
        assert page.title == "Smelter closes", media_type


@pytest.mark.parametrize(
    ("charset", "codec"), [("windows-1251", "cp1251"), ("ISO-8859-1", "cp1252"), ("shift_jis", "shift_jis"), ("utf-16-le", "utf-16-le")]
)
def test_the_charset_that_the_server_names_counts_where_it_fits(charset, codec):
    words = {"cp1251": "Завод закрывается в конце года. ", "shift_jis": "製錬所は年末に閉鎖される。"}.get(
        codec, "Le café ferme à la fin de l’année. "
    )
    (page,) = found((words * 30).encode(codec), "https://example.org/a.txt", "text/plain", charset)
    assert page.text == words * 30
    assert page.metadata["decoded_as"] == codec


@pytest.mark.parametrize("charset", ["windows-1251", "utf-7", "nonsense", "idna", "rot13"])
def test_a_charset_that_the_bytes_belie_is_not_believed(charset):
    words = "Le café ferme à la fin de l’année. " * 9
    (page,) = found(words.encode(), "https://example.org/a.txt", "text/plain", charset)
    assert page.text == words
    assert "decoded_as" not in page.metadata


def test_what_the_user_says_wins():
    (page,) = found(article("Smelter closes"), wish=Wish("Desk", "21 April 2023"))
    assert (page.source, page.published, page.published_raw) == ("Desk", "2023-04-21", "21 April 2023")


@pytest.mark.parametrize(
    ("media_type", "address", "suffix"),
    [
        ("text/html", "https://h.org/a.php", ".html"),
        ("text/plain", "https://h.org/notes.md", ".md"),
        ("text/plain", "https://h.org/a.py", ".txt"),
        ("", "https://h.org/report.PDF?x=.txt", ".pdf"),
        ("application/octet-stream", "https://h.org/a.docx", ".docx"),
        ("", "https://h.org/", ""),
        ("", "https://h.org/a.%C3%A9", ""),
    ],
)
def test_a_page_is_called_by_what_the_server_says_else_by_its_address(media_type, address, suffix):
    assert suffix_of(Page(parse_address(address), b"", media_type)) == suffix

"""Feeds and sitemaps: what they list, in which order, and what a hostile one cannot do."""

import gzip
import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import ArticleError
from index.web.addresses import parse_address
from index.web.fetch import Page
from index.web.listing import FULL_CHARACTERS, is_listing, listing_of
from index.web.sitemap import MAX_ADDRESSES, MAX_BYTES, SitemapLoader, root_of

HERE = parse_address("https://www.example.org/map/list.xml")
LONG = "The smelter closes at the end of the year, and the engineers are glad of it. " * 20


def listed(content, address=HERE, site=None):
    page = Page(address, content if isinstance(content, bytes) else content.encode())
    assert is_listing(page)
    return listing_of(page, site or address)


def sitemap(*urls, root="urlset", element="url"):
    entries = "".join(f"<{element}><loc>{url}</loc>{f'<lastmod>{day}</lastmod>' if day else ''}</{element}>" for url, day in urls)
    return f'<?xml version="1.0"?>\n<{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</{root}>'


def rss(*items):
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>The Daily</title>{"".join(items)}</channel></rss>'


def test_a_sitemap_lists_its_own_site_newest_first():
    content = sitemap(
        ("https://www.example.org/old", "2020-01-01"),
        ("https://news.example.org/new?a=1&amp;b=2", "2024-05-01T10:00:00+02:00"),
        ("/relative", ""),
        ("https://evil.org/x", "2024-06-01"),
        ("ftp://www.example.org/x", ""),
    )
    listing = listed(content)
    assert [str(entry.link) for entry in listing.entries] == [
        "https://news.example.org/new?a=1&b=2",
        "https://www.example.org/old",
        "https://www.example.org/relative",
    ]
    assert [entry.day for entry in listing.entries] == ["2024-05-01", "2020-01-01", ""]
    assert listing.broken == ("addresses on other sites, for which none can speak: 2, such as https://evil.org/x",)
    assert not listing.feed
    assert not any(entry.full for entry in listing.entries)


def test_a_list_of_sitemaps_lists_sitemaps():
    listing = listed(
        sitemap(("https://www.example.org/a.xml", "2024"), ("https://other.org/b.xml", ""), root="sitemapindex", element="sitemap")
    )
    assert (listing.entries, [str(entry.link) for entry in listing.sitemaps]) == ((), ["https://www.example.org/a.xml"])


def test_a_packed_sitemap_is_opened():
    assert len(listed(gzip.compress(sitemap(("https://www.example.org/a", "")).encode())).entries) == 1


def test_what_is_said_of_an_entry_tells_whether_to_ask_again():
    first, second, third = (
        listed(sitemap(("https://www.example.org/a", day))).entries[0] for day in ("2024-01-01", "2024-01-01", "2024-01-02")
    )
    assert first.stated == second.stated != third.stated


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (sitemap(("https://www.example.org/a", ""))[:-9], "broken in line"),
        ('<urlset><url><loc>a</loc></url><!-- --><x a="1" a="2"/></urlset>', "broken in line"),
        ('<urlset><!DOCTYPE x [<!ENTITY a "b">]></urlset>', "broken in line"),
        ("<urlset>" + "<a>" * 30, "nested deeper"),
        (f"<urlset><url><loc>{'x' * 5000}</loc></url></urlset>", "more than 4,000 characters"),
        (gzip.compress(b"<urlset>" + b" " * (MAX_BYTES + 1), mtime=0), "too large"),
    ],
)
def test_a_broken_sitemap_is_refused_with_its_reason(content, said):
    with pytest.raises(ArticleError, match=said):
        listed(content)


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE urlset [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE urlset SYSTEM "http://127.0.0.1/x.dtd">',
        '<!DOCTYPE urlset [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
    ],
)
def test_no_document_type_is_let_in(declared, contacts):
    stream = io.BytesIO(f'<?xml version="1.0"?>{declared}<urlset><url><loc>https://www.example.org/&x;</loc></url></urlset>'.encode())
    with pytest.raises(ArticleError, match="document type"):
        list(SitemapLoader().load(stream))
    assert contacts == []


def test_a_huge_sitemap_is_read_quickly_and_too_huge_a_one_refused():
    began = time.process_time()
    whole = sitemap(*((f"https://www.example.org/{number}", "2024-01-01") for number in range(MAX_ADDRESSES)))
    assert len(listed(whole).entries) == MAX_ADDRESSES
    assert time.process_time() - began < 12
    with pytest.raises(ArticleError, match="at most 50,000 addresses"):
        listed(sitemap(*((f"https://www.example.org/{number}", "") for number in range(MAX_ADDRESSES + 1))))


def test_fields_of_images_are_not_addresses_of_pages():
    content = """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
      <url><loc> https://www.example.org/a </loc><image:image><image:loc>https://www.example.org/a.png</image:loc></image:image></url></urlset>"""
    assert [str(entry.link) for entry in listed(content).entries] == ["https://www.example.org/a"]


@given(st.binary(max_size=300))
def test_whatever_opens_like_a_sitemap_is_read_or_refused(rest):
    page = Page(HERE, b"<urlset><url><loc>https://www.example.org/a</loc></url>" + rest)
    try:
        assert len(listing_of(page, HERE).entries) >= 1
    except ArticleError as error:
        assert str(error).isprintable()  # noqa: PT017  # either is right


@pytest.mark.parametrize(
    ("head", "root"),
    [
        (b"<urlset>", "urlset"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><!-- a > b --><?xml-stylesheet href='x'?>\n<sm:urlset xmlns:sm='x'>", "urlset"),
        ("<sitemapindex>".encode("utf-16"), None),
        (b"<html>", "html"),
        (b"words <urlset>", None),
        (b"", None),
        (b"<?xml " + b"<!--" * 1000, None),
    ],
)
def test_a_document_is_told_by_its_first_element(head, root):
    assert root_of(head) == root


# --- feeds ------------------------------------------------------------------------------------------------------------


def test_a_feed_speaks_in_full_for_its_own_site_alone():
    listing = listed(
        rss(
            "<item><title>Full</title><link>/full</link><pubDate>Tue, 02 Jan 2024 10:00:00 GMT</pubDate>"
            f"<description>{LONG}</description></item>",
            "<item><title>Short</title><link>https://www.example.org/short</link><description>A summary.</description></item>",
            f"<item><title>Goes on</title><link>/on</link><description>{LONG} […]</description></item>",
            f"<item><title>Elsewhere</title><link>https://other.org/a</link><description>{LONG}</description></item>",
            f"<item><title>No link</title><description>{LONG}</description></item>",
            f"<item><title>Bad link</title><link>javascript:alert(1)</link><description>{LONG}</description></item>",
        )
    )
    assert listing.feed
    assert {entry.draft.title: entry.full for entry in listing.entries} == {
        "Full": True,
        "Short": False,
        "Goes on": False,
        "Elsewhere": False,
        "No link": True,
        "Bad link": True,
    }
    assert {entry.draft.title: str(entry.link) if entry.link else None for entry in listing.entries} == {
        "Full": "https://www.example.org/full",
        "Short": "https://www.example.org/short",
        "Goes on": "https://www.example.org/on",
        "Elsewhere": "https://other.org/a",
        "No link": None,
        "Bad link": None,
    }
    assert listing.entries[0].day == "2024-01-02"
    assert len(LONG) > FULL_CHARACTERS


def test_a_feed_may_stand_elsewhere_than_where_it_was_asked_for():
    item = f"<item><title>Full</title><link>https://www.example.org/full</link><description>{LONG}</description></item>"
    cdn = parse_address("https://cdn.net/example.rss")
    assert not listed(rss(item), cdn).entries[0].full
    assert listed(rss(item), cdn, HERE).entries[0].full


def test_pages_and_documents_are_no_listings():
    for data in (
        b"",
        b"<!doctype html><html>",
        b"%PDF-1.7",
        b"\x1f\x8b\x08\0",
        gzip.compress(b"words", mtime=0),
        b'<?xml version="1.0"?><nitf>',
        b"{}",
    ):
        assert not is_listing(Page(HERE, data))


def test_gzip_of_a_million_parts_is_refused_in_time():
    """Each part copied what followed it: twenty megabytes of empty ones took minutes."""
    empty = gzip.compress(b"", mtime=0)
    whole = sitemap(("https://www.example.org/a", None)).encode()
    parts = gzip.compress(whole[:-4], mtime=0) + empty + gzip.compress(whole[-4:], mtime=0)
    assert [entry.draft.url for entry in listed(parts).entries] == ["https://www.example.org/a"]
    began = time.process_time()
    with pytest.raises(ArticleError, match="more than 10,000 parts"):
        listed(parts + empty * 1_000_000)
    assert time.process_time() - began < 5

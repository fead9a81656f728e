"""Addresses into a library: what is asked for, what is asked for again, what is kept, and that nobody else's place is taken."""

import json
import threading

import pytest
from sample_pages import PROSE, article

from index.errors import ArticleError, AssayError
from index.web import Limits, Web
from index.web import gather as gathering

LONG = PROSE * 8


@pytest.fixture
def library(make_library):
    return make_library()


@pytest.fixture
def at(site):
    return lambda path="": f"http://news.test:{site.port}{path}"


@pytest.fixture
def fetch(net, library, at):
    """`fetch(path, …, **options of Web) -> AddReport`; `listings` as of `Library.fetch`."""

    def fetch(*paths, listings=False, source=None, published=None, **options):
        addresses = [path if "://" in path else at(path) for path in paths]
        return library.fetch(*addresses, web=net.web(**options), listings=listings, source=source, published=published)

    return fetch


def rss(*items):
    content = f'<?xml version="1.0"?><rss version="2.0"><channel><title>The Daily</title>{"".join(items)}</channel></rss>'
    return (200, {"Content-Type": "application/rss+xml"}, content.encode())


def item(link, *, title="T", text="A summary.", day="Tue, 02 Jan 2024 10:00:00 GMT"):
    address = f"<link>{link}</link>" if link else ""
    return (
        f"<item><title>{title}</title>{address}<guid>{link or title}</guid><pubDate>{day}</pubDate><description>{text}</description></item>"
    )


def sitemap(*urls, root="urlset", element="url"):
    entries = "".join(f"<{element}><loc>{url}</loc>{f'<lastmod>{day}</lastmod>' if day else ''}</{element}>" for url, day in urls)
    return (200, {"Content-Type": "application/xml"}, f'<{root} xmlns="x">{entries}</{root}>'.encode())


def validated(content, etag):
    """A page whose server knows whether it has changed."""

    def answer(handler):
        if handler.headers.get("If-None-Match") == etag:
            return (304, {}, b"")
        return (200, {"Content-Type": "text/html", "ETag": etag}, content)

    return answer


# --- pages ------------------------------------------------------------------------------------------------------------


def test_a_page_is_added_and_again_changes_nothing(site, fetch, library, at):
    site.pages["/a"] = article("Smelter closes")
    report = fetch("/a")
    assert (report.added, report.refused) == ([at("/a")], [])
    before = library.article(at("/a"))
    assert before.metadata["retrieved"].startswith("20")
    again = fetch("/a")
    assert (again.added, again.updated, again.unchanged) == ([], [], [at("/a")])
    assert library.article(at("/a")) == before
    site.pages["/a"] = article("Smelter stays")
    assert fetch("/a").updated == [at("/a")]
    assert library.article(at("/a")).title == "Smelter stays"


def test_the_day_on_which_it_was_found_is_that_on_which_it_was_found_so(site, fetch, library, at, monkeypatch):
    site.pages["/a"] = article("Smelter closes")
    for now, expected in (("2026-01-01T00:00:00+00:00", "2026-01-01"), ("2026-02-01T00:00:00+00:00", "2026-01-01")):
        monkeypatch.setattr(gathering, "_now", lambda now=now: now)
        fetch("/a")
        assert library.article(at("/a")).metadata["retrieved"].startswith(expected)
    site.pages["/a"] = article("Smelter stays")
    monkeypatch.setattr(gathering, "_now", lambda: "2026-03-01T00:00:00+00:00")
    fetch("/a")
    assert library.article(at("/a")).metadata["retrieved"].startswith("2026-03-01")


def test_a_page_that_has_not_changed_is_not_sent_again(site, fetch, library, at):
    site.pages["/a"] = validated(article("Smelter closes"), '"1"')
    fetch("/a")
    assert fetch("/a").unchanged == [at("/a")]
    assert [head.get("If-None-Match") for head in site.heads] == [None, '"1"']
    library.remove(at("/a"))
    assert fetch("/a").added == [at("/a")]  # what was removed is asked for whole
    assert site.heads[-1].get("If-None-Match") is None


def test_what_the_user_says_is_given_to_a_page_that_has_not_changed_too(site, fetch, library, at):
    site.pages["/a"] = validated(article("Smelter closes"), '"1"')
    fetch("/a")
    assert fetch("/a", source="Desk", published="2023-04").updated == [at("/a")]
    assert (library.article(at("/a")).source, library.article(at("/a")).published) == ("Desk", "2023-04")


def test_errors_are_one_line_each_and_the_rest_goes_on(site, fetch, at):
    site.pages |= {"/a": article("One"), "/b": article("Two"), "/moved": (302, {"Location": "/b"}, b"")}
    report = fetch(
        "/a", "/none", "http://user:secret@news.test/", "http://10.0.0.1/", "http://unknown.invalid/", "ftp://x/", "/b", "/moved"
    )
    assert report.added == [at("/a"), at("/b")]  # what leads to the same page is the same article
    assert [refusal.path for refusal in report.refused] == [
        at("/none"),
        "http://…@news.test/",
        "http://10.0.0.1/",
        "http://unknown.invalid/",
        "ftp://x/",
    ]
    assert not [refusal for refusal in report.refused if "secret" in str(refusal) or not refusal.reason.isprintable()]


def test_a_page_cannot_take_the_place_of_another_article(site, fetch, library, at):
    site.pages["/good"] = article("The good article")
    fetch("/good")
    before = library.article(at("/good"))
    for claimed in (at("/good"), "https://bbc.com/news", "good.txt"):
        head = f'<link rel="canonical" href="{claimed}"><meta property="og:url" content="{claimed}">'
        site.pages["/evil"] = article("The evil article", head=head)
        fetch("/evil")
    rows = json.dumps({"id": at("/good"), "text": "Evil words.", "url": at("/good")}).encode()
    site.pages["/evil.jsonl"] = (200, {"Content-Type": "application/jsonl"}, rows)
    site.pages["/evil.xml"] = rss(item(at("/good"), text=LONG.replace("school", "evil")))
    fetch("/evil.jsonl", "/evil.xml")
    assert library.article(at("/good")) == before
    assert {record["id"].partition("#")[0] for record in library.articles()} == {
        at(f"/{name}") for name in ("good", "evil", "evil.jsonl", "evil.xml")
    }


def test_documents_are_read_as_files_are(site, fetch, library, at):
    site.pages["/notes.md"] = (200, {"Content-Type": "text/markdown"}, f"# Harbour notes\n\n{PROSE}".encode())
    site.pages["/rows.csv"] = (200, {"Content-Type": "text/csv"}, f"title,text\nOne,{PROSE}\nTwo,{PROSE}\n".encode())
    report = fetch("/notes.md", "/rows.csv")
    assert report.added == [at("/notes.md"), at("/rows.csv#2"), at("/rows.csv#3")]
    assert library.article(at("/notes.md")).title == "Harbour notes"
    assert fetch("/rows.csv").unchanged == report.added[1:]
    rows = f'{{"id": "x", "text": "{PROSE}"}}\n' * 2
    site.pages["/twice.jsonl"] = (200, {"Content-Type": "application/jsonl"}, rows.encode())
    report = fetch("/twice.jsonl")
    assert report.added == [at("/twice.jsonl#x")]
    assert "was given before" in report.refused[0].reason


def test_a_table_of_a_million_refusals_is_not_read_to_its_end(site, fetch):
    site.pages["/flood.csv"] = (200, {"Content-Type": "text/csv"}, b"text,a\nThe nickel is here.,x\n" + b",x\n" * 100_000)
    report = fetch("/flood.csv")
    assert len(report.added) == 1
    assert len(report.refused) == 10_001
    assert report.refused[-1].reason == "hardly anything in it can be taken in: 10,000 refused, 1 not; what follows was not looked at"


def test_nothing_is_fetched_without_being_asked_for(library, contacts, at):
    with pytest.raises(AssayError):
        library.add(at("/a"))
    with pytest.raises(AssayError):
        library.sync(at("/a"))
    assert contacts == []


def test_what_nobody_can_mean_is_refused_at_once(library):
    with pytest.raises(AssayError, match="expected a date"):
        Web(since="yesterday")
    with pytest.raises(AssayError, match="at most"):
        Web(most=-1)
    with pytest.raises(ArticleError, match="expected a date"):
        library.fetch("http://news.test/", web=Web(), published="03/04/2023")


def test_an_interruption_keeps_what_is_in(net, site, library, at):
    """Each page is committed before the next is asked for."""
    site.pages |= {"/a": article("One"), "/b": article("Two")}

    def interrupted(_):
        raise KeyboardInterrupt

    reach = net.reach()
    ask = reach.resolver
    object.__setattr__(reach, "resolver", lambda host: interrupted(host) if host == "stop.test" else ask(host))
    web = net.web(reach=reach, limits=Limits(seconds=1, patience=1))
    thrown = []
    threading.excepthook, hook = thrown.append, threading.excepthook
    try:
        report = library.fetch(at("/a"), "http://stop.test/", at("/b"), web=web)
    finally:
        threading.excepthook = hook
    assert report.added == [at("/a"), at("/b")]  # the interrupt hit a thread; the look-up ran out of time

    class Stop(gathering.Gathering):
        def _take_page(self, page, asked, *, stated):
            if str(asked).endswith("/d"):
                raise KeyboardInterrupt
            return super()._take_page(page, asked, stated=stated)

    site.pages |= {"/c": article("Three"), "/d": article("Four")}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("index.web.Gathering", Stop)
        with pytest.raises(KeyboardInterrupt):
            library.fetch(at("/c"), at("/d"), web=net.web())
    assert at("/c") in {record["id"] for record in library.articles()}


# --- feeds ------------------------------------------------------------------------------------------------------------


def test_a_feed_is_followed(site, fetch, library, at):
    site.pages |= {"/one": article("One"), "/two": article("Two")}
    site.pages["/feed"] = rss(item("/one"), item(at("/two")), item("/full", title="Full", text=LONG), item(None, title="Alone", text=LONG))
    report = fetch("/feed")
    (alone,) = (article_id for article_id in report.added if article_id.startswith(at("/feed#Alone")))
    assert set(report.added) == {at("/one"), at("/two"), at("/feed#/full"), alone}
    assert "/full" not in site.asked
    full = library.article(at("/feed#/full"))
    assert (full.url, full.title, full.source, full.published) == (at("/full"), "Full", "The Daily", "2024-01-02")
    assert library.article(alone).url == at("/feed")
    asked = len(site.asked)
    again = fetch("/feed", listings=True)
    assert (again.added, again.updated, set(again.unchanged)) == ([], [], set(report.added))
    assert len(site.asked) == asked + 1  # the feed alone, and no robots.txt either


def test_new_entries_are_added_changed_ones_updated_and_what_fell_off_stays(site, fetch, library, at):
    site.pages |= {f"/{number}": article(f"Number {number}") for number in range(4)}
    site.pages["/feed"] = rss(item("/0"), item("/1"))
    fetch("/feed")
    site.pages["/1"] = article("Number 1, corrected")
    site.pages["/0"] = article("Changed without a word")
    site.pages["/feed"] = rss(item("/2"), item("/1", text="A summary, corrected."))
    report = fetch("/feed", listings=True)
    assert (report.added, report.updated, report.removed) == ([at("/2")], [at("/1")], [])
    assert library.article(at("/0")).title == "Number 0"
    assert library.article(at("/1")).title == "Number 1, corrected"


def test_a_feed_that_has_not_changed_is_one_short_question(site, fetch, at):
    content = rss(item("/one"), item("/full", title="Full", text=LONG))[2]
    site.pages |= {"/one": article("One"), "/feed": validated(content, '"f"')}
    first = fetch("/feed")
    again = fetch("/feed")
    assert set(again.unchanged) == set(first.added)
    assert site.heads[-1]["If-None-Match"] == '"f"'
    assert site.asked == ["/feed", "/robots.txt", "/one", "/feed"]
    assert at("/one") in first.added


def test_a_feed_of_which_something_is_missing_is_read_again_whole(site, fetch, at):
    site.pages |= {"/one": (500, {}, b""), "/feed": validated(rss(item("/one"))[2], '"f"')}
    assert fetch("/feed").refused[0].reason == "the server has trouble; try again later (status 500)"
    site.pages["/one"] = article("One")
    assert fetch("/feed").added == [at("/one")]
    asked_with = [head.get("If-None-Match") for path, head in zip(site.asked, site.heads, strict=True) if path == "/feed"]
    assert asked_with == [None, None]


def test_two_feeds_may_list_a_page_and_neither_is_done_before_it_is_in(site, fetch, at):
    feeds = {"/f": validated(rss(item("/one"))[2], '"f"'), "/g": validated(rss(item("/one", title="Again"))[2], '"g"')}
    site.pages |= {"/one": (500, {}, b""), **feeds}
    assert len(fetch("/f", "/g").refused) == 1
    assert site.asked.count("/one") == 1
    site.pages["/one"] = article("One")
    assert fetch("/g").added == [at("/one")]
    assert fetch("/f").unchanged == [at("/one")]


def test_a_page_that_never_will_be_one_is_not_asked_for_at_each_turn(site, fetch):
    site.pages["/feed"] = rss(item("/none"), item("/picture"), item("/empty"))
    site.pages |= {"/picture": (200, {"Content-Type": "image/png"}, b"\x89PNG\r\n\x1a\n\0\0"), "/empty": b"<!doctype html><html></html>"}
    first = fetch("/feed")
    assert [refusal.reason[:20] for refusal in first.refused] == [refusal.reason[:20] for refusal in fetch("/feed").refused]
    assert len(first.refused) == 3
    assert site.asked == ["/feed", "/robots.txt", "/none", "/picture", "/empty", "/feed"]
    site.pages["/feed"] = rss(item("/none", text="Now it is there."))
    site.pages["/none"] = article("Now")
    assert len(fetch("/feed").added) == 1


def test_pages_of_a_feed_are_fetched_only_where_robots_are_let_in(site, fetch, at):
    site.pages |= {"/robots.txt": (200, {}, b"User-agent: *\nDisallow: /private"), "/private/a": article("One"), "/b": article("Two")}
    site.pages["/feed"] = rss(item("/private/a"), item("/b"))
    report = fetch("/feed")
    assert report.added == [at("/b")]
    assert report.refused[0].path == at("/private/a")
    assert "robots.txt" in report.refused[0].reason
    assert "/private/a" not in site.asked


def test_a_feed_may_be_taken_as_it_stands(site, fetch, library, at):
    site.pages["/feed"] = rss(item("/one", text=PROSE), item("https://other.org/x", title="X", text=PROSE))
    report = fetch("/feed", pages=False)
    assert report.added == [at("/feed#/one"), at("/feed#https://other.org/x")]
    assert library.article(at("/feed#/one")).url == at("/one")
    assert library.article(at("/feed#https://other.org/x")).url == at("/feed")
    assert site.asked == ["/feed"]
    site.pages |= {"/one": article("One"), "/feed": validated(rss(item("/one", text=PROSE))[2], '"f"')}
    fetch("/feed", pages=False)
    assert fetch("/feed").added == [at("/one")]  # what such a run found says nothing of one that fetches pages


def test_a_run_asks_for_so_many_pages_and_the_next_goes_on(site, fetch, at):
    site.pages |= {f"/{number}": article(f"Number {number}") for number in range(5)}
    site.pages["/feed"] = validated(
        rss(*(item(f"/{number}", day=f"Tue, {number + 10} Jan 2024 10:00:00 GMT") for number in range(5)))[2], '"f"'
    )
    report = fetch("/feed", most=2)
    assert (report.added, report.left) == ([at("/4"), at("/3")], 3)  # the newest first
    report = fetch("/feed", most=2)
    assert (report.added, len(report.unchanged), report.left) == ([at("/2"), at("/1")], 2, 1)
    report = fetch("/feed", most=2)
    assert (report.added, len(report.unchanged), report.left) == ([at("/0")], 4, 0)
    assert fetch("/feed", most=0).refused == []


def test_only_what_is_new_enough_is_wanted(site, fetch, at):
    site.pages |= {"/old": article("Old"), "/new": article("New"), "/undated": article("Undated")}
    site.pages["/feed"] = rss(item("/old"), item("/new", day="2024-03-01"), item("/undated", day=""))
    report = fetch("/feed", since="2024-02")
    assert (report.added, report.left) == ([at("/new")], 0)
    assert set(fetch("/feed").added) == {at("/old"), at("/undated")}


@pytest.mark.parametrize(
    "content",
    [
        b'<?xml version="1.0"?><rss><channel><item><title>cut off',
        b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><item><title>&x;</title></item></channel></rss>',
        b'<?xml version="1.0"?><rss version="2.0"><channel></channel></rss>',
        b"<rss><channel>" + b"<item>" * 5000,
    ],
)
def test_a_malformed_feed_is_refused_and_the_rest_goes_on(site, fetch, contacts, content, at):
    site.pages |= {"/feed": (200, {"Content-Type": "application/rss+xml"}, content), "/a": article("One")}
    report = fetch("/feed", "/a")
    assert report.added == [at("/a")]
    assert all(refusal.path.startswith(at("/feed")) for refusal in report.refused)
    assert all("passwd" not in str(refusal) and refusal.reason.isprintable() for refusal in report.refused)
    assert all(contact[1] == "127.0.0.1" for contact in contacts)


def test_a_feed_leads_to_no_private_machine(site, fetch):
    hostile = ["http://127.0.0.2/", "http://[::1]/", "http://169.254.169.254/", "file:///etc/passwd", "http://news.test:22/"]
    site.pages["/feed"] = rss(*(item(link, text=f"Words of {number}") for number, link in enumerate(hostile)))
    report = fetch("/feed")
    assert site.asked == ["/feed"]
    assert [
        refusal.path for refusal in report.refused if "127" in refusal.path or "169" in refusal.path or "::1" in refusal.path
    ] == hostile[:3]
    assert all(len(article_id) < 100 for article_id in report.added)


def test_a_host_that_wants_to_be_left_alone_is_not_asked_for_the_rest_of_a_feed(site, fetch):
    site.pages["/feed"] = rss(*(item(f"/{number}") for number in range(5)))
    site.pages["/0"] = (429, {}, b"")
    report = fetch("/feed")
    assert len(report.refused) == 5
    assert site.asked == ["/feed", "/robots.txt", "/0"]


def test_only_listings_are_followed(site, fetch):
    site.pages["/a"] = article("One")
    report = fetch("/a", listings=True)
    assert report.added == []
    assert "expected a feed or a sitemap" in report.refused[0].reason


# --- sitemaps ---------------------------------------------------------------------------------------------------------


def test_a_sitemap_is_followed_and_asks_again_only_for_what_changed(site, fetch, at):
    site.pages |= {"/a": article("A"), "/b": article("B"), "/c": article("C")}
    site.pages["/sitemap.xml"] = sitemap((at("/a"), "2024-01-01"), (at("/b"), "2024-02-01"), (at("/c"), ""))
    assert fetch("/sitemap.xml").added == [at("/b"), at("/a"), at("/c")]
    asked = len(site.asked)
    site.pages |= {"/a": article("A, corrected"), "/b": article("B, in secret"), "/c": article("C, in secret")}
    site.pages["/sitemap.xml"] = sitemap((at("/a"), "2024-03-01"), (at("/b"), "2024-02-01"), (at("/c"), ""))
    report = fetch("/sitemap.xml", listings=True)
    assert (report.updated, report.unchanged) == ([at("/a")], [at("/b"), at("/c")])
    assert site.asked[asked:] == ["/sitemap.xml", "/robots.txt", "/a"]


def test_a_list_of_sitemaps_is_followed_one_deep(site, fetch, at):
    site.pages |= {"/a": article("A"), "/b": article("B")}
    site.pages["/index.xml"] = sitemap(
        (at("/1.xml"), "2024-01-01"), (at("/2.xml"), "2024-02-01"), (at("/index.xml"), ""), root="sitemapindex", element="sitemap"
    )
    site.pages |= {"/1.xml": sitemap((at("/a"), "")), "/2.xml": sitemap((at("/b"), ""))}
    report = fetch("/index.xml")
    assert report.added == [at("/b"), at("/a")]
    assert "one more list of sitemaps" in report.refused[0].reason
    asked = len(site.asked)
    assert set(fetch("/index.xml").unchanged) == {at("/a"), at("/b")}
    assert [path for path in site.asked[asked:] if path != "/robots.txt"] == ["/index.xml", "/index.xml"]  # the two that are known are not


def test_a_sitemap_speaks_for_its_own_site_alone(net, site, fetch, at):
    other = net.site()
    other.pages["/x"] = article("X")
    site.pages |= {"/a": article("A"), "/sitemap.xml": sitemap((f"http://other.test:{other.port}/x", ""), (at("/a"), ""))}
    report = fetch("/sitemap.xml")
    assert report.added == [at("/a")]
    assert "addresses on other sites" in report.refused[0].reason
    assert other.asked == []


def test_a_sitemap_has_no_text_of_its_own(site, fetch, at):
    site.pages["/sitemap.xml"] = sitemap((at("/a"), ""))
    assert "holds no text" in fetch("/sitemap.xml", pages=False).refused[0].reason

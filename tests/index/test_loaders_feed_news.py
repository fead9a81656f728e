"""Feeds and news XML: an article an entry, with what it says of itself; what is broken is read as far as it goes."""

import io
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import ArticleError
from index.loaders.feed import FeedLoader, entries
from index.loaders.interface import BrokenRow
from index.loaders.news_xml import NewsXmlLoader

RSS = """<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>The Daily</title><language>en-gb</language>
<item><title>Strike &amp;amp; ends</title><link>http://d.example/1</link><dc:creator>Ann Lee</dc:creator>
<pubDate>Fri, 21 Apr 2023 09:00:00 +0200</pubDate><description>Short</description><category>Work</category>
<content:encoded><![CDATA[<h2>How</h2><p>Long&nbsp;text <b>here</b>.</p><ul><li>a<li>b</ul><script>x</script>]]></content:encoded></item>
<item><title>Two</title><guid>http://d.example/2</guid><author>bob@d.example (Bob)</author><description>Plain
text &lt;here</description></item><item><title>Only a title</title><guid isPermaLink="false">http://n</guid></item></channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>Site</title><author><name>Carl</name></author><entry>
<title type="html">A &lt;b&gt;bold&lt;/b&gt; title</title><link rel="self" href="http://s"/><link href="http://a.example/1"/>
<published>2023-04-21T09:00:00Z</published><updated>2023-04-22T09:00:00Z</updated><summary>Short</summary>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><h1>Head</h1><p>Body <i>x</i></p></div></content></entry>
<entry><title>T</title><author><name>Dora</name></author><content type="text">1 &lt; 2</content></entry></feed>"""

RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>Old</title></channel><item><title>One</title><link>http://o/1</link><dc:date>2004-01-02</dc:date><description>Text</description></item></rdf:RDF>"""


def headings(draft):
    return [(heading.span.of(draft.text), heading.level) for heading in draft.headings]


def test_a_feed_of_a_million_entries_is_refused():
    with pytest.raises(ArticleError, match="too many entries: 1,000,000, at most 50,000 of a feed are read"):
        next(entries(b"<rss><channel>" + b"<item/>" * 1_000_000 + b"</channel></rss>"))


def test_rss():
    first, second, third = entries(RSS.encode())
    assert first.text == "How\n\nLong text here.\n\na\nb"
    assert headings(first) == [("How", 2)]
    assert (first.title, first.source, first.authors, first.url) == ("Strike & ends", "The Daily", ("Ann Lee",), "http://d.example/1")
    assert (first.published, first.language, first.metadata) == ("Fri, 21 Apr 2023 09:00:00 +0200", "en-gb", {"tags": ["Work"]})
    assert (second.text, second.authors, second.url, second.row) == ("Plain\ntext <here", ("Bob",), "http://d.example/2", ("entry", 2))
    assert (third.text, third.url) == ("", None)


def test_atom():
    first, second = entries(ATOM.encode())
    assert (first.text, headings(first)) == ("Head\n\nBody x", [("Head", 1)])
    assert (first.title, first.source, first.authors, first.url) == ("A bold title", "Site", ("Carl",), "http://a.example/1")
    assert (first.published, first.updated, first.language) == ("2023-04-21T09:00:00Z", "2023-04-22T09:00:00Z", "en")
    assert (second.text, second.authors) == ("1 < 2", ("Dora",))


def test_older_rss():
    (draft,) = entries(RDF.encode())
    assert (draft.text, draft.source, draft.url, draft.published) == ("Text", "Old", "http://o/1", "2004-01-02")


@pytest.mark.parametrize("text", [RSS, ATOM, RDF, "<!-- x -->\n" + ATOM])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_feed_is_known_by_what_it_holds(text, codec):
    assert FeedLoader().recognises(text.encode(codec), ".txt")


def test_what_is_not_quite_xml_is_read_all_the_same():
    broken = RSS.replace("<title>Two</title>", "<title>Two & more&hellip;</title>").replace("Plain", "Plain<br>")
    assert [draft.title for draft in entries(broken.encode())] == ["Strike & ends", "Two & more…", "Only a title"]


@pytest.mark.parametrize("number", ["&#xD800;", "&#0;", "&#x110000;"])
def test_a_number_of_no_character_is_passed_over(number):
    assert [draft.title for draft in entries(RSS.replace("Only a", f"{number}Only a").encode())][-1] == "Only a title"


def test_a_feed_that_is_cut_off_says_so():
    *read, last = entries(RSS[: RSS.index("<guid>")].encode())
    assert [draft.title for draft in read] == ["Strike & ends", "Two"]
    assert isinstance(last, BrokenRow)
    assert "cut off" in last.reason


@pytest.mark.parametrize(
    "declared",
    [
        '<!ENTITY x SYSTEM "file:///etc/passwd">',
        '<!ENTITY x "ha">',
        '<!ENTITY a "ha"><!ENTITY x "&a;&a;">',
        '<!ENTITY % p SYSTEM "http://127.0.0.1:9/"> %p;',
    ],
)
def test_entities_of_its_own_are_refused(declared):
    hostile = RSS.replace("<rss", f"<!DOCTYPE rss [{declared}]><rss", 1).replace("Only a title", "&x;")
    with pytest.raises(ArticleError, match=r"entities|cannot be read"):
        list(entries(hostile.encode()))


@pytest.mark.parametrize(
    "hostile",
    [
        "<rss><channel>" + "<item>" * 50_000,
        "<rss>" + "<a>" * 50_000,
        "<rss " + " ".join(f'a{n}="1"' for n in range(20_000)) + "/>",
        "<rss>" + "&" * 500_000,
    ],
    ids=["open", "deep", "attributes", "ampersands"],
)
def test_hostile_feeds_are_refused_in_time(hostile):
    begun = time.process_time()
    with suppress(ArticleError):
        list(entries(hostile.encode()))
    assert time.process_time() - begun < 5


@given(st.binary(max_size=60), st.integers(0, len(RSS)), st.sampled_from([RSS, ATOM, RDF]))
def test_no_damage_raises_anything_else(noise, at, text):
    whole = text.encode()
    with suppress(ArticleError):
        list(entries(whole[:at] + noise + whole[at + len(noise) :]))


# --- news XML ---------------------------------------------------------------------------------------------------------

NITF = """<?xml version="1.0"?><!DOCTYPE nitf SYSTEM "nitf.dtd"><nitf><head><title>t</title>
<docdata><date.issue norm="20230421T090000+0200"/></docdata>
<pubdata name="The Wire"/></head><body><body.head><hedline><hl1>Strike ends</hl1></hedline>
<byline>By <person>Ann Lee</person><byttl>Staff</byttl></byline>
<dateline><location>LONDON</location></dateline></body.head><body.content><p>First&nbsp;para.</p><hl2>More</hl2><p>Second.</p>
<media><media-caption>A picture</media-caption></media></body.content></body></nitf>"""

ITEM = """<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/"><itemMeta><versionCreated>2023-04-21T10:00:00Z</versionCreated><firstCreated>2023-04-21T09:00:00Z
</firstCreated><provider><name>The Agency</name></provider><pubStatus qcode="stat:usable"/></itemMeta>
<contentMeta><by>By Ann Lee</by><headline>Head line</headline>
<language tag="en"/></contentMeta><contentSet>
<inlineXML contenttype="application/xhtml+xml"><html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head>
<body><h2>Sub</h2><p>One.</p></body></html></inlineXML></contentSet></newsItem>"""


def news(text):
    return list(NewsXmlLoader().load(io.BytesIO(text.encode())))


def test_nitf():
    (draft,) = news(NITF)
    assert (draft.text, headings(draft)) == ("First para.\n\nMore\n\nSecond.", [("More", 2)])
    assert (draft.title, draft.authors, draft.source, draft.published) == (
        "Strike ends",
        ("Ann Lee",),
        "The Wire",
        "2023-04-21T09:00:00+0200",
    )
    assert draft.metadata == {"dateline": "LONDON"}


def test_newsml_of_one_item():
    (draft,) = news(ITEM)
    assert (draft.text, headings(draft), draft.row) == ("Sub\n\nOne.", [("Sub", 2)], None)
    assert (draft.title, draft.authors, draft.source, draft.language) == ("Head line", ("Ann Lee",), "The Agency", "en")
    assert (draft.published, draft.updated) == ("2023-04-21T09:00:00Z", "2023-04-21T10:00:00Z")


def test_newsml_of_several_items():
    withdrawn = ITEM.replace("stat:usable", "stat:canceled")
    picture = ITEM[: ITEM.index("<contentSet>")] + '<contentSet><remoteContent href="x.jpg"/></contentSet></newsItem>'
    nitf = ITEM[: ITEM.index("<html")] + NITF[NITF.index("<nitf>") :].replace("&nbsp;", " ") + "</inlineXML></contentSet></newsItem>"
    good, gone, seen, inner = news(f"<newsMessage>{ITEM}{withdrawn}{picture}{nitf}</newsMessage>")
    assert (good.text, good.row) == ("Sub\n\nOne.", ("item", 1))
    assert "withdrawn" in gone.reason
    assert "only a picture" in seen.reason
    assert (inner.text, inner.title) == ("First para.\n\nMore\n\nSecond.", "Head line")


@pytest.mark.parametrize("text", ["<packageItem/>", "<newsItem/>", "<nitf/>", "<nitf"])
def test_news_without_an_article_is_refused(text):
    with pytest.raises(ArticleError):
        news(text)


def test_what_is_nested_too_deep_for_the_parser_is_told_as_such():
    deep = "<div>" * 300 + "words" + "</div>" * 300
    atom = (
        f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><content type="text">Good</content></entry><entry><content type="xhtml">{deep}'
        '</content></entry><entry><content type="text">Lost</content></entry></feed>'
    )
    good, refused, rest = entries(atom.encode())
    assert good.text == "Good"
    assert refused == BrokenRow(("entry", 2), "its text is nested too deep to be read: more than 256 elements within each other")
    assert rest == BrokenRow(("entry", 3), "the feed cannot be read from here on: more than 256 elements stand within each other")
    escaped = deep.replace("<", "&lt;")
    rss = (
        f"<rss><channel><item><description>{escaped}</description></item><item><description>&lt;b&gt;</description></item></channel></rss>"
    )
    refused, empty = entries(rss.encode())
    assert isinstance(refused, BrokenRow)
    assert "too deep" in refused.reason
    assert empty.text == ""

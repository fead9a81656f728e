"""E-books and RTF: what a reader sees, in its order, and what the file says of itself."""

import io
import time
import zipfile

import pytest

from index.errors import ArticleError
from index.loaders.epub import EpubLoader
from index.loaders.rtf import RtfLoader


def one(loader, data):
    (draft,) = loader.load(io.BytesIO(data))
    return draft


def headings(draft):
    return [(heading.span.of(draft.text), heading.level) for heading in draft.headings]


CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
    '<rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>'
)
PACKAGE = """<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:opf="http://www.idpf.org/2007/opf"><dc:title>The Book</dc:title>
<dc:creator id="a">Ann Lee</dc:creator><dc:creator opf:role="ill">Painter</dc:creator><dc:creator id="t">Bob</dc:creator>
<meta refines="#t" property="role">trl</meta><dc:publisher>House</dc:publisher><dc:date>2023-04-21</dc:date><dc:language>en-GB</dc:language>
<dc:subject>Work</dc:subject><meta property="dcterms:modified">2023-05-02T10:00:00Z</meta></metadata><manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>
<item id="c1" href="text/one%20a.xhtml" media-type="application/xhtml+xml"/>
<item id="c2" href="text/two.xhtml" media-type="application/xhtml+xml"/>
<item id="p" href="cover.png" media-type="image/png"/></manifest>
<spine><itemref idref="nav"/><itemref idref="p"/><itemref idref="c2"/><itemref idref="c1"/><itemref idref="gone"/></spine></package>"""
NAV = '<html xmlns="http://www.w3.org/1999/xhtml"><body><nav><a href="text/two.xhtml#x">Second comes first</a></nav></body></html>'
NCX = """<!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "http://127.0.0.1:9/ncx.dtd"><ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>
<navPoint><navLabel><text>Other name</text></navLabel><content src="text/one%20a.xhtml"/></navPoint></navMap></ncx>"""
ONE = """<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops">
<head><title/><style>p{}</style></head><body><h2>One</h2><p>Caf&eacute;&nbsp;at <em>noon</em>.<br/>Then.</p>
<section epub:type="toc"><p>One</p></section>
<script>alert(1)</script><p hidden="">gone</p><table><tr><th>A</th><td>1</td></tr></table></body></html>"""
TWO = '<html xmlns="http://www.w3.org/1999/xhtml"><body><p>No heading of its own.</p></body></html>'


def book(**changes):
    members = {"META-INF/container.xml": CONTAINER, "OPS/book.opf": PACKAGE, "OPS/nav.xhtml": NAV, "OPS/toc.ncx": NCX}
    members |= {"OPS/text/one a.xhtml": ONE, "OPS/text/two.xhtml": TWO, "OPS/cover.png": "x"} | changes
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            if content is not None:
                archive.writestr(name, content)
    return stream.getvalue()


def test_a_book_is_read_in_the_order_of_its_spine():
    draft = one(EpubLoader(), book())
    assert draft.text == "Second comes first\n\nNo heading of its own.\n\nOne\n\nCafé at noon.\nThen.\n\nA | 1"
    assert headings(draft) == [("Second comes first", 1), ("One", 2)]
    assert (draft.title, draft.authors, draft.source, draft.language) == ("The Book", ("Ann Lee",), "House", "en-GB")
    assert (draft.published, draft.updated, draft.metadata) == ("2023-04-21", "2023-05-02T10:00:00Z", {"subjects": ["Work"]})


def test_metadata_stand_in_the_first_list_or_in_the_box_that_old_books_put_them_in():
    before, rest = PACKAGE.split("<dc:title>")
    metadata, after = rest.split("</metadata>")
    boxed = f"{before}<dc-metadata><dc:title>{metadata}</dc-metadata><x-metadata><meta name='a'/></x-metadata></metadata>{after}"
    assert one(EpubLoader(), book(**{"OPS/book.opf": boxed})).title == "The Book"
    nested = "<metadata>" * 200 + "<dc:title xmlns:dc='http://purl.org/dc/elements/1.1/'>Another</dc:title>" * 5_000 + "</metadata>" * 200
    before = time.process_time()
    draft = one(EpubLoader(), book(**{"OPS/book.opf": PACKAGE.replace("</metadata>", f"</metadata>{nested}")}))
    assert time.process_time() - before < 2
    assert (draft.title, draft.authors) == ("The Book", ("Ann Lee",))


def test_older_contents_name_chapters_too():
    draft = one(EpubLoader(), book(**{"OPS/nav.xhtml": None, "OPS/text/one a.xhtml": TWO}))
    assert headings(draft) == [("Other name", 1)]


def test_a_locked_book_says_so():
    locked = '<encryption xmlns:e="http://www.w3.org/2001/04/xmlenc#"><e:CipherReference URI="OPS/text/two.xhtml"/></encryption>'
    with pytest.raises(ArticleError, match="locked"):
        one(EpubLoader(), book(**{"META-INF/encryption.xml": locked}))
    fonts = locked.replace("text/two.xhtml", "font.otf")
    assert one(EpubLoader(), book(**{"META-INF/encryption.xml": fonts})).text


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"META-INF/container.xml": None}, "holds no 'META-INF/container.xml'"),
        ({"META-INF/container.xml": CONTAINER.replace("OPS/book.opf", "../../etc/passwd")}, "holds no '../../etc/passwd'"),
        ({"OPS/book.opf": "<package"}, "package document cannot be read"),
        ({"OPS/text/one a.xhtml": None, "OPS/text/two.xhtml": None, "OPS/nav.xhtml": None}, "names no chapter"),
        ({"OPS/text/one a.xhtml": "<html/>", "OPS/text/two.xhtml": "<html/>"}, "no text"),
        ({"OPS/book.opf": '<!DOCTYPE p [<!ENTITY a "b">]>' + PACKAGE.removeprefix('<?xml version="1.0"?>')}, "declares entities"),
    ],
)
def test_what_is_no_book_is_refused(changes, reason):
    with pytest.raises(ArticleError, match=reason):
        one(EpubLoader(), book(**changes))


# --- RTF --------------------------------------------------------------------------------------------------------------


def rtf(text):
    return one(RtfLoader(), rf"{{\rtf1\ansi\ansicpg1252 {text}}}".encode("cp1252"))


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (r"One\par Two\line three\tab four", "One\n\nTwo\nthree four"),
        (r"caf\'e9 \u8364? \u-10179?\u-8704? \uc2\u960xy.", "café € 😀 π."),
        (r"{\v hidden }{\deleted gone }{\revised kept}\v also hidden\v0  end", "kept end"),
        (r"{\fonttbl{\f0 A;}{\f1\fcharset204 B;}}{\f1 \'cf\'f0\'e8} \'cf", "При Ï"),
        (r"{\fonttbl{\f2\fcharset128 C;}}{\f2 \'93\'fa\'96\'7b}", "日本"),
        (r"{\header Head\par}{\footer Foot}{\*\generator X;}{\pict 8950}{\*\unknown words}Text", "Text"),
        (r"A claim{\footnote\pard See page 3.} goes on\par More", "A claim goes on\n\nSee page 3.\n\nMore"),
        (r"\trowd\intbl A\cell B\par C\cell\row\trowd\intbl D\cell E\cell\row\pard End", "A | B C\nD | E\n\nEnd"),
        (r'{\field{\*\fldinst HYPERLINK "http://x"}{\fldrslt a link}} here', "a link here"),
        (r"{\listtext 1.\tab}\ls1 One\par{\listtext 2.\tab}\ls1 Two\par\pard End", "One\nTwo\n\nEnd"),
        (r"\emdash\ldblquote x\rdblquote\~y\_z \{\}\\", "—“x” y\u2011z {}\\"),
        ("bin\\bin5 }}}}}ary", "binary"),
        (r"{\*\shpinst{\sp{\sn a}{\sv b}}{\shptxt Boxed\par}}Text", "Boxed\n\nText"),
        ("words that\r\nwrap", "words thatwrap"),
    ],
)
def test_rtf_is_read_as_it_is_shown(written, text):
    assert rtf(written).text == text


def test_rtf_says_who_when_and_what():
    draft = rtf(
        r"\deflang1031{\stylesheet{\s1\b heading 1;}{\s2\outlinelevel1 Mine;}}{\info{\title The \u8364?}{\author Ann; Bob}"
        r"{\creatim\yr2023\mo4\dy21\hr9\min5}{\revtim\yr2023\mo5\dy2}}\s1 Big\par\pard\s2 Small\par\pard Text\par\pard\outlinelevel9 Body"
    )
    assert headings(draft) == [("Big", 1), ("Small", 2)]
    assert (draft.title, draft.authors, draft.language) == ("The €", ("Ann", "Bob"), "de-DE")
    assert (draft.published, draft.updated) == ("2023-04-21T09:05", "2023-05-02")


def test_rtf_is_read_in_linear_time():
    def seconds(times):
        begun = time.perf_counter()
        rtf(r"{\b word} \'e9\par " * times)
        return time.perf_counter() - begun

    seconds(1_000)
    assert seconds(40_000) < 12 * seconds(10_000)


def test_rtf_nested_without_end_is_refused():
    with pytest.raises(ArticleError, match="nested too deep"):
        rtf("{" * 100_000)


def test_rtf_of_very_many_paragraphs_or_headings_is_refused():
    with pytest.raises(ArticleError, match="too many paragraphs: more than 500,000"):
        rtf(r"a\par " * 500_001)
    with pytest.raises(ArticleError, match="too many headings, or blocks that are no prose: more than 100,000"):
        rtf(r"\outlinelevel1 " + r"a\par " * 100_002)

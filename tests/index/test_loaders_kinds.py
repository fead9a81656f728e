"""A file is read as what it is, whatever it is called; what is no article says what it is."""

import io
import json

import pytest

from index.errors import ArticleError
from index.loaders import read
from index.loaders.formats import loader_for
from index.loaders.sniff import is_message, xml_root

MAIL = b"Received: by x\nFrom: Ann <ann@example.org>\nSubject: Plan\nDate: Fri, 21 Apr 2023 09:00:00 +0200\n\nThe plan is ready.\n"
ENTRY = b"<item><title>T</title><description>Words</description></item>"
RSS = b'<?xml version="1.0"?><rss version="2.0"><channel><title>D</title>' + ENTRY + b"</channel></rss>"
NITF = b"<nitf><body><body.content><p>Words</p></body.content></body></nitf>"
ARTICLE = json.dumps({"title": "T", "text": "Words here."}).encode()
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def kind(data, suffix):
    return loader_for(io.BytesIO(data), suffix=suffix, size=len(data)).name


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (MAIL, "e-mail"),
        (b"From ann@x Fri Apr 21 09:00:00 2023\n" + MAIL, "mailbox"),
        (RSS, "feed"),
        (NITF, "news XML"),
        (rb"{\rtf1 Words}", "RTF"),
        (b"<!doctype html><title>x</title><p>y", "HTML"),
        (ARTICLE, "JSON"),
        (b"[" + ARTICLE + b"]", "JSON"),
        (ARTICLE + b"\n" + ARTICLE, "JSON lines"),
    ],
)
@pytest.mark.parametrize("suffix", [".txt", ""])
def test_what_a_file_holds_says_what_it_is(data, name, suffix):
    assert kind(data, suffix) == name


@pytest.mark.parametrize(
    ("data", "suffix", "name"),
    [
        (RSS, ".xml", "feed"),
        (NITF, ".xml", "news XML"),
        (rb"{\rtf1 Words}", ".doc", "RTF"),
        (b"Words, only words.", ".doc", "text"),
        (b"Words, only words.", ".pdf", "text"),
        (ARTICLE + b"\n" + ARTICLE, ".json", "JSON lines"),
        (b"[" + ARTICLE + b"]", ".jsonl", "JSON"),
        (MAIL, ".md", "e-mail"),
    ],
)
def test_a_name_that_says_otherwise_is_not_believed(data, suffix, name):
    assert kind(data, suffix) == name


@pytest.mark.parametrize(
    "text",
    [
        b"From: Reuters\nDate: 21 April\nSubject: trade\n\nWords",
        b"Title: A\nAuthor: B\n\nWords",
        b"Note: see below\nMore words",
        b"{curly} words",
        b"[Music] words",
        b"From here on it is 2023\nwords",
        b"<em>Words</em> and more",
        b"FORM 10-K\nWords",
        b"BM is a city",
    ],
)
def test_text_is_not_taken_for_more_than_it_is(text):
    assert kind(text, ".txt") == "text"


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"\x00\x00\x00\x18ftypheic" + bytes(20), "a video or HEIF file"),
        (b"fLaC\x00\x00", "a sound file"),
        (b"FORM\0\0\0\0AIFF\0", "a sound file"),
        (b"BM\x36\0\0\0\0\0\0\0\x36", "a BMP image"),
        (b"MZ\x90\0\x03", "a program"),
        (b"\x7fELF\x02", "a program"),
        (bytes(60) + b"BOOKMOBI", "a Kindle book"),
        (b"<?xml version='1.0'?><svg xmlns='x'/>", "an SVG image"),
        (b"<?xml version='1.0'?><config><a/></config>", r"XML of a kind that is not read \(it opens with <config>\)"),
        (COMPOUND + "WordDocument".encode("utf-16-le") + b"\0\0", r"an old Word document \(\.doc\); open it and save it as \.docx"),
        (COMPOUND + b"x" * (1 << 20) + "Workbook".encode("utf-16-le") + b"\0\0", r"an old Excel file \(\.xls\)"),
        (COMPOUND + "EncryptedPackage".encode("utf-16-le") + b"\0\0", "protected by a password"),
        (COMPOUND, "an old Microsoft Office document"),
    ],
)
@pytest.mark.parametrize("suffix", ["", ".txt", ".doc", ".bin"])
def test_what_is_no_article_is_refused_by_its_kind(data, found, suffix):
    with pytest.raises(ArticleError, match=found):
        loader_for(io.BytesIO(data), suffix=suffix, size=len(data))


@pytest.mark.parametrize(
    ("head", "root"),
    [
        (b"<a>", "a"),
        (b"\xef\xbb\xbf <?xml version='1.0'?>\n<!-- <b> --><!DOCTYPE c [<!ENTITY d 'e'>]>\n<x:root y='1'>", "root"),
        ("<?xml version='1.0'?><root/>".encode("utf-16"), "root"),
        (b"words <a>", None),
        (b"<!--" * 1000, None),
        (b"", None),
    ],
)
def test_the_outermost_element_of_xml(head, root):
    assert xml_root(head) == root


def test_telling_kinds_apart_takes_no_time():
    for head in (
        b"<!--" * 1000,
        b"<?" * 2000,
        b"a:\n b" * 1000,
        b" " * 4096,
        b"<!DOCTYPE " * 400,
        b"{" * 4096,
        b"[" * 4096,
        b"a: b\n" * 800,
    ):
        xml_root(head)
        is_message(head)
        with pytest.raises(ArticleError):
            loader_for(io.BytesIO(head), suffix=".bin", size=len(head))


def test_files_of_all_kinds_are_read_beside_each_other(tmp_path):
    for name, data in {"a.txt": MAIL, "b": RSS, "c.xml": NITF, "d.doc": rb"{\rtf1 Words}", "e.csv": b"name,city\nAnn,Rome\n"}.items():
        (tmp_path / name).write_bytes(data)
    articles = list(read(tmp_path))
    assert sorted(" ".join(article.text.split()) for article in articles) == [
        "The plan is ready.",
        "Words",
        "Words",
        "Words",
        "name: Ann | city: Rome",
    ]
    assert {article.title for article in articles} >= {"Plan", "T", "name, city"}

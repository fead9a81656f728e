"""ZIP packages: told apart by what they hold; an archive is read member by member, and never onto the disk."""

import io
import re
import stat
import zipfile

import pytest
from pdf_files import line, pdf

from index import Article, ArticleError
from index.loaders import BrokenRow, Draft, read
from index.loaders.formats import LOADERS
from index.loaders.package import PackageLoader

ALONE = LOADERS[1:]


class Document:
    """A loader of packages that says what it was."""

    contained = True
    max_bytes = None

    def __init__(self, *suffixes):
        self.name = suffixes[0]
        self.suffixes = suffixes

    def recognises(self, _head, _suffix):
        return False

    def load(self, stream):
        with zipfile.ZipFile(stream) as package:
            yield Draft(text=f"{self.name} of {len(package.namelist())} parts", title="title")


DOCUMENTS = [Document(suffix) for suffix in (".docx", ".pptx", ".xlsx", ".odt", ".ods", ".odp", ".epub")]


def packed(members):
    """The bytes of an archive: names with bytes or text."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return written.getvalue()


def said(data, documents=DOCUMENTS):
    return list(PackageLoader(documents, ALONE).load(io.BytesIO(data)))


def content_types(main):
    return {
        "[Content_Types].xml": f'<Types><Override PartName="/a.xml" ContentType="application/vnd.{main}+xml"/></Types>',
        "a.xml": "<a/>",
    }


KINDS = {
    ".docx": content_types("openxmlformats-officedocument.wordprocessingml.document.main"),
    ".docx ": content_types("ms-word.document.macroEnabled.main"),
    ".docx  ": {"word/document.xml": "<w/>"},
    ".pptx": content_types("openxmlformats-officedocument.presentationml.presentation.main"),
    ".pptx ": content_types("openxmlformats-officedocument.presentationml.slideshow.main"),
    ".xlsx": content_types("openxmlformats-officedocument.spreadsheetml.sheet.main"),
    ".xlsx ": content_types("ms-excel.sheet.macroEnabled.main"),
    ".odt": {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<o/>"},
    ".ods": {"mimetype": "application/vnd.oasis.opendocument.spreadsheet\n", "content.xml": "<o/>"},
    ".odp": {"mimetype": "application/vnd.oasis.opendocument.presentation", "content.xml": "<o/>"},
    ".epub": {"mimetype": "application/epub+zip", "META-INF/container.xml": "<c/>"},
    ".epub ": {"META-INF/container.xml": "<c/>", "a.xhtml": "<p>text</p>"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_documents_are_known_by_their_members(kind):
    (draft,) = said(packed(KINDS[kind]))
    assert draft == Draft(text=f"{kind.strip()} of {len(KINDS[kind])} parts", title="title")


def test_documents_that_nothing_reads_are_said_to_be_such():
    with pytest.raises(ArticleError, match=r"unsupported: a \.docx document"):
        said(packed(KINDS[".docx"]), documents=[])
    with pytest.raises(ArticleError, match=r"unsupported: a document of the type application/vnd\.oasis\.opendocument\.graphics"):
        said(packed({"mimetype": "application/vnd.oasis.opendocument.graphics"}))


def test_every_member_of_an_archive_is_an_article_and_one_bad_one_costs_only_itself():
    data = packed(
        {
            "a.txt": "The first article.",
            "folder/": "",
            "folder/b.html": "<html><body><p>The second article is a web page, long enough to have a main text.</p></body></html>",
            "bad.txt": b"\xff\xfe\xfd\xff\x81",
            "picture.png": b"\x89PNG\r\n\x1a\n0000",
            "empty.txt": "",
            "rows.jsonl": '{"text": "A row."}\nno row\n',
            "c.pdf": pdf([[line(72, 700, "The third article.")]]),
            "d.docx": packed(KINDS[".docx"]),
            "__MACOSX/._a.txt": "rubbish",
            ".hidden": "rubbish",
            "last.txt": "The last article.",
        }
    )
    found = {(one.where if isinstance(one, BrokenRow) else one.member): one for one in said(data)}
    texts = {name: one.text for name, one in found.items() if isinstance(one, Draft)}
    assert texts["a.txt"] == "The first article."
    assert "second article" in texts["folder/b.html"]
    assert texts["rows.jsonl"] == "A row."
    assert texts["c.pdf"] == "The third article."
    assert texts["d.docx"] == ".docx of 2 parts"
    assert texts["last.txt"] == "The last article."
    reasons = {name: one.reason for name, one in found.items() if isinstance(one, BrokenRow)}
    assert set(reasons) == {"bad.txt", "picture.png", "rows.jsonl:line 2"}
    assert reasons["picture.png"] == "unsupported: a PNG image"
    assert not [name for name in found if "hidden" in name or "MACOSX" in name]


def test_an_archive_in_an_archive_is_not_opened():
    inner = packed({"a.txt": "text"})
    assert said(packed({"inner.zip": inner})) == [BrokenRow("inner.zip", "an archive in an archive; unpack it first")]
    for head in (b"\x1f\x8b\x08", b"BZh91AY", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07"):
        (broken,) = said(packed({"inner.txt": head + b"rest"}))
        assert "unpack it first" in broken.reason


@pytest.mark.parametrize("name", ["../../etc/passwd.txt", "/etc/passwd.txt", "..\\..\\etc\\passwd.txt", "./etc/./passwd.txt"])
def test_names_lead_nowhere(name):
    assert [draft.member for draft in said(packed({name: "text"}))] == ["etc/passwd.txt"]


def test_links_are_not_followed():
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    assert said(written.getvalue()) == [BrokenRow("link.txt", "a link; links in archives are not followed")]


def test_an_empty_archive_and_one_of_too_many_files_are_refused(monkeypatch):
    with pytest.raises(ArticleError, match="the archive is empty"):
        said(packed({}))
    monkeypatch.setattr("index.loaders.package._MOST_MEMBERS", 2)
    with pytest.raises(ArticleError, match="too many files: the archive holds 3, at most 2"):
        said(packed({f"{number}.txt": "text" for number in range(3)}))


def test_a_bomb_is_not_unpacked():
    bomb = packed({"bomb.txt": b"0" * 150_000_000, "good.txt": "A good article."})
    assert len(bomb) < 1_000_000
    broken, good = said(bomb)
    assert broken == BrokenRow("bomb.txt", "too large: more than 100,000,000 unpacked bytes of 'bomb.txt'")
    assert good.text == "A good article."


@pytest.mark.parametrize("cut", [10, 60, -30, -5])
def test_a_damaged_archive_is_one_reason(cut):
    with pytest.raises(ArticleError):
        said(packed({"a.txt": "text" * 100})[:cut])


def test_through_the_sandbox_members_are_articles_of_their_own(tmp_path):
    (tmp_path / "all.zip").write_bytes(packed({"a.txt": "One article.", "b/a.txt": "Another article.", "c.png": b"\x89PNG\r\n\x1a\n"}))
    first, second, refused = read(tmp_path)
    assert isinstance(first, Article)
    assert (first.id, second.id) == ("all.zip#a.txt", "all.zip#b/a.txt")
    assert (first.text, second.text) == ("One article.", "Another article.")
    assert (refused.path.endswith("all.zip:c.png"), refused.reason) == (True, "unsupported: a PNG image")


def test_what_ends_the_process_is_told_of_the_format_that_was_read(tmp_path):
    """A count that is made up has the reader ask for more memory than there is, and it gives up."""
    of = "http://schemas.openxmlformats.org"
    main, related = f'xmlns="{of}/spreadsheetml/2006/main"', f"{of}/officeDocument/2006/relationships"
    links = f'<Relationships xmlns="{of}/package/2006/relationships"><Relationship Id="r1" Type="{related}'
    strings = f'<Relationship Id="r2" Type="{related}/sharedStrings" Target="sharedStrings.xml"/>'
    members = {
        "_rels/.rels": f'{links}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {main} xmlns:r="{related}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{links}/worksheet" Target="worksheets/sheet1.xml"/>{strings}</Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet {main}><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row></sheetData></worksheet>',
        "xl/sharedStrings.xml": f'<sst {main} count="1" uniqueCount="COUNT"><si><t>Some words.</t></si></sst>',
    }
    (tmp_path / "a.xlsx").write_bytes(packed(members))
    (tmp_path / "b.xlsx").write_bytes(
        packed(members | {"xl/sharedStrings.xml": members["xl/sharedStrings.xml"].replace("COUNT", "4294967295")})
    )
    good, refused = read(tmp_path)
    assert good.text == "S\n\nSome words."
    assert re.fullmatch(
        r"the reader of Excel files gave up on it: it is damaged.*|needs more than 500 MB of memory to read", refused.reason
    )

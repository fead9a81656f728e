"""Files and folders: what is read, in which order, what is refused and why, and that nothing leads out."""

import os
import random
import re
import shutil
import socket
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import loaders
from index.article import Article, Refusal
from index.errors import ArticleError
from index.loaders import Loader, read
from index.loaders.formats import LOADERS
from index.loaders.walk import found_in, opened, shown

SEEDS = Path(__file__).parents[2] / "seeds" / "articles"
PDF, PNG, ZIP, GIF = b"%PDF-1.7\n%\xe2\xe3", b"\x89PNG\r\n\x1a\n\0\0", b"PK\x03\x04\x14\0", b"GIF89a\0\0"


def write(folder, **files):
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def reason(path):
    (refusal,) = read(path)
    assert isinstance(refusal, Refusal)
    assert refusal.path.startswith(str(path))
    return refusal.reason


def test_the_face():
    assert loaders.__all__ == ["BrokenRow", "Draft", "Loader", "Row", "from_row", "read"]


def test_every_loader_is_one():
    for loader in LOADERS:
        checked: Loader = loader
        assert checked.name
        assert checked.suffixes


def test_the_sample_article():
    (article,) = read(SEEDS / "000_aef0b82fcd4df764.txt")
    assert article.id == article.path == "000_aef0b82fcd4df764.txt"
    assert article.title == "In a world increasingly defined by what hums unseen—inside batteries, beneath…"
    assert article.references == ("Reuters", "Financial Times", "Bloomberg", "BBC News")
    assert article.text == (SEEDS / article.id).read_bytes().decode()
    assert len(article.not_citable) == 2
    assert (article.published, article.source, article.language) == (None, None, "en")


def test_the_sample_folder_is_read_whole():
    found = list(read(SEEDS))
    assert [article.id for article in found] == sorted(path.name for path in SEEDS.iterdir())
    assert all(isinstance(article, Article) and article.references for article in found)


def test_a_folder_is_read_in_the_order_of_names(tmp_path):
    names = ["b.txt", "a/z.txt", "a/b/y.txt", "a.txt", "Z.txt", "c/x y.txt"]
    random.shuffle(names)
    for name in names:
        write(tmp_path, **{name.replace("/", "__").replace(".", "_DOT_"): "some words"})
    assert [article.id for article in read(tmp_path)] == ["Z.txt", "a/b/y.txt", "a/z.txt", "a.txt", "b.txt", "c/x%20y.txt"]
    assert [article.id for article in read(tmp_path / "c" / "x y.txt")] == ["x%20y.txt"]


def test_hidden_files_and_folders_are_passed_over(tmp_path):
    write(tmp_path, _DOT_hidden_DOT_txt="x", _DOT_git__config="x", a__b_DOT_txt="words")
    assert [article.id for article in read(tmp_path)] == ["a/b.txt"]
    write(tmp_path, _DOT_own__b_DOT_txt="words")
    assert [article.id for article in read(tmp_path / ".own")] == ["b.txt"]


def test_an_index_is_passed_over_whatever_its_name(tmp_path):
    write(
        tmp_path, a_DOT_txt="words", sub__my_DOT_assay__store_DOT_sqlite="x", sub__my_DOT_assay__lock="x", sub__my_DOT_assay__b_DOT_txt="x"
    )
    write(tmp_path, sub__lock="words in a file of that name")
    assert [item.id for item in read(tmp_path)] == ["a.txt", "sub/lock"]
    assert "is an index, not articles" in reason(tmp_path / "sub" / "my.assay")


def test_nothing_there_is_told_at_once(tmp_path):
    for path in (tmp_path / "no", tmp_path / "a\0b", tmp_path / ("x" * 5000)):
        with pytest.raises(ArticleError, match="no such file or folder"):
            read(path)
    assert list(read(tmp_path)) == []


def test_what_the_user_says_wins(tmp_path):
    write(tmp_path, a_DOT_md="---\nsource: Doc\npublished: 2020\n---\nWords.", b_DOT_txt="words")
    assert [(article.source, article.published, article.published_raw) for article in read(tmp_path)] == [
        ("Doc", "2020", "2020"),
        (None, None, None),
    ]
    for article in read(tmp_path, source="User", published="21 April 2023"):
        assert (article.source, article.published, article.published_raw) == ("User", "2023-04-21", "21 April 2023")
    with pytest.raises(ArticleError, match=r"expected a date such as 2023-04-21.* found '03/04/2023'"):
        read(tmp_path, published="03/04/2023")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.txt", GIF, r"expected text, found a GIF image \(read are .*\.md"),
        ("a.txt", PDF, "the PDF is damaged and cannot be opened"),
        ("a.txt", PNG, "expected text, found a PNG image"),
        ("a.md", ZIP, "the file is damaged or cut off: its ZIP directory cannot be read"),
        ("a.html", PNG, "expected HTML, found a PNG image"),
        ("a.jsonl", b"\x1f\x8b\x08\0", "expected JSON lines, found a gzip archive"),
        ("a.csv", GIF, "expected CSV, found a GIF image"),
        ("a.txt", b"text\0text", "expected text, found binary data"),
        ("a.txt", b"x" * 5000 + b"\0", "a NUL character at offset 5000"),
        ("a.pdf", PNG, "expected PDF, found a PNG image"),
        ("a.docx", PNG, "expected Word, found a PNG image"),
        ("a.log", b"words", "unsupported: a .log file; read are .atom, .csv, "),
        ("a.txt", b"", "no text: the article is empty"),
        ("a.txt", b" \n\t", "no text: the article is empty"),
        ("a.txt", b"... !", "no words"),
        ("a.txt", b"caf\xe9 \x81", "found the byte 0xe9 at offset 3"),
        ("a.md", b"---\ntitle: x\n---\n", "no text"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(tmp_path, name, content, expected):
    (tmp_path / name).write_bytes(content)
    assert re.search(expected, reason(tmp_path / name))
    assert reason(tmp_path / name).isprintable()


def test_content_comes_before_the_name(tmp_path):
    page = (
        "<!DOCTYPE html><html><body><article><p>" + "A page under another name, with words enough. " * 10 + "</p></article></body></html>"
    )
    (tmp_path / "a.txt").write_text(page)
    (article,) = read(tmp_path / "a.txt")
    assert article.text.startswith("A page under another name")


def test_a_file_without_a_suffix_is_text(tmp_path):
    (tmp_path / "NOTES").write_text("Some notes. More.")
    (article,) = read(tmp_path)
    assert (article.id, article.title) == ("NOTES", "Some notes.")


def test_too_large_files_are_refused_unread(tmp_path):
    for name, size in (("a.txt", 200_000_001), ("a.md", 20_000_001), ("a.html", 20_000_001)):
        with (tmp_path / name).open("wb") as file:
            file.write(b"words " * 1000)
            file.truncate(size)  # a sparse file: its NULs are never read
        assert re.fullmatch(
            f"too large: {size:,} bytes, at most {size - 1:,} are read of a (text|Markdown|HTML) file", reason(tmp_path / name)
        )


def test_links_never_lead_out(tmp_path):
    inside, outside = tmp_path / "in", tmp_path / "out"
    write(tmp_path, in__a_DOT_txt="inside words", in__sub__b_DOT_txt="words too", out__c_DOT_txt="words outside")
    for name, target in {
        "1_out.txt": outside / "c.txt",
        "2_up.txt": Path("../out/c.txt"),
        "3_folder": outside,
        "4_broken.txt": inside / "none",
        "5_loop.txt": Path("5_loop.txt"),
        "6_self": inside,
        "7_fine.txt": Path("a.txt"),
    }.items():
        (inside / name).symlink_to(target)
    found = list(read(inside))
    assert [article.id for article in found if isinstance(article, Article)] == ["7_fine.txt", "a.txt", "sub/b.txt"]
    told = {Path(refusal.path).name: refusal.reason for refusal in found if isinstance(refusal, Refusal)}
    assert set(told) == {"1_out.txt", "2_up.txt", "3_folder", "4_broken.txt", "5_loop.txt", "6_self"}
    assert all("leads out of the folder" in told[name] for name in ("1_out.txt", "2_up.txt", "3_folder"))
    assert told["4_broken.txt"] == "a link to nothing"
    assert told["5_loop.txt"] == "a link that leads to itself"
    assert "a link to a folder inside" in told["6_self"]


def test_what_becomes_a_link_after_it_was_found_is_not_followed(tmp_path, monkeypatch):
    inside, outside = tmp_path / "in", tmp_path / "out"
    write(tmp_path, in__a_DOT_txt="inside words", in__sub__b_DOT_txt="words too", out__a_DOT_txt="outside", out__b_DOT_txt="outside too")
    found = list(found_in(inside))
    assert [entry.relative.name for entry in found] == ["a.txt", "b.txt"]
    shutil.rmtree(inside)
    inside.mkdir()
    (inside / "a.txt").symlink_to(outside / "a.txt")
    (inside / "sub").symlink_to(outside)
    for entry in found:
        with pytest.raises(ArticleError, match="leads out of the folder"), opened(entry):
            pytest.fail("it was opened")
    monkeypatch.setattr("os.path.realpath", os.path.abspath)  # as if the links came between the look at them and the opening
    for entry in found:
        with pytest.raises(OSError, match=r"symbolic links|Not a directory"), opened(entry):
            pytest.fail("it was opened")


def test_a_link_that_the_user_names_is_followed(tmp_path):
    write(tmp_path, real__a_DOT_txt="words")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "file.txt").symlink_to(tmp_path / "real" / "a.txt")
    assert [article.id for article in read(tmp_path / "link")] == ["a.txt"]
    assert [article.id for article in read(tmp_path / "file.txt")] == ["file.txt"]


def test_what_is_no_file_is_refused_and_never_opened(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe.txt")
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.txt")
        assert {Path(path).name: told for path, told in read(tmp_path)} == {
            "pipe.txt": "expected a file, found a pipe",
            "socket.txt": "expected a file, found a socket",
        }
    assert reason(Path("/dev/null")) == "expected a file, found a device"
    assert reason(tmp_path / "pipe.txt") == "expected a file, found a pipe"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_files_are_refused(tmp_path):
    write(tmp_path, a_DOT_txt="words")
    (tmp_path / "a.txt").chmod(0)
    assert reason(tmp_path / "a.txt") == "cannot be read: Permission denied"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow no such names")
def test_names_of_any_bytes(tmp_path):
    for name in (b"bad\xff.txt", b"new\nline.txt", b"tab\tand space.txt", "é世.txt".encode(), b"100%.txt", b"#x.txt", b"no.pe\xfe"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(b"some words")
    found = list(read(tmp_path))
    assert {article.id for article in found if isinstance(article, Article)} == {
        "bad%FF.txt",
        "new%0Aline.txt",
        "tab%09and%20space.txt",
        "é世.txt",
        "100%25.txt",
        "#x.txt",
    }
    for item in found:
        assert item.path.isprintable()
        assert item.path.encode()
    (refusal,) = (item for item in found if isinstance(item, Refusal))
    assert refusal.reason.isprintable()
    assert refusal.reason.encode()


def test_one_id_is_one_article_across_files(tmp_path):
    write(tmp_path, a_DOT_md="---\nid: x\n---\nOne.", b_DOT_md="---\nid: x\n---\nTwo.")
    first, second = read(tmp_path)
    assert first.text == "One."
    assert second == (str(tmp_path / "b.md"), f"the id 'x' was given before, at {tmp_path / 'a.md'}; ids name one article")


def test_deep_folders_are_no_recursion(tmp_path):
    folders = [tmp_path]
    while len(folders) < 1_100:
        folders.append(folders[-1] / "d")
        folders[-1].mkdir()
    (folders[-1] / "a.txt").write_text("words")
    try:
        (found,) = read(tmp_path)
    finally:
        (folders[-1] / "a.txt").unlink()
        for folder in reversed(folders[1:]):
            folder.rmdir()
    assert len(folders) > 1_000
    assert isinstance(found, Refusal)  # its id is longer than ids may be
    assert "at most 1,000 are kept" in found.reason


@given(content=st.binary(max_size=400), name=st.sampled_from(["a.txt", "a.md", "a.jsonl", "a.json", "a.csv", "a"]))
def test_any_bytes_under_any_name_are_articles_or_refusals(tmp_path_factory, content, name):
    file = tmp_path_factory.mktemp("any") / name
    file.write_bytes(content)
    for item in read(file):
        assert isinstance(item, Article | Refusal)
        if isinstance(item, Refusal):
            assert item.reason.isprintable()
        else:
            item.sha256()


def test_labels_are_one_line_of_unicode():
    assert shown(Path("a\nb\udcff\u202ec")) == r"a\nb\xff\u202ec"
    assert shown(Path("reports/été 2023.txt")) == "reports/été 2023.txt"


def test_what_is_said_of_an_article_is_believed_in_order(tmp_path):
    """The user, the document, the text's own conventions, the file's name."""
    prose = "The talks went on for days and led to little, officials said, while the price of the metal rose again and again. " * 3
    text = f"A headline\n\nBy Jane Doe\nMarch 4, 2023\n\nBERLIN (AP) — {prose}\n"
    (tmp_path / "2023-03-01-notes.txt").write_text("Some notes of no date.")
    (tmp_path / "2023-03-02-text.txt").write_text(text)
    (tmp_path / "2023-03-03-said.md").write_text(
        f"---\ntitle: T\nauthor: John Roe\nsource: Daily\ndate: 2023-03-05T09:00:00Z\n---\n\n{text}"
    )
    notes, plain, said = read(tmp_path)
    assert (notes.published, notes.title, notes.authors) == ("2023-03-01", "Some notes of no date.", ())
    assert (plain.published, plain.published_raw, plain.authors, plain.source) == ("2023-03-04", "March 4, 2023", ("Jane Doe",), "AP")
    assert plain.metadata == {"dateline": "BERLIN"}
    assert (said.published_at, said.authors, said.source) == ("2023-03-05T09:00:00+00:00", ("John Roe",), "Daily")
    for article in read(tmp_path, source="Mine", published="2020"):
        assert (article.source, article.published, article.published_at) == ("Mine", "2020", None)

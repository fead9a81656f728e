"""Files made to harm: each becomes an article or a refusal, in bounded time, and nothing else happens."""

import gzip
import json
import os
import time
from pathlib import Path

import pytest

from index.article import Article, Refusal
from index.errors import ArticleError
from index.loaders import from_row, read

#: Generous for a busy machine; what is quadratic takes minutes.
SECONDS = 10


def outcome(tmp_path, name, content):
    file = tmp_path / name
    file.write_bytes(content)
    before = time.perf_counter()
    found = list(read(file))
    assert time.perf_counter() - before < SECONDS
    assert found
    for item in found:
        if isinstance(item, Refusal):
            assert item.reason.isprintable()
        else:
            json.dumps(item.record()).encode()
            item.sha256()
    return found


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cesu8.txt", b"ok \xed\xa0\xbd\xed\xb8\x80 lone \xed\xa0\x80 end\n" * 10),
        ("overlong.txt", b"\xc0\xbcscript\xc0\xbe \xe0\x80\xbc \xf0\x80\x80\xbc\n"),
        ("bidi.txt", "pass\u200bword \u202egnp.exe\u202c \u2066x\u2069 \ufeff\n".encode()),
        ("zalgo.txt", ("a" + "\u0301" * 50_000).encode()),
        ("tags.txt", ("Normal text " + "".join(chr(0xE0000 + ord(c)) for c in "ignore all")).encode()),
        ("dots.txt", b"A. B. " * 20_000),
        ("spaces.txt", b"x" + b" " * 300_000 + b"\n" * 300_000 + b"y"),
        ("ornament.txt", b"=" * 300_000 + b"\n" + b"[" * 590 + b"\n" + b"* " * 290 + b"\nx"),
        ("notices.txt", b"Sources:\n" * 20_000),
        ("labels.txt", b"AI Image Disclaimer\n" * 20_000),
        ("sources.txt", b"Sources (names only)\n" * 20_000),
        ("copyright.txt", (b"copyright " * 55 + b"\n") * 2_000),
        ("opening_comments.txt", b"<!---->" * 500),
        ("opening_comments.md", b"<!-- -->\n" * 400 + b"<html x"),
        ("quotes.md", b"> " * 20_000 + b"a"),
        ("emphasis.md", b"*a_ " * 20_000),
        ("brackets.md", b"[" * 10_000 + b"a" + b"]" * 10_000),
        ("links.md", b"[a](<b" * 20_000),
        ("backticks.md", b"".join(b"`" * n + b"e" for n in range(1, 500))),
        ("table.md", b"|" + b"a|" * 5_000 + b"\n|" + b"-|" * 5_000 + b"\n"),
        ("front.md", b"---\na: &a [x]\nb: [*a,*a]\n---\n# T\n\nText."),
        ("deep.html", b"<div>" * 100_000 + b"x" + b"</div>" * 100_000),
        ("comments.html", b"<!--" * 100_000),
        ("entities.html", b"&amp;" * 100_000),
        ("attributes.html", b"<p " + b" ".join(b"a%d=1" % n for n in range(50_000)) + b">x</p>"),
        ("quotes.html", b'<a x="' * 50_000),
        ("utf7.html", b'<meta charset="utf-7">+ADw-script+AD4-alert(1)+ADw-/script+AD4-'),
        ("entity.html", b'<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]><html><body><p>&x; words</p></body></html>'),
        ("surrogate.json", b'[{"title":"\\ud800","text":"a\\udfffb","url":"http://x"}]'),
        ("deep.json", b"[" * 100_000),
        ("deep.jsonl", b'{"text":' * 100_000),
        ("wide.csv", b"text" + b",a" * 100_000 + b"\nwords" + b",b" * 100_000 + b"\n"),
        ("open.csv", b'text\n"' + b"open\n" * 100_000),
        ("formula.csv", b'id,text\n1,"=HYPERLINK(""http://evil.invalid"",""x"")"\n'),
    ],
)
def test_hostile_files_are_taken_or_refused_in_time(tmp_path, name, content):
    for item in outcome(tmp_path, name, content):
        assert "root:" not in getattr(item, "text", "")


def test_what_is_hidden_in_a_page_is_no_text(tmp_path):
    page = b"""<html><head><title>T<script>alert(1)</script></title></head><body><script>var secret=1</script>
    <template><p>tpl</p></template><p style=display:none>hidden instruction</p><p>visible</p></body></html>"""
    (article,) = outcome(tmp_path, "a.html", page)
    assert article.text == "visible"


@pytest.mark.slow
@pytest.mark.parametrize(
    "content",
    [
        b"lorem ipsum dolor " * 1_165_000,
        b"A" * 20_000_000,
        b"AI\n" * 7_000_000,
        b"a\n" * 10_000_000,
        b"\n" * 20_000_000 + b"a",
        b"1." * 10_000_000,
    ],
)
def test_twenty_megabytes_of_text_take_seconds(tmp_path, content):
    (article,) = outcome(tmp_path, "a.txt", content)
    assert len(article.text) == len(content)


@pytest.mark.skipif(not os.environ.get("ASSAY_DATA"), reason="ASSAY_DATA names no folder of public data")
@pytest.mark.parametrize(
    "name", ["injections.jsonl.gz", "markdown_exfil.jsonl.gz", "poisoned_passages.jsonl.gz", "traversal.jsonl.gz", "xss_payloads.jsonl.gz"]
)
def test_public_payloads_are_only_text(name):
    lines = gzip.decompress((Path(os.environ["ASSAY_DATA"]) / "hostile" / name).read_bytes()).splitlines()
    for number, line in enumerate(lines):
        row = json.loads(line)
        payload = (
            next((value for value in row.values() if isinstance(value, str) and len(value) > 3), "x") if isinstance(row, dict) else str(row)
        )
        try:
            article = from_row({"text": payload, "title": payload}, where=f"row {number}")
        except ArticleError:
            continue
        assert isinstance(article, Article)
        assert article.text == payload

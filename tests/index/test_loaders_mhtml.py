"""Saved web pages: the page is read as any other; what was saved beside it is not, and letters are not taken for pages."""

import io
from email.message import EmailMessage, MIMEPart

import pytest

from index import Article, Refusal, read
from index.errors import ArticleError
from index.loaders.mhtml import MhtmlLoader

PARAGRAPHS = [f"Absatz {number} über die Gespräche, die Tage dauerten und zu wenig führten, wie es später hieß." for number in range(5)]
PAGE = "<html><head><title>Gespräche</title></head><body><article>{}</article></body></html>".format(
    "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
)


def saved(*parts, **headers):
    """A page as browsers save it; a part is a type, a content and an address."""
    message = EmailMessage()
    message["From"] = "<Saved by Blink>"
    message["Snapshot-Content-Location"] = "https://daily.example/talks"
    message["Subject"] = "Gespräche"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message["MIME-Version"] = "1.0"
    message.add_header("Content-Type", "multipart/related", type="text/html")
    for kind, content, address in parts:
        part = MIMEPart()
        main, sub = kind.split("/")
        if isinstance(content, bytes):
            part.set_content(content, maintype=main, subtype=sub)
        else:
            part.set_content(content, subtype=sub, charset="utf-8", cte="quoted-printable")
        if address:
            part["Content-Location"] = address
        message.attach(part)
    return message.as_bytes()


def load(data):
    (draft,) = MhtmlLoader().load(io.BytesIO(data))
    return draft


def test_the_page_is_read_and_its_place_is_known():
    picture = ("image/png", b"\x89PNG\r\n\x1a\n" * 50, "https://daily.example/a.png")
    frame = ("text/html", PAGE.replace("Absatz", "Werbung"), "https://ads.example/frame")
    draft = load(saved(("text/html", PAGE, "https://daily.example/talks?full"), frame, picture))
    assert draft.text.split("\n\n") == PARAGRAPHS
    assert (draft.title, draft.url) == ("Gespräche", "https://daily.example/talks?full")


def test_where_no_part_says_it_the_header_does():
    assert load(saved(("text/html", PAGE, ""))).url == "https://daily.example/talks"
    assert load(saved(("text/html", PAGE, "cid:frame-1@mhtml.blink"))).url == "https://daily.example/talks"
    own = PAGE.replace("<title>", '<link rel="canonical" href="https://daily.example/own"><title>')
    assert load(saved(("text/html", own, "https://daily.example/talks"))).url == "https://daily.example/own"


def test_the_charset_of_the_part_is_used():
    latin = PAGE.encode("iso8859_2").replace(b"\xfc", b"=FC").replace(b"\xe4", b"=E4").replace(b"\xdf", b"=DF")
    head = b"From: <Saved by Microsoft Internet Explorer 5>\r\nMIME-Version: 1.0\r\n"
    head += b'Content-Type: text/html;\r\n\tcharset="iso-8859-2"\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Location: file://C:\\a.htm\r\n\r\n'
    draft = load(head + latin)
    assert draft.text.split("\n\n") == PARAGRAPHS
    assert draft.metadata == {"decoded_as": "iso8859-2"}
    assert draft.url is None


@pytest.mark.parametrize(
    ("head", "suffix", "taken"),
    [
        (b"From: <Saved by Blink>\r\nSubject: x\r\n", ".mhtml", True),
        (b'From: "Saved by Internet Explorer 11"\r\nContent-Type: multipart/related\r\n', ".mht", True),
        (b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n", ".mht", True),
        (b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n", ".eml", False),
        (b"From: Jane <jane@daily.example>\r\nSubject: Saved by chance\r\nContent-Type: multipart/mixed\r\n", ".mht", False),
        (b"Snapshot-Content-Location: https://daily.example\r\n", "", True),
        (b"Some text, saved by nobody", ".mht", False),
        (b"%PDF-1.4", ".mhtml", False),
    ],
)
def test_saved_pages_are_known_by_their_header(head, suffix, taken):
    assert MhtmlLoader().recognises(head, suffix) is taken


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (saved(("image/png", b"x" * 50, "")), "no part of the type text/html"),
        (saved(("text/html", "<html><body><script>render()</script></body></html>", "")), "only scripts"),
        (saved(("text/html", '<html><frameset><frame src="a"></frameset></html>', "")), "set of frames"),
        (b"From: <Saved by Blink>\r\n", "no part of the type text/html"),
        (
            b"From: <Saved by Blink>\r\nContent-Type: multipart/related; boundary=x\r\n\r\n" + b"--x\r\n\r\n" * 10_000,
            "too many parts: more than 5,000 in a saved page",
        ),
        (
            b"From: <Saved by Blink>\r\n"
            + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3_000)),
            "nested too deep",
        ),
        (
            b"From: <Saved by Blink>\r\nContent-Type: text/html; charset=utf-7\r\n\r\n<p>\xff\xfe\x81</p>",
            "expected UTF-8 text|no article text",
        ),
    ],
    ids=["pictures", "scripts", "frames", "header", "many parts", "deep", "charset"],
)
def test_what_is_no_page_is_refused_with_its_reason(data, reason):
    with pytest.raises(ArticleError, match=reason):
        load(data)


def test_a_folder_of_saved_pages(tmp_path):
    (tmp_path / "a.mhtml").write_bytes(saved(("text/html", PAGE, "")))
    (tmp_path / "b.mht").write_bytes(saved(("text/plain", "nothing", "")))
    good, bad = read(tmp_path)
    assert isinstance(good, Article)
    assert (good.title, good.language, good.text.split("\n\n")) == ("Gespräche", "de", PARAGRAPHS)
    assert isinstance(bad, Refusal)

"""E-mail: the words of the sender, cited; those quoted, kept; whatever is sent, read or refused."""

import io
import time
from contextlib import suppress
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import ArticleError
from index.loaders import mail
from index.loaders.interface import BrokenRow
from index.loaders.mail import MailboxLoader, MailLoader

TEXT = """Hello Bob,

the plan is ready.

On 3 May 2023 at 10:00, Bob Ray
<bob@example.org> wrote:
> When is it ready?
>> Soon.

More words.
--\x20
Ann Lee
Head of plans
"""


def message(text=TEXT, subtype="plain", **headers):
    made = EmailMessage()
    given_headers = {"From": "Ann Léa <ann@example.org>", "To": "bob@example.org", "Date": "Fri, 21 Apr 2023 09:00:00 +0200"}
    for name, value in (given_headers | {"Subject": "The plan: “Tuesday”"} | headers).items():
        made[name] = value
    made.set_content(text, subtype=subtype)
    return made


def one(made):
    (draft,) = MailLoader().load(io.BytesIO(made if isinstance(made, bytes) else bytes(made)))
    return draft


def not_citable(draft):
    return [span.of(draft.text) for span in sorted(draft.not_citable)]


def test_a_message_has_its_headers_and_its_senders_words():
    made = message()
    made.add_alternative("<p>Hello</p>", subtype="html")
    made.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="plän.pdf")
    draft = one(made)
    assert draft.text == TEXT.strip("\n")
    assert (draft.title, draft.authors, draft.published) == ("The plan: “Tuesday”", ("Ann Léa",), "Fri, 21 Apr 2023 09:00:00 +0200")
    assert draft.metadata == {"to": "bob@example.org", "attachments": ["plän.pdf"]}
    assert not_citable(draft) == [
        "On 3 May 2023 at 10:00, Bob Ray\n<bob@example.org> wrote:",
        "> When is it ready?",
        ">> Soon.",
        "-- \nAnn Lee\nHead of plans",
    ]


@pytest.mark.parametrize(
    "mark",
    [
        "-----Original Message-----",
        "-------- Original Message --------",
        "________________________________",
        "---------- Forwarded message ---------",
    ],
)
def test_what_follows_an_earlier_messages_headers_is_not_cited(mark):
    draft = one(message(f"Mine.\n\n{mark}\nFrom: Bob\nSent: Monday\nSubject: x\n\nTheirs.\n"))
    assert not_citable(draft) == [f"{mark}\nFrom: Bob\nSent: Monday\nSubject: x\n\nTheirs."]


def test_html_alone_is_read_and_what_it_quotes_is_not_cited():
    html = (
        "<html><body><style>p{}</style><table><tr><td><h1>News</h1><p>A story&nbsp;here.</p><p>Goes on.</p></td></tr></table>"
        '<div class="gmail_quote"><div>On Monday Bob wrote:</div><blockquote type="cite">Old.</blockquote></div></body></html>'
    )
    draft = one(message(html, "html"))
    assert draft.text == "News\n\nA story here.\n\nGoes on.\n\nOn Monday Bob wrote:\n\nOld."
    assert not_citable(draft) == ["On Monday Bob wrote:", "Old."]


def test_lines_that_a_program_wrapped_are_joined():
    made = b"From: a@b.c\nSubject: s\nMIME-Version: 1.0\nContent-Type: text/plain; format=flowed\n\nOne line \nof two.\n\nNext.\n"
    assert one(made).text == "One line of two.\n\nNext."


@pytest.mark.parametrize(
    ("charset", "data", "text"),
    [
        ("iso-8859-2", "Łódź".encode("iso-8859-2"), "Łódź"),
        ("koi8-r", "Привет".encode("koi8-r"), "Привет"),
        ("us-ascii", "café".encode(), "café"),
        ("no-such-charset", "café".encode("cp1252"), "café"),
    ],
)
def test_the_charset_is_that_of_the_text(charset, data, text):
    made = (
        b"From: a@b.c\nMIME-Version: 1.0\nContent-Type: text/plain; charset="
        + charset.encode()
        + b"\nContent-Transfer-Encoding: 8bit\n\n"
        + data
    )
    assert one(made).text == text


def test_a_message_without_text_is_refused():
    made = message("\n")
    made.add_attachment(b"x", maintype="image", subtype="png", filename="a.png")
    with pytest.raises(ArticleError, match=r"no text: the message holds none, only a\.png"):
        one(made)


def test_a_box_is_read_message_by_message():
    first = bytes(message("One.\n\n>From here on.\nFrom Ann I heard: in 2023\n"))
    box = (
        b"From a@b Fri Apr 21 09:00:00 2023\n"
        + first
        + b"\nFrom - Fri Apr 21 09:00:00 2023\n\n\nFrom a@b Fri Apr 21 09:00:00 2023\n"
        + bytes(message())
    )
    assert MailboxLoader().recognises(box[:4096], "")
    good, empty, last = MailboxLoader().load(io.BytesIO(box))
    assert good.text == "One.\n\nFrom here on.\nFrom Ann I heard: in 2023"
    assert (good.row, last.row) == (("message", 1), ("message", 3))
    assert isinstance(empty, BrokenRow)
    assert str(empty.where) == "message 2"


def test_one_message_too_large_is_told_and_the_rest_goes_on(monkeypatch):
    monkeypatch.setattr(mail, "MAX_MESSAGE_BYTES", 2_000)
    mark = b"From a@b Fri Apr 21 09:00:00 2023\n"
    box = mark + bytes(message("x" * 70 + "\n" + "y\n" * 2_000)) + b"\n" + mark + bytes(message())
    large, good = MailboxLoader().load(io.BytesIO(box))
    assert "too large: more than 2,000 bytes" in large.reason
    assert good.text


@pytest.mark.parametrize(
    "made",
    [
        b"From: " + b"(" * 5_000 + b"\nSubject: s\n\nText",
        b"From: a@b\nSubject: " + b"=?utf-8?q?=41?= " * 5_000 + b"\n\nText",
        b"From: a@b\nContent-Type: multipart/mixed; boundary=b\n\n"
        + b"--b\nContent-Type: multipart/mixed; boundary=b\n\n" * 2_000
        + b"--b\n\nText",
        b"From: a@b\nContent-Type: message/rfc822\n\n" * 2_000,
        b"From: a@b\nContent-Type: text/plain; " + b"a=b; " * 5_000 + b"\n\nText",
        b"From: \xff\xfe\nSubject: \x80\x81\nDate: never\n\nText",
        b"From: a@b\nContent-Transfer-Encoding: base64\n\n!!!!",
        b"From: a@b\nContent-Type: text/html\n\n<p " + b"a=1 " * 5_000 + b">x",
    ],
    ids=lambda made: made[:30].decode("ascii", "replace"),
)
def test_hostile_messages_are_read_or_refused(made):
    with suppress(ArticleError):
        assert one(made).text


@given(st.binary(max_size=400), st.integers(0, 2_000))
def test_no_damage_raises_anything_else(noise, at):
    whole = bytes(message())
    with suppress(ArticleError):
        one(whole[:at] + noise + whole[at + len(noise) :])


def test_a_line_that_is_joined_of_many_takes_no_time():
    made = b"From: a@b.c\nSubject: s\nMIME-Version: 1.0\nContent-Type: text/plain; format=flowed\n\n" + b"word \n" * 300_000
    began = time.process_time()
    (draft,) = MailLoader().load(io.BytesIO(made))
    assert len(draft.text) == 5 * 300_000
    assert time.process_time() - began < 5


def test_what_is_nested_without_end_is_refused_for_that():
    made = b"From: a@b.c\nMessage-ID: <1@x>\nSubject: s\n" + b"Content-Type: message/rfc822\n\n" * 20_000 + b"text"
    with pytest.raises(ArticleError, match="nested too deep"):
        next(MailLoader().load(io.BytesIO(made)))


@pytest.mark.parametrize("lines", [b"On a\n", b"-- \n", b"> a\n", b"On a wrote:\n\n> a\n", b"_" * 20 + b"\n", b"On a\n> x\n"])
def test_lines_that_might_begin_an_earlier_message_take_linear_time(lines):
    before = time.process_time()
    draft = one(b"Subject: plans\nFrom: ann@example.org\n\nMy words.\n" + lines * 40_000)
    assert time.process_time() - before < 3
    assert draft.text.startswith("My words.")
    assert not any(span.start == 0 for span in draft.not_citable)


def test_a_message_of_too_many_parts_is_refused_before_they_are_read():
    head = b'Subject: plans\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n'
    before = time.process_time()
    with pytest.raises(ArticleError, match="too many parts: more than 2,000 in a message"):
        one(head + b"--b\n\n" * 500_000 + b"words")
    assert time.process_time() - before < 3
    digest = b"".join(b"--b\nContent-Type: text/plain\n\nPart %d.\n" % number for number in range(1_900))
    assert one(head + digest).text == "Part 0."


@given(
    st.lists(
        st.sampled_from(
            ["", " ", "> a", ">> b wrote:", "On 3 May, Ann wrote:", "On 3 May, Ann", "<a@b> wrote:", "My words.", "On the way."]
        )
    )
)
def test_what_announces_an_earlier_message_is_found_line_by_line(lines):
    """Held against a second way of looking: from each line down, rather than from what is quoted up."""
    lines = ["Hello.", *lines]
    expected = {number for number, line in enumerate(lines) if line.startswith(">")}
    for number, line in enumerate(lines):
        for more in (0, 1):
            below = next((written for written in lines[number + more + 1 : number + more + 4] if written.strip()), "")
            announced = lines[number : number + more + 1]
            if line.startswith("On") and announced[-1].endswith("wrote:") and not announced[-1].startswith(">") and below.startswith(">"):
                expected |= {number, number + more}
    text = "\n".join(lines)
    starts = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines))]
    spans = list(mail._not_own(text))
    found = {number for number, start in enumerate(starts) if lines[number] and any(span.start <= start < span.end for span in spans)}
    assert found == {number for number in expected if lines[number]}


def test_parts_within_each_other_are_read_only_so_deep():
    def nested(depth):
        head = b"Subject: plans\nMIME-Version: 1.0\n"
        boxes = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (level, level) for level in range(depth))
        return head + boxes + b"Content-Type: text/plain\n\nMy words.\n" + b"a\n" * 100_000

    assert one(nested(20)).text.startswith("My words.")
    with pytest.raises(ArticleError, match="nested too deep: more than 30 parts within each other"):
        one(nested(31))


def test_a_message_of_quoted_lines_alone_is_refused():
    with pytest.raises(ArticleError, match="more than 100,000 begin with '>'"):
        one(b"Subject: plans\n\nMy words.\n" + b"> a\n" * 100_001)

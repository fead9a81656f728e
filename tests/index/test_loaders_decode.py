"""Bytes to text: each rule, its limits, and agreement with Python's own decoding."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import ArticleError
from index.loaders import decode as module
from index.loaders.decode import decode, encoding_of, read_bytes

TEXT = "Café – „naïve“ 世界 😀\r\n\u2028\u0085 e\u0301"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_text_is_kept_code_point_for_code_point(codec):
    decoded = decode(TEXT.encode(codec))
    assert decoded.text == TEXT
    assert decoded.metadata == ({} if codec.startswith("utf-8") else {"decoded_as": codec})


@pytest.mark.parametrize(
    ("codec", "mark"),
    [("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff"), ("utf-32-le", b"\xff\xfe\0\0"), ("utf-32-be", b"\0\0\xfe\xff")],
)
def test_byte_order_marks_decide_and_are_no_text(codec, mark):
    assert decode(mark + TEXT.encode(codec)).text == TEXT


def test_windows_text_is_decoded_and_said_so():
    assert decode("Café, £100 – “so”".encode("cp1252")) == ("Café, £100 – “so”", {"decoded_as": "cp1252"})


def test_damaged_utf8_is_not_taken_for_windows_text():
    with pytest.raises(ArticleError, match="0xff at offset 6"):
        decode("Café ".encode() + b"\xff")


def test_bytes_without_a_meaning_are_refused_with_their_offset():
    with pytest.raises(ArticleError, match=r"expected UTF-8 text, found the byte 0xe9 at offset 3; save it as UTF-8"):
        decode(b"caf\xe9 \x81")


def test_a_declared_charset_is_used_when_it_fits():
    text = "日本語の文章"
    assert decode(text.encode("shift_jis"), "Shift_JIS") == (text, {"decoded_as": "shift_jis"})
    assert decode("naïve".encode("latin-1"), "ISO-8859-1") == ("naïve", {"decoded_as": "cp1252"})
    assert decode("naïve".encode("latin-1"), "no-such-charset").text == "naïve"


@pytest.mark.parametrize("declared", ["utf-7", "UTF7", "rot13", "zlib", "hex", "idna", "unicode_escape", "a\0b", "x" * 10_000])
def test_dangerous_and_foreign_codecs_are_never_used(declared):
    assert decode(b"+ADw-script+AD4- caf\xe9", declared) == ("+ADw-script+AD4- café", {"decoded_as": "cp1252"})


def test_nul_is_refused():
    with pytest.raises(ArticleError, match="binary data: a NUL character at offset 5"):
        decode(b"Hello\0World")


@pytest.mark.parametrize("data", [b"\xff\xfea", b"\xff\xfe\x00\xd8a\x00", b"\xff\xfe\0\0abc", b"\xef\xbb\xbf\xff"])
def test_a_mark_that_lies_is_refused(data):
    with pytest.raises(ArticleError, match="byte order mark"):
        decode(data)


@given(st.binary(), st.integers(1, 7))
def test_reading_in_pieces_is_reading_at_once(data, piece):
    """The oracle is Python's decoder over all the bytes together."""
    was, module._CHUNK_BYTES = module._CHUNK_BYTES, piece
    try:
        for codec in ("utf-8", "cp1252", "shift_jis"):
            try:
                data.decode(codec)
                expected = None
            except UnicodeDecodeError as exc:
                expected = exc.start
            assert module._first_error(io.BytesIO(data), codec) == expected
    finally:
        module._CHUNK_BYTES = was


@given(st.binary())
def test_any_bytes_become_text_or_are_refused(data):
    try:
        text, metadata = decode(data)
    except ArticleError as exc:
        reason = str(exc)
        assert "\n" not in reason
    else:
        assert text.encode(metadata.get("decoded_as", encoding_of(io.BytesIO(data)))) == data


def test_no_more_is_read_than_the_limit():
    assert read_bytes(io.BytesIO(b"12345"), 5) == b"12345"
    with pytest.raises(ArticleError, match="more than 4 bytes"):
        read_bytes(io.BytesIO(b"12345"), 4)


RUSSIAN = (
    "Все люди рождаются свободными и равными в своём достоинстве и правах. Они наделены разумом и совестью и должны поступать в "
    "отношении друг друга в духе братства. Каждый человек имеет право на жизнь, на свободу и на личную неприкосновенность."
)
GREEK = (
    "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα. Είναι προικισμένοι με λογική και συνείδηση, "
    "και οφείλουν να συμπεριφέρονται μεταξύ τους με πνεύμα αδελφοσύνης. Κάθε άνθρωπος δικαιούται να επικαλείται όλα τα δικαιώματα."
)
JAPANESE = (
    "すべての人間は、生れながらにして自由であり、かつ、尊厳と権利とについて平等である。人間は、理性と良心とを授けられており、互いに同胞の精神をもって"
    "行動しなければならない。すべて人は、人種、皮膚の色、性、言語、宗教その他いかなる事由による差別をも受けることなく、権利と自由とを享有する。"
)
CHINESE = (
    "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。人人有资格享有本宣言所载的一切权利和自由，不分种族。"
    * 2
)
POLISH = (
    "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Są oni obdarzeni rozumem i sumieniem i powinni "
    "postępować wobec innych w duchu braterstwa. Każdy człowiek posiada wszystkie prawa i wolności zawarte w niniejszej Deklaracji."
)


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        *((RUSSIAN, charset) for charset in ("koi8_r", "cp1251", "cp866", "iso8859_5")),
        (GREEK, "iso8859_7"),
        *((JAPANESE, charset) for charset in ("shift_jis", "euc_jp", "iso2022_jp")),
        (CHINESE, "gb18030"),
        (POLISH, "cp1250"),
    ],
    ids=lambda value: value if len(value) < 20 else "",
)
def test_charsets_that_nothing_declares_are_told_by_their_words(text, charset):
    decoded = decode(text.encode(charset))
    assert decoded.text == text
    assert decoded.metadata["decoded_as"] != "cp1252"


@pytest.mark.parametrize(
    "text", ["“Who wrote it?” – she asked, 5½ years on. ", "Il a déjà été reçu à l’école où l’on apprend à être libre. "]
)
def test_western_text_stays_western_however_rare_its_marks(text):
    for prose in (text * 3, "The report was written by those who were there. " * 200 + text):
        assert decode(prose.encode("cp1252")) == (prose, {"decoded_as": "cp1252"})


def test_a_text_of_two_charsets_is_refused():
    mixed = ("Der Bürgermeister von München sagte am Freitag, daß für die Straßen kein Geld da sei. ").encode(
        "cp1252"
    ) * 3 + "Größe".encode()
    with pytest.raises(ArticleError, match="expected UTF-8 text"):
        decode(mixed)


def test_noise_is_refused():
    noise = bytes(range(128, 256)) * 40
    with pytest.raises(ArticleError, match="expected UTF-8 text"):
        decode(noise)

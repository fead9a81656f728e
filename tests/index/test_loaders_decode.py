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

"""Bytes to text, by one rule for every format that is text.

1. A byte order mark (UTF-8, UTF-16 or UTF-32) decides, and is not part of the text.
2. Otherwise the text is UTF-8, strictly.
3. Otherwise it is in the charset that the document declares, when it declares one and that fits strictly.
4. Otherwise, when most of it beyond ASCII is well-formed UTF-8, it is damaged UTF-8 and refused.
5. Otherwise it is cp1252, when every byte has a meaning there (so that no C1 control character appears) and the words
   are then of a language that is written in it.
6. Otherwise it is in the charset that its bytes look most like, when that fits strictly and the words are then surely
   of some language.
7. Otherwise it is refused, with the offset of the first byte that is not UTF-8.

In 5 and 6 a text of Latin letters in which any UTF-8 stands is refused as well: it was put together from two charsets.
Nothing is normalised or replaced; newlines stay as they are. The one exception to the order is ISO-2022-JP, all of whose
bytes are ASCII: a text that switches to Japanese as it does is that.
"""

from __future__ import annotations

import codecs
import io
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from ..errors import ArticleError
from ..language import language_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK_BYTES = 1 << 20

#: The longer marks first: that of UTF-32 begins with that of UTF-16. Each codec drops its mark.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

#: The charsets that web pages may declare, by Python's names; UTF-7 and Python's own escapes are not among them.
_DECLARABLE = frozenset(
    """
    big5 big5hkscs cp866 cp874 cp932 cp949 euc_jp euc_kr gb18030 gb2312 gbk iso2022_jp johab koi8-r koi8-u
    mac-cyrillic mac-roman shift_jis tis-620 utf-16 utf-16-be utf-16-le
    """.split()
)


#: What texts that declare nothing are guessed to be in, by the guesser's names: charsets that people have really used.
_GUESSABLE = tuple(
    """
    cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 cp866 cp874 koi8_r koi8_u mac_cyrillic iso8859_2 iso8859_5
    iso8859_7 iso8859_9 big5 cp932 shift_jis euc_jp cp949 euc_kr gb18030
    """.split()
)

#: Those of Latin letters, in which a character of UTF-8 does not come about by chance.
_LATIN = frozenset("cp1250 cp1252 cp1254 cp1257 cp1258 iso8859_2 iso8859_9".split())
_CHANCE = 0.02

#: From this share on, well-formed UTF-8 among what is not ASCII is no chance in any charset: at most a half in Japanese ones.
_DAMAGED = 0.6

#: The languages that cp1252 was made for.
_WESTERN = frozenset("en fr de es pt it nl sv da no nb nn fi is fo ca gl eu oc ga gd lb rm af wa an id ms sw".split())

#: Where the language is not sure, a text is Western that has so few bytes beyond ASCII, as quotes and dashes make it; a short one more.
_FEW, _FEW_OF_SHORT, _SHORT_BYTES = 0.1, 0.4, 100

#: As much of a text as is looked at, around the first byte that is not UTF-8.
_SAMPLE_BYTES = 64_000


class Decoded(NamedTuple):
    """A text and how it came to be."""

    text: str
    metadata: dict[str, str]
    """`decoded_as` names the charset where it was not UTF-8."""


def decode(data: bytes, declared: str | None = None) -> Decoded:
    """Decode a whole document by the rule above.

    Args:
        data: The document's bytes.
        declared: The charset that the document names, if it does.

    Raises:
        ArticleError: The bytes are not text by this rule.
    """
    encoding = encoding_of(io.BytesIO(data), declared)
    text = data.decode(encoding)
    nul = text.find("\0")
    if nul >= 0:
        raise ArticleError(f"expected text, found binary data: a NUL character at offset {nul}")
    return Decoded(text, decoded_as(encoding))


def decoded_as(encoding: str) -> dict[str, str]:
    """Return the metadata that tells of a charset other than UTF-8."""
    return {} if encoding.startswith("utf-8") else {"decoded_as": encoding}


def encoding_of(stream: BinaryIO, declared: str | None = None) -> str:
    """Return the codec that decodes `stream` strictly, by the rule above, in constant memory.

    Raises:
        ArticleError: No codec does.
    """
    stream.seek(0)
    head = stream.read(4)
    for mark, codec in _MARKS:
        if head.startswith(mark):
            _require(stream, codec)
            return codec
    charset = _known(declared)
    if _switches(stream):
        return "iso2022_jp"
    at = _first_error(stream, "utf-8")
    if at is None:
        return "utf-8"
    if charset is not None and _first_error(stream, charset) is None:
        return charset
    guessed = _guessed(stream, at)
    if guessed is None:
        raise ArticleError(f"expected UTF-8 text, found the byte 0x{_byte_at(stream, at):02x} at offset {at:,}; save it as UTF-8")
    return guessed


def _guessed(stream: BinaryIO, at: int) -> str | None:
    """Return the charset of a text that is no UTF-8 and declares none; None where its words are of no language in any."""
    share = _share_of_utf8(stream)
    if share >= _DAMAGED:
        return None
    sample = _sample(stream, at)
    if share <= _CHANCE and _first_error(stream, "cp1252") is None:
        language = language_of(sample.decode("cp1252", "ignore"))
        few = (_FEW_OF_SHORT if len(sample) < _SHORT_BYTES else _FEW) * len(sample)
        if language in _WESTERN or (language is None and sum(byte > 0x7F for byte in sample) <= few):
            return "cp1252"
    charset = _likest(sample)
    if charset is None or _first_error(stream, charset) is not None or (charset in _LATIN and share > _CHANCE):
        return None
    return charset if language_of(sample.decode(charset, "ignore")) is not None else None


def _sample(stream: BinaryIO, at: int) -> bytes:
    """Return the bytes around an offset, from the beginning of a line where one is near."""
    start = max(0, at - _SAMPLE_BYTES // 2)
    stream.seek(start)
    sample = stream.read(_SAMPLE_BYTES)
    line = sample.find(b"\n", 0, at - start) + 1 if start else 0
    return sample[line:]


def _likest(sample: bytes) -> str | None:
    """Return the charset that the bytes look most like."""
    import charset_normalizer

    best = charset_normalizer.from_bytes(sample, cp_isolation=list(_GUESSABLE)).best()
    return best.encoding if best is not None and best.encoding in _GUESSABLE else None


def _switches(stream: BinaryIO) -> bool:
    """Say whether the text switches to Japanese as ISO-2022-JP does, and holds nothing that it cannot."""
    return any(b"\x1b$" in chunk for chunk in _chunks(stream)) and _first_error(stream, "iso2022_jp") is None


def fitting(data: bytes, declared: str) -> str | None:
    """Return the codec of a charset that something else than the document declares, where `data` is no UTF-8 and fits that strictly."""
    stream = io.BytesIO(data)
    if any(data.startswith(mark) for mark, _ in _MARKS) or _first_error(stream, "utf-8") is None:
        return None
    charset = _known(declared)
    return charset if charset is not None and _first_error(stream, charset) is None else None


def read_bytes(stream: BinaryIO, limit: int) -> bytes:
    """Return the bytes of `stream`.

    Raises:
        ArticleError: There are more than `limit`; no more than that is read.
    """
    data = stream.read(limit + 1)
    if len(data) > limit:
        raise ArticleError(f"too large: more than {limit:,} bytes")
    return data


def _require(stream: BinaryIO, codec: str) -> None:
    at = _first_error(stream, codec)
    if at is not None:
        raise ArticleError(
            f"expected {codec.removesuffix('-sig').upper()} text as its byte order mark says, found bad bytes at offset {at:,}"
        )


def _known(declared: str | None) -> str | None:
    """Return Python's name of a declared charset, or None when pages may not declare it."""
    try:
        name = codecs.lookup((declared or "").strip()).name
    except (LookupError, ValueError):
        return None
    if name in ("iso8859-1", "ascii"):
        return "cp1252"  # as every browser does
    return name if name in _DECLARABLE or name.startswith(("iso8859-", "cp125")) else None


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    stream.seek(0)
    while chunk := stream.read(_CHUNK_BYTES):
        yield chunk


def _first_error(stream: BinaryIO, codec: str) -> int | None:
    """Return the offset of the first byte that `codec` cannot decode, or None."""
    decoder = codecs.getincrementaldecoder(codec)()
    offset = 0
    for chunk in _chunks(stream):
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk)
        except UnicodeError as exc:
            return offset - pending + (exc.start if isinstance(exc, UnicodeDecodeError) else 0)
        offset += len(chunk)
    pending = len(decoder.getstate()[0])
    try:
        decoder.decode(b"", final=True)
    except UnicodeError:
        return offset - pending
    return None


def _share_of_utf8(stream: BinaryIO) -> float:
    """Return how much of what is not ASCII is well-formed UTF-8 all the same, from 0 to 1."""
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    beyond = formed = 0
    for chunk in _chunks(stream):
        beyond += len(chunk) - len(chunk.decode("ascii", "ignore"))
        formed += sum(len(character.encode()) for character in decoder.decode(chunk) if character > "\x7f")
    return formed / beyond if beyond else 0.0


def _byte_at(stream: BinaryIO, offset: int) -> int:
    stream.seek(offset)
    return stream.read(1)[0]

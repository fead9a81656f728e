"""Bytes to text, by one rule for every format that is text.

1. A byte order mark (UTF-8, UTF-16 or UTF-32) decides, and is not part of the text.
2. Otherwise the text is UTF-8, strictly.
3. Otherwise it is in the charset that the document declares, when it declares one and that fits strictly.
4. Otherwise it is cp1252, when every byte has a meaning there (so that no C1 control character appears) and
   nothing in it is well-formed UTF-8 beyond ASCII: such a file is damaged UTF-8.
5. Otherwise it is refused, with the offset of the first byte that is not UTF-8.

Nothing is normalised, replaced or guessed; newlines stay as they are.
"""

from __future__ import annotations

import codecs
import io
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from ..errors import ArticleError

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
    at = _first_error(stream, "utf-8")
    if at is None:
        return "utf-8"
    charset = _known(declared)
    if charset is not None and _first_error(stream, charset) is None:
        return charset
    if _first_error(stream, "cp1252") is None and not _holds_utf8(stream):
        return "cp1252"
    raise ArticleError(f"expected UTF-8 text, found the byte 0x{_byte_at(stream, at):02x} at offset {at:,}; save it as UTF-8")


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


def _holds_utf8(stream: BinaryIO) -> bool:
    """Say whether well-formed UTF-8 beyond ASCII stands somewhere between the bad bytes."""
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    return any(not decoder.decode(chunk).isascii() for chunk in _chunks(stream))


def _byte_at(stream: BinaryIO, offset: int) -> int:
    stream.seek(offset)
    return stream.read(1)[0]

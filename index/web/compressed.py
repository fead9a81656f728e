"""Bodies that come compressed, opened no further than is wanted."""

from __future__ import annotations

import zlib

from ..errors import ArticleError

#: As much is opened at once.
_CHUNK_BYTES = 1 << 16

#: So little is looked at at once that what follows a member, which is copied for each, stays short; and no file has more members.
_SLICE_BYTES = 1 << 14
_MOST_MEMBERS = 10_000


class Opened:
    """Opens gzip as it comes; a small body that is large inside is opened only as far as somebody takes it."""

    def __init__(self, limit: int) -> None:
        """Expect the beginning of what holds at most `limit` bytes once it is opened."""
        self._limit, self._left = limit, limit
        self._reader = zlib.decompressobj(wbits=31)
        self._begun = False
        self._members = 0

    def open(self, data: bytes) -> bytes:
        """Return what is in `data`; raises `ArticleError` where there is more than the limit, or it is no gzip."""
        out = bytearray()
        for start in range(0, len(data), _SLICE_BYTES):
            self._slice(data[start : start + _SLICE_BYTES], out)
        self._left -= len(out)
        return bytes(out)

    def _slice(self, data: bytes, out: bytearray) -> None:
        """Add what is in a part of the data to `out`."""
        while data:
            if self._reader.eof:  # another member may follow
                self._reader, self._begun, self._members = zlib.decompressobj(wbits=31), False, self._members + 1
            if self._members >= _MOST_MEMBERS:
                raise ArticleError(f"what came compressed by gzip cannot be opened: it consists of more than {_MOST_MEMBERS:,} parts")
            self._begun = True
            try:
                out += self._reader.decompress(data, _CHUNK_BYTES)
            except zlib.error as error:
                raise ArticleError("what came compressed by gzip cannot be opened: it is damaged") from error
            if len(out) > self._left:
                raise ArticleError(f"too large: more than {self._limit:,} bytes once it is opened")
            data = self._reader.unused_data if self._reader.eof else self._reader.unconsumed_tail

    def finish(self) -> None:
        """Raise `ArticleError` when what was opened ends early."""
        if self._begun and not self._reader.eof:
            raise ArticleError("what came compressed by gzip cannot be opened: it ends early")


def gunzipped(data: bytes, limit: int) -> bytes:
    """Return what is in a gzip file, at most `limit` bytes.

    Raises:
        ArticleError: It holds more, or is none.
    """
    opened = Opened(limit)
    found = opened.open(data)
    opened.finish()
    return found


def beginning(data: bytes, count: int) -> bytes:
    """Return the first `count` bytes of what is in a gzip file, or as many as can be had; none where it is none."""
    try:
        return zlib.decompressobj(wbits=31).decompress(data[: 2 * count + 100], count)
    except zlib.error:
        return b""

"""Who reads the passages: our own reader, or whom the options name. Our own loads while the rest gets ready."""

from __future__ import annotations

import argparse
import os
import re
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from rag import Readable, Reader, Reading

#: Nobody reads: passages and sentences are chosen by search scores alone.
NOBODY = "none"


def add_options(parser: argparse.ArgumentParser, *, answers: bool) -> None:
    """Add what names a reader and, where answers are given, how sure one must be."""
    group = parser.add_argument_group("reading")
    reads = "who reads the best passages: a question-answering model by name or folder, or none; else $ASSAY_READER, else Assay's own"
    group.add_argument("--reader", metavar="NAME", type=_name, help=reads)
    ranks = "a sentence-transformers CrossEncoder that orders the passages read, by name or folder"
    group.add_argument("--reranker", metavar="NAME", type=_name, help=ranks)
    if answers:
        sure = "how sure an answer must be to be shown: low, normal or high; normal by default"
        group.add_argument("--caution", choices=("low", "normal", "high"), default="normal", metavar="HOW", help=sure)


def reader_of(args: Namespace) -> Reader | None:
    """Return the reader that the arguments name; raises `AssayError` where it cannot be had."""
    from index import AssayError
    from rag import OWN, reader_named

    name = args.reader or os.environ.get("ASSAY_READER") or OWN
    if name == NOBODY:
        if args.reranker:
            raise AssayError("expected a reader of the passages that --reranker orders, found --reader none; name another or leave it out")
        return None
    reader: Reader = own_reader() if name == OWN else reader_named(name, download=True)
    if not args.reranker:
        return reader
    from rag import CrossEncoderReranker, RerankedReader

    return RerankedReader(reader, CrossEncoderReranker(args.reranker, download=True))


@cache
def own_reader() -> _Own:
    """Return our own reader, the same each time."""
    return _Own()


class _Own:
    """Assay's own reader, loaded while the rest gets ready: each takes a fifth of a second."""

    def __init__(self) -> None:
        from rag import OWN, reader_named

        self.name = OWN
        loading = ThreadPoolExecutor(1)
        self._reader = loading.submit(reader_named)
        loading.shutdown(wait=False)

    def read(self, question: str, passages: Sequence[Readable]) -> list[Reading]:
        """Return what it says once it is there; raises `ModelError` when it cannot be had."""
        return self._reader.result().read(question, passages)

    @property
    def checks(self) -> bool:
        """Say whether it was taught to check claims."""
        return self._reader.result().checks

    def support(self, claim: str, passages: Sequence[Readable]) -> list[float]:
        """Return what it says of a claim; raises `ModelError` when it cannot be had."""
        return self._reader.result().support(claim, passages)


def _name(text: str) -> str:
    if not text or re.search("[\0\ud800-\udfff]", text):
        raise argparse.ArgumentTypeError(f"expected the name or folder of a model, found {text!r}")
    return text

"""The formats that are read, and which of them a file is in, by what it holds; its name is asked only where its bytes leave it open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ArticleError
from .csv import CsvLoader
from .docx import DocxLoader
from .epub import EpubLoader
from .feed import FeedLoader
from .html import HtmlLoader
from .json_document import JsonLoader
from .json_feed import JsonFeedLoader
from .jsonl import JsonLinesLoader
from .legacy import is_compound, kind_of
from .mail import MailboxLoader, MailLoader
from .markdown import MarkdownLoader
from .mhtml import MhtmlLoader
from .news_xml import NewsXmlLoader
from .odt import OdpLoader, OdsLoader, OdtLoader
from .package import PackageLoader
from .pdf import PdfLoader
from .pptx import PptxLoader
from .rtf import RtfLoader
from .sniff import HEAD_BYTES, foreign
from .text import TextLoader
from .xlsx import XlsxLoader

if TYPE_CHECKING:
    from typing import BinaryIO

    from .interface import Loader

#: Documents that are ZIP packages; which of them one is, its members say.
_PACKAGED: tuple[Loader, ...] = (DocxLoader(), XlsxLoader(), PptxLoader(), OdtLoader(), OdsLoader(), OdpLoader(), EpubLoader())

#: Everything else: what its first bytes tell apart, then what its name does; each may be a member of an archive too.
_ALONE: tuple[Loader, ...] = (
    *(PdfLoader(), RtfLoader(), MhtmlLoader(), MailboxLoader(), MailLoader(), FeedLoader(), NewsXmlLoader()),
    *(HtmlLoader(), MarkdownLoader(), JsonLinesLoader(), JsonFeedLoader(), JsonLoader(), CsvLoader(), TextLoader()),
)

#: Asked in this order which of them recognises a file.
LOADERS: tuple[Loader, ...] = (PackageLoader(_PACKAGED, _ALONE), *_ALONE)


def loader_for(stream: BinaryIO, *, suffix: str, size: int) -> Loader:
    """Return the loader that recognises what is in `stream`, which is left at its beginning.

    Args:
        stream: The file, at its beginning.
        suffix: The ending of its name, in lower case with its dot; empty where there is none.
        size: Its bytes.

    Raises:
        ArticleError: It is in no format that is read, or too large for its format.
    """
    head = stream.read(HEAD_BYTES)
    stream.seek(0)
    loader = next((loader for loader in LOADERS if loader.recognises(head, suffix)), None)
    if loader is None:
        raise ArticleError(_unsupported(kind_of(stream) if is_compound(head) else foreign(head), suffix))
    if loader.max_bytes is not None and size > loader.max_bytes:
        raise ArticleError(f"too large: {size:,} bytes, at most {loader.max_bytes:,} are read of a {loader.name} file")
    return loader


def _unsupported(kind: str | None, suffix: str) -> str:
    named = (*_PACKAGED, *LOADERS)
    supported = ", ".join(sorted({suffix for loader in named for suffix in loader.suffixes if suffix}))
    expected = next((loader.name for loader in named if suffix in loader.suffixes), None)
    if expected and kind:
        return f"expected {expected}, found {kind} (read are {supported})"
    return f"unsupported: {kind or f'a {suffix} file'}; read are {supported}"

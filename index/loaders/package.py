"""Whatever begins as a ZIP package: told apart by its members, and handed on to the loader of such documents, or member by member.

Nothing is written to the disk, and an archive in an archive is not opened. The name of a member is a label, wherever it points.
Knows nothing of the formats themselves: the loaders are given to it.
"""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ..errors import ArticleError
from . import pace
from .interface import BrokenRow
from .members import Members
from .sniff import HEAD_BYTES, foreign

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    from .interface import Draft, Loader

#: Members of an archive that are read.
_MOST_MEMBERS = 10_000

#: A member of an archive is held in memory.
_MEMBER_BYTES = 100_000_000

#: The parts that say what a package is are small.
_SMALL_BYTES = 1_000_000

_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")

#: What the member `mimetype` says, with the ending of such files.
_MIME_TYPES = {
    "application/epub+zip": ".epub",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.oasis.opendocument.text-template": ".odt",
    "application/vnd.oasis.opendocument.text-master": ".odt",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.oasis.opendocument.spreadsheet-template": ".ods",
    "application/vnd.oasis.opendocument.presentation": ".odp",
    "application/vnd.oasis.opendocument.presentation-template": ".odp",
}

#: What the list of content types calls the main part, with the ending of such files.
_MAIN_TYPES = (
    (
        re.compile(rb"(?:wordprocessingml\.(?:document|template)|ms-word\.(?:document|template)\.macroEnabled(?:Template)?)\.main\+xml"),
        ".docx",
    ),
    (re.compile(rb"(?:presentationml\.|ms-powerpoint\.)(?:presentation|slideshow|template)(?:\.macroEnabled)?\.main\+xml"), ".pptx"),
    (re.compile(rb"(?:spreadsheetml\.|ms-excel\.)(?:sheet|template)(?:\.macroEnabled)?\.main\+xml"), ".xlsx"),
    (re.compile(rb"ms-excel\.sheet\.binary\.macroEnabled\.main"), ".xlsb"),
)

#: Members by which a package is known whose list of content types is missing or damaged.
_MAIN_PARTS = (
    ("word/document.xml", ".docx"),
    ("ppt/presentation.xml", ".pptx"),
    ("xl/workbook.xml", ".xlsx"),
    ("META-INF/container.xml", ".epub"),
)


class PackageLoader:
    """Reads office documents and e-books, and `.zip` archives of any files that can be read alone."""

    name = "ZIP"
    suffixes = (".zip",)
    max_bytes = 200_000_000
    contained = True

    def __init__(self, documents: Sequence[Loader], others: Sequence[Loader]) -> None:
        """Take the loaders.

        Args:
            documents: Those of documents that are packages; known by the endings that they name.
            others: Those of everything else that may be a member of an archive.
        """
        self._documents = documents
        self._others = others

    def recognises(self, head: bytes, suffix: str) -> bool:  # noqa: ARG002  # what it is stands in its first bytes
        """Take every ZIP package."""
        return head.startswith(_SIGNATURES)

    def load(self, stream: BinaryIO) -> Iterator[Draft | BrokenRow]:
        """Yield the document, or what each member of the archive is."""
        members = Members(stream)
        kind = _kind(members)
        if kind is not None:
            stream.seek(0)
            document = self._document(kind)
            pace.reading(document.name)
            yield from document.load(stream)
            return
        names = [name for name in members.names() if not _hidden(name)]
        if not names:
            raise ArticleError("no articles: the archive is empty")
        if len(names) > _MOST_MEMBERS:
            raise ArticleError(f"too many files: the archive holds {len(names):,}, at most {_MOST_MEMBERS:,} are read; split it")
        for name in names:
            yield from self._member(members, name)

    def _document(self, kind: str) -> Loader:
        found = next((loader for loader in self._documents if kind in loader.suffixes), None)
        if found is None:
            raise ArticleError(f"unsupported: a {kind} document")
        return found

    def _member(self, members: Members, name: str) -> Iterator[Draft | BrokenRow]:
        """Yield what is in one member; whatever is wrong with it, the next one goes on."""
        label = _label(name)
        try:
            if members.is_link(name):
                raise ArticleError("a link; links in archives are not followed")  # noqa: TRY301
            content = io.BytesIO(members.read(name, _MEMBER_BYTES))
            for said in self._loader_for(content, name).load(content):
                if isinstance(said, BrokenRow):
                    yield BrokenRow(f"{label}:{said.where}", said.reason)
                else:
                    yield replace(said, member=label)
        except ArticleError as exc:
            yield BrokenRow(label, str(exc))
        except MemoryError:
            yield BrokenRow(label, "needs more memory than the reader of files has")
        except Exception as exc:  # noqa: BLE001  # a library may raise anything over a file
            yield BrokenRow(label, f"it cannot be read: {type(exc).__name__}")

    def _loader_for(self, content: io.BytesIO, name: str) -> Loader:
        """Return the loader of a member.

        Raises:
            ArticleError: There is none, or it is too large for it.
        """
        head = content.read(HEAD_BYTES)
        content.seek(0)
        if self.recognises(head, ""):
            kind = _kind(Members(content))
            content.seek(0)
            if kind is None:
                raise ArticleError("an archive in an archive; unpack it first")
            return self._document(kind)
        suffix = PurePosixPath(name).suffix.lower()
        loader = next((loader for loader in self._others if loader.recognises(head, suffix)), None)
        if loader is None:
            raise ArticleError(f"unsupported: {foreign(head) or f'a {suffix} file'}")
        size = content.getbuffer().nbytes
        if loader.max_bytes is not None and size > loader.max_bytes:
            raise ArticleError(f"too large: {size:,} bytes, at most {loader.max_bytes:,} are read of a {loader.name} file")
        return loader


def _kind(members: Members) -> str | None:
    """Return the ending of documents of this kind; None for a plain archive.

    Raises:
        ArticleError: It is a document of a kind that has no ending here.
    """
    if "mimetype" in members:
        said = members.read("mimetype", _SMALL_BYTES)[:200].decode("ascii", "replace").strip()
        if said in _MIME_TYPES:
            return _MIME_TYPES[said]
        if said.startswith("application/vnd."):
            raise ArticleError(f"unsupported: a document of the type {said}")
    if "[Content_Types].xml" in members:
        types = members.read("[Content_Types].xml", _SMALL_BYTES)
        for pattern, kind in _MAIN_TYPES:
            if pattern.search(types):
                return kind
    return next((kind for part, kind in _MAIN_PARTS if part in members), None)


def _hidden(name: str) -> bool:
    """Say whether a member is hidden as files are, or put there by a system for itself."""
    parts = name.split("/")
    return (
        parts[0] == "__MACOSX"
        or any(part.startswith(".") and part.strip(".") for part in parts)
        or parts[-1] in ("Thumbs.db", "desktop.ini")
    )


def _label(name: str) -> str:
    """Return a member's name as a place within the archive: where it would lead out of it, it does not."""
    return "/".join(part for part in name.split("/") if part not in ("", ".", "..")) or "a member without a name"

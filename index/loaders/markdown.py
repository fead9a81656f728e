"""Markdown: its text without its markup, its headings, and its front matter. HTML within it is never interpreted."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from ..errors import ArticleError
from .blocks import Blocks
from .decode import decode, read_bytes
from .fields import known_fields
from .front_matter import split_front_matter
from .interface import Draft
from .sniff import foreign, is_web_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from markdown_it.token import Token

#: The parser takes ten times as long over as many bytes of short lines; 20 MB of text are not so many.
_MOST_LINES = 500_000

#: Deeper nesting is not read by the parser at all.
_MAX_NESTING = 50


class MarkdownLoader:
    """Reads `.md` files by CommonMark, with tables and strikethrough.

    Images are dropped, link texts and code are kept; a soft line break becomes a space; numbers of ordered lists
    stay, bullets go. A footnote stands behind the paragraph that refers to it, which loses the mark. HTML blocks
    stay as they are written and are not citable; inline HTML stays as it is written.
    """

    name = "Markdown"
    suffixes = (".md", ".markdown", ".mdown", ".mkd")
    max_bytes = 20_000_000
    contained = True  # two megabytes of marks take it over half a gigabyte

    def recognises(self, head: bytes, suffix: str) -> bool:
        """Take what is named as Markdown and does not begin as anything else; nothing else tells it from text."""
        return suffix in self.suffixes and foreign(head) is None and not is_web_page(head)

    def load(self, stream: BinaryIO) -> Iterator[Draft]:
        """Yield the whole file as one draft."""
        decoded = decode(read_bytes(stream, self.max_bytes))
        if decoded.text.count("\n") > _MOST_LINES:
            raise ArticleError(f"too many lines: more than {_MOST_LINES:,} of Markdown; split it")
        front = split_front_matter(decoded.text.replace("\r\n", "\n"))
        blocks = _rendered(front.body)
        fields = known_fields(front.fields)
        fields["metadata"] = {**fields["metadata"], **decoded.metadata}
        yield Draft(text=blocks.text, headings=blocks.headings, not_citable=blocks.not_citable, **fields)


def _rendered(markdown: str) -> Blocks:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.footnote import footnote_plugin

    parser = MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING}).enable(["table", "strikethrough"])
    text, notes = _parted(parser.use(footnote_plugin, inline=False, move_to_end=False).parse(markdown))
    writer = _Writer()
    waiting = deque([iter(text)])
    while waiting or notes:
        if not waiting:  # notes that refer to each other, but no text to them
            waiting.extend(map(iter, notes.pop(next(iter(notes)))))
        token = next(waiting[0], None)
        if token is None:
            waiting.popleft()
            continue
        writer.take(token)
        if writer.between:
            waiting.extendleft(iter(note) for label in reversed(writer.referred) for note in reversed(notes.pop(label, [])))
            writer.referred.clear()
    return writer.blocks


def _parted(tokens: list[Token]) -> tuple[list[Token], dict[str, list[list[Token]]]]:
    """Return a document's tokens without the footnotes that something refers to, and these by their labels; the others stay in place."""
    referred = {child.meta["label"] for token in tokens for child in token.children or [] if child.type == "footnote_ref"}
    text: list[Token] = []
    notes: dict[str, list[list[Token]]] = {}
    into = [text]
    for token in tokens:
        if token.type == "footnote_reference_open":
            label = token.meta["label"]
            into.append([] if label in referred else into[-1])
            if label in referred:
                notes.setdefault(label, []).append(into[-1])
        elif token.type == "footnote_reference_close":
            into.pop()
        else:
            into[-1].append(token)
    return text, notes


class _Writer:
    """Turns the parser's flat stream of tokens into blocks."""

    def __init__(self) -> None:
        self.blocks = Blocks()
        self.referred: list[str] = []  # the labels of footnotes since they were last taken from here
        self._lists = 0
        self._within = False  # a line of the present list or table has been written
        self._tabled = False
        self._marker = ""
        self._level: int | None = None
        self._cells: list[str] | None = None

    @property
    def between(self) -> bool:
        """Whether a paragraph may follow what has been taken: not within a heading, a list or a table."""
        return self._lists == 0 and self._level is None and not self._tabled

    def take(self, token: Token) -> None:
        """Take in the next token."""
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                self._within = self._within and self._lists > 0
                self._lists += 1
            case "bullet_list_close" | "ordered_list_close":
                self._lists -= 1
                self._within = self._within and self._lists > 0
            case "list_item_open":
                self._marker = f"{token.info}{token.markup} " if token.info else ""
            case "heading_open":
                self._level = int(token.tag[1:])
            case "heading_close":
                self._level = None
            case "table_open" | "table_close":
                self._tabled = token.type == "table_open"
                self._within = self._within and self._lists > 0
            case "tr_open":
                self._cells = []
            case "tr_close":
                self._write(" | ".join(self._cells or []))
                self._cells, self._within = None, True
            case "inline" | "fence" | "code_block" | "html_block":
                self._leaf(token)
            case _:  # marks without text of their own: the ends of paragraphs, quotes, rules
                pass

    def _leaf(self, token: Token) -> None:
        self.referred += [child.meta["label"] for child in token.children or [] if child.type == "footnote_ref"]
        if token.type != "inline":
            self._write(token.content, citable=token.type != "html_block")
        elif self._cells is None:
            self._write(_inline(token))
        else:
            self._cells.append(" ".join(_inline(token).split()))

    def _write(self, text: str, *, citable: bool = True) -> None:
        if not text.strip():
            return
        self.blocks.add(self._marker + text, adjoining=self._within, level=self._level, citable=citable)
        self._marker = ""
        self._within = self._within or self._lists > 0


def _inline(token: Token) -> str:
    """Return the text of a paragraph, heading or cell."""
    pieces = []
    for child in token.children or []:
        match child.type:
            case "softbreak":
                pieces.append(" ")
            case "hardbreak":
                pieces.append("\n")
            case "text" | "text_special" | "code_inline" | "html_inline":
                pieces.append(child.content)
            case _:  # marks of emphasis, links and footnotes, which have no text, and images, which are dropped
                pass
    return "".join(pieces).strip()

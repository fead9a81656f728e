"""Rich Text Format (.rtf): the text of its paragraphs, with headings, tables and footnotes.

Read by a reader of its own: see docs/decisions/0014-formats.md. Left out are headers and footers, comments, hidden and deleted text,
pictures and embedded objects; nothing in it is ever followed or run. One pass, in linear time; a group knows only the form of its text.
"""

from __future__ import annotations

import locale
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ..errors import ArticleError
from .blocks import Blocks
from .decode import read_bytes
from .interface import Draft
from .tables import in_row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

#: A word of control with its number, a byte in figures, a sign, a brace, or text.
_TOKEN = re.compile(rb"\\([A-Za-z]{1,32})(-?[0-9]{1,10})? ?|\\'([0-9A-Fa-f]{2})|\\([^A-Za-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.DOTALL)

_DEEPEST = 5_000

#: Groups whose text is not of the document, or whose words are read apart.
_LEFT_OUT = frozenset(
    """
    annotation atnauthor atndate atnicn atnid atnparent atnref atntime atrfend atrfstart author background blipuid bkmkend bkmkstart
    category colortbl comment company datafield datastore doccomm docvar falt fldinst fontemb fontfile footer footerf footerl footerr
    formfield ftncn ftnsep ftnsepc generator header headerf headerl headerr hlinkbase keywords listname listoverridetable listtable
    listtext manager mmath nonshppict objalias objclass objdata object operator panose password pict pgdsctbl pntext pnseclvl private
    revtbl rsidtbl rxe shppict sp subject tc template themedata txe userprops xe xmlnstbl
    """.split()
)

#: Groups marked as passable that hold text all the same.
_TEXT_ALL_THE_SAME = frozenset({"shpinst", "ud", "footnote", "stylesheet", "info"})

_CHARACTERS = {
    "tab": "\t",
    "line": "\n",
    "lbr": "\n",
    "emdash": "—",
    "endash": "–",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "bullet": "•",
    "emspace": " ",
    "enspace": " ",
    "qmspace": " ",
    "zwj": "\u200d",
    "zwnj": "\u200c",
}

_SIGNS = {b"~": "\xa0", b"_": "\N{NON-BREAKING HYPHEN}", b"\\": "\\", b"{": "{", b"}": "}", b"\t": "\t"}

#: What Windows' numbers of character sets are called in Python; 0 and 1 are the document's own.
_CHARSETS = {
    77: "mac-roman",
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "gbk",
    136: "big5",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
    255: "cp437",
}

_CODE_PAGES = {437, 708, 850, 852, 860, 862, 863, 864, 865, 866, 874, 932, 936, 949, 950, *range(1250, 1259), 1361, 10000, 65001}
_NAMED_PAGES = {708: "iso8859-6", 936: "gbk", 950: "big5", 1361: "johab", 10000: "mac-roman", 65001: "utf-8"}

_MAIN_CODECS = {"mac": "mac-roman", "pc": "cp437", "pca": "cp850"}

_HALF = re.compile("[\ud800-\udfff]")

_HEADING = re.compile(r"heading ([1-9])\s*;?\s*$", re.IGNORECASE)
_BODY_TEXT = 9


class RtfLoader:
    """Reads `.rtf` files, and RTF under other names, such as `.doc`."""

    name = "RTF"
    suffixes = (".rtf",)
    max_bytes = 100_000_000
    contained = True

    def recognises(self, head: bytes, suffix: str) -> bool:  # noqa: ARG002 - its first bytes say it all
        """Take what begins as RTF does, whatever it is called."""
        return head.lstrip().startswith(b"{\\rtf")

    def load(self, stream: BinaryIO) -> Iterator[Draft]:
        """Yield the file as one draft."""
        reader = _Reader()
        reader.read(read_bytes(stream, self.max_bytes))
        if not reader.blocks.text:
            raise ArticleError("no text: the document holds none, or only pictures")
        said = reader.said
        yield Draft(
            text=reader.blocks.text,
            title=said.get("title"),
            authors=tuple(name for part in said.get("author", "").split(";") if (name := part.strip())),
            published=said.get("creatim"),
            updated=said.get("revtim"),
            language=reader.language,
            headings=reader.blocks.headings,
        )


@dataclass(frozen=True, slots=True)
class _Group:
    """The form of the text in a group; what is inside begins with the form of what is around it."""

    kind: str = "text"
    """`text`, `footnote`, `skipped`, `fonts`, `styles`, `info`, or a field of the latter."""
    codec: str = "cp1252"
    fallback: int = 1
    """How many characters stand behind each Unicode character for programs that know none."""
    hidden: bool = False
    deleted: bool = False


@dataclass(slots=True)
class _Paragraph:
    """What is known of the paragraph that is being read."""

    style: int = 0
    level: int | None = None
    in_table: bool = False
    listed: bool = False


@dataclass(slots=True)
class _Reader:
    """Goes through the tokens once."""

    blocks: Blocks = field(default_factory=Blocks)
    said: dict[str, str] = field(default_factory=dict)
    language: str | None = None
    _group: _Group = _Group()
    _around: list[_Group] = field(default_factory=list)
    _paragraph: _Paragraph = field(default_factory=_Paragraph)
    _text: list[str] = field(default_factory=list)
    _bytes: bytearray = field(default_factory=bytearray)
    _cells: list[str] = field(default_factory=list)
    _notes: list[str] = field(default_factory=list)
    _note: list[str] = field(default_factory=list)
    _aside: list[str] = field(default_factory=list)
    _date: dict[str, int] = field(default_factory=dict)
    _codecs: dict[int, str] = field(default_factory=dict)
    _levels: dict[int, int] = field(default_factory=dict)
    _font: int = 0
    _style: int = 0
    _main_codec: str = "cp1252"
    _skip: int = 0  # characters still to come that only repeat a Unicode character
    _passable: bool = False
    _within: bool = False

    def read(self, data: bytes) -> None:
        """Read the whole file."""
        at = 0
        while (token := _TOKEN.match(data, at)) is not None:
            at = token.end()
            word, number, figures, sign, brace, text = token.groups()
            if text is not None:
                self._take_bytes(text)
            elif figures is not None:
                self._take_bytes(bytes.fromhex(figures.decode()))
            elif word is not None:
                value = int(number) if number is not None else None
                if word == b"bin":
                    at += max(value or 0, 0)
                else:
                    self._word(word.decode(), value)
            elif sign is not None:
                self._sign(sign)
            elif brace == b"{":
                self._open()
            elif brace == b"}":
                self._close()
        self._end_paragraph()
        self._end_row()

    def _open(self) -> None:
        self._decode()
        if len(self._around) >= _DEEPEST:
            raise ArticleError(f"nested too deep: at most {_DEEPEST:,} groups within each other are read")
        self._around.append(self._group)
        self._passable, self._skip = False, 0

    def _close(self) -> None:
        self._decode()
        ended, self._group = self._group, self._around.pop() if self._around else _Group()
        self._skip = 0
        if ended.kind == self._group.kind:
            if ended.kind == "styles":
                self._end_style()
            elif ended.kind == "fonts":
                self._aside.clear()
            return
        if ended.kind == "footnote":
            self._notes.append("".join(self._note))
            self._note.clear()
        elif ended.kind in ("title", "author"):
            self.said.setdefault(ended.kind, " ".join(_joined(self._aside).split()))
        elif ended.kind in ("creatim", "revtim"):
            self._end_date(ended.kind)
        self._aside.clear()

    def _end_style(self) -> None:
        """Note the level of a style that is a heading by its name."""
        named = _HEADING.search(_joined(self._aside))
        if named:
            self._levels.setdefault(self._style, int(named[1]))
        self._aside.clear()

    def _end_date(self, kind: str) -> None:
        said, self._date = self._date, {}
        if {"yr", "mo", "dy"} <= said.keys():
            time = f"T{said['hr']:02}:{said.get('min', 0):02}" if "hr" in said else ""
            self.said.setdefault(kind, f"{said['yr']:04}-{said['mo']:02}-{said['dy']:02}{time}")

    def _sign(self, sign: bytes) -> None:
        if sign == b"*":
            self._passable = True
        elif sign in _SIGNS:
            self._take(_SIGNS[sign])
        elif sign in (b"\r", b"\n"):
            self._word("par", None)

    def _word(self, word: str, number: int | None) -> None:
        self._decode()
        if self._kind(word):
            return
        if word in _CHARACTERS:
            self._take(_CHARACTERS[word])
        elif word == "u" and number is not None:
            self._take(chr(number & 0xFFFF))
            self._skip = self._group.fallback
        elif self._group.kind in ("text", "footnote") and self._structure(word, number):
            return
        elif self._group.kind in ("creatim", "revtim") and word in ("yr", "mo", "dy", "hr", "min"):
            self._date[word] = number or 0
        else:
            self._form(word, number)

    def _kind(self, word: str) -> bool:
        """Say whether the word tells what its group is, and note it."""
        passable, self._passable = self._passable, False
        kinds = {"fonttbl": "fonts", "stylesheet": "styles", "info": "info", "footnote": "footnote"}
        if self._group.kind == "skipped":
            return False
        if self._group.kind == "info" and word in ("title", "author", "creatim", "revtim"):
            kind = word
        elif word in kinds and self._group.kind in ("text", "info"):
            kind = kinds[word]
        elif word in _LEFT_OUT or (passable and word not in _TEXT_ALL_THE_SAME and self._group.kind != "styles"):
            kind = "skipped"
        else:
            return False
        self._group = replace(self._group, kind=kind)
        return True

    def _structure(self, word: str, number: int | None) -> bool:
        """Take a word that ends or describes a paragraph, a cell or a row; say whether it was one."""
        if word in ("par", "sect", "page", "column", "softpage"):
            self._break(word)
        elif word in ("cell", "nestcell"):
            self._cells.append(" ".join(_joined(self._text).split()))
            self._text.clear()
        elif word == "row":
            self._end_row()
        elif word == "pard":
            self._paragraph = _Paragraph()
        elif word == "intbl":
            self._paragraph.in_table = True
        elif word == "s":
            self._paragraph.style = number or 0
        elif word == "outlinelevel":
            self._paragraph.level = (number or 0) + 1
        elif word in ("ls", "pnlvlblt", "pnlvlbody"):
            self._paragraph.listed = True
        else:
            return False
        return True

    def _break(self, word: str) -> None:
        """Take the end of a paragraph or section; that of a page, or of a paragraph in a cell, only parts words."""
        if self._group.kind == "footnote":
            self._note.append("\n")
        elif self._paragraph.in_table or word not in ("par", "sect"):
            self._text.append(" ")
        else:
            self._end_paragraph()

    def _form(self, word: str, number: int | None) -> None:
        """Take a word that says in what form text is."""
        if self._group.kind in ("fonts", "styles") and word in ("f", "fcharset", "s", "outlinelevel"):
            self._define(word, number or 0)
        elif word == "v":
            self._group = replace(self._group, hidden=number != 0)
        elif word == "deleted":
            self._group = replace(self._group, deleted=number != 0)
        elif word == "plain":
            self._group = replace(self._group, hidden=False, codec=self._main_codec)
        elif word == "uc":
            self._group = replace(self._group, fallback=min(max(number or 0, 0), 16))
        elif word == "f":
            self._group = replace(self._group, codec=self._codecs.get(number or 0, self._main_codec))
        elif word in _MAIN_CODECS or (word == "ansicpg" and number in _CODE_PAGES):
            self._main_codec = _MAIN_CODECS.get(word) or _NAMED_PAGES.get(number or 0, f"cp{number}")
            self._group = replace(self._group, codec=self._main_codec)
        elif word in ("deflang", "lang") and self.language is None and number is not None:
            self.language = locale.windows_locale.get(number, "").replace("_", "-") or None

    def _define(self, word: str, number: int) -> None:
        """Take what the tables of fonts and styles say."""
        if word == "f":
            self._font = number
        elif word == "s":
            self._style = number
        elif word == "outlinelevel":
            self._levels[self._style] = number + 1
        elif number in _CHARSETS:
            self._codecs[self._font] = _CHARSETS[number]

    def _take_bytes(self, data: bytes) -> None:
        """Gather bytes: two of them may be one character."""
        if self._skip:
            passed = min(self._skip, len(data))
            self._skip -= passed
            data = data[passed:]
        self._bytes += data

    def _decode(self) -> None:
        if self._bytes:
            text = self._bytes.decode(self._group.codec, "replace")
            self._bytes.clear()
            self._take(text)

    def _take(self, text: str) -> None:
        self._decode()
        kind = self._group.kind
        if kind == "skipped" or self._group.hidden or self._group.deleted:
            return
        if kind == "text":
            self._text.append(text)
        elif kind == "footnote":
            self._note.append(text)
        else:
            self._aside.append(text)

    def _end_paragraph(self) -> None:
        self._decode()
        if self._cells:
            self._end_row()
        written, self._text = _joined(self._text), []
        lines = [" ".join(line.split()) for line in written.split("\n")]
        stated = self._paragraph.level
        level = self._levels.get(self._paragraph.style) if stated is None else stated
        if level is not None and level > _BODY_TEXT:
            level = None
        text = ("\n" if level is None else " ").join(line for line in lines if line)
        if text:
            listed = self._paragraph.listed and level is None
            self.blocks.add(text, adjoining=listed and self._within, level=level)
            self._within = listed
        self._end_notes()

    def _end_row(self) -> None:
        cells, self._cells = self._cells, []
        line = in_row(cells)
        if line:
            self.blocks.add(line, adjoining=self._within)
            self._within = True
        self._end_notes()

    def _end_notes(self) -> None:
        for note in self._notes:
            self.blocks.add("\n".join(line for part in _joined([note]).split("\n") if (line := " ".join(part.split()))))
            self._within = False
        self._notes.clear()


def _joined(pieces: list[str]) -> str:
    """Join pieces; a character beyond the first 65,536 is written as two halves, and a half that stands alone is none."""
    text = "".join(pieces)
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") if _HALF.search(text) else text

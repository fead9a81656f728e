"""What an article is called when it does not say so: its heading, its first line, or its first sentence.

A title is a label for people; nothing is cited from it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .article import Heading

#: A longer first line is a paragraph, not a title.
MAX_LINE_CHARACTERS = 120

#: The first sentence is cut here, at a word's end.
MAX_SENTENCE_CHARACTERS = 80

#: A title is one line of this many characters at most, whoever gave it.
MAX_TITLE_CHARACTERS = 500

#: How far into a text its first line and sentence are looked for.
_WINDOW = 5_000

_FULL_STOPS = (".", "。", "．", "…")
_UNFINISHED = (",", ";", ":", "-", "–", "—", "(")

#: What breaks a line, steers a terminal or turns letters around; other invisible characters (joiners) are part of their words.
_OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f]")

#: A full stop ends a sentence behind two letters (that are no title of a person), a figure or a closing mark.
_SENTENCE_END = re.compile(
    r"(?:(?<=[^\W\d_]{2})(?<!\b[DM]r)(?<!\bM[rs]s)(?<!\bMs)(?<!\bSt)(?<!\bNo)(?<!\bvs)|(?<=[0-9)\]”’\"]))[.!?…]+[”’\"')\]]*(?=\s)|[。！？]"
)


def title_of(text: str, *, given: str | None = None, headings: Sequence[Heading] = (), stem: str = "") -> str:
    """Return the article's title, one line that is never empty when `text` holds a letter or a digit.

    Args:
        text: The article's text.
        given: The title that came with the document.
        headings: The document's headings, the first of which stands in for a title.
        stem: The file's name without its suffix, used last and only when it is made of words.
    """
    named = (given or "", *(heading.span.of(text) for heading in headings[:1]))
    for candidate in (*named, _first_line(text), _first_sentence(text), words_of(stem)):
        line = one_line(candidate[:_WINDOW])
        if any(character.isalnum() for character in line):
            return cut(line, MAX_TITLE_CHARACTERS)
    return cut(one_line(text[:_WINDOW]), MAX_SENTENCE_CHARACTERS) or stem


def one_line(text: str) -> str:
    """Return `text` on one line: white space and control characters become single spaces; nothing when nothing can be seen of it."""
    line = " ".join(_OBEYED.sub(" ", text).split())
    return line if any(character.isprintable() for character in line) else ""


def cut(text: str, characters: int) -> str:
    """Shorten `text` to at most `characters`, at a word's end where there is one, and say so with an ellipsis."""
    if len(text) <= characters:
        return text
    head = text[:characters]
    kept = head[: characters - 1] if head[-1].isspace() else head[: characters - 1].rpartition(" ")[0]
    return (kept or head[: characters - 1]).rstrip(" ,;:-–—(") + "…"


def words_of(stem: str) -> str:
    """Return a file's stem as words, or nothing when it is a number, a hash or a code.

    >>> words_of("mp-materials-lynas")
    'mp materials lynas'
    >>> words_of("000_aef0b82fcd4df764")
    ''
    """
    parts = [part for part in re.split(r"[\s_.+-]+", stem) if part]
    mixed = any(any(c.isdigit() for c in part) and any(c.isalpha() for c in part) for part in parts)
    words = [part for part in parts if part.isalpha() and len(part) > 1]
    return " ".join(parts) if words and not mixed and len(words) * 2 >= len(parts) else ""


def _first_line(text: str) -> str:
    """Return the first line if it reads as a headline: short, without a full stop, followed by the text."""
    line, _, rest = text[:_WINDOW].strip().partition("\n")
    line, following = line.strip(), rest[:MAX_LINE_CHARACTERS]
    if len(line) >= MAX_LINE_CHARACTERS or line.endswith((*_FULL_STOPS, *_UNFINISHED)) or not following.strip():
        return ""
    # A lower-case start right below means that the line was only wrapped.
    return "" if following.lstrip(" \t")[:1].islower() else line


def _first_sentence(text: str) -> str:
    """Return the first sentence that holds a letter, cut; it may run over the ends of lines, not over a blank line."""
    for paragraph in re.split(r"\n[ \t\r]*\n", text[:_WINDOW]):
        begin = next((at for at, line in _line_starts(paragraph) if any(character.isalpha() for character in line)), None)
        if begin is not None:
            opening = paragraph[begin : begin + _WINDOW // 10]
            end = _SENTENCE_END.search(opening)
            return cut(one_line(opening[: end.end() if end else None]), MAX_SENTENCE_CHARACTERS)
    return ""


def _line_starts(paragraph: str) -> Iterator[tuple[int, str]]:
    at = 0
    for line in paragraph.splitlines(keepends=True):
        yield at, line
        at += len(line)

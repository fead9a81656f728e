"""Lines that are no part of an article's report: disclaimers, notices, appeals, and the sources it names.

Whole lines only, and only those that cannot be mistaken; a sentence about advertising or cookies is left alone.
The text is not changed: the lines are marked, and the names of sources are read out of theirs.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from .article import MAX_MARKS, Span
from .errors import ArticleError
from .outlets import OUTLETS

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A longer line is a paragraph of the article, whatever it begins with.
MAX_LINE_CHARACTERS = 600

#: A longer list of sources is a bibliography.
MAX_REFERENCES = 100

#: So many of an article's last lines may be a notice that would be prose elsewhere.
_TAIL_LINES = 8

#: Characters that set a line off without being part of it: list marks, emphasis, rules.
_ORNAMENT = " \t*_#>•·-–—=[]()|"
_ORNAMENTS = f"[{re.escape(_ORNAMENT)}]*+"

#: The same before a notice, which may begin with the one form of letters in brackets. Both are never tried twice (`*+`), and neither is
#: what may follow the words of a notice (`{0,200}+`): a line of 600 characters would be gone through for each place where it could end.
_LEADING = rf"(?:(?!\(c\))[{re.escape(_ORNAMENT)}])*+"

_PICTURES = r"(?:images?|illustrations?|pictures?|visuals?|graphics?|photos?|photographs?|artwork|cover image|featured image)"
_MADE = r"(?:was|were|is|are|has been|have been) (?:[a-z]+ )?(?:created|generated|made|produced|drawn|illustrated)"
_AI = r"(?:AI\b|A\.I\.|artificial intelligence|generative|DALL|Midjourney|ChatGPT|Stable Diffusion)"
_BY_AI = rf"(?:using|with|by|via|through) (?:an? )?{_AI}"
_PIECE = r"(?:article|story|post|page|piece|interview|essay|report)"

#: Notices wherever they stand.
_ANYWHERE = (
    r"(?:AI|A\.I\.)[ -](?:generated )?(?:(?:image|illustration|content|art|visual|picture|text)s? )?(?:disclaimer|disclosure|notice)\b.*",
    r"(?:image|illustration|picture|photo|graphic)s?(?: credit| by)?: (?:AI|A\.I\.)(?:[- ]generated)?\b.{0,80}+",
    r"(?:this|the) (?:image|illustration|picture)s? (?:is|are|was|were) AI[- ]generated\b.{0,120}+",
    r"(?:(?:©|\(c\)|copyright).{0,150})?all rights reserved\b.{0,200}+",
    r"(?:©|copyright ©|copyright \(c\)|\(c\) ?[12][0-9]{3}).{0,200}+",
    r"copyright [12][0-9]{3}\b.{0,150}+",
    r"(?:please )?(?:subscribe|sign up)(?: now| here| today| free)?(?: to| for) (?:our|the|my)(?: [\w-]+){0,4} newsletters?\b.{0,200}+",
    r"(?:get|receive) (?:our|the)(?: [\w-]+){0,5} (?:newsletter|news|stories|headlines)(?: [\w-]+){0,4} (?:in|to) your inbox\b.{0,150}+",
    r"advertisements?:?|sponsored(?: content| post| links?)?|promoted content|paid content",
    r"(?:story|article) continues (?:below|after)(?: this| the)?(?: advertisements?| ads?)?|continue reading(?: the main story| below)?",
    rf"(?:this )?{_PIECE} (?:was|has been|is) (?:first |originally )(?:published|posted|appeared)\b.{{0,250}}+",
    rf"(?:this )?{_PIECE} (?:first |originally )(?:appeared|ran) (?:on|in|at)\b.{{0,250}}+",
    r"(?:originally|first) published (?:on|in|at|by)\b.{0,200}+",
    r"(?:we|this (?:web)?site|our (?:web)?site) uses? (?:our own and third[- ]party )?cookies\b.{0,450}+",
    r"by (?:continuing|using|clicking|browsing)\b.{0,120}\bcookies\b.{0,300}+",
    r"(?:accept|reject|manage)(?: all)? cookies(?: settings| preferences)?|cookie (?:settings|policy|preferences|notice)(?:: .{0,60}+)?",
    r"share (?:this|the) (?:article|story|post|page)(?: (?:on|via|with)\b.{0,80}+)?",
    r"follow us on\b.{0,150}+|skip to (?:main )?content",
    r"privacy policy|terms (?:of (?:use|service)|and conditions)(?:[ |•·,and]{1,7}privacy policy)?",
    r"click here to (?:subscribe|sign up|donate)\b.{0,150}+",
)

#: Notices when they stand at the end, where prose of the same words would be odd.
_AT_THE_END = (
    rf"(?:(?:this|these|the|all|any) )?(?:[a-z']+ )?{_PICTURES}(?: (?:in|for|of|above|on) this {_PIECE})? {_MADE} {_BY_AI}.{{0,200}}+",
    r"disclaimer:.*",
    r"(?:editor'?s?|author'?s?) note: this (?:article|story)\b.{0,300}+",
    r"subscribe(?: now| today)?[.!]?",
)

#: A label on a line of its own: what it announces stands on the next line.
_LABEL = re.compile(r"(?:AI|A\.I\.)[ -](?:image |illustration |content )?(?:disclaimer|disclosure|notice)[:.]?", re.IGNORECASE)


#: The sources of an article: unmistakable wherever it stands, or only at the end.
_SOURCES = r"sources? ?\(names? only\)[*_]* ?[:.-]?(?P<names>.*)"
_LAST_SOURCES = r"(?:sources?|with reporting (?:from|by)|source links?)[*_]* ?:(?P<names>.*)"


def _either(*forms: str) -> re.Pattern[str]:
    """Compile a match of whole lines that consist of one of `forms` and ornament."""
    return re.compile(rf"{_LEADING}(?:{'|'.join(forms)}){_ORNAMENTS}", re.IGNORECASE)


_NOTICE = _either(*_ANYWHERE, _SOURCES)
_LAST_NOTICE = _either(*_AT_THE_END, _LAST_SOURCES)

_LINE = re.compile(r"[^\r\n]+")

#: No notice is shorter.
_MIN_LINE_CHARACTERS = 5

#: Names may end with these; any other full stop ends the line.
_ABBREVIATIONS = ("Corp.", "Inc.", "Ltd.", "Co.", "U.S.", "U.K.", "U.N.")

_SEPARATORS = (";", "|", "•", "·", ",")

_MOST_WORDS = max(len(name.split()) for name in OUTLETS)


class Boilerplate(NamedTuple):
    """What is not the article's own report."""

    spans: tuple[Span, ...]
    """The lines, in order and without their line ends; they never overlap."""
    references: tuple[str, ...]
    """The sources that the article names, as it writes them."""


def find_boilerplate(text: str) -> Boilerplate:
    """Find the lines of `text` that are no prose of the article, and the sources that it names at its end.

    Raises:
        ArticleError: There are more of them than an article has.
    """
    end = _last_lines(text)
    spans: set[Span] = set()
    references: dict[str, None] = {}
    for line in _LINE.finditer(text):
        start, stop = line.span()
        if not _MIN_LINE_CHARACTERS <= stop - start <= MAX_LINE_CHARACTERS or Span(start, stop) in spans:
            continue
        found = _NOTICE.fullmatch(text, start, stop)
        certain = found is not None
        if found is None and start >= end:
            found = _LAST_NOTICE.fullmatch(text, start, stop)
        if found is not None:
            marked = _notice(text, found) if found["names"] is None else _sources(text, found, certain=certain)
            spans.update(marked.spans)
            if len(spans) > MAX_MARKS:
                raise ArticleError(f"expected an article, found more than {MAX_MARKS:,} lines of notices; split it")
            references |= dict.fromkeys(marked.references)
    return Boilerplate(tuple(sorted(spans)), tuple(references)[:MAX_REFERENCES])


def _last_lines(text: str) -> int:
    """Return where the last lines of `text` begin."""
    start = len(text.rstrip())
    for _ in range(_TAIL_LINES):
        start = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start))
        if start < 0:
            return 0
        start = len(text[:start].rstrip()) if text[start - 1 : start].isspace() else start
    return start


def _notice(text: str, found: re.Match[str]) -> Boilerplate:
    """Mark a notice; below a bare label, what it announces too."""
    spans = [Span(*found.span())]
    if _LABEL.fullmatch(found[0].strip(_ORNAMENT)):
        spans += (span for span in islice(_below(text, found.end()), 1) if len(span.of(text)) <= MAX_LINE_CHARACTERS)
    return Boilerplate(tuple(spans), ())


def _sources(text: str, found: re.Match[str], *, certain: bool) -> Boilerplate:
    """Read the sources that a line names, or the lines below it when it is a bare label."""
    spans = [Span(*found.span())]
    names = split_names(found["names"])
    if names:
        believed = certain or all(_is_name(name) for name in names)
        return Boilerplate(tuple(spans), tuple(names)) if believed else Boilerplate((), ())
    for span in islice(_below(text, found.end()), MAX_REFERENCES):
        listed = split_names(span.of(text)) if span.end - span.start <= MAX_LINE_CHARACTERS else []
        if not listed or not all(_is_name(name) for name in listed):
            break
        names += listed
        spans.append(span)
    return Boilerplate(tuple(spans), tuple(names)) if names else Boilerplate((), ())


def _below(text: str, start: int) -> Iterator[Span]:
    """Yield the lines that hold something, from `start` on."""
    return (Span(*line.span()) for line in _LINE.finditer(text, start) if line[0].strip())


def _is_name(name: str) -> bool:
    """Say whether `name` reads as a name and not as a sentence."""
    words = name.split()
    named = words[0][0].isupper() or words[0][0].isdigit() or "." in words[0]
    return named and len(words) <= _MOST_WORDS and not name.endswith(("?", "!"))


def split_names(names: str) -> list[str]:
    """Split a line of names of sources: at its separators, else by the outlets that are known, the longest first.

    Words of no known outlet stay together as they stand.

    >>> split_names("Reuters Financial Times Some Local Paper BBC News")
    ['Reuters', 'Financial Times', 'Some Local Paper', 'BBC News']
    """
    line = names.strip(_ORNAMENT)
    if not line.endswith(_ABBREVIATIONS):
        line = line.removesuffix(".")
    separator = next((separator for separator in _SEPARATORS if separator in line), None)
    if separator is None:
        return _by_outlets(line.split()) if any(character.isalnum() for character in line) else []
    parts = (part.strip(_ORNAMENT).removeprefix("and ") for part in line.split(separator))
    return [part for part in parts if any(character.isalnum() for character in part)]


def _by_outlets(words: list[str]) -> list[str]:
    """Split words into known outlets and the runs of words between them."""
    names: list[str] = []
    unknown: list[str] = []
    at = 0
    while at < len(words):
        length = _outlet_at(words, at)
        if length == 0:
            unknown.append(words[at])
            at += 1
            continue
        if unknown:
            names.append(" ".join(unknown))
            unknown = []
        names.append(" ".join(words[at : at + length]))
        at += length
    return [*names, " ".join(unknown)] if unknown else names


def _outlet_at(words: list[str], at: int) -> int:
    """Return how many words from `at` on make the longest known outlet, a leading "The" included; 0 when none does."""
    for length in range(min(_MOST_WORDS + 1, len(words) - at), 0, -1):
        name = " ".join(words[at : at + length])
        if name in OUTLETS or (length > 1 and name.removeprefix("The ") in OUTLETS):
            return length
    return 0

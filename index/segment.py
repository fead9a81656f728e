"""A text's sentences, with the exact offsets of each.

Whether a full stop ends a sentence is decided by nupunkt, with abbreviations of our own; what a line break means is
decided here. Knows nothing of articles, passages or models. English is assumed. The choice of library and every rule
were measured: `docs/decisions/0001-sentence-segmenter.md`.

The rules, in the order in which they apply:

1. A blank line ends a sentence.
2. A line break ends a sentence, unless the lines around it are hard-wrapped and this line was full (`_wrapped`).
3. In what is left, called a unit, nupunkt proposes the cuts. It is shown the unit with white space as spaces, with opening
   quotation marks as brackets and with overlong words blanked (`_shown`); a unit in small letters throughout is shown with
   a capital wherever nupunkt would not cut without one: after a number, a closing quotation mark or bracket.
4. Terminators of other scripts, which nupunkt does not know, cut too.
5. Before a small letter nothing cuts within open brackets, nor at a full stop that stands alone (tokenised text: "U.S .").
6. A reference mark such as `[3]`, and whatever holds neither letter nor digit, stays with the sentence before it.
7. A sentence longer than `LONGEST` is cut at the last white space before that length or, failing that, at that length.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from .article import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_NUPUNKT = "0.8.0"

#: What decided the boundaries: library, its version, and the version of the rules above. Stored in every index.
SEGMENTER = f"nupunkt {_NUPUNKT} + assay 1"

#: No sentence is longer, in characters: it also bounds what is looked at in one go, and so keeps the time linear.
LONGEST = 10_000

_LONGEST_WORD = 256

# Hard-wrapped lines are this long, in characters. Longer ones are paragraphs of their own, shorter ones verse or lists.
_WRAP_AT_LEAST = 40
_WRAP_AT_MOST = 120

# So many lines are judged together at most.
_REGION = 1_000

# nupunkt's own list was learned from scanned court records: it holds `century`, `life`, `series`, `faded` and much noise,
# and a sentence that ends in one of its words would run on. Of it we keep single letters and dotted ones (`u.s`, `j.k`).
_ABBREVIATIONS = """
mr mrs ms dr prof rev hon fr st sts ste mt ft jr sr messrs mme mlle gen lt maj col capt cmdr sgt cpl adm brig pvt supt
gov sen rep pres amb ph.d b.sc m.sc jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri
ala ariz ark calif colo conn del fla ga ind kan ky md mich minn mo mont neb nev okla pa tenn tex va vt wis wyo
inc corp co ltd bros assn assoc dept div dist govt univ inst mfg ave blvd rd ln pl ct pkwy hwy rt apt bldg sq
no nos nr vol vols ch chap p pp fig figs eq eqs ref refs sec trans viz vs v etc cf al ed eds ibid op lit misc incl intl
ca approx est min hr lb lbs oz kg pt qt tbsp tsp adj adv conj prep n tel ext ...
"""
_DOTTED = re.compile(r"(?:\w\.)*\w")

_LINE = re.compile(r"[^\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")  # as str.splitlines has it
_SINGLE_BREAKS = frozenset(["", "\r\n", *"\n\v\f\r\x1c\x1d\x1e\x85\u2028"])
_SPACES = re.compile(r"\s")
_OPENING_QUOTES = str.maketrans(dict.fromkeys("“„‟‘‚‛«‹", "("))
_OVERLONG = re.compile(rf"\S{{{_LONGEST_WORD},}}")
_CLOSERS = "\"'”’»)\\]}」』）】》〉"
_TERMINATORS = ".!?…"
_DOUBTFUL = re.compile(rf"(?:[\d ][.!?…]|[.!?…][{_CLOSERS}]+) +[\"'(\[]*([a-z])")
_FOREIGN = re.compile(rf"[。！？｡؟۔।॥።፧။។։᠃]+[{_CLOSERS}]*")
_SMALL_LETTER = re.compile(r" +[a-z]")
_REFERENCE = re.compile(r"(?:\[\w{1,4}\])+(?=\s|$)")
_LIST_ITEM = re.compile(r"(?:[-*+•‣◦▪·–—]|\d{1,3}[.)]|\((?:\d{1,3}|[a-z]|[ivx]+)\)|[a-zA-Z]\))\s")


def sentences(text: str) -> list[Span]:
    """Return the sentences of `text` in order.

    Spans count code points, do not overlap, hold something and no white space at either end, and together cover every
    character of `text` that is not white space. The same text always gives the same spans; time grows linearly with it.

    Raises:
        RuntimeError: another version of nupunkt than the one that `SEGMENTER` names is installed.
    """
    return [span for unit in _units(text) for span in _in_unit(text, unit)]


class _Line(NamedTuple):
    """A line that is not blank, without the white space around it."""

    start: int
    end: int
    text: str
    apart: bool
    """Whether a blank line stands before it."""


def _lines(text: str) -> Iterator[_Line]:
    end, apart = 0, False
    for match in _LINE.finditer(text):
        core = match[0].strip()
        apart = apart or text[end : match.start()] not in _SINGLE_BREAKS
        end = match.end()
        if core:
            start = match.start() + match[0].index(core[0])
            yield _Line(start, start + len(core), core, apart)
        # A line of nothing but white space is as good as an empty one.
        apart = not core


def _units(text: str) -> Iterator[Span]:
    """Join the lines of hard-wrapped paragraphs; every other line stands alone."""
    for region in _regions(_lines(text)):
        width = _wrapped(region)
        start = region[0].start
        for line, following in pairwise(region):
            if width is None or not _continues(line, following, width):
                yield Span(start, line.end)
                start = following.start
        yield Span(start, region[-1].end)


def _regions(lines: Iterable[_Line]) -> Iterator[list[_Line]]:
    """Yield runs of lines short enough to be hard-wrapped, and each line that is too long for it alone."""
    region: list[_Line] = []
    for line in lines:
        wide = len(line.text) > _WRAP_AT_MOST
        if region and (wide or len(region) == _REGION):
            yield region
            region = []
        if wide:
            yield [line]
        else:
            region.append(line)
    if region:
        yield region


def _wrapped(region: Sequence[_Line]) -> int | None:
    """Return the width at which `region` was hard-wrapped, or None when its line breaks are the author's own.

    Wrapped prose shows itself twice: most of its lines are full, that is, the next line's first word would not have
    fitted, and at least a quarter begin with a small letter. A list of headlines passes neither test.
    """
    breaks = [(line, following) for line, following in pairwise(region) if not following.apart]
    if not breaks:
        return None
    # Of the longest tenth the shortest: a line or two may stick out.
    width = sorted(len(line.text) for line, _ in breaks)[len(breaks) * 9 // 10]
    if width < _WRAP_AT_LEAST:
        return None
    small = sum(following.text[0].islower() for _, following in breaks)
    full = sum(_full(line, following, width) for line, following in breaks)
    return width if 4 * small >= len(breaks) and 2 * full >= len(breaks) else None


def _full(line: _Line, following: _Line, width: int) -> bool:
    """Say whether the first word of `following` would hardly have fitted onto `line`."""
    return len(line.text) + 1 + len(following.text.split(maxsplit=1)[0]) > 0.9 * width


def _continues(line: _Line, following: _Line, width: int) -> bool:
    """Say whether the break after `line` is one of hard wrapping, in a region wrapped at `width`."""
    if following.apart or _LIST_ITEM.match(following.text):
        return False
    return _full(line, following, width) or (following.text[0].islower() and 2 * len(line.text) > width)


def _in_unit(text: str, unit: Span) -> Iterator[Span]:
    """Yield the sentences of one unit, looking at no more than `LONGEST` characters at a time."""
    position = unit.start
    while position < unit.end:
        end = min(position + LONGEST, unit.end)
        pieces = _in_window(text[position:end])
        if end < unit.end:
            # The last sentence may go on beyond the window, so that the next window begins with it.
            pieces = pieces[:-1] or [(0, _forced(text[position:end]))]
        for start, stop in pieces:
            yield Span(position + start, position + stop)
        position = _skip_space(text, position + pieces[-1][1], unit.end)


def _forced(window: str) -> int:
    """Return where a sentence that fills `window` is cut: before its last white space, else at its end."""
    head = window.rstrip() if window[-1].isspace() else window.rsplit(maxsplit=1)[0]
    return len(head)


def _skip_space(text: str, position: int, end: int) -> int:
    while position < end and text[position].isspace():
        position += 1
    return position


def _in_window(window: str) -> list[tuple[int, int]]:
    """Return the sentences of `window`, which begins with one, as pairs of offsets into it."""
    pieces: list[tuple[int, int]] = []
    start = 0
    for cut in (*_cuts(window), len(window)):
        piece = window[start:cut]
        core = piece.strip()
        if not core:
            continue
        first = start + len(piece) - len(piece.lstrip())
        last = first + len(core)
        if pieces and not any(map(str.isalnum, core)):
            pieces[-1] = (pieces[-1][0], last)
        else:
            pieces.append((first, last))
        start = cut
    return pieces


def _cuts(window: str) -> list[int]:
    """Return the offsets, ascending, at which sentences of `window` end."""
    cuts = {match.end() for match in _FOREIGN.finditer(window)}
    if any(mark in window for mark in _TERMINATORS):
        shown = _shown(window)
        start = 0
        for _, end in _punkt()(shown):
            if not (_SMALL_LETTER.match(shown, end) and _goes_on(window, start, end)):
                reference = _REFERENCE.match(window, end)
                start = reference.end() if reference else end
                cuts.add(start)
    return sorted(cuts)


def _goes_on(window: str, start: int, end: int) -> bool:
    """Say whether the sentence `window[start:end]` goes on all the same before a small letter (rule 5)."""
    return window.endswith(" .", start, end) or window.rfind("(", start, end) > window.rfind(")", start, end)


def _shown(window: str) -> str:
    """Return `window` as nupunkt is shown it: of the same length, so that offsets hold."""
    shown = _SPACES.sub(" ", window).translate(_OPENING_QUOTES)
    if len(shown) > _LONGEST_WORD:
        shown = _OVERLONG.sub(lambda match: " " * (len(match[0]) - 1) + match[0][-1], shown)
    if shown.islower():
        shown = _DOUBTFUL.sub(lambda match: match[0][:-1] + match[1].upper(), shown)
    return shown


@cache
def _punkt() -> Callable[[str], Iterator[tuple[int, int]]]:
    """Load nupunkt with our abbreviations: a tokenizer of our own that no other user of the library can alter."""
    import nupunkt

    if nupunkt.__version__ != _NUPUNKT:
        raise RuntimeError(f"expected nupunkt {_NUPUNKT}, found {nupunkt.__version__}: pip install nupunkt=={_NUPUNKT}")
    tokenizer = nupunkt.load_default_model()
    known = {abbreviation for abbreviation in tokenizer.abbreviations if _DOTTED.fullmatch(abbreviation)}
    tokenizer.parameters.abbrev_types = known.union(_ABBREVIATIONS.split())
    tokenizer.EXCL_QUEST_LOWERCASE_CONTINUES = True  # "Yahoo! bought it": a false cut costs more than a missed one
    return tokenizer.span_tokenize

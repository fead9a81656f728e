"""What a language model wrote, sentence by sentence: its words without markup, and the passages that it names.

Made of whatever comes, in pieces of any length: markers in all the ways in which models write them, numbers of passages that there are
not, markdown, HTML, thoughts. A sentence is whole once the next has begun. Knows nothing of whether it is true.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from index import sentences

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: A sentence that a model writes is no longer than this; a longer one is none.
LONGEST = 1_500

_NUMBERS = r"[0-9]{1,4}(?:\s{0,3}(?:[,;&–—-]|and|to)\s{0,3}[0-9]{1,4}){0,9}"
_NAMED = r"(?:passages?|sources?|articles?|references?|refs?\.?|nos?\.?|doc(?:ument)?s?)"

#: [1], [1, 2], [1-3], [^1], [passage 2], 【1】, (source 1): but not (2), which may be anything.
_MARKER = re.compile(
    rf"[\[【［]{{1,3}}\s{{0,3}}(?:{_NAMED}\s{{0,3}})?[\^#:]?\s{{0,3}}({_NUMBERS})(?:†[^\[\]【】]{{0,80}})?\s{{0,3}}[\]】］]{{1,3}}"
    rf"|\(\s?{_NAMED}\s{{0,3}}[:#]?\s{{0,3}}({_NUMBERS})\s?\)",
    re.IGNORECASE,
)
_MARKERS = re.compile(rf"(?:\s*(?:{_MARKER.pattern})(?:\([^()\s]{{0,2000}}\))?)+\s*", re.IGNORECASE)
_BROKEN_MARKER = re.compile(rf"(?:[\[【［]{{1,3}}\s?[a-z]{{0,10}}|\(\s?{_NAMED})[\^#:\s0-9,;–-]{{0,20}}$", re.IGNORECASE)
_LINKED_MARKER = re.compile(r"\[[\^\s0-9,;–-]{1,40}\]\([^()]{0,2000}\)")

#: What is left of bracketed figures, such as [0], [-1] or [1.5]: it would read as a citation.
_BRACKETED = re.compile(r"\s?[\[【［]{1,3}[^\[\]【】［］A-Za-z]*[\]】］]{1,3}")

_THOUGHT = re.compile(r"<(think|thinking|reasoning)>.*?(</\1>|\Z)", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"</?[a-zA-Z!][^<>]{0,500}>")
_IMAGE = re.compile(r"!\[([^\[\]]{0,300})\]\([^()\s]{0,2000}(?:\s[^()]{0,300})?\)")
_LINK = re.compile(r"\[([^\[\]]{0,300})\]\([^()\s]{0,2000}(?:\s[^()]{0,300})?\)")
#: What may become a thought or an image when more comes.
_BEGUN = re.compile(r"(?:<[a-z]{0,9}|!(?:\[[^\[\]]{0,300}(?:\](?:\([^()]{0,2300})?)?)?)\Z", re.IGNORECASE)
_THOUGHT_ENDS = re.compile(r"</(?:think|thinking|reasoning)>", re.IGNORECASE)
_BULLET = re.compile(r"^\s*(?:[-*•–>#]{1,6}\s+|\d{1,2}[.)]\s+)+")
_EMPHASIS = re.compile(r"\*{1,3}|_{2,3}|`{1,3}|~~")

#: A sentence that says that the passages do not say.
_NOT_SAID = re.compile(
    r"\bnot in the articles?\b"
    r"|\b(?:articles?|passages?|texts?|sources?|context|documents?|information)\b[^.!?]{0,40}\b(?:do|does|did)(?: not|n[’']t)\b"
    r"[^.!?]{0,20}\b(?:say|state|mention|contain|provide|include|specify|answer|address|discuss|give|tell|indicate|reveal)"
    r"|\b(?:no|not any|not enough|insufficient) (?:relevant )?(?:information|mention|evidence|passages?|answer|details?)\b"
    r"|\b(?:can(?: ?not|[’']t)|unable to|could(?: not|n[’']t)) (?:be )?(?:answer|determine|find|tell)"
    r"|\b(?:is|are|was|were) not (?:mentioned|stated|specified|provided|given|included|answered|discussed) (?:in|by) the\b"
    r"|\bi (?:do not|don[’']t) know\b",
    re.IGNORECASE,
)


class Written(NamedTuple):
    """A sentence as a model wrote it."""

    text: str
    """On one line, without marks."""
    numbers: tuple[int, ...]
    """The passages that it names, in order, each once."""
    unknown: int = 0
    """So many of the numbers that it names are those of no passage."""

    @property
    def says_nothing(self) -> bool:
        """Say whether it tells that the passages do not say."""
        return bool(_NOT_SAID.search(self.text))


def written(pieces: Iterable[str], passages: int) -> Iterator[Written]:
    """Yield the sentences of a reply that comes in pieces, each as soon as it is whole; `passages` is how many there are.

    What `pieces` raises is raised after the sentences that were whole by then.
    """
    held, enough = "", 0
    for piece in pieces:
        held += piece
        if len(held) >= enough or _THOUGHT_ENDS.search(held[-len(piece) - 12 :]):
            whole, held = _whole(held)
            yield from _read(whole, passages)
            enough = len(held) + len(held) // 10 if len(held) > LONGEST else 0  # else a long one would take the square of its length
    yield from _read(sentences_of(_BROKEN_MARKER.sub("", without_thoughts(held))), passages)


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a text."""
    return [text[start:end] for start, end in _spans(text)]


def _spans(text: str) -> list[tuple[int, int]]:
    """Return where the sentences are; the markers after a full stop belong to the sentence before it, unless the text opens with one."""
    found = [(span.start, span.end) for span in sentences(text)]
    if not found or _MARKER.match(text, found[0][0]):
        return found
    spans = found[:1]
    for start, end in found[1:]:
        markers = _MARKERS.match(text, max(start, spans[-1][1]))
        if markers and markers[0]:
            spans[-1] = (spans[-1][0], markers.end() - len(markers[0]) + len(markers[0].rstrip()))
        begins = max(start, markers.end() if markers else start)
        if begins < end:
            spans.append((begins, end))
    return spans


def _whole(text: str) -> tuple[list[str], str]:
    """Return the sentences of a text after which another has begun, and the rest."""
    if any(not found[2] for found in _THOUGHT.finditer(text)):
        return [], text  # what is thought is not said
    text = without_thoughts(text)
    said = _BEGUN.sub("", text)
    found = _spans(said)
    begun = [place for place, (start, end) in enumerate(found) if re.search(r"\w\w\W", _MARKER.sub("", said[start : end + 1]))]
    if not begun or begun[-1] == 0:  # one that is whole, and the next with its first word
        return [], text
    last = found[begun[-1]][0]
    return [said[start:end] for start, end in found[: begun[-1]]], text[last:]


def without_thoughts(text: str) -> str:
    """Return a reply without what a model only thinks, and without images."""
    return _IMAGE.sub(" ", _THOUGHT.sub(" ", text))


def _read(whole: Iterable[str], passages: int) -> Iterator[Written]:
    for sentence in whole:
        if len(sentence) > LONGEST:
            continue
        told = [int(number) for found in _MARKER.finditer(sentence) for number in _numbers(found[1] or found[2])]
        text = plain(sentence)
        if any(map(str.isalpha, text)):
            known = tuple(dict.fromkeys(number for number in told if 1 <= number <= passages))
            yield Written(text, known, len([number for number in told if not 1 <= number <= passages]))


def _numbers(said: str) -> Iterator[str]:
    """Yield the numbers of a marker; of a range all in between, where these are few."""
    for part in re.split(r"[,;&]|and", said):
        ends = re.findall(r"[0-9]+", part)
        if len(ends) == 2 and 0 < int(ends[1]) - int(ends[0]) < 10:  # a range
            yield from map(str, range(int(ends[0]), int(ends[1]) + 1))
        else:
            yield from ends


def plain(sentence: str) -> str:
    """Return a sentence on one line without markers, markdown, HTML, addresses behind links, and characters that are not seen."""
    text = "".join(one for one in sentence if one.isspace() or unicodedata.category(one) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    for pattern, kept in ((_IMAGE, ""), (_LINKED_MARKER, ""), (_LINK, r"\1"), (_TAG, " "), (_MARKER, ""), (_BULLET, ""), (_EMPHASIS, "")):
        text = pattern.sub(kept, text)
    while _BRACKETED.search(text):
        text = _BRACKETED.sub("", text)
    text = re.sub(r"\](?=\()|<(?=[a-zA-Z!/])", r"\g<0> ", text)  # what is left, or has come of the rest, is no link and no tag
    text = re.sub(r"\s+([.,;:!?])", r"\1", re.sub(r"\s+", " ", text)).strip()
    return text if re.search(r"[\w)\]”\"’'%][.!?…]?$", text) else text.rstrip(" ,;:–—-")

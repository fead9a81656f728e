"""Several questions in one, and the sides of a comparison: the parts of a question, each to be found evidence for.

By the words with which English joins questions ("…, and how much did it produce?") and holds what was written against what else was ("…,
while the report of Monday says …"). What is one question stays one, and where it is not sure that there are several, it is one. Every
pattern looks a bounded way ahead. Knows nothing of articles.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from .leaning import leans
from .question import Question, Turn
from .words import content_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: A question has at most so many parts; what comes after belongs to the last.
MOST_PARTS = 4


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a question."""

    text: str
    """As it stands in the question."""
    standalone: str
    """What to search for: the same, resolved by what comes before it."""
    side: bool = False
    """It is a side of a comparison: it says what was written, and asks nothing itself."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a question consists of; no parts where it is one question."""

    parts: tuple[Part, ...] = ()

    @property
    def compared(self) -> bool:
        """Say whether they make up one question, which none of them answers alone; else each is a question of its own."""
        return any(part.side for part in self.parts)


def parts_of(asked: Question) -> Parts:
    """Return the parts of a question, as far as its words tell."""
    text = re.sub(r"\s+", " ", asked.understood or asked.text).strip()
    sides = _sides(text)
    if sides:
        return Parts(sides)
    history = () if asked.understood is not None else asked.history
    questions = _at_most(_questions(text))
    return Parts(tuple(_resolved(questions, history))) if len(questions) > 1 else Parts()


# --- several questions ------------------------------------------------------------------------------------------------

_DO = r"(?:does|do|did)"
_MODAL = r"(?:can|could|will|would|shall|should|may|might|must)"
_BE = r"(?:is|are|was|were|has|have|had)"
_AUX = rf"(?:{_DO}|{_MODAL}|{_BE})(?:n[’']t)?"
_WH = r"(?:when|where|why|how|what|which|whose|whom|who)"
_PREPOSITION = r"(?:at|by|for|from|in|of|on|since|through|to|under|until|with)"
_WORDS = r"(?: [\w'’.,-]{1,40}){0,6}?"
_PRONOUN = r"(?:it|they|he|she|we|you|there|this|that|these|those|any|anyone|anybody)\b"

#: A question that cannot be a relative or an indirect one: its verb stands before its subject.
_DID_FIRST = rf"(?:(?:{_PREPOSITION} )?{_WH}{_WORDS} {_DO}\b(?= [\w\"“'‘])|{_DO} "
_DID_FIRST += rf"(?:{_PRONOUN}|(?:the|an?|any|all|both) |[\"“'‘]?(-i:[A-Z])))"

#: One that only may be.
_ASKED = rf"(?:{_DID_FIRST}|(?:{_PREPOSITION} )?{_WH}{_WORDS} (?:{_MODAL}|{_BE})\b|(?:who|what) [a-z]|{_AUX} {_PRONOUN})"


def _with_names(pattern: str) -> str:
    """Return a pattern of which all but names is compared without case."""
    return f"(?i:{pattern.replace('(-i:', '(?-i:')})"


_NEXT = re.compile(rf"(?:[,;]? (?:and|but)(?: also| then)? |; )(?={_with_names(_ASKED)})")
_SURELY_NEXT = re.compile(rf"(?:[,;]? (?:and|but)(?: also| then)? |[,;] )(?={_with_names(_DID_FIRST)})")

#: Where the first of several questions begins: at its beginning, or after what it says first ("In 2023, who …", "Both paid: how much …").
_BEGINS = re.compile(
    rf"^(?:please |and |but |so |then |also )?(?:(?:{_PREPOSITION} )?{_WH}\b|{_AUX} |(?:tell|explain|describe|list|name|give)\b)"
    rf"|[,:;.] (?:{_PREPOSITION} )?{_WH}{_WORDS} {_AUX}\b",
    re.IGNORECASE,
)

#: A question told of within another: what follows it with `and` may be told of too.
_TOLD_OF = re.compile(
    r"\b(?:about|between|from|than|of|on|over|say|says|said|tell|tells|told|explains?|describes?|knows?|known|shows?|reports?|states?"
    r"|reveals?|clarify|clarifies|understand|asks?|asked|decides?|determines?|remember|me|us|learn|see|if|whether) (?:exactly |precisely )?"
    r"(?:when|where|why|how|what|which|who|whose|whom)\b",
    re.IGNORECASE,
)

_A_WH = re.compile(rf"\b{_WH}\b", re.IGNORECASE)
_RELATIVE = re.compile(rf"\b(?:{_WH}|that)\b", re.IGNORECASE)
_SENTENCE_END = re.compile(rf"(?<=[?？]) +(?=[^a-z]|(?:{_WH}|{_AUX}) )")
_CONJUNCTION = re.compile(r"^(?:and|but|also|then|so)[ ,]+(?:also |then )?", re.IGNORECASE)
_NAME = re.compile(r"(?<=[\w,;:’'”\"(] )[\"“'‘(]?[A-Z]")


def _questions(text: str) -> list[str]:
    """Return the questions of a text in order, all of its words among them but the conjunctions between."""
    found: list[str] = []
    for sentence in _SENTENCE_END.split(text):
        if found and not _BEGINS.search(found[-1]):  # "Who's Afraid of Virginia Woolf?" or what else was said first
            found[-1:] = [f"{found[-1]} {sentence}"]
        elif found and not _asks(sentence):  # "Right?"
            found[-1] += f" {sentence}"
        else:
            found += _conjuncts(sentence)
    return found


def _asks(sentence: str) -> bool:
    """Say whether a sentence after a question is one itself, and no mere "Right?"."""
    if _BEGINS.search(_CONJUNCTION.sub("", sentence)):
        return True
    return sentence.endswith(("?", "？")) and (len(content_words(sentence)) > 1 or bool(_A_WH.search(sentence)))


def _conjuncts(sentence: str) -> list[str]:
    """Return the questions that one sentence joins."""
    first = _BEGINS.search(sentence)
    if first is None:
        return [sentence]
    found, begin = [], 0
    told_of = _TOLD_OF.search(sentence)
    seen: set[str] = set()
    read = first.end()  # the words with which the first asks are its own
    for joint in _joints(sentence, first.end()):
        seen |= {word.lower() for word in _RELATIVE.findall(sentence, read, joint.start())}
        read = joint.end()
        asks = _A_WH.match(sentence, joint.end())
        surely = _SURELY_NEXT.match(sentence, joint.start()) is not None
        indirect = told_of is not None and told_of.end() <= joint.start()
        relative = asks is not None and bool(seen & {asks[0].lower(), "that"})
        quoted = sentence.count('"', 0, joint.start()) % 2 == 1
        if content_words(sentence[begin : joint.start()]) and not quoted and (surely or not (indirect or relative)):
            found.append(sentence[begin : joint.start()])
            begin, read = joint.end(), joint.end() + (len(asks[0]) if asks else 0)
            seen = set()
    return [*found, sentence[begin:]]


def _joints(sentence: str, start: int) -> Iterator[re.Match[str]]:
    """Yield where another question may begin, in order; one that surely does also after a comma alone."""
    at = {joint.start(): joint for joint in (*_NEXT.finditer(sentence, start), *_SURELY_NEXT.finditer(sentence, start))}
    return (at[place] for place in sorted(at))


def _resolved(questions: Sequence[str], history: tuple[Turn, ...]) -> Iterator[Part]:
    """Yield each question with what it leans on put in.

    The first leans on the conversation. A later one leans on those before unless it names something of its own, and is joined to them: what
    "it" is in "What did Chile announce and when does it start?" is asked for, and nobody has said it.
    """
    before = ""
    for text in questions:
        bare = _CONJUNCTION.sub("", text)
        stands = bool(_NAME.search(bare)) and not leans(bare)
        opened = bare if stands or not (history or before) else f"And {bare[:1].lower()}{bare[1:]}"
        before = Question(opened, history).standalone if not before else opened if stands else f"{before} {opened}"
        yield Part(bare, before)


def _at_most(questions: list[str]) -> list[str]:
    """Return the questions, the last ones joined where there are too many."""
    return [*questions[: MOST_PARTS - 1], *([" ".join(questions[MOST_PARTS - 1 :])] if len(questions) >= MOST_PARTS else [])]


# --- the sides of a comparison ----------------------------------------------------------------------------------------

#: What was written somewhere: a text, or somebody's saying so. Two of them make a comparison.
_TEXT = r"(?:articles?|reports?|stor(?:y|ies)|coverage|pieces?|columns?|editorials?|interviews?|stud(?:y|ies)|papers?|sources?|reporting)"
_SAYS = (
    r"(?:(?:report|mention|highlight|suggest|claim|present|confirm|depict|portray|publish|discuss)(?:ed|s|es)?|wrote|said|says?|writes?|"
    r"(?:indicate|describe|note|state|announce)d|(?:indicate|describe)s?)"
)

#: One of the two at least is a text by its name, or is what papers do; whatever else is said or announced is news itself.
_A_TEXT = re.compile(rf"\b(?:{_TEXT}|reported|mentioned|wrote)\b")
_WRITTEN = re.compile(rf"\b(?:{_TEXT}|{_SAYS}|(?:(?<=while )|(?<=while also ))\w{{1,20}}ing)\b")

_MONTH = r"(?:january|february|march|april|may|june|july|august|september|october|november|december)"

#: What stands between two sides, the surest kind first.
_BETWEEN_SIDES = (
    re.compile(
        r"[,;]? (?:while|whereas) |[,;]? (?:(?:as )?opposed to|in (?:contrast|comparison) (?:to|with)|compared (?:to|with)|unlike|"
        r"(?:in a )?similar(?:ly)?(?: way| manner)? to(?: how)?|in the same way (?:as|that)) ",
        re.IGNORECASE,
    ),
    re.compile(
        rf"[,;] (?:and|or|but|when|with) |(?: before or| after or)? (?:before|after) (?!{_MONTH}\b|\d)| than | as (?=the |those |how )|"
        r"[,;]? (?:(?:in)?consistent with|align(?:s|ed)? with|agree(?:s|d)? with|differ(?:s|ed|ent)? from|contradict(?:s|ed)?) ",
        re.IGNORECASE,
    ),
    re.compile(rf" and (?=(?:the|a|an|another|its|that|those|subsequent|later|did|does|was|is)\b|[\"“'‘])|[,;] (?={_AUX} )", re.IGNORECASE),
)

#: A question that a yes or no answers, or that names what it compares first: "Between the report of May and …, was there a change?"
_COMPARES = re.compile(rf"^(?:{_AUX} |(?:between|after|before|following|since|considering|given) )", re.IGNORECASE)
_NAMES_FIRST = re.compile(r"^(?:between|after|before|following|since|considering|given) ", re.IGNORECASE)

#: Where the question itself begins, after what it compares; or where it asks once more, the other way round.
_THEN_ASKS = re.compile(rf", (?=(?:(?:{_PREPOSITION} )?{_WH} |{_AUX} ))", re.IGNORECASE)
_ASKS_AGAIN = re.compile(rf",? or (?={_AUX} )", re.IGNORECASE)

_OPENING = re.compile(
    rf"^(?:(?:{_AUX}|between|after|before|following|since|considering|given|both|and|or|but|that|also|how|what|when) )+", re.IGNORECASE
)

#: Words with which a side says that something was written, not what.
_FRAME = re.compile(
    rf"\b(?:(?:[Tt]he |[Aa]n? |[Aa]nother |other |subsequent |later |previous ){{0,3}}{_TEXT}\b(?:[’']s)?|{_SAYS}\b|discussing\b|implies\b|"
    r"according to\b|regarding\b|concerning\b|detailing\b|covering\b|focus(?:es|ing)? on\b|indicating\b)"
)

#: A side with fewer words that say something is understood with what the question asks of all.
_THIN = 9


class _Sides(NamedTuple):
    sides: list[str]
    asks: str
    """What is asked of them, where that stands apart."""


def _sides(text: str) -> tuple[Part, ...]:
    """Return the sides of a comparison of what was written; none where a question is no such comparison."""
    if not (_COMPARES.match(text) and _A_TEXT.search(text)):
        return ()
    found = _held_together(text)
    parts = []
    for side in found.sides:
        bare = _OPENING.sub("", side).strip(" ,;?")
        said = re.sub(r"\s+", " ", _FRAME.sub(" ", bare)).strip()
        thin = len(content_words(said)) < _THIN
        parts.append(Part(bare, f"{said} {found.asks}".strip() if thin and found.asks else said, side=True))
    if len(parts) < 2 or any(len(content_words(part.standalone)) < 2 for part in parts):
        return ()
    seeks = _SEEKS.match(found.asks) and len(parts) < MOST_PARTS
    return (*parts, Part(found.asks, text)) if seeks else tuple(parts)


def _held_together(text: str) -> _Sides:
    """Return what a question holds against each other, and what it asks of it."""
    again = _ASKS_AGAIN.search(text)
    if again and _WRITTEN.search(text, 0, again.start()):
        sides = _clauses(text[: again.start()])
        if len(sides) > 1:
            return _Sides(sides, "")
    if _NAMES_FIRST.match(text):
        for asks in [*_THEN_ASKS.finditer(text)][::-1][:3]:
            sides = _clauses(text[: asks.start()])
            if len(sides) > 1:
                return _Sides(sides, text[asks.end() :])
        if not any(_BE_DO_ASKED.match(text, asks.end()) for asks in _THEN_ASKS.finditer(text)):
            return _Sides([], "")
    return _Sides(_clauses(text), "")


#: What is asked of the sides is more than a yes or no: the whole question is a part of its own.
_SEEKS = re.compile(rf"(?:{_PREPOSITION} )?{_WH} ", re.IGNORECASE)

_BE_DO_ASKED = re.compile(rf"{_AUX} ", re.IGNORECASE)


def _clauses(text: str) -> list[str]:
    """Return the clauses of a text each of which tells of something written, cut where they are most surely apart."""
    written = [*_WRITTEN.finditer(text)]
    cuts: list[re.Match[str]] = []
    for one, other in pairwise(written):
        cut = _cut(text, one.end(), other.start())
        if cut and cut.end() < other.start():  # else it goes on to say what the same text does: "…, and suggests"
            cuts.append(cut)
    cuts = cuts[: MOST_PARTS - 1]
    edges = [0, *(edge for cut in cuts for edge in cut.span()), len(text)]
    return [text[begin:end] for begin, end in zip(edges[::2], edges[1::2], strict=True)]


def _cut(text: str, start: int, end: int) -> re.Match[str] | None:
    """Return where one side ends and the next begins between two places, if they are two; the last place of the surest kind."""
    for pattern in _BETWEEN_SIDES:
        found = [*pattern.finditer(text, start, end)]
        if found:
            return found[-1]
    return None

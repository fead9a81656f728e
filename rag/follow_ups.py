"""A follow-up question as one that stands alone, without a model: pronouns by what they stand for, ellipses by the question before.

What a pronoun stands for is the phrase of the highest salience that agrees with it, as Lappin and Leass weigh them (An Algorithm for
Pronominal Anaphora Resolution, 1994): each mention counts by its place, and half as much with every further turn. An ellipsis takes the
place of what is like it in the question before. Knows nothing of articles, models or searches.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from .antecedents import CHARACTERS, GENDERS, VAGUE, Spoken
from .leaning import leans
from .phrases import AUXILIARIES, VERBS, Phrase, phrases
from .words import FUNCTION_WORDS, WORD, content_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .antecedents import Entity

# --- a question -------------------------------------------------------------------------------------------------------


class _Reference(NamedTuple):
    """Characters of a question that stand for something said before."""

    start: int
    end: int
    word: str
    ending: str = ""
    """What is glued to it: `'s` of `it's`."""
    possessive: bool = False


def standalone(text: str, said: Iterable[tuple[bool, str]]) -> str:
    """Return the question as one that stands alone, on one line: as it is where it does; joined to the one before where no rule knows how.

    What was `said` before comes oldest first, each with whether the user said it.
    """
    spoken, previous = Spoken(), ""
    for asked, words in said:
        if asked:
            found = _resolved(words, spoken, previous)
            spoken.ask(found or words)
            previous = found or previous or words
        else:
            spoken.hear(words)
    return _resolved(text, spoken, previous) or _joined(previous, text)


def _joined(previous: str, text: str) -> str:
    return " ".join(f"{previous} {text}".split())


def _resolved(text: str, spoken: Spoken, previous: str) -> str | None:
    """Return the question as one that stands alone; None where it leans on what was said and no rule knows how."""
    text = " ".join(text.split())
    if len(text) > CHARACTERS:
        return None if leans(text) else text
    counted = None
    if 0 < len(previous) <= CHARACTERS:
        found = _clause(text, previous) or _substituted(text, previous)
        if found is not None:
            return found
        counted = _counted(text, previous)
    resolved = _with_references(counted or text, spoken)
    resolved = _with_descriptions(_with_circumstances(resolved, spoken), spoken)
    if resolved != text:
        return _tidy(_without_opener(resolved))
    return (_of_topic(text, spoken) if _dependent(text) else None) or (text if _alone(text) else None)


_REMARK = re.compile(
    r"\s*(?:(?:this|that)(?:['’]s| is| was| sounds| seems)\b|(?:oh|wow|ok|okay|interesting|great|cool|thanks)\b)[^.!?]*(?:[.!]+|$)",
    re.IGNORECASE,
)


def _without_remarks(text: str) -> str:
    """Return a question without what was remarked before it: "That's interesting. Who won?"."""
    while (found := _REMARK.match(text)) is not None and found.end():
        text = text[found.end() :]
    return text or "Nothing is asked by this."


# --- pronouns ---------------------------------------------------------------------------------------------------------

_DEMONSTRATIVES = frozenset("this that these those".split())
_POSSESSIVE = frozenset("its their his".split())
#: `it` that stands for nothing: "how long does it take to", "is it true that", "it sounds like".
_EMPTY_IT = re.compile(
    r"\bit (?:\w+ )?(?:possible|true|likely|legal|important|necessary|hard|easy|difficult|worth|safe|better|take|takes|took|cost|mean)"
    r"(?: \w+)? (?:to|that|for)\b|\blikely is it (?:to|that)\b|\bit (?:sounds|seems|looks) like\b|\bmakes? it (?:\w+ )?\w+ to\b",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"(?<![\w'’-])(it|its|itself|they|them|their|theirs|themselves|he|him|his|himself|she|her|hers|herself|this|that|these|those)"
    r"((?:['’](?:s|re|d|ll|ve))?)(?![\w'’-])",
    re.IGNORECASE,
)


def _references(text: str) -> Iterator[_Reference]:
    """Yield the first of each kind of pronoun that stands for something outside the question."""
    seen: set[str] = set()
    for match in _free(text):
        word = match[1].lower()
        following = re.match(r"\s+(\w[\w'’-]*)", text[match.end() :])
        noun = following[1].lower() if following else ""
        opens = re.search(r"(?:^|[.?!])\s*$", text[: match.start()]) is not None
        if word in _DEMONSTRATIVES and (opens or not _bare(word, noun, text[: match.start()])):
            continue
        if GENDERS[word] in seen:
            continue
        seen.add(GENDERS[word])
        possessive = word in _POSSESSIVE or (word == "her" and bool(noun) and noun not in FUNCTION_WORDS)
        yield _Reference(match.start(), match.end(), word, match[2], possessive)


def _free(text: str) -> list[re.Match[str]]:
    """Return the pronouns that have no noun in the question itself."""
    inside = list(phrases(text))
    empty = [range(*found.span()) for found in _EMPTY_IT.finditer(text)]
    return [
        match
        for match in _PRONOUN.finditer(text)
        if not _bound(match, GENDERS[match[1].lower()], text, inside)
        and not (match[1].lower() == "it" and any(match.start() in span for span in empty))
    ]


def _alone(text: str) -> bool:
    """Say whether a question can be understood by itself: as `leans` has it, but for remarks, and for pronouns that have their noun."""
    free = {match.start() for match in _free(text)}
    bound = _PRONOUN.sub(lambda match: match[0] if match.start() in free else "matters", text)
    return not leans(_without_remarks(bound)) or _complete(text)


def _bare(word: str, noun: str, before: str) -> bool:
    """Say whether a demonstrative stands by itself: "Is this legal?", "Why is that?"."""
    last = WORD.findall(before)[-1:] or [""]
    if word == "that" and last[0].lower() not in AUXILIARIES | _PREPOSITIONS | {""}:
        return False
    return not noun or noun in FUNCTION_WORDS or noun in VERBS or noun.endswith(("ed", "ing"))


def _bound(match: re.Match[str], gender: str, text: str, inside: Sequence[Phrase]) -> bool:
    """Say whether a pronoun has its noun before it in the question itself.

    A name binds any that agrees. Another phrase does where a clause or a sentence ends between them, and an owner's: "sharks and their
    teeth"; not in "the tribes that they met", nor "the first sign of it".
    """
    owned = match[1].lower() in _POSSESSIVE
    for one in inside:
        if one.end > match.start():
            break
        apart = owned or _APART.search(text, one.end, match.start()) is not None
        if gender in "mf":
            if one.person >= 0.4:
                return True
        elif gender == "p":
            if one.plural and apart:
                return True
        elif (one.named and (apart or not one.plural) and one.person < 0.9) or (apart and not one.plural and one.head not in VAGUE):
            return True
    return False


_APART = re.compile(
    r"[.?!,;:]|\b(?:and|or|but|if|when|while|because|so|says?|said|thinks?|claim(?:s|ed)?|expect(?:s|ed)?|believes?)\b", re.IGNORECASE
)


def _with_references(text: str, spoken: Spoken) -> str:
    made, at = "", 0
    taken: list[Entity] = []
    for one in _references(text):
        entity = spoken.stands_for(one.word)
        if entity is not None and entity not in taken:
            taken.append(entity)
            spoken.stood(one.word, entity)
            made += text[at : one.start] + _in_place(one, _mentioned(entity))
            at = one.end
    return made + text[at:]


_THERE = re.compile(r"(?<=\w) there(?=\W*$| and\b| in\b| since\b| now\b|,)", re.IGNORECASE)
_THAT_YEAR = re.compile(r"\b(?:in |during |for |of )?that (?:same )?year\b", re.IGNORECASE)
_EXISTS = re.compile(r"\b(?:is|are|was|were|be|been|else is) there\W*$", re.IGNORECASE)


def _with_circumstances(text: str, spoken: Spoken) -> str:
    """Return a question with the place of its `there` and the year of its `that year`."""
    place, year = spoken.place(), spoken.year
    if place is not None and not _EXISTS.search(text):
        text = _THERE.sub(lambda _: f" {place.place or 'in'} {_mentioned(place)}", text, count=1)
    return _THAT_YEAR.sub(f"in {year}", text, count=1) if year else text


_DESCRIPTION = re.compile(r"(?<![\w'’-])(this|that|these|those|the) (\w[\w-]*)(?![\w'’-]| of\b| that\b| which\b| who\b)", re.IGNORECASE)


def _with_descriptions(text: str, spoken: Spoken) -> str:
    """Return a question with what "the smelter" or "this company" stands for."""
    for match in _DESCRIPTION.finditer(text):
        noun = match[2].lower()
        if noun in FUNCTION_WORDS or noun in VERBS or match[2] != noun:
            continue
        if noun in _DOCUMENTS and match[1].lower() == "this":
            topic = spoken.topic()
            if topic is not None:
                return f"{text[: match.end()]} on {_mentioned(topic)}{text[match.end() :]}"
            continue
        following = re.match(r"\s+(\w+)", text[match.end() :])
        if following and following[1].lower() not in FUNCTION_WORDS and following[1].lower() not in VERBS and not _inflected(following[1]):
            continue
        entity = spoken.described(noun)
        if entity is not None and not _named_in(text, entity) and _definite(entity.phrase):
            return text[: match.start()] + _mentioned(entity) + text[match.end() :]
    return text


def _definite(phrase: Phrase) -> bool:
    return phrase.named or phrase.text.lower().startswith("the ")


def _inflected(word: str) -> bool:
    return word.lower().endswith(("ed", "ing"))


def _named_in(text: str, entity: Entity) -> bool:
    return all(word in text.lower() for word in entity.phrase.words)


def _without_opener(text: str) -> str:
    """Return a whole question without the "And" that it begins with."""
    opener = re.match(r"\s*(?:and|but|so|then|or)\b,?\s+(?=\w)", text, re.IGNORECASE)
    rest = text[opener.end() :] if opener else text
    first = rest.split(maxsplit=1)[0].lower()
    return rest if first in _QUESTION_WORDS or first in AUXILIARIES else text


def _mentioned(entity: Entity) -> str:
    """Return how a question speaks of something: of what an answer brought up, as known: "the plan" for "A plan"."""
    article, _, rest = entity.phrase.text.partition(" ")
    if article.lower() not in ("a", "an", "the") or not rest:
        return entity.phrase.text
    return f"{article.lower() if entity.asked and not entity.told else 'the'} {rest}"


def _in_place(reference: _Reference, phrase: str) -> str:
    phrase = re.sub("['’]s?$", "", phrase)
    if reference.possessive or reference.ending.endswith("s"):
        return phrase + ("'" if reference.possessive and phrase.endswith("s") else "'s")
    return phrase + {"re": " are", "d": " would", "ll": " will", "ve": " have"}.get(reference.ending[1:], "")


# --- ellipses ---------------------------------------------------------------------------------------------------------

_OPENER = re.compile(r"\W*(?:(?:and|or|but|so|then|ok|okay|well|also)\b[\s,]*)+", re.IGNORECASE)
_WHAT_ABOUT = re.compile(r"\W*(?:what|how) about\b\s*", re.IGNORECASE)
_BARE = re.compile(
    r"(why|when|where|how|how long|how often|since when|until when|by when)(?: (?:is|was) (?:that|this|it))?(?: so)?\W*", re.IGNORECASE
)
_QUESTION_WORDS = frozenset("what who whom whose which when where why how".split())
_CIRCUMSTANTIAL = frozenset("in on at to from since until during before after".split())
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")
#: What is told by something else: "the year after".
_RELATIVE = re.compile(
    r"\b(?:after|before|earlier|later|previous|following|same|other|others|rest|then)\W*$"
    r"|\bthe (?:same|other|previous|following|next|last)\b",
    re.IGNORECASE,
)
_PREPOSITIONS = frozenset("in on at for from to by with of under before after since until during about".split())
_DOCUMENTS = frozenset("article section text report document page paper".split())
_ADVERBIAL = re.compile(r"\W*(?:(?:when|where|why|how(?: long| often)?|since when|until when|by when)\s+)?", re.IGNORECASE)


def _clause(text: str, previous: str) -> str | None:
    """Return "Where?" with the rest of the question before, where that asked for another circumstance: "When was it presented?"."""
    opener = _OPENER.match(text)
    bare = _BARE.fullmatch(text[opener.end() if opener else 0 :])
    if bare is None:
        return None
    rest = previous[_end(_ADVERBIAL, previous) :]
    first = rest.split(maxsplit=1)[:1]
    if not first or first[0].lower() not in AUXILIARIES or len(content_words(rest)) < 1:
        return None
    return _tidy(f"{bare[1]} {first[0].lower()}{rest[len(first[0]) :]}")


_COUNT = re.compile(r"\W*(?:(?:and|but|so)\W+)?(how (?:many|much))\s+(?=(\w+))", re.IGNORECASE)


def _counted(text: str, previous: str) -> str | None:
    """Return "How many were closed?" with what the question before counted."""
    ours, theirs = _COUNT.match(text), _COUNT.match(previous)
    if ours is None or theirs is None or ours[2].lower() not in AUXILIARIES or ours[1].lower() != theirs[1].lower():
        return None
    counted = next((one for one in phrases(previous) if one.start == theirs.end()), None)
    return None if counted is None else _tidy(f"{ours[1]} {counted.text} {text[ours.end() :]}")


def _substituted(text: str, previous: str) -> str | None:
    """Return the question before with what "And in Chile?" or "What about copper?" puts in the place of what is like it."""
    fragment = _fragment(text)
    if fragment is None:
        return None
    preposition, new = fragment
    likes = [(_likeness(one, preposition, new), -at, one) for at, one in enumerate(phrases(previous))]
    likes = [like for like in likes if like[0] >= _ALIKE]
    if likes:
        old = max(likes, key=lambda like: like[:2])[2]
        ending = "'s" if re.search("['’]s?$", old.text) and not re.search("['’]s?$", new) else ""
        new = new if ending or re.search("['’]s?$", old.text) else re.sub("['’]s$", "", new)
        return _tidy(previous[: old.start] + new + ending + previous[old.end :])
    if preposition in _CIRCUMSTANTIAL:
        return _appended(previous, f"{preposition} {new}")
    return None


#: Less than this, and one phrase does not take the place of another.
_ALIKE = 2.0


def _fragment(text: str) -> tuple[str, str] | None:
    """Return the preposition and the rest of a question that is none but for what it asks of: "And in Chile?"; None of another."""
    start = _end(_OPENER, text)
    about = _end(_WHAT_ABOUT, text[start:])
    rest = text[start + about :].strip().rstrip("?!. ")
    words = [word.lower() for word in WORD.findall(rest)]
    if not words or not (start or about) or len(words) > 6:
        return None
    if (
        any(word in AUXILIARIES or word in _QUESTION_WORDS or word in GENDERS for word in words)
        or re.search(r"[.?!,;]\s", rest)
        or _RELATIVE.search(rest)
    ):
        return None
    if words[0] in VERBS or words[0].endswith("ing"):
        return None
    if words[0] in _PREPOSITIONS:
        return words[0], rest.split(maxsplit=1)[1] if len(rest.split()) > 1 else ""
    return "", rest


def _likeness(old: Phrase, preposition: str, new: str) -> float:
    """Return how much a phrase of the question before is like what takes its place; 0 where it is not."""
    if not new:
        return 0.0
    dated = bool(_YEAR.search(new))
    if dated != bool(_YEAR.search(old.text)):
        return 0.0
    if preposition and old.before != preposition:
        return 0.0
    words = [word for word in new.split() if word.lower() not in ("the", "a", "an")]
    named = any(word[0].isupper() for word in words)
    if not dated and named != old.named:
        return 0.0
    theirs, ours = old.text.split(), new.split()
    same_article = ours[0].lower() == theirs[0].lower() or len(words) == len(ours) == len(theirs)
    same_number = new.endswith("s") == old.plural
    return 1.0 + same_article + (len(words) == len(old.words)) + 0.5 * same_number + 0.5 * bool(preposition)


_GENERIC = frozenset("available important good best better happened happen next available interesting popular famous work people".split())
_INTRODUCES = re.compile(
    r"\W*(?:(?:and|so|but|ok|okay)\W+)*(?:what|who|where|when)(?:'s|’s|\s+(?:is|are|was|were))\s+"
    r"(?!(?:the|some|its?|that|this|these|those|they|their|he|his|she|her|there|such)\b)",
    re.IGNORECASE,
)


def _dependent(text: str) -> bool:
    """Say whether a question names too little to be understood, and nothing that stands for more: "What are the symptoms?"."""
    found = list(phrases(text))
    if any(one.named and one.start > 0 for one in found) or len(_sentences(text)) > 1:
        return False
    telling = [word for word in content_words(text) if word not in _GENERIC]
    if _INTRODUCES.match(text) and telling:
        return False
    definite = any(one.text.lower().startswith("the ") for one in found)
    return len(telling) <= (2 if definite else 1)


def _of_topic(text: str, spoken: Spoken) -> str | None:
    """Return a question with what its noun is of: "What are the symptoms?" after anemia; None where it has no such noun."""
    topic = spoken.topic()
    if topic is None or _named_in(text, topic):
        return None
    for one in phrases(text):
        following = re.match(r"\s+(\w+)", text[one.end :])
        if one.before in ("about", "to", "in", "of", "for", "from", "with", "by") and not one.text.lower().startswith("the "):
            continue
        if " of " in one.text or one.head in VAGUE or one.head in _GENERIC or (following and following[1].lower() in _PREPOSITIONS):
            continue
        definite = one.text.lower().startswith("the ")
        if (definite or (one.plural and not following)) and one.before != "which":
            return _tidy(f"{text[: one.end]} of {_mentioned(topic)}{text[one.end :]}")
    return None


def _appended(question: str, words: str) -> str:
    """Return a question with words at its end, before the question mark."""
    end = len(question.rstrip("?!. "))
    return f"{question[:end]} {words}{question[end:].replace(' ', '') or '?'}"


def _complete(text: str) -> bool:
    """Say whether a question that names little introduces it: "What is anemia?"."""
    if _INTRODUCES.match(text):
        return True
    return not (_OPENER.match(text) or _WHAT_ABOUT.match(text)) and any(one.named and one.start > 0 for one in phrases(text))


def _sentences(text: str) -> list[str]:
    return [one for one in re.split(r"[.?!]+(?:\s|$)", text) if one.strip()]


def _end(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.match(text)
    return found.end() if found else 0


def _tidy(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:]

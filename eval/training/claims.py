"""Claims beside passages, those that a passage supports and those that it does not: what a checker of answers is taught from.

Most were written for this by a language model, in its own words: about passages of public sets, which are named by checksum, and about
passages that it made up, in the manner of news. Others are sentences of a passage, as they are or with one thing changed by rule, as in
FactCC (Kryściński et al., "Evaluating the Factual Consistency of Abstractive Text Summarization", EMNLP 2020). And some stand beside a
passage that does not speak of them, or no longer does. Knows nothing of networks.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from rag import opens_unresolved

from .changed import SENTENCE, negated, opposite, swapped
from .lesson import Candidate, Lesson
from .sets import Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: A line each: `passage`, the checksum of the passage that it is about, `claim`, `supported`, `kind`.
WRITTEN = Path(__file__).with_name("claims.jsonl.gz")

#: A line each: a passage with its `title` and `text`, all made up, and `claims` about it as above.
INVENTED = Path(__file__).with_name("invented.jsonl.gz")

#: Claims about passages whose names begin so are for choices: one in sixteen.
_CHOICES = "0"

#: Draws which sentences are taken, and what is changed in them.
_SEED = 1963

#: Sentences of fewer or more words make no claims.
_FEWEST, _MOST = 7, 40

#: The share of the claims made by rule in which something was changed, and of the others those whose passage lost the sentence.
_CHANGED, _LOST = 0.5, 0.4

_NUMBER = re.compile(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?![\w,]*\d)")
_NOT = re.compile(r" (?:not|never)\b|n[’']t\b")
_ASIDE = re.compile(r"\s*\([^()]*\)|(?<=, )[^,]*, |^(?:However|Moreover|Meanwhile|Still|In addition|For example|Indeed), ")


def checksum(one: Candidate) -> str:
    """Return the name of a passage."""
    return hashlib.sha256(f"{one.context}\n{one.text}".encode()).hexdigest()[:12]


def written(passages: Mapping[str, Candidate], wanted: Part, file: Path = WRITTEN) -> Iterator[Lesson]:
    """Yield the claims of a part that were written about those of the passages that are there, by their checksums."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for place, row in enumerate(map(json.loads, lines)):
            part = Part.DEV if row["passage"].startswith(_CHOICES) else Part.TRAIN
            if part is wanted and row["passage"] in passages:
                yield _claim(f"written-{place}", row["claim"], passages[row["passage"]], supported=row["supported"])


def invented(wanted: Part, file: Path = INVENTED) -> Iterator[Lesson]:
    """Yield the claims of a part that were written about passages that were made up too."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for place, row in enumerate(map(json.loads, lines)):
            passage = Candidate(row["title"], row["text"])
            if (Part.DEV if checksum(passage).startswith(_CHOICES) else Part.TRAIN) is wanted:
                for number, one in enumerate(row["claims"]):
                    yield _claim(f"invented-{place}-{number}", one["claim"], passage, supported=one["supported"])


def beside_others(lessons: Sequence[Lesson], share: float) -> list[Lesson]:
    """Return a `share` of the supported claims once more, each beside a passage of another that does not support it.

    One of the same title where there is one. Without them a claim that shares no word with its passage would seem true: whoever writes an
    untrue one keeps the passage's words.
    """
    chance = Random(_SEED)  # noqa: S311  # a choice, no secret
    every = list({checksum(lesson.candidates[0]): lesson.candidates[0] for lesson in lessons}.values())
    titled: dict[str, list[Candidate]] = {}
    for one in every:
        titled.setdefault(one.context, []).append(one)
    more = []
    for lesson in lessons:
        (own,) = lesson.candidates
        if own.supports and chance.random() < share:
            near = [one for one in titled[own.context] if one.text != own.text]
            other = chance.choice(near or [one for one in chance.sample(every, min(2, len(every))) if one.text != own.text] or [own])
            if other.text != own.text:
                more.append(_claim(f"{lesson.id}-beside", lesson.question, other, supported=False))
    return more


def made(passages: Sequence[Candidate], most: int) -> list[Lesson]:
    """Return at most so many claims made by rule, about as many a passage, in an order of their own."""
    chance = Random(_SEED)  # noqa: S311  # a choice, no secret
    lessons: list[Lesson] = []
    for one in chance.sample(passages, len(passages)):
        sentences = [sentence.strip() for sentence in SENTENCE.split(one.text)]
        alone = [each for each in sentences if _FEWEST <= len(each.split()) <= _MOST and each.endswith(".") and not opens_unresolved(each)]
        if alone:
            sentence = chance.choice(alone)
            told = _untrue(sentence, one.text, chance) if chance.random() < _CHANGED else None
            rest = one.text.replace(sentence, " ").strip()
            lost = told is None and len(alone) > 1 and chance.random() < _LOST
            passage = Candidate(one.context, rest) if lost else one
            claim = told or _shorter(sentence, chance)
            lessons.append(_claim(f"made-{len(lessons)}", claim, passage, supported=told is None and not lost))
        if len(lessons) == most:
            break
    return lessons


def _claim(name: str, claim: str, passage: Candidate, *, supported: bool) -> Lesson:
    return Lesson(name, "claims", claim, (Candidate(passage.context, passage.text, relevant=None, supports=supported),))


def _untrue(sentence: str, passage: str, chance: Random) -> str | None:
    """Return a sentence of a passage with one thing changed that makes it untrue; None where nothing can be."""
    ways = [_other_number, swapped, swapped, swapped, _turned, opposite]
    chance.shuffle(ways)
    return next((found for way in ways if (found := way(sentence, passage, chance))), None)


def _other_number(sentence: str, passage: str, chance: Random, _answers: str = "") -> str | None:
    """Put a number near it where the sentence has one, none that the passage has."""
    found = list(_NUMBER.finditer(sentence))
    if not found:
        return None
    place = chance.choice(found)
    digits = [at for at, character in enumerate(place[0]) if character.isdigit()]
    at = chance.choice(digits)
    other = chance.choice([each for each in "123456789" if each != place[0][at]])
    number = place[0][:at] + other + place[0][at + 1 :]
    return None if number in passage else sentence[: place.start()] + number + sentence[place.end() :]


def _turned(sentence: str, passage: str, chance: Random, answers: str = "") -> str | None:
    """Leave out a negation, or put one in."""
    if _NOT.search(sentence):
        return _NOT.sub("", sentence, count=1)
    return negated(sentence, passage, chance, answers)


def _shorter(sentence: str, chance: Random) -> str:
    """Return a sentence as it is or, half of the time, without an aside."""
    shorter = _ASIDE.sub("", sentence, count=1) if chance.random() < 0.5 else sentence
    return shorter[:1].upper() + shorter[1:] if len(shorter.split()) >= _FEWEST else sentence

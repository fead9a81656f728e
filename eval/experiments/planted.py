"""Copies of an article as they come about: syndicated, cut, updated, quoted from. Each way changes a text in its own manner, seeded.

Nothing here is written by a model: sentences are taken out, moved, and changed by rule. Knows nothing of how copies are found.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

_PARAGRAPHS = re.compile(r"\n\s*\n|\n")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z“\"])")
_FIGURE = re.compile(r"(?<![\w.,])[1-9]\d{0,3}(?![\w.,]*\d|\w)")

_ADS = (
    "Advertisement: Sleep better tonight with the mattress that twelve thousand readers swear by. Order before Sunday and save a third.",
    "You may also like: Ten kitchens that changed how we cook, and what they cost. Our partners may earn a commission on what you buy.",
    "Sign up for The Morning Harvest, a short letter with the stories worth your coffee. Delivered on weekdays, and free for a month.",
)
_BYLINES = (
    "By Marta Kovalenko and Ben Achebe, Staff Writers",
    "Reporting by Lucía Ferrer in Madrid; editing by Tom Okonkwo",
    "From our correspondent",
)
_NEWS = (
    "A spokesperson said later in the day that a further statement would follow once the facts had been established.",
    "Officials had not answered a request for comment by the time that this article was updated.",
    "Several of those involved declined to speak on the record, pointing to talks that were still going on.",
)
_TYPOGRAPHY = {"'": "’", '"': "”", "-": "–", "...": "…", "’": "'", "“": '"', "”": '"', "—": " - "}


def reworded_headline(title: str, text: str, _: Random) -> tuple[str, str]:
    """Another headline over the same text."""
    words = title.split()
    return " ".join(["What we know:", *reversed(words[:6])]), text


def cut(title: str, text: str, _: Random) -> tuple[str, str]:
    """The first 60 % of the paragraphs, or of the sentences where there are few."""
    parts = paragraphs(text)
    if len(parts) < 5:
        parts = _SENTENCE.split(text)
    kept: list[str] = []
    length = 0
    for part in parts:
        if kept and length + len(part) > 0.6 * len(text):
            break
        kept.append(part)
        length += len(part)
    return title, "\n\n".join(kept)


def with_ads(title: str, text: str, random: Random) -> tuple[str, str]:
    """Two advertisements among the paragraphs."""
    parts = paragraphs(text)
    for ad in random.sample(_ADS, 2):
        parts.insert(random.randint(0, len(parts)), ad)
    return title, "\n\n".join(parts)


def other_encoding(title: str, text: str, _: Random) -> tuple[str, str]:
    """Other quotation marks and dashes, letters taken apart from their accents, other spaces."""
    for plain, other in _TYPOGRAPHY.items():
        text = text.replace(plain, other)
    return title, unicodedata.normalize("NFD", text).replace(". ", ".\u00a0")


def other_order(title: str, text: str, random: Random) -> tuple[str, str]:
    """Half of the paragraphs elsewhere."""
    parts = paragraphs(text)
    moved = sorted(random.sample(range(len(parts)), len(parts) // 2))
    for to, place in zip(moved, random.sample(moved, len(moved)), strict=True):
        parts[to], parts[place] = parts[place], parts[to]
    return title, "\n\n".join(parts)


def other_byline(title: str, text: str, random: Random) -> tuple[str, str]:
    """Another name at the top, and another at the end."""
    first, last = random.sample(_BYLINES, 2)
    return title, f"{first}\n\n{text}\n\n{last}"


def light_update(title: str, text: str, random: Random) -> tuple[str, str]:
    """One figure raised, a sentence replaced, one added and one taken out."""
    sentences = _SENTENCE.split(text)
    if len(sentences) > 8:
        place = random.randrange(2, len(sentences) - 2)
        sentences[place] = random.choice(_NEWS)
        del sentences[random.randrange(2, len(sentences) - 2)]
    sentences.insert(random.randint(1, len(sentences)), random.choice(_NEWS))
    updated = " ".join(sentences)
    figures = list(_FIGURE.finditer(updated))
    if figures:
        raised = random.choice(figures)
        updated = f"{updated[: raised.start()]}{int(raised[0]) + 1}{updated[raised.end() :]}"
    return title, updated


def excerpt(title: str, text: str, random: Random) -> tuple[str, str]:
    """A quarter of it, or 60 words where that is less, in one piece."""
    words = text.split(" ")
    length = max(60, len(words) // 4)
    start = random.randint(0, max(0, len(words) - length))
    return title, " ".join(words[start : start + length])


#: Every way, by what it is called.
WAYS: Mapping[str, Callable[[str, str, Random], tuple[str, str]]] = {
    "reworded headline": reworded_headline,
    "cut to 60 %": cut,
    "advertisements inserted": with_ads,
    "other encoding": other_encoding,
    "paragraphs in another order": other_order,
    "byline changed": other_byline,
    "light update": light_update,
    "excerpt of a quarter": excerpt,
}


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text."""
    return [part for part in _PARAGRAPHS.split(text) if part.strip()]

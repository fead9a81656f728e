"""Which language a text is in, for one that does not say; none where that is not sure.

Knows nothing of articles. The same text always gets the same answer.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: As much of a text as is looked at: its language shows in far less.
_WINDOW = 2_000

#: Words of English that no other language has so many of; a text with this share of them is English without a second look.
_ENGLISH = frozenset("the and of to that with for was is are by from has have it its be this which were".split())
_ENGLISH_SHARE, _ENGLISH_WORDS = 0.25, 20

#: A text is in the likeliest language if that is likely at all and English is not; of fewer letters nothing is said.
_LIKELY, _NOT_ENGLISH, _LEAST_LETTERS = 0.5, 0.02, 50


def language_of(text: str) -> str | None:
    """Return the language of `text` as a code of two or three letters; None where it is not sure."""
    opening = text[:_WINDOW]
    words = re.findall(r"[^\W\d_]+", opening.lower())
    if len(words) >= _ENGLISH_WORDS and sum(word in _ENGLISH for word in words) >= _ENGLISH_SHARE * len(words):
        return "en"
    if sum(map(len, words)) < _LEAST_LETTERS:
        return None
    ranked = _identifier()(opening)
    language, likelihood = ranked[0]
    if language != "en" and dict(ranked)["en"] > _NOT_ENGLISH:
        return None
    return language if likelihood >= _LIKELY else None


@cache
def _identifier() -> Callable[[str], list[tuple[str, float]]]:
    """Load the model, which takes half a second."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    rank: Callable[[str], list[tuple[str, float]]] = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True).rank
    return rank

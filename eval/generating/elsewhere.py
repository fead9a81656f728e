"""Whether what a question asks for can also be had from elsewhere, by words alone.

Three tests, of different strictness. Knows nothing of how questions are put.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .cloze import BLANK

if TYPE_CHECKING:
    from index import View

    from .cloze import Blanked
    from .pool import Material

#: So many of the passages nearest to a sentence, by its words, are looked at.
DEPTH = 20

#: A passage that holds this share of a sentence's other words, by their rarity, may well say the same.
SAME = 0.5

#: Another term in the place of a blank has at most so many characters.
LONGEST_TERM = 100

_TOKEN = re.compile(r"[^\W_]+")


def said_elsewhere(view: View, sentence: str, term: str, material: Material) -> bool:
    """Say whether a passage of another article holds the term, and at least the share `SAME` of the words around it."""
    terms = set(view.terms(term))
    rarity = view.idf(sorted(set(view.terms(sentence)) - terms))
    others = {word: 1 + rare for word, rare in rarity.items()}  # in a small collection hardly a word is rare
    whole = sum(others.values())
    rows = view.lexical(sentence, DEPTH).rows.tolist()
    for passage in view.passages(rows):
        if passage.article in material.rows:
            continue
        held = set(view.terms(f"{passage.heading}\n{view.passage_text(passage)}"))
        if terms <= held and sum(weight for word, weight in others.items() if word in held) >= SAME * whole:
            return True
    return False


def fits_another(view: View, blank: Blanked, material: Material) -> bool:
    """Say whether another term stands in the same words, in the article itself or in a passage near to them: "X rose", "Y rose"."""
    before, _, after = blank.text.partition(BLANK)
    alike = re.compile(f"{re.escape(before)}.{{1,{LONGEST_TERM}}}?{re.escape(after)}", re.DOTALL)
    passages = view.passages(view.lexical(blank.text, DEPTH).rows.tolist())
    texts = [material.article.text, *(view.passage_text(one) for one in passages if one.article not in material.rows)]
    return sum(len(alike.findall(text)) for text in texts) != 1


def nowhere_else(view: View, term: str, material: Material) -> bool:
    """Say whether no other article's text can hold the term: one of its words stands in none of their passages.

    Nor in their titles, but for one too long to be searched with its passages. Words are compared as the index has them, stemmed and
    unaccented; so a term that differs only in that counts as the same.
    """
    return any(view.terms(token) and not _outside(view, token, material) for token in _TOKEN.findall(term))


def _outside(view: View, token: str, material: Material) -> bool:
    found = view.lexical(token, material.passages + 1).rows.tolist()  # one more than its article and the copies have
    return any(passage.article not in material.rows for passage in view.passages(found))

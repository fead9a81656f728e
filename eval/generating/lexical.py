"""Questions made without a model: sentences with a blank, titles, and both kinds of silence that leaving an article out makes.

Their words are those of the articles, so they favour search by words. Knows nothing of how articles are drawn.
"""

from __future__ import annotations

import hashlib
import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..dataset import Evidence, Example
from .cloze import Blanked, blanks
from .elsewhere import fits_another, nowhere_else, said_elsewhere
from .pool import MAX_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from random import Random

    from index import Span, View

    from .pool import Material

#: The types of the examples.
CLOZE, KNOWN_ITEM, UNANSWERABLE = "cloze", "known_item", "unanswerable"

#: What is made in turn.
CYCLE = (CLOZE, KNOWN_ITEM, CLOZE, UNANSWERABLE)

#: So many sentences of an article are tried for each kind.
MAX_TRIED = 40

#: So many articles in a row that give no question of a kind, and the kind is given up.
MAX_BARREN = 200

#: A title of fewer words names too much.
TITLE_WORDS = 4

#: Why something was thrown away.
NO_TERM = "a sentence without a number, date or name to blank"
LEAKS = "a term whose words also stand in the rest of its sentence"
IS_TITLE = "a term that is the title"
NOT_THE_ONE = "a blank that another term fits as well: the same words stand around it elsewhere"
ELSEWHERE = "another article says nearly the same"
NOT_ALONE = "a term that may stand in another article, so that leaving its article out proves nothing"
SHORT_TITLE = f"a title of fewer than {TITLE_WORDS} words"
LONG_TITLE = f"a title of more than {MAX_CHARACTERS} characters"
TITLE_IN_TEXT = "a title that stands in its own text"
TITLE_SHARED = "a title that another article has too"

_WORD = re.compile(r"\w+")


def clozes(view: View, material: Material, chance: Random) -> Iterator[Example | str]:
    """Yield fill-in questions from sentences of an article, one a sentence, and why others were thrown away."""
    for span, blank in _blanked(view, material, chance):
        if blank is None:
            yield NO_TERM
        elif why := _unusable(view, material, blank):
            yield why
        elif fits_another(view, blank, material):
            yield NOT_THE_ONE
        elif said_elsewhere(view, span.of(material.article.text), blank.term, material):
            yield ELSEWHERE
        else:
            yield Example(
                id=identity(CLOZE, material, span, blank.term),
                question=_fill_in(blank),
                answers=(blank.term,),
                evidence=(evidence(material, span),),
                qrels=dict.fromkeys(material.entry.ids, 1),
                answerable=True,
                type=CLOZE,
                metadata={"made_by": "rule"},
            )


def unanswerables(view: View, material: Material, chance: Random) -> Iterator[Example | str]:
    """Yield fill-in questions that cannot be answered once an article and its copies are left out, and why others were thrown away."""
    for span, blank in _blanked(view, material, chance):
        if blank is None:
            yield NO_TERM
        elif why := _unusable(view, material, blank):
            yield why
        elif fits_another(view, blank, material):
            yield NOT_THE_ONE
        elif not nowhere_else(view, blank.term, material):
            yield NOT_ALONE
        else:
            yield left_out(_fill_in(blank), blank.term, material, span, made_by="rule")


def known_items(material: Material, shared: Collection[str]) -> Iterator[Example | str]:
    """Yield an article's title as a query for it, or why not; `shared` holds the titles, `plain`, that several texts have.

    The answer is the article: nothing is asked that could be answered or not.
    """
    title = material.entry.title
    if len(_WORD.findall(title)) < TITLE_WORDS:
        yield SHORT_TITLE
    elif len(title) > MAX_CHARACTERS:
        yield LONG_TITLE
    elif plain(title) in shared:
        yield TITLE_SHARED
    elif plain(title.rstrip("…")) in plain(material.article.text):  # a title may be a first sentence, cut
        yield TITLE_IN_TEXT
    else:
        yield Example(
            id=identity(KNOWN_ITEM, material, None, title),
            question=title,
            evidence=(Evidence(material.article.id),),
            qrels=dict.fromkeys(material.entry.ids, 1),
            type=KNOWN_ITEM,
            metadata={"made_by": "rule"},
        )


def left_out(question: str, answer: str, material: Material, span: Span, *, made_by: str) -> Example:
    """Return a question that is to be asked of all articles but those that its `metadata["leave_out"]` names."""
    gone = evidence(material, span)
    metadata: dict[str, Any] = {
        "made_by": made_by,
        "leave_out": list(material.entry.ids),
        "answer_left_out": answer,
        "evidence_left_out": {"article_id": gone.article_id, "start": gone.start, "end": gone.end, "quote": gone.quote},
    }
    name = identity(UNANSWERABLE, material, span, answer)
    return Example(id=name, question=question, answerable=False, type=UNANSWERABLE, metadata=metadata)


def evidence(material: Material, span: Span) -> Evidence:
    """Return a span of an article as evidence, with its exact characters."""
    return Evidence(material.article.id, span.start, span.end, span.of(material.article.text))


def identity(kind: str, material: Material, span: Span | None, answer: str) -> str:
    """Return an id that is the same whenever the same question is made."""
    digest = hashlib.sha256(repr((kind, material.article.id, span and tuple(span), answer)).encode()).hexdigest()
    return f"{kind}-{digest[:16]}"


def shared_titles(records: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the titles, `plain`, under which the records show more than one text."""
    texts: dict[str, set[str]] = {}
    for record in records:
        texts.setdefault(plain(record["title"]), set()).add(record["sha256"])
    return frozenset(title for title, several in texts.items() if len(several) > 1)


def plain(text: str) -> str:
    """Return `text` in one letter case, with a space for every white space."""
    return " ".join(text.casefold().split())


def _blanked(view: View, material: Material, chance: Random) -> Iterator[tuple[Span, Blanked | None]]:
    """Yield usable sentences, each with one of its terms blanked, those first that do not leak; None where it has no term."""
    for span in islice(material.usable(chance), MAX_TRIED):
        sentence = blanks(span.of(material.article.text))
        chance.shuffle(sentence)
        sentence.sort(key=lambda blank: _unusable(view, material, blank) is not None)
        yield span, sentence[0] if sentence else None


def _unusable(view: View, material: Material, blank: Blanked) -> str | None:
    terms = set(view.terms(blank.term))
    if plain(blank.term) == plain(material.entry.title):
        return IS_TITLE
    return LEAKS if not terms or terms & set(view.terms(blank.text)) else None


def _fill_in(blank: Blanked) -> str:
    return f"Complete: “{blank.text}”"

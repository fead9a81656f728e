"""The names that a claim has and a text has not, in whatever form: Chile and Chilean, the EU and the European Union.

For English; names of other languages are found where they are written alike. Knows nothing of figures.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from .times import is_month
from .words import FUNCTION_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_WORD = re.compile(r"[^\W\d_][\w’'&-]*")

#: Names of the same that neither initials nor endings tell: whoever says one says the others.
_ALIASES = tuple(
    frozenset(line.split())
    for line in """us usa america american americans united states
    uk britain british united kingdom
    eu european europe union
    un united nations
    drc congo congolese
    uae emirati emirates
    belgium belgian belgians
    cyprus cypriot cypriots
    denmark danish dane danes
    england english
    finland finnish finns
    france french
    greece greek greeks
    ireland irish
    netherlands dutch
    philippines filipino filipinos
    poland polish poles
    portugal portuguese
    scotland scottish scots
    slovakia slovak slovaks
    spain spanish
    switzerland swiss
    wales welsh""".splitlines()
)

#: Words that are such a name only together with another of its line.
_PARTS_OF_NAMES = frozenset("united states kingdom nations union".split())

#: What may follow the beginning that a name shares with its adjective or its people: Chile, Chilean; China, Chinese; Sweden, Swedish.
_ENDINGS = frozenset(
    """s n ns an ans ian ians ean eans ese lese nese i is ic er ers ish y ies a e en o on ay egian ey vian vians ain land stan
    istan ist ists""".split()
) | {""}

#: That beginning has at least so many letters.
_ALIKE = 4


def strange_names(claim: str, text: str) -> list[str]:
    """Return the names of a claim of which a text has no word that is the same or a form of it, and no run of words with these initials."""
    words = [found[0] for found in _WORD.finditer(text)]
    known = {_bare(part) for word in words for part in (word, *word.split("-"))} | _initials(words)
    for names in _ALIASES:
        said = names & known
        if said - _PARTS_OF_NAMES or len(said) > 1:
            known |= names
    known |= _FORMS_OF_FIRMS | _spelt_out(claim, {word for word in words if len(word) > 1 and word.isupper()})
    return [name for name in dict.fromkeys(_capitalised(claim)) if (bare := _bare(name)) not in known and not _has_form(bare, known)]


#: Of a firm's name they may be left out.
_FORMS_OF_FIRMS = frozenset("inc corp ltd co plc llc ag sa gmbh".split())


def _spelt_out(claim: str, abbreviations: set[str]) -> set[str]:
    """Return the words of a claim that a text has by their initials: "European Central Bank" where it says ECB."""
    words = [found[0] for found in _WORD.finditer(claim)]
    spelt: set[str] = set()
    for start in range(len(words)):
        for end in range(start + 2, min(start + 7, len(words)) + 1):
            told = [word for word in words[start:end] if word.lower() not in _SMALL]
            if len(told) > 1 and "".join(word[0] for word in told).upper() in abbreviations:
                spelt |= {_bare(word) for word in told}
    return spelt


_SMALL = frozenset("of the and for".split())


def _has_form(name: str, known: Iterable[str]) -> bool:
    """Say whether one of the known words is the same name in another form: a country's adjective, a plural."""
    return any(_same_stem(name, other) for other in known if other[:_ALIKE] == name[:_ALIKE])


def _same_stem(first: str, second: str) -> bool:
    shared = next(
        (place for place, (one, other) in enumerate(zip(first, second, strict=False)) if one != other), min(len(first), len(second))
    )
    return any(first[length:] in _ENDINGS and second[length:] in _ENDINGS for length in range(shared, _ALIKE - 1, -1))


def _capitalised(claim: str) -> Iterator[str]:
    """Yield the words that are written with a capital but need not be, those joined by hyphens one by one.

    A word that opens the claim or stands after a full stop needs to be: it is surely a name only where another follows it or where it has
    another capital inside.
    """
    opens = True
    words = list(_WORD.finditer(claim))
    for place, found in enumerate(words):
        before = claim[max(0, found.start() - 12) : found.start()].rstrip(" “\"‘'(")
        opens = opens or (before[-1:] in ("", ".", "!", "?", ":") and not _SHORT.search(before))
        if _MONEY.match(claim, found.start()):
            opens = False
            continue
        sure = any(map(str.isupper, found[0][1:])) or _before_a_name(words, place, claim)
        for part in found[0].split("-"):
            if part[:1].isupper() and len(part) > 1 and not is_month(part) and (sure or not opens):
                yield part
        opens = False


#: What ends with a full stop and opens nothing.
_SHORT = re.compile(r"(?:^|[\s(“\"‘'])(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|Gen|Sen|Rep|Gov|Col|Lt|Sgt|Rev|Jr|No)\.$")

#: Money is no name: US$, USD 5, US dollars, No. 1.
_MONEY = re.compile(r"(?:US|AU?|CA?|HK|NZ|S)[$€£¥]|(?:USD|EUR|GBP|CNY|RMB)\b|US dollars?\b|No\. ?\d")


def _before_a_name(words: Sequence[re.Match[str]], place: int, claim: str) -> bool:
    """Say whether a capitalised word follows at once, so that the two are one name: none of those that only open a sentence."""
    first = words[place][0].lower()
    if place + 1 >= len(words) or first in _OPENERS or first.endswith(("ing", "ly", "ed")):
        return False
    return claim[words[place].end() : words[place + 1].start()] == " " and words[place + 1][0][0].isupper()


#: Before a name they are no part of it.
_OPENERS = FUNCTION_WORDS | frozenset(
    """since despite although though unless yet either neither every many several even still according unlike like without within across per
    among against mr mrs ms dr sir president minister chairman former meanwhile however yesterday today recently monday tuesday
    wednesday thursday friday saturday sunday besides another one two three four five six seven eight nine ten""".split()
)


def _initials(words: list[str]) -> set[str]:
    """Return the initials of runs of two to five words with capitals: `eu` for `European Union`."""
    capitals = "".join(word[0].lower() if word[0].isupper() else "" if word in _SMALL else " " for word in words)
    return {
        run[start:end] for run in capitals.split() for start in range(len(run)) for end in range(start + 2, min(start + 5, len(run)) + 1)
    }


def _bare(word: str) -> str:
    plain = unicodedata.normalize("NFKD", re.sub(r"[’']s?$|[^\w]", "", word.casefold()))
    return "".join(one for one in plain if not unicodedata.combining(one))

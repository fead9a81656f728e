"""The noun phrases of a text, found without a grammar: runs of words between function words, verbs and punctuation.

A few closed lists stand for a tagger: determiners, prepositions, auxiliaries, the commonest verbs. What they miss makes a phrase too
long or too short, never wrong characters. English, as the lists are. Knows nothing of conversations.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from .words import FUNCTION_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TOKEN = re.compile(r"[^\W_]+(?:[.'’&-][^\W_]+)*|[^\w\s]")

#: A longer run of words is no phrase that a pronoun could stand for.
_MOST_WORDS = 9

AUXILIARIES = frozenset(
    """is are was were am do does did has have had can could will would shall should may might must isn't aren't wasn't weren't don't
    doesn't didn't hasn't haven't hadn't can't couldn't won't wouldn't shouldn't""".split()
)
_DO_SUPPORT = AUXILIARIES - set("is are was were am isn't aren't wasn't weren't".split())
_DETERMINERS = frozenset("the a an".split())
_WITHIN = frozenset("other same own most more few first second third last next".split())
_IN_NAMES = frozenset("and of the de la del der van von di da du le for in on".split())

#: What a noun phrase does not go across: the commonest verbs of questions and of answers.
VERBS = frozenset(
    """accept achieve add affect agree aim allow announce answer appear apply approve ask attend avoid ban be beat become begin behave
    believe belong bring build buy call cause change choose close come compare compete complete consider contain continue contribute
    cost cover create cut deal decide define depend describe detail determine develop die differ disband discover do draw earn eat end
    enjoy enter exist expand expect explain export extend fail fall feel fight find finish fix follow form gain get give go grow
    happen have hear help hold hope identify impact import improve include increase introduce invest involve join keep kill know
    launch lead learn leave let let's let’s like list live look lose make manage marry matter mean meet mention move need obtain occur
    offer open operate originate own pay perform plan play point prefer prepare present prevent produce promise protect prove provide
    publish purchase reach react receive recommend record reduce refer refuse relate release remain remove replace require respond
    rise run save say see seem sell send serve set show shut sign sound speak spend spread stand start stay stop store study succeed
    suffer suggest summarise summarize support survive take talk teach tell thank think treat try turn understand use visit vote wait
    want win work write""".split()
)

#: Forms that are no base form with an ending.
_PAST = frozenset(
    """became began bought broke brought built came chose did fell felt found gave given got grew had happened held kept knew known
    led left lost made meant met paid ran rose said saw seen sent set shown shut sold spent stood taken thought told took won written
    wrote""".split()
)

_PLURALS = frozenset("people men women children mice feet teeth media data police both".split())
_SINGULARS = frozenset("news series species economics politics physics gas lens bus texas paris congress analysis basis crisis".split())

#: Words that a name of a person does not hold.
_NO_PERSON = frozenset(
    """university company corporation party band team club church school college museum city county state states kingdom republic
    government ministry agency commission council association institute bank group union league act law plan project treaty agreement war
    award awards album song book film movie show series season river lake mountain sea ocean island islands street road north south east
    west american european african asian january february march april may june july august september october november december monday
    tuesday wednesday thursday friday saturday sunday records inc ltd corp international national united world cup tour house court
    congress senate parliament army navy system revolution empire experiment""".split()
)

_ROLES = frozenset(
    """minister president chairman chairwoman director chief officer founder author singer actor actress player coach king queen prince
    princess senator governor mayor judge general captain doctor professor scientist inventor woman man boy girl mother father wife husband
    son daughter brother sister""".split()
)


@dataclass(frozen=True)
class Phrase:
    """A noun phrase where it stands."""

    text: str
    start: int
    end: int
    before: str = ""
    """The word before it, lower-cased: a preposition, an auxiliary, a verb."""
    inner: bool = False
    """It is what stands after the last `of` of a longer one."""

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Return its words, lower-cased, without determiners and possessive endings."""
        return tuple(bare(word) for word in self.text.split() if word.lower() not in _DETERMINERS)

    @cached_property
    def head(self) -> str:
        """Return the noun that it is a phrase of."""
        words = self.words
        return words[words.index("of") - 1] if "of" in words[1:] else words[-1]

    @cached_property
    def named(self) -> bool:
        """Say whether it is a name, or holds one at its end."""
        return any(word[0].isupper() for word in self.text.split() if word.lower() not in _DETERMINERS)

    @cached_property
    def plural(self) -> bool:
        """Say whether it stands for several."""
        if self.named and " and " in self.text:
            return True
        head = self.head
        return head in _PLURALS or (
            head.endswith("s") and not head.endswith(("ss", "us", "is")) and head not in _SINGULARS and not head.isdigit()
        )

    @cached_property
    def person(self) -> float:
        """Return how much it looks like somebody: 1 a role, nearly that a full name, 0 a thing."""
        words = self.text.split()
        if self.head in _ROLES:
            return 1.0
        if _NO_PERSON & set(self.words) or any(any(c.isdigit() for c in word) for word in words) or words[0].lower() in _DETERMINERS:
            return 0.0
        if not all(word[0].isupper() or word in _IN_NAMES for word in words) or "of" in words:
            return 0.0
        return 0.4 if len(words) == 1 else 0.9 if len(words) <= 4 else 0.2


def phrases(text: str) -> Iterator[Phrase]:
    """Yield the noun phrases of `text` in order; after one with an `of`, what stands after its last one too."""
    tokens = list(TOKEN.finditer(text))
    runs: list[list[int]] = [[]]
    for i, token in enumerate(tokens):
        if _opens(token[0]) or _ends(tokens, i, runs[-1]):
            runs.append([])
        if not _passed_over(tokens, i, runs[-1]):
            runs[-1].append(i)
    for run in runs:
        yield from _phrase(text, tokens, run)


def _opens(word: str) -> bool:
    return word.lower() in _DETERMINERS


def _ends(tokens: Sequence[re.Match[str]], i: int, run: Sequence[int]) -> bool:
    """Say whether the token ends the run before it: it stands apart, or is a verb after a subject."""
    if not run:
        return False
    word, lower = tokens[i][0], tokens[i][0].lower()
    if not word[0].isalnum() or i - 1 != run[-1]:
        return True
    first = tokens[run[0]][0].lower()
    if len(run) == (first in _DETERMINERS) or word[0].isupper():
        return False
    named = tokens[i - 1][0][0].isupper()
    if run[0] > 0 and tokens[run[0] - 1][0].lower() in _DO_SUPPORT and (lower in VERBS or (named and first not in _DETERMINERS)):
        return True
    helped = lower in VERBS and named and any(token[0].lower() in _DO_SUPPORT for token in tokens[max(0, i - 12) : i])
    after_of = tokens[i - 1][0].lower() == "of"
    return helped or (not after_of and _looks_like_verb(lower, named=named and first not in _DETERMINERS))


def _looks_like_verb(word: str, *, named: bool) -> bool:
    if word in _PAST or (word.endswith("ed") and len(word) > 4) or word.endswith("ly"):
        return True
    if named and word.endswith("s"):
        return word[:-1] in VERBS or word[:-2] in VERBS
    return word.endswith("ing") and (word[:-3] in VERBS or f"{word[:-3]}e" in VERBS)


def _passed_over(tokens: Sequence[re.Match[str]], i: int, run: Sequence[int]) -> bool:
    """Say whether the token belongs to no phrase."""
    word, lower = tokens[i][0], tokens[i][0].lower()
    if not word[0].isalnum() or lower in _DETERMINERS:
        return not word[0].isalnum()
    if run and run[-1] == i - 1:
        return lower not in _WITHIN and not _links(tokens, i, run) and _says_nothing(lower) and not word[0].isupper()
    opens = i == 0 or tokens[i - 1][0] in ".?!"
    return _says_nothing(lower) or ((lower in VERBS or _looks_like_verb(lower, named=True)) and (opens or not word[0].isupper()))


def _says_nothing(word: str) -> bool:
    return word in FUNCTION_WORDS or word in AUXILIARIES or _contracted(word)


def _links(tokens: Sequence[re.Match[str]], i: int, run: Sequence[int]) -> bool:
    """Say whether an `of` or an `and` goes on with the phrase: "the types of sharks", "Lewis and Clark"."""
    if i + 1 == len(tokens):
        return False
    last, lower, following = tokens[i - 1][0], tokens[i][0].lower(), tokens[i + 1][0]
    if lower == "of":
        return following[0].isalnum() and (following.lower() in _DETERMINERS or following.lower() not in FUNCTION_WORDS)
    return lower in ("and", "&") and last[0].isupper() and following[0].isupper() and tokens[run[0]][0][0].isupper()


def _contracted(word: str) -> bool:
    """Say whether it is a function word with an ending: "what's", "they're"."""
    return re.split("['’]", word)[0] in FUNCTION_WORDS and ("'" in word or "’" in word)


def _phrase(text: str, tokens: Sequence[re.Match[str]], run: list[int]) -> Iterator[Phrase]:
    while run and tokens[run[-1]][0].lower() in _DETERMINERS | _WITHIN | {"of"}:
        run = run[:-1]
    if not run or len(run) > _MOST_WORDS:
        return
    before = tokens[run[0] - 1][0].lower() if run[0] else ""
    yield _between(text, tokens, run, before)
    named = _name_within(tokens, run)
    if named:
        yield _between(text, tokens, named, before if named[0] == run[0] else "", inner=True)
    links = [at for at, i in enumerate(run) if tokens[i][0] == "of"]
    if links and links[-1] + 1 < len(run) and not tokens[run[links[-1] - 1]][0][0].isupper():
        yield _between(text, tokens, run[links[-1] + 1 :], "of", inner=True)


def _name_within(tokens: Sequence[re.Match[str]], run: Sequence[int]) -> Sequence[int]:
    """Return the name that a longer phrase begins with, or has after its determiner: "Chile's plan", "the Lewis and Clark expedition"."""
    first = tokens[run[0]][0].lower() in _DETERMINERS
    end = int(first)
    while end < len(run) and (tokens[run[end]][0][0].isupper() or tokens[run[end]][0] == "and"):
        end += 1
        if re.search("['’]s?$", tokens[run[end - 1]][0]):
            break
    return run[int(first) : end] if int(first) < end < len(run) and "of" not in tokens[run[end]][0].split() else ()


def _between(text: str, tokens: Sequence[re.Match[str]], run: Sequence[int], before: str, *, inner: bool = False) -> Phrase:
    start, end = tokens[run[0]].start(), tokens[run[-1]].end()
    words = " ".join(text[start:end].split())
    return Phrase(re.sub("['’]s?$", "", words) if inner else words, start, end, before, inner)


def bare(word: str) -> str:
    """Return a word lower-cased and without its possessive ending."""
    return re.sub("['’]s?$", "", word.lower())

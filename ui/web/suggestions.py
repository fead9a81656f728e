"""Questions that the collection answers, offered to whoever has none yet: made from titles and from what is done, owned, paid and counted.

Each is tried before it is offered, and they are of as many kinds as can be. The same articles make the same questions. They are looked for
in the background, once for each state of the collection. Knows nothing of pages.
"""

from __future__ import annotations

import re
from collections import defaultdict
from threading import Lock, Thread
from typing import TYPE_CHECKING, NamedTuple

from index import ArticleOrder, AssayError
from rag import Question

if TYPE_CHECKING:
    from collections.abc import Iterator

    from index import Article

    from .service import Service

#: Questions that are offered, those that are tried for them, articles that are read for these, and characters of each.
OFFERED, TRIED, READ, _BEGINNING = 4, 40, 60, 20_000

#: Words of a question that is worth offering: shorter ones name too little, longer ones are read by nobody.
_FEWEST, _MOST = 5, 16

_NAME = r"(?P<who>(?:[Tt]he )?[A-Z][\w’'-]+(?: [A-Z][\w’'-]+){0,3})"
_ABOUT = r"(?:about |around |some |nearly |almost |over |more than |up to )?"
_NUMBER = r"\d[\d,.]*"
_ENDS = r"(?= (?:on|in|at|from|with|after|for|by|to|and|which|that|as|when|while)\b|[,.;])"
_DATED = re.compile(r"\b(?:1[89]|20)\d\d\b|\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b")


class _Pattern(NamedTuple):
    """What is said, and how it is asked for; where the answer is a date, its sentence must have one."""

    said: re.Pattern[str]
    asks: str
    dated: bool = False
    figure: bool = False
    """Whether the answer is a figure, which is of some year."""


_PATTERNS = (
    _Pattern(
        re.compile(
            rf"\b{_NAME} (?P<verb>produced|exported|imported|mined|refined|sold|bought) {_ABOUT}{_NUMBER}\s?(?:million )?"
            r"(?P<what>(?:tonnes|metric tons|tons|barrels|ounces|carats) of [a-z]+(?: [a-z]+){0,2}?)" + _ENDS
        ),
        "How many {what} did {who} {verb}?",
        figure=True,
    ),
    _Pattern(
        re.compile(
            rf"\b{_NAME} (?:accounts|accounted) for {_ABOUT}{_NUMBER} (?:percent|per cent|%) of "
            rf"(?P<what>(?:the |global |world )?[a-z][\w’'-]*(?: [\w’'-]+){{0,4}}?){_ENDS}"
        ),
        "What share of {what} does {who} account for?",
    ),
    _Pattern(
        re.compile(
            rf"\b{_NAME} (?P<verb>invested|spent|paid|lent|raised|borrowed) {_ABOUT}(?:US |[$€£])?{_NUMBER} ?(?:million|billion)"
            rf"(?: US)?(?: dollars| euros| pounds)? (?P<what>(?:in|on|for|to) (?:the |its |a |an )?[\w’'-]+(?: [\w’'-]+){{0,4}}?){_ENDS}"
        ),
        "How much did {who} {verb} {what}?",
    ),
    _Pattern(
        re.compile(
            rf"\b{_NAME},? (?P<verb>owns|runs|operates|heads|leads|chairs|controls|built|founded) "
            rf"(?P<what>(?:the |its )?(?:[\w’'-]+ ){{0,2}}[A-Z][\w’'-]+(?: [A-Z]?[\w’'-]+){{0,3}}?){_ENDS}"
        ),
        "Who {verb} {what}?",
    ),
    _Pattern(
        re.compile(
            rf"\b{_NAME} (?P<verb>announced|approved|banned|signed|opened|launched|suspended|halted|acquired|presented|lifted|imposed|"
            rf"replaced|raised|cut) (?P<what>(?:its|the|a|an|new|all)? ?[\w’'-]+(?: [\w’'-]+){{1,5}}?){_ENDS}"
        ),
        "When did {who} {verb} {what}?",
        dated=True,
    ),
)

#: What would be cut off, or give the answer away, at the end of a question.
_LOOSE = re.compile(r"^(?:it|that|this|his|her|their)\b|\b(?:it|that|first|\d{1,2})$", re.IGNORECASE)

#: What stands before a name that is only the end of one.
_PART = re.compile(r"\b(?:of|and|for|by) $")

#: The year that a figure is of.
_YEAR = re.compile(r"\bin ((?:19|20)\d\d)\b")

#: Titles that ask, and what they begin with.
_ASKS = re.compile(r"(?:Who|What|Why|How|Where|When|Which) [\w’', -]{15,110}\??$")

_PRESENT = dict(
    pair.split(":")
    for pair in (
        "announced:announce approved:approve banned:ban signed:sign opened:open launched:launch suspended:suspend halted:halt "
        "acquired:acquire presented:present lifted:lift imposed:impose replaced:replace raised:raise cut:cut produced:produce "
        "exported:export imported:import mined:mine refined:refine sold:sell bought:buy invested:invest spent:spend paid:pay lent:lend "
        "borrowed:borrow"
    ).split()
)

#: What stands in front of a verb and is no name.
_NO_NAMES = set("It He She They This That These Those We I In On At But And Who Which There Its Their His Her".split())

_SENTENCE = re.compile(r"[^.!?\n]*(?:[.!?](?=\d|[a-z])[^.!?\n]*)*[.!?]?")


class Candidate(NamedTuple):
    """A question that may be offered, and of which kind it is."""

    kind: int
    asked: str


class Suggestions:
    """Questions to begin with, by the state of the collection that they were made for."""

    def __init__(self, service: Service) -> None:
        """Know none yet."""
        self._service = service
        self._lock = Lock()
        self._made: tuple[int, tuple[str, ...]] | None = None
        self._making: int | None = None
        self._thread: Thread | None = None

    def ready(self) -> tuple[str, ...] | None:
        """Return the questions for the collection as it is; None while they are still looked for."""
        generation = self._generation()
        self.prepare()
        with self._lock:
            return self._made[1] if self._made is not None and self._made[0] == generation else None

    def prepare(self) -> Thread | None:
        """Begin to look for questions, unless that is being done."""
        generation = self._generation()
        with self._lock:
            if self._making == generation or (self._made is not None and self._made[0] == generation):
                return None
            self._making = generation
            self._thread = Thread(target=self._make, args=(generation,), daemon=True, name="suggestions")
            self._thread.start()
            return self._thread

    def _generation(self) -> int:
        with self._service.library.view() as view:
            return view.generation

    def _make(self, generation: int) -> None:
        found: list[str] = []
        try:
            found.extend(self._answered())
        except AssayError:
            pass  # an index that cannot be read now says so to whoever asks
        finally:
            with self._lock:
                self._made, self._making = (generation, tuple(found)), None

    def _answered(self) -> Iterator[str]:
        """Yield the first questions that get an answer, one an article; nothing is asked of a language model, whoever has one."""
        quoting = self._service.pipeline.quoting()
        used: set[str] = set()
        offered = tried = 0
        for article_id, asked in self._in_turn():
            if offered == OFFERED or tried == TRIED:
                return
            if article_id in used:
                continue
            tried += 1
            answer = quoting.ask(Question(asked))
            if not answer.abstained and any(one.article_id == article_id for one in answer.citations):
                used.add(article_id)
                offered += 1
                yield asked

    def _in_turn(self) -> Iterator[tuple[str, str]]:
        """Yield questions with the articles that they were made from, one of each kind in turn, those on the newest articles first."""
        kinds: dict[int, list[tuple[str, str]]] = defaultdict(list)
        for record in self._service.library.listed(order=ArticleOrder.NEWEST, limit=READ).records:
            for kind, asked in candidates(self._service.article(record["id"])):
                kinds[kind].append((record["id"], asked))
        for place in range(max(map(len, kinds.values()), default=0)):
            yield from (kinds[kind][place] for kind in sorted(kinds) if place < len(kinds[kind]))


def candidates(article: Article) -> Iterator[Candidate]:
    """Yield questions on an article: what its title asks, and what its sentences say, `Congo replaced its ban …` → `When did Congo …?`."""
    title = article.title.strip()
    if _ASKS.fullmatch(title):
        yield Candidate(len(_PATTERNS), title.rstrip("?") + "?")
    for sentence in _SENTENCE.findall(article.text[:_BEGINNING]):
        for kind, pattern in enumerate(_PATTERNS):
            asked = _asked(pattern, sentence)
            if asked and _FEWEST <= len(asked.split()) <= _MOST:
                yield Candidate(kind, asked)


def _asked(pattern: _Pattern, sentence: str) -> str | None:
    """Return how a sentence is asked for; None where it does not say such a thing, or what it names would not stand alone."""
    found = pattern.said.search(sentence)
    if found is None or (pattern.dated and not _DATED.search(sentence)):
        return None
    given = found.groupdict()
    who, what, verb = re.sub("^The ", "the ", given["who"]), given["what"].strip(), given.get("verb") or ""
    if who.split()[0] in _NO_NAMES or _LOOSE.search(what) or _DATED.search(what) or _PART.search(sentence[: found.start("who")]):
        return None
    if pattern.dated and (len(what.split()) < 3 or what.startswith(("on ", "in ", "at "))):
        return None
    asked = pattern.asks.format(who=who, what=what, verb=verb if pattern.asks.startswith("Who") else _PRESENT.get(verb, verb))
    year = _YEAR.search(sentence)
    return f"{asked[:-1]} in {year[1]}?" if year and pattern.figure else asked

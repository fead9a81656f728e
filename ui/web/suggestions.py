"""Questions that the collection answers, offered to whoever has none yet: made from titles and opening sentences, and tried.

The same articles make the same questions. They are looked for in the background, once for each state of the collection. Knows nothing of
pages.
"""

from __future__ import annotations

import re
from threading import Lock, Thread
from typing import TYPE_CHECKING

from index import AssayError
from rag import Question

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .service import Service

#: Questions that are offered, and those that are tried for them.
OFFERED, TRIED = 4, 40

#: What is done in a sentence, and how it is asked for.
_WHO = r"\b(?P<who>[A-Z][\w’'-]+(?: [A-Z][\w’'-]+){0,2}) "
_QUANTITY = re.compile(
    _WHO + r"(?P<verb>produced|exported|imported|mined|refined|sold|bought) (?:about |around |some |nearly |almost |over |more than )?"
    r"\d[\d,.]*\s?(?P<what>(?:tonnes|tons|barrels|ounces|carats) of [a-z]+)\b"
)
_DONE = re.compile(
    _WHO
    + r"(?P<verb>announced|approved|banned|signed|opened|launched|suspended|halted|acquired|presented|lifted|imposed|replaced|raised|cut) "
    r"(?P<what>(?:its|the|a|an|new|all)? ?[a-z][\w’'-]*(?: [\w’'-]+){0,5}?)"
    r"(?= (?:on|in|at|from|with|after|for|by|to|and|which|that|as)\b|[,.;])"
)

_PRESENT = dict(
    pair.split(":")
    for pair in (
        "announced:announce approved:approve banned:ban signed:sign opened:open launched:launch suspended:suspend halted:halt "
        "acquired:acquire presented:present lifted:lift imposed:impose replaced:replace raised:raise cut:cut produced:produce "
        "exported:export imported:import mined:mine refined:refine sold:sell bought:buy"
    ).split()
)

#: What stands in front of a verb and is no name.
_NO_NAMES = set("It He She They This That These Those We I In On At But And Who Which There".split())


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
        offered = tried = 0
        for record in self._service.articles():
            for asked in candidates(self._service.article(record["id"]).text):
                if offered == OFFERED or tried == TRIED:
                    return
                tried += 1
                answer = quoting.ask(Question(asked))
                if not answer.abstained and any(one.article_id == record["id"] for one in answer.citations):
                    offered += 1
                    yield asked
                    break


def candidates(text: str) -> Iterator[str]:
    """Yield questions on what is done in a text: `Congo replaced its ban on …` → `When did Congo replace its ban?`."""
    for found in _QUANTITY.finditer(text[:20_000]):
        if found["who"].split()[0] not in _NO_NAMES:
            yield f"How many {found['what']} did {_named(found['who'])} {_PRESENT[found['verb']]}?"
    for found in _DONE.finditer(text[:20_000]):
        if found["who"].split()[0] not in _NO_NAMES:
            yield f"When did {_named(found['who'])} {_PRESENT[found['verb']]} {found['what'].strip()}?"


def _named(who: str) -> str:
    return re.sub("^The ", "the ", who)

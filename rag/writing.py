"""An answer that a language model writes from the passages found, each sentence of it checked before it is passed on.

Whatever the model replies, nothing comes of it but sentences that the articles support, each with its quotes; or the nearest quotes and the
doubt, where such sentences are wanted. Knows nothing of how passages were found.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .answer import AnswerSentence, Citation, Removed
from .compose import cited
from .prompt import prompt
from .rewriting import rewritten
from .talk import NoReplyError
from .verify import Checked, Verdict, check
from .words import content_words
from .written import written

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from index import View

    from .question import Question
    from .read import Checker
    from .retrieve import Found
    from .talk import Talk

#: No more sentences are taken of one reply.
MOST_SENTENCES = 12


@dataclass(slots=True)
class Draft:
    """An answer as it grows."""

    sentences: list[AnswerSentence] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    removed: list[Removed] = field(default_factory=list)
    unknown: int = 0
    """So many numbers of passages that there are not were named."""
    says_nothing: bool = False
    """The model said that the articles do not say."""
    failure: str | None = None
    """Why the reply did not come, or not whole."""
    whole: bool = False
    """Nothing more will come."""


class Writer:
    """A language model that answers from passages, and whoever checks what it writes. Safe to share between threads."""

    def __init__(self, talk: Talk, checker: Checker | None, name: str, *, keep_unsupported: bool = False) -> None:
        """Write with the model called `name`; keep what is not supported, marked, where that is wanted."""
        self.name = name
        self._talk = talk
        self._checker = checker
        self._keep = keep_unsupported

    @property
    def rests(self) -> bool:
        """Say whether the model is not worth asking for a while."""
        return self._talk.rests

    def standalone(self, asked: Question) -> str | None:
        """Return a follow-up question as one that stands alone; None where the model makes none of it."""
        return None if self.rests else rewritten(self._talk, asked)

    def write(self, view: View, question: str, passages: Sequence[Found]) -> Iterator[Draft]:
        """Yield the draft, the same each time, whenever it grows by a sentence, and once when it is whole; raises nothing of a model."""
        draft = Draft()
        seen: set[str] = set()
        try:
            for one in written(self._talk.reply(prompt(question, passages)), len(passages)):
                draft.unknown += one.unknown
                if one.text.casefold() in seen or (len(content_words(one.text)) < 2 and not one.numbers):  # "Sure!"
                    draft.says_nothing = draft.says_nothing or one.says_nothing
                    continue
                seen.add(one.text.casefold())
                named = [passages[number - 1] for number in one.numbers]
                found = check(view, self._checker, one.text, named, [other for other in passages if other not in named])
                if one.says_nothing and found.verdict is not Verdict.SUPPORTED:  # else it is news: "The ministry did not say why"
                    draft.says_nothing = True
                elif self._add(view, draft, found):
                    yield draft
                if len(seen) == MOST_SENTENCES:
                    break
        except NoReplyError as error:
            draft.failure = str(error)
        draft.whole = True
        yield draft

    def _add(self, view: View, draft: Draft, found: Checked) -> bool:
        """Add a sentence with its citations; say whether it is shown."""
        if found.verdict is not Verdict.SUPPORTED and not (self._keep and found.quotes):
            draft.removed.append(Removed(found.text, found.reason or ""))
            return False
        numbers = []
        for quote in found.quotes:
            made = cited(view, quote.found, quote.span, len(draft.citations) + 1)
            known = next((one for one in draft.citations if one.cites_the_same(made)), None)
            if known is None:
                draft.citations.append(made)
            if (known or made).n not in numbers:
                numbers.append((known or made).n)
        draft.sentences.append(AnswerSentence(found.text, tuple(numbers), found.support, str(found.verdict), found.reason))
        return True

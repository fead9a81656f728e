"""What is said of an answer, in the same words on every surface: the terminal, the page, exports, plain text for clients. Pure.

Knows nothing of how words look where they are shown.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, assert_never

from rag import Reason, difference_in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from index import ArticleFilter
    from rag import Answer, AnswerSentence


class Surface(Enum):
    """Where somebody reads, who may be told what to do there."""

    TERMINAL = "terminal"
    PAGE = "page"


def reason_words(reason: Reason, surface: Surface) -> str:
    """Say why there is no answer, and what can be done."""
    match reason:
        case Reason.EMPTY_INDEX if surface is Surface.PAGE:
            return "There are no articles yet. Add some in the Library tab, or with assay add PATH."
        case Reason.EMPTY_INDEX:
            return "There are no articles yet; add some with `assay add PATH`."
        case Reason.NOTHING_SELECTED:
            return "No article passes the filters that were set."
        case Reason.NOTHING_FOUND:
            return "No passage has anything to do with the question."
        case Reason.NOT_SUPPORTED:
            return "The passages that were found do not answer the question well enough to be shown as an answer."
        case _:
            assert_never(reason)


def doubt_of(sentence: AnswerSentence) -> str | None:
    """Say that a sentence is supported less than it should be, and why; None where it is supported."""
    if sentence.verdict == "supported" and not sentence.doubt:
        return None
    word = "Not supported" if sentence.verdict == "unsupported" else "Weakly supported"
    return f"{word}: {sentence.doubt}" if sentence.doubt else word


def notes_of(answer: Answer) -> list[str]:
    """Return what is to be known of an answer beside its sentences: its notes, what articles say differently, what stays open."""
    differs = difference_in_words(answer.conflict, answer.citations) if answer.conflict else None
    said = [*answer.notes, *([differs] if differs and differs not in answer.notes else [])]
    return [*said, *(f"Not answered: {part.question}" for part in answer.parts if not part.answered)]


def confidence_words(confidence: float) -> str:
    """Return a probability in a word and a number: `high (0.87)`."""
    word = "high" if confidence >= 0.8 else "medium" if confidence >= 0.5 else "low"
    return f"{word} ({confidence:.2f})"


def searched_words(answer: Answer, articles: int, limits: Sequence[str]) -> str:
    """Say what an answer was looked for in: all the articles there are, or what the limits leave of them."""
    words = counted(articles, "article") + (f", of those only {', '.join(limits)}" if limits else "")
    return f"Searched: {words}; {counted(len(answer.hits), 'passage')} read."


def searched_then(answer: Answer) -> str:
    """Say of an answer that came back without these words what is still known of where it was looked for."""
    return f"Searched: the articles as they were when this was asked; {counted(len(answer.hits), 'passage')} of those read kept."


def limits_of(only: ArticleFilter | None, title: Callable[[str], str] = str, language: Callable[[str], str] = str) -> list[str]:
    """Return what a filter leaves to be searched, in words; `title` names an article of an id, `language` one of a code."""
    if not only:
        return []
    limits = [f"source {' or '.join(only.sources)}"] if only.sources else []
    limits += [f"by {' or '.join(only.authors)}"] if only.authors else []
    limits += [f"in language {' or '.join(map(language, only.languages))}"] if only.languages else []
    limits += [f"from {only.after}"] if only.after else []
    limits += [f"up to {only.before}"] if only.before else []
    if only.ids:
        limits.append(title(only.ids[0]) if len(only.ids) == 1 else f"{len(only.ids)} chosen articles")
    return limits


def counted(count: int, noun: str) -> str:
    """Return `1 question`, `2 questions`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"

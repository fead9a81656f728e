"""Question and passage read together: does it bear on the question, where in it stands the answer, or is it not there.

Or a claim in the question's place: does the passage support it. The `Reader` that the pipeline needs, and the one that runs a network which
scores tokens: our own, or any extractive question-answering model of Hugging Face's transformers. Passages longer than a network reads are
read in windows that overlap. Knows nothing of how passages were found, and of what is made of readings.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from index import ModelError, Span

from .network import END, RELEVANCE, START, SUPPORT
from .odds import probability

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray
    from tokenizers import Encoding

    from index import Encoder, TextTokenizer

    Logits = NDArray[np.float32]

#: A question is read up to so many tokens, or to a quarter of all that fits: the rest of one so long says nothing new.
QUESTION_TOKENS = 64

#: Two windows of one passage share so many tokens, more than an answer has, or a quarter of all that fits.
OVERLAP = 64

#: An answer has at most so many tokens.
ANSWER_TOKENS = 48

#: So many answers of a passage are told apart, none of which shares a character with another.
ANSWERS = 5


class Readable(NamedTuple):
    """A passage as it is read: its context line, its text, and where that begins in its article."""

    context: str
    text: str
    start: int = 0


class ReadSpan(NamedTuple):
    """Characters of the article that may be the answer, and the probability that they are it, if it stands in the passage at all."""

    span: Span
    probability: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading one passage for one question says."""

    relevance: float
    """The probability that the passage bears on the question, from 0 to 1."""
    no_answer: float
    """The probability that the answer does not stand in it, from 0 to 1."""
    answers: tuple[ReadSpan, ...]
    """The likeliest answers, the best first; empty where the passage has no token that could be one."""

    @property
    def span(self) -> Span | None:
        """Return the likeliest answer."""
        return self.answers[0].span if self.answers else None

    @property
    def span_score(self) -> float:
        """Return the probability of the likeliest answer, if there is one."""
        return self.answers[0].probability if self.answers else 0.0


class Reader(Protocol):
    """What the pipeline asks of a reader; ours and the user's own fit alike."""

    @property
    def name(self) -> str:
        """The reader's name or folder, as the user would give it again."""

    def read(self, question: str, passages: Sequence[Readable]) -> list[Reading]:
        """Return what reading each passage for the question says, in order."""


class Checker(Protocol):
    """What the checking of answers asks of a model; our reader is one."""

    @property
    def name(self) -> str:
        """The model's name or folder, as the user would give it again."""

    def support(self, claim: str, passages: Sequence[Readable]) -> list[float]:
        """Return the probability that each passage supports the claim, in order."""


class Calibration(NamedTuple):
    """How logits become probabilities: `sigmoid(scale * logit + shift)`, for each of the three."""

    relevance: tuple[float, float] = (1.0, 0.0)
    no_answer: tuple[float, float] = (1.0, 0.0)
    support: tuple[float, float] | None = None
    """None where it was not taught to check claims."""


#: Logits as they come.
UNCALIBRATED = Calibration()


class SpanReader:
    """A network that scores tokens, as a reader. Safe to share between threads."""

    def __init__(self, name: str, encoder: Encoder, calibration: Calibration = UNCALIBRATED) -> None:
        """Read with `encoder`, whose rows are logits a token: start, end and, where there are more, relevance and support at the first."""
        self.name = name
        self._encoder = encoder
        self._calibration = calibration

    def read(self, question: str, passages: Sequence[Readable]) -> list[Reading]:
        """Return what reading each passage for the question says, in order."""
        pairs = paired(self._encoder, question, passages)
        logits = iter(self._encoder.run([window for windows in pairs for window in windows]))
        return [
            self._reading(passage, [(window, next(logits)) for window in windows]) for passage, windows in zip(passages, pairs, strict=True)
        ]

    @property
    def checks(self) -> bool:
        """Say whether it was taught to check claims."""
        return self._calibration.support is not None

    def support(self, claim: str, passages: Sequence[Readable]) -> list[float]:
        """Return the probability that each passage supports the claim, that of its best window; raises `ModelError` for other models."""
        if self._calibration.support is None:
            raise ModelError(f"expected a model that checks claims, found {self.name!r}, which finds answers")
        pairs = paired(self._encoder, claim, passages)
        logits = iter(self._encoder.run([window for windows in pairs for window in windows]))
        best = [max(float(next(logits)[0, SUPPORT]) for _ in windows) for windows in pairs]
        return [_probability(one, self._calibration.support) for one in best]

    def _reading(self, passage: Readable, windows: Sequence[tuple[Encoding, Logits]]) -> Reading:
        """Join what was read in the windows of one passage: the likeliest of all their answers, the highest of all their relevances."""
        found: list[tuple[float, Span]] = []
        relevance, absent = -np.inf, np.inf
        for window, logits in windows:
            null = float(logits[0, START] + logits[0, END])
            scored = list(_answers(window, logits, passage))
            found += [(score - null, span) for score, span in scored]
            absent = min(absent, -_log_sum(score - null for score, _ in scored)) if scored else absent
            if logits.shape[1] > RELEVANCE:
                relevance = max(relevance, float(logits[0, RELEVANCE]))
        no_answer = _probability(absent, self._calibration.no_answer)
        return Reading(
            relevance=1 - no_answer if relevance == -np.inf else _probability(relevance, self._calibration.relevance),
            no_answer=no_answer,
            answers=_best(found, passage.start),
        )


def paired(tokenizer: TextTokenizer, question: str, passages: Sequence[Readable]) -> list[list[Encoding]]:
    """Return the windows in which a question and each passage, its context line in front, are read."""
    asked = tokenizer.tokenize([question])[0]
    ends = [end for (_, end), special in zip(asked.offsets, asked.special_tokens_mask, strict=True) if not special]
    quarter = tokenizer.max_tokens // 4
    if len(ends) > min(QUESTION_TOKENS, quarter):
        question = question[: ends[min(QUESTION_TOKENS, quarter) - 1]]
    return tokenizer.tokenize_pairs([(question, shown(passage)) for passage in passages], overlap=min(OVERLAP, quarter))


def shown(passage: Readable) -> str:
    """Return a passage as it is read: its context line, unless there is none or the text begins with it, and its text."""
    known = passage.text.startswith(passage.context.rstrip("…"))  # an article without a title is called by its first words
    return passage.text if known else f"{passage.context}\n{passage.text}"


def text_tokens(window: Encoding, passage: Readable) -> tuple[list[int], list[Span]]:
    """Return which tokens of a window are of the passage's text, context line left out, and the characters of the text that they cover."""
    before = len(shown(passage)) - len(passage.text)
    places, spans = [], []
    for place, (sequence, (start, end)) in enumerate(zip(window.sequence_ids, window.offsets, strict=True)):
        piece = passage.text[max(0, start - before) : max(0, end - before)]
        if sequence == 1 and piece.strip():
            last = end - before
            places.append(place)
            spans.append(Span(last - len(piece.lstrip()), last))  # some tokenizers count the space before a word to it
    return places, spans


def _answers(window: Encoding, logits: Logits, passage: Readable) -> Iterator[tuple[float, Span]]:
    """Yield the best answers of a window with the sums of their logits, the best first, none of which overlap."""
    places, spans = text_tokens(window, passage)
    if not places:
        return
    scores = logits[places, START][:, None] + logits[places, END][None, :]
    length = len(places)
    opens, closes = _word_edges(window, places, spans, passage.text)
    allowed = np.tri(length, dtype=bool).T & np.tri(length, k=ANSWER_TOKENS - 1, dtype=bool) & opens[:, None] & closes[None, :]
    scores = np.where(allowed, scores, -np.inf)
    for _ in range(ANSWERS):
        first, last = divmod(int(scores.argmax()), length)
        if scores[first, last] == -np.inf:
            return
        yield float(scores[first, last]), Span(spans[first].start, spans[last].end)
        scores[: last + 1, first:] = -np.inf  # whatever begins before its end and ends after its beginning


def _word_edges(window: Encoding, places: Sequence[int], spans: Sequence[Span], text: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which tokens begin a word and which end one; a window may begin or end within a word."""
    words = [window.word_ids[place] for place in places]
    parted = [one is None or one != other for one, other in pairwise(words)]
    first, last = spans[0].start, spans[-1].end
    opens = not (text[:first][-1:].isalnum() and text[first : first + 1].isalnum())
    closes = not (text[last - 1 : last].isalnum() and text[last : last + 1].isalnum())
    return np.array([opens, *parted]), np.array([*parted, closes])


def _best(found: Iterable[tuple[float, Span]], offset: int) -> tuple[ReadSpan, ...]:
    """Return the best answers over all windows, none of which overlap, as places in the article."""
    kept: list[tuple[float, Span]] = []
    for score, span in sorted(found, key=lambda one: (-one[0], one[1])):
        if len(kept) < ANSWERS and all(span.end <= other.start or other.end <= span.start for _, other in kept):
            kept.append((score, span))
    whole = _log_sum(score for score, _ in kept)
    return tuple(ReadSpan(Span(span.start + offset, span.end + offset), float(np.exp(score - whole))) for score, span in kept)


def _probability(logit: float, calibration: tuple[float, float]) -> float:
    scale, shift = calibration
    return probability(scale * logit + shift)


def _log_sum(scores: Iterable[float]) -> float:
    return float(np.logaddexp.reduce(np.array(list(scores) or [-np.inf], np.float64)))

"""What the network is taught to minimise: a batch of candidates, and how far its scores are from what is known of them.

Five terms, each a mean over those that it is of:

- the tokens at which the answer begins and ends, or the first token where it is not there: cross-entropy over a passage's tokens, the
  probability of all right ones together (marginal likelihood; Clark & Gardner, "Simple and Effective Multi-Paragraph Reading
  Comprehension", ACL 2018);
- the same over all passages of a question together, without the first tokens, so that scores of different passages can be compared (their
  "shared normalisation");
- which of a question's passages bears on it: cross-entropy over the passages;
- whether a passage bears on the question: cross-entropy of yes and no;
- whether a passage supports a claim, which asks nothing: the same.

Knows nothing of lessons.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.nn import functional

from rag import END, RELEVANCE, START, SUPPORT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .features import Features

#: How much each of the five terms counts.
PASSAGE, SHARED, LISTED, BEARS, SUPPORTS = 1.0, 0.5, 0.5, 0.25, 1.0


class Batch(NamedTuple):
    """Candidates of several questions, padded to one length: n candidates of `length` tokens."""

    inputs: dict[str, torch.Tensor]
    """`input_ids`, `attention_mask` and `token_type_ids`, int64 (n, length)."""
    readable: torch.Tensor
    """Bool (n, length): tokens that an answer may consist of."""
    targets: tuple[torch.Tensor, torch.Tensor]
    """Bool (n, length): where the answer may begin, and where it may end; the first token where it is not there."""
    relevant: torch.Tensor
    """Float (n,): 1, 0, or -1 where nobody said."""
    supports: torch.Tensor
    """Float (n,): 1 or 0 beside a claim, -1 beside a question."""
    question: torch.Tensor
    """Int64 (n,): the place of the question, from 0."""

    def to(self, device: str) -> Batch:
        """Return the batch on a device."""
        first, last = self.targets
        moved = {name: value.to(device) for name, value in self.inputs.items()}
        return Batch(
            moved,
            self.readable.to(device),
            (first.to(device), last.to(device)),
            self.relevant.to(device),
            self.supports.to(device),
            self.question.to(device),
        )


def batch_of(groups: Sequence[Sequence[Features]], *, step: int = 8) -> Batch:
    """Return the candidates of several questions as one batch, its length a multiple of `step`."""
    rows = [one for group in groups for one in group]
    shape = (len(rows), -(-max(one.length for one in rows) // step) * step)
    ids, mask, types = (torch.zeros(shape, dtype=torch.int64) for _ in range(3))
    readable, first, last = (torch.zeros(shape, dtype=torch.bool) for _ in range(3))
    for place, one in enumerate(rows):
        ids[place, : one.length] = torch.tensor(one.ids)
        types[place, : one.length] = torch.tensor(one.types)
        mask[place, : one.length] = 1
        readable[place, one.readable] = True
        first[place, one.starts or [0]] = True
        last[place, one.ends or [0]] = True
    inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
    relevant, supports = (
        torch.tensor([-1.0 if known is None else float(known) for known in told])
        for told in ([one.relevant for one in rows], [one.supports for one in rows])
    )
    question = torch.tensor([place for place, group in enumerate(groups) for _ in group])
    return Batch(inputs, readable, (first, last), relevant, supports, question)


def loss(logits: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Return the loss of a batch; `logits` are float (n, length, 4)."""
    logits = logits.float()
    relevance = logits[:, 0, RELEVANCE]
    total = LISTED * _listed(relevance, batch) + BEARS * _told(relevance, batch.relevant)
    total = total + SUPPORTS * _told(logits[:, 0, SUPPORT], batch.supports)
    asked = (batch.supports < 0).float()
    null = torch.zeros_like(batch.readable)
    null[:, 0] = True
    for channel, targets in zip((START, END), batch.targets, strict=True):
        scores = logits[..., channel]
        within = _log_sum(scores, targets) - _log_sum(scores, batch.readable | null)
        mean = (within * asked).sum() / asked.sum().clamp(min=1)
        total = total - PASSAGE * mean / 2 - SHARED * _shared(scores, targets & ~null, batch) / 2
    return total


def _log_sum(scores: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
    """Return the logarithm of the sum of exponentials of the chosen scores of each row; very low where none is chosen."""
    return torch.logsumexp(scores.masked_fill(~chosen, -1e4), dim=1)


def _by_question(values: torch.Tensor, question: torch.Tensor) -> torch.Tensor:
    """Return the logarithm of the sum of exponentials of `values`, (n,), over the candidates of each question, (questions,)."""
    same = question.unsqueeze(0) == torch.arange(int(question.max()) + 1, device=question.device).unsqueeze(1)
    return torch.logsumexp(values.unsqueeze(0).masked_fill(~same, -1e4), dim=1)


def _shared(scores: torch.Tensor, targets: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Return the mean logarithm of the probability of the right tokens among those of all passages of a question that has any."""
    right = _by_question(_log_sum(scores, targets), batch.question)
    every = _by_question(_log_sum(scores, batch.readable), batch.question)
    answered = right > -1e3
    return (right - every)[answered].sum() / answered.sum().clamp(min=1)


def _listed(relevance: torch.Tensor, batch: Batch) -> torch.Tensor:
    right = _by_question(relevance.masked_fill(batch.relevant != 1, -1e4), batch.question)
    every = _by_question(relevance.masked_fill(batch.relevant < 0, -1e4), batch.question)
    answered = right > -1e3
    return (every - right)[answered].sum() / answered.sum().clamp(min=1)


def _told(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Return the mean cross-entropy of yes and no over the rows whose truth is told, which is not -1."""
    known = truth >= 0
    each = functional.binary_cross_entropy_with_logits(logits, truth.clamp(min=0), reduction="none")
    return (each * known).sum() / known.sum().clamp(min=1)

"""The training loop: batches in an order that a seed fixes, AdamW, an average of the weights on the way, interrupted and taken up again.

A run that was interrupted ends with the same weights as one that was not (on a processor; a GPU may add in another order). Checkpoints are
safetensors, never pickles. Knows nothing of where lessons come from.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from tqdm import tqdm

from index import replaced
from rag import FROZEN

from .cropped import cropped
from .features import features
from .layers import prepare
from .objective import BEARS, LISTED, PASSAGE, SHARED, SUPPORTS, batch_of, loss

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from index import TextTokenizer

    from .lesson import Candidate, Lesson

    #: A lesson with those of its candidates that are shown.
    _Drawn: TypeAlias = tuple[Lesson, list[Candidate]]

#: A batch has about so many tokens, padding included.
BATCH_TOKENS = 4096

#: Lessons are sorted by length among so many, so that a batch holds little padding and its questions still are mixed.
_SORTED_AMONG = 512

#: Seconds between two checkpoints.
_EVERY = 240

#: What AdamW keeps of each weight.
_MOMENTS = ("exp_avg", "exp_avg_sq", "step")


@dataclass(frozen=True, slots=True)
class Stage:
    """Lessons that are gone through some times before the next stage begins."""

    lessons: Sequence[Lesson]
    epochs: int
    wrong: int
    """So many passages that do not answer are shown with each question, drawn anew each time, the best more often."""
    most: int | None = None
    """Passages are cut down to so many characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How steps are made."""

    peak: float = 1.5e-4
    """The highest learning rate: reached after the warm-up, then falling to a twentieth as a cosine does."""
    warm_up: float = 0.05
    """The share of all steps in which it rises."""
    decay: float = 0.01
    """Weight decay."""
    average: float = 0.999
    """How much of the average of the weights stays at a step (Polyak & Juditsky, 1992, exponentially weighted)."""
    dropout: float = 0.1
    """The share of each layer's outputs that is left out at a step; none of attention's."""
    clip: float = 1.0
    """The longest gradient."""
    seed: int = 1963


def fit(module: Any, tokenizer: TextTokenizer, stages: Sequence[Stage], schedule: Schedule, folder: Path) -> dict[str, torch.Tensor]:
    """Train `module` in place and return the average of its weights.

    Goes on from the checkpoint in `folder` when there is one of the same lessons and schedule, and begins anew when it is of others. On a
    GPU where there is one, in bfloat16. A bar on stderr shows the loss.
    """
    folder.mkdir(parents=True, exist_ok=True)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    module.to(device).train()
    prepare(module, module.encoder, schedule.dropout)
    steps = [step for place, stage in enumerate(stages) for step in _steps(stage, tokenizer, f"{schedule.seed} {place}")]
    trained = {name: value for name, value in module.named_parameters() if name != FROZEN}
    module.get_parameter(FROZEN).requires_grad_(False)
    optimizer = torch.optim.AdamW(trained.values(), lr=schedule.peak, weight_decay=schedule.decay, fused=True)
    average = {name: value.detach().clone() for name, value in trained.items()}
    file = folder / "checkpoint.safetensors"
    plan = _plan(stages, schedule)
    done = _resume(file, plan, trained, average, optimizer)
    saved, smooth = time.monotonic(), math.nan
    with tqdm(total=len(steps), initial=done, unit="step", desc="training", disable=None) as bar:
        for place in range(done, len(steps)):
            for group in optimizer.param_groups:
                group["lr"] = _rate(schedule, place, len(steps))
            torch.manual_seed(schedule.seed * 1_000_003 + place)  # dropout's: the same after an interruption
            value = _step(module, tokenizer, steps[place], optimizer, schedule, device)
            smooth = value if math.isnan(smooth) else 0.98 * smooth + 0.02 * value
            kept = min(schedule.average, (place + 1) / (place + 10))
            with torch.no_grad():
                for name, parameter in trained.items():
                    average[name].lerp_(parameter, 1 - kept)
            bar.update()
            bar.set_postfix(loss=f"{smooth:.3f}", refresh=False)
            if time.monotonic() - saved > _EVERY:
                _save(file, plan, place + 1, trained, average, optimizer)
                saved = time.monotonic()
    _save(file, plan, len(steps), trained, average, optimizer)
    weights = {name: value.detach().cpu().clone() for name, value in module.state_dict().items()}
    return weights | {name: value.cpu() for name, value in average.items()}


def _step(
    module: Any, tokenizer: TextTokenizer, drawn: Sequence[_Drawn], optimizer: torch.optim.Optimizer, schedule: Schedule, device: str
) -> float:
    groups = [made for lesson, candidates in drawn if (made := features(tokenizer, lesson, candidates))]
    if not groups:
        return 0.0
    batch = batch_of(groups).to(device)
    with torch.autocast(device, dtype=torch.bfloat16):
        logits = module(**batch.inputs)
    value = loss(logits, batch)
    value.backward()  # type: ignore[no-untyped-call]  # torch's own
    torch.nn.utils.clip_grad_norm_(module.parameters(), schedule.clip)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return float(value.detach())


def _rate(schedule: Schedule, place: int, steps: int) -> float:
    warm = max(1, round(schedule.warm_up * steps))
    if place < warm:
        return schedule.peak * (place + 1) / warm
    fall = (1 + math.cos(math.pi * (place - warm) / max(1, steps - warm))) / 2
    return schedule.peak * (0.05 + 0.95 * fall)


def _steps(stage: Stage, tokenizer: TextTokenizer, seed: str) -> Iterator[list[_Drawn]]:
    """Yield the batches of a stage, each of about `BATCH_TOKENS` tokens, in the order that the seed fixes."""
    for epoch in range(stage.epochs):
        chance = Random(f"{seed} {epoch}")  # noqa: S311  # an order, no secret
        drawn = [(lesson, _draw(lesson, stage, chance)) for lesson in chance.sample(stage.lessons, len(stage.lessons))]
        lengths = _lengths(drawn, tokenizer)
        batches: list[list[_Drawn]] = []
        for first in range(0, len(drawn), _SORTED_AMONG):
            batches += _cut(drawn[first : first + _SORTED_AMONG], lengths)
        chance.shuffle(batches)
        yield from batches


def _draw(lesson: Lesson, stage: Stage, chance: Random) -> list[Candidate]:
    """Choose what is shown: a passage that answers, or one that nearly does, and others that do not."""
    own = [one for one in lesson.candidates if one.spans or one.relevant is None]
    others = [one for one in lesson.candidates if not one.spans and one.relevant is not None]
    weights = [1 / (place + 2) for place in range(len(others))]
    chosen: dict[int, None] = {}
    while len(chosen) < min(stage.wrong, len(others)):
        chosen[chance.choices(range(len(others)), weights)[0]] = None
    shown = [*([chance.choice(own)] if own else []), *(others[place] for place in chosen)]
    return shown if stage.most is None else [cropped(one, stage.most, chance) for one in shown]


def _cut(drawn: Sequence[_Drawn], lengths: dict[int, int]) -> list[list[_Drawn]]:
    """Cut lessons into batches, those of like length together."""

    def longest(one: _Drawn) -> int:
        return max(lengths[id(candidate)] for candidate in one[1])

    batches: list[list[_Drawn]] = []
    batch: list[_Drawn] = []
    rows = 0
    for one in sorted(drawn, key=longest, reverse=True):
        width = longest(batch[0]) if batch else longest(one)
        if batch and (rows + len(one[1])) * width > BATCH_TOKENS:
            batches.append(batch)
            batch, rows = [], 0
        batch.append(one)
        rows += len(one[1])
    return [*batches, batch] if batch else batches


def _lengths(drawn: Sequence[_Drawn], tokenizer: TextTokenizer) -> dict[int, int]:
    """Return about how many tokens each candidate has beside its question, by identity."""
    every = [(one, lesson) for lesson, shown in drawn for one in shown]
    texts = [f"{lesson.question} {one.context} {one.text}" for one, lesson in every]
    counts = [count for first in range(0, len(texts), 1000) for count in tokenizer.count_tokens(texts[first : first + 1000])]
    return {id(one): min(count + 3, tokenizer.max_tokens) for (one, _), count in zip(every, counts, strict=True)}


# --- checkpoints ------------------------------------------------------------------------------------------------------


def _plan(stages: Sequence[Stage], schedule: Schedule) -> str:
    """Return a checksum of all that decides on the steps."""
    digest = hashlib.sha256(f"{schedule} {BATCH_TOKENS} {_SORTED_AMONG} {(PASSAGE, SHARED, LISTED, BEARS, SUPPORTS)}\n".encode())
    for stage in stages:
        digest.update(f"{stage.epochs} {stage.wrong} {stage.most}\n".encode())
        for lesson in stage.lessons:
            digest.update(json.dumps(lesson.to_json(), sort_keys=True).encode())
    return digest.hexdigest()


def _save(
    file: Path,
    plan: str,
    done: int,
    trained: dict[str, torch.nn.Parameter],
    average: dict[str, torch.Tensor],
    optimizer: torch.optim.Optimizer,
) -> None:
    tensors: dict[str, torch.Tensor] = {}
    for name, parameter in trained.items():
        state = optimizer.state[parameter]
        tensors |= {f"{name}|weight": parameter.detach(), f"{name}|average": average[name]}
        tensors |= {f"{name}|{moment}": state[moment] for moment in _MOMENTS}
    with replaced(file) as partial:
        save_file({name: value.contiguous().cpu() for name, value in tensors.items()}, partial, metadata={"plan": plan, "done": str(done)})


def _resume(
    file: Path, plan: str, trained: dict[str, torch.nn.Parameter], average: dict[str, torch.Tensor], optimizer: torch.optim.Optimizer
) -> int:
    """Put back what `_save` kept of the same plan, and return how many steps were done; none where there is nothing of it."""
    if not file.exists():
        return 0
    with safe_open(file, framework="pt") as opened:
        about = opened.metadata()
    if about.get("plan") != plan:
        return 0
    tensors = load_file(file)
    with torch.no_grad():
        for name, parameter in trained.items():
            parameter.copy_(tensors[f"{name}|weight"])
            average[name].copy_(tensors[f"{name}|average"])
            optimizer.state[parameter] = {moment: tensors[f"{name}|{moment}"].to(parameter.device) for moment in _MOMENTS}
    return int(about["done"])

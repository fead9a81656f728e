"""`make eval-conversations`: how well follow-up questions are understood without a language model, into docs/conversations.md.

Each follow-up of the public conversations is put as a question that stands alone and held against what a person wrote for it; beside it the
question as it was asked, all that the user asked so far, and the question joined to the one before where it leans. What the weights of the
rules were fitted on is told from what was held out, whole conversations at a time. Knows nothing of how a question is understood.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING

from index import AssayError
from rag import Question, leans

from ..command import carried_out
from ..formats import load_dataset
from ..grading.wording import held, normalised, rouge_l
from .__main__ import facts
from .aims import Line
from .conversations_page import Pair, System, conversations_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rag import Turn

    from ..dataset import Example


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the conversations: the files that it is taken from, and which of their conversations."""

    name: str
    files: tuple[str, ...]
    apart: str = ""
    """What stands between a conversation's name and the turn's in the id of a question."""
    half: int | None = None
    """Only this half of the conversations, 0 or 1, by the digest of their names."""
    seen: bool = False
    """The rules were written by it, or their weights fitted on it."""


PARTS = (
    Part("CANARD, development part", ("canard_dev.jsonl.gz",), seen=True),
    Part("TREC CAsT, half of the conversations", ("trec_cast.jsonl.gz",), "_", 0, seen=True),
    Part("TREC CAsT, the other half", ("trec_cast.jsonl.gz",), "_", 1),
    Part("MTRAG, clapnq and cloud", ("mtrag_rewrites_clapnq.jsonl", "mtrag_rewrites_cloud.jsonl"), seen=True),
    Part("MTRAG, fiqa and govt", ("mtrag_rewrites_fiqa.jsonl", "mtrag_rewrites_govt.jsonl")),
)

#: Of the gap between the question as it was asked and a person's, so much should be closed; of those that stand alone, so many left alone.
GAP, UNTOUCHED = 0.5, 0.95

_EXAMPLES = 20


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and write; 2 when something is missing, in one line."""
    parser = argparse.ArgumentParser(prog="python -m eval.suite.conversations", description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("ASSAY_DATA") or None, help="the folder of the public sets")
    parser.add_argument("--out", type=Path, default=Path("docs"), help="gets conversations.md")
    arguments = parser.parse_args(argv)
    return carried_out("eval-conversations", lambda: _eval_conversations(arguments), interrupted="nothing was written")


def _eval_conversations(arguments: argparse.Namespace) -> None:
    if arguments.data is None or not arguments.data.is_dir():
        raise AssayError("expected the folder of the public sets, found none; give it with --data or ASSAY_DATA")
    systems: dict[str, list[System]] = {}
    lines: list[Line] = []
    examples: list[Pair] = []
    for part in PARTS:
        name = f"{part.name} ({'seen' if part.seen else 'held out'})"
        asked = follow_ups(part, arguments.data / "multiturn")
        systems[name] = [compared(system, put, asked) for system, put in SYSTEMS.items()]
        lines += _lines(name, asked)
        if part.seen:
            examples += _drawn(asked)
    about = {key: value for key, value in facts([]).items() if key in ("Date", "Machine", "Versions")}
    about["Command"] = "`make eval-conversations`, with the public sets in `ASSAY_DATA`"
    text = conversations_page(systems, lines, sorted(examples, key=_digest)[:_EXAMPLES], about)
    (arguments.out / "conversations.md").write_text(text, encoding="utf-8")
    print(arguments.out / "conversations.md")


def follow_ups(part: Part, folder: Path) -> list[Example]:
    """Return the questions of a part that follow others, each with what a person wrote for it."""
    found = [example for file in part.files for example in load_dataset(folder / file).examples if example.history and example.rewrite]
    return [one for one in found if part.half is None or _half(one.id.rpartition(part.apart)[0] if part.apart else one.id) == part.half]


def _half(conversation: str) -> int:
    return int(hashlib.sha256(conversation.encode()).hexdigest(), 16) % 2


# --- systems ----------------------------------------------------------------------------------------------------------


def _users(history: Sequence[Turn]) -> list[str]:
    return [turn.content for turn in history if turn.role == "user"]


def _as_asked(one: Example) -> str:
    return one.question


def _all_of_it(one: Example) -> str:
    return " ".join([*_users(one.history), one.question])


def _joined(one: Example) -> str:
    """Return the question joined to those before it for as long as each leans on the one before."""
    whole = ""
    for turn in (*_users(one.history), one.question):
        whole = f"{whole} {turn}" if whole and leans(turn) else turn
    return whole


def understood(one: Example) -> str:
    """Return the question as Assay understands it."""
    return Question(one.question, one.history).standalone


SYSTEMS: dict[str, Callable[[Example], str]] = {
    "the question as asked": _as_asked,
    "all that the user asked, joined": _all_of_it,
    "joined to the turn before where it leans": _joined,
    "Assay": understood,
}


# --- measures ---------------------------------------------------------------------------------------------------------


def compared(system: str, put: Callable[[Example], str], asked: Sequence[Example]) -> System:
    """Return how near a way of putting questions comes to a person's."""
    pairs = [(put(one), one.rewrite or "") for one in asked]
    return System(
        system,
        rouge=mean(rouge_l(ours, theirs) for ours, theirs in pairs),
        recall=mean(held(ours, theirs) for ours, theirs in pairs),
        precision=mean(held(theirs, ours) for ours, theirs in pairs),
    )


def closed(before: float, after: float) -> float:
    """Return the share of the gap between a mean and 1 that another mean has closed; less than 0 where it is wider."""
    return (after - before) / (1 - before) if before < 1 else 0.0


def stands_alone(one: Example) -> bool:
    """Say whether a person left the question as it was but for case, punctuation and articles."""
    return normalised(one.question) == normalised(one.rewrite or "")


def _lines(part: str, asked: Sequence[Example]) -> Iterator[Line]:
    started = time.perf_counter()
    ours = [understood(one) for one in asked]
    took = (time.perf_counter() - started) * 1000 / len(asked)
    for name, measure in (("ROUGE-L", rouge_l), ("content words", held)):
        before = mean(measure(one.question, one.rewrite or "") for one in asked)
        after = mean(measure(put, one.rewrite or "") for put, one in zip(ours, asked, strict=True))
        yield Line(part, f"share of the gap closed, {name}", closed(before, after), GAP if name == "ROUGE-L" else None, len(asked))
    alone = [normalised(put) == normalised(one.question) for put, one in zip(ours, asked, strict=True) if stands_alone(one)]
    yield Line(part, "stand alone and left as they are", mean(alone), UNTOUCHED, len(alone))
    lengths = median(len(put.split()) / len((one.rewrite or "").split()) for put, one in zip(ours, asked, strict=True))
    yield Line(part, "words to a person's, median", lengths, None, len(asked))
    yield Line(part, "a question, mean ms", took, None, len(asked))


def _drawn(asked: Sequence[Example]) -> list[Pair]:
    """Return the questions that were changed, by us or by a person."""
    pairs = [Pair(one.question, understood(one), one.rewrite or "") for one in asked]
    return [one for one in pairs if len({normalised(text) for text in (one.asked, one.understood, one.by_a_person)}) > 1]


def _digest(pair: Pair) -> str:
    return hashlib.sha256(pair.asked.encode()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())

"""The page docs/conversations.md: how follow-up questions were understood, beside what was asked for. Pure: figures in, Markdown out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..text import plain
from .aims import number, table_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .aims import Line


@dataclass(frozen=True, slots=True)
class System:
    """A way to put follow-up questions, and how near it comes to how a person put them."""

    name: str
    rouge: float
    recall: float
    """The share of a person's content words that it has."""
    precision: float
    """The share of its content words that a person's has."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A question as it was asked, as we understood it, and as a person put it."""

    asked: str
    understood: str
    by_a_person: str


def conversations_page(
    systems: Mapping[str, Sequence[System]], lines: Sequence[Line], examples: Sequence[Pair], facts: Mapping[str, str]
) -> str:
    """Return the page."""
    return "\n".join(
        [
            "# Follow-up questions, measured",
            "",
            "How well a follow-up question is put as one that stands alone, by rules and without a language model, against how a",
            "person put it. Written by `make eval-conversations`.",
            "",
            "How it is done: [decisions/0011](decisions/0011-follow-up-questions.md).",
            "",
            *(f"- {name}: {value}" for name, value in facts.items()),
            "- Seen: the rules were written by these conversations and their weights fitted on them; held out: neither. Conversations of",
            "  one file are told apart by the digest of their names. Only questions that follow others are counted.",
            "- In CANARD the people who rewrote saw the title of the article, which is no part of the conversation and is not given",
            "  here; in MTRAG the assistant's turns are not given, and questions were rephrased where nothing was missing, or left with",
            "  a pronoun in them. These bound what can be reached.",
            "",
            "## Against a person's words",
            "",
            "ROUGE-L is the F1 of the longest common subsequence of words. Recall and precision are of the words that say what a",
            "question is about: what a search finds hangs on them.",
            "",
            *(row for part, several in systems.items() for row in _part(part, several)),
            "## What was asked for",
            "",
            "The gap lies between the question as it was asked and a person's, which is 1.",
            "",
            *table_of(lines, "conversations"),
            "",
            "## Questions",
            "",
            "Of the questions seen that were changed, by us or by a person, drawn by their digest; those held out stay unread.",
            "",
            "| asked | understood | by a person |",
            "|---|---|---|",
            *(f"| {_cell(one.asked)} | {_cell(one.understood)} | {_cell(one.by_a_person)} |" for one in examples),
            "",
        ]
    )


def _part(part: str, systems: Sequence[System]) -> list[str]:
    rows = [f"| {one.name} | {number(one.rouge)} | {number(one.recall)} | {number(one.precision)} |" for one in systems]
    return [f"### {part}", "", "| put as | ROUGE-L | recall | precision |", "|---|---|---|---|", *rows, ""]


def _cell(text: str) -> str:
    return plain(text).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")

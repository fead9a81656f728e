"""Which articles of a collection a benchmark loads, in which order, and which questions can be judged on them.

Half of the first articles are judged relevant to some question, so that few articles still carry many judged questions; the other
half are drawn from the rest. Smaller subsets are the beginnings of larger ones. Knows nothing of what is measured.
"""

from __future__ import annotations

import random
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection as Ids
    from collections.abc import Sequence

    from ..collections import Collection

#: Another seed is another order.
SEED = 2023


def loading_order(collection: Collection, ids: Sequence[str], *, seed: int = SEED) -> list[str]:
    """Return `ids` in loading order: one judged relevant, question by question in a seeded shuffle, then one of the others, in turn."""
    chance = random.Random(seed)  # noqa: S311  # a seeded shuffle
    questions, there = list(collection.questions), set(ids)
    chance.shuffle(questions)
    judged = dict.fromkeys(one for question in questions for one in sorted(_relevant(question.relevant)) if one in there)
    others = [one for one in ids if one not in judged]
    chance.shuffle(others)
    return [one for one in chain.from_iterable(zip_longest(judged, others)) if one is not None]


def judged_on(collection: Collection, loaded: Ids[str]) -> dict[str, dict[str, int]]:
    """Return the relevant articles of each question that has some and all of whose relevant articles are loaded."""
    there = set(loaded)
    relevant = {question.id: _relevant(question.relevant) for question in collection.questions}
    return {question: grades for question, grades in relevant.items() if grades and grades.keys() <= there}


def _relevant(grades: dict[str, int]) -> dict[str, int]:
    return {article: grade for article, grade in grades.items() if grade > 0}

"""Stretches of characters, held against sets of them."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from eval.grading.stretches import common, merged, overlaps, shared, size

STRETCH = st.tuples(st.sampled_from("ab"), st.integers(0, 20), st.integers(0, 20))
STRETCHES = st.lists(STRETCH, max_size=6)


def characters(*stretches):
    return {(article, place) for article, start, end in stretches for place in range(start, end)}


@given(STRETCHES, STRETCHES)
def test_counts_are_those_of_sets(first, second):
    one, other = merged(first), merged(second)
    assert characters(*one) == characters(*first)
    assert size(one) == len(characters(*first))
    assert common(one, other) == len(characters(*first) & characters(*second))
    assert one == sorted(one)
    assert all(a[0] != b[0] or a[2] < b[1] for a, b in itertools.pairwise(one))


@given(STRETCH, STRETCH)
def test_two_overlap_when_they_share_half_of_the_shorter(first, second):
    both = len(characters(first) & characters(second))
    shorter = min(len(characters(first)), len(characters(second)))
    assert shared(first, second) == both
    assert overlaps(first, second) == overlaps(second, first) == (shorter > 0 and both >= shorter / 2)

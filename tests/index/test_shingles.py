"""Fingerprints: the same on every machine, found wherever the words stand, blind to how letters are written."""

import unicodedata
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.shingles import LOWEST, SHINGLE, WINDOW, WORD, fingerprints, hashes, plain, shingles

WORDS = st.lists(st.sampled_from([f"w{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(200)]), min_size=1, max_size=150)
TEXTS = st.text(max_size=120)


def textbook(text):
    """The lowest of every window, and the lowest of all."""
    found = (shingles(hashes(WORD.findall(plain(text).casefold())), SHINGLE) >> np.uint64(17)).tolist()
    windows = [min(found[start : start + WINDOW]) for start in range(len(found) - WINDOW + 1)] if len(found) > WINDOW else []
    return sorted({*windows, *sorted(found)[:LOWEST]})


@given(WORDS.map(" ".join) | TEXTS)
def test_they_are_the_textbooks(text):
    assert fingerprints(text).tolist() == textbook(text)


def test_they_are_the_same_on_every_machine():
    assert fingerprints("Chile opened a mine near Antofagasta in May.").tolist() == [
        32536964302979,
        44857825649847,
        126212094053165,
        126431993018289,
    ]


def test_the_words_are_hashed_as_a_crc_is_defined():
    assert hashes(["123456789"]).tolist() == [0xCBF43926 + 1]


@given(WORDS, WORDS, WORDS, st.data())
def test_texts_that_share_a_run_share_a_fingerprint(before, after, other, data):
    run = data.draw(st.lists(st.sampled_from([f"r{chr(97 + n)}" for n in range(26)]), min_size=WINDOW + SHINGLE - 1, max_size=60))
    one, two = " ".join([*before, *run, *after]), " ".join([*other, *run])
    assert np.intersect1d(fingerprints(one), fingerprints(two)).size


@pytest.mark.parametrize(
    "other",
    [
        "the mayor's plan – “a façade”, she said… costs 1,200 euros",
        unicodedata.normalize("NFD", "The mayor’s plan - 'a façade', she said... costs 1,200 euros"),
        "THE MAYOR'S PLAN: A FA\u00adÇADE (she said) costs\u00a01,200\u200b euros!",
        "the mayor's plan \N{EM DASH} a facade she said costs 1,200 euros",
    ],
)
def test_marks_case_and_encoding_do_not_count(other):
    assert np.array_equal(fingerprints("The mayor's plan - 'a façade', she said... costs 1,200 euros."), fingerprints(other))


def test_figures_count_with_their_separators():
    assert WORD.findall("1,310.5 metres at 9:45, v2") == ["1,310.5", "metres", "at", "9:45", "v", "2"]


def test_scripts_without_spaces_are_read_character_by_character():
    assert WORD.findall("銅の価格") == ["銅", "の", "価", "格"]


@given(TEXTS)
def test_any_text_has_ascending_ones_that_a_store_can_keep(text):
    found = fingerprints(text).tolist()
    assert all(one < other for one, other in pairwise(found))
    assert all(0 <= one < 1 << 47 for one in found)
    assert bool(found) == bool(WORD.findall(plain(text).casefold()))

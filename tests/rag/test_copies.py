"""Resemblance, held against the textbook."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.copies import RESEMBLANCE, SHINGLE, resemblance, same_words

WORDS = st.lists(st.sampled_from("a b c d".split()), max_size=12)
TEXTS = WORDS.map(" ".join) | st.text(max_size=30)


def textbook(first, second):
    """|A ∩ B| / |A ∪ B| over runs of three words; a shorter text is one run."""
    texts = [re.findall(r"\w+", text.lower()) for text in (first, second)]
    one, other = ([tuple(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1)] or [tuple(words)] for words in texts)
    both = [run for run in set(one) if run in other]
    return len(both) / len({*one, *other})


@given(TEXTS, TEXTS)
def test_it_is_the_textbooks(first, second):
    if re.search(r"\w", first) and re.search(r"\w", second):
        assert resemblance(first, second) == textbook(first, second)


@given(TEXTS, TEXTS)
def test_it_is_symmetric_and_between_nought_and_one(first, second):
    assert 0 <= resemblance(first, second) == resemblance(second, first) <= 1


@given(TEXTS)
def test_a_text_resembles_itself_wholly(text):
    assert resemblance(text, text) == 1
    assert same_words(text, text)
    assert resemblance(text, f"  {text}!  ") == (1 if re.search(r"\w", text) else 0)


def test_by_hand():
    assert resemblance("the cat sat on the mat", "the cat sat on the rug") == 3 / 5
    assert resemblance("One, two!", "one two") == 1
    assert resemblance("one two", "one two three") == 0
    assert resemblance("", "") == 1
    assert resemblance("", "words") == resemblance("!", "?") == 0


@pytest.mark.parametrize(("differing", "copies"), [(1, True), (3, True), (8, False)])
def test_a_few_other_words_make_a_near_copy_and_many_do_not(differing, copies):
    words = [f"w{n}" for n in range(40)]
    other = [*words[: 40 - differing], *(f"x{n}" for n in range(differing))]
    assert same_words(" ".join(words), " ".join(other)) is copies
    assert (resemblance(" ".join(words), " ".join(other)) >= RESEMBLANCE) is copies


def test_a_story_told_again_with_another_figure_is_no_copy():
    story = "The Green League won {} seats in the assembly on Sunday, as many observers had expected, and will form a government in May{}."
    assert same_words(story.format(16, ""), story.format(16, " 2025"))
    assert not same_words(story.format(16, ""), story.format(17, ""))
    assert same_words(story.format(16, ""), story.format(16, ""))

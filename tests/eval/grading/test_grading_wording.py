"""Comparisons by words, held against published cases, the textbook, and the reference implementation of ROUGE where it is installed."""

import functools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.grading.wording import best, contains, exact, held, normalised, rouge_l, token_f1

#: What the normalisation of SQuAD's official evaluation does, case by case.
NORMALISED = [
    ("The Cat", "cat"),
    ("a cat and an apple", "cat and apple"),
    ("   Rock    n  Roll.", "rock n roll"),
    ("the quick brown fox", "quick brown fox"),
    ("Theatre", "theatre"),
    ("U.S.A.", "usa"),
    ("U.S. dollars", "us dollars"),
    ("well-known", "wellknown"),
    ("$1,000.50", "100050"),
    ("it's", "its"),
    ("snake_case", "snakecase"),
    ("a.m.", "am"),
    ("A.", ""),  # punctuation goes first, so that an article is left
    ("the-end", "theend"),
    ("vitamin A", "vitamin"),
    ("The the THE", ""),
    ("24–10", "24–10"),  # only ASCII punctuation is taken out
    ("“quoted”", "“quoted”"),
    ("an–the", "–"),
    ("one\u00a0two\tthree\nfour", "one two three four"),
    ("2 時間 21 分", "2 時間 21 分"),
    ("İ", "i\u0307"),
    ("", ""),
    ("...", ""),
]


@pytest.mark.parametrize(("text", "expected"), NORMALISED)
def test_text_is_normalised_as_squad_does(text, expected):
    assert normalised(text) == expected


#: Published as tests of allennlp-models and torchmetrics, in metric cards of `datasets`, as examples of SQuAD; then edges, by hand.
PUBLISHED = [
    ("this is the best span", ["this is a good span", "something irrelevant"], 0.0, 0.75),
    ("this is another span", ["this is another span", "this one is less perfect"], 1.0, 1.0),
    ("1976", ["1976"], 1.0, 1.0),
    ("2 時間 21 分", ["2 時間"], 0.0, 2 / 3),
    ("rock", ["rock n roll"], 0.0, 1 / 2),
    ("rock n roll", ["rock n roll"], 1.0, 1.0),
    ("Super Bowl L", ["Super Bowl L", "L"], 1.0, 1.0),
    ("the Super Bowl L.", ["L", "Super Bowl L"], 1.0, 1.0),
    ("Beyonce", ["Beyoncé and Bruno Mars"], 0.0, 0.0),
    ("climate change", ["climate change", "global warming"], 1.0, 1.0),
    # by hand
    ("the climate", ["climate change"], 0.0, 2 / 3),
    ("", [""], 1.0, 1.0),
    ("", ["1976"], 0.0, 0.0),
    ("1976", [""], 0.0, 0.0),
    ("the", [""], 1.0, 1.0),
    ("a a a b", ["a b b"], 0.0, 2 / 3),  # `a` is an article
    ("c c b", ["c b b"], 0.0, 2 / 3),  # each word as often as in both
]


@pytest.mark.parametrize(("answer", "golds", "em", "f1"), PUBLISHED)
def test_em_and_f1_are_those_of_squad(answer, golds, em, f1):
    assert best(exact, answer, golds) == em
    assert best(token_f1, answer, golds) == pytest.approx(f1, abs=1e-12)


WORDS = st.lists(st.sampled_from("cat sat mat hat on under 12 a".split()), max_size=9).map(" ".join)
ASCII = st.text(st.characters(max_codepoint=127), max_size=40)


def rouge_by_its_definition(answer, gold):
    """Lin's formula with the recursion of the textbook."""
    x, y = (re.findall("[a-z0-9]+", text.lower()) for text in (answer, gold))

    @functools.cache
    def longest(i, j):
        if not i or not j:
            return 0
        return longest(i - 1, j - 1) + 1 if x[i - 1] == y[j - 1] else max(longest(i - 1, j), longest(i, j - 1))

    shared = longest(len(x), len(y))
    precision, recall = (shared / len(words) if words else 0 for words in (x, y))
    return 2 * precision * recall / (precision + recall) if shared else 0


@given(WORDS | ASCII, WORDS | ASCII)
def test_rouge_l_is_its_definition(answer, gold):
    assert rouge_l(answer, gold) == pytest.approx(rouge_by_its_definition(answer, gold), abs=1e-12)


def test_rouge_l_by_lins_own_example():
    """S1 of his section 3.1 against S2 and S3: 3 and 2 of 4 words in order."""
    assert rouge_l("police kill the gunman", "police killed the gunman") == pytest.approx(3 / 4)
    assert rouge_l("the gunman kill police", "police killed the gunman") == pytest.approx(2 / 4)


def test_rouge_l_knows_letters_beyond_ascii():
    assert rouge_l("Žluťoučký kůň", "žluťoučký kůň") == 1
    assert rouge_l("", "") == rouge_l("...", "?!") == 0


@pytest.mark.parametrize(
    ("answer", "gold", "expected"),
    [
        ("It was founded in 1976, in Paris.", "1976", True),
        ("It was founded in 1976.", "19", False),
        ("It was in the year of 1976", "in year of", True),
        ("Corfo, the state agency", "state agency", True),
        ("state and agency", "state agency", False),
        ("anything", "the", False),
        ("anything", "", False),
        ("", "x", False),
    ],
)
def test_an_answer_contains_whole_words_in_a_row(answer, gold, expected):
    assert contains(answer, gold) is expected


@pytest.mark.parametrize(
    ("answer", "statement", "expected"),
    [
        ("Chile raised the royalty in 2023.", "Chile raised a royalty", 1),
        ("Chile raised it.", "Chile raised the royalty in 2023", 2 / 4),
        ("Chile did raise it.", "Chile did not raise it", 2 / 3),  # a negation is a word of weight
        ("to be or not", "to be", 1),  # nothing but function words: they count
        ("question", "to be", 0),
        ("anything", "!", 0),
    ],
)
def test_a_statement_is_held_by_its_words(answer, statement, expected):
    assert held(answer, statement) == pytest.approx(expected)


@given(st.text(max_size=60), st.text(max_size=60))
def test_every_comparison_lies_between_nought_and_one_and_says_the_same_of_the_same(answer, gold):
    for compare in (exact, token_f1, rouge_l, held):
        assert 0 <= compare(answer, gold) <= 1
    assert exact(answer, answer) == token_f1(answer, answer) == 1
    assert token_f1(answer, gold) == pytest.approx(token_f1(gold, answer))
    assert exact(answer, gold) <= token_f1(answer, gold)
    assert contains(gold, gold) == bool(normalised(gold))
    assert held(gold, gold) == bool(normalised(gold))
    assert best(token_f1, answer, []) == 0


@pytest.mark.parametrize(
    ("answer", "gold", "expected"),
    [
        ("No.", "no", True),
        ("No, it is not.", "No", True),
        ("There is no mine.", "no", False),
        ("The vote was yes.", "Yes.", False),
        ("Yes, the mine.", "yes", True),
        ("Yesterday.", "yes", False),
        ("", "no", False),
        ("They said no to it.", "no to it", True),
        ("Nobody said yes to it.", "yes to it", True),
    ],
)
def test_yes_and_no_answer_only_as_the_first_word(answer, gold, expected):
    assert contains(answer, gold) is expected

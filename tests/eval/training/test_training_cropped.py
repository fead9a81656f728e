"""Cut-down passages: short enough, whole words, and the answer still where its span says."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from eval.training.cropped import cropped
from eval.training.lesson import Candidate
from index import Span

WORDS = st.lists(st.text("abcde", min_size=1, max_size=9), min_size=1, max_size=60)


@given(WORDS, st.data(), st.integers(0, 9))
def test_an_answer_stays_whole_in_a_stretch_of_whole_words(words, data, seed):
    text = " ".join(words)
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, min(len(words) - 1, first + 3)))
    start = len(" ".join(words[:first])) + (first > 0)
    answer = Span(start, start + len(" ".join(words[first : last + 1])))
    found = cropped(Candidate("context", text, (answer,), relevant=True), 60, Random(seed))
    assert len(found.text) <= 60
    assert f" {found.text} " in f" {text} "
    assert [span.of(found.text) for span in found.spans] == [answer.of(text)]
    assert (found.context, found.relevant, found.exact) == ("context", True, True)


@given(WORDS, st.integers(0, 9))
def test_a_passage_without_the_answer_gets_shorter_and_stays_wrong(words, seed):
    text = " ".join(words)
    found = cropped(Candidate("", text), 60, Random(seed))
    assert len(found.text) <= 60
    assert f" {found.text} " in f" {text} "
    assert not found.spans
    assert found.relevant is False


def test_answers_outside_of_the_stretch_are_forgotten_and_those_within_kept():
    text = "One two. " + "x " * 60 + "Three four."
    spans = (Span(0, 3), Span(4, 7), Span(text.index("Three"), text.index("Three") + 5))
    seen = {
        tuple(span.of(one.text) for span in one.spans) for one in (cropped(Candidate("", text, spans), 40, Random(n)) for n in range(40))
    }
    assert seen <= {("One", "two"), ("two",), ("Three",), ("One",)}
    assert {("One", "two"), ("Three",)} <= seen


def test_every_place_of_the_answer_in_the_stretch_comes_up():
    text = "a " * 50 + "answer" + " b" * 50
    places = {cropped(Candidate("", text, (Span(100, 106),)), 40, Random(n)).spans[0].start for n in range(200)}
    assert min(places) < 4
    assert max(places) > 30


def test_short_passages_and_long_answers_stay_as_they_are():
    one = Candidate("", "Short.", (Span(0, 5),))
    assert cropped(one, 40, Random(1)) is one
    long = Candidate("", "word " * 40, (Span(0, 100),), exact=False)
    assert cropped(long, 40, Random(1)) is long

"""The fits that weigh signals: they find what they were made from, and what is looked at is what the product weighs."""

import json

import numpy as np
import pytest

from eval.dataset import Evidence, Example
from eval.gold import locate
from eval.training.mining import known_places
from eval.training.weights import Looked, _alike, _fitted, _from_json, _look, _to_json, auroc, listwise, logistic
from index import Article, Span
from rag import Reading, ReadSpan, Retriever, Signals

TEXT = "Chile presented a lithium plan in April 2023. It gives the state a majority. Codelco leads the talks."


def test_a_logistic_regression_finds_the_weights_that_made_the_outcomes():
    chance = np.random.default_rng(3)
    x = chance.normal(size=(20_000, 3))
    truth = np.array([2.0, -1.0, 0.5])
    right = chance.random(20_000) < 1 / (1 + np.exp(-(x @ truth - 0.7)))
    found, intercept = logistic(x, right, np.ones(len(x)))
    assert found == pytest.approx(truth, abs=0.1)
    assert intercept == pytest.approx(-0.7, abs=0.1)


def test_a_listwise_fit_finds_the_weights_that_made_the_choices():
    chance = np.random.default_rng(5)
    truth = np.array([1.5, -0.5])
    lists = []
    for _ in range(4_000):
        x = chance.normal(size=(6, 2))
        odds = np.exp(x @ truth)
        right = np.zeros(6, bool)
        right[chance.choice(6, p=odds / odds.sum())] = True
        lists.append((x, right))
    assert listwise(lists, np.ones(len(lists))) == pytest.approx(truth, abs=0.1)


def test_what_counts_double_is_as_if_it_stood_there_twice():
    chance = np.random.default_rng(7)
    x = chance.normal(size=(60, 2))
    right = chance.random(60) < 1 / (1 + np.exp(-x[:, 0]))
    counts = chance.integers(1, 4, 60)
    found, intercept = logistic(x, right, counts.astype(float))
    again, same = logistic(np.repeat(x, counts, 0), np.repeat(right, counts), np.ones(counts.sum()))
    assert (*found, intercept) == pytest.approx((*again, same), abs=1e-3)
    lists = [(one, np.arange(6) == chosen) for one, chosen in zip(x.reshape(10, 6, 2), chance.integers(0, 6, 10), strict=True)]
    twice = [one for one, count in zip(lists, counts, strict=False) for _ in range(count)]
    weighted = listwise(lists, counts[:10] / counts[:10].mean())
    assert weighted == pytest.approx(listwise(twice, np.ones(len(twice))), abs=1e-3)


def test_what_is_not_fitted_counts_nothing():
    chance = np.random.default_rng(11)
    x = chance.normal(size=(400, len(Signals._fields)))
    truth = chance.random(400) < 1 / (1 + np.exp(-x[:, Signals._fields.index("answer")] - x[:, Signals._fields.index("fits")]))
    found, intercept = _fitted(x, truth, np.ones(400))
    columns = [Signals._fields.index(name) for name in ("cosine", "coverage", "passage_cosine", "answer", "relevance")]
    alone, same = logistic(x[:, columns], truth, np.ones(400))
    assert (*found[columns], intercept) == pytest.approx((*alone, same))
    assert not np.delete(found, columns).any()


def test_every_set_counts_the_same():
    counts = _alike(["a", "a", "a", "b"])
    assert counts.sum() == pytest.approx(4)
    assert counts[:3].sum() == pytest.approx(counts[3])


def test_auroc_is_the_share_of_pairs_in_order():
    assert auroc(np.array([0.9, 0.5, 0.5, 0.1]), np.array([True, True, False, False])) == pytest.approx(3.5 / 4)
    assert np.isnan(auroc(np.array([0.1, 0.2]), np.array([True, True])))


class Scripted:
    """A reader that finds one word."""

    name = "scripted"

    def __init__(self, word):
        self.word = word

    def read(self, _question, passages):
        readings = []
        for one in passages:
            start = one.text.find(self.word)
            spans = (ReadSpan(Span(one.start + start, one.start + start + len(self.word)), 1.0),) if start >= 0 else ()
            readings.append(Reading(0.8 if spans else 0.2, 0.1 if spans else 0.9, spans))
        return readings


def test_a_question_is_looked_at_with_and_without_its_article(make_library):
    other = Article(id="peru", title="Peru", text="Peru has no lithium plan. It leads no talks of lithium.")
    library = make_library([Article(id="chile", title="Chile", text=TEXT), other])
    example = Example(id="q", question="Who leads the lithium talks?", answers=("Codelco",), evidence=(Evidence("chile", quote="Codelco"),))
    with library.view() as view:
        places = list(known_places(view, example, locate(view, example).spans))
        with_it, without = _look(view, Retriever(library), Scripted("Codelco"), "made", example, places)
    assert (with_it.answerable, without.answerable) == (True, False)
    assert with_it.passage_right.sum() == with_it.sentence_right.sum() == 1
    assert not without.passage_right.any()
    assert not without.sentence_right.any()
    assert with_it.sentences.shape == (len(with_it.sentence_right), len(Signals._fields))
    answer = Signals._fields.index("answer")
    assert np.argmax(with_it.sentences[:, answer]) == np.argmax(with_it.sentence_right)
    again = _from_json(json.loads(json.dumps(_to_json(with_it))))
    assert isinstance(again, Looked)
    assert _to_json(again) == _to_json(with_it)

"""Vectors that are remembered are those that would be made; the oldest are forgotten, and threads may share them."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from index.remembered import RememberedVectors


def vector(text):
    return np.array([len(text), sum(map(ord, text)) % 997, 1], np.float32)


class Embedding:
    def __init__(self):
        self.asked = []

    def __call__(self, texts):
        self.asked.append(list(texts))
        return np.stack([vector(text) for text in texts]) if texts else np.zeros((0, 3), np.float32)


@given(st.lists(st.lists(st.text(max_size=3), max_size=8), max_size=12), st.integers(1, 6))
def test_what_is_remembered_is_what_would_be_made(calls, most):
    remembered, embed = RememberedVectors(most), Embedding()
    for texts in calls:
        found = remembered.of(texts, embed)
        assert found.shape == (len(texts), 3)
        assert all(np.array_equal(row, vector(text)) for row, text in zip(found, texts, strict=True))


def test_known_texts_are_not_embedded_again_until_they_are_forgotten():
    remembered, embed = RememberedVectors(3), Embedding()
    remembered.of(["a", "b", "a"], embed)
    remembered.of(["b", "c"], embed)
    remembered.of(["b"], embed)
    assert embed.asked == [["a", "b"], ["c"]]
    remembered.of(["d"], embed)  # "a" was asked for longest ago
    remembered.of(["b", "c", "d"], embed)
    assert embed.asked == [["a", "b"], ["c"], ["d"]]
    remembered.of(["a"], embed)
    assert embed.asked[-1] == ["a"]


def test_threads_share_them():
    remembered, embed = RememberedVectors(50), Embedding()

    def ask(number):
        texts = [f"{(number * 7 + n) % 80}" for n in range(20)]
        return all(np.array_equal(row, vector(text)) for row, text in zip(remembered.of(texts, embed), texts, strict=True))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(400)))

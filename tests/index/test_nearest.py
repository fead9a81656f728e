"""Dense search equals brute force over the vectors, however the index lags; an approximate one does so among some passages."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import dense
from index.nearest import Coverage, DenseView

NO_ROWS = np.zeros(0, np.int64)


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def random_vectors(seed, n, dimension=8):
    return unit(np.random.default_rng(seed).standard_normal((n, dimension)))


class World:
    """The vectors of a library: live ones, removed ones, and up to which row a file covers them."""

    def __init__(self, vectors, *, covered, removed=(), first_row=1, step=1):
        self.vectors = vectors
        self.rows = first_row + step * np.arange(len(vectors), dtype=np.int64)
        self.removed = np.array(sorted(int(self.rows[i]) for i in removed), np.int64)
        self.covered = covered

    def view(self, *, built=True):
        inside = self.rows[: self.covered]
        index = dense.build(inside, self.exact) if built and self.covered else None
        tail = np.array([row for row in self.rows[self.covered if index else 0 :] if row not in self.removed], np.int64)
        last = int(inside[-1]) if index else 0
        return DenseView(index, Coverage.of(last, self.removed, tail, self.exact(tail)), self.exact)

    def exact(self, rows):
        return self.vectors[np.searchsorted(self.rows, rows)]

    def brute_force(self, query, k, only=None):
        """The best `k` of all vectors, ties by row."""
        scores = np.einsum("ij,j->i", self.vectors, query, dtype=np.float32).tolist()
        live = ((-score, row) for row, score in zip(self.rows.tolist(), scores, strict=True) if row not in self.removed)
        return [(row, -score) for score, row in sorted(live) if only is None or row in only][:k]


def check(world, query, k, only=None, *, built=True):
    found = world.view(built=built).search(query, k, only=None if only is None else np.array(sorted(only), np.int64))
    assert list(zip(found.rows.tolist(), found.scores.tolist(), strict=True)) == world.brute_force(query, k, only)
    assert (found.rows.dtype, found.scores.dtype) == (np.int64, np.float32)


@st.composite
def worlds(draw):
    n = draw(st.integers(1, 60))
    kinds = draw(st.integers(1, n))  # fewer kinds than rows: equal vectors, hence ties
    seed = draw(st.integers(0, 2**32 - 1))
    vectors = random_vectors(seed, kinds)[np.random.default_rng(seed).integers(0, kinds, n)]
    if draw(st.booleans()):  # vectors nearer to each other than half precision can tell
        vectors = unit(vectors[:1] + 1e-4 * vectors)
    removed = draw(st.sets(st.integers(0, n - 1), max_size=n))
    covered, first_row, step = draw(st.integers(0, n)), draw(st.sampled_from([1, 1000])), draw(st.integers(1, 3))
    return World(vectors, covered=covered, removed=removed, first_row=first_row, step=step)


@given(worlds(), st.integers(0, 2**32 - 1), st.integers(0, 70), st.data())
def test_search_equals_brute_force(world, seed, k, data):
    query = data.draw(st.sampled_from([random_vectors(seed, 1)[0], world.vectors[0], -world.vectors[-1]]))
    only = data.draw(st.none() | st.sets(st.sampled_from([*world.rows.tolist(), 10**6])))
    check(world, query, k, only)


@given(worlds(), st.integers(0, 2**32 - 1), st.integers(1, 70))
def test_without_a_file_all_is_searched_from_the_store(world, seed, k):
    check(world, random_vectors(seed, 1)[0], k, built=False)


@pytest.mark.parametrize("spread", [1.0, 1e-3, 0.0])
def test_the_exact_best_are_found_where_half_precision_cannot_tell_them_apart(spread):
    vectors = unit(random_vectors(1, 1, 64) + spread * random_vectors(2, 3000, 64))
    world = World(vectors, covered=2900, removed=range(0, 3000, 7))
    for seed in range(5):
        query = unit(vectors[0] + 0.1 * random_vectors(seed, 1, 64)[0])
        for k in (1, 10, 100):
            check(world, query, k)


def test_equal_scores_come_in_the_order_of_rows():
    world = World(np.repeat(random_vectors(3, 1), 50, axis=0), covered=30, removed=[0, 31])
    found = world.view().search(world.vectors[0], 5)
    assert found.rows.tolist() == [2, 3, 4, 5, 6]
    assert len(set(found.scores.tolist())) == 1
    assert world.view().search(world.vectors[0], 100).rows.tolist() == [row for row in range(1, 51) if row not in (1, 32)]


@pytest.mark.parametrize("k", [0, 1, 31, 32, 33, 64, 96, 100, 128, 1000])
def test_any_number_may_be_asked_for(k):
    check(World(random_vectors(4, 100), covered=100), random_vectors(5, 1)[0], k)
    check(World(random_vectors(4, 100), covered=64, removed=range(50)), random_vectors(5, 1)[0], k)


def test_when_all_is_removed_or_nothing_passes_nothing_is_found():
    world = World(random_vectors(6, 40), covered=40, removed=range(40))
    assert world.view().search(world.vectors[0], 5).rows.size == 0
    world = World(random_vectors(6, 40), covered=20)
    assert world.view().search(world.vectors[0], 5, only=NO_ROWS).rows.size == 0
    assert world.view().search(world.vectors[0], 5, only=np.array([999])).rows.size == 0


def test_a_query_of_zeros_finds_rows_in_order():
    world = World(random_vectors(7, 50), covered=40)
    found = world.view().search(np.zeros(8, np.float32), 3)
    assert (found.rows.tolist(), found.scores.tolist()) == ([1, 2, 3], [0, 0, 0])


@given(st.data())
def test_a_score_is_the_same_to_the_bit_whatever_stands_beside_it(data):
    n, dimension = data.draw(st.integers(1, 40)), data.draw(st.sampled_from([1, 3, 7, 8, 31, 64, 384]))
    vectors, query = random_vectors(data.draw(st.integers(0, 999)), n, dimension), random_vectors(1, 1, dimension)[0]
    world = World(vectors, covered=n // 2)
    view = world.view()
    whole = view.scores(query, world.rows)
    some = np.array(sorted(data.draw(st.sets(st.sampled_from(world.rows.tolist()), min_size=1))), np.int64)
    assert np.array_equal(view.scores(query, some), whole[some - 1])
    assert np.array_equal(view.scores(query, some[::-1]), whole[some[::-1] - 1])
    searched = view.search(query, n)
    assert np.array_equal(searched.scores, whole[searched.rows - 1])
    np.testing.assert_allclose(whole, vectors.astype(np.float64) @ query.astype(np.float64), atol=1e-6)


def test_scores_of_no_rows_are_none():
    view = World(random_vectors(8, 3), covered=3).view()
    assert view.scores(view.coverage.tail_vectors.sum(axis=0), NO_ROWS).tolist() == []


# --- with an approximate index ----------------------------------------------------------------------------------------


@pytest.fixture
def approximate(monkeypatch):
    """However few the vectors are, their index is approximate."""
    monkeypatch.setattr(dense, "APPROXIMATE_FROM", 1)


@pytest.mark.usefixtures("approximate")
def test_among_some_passages_an_approximate_index_is_exact_too():
    world = World(random_vectors(9, 2000, 32), covered=1900, removed=range(0, 2000, 5))
    assert isinstance(world.view().index, dense.ApproximateIndex)
    chance = np.random.default_rng(10)
    for query in random_vectors(11, 20, 32):
        only = set(chance.choice(world.rows, chance.integers(1, 1500), replace=False).tolist())
        check(world, query, 10, only)


@pytest.mark.usefixtures("approximate")
def test_what_an_approximate_index_finds_is_scored_exactly_and_never_removed():
    world = World(random_vectors(12, 2000, 32), covered=1500, removed=range(0, 2000, 3))
    for query in random_vectors(13, 20, 32):
        found = world.view().search(query, 50)
        live = dict(world.brute_force(query, 2000))
        assert found.rows.size == 50
        assert [live[row] for row in found.rows.tolist()] == found.scores.tolist()
        assert found.scores.tolist() == sorted(found.scores.tolist(), reverse=True)
        nearest_of_the_tail = next(row for row in live if row > 1500)
        assert live[nearest_of_the_tail] < found.scores[-1] or nearest_of_the_tail in found.rows

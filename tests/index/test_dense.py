"""Dense search is exact: it equals brute force over the vectors, however the index file lags."""

import faiss
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from index.dense import DenseIndex, DenseView, best
from index.errors import StoreError

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
        index = DenseIndex.build(inside, self.vectors[: self.covered]) if built and self.covered else None
        tail = np.array([row for row in self.rows[self.covered if index else 0 :] if row not in self.removed], np.int64)
        return DenseView(index, np.intersect1d(self.removed, inside), tail, self.exact(tail), self.exact)

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
    assert view.scores(view.tail_vectors.sum(axis=0), NO_ROWS).tolist() == []


# --- the file ---------------------------------------------------------------------------------------------------------


def test_an_index_is_saved_and_mapped_back(tmp_path):
    vectors, rows = random_vectors(9, 300, 64), 5 + 2 * np.arange(300)
    built = DenseIndex.build(rows, vectors)
    built.save(tmp_path / "1.faiss")
    loaded = DenseIndex.load(tmp_path / "1.faiss")
    assert np.array_equal(loaded.rows, rows)
    for seed in range(10):
        query = random_vectors(seed, 1, 64)[0]
        for only, without in ((None, NO_ROWS), (rows[::3], NO_ROWS), (None, rows[:100])):
            a, b = (index.search(query, 20, only=only, without=without) for index in (built, loaded))
            assert np.array_equal(a.rows, b.rows)
            assert np.array_equal(a.scores, b.scores)
    assert [file.name for file in tmp_path.iterdir()] == ["1.faiss"]


def test_an_index_of_nothing_is_saved_and_mapped_back(tmp_path):
    DenseIndex.build(NO_ROWS, np.zeros((0, 8), np.float32)).save(tmp_path / "0.faiss")
    loaded = DenseIndex.load(tmp_path / "0.faiss")
    assert loaded.rows.size == 0
    assert loaded.search(random_vectors(1, 1)[0], 3, only=None, without=NO_ROWS).rows.size == 0


def test_the_same_vectors_make_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        DenseIndex.build(np.arange(1, 51), random_vectors(10, 50)).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_extending_equals_building_at_once(tmp_path):
    vectors, rows = random_vectors(11, 90), np.arange(1, 91)
    parts = DenseIndex.build(rows[:40], vectors[:40])
    parts.extend(rows[40:70], vectors[40:70])
    parts.extend(rows[70:], vectors[70:])
    parts.save(tmp_path / "parts")
    DenseIndex.build(rows, vectors).save(tmp_path / "whole")
    assert (tmp_path / "parts").read_bytes() == (tmp_path / "whole").read_bytes()
    assert np.array_equal(parts.rows, rows)


def test_the_files_precision_is_within_the_bound_that_the_search_relies_on():
    vectors = np.concatenate([random_vectors(12, 500, 384), np.eye(384, dtype=np.float32)])
    index = DenseIndex.build(np.arange(1, len(vectors) + 1), vectors)
    for query in (vectors[0], random_vectors(13, 1, 384)[0]):
        found = index.search(query, len(vectors), only=None, without=NO_ROWS)
        assert np.abs(found.scores - vectors[found.rows - 1] @ query).max() <= 2**-11


@pytest.mark.parametrize("content", [b"", b"x", b"IxMp", b"no index" * 50])
def test_what_faiss_cannot_read_is_said_in_one_line(tmp_path, content):
    path = tmp_path / "1.faiss"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="assay rebuild") as caught:
        DenseIndex.load(path)
    assert "\n" not in str(caught.value)


def test_a_disk_that_fills_while_saving_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "1.faiss"
    DenseIndex.build(np.arange(1, 4), random_vectors(14, 3)).save(path)
    before = path.read_bytes()
    write = faiss.write_index
    monkeypatch.setattr(faiss, "write_index", lambda index, _: write(index, "/dev/full"))
    with pytest.raises(OSError, match=r"1\.partial"):
        DenseIndex.build(np.arange(1, 1001), random_vectors(15, 1000)).save(path)
    assert path.read_bytes() == before


# --- best -------------------------------------------------------------------------------------------------------------


@given(hnp.arrays(np.float32, st.integers(0, 30), elements=st.sampled_from([0.0, -0.0, 0.5, -1.0, 1.0])), st.integers(0, 40), st.randoms())
def test_best_sorts_by_score_then_by_row(scores, k, random):
    rows = np.array(random.sample(range(100), len(scores)), np.int64)
    found = best(rows, scores, k)
    expected = sorted(zip((-scores).tolist(), rows.tolist(), strict=True))[:k]
    assert found.rows.tolist() == [row for _, row in expected]
    assert found.scores.tolist() == [-score for score, _ in expected]

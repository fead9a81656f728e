"""FAISS indexes of either kind: what is found, forgotten, saved and mapped back; `test_nearest` says that searches are exact."""

import faiss
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from index import dense
from index.dense import ApproximateIndex, ExactIndex, best, bitmap, build, lists_for, load
from index.errors import StoreError

NO_ROWS = np.zeros(0, np.int64)


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def random_vectors(seed, n, dimension=8):
    return unit(np.random.default_rng(seed).standard_normal((n, dimension)))


def clustered_vectors(seed, n, dimension=32, centres=20):
    """Vectors around centres, as those of texts are."""
    chance = np.random.default_rng(seed)
    around = random_vectors(0, centres, dimension)[chance.integers(0, centres, n)]
    return unit(around + 0.15 * chance.standard_normal((n, dimension)))


def built(rows, vectors):
    """Index `vectors` under `rows`, of whichever kind `dense.APPROXIMATE_FROM` asks for."""
    return build(rows, lambda wanted: vectors[np.searchsorted(rows, wanted)])


@pytest.fixture(params=[10**9, 0], ids=["exact", "approximate"])
def kind(request, monkeypatch):
    """Either kind of index, however few the vectors are."""
    monkeypatch.setattr(dense, "APPROXIMATE_FROM", request.param)
    return ApproximateIndex if request.param == 0 else ExactIndex


# --- the file ---------------------------------------------------------------------------------------------------------


def test_an_index_is_saved_mapped_back_and_read_to_be_changed(tmp_path, kind):
    vectors, rows = clustered_vectors(9, 900), 5 + 2 * np.arange(900)
    made = built(rows, vectors)
    made.save(tmp_path / "1.faiss")
    loaded = [load(tmp_path / "1.faiss", mapped=mapped) for mapped in (True, False)]
    for seed in range(10):
        query = clustered_vectors(100 + seed, 1)[0]
        for allowed, thorough in ((None, False), (bitmap(rows[::3], int(rows[-1])), True), (~bitmap(rows[:100], int(rows[-1])), False)):
            expected = made.search(query, 20, allowed=allowed, thorough=thorough)
            for index in loaded:
                assert type(index) is type(made) is kind
                found = index.search(query, 20, allowed=allowed, thorough=thorough)
                assert np.array_equal(found.rows, expected.rows)
                assert np.array_equal(found.scores, expected.scores)
    assert [file.name for file in tmp_path.iterdir()] == ["1.faiss"]


@pytest.mark.usefixtures("kind")
def test_an_index_of_nothing_is_saved_and_mapped_back(tmp_path):
    build(NO_ROWS, lambda rows: np.zeros((rows.size, 8), np.float32)).save(tmp_path / "0.faiss")
    loaded = load(tmp_path / "0.faiss")
    assert loaded.size == 0
    assert loaded.search(random_vectors(1, 1)[0], 3).rows.size == 0


@pytest.mark.usefixtures("kind")
def test_the_same_vectors_make_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        built(np.arange(1, 501), clustered_vectors(10, 500)).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_extending_and_forgetting_equal_building_at_once(tmp_path):
    vectors, rows = random_vectors(11, 90), np.arange(1, 91)
    parts = built(rows[:40], vectors[:40])
    parts.extend(rows[40:70], vectors[40:70])
    parts.forget(np.array([3, 41, 1000]))
    parts.extend(rows[70:], vectors[70:])
    parts.save(tmp_path / "parts")
    kept = ~np.isin(rows, [3, 41])
    built(rows[kept], vectors[kept]).save(tmp_path / "whole")
    assert (tmp_path / "parts").read_bytes() == (tmp_path / "whole").read_bytes()


@pytest.mark.usefixtures("kind")
def test_the_files_precision_is_within_the_bound_that_the_search_relies_on():
    vectors = np.concatenate([random_vectors(12, 500, 384), np.eye(384, dtype=np.float32)])
    index = built(np.arange(1, len(vectors) + 1), vectors)
    for query in (vectors[0], random_vectors(13, 1, 384)[0]):
        found = index.search(query, len(vectors), thorough=True)
        assert found.rows.size == len(vectors)
        assert np.abs(found.scores - vectors[found.rows - 1] @ query).max() <= 2**-11


@pytest.mark.parametrize("content", [b"", b"x", b"IxMp", b"no index" * 50])
@pytest.mark.parametrize("mapped", [True, False])
def test_what_faiss_cannot_read_is_said_in_one_line(tmp_path, content, mapped):
    path = tmp_path / "1.faiss"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="assay rebuild") as caught:
        load(path, mapped=mapped)
    assert "\n" not in str(caught.value)


def test_a_disk_that_fills_while_saving_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "1.faiss"
    built(np.arange(1, 4), random_vectors(14, 3)).save(path)
    before = path.read_bytes()
    write = faiss.write_index
    monkeypatch.setattr(faiss, "write_index", lambda index, _: write(index, "/dev/full"))
    with pytest.raises(OSError, match=r"1\.partial"):
        built(np.arange(1, 1001), random_vectors(15, 1000)).save(path)
    assert path.read_bytes() == before


# --- what is found ----------------------------------------------------------------------------------------------------


def nearest(vectors, rows, query, k):
    """The exact best `k`, by brute force in half precision's stead."""
    return set(rows[np.argsort(-(vectors @ query), kind="stable")[:k]].tolist())


def test_an_approximate_index_finds_nearly_all_and_a_thorough_search_all(monkeypatch):
    monkeypatch.setattr(dense, "APPROXIMATE_FROM", 0)
    vectors, rows = clustered_vectors(16, 4000), np.arange(1, 4001)
    index, queries = built(rows, vectors), clustered_vectors(17, 100)
    expected = [nearest(vectors, rows, query, 10) for query in queries]
    quick = [len(set(index.search(query, 10).rows.tolist()) & best_ten) / 10 for query, best_ten in zip(queries, expected, strict=True)]
    thorough = [
        set(index.search(query, 10 + 5, thorough=True).rows.tolist()) >= best_ten for query, best_ten in zip(queries, expected, strict=True)
    ]
    assert np.mean(quick) >= 0.95
    assert all(thorough)


def test_an_approximate_index_looks_further_until_it_has_as_many_as_are_wanted(monkeypatch):
    monkeypatch.setattr(dense, "APPROXIMATE_FROM", 0)
    vectors, rows = clustered_vectors(18, 2000), np.arange(1, 2001)
    index = built(rows, vectors)
    for k in (1, 10, 1999, 2000, 5000):
        assert index.search(vectors[0], k).rows.size == min(k, 2000)
    assert set(index.search(vectors[0], 3, allowed=bitmap(np.array([7, 900, 1500]), 2000)).rows.tolist()) == {7, 900, 1500}


def test_an_approximate_index_grows_and_forgets(monkeypatch):
    monkeypatch.setattr(dense, "APPROXIMATE_FROM", 0)
    vectors, rows = clustered_vectors(19, 3000), np.arange(1, 3001)
    index = built(rows[:2500], vectors[:2500])
    index.extend(rows[2500:], vectors[2500:])
    index.forget(rows[::2])
    assert index.size == 1500
    for query in clustered_vectors(20, 20):
        found = set(index.search(query, 15, thorough=True).rows.tolist())
        assert found >= nearest(vectors[1::2], rows[1::2], query, 10)


@given(st.sets(st.integers(0, 200)), st.sets(st.integers(0, 300), max_size=30))
def test_only_allowed_rows_are_found(allowed, extra):
    rows = np.arange(1, 201)
    index = built(rows, random_vectors(21, 200))
    wanted = np.array(sorted(allowed | extra), np.int64)
    found = index.search(random_vectors(22, 1)[0], 200, allowed=bitmap(wanted, 200))
    assert sorted(found.rows.tolist()) == [row for row in wanted.tolist() if 1 <= row <= 200]


def test_every_core_has_its_part_of_a_large_exact_index(monkeypatch):
    vectors, rows = random_vectors(23, 500), 3 + 4 * np.arange(500)
    index, query, allowed = built(rows, vectors), random_vectors(24, 1)[0], bitmap(rows[::2], int(rows[-1]))
    expected = [index.search(query, 40), index.search(query, 40, allowed=allowed)]
    monkeypatch.setattr(dense, "_PARALLEL", 1)
    for before, after in zip(expected, (index.search(query, 40), index.search(query, 40, allowed=allowed)), strict=True):
        assert np.array_equal(before.rows, after.rows)
        assert np.array_equal(before.scores, after.scores)


# --- which kind -------------------------------------------------------------------------------------------------------


def test_the_kind_follows_from_the_number_and_changes_with_some_delay(monkeypatch):
    monkeypatch.setattr(dense, "APPROXIMATE_FROM", 1000)
    vectors, rows = clustered_vectors(25, 1000), np.arange(1, 1001)
    exact, approximate = built(rows[:-1], vectors[:-1]), built(rows, vectors)
    assert (type(exact), type(approximate)) == (ExactIndex, ApproximateIndex)
    assert [exact.fits(count) for count in (0, 999, 1000)] == [True, True, False]
    assert [approximate.fits(count) for count in (499, 500, 1000, 2000, 2300)] == [False, True, True, True, False]


def test_the_lists_grow_with_the_root():
    assert [lists_for(count) for count in (100_000, 400_000)] == [1265, 2530]


# --- best -------------------------------------------------------------------------------------------------------------


@given(hnp.arrays(np.float32, st.integers(0, 30), elements=st.sampled_from([0.0, -0.0, 0.5, -1.0, 1.0])), st.integers(0, 40), st.randoms())
def test_best_sorts_by_score_then_by_row(scores, k, random):
    rows = np.array(random.sample(range(100), len(scores)), np.int64)
    found = best(rows, scores, k)
    expected = sorted(zip((-scores).tolist(), rows.tolist(), strict=True))[:k]
    assert found.rows.tolist() == [row for _, row in expected]
    assert found.scores.tolist() == [-score for score, _ in expected]

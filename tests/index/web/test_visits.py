"""What is remembered of an address, and that it counts only as long as the articles that were found there are in."""

from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.snapshot import Visit
from index.store import Store

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@pytest.fixture
def store(tmp_path):
    with closing(Store(tmp_path / "store.sqlite", create=True)) as store:
        yield store


def recalled(store, address):
    with store.snapshot() as snapshot:
        return snapshot.visit(address)


@given(st.builds(Visit, TEXT, st.none() | TEXT, st.none() | TEXT, st.none() | TEXT, st.just(()), st.none() | TEXT))
def test_a_visit_comes_back_as_it_was(store, visit):
    store.remember_visit(visit)
    assert recalled(store, visit.address) == visit
    changed = visit._replace(etag="another", refused=None)
    store.remember_visit(changed)
    assert recalled(store, visit.address) == changed


def test_nothing_is_remembered_of_where_nobody_was(store):
    assert recalled(store, "https://example.org/") is None


def test_a_visit_counts_as_long_as_its_articles_are_in(make_library):
    library = make_library([{"id": "a", "text": "Some words."}, {"id": "b", "text": "More words."}])
    visit = Visit("https://example.org/", '"1"', articles=("a", "b", "a"))
    library._store.remember_visit(visit)
    assert recalled(library._store, visit.address) == visit
    library.add({"id": "a", "text": "Other words."})
    assert recalled(library._store, visit.address) == visit
    library.remove("b")
    assert recalled(library._store, visit.address) is None


@pytest.mark.parametrize("articles", ["", "[", "{}x", "7", "null", "[" * 100_000])
def test_a_visit_that_cannot_be_read_is_none(store, articles):
    store.remember_visit(Visit("https://example.org/"))
    with store._transaction() as connection:
        connection.execute("UPDATE visits SET articles = ?", (articles,))
    assert recalled(store, "https://example.org/") is None

"""What an examination says of how much an approximate index finds; faults of the rest are planted in `test_library`."""

import numpy as np
import pytest

from index import Article, dense


@pytest.fixture
def library(make_library, monkeypatch):
    """600 articles of one passage each under an approximate index of which one list in six is looked at."""
    monkeypatch.setattr(dense, "APPROXIMATE_FROM", 50)
    monkeypatch.setattr(dense, "lists_for", lambda _: 6)
    monkeypatch.setattr(dense, "_PROBED", 0)
    words = "ore mine metal price export quota brine cobalt nickel lithium copper smelter".split()
    chance = np.random.default_rng(3)
    return make_library(
        [Article(id=f"a{n}", text=" ".join(chance.choice(words, 9)) + f" n{n}.", title="") for n in range(600)], damaged=True
    )


def counted(library, samples, k=10):
    """The share of the `k` highest cosines of all that a search finds, by brute force over every vector."""
    with library.view() as view:
        rows = view.store.live_rows()
        vectors, chosen = view.vectors(rows.tolist()), rows[:: rows.size // samples][:samples]
        found = []
        for passage in view.passages(chosen.tolist()):
            query = view.embed_query(" ".join(view.passage_text(passage).split()[:12]))
            least = np.sort(vectors @ query)[-k]
            found.append(np.mean(view.dense(query, k).scores >= least - 1e-6))
    return float(np.mean(found))


def test_recall_is_counted_against_every_vector_and_too_little_is_a_fault(library):
    health = library.doctor()
    assert health.recall == pytest.approx(counted(library, 20))
    assert health.recall < 0.95
    (fault,) = health.faults
    assert fault.startswith(f"dense: finds {health.recall:.0%} of the ten nearest")
    assert "assay rebuild" in fault


def test_when_every_list_is_looked_at_all_are_found(library, monkeypatch):
    monkeypatch.setattr(dense, "_PROBED", 1)
    health = library.doctor()
    assert (health.faults, health.recall) == ((), 1.0)

"""What the store keeps of copies is what comparing every two articles gives, in whatever order they came and went."""

import hashlib
import random
from contextlib import closing
from itertools import combinations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index import likenesses
from index.article import Article, Heading, Span
from index.likenesses import citable_text
from index.resemblance import Likeness, Wording, likeness
from index.shingles import fingerprints
from index.store import Prepared, Store

_WORDS = [f"{a}{b}{c}" for a in "bdfgk" for b in "aeiou" for c in "lmnrst"]


def story(seed, length=90):
    """Words of a story of its own."""
    return random.Random(seed).choices(_WORDS, k=length)


def variant(n):
    """One of three stories in one of eight versions: whole, cut, extended, revised, an excerpt, with a story of another."""
    words = story(n // 8)
    return " ".join(
        [
            words,
            words[:60],
            [*words, *story(f"more{n // 8}", 30)],
            [*words[:40], "another", "word", "altogether", *words[43:]],
            words[20:62],
            [*words, *story((n // 8 + 1) % 3)],
            [word.upper() for word in words],
            [*words[45:], *words[:45]],
        ][n % 8]
    )


def article(article_id, text, **values):
    return Article(id=article_id, text=text, title="T", **values)


def put(store, *articles, remove=()):
    store.commit(put=[Prepared(one, [], [], []) for one in articles], remove=remove, vectors={})


def kept(store):
    """Return what is kept, by id."""
    with store.snapshot() as snapshot:
        ids = {snapshot.article_row(article_id): article_id for article_id in snapshot.checksums()}
        return {(ids[row], ids[one.row], one.likeness, one.longer) for row in ids for one in likenesses.like(snapshot._connection, row)}


def oracle(articles):
    """Compare every two."""
    found = set()
    for one, other in combinations(articles.values(), 2):
        texts = [citable_text(each.record(), each.text) for each in (one, other)]
        prints = [fingerprints(text) for text in texts]
        shared = np.intersect1d(*prints).size >= max(1, min(map(len, prints)) // 5)
        words = [Wording.of(text) for text in texts]
        told = Likeness.COPY if texts[0] == texts[1] else likeness(*words) if shared else None
        if told:
            keys = [
                (len(each.words), each.words, hashlib.sha256(text.encode()).hexdigest()) for each, text in zip(words, texts, strict=True)
            ]
            found |= {(one.id, other.id, told, keys[1] > keys[0]), (other.id, one.id, told, keys[0] > keys[1])}
    return found


@pytest.fixture
def store(tmp_path):
    with closing(Store(tmp_path / "store.sqlite", create=True)) as store:
        yield store


def faults(store):
    with store.snapshot() as snapshot:
        return likenesses.faults(snapshot._connection)


STEPS = st.lists(st.tuples(st.sampled_from("pppr"), st.integers(0, 7), st.integers(0, 23)), min_size=1, max_size=14)


@pytest.mark.parametrize("common", [1, 32])
@given(steps=STEPS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_in_whatever_order_articles_come_and_go_it_is_what_comparing_all_gives(tmp_path_factory, monkeypatch, steps, common):
    monkeypatch.setattr(likenesses, "_COMMON", common)  # 1: whatever two share is common
    live = {}
    with closing(Store(tmp_path_factory.mktemp("s") / "store.sqlite", create=True)) as store:
        for step, place, n in steps:
            article_id = f"a{place}"
            if step == "p":
                live[article_id] = article(article_id, variant(n))
                put(store, live[article_id])
            else:
                live.pop(article_id, None)
                put(store, remove=[article_id])
        assert kept(store) == oracle(live)
        assert faults(store) == []
        store.purge(up_to=100)
        assert kept(store) == oracle(live)
        store.forget_likenesses()
        assert not kept(store)
        while store.sign(2):
            pass
        assert kept(store) == oracle(live)


def test_many_that_share_a_form_do_not_hide_a_short_excerpt(store, monkeypatch):
    """The most common fingerprints are left out of the search, but for shorter texts, which may have no others."""
    monkeypatch.setattr(likenesses, "_COMMON", 2)
    form = story("form", 60)
    live = {f"f{n}": article(f"f{n}", " ".join([*form, *story(f"own{n}", 400)])) for n in range(8)}
    live["short"] = article("short", " ".join(form[5:50]))
    for each in (*list(live.values())[:4], live["short"], *list(live.values())[4:8]):
        put(store, each)
    assert kept(store) == oracle(live)
    assert {other for one, other, told, _ in kept(store) if one == "short" and told is Likeness.EXCERPT} == live.keys() - {"short"}


def test_boilerplate_and_headings_make_no_copies(store):
    notice = " ".join(story("notice", 80))
    for n in range(3):
        heading = " ".join(story("heading", 30))
        text = f"{heading}\n{' '.join(story(f'own{n}', 30))}\n{notice}"
        marks = Span(len(text) - len(notice), len(text))
        put(store, article(f"a{n}", text, headings=(Heading(Span(0, len(heading)), 1),), not_citable=(marks,)))
    assert not kept(store)


def test_an_index_from_before_learns_of_its_copies_though_killed_midway(store):
    live = {f"a{n}": article(f"a{n}", variant(n)) for n in range(12)}
    put(store, *live.values())
    with store._transaction() as connection:
        likenesses.forget_all(connection)
        connection.execute("DELETE FROM settings WHERE name = ?", (likenesses.SETTING,))
    assert faults(store) == ["copies: found by other rules than those in use; run `assay rebuild`"]
    assert store.sign(5) == 5
    assert len(faults(store)) == 7, "one line for each that is not known yet"
    store.close()
    with closing(Store(store.path)) as again:
        assert [again.sign(5), again.sign(5), again.sign(5)] == [5, 2, 0]
        assert kept(again) == oracle(live)
        assert faults(again) == []


def test_what_other_rules_found_is_found_anew(store, monkeypatch):
    put(store, article("a", variant(0)), article("b", variant(1)))
    monkeypatch.setattr(likenesses, "RULES", "others")
    assert "other rules" in faults(store)[0]
    assert store.sign(10) == 2
    assert faults(store) == []


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM likenesses",
        "DELETE FROM likenesses WHERE longer = 1",
        "UPDATE likenesses SET likeness = 'copy'",
        "DELETE FROM prints WHERE wording = 1",
        "UPDATE prints SET print = print + 1 WHERE wording = 1",
        "UPDATE wordings SET prints = x'0000000000000000' WHERE row = 1",
        "UPDATE wordings SET sha256 = 'x' WHERE row = 1",
        "DELETE FROM worded WHERE article = 1",
        "INSERT INTO wordings VALUES (99, 'y', x'')",
    ],
)
def test_damage_is_named_and_mended(store, damage):
    live = {"a": article("a", variant(0)), "b": article("b", variant(1)), "c": article("c", variant(8))}
    put(store, *live.values())
    with store._transaction() as connection:
        connection.execute(damage)
    said = faults(store)
    assert said
    assert all("assay rebuild" in line and "\n" not in line for line in said)
    store.forget_likenesses()
    store.sign(10)
    assert faults(store) == []
    assert kept(store) == oracle(live)

"""BM25 as the textbook has it, and words that are only words."""

import math
import random
import string
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.durable import Stamp
from index.lexical import MAX_WORDS, LexicalIndex, readable

K1, B = 1.2, 0.75
NO_ROWS = np.zeros(0, np.int64)
END = 2**40
VOCABULARY = [f"q{letter}" for letter in string.ascii_lowercase[:12]]  # words that no stemmer shortens
WORDS = st.lists(st.sampled_from(VOCABULARY), max_size=60).map(" ".join)


def one_byte(length):
    """A length as it is kept in one byte: exact up to 40, then the four highest bits (Lucene's SmallFloat.intToByte4)."""
    if length <= 24:
        return length
    kept, bits = length - 24, max(0, (length - 24).bit_length() - 4)
    return 24 + (kept >> bits << bits)


class Textbook:
    """Robertson & Zaragoza 2009, equation 3.15, with the idf that is never negative."""

    def __init__(self, texts):
        self.counts = [Counter(text.split()) for text in texts]
        self.mean = sum(count.total() for count in self.counts) / len(texts)

    def score(self, query, i):
        count, length = self.counts[i], one_byte(self.counts[i].total())
        return sum(self.idf(word) * self.saturated(count[word], length) for word in set(query.split()))

    def saturated(self, frequency, length):
        return frequency * (K1 + 1) / (frequency + K1 * (1 - B + B * length / self.mean))

    def idf(self, word):
        found = sum(word in count for count in self.counts)
        return math.log(1 + (len(self.counts) - found + 0.5) / (found + 0.5))


def made(folder, texts, *, batches=1, articles=lambda row: row):
    """An index of `texts` under rows from 1 on, written in so many commits."""
    index = LexicalIndex.create(folder)
    for part in np.array_split(np.arange(len(texts)), batches):
        index.append((int(i) + 1, articles(int(i) + 1), texts[i]) for i in part)
    return index


def search(index, query, k=1000, *, articles=None, without=(), last_row=END):
    found = index.search(query, k, articles=articles, without=np.array(sorted(without), np.int64), last_row=last_row)
    return dict(zip(found.rows.tolist(), found.scores.tolist(), strict=True))


@pytest.fixture(scope="module")
def texts():
    chance = random.Random(7)
    weights = [1 / n for n in range(1, len(VOCABULARY) + 1)]
    lengths = [chance.choice([1, 2, 5, 30, 40, 90]) for _ in range(80)]
    return [" ".join(chance.choices(VOCABULARY, weights, k=length)) for length in lengths]


@pytest.fixture(scope="module")
def index(texts, tmp_path_factory):
    """80 passages, five an article, in four commits."""
    return made(tmp_path_factory.mktemp("lexical") / "1", texts, batches=4, articles=lambda row: 100 + row // 5)


# --- scores -----------------------------------------------------------------------------------------------------------


@given(query=WORDS)
@settings(max_examples=100)
def test_scores_are_the_textbooks(index, texts, query):
    textbook = Textbook(texts)
    expected = {i + 1: textbook.score(query, i) for i in range(len(texts))}
    found = search(index, query)
    assert set(found) == {row for row, score in expected.items() if score}
    assert found == pytest.approx({row: expected[row] for row in found}, rel=2e-5)
    assert list(found.values()) == sorted(found.values(), reverse=True)


@given(query=WORDS, k=st.integers(0, 100))
@settings(max_examples=100)
def test_the_best_k_are_the_first_k_of_all(index, query, k):
    everything, best = search(index, query), search(index, query, k)
    assert len(best) == min(k, len(everything))
    assert list(best.values()) == pytest.approx(list(everything.values())[:k], rel=1e-5)
    assert {row: everything[row] for row in best} == pytest.approx(best, rel=1e-5)


@given(query=WORDS, rows=st.lists(st.integers(1, 90), unique=True))
def test_scores_of_given_rows_are_those_that_search_finds(index, query, rows):
    everything = search(index, query)
    scores = index.scores(query, np.array(rows, np.int64))
    assert scores.dtype == np.float32
    assert scores.tolist() == pytest.approx([everything.get(row, 0.0) for row in rows], rel=1e-5)


@given(
    query=WORDS,
    articles=st.none() | st.sets(st.integers(99, 118)),
    without=st.sets(st.integers(1, 90)),
    last_row=st.sampled_from([0, 1, 40, 79, 80, END]),
)
@settings(max_examples=100)
def test_a_filter_leaves_out_and_never_changes_a_score(index, query, articles, without, last_row):
    everything = search(index, query)
    found = search(index, query, articles=None if articles is None else sorted(articles), without=without, last_row=last_row)
    passing = {row for row in everything if row not in without and row <= last_row and (articles is None or 100 + row // 5 in articles)}
    assert set(found) == passing
    assert found == pytest.approx({row: everything[row] for row in passing}, rel=1e-5)


def test_a_filter_finds_what_stands_far_below_the_best(index):
    word = VOCABULARY[0]
    ranked = list(search(index, word))
    assert list(search(index, word, 1, without=ranked[:-1])) == ranked[-1:]


def test_commits_make_no_difference(texts, tmp_path):
    at_once, one_by_one = made(tmp_path / "a", texts), made(tmp_path / "b", texts, batches=9)
    for query in (VOCABULARY[0], "qa qk", " ".join(VOCABULARY)):
        assert search(at_once, query) == pytest.approx(search(one_by_one, query), rel=1e-5)
    assert at_once.size == one_by_one.size == len(texts)


def test_lengths_are_exact_up_to_forty_and_coarse_beyond(tmp_path):
    kept = {0: 0, 1: 1, 24: 24, 39: 39, 40: 40, 41: 40, 42: 42, 43: 42, 55: 54, 56: 56, 59: 56, 60: 60, 87: 84, 95: 88, 96: 96}
    assert {length: one_byte(length) for length in kept} == kept
    lengths = [*range(1, 60), 87, 95, 150, 400]
    texts = [" ".join(["qx"] + ["qy"] * (length - 1)) for length in lengths]
    textbook = Textbook(texts)
    expected = {i + 1: textbook.score("qx", i) for i in range(len(texts))}
    assert search(made(tmp_path / "1", texts), "qx") == pytest.approx(expected, rel=2e-5)


def test_idf_is_the_textbooks_and_unknown_terms_are_the_rarest(index, texts):
    textbook = Textbook(texts)
    found = index.idf(["qa", "qb", "unknown", "qa"])
    assert found == pytest.approx({word: textbook.idf(word) for word in ("qa", "qb", "unknown")})
    assert found["unknown"] == max(found.values())
    assert index.idf([]) == {}


# --- words ------------------------------------------------------------------------------------------------------------

HOSTILE = [
    *("qa AND qb", "qa OR", "NOT qa", "AND OR NOT", "NEAR(qa qb, 2)", '"qa qb"~2', '"qa', "qa*", "q?", "/q[a-z]/", "qa^9", "-qa", "+qb"),
    *(
        "text:qa",
        "row:1",
        "article:[1 TO 5]",
        "row:IN [1 2 3]",
        "[qa TO qb]",
        "{qa}",
        "qa~2",
        "(((((",
        "\\",
        "\\\\qa",
        "qa\\",
        "*",
        ":",
        "~",
    ),
    *("'; DROP TABLE passages; --", "\x00qa", "qa\u2028qb", "\u202eqa", "qa\ufeff", "😀 qa", "qa\U0010ffff", "%s {0}"),
]


@pytest.mark.parametrize("query", HOSTILE)
def test_query_syntax_is_only_words(index, query):
    plain = "".join(character if character.isalnum() else " " for character in query)
    assert search(index, query) == search(index, plain.lower())


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_text_may_be_asked(index, query):
    found = search(index, query)
    assert all(score > 0 for score in found.values())
    assert index.scores(query, np.array([1, 2])).tolist() == pytest.approx([found.get(1, 0), found.get(2, 0)], rel=1e-5)
    assert set(index.words(query)) <= set(index.terms(query))
    assert all(rarity > 0 for rarity in index.idf(index.terms(query)).values())


def test_syntax_words_are_found_as_words(tmp_path):
    index = made(tmp_path / "1", ["this and that", "either or neither", "near to it", "plain"])
    assert [set(search(index, query)) for query in ("AND", "OR", "NEAR(", "not")] == [{1}, {2}, {3}, set()]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("minerals", "a Mineral"),
        ("MINING", "they mined it"),
        ("cafe", "the café"),
        ("Çelik", "celik said"),
        ("U.S.", "the u s economy"),
        ("rare-earth", "rare earth"),
        ("it's", "it s"),
        ("2023", "in 2023, 45 %"),
        ("漢字", "漢字"),
    ],
)
def test_case_accents_endings_and_punctuation_make_no_difference(tmp_path, query, text):
    assert set(search(made(tmp_path / "1", [text, "unrelated"]), query)) == {1}


def test_terms_are_the_words_in_order_as_indexed(index):
    assert index.terms("The cafés' Mining, the MINES; 45 %") == ["the", "cafe", "mine", "the", "mine", "45"]
    assert index.terms(" …") == []


def test_endless_words_are_left_out_and_do_not_count(tmp_path):
    texts = ["qa " + "x" * 500 + " qb", "qa qb", "qa qb qc"]
    index = made(tmp_path / "1", texts)
    found = search(index, "qa")
    assert found[1] == pytest.approx(found[2])
    assert search(index, "x" * 500) == {}


def test_a_word_asked_twice_counts_once(index):
    assert search(index, "qa qa qa QA") == search(index, "qa")


def test_of_a_long_query_the_rarest_words_are_searched(tmp_path):
    words = ["z" + "".join(pair) for pair in zip(string.ascii_lowercase * 4, "abcdefgh" * 13, strict=True)][:100]
    texts = [" ".join(words[: n + 1]) for n in range(100)]
    index = made(tmp_path / "1", texts)
    chosen = index.words(" ".join(words))
    known = Counter(word for text in texts for word in set(text.split()))
    assert len(chosen) == MAX_WORDS
    assert [known[word] for word in chosen] == sorted(known.values())[:MAX_WORDS]
    assert index.words("unknown qq") == []
    assert search(index, " ".join(words) * 5000)


# --- the files --------------------------------------------------------------------------------------------------------


def test_an_index_without_passages_finds_nothing(tmp_path):
    index = LexicalIndex.create(tmp_path / "1")
    assert search(index, "qa") == {}
    assert index.scores("qa", np.array([1])).tolist() == [0]
    assert index.scores("qa", NO_ROWS).shape == (0,)
    assert index.size == 0
    index.append([])
    assert search(index, "qa") == {}


def test_an_index_opened_again_finds_the_same(texts, tmp_path):
    index = made(tmp_path / "1", texts, batches=3)
    again = LexicalIndex(tmp_path / "1")
    for word in VOCABULARY:
        assert search(again, word) == search(index, word)
    assert search(again, "qa", last_row=10) == search(index, "qa", last_row=10)


def test_an_open_index_stays_as_it_was_while_another_grows(tmp_path):
    writer = made(tmp_path / "1", ["qa qb", "qa"])
    reader = LexicalIndex(tmp_path / "1")
    before = search(reader, "qa")
    for row in range(3, 9):
        writer.append([(row, row, "qa qb qc")])
    assert search(reader, "qa") == before
    assert set(search(LexicalIndex(tmp_path / "1"), "qa")) == set(range(1, 9))
    assert set(search(LexicalIndex(tmp_path / "1"), "qa", last_row=4)) == {1, 2, 3, 4}


def test_stamps_name_every_file_and_notice_each_changed_one(texts, tmp_path):
    index = made(tmp_path / "1", texts)
    stamps = index.stamps()
    assert set(stamps) == {file.name for file in (tmp_path / "1").iterdir() if not file.name.endswith(".lock")}
    assert readable(tmp_path / "1", stamps, full=True)
    assert not readable(tmp_path / "1", {})
    for name in stamps:
        path = tmp_path / "1" / name
        content = path.read_bytes()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        assert Stamp.of(path) != stamps[name]
        assert not readable(tmp_path / "1", stamps, full=True), name
        path.write_bytes(content)
    assert readable(tmp_path / "1", stamps)
    (tmp_path / "1" / next(iter(stamps))).unlink()
    assert not readable(tmp_path / "1", stamps)


def test_a_folder_that_holds_no_index_is_a_value_error(tmp_path):
    with pytest.raises(ValueError, match=r"."):
        LexicalIndex(tmp_path)
    (tmp_path / "meta.json").write_text("{}")
    with pytest.raises(ValueError, match=r"."):
        LexicalIndex(tmp_path)

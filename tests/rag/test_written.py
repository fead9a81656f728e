"""What is read of a model's reply: its sentences without markup, and the passages that each names."""

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.written import LONGEST, Written, plain, written

REPLIES = [
    "Chile sold 45 tonnes in 2024 [1]. Peru shut a smelter, according to Reuters [2][3]. Congo may set quotas [9].",
    "Chile sold 45 tonnes. [1] Peru shut a smelter. [2, 3] Congo may set quotas. [12]",
    "<think>Passage 1. It says so [2]. </b> Now.</think>\n\n**Chile** sold it [1].\n\n- Peru shut a smelter [2].\n- Congo may act [3].",
    "Dr. Smith left the U.S. company in May [1]. The price was $1.5 million, he said [2]. “It is over,” she said [3].",
    "Chile sold it! ![a chart](http://e.org/a.png) Peru [shut](http://e.org) a smelter [1](http://e.org/b). Congo acts <b>now</b> [2].",
    "1. Chile sold its mines [1].\n2. Peru shut a smelter [2].\n\nThe articles do not say more. NOT IN THE ARTICLES",
    "Chile sold it 【1†source】. Peru shut it (passage 2). Congo acts [passages 1 and 3]. Is it so? Yes, it is [1",
]
FRAGMENTS = [
    *("[1]", "[2", "]", "[", "[[", "](", ")](", "![", "!", "(", ")", "<", ">", "</", "<script>", "<scr", "ipt>", "script", "<script src=x"),
    *("<think>", "</think>", "<b>", "**", "*", "_", "`", "- ", "1. ", "\n", "\n\n", " ", ". ", "A fell", "Prices rose.", "[a](http://x)"),
    *("[1](x)", "![a](x)", "[9]", "[0]", "[1-9999]", "[-1]", "[1.5]", "1" * 60, "【", "1†", "】", "［", "］", "\u200b", "\x00", "\ue000"),
    *("[١]", "(source 2)", "passage", "javascript:", "^", ",", "٣", "é", "漢字。", "\u202e", "&lt;", '"'),
]
NASTY = st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join)


def read(text, passages=3):
    return list(written([text], passages))


def cut(text, places):
    bounds = [0, *sorted({place % (len(text) + 1) for place in places}), len(text)]
    return [text[start:end] for start, end in pairwise(bounds)]


# --- pieces -----------------------------------------------------------------------------------------------------------


@settings(max_examples=150)
@given(st.sampled_from(REPLIES), st.lists(st.integers(0, 10_000), max_size=40))
def test_a_reply_reads_alike_however_it_is_cut(reply, places):
    assert list(written(cut(reply, places), 3)) == read(reply)


@pytest.mark.parametrize("reply", REPLIES)
def test_a_reply_reads_alike_by_character(reply):
    assert list(written(reply, 3)) == read(reply)


def test_a_sentence_comes_as_soon_as_the_next_has_begun():
    taken = []

    def pieces():
        for piece in ("Chile sold ", "it [1]. ", "Peru shut ", "it [2]."):
            taken.append(piece)
            yield piece

    assert next(written(pieces(), 3)) == Written("Chile sold it.", (1,))
    assert len(taken) == 3


def test_what_breaks_off_breaks_after_the_sentences_that_were_whole():
    def pieces():
        yield "Chile sold it [1]. Peru shut it [2]. Congo may "
        raise ConnectionError("gone")

    said = []
    with pytest.raises(ConnectionError, match="gone"):
        said.extend(written(pieces(), 3))
    reply = written(pieces(), 3)
    assert [next(reply), next(reply)] == [Written("Chile sold it.", (1,)), Written("Peru shut it.", (2,))]
    with pytest.raises(ConnectionError, match="gone"):
        next(reply)


@pytest.mark.parametrize("pieces", [[], [""], ["", " ", "\n"], ["[1]"], ["…"], ["<think>"], ["123"]])
def test_a_reply_without_words_has_no_sentence(pieces):
    assert list(written(pieces, 3)) == []


def test_what_is_longer_than_any_sentence_is_left_out():
    assert read(f"Chile sold it [1]. Peru {'shut it ' * LONGEST}. Congo acts [2].") == [
        Written("Chile sold it.", (1,)),
        Written("Congo acts.", (2,)),
    ]


# --- markers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("marker", "numbers"),
    [
        *((marker, (2,)) for marker in ("[2]", "[^2]", "[#2]", "[[2]]", "[ 2 ]", "【2】", "【2†source】", "［2］")),
        *((marker, (2,)) for marker in ("[passage 2]", "[Source: 2]", "[ref. 2]", "(source 2)", "(Passage 2)", "[2](http://e.org/x)")),
        *((marker, (1, 3)) for marker in ("[1][3]", "[1] [3]", "[1, 3]", "[1;3]", "[1 and 3]", "[1 & 3]", "[passages 1, 3]", "[1][3][1]")),
        *((marker, (1, 2, 3)) for marker in ("[1-3]", "[1–3]", "[1 to 3]", "[1][2-3]")),
        ("[3][1]", (3, 1)),
    ],
)
def test_a_marker_names_passages_in_all_the_ways_of_writing_it(marker, numbers):
    assert read(f"Chile sold it {marker}.") == [Written("Chile sold it.", numbers)]
    assert [one.numbers for one in read(f"Chile sold it. {marker} Peru shut its smelter. {marker}")] == [numbers, numbers]


def test_markers_that_stand_before_their_sentences_stay_with_them():
    assert read("[1] Chile sold it. [2] Peru shut it.") == [Written("Chile sold it.", (1,)), Written("Peru shut it.", (2,))]


@pytest.mark.parametrize("text", ["Chile sold two (2).", "Chile sold it [sic].", "Chile sold it in (2024)."])
def test_what_is_no_marker_stays(text):
    assert read(text) == [Written(text, ())]


@pytest.mark.parametrize(
    ("marker", "numbers", "unknown"),
    [("[4]", (), 1), ("[0]", (), 1), ("[1][9][9]", (1,), 2), ("[2-5]", (2, 3), 2), ("[1-9999]", (1,), 1), ("[3-1]", (3, 1), 0)],
)
def test_numbers_of_no_passage_are_counted(marker, numbers, unknown):
    assert read(f"Chile sold it {marker}.") == [Written("Chile sold it.", numbers, unknown)]


@pytest.mark.parametrize(
    "figures", ["[-1]", "[1.5]", "[12345]", "[1,000,000]", "[" + "1" * 60 + "]", "[[[[7]]]]", "[*1*]", "[<b>1</b>]", "[١]"]
)
def test_no_bracketed_figure_is_left_that_would_read_as_a_citation(figures):
    (sentence,) = read(f"Chile sold it {figures}.", 0)
    assert sentence.text == "Chile sold it."
    assert sentence.numbers == ()


@pytest.mark.parametrize("tail", ["[", "[1", "[1, ", "[^", "[[1", "【1", "［1", "[passage", "[passage 1", "[source: 1", "(source 1"])
def test_an_unfinished_marker_at_the_end_is_left_out(tail):
    assert read(f"Chile sold it {tail}") == [Written("Chile sold it", ())]
    assert read(f"Chile sold it [2]{tail}") == [Written("Chile sold it", (2,))]


# --- markup -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        *("**Chile** sold it.", "***Chile*** sold it.", "__Chile__ sold it.", "`Chile` sold it.", "~~Chile~~ sold it.", "# Chile sold it."),
        *("- Chile sold it.", "* Chile sold it.", "• Chile sold it.", "1. Chile sold it.", "2) Chile sold it.", "> Chile sold it."),
        *("<b>Chile</b> sold it.", "Chile<br/> sold it.", "<p class='x'>Chile sold it.</p>", "Chile <!-- no -->sold it."),
        *("[Chile](http://e.org) sold it.", '[Chile](http://e.org "t") sold it.', "![a chart](http://e.org/a.png) Chile sold it."),
        *("Chile  sold\u00a0it .", "Chi\u200ble sold\x00 it.", "\u202eChile sold it.", "Chile\tsold it.\n"),
    ],
)
def test_a_sentence_is_without_markup(text):
    assert plain(text) == "Chile sold it."
    assert [one.text for one in read(text)] == ["Chile sold it."]


@pytest.mark.parametrize(
    "text", ["The snake_case price was < 5 % [sic].", "“Chile sold it.”", "Is it so?", "It cost $1.5 (net)", "It rose by 5%"]
)
def test_what_is_no_markup_stays(text):
    assert plain(text) == text


@pytest.mark.parametrize("name", ["think", "thinking", "reasoning", "THINK"])
def test_what_a_model_thinks_it_does_not_say(name):
    thought = f"<{name}>Peru shut it [2]. </b> It is so.\nOr not. "
    assert read(f"{thought}</{name}>Chile sold it [1].") == [Written("Chile sold it.", (1,))]
    assert list(written([thought, f"Perhaps.</{name}>", "Chile sold it [1]."], 3)) == [Written("Chile sold it.", (1,))]
    assert read(f"Chile sold it [1]. {thought}") == [Written("Chile sold it.", (1,))]
    assert list(written(thought, 3)) == []


# --- what says nothing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        *("NOT IN THE ARTICLES", "Not in the articles.", "The articles do not say who leads it.", "The passages don’t mention a price."),
        *("The provided context does not contain the answer.", "There is no information on this.", "I cannot answer from the passages."),
        *(
            "The price is not mentioned in the passages.",
            "I don't know.",
            "It could not be determined.",
            "No relevant passages were found.",
        ),
    ],
)
def test_a_sentence_says_that_the_articles_do_not_say(text):
    assert Written(text, ()).says_nothing


@pytest.mark.parametrize(
    "text",
    [
        *("Chile did not sell it.", "The ministry does not say when.", "Peru has no plan to sell.", "The mine was not included."),
        *("Congo may not export cobalt.", "The articles of association changed.", "They do not know the price."),
    ],
)
def test_a_sentence_that_only_denies_says_something(text):
    assert not Written(text, ()).says_nothing


# --- anything ---------------------------------------------------------------------------------------------------------


@settings(max_examples=300)
@given(NASTY, st.integers(0, 12), st.lists(st.integers(0, 500), max_size=10))
def test_whatever_comes_is_read_as_safe_sentences(text, passages, places):
    for one in written(cut(text, places), passages):
        assert all(1 <= number <= passages for number in one.numbers)
        assert len(set(one.numbers)) == len(one.numbers)
        assert one.unknown >= 0
        assert not re.search(r"\[\d+\]", one.text)
        assert "<script" not in one.text.lower()
        assert "](" not in one.text
        assert one.text == " ".join(one.text.split())
        one.text.encode()


@given(st.text(max_size=200), st.integers(0, 12))
def test_any_text_is_read(text, passages):
    for one in read(text, passages):
        assert not re.search(r"\[\d+\]", one.text)
        assert any(map(str.isalpha, one.text))


HOSTILE = [
    "[1",
    "(",
    "<think>",
    "*",
    "![",
    "[",
    "[1,",
    "![a](",
    "<a ",
    "(source ",
    "【1†",
    "[1] ",
    "1. ",
    "a\n\n",
    "A fell. [1] ",
    "</think>",
]


def seconds(pieces):
    started = time.process_time()
    list(written(pieces, 3))
    return time.process_time() - started


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_long_reply_is_read_in_time_that_grows_with_it(piece):
    once, twice = (min(seconds([piece * (length // len(piece))]) for _ in range(2)) for length in (20_000, 40_000))
    assert twice < 3 * once + 0.1


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_long_reply_by_character_is_read_in_no_time(piece):
    """What looked at all of it for every character would take minutes."""
    assert seconds(piece * (8_000 // len(piece))) < 10


def test_nested_brackets_are_read_in_no_time():
    assert seconds(["Chile sold it " + "[" * 20_000 + "1" + "]" * 20_000 + "."]) < 3
    assert seconds(["Chile sold it " + "[" * 700 + "1" + "]" * 700 + "."]) < 3

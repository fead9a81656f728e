"""What counts as a sentence, and what holds for the sentences of any text at all."""

import importlib
import os
import subprocess
import sys
import textwrap
import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.article import Span
from index.segment import LONGEST, SEGMENTER, sentences

module = importlib.import_module("index.segment")


def split(text):
    return [span.of(text) for span in sentences(text)]


def check_invariants(text):
    """Everything that `sentences` promises about any text."""
    spans = sentences(text)
    assert all(isinstance(span, Span) for span in spans)
    assert all(first.end <= second.start for first, second in pairwise(spans))
    for span in spans:
        assert 0 <= span.start < span.end <= len(text)
        assert not text[span.start].isspace()
        assert not text[span.end - 1].isspace()
        assert span.end - span.start <= LONGEST
    gaps = [0, *(offset for span in spans for offset in span), len(text)]
    assert not any(text[end:start].strip() for end, start in zip(gaps[::2], gaps[1::2], strict=True))
    assert sentences(text) == spans


# --- what a sentence is: cut at every | ------------------------------------------------------------------------------

ONE_LINE = [
    # abbreviations
    "The U.S. economy grew.|It slowed later.",
    "He lives in the U.S.|She lives in France.",
    "Talks between the U.S. and the U.K. failed.",
    "Mr. Smith met Dr. Jones.|Mrs. Lee and Ms. Kay left.",
    "Some metals, e.g. Lithium, are rare.|Others, i.e. iron, are not.",
    "He works for Apple Inc.|He likes it.",
    "Apple Inc. reported a profit.|Its rival Foo Ltd. did not.",
    "Smith et al. found it.|Jones v. Smith was cited.",
    "At 6 a.m. Mr. Jones left.|He ran.",
    "On Jan. 5 the U.N. met in St. Petersburg.|Gen. Lee spoke.",
    "John F. Kennedy Jr. was there.|So was George W. Bush.",
    "J. R. R. Tolkien wrote it.|J.K. Rowling did not.",
    "He met Sen. Warren, D-Mass., and Rep. Jim Jordan.|They talked.",
    "“Mr. Allison knew,” she said.|He did.",
    "The Washington, D.C. office closed.|It will reopen.",
    # words that nupunkt's own list takes for abbreviations
    "It was built in the last century.|Nothing is left.",
    "That was the second series.|Parsons left.",
    "It grew in the sun.|Plants need that.",
    "He called it art.|Critics did not.",
    # numbers
    "See No. 5 on the list.|It is short.",
    "It cost $1.8 million.|It rose 3.5 % in May.|It fell 2.5% in June.",
    "Version 2.0.1 is out.|It works.",
    "It happened in 1999.|2000 was quiet.",
    "That is all for vol. 3, pp. 12-15.|See fig. 2 and sec. 4.",
    "Visit www.example.com.|It is free.",
    # quotation marks and brackets
    "“We won.”|The crowd cheered.",
    '"It is over."|They left.',
    '"Is it true?" she asked.|"No!" he said.',
    "“Why?” he asked.|“Because.”|She smiled.",
    "He left.|“I am tired,” she said.",
    "He left.|(She stayed.)|Nobody minded.",
    "He left (at 5 p.m. sharp).|She stayed.",
    "It stems from a path (Skt. madhyama) of old.|It is long.",
    "It ended in 2020.[3]|The next began.[12][13]|So it goes.",
    # other terminators
    "He paused … and went on.|Then he left.",
    "He paused... and went on.|Then he left.",
    "She never knew...|Then she left.",
    "What?!|Really?|Yes!",
    "Yahoo! bought it.|It sold it again.",
    "Really? ?!|Yes.",
    # letters without capitals, all capitals, tokenised text
    "the rate was 0.25% in 2017.|the facility matures in 2019.|e.g. this one does.",
    "BUT EUROPE MADE NO PLAN .|LAST WEEK IT DID .",
    "The U.S . is a country .|It is large .",
    # other scripts
    "这是一支笔。|那是一本书！|你好吗？",
    "यह एक वाक्य है।|यह दूसरा है।",
    "هل هذا صحيح؟|نعم.",
    # nothing to cut
    "A heading without a full stop",
    "...",
    "😀",
]


@pytest.mark.parametrize("case", ONE_LINE)
def test_one_line_is_cut_where_a_reader_would_cut_it(case):
    for blank in (" ", "   ", "\t", "\N{NO-BREAK SPACE}"):
        joined = case.replace("|", "" if "。" in case else blank)
        assert split(joined) == case.split("|")


@pytest.mark.parametrize(
    "case",
    [
        "First paragraph|\n\n|second paragraph",
        "A heading|\n|It begins here.|\n|- one item|\n|- another item|\n|1. a third",
        "A heading|\r\n|It begins here.| |It ends here.|\r\n\r\n|",
        "One|\u2028|two|\u2029|three|\x85|four|\f|five",
        " \n \n|Late start.|\n \n|And| \n",
        "Sources (names only) Reuters BBC News|\n|An answer follows here.",
    ],
)
def test_a_line_break_ends_a_sentence(case):
    expected = [piece for piece in case.split("|") if piece.strip()]
    assert split(case.replace("|", "")) == expected


@pytest.mark.parametrize("width", [50, 72, 100])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_hard_wrapped_prose_is_read_across_its_lines(width, newline):
    prose = [
        "The minerals that were once ignored now sit at the center of conversations that stretch across oceans and years.",
        "Mr. Jones, who met Dr. Smith in the U.S. last week, called them “the ground beneath our feet.”",
        "Nobody else did, for they are finite, unevenly distributed and deeply entangled with the politics of the day.",
        "Yet their absence can stall entire industries, as it did in 2010 when exports were cut by some 40 percent.",
    ]
    wrapped = textwrap.fill(" ".join(prose), width, break_on_hyphens=False).replace("\n", newline)
    text = f"A Short Heading{newline}{newline}{wrapped}{newline}{newline}{wrapped}"
    expected = ["A Short Heading", *prose, *prose]
    assert [" ".join(found.split()) for found in split(text)] == expected


def test_items_and_headings_among_wrapped_prose_stay_apart():
    text = (
        "Findings\n"
        "The committee looked at the whole of the supply chain and at what had\n"
        "been said about it in the years before, and it found little that could\n"
        "be called settled. It recommends the following three measures to all:\n"
        "- more stocks of the metals that are held in the smallest quantities,\n"
        "- fewer imports of those that can be dug up at home without much harm\n"
        "1. and patience"
    )
    assert split(text)[0] == "Findings"
    assert split(text)[2].endswith("three measures to all:")
    assert [found[:6] for found in split(text)[3:]] == ["- more", "- fewe", "1. and"]


def test_headlines_of_like_length_are_not_taken_for_wrapped_prose():
    headlines = [
        "Minerals once ignored now sit at the center of the conversation",
        "Representatives from several states are set to meet this week",
        "Communities near extraction sites feel the impact before others",
        "Australia’s presence carries particular weight in these talks",
    ]
    assert split("\n".join(headlines)) == headlines


def test_the_last_lines_of_an_article_stand_alone():
    body = "As delegates convene, no binding agreement is expected. Instead, the talks are framed as a step towards one. " * 3
    disclaimer = "AI Image Disclaimer Illustrations were created using AI tools and are not real photographs."
    sources = "Sources (names only) Reuters Financial Times Bloomberg BBC News"
    assert split(f"{body.strip()}\n{disclaimer}\n{sources}\n")[-3:] == [
        "Instead, the talks are framed as a step towards one.",
        disclaimer,
        sources,
    ]


# --- what holds for any text -----------------------------------------------------------------------------------------

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
PIECES = st.sampled_from(
    [
        *(
            "Mr. Smith left.",
            "It cost $1.8 million.",
            "“Why?” he asked.",
            "the U.S.",
            "e.g.",
            "(see",
            "fig. 2)",
            "…",
            "?!",
            ".",
            ". . .",
            "[3]",
        ),
        *("😀", "e\u0301.", "\u200b", "\u202eabc.", "\ue000", "\0", "\x1b.", "。", "؟", "中文", "a" * 300, "a.b!" * 90, '"', "”", ")"),
        *(" ", "  ", "\n", "\n\n", "\r\n", "\r", "\x85", "\u2028", "\u2029", "\x1c", "\t", "\f", "\N{NO-BREAK SPACE}"),
        *("a line of words that could well be wrapped at this width", "and goes on here in small letters for a good while"),
    ]
)


@given(ANY_TEXT)
@settings(max_examples=300)
def test_invariants_hold_for_random_text(text):
    check_invariants(text)


@given(st.text(st.sampled_from(" .!?…\"'()[]“”aA1\n\r\u2028。"), max_size=60))
@settings(max_examples=300)
def test_invariants_hold_for_punctuation(text):
    check_invariants(text)


@given(st.lists(PIECES, max_size=40).map("".join))
@settings(max_examples=300)
def test_invariants_hold_for_pieces_of_sentences(text):
    check_invariants(text)


@given(st.lists(PIECES, max_size=60).map("".join))
def test_invariants_hold_across_windows(text):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "LONGEST", 40)
        spans = sentences(text)
        assert all(span.end - span.start <= 40 for span in spans)
    assert "".join("".join(span.of(text) for span in spans).split()) == "".join(text.split())


@given(st.lists(st.sampled_from(["Mr. Smith left.", "He ran on (and on).", "“Why?” she asked.", "It cost $1.8 million."]), min_size=1))
def test_windows_do_not_change_where_sentences_end(pieces):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "LONGEST", 60)
        assert split(" ".join(pieces)) == pieces


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\u2028\t"])
def test_white_space_alone_holds_no_sentence(text):
    assert sentences(text) == []


def test_offsets_count_code_points():
    assert sentences("😀 e\u0301. Mr. Ⅳ left. 𝔸.") == [Span(0, 5), Span(6, 17), Span(18, 20)]


# --- bounds, threads, loading ----------------------------------------------------------------------------------------


def test_an_endless_sentence_is_cut_at_white_space_else_hard():
    assert [len(found) for found in split("word " * 5_000)] == [LONGEST - 1, LONGEST - 1, 4_999]
    assert [len(found) for found in split("x" * 25_000)] == [LONGEST, LONGEST, 5_000]


@pytest.mark.parametrize("unit", ["The cat sat on the mat. ", "x", "a.", ". ", '."” ', "(a. b ", "? ", "ab.\n", "\n", "A. " + " " * 500])
def test_time_grows_linearly(unit):
    def seconds(size):
        text = unit * (size // len(unit))
        started = time.process_time()
        sentences(text)
        return time.process_time() - started

    # Eight times the text takes eight times as long; a quadratic step would take sixty-four times. The best of three runs each:
    # the processor's time, so that what else the machine does hardly counts.
    assert min(seconds(80_000) for _ in range(3)) < 30 * max(min(seconds(10_000) for _ in range(3)), 0.001)


def test_threads_see_what_one_thread_sees():
    texts = [f"Mr. Smith no. {number} left the U.S. in May. “Why?” he asked. It cost $1.{number} million." for number in range(50)]
    expected = [sentences(text) for text in texts]
    found = {}

    def work(worker):
        found[worker] = [sentences(text) for text in texts]

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(found.values()) == [expected] * 8


def test_the_model_is_loaded_at_the_first_call_only():
    code = "import sys; from index import sentences; print('nupunkt' in sys.modules); sentences('A.'); print('nupunkt' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert done.stdout.split() == ["False", "True"]


def test_the_name_of_the_segmenter_tells_the_installed_version():
    import nupunkt

    assert SEGMENTER.startswith(f"nupunkt {nupunkt.__version__} + assay ")


def test_another_version_of_the_library_is_refused(monkeypatch):
    import nupunkt

    monkeypatch.setattr(nupunkt, "__version__", "0.0.1")
    with pytest.raises(RuntimeError, match=r"expected nupunkt 0\.8\.0, found 0\.0\.1: pip install nupunkt==0\.8\.0"):
        module._punkt.__wrapped__()


def test_other_users_of_the_library_are_left_alone():
    import nupunkt

    before = nupunkt.load("default").abbreviations
    sentences("It was built in the last century. Nothing is left.")
    assert nupunkt.load("default").abbreviations == before
    assert "century" in before


@pytest.mark.skipif(not os.environ.get("ASSAY_DATA"), reason="ASSAY_DATA names no folder of public data")
def test_answers_are_not_cut():
    from eval.experiments.segmenters import answers, share_cut

    gold = answers(Path(os.environ["ASSAY_DATA"]))
    assert share_cut(gold, [[tuple(span) for span in sentences(text)] for text, _ in gold]) < 0.002

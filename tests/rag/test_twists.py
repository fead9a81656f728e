"""Where a claim says otherwise than the sentence it is nearest to."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.twists import twists, words_of

ARTICLE = (
    "Congo replaced its ban on cobalt exports with quotas on 16 October 2025.",
    "Glencore may ship 22,800 tonnes a year from its mines in Kolwezi, while CMOC of China may ship 31,200 tonnes.",
    "Most of the exporters did not meet the deadline of the regulator.",
    "Prices rose above $20 a pound after some traders had bought the metal.",
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


def stems(text):
    return [text.lower().rstrip("s")]


def compared(claim, sentences=ARTICLE):
    return twists(words_of(claim, stems), [words_of(one, stems) for one in sentences], {})


def weighed(claim, sentences=ARTICLE):
    """The same with every word as rare as the other."""
    words = [words_of(one, stems) for one in (claim, *sentences)]
    return twists(words[0], words[1:], {word.stem: 1.0 for one in words for word in one})


@pytest.mark.parametrize("sentence", ARTICLE)
def test_a_copy_says_nothing_else(sentence):
    found = weighed(sentence)
    assert found.matched == 1
    assert not any((found.negation, found.universal, found.certain, found.hedge_lost, found.opposite))
    assert found.swap < 0.1
    assert found.reason is None


@pytest.mark.parametrize(
    ("claim", "sign"),
    [
        ("Most of the exporters met the deadline of the regulator.", "negation"),
        ("Congo never replaced its ban on cobalt exports with quotas on 16 October 2025.", "negation"),
        ("Congo failed to replace its ban on cobalt exports with quotas.", "negation"),
        ("All of the exporters did not meet the deadline of the regulator.", "universal"),
        ("Only Glencore may ship 22,800 tonnes a year from its mines in Kolwezi.", "universal"),
        ("Glencore ships 22,800 tonnes a year from its mines in Kolwezi.", "certain"),
        ("The exporters did not meet the deadline of the regulator.", "hedge_lost"),
        ("Prices fell below $20 a pound after some traders had bought the metal.", "opposite"),
        ("Prices rose above $20 a pound after some traders had sold the metal.", "opposite"),
    ],
)
def test_a_small_change_is_seen_and_told(claim, sign):
    found = weighed(claim, (*ARTICLE[:3], ARTICLE[3].replace("rose", "rose and fell") if "fell" in claim else ARTICLE[3]))
    assert getattr(found, sign)
    assert found.reason


@pytest.mark.parametrize(
    ("claim", "mine", "other"),
    [
        ("CMOC may ship 22,800 tonnes a year from its mines in Kolwezi.", "CMOC", "Glencore"),
        ("Glencore may ship 31,200 tonnes a year from its mines in Kolwezi.", "31,200", "22,800"),
    ],
)
def test_a_term_in_anothers_place_is_told_with_the_other(claim, mine, other):
    found = weighed(claim)
    assert found.swap > 0.1
    assert found.swapped == (mine, other)
    assert mine in found.reason
    assert other in found.reason


@pytest.mark.parametrize(
    "claim",
    [
        "Glencore may ship 22,800 tonnes a year from Kolwezi.",
        "From its mines in Kolwezi Glencore may ship 22,800 tonnes.",
        "CMOC of China may ship 31,200 tonnes.",
    ],
)
def test_a_term_in_its_own_place_is_none(claim):
    assert weighed(claim).swap <= 0.1


@pytest.mark.parametrize(
    ("claim", "text", "exchanged"),
    [
        ("Apple sued Samsung over patents.", "Samsung sued Apple over patents.", True),
        ("Iran sold 5 tonnes to Iraq.", "Iraq sold 5 tonnes to Iran.", True),
        ("The team won 3-1 in Madrid.", "The team won 1-3 in Madrid.", True),
        ("Samsung was sued by Apple over patents.", "Apple sued Samsung over patents.", False),
        ("Iraq and Iran met in Geneva.", "Iran and Iraq met in Geneva.", False),
        ("Apple sued Samsung.", "Apple sued Samsung over patents.", False),
    ],
)
def test_who_did_it_to_whom_is_seen(claim, text, exchanged):
    assert weighed(claim, [text]).exchanged is exchanged


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        ("Exports declined by 5%.", "Exports fell by 5%."),
        ("The plant closed in 2024 after a fire.", "The plant closed in May 2024 after a fire."),
        ("The whole region lost power.", "The entire region lost power."),
        ("Output rose 5% last year.", "Output rose 5% in 2024, the first rise in years."),
        ("Exports fell in 2025.", "Exports fell in 2025, due to frost."),
    ],
)
def test_what_only_looks_like_a_change_is_none(claim, text):
    found = weighed(claim, [text])
    assert not any((found.negation, found.universal, found.certain, found.opposite, found.exchanged))


def test_over_no_sentences_there_is_nothing_to_say():
    assert compared("Prices rose.", ()) is None
    assert compared("", ARTICLE) is None


@given(TEXTS, st.lists(TEXTS, max_size=4))
def test_any_text_is_compared(claim, sentences):
    found = weighed(claim, sentences)
    if found is not None:
        assert 0 <= found.matched <= 1
        assert -1 <= found.swap <= 1.0000001
        assert (found.swapped is None) == (found.swap == -1)


@given(TEXTS)
def test_a_text_beside_itself_differs_in_nothing_but_repeated_terms(text):
    found = weighed(text, [text])
    if found is not None and len(words_of(text, stems)) <= 100:
        assert found.matched == 1
        assert not any((found.negation, found.universal, found.certain, found.hedge_lost, found.opposite))


@pytest.mark.parametrize("text", [" ".join(f"A{n} A1" for n in range(3_000)), "may " * 3_000, "not never " * 1_500, "Chile Peru " * 1_500])
def test_long_texts_are_compared_in_time_that_does_not_explode(text):
    started = time.process_time()
    weighed(text, [text])
    assert time.process_time() - started < 5

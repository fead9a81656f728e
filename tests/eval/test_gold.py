"""Where evidence stands: spans, and the passages that hold them, against what is known of articles that the tests write."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.dataset import Evidence, Example
from eval.gold import _merged, locate
from eval.run import Gold, GoldSpan
from index import Article

SENTENCES = [f"Sentence {n} says that plant {n} made {n * 7} tonnes of {metal}." for n, metal in enumerate(["tin", "zinc", "lead"] * 20)]
LONG = " ".join(SENTENCES)


@pytest.fixture
def view(make_library):
    articles = [
        Article(id="long", text=LONG, title="Plants"),
        Article(id="other", text="Chile made\n 40 tonnes  of lithium. Nobody objected.", title="Chile"),
    ]
    with make_library(articles).view() as view:
        yield view


def example(*evidence, qrels=None):
    return Example(id="q", question="How much?", evidence=evidence, qrels=qrels or {})


def test_a_quote_is_found_at_its_characters(view):
    quote = SENTENCES[31]
    gold = locate(view, example(Evidence("long", quote=quote)))
    assert gold.spans == (GoldSpan("long", LONG.index(quote), LONG.index(quote) + len(quote)),)
    assert gold.texts == (quote,)
    assert gold.unfound == ()


def test_a_quote_is_found_whatever_the_white_space_between_its_words(view):
    (span,) = locate(view, example(Evidence("other", quote="made 40 tonnes of lithium."))).spans
    assert view.article(view.article_row("other")).text[span.start : span.end] == "made\n 40 tonnes  of lithium."


def test_a_quote_without_an_article_is_found_in_the_one_that_holds_it(view):
    assert [span.article_id for span in locate(view, example(Evidence(quote=SENTENCES[8]))).spans] == ["long"]
    assert [span.article_id for span in locate(view, example(Evidence(quote="Nobody objected."))).spans] == ["other"]


@pytest.mark.parametrize(
    ("evidence", "named"),
    [
        (Evidence("long", quote="Nobody said this."), "Nobody said this."),
        (Evidence(quote="Nobody said this."), "Nobody said this."),
        (Evidence("gone"), "gone"),
        (Evidence("long", 5, 1_000_000), "long 5:1000000"),
        (Evidence("long", quote=" \n"), " \n"),
    ],
)
def test_what_is_not_there_is_named(view, evidence, named):
    assert locate(view, example(evidence)) == Gold(unfound=(named,))


def test_a_quote_of_an_article_that_is_not_there_is_named_with_it(view):
    assert locate(view, example(Evidence("gone", quote="Sentence 1"))) == Gold(unfound=("gone", "Sentence 1"))


def test_a_relevant_article_that_is_not_there_is_named(view):
    assert locate(view, example(qrels={"long": 1, "gone": 2, "off topic": 0})).unfound == ("gone",)


def test_a_span_whose_quote_stands_elsewhere_is_where_the_quote_is(view):
    quote = SENTENCES[3]
    (span,) = locate(view, example(Evidence("long", 0, len(quote), quote))).spans
    assert span.start == LONG.index(quote)


def test_a_quote_is_found_wherever_it_stands(view):
    """Of sixty sentences, every third speaks of zinc; a place is a stretch of its own."""
    gold = locate(view, example(Evidence("long", quote="tonnes of zinc.")))
    starts = [place for place in range(len(LONG)) if LONG.startswith("tonnes of zinc.", place)]
    assert len(starts) == 20
    assert gold.spans == (GoldSpan("long", starts[0], starts[0] + 15),)
    assert [place.span.start for place in gold.places[0]] == starts
    assert gold.stands == (tuple(GoldSpan("long", start, start + 15) for start in starts),)
    for span, passages in gold.places[0]:
        assert passages == locate(view, example(Evidence("long", span.start, span.end))).passages
    assert set(gold.passages) == {passage for place in gold.places[0] for passage in place.passages}


def test_places_that_the_set_gives_by_characters_are_the_only_ones(view):
    start = LONG.index("tonnes of zinc.")
    assert locate(view, example(Evidence("long", start, start + 15, "tonnes of zinc."))).places == ()


def test_a_small_part_of_a_span_does_not_stand_for_it(view):
    """The short quote stands at sixty places; joined with what is around its first, it is no longer the evidence there."""
    gold = locate(view, example(Evidence("long", quote=SENTENCES[0]), Evidence("long", quote=" tonnes of ")))
    assert gold.texts == (SENTENCES[0],)
    assert gold.places == ()


def test_a_quote_that_stands_everywhere_keeps_its_first_places(view):
    assert len(locate(view, example(Evidence("long", quote="o"))).places[0]) == 50


def test_an_article_alone_has_no_span(view):
    assert locate(view, example(Evidence("long"))) == Gold()


def test_the_passages_are_those_that_hold_at_least_half(view):
    passages = view.article_passages(view.article_row("long"))
    assert len(passages) > 3
    chance = random.Random(1)
    for _ in range(200):
        start = chance.randrange(len(LONG))
        end = min(len(LONG), start + chance.choice([1, 2, 7, 60, 400, 3000]))
        shared = {f"long:{one.ordinal}": len(set(range(one.start, one.end)) & set(range(start, end))) for one in passages}
        expected = {name for name, characters in shared.items() if characters and characters * 2 >= end - start}
        expected = expected or {name for name, characters in shared.items() if characters == max(shared.values()) > 0}
        assert set(locate(view, example(Evidence("long", start, end))).passages) == expected


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 30), st.integers(1, 9)), max_size=12))
def test_merged_spans_cover_the_same_characters_and_are_apart(drawn):
    spans = [GoldSpan(article, start, start + length) for article, start, length in drawn]
    merged = _merged(spans)
    covered = [(span.article_id, place) for span in merged for place in range(span.start, span.end)]
    assert sorted({(span.article_id, place) for span in spans for place in range(span.start, span.end)}) == covered

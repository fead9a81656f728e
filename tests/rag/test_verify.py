"""Sentences held against the articles: what proves them, where that stands, and what does not pass."""

import pytest

from index import Article, Span
from rag import Retriever, Verdict, check

ARTICLES = [
    Article(
        id="congo",
        title="Cobalt quotas in Congo",
        source="Reuters",
        published="2026-01-16",
        text=(
            "Congo replaced a ban on cobalt exports with quotas on 16 October 2025. "
            "Exporters may ship 96,600 tonnes a year in 2026 and 2027. "
            "The head of the regulator, Patrick Luabeya, said that stocks would last until March. "
            "Glencore has not shipped any cobalt since February."
        ),
    ),
    Article(id="peru", title="Peru", text="Peru shut a copper smelter. The smelter was old."),
]


class Believes:
    """A checker that says what a test says, and remembers what it was shown."""

    name = "believes"

    def __init__(self, *words):
        self.words = words
        self.seen = []

    def support(self, claim, passages):
        self.seen += [(claim, one.text) for one in passages]
        return [0.9 if any(word in one.text for word in self.words) else 0.1 for one in passages]


class BelievesAll(Believes):
    """A checker that wants to see all of its words."""

    def support(self, claim, passages):
        self.seen += [(claim, one.text) for one in passages]
        return [0.9 if all(word in one.text for word in self.words) else 0.1 for one in passages]


@pytest.fixture
def checked(make_library, make_embedder):
    """`checked(claim, *believed, named="congo", …) -> Checked`; without words believed, no checker."""
    library = make_library(ARTICLES, model=make_embedder(max_tokens=128))  # each article is one passage

    def made(claim, *believed, named="congo"):
        with library.view() as view:
            found = Retriever(library).retrieve(view, "cobalt copper smelter quotas", 8)
            mine = [one for one in found if one.hit.article_id == named]
            result = check(view, Believes(*believed) if believed else None, claim, mine, [one for one in found if one not in mine])
            quotes = [quote.span.of(view.article(quote.found.passage.article).text) for quote in result.quotes]
        return result, quotes

    return made


def test_a_claim_is_proved_by_the_sentences_that_hold_its_words(checked):
    result, quotes = checked("Exporters may ship 96,600 tonnes a year in 2026.", "96,600")
    assert (result.verdict, result.support, result.reason) == (Verdict.SUPPORTED, 0.9, None)
    assert quotes == ["Exporters may ship 96,600 tonnes a year in 2026 and 2027."]


def test_a_claim_of_two_sentences_is_proved_by_both_in_reading_order(checked):
    _, quotes = checked("Quotas of 96,600 tonnes a year replaced the ban on cobalt exports on 16 October 2025.", "96,600")
    assert quotes[:2] == [
        "Congo replaced a ban on cobalt exports with quotas on 16 October 2025.",
        "Exporters may ship 96,600 tonnes a year in 2026 and 2027.",
    ]


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("Exporters may ship 99,600 tonnes a year in 2026.", "99,600 tonnes"),
        ("Exporters may ship 96,600 tonnes a year in 2029.", "2029"),
        ("Congo replaced its ban with quotas on 16 November 2025.", "16 November 2025"),
        ("The head of the regulator, Patrick Kabila, spoke of stocks.", "Kabila"),
        ("Since February Umicore has not shipped any cobalt, unlike Glencore.", "Umicore"),
    ],
)
def test_figures_dates_and_names_must_stand_in_the_passage_whatever_a_checker_says(checked, claim, said):
    result, _ = checked(claim, "a")
    assert result.verdict is Verdict.UNSUPPORTED
    assert result.support < 0.3
    assert result.reason == f"the words cited for it do not say {said}"


@pytest.mark.parametrize(
    "claim",
    [
        "In January 2026 Reuters reported that Congolese exporters may ship some 97,000 tonnes a year.",
        "Exporters in Congo may ship 96,600 tonnes in 2026 and in 2027.",
        "Glencore's last cobalt left in February.",
    ],
)
def test_what_is_rounded_or_told_by_title_source_or_date_is_said(checked, claim):
    assert checked(claim, "a")[0].verdict is Verdict.SUPPORTED


def test_what_another_passage_proves_is_cited_there(checked):
    result, quotes = checked("Peru shut a copper smelter.", "Peru shut", named="congo")
    assert result.verdict is Verdict.SUPPORTED
    assert {quote.found.hit.article_id for quote in result.quotes} == {"peru"}
    assert quotes[0] == "Peru shut a copper smelter."


def test_what_nothing_proves_comes_with_the_nearest_words(checked):
    result, quotes = checked("Glencore has shipped cobalt since February.", "nothing of the kind")
    assert (result.verdict, result.reason) == (Verdict.UNSUPPORTED, "one says “not” where the other does not")
    assert quotes == ["Glencore has not shipped any cobalt since February."]


def test_a_claim_over_no_passages_has_no_proof(make_library):
    with make_library(ARTICLES).view() as view:
        result = check(view, Believes("a"), "Peru shut a copper smelter.", [])
    assert (result.verdict, result.quotes, result.support) == (Verdict.UNSUPPORTED, (), 0.0)


@pytest.mark.parametrize(
    ("claim", "reason", "overrules"),
    [
        ("Glencore has shipped cobalt since February.", "one says “not” where the other does not", True),
        ("Exporters ship 96,600 tonnes a year in 2026 and 2027.", "the article does not say it as a fact", False),
        ("All exporters may ship 96,600 tonnes a year in 2026 and 2027.", "the article does not say it of all, or of nothing else", True),
        ("The head of the regulator, Patrick Luabeya, said that stocks would last until February.", "of March, not of February", True),
    ],
)
def test_a_near_copy_that_twists_its_sentence_is_left_out_even_where_a_checker_is_rather_sure(checked, claim, reason, overrules):
    result, _ = checked(claim, "a")
    assert checked(claim)[0].verdict is not Verdict.SUPPORTED
    assert result.support < 0.9
    assert (result.verdict is not Verdict.SUPPORTED) is overrules
    assert reason in (checked(claim)[0].reason or "")


def test_words_in_quotation_marks_must_stand_there(checked):
    assert checked("Reuters says that “stocks would last until March”.", "a")[0].verdict is Verdict.SUPPORTED
    result, _ = checked("Reuters says that “stocks will last for years”.", "a")
    assert result.reason == "the words cited for it do not say “stocks will last for years”"


def test_a_claim_that_names_two_passages_is_proved_by_both_together(make_library):
    library = make_library(ARTICLES)
    claim = "Congo replaced a ban on cobalt exports with quotas, and Peru shut a copper smelter."
    with library.view() as view:
        found = {one.hit.article_id: one for one in Retriever(library).retrieve(view, "cobalt copper smelter quotas", 8)}
        alone = check(view, BelievesAll("replaced a ban", "shut a copper"), claim, [found["congo"]])
        both = check(view, BelievesAll("replaced a ban", "shut a copper"), claim, list(found.values()))
    assert alone.verdict is Verdict.UNSUPPORTED
    assert both.verdict is Verdict.SUPPORTED
    assert {quote.found.hit.article_id for quote in both.quotes} == {"congo", "peru"}


def test_without_a_checker_the_articles_own_words_pass_and_others_do_not(checked):
    assert checked("Exporters may ship 96,600 tonnes a year in 2026 and 2027.")[0].verdict is Verdict.SUPPORTED
    assert checked("The minister praised his wife for her cooking at dinner.")[0].verdict is Verdict.UNSUPPORTED


def test_a_note_that_is_not_citable_proves_nothing(make_library):
    text = "Peru shut a copper smelter. Illustrations show no real smelter of Peru."
    at = text.index("Illustrations")
    library = make_library([Article(id="a", title="Peru", text=text, not_citable=(Span(at, len(text)),))])
    with library.view() as view:
        found = Retriever(library).retrieve(view, "Peru smelter", 8)
        result = check(view, Believes("smelter"), "Illustrations show no real smelter of Peru.", found)
    assert all(quote.span.end <= at for quote in result.quotes)

"""Which sentences make the answer, in which order, and how they are shown."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import Article, Heading, Span
from rag import Reading, Retriever, Signals, log_odds, weigh
from rag.compose import choose, compose, shown, standing_alone
from rag.evidence import READ_INTERCEPT, READ_WEIGHTS, WEIGHTS


class Table:
    """Evidence laid out by hand: every sentence of some articles, each with the score and the terms that a test gives it."""

    def __init__(self, library, view):
        self.view = view
        found = Retriever(library).retrieve(view, "lithium", 50)
        self.all = {(one.found.hit.article_id, one.text): one for one in weigh(view, "lithium", found)}

    def one(self, text, score=1.0, terms=(), article=None):
        found = next(one for (name, sentence), one in self.all.items() if text in sentence and article in (None, name))
        signals = Signals(score / WEIGHTS.cosine, 0.0, 0.0, 0.0, 0.0)
        return replace(found, signals=signals, terms=frozenset(terms))

    def read(self, text, probability=0.9, terms=(), article=None):
        """Return the same where its passage was read, as likely to hold the answer as that."""
        one = self.one(text, terms=terms, article=article)
        signals = one.signals._replace(cosine=(log_odds(probability) - READ_INTERCEPT) / READ_WEIGHTS.cosine)
        return replace(one, found=replace(one.found, reading=Reading(0.9, 0.1, ())), signals=signals)

    def answer(self, *evidence, terms=()):
        ordered = sorted(evidence, key=lambda one: -one.score)
        return compose(self.view, choose(self.view, ordered, dict.fromkeys(terms, 1.0)))


@pytest.fixture
def table(make_library):
    """`table(text, …) -> Table` over one article a text: a, b, c, …; a text may be an `Article`."""
    views = []

    def laid(*texts):
        articles = [
            text if isinstance(text, Article) else Article(id="abcdef"[n], text=text, title="Lithium") for n, text in enumerate(texts)
        ]
        library = make_library(articles)
        views.append(library.view())
        return Table(library, views[-1].__enter__())

    yield laid
    for view in views:
        view.__exit__(None, None, None)


def texts(answer):
    return [sentence.text for sentence in answer[0]]


# --- choosing ---------------------------------------------------------------------------------------------------------

MINES = "Kolwezi mine opened. Tenke mine closed. Mutanda mine was sold. Kamoto mine was flooded. Luiswishi mine burned."


def test_one_good_sentence_is_enough(table):
    made = table(MINES)
    assert texts(made.answer(made.one("Kolwezi", 1.0, "k"), made.one("Tenke", 0.9, "k"), terms="k")) == ["Kolwezi mine opened."]


def test_a_further_sentence_must_bring_what_is_missing_and_be_nearly_as_good(table):
    made = table(MINES)
    best = made.one("Tenke", 1.0, "t")
    assert texts(made.answer(best, made.one("Kolwezi", 0.85, "k"), terms="tk")) == ["Kolwezi mine opened.", "Tenke mine closed."]
    assert texts(made.answer(best, made.one("Kolwezi", 0.5, "k"), terms="tk")) == ["Tenke mine closed."]
    assert texts(made.answer(best, made.one("Kolwezi", 0.85, "t"), terms="tk")) == ["Tenke mine closed."]


def test_another_articles_word_on_the_same_is_worth_its_place_when_it_is_as_good(table):
    made = table("Kolwezi mine opened in May.", "In June the pit of Kolwezi began its work.")
    best = made.one("May", 1.0, "k")
    assert len(texts(made.answer(best, made.one("June", 0.97, "k"), terms="k"))) == 2
    assert len(texts(made.answer(best, made.one("June", 0.85, "k"), terms="k"))) == 1


def test_never_more_than_the_documented_number(table):
    made = table(MINES)
    names = ("Kolwezi", "Tenke", "Mutanda", "Kamoto", "Luiswishi")
    evidence = [made.one(name, 1 - n / 100, name[0].lower()) for n, name in enumerate(names)]
    assert len(texts(made.answer(*evidence, terms="ktml"))) == 3


def test_where_passages_were_read_a_likely_answer_stands_alone_and_a_doubtful_one_beside_the_next(table):
    made = table("Kolwezi mine opened.", "Tenke mine closed for good.")
    second = made.read("Tenke", 0.4, "k")
    assert texts(made.answer(made.read("Kolwezi", 0.75, "k"), second, terms="k")) == ["Kolwezi mine opened."]
    doubtful = made.answer(made.read("Kolwezi", 0.65, "k"), second, terms="k")
    assert texts(doubtful) == ["Kolwezi mine opened.", "Tenke mine closed for good."]


def test_near_identical_sentences_are_not_repeated(table):
    other = "Bolivia has no such plan, Peru has none either and Argentina leaves it to its provinces."
    made = table("Chile asked Codelco to lead the new lithium plan.", f"Chile asked Codelco to lead the new lithium plan, it said. {other}")
    first, second = made.one("plan.", 1.0, "c", article="a"), made.one("it said", 1.0, "ck", article="b")
    assert texts(made.answer(first, second, terms="ck")) == ["Chile asked Codelco to lead the new lithium plan."]


def test_a_sentence_that_another_leans_on_is_not_repeated_from_a_copy(table):
    said = "Chile asked Codelco to lead the new lithium plan."
    made = table(f"{said} It gives the state a majority.", f"{said} Bolivia has no such plan.")
    evidence = (made.one("majority", 1.0, "m"), made.one(said, 0.9, "c", article="b"))
    assert texts(made.answer(*evidence, terms="mc")) == [said, "It gives the state a majority."]


def test_a_leaning_sentence_is_passed_over_when_it_would_repeat_what_is_said(table):
    said = "Chile asked Codelco to lead the new lithium plan."
    made = table(f"{said} It gives the state a majority.", f"{said} Bolivia has no such plan.")
    evidence = (made.one(said, 1.0, "c", article="b"), made.one("majority", 0.9, "m"))
    assert texts(made.answer(*evidence, terms="mc")) == [said]


def test_no_evidence_is_no_answer(table):
    made = table(MINES)
    assert made.answer() == ((), ())


# --- standing alone ---------------------------------------------------------------------------------------------------


def test_a_leaning_sentence_brings_its_predecessor(table):
    made = table("Kolwezi mine opened. It employs 900 people.")
    answer = made.answer(made.one("employs"))
    assert texts(answer) == ["Kolwezi mine opened.", "It employs 900 people."]
    assert [citation.quote for citation in answer[1]] == texts(answer)


def test_it_brings_two_when_the_first_leans_too_and_is_passed_over_when_that_is_not_enough(table):
    made = table("Kolwezi mine opened. It employs 900 people. They live nearby. These homes are new.")
    assert texts(made.answer(made.one("nearby"))) == ["Kolwezi mine opened.", "It employs 900 people.", "They live nearby."]
    assert made.answer(made.one("homes")) == ((), ())


def test_a_leaning_sentence_with_nothing_before_it_is_passed_over_for_the_next(table):
    made = table("It employs 900 people. Kolwezi mine opened.")
    assert texts(made.answer(made.one("employs", 1.0), made.one("Kolwezi", 0.9))) == ["Kolwezi mine opened."]


@pytest.mark.parametrize("gap", ["\n\n", "\n \n", "\r\n\r\n"])
def test_the_noun_of_a_pronoun_is_not_sought_across_a_blank_line(table, gap):
    made = table(f"Kolwezi mine opened.{gap}It employs 900 people.")
    assert made.answer(made.one("employs")) == ((), ())


def test_a_heading_or_a_notice_is_never_brought_along(table):
    heading, notice = "Kolwezi mine", "This is an advertisement."
    made = table(
        Article(id="a", text=f"{heading}\nIt employs 900 people.", title="T", headings=(Heading(Span(0, len(heading)), 1),)),
        Article(id="b", text=f"{notice} It moved 800 people.", title="T", not_citable=(Span(0, len(notice)),)),
    )
    assert made.answer(made.one("900")) == made.answer(made.one("800")) == ((), ())


def test_an_overlong_predecessor_is_not_brought_along(table):
    made = table(f"Kolwezi mine opened {'and opened ' * 80}again. It employs 900 people.")
    assert made.answer(made.one("employs")) == ((), ())


def test_what_stands_alone_stands_alone(table):
    made = table(MINES)
    one = made.one("Tenke")
    assert standing_alone(made.view, one) == (one.span,)


# --- order and citations ----------------------------------------------------------------------------------------------


def test_articles_come_in_the_order_of_their_best_sentence_and_sentences_in_reading_order(table):
    made = table(MINES, "Zinc was found in Kipushi. Tin was found in Manono.")
    evidence = (made.one("Manono", 1.0, "m"), made.one("Mutanda", 0.95, "u"), made.one("Kipushi", 0.9, "k"))
    sentences, citations = made.answer(*evidence, terms="muk")
    assert [sentence.text for sentence in sentences] == ["Zinc was found in Kipushi.", "Tin was found in Manono.", "Mutanda mine was sold."]
    assert [(citation.n, citation.article_id) for citation in citations] == [(1, "b"), (2, "b"), (3, "a")]
    assert [sentence.citations for sentence in sentences] == [(1,), (2,), (3,)]


def test_a_sentence_that_is_both_evidence_and_leant_on_stands_once(table):
    made = table("Kolwezi mine opened. It employs 900 people.")
    assert texts(made.answer(made.one("employs", 1.0, "e"), made.one("Kolwezi", 0.9, "k"), terms="ek")) == [
        "Kolwezi mine opened.",
        "It employs 900 people.",
    ]


def test_a_citation_says_exactly_where_its_quote_stands(table):
    text = "Ünïted 😀 words.\n\nKolwezi  mine\topened [3] \u2028in May."
    article = Article(id="x", text=text, title="Title", source="Reuters", published="2023-04", url="https://example.org/")
    made = table(article)
    sentence = next(one.text for one in made.all.values() if one.text.startswith("Kolwezi"))
    (shown_as, *_), (citation, *_) = made.answer(made.one(sentence))
    assert citation.quote == text[citation.start : citation.end] == sentence
    assert (citation.article_id, citation.title, citation.source, citation.published, citation.url) == (
        *("x", "Title", "Reuters", "2023-04"),
        "https://example.org/",
    )
    assert citation.page is None
    assert "[3]" in citation.quote
    assert "[3]" not in shown_as.text


def test_a_citation_names_the_passage_around_its_quote(table):
    text = " ".join(f"Pit number {n} of the Kolwezi mine opened in the rainy season." for n in range(30))
    made = table(text)
    for one in made.all.values():
        _, (citation,) = made.answer(replace(one, terms=frozenset()))
        passages = made.view.store.article_passages(one.found.passage.article)
        passage = passages[int(citation.passage_id.removeprefix("a:"))]
        assert passage.start <= citation.start < citation.end <= passage.end


# --- what is shown ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quote", "expected"),
    [
        ("Output rose [3].", "Output rose."),
        ("Output rose.[3][4]", "Output rose."),
        ("[1] Output [22] rose [333] .", "Output rose ."),
        ("Output [[3]] rose.", "Output [] rose."),
        ("Output [1[2]3] rose.", "Output rose."),
        ("Output [1[2[3]4]5] rose.", "Output rose."),
        ("Output [٣] rose [３].", "Output rose."),
        ("Output [1\n[2]3] rose.", "Output rose."),
        ("Output [a] rose [3a] [ 3 ] [] [1, 2].", "Output [a] rose [3a] [ 3 ] [] [1, 2]."),
        ("Output\n  rose\tin\u2028May.", "Output rose in May."),
        ("[3]", ""),
    ],
)
def test_bracketed_numbers_and_line_breaks_are_not_shown(quote, expected):
    assert shown(quote) == expected


BRACKETS = st.text(st.sampled_from("[]1٣３ \n\x1c.a"), max_size=40) | st.text(max_size=40)


@given(BRACKETS)
def test_nothing_that_is_shown_reads_as_a_citation(quote):
    text = shown(quote)
    assert not re.search(r"\[\d+\]", text)
    assert text == text.strip()
    assert shown(text) == text
    assert not re.search(r"[^\S ]|  ", text)


@given(BRACKETS)
def test_words_are_never_changed(quote):
    assert re.sub(r"[\[\]\d\s]", "", shown(quote)) == re.sub(r"[\[\]\d\s]", "", quote)

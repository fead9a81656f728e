"""Citation numbers through a conversation: the same quote, the same number."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rag import Answer, AnswerSentence, Citation, Conflict, Difference, Numbering, Side, difference_in_words


def answer_of(*quotes):
    """An answer of one sentence a quote; quotes are numbers that say where they stand, numbered from 1 as answers are."""
    places = list(dict.fromkeys(quotes))
    citations = [
        Citation(
            n=n,
            article_id=f"a{place % 3}",
            passage_id="",
            title="",
            source=None,
            published=None,
            url=None,
            start=place,
            end=place + 1,
            quote="q",
        )
        for n, place in enumerate(places, 1)
    ]
    sentences = [AnswerSentence(f"Sentence {place}.", (places.index(place) + 1,), 1.0) for place in quotes]
    return Answer(question="Q?", standalone_question="Q?", sentences=tuple(sentences), citations=tuple(citations), hits=(), confidence=0.5)


def test_a_quote_that_was_cited_before_keeps_its_number_and_a_new_one_gets_the_next():
    numbering = Numbering()
    assert numbering.of(answer_of(7, 9)).text == "Sentence 7. [1] Sentence 9. [2]"
    assert numbering.of(answer_of(5, 9)).text == "Sentence 5. [3] Sentence 9. [2]"
    assert [citation.n for citation in numbering.of(answer_of(5, 9, 7)).citations] == [1, 2, 3]


@given(st.lists(st.lists(st.integers(0, 20), max_size=6), max_size=8))
def test_numbers_and_quotes_stand_for_each_other_all_through(conversation):
    numbering, quotes = Numbering(), {}
    for asked in conversation:
        answer = numbering.of(answer_of(*asked))
        assert {n for sentence in answer.sentences for n in sentence.citations} == {citation.n for citation in answer.citations}
        for citation in answer.citations:
            assert quotes.setdefault(citation.n, (citation.article_id, citation.start)) == (citation.article_id, citation.start)
        for sentence, place in zip(answer.sentences, asked, strict=True):
            assert quotes[sentence.citations[0]][1] == place
    assert sorted(quotes) == list(range(1, len(quotes) + 1))
    assert len(set(quotes.values())) == len(quotes)


def test_an_answer_that_grows_keeps_its_numbers():
    numbering = Numbering()
    first, whole = numbering.of(answer_of(4)), numbering.of(answer_of(4, 8))
    assert whole.text.startswith(first.text)


def test_the_sides_of_a_conflict_and_what_is_said_of_them_have_the_numbers_of_the_conversation():
    numbering = Numbering()
    numbering.of(answer_of(1, 2))
    answer = answer_of(7, 2)
    sides = tuple(Side(value=value, citations=(n,), source="Mail", published=None) for value, n in (("16", 1), ("17", 2)))
    conflict = Conflict(kind=Difference.CONFLICT, sides=sides)
    said = difference_in_words(conflict, answer.citations)
    numbered = numbering.of(replace(answer, conflict=conflict, notes=("Before [1].", said)))
    assert [side.citations for side in numbered.conflict.sides] == [(3,), (2,)]
    assert numbered.notes == ("Before [1].", "The articles disagree: 16 (Mail, undated) [3]; 17 (Mail, undated) [2].")

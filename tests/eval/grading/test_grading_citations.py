"""Measures of proof: by characters, by articles, by the verifier."""

import pytest

OF_ANSWERS = ["citation_precision", "citation_recall", "citation_F1"]


def three(graded, *rows):
    found = [graded(name, *rows) for name in OF_ANSWERS]
    return {row.id: tuple(each.get(row.id) for each in found) for row in rows}


def test_characters_decide_where_they_are_known(made, graded):
    cited = [made.citation("a", 0, 50, n=1), made.citation("a", 100, 150, n=2), made.citation("b", 0, 50, n=3)]
    answer = made.answer(("One.", (1,), 0.1), ("Two.", (1, 2), 0.9), ("Three.", (3,), 0.9), ("Four.", (), 0.9), citations=cited)
    row = made.row(answer=answer, spans=[("a", 10, 40), ("a", 500, 600)], qrels={"a": 1, "b": 0})
    precision, recall = 2 / 4, 2 / 4
    assert three(graded, row) == {"q1": (precision, recall, pytest.approx(2 * precision * recall / (precision + recall)))}
    assert graded("evidence_recall", row) == {"q1": 1 / 2}
    assert graded("citation_IoU", row) == {"q1": pytest.approx(30 / (30 + 100 + 150 - 30))}


@pytest.mark.parametrize(
    ("start", "end", "good"),
    [(0, 10, 0), (0, 15, 1), (0, 14, 0), (14, 16, 1), (15, 15, 0), (12, 99, 1), (16, 99, 0), (21, 99, 0), (19, 21, 1)],
)
def test_half_of_the_shorter_ones_characters_is_enough(start, end, good, made, graded):
    """The evidence is [10, 20)."""
    row = made.row(answer=made.answer("x", citations=[made.citation("a", start, end)]), spans=[("a", 10, 20)])
    assert three(graded, row) == {"q1": (good, good, good)}


def test_a_copy_of_the_evidence_is_evidence(made, graded):
    def row(citation, **known):
        return made.row(answer=made.answer("x", citations=[citation]), spans=[("a", 10, 20)], **known)

    quoted = {"evidence": [{"article_id": "a", "quote": "the lake\nis dry"}]}
    assert graded("citation_recall", row(made.citation("b", 10, 20))) == {"q1": 0}
    assert graded("citation_recall", row(made.citation("b", 10, 20, also_in=["a"]))) == {"q1": 1}
    assert graded("citation_IoU", row(made.citation("b", 10, 20, also_in=["a"]))) == {"q1": 1}
    assert graded("citation_recall", row(made.citation("b", 90, 99, also_in=["a"]))) == {"q1": 0}
    assert graded("citation_recall", row(made.citation("b", 90, 99, also_in=["a"], quote="Here the lake is dry."), **quoted)) == {"q1": 1}
    assert graded("citation_recall", row(made.citation("b", 90, 99, also_in=["a"], quote="lake  is dry"), **quoted)) == {"q1": 1}
    assert graded("citation_recall", row(made.citation("b", 10, 20, also_in=["a"], quote="Something else."), **quoted)) == {"q1": 0}


def test_articles_decide_where_no_characters_are_known(made, graded):
    cited = [made.citation("a", 0, 5, n=1), made.citation("x", 0, 5, n=2, also_in=["b"]), made.citation("y", 0, 5, n=3)]
    answer = made.answer(("One.", (1, 3), 0.9), ("Two.", (2,), 0.9), ("Three.", (3,), 0.9), citations=cited)
    row = made.row(answer=answer, qrels={"a": 1, "b": 2, "c": 1, "y": 0})
    assert three(graded, row) == {"q1": (2 / 4, 2 / 3, pytest.approx(2 * (2 / 4) * (2 / 3) / (2 / 4 + 2 / 3)))}
    assert graded("evidence_recall", row) == {"q1": pytest.approx(2 / 3)}
    assert graded("citation_IoU", row) == {}


def test_each_article_is_decided_by_the_finest_that_is_known_of_it(made, graded):
    """Known are a span of a, that b is relevant, and a quote of c that c does not hold; d is not in the index."""
    cited = [made.citation(article, 0, 5, n=n) for n, article in enumerate("abcdx", 1)]
    answer = made.answer(*((f"{n}.", (n,), 0.9) for n in range(1, 6)), citations=cited)
    evidence = [{"article_id": "a", "start": 90, "end": 99}, {"article_id": "c", "quote": "w"}]
    known = {"spans": [("a", 90, 99)], "evidence": evidence, "qrels": dict.fromkeys("abd", 1), "unfound": ["w", "d"]}
    row = made.row(answer=answer, **known)
    assert three(graded, row) == {"q1": (2 / 5, 2 / 5, pytest.approx(2 / 5))}
    assert graded("evidence_recall", row) == {"q1": pytest.approx(2 / 3)}
    assert graded("citation_IoU", made.row(answer=made.answer("x", citations=[made.citation("a", 90, 99), cited[1]]), **known)) == {"q1": 1}


def test_a_number_given_twice_in_a_sentence_counts_once(made, graded):
    cited = [made.citation("a", 0, 5, n=1), made.citation("b", 0, 5, n=2)]
    row = made.row(answer=made.answer(("One.", (1, 1, 2), 0.9), citations=cited), qrels={"a": 1})
    assert graded("citation_precision", row) == {"q1": 1 / 2}
    assert graded("citations_per_sentence", row) == {"q1": (2, 1)}


def test_the_verifier_decides_where_nothing_is_known(made, graded):
    cited = [made.citation("a", 0, 5, n=1), made.citation("b", 0, 5, n=2)]
    answer = made.answer(("One.", (1, 2), 0.5), ("Two.", (1,), 0.49), ("Three.", (), 0.9), ("Four.", (9,), 0.9), citations=cited)
    assert three(graded, made.row(answer=answer)) == {"q1": (2 / 4, 1 / 4, pytest.approx(1 / 3))}
    assert graded("evidence_recall", made.row(answer=answer)) == {}


def test_silence_proves_nothing_and_misses_the_evidence(made, graded):
    known = made.row(answer=made.silence(), spans=[("a", 0, 9)])
    assert three(graded, known) == {"q1": (None, None, None)}
    assert graded("evidence_recall", known) == graded("citation_IoU", known) == {"q1": 0}


def test_an_answer_without_citations_has_no_proof(made, graded):
    rows = [made.row("bare", made.answer(("x", (), 1.0)), qrels={"a": 1}), made.row("empty", made.answer(short="x"), qrels={"a": 1})]
    assert three(graded, *rows) == {"bare": (0, 0, 0), "empty": (0, 0, 0)}


def test_errors_count_as_nought(made, graded):
    row = made.row(spans=[("a", 0, 9)])
    assert three(graded, row) == {"q1": (0, 0, 0)}
    assert graded("evidence_recall", row) == graded("citation_IoU", row) == {"q1": 0}
    assert graded("quote_exactness", row) == graded("citations_per_sentence", row) == {}


def test_unanswerable_questions_have_nothing_to_cite(made, graded):
    row = made.row(answer=made.answer("x", citations=[made.citation("a", 0, 5)]), answerable=False)
    assert three(graded, row) == {"q1": (None, None, None)}
    assert graded("evidence_recall", row) == {}
    assert graded("quote_exactness", row) == {"q1": (1, 1)}


def test_evidence_that_is_not_in_the_index_stands_apart(made, graded):
    answer = made.answer("x", citations=[made.citation("a", 0, 5)])
    gone = made.row(answer=answer, evidence=[{"article_id": "g", "quote": "w"}], qrels={"g": 1}, unfound=["g", "w"])
    for name in [*OF_ANSWERS, "evidence_recall"]:
        assert graded(name, gone) == {"q1": "the index does not have the evidence"}
    half = made.row(answer=answer, evidence=[{"article_id": "a"}, {"article_id": "g"}], qrels={"a": 1, "g": 1}, unfound=["g"])
    assert three(graded, half) == {"q1": (1, 1, 1)}
    assert graded("evidence_recall", half) == {"q1": 1}


def test_exactness_and_density_are_sums_over_all(made, graded):
    cited = [made.citation("a", 0, 5, n=1), made.citation("b", 0, 5, n=2)]
    answer = made.answer(("One.", (1, 2), 1), ("Two.", (2,), 1), citations=cited)
    rows = [made.row(answer=answer, exact=[True, False]), made.row("unchecked", answer, exact=[])]
    assert graded("quote_exactness", *rows) == {"q1": (1, 2), "unchecked": "its quotes were not held against the index"}
    assert graded("citations_per_sentence", *rows) == {"q1": (3, 2), "unchecked": (3, 2)}


@pytest.mark.parametrize(("cited", "value"), [(("a", "b", "c"), 1), (("a", "a"), 0), ((), 0)])
def test_the_evidence_of_several_articles_is_cited_whole_or_not(made, graded, cited, value):
    citations = [made.citation(article, 0, 9, n=n) for n, article in enumerate(cited, 1)]
    row = made.row(answer=made.answer("One.", citations=citations) if cited else made.silence(), qrels={"a": 1, "b": 1, "d": 0})
    assert graded("articles_whole", row) == {"q1": value}


def test_a_copy_stands_for_its_article(made, graded):
    citations = [made.citation("a", 0, 9, n=1), made.citation("x", 0, 9, n=2, also_in=("b",))]
    assert graded("articles_whole", made.row(answer=made.answer("One.", citations=citations), qrels={"a": 1, "b": 1})) == {"q1": 1}


def test_evidence_in_one_article_is_not_asked_to_be_whole(made, graded):
    answer = made.answer("One.", citations=[made.citation("a", 0, 9, n=1)])
    assert graded("articles_whole", made.row(answer=answer, qrels={"a": 1})) == {}
    assert graded("articles_whole", made.row(answer=answer, qrels={"a": 1, "b": 1}, answerable=False)) == {}

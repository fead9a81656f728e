"""Question sets made without a model: every row is held against the articles themselves, read as plain text."""

import json
import os
import random
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.dataset import Example
from eval.generating import asked_of, generate, save
from eval.generating.cloze import BLANK, blanks
from eval.generating.lexical import LONG_TITLE, SHORT_TITLE, TITLE_IN_TEXT, TITLE_SHARED
from index import Article, ArticleFilter, AssayError, Library, Span
from rag import Pipeline, opens_unresolved

SAMPLES = Path(__file__).parents[2] / "seeds" / "articles"

#: Names that stand in one article each, and what is quarried there.
NAMES = "Arborfield Brackenridge Copplestone Dunsworthy Ellenshaw Farrowdale Grimthorpe Hollowcross".split()
STONES = dict(zip(NAMES, "granite slate marble basalt flint chalk gneiss gypsum".split(), strict=True))


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """Half of the sample articles in an index of the model that is shipped."""
    with Library.open(tmp_path_factory.mktemp("generate") / "i") as library:
        library.add(*sorted(SAMPLES.glob("*.md"))[:14])
        yield library


@pytest.fixture(scope="module")
def made(samples):
    return generate(samples, 40, seed=3)


def report(name, **more):
    """An article of five sentences, each with a name that stands nowhere else."""
    stone = STONES[name]
    text = (
        f"The {stone} quarry at {name} was opened by the county council with a loan from its neighbours. "
        f"Nobody has counted how many lorries of {stone} left {name}by for the coast in the wet season. "
        f"Most kerbs of {stone} in the towns along the river were cut in {name}ton by hand. "
        f"A railway for {stone} blocks from {name}ham to the harbour was surveyed but never built. "
        f"The last master of the {stone} cutters lived in {name}wick until the school there was closed."
    )
    return Article(**{"id": name.lower(), "title": f"What the yearly survey of quarries found near {name}", "text": text} | more)


def of_type(made, kind):
    return [one for one in made.examples if one.type == kind]


# --- each row, held against the articles ------------------------------------------------------------------------------


def test_a_set_holds_every_kind_in_turn_and_no_id_twice(made):
    kinds = Counter(one.type for one in made.examples)
    assert len(made.examples) == 40
    assert kinds["cloze"] == 20
    assert kinds["known_item"] == kinds["unanswerable"] == 10
    assert len({one.id for one in made.examples}) == 40
    assert made.shortfall is None
    assert "search by words" in made.note


def test_every_row_loads_back(made):
    assert [Example.from_json(json.loads(json.dumps(one.to_json()))) for one in made.examples] == list(made.examples)


def test_every_quote_stands_at_its_characters(made, samples):
    quoted = [one for example in made.examples for one in example.evidence if one.quote]
    assert len(quoted) == len(of_type(made, "cloze"))
    for one in quoted:
        article = samples.article(one.article_id)
        assert article.text[one.start : one.end] == one.quote
        assert article.citable(Span(one.start, one.end))
        assert not opens_unresolved(one.quote)


def test_the_answer_in_its_blank_is_the_sentence(made):
    for one in of_type(made, "cloze"):
        assert one.question == f"Complete: “{one.evidence[0].quote.replace(one.answers[0], BLANK)}”"
        assert one.question.replace(BLANK, one.answers[0]) == f"Complete: “{one.evidence[0].quote}”"
    for one in of_type(made, "unanswerable"):
        gone = one.metadata
        assert one.question.replace(BLANK, gone["answer_left_out"]) == f"Complete: “{gone['evidence_left_out']['quote']}”"


def test_no_question_holds_its_answer(made):
    for one in made.examples:
        for answer in (*one.answers, *filter(None, [one.metadata.get("answer_left_out")])):
            assert answer.casefold() not in one.question.casefold()


def test_what_is_left_out_is_said_nowhere_else(made, samples):
    texts = {record["id"]: samples.article(record["id"]).text.casefold() for record in samples.articles()}
    silent = of_type(made, "unanswerable")
    assert silent
    for one in silent:
        assert (one.answerable, one.answers, one.evidence, one.qrels) == (False, (), (), {})
        answer = re.compile(rf"(?<!\w){re.escape(one.metadata['answer_left_out'].casefold())}(?!\w)")
        assert {name for name, text in texts.items() if answer.search(text)} == set(one.metadata["leave_out"])


def test_a_filter_leaves_out_what_a_row_says(made, samples):
    everything = {record["id"] for record in samples.articles()}
    one = of_type(made, "unanswerable")[0]
    left = everything - set(one.metadata["leave_out"])
    asked = Pipeline(samples).ask(one.question)
    without = Pipeline(samples).ask(one.question, only=asked_of(one, everything))
    assert {hit.article_id for hit in asked.hits} & set(one.metadata["leave_out"])
    assert without.hits
    assert {hit.article_id for hit in without.hits} <= left


@pytest.mark.parametrize(
    ("metadata", "ids"),
    [
        ({}, None),
        ({"leave_out": []}, None),
        ({"leave_out": "a"}, None),
        ({"leave_out": ["a", 5, "z"]}, ("b", "c")),
        ({"leave_out": [*"abc"]}, ()),
    ],
)
def test_only_a_list_of_ids_leaves_anything_out(metadata, ids):
    only = asked_of(Example(id="1", question="Who?", metadata=metadata), ["c", "a", "b"])
    assert only == (None if ids is None else ArticleFilter(ids=ids))


def test_a_known_item_is_a_title_that_its_text_does_not_hold(made, samples):
    for one in of_type(made, "known_item"):
        article = samples.article(one.evidence[0].article_id)
        assert one.question == article.title
        assert one.question not in article.text
        assert (one.qrels, one.answers, one.answerable) == ({article.id: 1}, (), None)


# --- the sample -------------------------------------------------------------------------------------------------------


def test_the_same_articles_and_seed_make_the_same_questions(made, samples, make_library):
    assert generate(samples, 40, seed=3) == made
    assert generate(samples, 40, seed=4).examples != made.examples
    articles = [report(name) for name in NAMES]
    one, other = make_library(articles), make_library(articles[::-1])
    assert generate(one, 20) == generate(other, 20)


def test_no_article_is_drawn_twice_until_all_were(make_library):
    made = generate(make_library([report(name) for name in NAMES]), 3 * len(NAMES))
    drawn = [(list(one.qrels) or one.metadata["leave_out"])[0] for one in made.examples]
    for round_ in range(3):
        assert sorted(drawn[round_ * len(NAMES) : (round_ + 1) * len(NAMES)]) == sorted(name.lower() for name in NAMES)


def test_copies_are_one_article_and_are_left_out_together(make_library):
    first = report(NAMES[0])
    copy = Article(id="copy", title="The same once more", text=first.text)
    made = generate(make_library([first, copy, report(NAMES[1])]), 100)
    of_first = [set(one.qrels) | set(one.metadata.get("leave_out", ())) for one in made.examples]
    assert {frozenset(ids) for ids in of_first} == {frozenset({"arborfield", "copy"}), frozenset({"brackenridge"})}


def test_what_another_article_says_too_is_not_asked(make_library):
    first = report(NAMES[0])
    near = Article(id="near", title="Much the same", text=first.text.replace("the", "one"))
    made = generate(make_library([first, near, report(NAMES[1])]), 100)
    asked = [one for one in made.examples if one.type != "known_item"]
    assert {name for one in asked for name in (*one.qrels, *one.metadata.get("leave_out", ()))} == {"brackenridge"}
    assert made.dropped["another article says nearly the same"]
    assert made.dropped["a term that may stand in another article, so that leaving its article out proves nothing"]


def test_a_blank_that_another_term_fits_is_not_asked_for(make_library):
    rose = "Output at the mine of {} rose by more than a third last year."
    text = f"{rose.format('Ellenshaw')} {rose.format('Grimthorpe')}"
    other = f"{rose.format('Hollowcross')} Copper was sold at the market of Dunsworthy for less than ever before."
    made = generate(make_library([Article(id="a", title="A", text=text), Article(id="b", title="B", text=other)]), 100)
    assert {answer for one in made.examples for answer in one.answers} == {"Dunsworthy"}
    assert made.dropped["a blank that another term fits as well: the same words stand around it elsewhere"] == 6


def test_boilerplate_and_sentences_that_lean_are_never_used(make_library):
    legal = "Nothing in this report by Grimthorpe Partners is advice to buy any share of the quarry."
    leaning = "It was bought by Hollowcross Partners of Leeds for a sum that nobody has told."
    stands = "The quarry was bought by Ellenshaw Partners for a sum that nobody there has told."
    marked = Article(id="a", title="Quarry", text=f"{legal} {stands} {leaning}", not_citable=(Span(0, len(legal)),))
    made = generate(make_library([marked, report(NAMES[0])]), 100)
    assert {one.evidence[0].quote for one in made.examples if one.type == "cloze" and "a" in one.qrels} == {stands}


@pytest.mark.parametrize(
    ("title", "others", "why"),
    [
        ("Copper", [], SHORT_TITLE),
        ("- - - - -", [], SHORT_TITLE),
        ("All of the copper " * 50, [], LONG_TITLE),
        ("All the copper of the north", [Article(id="b", title="All the  Copper of the north", text="Another text.")], TITLE_SHARED),
        ("All the copper of the north", [], None),
        ("ALL the\ncopper of the south", [], TITLE_IN_TEXT),
        ("All the copper of the…", [], TITLE_IN_TEXT),
    ],
)
def test_which_titles_are_asked_for(make_library, title, others, why):
    article = Article(id="a", title=title, text="Short. See all the copper of the south.")
    made = generate(make_library([article, *others]), 9)
    assert [one.question for one in made.examples] == ([title] if why is None else [])
    assert made.dropped.get(why, 0) >= (why is not None)


def test_too_little_to_ask_about_makes_fewer_questions_and_says_so(make_library):
    made = generate(make_library([Article(id="a", title="Dust", text="Too short. No more here.")]), 10)
    assert made.examples == ()
    assert made.shortfall == "1 articles, copies aside, gave 0 of 10 questions; what was thrown away says why"


def test_the_only_article_is_not_left_out(make_library):
    made = generate(make_library([report(NAMES[0])]), 100)
    assert {one.type for one in made.examples} == {"cloze", "known_item"}


def test_progress_is_heard(make_library):
    heard = []
    generate(make_library([report(name) for name in NAMES]), 4, progress=lambda *numbers: heard.append(numbers))
    assert heard == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_what_cannot_be_made_is_said_in_one_line(make_library):
    with pytest.raises(AssayError, match="expected a number of questions from 1, found 0"):
        generate(make_library([report(NAMES[0])]), 0)
    with pytest.raises(AssayError, match="expected articles to make questions from, found none"):
        generate(make_library(), 5)


def test_hostile_texts_make_rows_that_hold_what_they_say(make_library):
    if "ASSAY_DATA" not in os.environ:
        pytest.skip("the public data are not there: ASSAY_DATA is not set")
    import gzip

    with gzip.open(Path(os.environ["ASSAY_DATA"], "hostile", "injections.jsonl.gz"), "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    texts = [text for text in random.Random(7).sample(texts, 40) if text.strip() and "\0" not in text]
    library = make_library([Article(id=f"i{place}", title=text[:60], text=text) for place, text in enumerate(texts)])
    made = generate(library, 30)
    assert made.examples
    for one in made.examples:
        assert Example.from_json(json.loads(json.dumps(one.to_json()))) == one
        assert all(library.article(e.article_id).text[e.start : e.end] == e.quote for e in one.evidence if e.quote)


# --- blanks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "terms"),
    [
        (
            "President Boric announced a National Strategy on 20 April 2023 in Santiago.",
            ["Boric", "National Strategy", "20 April 2023", "Santiago"],
        ),
        ("About 81,000 hectares, or 12 % of Chile's salt, cost $1.5 billion.", ["81,000", "12 %", "Chile", "$1.5 billion"]),
        ("Lynas told Reuters that lynas would tell Reuters.", []),
        ("On Monday I saw what The Guardian wrote of it.", ["Guardian"]),
        ("They Said That Every Word Of Headlines Is Large.", []),
        ("In São Paulo the Łódź plan of 3.5 million was dropped at once.", ["São Paulo", "Łódź", "3.5 million"]),
        ("The ____ of Chile rose by 4.", []),
        ("After 9/11 and 10BASE5, a vote of 10-0 let an 18-year-old from Abidjan leave Côte d'Ivoire at 10:30.", ["Abidjan", "Côte"]),
        ("", []),
    ],
)
def test_the_terms_of_a_sentence(sentence, terms):
    assert [blank.term for blank in blanks(sentence)] == terms


@given(st.text(alphabet=st.one_of(st.sampled_from("Ab c1.,%$_’-\n"), st.characters(exclude_categories=["Cs"])), max_size=80))
def test_any_sentence_is_restored_by_its_terms(sentence):
    for blank in blanks(sentence):
        assert blank.term
        assert blank.text.count(BLANK) == 1
        assert blank.text.replace(BLANK, blank.term) == sentence


# --- on disk ----------------------------------------------------------------------------------------------------------


def example(name, question="Who?"):
    return Example(id=name, question=question, answers=("a\u2028b\r\n", "=1+1"))


def test_what_is_saved_is_read_back(tmp_path):
    examples = [example("1", "Wer? \u202e\u0085 𝄞"), example("2")]
    save(examples, tmp_path / "q.jsonl")
    lines = (tmp_path / "q.jsonl").read_bytes().split(b"\n")
    assert [Example.from_json(json.loads(line)) for line in lines if line] == examples
    assert [path.name for path in tmp_path.iterdir()] == ["q.jsonl"]


def test_a_file_is_whole_or_as_it_was(tmp_path):
    save([example("old")], tmp_path / "q.jsonl")
    before = (tmp_path / "q.jsonl").read_bytes()

    def breaking():
        yield example("new")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save(breaking(), tmp_path / "q.jsonl")
    assert (tmp_path / "q.jsonl").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["q.jsonl"]


@pytest.mark.parametrize("place", ["absent/q.jsonl", "q\0.jsonl", "file/q.jsonl"])
def test_what_cannot_be_written_is_said(tmp_path, place):
    (tmp_path / "file").write_text("")
    with pytest.raises(AssayError, match="the questions cannot be written to"):
        save([example("1")], tmp_path / place)

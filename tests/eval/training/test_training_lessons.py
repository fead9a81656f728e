"""From question sets to lessons: the right places, wrong passages that are wrong, and nothing that is held out."""

import gzip
import hashlib
import json
from importlib.resources import files
from pathlib import Path
from random import Random

import pytest

from eval.dataset import Dataset, Evidence, Example
from eval.gold import locate
from eval.training.changed import changed
from eval.training.lesson import Candidate, Lesson, read_lessons, write_lessons
from eval.training.lessons import lessons_of, make_lessons, with_changed
from eval.training.mining import RIGHT, WRONG, mined
from eval.training.sets import NEWS, SOURCES, Part, Source, about, by_article, by_document, chosen, hidden, load, part
from index import Article, Span
from rag import FACTS, WEIGHTS, Retriever

METALS = ["lithium", "cobalt", "nickel", "copper", "graphite", "tungsten", "gallium", "antimony", "zinc", "tin", "lead", "silver"]


def told(n):
    metal = METALS[n]
    return (
        f"The {metal} plant in Ruritania made {100 + n} tonnes in 2023. It stands near the town of Ostrava{n}. "
        f"Its owner is the Grand Metals company. Prices of {metal} fell by half."
    )


@pytest.fixture
def library(make_library):
    return make_library([Article(id=f"a{n}", title=f"On {metal}", text=told(n)) for n, metal in enumerate(METALS)])


def question(n, **known):
    return Example(id=f"q{n}", question=f"How much {METALS[n]} did the plant in Ruritania make?", answers=(f"{100 + n} tonnes",), **known)


def lesson_of(library, example, near="", left_out=()):
    with library.view() as view:
        rows = {view.article_row(name) for name in left_out}
        return mined(view, Retriever(library), example, locate(view, example).spans, near, rows)


# --- mining -----------------------------------------------------------------------------------------------------------


def test_the_answer_stands_where_it_is_said_to(library):
    start = told(3).index("103 tonnes")
    lesson = lesson_of(library, question(3, evidence=(Evidence("a3", start, start + len("103 tonnes")),)))
    (right,) = lesson.positives
    assert [span.of(right.text) for span in right.spans] == ["103 tonnes"]
    assert (right.exact, right.relevant, right.context) == (True, True, "On copper")


def test_an_answer_without_a_place_is_looked_for_in_its_article(library):
    lesson = lesson_of(library, question(3, evidence=(Evidence("a3"),)))
    assert [span.of(one.text) for one in lesson.positives for span in one.spans] == ["103 tonnes"]


def test_of_many_places_those_beside_the_questions_words_count(make_library):
    text = "Nobody counted 7 tonnes of sand. The lithium plant in Ruritania made 7 tonnes. Rain fell on 7 tonnes of hay."
    library = make_library([Article(id="a", title="On sand", text=text)])
    known = Example(id="q", question="How much lithium did the plant in Ruritania make?", answers=("7 tonnes",), evidence=(Evidence("a"),))
    (right,) = lesson_of(library, known).positives
    assert [(span.start, span.of(text)) for span in right.spans] == [(text.index("made 7 tonnes") + 5, "7 tonnes")]


def test_evidence_that_is_no_answer_is_a_stretch_to_look_in(library):
    lesson = lesson_of(library, question(2, evidence=(Evidence("a2", quote="Its owner is the Grand Metals company."),)))
    (right,) = lesson.positives
    assert not right.exact
    assert [span.of(right.text) for span in right.spans] == ["Its owner is the Grand Metals company."]


def test_no_wrong_passage_holds_the_answer(make_library):
    articles = [Article(id=f"a{n}", title="A note", text=told(n)) for n in range(12)]
    library = make_library([*articles, Article(id="b", title="Hearsay", text="Ruritania: the lithium plant made 100 tonnes, they say.")])
    lesson = lesson_of(library, question(0, evidence=(Evidence("a0"),)))
    wrong = [one for one in lesson.candidates if not one.spans]
    assert 0 < len(wrong) <= WRONG
    assert all("100 tonnes" not in one.text and one.relevant is False for one in wrong)
    assert all(one.spans for one in lesson.candidates[: len(lesson.positives)])
    assert len(lesson.positives) <= RIGHT


def test_what_is_held_out_is_not_shown(library):
    lesson = lesson_of(library, question(0, evidence=(Evidence("a0"),)), left_out=("a1", "a2", "a3"))
    assert len(lesson.candidates) > 2
    assert not [one for one in lesson.candidates if any(metal in one.text for metal in METALS[1:4])]


def test_a_question_that_its_passage_does_not_answer(library):
    example = Example(id="q", question="How much lithium did the plant sell?", answerable=False, metadata={"context_id": "a0"})
    lesson = lesson_of(library, example, near=about(example))
    assert lesson.candidates[0].text == told(0)
    assert [(one.spans, one.relevant) for one in lesson.candidates[:2]] == [((), None), ((), False)]
    assert lesson.positives == ()


@pytest.mark.parametrize(
    "example",
    [
        Example(id="q", question="How much lithium?", answers=("9 tonnes",), evidence=(Evidence("a0"),)),
        Example(id="q", question="How much lithium?", answers=("9 tonnes",)),
        Example(id="q", question="How much lithium?", answers=("“!”",), evidence=(Evidence("a0"),)),
        Example(id="q", question="How much lithium?", evidence=(Evidence("gone"),)),
    ],
)
def test_what_cannot_be_placed_teaches_nothing(library, example):
    assert lesson_of(library, example) is None


# --- changed ----------------------------------------------------------------------------------------------------------


def a_lesson(question, text, answer):
    start = text.index(answer)
    right = Candidate("", text, (Span(start, start + len(answer)),), relevant=True)
    return Lesson("x", "set", question, (right, Candidate("", "Something else.")))


TEXT = "In 1999 the Norman leader Rollo met King Charles in Rouen. In 2004 Robert Guiscard sold 40 ships to Venice."


@pytest.mark.parametrize(
    ("question", "answer", "kinds"),
    [
        ("Whom did the Rollo meet in 1999?", "King Charles", {"swapped", "negated"}),
        ("Who was the oldest to meet the king?", "Rollo", {"opposite", "negated"}),
        ("Where did they meet?", "Rouen", {"negated"}),
    ],
)
def test_a_question_is_changed_so_that_the_passage_does_not_answer_it(question, answer, kinds):
    made_of_it = [one for seed in range(120) if (one := changed(a_lesson(question, TEXT, answer), Random(seed)))]
    assert question not in {one.question for one in made_of_it}
    assert {(one.candidates[0].spans, one.candidates[0].relevant, one.candidates[0].text) for one in made_of_it} == {((), None, TEXT)}
    seen = set()
    for new in {one.question for one in made_of_it}:
        if " not" in new:
            seen.add("negated")
        elif "newest" in new:
            seen.add("opposite")
        else:
            seen.add("swapped")
            assert answer not in new
            assert set(new.replace("?", "").split()) - set(question.replace("?", "").split()) <= set(TEXT.replace(".", "").split())
    assert seen == kinds


def test_what_cannot_be_changed_stays_out():
    for seed in range(50):
        assert changed(a_lesson("Name the leader", TEXT, "Rollo"), Random(seed)) is None
        assert changed(Lesson("x", "set", "Who was oldest?", (Candidate("", TEXT),)), Random(seed)) is None
    both = "The oldest, Rollo, met the newest."
    assert all(
        "newest" not in one.question for seed in range(50) if (one := changed(a_lesson("Who is oldest?", both, "Rollo"), Random(seed)))
    )


def test_few_questions_are_negated():
    made_of_it = [changed(a_lesson("When was the oldest ship sold in 1999?", TEXT, "2004"), Random(seed)) for seed in range(400)]
    assert 0 < sum(one is not None and " not" in one.question for one in made_of_it) < 80


def test_a_share_of_the_lessons_is_changed_the_same_each_time():
    lessons = [a_lesson(f"Whom did the Rollo meet in 1999 at {n}?", TEXT, "King Charles") for n in range(400)]
    found = with_changed(lessons, 0.25)
    assert found[:400] == lessons
    assert 40 < len(found) - 400 < 140
    assert with_changed(lessons, 0.25) == found


# --- sets and files ---------------------------------------------------------------------------------------------------


def test_every_group_has_one_part_and_the_shares_are_what_they_say():
    source = Source("any", "", by_article, 0.3, 0.2, "")
    found = [part(source, f"group {n}") for n in range(4000)]
    assert abs(found.count(Part.TEST) / 4000 - 0.3) < 0.03
    assert abs(found.count(Part.DEV) / 4000 - 0.2) < 0.03
    assert found == [part(source, f"group {n}") for n in range(4000)]


def test_the_same_group_is_in_one_part_only(library):
    source = Source("metals", "", by_article, 0.3, 0.3, "")
    dataset = Dataset("metals", "made", tuple(question(n % 12, evidence=(Evidence(f"a{n % 12}"),)) for n in range(48)))
    with library.view() as view:
        parts = {one: {about(example) for example in chosen(source, view, dataset, one)} for one in Part}
    assert set.union(*parts.values()) == {f"a{n}" for n in range(12)}
    assert sum(map(len, parts.values())) == 12


def test_selqa_is_read_as_sections_with_their_right_sentences(tmp_path):
    rows = [
        {"question": "Who made it?", "article": "Tin", "section": "History", "sentence": "Ann made it.", "label": 1},
        {"question": "Who made it?", "article": "Tin", "section": "History", "sentence": "It is old.", "label": 0},
        {"question": "Is it cold?", "article": "Tin", "section": "History", "sentence": "It is old.", "label": 0},
    ]
    for name, part_of in (("dev", rows[:2]), ("test", rows[2:])):
        lines = "".join(json.dumps(row) + "\n" for row in part_of)
        (tmp_path / f"selqa.pairs_{name}.jsonl.gz").write_bytes(gzip.compress(lines.encode(), mtime=0))
    dataset = load(Source("selqa", "selqa", by_article, 0, 0, ""), tmp_path)
    (article,) = dataset.corpus.source()
    assert (article.title, article.text) == ("Tin", "Ann made it. It is old.")
    answered, silent = dataset.examples
    assert [one.quote for one in answered.evidence] == ["Ann made it."]
    assert (answered.answerable, silent.answerable, about(silent)) == (True, False, article.id)


def test_lessons_are_kept_and_read_back(tmp_path):
    lessons = [a_lesson("Wer war’s?", TEXT, "Rollo"), Lesson("y", "set", "Q?", (Candidate("c", "t", (), exact=False, relevant=None),))]
    write_lessons(tmp_path / "x.jsonl.gz", lessons)
    assert list(read_lessons(tmp_path / "x.jsonl.gz")) == lessons


def test_no_set_that_is_for_evaluation_only_is_trained_on():
    assert not {"news2023", "trecqa"} & {name for source in SOURCES for name in (source.name, *source.path.split("/"))}


def test_what_answers_the_same_question_elsewhere_is_not_wrong(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    corpus = [{"id": f"a{n}", "title": f"On {METALS[n % 12]}", "text": told(n % 12) + f" Page {n}."} for n in range(24)]
    asked = [
        {"id": f"q{n}", "question": "How much lithium did the plant make?", "answers": [f"{100 + n} tonnes"], "context_id": f"a{n}"}
        for n in range(6)
    ]
    for name, rows in (("corpus", corpus), ("queries", asked)):
        (tmp_path / f"metals.{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for source in (Source("metals", "metals", by_article, 0, 0, ""), Source("none", "metals", by_article, 0, 0, "", wrong=False)):
        make_lessons(tmp_path, tmp_path / "lessons", (source,))
        for lesson in lessons_of(tmp_path / "lessons", Part.TRAIN, source.name):
            wrong = [one for one in lesson.candidates if not one.spans]
            assert bool(wrong) == source.wrong
            assert not [one for one in wrong if any(f"Page {n}." in one.text for n in range(6))]


def test_the_whole_group_of_what_is_held_out_is_hidden(make_library):
    library = make_library([Article(id=f"/wiki/{name}#{n}", title=name, text=f"{name} {n}.") for name in METALS for n in range(3)])
    examples = tuple(
        Example(id=f"q{name}", question=f"What of {name}?", evidence=(Evidence(f"/wiki/{name}#0"),), metadata={"doc": f"/wiki/{name}"})
        for name in METALS
    )
    source, dataset = Source("metals", "", by_document, 0.3, 0.2, ""), Dataset("metals", "made", examples)
    with library.view() as view:
        rows = hidden(source, view, dataset)
        shown = {about(one).partition("#")[0] for one in chosen(source, view, dataset, Part.TRAIN)}
        seen = {view.record(row)["id"] for row in rows}
    assert 0 < len(shown) < 12
    assert seen == {f"/wiki/{name}#{n}" for name in METALS for n in range(3) if f"/wiki/{name}" not in shown}


def test_lessons_of_a_set_are_made_once(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    data = tmp_path / "data"
    data.mkdir()
    corpus = [{"id": f"a{n}", "title": f"On {metal}", "text": told(n)} for n, metal in enumerate(METALS)]
    asked = [
        {"id": f"q{n}", "question": question(n).question, "answers": [f"{100 + n} tonnes"], "context_id": f"a{n}"}
        for n in range(len(METALS))
    ]
    (data / "metals.corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in corpus))
    (data / "metals.queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in asked))
    sources = (Source("metals", "metals", by_article, 0.2, 0.2, ""),)
    make_lessons(data, tmp_path / "lessons", sources)
    kept = {one: lessons_of(tmp_path / "lessons", one, "metals") for one in Part}
    assert sorted(one.id for several in kept.values() for one in several) == sorted(row["id"] for row in asked)
    held = {candidate.text for one in (Part.DEV, Part.TEST) for lesson in kept[one] for candidate in lesson.positives}
    shown = {candidate.text for lesson in kept[Part.TRAIN] for candidate in lesson.candidates}
    assert held
    assert shown
    assert not held & shown
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "lessons").iterdir()}
    make_lessons(data, tmp_path / "lessons", sources)
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "lessons").iterdir()} == before


def test_the_reader_that_comes_with_assay_is_small_and_says_what_it_is_made_of():
    folder = Path(str(files("rag"))) / "model"
    assert (folder / WEIGHTS).stat().st_size <= 12_000_000
    facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    assert hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest() == facts["sha256"]
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert set(facts["training"]["sets"]) == {source.name for source in SOURCES}
    assert all(f"| {source.licence} |" in card for source in SOURCES)


def test_questions_about_news_are_for_choices_alone():
    rows = [json.loads(line) for line in (Path(str(files("eval"))) / "training" / "news.jsonl").read_text(encoding="utf-8").splitlines()]
    examples = [Example(id=row["id"], question=row["question"]) for row in rows]
    assert len({one.id for one in examples}) == len(examples) == 360
    assert {part(NEWS, NEWS.group(None, one)) for one in examples} == {Part.DEV}
    assert NEWS not in SOURCES
    for row in rows:
        assert row["answerable"] == bool(row.get("answers")) == bool(row.get("qrels")) != bool(row.get("context_id")), row["id"]

"""Every question yields one row; what is interrupted is taken up; the rows say what the library and the pipeline say."""

import json

import pytest

from eval.dataset import Dataset, Evidence, Example
from eval.evaluation import Target, answer_all, answered
from eval.grades import Grades
from eval.journal import ABOUT, ROWS, begun, finished, free_folder, load_run, of_the_same
from eval.run import Row
from index import Article, AssayError
from rag import Pipeline, Question, Retriever, Turn

METALS = ["lithium", "cobalt", "nickel", "copper", "graphite", "tungsten"]
ARTICLES = [
    Article(
        id=f"a{n}", title=f"{metal} output", text=f"The {metal} plant in Ruritania made {n + 3} tonnes in 2023. Prices of {metal} fell."
    )
    for n, metal in enumerate(METALS)
]


def asked(count=6):
    return [
        Example(
            id=f"q{n}",
            question=f"How many tonnes did the {METALS[n]} plant in Ruritania make?",
            answers=(f"{n + 3} tonnes",),
            evidence=(Evidence(f"a{n}", quote=ARTICLES[n].text.split(". ")[0] + "."),),
            qrels={f"a{n}": 1},
            answerable=True,
        )
        for n in range(count)
    ]


def dataset(examples=None):
    return Dataset("metals", "made by the test", tuple(asked() if examples is None else examples))


@pytest.fixture
def target(make_library):
    return Target.of(make_library(ARTICLES))


def test_a_row_says_what_the_pipeline_and_the_retriever_say(target):
    row = answered(asked()[2], target)
    same = Pipeline(target.library).ask(Question(row.example.question, id="q2"))
    assert {**row.answer.to_json(), "timings_ms": None} == {**same.to_json(), "timings_ms": None}
    assert list(row.articles) == Retriever(target.library).run(row.example.question)
    assert row.passages[0].article_id == row.articles[0][0] == "a2"
    assert [passage.score for passage in row.passages] == sorted((passage.score for passage in row.passages), reverse=True)
    assert row.exact == (True,) * len(row.answer.citations)
    assert row.gold.passages == ("a2:0",)
    assert row.error is None


def test_a_quote_that_its_article_does_not_hold_is_not_exact(target):
    from dataclasses import replace

    def forged(question, only):
        answer = Pipeline(target.library).ask(question, only=only)
        return replace(answer, citations=tuple(replace(one, start=one.start + 1) for one in answer.citations))

    row = answered(asked()[2], Target(library=target.library, system=forged, retriever=target.retriever))
    assert row.exact
    assert not any(row.exact)


@pytest.mark.parametrize("question", ["?!", "", "x" * 20_000, "\ud800"])
def test_what_cannot_be_asked_is_a_row_with_the_reason(target, question):
    row = answered(Example(id="q", question=question), target)
    assert row.answer is None
    assert "expected a question" in row.error


def test_whatever_a_system_raises_is_a_row(target):
    def broken(*_):
        raise ZeroDivisionError("no luck")

    row = answered(asked()[0], Target(library=target.library, system=broken, retriever=target.retriever))
    assert row.error == "internal error: ZeroDivisionError: no luck"
    assert row.gold.passages == ("a0:0",)


def test_the_history_is_asked_too(target):
    turn = Turn("user", "How many tonnes did the cobalt plant in Ruritania make?")
    row = answered(Example(id="q", question="And in 2023?", history=(turn,)), target)
    assert "cobalt" in row.answer.standalone_question
    assert row.articles[0][0] == "a1"


def test_articles_that_an_example_leaves_out_are_not_searched(target):
    example = Example(id="q", question=asked()[2].question, answerable=False, metadata={"leave_out": ["a2"]})
    row = answered(example, target)
    named = {article for article, _ in row.articles} | {hit.article_id for hit in row.answer.hits}
    assert named == {one.id for one in ARTICLES} - {"a2"}


def test_rows_go_to_json_and_back(target):
    for example in (*asked(), Example(id="odd \u2028 \ud800", question="\u202e?")):
        row = answered(example, target)
        written = json.loads(json.dumps(row.to_json()))
        assert Row.from_json(written).to_json() == written
        assert Row.from_json(written).example == example


def test_a_run_has_a_row_for_every_question_in_order(target, tmp_path):
    steps = []
    run = answer_all(dataset(), target, folder=tmp_path / "run", done=lambda: steps.append(1))
    assert [row.id for row in run.rows] == [example.id for example in asked()]
    assert len(steps) == 6
    assert run.sha256 == dataset().sha256


def test_an_interrupted_run_is_taken_up_behind_its_last_whole_row(target, tmp_path):
    folder = tmp_path / "run"
    whole = answer_all(dataset(), target, folder=folder)
    lines = (folder / ROWS).read_bytes().splitlines(keepends=True)
    for cut in (0, 1, len(lines[0]) - 1, len(lines[0]), len(b"".join(lines[:3])) + 10, len(b"".join(lines)) - 1):
        (folder / ROWS).write_bytes(b"".join(lines)[:cut])
        kept = b"".join(lines)[:cut].count(b"\n")
        calls = []

        def counting(question, only, calls=calls):
            calls.append(question.id)
            return target.system(question, only)

        run = answer_all(dataset(), Target(library=target.library, system=counting, retriever=target.retriever), folder=folder)
        assert calls == [example.id for example in asked()[kept:]]
        assert [row.id for row in run.rows] == [row.id for row in whole.rows]
        assert (folder / ROWS).read_bytes().count(b"\n") == 6


def test_a_folder_of_something_else_is_left_alone(target, tmp_path):
    (tmp_path / "letter.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(AssayError, match=r"expected an empty or absent folder for a run, found other files"):
        answer_all(dataset(), target, folder=tmp_path)
    assert [path.name for path in tmp_path.glob("*.txt")] == ["letter.txt"]
    assert not (tmp_path / ROWS).exists()


def test_a_run_of_something_else_is_not_taken_up(target, tmp_path):
    folder = tmp_path / "run"
    answer_all(dataset(), target, folder=folder)
    with pytest.raises(AssayError, match=r"found one with another dataset, order; choose another --out"):
        answer_all(dataset(asked(3)), target, folder=folder)
    with pytest.raises(AssayError, match=r"found one with another settings"):
        answer_all(dataset(), Target.of(target.library, dense_weight=1.0), folder=folder)


def test_a_run_is_written_by_one_process_at_a_time(tmp_path):
    with (
        begun(tmp_path / "run", {"order": []}),
        pytest.raises(AssayError, match="another process is writing the run"),
        begun(tmp_path / "run", {"order": []}),
    ):
        pass


def test_a_run_is_read_back_when_it_is_finished(target, tmp_path):
    folder = tmp_path / "run"
    run = answer_all(dataset(), target, folder=folder)
    assert of_the_same(folder, run.about)
    assert not finished(folder)
    with pytest.raises(AssayError, match="found an interrupted one"):
        load_run(folder)
    with begun(folder, run.about) as journal:
        journal.finish(Grades("run", "metals", run.sha256, tuple(row.id for row in run.rows), ()))
    assert finished(folder)
    assert of_the_same(folder, {**run.about, "date": "another"})
    assert not of_the_same(folder, {**run.about, "settings": {"other": 1}})
    read = load_run(folder)
    assert [row.to_json() for row in read.rows] == [row.to_json() for row in run.rows]
    assert read.sha256 == run.sha256
    with pytest.raises(AssayError, match="found a finished one"):
        answer_all(dataset(), target, folder=folder)


@pytest.mark.parametrize("name", [ABOUT, ROWS])
@pytest.mark.parametrize("damage", [b"", b"{", b"[]\n", b"null\n", b'{"example": 3}\n', b"[" * 100_000])
def test_a_damaged_run_is_refused_in_one_line(target, tmp_path, name, damage):
    folder = tmp_path / "run"
    run = answer_all(dataset(), target, folder=folder)
    with begun(folder, run.about) as journal:
        journal.finish(Grades("run", "metals", run.sha256, tuple(row.id for row in run.rows), ()))
    (folder / name).write_bytes(damage)
    with pytest.raises(AssayError, match=r"^expected .*found[^\n]*$"):
        load_run(folder)


def test_a_run_without_a_folder_goes_to_a_free_one_or_its_own_interrupted_one(target, tmp_path):
    run = answer_all(dataset(), target, folder=free_folder(tmp_path, "metals", {"order": []}))
    assert run.folder == tmp_path / "metals"
    assert free_folder(tmp_path, "metals", run.about) == tmp_path / "metals"
    assert free_folder(tmp_path, "metals", {**run.about, "version": "0"}) == tmp_path / "metals-2"
    with begun(run.folder, run.about) as journal:
        journal.finish(Grades("run", "metals", run.sha256, tuple(row.id for row in run.rows), ()))
    assert free_folder(tmp_path, "metals", run.about) == tmp_path / "metals-2"


@pytest.mark.parametrize("name", ["../../etc/passwd", "..", "", "/", "a\0b", ".hidden", "-rf", "x" * 500, "мінерали 2"])
def test_the_name_of_a_set_chooses_no_path(tmp_path, name):
    folder = free_folder(tmp_path, name, {})
    assert folder.parent == tmp_path
    assert folder.name not in {"", ".", ".."}
    assert len(folder.name.encode()) < 255
    assert not folder.name.startswith((".", "-"))

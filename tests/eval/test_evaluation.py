"""Every question yields one row; what is interrupted is taken up; the rows say what the library and the pipeline say."""

import hashlib
import json
import shutil
from dataclasses import replace

import pytest

from eval.dataset import Dataset, Evidence, Example
from eval.evaluation import Target, answer_all, answered, evaluate, load_evaluation
from eval.grades import GRADES, Grades
from eval.journal import ABOUT, ROWS, begun, finished, free_folder, load_run, of_the_same
from eval.run import Row
from index import Article, AssayError, Library
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
    return Target.of(make_library(ARTICLES), reader=None)


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

    row = answered(asked()[2], replace(target, system=forged))
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

    row = answered(asked()[0], replace(target, system=broken))
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

        run = answer_all(dataset(), replace(target, system=counting), folder=folder)
        assert calls == [example.id for example in asked()[kept:]]
        assert [row.id for row in run.rows] == [row.id for row in whole.rows]
        assert (folder / ROWS).read_bytes().count(b"\n") == 6


@pytest.mark.parametrize("tail", [b'{"example": {"id"', b"[" * 100_000, b"[" * 100_000 + b"\n", b"null\n", b'{"example": 3}\n', b"\xff\n"])
def test_a_tail_that_is_no_row_is_cut_off(target, tmp_path, tail):
    folder = tmp_path / "run"
    answer_all(dataset(), target, folder=folder)
    whole = (folder / ROWS).read_bytes()
    kept = b"".join(whole.splitlines(keepends=True)[:4])
    (folder / ROWS).write_bytes(kept + tail)
    assert [row.id for row in answer_all(dataset(), target, folder=folder).rows] == [example.id for example in asked()]
    written = (folder / ROWS).read_bytes()
    assert written.startswith(kept)
    assert written.count(b"\n") == 6


@pytest.mark.parametrize("damage", [b"{\n", b"[" * 100_000 + b"\n", b"null\n", b'{"example": 3}\n', b"\xff\n", b"\n"])
def test_a_damaged_row_amid_others_is_refused_and_the_others_are_kept(target, tmp_path, damage):
    folder = tmp_path / "run"
    answer_all(dataset(), target, folder=folder)
    lines = (folder / ROWS).read_bytes().splitlines(keepends=True)
    damaged = b"".join([*lines[:2], damage, *lines[3:]])
    (folder / ROWS).write_bytes(damaged)
    with pytest.raises(AssayError, match=r"^expected a row of a run in line 3 of .*found something else.*; delete that line[^\n]*$"):
        answer_all(dataset(), target, folder=folder)
    assert (folder / ROWS).read_bytes() == damaged
    (folder / ROWS).write_bytes(b"".join([*lines[:2], *lines[3:]]))
    assert {row.id for row in answer_all(dataset(), target, folder=folder).rows} == {example.id for example in asked()}


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
        answer_all(dataset(), Target.of(target.library, reader=None, dense_weight=1.0), folder=folder)


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


HOSTILE = [
    (ROWS, ("example", "answers"), [1, 2]),
    (ROWS, ("example", "answers"), "abc"),
    (ROWS, ("example", "qrels"), {"a": "x"}),
    (ROWS, ("example", "qrels"), ["a"]),
    (ROWS, ("example", "type"), ["x"]),
    (ROWS, ("example", "question"), 5),
    (ROWS, ("example", "answerable"), "yes"),
    (ROWS, ("example", "evidence"), [{"start": "x"}]),
    (ROWS, ("example", "history"), [{"role": 1, "content": "x"}]),
    (ROWS, ("example", "history"), ["x"]),
    (ROWS, ("answer", "timings_ms", "total"), "x"),
    (ROWS, ("answer", "timings_ms"), [1]),
    (ROWS, ("answer", "confidence"), "x"),
    (ROWS, ("answer", "confidence"), True),
    (ROWS, ("answer", "reason"), "mood"),
    (ROWS, ("answer", "sentences"), [{"text": "x", "citations": ["1"], "support": 1}]),
    (ROWS, ("answer", "citations"), [{"n": 1}]),
    (ROWS, ("answer", "hits"), 7),
    (ROWS, ("answer",), "x"),
    (ROWS, ("error",), ["x"]),
    (ROWS, ("articles",), [["a0", "x"]]),
    (ROWS, ("passages",), [["p", "a", 0, 1]]),
    (ROWS, ("gold", "spans"), [["a", "x", "y"]]),
    (ROWS, ("gold", "spans"), [["a", -5, -2]]),
    (ROWS, ("gold",), None),
    (ROWS, ("exact",), [1]),
    (ROWS, ("usage",), {"usd": "1"}),
    (ABOUT, ("dataset",), "x"),
    (ABOUT, ("dataset", "name"), 5),
    (ABOUT, ("index",), "x"),
    (ABOUT, ("index", "articles"), "many"),
    (ABOUT, ("settings",), ["x"]),
    (ABOUT, ("order",), 5),
    (ABOUT, ("order",), [["q0"]]),
    (GRADES, ("measures", 0, "x", 0), "x"),
    (GRADES, ("measures", 0, "x", 0), float("nan")),
    (GRADES, ("measures", 0, "x", 0), True),
    (GRADES, ("measures", 0, "name"), 5),
    (GRADES, ("measures", 0, "unit"), 5),
    (GRADES, ("measures", 0, "higher_is_better"), "no"),
    (GRADES, ("measures", 0, "apart"), ["x"]),
    (GRADES, ("measures", 0, "apart"), {"q0": 3}),
    (GRADES, ("measures",), 3),
    (GRADES, ("digests",), ["x"]),
    (GRADES, ("ids",), "abcdef"),
    (GRADES, ("ids",), [f"z{n}" for n in range(6)]),
    (GRADES, ("files",), "x"),
]


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return tmp_path_factory.mktemp("runs") / "run"


@pytest.fixture
def whole_run(kept, embedder, tmp_path):
    """The folder of a finished run, made once."""
    if not kept.exists():
        with Library.open(tmp_path / "index", model=embedder) as library:
            library.add(ARTICLES)
            evaluate(dataset(), Target.of(library, reader=None), folder=kept)
    return kept


@pytest.mark.parametrize(("name", "way", "value"), HOSTILE)
def test_a_run_of_other_types_is_refused_in_one_line(whole_run, tmp_path, name, way, value):
    """Whoever wrote the folder wrote fitting checksums, too."""
    folder = tmp_path / "run"
    shutil.copytree(whole_run, folder)
    first, _, rest = (folder / name).read_text(encoding="utf-8").partition("\n") if name == ROWS else ((folder / name).read_text(), "", "")
    values = json.loads(first)
    inner = values
    for step in way[:-1]:
        inner = inner[step]
    inner[way[-1]] = value
    (folder / name).write_text(json.dumps(values) + (f"\n{rest}" if rest else ""), encoding="utf-8")
    if name != GRADES:
        grades = json.loads((folder / GRADES).read_text(encoding="utf-8"))
        grades["files"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        (folder / GRADES).write_text(json.dumps(grades), encoding="utf-8")
    with pytest.raises(AssayError, match=r"^expected .*found[^\n]*$"):
        load_evaluation(folder)


def test_figures_apart_are_of_the_measures_that_are_asked_for(whole_run):
    evaluation = load_evaluation(whole_run)
    found = evaluation.by("answerable", ["EM", "F1", "no such"])
    assert {tuple(figures) for figures in found.values()} == {("EM", "F1")}
    every = evaluation.by("answerable")
    assert {name: every[value][name] for value in found for name in found[value]} == dict(next(iter(found.values())))


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

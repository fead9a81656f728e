"""What people say of answers is kept whole, by many at once, through a kill; a file that is not ours is told in one line."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval import feedback_of, load_dataset
from index import AssayError
from rag import Answer, AnswerSentence, Citation, Reason, Turn
from ui.web.feedback import MOST_COMMENT, MOST_CORRECTION, FeedbackStore, NoRoomError, WordsError

ROOT = Path(__file__).parents[3]


def answer(question="Who has a plan?", **changes):
    citation = Citation(
        n=1, article_id="a7", passage_id="a7:0", title="T", source=None, published=None, url=None, start=10, end=25, quote="Chile has a pla"
    )
    values = {
        "question": question,
        "standalone_question": question,
        "sentences": (AnswerSentence("Chile has a plan.", (1,), 0.9),),
        "citations": (citation,),
        "hits": (),
        "confidence": 0.8,
        "short_answer": "Chile",
    }
    return Answer(**values | changes)


@pytest.fixture
def store(tmp_path):
    return FeedbackStore(tmp_path / "feedback.sqlite")


def test_nothing_is_made_until_there_is_something_to_keep(store):
    assert list(store.rows()) == []
    assert store.shared("key") is None
    store.vote("key", answer(), vote=None)
    assert not store.path.exists()


def test_a_vote_becomes_a_row_of_a_question_set(store):
    history = [Turn("user", "Which countries mine lithium?"), Turn("assistant", "Chile. [1]")]
    store.vote("good", answer(), history, vote="up", comment="well found")
    store.vote("bad", answer("When did it begin?"), vote="down", correction="In April 2023")
    store.vote("silent", answer("What is the moon?", sentences=(), citations=(), reason=Reason.NOTHING_FOUND, short_answer=None), vote="up")
    feedback = feedback_of(store.rows())
    assert (feedback.refused, feedback.silent, feedback.replaced) == ((), 0, 0)
    found = {one.question: one for one in feedback.examples}
    liked, corrected, silent = (found[asked] for asked in ("Who has a plan?", "When did it begin?", "What is the moon?"))
    assert (liked.type, liked.answers, liked.answerable, liked.history) == ("liked", ("Chile",), True, tuple(history))
    assert [(one.article_id, one.start, one.end, one.quote) for one in liked.evidence] == [("a7", 10, 25, "Chile has a pla")]
    assert liked.metadata["comment"] == "well found"
    assert (corrected.type, corrected.answers) == ("corrected", ("In April 2023",))
    assert (silent.type, silent.answerable) == ("liked", False)


def said(store):
    return [(row["vote"], row["correction"], row["comment"]) for row in store.rows()]


def test_what_is_not_named_stays_and_none_takes_back(store):
    assert store.vote("a", answer(), vote="up") == "up"
    assert store.vote("a", answer(), vote="down", correction="Peru") == "down"
    assert store.vote("a", answer(), comment="Look at page 3.") == "down"
    assert said(store) == [("down", "Peru", "Look at page 3.")]
    assert store.vote("a", answer(), vote=None) is None
    assert said(store) == [(None, "Peru", "Look at page 3.")]
    store.vote("a", answer(), correction="  ")
    assert said(store) == [(None, None, "Look at page 3.")]
    store.vote("a", answer(), comment=None)
    assert said(store) == []
    assert b"Peru" not in store.path.read_bytes()


def test_a_comment_alone_is_kept_and_is_no_row_of_a_question_set(store):
    store.vote("a", answer(), comment="Interesting.")
    assert said(store) == [(None, None, "Interesting.")]
    feedback = feedback_of(store.rows())
    assert (feedback.examples, feedback.silent) == ((), 1)


ONE, OTHER = "0123456789abcdef", "-_AZaz-_AZaz-_AZ"


def test_nobody_changes_what_another_has_said(store):
    store.vote("a", answer(), voter=ONE, vote="up", correction="Peru")
    store.vote("a", answer(), voter=OTHER, vote="down")
    store.vote("a", answer(), vote="down")
    store.vote("a", answer(), voter=OTHER, vote=None, correction=None)
    store.vote("a", answer(), vote=None)
    assert said(store) == [("up", "Peru", None)]
    store.vote("a", answer(), voter=OTHER, vote="up")
    rows = list(store.rows())
    assert len({row["id"] for row in rows}) == 2
    assert not any(word in json.dumps(rows) for word in (ONE, OTHER))
    for bad in ("short", "x" * 65, "no spaces between words", "'; DROP TABLE said; --"):
        with pytest.raises(AssayError, match="expected 16 to 64 letters"):
            store.vote("a", answer(), voter=bad, vote="up")


def test_the_turns_before_a_shared_answer_are_not_lost_with_the_memory_of_them(store):
    store.vote("a", answer(), [Turn("user", "Of Chile?")], vote="up")
    store.vote("a", answer(), (), vote="down")
    assert next(store.rows())["history"] == [{"role": "user", "content": "Of Chile?"}]


def of_old(path):
    """A file as it was when everybody who had a key shared one row."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(
            """CREATE TABLE said (
        key TEXT PRIMARY KEY, time TEXT NOT NULL, question TEXT NOT NULL, history TEXT NOT NULL, answer TEXT NOT NULL,
        vote TEXT, correction TEXT, comment TEXT
    ) STRICT, WITHOUT ROWID"""
        )
        connection.execute("CREATE TABLE shared (key TEXT PRIMARY KEY, time TEXT NOT NULL, answer TEXT NOT NULL) STRICT, WITHOUT ROWID")
        connection.execute("PRAGMA application_id = 1098085241")
        connection.execute("PRAGMA user_version = 1")
        written = json.dumps(answer().to_json())
        rows = [(f"k{n}", f"2026-01-0{n}", "Who has a plan?", "[]", written, "up", "Peru" * n, "") for n in range(1, 4)]
        connection.executemany("INSERT INTO said VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        connection.execute("INSERT INTO shared VALUES ('s', '2026-01-01', ?)", (written,))
        connection.commit()


def test_a_file_of_old_is_read_and_carried_over(store):
    of_old(store.path)
    before = list(store.rows())
    assert [row["correction"] for row in before] == ["Peru", "PeruPeru", "PeruPeruPeru"]
    assert store.shared("s") == answer()
    store.vote("k2", answer(), voter=ONE, vote="down")
    *after, new = store.rows()
    assert after == before
    assert (new["vote"], new["correction"]) == ("down", None)
    assert store.shared("s") == answer()
    store.vote("k1", answer(), vote=None, correction=None, comment=None)
    assert [row["correction"] for row in store.rows()] == ["PeruPeru", "PeruPeruPeru", None]


def test_many_carry_a_file_over_at_once(store):
    of_old(store.path)
    with ThreadPoolExecutor(8) as people:
        list(people.map(lambda n: FeedbackStore(store.path).vote("k1", answer(), voter=f"{ONE}{n}", vote="up"), range(24)))
    assert len(list(store.rows())) == 27


def test_a_row_does_not_hold_the_key_that_lets_one_read_the_answer(store):
    store.vote("secret-key", answer(), vote="up")
    assert "secret-key" not in json.dumps(list(store.rows()))
    assert len({row["id"] for row in store.rows()}) == 1


def test_a_shared_answer_outlives_the_store(store):
    shared = answer("Wer? 👩‍🚀 \u202e", notes=("A note.",))
    store.share("k", shared)
    store.share("k", answer("another"))
    assert FeedbackStore(store.path).shared("k") == shared
    assert store.shared("other") is None
    assert store.shared("../../etc/passwd") is None


@given(correction=st.text(max_size=200), comment=st.text(max_size=50), question=st.text(min_size=1, max_size=80).filter(str.isalnum))
def test_any_words_come_back_as_they_were_but_for_what_cannot_be_stored(tmp_path_factory, correction, comment, question):
    store = FeedbackStore(tmp_path_factory.mktemp("said") / "f.sqlite")
    store.vote("k", answer(question), [Turn("user", comment)], vote="down", correction=correction, comment=comment)
    (row,) = store.rows()

    def kept(text):
        return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd").strip()

    assert (row["correction"], row["comment"]) == (kept(correction) or None, kept(comment) or None)
    assert Answer.from_json(row["answer"]) == replace(answer(question))


FORMULAS = ["=cmd|' /C calc'!A0", "@SUM(1+1)*cmd", "+1+1", "-2+3", "\t=1", '=HYPERLINK("http://evil.invalid","x")']


def test_a_formula_is_data(store):
    for place, formula in enumerate(FORMULAS):
        store.vote(f"k{place}", answer(f"What is {place}?"), vote="down", correction=formula)
    found = [one.answers[0] for one in feedback_of(store.rows()).examples]
    assert sorted(found) == sorted(formula.strip() for formula in FORMULAS)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"correction": "x" * (MOST_CORRECTION + 1)}, "expected a correction of at most 10,000 characters, found 10,001; shorten it"),
        ({"comment": "x" * (MOST_COMMENT + 1), "vote": "up"}, "expected a comment of at most 2,000 characters, found 2,001; shorten it"),
        ({"vote": "sideways"}, 'expected a vote "up", "down" or null, found \'sideways\''),
        ({"key": "a/b", "vote": "up"}, "expected the key of an answer, found 'a/b'"),
        ({"history": [Turn("user", "x" * 2_100_000)], "vote": "up"}, "expected an answer of at most 2,000,000 bytes"),
    ],
)
def test_what_is_too_much_is_refused(store, arguments, said):
    with pytest.raises(WordsError) as caught:
        store.vote(**{"key": "k", "answer": answer(), **arguments})
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)
    assert list(store.rows()) == []


def fill(store):
    for n in range(1000):
        store.vote(f"k{n}", answer(), vote="down", correction="x" * 5000)


def test_a_full_file_takes_no_more_but_lets_go(tmp_path):
    store = FeedbackStore(tmp_path / "f.sqlite", most_bytes=200_000)
    with pytest.raises(NoRoomError, match="has grown to 200,000 bytes"):
        fill(store)
    kept = len(list(store.rows()))
    assert 10 < kept < 40
    for n in range(5):
        store.vote(f"k{n}", answer(), vote=None, correction=None)
    assert len(list(store.rows())) == kept - 5
    store.vote("k0", answer(), vote="up")


def test_many_threads_lose_nothing(store):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: store.vote(f"k{n}", answer(f"Question {n}?"), vote="up"), range(60)))
    assert {row["question"] for row in store.rows()} == {f"Question {n}?" for n in range(60)}


WRITER = """
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from rag import Answer
from ui.web.feedback import FeedbackStore
store = FeedbackStore(Path({path!r}))
answer = Answer(question="Q?", standalone_question="Q?", sentences=(), citations=(), hits=(), confidence=0.1)
for n in range({count}):
    store.vote("{name}-%d" % n, answer, vote="down", correction="c" * 500)
    print(n, flush=True)
"""


def writer(path, name, count):
    script = WRITER.format(root=str(ROOT), path=str(path), name=name, count=count)
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_processes_that_begin_at_once_lose_nothing(store):
    writers = [writer(store.path, name, 15) for name in "abc"]
    for one in writers:
        assert one.communicate(timeout=100)[1] == ""
    assert len(list(store.rows())) == 45


def test_what_was_acknowledged_outlives_a_kill(store):
    for turn in range(3):
        process = writer(store.path, f"t{turn}", 100_000)
        acknowledged = [process.stdout.readline() for _ in range(5 + turn)]
        os.kill(process.pid, signal.SIGKILL)
        acknowledged += process.stdout.read().splitlines(keepends=True)
        process.wait()
        process.stderr.close()
        process.stdout.close()
        whole = sum(line.endswith("\n") for line in acknowledged)
        assert len(list(store.rows())) >= whole
        with closing(sqlite3.connect(store.path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            connection.execute("DELETE FROM said")
            connection.commit()


def hostile(path, kind):
    if kind == "words":
        path.write_bytes(b"these are no pages of a database " * 1000)
    elif kind == "sparse":
        with path.open("wb") as file:
            file.truncate(2_000_000_000)
    elif kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.symlink_to(path.with_name("elsewhere"))
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE said (key, time, question, history, answer, vote, correction, comment)")
            if kind == "trigger":
                FeedbackStore(path.with_name("real.sqlite")).vote("k", answer(), vote="up")
                connection.close()
                path.unlink()
                path.with_name("real.sqlite").rename(path)
                with closing(sqlite3.connect(path)) as ours:
                    ours.execute("CREATE TRIGGER spy AFTER INSERT ON said BEGIN DELETE FROM said; END")


@pytest.mark.parametrize("kind", ["words", "sparse", "folder", "pipe", "other tables", "trigger"])
def test_a_file_that_is_not_ours_is_told_in_a_line(store, kind):
    hostile(store.path, kind)
    for act in (lambda: store.vote("k", answer(), vote="up"), lambda: store.share("k", answer()), lambda: list(store.rows())):
        with pytest.raises(AssayError) as caught:
            act()
        assert str(store.path) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_link_is_never_written_through(store):
    hostile(store.path, "link")
    with pytest.raises(AssayError, match="a link or a special file"):
        store.vote("k", answer(), vote="up")
    assert not store.path.with_name("elsewhere").exists()


def test_where_nothing_can_be_written_it_says_so_in_a_line():
    store = FeedbackStore(Path("/proc/feedback.sqlite"))
    with pytest.raises(AssayError, match=r"^feedback is not kept: it cannot be written at /proc/feedback"):
        store.vote("k", answer(), vote="up")
    assert list(store.rows()) == []


def test_rows_that_somebody_damaged_are_refused_one_by_one(store):
    store.vote("a", answer(), vote="up")
    store.vote("b", answer("Another?"), vote="up")
    store.share("s", answer())
    with closing(sqlite3.connect(store.path)) as connection:
        connection.execute("UPDATE said SET answer = '{' WHERE key = 'a'")
        connection.execute("UPDATE shared SET answer = '[1]'")
        connection.commit()
    feedback = feedback_of(store.rows())
    assert [one.question for one in feedback.examples] == ["Another?"]
    assert [reason.partition(":")[0] for reason in feedback.refused] == ["row 1"]
    with pytest.raises(AssayError, match="a shared answer that is none"):
        store.shared("s")


def test_the_command_takes_what_the_chat_kept(tmp_path, monkeypatch, capsys):
    from ui.cli import main

    monkeypatch.chdir(tmp_path)
    assert main(["eval", "import-feedback", "--index", "i", "--out", "made.jsonl"]) == 2
    assert "expected feedback from the chat in i, found none" in capsys.readouterr().err
    (tmp_path / "i").mkdir()
    FeedbackStore(tmp_path / "i" / "feedback.sqlite").vote("k", answer(), vote="up")
    assert main(["eval", "import-feedback", "--index", "i", "--out", "made.jsonl"]) == 0
    (example,) = load_dataset("made.jsonl").examples
    assert (example.question, example.type, example.evidence[0].quote) == ("Who has a plan?", "liked", "Chile has a pla")

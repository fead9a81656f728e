"""Follow-up questions held against a person's: which are counted, what is measured, and the page that says so."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.dataset import Example
from eval.suite.aims import Line
from eval.suite.conversations import PARTS, Part, closed, compared, follow_ups, main, stands_alone
from eval.suite.conversations_page import Pair, System, conversations_page
from rag import Turn


def rows(count, name="a"):
    history = [{"role": "user", "text": "What is throat cancer?"}]
    return [
        {"id": f"{name}_{n}", "history": history, "question": "Is it treatable?", "rewrite": "Is throat cancer treatable?"}
        for n in range(count)
    ]


def test_a_systems_figures_are_those_of_the_textbook():
    one = Example(id="1", question="police kill the gunman", rewrite="police killed the gunman", history=(Turn("user", "?"),))
    found = compared("as asked", lambda example: example.question, [one])
    assert found == System("as asked", rouge=pytest.approx(3 / 4), recall=pytest.approx(2 / 3), precision=pytest.approx(2 / 3))


@given(st.floats(0, 0.99), st.floats(0, 1))
def test_the_gap_is_closed_by_as_much_as_is_left_less(before, after):
    assert 1 - after == pytest.approx((1 - before) * (1 - closed(before, after)))


def test_a_question_stands_alone_where_a_person_left_it():
    assert stands_alone(Example(id="1", question="what is anemia", rewrite="What is anemia?"))
    assert not stands_alone(Example(id="1", question="what is it", rewrite="What is anemia?"))


def test_conversations_are_kept_whole_and_in_one_half(tmp_path):
    lines = [row for name in "abcdefgh" for row in rows(3, name)]
    (tmp_path / "c.jsonl").write_text("".join(json.dumps(row) + "\n" for row in lines), encoding="utf-8")
    halves = [[one.id for one in follow_ups(Part("c", ("c.jsonl",), "_", half), tmp_path)] for half in (0, 1)]
    assert sorted(halves[0] + halves[1]) == sorted(row["id"] for row in lines)
    names = [{one.split("_")[0] for one in half} for half in halves]
    assert not names[0] & names[1]
    assert all(names)


def test_the_page_is_written_from_the_public_sets(tmp_path, capsys):
    folder = tmp_path / "multiturn"
    folder.mkdir()
    for part in PARTS:
        for file in part.files:
            text = "".join(json.dumps(row) + "\n" for name in "abcdefgh" for row in rows(2, name))
            text += (
                json.dumps({"id": "z_1", "history": rows(1)[0]["history"], "question": "What is anemia?", "rewrite": "What is anemia?"})
                + "\n"
            )
            text += (
                json.dumps({"id": "a_9", "history": rows(1)[0]["history"], "question": "Who was Curie?", "rewrite": "Who was Curie?"})
                + "\n"
            )
            write = gzip.open if file.endswith(".gz") else open
            with write(folder / file, "wt", encoding="utf-8") as out:
                out.write(text)
    assert main(["--data", str(tmp_path), "--out", str(tmp_path)]) == 0, capsys.readouterr().err
    text = (tmp_path / "conversations.md").read_text(encoding="utf-8")
    assert "| Is it treatable? | Is throat cancer treatable? | Is throat cancer treatable? |" in text
    assert "≥ 0.500: reached" in text


def test_without_the_sets_it_says_so_in_one_line(tmp_path, capsys):
    assert main(["--data", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err.startswith("eval-conversations: expected the folder of the public sets")


def test_a_cell_cannot_break_the_table():
    page = conversations_page({}, [Line("p", "m", 0.25, 0.5, 4)], [Pair("a|b\nc", "<b>", "d")], {})
    assert "| p | m | 0.250 | ≥ 0.500: missed | 4 |" in page
    assert "| a\\|b c | &lt;b> | d |" in page

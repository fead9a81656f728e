"""Figures that are kept: measured once for the same code, and anew for another."""

import json

import pytest

from eval.suite.kept import checksum_of_rooms, kept
from eval.suite.reader_page import Line

LINES = [Line("seeds", "EM", 0.1, 0.2, 0.3, 7), Line("seeds", "ECE", 0.1, 0.2, None, 7, lower=True)]


@pytest.fixture
def measure():
    """`measure()` returns the lines; `measure.calls` counts."""

    def made():
        made.calls += 1
        return iter(LINES)

    made.calls = 0
    return made


def test_a_part_is_measured_once(tmp_path, measure):
    assert kept(tmp_path / "new", "seeds", "this", measure) == LINES
    assert kept(tmp_path / "new", "seeds", "this", measure) == LINES
    assert measure.calls == 1


@pytest.mark.parametrize("damage", ["", "{", "[]", json.dumps({"made_by": "this"}), json.dumps({"made_by": "this", "lines": [{"no": 1}]})])
def test_what_cannot_be_used_is_measured_anew(tmp_path, measure, damage):
    (tmp_path / "seeds.json").write_text(damage, encoding="utf-8")
    assert kept(tmp_path, "seeds", "this", measure) == LINES
    assert measure.calls == 1


def test_other_code_and_other_parts_are_measured_anew(tmp_path, measure):
    for name, made_by in (("seeds", "this"), ("seeds", "that"), ("news", "that")):
        assert kept(tmp_path, name, made_by, measure) == LINES
    assert measure.calls == 3


def test_an_interrupted_part_is_not_kept(tmp_path, measure):
    def interrupted():
        yield LINES[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kept(tmp_path, "seeds", "this", interrupted)
    assert list(tmp_path.iterdir()) == []
    assert kept(tmp_path, "seeds", "this", measure) == LINES


def test_the_checksum_is_of_code_and_weights(tmp_path):
    for room in ("index", "rag", "eval"):
        (tmp_path / room).mkdir()
    (tmp_path / "rag" / "read.py").write_text("a = 1", encoding="utf-8")
    seen = {checksum_of_rooms(tmp_path)}
    for file, text in (("rag/read.py", "a = 2"), ("rag/read.md", "x"), ("index/b.py", ""), ("rag/w.safetensors", "w"), ("other.py", "o")):
        (tmp_path / file).write_text(text, encoding="utf-8")
        seen.add(checksum_of_rooms(tmp_path))
    assert len(seen) == 4  # neither a text nor what lies outside the rooms
    assert checksum_of_rooms() == checksum_of_rooms()

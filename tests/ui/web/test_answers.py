"""Answers are found by their keys until newer ones take their place, by number or by size; one that grows keeps its key."""

from rag import Turn
from ui.web.answers import KeptAnswers


def test_an_answer_is_found_by_its_key_and_by_no_other(make_answer):
    kept = KeptAnswers()
    first, second = (make_answer(question, ["It is."]) for question in ("Where?", "When?"))
    one, other = kept.keep(first, (Turn("user", "Who?"),)), kept.keep(second)
    assert kept.get(one) == first
    assert kept.get(other) == second
    assert [turn.content for turn in kept.history(one)] == ["Who?"]
    assert kept.history(other) == ()
    assert kept.get(one[:-1]) is None
    assert len(one) >= 22  # 128 bits in base 64


def test_an_answer_that_grows_keeps_its_key(make_answer):
    kept = KeptAnswers(limit=2)
    other = kept.keep(make_answer("Who?", ["He."]))
    key = kept.keep(make_answer("Where?", ["Here."]))
    grown = make_answer("Where?", ["Here.", "And there."])
    assert kept.keep(grown, key=key) == key
    assert kept.get(key) == grown
    assert kept.get(other) is not None


def test_the_oldest_go_first_by_number_and_by_size(make_answer):
    answers = [make_answer(f"Question {n}?", ["x" * 100]) for n in range(4)]
    by_number = KeptAnswers(limit=2)
    keys = [by_number.keep(one) for one in answers]
    assert [by_number.get(key) is not None for key in keys] == [False, False, True, True]
    by_size = KeptAnswers(characters=260)
    keys = [by_size.keep(one) for one in answers]
    assert [by_size.get(key) is not None for key in keys] == [False, False, True, True]
    whole = by_size.keep(make_answer("Long?", ["y" * 1000]))  # the one just given is kept whatever its size
    assert by_size.get(whole) is not None
    assert by_size.get(keys[-1]) is None


def test_what_was_said_before_is_kept_at_its_end_and_cut(make_answer):
    kept = KeptAnswers()
    turns = tuple(Turn("user", f"{n} " + "z" * 10_000) for n in range(50))
    found = kept.history(kept.keep(make_answer("And?", ["So."]), turns))
    assert [turn.content.split()[0] for turn in found] == [str(n) for n in range(30, 50)]
    assert all(len(turn.content) == 2_000 for turn in found)

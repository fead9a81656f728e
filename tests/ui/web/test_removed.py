"""What was removed lately can be brought back for an hour, by whoever may write, and no more of it is held than there is room for."""

from index import Article
from ui.web.removed import RemovedLately


def article(name, length=10):
    return Article(id=name, text="x" * length, title=name)


def ids(held):
    return [one.id for one in held.articles()]


def test_the_last_that_was_removed_comes_first_and_each_is_held_once():
    held = RemovedLately()
    for name in ("a", "b", "a"):
        held.hold(article(name))
    assert ids(held) == ["a", "b"]
    held.drop("a")
    held.drop("nowhere")
    assert ids(held) == ["b"]
    assert held.article("a") is None


def test_after_an_hour_it_is_forgotten():
    now = [0.0]
    held = RemovedLately(clock=lambda: now[0])
    held.hold(article("a"))
    now[0] = 3_000
    held.hold(article("b"))
    assert held.article("a").text == "x" * 10
    now[0] = 3_601
    assert held.article("a") is None
    assert ids(held) == ["b"]


def test_only_so_many_and_so_long_ones_are_held_but_the_last_always():
    held = RemovedLately(most=3, characters=100)
    for name in "abcd":
        held.hold(article(name))
    assert ids(held) == ["d", "c", "b"]
    held.hold(article("e", 95))
    assert ids(held) == ["e"]
    held.hold(article("f", 5_000))
    assert ids(held) == ["f"]

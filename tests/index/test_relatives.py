"""Which of two articles of much the same text came later, and what that makes of them."""

import pytest

from index.likenesses import Like
from index.relatives import Kinship, Relative, facts, first_printed, later, latest, newest, preferred, relative
from index.resemblance import Likeness


def record(article_id="a", **values):
    return {"id": article_id, "source": None, "published": None, **values}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"published": "2024-03-05"}, {"published": "2024-03-04"}, True),
        ({"published": "2024-03-04"}, {"published": "2024-03-04"}, False),
        ({"published": "2024-03-04"}, {}, False),
        ({}, {"published": "2024-03-04"}, False),
        ({"published": "2024-03"}, {"published": "2024-03-04"}, False),
        ({"published": "2024-04"}, {"published": "2024-03-31"}, True),
        ({"published": "2024-03-01", "updated": "2024-03-05"}, {"published": "2024-03-04"}, True),
        ({"published": "2024-03-05", "published_at": "2024-03-05T10:00:00Z"}, {"published_at": "2024-03-05T09:00:00Z"}, True),
        ({"published_at": "2024-03-05T10:00:00+05:00"}, {"published_at": "2024-03-05T09:00:00Z"}, False),
        ({"published_at": "2024-03-05T10:00:00"}, {"published_at": "2024-03-05T09:00:00Z"}, False),
        ({"updated_at": "2024-03-06T10:00:00+00:00"}, {"published": "2024-03-05"}, True),
    ],
)
def test_an_article_is_later_where_that_is_certain(one, other, expected):
    assert later(record(**one), record(**other)) is expected
    assert not (expected and later(record(**other), record(**one)))


OLD, NEW = record("old", source="Wire", published="2024-03-04"), record("new", source="wire", published="2024-03-05")


@pytest.mark.parametrize(
    ("told", "longer", "theirs", "expected"),
    [
        (Likeness.REVISED, True, NEW, (Kinship.UPDATE, True)),
        (Likeness.REVISED, False, NEW, (Kinship.UPDATE, True)),
        (Likeness.EXTENDED, True, NEW, (Kinship.UPDATE, True)),
        (Likeness.EXTENDED, False, NEW, (Kinship.COPY, False)),
        (Likeness.EXTENDED, True, {**NEW, "source": "Gazette"}, (Kinship.COPY, False)),
        (Likeness.REVISED, True, {**NEW, "published": None}, (Kinship.COPY, False)),
        (Likeness.COPY, True, NEW, (Kinship.COPY, False)),
        (Likeness.EXCERPT, True, NEW, (Kinship.EXCERPT, False)),
    ],
)
def test_what_differs_and_came_later_is_an_update(told, longer, theirs, expected):
    found = relative(Like(7, told, longer), OLD, theirs)
    assert (found.row, found.id, found.kinship, found.newer) == (7, theirs["id"], *expected)
    back = relative(Like(1, told, not longer), theirs, OLD)
    assert back.kinship is found.kinship
    assert not back.newer
    assert (found.whole, back.whole) == (told is Likeness.EXCERPT, False)
    assert preferred([found]) == (found if found.newer or found.whole else None)
    assert preferred([back]) is None


def test_the_latest_version_of_all_is_found_through_those_between():
    def update(row, day):
        return Relative(row, f"a{row}", Kinship.UPDATE, True, written=f"2024-03-{day:02}")

    later_ones = {1: [update(2, 5), update(3, 4)], 2: [update(4, 6)], 3: [], 4: [Relative(1, "a1", Kinship.UPDATE)]}
    assert newest(later_ones[1]).id == "a2"
    assert latest(1, later_ones.__getitem__).id == "a4"
    assert latest(4, later_ones.__getitem__) is None
    circle = {1: [update(2, 5)], 2: [update(1, 5)]}
    assert latest(1, circle.__getitem__).id == "a2", "it ends"


@pytest.mark.parametrize(
    ("published", "copies", "expected"),
    [
        ("2024-03-07", ["2024-03-04", "2024-03-05"], "2024-03-04"),
        (None, ["2024-03-04", None], "2024-03-04"),
        ("2024-03-04", ["2024-03"], "2024-03-04"),
        ("2024-03-04", ["2024-02"], "2024-02"),
        (None, [None], None),
        ("2024-03-04", [], "2024-03-04"),
    ],
)
def test_a_text_is_as_old_as_its_first_printing(published, copies, expected):
    found = first_printed(facts(record(f"c{at}", published=day)) for at, day in enumerate([published, *copies]))
    assert found["published"] == expected

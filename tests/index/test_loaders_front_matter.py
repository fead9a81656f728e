"""Front matter: what is understood, what is no front matter, and that nothing hostile happens."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.loaders.front_matter import split_front_matter


def fields(*lines):
    return split_front_matter("\n".join(["---", *lines, "---", "Body"])).fields


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["title: Europe: a story"], {"title": "Europe: a story"}),
        (["title: 'It''s so'"], {"title": "It's so"}),
        (['title: "He said \\"no\\"" # said'], {"title": 'He said "no"'}),
        (["published: 2023-04-21"], {"published": "2023-04-21"}),
        (["id: 007", "draft: yes"], {"id": "007", "draft": "yes"}),
        (["tags: [a, 'b, c', \"d\"]"], {"tags": ["a", "b, c", "d"]}),
        (["authors:", "  - Ann", "  - 'Bob'"], {"authors": ["Ann", "Bob"]}),
        (["authors:", "- Ann", "- Bob"], {"authors": ["Ann", "Bob"]}),
        (["summary: >-", "  one", "  two"], {"summary": "one two"}),
        (["summary: |", "  one", "  two"], {"summary": "one\ntwo"}),
        (["title: one", "  two"], {"title": "one two"}),
        (["# a comment", "title: x # trailing"], {"title": "x"}),
        (["url: https://x.org/#a"], {"url": "https://x.org/#a"}),
        (["title:"], {"title": ""}),
        (["extra:", "  deep: 1", "  deeper: 2"], {"extra": "deep: 1\ndeeper: 2"}),
        (["Überschrift: ja"], {"Überschrift": "ja"}),
        ([], {}),
    ],
)
def test_lines_are_read_as_they_are_meant(lines, expected):
    assert fields(*lines) == expected


def test_the_body_is_the_rest_to_the_letter():
    assert split_front_matter("---\na: b\n---\n\nBody\n---\n").body == "\nBody\n---\n"
    assert split_front_matter("---\na: b\n...\nBody").body == "Body"
    assert split_front_matter("---\na: b\n---").body == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "---",
        "---\n",
        "---\ntitle: never closed",
        "---\nA sentence.\n---\nMore",
        "text\n---\na: b\n---\n",
        "----\na: b\n----\n",
        "---\n" + "a: b\n" * 50_000 + "---\n",
    ],
)
def test_what_is_no_front_matter_stays_text(text):
    assert split_front_matter(text) == ({}, text)


@pytest.mark.parametrize(
    "hostile",
    [
        ["a: &a [x,x]", "b: &b [*a,*a]", "c: [*b,*b]"],
        ["a: !!python/object/apply:os.system ['true']"],
        ["a: " + "[" * 30_000],
        ["a: " + '"' * 30_000],
        ["a: '" + "'" * 30_001],
        ["a: " + "\\" * 30_000 + '"'],
        ["a: " + " #" * 20_000],
        ["a " * 20_000],
        [":" * 60_000],
        ["- " * 30_000],
    ],
)
def test_hostile_front_matter_is_only_strings_and_quick(hostile):
    before = time.process_time()
    read = fields(*hostile)
    assert time.process_time() - before < 2
    for value in read.values():
        assert isinstance(value, str | list)


@given(st.text(st.sampled_from("a:-'\"[],#|> \n\t\\"), max_size=60))
def test_any_front_matter_leaves_the_body(inner):
    text = f"---\n{inner}\n---\nBody"
    read = split_front_matter(text)
    assert text.endswith(read.body)
    assert "Body" in read.body


def toml(*lines):
    return split_front_matter("\n".join(["+++", *lines, "+++", "Body"]))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (['title = "Europe: a story"', "draft = false"], {"title": "Europe: a story", "draft": "false"}),
        (["date = 2023-04-21"], {"date": "2023-04-21"}),
        (["date = 2023-04-21T09:00:00+02:00"], {"date": "2023-04-21T09:00:00+02:00"}),
        (["at = 07:30:00", "weight = 7", "share = 1.5", "odd = nan"], {"at": "07:30:00", "weight": "7", "share": "1.5", "odd": "nan"}),
        (["tags = ['a', 'b, c']"], {"tags": ["a", "b, c"]}),
        (['summary = """', "one", 'two"""'], {"summary": "one\ntwo"}),
        (["[taxonomies]", "tags = ['a', 'b']", "deep = {er = 1}"], {"taxonomies": "tags: a, b\ndeep: er: 1"}),
        (
            ["[[authors]]", "name = 'Ann'", "[[authors]]", "name = 'Bob'", "n = 1"],
            {"authors": [{"name": "Ann"}, {"name": "Bob", "n": "1"}]},
        ),
        (["a.b.c = 'x'"], {"a": "b: c: x"}),
        ([], {}),
    ],
)
def test_toml_between_plus_signs(lines, expected):
    assert toml(*lines) == (expected, "Body")


@pytest.mark.parametrize(
    "lines",
    [
        ["A sentence."],
        ["title: x"],
        ['title = "never closed'],
        ["a = 1", "a = 2"],
        ["date = 2023-02-30"],
        ["date = 9999-99-99T99:99:99Z"],
        ["a = " + "9" * 60_000],
        ["a = 0x" + "f" * 60_000],
        ["a = " + "[" * 30_000 + "]" * 30_000],
        ["a = " + "[" * 12 + "]" * 12],
        ["a = " + "{a=" * 15_000],
        ["a." * 30_000 + "a = 1"],
        ["[" + "a." * 30_000 + "a]"],
        ['"".' * 20_000 + "a = 1"],
        ["a . " * 15_000 + "a = 1"],
        ["a" * 62_000],
        ['"' * 62_000],
        ["'\"" * 31_000],
    ],
    ids=lambda lines: f"{len(lines[0])}-{lines[0][:20]}",
)
def test_toml_that_is_broken_or_hostile_stays_text_and_is_quick(lines):
    before = time.process_time()
    read = toml(*lines)
    assert time.process_time() - before < 2
    assert read == ({}, "\n".join(["+++", *lines, "+++", "Body"]))


def test_toml_of_many_keys_is_quick():
    before = time.process_time()
    assert len(toml(*(f"a.b.c.d.e.f.k{number}=1" for number in range(2_500)), *(f"k{number}=1" for number in range(1_000))).fields) == 1_001
    assert time.process_time() - before < 2


@pytest.mark.parametrize(
    "text", ["+++", "+++\n", "+++\na = 1", "+++\na = 1\n---\nText", "text\n+++\na = 1\n+++\n", "+++\n" + "a = 1\n" * 50_000]
)
def test_what_is_no_toml_front_matter_stays_text(text):
    assert split_front_matter(text) == ({}, text)

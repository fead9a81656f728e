"""Our own rows: what `Example.to_json` writes, and what people write."""

import json
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.dataset import Evidence, Example
from eval.formats import load_dataset
from index import AssayError
from rag import Turn


def test_a_row_needs_only_its_question(lay):
    path = lay("mine.jsonl", '{"question": "Who sold lithium?"}\n\n{"id": 7, "question": "Who?", "answers": ["Chile"], "note": null}\n')
    found = load_dataset(path)
    assert (found.name, found.format, found.corpus, found.path) == ("mine", "Assay JSON lines", None, path)
    assert found.examples == (
        Example(id="1", question="Who sold lithium?"),
        Example(id="7", question="Who?", answers=("Chile",), answerable=True, metadata={"note": None}),
    )


def test_the_looser_rows_of_people(lay):
    path = lay(
        "loose.jsonl.gz",
        [
            {
                "id": "a",
                "question": "And Peru?",
                "type": "follow_up",
                "conflict": False,
                "metadata": {"by": "me"},
                "history": [{"role": "user", "content": "Who sold zinc?"}, {"role": "assistant", "content": "Chile."}],
                "evidence": [
                    {"article_id": "x.md", "quote": "Peru sold."},
                    {"article_id": "y.md", "start": 3, "end": 9},
                    {"quote": "Peru."},
                ],
            },
            {"id": "b", "question": "Who sold gold?", "answerable": False, "qrels": {"x.md": 0}, "evidence": [{"article_id": "x.md"}]},
            {"id": "c", "question": "Who?", "answerable": None, "answers": ["I"], "rewrite": "Who is it?", "key_points": ["It is I."]},
        ],
    )
    a, b, c = load_dataset(path).examples
    assert a == Example(
        id="a",
        question="And Peru?",
        type="follow_up",
        history=(Turn("user", "Who sold zinc?"), Turn("assistant", "Chile.")),
        evidence=(Evidence("x.md", quote="Peru sold."), Evidence("y.md", 3, 9), Evidence(quote="Peru.")),
        qrels={"x.md": 1, "y.md": 1},
        answerable=True,
        metadata={"by": "me", "conflict": False},
    )
    assert a.depth == 2
    assert (b.answerable, dict(b.qrels), b.relevant) == (False, {"x.md": 0}, frozenset())
    assert (c.answerable, c.rewrite, c.key_points) == (None, "Who is it?", ("It is I.",))


def test_neither_kind_of_metadata_takes_the_place_of_the_other(lay):
    path = lay("m.jsonl", [{"question": "Who?", "by": 1, "metadata": {"by": 2}}, {"question": "Who?", "metadata": [3]}])
    assert [dict(one.metadata) for one in load_dataset(path).examples] == [{"metadata": {"by": 2}, "by": 1}, {"metadata": [3]}]


def test_rows_may_stand_in_a_list(lay):
    path = lay("rows.json", json.dumps([{"question": "Who?"}, {"question": "When?"}], indent=1))
    assert [one.id for one in load_dataset(path).examples] == ["1", "2"]
    path = lay("bad.json", json.dumps([{"question": "Who?"}, 3]))
    with pytest.raises(AssayError, match=r"^item 2: expected a JSON object, found a number; in /.*bad.json$"):
        load_dataset(path)


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
ids = st.text(st.characters(exclude_categories=["Cc", "Cs", "Z"]), min_size=1, max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
    max_leaves=4,
)
spans = st.tuples(ids, st.integers(0, 99), st.integers(1, 9)).map(lambda span: Evidence(span[0], span[1], span[1] + span[2]))
evidence = spans | st.builds(Evidence, article_id=ids, quote=st.none() | words) | st.builds(Evidence, quote=words)
examples = st.builds(
    Example,
    id=ids,
    question=words.filter(str.strip),
    history=st.lists(st.builds(Turn, st.sampled_from(["user", "assistant"]), words), max_size=3).map(tuple),
    answers=st.lists(words, max_size=3).map(tuple),
    evidence=st.lists(evidence, max_size=3).map(tuple),
    qrels=st.dictionaries(ids, st.integers(-2, 3), max_size=3),
    answerable=st.none() | st.booleans(),
    key_points=st.lists(words, max_size=2).map(tuple),
    rewrite=st.none() | words,
    type=words,
    metadata=st.dictionaries(words, values, max_size=3),
)


@given(st.lists(examples, min_size=1, max_size=3, unique_by=lambda one: one.id), st.booleans())
def test_what_an_example_writes_is_read_back_as_it_was(rows, ascii_only):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        path.write_text("".join(json.dumps(one.to_json(), ensure_ascii=ascii_only) + "\n" for one in rows), encoding="utf-8")
        found = load_dataset(path)
    assert found.examples == tuple(rows)
    assert found.format == "Assay JSON lines"


FAULTS = [
    ({}, "a question as 'question', found none"),
    ({"question": None}, "a question as 'question', found none"),
    ({"question": "  \n"}, "a question as 'question', found an empty one"),
    ({"question": 3}, "'question' as a string, found a number"),
    ({"question": "?", "id": "a b"}, "'id' without white space, found 'a b'"),
    ({"question": "?", "id": ""}, "'id' of 1 to 1,000 characters, found 0"),
    ({"question": "?", "id": "x" * 1001}, "'id' of 1 to 1,000 characters, found 1,001"),
    ({"question": "?", "id": "a\x1b"}, r"'id' without white space, found 'a\x1b'"),
    ({"question": "?", "id": True}, "'id' as a string, found true or false"),
    ({"question": "?", "answers": "Chile"}, "'answers' as a list of strings, found 'Chile'"),
    ({"question": "?", "answers": [1]}, "'answers' as a list of strings, found a number in it"),
    ({"question": "?", "answerable": "yes"}, "'answerable' as true or false, found 'yes'"),
    ({"question": "?", "type": []}, "'type' as a string, found a list"),
    ({"question": "?", "rewrite": {}}, "'rewrite' as a string, found an object"),
    ({"question": "?", "key_points": [None]}, "'key_points' as a list of strings, found null in it"),
    ({"question": "?", "evidence": {}}, "'evidence' as a list of objects, found an object"),
    ({"question": "?", "evidence": ["x"]}, "'evidence' as a list of objects, found 'x' in it"),
    ({"question": "?", "evidence": [{}]}, "evidence with an 'article_id', a 'quote', or both, found neither"),
    ({"question": "?", "evidence": [{"article_id": "a", "start": 1}]}, "evidence with 'start' and 'end', found only one of them"),
    ({"question": "?", "evidence": [{"start": 1, "end": 2}]}, "evidence with 'start' and 'end' to name its 'article_id', found none"),
    ({"question": "?", "evidence": [{"article_id": "a", "start": 9, "end": 2}]}, "evidence to end behind its start, found 9:2"),
    ({"question": "?", "evidence": [{"article_id": "a", "start": 2, "end": 2}]}, "evidence to end behind its start, found 2:2"),
    ({"question": "?", "evidence": [{"article_id": "a", "start": -1, "end": 2}]}, "'start' from 0 to 1,000,000,000,000, found -1"),
    ({"question": "?", "evidence": [{"article_id": "a", "start": 1.0, "end": 2}]}, "'start' as a whole number, found a number"),
    ({"question": "?", "evidence": [{"article_id": "a", "start": True, "end": 2}]}, "'start' as a whole number, found true or false"),
    ({"question": "?", "evidence": [{"article_id": "a b"}]}, "'article_id' without white space, found 'a b'"),
    (
        {"question": "?", "evidence": [{"article_id": "a", "start": 1, "end": 10**90}]},
        f"'end' from 0 to 1,000,000,000,000, found 1{'0' * 59}",
    ),
    ({"question": "?", "qrels": {"a": 10**9}}, "grades up to 999,999,999, found 1000000000"),
    ({"question": "?", "qrels": []}, "'qrels' as an object of article ids and grades, found a list"),
    ({"question": "?", "qrels": {"a": "1"}}, "'qrels' as an object of article ids and grades, found '1' in it"),
    ({"question": "?", "history": 3}, """'history' as a list of {"role", "content"}, found a number"""),
    ({"question": "?", "history": [3]}, """'history' as a list of {"role", "content"}, found a number in it"""),
    ({"question": "?", "history": [{"content": "x"}]}, "a role in 'history', user or assistant, found none"),
    ({"question": "?", "history": [{"role": "root", "content": "x"}]}, "a role in 'history', user or assistant, found 'root'"),
    ({"question": "?", "history": [{"role": "user", "content": 1}]}, "the content of a turn in 'history' as a string, found a number"),
]


@pytest.mark.parametrize(("row", "fault"), FAULTS)
def test_a_malformed_row_is_told_with_its_line(lay, row, fault):
    path = lay("rows.jsonl", [{"question": "Who?", "id": "first"}, row])
    with pytest.raises(AssayError, match=f"^line 2: expected {re.escape(fault)}; in {re.escape(str(path))}$"):
        load_dataset(path)


def test_two_questions_of_one_id(lay):
    path = lay("rows.jsonl", [{"question": "Who?"}, {"question": "Who?", "id": "x"}, {"question": "When?", "id": "1"}])
    with pytest.raises(AssayError, match=r"^line 3: expected an id of its own, found '1', which line 1 has; in /"):
        load_dataset(path)


def test_questions_that_cannot_be_asked_are_no_fault_of_the_set(lay):
    path = lay("rows.jsonl", [{"question": "?!"}, {"question": "x" * 20_000}])
    assert [len(one.question) for one in load_dataset(path).examples] == [2, 20_000]

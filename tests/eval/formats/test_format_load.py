"""How a set is recognised, and what becomes of files that are none, or that are made to hurt."""

import gzip
import json
import os
import re
import resource
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import eval.formats.reading as limits
from eval.formats import load_dataset
from index import AssayError


def refusal(path, **options):
    with pytest.raises(AssayError) as caught:
        load_dataset(path, **options)
    message = str(caught.value)
    assert message.isprintable()
    return message


# --- recognition ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "format_"),
    [
        ("a.txt", [{"question": "Who?"}], "Assay JSON lines"),
        ("a.csv", [{"question": "Who?"}], "Assay JSON lines"),
        ("a.json", [{"question": "Who?"}, {"question": "When?"}], "Assay JSON lines"),
        ("a.jsonl", [{"_id": "1", "text": "Who?"}], "Assay JSON lines"),
        ("a.jsonl", [{"question": "Who?", "history": [{"role": "user", "content": "x"}], "rewrite": "x"}], "Assay JSON lines"),
        ("a.jsonl", [{"question": "|user|: Who?", "answers": []}], "Assay JSON lines"),
        ("a.jsonl", [{"question": "Who?", "contexts": ["x"], "answers": ["y"]}], "Assay JSON lines"),
        ("a.jsonl", [{"question": "Who?", "contexts": ["x"]}], "ragas rows"),
        ("a.jsonl", [{"question": "Who?", "history": ["x", "y"]}], "conversations (JSON lines)"),
        ("a.jsonl", [{"question": "Who?"}] * 0 + [{"question": "Who?", "history": ""}], "conversations (JSON lines)"),
        ("a.jsonl", {"data": [{"paragraphs": [{"context": "x", "qas": [{"question": "?"}]}]}]}, "SQuAD JSON"),
        ("a.jsonl", "question,answer\nWho?,I\n", "CSV with headings"),
        ("a.jsonl", "1\twho\n", "TREC topics"),
        ("a.jsonl", "<TOP><num>1<title>who</TOP>\n", "TREC topics"),
        ("a.tsv", '"id"\t"question"\n1\twho\n', "CSV with headings"),
        ("a", gzip.compress(b'{"question": "Who?"}', mtime=0), "Assay JSON lines"),
    ],
)
def test_a_format_is_told_by_content_not_by_name(lay, name, content, format_):
    assert load_dataset(lay(name, content)).format == format_


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ([{"id": 1, "title": "x", "text": "an article"}], "JSON with the keys 'id', 'title', 'text'"),
        ({"rows": [{"question": "Who?"}], "n": 1}, "JSON with the keys 'rows', 'n'"),
        ("[1, 2]", "JSON without keys"),
        ("[]", "JSON without keys"),
        ("Who sold lithium?\n", "text that begins 'Who sold lithium?'"),
        ("1\twho\nwhen\n", r"text that begins '1\twho'"),
        ("", "an empty file"),
        (" \n\n", "an empty file"),
    ],
)
def test_what_is_no_set_is_named(lay, content, found):
    path = lay("x", json.dumps(content) if isinstance(content, dict) else content)
    message = refusal(path)
    assert message.startswith(
        "expected a question set (folder of questions.jsonl and articles; folder of corpus, queries and qrels; SQuAD JSON; "
    )
    assert message.endswith(f"), found {found} at {path}")


def test_an_empty_folder_and_an_empty_set(lay, tmp_path):
    assert refusal(tmp_path).endswith(f"found a folder of other files at {tmp_path}")
    path = lay("set/queries.jsonl", "\n").parent
    assert refusal(path) == f"expected questions, found none in {path}"
    assert refusal(lay("a.csv", "id,question\n")) == f"expected questions, found none in {tmp_path / 'a.csv'}"


def test_the_built_in_set(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    found = load_dataset("seeds")
    assert (found.name, found.format, len(found.examples)) == ("seeds", "built in", 175)
    folder = Path(found.corpus.source())
    follow_up = next(one for one in found.examples if one.history)
    assert (follow_up.type, follow_up.metadata) == ("follow_up", {"conflict": False})
    for one in found.examples:
        assert one.answerable == bool(one.evidence)
        assert all((folder / piece.article_id).is_file() and piece.quote for piece in one.evidence)
    (tmp_path / "seeds").write_text('{"question": "Who?"}\n', encoding="utf-8")
    assert len(load_dataset("seeds").examples) == 1, "a path of that name comes first"


def test_a_limit(lay):
    path = lay("a.jsonl", [{"question": "Who?"}, {"question": "When?"}, {"question": "Where?"}])
    whole = load_dataset(path)
    assert [one.id for one in whole.limited(2).examples] == ["1", "2"]
    assert whole.limited(3) == whole.limited(None) == whole
    assert whole.limited(2).sha256 != whole.sha256 == load_dataset(path).sha256
    with pytest.raises(AssayError, match="expected a limit of at least 1 question, found 0"):
        whole.limited(0)


# --- files that are none ----------------------------------------------------------------------------------------------


def test_paths_that_lead_nowhere(tmp_path):
    nothing = tmp_path / "none"
    assert refusal(nothing) == f"expected a question set, found nothing at {nothing}; give a file, a folder, or the word seeds"
    assert refusal(tmp_path / ("x" * 300)).endswith(": File name too long")
    assert refusal("a\0b").startswith(r"expected a path that can be read, found a\x00b: ")
    assert "found nothing at " in refusal(str(tmp_path / "a\nb\x1b[31m"))
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "pipe") == f"expected a file, found something else at {tmp_path / 'pipe'}"
    assert refusal("/dev/zero") == "expected a file, found something else at /dev/zero"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_paths_that_are_closed(lay):
    path = lay("set/queries.jsonl", [{"question": "Who?"}])
    path.chmod(0)
    assert refusal(path) == f"expected a file that can be read, found {path}: Permission denied"
    path.parent.chmod(0)
    try:
        assert refusal(path.parent).endswith(": Permission denied")
    finally:
        path.parent.chmod(0o700)


GOOD = b'{"question": "Who?"}\n'
LINES = [
    (b'{"question": "Who?"', "JSON, found expecting ',' delimiter at character 20"),
    (b"Who?", "JSON, found expecting value at character 1"),
    (b'"Who?"', "a JSON object, found 'Who?'"),
    (b"[]", "a JSON object, found a list"),
    (b'{"question": "Who?", "score": NaN}', "numbers that JSON has, found NaN"),
    (b'{"question": "Who?", "score": -Infinity}', "numbers that JSON has, found -Infinity"),
    (b'{"question": "Who?", "score": 1e999}', "numbers that JSON has, found 1e999, which is too large"),
    (b'{"question": "Who?", "score": ' + b"9" * 5000 + b"}", "numbers that can be read, found one that is too long"),
    (b'{"question": "\\ud800"}', r"valid Unicode, found the lone surrogate \ud800"),
    (b'{"question": "Who?", "\\udfff": 1}', r"valid Unicode, found the lone surrogate \udfff"),
    (b'{"question": "\xff"}', "UTF-8, found the byte 0xff at offset 14; save it as UTF-8"),
    (b'{"question": "Who?", "x": ' + b"[" * 60 + b"]" * 60 + b"}", "a flat JSON value, found one that is nested more than 50 deep"),
    (b'{"question": "Who?", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "a flat JSON value, found one that is nested too deep"),
    (b"[" * 100_000, "a flat JSON value, found one that is nested too deep"),
    (b'{"question": "' + b"x" * 10_000_000 + b'"}', "at most 10,000,000 bytes, found more"),
]


@pytest.mark.parametrize(("line", "fault"), LINES, ids=[fault for _, fault in LINES])
@pytest.mark.parametrize("first", [False, True])
def test_a_broken_line_is_told_with_its_number(lay, line, fault, first):
    if first and not line.startswith(b"{"):
        pytest.skip("nothing says that it is a row")
    path = lay("rows.jsonl", line + b"\n" + GOOD if first else GOOD + b"\n" + line + b"\n" + GOOD)
    assert refusal(path) == f"line {1 if first else 3}: expected {fault}; in {path}"


def test_a_broken_document_is_told_with_its_line(lay):
    path = lay("dev.json", '{\n "data": [\n  {"paragraphs": [}\n]}')
    assert refusal(path) == f"line 3: expected JSON, found expecting value at character 19; in {path}"
    path = lay("list.json", '[\n{"question": NaN}]')
    assert refusal(path) == f"the file: expected numbers that JSON has, found NaN; in {path}"
    path = lay("deep.json", "[" * 100_000)
    assert refusal(path) == f"the file: expected a flat JSON value, found one that is nested too deep; in {path}"


def test_a_surrogate_pair_is_a_character(lay):
    assert load_dataset(lay("a.jsonl", '{"question": "\\ud83d\\ude00 who?"}')).examples[0].question == "😀 who?"


def test_damaged_archives(lay):
    packed = gzip.compress(b"".join(b'{"question": "%d"}\n' % n**99 for n in range(2000)))
    path = lay("cut.jsonl", packed[: len(packed) // 2])
    assert refusal(path) == f"expected a whole gzip archive, found one that breaks off in {path}; copy it again"
    path = lay("bits.jsonl", packed[:500] + bytes([packed[500] ^ 255]) + packed[501:])
    assert refusal(path) == f"expected a whole gzip archive, found a damaged one in {path}; copy it again"
    path = lay("sum.jsonl", packed[:-8] + b"12345678")
    assert refusal(path) == f"expected a whole gzip archive, found a damaged one in {path}; copy it again"
    path = lay("none.jsonl", GOOD).rename(lay("none.jsonl", GOOD).with_name("none.jsonl.gz"))
    assert refusal(path) == f"expected a gzip archive, as its name says, found none in {path}"


def test_archives_that_unpack_without_end(lay, monkeypatch):
    monkeypatch.setattr(limits, "MAX_DOCUMENT_BYTES", 15_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    line = lay("line.jsonl.gz", b'{"question": "' + b"x" * 30_000_000)
    assert refusal(line) == f"line 1: expected at most 10,000,000 bytes, found more; in {line}"
    text = lay("text.csv.gz", b"question," + b"x" * 30_000_000)
    assert refusal(text) == f"line 1: expected at most 10,000,000 bytes, found more; in {text}"
    whole = lay("list.json.gz", b"[" + b"x" * 30_000_000)
    assert refusal(whole) == f"expected at most 15,000,000 bytes, unpacked, found more in {whole}"
    rows = lay("rows.jsonl.gz", GOOD * 10_000)
    read = limits.lines(rows, most=200_000)
    assert next(read)[1] == GOOD
    with pytest.raises(AssayError, match=f"^expected at most 200,000 bytes, unpacked, found more in {re.escape(str(rows))}$"):
        list(read)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000


# --- whatever comes ---------------------------------------------------------------------------------------------------

KEYS = [
    *"id _id question text answers evidence article_id start end quote qrels history role content".split(),
    *"spans doc_id context_id answer_start sources n metadata input speaker user_input contexts ground_truth data paragraphs qas".split(),
]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["a", "user", "[ 1 x ]", "|user|: x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


def outcome(path):
    """What became of a set, its articles read too: nothing, or the one line."""
    try:
        found = load_dataset(path)
        list(found.corpus.source() if found.corpus else ())
    except AssayError as error:
        return str(error)
    return ""


@given(st.lists(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6), min_size=1, max_size=3))
def test_no_rows_whatever_lead_to_anything_but_a_set_or_one_line(tmp_path, rows):
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "set").mkdir(exist_ok=True)
    contents = {
        "a.jsonl": lines,
        "b.json": json.dumps(rows),
        "c.json": json.dumps(rows[0], indent=1),
        "set/queries.jsonl": lines,
        "set/corpus.jsonl": lines,
    }
    for name, content in contents.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    for name in ("a.jsonl", "b.json", "c.json", "set"):
        message = outcome(tmp_path / name)
        assert not message or message.isprintable()
        assert len(message) < 2_000


@given(st.binary(max_size=60) | st.text(alphabet='qid\t\n,"<top>num{}[] 1', max_size=60).map(str.encode))
def test_no_bytes_whatever_lead_to_anything_but_a_set_or_one_line(tmp_path, data):
    for name in ("a.jsonl", "b.csv", "c.jsonl.gz"):
        (tmp_path / name).write_bytes(data)
        message = outcome(tmp_path / name)
        assert not message or message.isprintable()

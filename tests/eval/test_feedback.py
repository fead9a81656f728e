"""Feedback becomes rows: what a vote says and nothing more, each refused line with its reason."""

import csv
import json

import pytest

from eval.dataset import Evidence, Example
from eval.feedback import MAX_CHARACTERS, MAX_LINE_BYTES, feedback_of, import_feedback
from index import AssayError
from rag import Answer, AnswerSentence, Citation, Reason, Turn


def answer(**changes):
    """The JSON of an answer with one citation."""
    citation = Citation(
        n=1, article_id="a7", passage_id="a7:0", title="T", source=None, published=None, url=None, start=10, end=25, quote="Chile has a pla"
    )
    values = {
        "question": "Who?",
        "standalone_question": "Who?",
        "sentences": (AnswerSentence("Chile has a plan.", (1,), 0.9),),
        "citations": (citation,),
        "hits": (),
        "confidence": 0.8,
    }
    return Answer(**values | changes).to_json()


def row(**changes):
    values = {
        "id": "f1",
        "time": "2026-02-03T10:00:00+00:00",
        "question": "Who has a plan?",
        "history": [],
        "answer": answer(),
        "vote": "up",
        "correction": None,
        "comment": None,
    }
    return values | changes


@pytest.fixture
def imported(tmp_path):
    """`imported(row, …) -> Feedback` by way of a file; a row that is bytes is a line as it stands."""

    def through(*rows):
        path = tmp_path / "feedback.jsonl"
        path.write_bytes(b"".join((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in rows))
        feedback = import_feedback(path)
        for one in feedback.examples:
            assert Example.from_json(json.loads(json.dumps(one.to_json()))) == one
        return feedback

    return through


# --- the chat's own export --------------------------------------------------------------------------------------------


def test_an_up_vote_keeps_the_citations_and_the_short_answer(imported):
    (one,) = imported(row(answer=answer(short_answer="Chile"), comment="good")).examples
    assert (one.question, one.answers, one.answerable, one.type) == ("Who has a plan?", ("Chile",), True, "liked")
    assert one.evidence == (Evidence("a7", 10, 25, "Chile has a pla"),)
    assert one.metadata["comment"] == "good"
    assert one.metadata["feedback_id"] == "f1"


def test_an_up_vote_for_silence_says_that_there_is_no_answer(imported):
    (one,) = imported(row(answer=answer(sentences=(), citations=(), reason=Reason.NOT_SUPPORTED))).examples
    assert (one.answerable, one.answers, one.evidence, one.type) == (False, (), (), "liked")


@pytest.mark.parametrize("vote", ["down", None])
def test_a_correction_is_the_answer(imported, vote):
    (one,) = imported(row(vote=vote, correction=" Bolivia ")).examples
    assert (one.answers, one.evidence, one.answerable, one.type) == (("Bolivia",), (), True, "corrected")


def test_a_correction_under_an_up_vote_keeps_the_citations(imported):
    (one,) = imported(row(correction="Chile and Peru", answer=answer(short_answer="Chile"))).examples
    assert (one.answers, len(one.evidence), one.type) == (("Chile and Peru",), 1, "corrected")


def test_a_down_vote_alone_says_nothing_of_what_is_right(imported):
    (one,) = imported(row(vote="down", comment="no")).examples
    assert (one.answers, one.evidence, one.answerable, one.qrels, one.type) == ((), (), None, {}, "disliked")
    assert one.metadata["reply"] == "Chile has a plan. [1]"


def test_no_vote_is_no_row(imported):
    feedback = imported(row(vote=None), row(question="And who else?", vote=None, comment="hm"))
    assert (feedback.examples, feedback.refused, feedback.silent) == ((), (), 2)


def test_the_turns_before_are_kept(imported):
    history = [{"role": "user", "content": "Chile?"}, {"role": "assistant", "content": [{"type": "text", "text": "Yes."}]}]
    (one,) = imported(row(history=history)).examples
    assert one.history == (Turn("user", "Chile?"), Turn("assistant", "Yes."))


def test_the_latest_word_on_a_question_counts(imported):
    early, late = row(time="2026-02-03T10:00:00+01:00"), row(time="2026-02-03 09:30:00", vote="down", question="who has  a Plan?")
    for rows in ([early, late], [late, early]):
        feedback = imported(*rows)
        assert [one.type for one in feedback.examples] == ["disliked"]
        assert feedback.replaced == 1
    assert [one.type for one in imported(row(time="?"), row(time=None, vote="down")).examples] == ["disliked"]
    assert len(imported(early, row(history=[{"role": "user", "content": "Peru?"}])).examples) == 2


BROKEN_CITATION = answer() | {"citations": [{"article_id": "a7", "start": 1, "end": 9, "quote": "short"}]}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{", "expected JSON, found something else"),
        (b"[1]", "expected a JSON object, found 'list'"),
        (b"\xff{}", "expected UTF-8, found the byte 0xff"),
        (b"[" * 200_000, "expected flat JSON, found it nested too deep"),
        (b'{"question": "Who?", "vote": "up", "history": [{"role": "user", "content": ' + b"[" * 900 + b"]" * 900 + b"}]}", None),
        (b'{"question": "' + b"x" * MAX_LINE_BYTES + b'"}', "expected at most 10,000,000 bytes, found a longer line"),
        (row(question=None), 'expected a row with a "question" in words, found none'),
        (row(question="?"), "expected a question, found no words; ask with letters or digits"),
        (row(question="x" * 10_001), "expected a question of at most 10,000 characters, found 10,001; shorten it"),
        (row(history="x"), 'expected "history" as a list of {"role", "content"}, found something else'),
        (row(vote="maybe\x1b[2J"), 'expected "vote" to be "up", "down" or null, found \'maybe\\x1b[2J\''),
        (row(vote=["up"]), 'expected "vote" to be "up", "down" or null, found \'list\''),
        (row(correction="x" * (MAX_CHARACTERS + 1)), 'expected "correction" of at most 1,000,000 characters, found 1,000,001'),
        (row(comment="x" * (MAX_CHARACTERS + 1)), 'expected "comment" of at most 1,000,000 characters, found 1,000,001'),
        (row(comment={"a": 1}), "expected \"comment\" in words, found 'dict'"),
        (row(answer="Chile"), "expected \"answer\" as an object, found 'Chile'"),
        (row(answer=None), 'expected an answer with citations under a vote "up", found none'),
        (row(answer=answer() | {"citations": 5}), 'expected "citations" as a list of objects, found 5'),
        (row(answer=answer() | {"citations": [{}]}), 'expected a citation with "article_id", "start", "end" and "quote", found another'),
        (row(answer=BROKEN_CITATION), "expected a citation whose quote has the characters of its span, found 5 in 1:9"),
    ],
)
def test_a_line_that_cannot_be_read_is_refused_and_the_rest_goes_on(imported, line, why):
    feedback = imported(row(), line, row(question="Who else?"))
    assert len(feedback.examples) == 2
    (refused,) = feedback.refused
    assert refused == f"line 2: {why}" if why else refused.startswith("line 2: expected ")


def test_formulas_and_control_characters_are_words(imported):
    question = '=HYPERLINK("http://127.0.0.1") \u202e who?'
    (one,) = imported(row(question=question, correction="@SUM(1)\r\n-2", vote="down")).examples
    assert (one.question, one.answers) == (question, ("@SUM(1)\r\n-2",))


def test_lone_surrogates_are_left_out(imported):
    (one,) = imported(row(question="Who \ud800?", correction="a\udfff", answer=answer(short_answer="\ud800"))).examples
    assert (one.question, one.answers) == ("Who ??", ("a?",))


def test_a_file_that_is_not_there_is_said_in_one_line(tmp_path):
    for path in (tmp_path / "none.jsonl", tmp_path / "none.csv", tmp_path, tmp_path / "a\0b"):
        with pytest.raises(AssayError, match=r"^expected a file of feedback at .*, which cannot be read"):
            import_feedback(path)


# --- Gradio's own file ------------------------------------------------------------------------------------------------

CONVERSATION = [
    {"role": "user", "content": "Who meets?"},
    {"role": "assistant", "content": "Seven countries."},
    {"role": "user", "content": [{"type": "text", "text": "Where,\n=where?"}]},
    {"role": "assistant", "content": [{"type": "text", "text": "In Rome."}]},
]
HEADER = ["conversation", "index", "value", "flag", "timestamp"]


@pytest.fixture
def logged(tmp_path):
    """`logged(cells, …) -> Feedback` by way of a file with Gradio's header."""

    def through(*rows, header=HEADER):
        path = tmp_path / "log.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([header, *rows])
        return import_feedback(path)

    return through


def test_a_thumb_is_a_row_without_gold(logged):
    feedback = logged(
        [json.dumps(CONVERSATION), 3, "Like", "2026-02-03 10:00:00.123"], [json.dumps(CONVERSATION), 1, "Dislike", "", "2026-02-03"]
    )
    first, second = feedback.examples
    assert (first.question, first.type, first.answerable) == ("Where,\n=where?", "liked", None)
    assert first.history == (Turn("user", "Who meets?"), Turn("assistant", "Seven countries."))
    assert first.metadata == {"made_by": "feedback", "time": "2026-02-03 10:00:00.123", "reply": "In Rome.", "value": "Like"}
    assert (second.question, second.type, second.history) == ("Who meets?", "disliked", ())
    assert (first.answers, first.evidence) == (second.answers, second.evidence) == ((), ())


def test_a_flag_of_another_name_is_kept_with_it(logged):
    (one,) = logged([json.dumps(CONVERSATION), 1, "'=Wrong source", "2026-02-03"]).examples
    assert (one.type, one.metadata["value"]) == ("flagged", "'=Wrong source")


def test_the_sign_that_keeps_a_spreadsheet_from_running_a_cell_is_taken_off(logged):
    (one,) = logged([f"'{json.dumps(CONVERSATION)}", 1, "Like", "2026-02-03"]).examples
    assert one.question == "Who meets?"


def test_a_thumb_taken_back_and_given_anew_counts_once(logged):
    feedback = logged(*([json.dumps(CONVERSATION), 1, value, f"2026-02-03 10:00:0{i}"] for i, value in enumerate(("Like", "Dislike"))))
    assert ([one.type for one in feedback.examples], feedback.replaced) == (["disliked"], 1)


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (["[", "1", "Like"], "expected JSON, found something else"),
        (["[" * 100_000, "1", "Like"], "expected flat JSON, found it nested too deep"),
        (["{}", "1", "Like"], 'expected the conversation as a list of {"role", "content"}, found something else'),
        (["[1]", "0", "Like"], 'expected the conversation as a list of {"role", "content"}, found something else'),
        ([json.dumps(CONVERSATION), "4", "Like"], "expected the number of one of 4 messages, found '4'"),
        ([json.dumps(CONVERSATION), "²", "Like"], "expected the number of one of 4 messages, found '\\xb2'"),
        ([json.dumps(CONVERSATION), "-1", "Like"], "expected the number of one of 4 messages, found '-1'"),
        ([json.dumps(CONVERSATION), "9" * 5_000, "Like"], f"expected the number of one of 4 messages, found '{'9' * 59}"),
        ([json.dumps(CONVERSATION), "2", "Like"], "expected message 2 to be a reply to a question, found none"),
        ([json.dumps(CONVERSATION[1:]), "0", "Like"], "expected message 0 to be a reply to a question, found none"),
        ([json.dumps(CONVERSATION), "1"], "expected 3 cells or more, found 2"),
        (
            [json.dumps(CONVERSATION), "1", "x" * (MAX_CHARACTERS + 1), "t"],
            'expected "value" of at most 1,000,000 characters, found 1,000,001',
        ),
    ],
)
def test_a_row_of_csv_that_cannot_be_read_is_refused_and_the_rest_goes_on(logged, cells, why):
    good = [json.dumps(CONVERSATION), 1, "Like", "2026-02-03"]
    feedback = logged(cells, good)
    assert feedback.refused == (f"line 2: {why}",)
    assert len(feedback.examples) == 1


def test_lines_that_are_no_text_or_too_long_are_refused(tmp_path):
    path = tmp_path / "log.CSV"
    good = ["conversation,index,value,flag,timestamp", f'"{json.dumps(CONVERSATION[:2]).replace(chr(34), chr(34) * 2)}",1,Like,2026-02-03']
    long = b"x" * (MAX_LINE_BYTES + 1)
    path.write_bytes(b"\n".join([good[0].encode(), b"\xff,1,Like", long, good[1].encode(), b'"left open,1,Like\n\n']))
    feedback = import_feedback(path)
    assert len(feedback.examples) == 1
    assert [line.split(":")[0] for line in feedback.refused] == ["line 2", "line 3", "line 5"]
    assert "the byte 0xff" in feedback.refused[0]
    assert feedback.refused[2].endswith("the row goes on to line 6: is a quote left open?")


def test_another_file_is_refused_whole(logged):
    with pytest.raises(AssayError, match=r"^expected the columns conversation, index, value of Gradio's log.csv, found 'a, b'$"):
        logged(header=["a", "b"])


@pytest.mark.slow
def test_what_gradio_itself_writes_is_read(tmp_path):
    from gradio import LikeData
    from gradio.flagging import ChatCSVLogger

    logger = ChatCSVLogger()
    logger.setup(str(tmp_path))
    for place, liked in ((1, True), (3, False), (3, "Wrong, =source")):
        logger.flag(LikeData(None, {"index": place, "value": "", "liked": liked}), CONVERSATION)
    feedback = import_feedback(tmp_path / "log.csv")
    assert [(one.question, one.type) for one in feedback.examples] == [("Who meets?", "liked"), ("Where,\n=where?", "flagged")]
    assert (feedback.refused, feedback.replaced) == ((), 1)


# --- rows as they are -------------------------------------------------------------------------------------------------


def test_rows_are_read_as_lines_are(imported):
    later = row(question="And Peru?", vote="down", correction="Peru has none.", time="2026-02-04")
    rows = [row(), later, row(vote="sideways"), row(vote=None)]
    found, read = feedback_of(rows), imported(*rows)
    assert found.examples == read.examples
    assert [reason.replace("row ", "line ") for reason in found.refused] == list(read.refused)
    assert (found.replaced, found.silent) == (read.replaced, read.silent)

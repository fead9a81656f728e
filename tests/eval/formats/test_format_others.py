"""SQuAD, conversations, ragas, tables and TREC topics, each on a set that is written out."""

import json
import re

import pytest

from eval.dataset import Evidence, Example
from eval.formats import load_dataset
from index import Article, AssayError
from rag import Turn


def fault_of(path):
    with pytest.raises(AssayError) as caught:
        load_dataset(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(f"; in {path}")
    return message.removesuffix(f"; in {path}")


# --- SQuAD ------------------------------------------------------------------------------------------------------------

CONTEXT = "The Normans came to Normandy, in France, in the 10th century."


def squad(*questions, context=CONTEXT):
    return {"version": "v2.0", "data": [{"title": "The Normans / 1", "paragraphs": [{"context": context, "qas": list(questions)}]}]}


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("name", ["dev.json", "dev", "dev.json.gz"])
def test_squad(lay, indent, name):
    there, beside = {"text": "France", "answer_start": 33}, {"text": "the 10th century", "answer_start": 40}
    rows = squad(
        {"id": "q1", "question": "Where?", "answers": [there, {"text": "in France", "answer_start": 30}, there], "is_impossible": False},
        {"id": "q2", "question": "When?", "answers": [], "is_impossible": True, "plausible_answers": [beside]},
        {"question": "In which century?", "answers": [beside]},
    )
    found = load_dataset(lay(name, json.dumps(rows, indent=indent)))
    assert (found.name, found.format) == ("dev", "SQuAD JSON")
    place = "The_Normans_1#0.0"
    assert found.examples == (
        Example(
            id="q1",
            question="Where?",
            answers=("France", "in France"),
            evidence=(Evidence(place, 33, 39), Evidence(place, 30, 39)),
            qrels={place: 1},
            answerable=True,
        ),
        Example(id="q2", question="When?", answerable=False, metadata={"plausible_answers": [beside], "paragraph": place}),
        Example(
            id="3",
            question="In which century?",
            answers=("the 10th century",),
            evidence=(Evidence(place, quote="the 10th century"),),  # it does not stand where it should
            qrels={place: 1},
            answerable=True,
        ),
    )
    assert list(found.corpus.source()) == [Article(id=place, text=CONTEXT, title="The Normans / 1")]
    for one in found.examples[0].evidence:
        assert CONTEXT[one.start : one.end] in found.examples[0].answers


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (
            {"question": "?", "answers": [{"text": "France", "answer_start": 60}]},
            "answers within the 61 characters of the context, found 'France' at 60",
        ),
        ({"question": "?", "answers": [{"text": "France", "answer_start": -1}]}, "'answer_start' from 0 to 1,000,000,000,000, found -1"),
        ({"question": "?", "answers": [{"text": ""}]}, "answers with a 'text', found one without"),
        ({"question": "?", "answers": {}}, "'answers' as a list of objects, found an object"),
        ({"question": "", "answers": []}, "a question as 'question', found an empty one"),
        ({"question": "?", "is_impossible": "no"}, "'is_impossible' as true or false, found 'no'"),
    ],
)
def test_squad_that_is_malformed(lay, row, fault):
    assert fault_of(lay("dev.json", squad({"id": "a", "question": "?"}, row))) == f"data[0].paragraphs[0].qas[1]: expected {fault}"


def test_squad_without_a_context_or_paragraphs(lay):
    assert fault_of(lay("a.json", squad(context=None))) == "data[0].paragraphs[0]: expected a 'context', found none"
    path = lay("b.json", {"data": [{"paragraphs": []}, {"paragraphs": 3}]})
    assert fault_of(path) == "data[1]: expected 'paragraphs' as a list of objects, found a number"
    assert fault_of(lay("c.json", {"data": [{"paragraphs": []}, 3]})) == "data[1]: expected a JSON object, found a number"


# --- conversations ----------------------------------------------------------------------------------------------------

BEFORE = (Turn("user", "Who sold zinc?"), Turn("assistant", "Chile did.\nIn 2023."))


@pytest.mark.parametrize(
    "history",
    [
        [{"role": "user", "text": "Who sold zinc?"}, {"role": "assistant", "text": "Chile did.\nIn 2023."}],
        [{"speaker": "user", "text": "Who sold zinc?"}, {"speaker": "agent", "text": "Chile did.\nIn 2023."}],
        ["Who sold zinc?", "Chile did.\nIn 2023."],
        "|user|: Who sold zinc?\n|assistant|: Chile did.\nIn 2023.",
        "|user|: Who sold zinc?\n|agent|: Chile did.\nIn 2023.\n|user|: And Peru?",
    ],
)
def test_the_turns_before_a_question(lay, history):
    rows = [
        {"id": "1", "history": [], "question": "Who sold zinc?"},
        {"id": "2", "history": history, "question": "And Peru?", "rewrite": "Did Peru sell zinc?", "topic": "zinc"},
    ]
    found = load_dataset(lay("turns.jsonl", rows))
    assert found.format == "conversations (JSON lines)"
    assert found.examples == (
        Example(id="1", question="Who sold zinc?"),
        Example(id="2", question="And Peru?", history=BEFORE, rewrite="Did Peru sell zinc?", metadata={"topic": "zinc"}),
    )
    assert [one.depth for one in found.examples] == [1, 2]


def test_marks_of_turns_in_the_question_itself(lay):
    rows = [{"id": "a<::>1", "history": "|user|: Who sold?", "question": "|user|: Who sold?", "rewrite": "|user|:  Who sold zinc?"}]
    assert load_dataset(lay("mtrag.jsonl", rows)).examples == (Example(id="a<::>1", question="Who sold?", rewrite="Who sold zinc?"),)


def test_tasks_of_mtrag(lay):
    said = [
        {"speaker": "user", "text": "Who sold zinc?"},
        {"speaker": "agent", "text": "Chile did.\nIn 2023."},
        {"speaker": "user", "text": "And Peru?"},
    ]
    targets = [{"speaker": "agent", "text": "Peru did not."}]
    rows = [
        {"task_id": "a<::>2", "input": said, "targets": targets, "Answerability": ["UNANSWERABLE"], "turn": "2"},
        {"task_id": "b", "input": said[:1], "Answerability": ["PARTIAL"]},
    ]
    a, b = load_dataset(lay("tasks.jsonl", rows)).examples
    assert a == Example(
        id="a<::>2",
        question="And Peru?",
        history=BEFORE,
        answers=("Peru did not.",),
        answerable=False,
        metadata={"Answerability": ["UNANSWERABLE"], "turn": "2"},
    )
    assert (b.question, b.answerable) == ("Who sold zinc?", None)
    rows = [{"task_id": "a", "input": said[:2]}]
    assert (
        fault_of(lay("bad.jsonl", rows)) == "line 1: expected an 'input' that ends with the user's question, found another turn at its end"
    )


@pytest.mark.parametrize(
    ("history", "fault"),
    [
        (["a", "b", "c"], """'history' as pairs of question and answer, or {"role", "content"}, found 3 strings"""),
        ("Who sold zinc?", "'history' to begin with |user|:, found 'Who sold zinc?'"),
        (["a", {"role": "user", "text": "x"}], """'history' as a list of {"role", "content"}, found 'a' in it"""),
        ([{"role": "user", "text": ["x"]}], "the content of a turn in 'history' as a string, found a list"),
    ],
)
def test_histories_that_cannot_be_told(lay, history, fault):
    assert fault_of(lay("turns.jsonl", [{"question": "Who?"}, {"question": "Who?", "history": history}])) == f"line 2: expected {fault}"


# --- ragas ------------------------------------------------------------------------------------------------------------


def test_ragas_rows(lay):
    messages = [
        {"type": "human", "content": "Who sold zinc?"},
        {"type": "ai", "content": "Chile did.\nIn 2023."},
        {"type": "tool", "content": "{}"},
        {"type": "human", "content": "And Peru?"},
        {"type": "ai", "content": "No."},
    ]
    rows = [
        {
            "user_input": "Who?",
            "reference": "Chile.",
            "reference_contexts": ["Chile sold.", "Chile sold."],
            "response": "Peru.",
            "retrieved_contexts": ["Peru sold."],
        },
        {"user_input": messages, "reference": "", "rubrics": {"score1_description": "bad"}},
        {"user_input": "When?", "synthesizer_name": "single_hop"},
    ]
    expected = (
        Example(
            id="1",
            question="Who?",
            answers=("Chile.",),
            evidence=(Evidence(quote="Chile sold."),),
            answerable=True,
            metadata={"response": "Peru.", "retrieved_contexts": ["Peru sold."]},
        ),
        Example(id="2", question="And Peru?", history=BEFORE, metadata={"rubrics": {"score1_description": "bad"}}),
        Example(id="3", question="When?", type="single_hop"),
    )
    for path in (lay("rows.jsonl", rows), lay("rows.json", json.dumps(rows, indent=2))):
        found = load_dataset(path)
        assert (found.format, found.examples) == ("ragas rows", expected)


def test_the_older_names_of_ragas(lay):
    rows = [
        {"question": "Who?", "ground_truth": "Chile", "contexts": ["Peru sold."], "answer": "Peru"},
        {"question": "Who?", "ground_truths": ["Chile", "Chile did"], "contexts": ["Chile sold."], "evolution_type": "simple"},
    ]
    assert load_dataset(lay("old.jsonl", rows)).examples == (
        Example(id="1", question="Who?", answers=("Chile",), answerable=True, metadata={"contexts": ["Peru sold."], "answer": "Peru"}),
        Example(
            id="2",
            question="Who?",
            answers=("Chile", "Chile did"),
            evidence=(Evidence(quote="Chile sold."),),
            answerable=True,
            type="simple",
        ),
    )


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"user_input": ""}, "a question as 'question', found an empty one"),
        ({"user_input": 3}, "'question' as a string, found a number"),
        ({"user_input": [{"type": "ai", "content": "No."}]}, "a 'user_input' with a question of the user's, found none"),
        ({"user_input": "?", "reference": []}, "'reference' as a string, found a list"),
        ({"user_input": "?", "reference_contexts": "x"}, "'reference_contexts' as a list of strings, found 'x'"),
    ],
)
def test_ragas_rows_that_are_malformed(lay, row, fault):
    assert fault_of(lay("rows.jsonl", [{"user_input": "Who?"}, row])) == f"line 2: expected {fault}"


# --- tables -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table(lay, delimiter, mark):
    lines = [
        ["ID", "Question", "answers", "Article", "quote", "start", "end", "answerable", "type", "Note"],
        ["q1", '"Who sold\nzinc?"', "Chile | Chile did", "a.md", "Chile sold.", "", "", "Yes", "fact", "seen"],
        [],
        ["", '"Who, or ""what""; when?"', '"[""A"", ""B""]"', "b.md", "", "3", "9", "", "", ""],
        ["q3", "Who?", "", "", "", "", "", "0"],
    ]
    if delimiter != ",":
        lines[3][2] = '"[""A"", ""B""]"'
    found = load_dataset(lay("table.csv", mark + "\r\n".join(delimiter.join(cells) for cells in lines)))
    assert (found.name, found.format) == ("table", "CSV with headings")
    assert found.examples == (
        Example(
            id="q1",
            question="Who sold\nzinc?",
            answers=("Chile", "Chile did"),
            evidence=(Evidence("a.md", quote="Chile sold."),),
            qrels={"a.md": 1},
            answerable=True,
            type="fact",
            metadata={"Note": "seen"},
        ),
        Example(
            id="5",
            question='Who, or "what"; when?',
            answers=("A", "B"),
            evidence=(Evidence("b.md", 3, 9),),
            qrels={"b.md": 1},
            answerable=True,
        ),
        Example(id="q3", question="Who?", answerable=False),
    )


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("a,,,,,", "a question as 'question', found none"),
        ("a b,Who?,,,,", "'id' without white space, found 'a b'"),
        ("a,Who?,x,y,z,1,2,3", "6 cells, as there are headings, found 8; a cell that holds the delimiter needs quotes"),
        ("a,Who?,,,,maybe", "'answerable' as true or false, found 'maybe'"),
        ("a,Who?,,x,,", "'start' as a whole number, found 'x'"),
        ("a,Who?,,9,2,", "evidence with 'start' and 'end' to name its 'article_id', found none"),
        ('a,"Who?,,,,', "a row of cells, found unexpected end of data; is a quote left open there?"),
        ('a,"Who?"x,,,,', "a row of cells, found ',' expected after '\"'; is a quote left open there?"),
        ("a,Who?\0,,,,", "UTF-8 text, found a NUL at byte 6"),
    ],
)
def test_rows_of_a_table_that_are_malformed(lay, row, fault):
    assert fault_of(lay("table.csv", f"id,question,answer,start,end,answerable\n\n{row}\n")) == f"line 3: expected {fault}"


def test_headings_that_would_take_each_others_place(lay):
    assert fault_of(lay("a.csv", "question,note,note\nWho?,1,2\n")) == "line 1: expected each heading once, found 'note' twice"
    assert fault_of(lay("b.csv", "question,answer,answers\nWho?,1,2\n")) == "line 2: expected 'answer' or 'answers', found both"


def test_a_cell_longer_than_csv_takes_by_default(lay):
    assert len(load_dataset(lay("a.csv", f'question,note\nWho?,"{"x" * 200_000}"\n')).examples[0].metadata["note"]) == 200_000


# --- TREC -------------------------------------------------------------------------------------------------------------

TOPICS = """
<top>
<num> Number: 301
<title> International Organized
Crime &amp; more

<desc> Description:
Identify organizations. <b>Not a tag</b>
<narr> Narrative:
A relevant document names one.
</top>
<top><num>302</num><title></title><desc>In what country was it found?</desc></top>
"""


@pytest.mark.parametrize("whole", [True, False])
def test_trec_topics_in_sgml(lay, whole):
    path = lay("trec/topics.301-302.txt", TOPICS)
    lay("trec/qrels.txt", "301 0 FT911-3 1\n301 0 FT911-4 -1\n999 0 x 1\n")
    found = load_dataset(path.parent if whole else path)
    assert (found.name, found.format, found.corpus) == ("trec" if whole else "topics.301-302", "TREC topics and qrels", None)
    assert found.examples == (
        Example(
            id="301",
            question="International Organized Crime & more",
            qrels={"FT911-3": 1, "FT911-4": -1},
            metadata={"desc": "Identify organizations. <b>Not a tag</b>", "narr": "A relevant document names one."},
        ),
        Example(id="302", question="In what country was it found?"),
    )


def test_trec_topics_with_a_tab(lay):
    path = lay("queries.tsv", "1\twho sold\tzinc\n\n2\twhen\n")
    found = load_dataset(path)
    assert (found.format, [(one.id, one.question) for one in found.examples]) == ("TREC topics", [("1", "who sold\tzinc"), ("2", "when")])
    lay("queries.tsv", "1\twho\n" * 1 + "".join(f"{number}\twho\n" for number in range(2, 200)) + "no tab\n")
    assert fault_of(path) == "line 200: expected a number, a tab and a question, found 'no tab'"


def test_which_judgements_are_meant(lay):
    path = lay("topics.a.txt", "1\twho\n")
    lay("qrels.b.txt", "1 0 x 1\n")
    lay("qrels.a.txt", "1 0 y 1\n")
    assert dict(load_dataset(path).examples[0].qrels) == {"y": 1}
    path.rename(path.with_name("topics.c.txt"))
    expected = f"expected one file of qrels in {path.parent}, found 2: qrels.a.txt, qrels.b.txt; keep the one that is meant"
    with pytest.raises(AssayError, match=f"^{re.escape(expected)}$"):
        load_dataset(path.with_name("topics.c.txt"))


def test_trec_topics_that_are_malformed(lay):
    assert fault_of(lay("a.txt", "\n<top>\n<num> 3 4\n<title> x\n</top>")) == "line 2: expected 'num' without white space, found '3 4'"
    assert fault_of(lay("b.txt", "<top>\n<num> 3\n</top>")) == "line 1: expected a question as 'question', found none"
    assert fault_of(lay("c.txt", "<top>\n<title> x\n")) == "line 1: expected 'num' of 1 to 1,000 characters, found 0"
    path = lay("d/topics.txt", "1\twho\n")
    lay("d/qrels.txt", "2 0 x 1\n")
    with pytest.raises(AssayError, match=r"^expected qrels of the topics in /.*, found none of any of them beside it$"):
        load_dataset(path)

"""Folders of articles, questions and judgements."""

import gzip
import re

import pytest

from eval.dataset import Evidence, Example
from eval.formats import load_dataset
from index import Article, AssayError, Refusal

CORPUS = [
    {"_id": "a", "title": "Chile", "text": "Chile sold lithium.", "metadata": {"page": 3}},
    {"_id": "b", "text": "one two three four five six seven eight nine ten eleven", "date": "2023/01/05", "source": "CNN"},
    {"_id": "c", "text": "?!", "title": "Nothing"},
    {"_id": "d", "text": "Peru", "title": "Peru", "authors": ["A. Writer", ""], "date": "01/04/63", "url": "https://example.org/d"},
    {"_id": "e", "text": "Bolivia did.", "title": None, "author": "B. Writer", "published": "", "extra": [1]},
]


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_beir_folder(lay, suffix):
    lay(f"set/corpus.jsonl{suffix}", CORPUS)
    lay(
        f"set/queries.jsonl{suffix}",
        [{"_id": "1", "text": "Who sold?", "metadata": {}}, {"_id": "2", "text": "Who?"}, {"_id": "3", "text": "When?"}],
    )
    lay("set/qrels/train.tsv", "query-id\tcorpus-id\tscore\n2\ta\t1\n")
    path = lay("set/qrels/test.tsv", "query-id\tcorpus-id\tscore\n1\ta\t2\n1\tb\t-1\n3\tb\t0\n9\ta\t1\n").parents[1]
    found = load_dataset(path)
    assert (found.name, found.format) == ("set", "BEIR folder, judged by qrels/test.tsv")
    assert found.examples == (
        Example(id="1", question="Who sold?", qrels={"a": 2, "b": -1}),
        Example(id="3", question="When?", qrels={"b": 0}),
    ), "those of the part that is measured"
    articles = list(found.corpus.source())
    assert articles == [
        Article(id="a", text="Chile sold lithium.", title="Chile", metadata={"page": 3}),
        Article(
            id="b",
            text=CORPUS[1]["text"],
            title="one two three four five six seven eight nine ten",
            published="2023-01-05",
            published_raw="2023/01/05",
            source="CNN",
        ),
        Refusal(f"{path}/corpus.jsonl{suffix}:line 3", "no words: the text holds neither letters nor digits"),
        Article(id="d", text="Peru", title="Peru", authors=("A. Writer",), published_raw="01/04/63", url="https://example.org/d"),
        Article(id="e", text="Bolivia did.", title="Bolivia did.", authors=("B. Writer",), metadata={"extra": [1]}),
    ]
    assert list(found.corpus.source()) == articles, "it may be read again"


def test_the_corpus_is_known_by_its_content(lay):
    lay("one/queries.jsonl", [{"question": "Who?"}])
    path = lay("one/corpus.jsonl", CORPUS).parent
    before = load_dataset(path).corpus.sha256
    assert load_dataset(path).corpus.sha256 == before
    lay("one/queries.jsonl", [{"question": "When?"}])
    assert load_dataset(path).corpus.sha256 == before
    lay("one/corpus.jsonl", CORPUS[:-1])
    assert load_dataset(path).corpus.sha256 != before


def test_a_folder_without_articles_runs_on_an_index(lay):
    path = lay("set/queries.jsonl", [{"id": "1", "question": "Who?", "answers": ["Chile"]}, {"id": "2", "question": "When?"}]).parent
    lay("set/qrels.tsv", "1 0 a 1\n\n")
    found = load_dataset(path)
    assert (found.corpus, found.format) == (None, "folder of corpus, queries and qrels")
    assert [(one.id, dict(one.qrels), one.answerable) for one in found.examples] == [("1", {"a": 1}, True), ("2", {}, None)]


def test_files_under_a_prefix(lay):
    lay("reading/squad.corpus.jsonl.gz", [{"id": "p", "title": "", "text": "In France, in the north of France."}])
    path = lay(
        "reading/squad.queries.jsonl.gz",
        [
            {
                "id": "1",
                "question": "Where?",
                "answers": ["France", "north of France"],
                "answerable": True,
                "context_id": "p",
                "answer_start": [3, 18, 27, 3],
            },
            {"id": "2", "question": "When?", "answers": [], "answerable": False, "context_id": "p", "plausible_answers": ["north"]},
            {"id": "3", "question": "Who?", "answers": ["France"], "context_id": "p"},
        ],
    ).parent
    found = load_dataset(path / "squad")
    assert (found.name, found.format) == ("squad", "files under a prefix")
    assert found.examples == (
        Example(
            id="1",
            question="Where?",
            answers=("France", "north of France"),
            answerable=True,
            evidence=(Evidence("p", 3, 9), Evidence("p", 18, 33), Evidence("p", 27, 33)),
            qrels={"p": 1},
        ),
        Example(id="2", question="When?", answerable=False, metadata={"context_id": "p", "plausible_answers": ["north"]}),
        Example(id="3", question="Who?", answers=("France",), answerable=True, evidence=(Evidence("p"),), qrels={"p": 1}),
    )
    assert next(iter(found.corpus.source())).title == "In France, in the north of France."


def test_the_rows_of_the_public_sets(lay):
    lay("set/corpus.jsonl", [{"id": "a", "text": "Nitrogen is freed by bacteria."}])
    path = lay(
        "set/queries.jsonl",
        [
            {"id": "1", "question": "?", "answers": ["Nitrogen"], "doc_id": "a", "spans": [[0, 8]]},
            {"id": "2", "question": "?", "answers": ["Yes"], "evidence": [{"doc_id": "a", "fact": "Nitrogen is freed"}]},
            {
                "id": "3",
                "question": "?",
                "answers": ["[ 2 Bacteria ], they say, [ 2 free it. ]"],
                "sources": [{"n": 1, "doc_id": "b"}, {"n": 2, "doc_id": "a"}],
            },
            {"id": "4", "question": "?", "answers": [], "evidence": "Prose about it.", "retrieved": ["a"]},
        ],
    ).parent
    assert load_dataset(path).examples == (
        Example(id="1", question="?", answers=("Nitrogen",), answerable=True, evidence=(Evidence("a", 0, 8),), qrels={"a": 1}),
        Example(
            id="2", question="?", answers=("Yes",), answerable=True, evidence=(Evidence("a", quote="Nitrogen is freed"),), qrels={"a": 1}
        ),
        Example(
            id="3",
            question="?",
            answers=("Bacteria, they say, free it.",),
            answerable=True,
            evidence=(Evidence("a", quote="Bacteria"), Evidence("a", quote="free it."), Evidence("b")),
            qrels={"a": 1, "b": 1},
            metadata={"sources": [{"n": 1, "doc_id": "b"}, {"n": 2, "doc_id": "a"}]},
        ),
        Example(id="4", question="?", metadata={"evidence": "Prose about it.", "retrieved": ["a"]}),
    )


def test_questions_beside_a_folder_of_articles(lay):
    lay("set/articles/a.txt", "Chile sold lithium.")
    path = lay("set/questions.jsonl", [{"question": "Who?", "evidence": [{"article_id": "a.txt", "quote": "Chile"}]}]).parent
    found = load_dataset(path)
    assert (found.format, found.corpus.source()) == ("folder of questions.jsonl and articles", str(path / "articles"))
    before = found.corpus.sha256
    lay("set/articles/a.txt", "Peru sold lithium.")
    assert load_dataset(path).corpus.sha256 != before
    lay("set/articles/a.txt", "Chile sold lithium.")
    assert load_dataset(path).corpus.sha256 == before
    (path / "articles" / "a.txt").rename(path / "articles" / "b.txt")
    assert load_dataset(path).corpus.sha256 != before


FAULTS = [
    ({"spans": [[0, 99]], "doc_id": "a"}, "evidence within the 19 characters of 'a', found 0:99"),
    ({"spans": [[5, 2]], "doc_id": "a"}, "evidence to end behind its start, found 5:2"),
    ({"spans": [[5]], "doc_id": "a"}, "'spans' as a list of [start, end], found a list in it"),
    ({"spans": 5, "doc_id": "a"}, "'spans' as a list of [start, end], found a number"),
    ({"spans": [["0", 5]], "doc_id": "a"}, "'start' as a whole number, found '0'"),
    ({"spans": [[0, 5]], "doc_id": []}, "'doc_id' as a string, found a list"),
    ({"evidence": [{"article_id": "a", "start": 1, "end": 20}]}, "evidence within the 19 characters of 'a', found 1:20"),
    ({"evidence": [{"article_id": [], "start": 1, "end": 20}]}, "'article_id' as a string, found a list"),
    ({"context_id": "a", "answers": ["Peru"], "answer_start": [6]}, "an answer at 6 of 'a', found 'sold lithium.'"),
    ({"context_id": "a", "answers": ["Peru"], "answer_start": [99]}, "an answer at 99 of 'a', found ''"),
    ({"context_id": "a", "answers": ["Peru"], "answer_start": [-1]}, "'answer_start' as a list of whole numbers from 0 on, found a list"),
    ({"context_id": "z", "answers": ["Peru"], "answer_start": [0]}, "'context_id' to be an article of the corpus, found 'z'"),
    ({"context_id": ["z"], "answers": ["Peru"], "answer_start": [0]}, "'context_id' as a string, found a list"),
    ({"context_id": "a", "answers": ["C"], "answer_start": [0] * 1001}, "at most 1,000 places in 'answer_start', found 1,001"),
    ({"sources": [{"n": 1, "doc_id": "a"}], "answers": ["[ 2 Chile ]"]}, "quotes of the 'sources' that are listed, found one of source 2"),
    ({"sources": [{"n": [], "doc_id": "a"}], "answers": []}, "'n' as a whole number, found a list"),
    ({"sources": [{"n": 1, "doc_id": {}}], "answers": []}, "'doc_id' as a string, found an object"),
]


@pytest.mark.parametrize(("row", "fault"), FAULTS)
def test_characters_that_are_not_there(lay, row, fault):
    lay("set/corpus.jsonl", CORPUS)
    path = lay("set/queries.jsonl", [{"question": "Who?"}, {"question": "Who?", **row}])
    with pytest.raises(AssayError, match=f"^line 2: expected {re.escape(fault)}; in {re.escape(str(path))}$"):
        load_dataset(path.parent)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("1\ta\n", "a question, an article and a grade, found 2 columns"),
        ("1 0 a 1 5\n", "a question, an article and a grade, found 5 columns"),
        ("1 x\ta\t1\n", "'question' without white space, found '1 x'"),
        ("1\ta b\t1\n", "'article' without white space, found 'a b'"),
        ("1\ta\tx\n", "a grade as a whole number, found 'x'"),
        ("1\ta\t1.0\n", "a grade as a whole number, found '1.0'"),
        ("1\ta\t2\n", "one grade of 'a' for '1', found 1 and 2"),
        ("1\ta\t2\0\n", "UTF-8 text, found a NUL at byte 5"),
    ],
)
def test_malformed_judgements(lay, line, fault):
    lay("set/queries.jsonl", [{"question": "Who?"}])
    path = lay("set/qrels.tsv", "1\ta\t1\n" + line)
    with pytest.raises(AssayError, match=f"^line 2: expected {re.escape(fault)}; in {re.escape(str(path))}$"):
        load_dataset(path.parent)


def test_judgements_of_other_questions(lay):
    lay("set/queries.jsonl", [{"question": "Who?"}])
    path = lay("set/qrels.tsv", "query-id\tcorpus-id\tscore\nq1\ta\t1\n")
    with pytest.raises(AssayError, match="expected judgements of the set's questions, found none of any of them in /"):
        load_dataset(path.parent)


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ('{"text": "Chile"}', "'id' as a string, found null"),
        ('{"id": [], "text": "Chile"}', "'id' as a string, found a list"),
        ('{"id": "a"}', "a 'text', found none"),
        ('{"id": "a", "text": 3}', "'text' as a string, found a number"),
        ('{"id": "a", "text": "Chile", "source": {}}', "'source' as a string, found an object"),
        ('{"id": "a", "text": "Chile", "authors": [1]}', "'authors' as a list of strings, found a number in it"),
        ("[]", "a JSON object, found a list"),
        ("{", "JSON, found expecting property name enclosed in double quotes at character 2"),
    ],
)
def test_a_row_that_is_no_article(lay, row, fault):
    lay("set/queries.jsonl", [{"question": "Who?"}])
    path = lay("set/corpus.jsonl", '{"id": 5, "text": "Chile."}\n' + row)
    articles = load_dataset(path.parent).corpus.source()
    assert next(articles) == Article(id="5", text="Chile.", title="Chile.")
    with pytest.raises(AssayError, match=f"^line 2: expected {re.escape(fault)}; in {re.escape(str(path))}$"):
        next(articles)


def test_an_article_that_cannot_be_kept_is_refused_and_the_rest_goes_on(lay):
    lay("set/queries.jsonl", [{"question": "Who?"}])
    path = lay("set/corpus.jsonl", [{"id": "a b", "text": "Chile."}, {"id": "b", "text": "Peru\0"}, {"id": "c", "text": "Peru"}]).parent
    assert list(load_dataset(path).corpus.source()) == [
        Refusal(f"{path}/corpus.jsonl:line 1", "the id 'a b' holds white space or a control character (' ')"),
        Refusal(f"{path}/corpus.jsonl:line 2", "NUL character at offset 4: this is not text"),
        Article(id="c", text="Peru", title="Peru"),
    ]


def test_a_corpus_that_breaks_off(lay):
    lay("set/queries.jsonl", [{"question": "Who?"}])
    data = gzip.compress(b"".join(b'{"id": "%d", "text": "%d"}\n' % (n, n**99) for n in range(2000)))
    path = lay("set/corpus.jsonl", data[: len(data) // 2]).parent
    with pytest.raises(AssayError, match="expected a whole gzip archive, found one that breaks off in /"):
        list(load_dataset(path).corpus.source())


def test_a_library_takes_what_a_corpus_brings(lay, make_library):
    lay("set/queries.jsonl", [{"question": "Who?"}])
    path = lay("set/corpus.jsonl", CORPUS).parent
    with make_library() as library:
        report = library.add(load_dataset(path).corpus.source())
    assert report.added == ["a", "b", "d", "e"]
    assert len(report.refused) == 1

"""Articles that disagree on an answer: both sides are shown, newest first, with their proof; what only looks like it is not.

Read with the reader that is shipped; the articles are made up.
"""

import json
import time
from pathlib import Path

import pytest

from index import Article, Library
from rag import Answer, Citation, Conflict, Difference, Pipeline, Side, reader_named
from rag.conflicts import disagreement
from rag.sides import difference_in_words

STORIES = {
    "length": [
        ("Bridge Review", "2023-02-11", "The Harrow Bridge is 1,240 metres long and carries four lanes. It was designed by Lena Ostrow."),
        (
            "City Desk",
            "2024-09-01",
            "Repairs will close one lane until June. At 1,310 metres, the Harrow Bridge is the longest in the county.",
        ),
    ],
    "toll": [
        ("Evening Mail", "2025-06-01", "The Green League won 17 seats in the assembly, according to first counts. The Centre won 30."),
        ("Evening Mail", "2025-06-03", "The Green League won 16 seats in the assembly in the final count. Turnout was 61 percent."),
    ],
    "name": [
        ("Heritage", "2020-06-06", "The Orrin lighthouse was designed by Edda Voss and finished in 1911. It stands 38 metres tall."),
        ("Sailing", "2021-08-08", "The Orrin lighthouse was designed by Martin Hale. The keeper's house is now a hotel."),
    ],
    "decision": [
        ("Trade Paper", "2024-02-02", "The Elmside factory closed in 2023 after a fire. Its 300 workers were laid off."),
        ("Union News", "2024-03-03", "The Elmside factory did not close in 2023. It moved to shorter shifts."),
    ],
    "date": [
        ("Dams Today", "2018-01-01", "The Nordal dam was completed in 1968. It is 92 metres high."),
        ("Water Board", None, "Work on the Nordal dam began in 1963, and the dam was completed in 1971. It feeds two plants."),
    ],
    "rounded": [
        ("Metro Mail", "2024-01-05", "The Aster line will cost €1.2 billion and open in 2029. It has 14 stations."),
        ("Metro Mail", "2024-06-05", "The city approved the Aster line, at a cost of some €1.2bn."),
    ],
    "periods": [
        ("Zoo News", "2024-01-05", "The Lindhof zoo had 410,000 visitors in 2023. It has 900 animals."),
        ("Zoo News", "2023-01-05", "The Lindhof zoo had 380,000 visitors in 2022. A new tiger arrived."),
    ],
    "units": [
        ("Sky", "2022-02-02", "The Carrow tower is 212 metres tall. It has 51 floors."),
        ("Builders", "2023-02-02", "The Carrow tower is 695 feet tall. It is made of brick."),
    ],
    "agreed": [
        ("Lives", "2020-02-02", "Ida Kroll was born in Graz, Austria, in 1931. She studied physics."),
        ("Obituaries", "2021-02-02", "Ida Kroll was born in Graz. She taught in Leeds for thirty years."),
    ],
    "others": [
        ("Nature", "2024-09-03", "About 40 bears live in the Sill forest. Each needs 30 square kilometres."),
        ("Nature", "2024-11-03", "Wolves in the Sill forest number 65. Hunters shot three."),
    ],
    "list": [
        ("Engine World", "2023-09-09", "The Sigma engine is made in Poland. It weighs 120 kilograms."),
        ("Engine World", "2023-10-09", "The Sigma engine is also made in Spain, by 800 workers."),
    ],
}
DISAGREE = {
    "How long is the Harrow Bridge?": ["1,310 metres", "1,240 metres"],
    "Who designed the Orrin lighthouse?": ["Martin Hale", "Edda Voss"],
    "Did the Elmside factory close in 2023?": ["no", "yes"],
    "When was the Nordal dam completed?": ["1968", "1971"],
}
AGREE = [
    "How much will the Aster line cost?",
    "How many visitors did the Lindhof zoo have in 2023?",
    "How tall is the Carrow tower?",
    "Where was Ida Kroll born?",
    "How many bears live in the Sill forest?",
    "Which countries make the Sigma engine?",
    "How many floors does the Carrow tower have?",
]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    with Library.open(tmp_path_factory.mktemp("conflicts") / "i") as library:
        library.add(
            [
                Article(id=f"{name}-{place}", text=text, title=f"Story {place}", source=source, published=published)
                for name, stories in STORIES.items()
                for place, (source, published, text) in enumerate(stories)
            ]
        )
        yield library


@pytest.fixture(scope="module")
def pipeline(library):
    return Pipeline(library, reader=reader_named())


@pytest.mark.parametrize(("question", "values"), DISAGREE.items())
def test_both_sides_are_shown_newest_first_with_exact_quotes(library, pipeline, question, values):
    answer = pipeline.ask(question)
    assert answer.conflict.kind is Difference.CONFLICT
    assert [side.value.removeprefix("in ") for side in answer.conflict.sides] == values
    dates = [side.published for side in answer.conflict.sides]
    assert dates == sorted(dates, key=lambda date: date or "", reverse=True)
    numbered = {citation.n: citation for citation in answer.citations}
    for side in answer.conflict.sides:
        assert side.citations
        for n in side.citations:
            citation = numbered[n]
            assert library.article(citation.article_id).text[citation.start : citation.end] == citation.quote
            assert (citation.source, citation.published) == (side.source, side.published)
            assert any(sentence.citations == (n,) for sentence in answer.sentences)
    assert all(value in answer.short_answer for value in values)
    assert answer.sentences[0].citations[0] in answer.conflict.sides[0].citations
    assert "disagree" in answer.notes[-1]
    assert all(side.source in answer.notes[-1] for side in answer.conflict.sides)


def test_a_later_word_of_the_same_source_is_an_update(pipeline):
    answer = pipeline.ask("How many seats did the Green League win?")
    assert answer.conflict.kind is Difference.UPDATE
    assert [(side.value, side.published) for side in answer.conflict.sides] == [("16", "2025-06-03"), ("17", "2025-06-01")]
    assert answer.short_answer == "16"
    assert "update" in answer.notes[-1]
    assert "earlier" in answer.notes[-1]


@pytest.mark.parametrize("question", AGREE)
def test_what_agrees_or_cannot_be_compared_is_no_conflict(pipeline, question):
    answer = pipeline.ask(question)
    assert not answer.abstained
    assert answer.conflict is None
    assert not any("disagree" in note for note in answer.notes)


def test_figures_conflict_where_nobody_reads(library):
    answer = Pipeline(library).ask("How long is the Harrow Bridge?")
    assert {side.value for side in answer.conflict.sides} == {"1,310 metres", "1,240 metres"}
    assert Pipeline(library).ask("How tall is the Carrow tower?").conflict is None


def test_a_conflict_goes_through_json(pipeline):
    answer = pipeline.ask("How long is the Harrow Bridge?")
    assert Answer.from_json(json.loads(json.dumps(answer.to_json()))).conflict == answer.conflict


def test_only_the_whole_answer_tells_of_a_conflict(pipeline):
    *growing, whole = pipeline.stream("How long is the Harrow Bridge?")
    assert growing
    assert all(one.conflict is None for one in growing)
    assert whole.conflict is not None


def test_no_evidence_has_no_sides(library):
    with library.view() as view:
        assert disagreement(view, "How long is it?", [], []) == []


@pytest.mark.parametrize("text", ["By A A A of the " * 500, "According to " * 700, "A." * 4000, "12 to " * 1500])
def test_hostile_articles_take_no_time(tmp_path, text):
    with Library.open(tmp_path / "i") as library:
        library.add(
            [
                Article(id="a", title="A", text=f"The tower is 12 metres tall. {text}"),
                Article(id="b", title="B", text=f"The tower is 13 metres tall. {text}"),
            ]
        )
        pipeline = Pipeline(library)
        began = time.process_time()
        pipeline.ask("How tall is the tower?")
        assert time.process_time() - began < 10


@pytest.mark.parametrize(("articles", "words"), [("ab", "The articles disagree: "), ("aa", "One article says different things: ")])
def test_it_is_told_whether_one_article_or_several_disagree(articles, words):
    told = {"title": "T", "source": "S", "published": "2024-01-01", "url": None, "start": 0, "end": 1, "quote": "q"}
    cited = [Citation(n=n, article_id=name, passage_id=f"{name}:0", **told) for n, name in enumerate(articles, 1)]
    sides = tuple(Side(value=str(n), citations=(n,), source="S", published="2024-01-01") for n in (1, 2))
    assert difference_in_words(Conflict(kind=Difference.CONFLICT, sides=sides), cited).startswith(words)


def test_most_disagreements_of_made_up_articles_are_found_and_few_are_imagined(tmp_path):
    """The set that the weights were fitted on, all its articles in one index: what is found must not quietly become less."""
    rows = [json.loads(line) for line in (Path(__file__).parent / "disagreements.jsonl").read_text(encoding="utf-8").splitlines()]
    articles = [Article(id=f"{n}-{place}", **article) for n, row in enumerate(rows) for place, article in enumerate(row["articles"])]
    with Library.open(tmp_path / "i") as library:
        library.add(articles)
        pipeline = Pipeline(library, reader=reader_named())
        shown = [pipeline.ask(row["question"]).conflict is not None for row in rows]
    disagree = [bool(row["values"]) for row in rows]
    assert sum(one for one, wanted in zip(shown, disagree, strict=True) if wanted) >= 0.85 * sum(disagree)
    assert sum(one for one, wanted in zip(shown, disagree, strict=True) if not wanted) <= 0.25 * disagree.count(False)

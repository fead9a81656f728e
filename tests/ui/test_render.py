"""Pages: what an answer looks like, and that nothing in an article reaches a terminal as anything but letters."""

import io
import json
import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import AddReport, Article, ArticleFilter, Health, Refusal
from rag import Answer, AnswerPart, AnswerSentence, Citation, Conflict, Difference, Hit, Reason, Side
from rag.sides import difference_in_words
from ui import render, screen
from ui.safe import safe
from ui.wording import confidence_words

BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
COLOURS = re.compile("\x1b\\[[0-9;]*m")
ANY = st.text(st.characters(), max_size=40)
NASTY = st.text(st.sampled_from("ab \x1b[]0;31m\x07\x9b\x85\r\n\t\u202e\u2028\u2066\u200f\ud800\U000e0041é漢"), max_size=30)
WORDS = ANY | NASTY


def hit(rank=1, text="Nickel fell.", **more):
    values = {
        "rank": rank,
        "score": 1 / rank,
        "article_id": f"a{rank}",
        "passage_id": f"a{rank}:0",
        "start": 0,
        "end": len(text),
        "title": "Prices",
        "source": "Wire",
        "published": "2024-01-15",
        "text": text,
    }
    return Hit(**{**values, **more})


def citation(n=1, quote="Nickel fell.", **more):
    values = {
        "n": n,
        "article_id": "a1",
        "passage_id": "a1:0",
        "title": "Prices",
        "source": "Wire",
        "published": "2024-01-15",
        "url": None,
        "start": 0,
        "end": len(quote),
        "quote": quote,
    }
    return Citation(**{**values, **more})


def answer(**more):
    values = {
        "question": "What fell?",
        "standalone_question": "What fell?",
        "sentences": (AnswerSentence("Nickel fell.", (1,), 0.9),),
        "citations": (citation(),),
        "hits": (hit(),),
        "confidence": 0.87,
    }
    return Answer(**{**values, **more})


def abstention(reason, **more):
    return answer(sentences=(), citations=(), reason=reason, confidence=0.1, **more)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def on_terminal(page, monkeypatch, columns=60):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    screen.put(page)
    return terminal.getvalue()


def obeyed(text):
    """Characters of `text` that a terminal would act on, by their Unicode category rather than by our list."""
    return {c for c in text if c != "\n" and (unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} or c in BIDI)}


@given(WORDS)
def test_safe_text_is_one_line_and_holds_nothing_that_a_terminal_obeys(text):
    made = safe(text)
    assert len(made) == len(text)
    assert not obeyed(made)
    assert "\n" not in made
    assert safe(made) == made


@given(st.text(st.characters(categories=["L", "N", "P", "S", "M", "Zs"])))
def test_safe_text_leaves_words_of_all_languages_alone(text):
    assert safe(text) == text


JSON = st.recursive(
    st.none() | st.integers() | WORDS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3)
)


@given(JSON)
def test_json_is_one_harmless_line_and_means_the_same(value):
    line = screen.json_line(value)
    assert json.loads(line) == value
    assert not obeyed(line)
    assert len(line.splitlines()) == 1
    assert line.encode()


def test_json_keeps_readable_what_is_harmless():
    assert screen.json_line({"q": "“naïve” 漢 🙂"}) == '{"q": "“naïve” 漢 🙂"}'
    assert screen.json_line("\u009b31m\U000e0041") == r'"\u009b31m\udb40\udc41"'


@given(WORDS, WORDS, WORDS, WORDS)
def test_no_page_holds_what_a_terminal_obeys(title, quote, question, name):
    shown = answer(
        question=question,
        standalone_question=name,
        sentences=(AnswerSentence(quote, (1,), 1.0),),
        citations=(citation(quote=quote, title=title, source=name, also_in=(name,)),),
    )
    article = Article(id="a", text=f"word {quote}".encode("utf-8", "ignore").decode().replace("\0", ""), title="t", references=(title[:0],))
    record = {"id": name, "title": title, "source": None, "published": None, "passages": 1, "characters": 3}
    pages = (
        render.answer_page(shown, articles=1),
        render.question_page(shown),
        render.hits_page([hit(text=quote, title=title, source=name)]),
        render.answer_page(abstention(Reason.NOT_SUPPORTED, hits=(hit(title=title),)), articles=1, only=ArticleFilter(sources=(name,))),
        render.list_page([record]),
        render.article_page(article, record),
        render.report_page(AddReport(refused=[Refusal(name, title)])),
        render.doctor_page(Health((title,)), articles=0, passages=0),
    )
    for page in pages:
        assert not obeyed(render.plain(page)) - {"\t"}  # between cells
    for page in pages[:2]:
        assert render.plain(page).count("\n") == len(page)


@pytest.mark.parametrize("columns", [30, 80, 200])
def test_a_terminal_shows_the_words_of_the_plain_text_in_colour(monkeypatch, columns):
    page = render.answer_page(answer(), articles=1)
    shown = on_terminal(page, monkeypatch, columns)
    assert "\x1b[" in shown
    assert COLOURS.sub("", shown).split() == render.plain(page).split()
    assert max(len(line) for line in COLOURS.sub("", shown).splitlines()) <= columns


def test_markup_in_an_article_is_shown_never_obeyed(monkeypatch):
    marked = "[bold red]x[/bold red] [link=https://example.org]y[/link] :smile: [/nothing] \x1b]8;;https://example.org\x07z"
    pages = (
        render.answer_page(answer(citations=(citation(quote=marked, title=marked),)), articles=1),
        render.list_page([{"id": marked, "title": marked, "source": marked, "published": None, "passages": 1}]),
    )
    for page in pages:
        shown = COLOURS.sub("", on_terminal(page, monkeypatch, 400))
        assert marked.replace("\x1b", "�").replace("\x07", "�") in shown
        assert not obeyed(shown)


def test_a_table_on_a_narrow_terminal_keeps_every_letter_of_the_ids(monkeypatch):
    name = "a-rather-long-file-name-of-an-article-in-a-folder.md"
    page = render.list_page([{"id": name, "title": "T", "source": "S", "published": "2024-01-15", "passages": 12}])
    shown = COLOURS.sub("", on_terminal(page, monkeypatch, 60))
    column = "".join(line[: shown.index("title")].strip() for line in shown.splitlines()[1:])
    assert column == name
    assert "2024-01-15" in shown


def test_an_answer_shows_its_sentences_then_each_quote_with_its_place():
    shown = render.plain(
        render.answer_page(
            answer(
                sentences=(AnswerSentence("Nickel fell.", (1,), 0.9), AnswerSentence("Then it rose.", (1, 2), 0.9)),
                citations=(
                    citation(also_in=("b7", "c9")),
                    citation(2, "Then\n it rose.", source=None, published=None, start=20, end=34, page=3),
                ),
                short_answer="Nickel",
                standalone_question="What fell in 2023?",
            ),
            articles=2,
        )
    )
    assert shown.splitlines() == [
        "Understood as: What fell in 2023?",
        "Nickel",
        "Nickel fell. [1] Then it rose. [1][2]",
        "",
        "[1] “Nickel fell.”",
        "    Prices, Wire, 2024-01-15  a1 0:12, also in b7, c9",
        "",
        "[2] “Then it rose.”",
        "    Prices  a1 20:34, page 3",
        "",
        "Confidence: high (0.87)",
    ]


@pytest.mark.parametrize("reason", Reason)
def test_an_abstention_says_so_and_why_and_what_was_searched(reason):
    shown = render.plain(render.answer_page(abstention(reason), articles=1234)).splitlines()
    assert shown[0] == "The articles do not say."
    assert shown[1].endswith(".")
    assert shown[2] == "Searched: 1,234 articles; 1 passage read."
    assert "  Prices, Wire, 2024-01-15  a1 0:12" in shown
    assert shown[-1].endswith("low (0.10)")


def test_an_abstention_names_the_filters():
    only = ArticleFilter(sources=("Wire", "Daily"), after="2023", before="2024-02", authors=("Ana", "Bo"), languages=("de", "en"))
    shown = render.plain(render.answer_page(abstention(Reason.NOTHING_SELECTED, hits=()), articles=1, only=only))
    assert (
        "Searched: 1 article, of those only source Wire or Daily, by Ana or Bo, in language de or en, from 2023, up to 2024-02; 0" in shown
    )
    assert "Nearest" not in shown


@pytest.mark.parametrize(
    ("probability", "words"), [(0.8, "high (0.80)"), (0.79, "medium (0.79)"), (0.5, "medium (0.50)"), (0.0, "low (0.00)")]
)
def test_confidence_in_a_word_and_a_number(probability, words):
    assert confidence_words(probability) == words


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_snippet_is_a_beginning_of_the_words(text):
    words = " ".join(text.split())
    made = render.snippet(text)
    assert len(made) <= render.SNIPPET_CHARACTERS + 2
    assert words.startswith(made.removesuffix(" …").strip())


def test_hits_show_rank_score_title_source_date_and_place():
    shown = render.plain(render.hits_page([hit(), hit(2, also_in=("z",), source=None)])).splitlines()
    assert shown[:3] == ["  1  1.000  Prices, Wire, 2024-01-15", "     a1 0:12", "     Nickel fell."]
    assert shown[4:6] == ["  2  0.500  Prices, 2024-01-15", "     a2 0:12, also in z"]


def test_a_report_counts_what_happened_and_names_what_was_refused():
    refused = [Refusal(f"row {n}", "no text") for n in range(render.REFUSALS_SHOWN + 5)]
    shown = render.plain(render.report_page(AddReport(added=["a"], updated=["b", "c"], refused=refused, seconds=1.23))).splitlines()
    assert shown[0] == "refused row 0: no text"
    assert shown[-2] == "… and 5 more refused; --json lists them all"
    assert shown[-1] == "1 added, 2 updated, 25 refused in 1.2 s"
    assert render.plain(render.report_page(AddReport())) == "nothing found to add in 0.0 s\n"


def test_both_sides_of_a_conflict_are_told_with_source_and_date():
    sides = (
        Side(value="1,310 metres", citations=(1,), source="City Desk", published="2024-09-01"),
        Side(value="1,240 metres", citations=(2,), source="Bridge\x1b[31m Review", published=None),
    )
    conflict = Conflict(kind=Difference.CONFLICT, sides=sides)
    cited = (citation(1), citation(2, article_id="another.md"))
    page = render.plain(
        render.answer_page(
            answer(
                sentences=(AnswerSentence("It is 1,310 metres long.", (1,), 1.0), AnswerSentence("It is 1,240 metres long.", (2,), 1.0)),
                citations=cited,
                conflict=conflict,
                notes=(difference_in_words(conflict, cited),),
            ),
            articles=2,
        )
    )
    told = next(line for line in page.splitlines() if line.startswith("The articles disagree"))
    assert told.index("1,310 metres (City Desk, 2024-09-01) [1]") < told.index("1,240 metres (Bridge")
    assert "undated" in told
    assert "\x1b" not in page


def test_the_answers_to_several_questions_stand_apart_and_what_is_not_answered_is_said():
    sentences = (
        AnswerSentence("Nickel fell.", (1,), 0.9),
        AnswerSentence("Tin rose.", (2,), 0.9),
        AnswerSentence("So did lead.", (2,), 0.9),
    )
    parts = (AnswerPart("What fell?", (0,)), AnswerPart("What did China say?", ()), AnswerPart("what rose?", (1,)))
    page = render.plain(
        render.answer_page(answer(sentences=sentences, citations=(citation(), citation(2, "Tin rose.")), parts=parts), articles=3)
    )
    assert page.startswith("Nickel fell. [1]\nTin rose. [2]\nSo did lead. [2]\nNot answered: What did China say?\n")


def test_an_answer_of_one_part_is_shown_as_ever():
    sentences = (AnswerSentence("Nickel fell.", (1,), 0.9), AnswerSentence("Tin rose.", (1,), 0.9))
    assert render.plain(render.answer_page(answer(sentences=sentences), articles=3)).startswith("Nickel fell. [1] Tin rose. [1]\n\n")

"""Answers as HTML: what is shown is what is there, and no word of it is ever markup."""

import gzip
import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import ArticleFilter
from rag import Answer, AnswerPart, AnswerSentence, Citation, Conflict, Difference, Hit, Reason, Side
from ui.web import html
from ui.wording import limits_of, searched_words

HOSTILE = Path(os.environ.get("ASSAY_DATA") or "") / "hostile"


class Seen(HTMLParser):
    """What a browser would make of it: tags with their attributes, and the words."""

    def __init__(self, made):
        super().__init__()
        self.tags, self.words = [], ""
        self.feed(made)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words += data

    def all(self, name):
        return [attrs for _, attrs in self.tags if name in (attrs.get("class") or "").split()]


def citation(n=1, **more):
    values = {"article_id": "a/b ü.md", "passage_id": "a:0", "title": "Title", "source": "Reuters", "published": "2026-01-16", "url": None}
    return Citation(**{"n": n, "start": 3, "end": 9, "quote": "a quote", **values, **more})


def hit(**more):
    values = {"rank": 1, "score": 0.5, "article_id": "a", "passage_id": "a:0", "start": 0, "end": 9, "title": "Near", "source": "BBC"}
    return Hit(**{**values, "published": "2026", "text": "The nearest words.", **more})


def answer(**more):
    values = {"question": "What?", "standalone_question": "What?", "sentences": (AnswerSentence("So it is.", (1,), 1.0),)}
    values |= {"citations": (citation(),), "hits": (), "confidence": 0.91, "timings_ms": {"total": 48.2}}
    return Answer(**{**values, **more})


def test_each_sentence_ends_in_links_to_its_exact_places():
    two = (AnswerSentence("One.", (1, 2), 1.0), AnswerSentence("Two.", (2,), 1.0))
    seen = Seen(html.answer_html(answer(sentences=two, citations=(citation(1), citation(2, start=20, end=30)))))
    assert [one["href"] for one in seen.all("chip")] == [
        "?article=a%2Fb%20%C3%BC.md&span=3:9",
        "?article=a%2Fb%20%C3%BC.md&span=20:30",
        "?article=a%2Fb%20%C3%BC.md&span=20:30",
    ]
    assert "One.\u20601\u20602 Two.\u20602" in seen.words
    assert "high (0.91) · quoted from the articles · 48 ms" in seen.words


def test_what_the_script_needs_stands_among_the_classes():
    (about,) = Seen(html.answer_html(answer(), key="aB_-9", talk="c0ffee", turn=3, state="growing")).all("answer")
    assert set(about["class"].split()) == {"answer", "state-growing", "turn-3", "talk-c0ffee", "key-aB_-9"}
    (forged,) = Seen(html.answer_html(answer(), key='x" onclick="y', talk="a b", turn=0)).all("answer")
    assert set(forged["class"].split()) == {"answer", "state-whole", "turn-0"}


def test_weak_support_is_marked_with_its_doubt():
    weak = (AnswerSentence("Weak.", (1,), 0.4, "partly", "a figure is not there"), AnswerSentence("None.", (1,), 0.1, "unsupported"))
    seen = Seen(html.answer_html(answer(sentences=weak)))
    assert len(seen.all("weak")) == 2
    assert "Weak. 1 Weakly supported: a figure is not there None. 1 Not supported" in " ".join(seen.words.replace("\u2060", " ").split())
    assert not Seen(html.answer_html(answer())).all("weak")


def test_a_question_understood_otherwise_is_shown():
    assert "Understood as: What of Congo?" in Seen(html.answer_html(answer(standalone_question="What of Congo?"))).words
    assert "Understood" not in Seen(html.answer_html(answer(standalone_question="What? "))).words


def test_sides_stand_in_order_with_value_source_and_date():
    sides = (
        Side(value="1,310 metres", citations=(1,), source="City Desk", published="2024-09-01"),
        Side(value="1,240 metres", citations=(2,), source=None, published=None),
    )
    conflict = Conflict(kind=Difference.CONFLICT, sides=sides)
    citations = (citation(1), citation(2, article_id="b"))
    said = "The articles disagree: 1,310 metres (City Desk, 2024-09-01) [1]; 1,240 metres (undated) [2]."
    seen = Seen(html.answer_html(answer(conflict=conflict, citations=citations, notes=(said, "Another note."))))
    assert len(seen.all("side")) == 2
    assert seen.words.index("1,310") < seen.words.index("City Desk, 2024-09-01") < seen.words.index("1,240") < seen.words.index("undated")
    assert seen.words.count("The articles disagree") == 1  # the sides say it; the sentence is not said again
    assert "Another note." in seen.words


def test_an_update_is_told_as_one():
    sides = tuple(Side(value=v, citations=(1,), source="Mail", published=d) for v, d in (("16", "2025-06-03"), ("17", "2025-06-01")))
    seen = Seen(html.answer_html(answer(conflict=Conflict(kind=Difference.UPDATE, sides=sides))))
    assert "An update by Mail" in seen.words
    assert seen.words.index("now16") < seen.words.index("earlier17")


def test_parts_stand_by_themselves_and_what_is_not_answered_is_said():
    parts = (AnswerPart("What did Chile announce?", (0,)), AnswerPart("Who paid?", ()))
    seen = Seen(html.answer_html(answer(parts=parts, short_answer="In April")))
    assert seen.all("short") == []  # short answers to several questions, side by side, would answer none
    assert seen.words.index("What did Chile announce?") < seen.words.index("So it is.")
    assert "Not answered: Who paid?" in seen.words


@pytest.mark.parametrize("reason", Reason)
def test_silence_says_what_was_searched_and_shows_what_came_nearest(reason):
    silent = answer(
        sentences=(), citations=(), reason=reason, hits=tuple(hit(rank=n, article_id=f"a{n}") for n in range(1, 9)), confidence=0.03
    )
    only = ArticleFilter(sources=("Reuters",), after="2025")
    seen = Seen(html.answer_html(silent, searched=searched_words(silent, 30, limits_of(only))))
    assert "The articles do not say." in seen.words
    assert "Searched: 30 articles, of those only source Reuters, from 2025; 8 passages read." in seen.words
    assert [one["href"] for one in seen.all("near")] == [f"?article=a{n}&span=0:9" for n in range(1, 6)]
    assert "low (0.03)" in seen.words


def payloads():
    for name, key in (("xss_payloads.jsonl.gz", "payload"), ("markdown_exfil.jsonl.gz", "text")):
        if (HOSTILE / name).is_file():
            with gzip.open(HOSTILE / name, "rt", encoding="utf-8") as lines:
                yield from (json.loads(line)[key] for line in lines)


def everywhere(words):
    """Every message with `words` in every place where words can stand."""
    sides = tuple(Side(value=words, citations=(1,), source=words, published=words) for _ in range(2))
    cited = (citation(title=words, source=words, published=words, quote=words, url=words, article_id=words),)
    full = answer(
        question=words,
        standalone_question=words + "?",
        sentences=(AnswerSentence(words, (1,), 0.2, "partly", words),),
        citations=cited,
        short_answer=words,
        model=words,
        notes=(words,),
        conflict=Conflict(kind=Difference.UPDATE, sides=sides),
        parts=(AnswerPart(words, ()),),
    )
    near = (hit(title=words, source=words, published=words, text=words, article_id=words),)
    silent = answer(sentences=(), citations=(), reason=Reason.NOT_SUPPORTED, hits=near, notes=(words,))
    limits = limits_of(ArticleFilter(sources=(words,), ids=(words,), authors=(words,), languages=(words,)))
    yield html.answer_html(full, key=words, talk=words, searched=searched_words(full, 1, limits))
    yield html.answer_html(silent, searched=searched_words(silent, 1, limits))
    yield html.question_html(words, talk=words)
    yield html.failed_html(words)
    yield html.chips_html([words])


def check(made, words):
    seen = Seen(made)
    assert {tag for tag, _ in seen.tags} <= {"a", "div", "p", "span", "strong", "ul", "ol", "li", "h3", "q", "em"}
    for _, attrs in seen.tags:
        assert set(attrs) <= {"class", "href"}
        assert attrs.get("href", "?article=").startswith("?article=")
    bare = re.sub(r'<(?:[^<>"]|"[^"]*")*>', "", made)
    assert not re.search(r"[\\`*_$~|\[\]{}<>@]|://|www\.", bare), (words, bare)


def test_no_payload_is_ever_markup():
    found = list(payloads())
    if not found:
        pytest.skip("needs the hostile texts in ASSAY_DATA")
    for words in found:
        for made in everywhere(words):
            check(made, words)


@given(st.text(alphabet=st.sampled_from("<>\"'&;=/ \\`*_$[](){}!#@:ahref\n\t\u202e\x00wWscriptonclick.-"), max_size=60))
def test_no_words_are_ever_markup(words):
    for made in everywhere(words):
        check(made, words)


@given(st.text(max_size=80))
def test_the_words_are_shown_as_they_are(words):
    plain = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", "\ufffd", words)
    plain = plain.replace("\r\n", "\n").replace("\r", "\n")  # as HTML reads line ends
    assert Seen(html.question_html(words)).words == plain

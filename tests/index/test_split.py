"""Passages are runs of whole sentences that fit the model, at exact offsets, and leave out nothing that may be cited."""

import re
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from index.article import Article, Heading, Span
from index.segment import sentences
from index.split import PASSAGE_TOKENS, SPLITTER, embedded_text, heading_of, split


def count(texts):
    """A token is a run of letters or digits, or any other character: what a part has more than the whole is never less."""
    return [len(re.findall(r"\w+|[^\w\s]", text)) for text in texts]


def characters(texts):
    """A model whose every character is a token, as some scripts are to most."""
    return [len(re.findall(r"\S", text)) for text in texts]


def passages_of(article, *, max_tokens=64, count_tokens=count, spans=None):
    return split(article, sentences(article.text) if spans is None else spans, count_tokens=count_tokens, max_tokens=max_tokens)


@st.composite
def articles(draw):
    piece = st.one_of(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40),
        st.lists(st.sampled_from("lithium prices fell in 2023 and the ministers met again".split()), min_size=1, max_size=30).map(
            lambda words: " ".join(words).capitalize() + ". "
        ),
        st.sampled_from(["\n\n", " ", "。", "漢字" * 30, "x" * 300, "! ", "\u2028", "\r\n"]),
    )
    text = "".join(draw(st.lists(piece, max_size=12))) + "End."
    offset = st.integers(0, len(text))
    spans = st.lists(st.tuples(offset, offset).map(sorted).map(lambda pair: Span(*pair)), max_size=3)
    headings = tuple(Heading(span, draw(st.integers(1, 3))) for span in draw(spans))
    title = draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
    return Article(id="a", text=text, title=title, headings=headings, not_citable=tuple(draw(spans)))


def marked(article, span):
    return any(max(span.start, other.start) < min(span.end, other.end) for other in article.not_citable)


@given(articles(), st.sampled_from([16, 64, 256]), st.sampled_from([count, characters]))
@settings(max_examples=200)
@example(Article(id="a", text="One. Two! Three?", title="", not_citable=(Span(5, 9),)), 64, count)
def test_what_holds_for_the_passages_of_any_text(article, max_tokens, count_tokens):
    spans = sentences(article.text)
    found = passages_of(article, max_tokens=max_tokens, count_tokens=count_tokens)
    citable = [span for span in spans if not marked(article, span)]
    covered = set()
    end = 0
    for passage in found:
        assert passage.span.start >= end
        end = passage.span.end
        words = passage.span.of(article.text)
        assert words
        assert words == words.strip()
        assert not marked(article, passage.span)
        inside = [span for span in citable if passage.span.start <= span.start and span.end <= passage.span.end]
        if inside:  # a run of whole sentences
            assert (inside[0].start, inside[-1].end) == passage.span
            covered |= set(inside)
        else:  # a part of one sentence that is longer than the model reads
            (whole,) = [span for span in citable if span.start <= passage.span.start and passage.span.end <= span.end]
            assert count_tokens([whole.of(article.text)])[0] > min(PASSAGE_TOKENS, max_tokens - 4) - count_tokens([passage.context])[0]
        assert count_tokens([embedded_text(passage.context, passage.span.of(article.text))])[0] + 2 <= max_tokens
        assert count_tokens([words])[0] <= PASSAGE_TOKENS
        assert "\n" not in passage.context
        assert len(passage.context) <= 160
    parts = {offset for passage in found for offset in range(*passage.span)}
    for span in citable:
        assert span in covered or {offset for offset in range(*span) if not article.text[offset].isspace()} <= parts
    assert found == passages_of(article, max_tokens=max_tokens, count_tokens=count_tokens)


def texts(article, **options):
    return [passage.span.of(article.text) for passage in passages_of(article, **options)]


def test_sentences_are_gathered_until_the_model_is_full():
    article = Article(id="a", text=" ".join(f"Sentence number {n} is here." for n in range(20)), title="")
    found = texts(article, max_tokens=40)
    assert " ".join(found) == article.text
    assert [count([words])[0] for words in found] == [36, 36, 36, 12]  # six tokens each; forty less four for special ones


def test_a_passage_is_no_longer_than_it_aims_at_where_the_model_reads_more():
    article = Article(id="a", text=" ".join(f"Sentence number {n} is here." for n in range(200)), title="")
    assert max(count(texts(article, max_tokens=8192))) == 216
    assert PASSAGE_TOKENS == 220


def test_the_context_takes_its_room_from_the_passage():
    plain = Article(id="a", text=" ".join(f"Sentence number {n} is here." for n in range(20)), title="")
    titled = Article(id="a", text=plain.text, title="A title of twelve words that takes its room from the passage below")
    assert len(texts(titled, max_tokens=40)) > len(texts(plain, max_tokens=40))
    assert (
        max(len(embedded_text(passage.context, passage.span.of(titled.text)).split()) for passage in passages_of(titled, max_tokens=40))
        <= 36
    )


@pytest.mark.parametrize("max_tokens", [16, 64, 128, 256])
def test_a_context_that_would_fill_the_model_is_cut_and_words_stay_together(max_tokens):
    title = "한국의 리튬 정제 산업에 관한 아주 길고 자세한 보고서 " * 5
    article = Article(id="a", text="Lithium prices fell. Nickel prices rose again in May.", title=title)
    found = passages_of(article, max_tokens=max_tokens, count_tokens=lambda texts: [3 * n for n in characters(texts)])
    assert all(3 * characters([embedded_text(passage.context, passage.span.of(article.text))])[0] <= max_tokens for passage in found)
    assert len(found) <= 2 + 3 * 3 * 44 // max_tokens


def test_boilerplate_is_in_no_passage_and_parts_what_stands_around_it():
    text = "First here. ADVERTISEMENT. Second here. Third here."
    start = text.index("ADV")
    article = Article(id="a", text=text, title="", not_citable=(Span(start, start + 14),))
    assert texts(article) == ["First here.", "Second here. Third here."]
    between = Article(id="a", text=text, title="", not_citable=(Span(11, 12),))
    assert texts(between) == ["First here.", "ADVERTISEMENT. Second here. Third here."]


def test_an_article_of_boilerplate_has_no_passages():
    assert passages_of(Article(id="a", text="All rights reserved.", title="", not_citable=(Span(0, 20),))) == []


def test_a_sentence_longer_than_the_model_is_cut_at_white_space():
    text = " ".join(f"word{n}" for n in range(500)) + "."
    found = texts(Article(id="a", text=text, title=""), max_tokens=64)
    assert " ".join(found) == text
    assert max(count(found)) <= 60
    assert len(found) <= 20


def test_a_word_longer_than_the_model_is_cut_all_the_same():
    found = texts(Article(id="a", text="漢" * 1000, title=""), count_tokens=characters)
    assert "".join(found) == "漢" * 1000
    assert max(map(len, found)) <= 60
    assert len(found) <= 40


def test_the_context_is_the_title_and_the_headings_above():
    parts = {"": "Report", "Mining": "Report > Mining", "Lithium": "Report > Mining > Lithium", "Trade": "Report > Trade"}
    text, headings, starts = "", [], []
    for level, (name, context) in zip((0, 1, 2, 1), parts.items(), strict=True):
        starts.append((len(text), context))
        if name:
            headings.append(Heading(Span(len(text), len(text) + len(name)), level))
        text += f"{name}\n\n" + "Nine words are in each sentence of this text. " * 9 + "\n\n"
    found = passages_of(Article(id="a", text=text, title="Report", headings=tuple(headings)), max_tokens=40)
    assert {passage.context for passage in found} == set(parts.values())
    for passage in found:
        assert passage.context == max(start for start in starts if start[0] <= passage.span.start)[1]


def test_the_title_as_a_heading_is_said_once():
    article = Article(id="a", text="Report\n\nWords here.", title="Report", headings=(Heading(Span(0, 6), 1),))
    assert {passage.context for passage in passages_of(article)} == {"Report"}


def test_the_context_names_source_and_date_below_the_headings():
    heading = Heading(Span(0, 6), 1)
    article = Article(id="a", text="Mining\n\nWords here.", title="Report", source="Reuters", published="2023-04", headings=(heading,))
    context = passages_of(article, max_tokens=256)[0].context
    assert context == "Report > Mining\nReuters, 2023-04"
    assert heading_of(context) == "Report > Mining"
    assert passages_of(replace(article, headings=(), source=None), max_tokens=256)[0].context == "Report\n2023-04"


def test_source_and_date_are_left_out_where_they_would_take_the_passages_room():
    article = Article(id="a", text="Words here.", title="Report", source="A source of a good many words " * 4)
    assert passages_of(article, max_tokens=64)[0].context == "Report"
    assert passages_of(article, max_tokens=256)[0].context == f"Report\n{article.source}".rstrip()


def test_a_context_is_one_line_of_bounded_length():
    article = Article(id="a", text="Words here.", title="A\ntitle\tof " + "many words " * 50)
    (passage,) = passages_of(article, max_tokens=256)
    assert passage.context.startswith("A title of many words")
    assert len(passage.context) <= 160
    assert not passage.context.endswith(" ")


def test_what_is_embedded_is_the_context_above_the_words():
    article = Article(id="a", text="Words here.", title="Title")
    (passage,) = passages_of(article)
    assert embedded_text(passage.context, passage.span.of(article.text)) == "Title\nWords here."


@given(articles())
def test_an_article_that_is_to_stay_whole_is_one_passage_as_it_stands(article):
    (passage,) = passages_of(replace(article, whole=True), max_tokens=4)
    assert passage.span == (0, len(article.text))
    assert embedded_text(passage.context, article.text) == article.text


def test_the_rules_have_a_name():
    assert str(PASSAGE_TOKENS) in SPLITTER


def test_boilerplate_on_every_other_line_costs_no_more_than_its_length():
    lines = ["A sentence that says something.", "Advertisement"] * 20_000
    text = "\n".join(lines)
    starts = [0]
    for line in lines[:-1]:
        starts.append(starts[-1] + len(line) + 1)
    spans = [Span(start, start + len(line)) for start, line in zip(starts, lines, strict=True)]
    article = Article(id="a", text=text, title="T", not_citable=tuple(spans[1::2]))
    passages = split(article, spans, count_tokens=lambda texts: [len(words.split()) for words in texts], max_tokens=256)
    assert len(passages) == 20_000  # 400 million comparisons, were each sentence held against each mark


def test_a_heading_of_any_length_costs_no_more_than_its_beginning():
    """A hundred thousand words above two thousand sections were once read two thousand times."""
    above = "# " + "Heading words " * 50_000
    text = above + "\n\n" + "## Sub\n\nText here.\n\n" * 2_000
    starts = [match.start() for match in re.finditer("## Sub", text)]
    headings = (Heading(Span(0, len(above)), 1), *(Heading(Span(start, start + 6), 2) for start in starts))
    found = passages_of(Article(id="a", text=text, title="Title", headings=headings))
    assert len(found) > 100
    assert all(passage.context.startswith("Title") and len(passage.context) <= 160 for passage in found[1:])

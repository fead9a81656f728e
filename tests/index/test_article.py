"""What an article is: what is kept of it, what is refused, and that nothing changes on the way."""

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.article import (
    MAX_CHARACTERS,
    MAX_ID_CHARACTERS,
    MAX_NESTING,
    Article,
    Heading,
    Marks,
    Passage,
    Refusal,
    Span,
    check_id,
    check_text,
)
from index.errors import ArticleError, AssayError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
LABEL = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@st.composite
def articles(draw):
    text = draw(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=80)) + "a"
    offsets = st.integers(0, len(text))
    spans = st.lists(st.tuples(offsets, offsets).map(sorted).map(lambda pair: Span(*pair)), max_size=3)
    return Article(
        id=draw(st.text("abcé-:/漢", min_size=1, max_size=10)),
        text=text,
        title=draw(LABEL),
        source=draw(st.none() | LABEL.filter(lambda label: "\0" not in label)),
        authors=tuple(draw(st.lists(LABEL, max_size=3))),
        published=draw(st.sampled_from([None, "2023", "2023-04", "2023-04-21"])),
        published_raw=draw(st.none() | LABEL),
        published_at=draw(st.sampled_from([None, "2023-04-21T09:00:00", "2023-04-21T09:00:00+02:00"])),
        updated=draw(st.sampled_from([None, "2024", "2024-02-29"])),
        updated_raw=draw(st.none() | LABEL),
        updated_at=draw(st.sampled_from([None, "2024-02-29T23:59:59-05:00"])),
        pages=tuple(sorted(draw(st.lists(offsets, max_size=3)))),
        url=draw(st.none() | LABEL),
        headings=tuple(Heading(span, level) for level, span in enumerate(draw(spans), 1)),
        not_citable=tuple(draw(spans)),
        references=tuple(draw(st.lists(LABEL, max_size=3))),
        metadata=draw(st.dictionaries(LABEL, st.none() | LABEL | st.integers(), max_size=3)),
        whole=draw(st.booleans()),
    )


@given(articles())
def test_a_record_is_json_and_turns_back_into_the_same_article(article):
    record = json.loads(json.dumps(article.record()))
    assert Article.from_record(record, article.text) == article
    assert "text" not in record


@given(articles())
def test_equal_articles_have_equal_checksums(article):
    assert Article.from_record(article.record(), article.text).sha256() == article.sha256()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", "Other words."),
        ("title", "Other"),
        ("source", "Reuters"),
        ("authors", ("A",)),
        ("published", "2024"),
        ("published_raw", "2024"),
        ("published_at", "2024-02-03T04:05:06"),
        ("updated", "2024"),
        ("updated_raw", "2024"),
        ("updated_at", "2024-02-03T04:05:06Z".replace("Z", "+00:00")),
        ("pages", (0, 5)),
        ("url", "https://example.org"),
        ("language", "de"),
        ("path", "b.txt"),
        ("headings", (Heading(Span(0, 1), 1),)),
        ("not_citable", (Span(0, 1),)),
        ("references", ("AP",)),
        ("metadata", {"a": 1}),
        ("whole", True),
    ],
)
def test_whatever_changes_changes_the_checksum(field, value):
    values = {"id": "a", "text": "Some words.", "title": "T"}
    assert Article(**values).sha256() != Article(**{**values, field: value}).sha256()


def test_an_article_that_is_cut_has_the_checksum_it_had_before_articles_could_stay_whole():
    assert Article(id="a", text="Some words.", title="T").sha256() == "3257f095ee2802504e036af562361d43b474b11107313470c2bcd73073e1fcea"


@given(metadata=st.dictionaries(st.text(max_size=5), JSON, max_size=3))
def test_metadata_is_kept_or_refused_never_altered(metadata):
    try:
        article = Article(id="a", text="words", title="t", metadata=metadata)
    except ArticleError:
        with pytest.raises(UnicodeEncodeError):
            json.dumps(metadata, ensure_ascii=False).encode()
        return
    assert json.loads(json.dumps(article.record()))["metadata"] == metadata


@pytest.mark.parametrize("field", ["title", "source", "url", "published_raw", "path", "language"])
def test_a_lone_surrogate_is_refused_wherever_it_stands(field):
    with pytest.raises(ArticleError):
        Article(**{"id": "a", "text": "words", "title": "t", field: "a\ud800b"})


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes"], ids=["object", "set", "bytes"])
def test_metadata_that_json_cannot_hold_is_refused(value):
    with pytest.raises(ArticleError):
        Article(id="a", text="words", title="t", metadata={"x": value})


@pytest.mark.parametrize("metadata", [{1: "x"}, {"a": {None: 1}}, {"a": [(1, 2)]}, {1: "x", "a": "y"}], ids=str)
def test_metadata_that_json_would_change_are_refused(metadata):
    assert json.loads(json.dumps(metadata)) != metadata
    with pytest.raises(ArticleError, match="found"):
        Article(id="a", text="words", title="t", metadata=metadata)


def test_metadata_are_not_nested_without_end():
    def nested(levels):
        value = "x"
        for _ in range(levels):
            value = {"in": [value]}
        return value

    assert Article(id="a", text="words", title="t", metadata=nested(MAX_NESTING // 2 - 1)).metadata
    with pytest.raises(ArticleError, match=f"more than {MAX_NESTING} levels"):
        Article(id="a", text="words", title="t", metadata=nested(MAX_NESTING))


def test_a_source_that_no_filter_could_name_is_refused():
    with pytest.raises(ArticleError, match="NUL"):
        Article(id="a", text="words", title="t", source="a\0b")


@pytest.mark.parametrize("published", ["2023", "2023-04", "2023-04-21"])
def test_a_date_is_kept_as_precise_as_it_is(published):
    assert Article(id="a", text="words", title="t", published=published).published == published


@pytest.mark.parametrize("field", ["published_at", "updated_at"])
@pytest.mark.parametrize("moment", ["", "2023-04-21", "2023-04-21 09:00", "2023-04-21T09:00:00Z", "2023-02-30T09:00:00", "09:00:00"])
def test_a_time_of_another_form_is_refused(field, moment):
    with pytest.raises(ArticleError, match="expected a time such as"):
        Article(id="a", text="words", title="t", **{field: moment})


@pytest.mark.parametrize("pages", [(-1,), (2, 1), (0, 6)])
def test_pages_out_of_order_or_outside_the_text_are_refused(pages):
    with pytest.raises(ArticleError, match="expected pages in order within 0:5"):
        Article(id="a", text="words", title="t", pages=pages)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=6).map(sorted), st.integers(0, 29))
def test_a_character_is_on_the_last_page_that_begins_before_it(pages, offset):
    article = Article(id="a", text="w" * 30, title="t", pages=tuple(pages))
    assert article.page_at(offset) == max([1, *(number for number, start in enumerate(pages, 1) if start <= offset)])


def test_an_article_without_pages_names_none():
    assert Article(id="a", text="words", title="t").page_at(2) is None


@pytest.mark.parametrize("published", ["", "yesterday", "21 April 2023", "2023-13", "2023-02-30", "20230421", "'; DROP TABLE x", "9999"])
def test_a_date_of_another_form_is_refused(published):
    with pytest.raises(ArticleError, match="expected a date such as"):
        Article(id="a", text="words", title="t", published=published)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        (" \n\t\u2003", "empty"),
        ("wo\0rds", "NUL character at offset 2"),
        ("wo\udcffrds", "surrogate at offset 2"),
        ("… — !", "no words"),
        ("\u200b\u200b", "no words"),
    ],
)
def test_text_that_cannot_be_kept_is_refused_with_the_reason(text, said):
    with pytest.raises(ArticleError, match=said) as caught:
        check_text(text)
    assert "\n" not in str(caught.value)


def test_a_text_may_be_as_long_as_the_limit_and_no_longer(monkeypatch):
    assert MAX_CHARACTERS >= 10_000_000
    monkeypatch.setattr("index.article.MAX_CHARACTERS", 10)
    check_text("a" * 10)
    with pytest.raises(ArticleError, match="split it"):
        check_text("a" * 11)


@given(st.text())
def test_a_text_is_accepted_exactly_when_it_has_words_and_can_be_encoded(text):
    storable = "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
    accepted = storable and any(map(str.isalnum, text))
    try:
        check_text(text)
    except ArticleError:
        assert not accepted
    else:
        assert accepted
        assert text.encode().decode() == text


@pytest.mark.parametrize("article_id", ["", " ", "a b", "a\tb", "a\nb", "a\u00a0b", "a\u2028b", "a\x7fb", "a\0b", "a\ud800", "x" * 1001])
def test_an_id_that_would_break_a_trec_run_is_refused(article_id):
    with pytest.raises(ArticleError):
        check_id(article_id)


@given(st.text(max_size=30))
def test_an_accepted_id_is_one_column(article_id):
    try:
        check_id(article_id)
    except ArticleError:
        return
    assert f"q1 Q0 {article_id} 1 0.5 assay".split() == ["q1", "Q0", article_id, "1", "0.5", "assay"]
    assert len(f"{article_id}\n".splitlines()) == 1


def test_the_longest_id_is_kept():
    check_id("x" * MAX_ID_CHARACTERS)


@pytest.mark.parametrize("span", [Span(-1, 2), Span(3, 2), Span(0, 6), Span(6, 6)])
@pytest.mark.parametrize("field", ["headings", "not_citable"])
def test_spans_outside_the_text_are_refused(field, span):
    marked = (Heading(span, 1),) if field == "headings" else (span,)
    with pytest.raises(ArticleError, match="0:5"):
        Article(**{"id": "a", "text": "12345", "title": "", field: marked})


def test_citable_is_what_is_neither_marked_nor_a_heading():
    article = Article(id="a", text="0123456789", title="", headings=(Heading(Span(0, 3), 1),), not_citable=(Span(7, 9),))
    citable = {(start, end) for start in range(10) for end in range(start + 1, 11) if article.citable(Span(start, end))}
    assert citable == {(s, e) for s in range(10) for e in range(s + 1, 11) if not {0, 1, 2, 7, 8} & set(range(s, e))}


def test_values_cannot_be_changed():
    with pytest.raises(AttributeError):
        Article(id="a", text="words", title="").title = "other"
    with pytest.raises(AttributeError):
        Passage(Span(0, 1), "").context = "other"


def test_errors_are_for_users():
    assert issubclass(ArticleError, AssayError)
    assert issubclass(ArticleError, ValueError)
    assert Refusal("a.txt", "why")._asdict() == {"path": "a.txt", "reason": "why"}


SPANS = st.tuples(st.integers(0, 30), st.integers(0, 8)).map(lambda pair: Span(pair[0], sum(pair)))


@given(st.lists(SPANS, max_size=12), SPANS)
def test_marks_touch_what_shares_a_character_with_one_of_them(marked, span):
    shares = any(set(range(*span)) & set(range(*other)) for other in marked)
    assert Marks(marked).touch(span) == shares


def test_metadata_under_a_long_key_are_checked_in_little_memory():
    tracemalloc.start()
    try:
        Article(id="a", text="Chile.", title="t", metadata={"k" * 10_000: [1] * 5_000})
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()

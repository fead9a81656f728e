"""Answers of news services as people save them: their articles are read, with what the fields say."""

import io
import json
import re
from pathlib import Path

import pytest

from index import parse_date
from index.errors import ArticleError
from index.loaders import BrokenRow, fields, read
from index.loaders.formats import loader_for
from index.loaders.interface import Draft
from index.loaders.rows import TEXT


def drafts(value, suffix=".json"):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    stream = io.BytesIO(data)
    return list(loader_for(stream, suffix=suffix, size=len(data)).load(stream))


NEWS_API = {
    "status": "ok",
    "totalResults": 2,
    "articles": [
        {
            "source": {"id": None, "name": "CNN"},
            "author": "Ann Lee",
            "title": "Talks fail",
            "description": "In short.",
            "url": "https://cnn.example/talks",
            "urlToImage": None,
            "publishedAt": "2023-04-21T09:00:00Z",
            "content": "The talks failed on Friday… [+1234 chars]",
        },
        {"source": {"id": None, "name": "CNN"}, "title": "Gone", "content": None},
    ],
}
GUARDIAN = {
    "response": {
        "status": "ok",
        "results": [
            {
                "id": "world/2023/apr/21/talks",
                "webPublicationDate": "2023-04-21T09:00:00Z",
                "webTitle": "Talks fail",
                "webUrl": "https://guardian.example/talks",
                "fields": {
                    "body": "<p>The talks failed.</p>",
                    "bodyText": "The talks failed.",
                    "byline": "Ann Lee",
                    "publication": "The Guardian",
                },
            }
        ],
    }
}
JSON_FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "The Daily",
    "language": "en-GB",
    "authors": [{"name": "Ann Lee"}, {"url": "https://nameless.example"}],
    "items": [
        {
            "id": "https://daily.example/talks",
            "title": "Talks fail",
            "content_text": "Less.",
            "content_html": "<h2>Then</h2><p>The talks<br>failed.</p><ul><li>one</li><li>two</li></ul><script>x()</script>",
            "date_published": "2023-04-21T09:00:00+02:00",
            "date_modified": "2023-04-22",
            "tags": ["x"],
        },
        {
            "id": "7",
            "url": "https://daily.example/b",
            "content_text": "Only text, a < b.",
            "authors": [{"name": "Bob Ray"}],
            "language": "fr",
        },
        {"id": "8", "title": "No text"},
        {"id": "9", "content_html": "<a" + " b=c" * 300 + ">x</a>"},
    ],
}


def test_newsapi():
    first, second = drafts(NEWS_API)
    assert (first.text, first.title, first.source, first.authors) == (
        "The talks failed on Friday… [+1234 chars]",
        "Talks fail",
        "CNN",
        ("Ann Lee",),
    )
    assert (first.published, first.url, first.row) == ("2023-04-21T09:00:00Z", "https://cnn.example/talks", ("item", 1))
    assert first.metadata == {"description": "In short."}
    assert second == BrokenRow(("item", 2), "no text: 'content' holds nothing")


def test_the_guardian():
    (draft,) = drafts(GUARDIAN)
    assert (draft.text, draft.title, draft.authors, draft.source) == ("The talks failed.", "Talks fail", ("Ann Lee",), "The Guardian")
    assert (draft.published, draft.url, draft.id) == ("2023-04-21T09:00:00Z", "https://guardian.example/talks", "world/2023/apr/21/talks")


def test_json_feed():
    first, second, third, fourth = drafts(JSON_FEED)
    assert first.text == "Then\n\nThe talks\nfailed.\n\none\ntwo"
    assert [heading.span.of(first.text) for heading in first.headings] == ["Then"]
    assert (first.title, first.source, first.authors, first.language) == ("Talks fail", "The Daily", ("Ann Lee",), "en-GB")
    assert (first.url, first.id) == ("https://daily.example/talks", None)
    assert (first.published, first.updated, first.metadata["tags"]) == ("2023-04-21T09:00:00+02:00", "2023-04-22", ["x"])
    assert (second.text, second.authors, second.language, second.url) == (
        "Only text, a < b.",
        ("Bob Ray",),
        "fr",
        "https://daily.example/b",
    )
    assert third.reason.startswith("expected a 'text'")
    assert "more than 256 attributes" in fourth.reason


def test_wordpress():
    (draft,) = drafts(
        b'[{"id":5,"date":"2023-04-21T09:00:00","guid":{"rendered":"https:\\/\\/x.example\\/?p=5"},"link":"https:\\/\\/x.example\\/talks",'
        b'"title":{"rendered":"Talks &amp; <i>more<\\/i>"},"content":{"rendered":'
        b'"<p>The talks failed.<\\/p>\\n","protected":false},"author":3}]'
    )
    assert (draft.text, draft.title, draft.url, draft.authors, draft.id) == (
        "The talks failed.",
        "Talks & more",
        "https://x.example/talks",
        (),
        None,
    )


@pytest.mark.parametrize(
    "keys", [["articles"], ["results"], ["data"], ["documents"], ["response", "docs"], ["data", "articles", "results"]]
)
def test_a_list_of_articles_may_stand_within_objects(keys):
    value = [{"title": "T", "body": "Words here."}, {"title": "U", "body": "More words."}]
    for key in reversed(keys):
        value = {key: value, "status": "ok", "count": 2}
    assert [draft.text for draft in drafts(value)] == ["Words here.", "More words."]


@pytest.mark.parametrize(
    "value",
    [
        {"a": [{"text": "x"}], "b": [{"text": "y"}]},
        {"a": {"b": {"c": {"d": {"items": [{"text": "x"}]}}}}},
        {"a": {"items": [{"text": "x"}]}, "b": {"items": [{"text": "y"}]}},
        {"title": "T", "authors": [{"name": "Ann"}]},
        {"items": ["text"]},
        {"items": []},
    ],
)
def test_what_holds_no_one_list_of_articles_is_no_list(value):
    with pytest.raises(ArticleError, match="expected a 'text', found only"):
        drafts(value)


def test_an_article_that_has_a_list_is_still_an_article():
    (draft,) = drafts({"text": "Words here.", "comments": [{"text": "Well."}]})
    assert (draft.text, draft.metadata) == ("Words here.", {"comments": [{"text": "Well."}]})


@pytest.mark.parametrize("name", ["publishedAt", "published-at", "Published At", "PUBLISHED_AT", "datePublished", "webPublicationDate"])
def test_capitals_and_marks_in_names_make_no_difference(name):
    (draft,) = drafts({"text": "Words here.", name: "2023-04-21"})
    assert (draft.published, draft.metadata) == ("2023-04-21", {})


def test_html_in_json_is_read_behind_the_walls(tmp_path):
    file = tmp_path / "feed.json"
    file.write_text(json.dumps(JSON_FEED), encoding="utf-8")
    found = list(read(file))
    assert [article.published for article in found[:2]] == [parse_date("2023-04-21"), None]
    assert [article.id for article in found[:2]] == ["https://daily.example/talks", "https://daily.example/b"]
    data = file.read_bytes()
    assert loader_for(io.BytesIO(data), suffix=".json", size=len(data)).contained


@pytest.mark.parametrize(
    "inner",
    ['{"items": ' * 50_000, "[" * 100_000, '{"version": "https://jsonfeed.org/version/1", "items": [{"content_html": ' + "[" * 90_000],
)
def test_hostile_answers_are_refused(inner):
    with pytest.raises(ArticleError):
        drafts(inner.encode())


def test_whatever_stands_in_a_feed_is_an_entry_or_a_reason():
    odd = [None, 7, "x", [], {}, {"rendered": None}, {"rendered": "<p>w</p>"}, [{"name": 3}], {"name": []}, "\ud800 <b>", float("inf")]
    names = ["id", "url", "title", "content_html", "content_text", "authors", "author", "date_published", "language", "content"]
    items = [{"content_html": "<p>Words.</p>", name: value} for name in names for value in odd]
    found = drafts({"version": "https://jsonfeed.org/version/1.1", "authors": 3, "language": {}, "items": items})
    assert len(found) == len(items)
    assert all(isinstance(item, (Draft, BrokenRow)) for item in found)
    assert sum(isinstance(item, Draft) for item in found) > len(items) / 2


def test_the_names_of_fields_are_those_that_are_documented():
    page = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
    table = dict(re.findall(r"^\| (\w+) \| (`[^|]*) \|$", page.partition("## What fields are called")[2], re.MULTILINE))
    known = {
        "text": TEXT,
        "title": fields.TITLE,
        "authors": fields.AUTHORS,
        "source": fields.SOURCE,
        "published": fields.PUBLISHED,
        "updated": fields.UPDATED,
        "address": fields.URL,
        "language": fields.LANGUAGE,
        "id": fields.ID,
    }
    for what, names in known.items():
        listed = re.findall(r"`([^`]+)`", re.split(r"[;:]", table[what])[0])
        assert [fields.key_of(name) for name in listed] == [fields.key_of(name) for name in names], what

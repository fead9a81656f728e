"""The list finds, sorts and turns pages; what people bring is taken in or refused with its reason, and leaves nothing behind."""

import asyncio
import tempfile
import time
from html.parser import HTMLParser
from pathlib import Path

import gradio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import Article, AssayError, StoreError
from index.lock import writer_lock
from ui.web import shelf, taking
from ui.web.listing import A_PAGE, Order, Page, page_of, title_of, titles_of
from ui.web.markup import block, element
from ui.web.settings import Settings
from ui.web.taking import NotTakenError, Offered, bring_back, file_name, paste, remove, take_in


def article(name, **changes):
    values = {"id": name, "text": f"The mine of {name} opened in 2023 and yields copper.", "title": f"Mine {name}"}
    return Article(**values | changes)


MINES = [
    article("b", title="Beta", source="Reuters", published="2024-03-01", authors=("Jane Doe",)),
    article("a", title="alpha", source="BBC", published="2023"),
    article("c", title="Gamma", text=" ".join(f"Sentence number {n} tells of copper and tin." for n in range(60))),
]


def ids(page):
    return [one.id for one in page.articles]


# --- the list ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (Order.TITLE, ["a", "b", "c"]),
        (Order.NEWEST, ["b", "a", "c"]),
        (Order.OLDEST, ["a", "b", "c"]),
        (Order.SOURCE, ["a", "b", "c"]),
        (Order.LONGEST, ["c", "a", "b"]),
    ],
)
def test_articles_are_sorted(make_library, order, expected):
    assert ids(page_of(make_library(MINES), order=order)) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", ["a", "b", "c"]),
        ("reut", ["b"]),
        ("doe JANE", ["b"]),
        ("2024-03", ["b"]),
        ("alpha beta", []),
        ("  ", ["a", "b", "c"]),
        ("ß", []),
    ],
)
def test_articles_are_found_by_all_words(make_library, words, expected):
    assert ids(page_of(make_library(MINES), words)) == expected


def test_a_change_is_seen_at_once(make_library):
    library = make_library(MINES)
    assert page_of(library, "alpha").found == 1
    library.remove("a")
    assert ids(page_of(library)) == ["b", "c"]
    assert page_of(library, "alpha") == Page((), 1, 1, 0, 2)


def test_titles_to_choose_from_hold_those_that_are_chosen(make_library):
    library = make_library(MINES)
    assert titles_of(library, "", 2) == [("alpha", "a"), ("Beta", "b")]
    assert titles_of(library, "gam", 2, ["a", "gone"]) == [("alpha", "a"), ("Gamma", "c")]
    assert titles_of(library, "nowhere", 2, ["a"]) == [("alpha", "a")]
    assert (title_of(library, "b"), title_of(library, "gone")) == ("Beta", "gone")


def test_pages_hold_every_article_once(make_library):
    library = make_library([article(f"m{n:03}") for n in range(2 * A_PAGE + 3)])
    pages = [page_of(library, number=n) for n in (1, 2, 3)]
    assert [len(page.articles) for page in pages] == [A_PAGE, A_PAGE, 3]
    assert [one for page in pages for one in ids(page)] == [f"m{n:03}" for n in range(2 * A_PAGE + 3)]
    assert page_of(library, number=99) == pages[2]
    assert page_of(library, number=-5) == pages[0]


# --- what the list says -----------------------------------------------------------------------------------------------


class Seen(HTMLParser):
    """The tags, attributes and words of a piece of HTML."""

    def __init__(self, markup):
        super().__init__()
        self.tags, self.attributes, self.words = [], [], []
        self.feed(markup)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes

    def handle_data(self, data):
        self.words.append(data)


@given(st.text(max_size=80), st.text(max_size=80))
def test_words_are_never_markup(words, attribute):
    seen = Seen(block(element("p", {"title": attribute}, words)))
    assert seen.tags == ["div", "p"]
    assert [name for name, _ in seen.attributes] == ["class", "title"]
    assert "\n" not in block(element("p", {"title": attribute}, words))


def test_a_row_opens_its_article_without_a_script_too(make_service):
    service = make_service([article("x/y?z#1", title="<b>&", source="\u202eevil", authors=("A\nB",))])
    listed, number, back, on = shelf._shown(service, "", "Title", 1, writes=True)
    seen = Seen(listed)
    assert ("href", "/?article=x%2Fy%3Fz%231") in seen.attributes
    assert ("data-article", "x/y?z#1") in seen.attributes
    assert ("data-remove", "x%2Fy%3Fz%231") in seen.attributes
    assert "<b>&" in "".join(seen.words)
    assert "\u202e" not in listed
    assert (number, back["interactive"], on["interactive"]) == (1, False, False)


def test_an_empty_library_and_an_empty_search_say_so(make_service):
    assert "There are no articles yet" in shelf._shown(make_service(), "", "Title", 1, writes=False)[0]
    assert "No article has these words" in shelf._shown(make_service(MINES), "nowhere", "Title", 1, writes=False)[0]


def test_a_forged_order_or_page_is_told_in_a_line(make_service):
    service = make_service(MINES)
    for order, number in (("sideways", 1), ("Title", "one"), ("Title", None), ("Title", float("inf"))):
        said, *rest = shelf._shown(service, "", order, number, writes=True)
        assert 'role="alert"' in said
        assert rest[0] == 1


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def upload(tmp_path):
    """`upload(name, content) -> Offered`: a file as the server keeps it, in a folder of its own."""

    def make(name, content=b"Chile opened a mine in 2023.", *, stored="blob.txt"):
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        path = folder / stored
        path.write_bytes(content)
        return Offered(name, path)

    return make


def last(states):
    *_, end = states
    return end


def test_files_are_added_and_each_says_what_came_of_it(make_service, upload, tmp_path):
    service = make_service(may_write=True)
    rows = b'{"id": "r1", "text": "Peru has tin."}\n{"id": "r2"}\n'
    offered = [upload("mine.txt"), upload("rows.jsonl", rows), upload("x.exe", b"MZ\x90\x00" * 20), upload("empty.txt", b" ")]
    states = list(take_in(service, offered))
    assert [one.report for one in states[0]] == [None] * 4
    mine, table, program, empty = states[-1]
    assert (mine.name, mine.report.added) == ("mine.txt", ["mine.txt"])
    assert table.report.added == ["r1"]
    assert [one.path for one in table.report.refused] == ["rows.jsonl:line 2"]
    assert program.report.refused[0].reason.startswith("unsupported")
    assert "the article is empty" in empty.report.refused[0].reason
    assert [record["path"] for record in service.articles()] == ["mine.txt", "rows.jsonl"]
    assert not any(one.path.exists() or one.path.parent.exists() for one in offered)
    assert str(tmp_path) not in repr(states)
    assert "assay-upload" not in repr(states)


def test_a_second_upload_of_a_name_is_an_update_and_the_same_again_changes_nothing(make_service, upload):
    service = make_service(may_write=True)
    last(take_in(service, [upload("mine.txt")]))
    assert last(take_in(service, [upload("mine.txt")]))[0].report.unchanged == ["mine.txt"]
    assert last(take_in(service, [upload("mine.txt", b"Peru opened one.")]))[0].report.updated == ["mine.txt"]
    assert service.article("mine.txt").text == "Peru opened one."


def test_two_files_of_one_name_in_an_upload_are_both_refused(make_service, upload):
    service = make_service(may_write=True)
    taken = last(take_in(service, [upload("a/mine.txt"), upload("b\\mine.txt", b"Another text.")]))
    assert ["several files" in one.report.refused[0].reason for one in taken] == [True, True]
    assert service.articles() == []


NAMES = [
    ("../../etc/passwd", "passwd"),
    ("C:\\Users\\x\\a.txt", "a.txt"),
    ("..", "file"),
    ("", "file"),
    ("/", "file"),
    ("a\0b.txt", "ab.txt"),
    ("x" * 300 + ".txt", "x" * 196 + ".txt"),
    ("é" * 200 + ".md", "é" * 98 + ".md"),
    ("<img src=x onerror=alert(1)>.txt", "<img src=x onerror=alert(1)>.txt"),
    ("a." + "b" * 300, "a." + "b" * 198),
    ("\ud800.txt", "?.txt"),
]


@pytest.mark.parametrize(("name", "kept"), NAMES)
def test_a_name_is_a_label(make_service, upload, name, kept):
    assert file_name(name) == kept
    assert len(kept.encode()) <= 200
    service = make_service(may_write=True)
    taken = last(take_in(service, [upload(name)]))
    assert taken[0].name == kept
    for listed in service.articles():
        assert "upload" not in listed["id"] + listed["path"]
    for refusal in taken[0].report.refused:
        assert refusal.path == kept
    assert Seen(block(shelf._progress(taken))).tags[:5] == ["div", "p", "ul", "li", "strong"]


@given(st.text(max_size=300))
def test_any_name_becomes_one_that_a_file_can_have(name):
    kept = file_name(name)
    assert kept not in {"", ".", ".."}
    assert not set("/\0\\") & set(kept)
    assert len(kept.encode()) <= 200
    assert file_name(kept) == kept


def test_what_is_too_much_is_refused_and_deleted(make_service, upload, monkeypatch):
    service = make_service(may_write=True)
    many = [upload(f"{n}.txt") for n in range(51)]
    with pytest.raises(AssayError, match="expected at most 50 files at once, found 51; choose fewer"):
        list(take_in(service, many))
    assert not any(one.path.exists() for one in many)
    monkeypatch.setattr(taking, "MOST_BYTES_A_FILE", 20)
    assert last(take_in(service, [upload("a.txt")]))[0].report.refused[0].reason == "too large: 28 bytes, at most 20 are taken"
    monkeypatch.setattr(taking, "MOST_BYTES", 50)
    with pytest.raises(AssayError, match="expected at most 50 bytes at once, found 56"):
        list(take_in(service, [upload("a.txt"), upload("b.txt")]))
    assert service.articles() == []


def test_an_upload_that_is_gone_is_told_and_the_rest_goes_on(make_service, upload):
    service = make_service(may_write=True)
    gone = upload("gone.txt")
    gone.path.unlink()
    first, second = last(take_in(service, [gone, upload("there.txt")]))
    assert "choose the file again" in first.report.refused[0].reason
    assert second.report.added == ["there.txt"]


def test_while_another_writes_it_says_so_in_a_line(make_service, upload, monkeypatch):
    service = make_service(MINES, may_write=True)
    monkeypatch.setattr("index.library.LOCK_WAIT", 0.05)
    busy = "others are changing the library; try again in a moment"
    with writer_lock(service.folder / "lock", wait=1):
        assert last(take_in(service, [upload("a.txt")]))[0].report.refused[0].reason == busy
        assert busy in shelf._pasted(service, "A text of words.", "", "", "", "")[0]
        assert busy in shelf._removed(service, "a")[0]
    assert service.removed.articles() == ()
    assert len(service.articles()) == 3


def test_how_far_a_long_file_is_shows_in_its_passages(make_service, upload, embedder, monkeypatch):
    service = make_service(may_write=True)
    whole = type(embedder).embed_documents

    def slowly(self, texts, *, done):
        vectors = whole(self, texts)
        for _ in texts:
            time.sleep(0.02)
            done(1)
        return vectors

    monkeypatch.setattr(type(embedder), "embed_documents", slowly)
    monkeypatch.setattr(taking, "_LOOK", 0.05)
    long = " ".join(f"Sentence number {n} tells of copper and tin and of much else besides." for n in range(400))
    states = [one[0] for one in take_in(service, [upload("long.txt", long.encode())])]
    passages = service.library.counts()[1]
    assert {one.expected for one in states[:-1]} == {0, passages}
    between = [one.passages for one in states if 0 < one.passages < passages]
    assert len(set(between)) > 3
    assert between == sorted(between)
    shown = Seen(block(shelf._far(taking.Taken("long.txt", begun=True, passages=3, expected=10))))
    assert {("max", "10"), ("value", "3")} <= set(shown.attributes)
    assert "3 of 10 passages embedded" in "".join(shown.words)


def test_a_stopped_upload_leaves_no_files(make_service, upload, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "work"))
    (tmp_path / "work").mkdir()
    service = make_service(may_write=True)
    offered = [upload("a.txt"), upload("b.txt")]
    states = take_in(service, offered)
    next(states)
    next(states)
    states.close()
    assert not any(one.path.exists() for one in offered)
    assert list((tmp_path / "work").iterdir()) == []


# --- text, removal ----------------------------------------------------------------------------------------------------


def test_a_pasted_text_is_an_article(make_service):
    service = make_service(may_write=True)
    given = {"title": "T", "source": "S", "published": "3 February 2026", "url": "https://Example.org/a?utm_source=x"}
    assert paste(service, "Chile opened a mine.", **given).added == ["https://example.org/a"]
    found = service.article("https://example.org/a")
    assert (found.title, found.source, found.published, found.url) == ("T", "S", "2026-02-03", given["url"])
    first = paste(service, "Peru opened a mine.")
    assert first.added[0].startswith("pasted-")
    assert paste(service, "Peru opened a mine.").unchanged == first.added
    assert paste(service, "Bolivia opened a mine.").added != first.added


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"text": "x" * 2_000_001}, "expected a text of at most 2,000,000 characters, found 2,000,001; upload it as a file"),
        ({"text": "Words.", "url": "javascript:alert(1)"}, "expected an address such as https://example.org/article"),
        ({"text": "Words.", "published": "soon"}, "expected a date such as 2023-04-21"),
        ({"text": "Words.", "title": "x" * 2001}, "expected title, source, date and address of at most 2,000 characters each"),
    ],
)
def test_a_text_that_cannot_be_taken_is_refused_in_a_line(make_service, given, said):
    with pytest.raises(AssayError) as caught:
        paste(make_service(may_write=True), **given)
    assert str(caught.value).startswith(said)


def test_an_empty_text_is_refused_and_what_was_typed_stays(make_service):
    said, *fields = shelf._pasted(make_service(may_write=True), " ", "My title", "", "", "")
    assert "no text" in said
    assert fields == [gradio.skip()] * 5


def test_what_was_removed_comes_back_as_it_was(make_service):
    service = make_service(MINES, may_write=True)
    before = service.articles()
    assert [remove(service, name).title for name in ("a", "c")] == ["alpha", "Gamma"]
    assert [record["id"] for record in service.articles()] == ["b"]
    assert [one.id for one in service.removed.articles()] == ["c", "a"]
    assert [bring_back(service, name).added for name in ("a", "c")] == [["a"], ["c"]]
    assert service.articles() == before
    assert service.removed.articles() == ()


def test_an_id_that_was_given_anew_is_not_overwritten(make_service):
    service = make_service(MINES, may_write=True)
    remove(service, "a")
    service.library.add(article("a", text="A new text of other words."))
    report = bring_back(service, "a")
    assert report.refused[0].reason == "another article has this id by now, and stays"
    assert service.article("a").text == "A new text of other words."
    assert [one.id for one in service.removed.articles()] == ["a"]


def test_what_is_not_held_is_told(make_service):
    service = make_service(MINES, may_write=True)
    for call, name in ((remove, "nowhere"), (bring_back, "b"), (remove, "\ud800")):
        with pytest.raises(NotTakenError):
            call(service, name)
    assert len(service.articles()) == 3


def test_what_was_removed_lately_is_shown_to_whoever_may_write(make_service):
    service = make_service([*MINES, article("x/%26", title="<b>D</b>")], may_write=True)
    assert shelf._lately(service) == ""
    said, lately = shelf._removed(service, "x/%26")
    assert "Removed <bdi>&lt;b&gt;D&lt;/b&gt;</bdi>." in said
    assert ("data-restore", "x%2F%2526") in Seen(lately).attributes
    assert shelf._lately(service) == lately
    said, lately = shelf._brought_back(service, "x/%26")
    assert "1 added" in said
    assert lately == ""


# --- where articles are only read -------------------------------------------------------------------------------------


def test_a_forged_event_changes_nothing_where_articles_are_only_read(make_service, upload):
    service = make_service(MINES)
    offered = upload("a.txt")
    assert "only read here" in last(shelf._uploaded(service, [offered]))[0]
    assert not offered.path.exists()
    assert "only read here" in shelf._pasted(service, "A text.", "", "", "", "")[0]
    service.removed.hold(article("new"))
    assert "only read here" in shelf._removed(service, "a")[0]
    assert shelf._brought_back(service, "new")[1] == gradio.skip()
    assert "only read here" in shelf._brought_back(service, "new")[0]
    assert len(service.articles()) == 3


async def page(service, settings):
    """The tab on a page; in a running loop, as where it is served, since Gradio would leave one of its own open."""
    with gradio.Blocks(analytics_enabled=False) as blocks, gradio.Tabs(), gradio.Tab("Library"):
        shelf.library_tab(service, settings)
    return blocks


def test_nothing_that_writes_is_on_the_page_unless_it_is_allowed(make_service):
    read_only = asyncio.run(page(make_service(MINES), Settings(allow_upload=False)))
    assert not [one for one in read_only.blocks.values() if isinstance(one, gradio.File | gradio.Accordion)]
    assert len(read_only.fns) == 5
    writing = asyncio.run(page(make_service(MINES, may_write=True), Settings(allow_upload=True)))
    assert [one for one in writing.blocks.values() if isinstance(one, gradio.File)]
    assert len(writing.fns) == 14
    for blocks in (read_only, writing):
        assert {one.api_visibility for one in blocks.fns.values()} == {"private"}


def test_only_what_lies_among_the_uploads_was_uploaded(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    (tmp_path / "uploads").mkdir()
    inside, outside = tmp_path / "uploads" / "a.txt", tmp_path / "secret.txt"
    for path in (inside, outside):
        path.write_text("words")
    (tmp_path / "uploads" / "link.txt").symlink_to(outside)
    paths = [inside, outside, tmp_path / "uploads" / ".." / "secret.txt", tmp_path / "uploads" / "link.txt"]
    found = shelf._offered([{"path": str(path), "orig_name": "n.txt"} for path in paths])
    assert found == [Offered("n.txt", inside)]
    assert shelf._offered([{"path": str(inside), "orig_name": None}]) == [Offered("a.txt", inside)]
    for nothing in (None, [], "x", [None, {}, {"path": 5}], {"path": str(inside)}):
        assert shelf._offered(nothing) == []


def test_errors_that_are_for_whoever_runs_the_server_are_not_shown(make_service, monkeypatch, upload, caplog):
    service = make_service(MINES, may_write=True)
    folder = str(service.folder)

    def broken(*_, **__):
        raise StoreError(f"expected a database in {folder}, found none")

    monkeypatch.setattr(type(service.library), "add", broken)
    monkeypatch.setattr(type(service.library), "articles", broken)
    monkeypatch.setattr(type(service.library), "listed", broken)
    shown = [
        shelf._pasted(service, "A text that is long enough.", "", "", "", "")[0],
        shelf._removed(service, MINES[0].id)[0],
        shelf._shown(service, "", "Title", 1, writes=False)[0],
        *(said for said, _ in shelf._uploaded(service, [upload("a.txt", b"A text that is long enough.")])),
    ]
    assert len(shown) >= 5
    assert not [said for said in shown if folder in said or "database" in said]
    assert all("whoever runs the server finds the reason in its log" in said for said in (*shown[:3], shown[-1]))
    assert folder in caplog.text


def test_an_article_that_somebody_else_has_removed_is_named(make_service):
    service = make_service(MINES, may_write=True)
    assert "which has been removed; look at the list again" in shelf._removed(service, "gone")[0]

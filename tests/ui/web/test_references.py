"""What leaves the chat as a document says what was said and nothing else, and other programs read it as it was meant."""

import gzip
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from index import Article, StoreError
from rag import Answer, AnswerSentence, Citation, Conflict, Difference, Reason, Side
from ui.safe import safe
from ui.web.addresses import web_address
from ui.web.references import Name, bibtex, citations_of, csl_json, markdown, records_of, remarks_of


def cited(n=1, article_id="a7", start=10, quote="Chile has a plan.", **changes):
    values = {
        "passage_id": f"{article_id}:0",
        "title": "Lithium: who holds what",
        "source": "Example Times",
        "published": "2026-02-03",
        "url": "https://example.org/a?b=1&c=2",
    }
    return Citation(n=n, article_id=article_id, start=start, end=start + len(quote), quote=quote, **values | changes)


def answer(*citations, question="Who has a plan?", text="Chile has a plan.", **changes):
    citations = citations or (cited(),)
    values = {
        "question": question,
        "standalone_question": question,
        "sentences": (AnswerSentence(text, tuple(one.n for one in citations), 0.9),),
        "citations": citations,
        "hits": (),
        "confidence": 0.8,
    }
    return Answer(**values | changes)


# --- Markdown ---------------------------------------------------------------------------------------------------------


def test_a_conversation_reads_as_it_was():
    first = answer(cited(1), cited(2, article_id="b", quote="Peru has none."), text="Chile has a plan, Peru has none.")
    second = answer(cited(1, article_id="b", quote="Peru has none."), question="And Peru?", standalone_question="Who has a plan in Peru?")
    silent = answer(question="And the moon?", sentences=(), citations=(), reason=Reason.NOTHING_FOUND)
    found = markdown([first, second, silent], {"a7": {"authors": ["Jane Doe", "Juan Pérez"]}})
    assert found == (
        "# Conversation\n\n## Who has a plan?\n\nChile has a plan, Peru has none. [^1] [^2]\n\n"
        "## And Peru?\n\nUnderstood as: Who has a plan in Peru?\n\nChile has a plan. [^2]\n\n"
        "## And the moon?\n\nThe articles do not say.\n\n## References\n\n"
        "[^1]: In “Lithium: who holds what” by Jane Doe; Juan Pérez. Example Times, 2026-02-03. <https://example.org/a?b=1&c=2>. "
        "“Chile has a plan.” (article a7, characters 10 to 27)\n\n"
        "[^2]: In “Lithium: who holds what”. Example Times, 2026-02-03. <https://example.org/a?b=1&c=2>. "
        "“Peru has none.” (article b, characters 10 to 24)\n"
    )


def test_doubt_disagreement_and_pages_are_said():
    sides = tuple(Side(value=value, citations=(1,), source=None, published=None) for value in "ab")
    doubtful = answer(
        cited(page=3),
        sentences=(AnswerSentence("It is so.", (1,), 0.2, "partly", "the number is another"),),
        conflict=Conflict(kind=Difference.CONFLICT, sides=sides),
        notes=("Only two articles were read.",),
    )
    found = markdown([doubtful])
    assert "The articles disagree.\n\nIt is so. [^1] (Weakly supported: the number is another)\n\nOnly two articles were read." in found
    assert "characters 10 to 27, page 3)" in found


READERS = [MarkdownIt("commonmark"), MarkdownIt("js-default", {"html": True}).disable("linkify")]

#: What a document of ours may be made of, whatever the words in it are.
OURS = {"heading_open", "heading_close", "paragraph_open", "paragraph_close", "inline"}


def read(document, reader):
    """The words of each block and the addresses of all links; nothing else may be in it."""
    blocks, links = [], []
    for token in reader.parse(document):
        assert token.type in OURS, token
        if token.type == "inline":
            for child in token.children:
                assert child.type in {"text", "text_special", "link_open", "link_close"}, child
                links += [child.attrs["href"]] if child.type == "link_open" else []
            blocks.append("".join(child.content for child in token.children))
    return blocks, links


NASTY = st.text(st.sampled_from("\\`*_{}[]()<>#+-.!|~$&=:;/^\"'@% \t\n\r0123456789abwjx\u202e\u2028\x00é中"), min_size=1, max_size=60)


def shown(text):
    return safe(text).strip()


@given(question=NASTY, text=NASTY, title=NASTY, source=NASTY, quote=NASTY, author=NASTY, url=NASTY, note=NASTY)
@pytest.mark.parametrize("reader", READERS, ids=["commonmark", "with tables and strikes"])
def test_words_stay_words_whatever_they_are(reader, question, text, title, source, quote, author, url, note):
    citation = cited(title=title, source=source, quote=quote, url=url)
    document = markdown([answer(citation, question=question, text=text, notes=(note,))], {"a7": {"authors": [author]}})
    blocks, links = read(document, reader)

    def told(words):
        """As a reader shows it: white space at the ends of a block and runs of it are nobody's to see."""
        return [seen for one in words if (seen := re.sub(" +", " ", one).strip())]

    place = f"(article a7, characters 10 to {10 + len(quote)})"
    by, origin = (f" by {shown(author)}" if shown(author) else ""), ", ".join(filter(None, (shown(source), "2026-02-03")))
    reference = f"[^1]: In “{shown(title)}”{by}. {origin}. “{shown(quote)}” {place}"
    assert links == []
    assert told(blocks) == told(["Conversation", shown(question), f"{shown(text)} [^1]", shown(note), "References", reference])


def payloads():
    folder = Path(os.environ["ASSAY_DATA"]) / "hostile"
    for name, key in (("xss_payloads.jsonl.gz", "payload"), ("markdown_exfil.jsonl.gz", "text")):
        with gzip.open(folder / name, "rt", encoding="utf-8") as lines:
            yield from (json.loads(line)[key] for line in lines)


@pytest.mark.slow
@pytest.mark.skipif("ASSAY_DATA" not in os.environ, reason="expected the hostile texts in $ASSAY_DATA")
def test_hostile_texts_stay_words():
    count = 0
    for payload in payloads():
        citation = cited(title=payload, source=payload, quote=payload or "x", url=payload)
        document = markdown([answer(citation, question=payload, text=payload)], {"a7": {"authors": [payload]}})
        for reader in READERS:
            blocks, links = read(document, reader)
            assert all(link.startswith(("http://", "https://")) for link in links)
            assert len(links) == (web_address(payload) is not None)
            assert [re.sub(" +", " ", one).strip() for one in blocks[1:2]] == [re.sub(" +", " ", shown(payload)).strip()]
        count += 1
    assert count > 4_000


def test_the_address_of_an_article_is_the_only_link():
    document = markdown([answer(cited(title="see https://evil.invalid/x and www.evil.invalid <https://evil.invalid>"))])
    assert read(document, READERS[0])[1] == ["https://example.org/a?b=1&c=2"]
    assert "https\\://evil" in document
    assert "www\\.evil" in document


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Jane Doe", ("Doe", "Jane", "", "")),
        ("Doe, Jane A.", ("Doe", "Jane A.", "", "")),
        ("Ursula von der Leyen", ("von der Leyen", "Ursula", "", "")),
        ("Martin Luther King Jr.", ("King", "Martin Luther", "Jr.", "")),
        ("Reuters", ("", "", "", "Reuters")),
        ("European Commission", ("", "", "", "European Commission")),
        ("Ministry of Mines", ("", "", "", "Ministry of Mines")),
        ("Simon and Garfunkel", ("", "", "", "Simon and Garfunkel")),
        ("Doe, Jane, PhD", ("", "", "", "Doe, Jane, PhD")),
        ("王小明", ("", "", "", "王小明")),
        ("Ólafur Ragnarsson", ("Ragnarsson", "Ólafur", "", "")),
        ("A B C D E F", ("", "", "", "A B C D E F")),
    ],
)
def test_the_parts_of_a_name(text, parts):
    name = Name.of(text)
    assert (name.family, name.given, name.suffix, name.literal) == parts


# --- BibTeX -----------------------------------------------------------------------------------------------------------


def entries(text):
    """What an independent reader finds, by key, one pair of braces around a value taken off."""
    parser = pytest.importorskip("bibtexparser", reason="bibtexparser is not installed; `pip install -e .[dev]` does it")
    library = parser.parse_string(text)
    assert library.failed_blocks == []
    assert library.comments == [] == library.preambles == library.strings
    return {one.key: {"type": one.entry_type, **{field.key: field.value for field in one.fields}} for one in library.entries}


def test_an_article_is_one_entry():
    records = {"a7": {"authors": ["Jane Doe", "European Commission", "Ursula von der Leyen"], "language": "en"}}
    text = bibtex([cited(1), cited(2, start=99), cited(3, article_id="b", title="", source=None, published=None, url=None)], records)
    assert text.startswith("@misc{doe2026lithium,\n  author = {Doe, Jane and {European Commission} and von der Leyen, Ursula},\n")
    found = entries(text)
    assert list(found) == ["doe2026lithium", "anonnd"]
    assert found["anonnd"] == {"type": "misc"}
    assert found["doe2026lithium"] == {
        "type": "misc",
        "author": "Doe, Jane and {European Commission} and von der Leyen, Ursula",
        "title": "{Lithium: who holds what}",
        "howpublished": "Example Times",
        "year": "2026",
        "month": "feb",
        "day": "3",
        "url": "https://example.org/a?b=1&c=2",
        "language": "en",
    }


@pytest.mark.parametrize(
    ("published", "raw", "fields", "issued"),
    [
        ("2026", None, {"year": "2026"}, {"date-parts": [[2026]]}),
        ("2026-02", None, {"year": "2026", "month": "feb"}, {"date-parts": [[2026, 2]]}),
        ("0987-12-31", None, {"year": "0987", "month": "dec", "day": "31"}, {"date-parts": [[987, 12, 31]]}),
        (None, "01/04/63", {"note": "Dated 01/04/63"}, {"literal": "01/04/63"}),
        (None, None, {}, None),
    ],
)
def test_dates_are_as_precise_as_they_are_known(published, raw, fields, issued):
    records = {"a7": {"published_raw": raw}}
    (found,) = entries(bibtex([cited(published=published)], records)).values()
    assert {name: found[name] for name in ("year", "month", "day", "note") if name in found} == fields
    (item,) = csl_json([cited(published=published)], records)
    assert item.get("issued") == issued


def test_keys_are_told_apart_and_stay_when_others_are_cited_too():
    one, two, three = (cited(article_id=name) for name in "xyz")
    found = list(entries(bibtex([one, two])))
    assert len(set(found)) == 2
    assert all(re.fullmatch("exampletimes2026lithium-[0-9a-f]{8}", key) for key in found)
    assert list(entries(bibtex([three, two, one])))[1:] == found[::-1]
    assert [item["id"] for item in csl_json([one, two])] == found


TEX = {r"\textbackslash{}": "\\", r"\textbraceleft{}": "{", r"\textbraceright{}": "}", r"\textasciitilde{}": "~"}
TEX |= {r"\textasciicircum{}": "^", r"\textless{}": "<", r"\textgreater{}": ">", r"\textbar{}": "|"}
TEX |= {f"\\{sign}": sign for sign in "%#$&_"}


def typeset(text):
    """What TeX makes of a text in which nothing but these commands occurs."""
    return re.sub(r"\\[a-z]+\{\}|\\.", lambda found: TEX[found[0]], text)


@given(title=NASTY, source=NASTY, author=NASTY, url=NASTY)
def test_an_entry_holds_any_words(title, source, author, url):
    assume(safe(author).strip() and safe(source).strip() and safe(title).strip())
    text = bibtex([cited(title=title, source=source, url=url), cited(article_id="b")], {"a7": {"authors": [author]}})
    first, second = entries(text).values()
    assert typeset(first["title"].removeprefix("{").removesuffix("}")) == " ".join(safe(title).split())
    assert typeset(first["howpublished"]) == " ".join(safe(source).split())
    assert second["title"] == "{Lithium: who holds what}"
    assert {"url", "day"} >= set(first) - {"type", "author", "title", "howpublished", "year", "month", "language", "note"}
    name = Name.of(author)
    if name.literal:
        assert typeset(first["author"][1:-1]) == name.literal
    else:
        assert typeset(first["author"]) == ", ".join(part for part in (name.family, name.suffix, name.given) if part)


# --- CSL-JSON ---------------------------------------------------------------------------------------------------------

#: Of the schema of CSL-JSON 1.0.2: the types, and of the fields that are used what may stand in them.
CSL_TYPES = {"webpage", "document", "article", "article-newspaper", "report"}
CSL_TEXTS = {"title", "container-title", "publisher", "URL", "language"}


def check_csl(items):
    for item in json.loads(json.dumps(items)):
        assert {"id", "type"} <= set(item) <= CSL_TEXTS | {"id", "type", "author", "issued"}
        assert item["type"] in CSL_TYPES
        assert all(isinstance(item[name], str) and item[name] for name in CSL_TEXTS & set(item))
        for name in item.get("author", ()):
            assert name
            assert set(name) <= {"family", "given", "suffix", "literal"}
            assert all(isinstance(part, str) and part for part in name.values())
        issued = item.get("issued", {"literal": "x"})
        assert set(issued) in ({"date-parts"}, {"literal"})
        assert all(1 <= len(one) <= 3 and all(isinstance(part, int) for part in one) for one in issued.get("date-parts", ()))


def test_an_item_says_what_is_known():
    records = {"a7": {"authors": ["Martin Luther King Jr.", "Reuters"], "language": "en"}}
    items = csl_json([cited(), cited(article_id="b", url="file:///etc/passwd", source="Example Institute")], records)
    check_csl(items)
    assert items[0] == {
        "id": "king2026lithium",
        "type": "webpage",
        "title": "Lithium: who holds what",
        "author": [{"family": "King", "given": "Martin Luther", "suffix": "Jr."}, {"literal": "Reuters"}],
        "container-title": "Example Times",
        "issued": {"date-parts": [[2026, 2, 3]]},
        "URL": "https://example.org/a?b=1&c=2",
        "language": "en",
    }
    assert (items[1]["type"], items[1]["publisher"], items[1].get("URL")) == ("document", "Example Institute", None)


@given(title=NASTY, source=NASTY, author=NASTY, url=NASTY)
def test_an_item_holds_any_words(title, source, author, url):
    (item,) = csl_json([cited(title=title, source=source, url=url)], {"a7": {"authors": [author]}})
    check_csl([item])
    assert item.get("title", "") == " ".join(safe(title).split())


# --- where records come from ------------------------------------------------------------------------------------------


def test_records_are_those_of_the_articles_that_are_still_there():
    kept = Article(id="a7", text="Chile has a plan.", title="T", authors=("Jane Doe",))

    def article(article_id):
        if article_id != "a7":
            raise StoreError("no such article")
        return kept

    conversation = [answer(cited()), answer(cited(article_id="gone"))]
    records = records_of(article, citations_of(conversation))
    assert list(records) == ["a7"]
    assert records["a7"]["authors"] == ["Jane Doe"]
    assert "by Jane Doe" in markdown(conversation, records)


def test_quotes_that_are_not_where_they_say_are_remarked_on():
    text = "Long ago, Chile has a plan. Peru has none."

    def article(article_id):
        if article_id != "a7":
            raise StoreError("there is none")
        return Article(id="a7", text=text, title="The real title", source="Real Times", url="https://real.example/a")

    true = cited(1, title="A made-up title", url="https://evil.example/")
    forged = cited(2, quote="Chile has a plot.", title="A made-up title")
    moved, before, empty = cited(3, start=12), replace(cited(4), start=-32, end=-15), cited(5, quote="")
    gone = cited(6, article_id="b")
    everything = answer(true, forged, moved, before, empty, gone)
    citations = everything.citations
    remarks = remarks_of(article, citations)
    assert list(map(remarks.get, citations)) == [
        None,
        *["Not proved: the article, as it is now, does not say this at these characters."] * 4,
        remarks[gone],
    ]
    assert remarks[gone] == "Not checked: the article is no longer in the library."
    found = markdown([answer(forged), answer(true), answer(gone)], records_of(article, citations), remarks)
    first, second, third = re.findall(r"^\[\^\d\]: (.*)$", found, re.MULTILINE)
    assert first.endswith("“Chile has a plot.” (article a7, characters 10 to 27) " + remarks[forged])
    assert second.endswith("“Chile has a plan.” (article a7, characters 10 to 27)")
    assert "In “The real title”. Real Times. <https://real.example/a>." in second
    assert third.endswith(remarks[gone])
    assert "made-up" not in found
    assert "evil.example" not in found + bibtex([true], records_of(article, [true]))
